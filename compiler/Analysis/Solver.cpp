//===- Solver.cpp - points of formulas
//----------------------------------------------------------------===//
#include "Analysis/Solver.h"
#include "mlir/Analysis/Presburger/IntegerRelation.h"
#include "mlir/Analysis/Presburger/Simplex.h"
#include "llvm/ADT/ScopeExit.h"

using namespace tril;
using namespace tril::analysis;
using llvm::ArrayRef;
using llvm::DynamicAPInt;
using llvm::SmallVector;
using namespace mlir::presburger;

// Deciding over the whole numbers takes time exponential in this.
static constexpr size_t kMostColumns = 40;

namespace {

class Search {
public:
  Search(const Terms &terms, bool opaque, unsigned steps)
      : steps(steps), terms(terms), opaque(opaque) {}

  std::optional<Point> run(Formula f) {
    collect(f);
    if (columns.size() > kMostColumns) {
      exceeded = true;
      return Point();
    }
    Simplex start(columns.size());
    simplex = &start;
    for (auto [k, atom] : llvm::enumerate(columns))
      bound(atom, k);
    SmallVector<Formula> choices;
    if (!assume(f, choices) || !search(choices, 0))
      return std::nullopt;
    return point;
  }
  bool exceeded = false;
  unsigned steps;

private:
  void collect(const Affine &a) {
    for (auto [atom, factor] : a.terms) {
      if (!columnOf.try_emplace(atom, columns.size()).second)
        continue;
      columns.push_back(atom);
      if (terms.info(atom).kind == AtomInfo::quotient)
        collect(terms.info(atom).dividend);
    }
  }
  void collect(Formula f) {
    if (!seen.insert(f).second)
      return;
    const FormulaInfo &info = terms.formula(f);
    if (info.kind == FormulaInfo::both || info.kind == FormulaInfo::either) {
      collect(info.left);
      collect(info.right);
    } else {
      collect(info.affine);
    }
  }

  SmallVector<DynamicAPInt> row(const Affine &a) const {
    SmallVector<DynamicAPInt> result(columns.size() + 1, DynamicAPInt(0));
    for (auto [atom, factor] : a.terms)
      result[columnOf.lookup(atom)] = DynamicAPInt(factor);
    result.back() = DynamicAPInt(a.constant);
    return result;
  }

  // What is known of an atom: its range, and that a quotient is one.
  void bound(Atom atom, unsigned column) {
    const AtomInfo &info = terms.info(atom);
    SmallVector<DynamicAPInt> unit(columns.size() + 1, DynamicAPInt(0));
    if (info.least) {
      unit[column] = DynamicAPInt(1);
      unit.back() = DynamicAPInt(-*info.least);
      add(unit, false);
    }
    if (info.most) {
      unit[column] = DynamicAPInt(-1);
      unit.back() = DynamicAPInt(*info.most);
      add(unit, false);
    }
    if (info.kind == AtomInfo::quotient) { // 0 <= dividend - divisor * q <= divisor - 1
      SmallVector<DynamicAPInt> rest = row(info.dividend);
      rest[column] -= DynamicAPInt(info.divisor);
      add(rest, false);
      for (DynamicAPInt &factor : rest)
        factor = -factor;
      rest.back() += DynamicAPInt(info.divisor - 1);
      add(rest, false);
    }
  }

  void add(ArrayRef<DynamicAPInt> coefficients, bool equality) {
    rows.push_back({SmallVector<DynamicAPInt>(coefficients), equality});
    if (equality)
      simplex->addEquality(coefficients);
    else
      simplex->addInequality(coefficients);
  }

  // Adds what `f` says without a choice, and its choices to `choices`; false if it cannot hold.
  bool assume(Formula f, SmallVector<Formula> &choices) {
    const FormulaInfo &info = terms.formula(f);
    switch (info.kind) {
    case FormulaInfo::isFalse:
      return false;
    case FormulaInfo::isTrue:
      return true;
    case FormulaInfo::isOpaque:
      return opaque;
    case FormulaInfo::atLeastZero:
    case FormulaInfo::isZero:
      add(row(info.affine), info.kind == FormulaInfo::isZero);
      return !simplex->isEmpty();
    case FormulaInfo::both:
      return assume(info.left, choices) && assume(info.right, choices);
    case FormulaInfo::either:
      choices.push_back(f);
      return true;
    }
    llvm_unreachable("a kind of formula");
  }

  bool search(const SmallVector<Formula> &choices, size_t at) {
    if (steps == 0) {
      exceeded = true;
      return true;
    }
    --steps;
    if (simplex->isEmpty())
      return false;
    if (at == choices.size())
      return finish();
    const FormulaInfo &info = terms.formula(choices[at]);
    for (Formula side : {info.left, info.right}) {
      unsigned snapshot = simplex->getSnapshot();
      size_t count = rows.size();
      SmallVector<Formula> more = choices;
      if (assume(side, more) && search(more, at + 1))
        return true;
      rows.resize(count);
      simplex->rollback(snapshot);
    }
    return false;
  }

  bool finish() {
    auto keep = [&](ArrayRef<DynamicAPInt> values) {
      for (auto [k, atom] : llvm::enumerate(columns))
        point[atom] = int64fromDynamicAPInt(values[k]);
      return true;
    };
    if (auto sample = simplex->getSamplePointIfIntegral())
      return keep(*sample);
    IntegerPolyhedron polyhedron(PresburgerSpace::getSetSpace(columns.size()));
    for (const auto &[coefficients, equality] : rows)
      if (equality)
        polyhedron.addEquality(coefficients);
      else
        polyhedron.addInequality(coefficients);
    if (auto sample = polyhedron.findIntegerSample())
      return keep(*sample);
    return false;
  }

  const Terms &terms;
  bool opaque;
  SmallVector<Atom> columns;
  llvm::DenseMap<Atom, unsigned> columnOf;
  llvm::DenseSet<Formula> seen;
  Simplex *simplex = nullptr;
  std::vector<std::pair<SmallVector<DynamicAPInt>, bool>> rows;
  Point point;
};

} // namespace

const std::optional<Point> &Solver::decide(Formula f, bool opaque) {
  auto [at, fresh] = decided.try_emplace({f, opaque}, std::nullopt);
  if (!fresh)
    return at->second;
  if (f == kTrue || f == kFalse || (f == kOpaque && !opaque)) {
    if (f == kTrue)
      at->second = Point();
    return at->second;
  }
  ++queries_;
  if (exceeded()) {
    at->second = Point();
    return at->second;
  }
  unsigned budget = std::min(stepsOfFormula, stepsLeft);
  Search search(terms, opaque, budget);
  at->second = search.run(f);
  stepsLeft -= budget - search.steps;
  exceeded_ |= search.exceeded;
  return at->second;
}

std::optional<Point> Solver::smallest(Formula f, bool opaque, const Affine &first,
                                      const Affine &second) {
  std::optional<Point> best = decide(f, opaque);
  if (!best || exceeded())
    return best;
  for (const Affine *measure : {&first, &second}) {
    for (int64_t value = 0; value < 64; ++value) {
      Formula narrowed = terms.both(f, terms.equal(*measure, Affine(value)));
      std::optional<Point> found = decide(narrowed, opaque);
      if (exceeded())
        return best;
      if (found) {
        best = found;
        f = narrowed;
        break;
      }
    }
  }
  return best;
}
