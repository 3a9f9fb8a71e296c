//===- Values.h - what several passes ask of values, and do with them
//---------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"

namespace tril {

/// Whether each element of its result depends on the same element of its operands alone.
bool isElementwise(mlir::Operation *op);

/// Dynamic axes first (time before its other names), the others as they are listed.
llvm::SmallVector<AxisAttr> memoryOrder(llvm::ArrayRef<AxisAttr> axes);

/// `value` with 0 in place of its holes: what a contraction makes of them.
mlir::Value withoutHoles(mlir::OpBuilder &builder, mlir::Value value);

/// The factors of a product, taking apart those products for which `apart` says so.
void collectFactors(mlir::Value value, llvm::function_ref<bool(MulOp)> apart,
                    llvm::SmallVectorImpl<mlir::Value> &factors);

/// Erases what nothing reads, readers first.
void eraseDead(mlir::Block &block);

} // namespace tril
