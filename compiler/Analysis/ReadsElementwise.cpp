//===- ReadsElementwise.cpp - what is computed position by position
//----------------------------------===//
#include "Analysis/Rules.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tril;
using namespace tril::analysis;

bool tril::analysis::holesAreFalse(Value predicate) {
  return llvm::all_of(predicate.getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<WhereOp>(user))
      return use.getOperandNumber() == 1;
    if (isa<SelectOp>(user))
      return use.getOperandNumber() == 0;
    if (isa<AndOp>(user))
      return holesAreFalse(user->getResult(0));
    if (auto reduce = dyn_cast<ReduceOp>(user))
      return reduce.getKind() == ReduceKind::any || reduce.getKind() == ReduceKind::count;
    return false;
  });
}

namespace {

// Quotients by more are not told apart from one another in single precision.
constexpr int64_t kLargestDivisor = 1 << 20;

bool isPowerOfTwo(int64_t value) { return (value & (value - 1)) == 0; }

/// A number of the run over no more axes than it has.
bool isExact(const std::optional<Number> &number) {
  return number && !number->rounded && !number->infinite;
}

/// The arithmetic of numbers: what of it is known.
class Arithmetic {
public:
  Arithmetic(ReadsAnalysis &analysis, Operation *op)
      : analysis(analysis), terms(analysis.terms), type(tensorType(op->getResult(0))),
        whole(type.getElement().isInteger(32)) {}

  std::optional<Number> sum(const Number &a, const Number &b, int64_t sign) {
    if (!isExact(a) || !isExact(b))
      return std::nullopt;
    int64_t divisor = std::max(a.divisor, b.divisor); // powers of two
    return Number{terms.add(terms.scale(a.numerator, divisor / a.divisor),
                            terms.scale(b.numerator, divisor / b.divisor), sign),
                  divisor};
  }
  std::optional<Number> product(const Number &a, const Number &b) {
    if (!isExact(a) || !isExact(b))
      return std::nullopt;
    const Number &constant = a.numerator.isConstant() ? a : b;
    const Number &other = a.numerator.isConstant() ? b : a;
    if (!constant.numerator.isConstant() || other.divisor > kLargestDivisor / constant.divisor)
      return std::nullopt;
    return reduced({terms.scale(other.numerator, constant.numerator.constant),
                    other.divisor * constant.divisor});
  }
  std::optional<Number> quotient(const Number &a, const Number &b) {
    if (!isExact(a) || !isExact(b) || !b.numerator.isConstant() || b.numerator.constant == 0)
      return std::nullopt;
    int64_t by = b.numerator.constant, sign = by < 0 ? -1 : 1;
    if (sign * by > kLargestDivisor / a.divisor)
      return std::nullopt;
    Number result = reduced({terms.scale(a.numerator, sign * b.divisor), a.divisor * sign * by});
    result.rounded = !isPowerOfTwo(result.divisor);
    return result;
  }
  std::optional<Number> remainder(const Number &a, const Number &b) {
    if (!isExact(a) || !isExact(b) || a.divisor != 1 || b.divisor != 1 ||
        !b.numerator.isConstant() || b.numerator.constant < 1)
      return std::nullopt;
    int64_t by = b.numerator.constant;
    return Number{terms.add(a.numerator, terms.quotient(a.numerator, by), -by)};
  }
  std::optional<Number> floor(const Number &a) {
    if (a.infinite)
      return std::nullopt;
    return Number{terms.quotient(a.numerator, a.divisor)};
  }
  std::optional<Number> negated(const Number &a) {
    Number result = a;
    result.numerator = terms.scale(a.numerator, -1);
    result.infinite = -a.infinite;
    return result;
  }
  std::optional<Number> ceil(const Number &a) { return negated(*floor(*negated(a))); }

  /// A number that is one of two, each where its formula holds.
  std::optional<Number> either(const Number &a, Formula whenA, const Number &b, Formula whenB,
                               Formula &facts) {
    if (a == b) {
      facts = terms.either(whenA, whenB);
      return a;
    }
    if (!isExact(a) || !isExact(b) || a.divisor != 1 || b.divisor != 1)
      return std::nullopt;
    Affine result = analysis.fresh(type);
    facts = terms.either(terms.both(whenA, terms.equal(result, a.numerator)),
                         terms.both(whenB, terms.equal(result, b.numerator)));
    return Number{result};
  }
  std::optional<Number> absolute(const Number &a, Formula &facts) {
    if (a.infinite)
      return std::nullopt;
    Affine size = analysis.fresh(type, 0);
    facts = terms.either(terms.both(terms.atLeastZero(a.numerator), terms.equal(size, a.numerator)),
                         terms.both(terms.below(a.numerator, Affine(0)),
                                    terms.equal(size, terms.scale(a.numerator, -1))));
    return Number{size, a.divisor, a.rounded};
  }
  /// min and max; an operand that is no known number is only known not to be passed.
  std::optional<Number> extreme(const std::optional<Number> &a, const std::optional<Number> &b,
                                bool smaller, Formula &facts) {
    if (isExact(a) && isExact(b) && a->divisor == 1 && b->divisor == 1) {
      Formula first = smaller ? terms.atMost(a->numerator, b->numerator)
                              : terms.atMost(b->numerator, a->numerator);
      return either(*a, first, *b, terms.negate(first), facts);
    }
    const std::optional<Number> &one = isExact(a) ? a : b;
    if (!whole || !isExact(one) || one->divisor != 1)
      return std::nullopt;
    Affine result = analysis.fresh(type);
    facts = smaller ? terms.atMost(result, one->numerator) : terms.atMost(one->numerator, result);
    return Number{result};
  }

  Formula below(const Number &a, const Number &b, bool orEqual) {
    if (a.infinite || b.infinite)
      return a.infinite < b.infinite || (orEqual && a.infinite == b.infinite) ? kTrue : kFalse;
    Affine left = terms.scale(a.numerator, b.divisor), right = terms.scale(b.numerator, a.divisor);
    return orEqual ? terms.atMost(left, right) : terms.below(left, right);
  }
  Formula equal(const Number &a, const Number &b) {
    if (a.infinite || b.infinite)
      return a.infinite == b.infinite ? kTrue : kFalse;
    return terms.equal(terms.scale(a.numerator, b.divisor), terms.scale(b.numerator, a.divisor));
  }

private:
  Number reduced(Number number) {
    while (number.divisor % 2 == 0 && number.numerator.constant % 2 == 0 &&
           llvm::all_of(number.numerator.terms, [](auto &term) { return term.second % 2 == 0; })) {
      number.divisor /= 2;
      number.numerator.constant /= 2;
      for (auto &term : number.numerator.terms)
        term.second /= 2;
    }
    return number;
  }

  ReadsAnalysis &analysis;
  Terms &terms;
  NamedTensorType type;
  bool whole;
};

Formula comparison(Arithmetic &arithmetic, Terms &terms, Operation *op, const Number &a,
                   const Number &b) {
  return llvm::TypeSwitch<Operation *, Formula>(op)
      .Case([&](LtOp) { return arithmetic.below(a, b, false); })
      .Case([&](LeOp) { return arithmetic.below(a, b, true); })
      .Case([&](GtOp) { return arithmetic.below(b, a, false); })
      .Case([&](GeOp) { return arithmetic.below(b, a, true); })
      .Case([&](EqOp) { return arithmetic.equal(a, b); })
      .Case([&](NeOp) { return terms.negate(arithmetic.equal(a, b)); })
      .Default([](Operation *) { return kOpaque; });
}

/// Reads what all operands read; a hole where any is one.
LogicalResult readAll(ReadsAnalysis &analysis, Operation *op) {
  Terms &terms = analysis.terms;
  Reads result;
  for (Value operand : op->getOperands()) {
    const Reads &reads = analysis.of(operand);
    analysis.take(result, reads, kTrue, {}, op);
    result.hole = terms.either(result.hole, reads.hole);
    result.valid = terms.both(result.valid, reads.valid);
    result.facts = terms.both(result.facts, reads.facts);
  }
  Arithmetic arithmetic(analysis, op);
  const Reads &x = analysis.of(op->getOperand(0));
  const std::optional<Number> &a = x.number;
  Formula facts = kTrue;
  NamedTensorType from = tensorType(op->getOperand(0));
  NamedTensorType type = tensorType(op->getResult(0));
  if (op->getNumOperands() == 1) {
    if (isa<NotOp>(op))
      result.truth = terms.negate(x.truth);
    if (isa<ConvertOp>(op))
      result.live = x.live;
    if (isa<ConvertOp>(op) && from.getElement().isInteger(1)) {
      result.truth = x.truth;
      if (!type.getElement().isInteger(1)) {
        result.live = x.truth;
        result.number = arithmetic.either(Number{Affine(1)}, x.truth, Number{Affine(0)},
                                          terms.negate(x.truth), facts);
      }
    } else if (a) {
      if (isa<NegOp>(op))
        result.number = arithmetic.negated(*a);
      else if (isa<FloorOp>(op))
        result.number = arithmetic.floor(*a);
      else if (isa<CeilOp>(op) && !a->infinite)
        result.number = arithmetic.ceil(*a);
      else if (isa<AbsOp>(op))
        result.number = arithmetic.absolute(*a, facts);
      else if (isa<ConvertOp>(op) && !type.getElement().isInteger(1) &&
               (!type.getElement().isInteger(32) || (a->divisor == 1 && !a->infinite)))
        result.number = a;
    }
  } else {
    const Reads &y = analysis.of(op->getOperand(1));
    const std::optional<Number> &b = y.number;
    if (isa<MinOp, MaxOp>(op)) {
      result.number = arithmetic.extreme(a, b, isa<MinOp>(op), facts);
    } else if (a && b) {
      result.truth = comparison(arithmetic, terms, op, *a, *b);
      if (isa<AddOp, SubOp>(op))
        result.number = arithmetic.sum(*a, *b, isa<SubOp>(op) ? -1 : 1);
      else if (isa<MulOp>(op))
        result.number = arithmetic.product(*a, *b);
      else if (isa<DivOp>(op))
        result.number = arithmetic.quotient(*a, *b);
      else if (isa<ModOp>(op))
        result.number = arithmetic.remainder(*a, *b);
    }
  }
  result.facts = terms.both(result.facts, facts);
  // A comparison whose outcome is known reads nothing, if whether it is a hole is none.
  if (type.getElement().isInteger(1) && !type.getHoles() && !result.cases.empty() &&
      terms.dependsOnData(result.truth) && result.truth != kOpaque) {
    bool maybe = analysis.solver.possible(terms.both(result.facts, result.truth));
    if (!maybe || !analysis.solver.possible(terms.both(result.facts, terms.negate(result.truth)))) {
      result.truth = maybe ? kTrue : kFalse;
      result.cases.clear();
    }
  }
  analysis.set(op->getResult(0), std::move(result));
  return success();
}

/// Whether a value may read `time` later than its own position, where it is no hole.
bool readsAhead(ReadsAnalysis &analysis, Value value) {
  Terms &terms = analysis.terms;
  const Reads &reads = analysis.of(value);
  for (AxisAttr axis : tensorType(value).getAxes())
    if (axis.isDynamic() && axis.getName() == kTime)
      return llvm::any_of(reads.cases, [&](const Case &one) {
        return one.sequence == kTime && one.role == Role::content &&
               analysis.solver.possible(
                   terms.both(terms.both(analysis.present(reads), one.when),
                              terms.below(analysis.position(axis), one.position)));
      });
  return false;
}

/// `and` and `or`: one side is only read where the other does not decide.  Where a hole is not the
/// same as false, whether a side is a hole is read too, and so nothing is cut.  Both sides may
/// decide at once, so one of them is read where the other decides in this run, but not in the
/// other.
LogicalResult readLogic(ReadsAnalysis &analysis, Operation *op, bool conjunction) {
  Terms &terms = analysis.terms;
  Value left = op->getOperand(0), right = op->getOperand(1);
  const Reads &x = analysis.of(left), &y = analysis.of(right);
  bool asked = conjunction && holesAreFalse(op->getResult(0));
  auto leavesOpen = [&](const Reads &side) {
    return conjunction ? side.truth : terms.negate(side.truth);
  };
  Formula openX = leavesOpen(x), openY = leavesOpen(y);
  // The side that needs the other's protection has it.
  bool leftFirst = terms.dependsOnData(openX) && terms.dependsOnData(openY) &&
                   !readsAhead(analysis, left) && readsAhead(analysis, right);
  if (leftFirst)
    openY = analysis.inEitherRun(y, openY);
  else
    openX = analysis.inEitherRun(x, openX);
  Reads result;
  auto take = [&](const Reads &side, Value value, Formula open) {
    Formula when = !asked && tensorType(value).getHoles() ? Formula(kTrue) : open;
    analysis.take(result, Role::content, side, Role::content, when, {}, op);
    analysis.take(result, Role::hole, side, Role::hole, side.hole, {}, op);
  };
  take(x, left, openY);
  take(y, right, openX);
  result.valid = terms.both(x.valid, y.valid);
  result.hole = terms.either(x.hole, y.hole);
  result.facts = terms.both(x.facts, y.facts);
  result.truth = conjunction ? terms.both(x.truth, y.truth) : terms.either(x.truth, y.truth);
  analysis.set(op->getResult(0), std::move(result));
  return success();
}

} // namespace

#define TRIL_READ_ALL(Op)                                                                          \
  LogicalResult Op::reads(ReadsAnalysis &analysis) { return readAll(analysis, *this); }
TRIL_READ_ALL(NegOp)
TRIL_READ_ALL(NotOp)
TRIL_READ_ALL(ExpOp)
TRIL_READ_ALL(LogOp)
TRIL_READ_ALL(SqrtOp)
TRIL_READ_ALL(SinOp)
TRIL_READ_ALL(CosOp)
TRIL_READ_ALL(TanhOp)
TRIL_READ_ALL(ErfOp)
TRIL_READ_ALL(AbsOp)
TRIL_READ_ALL(FloorOp)
TRIL_READ_ALL(CeilOp)
TRIL_READ_ALL(RoundOp)
TRIL_READ_ALL(ConvertOp)
TRIL_READ_ALL(AddOp)
TRIL_READ_ALL(SubOp)
TRIL_READ_ALL(MulOp)
TRIL_READ_ALL(DivOp)
TRIL_READ_ALL(ModOp)
TRIL_READ_ALL(PowOp)
TRIL_READ_ALL(MaxOp)
TRIL_READ_ALL(MinOp)
TRIL_READ_ALL(LtOp)
TRIL_READ_ALL(LeOp)
TRIL_READ_ALL(GtOp)
TRIL_READ_ALL(GeOp)
TRIL_READ_ALL(EqOp)
TRIL_READ_ALL(NeOp)
#undef TRIL_READ_ALL

LogicalResult AndOp::reads(ReadsAnalysis &analysis) { return readLogic(analysis, *this, true); }
LogicalResult OrOp::reads(ReadsAnalysis &analysis) { return readLogic(analysis, *this, false); }

//===-------------------------------------------------------------------------------------------===//
// Choices and holes
//===-------------------------------------------------------------------------------------------===//

LogicalResult WhereOp::reads(ReadsAnalysis &analysis) {
  Terms &terms = analysis.terms;
  const Reads &x = analysis.of(getOperand()), &p = analysis.of(getCondition());
  Reads result;
  analysis.take(result, Role::content, x, Role::content, kTrue, {}, *this);
  analysis.take(result, Role::content, p, Role::content, kTrue, {}, *this);
  // A hole for one of three reasons.
  analysis.take(result, Role::hole, p, Role::content,
                terms.both(analysis.present(p), terms.negate(p.truth)), {}, *this);
  analysis.take(result, Role::hole, p, Role::hole, p.hole, {}, *this);
  analysis.take(result, Role::hole, x, Role::hole,
                terms.both(x.hole, terms.both(analysis.present(p), p.truth)), {}, *this);
  result.valid = terms.both(x.valid, terms.both(p.valid, p.truth));
  result.hole = terms.either(x.hole, analysis.notTrue(p));
  result.facts = terms.both(x.facts, p.facts);
  result.live = x.live;
  result.number = x.number;
  result.truth = x.truth;
  analysis.set(getResult(), std::move(result));
  return success();
}

// Two values that are computed alike from the same.
static bool isSame(Value a, Value b, unsigned depth = 4) {
  Operation *x = a.getDefiningOp(), *y = b.getDefiningOp();
  if (a == b || depth == 0 || !x || !y || x->getNumRegions() > 0)
    return a == b;
  return cast<OpResult>(a).getResultNumber() == cast<OpResult>(b).getResultNumber() &&
         OperationEquivalence::isEquivalentTo(
             x, y, [&](Value left, Value right) { return success(isSame(left, right, depth - 1)); },
             nullptr, OperationEquivalence::IgnoreLocations);
}

// What one of two values is, each where it is chosen; `isX` is `whenX` in a form that may be
// negated, as `whenY` is.
static void chooseOf(ReadsAnalysis &analysis, Operation *op, Reads &result, const Reads &x,
                     Formula whenX, Formula isX, const Reads &y, Formula whenY) {
  Terms &terms = analysis.terms;
  Formula first = terms.both(whenX, x.valid), second = terms.both(whenY, y.valid);
  bool whole = x.valid == kTrue && y.valid == kTrue;
  result.valid = whole ? kTrue : terms.either(first, second);
  result.live = x.live == kTrue && y.live == kTrue
                    ? kTrue
                    : terms.either(terms.both(first, x.live), terms.both(second, y.live));
  result.truth = terms.either(terms.both(isX, x.truth), terms.both(whenY, y.truth));
  if (x.facts != kTrue || y.facts != kTrue)
    result.facts = terms.either(terms.both(whenX, x.facts), terms.both(whenY, y.facts));
  if (x.number && y.number) {
    Formula facts = kTrue;
    result.number = Arithmetic(analysis, op)
                        .either(*x.number, terms.both(whenX, x.facts), *y.number,
                                terms.both(whenY, y.facts), facts);
    if (result.number)
      result.facts = facts;
  }
}

LogicalResult ElseOp::reads(ReadsAnalysis &analysis) {
  Terms &terms = analysis.terms;
  const Reads &x = analysis.of(getOperand()), &y = analysis.of(getOtherwise());
  if (auto where = getOperand().getDefiningOp<WhereOp>();
      where && isSame(where.getOperand(), getOtherwise())) { // whatever the predicate is
    analysis.set(getResult(), y);
    return success();
  }
  Reads result;
  // Where it is no hole, what is known of it holds too.
  Formula present = analysis.present(x), first = present, hole = analysis.matters(x, Role::hole);
  if (y.live == kFalse && y.hole == kFalse) { // nobody tells a 0 from the 0 that stands for a hole
    first = terms.both(first, analysis.inEitherRun(x, x.live));
    hole = terms.both(hole, terms.inOtherRun(x.live));
  }
  analysis.take(result, Role::content, x, Role::content, first, {}, *this);
  analysis.take(result, Role::content, x, Role::hole, hole, {}, *this);
  analysis.take(result, Role::content, y, Role::content, x.hole, {}, *this);
  analysis.take(result, Role::hole, x, Role::hole, terms.both(x.hole, y.hole), {}, *this);
  analysis.take(result, Role::hole, y, Role::hole, terms.both(x.hole, y.hole), {}, *this);
  chooseOf(analysis, *this, result, x, present, analysis.presentExactly(x), y, x.hole);
  result.hole = terms.both(x.hole, y.hole);
  analysis.set(getResult(), std::move(result));
  return success();
}

LogicalResult SelectOp::reads(ReadsAnalysis &analysis) {
  Terms &terms = analysis.terms;
  const Reads &p = analysis.of(getCondition());
  if (isSame(getThen(), getOtherwise())) {
    analysis.set(getResult(), analysis.of(getThen()));
    return success();
  }
  Reads result;
  Formula first = terms.both(analysis.present(p), p.truth), second = analysis.notTrue(p);
  Formula isFirst = terms.both(first, analysis.presentExactly(p));
  const Reads &x = analysis.of(getThen()), &y = analysis.of(getOtherwise());
  // Which of the two it is, as a read of what it is and, where that is a hole, of that.
  Formula hole = terms.either(terms.both(first, x.hole), terms.both(second, y.hole));
  for (auto [as, when] : {std::pair(Role::content, Formula(kTrue)), std::pair(Role::hole, hole)}) {
    analysis.take(result, as, p, Role::content, when, {}, *this);
    analysis.take(result, as, p, Role::hole, terms.both(when, p.hole), {}, *this);
    analysis.take(result, as, x, as, terms.both(when, first), {}, *this);
    analysis.take(result, as, y, as, terms.both(when, second), {}, *this);
  }
  chooseOf(analysis, *this, result, x, first, isFirst, y, second);
  result.hole = terms.either(terms.both(isFirst, x.hole), terms.both(second, y.hole));
  analysis.set(getResult(), std::move(result));
  return success();
}
