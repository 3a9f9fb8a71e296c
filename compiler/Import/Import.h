//===- Import.h - from the checked model to the tril dialect
//------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "dsl/Model.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <functional>

namespace tril {

struct ImportOptions {
  /// How a stored tensor is stored (an element or quantisation type, as text).  Layers whose
  /// tensors are stored differently get different bodies, because code is generated for one
  /// storage.  Absent: all alike.
  std::function<std::string(llvm::StringRef tensor)> storage;
};

/// A module with one `tril.model`: `tril.body @main`, and one `tril.body` for each distinct kind of
/// layer (iterations of a loop whose nodes are equal up to checkpoint names and constants share
/// one). Returns null after an error was emitted at `context`; that is a fault of the checker or of
/// this function, never of the text.
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context, const dsl::Model &model,
                                              const ImportOptions &options = {});

} // namespace tril
