//===- KeyIntervals.cpp
//-----------------------------------------------------------------------------===//
#include "Analysis/KeyIntervals.h"
#include "Analysis/Floors.h"
#include "mlir/Analysis/Presburger/Simplex.h"

using namespace mlir;
using namespace mlir::presburger;
using namespace tril;

static std::optional<int64_t> valueOf(const std::optional<PWMAFunction> &function, int64_t t) {
  if (!function)
    return std::nullopt;
  auto value = function->valueAt(ArrayRef<int64_t>{t});
  return value ? std::optional(int64_t((*value)[0])) : std::nullopt;
}
std::optional<int64_t> KeyInterval::leastAt(int64_t t) const { return valueOf(least, t); }
std::optional<int64_t> KeyInterval::mostAt(int64_t t) const { return valueOf(most, t); }

namespace {

/// time as the domain, past as the range.
PresburgerRelation asRelation(const PresburgerSet &set) {
  PresburgerRelation result = PresburgerRelation::getEmpty(PresburgerSpace::getRelationSpace(1, 1));
  for (IntegerRelation disjunct : set.getAllDisjuncts()) {
    disjunct.convertVarKind(VarKind::SetDim, 0, 1, VarKind::Domain);
    result.unionInPlace(disjunct);
  }
  return result;
}

PresburgerSet asSet(const PresburgerRelation &relation) {
  PresburgerSet result = PresburgerSet::getEmpty(PresburgerSpace::getSetSpace(2));
  for (IntegerRelation disjunct : relation.getAllDisjuncts()) {
    disjunct.convertVarKind(VarKind::Domain, 0, 1, VarKind::Range, 0);
    result.unionInPlace(disjunct);
  }
  return result;
}

PresburgerRelation graphOf(const PWMAFunction &function) {
  PresburgerRelation graph = PresburgerRelation::getEmpty(PresburgerSpace::getRelationSpace(1, 1));
  for (const PWMAFunction::Piece &piece : function.getAllPieces())
    graph.unionInPlace(
        PresburgerRelation(piece.output.getAsRelation()).intersectDomain(piece.domain));
  return graph;
}

/// Whether there are t < u with f(t) > f(u) (`down`), or with f(t) < f(u).
bool changes(const PresburgerRelation &graph, bool down) {
  // pairs (f(t), f(u)) with t < u: the composition of the inverse graph, "before", and the graph.
  IntegerRelation before(PresburgerSpace::getRelationSpace(1, 1));
  before.addInequality({-1, 1, -1}); // u - t - 1 >= 0
  PresburgerRelation inverse = graph;
  inverse.inverse();
  inverse.compose(PresburgerRelation(before));
  inverse.compose(graph);
  IntegerRelation order(PresburgerSpace::getRelationSpace(1, 1));
  if (down)
    order.addInequality({1, -1, -1});
  else
    order.addInequality({-1, 1, -1});
  return !inverse.intersect(PresburgerRelation(order)).isIntegerEmpty();
}

std::optional<Motion> motionOf(const PWMAFunction &function) {
  PresburgerRelation graph = graphOf(function);
  bool falls = changes(graph, /*down=*/true), rises = changes(graph, /*down=*/false);
  if (falls && rises)
    return std::nullopt;
  return falls ? Motion::down : rises ? Motion::up : Motion::still;
}

/// t -> factor * t + constant
PWMAFunction affine(int64_t factor, int64_t constant) {
  PresburgerSpace space = PresburgerSpace::getRelationSpace(1, 1);
  IntMatrix row(1, 2);
  row(0, 0) = factor;
  row(0, 1) = constant;
  PWMAFunction result(space);
  result.addPiece(
      {PresburgerSet::getUniverse(space.getDomainSpace()), MultiAffineFunction(space, row)});
  return result;
}

/// Whether every local variable has its floor: symbolic minima sometimes come without.
bool isExplicit(const PWMAFunction &function) {
  return llvm::all_of(function.getAllPieces(), [](const PWMAFunction::Piece &piece) {
    return piece.output.getDivs().getNumDivs() == piece.output.getSpace().getNumLocalVars() &&
           piece.output.getDivs().hasAllReprs() &&
           llvm::all_of(piece.domain.getAllDisjuncts(), [](const IntegerRelation &disjunct) {
             return disjunct.getLocalReprs().hasAllReprs();
           });
  });
}

/// One interval that holds `pairs`; `must` says what it may be full of.
KeyInterval intervalOf(const PresburgerSet &pairs, const PresburgerSet &must,
                       const KeyLattice &lattice) {
  KeyInterval result;
  result.first = std::max<int64_t>(leastOf(pairs, 1, 0).value.value_or(0), 0);
  if (auto last = leastOf(pairs, -1, 0).value)
    result.last = -*last;

  // Ends of the forms t + c and c hold always, ...
  if (auto near = leastOf(pairs, -1, 1).value) {
    result.least = affine(1, *near);
    result.leastMoves = Motion::up;
  } else if (auto fixed = leastOf(pairs, 0, 1).value)
    result.least = affine(0, *fixed);
  if (auto near = leastOf(pairs, 1, -1).value) {
    result.most = affine(1, -*near);
    result.mostMoves = Motion::up;
  } else if (auto fixed = leastOf(pairs, 0, -1).value)
    result.most = affine(0, -*fixed);

  // ... the exact ones where they have a value at each query and move in one direction.
  IntegerRelation span(PresburgerSpace::getSetSpace(1));
  span.addBound(BoundType::LB, 0, result.first);
  if (result.last)
    span.addBound(BoundType::UB, 0, *result.last);
  const PresburgerSet asked((IntegerPolyhedron(span)));
  if (pairs.getNumDisjuncts() > 1)
    return result;
  PresburgerRelation relation = asRelation(pairs);
  PresburgerSet domain(withFloors(relation.getDomainSet()));
  if (!isSimple(domain) || !asked.subtract(domain).isIntegerEmpty())
    return result;
  SymbolicLexOpt least = relation.findSymbolicIntegerLexMin(),
                 most = relation.findSymbolicIntegerLexMax();
  auto use = [&](const PWMAFunction &end, std::optional<PWMAFunction> &target, Motion &moves) {
    if (!isExplicit(end))
      return;
    PresburgerSet domain(withFloors(end.getDomain()));
    if (!isSimple(domain) || !asked.subtract(domain).isIntegerEmpty())
      return;
    if (auto motion = motionOf(end)) {
      target = end;
      moves = *motion;
    }
  };
  use(least.lexopt, result.least, result.leastMoves);
  use(most.lexopt, result.most, result.mostMoves);
  bool endless = most.lexopt.getNumPieces() == 0;
  if (!result.least || (!result.most && !endless))
    return result;

  if (!isSimple(must))
    return result;

  // Full: every query of the span sees every key between the ends.
  auto side = [](const PWMAFunction &end, int64_t sign) { // sign * (past - end(time)) >= 0
    IntegerRelation order(PresburgerSpace::getRelationSpace(1, 1));
    order.addInequality({-sign, sign, 0});
    PresburgerRelation pairs = graphOf(end);
    pairs.compose(PresburgerRelation(order));
    return pairs;
  };
  PresburgerRelation between = side(*result.least, 1);
  if (result.most)
    between = between.intersect(side(*result.most, -1));
  between = between.intersectDomain(asked);
  IntegerRelation keys(PresburgerSpace::getSetSpace(1));
  keys.addBound(BoundType::LB, 0, 0);
  between = between.intersectRange(PresburgerSet(IntegerPolyhedron(keys)));
  result.full = asSet(between).intersect(pairsOf(lattice)).subtract(must).isIntegerEmpty();
  return result;
}

/// Without the disjuncts that lie in others.
PresburgerSet withoutDuplicates(const PresburgerSet &set) {
  std::vector<IntegerRelation> kept;
  for (const IntegerRelation &disjunct : set.getAllDisjuncts()) {
    if (disjunct.isIntegerEmpty() || llvm::any_of(kept, [&](const IntegerRelation &other) {
          return disjunct.isSubsetOf(other);
        }))
      continue;
    llvm::erase_if(kept, [&](const IntegerRelation &other) { return other.isSubsetOf(disjunct); });
    kept.push_back(disjunct);
  }
  PresburgerSet result = PresburgerSet::getEmpty(set.getSpace());
  for (const IntegerRelation &disjunct : kept)
    result.unionInPlace(disjunct);
  return result;
}

} // namespace

std::vector<KeyInterval> tril::keyIntervals(const MaskSets &mask, const KeyLattice &lattice,
                                            unsigned limit) {
  PresburgerSet may = withoutDuplicates(PresburgerSet(withFloors(mask.may))),
                must(withFloors(mask.must));
  std::vector<KeyInterval> result;
  if (may.getNumDisjuncts() > limit) {
    result.push_back(intervalOf(may, must, lattice));
    return result;
  }
  for (const IntegerRelation &disjunct : may.getAllDisjuncts())
    result.push_back(intervalOf(PresburgerSet(IntegerPolyhedron(disjunct)), must, lattice));
  return result;
}

KeySpan tril::spanOf(const KeyInterval &interval, int64_t first, int64_t last, int64_t all) {
  int64_t begin = std::max(first, interval.first),
          end = interval.last ? std::min(last, *interval.last) : last;
  if (end < begin)
    return {all, 0, all, 0};
  KeySpan span{0, all, 0, all};
  if (interval.least) {
    bool up = interval.leastMoves != Motion::down;
    span.lo = std::max<int64_t>(interval.leastAt(up ? begin : end).value_or(0), 0);
    span.fullLo = interval.leastAt(up ? end : begin).value_or(all);
  }
  if (interval.most) {
    bool up = interval.mostMoves != Motion::down;
    span.hi = std::min(interval.mostAt(up ? end : begin).value_or(all) + 1, all);
    span.fullHi = std::min(interval.mostAt(up ? begin : end).value_or(-1) + 1, all);
  }
  if (!interval.full || first < begin || end < last)
    span.fullLo = all, span.fullHi = 0;
  return span;
}
