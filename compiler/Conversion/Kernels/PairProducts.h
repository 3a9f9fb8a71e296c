//===- PairProducts.h - the products of an attention, of numbers in bf16
//------------------------------===//
// Factors are rounded to bf16, or, for products of f32, are each the sum of three numbers in bf16.
#pragma once
#include "Conversion/Kernels/AttentionFrame.h"

namespace tril::kernels {

/// Where the parts of factors lie.
struct PairLayout {
  PairLayout(const Machine &machine, const AttentionSpec &spec)
      : spec(spec), factors(factorParts(machine, spec)), keyTile(tileKeys(machine, spec)) {}

  const AttentionSpec &spec;
  const int factors; ///< parts of a query or a weight
  const int64_t keyTile, keyBlocks = keyTile / 16, keyPairs = keyTile / 2;

  /// Parts of a key or value: of what is stored in fewer bits fewer say all.
  int parts(const CacheSpec &cache) const {
    int enough = cache.stored == StateElement::f32 ? 3 : cache.stored == StateElement::f16 ? 2 : 1;
    return std::min(factors, enough);
  }
  /// Of a dot, rounded up to what an instruction multiplies.
  int64_t width(size_t d) const { return (spec.dots[d].width + 31) / 32 * 32; }
  /// A query, [part][width].
  int64_t queryBytes(size_t d) const { return factors * width(d) * 2; }
  /// 16 keys of a tile, [pair][16][2].
  int64_t blockBytes(size_t d) const { return width(d) / 2 * 64; }
  int64_t keyPartBytes(size_t d) const { return keyBlocks * blockBytes(d); }
  int64_t valuePartBytes() const { return (spec.value.width + 15) / 16 * keyPairs * 64; }
};

/// Brings keys and values to parts in pairs.
class PairPacking {
public:
  explicit PairPacking(AttentionFrame &f) : f(f), e(f.e), layout(f.e.machine, f.spec) {}

  /// Code that stands between that of packing, a piece at each call.
  using Between = llvm::function_ref<void()>;
  static constexpr int64_t pieces = 8;

  /// 16 keys of a dot, which begin at `from`, to [part][pair][16][2], parts `partBytes` apart.
  /// Calls `between` so many times as `pieces` says.
  void keys(size_t d, Value from, Value to, int64_t partBytes, Between between);
  /// A tile of values to [part][column][pair][16][2].  Where factors are sums of parts, pairs of
  /// keys are 16 apart: so they come out of the softmax, in two vectors.
  void values(Value base, Value to, Between between);

private:
  Values loadParts(Value pointer, const CacheSpec &cache, int64_t alignment, Value mask = Value());
  Values interleaveParts(const Values &low, const Values &high);
  void storeParts(const Values &parts, Value to, int64_t partBytes);
  /// A loop in pieces.
  void loop(int64_t count, Between between, llvm::function_ref<void(Value)> body);
  void keysInLanes(size_t d, Value from, Value to, int64_t partBytes, Between between);
  void keysInRows(size_t d, Value from, Value to, int64_t partBytes);

  AttentionFrame &f;
  Emitter &e;
  PairLayout layout;
};

/// Products instruction by instruction, for other code to stand between them; of 32 keys, or of a
/// tile.
struct ProductsBeside {
  Value wanted; ///< i1
  llvm::SmallVector<std::function<void()>> steps;
};

/// Emits products part by part.
class Interleaving {
public:
  Interleaving(Emitter &e, llvm::ArrayRef<ProductsBeside> products) : e(e), products(products) {}

  size_t steps() const; ///< of all products
  /// Emits, of the first `end` steps, those that are not there yet; each where it is wanted.
  void until(size_t end);

private:
  Emitter &e;
  llvm::ArrayRef<ProductsBeside> products;
  size_t emitted = 0;
};

class PairProducts : public TileProducts {
public:
  explicit PairProducts(AttentionFrame &f)
      : TileProducts(f), layout(f.e.machine, f.spec), packing(f) {}

  void enter(int64_t rows) override;
  void beginRow(Value state, llvm::ArrayRef<Value> from) override;
  void beginTile(const Tile &tile, bool shared) override;
  Value notFinite(const Tile &tile) override;
  void products(const Rows &rows, const Tile &tile) override {
    for (size_t d = 0; d < spec.dots.size(); ++d)
      products(d, rows, tile);
  }
  void addValues(const Rows &rows, const Tile &tile, Value weights) override;
  void addValuesCarefully(const Rows &rows, const Tile &tile) override;

protected:
  virtual void products(size_t d, const Rows &rows, const Tile &tile);
  /// Adds weights times values, which lie as `values` do, to rows of outputs.
  virtual void multiply(int count, const Tile &tile, Value weights, Value values, Value out);
  void rescale(const Rows &rows) override;
  /// Instructions of `beside` stand between those that pack.
  void packKeys(const Tile &tile, const ProductsBeside &beside = {});
  void packValues(const Tile &tile, const ProductsBeside &beside = {});

  Value queryOf(size_t d, Value row) { return e.at(queries[d], e.mul(row, layout.queryBytes(d))); }

  PairLayout layout;
  PairPacking packing;
  Values queries; // for each dot [row][part][width]
  Values keys;    // for each dot [part][block][width / 2][16][2]
  Value values;   // [part][column][keyTile / 2][16][2]

private:
  void copy(Value from, Value to, int64_t bytes);

  Value masked, before, after; // for what is done carefully
};

/// Products in the tile registers of AMX.
std::unique_ptr<TileProducts> makeTileRegisterProducts(AttentionFrame &f);

/// `arguments` are the pointers that TileProducts::beside gives, and begin and end of the keys that
/// the rows before see of the tile, and of those that the rows after see (i64; the same if nothing
/// is to be done).  Of a tile that is not `partial` they see all.
llvm::SmallVector<ProductsBeside> tileRegisterProducts(Emitter &e, const AttentionSpec &spec,
                                                       bool partial,
                                                       llvm::ArrayRef<Value> arguments);

} // namespace tril::kernels
