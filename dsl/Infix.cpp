//===- Infix.cpp - operators and operands, as written, to a tree ----------------------------===//
#include "dsl/Infix.h"
#include <algorithm>

using namespace tril::dsl;
using namespace tril::dsl::ast;

static unsigned heightBelow(const decltype(Expr::node) &node) {
  unsigned height = 0;
  auto see = [&](const ExprPtr &e) { height = std::max(height, e ? e->height : 0); };
  auto seeItems = [&](const std::vector<Item> &items) {
    for (const Item &item : items) {
      see(item.key);
      see(item.value);
    }
  };
  if (auto *list = std::get_if<List>(&node)) {
    for (const ExprPtr &item : list->items)
      see(item);
  } else if (auto *unary = std::get_if<Unary>(&node)) {
    see(unary->operand);
  } else if (auto *binary = std::get_if<Binary>(&node)) {
    see(binary->lhs);
    see(binary->rhs);
  } else if (auto *choice = std::get_if<If>(&node)) {
    see(choice->condition);
    see(choice->then);
    see(choice->otherwise);
  } else if (auto *dot = std::get_if<Dot>(&node)) {
    see(dot->object);
  } else if (auto *index = std::get_if<Index>(&node)) {
    see(index->object);
    seeItems(index->items);
  } else if (auto *call = std::get_if<Call>(&node)) {
    seeItems(call->items);
    for (const ExprPtr &argument : call->arguments)
      see(argument);
  }
  return height;
}

ExprPtr tril::dsl::makeExpr(Span span, decltype(Expr::node) node, Span where) {
  unsigned height = heightBelow(node) + 1;
  if (height > tallest)
    throw Refusal{Kind::too_deep, where,
                  "the expression is more than " + std::to_string(tallest) + " operations deep",
                  "give a part of it a name"};
  return std::make_shared<const Expr>(Expr{span, std::move(node), height});
}

Binding tril::dsl::bindingOf(BinaryOp op) {
  switch (op) {
  case BinaryOp::coalesce:
    return Binding::coalesce;
  case BinaryOp::where:
  case BinaryOp::else_:
    return Binding::hole;
  case BinaryOp::or_:
    return Binding::disjunction;
  case BinaryOp::and_:
    return Binding::conjunction;
  case BinaryOp::lt:
  case BinaryOp::le:
  case BinaryOp::gt:
  case BinaryOp::ge:
  case BinaryOp::eq:
  case BinaryOp::ne:
  case BinaryOp::in:
    return Binding::comparison;
  case BinaryOp::add:
  case BinaryOp::sub:
    return Binding::sum;
  case BinaryOp::mul:
  case BinaryOp::div:
  case BinaryOp::mod:
    return Binding::product;
  case BinaryOp::pow:
    return Binding::power;
  }
  return Binding::postfix;
}

Binding tril::dsl::bindingOf(UnaryOp op) {
  return op == UnaryOp::neg ? Binding::sign : Binding::negation;
}

const char *tril::dsl::spelling(BinaryOp op) {
  switch (op) {
  case BinaryOp::coalesce:
    return "??";
  case BinaryOp::where:
    return "where";
  case BinaryOp::else_:
    return "else";
  case BinaryOp::or_:
    return "or";
  case BinaryOp::and_:
    return "and";
  case BinaryOp::lt:
    return "<";
  case BinaryOp::le:
    return "<=";
  case BinaryOp::gt:
    return ">";
  case BinaryOp::ge:
    return ">=";
  case BinaryOp::eq:
    return "==";
  case BinaryOp::ne:
    return "!=";
  case BinaryOp::in:
    return "in";
  case BinaryOp::add:
    return "+";
  case BinaryOp::sub:
    return "-";
  case BinaryOp::mul:
    return "*";
  case BinaryOp::div:
    return "/";
  case BinaryOp::mod:
    return "%";
  case BinaryOp::pow:
    return "^";
  }
  return "";
}

static Span between(const Span &first, const Span &last) {
  return {first.source, first.begin, last.end};
}

bool Infix::allowsNot() const {
  return operators.empty() || operators.back().binding <= Binding::negation;
}

void Infix::prefix(UnaryOp op, Span span) {
  if (operators.size() >= tallest)
    throw Refusal{Kind::too_deep, span,
                  "more than " + std::to_string(tallest) + " operators wait for their operand"};
  operators.push_back({true, op, {}, bindingOf(op), span});
}

void Infix::infix(BinaryOp op, Span span) {
  Binding binding = bindingOf(op);
  while (!operators.empty()) {
    const Operator &last = operators.back();
    if (binding == Binding::comparison && last.binding == Binding::comparison)
      throw Refusal{Kind::syntax, span, "comparisons do not follow one another",
                    "`a < b < c` is written `a < b and b < c`"};
    // `^` alone groups to the right.
    if (last.binding < binding || (last.binding == binding && binding == Binding::power))
      break;
    reduce();
  }
  if (operators.size() >= tallest)
    throw Refusal{Kind::too_deep, span,
                  "more than " + std::to_string(tallest) + " operators wait for their operand"};
  operators.push_back({false, {}, op, binding, span});
}

void Infix::reduce() {
  Operator op = operators.back();
  operators.pop_back();
  ExprPtr right = std::move(operands.back());
  operands.pop_back();
  if (op.unary) {
    Span span = between(op.span, right->span);
    operands.push_back(makeExpr(span, Unary{op.unaryOp, std::move(right)}, op.span));
    return;
  }
  ExprPtr left = std::move(operands.back());
  operands.pop_back();
  Span span = between(left->span, right->span);
  operands.push_back(
      makeExpr(span, Binary{op.binaryOp, std::move(left), std::move(right), op.span}, op.span));
}

ExprPtr Infix::finish() {
  while (!operators.empty())
    reduce();
  return std::move(operands.back());
}
