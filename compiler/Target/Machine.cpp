//===- Machine.cpp - the processor that code is made for
//----------------------------------------===//
#include "Target/Machine.h"
#include "runtime/TileRegisters.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

using namespace tril;

std::unique_ptr<llvm::TargetMachine> Machine::createTargetMachine() const {
  static const bool initialised = [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)initialised;
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  // The default of AllowFPOpFusion leaves mul + add apart unless the operations allow it, and ours
  // do not.
  return std::unique_ptr<llvm::TargetMachine>(
      target->createTargetMachine(triple, cpu, features, llvm::TargetOptions(), llvm::Reloc::PIC_,
                                  std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

llvm::Expected<Machine> Machine::named(llvm::StringRef name) {
  Machine machine;
  machine.name = name.str();
  machine.cpu = name.str();
  if (name == "native") {
    machine.cpu = llvm::sys::getHostCPUName().str();
    for (const auto &feature : llvm::sys::getHostCPUFeatures())
      machine.features += (feature.second ? "+" : "-") + feature.first().str() + ",";
    machine.features += "-prefer-256-bit";
  }
  Machine baseline;
  baseline.cpu = "x86-64";
  std::unique_ptr<llvm::TargetMachine> generic = baseline.createTargetMachine();
  if (!generic)
    return llvm::createStringError("this build of LLVM has no code generator for this machine");
  if (!generic->getMCSubtargetInfo()->isCPUStringValid(machine.cpu))
    return llvm::createStringError("unknown processor `" + machine.name + "`");
  std::unique_ptr<llvm::TargetMachine> target = machine.createTargetMachine();
  const llvm::MCSubtargetInfo *info = target->getMCSubtargetInfo();
  machine.fma = info->checkFeatures("+fma");
  machine.f16c = info->checkFeatures("+f16c");
  machine.avx2 = info->checkFeatures("+avx2");
  machine.avx512 = info->checkFeatures("+avx512f") && info->checkFeatures("+avx512bw") &&
                   info->checkFeatures("+avx512dq") && info->checkFeatures("+avx512vl");
  machine.vnni = machine.avx512 && info->checkFeatures("+avx512vnni");
  machine.bf16 = machine.avx512 && info->checkFeatures("+avx512bf16");
  machine.amx =
      machine.bf16 && info->checkFeatures("+amx-tile") && info->checkFeatures("+amx-bf16");
  if (name == "native") // some systems do not give what the processor has
    machine.amx = machine.amx && requestTileRegisters().empty();
  return machine;
}
