//===- CheckMain.h - `tril check` and `tril std`, without what reads checkpoints
//--------------------===//
#pragma once
#include "dsl/Check.h"
#include <iosfwd>

namespace tril::dsl {

struct CheckRequest {
  std::string path; // of the text
  std::string stdDirectory;
  /// As in CheckOptions.
  const nlohmann::json *config = nullptr;
  std::string dialect;
  const std::map<std::string, std::vector<int64_t>> *tensors = nullptr;
  bool json = false;  // messages as a JSON array
  bool color = false; //
};

/// Reads, parses and checks a text.  Messages go to `messages`.  Null after an error.
std::optional<Model> checkFile(const CheckRequest &request, std::ostream &messages);

/// Prints a definition of std, or the names of all without a name.  False, with a message, if there
/// is none so called.
bool printStd(const std::string &name, const std::string &stdDirectory, std::ostream &out,
              std::ostream &messages);

/// The whole text of a file; absent if it cannot be read.
std::optional<std::string> readTextFile(const std::string &path);

/// A model as text, one line a node: for tests and for people who look for a fault of the checker.
void dump(const Model &model, std::ostream &out);

} // namespace tril::dsl
