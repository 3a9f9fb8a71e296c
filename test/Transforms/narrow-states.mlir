// States that contractions alone read lie in 16 bits; what something else reads, has holes or is no real number stays as it is.
// RUN: tril-opt %s -tril-narrow-states=type=f16 | FileCheck %s
// RUN: tril-opt %s -tril-narrow-states=type=bf16 | FileCheck %s --check-prefix=BF16
// RUN: tril-opt %s -tril-narrow-states=type=f32 | FileCheck %s --check-prefix=F32
// RUN: not tril-opt %s -tril-narrow-states=type=q8_0 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// F32-NOT: stored
// UNKNOWN: error: `q8_0` is no type of states

!ta = !tril.tensor<time, a=4 : f32>
!pa = !tril.tensor<past of time, a=4 : f32>
!tah = !tril.tensor<time, a=4 : f32, holes>
!pah = !tril.tensor<past of time, a=4 : f32, holes>
!tp = !tril.tensor<time, past of time : f32>
!it = !tril.tensor<time : i32>
!ip = !tril.tensor<past of time : i32>
!itp = !tril.tensor<time, past of time : i32>

tril.model @m is "causal" {
  tril.body @main(%x: !ta, %h: !tah, %i: !it) -> (!tp, !tp, !ta, !pa, !itp) {
    // CHECK: tril.extend "key" %arg0 as "past" rows {stored = #tril<state_element f16>}
    // BF16: tril.extend "key" %arg0 as "past" rows {stored = #tril<state_element bf16>}
    %k = tril.extend "key" %x as "past" rows : (!ta) -> !pa
    %dot = tril.contract ["a"] %x, %k : (!ta, !pa) -> !tp
    // Holes are told by a number of their own.
    // CHECK: tril.extend "holes" %arg1 as "past" rows :
    %kh = tril.extend "holes" %h as "past" rows : (!tah) -> !pah
    %doth = tril.contract ["a"] %x, %kh : (!ta, !pah) -> !tp
    // Read by a contraction, and by something else.
    // CHECK: tril.extend "both" %arg0 as "past" rows :
    %b = tril.extend "both" %x as "past" rows : (!ta) -> !pa
    %sum = tril.contract ["past"] %dot, %b : (!tp, !pa) -> !ta
    %exp = tril.exp %b : (!pa) -> !pa
    // CHECK: tril.extend "whole" %arg2 as "past" rows :
    %w = tril.extend "whole" %i as "past" rows : (!it) -> !ip
    %doti = tril.contract [] %i, %w : (!it, !ip) -> !itp
    tril.return %dot, %doth, %sum, %exp, %doti : !tp, !tp, !ta, !pa, !itp
  }
}
