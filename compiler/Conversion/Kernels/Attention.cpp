//===- Attention.cpp - fused attention over caches of keys and values
//---------------------------===//
#include "Conversion/Kernels/Attention.h"
#include "Conversion/Kernels/KeyTiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

namespace {

class AttentionEmitter {
public:
  AttentionEmitter(ModuleOp module, Emitter &e, const AttentionSpec &spec,
                   ArrayRef<Value> arguments)
      : module(module), e(e), spec(spec), f(e, spec, arguments), keyTiles(f),
        products(f.parts ? makePairProducts(f) : makeFloatProducts(f)),
        block(rowsOfBlock(e.machine, spec)) {
    memberTile = static_cast<int>(std::min<int64_t>(spec.members, f.height));
    if (f.parts == 0) { // of equal height
      int64_t tiles = (spec.members + f.height - 1) / f.height;
      memberTile = static_cast<int>((spec.members + tiles - 1) / tiles);
    }
  }

  void emit();

private:
  ModuleOp module;
  Emitter &e;
  const AttentionSpec &spec;
  AttentionFrame f;
  KeyTiles keyTiles;
  std::unique_ptr<TileProducts> products;
  int64_t block;  ///< positions that go through the keys together, at most
  int memberTile; ///< rows of a tile at one position
  Value table;    ///< what each tile of rows sees
  /// Tiles of rows that see a whole tile of keys, and those that see some of it: how many, and for
  /// each its number, and where what it sees begins and ends.
  struct List {
    Value count, entries;
  };
  List whole, some;

  void positions(Value row, Value count);
  void onePosition(Value row);
  void start(Value rows);
  void finish(Value row, const QueryRow &query, Value out);
  void through(const Rows &rows, const Tile &tile);
  Value resultAt(Value row, Value member) {
    Value head = e.add(e.mul(f.group, spec.members), member);
    return e.at(e.at(f.o, e.mul(row, f.oStride)), e.mul(head, spec.value.width * 4));
  }
  void softmax(const Rows &rows, const Tile &tile, TileKind kind, Value scores, Value weights,
               ArrayRef<Value> beside = {});
  void throughAll(const List &list, TileKind kind, const Tile &tile,
                  llvm::function_ref<Rows(Value rowTile, Value member)> rowsOf);
  void append(const List &list, Value rowTile, const Tile &tile);
  void visit(const SeenKeys &seen, Value first, bool shared,
             llvm::function_ref<void(const Tile &, ArrayRef<Bounds>)> use);
};

} // namespace

void AttentionEmitter::softmax(const Rows &rows, const Tile &tile, TileKind kind, Value scores,
                               Value weights, ArrayRef<Value> beside) {
  Values arguments = {scores,
                      weights,
                      f.factors,
                      e.at(f.maxima, e.mul(rows.state, 4)),
                      e.at(f.sums, e.mul(rows.state, 64)),
                      rows.exist,
                      tile.first,
                      tile.begin,
                      tile.end,
                      f.group,
                      rows.places.position,
                      rows.places.positionStep,
                      rows.places.lastRow,
                      rows.places.member,
                      rows.places.memberStep};
  llvm::append_range(arguments, f.extra);
  llvm::append_range(arguments, beside);
  func::FuncOp function = getOrCreateTileSoftmax(module, e.machine, spec, kind);
  func::CallOp::create(e.builder, e.loc, function, arguments);
}

void AttentionEmitter::through(const Rows &rows, const Tile &tile) {
  products->products(rows, tile);
  auto partial = [&] { softmax(rows, tile, TileKind::partial, f.scores, f.weights); };
  if (tile.full)
    e.ifElse(tile.full, [&] { softmax(rows, tile, TileKind::full, f.scores, f.weights); }, partial);
  else
    partial();
  e.ifElse(
      tile.careful, [&] { products->addValuesCarefully(rows, tile); },
      [&] { products->addValues(rows, tile, f.weights); });
}

void AttentionEmitter::append(const List &list, Value rowTile, const Tile &tile) {
  Value count = e.load(list.count, e.i64(), 8), at = e.at(list.entries, e.mul(count, 24));
  e.store(rowTile, at, 8);
  e.store(tile.begin, e.at(at, 8), 8);
  e.store(tile.end, e.at(at, 16), 8);
  e.store(e.add(count, 1), list.count, 8);
}

/// The tiles of rows of a list, for each member.  Beside the softmax of one the values are added
/// for the one before it, and the dot products computed of the one after it.
void AttentionEmitter::throughAll(const List &list, TileKind kind, const Tile &visited,
                                  llvm::function_ref<Rows(Value rowTile, Value member)> rowsOf) {
  Value count = e.mul(e.load(list.count, e.i64(), 8), spec.members);
  Value zero = e.constant(0), last = e.add(count, -1);
  auto entry = [&](Value i) {
    Value at = e.at(list.entries, e.mul(e.div(i, spec.members), 24));
    Tile tile = visited;
    if (isPartial(kind)) {
      tile.begin = e.load(e.at(at, 8), e.i64(), 8);
      tile.end = e.load(e.at(at, 16), e.i64(), 8);
    } else {
      tile.begin = zero, tile.end = e.constant(f.keyTile);
    }
    return std::pair(rowsOf(e.load(at, e.i64(), 8), e.rem(i, spec.members)), tile);
  };
  auto scoresOf = [&](Value i) { return e.at(f.scores, e.mul(e.rem(i, 2), f.scoreBytes())); };
  auto weightsOf = [&](Value i) { return e.at(f.weights, e.mul(e.rem(i, 2), f.weightBytes())); };
  e.ifThen(e.less(zero, count), [&] {
    auto [rows, tile] = entry(zero);
    products->products(rows, tile);
    e.loop(zero, count, 1, [&](Value i) {
      auto [rows, tile] = entry(i);
      auto [before, tileBefore] = entry(e.max(e.add(i, -1), zero));
      auto [after, tileAfter] = entry(e.min(e.add(i, 1), last));
      Value notFirst = e.less(zero, i), notLast = e.less(i, last);
      e.ifThen(notFirst, [&, &before = before] { products->rescale(before); });
      Values beside =
          products->beside(before, weightsOf(e.add(i, 1)), after, scoresOf(e.add(i, 1)));
      llvm::append_values(beside, tileBefore.begin, e.select(notFirst, tileBefore.end, zero),
                          tileAfter.begin, e.select(notLast, tileAfter.end, zero));
      softmax(rows, tile, kind, scoresOf(i), weightsOf(i), beside);
    });
    std::tie(rows, tile) = entry(last);
    products->addValues(rows, tile, weightsOf(last));
  });
}

/// Tiles of keys, prepared.
void AttentionEmitter::visit(const SeenKeys &seen, Value first, bool shared,
                             llvm::function_ref<void(const Tile &, ArrayRef<Bounds>)> use) {
  keyTiles.visit(seen, first, [&](Tile tile, ArrayRef<Bounds> keys) {
    products->beginTile(tile, shared);
    Value no = arith::ConstantOp::create(e.builder, e.loc, e.builder.getBoolAttr(false));
    tile.careful = tile.full ? e.when(tile.full, no, [&] { return products->notFinite(tile); })
                             : products->notFinite(tile);
    use(tile, keys);
  });
}

void AttentionEmitter::start(Value rows) {
  e.loop(e.constant(0), rows, 1, [&](Value row) {
    e.store(e.constantF32(-1e30F), e.at(f.maxima, e.mul(row, 4)), 4);
    e.store(e.splat(0), e.at(f.sums, e.mul(row, 64)), 64);
    e.loop(e.constant(0), e.constant(f.vectors), 1,
           [&](Value j) { e.store(e.splat(0), e.at(f.outputsAt(row), e.mul(j, 64)), 64); });
  });
}

/// Divides row `row` of the state by its sum, to `out`.
void AttentionEmitter::finish(Value row, const QueryRow &query, Value out) {
  Value sum = e.reduceAdd(e.load(e.at(f.sums, e.mul(row, 64)), e.floats(), 64));
  Value inverse = arith::DivFOp::create(e.builder, e.loc, e.constantF32(1), sum);
  Value empty =
      arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OEQ, sum, e.constantF32(0));
  inverse = e.select(empty, e.constantF32(0), inverse);
  if (spec.sink) { // the sum and the outputs are relative to the maximum of the keys
    Value maximum = e.load(e.at(f.maxima, e.mul(row, 4)), e.f32(), 4);
    Value sink = e.mulf(spec.sink(e, query), e.constantF32(log2e)), top = e.maxf(maximum, sink);
    auto power = [&](Value x) { // of a number
      Value y = exp2(e, e.broadcast(e.subf(x, top)));
      return mlir::vector::ExtractOp::create(e.builder, e.loc, y, ArrayRef<int64_t>{0}).getResult();
    };
    Value keep = power(maximum);
    inverse = arith::DivFOp::create(e.builder, e.loc, keep, e.addf(e.mulf(sum, keep), power(sink)));
    inverse = e.select(empty, e.constantF32(0), inverse);
  }
  inverse = e.broadcast(inverse);
  Value from = f.outputsAt(row);
  auto result = [&](Value at) { return e.mulf(e.load(e.at(from, at), e.floats(), 64), inverse); };
  e.loop(e.constant(0), e.constant(f.vectors), 1, [&](Value column) {
    Value at = e.mul(column, 64), to = e.at(out, at);
    if (f.tail)
      e.storeMasked(result(at), to, f.lanesOf(column), 4);
    else
      e.store(result(at), to, 4);
  });
}

/// `count` rows from `row` on (at most a block), rowStep apart, for all members.  They go through
/// the keys together, so that these come from far away once; in tiles of rows, each of which skips
/// the tiles of keys that it does not see.
void AttentionEmitter::positions(Value row, Value count) {
  int height = f.height;
  Value rowTiles = e.div(e.add(count, height - 1), height), absolute = e.add(f.position, row);
  start(e.mul(rowTiles, height * spec.members));
  auto distance = [&](Value i) { return e.mul(i, spec.rowStep()); };
  auto left = [&](Value first) { return e.min(e.sub(count, first), e.constant(height)); };
  auto stateOf = [&](Value rowTile, Value member) {
    return e.mul(e.add(e.mul(rowTile, spec.members), member), height);
  };
  /// Those of a tile; what is past the last one repeats it.
  auto rowsOf = [&](Value rowTile, Value member) {
    Rows rows;
    Value first = e.mul(rowTile, height), exist = left(first), last = e.add(exist, -1);
    for (size_t d = 0; d < spec.dots.size(); ++d) {
      rows.queries.emplace_back();
      for (int i = 0; i < height; ++i) {
        Value place = e.add(first, e.min(e.constant(i), last));
        rows.queries[d].push_back(f.queryAt(d, e.add(row, distance(place)), member));
      }
    }
    rows.places = {e.add(absolute, distance(first)), e.constant(spec.rowStep()), last, member,
                   e.constant(0)};
    rows.state = stateOf(rowTile, member);
    rows.exist = f.parts ? exist : e.constant(height);
    return rows;
  };
  auto eachTile = [&](llvm::function_ref<void(Value)> body) {
    e.loop(e.constant(0), rowTiles, 1, body);
  };
  // Members of a position lie together in memory.
  auto eachRow = [&](llvm::function_ref<void(Value rowTile, Value i, Value member)> body) {
    eachTile([&](Value rowTile) {
      e.loop(e.constant(0), left(e.mul(rowTile, height)), 1, [&](Value i) {
        e.loop(e.constant(0), e.constant(spec.members), 1,
               [&](Value member) { body(rowTile, i, member); });
      });
    });
  };
  auto place = [&](Value rowTile, Value i) { return distance(e.add(e.mul(rowTile, height), i)); };

  if (std::optional<SeenKeys> seen = keyTiles.seenBy(absolute, count)) {
    int64_t entry = keyTiles.bytes(*seen);
    if (!table)
      table = e.allocate(block / height * entry);
    eachTile([&](Value rowTile) {
      Value first = e.mul(rowTile, height);
      keyTiles.store(*keyTiles.seenBy(e.add(absolute, distance(first)), left(first)),
                     e.at(table, e.mul(rowTile, entry)));
    });
    eachRow([&](Value rowTile, Value i, Value member) {
      Values queries;
      for (size_t d = 0; d < spec.dots.size(); ++d)
        queries.push_back(f.queryAt(d, e.add(row, place(rowTile, i)), member));
      products->beginRow(e.add(stateOf(rowTile, member), i), queries);
      // What is read for the next block is far away.
      for (size_t d = 0; d < spec.dots.size(); ++d) {
        Value next = e.add(row, e.add(place(rowTile, i), block * spec.rowStep()));
        for (int64_t at = 0; at < spec.dots[d].width * 4; at += 64)
          e.prefetch(e.at(f.queryAt(d, next, member), at));
      }
    });
    visit(*seen, absolute, /*shared=*/true, [&](const Tile &visited, ArrayRef<Bounds> keys) {
      const bool overlaps = products->overlaps();
      if (overlaps) {
        e.store(e.constant(0), whole.count, 8);
        e.store(e.constant(0), some.count, 8);
      }
      eachTile([&](Value rowTile) {
        Tile own = visited;
        SeenKeys mine = keyTiles.load(*seen, e.at(table, e.mul(rowTile, entry)));
        auto eachMember = [&] {
          e.loop(e.constant(0), e.constant(spec.members), 1,
                 [&](Value member) { through(rowsOf(rowTile, member), own); });
        };
        e.ifThen(keyTiles.narrow(own, mine, keys), [&] {
          if (!overlaps)
            return eachMember();
          Value full = own.full;
          own.full = Value(); // where the mask is needed
          auto partly = [&] {
            e.ifElse(own.careful, eachMember, [&] { append(some, rowTile, own); });
          };
          if (full)
            e.ifElse(full, [&] { append(whole, rowTile, own); }, partly);
          else
            partly();
        });
      });
      if (overlaps && visited.full)
        throughAll(whole, TileKind::fullBeside, visited, rowsOf);
      if (overlaps)
        throughAll(some, TileKind::partialBeside, visited, rowsOf);
    });
  }
  eachRow([&](Value rowTile, Value i, Value member) {
    finish(e.add(stateOf(rowTile, member), i),
           QueryRow{e.add(absolute, place(rowTile, i)), f.group, member, f.extra},
           resultAt(e.add(row, place(rowTile, i)), member));
  });
}

/// One position: the members of the group are the rows, those past the last repeat it.
void AttentionEmitter::onePosition(Value row) {
  int64_t rounded = (spec.members + memberTile - 1) / memberTile * memberTile;
  start(e.constant(rounded));
  Value absolute = e.add(f.position, row);
  auto member = [&](Value i) {
    return rounded == spec.members ? i : e.min(i, e.constant(spec.members - 1));
  };
  auto rowsOf = [&](Value first) {
    Rows rows;
    for (size_t d = 0; d < spec.dots.size(); ++d) {
      rows.queries.emplace_back();
      for (int i = 0; i < memberTile; ++i)
        rows.queries[d].push_back(f.queryAt(d, row, member(e.add(first, i))));
    }
    rows.places = {absolute, e.constant(0), e.constant(0), first, e.constant(1)};
    rows.state = first;
    rows.exist = e.constant(memberTile);
    return rows;
  };
  auto eachTile = [&](llvm::function_ref<void(Value)> body) {
    e.loop(e.constant(0), e.constant(rounded), memberTile, body);
  };
  if (std::optional<SeenKeys> seen = keyTiles.seenBy(absolute, e.constant(1))) {
    e.loop(e.constant(0), e.constant(spec.members), 1, [&](Value i) {
      Values queries;
      for (size_t d = 0; d < spec.dots.size(); ++d)
        queries.push_back(f.queryAt(d, row, i));
      products->beginRow(i, queries);
    });
    const bool shared = rounded > memberTile;
    visit(*seen, absolute, shared, [&](const Tile &visited, ArrayRef<Bounds>) {
      eachTile([&](Value first) { through(rowsOf(first), visited); });
    });
    if (!shared)
      products->endTiles();
  }
  e.loop(e.constant(0), e.constant(spec.members), 1,
         [&](Value i) { finish(i, QueryRow{absolute, f.group, i, f.extra}, resultAt(row, i)); });
}

void AttentionEmitter::emit() {
  int64_t rows = block * spec.members + f.height; // tile registers reach beyond the last one
  f.scores = e.allocate((products->overlaps() ? 2 : 1) * f.scoreBytes());
  if (products->overlaps()) {
    for (List *list : {&whole, &some})
      *list = {e.allocate(8), e.allocate(block / f.height * 24)};
  }
  f.weights = e.allocate((products->overlaps() ? 2 : 1) * f.weightBytes());
  f.factors = e.allocate(softmaxScratch(e.machine, spec));
  f.maxima = e.allocate(rows * 4);
  f.sums = e.allocate(rows * 64);
  f.outputs = e.allocate(rows * f.vectors * 64);
  products->enter(rows);
  e.loop(f.g0, f.g1, 1, [&](Value group) {
    f.enterGroup(group);
    // Rows of a tile see the same residue of keys.
    int64_t step = spec.rowStep();
    e.loop(f.r0, e.min(f.r1, e.add(f.r0, step)), 1, [&](Value first) {
      e.loop(first, f.r1, block * step, [&](Value row) {
        Value left = e.div(e.add(e.sub(f.r1, row), step - 1), step);
        Value count = e.min(left, e.constant(block));
        e.ifElse(e.equal(count, 1), [&] { onePosition(row); }, [&] { positions(row, count); });
      });
    });
  });
  products->leave();
}

int64_t kernels::rowsOfBlock(const Machine &machine, const AttentionSpec &spec) {
  // Keys and values are made ready to be multiplied once for a block: the more work, the larger.
  const int parts = usesTileRegisters(machine, spec) ? factorParts(machine, spec) : 0;
  const int64_t most = parts == 0 ? 64 : parts == 1 ? 128 : 256;
  const int64_t memory = most << (parts ? 12 : 11); // of a share of the second level of caches
  int64_t height = queryTile(machine, spec);
  return std::max<int64_t>(std::min(most, memory / stateBytes(machine, spec)) / height, 1) * height;
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
