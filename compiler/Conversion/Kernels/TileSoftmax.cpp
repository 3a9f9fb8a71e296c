//===- TileSoftmax.cpp - scores of a tile of keys to weights
//------------------------------------------===//
// A function of its own, because its code is the text's score and mask, which many rows and one
// row share.
#include "Conversion/Kernels/TileSoftmax.h"
#include "Conversion/Kernels/PairProducts.h"
#include "Conversion/Kernels/Pairs.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <numbers>

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

static int64_t stateBytes(const AttentionSpec &spec, int64_t ofQueries) {
  int64_t bytes = (spec.value.width + 15) / 16 * 64 + 64;
  for (const DotSpec &dot : spec.dots)
    bytes += dot.width * ofQueries;
  return spec.members * bytes;
}

int64_t kernels::stateBytes(const Machine &machine, const AttentionSpec &spec) {
  int parts = factorParts(machine, spec);
  return ::stateBytes(spec, parts ? 2 * parts : 4);
}

bool kernels::usesTileRegisters(const Machine &machine, const AttentionSpec &spec) {
  constexpr int64_t most = 2 << 20; // on the stack
  return machine.amx && 16 * ::stateBytes(spec, 6) <= most;
}

int kernels::factorParts(const Machine &machine, const AttentionSpec &spec) {
  if (spec.products != StateElement::f32)
    return 1;
  return usesTileRegisters(machine, spec) ? 3 : 0;
}

int kernels::queryTile(const Machine &machine, const AttentionSpec &spec) {
  if (usesTileRegisters(machine, spec))
    return 16;
  return machine.avx2 ? 6 : 2; // AVX-512: 6 rows by 4 vectors, AVX2: by one of two registers
}

int64_t kernels::tileKeys(const Machine &machine, const AttentionSpec &spec) {
  // Keys and values in three parts have to share the first level of caches with the rows.
  return usesTileRegisters(machine, spec) && factorParts(machine, spec) == 3 ? 32 : residueTile;
}

static int64_t powerOfTwo(int64_t least) {
  return static_cast<int64_t>(llvm::PowerOf2Ceil(static_cast<uint64_t>(least)));
}

int64_t kernels::softmaxScratch(const Machine &machine, const AttentionSpec &spec) {
  return 64 + powerOfTwo(queryTile(machine, spec)) * 64;
}

// x = n + r with |r| <= 1/2, n goes to the exponent.
Value kernels::exp2(Emitter &e, Value x, bool rough) {
  static const float fine[] = {1.54531629e-04F,
                               1.33908634e-03F,
                               9.61808256e-03F,
                               5.55035711e-02F,
                               2.40226508e-01F,
                               6.93147188e-01F,
                               1.0F};
  static const float few[] = {5.50087456e-02F, 2.42210756e-01F, 6.93282925e-01F, 1.0F};
  ArrayRef<float> coefficients = rough ? ArrayRef<float>(few) : ArrayRef<float>(fine);
  x = e.maxf(e.splat(-126), x);    // a NaN stays
  Value magic = e.splat(12582912); // 1.5 * 2^23: rounds to an integer in the low bits
  Value y = e.addf(x, magic), r = e.subf(x, e.subf(y, magic)), p = e.splat(coefficients[0]);
  for (float coefficient : coefficients.drop_front())
    p = e.fma(p, r, e.splat(coefficient));
  Value exponent = e.shiftLeft(e.bitcast(y, e.ints()), 23);
  return e.bitcast(e.addi(e.bitcast(p, e.ints()), exponent), e.floats());
}

namespace {

class SoftmaxEmitter {
public:
  SoftmaxEmitter(Emitter &e, const AttentionSpec &spec, TileKind kind, ArrayRef<Value> arguments)
      : e(e), spec(spec), kind(kind), partial(isPartial(kind)), height(queryTile(e.machine, spec)),
        keyTile(tileKeys(e.machine, spec)), scores(arguments[0]), weights(arguments[1]),
        factors(arguments[2]), maxima(arguments[3]), sums(arguments[4]), count(arguments[5]),
        first(arguments[6]), begin(arguments[7]), end(arguments[8]), group(arguments[9]),
        places{arguments[10], arguments[11], arguments[12], arguments[13], arguments[14]},
        extra(arguments.slice(15, spec.extra.size())),
        beside(arguments.drop_front(15 + spec.extra.size())) {}

  void emit() {
    from = e.constant(0), to = e.constant(keyTile * 4);
    if (partial && keyTile > 32) { // what values are multiplied with is written
      from = e.mul(e.div(begin, 32), 128);
      to = e.mul(e.div(e.add(end, 31), 32), 128);
    }
    if (isBeside(kind))
      return emitBesideProducts();
    Value zero = e.constant(0);
    e.loop(zero, count, 1, [&](Value row) { score(row); });
    moveMaxima();
    e.loop(zero, count, 1, [&](Value row) { weigh(row); });
  }

private:
  /// For the parts of a row of a tile, of so many bytes each: `body` gets where one begins, and
  /// what the one before gave.
  Value eachPart(int64_t bytes, Value init, bool unroll,
                 llvm::function_ref<Value(Value, Value)> body) {
    if (unroll) {
      for (int64_t at = 0; at < keyTile * 4; at += bytes)
        init = body(e.constant(at), init);
      return init;
    }
    return e.loop(from, to, bytes, {init}, [&](Value at, ArrayRef<Value> carried) {
      return Values{body(at, carried[0])};
    })[0];
  }
  Value rowOf(Value row) { return e.at(scores, e.mul(row, keyTile * 4)); }
  Value topOf(Value row) { return e.at(e.at(factors, 64), e.mul(row, 64)); }
  Value hidden() { return e.splat(-INFINITY); }
  /// From scores to powers of 2.
  Value scale() { return e.splat(static_cast<float>(spec.scale * std::numbers::log2e)); }
  void score(Value row);
  void moveMaxima();
  void weigh(Value row);
  void emitBesideProducts();

  Emitter &e;
  const AttentionSpec &spec;
  const TileKind kind;
  const bool partial;
  const int height;
  const int64_t keyTile;
  Value scores, weights, factors, maxima, sums, count, first, begin, end, group;
  RowPlaces places;
  ArrayRef<Value> extra, beside;
  Value from, to; // bytes of a row of scores
};

} // namespace

/// The products of a row to scores, and the largest of each lane.
void SoftmaxEmitter::score(Value i) {
  QueryRow row;
  row.position = e.add(places.position, e.mul(e.min(i, places.lastRow), places.positionStep));
  row.member =
      e.min(e.add(places.member, e.mul(i, places.memberStep)), e.constant(spec.members - 1));
  row.group = group;
  row.extra = extra;
  Value p = rowOf(i);
  Value keys = e.addi(e.broadcast(e.truncate(first, e.i32())), e.steps(spec.step));
  Value top = eachPart(64, hidden(), /*unroll=*/false, [&](Value at, Value top) {
    Value index = e.div(at, 4); // of the first key
    Value numbers = e.addi(keys, e.broadcast(e.truncate(e.mul(index, spec.step), e.i32())));
    Values dots;
    for (size_t d = 0; d < spec.dots.size(); ++d) {
      int64_t product = static_cast<int64_t>(d) * height * keyTile * 4;
      dots.push_back(e.load(e.at(e.at(p, product), at), e.floats(), 64));
    }
    Value score = spec.score ? spec.score(e, dots, row, numbers) : dots[0];
    if (partial) {
      Value lanes = e.addi(e.broadcast(e.truncate(index, e.i32())), e.laneNumbers());
      auto compare = [&](arith::CmpIPredicate predicate, Value bound) -> Value {
        return arith::CmpIOp::create(e.builder, e.loc, predicate, lanes,
                                     e.broadcast(e.truncate(bound, e.i32())));
      };
      Value seen = e.andi(compare(arith::CmpIPredicate::sge, begin),
                          compare(arith::CmpIPredicate::slt, end));
      if (spec.mask)
        seen = e.andi(seen, spec.mask(e, row, numbers));
      score = e.select(seen, score, hidden());
    }
    if (partial || spec.score)
      e.store(score, e.at(p, at), 64);
    return e.maxf(top, score);
  });
  e.store(top, topOf(i), 64);
}

/// Of all rows at once: the new maximum, as a power of 2, and a factor that is exactly 1 where it
/// stays.
void SoftmaxEmitter::moveMaxima() {
  // Row by row to lane by lane: of two vectors one of half as many lanes each.
  Values tops;
  for (int64_t i = 0; i < powerOfTwo(height); ++i)
    tops.push_back(e.load(topOf(e.constant(i)), e.floats(), 64));
  int size = 1;
  for (; tops.size() > 1; size *= 2) {
    Values half;
    for (size_t i = 0; i < tops.size(); i += 2) {
      auto [low, high] = e.exchange(tops[i], tops[i + 1], size);
      half.push_back(e.maxf(low, high));
    }
    tops = half;
  }
  for (; size < 16; size *= 2)
    tops[0] = e.maxf(tops[0], e.exchange(tops[0], tops[0], size).second);
  Value lanes = e.lanesBelow(count);
  Value old = e.loadMasked(maxima, lanes, 4);
  Value maximum = e.maxf(e.mulf(tops[0], scale()), old);
  if (isBeside(kind)) // a row is a lane; what is stored with a mask has to be waited for
    e.store(maximum, maxima, 4);
  else
    e.storeMasked(maximum, maxima, lanes, 4);
  e.store(exp2(e, e.subf(old, maximum)), factors, 64);
}

/// The scores of a row to weights, and their sum.
void SoftmaxEmitter::weigh(Value i) {
  Value p = rowOf(i), sumAt = e.at(sums, e.mul(i, 64));
  Value shift = e.negf(e.broadcast(e.load(e.at(maxima, e.mul(i, 4)), e.f32(), 4)));
  Value factor = e.broadcast(e.load(e.at(factors, e.mul(i, 4)), e.f32(), 4));
  Value before = e.mulf(e.load(sumAt, e.floats(), 64), factor);
  const int parts = factorParts(e.machine, spec);
  auto weightsAt = [&](Value at) { // bytes of f32 before it
    return parts ? e.at(e.at(weights, e.mul(i, keyTile * 2)), e.div(at, 2))
                 : e.at(e.at(weights, e.mul(i, keyTile * 4)), at);
  };
  Value sum = eachPart(128, before, /*unroll=*/!partial || keyTile == 32, [&](Value at, Value sum) {
    Values both;
    for (int64_t half : {0, 64}) {
      Value score = e.load(e.at(e.at(p, at), half), e.floats(), 64);
      Value x = exp2(e, e.fma(score, scale(), shift), /*rough=*/parts == 1);
      if (partial) {
        Value seen =
            arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::UNE, score, hidden());
        x = e.select(seen, x, e.splat(0));
      }
      sum = e.addf(sum, x);
      both.push_back(x);
    }
    Value to = weightsAt(at);
    if (parts == 0) {
      e.store(both[0], to, 64);
      e.store(both[1], e.at(to, 64), 64);
    } else if (parts == 1) {
      e.store(toPairs(e, both[0]), to, 32);
      e.store(toPairs(e, both[1]), e.at(to, 32), 32);
    } else {
      auto halves = llvm::zip(toParts(e, both[0], parts), toParts(e, both[1], parts));
      for (auto [part, pair] : llvm::enumerate(halves)) {
        auto [low, high] = pair;
        e.store(interleave(e, low, high),
                e.at(to, static_cast<int64_t>(part) * height * keyTile * 2), 64);
      }
    }
    return sum;
  });
  e.store(sum, sumAt, 64);
}

/// Vectors and tile registers have units of their own: instructions of one stand between those of
/// the other, near enough to run at the same time.  Rows that do not exist are weighed for nothing.
void SoftmaxEmitter::emitBesideProducts() {
  // First the products of the rows after: what the next softmax begins with, and what the values of
  // the rows before are weighted with, was then written long ago, and nothing waits for it.
  SmallVector<ProductsBeside> products = tileRegisterProducts(e, spec, partial, beside);
  Interleaving interleaving(e, products);
  const size_t all = interleaving.steps(), start = all / 6;
  interleaving.until(start);
  e.loop(e.constant(0), count, 1, [&](Value row) { score(row); });
  moveMaxima();
  const auto rows = static_cast<size_t>(height);
  for (size_t row = 0; row < rows; ++row) {
    interleaving.until(start + (all - start) * (row + 1) / rows);
    weigh(e.constant(static_cast<int64_t>(row)));
  }
}

func::FuncOp kernels::getOrCreateTileSoftmax(ModuleOp module, const Machine &machine,
                                             const AttentionSpec &spec, TileKind kind) {
  std::string name = spec.name + ".softmax." + (isPartial(kind) ? "partial" : "full"), beside;
  if (isBeside(kind)) {
    name += ".beside";
    beside = std::string(4 + 2 * spec.dots.size(), 'p') + "iiii";
  }
  func::FuncOp function =
      Emitter::function(module, machine, name, "pppppiiiiiiiiii" + spec.extra + beside,
                        [&](Emitter &e, ArrayRef<Value> arguments) {
                          SoftmaxEmitter(e, spec, kind, arguments).emit();
                        });
  function->setAttr(estimatesAttribute, UnitAttr::get(module.getContext()));
  return function;
}
