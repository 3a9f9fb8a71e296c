//===- Solver.h - points of formulas
//------------------------------------------------------------------===//
#pragma once
#include "Analysis/Terms.h"

namespace tril::analysis {

/// Values of atoms at which a formula holds.
using Point = std::map<Atom, int64_t>;

/// Searches for points of formulas with MLIR's Presburger library: disjunctions are taken one
/// alternative at a time, pruned by a simplex over the rationals, and what is left is decided over
/// the whole numbers.  The work is bounded; where the bound is met, `exceeded` says so from then on
/// and every formula is taken to have points.
class Solver {
public:
  explicit Solver(Terms &terms) : terms(terms) {}

  /// Whether `f` may hold somewhere.  Opaque parts count as true.
  bool possible(Formula f) { return bool(decide(f, true)); }
  /// Whether it holds somewhere even if opaque parts count as false.
  bool certain(Formula f) { return bool(decide(f, false)) && !exceeded(); }
  /// The largest value that `measure` may have where `f` holds, if it is between -limit and limit;
  /// null if it may be larger, or if `f` holds nowhere.
  std::optional<int64_t> largest(Formula f, const Affine &measure, int64_t limit);
  /// A point with its smallest value of `first`, then of `second`, where they are small; null if
  /// there is none.
  std::optional<Point> smallest(Formula f, bool opaque, const Affine &first, const Affine &second);

  bool exceeded() const { return exceeded_ || terms.exceeded(); }
  unsigned queries() const { return queries_; }
  /// For tests: the work that a formula may take, in entries of simplex tables.
  void setBudget(uint64_t work) { workOfFormula = work; }

private:
  const std::optional<Point> &decide(Formula f, bool opaque);
  Formula sameDataAlike(const Point &point);

  Terms &terms;
  std::map<std::pair<Formula, bool>, std::optional<Point>> decided;
  unsigned queries_ = 0;
  uint64_t workOfFormula = 200'000'000, workLeft = 500'000'000;
  bool exceeded_ = false;
};

} // namespace tril::analysis
