//===- CheckLayout.cpp - how dimensions are laid out
//----------------------------------------------===//
#include "dsl/CheckContext.h"

using namespace tril::dsl;
using namespace tril::dsl::checker;

static AlgebraPtr make(Algebra::Kind kind, AlgebraPtr left, AlgebraPtr right) {
  auto algebra = std::make_shared<Algebra>();
  algebra->kind = kind;
  algebra->leaves = left->leaves + right->leaves;
  algebra->parts = kind == Algebra::sum ? left->parts + right->parts : left->parts * right->parts;
  algebra->left = std::move(left);
  algebra->right = std::move(right);
  return algebra;
}

static AlgebraPtr make(AxisId id) {
  auto algebra = std::make_shared<Algebra>();
  algebra->id = id;
  return algebra;
}

/// Sizes so large that they overflow are known to be wrong elsewhere; here they only must not trap.
static int64_t multiply(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
}
static int64_t add(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

/// Null after a message.
AlgebraPtr Checker::algebraOf(const ast::Expr &expr) {
  if (auto *ref = std::get_if<ast::Ref>(&expr.node)) {
    if (Binding *binding = find(ref->name); binding && binding->value.is(Value::Sort::layout))
      return binding->value.layout;
    AlgebraPtr out;
    for (AxisId axis : axesOf(expr, "a layout"))
      out = out ? make(Algebra::product, out, make(axis)) : make(axis);
    return out;
  }
  if (auto *choice = std::get_if<ast::If>(&expr.node)) {
    std::optional<bool> chosen = condition(*choice->condition);
    return algebraOf(chosen.value_or(true) ? *choice->then : *choice->otherwise);
  }
  if (auto *binary = std::get_if<ast::Binary>(&expr.node);
      binary && (binary->op == ast::BinaryOp::mul || binary->op == ast::BinaryOp::add)) {
    AlgebraPtr left = algebraOf(*binary->lhs), right = algebraOf(*binary->rhs);
    if (!left || !right)
      return nullptr;
    AlgebraPtr whole =
        make(binary->op == ast::BinaryOp::mul ? Algebra::product : Algebra::sum, left, right);
    constexpr double most = 1000;
    if (whole->parts <= most && whole->leaves <= most)
      return whole;
    error(Diag::too_large, expr.span,
          "the layout is made of more than " + formatNumber(most) + " axes or parts");
    return nullptr;
  }
  error(Diag::bad_layout, expr.span,
        "a layout is made of axes and layouts with `*` (row-major) and `+` (one after the other), "
        "not of `" +
            textOf(expr.span) + "`");
  return nullptr;
}

std::optional<int64_t> Checker::sizeOf(const Algebra &algebra) const {
  if (algebra.kind == Algebra::axis)
    return graph.size(algebra.id);
  auto left = sizeOf(*algebra.left), right = sizeOf(*algebra.right);
  if (!left || !right)
    return std::nullopt;
  int64_t result = 0;
  bool over = algebra.kind == Algebra::product ? __builtin_mul_overflow(*left, *right, &result)
                                               : __builtin_add_overflow(*left, *right, &result);
  return over ? std::nullopt : std::optional(result);
}

// A sum distributes over a product: head*(own + value) has the parts (head, own) and (head, value).
std::vector<Term> Checker::termsOf(const Algebra &algebra) const {
  if (algebra.kind == Algebra::axis)
    return {{{algebra.id}, {1}, 0}};
  std::vector<Term> left = termsOf(*algebra.left), right = termsOf(*algebra.right), out;
  if (algebra.kind == Algebra::sum) {
    int64_t offset = sizeOf(*algebra.left).value_or(0);
    for (Term &term : right)
      term.offset = add(term.offset, offset);
    out = std::move(left);
    out.insert(out.end(), right.begin(), right.end());
    return out;
  }
  int64_t size = sizeOf(*algebra.right).value_or(0);
  for (const Term &inner : right)
    for (const Term &outer : left) {
      Term term = outer;
      for (int64_t &stride : term.strides)
        stride = multiply(stride, size);
      term.offset = add(multiply(outer.offset, size), inner.offset);
      term.axes.insert(term.axes.end(), inner.axes.begin(), inner.axes.end());
      term.strides.insert(term.strides.end(), inner.strides.begin(), inner.strides.end());
      out.push_back(std::move(term));
    }
  return out;
}

std::vector<Term> Checker::termsOf(const std::vector<AlgebraPtr> &dims) const {
  std::vector<Term> terms = {Term{}};
  int64_t stride = 1;
  std::vector<int64_t> strides(dims.size());
  for (size_t k = dims.size(); k-- > 0;) {
    strides[k] = stride;
    stride = multiply(stride, sizeOf(*dims[k]).value_or(0));
  }
  for (size_t k = 0; k < dims.size(); ++k) {
    std::vector<Term> out;
    for (const Term &outer : terms)
      for (const Term &inner : termsOf(*dims[k])) {
        Term term = outer;
        term.offset = add(term.offset, multiply(inner.offset, strides[k]));
        for (size_t j = 0; j < inner.axes.size(); ++j) {
          term.axes.push_back(inner.axes[j]);
          term.strides.push_back(multiply(inner.strides[j], strides[k]));
        }
        out.push_back(std::move(term));
      }
    terms = std::move(out);
  }
  return terms;
}
