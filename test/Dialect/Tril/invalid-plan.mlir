// Each numbered constraint of the operations of the step form, broken.
// RUN: tril-opt %s -split-input-file -verify-diagnostics

// extend_c1, no time
tril.model @m {
  tril.body @f(%x: !tril.tensor<a=2 : f32>) {
    // expected-error @+1 {{the operand must have `time` and the result `past` in its place}}
    %y = tril.extend "k" %x as "past" rows : (!tril.tensor<a=2 : f32>) -> !tril.tensor<past of time : f32>
    tril.return
  }
}

// -----

// extend_c1, another name
tril.model @m {
  tril.body @f(%x: !tril.tensor<time : f32>) {
    // expected-error @+1 {{the operand must have `time` and the result `past` in its place}}
    %y = tril.extend "k" %x as "past" rows : (!tril.tensor<time : f32>) -> !tril.tensor<seen of time : f32>
    tril.return
  }
}

// -----

// extend_c1, an axis lost
tril.model @m {
  tril.body @f(%x: !tril.tensor<time, a=2 : f32>) {
    // expected-error @+1 {{the operand must have `time` and the result `past` in its place}}
    %y = tril.extend "k" %x as "past" rows : (!tril.tensor<time, a=2 : f32>) -> !tril.tensor<past of time : f32>
    tril.return
  }
}

// -----

// materialize_c1, an axis lost
tril.model @m {
  tril.body @f(%x: !tril.tensor<time, a=2 : f32>) {
    // expected-error @+1 {{operand '!tril.tensor<time, a=2 : f32>' and result '!tril.tensor<time : f32>' must have the same axes}}
    %y = tril.materialize %x : (!tril.tensor<time, a=2 : f32>) -> !tril.tensor<time : f32>
    tril.return
  }
}

// -----

// materialize_c1, another size
tril.model @m {
  tril.body @f(%x: !tril.tensor<a=2 : f32>) {
    // expected-error @+1 {{operand '!tril.tensor<a=2 : f32>' and result '!tril.tensor<a=3 : f32>' must have the same axes}}
    %y = tril.materialize %x : (!tril.tensor<a=2 : f32>) -> !tril.tensor<a=3 : f32>
    tril.return
  }
}

// -----

// attention_c1, query
tril.model @m {
  tril.body @f(%q: !tril.tensor<time, g=2, c=4 : f32>, %k: !tril.tensor<past of time, g=2, c=4 : f32>, %v: !tril.tensor<past of time, g=2, f=5 : f32>) {
    // expected-error @+1 {{the query '!tril.tensor<time, g=2, c=4 : f32>' must have `time` and the axes named for it}}
    %y = tril.attention %q, %k, %v over "past" groups ["g"] members ["m"] contracted ["c"] features ["f"]
        : (!tril.tensor<time, g=2, c=4 : f32>, !tril.tensor<past of time, g=2, c=4 : f32>, !tril.tensor<past of time, g=2, f=5 : f32>) -> !tril.tensor<time, g=2, m=3, f=5 : f32> {
    ^bb0(%d: !tril.tensor<time, past of time, g=2, m=3 : f32>):
      tril.yield %d : !tril.tensor<time, past of time, g=2, m=3 : f32>
    }
    tril.return
  }
}

// -----

// attention_c1, key
tril.model @m {
  tril.body @f(%q: !tril.tensor<time, g=2, m=3, c=4 : f32>, %k: !tril.tensor<past of time, c=4 : f32>, %v: !tril.tensor<past of time, g=2, f=5 : f32>) {
    // expected-error @+1 {{the key '!tril.tensor<past of time, c=4 : f32>' must have `past` and the axes named for it}}
    %y = tril.attention %q, %k, %v over "past" groups ["g"] members ["m"] contracted ["c"] features ["f"]
        : (!tril.tensor<time, g=2, m=3, c=4 : f32>, !tril.tensor<past of time, c=4 : f32>, !tril.tensor<past of time, g=2, f=5 : f32>) -> !tril.tensor<time, g=2, m=3, f=5 : f32> {
    ^bb0(%d: !tril.tensor<time, past of time, g=2, m=3 : f32>):
      tril.yield %d : !tril.tensor<time, past of time, g=2, m=3 : f32>
    }
    tril.return
  }
}

// -----

// attention_c1, key, another name
tril.model @m {
  tril.body @f(%q: !tril.tensor<time, g=2, m=3, c=4 : f32>, %k: !tril.tensor<seen of time, g=2, c=4 : f32>, %v: !tril.tensor<past of time, g=2, f=5 : f32>) {
    // expected-error @+1 {{the key '!tril.tensor<seen of time, g=2, c=4 : f32>' must have `past` and the axes named for it}}
    %y = tril.attention %q, %k, %v over "past" groups ["g"] members ["m"] contracted ["c"] features ["f"]
        : (!tril.tensor<time, g=2, m=3, c=4 : f32>, !tril.tensor<seen of time, g=2, c=4 : f32>, !tril.tensor<past of time, g=2, f=5 : f32>) -> !tril.tensor<time, g=2, m=3, f=5 : f32> {
    ^bb0(%d: !tril.tensor<time, past of time, g=2, m=3 : f32>):
      tril.yield %d : !tril.tensor<time, past of time, g=2, m=3 : f32>
    }
    tril.return
  }
}

// -----

// attention_c1, value
tril.model @m {
  tril.body @f(%q: !tril.tensor<time, g=2, m=3, c=4 : f32>, %k: !tril.tensor<past of time, g=2, c=4 : f32>, %v: !tril.tensor<past of time, g=2, m=3, f=5 : f32>) {
    // expected-error @+1 {{the value '!tril.tensor<past of time, g=2, m=3, f=5 : f32>' must have `past` and the axes named for it}}
    %y = tril.attention %q, %k, %v over "past" groups ["g"] members ["m"] contracted ["c"] features ["f"]
        : (!tril.tensor<time, g=2, m=3, c=4 : f32>, !tril.tensor<past of time, g=2, c=4 : f32>, !tril.tensor<past of time, g=2, m=3, f=5 : f32>) -> !tril.tensor<time, g=2, m=3, f=5 : f32> {
    ^bb0(%d: !tril.tensor<time, past of time, g=2, m=3 : f32>):
      tril.yield %d : !tril.tensor<time, past of time, g=2, m=3 : f32>
    }
    tril.return
  }
}

// -----

// attention_c1, result
tril.model @m {
  tril.body @f(%q: !tril.tensor<time, g=2, m=3, c=4 : f32>, %k: !tril.tensor<past of time, g=2, c=4 : f32>, %v: !tril.tensor<past of time, g=2, f=5 : f32>) {
    // expected-error @+1 {{the result '!tril.tensor<time, g=2, m=3 : f32>' must have `time` and the axes named for it}}
    %y = tril.attention %q, %k, %v over "past" groups ["g"] members ["m"] contracted ["c"] features ["f"]
        : (!tril.tensor<time, g=2, m=3, c=4 : f32>, !tril.tensor<past of time, g=2, c=4 : f32>, !tril.tensor<past of time, g=2, f=5 : f32>) -> !tril.tensor<time, g=2, m=3 : f32> {
    ^bb0(%d: !tril.tensor<time, past of time, g=2, m=3 : f32>):
      tril.yield %d : !tril.tensor<time, past of time, g=2, m=3 : f32>
    }
    tril.return
  }
}
