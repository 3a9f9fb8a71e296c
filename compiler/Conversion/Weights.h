//===- Weights.h - where a param lies in the product, and how
//---------------------------------------------===//
#pragma once
#include "Conversion/Evaluate.h"
#include "Target/Pack.h"

namespace tril {

/// As the attributes of a tril.param say it after the weights were planned: `offset` in bytes from
/// the weights of its body; packed in groups of 16 outputs, as BLAS reads a matrix, or plain f32 in
/// the order of its axes.
struct WeightPlace {
  int64_t offset = 0;
  bool packed = false;
  bool blas = false; // outputs x inputs, row-major
  PackedFormat format = PackedFormat::f32;
  llvm::SmallVector<std::string> outputs, inputs; // axes, slowest first
  int64_t outputSize = 1, inputSize = 1;
  /// One packed matrix for each position of this axis, one after the other.
  std::string matrices;
  int64_t matrixCount = 1, matrixBytes = 0;
};
WeightPlace weightPlace(ParamOp op);

/// The bytes that it takes.
int64_t weightBytes(ParamOp op);

/// One element a lane of a packed weight: output `n`, input `k`.
mlir::Value unpackAt(Evaluator &evaluator, const WeightPlace &place, mlir::Value base,
                     const Coordinate &n, const Coordinate &k);

/// The offset in bytes of a field of tril_context (runtime/Abi.h).
int64_t contextOffset(llvm::StringRef field);

} // namespace tril
