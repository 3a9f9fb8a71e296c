//===- ReadsIndexing.cpp - reading at positions, rearranging axes
//------------------------------------===//
#include "Analysis/Rules.h"

using namespace mlir;
using namespace tril;
using namespace tril::analysis;

// Whether a sequence may end before `position`: positions up to an element's own are there.
static Formula mayEndBefore(ReadsAnalysis &analysis, NamedTensorType type, AxisAttr sequence,
                            const Affine &position) {
  Terms &terms = analysis.terms;
  Formula beyond = terms.below(Affine(0), position); // no sequence is without a first position
  for (AxisAttr axis : type.getAxes())
    if (axis.isDynamic() && axis.getRootName() == sequence.getRootName())
      beyond = terms.both(beyond, terms.below(analysis.position(axis), position));
  return terms.both(beyond, kOpaque);
}

LogicalResult IndexOp::reads(ReadsAnalysis &analysis) {
  Terms &terms = analysis.terms;
  const Reads &x = analysis.of(getOperand());
  NamedTensorType type = getOperand().getType();
  Substitution positions;
  Formula inside = kTrue, facts = kTrue, outside = kFalse;
  Reads result, existences;
  for (auto [name, index] : llvm::zip(getAxes().getAsValueRange<StringAttr>(), getIndices())) {
    AxisAttr axis = type.axis(name);
    const Reads &at = analysis.of(index);
    if (!at.number || at.number->divisor != 1 || at.number->infinite)
      return analysis.undecided(*this, "an index is no whole number");
    const Affine &position = at.number->numerator;
    positions.push_back({terms.axis(axis), position});
    facts = terms.both(facts, at.facts);
    Formula within = terms.atLeastZero(position);
    if (!axis.isDynamic())
      within = terms.both(within, terms.atMost(position, Affine(axis.getSize() - 1)));
    else // that it exists is an input there
      existences.cases.push_back(
          analysis.existence(axis, position, terms.both(at.facts, within), *this));
    // Where another sequence ends has nothing to do with where this one does.
    if (axis.isDynamic() && axis.getRootName() != kTime)
      within = terms.both(within, kOpaque);
    Formula notWithin = terms.negate(within);
    if (axis.isDynamic() && axis.getRootName() == kTime)
      notWithin =
          terms.either(notWithin, mayEndBefore(analysis, getResult().getType(), axis, position));
    inside = terms.both(inside, terms.both(within, at.valid));
    outside = terms.either(outside, terms.either(at.hole, terms.both(at.facts, notWithin)));
    analysis.take(result, at, kTrue, {}, *this);
    // Outside for both runs, or where a hole is.
    analysis.take(result, Role::hole, at, Role::content, analysis.present(at), {}, *this);
  }
  Reads moved;
  analysis.rename(moved, x, positions);
  analysis.take(result, x, facts, positions, *this);
  analysis.take(result, Role::content, existences, Role::content, kTrue, {}, *this);
  result.valid = terms.both(moved.valid, inside);
  result.hole = terms.either(outside, terms.both(facts, moved.hole));
  result.live = moved.live;
  result.facts = terms.both(moved.facts, facts);
  result.number = moved.number;
  result.truth = moved.truth;
  analysis.set(getResult(), std::move(result));
  return success();
}

// The same value at other positions.
static LogicalResult readMoved(ReadsAnalysis &analysis, Operation *op,
                               const Substitution &positions) {
  const Reads &x = analysis.of(op->getOperand(0));
  Reads result;
  analysis.take(result, x, kTrue, positions, op);
  analysis.rename(result, x, positions);
  analysis.set(op->getResult(0), std::move(result));
  return success();
}

LogicalResult RenameOp::reads(ReadsAnalysis &analysis) {
  AxisAttr from = getOperand().getType().axis(getFrom()), to = getResult().getType().axis(getTo());
  return readMoved(analysis, *this, {{analysis.terms.axis(from), analysis.position(to)}});
}

LogicalResult SplitOp::reads(ReadsAnalysis &analysis) {
  Affine position(getOffset());
  for (auto [name, stride] : llvm::zip(getParts().getAsValueRange<StringAttr>(), getStrides()))
    position =
        analysis.terms.add(position, analysis.position(getResult().getType().axis(name)), stride);
  AxisAttr axis = getOperand().getType().axis(getAxis());
  return readMoved(analysis, *this, {{analysis.terms.axis(axis), position}});
}

LogicalResult MergeOp::reads(ReadsAnalysis &analysis) {
  Terms &terms = analysis.terms;
  Substitution positions;
  Affine rest = analysis.position(getResult().getType().axis(getAxis()));
  auto parts = llvm::to_vector(getParts().getAsValueRange<StringAttr>());
  for (StringRef name : llvm::reverse(parts)) { // the last part runs fastest
    AxisAttr part = getOperand().getType().axis(name);
    if (part.isDynamic() || part.getSize() < 1)
      return analysis.undecided(*this, "`merge` of an axis without a size");
    Affine above = terms.quotient(rest, part.getSize());
    positions.push_back({terms.axis(part), terms.add(rest, above, -part.getSize())});
    rest = above;
  }
  return readMoved(analysis, *this, positions);
}

// Values laid along an axis: operand k where `here[k]` holds, with `positions[k]`.
static LogicalResult readLaid(ReadsAnalysis &analysis, Operation *op, ArrayRef<Formula> here,
                              ArrayRef<Substitution> positions) {
  Terms &terms = analysis.terms;
  Reads result;
  result.valid = result.hole = result.live = result.facts = result.truth = kFalse;
  NamedTensorType type = tensorType(op->getResult(0));
  std::optional<Number> number = Number{analysis.fresh(type)};
  for (auto [k, operand] : llvm::enumerate(op->getOperands())) {
    const Reads &x = analysis.of(operand);
    Reads moved;
    analysis.rename(moved, x, positions[k]);
    analysis.take(result, x, here[k], positions[k], op);
    result.valid = terms.either(result.valid, terms.both(here[k], moved.valid));
    result.hole = terms.either(result.hole, terms.both(here[k], moved.hole));
    result.live = terms.either(result.live, terms.both(here[k], moved.live));
    result.truth = terms.either(result.truth, terms.both(here[k], moved.truth));
    Formula facts = terms.both(here[k], moved.facts);
    if (moved.number && moved.number->divisor == 1 && !moved.number->infinite && number)
      facts = terms.both(facts, terms.equal(number->numerator, moved.number->numerator));
    else
      number.reset();
    result.facts = terms.either(result.facts, facts);
  }
  if (number)
    result.number = number;
  else
    result.facts = kTrue;
  analysis.set(op->getResult(0), std::move(result));
  return success();
}

LogicalResult StackOp::reads(ReadsAnalysis &analysis) {
  Affine at = analysis.position(getResult().getType().axis(getAxis()));
  SmallVector<Formula> here;
  SmallVector<Substitution> positions(getOperands().size());
  for (unsigned k = 0; k < getOperands().size(); ++k)
    here.push_back(analysis.terms.equal(at, Affine(k)));
  return readLaid(analysis, *this, here, positions);
}

LogicalResult JoinOp::reads(ReadsAnalysis &analysis) {
  Terms &terms = analysis.terms;
  Affine at = analysis.position(getResult().getType().axis(getAxis()));
  SmallVector<Formula> here;
  SmallVector<Substitution> positions;
  int64_t begin = 0;
  for (auto [name, operand] : llvm::zip(getParts().getAsValueRange<StringAttr>(), getOperands())) {
    int64_t size = 1;
    Substitution there;
    if (!name.empty()) {
      AxisAttr part = tensorType(operand).axis(name);
      if (part.isDynamic())
        return analysis.undecided(*this, "`join` along a sequence");
      size = part.getSize();
      there.push_back({terms.axis(part), terms.add(at, Affine(-begin))});
    }
    here.push_back(
        terms.both(terms.atMost(Affine(begin), at), terms.atMost(at, Affine(begin + size - 1))));
    positions.push_back(there);
    begin += size;
  }
  return readLaid(analysis, *this, here, positions);
}
