//===- Infix.h - operators and operands, as written, to a tree ------------------------------===//
#pragma once
#include "dsl/Ast.h"
#include "dsl/Diagnostic.h"

namespace tril::dsl {

/// How tall the tree of one expression may be: what walks trees may recurse.
constexpr unsigned tallest = 400;

/// Thrown where a text goes beyond a limit, or breaks a rule that the grammar alone does not say.
struct Refusal {
  Kind kind;
  Span span;
  std::string message;
  std::string help = {};
};

/// An expression with its height; throws a Refusal at `where` if that is more than `tallest`.
ast::ExprPtr makeExpr(Span span, decltype(ast::Expr::node) node, Span where);
inline ast::ExprPtr makeExpr(Span span, decltype(ast::Expr::node) node) {
  return makeExpr(span, std::move(node), span);
}

/// How tightly an operator binds; the numbers of the grammar's levels, `??` is the loosest.
enum class Binding {
  coalesce,
  hole,
  disjunction,
  conjunction,
  negation,
  comparison,
  sum,
  product,
  sign,
  power,
  postfix
};
Binding bindingOf(ast::BinaryOp op);
Binding bindingOf(ast::UnaryOp op);
/// As it is written in a text.
const char *spelling(ast::BinaryOp op);

/// Takes the operators and operands of one expression in the order in which they are written, and
/// makes its tree (Dijkstra's two stacks, so that a chain of any length needs no recursion).
class Infix {
public:
  /// Whether `not` may stand here: where the grammar has `not`, not inside arithmetic.
  bool allowsNot() const;
  void prefix(ast::UnaryOp op, Span span);
  void infix(ast::BinaryOp op, Span span);
  void operand(ast::ExprPtr value) { operands.push_back(std::move(value)); }
  ast::ExprPtr finish();

private:
  struct Operator {
    bool unary;
    ast::UnaryOp unaryOp;
    ast::BinaryOp binaryOp;
    Binding binding;
    Span span;
  };
  void reduce();

  std::vector<Operator> operators;
  std::vector<ast::ExprPtr> operands;
};

} // namespace tril::dsl
