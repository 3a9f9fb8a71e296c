//===- MaskParts.cpp
//-----------------------------------------------------------------------------===//
#include "Analysis/MaskParts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace tril;
using llvm::ArrayRef;
using llvm::DynamicAPInt;
using llvm::SmallVector;
using mlir::presburger::Fraction;
using mlir::presburger::Simplex;

//===-------------------------------------------------------------------------------------------===//
// Parts
//===-------------------------------------------------------------------------------------------===//

bool MaskPart::add(Quasi row) {
  if (row.tooLarge) { // it may be anything
    known = false;
    return true;
  }
  row.scale = 1;
  int64_t common = std::gcd(row.time, row.past);
  for (auto [index, factor] : row.floors)
    common = std::gcd(common, factor);
  if (common == 0)
    return row.constant >= 0;
  row.time /= common, row.past /= common;
  row.constant = llvm::divideFloorSigned(row.constant, common);
  for (auto &[index, factor] : row.floors)
    factor /= common;
  for (Quasi &other : rows) {
    Quasi apart = Quasi::sum(row, other, -1), together = Quasi::sum(row, other);
    if (together.isConstant() && together.constant < 0)
      return false;
    if (apart.isConstant()) { // the same but for a number: the smaller asks for more
      other.constant = std::min(other.constant, row.constant);
      row.constant = other.constant;
      for (const Quasi &opposite : rows) {
        Quasi sum = Quasi::sum(row, opposite);
        if (sum.isConstant() && sum.constant < 0)
          return false;
      }
      return true;
    }
  }
  rows.push_back(std::move(row));
  return true;
}

static bool holds(const Mask &mask, const MaskPart &part, int64_t time, int64_t past) {
  return llvm::all_of(part.rows,
                      [&](const Quasi &row) { return mask.floors->at(row, time, past) >= 0; });
}
bool Mask::mayHold(int64_t time, int64_t past) const {
  return llvm::any_of(parts, [&](const MaskPart &part) { return holds(*this, part, time, past); });
}
bool Mask::mustHold(int64_t time, int64_t past) const {
  return llvm::any_of(
      parts, [&](const MaskPart &part) { return part.known && holds(*this, part, time, past); });
}
bool Mask::isOpen() const {
  return llvm::none_of(parts, [](const MaskPart &part) { return part.known; });
}

//===-------------------------------------------------------------------------------------------===//
// Bounds
//===-------------------------------------------------------------------------------------------===//

PartBounds::PartBounds(const Floors &floors, ArrayRef<Quasi> rows, bool every) : floors(floors) {
  for (const Quasi &row : rows)
    need(row);
  for (unsigned index = 0; every && index < floors.size(); ++index)
    columnOf.try_emplace(index, 2 + columnOf.size());
  simplex.emplace(2 + columnOf.size());
  simplex->addInequality(rowOf(Quasi::ofTime()));
  simplex->addInequality(rowOf(Quasi::ofPast()));
  for (auto [index, column] : columnOf) { // 0 <= dividend - divisor * floor < divisor
    SmallVector<DynamicAPInt> rest = rowOf(floors[index].dividend);
    rest[column] -= floors[index].divisor;
    simplex->addInequality(rest);
    for (DynamicAPInt &number : rest)
      number = -number;
    rest.back() += floors[index].divisor - 1;
    simplex->addInequality(rest);
  }
  for (const Quasi &row : rows)
    simplex->addInequality(rowOf(row));
}

void PartBounds::need(const Quasi &number) {
  for (auto [index, factor] : number.floors)
    if (columnOf.try_emplace(index, 2 + columnOf.size()).second)
      need(floors[index].dividend);
}

bool PartBounds::hasFloors(const Quasi &number) const {
  return llvm::all_of(number.floors, [&](auto &one) { return columnOf.count(one.first) != 0; });
}

SmallVector<DynamicAPInt> PartBounds::rowOf(const Quasi &number) const {
  SmallVector<DynamicAPInt> row(3 + columnOf.size(), DynamicAPInt(0));
  row[0] = number.time, row[1] = number.past, row.back() = number.constant;
  for (auto [index, factor] : number.floors)
    row[columnOf.at(index)] = factor;
  return row;
}

/// Branch and bound for the least value of a row.
struct PartBounds::Search {
  SmallVector<DynamicAPInt> row;
  unsigned nodes = 24;            ///< that may be divided
  std::optional<int64_t> best;    ///< of the whole points seen
  std::optional<int64_t> skipped; ///< below what was not looked at
  bool unbounded = false;
};

void PartBounds::search(Search &s) {
  auto lowest = simplex->computeOptimum(Simplex::Direction::Down, s.row);
  if (lowest.isEmpty() || s.unbounded)
    return;
  if (lowest.isUnbounded()) {
    s.unbounded = true;
    return;
  }
  DynamicAPInt least = ceil(*lowest);
  if (llvm::abs(least) > DynamicAPInt(int64_t(1) << 60)) {
    s.unbounded = true;
    return;
  }
  auto value = int64_t(least);
  if (s.best && value >= *s.best)
    return;
  if (s.nodes == 0) {
    s.skipped = std::min(s.skipped.value_or(value), value);
    return;
  }
  --s.nodes;
  // A point that has it, if there is one.
  unsigned snapshot = simplex->getSnapshot();
  SmallVector<DynamicAPInt> there = s.row;
  there.back() -= least;
  simplex->addEquality(there);
  std::optional<SmallVector<Fraction, 8>> sample;
  if (!simplex->isEmpty())
    sample = simplex->getRationalSample();
  simplex->rollback(snapshot);
  if (!sample) // no whole value at all
    return;
  auto *fraction = llvm::find_if(*sample, [](const Fraction &x) { return x.num % x.den != 0; });
  if (fraction == sample->end()) {
    s.best = value;
    return;
  }
  auto column = fraction - sample->begin();
  DynamicAPInt below = floor(*fraction);
  for (bool upper : {false, true}) {
    unsigned snapshot = simplex->getSnapshot();
    SmallVector<DynamicAPInt> side(s.row.size(), DynamicAPInt(0));
    side[column] = upper ? 1 : -1;
    side.back() = upper ? -below - 1 : below;
    simplex->addInequality(side);
    if (!simplex->isEmpty())
      search(s);
    simplex->rollback(snapshot);
  }
}

Extreme PartBounds::least(const Quasi &number) {
  if (isEmpty())
    return {std::nullopt, true};
  if (number.tooLarge || !hasFloors(number))
    return {std::nullopt, false};
  Search s;
  s.row = rowOf(number);
  search(s);
  if (s.unbounded)
    return {std::nullopt, false};
  if (!s.best && !s.skipped)
    return {std::nullopt, true};
  return {std::min(s.best.value_or(INT64_MAX), s.skipped.value_or(INT64_MAX)), false};
}

Extreme PartBounds::most(const Quasi &number) {
  Extreme result = least(number.times(-1));
  if (result.value)
    result.value = -*result.value;
  return result;
}

bool PartBounds::implies(const Quasi &row) {
  if (row.tooLarge || !hasFloors(row))
    return false;
  if (isEmpty())
    return true;
  auto lowest = simplex->computeOptimum(Simplex::Direction::Down, rowOf(row));
  return lowest.isBounded() && ceil(*lowest) >= 0;
}

//===-------------------------------------------------------------------------------------------===//
// Unions
//===-------------------------------------------------------------------------------------------===//

/// Whether every row of `outer` is one of `inner`, or weaker than one.
static bool obviouslyCovers(const MaskPart &outer, const MaskPart &inner) {
  return llvm::all_of(outer.rows, [&](const Quasi &row) {
    return llvm::any_of(inner.rows, [&](const Quasi &other) {
      Quasi apart = Quasi::sum(row, other, -1);
      return apart.isConstant() && apart.constant >= 0;
    });
  });
}

void MaskAlgebra::insert(Parts &into, MaskPart part) {
  for (const MaskPart &other : into)
    if ((other.known || !part.known) && obviouslyCovers(other, part))
      return;
  llvm::erase_if(into, [&](const MaskPart &other) {
    return (part.known || !other.known) && obviouslyCovers(part, other);
  });
  into.push_back(std::move(part));
}

MaskAlgebra::Parts MaskAlgebra::both(const Parts &a, const Parts &b) {
  Parts result;
  for (const MaskPart &x : a)
    for (const MaskPart &y : b) {
      MaskPart part = x;
      part.known &= y.known;
      if (!llvm::all_of(y.rows, [&](const Quasi &row) { return part.add(row); }))
        continue;
      if (part.rows.size() > 1 && programs > 0) {
        --programs;
        if (PartBounds(floors, part.rows).isEmpty())
          continue;
      }
      insert(result, std::move(part));
      if (result.size() > Mask::kMostParts) { // of the longer one, what holds it
        coarse_ = true;
        return a.size() < b.size() ? both(a, hull(b)) : both(hull(a), b);
      }
    }
  return result;
}

MaskAlgebra::Parts MaskAlgebra::either(Parts a, const Parts &b) {
  Parts result = std::move(a);
  for (const MaskPart &part : b)
    insert(result, part);
  if (result.size() <= Mask::kMostParts)
    return result;
  coarse_ = true;
  return hull(result);
}

MaskAlgebra::Parts MaskAlgebra::hull(const Parts &parts) {
  const Quasi numbers[] = {Quasi::ofTime(), Quasi::ofPast(),
                           difference(Quasi::ofPast(), Quasi::ofTime())};
  MaskPart result{{}, false};
  for (const Quasi &number : numbers)
    for (int64_t sign : {1, -1}) {
      Quasi side = number.times(sign);
      std::optional<int64_t> least;
      bool bounded = true;
      for (const MaskPart &part : parts) {
        Extreme one = PartBounds(floors, part.rows).least(side);
        if (one.none)
          continue;
        bounded &= one.value.has_value();
        if (one.value)
          least = std::min(least.value_or(*one.value), *one.value);
      }
      if (bounded && least)
        result.add(side.plus(-*least));
    }
  return {result};
}

std::vector<MaskPart> tril::withoutCovered(const Mask &mask) {
  std::vector<MaskPart> kept;
  for (const MaskPart &part : mask.parts) {
    PartBounds bounds(*mask.floors, part.rows, /*every=*/true);
    auto within = [&](const MaskPart &other) {
      return (other.known || !part.known) &&
             llvm::all_of(other.rows, [&](const Quasi &row) { return bounds.implies(row); });
    };
    if (bounds.isEmpty() || llvm::any_of(kept, within))
      continue;
    // Of two that are the same, the first stays.
    llvm::erase_if(kept, [&](const MaskPart &other) {
      if (other.known && !part.known)
        return false;
      PartBounds inside(*mask.floors, other.rows, /*every=*/true);
      return llvm::all_of(part.rows, [&](const Quasi &row) { return inside.implies(row); });
    });
    kept.push_back(part);
  }
  return kept;
}
