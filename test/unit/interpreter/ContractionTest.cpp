//===- ContractionTest.cpp - contractions through BLAS equal those by plain loops
//-------------------===//
#include "Program.h"
#include <cmath>
#include <random>

using tril::interpreter::Options;
using tril::interpreter::Precision;

namespace {

struct Axis {
  std::string name;
  int64_t size;
};

std::string typeOf(const std::vector<Axis> &axes) {
  std::string text = "!tril.tensor<";
  for (const Axis &axis : axes)
    text += (&axis == &axes.front() ? "" : ", ") + axis.name + "=" + std::to_string(axis.size);
  return text + (axes.empty() ? "f32>" : " : f32>");
}

std::string param(const std::string &name, const std::vector<Axis> &axes, std::mt19937 &random,
                  std::vector<float> &values) {
  std::string strides, shape;
  int64_t stride = 1;
  for (unsigned i = axes.size(); i-- > 0; stride *= axes[i].size) {
    strides = std::to_string(stride) + (strides.empty() ? "" : ", ") + strides;
    shape = std::to_string(axes[i].size) + (shape.empty() ? "" : ", ") + shape;
  }
  std::normal_distribution<float> normal;
  values.resize(stride);
  for (float &value : values)
    value = normal(random);
  return "%" + name + " = tril.param \"" + name + "\" strides [" + strides + "] of [" + shape +
         "] : " + typeOf(axes) + "\n";
}

// Random axes for two factors: some in both (kept or summed), some in one; in random orders.
TEST(Contraction, BlasEqualsPlainLoops) {
  std::mt19937 random(7);
  auto pick = [&](int n) { return static_cast<int>(random() % n); };
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<Axis> a, b, result;
    std::string summed;
    for (int n = 0; n < 5; ++n) {
      Axis axis{std::string(1, 'a' + n), 1 + pick(6)};
      int kind = pick(4);
      if (kind != 1)
        a.push_back(axis);
      if (kind != 0)
        b.push_back(axis);
      if (kind == 3)
        summed += (summed.empty() ? "\"" : ", \"") + axis.name + "\"";
      else
        result.push_back(axis);
    }
    std::shuffle(a.begin(), a.end(), random);
    std::shuffle(b.begin(), b.end(), random);
    std::shuffle(result.begin(), result.end(), random);
    std::vector<float> as, bs;
    std::string names;
    for (const Axis &axis : result)
      names += (names.empty() ? "\"" : ", \"") + axis.name + "\"";
    std::string text = param("x", a, random, as) + param("w", b, random, bs) +
                       "%y = tril.contract [" + summed + "] %x, %w : (" + typeOf(a) + ", " +
                       typeOf(b) + ") -> " + typeOf(result) + "\n" + "tril.output \"y\" %y [" +
                       names + "] : " + typeOf(result);
    Program run(text);
    run.param("x", as).param("w", bs);
    for (Precision precision : {Precision::f64, Precision::f32}) {
      Options blas, plain;
      blas.precision = plain.precision = precision;
      blas.blasFrom = 0;
      plain.blasFrom = -1;
      std::vector<double> fast = run.y(blas), slow = run.y(plain);
      ASSERT_EQ(fast.size(), slow.size());
      for (unsigned n = 0; n < fast.size(); ++n)
        ASSERT_NEAR(fast[n], slow[n], precision == Precision::f64 ? 1e-12 : 1e-4) << text;
    }
  }
}

TEST(Contraction, HolesCountAsZero) {
  for (int64_t from : {-1, 0}) {
    Program run(R"(
      %x = tril.table [1.0, 2.0, 4.0] : !tril.tensor<a=3 : f32>
      %p = tril.table [1.0, 0.0, 1.0] : !tril.tensor<a=3 : i1>
      %m = tril.where %x, %p : (!tril.tensor<a=3 : f32>, !tril.tensor<a=3 : i1>) -> !tril.tensor<a=3 : f32, holes>
      %y = tril.contract ["a"] %m, %x : (!tril.tensor<a=3 : f32, holes>, !tril.tensor<a=3 : f32>) -> !tril.tensor<f32>
      tril.output "y" %y [] : !tril.tensor<f32>
    )");
    Options options;
    options.blasFrom = from;
    EXPECT_EQ(run.y(options), (std::vector<double>{17}));
  }
}

TEST(Contraction, ThreeFactorsAndASumOverOneOfThem) {
  Program run(R"(
    %x = tril.table [1.0, 2.0] : !tril.tensor<a=2 : f32>
    %y1 = tril.table [3.0, 5.0] : !tril.tensor<a=2 : f32>
    %z = tril.table [1.0, 1.0, 2.0] : !tril.tensor<b=3 : f32>
    %y = tril.contract ["a", "b"] %x, %y1, %z : (!tril.tensor<a=2 : f32>, !tril.tensor<a=2 : f32>, !tril.tensor<b=3 : f32>) -> !tril.tensor<f32>
    tril.output "y" %y [] : !tril.tensor<f32>
  )");
  EXPECT_EQ(run.y(), (std::vector<double>{52}));
}

} // namespace
