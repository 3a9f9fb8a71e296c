//===- Mask.h - which keys a query sees, as sets of integers
//-------------------------------------===//
// The mask of an attention is whatever makes its score a hole.  Here it becomes a set of pairs
// (time, past), in Presburger arithmetic: comparisons of positions with sums, constant factors,
// floor(x / c), %, abs, min and max, under and, or, not.  What is none of these (a document's
// number, a comparison of data) stays open: it is taken as true for `may` and as false for `must`.
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "mlir/Analysis/Presburger/PresburgerRelation.h"

namespace tril {

/// Whether to subtract `set` is little work: that grows with the constraints of each part,
/// multiplied.  What is not simple stays open.
bool isSimple(const mlir::presburger::PresburgerRelation &set);

/// Sets over (time, past), both at least 0.  must <= mask <= may; equal where nothing was left
/// open.
struct MaskSets {
  mlir::presburger::PresburgerSet may, must;
};

/// Where `predicate` (a truth, over any axes) holds.
MaskSets truthOf(mlir::Value predicate, llvm::StringRef past);

/// Where `score` is no hole; `given` are predicates that are taken to hold.
MaskSets maskOf(mlir::Value score, llvm::StringRef past, llvm::ArrayRef<mlir::Value> given = {});

/// The predicates that all have to hold for `score` to be no hole.
llvm::SmallVector<mlir::Value> conditionsOf(mlir::Value score);

/// The least value of time * t + past * p over the pairs of a set.
struct Extreme {
  std::optional<int64_t> value; ///< nothing: no bound, or
  bool none = false;            ///< no pairs
};
Extreme leastOf(const mlir::presburger::PresburgerSet &set, int64_t t, int64_t p);

/// What has to be kept for later queries: the positions up to `window` before a query, and the
/// first `pinned` ones for ever.
struct Keep {
  int64_t window = 0, pinned = 0;
};

/// What the pairs of `set` read: each part of it is near its query, or among the first positions;
/// nothing where one is neither.
std::optional<Keep> keptBy(const mlir::presburger::PresburgerSet &set);

} // namespace tril
