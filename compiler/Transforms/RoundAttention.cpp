//===- RoundAttention.cpp - products of attention in bf16
//---------------------------------------------------===//
// Before attention is fused, so that the interpreter, which knows contractions only, rounds what
// compiled code rounds.
#include "Transforms/Passes.h"
#include "Transforms/Values.h"

namespace tril {
#define GEN_PASS_DEF_ROUNDATTENTION
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

struct RoundAttentionPass : tril::impl::RoundAttentionBase<RoundAttentionPass> {
  using Base::Base;

  void runOnOperation() override {
    getOperation().walk([&](ContractOp op) {
      for (Value factor : op.getFactors())
        if (auto softmax = factor.getDefiningOp<SoftmaxOp>(); softmax && weighs(op, softmax)) {
          mark(op);
          markProducts(softmax.getOperand(), firstAxis(op));
        }
    });
  }

private:
  static StringRef firstAxis(ContractOp op) { return cast<StringAttr>(op.getAxes()[0]).getValue(); }

  /// Whether `op` sums what the softmax gives over positions, for other positions.
  static bool weighs(ContractOp op, SoftmaxOp softmax) {
    return op.getAxes().size() == 1 && op.getFactors().size() == 2 &&
           softmax.getAxes() == op.getAxes() &&
           typeOf(softmax.getResult()).axis(firstAxis(op)).isDynamic() &&
           llvm::any_of(typeOf(softmax.getResult()).getAxes(), [&](AxisAttr axis) {
             return axis.isDynamic() && axis.getName() != firstAxis(op);
           });
  }

  void mark(ContractOp op) {
    marked += op.getRounded() ? 0 : 1;
    op.setRounded(true);
  }

  /// The contractions that a score is made of.
  void markProducts(Value value, StringRef past) {
    Operation *op = value.getDefiningOp();
    if (!op || !typeOf(value).hasAxis(past))
      return;
    if (auto contract = dyn_cast<ContractOp>(op))
      mark(contract);
    else if (isElementwise(op))
      for (Value operand : op->getOperands())
        markProducts(operand, past);
  }
};

} // namespace
