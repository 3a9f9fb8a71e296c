//===- TrilOps.h - the tril dialect
//------------------------------------------------------------===//
#pragma once
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace tril::analysis {
class ReadsAnalysis;
}
#include "Dialect/Tril/ReadsInterface.h.inc"
#include "Dialect/Tril/TrilDialect.h.inc"
#include "Dialect/Tril/TrilEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "Dialect/Tril/TrilAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "Dialect/Tril/TrilTypes.h.inc"

namespace tril::OpTrait {
mlir::LogicalResult verifyElementwise(mlir::Operation *op);

/// Operands aligned by axis name, one result over the union of their axes.
template <typename ConcreteType>
class Elementwise : public mlir::OpTrait::TraitBase<ConcreteType, Elementwise> {
public:
  static mlir::LogicalResult verifyTrait(mlir::Operation *op) { return verifyElementwise(op); }
};
} // namespace tril::OpTrait

#define GET_OP_CLASSES
#include "Dialect/Tril/TrilOps.h.inc"

namespace tril {
/// The union of the axes of `types`, in order of first appearance.
llvm::SmallVector<AxisAttr> unionAxes(llvm::ArrayRef<NamedTensorType> types);
} // namespace tril
