//===- Contractions.cpp - sums of products
//---------------------------------------------------------===//
#include "Interpreter/Frame.h"
#include <cblas.h>

using namespace mlir;
using namespace tril;
using namespace tril::interpreter;

/// A factor with 0 in the place of holes.
template <typename T> static Shared<T> solid(Shared<T> factor) {
  if (factor->valid.empty())
    return factor;
  auto copy = std::make_shared<Array<T>>(*factor);
  for (int64_t n = 0; n < copy->size(); ++n)
    if (!copy->valid[n]) {
      if (copy->isReal())
        copy->reals[n] = 0;
      else
        copy->wholes[n] = 0;
    }
  copy->valid.clear();
  return copy;
}

/// The elements of `x` row-major over `axes`, which has all of its axes; without copying if they
/// lie so.
template <typename T>
static const T *inOrder(const Array<T> &x, ArrayRef<AxisAttr> axes, ArrayRef<int64_t> extents,
                        std::vector<T> &room) {
  if (x.type.getAxes() == axes)
    return x.reals.data();
  int64_t size = 1;
  for (int64_t extent : extents)
    size *= extent;
  room.resize(size);
  walk<1>(extents, {x.stridesAlong(axes)},
          [&](int64_t n, std::array<int64_t, 1> at) { room[n] = x.reals[at[0]]; });
  return room.data();
}

static void gemm(int m, int n, int k, const double *a, const double *b, double *c) {
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, k, b, k, 0, c, n);
}
static void gemm(int m, int n, int k, const float *a, const float *b, float *c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a, k, b, k, 0, c, n);
}

namespace {
/// Some axes with their extents.
struct Group {
  SmallVector<AxisAttr> axes;
  SmallVector<int64_t> extents;
  int64_t size = 1;
  void add(AxisAttr axis, int64_t extent) {
    axes.push_back(axis);
    extents.push_back(extent);
    size *= extent;
  }
  Group operator+(const Group &other) const {
    Group result = *this;
    for (auto [axis, extent] : llvm::zip(other.axes, other.extents))
      result.add(axis, extent);
    return result;
  }
};
} // namespace

/// For each position of the axes that both have and keep, a matrix product; or nothing if that is
/// not what it is.
template <typename T>
static std::optional<Array<T>> multiply(const Array<T> &a, const Array<T> &b,
                                        ArrayRef<StringRef> reduced, Frame<T> &frame,
                                        NamedTensorType type) {
  Group both, rows, columns, inner;
  for (auto [axis, extent] : llvm::zip(a.type.getAxes(), a.extents)) {
    bool shared = b.type.hasAxis(axis.getName()), sum = llvm::is_contained(reduced, axis.getName());
    if (sum && !shared)
      return std::nullopt;
    (sum ? inner : shared ? both : rows).add(axis, extent);
  }
  for (auto [axis, extent] : llvm::zip(b.type.getAxes(), b.extents))
    if (!a.type.hasAxis(axis.getName())) {
      if (llvm::is_contained(reduced, axis.getName()))
        return std::nullopt;
      columns.add(axis, extent);
    }
  std::vector<T> roomA, roomB, product(both.size * rows.size * columns.size);
  Group left = both + rows + inner, right = both + columns + inner, out = both + rows + columns;
  const T *as = inOrder(a, left.axes, left.extents, roomA),
          *bs = inOrder(b, right.axes, right.extents, roomB);
  for (int64_t n = 0; n < both.size; ++n)
    gemm(rows.size, columns.size, inner.size, as + n * rows.size * inner.size,
         bs + n * columns.size * inner.size, product.data() + n * rows.size * columns.size);
  Array<T> result;
  result.type = NamedTensorType::get(type.getContext(), out.axes, type.getElement(), false);
  result.extents = out.extents;
  result.reals = std::move(product);
  return result.type.getAxes() == type.getAxes() ? result : spread(frame, result, type);
}

/// Whether 0 for a hole is not enough: 0 times what a hole meets may be no number.
template <typename T> static bool holesMeetNonFinite(ArrayRef<Shared<T>> factors) {
  if constexpr (!std::is_floating_point_v<T>)
    return false;
  else
    return llvm::any_of(factors, [](const Shared<T> &x) { return !x->valid.empty(); }) &&
           llvm::any_of(factors, [](const Shared<T> &x) {
             return llvm::any_of(x->reals, [](T value) { return !std::isfinite(value); });
           });
}

/// Position by position.  `holes`: of factors as they were, what has a hole is skipped.
template <typename T, typename U>
static void sumOfProducts(Array<T> &result, ArrayRef<Shared<T>> factors, ArrayRef<AxisAttr> inner,
                          ArrayRef<int64_t> innerExtents, bool holes = false) {
  SmallVector<AxisAttr> axes(result.type.getAxes());
  axes.append(inner.begin(), inner.end());
  SmallVector<int64_t> extents(result.extents);
  extents.append(innerExtents.begin(), innerExtents.end());
  SmallVector<SmallVector<int64_t>> strides;
  for (const Shared<T> &factor : factors)
    strides.push_back(factor->stridesAlong(axes));
  // An odometer over all axes; the sum's own come last.
  SmallVector<int64_t> offsets(factors.size(), 0), position(axes.size(), 0);
  int64_t total = 1, innerTotal = 1;
  for (int64_t extent : extents)
    total *= extent;
  for (int64_t extent : innerExtents)
    innerTotal *= extent;
  std::vector<U> &results = result.template elements<U>();
  for (int64_t n = 0; n < total; ++n) {
    U product = 1;
    bool there = true;
    for (auto [k, factor] : llvm::enumerate(factors)) {
      product *= factor->template elements<U>()[offsets[k]];
      there &= !holes || factor->valid.empty() || factor->valid[offsets[k]];
    }
    if (there)
      results[n / innerTotal] += product;
    for (unsigned axis = axes.size(); axis-- > 0;) {
      bool carry = ++position[axis] == extents[axis];
      for (unsigned k = 0; k < factors.size(); ++k)
        offsets[k] += carry ? -strides[k][axis] * (extents[axis] - 1) : strides[k][axis];
      if (!carry)
        break;
      position[axis] = 0;
    }
  }
}

/// The same numbers as bf16 has them.
template <typename T> static Shared<T> rounded(Array<T> array) {
  for (T &value : array.reals)
    value = static_cast<T>(stored(value, StateElement::bf16));
  return std::make_shared<const Array<T>>(std::move(array));
}

template <typename T> static LogicalResult contract(Operation *op, Frame<T> &frame) {
  auto contract = cast<ContractOp>(op);
  NamedTensorType type = contract.getResult().getType();
  SmallVector<StringRef> reduced = strings(contract.getAxes());
  SmallVector<Shared<T>> factors;
  SmallVector<NamedTensorType> types;
  for (Value factor : contract.getFactors()) {
    factors.push_back(frame.get(factor));
    types.push_back(factors.back()->type);
  }
  if constexpr (std::is_floating_point_v<T>) // how numbers are made does not round
    if (contract.getRounded())
      for (auto [factor, value] : llvm::zip(factors, contract.getFactors()))
        if (!value.template getDefiningOp<SoftmaxOp>())
          factor = rounded(*factor);
  bool holes = holesMeetNonFinite<T>(factors);
  if (!holes)
    llvm::for_each(factors, [](Shared<T> &factor) { factor = solid(factor); });
  SmallVector<AxisAttr> inner;
  SmallVector<int64_t> innerExtents;
  double products = 1;
  for (AxisAttr axis : unionAxes(types)) {
    products *= frame.extent(axis);
    if (llvm::is_contained(reduced, axis.getName())) {
      inner.push_back(axis);
      innerExtents.push_back(frame.extent(axis));
    }
  }
  bool real = isa<FloatType>(type.getElement());
  int64_t from = frame.context.options.blasFrom;
  if constexpr (std::is_floating_point_v<T>)
    if (real && !holes && factors.size() == 2 && from >= 0 && products >= from)
      if (auto result = multiply(*factors[0], *factors[1], reduced, frame, type)) {
        frame.set(contract.getResult(), std::move(*result));
        return success();
      }
  Array<T> result = frame.make(contract.getResult());
  if (real)
    sumOfProducts<T, T>(result, factors, inner, innerExtents, holes);
  else
    sumOfProducts<T, int32_t>(result, factors, inner, innerExtents);
  frame.set(contract.getResult(), std::move(result));
  return success();
}

template <typename T> void interpreter::addContractions(Registry<T> &registry) {
  registry["tril.contract"] = contract<T>;
}
template void interpreter::addContractions(Registry<float> &);
template void interpreter::addContractions(Registry<double> &);
template void interpreter::addContractions(Registry<Symbolic> &);
