//===- Pipeline.cpp - all passes, in order
//--------------------------------------------------------------------------===//
#include "Pipeline/Pipeline.h"
#include "Target/Codegen.h"
#include "Transforms/Passes.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace tril;

static constexpr llvm::StringLiteral kNames[] = {"tril",    "step",  "fused",
                                                 "planned", "loops", "lowered"};

std::optional<Phase> tril::parsePhase(StringRef name) {
  for (auto [i, candidate] : llvm::enumerate(kNames))
    if (candidate == name)
      return static_cast<Phase>(i);
  return std::nullopt;
}

StringRef tril::phaseName(Phase phase) { return kNames[static_cast<int>(phase)]; }

void tril::addPasses(OpPassManager &passes, Phase from, Phase to, const PipelineOptions &options) {
  auto reaches = [&](Phase phase) { return from < phase && phase <= to; };
  if (reaches(Phase::step)) {
    OpPassManager &model = passes.nest<ModelOp>();
    model.addPass(createRecognise());
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    // Tables after recognition: a folded definition cannot be recognised.
    passes.nest<ModelOp>().addPass(createFoldTables());
    passes.addPass(createCanonicalizerPass());
    passes.nest<ModelOp>().addPass(createKeepSequences());
    passes.addPass(createCSEPass());
    passes.nest<ModelOp>().addPass(createCutStates({options.keep}));
    passes.addPass(createCSEPass());
    passes.nest<ModelOp>().addPass(createDeriveDecode());
    if (options.cache != "f32")
      passes.nest<ModelOp>().addPass(createNarrowStates({options.cache}));
    if (options.attention != "f32")
      passes.nest<ModelOp>().addPass(createRoundAttention());
  }
  if (reaches(Phase::fused)) {
    passes.nest<ModelOp>().addPass(createFuseAttention({options.remarks}));
    passes.nest<ModelOp>().addPass(createExpandSoftmax());
    passes.nest<ModelOp>().addPass(createFuseRecurrence());
    passes.addPass(createCSEPass());
  }
  if (reaches(Phase::planned)) {
    OpPassManager &model = passes.nest<ModelOp>();
    model.addPass(createPlanCache());
    model.addPass(createGroupRows());
    passes.addPass(createCSEPass()); // what several groups share
    OpPassManager &planned = passes.nest<ModelOp>();
    // From here on nothing may merge or move what is stored.
    MaterializeOptions materialize;
    materialize.blas = options.blas;
    planned.addPass(createMaterialize(materialize));
    planned.addPass(createPlanMemory());
    planned.addPass(createPlanWeights());
  }
  if (reaches(Phase::loops)) {
    TrilToLoopsOptions toLoops;
    toLoops.cpu = options.cpu;
    passes.addPass(createTrilToLoops(toLoops));
    passes.addPass(createCanonicalizerPass(kernelRewrites()));
    passes.addPass(createCSEPass());
  }
  if (reaches(Phase::lowered)) {
    passes.addPass(createExpandMath());
    // What is left of math becomes intrinsics: not math-to-libm, which takes vectors apart, even
    // for a sum of a product.
    addLowerToLLVMPasses(passes);
  }
}

void tril::registerPipelines() {
  for (int i = 1; i <= static_cast<int>(Phase::lowered); ++i)
    PassPipelineRegistration<>(
        ("to-" + kNames[i]).str(), ("From the phase before to `" + kNames[i] + "`").str(),
        [i](OpPassManager &passes) {
          addPasses(passes, static_cast<Phase>(i - 1), static_cast<Phase>(i), PipelineOptions());
        });
}
