//===- PlanCache.cpp - which states are rings, and which are none
//-----------------------------------===//
// A state is linear unless it is known how far back later steps read it: by the mask of each
// attention over it, or by the index of each reader.  Then a ring of that many positions, and those
// of the largest step, does; behind the first positions, where these are read for ever (attention
// sinks, Xiao et al. 2023, arXiv:2309.17453).  What no later step reads at all is scratch memory.
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

constexpr int64_t kUnit = 64; // positions of a tile of keys

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
    bool whole = model->hasAttr("tril.whole"); // it starts again at every call
    model.walk([&](ExtendOp extend) {
      if (whole || isReadAtOnce(extend)) {
        extend.setTransient(true);
        ++transientStates;
      }
    });
    if (whole)
      return;
    llvm::MapVector<std::pair<int64_t, int64_t>, int64_t> rings; // window, pinned -> index
    model.walk([&](ExtendOp extend) {
      if (extend.getSequence() != "time")
        return;
      std::optional<Keep> keep = keptOf(extend);
      if (!keep)
        return;
      int64_t unit = kUnit * static_cast<int64_t>(extend.getStep());
      std::pair key(keep->window, (keep->pinned + unit - 1) / unit * unit);
      if (rings.size() == tril_max_rings && !rings.contains(key))
        return;
      auto [entry, isNew] = rings.try_emplace(key, static_cast<int64_t>(rings.size()));
      extend.setWindow(key.first);
      extend.setPinned(key.second);
      extend.setRing(entry->second);
      ++ringStates;
    });
    SmallVector<int64_t> windows, pinned;
    for (auto [key, index] : rings) {
      windows.push_back(key.first);
      pinned.push_back(key.second);
    }
    OpBuilder builder(&getContext());
    model->setAttr("tril.rings", builder.getDenseI64ArrayAttr(windows));
    model->setAttr("tril.pinned", builder.getDenseI64ArrayAttr(pinned));
  }

private:
  /// Another sequence's, and all that is computed from it has the positions that this call brings
  /// (an encoder's own keys): the calls that come later bring none.
  static bool isReadAtOnce(ExtendOp extend) {
    StringRef sequence = extend.getSequence();
    return sequence != "time" && llvm::all_of(extend->getUsers(), [&](Operation *user) {
             return user->getNumResults() > 0 &&
                    llvm::all_of(user->getResultTypes(), [&](Type type) {
                      return cast<NamedTensorType>(type).hasAxis(sequence);
                    });
           });
  }

  /// What its readers read of the state; nothing where there is no bound.
  static std::optional<Keep> keptOf(ExtendOp extend) {
    Keep all;
    for (OpOperand &use : extend->getUses()) {
      std::optional<Keep> keep;
      if (auto attention = dyn_cast<AttentionOp>(use.getOwner()))
        keep = keptBy(maskOf(attention.getScore().front().getTerminator()->getOperand(0),
                             attention.getPast()));
      else if (auto index = dyn_cast<IndexOp>(use.getOwner()))
        if (std::optional<int64_t> distance = distanceOf(index, use))
          keep = Keep{*distance, 0};
      if (!keep)
        return std::nullopt;
      all = {std::max(all.window, keep->window), std::max(all.pinned, keep->pinned)};
    }
    return all;
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
