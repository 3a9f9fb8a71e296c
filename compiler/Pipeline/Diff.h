//===- Diff.h - how two texts differ, as a command
//------------------------------------------------===//
#pragma once
#include <string>

namespace tril {

struct DiffRequest {
  /// One of the texts; at most one of a checkpoint (of which only names are read) and a config.json
  /// or a folder with one.
  struct Side {
    std::string text, weights, config;
  };
  Side a, b; ///< `b` has the checkpoint or configuration of `a` where it has none of its own
  bool json = false; ///< print JSON, for tools
};

/// Says how two texts differ, and, with configurations, whether they compute the same with them.
/// Returns 0 if the texts do not differ, 1 if they do, and 2 if one cannot be read, which is told
/// on standard error.
int diffTexts(const DiffRequest &request);

} // namespace tril
