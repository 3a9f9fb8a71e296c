//===- QuantizeWeights.h - weights rounded on their way into a product
//-------------------------------------------===//
// `--quantize TYPE`: what contractions read of tensors stored as f32, f16 or bf16 is rounded to
// TYPE when it is packed, in blocks along the contracted inputs, whichever way the checkpoint lays
// them.  packFor (Transforms/Materialize.cpp) chooses the format of each param: quantizedFormat of
// Pack.h, or as stored where blocks do not fit.  Tensors that are in blocks already are not rounded
// again.
#pragma once
#include "Conversion/Weights.h"
#include "runtime/Checkpoint.h"
#include <map>
#include <string>
#include <vector>

namespace tril {

/// How far the numbers of a tensor moved.
struct Rounding {
  std::string tensor;
  std::string from, to; // stored types
  int64_t numbers = 0;
  int64_t bytesBefore = 0, bytesAfter = 0; // in the checkpoint, in the product
  double squares = 0;                      // the sum of the numbers' squares
  double errorSquares = 0;                 // ... of the differences'
  double largest = 0;                      // of the differences

  /// The root of the mean square of the differences, relative to that of the numbers.
  double relative() const;
};
/// In the order in which they were written; a tensor that is rounded in several ways or parts has
/// an entry for each type.
using Roundings = std::vector<Rounding>;

/// Notes at each param that may be rounded what to (attribute `quantize`): `type`, of 4 bits q8_0
/// for the weights whose last sum is an output.
void quantizeParams(ModelOp model, const Checkpoint &checkpoint, PackedFormat type);

/// What to round the param to; nothing if it is taken as it is stored.
std::optional<PackedFormat> roundedTo(ParamOp param, const WeightPlace &place);

/// Packs outputs x inputs of a stored tensor, rounded to `format`; `rows` and `columns` are the
/// offsets of outputs and inputs in elements.  On all cores.  Throws Error for numbers that the
/// format cannot say.
void packRounded(PackedFormat format, const Tensor &tensor, const std::vector<int64_t> &rows,
                 const std::vector<int64_t> &columns, std::byte *out, Rounding &rounding);

/// Rounds `values`, the whole tensor, where packRounded would.
void roundInPlace(PackedFormat format, const Tensor &tensor, const std::vector<int64_t> &rows,
                  const std::vector<int64_t> &columns, std::vector<float> &values);

/// A line for a person, and a table with a line for each tensor.
std::string roundingSummary(const Roundings &roundings);
std::string roundingTable(const Roundings &roundings);
std::string roundingJson(const Roundings &roundings);

} // namespace tril
