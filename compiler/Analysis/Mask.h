//===- Mask.h - which keys a query sees
//--------------------------------------------------------------===//
// The mask of an attention is whatever makes its score a hole.  Here it becomes a union of parts
// (MaskParts.h), in which pairs (time, past) are compared: positions with sums, constant factors,
// floor(x / c), %, abs, min and max, under and, or, not.  What is none of these (a document's
// number, a comparison of data) stays open: it may hold, and it is not known to.
#pragma once
#include "Analysis/MaskParts.h"
#include "Dialect/Tril/TrilOps.h"

namespace tril {

/// Where `predicate` (a truth, over any axes) holds.
Mask truthOf(mlir::Value predicate, llvm::StringRef past);

/// Where `score` is no hole; `given` are predicates that are taken to hold.
Mask maskOf(mlir::Value score, llvm::StringRef past, llvm::ArrayRef<mlir::Value> given = {});

/// A mask that static axes (heads) decide, told apart where they do.
struct PlacedMasks {
  std::vector<Mask> masks;
  std::vector<int> which; ///< of `masks`, for each place along the axes, row-major
};

/// `maskOf`, of each place along `axes`; of all together where they are too many.
PlacedMasks masksOf(mlir::Value score, llvm::StringRef past, llvm::ArrayRef<AxisAttr> axes,
                    llvm::ArrayRef<mlir::Value> given = {});

/// The predicates that all have to hold for `score` to be no hole.
llvm::SmallVector<mlir::Value> conditionsOf(mlir::Value score);

/// What has to be kept for later queries: the positions up to `window` before a query, and the
/// first `pinned` ones for ever.
struct Keep {
  int64_t window = 0, pinned = 0;
};

/// What the pairs of `mask` read: each part of it is near its query, or among the first positions;
/// nothing where one is neither.
std::optional<Keep> keptBy(const Mask &mask);

} // namespace tril
