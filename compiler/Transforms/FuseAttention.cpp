//===- FuseAttention.cpp - one operation for scores, mask, softmax and values
//----------------------===//
// Looks for contract [past] (softmax [past] s) v where s comes, by elementwise operations, from one
// contraction of a query (over time) with a key (over past), and where key and value are states.
// The technique is that of FlashAttention (Dao et al. 2022, arXiv:2205.14135): a running maximum
// and sum over tiles of keys; the score and mask are any expression, in the manner of FlexAttention
// (Dong et al. 2024, arXiv:2412.05496). Limits: one contraction of queries with keys in a score;
// key and value are read by attentions alone.
#include "Transforms/Passes.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

namespace tril {
#define GEN_PASS_DEF_FUSEATTENTION
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

bool isPointwise(Operation *op) {
  return op->hasTrait<tril::OpTrait::Elementwise>() || isa<WhereOp, ElseOp, SelectOp>(op);
}

/// The operations between `dot` and `score`, in block order; fails where one of them is not
/// pointwise.
LogicalResult between(Value score, StringRef past, ContractOp &dot,
                      llvm::SetVector<Operation *> &chain) {
  llvm::DenseMap<Value, bool> depends;
  bool ok = true;
  std::function<bool(Value)> visit = [&](Value value) -> bool {
    auto found = depends.find(value);
    if (found != depends.end())
      return found->second;
    Operation *op = value.getDefiningOp();
    bool result = false;
    if (op && typeOf(value).hasAxis(past)) {
      auto contract = dyn_cast<ContractOp>(op);
      if (contract && typeOf(value).hasAxis("time")) {
        ok &= !dot || dot == contract;
        dot = contract;
        result = true;
      } else if (isPointwise(op)) {
        for (Value operand : op->getOperands())
          result |= visit(operand);
        if (result)
          chain.insert(op);
      }
    }
    return depends[value] = result;
  };
  visit(score);
  return success(ok && dot);
}

struct FuseAttentionPass : tril::impl::FuseAttentionBase<FuseAttentionPass> {
  void runOnOperation() override {
    SmallVector<ContractOp> contractions;
    getOperation().walk([&](ContractOp op) { contractions.push_back(op); });
    for (ContractOp op : contractions)
      if (succeeded(fuse(op)))
        ++fused;
  }

private:
  LogicalResult fuse(ContractOp op) {
    if (op.getAxes().size() != 1 || op.getFactors().size() != 2)
      return failure();
    StringRef past = cast<StringAttr>(op.getAxes()[0]).getValue();
    for (unsigned i : {0, 1})
      if (auto softmax = op.getFactors()[i].getDefiningOp<SoftmaxOp>();
          softmax && softmax.getAxes() == op.getAxes())
        return fuse(op, softmax, op.getFactors()[1 - i], past);
    return failure();
  }

  /// Whether `value` is a state that attentions alone read, so that its layout is free.
  static ExtendOp stateOf(Value value) {
    auto extend = value.getDefiningOp<ExtendOp>();
    return extend && extend->hasOneUse() ? extend : ExtendOp();
  }

  LogicalResult fuse(ContractOp op, SoftmaxOp softmax, Value value, StringRef past) {
    ContractOp dot;
    llvm::SetVector<Operation *> chain;
    Value score = softmax.getOperand();
    if (!typeOf(score).hasAxis("time") || failed(between(score, past, dot, chain)) ||
        dot.getFactors().size() != 2)
      return failure();
    Value query = dot.getFactors()[0], key = dot.getFactors()[1];
    if (typeOf(query).hasAxis(past))
      std::swap(query, key);
    if (typeOf(query).hasAxis(past) || typeOf(key).hasAxis("time") ||
        typeOf(value).hasAxis("time") || !typeOf(query).hasAxis("time"))
      return failure();
    // What lies between is read by the attention alone: else it would be computed twice, and the
    // states read in two ways.
    auto staysInside = [&](Operation *link) {
      return llvm::all_of(link->getUsers(),
                          [&](Operation *user) { return user == softmax || chain.contains(user); });
    };
    if (!softmax->hasOneUse() || !staysInside(dot) || !llvm::all_of(chain, staysInside))
      return failure();
    ExtendOp keyState = stateOf(key), valueState = stateOf(value);
    if (!keyState || !valueState || keyState == valueState)
      return failure();

    SmallVector<AxisAttr> groups, members, contracted, features;
    auto isContracted = [&](AxisAttr axis) {
      return llvm::is_contained(dot.getAxes().getAsValueRange<StringAttr>(), axis.getName());
    };
    for (AxisAttr axis : typeOf(query).getAxes()) {
      if (axis.isDynamic()) {
        if (axis.getName() != "time")
          return failure();
      } else if (isContracted(axis))
        contracted.push_back(axis);
      else
        (typeOf(key).hasAxis(axis.getName()) ? groups : members).push_back(axis);
    }
    for (AxisAttr axis : typeOf(value).getAxes()) {
      if (axis.getName() == past || llvm::is_contained(groups, axis))
        continue;
      if (axis.isDynamic() || llvm::is_contained(members, axis))
        return failure();
      features.push_back(axis);
    }
    // Every axis of the key and of the score must have found its place, and the value must have
    // every group.
    if (typeOf(key).rank() != 1 + groups.size() + contracted.size() ||
        typeOf(value).rank() != 1 + groups.size() + features.size())
      return failure();
    for (AxisAttr axis : typeOf(score).getAxes())
      if (axis.getName() != "time" && axis.getName() != past && !llvm::is_contained(groups, axis) &&
          !llvm::is_contained(members, axis))
        return failure();

    MLIRContext *context = &getContext();
    OpBuilder builder(op);
    auto names = [&](ArrayRef<AxisAttr> axes) {
      return builder.getStrArrayAttr(
          llvm::to_vector(llvm::map_range(axes, [](AxisAttr axis) { return axis.getName(); })));
    };
    auto list = [&](AxisAttr first, std::initializer_list<ArrayRef<AxisAttr>> rest) {
      SmallVector<AxisAttr> axes = {first};
      for (auto part : rest)
        llvm::append_range(axes, part);
      return axes;
    };
    AxisAttr time = typeOf(query).axis("time"), pastAxis = typeOf(key).axis(past);
    Type f32 = builder.getF32Type();

    auto lay = [&](ExtendOp state, StateLayout layout, ArrayRef<AxisAttr> rest) {
      state.getResult().setType(typeOf(state.getResult()).withAxes(list(pastAxis, {groups, rest})));
      state.setLayout(layout);
      state.setGroups(groups.size());
    };
    lay(keyState, StateLayout::lanes, contracted);
    lay(valueState, StateLayout::groups, features);

    auto type = NamedTensorType::get(context, list(time, {groups, members, features}), f32,
                                     /*holes=*/false);
    auto fusedOp = AttentionOp::create(
        builder, builder.getFusedLoc({op.getLoc(), softmax.getLoc(), dot.getLoc()}), type, query,
        key, value, past, names(groups), names(members), names(contracted), names(features));
    Block *block = builder.createBlock(&fusedOp.getScore());
    auto dotType = NamedTensorType::get(
        context, list(time, {ArrayRef<AxisAttr>(pastAxis), groups, members}), f32, /*holes=*/false);
    IRMapping map;
    map.map(dot.getResult(), block->addArgument(dotType, dot.getLoc()));
    SmallVector<Operation *> ordered(chain.begin(), chain.end());
    llvm::sort(ordered, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    for (Operation *link : ordered)
      builder.clone(*link, map);
    YieldOp::create(builder, softmax.getLoc(), ValueRange{map.lookup(score)});
    // Calls, returns and outputs keep the order that they were given.
    auto keepsOrder = [](OpOperand &use) {
      return isa<CallOp, ReturnOp, OutputOp>(use.getOwner());
    };
    NamedTensorType given = op.getResult().getType();
    if (given != type && llvm::any_of(op.getResult().getUses(), keepsOrder)) {
      builder.setInsertionPointAfter(fusedOp);
      op.getResult().replaceUsesWithIf(
          MaterializeOp::create(builder, op.getLoc(), given, fusedOp.getResult()), keepsOrder);
    }
    op.getResult().setType(type);
    op.getResult().replaceAllUsesWith(fusedOp.getResult());
    op.erase();
    for (Operation *dead : {softmax.getOperation()})
      if (dead->use_empty())
        dead->erase();
    for (Operation *link : llvm::reverse(ordered))
      if (link->use_empty())
        link->erase();
    if (dot->use_empty())
      dot.erase();
    return success();
  }
};

} // namespace
