// The proof on a printed dump.
// RUN: not tril-opt --split-input-file --pass-pipeline='builtin.module(tril.model(tril-prove-causality))' %s 2>&1 | FileCheck %s
// CHECK-NOT: error

!t = !tril.tensor<time : f32>
!p = !tril.tensor<past of time : f32>
tril.model @proved is "causal" {
  tril.body @main() {
    %0 = tril.input "token" below 16 : !tril.tensor<time : i32>
    %1 = tril.convert %0 : (!tril.tensor<time : i32>) -> !t
    %2 = tril.rename %1 "time" to "past" : (!t) -> !p
    %3 = tril.position : !tril.tensor<past of time : i32>
    %4 = tril.position : !tril.tensor<time : i32>
    %5 = tril.le %3, %4 : (!tril.tensor<past of time : i32>, !tril.tensor<time : i32>) -> !tril.tensor<time, past of time : i1>
    %6 = tril.where %2, %5 : (!p, !tril.tensor<time, past of time : i1>) -> !tril.tensor<time, past of time : f32, holes>
    %7 = tril.reduce sum ["past"] %6 : (!tril.tensor<time, past of time : f32, holes>) -> !t
    tril.output "result" %7 ["time"] : !t
    tril.return
  }
}

// -----

!t = !tril.tensor<time : f32>
!p = !tril.tensor<past of time : f32>
tril.model @refuted is "causal" {
  tril.body @main() {
    %0 = tril.input "token" below 16 : !tril.tensor<time : i32>
    %1 = tril.convert %0 : (!tril.tensor<time : i32>) -> !t
    %2 = tril.rename %1 "time" to "past" : (!t) -> !p
    // CHECK:      prove-causality.mlir:[[# @LINE + 5]]:10: error: the text claims to be causal, and `result` at position 0 reads `token` at position 1
    // CHECK:      prove-causality.mlir:[[# @LINE - 4]]:10: note: `token` at `time` 1
    // CHECK:      note: seen with 2 positions
    // CHECK:      note: help: nothing keeps later positions out: `... where past <= time`
    // CHECK-NOT:  error
    %3 = tril.reduce sum ["past"] %2 : (!p) -> !tril.tensor<f32>
    %4 = tril.add %1, %3 : (!t, !tril.tensor<f32>) -> !t
    tril.output "result" %4 ["time"] : !t
    tril.return
  }
}

// -----

// What has no rule is not followed: forms of later phases, and everything that is added without one.
!t = !tril.tensor<time : f32>
tril.model @unknown is "causal" {
  tril.body @main() {
    %0 = tril.input "token" below 16 : !tril.tensor<time : i32>
    %1 = tril.convert %0 : (!tril.tensor<time : i32>) -> !t
    // CHECK:      prove-causality.mlir:[[# @LINE + 1]]:10: error: the text claims to be causal, and it could not be decided, because `tril.materialize` says nothing of what it reads
    %2 = tril.materialize %1 : (!t) -> !t
    tril.output "result" %2 ["time"] : !t
    tril.return
  }
}

// -----

// A sink is read by every row.
!t = !tril.tensor<time : f32>
!p = !tril.tensor<past of time : f32>
!s = !tril.tensor<time, past of time : f32>
tril.model @sink is "causal" {
  tril.body @main() {
    // CHECK: error: the text claims to be causal, and `result` at position 0 reads `token` at position 1
    %0 = tril.input "token" below 16 : !tril.tensor<time : i32>
    %1 = tril.convert %0 : (!tril.tensor<time : i32>) -> !t
    %2 = tril.rename %1 "time" to "past" : (!t) -> !p
    %total = tril.reduce sum ["past"] %2 : (!p) -> !tril.tensor<f32>
    %3 = tril.table [0.5, 0.25] : !tril.tensor<a=2 : f32>
    %x = tril.mul %1, %3 : (!t, !tril.tensor<a=2 : f32>) -> !tril.tensor<time, a=2 : f32>
    %y = tril.softmax ["a"] %x sink %total : (!tril.tensor<time, a=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<time, a=2 : f32>
    tril.output "result" %y ["time", "a"] : !tril.tensor<time, a=2 : f32>
    tril.return
  }
}
