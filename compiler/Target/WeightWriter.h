//===- WeightWriter.h - from a checkpoint to the weights of a product
//--------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include <cstddef>
#include <functional>

namespace tril {
class Checkpoint;

/// Writes the weights that tril-plan-weights placed, in order, to `sink`: packed for the kernels
/// that read them, or as plain f32.  Works on one tensor at a time.  Throws Error where the
/// checkpoint has a type that cannot be read.
void writeWeights(ModelOp model, const Checkpoint &checkpoint,
                  const std::function<void(const void *, size_t)> &sink);

/// Notes at each param how its tensor is stored (attribute `stored`), for the passes that choose
/// kernels.
void annotateStoredTypes(ModelOp model, const Checkpoint &checkpoint);

} // namespace tril
