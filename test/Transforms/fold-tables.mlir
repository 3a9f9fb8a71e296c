// RUN: tril-opt %s -tril-fold-tables -split-input-file | FileCheck %s

// Rotary frequencies: 100 ^ (-pair / 2), then read at run time.
// CHECK-LABEL: tril.body @frequencies
// CHECK-NEXT: %[[T:.*]] = tril.table [1.000000e+00, 1.000000e-01] : !pair
// CHECK-NEXT: %[[M:.*]] = tril.mul %arg0, %[[T]]
// CHECK-NEXT: tril.return %[[M]]
tril.model @m {
  tril.body @frequencies(%x: !tril.tensor<time : f32>) -> !tril.tensor<time, pair=2 : f32> {
    %p = tril.position : !tril.tensor<pair=2 : i32>
    %f = tril.convert %p : (!tril.tensor<pair=2 : i32>) -> !tril.tensor<pair=2 : f32>
    %two = tril.constant 2.0 : !tril.tensor<f32>
    %base = tril.constant 100.0 : !tril.tensor<f32>
    %d = tril.div %f, %two : (!tril.tensor<pair=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<pair=2 : f32>
    %n = tril.neg %d : (!tril.tensor<pair=2 : f32>) -> !tril.tensor<pair=2 : f32>
    %t = tril.pow %base, %n : (!tril.tensor<f32>, !tril.tensor<pair=2 : f32>) -> !tril.tensor<pair=2 : f32>
    %y = tril.mul %x, %t : (!tril.tensor<time : f32>, !tril.tensor<pair=2 : f32>) -> !tril.tensor<time, pair=2 : f32>
    tril.return %y : !tril.tensor<time, pair=2 : f32>
  }
}

// -----
// A filled value folds, its holes do not; predicates and whole numbers stay formulas.
// CHECK-LABEL: tril.body @holes
// CHECK-DAG: tril.table [1.000000e+00, -1.000000e+00]
// CHECK-DAG: %[[P:.*]] = tril.lt
// CHECK-DAG: %[[W:.*]] = tril.where
// CHECK: tril.return %{{.*}}, %[[W]], %[[P]]
tril.model @m {
  tril.body @holes() -> (!tril.tensor<a=2 : f32>, !tril.tensor<a=2 : f32, holes>, !tril.tensor<a=2 : i1>) {
    %p = tril.position : !tril.tensor<a=2 : i32>
    %one = tril.constant 1.0 : !tril.tensor<i32>
    %q = tril.lt %p, %one : (!tril.tensor<a=2 : i32>, !tril.tensor<i32>) -> !tril.tensor<a=2 : i1>
    %x = tril.table [1.0, 2.0] : !tril.tensor<a=2 : f32>
    %w = tril.where %x, %q : (!tril.tensor<a=2 : f32>, !tril.tensor<a=2 : i1>) -> !tril.tensor<a=2 : f32, holes>
    %c = tril.constant -1.0 : !tril.tensor<f32>
    %y = tril.else %w, %c : (!tril.tensor<a=2 : f32, holes>, !tril.tensor<f32>) -> !tril.tensor<a=2 : f32>
    tril.return %y, %w, %q : !tril.tensor<a=2 : f32>, !tril.tensor<a=2 : f32, holes>, !tril.tensor<a=2 : i1>
  }
}

// -----
// More than 65536 elements: each factor is a table, the product is not.
// CHECK-LABEL: tril.body @large
// CHECK: tril.mul
tril.model @m {
  tril.body @large() -> !tril.tensor<a=400, b=400 : f32> {
    %p = tril.position : !tril.tensor<a=400 : i32>
    %q = tril.position : !tril.tensor<b=400 : i32>
    %f = tril.convert %p : (!tril.tensor<a=400 : i32>) -> !tril.tensor<a=400 : f32>
    %g = tril.convert %q : (!tril.tensor<b=400 : i32>) -> !tril.tensor<b=400 : f32>
    %y = tril.mul %f, %g : (!tril.tensor<a=400 : f32>, !tril.tensor<b=400 : f32>) -> !tril.tensor<a=400, b=400 : f32>
    tril.return %y : !tril.tensor<a=400, b=400 : f32>
  }
}

// -----
// Inside of a recurrence too.
// CHECK-LABEL: tril.body @region
// CHECK: tril.constant 7.389
tril.model @m {
  tril.body @region(%x: !tril.tensor<time : f32>) -> !tril.tensor<time : f32> {
    %y = tril.rec "time" : !tril.tensor<time : f32> {
      %two = tril.constant 2.0 : !tril.tensor<f32>
      %e = tril.exp %two : (!tril.tensor<f32>) -> !tril.tensor<f32>
      %m = tril.mul %x, %e : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
      tril.yield %m : !tril.tensor<time : f32>
    }
    tril.return %y : !tril.tensor<time : f32>
  }
}
