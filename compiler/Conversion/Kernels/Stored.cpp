//===- Stored.cpp
//---------------------------------------------------------------------------------------===//
#include "Conversion/Kernels/Stored.h"
#include "Conversion/Halves.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tril;

Value kernels::loadStored(Emitter &e, Value pointer, StateElement stored, unsigned alignment,
                          Value mask) {
  if (stored == StateElement::f32)
    return mask ? e.loadMasked(pointer, mask, alignment) : e.load(pointer, e.floats(), alignment);
  VectorType type = e.vector(e.builder.getI16Type());
  Value bits = mask ? LLVM::MaskedLoadOp::create(e.builder, e.loc, type, pointer, mask,
                                                 e.splatInt(0, 16), alignment)
                          .getResult()
                    : e.load(pointer, type, alignment);
  if (stored == StateElement::f16 && e.machine.f16c) {
    Value halves = e.bitcast(bits, e.vector(e.builder.getF16Type()));
    return arith::ExtFOp::create(e.builder, e.loc, e.floats(), halves);
  }
  return widen(e.builder, e.loc, bits, stored);
}
