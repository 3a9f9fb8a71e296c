//===- FormatExpr.h - expressions in their canonical form (for Format.cpp) ------------------===//
#pragma once
#include "dsl/Infix.h"

namespace tril::dsl {

constexpr size_t formatWidth = 120; // columns of a line that is not broken

/// On one line, with parentheses around it where it binds less tightly than `least`.
std::string formatFlat(const ast::Expr &expr, Binding least = Binding::coalesce);

/// From column `column` on; where that does not fit, broken before operators, arguments and `else`,
/// with what follows indented by `indent`.
std::string formatBroken(const ast::Expr &expr, size_t column, size_t indent,
                         Binding least = Binding::coalesce);

std::string formatName(const ast::Name &name);
/// `[a, b...]`
std::string formatAxes(const ast::Axes &axes);
std::string formatList(const std::vector<ast::ExprPtr> &list);

} // namespace tril::dsl
