//===- FoldTables.h - values that are known at compile time
//----------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"

namespace tril {

/// Replaces real values in `body` that depend on constants, tables and positions along static axes
/// only by a `tril.table` (a `tril.constant` without axes), computed in f64.  Values with more than
/// `limit` elements, with holes, whole numbers and predicates stay: the latter are read as formulas
/// by later analyses.  Returns how many values were replaced.
unsigned foldToTable(BodyOp body, int64_t limit = 65536);

} // namespace tril
