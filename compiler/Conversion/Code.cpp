//===- Code.cpp
//----------------------------------------------------------------------------------------===//
#include "Conversion/Code.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tril;

std::optional<int64_t> tril::constantOf(Value value) {
  APInt number;
  if (matchPattern(value, m_ConstantInt(&number)))
    return number.getSExtValue();
  return std::nullopt;
}

Value Code::c64(int64_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
}
Value Code::c32(int32_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(value));
}
Value Code::cf(double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getF32FloatAttr(static_cast<float>(value)));
}
Value Code::cb(bool value) {
  return arith::ConstantOp::create(builder, loc, builder.getBoolAttr(value));
}

Value Code::add(Value a, Value b) {
  auto ca = constantOf(a), cb = constantOf(b);
  if (ca && cb)
    return c64(*ca + *cb);
  if (ca && *ca == 0)
    return b;
  if (cb && *cb == 0)
    return a;
  return arith::AddIOp::create(builder, loc, a, b);
}

Value Code::sub(Value a, Value b) {
  auto ca = constantOf(a), cb = constantOf(b);
  if (ca && cb)
    return c64(*ca - *cb);
  if (cb && *cb == 0)
    return a;
  return arith::SubIOp::create(builder, loc, a, b);
}

Value Code::mul(Value a, Value b) {
  auto ca = constantOf(a), cb = constantOf(b);
  if (ca && cb)
    return c64(*ca * *cb);
  if ((ca && *ca == 0) || (cb && *cb == 1))
    return a;
  if ((cb && *cb == 0) || (ca && *ca == 1))
    return b;
  return arith::MulIOp::create(builder, loc, a, b);
}

Value Code::divu(Value a, int64_t b) {
  if (auto ca = constantOf(a))
    return c64(*ca / b);
  return b == 1 ? a : arith::DivUIOp::create(builder, loc, a, c64(b)).getResult();
}

Value Code::remu(Value a, int64_t b) {
  if (auto ca = constantOf(a))
    return c64(*ca % b);
  return b == 1 ? c64(0) : arith::RemUIOp::create(builder, loc, a, c64(b)).getResult();
}

Value Code::min(Value a, Value b) { return arith::MinSIOp::create(builder, loc, a, b); }
Value Code::max(Value a, Value b) { return arith::MaxSIOp::create(builder, loc, a, b); }

Value Code::compare(arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}

Value Code::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}

Value Code::at(Value pointer, Value bytes) {
  if (auto constant = constantOf(bytes); constant && *constant == 0)
    return pointer;
  return LLVM::GEPOp::create(builder, loc, ptr(), builder.getI8Type(), pointer,
                             ArrayRef<LLVM::GEPArg>{bytes});
}

Value Code::load(Type type, Value pointer, unsigned alignment) {
  auto op = LLVM::LoadOp::create(builder, loc, type, pointer);
  op.setAlignment(alignment);
  return op;
}

void Code::store(Value value, Value pointer, unsigned alignment) {
  auto op = LLVM::StoreOp::create(builder, loc, value, pointer);
  op.setAlignment(alignment);
}

Value Code::broadcast(Value scalar, int64_t width) {
  if (width == 1 || isa<VectorType>(scalar.getType()))
    return scalar;
  return vector::BroadcastOp::create(builder, loc, vec(scalar.getType(), width), scalar);
}

ResultRange Code::loop(Value begin, Value end, int64_t step, ValueRange initial, Body body) {
  auto op = scf::ForOp::create(builder, loc, begin, end, c64(step), initial,
                               [&](OpBuilder &inner, Location, Value i, ValueRange carried) {
                                 OpBuilder::InsertionGuard guard(builder);
                                 builder.setInsertionPoint(inner.getInsertionBlock(),
                                                           inner.getInsertionPoint());
                                 llvm::SmallVector<Value> next = body(i, carried);
                                 scf::YieldOp::create(builder, loc, next);
                               });
  return op.getResults();
}

void Code::loop(Value begin, Value end, int64_t step, llvm::function_ref<void(Value)> body) {
  loop(begin, end, step, ValueRange(), [&](Value i, ValueRange) -> llvm::SmallVector<Value> {
    body(i);
    return {};
  });
}

void Code::when(Value condition, llvm::function_ref<void()> body) {
  auto op = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  body();
}
