//===- Recurrence.h - how a recurrence lies in memory
//-----------------------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"

namespace tril {

/// Numbers the parts into which a recurrence falls, and makes places for what its equations give:
///  - `blocks`, an attribute: axes along which no element reads another (the heads of a matrix
///    state, the columns of each).  Each of their positions runs through all of time on its own, on
///    any thread, so that its part of the state stays near.
///  - `lanes`, an attribute: as many positions of the last of them are computed together.
/// An equation that is read earlier is `kept`, in the place of its value before where nothing reads
/// that any more; one that is read outside is stored at every position.
void storeEquations(RecOp rec);

/// Once it is chosen what else is stored: marks what a recurrence stores for the position at hand
/// alone, and orders it, and what is read from outside, so that lanes are consecutive.
void arrangeRecurrence(RecOp rec);

} // namespace tril
