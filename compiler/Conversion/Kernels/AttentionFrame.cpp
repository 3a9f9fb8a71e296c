//===- AttentionFrame.cpp
//-----------------------------------------------------------------------------===//
#include "Conversion/Kernels/AttentionFrame.h"
#include "Conversion/Kernels/Stored.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

AttentionFrame::AttentionFrame(Emitter &e, const AttentionSpec &spec, ArrayRef<Value> arguments)
    : e(e), spec(spec), height(queryTile(e.machine, spec)), parts(factorParts(e.machine, spec)),
      keyTile(tileKeys(e.machine, spec)), vectors((spec.value.width + 15) / 16),
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

void AttentionFrame::enterGroup(Value of) {
  group = of;
  auto cache = [&](Value base, const CacheSpec &cache, Value capacity) {
    Value index = cache.group ? cache.group(e, group) : group;
    return e.at(base, e.mul(e.mul(index, capacity), cache.keyBytes()));
  };
  keys.clear();
  for (size_t d = 0; d < spec.dots.size(); ++d)
    keys.push_back(cache(keyCaches[d], spec.dots[d], keyCapacities[d]));
  values = cache(valueCache, spec.value, valueCapacity);
}

/// Where a tile of keys begins in its cache; tiles do not wrap, for capacities are multiples of
/// them.
Value AttentionFrame::slot(const CacheSpec &cache, Value capacity, Value key) {
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

std::pair<Value, Value> AttentionFrame::halvesOf(const Tile &tile) const {
  if (keyTile == 32)
    return {e.constant(0), e.constant(1)};
  return {e.div(tile.begin, 32), e.div(e.add(tile.end, 31), 32)};
}

Value AttentionFrame::keysOf(size_t d, const Tile &tile) {
  const DotSpec &dot = spec.dots[d];
  return e.at(keys[d], e.mul(slot(dot, keyCapacities[d], tile.slot), dot.keyBytes()));
}

Value AttentionFrame::valuesOf(const Tile &tile) {
  return e.at(values, e.mul(slot(spec.value, valueCapacity, tile.slot), spec.value.keyBytes()));
}

/// The query of a dot for a row and a member of the current group.
Value AttentionFrame::queryAt(size_t d, Value row, Value member) {
  const DotSpec &dot = spec.dots[d];
  Value index = dot.query ? dot.query(e, group, member) : e.add(e.mul(group, spec.members), member);
  return e.at(e.at(q[d], e.mul(row, qStride[d])), e.mul(index, dot.width * 4));
}

Value AttentionFrame::lanesOf(Value column) {
  return e.lanesBelow(e.sub(e.constant(spec.value.width), e.mul(column, 16)));
}

int AttentionFrame::columns(int rows, int available) const {
  int registersPerVector = 16 / e.machine.lanes();
  int columns = 4;
  while (columns > 1 &&
         (columns > available ||
          (rows * columns + columns + 1) * registersPerVector > e.machine.vectorRegisters() - 2))
    columns /= 2;
  return columns;
}

Value TileProducts::loadValues(Value row, Value column) {
  int64_t bytes = spec.value.bytes();
  Value from = e.at(row, e.mul(column, 16 * bytes));
  return loadStored(e, from, spec.value.stored, static_cast<unsigned>(f.tail ? bytes : 16 * bytes),
                    f.tail ? f.lanesOf(column) : Value());
}

Value TileProducts::storedNotFinite(const Tile &tile, Value begin, Value end) {
  Value base = f.valuesOf(tile);
  Value sum = e.loop(begin, end, 1, {e.splat(0)}, [&](Value k, ArrayRef<Value> carried) {
    Value row = e.at(base, e.mul(k, spec.value.keyBytes()));
    return e.loop(e.constant(0), e.constant(f.vectors), 1, carried,
                  [&](Value column, ArrayRef<Value> carried) {
                    return Values{e.fma(loadValues(row, column), e.splat(0), carried[0])};
                  });
  })[0];
  return arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::UNO, e.reduceAdd(sum),
                               e.constantF32(0));
}
