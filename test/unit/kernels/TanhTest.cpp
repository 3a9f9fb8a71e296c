//===- TanhTest.cpp - what tanh becomes, beside the C library's
//----------------------------------------------===//
#include "Conversion/Kernels/Emitter.h"
#include "Jit.h"
#include "Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Pass/PassManager.h"
#include <bit>
#include <cmath>
#include <gtest/gtest.h>

using namespace tril;
using namespace tril::test;
using kernels::Emitter;

namespace {

using Tanh = void(const float *from, float *to);

/// Of 16 floats: a processor, and whether the division is an estimated one, as in the softmax of
/// attention.
class TanhTest : public ::testing::TestWithParam<std::tuple<const char *, bool>> {
protected:
  const Machine machine = llvm::cantFail(Machine::named(std::get<0>(GetParam())));
  const bool estimated = std::get<1>(GetParam());
  Jit jit{
      machine, [this](mlir::ModuleOp module) {
        mlir::func::FuncOp function =
            Emitter::function(module, machine, "of_16", "pp",
                              [](Emitter &e, llvm::ArrayRef<kernels::Value> arguments) {
                                e.store(mlir::math::TanhOp::create(
                                            e.builder, e.loc, e.load(arguments[0], e.floats(), 4)),
                                        arguments[1], 4);
                              });
        if (estimated)
          function->setAttr(kernels::estimatesAttribute, mlir::UnitAttr::get(module.getContext()));
        mlir::PassManager passes(module.getContext());
        passes.addPass(createExpandMath());
        ASSERT_TRUE(mlir::succeeded(passes.run(module)));
      }};
  Tanh *of16 = jit.get<Tanh>("of_16");

  float of(float x) {
    std::vector<float> from(16, x), to(16);
    of16(from.data(), to.data());
    return to[7];
  }
};

TEST_P(TanhTest, IsWithinFewUnitsInTheLastPlace) {
  double worst = 0;
  float at = 0;
  std::vector<float> from(16), to(16);
  // Of each exponent many fractions: every 257th number.
  for (uint64_t bits = 0; bits < 0x7f800000;) {
    for (float &x : from) {
      x = std::bit_cast<float>(static_cast<uint32_t>(std::min<uint64_t>(bits, 0x7f7fffff)));
      bits += 257;
    }
    of16(from.data(), to.data());
    for (int i = 0; i < 16; ++i) {
      double expected = std::tanh(static_cast<double>(from[i]));
      auto rounded = static_cast<float>(expected);
      double unit = std::nextafterf(rounded, INFINITY) - static_cast<double>(rounded);
      double error = std::fabs(to[i] - expected) / unit;
      if (!(error <= worst)) {
        worst = std::isnan(error) ? INFINITY : error;
        at = from[i];
      }
    }
  }
  // AVX2 estimates reciprocals within 1.5 * 2^-12, AVX-512 within 2^-14; corrected, the squares of
  // these.
  EXPECT_LE(worst, estimated && !machine.avx512 ? 6.8 : 4.5) << "at " << at;
}

TEST_P(TanhTest, IsOddAndEndsAtOne) {
  for (float x : {1e-42F, 1e-38F, 1e-20F, 3e-4F, 0.5F, 2.0F, 8.0F})
    EXPECT_EQ(of(-x), -of(x)) << x;
  for (float x : {8.002F, 9.0F, 100.0F, 3e38F, INFINITY}) {
    EXPECT_NEAR(of(x), 1, estimated ? 0x1p-22 : 0) << x;
    EXPECT_EQ(of(-x), -of(x)) << x;
  }
  EXPECT_EQ(of(1e-42F), 1e-42F);
  EXPECT_EQ(of(0.0F), 0.0F);
  EXPECT_TRUE(std::isnan(of(NAN)));
}

INSTANTIATE_TEST_SUITE_P(Divisions, TanhTest,
                         ::testing::Combine(::testing::Values("native", "x86-64-v3"),
                                            ::testing::Bool()),
                         [](const auto &tested) {
                           bool native = std::get<0>(tested.param) == std::string("native");
                           return std::string(native ? "native" : "avx2") +
                                  (std::get<1>(tested.param) ? "_estimated" : "_exact");
                         });

} // namespace
