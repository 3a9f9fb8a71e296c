//===- Values.cpp
//-------------------------------------------------------------------------------------------------===//
#include "Transforms/Values.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace tril;

static NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

bool tril::isElementwise(Operation *op) {
  return op->hasTrait<tril::OpTrait::Elementwise>() || isa<WhereOp, ElseOp, SelectOp>(op);
}

SmallVector<AxisAttr> tril::memoryOrder(ArrayRef<AxisAttr> axes) {
  SmallVector<AxisAttr> order;
  for (AxisAttr axis : axes)
    if (axis.getName() == "time")
      order.push_back(axis);
  for (AxisAttr axis : axes)
    if (axis.isDynamic() && axis.getName() != "time")
      order.push_back(axis);
  for (AxisAttr axis : axes)
    if (!axis.isDynamic())
      order.push_back(axis);
  return order;
}

Value tril::withoutHoles(OpBuilder &builder, Value value) {
  if (!typeOf(value).getHoles())
    return value;
  auto number = NamedTensorType::get(builder.getContext(), {}, builder.getF32Type(), false);
  Value zero = ConstantOp::create(builder, value.getLoc(), number, builder.getF64FloatAttr(0));
  return ElseOp::create(builder, value.getLoc(), typeOf(value).withHoles(false), value, zero);
}

void tril::collectFactors(Value value, llvm::function_ref<bool(MulOp)> apart,
                          SmallVectorImpl<Value> &factors) {
  auto product = value.getDefiningOp<MulOp>();
  if (!product || !apart(product)) {
    factors.push_back(value);
    return;
  }
  collectFactors(product.getLhs(), apart, factors);
  collectFactors(product.getRhs(), apart, factors);
}

void tril::eraseDead(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
    if (isOpTriviallyDead(&op))
      op.erase();
}
