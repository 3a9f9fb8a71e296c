//===- Rearranging.cpp - rename, split, merge, stack, join
//------------------------------------------===//
#include "Interpreter/Frame.h"

using namespace mlir;
using namespace tril;
using namespace tril::interpreter;

/// Fills `result` from `x`: the element at a position of `result` is at `offset + sum(strides *
/// position)` of x, strides following the axes of `result`; `start` and `extents` give the part of
/// `result` that is filled.
template <typename T>
static void fillFrom(Array<T> &result, int64_t start, ArrayRef<int64_t> extents, const Array<T> &x,
                     int64_t offset, SmallVector<int64_t> strides) {
  if (!x.valid.empty())
    result.allowHoles();
  walk<2>(extents, {result.strides(), strides}, [&](int64_t, std::array<int64_t, 2> at) {
    int64_t to = start + at[0], from = offset + at[1];
    if (x.isReal())
      result.reals[to] = x.reals[from];
    else
      result.wholes[to] = x.wholes[from];
    if (!x.valid.empty())
      result.valid[to] = x.valid[from];
  });
}

/// `operand` with the axis `to` in place of `from`, in the order of `result`.
template <typename T>
static Array<T> renamed(Frame<T> &frame, Value operand, StringRef from, Value result,
                        StringRef to) {
  Shared<T> x = frame.getAlong(operand, {from});
  Array<T> array = frame.make(result);
  SmallVector<int64_t> own = x->strides(), strides;
  for (AxisAttr axis : array.type.getAxes())
    strides.push_back(own[*x->type.indexOf(axis.getName() == to ? from : axis.getName())]);
  fillFrom(array, 0, array.extents, *x, 0, strides);
  return array;
}

template <typename T> static LogicalResult rename(Operation *op, Frame<T> &frame) {
  auto rename = cast<RenameOp>(op);
  frame.set(rename.getResult(), renamed(frame, rename.getOperand(), rename.getFrom(),
                                        rename.getResult(), rename.getTo()));
  return success();
}

double interpreter::stored(double value, StateElement as) {
  llvm::APFloat number(static_cast<float>(value));
  const llvm::fltSemantics &semantics =
      as == StateElement::f16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat();
  bool lost;
  number.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &lost);
  if (as == StateElement::f16 && number.isInfinity())
    number = llvm::APFloat::getLargest(semantics, number.isNegative());
  return number.convertToFloat();
}

/// For a whole sequence, the positions so far are all positions.
template <typename T> static LogicalResult extend(Operation *op, Frame<T> &frame) {
  auto extend = cast<ExtendOp>(op);
  Array<T> result = renamed(frame, extend.getOperand(), extend.getSequence(), extend.getResult(),
                            extend.getPast());
  if constexpr (std::is_floating_point_v<T>) // how numbers are made does not round
    if (extend.getStored() != StateElement::f32)
      for (T &value : result.reals)
        value = static_cast<T>(stored(value, extend.getStored()));
  frame.set(extend.getResult(), std::move(result));
  return success();
}

template <typename T> static LogicalResult split(Operation *op, Frame<T> &frame) {
  auto split = cast<SplitOp>(op);
  Shared<T> x = frame.get(split.getOperand());
  Array<T> result = frame.make(split.getResult());
  SmallVector<int64_t> own = x->strides(), strides;
  SmallVector<StringRef> parts = strings(split.getParts());
  int64_t along = own[*x->type.indexOf(split.getAxis())];
  for (AxisAttr axis : result.type.getAxes()) {
    auto part = llvm::find(parts, axis.getName());
    strides.push_back(part != parts.end() ? along * split.getStrides()[part - parts.begin()]
                                          : own[*x->type.indexOf(axis.getName())]);
  }
  fillFrom(result, 0, result.extents, *x, along * static_cast<int64_t>(split.getOffset()), strides);
  frame.set(split.getResult(), std::move(result));
  return success();
}

template <typename T> static LogicalResult merge(Operation *op, Frame<T> &frame) {
  auto merge = cast<MergeOp>(op);
  Shared<T> x = frame.get(merge.getOperand());
  Array<T> result = frame.make(merge.getResult());
  if (!x->valid.empty())
    result.allowHoles();
  SmallVector<StringRef> parts = strings(merge.getParts());
  // Walk x; the strides of the result along the parts are row-major steps along the merged axis.
  int64_t step = result.strides()[*result.type.indexOf(merge.getAxis())];
  llvm::StringMap<int64_t> stepOf;
  for (StringRef part : llvm::reverse(parts)) {
    stepOf[part] = step;
    step *= x->extents[*x->type.indexOf(part)];
  }
  SmallVector<int64_t> strides = result.stridesAlong(x->type.getAxes());
  for (auto [k, axis] : llvm::enumerate(x->type.getAxes()))
    if (auto found = stepOf.find(axis.getName()); found != stepOf.end())
      strides[k] = found->second;
  walk<1>(x->extents, {strides}, [&](int64_t n, std::array<int64_t, 1> at) {
    if (x->isReal())
      result.reals[at[0]] = x->reals[n];
    else
      result.wholes[at[0]] = x->wholes[n];
    if (!x->valid.empty())
      result.valid[at[0]] = x->valid[n];
  });
  frame.set(merge.getResult(), std::move(result));
  return success();
}

template <typename T> static LogicalResult stack(Operation *op, Frame<T> &frame) {
  auto stack = cast<StackOp>(op);
  Array<T> result = frame.make(stack.getResult());
  unsigned along = *result.type.indexOf(stack.getAxis());
  int64_t step = result.strides()[along];
  SmallVector<int64_t> extents = result.extents;
  extents[along] = 1;
  for (auto [k, value] : llvm::enumerate(stack.getOperands())) {
    Shared<T> x = frame.get(value);
    fillFrom(result, k * step, extents, *x, 0, x->stridesAlong(result.type.getAxes()));
  }
  frame.set(stack.getResult(), std::move(result));
  return success();
}

template <typename T> static LogicalResult join(Operation *op, Frame<T> &frame) {
  auto join = cast<JoinOp>(op);
  Array<T> result = frame.make(join.getResult());
  unsigned along = *result.type.indexOf(join.getAxis());
  int64_t step = result.strides()[along], start = 0;
  for (auto [part, value] : llvm::zip(strings(join.getParts()), join.getOperands())) {
    Shared<T> x = frame.get(value);
    SmallVector<int64_t> extents = result.extents, strides = x->stridesAlong(result.type.getAxes());
    auto own = x->type.indexOf(part); // none: one position
    extents[along] = own ? x->extents[*own] : 1;
    strides[along] = own ? x->strides()[*own] : 0;
    fillFrom(result, start * step, extents, *x, 0, strides);
    start += extents[along];
  }
  frame.set(join.getResult(), std::move(result));
  return success();
}

template <typename T> void interpreter::addRearranging(Registry<T> &registry) {
  registry["tril.rename"] = rename<T>;
  registry["tril.extend"] = extend<T>;
  registry["tril.split"] = split<T>;
  registry["tril.merge"] = merge<T>;
  registry["tril.stack"] = stack<T>;
  registry["tril.join"] = join<T>;
}
template void interpreter::addRearranging(Registry<float> &);
template void interpreter::addRearranging(Registry<double> &);
template void interpreter::addRearranging(Registry<Symbolic> &);
