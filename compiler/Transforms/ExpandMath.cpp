//===- ExpandMath.cpp - polynomials for the functions that stand in inner loops
//--------------------------------===//
#include "Conversion/Kernels/Emitter.h"
#include "Transforms/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tril {
#define GEN_PASS_DEF_EXPANDMATH
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;

namespace {

bool isExpanded(Operation *op) {
  return isa<math::ExpOp, math::LogOp, math::TanhOp, math::ErfOp>(op);
}

/// Lets a division be a product with a reciprocal; `finite`: an estimated one, which is none of
/// what is infinite, corrected by multiply-adds.
void estimate(arith::DivFOp division, bool finite) {
  auto flags = division.getFastmath() | arith::FastMathFlags::arcp;
  if (finite)
    flags = flags | arith::FastMathFlags::ninf | arith::FastMathFlags::contract;
  division.setFastmath(flags);
}

bool mayEstimate(Operation *op) {
  auto function = op->getParentOfType<func::FuncOp>();
  return function && function->hasAttr(tril::kernels::estimatesAttribute);
}

/// Polynomials divide finite numbers by such that are not 0.
struct ExpandedDivisions : RewriterBase::Listener {
  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override {
    if (auto division = dyn_cast<arith::DivFOp>(op); division && mayEstimate(op))
      estimate(division, /*finite=*/true);
  }
};

/// tanh in f32 as x (1 + x^2 P(x^2)) / (1 + x^2 Q(x^2)), P and Q of degree 3, for |x| <= 8.0, from
/// where on it is 1: at most 4.5 units in the last place away, and exact near 0.  The coefficients
/// are a minimax fit.  MLIR's own takes a third more instructions (degrees 6 and 3, and a case for
/// small numbers) for errors as large, which soft caps of scores feel.
struct TanhAsRatio : OpRewritePattern<math::TanhOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::TanhOp op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    auto constant = [&](float value) -> Value {
      FloatAttr one = b.getF32FloatAttr(value);
      auto shaped = dyn_cast<ShapedType>(type);
      return arith::ConstantOp::create(b, shaped ? TypedAttr(DenseElementsAttr::get(shaped, one))
                                                 : TypedAttr(one));
    };
    auto clamp = [&](Value x, arith::CmpFPredicate outside, float bound) -> Value {
      Value limit = constant(bound); // a NaN stays
      return arith::SelectOp::create(b, arith::CmpFOp::create(b, outside, x, limit), limit, x);
    };
    Value x = clamp(op.getOperand(), arith::CmpFPredicate::OGT, 8.001483F);
    x = clamp(x, arith::CmpFPredicate::OLT, -8.001483F);
    Value square = arith::MulFOp::create(b, x, x);
    auto polynomial = [&](ArrayRef<float> coefficients) {
      Value sum = constant(coefficients.front());
      for (float coefficient : coefficients.drop_front())
        sum = math::FmaOp::create(b, sum, square, constant(coefficient));
      return sum;
    };
    Value p = polynomial({1.3067684e-08F, 2.040704e-05F, 3.4835506e-03F, 1.337098e-01F});
    Value q = polynomial({7.660557e-07F, 3.265775e-04F, 2.5831461e-02F, 4.6704295e-01F, 1});
    Value cube = arith::MulFOp::create(b, x, square);
    rewriter.replaceOpWithNewOp<arith::DivFOp>(op, math::FmaOp::create(b, cube, p, x), q);
    return success();
  }
};

struct ExpandMathPass : tril::impl::ExpandMathBase<ExpandMathPass> {
  void runOnOperation() override {
    // Of an argument, the last bit is lost in what the function is approximated by; elsewhere it
    // may decide: floor(49 / 49).
    getOperation().walk([](arith::DivFOp division) {
      llvm::APFloat number(0.0F);
      Value divisor = division.getRhs();
      if (auto broadcast = divisor.getDefiningOp<vector::BroadcastOp>())
        divisor = broadcast.getSource();
      if (matchPattern(divisor, m_ConstantFloat(&number)) && number.isNormal() &&
          llvm::all_of(division->getUsers(), isExpanded) && mayEstimate(division))
        estimate(division, /*finite=*/false);
    });
    RewritePatternSet patterns(&getContext());
    patterns.add<TanhAsRatio>(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return name == math::ExpOp::getOperationName() || name == math::LogOp::getOperationName() ||
             name == math::ErfOp::getOperationName();
    });
    ExpandedDivisions listener;
    GreedyRewriteConfig config;
    config.setListener(&listener);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      signalPassFailure();
  }
};
} // namespace
