// What is a contraction or a softmax, and what its factors are.
// RUN: tril-opt %s -tril-recognise | FileCheck %s

// What the pass counted; an LLVM that was built without statistics, as Debian's, prints the title alone.
// RUN: tril-opt %s -tril-recognise -mlir-pass-statistics -o /dev/null 2>&1 | FileCheck %s --check-prefix=STATISTICS
// STATISTICS: Pass statistics report

!n = !tril.tensor<f32>
!t = !tril.tensor<time : f32>
!a = !tril.tensor<a=4 : f32>
!ta = !tril.tensor<time, a=4 : f32>
!tb = !tril.tensor<time, b=3 : f32>
!w = !tril.tensor<b=3, a=4 : f32>
!tba = !tril.tensor<time, b=3, a=4 : f32>
!bta = !tril.tensor<b=3, time, a=4 : f32>
!bt = !tril.tensor<b=3, time : f32>
!tp = !tril.tensor<time, past of time : f32>
!tph = !tril.tensor<time, past of time : f32, holes>
!th = !tril.tensor<time : f32, holes>
!tah = !tril.tensor<time, a=4 : f32, holes>
!tbah = !tril.tensor<time, b=3, a=4 : f32, holes>
!ita = !tril.tensor<time, a=4 : i32>
!it = !tril.tensor<time : i32>

tril.model @m {
  // CHECK-LABEL: tril.body @product
  // CHECK: %[[W:.*]] = tril.param "w"
  // CHECK: %[[Y:.*]] = tril.contract ["a"] %arg0, %[[W]] : (!time_a, !b_a) -> !time_b
  // CHECK-NOT: tril.reduce
  // CHECK: tril.return %[[Y]]
  tril.body @product(%x: !ta) -> !tb {
    %w = tril.param "w" strides [4, 1] of [3, 4] : !w
    %p = tril.mul %x, %w : (!ta, !w) -> !tba
    %y = tril.reduce sum ["a"] %p : (!tba) -> !tb
    tril.return %y : !tb
  }

  // A factor without the summed axis is multiplied after the sum.
  // CHECK-LABEL: tril.body @outside
  // CHECK: %[[W:.*]] = tril.param "w"
  // CHECK: %[[C:.*]] = tril.contract ["a"] %arg0, %[[W]]
  // CHECK: %[[Y:.*]] = tril.mul %[[C]], %arg1 : (!time_b, !time) -> !time_b
  // CHECK: tril.return %[[Y]]
  tril.body @outside(%x: !ta, %s: !t) -> !tb {
    %w = tril.param "w" strides [4, 1] of [3, 4] : !w
    %xs = tril.mul %x, %s : (!ta, !t) -> !ta
    %p = tril.mul %xs, %w : (!ta, !w) -> !tba
    %y = tril.reduce sum ["a"] %p : (!tba) -> !tb
    tril.return %y : !tb
  }

  // Factors among whose axes another's are go into it; the weight stays alone.
  // CHECK-LABEL: tril.body @weight
  // CHECK-DAG: %[[W:.*]] = tril.param "w"
  // CHECK-DAG: %[[S:.*]] = tril.param "s"
  // CHECK: %[[X:.*]] = tril.mul %arg0, %[[S]] : (!time_a, !a) -> !time_a
  // CHECK: %[[Y:.*]] = tril.contract ["a"] %{{.*}}, %{{.*}} : ({{!time_a, !b_a|!b_a, !time_a}}) -> !time_b
  // CHECK: tril.return %[[Y]]
  tril.body @weight(%x: !ta) -> !tb {
    %w = tril.param "w" strides [4, 1] of [3, 4] : !w
    %s = tril.param "s" strides [1] of [4] : !a
    %ws = tril.mul %w, %s : (!w, !a) -> !w
    %p = tril.mul %x, %ws : (!ta, !w) -> !tba
    %y = tril.reduce sum ["a"] %p : (!tba) -> !tb
    tril.return %y : !tb
  }

  // The axes of the result may be listed in another order.
  // CHECK-LABEL: tril.body @order
  // CHECK: %[[Y:.*]] = tril.contract ["a"] %{{.*}}, %{{.*}} : (!time_a, !b_a) -> !b_time
  // CHECK: tril.return %[[Y]]
  tril.body @order(%x: !ta) -> !bt {
    %w = tril.param "w" strides [4, 1] of [3, 4] : !w
    %p = tril.mul %x, %w : (!ta, !w) -> !bta
    %y = tril.reduce sum ["a"] %p : (!bta) -> !bt
    tril.return %y : !bt
  }

  // Holes count as 0 in a sum, and in a factor of a contraction.  A factor with holes stays inside although it lacks the axis: its holes
  // empty the sum.
  // CHECK-LABEL: tril.body @holes
  // CHECK: tril.contract ["a"] %{{.*}} : ({{.*}}) -> !time_b
  // CHECK-NOT: tril.mul %{{.*}} -> !time_b
  // CHECK: tril.return
  tril.body @holes(%x: !tah, %s: !th) -> !tb {
    %w = tril.param "w" strides [4, 1] of [3, 4] : !w
    %xs = tril.mul %x, %s : (!tah, !th) -> !tah
    %p = tril.mul %xs, %w : (!tah, !w) -> !tbah
    %y = tril.reduce sum ["a"] %p : (!tbah) -> !tb
    tril.return %y : !tb
  }

  // A single factor with the axis leaves a sum.
  // CHECK-LABEL: tril.body @sum
  // CHECK: %[[R:.*]] = tril.reduce sum ["a"] %arg0 : (!time_a) -> !time
  // CHECK: %[[Y:.*]] = tril.mul %[[R]], %arg1
  // CHECK: tril.return %[[Y]]
  tril.body @sum(%x: !ta, %s: !t) -> !t {
    %xs = tril.mul %x, %s : (!ta, !t) -> !ta
    %y = tril.reduce sum ["a"] %xs : (!ta) -> !t
    tril.return %y : !t
  }

  // A square of one value is a contraction of it with itself.
  // CHECK-LABEL: tril.body @square
  // CHECK: tril.contract ["a"] %arg0, %arg0 : (!time_a, !time_a) -> !time
  tril.body @square(%x: !ta) -> !t {
    %p = tril.mul %x, %x : (!ta, !ta) -> !ta
    %y = tril.reduce sum ["a"] %p : (!ta) -> !t
    tril.return %y : !t
  }

  // Other reductions, and whole numbers, are left alone.
  // CHECK-LABEL: tril.body @other
  // CHECK-NOT: tril.contract
  // CHECK: tril.reduce max
  // CHECK: tril.reduce sum
  // CHECK-NOT: tril.contract
  // CHECK: tril.return
  tril.body @other(%x: !ta, %i: !ita) -> (!t, !it) {
    %p = tril.mul %x, %x : (!ta, !ta) -> !ta
    %y = tril.reduce max ["a"] %p : (!ta) -> !t
    %q = tril.mul %i, %i : (!ita, !ita) -> !ita
    %z = tril.reduce sum ["a"] %q : (!ita) -> !it
    tril.return %y, %z : !t, !it
  }

  // CHECK-LABEL: tril.body @softmax
  // CHECK: %[[S:.*]] = tril.softmax ["past"] %arg0 : (!time_past_holes) -> !time_past_holes
  // CHECK: tril.return %[[S]]
  tril.body @softmax(%x: !tph) -> !tph {
    %most = tril.reduce max ["past"] %x : (!tph) -> !th
    %d = tril.sub %x, %most : (!tph, !th) -> !tph
    %e = tril.exp %d : (!tph) -> !tph
    %s = tril.reduce sum ["past"] %e : (!tph) -> !t
    %y = tril.div %e, %s : (!tph, !t) -> !tph
    tril.return %y : !tph
  }

  // CHECK-LABEL: tril.body @softmax_of_all
  // CHECK: tril.softmax ["a"] %arg0 : (!time_a) -> !time_a
  tril.body @softmax_of_all(%x: !ta) -> !ta {
    %most = tril.reduce max ["a"] %x : (!ta) -> !t
    %d = tril.sub %x, %most : (!ta, !t) -> !ta
    %e = tril.exp %d : (!ta) -> !ta
    %s = tril.reduce sum ["a"] %e : (!ta) -> !t
    %y = tril.div %e, %s : (!ta, !t) -> !ta
    tril.return %y : !ta
  }

  // The maximum of something else, and another exponential, are no softmax.
  // CHECK-LABEL: tril.body @no_softmax
  // CHECK-NOT: tril.softmax
  // CHECK: tril.return
  tril.body @no_softmax(%x: !ta, %z: !ta) -> (!ta, !ta) {
    %most = tril.reduce max ["a"] %z : (!ta) -> !t
    %d = tril.sub %x, %most : (!ta, !t) -> !ta
    %e = tril.exp %d : (!ta) -> !ta
    %s = tril.reduce sum ["a"] %e : (!ta) -> !t
    %y = tril.div %e, %s : (!ta, !t) -> !ta
    %most1 = tril.reduce max ["a"] %x : (!ta) -> !t
    %d1 = tril.sub %x, %most1 : (!ta, !t) -> !ta
    %e1 = tril.exp %d1 : (!ta) -> !ta
    %f1 = tril.exp %x : (!ta) -> !ta
    %s1 = tril.reduce sum ["a"] %e1 : (!ta) -> !t
    %y1 = tril.div %f1, %s1 : (!ta, !t) -> !ta
    tril.return %y, %y1 : !ta, !ta
  }
}
