//===- SolverTest.cpp - formulas and their points
//----------------------------------------------------===//
#include "Analysis/Solver.h"
#include "mlir/IR/MLIRContext.h"
#include <gtest/gtest.h>
#include <random>

using namespace tril;
using namespace tril::analysis;

namespace {

class SolverTest : public testing::Test {
protected:
  SolverTest() : solver(terms) { context.loadDialect<TrilDialect>(); }

  Affine position(const char *name, int64_t size = AxisAttr::kDynamic) {
    return Terms::of(terms.axis(AxisAttr::get(&context, name, size, "")));
  }

  mlir::MLIRContext context;
  Terms terms;
  Solver solver;
};

TEST_F(SolverTest, EqualTermsAreTheSame) {
  Affine t = position("t"), s = position("s");
  EXPECT_EQ(terms.add(t, s), terms.add(s, t));
  EXPECT_EQ(terms.add(terms.add(t, s), s, -1), t);
  // floor((4 t + s) / 2) = 2 t + floor(s / 2), and 6 s / 4 is 3 s / 2.
  EXPECT_EQ(terms.quotient(terms.add(s, t, 4), 2), terms.add(terms.quotient(s, 2), t, 2));
  EXPECT_EQ(terms.quotient(terms.scale(s, 6), 4), terms.quotient(terms.scale(s, 3), 2));
  EXPECT_EQ(terms.quotient(Affine(-1), 4), Affine(-1));
  EXPECT_EQ(terms.below(t, s), terms.negate(terms.atMost(s, t)));
}

TEST_F(SolverTest, RangesDecideWithoutASearch) {
  Affine k = position("k", 4), t = position("t");
  EXPECT_EQ(terms.atMost(k, Affine(3)), Formula(kTrue));
  EXPECT_EQ(terms.below(Affine(3), k), Formula(kFalse));
  EXPECT_EQ(terms.below(t, Affine(0)), Formula(kFalse));
  EXPECT_EQ(solver.queries(), 0u);
}

TEST_F(SolverTest, OpaquePartsCountBothWays) {
  Formula f = terms.both(kOpaque, terms.negate(kOpaque));
  EXPECT_TRUE(solver.possible(f));
  EXPECT_FALSE(solver.certain(f));
}

TEST_F(SolverTest, WhatIsPartlyOpaqueMayHoldWithItsNegation) {
  Affine t = position("t"), s = position("s");
  Formula partly = terms.both(kOpaque, terms.atMost(t, s)), denied = terms.negate(partly);
  Formula other = terms.below(s, Affine(-1)); // nowhere
  EXPECT_TRUE(solver.possible(terms.both(denied, terms.either(partly, other))));
  EXPECT_TRUE(solver.possible(terms.both(partly, terms.either(denied, other))));
}

TEST_F(SolverTest, WholeNumbersAreNotFractions) {
  Affine t = position("t"), s = position("s");
  // An even number is never 3.
  Affine even = terms.add(terms.scale(t, 6), s, -4);
  EXPECT_TRUE(solver.possible(terms.equal(even, Affine(4))));
  EXPECT_FALSE(solver.possible(terms.equal(even, Affine(3))));
  Affine chunk = terms.scale(terms.quotient(t, 4), 4); // t - 4 < chunk <= t
  EXPECT_FALSE(solver.possible(terms.below(t, chunk)));
  EXPECT_FALSE(solver.possible(terms.atMost(chunk, terms.add(t, Affine(-4)))));
  EXPECT_TRUE(solver.possible(terms.equal(chunk, terms.add(t, Affine(-3)))));
}

TEST_F(SolverTest, SubstitutionReachesIntoQuotientsAndData) {
  Affine t = position("t"), s = position("s");
  Affine token = Terms::of(terms.datum(terms.freshSymbol(), {t}, 0, 9));
  Substitution shift = {
      {terms.axis(AxisAttr::get(&context, "t", AxisAttr::kDynamic, "")), terms.add(s, Affine(1))}};
  EXPECT_EQ(terms.replace(terms.quotient(t, 3), shift), terms.quotient(terms.add(s, Affine(1)), 3));
  // The datum at another position is another one; at the same, the same.
  Affine later = terms.replace(token, shift);
  EXPECT_TRUE(solver.possible(terms.below(token, later)));
  EXPECT_EQ(later, terms.replace(token, shift));
  EXPECT_FALSE(solver.possible(terms.below(Affine(9), later)));
}

TEST_F(SolverTest, SmallestPointsComeFirst) {
  Affine t = position("t"), s = position("s");
  Formula f = terms.both(terms.below(terms.add(t, Affine(2)), s), terms.atMost(Affine(5), t));
  auto point = solver.smallest(f, true, t, s);
  ASSERT_TRUE(point);
  EXPECT_EQ((*point)[t.terms[0].first], 5);
  EXPECT_EQ((*point)[s.terms[0].first], 8);
}

TEST_F(SolverTest, OneDatumIsOneNumberWhereItsIndicesAreEqual) {
  Affine t = position("t"), s = position("s");
  unsigned symbol = terms.freshSymbol();
  Affine atT = Terms::of(terms.datum(symbol, {t})), atS = Terms::of(terms.datum(symbol, {s}));
  Formula differ = terms.negate(terms.equal(atT, atS));
  EXPECT_TRUE(solver.possible(differ));
  EXPECT_FALSE(solver.possible(terms.both(differ, terms.equal(t, s))));
  EXPECT_FALSE(solver.possible(
      terms.both(differ, terms.both(terms.atMost(t, s), terms.below(s, terms.add(t, Affine(1)))))));
}

TEST_F(SolverTest, AnotherRunHasDataOfItsOwn) {
  Affine t = position("t");
  Affine token = Terms::of(terms.datum(terms.freshSymbol(), {t}, 0, 9));
  Formula large = terms.below(Affine(4), token), early = terms.atMost(t, Affine(7));
  Formula other = terms.inOtherRun(large);
  EXPECT_TRUE(solver.possible(terms.both(terms.negate(large), other)));
  EXPECT_FALSE(solver.possible(terms.both(terms.negate(other), other)));
  EXPECT_EQ(terms.inOtherRun(terms.both(large, early)), terms.both(other, early));
  EXPECT_EQ(terms.inOtherRun(early), early); // of positions alone both say the same
  EXPECT_FALSE(solver.possible(terms.inOtherRun(terms.below(Affine(9), token))));
  // Data that were made before are left as they are.
  unsigned since = terms.symbolsSoFar();
  Affine later = Terms::of(terms.datum(terms.freshSymbol(), {token}));
  llvm::DenseMap<unsigned, unsigned> renamed;
  EXPECT_EQ(terms.withData(token, renamed, since), token);
  EXPECT_FALSE(terms.withData(later, renamed, since) == later);
  EXPECT_EQ(renamed.size(), 1u);
}

TEST_F(SolverTest, FindsTheLargest) {
  Affine t = position("t"), s = position("s");
  Affine distance = terms.add(s, t, -1);
  auto largest = [&](Formula f) { return solver.largest(f, distance, 1 << 20); };
  EXPECT_EQ(largest(terms.below(s, t)), -1);
  EXPECT_EQ(largest(terms.atMost(s, terms.add(t, Affine(300)))), 300);
  EXPECT_EQ(largest(terms.atMost(s, terms.add(t, Affine(-5000)))), -5000);
  EXPECT_EQ(largest(terms.atLeastZero(t)), std::nullopt);
  EXPECT_EQ(largest(kFalse), std::nullopt);
}

TEST_F(SolverTest, BeyondItsBoundEverythingIsPossible) {
  // Five unknowns below 4, no two of them equal.
  Formula pigeons = kTrue;
  for (int k = 0; k < 5; ++k)
    for (int j = 0; j < k; ++j)
      pigeons = terms.both(
          pigeons, terms.negate(terms.equal(position(("x" + std::to_string(k)).c_str(), 4),
                                            position(("x" + std::to_string(j)).c_str(), 4))));
  solver.setBudget(100);
  EXPECT_TRUE(solver.possible(pigeons));
  EXPECT_TRUE(solver.exceeded());
  EXPECT_FALSE(solver.certain(pigeons));
  // Nor is anything else believed from then on.
  EXPECT_TRUE(solver.possible(terms.both(terms.below(position("t"), position("s")),
                                         terms.below(position("s"), position("t")))));
  Solver patient(terms);
  EXPECT_FALSE(patient.possible(pigeons));
  EXPECT_FALSE(patient.exceeded());
}

// Random formulas over small ranges, against all points.
TEST_F(SolverTest, AgreesWithAllPoints) {
  std::mt19937 random(7);
  auto number = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
  };
  constexpr int size = 5;
  std::vector<Affine> atoms = {position("a", size), position("b", size), position("c", size)};
  auto affine = [&] {
    Affine result(number(-6, 6));
    for (const Affine &atom : atoms)
      result = terms.add(result, atom, number(-3, 3));
    return number(0, 2) == 0 ? terms.quotient(result, number(2, 4)) : result;
  };
  auto formula = [&](auto &self, int depth) -> Formula {
    int kind = depth > 3 ? number(0, 1) : number(0, 4);
    if (kind == 0)
      return terms.atLeastZero(affine());
    if (kind == 1)
      return terms.isZero(affine());
    Formula a = self(self, depth + 1);
    if (kind == 2)
      return terms.negate(a);
    Formula b = self(self, depth + 1);
    return kind == 3 ? terms.both(a, b) : terms.either(a, b);
  };
  int some = 0, none = 0;
  for (int i = 0; i < 400; ++i) {
    Formula f = formula(formula, 0);
    f = terms.both(f, formula(formula, 0));
    bool exists = false;
    for (int n = 0; n < size * size * size && !exists; ++n) {
      Substitution point;
      for (auto [k, value] :
           {std::pair(0, n % size), std::pair(1, n / size % size), std::pair(2, n / size / size)})
        point.push_back({atoms[k].terms[0].first, Affine(value)});
      exists = terms.replace(f, point) == kTrue;
    }
    EXPECT_EQ(solver.possible(f), exists) << i;
    EXPECT_EQ(solver.certain(f), exists) << i;
    (exists ? some : none) += 1;
  }
  EXPECT_FALSE(solver.exceeded());
  EXPECT_GT(some, 40);
  EXPECT_GT(none, 40);
}

} // namespace
