//===- Floors.h - sets of integers in a form that can be subtracted
//---------------------------------===//
#pragma once
#include "mlir/Analysis/Presburger/PresburgerRelation.h"

namespace tril {

/// The same relation with every local variable defined as a floor of a quotient, by its own pair of
/// inequalities, which come first. `subtract` and `complement` want that: where a tighter pair (0
/// <= x - 7q <= 3) is the first that defines q, they take it for the definition and never negate
/// it, so that what is left is too small.
mlir::presburger::PresburgerRelation
withFloors(const mlir::presburger::PresburgerRelation &relation);

} // namespace tril
