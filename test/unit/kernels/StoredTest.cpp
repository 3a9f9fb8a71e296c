//===- StoredTest.cpp - numbers of states in 16 bits
//-----------------------------------------------------===//
#include "Conversion/Kernels/Stored.h"
#include "Conversion/Halves.h"
#include "Conversion/Kernels/Attention.h"
#include "Jit.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/APFloat.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace tril;
using namespace tril::test;
using kernels::Emitter;
using kernels::KeyRange;
using kernels::Value;

namespace {

const llvm::fltSemantics &semanticsOf(StateElement element) {
  return element == StateElement::f16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat();
}

float widened(uint16_t bits, StateElement element) {
  return llvm::APFloat(semanticsOf(element), llvm::APInt(16, bits)).convertToFloat();
}

uint16_t narrowed(float value, StateElement element) {
  llvm::APFloat number(value);
  bool lost;
  number.convert(semanticsOf(element), llvm::APFloat::rmNearestTiesToEven, &lost);
  if (element == StateElement::f16 && number.isInfinity())
    number = llvm::APFloat::getLargest(semanticsOf(element), number.isNegative());
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}

std::string nameOf(StateElement element) { return stringifyStateElement(element).str(); }

class StoredTest : public ::testing::TestWithParam<std::string> {
protected:
  void SetUp() override {
    Machine host = llvm::cantFail(Machine::named("native"));
    if ((machine.avx512 && !host.avx512) || (machine.avx2 && !host.avx2))
      GTEST_SKIP() << "this processor does not run code for " << GetParam();
  }
  Machine machine = llvm::cantFail(Machine::named(GetParam()));
};

TEST_P(StoredTest, RoundsToTheNearest) {
  using Convert = void(const void *from, void *to, int64_t count);
  Jit jit(machine, [&](mlir::ModuleOp module) {
    for (StateElement element : {StateElement::f16, StateElement::bf16}) {
      auto each = [&](const std::string &name, int64_t from, int64_t to,
                      const std::function<Value(Emitter &, Value)> &convert) {
        Emitter::function(module, machine, name + nameOf(element), "ppi",
                          [&](Emitter &e, llvm::ArrayRef<Value> arguments) {
                            e.loop(e.constant(0), arguments[2], 16, [&](Value i) {
                              e.store(convert(e, e.at(arguments[0], e.mul(i, from))),
                                      e.at(arguments[1], e.mul(i, to)), 1);
                            });
                          });
      };
      each("narrow.", 4, 2, [&](Emitter &e, Value at) {
        return narrow(e.builder, e.loc, e.load(at, e.floats(), 4), element);
      });
      each("widen.", 2, 4,
           [&](Emitter &e, Value at) { return kernels::loadStored(e, at, element, 2); });
    }
  });
  constexpr int count = 1 << 16;
  for (StateElement element : {StateElement::f16, StateElement::bf16}) {
    std::vector<uint16_t> bits(count);
    std::vector<float> numbers(count);
    for (int i = 0; i < count; ++i)
      bits[i] = static_cast<uint16_t>(i);
    jit.get<Convert>("widen." + nameOf(element))(bits.data(), numbers.data(), count);
    for (int i = 0; i < count; ++i) {
      float expected = widened(bits[i], element);
      if (std::isfinite(expected)) // what is stored in f16 is
        ASSERT_EQ(numbers[i], expected) << nameOf(element) << " " << i;
      else if (std::isnan(expected))
        ASSERT_TRUE(std::isnan(numbers[i])) << nameOf(element) << " " << i;
    }
    // Numbers that are stored, in the middle between two, just beside that, and any.
    std::vector<float> inputs = {NAN,      -NAN,     INFINITY, -INFINITY, 65504, 65519,
                                 65520,    1e30F,    3.4e38F,  0,         -0.0F, 1e-45F,
                                 5.96e-8F, 2.98e-8F, 2.99e-8F, 6.1e-5F};
    std::mt19937 random(1);
    for (int i = 0; i + 1 < count; ++i) {
      float a = widened(bits[i], element), b = widened(bits[i + 1], element);
      float middle = a + (b - a) / 2;
      for (float x : {a, middle, std::nextafter(middle, a), std::nextafter(middle, b)})
        inputs.push_back(x);
      uint32_t any = random();
      inputs.push_back(llvm::bit_cast<float>(any));
    }
    inputs.resize(inputs.size() / 16 * 16);
    std::vector<uint16_t> found(inputs.size());
    jit.get<Convert>("narrow." + nameOf(element))(inputs.data(), found.data(),
                                                  static_cast<int64_t>(inputs.size()));
    for (size_t i = 0; i < inputs.size(); ++i)
      if (std::isnan(inputs[i]))
        ASSERT_TRUE(std::isnan(widened(found[i], element)));
      else
        ASSERT_EQ(found[i], narrowed(inputs[i], element)) << nameOf(element) << " " << inputs[i];
  }
}

/// Keys up to the query's position.
kernels::AttentionSpec causal(int64_t keyWidth, int64_t valueWidth) {
  kernels::AttentionSpec spec;
  spec.dots.resize(1);
  spec.dots[0].width = keyWidth;
  spec.value.width = valueWidth;
  spec.members = 3;
  spec.ranges = [](Emitter &e, Value, Value first, Value last,
                   llvm::ArrayRef<Value>) -> llvm::SmallVector<KeyRange> {
    return {{e.constant(0), e.add(last, 1), e.constant(0), e.add(first, 1)}};
  };
  spec.mask = [](Emitter &e, const kernels::QueryRow &row, Value keys) {
    return mlir::arith::CmpIOp::create(e.builder, e.loc, mlir::arith::CmpIPredicate::sle, keys,
                                       e.broadcast(e.truncate(row.position, e.i32())))
        .getResult();
  };
  return spec;
}

/// Attention over 16-bit caches has the bits of attention over the same numbers in f32.
TEST_P(StoredTest, AttentionReadsThem) {
  using Attention = void(const float *q, int64_t qStride, const void *keys, int64_t keyCapacity,
                         const void *values, int64_t valueCapacity, float *o, int64_t oStride,
                         int64_t position, int64_t r0, int64_t r1, int64_t g0, int64_t g1);
  constexpr int64_t capacity = 128, rows = 90, members = 3;
  struct Shape {
    int64_t keyWidth, valueWidth;
    bool asValue;
  };
  const Shape shapes[] = {{64, 64, false}, {24, 40, false}, {32, 32, true}, {20, 20, true}};
  const StateElement elements[] = {StateElement::f32, StateElement::f16, StateElement::bf16};
  auto name = [](const Shape &shape, StateElement element) {
    return "attention." + std::to_string(shape.keyWidth) + "." + nameOf(element);
  };
  Jit jit(machine, [&](mlir::ModuleOp module) {
    for (const Shape &shape : shapes)
      for (StateElement element : elements) {
        kernels::AttentionSpec spec = causal(shape.keyWidth, shape.valueWidth);
        spec.name = name(shape, element);
        spec.dots[0].stored = spec.value.stored = element;
        spec.dots[0].asValue = shape.asValue;
        kernels::getOrCreateAttention(module, machine, spec);
      }
  });
  for (const Shape &shape : shapes)
    for (StateElement element : {StateElement::f16, StateElement::bf16}) {
      std::mt19937 random(3);
      std::normal_distribution<float> normal;
      std::vector<float> q(rows * members * shape.keyWidth);
      for (float &x : q)
        x = normal(random);
      Buffer<float> keys(capacity * shape.keyWidth), values(capacity * shape.valueWidth);
      Buffer<uint16_t> narrowKeys(keys.size()), narrowValues(values.size());
      auto fill = [&](Buffer<float> &wide, Buffer<uint16_t> &narrow) {
        for (size_t i = 0; i < wide.size(); ++i) {
          narrow[i] = narrowed(normal(random), element);
          wide[i] = widened(narrow[i], element);
        }
      };
      fill(keys, narrowKeys);
      fill(values, narrowValues);
      std::vector<float> expected(rows * members * shape.valueWidth), found = expected;
      auto run = [&](StateElement stored, const void *k, const void *v, std::vector<float> &o,
                     int64_t r0, int64_t r1) {
        jit.get<Attention>(name(shape, stored))(q.data(), members * shape.keyWidth * 4, k, capacity,
                                                v, capacity, o.data(),
                                                members * shape.valueWidth * 4, 0, r0, r1, 0, 1);
      };
      run(StateElement::f32, keys.get(), values.get(), expected, 0, rows);
      run(element, narrowKeys.get(), narrowValues.get(), found, 0, rows - 7);
      for (int64_t r = rows - 7; r < rows; ++r)
        run(element, narrowKeys.get(), narrowValues.get(), found, r, r + 1);
      EXPECT_EQ(std::memcmp(expected.data(), found.data(), found.size() * sizeof(float)), 0)
          << name(shape, element);
    }
}

INSTANTIATE_TEST_SUITE_P(Machines, StoredTest,
                         ::testing::Values("native", "x86-64-v3", "x86-64-v2"),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
