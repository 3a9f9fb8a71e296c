// Which values lie in memory, and in which order.
// RUN: tril-opt %s -tril-materialize | FileCheck %s
// RUN: tril-opt %s -tril-materialize=blas=true | FileCheck %s --check-prefix=BLAS

!n = !tril.tensor<f32>
!t = !tril.tensor<time : f32>
!ta = !tril.tensor<time, a=32 : f32>
!at = !tril.tensor<a=32, time : f32>
!tb = !tril.tensor<time, b=3 : f32>
!tc = !tril.tensor<time, c=5 : f32>
!bt = !tril.tensor<b=3, time : f32>
!w = !tril.tensor<b=3, a=32 : f32>
!w2 = !tril.tensor<c=5, a=32 : f32>
!wt = !tril.tensor<a=32, b=3 : f32>
!wk = !tril.tensor<b=3, a=32, k=4 : f32>
!b = !tril.tensor<b=3 : f32>
!h = !tril.tensor<h=256, time : f32>
!th = !tril.tensor<time, h=256 : f32>
!tqh = !tril.tensor<time, q=8, h=256 : f32>
!tq = !tril.tensor<time, q=8 : f32>
!hole = !tril.tensor<time : f32, holes>

tril.model @m is "causal" {
  // The value's contracted axes come last, in the order of the weight; the result has the value's other axes, then the weight's.
  // CHECK-LABEL: tril.body @matmul
  // CHECK: %[[W:.*]] = tril.param "w" strides [32, 1] of [3, 32] {contracted = ["a"], format = "f32"}
  // CHECK: %[[X:.*]] = tril.materialize %arg0 : (!a_time) -> !time_a
  // CHECK: %[[M:.*]] = tril.matmul ["a"] %[[X]], %[[W]] : (!time_a, !b_a) -> !time_b
  // CHECK-NEXT: %[[Y:.*]] = tril.materialize %[[M]] : (!time_b) -> !time_b
  // CHECK: tril.return
  // BLAS-LABEL: tril.body @matmul
  // BLAS: tril.param "w" strides [32, 1] of [3, 32] {contracted = ["a"], format = "blas"}
  tril.body @matmul(%x: !at) -> !tb {
    %w = tril.param "w" strides [32, 1] of [3, 32] : !w
    %y = tril.contract ["a"] %x, %w : (!at, !w) -> !bt
    %z = tril.rename %y "b" to "b2" : (!bt) -> !tril.tensor<b2=3, time : f32>
    %u = tril.rename %z "b2" to "b" : (!tril.tensor<b2=3, time : f32>) -> !tb
    tril.return %u : !tb
  }

  // A kernel writes its own order; a reader that wants another one gets a copy.  A signature keeps the order of its types.
  // CHECK-LABEL: tril.body @orders
  // CHECK: %[[M:.*]] = tril.matmul ["a"] %{{.*}} -> !time_b
  // CHECK-NEXT: %[[S:.*]] = tril.materialize %[[M]] : (!time_b) -> !time_b
  // CHECK-NEXT: %[[C:.*]] = tril.materialize %[[S]] : (!time_b) -> !b_time
  // CHECK-NEXT: tril.return %[[C]] : !b_time
  tril.body @orders(%x: !ta) -> !bt {
    %w = tril.param "w" strides [32, 1] of [3, 32] : !w
    %y = tril.contract ["a"] %x, %w : (!ta, !w) -> !bt
    tril.return %y : !bt
  }

  // A hole of a factor counts as 0; kernels know no holes.
  // CHECK-LABEL: tril.body @holes
  // CHECK: %[[Z:.*]] = tril.constant 0.0
  // CHECK: %[[F:.*]] = tril.else %arg0, %[[Z]]
  // CHECK: %[[X:.*]] = tril.materialize %[[F]] : (!time_a) -> !time_a
  // CHECK: tril.matmul ["a"] %[[X]]
  tril.body @holes(%x: !tril.tensor<time, a=32 : f32, holes>) -> !tb {
    %w = tril.param "w" strides [32, 1] of [3, 32] : !w
    %y = tril.contract ["a"] %x, %w : (!tril.tensor<time, a=32 : f32, holes>, !w) -> !tb
    tril.return %y : !tb
  }

  // A weight of a block format of 32 is kept as it is where whole blocks lie along the summed axis, and its operand is prepared once for all
  // of them.
  // CHECK-LABEL: tril.body @prepared
  // CHECK: %[[W:.*]] = tril.param "w" {{.*}}format = "q4_1"
  // CHECK: %[[V:.*]] = tril.param "v" {{.*}}format = "q4_1"
  // CHECK: %[[X:.*]] = tril.materialize %arg0
  // CHECK: %[[P:.*]] = tril.prepare %[[X]] inner 1 : (!time_a) -> !time_block_word
  // CHECK-NEXT: %[[PM:.*]] = tril.materialize %[[P]]
  // CHECK-NOT: tril.prepare
  // CHECK: tril.matmul ["a"] %[[X]], %[[W]] prepared %[[PM]]
  // CHECK: tril.matmul ["a"] %[[X]], %[[V]] prepared %[[PM]]
  // BLAS-LABEL: tril.body @prepared
  // BLAS: tril.param "w" {{.*}}format = "q4_1"
  tril.body @prepared(%x: !at) -> (!tb, !tc) {
    %w = tril.param "w" strides [32, 1] of [3, 32] {stored = "q4_1"} : !w
    %v = tril.param "v" strides [32, 1] of [5, 32] {stored = "q4_1"} : !w2
    %y = tril.contract ["a"] %x, %w : (!at, !w) -> !tb
    %z = tril.contract ["a"] %v, %x : (!w2, !at) -> !tc
    tril.return %y, %z : !tb, !tc
  }

  // Otherwise its blocks lie across: it is decoded when it is packed.
  // CHECK-LABEL: tril.body @across
  // CHECK: tril.param "w" strides [1, 32] {{.*}}contracted = ["a"], format = "f32"
  // CHECK-NOT: tril.prepare
  // CHECK: tril.return
  tril.body @across(%x: !ta) -> !tb {
    %w = tril.param "w" strides [1, 32] of [32, 32] {stored = "q8_0"} : !w
    %y = tril.contract ["a"] %x, %w : (!ta, !w) -> !tb
    tril.return %y : !tb
  }

  // Half numbers are kept.
  // CHECK-LABEL: tril.body @half
  // CHECK: tril.param "w" {{.*}}format = "bf16"
  tril.body @half(%x: !ta) -> !tb {
    %w = tril.param "w" strides [32, 1] of [3, 32] {stored = "bf16"} : !w
    %y = tril.contract ["a"] %x, %w : (!ta, !w) -> !tb
    tril.return %y : !tb
  }

  // A weight that two contractions read along different axes is packed twice.
  // CHECK-LABEL: tril.body @twice
  // CHECK-DAG: tril.param "w" {{.*}}contracted = ["a"]
  // CHECK-DAG: tril.param "w" {{.*}}contracted = ["b"]
  // CHECK: tril.matmul ["a"]
  // CHECK: tril.matmul ["b"]
  tril.body @twice(%x: !ta) -> !ta {
    %w = tril.param "w" strides [32, 1] of [3, 32] : !w
    %y = tril.contract ["a"] %x, %w : (!ta, !w) -> !tb
    %z = tril.contract ["b"] %y, %w : (!tb, !w) -> !ta
    tril.return %z : !ta
  }

  // An axis that both have and that is not summed: a matrix for each of its positions, if each fills the lanes of a group.
  // Readers of one preparation read rows of the same inputs.
  // CHECK-LABEL: tril.body @each
  // CHECK: %[[W:.*]] = tril.param "w" {{.*}}contracted = ["a"], format = "f32", matrices = "c"
  // CHECK: %[[V:.*]] = tril.param "v" {{.*}}contracted = ["a"], format = "q8_0", matrices = "c"
  // CHECK: %[[X:.*]] = tril.materialize %arg0 : (!time_a_c) -> !time_c_a
  // CHECK: %[[M:.*]] = tril.matmul ["a"] %[[X]], %[[W]] each "c" : (!time_c_a, {{.*}}) -> !time_c_d
  // CHECK: %[[P:.*]] = tril.prepare %{{.*}} inner 1 : (!time_c_a) -> !time_c_block_word
  // CHECK: tril.matmul ["a"] %{{.*}}, %[[V]] each "c" prepared
  // BLAS-LABEL: tril.body @each
  // BLAS: tril.param "w" {{.*}}format = "f32", matrices = "c"
  tril.body @each(%x: !tril.tensor<time, a=32, c=5 : f32>) -> (!tril.tensor<time, c=5, d=16 : f32>, !tril.tensor<time, c=5, d=16 : f32>) {
    %w = tril.param "w" strides [512, 32, 1] of [5, 16, 32] : !tril.tensor<c=5, d=16, a=32 : f32>
    %v = tril.param "v" strides [512, 32, 1] of [5, 16, 32] {stored = "q8_0"} : !tril.tensor<c=5, d=16, a=32 : f32>
    %y = tril.contract ["a"] %x, %w : (!tril.tensor<time, a=32, c=5 : f32>, !tril.tensor<c=5, d=16, a=32 : f32>) -> !tril.tensor<time, c=5, d=16 : f32>
    %z = tril.contract ["a"] %x, %v : (!tril.tensor<time, a=32, c=5 : f32>, !tril.tensor<c=5, d=16, a=32 : f32>) -> !tril.tensor<time, c=5, d=16 : f32>
    tril.return %y, %z : !tril.tensor<time, c=5, d=16 : f32>, !tril.tensor<time, c=5, d=16 : f32>
  }

  // No matmul: an axis that both have, that is not summed, and beside which few outputs are left, a sum along an axis of the value alone, or a weight alone.
  // CHECK-LABEL: tril.body @no_matmul
  // CHECK-NOT: tril.matmul
  // CHECK: tril.return
  tril.body @no_matmul(%x: !tril.tensor<time, b=3, a=32 : f32>, %z: !tril.tensor<time, c=5, a=32 : f32>) -> (!tb, !tb, !b) {
    %w = tril.param "w" strides [32, 1] of [3, 32] : !w
    %y = tril.contract ["a"] %x, %w : (!tril.tensor<time, b=3, a=32 : f32>, !w) -> !tb
    %u = tril.contract ["a", "c"] %z, %w : (!tril.tensor<time, c=5, a=32 : f32>, !w) -> !tb
    %s = tril.param "s" strides [1] of [32] : !tril.tensor<a=32 : f32>
    %v = tril.contract ["a"] %s, %w : (!tril.tensor<a=32 : f32>, !w) -> !b
    tril.return %y, %u, %v : !tb, !tb, !b
  }

  // A cheap expression is computed again at each reader; a dear one is stored if it is read more often than it has elements.
  // CHECK-LABEL: tril.body @cheap
  // CHECK: %[[C:.*]] = tril.neg %arg0
  // CHECK-NEXT: tril.mul %arg1, %[[C]]
  // CHECK: tril.return
  tril.body @cheap(%x: !t, %y: !tqh) -> !tqh {
    %c = tril.neg %x : (!t) -> !t
    %z = tril.mul %y, %c : (!tqh, !t) -> !tqh
    tril.return %z : !tqh
  }
  // CHECK-LABEL: tril.body @dear
  // CHECK: %[[E:.*]] = tril.exp %arg0
  // CHECK-NEXT: %[[S:.*]] = tril.materialize %[[E]] : (!time) -> !time
  // CHECK-NEXT: tril.mul %arg1, %[[S]]
  tril.body @dear(%x: !t, %y: !tqh) -> !tqh {
    %c = tril.exp %x : (!t) -> !t
    %z = tril.mul %y, %c : (!tqh, !t) -> !tqh
    tril.return %z : !tqh
  }
  // Of a chain that is read often, the last is stored and what it is computed from is not.
  // CHECK-LABEL: tril.body @chain
  // CHECK: %[[E:.*]] = tril.exp %arg0
  // CHECK-NEXT: %[[T:.*]] = tril.tanh %[[E]]
  // CHECK-NEXT: %[[S:.*]] = tril.materialize %[[T]] : (!time) -> !time
  // CHECK-NEXT: tril.mul %arg1, %[[S]]
  tril.body @chain(%x: !t, %y: !tqh) -> !tqh {
    %e = tril.exp %x : (!t) -> !t
    %c = tril.tanh %e : (!t) -> !t
    %z = tril.mul %y, %c : (!tqh, !t) -> !tqh
    tril.return %z : !tqh
  }
  // CHECK-LABEL: tril.body @read_once
  // CHECK: %[[E:.*]] = tril.exp %arg0
  // CHECK-NEXT: tril.mul %arg0, %[[E]]
  tril.body @read_once(%x: !th) -> !th {
    %c = tril.exp %x : (!th) -> !th
    %z = tril.mul %x, %c : (!th, !th) -> !th
    tril.return %z : !th
  }

  // Results of reductions are stored, dynamic axes first.
  // CHECK-LABEL: tril.body @reductions
  // CHECK: %[[R:.*]] = tril.reduce max ["h"] %arg0
  // CHECK-NEXT: tril.materialize %[[R]] : (!{{.*}}) -> !time_q
  tril.body @reductions(%x: !tril.tensor<q=8, h=256, time : f32>) -> !tqh {
    %m = tril.reduce max ["h"] %x : (!tril.tensor<q=8, h=256, time : f32>) -> !tril.tensor<q=8, time : f32>
    %z = tril.sub %x, %m : (!tril.tensor<q=8, h=256, time : f32>, !tril.tensor<q=8, time : f32>) -> !tqh
    tril.return %z : !tqh
  }

  // Each result of a body has a place of its own, also where it is an argument or returned twice.
  // CHECK-LABEL: tril.body @returned
  // CHECK-DAG: %[[A:.*]] = tril.materialize %arg0
  // CHECK-DAG: %[[N:.*]] = tril.neg %arg0
  // CHECK-DAG: %[[B:.*]] = tril.materialize %[[N]]
  // CHECK-DAG: %[[C:.*]] = tril.materialize %[[N]]
  // CHECK: tril.return %[[A]], %{{.*}}, %{{.*}} :
  tril.body @returned(%x: !t) -> (!t, !t, !t) {
    %y = tril.neg %x : (!t) -> !t
    tril.return %x, %y, %y : !t, !t, !t
  }

  // Arguments of calls lie in memory as the callee's signature lists them; what a recurrence yields does too, time first.
  // CHECK-LABEL: tril.body @main
  // CHECK: %[[X:.*]] = tril.materialize %{{.*}} : (!h_time) -> !h_time
  // CHECK: tril.call @inner(%[[X]])
  // The last value is kept in the place of the one before; 64 positions of `h`, which do not read each other, are computed together.
  // CHECK: %[[Y:.*]] = tril.materialize %{{.*}} : (!h_time) -> !time_h
  // CHECK: tril.rec "time" {blocks = ["h"], lanes = 64 : i64}
  // CHECK: %[[E:.*]] = tril.else %{{.*}}, %[[Y]]
  // CHECK: %[[K:.*]] = tril.materialize %[[E]] {kept = 0 : i64} : (!time_h) -> !time_h
  // CHECK: %[[R:.*]] = tril.materialize %[[K]] : (!time_h) -> !time_h
  // CHECK: tril.yield %[[R]]
  // CHECK: %[[O:.*]] = tril.materialize %{{.*}} : ({{.*}}) -> !h_time
  // CHECK: tril.output "y" %[[O]]
  tril.body @main() {
    %p = tril.position : !tril.tensor<time : i32>
    %f = tril.convert %p : (!tril.tensor<time : i32>) -> !t
    %q = tril.position : !tril.tensor<h=256 : i32>
    %g = tril.convert %q : (!tril.tensor<h=256 : i32>) -> !tril.tensor<h=256 : f32>
    %x = tril.add %f, %g : (!t, !tril.tensor<h=256 : f32>) -> !h
    %y = tril.call @inner(%x) layer 0 : (!h) -> !h
    %r = tril.rec "time" : !th {
      %e = tril.earlier 0 ago 1 : !tril.tensor<time, h=256 : f32, holes>
      %z = tril.else %e, %y : (!tril.tensor<time, h=256 : f32, holes>, !h) -> !th
      tril.yield %z : !th
    }
    %o = tril.add %r, %y : (!th, !h) -> !h
    tril.output "y" %o ["h", "time"] : !h
    tril.return
  }
  tril.body @inner(%x: !h) -> !h {
    %y = tril.neg %x : (!h) -> !h
    tril.return %y : !h
  }

  // A matrix state: parts along `h`, in which no element reads another, in lanes; its sum is stored for the position at hand alone.
  // A weight whose lanes lie apart is turned.
  // CHECK-LABEL: tril.body @matrix
  // CHECK: %[[D:.*]] = tril.param "d"
  // CHECK-NEXT: %[[T:.*]] = tril.materialize %[[D]] : (!h_q) -> !q_h
  // CHECK: tril.rec "time" {blocks = ["h"], lanes = 64 : i64} : !time_q_h, !time_h {
  // CHECK: %[[S:.*]] = tril.materialize %{{.*}} {kept = 0 : i64} : (!time_q_h) -> !time_q_h
  // CHECK: %[[N:.*]] = tril.reduce max ["q"] %[[S]]
  // CHECK-NEXT: %[[M:.*]] = tril.materialize %[[N]] {one_row} : (!time_h) -> !time_h
  // CHECK: %[[R:.*]] = tril.materialize %{{.*}} : (!time_h) -> !time_h
  // CHECK: tril.yield %[[S]], %[[R]]
  tril.body @matrix(%k: !tq, %v: !th) -> !th {
    %d = tril.param "d" strides [8, 1] of [256, 8] : !tril.tensor<h=256, q=8 : f32>
    %s:2 = tril.rec "time" : !tqh, !th {
      %e = tril.earlier 0 ago 1 : !tril.tensor<time, q=8, h=256 : f32, holes>
      %f = tril.else %e, %d : (!tril.tensor<time, q=8, h=256 : f32, holes>, !tril.tensor<h=256, q=8 : f32>) -> !tqh
      %g = tril.add %f, %k : (!tqh, !tq) -> !tqh
      %u = tril.add %g, %v : (!tqh, !th) -> !tqh
      %n = tril.reduce max ["q"] %u : (!tqh) -> !th
      %m = tril.mul %n, %v : (!th, !th) -> !th
      tril.yield %u, %m : !tqh, !th
    }
    tril.return %s#1 : !th
  }

  // Two equations that read each other's last values: the first one's is read after it was made, so it gets its place at the end.
  // What sums over an axis, or moves along one, makes no parts of it.
  // CHECK-LABEL: tril.body @swapped
  // CHECK: tril.rec "time" {blocks = [], lanes = 1 : i64}
  // CHECK: %[[A:.*]] = tril.materialize %{{.*}} {one_row} : (!time_h) -> !time_h
  // CHECK: %[[B:.*]] = tril.materialize %{{.*}} {kept = 1 : i64} : (!time_h) -> !time_h
  // CHECK: %[[RA:.*]] = tril.materialize %[[A]] {kept = 0 : i64} : (!time_h) -> !time_h
  // CHECK: tril.yield
  tril.body @swapped(%x: !th) -> !th {
    %r:2 = tril.rec "time" : !th, !th {
      %a = tril.earlier 0 ago 1 : !tril.tensor<time, h=256 : f32, holes>
      %b = tril.earlier 1 ago 1 : !tril.tensor<time, h=256 : f32, holes>
      %p = tril.position : !tril.tensor<h=256 : i32>
      %last = tril.constant 255.0 : <i32>
      %i = tril.sub %last, %p : (!tril.tensor<i32>, !tril.tensor<h=256 : i32>) -> !tril.tensor<h=256 : i32>
      %turned = tril.index %b ["h"] at %i : (!tril.tensor<time, h=256 : f32, holes>, !tril.tensor<h=256 : i32>) -> !tril.tensor<time, h=256 : f32, holes>
      %na = tril.else %turned, %x : (!tril.tensor<time, h=256 : f32, holes>, !th) -> !th
      %nb = tril.else %a, %x : (!tril.tensor<time, h=256 : f32, holes>, !th) -> !th
      tril.yield %na, %nb : !th, !th
    }
    %sum = tril.add %r#0, %r#1 : (!th, !th) -> !th
    tril.return %sum : !th
  }
}
