// The weights of a layer lie together in the order in which it reads them, each at a multiple of 64 bytes; main's come first.
// RUN: tril-opt %s -tril-plan-weights | FileCheck %s

!ta = !tril.tensor<time, a=32 : f32>
!tb = !tril.tensor<time, b=3 : f32>
!a = !tril.tensor<a=32 : f32>
!w = !tril.tensor<b=3, a=32 : f32>
!it = !tril.tensor<time : i32>

// 3 * 32 * 4 = 384 bytes as they are; in groups of 16 outputs 16 * 32 * 4 = 2048, half of that in f16, and in q4_1 for each block of 32 of each
// output 2 + 2 + 16 bytes.
// CHECK: tril.model @m attributes {tril.weights = 4288 : i64}
// CHECK-LABEL: tril.body @main
// CHECK: tril.param "plain" {{.*}}{place = 0 : i64}
// CHECK: tril.param "f32" {{.*}}place = 384 : i64
// CHECK: tril.param "f16" {{.*}}place = 2432 : i64
// CHECK: tril.param "q4_1" {{.*}}place = 3456 : i64
// A param that nothing reads takes no bytes.
// CHECK: tril.param "unread" strides [1] of [32] : !a
// CHECK: tril.param "last" {{.*}}{place = 3776 : i64}
// CHECK: tril.call @layer(%{{.*}}) layer 0 {weights = 3904 : i64}
// CHECK: tril.call @layer(%{{.*}}) layer 1 {weights = 4096 : i64}
// CHECK-LABEL: tril.body @layer
// CHECK: tril.param "one" {{.*}}{place = 0 : i64}
// CHECK: tril.param "two" {{.*}}{place = 64 : i64}
tril.model @m {
  tril.body @main() {
    %plain = tril.param "plain" strides [32, 1] of [3, 32] : !w
    %f32 = tril.param "f32" strides [32, 1] of [3, 32] {contracted = ["a"], format = "f32"} : !w
    %f16 = tril.param "f16" strides [32, 1] of [3, 32] {contracted = ["a"], format = "f16"} : !w
    %q4 = tril.param "q4_1" strides [32, 1] of [3, 32] {contracted = ["a"], format = "q4_1"} : !w
    %unread = tril.param "unread" strides [1] of [32] : !a
    %last = tril.param "last" strides [1] of [32] : !a
    %s = tril.add %plain, %last : (!w, !a) -> !w
    %i = tril.position : !it
    %f = tril.convert %i : (!it) -> !tril.tensor<time : f32>
    %x = tril.mul %f, %last : (!tril.tensor<time : f32>, !a) -> !ta
    %m = tril.materialize %x : (!ta) -> !ta
    %y = tril.matmul ["a"] %m, %f32 : (!ta, !w) -> !tb
    %z = tril.matmul ["a"] %m, %f16 : (!ta, !w) -> !tb
    %u = tril.matmul ["a"] %m, %q4 : (!ta, !w) -> !tb
    %c = tril.call @layer(%m) layer 0 : (!ta) -> !ta
    %d = tril.call @layer(%c) layer 1 : (!ta) -> !ta
    tril.return
  }
  tril.body @layer(%x: !ta) -> !ta {
    %one = tril.param "one" strides [] of [1] : !tril.tensor<f32>
    %two = tril.param "two" strides [1] of [32] : !a
    %s = tril.mul %x, %one : (!ta, !tril.tensor<f32>) -> !ta
    %y = tril.mul %s, %two : (!ta, !a) -> !ta
    tril.return %y : !ta
  }
}
