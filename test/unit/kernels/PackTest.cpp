//===- PackTest.cpp - packed weights are the stored numbers
//-------------------------------------===//
#include "Conversion/Kernels/Unpack.h"
#include "Jit.h"
#include "Weights.h"
#include "runtime/Quantization.h"
#include <gtest/gtest.h>

using namespace tril;
using namespace tril::test;

namespace {

class PackTest : public ::testing::TestWithParam<PackedFormat> {};

TEST_P(PackTest, GeneratedUnpackingEqualsPlainUnpacking) {
  PackedFormat format = GetParam();
  using Unpack = void(const void *w, int64_t n, int64_t k0, int64_t k1, int64_t k, float *out);
  constexpr int64_t rows = 21, inputs = 512;
  StoredWeights stored(format, rows, inputs);
  Buffer<std::byte> packed(packedBytes(format, rows, inputs));
  pack(format, [&](int64_t n) { return stored.row(n); }, rows, inputs, packed.get());
  for (const char *name : {"native", "x86-64-v2"}) {
    Machine machine = llvm::cantFail(Machine::named(name));
    Jit jit(machine,
            [&](mlir::ModuleOp module) { kernels::getOrCreateUnpackRow(module, machine, format); });
    auto *unpack = jit.get<Unpack>("tril_unpack_" + packedFormatName(format).str());
    for (int64_t n : {0, 5, 15, 20}) {
      std::vector<float> row(inputs + 1, -77), expected(inputs + 1, -77);
      unpack(packed.get(), n, 0, inputs, inputs, row.data());
      for (int64_t k = 0; k < inputs; ++k)
        expected[k] = unpackElement(format, packed.get(), n, k, inputs);
      EXPECT_EQ(std::memcmp(row.data(), expected.data(), row.size() * 4), 0)
          << name << " row " << n;
      std::vector<float> part(10, -77);
      unpack(packed.get(), n, 250, 259, inputs, part.data());
      EXPECT_EQ(std::memcmp(part.data(), &expected[250], 9 * 4), 0);
      EXPECT_EQ(part[9], -77);
    }
  }
}

TEST_P(PackTest, PackedIsWhatTheCheckpointMeans) {
  PackedFormat format = GetParam();
  constexpr StoredType types[] = {StoredType::f32,  StoredType::f16,  StoredType::bf16,
                                  StoredType::q8_0, StoredType::q4_0, StoredType::q4_1,
                                  StoredType::q5_0, StoredType::q5_1, StoredType::q4_k,
                                  StoredType::q5_k, StoredType::q6_k};
  StoredType type = types[static_cast<int>(format)];
  constexpr int64_t rows = 3, inputs = 512;
  StoredWeights stored(format, rows, inputs);
  Buffer<std::byte> packed(packedBytes(format, rows, inputs));
  pack(format, [&](int64_t n) { return stored.row(n); }, rows, inputs, packed.get());
  StoredBlock block = storedBlock(type);
  ASSERT_EQ(block.bytes, packedLayout(format).storedBytes);
  std::vector<float> numbers(block.elements);
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < inputs; ++k) {
      if (k % block.elements == 0)
        dequantizeBlock(type, stored.row(n) + k / block.elements * block.bytes, numbers.data());
      ASSERT_EQ(unpackElement(format, packed.get(), n, k, inputs), numbers[k % block.elements])
          << "row " << n << " input " << k;
    }
}

TEST_P(PackTest, PermutedAndMissingRows) {
  PackedFormat format = GetParam();
  constexpr int64_t rows = 20, inputs = 256;
  StoredWeights stored(format, rows, inputs);
  Buffer<std::byte> plain(packedBytes(format, rows, inputs)),
      other(packedBytes(format, rows, inputs));
  pack(format, [&](int64_t n) { return stored.row(n); }, rows, inputs, plain.get());
  // Two calls for two ranges of groups; rows in reverse, row 3 left out.
  auto row = [&](int64_t n) { return n == 3 ? nullptr : stored.row(rows - 1 - n); };
  pack(format, row, rows, inputs, 1, 2, other.get());
  pack(format, row, rows, inputs, 0, 1, other.get());
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < inputs; k += 7)
      EXPECT_EQ(unpackElement(format, other.get(), n, k, inputs),
                n == 3 ? 0 : unpackElement(format, plain.get(), rows - 1 - n, k, inputs));
  for (int64_t n = rows; n < 32; ++n)
    EXPECT_EQ(unpackElement(format, plain.get(), n, 9, inputs), 0) << "rows past the last are 0";
}

std::vector<PackedFormat> allFormats() {
  std::vector<PackedFormat> formats;
  for (int i = 0; i < packedFormatCount; ++i)
    formats.push_back(static_cast<PackedFormat>(i));
  return formats;
}

INSTANTIATE_TEST_SUITE_P(AllFormats, PackTest, ::testing::ValuesIn(allFormats()),
                         [](const auto &info) { return packedFormatName(info.param).str(); });

TEST(Pack, TransposedFloats) {
  // [inputs][rows] in memory.
  constexpr int64_t rows = 18, inputs = 5;
  std::vector<float> source(rows * inputs);
  for (size_t i = 0; i < source.size(); ++i)
    source[i] = float(i);
  Buffer<std::byte> packed(packedBytes(PackedFormat::f32, rows, inputs));
  pack(
      PackedFormat::f32, [&](int64_t n) { return reinterpret_cast<const std::byte *>(&source[n]); },
      rows, inputs, packed.get(), rows);
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < inputs; ++k)
      EXPECT_EQ(unpackElement(PackedFormat::f32, packed.get(), n, k, inputs), source[k * rows + n]);
}

TEST(Pack, SizesAndNames) {
  // 16 rows of 32 inputs, as the stored blocks: 20 and 18 bytes a row.
  EXPECT_EQ(packedBytes(PackedFormat::q4_1, 16, 1024), 16 * 32 * 20);
  EXPECT_EQ(packedBytes(PackedFormat::q4_0, 16, 1024), 16 * 32 * 18);
  EXPECT_EQ(packedBytes(PackedFormat::q8_0, 17, 1024), 2 * 16 * 32 * 34);
  EXPECT_EQ(packedBytes(PackedFormat::q6_k, 16, 1024), 16 * 4 * 210);
  EXPECT_LE(packedBytes(PackedFormat::q4_k, 16, 1024), 16 * 4 * 144 * 1.03);
  EXPECT_EQ(parsePackedFormat("Q4_K"), PackedFormat::q4_k);
  EXPECT_EQ(parsePackedFormat("q9_9"), std::nullopt);
  EXPECT_EQ(inputGranularity(PackedFormat::q6_k), 256);
}

/// Stored blocks written out by hand, with the numbers that they mean.
TEST(Pack, StoredBlocksMeanWhatTheyMean) {
  auto unpackBlock = [](PackedFormat format, const std::vector<uint8_t> &block, int64_t k) {
    int64_t inputs = inputGranularity(format);
    Buffer<std::byte> packed(packedBytes(format, 1, inputs));
    pack(
        format, [&](int64_t) { return reinterpret_cast<const std::byte *>(block.data()); }, 1,
        inputs, packed.get());
    return unpackElement(format, packed.get(), 0, k, inputs);
  };
  // d = 0.5 (0x3800), m = 3 (0x4200); byte i of the nibbles is 0xA5 + i for the first.
  std::vector<uint8_t> q41(20, 0);
  q41[1] = 0x38, q41[3] = 0x42, q41[4] = 0xA5, q41[19] = 0x3F;
  EXPECT_EQ(unpackBlock(PackedFormat::q4_1, q41, 0), 0.5F * 5 + 3);
  EXPECT_EQ(unpackBlock(PackedFormat::q4_1, q41, 16), 0.5F * 10 + 3);
  EXPECT_EQ(unpackBlock(PackedFormat::q4_1, q41, 15), 0.5F * 15 + 3);
  EXPECT_EQ(unpackBlock(PackedFormat::q4_1, q41, 31), 0.5F * 3 + 3);
  std::vector<uint8_t> q80(34, 0);
  q80[1] = 0x38, q80[2] = 0x80, q80[33] = 0x7F;
  EXPECT_EQ(unpackBlock(PackedFormat::q8_0, q80, 0), -64);
  EXPECT_EQ(unpackBlock(PackedFormat::q8_0, q80, 31), 63.5F);
  std::vector<uint8_t> q50(22, 0);
  q50[1] = 0x38, q50[4] = 0x02,
  q50[7] = 0x31; // bit 17 of the high bits; nibbles of inputs 1 and 17
  EXPECT_EQ(unpackBlock(PackedFormat::q5_0, q50, 1), 0.5F * (1 - 16));
  EXPECT_EQ(unpackBlock(PackedFormat::q5_0, q50, 17), 0.5F * (16 + 3 - 16));
  // q4_k: sub-block 5 has scale 0x2B = nibble B of byte 9 and top bits 2 of byte 1, minimum 0x1C
  // likewise (byte 5).
  std::vector<uint8_t> q4k(144, 0);
  q4k[1] = 0x38, q4k[3] = 0x3C;
  q4k[4 + 9] = 0xCB, q4k[4 + 1] = 0x80, q4k[4 + 5] = 0x40;
  q4k[16 + 2 * 32 + 7] = 0x93; // inputs 128 + 7 (sub-block 4) and 160 + 7 (sub-block 5)
  EXPECT_EQ(unpackBlock(PackedFormat::q4_k, q4k, 167), 0.5F * 0x2B * 9 - 0x1C);
  EXPECT_EQ(unpackBlock(PackedFormat::q4_k, q4k, 135), 0);
  // q5_k: the fifth bit of sub-block 5 is bit 5.
  std::vector<uint8_t> q5k(176, 0);
  q5k[1] = 0x38, q5k[4 + 9] = 0x0B, q5k[16 + 7] = 0x20, q5k[48 + 2 * 32 + 7] = 0x93;
  EXPECT_EQ(unpackBlock(PackedFormat::q5_k, q5k, 167), 0.5F * 0x0B * 25);
  // q6_k: input 128 + 3 * 32 + 20 (sub-block 7): high nibble of ql[64 + 32 + 20], bits 6-7 of qh[32
  // + 20], scale 15.
  std::vector<uint8_t> q6k(210, 0);
  q6k[209] = 0x38, q6k[64 + 52] = 0x70, q6k[128 + 52] = 0xC0, q6k[192 + 15] = 0xFE;
  EXPECT_EQ(unpackBlock(PackedFormat::q6_k, q6k, 244), 0.5F * -2 * (0x37 - 32));
}

} // namespace
