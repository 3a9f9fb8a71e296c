//===- Frontend.h - from a text and a checkpoint to the imported module
//------------------------------------------===//
#pragma once
#include "dsl/Model.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "runtime/Checkpoint.h"

namespace tril {

/// What came of one text.
struct Frontend {
  std::shared_ptr<const dsl::Source> source;
  std::unique_ptr<Checkpoint> checkpoint;
  std::optional<dsl::Model> model;
  int64_t context = 0; // positions that it is made for, or 0
};

/// Reads, parses and checks; tells what is wrong on standard error and returns nothing then.
/// `renames`: TEXT=CHECKPOINT, prefixes of names of tensors.  `context`: positions that it is for.
std::optional<Frontend> readModel(const std::string &text, const std::string &weights,
                                  const std::vector<std::string> &renames = {},
                                  int64_t context = 0);

/// Whether what a text computes depends on how many positions it is for.
bool dependsOnContext(const std::string &text, const std::string &weights,
                      const std::vector<std::string> &renames);

/// The imported module, with what the passes need to know of the checkpoint, if there is one.
/// `quantize`: the type that weights are to be rounded to, or "".
mlir::OwningOpRef<mlir::ModuleOp> importFrontend(mlir::MLIRContext &context,
                                                 const Frontend &frontend,
                                                 const std::string &quantize = "");

/// Proves what the text says of itself; tells what refutes it on standard error.
bool proved(const Frontend &frontend, mlir::ModuleOp module);

std::shared_ptr<const dsl::Source> readSource(const std::string &path);
/// The folder of std beside the compiler, or "" for the copy that is built in.
std::string stdDirectory();

} // namespace tril
