//===- TrilFolds.cpp - folders and canonicalisation
//-----------------------------------------------===//
// Numbers fold in f64, as real numbers; identities only where the result is exactly the same.
#include "Dialect/Tril/TrilOps.h"
#include "Interpreter/Scalar.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

Operation *TrilDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                            Location location) {
  auto number = dyn_cast<FloatAttr>(value);
  auto tensor = dyn_cast<NamedTensorType>(type);
  if (!number || !number.getType().isF64() || !tensor || tensor.rank() != 0 || tensor.getHoles())
    return nullptr;
  return ConstantOp::create(builder, location, tensor, number);
}

/// The number of a constant operand.
static std::optional<double> number(Attribute attribute) {
  if (auto value = dyn_cast_if_present<FloatAttr>(attribute))
    return value.getValueAsDouble();
  return std::nullopt;
}

/// `value`, if it has the type of the result: else it lacks axes, and standing in for the result
/// would lose them.
static OpFoldResult same(Operation *op, Value value) {
  return value.getType() == op->getResult(0).getType() ? value : OpFoldResult();
}

static OpFoldResult foldIdentity(Operation *op, std::optional<double> right) {
  Value x = op->getOperand(0);
  if (isa<NegOp, NotOp>(op))
    if (Operation *inner = x.getDefiningOp(); inner && inner->getName() == op->getName())
      return same(op, inner->getOperand(0));
  if (isa<MaxOp, MinOp, AndOp, OrOp>(op) && x == op->getOperand(1))
    return same(op, x);
  if (!right)
    return {};
  bool isIdentity = (isa<MulOp, DivOp, PowOp>(op) && *right == 1) ||
                    (isa<AddOp, SubOp>(op) && *right == 0) || (isa<AndOp>(op) && *right != 0) ||
                    (isa<OrOp>(op) && *right == 0);
  return isIdentity ? same(op, x) : OpFoldResult();
}

static OpFoldResult foldElementwise(Operation *op, ArrayRef<Attribute> operands) {
  NamedTensorType type = typeOf(op->getResult(0));
  SmallVector<double> numbers;
  for (Attribute operand : operands)
    if (auto value = number(operand))
      numbers.push_back(*value);
  if (numbers.size() == operands.size() && type.rank() == 0 && !type.getHoles()) {
    bool whole = !isa<FloatType>(typeOf(op->getOperand(0)).getElement());
    if (auto result = interpreter::scalar::evaluate(op->getName().getStringRef(), whole, numbers);
        result && !std::isnan(*result))
      return Builder(op->getContext()).getF64FloatAttr(*result);
    return {};
  }
  return foldIdentity(op, operands.size() == 2 ? number(operands[1]) : std::nullopt);
}

#define FOLD(Name)                                                                                 \
  OpFoldResult Name::fold(FoldAdaptor adaptor) {                                                   \
    return foldElementwise(*this, adaptor.getOperands());                                          \
  }
FOLD(NegOp)
FOLD(NotOp)
FOLD(ExpOp)
FOLD(LogOp)
FOLD(SqrtOp)
FOLD(SinOp)
FOLD(CosOp)
FOLD(TanhOp)
FOLD(ErfOp)
FOLD(AbsOp)
FOLD(FloorOp)
FOLD(CeilOp)
FOLD(RoundOp)
FOLD(AddOp)
FOLD(SubOp)
FOLD(MulOp)
FOLD(DivOp)
FOLD(ModOp)
FOLD(PowOp)
FOLD(MaxOp)
FOLD(MinOp)
FOLD(LtOp)
FOLD(LeOp)
FOLD(GtOp)
FOLD(GeOp)
FOLD(EqOp)
FOLD(NeOp)
FOLD(AndOp)
FOLD(OrOp)
#undef FOLD

OpFoldResult ConvertOp::fold(FoldAdaptor adaptor) {
  NamedTensorType from = getOperand().getType(), to = getResult().getType();
  if (from == to)
    return getOperand();
  if (auto value = number(adaptor.getOperand()); value && to.rank() == 0) {
    if (to.getElement().isInteger(32) && isa<FloatType>(from.getElement()))
      value = interpreter::scalar::truncate(*value);
    if (to.getElement().isInteger(1))
      value = *value != 0;
    return Builder(getContext()).getF64FloatAttr(*value);
  }
  // Two in a row are one, where the first one loses nothing.
  if (auto inner = getOperand().getDefiningOp<ConvertOp>()) {
    Type first = inner.getOperand().getType().getElement(), middle = from.getElement();
    if (first.isInteger(1) || first == middle || (first.isInteger(32) && middle.isF64())) {
      getOperandMutable().assign(inner.getOperand());
      return getResult();
    }
  }
  return {};
}

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getThen() == getOtherwise())
    return same(*this, getThen());
  if (auto condition = number(adaptor.getCondition()))
    return same(*this, *condition != 0 ? getThen() : getOtherwise());
  return {};
}

// Where the operand already may have holes; else the type of the result differs, and the op stays
// for its readers' types.
OpFoldResult WhereOp::fold(FoldAdaptor adaptor) {
  if (auto condition = number(adaptor.getCondition()); condition && *condition != 0)
    return same(*this, getOperand());
  return {};
}

OpFoldResult ElseOp::fold(FoldAdaptor) {
  if (!getOperand().getType().getHoles())
    return same(*this, getOperand());
  // The holes of a `where true` are none.
  if (auto where = getOperand().getDefiningOp<WhereOp>();
      where && !where.getOperand().getType().getHoles()) {
    FloatAttr condition;
    if (matchPattern(where.getCondition(), m_Constant(&condition)) &&
        condition.getValueAsDouble() != 0)
      return same(*this, where.getOperand());
  }
  return {};
}

OpFoldResult RenameOp::fold(FoldAdaptor) {
  auto inner = getOperand().getDefiningOp<RenameOp>();
  if (inner && inner.getTo() == getFrom() && inner.getFrom() == getTo())
    return same(*this, inner.getOperand());
  return {};
}

// a called b called c is a called c.
LogicalResult RenameOp::canonicalize(RenameOp op, PatternRewriter &rewriter) {
  auto inner = op.getOperand().getDefiningOp<RenameOp>();
  if (!inner || inner.getTo() != op.getFrom() || inner.getFrom() == op.getTo())
    return failure();
  rewriter.replaceOpWithNewOp<RenameOp>(op, op.getResult().getType(), inner.getOperand(),
                                        inner.getFromAttr(), op.getToAttr());
  return success();
}
