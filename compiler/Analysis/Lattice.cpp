//===- Lattice.cpp
//----------------------------------------------------------------------------------===//
#include "Analysis/Lattice.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace tril;

static constexpr int64_t kLargestModulus = 4096;

static int64_t modulo(int64_t a, int64_t n) { return a - llvm::divideFloorSigned(a, n) * n; }

namespace {

/// A number is `rest` modulo `modulus`; of modulus 0, it is `rest`.
struct Residue {
  int64_t modulus = 1, rest = 0;

  /// Both hold.  One of them, where their modulus would be too large.
  static Residue both(const Residue &a, const Residue &b) {
    if (a.modulus == 0 || b.modulus == 1)
      return a;
    if (b.modulus == 0 || a.modulus == 1)
      return b;
    int64_t all = std::lcm(a.modulus, b.modulus);
    if (all <= kLargestModulus)
      for (int64_t rest = a.rest; rest < all; rest += a.modulus)
        if (rest % b.modulus == b.rest)
          return {all, rest};
    return a.modulus >= b.modulus ? a : b; // or nothing is left, of which anything is true
  }
  /// One or the other holds.
  static Residue either(const Residue &a, const Residue &b) {
    int64_t modulus = std::gcd(std::gcd(a.modulus, b.modulus), a.rest - b.rest);
    return {modulus, modulus ? modulo(a.rest, modulus) : a.rest};
  }
  /// x, where factor * x = rest modulo `modulus`.
  static Residue ofMultiple(int64_t factor, int64_t rest, int64_t modulus) {
    if (factor == 0)
      return {};
    if (modulus == 0)
      return rest % factor == 0 ? Residue{0, rest / factor} : Residue{};
    int64_t common = std::gcd(factor, modulus);
    if (modulus > kLargestModulus || rest % common != 0)
      return {};
    for (int64_t x = 0; x < modulus / common; ++x)
      if (modulo(factor * x - rest, modulus) == 0)
        return {modulus / common, x};
    return {};
  }
};

/// What is known of past - time (`moves`), or of past, in one part.
Residue residueOf(const Floors &floors, const MaskPart &part, bool moves) {
  Residue result;
  // time * t + past * p = rest modulo `modulus`, for all pairs.
  auto learn = [&](const Quasi &q, int64_t rest, int64_t modulus) {
    // With p = x + t, resp. p = x: what is left of t has to be a multiple of the modulus.
    modulus = std::gcd(modulus, moves ? q.time + q.past : q.time);
    result = Residue::both(result, Residue::ofMultiple(q.past, rest, modulus));
  };
  PartBounds bounds(floors, part.rows);
  if (bounds.isEmpty())
    return {0, 0};
  std::map<unsigned, bool> seen;
  for (const Quasi &row : part.rows)
    for (auto [index, factor] : row.floors) {
      const Floors::Floor &floor = floors[index];
      if (!seen.try_emplace(index).second || !floor.dividend.floors.empty())
        continue;
      Quasi remainder = floor.dividend; // between 0 and the divisor
      remainder.floors[index] = -floor.divisor;
      Extreme least = bounds.least(remainder), most = bounds.most(remainder);
      if (least.value && least.value == most.value)
        learn(floor.dividend, *least.value - floor.dividend.constant, floor.divisor);
    }
  // Equations: time * t + past * p + factors * floors + constant = 0.
  for (const Quasi &row : part.rows)
    for (const Quasi &opposite : part.rows) {
      Quasi sum = Quasi::sum(row, opposite);
      if (!sum.isConstant() || sum.constant != 0)
        continue;
      int64_t modulus = 0;
      for (auto [index, factor] : row.floors)
        modulus = std::gcd(modulus, factor);
      learn(row, -row.constant, modulus);
    }
  return result;
}

} // namespace

static Residue residueOf(const Mask &mask, bool moves) {
  std::optional<Residue> all;
  for (const MaskPart &part : mask.parts) {
    if (PartBounds(*mask.floors, part.rows).isEmpty())
      continue;
    Residue one = residueOf(*mask.floors, part, moves);
    all = all ? Residue::either(*all, one) : one;
    if (all->modulus == 1)
      break;
  }
  return all.value_or(Residue());
}

KeyLattice tril::latticeOf(const Mask &mask) {
  KeyLattice best;
  for (bool moves : {true, false}) {
    Residue residue = residueOf(mask, moves);
    for (int64_t step = kLargestStep; step > best.step && residue.modulus > 0; --step)
      if (residue.modulus % step == 0)
        best = {step, moves, modulo(residue.rest, step)};
  }
  return best;
}

static constexpr llvm::StringLiteral kLattice = "tril.lattice"; // step, whether it moves, offset

void tril::setLattice(AttentionOp attention, const KeyLattice &lattice) {
  if (lattice.step != 1)
    attention->setAttr(kLattice,
                       mlir::DenseI64ArrayAttr::get(attention.getContext(),
                                                    {lattice.step, lattice.moves, lattice.offset}));
}

KeyLattice tril::latticeOf(AttentionOp attention) {
  if (auto set = attention->getAttrOfType<mlir::DenseI64ArrayAttr>(kLattice))
    return {set[0], set[1] != 0, set[2]};
  return {};
}
