//===- MaskPicture.h - what a mask lets through, to be drawn
//------------------------------------------===//
#pragma once
#include "Analysis/KeyIntervals.h"

namespace tril {

/// What is known of one pair of a query and a key from their positions.
enum class Sight { no, yes, open };

/// The mask of a score at one pair of positions.  What no position decides (documents, data, heads)
/// is open; constants that differ between layers are those of the first.
Sight sightOf(mlir::Value score, llvm::StringRef past, int64_t time, int64_t key);

/// A tile of queries by keys, as a kernel sees it.
enum class TileKind { skipped, partial, full };

struct MaskPicture {
  int64_t rows = 0, columns = 0; ///< of a tile
  int64_t positions = 0;         ///< a multiple of `columns`
  int64_t step = 1; ///< keys that a query sees are so far apart, and tiles hold such keys alone
  std::vector<TileKind> tiles; ///< a line of positions / columns for each `rows` positions
  std::vector<Sight> pairs;    ///< positions lines of `positions`

  TileKind tileAt(int64_t row, int64_t column) const {
    return tiles[row * (positions / columns) + column];
  }
  Sight at(int64_t time, int64_t key) const { return pairs[time * positions + key]; }
  int64_t count(TileKind kind) const { return llvm::count(tiles, kind); }
};

/// Tiles have `rows` queries and `columns` keys; `positions` is rounded up to whole tiles of keys.
MaskPicture pictureOf(AttentionOp attention, int64_t rows, int64_t columns, int64_t positions);

} // namespace tril
