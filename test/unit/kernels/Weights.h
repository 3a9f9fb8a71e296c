//===- Weights.h - random stored weights for tests and benchmarks
//-------------------------------===//
#pragma once
#include "Target/Pack.h"
#include <cstring>
#include <random>
#include <vector>

namespace tril::test {

/// Rows of stored blocks with random codes and reasonable scales.
class StoredWeights {
public:
  StoredWeights(PackedFormat format, int64_t rows, int64_t inputs, unsigned seed = 1)
      : rows(rows), inputs(inputs), layout(packedLayout(format)),
        rowBytes(inputs / layout.storedInputs * layout.storedBytes), bytes(rows * rowBytes) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-1, 1);
    if (format == PackedFormat::f32) {
      for (int64_t i = 0; i < rows * inputs; ++i) {
        float value = uniform(random);
        std::memcpy(&bytes[4 * i], &value, 4);
      }
      return;
    }
    for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      uint32_t word = random();
      std::memcpy(&bytes[i], &word, 4);
    }
    int64_t blocks = rows * inputs / layout.storedInputs;
    for (int64_t b = 0; b < blocks; ++b) {
      uint8_t *block = &bytes[b * layout.storedBytes];
      // Halves from 2^-7 to 2^-5 of either sign (the float formats: to 1).
      auto scale = [&](int offset, bool negative) {
        uint16_t h =
            format == PackedFormat::bf16 ? 0x3c00 + random() % 0x380 : 0x2000 + random() % 0x7ff;
        h |= negative ? 0x8000 : 0;
        std::memcpy(block + offset, &h, 2);
      };
      if (layout.isFloat())
        scale(0, random() & 1);
      else
        scale(format == PackedFormat::q6_k ? 208 : 0, random() % 8 == 0);
      if (layout.minima)
        scale(2, format != PackedFormat::q4_k && format != PackedFormat::q5_k);
    }
  }

  const std::byte *row(int64_t n) const {
    return reinterpret_cast<const std::byte *>(bytes.data() + n * rowBytes);
  }

  int64_t rows, inputs;

private:
  const PackedLayout &layout;
  int64_t rowBytes;
  std::vector<uint8_t> bytes;
};

} // namespace tril::test
