//===- KeepSequences.cpp - what steps read of a sequence that is given at once
//-------------------===//
// An encoder's positions come with the first call; later steps bring none.  So what a step reads of
// them has to be kept.  In the form that this pass makes, the sequence's own name (`source`) means
// the positions that the call brings, and any other name all of them:
//   an operation that depends on `time`, or leaves no `source` in its result, reads
//   `rename %v "source" to "source.1"` in the place of %v.
// derive-decode makes states of the renames, as of those of `time`.
#include "Transforms/Passes.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/ADT/StringSet.h"

namespace tril {
#define GEN_PASS_DEF_KEEPSEQUENCES
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

struct KeepSequencesPass : tril::impl::KeepSequencesBase<KeepSequencesPass> {
  void runOnOperation() override {
    ModelOp model = getOperation();
    auto sequences = model->getAttrOfType<ArrayAttr>("tril.sequences");
    if (!sequences || sequences.empty())
      return;
    findSteps(model);
    for (StringRef sequence : sequences.getAsValueRange<StringAttr>())
      keep(model, sequence);
  }

private:
  llvm::DenseSet<Value> ofSteps; // depend on `time`

  /// To a fixed point: a body's arguments depend on `time` if those of a call do.
  void findSteps(ModelOp model) {
    bool changed = true;
    auto mark = [&](Value value) { changed |= ofSteps.insert(value).second; };
    auto isOfStep = [&](Value value) { return ofSteps.contains(value); };
    while (changed) {
      changed = false;
      model.walk([&](Operation *op) {
        if (auto call = dyn_cast<CallOp>(op)) {
          BodyOp body = calleeOf(model, call);
          for (auto [argument, parameter] :
               llvm::zip(call.getArguments(), body.getBody().getArguments()))
            if (isOfStep(argument))
              mark(parameter);
          Operation *end = body.getBody().front().getTerminator();
          for (auto [result, returned] : llvm::zip(call.getValues(), end->getOperands()))
            if (isOfStep(returned))
              mark(result);
          return;
        }
        for (Value result : op->getResults())
          if (isa<RecOp>(op) || llvm::any_of(op->getOperands(), isOfStep) ||
              llvm::any_of(typeOf(result).getAxes(), [](AxisAttr axis) {
                return axis.isDynamic() && axis.getRootName() == "time";
              }))
            mark(result);
      });
      model.walk([&](BodyOp body) {
        for (Value argument : body.getBody().getArguments())
          if (llvm::any_of(typeOf(argument).getAxes(), [](AxisAttr axis) {
                return axis.isDynamic() && axis.getRootName() == "time";
              }))
            mark(argument);
      });
    }
  }

  static BodyOp calleeOf(ModelOp model, CallOp call) {
    return model.lookupSymbol<BodyOp>(call.getCallee());
  }

  void keep(ModelOp model, StringRef sequence) {
    MLIRContext *context = &getContext();
    auto own = StringAttr::get(context, sequence);
    auto all = StringAttr::get(context, sequence + ".1");
    auto isOwn = [&](Value value) {
      return llvm::any_of(typeOf(value).getAxes(), [&](AxisAttr axis) {
        return axis.isDynamic() && axis.getName() == sequence;
      });
    };
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](StringAttr name) { return name == own ? all : name; });
    replacer.addReplacement([&](AxisAttr axis) {
      return axis.getName() == sequence && axis.isDynamic()
                 ? AxisAttr::get(context, all.getValue(), AxisAttr::kDynamic, sequence)
                 : axis;
    });
    llvm::DenseMap<Value, Value> kept;
    auto keptOf = [&](Value value) {
      Value &result = kept[value];
      if (result)
        return result;
      OpBuilder builder(context);
      builder.setInsertionPointAfterValue(value);
      auto type = cast<NamedTensorType>(replacer.replace(value.getType()));
      if (value.getDefiningOp<PositionOp>())
        result = PositionOp::create(builder, value.getLoc(), type);
      else {
        result = RenameOp::create(builder, value.getLoc(), type, value, own, all);
        ++values;
      }
      return result;
    };
    auto read = [&](OpOperand &operand) {
      if (!ofSteps.contains(operand.get()) && isOwn(operand.get()))
        operand.set(keptOf(operand.get()));
    };
    auto replace = [&](Operation *op) { replacer.replaceElementsIn(op, true, false, true); };

    SmallVector<Operation *> operations;
    model.walk([&](Operation *op) { operations.push_back(op); });
    for (Operation *op : operations) {
      if (auto call = dyn_cast<CallOp>(op)) {
        for (auto [operand, parameter] :
             llvm::zip(call.getArgumentsMutable(), calleeOf(model, call).getBody().getArguments()))
          if (ofSteps.contains(parameter))
            read(operand);
        for (Value result : call.getValues())
          if (ofSteps.contains(result))
            result.setType(replacer.replace(result.getType()));
        continue;
      }
      if (auto output = dyn_cast<OutputOp>(op)) {
        if (ofSteps.contains(output.getValue()))
          replace(op);
        continue;
      }
      if (op->getNumResults() == 0 || isa<BodyOp>(op))
        continue;
      bool step = llvm::any_of(op->getResults(), [&](Value v) { return ofSteps.contains(v); });
      bool leaves =
          llvm::any_of(op->getOperands(), isOwn) && llvm::none_of(op->getResults(), isOwn);
      if (!step && (!leaves || isa<RenameOp>(op)))
        continue;
      for (OpOperand &operand : op->getOpOperands())
        read(operand);
      replace(op);
    }
    for (BodyOp body : model.getBody().getOps<BodyOp>()) {
      for (Value argument : body.getBody().getArguments())
        if (ofSteps.contains(argument))
          argument.setType(replacer.replace(argument.getType()));
      SmallVector<Type> results;
      for (Value value : body.getBody().front().getTerminator()->getOperands())
        results.push_back(value.getType());
      body.setFunctionType(
          FunctionType::get(context, llvm::to_vector(body.getBody().getArgumentTypes()), results));
    }
  }
};

} // namespace
