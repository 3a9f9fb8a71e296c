//===- Pairs.h - products of numbers in bf16
//----------------------------------------------------------===//
// Instructions multiply two numbers at once: of one sum, they lie in the halves of 32 bits.
#pragma once
#include "Conversion/Kernels/Emitter.h"
#include "Dialect/Tril/TrilOps.h"

namespace tril::kernels {

/// 16 floats rounded to bf16, as i16.
Value toPairs(Emitter &e, Value floats);

/// 16 numbers that lie at `pointer` as `stored`, rounded to bf16, as i16; with a mask, 0 where it
/// is false.
Value loadRounded(Emitter &e, Value pointer, StateElement stored, unsigned alignment,
                  Value mask = Value());

/// 16 floats as sums of `parts` (up to 3) numbers of bf16, as i16, the largest first.  Three lose
/// nothing of an f32, two nothing of an f16, and one nothing of a bf16: a number has 24, 11 or 8
/// bits, and a part 8 of them (what is below 2^-126 is lost).  The first is rounded towards 0, so
/// that it does not overflow, and is NaN or infinite where the float is.
Values toParts(Emitter &e, Value floats, int parts);

/// Numbers of `low` and `high` (16 x i16) in the halves of 16 x i32.
Value interleave(Emitter &e, Value low, Value high);

/// sum + a.low * b.low + a.high * b.high in each lane; sum f32, the others i32.
Value addProducts(Emitter &e, Value sum, Value a, Value b);

} // namespace tril::kernels
