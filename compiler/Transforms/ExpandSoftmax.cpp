//===- ExpandSoftmax.cpp - softmaxes back to exponentials and sums
//--------------------------------===//
#include "Transforms/Passes.h"

namespace tril {
#define GEN_PASS_DEF_EXPANDSOFTMAX
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {
struct ExpandSoftmaxPass : tril::impl::ExpandSoftmaxBase<ExpandSoftmaxPass> {
  void runOnOperation() override {
    getOperation().walk([&](SoftmaxOp op) {
      OpBuilder builder(op);
      Location loc = op.getLoc();
      NamedTensorType type = op.getResult().getType();
      SmallVector<AxisAttr> left;
      for (AxisAttr axis : type.getAxes())
        if (!llvm::is_contained(op.getAxes().getAsValueRange<StringAttr>(), axis.getName()))
          left.push_back(axis);
      NamedTensorType reduced = type.withAxes(left);
      Value largest =
          ReduceOp::create(builder, loc, reduced, ReduceKind::max, op.getAxes(), op.getOperand());
      if (Value sink = op.getSink()) {
        NamedTensorType whole = reduced.withHoles(false);
        if (reduced.getHoles())
          largest = ElseOp::create(builder, loc, whole, largest, sink);
        largest = MaxOp::create(builder, loc, whole, largest, sink);
      }
      Value shifted = SubOp::create(builder, loc, type, op.getOperand(), largest);
      Value power = ExpOp::create(builder, loc, type, shifted);
      Value total = ReduceOp::create(builder, loc, reduced.withHoles(false), ReduceKind::sum,
                                     op.getAxes(), power);
      if (Value sink = op.getSink()) {
        NamedTensorType whole = reduced.withHoles(false);
        Value power =
            ExpOp::create(builder, loc, whole, SubOp::create(builder, loc, whole, sink, largest));
        total = AddOp::create(builder, loc, whole, total, power);
      }
      Value result = DivOp::create(builder, loc, type, power, total);
      op.getResult().replaceAllUsesWith(result);
      op.erase();
    });
  }
};
} // namespace
