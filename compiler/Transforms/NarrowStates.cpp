//===- NarrowStates.cpp - states in 16 bits
//--------------------------------------------------------------===//
// Before attention is fused, so that the interpreter, which knows contractions only, rounds what
// compiled code rounds.
#include "Transforms/Passes.h"

namespace tril {
#define GEN_PASS_DEF_NARROWSTATES
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

struct NarrowStatesPass : tril::impl::NarrowStatesBase<NarrowStatesPass> {
  using Base::Base;

  void runOnOperation() override {
    std::optional<StateElement> stored = symbolizeStateElement(type);
    if (!stored) {
      getOperation().emitError() << "`" << type << "` is no type of states";
      return signalPassFailure();
    }
    getOperation().walk([&](ExtendOp extend) {
      NamedTensorType operand = extend.getOperand().getType();
      if (!operand.getElement().isF32() || operand.getHoles() ||
          !llvm::all_of(extend->getUsers(), llvm::IsaPred<ContractOp>))
        return;
      extend.setStored(*stored);
      ++narrowed;
    });
  }
};

} // namespace
