//===- Scalar.h - functions of numbers
//------------------------------------------------------------===//
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace tril::interpreter::scalar {

template <typename T> T modulo(T x, T y) {
  using std::floor;
  return x - y * floor(x / y);
}
/// Whole numbers: the remainder has the sign of the divisor; of a division by 0 it is 0.
inline int32_t modulo(int32_t x, int32_t y) {
  if (y == 0 || y == -1)
    return 0;
  int32_t r = x % y;
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
/// Whole numbers wrap around at 32 bits.
inline int32_t wrap(int64_t x) { return static_cast<int32_t>(static_cast<uint32_t>(x)); }
/// The nearest whole number, of two as near the even one, whatever the rounding mode.
template <typename T> T roundEven(T x) {
  using std::floor, std::fmod;
  T below = floor(x), rest = x - below;
  if (rest != T(0.5))
    return rest < T(0.5) ? below : below + 1;
  return fmod(below, T(2)) == 0 ? below : below + 1;
}
/// Towards 0; the nearest one that there is if it is out of range, 0 of what is no number.
template <typename T> int32_t truncate(T x) {
  double d = static_cast<double>(x);
  if (std::isnan(d))
    return 0;
  if (d >= std::numeric_limits<int32_t>::max())
    return std::numeric_limits<int32_t>::max();
  if (d <= std::numeric_limits<int32_t>::min())
    return std::numeric_limits<int32_t>::min();
  return static_cast<int32_t>(d);
}

/// The elementwise op `name` (`tril.add`) of these numbers in f64; `whole`: the operands are whole
/// numbers or truth values.  Nothing if there is no such function.
std::optional<double> evaluate(llvm::StringRef name, bool whole, llvm::ArrayRef<double> operands);

} // namespace tril::interpreter::scalar
