//===- Driver.h - what the command `tril` does
//---------------------------------------------------------------------===//
// No MLIR in this header: the tool parses its arguments and calls these.  Each returns an exit
// status and has then told on standard error what was wrong; a message about the text has its
// place.
#pragma once
#include <string>
#include <vector>

namespace tril {

struct CheckRequest {
  std::string text;
  std::string weights;              // checkpoint, or
  std::string config;               // config.json alone
  std::vector<std::string> renames; // TEXT=CHECKPOINT: prefixes of names of tensors
  bool json = false;
  bool explain = false; // also say what each named value reads
  bool tensors = false; // also list the tensors that the text reads
};
int checkText(const CheckRequest &request);

struct BuildRequest {
  std::string text, weights, output;
  std::vector<std::string> renames; // TEXT=CHECKPOINT: prefixes of names of tensors
  std::string cpu = "native";
  std::string emit = "exe"; // ast, a phase (Pipeline.h), llvm, asm, obj, exe
  std::string dumpDirectory;
  bool blas = false;
  bool quiet = false;
  std::string keep = "auto";     // of earlier positions: auto, latent or direct
  std::string cache = "f32";     // how states that contractions read are stored: f32, f16 or bf16
  std::string attention = "f32"; // what attention multiplies: f32, or rounded to bf16
  std::string quantize;          // f16, bf16, q8_0, q4_0 or q4_k: what weights are rounded to
  int64_t context = 0;           // positions that it is for, 0: not said
  std::string errors;   // a file for the error of each tensor that is rounded; "-": standard output
  bool remarks = false; // tell what is not fused, and why
  bool unchecked = false; // do not prove what the text claims
  bool inner = false;     // named values are outputs too, for --probe
};
int build(const BuildRequest &request);

/// Builds into the cache, or finds there what was built from the same text, weights and compiler;
/// the product's path, empty after an error.
std::string buildCached(const BuildRequest &request);

struct EvalRequest {
  BuildRequest build;
  std::string tokens, output;
  bool step = false, interpret = false;
  int greedy = 0;
  std::string precision = "f64"; // of the interpreter
  int threads = 0;               // 0: the product's default
  int batch = 0;
};
int evaluateText(const EvalRequest &request);

/// Replaces this process by the product.
int runProduct(const std::string &path, const std::vector<std::string> &arguments);

/// Prints a definition of std, or the names of all; 1 if there is none of that name.
int printStd(const std::string &name);

/// Options of MLIR's pass manager (--mlir-timing, --mlir-print-ir-after-all, ...), given before
/// anything runs.
void parseMlirOptions(const std::vector<std::string> &options);

std::string versionText();

} // namespace tril
