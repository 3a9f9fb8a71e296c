//===- Attention.cpp - fused attention over caches of keys and values
//---------------------------===//
#include "Conversion/Kernels/Attention.h"
#include "Conversion/Kernels/Stored.h"
#include "Conversion/Kernels/TileSoftmax.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

namespace {

constexpr int tileVectors = keyTile / 16;

/// Rows of scores that go through a tile of keys together, in registers for the products.
struct Rows {
  llvm::SmallVector<Values, 1> queries; ///< for each dot, pointers to its width of floats
  RowPlaces places;
  Value state; ///< i64, the first row of the running state
  int count() const { return static_cast<int>(queries[0].size()); }
};

/// A tile of keys, and what of it is visited.
struct Tile {
  Value slot;       ///< i64, where it begins in a linear cache, in keys
  Value first;      ///< i64, position of its first key
  Value begin, end; ///< i64, keys begin .. end of it are seen by some row
  Value full;       ///< i1, all by all rows; null: never
  Value careful;    ///< i1, some keys are not seen, and some values are not finite; null: never
};

class AttentionEmitter {
public:
  AttentionEmitter(ModuleOp module, Emitter &e, const AttentionSpec &spec,
                   ArrayRef<Value> arguments)
      : module(module), e(e), spec(spec), vectors((spec.value.width + 15) / 16),
        tail(static_cast<int>(spec.value.width % 16)) {
    for (size_t d = 0; d < spec.dots.size(); ++d) {
      q.push_back(arguments[0]);
      qStride.push_back(arguments[1]);
      keyCaches.push_back(arguments[2]);
      keyCapacities.push_back(arguments[3]);
      arguments = arguments.drop_front(4);
    }
    valueCache = arguments[0], valueCapacity = arguments[1], o = arguments[2];
    oStride = arguments[3];
    position = arguments[4], r0 = arguments[5], r1 = arguments[6], g0 = arguments[7];
    g1 = arguments[8];
    extra = arguments.drop_front(9);
    // At one position: members in tiles of equal height.
    int64_t tiles = (spec.members + queryTile() - 1) / queryTile();
    memberTile = static_cast<int>((spec.members + tiles - 1) / tiles);
  }

  void emit();

private:
  ModuleOp module;
  Emitter &e;
  const AttentionSpec &spec;
  Values q, qStride, keyCaches, keyCapacities; // of each dot
  Value valueCache, valueCapacity, o, oStride, position, r0, r1, g0, g1;
  ArrayRef<Value> extra;
  int64_t vectors;     ///< of 16 that hold a value
  int tail;            ///< components in the last of them, 0 if it is whole
  int memberTile;      ///< rows of a tile at one position
  Values keys;         // of the current group, for each dot
  Value values, group; // of the current group
  // Scratch: scores and probabilities of a tile, rescale factors; running maximum, sums a lane,
  // weighted values.
  Value probabilities, factors, maxima, sums, outputs;
  Values turned; // for each dot, the tile of keys in lanes, if it lies otherwise

  int queryTile() const { return kernels::queryTile(e.machine); }
  int columns(int rows, int available) const;
  Value lanesOf(Value column);
  Value queryAt(size_t dot, Value row, Value member);
  /// Where a tile of keys begins in its cache; tiles do not wrap, for capacities are multiples of
  /// them.
  Value slot(const CacheSpec &cache, Value capacity, Value key) {
    if (!cache.ring)
      return key;
    auto around = [&](Value p, Value size) -> Value {
      return arith::RemUIOp::create(e.builder, e.loc, p, size);
    };
    if (cache.pinned == 0)
      return around(key, capacity);
    Value behind = e.max(e.add(key, -cache.pinned), e.constant(0));
    Value place = e.add(around(behind, e.add(capacity, -cache.pinned)), cache.pinned);
    return e.select(e.less(key, e.constant(cache.pinned)), key, place);
  }
  void positions(Value row, Value count);
  void onePosition(Value row);
  void start(int64_t rows);
  void finish(Value first, Value count, llvm::function_ref<QueryRow(Value)> describe,
              llvm::function_ref<Value(Value)> output);
  void visit(Value first, Value last, Value count, llvm::function_ref<void(const Tile &)> use);
  using Bounds = std::pair<Value, Value>; // least and most of some i32
  Bounds queryBounds(const Comparison &comparison, Value first, Value count);
  Bounds keyBounds(const Comparison &comparison, const Tile &tile);
  std::pair<Value, Value> compare(Comparison::Kind kind, Bounds key, Bounds query);
  Value ceilStep(Value difference);
  void tile(const Rows &rows, const Tile &tile);
  void turnKeys(size_t dot, const Tile &tile);
  void scores(size_t dot, const Rows &rows, const Tile &tile);
  /// Scores of row i of dot d begin here, in a tile.
  int64_t scratch(size_t dot, int row) const {
    return scoresOf(e.machine, dot) + row * keyTile * 4;
  }
  void softmax(const Rows &rows, const Tile &tile, bool partial);
  Value loadValues(Value row, Value column);
  Value notFinite(const Tile &tile);
  void addValues(const Rows &rows, const Tile &tile);
  void addValuesCarefully(const Rows &rows, const Tile &tile);
  Value rescaled(Value at, Value row);
  Value valuesOf(const Tile &tile) {
    return e.at(values, e.mul(slot(spec.value, valueCapacity, tile.slot), spec.value.keyBytes()));
  }
};

} // namespace

/// Vectors beside each other in a register tile: sums + loaded vectors + one broadcast must fit.
int AttentionEmitter::columns(int rows, int available) const {
  int registersPerVector = 16 / e.machine.lanes();
  int columns = 4;
  while (columns > 1 &&
         (columns > available ||
          (rows * columns + columns + 1) * registersPerVector > e.machine.vectorRegisters() - 2))
    columns /= 2;
  return columns;
}

/// Lanes of vector `column` of a value that exist.
Value AttentionEmitter::lanesOf(Value column) {
  Value left = e.sub(e.constant(spec.value.width), e.mul(column, 16));
  return arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::slt, e.laneNumbers(),
                               e.broadcast(e.truncate(left, e.i32())));
}

/// Writes a tile of keys that lie one after the other so that 16 of them share a vector.
void AttentionEmitter::turnKeys(size_t dot, const Tile &tile) {
  const DotSpec &d = spec.dots[dot];
  Value base = e.at(keys[dot], e.mul(slot(d, keyCapacities[dot], tile.slot), d.keyBytes()));
  auto square = [&](Value block, Value first, int count) { // of 16 keys, `count` components
    Value from = e.at(e.at(base, e.mul(block, 16 * d.keyBytes())), e.mul(first, d.bytes()));
    Value exist = count < 16 ? arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::slt,
                                                     e.laneNumbers(), e.splatInt(count))
                                   .getResult()
                             : Value();
    Values rows(16);
    for (int i = 0; i < 16; ++i) {
      rows[i] = loadStored(e, e.at(from, i * d.keyBytes()), d.stored,
                           static_cast<unsigned>(d.bytes()), exist);
    }
    // Blocks of `size` change places across the diagonal.
    for (int size = 1; size < 16; size *= 2)
      for (int i = 0; i < 16; ++i) {
        if (i & size)
          continue;
        llvm::SmallVector<int64_t> low(16), high(16);
        for (int j = 0; j < 16; ++j) {
          low[j] = j & size ? 16 + j - size : j;
          high[j] = j & size ? 16 + j : j + size;
        }
        Value a = rows[i], b = rows[i + size];
        rows[i] = mlir::vector::ShuffleOp::create(e.builder, e.loc, a, b, low);
        rows[i + size] = mlir::vector::ShuffleOp::create(e.builder, e.loc, a, b, high);
      }
    Value to = e.at(e.at(turned[dot], e.mul(block, 16 * d.width * 4)), e.mul(first, 64));
    for (int i = 0; i < count; ++i)
      e.store(rows[i], e.at(to, 64 * i), 64);
  };
  int64_t whole = d.width / 16 * 16;
  e.loop(e.constant(0), e.constant(keyTile / 16), 1, [&](Value block) {
    if (whole)
      e.loop(e.constant(0), e.constant(whole), 16, [&](Value first) { square(block, first, 16); });
    if (whole < d.width)
      square(block, e.constant(whole), static_cast<int>(d.width - whole));
  });
}

/// Dot products of all rows with the keys of a tile that are seen (rounded out to whole register
/// tiles).
void AttentionEmitter::scores(size_t dot, const Rows &rows, const Tile &tile) {
  int64_t width = spec.dots[dot].width;
  StateElement stored = turned[dot] ? StateElement::f32 : spec.dots[dot].stored;
  int64_t bytes = stored == StateElement::f32 ? 4 : 2;
  int n = columns(rows.count(), tileVectors), count = rows.count();
  Value base =
      turned[dot] ? turned[dot]
                  : e.at(keys[dot],
                         e.mul(slot(spec.dots[dot], keyCapacities[dot], tile.slot), width * bytes));
  e.loop(
      e.div(tile.begin, 16 * n), e.div(e.add(tile.end, 16 * n - 1), 16 * n), 1, [&](Value column) {
        Value block = e.at(base, e.mul(column, n * 16 * width * bytes));
        Values init(static_cast<size_t>(count) * n, e.splat(0));
        Values dots = e.loop(
            e.constant(0), e.constant(width), 1, init, [&](Value k, ArrayRef<Value> carried) {
              Values next(carried), w;
              for (int j = 0; j < n; ++j)
                w.push_back(
                    loadStored(e, e.at(e.at(block, e.mul(k, 16 * bytes)), j * width * 16 * bytes),
                               stored, static_cast<unsigned>(16 * bytes)));
              for (int i = 0; i < count; ++i) {
                Value x = e.broadcast(e.load(e.at(rows.queries[dot][i], e.mul(k, 4)), e.f32(), 4));
                for (int j = 0; j < n; ++j)
                  next[i * n + j] = e.fma(x, w[j], carried[i * n + j]);
              }
              return next;
            });
        Value out = e.at(probabilities, e.mul(column, n * 64));
        for (int i = 0; i < count; ++i)
          for (int j = 0; j < n; ++j)
            e.store(dots[i * n + j], e.at(out, scratch(dot, i) + j * 64), 64);
      });
}

void AttentionEmitter::softmax(const Rows &rows, const Tile &tile, bool partial) {
  Values arguments = {probabilities,
                      factors,
                      e.at(maxima, e.mul(rows.state, 4)),
                      e.at(sums, e.mul(rows.state, 64)),
                      e.constant(rows.count()),
                      tile.first,
                      tile.begin,
                      tile.end,
                      group,
                      rows.places.position,
                      rows.places.positionStep,
                      rows.places.lastRow,
                      rows.places.member,
                      rows.places.memberStep};
  llvm::append_range(arguments, extra);
  func::FuncOp function = getOrCreateTileSoftmax(module, e.machine, spec, partial);
  func::CallOp::create(e.builder, e.loc, function, arguments);
}

/// 16 floats at `at`, which belong to row i of the tile, relative to the new maximum.
Value AttentionEmitter::rescaled(Value at, Value i) {
  Value factor = e.broadcast(e.load(e.at(factors, e.mul(i, 4)), e.f32(), 4));
  return e.mulf(e.load(at, e.floats(), 64), factor);
}

/// 16 components of a value; fewer of the last.
Value AttentionEmitter::loadValues(Value row, Value column) {
  int64_t bytes = spec.value.bytes();
  Value from = e.at(row, e.mul(column, 16 * bytes));
  return loadStored(e, from, spec.value.stored, static_cast<unsigned>(tail ? bytes : 16 * bytes),
                    tail ? lanesOf(column) : Value());
}

/// Whether a value of a tile is NaN or infinite.
Value AttentionEmitter::notFinite(const Tile &tile) {
  Value base = valuesOf(tile);
  Value sum = e.loop(tile.begin, tile.end, 1, {e.splat(0)}, [&](Value k, ArrayRef<Value> carried) {
    Value row = e.at(base, e.mul(k, spec.value.keyBytes()));
    return e.loop(e.constant(0), e.constant(vectors), 1, carried,
                  [&](Value column, ArrayRef<Value> carried) {
                    return Values{e.fma(loadValues(row, column), e.splat(0), carried[0])};
                  });
  })[0];
  return arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::UNO, e.reduceAdd(sum),
                               e.constantF32(0));
}

/// Rescales the outputs and adds the values of the keys that are seen, weighted.
void AttentionEmitter::addValues(const Rows &rows, const Tile &tile) {
  int count = rows.count();
  int64_t vectorBytes = 16 * spec.value.bytes();
  auto alignment = static_cast<unsigned>(tail ? spec.value.bytes() : vectorBytes);
  Value base = valuesOf(tile);
  auto columnsOf = [&](Value first, int n, Value lanes) { // `lanes`: of the only column
    Values at(count), init;
    for (int i = 0; i < count; ++i) {
      at[i] = e.at(e.at(outputs, e.mul(e.add(rows.state, i), vectors * 64)), e.mul(first, 64));
      for (int j = 0; j < n; ++j)
        init.push_back(rescaled(e.at(at[i], 64 * j), e.constant(i)));
    }
    Value column = e.at(base, e.mul(first, vectorBytes));
    Values added = e.loop(tile.begin, tile.end, 1, init, [&](Value k, ArrayRef<Value> carried) {
      Values next(carried), w;
      Value from = e.at(column, e.mul(k, spec.value.keyBytes()));
      for (int j = 0; j < n; ++j)
        w.push_back(
            loadStored(e, e.at(from, vectorBytes * j), spec.value.stored, alignment, lanes));
      for (int i = 0; i < count; ++i) {
        Value p = e.load(e.at(e.at(probabilities, e.mul(k, 4)), i * keyTile * 4), e.f32(), 4);
        Value x = e.broadcast(p);
        for (int j = 0; j < n; ++j)
          next[i * n + j] = e.fma(x, w[j], carried[i * n + j]);
      }
      return next;
    });
    for (int i = 0; i < count; ++i)
      for (int j = 0; j < n; ++j)
        e.store(added[i * n + j], e.at(at[i], 64 * j), 64);
  };
  int n = columns(count, static_cast<int>(std::max<int64_t>(vectors - (tail ? 1 : 0), 1)));
  int64_t stop = (vectors - (tail ? 1 : 0)) / n * n;
  if (stop)
    e.loop(e.constant(0), e.constant(stop), n, [&](Value first) { columnsOf(first, n, Value()); });
  if (stop < vectors)
    e.loop(e.constant(stop), e.constant(vectors), 1,
           [&](Value first) { columnsOf(first, 1, tail ? lanesOf(first) : Value()); });
}

/// The same bits where all values are finite; else what is not seen is left out, for 0 times it
/// would be NaN.  Short, not fast.
void AttentionEmitter::addValuesCarefully(const Rows &rows, const Tile &tile) {
  Value base = valuesOf(tile);
  e.loop(e.constant(0), e.constant(rows.count()), 1, [&](Value i) {
    Value row = e.at(outputs, e.mul(e.add(rows.state, i), vectors * 64));
    Value p = e.at(probabilities, e.mul(i, keyTile * 4));
    e.loop(e.constant(0), e.constant(vectors), 1, [&](Value column) {
      Value at = e.at(row, e.mul(column, 64));
      Value sum =
          e.loop(tile.begin, tile.end, 1, {rescaled(at, i)}, [&](Value k, ArrayRef<Value> carried) {
            Value x = e.broadcast(e.load(e.at(p, e.mul(k, 4)), e.f32(), 4));
            Value v = loadValues(e.at(base, e.mul(k, spec.value.keyBytes())), column);
            Value hidden =
                arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OEQ, x, e.splat(0));
            return Values{e.select(hidden, carried[0], e.fma(x, v, carried[0]))};
          })[0];
      e.store(sum, at, 64);
    });
  });
}

void AttentionEmitter::tile(const Rows &rows, const Tile &tile) {
  for (size_t d = 0; d < spec.dots.size(); ++d)
    scores(d, rows, tile);
  auto partial = [&] { softmax(rows, tile, /*partial=*/true); };
  if (tile.full)
    e.ifElse(tile.full, [&] { softmax(rows, tile, /*partial=*/false); }, partial);
  else
    partial();
  e.ifElse(tile.careful, [&] { addValuesCarefully(rows, tile); }, [&] { addValues(rows, tile); });
}

/// Keys of a tile before a position that lies `difference` after its first one.
Value AttentionEmitter::ceilStep(Value difference) {
  Value n = e.max(difference, e.constant(0));
  if (spec.step != 1)
    n = e.div(e.add(n, spec.step - 1), spec.step);
  return e.min(n, e.constant(keyTile));
}

/// Of what a comparison asks of `count` queries, the first one at position `first`.
AttentionEmitter::Bounds AttentionEmitter::queryBounds(const Comparison &comparison, Value first,
                                                       Value count) {
  auto at = [&](Value i) {
    return comparison.query(
        e, QueryRow{e.add(first, e.mul(i, spec.rowStep())), group, e.constant(0), extra});
  };
  Value start = at(e.constant(0));
  Values bounds =
      e.loop(e.constant(1), count, 1, {start, start}, [&](Value i, ArrayRef<Value> carried) {
        Value x = at(i);
        return Values{e.min(carried[0], x), e.max(carried[1], x)};
      });
  return {bounds[0], bounds[1]};
}

/// ... of the keys begin .. end of a tile.
AttentionEmitter::Bounds AttentionEmitter::keyBounds(const Comparison &comparison,
                                                     const Tile &tile) {
  Value least = e.splatInt(INT32_MAX), most = e.splatInt(INT32_MIN);
  Value keys = e.addi(e.broadcast(e.truncate(tile.first, e.i32())), e.steps(spec.step));
  Values bounds =
      e.loop(e.constant(0), e.constant(keyTile), 16, {least, most},
             [&](Value index, ArrayRef<Value> carried) {
               auto spread = [&](Value x) { return e.broadcast(e.truncate(x, e.i32())); };
               Value lanes = e.addi(spread(index), e.laneNumbers());
               auto within = [&](arith::CmpIPredicate predicate, Value bound) -> Value {
                 return arith::CmpIOp::create(e.builder, e.loc, predicate, lanes, spread(bound));
               };
               Value there = e.andi(within(arith::CmpIPredicate::sge, tile.begin),
                                    within(arith::CmpIPredicate::slt, tile.end));
               Value x = comparison.key(e, QueryRow{tile.first, group, e.constant(0), extra},
                                        e.addi(keys, spread(e.mul(index, spec.step))));
               return Values{e.min(carried[0], e.select(there, x, least)),
                             e.max(carried[1], e.select(there, x, most))};
             });
  auto reduce = [&](mlir::vector::CombiningKind kind, Value x) -> Value {
    return mlir::vector::ReductionOp::create(e.builder, e.loc, kind, x);
  };
  return {reduce(mlir::vector::CombiningKind::MINSI, bounds[0]),
          reduce(mlir::vector::CombiningKind::MAXSI, bounds[1])};
}

/// Whether it may hold for some key and query, and whether it does for all.
std::pair<Value, Value> AttentionEmitter::compare(Comparison::Kind kind, Bounds key, Bounds query) {
  switch (kind) {
  case Comparison::less:
    return {e.less(key.first, query.second), e.less(key.second, query.first)};
  case Comparison::lessEqual:
    return {e.lessEqual(key.first, query.second), e.lessEqual(key.second, query.first)};
  case Comparison::greater:
    return {e.less(query.first, key.second), e.less(query.second, key.first)};
  case Comparison::greaterEqual:
    return {e.lessEqual(query.first, key.second), e.lessEqual(query.second, key.first)};
  case Comparison::equal:
    break;
  }
  return {e.andi(e.lessEqual(key.first, query.second), e.lessEqual(query.first, key.second)),
          e.andi(e.lessEqual(key.second, query.first), e.lessEqual(query.second, key.first))};
}

/// Calls `use` in a loop over the tiles of keys that `count` queries at first .. last see.
void AttentionEmitter::visit(Value first, Value last, Value count,
                             llvm::function_ref<void(const Tile &)> use) {
  llvm::SmallVector<KeyRange> ranges = spec.ranges(e, first, last, extra);
  if (ranges.empty())
    return;
  KeyRange hull = ranges.front();
  for (const KeyRange &range : ranges) {
    hull.lo = e.min(hull.lo, range.lo);
    hull.hi = e.max(hull.hi, range.hi);
  }
  llvm::SmallVector<Bounds> asked;
  for (const Comparison &comparison : spec.comparisons)
    asked.push_back(queryBounds(comparison, first, count));
  // Keys of a residue lie together: a block of keyTile * step positions has a tile for each.
  int64_t span = keyTile * spec.step;
  Value residue = spec.residue ? spec.residue(e, first) : e.constant(0);
  Value low = e.div(hull.lo, span), high = e.div(e.add(hull.hi, span - 1), span);
  e.loop(low, high, 1, [&](Value block) {
    Tile tile;
    Value origin = e.mul(block, span);
    tile.slot = e.add(origin, e.mul(residue, keyTile));
    tile.first = e.add(origin, residue);
    tile.begin = ceilStep(e.sub(hull.lo, tile.first));
    tile.end = ceilStep(e.sub(hull.hi, tile.first));
    Value past = e.add(tile.first, (keyTile - 1) * spec.step + 1), some;
    for (const KeyRange &range : ranges) {
      if (range.fullLo) {
        Value all = e.andi(e.lessEqual(range.fullLo, tile.first), e.lessEqual(past, range.fullHi));
        tile.full = tile.full ? e.ori(tile.full, all) : all;
      }
      Value any = e.andi(e.less(range.lo, past), e.less(tile.first, range.hi));
      some = some ? e.ori(some, any) : any;
    }
    auto useTile = [&] {
      Value no = arith::ConstantOp::create(e.builder, e.loc, e.builder.getBoolAttr(false));
      if (tile.full)
        tile.careful = e.when(tile.full, no, [&] { return notFinite(tile); });
      else
        tile.careful = notFinite(tile);
      for (size_t d = 0; d < spec.dots.size(); ++d)
        if (turned[d])
          turnKeys(d, tile);
      use(tile);
    };
    auto visitTile = [&] {
      Value possible;
      for (auto [comparison, query] : llvm::zip(spec.comparisons, asked)) {
        auto [some, all] = compare(comparison.kind, keyBounds(comparison, tile), query);
        possible = possible ? e.andi(possible, some) : some;
        if (tile.full)
          tile.full = e.andi(tile.full, all);
      }
      if (possible)
        e.ifThen(possible, useTile);
      else
        useTile();
    };
    // Between two ranges, or for a residue, there may be tiles that nobody sees.
    if (ranges.size() == 1 && spec.step == 1)
      visitTile();
    else
      e.ifThen(some, visitTile);
  });
}

void AttentionEmitter::start(int64_t rows) {
  e.loop(e.constant(0), e.constant(rows), 1, [&](Value row) {
    e.store(e.constantF32(-1e30F), e.at(maxima, e.mul(row, 4)), 4);
    e.store(e.splat(0), e.at(sums, e.mul(row, 64)), 64);
    e.loop(e.constant(0), e.constant(vectors), 1, [&](Value j) {
      e.store(e.splat(0), e.at(outputs, e.mul(e.add(e.mul(row, vectors), j), 64)), 64);
    });
  });
}

/// Divides rows first .. first + count of the state by their sums; `output` gives the place of a
/// row.
void AttentionEmitter::finish(Value first, Value count,
                              llvm::function_ref<QueryRow(Value)> describe,
                              llvm::function_ref<Value(Value)> output) {
  e.loop(e.constant(0), count, 1, [&](Value i) {
    Value row = e.add(first, i), out = output(i);
    Value sum = e.reduceAdd(e.load(e.at(sums, e.mul(row, 64)), e.floats(), 64));
    Value inverse = arith::DivFOp::create(e.builder, e.loc, e.constantF32(1), sum);
    Value empty =
        arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OEQ, sum, e.constantF32(0));
    inverse = e.select(empty, e.constantF32(0), inverse);
    if (spec.sink) { // the sum and the outputs are relative to the maximum of the keys
      Value maximum = e.load(e.at(maxima, e.mul(row, 4)), e.f32(), 4);
      Value sink = spec.sink(e, describe(i)), top = e.maxf(maximum, sink);
      auto power = [&](Value x) { // of a number
        Value y = exp2(e, e.broadcast(e.mulf(e.subf(x, top), e.constantF32(log2e))));
        return mlir::vector::ExtractOp::create(e.builder, e.loc, y, ArrayRef<int64_t>{0})
            .getResult();
      };
      Value keep = power(maximum);
      inverse =
          arith::DivFOp::create(e.builder, e.loc, keep, e.addf(e.mulf(sum, keep), power(sink)));
      inverse = e.select(empty, e.constantF32(0), inverse);
    }
    inverse = e.broadcast(inverse);
    Value from = e.at(outputs, e.mul(row, vectors * 64));
    auto result = [&](Value at) { return e.mulf(e.load(e.at(from, at), e.floats(), 64), inverse); };
    e.loop(e.constant(0), e.constant(vectors), 1, [&](Value column) {
      Value at = e.mul(column, 64), to = e.at(out, at);
      if (tail)
        e.storeMasked(result(at), to, lanesOf(column), 4);
      else
        e.store(result(at), to, 4);
    });
  });
}

/// The query of a dot for a row and a member of the current group.
Value AttentionEmitter::queryAt(size_t dot, Value row, Value member) {
  const DotSpec &d = spec.dots[dot];
  Value index = d.query ? d.query(e, group, member) : e.add(e.mul(group, spec.members), member);
  return e.at(e.at(q[dot], e.mul(row, qStride[dot])), e.mul(index, d.width * 4));
}

/// `count` rows from `row` on (at most a tile), rowStep apart, for all members: those past the last
/// repeat it.
void AttentionEmitter::positions(Value row, Value count) {
  int height = queryTile();
  Value last = e.add(count, -1);
  start(height * spec.members);
  auto place = [&](Value i) { return e.add(row, e.mul(e.min(i, last), spec.rowStep())); };
  visit(e.add(position, row), e.add(position, place(last)), count, [&](const Tile &visited) {
    e.loop(e.constant(0), e.constant(spec.members), 1, [&](Value member) {
      Rows rows;
      for (size_t d = 0; d < spec.dots.size(); ++d) {
        rows.queries.emplace_back();
        for (int i = 0; i < height; ++i)
          rows.queries[d].push_back(queryAt(d, place(e.constant(i)), member));
      }
      rows.places = {e.add(position, row), e.constant(spec.rowStep()), last, member, e.constant(0)};
      rows.state = e.mul(member, height);
      tile(rows, visited);
    });
  });
  e.loop(e.constant(0), e.constant(spec.members), 1, [&](Value member) {
    Value head = e.mul(e.add(e.mul(group, spec.members), member), spec.value.width * 4);
    finish(
        e.mul(member, height), count,
        [&](Value i) { return QueryRow{e.add(position, place(i)), group, member, extra}; },
        [&](Value i) { return e.at(e.at(o, e.mul(place(i), oStride)), head); });
  });
}

/// One position: the members of the group are the rows, those past the last repeat it.
void AttentionEmitter::onePosition(Value row) {
  int64_t rounded = (spec.members + memberTile - 1) / memberTile * memberTile;
  start(rounded);
  Value absolute = e.add(position, row);
  Value head = e.mul(group, spec.members);
  auto member = [&](Value i) {
    return rounded == spec.members ? i : e.min(i, e.constant(spec.members - 1));
  };
  visit(absolute, absolute, e.constant(1), [&](const Tile &visited) {
    e.loop(e.constant(0), e.constant(rounded), memberTile, [&](Value first) {
      Rows rows;
      for (size_t d = 0; d < spec.dots.size(); ++d) {
        rows.queries.emplace_back();
        for (int i = 0; i < memberTile; ++i)
          rows.queries[d].push_back(queryAt(d, row, member(e.add(first, i))));
      }
      rows.places = {absolute, e.constant(0), e.constant(0), first, e.constant(1)};
      rows.state = first;
      tile(rows, visited);
    });
  });
  finish(
      e.constant(0), e.constant(spec.members),
      [&](Value i) { return QueryRow{absolute, group, i, extra}; },
      [&](Value i) {
        return e.at(e.at(o, e.mul(row, oStride)), e.mul(e.add(head, i), spec.value.width * 4));
      });
}

void AttentionEmitter::emit() {
  int height = queryTile();
  int64_t rows = height * spec.members + memberTile;
  probabilities = e.allocate(static_cast<int64_t>(spec.dots.size()) * height * keyTile * 4);
  factors = e.allocate(64);
  maxima = e.allocate(rows * 4);
  sums = e.allocate(rows * 64);
  outputs = e.allocate(rows * vectors * 64);
  for (const DotSpec &dot : spec.dots)
    turned.push_back(dot.asValue ? e.allocate(keyTile * dot.width * 4) : Value());
  e.loop(g0, g1, 1, [&](Value g) {
    group = g;
    auto cache = [&](Value base, const CacheSpec &of, Value capacity) {
      Value index = of.group ? of.group(e, g) : g;
      return e.at(base, e.mul(e.mul(index, capacity), of.keyBytes()));
    };
    keys.clear();
    for (size_t d = 0; d < spec.dots.size(); ++d)
      keys.push_back(cache(keyCaches[d], spec.dots[d], keyCapacities[d]));
    values = cache(valueCache, spec.value, valueCapacity);
    // Rows of a tile see the same residue of keys.
    int64_t step = spec.rowStep();
    e.loop(r0, e.min(r1, e.add(r0, step)), 1, [&](Value first) {
      e.loop(first, r1, height * step, [&](Value row) {
        Value left = e.div(e.add(e.sub(r1, row), step - 1), step);
        Value count = e.min(left, e.constant(height));
        e.ifElse(e.equal(count, 1), [&] { onePosition(row); }, [&] { positions(row, count); });
      });
    });
  });
}

func::FuncOp kernels::getOrCreateAttention(ModuleOp module, const Machine &machine,
                                           const AttentionSpec &spec) {
  std::string signature;
  for (size_t d = 0; d < spec.dots.size(); ++d)
    signature += "pipi";
  return Emitter::function(module, machine, spec.name, signature + "pipiiiiii" + spec.extra,
                           [&](Emitter &e, ArrayRef<Value> arguments) {
                             AttentionEmitter(module, e, spec, arguments).emit();
                           });
}
