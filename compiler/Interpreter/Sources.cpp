//===- Sources.cpp - constants, positions, params, inputs
//-----------------------------------------===//
#include "Interpreter/Frame.h"

using namespace mlir;
using namespace tril;
using namespace tril::interpreter;

template <typename T> static void fill(Array<T> &array, ArrayRef<double> values) {
  for (auto [n, value] : llvm::enumerate(values))
    if (array.isReal())
      array.reals[n] = static_cast<T>(value);
    else
      array.wholes[n] = static_cast<int32_t>(value);
}

template <typename T> static LogicalResult constant(Operation *op, Frame<T> &frame) {
  auto constant = cast<ConstantOp>(op);
  Array<T> array = frame.make(constant.getResult());
  fill<T>(array, {constant.getValue().convertToDouble()});
  frame.set(constant.getResult(), std::move(array));
  return success();
}

template <typename T> static LogicalResult table(Operation *op, Frame<T> &frame) {
  auto table = cast<TableOp>(op);
  Array<T> array = frame.make(table.getResult());
  fill<T>(array, table.getValues());
  frame.set(table.getResult(), std::move(array));
  return success();
}

template <typename T> static LogicalResult layerConstant(Operation *op, Frame<T> &frame) {
  auto constant = cast<LayerConstantOp>(op);
  if (frame.layer >= static_cast<int64_t>(constant.getValues().size()))
    return op->emitError() << "has " << constant.getValues().size()
                           << " values and is read for layer " << frame.layer;
  Array<T> array = frame.make(constant.getResult());
  fill<T>(array, {constant.getValues()[frame.layer]});
  frame.set(constant.getResult(), std::move(array));
  return success();
}

template <typename T> static LogicalResult position(Operation *op, Frame<T> &frame) {
  auto position = cast<PositionOp>(op);
  Array<T> array = frame.make(position.getResult());
  int64_t first = frame.first(array.type.getAxes()[0]);
  for (int64_t n = 0; n < array.size(); ++n)
    array.wholes[n] = first + n;
  frame.set(position.getResult(), std::move(array));
  return success();
}

template <typename T> static LogicalResult extent(Operation *op, Frame<T> &frame) {
  auto extent = cast<ExtentOp>(op);
  Array<T> array = frame.make(extent.getResult());
  const Frame<T> *outermost = &frame;
  while (outermost->outer)
    outermost = outermost->outer;
  array.wholes[0] = outermost->extent(extent.getAxis());
  frame.set(extent.getResult(), std::move(array));
  return success();
}

// The element at positions c is at offset + sum(strides[a] * c[a]) of the stored tensor, of the
// tensor that the position along the stacked axis names.
template <typename T> static LogicalResult param(Operation *op, Frame<T> &frame) {
  auto param = cast<ParamOp>(op);
  NamedTensorType type = param.getResult().getType();
  if (param.getNames().size() != 1 && frame.layer >= static_cast<int64_t>(param.getNames().size()))
    return op->emitError() << "param " << param.getPatternAttr() << " has names for "
                           << param.getNames().size() << " layers and is read for layer "
                           << frame.layer;
  SmallVector<StringRef> names = param.storedNames(frame.layer);
  std::optional<unsigned> stacked;
  if (param.getStacked())
    stacked = type.indexOf(*param.getStacked());
  size_t want = stacked ? type.getAxes()[*stacked].getSize() : 1;
  if (names.size() != want)
    return op->emitError() << "param " << param.getPatternAttr() << " needs " << want
                           << " stored tensors for layer " << frame.layer << " and has "
                           << names.size();
  int64_t storedSize = 1;
  for (int64_t extent : param.getStoredShape())
    storedSize *= extent;
  int64_t last = param.getOffset();
  SmallVector<int64_t> strides(param.getStrides()), extents;
  for (auto [k, axis] : llvm::enumerate(type.getAxes())) {
    if (axis.isDynamic())
      return op->emitError() << "param " << param.getPatternAttr() << " has the sequence axis `"
                             << axis.getName() << "`";
    if (stacked && *stacked == k)
      strides[k] = 0;
    extents.push_back(stacked && *stacked == k ? 1 : axis.getSize());
    last += strides[k] * (extents.back() - 1);
  }
  Array<T> array = frame.make(param.getResult());
  if (array.size() > 0 && last >= storedSize)
    return op->emitError() << "param " << param.getPatternAttr() << " reads element " << last
                           << " of a stored tensor of " << storedSize;
  SmallVector<int64_t> own = array.strides();
  for (auto [s, name] : llvm::enumerate(names)) {
    FailureOr<std::vector<float>> stored = (*frame.context.params)(name);
    if (failed(stored))
      return op->emitError() << "stored tensor `" << name << "` cannot be read";
    if (static_cast<int64_t>(stored->size()) != storedSize)
      return op->emitError() << "stored tensor `" << name << "` has " << stored->size()
                             << " elements, not " << storedSize;
    int64_t to = stacked ? s * own[*stacked] : 0;
    walk<2>(extents, {strides, own}, [&](int64_t, std::array<int64_t, 2> at) {
      double value = (*stored)[param.getOffset() + at[0]];
      if (array.isReal())
        array.reals[to + at[1]] = static_cast<T>(value);
      else
        array.wholes[to + at[1]] = static_cast<int32_t>(value);
    });
  }
  frame.set(param.getResult(), std::move(array));
  return success();
}

template <typename T> static LogicalResult input(Operation *op, Frame<T> &frame) {
  auto input = cast<InputOp>(op);
  Array<T> array = frame.make(input.getResult());
  const InputArray &given = frame.context.inputs->at(input.getName().str());
  for (auto [n, value] : llvm::enumerate(given.values))
    if (array.isReal())
      array.reals[n] = static_cast<T>(value);
    else
      array.wholes[n] = value;
  frame.set(input.getResult(), std::move(array));
  return success();
}

template <typename T> void interpreter::addSources(Registry<T> &registry) {
  registry["tril.constant"] = constant<T>;
  registry["tril.table"] = table<T>;
  registry["tril.layer_constant"] = layerConstant<T>;
  registry["tril.position"] = position<T>;
  registry["tril.extent"] = extent<T>;
  registry["tril.param"] = param<T>;
  registry["tril.input"] = input<T>;
}
template void interpreter::addSources(Registry<float> &);
template void interpreter::addSources(Registry<double> &);
template void interpreter::addSources(Registry<Symbolic> &);
