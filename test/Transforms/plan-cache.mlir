// States that are read a bounded way back become rings; all with the same window share a size.
// RUN: tril-opt %s -tril-plan-cache -split-input-file | FileCheck %s
// RUN: tril-opt %s -tril-plan-cache -tril-plan-memory -split-input-file | FileCheck %s --check-prefix=MEMORY

!n = !tril.tensor<i32>
!ta = !tril.tensor<time, a=4 : f32>
!pa = !tril.tensor<past of time, a=4 : f32>
!xa = !tril.tensor<time.1 of time, a=4 : f32>
!ta_ = !tril.tensor<time, a=4 : f32, holes>
!tp = !tril.tensor<time, past of time : f32>
!tph = !tril.tensor<time, past of time : f32, holes>
!it = !tril.tensor<time : i32>
!ip = !tril.tensor<past of time : i32>
!itp = !tril.tensor<time, past of time : i32>
!mask = !tril.tensor<time, past of time : i1>

// CHECK: tril.pinned = array<i64: 0, 64, 0>
// CHECK-SAME: tril.rings = array<i64: 7, 7, 2>
// MEMORY: tril.rings = array<i64: 7, 7, 2>
// MEMORY-SAME: tril.state = array<i64: 0, 128, 128, 128, 64>
tril.model @m is "causal" {
  tril.body @main() {
    %t = tril.position : !it
    %f = tril.convert %t : (!it) -> !tril.tensor<time : f32>
    %ai = tril.position : !tril.tensor<a=4 : i32>
    %af = tril.convert %ai : (!tril.tensor<a=4 : i32>) -> !tril.tensor<a=4 : f32>
    %v = tril.mul %f, %af : (!tril.tensor<time : f32>, !tril.tensor<a=4 : f32>) -> !ta
    %q = tril.materialize %v : (!ta) -> !ta

    // A window of 8: 7 back.
    // CHECK: tril.extend "k" %{{.*}} as "past" lanes {ring = 0 : i64, window = 7 : i64}
    // CHECK: tril.extend "v" %{{.*}} as "past" groups {ring = 0 : i64, window = 7 : i64}
    // MEMORY: tril.extend "k" {{.*}} {fixed_offset = 0 : i64, position_offset = 0 : i64, ring = 0 : i64
    // MEMORY: tril.extend "v" {{.*}} {fixed_offset = 0 : i64, position_offset = 64 : i64, ring = 0 : i64
    %k = tril.extend "k" %q as "past" lanes : (!ta) -> !pa
    %w = tril.extend "v" %q as "past" groups : (!ta) -> !pa
    %y = tril.attention %q by %k of %w over "past" groups [] members [] contracted [["a"]] features ["a"] : (!ta, !pa, !pa) -> !ta {
    ^bb0(%d: !tp):
      %p = tril.position : !ip
      %le = tril.le %p, %t : (!ip, !it) -> !mask
      %distance = tril.sub %t, %p : (!it, !ip) -> !itp
      %eight = tril.constant 8.0 : !n
      %near = tril.lt %distance, %eight : (!itp, !n) -> !mask
      %both = tril.and %le, %near : (!mask, !mask) -> !mask
      %s = tril.where %d, %both : (!tp, !mask) -> !tph
      tril.yield %s : !tph
    }
    %m = tril.materialize %y : (!ta) -> !ta

    // A window of 8 and the first 5 positions: these stay in front, a tile of them.
    // CHECK: tril.extend "sink.k" %{{.*}} as "past" lanes {pinned = 64 : i64, ring = 1 : i64, window = 7 : i64}
    // CHECK: tril.extend "sink.v" %{{.*}} as "past" groups {pinned = 64 : i64, ring = 1 : i64, window = 7 : i64}
    %k4 = tril.extend "sink.k" %q as "past" lanes : (!ta) -> !pa
    %w4 = tril.extend "sink.v" %q as "past" groups : (!ta) -> !pa
    %y4 = tril.attention %q by %k4 of %w4 over "past" groups [] members [] contracted [["a"]] features ["a"] : (!ta, !pa, !pa) -> !ta {
    ^bb0(%d: !tp):
      %p = tril.position : !ip
      %le = tril.le %p, %t : (!ip, !it) -> !mask
      %distance = tril.sub %t, %p : (!it, !ip) -> !itp
      %eight = tril.constant 8.0 : !n
      %near = tril.lt %distance, %eight : (!itp, !n) -> !mask
      %five = tril.constant 5.0 : !n
      %sink = tril.lt %p, %five : (!ip, !n) -> !tril.tensor<past of time : i1>
      %either = tril.or %near, %sink : (!mask, !tril.tensor<past of time : i1>) -> !mask
      %both = tril.and %le, %either : (!mask, !mask) -> !mask
      %s = tril.where %d, %both : (!tp, !mask) -> !tph
      tril.yield %s : !tph
    }
    %m4 = tril.materialize %y4 : (!ta) -> !ta

    // Everything before: linear.
    // CHECK: tril.extend "all.k" %{{.*}} as "past" lanes :
    %k2 = tril.extend "all.k" %q as "past" lanes : (!ta) -> !pa
    %w2 = tril.extend "all.v" %q as "past" groups : (!ta) -> !pa
    %y2 = tril.attention %q by %k2 of %w2 over "past" groups [] members [] contracted [["a"]] features ["a"] : (!ta, !pa, !pa) -> !ta {
    ^bb0(%d: !tp):
      %p = tril.position : !ip
      %le = tril.le %p, %t : (!ip, !it) -> !mask
      %s = tril.where %d, %le : (!tp, !mask) -> !tph
      tril.yield %s : !tph
    }
    %m2 = tril.materialize %y2 : (!ta) -> !ta

    // x[time - 2]
    // CHECK: tril.extend "x" %{{.*}} as "time.1" rows {ring = 2 : i64, window = 2 : i64}
    %x = tril.extend "x" %q as "time.1" rows : (!ta) -> !xa
    %two = tril.constant 2.0 : !n
    %before = tril.sub %t, %two : (!it, !n) -> !it
    %z = tril.index %x ["time.1"] at %before : (!xa, !it) -> !ta_
    %o = tril.materialize %z : (!ta_) -> !ta_
    tril.output "y" %m ["time", "a"] : !ta
    tril.output "y2" %m2 ["time", "a"] : !ta
    tril.output "z" %o ["time", "a"] : !ta_
    tril.return
  }
}

// -----
!ta = !tril.tensor<time, a=4 : f32>
!pa = !tril.tensor<past of time, a=4 : f32>
!sa = !tril.tensor<source, a=4 : f32>
!ra = !tril.tensor<source.1 of source, a=4 : f32>
!ss = !tril.tensor<source, source.1 of source : f32>
!ts = !tril.tensor<time, source.1 of source : f32>
!s = !tril.tensor<source : f32>
!is = !tril.tensor<source : i32>
!t = !tril.tensor<time : f32>
!it = !tril.tensor<time : i32>

// What positions of another sequence read of each other is scratch memory: they all come in one call.  "k2" takes the bytes of
// the queries, which nobody reads any more.  What steps read is a state.
// MEMORY: tril.arena = array<i64: 0, {{[0-9]+}}, 256, 0, 0, 0>
// MEMORY-SAME: tril.state = array<i64: 0, 128>
tril.model @m is "causal" attributes {tril.sequences = ["source"]} {
  tril.body @main() {
    %i = tril.position : !is
    %f = tril.convert %i : (!is) -> !s
    %ai = tril.position : !tril.tensor<a=4 : i32>
    %af = tril.convert %ai : (!tril.tensor<a=4 : i32>) -> !tril.tensor<a=4 : f32>
    %v = tril.mul %f, %af : (!s, !tril.tensor<a=4 : f32>) -> !sa
    %q = tril.materialize %v : (!sa) -> !sa
    // CHECK: tril.extend "k" %{{.*}} as "source.1" lanes {transient}
    // CHECK: tril.extend "v" %{{.*}} as "source.1" groups {transient}
    // MEMORY: tril.extend "k" {{.*}} {position_offset = 64 : i64, transient}
    // MEMORY: tril.extend "v" {{.*}} {position_offset = 128 : i64, transient}
    %k = tril.extend "k" %q as "source.1" lanes : (!sa) -> !ra
    %w = tril.extend "v" %q as "source.1" groups : (!sa) -> !ra
    %y = tril.attention %q by %k of %w over "source.1" groups [] members [] contracted [["a"]] features ["a"] : (!sa, !ra, !ra) -> !sa {
    ^bb0(%d: !ss):
      tril.yield %d : !ss
    }
    %m = tril.materialize %y : (!sa) -> !sa
    // MEMORY: tril.extend "k2" {{.*}} {position_offset = 0 : i64, transient}
    %k2 = tril.extend "k2" %m as "source.1" lanes : (!sa) -> !ra
    %y2 = tril.attention %m by %k2 of %k2 over "source.1" groups [] members [] contracted [["a"]] features ["a"] : (!sa, !ra, !ra) -> !sa {
    ^bb0(%d: !ss):
      tril.yield %d : !ss
    }
    %n = tril.materialize %y2 : (!sa) -> !sa

    // CHECK: tril.extend "cross.k" %{{.*}} as "source.1" lanes :
    // CHECK: tril.extend "cross.v" %{{.*}} as "source.1" groups :
    // MEMORY: tril.extend "cross.k" {{.*}} {fixed_offset = 0 : i64, position_offset = 0 : i64}
    %ck = tril.extend "cross.k" %n as "source.1" lanes : (!sa) -> !ra
    %cv = tril.extend "cross.v" %n as "source.1" groups : (!sa) -> !ra
    %t = tril.position : !it
    %tf = tril.convert %t : (!it) -> !t
    %tq = tril.mul %tf, %af : (!t, !tril.tensor<a=4 : f32>) -> !ta
    %tm = tril.materialize %tq : (!ta) -> !ta
    %c = tril.attention %tm by %ck of %cv over "source.1" groups [] members [] contracted [["a"]] features ["a"] : (!ta, !ra, !ra) -> !ta {
    ^bb0(%d: !ts):
      tril.yield %d : !ts
    }
    %o = tril.materialize %c : (!ta) -> !ta
    tril.output "y" %o ["time", "a"] : !ta
    tril.return
  }
}

// -----
!ta = !tril.tensor<time, a=4 : f32>
!pa = !tril.tensor<past of time, a=4 : f32>
!tp = !tril.tensor<time, past of time : f32>
!it = !tril.tensor<time : i32>
!t = !tril.tensor<time : f32>

// A text that is computed whole keeps nothing.
tril.model @whole attributes {tril.whole = "it makes no claim"} {
  tril.body @main() {
    %i = tril.position : !it
    %f = tril.convert %i : (!it) -> !t
    %ai = tril.position : !tril.tensor<a=4 : i32>
    %af = tril.convert %ai : (!tril.tensor<a=4 : i32>) -> !tril.tensor<a=4 : f32>
    %v = tril.mul %f, %af : (!t, !tril.tensor<a=4 : f32>) -> !ta
    %q = tril.materialize %v : (!ta) -> !ta
    // CHECK: tril.model @whole
    // CHECK: tril.extend "k" %{{.*}} as "past" lanes {transient}
    %k = tril.extend "k" %q as "past" lanes : (!ta) -> !pa
    %y = tril.attention %q by %k of %k over "past" groups [] members [] contracted [["a"]] features ["a"] : (!ta, !pa, !pa) -> !ta {
    ^bb0(%d: !tp):
      tril.yield %d : !tp
    }
    %o = tril.materialize %y : (!ta) -> !ta
    tril.output "y" %o ["time", "a"] : !ta
    tril.return
  }
}
