//===- Symbolic.h - numbers that know what they were made of
//----------------------------------------===//
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

namespace tril::interpreter {

/// A real number with a hash of the computation that made it, for judging what depends on what: two
/// are only the same if they were computed alike from the same whole numbers, however their values
/// fall.  (The softmax of one score is 1 whatever the score is, and the largest of two numbers may
/// stay when the other changes: neither hides a read here.)  A number that is 0 because the text
/// says so adds nothing.
struct Symbolic {
  double value;
  uint64_t history;

  Symbolic() : value(0), history(0) {}
  Symbolic(double value)
      : value(value), history(value == 0 ? 0 : mix(std::bit_cast<uint64_t>(value), 1)) {}
  explicit operator double() const { return value; }
  explicit operator int32_t() const { return static_cast<int32_t>(value); }

  /// Splitmix64's finisher over both.
  static uint64_t mix(uint64_t a, uint64_t b) {
    uint64_t x = a + 0x9e3779b97f4a7c15 * (b + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }
  static Symbolic made(double value, uint64_t how, Symbolic x, Symbolic y = Symbolic()) {
    Symbolic result;
    result.value = value;
    result.history = mix(mix(how, x.history), y.history);
    return result;
  }

  friend Symbolic operator+(Symbolic x, Symbolic y) {
    return x.history == 0 ? y : y.history == 0 ? x : made(x.value + y.value, 2, x, y);
  }
  friend Symbolic operator-(Symbolic x) { return x.history == 0 ? x : made(-x.value, 3, x); }
  friend Symbolic operator-(Symbolic x, Symbolic y) { return x + -y; }
  friend Symbolic operator*(Symbolic x, Symbolic y) { return made(x.value * y.value, 4, x, y); }
  friend Symbolic operator/(Symbolic x, Symbolic y) { return made(x.value / y.value, 5, x, y); }
  Symbolic &operator+=(Symbolic y) { return *this = *this + y; }
  Symbolic &operator*=(Symbolic y) { return *this = *this * y; }
  friend bool operator<(Symbolic x, Symbolic y) { return x.value < y.value; }
  friend bool operator>(Symbolic x, Symbolic y) { return x.value > y.value; }
  friend bool operator<=(Symbolic x, Symbolic y) { return x.value <= y.value; }
  friend bool operator>=(Symbolic x, Symbolic y) { return x.value >= y.value; }
  friend bool operator==(Symbolic x, Symbolic y) { return x.value == y.value; }
  friend bool operator!=(Symbolic x, Symbolic y) { return x.value != y.value; }

  friend Symbolic exp(Symbolic x) { return made(std::exp(x.value), 6, x); }
  friend Symbolic log(Symbolic x) { return made(std::log(x.value), 7, x); }
  friend Symbolic sqrt(Symbolic x) { return made(std::sqrt(x.value), 8, x); }
  friend Symbolic sin(Symbolic x) { return made(std::sin(x.value), 9, x); }
  friend Symbolic cos(Symbolic x) { return made(std::cos(x.value), 10, x); }
  friend Symbolic tanh(Symbolic x) { return made(std::tanh(x.value), 11, x); }
  friend Symbolic erf(Symbolic x) { return made(std::erf(x.value), 12, x); }
  friend Symbolic abs(Symbolic x) { return made(std::abs(x.value), 13, x); }
  friend Symbolic floor(Symbolic x) { return made(std::floor(x.value), 14, x); }
  friend Symbolic ceil(Symbolic x) { return made(std::ceil(x.value), 15, x); }
  friend Symbolic pow(Symbolic x, Symbolic y) { return made(std::pow(x.value, y.value), 16, x, y); }
  friend Symbolic fmod(Symbolic x, Symbolic y) {
    return made(std::fmod(x.value, y.value), 17, x, y);
  }
};

/// The larger and the smaller of two, which depend on both; NaN if one is NaN (IEEE 754-2019,
/// maximum and minimum).
template <typename T> T larger(T x, T y) { return x > y || x != x ? x : y; }
template <typename T> T smaller(T x, T y) { return x < y || x != x ? x : y; }
inline Symbolic larger(Symbolic x, Symbolic y) {
  return Symbolic::made(larger(x.value, y.value), 18, x, y);
}
inline Symbolic smaller(Symbolic x, Symbolic y) {
  return Symbolic::made(smaller(x.value, y.value), 19, x, y);
}

} // namespace tril::interpreter
