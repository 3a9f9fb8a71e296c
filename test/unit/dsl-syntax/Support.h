//===- Support.h - texts and their trees, for the tests of the syntax -----------------------===//
#pragma once
#include "dsl/Parser.h"
#include <filesystem>
#include <functional>

namespace tril::dsl::test {

/// The files of a folder that end in `.tril`, in order.
std::vector<std::filesystem::path> textsIn(const char *folder);
/// The published architectures, the library, the examples, and the text with every production: all
/// are correct.
std::vector<std::filesystem::path> correctTexts();
/// The bytes of a file; "" if there is none.
std::string readFile(const std::filesystem::path &path);

/// A text, what it parses to, and what was told.
struct Parsed {
  explicit Parsed(std::string text, std::string path = "text");

  std::shared_ptr<const Source> source;
  Diagnostics diagnostics;
  ast::Program program;

  std::string messages() const { return render(diagnostics, false); }
};

/// Calls `visit` for every expression of the program.
void walk(const ast::Program &program, const std::function<void(const ast::Expr &)> &visit);
/// Calls `visit` for every statement of the program.
void walkStatements(const ast::Body &body,
                    const std::function<void(const ast::Statement &)> &visit);

} // namespace tril::dsl::test
