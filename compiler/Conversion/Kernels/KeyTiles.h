//===- KeyTiles.h - which tiles of keys queries see
//---------------------------------------------------===//
#pragma once
#include "Conversion/Kernels/AttentionFrame.h"

namespace tril::kernels {

/// Least and most of some numbers (i32).
using Bounds = std::pair<Value, Value>;

/// What queries see of the keys.
struct SeenKeys {
  Value lo, hi; ///< i64, all of it lies in between
  llvm::SmallVector<KeyRange> ranges;
  llvm::SmallVector<Bounds> asked; ///< for each comparison, of the queries' numbers
};

class KeyTiles {
public:
  explicit KeyTiles(const AttentionFrame &f) : f(f), e(f.e), spec(f.spec) {}

  /// What `count` queries see, rowStep apart, the first one at position `first`.  Null where the
  /// mask is never true.
  std::optional<SeenKeys> seenBy(Value first, Value count);

  /// Calls `use` in a loop over the tiles that have some of it.
  void visit(const SeenKeys &seen, Value first,
             llvm::function_ref<void(const Tile &, llvm::ArrayRef<Bounds> keys)> use);

  /// Narrows a tile to what some of its queries see; gives whether that is anything (i1).
  Value narrow(Tile &tile, const SeenKeys &seen, llvm::ArrayRef<Bounds> keys);

  // In memory.
  int64_t bytes(const SeenKeys &seen) const {
    return static_cast<int64_t>((2 + 4 * seen.ranges.size() + 2 * seen.asked.size()) * 8);
  }
  void store(const SeenKeys &seen, Value at);
  SeenKeys load(const SeenKeys &like, Value at);

private:
  Value ceilStep(Value difference);
  Value clip(Tile &tile, const SeenKeys &seen);
  Bounds queryBounds(const Comparison &comparison, Value first, Value count);
  Bounds keyBounds(const Comparison &comparison, const Tile &tile);
  std::pair<Value, Value> compare(Comparison::Kind kind, Bounds key, Bounds query);
  Value compareAll(Tile &tile, const SeenKeys &seen, llvm::ArrayRef<Bounds> keys);
  llvm::SmallVector<Value *> valuesOf(SeenKeys &seen);

  const AttentionFrame &f;
  Emitter &e;
  const AttentionSpec &spec;
};

} // namespace tril::kernels
