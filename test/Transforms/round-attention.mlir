// What a softmax over positions weighs, for other positions, and the products that its scores are made of: their factors are rounded.
// RUN: tril-opt %s -tril-round-attention | FileCheck %s

!ta = !tril.tensor<time, a=4 : f32>
!pa = !tril.tensor<past of time, a=4 : f32>
!tp = !tril.tensor<time, past of time : f32>
!te = !tril.tensor<time, e=3 : f32>
!ea = !tril.tensor<e=3, a=4 : f32>

tril.model @m is "causal" {
  tril.body @main(%x: !ta, %w: !ea) -> (!ta, !ta, !ta) {
    %k = tril.extend "key" %x as "past" rows : (!ta) -> !pa
    // CHECK: %[[DOT:.*]] = tril.contract ["a"] %arg0, %{{.*}} {rounded}
    %dot = tril.contract ["a"] %x, %k : (!ta, !pa) -> !tp
    %score = tril.exp %dot : (!tp) -> !tp
    %weight = tril.softmax ["past"] %score : (!tp) -> !tp
    // CHECK: tril.contract ["past"] %{{.*}}, %{{.*}} {rounded}
    %y = tril.contract ["past"] %weight, %k : (!tp, !pa) -> !ta
    // No softmax.
    // CHECK: tril.contract ["past"] %{{.*}}, %{{.*}} : (
    %z = tril.contract ["past"] %score, %k : (!tp, !pa) -> !ta
    // Not over positions: a router's.
    // CHECK: tril.contract ["a"] %arg0, %arg1 : (
    %route = tril.contract ["a"] %x, %w : (!ta, !ea) -> !te
    %chosen = tril.softmax ["e"] %route : (!te) -> !te
    // CHECK: tril.contract ["e"] %{{.*}}, %arg1 : (
    %mixed = tril.contract ["e"] %chosen, %w : (!te, !ea) -> !ta
    tril.return %y, %z, %mixed : !ta, !ta, !ta
  }
}
