//===- KeyIntervals.h - the keys that a query sees, as intervals
//-----------------------------------===//
// A kernel visits tiles of keys.  From the mask this says which: a union of intervals,
// least(t) <= past <= most(t), each for the queries first <= t (<= last), whose ends are
// quasi-affine functions of t.
#pragma once
#include "Analysis/Lattice.h"

namespace tril {

/// How a number moves with the query's position.
enum class Motion { still, up, down };

/// An end of an interval, inclusive.
struct KeyEnd {
  Quasi value; ///< of `time` alone
  Motion moves = Motion::still;

  friend bool operator==(const KeyEnd &, const KeyEnd &) = default;
};

struct KeyInterval {
  int64_t first = 0;           ///< queries at earlier positions see none of it
  std::optional<int64_t> last; ///< nor do later ones
  /// It begins at the largest of these and ends at the smallest of those; without any: at 0, and no
  /// end.
  llvm::SmallVector<KeyEnd, 2> least, most;
  bool full = false; ///< every key between the ends (of the lattice) is seen, by every query
                     ///< first <= t <= last
  std::shared_ptr<const Floors> floors; ///< of the ends

  /// Ends at t, for tests and pictures.
  std::optional<int64_t> leastAt(int64_t t) const;
  std::optional<int64_t> mostAt(int64_t t) const;

  friend bool operator==(const KeyInterval &a, const KeyInterval &b) {
    return a.first == b.first && a.last == b.last && a.least == b.least && a.most == b.most &&
           a.full == b.full && *a.floors == *b.floors;
  }
};

/// Intervals that hold every pair that `mask` may let through, which lie on `lattice`; at most
/// `limit` of them (what is more becomes one hull).
std::vector<KeyInterval> keyIntervals(const Mask &mask, const KeyLattice &lattice = {},
                                      unsigned limit = 6);

/// Keys, lo <= key < hi, that queries first .. last see of an interval, and those within that all
/// see (empty if fullLo >= fullHi), of `all` that there are: as the code of the kernels finds them.
struct KeySpan {
  int64_t lo, hi, fullLo, fullHi;
};
KeySpan spanOf(const KeyInterval &interval, int64_t first, int64_t last, int64_t all);

} // namespace tril
