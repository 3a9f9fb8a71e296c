// Numbers fold in f64; identities only where the result is exactly the same value of the same type.
// RUN: tril-opt %s -canonicalize -split-input-file | FileCheck %s

// CHECK-LABEL: tril.body @numbers
// CHECK-NEXT: %[[N:.*]] = tril.constant 1.250000e-01
// CHECK-NEXT: tril.return %[[N]]
tril.model @m {
  tril.body @numbers() -> !tril.tensor<f32> {
    %a = tril.constant 64.0 : !tril.tensor<f32>
    %one = tril.constant 1.0 : !tril.tensor<f32>
    %root = tril.sqrt %a : (!tril.tensor<f32>) -> !tril.tensor<f32>
    %scale = tril.div %one, %root : (!tril.tensor<f32>, !tril.tensor<f32>) -> !tril.tensor<f32>
    tril.return %scale : !tril.tensor<f32>
  }
}

// -----
// Whole numbers are divided as such: -1 mod 4 is 3.
// CHECK-LABEL: tril.body @whole
// CHECK-NEXT: tril.constant 3.000000e+00 : <i32>
// CHECK-NEXT: tril.return
tril.model @m {
  tril.body @whole() -> !tril.tensor<i32> {
    %a = tril.constant -1.0 : !tril.tensor<i32>
    %b = tril.constant 4.0 : !tril.tensor<i32>
    %c = tril.mod %a, %b : (!tril.tensor<i32>, !tril.tensor<i32>) -> !tril.tensor<i32>
    tril.return %c : !tril.tensor<i32>
  }
}

// -----
// What is no number is left to be computed, and seen, where it stands.
// CHECK-LABEL: tril.body @nan
// CHECK: tril.log
tril.model @m {
  tril.body @nan() -> !tril.tensor<f32> {
    %a = tril.constant -1.0 : !tril.tensor<f32>
    %b = tril.log %a : (!tril.tensor<f32>) -> !tril.tensor<f32>
    tril.return %b : !tril.tensor<f32>
  }
}

// -----
// CHECK-LABEL: tril.body @identities
// CHECK-NEXT: tril.return %arg0
tril.model @m {
  tril.body @identities(%x: !tril.tensor<time : f32>) -> !tril.tensor<time : f32> {
    %one = tril.constant 1.0 : !tril.tensor<f32>
    %zero = tril.constant 0.0 : !tril.tensor<f32>
    %a = tril.mul %one, %x : (!tril.tensor<f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %b = tril.add %a, %zero : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
    %c = tril.sub %b, %zero : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
    %d = tril.div %c, %one : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
    %e = tril.pow %d, %one : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
    %f = tril.neg %e : (!tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %g = tril.neg %f : (!tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %h = tril.max %g, %g : (!tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %i = tril.else %h, %zero : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
    tril.return %i : !tril.tensor<time : f32>
  }
}

// -----
// 0 - x is not x, 1 / x is not x; x * 0 is not 0 where x is infinite.
// CHECK-LABEL: tril.body @none
// CHECK: tril.sub
// CHECK: tril.div
// CHECK: tril.mul
tril.model @m {
  tril.body @none(%x: !tril.tensor<time : f32>) -> !tril.tensor<time : f32> {
    %one = tril.constant 1.0 : !tril.tensor<f32>
    %zero = tril.constant 0.0 : !tril.tensor<f32>
    %a = tril.sub %zero, %x : (!tril.tensor<f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %b = tril.div %one, %a : (!tril.tensor<f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %c = tril.mul %b, %zero : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
    tril.return %c : !tril.tensor<time : f32>
  }
}

// -----
// A full layer's `full or time - past < window`.
// CHECK-LABEL: tril.body @predicates
// CHECK-NEXT: %[[X:.*]] = tril.where %arg0, %arg1
// CHECK-NEXT: tril.return %[[X]]
tril.model @m {
  tril.body @predicates(%x: !tril.tensor<time : f32>, %p: !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes> {
    %one = tril.constant 1.0 : !tril.tensor<i32>
    %two = tril.constant 2.0 : !tril.tensor<i32>
    %true = tril.lt %one, %two : (!tril.tensor<i32>, !tril.tensor<i32>) -> !tril.tensor<i1>
    %false = tril.not %true : (!tril.tensor<i1>) -> !tril.tensor<i1>
    %a = tril.and %p, %true : (!tril.tensor<time : i1>, !tril.tensor<i1>) -> !tril.tensor<time : i1>
    %b = tril.or %false, %a : (!tril.tensor<i1>, !tril.tensor<time : i1>) -> !tril.tensor<time : i1>
    %c = tril.where %x, %b : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    %d = tril.where %c, %true : (!tril.tensor<time : f32, holes>, !tril.tensor<i1>) -> !tril.tensor<time : f32, holes>
    tril.return %d : !tril.tensor<time : f32, holes>
  }
}

// -----
// CHECK-LABEL: tril.body @choices
// CHECK-NEXT: tril.return %arg0, %arg1, %arg0
tril.model @m {
  tril.body @choices(%x: !tril.tensor<time : f32>, %y: !tril.tensor<time : f32>) -> (!tril.tensor<time : f32>, !tril.tensor<time : f32>, !tril.tensor<time : f32>) {
    %true = tril.constant 1.0 : !tril.tensor<i1>
    %false = tril.constant 0.0 : !tril.tensor<i1>
    %a = tril.select %true, %x, %y : (!tril.tensor<i1>, !tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %b = tril.select %false, %x, %y : (!tril.tensor<i1>, !tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    %w = tril.where %x, %true : (!tril.tensor<time : f32>, !tril.tensor<i1>) -> !tril.tensor<time : f32, holes>
    %c = tril.else %w, %y : (!tril.tensor<time : f32, holes>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    tril.return %a, %b, %c : !tril.tensor<time : f32>, !tril.tensor<time : f32>, !tril.tensor<time : f32>
  }
}

// -----
// The chosen side lacks an axis of the result: it cannot stand in for it.
// CHECK-LABEL: tril.body @broadcast
// CHECK: tril.select
tril.model @m {
  tril.body @broadcast(%x: !tril.tensor<f32>, %y: !tril.tensor<time : f32>) -> !tril.tensor<time : f32> {
    %true = tril.constant 1.0 : !tril.tensor<i1>
    %a = tril.select %true, %x, %y : (!tril.tensor<i1>, !tril.tensor<f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    tril.return %a : !tril.tensor<time : f32>
  }
}

// -----
// CHECK-LABEL: tril.body @renames
// CHECK-NEXT: %[[R:.*]] = tril.rename %arg0 "time" to "seen"
// CHECK-NEXT: tril.return %[[R]], %arg0
tril.model @m {
  tril.body @renames(%x: !tril.tensor<time : f32>) -> (!tril.tensor<seen of time : f32>, !tril.tensor<time : f32>) {
    %a = tril.rename %x "time" to "past" : (!tril.tensor<time : f32>) -> !tril.tensor<past of time : f32>
    %b = tril.rename %a "past" to "seen" : (!tril.tensor<past of time : f32>) -> !tril.tensor<seen of time : f32>
    %c = tril.rename %a "past" to "time" : (!tril.tensor<past of time : f32>) -> !tril.tensor<time : f32>
    tril.return %b, %c : !tril.tensor<seen of time : f32>, !tril.tensor<time : f32>
  }
}

// -----
// A truth value as a whole and then a real number loses nothing; a real number as a whole one does.
// CHECK-LABEL: tril.body @converts
// CHECK-NEXT: %[[D:.*]] = tril.constant 2.000000e+00 : <i32>
// CHECK-NEXT: %[[A:.*]] = tril.convert %arg0 : (!i1_time) -> !time
// CHECK-NEXT: %[[B:.*]] = tril.convert %arg1 : (!time) -> !i32_time
// CHECK-NEXT: %[[C:.*]] = tril.convert %[[B]] : (!i32_time) -> !time
// CHECK-NEXT: tril.return %[[A]], %[[C]], %[[D]]
tril.model @m {
  tril.body @converts(%p: !tril.tensor<time : i1>, %x: !tril.tensor<time : f32>) -> (!tril.tensor<time : f32>, !tril.tensor<time : f32>, !tril.tensor<i32>) {
    %a = tril.convert %p : (!tril.tensor<time : i1>) -> !tril.tensor<time : i32>
    %b = tril.convert %a : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.convert %x : (!tril.tensor<time : f32>) -> !tril.tensor<time : i32>
    %d = tril.convert %c : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %e = tril.constant 2.75 : !tril.tensor<f32>
    %f = tril.convert %e : (!tril.tensor<f32>) -> !tril.tensor<i32>
    tril.return %b, %d, %f : !tril.tensor<time : f32>, !tril.tensor<time : f32>, !tril.tensor<i32>
  }
}
