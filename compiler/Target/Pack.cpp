//===- Pack.cpp - weights as the kernels read them
//----------------------------------------------===//
#include "Target/Pack.h"
#include "llvm/ADT/bit.h"
#include <array>
#include <cstring>

using namespace tril;

static constexpr std::array<PackedLayout, packedFormatCount> layouts = {{
    // bits inputs code sub scale per bias minima stored inputs
    {32, 1, 64, 0, 0, 32, 0, false, 4, 1},          // f32
    {16, 1, 32, 0, 0, 32, 0, false, 2, 1},          // f16
    {16, 1, 32, 0, 0, 32, 0, false, 2, 1},          // bf16
    {8, 32, 512, 0, 32, 32, 128, false, 34, 32},    // q8_0
    {4, 32, 256, 0, 32, 32, 8, false, 18, 32},      // q4_0
    {4, 32, 256, 0, 64, 32, 0, true, 20, 32},       // q4_1
    {5, 32, 320, 0, 32, 32, 16, false, 22, 32},     // q5_0
    {5, 32, 320, 0, 64, 32, 0, true, 24, 32},       // q5_1
    {4, 32, 256, 32, 64, 256, 0, true, 144, 256},   // q4_k
    {5, 32, 320, 32, 64, 256, 0, true, 176, 256},   // q5_k
    {6, 32, 384, 32, 32, 256, 32, false, 210, 256}, // q6_k
}};

static constexpr std::array<const char *, packedFormatCount> names = {
    "f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k"};

const PackedLayout &tril::packedLayout(PackedFormat format) {
  return layouts[static_cast<size_t>(format)];
}

llvm::StringRef tril::packedFormatName(PackedFormat format) {
  return names[static_cast<size_t>(format)];
}

std::optional<PackedFormat> tril::parsePackedFormat(llvm::StringRef name) {
  for (int i = 0; i < packedFormatCount; ++i)
    if (name.equals_insensitive(names[i]))
      return static_cast<PackedFormat>(i);
  return std::nullopt;
}

int64_t tril::inputGranularity(PackedFormat format) { return packedLayout(format).storedInputs; }

std::optional<PackedFormat> tril::quantizedFormat(PackedFormat wanted, int64_t inputs) {
  for (PackedFormat format : {wanted, PackedFormat::q5_0})
    if (inputs % inputGranularity(format) == 0 &&
        (format == wanted || wanted == PackedFormat::q4_k))
      return format;
  return std::nullopt;
}

int64_t tril::packedBytes(PackedFormat format, int64_t rows, int64_t inputs) {
  return (rows + packedRows - 1) / packedRows * packedLayout(format).groupBytes(inputs);
}

/// One block of 32 inputs of one row, taken apart.
namespace {
struct Block {
  std::array<uint8_t, 32> codes = {}; // biased, not negative
  std::array<uint8_t, 2> sub = {};    // scale and minimum, or two scales
  std::array<uint16_t, 2> scale = {}; // f16: d, m or dmin
};
} // namespace

static uint16_t half(const uint8_t *p) { return static_cast<uint16_t>(p[0] | p[1] << 8); }

/// 32 nibbles as the blocks of 32 inputs keep them: the low ones are inputs 0-15.
static void nibbles(const uint8_t *p, Block &block) {
  for (int i = 0; i < 16; ++i) {
    block.codes[i] = p[i] & 15;
    block.codes[16 + i] = p[i] >> 4;
  }
}

static void highBits(const uint8_t *p, Block &block) {
  for (int i = 0; i < 32; ++i)
    block.codes[i] |= (p[i / 8] >> (i % 8) & 1) << 4;
}

/// The 6-bit scale and minimum of sub-block j, packed in 12 bytes.
static void scaleAndMinimum(const uint8_t *p, int j, Block &block) {
  if (j < 4)
    block.sub = {static_cast<uint8_t>(p[j] & 63), static_cast<uint8_t>(p[j + 4] & 63)};
  else
    block.sub = {static_cast<uint8_t>((p[j + 4] & 15) | (p[j - 4] >> 6) << 4),
                 static_cast<uint8_t>((p[j + 4] >> 4) | (p[j] >> 6) << 4)};
}

static Block readBlock(PackedFormat format, const uint8_t *row, int64_t b) {
  const PackedLayout &layout = packedLayout(format);
  const uint8_t *p = row + b * 32 / layout.storedInputs * layout.storedBytes;
  int sub = static_cast<int>(b % 8);
  Block block;
  switch (format) {
  case PackedFormat::q8_0:
    block.scale[0] = half(p);
    for (int i = 0; i < 32; ++i)
      block.codes[i] = p[2 + i] ^ 0x80;
    break;
  case PackedFormat::q4_0:
    block.scale[0] = half(p);
    nibbles(p + 2, block);
    break;
  case PackedFormat::q4_1:
    block.scale = {half(p), half(p + 2)};
    nibbles(p + 4, block);
    break;
  case PackedFormat::q5_0:
    block.scale[0] = half(p);
    nibbles(p + 6, block);
    highBits(p + 2, block);
    break;
  case PackedFormat::q5_1:
    block.scale = {half(p), half(p + 2)};
    nibbles(p + 8, block);
    highBits(p + 4, block);
    break;
  case PackedFormat::q4_k:
  case PackedFormat::q5_k: {
    block.scale = {half(p), half(p + 2)};
    scaleAndMinimum(p + 4, sub, block);
    bool five = format == PackedFormat::q5_k;
    const uint8_t *low = p + (five ? 48 : 16) + sub / 2 * 32;
    for (int i = 0; i < 32; ++i) {
      block.codes[i] = low[i] >> (sub % 2 * 4) & 15;
      if (five)
        block.codes[i] |= (p[16 + i] >> sub & 1) << 4;
    }
    break;
  }
  case PackedFormat::q6_k: {
    // 128 inputs a half; sub-block s of a half takes nibble s / 2 of bytes 32 (s % 2).. and bits 2
    // s of the high ones.
    int s = sub % 4;
    const uint8_t *low = p + sub / 4 * 64 + s % 2 * 32, *high = p + 128 + sub / 4 * 32;
    for (int i = 0; i < 32; ++i)
      block.codes[i] = (low[i] >> (s / 2 * 4) & 15) | (high[i] >> (2 * s) & 3) << 4;
    block.sub = {p[192 + 2 * sub], p[192 + 2 * sub + 1]};
    block.scale[0] = half(p + 208);
    break;
  }
  case PackedFormat::f32:
  case PackedFormat::f16:
  case PackedFormat::bf16:
    break;
  }
  return block;
}

/// Puts a block's codes into lane `lane` of the codes of a group.
static void writeCodes(int bits, const Block &block, int lane, uint8_t *out) {
  for (int i = 0; i < 32; ++i) {
    int j = i / 4, e = i % 4, at = 4 * lane + e;
    uint8_t code = block.codes[i];
    if (bits == 8) {
      out[64 * j + at] = code;
      continue;
    }
    out[64 * (j % 4) + at] |= (code & 15) << (j / 4 * 4);
    if (bits == 5)
      out[256 + at] |= (code >> 4) << j;
    if (bits == 6)
      out[256 + 64 * (j / 4) + at] |= (code >> 4) << (2 * (j % 4));
  }
}

static uint8_t readCode(int bits, const uint8_t *codes, int lane, int i) {
  int j = i / 4, e = i % 4, at = 4 * lane + e;
  if (bits == 8)
    return codes[64 * j + at];
  int code = codes[64 * (j % 4) + at] >> (j / 4 * 4) & 15;
  if (bits == 5)
    code |= (codes[256 + at] >> j & 1) << 4;
  if (bits == 6)
    code |= (codes[256 + 64 * (j / 4) + at] >> (2 * (j % 4)) & 3) << 4;
  return static_cast<uint8_t>(code);
}

void tril::pack(PackedFormat format, StoredRow row, int64_t rows, int64_t inputs,
                int64_t groupBegin, int64_t groupEnd, std::byte *out, int64_t inputStride) {
  const PackedLayout &layout = packedLayout(format);
  int64_t bytes = layout.groupBytes(inputs), element = layout.storedBytes;
  for (int64_t g = groupBegin; g < groupEnd; ++g) {
    auto *group = reinterpret_cast<uint8_t *>(out) + g * bytes;
    std::memset(group, 0, bytes);
    for (int64_t lane = 0; lane < packedRows && g * packedRows + lane < rows; ++lane) {
      const auto *source = reinterpret_cast<const uint8_t *>(row(g * packedRows + lane));
      if (!source)
        continue;
      if (layout.isFloat()) {
        for (int64_t k = 0; k < inputs; ++k)
          std::memcpy(group + k * layout.codeBytes + lane * element,
                      source + k * inputStride * element, element);
        continue;
      }
      uint8_t *sub = group + layout.codesSize(inputs), *scales = sub + layout.subSize(inputs);
      for (int64_t b = 0; b < inputs / 32; ++b) {
        Block block = readBlock(format, source, b);
        writeCodes(layout.bits, block, static_cast<int>(lane), group + b * layout.codeBytes);
        for (int i = 0; i < layout.subBytes / 16; ++i)
          sub[b * layout.subBytes + 16 * i + lane] = block.sub[i];
        uint8_t *scale = scales + b * 32 / layout.scaleInputs * layout.scaleBytes;
        for (int i = 0; i < layout.scaleBytes / 32; ++i)
          std::memcpy(scale + 32 * i + 2 * lane, &block.scale[i], 2);
      }
    }
  }
}

static float halfToFloat(uint16_t h) {
  // Shifted into place, the exponent is 112 too small; the multiplication is exact and handles
  // denormals.
  uint32_t magnitude = (h & 0x7fffu) << 13, sign = (h & 0x8000u) << 16;
  if (magnitude >= 0x7c00u << 13) // infinity or NaN
    return llvm::bit_cast<float>(magnitude | 0x7f800000u | sign);
  float value = llvm::bit_cast<float>(magnitude) * 0x1p112f;
  return llvm::bit_cast<float>(llvm::bit_cast<uint32_t>(value) | sign);
}

float tril::unpackElement(PackedFormat format, const std::byte *packed, int64_t n, int64_t k,
                          int64_t inputs) {
  const PackedLayout &layout = packedLayout(format);
  const auto *group =
      reinterpret_cast<const uint8_t *>(packed) + n / packedRows * layout.groupBytes(inputs);
  int lane = static_cast<int>(n % packedRows);
  if (layout.isFloat()) {
    const uint8_t *p = group + k * layout.codeBytes + lane * layout.storedBytes;
    if (format == PackedFormat::f16)
      return halfToFloat(half(p));
    if (format == PackedFormat::bf16)
      return llvm::bit_cast<float>(static_cast<uint32_t>(half(p)) << 16);
    float value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }
  int64_t b = k / 32;
  int i = static_cast<int>(k % 32);
  const uint8_t *sub = group + layout.codesSize(inputs) + b * layout.subBytes;
  const uint8_t *scale = group + layout.codesSize(inputs) + layout.subSize(inputs) +
                         k / layout.scaleInputs * layout.scaleBytes;
  auto code = static_cast<float>(readCode(layout.bits, group + b * layout.codeBytes, lane, i) -
                                 layout.bias);
  float d = halfToFloat(half(scale + 2 * lane));
  switch (format) {
  case PackedFormat::q4_1:
  case PackedFormat::q5_1:
    return d * code + halfToFloat(half(scale + 32 + 2 * lane));
  case PackedFormat::q4_k:
  case PackedFormat::q5_k:
    return d * static_cast<float>(sub[lane]) * code -
           halfToFloat(half(scale + 32 + 2 * lane)) * static_cast<float>(sub[16 + lane]);
  case PackedFormat::q6_k:
    return d * static_cast<float>(static_cast<int8_t>(sub[i / 16 * 16 + lane])) * code;
  default:
    return d * code;
  }
}
