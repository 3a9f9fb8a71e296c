//===- Pipeline.h - all passes, in order
//---------------------------------------------------------------------------===//
#pragma once
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace tril {

/// The boundaries at which the IR can be looked at, in order.  A dump of one can be given to
/// tril-opt, which goes on from there.
enum class Phase {
  tril,    ///< as imported: a literal picture of the text
  step,    ///< contractions recognised, the step form derived
  fused,   ///< attention is one operation
  planned, ///< everything stored has its place
  loops,   ///< scf, vector, arith over raw memory
  lowered, ///< the llvm dialect
};
std::optional<Phase> parsePhase(llvm::StringRef name);
llvm::StringRef phaseName(Phase phase);

struct PipelineOptions {
  std::string cpu = "native";
  bool blas = false;             // contract f32 weights with BLAS
  std::string keep = "auto";     // what is kept between steps: auto, latent or direct
  std::string cache = "f32";     // how states that contractions read are stored: f32, f16 or bf16
  std::string attention = "f32"; // what attention multiplies: f32, or rounded to bf16
  bool remarks = false;          // tell what was not fused, and why
};

/// Adds the passes that lead from `from` to `to`.
void addPasses(mlir::OpPassManager &passes, Phase from, Phase to, const PipelineOptions &options);

/// Registers `to-step`, `to-fused`, ... as pass pipelines: from the phase before to the one named.
void registerPipelines();

} // namespace tril
