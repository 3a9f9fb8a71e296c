// Functions of whole vectors become polynomials; what is left calls the C library.
// RUN: tril-opt %s -tril-expand-math | FileCheck %s

// CHECK-LABEL: func.func @expanded
// CHECK-NOT: math.{{exp|log|tanh|erf}} {{.*}}
// CHECK: return
func.func @expanded(%x: vector<16xf32>, %y: f32) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, f32) {
  %a = math.exp %x : vector<16xf32>
  %b = math.log %x : vector<16xf32>
  %c = math.tanh %x : vector<16xf32>
  %d = math.erf %x : vector<16xf32>
  %e = math.exp %y : f32
  return %a, %b, %c, %d, %e : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, f32
}

// Their arguments may be large, where a polynomial would be wrong.
// CHECK-LABEL: func.func @left
// CHECK: math.sin
// CHECK: math.cos
// CHECK: math.powf
func.func @left(%x: f32) -> (f32, f32, f32) {
  %a = math.sin %x : f32
  %b = math.cos %x : f32
  %c = math.powf %x, %x : f32
  return %a, %b, %c : f32, f32, f32
}

// Divisions of arguments by constants, and those of polynomials, may be estimated where all is in whole vectors; what a floor sees may not.
// CHECK-LABEL: func.func @estimated
// CHECK: arith.divf %arg0, %cst{{[_0-9]*}} fastmath<arcp>
// CHECK: arith.divf %arg0, %arg1 : vector
// CHECK: arith.divf %arg1, %cst{{[_0-9]*}} : vector
// CHECK: math.fma
// CHECK: arith.divf {{.*}} fastmath<ninf,arcp,contract>
func.func @estimated(%x: vector<16xf32>, %y: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>, vector<16xf32>) attributes {tril.estimates} {
  %c = arith.constant dense<20.0> : vector<16xf32>
  %a = arith.divf %x, %c : vector<16xf32>
  %b = arith.divf %x, %y : vector<16xf32>
  %e = arith.divf %y, %c : vector<16xf32>
  %f = math.floor %e : vector<16xf32>
  %d = math.tanh %a : vector<16xf32>
  return %b, %f, %d : vector<16xf32>, vector<16xf32>, vector<16xf32>
}

// CHECK-LABEL: func.func @exact
// CHECK-NOT: arcp
// CHECK: return
func.func @exact(%x: vector<16xf32>) -> (vector<16xf32>, vector<16xf32>) {
  %c = arith.constant dense<20.0> : vector<16xf32>
  %a = arith.divf %x, %c : vector<16xf32>
  %d = math.tanh %x : vector<16xf32>
  return %a, %d : vector<16xf32>, vector<16xf32>
}
