//===- Codegen.h - from scf, vector and arith over raw pointers to an object
//--------------------===//
#pragma once
#include "Target/Machine.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include <memory>

namespace llvm {
class raw_pwrite_stream;
class raw_ostream;
} // namespace llvm

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace tril {

/// Registers the dialects that kernels are written in, and their translations to LLVM IR.
void registerCodegenDialects(mlir::DialectRegistry &registry);

/// How kernels are canonicalised before they have branches: without looking for unreachable blocks,
/// of which structured control flow has none (an eighth of the passes' time).
mlir::GreedyRewriteConfig kernelRewrites();

/// Adds the passes from func, scf, cf, arith, math, vector, index and llvm to llvm alone.
void addLowerToLLVMPasses(mlir::OpPassManager &passes);

/// Runs them on a module.
mlir::LogicalResult lowerToLLVM(mlir::ModuleOp module);

/// Translates a module of the llvm dialect to LLVM IR for `machine`, not optimised. Null where the
/// translation fails.
std::unique_ptr<llvm::Module> translateToLLVMIR(mlir::ModuleOp module, llvm::LLVMContext &context,
                                                const Machine &machine);

/// Runs the passes of LLVM that kernels need, for `machine`.
void optimize(llvm::Module &module, const Machine &machine);

/// Writes an object file. False where the target cannot write objects.
bool emitObject(llvm::Module &module, const Machine &machine, llvm::raw_pwrite_stream &out);

/// Writes assembly text.
bool emitAssembly(llvm::Module &module, const Machine &machine, llvm::raw_pwrite_stream &out);

} // namespace tril
