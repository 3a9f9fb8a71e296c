//===- CompiledText.h - a text compiled and run in this process
//------------------------------------===//
#pragma once
#include "Generator.h"
#include "Interpreter/Interpreter.h"
#include "Pipeline/Frontend.h"
#include "Pipeline/Pipeline.h"
#include "runtime/Manifest.h"
#include "runtime/Session.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include <map>

namespace tril::test {

/// The numbers of each output, row by row.
using OutputValues = std::vector<std::vector<float>>;
using Inputs = std::vector<std::vector<int32_t>>;

/// What `tril build` makes of a text and a checkpoint, but loaded instead of linked.
class CompiledText {
public:
  /// Writes text and checkpoint to `folder`.  Throws Error where the text is refused.
  CompiledText(const AttentionText &text, const std::string &folder, uint64_t seed);

  const Manifest &manifest() const { return described; }
  unsigned fused() const { return attentions; } ///< attentions that became one operation

  /// The meaning, by the interpreter, computed with f64 or with f32; numbers that states store in
  /// fewer bits, and those that attention multiplies, are rounded as they are there (the latter
  /// where `exact` is false).
  OutputValues meaning(const Inputs &inputs, interpreter::Precision precision, bool exact = false);

  /// The whole sequence in one step.
  OutputValues whole(const Inputs &inputs, int threads) const;

  /// In steps of 1 to `most` positions.  Between two, the sequence may go back, be copied, or be
  /// saved and restored.  `told` gets what was done.
  OutputValues divided(const Inputs &inputs, int threads, int64_t most, std::mt19937_64 &random,
                       std::string &told) const;

  /// Takes the sequence back and forth at random, into copies and through what is saved.  What is
  /// not as in `whole`, or "".
  std::string walk(const Inputs &inputs, const OutputValues &whole, uint64_t seed) const;

private:
  void writeCheckpoint(const AttentionText &text, const std::string &path, uint64_t seed);
  void compile();

  std::unique_ptr<mlir::MLIRContext> context;
  PipelineOptions options;
  Frontend frontend;
  mlir::OwningOpRef<mlir::ModuleOp> imported;
  std::map<std::string, std::vector<float>> tensors; // as decoded
  Manifest described;
  std::unique_ptr<char, decltype(&std::free)> weights{nullptr, &std::free};
  std::unique_ptr<llvm::orc::LLJIT> jit;
  StepFunction step = nullptr;
  unsigned attentions = 0;
};

} // namespace tril::test
