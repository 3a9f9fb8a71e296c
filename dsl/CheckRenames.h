//===- CheckRenames.h - tensors that are there under other names ------------------------------===//
#pragma once
#include <optional>
#include <string>
#include <vector>

namespace tril::dsl {

/// Names of the checkpoint that begin with `from` are those of the text that begin with `to`.
struct Renaming {
  std::string from, to;
  size_t found = 0;          // missing tensors that are then there
  std::string wanted, there; // one of them
};

/// What most of the missing tensors have in common with tensors that nothing reads; nothing where
/// that is less than half of them, or a single one.  `missing`: for each tensor the names that it
/// may have.
std::optional<Renaming> commonRenaming(const std::vector<std::vector<std::string>> &missing,
                                       const std::vector<std::string> &unread);

} // namespace tril::dsl
