//===- DeriveDecode.cpp - from the whole sequence to a step
//---------------------------------------===//
// Where the text reads earlier positions, the step reads a state:
//   1. `rename %v time to past`            becomes  extend %v as past
//   2. `index %v [time] at %i`             becomes  index (extend %v as time.1) [time.1] at %i
// A recurrence keeps its form; its values at the last positions are its state.
#include "Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tril {
#define GEN_PASS_DEF_DERIVEDECODE
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

bool isTime(AxisAttr axis) { return axis.isDynamic() && axis.getName() == "time"; }
/// `time`, or another sequence's own name: the positions that a call brings.
bool isNew(AxisAttr axis) { return axis.isDynamic() && axis.getName() == axis.getRootName(); }

/// The text's name for a value, for the names of states.
std::string nameOf(Value value) {
  Location loc = value.getLoc();
  while (true) {
    if (auto named = dyn_cast<NameLoc>(loc))
      return named.getName().str();
    if (auto call = dyn_cast<CallSiteLoc>(loc))
      loc = call.getCallee();
    else if (auto fused = dyn_cast<FusedLoc>(loc); fused && !fused.getLocations().empty())
      loc = fused.getLocations().front();
    else
      return "state";
  }
}

struct DeriveDecodePass : tril::impl::DeriveDecodeBase<DeriveDecodePass> {
  void runOnOperation() override {
    ModelOp model = getOperation();
    std::string why;
    Location whyAt = model.getLoc();
    StringRef claim = model.getClaim().value_or("");
    // What reads a window of earlier positions is causal too.
    if (!claim.contains("causal") && !claim.starts_with("reads window"))
      why = "the text makes no claim that it is causal";

    llvm::StringMap<unsigned> taken;
    model.walk([&](Operation *op) {
      if (auto rename = dyn_cast<RenameOp>(op);
          rename && isNew(typeOf(rename.getOperand()).axis(rename.getFrom())))
        deriveRename(rename, taken);
      else if (auto index = dyn_cast<IndexOp>(op))
        deriveIndex(index, taken);
      else if (why.empty() && actsAlongTime(op)) {
        why =
            ("`" + op->getName().stripDialect() + "` along `time` needs the whole sequence").str();
        whyAt = op->getLoc();
      }
    });
    if (!why.empty()) {
      model->setAttr("tril.whole", StringAttr::get(&getContext(), why));
      model->setAttr("tril.whole_at", whyAt);
    }
  }

private:
  std::string uniqueName(Value value, llvm::StringMap<unsigned> &taken) {
    std::string name = nameOf(value);
    unsigned n = taken[name]++;
    return n ? name + "." + std::to_string(n) : name;
  }

  Value extend(OpBuilder &builder, Location loc, Value operand, AxisAttr past,
               llvm::StringMap<unsigned> &taken) {
    NamedTensorType type = typeOf(operand);
    SmallVector<AxisAttr> axes = {past}; // the state has one entry a position
    for (AxisAttr axis : type.getAxes())
      if (axis.getName() != past.getRootName())
        axes.push_back(axis);
    ++states;
    return ExtendOp::create(builder, loc, type.withAxes(axes), operand, uniqueName(operand, taken),
                            past.getName(), StateLayout::rows);
  }

  void deriveRename(RenameOp op, llvm::StringMap<unsigned> &taken) {
    OpBuilder builder(op);
    AxisAttr past = op.getResult().getType().axis(op.getTo());
    if (!past.isDynamic() || isNew(past))
      return;
    Value result;
    if (op.getOperand()
            .getDefiningOp<PositionOp>()) { // the positions of the other name: nothing to keep
      result = PositionOp::create(builder, op.getLoc(), op.getResult().getType());
    } else {
      // One state for all readers of the same value under the same name.
      for (Operation *user : op.getOperand().getUsers())
        if (auto other = dyn_cast<ExtendOp>(user);
            other && other.getPast() == op.getTo() && other->getBlock() == op->getBlock()) {
          if (op->isBeforeInBlock(other))
            other->moveBefore(op);
          result = other.getResult();
        }
      if (!result)
        result = extend(builder, op.getLoc(), op.getOperand(), past, taken);
    }
    op.getResult().replaceAllUsesWith(result);
    op.erase();
  }

  void deriveIndex(IndexOp op, llvm::StringMap<unsigned> &taken) {
    auto names = llvm::to_vector(op.getAxes().getAsValueRange<StringAttr>());
    for (auto [i, name] : llvm::enumerate(names)) {
      AxisAttr axis = typeOf(op.getOperand()).axis(name);
      if (!isTime(axis))
        continue;
      OpBuilder builder(op);
      AxisAttr past = AxisAttr::get(&getContext(), "time.1", AxisAttr::kDynamic, "time");
      Value kept;
      if (op.getOperand().getDefiningOp<PositionOp>())
        kept = PositionOp::create(builder, op.getLoc(), typeOf(op.getOperand()).withAxes({past}));
      else
        kept = extend(builder, op.getLoc(), op.getOperand(), past, taken);
      names[i] = past.getName();
      op.getOperandMutable().assign(kept);
      op.setAxesAttr(builder.getStrArrayAttr(names));
    }
  }

  static bool actsAlongTime(Operation *op) {
    auto named = [](ArrayAttr axes) {
      return llvm::is_contained(axes.getAsValueRange<StringAttr>(), StringRef("time"));
    };
    return llvm::TypeSwitch<Operation *, bool>(op)
        .Case<ReduceOp, ContractOp, SoftmaxOp>([&](auto o) { return named(o.getAxes()); })
        .Case([&](SplitOp o) { return o.getAxis() == "time"; })
        .Case([&](MergeOp o) { return named(o.getParts()); })
        .Case([&](JoinOp o) { return o.getAxis() == "time" || named(o.getParts()); })
        .Case([&](TopOp o) { return o.getAxis() == "time"; })
        .Case([&](ExtentOp o) { return o.getAxis().getRootName() == "time"; })
        .Default(false);
  }
};

} // namespace
