//===- Attention.cpp - fused attention over caches of keys and values
//---------------------------===//
#include "Conversion/Kernels/Attention.h"
#include "Conversion/Kernels/Stored.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

namespace {

/// Rows of scores that go through a tile of keys together, in registers for the products.
struct Rows {
  llvm::SmallVector<Values, 1> queries;      ///< for each dot, pointers to its width of floats
  std::function<QueryRow(Value i)> describe; ///< row i (i64)
  Value state;                               ///< i64, the first row of the running state
  int count() const { return static_cast<int>(queries[0].size()); }
};

class AttentionEmitter {
public:
  AttentionEmitter(Emitter &e, const AttentionSpec &spec, ArrayRef<Value> arguments)
      : e(e), spec(spec), vectors((spec.value.width + 15) / 16),
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
  }

  void emit();

private:
  Emitter &e;
  const AttentionSpec &spec;
  Values q, qStride, keyCaches, keyCapacities; // of each dot
  Value valueCache, valueCapacity, o, oStride, position, r0, r1, g0, g1;
  ArrayRef<Value> extra;
  int64_t vectors;     ///< of 16 that hold a value
  int tail;            ///< components in the last of them, 0 if it is whole
  Values keys;         // of the current group, for each dot
  Value values, group; // of the current group
  // Scratch: scores and probabilities of a tile, rescale factors; running maximum, sums a lane,
  // weighted values.
  Value probabilities, factors, maxima, sums, outputs;
  Values turned; // for each dot, the tile of keys in lanes, if it lies otherwise

  int queryTile() const { return e.machine.avx512 ? 8 : e.machine.avx2 ? 6 : 2; }
  int columns(int rows, int available) const;
  Value valueMask();
  Value exp2(Value x);
  Value queryAt(size_t dot, Value row, Value member);
  /// Where a tile of keys begins in its cache; tiles do not wrap, for capacities are multiples of
  /// them.
  Value slot(const CacheSpec &cache, Value capacity, Value key) {
    return cache.ring ? arith::RemUIOp::create(e.builder, e.loc, key, capacity).getResult() : key;
  }
  void positions(Value row, Value count);
  void onePosition(Value row);
  void start(int64_t rows);
  void finish(Value first, Value count, llvm::function_ref<QueryRow(Value)> describe,
              llvm::function_ref<Value(Value)> output);
  void visit(Value first, Value last, llvm::function_ref<void(Value, KeyRange *)> tile);
  void tile(const Rows &rows, Value key, KeyRange *part);
  void turnKeys(size_t dot, Value key);
  void scores(size_t dot, const Rows &rows, Value key, Value begin, Value end);
  /// Scores of row i of dot d begin here, in a tile.
  int64_t scratch(size_t dot, int row) const {
    return (static_cast<int64_t>(dot) * queryTile() + row) * keyTile * 4;
  }
  void softmax(const Rows &rows, Value key, KeyRange *part);
  void addValues(const Rows &rows, Value key, Value begin, Value end, bool partial);
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

/// Lanes of the last vector of a value that exist.
Value AttentionEmitter::valueMask() {
  return arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::slt, e.laneNumbers(),
                               e.splatInt(tail));
}

/// 2^x for x <= 0, relative error below 1e-7; 2^-126 for less than that. x = n + r with |r| <= 1/2,
/// n goes to the exponent.
Value AttentionEmitter::exp2(Value x) {
  static const float coefficients[] = {1.54531629e-04F,
                                       1.33908634e-03F,
                                       9.61808256e-03F,
                                       5.55035711e-02F,
                                       2.40226508e-01F,
                                       6.93147188e-01F,
                                       1.0F};
  x = e.maxf(e.splat(-126), x);    // a NaN stays
  Value magic = e.splat(12582912); // 1.5 * 2^23: rounds to an integer in the low bits
  Value y = e.addf(x, magic), r = e.subf(x, e.subf(y, magic)), p = e.splat(coefficients[0]);
  for (int i = 1; i < 7; ++i)
    p = e.fma(p, r, e.splat(coefficients[i]));
  Value exponent = e.shiftLeft(e.bitcast(y, e.ints()), 23);
  return e.bitcast(e.addi(e.bitcast(p, e.ints()), exponent), e.floats());
}

/// Writes a tile of keys that lie one after the other so that 16 of them share a vector.
void AttentionEmitter::turnKeys(size_t dot, Value key) {
  const DotSpec &d = spec.dots[dot];
  Value base = e.at(keys[dot], e.mul(slot(d, keyCapacities[dot], key), d.keyBytes()));
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

/// Dot products of all rows with keys key + begin .. key + end of a tile (rounded out to whole
/// register tiles).
void AttentionEmitter::scores(size_t dot, const Rows &rows, Value key, Value begin, Value end) {
  int64_t width = spec.dots[dot].width;
  StateElement stored = turned[dot] ? StateElement::f32 : spec.dots[dot].stored;
  int64_t bytes = stored == StateElement::f32 ? 4 : 2;
  int n = columns(rows.count(), keyTile / 16), count = rows.count();
  Value base =
      turned[dot]
          ? turned[dot]
          : e.at(keys[dot], e.mul(slot(spec.dots[dot], keyCapacities[dot], key), width * bytes));
  e.loop(e.div(begin, 16 * n), e.div(e.add(end, 16 * n - 1), 16 * n), 1, [&](Value column) {
    Value block = e.at(base, e.mul(column, n * 16 * width * bytes));
    Values init(static_cast<size_t>(count) * n, e.splat(0));
    Values dots =
        e.loop(e.constant(0), e.constant(width), 1, init, [&](Value k, ArrayRef<Value> carried) {
          Values next(carried), w;
          for (int j = 0; j < n; ++j)
            w.push_back(loadStored(e,
                                   e.at(e.at(block, e.mul(k, 16 * bytes)), j * width * 16 * bytes),
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

/// Scores to probabilities relative to the running maximum, which moves; what a row does not see
/// becomes -1.
void AttentionEmitter::softmax(const Rows &rows, Value key, KeyRange *part) {
  constexpr int n = keyTile / 16;
  constexpr float log2e = 1.44269504F;
  Value firstKeys = e.addi(e.broadcast(e.truncate(key, e.i32())), e.laneNumbers());
  e.loop(e.constant(0), e.constant(rows.count()), 1, [&](Value i) {
    QueryRow row = rows.describe(i);
    Value p = e.at(probabilities, e.mul(i, keyTile * 4));
    Values scores(n), seen(n);
    Value top;
    for (int j = 0; j < n; ++j) {
      Value numbers = j ? e.addi(firstKeys, e.splatInt(16 * j)) : firstKeys;
      Values dots;
      for (size_t d = 0; d < spec.dots.size(); ++d)
        dots.push_back(e.load(e.at(p, scratch(d, 0) + 64 * j), e.floats(), 64));
      scores[j] = spec.score ? spec.score(e, dots, row, numbers) : dots[0];
      if (part) {
        auto compare = [&](arith::CmpIPredicate predicate, Value bound) -> Value {
          return arith::CmpIOp::create(e.builder, e.loc, predicate, numbers,
                                       e.broadcast(e.truncate(bound, e.i32())));
        };
        seen[j] = e.andi(compare(arith::CmpIPredicate::sge, part->lo),
                         compare(arith::CmpIPredicate::slt, part->hi));
        if (spec.mask)
          seen[j] = e.andi(seen[j], spec.mask(e, row, numbers));
        scores[j] = e.select(seen[j], scores[j], e.splat(-1e30F));
      }
      top = top ? e.maxf(top, scores[j]) : scores[j];
    }
    Value stateRow = e.add(rows.state, i);
    Value maximumAt = e.at(maxima, e.mul(stateRow, 4)), sumAt = e.at(sums, e.mul(stateRow, 64));
    Value old = e.load(maximumAt, e.f32(), 4), maximum = e.maxf(e.reduceMax(top), old);
    e.store(maximum, maximumAt, 4);
    // Exactly 1 where the maximum stays.
    Value factor = exp2(e.broadcast(e.mulf(e.subf(old, maximum), e.constantF32(log2e))));
    e.store(factor, e.at(factors, e.mul(i, 64)), 64);
    Value sum = e.mulf(e.load(sumAt, e.floats(), 64), factor), shift = e.broadcast(maximum);
    for (int j = 0; j < n; ++j) {
      Value x = exp2(e.mulf(e.subf(scores[j], shift), e.splat(log2e)));
      sum = e.addf(sum, part ? e.select(seen[j], x, e.splat(0)) : x);
      e.store(part ? e.select(seen[j], x, e.splat(-1)) : x, e.at(p, 64 * j), 64);
    }
    e.store(sum, sumAt, 64);
  });
}

/// Rescales the outputs and adds the values of keys key + begin .. key + end, weighted.
void AttentionEmitter::addValues(const Rows &rows, Value key, Value begin, Value end,
                                 bool partial) {
  int count = rows.count();
  int64_t vectorBytes = 16 * spec.value.bytes();
  auto alignment = static_cast<unsigned>(tail ? spec.value.bytes() : vectorBytes);
  Value base = e.at(values, e.mul(slot(spec.value, valueCapacity, key), spec.value.keyBytes()));
  auto columnsOf = [&](Value first, int n, bool lastIsShort) {
    Values at(count), init;
    for (int i = 0; i < count; ++i) {
      at[i] = e.at(e.at(outputs, e.mul(e.add(rows.state, i), vectors * 64)), e.mul(first, 64));
      Value factor = e.load(e.at(factors, 64 * i), e.floats(), 64);
      for (int j = 0; j < n; ++j)
        init.push_back(e.mulf(e.load(e.at(at[i], 64 * j), e.floats(), 64), factor));
    }
    Value column = e.at(base, e.mul(first, vectorBytes));
    Values added = e.loop(begin, end, 1, init, [&](Value k, ArrayRef<Value> carried) {
      Values next(carried), w;
      Value from = e.at(column, e.mul(k, spec.value.keyBytes()));
      for (int j = 0; j < n; ++j)
        w.push_back(loadStored(e, e.at(from, vectorBytes * j), spec.value.stored, alignment,
                               lastIsShort && j == n - 1 ? valueMask() : Value()));
      for (int i = 0; i < count; ++i) {
        Value p = e.load(e.at(e.at(probabilities, e.mul(k, 4)), i * keyTile * 4), e.f32(), 4);
        Value x = e.broadcast(p), hidden;
        if (partial) // not 0 * value: the value of a key that is not seen may be anything
          hidden =
              arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OLT, x, e.splat(0));
        for (int j = 0; j < n; ++j) {
          Value sum = e.fma(x, w[j], carried[i * n + j]);
          next[i * n + j] = partial ? e.select(hidden, carried[i * n + j], sum) : sum;
        }
      }
      return next;
    });
    for (int i = 0; i < count; ++i)
      for (int j = 0; j < n; ++j)
        e.store(added[i * n + j], e.at(at[i], 64 * j), 64);
  };
  int64_t whole = vectors - (tail ? 1 : 0);
  int n = columns(count, static_cast<int>(std::max<int64_t>(whole, 1)));
  int64_t stop = whole / n * n;
  if (stop)
    e.loop(e.constant(0), e.constant(stop), n, [&](Value first) { columnsOf(first, n, false); });
  if (stop < whole)
    e.loop(e.constant(stop), e.constant(whole), 1,
           [&](Value first) { columnsOf(first, 1, false); });
  if (tail)
    columnsOf(e.constant(whole), 1, true);
}

void AttentionEmitter::tile(const Rows &rows, Value key, KeyRange *part) {
  Value begin = e.constant(0), end = e.constant(keyTile);
  if (part) {
    begin = e.max(e.sub(part->lo, key), begin);
    end = e.min(e.sub(part->hi, key), end);
  }
  for (size_t d = 0; d < spec.dots.size(); ++d)
    scores(d, rows, key, begin, end);
  softmax(rows, key, part);
  addValues(rows, key, begin, end, part != nullptr);
}

/// Calls `tile` in a loop over the tiles of keys that queries at first .. last see, once for full
/// tiles and once for others.
void AttentionEmitter::visit(Value first, Value last,
                             llvm::function_ref<void(Value, KeyRange *)> tile) {
  llvm::SmallVector<KeyRange> ranges = spec.ranges(e, first, last, extra);
  if (ranges.empty())
    return;
  KeyRange hull = ranges.front();
  for (const KeyRange &range : llvm::drop_begin(ranges)) {
    hull.lo = e.min(hull.lo, range.lo);
    hull.hi = e.max(hull.hi, range.hi);
  }
  e.loop(e.div(hull.lo, keyTile), e.div(e.add(hull.hi, keyTile - 1), keyTile), 1, [&](Value block) {
    Value key = e.mul(block, keyTile), end = e.add(key, keyTile);
    Value full, some;
    for (const KeyRange &range : ranges) {
      Value all = e.andi(e.lessEqual(range.fullLo, key), e.lessEqual(end, range.fullHi));
      Value any = e.andi(e.less(range.lo, end), e.less(key, range.hi));
      full = full ? e.ori(full, all) : all;
      some = some ? e.ori(some, any) : any;
    }
    auto visitTile = [&] {
      for (size_t d = 0; d < spec.dots.size(); ++d)
        if (turned[d])
          turnKeys(d, key);
      e.ifElse(full, [&] { tile(key, nullptr); }, [&] { tile(key, &hull); });
    };
    // Between two ranges there may be tiles that nobody sees.
    if (ranges.size() == 1)
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
      constexpr float log2e = 1.44269504F;
      Value maximum = e.load(e.at(maxima, e.mul(row, 4)), e.f32(), 4);
      Value sink = spec.sink(e, describe(i)), top = e.maxf(maximum, sink);
      auto power = [&](Value x) { // of a number
        Value y = exp2(e.broadcast(e.mulf(e.subf(x, top), e.constantF32(log2e))));
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
    int64_t whole = vectors - (tail ? 1 : 0);
    e.loop(e.constant(0), e.constant(whole), 1, [&](Value j) {
      Value at = e.mul(j, 64);
      e.store(result(at), e.at(out, at), 4);
    });
    if (tail) {
      Value at = e.constant(whole * 64);
      e.storeMasked(result(at), e.at(out, at), valueMask(), 4);
    }
  });
}

/// The query of a dot for a row and a member of the current group.
Value AttentionEmitter::queryAt(size_t dot, Value row, Value member) {
  const DotSpec &d = spec.dots[dot];
  Value index = d.query ? d.query(e, group, member) : e.add(e.mul(group, spec.members), member);
  return e.at(e.at(q[dot], e.mul(row, qStride[dot])), e.mul(index, d.width * 4));
}

/// Rows row .. row + count (at most a tile) for all members: those past the last repeat it.
void AttentionEmitter::positions(Value row, Value count) {
  int height = queryTile();
  Value last = e.add(count, -1);
  start(height * spec.members);
  auto place = [&](Value i) { return e.add(row, e.min(i, last)); };
  visit(e.add(position, row), e.add(position, e.add(row, last)), [&](Value key, KeyRange *part) {
    e.loop(e.constant(0), e.constant(spec.members), 1, [&](Value member) {
      Rows rows;
      for (size_t d = 0; d < spec.dots.size(); ++d) {
        rows.queries.emplace_back();
        for (int i = 0; i < height; ++i)
          rows.queries[d].push_back(queryAt(d, place(e.constant(i)), member));
      }
      rows.describe = [&](Value i) {
        return QueryRow{e.add(position, place(i)), group, member, extra};
      };
      rows.state = e.mul(member, height);
      tile(rows, key, part);
    });
  });
  e.loop(e.constant(0), e.constant(spec.members), 1, [&](Value member) {
    Value head = e.mul(e.add(e.mul(group, spec.members), member), spec.value.width * 4);
    finish(
        e.mul(member, height), count,
        [&](Value i) { return QueryRow{e.add(position, e.add(row, i)), group, member, extra}; },
        [&](Value i) { return e.at(e.at(o, e.mul(e.add(row, i), oStride)), head); });
  });
}

/// One position: the members of the group are the rows.
void AttentionEmitter::onePosition(Value row) {
  start(spec.members);
  int64_t height = std::min<int64_t>(spec.members, queryTile());
  Value absolute = e.add(position, row);
  Value head = e.mul(group, spec.members);
  visit(absolute, absolute, [&](Value key, KeyRange *part) {
    auto some = [&](Value first, int count) {
      Rows rows;
      for (size_t d = 0; d < spec.dots.size(); ++d) {
        rows.queries.emplace_back();
        for (int i = 0; i < count; ++i)
          rows.queries[d].push_back(queryAt(d, row, e.add(first, i)));
      }
      rows.describe = [&](Value i) { return QueryRow{absolute, group, e.add(first, i), extra}; };
      rows.state = first;
      tile(rows, key, part);
    };
    int64_t stop = spec.members / height * height;
    e.loop(e.constant(0), e.constant(stop), height,
           [&](Value first) { some(first, static_cast<int>(height)); });
    if (stop < spec.members)
      some(e.constant(stop), static_cast<int>(spec.members - stop));
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
  int64_t rows = std::max<int64_t>(height * spec.members, 1);
  probabilities = e.allocate(static_cast<int64_t>(spec.dots.size()) * height * keyTile * 4);
  factors = e.allocate(height * 64);
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
    e.loop(r0, r1, height, [&](Value row) {
      Value count = e.min(e.sub(r1, row), e.constant(height));
      e.ifElse(e.equal(count, 1), [&] { onePosition(row); }, [&] { positions(row, count); });
    });
  });
}

func::FuncOp kernels::getOrCreateAttention(ModuleOp module, const Machine &machine,
                                           const AttentionSpec &spec) {
  std::string signature;
  for (size_t d = 0; d < spec.dots.size(); ++d)
    signature += "pipi";
  return Emitter::function(
      module, machine, spec.name, signature + "pipiiiiii" + spec.extra,
      [&](Emitter &e, ArrayRef<Value> arguments) { AttentionEmitter(e, spec, arguments).emit(); });
}
