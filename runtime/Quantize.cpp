//===- Quantize.cpp - numbers to stored blocks ---------------------------------------------===//
// Where the `gguf` package quantises (all but q4_k), the blocks are its blocks, bit for bit.
#include "runtime/Quantization.h"
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>

// A product and a sum are rounded one by one, on every machine.
#pragma clang fp contract(off)

namespace tril {

namespace {

void store16(std::byte *at, uint16_t value) { std::memcpy(at, &value, sizeof value); }
std::byte byteOf(int value) { return static_cast<std::byte>(value); }

/// Codes -127..127 of the largest magnitude's 127th part, rounded half away from zero.
void encode8(const float *x, std::byte *block) {
  float most = 0;
  for (int j = 0; j < 32; ++j)
    most = std::max(most, std::fabs(x[j]));
  const float d = most / 127, inverse = d == 0 ? 0 : 1 / d;
  store16(block, floatToHalf(d));
  for (int j = 0; j < 32; ++j)
    block[2 + j] = byteOf(static_cast<int>(std::round(x[j] * inverse)));
}

/// Codes of 4 or 5 bits, the largest magnitude at the end of the range, where there is one code
/// more than at the other.
void encode4(const float *x, bool fifth, std::byte *block) {
  float most = 0;
  for (int j = 0; j < 32; ++j)
    if (std::fabs(x[j]) > std::fabs(most))
      most = x[j];
  const int bias = fifth ? 16 : 8;
  const float d = most / static_cast<float>(-bias), inverse = d == 0 ? 0 : 1 / d;
  auto code = [&](float value) {
    const double place = static_cast<double>(value) * inverse + (bias + 0.5);
    return std::clamp(static_cast<int>(place), 0, 2 * bias - 1);
  };
  store16(block, floatToHalf(d));
  uint32_t high = 0;
  std::byte *at = block + (fifth ? 6 : 2);
  for (int j = 0; j < 16; ++j) {
    const int low = code(x[j]), top = code(x[j + 16]);
    at[j] = byteOf((low & 15) | (top & 15) << 4);
    high |= static_cast<uint32_t>(low >> 4) << j | static_cast<uint32_t>(top >> 4) << (j + 16);
  }
  if (fifth)
    std::memcpy(block + 2, &high, sizeof high);
}

//===-------------------------------------------------------------------------------------------===//
// q4_k: 8 times 32 codes of 4 bits, scale * code - minimum, scales and minima in 6 bits each
//===-------------------------------------------------------------------------------------------===//

/// x is near scale * code - minimum, code in 0..15; neither is negative.
struct Line {
  float scale = 0, minimum = 0;

  int code(float value) const {
    return scale > 0 ? std::clamp(static_cast<int>(std::lrint((value + minimum) / scale)), 0, 15)
                     : 0;
  }
  /// The sum of squared differences.
  float error(const float *x) const {
    float sum = 0;
    for (int j = 0; j < 32; ++j) {
      const float off = scale * static_cast<float>(code(x[j])) - minimum - x[j];
      sum += off * off;
    }
    return sum;
  }
};

/// The line with the least squares for the codes that `line` gives.
Line fitted(const Line &line, const float *x) {
  float codes = 0, squares = 0, values = 0, products = 0;
  for (int j = 0; j < 32; ++j) {
    const auto code = static_cast<float>(line.code(x[j]));
    codes += code;
    squares += code * code;
    values += x[j];
    products += code * x[j];
  }
  const float spread = 32 * squares - codes * codes;
  Line result;
  if (spread > 0) {
    result.scale = (32 * products - codes * values) / spread;
    result.minimum = (codes * result.scale - values) / 32;
  }
  if (result.minimum < 0 || spread <= 0) {
    result.minimum = 0;
    result.scale = squares > 0 ? products / squares : 0;
  }
  result.scale = std::max(result.scale, 0.f);
  return result;
}

/// Of lines through the whole range of x and through a little less or more, each fitted, the best.
Line bestLine(const float *x) {
  const float low = std::min(*std::min_element(x, x + 32), 0.f);
  const float high = std::max(*std::max_element(x, x + 32), low);
  Line best{(high - low) / 15, -low};
  float least = best.error(x);
  for (int i = -6; i <= 6; ++i) {
    const Line line = fitted({(high - low) / (15 + 0.3f * static_cast<float>(i)), -low}, x);
    if (const float error = line.error(x); error < least) {
      least = error;
      best = line;
    }
  }
  return best;
}

void encode4K(const float *x, std::byte *block) {
  std::array<Line, 8> lines;
  float scale = 0, minimum = 0;
  for (int j = 0; j < 8; ++j) {
    lines[j] = bestLine(x + 32 * j);
    scale = std::max(scale, lines[j].scale);
    minimum = std::max(minimum, lines[j].minimum);
  }
  const uint16_t d = floatToHalf(scale / 63), m = floatToHalf(minimum / 63);
  store16(block, d);
  store16(block + 2, m);
  const float unit = halfToFloat(d), minimumUnit = halfToFloat(m);
  std::fill(block + 4, block + 144, std::byte{0});
  std::byte *packed = block + 4, *codes = block + 16;
  for (int j = 0; j < 8; ++j) {
    auto nearest = [](float value, float unit) {
      return unit > 0 ? std::clamp(static_cast<int>(std::lrint(value / unit)), 0, 63) : 0;
    };
    // Of the steps near the fitted line, those whose codes come nearest.
    const int s = nearest(lines[j].scale, unit), t = nearest(lines[j].minimum, minimumUnit);
    Line best;
    int bestScale = 0, bestMinimum = 0;
    float least = INFINITY;
    for (int a = std::max(s - 1, 0); a <= std::min(s + 1, 63); ++a)
      for (int b = std::max(t - 1, 0); b <= std::min(t + 1, 63); ++b) {
        const Line line{unit * static_cast<float>(a), minimumUnit * static_cast<float>(b)};
        if (const float error = line.error(x + 32 * j); error < least) {
          least = error;
          best = line;
          bestScale = a;
          bestMinimum = b;
        }
      }
    if (j < 4) {
      packed[j] |= byteOf(bestScale);
      packed[j + 4] |= byteOf(bestMinimum);
    } else {
      packed[j + 4] = byteOf((bestScale & 15) | (bestMinimum & 15) << 4);
      packed[j - 4] |= byteOf(bestScale >> 4 << 6);
      packed[j] |= byteOf(bestMinimum >> 4 << 6);
    }
    for (int l = 0; l < 32; ++l)
      codes[j / 2 * 32 + l] |= byteOf(best.code(x[32 * j + l]) << (j % 2 * 4));
  }
}

} // namespace

void quantizeBlock(StoredType type, const float *numbers, std::byte *block) {
  switch (type) {
  case StoredType::f32:
    std::memcpy(block, numbers, sizeof(float));
    return;
  case StoredType::f16:
    return store16(block, floatToHalf(*numbers));
  case StoredType::bf16:
    return store16(block, floatToBfloat(*numbers));
  case StoredType::q8_0:
    return encode8(numbers, block);
  case StoredType::q4_0:
    return encode4(numbers, /*fifth=*/false, block);
  case StoredType::q5_0:
    return encode4(numbers, /*fifth=*/true, block);
  case StoredType::q4_k:
    return encode4K(numbers, block);
  default:
    assert(false && "nothing is quantised to this type");
  }
}

} // namespace tril
