//===- PlanCache.cpp - which states are rings
//-------------------------------------------------------===//
// A state is linear unless it is known how far back later steps read it: by the mask of each
// attention over it, or by the index of each reader.  Then a ring of that many positions, and those
// of the largest step, does.
#include "Analysis/Mask.h"
#include "Transforms/Passes.h"
#include "runtime/Abi.h"
#include "llvm/ADT/MapVector.h"

namespace tril {
#define GEN_PASS_DEF_PLANCACHE
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

/// time * factor + something between least and most.
struct Span {
  int64_t factor, least, most;
};

std::optional<Span> spanOf(Value value) {
  auto type = cast<NamedTensorType>(value.getType());
  Operation *op = value.getDefiningOp();
  if (!op || type.getHoles())
    return std::nullopt;
  if (auto constant = dyn_cast<ConstantOp>(op)) {
    double number = constant.getValue().convertToDouble();
    if (std::abs(number) > 1e9)
      return std::nullopt;
    auto whole = static_cast<int64_t>(number);
    return Span{0, whole, whole};
  }
  if (isa<PositionOp>(op)) {
    AxisAttr axis = type.getAxes()[0];
    if (!axis.isDynamic())
      return Span{0, 0, axis.getSize() - 1};
    return axis.getName() == "time" ? std::optional(Span{1, 0, 0}) : std::nullopt;
  }
  if (isa<AddOp, SubOp>(op)) {
    auto a = spanOf(op->getOperand(0)), b = spanOf(op->getOperand(1));
    if (!a || !b)
      return std::nullopt;
    if (isa<SubOp>(op))
      b = Span{-b->factor, -b->most, -b->least};
    return Span{a->factor + b->factor, a->least + b->least, a->most + b->most};
  }
  return std::nullopt;
}

struct PlanCachePass : tril::impl::PlanCacheBase<PlanCachePass> {
  void runOnOperation() override {
    ModelOp model = getOperation();
    if (model->hasAttr("tril.whole")) // it starts again at every call
      return;
    llvm::MapVector<int64_t, int64_t> rings; // window -> index
    model.walk([&](ExtendOp extend) {
      if (extend.getSequence() != "time")
        return;
      std::optional<int64_t> window = windowOf(extend);
      if (!window || (rings.size() == tril_max_rings && !rings.contains(*window)))
        return;
      auto [entry, isNew] = rings.try_emplace(*window, static_cast<int64_t>(rings.size()));
      extend.setWindow(*window);
      extend.setRing(entry->second);
      ++ringStates;
    });
    SmallVector<int64_t> windows;
    for (auto [window, index] : rings)
      windows.push_back(window);
    model->setAttr("tril.rings", OpBuilder(&getContext()).getDenseI64ArrayAttr(windows));
  }

private:
  /// How far back the state is read, at most; nothing where there is no bound.
  static std::optional<int64_t> windowOf(ExtendOp extend) {
    int64_t window = 0;
    for (OpOperand &use : extend->getUses()) {
      std::optional<int64_t> distance;
      if (auto attention = dyn_cast<AttentionOp>(use.getOwner()))
        distance = largestDistance(
            maskOf(attention.getScore().front().getTerminator()->getOperand(0), attention.getPast())
                .may);
      else if (auto index = dyn_cast<IndexOp>(use.getOwner()))
        distance = distanceOf(index, use);
      if (!distance)
        return std::nullopt;
      window = std::max(window, *distance);
    }
    return window;
  }

  static std::optional<int64_t> distanceOf(IndexOp index, OpOperand &use) {
    if (use.getOperandNumber() != 0)
      return std::nullopt;
    auto state = use.get().getDefiningOp<ExtendOp>();
    for (auto [name, at] :
         llvm::zip(index.getAxes().getAsValueRange<StringAttr>(), index.getIndices()))
      if (name == state.getPast()) {
        auto span = spanOf(at);
        if (!span || span->factor != 1 || span->most > 0) // the future is refused elsewhere
          return std::nullopt;
        return -span->least;
      }
    return std::nullopt;
  }
};

} // namespace
