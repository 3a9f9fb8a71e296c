//===- Reductions.cpp - reduce, softmax, top
//-------------------------------------------------------===//
#include "Interpreter/Frame.h"
#include "Interpreter/Scalar.h"

using namespace mlir;
using namespace tril;
using namespace tril::interpreter;

namespace {

/// Divides the axes of a value into those that an op works along and the others.
template <typename T> struct Divided {
  SmallVector<int64_t> outer, inner, outerStrides, innerStrides;
  Divided(const Array<T> &array, ArrayRef<StringRef> along) {
    SmallVector<int64_t> strides = array.strides();
    for (auto [k, axis] : llvm::enumerate(array.type.getAxes())) {
      bool reduced = llvm::is_contained(along, axis.getName());
      (reduced ? inner : outer).push_back(array.extents[k]);
      (reduced ? innerStrides : outerStrides).push_back(strides[k]);
    }
  }
  /// Calls f for the offset of each position of the inner axes.
  template <typename F> void eachInner(F f) const {
    walk<1>(inner, {innerStrides}, [&](int64_t, std::array<int64_t, 1> at) { f(at[0]); });
  }
};

/// Strides along the axes of `array` that are not in `along`, in its order, of a result.
template <typename T>
SmallVector<int64_t> outerStridesOf(const Array<T> &result, const Array<T> &array,
                                    ArrayRef<StringRef> along) {
  SmallVector<AxisAttr> axes;
  for (AxisAttr axis : array.type.getAxes())
    if (!llvm::is_contained(along, axis.getName()))
      axes.push_back(axis);
  return result.stridesAlong(axes);
}

/// One row of a reduction.
template <typename T, typename U> struct Accumulator {
  U sum = U(0), largest = U(0), smallest = U(0);
  int64_t count = 0;
  void add(U value) {
    if constexpr (std::is_same_v<U, int32_t>)
      sum = scalar::wrap(int64_t(sum) + int64_t(value));
    else
      sum = sum + value;
    largest = count == 0 ? value : larger(value, largest);
    smallest = count == 0 ? value : smaller(value, smallest);
    ++count;
  }
};

} // namespace

template <typename T, typename U>
static LogicalResult reduceElements(ReduceOp reduce, Frame<T> &frame) {
  SmallVector<StringRef> along = strings(reduce.getAxes());
  Shared<T> x = frame.getAlong(reduce.getOperand(), along);
  Array<T> result = frame.make(reduce.getResult());
  if (result.type.getHoles())
    result.allowHoles();
  ReduceKind kind = reduce.getKind();
  Divided<T> divided(*x, along);
  const std::vector<U> &elements = x->template elements<U>();
  auto put = [&](int64_t at, auto value) {
    if (result.isReal())
      result.reals[at] = static_cast<T>(value);
    else
      result.wholes[at] = static_cast<int32_t>(value);
  };
  walk<2>(divided.outer, {divided.outerStrides, outerStridesOf(result, *x, along)},
          [&](int64_t, std::array<int64_t, 2> at) {
            Accumulator<T, U> row;
            divided.eachInner([&](int64_t inner) {
              if (x->isValid(at[0] + inner))
                row.add(elements[at[0] + inner]);
            });
            bool empty = row.count == 0;
            switch (kind) {
            case ReduceKind::sum:
              return put(at[1], row.sum);
            case ReduceKind::count: // of a predicate: where it is true
              return put(at[1], row.sum);
            case ReduceKind::any:
              return put(at[1], !empty && row.largest != U(0));
            case ReduceKind::all:
              return put(at[1], empty || row.smallest != U(0));
            case ReduceKind::mean:
              put(at[1], empty ? U(0) : U(row.sum / U(row.count)));
              break;
            case ReduceKind::max:
              put(at[1], row.largest);
              break;
            case ReduceKind::min:
              put(at[1], row.smallest);
              break;
            }
            if (empty) {
              result.allowHoles();
              result.valid[at[1]] = 0;
            }
          });
  frame.set(reduce.getResult(), std::move(result));
  return success();
}

template <typename T> static LogicalResult reduce(Operation *op, Frame<T> &frame) {
  auto reduce = cast<ReduceOp>(op);
  bool real = isa<FloatType>(reduce.getOperand().getType().getElement());
  return real ? reduceElements<T, T>(reduce, frame) : reduceElements<T, int32_t>(reduce, frame);
}

template <typename T> static LogicalResult softmax(Operation *op, Frame<T> &frame) {
  using std::exp;
  auto softmax = cast<SoftmaxOp>(op);
  SmallVector<StringRef> along = strings(softmax.getAxes());
  Shared<T> x = frame.get(softmax.getOperand());
  Array<T> result = frame.make(softmax.getResult());
  if (!x->valid.empty())
    result.allowHoles();
  Divided<T> divided(*x, along);
  Divided<T> to(result, along);
  Shared<T> sink = softmax.getSink() ? frame.get(softmax.getSink()) : nullptr;
  // All walks go through the axes in x's order.
  SmallVector<int64_t> innerOfResult;
  for (AxisAttr axis : x->type.getAxes())
    if (llvm::is_contained(along, axis.getName()))
      innerOfResult.push_back(result.stridesAlong(axis)[0]);
  SmallVector<int64_t> none(divided.outer.size(), 0);
  walk<3>(divided.outer,
          {divided.outerStrides, outerStridesOf(result, *x, along),
           sink ? outerStridesOf(*sink, *x, along) : none},
          [&](int64_t, std::array<int64_t, 3> at) {
            Accumulator<T, T> row;
            divided.eachInner([&](int64_t inner) {
              if (x->isValid(at[0] + inner))
                row.add(x->reals[at[0] + inner]);
            });
            if (sink)
              row.add(sink->reals[at[2]]);
            T sum = sink ? exp(sink->reals[at[2]] - row.largest) : T(0);
            divided.eachInner([&](int64_t inner) {
              if (x->isValid(at[0] + inner))
                sum += exp(x->reals[at[0] + inner] - row.largest);
            });
            walk<2>(divided.inner, {divided.innerStrides, innerOfResult},
                    [&](int64_t, std::array<int64_t, 2> in) {
                      if (x->isValid(at[0] + in[0]))
                        result.reals[at[1] + in[1]] =
                            exp(x->reals[at[0] + in[0]] - row.largest) / sum;
                      else
                        result.valid[at[1] + in[1]] = 0;
                    });
          });
  frame.set(softmax.getResult(), std::move(result));
  return success();
}

template <typename T> static LogicalResult top(Operation *op, Frame<T> &frame) {
  auto top = cast<TopOp>(op);
  StringRef along = top.getAxis();
  Shared<T> x = frame.get(top.getOperand());
  Array<T> value = frame.make(top.getValue()), position = frame.make(top.getPosition());
  value.allowHoles();
  position.allowHoles();
  Divided<T> divided(*x, {along});
  int64_t taken = value.extents[*value.type.indexOf(top.getInto())];
  int64_t valueStride = value.strides()[*value.type.indexOf(top.getInto())];
  int64_t positionStride = position.strides()[*position.type.indexOf(top.getInto())];
  walk<3>(divided.outer,
          {divided.outerStrides, outerStridesOf(value, *x, {along}),
           outerStridesOf(position, *x, {along})},
          [&](int64_t, std::array<int64_t, 3> at) {
            std::vector<std::pair<double, int64_t>> row; // what is there, with where it is
            for (int64_t n = 0; n < divided.inner[0]; ++n) {
              int64_t from = at[0] + n * divided.innerStrides[0];
              if (x->isValid(from))
                row.emplace_back(x->isReal() ? double(x->reals[from]) : double(x->wholes[from]), n);
            }
            std::sort(row.begin(), row.end(), [](auto &a, auto &b) {
              return a.first != b.first ? a.first > b.first : a.second < b.second;
            });
            for (int64_t k = 0; k < taken; ++k) {
              int64_t toValue = at[1] + k * valueStride, toPosition = at[2] + k * positionStride;
              if (k >= static_cast<int64_t>(row.size())) {
                value.valid[toValue] = position.valid[toPosition] = 0;
                continue;
              }
              position.wholes[toPosition] = row[k].second;
              int64_t from = at[0] + row[k].second * divided.innerStrides[0];
              if (x->isReal())
                value.reals[toValue] = x->reals[from];
              else
                value.wholes[toValue] = x->wholes[from];
            }
          });
  frame.set(top.getValue(), std::move(value));
  frame.set(top.getPosition(), std::move(position));
  return success();
}

template <typename T> void interpreter::addReductions(Registry<T> &registry) {
  registry["tril.reduce"] = reduce<T>;
  registry["tril.softmax"] = softmax<T>;
  registry["tril.top"] = top<T>;
}
template void interpreter::addReductions(Registry<float> &);
template void interpreter::addReductions(Registry<double> &);
template void interpreter::addReductions(Registry<Symbolic> &);
