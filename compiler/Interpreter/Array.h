//===- Array.h - dense values with holes
//---------------------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include <array>

namespace tril::interpreter {

/// A value: elements over axes, row-major in the order of `type`'s axes, and where there are holes.
/// Real numbers are T (float or double), whole numbers and truth values (0, 1) are int32_t.
template <typename T> struct Array {
  NamedTensorType type;
  llvm::SmallVector<int64_t> extents; // of each axis of the type
  std::vector<T> reals;               // elements, if the type's are real,
  std::vector<int32_t> wholes;        // or else
  std::vector<uint8_t> valid;         // 0 at holes; empty: no holes

  bool isReal() const { return llvm::isa<mlir::FloatType>(type.getElement()); }
  int64_t size() const {
    int64_t n = 1;
    for (int64_t extent : extents)
      n *= extent;
    return n;
  }
  bool isValid(int64_t at) const { return valid.empty() || valid[at]; }
  template <typename U> std::vector<U> &elements() {
    if constexpr (std::is_same_v<U, T>)
      return reals;
    else
      return wholes;
  }
  template <typename U> const std::vector<U> &elements() const {
    return const_cast<Array *>(this)->template elements<U>();
  }
  /// Makes room for all elements, 0, without holes.
  void allocate() {
    if (isReal())
      reals.assign(size(), T(0));
    else
      wholes.assign(size(), 0);
    valid.clear();
  }
  void allowHoles() {
    if (valid.empty())
      valid.assign(size(), 1);
  }
  /// The distance between neighbours along each axis.
  llvm::SmallVector<int64_t> strides() const {
    llvm::SmallVector<int64_t> result(extents.size());
    int64_t stride = 1;
    for (unsigned i = extents.size(); i-- > 0; stride *= extents[i])
      result[i] = stride;
    return result;
  }
  /// The same, following the axes of another type: 0 for axes that this value does not have.
  llvm::SmallVector<int64_t> stridesAlong(llvm::ArrayRef<AxisAttr> axes) const {
    llvm::SmallVector<int64_t> own = strides(), result;
    for (AxisAttr axis : axes) {
      auto at = type.indexOf(axis.getName());
      result.push_back(at ? own[*at] : 0);
    }
    return result;
  }
};

/// Calls `f(n, offsets)` for each position of a row-major box of `extents`: n counts up from 0,
/// offsets[k] is sum(strides[k][axis] * position).
template <size_t N, typename F>
void walk(llvm::ArrayRef<int64_t> extents, const std::array<llvm::SmallVector<int64_t>, N> &strides,
          F f) {
  int64_t total = 1;
  for (int64_t extent : extents)
    total *= extent;
  if (total == 0)
    return;
  unsigned rank = extents.size();
  llvm::SmallVector<int64_t> position(rank, 0);
  std::array<int64_t, N> offsets{};
  for (int64_t n = 0;;) {
    f(n, offsets);
    if (++n == total)
      return;
    for (unsigned axis = rank; axis-- > 0;) {
      ++position[axis];
      for (size_t k = 0; k < N; ++k)
        offsets[k] += strides[k][axis];
      if (position[axis] < extents[axis])
        break;
      for (size_t k = 0; k < N; ++k)
        offsets[k] -= strides[k][axis] * extents[axis];
      position[axis] = 0;
    }
  }
}

} // namespace tril::interpreter
