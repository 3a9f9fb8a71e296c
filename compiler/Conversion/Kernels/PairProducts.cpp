//===- PairProducts.cpp - the products of an attention, of numbers rounded to bf16
//--------------------===//
// A tile of keys and values is rounded, and laid in pairs, once for all rows of a block.  Then one
// chain of additions of pairs for each score and each component of an output, in vectors, or in the
// tile registers of AMX, which hold 16 rows: there 16 of A [row][pair] times B [pair][16] is one
// instruction, in which rows do not depend on each other.
#include "Conversion/Kernels/AttentionFrame.h"
#include "Conversion/Kernels/Pairs.h"
#include "Conversion/Kernels/Stored.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

namespace {

constexpr int64_t blocks = keyTile / 16, keyPairs = keyTile / 2;

class PairProducts : public TileProducts {
public:
  using TileProducts::TileProducts;

  void enter(int64_t rows) override;
  void beginRow(Value state, ArrayRef<Value> from) override;
  void beginTile(const Tile &tile) override {
    for (size_t d = 0; d < spec.dots.size(); ++d)
      if (spec.dots[d].asValue)
        turnKeys(d, tile);
      else
        packKeys(d, tile);
    packValues(tile);
  }
  Value notFinite(const Tile &tile) override;
  void products(const Rows &rows, const Tile &tile) override {
    for (size_t d = 0; d < spec.dots.size(); ++d)
      products(d, rows, tile);
  }
  void addValues(const Rows &rows, const Tile &tile) override {
    rescale(rows);
    multiply(rows.count(), tile, values, f.outputsAt(rows.state));
  }
  void addValuesCarefully(const Rows &rows, const Tile &tile) override;

protected:
  virtual void products(size_t d, const Rows &rows, const Tile &tile);
  /// Adds weights times values, which lie as `values` do, to rows of outputs.
  virtual void multiply(int count, const Tile &tile, Value values, Value out);

  int64_t width(size_t d) const { return (spec.dots[d].width + 31) / 32 * 32; }
  int64_t queryBytes(size_t d) const { return width(d) * 2; }
  Value queryOf(size_t d, Value row) { return e.at(queries[d], e.mul(row, queryBytes(d))); }
  /// 16 keys of a tile, [pair][16][2].
  int64_t blockBytes(size_t d) const { return width(d) / 2 * 64; }

  Values queries; // for each dot [row][width]
  Values keys;    // for each dot [block][width / 2][16][2]
  Value values;   // [column][keyTile / 2][16][2]

private:
  void packKeys(size_t d, const Tile &tile);
  void turnKeys(size_t d, const Tile &tile);
  void packValues(const Tile &tile);
  void rescale(const Rows &rows);
  void copy(Value from, Value to, int64_t bytes) {
    e.loop(e.constant(0), e.constant(bytes), 64,
           [&](Value at) { e.store(e.load(e.at(from, at), e.floats(), 64), e.at(to, at), 64); });
  }

  Value masked, before, after; // for what is done carefully
};

} // namespace

void PairProducts::enter(int64_t rows) {
  for (size_t d = 0; d < spec.dots.size(); ++d) {
    queries.push_back(e.allocate(rows * queryBytes(d)));
    keys.push_back(e.allocate(blocks * blockBytes(d)));
    if (width(d) != spec.dots[d].width)
      e.loop(e.constant(0), e.constant(blocks * blockBytes(d)), 64,
             [&](Value at) { e.store(e.splatInt(0), e.at(keys[d], at), 64); });
  }
  values = e.allocate(f.vectors * keyPairs * 64);
  masked = e.allocate(f.vectors * keyPairs * 64);
  before = e.allocate(f.height * f.vectors * 64);
  after = e.allocate(f.height * f.vectors * 64);
}

void PairProducts::beginRow(Value state, ArrayRef<Value> from) {
  for (size_t d = 0; d < spec.dots.size(); ++d) {
    Value to = queryOf(d, state);
    auto part = [&](Value first, Value exist) {
      Value at = e.at(from[d], e.mul(first, 4));
      Value part = exist ? e.loadMasked(at, exist, 4) : e.load(at, e.floats(), 4);
      e.store(toPairs(e, part), e.at(to, e.mul(first, 2)), 32);
    };
    int64_t whole = spec.dots[d].width / 16 * 16;
    e.loop(e.constant(0), e.constant(whole), 16, [&](Value first) { part(first, Value()); });
    for (int64_t at = whole; at < width(d); at += 16)
      part(e.constant(at), e.lanesBelow(e.constant(std::max<int64_t>(spec.dots[d].width - at, 0))));
  }
}

/// Keys in lanes: two of their components become pairs.
void PairProducts::packKeys(size_t d, const Tile &tile) {
  const DotSpec &dot = spec.dots[d];
  int64_t bytes = 16 * dot.bytes();
  Value base = f.keysOf(d, tile);
  e.loop(e.constant(0), e.constant(blocks), 1, [&](Value block) {
    Value from = e.at(base, e.mul(block, dot.width * bytes));
    Value to = e.at(keys[d], e.mul(block, blockBytes(d)));
    auto load = [&](Value at) {
      return loadRounded(e, at, dot.stored, static_cast<unsigned>(bytes));
    };
    e.loop(e.constant(0), e.constant(dot.width / 2), 1, [&](Value pair) {
      Value at = e.at(from, e.mul(pair, 2 * bytes));
      e.prefetch(e.at(at, keyTile * dot.width * dot.bytes()));
      e.store(interleave(e, load(at), load(e.at(at, bytes))), e.at(to, e.mul(pair, 64)), 64);
    });
    if (dot.width % 2)
      e.store(e.extendUnsigned(load(e.at(from, (dot.width - 1) * bytes)), e.ints()),
              e.at(to, dot.width / 2 * 64), 64);
  });
}

/// Keys one after the other: 16 pairs of 16 keys change places.
void PairProducts::turnKeys(size_t d, const Tile &tile) {
  const DotSpec &dot = spec.dots[d];
  Value base = f.keysOf(d, tile);
  e.loop(e.constant(0), e.constant(blocks), 1, [&](Value block) {
    auto square = [&](Value first, bool whole) { // components
      Value from = e.at(e.at(base, e.mul(block, 16 * dot.keyBytes())), e.mul(first, dot.bytes()));
      auto half = [&](Value row, int64_t at) -> Value {
        Value left = e.sub(e.constant(dot.width - at), first);
        return loadRounded(e, e.at(row, at * dot.bytes()), dot.stored,
                           static_cast<unsigned>(dot.bytes()),
                           whole ? Value() : e.lanesBelow(left));
      };
      llvm::SmallVector<int64_t> both(32);
      std::iota(both.begin(), both.end(), 0);
      Values rows;
      for (int i = 0; i < 16; ++i) {
        Value row = e.at(from, i * dot.keyBytes());
        Value numbers =
            mlir::vector::ShuffleOp::create(e.builder, e.loc, half(row, 0), half(row, 16), both);
        rows.push_back(e.bitcast(numbers, e.ints()));
      }
      e.transpose(rows);
      Value to = e.at(e.at(keys[d], e.mul(block, blockBytes(d))), e.mul(first, 32));
      for (int i = 0; i < 16; ++i)
        e.store(rows[i], e.at(to, 64 * i), 64);
    };
    int64_t whole = dot.width / 32 * 32;
    if (whole)
      e.loop(e.constant(0), e.constant(whole), 32, [&](Value first) { square(first, true); });
    if (whole < dot.width)
      square(e.constant(whole), false);
  });
}

/// The same component of two values becomes a pair.
void PairProducts::packValues(const Tile &tile) {
  int64_t bytes = spec.value.bytes();
  Value base = f.valuesOf(tile);
  e.loop(e.constant(0), e.constant(keyPairs), 1, [&](Value pair) {
    Value from = e.at(base, e.mul(pair, 2 * spec.value.keyBytes()));
    Value to = e.at(values, e.mul(pair, 64));
    for (int64_t ahead = 0; ahead < 2 * spec.value.keyBytes(); ahead += 64)
      e.prefetch(e.at(from, keyTile * spec.value.keyBytes() + ahead));
    auto column = [&](Value column, Value exist) {
      auto load = [&](Value row) {
        return loadRounded(e, e.at(row, e.mul(column, 16 * bytes)), spec.value.stored,
                           static_cast<unsigned>(f.tail ? bytes : 16 * bytes), exist);
      };
      e.store(interleave(e, load(from), load(e.at(from, spec.value.keyBytes()))),
              e.at(to, e.mul(column, keyPairs * 64)), 64);
    };
    int64_t whole = f.vectors - (f.tail ? 1 : 0);
    e.loop(e.constant(0), e.constant(whole), 1, [&](Value at) { column(at, Value()); });
    if (f.tail)
      column(e.constant(whole), f.lanesOf(e.constant(whole)));
  });
}

/// Of the whole tile, because pairs and tile registers reach beyond what is seen.
Value PairProducts::notFinite(const Tile &) {
  VectorType halves = e.vector(e.builder.getI16Type(), 32);
  Value exponent = e.splatInt(0x7f80, 16, 32);
  Value most = e.loop(e.constant(0), e.constant(f.vectors * keyPairs * 64), 64,
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
  int count = rows.count(), n = f.columns(count, blocks);
  Value query = queryOf(d, rows.state);
  e.loop(
      e.div(tile.begin, 16 * n), e.div(e.add(tile.end, 16 * n - 1), 16 * n), 1, [&](Value column) {
        Value block = e.at(keys[d], e.mul(column, n * blockBytes(d)));
        Values init(static_cast<size_t>(count) * n, e.splat(0));
        Values dots =
            e.loop(e.constant(0), e.constant(width(d) / 2), 1, init,
                   [&](Value k, ArrayRef<Value> carried) {
                     Values next(carried), w;
                     for (int j = 0; j < n; ++j)
                       w.push_back(e.load(e.at(e.at(block, e.mul(k, 64)), j * blockBytes(d)),
                                          e.ints(), 64));
                     for (int i = 0; i < count; ++i) {
                       Value x = e.broadcast(
                           e.load(e.at(e.at(query, e.mul(k, 4)), i * queryBytes(d)), e.i32(), 4));
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

void PairProducts::multiply(int count, const Tile &tile, Value values, Value out) {
  auto columnsOf = [&](Value first, int n) {
    Values at, init;
    for (int i = 0; i < count; ++i)
      for (int j = 0; j < n; ++j) {
        at.push_back(e.at(e.at(out, e.mul(first, 64)), (i * f.vectors + j) * 64));
        init.push_back(e.load(at.back(), e.floats(), 64));
      }
    Value column = e.at(values, e.mul(first, keyPairs * 64));
    Values added =
        e.loop(e.div(tile.begin, 2), e.div(e.add(tile.end, 1), 2), 1, init,
               [&](Value pair, ArrayRef<Value> carried) {
                 Values next(carried), w;
                 for (int j = 0; j < n; ++j)
                   w.push_back(e.load(e.at(e.at(column, e.mul(pair, 64)), j * keyPairs * 64),
                                      e.ints(), 64));
                 for (int i = 0; i < count; ++i) {
                   Value x = e.broadcast(
                       e.load(e.at(e.at(f.weights, e.mul(pair, 4)), i * keyTile * 2), e.i32(), 4));
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
    Value weights = e.at(f.weights, e.mul(i, keyTile * 2));
    e.loop(e.constant(0), e.constant(keyPairs), 1, [&](Value pair) {
      Value both = e.broadcast(e.load(e.at(weights, e.mul(pair, 4)), e.i32(), 4));
      VectorType halves = e.vector(e.builder.getI16Type(), 32);
      Value hidden = arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::eq,
                                           e.bitcast(both, halves), e.splatInt(0, 16, 32));
      Value mask = e.select(hidden, e.splatInt(0x8000, 16, 32), e.splatInt(-1, 16, 32));
      e.loop(e.constant(0), e.constant(f.vectors), 1, [&](Value column) {
        Value at = e.add(e.mul(column, keyPairs * 64), e.mul(pair, 64));
        e.store(e.andi(e.load(e.at(values, at), halves, 64), mask), e.at(masked, at), 64);
      });
    });
    copy(before, after, f.height * rowBytes);
    multiply(rows.count(), tile, masked, after);
    Value row = e.mul(i, rowBytes);
    copy(e.at(after, row), e.at(out, row), rowBytes);
  });
}

//===-------------------------------------------------------------------------------------------===//
// AMX
//===-------------------------------------------------------------------------------------------===//

namespace {

class AmxProducts : public PairProducts {
public:
  using PairProducts::PairProducts;

  void enter(int64_t rows) override {
    PairProducts::enter(rows);
    // All tile registers: 16 rows of 64 bytes.
    Value config = e.allocate(64);
    const int64_t words[] = {1, 0, 0x0040004000400040, 0x0040004000400040,
                             0, 0, 0x1010101010101010, 0};
    for (auto [i, word] : llvm::enumerate(words))
      e.store(e.constant(word), e.at(config, static_cast<int64_t>(i) * 8), 8);
    e.call("llvm.x86.ldtilecfg", {config});
  }
  void leave() override { e.call("llvm.x86.tilerelease", {}); }

protected:
  void products(size_t d, const Rows &rows, const Tile &tile) override;
  void multiply(int count, const Tile &tile, Value values, Value out) override;

private:
  // Tile registers: sums 0 .. 3, rows of A 4, B 5 and 6 in turn.
  Value number(int64_t n) {
    return arith::ConstantOp::create(e.builder, e.loc,
                                     e.builder.getI8IntegerAttr(static_cast<int8_t>(n)));
  }
  void zero(int64_t t) { e.call("llvm.x86.tilezero", {number(t)}); }
  void load(int64_t t, Value from, int64_t stride) {
    e.call("llvm.x86.tileloadd64", {number(t), from, e.constant(stride)});
  }
  void store(int64_t t, Value to, int64_t stride) {
    e.call("llvm.x86.tilestored64", {number(t), to, e.constant(stride)});
  }
  void add(int64_t sum, int64_t b) {
    e.call("llvm.x86.tdpbf16ps", {number(sum), number(4), number(b)});
  }
};

} // namespace

void AmxProducts::products(size_t d, const Rows &rows, const Tile &) {
  Value query = queryOf(d, rows.state);
  for (int64_t j = 0; j < blocks; ++j)
    zero(j);
  e.loop(e.constant(0), e.constant(width(d) / 32), 1, [&](Value s) {
    load(4, e.at(query, e.mul(s, 64)), queryBytes(d));
    Value from = e.at(keys[d], e.mul(s, 16 * 64));
    for (int64_t j = 0; j < blocks; ++j) {
      load(5 + j % 2, e.at(from, j * blockBytes(d)), 64);
      add(j, 5 + j % 2);
    }
  });
  for (int64_t j = 0; j < blocks; ++j)
    store(j, e.at(f.scores, f.scoresAt(d, 0) + j * 64), keyTile * 4);
}

void AmxProducts::multiply(int, const Tile &tile, Value values, Value out) {
  auto columnsOf = [&](Value first, int64_t n) {
    Value to = e.at(out, e.mul(first, 64));
    for (int64_t j = 0; j < n; ++j)
      load(j, e.at(to, j * 64), f.vectors * 64);
    Value column = e.at(values, e.mul(first, keyPairs * 64));
    e.loop(e.div(tile.begin, 32), e.div(e.add(tile.end, 31), 32), 1, [&](Value s) {
      load(4, e.at(f.weights, e.mul(s, 64)), keyTile * 2);
      Value from = e.at(column, e.mul(s, 16 * 64));
      for (int64_t j = 0; j < n; ++j) {
        load(5 + j % 2, e.at(from, j * keyPairs * 64), 64);
        add(j, 5 + j % 2);
      }
    });
    for (int64_t j = 0; j < n; ++j)
      store(j, e.at(to, j * 64), f.vectors * 64);
  };
  int64_t stop = f.vectors / 4 * 4;
  e.loop(e.constant(0), e.constant(stop), 4, [&](Value first) { columnsOf(first, 4); });
  if (stop < f.vectors)
    columnsOf(e.constant(stop), f.vectors - stop);
}

std::unique_ptr<TileProducts> kernels::makePairProducts(AttentionFrame &f) {
  if (usesTileRegisters(f.e.machine, f.spec))
    return std::make_unique<AmxProducts>(f);
  return std::make_unique<PairProducts>(f);
}
