//===- SpecialiseWeights.cpp - one body for each combination of stored types --------------------------------===//
// The attribute `types` of a param lists the stored type of its tensor for each layer (just one in @main); the driver sets it from the
// checkpoint.  Without it (no checkpoint) weights count as f32.
#include "Transforms/Passes.h"
#include "llvm/ADT/StringSet.h"

namespace tril {
#define GEN_PASS_DEF_SPECIALISEWEIGHTS
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

StringRef storedType(ParamOp param, int64_t layer) {
  auto types = param->getAttrOfType<ArrayAttr>("types");
  if (!types)
    return "f32";
  return cast<StringAttr>(types[types.size() == 1 ? 0 : layer]).getValue();
}

struct SpecialiseWeightsPass : tril::impl::SpecialiseWeightsBase<SpecialiseWeightsPass> {
  void runOnOperation() override {
    ModelOp model = getOperation();
    SymbolTable symbols(model);
    llvm::StringMap<BodyOp> made; // by body and types
    SmallVector<BodyOp> originals;
    SmallVector<CallOp> calls;
    model.walk([&](CallOp call) { calls.push_back(call); });
    auto fix = [&](BodyOp body, int64_t layer) {
      body.walk([&](ParamOp param) { param->setAttr("stored", StringAttr::get(&getContext(), storedType(param, layer))); });
    };
    llvm::StringSet<llvm::MallocAllocator> used;
    for (CallOp call : calls) {
      auto body = symbols.lookup<BodyOp>(call.getCallee());
      std::string key = call.getCallee().str();
      body.walk([&](ParamOp param) { key += "," + storedType(param, call.getLayer()).str(); });
      BodyOp &target = made[key];
      if (!target) {
        if (used.insert(call.getCallee()).second)
          originals.push_back(body);
        target = body.clone();
        symbols.insert(target, ++Block::iterator(body)); // renamed where the name is taken
        fix(target, call.getLayer());
      }
      call.setCallee(target.getSymName());
    }
    // The first kind takes the original's name again.
    for (BodyOp body : originals) {
      std::string name = body.getSymName().str();
      symbols.erase(body);
      for (CallOp call : calls)
        if (call.getCallee().starts_with(name + "_")) {
          std::string clone = call.getCallee().str();
          auto target = symbols.lookup<BodyOp>(clone);
          for (CallOp other : calls)
            if (other.getCallee() == clone)
              other.setCallee(name);
          symbols.remove(target);
          target.setSymName(name);
          symbols.insert(target);
          break;
        }
    }
    if (auto main = symbols.lookup<BodyOp>("main"))
      fix(main, 0);
  }
};

} // namespace
