// RUN: not tril-interpret %s --tokens %S/Inputs/tokens.json 2>&1 | FileCheck %s
// CHECK: errors.mlir:7:14: error: input `token` is given 3, which is not in 0..2

tril.model @m {
  tril.body @main() {
    // The place is that of the input.
    %token = tril.input "token" below 3 : !tril.tensor<time : i32>
    tril.output "y" %token ["time"] : !tril.tensor<time : i32>
    tril.return
  }
}
