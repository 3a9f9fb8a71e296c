//===- TrilPlanOps.cpp - verifiers of the step form
//--------------------------------------------===//
#include "Dialect/Tril/TrilOps.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tril;

LogicalResult ExtendOp::verify() {
  if (getStored() != StateElement::f32 &&
      (!getOperand().getType().getElement().isF32() || getOperand().getType().getHoles()))
    return emitOpError() << "(extend_c2) is stored as " << stringifyStateElement(getStored())
                         << ", and is not f32 without holes";
  auto type = getOperand().getType(), result = getResult().getType();
  // extend_c1
  if (!result.hasAxis(getPast()))
    return emitOpError() << "the result must have `" << getPast() << "`";
  StringRef sequence = getSequence();
  if (!type.hasAxis(sequence) || result.rank() != type.rank())
    return emitOpError() << "the operand must have `" << sequence << "` and the result `"
                         << getPast() << "` in its place";
  return success();
}

LogicalResult MaterializeOp::verify() {
  auto type = getOperand().getType(), result = getResult().getType();
  // materialize_c1
  if (type.rank() != result.rank() || !llvm::all_of(type.getAxes(), [&](AxisAttr axis) {
        return llvm::is_contained(result.getAxes(), axis);
      }))
    return emitOpError() << "operand " << type << " and result " << result
                         << " must have the same axes";
  // materialize_c2
  if ((getOneRow() || getKept()) && !isa_and_nonnull<RecOp>((*this)->getParentOp()))
    return emitOpError() << "is stored for one row or kept, and stands in no recurrence";
  return success();
}

LogicalResult MatmulOp::verify() {
  // matmul_c1
  ArrayRef<AxisAttr> x = getX().getType().getAxes(), result = getResult().getType().getAxes();
  SmallVector<StringRef> last;
  if (getEach())
    last.push_back(*getEach());
  llvm::append_range(last, getContracted().getAsValueRange<StringAttr>());
  if (x.size() < last.size() ||
      !llvm::equal(
          llvm::map_range(x.take_back(last.size()), [](AxisAttr a) { return a.getName(); }), last))
    return emitOpError() << "the axes of " << getX().getType()
                         << " do not end in those that are contracted";
  SmallVector<AxisAttr> expected(x.drop_back(getContracted().size()));
  for (AxisAttr axis : getWeight().getType().getAxes())
    if (!llvm::is_contained(last, axis.getName()))
      expected.push_back(axis);
  if (result != ArrayRef(expected))
    return emitOpError() << "the result " << getResult().getType() << " has not the other axes of "
                         << getX().getType() << ", followed by the weight's outputs";
  return success();
}

LogicalResult GroupedMatmulOp::verify() {
  ArrayRef<AxisAttr> x = getX().getType().getAxes(), rows = getChosen().getType().getAxes(),
                     result = getResult().getType().getAxes();
  // grouped_matmul_c1
  size_t inner = getContracted().size();
  if (x.size() < inner || x.size() - inner > rows.size() ||
      !llvm::equal(x.drop_back(inner), rows.take_front(x.size() - inner)) ||
      !llvm::equal(llvm::map_range(x.take_back(inner), [](AxisAttr a) { return a.getName(); }),
                   getContracted().getAsValueRange<StringAttr>()))
    return emitOpError() << "the axes of " << getX().getType() << " are not some of those of "
                         << getChosen().getType() << ", followed by those that are contracted";
  // grouped_matmul_c2
  SmallVector<AxisAttr> expected(rows);
  for (AxisAttr axis : getWeight().getType().getAxes())
    if (axis.getName() != getAxis() &&
        !llvm::is_contained(getContracted().getAsValueRange<StringAttr>(), axis.getName()))
      expected.push_back(axis);
  if (result != ArrayRef(expected))
    return emitOpError() << "the result " << getResult().getType() << " has not the axes of "
                         << getChosen().getType() << ", followed by the weight's outputs";
  return success();
}

LogicalResult AttentionOp::verify() {
  // attention_c3
  if (getResult().getType().rank() == 0 || !getResult().getType().getAxes().front().isDynamic())
    return emitOpError() << "the first axis of the result " << getResult().getType()
                         << " must be that of the queries, a sequence";
  // attention_c2
  size_t pairs = getQueries().size();
  if (pairs == 0 || getKeys().size() != pairs || getContracted().size() != pairs ||
      getScore().front().getNumArguments() != pairs)
    return emitOpError() << "has " << pairs << " queries, " << getKeys().size() << " keys, "
                         << getContracted().size() << " lists of contracted axes and "
                         << getScore().front().getNumArguments() << " arguments of the region";
  // attention_c1
  auto names = [](ArrayAttr list) { return llvm::to_vector(list.getAsValueRange<StringAttr>()); };
  auto check = [&](Value value, StringRef what, SmallVector<StringRef> needed,
                   ArrayRef<ArrayAttr> allowed) -> LogicalResult {
    auto type = cast<NamedTensorType>(value.getType());
    SmallVector<StringRef> known = needed;
    for (ArrayAttr list : allowed)
      llvm::append_range(known, names(list));
    bool fits = llvm::all_of(needed, [&](StringRef name) { return type.hasAxis(name); }) &&
                llvm::all_of(type.getAxes(), [&](AxisAttr axis) {
                  return llvm::is_contained(known, axis.getName());
                });
    if (fits)
      return success();
    auto message =
        emitOpError() << "the " << what << " " << type << " must have "
                      << (needed.empty() ? "no axes" : "`" + llvm::join(needed, "`, `") + "`");
    if (known.size() > needed.size())
      message << ", and nothing but `"
              << llvm::join(ArrayRef(known).drop_front(needed.size()), "`, `") << "` besides";
    return message;
  };
  for (auto [query, key, list] : llvm::zip(getQueries(), getKeys(), getContracted())) {
    SmallVector<StringRef> ofQuery = {getTime()}, ofKey = {getPast()};
    llvm::append_range(ofQuery, names(cast<ArrayAttr>(list)));
    llvm::append_range(ofKey, names(cast<ArrayAttr>(list)));
    if (failed(check(query, "query", ofQuery, {getGroups(), getMembers()})) ||
        failed(check(key, "key", ofKey, {getGroups()})))
      return failure();
  }
  SmallVector<StringRef> ofValue = {getPast()}, ofResult = {getTime()};
  llvm::append_range(ofValue, names(getFeatures()));
  for (ArrayAttr list : {getGroups(), getMembers(), getFeatures()})
    llvm::append_range(ofResult, names(list));
  SmallVector<StringRef> ofSink;
  if (getSink() && getSink().getType().hasAxis(getTime()))
    ofSink.push_back(getTime());
  if (failed(check(getValue(), "value", ofValue, {getGroups()})) ||
      failed(check(getResult(), "result", ofResult, {})) ||
      (getSink() && failed(check(getSink(), "sink", ofSink, {getGroups(), getMembers()}))))
    return failure();
  return success();
}
