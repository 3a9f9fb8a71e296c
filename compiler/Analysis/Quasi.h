//===- Quasi.h - whole numbers made of a query's and a key's position
//---------------------------------===//
// Quasi-affine expressions: sums of multiples of time, of past, and of floors of such sums.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace tril {

/// (time * t + past * p + sum of factors * floors + constant) / scale, scale > 0.
struct Quasi {
  int64_t time = 0, past = 0, constant = 0, scale = 1;
  std::map<unsigned, int64_t> floors; ///< factors, none of them 0, by index in `Floors`
  bool tooLarge = false;              ///< a number left 40 bits: it means nothing

  static Quasi number(int64_t constant);
  static Quasi ofTime(int64_t factor = 1, int64_t constant = 0);
  static Quasi ofPast(int64_t factor = 1, int64_t constant = 0);

  friend bool operator==(const Quasi &, const Quasi &) = default;
  bool isConstant() const { return time == 0 && past == 0 && floors.empty(); }
  Quasi times(int64_t factor) const;
  Quasi plus(int64_t number) const;
  /// a + sign * b
  static Quasi sum(const Quasi &a, const Quasi &b, int64_t sign = 1);
};

/// a >= b, as a number that is at least 0.
inline Quasi difference(const Quasi &a, const Quasi &b) { return Quasi::sum(a, b, -1); }

/// What an expression does when a position goes on by `period`: it grows by `growth`, from
/// everywhere.
struct Period {
  int64_t period = 1, growth = 0;
};

/// The floors that expressions refer to.  Each is made of earlier ones.
class Floors {
public:
  struct Floor {
    Quasi dividend; ///< of scale 1
    int64_t divisor;

    friend bool operator==(const Floor &, const Floor &) = default;
  };

  friend bool operator==(const Floors &, const Floors &) = default;

  /// floor(value / divisor); nothing where numbers become too large.
  std::optional<Quasi> floor(const Quasi &value, int64_t divisor);
  const Floor &operator[](unsigned index) const { return floors[index]; }
  unsigned size() const { return floors.size(); }

  /// The value, of scale 1, at a pair of positions.
  int64_t at(const Quasi &value, int64_t t, int64_t p) const;
  bool readsPast(const Quasi &value) const;
  /// Along `past`, or along `time`; nothing where the period is beyond `most`.
  std::optional<Period> periodOf(const Quasi &value, bool past, int64_t most = 4096) const;

private:
  std::vector<Floor> floors;
};

} // namespace tril
