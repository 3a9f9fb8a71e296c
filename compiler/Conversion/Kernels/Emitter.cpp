//===- Emitter.cpp - short names for the operations that kernels are made of
//--------------------===//
#include "Conversion/Kernels/Emitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

VectorType Emitter::vector(Type element, int64_t lanes) { return VectorType::get(lanes, element); }

Value Emitter::constant(int64_t value) {
  return arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
}
Value Emitter::constantF32(float value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}
Value Emitter::splat(float value) {
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(floats(), value));
}
Value Emitter::splatInt(int64_t value, int bits, int64_t lanes) {
  llvm::APInt element(bits, static_cast<uint64_t>(value), /*isSigned=*/true,
                      /*implicitTrunc=*/true);
  return arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(vector(builder.getIntegerType(bits), lanes), element));
}
Value Emitter::vectorOf(ArrayRef<float> values) {
  return arith::ConstantOp::create(
      builder, loc,
      DenseElementsAttr::get(vector(f32(), static_cast<int64_t>(values.size())), values));
}
Value Emitter::laneNumbers() { return steps(1); }
Value Emitter::steps(int64_t step) {
  SmallVector<int32_t> numbers(16);
  for (int i = 0; i < 16; ++i)
    numbers[i] = static_cast<int32_t>(i * step);
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(ints(), ArrayRef<int32_t>(numbers)));
}

Value Emitter::lanesBelow(Value count) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, laneNumbers(),
                               broadcast(truncate(count, i32())));
}

Value Emitter::add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
Value Emitter::add(Value a, int64_t b) { return b == 0 ? a : add(a, constant(b)); }
Value Emitter::sub(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }
Value Emitter::mul(Value a, Value b) { return arith::MulIOp::create(builder, loc, a, b); }
Value Emitter::mul(Value a, int64_t b) { return mul(a, constant(b)); }
Value Emitter::div(Value a, int64_t b) {
  return arith::DivUIOp::create(builder, loc, a, constant(b));
}
Value Emitter::rem(Value a, int64_t b) {
  return arith::RemUIOp::create(builder, loc, a, constant(b));
}
Value Emitter::min(Value a, Value b) { return arith::MinSIOp::create(builder, loc, a, b); }
Value Emitter::max(Value a, Value b) { return arith::MaxSIOp::create(builder, loc, a, b); }
Value Emitter::less(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, a, b);
}
Value Emitter::lessEqual(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sle, a, b);
}
Value Emitter::equal(Value a, int64_t b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq, a, constant(b));
}

Value Emitter::at(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(builder, loc, pointer.getType(), builder.getI8Type(), pointer,
                             ValueRange{bytes});
}
Value Emitter::at(Value pointer, int64_t bytes) {
  return bytes == 0 ? pointer : at(pointer, constant(bytes));
}
Value Emitter::load(Value pointer, Type type, unsigned alignment) {
  return LLVM::LoadOp::create(builder, loc, type, pointer, alignment);
}
void Emitter::store(Value value, Value pointer, unsigned alignment) {
  LLVM::StoreOp::create(builder, loc, value, pointer, alignment);
}
void Emitter::storeMasked(Value value, Value pointer, Value mask, unsigned alignment) {
  LLVM::MaskedStoreOp::create(builder, loc, value, pointer, mask, alignment);
}
Value Emitter::loadMasked(Value pointer, Value mask, unsigned alignment) {
  return LLVM::MaskedLoadOp::create(builder, loc, floats(), pointer, mask, splat(0), alignment);
}
void Emitter::prefetch(Value pointer) {
  LLVM::Prefetch::create(builder, loc, pointer, /*rw=*/false, /*hint=*/2, /*cache=*/1);
}
Value Emitter::allocate(int64_t bytes) {
  // Not where it is needed: an alloca in a loop grows the stack each time round.
  OpBuilder::InsertionGuard guard(builder);
  auto parent = builder.getInsertionBlock()->getParentOp();
  auto function = isa<func::FuncOp>(parent) ? cast<func::FuncOp>(parent)
                                            : parent->getParentOfType<func::FuncOp>();
  builder.setInsertionPointToStart(&function.getBody().front());
  return LLVM::AllocaOp::create(builder, loc, LLVM::LLVMPointerType::get(builder.getContext()),
                                builder.getI8Type(), constant(bytes), 64);
}
Value Emitter::loadHalves(Value pointer, unsigned alignment) {
  if (machine.f16c) {
    Value halves = load(pointer, vector(builder.getF16Type()), alignment);
    return arith::ExtFOp::create(builder, loc, floats(), halves);
  }
  // Shifted into place the exponent is 112 too small; multiplying by 2^112 is exact, for denormals
  // too.
  Value wide = extendUnsigned(load(pointer, vector(builder.getIntegerType(16)), alignment), ints());
  Value magnitude = bitcast(shiftLeft(andi(wide, splatInt(0x7fff)), 13), floats());
  Value scaled = bitcast(mulf(magnitude, splat(0x1p112F)), ints());
  Value sign = shiftLeft(andi(wide, splatInt(0x8000)), 16);
  return bitcast(ori(scaled, sign), floats());
}

Value Emitter::broadcast(Value scalar) {
  return vector::BroadcastOp::create(builder, loc, vector(scalar.getType()), scalar);
}
Value Emitter::fma(Value a, Value b, Value c) {
  if (machine.fma)
    return LLVM::FMAOp::create(builder, loc, a.getType(), a, b, c);
  return addf(mulf(a, b), c);
}
Value Emitter::mulf(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }
Value Emitter::addf(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
Value Emitter::subf(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }
Value Emitter::negf(Value a) { return arith::NegFOp::create(builder, loc, a); }
Value Emitter::maxf(Value a, Value b) {
  // What x86's instruction does; an IEEE maximum takes several.
  Value greater = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, a, b);
  return select(greater, a, b);
}

/// Halves folded onto each other until one lane is left.
static Value reduce(Emitter &e, Value v, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t width = 8; width >= 1; width /= 2) {
    auto half = [&](int64_t offset) -> Value {
      return vector::ExtractStridedSliceOp::create(e.builder, e.loc, v, ArrayRef<int64_t>{offset},
                                                   ArrayRef<int64_t>{width}, ArrayRef<int64_t>{1});
    };
    v = combine(half(0), half(width));
  }
  return vector::ExtractOp::create(e.builder, e.loc, v, ArrayRef<int64_t>{0});
}
Value Emitter::reduceAdd(Value a) {
  bool isFloat = isa<FloatType>(cast<VectorType>(a.getType()).getElementType());
  return reduce(*this, a, [&](Value x, Value y) { return isFloat ? addf(x, y) : addi(x, y); });
}
Value Emitter::reduceMax(Value a) {
  return reduce(*this, a, [&](Value x, Value y) { return maxf(x, y); });
}

std::pair<Value, Value> Emitter::exchange(Value a, Value b, int size) {
  SmallVector<int64_t> low(16), high(16);
  for (int j = 0; j < 16; ++j) {
    low[j] = j & size ? 16 + j - size : j;
    high[j] = j & size ? 16 + j : j + size;
  }
  return {vector::ShuffleOp::create(builder, loc, a, b, low),
          vector::ShuffleOp::create(builder, loc, a, b, high)};
}
void Emitter::transpose(Values &rows) {
  for (int size = 1; size < 16; size *= 2)
    for (int i = 0; i < 16; ++i)
      if (!(i & size))
        std::tie(rows[i], rows[i + size]) = exchange(rows[i], rows[i + size], size);
}

Value Emitter::andi(Value a, Value b) { return arith::AndIOp::create(builder, loc, a, b); }
Value Emitter::ori(Value a, Value b) { return arith::OrIOp::create(builder, loc, a, b); }
Value Emitter::addi(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
Value Emitter::subi(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }

static Value shiftAmount(Emitter &e, Value a, int bits) {
  auto type = cast<VectorType>(a.getType());
  return e.splatInt(bits, static_cast<int>(type.getElementTypeBitWidth()), type.getDimSize(0));
}
Value Emitter::shiftLeft(Value a, int bits) {
  return bits == 0 ? a : arith::ShLIOp::create(builder, loc, a, shiftAmount(*this, a, bits));
}
Value Emitter::shiftRight(Value a, int bits) {
  return bits == 0 ? a : arith::ShRUIOp::create(builder, loc, a, shiftAmount(*this, a, bits));
}
Value Emitter::shiftRightSigned(Value a, int bits) {
  return bits == 0 ? a : arith::ShRSIOp::create(builder, loc, a, shiftAmount(*this, a, bits));
}
Value Emitter::toFloat(Value ints) {
  if (isa<VectorType>(ints.getType()))
    return arith::SIToFPOp::create(builder, loc, floats(), ints);
  return arith::SIToFPOp::create(builder, loc, f32(), ints);
}
Value Emitter::extendUnsigned(Value a, Type type) {
  return arith::ExtUIOp::create(builder, loc, type, a);
}
Value Emitter::extendSigned(Value a, Type type) {
  return arith::ExtSIOp::create(builder, loc, type, a);
}
Value Emitter::truncate(Value a, Type type) {
  return arith::TruncIOp::create(builder, loc, type, a);
}
Value Emitter::bitcast(Value a, Type type) {
  return LLVM::BitcastOp::create(builder, loc, type, a);
}
Value Emitter::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(builder, loc, condition, a, b);
}
Value Emitter::intrinsic(StringRef name, ArrayRef<Value> arguments, Type result) {
  return LLVM::CallIntrinsicOp::create(builder, loc, result, builder.getStringAttr(name),
                                       ValueRange(arguments))
      .getResult(0);
}

void Emitter::call(StringRef intrinsic, ArrayRef<Value> arguments) {
  LLVM::CallIntrinsicOp::create(builder, loc, builder.getStringAttr(intrinsic),
                                ValueRange(arguments));
}

Values Emitter::loop(Value lo, Value hi, int64_t step, ArrayRef<Value> init,
                     llvm::function_ref<Values(Value, ArrayRef<Value>)> body) {
  auto op = scf::ForOp::create(builder, loc, lo, hi, constant(step), ValueRange(init),
                               [](OpBuilder &, Location, Value, ValueRange) {});
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.getBody());
  Values carried(op.getRegionIterArgs());
  Values next = body(op.getInductionVar(), carried);
  scf::YieldOp::create(builder, loc, next);
  return Values(op.getResults());
}
void Emitter::loop(Value lo, Value hi, int64_t step, llvm::function_ref<void(Value)> body) {
  loop(lo, hi, step, ArrayRef<Value>{}, [&](Value i, ArrayRef<Value>) {
    body(i);
    return Values{};
  });
}
void Emitter::ifThen(Value condition, llvm::function_ref<void()> then) {
  auto op = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  then();
}
void Emitter::ifElse(Value condition, llvm::function_ref<void()> then,
                     llvm::function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  then();
  builder.setInsertionPointToStart(op.elseBlock());
  otherwise();
}

Value Emitter::when(Value condition, Value otherwise, llvm::function_ref<Value()> value) {
  auto op = scf::IfOp::create(builder, loc, TypeRange{otherwise.getType()}, condition,
                              /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.thenBlock());
  scf::YieldOp::create(builder, loc, otherwise);
  builder.setInsertionPointToStart(op.elseBlock());
  scf::YieldOp::create(builder, loc, value());
  return op.getResult(0);
}

func::FuncOp Emitter::function(ModuleOp module, const Machine &machine, StringRef name,
                               StringRef signature,
                               llvm::function_ref<void(Emitter &, ArrayRef<Value>)> body) {
  if (auto existing = module.lookupSymbol<func::FuncOp>(name))
    return existing;
  OpBuilder builder(module.getContext());
  builder.setInsertionPointToEnd(module.getBody());
  SmallVector<Type> types;
  for (char c : signature)
    types.push_back(c == 'p' ? Type(LLVM::LLVMPointerType::get(builder.getContext()))
                             : Type(builder.getI64Type()));
  Location loc = builder.getUnknownLoc();
  auto function =
      func::FuncOp::create(builder, loc, name, builder.getFunctionType(types, TypeRange{}));
  for (size_t i = 0; i < signature.size(); ++i)
    if (signature[i] == 'p')
      function.setArgAttr(static_cast<unsigned>(i), "llvm.noalias", builder.getUnitAttr());
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  Emitter emitter(builder, loc, machine);
  Values arguments(entry->getArguments());
  body(emitter, arguments);
  func::ReturnOp::create(emitter.builder, loc);
  return function;
}
