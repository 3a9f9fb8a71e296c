//===- CheckNames.h - `names DIALECT { }`: other names for the same checkpoint
//--------------------===//
#pragma once
#include "dsl/Ast.h"
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace tril::dsl::checker {

/// The translation from the names of a text to those of one dialect of files.
class Names {
public:
  Names() = default;
  Names(const ast::Names &block) : block_(&block) {}

  /// The configuration that a text sees, from the flat metadata of a file: for each `config.a.b =
  /// "key"` whose key is there, a.b has its value.  `{key}` in a key stands for the text that the
  /// metadata has under it.
  nlohmann::json config(const nlohmann::json &metadata) const;

  struct Tensor {
    std::string name;
    const std::vector<ast::ExprPtr> *layout =
        nullptr; // how its dimensions are stored, if it says so
  };
  /// The stored name of what a text calls `name` (prefix and all); itself where nothing is said.
  Tensor tensor(const std::string &name) const;

private:
  const ast::Names *block_ = nullptr;
};

} // namespace tril::dsl::checker
