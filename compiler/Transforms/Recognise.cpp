//===- Recognise.cpp - contractions and softmaxes
//------------------------------------------------===//
// Patterns, applied greedily:
//   1. sum[a](x * y * ...)                       becomes tril.contract [a] x, y, ...
//   2. e / sum[a](e), e = exp(x - max[a](x))     becomes tril.softmax [a] x
//   3. the same with one more member of the sum      becomes tril.softmax [a] x sink s
// In a contraction, factors without a summed axis are taken out, and factors whose axes are among
// another's are multiplied into it, so that what stays is usually one value and one weight, or a
// query and a key.
#include "Transforms/Passes.h"
#include "Transforms/Values.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringSet.h"

namespace tril {
#define GEN_PASS_DEF_RECOGNISE
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

NamedTensorType typeOf(Value value) { return cast<NamedTensorType>(value.getType()); }

bool within(NamedTensorType inner, NamedTensorType outer) {
  return llvm::all_of(inner.getAxes(),
                      [&](AxisAttr axis) { return outer.hasAxis(axis.getName()); });
}

Value multiply(OpBuilder &builder, Location loc, Value a, Value b) {
  // The text's own product, which has a name and a place.
  for (Operation *user : a.getUsers())
    if (auto mul = dyn_cast<MulOp>(user); mul && llvm::is_contained(mul.getOperands(), b) &&
                                          a != b &&
                                          mul->getBlock() == builder.getInsertionBlock() &&
                                          mul->isBeforeInBlock(&*builder.getInsertionPoint()))
      return mul;
  NamedTensorType ta = typeOf(a), tb = typeOf(b);
  auto type = NamedTensorType::get(builder.getContext(), unionAxes({ta, tb}), ta.getElement(),
                                   ta.getHoles() || tb.getHoles());
  return MulOp::create(builder, loc, type, a, b);
}

struct SumOfProduct : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != ReduceKind::sum || !op.getOperand().getDefiningOp<MulOp>() ||
        !typeOf(op.getOperand()).getElement().isF32())
      return failure();
    llvm::StringSet<> summed;
    for (StringRef axis : op.getAxes().getAsValueRange<StringAttr>())
      summed.insert(axis);
    auto isSummed = [&](AxisAttr axis) { return summed.contains(axis.getName()); };

    SmallVector<Value> all, factors, outside;
    collectFactors(
        op.getOperand(), [](MulOp product) { return typeOf(product).getElement().isF32(); }, all);
    for (Value factor : all) {
      NamedTensorType type = typeOf(factor);
      bool inside = llvm::any_of(type.getAxes(), isSummed) || type.getHoles();
      (inside ? factors : outside).push_back(factor);
    }
    // The weight stays a factor of its own: the param with summed and other axes that has the most
    // elements.
    Value weight;
    for (Value factor : factors)
      if (factor.getDefiningOp<ParamOp>() && !llvm::all_of(typeOf(factor).getAxes(), isSummed) &&
          (!weight || typeOf(factor).staticElements() > typeOf(weight).staticElements()))
        weight = factor;
    bool merged = true;
    while (merged && factors.size() > 2) {
      merged = false;
      for (unsigned i = 0; i < factors.size() && !merged; ++i)
        for (unsigned j = 0; j < factors.size() && !merged; ++j)
          if (i != j && factors[i] != weight && factors[j] != weight &&
              within(typeOf(factors[i]), typeOf(factors[j]))) {
            factors[j] = multiply(rewriter, op.getLoc(), factors[j], factors[i]);
            factors.erase(factors.begin() + i);
            merged = true;
          }
    }
    if (factors.size() < 2 && outside.empty())
      return failure();

    SmallVector<NamedTensorType> types;
    for (Value factor : factors)
      types.push_back(typeOf(factor));
    SmallVector<AxisAttr> left = llvm::to_vector(
        llvm::make_filter_range(unionAxes(types), [&](AxisAttr axis) { return !isSummed(axis); }));
    auto type = NamedTensorType::get(op.getContext(), left, rewriter.getF32Type(), /*holes=*/false);
    Value result =
        factors.size() < 2
            ? Value(ReduceOp::create(rewriter, op.getLoc(), type, op.getKindAttr(),
                                     op.getAxesAttr(), factors[0]))
            : Value(ContractOp::create(rewriter, op.getLoc(), type, op.getAxesAttr(), factors));
    for (Value factor : outside)
      result = multiply(rewriter, op.getLoc(), result, factor);
    if (result.getType() != op.getType()) // the same axes, listed in another order
      result.setType(op.getType());
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct Softmax : OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DivOp op, PatternRewriter &rewriter) const override {
    auto total = op.getRhs().getDefiningOp<ReduceOp>();
    auto power = op.getLhs().getDefiningOp<ExpOp>();
    if (!total || !power || total.getKind() != ReduceKind::sum || total.getOperand() != op.getLhs())
      return failure();
    auto shifted = power.getOperand().getDefiningOp<SubOp>();
    if (!shifted)
      return failure();
    auto largest = shifted.getRhs().getDefiningOp<ReduceOp>();
    if (!largest || largest.getKind() != ReduceKind::max || largest.getAxes() != total.getAxes() ||
        largest.getOperand() != shifted.getLhs())
      return failure();
    auto type = typeOf(op).withAxes(typeOf(shifted.getLhs()).getAxes());
    if (type.getHoles() != typeOf(shifted.getLhs()).getHoles())
      return failure();
    rewriter.replaceOpWithNewOp<SoftmaxOp>(op, type, total.getAxesAttr(), shifted.getLhs(),
                                           Value());
    return success();
  }
};

/// The same with a sink: e / (sum[a](e) + exp(sink - m)), e = exp(x - m), m = max(max[a](x) else
/// sink, sink).
struct SoftmaxWithSink : OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DivOp op, PatternRewriter &rewriter) const override {
    auto total = op.getRhs().getDefiningOp<AddOp>();
    auto power = op.getLhs().getDefiningOp<ExpOp>();
    auto shifted = power ? power.getOperand().getDefiningOp<SubOp>() : SubOp();
    if (!total || !shifted)
      return failure();
    for (auto [first, second] :
         {std::pair(total.getLhs(), total.getRhs()), std::pair(total.getRhs(), total.getLhs())}) {
      auto sum = first.getDefiningOp<ReduceOp>();
      auto more = second.getDefiningOp<ExpOp>();
      auto moreShifted = more ? more.getOperand().getDefiningOp<SubOp>() : SubOp();
      if (!sum || sum.getKind() != ReduceKind::sum || sum.getOperand() != op.getLhs() ||
          !moreShifted || moreShifted.getRhs() != shifted.getRhs())
        continue;
      Value x = shifted.getLhs(), sink = moreShifted.getLhs();
      if (!isLargest(shifted.getRhs(), x, sink, sum.getAxesAttr()) || typeOf(sink).getHoles())
        continue;
      auto type = typeOf(op).withAxes(typeOf(x).getAxes());
      bool fits =
          type.getHoles() == typeOf(x).getHoles() &&
          llvm::all_of(typeOf(sink).getAxes(), [&](AxisAttr axis) {
            return type.hasAxis(axis.getName()) &&
                   !llvm::is_contained(sum.getAxes().getAsValueRange<StringAttr>(), axis.getName());
          });
      if (!fits)
        continue;
      rewriter.replaceOpWithNewOp<SoftmaxOp>(op, type, sum.getAxesAttr(), x, sink);
      return success();
    }
    return failure();
  }

  /// Whether `value` is max(max[axes](x) else sink, sink); without holes there may be no `else`.
  static bool isLargest(Value value, Value x, Value sink, ArrayAttr axes) {
    auto most = value.getDefiningOp<MaxOp>();
    if (!most || (most.getLhs() != sink && most.getRhs() != sink))
      return false;
    Value other = most.getLhs() == sink ? most.getRhs() : most.getLhs();
    if (auto otherwise = other.getDefiningOp<ElseOp>()) {
      if (otherwise.getOtherwise() != sink)
        return false;
      other = otherwise.getOperand();
    }
    auto largest = other.getDefiningOp<ReduceOp>();
    return largest && largest.getKind() == ReduceKind::max && largest.getOperand() == x &&
           largest.getAxesAttr() == axes;
  }
};

struct RecognisePass : tril::impl::RecogniseBase<RecognisePass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SumOfProduct, Softmax, SoftmaxWithSink>(&getContext());
    GreedyRewriteConfig config;
    config.enableFolding(false);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    getOperation().walk([&](Operation *op) {
      contractions += isa<ContractOp>(op);
      softmaxes += isa<SoftmaxOp>(op);
    });
  }
};

} // namespace
