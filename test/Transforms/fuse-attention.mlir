// Scores, mask, softmax and values become one operation; the score and the mask keep their text.
// RUN: tril-opt %s -tril-fuse-attention | FileCheck %s
// RUN: tril-opt %s -tril-fuse-attention=remarks=true -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

!n = !tril.tensor<f32>
!q = !tril.tensor<time, group=2, member=3, feature=4 : f32>
!qx = !tril.tensor<feature=4, member=3, time, group=2 : f32>
!k = !tril.tensor<time, group=2, feature=4 : f32>
!pk = !tril.tensor<past of time, feature=4, group=2 : f32>
!v = !tril.tensor<time, group=2, value=5 : f32>
!pv = !tril.tensor<past of time, value=5, group=2 : f32>
!pvt = !tril.tensor<past of time, time, value=5, group=2 : f32>
!s = !tril.tensor<time, past of time, group=2, member=3 : f32>
!sh = !tril.tensor<time, past of time, group=2, member=3 : f32, holes>
!y = !tril.tensor<time, group=2, member=3, value=5 : f32>
!it = !tril.tensor<time : i32>
!ip = !tril.tensor<past of time : i32>
!mask = !tril.tensor<time, past of time : i1>

tril.model @m is "causal" {
  // CHECK-LABEL: tril.body @grouped
  // CHECK: %[[K:.*]] = tril.extend "k" %arg1 as "past" lanes {groups = 1 : i64} : (!time_group_feature) -> !past_group_feature
  // CHECK: %[[V:.*]] = tril.extend "v" %arg2 as "past" groups {groups = 1 : i64} : (!time_group_value) -> !past_group_value
  // CHECK-NOT: tril.contract
  // CHECK-NOT: tril.softmax
  // CHECK: %[[Y:.*]] = tril.attention %arg0 by %[[K]] of %[[V]] over "past" groups ["group"] members ["member"] contracted {{\[\[}}"feature"]]
  // CHECK-SAME: features ["value"] : (!time_group_member_feature, !past_group_feature, !past_group_value) -> !time_group_member_value {
  // CHECK-NEXT: ^bb0(%[[D:.*]]: !time_past_group_member):
  // CHECK-NEXT: %[[M:.*]] = tril.mul %[[D]], %
  // CHECK-NEXT: %[[W:.*]] = tril.where %[[M]], %
  // CHECK-NEXT: tril.yield %[[W]] : !time_past_group_member_holes
  // CHECK: }
  // CHECK: tril.return %[[Y]]
  tril.body @grouped(%q: !q, %k: !k, %v: !v) -> !y {
    %pk = tril.extend "k" %k as "past" rows : (!k) -> !pk
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %dot = tril.contract ["feature"] %q, %pk : (!q, !pk) -> !s
    %half = tril.constant 0.5 : !n
    %score = tril.mul %dot, %half : (!s, !n) -> !s
    %t = tril.position : !it
    %p = tril.position : !ip
    %le = tril.le %p, %t : (!ip, !it) -> !mask
    %masked = tril.where %score, %le : (!s, !mask) -> !sh
    %w = tril.softmax ["past"] %masked : (!sh) -> !sh
    %y = tril.contract ["past"] %w, %pv : (!sh, !pv) -> !y
    tril.return %y : !y
  }

  // What is read as a key and as a value lies once, as values do.
  // CHECK-LABEL: tril.body @both
  // CHECK: %[[C:.*]] = tril.extend "c" %arg1 as "past" groups {groups = 1 : i64} : (!time_group_feature) -> !past_group_feature
  // CHECK-NOT: tril.extend
  // CHECK: tril.attention %arg0 by %[[C]] of %[[C]] over "past"
  tril.body @both(%q: !q, %c: !k) -> !q {
    %pc = tril.extend "c" %c as "past" rows : (!k) -> !pk
    %dot = tril.contract ["feature"] %q, %pc : (!q, !pk) -> !s
    %w = tril.softmax ["past"] %dot : (!s) -> !s
    %y = tril.contract ["past"] %w, %pc : (!s, !pk) -> !q
    tril.return %y : !q
  }

  // The order of the factors and of the axes does not matter.
  // CHECK-LABEL: tril.body @order
  // CHECK: tril.attention %arg0 by %{{.*}} of %{{.*}} over "past" groups ["group"] members ["member"] contracted {{\[\[}}"feature"]] features ["value"]
  // CHECK-NEXT: ^bb0(%[[D:.*]]: !time_past_group_member):
  // CHECK-NEXT: tril.yield %[[D]] : !time_past_group_member
  tril.body @order(%q: !qx, %k: !k, %v: !v) -> !y {
    %pk = tril.extend "k" %k as "past" rows : (!k) -> !pk
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %dot = tril.contract ["feature"] %pk, %q : (!pk, !qx) -> !s
    %w = tril.softmax ["past"] %dot : (!s) -> !s
    %y = tril.contract ["past"] %pv, %w : (!pv, !s) -> !y
    tril.return %y : !y
  }

  // Weights that somebody else reads too are not fused away: they would be computed twice.
  // CHECK-LABEL: tril.body @weights
  // CHECK: tril.contract ["feature"]
  // CHECK: %[[W:.*]] = tril.softmax
  // CHECK-NOT: tril.attention
  // CHECK: tril.return %{{.*}}, %[[W]]
  tril.body @weights(%q: !q, %k: !k, %v: !v) -> (!y, !s) {
    %pk = tril.extend "k" %k as "past" rows : (!k) -> !pk
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %dot = tril.contract ["feature"] %q, %pk : (!q, !pk) -> !s
    %w = tril.softmax ["past"] %dot : (!s) -> !s
    %y = tril.contract ["past"] %w, %pv : (!s, !pv) -> !y
    tril.return %y, %w : !y, !s
  }

  // A signature keeps the order of its types.
  // CHECK-LABEL: tril.body @returned
  // CHECK: %[[Y:.*]] = tril.attention {{.*}} -> !time_group_member_value {
  // CHECK: }
  // CHECK-NEXT: %[[M:.*]] = tril.materialize %[[Y]] : (!time_group_member_value) -> !value_time_group_member
  // CHECK-NEXT: tril.return %[[M]]
  tril.body @returned(%q: !q, %k: !k, %v: !v) -> !tril.tensor<value=5, time, group=2, member=3 : f32> {
    %pk = tril.extend "k" %k as "past" rows : (!k) -> !pk
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %dot = tril.contract ["feature"] %q, %pk : (!q, !pk) -> !s
    %w = tril.softmax ["past"] %dot : (!s) -> !s
    %y = tril.contract ["past"] %w, %pv : (!s, !pv) -> !tril.tensor<value=5, time, group=2, member=3 : f32>
    tril.return %y : !tril.tensor<value=5, time, group=2, member=3 : f32>
  }

  // A state that somebody else reads too is kept twice.
  // REMARK: `k` is kept more than once, in different layouts
  // CHECK-LABEL: tril.body @two_readers
  // CHECK: %[[ROWS:.*]] = tril.extend "k" %arg1 as "past" rows
  // CHECK: %[[LANES:.*]] = tril.extend "k.key" %arg1 as "past" lanes
  // CHECK: %[[Y:.*]] = tril.attention %arg0 by %[[LANES]] of
  // CHECK: tril.return %[[Y]], %[[ROWS]]
  tril.body @two_readers(%q: !q, %k: !k, %v: !v) -> (!y, !pk) {
    %pk = tril.extend "k" %k as "past" rows : (!k) -> !pk
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %dot = tril.contract ["feature"] %q, %pk : (!q, !pk) -> !s
    %w = tril.softmax ["past"] %dot : (!s) -> !s
    %y = tril.contract ["past"] %w, %pv : (!s, !pv) -> !y
    tril.return %y, %pk : !y, !pk
  }

  // A score may have several products, each with a key of its own.
  // CHECK-LABEL: tril.body @two_dots
  // CHECK: tril.attention %arg0, %arg0 by %{{.*}}, %{{.*}} of %{{.*}} contracted {{\[\[}}"feature"], ["feature"]]
  // CHECK-NEXT: ^bb0(%[[D:.*]]: !time_past_group_member, %[[E:.*]]: !time_past_group_member):
  // CHECK-NEXT: %[[S:.*]] = tril.add %[[D]], %[[E]]
  // CHECK-NEXT: tril.yield %[[S]]
  tril.body @two_dots(%q: !q, %k: !k, %v: !v) -> !y {
    %pk = tril.extend "k" %k as "past" rows : (!k) -> !pk
    %pk2 = tril.extend "k2" %k as "past" rows : (!k) -> !pk
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %dot = tril.contract ["feature"] %q, %pk : (!q, !pk) -> !s
    %dot2 = tril.contract ["feature"] %q, %pk2 : (!q, !pk) -> !s
    %score = tril.add %dot, %dot2 : (!s, !s) -> !s
    %w = tril.softmax ["past"] %score : (!s) -> !s
    %y = tril.contract ["past"] %w, %pv : (!s, !pv) -> !y
    tril.return %y : !y
  }

  // Two softmaxes of one score, over the same values: each computes the score, and both read the same states.
  // CHECK-LABEL: tril.body @subtracted
  // CHECK: %[[K:.*]] = tril.extend "k" %arg1 as "past" lanes
  // CHECK: %[[V:.*]] = tril.extend "v" %arg2 as "past" groups
  // CHECK-NOT: tril.contract
  // CHECK: %[[A:.*]] = tril.attention %arg0 by %[[K]] of %[[V]]
  // CHECK: %[[B:.*]] = tril.attention %arg0 by %[[K]] of %[[V]]
  // CHECK: tril.sub %[[A]], %[[B]]
  tril.body @subtracted(%q: !q, %k: !k, %v: !v) -> !y {
    %pk = tril.extend "k" %k as "past" rows : (!k) -> !pk
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %dot = tril.contract ["feature"] %q, %pk : (!q, !pk) -> !s
    %two = tril.constant 2.0 : !n
    %double = tril.mul %dot, %two : (!s, !n) -> !s
    %w = tril.softmax ["past"] %dot : (!s) -> !s
    %w2 = tril.softmax ["past"] %double : (!s) -> !s
    %y = tril.contract ["past"] %w, %pv : (!s, !pv) -> !y
    %y2 = tril.contract ["past"] %w2, %pv : (!s, !pv) -> !y
    %d = tril.sub %y, %y2 : (!y, !y) -> !y
    tril.return %d : !y
  }

  // One key for all heads, and a sink for each.
  // CHECK-LABEL: tril.body @shared_key
  // CHECK: tril.attention %arg0 by %{{.*}} of %{{.*}} sink %arg3 over "past" groups ["group"] members ["member"]
  // CHECK-SAME: (!time_group_member_feature, !past_feature, !past_group_value, !group_member) -> !time_group_member_value
  tril.body @shared_key(%q: !q, %k: !tril.tensor<time, feature=4 : f32>, %v: !v, %sink: !tril.tensor<group=2, member=3 : f32>) -> !y {
    %pk = tril.extend "k" %k as "past" rows : (!tril.tensor<time, feature=4 : f32>) -> !tril.tensor<past of time, feature=4 : f32>
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %dot = tril.contract ["feature"] %q, %pk : (!q, !tril.tensor<past of time, feature=4 : f32>) -> !s
    %w = tril.softmax ["past"] %dot sink %sink : (!s, !tril.tensor<group=2, member=3 : f32>) -> !s
    %y = tril.contract ["past"] %w, %pv : (!s, !pv) -> !y
    tril.return %y : !y
  }

  // What is not fused keeps its rows:

  // a value that is computed from a state,
  // REMARK: this attention is not fused: its values are not kept from earlier positions but computed from what is
  // CHECK-LABEL: tril.body @computed
  // CHECK-NOT: tril.attention
  // CHECK: tril.return
  tril.body @computed(%q: !q, %k: !k, %v: !v) -> !y {
    %pk = tril.extend "k" %k as "past" rows : (!k) -> !pk
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %nv = tril.neg %pv : (!pv) -> !pv
    %dot = tril.contract ["feature"] %q, %pk : (!q, !pk) -> !s
    %w = tril.softmax ["past"] %dot : (!s) -> !s
    %y = tril.contract ["past"] %w, %nv : (!s, !pv) -> !y
    tril.return %y : !y
  }

  // and weights that are changed after the softmax.
  // CHECK-LABEL: tril.body @changed
  // CHECK-NOT: tril.attention
  // CHECK: tril.return
  tril.body @changed(%q: !q, %k: !k, %v: !v) -> !y {
    %pk = tril.extend "k" %k as "past" rows : (!k) -> !pk
    %pv = tril.extend "v" %v as "past" rows : (!v) -> !pv
    %dot = tril.contract ["feature"] %q, %pk : (!q, !pk) -> !s
    %w = tril.softmax ["past"] %dot : (!s) -> !s
    %w2 = tril.mul %w, %w : (!s, !s) -> !s
    %y = tril.contract ["past"] %w2, %pv : (!s, !pv) -> !y
    tril.return %y : !y
  }
}
