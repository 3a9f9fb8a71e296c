//===- Parser.h - from text to syntax tree --------------------------------------------------===//
#pragma once
#include "dsl/Ast.h"
#include "dsl/Diagnostic.h"

namespace tril::dsl {

/// After so many, one run tells no more syntax errors of a text.
constexpr int mostSyntaxErrors = 20;

/// Parses a whole text.  After an error it goes on at the next line that begins like a statement,
/// so that several independent errors are told in one run; the tree then lacks what was wrong and
/// what is around it, so that nothing follows from checking it.
/// Takes time linear in the text.  No expression of the result is taller than `tallest` (Infix.h),
/// and bodies are nested at most 200 deep (Scan.h) in chains of at most `tallest` `else if`: what
/// walks the tree may recurse.
ast::Program parse(const std::shared_ptr<const Source> &source, Diagnostics &diagnostics);

/// Parses one expression: the part between braces of a string such as "layers.{layer + 1}".  Null
/// after an error.
ast::ExprPtr parseExpression(const std::shared_ptr<const Source> &source, Diagnostics &diagnostics);

/// Whether a word is reserved.
bool isKeyword(std::string_view word);

} // namespace tril::dsl
