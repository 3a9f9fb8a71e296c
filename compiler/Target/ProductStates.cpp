//===- ProductStates.cpp
//---------------------------------------------------------------------------------------------===//
#include "Target/ProductStates.h"
#include "Target/Product.h"
#include <numeric>

using namespace mlir;
using namespace tril;

namespace {

/// Where the states of one run of a body begin: fixed bytes, bytes a position of the context, bytes
/// a position of each ring (plan-memory's attribute `state`).
using Base = SmallVector<int64_t>;

int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

class StatesOf {
public:
  StatesOf(BodyOp body, ArrayRef<Base> runs, Manifest &manifest)
      : body(body), runs(runs), times(static_cast<int64_t>(runs.size())), manifest(manifest) {}

  void add(ExtendOp extend) {
    ManifestState state =
        described(extend.getName(), extend.getResult().getType(), extend.getLoc());
    state.kind = extend.isRing() ? "ring" : "linear";
    auto sequences = extend->getParentOfType<ModelOp>()->getAttrOfType<ArrayAttr>("tril.sequences");
    for (auto [i, sequence] : llvm::enumerate(sequences.getAsValueRange<StringAttr>()))
      if (sequence == extend.getSequence()) {
        state.sequence = static_cast<int64_t>(i);
        state.kind = "sequence";
      }
    state.window = static_cast<int64_t>(extend.getWindow());
    state.pinned = static_cast<int64_t>(extend.getPinned());
    state.ring = static_cast<int64_t>(extend.getRing());
    if (extend.getStored() != StateElement::f32)
      state.type = stringifyStateElement(extend.getStored()).str();
    state.lanes = extend.getLayout() == StateLayout::lanes;
    state.step = static_cast<int64_t>(extend.getStep());
    if (extend.isRing() && extend.getLayout() != StateLayout::rows) // read in tiles
      manifest.rings[state.ring].unit = std::lcm(manifest.rings[state.ring].unit, 64 * state.step);
    if (extend.getLayout() != StateLayout::rows)
      for (AxisAttr axis :
           extend.getResult().getType().getAxes().drop_front().take_front(extend.getGroups()))
        state.groups *= axis.getSize();
    state.width /= state.groups;
    state.position = aligned(state.rowBytes()) * times;
    for (const Base &base : runs) {
      auto offset = static_cast<int64_t>(extend.getPositionOffset());
      if (extend.isRing())
        state.copies.push_back({0, base[2 + state.ring] + offset});
      else
        state.copies.push_back(
            {base[0] + static_cast<int64_t>(extend.getFixedOffset()), base[1] + offset});
    }
    manifest.states.push_back(std::move(state));
  }

  void add(RecOp rec) {
    int64_t lag = rec->getAttrOfType<IntegerAttr>("lag").getInt();
    auto offsets = rec->getAttrOfType<DenseI64ArrayAttr>("state_offsets");
    for (auto [i, value] : llvm::enumerate(rec.getValues())) {
      if (offsets[i] < 0) // not read by later positions
        continue;
      auto type = cast<NamedTensorType>(value.getType());
      SmallVector<AxisAttr> axes; // of one position
      for (AxisAttr axis : type.getAxes())
        if (!axis.isDynamic())
          axes.push_back(axis);
      ManifestState state = described("rec", type.withAxes(axes), rec.getLoc());
      state.kind = "recurrence";
      state.lag = lag;
      state.fixed = aligned(state.rowBytes() * state.lag) * times;
      for (const Base &base : runs)
        state.copies.push_back({base[0] + offsets[i], base[1]});
      manifest.states.push_back(std::move(state));
    }
  }

private:
  ManifestState described(StringRef name, NamedTensorType type, Location loc) {
    ManifestState state;
    state.name = (body.getSymName() + "." + name).str();
    state.place = placeOf(loc);
    state.type = type.getElement().isF32() ? "f32" : type.getElement().isInteger(1) ? "i1" : "i32";
    state.width = type.staticElements();
    for (AxisAttr axis : type.getAxes())
      state.shape += (state.shape.empty() ? "" : ", ") + axis.getName().str() +
                     (axis.isDynamic() ? "" : "=" + std::to_string(axis.getSize()));
    state.shape = "[" + state.shape + "]";
    return state;
  }

  BodyOp body;
  ArrayRef<Base> runs;
  int64_t times;
  Manifest &manifest;
};

} // namespace

void tril::addStates(ModelOp model, Manifest &manifest) {
  if (!model->hasAttr("tril.state"))
    return;
  llvm::StringMap<SmallVector<Base>> runs;
  runs["main"].push_back(Base(2 + manifest.rings.size(), 0));
  model.walk([&](CallOp call) {
    runs[call.getCallee()].push_back(
        Base(call->getAttrOfType<DenseI64ArrayAttr>("state").asArrayRef()));
  });
  for (BodyOp body : model.getBody().getOps<BodyOp>()) {
    StatesOf states(body, runs[body.getSymName()], manifest);
    body.walk([&](Operation *op) {
      if (auto extend = dyn_cast<ExtendOp>(op)) {
        manifest.unit = std::lcm(manifest.unit, 64 * static_cast<int64_t>(extend.getStep()));
        if (!extend.getTransient())
          states.add(extend);
      } else if (auto rec = dyn_cast<RecOp>(op))
        states.add(rec);
    });
  }
}
