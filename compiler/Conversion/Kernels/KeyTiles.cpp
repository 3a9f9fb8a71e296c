//===- KeyTiles.cpp - which tiles of keys queries see
//-------------------------------------------------===//
#include "Conversion/Kernels/KeyTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

/// Keys of a tile before a position that lies `difference` after its first one.
Value KeyTiles::ceilStep(Value difference) {
  Value n = e.max(difference, e.constant(0));
  if (spec.step != 1)
    n = e.div(e.add(n, spec.step - 1), spec.step);
  return e.min(n, e.constant(f.keyTile));
}

/// Of what a comparison asks of `count` queries, the first one at position `first`.
Bounds KeyTiles::queryBounds(const Comparison &comparison, Value first, Value count) {
  auto at = [&](Value i) {
    return comparison.query(
        e, QueryRow{e.add(first, e.mul(i, spec.rowStep())), f.group, e.constant(0), f.extra});
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
Bounds KeyTiles::keyBounds(const Comparison &comparison, const Tile &tile) {
  Value least = e.splatInt(INT32_MAX), most = e.splatInt(INT32_MIN);
  Value keys = e.addi(e.broadcast(e.truncate(tile.first, e.i32())), e.steps(spec.step));
  Values bounds =
      e.loop(e.constant(0), e.constant(f.keyTile), 16, {least, most},
             [&](Value index, ArrayRef<Value> carried) {
               auto spread = [&](Value x) { return e.broadcast(e.truncate(x, e.i32())); };
               Value lanes = e.addi(spread(index), e.laneNumbers());
               auto within = [&](arith::CmpIPredicate predicate, Value bound) -> Value {
                 return arith::CmpIOp::create(e.builder, e.loc, predicate, lanes, spread(bound));
               };
               Value there = e.andi(within(arith::CmpIPredicate::sge, tile.begin),
                                    within(arith::CmpIPredicate::slt, tile.end));
               Value x = comparison.key(e, QueryRow{tile.first, f.group, e.constant(0), f.extra},
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
std::pair<Value, Value> KeyTiles::compare(Comparison::Kind kind, Bounds key, Bounds query) {
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

std::optional<SeenKeys> KeyTiles::seenBy(Value first, Value count) {
  SeenKeys seen;
  Value last = e.add(first, e.mul(e.add(count, -1), spec.rowStep()));
  seen.ranges = spec.ranges(e, f.group, first, last, f.extra);
  if (seen.ranges.empty())
    return std::nullopt;
  seen.lo = seen.ranges.front().lo;
  seen.hi = seen.ranges.front().hi;
  for (const KeyRange &range : ArrayRef(seen.ranges).drop_front()) {
    seen.lo = e.min(seen.lo, range.lo);
    seen.hi = e.max(seen.hi, range.hi);
  }
  for (const Comparison &comparison : spec.comparisons)
    seen.asked.push_back(queryBounds(comparison, first, count));
  return seen;
}

/// What positions alone say of a tile; gives whether something is seen.
Value KeyTiles::clip(Tile &tile, const SeenKeys &seen) {
  tile.begin = ceilStep(e.sub(seen.lo, tile.first));
  tile.end = ceilStep(e.sub(seen.hi, tile.first));
  tile.full = Value();
  Value past = e.add(tile.first, (f.keyTile - 1) * spec.step + 1), some;
  for (const KeyRange &range : seen.ranges) {
    if (range.fullLo) {
      Value all = e.andi(e.lessEqual(range.fullLo, tile.first), e.lessEqual(past, range.fullHi));
      tile.full = tile.full ? e.ori(tile.full, all) : all;
    }
    Value any = e.andi(e.less(range.lo, past), e.less(tile.first, range.hi));
    some = some ? e.ori(some, any) : any;
  }
  return some;
}

/// What comparisons say; null without any.
Value KeyTiles::compareAll(Tile &tile, const SeenKeys &seen, ArrayRef<Bounds> keys) {
  Value possible;
  for (auto [comparison, query, key] : llvm::zip(spec.comparisons, seen.asked, keys)) {
    auto [some, all] = compare(comparison.kind, key, query);
    possible = possible ? e.andi(possible, some) : some;
    if (tile.full)
      tile.full = e.andi(tile.full, all);
  }
  return possible;
}

Value KeyTiles::narrow(Tile &tile, const SeenKeys &seen, ArrayRef<Bounds> keys) {
  Value some = clip(tile, seen);
  if (Value possible = compareAll(tile, seen, keys))
    some = e.andi(some, possible);
  if (tile.full) {
    Value no = arith::ConstantOp::create(e.builder, e.loc, e.builder.getBoolAttr(false));
    tile.careful = e.select(tile.full, no, tile.careful);
  }
  return some;
}

void KeyTiles::visit(const SeenKeys &seen, Value first,
                     llvm::function_ref<void(const Tile &, ArrayRef<Bounds>)> use) {
  // Keys of a residue lie together: a block of residueTile * step positions has some tiles for
  // each.
  const int64_t together = spec.step == 1 ? f.keyTile : residueTile;
  const int64_t span = together * spec.step, tiles = together / f.keyTile;
  Value residue = spec.residue ? spec.residue(e, first) : e.constant(0);
  // A mask that lets in only what lies far back has ends before the first position.
  Value end = e.max(seen.hi, e.constant(0));
  Value low = e.div(seen.lo, span), high = e.div(e.add(end, span - 1), span);
  e.loop(e.mul(low, tiles), e.mul(high, tiles), 1, [&](Value i) {
    Tile tile;
    Value origin = e.mul(e.div(i, tiles), span), before = e.mul(e.rem(i, tiles), f.keyTile);
    tile.slot = e.add(e.add(origin, e.mul(residue, together)), before);
    tile.first = e.add(e.add(origin, residue), e.mul(before, spec.step));
    Value some = clip(tile, seen);
    auto visitTile = [&] {
      llvm::SmallVector<Bounds> keys;
      for (const Comparison &comparison : spec.comparisons)
        keys.push_back(keyBounds(comparison, tile));
      if (Value possible = compareAll(tile, seen, keys))
        e.ifThen(possible, [&] { use(tile, keys); });
      else
        use(tile, keys);
    };
    // Between two ranges, or for a residue, there may be tiles that nobody sees.
    if (seen.ranges.size() == 1 && spec.step == 1)
      visitTile();
    else
      e.ifThen(some, visitTile);
  });
}

/// All values of it, in one order.
SmallVector<Value *> KeyTiles::valuesOf(SeenKeys &seen) {
  SmallVector<Value *> all = {&seen.lo, &seen.hi};
  for (KeyRange &range : seen.ranges) {
    all.append({&range.lo, &range.hi});
    if (range.fullLo)
      all.append({&range.fullLo, &range.fullHi});
  }
  for (Bounds &bounds : seen.asked)
    all.append({&bounds.first, &bounds.second});
  return all;
}

void KeyTiles::store(const SeenKeys &seen, Value at) {
  SeenKeys copy = seen;
  for (auto [i, value] : llvm::enumerate(valuesOf(copy)))
    e.store(*value, e.at(at, static_cast<int64_t>(i) * 8), 8);
}

SeenKeys KeyTiles::load(const SeenKeys &like, Value at) {
  SeenKeys result = like;
  for (auto [i, value] : llvm::enumerate(valuesOf(result)))
    *value = e.load(e.at(at, static_cast<int64_t>(i) * 8), value->getType(), 8);
  return result;
}
