//===- GemmTest.cpp - contractions with packed weights against plain loops
//----------------------===//
#include "Conversion/Kernels/Gemm.h"
#include "Jit.h"
#include "Weights.h"
#include <cmath>
#include <gtest/gtest.h>

using namespace tril;
using namespace tril::test;

namespace {

/// The kernels of one format for one processor; null where this machine cannot run them.
std::unique_ptr<Jit> kernelsFor(const Machine &machine, PackedFormat format) {
  Machine host = llvm::cantFail(Machine::named("native"));
  if ((machine.avx512 && !host.avx512) || (machine.avx2 && !host.avx2) ||
      (machine.vnni && !host.vnni))
    return nullptr;
  return std::make_unique<Jit>(machine, [&](mlir::ModuleOp module) {
    kernels::getOrCreateGemm(module, machine, format);
    kernels::getOrCreateGemmOfRows(module, machine, format);
    if (auto kind = kernels::preparation(machine, format); kind != kernels::Preparation::none)
      kernels::getOrCreatePrepare(module, machine, kind);
  });
}

struct Case {
  std::string machine;
  PackedFormat format;
};

class GemmTest : public ::testing::TestWithParam<Case> {};

/// One contraction with everything that it reads and a plain result.
struct Problem {
  Problem(Jit &jit, const Machine &machine, PackedFormat format, int64_t m, int64_t n, int64_t k)
      : m(m), n(n), k(k), cStride(n + 5), xStride(k + 3), stored(format, n, k),
        packed(packedBytes(format, n, k)), x(m * xStride),
        kind(kernels::preparation(machine, format)), pStride(kernels::preparedBytes(kind, k)),
        prepared(m * pStride), gemm(jit.get<Gemm>("tril_gemm_" + packedFormatName(format).str())) {
    pack(format, [&](int64_t row) { return stored.row(row); }, n, k, packed.get());
    std::mt19937 random(7);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = std::uniform_real_distribution<float>(-2, 3)(random);
    if (kind != kernels::Preparation::none)
      jit.get<Prepare>(kind == kernels::Preparation::digits
                           ? "tril_prepare_digits"
                           : "tril_prepare_sums")(x.get(), xStride * 4, prepared.get(), k, 0, m);
    std::vector<double> row(k);
    expected.resize(m * n);
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t i = 0; i < k; ++i)
        row[i] = unpackElement(format, packed.get(), j, i, k);
      for (int64_t i = 0; i < m; ++i) {
        double sum = 0;
        for (int64_t l = 0; l < k; ++l)
          sum += row[l] * x[i * xStride + l];
        expected[i * n + j] = sum;
        largest = std::max(largest, std::abs(sum));
      }
    }
  }

  void run(std::vector<float> &c, int64_t m0, int64_t m1, int64_t g0, int64_t g1) {
    gemm(packed.get(), x.get(), xStride * 4, prepared.get(), pStride, c.data(), cStride * 4, k, n,
         m0, m1, g0, g1);
  }
  std::vector<float> untouched() const { return std::vector<float>(m * cStride + 16, -77); }

  int64_t m, n, k, cStride, xStride;
  StoredWeights stored;
  Buffer<std::byte> packed;
  Buffer<float> x;
  kernels::Preparation kind;
  int64_t pStride;
  Buffer<std::byte> prepared;
  std::vector<double> expected;
  double largest = 0;
  Gemm *gemm;
};

TEST_P(GemmTest, EqualsPlainLoopsAndSplitsDoNotMatter) {
  auto [name, format] = GetParam();
  Machine machine = llvm::cantFail(Machine::named(name));
  std::unique_ptr<Jit> jit = kernelsFor(machine, format);
  if (!jit)
    GTEST_SKIP() << "this processor does not run code for " << name;
  bool floats = packedLayout(format).isFloat();
  for (auto [m, n, k] :
       {std::array<int64_t, 3>{15, 88, floats ? 77 : 768}, {1, 7, 256}, {70, 16, 512}}) {
    Problem problem(*jit, machine, format, m, n, k);
    int64_t groups = (n + 15) / 16;
    std::vector<float> whole = problem.untouched();
    problem.run(whole, 0, m, 0, groups);
    double worst = 0;
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < problem.cStride; ++j) {
        float value = whole[i * problem.cStride + j];
        if (j < n)
          worst = std::max(worst, std::abs(value - problem.expected[i * n + j]));
        else
          ASSERT_EQ(value, -77) << "written past the last output";
      }
    EXPECT_LT(worst / problem.largest, 1e-6) << m << " x " << n << " x " << k;
    RecordProperty("errorInBillionths", static_cast<int>(worst / problem.largest * 1e9));

    // Other tiles, other splits: the same bits.
    auto same = [&](const std::vector<float> &other) {
      return std::memcmp(other.data(), whole.data(), whole.size() * 4) == 0;
    };
    std::vector<float> split = problem.untouched();
    for (int64_t i = 0; i < m; ++i)
      problem.run(split, i, i + 1, 0, groups);
    EXPECT_TRUE(same(split)) << "one row at a time";
    split = problem.untouched();
    for (int64_t g = groups - 1; g >= 0; --g) {
      problem.run(split, m / 3, m, g, g + 1);
      problem.run(split, 0, m / 3, g, g + 1);
    }
    EXPECT_TRUE(same(split)) << "one group at a time";
    split = problem.untouched();
    for (int64_t i = 0; i < m; i += 3)
      problem.run(split, i, std::min(i + 3, m), 0, groups / 2);
    problem.run(split, 0, m, groups / 2, groups);
    problem.run(split, 2, 2, 0, groups);
    problem.run(split, 0, m, 1, 1);
    EXPECT_TRUE(same(split)) << "three rows at a time, halves of the groups";

    // Every other row, as where another matrix has those between.
    {
      std::vector<float> half = problem.untouched();
      problem.gemm(problem.packed.get(), problem.x.get(), problem.xStride * 8,
                   problem.prepared.get(), problem.pStride * 2, half.data(), problem.cStride * 8, k,
                   n, 0, (m + 1) / 2, 0, groups);
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j)
          ASSERT_EQ(half[i * problem.cStride + j],
                    i % 2 == 0 ? whole[i * problem.cStride + j] : -77)
              << "every other row";
    }

    // Listed rows, backwards and in two calls: row 3r + 1 of the result is row r.
    auto *listed = jit->get<GemmOfRows>("tril_gemm_rows_" + packedFormatName(format).str());
    std::vector<float> thrice(3 * m * problem.cStride, -77);
    std::vector<int32_t> rows;
    for (int64_t i = m; i-- > 0;)
      rows.push_back(static_cast<int32_t>(3 * i + 1));
    for (auto [begin, end] : {std::pair<int64_t, int64_t>{0, m / 2}, {m / 2, m}})
      listed(problem.packed.get(), problem.x.get(), problem.xStride * 4, problem.prepared.get(),
             problem.pStride, thrice.data(), problem.cStride * 4, k, n, begin, end, 0, groups,
             rows.data(), 3);
    for (int64_t i = 0; i < 3 * m; ++i)
      for (int64_t j = 0; j < problem.cStride; ++j)
        ASSERT_EQ(thrice[i * problem.cStride + j],
                  i % 3 == 1 ? whole[i / 3 * problem.cStride + j] : -77)
            << "listed rows";
  }
}

std::vector<Case> allCases() {
  std::vector<Case> cases;
  for (const char *machine : {"native", "x86-64-v2", "x86-64-v3", "x86-64-v4"})
    for (int i = 0; i < packedFormatCount; ++i)
      cases.push_back({machine, static_cast<PackedFormat>(i)});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(AllFormats, GemmTest, ::testing::ValuesIn(allCases()),
                         [](const auto &info) {
                           std::string name =
                               info.param.machine + "_" + packedFormatName(info.param.format).str();
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Prepare, SpecialValues) {
  Machine machine = llvm::cantFail(Machine::named("native"));
  if (!machine.vnni)
    GTEST_SKIP();
  std::unique_ptr<Jit> jit = kernelsFor(machine, PackedFormat::q8_0);
  // A block of zeros, one of tiny numbers, one with a NaN, one with two signs of the largest float.
  Problem problem(*jit, machine, PackedFormat::q8_0, 1, 16, 128);
  auto *prepare = jit->get<Prepare>("tril_prepare_digits");
  for (int i = 0; i < 128; ++i)
    problem.x[i] = i < 32 ? 0 : i < 64 ? 1e-35F : i < 96 ? 1.0F : i % 2 ? 3e30F : -3e30F;
  prepare(problem.x.get(), 512, problem.prepared.get(), 128, 0, 1);
  std::vector<float> c = problem.untouched();
  problem.run(c, 0, 1, 0, 1);
  for (int j = 0; j < 16; ++j) {
    double sum = 0;
    for (int i = 0; i < 128; ++i)
      sum +=
          double(problem.x[i]) * unpackElement(PackedFormat::q8_0, problem.packed.get(), j, i, 128);
    EXPECT_NEAR(c[j] / sum, 1, 1e-5);
  }
  problem.x[70] = NAN;
  prepare(problem.x.get(), 512, problem.prepared.get(), 128, 0, 1);
  problem.run(c, 0, 1, 0, 1);
  for (int j = 0; j < 16; ++j)
    EXPECT_TRUE(std::isnan(c[j]));
}

TEST(Machine, Names) {
  EXPECT_TRUE(bool(Machine::named("x86-64-v2")));
  Machine v3 = llvm::cantFail(Machine::named("x86-64-v3"));
  EXPECT_TRUE(v3.fma && v3.avx2 && v3.f16c && !v3.avx512);
  Machine v4 = llvm::cantFail(Machine::named("x86-64-v4"));
  EXPECT_TRUE(v4.avx512 && !v4.vnni);
  auto unknown = Machine::named("pentium-nine");
  ASSERT_FALSE(bool(unknown));
  EXPECT_EQ(llvm::toString(unknown.takeError()), "unknown processor `pentium-nine`");
}

} // namespace
