//===- GroupRows.cpp - rows that choose their weights
//-----------------------------------------------------------===//
// `sum[embed](x * w[expert = chosen])` multiplies each position with the matrices that it chose.
// Read literally, every element of the result looks up its weight; as one operation, rows that
// chose the same matrix are computed together, by the kernels of other weights, in their stored
// type.
#include "Transforms/Passes.h"
#include "Transforms/Values.h"

namespace tril {
#define GEN_PASS_DEF_GROUPROWS
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

struct GroupRowsPass : tril::impl::GroupRowsBase<GroupRowsPass> {
  void runOnOperation() override {
    SmallVector<ContractOp> contractions;
    getOperation().walk([&](ContractOp op) {
      if (isa<BodyOp>(op->getParentOp()))
        contractions.push_back(op);
    });
    for (ContractOp op : contractions)
      group(op);
    for (BodyOp body : getOperation().getBody().getOps<BodyOp>())
      eraseDead(body.getBody().front());
  }

private:
  /// A param of which one axis is read at positions that the run decides.
  static IndexOp choiceOf(Value factor) {
    auto index = factor.getDefiningOp<IndexOp>();
    if (!index || index.getAxes().size() != 1)
      return nullptr;
    auto param = index.getOperand().getDefiningOp<ParamOp>();
    NamedTensorType at = typeOf(index.getIndices().front());
    // A hole may be a choice that is none, not a place outside.
    if (!param || !at.hasAxis("time") || at.getHoles() != typeOf(index).getHoles())
      return nullptr;
    for (AxisAttr axis : at.getAxes())
      if (axis.isDynamic() && axis.getName() != "time")
        return nullptr;
    return index;
  }

  void group(ContractOp op) {
    SmallVector<Value> factors, rest;
    for (Value factor : op.getFactors())
      collectFactors(factor, [](MulOp product) { return product->hasOneUse(); }, factors);
    IndexOp index;
    for (Value factor : factors) {
      auto choice = choiceOf(factor);
      if (choice && index)
        return; // two weights
      if (choice)
        index = choice;
      else
        rest.push_back(factor);
    }
    if (!index || rest.empty())
      return;
    auto param = index.getOperand().getDefiningOp<ParamOp>();
    Value chosen = index.getIndices().front();
    auto matrices = *index.getAxes().getAsValueRange<StringAttr>().begin();
    NamedTensorType weight = typeOf(param);
    if (weight.staticElements() == 0)
      return;

    SmallVector<NamedTensorType> types;
    for (Value factor : rest)
      types.push_back(typeOf(factor));
    SmallVector<AxisAttr> rows = memoryOrder(typeOf(chosen).getAxes()),
                          x = memoryOrder(unionAxes(types)), contracted, outputs, riders;
    auto isContracted = [&](AxisAttr axis) {
      return llvm::is_contained(op.getAxes().getAsValueRange<StringAttr>(), axis.getName());
    };
    for (AxisAttr axis : weight.getAxes())
      if (axis.getName() != matrices)
        (isContracted(axis) ? contracted : outputs).push_back(axis);
    for (AxisAttr axis : x)
      if (!llvm::is_contained(contracted, axis)) {
        if (isContracted(axis) && !llvm::is_contained(rows, axis))
          return; // a sum over x alone
        riders.push_back(axis);
      }
    // A sum over the rows of a position, too, comes behind.
    SmallVector<StringRef> summed;
    for (AxisAttr axis : rows)
      if (isContracted(axis))
        summed.push_back(axis.getName());
    if (contracted.empty() || outputs.empty() ||
        contracted.size() + summed.size() != op.getAxes().size() ||
        riders.size() + contracted.size() != x.size() || riders.empty() ||
        riders.size() > rows.size() ||
        !llvm::equal(riders, ArrayRef(rows).take_front(riders.size())))
      return;
    SmallVector<AxisAttr> result = rows;
    for (AxisAttr axis : outputs) {
      if (llvm::is_contained(result, axis))
        return;
      result.push_back(axis);
    }
    NamedTensorType type = op.getResult().getType().withAxes(result);
    if (summed.empty() && type != op.getResult().getType() &&
        llvm::any_of(op->getUsers(),
                     [](Operation *user) { return isa<CallOp, OutputOp, ReturnOp>(user); }))
      return; // which want the order that they were given

    OpBuilder builder(op);
    Location loc = op.getLoc();
    if (!param->hasOneUse()) // others read it as it is
      param = cast<ParamOp>(builder.clone(*param));
    Value product = rest.front();
    for (Value factor : llvm::drop_begin(rest)) {
      NamedTensorType both = typeOf(product).withAxes(unionAxes({typeOf(product), typeOf(factor)}));
      both = both.withHoles(both.getHoles() || typeOf(factor).getHoles());
      product = MulOp::create(builder, loc, both, product, factor);
    }
    SmallVector<AxisAttr> order = riders;
    llvm::append_range(order, contracted);
    SmallVector<StringRef> names;
    for (AxisAttr axis : contracted)
      names.push_back(axis.getName());
    Value stored =
        MaterializeOp::create(builder, loc, typeOf(product).withAxes(order).withHoles(false),
                              withoutHoles(builder, product));
    // What chose nothing is multiplied with the first matrix, and left out.
    Value choice = chosen;
    if (typeOf(choice).getHoles()) {
      auto number =
          NamedTensorType::get(builder.getContext(), {}, typeOf(choice).getElement(), false);
      Value first = ConstantOp::create(builder, loc, number, builder.getF64FloatAttr(0));
      chosen = ElseOp::create(builder, loc, typeOf(choice).withHoles(false), choice, first);
    }
    chosen = MaterializeOp::create(builder, loc, typeOf(chosen).withAxes(rows), chosen);
    Value numbers = GroupOp::create(builder, loc, typeOf(chosen), chosen,
                                    static_cast<uint64_t>(weight.axis(matrices).getSize()));
    numbers = MaterializeOp::create(builder, loc, typeOf(numbers), numbers);
    auto grouped =
        GroupedMatmulOp::create(builder, loc, type, stored, param, chosen, numbers, Value(),
                                builder.getStrArrayAttr(names), builder.getStringAttr(matrices));
    Value value = MaterializeOp::create(builder, loc, type, grouped.getResult());
    if (typeOf(choice).getHoles()) {
      NamedTensorType zeros = typeOf(choice).withElement(builder.getF32Type());
      Value zero = ConvertOp::create(builder, loc, zeros,
                                     SubOp::create(builder, loc, typeOf(choice), choice, choice));
      value = withoutHoles(builder, AddOp::create(builder, loc, type.withHoles(true), value, zero));
    }
    if (summed.empty())
      op.getResult().setType(type);
    else
      value = ReduceOp::create(builder, loc, op.getResult().getType(), ReduceKind::sum,
                               builder.getStrArrayAttr(summed), value);
    op.getResult().replaceAllUsesWith(value);
    op.erase();
    ++this->grouped;
  }
};

} // namespace
