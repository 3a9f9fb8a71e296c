//===- Quantization.cpp -------------------------------------------------------------------===//
#include "runtime/Quantization.h"
#include "runtime/Quote.h"
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

// A product and a sum are rounded one by one, on every machine.
#pragma clang fp contract(off)

namespace tril {

namespace {

template <typename T> T read(const std::byte *at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
float half(const std::byte *at) { return halfToFloat(read<uint16_t>(at)); }
int byteAt(const std::byte *at) { return std::to_integer<int>(*at); }

/// The 6-bit scale and minimum of sub-block j of a q4_k or q5_k block, packed in 12 bytes.
void scaleAndMinimum(const std::byte *q, int j, int &scale, int &minimum) {
  if (j < 4) {
    scale = byteAt(q + j) & 63;
    minimum = byteAt(q + j + 4) & 63;
  } else {
    scale = (byteAt(q + j + 4) & 15) | ((byteAt(q + j - 4) >> 6) << 4);
    minimum = (byteAt(q + j + 4) >> 4) | ((byteAt(q + j) >> 6) << 4);
  }
}

void decode4(const std::byte *block, bool minima, bool fifth, float *out) {
  const float d = half(block);
  const std::byte *at = block + (minima ? 4 : 2);
  uint32_t high = 0;
  if (fifth) {
    high = read<uint32_t>(at);
    at += 4;
  }
  int bias = minima ? 0 : fifth ? 16 : 8;
  for (int j = 0; j < 16; ++j) {
    int low = (byteAt(at + j) & 15) | (fifth ? ((high >> j) & 1) << 4 : 0);
    int top = (byteAt(at + j) >> 4) | (fifth ? ((high >> (j + 16)) & 1) << 4 : 0);
    out[j] = static_cast<float>(low - bias) * d;
    out[j + 16] = static_cast<float>(top - bias) * d;
  }
  if (minima) { // apart, as a sum with zero would lose the sign of -0
    const float m = half(block + 2);
    for (int j = 0; j < 32; ++j)
      out[j] += m;
  }
}

void decodeK(const std::byte *block, bool fifth, float *out) {
  float d = half(block), dmin = half(block + 2);
  const std::byte *scales = block + 4, *high = block + 16, *q = block + (fifth ? 48 : 16);
  for (int j = 0; j < 8; ++j) {
    int scale, minimum;
    scaleAndMinimum(scales, j, scale, minimum);
    float ds = d * static_cast<float>(scale), dm = dmin * static_cast<float>(minimum);
    for (int l = 0; l < 32; ++l) {
      int code = byteAt(q + j / 2 * 32 + l) >> (j % 2 * 4) & 15;
      if (fifth)
        code |= (byteAt(high + l) >> j & 1) << 4;
      out[32 * j + l] = ds * static_cast<float>(code) - dm;
    }
  }
}

void decode6(const std::byte *block, float *out) {
  const std::byte *low = block, *high = block + 128, *scales = block + 192;
  float d = half(block + 208);
  for (int n = 0; n < 2; ++n, low += 64, high += 32, scales += 8, out += 128)
    for (int l = 0; l < 32; ++l) {
      int h = byteAt(high + l);
      int codes[4] = {
          (byteAt(low + l) & 15) | (h & 3) << 4, (byteAt(low + l + 32) & 15) | (h >> 2 & 3) << 4,
          byteAt(low + l) >> 4 | (h >> 4 & 3) << 4, byteAt(low + l + 32) >> 4 | (h >> 6 & 3) << 4};
      for (int k = 0; k < 4; ++k)
        out[l + 32 * k] = d *
                          static_cast<float>(static_cast<int8_t>(byteAt(scales + l / 16 + 2 * k))) *
                          static_cast<float>(codes[k] - 32);
    }
}

} // namespace

float halfToFloat(uint16_t bits) {
  uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31, mantissa = bits & 0x3ff;
  if (exponent == 31)
    return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  if (exponent == 0) {
    float value = std::ldexp(static_cast<float>(mantissa), -24);
    return sign ? -value : value;
  }
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

uint16_t floatToHalf(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint16_t sign = bits >> 16 & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x7f800000)
    return sign | 0x7c00 | (magnitude > 0x7f800000 ? 0x200 : 0);
  if (magnitude >= 0x477ff000) // rounds to more than the largest half
    return sign | 0x7c00;
  if (magnitude < 0x38800000) // below the smallest normal: a multiple of 2^-24
    return sign | static_cast<uint16_t>(std::nearbyint(std::ldexp(std::fabs(value), 24)));
  uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return sign | static_cast<uint16_t>((rounded >> 13) - (112u << 10));
}

float bfloatToFloat(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t floatToBfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return bits >> 16 | 0x40;
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

StoredBlock storedBlock(StoredType type) {
  switch (type) {
  case StoredType::f32:
  case StoredType::i32:
    return {1, 4};
  case StoredType::f16:
  case StoredType::bf16:
  case StoredType::i16:
    return {1, 2};
  case StoredType::f64:
  case StoredType::i64:
    return {1, 8};
  case StoredType::q8_0:
    return {32, 34};
  case StoredType::q4_0:
    return {32, 18};
  case StoredType::q4_1:
    return {32, 20};
  case StoredType::q5_0:
    return {32, 22};
  case StoredType::q5_1:
    return {32, 24};
  case StoredType::q4_k:
    return {256, 144};
  case StoredType::q5_k:
    return {256, 176};
  case StoredType::q6_k:
    return {256, 210};
  default:
    return {1, 1};
  }
}

void dequantizeBlock(StoredType type, const std::byte *block, float *out) {
  switch (type) {
  case StoredType::f32:
    *out = read<float>(block);
    return;
  case StoredType::f16:
    *out = half(block);
    return;
  case StoredType::bf16:
    *out = bfloatToFloat(read<uint16_t>(block));
    return;
  case StoredType::f64:
    *out = static_cast<float>(read<double>(block));
    return;
  case StoredType::i8:
    *out = read<int8_t>(block);
    return;
  case StoredType::i16:
    *out = read<int16_t>(block);
    return;
  case StoredType::i32:
    *out = static_cast<float>(read<int32_t>(block));
    return;
  case StoredType::i64:
    *out = static_cast<float>(read<int64_t>(block));
    return;
  case StoredType::u8:
    *out = static_cast<float>(byteAt(block));
    return;
  case StoredType::boolean:
    *out = byteAt(block) ? 1 : 0;
    return;
  case StoredType::q8_0: {
    float d = half(block);
    for (int j = 0; j < 32; ++j)
      out[j] = d * static_cast<float>(static_cast<int8_t>(byteAt(block + 2 + j)));
    return;
  }
  case StoredType::q4_0:
    return decode4(block, /*minima=*/false, /*fifth=*/false, out);
  case StoredType::q4_1:
    return decode4(block, /*minima=*/true, /*fifth=*/false, out);
  case StoredType::q5_0:
    return decode4(block, /*minima=*/false, /*fifth=*/true, out);
  case StoredType::q5_1:
    return decode4(block, /*minima=*/true, /*fifth=*/true, out);
  case StoredType::q4_k:
    return decodeK(block, /*fifth=*/false, out);
  case StoredType::q5_k:
    return decodeK(block, /*fifth=*/true, out);
  case StoredType::q6_k:
    return decode6(block, out);
  case StoredType::unsupported:
    return;
  }
}

void dequantize(const Tensor &tensor, int64_t begin, int64_t count, float *out) {
  if (tensor.type == StoredType::unsupported)
    throw Error("tensor " + quote(tensor.name) + " is stored as " + tensor.typeText +
                ", which cannot be read");
  const StoredBlock layout = storedBlock(tensor.type);
  assert(begin >= 0 && count >= 0 &&
         static_cast<size_t>((begin + count + layout.elements - 1) / layout.elements *
                             layout.bytes) <= tensor.bytes);
  float numbers[256];
  for (int64_t i = begin; i < begin + count;) {
    int64_t first = i % layout.elements, n = std::min(layout.elements - first, begin + count - i);
    const std::byte *block = tensor.data + i / layout.elements * layout.bytes;
    if (n == layout.elements)
      dequantizeBlock(tensor.type, block, out);
    else {
      dequantizeBlock(tensor.type, block, numbers);
      std::memcpy(out, numbers + first, n * sizeof(float));
    }
    out += n;
    i += n;
  }
}

} // namespace tril
