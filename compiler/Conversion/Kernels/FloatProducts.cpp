//===- FloatProducts.cpp - the products of an attention in f32
//-----------------------------------------===//
// One chain of fused multiply-adds for each score and each component of an output.
#include "Conversion/Kernels/AttentionFrame.h"
#include "Conversion/Kernels/Stored.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

namespace {

class FloatProducts : public TileProducts {
public:
  using TileProducts::TileProducts;

  void enter(int64_t) override {
    for (const DotSpec &dot : spec.dots)
      turned.push_back(dot.asValue ? e.allocate(f.keyTile * dot.width * 4) : Value());
  }
  void beginTile(const Tile &tile, bool /*shared*/) override {
    for (size_t d = 0; d < spec.dots.size(); ++d)
      if (turned[d])
        turnKeys(d, tile);
  }
  Value notFinite(const Tile &tile) override { return storedNotFinite(tile, tile.begin, tile.end); }
  void products(const Rows &rows, const Tile &tile) override {
    for (size_t d = 0; d < spec.dots.size(); ++d)
      products(d, rows, tile);
  }
  void addValues(const Rows &rows, const Tile &tile, Value weights) override;
  void addValuesCarefully(const Rows &rows, const Tile &tile) override;

private:
  void turnKeys(size_t d, const Tile &tile);
  void products(size_t d, const Rows &rows, const Tile &tile);
  Value rescaled(Value at, Value i);

  Values turned; // for each dot, the tile of keys in lanes, if it lies otherwise
};

} // namespace

std::unique_ptr<TileProducts> kernels::makeFloatProducts(AttentionFrame &f) {
  return std::make_unique<FloatProducts>(f);
}

/// Writes a tile of keys that lie one after the other so that 16 of them share a vector.
void FloatProducts::turnKeys(size_t d, const Tile &tile) {
  const DotSpec &dot = spec.dots[d];
  Value base = f.keysOf(d, tile);
  auto square = [&](Value block, Value first, int count) { // of 16 keys, `count` components
    Value from = e.at(e.at(base, e.mul(block, 16 * dot.keyBytes())), e.mul(first, dot.bytes()));
    Value exist = count < 16 ? e.lanesBelow(e.constant(count)) : Value();
    Values rows(16);
    for (int i = 0; i < 16; ++i) {
      rows[i] = loadStored(e, e.at(from, i * dot.keyBytes()), dot.stored,
                           static_cast<unsigned>(dot.bytes()), exist);
    }
    e.transpose(rows);
    Value to = e.at(e.at(turned[d], e.mul(block, 16 * dot.width * 4)), e.mul(first, 64));
    for (int i = 0; i < count; ++i)
      e.store(rows[i], e.at(to, 64 * i), 64);
  };
  int64_t whole = dot.width / 16 * 16;
  e.loop(e.constant(0), e.constant(f.keyTile / 16), 1, [&](Value block) {
    if (whole)
      e.loop(e.constant(0), e.constant(whole), 16, [&](Value first) { square(block, first, 16); });
    if (whole < dot.width)
      square(block, e.constant(whole), static_cast<int>(dot.width - whole));
  });
}

void FloatProducts::products(size_t d, const Rows &rows, const Tile &tile) {
  int64_t width = spec.dots[d].width;
  StateElement stored = turned[d] ? StateElement::f32 : spec.dots[d].stored;
  int64_t bytes = stored == StateElement::f32 ? 4 : 2;
  int count = rows.count();
  Value base = turned[d] ? turned[d] : f.keysOf(d, tile);
  auto blocks = [&](int n) { // of n vectors of keys
    Value from = e.div(tile.begin, 16 * n), to = e.div(e.add(tile.end, 16 * n - 1), 16 * n);
    e.loop(from, to, 1, [&](Value column) {
      Value block = e.at(base, e.mul(column, n * 16 * width * bytes));
      Values init(static_cast<size_t>(count) * n, e.splat(0));
      Values dots =
          e.loop(e.constant(0), e.constant(width), 1, init, [&](Value k, ArrayRef<Value> carried) {
            Values next(carried), w;
            for (int j = 0; j < n; ++j)
              w.push_back(
                  loadStored(e, e.at(e.at(block, e.mul(k, 16 * bytes)), j * width * 16 * bytes),
                             stored, static_cast<unsigned>(16 * bytes)));
            for (int i = 0; i < count; ++i) {
              Value x = e.broadcast(e.load(e.at(rows.queries[d][i], e.mul(k, 4)), e.f32(), 4));
              for (int j = 0; j < n; ++j)
                next[i * n + j] = e.fma(x, w[j], carried[i * n + j]);
            }
            return next;
          });
      Value out = e.at(f.scores, e.mul(column, n * 64));
      for (int i = 0; i < count; ++i)
        for (int j = 0; j < n; ++j)
          e.store(dots[i * n + j], e.at(out, f.scoresAt(d, i) + j * 64), 64);
    });
  };
  int n = f.columns(count, f.keyTile / 16);
  if (n == f.keyTile / 16) {
    Value half = e.ori(e.lessEqual(tile.end, e.constant(f.keyTile / 2)),
                       e.lessEqual(e.constant(f.keyTile / 2), tile.begin));
    e.ifElse(half, [&] { blocks(n / 2); }, [&] { blocks(n); });
  } else {
    blocks(n);
  }
}

/// 16 floats at `at`, which belong to row i of the tile, relative to the new maximum.
Value FloatProducts::rescaled(Value at, Value i) {
  Value factor = e.broadcast(e.load(e.at(f.factors, e.mul(i, 4)), e.f32(), 4));
  return e.mulf(e.load(at, e.floats(), 64), factor);
}

void FloatProducts::addValues(const Rows &rows, const Tile &tile, Value weights) {
  int count = rows.count();
  int64_t vectorBytes = 16 * spec.value.bytes();
  auto alignment = static_cast<unsigned>(f.tail ? spec.value.bytes() : vectorBytes);
  Value base = f.valuesOf(tile);
  auto columnsOf = [&](Value first, int n, Value lanes) { // `lanes`: of the only column
    Values at(count), init;
    for (int i = 0; i < count; ++i) {
      at[i] = e.at(f.outputsAt(e.add(rows.state, i)), e.mul(first, 64));
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
        Value p = e.load(e.at(e.at(weights, e.mul(k, 4)), i * f.keyTile * 4), e.f32(), 4);
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
  int64_t whole = f.vectors - (f.tail ? 1 : 0);
  int n = f.columns(count, static_cast<int>(std::max<int64_t>(whole, 1)));
  int64_t stop = whole / n * n;
  if (stop)
    e.loop(e.constant(0), e.constant(stop), n, [&](Value first) { columnsOf(first, n, Value()); });
  if (stop < f.vectors)
    e.loop(e.constant(stop), e.constant(f.vectors), 1,
           [&](Value first) { columnsOf(first, 1, f.tail ? f.lanesOf(first) : Value()); });
}

void FloatProducts::addValuesCarefully(const Rows &rows, const Tile &tile) {
  Value base = f.valuesOf(tile);
  e.loop(e.constant(0), e.constant(rows.count()), 1, [&](Value i) {
    Value row = f.outputsAt(e.add(rows.state, i));
    Value p = e.at(f.weights, e.mul(i, f.keyTile * 4));
    e.loop(e.constant(0), e.constant(f.vectors), 1, [&](Value column) {
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
