//===- TrilToLoops.cpp - the pass
//--------------------------------------------------------------------------------===//
#include "Conversion/Lowering.h"
#include "Transforms/Passes.h"

namespace tril {
#define GEN_PASS_DEF_TRILTOLOOPS
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {
struct TrilToLoopsPass : tril::impl::TrilToLoopsBase<TrilToLoopsPass> {
  using TrilToLoopsBase::TrilToLoopsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto models = llvm::to_vector(module.getOps<ModelOp>());
    if (models.size() != 1) {
      module.emitError() << "has " << models.size() << " models where one is expected";
      return signalPassFailure();
    }
    ModelOp model = models.front();
    if (!model->hasAttr("tril.arena")) {
      model.emitError("memory is not planned: run `tril-plan-memory` first");
      return signalPassFailure();
    }
    llvm::Expected<Machine> machine = Machine::named(cpu);
    if (!machine) {
      model.emitError(llvm::toString(machine.takeError()));
      return signalPassFailure();
    }
    // Inputs are numbered in the order in which the text declares them.
    auto inputs = model->getAttrOfType<ArrayAttr>("tril.inputs");
    bool known = true;
    model.walk([&](InputOp input) {
      int64_t index = 0;
      if (inputs)
        index = llvm::find(inputs, input.getNameAttr()) - inputs.begin();
      known &= !inputs || index < static_cast<int64_t>(inputs.size());
      input->setAttr("input_index", IntegerAttr::get(IntegerType::get(&getContext(), 64), index));
    });
    if (!known) {
      model.emitError("an input is not listed in `tril.inputs`");
      return signalPassFailure();
    }

    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    SmallVector<std::pair<BodyOp, func::FuncOp>> functions;
    for (BodyOp body : model.getBody().getOps<BodyOp>()) {
      bool main = body.getSymName() == "main";
      SmallVector<Type> arguments(main ? 1 : 2, pointer);
      std::string name = main ? "tril_step" : ("body." + body.getSymName()).str();
      auto function = func::FuncOp::create(builder, body.getLoc(), name,
                                           builder.getFunctionType(arguments, {}));
      if (!main)
        function.setPrivate();
      functions.push_back({body, function});
    }
    for (auto &[body, function] : functions)
      BodyLowering(module, *machine, body).lower(function);
    if (module.lookupSymbol("cblas_sgemm")) {
      // The product's threads share the work themselves.
      builder.setInsertionPointToEnd(module.getBody());
      auto setThreads = func::FuncOp::create(builder, module.getLoc(), "openblas_set_num_threads",
                                             builder.getFunctionType({builder.getI32Type()}, {}));
      setThreads.setPrivate();
      auto step = module.lookupSymbol<func::FuncOp>("tril_step");
      builder.setInsertionPointToStart(&step.getBody().front());
      Value one = arith::ConstantOp::create(builder, step.getLoc(), builder.getI32IntegerAttr(1));
      func::CallOp::create(builder, step.getLoc(), setThreads, one);
    }
    model.erase();
  }
};
} // namespace
