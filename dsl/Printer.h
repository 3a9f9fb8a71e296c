//===- Printer.h - syntax trees as a person reads them --------------------------------------===//
#pragma once
#include "dsl/Ast.h"

namespace tril::dsl {

/// The tree as indented lists in parentheses, one statement after the other: what `--emit=ast`
/// shows.  Two texts with the same print mean the same.
std::string print(const ast::Program &program);
std::string print(const ast::Expr &expr);

} // namespace tril::dsl
