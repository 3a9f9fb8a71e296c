//===- TileSoftmax.cpp - scores of a tile of keys to weights
//------------------------------------------===//
// A function of its own, because its code is the text's score and mask, which many rows and one
// row share.
#include "Conversion/Kernels/TileSoftmax.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

int kernels::queryTile(const Machine &machine) { return machine.avx512 ? 8 : machine.avx2 ? 6 : 2; }

// x = n + r with |r| <= 1/2, n goes to the exponent.
Value kernels::exp2(Emitter &e, Value x) {
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

namespace {

class SoftmaxEmitter {
public:
  SoftmaxEmitter(Emitter &e, const AttentionSpec &spec, bool partial, ArrayRef<Value> arguments)
      : e(e), spec(spec), partial(partial), scores(arguments[0]), factors(arguments[1]),
        maxima(arguments[2]), sums(arguments[3]), count(arguments[4]), first(arguments[5]),
        begin(arguments[6]), end(arguments[7]), group(arguments[8]),
        places{arguments[9], arguments[10], arguments[11], arguments[12], arguments[13]},
        extra(arguments.drop_front(14)) {}

  void emit() {
    Value zero = e.constant(0);
    e.loop(zero, count, 1, [&](Value row) { score(row); });
    moveMaxima();
    e.loop(zero, count, 1, [&](Value row) { weigh(row); });
  }

private:
  /// For the vectors of a row of a tile: `body` gets the bytes where one begins, and what the one
  /// before gave.
  Value eachVector(Value init, llvm::function_ref<Value(Value, Value)> body) {
    return e.loop(
        e.constant(0), e.constant(keyTile * 4), 64, {init},
        [&](Value at, ArrayRef<Value> carried) { return Values{body(at, carried[0])}; })[0];
  }
  Value rowOf(Value row) { return e.at(scores, e.mul(row, keyTile * 4)); }
  Value hidden() { return e.splat(-INFINITY); }
  void score(Value row);
  void moveMaxima();
  void weigh(Value row);

  Emitter &e;
  const AttentionSpec &spec;
  const bool partial;
  Value scores, factors, maxima, sums, count, first, begin, end, group;
  RowPlaces places;
  ArrayRef<Value> extra;
};

} // namespace

/// The products of a row to scores, and the largest of them to where its factor will be.
void SoftmaxEmitter::score(Value i) {
  QueryRow row;
  row.position = e.add(places.position, e.mul(e.min(i, places.lastRow), places.positionStep));
  row.member =
      e.min(e.add(places.member, e.mul(i, places.memberStep)), e.constant(spec.members - 1));
  row.group = group;
  row.extra = extra;
  Value p = rowOf(i);
  Value keys = e.addi(e.broadcast(e.truncate(first, e.i32())), e.steps(spec.step));
  Value top = eachVector(hidden(), [&](Value at, Value top) {
    Value index = e.div(at, 4); // of the first key
    Value numbers = e.addi(keys, e.broadcast(e.truncate(e.mul(index, spec.step), e.i32())));
    Values dots;
    for (size_t d = 0; d < spec.dots.size(); ++d)
      dots.push_back(e.load(e.at(e.at(p, scoresOf(e.machine, d)), at), e.floats(), 64));
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
  e.store(e.reduceMax(top), e.at(factors, e.mul(i, 4)), 4);
}

/// Of all rows at once: the new maximum, and a factor that is exactly 1 where it stays.
void SoftmaxEmitter::moveMaxima() {
  Value lanes = arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::slt, e.laneNumbers(),
                                      e.broadcast(e.truncate(count, e.i32())));
  Value old = e.loadMasked(maxima, lanes, 4);
  Value maximum = e.maxf(e.load(factors, e.floats(), 64), old);
  e.storeMasked(maximum, maxima, lanes, 4);
  e.store(exp2(e, e.mulf(e.subf(old, maximum), e.splat(log2e))), factors, 64);
}

/// The scores of a row to weights, and their sum.
void SoftmaxEmitter::weigh(Value i) {
  Value p = rowOf(i), sumAt = e.at(sums, e.mul(i, 64));
  Value shift = e.broadcast(e.load(e.at(maxima, e.mul(i, 4)), e.f32(), 4));
  Value factor = e.broadcast(e.load(e.at(factors, e.mul(i, 4)), e.f32(), 4));
  Value before = e.mulf(e.load(sumAt, e.floats(), 64), factor);
  Value sum = eachVector(before, [&](Value at, Value sum) {
    Value score = e.load(e.at(p, at), e.floats(), 64);
    Value x = exp2(e, e.mulf(e.subf(score, shift), e.splat(log2e)));
    if (partial) {
      Value seen =
          arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::UNE, score, hidden());
      x = e.select(seen, x, e.splat(0));
    }
    e.store(x, e.at(p, at), 64);
    return e.addf(sum, x);
  });
  e.store(sum, sumAt, 64);
}

func::FuncOp kernels::getOrCreateTileSoftmax(ModuleOp module, const Machine &machine,
                                             const AttentionSpec &spec, bool partial) {
  return Emitter::function(
      module, machine, spec.name + (partial ? ".softmax.partial" : ".softmax.full"),
      "ppppiiiiiiiiii" + spec.extra, [&](Emitter &e, ArrayRef<Value> arguments) {
        SoftmaxEmitter(e, spec, partial, arguments).emit();
      });
}
