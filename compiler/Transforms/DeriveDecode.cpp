//===- DeriveDecode.cpp - from the whole sequence to a step
//---------------------------------------===//
// Where the text reads earlier positions, the step reads a state:
//   1. `rename %v time to past`            becomes  extend %v as past
//   2. `index %v [time] at %i`             becomes  index (extend %v as time.1) [time.1] at %i
// A value that has another name of the sequence beside it (`token + token[past]`) says at an
// earlier position something of later ones, so it cannot be kept: the renaming moves to what it is
// computed from.  A recurrence keeps its form; its values at the last positions are its state.
#include "Transforms/Passes.h"
#include "Transforms/Values.h"
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
    auto needsAll = [&](Location at, const Twine &what) {
      if (!why.empty())
        return;
      why = what.str();
      whyAt = at;
    };
    model.walk([&](Operation *op) {
      std::string cannotBeKept;
      Location at = op->getLoc();
      if (auto rename = dyn_cast<RenameOp>(op);
          rename && isNew(typeOf(rename.getOperand()).axis(rename.getFrom())))
        cannotBeKept = deriveRename(rename, taken);
      else if (auto index = dyn_cast<IndexOp>(op))
        cannotBeKept = deriveIndex(index, taken);
      else if (actsAlongTime(op))
        needsAll(at,
                 "`" + op->getName().stripDialect() + "` along `time` needs the whole sequence");
      if (!cannotBeKept.empty())
        needsAll(at, cannotBeKept);
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

  /// Whether it has another axis without a size beside the sequence `name`.
  static bool hasOther(Value value, StringRef name) {
    return llvm::any_of(typeOf(value).getAxes(),
                        [&](AxisAttr axis) { return axis.isDynamic() && axis.getName() != name; });
  }
  static std::string whyNot(Value value, StringRef sequence) {
    std::string others;
    for (AxisAttr axis : typeOf(value).getAxes())
      if (axis.isDynamic() && axis.getName() != sequence)
        others += (others.empty() ? "`" : ", `") + axis.getName().str() + "`";
    return "`" + nameOf(value) + "` is over " + others + " too: only what is over `" +
           sequence.str() + "` alone can be kept between steps";
  }

  /// `value` with `to` in the place of the sequence `from`, from renamed values of the sequence
  /// alone, which are put into `made`; nothing where what lies between is not elementwise.
  Value moved(OpBuilder &builder, Value value, AxisAttr from, AxisAttr to,
              llvm::DenseMap<Value, Value> &known, SmallVector<RenameOp> &made) {
    NamedTensorType type = typeOf(value);
    if (!type.hasAxis(from.getName()))
      return value;
    if (Value found = known.lookup(value))
      return found;
    SmallVector<AxisAttr> axes;
    for (AxisAttr axis : type.getAxes())
      if (AxisAttr now = axis.getName() == from.getName() ? to : axis;
          !llvm::is_contained(axes, now))
        axes.push_back(now);
    Operation *op = value.getDefiningOp();
    if (!hasOther(value, from.getName())) {
      made.push_back(RenameOp::create(builder, value.getLoc(), type.withAxes(axes), value,
                                      from.getName(), to.getName()));
      return known[value] = made.back();
    }
    if (!op || !isElementwise(op))
      return {};
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      operands.push_back(moved(builder, operand, from, to, known, made));
      if (!operands.back())
        return {};
    }
    Operation *copy = builder.clone(*op);
    copy->setOperands(operands);
    copy->getResult(0).setType(type.withAxes(axes));
    return known[value] = copy->getResult(0);
  }

  /// Reads `operand` with `to` in the place of `from`, for `op`; says why that cannot be a step.
  std::string deriveMoved(Operation *op, Value operand, AxisAttr from, AxisAttr to,
                          llvm::StringMap<unsigned> &taken) {
    OpBuilder builder(op);
    llvm::DenseMap<Value, Value> known;
    SmallVector<RenameOp> made;
    Value result = moved(builder, operand, from, to, known, made);
    if (result) {
      result.setType(op->getResult(0).getType()); // whose axes may be listed in another order
      op->getResult(0).replaceAllUsesWith(result);
      op->erase();
    }
    for (RenameOp rename : made)
      deriveRename(rename, taken);
    return result ? "" : whyNot(operand, from.getName());
  }

  std::string deriveRename(RenameOp op, llvm::StringMap<unsigned> &taken) {
    OpBuilder builder(op);
    AxisAttr past = op.getResult().getType().axis(op.getTo());
    if (!past.isDynamic() || isNew(past))
      return {};
    std::string why;
    if (hasOther(op.getOperand(), op.getFrom())) {
      why =
          deriveMoved(op, op.getOperand(), typeOf(op.getOperand()).axis(op.getFrom()), past, taken);
      if (why.empty())
        return {};
    }
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
    return why;
  }

  /// The name of time whose positions an index is, where `x[past]` reads an x that has `past`.
  static AxisAttr nameOfTime(Value index) {
    NamedTensorType type = typeOf(index);
    return index.getDefiningOp<PositionOp>() && type.getAxes()[0].getRootName() == "time" &&
                   type.getAxes()[0].isDynamic()
               ? type.getAxes()[0]
               : AxisAttr();
  }

  std::string deriveIndex(IndexOp op, llvm::StringMap<unsigned> &taken) {
    auto names = llvm::to_vector(op.getAxes().getAsValueRange<StringAttr>());
    std::string why;
    if (NamedTensorType type = typeOf(op.getOperand());
        llvm::is_contained(names, "time") && hasOther(op.getOperand(), "time")) {
      AxisAttr to = names.size() == 1 ? nameOfTime(op.getIndices()[0]) : AxisAttr();
      why = to && !isTime(to) && op.getResult().getType().getHoles() == type.getHoles()
                ? deriveMoved(op, op.getOperand(), type.axis("time"), to, taken)
                : whyNot(op.getOperand(), "time");
      if (why.empty())
        return {};
    }
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
    return why;
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
