// What tril-to-loops refuses.
// RUN: tril-opt %s -split-input-file -verify-diagnostics -tril-to-loops
// RUN: not tril-opt %S/Inputs/planned.mlir -tril-to-loops=cpu=z80 2>&1 | FileCheck %s --check-prefix=CPU
// CPU: planned.mlir:1:1: error: unknown processor `z80`

// expected-error @+1 {{memory is not planned: run `tril-plan-memory` first}}
tril.model @m {
  tril.body @main() {
    tril.return
  }
}

// -----

// expected-error @below {{has 2 models where one is expected}}
module {
  tril.model @m attributes {tril.arena = array<i64: 0, 0, 0, 0>} {
    tril.body @main() {
      tril.return
    }
  }
  tril.model @n attributes {tril.arena = array<i64: 0, 0, 0, 0>} {
    tril.body @main() {
      tril.return
    }
  }
}

// -----

// expected-error @below {{has 0 models where one is expected}}
module {
}

// -----

// expected-error @+1 {{an input is not listed in `tril.inputs`}}
tril.model @m attributes {tril.arena = array<i64: 0, 0, 0, 0>, tril.inputs = ["token"]} {
  tril.body @main() {
    %i = tril.input "other" below 7 : !tril.tensor<time : i32>
    tril.return
  }
}
