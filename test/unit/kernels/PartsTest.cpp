//===- PartsTest.cpp - numbers as sums of numbers in bf16
//--------------------------------------------------===//
#include "Conversion/Kernels/Pairs.h"
#include "Jit.h"
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace tril;
using namespace tril::test;
using kernels::Emitter;

namespace {

/// Parts of 16 floats, [part][16].
using ToParts = void(const float *from, uint16_t *to);

class PartsTest : public ::testing::TestWithParam<int> {
protected:
  const int parts = GetParam();
  Jit jit{llvm::cantFail(Machine::named("x86-64")), [this](mlir::ModuleOp module) {
            Emitter::function(module, llvm::cantFail(Machine::named("x86-64")), "to_parts", "pp",
                              [this](Emitter &e, llvm::ArrayRef<kernels::Value> arguments) {
                                kernels::Value x = e.load(arguments[0], e.floats(), 4);
                                kernels::Values all = kernels::toParts(e, x, parts);
                                for (auto [i, part] : llvm::enumerate(all))
                                  e.store(part, e.at(arguments[1], int64_t(i) * 32), 2);
                              });
          }};

  std::vector<float> of(float x) {
    std::vector<float> from(16, x), result(parts);
    std::vector<uint16_t> to(16 * parts);
    jit.get<ToParts>("to_parts")(from.data(), to.data());
    for (int i = 0; i < parts; ++i)
      result[i] = std::bit_cast<float>(uint32_t(to[16 * i]) << 16);
    return result;
  }
};

/// 24, 11 or 8 bits, of all magnitudes whose last bit is a number in bf16 still.
TEST_P(PartsTest, LoseNothing) {
  const uint32_t masks[] = {0, 0xffff0000, 0xffffe000, 0xffffffff};
  std::mt19937 random(11);
  for (int i = 0; i < 20000; ++i) {
    auto x = std::bit_cast<float>(uint32_t(random()) & masks[parts]);
    if (!std::isfinite(x) || std::abs(x) < 0x1p-102F)
      continue;
    double sum = 0;
    for (float part : of(x)) {
      ASSERT_TRUE(std::isfinite(part)) << x;
      sum += part;
    }
    ASSERT_EQ(sum, double(x));
  }
  for (float x : {std::numeric_limits<float>::max(), -std::numeric_limits<float>::max(), 0.0F})
    EXPECT_EQ(of(x)[0], std::bit_cast<float>(std::bit_cast<uint32_t>(x) & 0xffff0000));
}

TEST_P(PartsTest, SayInTheFirstOneWhatIsNotFinite) {
  EXPECT_EQ(of(INFINITY)[0], INFINITY);
  EXPECT_EQ(of(-INFINITY)[0], -INFINITY);
  EXPECT_TRUE(std::isnan(of(NAN)[0]));
  EXPECT_TRUE(std::isnan(of(std::bit_cast<float>(0x7fffffff))[0]));
}

INSTANTIATE_TEST_SUITE_P(Parts, PartsTest, ::testing::Values(1, 2, 3));

} // namespace
