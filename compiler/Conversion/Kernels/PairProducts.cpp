//===- PairProducts.cpp - the products of an attention, of numbers in bf16
//----------------------------===//
// A tile of keys and values is brought to bf16, and laid in pairs, once for all rows of a block.
// Then one chain of additions of pairs for each score and each component of an output.
#include "Conversion/Kernels/PairProducts.h"
#include "Conversion/Kernels/Pairs.h"
#include "Conversion/Kernels/Stored.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

void PairProducts::enter(int64_t rows) {
  for (size_t d = 0; d < spec.dots.size(); ++d) {
    queries.push_back(e.allocate(rows * layout.queryBytes(d)));
    int64_t bytes = layout.parts(spec.dots[d]) * layout.keyPartBytes(d);
    keys.push_back(e.allocate(bytes));
    if (layout.width(d) != spec.dots[d].width)
      e.loop(e.constant(0), e.constant(bytes), 64,
             [&](Value at) { e.store(e.splatInt(0), e.at(keys[d], at), 64); });
  }
  values = e.allocate(layout.parts(spec.value) * layout.valuePartBytes());
  masked = e.allocate(layout.parts(spec.value) * layout.valuePartBytes());
  before = e.allocate(f.height * f.vectors * 64);
  after = e.allocate(f.height * f.vectors * 64);
}

void PairProducts::beginRow(Value state, ArrayRef<Value> from) {
  for (size_t d = 0; d < spec.dots.size(); ++d) {
    Value to = queryOf(d, state);
    auto part = [&](Value first, Value exist) {
      Value at = e.at(from[d], e.mul(first, 4));
      Value floats = exist ? e.loadMasked(at, exist, 4) : e.load(at, e.floats(), 4);
      Values halves = f.parts == 1 ? Values{toPairs(e, floats)} : toParts(e, floats, f.parts);
      for (auto [part, half] : llvm::enumerate(halves))
        e.store(half,
                e.at(e.at(to, e.mul(first, 2)), static_cast<int64_t>(part) * layout.width(d) * 2),
                32);
    };
    int64_t whole = spec.dots[d].width / 16 * 16;
    e.loop(e.constant(0), e.constant(whole), 16, [&](Value first) { part(first, Value()); });
    for (int64_t at = whole; at < layout.width(d); at += 16)
      part(e.constant(at), e.lanesBelow(e.constant(std::max<int64_t>(spec.dots[d].width - at, 0))));
  }
}

void PairProducts::beginTile(const Tile &tile, bool /*shared*/) {
  packKeys(tile);
  packValues(tile);
}

size_t Interleaving::steps() const {
  size_t all = 0;
  for (const ProductsBeside &some : products)
    all += some.steps.size();
  return all;
}

void Interleaving::until(size_t end) {
  size_t first = 0; // of the current ones
  for (const ProductsBeside &some : products) {
    size_t last = first + some.steps.size(), from = std::max(emitted, first);
    size_t to = std::min(last, end);
    if (from < to) {
      e.ifThen(some.wanted, [&] {
        for (size_t i = from; i < to; ++i)
          some.steps[i - first]();
      });
      emitted = to;
    }
    first = last;
  }
}

/// Calls `use` with something that emits all of `beside` in `calls` calls; null if that is nothing.
static void spread(Emitter &e, const ProductsBeside &beside, size_t calls,
                   llvm::function_ref<void(PairPacking::Between)> use) {
  if (beside.steps.empty())
    return use(nullptr);
  Interleaving products(e, beside);
  size_t call = 0;
  use([&] { products.until(products.steps() * ++call / calls); });
}

void PairProducts::packKeys(const Tile &tile, const ProductsBeside &beside) {
  const size_t calls =
      spec.dots.size() * static_cast<size_t>(layout.keyBlocks * PairPacking::pieces);
  spread(e, beside, calls, [&](PairPacking::Between next) {
    for (size_t d = 0; d < spec.dots.size(); ++d) {
      Value base = f.keysOf(d, tile);
      auto pack = [&](Value block) {
        packing.keys(d, e.at(base, e.mul(block, 16 * spec.dots[d].keyBytes())),
                     e.at(keys[d], e.mul(block, layout.blockBytes(d))), layout.keyPartBytes(d),
                     next);
      };
      if (next)
        for (int64_t block = 0; block < layout.keyBlocks; ++block)
          pack(e.constant(block));
      else
        e.loop(e.constant(0), e.constant(layout.keyBlocks), 1, pack);
    }
  });
}

void PairProducts::packValues(const Tile &tile, const ProductsBeside &beside) {
  spread(e, beside, PairPacking::pieces,
         [&](PairPacking::Between next) { packing.values(f.valuesOf(tile), values, next); });
}

void PairProducts::addValues(const Rows &rows, const Tile &tile, Value weights) {
  rescale(rows);
  multiply(rows.count(), tile, weights, values, f.outputsAt(rows.state));
}

void PairProducts::copy(Value from, Value to, int64_t bytes) {
  e.loop(e.constant(0), e.constant(bytes), 64,
         [&](Value at) { e.store(e.load(e.at(from, at), e.floats(), 64), e.at(to, at), 64); });
}

/// Of the whole tile, because pairs and tile registers reach beyond what is seen.  First parts say
/// it.
Value PairProducts::notFinite(const Tile &) {
  VectorType halves = e.vector(e.builder.getI16Type(), 32);
  Value exponent = e.splatInt(0x7f80, 16, 32);
  Value most = e.loop(e.constant(0), e.constant(layout.valuePartBytes()), 64,
                      {e.splatInt(0, 16, 32)}, [&](Value at, ArrayRef<Value> carried) {
                        Value part = e.andi(e.load(e.at(values, at), halves, 64), exponent);
                        return Values{
                            arith::MaxSIOp::create(e.builder, e.loc, carried[0], part).getResult()};
                      })[0];
  Value top =
      mlir::vector::ReductionOp::create(e.builder, e.loc, mlir::vector::CombiningKind::MAXSI, most);
  return e.equal(e.extendUnsigned(top, e.i64()), 0x7f80);
}

void PairProducts::products(size_t d, const Rows &rows, const Tile &tile) {
  int count = rows.count(), n = f.columns(count, layout.keyBlocks);
  Value query = queryOf(d, rows.state);
  e.loop(
      e.div(tile.begin, 16 * n), e.div(e.add(tile.end, 16 * n - 1), 16 * n), 1, [&](Value column) {
        Value block = e.at(keys[d], e.mul(column, n * layout.blockBytes(d)));
        Values init(static_cast<size_t>(count) * n, e.splat(0));
        Values dots =
            e.loop(e.constant(0), e.constant(layout.width(d) / 2), 1, init,
                   [&](Value k, ArrayRef<Value> carried) {
                     Values next(carried), w;
                     for (int j = 0; j < n; ++j)
                       w.push_back(e.load(e.at(e.at(block, e.mul(k, 64)), j * layout.blockBytes(d)),
                                          e.ints(), 64));
                     for (int i = 0; i < count; ++i) {
                       Value x = e.broadcast(e.load(
                           e.at(e.at(query, e.mul(k, 4)), i * layout.queryBytes(d)), e.i32(), 4));
                       for (int j = 0; j < n; ++j)
                         next[i * n + j] = addProducts(e, carried[i * n + j], w[j], x);
                     }
                     return next;
                   });
        Value out = e.at(f.scores, e.mul(column, n * 64));
        for (int i = 0; i < count; ++i)
          for (int j = 0; j < n; ++j)
            e.store(dots[i * n + j], e.at(out, f.scoresAt(d, i) + j * 64), 64);
      });
}

/// Mostly no maximum of a tile moves.
void PairProducts::rescale(const Rows &rows) {
  Value factors = e.load(f.factors, e.floats(), 64);
  Value moved =
      arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::UNE, factors, e.splat(1));
  moved = e.andi(moved, e.lanesBelow(rows.exist));
  Value any =
      mlir::vector::ReductionOp::create(e.builder, e.loc, mlir::vector::CombiningKind::OR, moved);
  e.ifThen(any, [&] {
    e.loop(e.constant(0), rows.exist, 1, [&](Value i) {
      Value factor = e.broadcast(e.load(e.at(f.factors, e.mul(i, 4)), e.f32(), 4));
      Value row = f.outputsAt(e.add(rows.state, i));
      e.loop(e.constant(0), e.constant(f.vectors * 64), 64, [&](Value at) {
        e.store(e.mulf(e.load(e.at(row, at), e.floats(), 64), factor), e.at(row, at), 64);
      });
    });
  });
}

void PairProducts::multiply(int count, const Tile &tile, Value weights, Value values, Value out) {
  auto columnsOf = [&](Value first, int n) {
    Values at, init;
    for (int i = 0; i < count; ++i)
      for (int j = 0; j < n; ++j) {
        at.push_back(e.at(e.at(out, e.mul(first, 64)), (i * f.vectors + j) * 64));
        init.push_back(e.load(at.back(), e.floats(), 64));
      }
    Value column = e.at(values, e.mul(first, layout.keyPairs * 64));
    Values added =
        e.loop(e.div(tile.begin, 2), e.div(e.add(tile.end, 1), 2), 1, init,
               [&](Value pair, ArrayRef<Value> carried) {
                 Values next(carried), w;
                 for (int j = 0; j < n; ++j)
                   w.push_back(e.load(e.at(e.at(column, e.mul(pair, 64)), j * layout.keyPairs * 64),
                                      e.ints(), 64));
                 for (int i = 0; i < count; ++i) {
                   Value x = e.broadcast(e.load(
                       e.at(e.at(weights, e.mul(pair, 4)), i * layout.keyTile * 2), e.i32(), 4));
                   for (int j = 0; j < n; ++j)
                     next[i * n + j] = addProducts(e, carried[i * n + j], w[j], x);
                 }
                 return next;
               });
    for (auto [value, place] : llvm::zip(added, at))
      e.store(value, place, 64);
  };
  int n = f.columns(count, static_cast<int>(std::min<int64_t>(f.vectors, 4)));
  int64_t stop = f.vectors / n * n;
  e.loop(e.constant(0), e.constant(stop), n, [&](Value first) { columnsOf(first, n); });
  if (stop < f.vectors)
    e.loop(e.constant(stop), e.constant(f.vectors), 1, [&](Value first) { columnsOf(first, 1); });
}

/// For each row alone, of what it does not see the sign stays, as it does in a product with 0.
void PairProducts::addValuesCarefully(const Rows &rows, const Tile &tile) {
  rescale(rows);
  Value out = f.outputsAt(rows.state);
  int64_t rowBytes = f.vectors * 64;
  copy(out, before, f.height * rowBytes);
  e.loop(e.constant(0), rows.exist, 1, [&](Value i) {
    Value weights = e.at(f.weights, e.mul(i, layout.keyTile * 2));
    e.loop(e.constant(0), e.constant(layout.keyPairs), 1, [&](Value pair) {
      Value both = e.broadcast(e.load(e.at(weights, e.mul(pair, 4)), e.i32(), 4));
      VectorType halves = e.vector(e.builder.getI16Type(), 32);
      Value hidden = arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::eq,
                                           e.bitcast(both, halves), e.splatInt(0, 16, 32));
      Value mask = e.select(hidden, e.splatInt(0x8000, 16, 32), e.splatInt(-1, 16, 32));
      e.loop(e.constant(0), e.constant(layout.parts(spec.value) * f.vectors), 1, [&](Value column) {
        Value at = e.add(e.mul(column, layout.keyPairs * 64), e.mul(pair, 64));
        e.store(e.andi(e.load(e.at(values, at), halves, 64), mask), e.at(masked, at), 64);
      });
    });
    copy(before, after, f.height * rowBytes);
    multiply(rows.count(), tile, f.weights, masked, after);
    Value row = e.mul(i, rowBytes);
    copy(e.at(after, row), e.at(out, row), rowBytes);
  });
}

std::unique_ptr<TileProducts> kernels::makePairProducts(AttentionFrame &f) {
  if (usesTileRegisters(f.e.machine, f.spec))
    return makeTileRegisterProducts(f);
  return std::make_unique<PairProducts>(f);
}
