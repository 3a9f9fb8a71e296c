//===- AttentionTest.cpp - fused attention against plain softmax loops
//--------------------------===//
#include "Conversion/Kernels/Attention.h"
#include "Jit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "runtime/TileRegisters.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace tril;
using namespace tril::test;
using kernels::Emitter;
using kernels::KeyRange;
using kernels::QueryRow;
using kernels::Value;

namespace {

using Attention = void(const float *q, int64_t qStride, const void *keys, int64_t keyCapacity,
                       const void *values, int64_t valueCapacity, float *o, int64_t oStride,
                       int64_t position, int64_t r0, int64_t r1, int64_t g0, int64_t g1);

enum class Mask { causal, window, holes, every };
constexpr int64_t windowSize = 50, keyCount = 200;

bool sees(Mask mask, int64_t query, int64_t key) {
  switch (mask) {
  case Mask::causal:
    return key <= query;
  case Mask::window:
    return key <= query && key > query - windowSize;
  case Mask::holes: // every third row sees nothing, keys 3, 14, ... are never seen
    return key <= query && query % 3 != 1 && key % 11 != 3 && (query * 7 + key * 13) % 5 < 3;
  case Mask::every:
    return key < keyCount;
  }
  return false;
}

/// Score of a dot product: scaled, with a slope for each member.
double scoreOf(double dot, int64_t query, int64_t key, int64_t member) {
  return dot * 0.25 - 0.01 * double(member + 1) * double(std::abs(query - key));
}

Value compare(Emitter &e, mlir::arith::CmpIPredicate predicate, Value a, Value b) {
  return mlir::arith::CmpIOp::create(e.builder, e.loc, predicate, a, b);
}

kernels::AttentionSpec specFor(Mask mask, int64_t keyWidth, int64_t valueWidth, int64_t members) {
  using Predicate = mlir::arith::CmpIPredicate;
  kernels::AttentionSpec spec;
  spec.name = "attention" + std::to_string(int(mask));
  spec.dots.resize(1);
  spec.dots[0].width = keyWidth;
  spec.value.width = valueWidth;
  spec.members = members;
  auto numbers = [](Emitter &e, Value scalar) { return e.broadcast(e.truncate(scalar, e.i32())); };
  spec.score = [=](Emitter &e, llvm::ArrayRef<Value> dots, const QueryRow &row, Value keys) {
    Value distance = e.subi(numbers(e, row.position), keys);
    Value far =
        mlir::arith::MaxSIOp::create(e.builder, e.loc, distance, e.subi(e.splatInt(0), distance));
    Value slope = e.mulf(e.toFloat(numbers(e, e.add(row.member, 1))), e.splat(-0.01F));
    return e.fma(dots[0], e.splat(0.25F), e.mulf(slope, e.toFloat(far)));
  };
  if (mask != Mask::every)
    spec.mask = [=](Emitter &e, const QueryRow &row, Value keys) {
      Value query = numbers(e, row.position);
      Value seen = compare(e, Predicate::sle, keys, query);
      if (mask == Mask::window)
        seen =
            e.andi(seen, compare(e, Predicate::sgt, keys, e.subi(query, e.splatInt(windowSize))));
      if (mask == Mask::holes) {
        auto remainder = [&](Value a, int64_t b) -> Value {
          return mlir::arith::RemUIOp::create(e.builder, e.loc, a, e.splatInt(b));
        };
        auto times = [&](Value a, int64_t b) -> Value {
          return mlir::arith::MulIOp::create(e.builder, e.loc, a, e.splatInt(b));
        };
        seen = e.andi(seen, compare(e, Predicate::ne, remainder(query, 3), e.splatInt(1)));
        seen = e.andi(seen, compare(e, Predicate::ne, remainder(keys, 11), e.splatInt(3)));
        seen = e.andi(seen, compare(e, Predicate::slt,
                                    remainder(e.addi(times(query, 7), times(keys, 13)), 5),
                                    e.splatInt(3)));
      }
      return seen;
    };
  spec.ranges = [=](Emitter &e, Value, Value first, Value last,
                    llvm::ArrayRef<Value>) -> llvm::SmallVector<KeyRange> {
    Value zero = e.constant(0);
    if (mask == Mask::every)
      return {{zero, e.constant(keyCount), zero, e.constant(keyCount)}};
    KeyRange range{zero, e.add(last, 1), zero, e.add(first, 1)};
    if (mask == Mask::window) {
      range.lo = e.max(e.add(first, 1 - windowSize), zero);
      range.fullLo = e.max(e.add(last, 1 - windowSize), zero);
    }
    if (mask == Mask::holes)
      range.fullHi = zero;
    return {range};
  };
  return spec;
}

struct Shape {
  std::string machine;
  int64_t keyWidth, valueWidth, members;
  StateElement products = StateElement::f32, stored = StateElement::f32;
};

/// The nearest bf16, as a float; the bits of one.
uint16_t halfBits(float x) {
  auto bits = std::bit_cast<uint32_t>(x);
  return std::isnan(x) ? 0x7fc0 : uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
float rounded(float x) { return std::bit_cast<float>(uint32_t(halfBits(x)) << 16); }

/// Keys or values as they are stored.
class Cache {
public:
  Cache(const Buffer<float> &numbers, StateElement stored) : wide(numbers), narrow(numbers.size()) {
    isNarrow = stored == StateElement::bf16;
    for (size_t i = 0; i < numbers.size(); ++i)
      narrow[i] = halfBits(numbers[i]);
  }
  const void *get() {
    return isNarrow ? static_cast<const void *>(narrow.get()) : static_cast<const void *>(&wide[0]);
  }

private:
  const Buffer<float> &wide;
  Buffer<uint16_t> narrow;
  bool isNarrow;
};

class AttentionTest : public ::testing::TestWithParam<Shape> {};

TEST_P(AttentionTest, EqualsPlainLoopsAndSplitsDoNotMatter) {
  auto [name, keyWidth, valueWidth, members, products, stored] = GetParam();
  Machine machine = llvm::cantFail(Machine::named(name)),
          host = llvm::cantFail(Machine::named("native"));
  if ((machine.avx512 && !host.avx512) || (machine.avx2 && !host.avx2))
    GTEST_SKIP() << "this processor does not run code for " << name;
  bool isRounded = products != StateElement::f32;
  if (isRounded && machine.bf16 && !host.bf16)
    GTEST_SKIP() << "this processor has no products of bf16";
  if (isRounded && machine.amx)
    if (std::string why = requestTileRegisters(); !why.empty())
      GTEST_SKIP() << "no tile registers: " << why;
  const Mask masks[] = {Mask::causal, Mask::window, Mask::holes, Mask::every};
  Jit jit(machine, [&](mlir::ModuleOp module) {
    for (Mask mask : masks) {
      kernels::AttentionSpec spec = specFor(mask, keyWidth, valueWidth, members);
      spec.products = products;
      spec.dots[0].stored = spec.value.stored = stored;
      kernels::getOrCreateAttention(module, machine, spec);
      spec.name += ".asValue";
      spec.dots[0].asValue = true;
      kernels::getOrCreateAttention(module, machine, spec);
    }
  });
  constexpr int64_t groups = 2, capacity = 256, position = 91, rows = keyCount - position;
  std::mt19937 random(3);
  std::normal_distribution<float> normal;
  auto fill = [&](std::vector<float> &v) {
    for (float &x : v)
      x = normal(random);
  };
  std::vector<float> k(keyCount * groups * keyWidth), v(keyCount * groups * valueWidth);
  int64_t qStride = groups * members * keyWidth + 2, oStride = groups * members * valueWidth + 1;
  std::vector<float> q(rows * qStride);
  fill(k), fill(v), fill(q);
  auto round = [](std::vector<float> &list) {
    std::transform(list.begin(), list.end(), list.begin(), rounded);
  };
  if (isRounded || stored == StateElement::bf16)
    round(k), round(v);
  if (isRounded)
    round(q);
  for (Mask mask : masks) {
    Buffer<float> keys(groups * capacity * keyWidth), values(groups * capacity * valueWidth);
    for (size_t i = 0; i < keys.size(); ++i)
      keys[i] = NAN;
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = i % 2 ? NAN : -INFINITY;
    // Whatever no row sees is not a number.
    std::vector<float> k2 = k, v2 = v;
    for (int64_t key = 0; key < keyCount; ++key) {
      bool seen = false;
      for (int64_t r = 0; r < rows; ++r)
        seen |= sees(mask, position + r, key);
      if (seen)
        continue;
      std::fill_n(&k2[key * groups * keyWidth], groups * keyWidth, NAN);
      std::fill_n(&v2[key * groups * valueWidth], groups * valueWidth, INFINITY);
    }
    for (int64_t key = 0; key < keyCount; ++key)
      for (int64_t g = 0; g < groups; ++g) {
        for (int64_t c = 0; c < keyWidth; ++c)
          keys[(g * capacity + key / 16 * 16) * keyWidth + c * 16 + key % 16] =
              k2[(key * groups + g) * keyWidth + c];
        for (int64_t c = 0; c < valueWidth; ++c)
          values[(g * capacity + key) * valueWidth + c] = v2[(key * groups + g) * valueWidth + c];
      }
    auto *attention = jit.get<Attention>("attention" + std::to_string(int(mask)));
    std::vector<float> whole(rows * oStride + 16, -77);
    Cache keyCache(keys, stored), valueCache(values, stored);
    auto run = [&](std::vector<float> &o, int64_t r0, int64_t r1, int64_t g0, int64_t g1) {
      attention(q.data(), qStride * 4, keyCache.get(), capacity, valueCache.get(), capacity,
                o.data(), oStride * 4, position, r0, r1, g0, g1);
    };
    run(whole, 0, rows, 0, groups);
    double worst = 0;
    for (int64_t r = 0; r < rows; ++r) {
      ASSERT_EQ(whole[(r + 1) * oStride - 1], -77) << "written past the last component";
      for (int64_t head = 0; head < groups * members; ++head) {
        int64_t g = head / members, member = head % members, query = position + r;
        std::vector<double> score(keyCount), out(valueWidth);
        double top = -INFINITY, sum = 0;
        for (int64_t key = 0; key < keyCount; ++key) {
          double dot = 0;
          for (int64_t c = 0; c < keyWidth; ++c)
            dot +=
                double(q[r * qStride + head * keyWidth + c]) * k[(key * groups + g) * keyWidth + c];
          score[key] = scoreOf(dot, query, key, member);
          if (sees(mask, query, key))
            top = std::max(top, score[key]);
        }
        for (int64_t key = 0; key < keyCount; ++key) {
          if (!sees(mask, query, key))
            continue;
          double weight = std::exp(score[key] - top);
          sum += weight;
          for (int64_t c = 0; c < valueWidth; ++c)
            out[c] += weight * v[(key * groups + g) * valueWidth + c];
        }
        for (int64_t c = 0; c < valueWidth; ++c) {
          double value = whole[r * oStride + head * valueWidth + c];
          double error = std::abs(value - (sum > 0 ? out[c] / sum : 0));
          if (!(error <= worst))
            worst = error;
        }
      }
    }
    // Scores up to 10, more where keys are wide, rounded in f32; weights are rounded by up to 2^-9,
    // values go to 4.
    double rounding = keyWidth > 128 ? 2e-5 : 6e-6;
    EXPECT_LT(worst, isRounded ? 8e-3 : rounding) << "mask " << int(mask);
    RecordProperty("error" + std::to_string(int(mask)), std::to_string(worst * 1e6) + "e-6");

    // Keys that lie as values do give the same bits.
    Buffer<float> rowsOfKeys(groups * capacity * keyWidth);
    for (size_t i = 0; i < rowsOfKeys.size(); ++i)
      rowsOfKeys[i] = NAN;
    for (int64_t key = 0; key < keyCount; ++key)
      for (int64_t g = 0; g < groups; ++g)
        std::copy_n(&k2[(key * groups + g) * keyWidth], keyWidth,
                    &rowsOfKeys[(g * capacity + key) * keyWidth]);
    Cache rowCache(rowsOfKeys, stored);
    std::vector<float> turned(whole.size(), -77);
    jit.get<Attention>("attention" + std::to_string(int(mask)) + ".asValue")(
        q.data(), qStride * 4, rowCache.get(), capacity, valueCache.get(), capacity, turned.data(),
        oStride * 4, position, 0, rows, 0, groups);
    EXPECT_EQ(std::memcmp(turned.data(), whole.data(), whole.size() * sizeof(float)), 0)
        << "mask " << int(mask);

    auto same = [&](const std::vector<float> &other) {
      return std::memcmp(other.data(), whole.data(), whole.size() * 4) == 0;
    };
    std::vector<float> split(whole.size(), -77);
    for (int64_t r = rows - 1; r >= 0; --r)
      run(split, r, r + 1, 0, groups);
    EXPECT_TRUE(same(split)) << "one row at a time, mask " << int(mask);
    std::fill(split.begin(), split.end(), -77);
    for (int64_t r = 0; r < rows; r += 5)
      for (int64_t g = 0; g < groups; ++g)
        run(split, r, std::min(r + 5, rows), g, g + 1);
    EXPECT_TRUE(same(split)) << "five rows at a time, mask " << int(mask);
  }

  // A value that is not a number reaches the rows that see it, and no row beside them in a tile.
  Buffer<float> keys(groups * capacity * keyWidth), values(groups * capacity * valueWidth);
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t c = 0; c < valueWidth; ++c)
      values[(g * capacity + position + 4) * valueWidth + c] = NAN;
  std::vector<float> o(rows * oStride, -77);
  Cache keyCache(keys, stored), valueCache(values, stored);
  jit.get<Attention>("attention0")(q.data(), qStride * 4, keyCache.get(), capacity,
                                   valueCache.get(), capacity, o.data(), oStride * 4, position, 0,
                                   rows, 0, groups);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < groups * members * valueWidth; ++c)
      ASSERT_EQ(std::isnan(o[r * oStride + c]), r >= 4) << "row " << r;
}

constexpr StateElement f32 = StateElement::f32, bf16 = StateElement::bf16;

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionTest,
    ::testing::Values(
        Shape{"native", 64, 64, 3}, Shape{"native", 24, 8, 1}, Shape{"native", 12, 40, 4},
        Shape{"native", 80, 96, 9}, Shape{"native", 40, 24, 19},
        Shape{"native", 128, 24, 3, f32, bf16}, Shape{"native", 512, 512, 2},
        Shape{"x86-64-v4", 80, 96, 9}, Shape{"x86-64-v4", 64, 64, 1}, Shape{"x86-64-v3", 64, 64, 3},
        Shape{"x86-64-v3", 24, 24, 8}, Shape{"x86-64-v2", 16, 12, 3},
        Shape{"native", 64, 64, 3, bf16, bf16}, Shape{"native", 80, 96, 19, bf16, bf16},
        Shape{"native", 13, 40, 4, bf16, f32}, Shape{"cooperlake", 64, 64, 3, bf16, bf16},
        Shape{"cooperlake", 12, 40, 9, bf16, f32}, Shape{"x86-64-v4", 64, 64, 3, bf16, bf16},
        Shape{"x86-64-v3", 24, 24, 8, bf16, f32}, Shape{"x86-64-v2", 17, 12, 3, bf16, bf16}),
    [](const auto &info) {
      std::string name = info.param.machine;
      for (int64_t n : {info.param.keyWidth, info.param.valueWidth, info.param.members})
        name += "_" + std::to_string(n);
      if (info.param.products != f32 || info.param.stored != f32)
        name += ("_" + stringifyStateElement(info.param.stored) + "_as_" +
                 stringifyStateElement(info.param.products))
                    .str();
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

} // namespace
