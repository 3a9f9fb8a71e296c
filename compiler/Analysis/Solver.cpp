//===- Solver.cpp - points of formulas
//----------------------------------------------------------------===//
#include "Analysis/Solver.h"
#include "mlir/Analysis/Presburger/IntegerRelation.h"
#include "mlir/Analysis/Presburger/Simplex.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace tril;
using namespace tril::analysis;
using llvm::ArrayRef;
using llvm::DynamicAPInt;
using llvm::SmallVector;
using namespace mlir::presburger;

// Deciding over the whole numbers takes time exponential in the unknowns that matter.
static constexpr size_t kMostUnknowns = 400, kMostWholeUnknowns = 30;

// So many times the numbers between two whole ones are cut out before the whole numbers are
// searched.
static constexpr unsigned kMostBranches = 40;

// So often readings of one datum are found to differ at one point, and that is ruled out.
static constexpr unsigned kMostRefinements = 8;

// A search over the whole numbers costs so much work for each triple of unknowns.
static constexpr uint64_t kWorkOfSample = 1000;

namespace {

class Search {
public:
  Search(Terms &terms, bool opaque, uint64_t work) : work(work), terms(terms), opaque(opaque) {}

  std::optional<Point> run(Formula f) {
    collect(f);
    if (columns.size() > kMostUnknowns) {
      exceeded = true;
      return Point();
    }
    Simplex start(columns.size());
    simplex = &start;
    for (auto [k, atom] : llvm::enumerate(columns)) {
      defining = k;
      bound(atom, k);
    }
    defining.reset();
    if (!assume(f) || !search())
      return std::nullopt;
    return point;
  }
  bool exceeded = false;
  uint64_t work; ///< that is left

private:
  // An inequality costs as much as the table of the simplex is large, and so does what follows.
  void spend(uint64_t cost) { work -= std::min(work, cost); }

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
    spend((1 + rows.size()) * (1 + columns.size()));
    rows.push_back({SmallVector<DynamicAPInt>(coefficients), equality, defining});
    if (equality)
      simplex->addEquality(coefficients);
    else
      simplex->addInequality(coefficients);
  }

  // Adds what `f` says without a choice, and its choices to `choices`; false if it cannot hold.
  bool assume(Formula f) {
    if (!assumed.insert(f).second)
      return true;
    trail.push_back(f);
    const FormulaInfo info = terms.formula(f);
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
      return assume(info.left) && assume(info.right);
    case FormulaInfo::either:
      choices.push_back(f);
      return true;
    }
    llvm_unreachable("a kind of formula");
  }

  // What has opaque parts may hold together with its negation.
  bool refuted(Formula f) { return !terms.hasOpaque(f) && assumed.contains(negation(f)); }
  Formula negation(Formula f) {
    auto [at, fresh] = negations.try_emplace(f, kFalse);
    if (!fresh)
      return at->second;
    Formula result = terms.negate(f);
    negations[f] = result;
    return result;
  }

  // Chooses sides until all choices are made.  One that is made already, or that has one side left,
  // needs no search.
  bool search() {
    if (work == 0) {
      exceeded = true;
      return true;
    }
    if (simplex->isEmpty())
      return false;
    std::optional<Formula> open;
    for (size_t k = 0; k < choices.size(); ++k) { // `assume` adds some
      FormulaInfo info = terms.formula(choices[k]);
      if (assumed.contains(info.left) || assumed.contains(info.right))
        continue;
      bool left = refuted(info.left), right = refuted(info.right);
      if (left && right)
        return false;
      if (!left && !right) {
        if (!open)
          open = choices[k];
        continue;
      }
      if (!assume(left ? info.right : info.left))
        return false;
      open.reset();
      k = -1; // what was assumed may decide earlier ones
    }
    if (!open)
      return finish();
    FormulaInfo info = terms.formula(*open);
    for (Formula side : {info.left, info.right}) {
      unsigned snapshot = simplex->getSnapshot();
      size_t rowCount = rows.size(), choiceCount = choices.size(), trailCount = trail.size();
      // The second side is only looked at where the first does not hold.
      if ((side == info.left || info.left == kOpaque || assumeOther(info.left)) && assume(side) &&
          search())
        return true;
      rows.resize(rowCount);
      choices.resize(choiceCount);
      while (trail.size() > trailCount)
        assumed.erase(trail.pop_back_val());
      simplex->rollback(snapshot);
    }
    return false;
  }

  // Narrows the second side by a literal: others would add choices.
  bool assumeOther(Formula first) {
    FormulaInfo::Kind kind = terms.formula(first).kind;
    return kind != FormulaInfo::atLeastZero || assume(negation(first));
  }

  bool finish() {
    auto keep = [&](ArrayRef<DynamicAPInt> values) {
      for (auto [k, atom] : llvm::enumerate(columns))
        point[atom] = int64fromDynamicAPInt(values[k]);
      return true;
    };
    if (auto sample = simplex->getSamplePointIfIntegral())
      return keep(*sample);
    unsigned nodes = kMostBranches;
    if (std::optional<bool> found = branch(nodes))
      return *found && keep(*simplex->getSamplePointIfIntegral());
    return finishOverIntegers();
  }

  // Divides what is left at an unknown that the simplex makes a fraction, until all are whole or
  // nothing is left; nothing if `nodes` do not suffice.  Where it finds a point, the simplex stays
  // at it.
  std::optional<bool> branch(unsigned &nodes) {
    auto sample = simplex->getRationalSample();
    if (!sample)
      return false;
    auto fraction = llvm::find_if(*sample, [](const Fraction &x) { return x.num % x.den != 0; });
    if (fraction == sample->end())
      return true;
    unsigned column = fraction - sample->begin();
    DynamicAPInt below = floor(*fraction);
    bool open = false;
    for (bool upper : {false, true}) {
      if (nodes == 0)
        return std::nullopt;
      --nodes;
      spend((1 + rows.size()) * (1 + columns.size()));
      unsigned snapshot = simplex->getSnapshot();
      SmallVector<DynamicAPInt> side(columns.size() + 1, DynamicAPInt(0));
      side[column] = DynamicAPInt(upper ? 1 : -1);
      side.back() = upper ? -below - 1 : below;
      simplex->addInequality(side);
      if (!simplex->isEmpty()) {
        std::optional<bool> found = branch(nodes);
        if (found && *found)
          return true;
        open |= !found;
      }
      simplex->rollback(snapshot);
    }
    return open ? std::nullopt : std::optional<bool>(false);
  }

  // What the formula says is over few atoms; what defines the others can always be met.
  bool finishOverIntegers() {
    llvm::SmallBitVector needed(columns.size());
    auto mark = [&](const Row &row) {
      for (size_t k = 0; k < columns.size(); ++k)
        if (row.coefficients[k] != 0)
          needed.set(k);
    };
    for (const Row &row : rows)
      if (!row.definition)
        mark(row);
    for (bool grown = true; grown;) {
      unsigned before = needed.count();
      for (const Row &row : rows)
        if (row.definition && needed.test(*row.definition))
          mark(row);
      grown = needed.count() != before;
    }
    SmallVector<unsigned> kept(needed.set_bits());
    if (kept.size() > kMostWholeUnknowns) {
      exceeded = true;
      return true;
    }
    IntegerPolyhedron polyhedron(PresburgerSpace::getSetSpace(kept.size()));
    for (const Row &row : rows) {
      if (row.definition && !needed.test(*row.definition))
        continue;
      SmallVector<DynamicAPInt> part;
      for (unsigned k : kept)
        part.push_back(row.coefficients[k]);
      part.push_back(row.coefficients.back());
      if (row.equality)
        polyhedron.addEquality(part);
      else
        polyhedron.addInequality(part);
    }
    spend(kWorkOfSample * kept.size() * kept.size() * kept.size());
    auto sample = polyhedron.findIntegerSample();
    if (!sample)
      return false;
    for (auto [k, value] : llvm::zip(kept, *sample))
      point[columns[k]] = int64fromDynamicAPInt(value);
    return true;
  }

  Terms &terms;
  bool opaque;
  SmallVector<Atom> columns;
  llvm::DenseMap<Atom, unsigned> columnOf;
  llvm::DenseSet<Formula> seen;
  Simplex *simplex = nullptr;
  struct Row {
    SmallVector<DynamicAPInt> coefficients;
    bool equality;
    std::optional<unsigned> definition; ///< the column of which it says what it is
  };
  std::vector<Row> rows;
  std::optional<unsigned> defining;
  SmallVector<Formula> choices, trail;
  llvm::DenseSet<Formula> assumed;
  llvm::DenseMap<Formula, Formula> negations;
  Point point;
};

} // namespace

const std::optional<Point> &Solver::decide(Formula f, bool opaque) {
  std::pair<Formula, bool> key(f, opaque);
  auto [at, fresh] = decided.try_emplace(key, std::nullopt);
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
  uint64_t budget = std::min(workOfFormula, workLeft);
  workLeft -= budget;
  std::optional<Point> point;
  for (unsigned refinements = 0;; ++refinements) {
    Search search(terms, opaque, budget);
    point = search.run(f);
    budget = search.work;
    exceeded_ |= search.exceeded;
    if (!point || search.exceeded || refinements == kMostRefinements)
      break;
    Formula alike = sameDataAlike(*point);
    if (alike == kTrue)
      break;
    f = terms.both(f, alike);
  }
  workLeft += budget;
  return decided[key] = std::move(point);
}

static std::optional<int64_t> valueAt(const Terms &terms, const Point &point,
                                      const Affine &affine) {
  int64_t result = affine.constant;
  for (auto [atom, factor] : affine.terms) {
    auto found = point.find(atom);
    if (found == point.end())
      return std::nullopt;
    result += factor * found->second;
  }
  return result;
}

// Two readings of one datum at the same indices give the same number, also where the indices are
// only equal at this point.  Says so of those that differ there.
Formula Solver::sameDataAlike(const Point &point) {
  Formula result = kTrue;
  for (auto one = point.begin(); one != point.end(); ++one) {
    if (terms.info(one->first).kind != AtomInfo::datum)
      continue;
    for (auto other = std::next(one); other != point.end(); ++other) {
      const AtomInfo &a = terms.info(one->first), &b = terms.info(other->first);
      if (b.kind != AtomInfo::datum || a.symbol != b.symbol || one->second == other->second)
        continue;
      bool same = true;
      for (auto [x, y] : llvm::zip(a.indices, b.indices)) {
        auto left = valueAt(terms, point, x), right = valueAt(terms, point, y);
        same &= left && right && *left == *right;
      }
      if (!same)
        continue;
      Formula alike = terms.equal(Terms::of(one->first), Terms::of(other->first));
      for (size_t k = 0, n = a.indices.size(); k < n; ++k) {
        Affine left = terms.info(one->first).indices[k],
               right = terms.info(other->first).indices[k];
        alike = terms.either(alike, terms.negate(terms.equal(left, right)));
      }
      result = terms.both(result, alike);
    }
  }
  return result;
}

std::optional<int64_t> Solver::largest(Formula f, const Affine &measure, int64_t limit) {
  auto reaches = [&](int64_t value) {
    return possible(terms.both(f, terms.atMost(Affine(value), measure)));
  };
  if (reaches(limit) || !reaches(-limit))
    return std::nullopt;
  int64_t yes = -limit, no = limit;
  // Most are small.
  for (int64_t near = 1; near < limit; near *= 16) {
    if (no > near && !reaches(near))
      no = near;
    if (yes < -near && reaches(-near))
      yes = -near;
    if (no - yes <= 2 * near)
      break;
  }
  while (no - yes > 1) {
    int64_t middle = yes + (no - yes) / 2;
    (reaches(middle) ? yes : no) = middle;
  }
  return yes;
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
