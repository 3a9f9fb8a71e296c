//===- InterpreterTest.cpp - the meaning of each op, in numbers worked out by hand
//-------------------===//
#include "Program.h"
#include <cmath>

using Numbers = std::vector<double>;
using tril::interpreter::Options;
using tril::interpreter::Precision;

namespace {

// An output that may have holes is written as 0 there, so tests fill them with -1 to see them.
const char *kFilled = R"(
  %none = tril.constant -1.0 : !tril.tensor<f32>
  %filled = tril.else %y, %none : (!tril.tensor<time : f32, holes>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
  tril.output "y" %filled ["time"] : !tril.tensor<time : f32>
)";
const char *kToken = R"(
  %token = tril.input "token" below 100 : !tril.tensor<time : i32>
  %x = tril.convert %token : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
)";

TEST(Interpreter, AlignsByAxisName) {
  Program run(R"(
    %a = tril.table [1.0, 2.0] : !tril.tensor<row=2 : f32>
    %b = tril.table [10.0, 20.0, 30.0] : !tril.tensor<column=3 : f32>
    %y = tril.add %a, %b : (!tril.tensor<row=2 : f32>, !tril.tensor<column=3 : f32>) -> !tril.tensor<column=3, row=2 : f32>
    tril.output "y" %y ["column", "row"] : !tril.tensor<column=3, row=2 : f32>
  )");
  EXPECT_EQ(run.y(), (Numbers{11, 12, 21, 22, 31, 32}));
}

TEST(Interpreter, WholeNumbers) {
  Program run(R"(
    %p = tril.position : !tril.tensor<a=4 : i32>
    %two = tril.constant 2.0 : !tril.tensor<i32>
    %three = tril.constant 3.0 : !tril.tensor<i32>
    %below = tril.sub %p, %two : (!tril.tensor<a=4 : i32>, !tril.tensor<i32>) -> !tril.tensor<a=4 : i32>
    %y = tril.mod %below, %three : (!tril.tensor<a=4 : i32>, !tril.tensor<i32>) -> !tril.tensor<a=4 : i32>
    tril.output "y" %y ["a"] : !tril.tensor<a=4 : i32>
  )");
  EXPECT_EQ(run.y(), (Numbers{1, 2, 0, 1})); // -2 mod 3 is 1
}

TEST(Interpreter, RoundsHalfToEven) {
  Program run(R"(
    %a = tril.table [0.5, 1.5, 2.5, -0.5, -1.5, 2.4] : !tril.tensor<a=6 : f32>
    %y = tril.round %a : (!tril.tensor<a=6 : f32>) -> !tril.tensor<a=6 : f32>
    tril.output "y" %y ["a"] : !tril.tensor<a=6 : f32>
  )");
  EXPECT_EQ(run.y(), (Numbers{0, 2, 2, 0, -2, 2}));
}

TEST(Interpreter, WhereMakesHolesAndElseFillsThem) {
  Program run(std::string(kToken) + R"(
    %two = tril.constant 2.0 : !tril.tensor<i32>
    %p = tril.lt %token, %two : (!tril.tensor<time : i32>, !tril.tensor<i32>) -> !tril.tensor<time : i1>
    %y = tril.where %x, %p : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
  )" + kFilled);
  EXPECT_EQ(run.input("token", {0, 5, 1}).y(), (Numbers{0, -1, 1}));
}

TEST(Interpreter, AHoleInAPredicateCountsAsFalse) {
  Program run(std::string(kToken) + R"(
    %two = tril.constant 2.0 : !tril.tensor<i32>
    %p = tril.lt %token, %two : (!tril.tensor<time : i32>, !tril.tensor<i32>) -> !tril.tensor<time : i1>
    %q = tril.where %p, %p : (!tril.tensor<time : i1>, !tril.tensor<time : i1>) -> !tril.tensor<time : i1, holes>
    %seven = tril.constant 7.0 : !tril.tensor<f32>
    %y = tril.select %q, %x, %seven : (!tril.tensor<time : i1, holes>, !tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
    tril.output "y" %y ["time"] : !tril.tensor<time : f32>
  )");
  EXPECT_EQ(run.input("token", {0, 5, 1}).y(), (Numbers{0, 7, 1}));
}

std::string reduceMasked(const std::string &kind) {
  return std::string(kToken) + R"(
    %time = tril.position : !tril.tensor<time : i32>
    %past = tril.position : !tril.tensor<past of time : i32>
    %p = tril.lt %past, %time : (!tril.tensor<past of time : i32>, !tril.tensor<time : i32>) -> !tril.tensor<time, past of time : i1>
    %r = tril.rename %x "time" to "past" : (!tril.tensor<time : f32>) -> !tril.tensor<past of time : f32>
    %m = tril.where %r, %p : (!tril.tensor<past of time : f32>, !tril.tensor<time, past of time : i1>) -> !tril.tensor<time, past of time : f32, holes>
    %y = tril.reduce )" +
         kind +
         R"( ["past"] %m : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time : f32)" +
         (kind == "sum" ? ">" : ", holes>") +
         (kind == "sum" ? R"(
    tril.output "y" %y ["time"] : !tril.tensor<time : f32>)"
                        : kFilled);
}

TEST(Interpreter, ReductionsSkipHolesAndOfNothing) {
  EXPECT_EQ(Program(reduceMasked("sum")).input("token", {3, 1, 2}).y(), (Numbers{0, 3, 4}));
  EXPECT_EQ(Program(reduceMasked("max")).input("token", {3, 1, 2}).y(), (Numbers{-1, 3, 3}));
  EXPECT_EQ(Program(reduceMasked("min")).input("token", {3, 1, 2}).y(), (Numbers{-1, 3, 1}));
  EXPECT_EQ(Program(reduceMasked("mean")).input("token", {3, 1, 2}).y(), (Numbers{-1, 3, 2}));
}

TEST(Interpreter, AnyAllCount) {
  Program run(std::string(kToken) + R"(
    %two = tril.constant 2.0 : !tril.tensor<i32>
    %p = tril.lt %token, %two : (!tril.tensor<time : i32>, !tril.tensor<i32>) -> !tril.tensor<time : i1>
    %any = tril.reduce any ["time"] %p : (!tril.tensor<time : i1>) -> !tril.tensor<i1>
    %all = tril.reduce all ["time"] %p : (!tril.tensor<time : i1>) -> !tril.tensor<i1>
    %count = tril.reduce count ["time"] %p : (!tril.tensor<time : i1>) -> !tril.tensor<i32>
    tril.output "any" %any [] : !tril.tensor<i1>
    tril.output "all" %all [] : !tril.tensor<i1>
    tril.output "count" %count [] : !tril.tensor<i32>
  )");
  auto outputs = run.input("token", {0, 5, 1}).outputs();
  EXPECT_EQ(outputs["any"].values, (Numbers{1}));
  EXPECT_EQ(outputs["all"].values, (Numbers{0}));
  EXPECT_EQ(outputs["count"].values, (Numbers{2}));
}

TEST(Interpreter, SoftmaxOfARowOfHolesIsHoles) {
  std::string text = reduceMasked("sum");
  text.replace(text.find("%y = tril.reduce"), std::string::npos, R"(
    %w = tril.softmax ["past"] %m : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time, past of time : f32, holes>
    %y = tril.reduce sum ["past"] %w : (!tril.tensor<time, past of time : f32, holes>) -> !tril.tensor<time : f32>
    tril.output "y" %y ["time"] : !tril.tensor<time : f32>
    tril.output "w" %w ["time", "past"] : !tril.tensor<time, past of time : f32, holes>
  )");
  auto outputs = Program(text).input("token", {3, 1, 2}).outputs();
  Numbers sums = {0, 1, 1};
  for (unsigned n = 0; n < sums.size(); ++n)
    EXPECT_DOUBLE_EQ(outputs["y"].values[n], sums[n]);
  double a = std::exp(0.0), b = std::exp(-2.0);
  Numbers want = {0, 0, 0, 1, 0, 0, a / (a + b), b / (a + b), 0};
  for (unsigned n = 0; n < want.size(); ++n)
    EXPECT_DOUBLE_EQ(outputs["w"].values[n], want[n]);
}

TEST(Interpreter, TopTakesTheLowerPositionFirstAndHolesLast) {
  Program run(std::string(kToken) + R"(
    %nine = tril.constant 9.0 : !tril.tensor<i32>
    %p = tril.lt %token, %nine : (!tril.tensor<time : i32>, !tril.tensor<i32>) -> !tril.tensor<time : i1>
    %m = tril.where %x, %p : (!tril.tensor<time : f32>, !tril.tensor<time : i1>) -> !tril.tensor<time : f32, holes>
    %v, %i = tril.top "time" to "choice" %m : (!tril.tensor<time : f32, holes>) -> (!tril.tensor<choice=3 : f32, holes>, !tril.tensor<choice=3 : i32, holes>)
    %none = tril.constant -1.0 : !tril.tensor<i32>
    %y = tril.else %i, %none : (!tril.tensor<choice=3 : i32, holes>, !tril.tensor<i32>) -> !tril.tensor<choice=3 : i32>
    tril.output "y" %y ["choice"] : !tril.tensor<choice=3 : i32>
    tril.output "v" %v ["choice"] : !tril.tensor<choice=3 : f32, holes>
  )");
  EXPECT_EQ(run.input("token", {4, 7, 9, 7}).y(), (Numbers{1, 3, 0}));
  EXPECT_EQ(run.outputs()["v"].values, (Numbers{7, 7, 4}));
  EXPECT_EQ(run.input("token", {9, 7, 9, 9}).y(), (Numbers{1, -1, -1}));
}

TEST(Interpreter, IndexOutsideIsAHole) {
  Program run(std::string(kToken) + R"(
    %time = tril.position : !tril.tensor<time : i32>
    %one = tril.constant 1.0 : !tril.tensor<i32>
    %before = tril.sub %time, %one : (!tril.tensor<time : i32>, !tril.tensor<i32>) -> !tril.tensor<time : i32>
    %y = tril.index %x ["time"] at %before : (!tril.tensor<time : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time : f32, holes>
  )" + kFilled);
  EXPECT_EQ(run.input("token", {5, 6, 7}).y(), (Numbers{-1, 5, 6}));
}

TEST(Interpreter, IndexAlignsAnAxisThatBothHave) {
  Program run(R"(
    %x = tril.table [0.0, 1.0, 10.0, 11.0] : !tril.tensor<a=2, b=2 : f32>
    %i = tril.table [1.0, 0.0] : !tril.tensor<a=2 : i32>
    %y = tril.index %x ["b"] at %i : (!tril.tensor<a=2, b=2 : f32>, !tril.tensor<a=2 : i32>) -> !tril.tensor<a=2 : f32>
    tril.output "y" %y ["a"] : !tril.tensor<a=2 : f32>
  )");
  EXPECT_EQ(run.y(), (Numbers{1, 10}));
}

TEST(Interpreter, IndexThatPromisesNoHolesIsHeldToIt) {
  Program run(std::string(kToken) + R"(
    %t = tril.table [1.0, 2.0] : !tril.tensor<a=2 : f32>
    %y = tril.index %t ["a"] at %token : (!tril.tensor<a=2 : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time : f32>
    tril.output "y" %y ["time"] : !tril.tensor<time : f32>
  )");
  EXPECT_TRUE(run.input("token", {0, 2}).outputs().empty());
  EXPECT_EQ(run.said, "reads outside of the operand, or a hole, and its type has no holes");
}

TEST(Interpreter, SplitMergeStackJoin) {
  Program run(R"(
    %x = tril.table [0.0, 1.0, 2.0, 3.0, 4.0, 5.0] : !tril.tensor<r=6 : f32>
    %s = tril.split %x "r" to ["a", "b"] strides [2, 1] offset 1 : (!tril.tensor<r=6 : f32>) -> !tril.tensor<a=2, b=2 : f32>
    tril.output "split" %s ["a", "b"] : !tril.tensor<a=2, b=2 : f32>
    %m = tril.merge %s ["b", "a"] to "c" : (!tril.tensor<a=2, b=2 : f32>) -> !tril.tensor<c=4 : f32>
    tril.output "merge" %m ["c"] : !tril.tensor<c=4 : f32>
    %k = tril.constant 7.0 : !tril.tensor<f32>
    %t = tril.stack "n" %m, %k : (!tril.tensor<c=4 : f32>, !tril.tensor<f32>) -> !tril.tensor<c=4, n=2 : f32>
    tril.output "stack" %t ["c", "n"] : !tril.tensor<c=4, n=2 : f32>
    %j = tril.join "w" ["c", "r"] %m, %x : (!tril.tensor<c=4 : f32>, !tril.tensor<r=6 : f32>) -> !tril.tensor<w=10 : f32>
    tril.output "join" %j ["w"] : !tril.tensor<w=10 : f32>
  )");
  auto outputs = run.outputs();
  EXPECT_EQ(outputs["split"].values, (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(outputs["merge"].values, (Numbers{1, 3, 2, 4}));
  EXPECT_EQ(outputs["stack"].values, (Numbers{1, 7, 3, 7, 2, 7, 4, 7}));
  EXPECT_EQ(outputs["join"].values, (Numbers{1, 3, 2, 4, 0, 1, 2, 3, 4, 5}));
}

// h = h[time - 1] / 2 + x; f = h[time - 2]: two equations, a lag of two, an outer value at an
// earlier position.
TEST(Interpreter, Recurrence) {
  Program run(std::string(kToken) + R"(
    %y, %f = tril.rec "time" : !tril.tensor<time : f32>, !tril.tensor<time : f32, holes> {
      %h = tril.earlier 0 ago 1 : !tril.tensor<time : f32, holes>
      %zero = tril.constant 0.0 : !tril.tensor<f32>
      %half = tril.constant 0.5 : !tril.tensor<f32>
      %h0 = tril.else %h, %zero : (!tril.tensor<time : f32, holes>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
      %faded = tril.mul %h0, %half : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
      %new = tril.add %faded, %x : (!tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
      %old = tril.earlier 0 ago 2 : !tril.tensor<time : f32, holes>
      tril.yield %new, %old : !tril.tensor<time : f32>, !tril.tensor<time : f32, holes>
    }
    %none = tril.constant -1.0 : !tril.tensor<f32>
    %g = tril.else %f, %none : (!tril.tensor<time : f32, holes>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
    tril.output "y" %y ["time"] : !tril.tensor<time : f32>
    tril.output "g" %g ["time"] : !tril.tensor<time : f32>
  )");
  EXPECT_EQ(run.input("token", {8, 4, 2, 1}).y(), (Numbers{8, 8, 6, 4}));
  EXPECT_EQ(run.outputs()["g"].values, (Numbers{-1, -1, 8, 8}));
}

TEST(Interpreter, RecurrenceSeesPositionsAndOtherTimesOfOuterValues) {
  Program run(std::string(kToken) + R"(
    %y = tril.rec "time" : !tril.tensor<time : f32> {
      %t = tril.position : !tril.tensor<time : i32>
      %h = tril.earlier 0 ago 1 : !tril.tensor<time : f32, holes>
      %zero = tril.constant 0.0 : !tril.tensor<f32>
      %h0 = tril.else %h, %zero : (!tril.tensor<time : f32, holes>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
      %w = tril.constant 0.0 : !tril.tensor<i32>
      %i = tril.mul %t, %w : (!tril.tensor<time : i32>, !tril.tensor<i32>) -> !tril.tensor<time : i32>
      %first = tril.index %x ["time"] at %i : (!tril.tensor<time : f32>, !tril.tensor<time : i32>) -> !tril.tensor<time : f32>
      %now = tril.convert %t : (!tril.tensor<time : i32>) -> !tril.tensor<time : f32>
      %a = tril.add %h0, %first : (!tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
      %new = tril.add %a, %now : (!tril.tensor<time : f32>, !tril.tensor<time : f32>) -> !tril.tensor<time : f32>
      tril.yield %new : !tril.tensor<time : f32>
    }
    tril.output "y" %y ["time"] : !tril.tensor<time : f32>
  )");
  EXPECT_EQ(run.input("token", {10, 4, 2}).y(), (Numbers{10, 21, 33}));
}

TEST(Interpreter, NothingIsLargerOrSmallerThanNaN) {
  Program run(R"(
    %x = tril.table [4.0, -1.0, 9.0] : !tril.tensor<a=3 : f32>
    %n = tril.sqrt %x : (!tril.tensor<a=3 : f32>) -> !tril.tensor<a=3 : f32>
    %zero = tril.constant 0.0 : !tril.tensor<f32>
    %y = tril.max %n, %zero : (!tril.tensor<a=3 : f32>, !tril.tensor<f32>) -> !tril.tensor<a=3 : f32>
    %z = tril.min %zero, %n : (!tril.tensor<f32>, !tril.tensor<a=3 : f32>) -> !tril.tensor<a=3 : f32>
    %most = tril.reduce max ["a"] %n : (!tril.tensor<a=3 : f32>) -> !tril.tensor<f32>
    tril.output "y" %y ["a"] : !tril.tensor<a=3 : f32>
    tril.output "z" %z ["a"] : !tril.tensor<a=3 : f32>
    tril.output "most" %most [] : !tril.tensor<f32>
  )");
  auto outputs = run.outputs();
  EXPECT_TRUE(std::isnan(outputs["y"].values[1]));
  EXPECT_TRUE(std::isnan(outputs["z"].values[1]));
  EXPECT_TRUE(std::isnan(outputs["most"].values[0]));
  EXPECT_EQ(outputs["y"].values[2], 3);
}

TEST(Interpreter, LayersReadTheirOwnParamsAndConstants) {
  Program run(R"(
    %x = tril.table [1.0, 1.0] : !tril.tensor<a=2 : f32>
    %1 = tril.call @layer(%x) layer 0 : (!tril.tensor<a=2 : f32>) -> !tril.tensor<a=2 : f32>
    %2 = tril.call @layer(%1) layer 1 : (!tril.tensor<a=2 : f32>) -> !tril.tensor<a=2 : f32>
    tril.output "y" %2 ["a"] : !tril.tensor<a=2 : f32>
  )",
              R"(tril.body @layer(%x: !tril.tensor<a=2 : f32>) -> !tril.tensor<a=2 : f32> {
    %w = tril.param "{layer}.w" strides [1] of [2] {names = [["0.w"], ["1.w"]]} : !tril.tensor<a=2 : f32>
    %c = tril.layer_constant [2.0, 3.0] : !tril.tensor<f32>
    %m = tril.mul %x, %w : (!tril.tensor<a=2 : f32>, !tril.tensor<a=2 : f32>) -> !tril.tensor<a=2 : f32>
    %y = tril.add %m, %c : (!tril.tensor<a=2 : f32>, !tril.tensor<f32>) -> !tril.tensor<a=2 : f32>
    tril.return %y : !tril.tensor<a=2 : f32>
  })");
  EXPECT_EQ(run.param("0.w", {1, 2}).param("1.w", {10, 20}).y(), (Numbers{33, 83}));
  run.params.erase("1.w");
  EXPECT_TRUE(run.outputs().empty());
  EXPECT_EQ(run.said, "stored tensor `1.w` cannot be read");
}

TEST(Interpreter, ParamsAreReadByStridesAndStacked) {
  Program run(R"(
    %w = tril.param "w" strides [1, 3] offset 1 of [2, 3] : !tril.tensor<column=2, row=2 : f32>
    tril.output "y" %w ["column", "row"] : !tril.tensor<column=2, row=2 : f32>
    %s = tril.param "e{expert}" strides [0, 1] stacked expert of [2] {names = [["e0", "e1"]]} : !tril.tensor<expert=2, a=2 : f32>
    tril.output "s" %s ["expert", "a"] : !tril.tensor<expert=2, a=2 : f32>
  )");
  run.param("w", {0, 1, 2, 3, 4, 5}).param("e0", {6, 7}).param("e1", {8, 9});
  EXPECT_EQ(run.y(), (Numbers{1, 4, 2, 5}));
  EXPECT_EQ(run.outputs()["s"].values, (Numbers{6, 7, 8, 9}));
  run.param("w", {0, 1});
  EXPECT_TRUE(run.outputs().empty());
}

TEST(Interpreter, InputsMustAgreeAndBeInRange) {
  Program run(std::string(kToken) + R"(
    %document = tril.input "document" below 4 : !tril.tensor<time : i32>
    %y = tril.add %token, %document : (!tril.tensor<time : i32>, !tril.tensor<time : i32>) -> !tril.tensor<time : i32>
    tril.output "y" %y ["time"] : !tril.tensor<time : i32>
  )");
  EXPECT_TRUE(run.input("token", {1, 2, 3}).outputs().empty());
  EXPECT_EQ(run.said, "input `document` is not given");
  EXPECT_TRUE(run.input("document", {1, 2}).outputs().empty());
  EXPECT_EQ(run.said, "input `document` has 2 positions along `time`, input `token` has 3");
  EXPECT_TRUE(run.input("document", {1, 2, 4}).outputs().empty());
  EXPECT_EQ(run.said, "input `document` is given 4, which is not in 0..3");
  EXPECT_EQ(run.input("document", {1, 2, 3}).y(), (Numbers{2, 4, 6}));
}

TEST(Interpreter, ExtentIsTheLengthAlsoInsideOfARecurrence) {
  Program run(std::string(kToken) + R"(
    %y = tril.rec "time" : !tril.tensor<time : f32> {
      %n = tril.extent <time> : !tril.tensor<i32>
      %f = tril.convert %n : (!tril.tensor<i32>) -> !tril.tensor<f32>
      %s = tril.add %x, %f : (!tril.tensor<time : f32>, !tril.tensor<f32>) -> !tril.tensor<time : f32>
      tril.yield %s : !tril.tensor<time : f32>
    }
    tril.output "y" %y ["time"] : !tril.tensor<time : f32>
  )");
  EXPECT_EQ(run.input("token", {0, 1}).y(), (Numbers{2, 3}));
}

TEST(Interpreter, SinglePrecisionRounds) {
  Program run(R"(
    %a = tril.constant 1.0 : !tril.tensor<f32>
    %b = tril.constant 1.0e-9 : !tril.tensor<f32>
    %y = tril.add %a, %b : (!tril.tensor<f32>, !tril.tensor<f32>) -> !tril.tensor<f32>
    tril.output "y" %y [] : !tril.tensor<f32>
  )");
  EXPECT_EQ(run.y(), (Numbers{1 + 1e-9}));
  Options single;
  single.precision = Precision::f32;
  EXPECT_EQ(run.y(single), (Numbers{1}));
}

} // namespace
