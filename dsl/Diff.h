//===- Diff.h - how two texts differ
//--------------------------------------------------------------===//
// In terms of the language: axes, params, blocks, masks.  What local values, axes and blocks are
// called, and in which order independent statements stand, is no difference.
#pragma once
#include "dsl/Check.h"

namespace tril::dsl {

/// A statement, an argument or an axis of one of the texts.
struct DiffSide {
  std::string text; ///< as it is written, on one line
  Span span;
};

struct Difference {
  enum Kind { added, removed, changed } kind;
  std::string what;  ///< "axis", "let", "param", "value", "argument", ...
  std::string name;  ///< of the one in the first text where there are two
  std::string place; ///< "block `attention`", "layers `model.layers.{layer}`"; empty: the top level
  std::optional<DiffSide> before, after; ///< what is there of them by `kind`
  /// What changed within it: "mask `where past <= time` became `where past < time`".
  std::vector<std::string> details;
};

/// How many of a kind are the same, of all that either text has.
struct DiffCount {
  std::string one, many; ///< "axis", "axes"
  int same = 0, all = 0;
};

struct Diff {
  std::vector<Difference> differences;
  std::vector<DiffCount> counts;
};

/// Compares two texts that parsed without errors.  `library`: the files of its definitions name the
/// kind of what is called: a norm, an activation.
/// Takes time quadratic in the number of statements that differ.
Diff diff(const ast::Program &a, const ast::Program &b, const Library &library);

/// As a person reads it.  What is the same is one line.
std::string render(const Diff &diff, const ast::Program &a, const ast::Program &b);
nlohmann::json toJson(const Diff &diff);

} // namespace tril::dsl
