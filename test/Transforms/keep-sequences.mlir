// What steps read of an encoder's positions is read under another name, of which derive-decode makes a state.
// RUN: tril-opt %s -tril-keep-sequences | FileCheck %s
// RUN: tril-opt %s -tril-keep-sequences -tril-derive-decode | FileCheck %s --check-prefix=STEP

!s = !tril.tensor<source, embed=4 : f32>
!a = !tril.tensor<seen of source, embed=4 : f32>
!t = !tril.tensor<time, embed=4 : f32>
!e = !tril.tensor<embed=4 : f32>
!ts = !tril.tensor<time, source : f32>
!ss = !tril.tensor<source, seen of source : f32>
!is = !tril.tensor<source : i32>
!it = !tril.tensor<time : i32>
!lt = !tril.tensor<time, source : i1>
!n = !tril.tensor<i32>

tril.model @m is "causal" attributes {tril.inputs = ["x", "y"], tril.sequences = ["source"]} {
  // CHECK-LABEL: tril.body @main
  tril.body @main() {
    %n = tril.input "x" below 9 : !is
    %m = tril.input "y" below 9 : !it
    %w = tril.param "w" strides [4, 1] of [9, 4] : !tril.tensor<vocab=9, embed=4 : f32>
    %s = tril.index %w ["vocab"] at %n : (!tril.tensor<vocab=9, embed=4 : f32>, !is) -> !s
    %t = tril.index %w ["vocab"] at %m : (!tril.tensor<vocab=9, embed=4 : f32>, !it) -> !t
    // The encoder itself reads what the call brings.
    // CHECK: %[[M:.*]] = tril.call @encoder(%{{.*}}) layer 0 : (!source_embed) -> !source_embed
    %e = tril.call @encoder(%s) layer 0 : (!s) -> !s
    // CHECK: tril.call @decoder(%{{.*}}, %[[M]]) layer 0 : (!time_embed, !source_embed) -> !time_embed
    %d = tril.call @decoder(%t, %e) layer 0 : (!t, !s) -> !t
    tril.output "z" %d ["time", "embed"] : !t
    tril.return
  }
  // CHECK-LABEL: tril.body @encoder(%arg0: !source_embed) -> !source_embed
  // CHECK: tril.rename %arg0 "source" to "seen"
  // CHECK: tril.contract ["embed"] %arg0, %{{.*}} : (!source_embed, !seen_embed) -> !source_seen
  // CHECK-NOT: source.1
  // STEP-LABEL: tril.body @encoder
  // STEP: tril.extend "state" %arg0 as "seen" rows : (!source_embed) -> !seen_embed
  tril.body @encoder(%x: !s) -> !s {
    %y = tril.rename %x "source" to "seen" : (!s) -> !a
    %q = tril.contract ["embed"] %x, %y : (!s, !a) -> !ss
    %o = tril.contract ["seen"] %q, %y : (!ss, !a) -> !s
    tril.return %o : !s
  }
  // A step reads all positions: keys, values and their numbers.
  // CHECK-LABEL: tril.body @decoder(%arg0: !time_embed, %arg1: !source_embed) -> !time_embed
  // CHECK: %[[K:.*]] = tril.rename %arg1 "source" to "source.1" : (!source_embed) -> !source2E1_embed
  // CHECK: %[[D:.*]] = tril.contract ["embed"] %arg0, %[[K]] : (!time_embed, !source2E1_embed) -> !time_source2E1
  // CHECK: %[[P:.*]] = tril.position : !i32_source2E1
  // CHECK: tril.le %[[P]], %{{.*}} : (!i32_source2E1, !i32_time) -> !i1_time_source2E1
  // CHECK: tril.contract ["source.1"] %{{.*}}, %[[K]]
  // A sum that leaves no positions is of all of them, also for a step that brings none.
  // CHECK: tril.reduce mean ["source.1"] %[[K]] : (!source2E1_embed) -> !embed
  // STEP-LABEL: tril.body @decoder
  // STEP: %[[K:.*]] = tril.extend "state.1" %arg1 as "source.1" rows : (!source_embed) -> !source2E1_embed
  // STEP-NOT: tril.rename
  tril.body @decoder(%x: !t, %m: !s) -> !t {
    %q = tril.contract ["embed"] %x, %m : (!t, !s) -> !ts
    %ps = tril.position : !is
    %pt = tril.position : !it
    %le = tril.le %ps, %pt : (!is, !it) -> !lt
    %masked = tril.where %q, %le : (!ts, !lt) -> !tril.tensor<time, source : f32, holes>
    %o = tril.contract ["source"] %masked, %m : (!tril.tensor<time, source : f32, holes>, !s) -> !t
    %mean = tril.reduce mean ["source"] %m : (!s) -> !e
    %r = tril.add %o, %mean : (!t, !e) -> !t
    tril.return %r : !t
  }
}
