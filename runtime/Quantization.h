//===- Quantization.h - stored blocks and the numbers that they mean ----------------------===//
// The block formats are ggml's; the formulas are those of its reference dequantisation, computed in
// f32 in the same order.
#pragma once
#include "runtime/Checkpoint.h"

namespace tril {

/// A block: so many elements in so many bytes.  Element types are blocks of one.
struct StoredBlock {
  int64_t elements;
  int64_t bytes;
};
StoredBlock storedBlock(StoredType type);

/// Elements begin..begin + count - 1 of a tensor, which must have them, counted row-major, as f32.
/// Throws Error for a type that has no numbers, naming the tensor.
void dequantize(const Tensor &tensor, int64_t begin, int64_t count, float *out);

/// One block of `type` at `block` to storedBlock(type).elements numbers.
void dequantizeBlock(StoredType type, const std::byte *block, float *out);

/// storedBlock(type).elements numbers, all finite, to one block of `type`: f32, f16, bf16, q8_0,
/// q5_0, q4_0 or q4_k.  What is too large for the type, or for the scale of its blocks, becomes
/// infinite.
void quantizeBlock(StoredType type, const float *numbers, std::byte *block);

float halfToFloat(uint16_t bits);
uint16_t floatToHalf(float value); // nearest, ties to even
float bfloatToFloat(uint16_t bits);
uint16_t floatToBfloat(float value); // nearest, ties to even

} // namespace tril
