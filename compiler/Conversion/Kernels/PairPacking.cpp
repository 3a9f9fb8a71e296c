//===- PairPacking.cpp - keys and values to pairs of numbers in bf16
//----------------------------------===//
#include "Conversion/Kernels/PairProducts.h"
#include "Conversion/Kernels/Pairs.h"
#include "Conversion/Kernels/Stored.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

/// 16 stored numbers, as the parts that are multiplied.
Values PairPacking::loadParts(Value pointer, const CacheSpec &cache, int64_t alignment,
                              Value mask) {
  auto known = static_cast<unsigned>(alignment);
  if (layout.parts(cache) == 1)
    return {loadRounded(e, pointer, cache.stored, known, mask)};
  return toParts(e, loadStored(e, pointer, cache.stored, known, mask), layout.parts(cache));
}

Values PairPacking::interleaveParts(const Values &low, const Values &high) {
  Values pairs;
  for (auto [a, b] : llvm::zip(low, high))
    pairs.push_back(interleave(e, a, b));
  return pairs;
}

void PairPacking::storeParts(const Values &parts, Value to, int64_t partBytes) {
  for (auto [part, numbers] : llvm::enumerate(parts))
    e.store(numbers, e.at(to, static_cast<int64_t>(part) * partBytes), 64);
}

void PairPacking::loop(int64_t count, Between between, llvm::function_ref<void(Value)> body) {
  if (!between)
    return e.loop(e.constant(0), e.constant(count), 1, body);
  for (int64_t piece = 0; piece < pieces; ++piece) {
    between();
    int64_t begin = count * piece / pieces, end = count * (piece + 1) / pieces;
    if (begin < end)
      e.loop(e.constant(begin), e.constant(end), 1, body);
  }
}

void PairPacking::keys(size_t d, Value from, Value to, int64_t partBytes, Between between) {
  if (!f.spec.dots[d].asValue)
    return keysInLanes(d, from, to, partBytes, between);
  for (int64_t piece = 0; between && piece < pieces; ++piece)
    between();
  keysInRows(d, from, to, partBytes);
}

/// Two components of keys become pairs.
void PairPacking::keysInLanes(size_t d, Value from, Value to, int64_t partBytes, Between between) {
  const DotSpec &dot = f.spec.dots[d];
  int64_t bytes = 16 * dot.bytes();
  loop(dot.width / 2, between, [&](Value pair) {
    Value at = e.at(from, e.mul(pair, 2 * bytes));
    e.prefetch(e.at(at, layout.keyTile * dot.width * dot.bytes()));
    storeParts(interleaveParts(loadParts(at, dot, bytes), loadParts(e.at(at, bytes), dot, bytes)),
               e.at(to, e.mul(pair, 64)), partBytes);
  });
  if (dot.width % 2) {
    Values last = loadParts(e.at(from, (dot.width - 1) * bytes), dot, bytes);
    for (Value &numbers : last)
      numbers = e.extendUnsigned(numbers, e.ints());
    storeParts(last, e.at(to, dot.width / 2 * 64), partBytes);
  }
}

/// Keys one after the other: 16 pairs of 16 keys change places.
void PairPacking::keysInRows(size_t d, Value from, Value to, int64_t partBytes) {
  const DotSpec &dot = f.spec.dots[d];
  llvm::SmallVector<int64_t> both(32);
  std::iota(both.begin(), both.end(), 0);
  auto square = [&](Value first, bool whole) { // components
    auto half = [&](Value row, int64_t at) {
      Value left = e.sub(e.constant(dot.width - at), first);
      return loadParts(e.at(row, at * dot.bytes()), dot, dot.bytes(),
                       whole ? Value() : e.lanesBelow(left));
    };
    llvm::SmallVector<Values> squares(layout.parts(dot));
    for (int i = 0; i < 16; ++i) {
      Value row = e.at(e.at(from, e.mul(first, dot.bytes())), i * dot.keyBytes());
      for (auto [rows, low, high] : llvm::zip(squares, half(row, 0), half(row, 16)))
        rows.push_back(e.bitcast(mlir::vector::ShuffleOp::create(e.builder, e.loc, low, high, both),
                                 e.ints()));
    }
    Value there = e.at(to, e.mul(first, 32));
    for (auto [part, rows] : llvm::enumerate(squares)) {
      e.transpose(rows);
      for (int i = 0; i < 16; ++i)
        e.store(rows[i], e.at(there, static_cast<int64_t>(part) * partBytes + 64 * i), 64);
    }
  };
  int64_t whole = dot.width / 32 * 32;
  if (whole)
    e.loop(e.constant(0), e.constant(whole), 32, [&](Value first) { square(first, true); });
  if (whole < dot.width)
    square(e.constant(whole), false);
}

/// The same component of two values becomes a pair.
void PairPacking::values(Value base, Value to, Between between) {
  const CacheSpec &value = f.spec.value;
  const int64_t bytes = value.bytes(), columnBytes = layout.keyPairs * 64;
  const int64_t apart = layout.factors == 1 ? 1 : 16;
  loop(layout.keyPairs, between, [&](Value pair) {
    Value key = e.add(e.mul(e.div(pair, apart), 2 * apart), e.rem(pair, apart));
    Value from = e.at(base, e.mul(key, value.keyBytes()));
    for (int64_t ahead = 0; ahead < value.keyBytes(); ahead += 64)
      for (int64_t row : {int64_t(0), apart})
        e.prefetch(e.at(from, (layout.keyTile + row) * value.keyBytes() + ahead));
    auto pack = [&](Value column, Value exist) {
      auto load = [&](Value row) {
        return loadParts(e.at(row, e.mul(column, 16 * bytes)), value, f.tail ? bytes : 16 * bytes,
                         exist);
      };
      storeParts(interleaveParts(load(from), load(e.at(from, apart * value.keyBytes()))),
                 e.at(e.at(to, e.mul(pair, 64)), e.mul(column, columnBytes)),
                 layout.valuePartBytes());
    };
    e.loop(e.constant(0), e.constant(f.vectors), 1,
           [&](Value column) { pack(column, f.tail ? f.lanesOf(column) : Value()); });
  });
}
