//===- Show.h - pictures of a text's attentions
//-------------------------------------------------------===//
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace tril {

struct ShowRequest {
  std::string text, weights, config; ///< a checkpoint, or a config.json alone, or neither
  std::vector<std::string> renames;  ///< TEXT=CHECKPOINT: prefixes of names of tensors
  std::string output;                ///< an SVG file to write; empty: draw on standard output
  std::string cpu = "native";        ///< whose kernel's tiles are drawn
  std::string attention = "f32";     ///< as what it multiplies: f32 or bf16
  int64_t positions = 256;           ///< of the picture
};

/// Draws the mask of each attention that the text has when it is fused, with the tiles that its
/// kernel visits.  Returns an exit status.
int showAttentions(const ShowRequest &request);

} // namespace tril
