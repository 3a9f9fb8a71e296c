//===- Lattice.cpp
//----------------------------------------------------------------------------------===//
#include "Analysis/Lattice.h"
#include "Analysis/Floors.h"
#include <set>

using namespace mlir;
using namespace mlir::presburger;
using namespace tril;

namespace {

/// Pairs with past - time (or past) = offset + rest modulo step, least <= rest <= most.
PresburgerSet remainders(const KeyLattice &lattice, int64_t least, int64_t most) {
  IntegerRelation set(PresburgerSpace::getSetSpace(2));
  SmallVector<int64_t> distance = {lattice.moves ? -1 : 0, 1, -lattice.offset};
  set.addLocalFloorDiv(distance, lattice.step);
  // rest = distance - step * floor(distance / step)
  set.addInequality({distance[0], distance[1], -lattice.step, distance[2] - least});
  set.addInequality({-distance[0], -distance[1], lattice.step, most - distance[2]});
  return PresburgerSet(IntegerPolyhedron(set));
}

} // namespace

PresburgerSet tril::pairsOf(const KeyLattice &lattice) {
  if (lattice.step == 1)
    return PresburgerSet::getUniverse(PresburgerSpace::getSetSpace(2));
  return remainders(lattice, 0, 0);
}

std::optional<KeyLattice> tril::latticeOf(const PresburgerSet &pairs, int64_t step) {
  if (step == 1)
    return KeyLattice();
  SmallVector<llvm::DynamicAPInt, 8> sample;
  PresburgerSet set(withFloors(pairs));
  if (!set.findIntegerSample(sample))
    return std::nullopt;
  auto time = int64_t(sample[0]), past = int64_t(sample[1]);
  for (bool moves : {true, false}) {
    int64_t distance = past - (moves ? time : 0);
    KeyLattice lattice{step, moves, distance - llvm::divideFloorSigned(distance, step) * step};
    if (set.intersect(remainders(lattice, 1, step - 1)).isIntegerEmpty())
      return lattice;
  }
  return std::nullopt;
}

KeyLattice tril::latticeOf(const PresburgerSet &pairs) {
  // A step divides the divisor of some floor that the mask has.
  std::set<int64_t, std::greater<>> steps;
  for (const IntegerRelation &disjunct : pairs.getAllDisjuncts()) {
    DivisionRepr floors = disjunct.getLocalReprs();
    for (unsigned i = 0; i < floors.getNumDivs(); ++i)
      if (floors.hasRepr(i))
        for (int64_t step = 2; step <= kLargestStep; ++step)
          if (int64_t(floors.getDenom(i)) % step == 0)
            steps.insert(step);
  }
  for (int64_t step : steps)
    if (auto lattice = latticeOf(pairs, step))
      return *lattice;
  return {};
}
