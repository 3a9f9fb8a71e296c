//===- Machine.h - the processor that code is made for
//------------------------------------------===//
#pragma once
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace tril {

/// What the generators of kernels and the code generator need to know of a processor.
struct Machine {
  std::string name;     ///< as the person gave it: `native`, `x86-64-v3`, `znver4`, ...
  std::string cpu;      ///< LLVM's name
  std::string features; ///< LLVM's feature string; empty unless `native`
  bool fma = false;
  bool f16c = false; ///< conversion of half precision in hardware
  bool avx2 = false;
  bool avx512 = false; ///< F, BW, DQ and VL
  bool vnni = false;   ///< AVX-512 VNNI: four products of bytes a lane
  bool bf16 = false;   ///< AVX-512 BF16: two products of bf16 a lane
  bool amx = false;    ///< AMX BF16: tile registers, which the system gives, and products of bf16

  /// Vector registers that a kernel may count on.
  int vectorRegisters() const { return avx512 ? 32 : 16; }
  /// Floats in one of them.
  int lanes() const { return avx512 ? 16 : avx2 ? 8 : 4; }

  /// Resolves `native` or any name of LLVM's x86-64 target; an unknown name is an error that says
  /// so.
  static llvm::Expected<Machine> named(llvm::StringRef name);

  /// LLVM's code generator for it: position independent, only explicit fused multiply-adds.
  std::unique_ptr<llvm::TargetMachine> createTargetMachine() const;
};

} // namespace tril
