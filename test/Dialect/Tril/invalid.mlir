// Each numbered constraint of the operations, broken.
// RUN: tril-opt %s -split-input-file -verify-diagnostics

// axis_c1
// expected-error @+1 {{axis `a` has the size -3}}
func.func private @f(!tril.tensor<a=-3 : f32>)

// -----

// axis_c2
// expected-error @+1 {{an axis needs a name}}
func.func private @f(!tril.tensor<"" : f32>)

// -----

// tensor_c1
// expected-error @+1 {{element type 'i8' is none of f32, f64, i32, i1}}
func.func private @f(!tril.tensor<a=3 : i8>)

// -----

// tensor_c2
// expected-error @+1 {{axis `a` is listed twice}}
func.func private @f(!tril.tensor<a=3, a=3 : f32>)

// -----

// return_c1
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    tril.return
  }
  tril.body @layer() -> !tril.tensor<time : f32> {
    // expected-error @+1 {{types differ from the results of `@layer`}}
    tril.return
  }
}

// -----

// call_c1
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{`nowhere` is no body}}
    tril.call @nowhere() layer 0 : () -> ()
    tril.return
  }
}

// -----

// call_c2
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{types differ from those of `@layer`}}
    %y = tril.call @layer(%x) layer 0 : (!tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    tril.return
  }
  tril.body @layer() {
    tril.return
  }
}

// -----

// call_c3
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{layer -1 is negative}}
    tril.call @layer() layer -1 : () -> ()
    tril.return
  }
  tril.body @layer() {
    tril.return
  }
}

// -----

// output_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{are not those of}}
    tril.output "y" %t ["pair"] : !tril.tensor<half=2 : f32>
    tril.return
  }
}

// -----

// constant_c1
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{a constant has no axes and no holes}}
    %c = tril.constant 1.0 : !tril.tensor<a=2 : f32>
    tril.return
  }
}

// -----

// table_c1
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{axis `time` has no static size}}
    %c = tril.table [1.0] : !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// table_c2
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{has 1 values for 2 positions}}
    %c = tril.table [1.0] : !tril.tensor<a=2 : f32>
    tril.return
  }
}

// -----

// table_c3
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{a table has no holes}}
    %c = tril.table [1.0] : !tril.tensor<a=1 : f32, holes>
    tril.return
  }
}

// -----

// layer_constant_c1
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{a layer constant has no axes and no holes}}
    %c = tril.layer_constant [1.0] : !tril.tensor<a=1 : f32>
    tril.return
  }
}

// -----

// layer_constant_c2
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{has no values}}
    %c = tril.layer_constant [] : !tril.tensor<f32>
    tril.return
  }
}

// -----

// position_c1
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{the result must have one axis, i32 elements and no holes}}
    %c = tril.position : !tril.tensor<a=1 : f32>
    tril.return
  }
}

// -----

// extent_c1
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{axis `a` has the static size 3}}
    %c = tril.extent <a=3> : !tril.tensor<i32>
    tril.return
  }
}

// -----

// extent_c2
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{the result must have no axes, no holes and i32 elements}}
    %c = tril.extent <time> : !tril.tensor<f32>
    tril.return
  }
}

// -----

// param_c1
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{has 1 strides for 2 axes}}
    %w = tril.param "w" strides [1] of [4] : !tril.tensor<a=2, b=2 : f32>
    tril.return
  }
}

// -----

// param_c2
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{stacked axis `b` is not in}}
    %w = tril.param "w" strides [1] stacked b of [4] : !tril.tensor<a=2 : f32>
    tril.return
  }
}

// -----

// param_c3, not lists
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{`names` must hold a list of strings for each layer}}
    %w = tril.param "w" strides [1] of [4] {names = ["w"]} : !tril.tensor<a=2 : f32>
    tril.return
  }
}

// -----

// param_c3, nothing
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{`names` names no stored tensor}}
    %w = tril.param "w" strides [1] of [4] {names = [[], []]} : !tril.tensor<a=2 : f32>
    tril.return
  }
}

// -----

// param_c4
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{axis `time` has no static size}}
    %w = tril.param "w" strides [1] of [4] : !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// param_c4, holes
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{a param has no holes}}
    %w = tril.param "w" strides [1] of [4] : !tril.tensor<a=2 : f32, holes>
    tril.return
  }
}

// -----

// input_c1
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{the result must have i32 elements and no holes}}
    %i = tril.input "token" below 7 : !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// input_c2
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{the limit 0 leaves no value}}
    %i = tril.input "token" below 0 : !tril.tensor<time : i32>
    tril.return
  }
}

// -----

// elementwise_c1, lost
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{axis `half` of an operand is not in the result}}
    %y = tril.add %t, %x : (!tril.tensor<half=2 : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// elementwise_c1, invented
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `a` of the result is in no operand}}
    %y = tril.neg %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2, a=2 : f32>
    tril.return
  }
}

// -----

// elementwise_c1, another size
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `half` of an operand is not in the result}}
    %y = tril.neg %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=3 : f32>
    tril.return
  }
}

// -----

// elementwise_c2, lost
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{an operand has holes and the result has none}}
    %y = tril.neg %m : (!tril.tensor<time : f32, holes>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// elementwise_c2, invented
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{the result has holes and no operand has}}
    %y = tril.neg %x : (!tril.tensor<time : f32>) -> !tril.tensor<time : f32, holes>
    tril.return
  }
}

// -----

// elementwise_c3, mixed
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{elements differ: 'f32' and 'i32'}}
    %y = tril.add %x, %time : (!tril.tensor<time : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// elementwise_c3, functions
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{is of real numbers, not 'i32'}}
    %y = tril.exp %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : i32>
    tril.return
  }
}

// -----

// elementwise_c3, results
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{elements differ: 'i32' and 'f32'}}
    %y = tril.neg %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// elementwise_c3, comparisons
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{a comparison gives i1, not 'f32'}}
    %y = tril.lt %x, %x : (!tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// elementwise_c3, predicates
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{is of i1, not 'f32'}}
    %y = tril.and %x, %x : (!tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : i1>
    tril.return
  }
}

// -----

// elementwise_c3, arithmetic of predicates
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{is of numbers, not i1}}
    %y = tril.add %q, %q : (!tril.tensor<time : i1>, !tril.tensor<time : i1>) -> !tril.tensor<time : i1>
    tril.return
  }
}

// -----

// select_c1
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `half` of an operand is not in the result}}
    %y = tril.select %q, %x, %t : (!tril.tensor<time : i1>, !tril.tensor<time : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// select_c2
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{elements differ: 'f32' and 'i32'}}
    %y = tril.select %q, %x, %time : (!tril.tensor<time : i1>, !tril.tensor<time : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// select_c3
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{the result must have holes}}
    %y = tril.select %q, %x, %m : (!tril.tensor<time : i1>, !tril.tensor<time : f32>, !tril.tensor<time : f32, holes>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// where_c1
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `time` of an operand is not in the result}}
    %y = tril.where %t, %q : (!tril.tensor<half=2 : f32>, !tril.tensor<time : i1>) -> !tril.tensor<half=2 : f32, holes>
    tril.return
  }
}

// -----

// where_c2
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{elements differ: 'f32' and 'i32'}}
    %y = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : i32, holes>
    tril.return
  }
}

// -----

// where_c3
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{the result must have holes}}
    %y = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// else_c1
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `half` of an operand is not in the result}}
    %y = tril.else %m, %t : (!tril.tensor<time : f32, holes>, !tril.tensor<half=2 : f32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// else_c2
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{elements differ: 'f32' and 'i32'}}
    %y = tril.else %m, %time : (!tril.tensor<time : f32, holes>, !tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// else_c3
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{the result must have no holes}}
    %y = tril.else %m, %c : (!tril.tensor<time : f32, holes>, !tril.tensor<f32>) -> !tril.tensor<time : f32, holes>
    tril.return
  }
}

// -----

// reduce_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `pair` is not in}}
    %y = tril.reduce sum ["pair"] %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<f32>
    tril.return
  }
}

// -----

// reduce_c2
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `half` of the result does not come from an operand}}
    %y = tril.reduce sum ["half"] %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    tril.return
  }
}

// -----

// reduce_c3, any
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{`any` is of i1, not 'f32'}}
    %y = tril.reduce any ["half"] %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<i1>
    tril.return
  }
}

// -----

// reduce_c3, sum
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{`sum` is of numbers, not 'i1'}}
    %y = tril.reduce sum ["time"] %q : (!tril.tensor<time : i1>) -> !tril.tensor<i1>
    tril.return
  }
}

// -----

// reduce_c3, mean
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{`mean` is of real numbers, not 'i32'}}
    %y = tril.reduce mean ["time"] %time : (!tril.tensor<time : i32>) -> !tril.tensor<i32>
    tril.return
  }
}

// -----

// reduce_c3, count
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{`count` of 'i1' does not give 'f32'}}
    %y = tril.reduce count ["time"] %q : (!tril.tensor<time : i1>) -> !tril.tensor<f32>
    tril.return
  }
}

// -----

// reduce_c4, max
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{the result must have holes}}
    %y = tril.reduce max ["time"] %m : (!tril.tensor<time : f32, holes>) -> !tril.tensor<f32>
    tril.return
  }
}

// -----

// reduce_c4, sum
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{the result must have no holes}}
    %y = tril.reduce sum ["time"] %m : (!tril.tensor<time : f32, holes>) -> !tril.tensor<f32, holes>
    tril.return
  }
}

// -----

// contract_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `pair` is in no factor}}
    %y = tril.contract ["pair"] %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    tril.return
  }
}

// -----

// contract_c2
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `half` of the result does not come from an operand}}
    %y = tril.contract ["half"] %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    tril.return
  }
}

// -----

// contract_c2, holes
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{the result must have no holes}}
    %y = tril.contract ["time"] %m, %m : (!tril.tensor<time : f32, holes>, !tril.tensor<time : f32, holes>) -> !tril.tensor<f32, holes>
    tril.return
  }
}

// -----

// contract_c3
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{has no factors}}
    %y = tril.contract [] : () -> !tril.tensor<f32>
    tril.return
  }
}

// -----

// contract_c3, elements
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{elements differ: 'f32' and 'i32'}}
    %y = tril.contract ["time"] %x, %time : (!tril.tensor<time : f32>, !tril.tensor<time : i32>) -> !tril.tensor<f32>
    tril.return
  }
}

// -----

// softmax_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `pair` is not in}}
    %y = tril.softmax ["pair"] %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    tril.return
  }
}

// -----

// softmax_c2
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `half` of an operand is not in the result}}
    %y = tril.softmax ["half"] %t : (!tril.tensor<half=2 : f32>) -> !tril.tensor<f32>
    tril.return
  }
}

// -----

// softmax_c2, elements
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{is of real numbers, not 'i32'}}
    %y = tril.softmax ["time"] %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : i32>
    tril.return
  }
}

// -----

// top_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `pair` is not in}}
    %v, %i = tril.top "pair" to "k" %t : (!tril.tensor<half=2 : f32>) -> (!tril.tensor<k=1 : f32>, !tril.tensor<k=1 : i32>)
    tril.return
  }
}

// -----

// top_c1, there already
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{the operand already has `half`}}
    %v, %i = tril.top "half" to "half" %t : (!tril.tensor<half=2 : f32>) -> (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : i32>)
    tril.return
  }
}

// -----

// top_c2
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `k` is not in}}
    %v, %i = tril.top "half" to "k" %t : (!tril.tensor<half=2 : f32>) -> (!tril.tensor<f32>, !tril.tensor<k=1 : i32>)
    tril.return
  }
}

// -----

// top_c2, dynamic
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `k` has no static size}}
    %v, %i = tril.top "half" to "k" %t : (!tril.tensor<half=2 : f32>) -> (!tril.tensor<k : f32>, !tril.tensor<k : i32>)
    tril.return
  }
}

// -----

// top_c3
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{positions have i32 elements, not 'f32'}}
    %v, %i = tril.top "half" to "k" %t : (!tril.tensor<half=2 : f32>) -> (!tril.tensor<k=1 : f32>, !tril.tensor<k=1 : f32>)
    tril.return
  }
}

// -----

// top_c3, elements
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{elements differ: 'f32' and 'i32'}}
    %v, %i = tril.top "half" to "k" %t : (!tril.tensor<half=2 : f32>) -> (!tril.tensor<k=1 : i32>, !tril.tensor<k=1 : i32>)
    tril.return
  }
}

// -----

// top_c4, too few
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{the result must have holes}}
    %v, %i = tril.top "half" to "k" %t : (!tril.tensor<half=2 : f32>) -> (!tril.tensor<k=3 : f32>, !tril.tensor<k=3 : i32>)
    tril.return
  }
}

// -----

// index_c1
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `pair` is not in}}
    %y = tril.index %t ["pair"] at %time : (!tril.tensor<half=2 : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time : f32, holes>
    tril.return
  }
}

// -----

// index_c1, number
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{has 2 axes and 1 indices}}
    %y = tril.index %t ["half", "half"] at %time : (!tril.tensor<half=2 : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time : f32, holes>
    tril.return
  }
}

// -----

// index_c2
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{indices must have i32 elements, not}}
    %y = tril.index %t ["half"] at %x : (!tril.tensor<half=2 : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32, holes>
    tril.return
  }
}

// -----

// index_c3
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `half` of the result does not come from an operand}}
    %y = tril.index %t ["half"] at %time : (!tril.tensor<half=2 : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time, half=2 : f32, holes>
    tril.return
  }
}

// -----

// index_c4
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{elements differ: 'f32' and 'i32'}}
    %y = tril.index %t ["half"] at %time : (!tril.tensor<half=2 : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time : i32, holes>
    tril.return
  }
}

// -----

// index_c4, holes
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %c = tril.constant 1.0 : !tril.tensor<f32>
    %q = tril.lt %x, %c : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %q : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    // expected-error @+1 {{the result must have holes}}
    %y = tril.index %m ["time"] at %time : (!tril.tensor<time : f32, holes>, !tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// rename_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{`pair` must be in the operand and `a` in the result}}
    %y = tril.rename %t "pair" to "a" : (!tril.tensor<half=2 : f32>) -> !tril.tensor<a=2 : f32>
    tril.return
  }
}

// -----

// rename_c1, sizes
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axes `half` and `a` differ in size}}
    %y = tril.rename %t "half" to "a" : (!tril.tensor<half=2 : f32>) -> !tril.tensor<a=3 : f32>
    tril.return
  }
}

// -----

// rename_c1, strangers
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{axes `time` and `source` differ in size}}
    %y = tril.rename %x "time" to "source" : (!tril.tensor<time : f32>) -> !tril.tensor<source : f32>
    tril.return
  }
}

// -----

// rename_c2
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0, 3.0, 4.0] : !tril.tensor<a=2, b=2 : f32>
    // expected-error @+1 {{the operand already has `b`}}
    %y = tril.rename %t "a" to "b" : (!tril.tensor<a=2, b=2 : f32>) -> !tril.tensor<b=2 : f32>
    tril.return
  }
}

// -----

// rename_c3
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `b` of the result does not come from an operand}}
    %y = tril.rename %t "half" to "a" : (!tril.tensor<half=2 : f32>) -> !tril.tensor<a=2, b=2 : f32>
    tril.return
  }
}

// -----

// split_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0, 3.0, 4.0] : !tril.tensor<row=4 : f32>
    // expected-error @+1 {{axis `column` is not in}}
    %y = tril.split %t "column" to ["a"] strides [1] offset 0 : (!tril.tensor<row=4 : f32>) -> !tril.tensor<a=4 : f32>
    tril.return
  }
}

// -----

// split_c1, there already
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0, 3.0, 4.0] : !tril.tensor<row=4 : f32>
    // expected-error @+1 {{the operand already has `row`}}
    %y = tril.split %t "row" to ["row"] strides [1] offset 0 : (!tril.tensor<row=4 : f32>) -> !tril.tensor<row=4 : f32>
    tril.return
  }
}

// -----

// split_c1, dynamic
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{axis `time` has no static size}}
    %y = tril.split %x "time" to ["a"] strides [1] offset 0 : (!tril.tensor<time : f32>) -> !tril.tensor<a=4 : f32>
    tril.return
  }
}

// -----

// split_c2
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0, 3.0, 4.0] : !tril.tensor<row=4 : f32>
    // expected-error @+1 {{has 2 parts and 1 strides}}
    %y = tril.split %t "row" to ["a", "b"] strides [1] offset 0 : (!tril.tensor<row=4 : f32>) -> !tril.tensor<a=2, b=2 : f32>
    tril.return
  }
}

// -----

// split_c3
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0, 3.0, 4.0] : !tril.tensor<row=4 : f32>
    // expected-error @+1 {{axis `b` is not in}}
    %y = tril.split %t "row" to ["a", "b"] strides [2, 1] offset 0 : (!tril.tensor<row=4 : f32>) -> !tril.tensor<a=2 : f32>
    tril.return
  }
}

// -----

// split_c4
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0, 3.0, 4.0] : !tril.tensor<row=4 : f32>
    // expected-error @+1 {{reads positions 1..4 of `row`, which has 4}}
    %y = tril.split %t "row" to ["a", "b"] strides [2, 1] offset 1 : (!tril.tensor<row=4 : f32>) -> !tril.tensor<a=2, b=2 : f32>
    tril.return
  }
}

// -----

// merge_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0, 3.0, 4.0] : !tril.tensor<a=2, b=2 : f32>
    // expected-error @+1 {{axis `c` is not in}}
    %y = tril.merge %t ["a", "c"] to "row" : (!tril.tensor<a=2, b=2 : f32>) -> !tril.tensor<row=4 : f32>
    tril.return
  }
}

// -----

// merge_c2
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0, 3.0, 4.0] : !tril.tensor<a=2, b=2 : f32>
    // expected-error @+1 {{axis `row` is not in}}
    %y = tril.merge %t ["a", "b"] to "row" : (!tril.tensor<a=2, b=2 : f32>) -> !tril.tensor<f32>
    tril.return
  }
}

// -----

// merge_c3
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0, 3.0, 4.0] : !tril.tensor<a=2, b=2 : f32>
    // expected-error @+1 {{the parts have 4 positions and `row` has 5}}
    %y = tril.merge %t ["a", "b"] to "row" : (!tril.tensor<a=2, b=2 : f32>) -> !tril.tensor<row=5 : f32>
    tril.return
  }
}

// -----

// stack_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{already has `half`}}
    %y = tril.stack "half" %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<half=2 : f32>
    tril.return
  }
}

// -----

// stack_c2
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `half` of an operand is not in the result}}
    %y = tril.stack "which" %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<which=2 : f32>
    tril.return
  }
}

// -----

// stack_c3
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{has 2 operands and `which` has 3 positions}}
    %y = tril.stack "which" %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<which=3, half=2 : f32>
    tril.return
  }
}

// -----

// stack_c4
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{elements differ: 'f32' and 'i32'}}
    %y = tril.stack "which" %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<which=2, half=2 : i32>
    tril.return
  }
}

// -----

// join_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{has 1 parts and 2 operands}}
    %y = tril.join "all" ["half"] %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<all=4 : f32>
    tril.return
  }
}

// -----

// join_c1, absent
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `pair` is not in}}
    %y = tril.join "all" ["half", "pair"] %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<all=4 : f32>
    tril.return
  }
}

// -----

// join_c2
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `half` of the result does not come from an operand}}
    %y = tril.join "all" ["half", "half"] %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<all=4, half=2 : f32>
    tril.return
  }
}

// -----

// join_c3
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{the parts have 4 positions and `all` has 5}}
    %y = tril.join "all" ["half", "half"] %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<all=5 : f32>
    tril.return
  }
}

// -----

// join_c4
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{the result must have no holes}}
    %y = tril.join "all" ["half", "half"] %t, %t : (!tril.tensor<half=2 : f32>, !tril.tensor<half=2 : f32>) -> !tril.tensor<all=4 : f32, holes>
    tril.return
  }
}

// -----

// rec_c1
tril.model @m {
  tril.body @main() {
    %t = tril.table [1.0, 2.0] : !tril.tensor<half=2 : f32>
    // expected-error @+1 {{axis `time` is not in}}
    %y = tril.rec "time" : !tril.tensor<half=2 : f32> {
      tril.yield %t : !tril.tensor<half=2 : f32>
    }
    tril.return
  }
}

// -----

// rec_c2
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    // expected-error @+1 {{the types of the values that the region yields differ from those of the results}}
    %y = tril.rec "time" : !tril.tensor<time : f32> {
      tril.yield %time : !tril.tensor<time : i32>
    }
    tril.return
  }
}

// -----

// earlier_c1
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %y = tril.rec "time" : !tril.tensor<time : f32> {
    // expected-error @+1 {{reads 0 positions ago, and at least 1 is earlier}}
      %h = tril.earlier 0 ago 0 : !tril.tensor<time : f32, holes>
      tril.yield %x : !tril.tensor<time : f32>
    }
    tril.return
  }
}

// -----

// earlier_c2
tril.model @m {
  tril.body @main() {
    // expected-error @+1 {{stands in no recurrence}}
    %h = tril.earlier 0 ago 1 : !tril.tensor<time : f32, holes>
    tril.return
  }
}

// -----

// earlier_c2, equation
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %y = tril.rec "time" : !tril.tensor<time : f32> {
    // expected-error @+1 {{reads equation 1 of a recurrence with 1}}
      %h = tril.earlier 1 ago 1 : !tril.tensor<time : f32, holes>
      tril.yield %x : !tril.tensor<time : f32>
    }
    tril.return
  }
}

// -----

// earlier_c3
tril.model @m {
  tril.body @main() {
    %time = tril.position : !tril.tensor<time : i32>
    %x = tril.convert %time : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    %y = tril.rec "time" : !tril.tensor<time : f32> {
    // expected-error @+1 {{the result must have holes}}
      %h = tril.earlier 0 ago 1 : !tril.tensor<time : f32>
      tril.yield %x : !tril.tensor<time : f32>
    }
    tril.return
  }
}
