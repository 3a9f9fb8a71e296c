//===- AttentionFrame.h - what the parts of the kernel of attention share
//-----------------------===//
#pragma once
#include "Conversion/Kernels/TileSoftmax.h"

namespace tril::kernels {

/// Rows of scores that go through a tile of keys together.
struct Rows {
  llvm::SmallVector<Values, 1> queries; ///< for each dot, pointers to its width of floats
  RowPlaces places;
  Value state; ///< i64, the first row of the running state
  Value exist; ///< i64, so many of them; those behind repeat the last one
  int count() const { return static_cast<int>(queries[0].size()); }
};

/// A tile of keys, and what of it is visited.
struct Tile {
  Value slot;       ///< i64, where it begins in a linear cache, in keys
  Value first;      ///< i64, position of its first key
  Value begin, end; ///< i64, keys begin .. end of it are seen by some row
  Value full;       ///< i1, all by all rows; null: never
  Value careful;    ///< i1, some keys are not seen, and some values are not finite
};

/// The function's arguments, where it is in them, and its scratch memory.
struct AttentionFrame {
  AttentionFrame(Emitter &e, const AttentionSpec &spec, llvm::ArrayRef<Value> arguments);

  Emitter &e;
  const AttentionSpec &spec;
  Values q, qStride, keyCaches, keyCapacities; // of each dot
  Value valueCache, valueCapacity, o, oStride, position, r0, r1, g0, g1;
  llvm::ArrayRef<Value> extra;
  int height;      ///< of a tile of rows
  int parts;       ///< factorParts
  int64_t keyTile; ///< tileKeys
  int64_t vectors; ///< of 16 that hold a value
  int tail;        ///< components in the last of them, 0 if it is whole

  // Of the current group.
  Values keys; // for each dot
  Value values, group;

  // Scores of a tile, their weights, rescale factors; running maximum, sums a lane, weighted
  // values.
  Value scores, weights, factors, maxima, sums, outputs;

  void enterGroup(Value group);
  /// Which 32 keys of a tile hold what is seen of it.
  std::pair<Value, Value> halvesOf(const Tile &tile) const;
  /// Where a tile begins in the memory of dot d, or of values.
  Value keysOf(size_t d, const Tile &tile);
  Value valuesOf(const Tile &tile);
  Value queryAt(size_t d, Value row, Value member);
  /// Scores of row i of dot d begin here, in a tile.
  int64_t scoresAt(size_t d, int row) const {
    return static_cast<int64_t>(d) * height * keyTile * 4 + row * keyTile * 4;
  }
  int64_t scoreBytes() const { return scoresAt(spec.dots.size(), 0); }
  int64_t weightBytes() const { return height * keyTile * (parts ? 2 * parts : 4); }
  Value outputsAt(Value row) { return e.at(outputs, e.mul(row, vectors * 64)); }
  /// Lanes of vector `column` of a value that exist.
  Value lanesOf(Value column);
  /// Vectors beside each other in a register tile: sums + loaded vectors + one broadcast must fit.
  int columns(int rows, int available) const;

private:
  Value slot(const CacheSpec &cache, Value capacity, Value key);
};

/// The products of an attention, in one kind of arithmetic.  Code for a tile of keys is emitted in
/// this order: beginTile, notFinite; for rows that see something of it products, addValues; after
/// the last tile endTiles.
class TileProducts {
public:
  explicit TileProducts(AttentionFrame &f) : f(f), e(f.e), spec(f.spec) {}
  virtual ~TileProducts() = default;
  TileProducts(const TileProducts &) = delete;
  TileProducts &operator=(const TileProducts &) = delete;

  /// Allocates; around the whole function.  `rows` of state there are.
  virtual void enter(int64_t rows) = 0;
  virtual void leave() {}
  /// A row of the state, and for each dot its query.
  virtual void beginRow(Value, llvm::ArrayRef<Value>) {}
  /// `shared`: more than one tile of rows goes through it.
  virtual void beginTile(const Tile &tile, bool shared) = 0;
  /// Whether some value that rows would multiply by a weight of 0 is NaN or infinite.
  virtual Value notFinite(const Tile &tile) = 0;
  /// Dot products of all rows with the keys of a tile that are seen (rounded out to whole register
  /// tiles), to f.scores.
  virtual void products(const Rows &rows, const Tile &tile) = 0;
  /// Whether products of some rows can be computed beside the softmax of others.
  virtual bool overlaps() const { return false; }
  /// The pointers that softmax is given, to add values for the rows before, by `weights`, and to
  /// write dot products of the rows after to `scores`.
  virtual Values beside(const Rows & /*before*/, Value /*weights*/, const Rows & /*after*/,
                        Value /*scores*/) {
    return {};
  }
  /// Rescales the outputs by f.factors, for what is added beside the next softmax.
  virtual void rescale(const Rows &) {}
  /// Rescales the outputs by f.factors and adds the values of the keys that are seen, weighted.
  virtual void addValues(const Rows &rows, const Tile &tile, Value weights) = 0;
  /// After the last tile of keys that rows went through without `shared`: adds what addValues put
  /// off.
  virtual void endTiles() {}
  /// The same bits where all values are finite; else what is not seen is left out, for 0 times it
  /// would be NaN.  Short, not fast.
  virtual void addValuesCarefully(const Rows &rows, const Tile &tile) = 0;

protected:
  /// Whether a value of keys begin .. end of a tile, as it is stored, is NaN or infinite.
  Value storedNotFinite(const Tile &tile, Value begin, Value end);
  /// 16 components of a stored value; fewer of the last.
  Value loadValues(Value row, Value column);

  AttentionFrame &f;
  Emitter &e;
  const AttentionSpec &spec;
};

/// Of factors in f32; of factors that are sums of `f.parts` numbers in bf16.
std::unique_ptr<TileProducts> makeFloatProducts(AttentionFrame &f);
std::unique_ptr<TileProducts> makePairProducts(AttentionFrame &f);

} // namespace tril::kernels
