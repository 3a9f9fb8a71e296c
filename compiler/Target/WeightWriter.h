//===- WeightWriter.h - from a checkpoint to the weights of a product
//--------------------------------------------===//
#pragma once
#include "Target/QuantizeWeights.h"
#include <cstddef>
#include <functional>

namespace tril {

/// Writes the weights that tril-plan-weights placed, in order, to `sink`: packed for the kernels
/// that read them, or as plain f32.  Works on one tensor at a time.  Throws Error where the
/// checkpoint has a type that cannot be read.  Gives what became of the tensors that were rounded.
Roundings writeWeights(ModelOp model, const Checkpoint &checkpoint,
                       const std::function<void(const void *, size_t)> &sink);

/// The numbers of a tensor as the product has them: rounded where `planned` says so.  Throws Error.
std::vector<float> numbersInProduct(ModelOp planned, const Tensor &tensor);

/// The bytes of the weights in the product by their types, without gaps.
std::map<std::string, int64_t> weightBytesByType(ModelOp planned);

/// Notes at each param how its tensor is stored (attribute `stored`), for the passes that choose
/// kernels.
void annotateStoredTypes(ModelOp model, const Checkpoint &checkpoint);

} // namespace tril
