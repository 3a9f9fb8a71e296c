//===- Pairs.h - products of numbers rounded to bf16
//--------------------------------------------------===//
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

/// Numbers of `low` and `high` (16 x i16) in the halves of 16 x i32.
Value interleave(Emitter &e, Value low, Value high);

/// sum + a.low * b.low + a.high * b.high in each lane; sum f32, the others i32.
Value addProducts(Emitter &e, Value sum, Value a, Value b);

} // namespace tril::kernels
