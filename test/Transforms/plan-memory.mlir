// Every stored value and every state has its place.
// RUN: tril-opt %s -split-input-file -tril-plan-memory | FileCheck %s
// RUN: not tril-opt %S/Inputs/no-main.mlir -tril-plan-memory 2>&1 | FileCheck %s --check-prefix=NO-MAIN
// RUN: not tril-opt %S/Inputs/four-sequences.mlir -tril-plan-memory 2>&1 | FileCheck %s --check-prefix=FOUR
// FOUR: four-sequences.mlir:13:10: error: this value is over more than two sequences besides `time`, and is stored
// NO-MAIN: no-main.mlir:1:1: error: the model has no body `@main`

!t = !tril.tensor<time : f32>
!ta = !tril.tensor<time, a=32 : f32>
!a = !tril.tensor<a=32 : f32>
!it = !tril.tensor<time : i32>

// Offsets are bytes for one row, in steps of 64.  %x dies where %z is made from %y, so %z takes its bytes; %y lives then and has its own.  The
// output's place is given by who calls, and rows before the first wanted one are not needed of what it alone reads.
// CHECK: tril.model @m is "causal" attributes {tril.arena = array<i64: 0, 256, 0, 0, 0, 0>, tril.state = array<i64: 0, 0>, tril.unshared = array<i64: 0, 384, 0, 0, 0, 0>}
// CHECK: %[[X:.*]] = tril.materialize %{{.*}} {offset = 0 : i64, tail}
// CHECK: %[[Y:.*]] = tril.materialize %{{.*}} {offset = 128 : i64, tail}
// CHECK: %[[Z:.*]] = tril.materialize %{{.*}} {offset = 0 : i64, tail}
// CHECK: %[[O:.*]] = tril.materialize %{{.*}} {output_index = 0 : i64, tail}
// CHECK: tril.output "y" %[[O]]
tril.model @m is "causal" {
  tril.body @main() {
    %p = tril.position : !it
    %f = tril.convert %p : (!it) -> !t
    %q = tril.position : !tril.tensor<a=32 : i32>
    %g = tril.convert %q : (!tril.tensor<a=32 : i32>) -> !a
    %v = tril.mul %f, %g : (!t, !a) -> !ta
    %x = tril.materialize %v : (!ta) -> !ta
    %e = tril.exp %x : (!ta) -> !ta
    %y = tril.materialize %e : (!ta) -> !ta
    %h = tril.tanh %y : (!ta) -> !ta
    %z = tril.materialize %h : (!ta) -> !ta
    %s = tril.add %y, %z : (!ta, !ta) -> !ta
    %o = tril.materialize %s : (!ta) -> !ta
    tril.output "y" %o ["time", "a"] : !ta
    tril.return
  }
}

// -----
!t = !tril.tensor<time : f32>
!it = !tril.tensor<time : i32>
!ip = !tril.tensor<past of time : i32>
!p = !tril.tensor<past of time : f32>
!tp = !tril.tensor<time, past of time : f32>
!o = !tril.tensor<older of time : f32>
!po = !tril.tensor<past of time, older of time : f32>
!tpo = !tril.tensor<time, past of time, older of time : f32>
!a = !tril.tensor<a=3 : f32>

// What is computed in place keeps its sources alive until its own reader: %x is read through %n at the end, so nothing takes its bytes.
// The regions by the dynamic axes: fixed, rows, capacity, both, capacity^2, rows and capacity^2.
// CHECK: tril.arena = array<i64: 64, 192, 64, 64, 64, 64>
// CHECK: tril.materialize %{{.*}} {offset = 0 : i64, tail} : (!time) -> !time
// CHECK: tril.materialize %{{.*}} {offset = 0 : i64} : (!a) -> !a
// CHECK: tril.materialize %{{.*}} {offset = 0 : i64} : (!past) -> !past
// CHECK: tril.materialize %{{.*}} {offset = 0 : i64, tail} : (!time_past) -> !time_past
// CHECK: tril.materialize %{{.*}} {offset = 0 : i64} : (!past_older) -> !past_older
// CHECK: tril.materialize %{{.*}} {offset = 0 : i64, tail} : (!time_past_older) -> !time_past_older
// CHECK: tril.materialize %{{.*}} {offset = 64 : i64, tail} : (!time) -> !time
// CHECK: tril.materialize %{{.*}} {offset = 128 : i64, tail} : (!time) -> !time
tril.model @m is "causal" {
  tril.body @main() {
    %i = tril.position : !it
    %f = tril.convert %i : (!it) -> !t
    %x = tril.materialize %f : (!t) -> !t
    %n = tril.neg %x : (!t) -> !t
    %ai = tril.position : !tril.tensor<a=3 : i32>
    %af = tril.convert %ai : (!tril.tensor<a=3 : i32>) -> !a
    %am = tril.materialize %af : (!a) -> !a
    %pi = tril.position : !ip
    %pf = tril.convert %pi : (!ip) -> !p
    %pm = tril.materialize %pf : (!p) -> !p
    %tp = tril.mul %n, %pm : (!t, !p) -> !tp
    %tpm = tril.materialize %tp : (!tp) -> !tp
    %older = tril.rename %pm "past" to "older" : (!p) -> !o
    %po = tril.mul %pm, %older : (!p, !o) -> !po
    %pom = tril.materialize %po : (!po) -> !po
    %tpo = tril.mul %tpm, %pom : (!tp, !po) -> !tpo
    %tpom = tril.materialize %tpo : (!tpo) -> !tpo
    %r = tril.reduce max ["past", "older"] %tpom : (!tpo) -> !t
    %rm = tril.materialize %r : (!t) -> !t
    %am2 = tril.reduce sum ["a"] %am : (!a) -> !tril.tensor<f32>
    %m = tril.mul %rm, %n : (!t, !t) -> !t
    %mm = tril.materialize %m : (!t) -> !t
    %k = tril.mul %mm, %n : (!t, !t) -> !t
    %o = tril.materialize %k : (!t) -> !t
    tril.output "y" %o ["time"] : !t
    tril.return
  }
}

// -----
!t = !tril.tensor<time : f32>
!th = !tril.tensor<time : f32, holes>
!tah = !tril.tensor<time, a=20 : f32, holes>
!ta = !tril.tensor<time, a=20 : f32>
!pa = !tril.tensor<past of time, a=20 : f32>
!it = !tril.tensor<time : i32>

// States: what is fixed comes first, `lag` entries of each equation, then a position's bytes for each linear one.  Each call has states of
// its own behind main's.  Bodies, which run one at a time, share what lies behind main's values.
// What a recurrence keeps lies in the state; what it stores for one row, in the region that does not grow.
// CHECK: tril.model @m is "causal" attributes {tril.arena = array<i64: 64, 448, 0, 0, 0, 0>, tril.state = array<i64: 384, 256>
// CHECK: tril.body @main
// CHECK: tril.extend "k" %{{.*}} as "past"  rows {fixed_offset = 0 : i64, position_offset = 0 : i64}
// CHECK: tril.call @layer(%{{.*}}) layer 0 {offsets = array<i64: 128>, state = array<i64: 0, 128>}
// CHECK: tril.call @layer(%{{.*}}) layer 1 {offsets = array<i64: 0>, state = array<i64: 192, 192>}
// %x is dead when the second call has its result, which takes its bytes; the layer's values begin behind the 256 of main.
// CHECK: tril.body @layer
// CHECK: tril.rec "time" {lag = 2 : i64, state_offsets = array<i64: 0>}
// CHECK: tril.materialize %{{.*}} {kept = 0 : i64} : (!time_a) -> !time_a
// CHECK: tril.materialize %{{.*}} {offset = 0 : i64, one_row} : (!time) -> !time
// CHECK: tril.materialize %{{.*}} {offset = 256 : i64} : (!time_a) -> !time_a
// CHECK: tril.materialize %{{.*}} {offset = 384 : i64} : (!time) -> !time
// CHECK: tril.extend "s" %{{.*}} as "past"  rows {fixed_offset = 192 : i64, position_offset = 0 : i64}
// CHECK: %[[R:.*]] = tril.materialize %{{.*}} {return_index = 0 : i64}
// CHECK: tril.return %[[R]]
tril.model @m is "causal" {
  tril.body @main() {
    %i = tril.position : !it
    %f = tril.convert %i : (!it) -> !t
    %ai = tril.position : !tril.tensor<a=20 : i32>
    %af = tril.convert %ai : (!tril.tensor<a=20 : i32>) -> !tril.tensor<a=20 : f32>
    %v = tril.mul %f, %af : (!t, !tril.tensor<a=20 : f32>) -> !ta
    %x = tril.materialize %v : (!ta) -> !ta
    %k = tril.extend "k" %x as "past" rows : (!ta) -> !pa
    %y = tril.call @layer(%x) layer 0 : (!ta) -> !ta
    %z = tril.call @layer(%y) layer 1 : (!ta) -> !ta
    %last = tril.index %k ["past"] at %i : (!pa, !it) -> !tah
    %filled = tril.else %last, %z : (!tah, !ta) -> !ta
    %o = tril.materialize %filled : (!ta) -> !ta
    tril.output "y" %o ["time", "a"] : !ta
    tril.return
  }
  tril.body @layer(%x: !ta) -> !ta {
    %h = tril.rec "time" : !ta {
      %e = tril.earlier 0 ago 2 : !tah
      %w = tril.else %e, %x : (!tah, !ta) -> !ta
      %k = tril.materialize %w {kept = 0 : i64} : (!ta) -> !ta
      %n = tril.reduce sum ["a"] %k : (!ta) -> !t
      %one = tril.materialize %n {one_row} : (!t) -> !t
      %u = tril.add %k, %one : (!ta, !t) -> !ta
      %m = tril.materialize %u : (!ta) -> !ta
      tril.yield %m : !ta
    }
    %sum = tril.reduce sum ["a"] %h : (!ta) -> !t
    %s = tril.materialize %sum : (!t) -> !t
    %past = tril.extend "s" %s as "past" rows : (!t) -> !tril.tensor<past of time : f32>
    %i = tril.position : !it
    %q = tril.index %past ["past"] at %i : (!tril.tensor<past of time : f32>, !it) -> !th
    %p = tril.else %q, %h : (!th, !ta) -> !ta
    %r = tril.materialize %p : (!ta) -> !ta
    tril.return %r : !ta
  }
}

// -----
!t = !tril.tensor<time : f32>
!it = !tril.tensor<time : i32>

// An output that others read too is a copy, also of another output.
// CHECK: %[[X:.*]] = tril.materialize %{{.*}} {offset = 0 : i64
// CHECK: %[[A:.*]] = tril.materialize %[[X]] {output_index = 0 : i64
// CHECK: tril.output "a" %[[A]]
// CHECK: %[[B:.*]] = tril.materialize %[[X]] {output_index = 1 : i64
// CHECK: tril.output "b" %[[B]]
tril.model @m is "causal" {
  tril.body @main() {
    %i = tril.position : !it
    %f = tril.convert %i : (!it) -> !t
    %x = tril.materialize %f : (!t) -> !t
    tril.output "a" %x ["time"] : !t
    tril.output "b" %x ["time"] : !t
    tril.return
  }
}

// -----
!it = !tril.tensor<time : i32>
!t = !tril.tensor<time : f32>
!ta = !tril.tensor<time, a=4 : f32>
!pa = !tril.tensor<past of time, a=4 : f32>
!tp = !tril.tensor<time, past of time : f32>
!tph = !tril.tensor<time, past of time : f32, holes>
!tpi = !tril.tensor<time, past of time : i1>

// What a mask reads lives until the attention is written: its region runs then.  Neither it nor the query shares bytes with the result.
// CHECK: tril.materialize %{{.*}} {offset = [[#Q:]] : i64{{.*}}} : (!time_a) -> !time_a
// CHECK: tril.materialize %{{.*}} {offset = [[#Q + 64]] : i64{{.*}}} : (!time) -> !time
// CHECK: %[[Y:.*]] = tril.attention
// CHECK: tril.materialize %[[Y]] {offset = [[#Q + 128]] : i64
tril.model @m is "causal" {
  tril.body @main() {
    %i = tril.position : !it
    %f = tril.convert %i : (!it) -> !t
    %ai = tril.position : !tril.tensor<a=4 : i32>
    %af = tril.convert %ai : (!tril.tensor<a=4 : i32>) -> !tril.tensor<a=4 : f32>
    %v = tril.mul %f, %af : (!t, !tril.tensor<a=4 : f32>) -> !ta
    %q = tril.materialize %v : (!ta) -> !ta
    %k = tril.extend "k" %q as "past" lanes : (!ta) -> !pa
    %w = tril.extend "v" %q as "past" groups : (!ta) -> !pa
    %e = tril.exp %f : (!t) -> !t
    %bound = tril.materialize %e : (!t) -> !t
    %y = tril.attention %q by %k of %w over "past" groups [] members [] contracted [["a"]] features ["a"] : (!ta, !pa, !pa) -> !ta {
    ^bb0(%d: !tp):
      %p = tril.lt %d, %bound : (!tp, !t) -> !tpi
      %s = tril.where %d, %p : (!tp, !tpi) -> !tph
      tril.yield %s : !tph
    }
    %m = tril.materialize %y : (!ta) -> !ta
    %n = tril.neg %m : (!ta) -> !ta
    %o = tril.materialize %n : (!ta) -> !ta
    tril.output "y" %o ["time", "a"] : !ta
    tril.return
  }
}
