//===- Jit.h - kernels compiled in this process, for tests and benchmarks
//-----------------------===//
#pragma once
#include "Target/Codegen.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

namespace tril::test {

/// A module filled by a generator, made an object the way products are, and loaded.
class Jit {
public:
  Jit(const Machine &machine, const std::function<void(mlir::ModuleOp)> &generate) {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    mlir::DialectRegistry registry;
    registerCodegenDialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    context.loadAllAvailableDialects();
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    generate(*module);
    check(mlir::succeeded(mlir::verify(*module)), "the module does not verify");
    check(mlir::succeeded(lowerToLLVM(*module)), "lowering fails");
    llvm::LLVMContext llvmContext;
    std::unique_ptr<llvm::Module> code = translateToLLVMIR(*module, llvmContext, machine);
    check(code != nullptr, "translation fails");
    optimize(*code, machine);
    if (const char *path = std::getenv("TRIL_TEST_ASM")) {
      std::error_code error;
      llvm::raw_fd_ostream out(path, error);
      emitAssembly(*code, machine, out);
    }
    llvm::SmallVector<char, 0> object;
    llvm::raw_svector_ostream out(object);
    check(emitObject(*code, machine, out), "no object");
    objectBytes = object.size();
    jit = llvm::cantFail(llvm::orc::LLJITBuilder().create());
    llvm::cantFail(jit->addObjectFile(
        std::make_unique<llvm::SmallVectorMemoryBuffer>(std::move(object), "kernels", false)));
  }

  template <typename Function> Function *get(llvm::StringRef name) {
    return llvm::cantFail(jit->lookup(name)).toPtr<Function *>();
  }

  size_t objectBytes = 0;

private:
  static void check(bool ok, const char *message) {
    if (!ok) {
      llvm::errs() << message << '\n';
      std::abort();
    }
  }
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

using Prepare = void(const float *x, int64_t xStride, void *p, int64_t k, int64_t m0, int64_t m1);
using Gemm = void(const void *w, const float *x, int64_t xStride, const void *p, int64_t pStride,
                  float *c, int64_t cStride, int64_t k, int64_t n, int64_t m0, int64_t m1,
                  int64_t g0, int64_t g1);
using GemmOfRows = void(const void *w, const float *x, int64_t xStride, const void *p,
                        int64_t pStride, float *c, int64_t cStride, int64_t k, int64_t n,
                        int64_t m0, int64_t m1, int64_t g0, int64_t g1, const int32_t *rows,
                        int64_t share);

/// Aligned memory of elements, zero at first.
template <typename T> class Buffer {
public:
  explicit Buffer(size_t count) : count(count) {
    size_t bytes = (count * sizeof(T) + 4159) / 4096 * 4096 + 4096;
    data = static_cast<T *>(std::aligned_alloc(4096, bytes));
    memset(static_cast<void *>(data), 0, bytes);
  }
  ~Buffer() { std::free(data); }
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  T &operator[](size_t i) { return data[i]; }
  const T &operator[](size_t i) const { return data[i]; }
  T *get() { return data; }
  size_t size() const { return count; }

private:
  T *data;
  size_t count;
};

} // namespace tril::test
