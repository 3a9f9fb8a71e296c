// Sums of a recurrence's values become equations of it; what does not depend on earlier positions leaves it.
// RUN: tril-opt %s -tril-fuse-recurrence | FileCheck %s

!n = !tril.tensor<f32>
!t = !tril.tensor<time : f32>
!tk = !tril.tensor<time, key=4 : f32>
!tv = !tril.tensor<time, value=8 : f32>
!tkv = !tril.tensor<time, key=4, value=8 : f32>
!tkvh = !tril.tensor<time, key=4, value=8 : f32, holes>
!ov = !tril.tensor<out=2, value=8 : f32>
!to = !tril.tensor<time, out=2 : f32>

tril.model @m is "causal" {
  // A matrix state that a sum reads: the sum's factors of outside are one product there, also one that stands behind the recurrence.
  // CHECK-LABEL: tril.body @matrix
  // CHECK: %[[KV:.*]] = tril.mul %arg0, %arg1
  // CHECK: %[[Q:.*]] = tril.neg %arg2
  // CHECK: %[[QS:.*]] = tril.mul %{{.*}}, %{{.*}} : (!time_key, !time_key) -> !time_key
  // CHECK: %[[R:.*]]:2 = tril.rec "time" : !time_key_value, !time_value {
  // CHECK-NEXT: %[[E:.*]] = tril.earlier 0 ago 1
  // CHECK-NEXT: %[[F:.*]] = tril.else %[[E]]
  // CHECK-NEXT: %[[S:.*]] = tril.add %[[F]], %[[KV]]
  // CHECK-NEXT: %[[Y:.*]] = tril.contract ["key"] %[[S]], %[[QS]]
  // CHECK-NEXT: tril.yield %[[S]], %[[Y]]
  // CHECK-NEXT: }
  // CHECK-NEXT: %[[O:.*]] = tril.mul %[[R]]#1, %arg1
  // CHECK-NEXT: tril.return %[[O]]
  tril.body @matrix(%k: !tk, %v: !tv, %p: !tk) -> !tv {
    %s = tril.rec "time" : !tkv {
      %zero = tril.constant 0.0 : <f32>
      %e = tril.earlier 0 ago 1 : !tkvh
      %f = tril.else %e, %zero : (!tkvh, !n) -> !tkv
      %kv = tril.mul %k, %v : (!tk, !tv) -> !tkv
      %u = tril.add %f, %kv : (!tkv, !tkv) -> !tkv
      tril.yield %u : !tkv
    }
    %q = tril.neg %p : (!tk) -> !tk
    %sq = tril.mul %s, %q : (!tkv, !tk) -> !tkv
    %y = tril.contract ["key"] %sq, %p : (!tkv, !tk) -> !tv
    %o = tril.mul %y, %v : (!tv, !tv) -> !tv
    tril.return %o : !tv
  }

  // What is returned is stored, whoever else reads it; an equation that only others of the recurrence read is no value of it.
  // CHECK-LABEL: tril.body @stored
  // CHECK: %[[R:.*]] = tril.rec "time" : !time_key_value {
  // CHECK: tril.yield %{{.*}} : !time_key_value
  // CHECK-NEXT: }
  // CHECK-NEXT: tril.reduce sum ["key"] %[[R]]
  tril.body @stored(%k: !tk, %v: !tv) -> (!tkv, !tv) {
    %zero = tril.constant 0.0 : <f32>
    %r:2 = tril.rec "time" : !tkv, !tkv {
      %e = tril.earlier 1 ago 1 : !tkvh
      %f = tril.else %e, %zero : (!tkvh, !n) -> !tkv
      %faded = tril.mul %f, %k : (!tkv, !tk) -> !tkv
      %u = tril.add %faded, %v : (!tkv, !tv) -> !tkv
      tril.yield %faded, %u : !tkv, !tkv
    }
    %y = tril.reduce sum ["key"] %r#1 : (!tkv) -> !tv
    tril.return %r#1, %y : !tkv, !tv
  }

  // Not a product with a weight, nor a sum over time, nor a sum as large as the value.
  // CHECK-LABEL: tril.body @outside
  // CHECK: tril.rec "time" : !time_value {
  // CHECK: }
  // CHECK: tril.contract ["value"]
  tril.body @outside(%v: !tv) -> !to {
    %w = tril.param "w" strides [8, 1] of [2, 8] : !ov
    %zero = tril.constant 0.0 : <f32>
    %h = tril.rec "time" : !tv {
      %e = tril.earlier 0 ago 1 : !tril.tensor<time, value=8 : f32, holes>
      %f = tril.else %e, %zero : (!tril.tensor<time, value=8 : f32, holes>, !n) -> !tv
      %u = tril.add %f, %v : (!tv, !tv) -> !tv
      tril.yield %u : !tv
    }
    %y = tril.contract ["value"] %h, %w : (!tv, !ov) -> !to
    tril.return %y : !to
  }
  // CHECK-LABEL: tril.body @over_time
  // CHECK: tril.rec "time" : !time_value {
  // CHECK: }
  // CHECK: tril.reduce sum ["time"]
  tril.body @over_time(%v: !tv) -> !tril.tensor<value=8 : f32> {
    %zero = tril.constant 0.0 : <f32>
    %h = tril.rec "time" : !tv {
      %e = tril.earlier 0 ago 1 : !tril.tensor<time, value=8 : f32, holes>
      %f = tril.else %e, %zero : (!tril.tensor<time, value=8 : f32, holes>, !n) -> !tv
      %u = tril.add %f, %v : (!tv, !tv) -> !tv
      tril.yield %u : !tv
    }
    %y = tril.reduce sum ["time"] %h : (!tv) -> !tril.tensor<value=8 : f32>
    tril.return %y : !tril.tensor<value=8 : f32>
  }

  // Equations that are no recurrence at all leave none.  A value may be read twice by one sum.
  // CHECK-LABEL: tril.body @none
  // CHECK-NOT: tril.rec
  // CHECK: %[[N:.*]] = tril.neg %arg0
  // CHECK: tril.return %[[N]]
  tril.body @none(%v: !tv) -> !tv {
    %h = tril.rec "time" : !tv {
      %n = tril.neg %v : (!tv) -> !tv
      tril.yield %n : !tv
    }
    tril.return %h : !tv
  }
  // CHECK-LABEL: tril.body @square
  // CHECK: tril.rec "time" : !time_value, !time {
  // CHECK: %[[P:.*]] = tril.mul %[[U:.*]], %[[U]]
  // CHECK: %[[Y:.*]] = tril.reduce sum ["value"] %[[P]]
  // CHECK: tril.yield %[[U]], %[[Y]]
  tril.body @square(%v: !tv) -> !t {
    %h = tril.rec "time" : !tv {
      %e = tril.earlier 0 ago 1 : !tril.tensor<time, value=8 : f32, holes>
      %f = tril.else %e, %v : (!tril.tensor<time, value=8 : f32, holes>, !tv) -> !tv
      %u = tril.add %f, %v : (!tv, !tv) -> !tv
      tril.yield %u : !tv
    }
    %p = tril.mul %h, %h : (!tv, !tv) -> !tv
    %y = tril.reduce sum ["value"] %p : (!tv) -> !t
    tril.return %y : !t
  }
}
