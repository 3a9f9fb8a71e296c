//===- Reading.cpp - reading along axes at positions
//------------------------------------------------===//
#include "Interpreter/Frame.h"

using namespace mlir;
using namespace tril;
using namespace tril::interpreter;

template <typename T> static LogicalResult index(Operation *op, Frame<T> &frame) {
  auto index = cast<IndexOp>(op);
  SmallVector<StringRef> replaced = strings(index.getAxes());
  Shared<T> x = frame.getAlong(index.getOperand(), replaced);
  SmallVector<Shared<T>> indices;
  for (Value value : index.getIndices())
    indices.push_back(frame.get(value));
  if (frame.recurrence && llvm::is_contained(replaced, frame.axis) &&
      index.getOperand().getParentRegion()->getParentOp() == frame.recurrence)
    return op->emitError() << "reads along `" << frame.axis
                           << "` what the recurrence has at one position only";
  Array<T> result = frame.make(index.getResult());
  if (result.type.getHoles())
    result.allowHoles();

  // Axes of x: those that stay are aligned by name, the others are read at an index.
  ArrayRef<AxisAttr> axes = result.type.getAxes();
  SmallVector<int64_t> stay, own = x->strides(), readStride, readExtent;
  for (AxisAttr axis : axes) {
    auto at = x->type.indexOf(axis.getName());
    stay.push_back(at && !llvm::is_contained(replaced, axis.getName()) ? own[*at] : 0);
  }
  for (StringRef name : replaced) {
    readStride.push_back(own[*x->type.indexOf(name)]);
    readExtent.push_back(x->extents[*x->type.indexOf(name)]);
  }
  SmallVector<SmallVector<int64_t>> strides;
  for (const Shared<T> &array : indices)
    strides.push_back(array->stridesAlong(axes));

  bool outside = false;
  SmallVector<int64_t> position = result.strides();
  walk<1>(result.extents, {stay}, [&](int64_t n, std::array<int64_t, 1> at) {
    int64_t from = at[0];
    bool there = true;
    for (unsigned k = 0; k < indices.size() && there; ++k) {
      int64_t where = 0;
      for (unsigned axis = 0; axis < axes.size(); ++axis)
        where += strides[k][axis] * (n / position[axis] % result.extents[axis]);
      int64_t i = indices[k]->wholes[where];
      there = indices[k]->isValid(where) && i >= 0 && i < readExtent[k];
      from += i * readStride[k];
    }
    if (!there || !x->isValid(from)) {
      outside = true;
      if (!result.valid.empty())
        result.valid[n] = 0;
      return;
    }
    if (x->isReal())
      result.reals[n] = x->reals[from];
    else
      result.wholes[n] = x->wholes[from];
  });
  if (outside && !result.type.getHoles())
    return op->emitError() << "reads outside of the operand, or a hole, and its type has no holes";
  frame.set(index.getResult(), std::move(result));
  return success();
}

template <typename T> void interpreter::addReading(Registry<T> &registry) {
  registry["tril.index"] = index<T>;
}
template void interpreter::addReading(Registry<float> &);
template void interpreter::addReading(Registry<double> &);
template void interpreter::addReading(Registry<Symbolic> &);
