//===- Elementwise.cpp - elementwise operations on numbers and vectors
//-------------------------------------===//
// exp, log, tanh and erf stay operations of the math dialect, which expands them to polynomials,
// the same for a number as for a lane; sin, cos and general powers call the C library for each
// lane, because their arguments may be large.
#include "Conversion/Evaluate.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tril;

Value Evaluator::perLane(llvm::function_ref<Value(Value)> scalar, Value value) {
  auto type = dyn_cast<VectorType>(value.getType());
  if (!type)
    return scalar(value);
  SmallVector<Value> lanes;
  for (int64_t i = 0; i < width; ++i)
    lanes.push_back(
        scalar(vector::ExtractOp::create(code.builder, code.loc, value, ArrayRef<int64_t>{i})));
  return vector::FromElementsOp::create(code.builder, code.loc, type, lanes);
}

namespace {

/// Small helpers that give a constant of the shape of an operand.
struct Shape {
  Code &code;
  int64_t width;
  Value real(double x, Value like) {
    return code.broadcast(code.cf(x), isa<VectorType>(like.getType()) ? width : 1);
  }
  Value whole(int32_t x, Value like) {
    return code.broadcast(code.c32(x), isa<VectorType>(like.getType()) ? width : 1);
  }
  Type element(Type element, Value like) {
    return isa<VectorType>(like.getType()) ? code.vec(element, width) : element;
  }
};

bool isReal(Value value) { return getElementTypeOrSelf(value.getType()).isF32(); }

std::optional<arith::CmpFPredicate> realPredicate(StringRef name) {
  return llvm::StringSwitch<std::optional<arith::CmpFPredicate>>(name)
      .Case("lt", arith::CmpFPredicate::OLT)
      .Case("le", arith::CmpFPredicate::OLE)
      .Case("gt", arith::CmpFPredicate::OGT)
      .Case("ge", arith::CmpFPredicate::OGE)
      .Case("eq", arith::CmpFPredicate::OEQ)
      .Case("ne", arith::CmpFPredicate::UNE)
      .Default(std::nullopt);
}

arith::CmpIPredicate wholePredicate(StringRef name) {
  return llvm::StringSwitch<arith::CmpIPredicate>(name)
      .Case("lt", arith::CmpIPredicate::slt)
      .Case("le", arith::CmpIPredicate::sle)
      .Case("gt", arith::CmpIPredicate::sgt)
      .Case("ge", arith::CmpIPredicate::sge)
      .Case("eq", arith::CmpIPredicate::eq)
      .Default(arith::CmpIPredicate::ne);
}

} // namespace

Evaluated Evaluator::elementwise(Operation *op, ArrayRef<Evaluated> operands, Type element) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  StringRef name = op->getName().stripDialect();
  Shape shape{code, width};
  SmallVector<Value> x;
  bool vector = false;
  Value valid;
  for (const Evaluated &operand : operands) {
    vector |= isa<VectorType>(operand.data.getType());
    valid = both(valid, operand.valid);
    x.push_back(operand.data);
  }
  if (vector)
    for (Value &value : x)
      value = code.broadcast(value, width);
  auto toElement = [&](Value value) -> Value {
    Type from = getElementTypeOrSelf(value.getType()), to = shape.element(element, value);
    if (from == element)
      return value;
    if (from.isF32() && element.isInteger(32))
      return arith::FPToSIOp::create(b, loc, to, value);
    if (from.isInteger(32) && element.isF32())
      return arith::SIToFPOp::create(b, loc, to, value);
    if (from.isInteger(1) && element.isF32())
      return arith::UIToFPOp::create(b, loc, to, value);
    if (from.isInteger(1) && element.isInteger(32))
      return arith::ExtUIOp::create(b, loc, to, value);
    if (from.isInteger(32) && element.isInteger(1))
      return code.compare(arith::CmpIPredicate::ne, value, shape.whole(0, value));
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, value, shape.real(0, value));
  };
  auto done = [&](Value value) { return Evaluated{toElement(value), valid}; };
  bool real = isReal(x[0]);

  // One operand.
  if (name == "convert")
    return done(x[0]);
  if (name == "not")
    return done(arith::XOrIOp::create(
        b, loc, x[0], code.broadcast(code.cb(true), isa<VectorType>(x[0].getType()) ? width : 1)));
  if (x.size() == 1) {
    if (name == "neg")
      return done(real ? arith::NegFOp::create(b, loc, x[0]).getResult()
                       : arith::SubIOp::create(b, loc, shape.whole(0, x[0]), x[0]).getResult());
    if (name == "abs")
      return done(real
                      ? math::AbsFOp::create(b, loc, x[0]).getResult()
                      : arith::MaxSIOp::create(
                            b, loc, x[0], arith::SubIOp::create(b, loc, shape.whole(0, x[0]), x[0]))
                            .getResult());
    if (!real && (name == "floor" || name == "ceil" || name == "round"))
      return done(x[0]);
    Value value =
        real ? x[0]
             : arith::SIToFPOp::create(b, loc, shape.element(code.f32(), x[0]), x[0]).getResult();
    if (name == "exp")
      return done(math::ExpOp::create(b, loc, value));
    if (name == "log")
      return done(math::LogOp::create(b, loc, value));
    if (name == "sqrt")
      return done(math::SqrtOp::create(b, loc, value));
    if (name == "tanh")
      return done(math::TanhOp::create(b, loc, value));
    if (name == "erf")
      return done(math::ErfOp::create(b, loc, value));
    if (name == "sin")
      return done(
          perLane([&](Value lane) -> Value { return math::SinOp::create(b, loc, lane); }, value));
    if (name == "cos")
      return done(
          perLane([&](Value lane) -> Value { return math::CosOp::create(b, loc, lane); }, value));
    if (name == "floor")
      return done(math::FloorOp::create(b, loc, value));
    if (name == "ceil")
      return done(math::CeilOp::create(b, loc, value));
    assert(name == "round");
    return done(math::RoundEvenOp::create(b, loc, value));
  }

  // Two operands, of the same element type.
  if (real != isReal(x[1])) // import converts; a dump written by hand may not
    for (Value &value : x)
      if (!isReal(value))
        value = arith::SIToFPOp::create(b, loc, shape.element(code.f32(), value), value);
  real = isReal(x[0]);
  if (name == "and")
    return done(arith::AndIOp::create(b, loc, x[0], x[1]));
  if (name == "or")
    return done(arith::OrIOp::create(b, loc, x[0], x[1]));
  if (auto predicate = realPredicate(name))
    return done(real ? arith::CmpFOp::create(b, loc, *predicate, x[0], x[1]).getResult()
                     : code.compare(wholePredicate(name), x[0], x[1]));
  if (!real && (name == "add" || name == "sub" || name == "mul" || name == "max" || name == "min" ||
                name == "mod")) {
    if (name == "add")
      return done(arith::AddIOp::create(b, loc, x[0], x[1]));
    if (name == "sub")
      return done(arith::SubIOp::create(b, loc, x[0], x[1]));
    if (name == "mul")
      return done(arith::MulIOp::create(b, loc, x[0], x[1]));
    if (name == "max")
      return done(arith::MaxSIOp::create(b, loc, x[0], x[1]));
    if (name == "min")
      return done(arith::MinSIOp::create(b, loc, x[0], x[1]));
    // x - y * floor(x / y): the remainder, moved to the sign of y
    Value rest = arith::RemSIOp::create(b, loc, x[0], x[1]), zero = shape.whole(0, rest);
    Value off = code.compare(arith::CmpIPredicate::ne, rest, zero);
    Value signs =
        code.compare(arith::CmpIPredicate::slt, arith::XOrIOp::create(b, loc, rest, x[1]), zero);
    return done(code.select(arith::AndIOp::create(b, loc, off, signs),
                            arith::AddIOp::create(b, loc, rest, x[1]), rest));
  }
  if (!real)
    for (Value &value : x)
      value = arith::SIToFPOp::create(b, loc, shape.element(code.f32(), value), value);
  if (name == "add")
    return done(arith::AddFOp::create(b, loc, x[0], x[1]));
  if (name == "sub")
    return done(arith::SubFOp::create(b, loc, x[0], x[1]));
  if (name == "mul")
    return done(arith::MulFOp::create(b, loc, x[0], x[1]));
  if (name == "div")
    return done(arith::DivFOp::create(b, loc, x[0], x[1]));
  if (name == "max")
    return done(arith::MaximumFOp::create(b, loc, x[0], x[1]));
  if (name == "min")
    return done(arith::MinimumFOp::create(b, loc, x[0], x[1]));
  if (name == "mod") {
    Value times = math::FloorOp::create(b, loc, arith::DivFOp::create(b, loc, x[0], x[1]));
    return done(arith::SubFOp::create(b, loc, x[0], arith::MulFOp::create(b, loc, x[1], times)));
  }
  assert(name == "pow");
  if (auto constant = op->getOperand(1).getDefiningOp<ConstantOp>()) {
    double power = constant.getValue().convertToDouble();
    if (power == 0.5)
      return done(math::SqrtOp::create(b, loc, x[0]));
    if (power == static_cast<int>(power) && std::abs(power) >= 1 && std::abs(power) <= 4) {
      Value result = x[0];
      for (int i = 1; i < std::abs(power); ++i)
        result = arith::MulFOp::create(b, loc, result, x[0]);
      if (power < 0)
        result = arith::DivFOp::create(b, loc, shape.real(1, result), result);
      return done(result);
    }
  }
  Value result = x[0];
  if (auto type = dyn_cast<VectorType>(result.getType())) {
    SmallVector<Value> lanes;
    for (int64_t i = 0; i < width; ++i) {
      auto lane = [&](Value value) -> Value {
        return vector::ExtractOp::create(b, loc, value, ArrayRef<int64_t>{i});
      };
      lanes.push_back(math::PowFOp::create(b, loc, lane(x[0]), lane(x[1])));
    }
    return done(vector::FromElementsOp::create(b, loc, type, lanes));
  }
  return done(math::PowFOp::create(b, loc, x[0], x[1]));
}
