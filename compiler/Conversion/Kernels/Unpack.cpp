//===- Unpack.cpp - single weights from packed ones
//---------------------------------------------===//
#include "Conversion/Kernels/Unpack.h"
#include "Conversion/Kernels/Decode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

namespace {

/// Reads scalars of one group and lane.
class Unpacker {
public:
  Unpacker(Emitter &e, PackedFormat format, Value weights, Value n, Value inputs)
      : e(e), format(format), layout(packedLayout(format)),
        group(groupPointers(e, format, weights, e.div(n, packedRows), inputs)),
        lane(e.rem(n, packedRows)) {}

  Value element(Value k);

private:
  Emitter &e;
  PackedFormat format;
  const PackedLayout &layout;
  GroupPointers group;
  Value lane;

  /// A byte as i32.
  Value byte(Value pointer, bool isSigned = false) {
    Value loaded = e.load(pointer, e.builder.getI8Type(), 1);
    return isSigned ? e.extendSigned(loaded, e.i32()) : e.extendUnsigned(loaded, e.i32());
  }
  Value number(int64_t value) {
    return arith::ConstantOp::create(e.builder, e.loc,
                                     e.builder.getI32IntegerAttr(static_cast<int32_t>(value)));
  }
  Value shiftRight(Value a, Value bits) {
    return arith::ShRUIOp::create(e.builder, e.loc, a, e.truncate(bits, e.i32()));
  }
  Value half(Value pointer);
  Value code(Value k);
};

} // namespace

/// A half as a float, in integers and one exact multiplication: the same on every machine.
Value Unpacker::half(Value pointer) {
  Value bits = e.extendUnsigned(e.load(pointer, e.builder.getIntegerType(16), 2), e.i32());
  auto shiftLeft = [&](Value a, int64_t by) -> Value {
    return arith::ShLIOp::create(e.builder, e.loc, a, number(by));
  };
  Value magnitude = e.bitcast(shiftLeft(e.andi(bits, number(0x7fff)), 13), e.f32());
  Value scaled = e.bitcast(e.mulf(magnitude, e.constantF32(0x1p112F)), e.i32());
  return e.bitcast(e.ori(scaled, shiftLeft(e.andi(bits, number(0x8000)), 16)), e.f32());
}

/// The code of input k (i32, not negative).
Value Unpacker::code(Value k) {
  Value block = e.at(group.codes, e.mul(e.div(k, 32), layout.codeBytes));
  Value input = e.rem(k, 32), j = e.div(input, 4);
  Value at = e.add(e.mul(lane, 4), e.rem(input, 4));
  auto chunk = [&](Value number) { return byte(e.at(block, e.add(e.mul(number, 64), at))); };
  if (layout.bits == 8)
    return chunk(j);
  Value result = e.andi(shiftRight(chunk(e.rem(j, 4)), e.mul(e.div(j, 4), 4)), number(15));
  auto high = [&](Value from, Value shift, int64_t mask) {
    Value bits = e.andi(shiftRight(from, shift), number(mask));
    return e.ori(result, arith::ShLIOp::create(e.builder, e.loc, bits, number(4)));
  };
  if (layout.bits == 5)
    return high(chunk(e.constant(4)), j, 1);
  if (layout.bits == 6)
    return high(chunk(e.add(e.div(j, 4), 4)), e.mul(e.rem(j, 4), 2), 3);
  return result;
}

Value Unpacker::element(Value k) {
  if (layout.isFloat()) {
    Value at =
        e.at(group.codes, e.add(e.mul(k, layout.codeBytes), e.mul(lane, layout.storedBytes)));
    if (format == PackedFormat::f16)
      return half(at);
    if (format == PackedFormat::f32)
      return e.load(at, e.f32(), 4);
    Value bits = e.extendUnsigned(e.load(at, e.builder.getIntegerType(16), 2), e.i32());
    return e.bitcast(arith::ShLIOp::create(e.builder, e.loc, bits, number(16)), e.f32());
  }
  Value biased = arith::SubIOp::create(e.builder, e.loc, code(k), number(layout.bias));
  Value value = e.toFloat(biased);
  Value scales = e.at(e.at(group.scales, e.mul(e.div(k, layout.scaleInputs), layout.scaleBytes)),
                      e.mul(lane, 2));
  Value d = half(scales);
  if (layout.scaleInputs == 32) {
    Value product = e.mulf(d, value);
    return layout.minima ? e.addf(product, half(e.at(scales, 32))) : product;
  }
  Value sub = e.at(e.at(group.sub, e.mul(e.div(k, 32), layout.subBytes)), lane);
  if (layout.minima) {
    Value scale = e.mulf(d, e.toFloat(byte(sub)));
    Value minimum = e.mulf(half(e.at(scales, 32)), e.toFloat(byte(e.at(sub, 16))));
    return e.subf(e.mulf(scale, value), minimum);
  }
  Value part = e.at(sub, e.mul(e.div(e.rem(k, 32), 16), 16));
  return e.mulf(e.mulf(d, e.toFloat(byte(part, true))), value);
}

Value kernels::emitUnpackElement(Emitter &e, PackedFormat format, Value weights, Value n, Value k,
                                 Value inputs) {
  return Unpacker(e, format, weights, n, inputs).element(k);
}

func::FuncOp kernels::getOrCreateUnpackRow(ModuleOp module, const Machine &machine,
                                           PackedFormat format) {
  return Emitter::function(module, machine, ("tril_unpack_" + packedFormatName(format)).str(),
                           "piiiip", [&](Emitter &e, ArrayRef<Value> arguments) {
                             Unpacker unpacker(e, format, arguments[0], arguments[1], arguments[4]);
                             Value begin = arguments[2];
                             e.loop(begin, arguments[3], 1, [&](Value k) {
                               e.store(unpacker.element(k),
                                       e.at(arguments[5], e.mul(e.sub(k, begin), 4)), 4);
                             });
                           });
}
