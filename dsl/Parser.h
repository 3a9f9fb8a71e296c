//===- Parser.h - from text to syntax tree
//---------------------------------------------------------------===//
#pragma once
#include "dsl/Ast.h"
#include "dsl/Diagnostic.h"

namespace tril::dsl {

/// Parses a whole text.  After an error it goes on at the next line that begins like a statement,
/// so that several independent errors are told in one run; the tree then lacks what was wrong.
/// Takes time linear in the text.
ast::Program parse(std::shared_ptr<const Source> source, Diagnostics &diagnostics);

/// Parses one expression: the part between braces of a string such as "layers.{layer + 1}".  Null
/// after an error.
ast::ExprPtr parseExpression(std::shared_ptr<const Source> source, Diagnostics &diagnostics);

/// Whether a word is reserved.
bool isKeyword(std::string_view word);

} // namespace tril::dsl
