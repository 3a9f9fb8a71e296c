//===- TrilVerify.cpp - verifiers of what computes
//------------------------------------------------===//
// The constraints are numbered in the descriptions of the operations.
#include "Dialect/Tril/TrilOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

static SmallVector<NamedTensorType> typesOf(ValueRange values) {
  return llvm::map_to_vector(values, typeOf);
}

static SmallVector<StringRef> strings(ArrayAttr list) {
  return llvm::to_vector(list.getAsValueRange<StringAttr>());
}

static bool anyHoles(ArrayRef<NamedTensorType> types) {
  return llvm::any_of(types, [](NamedTensorType type) { return type.getHoles(); });
}

/// The axes of `type` without those called `names`.
static SmallVector<AxisAttr> without(ArrayRef<AxisAttr> axes, ArrayRef<StringRef> names) {
  SmallVector<AxisAttr> left;
  for (AxisAttr axis : axes)
    if (!llvm::is_contained(names, axis.getName()))
      left.push_back(axis);
  return left;
}

/// `result` has exactly the axes `want`, in any order.
static LogicalResult verifyAxes(Operation *op, NamedTensorType result, ArrayRef<AxisAttr> want) {
  for (AxisAttr axis : want)
    if (!llvm::is_contained(result.getAxes(), axis))
      return op->emitOpError() << "axis `" << axis.getName()
                               << "` of an operand is not in the result " << result;
  for (AxisAttr axis : result.getAxes())
    if (!llvm::is_contained(want, axis))
      return op->emitOpError() << "axis `" << axis.getName()
                               << "` of the result does not come from an operand";
  return success();
}

static LogicalResult verifyHoles(Operation *op, NamedTensorType result, bool holes) {
  if (holes == result.getHoles())
    return success();
  return op->emitOpError() << (holes ? "the result must have holes"
                                     : "the result must have no holes");
}

static LogicalResult verifySameElements(Operation *op, ArrayRef<NamedTensorType> types) {
  for (NamedTensorType type : types)
    if (type.getElement() != types.front().getElement())
      return op->emitOpError() << "elements differ: " << types.front().getElement() << " and "
                               << type.getElement();
  return success();
}

static LogicalResult verifyHasAxes(Operation *op, NamedTensorType type, ArrayRef<StringRef> axes) {
  for (StringRef axis : axes)
    if (!type.hasAxis(axis))
      return op->emitOpError() << "axis `" << axis << "` is not in " << type;
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// Elementwise
//===-------------------------------------------------------------------------------------------===//

// elementwise_c3
static LogicalResult verifyElements(Operation *op, ArrayRef<NamedTensorType> operands,
                                    NamedTensorType result) {
  if (isa<ConvertOp>(op))
    return success();
  Type element = operands.front().getElement();
  bool comparison = isa<LtOp, LeOp, GtOp, GeOp, EqOp, NeOp>(op),
       truth = isa<AndOp, OrOp, NotOp>(op);
  if (failed(verifySameElements(op, operands)))
    return failure();
  if (comparison && !result.getElement().isInteger(1))
    return op->emitOpError() << "a comparison gives i1, not " << result.getElement();
  if (truth && (!element.isInteger(1) || !result.getElement().isInteger(1)))
    return op->emitOpError() << "is of i1, not "
                             << (element.isInteger(1) ? result.getElement() : element);
  if (comparison || truth)
    return success();
  if (element.isInteger(1))
    return op->emitOpError() << "is of numbers, not i1";
  bool real = isa<DivOp, PowOp, ExpOp, LogOp, SqrtOp, SinOp, CosOp, TanhOp, ErfOp, FloorOp, CeilOp,
                  RoundOp>(op);
  if (real && !isa<FloatType>(element))
    return op->emitOpError() << "is of real numbers, not " << element;
  if (result.getElement() != element)
    return op->emitOpError() << "elements differ: " << element << " and " << result.getElement();
  return success();
}

LogicalResult tril::OpTrait::verifyElementwise(Operation *op) {
  SmallVector<NamedTensorType> types = typesOf(op->getOperands());
  NamedTensorType result = typeOf(op->getResult(0));
  SmallVector<AxisAttr> axes = unionAxes(types);
  // elementwise_c1
  for (AxisAttr axis : axes)
    if (!llvm::is_contained(result.getAxes(), axis))
      return op->emitOpError() << "axis `" << axis.getName()
                               << "` of an operand is not in the result";
  for (AxisAttr axis : result.getAxes())
    if (!llvm::is_contained(axes, axis))
      return op->emitOpError() << "axis `" << axis.getName() << "` of the result is in no operand";
  // elementwise_c2
  bool holes = anyHoles(types);
  if (holes != result.getHoles())
    return op->emitOpError() << (holes ? "an operand has holes and the result has none"
                                       : "the result has holes and no operand has");
  return verifyElements(op, types, result);
}

LogicalResult SelectOp::verify() {
  auto condition = getCondition().getType();
  NamedTensorType then = getThen().getType(), otherwise = getOtherwise().getType(),
                  result = getResult().getType();
  if (failed(verifyAxes(*this, result, unionAxes({condition, then, otherwise}))) || // select_c1
      failed(verifySameElements(*this, {then, otherwise, result})))                 // select_c2
    return failure();
  return verifyHoles(*this, result, then.getHoles() || otherwise.getHoles()); // select_c3
}

LogicalResult WhereOp::verify() {
  NamedTensorType operand = getOperand().getType(), condition = getCondition().getType(),
                  result = getResult().getType();
  if (failed(verifyAxes(*this, result, unionAxes({operand, condition}))) || // where_c1
      failed(verifySameElements(*this, {operand, result})))                 // where_c2
    return failure();
  return verifyHoles(*this, result, true); // where_c3
}

LogicalResult ElseOp::verify() {
  NamedTensorType operand = getOperand().getType(), otherwise = getOtherwise().getType(),
                  result = getResult().getType();
  if (failed(verifyAxes(*this, result, unionAxes({operand, otherwise}))) || // else_c1
      failed(verifySameElements(*this, {operand, otherwise, result})))      // else_c2
    return failure();
  return verifyHoles(*this, result, operand.getHoles() && otherwise.getHoles()); // else_c3
}

//===-------------------------------------------------------------------------------------------===//
// Reductions
//===-------------------------------------------------------------------------------------------===//

LogicalResult ReduceOp::verify() {
  NamedTensorType type = getOperand().getType(), result = getResult().getType();
  SmallVector<StringRef> reduced = strings(getAxes());
  if (failed(verifyHasAxes(*this, type, reduced)) ||                       // reduce_c1
      failed(verifyAxes(*this, result, without(type.getAxes(), reduced)))) // reduce_c2
    return failure();
  // reduce_c3
  Type from = type.getElement(), to = result.getElement();
  bool ofTruth = getKind() == ReduceKind::any || getKind() == ReduceKind::all ||
                 getKind() == ReduceKind::count;
  if (ofTruth != from.isInteger(1))
    return emitOpError() << "`" << stringifyReduceKind(getKind()) << "` is of "
                         << (ofTruth ? "i1" : "numbers") << ", not " << from;
  if (getKind() == ReduceKind::mean && !isa<FloatType>(from))
    return emitOpError() << "`mean` is of real numbers, not " << from;
  if (getKind() == ReduceKind::count ? !to.isInteger(32) : to != from)
    return emitOpError() << "`" << stringifyReduceKind(getKind()) << "` of " << from
                         << " does not give " << to;
  // reduce_c4
  bool mayBeNothing =
      getKind() == ReduceKind::max || getKind() == ReduceKind::min || getKind() == ReduceKind::mean;
  bool nothing =
      llvm::any_of(reduced, [&](StringRef axis) { return type.axis(axis).getSize() == 0; });
  return verifyHoles(*this, result, mayBeNothing && (type.getHoles() || nothing));
}

LogicalResult ContractOp::verify() {
  SmallVector<NamedTensorType> types = typesOf(getFactors());
  // contract_c3
  if (types.empty())
    return emitOpError() << "has no factors";
  NamedTensorType result = getResult().getType();
  types.push_back(result);
  if (failed(verifySameElements(*this, types)))
    return failure();
  types.pop_back();
  SmallVector<AxisAttr> axes = unionAxes(types);
  SmallVector<StringRef> reduced = strings(getAxes());
  // contract_c1
  for (StringRef name : reduced)
    if (llvm::none_of(axes, [&](AxisAttr axis) { return axis.getName() == name; }))
      return emitOpError() << "axis `" << name << "` is in no factor";
  // contract_c2
  if (failed(verifyAxes(*this, result, without(axes, reduced))))
    return failure();
  return verifyHoles(*this, result, false);
}

LogicalResult SoftmaxOp::verify() {
  NamedTensorType type = getOperand().getType(), result = getResult().getType();
  if (failed(verifyHasAxes(*this, type, strings(getAxes())))) // softmax_c1
    return failure();
  // softmax_c2
  if (!isa<FloatType>(type.getElement()))
    return emitOpError() << "is of real numbers, not " << type.getElement();
  if (failed(verifyAxes(*this, result, type.getAxes())) ||
      failed(verifySameElements(*this, {type, result})))
    return failure();
  // softmax_c3
  if (getSink())
    for (AxisAttr axis : getSink().getType().getAxes())
      if (!type.hasAxis(axis.getName()) || llvm::is_contained(strings(getAxes()), axis.getName()))
        return emitOpError() << "the sink's axis `" << axis.getName()
                             << "` is no axis of a row of the operand " << type;
  if (getSink() && getSink().getType().getHoles())
    return emitOpError() << "the sink has holes";
  return verifyHoles(*this, result, type.getHoles());
}

LogicalResult TopOp::verify() {
  NamedTensorType type = getOperand().getType();
  if (failed(verifyHasAxes(*this, type, {getAxis()}))) // top_c1
    return failure();
  if (type.hasAxis(getInto()))
    return emitOpError() << "the operand already has `" << getInto() << "`";
  for (NamedTensorType result : {getValue().getType(), getPosition().getType()}) {
    // top_c2
    if (failed(verifyHasAxes(*this, result, {getInto()})))
      return failure();
    AxisAttr into = result.axis(getInto());
    if (into.isDynamic())
      return emitOpError() << "axis `" << getInto() << "` has no static size";
    SmallVector<AxisAttr> want = without(type.getAxes(), {getAxis()});
    want.push_back(into);
    if (failed(verifyAxes(*this, result, want)))
      return failure();
    // top_c4
    AxisAttr from = type.axis(getAxis());
    if (failed(verifyHoles(*this, result,
                           type.getHoles() || from.isDynamic() || from.getSize() < into.getSize())))
      return failure();
  }
  // top_c3
  if (type.getElement().isInteger(1))
    return emitOpError() << "is of numbers, not i1";
  if (!getPosition().getType().getElement().isInteger(32))
    return emitOpError() << "positions have i32 elements, not "
                         << getPosition().getType().getElement();
  return verifySameElements(*this, {type, getValue().getType()});
}

//===-------------------------------------------------------------------------------------------===//
// Reading and rearranging
//===-------------------------------------------------------------------------------------------===//

LogicalResult IndexOp::verify() {
  NamedTensorType type = getOperand().getType(), result = getResult().getType();
  SmallVector<StringRef> replaced = strings(getAxes());
  // index_c1
  if (replaced.size() != getIndices().size())
    return emitOpError() << "has " << replaced.size() << " axes and " << getIndices().size()
                         << " indices";
  if (failed(verifyHasAxes(*this, type, replaced)))
    return failure();
  // index_c2
  SmallVector<NamedTensorType> indices = typesOf(getIndices());
  for (NamedTensorType index : indices)
    if (!index.getElement().isInteger(32))
      return emitOpError() << "indices must have i32 elements, not " << index;
  // index_c3
  SmallVector<AxisAttr> want = unionAxes(indices);
  for (AxisAttr axis : without(type.getAxes(), replaced))
    if (!llvm::is_contained(want, axis))
      want.push_back(axis);
  if (failed(verifyAxes(*this, result, want)))
    return failure();
  // index_c4
  if (failed(verifySameElements(*this, {type, result})))
    return failure();
  if ((type.getHoles() || anyHoles(indices)) && !result.getHoles())
    return emitOpError() << "the result must have holes";
  return success();
}

LogicalResult RenameOp::verify() {
  NamedTensorType type = getOperand().getType(), result = getResult().getType();
  // rename_c1
  if (!type.hasAxis(getFrom()) || !result.hasAxis(getTo()))
    return emitOpError() << "`" << getFrom() << "` must be in the operand and `" << getTo()
                         << "` in the result";
  AxisAttr from = type.axis(getFrom()), to = result.axis(getTo());
  if (from.getSize() != to.getSize() ||
      (from.isDynamic() && from.getRootName() != to.getRootName()))
    return emitOpError() << "axes `" << getFrom() << "` and `" << getTo() << "` differ in size";
  // rename_c2
  if (type.hasAxis(getTo()))
    return emitOpError() << "the operand already has `" << getTo() << "`";
  // rename_c3
  SmallVector<AxisAttr> want = without(type.getAxes(), {getFrom()});
  want.push_back(to);
  if (failed(verifyAxes(*this, result, want)) || failed(verifySameElements(*this, {type, result})))
    return failure();
  return verifyHoles(*this, result, type.getHoles());
}

LogicalResult SplitOp::verify() {
  NamedTensorType type = getOperand().getType(), result = getResult().getType();
  SmallVector<StringRef> parts = strings(getParts());
  // split_c1
  if (failed(verifyHasAxes(*this, type, {getAxis()})))
    return failure();
  AxisAttr axis = type.axis(getAxis());
  if (axis.isDynamic())
    return emitOpError() << "axis `" << getAxis() << "` has no static size";
  for (StringRef part : parts)
    if (type.hasAxis(part))
      return emitOpError() << "the operand already has `" << part << "`";
  // split_c2
  if (parts.size() != getStrides().size())
    return emitOpError() << "has " << parts.size() << " parts and " << getStrides().size()
                         << " strides";
  // split_c3
  if (failed(verifyHasAxes(*this, result, parts)))
    return failure();
  SmallVector<AxisAttr> want = without(type.getAxes(), {getAxis()});
  int64_t lowest = static_cast<int64_t>(getOffset()), highest = lowest;
  bool empty = false;
  for (auto [part, stride] : llvm::zip(parts, getStrides())) {
    AxisAttr attr = result.axis(part);
    if (attr.isDynamic())
      return emitOpError() << "axis `" << part << "` has no static size";
    want.push_back(attr);
    empty |= attr.getSize() == 0;
    (stride < 0 ? lowest : highest) += stride * (attr.getSize() - 1);
  }
  if (failed(verifyAxes(*this, result, want)) ||
      failed(verifySameElements(*this, {type, result})) ||
      failed(verifyHoles(*this, result, type.getHoles())))
    return failure();
  // split_c4
  if (!empty && (lowest < 0 || highest >= axis.getSize()))
    return emitOpError() << "reads positions " << lowest << ".." << highest << " of `" << getAxis()
                         << "`, which has " << axis.getSize();
  return success();
}

LogicalResult MergeOp::verify() {
  NamedTensorType type = getOperand().getType(), result = getResult().getType();
  SmallVector<StringRef> parts = strings(getParts());
  // merge_c1
  if (failed(verifyHasAxes(*this, type, parts)))
    return failure();
  if (type.hasAxis(getAxis()))
    return emitOpError() << "the operand already has `" << getAxis() << "`";
  // merge_c2
  if (failed(verifyHasAxes(*this, result, {getAxis()})))
    return failure();
  SmallVector<AxisAttr> want = without(type.getAxes(), parts);
  want.push_back(result.axis(getAxis()));
  if (failed(verifyAxes(*this, result, want)) ||
      failed(verifySameElements(*this, {type, result})) ||
      failed(verifyHoles(*this, result, type.getHoles())))
    return failure();
  // merge_c3
  int64_t positions = 1;
  for (StringRef part : parts) {
    if (type.axis(part).isDynamic())
      return emitOpError() << "axis `" << part << "` has no static size";
    positions *= type.axis(part).getSize();
  }
  if (positions != result.axis(getAxis()).getSize())
    return emitOpError() << "the parts have " << positions << " positions and `" << getAxis()
                         << "` has " << result.axis(getAxis()).getSize();
  return success();
}

LogicalResult StackOp::verify() {
  SmallVector<NamedTensorType> types = typesOf(getOperands());
  NamedTensorType result = getResult().getType();
  // stack_c1
  for (NamedTensorType type : types)
    if (type.hasAxis(getAxis()))
      return emitOpError() << "the operand " << type << " already has `" << getAxis() << "`";
  // stack_c2
  if (failed(verifyHasAxes(*this, result, {getAxis()})))
    return failure();
  SmallVector<AxisAttr> want = unionAxes(types);
  want.push_back(result.axis(getAxis()));
  if (failed(verifyAxes(*this, result, want)))
    return failure();
  // stack_c3
  if (result.axis(getAxis()).getSize() != static_cast<int64_t>(types.size()))
    return emitOpError() << "has " << types.size() << " operands and `" << getAxis() << "` has "
                         << result.axis(getAxis()).getSize() << " positions";
  // stack_c4
  bool holes = anyHoles(types);
  types.push_back(result);
  if (failed(verifySameElements(*this, types)))
    return failure();
  return verifyHoles(*this, result, holes);
}

LogicalResult JoinOp::verify() {
  SmallVector<NamedTensorType> types = typesOf(getOperands());
  NamedTensorType result = getResult().getType();
  SmallVector<StringRef> parts = strings(getParts());
  // join_c1
  if (parts.size() != types.size())
    return emitOpError() << "has " << parts.size() << " parts and " << types.size() << " operands";
  int64_t positions = 0;
  SmallVector<AxisAttr> want;
  for (auto [part, type] : llvm::zip(parts, types)) {
    if (!part.empty() && failed(verifyHasAxes(*this, type, {part})))
      return failure();
    positions += part.empty() ? 1 : type.axis(part).getSize();
    if (!part.empty() && type.axis(part).isDynamic())
      return emitOpError() << "axis `" << part << "` has no static size";
    for (AxisAttr axis : without(type.getAxes(), {part}))
      if (!llvm::is_contained(want, axis))
        want.push_back(axis);
  }
  // join_c2
  if (failed(verifyHasAxes(*this, result, {getAxis()})))
    return failure();
  AxisAttr whole = result.axis(getAxis());
  want.push_back(whole);
  if (failed(verifyAxes(*this, result, want)))
    return failure();
  // join_c3
  if (positions != whole.getSize())
    return emitOpError() << "the parts have " << positions << " positions and `" << getAxis()
                         << "` has " << whole.getSize();
  // join_c4
  bool holes = anyHoles(types);
  types.push_back(result);
  if (failed(verifySameElements(*this, types)))
    return failure();
  return verifyHoles(*this, result, holes);
}

//===-------------------------------------------------------------------------------------------===//
// Recurrences
//===-------------------------------------------------------------------------------------------===//

LogicalResult RecOp::verifyRegions() {
  // rec_c1
  for (NamedTensorType type : typesOf(getValues()))
    if (failed(verifyHasAxes(*this, type, {getAxis()})))
      return failure();
  // rec_c2
  if (getBody().front().getTerminator()->getOperandTypes() != getValues().getTypes())
    return emitOpError()
           << "the types of the values that the region yields differ from those of the results";
  return success();
}

LogicalResult EarlierOp::verify() {
  // earlier_c1
  if (static_cast<int64_t>(getLag()) < 1)
    return emitOpError() << "reads " << static_cast<int64_t>(getLag())
                         << " positions ago, and at least 1 is earlier";
  // earlier_c2
  auto rec = (*this)->getParentOfType<RecOp>();
  if (!rec)
    return emitOpError() << "stands in no recurrence";
  if (getEquation() >= rec.getNumResults())
    return emitOpError() << "reads equation " << getEquation() << " of a recurrence with "
                         << rec.getNumResults();
  // earlier_c3
  NamedTensorType equation = typeOf(rec.getResult(getEquation())), result = getResult().getType();
  if (failed(verifyAxes(*this, result, equation.getAxes())) ||
      failed(verifySameElements(*this, {equation, result})))
    return failure();
  return verifyHoles(*this, result, true);
}
