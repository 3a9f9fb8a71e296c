//===- Unpack.h - single weights from packed ones
//-----------------------------------------------===//
// For gathers (embeddings) from the weights that contractions read.
#pragma once
#include "Conversion/Kernels/Emitter.h"
#include "Target/Pack.h"

namespace tril::kernels {

/// W[n][k] (f32) of the packed weight at `weights` with `inputs` inputs a row; n, k, inputs are
/// i64. The same number as `unpackElement` of Pack.h, bit for bit.
Value emitUnpackElement(Emitter &e, PackedFormat format, Value weights, Value n, Value k,
                        Value inputs);

/// func @tril_unpack_<format>(W: ptr, n: i64, k0: i64, k1: i64, K: i64, out: ptr)
///   Writes W[n][k0..k1] (f32) to out[0 .. k1 - k0].
mlir::func::FuncOp getOrCreateUnpackRow(mlir::ModuleOp module, const Machine &machine,
                                        PackedFormat format);

} // namespace tril::kernels
