//===- KeyIntervals.cpp
//-----------------------------------------------------------------------------===//
// Each part of a mask becomes an interval: of an inequality in which the key stands once, alone or
// within floors, it is brought to one side, which loses nothing.  An inequality in which it stands
// several times bounds the interval through the least and the largest of past - time and of past.
#include "Analysis/KeyIntervals.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <numeric>

using namespace tril;
using llvm::ArrayRef;

std::optional<int64_t> KeyInterval::leastAt(int64_t t) const {
  std::optional<int64_t> result;
  for (const KeyEnd &end : least)
    result = std::max(result.value_or(INT64_MIN), floors->at(end.value, t, 0));
  return result;
}
std::optional<int64_t> KeyInterval::mostAt(int64_t t) const {
  std::optional<int64_t> result;
  for (const KeyEnd &end : most)
    result = std::min(result.value_or(INT64_MAX), floors->at(end.value, t, 0));
  return result;
}

namespace {

/// How a number of `time` alone moves; nothing if it rises and falls.
std::optional<Motion> motionOf(const Floors &floors, const Quasi &q) {
  if (std::optional<Period> period = floors.periodOf(q, /*past=*/false)) {
    bool rises = false, falls = false;
    int64_t before = floors.at(q, 0, 0);
    for (int64_t t = 1; t <= period->period && !(rises && falls); ++t) {
      int64_t now = floors.at(q, t, 0);
      rises |= now > before;
      falls |= now < before;
      before = now;
    }
    if (rises && falls)
      return std::nullopt;
    return rises ? Motion::up : falls ? Motion::down : Motion::still;
  }
  // Of a long period: a sum of what moves in one direction.
  bool rises = q.time > 0, falls = q.time < 0;
  for (auto [index, factor] : q.floors) {
    std::optional<Motion> one = motionOf(floors, floors[index].dividend);
    if (!one)
      return std::nullopt;
    rises |= *one != Motion::still && (*one == Motion::up) == (factor > 0);
    falls |= *one != Motion::still && (*one == Motion::up) != (factor > 0);
  }
  if (rises && falls)
    return std::nullopt;
  return rises ? Motion::up : falls ? Motion::down : Motion::still;
}

/// Whether a row is at least 0 at every pair of the lattice, as far as it repeats within few.
bool holdsOn(const KeyLattice &lattice, const Floors &floors, const Quasi &row) {
  std::optional<Period> time = floors.periodOf(row, false, 64),
                        past = floors.periodOf(row, true, 64);
  if (!time || !past || time->growth != 0 || past->growth != 0)
    return false;
  int64_t times = std::lcm(time->period, lattice.step),
          pasts = std::lcm(past->period, lattice.step);
  if (times * pasts > 16384)
    return false;
  for (int64_t t = 0; t < times; ++t)
    for (int64_t p = 0; p < pasts; ++p)
      if (lattice.contains(t, p) && floors.at(row, t, p) < 0)
        return false;
  return true;
}

/// An end that a row gives.
struct Side {
  bool least;
  Quasi value;
};

/// Brings the key of a row to one side; nothing where it stands in it more than once.
std::optional<Side> isolate(Floors &floors, Quasi row) {
  while (!row.tooLarge) {
    std::optional<unsigned> within;
    unsigned times = row.past != 0;
    for (auto [index, factor] : row.floors)
      if (floors.readsPast(floors[index].dividend)) {
        within = index;
        ++times;
      }
    if (times != 1)
      return std::nullopt;
    int64_t factor = within ? row.floors[*within] : row.past;
    Quasi rest = row;
    if (within)
      rest.floors.erase(*within);
    else
      rest.past = 0;
    // factor * x + rest >= 0: x >= -floor(rest / factor), or x <= floor(rest / -factor).
    std::optional<Quasi> quotient = floors.floor(rest, std::abs(factor));
    if (!quotient)
      return std::nullopt;
    if (!within)
      return Side{factor > 0, factor > 0 ? quotient->times(-1) : *quotient};
    const Floors::Floor floor = floors[*within];
    if (factor > 0) // floor(a / d) >= n: a - d n >= 0
      row = Quasi::sum(floor.dividend, quotient->times(floor.divisor));
    else // floor(a / d) <= n: d n + d - 1 - a >= 0
      row = difference(quotient->times(floor.divisor), floor.dividend).plus(floor.divisor - 1);
  }
  return std::nullopt;
}

/// Whether code can compute it in 64 bits, of positions below 2^31.
bool isSmall(const Floors &floors, const Quasi &q) {
  constexpr int64_t most = int64_t(1) << 31;
  if (q.tooLarge || std::abs(q.time) > most || std::abs(q.constant) > most)
    return false;
  return llvm::all_of(q.floors, [&](auto &one) {
    return std::abs(one.second) <= most && isSmall(floors, floors[one.first].dividend);
  });
}

void addEnd(llvm::SmallVectorImpl<KeyEnd> &ends, const Quasi &value, Motion moves, bool least) {
  for (KeyEnd &end : ends) {
    Quasi apart = difference(value, end.value);
    if (!apart.isConstant())
      continue;
    if ((apart.constant > 0) == least) // the same but for a number: the narrower
      end.value = value;
    return;
  }
  ends.push_back({value, moves});
}

/// Of all pairs of `parts`, bounds of past - time and of past.
class Hull {
public:
  Hull(const Mask &mask, ArrayRef<MaskPart> parts) {
    for (const MaskPart &part : parts)
      bounds.emplace_back(*mask.floors, part.rows);
  }
  std::optional<int64_t> least(const Quasi &number) { return extreme(number, 1); }
  std::optional<int64_t> most(const Quasi &number) { return extreme(number, -1); }

  void addLeast(KeyInterval &interval) {
    if (auto near = least(distance))
      addEnd(interval.least, Quasi::ofTime(1, *near), Motion::up, true);
    else if (auto fixed = least(Quasi::ofPast()); fixed && *fixed > 0)
      addEnd(interval.least, Quasi::number(*fixed), Motion::still, true);
  }
  void addMost(KeyInterval &interval) {
    if (auto near = most(distance))
      addEnd(interval.most, Quasi::ofTime(1, *near), Motion::up, false);
    if (auto fixed = most(Quasi::ofPast()))
      addEnd(interval.most, Quasi::number(*fixed), Motion::still, false);
  }

private:
  std::optional<int64_t> extreme(const Quasi &number, int64_t sign) {
    std::optional<int64_t> result;
    for (PartBounds &part : bounds) {
      Extreme one = part.least(number.times(sign));
      if (one.none)
        continue;
      if (!one.value)
        return std::nullopt;
      result = std::min(result.value_or(*one.value), *one.value);
    }
    return result ? std::optional(*result * sign) : std::nullopt;
  }

  std::vector<PartBounds> bounds;
  const Quasi distance = difference(Quasi::ofPast(), Quasi::ofTime());
};

KeyInterval intervalOf(const Mask &mask, const MaskPart &part, const KeyLattice &lattice) {
  Floors &floors = *mask.floors;
  Hull hull(mask, part);
  KeyInterval result;
  result.floors = mask.floors;
  result.first = std::max<int64_t>(hull.least(Quasi::ofTime()).value_or(0), 0);
  result.last = hull.most(Quasi::ofTime());
  bool exact = true; // the ends say all that the rows say
  for (const Quasi &row : part.rows) {
    if (holdsOn(lattice, floors, row))
      continue;
    if (!floors.readsPast(row)) { // which queries see it
      std::optional<Motion> motion = motionOf(floors, row);
      exact &=
          motion && (*motion == Motion::down ? result.last && floors.at(row, *result.last, 0) >= 0
                                             : floors.at(row, result.first, 0) >= 0);
      continue;
    }
    std::optional<Side> side = isolate(floors, row);
    std::optional<Motion> motion =
        side && isSmall(floors, side->value) ? motionOf(floors, side->value) : std::nullopt;
    if (motion)
      addEnd(side->least ? result.least : result.most, side->value, *motion, side->least);
    else
      exact = false;
  }
  result.full = exact && part.known;
  if (!exact) {
    hull.addLeast(result);
    hull.addMost(result);
  }
  return result;
}

bool same(ArrayRef<KeyEnd> a, ArrayRef<KeyEnd> b) {
  return a.size() == b.size() && llvm::all_of(a, [&](const KeyEnd &x) {
           return llvm::any_of(b, [&](const KeyEnd &y) { return x.value == y.value; });
         });
}

} // namespace

std::vector<KeyInterval> tril::keyIntervals(const Mask &mask, const KeyLattice &lattice,
                                            unsigned limit) {
  std::vector<MaskPart> parts = withoutCovered(mask);
  std::vector<KeyInterval> result;
  for (const MaskPart &part : parts) {
    KeyInterval one = intervalOf(mask, part, lattice);
    auto twin = llvm::find_if(result, [&](const KeyInterval &other) {
      return one.first == other.first && one.last == other.last && same(one.least, other.least) &&
             same(one.most, other.most);
    });
    if (twin == result.end())
      result.push_back(std::move(one));
    else
      twin->full |= one.full;
  }
  if (result.size() <= limit)
    return result;
  Hull hull(mask, parts);
  KeyInterval all;
  all.floors = mask.floors;
  all.first = std::max<int64_t>(hull.least(Quasi::ofTime()).value_or(0), 0);
  all.last = hull.most(Quasi::ofTime());
  hull.addLeast(all);
  hull.addMost(all);
  return {all};
}

KeySpan tril::spanOf(const KeyInterval &interval, int64_t first, int64_t last, int64_t all) {
  int64_t begin = std::max(first, interval.first),
          end = interval.last ? std::min(last, *interval.last) : last;
  if (end < begin)
    return {all, 0, all, 0};
  KeySpan span{0, all, 0, all};
  for (const KeyEnd &one : interval.least) {
    bool up = one.moves != Motion::down;
    span.lo = std::max(span.lo, interval.floors->at(one.value, up ? begin : end, 0));
    span.fullLo = std::max(span.fullLo, interval.floors->at(one.value, up ? end : begin, 0));
  }
  for (const KeyEnd &one : interval.most) {
    bool up = one.moves != Motion::down;
    span.hi = std::min(span.hi, interval.floors->at(one.value, up ? end : begin, 0) + 1);
    span.fullHi = std::min(span.fullHi, interval.floors->at(one.value, up ? begin : end, 0) + 1);
  }
  if (!interval.full || first < begin || end < last)
    span.fullLo = all, span.fullHi = 0;
  return span;
}
