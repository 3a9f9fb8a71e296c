// What later positions read of earlier ones becomes a state.
// RUN: tril-opt %s -split-input-file -tril-derive-decode | FileCheck %s

!at = !tril.tensor<a=4, time : f32>
!pa = !tril.tensor<past of time, a=4 : f32>
!qa = !tril.tensor<seen of time, a=4 : f32>
!it = !tril.tensor<time : i32>
!ip = !tril.tensor<past of time : i32>

// One state for the readers of one value under one name, made before the first of them, with one entry for each position.  It has the name
// that the text gave the value.  Another name of the axis has a state of its own, under another name.
// CHECK-NOT: tril.whole
// CHECK-LABEL: tril.body @main
// CHECK: %[[K:.*]] = tril.neg %arg0
// CHECK: %[[P:.*]] = tril.extend "k" %[[K]] as "past" rows : (!a_time) -> !past_a
// CHECK: %[[Q:.*]] = tril.extend "k.1" %[[K]] as "seen" rows : (!a_time) -> !seen_a
// CHECK-NOT: tril.extend
// CHECK-NOT: tril.rename
// CHECK: tril.return %[[P]], %[[P]], %[[Q]]
tril.model @m is "causal" {
  tril.body @main(%x: !at) -> (!pa, !pa, !qa) {
    %k = tril.neg %x : (!at) -> !at loc("k")
    %p = tril.rename %k "time" to "past" : (!at) -> !pa
    %p2 = tril.rename %k "time" to "past" : (!at) -> !pa
    %q = tril.rename %k "time" to "seen" : (!at) -> !qa
    tril.return %p, %p2, %q : !pa, !pa, !qa
  }
}

// -----
!it = !tril.tensor<time : i32>
!ip = !tril.tensor<past of time : i32>
!n = !tril.tensor<i32>
!ith = !tril.tensor<time : i32, holes>
!t = !tril.tensor<time : f32>
!th = !tril.tensor<time : f32, holes>

// Positions are not kept: they are known.
// CHECK-LABEL: tril.body @positions
// CHECK-NOT: tril.extend
// CHECK: tril.position : !i32_past
// CHECK: tril.position : !i32_time2E1
// CHECK: tril.index %{{.*}} ["time.1"] at
tril.model @m is "causal" {
  tril.body @positions() -> (!ip, !ith) {
    %t = tril.position : !it
    %p = tril.rename %t "time" to "past" : (!it) -> !ip
    %one = tril.constant 1.0 : !n
    %before = tril.sub %t, %one : (!it, !n) -> !it
    %x = tril.index %t ["time"] at %before : (!it, !it) -> !ith
    tril.return %p, %x : !ip, !ith
  }
  // A value at another position is read from its state.
  // CHECK-LABEL: tril.body @lag
  // CHECK: %[[B:.*]] = tril.sub
  // CHECK: %[[E:.*]] = tril.extend "state" %arg0 as "time.1" rows : (!time) -> !time2E1
  // CHECK: tril.index %[[E]] ["time.1"] at %[[B]] : (!time2E1, !i32_time) -> !time_holes
  tril.body @lag(%x: !t) -> !th {
    %t = tril.position : !it
    %one = tril.constant 1.0 : !n
    %before = tril.sub %t, %one : (!it, !n) -> !it
    %y = tril.index %x ["time"] at %before : (!t, !it) -> !th
    tril.return %y : !th
  }
  // Inside of a recurrence too.
  // CHECK-LABEL: tril.body @rec
  // CHECK: tril.rec
  // CHECK: tril.earlier 0 ago 2
  // CHECK: tril.extend "state.1" %arg0 as "time.1" rows
  tril.body @rec(%x: !t) -> !t {
    %h = tril.rec "time" : !t {
      %e = tril.earlier 0 ago 2 : !th
      %t = tril.position : !it
      %one = tril.constant 1.0 : !n
      %before = tril.sub %t, %one : (!it, !n) -> !it
      %y = tril.index %x ["time"] at %before : (!t, !it) -> !th
      %s = tril.add %e, %y : (!th, !th) -> !th
      %f = tril.else %s, %x : (!th, !t) -> !t
      tril.yield %f : !t
    }
    tril.return %h : !t
  }
}

// -----
// Without the claim there is no step.
// CHECK: tril.model @m attributes {tril.whole = "the text makes no claim that it is causal", tril.whole_at = {{.*}}}
!ta = !tril.tensor<time, a=4 : f32>
!pa = !tril.tensor<past of time, a=4 : f32>
// The states are made all the same.
// CHECK: tril.extend
tril.model @m {
  tril.body @main(%x: !ta) -> !pa {
    %p = tril.rename %x "time" to "past" : (!ta) -> !pa
    tril.return %p : !pa
  }
}

// -----
// CHECK: tril.model @m is "bidirectional" attributes {tril.whole = "the text makes no claim that it is causal"
tril.model @m is "bidirectional" {
  tril.body @main() {
    tril.return
  }
}

// -----
// What needs every position at once has none either.
// CHECK: tril.model @m is "causal" attributes {tril.whole = "`reduce` along `time` needs the whole sequence", tril.whole_at = #loc}
!ta = !tril.tensor<time, a=4 : f32>
!a = !tril.tensor<a=4 : f32>
tril.model @m is "causal" {
  tril.body @main(%x: !ta) -> !a {
    %y = tril.reduce mean ["time"] %x : (!ta) -> !a
    tril.return %y : !a
  }
}

// -----
// CHECK: tril.whole = "`contract` along `time` needs the whole sequence"
!ta = !tril.tensor<time, a=4 : f32>
!a = !tril.tensor<a=4 : f32>
tril.model @m is "causal" {
  tril.body @main(%x: !ta) -> !a {
    %y = tril.contract ["time"] %x, %x : (!ta, !ta) -> !a
    tril.return %y : !a
  }
}

// -----
// CHECK: tril.whole = "`softmax` along `time` needs the whole sequence"
!ta = !tril.tensor<time, a=4 : f32>
tril.model @m is "causal" {
  tril.body @main(%x: !ta) -> !ta {
    %y = tril.softmax ["time"] %x : (!ta) -> !ta
    tril.return %y : !ta
  }
}

// -----
// CHECK: tril.whole = "`top` along `time` needs the whole sequence"
!ta = !tril.tensor<time, a=4 : f32>
!ka = !tril.tensor<a=4, k=2 : f32, holes>
!ika = !tril.tensor<a=4, k=2 : i32, holes>
tril.model @m is "causal" {
  tril.body @main(%x: !ta) -> !ka {
    %y, %i = tril.top "time" to "k" %x : (!ta) -> (!ka, !ika)
    tril.return %y : !ka
  }
}

// -----
// CHECK: tril.whole = "`extent` along `time` needs the whole sequence"
!n = !tril.tensor<i32>
tril.model @m is "causal" {
  tril.body @main() -> !n {
    %y = tril.extent <past of time> : !n
    tril.return %y : !n
  }
}

// -----
!t = !tril.tensor<time : f32>
!p = !tril.tensor<past of time : f32>
!tp = !tril.tensor<time, past of time : f32>
!op = !tril.tensor<older of time, past of time : f32>
!ip = !tril.tensor<past of time : i32>

// What has another name of time beside cannot be kept: of a position it would say something of later ones.  Renaming moves to what it is
// computed from, and reading at the positions of a name that it has already too.
// CHECK: tril.model @m is "causal" {
// CHECK-LABEL: tril.body @moved
// CHECK-DAG: %[[OLDER:.*]] = tril.extend "{{.*}}" %arg0 as "older" rows : (!time) -> !older
// CHECK-DAG: %[[SQUARE:.*]] = tril.mul %{{.*}}, %{{.*}} : (!older, !past) -> !older_past
// CHECK-DAG: %[[DIAGONAL:.*]] = tril.mul %{{.*}}, %{{.*}} : (!past, !past) -> !past
// CHECK: tril.return %[[SQUARE]], %[[DIAGONAL]]
tril.model @m is "causal" {
  tril.body @moved(%x: !t) -> (!op, !p) {
    %p = tril.rename %x "time" to "past" : (!t) -> !p
    %both = tril.mul %x, %p : (!t, !p) -> !tp
    %square = tril.rename %both "time" to "older" : (!tp) -> !op
    %at = tril.position : !ip
    %diagonal = tril.index %both ["time"] at %at : (!tp, !ip) -> !p
    tril.return %square, %diagonal : !op, !p
  }
}

// -----
!t = !tril.tensor<time : f32>
!p = !tril.tensor<past of time : f32>
!tp = !tril.tensor<time, past of time : f32>
!op = !tril.tensor<older of time, past of time : f32>

// Through a softmax it cannot move: there is no step.
// CHECK: tril.model @m is "causal" attributes {tril.whole = "`weights` is over `past` too: only what is over `time` alone can be kept between steps"
tril.model @m is "causal" {
  tril.body @main(%x: !t) -> !op {
    %p = tril.rename %x "time" to "past" : (!t) -> !p
    %both = tril.mul %x, %p : (!t, !p) -> !tp
    %weights = tril.softmax ["past"] %both : (!tp) -> !tp loc("weights")
    %square = tril.rename %weights "time" to "older" : (!tp) -> !op
    tril.return %square : !op
  }
}
