//===- MaskTest.cpp - masks as sets, and their intervals of keys, against every pair of positions
//--===//
#include "Analysis/KeyIntervals.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include <gtest/gtest.h>
#include <random>

using namespace tril;
using mlir::Value;

namespace {

constexpr int64_t kPositions = 48;

/// A predicate as operations and as a function.
struct Predicate {
  Value value;
  std::function<bool(int64_t t, int64_t p)> holds;
  std::string text;
};

struct Number {
  Value value;
  std::function<int64_t(int64_t t, int64_t p)> at;
  std::string text;
};

class MaskTest : public ::testing::Test {
protected:
  MaskTest() : builder(&context) {
    context.loadDialect<TrilDialect>();
    module = mlir::ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToStart(module->getBody());
  }

  NamedTensorType type(llvm::StringRef axes, mlir::Type element) {
    llvm::SmallVector<AxisAttr> list;
    if (axes.contains('t'))
      list.push_back(AxisAttr::get(&context, "time", AxisAttr::kDynamic, "time"));
    if (axes.contains('p'))
      list.push_back(AxisAttr::get(&context, "past", AxisAttr::kDynamic, "time"));
    return NamedTensorType::get(&context, list, element, /*holes=*/false);
  }
  mlir::Type i32() { return builder.getI32Type(); }
  template <typename Op, typename... Operands>
  Value make(mlir::Type element, Operands... operands) {
    return Op::create(builder, builder.getUnknownLoc(), type("tp", element), operands...)
        .getResult();
  }

  Number constant(int64_t c) {
    auto value = ConstantOp::create(builder, builder.getUnknownLoc(), type("", i32()),
                                    llvm::APFloat(double(c)));
    return {value, [c](int64_t, int64_t) { return c; }, std::to_string(c)};
  }
  Number time() {
    return {PositionOp::create(builder, builder.getUnknownLoc(), type("t", i32())),
            [](int64_t t, int64_t) { return t; }, "time"};
  }
  Number past() {
    return {PositionOp::create(builder, builder.getUnknownLoc(), type("p", i32())),
            [](int64_t, int64_t p) { return p; }, "past"};
  }
  int64_t draw(int64_t n) { return int64_t(random() % uint64_t(n)); }

  Number number(int depth) {
    if (depth == 0)
      switch (draw(3)) {
      case 0:
        return time();
      case 1:
        return past();
      default:
        return constant(draw(24));
      }
    Number a = number(depth - 1);
    int64_t c = 1 + draw(7);
    switch (draw(7)) {
    case 0: {
      Number b = number(depth - 1);
      return {make<AddOp>(i32(), a.value, b.value),
              [=](int64_t t, int64_t p) { return a.at(t, p) + b.at(t, p); },
              "(" + a.text + " + " + b.text + ")"};
    }
    case 1: {
      Number b = number(depth - 1);
      return {make<SubOp>(i32(), a.value, b.value),
              [=](int64_t t, int64_t p) { return a.at(t, p) - b.at(t, p); },
              "(" + a.text + " - " + b.text + ")"};
    }
    case 2:
      return {make<MulOp>(i32(), constant(c).value, a.value),
              [=](int64_t t, int64_t p) { return c * a.at(t, p); },
              std::to_string(c) + " * " + a.text};
    case 3: {
      Value real = make<ConvertOp>(builder.getF32Type(), a.value);
      Value divisor = ConstantOp::create(builder, builder.getUnknownLoc(),
                                         type("", builder.getF32Type()), llvm::APFloat(double(c)));
      Value floor =
          make<FloorOp>(builder.getF32Type(), make<DivOp>(builder.getF32Type(), real, divisor));
      return {make<ConvertOp>(i32(), floor),
              [=](int64_t t, int64_t p) { return llvm::divideFloorSigned(a.at(t, p), c); },
              "floor(" + a.text + " / " + std::to_string(c) + ")"};
    }
    case 4:
      return {make<ModOp>(i32(), a.value, constant(c).value),
              [=](int64_t t, int64_t p) {
                return a.at(t, p) - c * llvm::divideFloorSigned(a.at(t, p), c);
              },
              "(" + a.text + " % " + std::to_string(c) + ")"};
    case 5:
      return {make<AbsOp>(i32(), a.value),
              [=](int64_t t, int64_t p) { return std::abs(a.at(t, p)); }, "abs(" + a.text + ")"};
    default: {
      Number b = number(depth - 1);
      return {make<MaxOp>(i32(), a.value, b.value),
              [=](int64_t t, int64_t p) { return std::max(a.at(t, p), b.at(t, p)); },
              "max(" + a.text + ", " + b.text + ")"};
    }
    }
  }

  Predicate predicate(int depth) {
    mlir::Type truth = builder.getI1Type();
    if (depth == 0 || draw(4) == 0) {
      Number a = number(static_cast<int>(draw(3))), b = number(static_cast<int>(draw(2)));
      auto compare = [&](auto make, auto holds, const char *sign) {
        return Predicate{make(),
                         [=](int64_t t, int64_t p) { return holds(a.at(t, p), b.at(t, p)); },
                         "(" + a.text + sign + b.text + ")"};
      };
      switch (draw(5)) {
      case 0:
        return compare([&] { return make<LtOp>(truth, a.value, b.value); }, std::less<>(), " < ");
      case 1:
        return compare([&] { return make<GeOp>(truth, a.value, b.value); }, std::greater_equal<>(),
                       " >= ");
      case 2:
        return compare([&] { return make<EqOp>(truth, a.value, b.value); }, std::equal_to<>(),
                       " == ");
      case 3:
        return compare([&] { return make<NeOp>(truth, a.value, b.value); }, std::not_equal_to<>(),
                       " != ");
      default:
        return compare([&] { return make<LeOp>(truth, a.value, b.value); }, std::less_equal<>(),
                       " <= ");
      }
    }
    Predicate a = predicate(depth - 1);
    if (draw(5) == 0)
      return {make<NotOp>(truth, a.value), [=](int64_t t, int64_t p) { return !a.holds(t, p); },
              "not " + a.text};
    Predicate b = predicate(depth - 1);
    if (draw(2))
      return {make<AndOp>(truth, a.value, b.value),
              [=](int64_t t, int64_t p) { return a.holds(t, p) && b.holds(t, p); },
              "(" + a.text + " and " + b.text + ")"};
    return {make<OrOp>(truth, a.value, b.value),
            [=](int64_t t, int64_t p) { return a.holds(t, p) || b.holds(t, p); },
            "(" + a.text + " or " + b.text + ")"};
  }

  /// Sets and intervals against the function, at every pair of positions.  Counts the pairs of full
  /// intervals.
  void check(const Predicate &predicate) {
    Mask mask = truthOf(predicate.value, "past");
    std::vector<KeyInterval> intervals = keyIntervals(mask);
    bool same = true; // of too many parts something is left open
    for (int64_t t = 0; t < kPositions; ++t)
      for (int64_t p = 0; p < kPositions; ++p) {
        bool holds = predicate.holds(t, p);
        bool may = mask.mayHold(t, p), must = mask.mustHold(t, p);
        ASSERT_TRUE(may || !holds) << predicate.text << " at time " << t << ", past " << p;
        ASSERT_TRUE(holds || !must) << predicate.text << " at time " << t << ", past " << p;
        same &= may == holds && must == holds;
        bool covered = false, full = false;
        for (const KeyInterval &interval : intervals) {
          if (t < interval.first || (interval.last && t > *interval.last))
            continue;
          bool within = interval.leastAt(t).value_or(p) <= p && p <= interval.mostAt(t).value_or(p);
          covered |= within;
          full |= within && interval.full;
        }
        ASSERT_TRUE(covered || !holds) << predicate.text << " at time " << t << ", past " << p;
        ASSERT_TRUE(!full || holds) << predicate.text << " at time " << t << ", past " << p;
        pairs += full;
      }
    exact += same;
    for (const KeyInterval &interval : intervals) {
      for (const KeyEnd &end : interval.least)
        checkMotion(interval, end, predicate.text);
      for (const KeyEnd &end : interval.most)
        checkMotion(interval, end, predicate.text);
    }
  }

  /// What is read lies among what is kept.
  void checkKeep(const Predicate &predicate, const Mask &mask) {
    std::optional<Keep> keep = keptBy(mask);
    for (int64_t t = 0; t < kPositions && keep; ++t)
      for (int64_t p = 0; p < kPositions; ++p)
        ASSERT_TRUE(!predicate.holds(t, p) || t - p <= keep->window || p < keep->pinned)
            << predicate.text << " at time " << t << ", past " << p;
  }

  /// Of several queries at once, and where all pairs lie on a lattice.
  void checkSpans(const Predicate &predicate) {
    Mask mask = truthOf(predicate.value, "past");
    KeyLattice lattice = latticeOf(mask);
    lattices += lattice.step > 1;
    std::vector<KeyInterval> intervals = keyIntervals(mask, lattice);
    for (int64_t first = 0; first < kPositions; first += 8)
      for (int64_t p = 0; p < kPositions; ++p) {
        bool within = false, full = false;
        for (const KeyInterval &interval : intervals) {
          KeySpan span = spanOf(interval, first, first + 7, kPositions);
          within |= span.lo <= p && p < span.hi;
          full |= span.fullLo <= p && p < span.fullHi;
        }
        for (int64_t t = first; t < first + 8; ++t) {
          bool holds = predicate.holds(t, p);
          ASSERT_TRUE(!holds || (within && lattice.contains(t, p)))
              << predicate.text << " at time " << t << ", past " << p;
          ASSERT_TRUE(holds || !full || !lattice.contains(t, p))
              << predicate.text << " at time " << t << ", past " << p;
        }
      }
  }

  void checkMotion(const KeyInterval &interval, const KeyEnd &end, const std::string &text) {
    for (int64_t t = interval.first; t + 1 < kPositions && (!interval.last || t < *interval.last);
         ++t) {
      int64_t here = interval.floors->at(end.value, t, 0);
      int64_t next = interval.floors->at(end.value, t + 1, 0);
      ASSERT_TRUE(end.moves == Motion::still ? next == here
                  : end.moves == Motion::up  ? next >= here
                                             : next <= here)
          << text << " at time " << t;
    }
  }

  mlir::MLIRContext context;
  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::mt19937 random{7};
  int64_t pairs = 0, lattices = 0, exact = 0;
};

TEST_F(MaskTest, RandomPredicates) {
  for (int i = 0; i < 300; ++i) {
    Predicate drawn = predicate(2);
    check(drawn);
    checkSpans(drawn);
    checkKeep(drawn, truthOf(drawn.value, "past"));
    if (HasFatalFailure())
      return;
  }
  EXPECT_GE(exact, 270);
  EXPECT_GT(pairs, 10'000); // full tiles do come about
}

TEST_F(MaskTest, DilatedMasksLieOnALattice) {
  mlir::Type truth = builder.getI1Type();
  auto remainder = [&](Value x, int64_t step, int64_t rest) {
    return make<EqOp>(truth, make<ModOp>(i32(), x, constant(step).value), constant(rest).value);
  };
  Value causal = make<LeOp>(truth, past().value, time().value);
  Value distance = make<SubOp>(i32(), time().value, past().value);
  for (int64_t step : {2, 3, 6, 16}) {
    Value mask = make<AndOp>(truth, causal, remainder(distance, step, step - 1));
    KeyLattice lattice = latticeOf(truthOf(mask, "past"));
    EXPECT_EQ(lattice.step, step);
    EXPECT_TRUE(lattice.moves);
    EXPECT_EQ(lattice.offset, 1); // past = time + 1 modulo the step
    mask = make<AndOp>(truth, causal, remainder(past().value, step, 1));
    lattice = latticeOf(truthOf(mask, "past"));
    EXPECT_EQ(lattice.step, step);
    EXPECT_FALSE(lattice.moves);
    EXPECT_EQ(lattice.offset, 1);
    mask = make<OrOp>(truth, mask, remainder(distance, step, 0));
    EXPECT_EQ(latticeOf(truthOf(mask, "past")).step, 1);
  }
  // Of a step that is too large, what divides it.
  EXPECT_EQ(latticeOf(truthOf(remainder(distance, 40, 0), "past")).step, 10);
  check({make<AndOp>(truth, causal, remainder(distance, 4, 0)),
         [](int64_t t, int64_t p) { return p <= t && (t - p) % 4 == 0; }, "dilated"});
  checkSpans({make<AndOp>(truth, causal, remainder(distance, 4, 0)),
              [](int64_t t, int64_t p) { return p <= t && (t - p) % 4 == 0; }, "dilated"});
  EXPECT_EQ(lattices, 1);
  std::vector<KeyInterval> intervals = keyIntervals(
      truthOf(make<AndOp>(truth, causal, remainder(distance, 4, 0)), "past"), {4, true, 0});
  ASSERT_EQ(intervals.size(), 1U);
  EXPECT_TRUE(intervals[0].full); // of the lattice
}

// Whatever is combined, there are few parts, and what they say holds.
TEST_F(MaskTest, ManyPartsAreTakenTogether) {
  mlir::Type truth = builder.getI1Type();
  auto whole = [&](const Predicate &drawn) {
    Mask mask = truthOf(drawn.value, "past");
    EXPECT_LE(mask.parts.size(), Mask::kMostParts) << drawn.text;
    check(drawn);
    checkSpans(drawn);
    checkKeep(drawn, mask);
    return mask.coarse;
  };
  for (int i = 0; i < 60 && !HasFatalFailure(); ++i)
    whole(predicate(6));
  // Each remainder that is not allowed leaves two parts: 32 together; of 30 distances, 30 parts.
  auto causal = [](int64_t t, int64_t p) { return p <= t; };
  Value distance = make<SubOp>(i32(), time().value, past().value);
  Predicate all{make<LeOp>(truth, past().value, time().value), causal, "remainders"};
  Predicate any{make<LtOp>(truth, distance, constant(0).value),
                [](int64_t t, int64_t p) { return t < p; }, "distances"};
  for (int64_t m : {5, 7, 11, 13, 17}) {
    Value rest = make<ModOp>(i32(), past().value, constant(m).value);
    all.value = make<AndOp>(truth, all.value, make<NeOp>(truth, rest, constant(m - 3).value));
    all.holds = [m, before = all.holds](int64_t t, int64_t p) {
      return before(t, p) && p % m != m - 3;
    };
  }
  for (int64_t d = 1; d < 60; d += 2) {
    any.value = make<OrOp>(truth, any.value, make<EqOp>(truth, distance, constant(d).value));
    any.holds = [d, before = any.holds](int64_t t, int64_t p) {
      return before(t, p) || t - p == d;
    };
  }
  EXPECT_TRUE(whole(all));
  EXPECT_TRUE(whole(any));
}

TEST_F(MaskTest, WhatIsKept) {
  mlir::Type truth = builder.getI1Type();
  Value causal = make<LeOp>(truth, past().value, time().value);
  Value distance = make<SubOp>(i32(), time().value, past().value);
  auto below = [&](Value x, int64_t c) { return make<LtOp>(truth, x, constant(c).value); };
  auto both = [&](Value a, Value b) { return make<AndOp>(truth, a, b); };
  auto floor = [&](Value x, int64_t c) {
    Value real = make<ConvertOp>(builder.getF32Type(), x);
    Value by = ConstantOp::create(builder, builder.getUnknownLoc(), type("", builder.getF32Type()),
                                  llvm::APFloat(double(c)));
    return make<FloorOp>(builder.getF32Type(), make<DivOp>(builder.getF32Type(), real, by));
  };
  auto kept = [&](Value mask) { return keptBy(truthOf(mask, "past")); };
  EXPECT_FALSE(kept(causal));
  ASSERT_TRUE(kept(both(causal, below(distance, 8))));
  EXPECT_EQ(kept(both(causal, below(distance, 8)))->window, 7);
  Value chunk = make<EqOp>(truth, floor(past().value, 16), floor(time().value, 16));
  ASSERT_TRUE(kept(both(causal, chunk)));
  EXPECT_EQ(kept(both(causal, chunk))->window, 15);
  // Of whole numbers: the largest multiple of 4 below 8, where a fraction would be 7.
  Value dilated =
      make<EqOp>(truth, make<ModOp>(i32(), distance, constant(4).value), constant(0).value);
  ASSERT_TRUE(kept(both(dilated, both(causal, below(distance, 8)))));
  EXPECT_EQ(kept(both(dilated, both(causal, below(distance, 8))))->window, 4);
  Value sinks = make<OrOp>(truth, below(past().value, 3), below(distance, 8));
  ASSERT_TRUE(kept(both(causal, sinks)));
  EXPECT_EQ(kept(both(causal, sinks))->window, 7);
  EXPECT_EQ(kept(both(causal, sinks))->pinned, 3);
  EXPECT_EQ(kept(both(below(past().value, 3), below(time().value, 2)))->pinned, 0);
}

// A window for each head or layer: seen by some head where it is seen by the one with the largest
// window, known to be by all where by the one with the smallest.
TEST_F(MaskTest, HeadsAndLayersOfTheirOwn) {
  mlir::Type truth = builder.getI1Type();
  auto loc = builder.getUnknownLoc();
  auto of = [&](llvm::ArrayRef<AxisAttr> axes, mlir::Type element) {
    return NamedTensorType::get(&context, axes, element, /*holes=*/false);
  };
  AxisAttr head = AxisAttr::get(&context, "head", 3, "head");
  Value windows =
      TableOp::create(builder, loc, of({head}, i32()), llvm::ArrayRef<double>{8, 20, 4});
  Value twice = AddOp::create(builder, loc, of({head}, i32()), windows, windows);
  Value layer = LayerConstantOp::create(builder, loc, of({}, i32()), llvm::ArrayRef<double>{6, 10});
  llvm::SmallVector<AxisAttr> all(type("tp", truth).getAxes());
  Value causal = make<LeOp>(truth, past().value, time().value);
  Value distance = make<SubOp>(i32(), time().value, past().value);
  auto near = [&](Value window) {
    llvm::SmallVector<AxisAttr> axes = all;
    llvm::append_range(axes, mlir::cast<NamedTensorType>(window.getType()).getAxes());
    Value below = LtOp::create(builder, loc, of(axes, truth), distance, window);
    return AndOp::create(builder, loc, of(axes, truth), causal, below).getResult();
  };
  auto expect = [&](Value predicate, int64_t some, int64_t each) {
    Mask mask = truthOf(predicate, "past");
    for (int64_t t = 0; t < kPositions; ++t)
      for (int64_t p = 0; p < kPositions; ++p) {
        ASSERT_EQ(mask.mayHold(t, p), p <= t && t - p < some) << t << " " << p;
        ASSERT_EQ(mask.mustHold(t, p), p <= t && t - p < each) << t << " " << p;
      }
    EXPECT_EQ(keptBy(mask)->window, some - 1);
    std::vector<KeyInterval> intervals = keyIntervals(mask);
    EXPECT_EQ(intervals.size(), 2u);
    EXPECT_EQ(llvm::count_if(intervals, [](const KeyInterval &one) { return one.full; }), 1);
  };
  expect(near(windows), 20, 4);
  expect(near(twice), 40, 8);
  expect(near(layer), 10, 6);
  llvm::SmallVector<AxisAttr> axes = all;
  axes.push_back(head);
  expect(AndOp::create(builder, loc, of(axes, truth), near(windows), near(layer)), 10, 4);
  // The first head sees every second key, the others all.
  Value first =
      EqOp::create(builder, loc, of({head}, truth),
                   PositionOp::create(builder, loc, of({head}, i32())), constant(0).value);
  Value even =
      make<EqOp>(truth, make<ModOp>(i32(), distance, constant(2).value), constant(0).value);
  Value others = NotOp::create(builder, loc, of({head}, truth), first);
  Value either = OrOp::create(builder, loc, of(axes, truth), even, others);
  Mask mask = truthOf(AndOp::create(builder, loc, of(axes, truth), causal, either), "past");
  EXPECT_TRUE(mask.mayHold(9, 8));
  EXPECT_FALSE(mask.mustHold(9, 8));
  EXPECT_TRUE(mask.mustHold(9, 7));
  EXPECT_FALSE(mask.mayHold(8, 9));
  // Too many heads to tell apart: open, as what is not read at all.
  AxisAttr many = AxisAttr::get(&context, "many", 300, "many");
  Value position = PositionOp::create(builder, loc, of({many}, i32()));
  EXPECT_FALSE(keptBy(truthOf(near(position), "past")));
}

TEST(Floors, RepeatAndBound) {
  Floors floors;
  Quasi chunk = *floors.floor(Quasi::ofTime(1, 3), 4); // floor((t + 3) / 4)
  EXPECT_EQ(floors.at(chunk, 5, 0), 2);
  EXPECT_EQ(*floors.floor(Quasi::ofTime(4, 9), 4), Quasi::ofTime(1, 2)); // whole multiples
  std::optional<Period> period = floors.periodOf(*floors.floor(chunk.times(2), 3), false);
  ASSERT_TRUE(period); // floor(2 floor((t + 3) / 4) / 3)
  EXPECT_EQ(period->period, 12);
  EXPECT_EQ(period->growth, 2);
  EXPECT_EQ(floors.periodOf(chunk, true)->growth, 0); // in `past`
  EXPECT_FALSE(floors.periodOf(*floors.floor(Quasi::ofTime(), 5000), false));
  EXPECT_TRUE(Quasi::ofTime(int64_t(1) << 39).times(4).tooLarge);
  EXPECT_FALSE(floors.floor(Quasi::ofTime(int64_t(1) << 39).times(4), 3));

  MaskPart part;
  ASSERT_TRUE(part.add(Quasi::ofTime(2, -7)));                          // time >= 4
  ASSERT_TRUE(part.add(difference(Quasi::ofTime(), Quasi::ofPast(3)))); // 3 past <= time
  EXPECT_FALSE(MaskPart(part).add(Quasi::ofTime(-1, 3)));               // time <= 3
  PartBounds bounds(floors, part.rows);
  EXPECT_EQ(bounds.least(Quasi::ofTime()).value, 4);
  EXPECT_EQ(bounds.least(difference(Quasi::ofTime(), Quasi::ofPast())).value, 3);
  EXPECT_FALSE(bounds.most(Quasi::ofPast()).value);
  EXPECT_TRUE(bounds.implies(difference(Quasi::ofTime(2), Quasi::ofPast(5))));
  EXPECT_FALSE(bounds.implies(difference(Quasi::ofTime(), Quasi::ofPast(4))));
}

} // namespace
