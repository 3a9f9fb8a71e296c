//===- tril-opt.cpp - runs passes on a printed dump
//----------------------------------------------===//
#include "Dialect/Tril/TrilOps.h"
#include "Pipeline/Pipeline.h"
#include "Target/Codegen.h"
#include "Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<tril::TrilDialect, mlir::memref::MemRefDialect>();
  tril::registerCodegenDialects(registry);
  tril::registerTrilPasses();
  tril::registerPipelines();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "tril optimiser\n", registry));
}
