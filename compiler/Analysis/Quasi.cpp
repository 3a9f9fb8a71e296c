//===- Quasi.cpp
//---------------------------------------------------------------------------------===//
#include "Analysis/Quasi.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace tril;

static constexpr int64_t kLargest = int64_t(1) << 40;

static int64_t multiply(int64_t a, int64_t b, bool &tooLarge) {
  int64_t result;
  tooLarge |= llvm::MulOverflow(a, b, result) || std::abs(result) > kLargest;
  return result;
}
static int64_t add(int64_t a, int64_t b, bool &tooLarge) {
  int64_t result;
  tooLarge |= llvm::AddOverflow(a, b, result) || std::abs(result) > kLargest;
  return result;
}

Quasi Quasi::number(int64_t constant) {
  Quasi q;
  q.constant = constant;
  return q;
}
Quasi Quasi::ofTime(int64_t factor, int64_t constant) {
  Quasi q = number(constant);
  q.time = factor;
  return q;
}
Quasi Quasi::ofPast(int64_t factor, int64_t constant) {
  Quasi q = number(constant);
  q.past = factor;
  return q;
}

Quasi Quasi::times(int64_t factor) const {
  Quasi r = *this;
  for (int64_t *number : {&r.time, &r.past, &r.constant})
    *number = multiply(*number, factor, r.tooLarge);
  if (factor == 0)
    r.floors.clear();
  for (auto &[index, coefficient] : r.floors)
    coefficient = multiply(coefficient, factor, r.tooLarge);
  return r;
}

Quasi Quasi::plus(int64_t number) const {
  Quasi r = *this;
  r.constant = add(r.constant, multiply(number, scale, r.tooLarge), r.tooLarge);
  return r;
}

Quasi Quasi::sum(const Quasi &a, const Quasi &b, int64_t sign) {
  if (a.scale == b.scale) {
    Quasi r = a;
    r.tooLarge |= b.tooLarge;
    r.time = add(r.time, b.time * sign, r.tooLarge);
    r.past = add(r.past, b.past * sign, r.tooLarge);
    r.constant = add(r.constant, b.constant * sign, r.tooLarge);
    for (auto [index, coefficient] : b.floors) {
      int64_t &factor = r.floors[index];
      factor = add(factor, coefficient * sign, r.tooLarge);
      if (factor == 0)
        r.floors.erase(index);
    }
    return r;
  }
  Quasi r = a.times(b.scale), s = b.times(a.scale);
  r.scale = s.scale = multiply(a.scale, b.scale, r.tooLarge);
  if (r.tooLarge)
    return r;
  return sum(r, s, sign);
}

std::optional<Quasi> Floors::floor(const Quasi &value, int64_t divisor) {
  bool tooLarge = value.tooLarge;
  int64_t total = multiply(value.scale, divisor, tooLarge);
  if (tooLarge || divisor <= 0 || total > (int64_t(1) << 40))
    return std::nullopt;
  Quasi dividend = value;
  dividend.scale = 1;
  // Whole multiples of the divisor come out: floor((16 t + x) / 16) = t + floor(x / 16).
  Quasi result;
  auto takeOut = [&](int64_t &from, int64_t &to) {
    to = llvm::divideFloorSigned(from, total);
    from -= to * total;
  };
  if (dividend.time % total == 0)
    takeOut(dividend.time, result.time);
  if (dividend.past % total == 0)
    takeOut(dividend.past, result.past);
  takeOut(dividend.constant, result.constant);
  for (auto [index, coefficient] : value.floors)
    if (coefficient % total == 0) {
      result.floors[index] = coefficient / total;
      dividend.floors.erase(index);
    }
  if (dividend.isConstant()) // 0 <= it < total
    return result;
  unsigned index = 0;
  while (index < floors.size() &&
         !(floors[index].divisor == total && floors[index].dividend == dividend))
    ++index;
  if (index == floors.size())
    floors.push_back({dividend, total});
  result.floors[index] = 1;
  return result;
}

int64_t Floors::at(const Quasi &value, int64_t t, int64_t p) const {
  int64_t sum = value.time * t + value.past * p + value.constant;
  for (auto [index, coefficient] : value.floors)
    sum += coefficient *
           llvm::divideFloorSigned(at(floors[index].dividend, t, p), floors[index].divisor);
  return sum;
}

bool Floors::readsPast(const Quasi &value) const {
  if (value.past != 0)
    return true;
  for (auto [index, coefficient] : value.floors)
    if (readsPast(floors[index].dividend))
      return true;
  return false;
}

std::optional<Period> Floors::periodOf(const Quasi &value, bool past, int64_t most) const {
  Period all{1, past ? value.past : value.time};
  for (auto [index, coefficient] : value.floors) {
    const Floor &floor = floors[index];
    std::optional<Period> of = periodOf(floor.dividend, past, most);
    if (!of)
      return std::nullopt;
    // So many times that the dividend grows by a multiple of the divisor.
    int64_t times = floor.divisor / std::gcd(floor.divisor, of->growth);
    Period one{of->period * times, of->growth * times / floor.divisor * coefficient};
    int64_t period = std::lcm(all.period, one.period);
    if (one.period > most || period > most || std::abs(one.growth) > kLargest / most)
      return std::nullopt;
    all.growth = all.growth * (period / all.period) + one.growth * (period / one.period);
    all.period = period;
  }
  return all;
}
