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

  bool contains(int64_t time, int64_t past) const {
    return (past - offset - (moves ? time : 0)) % step == 0;
  }
};

/// Steps up to this one are looked for: blocks of 64 * step positions are not too large then.
inline constexpr int64_t kLargestStep = 16;

/// The coarsest lattice of such a step that holds every pair of `mask`; of step 1 if none is found.
KeyLattice latticeOf(const Mask &mask);

/// The lattice by which the keys and values of a fused attention lie: decided once, where it is
/// fused, for later passes may show less of its mask.
void setLattice(AttentionOp attention, const KeyLattice &lattice);
KeyLattice latticeOf(AttentionOp attention);

} // namespace tril
