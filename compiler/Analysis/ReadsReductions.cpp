//===- ReadsReductions.cpp - reductions, softmax, the largest along an axis
//--------------------------===//
#include "Analysis/Rules.h"

using namespace mlir;
using namespace tril;
using namespace tril::analysis;

// Counts are bounded up to here.
static constexpr int64_t kLargestCount = int64_t(1) << 20;
// Positions from the start that may decide `any` and `all`.
static constexpr int64_t kEarly = 3;

static SmallVector<AxisAttr> axesOf(ArrayRef<NamedTensorType> types, ArrayAttr names) {
  SmallVector<AxisAttr> result;
  for (StringRef name : names.getAsValueRange<StringAttr>())
    for (NamedTensorType type : types)
      if (type.hasAxis(name)) {
        result.push_back(type.axis(name));
        break;
      }
  return result;
}

// What `from` reads along whole rows, at any positions of the axes: what it is and that the
// position exists, where it is no hole and `on` holds in this run or in the other; that it is a
// hole, where it may be none in the other run and `on` holds there.  Nothing where `open` does not
// hold.  As a row is empty where all of it are holes, that they are is also what makes a hole of
// the result.
static void readRows(ReadsAnalysis &analysis, Operation *op, Reads &into, const Reads &from,
                     ArrayRef<AxisAttr> axes, Formula on = kTrue, Formula open = kTrue) {
  Terms &terms = analysis.terms;
  Substitution any = analysis.anyPosition(axes);
  Formula there = terms.both(analysis.present(from), analysis.inEitherRun(from, on));
  there = terms.both(open, there);
  there = terms.replace(there, any);
  analysis.take(into, Role::content, from, Role::content, there, any, op);
  Reads exist;
  for (AxisAttr axis : axes)
    if (axis.isDynamic())
      exist.cases.push_back({kTrue, analysis.position(axis), axis.getRootName(), nullptr});
  analysis.take(into, Role::content, exist, Role::content, there, any, op);
  Formula notThere = terms.both(analysis.matters(from, Role::hole), terms.inOtherRun(on));
  notThere = terms.replace(terms.both(open, notThere), any);
  for (Role as : {Role::content, Role::hole})
    analysis.take(into, as, from, Role::hole, notThere, any, op);
}

// Whether a row surely has a position that is no hole: some simple ones are tried.
static bool neverEmpty(ReadsAnalysis &analysis, const Reads &x, ArrayRef<AxisAttr> axes,
                       NamedTensorType type) {
  if (x.hole == kFalse)
    return llvm::none_of(axes, [](AxisAttr axis) {
      return axis.isDynamic() ? axis.getRootName() != kTime : axis.getSize() == 0;
    });
  Terms &terms = analysis.terms;
  if (axes.size() != 1 || axes[0].getRootName() != kTime)
    return false;
  SmallVector<Affine> candidates = {Affine(0)};
  for (AxisAttr axis : type.getAxes())
    if (axis.isDynamic() && axis.getRootName() == kTime && axis != axes[0])
      candidates.push_back(analysis.position(axis));
  return llvm::any_of(candidates, [&](const Affine &candidate) {
    Substitution there = {{terms.axis(axes[0]), candidate}};
    return !analysis.solver.possible(terms.replace(x.hole, there));
  });
}

// One position of a row, known by the row.
static Substitution chosenPosition(ReadsAnalysis &analysis, NamedTensorType row,
                                   ArrayRef<AxisAttr> axes) {
  Substitution there;
  for (AxisAttr axis : axes) {
    std::optional<int64_t> last;
    if (!axis.isDynamic())
      last = axis.getSize() - 1;
    there.push_back({analysis.terms.axis(axis), analysis.fresh(row, 0, last)});
  }
  return there;
}

// Whether rows along `axes` have positions at all: another sequence may have none.
static Formula existence(ArrayRef<AxisAttr> axes) {
  bool sure = llvm::all_of(axes, [](AxisAttr axis) {
    return axis.isDynamic() ? axis.getRootName() == kTime : axis.getSize() > 0;
  });
  return sure ? kTrue : kOpaque;
}

// The names of `time` that a value has.
static SmallVector<AxisAttr> timesOf(NamedTensorType type) {
  SmallVector<AxisAttr> result;
  for (AxisAttr axis : type.getAxes())
    if (axis.isDynamic() && axis.getRootName() == kTime)
      result.push_back(axis);
  return result;
}

// A count is at most the number of positions in the smallest known range around those that count:
// up to a position of the result, or a constant.
static void boundCount(ReadsAnalysis &analysis, Reads &result, NamedTensorType type, AxisAttr axis,
                       Formula on) {
  Terms &terms = analysis.terms;
  const Affine &count = result.number->numerator;
  Affine at = analysis.position(axis);
  SmallVector<Affine> bases = {Affine(0)};
  for (AxisAttr along : type.getAxes())
    if (along.isDynamic())
      bases.push_back(analysis.position(along));
  for (const Affine &base : bases) {
    Affine distance = terms.add(at, base, -1);
    auto last = analysis.solver.largest(on, distance, kLargestCount);
    if (!last)
      continue;
    auto first = analysis.solver.largest(on, terms.scale(distance, -1), kLargestCount);
    Affine most = first ? Affine(std::max<int64_t>(0, *last + *first + 1))
                        : terms.add(base, Affine(*last + 1));
    result.facts = terms.both(
        result.facts, terms.either(terms.atMost(count, Affine(0)), terms.atMost(count, most)));
  }
}

// `any` is true as soon as one position is, whatever the others are (`all`: false as soon as one
// is), and then only that position is read.  Returns where none of some positions decides, which
// are tried as long as there are reads ahead.  `decides` is the predicate, or its negation for
// `all`.
static Formula undecidedByOne(ReadsAnalysis &analysis, Operation *op, Reads &result, const Reads &x,
                              NamedTensorType type, AxisAttr axis, Formula decides) {
  Terms &terms = analysis.terms;
  SmallVector<Affine> times;
  for (AxisAttr along : timesOf(type))
    times.push_back(analysis.position(along));
  Affine latest = times.empty() ? Affine(0) : times.front();
  SmallVector<Affine> candidates = times;
  candidates.push_back(Affine(0));
  for (const Affine &time : times)
    candidates.push_back(terms.add(time, Affine(-1)));
  for (int64_t early = 1; early <= kEarly && !times.empty(); ++early)
    candidates.push_back(Affine(early));
  Formula undecided = kTrue;
  Formula ahead = terms.both(terms.both(analysis.present(x), decides),
                             terms.below(latest, analysis.position(axis)));
  for (const Affine &candidate : candidates) {
    if (!analysis.solver.possible(terms.both(undecided, ahead)))
      break;
    Substitution there = {{terms.axis(axis), candidate}};
    Formula exists = terms.both(terms.atLeastZero(candidate), terms.atMost(candidate, latest));
    Formula hole = terms.replace(x.hole, there), facts = terms.replace(x.facts, there),
            here = terms.replace(decides, there);
    // Where it is no hole, its facts hold.
    Formula not_ = terms.either(terms.either(terms.negate(exists), hole),
                                terms.both(facts, terms.negate(here)));
    if (not_ == kTrue || not_ == kOpaque)
      continue;
    undecided = terms.both(undecided, not_);
    Formula read =
        terms.both(exists, terms.replace(terms.both(analysis.present(x), decides), there));
    analysis.take(result, Role::content, x, Role::content, read, there, op);
    result.cases.push_back(analysis.existence(axis, candidate, read, op));
  }
  return undecided;
}

LogicalResult ReduceOp::reads(ReadsAnalysis &analysis) {
  Terms &terms = analysis.terms;
  const Reads &x = analysis.of(getOperand());
  NamedTensorType type = getOperand().getType();
  SmallVector<AxisAttr> axes = axesOf({type}, getAxes());
  bool oneOfTime = axes.size() == 1 && axes[0].isDynamic() && axes[0].getRootName() == kTime;
  // What adds nothing is no read.
  Formula on = kTrue;
  bool filled = true;
  switch (getKind()) {
  case ReduceKind::sum:
    on = x.live;
    break;
  case ReduceKind::any:
  case ReduceKind::count:
    on = x.truth;
    break;
  case ReduceKind::all:
    on = terms.negate(x.truth);
    break;
  default:
    filled = neverEmpty(analysis, x, axes, type);
  }
  Reads result;
  Formula undecided = kTrue;
  bool any = getKind() == ReduceKind::any, all = getKind() == ReduceKind::all;
  if (oneOfTime && (any || all)) {
    undecided = undecidedByOne(analysis, *this, result, x, getResult().getType(), axes[0], on);
    // The position that decides, or any other one where none does.
    Substitution there = chosenPosition(analysis, getResult().getType(), axes);
    Reads moved;
    analysis.rename(moved, x, there);
    Formula isThere = terms.both(moved.valid, terms.negate(moved.hole));
    Formula decided = terms.both(isThere, terms.replace(on, there));
    result.truth = any ? decided : terms.negate(decided);
    result.facts =
        terms.both(terms.either(moved.hole, moved.facts), terms.either(undecided, decided));
  }
  readRows(analysis, *this, result, x, axes, on, undecided);
  Formula counts = terms.both(analysis.present(x), on);
  if (getKind() == ReduceKind::sum && counts != kTrue) // where some position is
    result.live = terms.replace(counts, chosenPosition(analysis, getResult().getType(), axes));
  // A position that is no hole, if there is one in the row: of max and min the one that they are.
  bool extreme = getKind() == ReduceKind::max || getKind() == ReduceKind::min;
  if (extreme || !filled) {
    Substitution there = chosenPosition(analysis, getResult().getType(), axes);
    if (!filled) { // where there is none, the position is any
      result.valid = terms.both(terms.replace(x.valid, there), existence(axes));
      result.hole = terms.either(terms.replace(x.hole, there), terms.negate(existence(axes)));
    }
    result.facts = terms.replace(x.facts, there);
    if (extreme && x.number && x.number->divisor == 1 && !x.number->infinite) {
      result.number = Number{terms.replace(x.number->numerator, there)};
      result.facts = terms.replace(analysis.present(x), there);
    }
  } else if (getKind() == ReduceKind::count) {
    result.number = Number{analysis.fresh(getResult().getType(), 0)};
    if (axes.size() == 1 && axes[0].isDynamic())
      boundCount(analysis, result, getResult().getType(), axes[0], counts);
  }
  analysis.set(getResult(), std::move(result));
  return success();
}

LogicalResult ContractOp::reads(ReadsAnalysis &analysis) {
  Terms &terms = analysis.terms;
  Reads product;
  SmallVector<NamedTensorType> types;
  for (Value factor : getFactors()) {
    const Reads &reads = analysis.of(factor);
    types.push_back(tensorType(factor));
    analysis.take(product, reads, kTrue, {}, *this);
    product.valid = terms.both(product.valid, reads.valid);
    product.hole = terms.either(product.hole, reads.hole);
    product.facts = terms.both(product.facts, reads.facts);
  }
  Reads result;
  readRows(analysis, *this, result, product, axesOf(types, getAxes()));
  analysis.set(getResult(), std::move(result));
  return success();
}

LogicalResult SoftmaxOp::reads(ReadsAnalysis &analysis) {
  const Reads &x = analysis.of(getOperand());
  NamedTensorType type = getOperand().getType();
  Reads result, rows;
  analysis.take(result, x, kTrue, {}, *this);
  readRows(analysis, *this, rows, x, axesOf({type}, getAxes()));
  analysis.take(result, Role::content, rows, Role::content, kTrue, {}, *this);
  if (getSink()) // weighs in every row
    analysis.take(result, Role::content, analysis.of(getSink()), Role::content, kTrue, {}, *this);
  result.valid = x.valid;
  result.hole = x.hole;
  result.facts = x.facts;
  analysis.set(getResult(), std::move(result));
  return success();
}

// The positions that it gives satisfy the mask of what it chose from.
LogicalResult TopOp::reads(ReadsAnalysis &analysis) {
  Terms &terms = analysis.terms;
  const Reads &x = analysis.of(getOperand());
  NamedTensorType type = getOperand().getType();
  AxisAttr axis = type.axis(getAxis());
  Reads value;
  readRows(analysis, *this, value, x, {axis});
  value.valid = value.hole = kOpaque;
  Reads position = value;
  Affine chosen =
      analysis.fresh(getPosition().getType(), 0,
                     axis.isDynamic() ? std::nullopt : std::optional<int64_t>(axis.getSize() - 1));
  position.number = Number{chosen};
  position.facts = terms.replace(analysis.present(x), {{terms.axis(axis), chosen}});
  analysis.set(getValue(), std::move(value));
  analysis.set(getPosition(), std::move(position));
  return success();
}
