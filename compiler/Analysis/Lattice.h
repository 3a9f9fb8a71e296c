//===- Lattice.h - masks whose keys are a fixed number of positions apart
//-----------------------------===//
#pragma once
#include "Analysis/Mask.h"

namespace tril {

/// past = offset + time (if it moves) modulo step.
struct KeyLattice {
  int64_t step = 1;
  bool moves = false;
  int64_t offset = 0; ///< 0 <= offset < step
};

/// Steps up to this one are looked for: blocks of 64 * step positions are not too large then.
inline constexpr int64_t kLargestStep = 16;

/// The coarsest lattice of such a step that holds every pair of `pairs`; of step 1 if there is no
/// other.
KeyLattice latticeOf(const mlir::presburger::PresburgerSet &pairs);

/// The same with a given step: whether there is one.
std::optional<KeyLattice> latticeOf(const mlir::presburger::PresburgerSet &pairs, int64_t step);

/// Its pairs.
mlir::presburger::PresburgerSet pairsOf(const KeyLattice &lattice);

} // namespace tril
