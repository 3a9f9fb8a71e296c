//===- TrilPlanOps.cpp - verifiers of the step form
//--------------------------------------------===//
#include "Dialect/Tril/TrilOps.h"

using namespace mlir;
using namespace tril;

LogicalResult ExtendOp::verify() {
  auto type = getOperand().getType(), result = getResult().getType();
  // extend_c1
  if (!type.hasAxis("time") || !result.hasAxis(getPast()) || result.rank() != type.rank())
    return emitOpError() << "the operand must have `time` and the result `" << getPast()
                         << "` in its place";
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
  return success();
}

LogicalResult AttentionOp::verify() {
  auto names = [](ArrayAttr list) { return llvm::to_vector(list.getAsValueRange<StringAttr>()); };
  auto check = [&](NamedTensorType type, StringRef what, StringRef first,
                   ArrayRef<ArrayAttr> lists) -> LogicalResult {
    SmallVector<StringRef> want = {first};
    for (ArrayAttr list : lists)
      llvm::append_range(want, names(list));
    if (type.rank() != want.size() ||
        !llvm::all_of(want, [&](StringRef name) { return type.hasAxis(name); }))
      return emitOpError() << "the " << what << " " << type << " must have `" << first
                           << "` and the axes named for it"; // attention_c1
    return success();
  };
  if (failed(check(getQuery().getType(), "query", "time",
                   {getGroups(), getMembers(), getContracted()})) ||
      failed(check(getKey().getType(), "key", getPast(), {getGroups(), getContracted()})) ||
      failed(check(getValue().getType(), "value", getPast(), {getGroups(), getFeatures()})) ||
      failed(check(getResult().getType(), "result", "time",
                   {getGroups(), getMembers(), getFeatures()})))
    return failure();
  return success();
}
