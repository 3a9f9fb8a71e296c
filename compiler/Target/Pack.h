//===- Pack.h - weights as the kernels read them
//------------------------------------------------===//
// A weight W[n][k] (n output rows, k inputs) is stored in groups of 16 rows, one row a lane, so
// that a contraction needs no horizontal sum and one row of activations sums in the same order as
// many.  A group of K inputs is three areas in a row:
//
//   codes   per block of 32 inputs, one dword a lane and chunk: byte 4 * lane + e of chunk c (64
//   bytes each) holds
//             8 bits   8 chunks  input 4c + e, stored + 128
//             4 bits   4 chunks  low nibble: input 4c + e, high nibble: input 16 + 4c + e
//             5 bits   4 chunks as for 4 bits, then 1 chunk of high bits: bit j of byte e belongs
//             to input 4j + e 6 bits   4 chunks as for 4 bits, then 2 chunks: bits 2(j % 4).. of
//             byte e of chunk j / 4 to input 4j + e
//   sub     per block: q4_k, q5_k: 16 u8 scales, 16 u8 minima;  q6_k: 16 i8 scales of inputs 0-15,
//   16 of inputs 16-31 scales  per block: 16 f16 d, and 16 f16 m (q4_1, q5_1);  per 256 inputs: 16
//   f16 d, and 16 f16 dmin (q4_k, q5_k)
//
// f32, f16 and bf16 are [K][16] of their own type.  A group is padded to a multiple of 64 bytes,
// rows past the last are zero. The numbers are those of the stored blocks (ggml's layouts), bit for
// bit; no requantisation takes place.
#pragma once
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include <cstddef>
#include <cstdint>
#include <optional>

namespace tril {

enum class PackedFormat { f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q5_k, q6_k };
inline constexpr int packedFormatCount = 11;

/// Rows of a group.
inline constexpr int64_t packedRows = 16;

/// The shape of a format. All byte counts are for 16 rows.
struct PackedLayout {
  int bits;         ///< of a code; 32 or 16 for the float formats
  int blockInputs;  ///< inputs that share codes and scales: 1 or 32
  int codeBytes;    ///< a block
  int subBytes;     ///< a block
  int scaleBytes;   ///< for every scaleInputs
  int scaleInputs;  ///< 32 or 256
  int bias;         ///< what is subtracted from a code before it is scaled
  bool minima;      ///< a minimum is added (q4_1, q5_1) or subtracted (q4_k, q5_k)
  int storedBytes;  ///< a stored block of one row
  int storedInputs; ///< its inputs: 1, 32 or 256

  bool isFloat() const { return blockInputs == 1; }
  int64_t codesSize(int64_t inputs) const { return inputs / blockInputs * codeBytes; }
  int64_t subSize(int64_t inputs) const { return inputs / blockInputs * subBytes; }
  int64_t scalesSize(int64_t inputs) const { return inputs / scaleInputs * scaleBytes; }
  int64_t groupBytes(int64_t inputs) const {
    return (codesSize(inputs) + subSize(inputs) + scalesSize(inputs) + 63) / 64 * 64;
  }
};

const PackedLayout &packedLayout(PackedFormat format);
llvm::StringRef packedFormatName(PackedFormat format);
std::optional<PackedFormat> parsePackedFormat(llvm::StringRef name);

/// Inputs must be a multiple of this: 1, 32 or 256.
int64_t inputGranularity(PackedFormat format);

/// What weights with so many inputs are rounded to where `wanted` is asked for (f16, bf16, q8_0,
/// q4_0 or q4_k): that; q5_0 in place of q4_k where inputs are whole blocks of 32 but not of 256;
/// nothing where no block fits.
std::optional<PackedFormat> quantizedFormat(PackedFormat wanted, int64_t inputs);

/// Bytes of `rows` x `inputs` packed weights.
int64_t packedBytes(PackedFormat format, int64_t rows, int64_t inputs);

/// The stored row (blocks in a row, ggml's layout; plain elements of the float formats) of output
/// n; null for a row of zeros.
using StoredRow = llvm::function_ref<const std::byte *(int64_t n)>;

/// Packs the groups groupBegin..groupEnd of `rows` x `inputs` weights; `out` is the start of the
/// whole weight (64-byte aligned when kernels read it). For the float formats `inputStride` is the
/// distance of two inputs of a row in elements, so that transposed matrices are packed without a
/// copy.
void pack(PackedFormat format, StoredRow row, int64_t rows, int64_t inputs, int64_t groupBegin,
          int64_t groupEnd, std::byte *out, int64_t inputStride = 1);

/// All groups.
inline void pack(PackedFormat format, StoredRow row, int64_t rows, int64_t inputs, std::byte *out,
                 int64_t inputStride = 1) {
  pack(format, row, rows, inputs, 0, (rows + packedRows - 1) / packedRows, out, inputStride);
}

/// One weight from packed ones, computed in f32 as ggml dequantises.
float unpackElement(PackedFormat format, const std::byte *packed, int64_t n, int64_t k,
                    int64_t inputs);

} // namespace tril
