//===- TokensFile.h - lists of token ids from JSON
//----------------------------------------------===//
// {"tokens": [[1, 2, 3], [4, 5]], "other_input": [[..], [..]]}: for each input of the model a list
// for each sequence. `tokens` is the input that text would be tokenised into, the first over time;
// every other input has its own name.
#pragma once
#include "runtime/Manifest.h"

namespace tril {

struct TokensFile {
  /// lists[s][i]: what input i of the manifest is in sequence s.
  std::vector<std::vector<std::vector<int32_t>>> lists;
};

/// Throws Error (file, key, list and place) for anything but equally many non-empty lists of values
/// within the limits.
TokensFile readTokensFile(const std::string &path, const Manifest &manifest);

} // namespace tril
