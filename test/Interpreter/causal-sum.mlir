// Attention by hand: what each position sees, as numbers.
// RUN: tril-interpret %s --tokens %S/Inputs/tokens.json | FileCheck %s
// RUN: tril-interpret %s --tokens %S/Inputs/tokens.json --f32 --blas-from=-1 | FileCheck %s

// CHECK: seen.0 [time=3]: 1 2 3
// CHECK: sum.0 [time=3]: 3 4 6
// CHECK: seen.1 [time=1]: 1
// CHECK: sum.1 [time=1]: 5
tril.model @m {
  tril.body @main() {
    %token = tril.input "token" below 10 : !tril.tensor<time : i32>
    %x = tril.convert %token : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %time = tril.position : !tril.tensor<time : i32>
    %past = tril.position : !tril.tensor<past of time : i32>
    %p = tril.le %past, %time : (!tril.tensor<past of time : i32>, !tril.tensor<time : i32>) -> !tril.tensor<time, past of time : i1>
    %n = tril.reduce count ["past"] %p : (!tril.tensor<time, past of time : i1>) -> !tril.tensor<time : i32>
    %k = tril.rename %x "time" to "past" : (!tril.tensor<time : f32>) -> !tril.tensor<past of time : f32>
    %m = tril.where %k, %p : (!tril.tensor<past of time : f32>, !tril.tensor<time, past of time : i1>) -> !tril.tensor<time, past of time : f32, holes>
    %s = tril.reduce sum ["past"] %m : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time : f32>
    tril.output "seen" %n ["time"] : !tril.tensor<time : i32>
    tril.output "sum" %s ["time"] : !tril.tensor<time : f32>
    tril.return
  }
}
