//===- Pairs.cpp
//--------------------------------------------------------------------------------------===//
#include "Conversion/Kernels/Pairs.h"
#include "Conversion/Halves.h"
#include "Conversion/Kernels/Stored.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tril;
using namespace tril::kernels;

Value kernels::toPairs(Emitter &e, Value floats) {
  if (!e.machine.bf16)
    return narrow(e.builder, e.loc, floats, StateElement::bf16);
  Value halves =
      arith::TruncFOp::create(e.builder, e.loc, e.vector(e.builder.getBF16Type()), floats);
  return e.bitcast(halves, e.vector(e.builder.getI16Type()));
}

Value kernels::loadRounded(Emitter &e, Value pointer, StateElement stored, unsigned alignment,
                           Value mask) {
  if (stored != StateElement::bf16)
    return toPairs(e, loadStored(e, pointer, stored, alignment, mask));
  VectorType type = e.vector(e.builder.getI16Type());
  if (!mask)
    return e.load(pointer, type, alignment);
  return LLVM::MaskedLoadOp::create(e.builder, e.loc, type, pointer, mask, e.splatInt(0, 16),
                                    alignment);
}

Values kernels::toParts(Emitter &e, Value floats, int parts) {
  Values result;
  for (int part = 0; part < parts; ++part) {
    Value bits = e.bitcast(floats, e.ints());
    if (part == 1 && parts == 3) // to the nearest, so that the last one has a bit less to hold
      bits = e.addi(bits, e.splatInt(0x8000));
    result.push_back(e.truncate(e.shiftRight(bits, 16), e.vector(e.builder.getI16Type())));
    Value top = e.bitcast(e.andi(bits, e.splatInt(-0x10000)), e.floats());
    if (part + 1 < parts)
      floats = e.subf(floats, top); // exact
  }
  return result;
}

Value kernels::interleave(Emitter &e, Value low, Value high) {
  return e.ori(e.extendUnsigned(low, e.ints()), e.shiftLeft(e.extendUnsigned(high, e.ints()), 16));
}

Value kernels::addProducts(Emitter &e, Value sum, Value a, Value b) {
  if (e.machine.bf16) {
    Type halves = e.vector(e.builder.getBF16Type(), 32);
    return e.intrinsic("llvm.x86.avx512bf16.dpbf16ps.512",
                       {sum, e.bitcast(a, halves), e.bitcast(b, halves)}, e.floats());
  }
  auto low = [&](Value x) { return e.bitcast(e.shiftLeft(x, 16), e.floats()); };
  auto high = [&](Value x) { return e.bitcast(e.andi(x, e.splatInt(-0x10000)), e.floats()); };
  return e.fma(high(a), high(b), e.fma(low(a), low(b), sum));
}
