//===- Check.h - checks a text and makes its graph
//----------------------------------------------===//
#pragma once
#include "dsl/Ast.h"
#include "dsl/Diagnostic.h"
#include "dsl/Model.h"
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

namespace tril::dsl {

/// The parsed standard library.  Definitions only; its files are in the order of their names.
struct Library {
  std::vector<ast::Program> programs;
  /// The source lines of one definition and the comment above it, as `tril std NAME` prints them;
  /// null if there is none of that name.
  std::optional<std::string> text(const std::string &name) const;
  std::vector<std::string> names() const;
};

/// Reads DIRECTORY/*.tril; with an empty directory, the copy that was built into this program. What
/// does not parse is told to `diagnostics`.
Library loadStd(const std::string &directory, Diagnostics &diagnostics);

/// Names of tensors that begin with `text` in the text begin with `checkpoint` in the checkpoint.
struct Rename {
  std::string text, checkpoint;
};

struct CheckOptions {
  /// config.json, an object; with a `dialect`, the flat metadata of the file instead
  /// ("general.block_count": 30).  Null: sizes stay unknown, both sides of a choice that depends on
  /// the configuration are checked, nothing is bound.
  const nlohmann::json *config = nullptr;
  /// The `names DIALECT { }` that translates keys and tensor names; empty: none.
  std::string dialect;
  /// Stored name -> shape, row-major, slowest first.  Null: no checkpoint; the first name of each
  /// param is taken.
  const std::map<std::string, std::vector<int64_t>> *tensors = nullptr;
  /// Of those that fit a name, the first counts.
  std::vector<Rename> renames;
  const Library *library = nullptr;
  /// What `context_length` is in the text: for how many positions it is built; 0: not said.
  int64_t context = 0;
};

/// Null if there were errors, which `diagnostics` has.
std::optional<Model> check(const ast::Program &program, const CheckOptions &options,
                           Diagnostics &diagnostics);

} // namespace tril::dsl
