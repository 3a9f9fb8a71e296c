//===- PlanWeights.cpp - a place for every param
//---------------------------------------------------------------===//
#include "Conversion/Weights.h"
#include "Transforms/Passes.h"

namespace tril {
#define GEN_PASS_DEF_PLANWEIGHTS
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

constexpr int64_t kAlign = 64;

int64_t aligned(int64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

struct PlanWeightsPass : tril::impl::PlanWeightsBase<PlanWeightsPass> {
  void runOnOperation() override {
    ModelOp model = getOperation();
    OpBuilder builder(&getContext());
    llvm::StringMap<int64_t> sizes;
    for (BodyOp body : model.getBody().getOps<BodyOp>()) {
      int64_t offset = 0;
      body.walk([&](ParamOp param) {
        if (param->use_empty())
          return;
        param->setAttr("place", builder.getI64IntegerAttr(offset));
        offset += aligned(weightBytes(param));
      });
      sizes[body.getSymName()] = offset;
    }
    int64_t offset = sizes["main"];
    model.walk([&](CallOp call) {
      call->setAttr("weights", builder.getI64IntegerAttr(offset));
      offset += sizes[call.getCallee()];
    });
    model->setAttr("tril.weights", builder.getI64IntegerAttr(offset));
  }
};

} // namespace
