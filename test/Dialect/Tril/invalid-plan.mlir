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
    // expected-error @+1 {{the result must have `past`}}
    %y = tril.extend "k" %x as "past" rows : (!tril.tensor<time : f32>) -> !tril.tensor<seen of time : f32>
    tril.return
  }
}

// -----

// extend_c1, of another sequence
tril.model @m {
  tril.body @f(%x: !tril.tensor<time : f32>) {
    // expected-error @+1 {{the operand must have `source` and the result `seen` in its place}}
    %y = tril.extend "k" %x as "seen" rows : (!tril.tensor<time : f32>) -> !tril.tensor<seen of source : f32>
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

// materialize_c2
tril.model @m {
  tril.body @f(%x: !tril.tensor<a=2 : f32>) {
    // expected-error @+1 {{is stored for one row or kept, and stands in no recurrence}}
    %y = tril.materialize %x {one_row} : (!tril.tensor<a=2 : f32>) -> !tril.tensor<a=2 : f32>
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
  tril.body @f(%q: !tril.tensor<time, g=2, x=4 : f32>, %k: !tril.tensor<past of time, g=2, c=4 : f32>, %v: !tril.tensor<past of time, g=2, f=5 : f32>) {
    // expected-error @+1 {{the query '!tril.tensor<time, g=2, x=4 : f32>' must have `time`, `c`, and nothing but `g`, `m` besides}}
    %y = tril.attention %q by %k of %v over "past" groups ["g"] members ["m"] contracted [["c"]] features ["f"]
        : (!tril.tensor<time, g=2, x=4 : f32>, !tril.tensor<past of time, g=2, c=4 : f32>, !tril.tensor<past of time, g=2, f=5 : f32>) -> !tril.tensor<time, g=2, m=3, f=5 : f32> {
    ^bb0(%d: !tril.tensor<time, past of time, g=2, m=3 : f32>):
      tril.yield %d : !tril.tensor<time, past of time, g=2, m=3 : f32>
    }
    tril.return
  }
}

// -----

// attention_c1, key
tril.model @m {
  tril.body @f(%q: !tril.tensor<time, g=2, m=3, c=4 : f32>, %k: !tril.tensor<past of time, m=3, c=4 : f32>, %v: !tril.tensor<past of time, g=2, f=5 : f32>) {
    // expected-error @+1 {{the key '!tril.tensor<past of time, m=3, c=4 : f32>' must have `past`, `c`, and nothing but `g` besides}}
    %y = tril.attention %q by %k of %v over "past" groups ["g"] members ["m"] contracted [["c"]] features ["f"]
        : (!tril.tensor<time, g=2, m=3, c=4 : f32>, !tril.tensor<past of time, m=3, c=4 : f32>, !tril.tensor<past of time, g=2, f=5 : f32>) -> !tril.tensor<time, g=2, m=3, f=5 : f32> {
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
    // expected-error @+1 {{the key '!tril.tensor<seen of time, g=2, c=4 : f32>' must have `past`, `c`, and nothing but `g` besides}}
    %y = tril.attention %q by %k of %v over "past" groups ["g"] members ["m"] contracted [["c"]] features ["f"]
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
    // expected-error @+1 {{the value '!tril.tensor<past of time, g=2, m=3, f=5 : f32>' must have `past`, `f`, and nothing but `g` besides}}
    %y = tril.attention %q by %k of %v over "past" groups ["g"] members ["m"] contracted [["c"]] features ["f"]
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
    // expected-error @+1 {{the result '!tril.tensor<time, g=2, m=3 : f32>' must have `time`, `g`, `m`, `f`}}
    %y = tril.attention %q by %k of %v over "past" groups ["g"] members ["m"] contracted [["c"]] features ["f"]
        : (!tril.tensor<time, g=2, m=3, c=4 : f32>, !tril.tensor<past of time, g=2, c=4 : f32>, !tril.tensor<past of time, g=2, f=5 : f32>) -> !tril.tensor<time, g=2, m=3 : f32> {
    ^bb0(%d: !tril.tensor<time, past of time, g=2, m=3 : f32>):
      tril.yield %d : !tril.tensor<time, past of time, g=2, m=3 : f32>
    }
    tril.return
  }
}

// -----

// attention_c3
tril.model @m {
  tril.body @f(%q: !tril.tensor<time, c=4 : f32>, %k: !tril.tensor<past of time, c=4 : f32>, %v: !tril.tensor<past of time, f=5 : f32>) {
    // expected-error @+1 {{the first axis of the result '!tril.tensor<f=5, time : f32>' must be that of the queries, a sequence}}
    %y = tril.attention %q by %k of %v over "past" groups [] members [] contracted [["c"]] features ["f"]
        : (!tril.tensor<time, c=4 : f32>, !tril.tensor<past of time, c=4 : f32>, !tril.tensor<past of time, f=5 : f32>) -> !tril.tensor<f=5, time : f32> {
    ^bb0(%d: !tril.tensor<time, past of time : f32>):
      tril.yield %d : !tril.tensor<time, past of time : f32>
    }
    tril.return
  }
}

// -----

// attention_c2
tril.model @m {
  tril.body @f(%q: !tril.tensor<time, c=4 : f32>, %k: !tril.tensor<past of time, c=4 : f32>, %v: !tril.tensor<past of time, f=5 : f32>) {
    // expected-error @+1 {{has 2 queries, 1 keys, 1 lists of contracted axes and 1 arguments of the region}}
    %y = tril.attention %q, %q by %k of %v over "past" groups [] members [] contracted [["c"]] features ["f"]
        : (!tril.tensor<time, c=4 : f32>, !tril.tensor<time, c=4 : f32>, !tril.tensor<past of time, c=4 : f32>, !tril.tensor<past of time, f=5 : f32>) -> !tril.tensor<time, f=5 : f32> {
    ^bb0(%d: !tril.tensor<time, past of time : f32>):
      tril.yield %d : !tril.tensor<time, past of time : f32>
    }
    tril.return
  }
}

// -----

// attention_c1, sink
tril.model @m {
  tril.body @f(%q: !tril.tensor<time, c=4 : f32>, %k: !tril.tensor<past of time, c=4 : f32>, %v: !tril.tensor<past of time, f=5 : f32>, %s: !tril.tensor<h=2 : f32>) {
    // expected-error @+1 {{the sink '!tril.tensor<h=2 : f32>' must have}}
    %y = tril.attention %q by %k of %v sink %s over "past" groups [] members [] contracted [["c"]] features ["f"]
        : (!tril.tensor<time, c=4 : f32>, !tril.tensor<past of time, c=4 : f32>, !tril.tensor<past of time, f=5 : f32>, !tril.tensor<h=2 : f32>) -> !tril.tensor<time, f=5 : f32> {
    ^bb0(%d: !tril.tensor<time, past of time : f32>):
      tril.yield %d : !tril.tensor<time, past of time : f32>
    }
    tril.return
  }
}

// -----

// softmax_c3
tril.model @m {
  tril.body @f(%x: !tril.tensor<time, past of time, h=2 : f32>, %s: !tril.tensor<past of time : f32>) {
    // expected-error @+1 {{the sink's axis `past` is no axis of a row of the operand}}
    %y = tril.softmax ["past"] %x sink %s : (!tril.tensor<time, past of time, h=2 : f32>, !tril.tensor<past of time : f32>) -> !tril.tensor<time, past of time, h=2 : f32>
    tril.return
  }
}

// -----

// matmul_c1
!tce = !tril.tensor<time, c=3, embed=4 : f32>
!w = !tril.tensor<c=3, hidden=6, embed=4 : f32>
tril.model @m {
  tril.body @f(%x: !tce, %w: !w) {
    // expected-error @+1 {{the axes of '!tril.tensor<time, c=3, embed=4 : f32>' do not end in those that are contracted}}
    %y = tril.matmul ["embed"] %x, %w each "hidden" : (!tce, !w) -> !tril.tensor<time, c=3, hidden=6 : f32>
    tril.return
  }
}

// -----

// matmul_c1
!tce = !tril.tensor<time, c=3, embed=4 : f32>
!w = !tril.tensor<c=3, hidden=6, embed=4 : f32>
tril.model @m {
  tril.body @f(%x: !tce, %w: !w) {
    // expected-error @+1 {{the result '!tril.tensor<time, hidden=6, c=3 : f32>' has not the other axes of '!tril.tensor<time, c=3, embed=4 : f32>', followed by the weight's outputs}}
    %y = tril.matmul ["embed"] %x, %w each "c" : (!tce, !w) -> !tril.tensor<time, hidden=6, c=3 : f32>
    tril.return
  }
}

// -----

// grouped_matmul_c1
!te = !tril.tensor<time, embed=4 : f32>
!ic = !tril.tensor<time, choice=2 : i32>
!w = !tril.tensor<expert=8, hidden=6, embed=4 : f32>
!h = !tril.tensor<time, choice=2, hidden=6 : f32>
tril.model @m {
  tril.body @f(%x: !tril.tensor<embed=4, time : f32>, %c: !ic, %w: !w) {
    // expected-error @+1 {{the axes of '!tril.tensor<embed=4, time : f32>' are not some of those of '!tril.tensor<time, choice=2 : i32>', followed by those that are contracted}}
    %y = tril.grouped_matmul ["embed"] %x, %w "expert" at %c in %c : (!tril.tensor<embed=4, time : f32>, !w, !ic, !ic) -> !h
    tril.return
  }
}

// -----

// grouped_matmul_c2
!te = !tril.tensor<time, embed=4 : f32>
!ic = !tril.tensor<time, choice=2 : i32>
!w = !tril.tensor<expert=8, hidden=6, embed=4 : f32>
tril.model @m {
  tril.body @f(%x: !te, %c: !ic, %w: !w) {
    // expected-error @+1 {{the result '!tril.tensor<time, hidden=6 : f32>' has not the axes of '!tril.tensor<time, choice=2 : i32>', followed by the weight's outputs}}
    %y = tril.grouped_matmul ["embed"] %x, %w "expert" at %c in %c : (!te, !w, !ic, !ic) -> !tril.tensor<time, hidden=6 : f32>
    tril.return
  }
}
