//===- TileRegisterProducts.cpp - the products of an attention in the tile registers of AMX
//-----------===//
// They hold 16 rows of 64 bytes: 16 of A [row][pair] times B [pair][16] is one instruction, in
// which rows do not depend on each other.  It multiplies numbers in bf16 exactly, and adds in f32.
// Of three parts each, the six products of which something is within 24 bits are added (Henry,
// Tang, Heinecke 2019, "Leveraging the bfloat16 artificial intelligence datatype for
// higher-precision computations"): what is left out is, on average, below the rounding of a product
// in f32.
#include "Conversion/Kernels/PairProducts.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

namespace {

using Steps = llvm::SmallVector<std::function<void()>>;

// Registers: sums 0 .. 3, parts of rows of A from 4 on, those of B in what is left.
constexpr int64_t sums = 4, firstA = sums, registers = 8;

class TileRegisters {
public:
  TileRegisters(Emitter &e, int64_t factors) : e(e), factors(factors) {}

  /// All of them, with so many rows (i64) in A and in sums.
  void configure(Value rows) const;
  void zero(int64_t t) const { e.call("llvm.x86.tilezero", {number(t)}); }
  void load(int64_t t, Value from, int64_t stride) const {
    e.call("llvm.x86.tileloadd64", {number(t), from, e.constant(stride)});
  }
  void store(int64_t t, Value to, int64_t stride) const {
    e.call("llvm.x86.tilestored64", {number(t), to, e.constant(stride)});
  }

  using PartAt = llvm::function_ref<Value(int64_t part)>;
  using SumPartAt = llvm::function_ref<Value(int64_t sum, int64_t part)>;
  /// Adds A [16][32] times B [32][16] to each of the first n sums.
  Steps add(int64_t n, PartAt a, int64_t aStride, int64_t bParts, SumPartAt b) const;

private:
  Value number(int64_t n) const {
    return arith::ConstantOp::create(e.builder, e.loc,
                                     e.builder.getI8IntegerAttr(static_cast<int8_t>(n)));
  }
  void multiply(int64_t sum, int64_t a, int64_t b) const {
    e.call("llvm.x86.tdpbf16ps", {number(sum), number(a), number(b)});
  }

  Emitter &e;
  const int64_t factors; // parts of A
};

class TileRegisterProducts : public PairProducts {
public:
  explicit TileRegisterProducts(AttentionFrame &f) : PairProducts(f), tiles(f.e, f.parts) {}

  void enter(int64_t rows) override;
  void leave() override { e.call("llvm.x86.tilerelease", {}); }
  void beginTile(const Tile &tile, bool shared) override;
  Value notFinite(const Tile &tile) override;
  void products(const Rows &rows, const Tile &tile) override;
  void addValues(const Rows &rows, const Tile &tile, Value weights) override;
  void endTiles() override;
  bool overlaps() const override;
  Values beside(const Rows &before, Value weights, const Rows &after, Value scores) override;

protected:
  void products(size_t d, const Rows &rows, const Tile &tile) override;
  void multiply(int count, const Tile &tile, Value weights, Value values, Value out) override;

private:
  SmallVector<ProductsBeside> alone();

  TileRegisters tiles;
  /// For one tile of rows alone: dot products are computed while its values are packed, and values
  /// added while the next tile's keys are.
  bool pipelined = false;
  Value putOff; ///< i64 in memory: whether values of the tile before are to be added
};

void run(const Steps &steps) {
  for (const auto &step : steps)
    step();
}

/// How far apart parts and blocks, or columns, lie, in bytes.
struct Apart {
  int64_t part, block;
};

/// 32 components of a query with those of 16 n keys.
Steps dotSteps(Emitter &e, const TileRegisters &tiles, const PairLayout &layout, size_t d,
               int64_t n, Value query, Value keys, Apart apart) {
  return tiles.add(
      n, [&](int64_t part) { return e.at(query, part * layout.width(d) * 2); },
      layout.queryBytes(d), layout.parts(layout.spec.dots[d]),
      [&](int64_t block, int64_t part) {
        return e.at(keys, part * apart.part + block * apart.block);
      });
}

/// Weights of 32 keys times their values, 16 n components of them.
Steps valueSteps(Emitter &e, const TileRegisters &tiles, const PairLayout &layout, int64_t n,
                 Value weights, Value values, Apart apart) {
  return tiles.add(
      n, [&](int64_t part) { return e.at(weights, part * 16 * layout.keyTile * 2); },
      layout.keyTile * 2, layout.parts(layout.spec.value),
      [&](int64_t column, int64_t part) {
        return e.at(values, part * apart.part + column * apart.block);
      });
}

} // namespace

void TileRegisters::configure(Value rows) const {
  Value config = e.allocate(64); // palette, then bytes of a row and rows of each
  const int64_t words[] = {1, 0, 0x0040004000400040, 0x0040004000400040, 0, 0, 0, 0};
  for (auto [i, word] : llvm::enumerate(words))
    e.store(e.constant(word), e.at(config, static_cast<int64_t>(i) * 8), 8);
  Value few = e.truncate(rows, e.builder.getI8Type());
  Value all = e.truncate(e.constant(16), e.builder.getI8Type());
  for (int64_t t = 0; t < registers; ++t)
    e.store(t < firstA + factors ? few : all, e.at(config, 48 + t), 1);
  e.call("llvm.x86.ldtilecfg", {config});
}

void TileRegisterProducts::enter(int64_t rows) {
  PairProducts::enter(rows);
  // Few rows take less time; those of one position are few.
  Value many = e.less(f.r0, e.add(f.r1, -1));
  tiles.configure(e.select(many, e.constant(16), e.constant(std::min<int64_t>(spec.members, 16))));
  putOff = e.allocate(8);
  e.store(e.constant(0), putOff, 8);
}

/// Products of the first tile of rows with a whole tile of keys, and with values if they were put
/// off.
SmallVector<ProductsBeside> TileRegisterProducts::alone() {
  Rows rows;
  rows.state = e.constant(0);
  Value zero = e.constant(0), whole = e.constant(layout.keyTile);
  Values arguments = beside(rows, f.weights, rows, f.scores);
  Value wanted = e.select(e.equal(e.load(putOff, e.i64(), 8), 0), zero, whole);
  llvm::append_values(arguments, zero, wanted, zero, whole);
  return tileRegisterProducts(e, spec, /*partial=*/false, arguments);
}

void TileRegisterProducts::beginTile(const Tile &tile, bool shared) {
  pipelined = !shared && layout.factors > 1 && overlaps();
  if (!pipelined)
    return PairProducts::beginTile(tile, shared);
  packKeys(tile, alone().back());
  e.store(e.constant(0), putOff, 8);
}

Value TileRegisterProducts::notFinite(const Tile &tile) {
  return pipelined ? storedNotFinite(tile, e.constant(0), e.constant(layout.keyTile))
                   : PairProducts::notFinite(tile);
}

void TileRegisterProducts::products(const Rows &rows, const Tile &tile) {
  if (pipelined)
    packValues(tile, alone().front());
  else
    PairProducts::products(rows, tile);
}

void TileRegisterProducts::addValues(const Rows &rows, const Tile &tile, Value weights) {
  if (!pipelined)
    return PairProducts::addValues(rows, tile, weights);
  rescale(rows);
  e.store(e.constant(1), putOff, 8);
}

void TileRegisterProducts::endTiles() {
  if (!pipelined)
    return;
  ProductsBeside values = alone().back();
  e.ifThen(values.wanted, [&] { run(values.steps); });
  e.store(e.constant(0), putOff, 8);
}

Steps TileRegisters::add(int64_t n, PartAt a, int64_t aStride, int64_t bParts, SumPartAt b) const {
  const int64_t firstB = firstA + factors;
  Steps steps;
  for (int64_t p = 0; p < factors; ++p)
    steps.push_back([=, tiles = *this, from = a(p)] { tiles.load(firstA + p, from, aStride); });
  int64_t turn = 0;
  for (int64_t sum = 0; sum < n; ++sum)
    for (int64_t q = bParts - 1; q >= 0; --q) {
      int64_t loaded = firstB + turn++ % (registers - firstB);
      steps.push_back([=, tiles = *this, from = b(sum, q)] { tiles.load(loaded, from, 64); });
      for (int64_t p = factors - 1; p >= 0; --p)
        if (p + q < 3)
          steps.push_back([=, tiles = *this] { tiles.multiply(sum, firstA + p, loaded); });
    }
  return steps;
}

void TileRegisterProducts::products(size_t d, const Rows &rows, const Tile &tile) {
  Value query = queryOf(d, rows.state);
  for (int64_t j = 0; j < layout.keyBlocks; ++j)
    tiles.zero(j);
  e.loop(e.constant(0), e.constant(layout.width(d) / 32), 1, [&](Value s) {
    run(dotSteps(e, tiles, layout, d, layout.keyBlocks, e.at(query, e.mul(s, 64)),
                 e.at(keys[d], e.mul(s, 16 * 64)), {layout.keyPartBytes(d), layout.blockBytes(d)}));
  });
  for (int64_t j = 0; j < layout.keyBlocks; ++j)
    tiles.store(j, e.at(f.scores, f.scoresAt(d, 0) + j * 64), layout.keyTile * 4);
}

/// Up to 64 components at a time, and 32 keys.
void TileRegisterProducts::multiply(int, const Tile &tile, Value weights, Value values, Value out) {
  auto columnsOf = [&](Value first, int64_t n) {
    Value to = e.at(out, e.mul(first, 64)), from = e.at(values, e.mul(first, layout.keyPairs * 64));
    for (int64_t j = 0; j < n; ++j)
      tiles.load(j, e.at(to, j * 64), f.vectors * 64);
    auto [begin, end] = f.halvesOf(tile);
    e.loop(begin, end, 1, [&](Value s) {
      run(valueSteps(e, tiles, layout, n, e.at(weights, e.mul(s, 64)),
                     e.at(from, e.mul(s, 16 * 64)),
                     {layout.valuePartBytes(), layout.keyPairs * 64}));
    });
    for (int64_t j = 0; j < n; ++j)
      tiles.store(j, e.at(to, j * 64), f.vectors * 64);
  };
  int64_t stop = f.vectors / sums * sums;
  e.loop(e.constant(0), e.constant(stop), sums, [&](Value first) { columnsOf(first, sums); });
  if (stop < f.vectors)
    columnsOf(e.constant(stop), f.vectors - stop);
}

/// Instructions that stand between others are written out: not too many of them.
bool TileRegisterProducts::overlaps() const {
  int64_t components = spec.value.width;
  for (size_t d = 0; d < spec.dots.size(); ++d)
    components += layout.width(d);
  return components <= 512;
}

Values TileRegisterProducts::beside(const Rows &before, Value weights, const Rows &after,
                                    Value scores) {
  Values pointers = {weights, values, f.outputsAt(before.state), scores};
  for (size_t d = 0; d < spec.dots.size(); ++d)
    pointers.append({queryOf(d, after.state), keys[d]});
  return pointers;
}

SmallVector<ProductsBeside> kernels::tileRegisterProducts(Emitter &e, const AttentionSpec &spec,
                                                          bool partial, ArrayRef<Value> arguments) {
  PairLayout layout(e.machine, spec);
  TileRegisters tiles(e, layout.factors);
  ArrayRef<Value> bounds = arguments.take_back(4);
  // Whether something is seen of so many keys from `first` on.
  auto seen = [&](ArrayRef<Value> bounds, int64_t first, int64_t keys) {
    return e.less(e.max(bounds[0], e.constant(first)), e.min(bounds[1], e.constant(first + keys)));
  };
  SmallVector<ProductsBeside> result;
  auto add = [&](Value wanted) -> Steps & {
    if (result.empty() || result.back().wanted != wanted)
      result.push_back({wanted, {}});
    return result.back().steps;
  };

  const int64_t keys = partial ? 32 : layout.keyTile, blocks = keys / 16;
  for (int64_t first = 0; first < layout.keyTile; first += keys) {
    Value wanted = seen(bounds.drop_front(2), first, keys);
    for (size_t d = 0; d < spec.dots.size(); ++d) {
      Steps &steps = add(wanted);
      Value query = arguments[4 + 2 * d];
      Value from = e.at(arguments[5 + 2 * d], first / 16 * layout.blockBytes(d));
      Value to = e.at(arguments[3], static_cast<int64_t>(d) * 16 * layout.keyTile * 4 + first * 4);
      for (int64_t j = 0; j < blocks; ++j)
        steps.push_back([=] { tiles.zero(j); });
      for (int64_t s = 0; s < layout.width(d) / 32; ++s)
        llvm::append_range(steps, dotSteps(e, tiles, layout, d, blocks, e.at(query, s * 64),
                                           e.at(from, s * 16 * 64),
                                           {layout.keyPartBytes(d), layout.blockBytes(d)}));
      for (int64_t j = 0; j < blocks; ++j)
        steps.push_back([=, at = e.at(to, j * 64)] { tiles.store(j, at, layout.keyTile * 4); });
    }
  }

  const int64_t vectors = (spec.value.width + 15) / 16;
  const Value some = seen(bounds, 0, layout.keyTile);
  for (int64_t first = 0; first < vectors; first += sums) {
    const int64_t n = std::min(sums, vectors - first);
    Value out = e.at(arguments[2], first * 64);
    Steps &loads = add(some);
    for (int64_t j = 0; j < n; ++j)
      loads.push_back([=, at = e.at(out, j * 64)] { tiles.load(j, at, vectors * 64); });
    for (int64_t s = 0; s < layout.keyTile / 32; ++s) {
      Value from = e.at(arguments[1], first * layout.keyPairs * 64 + s * 16 * 64);
      llvm::append_range(add(keys < layout.keyTile ? seen(bounds, s * 32, 32) : some),
                         valueSteps(e, tiles, layout, n, e.at(arguments[0], s * 64), from,
                                    {layout.valuePartBytes(), layout.keyPairs * 64}));
    }
    Steps &stores = add(some);
    for (int64_t j = 0; j < n; ++j)
      stores.push_back([=, at = e.at(out, j * 64)] { tiles.store(j, at, vectors * 64); });
  }
  return result;
}

std::unique_ptr<TileProducts> kernels::makeTileRegisterProducts(AttentionFrame &f) {
  return std::make_unique<TileRegisterProducts>(f);
}
