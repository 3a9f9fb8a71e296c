//===- StaticNumbers.cpp
//-----------------------------------------------------------------------------===//
#include "Analysis/StaticNumbers.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

bool StaticNumbers::compute(Value value) {
  Operation *op = value.getDefiningOp();
  return op &&
         (evaluator.known(value) ||
          (llvm::none_of(typeOf(value).getAxes(), [](AxisAttr axis) { return axis.isDynamic(); }) &&
           llvm::all_of(op->getOperands(), [&](Value operand) { return compute(operand); }) &&
           evaluator.run(op)));
}

bool StaticNumbers::has(Value value) {
  if (auto constant = value.getDefiningOp<LayerConstantOp>()) {
    layers = std::max<int64_t>(layers, constant.getValues().size());
    return true;
  }
  if (!compute(value))
    return false;
  for (AxisAttr axis : typeOf(value).getAxes())
    axes[axis.getName()] = axis.getSize();
  return true;
}

std::optional<double> StaticNumbers::at(Value value, const StaticPlace &place) {
  if (auto constant = value.getDefiningOp<LayerConstantOp>()) {
    ArrayRef<double> values = constant.getValues();
    return place.layer < static_cast<int64_t>(values.size()) ? std::optional(values[place.layer])
                                                             : std::nullopt;
  }
  auto elements = evaluator.elements(value);
  if (!elements)
    return std::nullopt;
  int64_t index = 0;
  for (AxisAttr axis : typeOf(value).getAxes()) {
    const auto *at =
        llvm::find_if(place.along, [&](auto &one) { return one.first == axis.getName(); });
    if (at == place.along.end())
      return std::nullopt;
    index = index * axis.getSize() + at->second;
  }
  return (*elements)[index];
}

std::vector<StaticPlace> StaticNumbers::places(int64_t most) const {
  std::vector<StaticPlace> result(1);
  auto multiply = [&](int64_t count, auto set) {
    std::vector<StaticPlace> more;
    for (const StaticPlace &place : result)
      for (int64_t i = 0; i < count && static_cast<int64_t>(more.size()) <= most; ++i)
        set(more.emplace_back(place), i);
    result = std::move(more);
  };
  if (layers > 1)
    multiply(layers, [](StaticPlace &place, int64_t i) { place.layer = i; });
  for (auto [axis, size] : axes)
    multiply(size,
             [axis = axis](StaticPlace &place, int64_t i) { place.along.emplace_back(axis, i); });
  if (static_cast<int64_t>(result.size()) > most || (layers == 1 && axes.empty()))
    result.clear();
  return result;
}
