//===- AttentionSpec.cpp
//-------------------------------------------------------------------------------===//
#include "Conversion/AttentionSpec.h"

using namespace mlir;
using namespace tril;

int64_t tril::sizeAlong(NamedTensorType type, ArrayAttr axes) {
  int64_t size = 1;
  for (StringRef axis : axes.getAsValueRange<StringAttr>())
    size *= type.axis(axis).getSize();
  return size;
}

static bool hasAll(NamedTensorType type, ArrayAttr axes) {
  return llvm::all_of(axes.getAsValueRange<StringAttr>(),
                      [&](StringRef axis) { return type.hasAxis(axis); });
}

static void keptIn(ExtendOp state, kernels::CacheSpec &cache) {
  cache.ring = state.isRing();
  cache.pinned = static_cast<int64_t>(state.getPinned());
  cache.stored = state.getStored();
}

kernels::AttentionSpec tril::specOf(AttentionOp attention) {
  // Sizes of groups and members, which the result has all; an operand may lack some.
  NamedTensorType resultType = attention.getResult().getType();
  ArrayAttr groupAxes = attention.getGroups(), memberAxes = attention.getMembers();
  auto typeOf = [](Value value) { return cast<NamedTensorType>(value.getType()); };
  // Of a flat index over `axes`, the flat index over those that `type` has, times `below`.
  auto project = [resultType](kernels::Emitter &e, NamedTensorType type, ArrayAttr axes, Value flat,
                              int64_t &below) -> Value {
    Value index = e.constant(0);
    for (Attribute attribute : llvm::reverse(axes)) {
      StringRef axis = cast<StringAttr>(attribute);
      int64_t size = resultType.axis(axis).getSize();
      if (type.hasAxis(axis)) {
        index = e.add(index, e.mul(e.rem(flat, size), below));
        below *= size;
      }
      flat = e.div(flat, size);
    }
    return index;
  };
  auto groupOf = [&](NamedTensorType type) -> std::function<Value(kernels::Emitter &, Value)> {
    if (hasAll(type, groupAxes))
      return nullptr;
    return [=](kernels::Emitter &e, Value group) {
      int64_t below = 1;
      return project(e, type, groupAxes, group, below);
    };
  };
  kernels::AttentionSpec spec;
  spec.members = sizeAlong(resultType, memberAxes);
  spec.products = attention.getRounded() ? StateElement::bf16 : StateElement::f32;
  spec.value.width = sizeAlong(resultType, attention.getFeatures());
  spec.value.group = groupOf(typeOf(attention.getValue()));
  keptIn(attention.getValue().getDefiningOp<ExtendOp>(), spec.value);
  for (auto [query, key, contracted] :
       llvm::zip(attention.getQueries(), attention.getKeys(), attention.getContracted())) {
    kernels::DotSpec dot;
    NamedTensorType queryType = typeOf(query);
    dot.width = sizeAlong(queryType, cast<ArrayAttr>(contracted));
    dot.group = groupOf(typeOf(key));
    auto state = key.template getDefiningOp<ExtendOp>();
    keptIn(state, dot);
    dot.asValue = state.getLayout() == StateLayout::groups;
    if (!hasAll(queryType, groupAxes) || !hasAll(queryType, memberAxes))
      dot.query = [=](kernels::Emitter &e, Value group, Value member) {
        int64_t below = 1;
        Value index = project(e, queryType, memberAxes, member, below);
        return e.add(index, project(e, queryType, groupAxes, group, below));
      };
    spec.dots.push_back(std::move(dot));
  }
  return spec;
}
