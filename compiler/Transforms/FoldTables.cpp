//===- FoldTables.cpp - values that are known at compile time
//--------------------------------------===//
#include "Transforms/FoldTables.h"
#include "Interpreter/Interpreter.h"
#include "Transforms/Passes.h"

namespace tril {
#define GEN_PASS_DEF_FOLDTABLES
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

static bool isSource(Operation *op) { return isa<ConstantOp, TableOp, PositionOp>(op); }

unsigned tril::foldToTable(BodyOp body, int64_t limit) {
  interpreter::StaticEvaluator evaluator(limit);
  SmallVector<Operation *> known; // what could be computed, in order
  body.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (evaluator.run(op))
      known.push_back(op);
  });
  auto isKnown = [&](Operation *op) {
    return op->getNumResults() > 0 &&
           llvm::all_of(op->getResults(), [&](Value value) { return evaluator.known(value); });
  };
  unsigned replaced = 0;
  for (Operation *op : known) {
    if (isSource(op))
      continue;
    for (Value value : op->getResults()) {
      auto type = cast<NamedTensorType>(value.getType());
      // Values between known ones go away with their readers.
      if (!isa<FloatType>(type.getElement()) || type.getHoles() ||
          llvm::all_of(value.getUsers(), isKnown))
        continue;
      auto elements = evaluator.elements(value);
      if (!elements)
        continue;
      OpBuilder builder(op);
      Value folded = type.rank() == 0
                         ? ConstantOp::create(builder, op->getLoc(), type,
                                              builder.getF64FloatAttr(elements->front()))
                               .getResult()
                         : TableOp::create(builder, op->getLoc(), type, *elements).getResult();
      value.replaceAllUsesWith(folded);
      ++replaced;
    }
  }
  for (Operation *op : llvm::reverse(known))
    if (op->use_empty())
      op->erase();
  return replaced;
}

namespace {
struct FoldTablesPass : tril::impl::FoldTablesBase<FoldTablesPass> {
  void runOnOperation() override {
    for (BodyOp body : getOperation().getBody().getOps<BodyOp>())
      tables += foldToTable(body);
  }
};
} // namespace
