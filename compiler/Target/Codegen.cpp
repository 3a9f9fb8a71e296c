//===- Codegen.cpp - from scf, vector and arith over raw pointers to an object
//------------------===//
#include "Target/Codegen.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace tril;
using namespace mlir;

void tril::registerCodegenDialects(DialectRegistry &registry) {
  registry.insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  index::IndexDialect, LLVM::LLVMDialect, math::MathDialect, scf::SCFDialect,
                  ub::UBDialect, vector::VectorDialect>();
  registerConvertFuncToLLVMInterface(registry);
  cf::registerConvertControlFlowToLLVMInterface(registry);
  arith::registerConvertArithToLLVMInterface(registry);
  registerConvertMathToLLVMInterface(registry);
  index::registerConvertIndexToLLVMInterface(registry);
  ub::registerConvertUBToLLVMInterface(registry);
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

GreedyRewriteConfig tril::kernelRewrites() {
  return GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
}

void tril::addLowerToLLVMPasses(OpPassManager &passes) {
  // Scf before anything that would strand its block arguments; vectors first of what becomes llvm.
  passes.addPass(createCanonicalizerPass(kernelRewrites()));
  passes.addPass(createCSEPass());
  passes.addPass(createLoopInvariantCodeMotionPass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertVectorToLLVMPass());
  // What is left together, by each dialect's own patterns: func, cf, arith, math, index, and ub,
  // which the canonicaliser makes.
  passes.addPass(createConvertToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createCanonicalizerPass());
}

LogicalResult tril::lowerToLLVM(ModuleOp module) {
  PassManager passes(module->getContext());
  addLowerToLLVMPasses(passes);
  return passes.run(module);
}

std::unique_ptr<llvm::Module> tril::translateToLLVMIR(ModuleOp module, llvm::LLVMContext &context,
                                                      const Machine &machine) {
  std::unique_ptr<llvm::Module> result = translateModuleToLLVMIR(module, context);
  std::unique_ptr<llvm::TargetMachine> target = machine.createTargetMachine();
  if (!result || !target)
    return nullptr;
  result->setTargetTriple(target->getTargetTriple());
  result->setDataLayout(target->createDataLayout());
  for (llvm::Function &function : *result) {
    if (function.isDeclaration())
      continue;
    // LLVM's passes read the processor from the function, not from the target machine.
    function.addFnAttr("target-cpu", machine.cpu);
    if (!machine.features.empty())
      function.addFnAttr("target-features", machine.features);
    function.addFnAttr("prefer-vector-width", "512");
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
  return result;
}

void tril::optimize(llvm::Module &module, const Machine &machine) {
  // What our passes and MLIR's leave to do: loops are rotated so that loads leave them, addresses
  // become simple, what was computed twice is computed once.  LLVM's own O3 takes eight times as
  // long for code of the same speed, since kernels are in vectors and register tiles already
  // (docs/rationale.md).
  static constexpr llvm::StringLiteral passes =
      "function(sroa,early-cse,simplifycfg,instcombine<no-verify-fixpoint>,"
      "loop-mssa(loop-rotate,licm),gvn,simplifycfg,instcombine<no-verify-fixpoint>)";
  std::unique_ptr<llvm::TargetMachine> target = machine.createTargetMachine();
  llvm::PassBuilder builder(target.get());
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager manager;
  llvm::cantFail(builder.parsePassPipeline(manager, passes));
  manager.run(module, modules);
}

static bool emitFile(llvm::Module &module, const Machine &machine, llvm::raw_pwrite_stream &out,
                     llvm::CodeGenFileType kind) {
  std::unique_ptr<llvm::TargetMachine> target = machine.createTargetMachine();
  llvm::legacy::PassManager passes;
  if (!target || target->addPassesToEmitFile(passes, out, nullptr, kind))
    return false;
  passes.run(module);
  return true;
}

bool tril::emitObject(llvm::Module &module, const Machine &machine, llvm::raw_pwrite_stream &out) {
  return emitFile(module, machine, out, llvm::CodeGenFileType::ObjectFile);
}

bool tril::emitAssembly(llvm::Module &module, const Machine &machine,
                        llvm::raw_pwrite_stream &out) {
  return emitFile(module, machine, out, llvm::CodeGenFileType::AssemblyFile);
}
