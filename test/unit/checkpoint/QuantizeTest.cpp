//===- QuantizeTest.cpp - numbers to stored blocks ----------------------------------------===//
#include "Support.h"
#include "runtime/Quantization.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace tril;

namespace {

std::vector<float> numbersOf(const Tensor &tensor) {
  int64_t count = 1;
  for (int64_t size : tensor.shape)
    count *= size;
  std::vector<float> numbers(static_cast<size_t>(count));
  dequantize(tensor, 0, count, numbers.data());
  return numbers;
}

/// What is read back of one block.
std::vector<float> thereAndBack(StoredType type, const std::vector<float> &numbers) {
  const StoredBlock layout = storedBlock(type);
  EXPECT_EQ(static_cast<size_t>(layout.elements), numbers.size());
  std::vector<std::byte> block(static_cast<size_t>(layout.bytes));
  std::vector<float> back(numbers.size());
  quantizeBlock(type, numbers.data(), block.data());
  dequantizeBlock(type, block.data(), back.data());
  return back;
}

std::vector<float> randomNumbers(size_t count, unsigned seed, float mean, float deviation) {
  std::mt19937 random(seed); // NOLINT(bugprone-random-generator-seed): the same numbers each time
  std::normal_distribution<float> normal(mean, deviation);
  std::vector<float> numbers(count);
  for (float &number : numbers)
    number = normal(random);
  return numbers;
}

} // namespace

// The file of make_vectors.py: numbers, and the blocks that the `gguf` package makes of them.
TEST(Quantize, GivesTheBlocksOfTheGgufPackage) {
  auto file = Checkpoint::open(std::string(TRIL_TEST_DATA) + "/quantized.gguf");
  ASSERT_EQ(file->tensors().size(), 6u);
  const std::vector<float> numbers = numbersOf(*file->find("numbers"));
  for (const Tensor &expected : file->tensors()) {
    if (expected.name == "numbers")
      continue;
    const StoredBlock layout = storedBlock(expected.type);
    std::vector<std::byte> block(static_cast<size_t>(layout.bytes));
    const std::byte *want = expected.data;
    for (size_t i = 0; i < numbers.size(); i += layout.elements, want += layout.bytes) {
      quantizeBlock(expected.type, numbers.data() + i, block.data());
      ASSERT_EQ(0, std::memcmp(block.data(), want, block.size()))
          << expected.name << ": block of the numbers from " << i;
    }
  }
}

TEST(Quantize, ErrorsAreBounded) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const float mean = seed % 5 == 0 ? 2.f : 0.f;
    const std::vector<float> numbers = randomNumbers(32, seed, mean, 0.3f);
    float most = 0;
    for (float number : numbers)
      most = std::max(most, std::fabs(number));
    // Half a step of codes, of which q8_0 has 127 on each side, the others 8 and 16 on one side,
    // where the other ends half a step early; and the rounding of the scale to 11 bits.
    const std::pair<StoredType, float> bounds[] = {{StoredType::q8_0, most / 127 * 0.5f},
                                                   {StoredType::q5_0, most / 16},
                                                   {StoredType::q4_0, most / 8}};
    for (auto [type, bound] : bounds) {
      const std::vector<float> back = thereAndBack(type, numbers);
      for (size_t i = 0; i < numbers.size(); ++i)
        EXPECT_LE(std::fabs(back[i] - numbers[i]), bound + most / 2048)
            << storedTypeName(type) << " " << seed << " " << i;
    }
  }
}

TEST(Quantize, BlocksOf256AreNearerThanTheirSteps) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const float mean = seed % 5 == 0 ? 2.f : seed % 5 == 1 ? -2.f : 0.f;
    std::vector<float> numbers = randomNumbers(256, seed, mean, 0.3f);
    for (size_t i = 0; i < 32; ++i) // one sub-block much smaller than the others
      numbers[i] *= 0.25f;
    const std::vector<float> back = thereAndBack(StoredType::q4_k, numbers);
    double squares = 0, errors = 0;
    float range = 0;
    for (size_t j = 0; j < 8; ++j) {
      auto [low, high] =
          std::minmax_element(numbers.begin() + 32 * j, numbers.begin() + 32 * j + 32);
      range = std::max(range, std::max(*high, 0.f) - std::min(*low, 0.f));
    }
    for (size_t i = 0; i < 256; ++i) {
      const double off = back[i] - numbers[i];
      squares += (numbers[i] - mean) * (numbers[i] - mean);
      errors += off * off;
      // A step of 15 is the widest that a sub-block needs; scales and minima are rounded to 6 bits.
      EXPECT_LE(std::fabs(off), range / 15 + range / 63) << seed << " " << i;
    }
    // Positive numbers have codes for 0 too, as a minimum is never added: fewer are left for them.
    EXPECT_LE(std::sqrt(errors / squares), mean > 0 ? 0.3 : 0.1) << seed;
  }
}

TEST(Quantize, WhatTheCodesSayExactlyStays) {
  // Of each sub-block the codes 0..15 with scale 63 - j and minimum 8 j, both of unit 1/64.
  std::vector<float> numbers(256);
  for (int j = 0; j < 8; ++j)
    for (int l = 0; l < 32; ++l)
      numbers[32 * j + l] = static_cast<float>((63 - j) * (l % 16) - 8 * j - 7) / 64.f;
  const std::vector<float> back = thereAndBack(StoredType::q4_k, numbers);
  for (size_t i = 0; i < 256; ++i)
    EXPECT_NEAR(back[i], numbers[i], 0.02) << i;
  EXPECT_EQ(thereAndBack(StoredType::q4_k, std::vector<float>(256)), std::vector<float>(256));
  // Equal numbers: the minimum alone says them.
  for (float value : {-0.5f, 0.5f})
    for (float number : thereAndBack(StoredType::q4_k, std::vector<float>(256, value)))
      EXPECT_NEAR(number, value, 1e-3);
}

TEST(Quantize, TooLargeBecomesInfinite) {
  EXPECT_EQ(thereAndBack(StoredType::f16, {1e5f})[0], INFINITY);
  EXPECT_TRUE(std::isinf(thereAndBack(StoredType::q8_0, std::vector<float>(32, 1e9f))[0]));
  EXPECT_EQ(thereAndBack(StoredType::bf16, {1e9f})[0],
            1e9f * 0 + bfloatToFloat(floatToBfloat(1e9f)));
}
