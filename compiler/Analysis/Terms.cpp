//===- Terms.cpp - whole numbers and formulas about positions
//----------------------------------------===//
#include "Analysis/Terms.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

using namespace tril;
using namespace tril::analysis;

static constexpr size_t kMostFormulas = 400000;

Terms::Terms() {
  for (auto kind : {FormulaInfo::isFalse, FormulaInfo::isTrue, FormulaInfo::isOpaque})
    formulas.push_back({kind, {}, kFalse, kFalse, false, kind == FormulaInfo::isOpaque});
}

int64_t Terms::checked(__int128 value) {
  constexpr __int128 limit = static_cast<__int128>(1) << 62;
  if (value > limit || value < -limit) {
    exceeded_ = true;
    return 0;
  }
  return static_cast<int64_t>(value);
}

Atom Terms::intern(AtomInfo info) {
  atoms.push_back(std::move(info));
  return atoms.size() - 1;
}

Atom Terms::axis(AxisAttr axis) {
  auto [at, fresh] = axes.try_emplace(axis, 0);
  if (fresh) {
    AtomInfo info;
    info.kind = AtomInfo::axis;
    info.along = axis;
    info.least = 0;
    if (!axis.isDynamic())
      info.most = axis.getSize() - 1;
    at->second = intern(std::move(info));
  }
  return at->second;
}

Atom Terms::some(std::optional<int64_t> least, std::optional<int64_t> most) {
  AtomInfo info;
  info.kind = AtomInfo::some;
  info.symbol = freshSymbol();
  info.least = least;
  info.most = most;
  return intern(std::move(info));
}

Atom Terms::datum(unsigned symbol, std::vector<Affine> indices, std::optional<int64_t> least,
                  std::optional<int64_t> most) {
  auto [at, fresh] = data.try_emplace({symbol, indices}, 0);
  if (fresh) {
    AtomInfo info;
    info.kind = AtomInfo::datum;
    info.symbol = symbol;
    info.indices = std::move(indices);
    info.least = least;
    info.most = most;
    at->second = intern(std::move(info));
  }
  return at->second;
}

Affine Terms::of(Atom atom) {
  Affine result;
  result.terms.push_back({atom, 1});
  return result;
}

Affine Terms::add(const Affine &a, const Affine &b, int64_t timesB) {
  Affine result;
  result.constant =
      checked(static_cast<__int128>(a.constant) + static_cast<__int128>(b.constant) * timesB);
  auto i = a.terms.begin(), j = b.terms.begin();
  while (i != a.terms.end() || j != b.terms.end()) {
    bool takeA = j == b.terms.end() || (i != a.terms.end() && i->first <= j->first);
    bool takeB = i == a.terms.end() || (j != b.terms.end() && j->first <= i->first);
    Atom atom = takeA ? i->first : j->first;
    int64_t factor = checked((takeA ? static_cast<__int128>(i->second) : 0) +
                             (takeB ? static_cast<__int128>(j->second) * timesB : 0));
    if (factor != 0)
      result.terms.push_back({atom, factor});
    i += takeA;
    j += takeB;
  }
  return result;
}

Affine Terms::scale(const Affine &a, int64_t by) { return add(Affine(), a, by); }

static int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

// Multiples of the divisor are taken out, so that the same quotient is the same atom whichever way
// it is written.
Affine Terms::quotient(const Affine &a, int64_t divisor) {
  if (divisor == 1)
    return a;
  Affine whole, rest;
  whole.constant = floorDivide(a.constant, divisor);
  rest.constant = a.constant - whole.constant * divisor;
  for (auto [atom, factor] : a.terms)
    (factor % divisor == 0 ? whole : rest)
        .terms.push_back({atom, factor % divisor == 0 ? factor / divisor : factor});
  if (rest.isConstant()) // 0 <= rest < divisor
    return whole;
  int64_t common = divisor;
  for (auto [atom, factor] : rest.terms)
    common = std::gcd(common, factor);
  if (common > 1) { // floor((c x + k) / (c d)) = floor((x + floor(k / c)) / d)
    for (auto &term : rest.terms)
      term.second /= common;
    rest.constant = floorDivide(rest.constant, common);
    return add(whole, quotient(rest, divisor / common));
  }
  auto [at, fresh] = quotients.try_emplace({rest, divisor}, 0);
  if (fresh) {
    AtomInfo info;
    info.kind = AtomInfo::quotient;
    info.dividend = rest;
    info.divisor = divisor;
    at->second = intern(std::move(info));
  }
  return add(whole, of(at->second));
}

Affine Terms::replace(const Affine &a, const Substitution &with) {
  Affine result(a.constant);
  for (auto [atom, factor] : a.terms) {
    AtomInfo::Kind kind = atoms[atom].kind;
    Affine now = of(atom);
    if (kind == AtomInfo::axis) {
      for (const auto &[from, to] : with)
        if (from == atom)
          now = to;
    } else if (kind == AtomInfo::quotient) {
      Affine dividend = atoms[atom].dividend; // atoms may grow
      now = quotient(replace(dividend, with), atoms[atom].divisor);
    } else if (kind == AtomInfo::datum) {
      std::vector<Affine> indices = atoms[atom].indices;
      for (Affine &index : indices)
        index = replace(index, with);
      now = of(datum(atoms[atom].symbol, std::move(indices), atoms[atom].least, atoms[atom].most));
    }
    result = add(result, now, factor);
  }
  return result;
}

Formula Terms::intern(FormulaInfo::Kind kind, Affine affine, Formula left, Formula right) {
  FormulaInfo info{kind, std::move(affine), left, right};
  auto [at, fresh] = known.try_emplace({info.kind, info.affine, info.left, info.right}, 0);
  if (fresh) {
    if (formulas.size() >= kMostFormulas)
      exceeded_ = true;
    at->second = formulas.size();
    info.data = dependsOnData(info.affine) || formulas[info.left].data || formulas[info.right].data;
    info.opaque |= formulas[info.left].opaque || formulas[info.right].opaque;
    formulas.push_back(std::move(info));
  }
  return at->second;
}

Formula Terms::atLeastZero(const Affine &a) {
  if (a.isConstant())
    return a.constant >= 0 ? kTrue : kFalse;
  Affine tight = a;
  int64_t common = 0;
  for (auto [atom, factor] : a.terms)
    common = std::gcd(common, factor);
  if (common > 1) {
    for (auto &term : tight.terms)
      term.second /= common;
    tight.constant = floorDivide(a.constant, common);
  }
  // One atom with a known range may decide it.
  if (tight.terms.size() == 1) {
    auto [atom, factor] = tight.terms.front();
    const AtomInfo &info = atoms[atom];
    int64_t bound = tight.constant; // factor * atom + bound >= 0, factor is 1 or -1
    if (factor > 0 ? info.least && *info.least + bound >= 0 : info.most && bound - *info.most >= 0)
      return kTrue;
    if (factor > 0 ? info.most && *info.most + bound < 0 : info.least && bound - *info.least < 0)
      return kFalse;
  }
  return intern(FormulaInfo::atLeastZero, std::move(tight), kFalse, kFalse);
}

Formula Terms::isZero(const Affine &a) {
  if (a.isConstant())
    return a.constant == 0 ? kTrue : kFalse;
  int64_t common = 0;
  for (auto [atom, factor] : a.terms)
    common = std::gcd(common, factor);
  if (a.constant % common != 0)
    return kFalse;
  Affine tight = a;
  int64_t by = a.terms.front().second < 0 ? -common : common;
  for (auto &term : tight.terms)
    term.second /= by;
  tight.constant /= by;
  return intern(FormulaInfo::isZero, std::move(tight), kFalse, kFalse);
}

Formula Terms::both(Formula a, Formula b) {
  if (a == kFalse || b == kFalse)
    return kFalse;
  if (a == kTrue || a == b)
    return b;
  if (b == kTrue)
    return a;
  if (a > b)
    std::swap(a, b);
  return intern(FormulaInfo::both, {}, a, b);
}

Formula Terms::either(Formula a, Formula b) {
  if (a == kTrue || b == kTrue)
    return kTrue;
  if (a == kFalse || a == b)
    return b;
  if (b == kFalse)
    return a;
  if (a > b)
    std::swap(a, b);
  return intern(FormulaInfo::either, {}, a, b);
}

Formula Terms::negate(Formula f) {
  if (auto found = negations.find(f); found != negations.end())
    return found->second;
  Formula result = negated(formulas[f]);
  negations[f] = result;
  return result;
}

Formula Terms::negated(FormulaInfo info) {
  switch (info.kind) {
  case FormulaInfo::isFalse:
    return kTrue;
  case FormulaInfo::isTrue:
    return kFalse;
  case FormulaInfo::isOpaque:
    return kOpaque;
  case FormulaInfo::atLeastZero:
    return atLeastZero(add(Affine(-1), info.affine, -1));
  case FormulaInfo::isZero:
    return either(atLeastZero(add(info.affine, Affine(-1))),
                  atLeastZero(add(Affine(-1), info.affine, -1)));
  case FormulaInfo::both:
    return either(negate(info.left), negate(info.right));
  case FormulaInfo::either:
    return both(negate(info.left), negate(info.right));
  }
  llvm_unreachable("a kind of formula");
}

Formula Terms::replace(Formula f, const Substitution &with) {
  if (with.empty())
    return f;
  return map(f, [&](const Affine &a) { return replace(a, with); });
}

Affine Terms::withData(const Affine &a, llvm::DenseMap<unsigned, unsigned> &symbols,
                       unsigned first) {
  Affine result(a.constant);
  for (auto [atom, factor] : a.terms) {
    AtomInfo info = atoms[atom]; // atoms may grow
    Affine now = of(atom);
    if (info.kind == AtomInfo::quotient) {
      now = quotient(withData(info.dividend, symbols, first), info.divisor);
    } else if (info.kind == AtomInfo::datum) {
      for (Affine &index : info.indices)
        index = withData(index, symbols, first);
      unsigned symbol = info.symbol;
      if (symbol >= first) {
        auto [at, fresh] = symbols.try_emplace(symbol, 0);
        if (fresh)
          at->second = freshSymbol();
        symbol = at->second;
      }
      now = of(datum(symbol, std::move(info.indices), info.least, info.most));
    }
    result = add(result, now, factor);
  }
  return result;
}

Formula Terms::withData(Formula f, llvm::DenseMap<unsigned, unsigned> &symbols, unsigned first) {
  if (!formulas[f].data)
    return f;
  return map(f, [&](const Affine &a) { return withData(a, symbols, first); });
}

Formula Terms::map(Formula f, llvm::function_ref<Affine(const Affine &)> change) {
  llvm::DenseMap<Formula, Formula> done;
  auto visit = [&](auto &self, Formula g) -> Formula {
    if (auto found = done.find(g); found != done.end())
      return found->second;
    FormulaInfo info = formulas[g];
    Formula result = g;
    switch (info.kind) {
    case FormulaInfo::atLeastZero:
      result = atLeastZero(change(info.affine));
      break;
    case FormulaInfo::isZero:
      result = isZero(change(info.affine));
      break;
    case FormulaInfo::both:
    case FormulaInfo::either: {
      Formula left = self(self, info.left), right = self(self, info.right);
      result = info.kind == FormulaInfo::both ? both(left, right) : either(left, right);
      break;
    }
    default:
      break;
    }
    done[g] = result;
    return result;
  };
  return visit(visit, f);
}

bool Terms::dependsOnData(const Affine &a) const {
  return llvm::any_of(a.terms, [&](const auto &term) {
    const AtomInfo &info = atoms[term.first];
    return info.kind == AtomInfo::datum || info.kind == AtomInfo::some ||
           (info.kind == AtomInfo::quotient && dependsOnData(info.dividend));
  });
}
