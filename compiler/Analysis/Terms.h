//===- Terms.h - whole numbers and formulas about positions
//------------------------------------------===//
// Quasi-affine expressions over positions, and formulas of them in negation normal form.  Both are
// made by `Terms`, which owns what they refer to, and equal ones are the same object, so that they
// compare and hash by their handle.
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include <map>
#include <optional>
#include <vector>

namespace tril::analysis {

/// An unknown whole number: an index into `Terms`.
using Atom = unsigned;

/// A sum of multiples of atoms and a constant.  Terms are sorted by atom, without zeros.
struct Affine {
  llvm::SmallVector<std::pair<Atom, int64_t>, 3> terms;
  int64_t constant = 0;

  Affine() = default;
  Affine(int64_t constant) : constant(constant) {}
  bool isConstant() const { return terms.empty(); }
  friend bool operator==(const Affine &a, const Affine &b) {
    return a.constant == b.constant && a.terms == b.terms;
  }
  friend bool operator<(const Affine &a, const Affine &b) {
    return std::tie(a.terms, a.constant) < std::tie(b.terms, b.constant);
  }
};

/// A formula: an index into `Terms`.
using Formula = unsigned;
enum : Formula {
  kFalse = 0,
  kTrue = 1,
  /// True or false, nobody knows.  The negation of it is the same, so where formulas say what may
  /// happen it counts as true, wherever it stands.
  kOpaque = 2,
};

struct AtomInfo {
  enum Kind {
    axis,     ///< the position along an axis
    some,     ///< an existentially quantified number
    quotient, ///< floor(dividend / divisor)
    datum,    ///< a number that the run decides, known by its symbol and by its own indices
  } kind;
  AxisAttr along; ///< axis
  Affine dividend;
  int64_t divisor = 1;
  unsigned symbol = 0; ///< datum, some
  std::vector<Affine> indices;
  std::optional<int64_t> least, most; ///< what is known, both inclusive
};

struct FormulaInfo {
  enum Kind { isFalse, isTrue, isOpaque, atLeastZero, isZero, both, either } kind;
  Affine affine;                     ///< atLeastZero, isZero
  Formula left = kFalse;             ///< both, either
  Formula right = kFalse;            ///< both, either
  bool data = false, opaque = false; ///< whether some datum, some opaque part occurs in it
};

/// By atom of kind `axis`: what stands in its place.
using Substitution = llvm::SmallVector<std::pair<Atom, Affine>, 2>;

class Terms {
public:
  Terms();

  /// The position along an axis.
  Atom axis(AxisAttr axis);
  /// A fresh existential number, at least 0 for a position.
  Atom some(std::optional<int64_t> least, std::optional<int64_t> most);
  unsigned freshSymbol() { return nextSymbol++; }
  /// All that are made from now on are not below.
  unsigned symbolsSoFar() const { return nextSymbol; }
  Atom datum(unsigned symbol, std::vector<Affine> indices, std::optional<int64_t> least = {},
             std::optional<int64_t> most = {});
  const AtomInfo &info(Atom atom) const { return atoms[atom]; }

  static Affine of(Atom atom);
  Affine add(const Affine &a, const Affine &b, int64_t timesB = 1);
  Affine scale(const Affine &a, int64_t by);
  /// floor(a / divisor), divisor at least 1.
  Affine quotient(const Affine &a, int64_t divisor);
  Affine replace(const Affine &a, const Substitution &with);

  Formula atLeastZero(const Affine &a);
  Formula isZero(const Affine &a);
  /// a <= b
  Formula atMost(const Affine &a, const Affine &b) { return atLeastZero(add(b, a, -1)); }
  /// a < b
  Formula below(const Affine &a, const Affine &b) { return atLeastZero(add(add(b, a, -1), -1)); }
  Formula equal(const Affine &a, const Affine &b) { return isZero(add(a, b, -1)); }
  Formula both(Formula a, Formula b);
  Formula either(Formula a, Formula b);
  Formula negate(Formula a);
  Formula replace(Formula a, const Substitution &with);
  /// The same with other data: `symbols` says by symbol what stands in its place, and grows by a
  /// fresh one for each symbol from `first` on that it does not know yet.
  Affine withData(const Affine &a, llvm::DenseMap<unsigned, unsigned> &symbols, unsigned first = 0);
  Formula withData(Formula a, llvm::DenseMap<unsigned, unsigned> &symbols, unsigned first = 0);
  /// What a formula says of another run, which has data of its own.
  Formula inOtherRun(Formula f) { return withData(f, otherRun); }
  const FormulaInfo &formula(Formula f) const { return formulas[f]; }
  /// A datum occurs in it, or it is not known altogether.
  bool dependsOnData(Formula f) const { return formulas[f].data || formulas[f].opaque; }
  bool dependsOnData(const Affine &a) const;
  /// Some opaque part occurs in it.
  bool hasOpaque(Formula f) const { return formulas[f].opaque; }

  /// A number left 62 bits, or there are more formulas than any text needs: nothing that was made
  /// since may be believed.
  bool exceeded() const { return exceeded_; }

private:
  /// `f` with `change` of every affine expression in it.
  Formula map(Formula f, llvm::function_ref<Affine(const Affine &)> change);
  Atom intern(AtomInfo info);
  Formula intern(FormulaInfo::Kind kind, Affine affine, Formula left, Formula right);
  Formula negated(FormulaInfo info);
  int64_t checked(__int128 value);

  std::vector<AtomInfo> atoms;
  std::vector<FormulaInfo> formulas;
  llvm::DenseMap<Formula, Formula> negations;
  llvm::DenseMap<AxisAttr, Atom> axes;
  std::map<std::pair<Affine, int64_t>, Atom> quotients;
  std::map<std::pair<unsigned, std::vector<Affine>>, Atom> data;
  std::map<std::tuple<int, Affine, Formula, Formula>, Formula> known;
  llvm::DenseMap<unsigned, unsigned> otherRun;
  unsigned nextSymbol = 0;
  bool exceeded_ = false;
};

} // namespace tril::analysis
