//===- ExpandMath.cpp - polynomials for the functions that stand in inner loops
//--------------------------------===//
#include "Conversion/Kernels/Emitter.h"
#include "Transforms/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace tril {
#define GEN_PASS_DEF_EXPANDMATH
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;

namespace {

std::array<StringRef, 4> expandedNames() {
  return {math::ExpOp::getOperationName(), math::LogOp::getOperationName(),
          math::TanhOp::getOperationName(), math::ErfOp::getOperationName()};
}

bool isExpanded(Operation *op) {
  return llvm::is_contained(expandedNames(), op->getName().getStringRef());
}

/// Lets a division be a product with a reciprocal; `finite`: an estimated one, which is none of
/// what is infinite.
void estimate(arith::DivFOp division, bool finite) {
  auto flags = division.getFastmath() | arith::FastMathFlags::arcp;
  division.setFastmath(finite ? flags | arith::FastMathFlags::ninf : flags);
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
    populateMathPolynomialApproximationPatterns(
        patterns, [](StringRef name) { return llvm::is_contained(expandedNames(), name); });
    ExpandedDivisions listener;
    GreedyRewriteConfig config;
    config.setListener(&listener);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      signalPassFailure();
  }
};
} // namespace
