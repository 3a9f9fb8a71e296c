//===- Recurrence.cpp - how a recurrence lies in memory
//---------------------------------------------------------===//
#include "Transforms/Recurrence.h"
#include "Transforms/Values.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

/// A sum of 128 terms with one accumulator would wait for each; with four of 16 lanes it does not.
static constexpr int64_t kLanes[] = {64, 32, 16, 8, 4};

static bool isKernel(Operation *op) { return isa<ReduceOp, ContractOp, TopOp>(op); }

static Operation *yieldOf(RecOp rec) { return rec.getBody().front().getTerminator(); }

static llvm::SmallDenseSet<uint64_t> carriedBy(RecOp rec) {
  llvm::SmallDenseSet<uint64_t> carried;
  rec.walk([&](EarlierOp earlier) { carried.insert(earlier.getEquation()); });
  return carried;
}

namespace {
struct Shape {
  SmallVector<AxisAttr> blocks;
  int64_t lanes = 1;
};
} // namespace

/// An axis is one of the blocks where every equation has it and no operation takes it, makes it or
/// moves along it.
static Shape shapeOf(RecOp rec) {
  llvm::SmallPtrSet<Attribute, 8> serial;
  bool known = true, lanes = true;
  auto differ = [&](NamedTensorType a, NamedTensorType b) {
    for (AxisAttr axis : a.getAxes())
      if (!llvm::is_contained(b.getAxes(), axis))
        serial.insert(axis);
  };
  auto named = [&](ArrayAttr names, NamedTensorType type) {
    for (StringRef name : names.getAsValueRange<StringAttr>())
      if (type.hasAxis(name))
        serial.insert(type.axis(name));
  };
  for (Operation &op : rec.getBody().front().without_terminator()) {
    llvm::TypeSwitch<Operation *>(&op)
        .Case([&](ReduceOp o) { named(o.getAxes(), o.getOperand().getType()); })
        .Case([&](ContractOp o) {
          for (Value factor : o.getFactors())
            named(o.getAxes(), typeOf(factor));
        })
        .Case<RenameOp, IndexOp, SplitOp, MergeOp, StackOp, JoinOp, TopOp>([&](Operation *o) {
          for (Value operand : o->getOperands())
            for (Value result : o->getResults()) {
              differ(typeOf(operand), typeOf(result));
              differ(typeOf(result), typeOf(operand));
            }
          if (auto index = dyn_cast<IndexOp>(o))
            named(index.getAxes(), index.getOperand().getType());
          lanes &= !isa<TopOp>(o);
        })
        .Default([&](Operation *o) { known &= isElementwise(o) || isa<EarlierOp, ConstantOp>(o); });
  }
  Shape shape;
  if (!known || rec.getNumResults() == 0)
    return shape;
  for (AxisAttr axis : typeOf(yieldOf(rec)->getOperand(0)).getAxes())
    if (!axis.isDynamic() && axis.getSize() > 0 && !serial.contains(axis) &&
        llvm::all_of(yieldOf(rec)->getOperands(), [&](Value value) {
          return llvm::is_contained(typeOf(value).getAxes(), axis);
        }))
      shape.blocks.push_back(axis);
  // The axis with the most lanes, the last of those as good.
  size_t best = 0;
  for (auto [i, axis] : llvm::enumerate(shape.blocks))
    for (int64_t width : kLanes)
      if (lanes && axis.getSize() % width == 0) {
        if (std::min<int64_t>(width, 16) >= std::min<int64_t>(shape.lanes, 16)) {
          shape.lanes = width;
          best = i;
        }
        break;
      }
  if (shape.lanes > 1)
    std::rotate(shape.blocks.begin() + best, shape.blocks.begin() + best + 1, shape.blocks.end());
  else if (!shape.blocks.empty() && shape.blocks.back().getSize() >= 16)
    shape.blocks.pop_back(); // an odd size: its loop has lanes and a rest
  return shape;
}

/// Whether code for `op` computes, without loading what is stored, something from equation
/// `equation` earlier; `elsewhere`: at another point than its own.
static bool readsEarlier(Operation *op, uint64_t equation, bool elsewhere) {
  llvm::SmallPtrSet<Operation *, 16> seen[2];
  std::function<bool(Operation *, bool)> visit = [&](Operation *at, bool moved) -> bool {
    if (!seen[moved].insert(at).second)
      return false;
    for (Value operand : at->getOperands()) {
      Operation *def = operand.getDefiningOp();
      if (!def || def->getBlock() != op->getBlock() || isa<MaterializeOp>(def) || isKernel(def))
        continue;
      if (auto earlier = dyn_cast<EarlierOp>(def)) {
        if (earlier.getEquation() == equation && (moved || !elsewhere))
          return true;
      } else if (visit(def, moved || !isElementwise(def)))
        return true;
    }
    return false;
  };
  return visit(op, !isa<MaterializeOp>(op) && !isElementwise(op));
}

void tril::storeEquations(RecOp rec) {
  Shape shape = shapeOf(rec);
  OpBuilder builder(rec.getContext());
  SmallVector<StringRef> names;
  for (AxisAttr axis : shape.blocks)
    names.push_back(axis.getName());
  rec->setAttr("blocks", builder.getStrArrayAttr(names));
  rec->setAttr("lanes", builder.getI64IntegerAttr(shape.lanes));

  Operation *yield = yieldOf(rec);
  auto carried = carriedBy(rec);
  auto store = [&](Value value) {
    return MaterializeOp::create(builder, value.getLoc(),
                                 typeOf(value).withAxes(memoryOrder(typeOf(value).getAxes())),
                                 value);
  };
  // In the place of the value before, right where the new one is made.
  SmallVector<MaterializeOp> kept;
  for (OpOperand &operand : yield->getOpOperands()) {
    if (!carried.contains(operand.getOperandNumber()))
      continue;
    Value value = operand.get();
    Operation *def = value.getDefiningOp();
    if (def && def->getBlock() == yield->getBlock())
      builder.setInsertionPointAfter(def);
    else
      builder.setInsertionPoint(yield);
    MaterializeOp place = store(value);
    place.setKept(operand.getOperandNumber());
    value.replaceUsesWithIf(place.getResult(), [&](OpOperand &use) {
      return use.getOwner() != place && use.getOwner()->getParentOp() == rec;
    });
    kept.push_back(place);
  }
  // What is read outside goes to its row...
  for (OpOperand &operand : yield->getOpOperands())
    if (!rec.getResult(operand.getOperandNumber()).use_empty()) {
      builder.setInsertionPoint(yield);
      operand.set(store(operand.get()).getResult());
    }
  // ... and where something that comes later reads the value before, the new one waits in a place
  // of its own until the end.
  for (MaterializeOp place : kept) {
    bool late = readsEarlier(place, *place.getKept(), /*elsewhere=*/true);
    for (Operation *op = place->getNextNode(); op && !late; op = op->getNextNode())
      late = readsEarlier(op, *place.getKept(), /*elsewhere=*/false);
    if (!late)
      continue;
    builder.setInsertionPoint(yield);
    MaterializeOp last = store(place.getResult());
    last.setKept(place.getKept());
    place.removeKeptAttr();
  }
  for (OpOperand &operand : yield->getOpOperands()) {
    Value result = rec.getResult(operand.getOperandNumber());
    if (result.use_empty())
      for (MaterializeOp last : yield->getBlock()->getOps<MaterializeOp>())
        if (last.getKept() == operand.getOperandNumber())
          operand.set(last.getResult());
    result.setType(operand.get().getType());
  }
}

void tril::arrangeRecurrence(RecOp rec) {
  OpBuilder builder(rec);
  int64_t lanes = rec->getAttrOfType<IntegerAttr>("lanes").getInt();
  auto blocks =
      llvm::to_vector(rec->getAttrOfType<ArrayAttr>("blocks").getAsValueRange<StringAttr>());
  Operation *yield = yieldOf(rec);
  auto isLane = [&](AxisAttr axis) { return lanes > 1 && axis.getName() == blocks.back(); };
  auto lanesLast = [&](NamedTensorType type) {
    SmallVector<AxisAttr> order = memoryOrder(type.getAxes());
    if (auto *lane = llvm::find_if(order, isLane); lane != order.end())
      std::rotate(lane, lane + 1, order.end());
    return type.withAxes(order);
  };
  for (MaterializeOp stored : yield->getBlock()->getOps<MaterializeOp>()) {
    bool outside = llvm::any_of(stored.getResult().getUses(), [&](OpOperand &use) {
      return use.getOwner() == yield && !rec.getResult(use.getOperandNumber()).use_empty();
    });
    if (outside)
      continue;
    stored.setOneRow(!stored.getKept());
    stored.getResult().setType(lanesLast(typeOf(stored.getResult())));
  }
  for (OpOperand &operand : yield->getOpOperands())
    rec.getResult(operand.getOperandNumber()).setType(operand.get().getType());
  if (lanes == 1)
    return;

  // Whether lanes that read `value` read consecutive numbers.
  std::function<bool(Value)> isReady = [&](Value value) -> bool {
    NamedTensorType type = typeOf(value);
    auto lane = llvm::find_if(type.getAxes(), isLane);
    if (lane == type.getAxes().end())
      return true;
    Operation *def = value.getDefiningOp();
    if (!def || isa<MaterializeOp, CallOp, RecOp, InputOp, ExtendOp>(def))
      return isLane(type.getAxes().back());
    if (isa<ParamOp>(def)) // lies in the order of its type, unless packed for a matmul
      return isLane(type.getAxes().back()) && !def->hasAttr("contracted");
    return llvm::all_of(def->getOperands(), isReady);
  };
  // What is not is stored with its lanes together: of an expression, the parts that need it.
  llvm::DenseMap<Value, Value> copies;
  std::function<void(OpOperand &)> makeReady = [&](OpOperand &operand) {
    Value value = operand.get();
    Operation *def = value.getDefiningOp();
    if (isReady(value))
      return;
    if (def && isElementwise(def)) {
      for (OpOperand &part : def->getOpOperands())
        makeReady(part);
      return;
    }
    Value &copy = copies[value];
    if (!copy) {
      builder.setInsertionPointAfterValue(value);
      copy = MaterializeOp::create(builder, value.getLoc(), lanesLast(typeOf(value)), value);
    }
    operand.set(copy);
  };
  rec.walk([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands()) {
      Value value = operand.get();
      Operation *def = value.getDefiningOp();
      if ((def && rec->isAncestor(def)) || isa_and_nonnull<ConstantOp>(def) ||
          typeOf(value).rank() == 0)
        continue;
      makeReady(operand);
      // An expression without the lanes' axis would be computed again for every block.
      bool isStored = !def || isa<MaterializeOp, CallOp, RecOp, InputOp, ExtendOp, ParamOp>(def);
      if (isStored || llvm::any_of(typeOf(value).getAxes(), isLane) ||
          !typeOf(value).hasAxis("time") || isa<RenameOp>(def))
        continue;
      Value &place = copies[value];
      if (!place) {
        builder.setInsertionPoint(rec);
        place = MaterializeOp::create(builder, value.getLoc(), lanesLast(typeOf(value)), value);
      }
      operand.set(place);
    }
  });
}
