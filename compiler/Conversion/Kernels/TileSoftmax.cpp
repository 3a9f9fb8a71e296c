//===- TileSoftmax.cpp - scores of a tile of keys to weights
//------------------------------------------===//
// A function of its own, because its code is the text's score and mask, which many rows and one
// row share.
#include "Conversion/Kernels/TileSoftmax.h"
#include "Conversion/Kernels/Pairs.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

int64_t kernels::stateBytes(const AttentionSpec &spec) {
  int64_t bytes = (spec.value.width + 15) / 16 * 64 + 64;
  for (const DotSpec &dot : spec.dots)
    bytes += dot.width * 4;
  return spec.members * bytes;
}

bool kernels::usesTileRegisters(const Machine &machine, const AttentionSpec &spec) {
  constexpr int64_t most = 2 << 20; // on the stack
  return spec.products != StateElement::f32 && machine.amx && 16 * stateBytes(spec) <= most;
}

int kernels::queryTile(const Machine &machine, const AttentionSpec &spec) {
  if (usesTileRegisters(machine, spec))
    return 16;
  return machine.avx2 ? 6 : 2; // AVX-512: 6 rows by 4 vectors, AVX2: by one of two registers
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
  SoftmaxEmitter(Emitter &e, const AttentionSpec &spec, bool partial, ArrayRef<Value> arguments)
      : e(e), spec(spec), partial(partial), height(queryTile(e.machine, spec)),
        scores(arguments[0]), weights(arguments[1]), factors(arguments[2]), maxima(arguments[3]),
        sums(arguments[4]), count(arguments[5]), first(arguments[6]), begin(arguments[7]),
        end(arguments[8]), group(arguments[9]),
        places{arguments[10], arguments[11], arguments[12], arguments[13], arguments[14]},
        extra(arguments.drop_front(15)) {}

  void emit() {
    from = e.constant(0), to = e.constant(keyTile * 4);
    if (partial) { // what values are multiplied with is written
      from = e.mul(e.div(begin, 32), 128);
      to = e.mul(e.div(e.add(end, 31), 32), 128);
    }
    Value zero = e.constant(0);
    e.loop(zero, count, 1, [&](Value row) { score(row); });
    moveMaxima();
    e.loop(zero, count, 1, [&](Value row) { weigh(row); });
  }

private:
  /// For the vectors of a row of a tile: `body` gets the bytes where one begins, and what the one
  /// before gave.
  Value eachVector(Value init, bool unroll, llvm::function_ref<Value(Value, Value)> body) {
    if (unroll) {
      for (int64_t at = 0; at < keyTile * 4; at += 64)
        init = body(e.constant(at), init);
      return init;
    }
    return e.loop(from, to, 64, {init}, [&](Value at, ArrayRef<Value> carried) {
      return Values{body(at, carried[0])};
    })[0];
  }
  Value rowOf(Value row) { return e.at(scores, e.mul(row, keyTile * 4)); }
  Value topOf(Value row) { return e.at(e.at(factors, 64), e.mul(row, 64)); }
  Value hidden() { return e.splat(-INFINITY); }
  void score(Value row);
  void moveMaxima();
  void weigh(Value row);

  Emitter &e;
  const AttentionSpec &spec;
  const bool partial;
  const int height;
  Value scores, weights, factors, maxima, sums, count, first, begin, end, group;
  RowPlaces places;
  ArrayRef<Value> extra;
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
  Value top = eachVector(hidden(), /*unroll=*/false, [&](Value at, Value top) {
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

/// Of all rows at once: the new maximum, and a factor that is exactly 1 where it stays.
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
  Value maximum = e.maxf(tops[0], old);
  e.storeMasked(maximum, maxima, lanes, 4);
  e.store(exp2(e, e.mulf(e.subf(old, maximum), e.splat(log2e))), factors, 64);
}

/// The scores of a row to weights, and their sum.
void SoftmaxEmitter::weigh(Value i) {
  Value p = rowOf(i), sumAt = e.at(sums, e.mul(i, 64));
  Value shift = e.broadcast(e.load(e.at(maxima, e.mul(i, 4)), e.f32(), 4));
  Value factor = e.broadcast(e.load(e.at(factors, e.mul(i, 4)), e.f32(), 4));
  Value before = e.mulf(e.load(sumAt, e.floats(), 64), factor);
  bool rough = spec.products != StateElement::f32;
  Value scaledShift = e.mulf(shift, e.splat(-log2e));
  Value sum = eachVector(before, /*unroll=*/!partial, [&](Value at, Value sum) {
    Value score = e.load(e.at(p, at), e.floats(), 64);
    Value y = rough ? e.fma(score, e.splat(log2e), scaledShift)
                    : e.mulf(e.subf(score, shift), e.splat(log2e));
    Value x = exp2(e, y, rough);
    if (partial) {
      Value seen =
          arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::UNE, score, hidden());
      x = e.select(seen, x, e.splat(0));
    }
    if (rough)
      e.store(toPairs(e, x), e.at(e.at(weights, e.mul(i, keyTile * 2)), e.div(at, 2)), 32);
    else
      e.store(x, e.at(e.at(weights, e.mul(i, keyTile * 4)), at), 64);
    return e.addf(sum, x);
  });
  e.store(sum, sumAt, 64);
}

func::FuncOp kernels::getOrCreateTileSoftmax(ModuleOp module, const Machine &machine,
                                             const AttentionSpec &spec, bool partial) {
  return Emitter::function(
      module, machine, spec.name + (partial ? ".softmax.partial" : ".softmax.full"),
      "pppppiiiiiiiiii" + spec.extra, [&](Emitter &e, ArrayRef<Value> arguments) {
        SoftmaxEmitter(e, spec, partial, arguments).emit();
      });
}
