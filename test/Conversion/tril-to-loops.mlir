// Bodies become functions over raw memory; a kind of layer is one function, called in a loop over a table of places.
// RUN: tril-opt %s -tril-materialize -tril-plan-memory -tril-plan-weights -tril-to-loops=cpu=x86-64-v3 | FileCheck %s
// RUN: tril-opt %s -tril-materialize -tril-plan-memory -tril-plan-weights -tril-to-loops=cpu=x86-64-v3 -canonicalize -cse \
// RUN:   -tril-expand-math -o /dev/null

!t = !tril.tensor<time : f32>
!it = !tril.tensor<time : i32>
!ta = !tril.tensor<time, a=32 : f32>
!w = !tril.tensor<b=32, a=32 : f32>
!tb = !tril.tensor<time, b=32 : f32>

// Three calls, of 5 fields and the places of an argument and a result each: kind, weights, fixed state, state a position, layer, ...
// CHECK-DAG: llvm.mlir.global internal constant @calls.0(dense<{{.*}}> : tensor<45xi64>)
// CHECK-DAG: llvm.mlir.global internal constant @layer_constant.
// Nothing of the dialect is left.
// CHECK-NOT: tril.model
// CHECK: func.func @tril_step(%{{.*}}: !llvm.ptr)
// CHECK: scf.for
// CHECK: call @body.layer(%{{.*}}, %{{.*}}) : (!llvm.ptr, !llvm.ptr) -> ()
// CHECK-NOT: call @body.layer
// CHECK: return
// CHECK: func.func private @body.layer(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK-NOT: {{[^a-z]}}tril.{{[a-z]}}
tril.model @m is "causal" {
  tril.body @main() {
    %i = tril.position : !it
    %f = tril.convert %i : (!it) -> !t
    %x = tril.exp %f : (!t) -> !t
    %s = tril.param "s" strides [1] of [32] : !tril.tensor<a=32 : f32>
    %v = tril.mul %x, %s : (!t, !tril.tensor<a=32 : f32>) -> !ta
    %a = tril.call @layer(%v) layer 0 : (!ta) -> !ta
    %b = tril.call @layer(%a) layer 1 : (!ta) -> !ta
    %c = tril.call @layer(%b) layer 2 : (!ta) -> !ta
    tril.output "y" %c ["time", "a"] : !ta
    tril.return
  }
  tril.body @layer(%x: !ta) -> !ta {
    %w = tril.param "{layer}.w" strides [32, 1] of [32, 32] {names = [["0.w"], ["1.w"], ["2.w"]]} : !w
    %k = tril.layer_constant [1.0, 2.0, 4.0] : !tril.tensor<f32>
    %y = tril.contract ["a"] %x, %w : (!ta, !w) -> !tb
    %m = tril.mul %y, %k : (!tb, !tril.tensor<f32>) -> !tb
    %z = tril.rename %m "b" to "a" : (!tb) -> !ta
    tril.return %z : !ta
  }
}
