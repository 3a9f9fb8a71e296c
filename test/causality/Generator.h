//===- Generator.h - random texts that may read the future
//-------------------------------------------===//
#pragma once
#include <random>
#include <string>
#include <vector>

namespace tril::test {

/// Draws texts over the constructs that move positions: shifts, strides, masks, windows, chunks,
/// reductions over past positions, softmaxes, gathers, choices of the largest, recurrences,
/// layers, a second sequence, holes that something later decides and that are then hardly looked
/// at. About half of them leak.
class Generator {
public:
  explicit Generator(uint64_t seed) : random(seed) {}
  std::string text();

private:
  int number(int low, int high) {
    return low + static_cast<int>(random() % static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return number(1, 100) <= percent; }
  const std::string &pick(const std::vector<std::string> &from) {
    return from[random() % from.size()];
  }
  std::string value() { return pick(values); }
  std::string atom(const std::string &now, const std::string &then);
  std::string mask(const std::string &now, const std::string &then, int depth = 0);
  std::string statement(const std::string &name);
  std::string attention(const std::string &x, const std::string &then);
  std::string condition(const std::string &now, const std::string &then);
  std::string whole(const std::string &now, const std::string &then);
  std::string holed(const std::string &now, const std::string &then);
  std::string conditionOf(const std::string &n, int depth = 0);
  std::string wholeOf(const std::string &n, int depth);
  std::string dropped(const std::string &name);

  std::mt19937_64 random;
  std::vector<std::string> values;
};

} // namespace tril::test
