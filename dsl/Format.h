//===- Format.h - a text in its canonical form ----------------------------------------------===//
#pragma once
#include "dsl/Ast.h"

namespace tril::dsl {

/// The text of a program that was parsed without errors, written canonically: one statement a line,
/// two blanks for each body, `=` and comments of neighbouring lines below one another, no needless
/// parentheses, long lines broken before operators.  Comments and single blank lines are kept; a
/// comment inside an expression goes before its statement.  The result parses to the same tree, and
/// formatting it again changes nothing.
std::string format(const ast::Program &program);
/// One expression, on one line.
std::string format(const ast::Expr &expr);

} // namespace tril::dsl
