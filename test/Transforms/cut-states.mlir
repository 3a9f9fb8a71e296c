// What is kept of earlier positions: what is read, or what that is computed from.
// RUN: tril-opt %s -tril-cut-states | FileCheck %s --check-prefixes=CHECK,AUTO
// RUN: tril-opt %s -tril-cut-states=keep=latent | FileCheck %s --check-prefixes=CHECK,LATENT
// RUN: tril-opt %s -tril-cut-states=keep=direct | FileCheck %s --check-prefixes=CHECK,DIRECT
// RUN: not tril-opt %s -tril-cut-states=keep=all 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: unknown choice of what to keep `all`; there are auto, latent and direct

!tc = !tril.tensor<time, latent=4 : f32>
!pc = !tril.tensor<past of time, latent=4 : f32>
!wk = !tril.tensor<head=8, key=16, latent=4 : f32>
!wv = !tril.tensor<head=8, value=12, latent=4 : f32>
!tk = !tril.tensor<time, head=8, key=16 : f32>
!tv = !tril.tensor<time, head=8, value=12 : f32>
!pk = !tril.tensor<past of time, head=8, key=16 : f32>
!pv = !tril.tensor<past of time, head=8, value=12 : f32>
!tph = !tril.tensor<time, past of time, head=8 : f32>

!tx = !tril.tensor<time, embed=64 : f32>
!px = !tril.tensor<past of time, embed=64 : f32>
!wx = !tril.tensor<head=16, feature=4, embed=64 : f32>
!txk = !tril.tensor<time, head=16, feature=4 : f32>
!pxk = !tril.tensor<past of time, head=16, feature=4 : f32>
!tpx = !tril.tensor<time, past of time, head=16 : f32>

tril.model @m is "causal" {
  // A narrow latent: the weight of the keys moves to the queries, that of the values behind the sum.
  // CHECK-LABEL: tril.body @latent
  // CHECK-DAG: %[[WK:.*]] = tril.param "wk"
  // CHECK-DAG: %[[WV:.*]] = tril.param "wv"
  // AUTO-DAG: %[[Q:.*]] = tril.contract ["key"] %arg0, %[[WK]] : (!time_head_key, !head_key_latent) -> !time_head_latent
  // AUTO-DAG: %[[C:.*]] = tril.rename %arg1 "time" to "past" : (!time_latent) -> !past_latent
  // AUTO-DAG: tril.contract ["latent"] %[[Q]], %[[C]] : (!time_head_latent, !past_latent) -> !time_past_head
  // AUTO: %[[S:.*]] = tril.softmax
  // AUTO: %[[C2:.*]] = tril.rename %arg1 "time" to "past" : (!time_latent) -> !past_latent
  // AUTO: %[[O:.*]] = tril.contract ["past"] %[[S]], %[[C2]] : (!time_past_head, !past_latent) -> !time_head_latent
  // AUTO: %[[R:.*]] = tril.contract ["latent"] %[[O]], %[[WV]] : (!time_head_latent, !head_value_latent) -> !time_head_value
  // AUTO: tril.return %[[R]]
  // LATENT: tril.rename {{.*}} (!time_latent) -> !past_latent
  // DIRECT: tril.rename {{.*}} (!time_head_key) -> !past_head_key
  // DIRECT: tril.rename {{.*}} (!time_head_value) -> !past_head_value
  tril.body @latent(%q: !tk, %c: !tc) -> !tv {
    %wk = tril.param "wk" strides [64, 4, 1] of [8, 16, 4] : !wk
    %wv = tril.param "wv" strides [48, 4, 1] of [8, 12, 4] : !wv
    %k = tril.contract ["latent"] %c, %wk : (!tc, !wk) -> !tk
    %v = tril.contract ["latent"] %wv, %c : (!wv, !tc) -> !tv
    %kp = tril.rename %k "time" to "past" : (!tk) -> !pk
    %vp = tril.rename %v "time" to "past" : (!tv) -> !pv
    %s = tril.contract ["key"] %q, %kp : (!tk, !pk) -> !tph
    %w = tril.softmax ["past"] %s : (!tph) -> !tph
    %o = tril.contract ["past"] %w, %vp : (!tph, !pv) -> !tv
    tril.return %o : !tv
  }

  // Times a number too: it is multiplied with what comes of them.
  // CHECK-LABEL: tril.body @scaled
  // CHECK-DAG: %[[WK:.*]] = tril.param "wk"
  // AUTO-DAG: %[[Q:.*]] = tril.contract ["key"] %arg0, %[[WK]] : (!time_head_key, !head_key_latent) -> !time_head_latent
  // AUTO-DAG: %[[C:.*]] = tril.rename %arg1 "time" to "past" : (!time_latent) -> !past_latent
  // AUTO: %[[S:.*]] = tril.contract ["latent"] %[[Q]], %[[C]] : (!time_head_latent, !past_latent) -> !time_past_head
  // AUTO: %[[R:.*]] = tril.mul %[[S]], %{{.*}} : (!time_past_head, !tril.tensor<f32>) -> !time_past_head
  // AUTO: tril.return %[[R]]
  tril.body @scaled(%q: !tk, %c: !tc) -> !tph {
    %wk = tril.param "wk" strides [64, 4, 1] of [8, 16, 4] : !wk
    %two = tril.constant 2.0 : !tril.tensor<f32>
    %k = tril.contract ["latent"] %c, %wk : (!tc, !wk) -> !tk
    %k2 = tril.mul %k, %two : (!tk, !tril.tensor<f32>) -> !tk
    %kp = tril.rename %k2 "time" to "past" : (!tk) -> !pk
    %s = tril.contract ["key"] %q, %kp : (!tk, !pk) -> !tph
    tril.return %s : !tph
  }

  // Keys that are computed of what is read, again by every step, are computed once.  Their input would take fewer bytes, and far
  // more arithmetic.
  // CHECK-LABEL: tril.body @once
  // AUTO: %[[K:.*]] = tril.contract ["embed"] %arg1
  // AUTO: tril.rename %[[K]] "time" to "past" : (!time_head_feature) -> !past_head_feature
  // LATENT: tril.contract ["feature"] %arg0, %{{.*}} -> !time_head_embed
  // LATENT: tril.rename %arg1 "time" to "past" : (!time_embed) -> !past_embed
  // DIRECT: tril.rename {{.*}} (!time_head_feature) -> !past_head_feature
  tril.body @once(%q: !txk, %x: !tx) -> !txk {
    %wk = tril.param "wk" strides [256, 64, 1] of [16, 4, 64] : !wx
    %wv = tril.param "wv" strides [256, 64, 1] of [16, 4, 64] : !wx
    %xp = tril.rename %x "time" to "past" : (!tx) -> !px
    %kp = tril.contract ["embed"] %xp, %wk : (!px, !wx) -> !pxk
    %vp = tril.contract ["embed"] %xp, %wv : (!px, !wx) -> !pxk
    %s = tril.contract ["feature"] %q, %kp : (!txk, !pxk) -> !tpx
    %w = tril.softmax ["past"] %s : (!tpx) -> !tpx
    %o = tril.contract ["past"] %w, %vp : (!tpx, !pxk) -> !txk
    tril.return %o : !txk
  }

  // A key that is changed after its weight is kept as it is: a sum is of one position, a root is not linear.
  // CHECK-LABEL: tril.body @not_linear
  // CHECK: %[[K:.*]] = tril.sqrt
  // CHECK: tril.rename %[[K]] "time" to "past" : (!time_head_key) -> !past_head_key
  tril.body @not_linear(%q: !tk, %c: !tc) -> !tph {
    %wk = tril.param "wk" strides [64, 4, 1] of [8, 16, 4] : !wk
    %k = tril.contract ["latent"] %c, %wk : (!tc, !wk) -> !tk
    %root = tril.sqrt %k : (!tk) -> !tk
    %kp = tril.rename %root "time" to "past" : (!tk) -> !pk
    %s = tril.contract ["key"] %q, %kp : (!tk, !pk) -> !tph
    tril.return %s : !tph
  }

  // What is computed of positions too is computed at the position itself.
  // CHECK-LABEL: tril.body @turned
  // CHECK: %[[T:.*]] = tril.position : !i32_time
  // CHECK: %[[F:.*]] = tril.convert %[[T]]
  // CHECK: %[[COS:.*]] = tril.cos %[[F]] : (!time) -> !time
  // CHECK: %[[K:.*]] = tril.mul %arg0, %[[COS]] : (!time_latent, !time) -> !time_latent
  // CHECK: %[[P:.*]] = tril.rename %[[K]] "time" to "past" : (!time_latent) -> !past_latent
  // CHECK: tril.return %[[P]]
  tril.body @turned(%c: !tc) -> !pc {
    %p = tril.rename %c "time" to "past" : (!tc) -> !pc
    %at = tril.position : !tril.tensor<past of time : i32>
    %real = tril.convert %at : (!tril.tensor<past of time : i32>) -> !tril.tensor<past of time : f32>
    %cos = tril.cos %real : (!tril.tensor<past of time : f32>) -> !tril.tensor<past of time : f32>
    %k = tril.mul %p, %cos : (!pc, !tril.tensor<past of time : f32>) -> !pc
    tril.return %k : !pc
  }

  // What is summed over earlier positions is not of one of them.
  // CHECK-LABEL: tril.body @sum
  // CHECK: tril.rename %arg0 "time" to "past"
  // CHECK: tril.reduce sum ["past"]
  tril.body @sum(%c: !tc) -> !tril.tensor<latent=4 : f32> {
    %p = tril.rename %c "time" to "past" : (!tc) -> !pc
    %s = tril.reduce sum ["past"] %p : (!pc) -> !tril.tensor<latent=4 : f32>
    tril.return %s : !tril.tensor<latent=4 : f32>
  }

  // A sum whose values move behind it is itself the latent of the next keys.
  // CHECK-LABEL: tril.body @chain
  // LATENT: %[[C:.*]] = tril.rename %arg1 "time" to "past" : (!time_latent) -> !past_latent
  // LATENT: %[[S:.*]] = tril.contract ["past"] %arg0, %[[C]] : (!time_past_head, !past_latent) -> !time_head_latent
  // LATENT: %[[O:.*]] = tril.contract ["latent"] %[[S]], %{{.*}} : (!time_head_latent, !head_value_latent) -> !time_head_value
  // LATENT: tril.rename %[[O]] "time" to "past" : (!time_head_value) -> !past_head_value
  tril.body @chain(%s: !tph, %c: !tc, %q: !tril.tensor<time, key=128 : f32>) -> !tril.tensor<time, past of time : f32> {
    %wv = tril.param "wv" strides [48, 4, 1] of [8, 12, 4] : !wv
    %w2 = tril.param "w2" strides [96, 12, 1] of [128, 8, 12] : !tril.tensor<key=128, head=8, value=12 : f32>
    %v = tril.contract ["latent"] %wv, %c : (!wv, !tc) -> !tv
    %vp = tril.rename %v "time" to "past" : (!tv) -> !pv
    %o = tril.contract ["past"] %s, %vp : (!tph, !pv) -> !tv
    %k = tril.contract ["head", "value"] %o, %w2 : (!tv, !tril.tensor<key=128, head=8, value=12 : f32>) -> !tril.tensor<time, key=128 : f32>
    %kp = tril.rename %k "time" to "past" : (!tril.tensor<time, key=128 : f32>) -> !tril.tensor<past of time, key=128 : f32>
    %y = tril.contract ["key"] %q, %kp : (!tril.tensor<time, key=128 : f32>, !tril.tensor<past of time, key=128 : f32>) -> !tril.tensor<time, past of time : f32>
    tril.return %y : !tril.tensor<time, past of time : f32>
  }
}
