//===- NewText.h - a text to start from
//------------------------------------------------------------===//
#pragma once
#include <string>

namespace tril {

struct NewTextRequest {
  std::string path; ///< where to write; `.tril` is added if it is missing
  std::string from; ///< a text of the examples, which are built in
};

/// Writes the text `from` under the name that `path` gives, with a comment before each of its
/// sections.  Returns the exit status.  Throws Error if the file is there, if its name is no name
/// of the language, or if there is no such text.
int newText(const NewTextRequest &request);

} // namespace tril
