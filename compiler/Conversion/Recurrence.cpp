//===- Recurrence.cpp - positions one after the other
//-----------------------------------------------------------===//
// A recurrence falls into parts that do not read each other (Transforms/Recurrence.h).  The threads
// share the parts; each part runs through all rows of the call, in lanes along one of its axes, so
// that its piece of the state stays in the nearest memory.  One row or many: the same code, the
// same bits.
#include "Conversion/Lowering.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

void BodyLowering::recurrence(RecOp op) {
  Code &c = code();
  Evaluator::Scope scope(*evaluator);
  int64_t lanes = op->getAttrOfType<IntegerAttr>("lanes").getInt();
  struct Block {
    StringAttr axis;
    int64_t size, width;
  };
  SmallVector<Block> blocks;
  int64_t count = 1;
  auto names = op->getAttrOfType<ArrayAttr>("blocks").getAsRange<StringAttr>();
  NamedTensorType type = typeOf(op.getResult(0));
  for (StringAttr name : names)
    blocks.push_back({name, type.axis(name).getSize(), 1});
  if (lanes > 1) {
    blocks.back().size /= lanes;
    blocks.back().width = lanes;
  }
  for (const Block &block : blocks)
    count *= block.size;
  auto border = [&](Value thread) -> Value {
    return arith::DivUIOp::create(c.builder, c.loc, c.mul(thread, count), frame.threads);
  };
  // What does not change within a row is computed once in it.
  SmallVector<Value> outside;
  op.walk([&](Operation *inner) {
    for (Value operand : inner->getOperands()) {
      Operation *def = operand.getDefiningOp();
      if (!(def && (op->isAncestor(def) || isa<ConstantOp>(def))) &&
          !llvm::is_contained(outside, operand))
        outside.push_back(operand);
    }
  });
  auto isFixed = [&](Value value) {
    return llvm::all_of(typeOf(value).getAxes(), [&](AxisAttr axis) {
      return fixed->contains(evaluator->name(axis.getName()));
    });
  };

  c.loop(border(frame.thread), border(c.add(frame.thread, 1)), 1, [&](Value part) {
    Evaluator::Scope partScope(*evaluator);
    Point point;
    for (const Block &block : llvm::reverse(blocks)) {
      Value at = blocks.size() == 1 ? part : c.remu(part, block.size);
      part = c.divu(part, block.size);
      point[block.axis] = {c.mul(at, block.width), block.width > 1, Value()};
    }
    c.loop(c.c64(0), frame.rows, 1, [&](Value row) {
      Evaluator::Scope rowScope(*evaluator);
      fixed = point;
      (*fixed)[evaluator->name("time")] = {row, false, Value()};
      fixedLanes = evaluator->width = lanes;
      SmallVector<Value> given;
      auto give = [&](Value value) {
        if (isFixed(value)) {
          evaluator->given[value] = evaluator->at(value, *fixed);
          given.push_back(value);
        }
      };
      for (Value value : outside)
        give(value);
      for (Operation &inner : op.getBody().front()) {
        task(inner);
        if (auto stored = dyn_cast<MaterializeOp>(inner))
          give(stored.getResult());
      }
      for (Value value : given)
        evaluator->given.erase(value);
      fixed.reset();
      fixedLanes = evaluator->width = 1;
    });
  });
}

/// Of an equation that is read several positions back, what is kept moves one further back.
void BodyLowering::keepEarlier(MaterializeOp op, const Point &point) {
  auto rec = op->getParentOfType<RecOp>();
  int64_t longest = rec->getAttrOfType<IntegerAttr>("lag").getInt();
  for (int64_t lag = longest; lag > 1; --lag)
    evaluator->storeTo(evaluator->keptBy(rec, *op.getKept(), lag), point,
                       evaluator->loadFrom(evaluator->keptBy(rec, *op.getKept(), lag - 1), point,
                                           /*holes=*/false));
}
