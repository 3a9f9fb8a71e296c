//===- Prepare.cpp - activations as the kernels for quantised weights read them
//------------------===//
// A block of 32 inputs: with `digits` 32 bytes each of the digits of 65536, of 256 and of 1; then
// four floats: the scale, the sums of inputs 0-15, of inputs 16-31, of all.
#include "Conversion/Kernels/Prepare.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

Preparation kernels::preparation(const Machine &machine, PackedFormat format) {
  const PackedLayout &layout = packedLayout(format);
  if (layout.isFloat())
    return Preparation::none;
  if (machine.vnni)
    return Preparation::digits;
  return layout.minima ? Preparation::sums : Preparation::none;
}

int64_t kernels::preparedBytes(Preparation preparation, int64_t inputs) {
  return inputs / 32 * preparedBlockBytes(preparation);
}

static void prepareSums(Emitter &e, Value x, Value out) {
  Value low = e.reduceAdd(e.load(x, e.floats(), 4));
  Value high = e.reduceAdd(e.load(e.at(x, 64), e.floats(), 4));
  e.store(e.constantF32(0), out, 4);
  e.store(low, e.at(out, 4), 4);
  e.store(high, e.at(out, 8), 4);
  e.store(e.addf(low, high), e.at(out, 12), 4);
}

static void prepareDigits(Emitter &e, Value x, Value out) {
  OpBuilder &b = e.builder;
  Value inputs[2] = {e.load(x, e.floats(), 4), e.load(e.at(x, 64), e.floats(), 4)};
  // The largest magnitude, by its bits: they order as the numbers do, and a NaN is the largest.
  auto magnitude = [&](Value v) { return e.andi(e.bitcast(v, e.ints()), e.splatInt(0x7fffffff)); };
  Value largest = vector::ReductionOp::create(
      b, e.loc, vector::CombiningKind::MAXSI,
      arith::MaxSIOp::create(b, e.loc, magnitude(inputs[0]), magnitude(inputs[1])));
  Value maximum = e.bitcast(largest, e.f32());
  // Below 2^23 - 2^15 - 2^7, the largest sum of three signed digits, by more than rounding can add.
  constexpr float limit = 8355328.0F;
  Value tiny =
      arith::CmpFOp::create(b, e.loc, arith::CmpFPredicate::OLT, maximum, e.constantF32(1e-30F));
  Value inverse = arith::DivFOp::create(b, e.loc, e.constantF32(limit), maximum);
  inverse = e.broadcast(e.select(tiny, e.constantF32(0), inverse));
  Value scale = e.select(tiny, e.constantF32(0), e.mulf(maximum, e.constantF32(1 / limit)));
  VectorType bytes = e.vector(b.getI8Type());
  Value sums[2];
  for (int half = 0; half < 2; ++half) {
    Value rounded = math::RoundEvenOp::create(b, e.loc, e.mulf(inputs[half], inverse));
    Value integer = arith::FPToSIOp::create(b, e.loc, e.ints(), rounded);
    sums[half] = e.reduceAdd(integer);
    // Adding 128 to each digit makes all of them bytes without borrow; the flipped top bit takes it
    // away again.
    Value digits = arith::XOrIOp::create(b, e.loc, e.addi(integer, e.splatInt(0x808080)),
                                         e.splatInt(0x808080));
    for (int digit = 0; digit < 3; ++digit)
      e.store(e.truncate(e.shiftRight(digits, 16 - 8 * digit), bytes),
              e.at(out, 32 * digit + 16 * half), 1);
  }
  auto scaled = [&](Value sum) { return e.mulf(e.toFloat(sum), scale); };
  e.store(scale, e.at(out, 96), 4);
  e.store(scaled(sums[0]), e.at(out, 100), 4);
  e.store(scaled(sums[1]), e.at(out, 104), 4);
  e.store(scaled(e.addi(sums[0], sums[1])), e.at(out, 108), 4);
}

func::FuncOp kernels::getOrCreatePrepare(ModuleOp module, const Machine &machine,
                                         Preparation preparation) {
  bool digits = preparation == Preparation::digits;
  return Emitter::function(module, machine, digits ? "tril_prepare_digits" : "tril_prepare_sums",
                           "pipiii", [&](Emitter &e, ArrayRef<Value> arguments) {
                             Value x = arguments[0], xStride = arguments[1], out = arguments[2],
                                   inputs = arguments[3];
                             int64_t bytes = preparedBlockBytes(preparation);
                             Value blocks = e.div(inputs, 32), zero = e.constant(0);
                             e.loop(arguments[4], arguments[5], 1, [&](Value m) {
                               Value source = e.at(x, e.mul(m, xStride));
                               Value target = e.at(out, e.mul(m, e.mul(blocks, bytes)));
                               e.loop(zero, blocks, 1, [&](Value block) {
                                 Value from = e.at(source, e.mul(block, 128)),
                                       to = e.at(target, e.mul(block, bytes));
                                 digits ? prepareDigits(e, from, to) : prepareSums(e, from, to);
                               });
                             });
                           });
}
