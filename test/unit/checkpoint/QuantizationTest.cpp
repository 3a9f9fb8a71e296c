//===- QuantizationTest.cpp - stored blocks against other people's code -------------------===//
#include "runtime/Quantization.h"
#include "Support.h"
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace tril;

// The files of make_vectors.py: blocks as the writer of the `gguf` package wrote them, and the
// numbers that its dequantisation gives.
TEST(Quantization, GivesTheNumbersOfTheGgufPackage) {
  const std::string folder = TRIL_TEST_DATA;
  auto blocks = Checkpoint::open(folder + "/blocks.gguf");
  auto numbers = Checkpoint::open(folder + "/numbers.safetensors");
  ASSERT_EQ(blocks->tensors().size(), 11u);
  ASSERT_EQ(numbers->tensors().size(), 11u);
  for (const Tensor &stored : blocks->tensors()) {
    const Tensor *expected = numbers->find(stored.name);
    ASSERT_TRUE(expected) << stored.name;
    EXPECT_EQ(stored.typeText, stored.name);
    EXPECT_EQ(stored.shape, expected->shape) << stored.name;
    const int64_t count = stored.shape[0] * stored.shape[1];
    std::vector<float> got(static_cast<size_t>(count)), want(static_cast<size_t>(count));
    dequantize(stored, 0, count, got.data());
    dequantize(*expected, 0, count, want.data());
    for (size_t i = 0; i < got.size(); ++i) // bit by bit
      ASSERT_EQ(std::bit_cast<uint32_t>(got[i]), std::bit_cast<uint32_t>(want[i]))
          << stored.name << " " << i << ": " << got[i] << " " << want[i];
  }
  const nlohmann::json &metadata = blocks->config();
  EXPECT_EQ(metadata["general.architecture"], "vectors");
  EXPECT_EQ(metadata["names"], nlohmann::json::parse(R"(["é", "", "b"])"));
  EXPECT_EQ(metadata["counts"], nlohmann::json::parse("[3, -4]"));
  EXPECT_EQ(metadata["yes"], true);
  EXPECT_EQ(metadata["third"], 1. / 3.);
  EXPECT_EQ(metadata["large"], UINT64_MAX);
}

TEST(Quantization, ElementTypes) {
  auto number = [](StoredType type, auto value) {
    float result;
    dequantizeBlock(type, reinterpret_cast<const std::byte *>(&value), &result);
    return result;
  };
  EXPECT_EQ(number(StoredType::f64, 0.1), 0.1f);
  EXPECT_EQ(number(StoredType::f64, 1e300), INFINITY);
  EXPECT_EQ(number(StoredType::i8, int8_t(-128)), -128.f);
  EXPECT_EQ(number(StoredType::i16, int16_t(-32768)), -32768.f);
  EXPECT_EQ(number(StoredType::i32, INT32_MIN), -2147483648.f);
  EXPECT_EQ(number(StoredType::i64, INT64_MAX), 9223372036854775808.f);
  EXPECT_EQ(number(StoredType::u8, uint8_t(255)), 255.f);
  EXPECT_EQ(number(StoredType::boolean, uint8_t(2)), 1.f);
  EXPECT_EQ(number(StoredType::boolean, uint8_t(0)), 0.f);
}

TEST(Quantization, StoredTypeNames) {
  EXPECT_EQ(storedTypeName(StoredType::f32), "f32");
  EXPECT_EQ(storedTypeName(StoredType::q4_1), "q4_1");
  EXPECT_EQ(storedTypeName(StoredType::q6_k), "q6_k");
  EXPECT_EQ(storedTypeName(StoredType::boolean), "bool");
  EXPECT_EQ(storedTypeName(StoredType::unsupported), "unsupported");
}

TEST(Quantization, EveryHalf) {
  for (uint32_t bits = 0; bits < 1 << 16; ++bits) {
    const float value = halfToFloat(static_cast<uint16_t>(bits));
    const float expected = static_cast<float>(std::bit_cast<_Float16>(static_cast<uint16_t>(bits)));
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(value)) << bits;
      EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(value)))) << bits;
    } else {
      ASSERT_EQ(std::bit_cast<uint32_t>(value), std::bit_cast<uint32_t>(expected)) << bits;
      ASSERT_EQ(floatToHalf(value), bits);
    }
  }
}

/// The nearest of the numbers of `bits`, as the compiler rounds.
static void expectHalf(float value) {
  if (!std::isnan(value))
    ASSERT_EQ(floatToHalf(value), std::bit_cast<uint16_t>(static_cast<_Float16>(value))) << value;
}

TEST(Quantization, FloatsBecomeTheNearestHalves) {
  // Half way between each two neighbours, and one step to both sides.
  for (uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const float low = halfToFloat(static_cast<uint16_t>(bits));
    const float high = bits == 0x7bff ? 65536.f : halfToFloat(static_cast<uint16_t>(bits + 1));
    const float middle = (low + high) / 2;
    for (float value : {middle, std::nextafter(middle, 0.f), std::nextafter(middle, INFINITY)}) {
      expectHalf(value);
      expectHalf(-value);
    }
  }
  std::mt19937 random(5); // NOLINT(bugprone-random-generator-seed): the same numbers each time
  for (int i = 0; i < 100000; ++i)
    expectHalf(std::bit_cast<float>(static_cast<uint32_t>(random())));
  for (float value : {INFINITY, -INFINITY, 0.f, -0.f, 3e38f, 1e-45f})
    expectHalf(value);
}

TEST(Quantization, FloatsBecomeTheNearestBfloats) {
  for (uint32_t bits = 0; bits < 1 << 16; ++bits) {
    const float value = bfloatToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(bfloatToFloat(floatToBfloat(value))));
      continue;
    }
    ASSERT_EQ(floatToBfloat(value), bits);
    if (std::isinf(value))
      continue;
    const uint32_t whole = bits << 16;
    EXPECT_EQ(floatToBfloat(std::bit_cast<float>(whole | 0x7fff)), bits);
    EXPECT_EQ(floatToBfloat(std::bit_cast<float>(whole | 0x8000)), bits + (bits & 1));
    EXPECT_EQ(floatToBfloat(std::bit_cast<float>(whole | 0x8001)), bits + 1);
  }
  EXPECT_TRUE(std::isnan(bfloatToFloat(floatToBfloat(std::bit_cast<float>(0x7f800001u)))));
}

TEST(Quantization, PartsOfBlocks) {
  auto blocks = Checkpoint::open(std::string(TRIL_TEST_DATA) + "/blocks.gguf");
  for (const Tensor &tensor : blocks->tensors()) {
    const int64_t count = tensor.shape[0] * tensor.shape[1];
    std::vector<float> whole(static_cast<size_t>(count));
    dequantize(tensor, 0, count, whole.data());
    for (int64_t begin = 0; begin < count; begin += 13)
      for (int64_t n : {int64_t(0), int64_t(1), int64_t(40), count - begin}) {
        n = std::min(n, count - begin);
        std::vector<float> part(static_cast<size_t>(n));
        dequantize(tensor, begin, n, part.data());
        ASSERT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + begin)) << tensor.name;
      }
  }
}
