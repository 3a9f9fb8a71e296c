// Contractions with a weight that each position chooses among several.
// RUN: tril-opt %s -tril-group-rows | FileCheck %s

!te = !tril.tensor<time, embed=4 : f32>
!tc = !tril.tensor<time, choice=2 : f32>
!ic = !tril.tensor<time, choice=2 : i32>
!ich = !tril.tensor<time, choice=2 : i32, holes>
!w = !tril.tensor<expert=8, hidden=6, embed=4 : f32>
!d = !tril.tensor<expert=8, embed=4, hidden=6 : f32>
!g = !tril.tensor<time, choice=2, hidden=6, embed=4 : f32>
!gh = !tril.tensor<time, choice=2, hidden=6, embed=4 : f32, holes>
!gd = !tril.tensor<time, choice=2, embed=4, hidden=6 : f32>
!h = !tril.tensor<time, choice=2, hidden=6 : f32>

tril.model @m is "causal" {
  // The factors beside the weight are one; x has no choice, so two rows share one of x.
  // CHECK-LABEL: tril.body @up
  // CHECK: %[[W:.*]] = tril.param "w" strides [24, 4, 1] of [8, 6, 4] :
  // CHECK-NOT: tril.index
  // CHECK: %[[P:.*]] = tril.mul %arg0, %arg2
  // CHECK: %[[X:.*]] = tril.materialize %[[P]] : (!time_embed) -> !time_embed
  // CHECK: %[[C:.*]] = tril.materialize %arg1 : (!i32_time_choice) -> !i32_time_choice
  // CHECK: %[[G:.*]] = tril.group %[[C]] of 8 : (!i32_time_choice) -> !i32_time_choice
  // CHECK: %[[O:.*]] = tril.materialize %[[G]]
  // CHECK: %[[M:.*]] = tril.grouped_matmul ["embed"] %[[X]], %[[W]] "expert" at %[[C]] in %[[O]]
  // CHECK: %[[R:.*]] = tril.materialize %[[M]] : (!time_choice_hidden) -> !time_choice_hidden
  // CHECK: tril.return %[[R]]
  tril.body @up(%x: !te, %chosen: !ic, %scale: !te) -> !h {
    %w = tril.param "w" strides [24, 4, 1] of [8, 6, 4] : !w
    %at = tril.index %w ["expert"] at %chosen : (!w, !ic) -> !g
    %p = tril.mul %at, %x : (!g, !te) -> !g
    %y = tril.contract ["embed"] %p, %scale : (!g, !te) -> !h
    tril.return %y : !h
  }

  // x has the choice; the sum over it comes behind.
  // CHECK-LABEL: tril.body @down
  // CHECK: tril.grouped_matmul ["hidden"] %{{.*}}, %{{.*}} "expert" at %{{.*}} : (!time_choice_hidden, {{.*}}) -> !time_choice_embed
  // CHECK: %[[M:.*]] = tril.materialize
  // CHECK: %[[S:.*]] = tril.reduce sum ["choice"] %[[M]] : (!time_choice_embed) -> !time_embed
  // CHECK: tril.return %[[S]]
  tril.body @down(%x: !h, %chosen: !ic) -> !te {
    %w = tril.param "d" strides [24, 6, 1] of [8, 4, 6] : !d
    %at = tril.index %w ["expert"] at %chosen : (!d, !ic) -> !gd
    %y = tril.contract ["choice", "hidden"] %x, %at : (!h, !gd) -> !te
    tril.return %y : !te
  }

  // A hole chose nothing: the first matrix stands in for it, and 0 for the result.
  // CHECK-LABEL: tril.body @none
  // CHECK: %[[E:.*]] = tril.else %arg1, %{{.*}} : (!i32_time_choice_holes, !tril.tensor<i32>) -> !i32_time_choice
  // CHECK: tril.materialize %[[E]]
  // CHECK: tril.grouped_matmul
  // CHECK: %[[M:.*]] = tril.materialize
  // CHECK: %[[D:.*]] = tril.sub %arg1, %arg1
  // CHECK: %[[Z:.*]] = tril.convert %[[D]]
  // CHECK: %[[A:.*]] = tril.add %[[M]], %[[Z]]
  // CHECK: %[[R:.*]] = tril.else %[[A]], %{{.*}} -> !time_choice_hidden
  // CHECK: tril.return %[[R]]
  tril.body @none(%x: !te, %chosen: !ich) -> !h {
    %w = tril.param "w" strides [24, 4, 1] of [8, 6, 4] : !w
    %at = tril.index %w ["expert"] at %chosen : (!w, !ich) -> !gh
    %y = tril.contract ["embed"] %x, %at : (!te, !gh) -> !h
    tril.return %y : !h
  }

  // Not a product of two chosen weights, nor a choice without positions, nor a bias.
  // CHECK-LABEL: tril.body @others
  // CHECK-NOT: tril.grouped_matmul
  // CHECK: tril.return
  tril.body @others(%x: !te, %chosen: !ic, %one: !tril.tensor<choice=2 : i32>) -> (!h, !tril.tensor<choice=2, hidden=6, time : f32>, !h) {
    %w = tril.param "w" strides [24, 4, 1] of [8, 6, 4] : !w
    %b = tril.param "b" strides [6, 1] of [8, 6] : !tril.tensor<expert=8, hidden=6 : f32>
    %at = tril.index %w ["expert"] at %chosen : (!w, !ic) -> !g
    %y = tril.contract ["embed"] %at, %at : (!g, !g) -> !h
    %fixed = tril.index %w ["expert"] at %one : (!w, !tril.tensor<choice=2 : i32>) -> !tril.tensor<choice=2, hidden=6, embed=4 : f32>
    %z = tril.contract ["embed"] %fixed, %x : (!tril.tensor<choice=2, hidden=6, embed=4 : f32>, !te) -> !tril.tensor<choice=2, hidden=6, time : f32>
    %bias = tril.index %b ["expert"] at %chosen : (!tril.tensor<expert=8, hidden=6 : f32>, !ic) -> !h
    tril.return %y, %z, %bias : !h, !tril.tensor<choice=2, hidden=6, time : f32>, !h
  }
}
