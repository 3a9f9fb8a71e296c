//===- Plan.h - what a product will keep in memory, before it is built
//-----------------------------===//
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tril {

struct PlanRequest {
  std::string text, weights;
  int64_t context = 0;           // positions; 0: the product's default
  int64_t step = 0;              // positions of the largest step; 0: the product's default
  int64_t batch = 1;             // sequences, each with its own states
  std::string fit;               // a size such as 8GiB: find the largest context
  std::string keep = "auto";     // of earlier positions: auto, latent or direct
  std::string cache = "f32";     // how states that contractions read are stored: f32, f16 or bf16
  std::string attention = "f32"; // what attention multiplies: f32 or bf16
  std::vector<std::string> renames; // TEXT=CHECKPOINT: prefixes of names of tensors
  std::string quantize;             // what weights are rounded to: see BuildRequest
  bool json = false;
};

/// Prints each state with its kind, place, formula and bytes, the scratch memory, the weights and
/// the total.  Nothing of the weights is read.  Returns an exit status: 1 after an error, and where
/// `fit` is too small for any context.
int printPlan(const PlanRequest &request);

/// A size with a unit (KB, KiB, MB, MiB, GB, GiB, TiB; none: bytes).  Throws Error for another
/// text.
int64_t parseSize(const std::string &text);

} // namespace tril
