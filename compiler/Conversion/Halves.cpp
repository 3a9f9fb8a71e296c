//===- Halves.cpp
//---------------------------------------------------------------------------------------===//
#include "Conversion/Halves.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tril;

namespace {

/// Arithmetic of one shape: numbers, or vectors of them.
struct Bits {
  OpBuilder &builder;
  Location loc;
  std::optional<ArrayRef<int64_t>> shape;

  Bits(OpBuilder &builder, Location loc, Type like) : builder(builder), loc(loc) {
    if (auto vector = dyn_cast<VectorType>(like))
      shape = vector.getShape();
  }
  Type as(Type element) const { return shape ? Type(VectorType::get(*shape, element)) : element; }
  Value constant(int32_t bits) const {
    Attribute value = builder.getI32IntegerAttr(bits);
    if (shape)
      value = DenseElementsAttr::get(VectorType::get(*shape, builder.getI32Type()), bits);
    return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(value));
  }
  Value number(float value) const { return asFloat(constant(llvm::bit_cast<int32_t>(value))); }
  Value asInt(Value x) const {
    return arith::BitcastOp::create(builder, loc, as(builder.getI32Type()), x);
  }
  Value asFloat(Value x) const {
    return arith::BitcastOp::create(builder, loc, as(builder.getF32Type()), x);
  }
  Value widenInt(Value x) const {
    return arith::ExtUIOp::create(builder, loc, as(builder.getI32Type()), x);
  }
  Value truncate(Value x) const {
    return arith::TruncIOp::create(builder, loc, as(builder.getI16Type()), x);
  }
  Value andi(Value a, int32_t b) const {
    return arith::AndIOp::create(builder, loc, a, constant(b));
  }
  Value ori(Value a, Value b) const { return arith::OrIOp::create(builder, loc, a, b); }
  Value add(Value a, Value b) const { return arith::AddIOp::create(builder, loc, a, b); }
  Value right(Value a, int32_t by) const {
    return arith::ShRUIOp::create(builder, loc, a, constant(by));
  }
  Value left(Value a, int32_t by) const {
    return arith::ShLIOp::create(builder, loc, a, constant(by));
  }
  Value less(Value a, int32_t b) const {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, a, constant(b));
  }
  Value least(Value a, int32_t b) const {
    return arith::MinUIOp::create(builder, loc, a, constant(b));
  }
  Value select(Value condition, Value a, Value b) const {
    return arith::SelectOp::create(builder, loc, condition, a, b);
  }
};

constexpr int32_t kSign = INT32_MIN, kMagnitude = INT32_MAX, kInfinity = 0x7f800000;
constexpr int32_t kLargestHalf = 0x477fe000;    // 65504
constexpr int32_t kSmallestNormal = 0x38800000; // 2^-14: below, halves are multiples of 2^-24
constexpr int32_t kExponentShift = 112 << 23;   // between the exponents of f16 and f32

} // namespace

Value tril::narrow(OpBuilder &builder, Location loc, Value value, StateElement to) {
  Bits b(builder, loc, value.getType());
  Value bits = b.asInt(value), magnitude = b.andi(bits, kMagnitude);
  Value isNumber = b.less(magnitude, kInfinity + 1), sign = b.right(b.andi(bits, kSign), 16);
  if (to == StateElement::bf16) {
    // Half of the last place that stays, less one if that is even.
    Value round = b.add(b.andi(b.right(magnitude, 16), 1), b.constant(0x7fff));
    Value result = b.select(isNumber, b.right(b.add(magnitude, round), 16), b.constant(0x7fc0));
    return b.truncate(b.ori(result, sign));
  }
  magnitude = b.least(magnitude, kLargestHalf);
  Value round = b.add(b.andi(b.right(magnitude, 13), 1), b.constant(0xfff - kExponentShift));
  Value normal = b.right(b.add(magnitude, round), 13);
  // The last place of 0.5 + x, for an x so small, is 2^-24: the addition rounds.
  Value small = arith::AddFOp::create(builder, loc, b.asFloat(magnitude), b.number(0.5F));
  Value denormal = b.add(b.asInt(small), b.constant(-0x3f000000));
  Value result = b.select(b.less(magnitude, kSmallestNormal), denormal, normal);
  return b.truncate(b.ori(b.select(isNumber, result, b.constant(0x7e00)), sign));
}

Value tril::widen(OpBuilder &builder, Location loc, Value bits, StateElement from) {
  Bits b(builder, loc, bits.getType());
  Value wide = b.widenInt(bits);
  if (from == StateElement::bf16)
    return b.asFloat(b.left(wide, 16));
  // Multiplying by 2^112 is exact, for denormals too.
  Value magnitude = b.andi(wide, 0x7fff), sign = b.left(b.andi(wide, 0x8000), 16);
  Value scaled =
      arith::MulFOp::create(builder, loc, b.asFloat(b.left(magnitude, 13)), b.number(0x1p112F));
  Value result = b.select(b.less(magnitude, 0x7c01), b.asInt(scaled), b.constant(0x7fc00000));
  return b.asFloat(b.ori(result, sign));
}
