//===- Product.h - object, runtime, weights, tokenizer: one executable
//--------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "Pipeline/Frontend.h"
#include "Target/QuantizeWeights.h"
#include "runtime/Manifest.h"
#include <functional>

namespace tril {

struct ProductParts {
  llvm::StringRef object; // as LLVM emits it
  ModelOp planned;        // with places for values, states and weights
  const Frontend &frontend;
  std::string cpu, version;
  bool blas = false;              // the object calls it
  bool unchecked = false;         // what the text claims was not proved
  bool tileRegisters = false;     // the object uses those of AMX
  std::vector<std::string> flags; // that make it another program than a build without any
  std::function<void(int64_t done, int64_t total)>
      progress; // bytes of weights written; may be null
};

/// file:line:col of what a location names in the text; empty if it names nothing there.
std::string placeOf(mlir::Location location);

/// What the program needs to know of the model.  Sizes are 0, and there are no states, where memory
/// is not planned yet.
Manifest manifestOf(ModelOp model, const Frontend &frontend, const std::string &cpu,
                    const std::string &version);

/// The checkpoint's tokenizer as a product holds it; empty if it has none.  Throws Error.
std::vector<std::byte> tokenizerOf(const Checkpoint &checkpoint);

/// Links and writes the product.  Throws Error; what was at `output` before is then as it was.
/// Gives what became of the tensors that were rounded.
Roundings makeProduct(const ProductParts &parts, const std::string &output);

/// Where the archives of the runtime are: `lib` beside the compiler's `bin`.
std::string archiveDirectory();

} // namespace tril
