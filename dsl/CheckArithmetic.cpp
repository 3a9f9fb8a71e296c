//===- CheckArithmetic.cpp - elementwise operators
//------------------------------------------------===//
// Between compile-time numbers the result is a compile-time number; else a node, aligned by the
// names of axes.
#include "dsl/CheckContext.h"
#include <cmath>

using namespace tril::dsl;
using namespace tril::dsl::checker;
using Sort = Value::Sort;

static bool isWhole(double number) {
  return number == std::floor(number) && std::fabs(number) < 2147483648.0;
}

/// Tells where `value` is not a number; true where it is one (or unknown).
bool Checker::needNumber(const Value &value, const Span &span, const std::string &what) {
  switch (value.sort) {
  case Sort::number:
  case Sort::unknown:
    return true;
  case Sort::poison:
    return false;
  case Sort::none:
    errorNone(value, span, "`" + textOf(span) + "` in " + what);
    return false;
  case Sort::node:
    if (graph.type(value.node).element != Element::truth)
      return true;
    [[fallthrough]];
  case Sort::truth:
    error(Diag::truth_in_arithmetic, span,
          "`" + textOf(span) + "` is true or false, and " + what + " needs a number",
          "`1 where " + textOf(span) + " else 0` makes a number of it");
    return false;
  default:
    error(Diag::not_a_number, span,
          "`" + textOf(span) + "` is " + describeValue(value) + ", and " + what +
              " needs a number");
    return false;
  }
}

NodeId Checker::nodeOf(const Value &value, const Span &span, std::optional<Element> like) {
  switch (value.sort) {
  case Sort::node:
    return value.node;
  case Sort::number:
    return graph.constant(value.number, isWhole(value.number) && like != Element::number
                                            ? Element::integer
                                            : Element::number);
  case Sort::truth:
    return graph.constant(value.truth, Element::truth);
  case Sort::unknown: // no configuration: only axes matter
    return graph.constant(1, like.value_or(Element::integer));
  case Sort::poison:
    return -1;
  case Sort::none:
    errorNone(value, span, "`" + textOf(span) + "`");
    return -1;
  default:
    error(Diag::not_a_number, span,
          "`" + textOf(span) + "` is " + describeValue(value) + ", and a number is needed here");
    return -1;
  }
}

NodeId Checker::predicateOf(const Value &value, const Span &span, const std::string &what) {
  if (value.isPoison())
    return -1;
  if (value.isUnknown())
    return graph.constant(1, Element::truth);
  if (value.is(Sort::truth))
    return graph.constant(value.truth, Element::truth);
  if (value.isNode() && graph.type(value.node).element == Element::truth)
    return value.node;
  if (value.isNone())
    errorNone(value, span, "`" + textOf(span) + "` in " + what);
  else
    error(Diag::not_a_truth, span,
          what + " needs true or false, and `" + textOf(span) + "` is " +
              (value.isNode() ? "numbers over " + axesText(graph.type(value.node).axes)
                              : describeValue(value)));
  return -1;
}

static double foldNumbers(const std::string &function, double a, double b) {
  if (function == "add")
    return a + b;
  if (function == "sub")
    return a - b;
  if (function == "mul")
    return a * b;
  if (function == "div")
    return a / b;
  if (function == "mod")
    return a - b * std::floor(a / b);
  if (function == "pow")
    return std::pow(a, b);
  if (function == "max")
    return std::max(a, b);
  return std::min(a, b);
}

Value Checker::arithmetic(const std::string &function, const Value &a, const Value &b,
                          const Span &span, const Span &left, const Span &right) {
  std::string what = "`" + textOf(span) + "`";
  bool leftFine = needNumber(a, left, what), rightFine = needNumber(b, right, what);
  if (!leftFine || !rightFine)
    return Value::poison();
  if (!a.isNode() && !b.isNode()) {
    if (a.isUnknown() || b.isUnknown())
      return Value::unknown();
    if ((function == "div" || function == "mod") && b.number == 0) {
      error(Diag::division_by_zero, span, "`" + textOf(right) + "` is 0 in " + what);
      return Value::poison();
    }
    double result = foldNumbers(function, a.number, b.number);
    if (std::isnan(result)) {
      error(Diag::not_a_real, span,
            what + " is no real number: " + formatNumber(a.number) + " and " +
                formatNumber(b.number) + " are its operands");
      return Value::poison();
    }
    return Value::ofNumber(result);
  }
  at(span);
  // What changes nothing is left out.
  auto isConstant = [](const Value &value, double number) {
    return value.isNumber() && value.number == number;
  };
  auto isNumberNode = [&](const Value &value) {
    return graph.type(value.node).element == Element::number;
  };
  if (a.isNode() &&
      ((isConstant(b, 0) && (function == "add" || function == "sub")) ||
       (isConstant(b, 1) && function == "mul") ||
       (isConstant(b, 1) && (function == "div" || function == "pow") && isNumberNode(a))))
    return a;
  if (b.isNode() &&
      ((isConstant(a, 0) && function == "add") || (isConstant(a, 1) && function == "mul")))
    return b;
  auto likeOf = [&](const Value &other) {
    return other.isNode() ? std::optional(graph.type(other.node).element) : std::nullopt;
  };
  NodeId x = nodeOf(a, left, likeOf(b)), y = nodeOf(b, right, likeOf(a));
  return Value::ofNode(graph.binary(function, x, y));
}

Value Checker::compare(const std::string &function, const Value &a, const Value &b,
                       const Span &span, const Span &left, const Span &right) {
  if (a.isPoison() || b.isPoison())
    return Value::poison();
  bool equality = function == "eq" || function == "ne";
  if (!a.isNode() && !b.isNode()) {
    if (a.isUnknown() || b.isUnknown())
      return Value::unknown();
    if (equality)
      return Value::ofTruth(sameValue(a, b) == (function == "eq"));
  }
  std::string what = "`" + textOf(span) + "`";
  bool leftFine = needNumber(a, left, what), rightFine = needNumber(b, right, what);
  if (!leftFine || !rightFine)
    return Value::poison();
  if (!a.isNode() && !b.isNode()) {
    double x = a.number, y = b.number;
    return Value::ofTruth(function == "lt"   ? x < y
                          : function == "le" ? x <= y
                          : function == "gt" ? x > y
                                             : x >= y);
  }
  // Everything is below infinity: a window that is not there.
  auto isInfinite = [](const Value &value) { return value.isNumber() && std::isinf(value.number); };
  if (isInfinite(a) || isInfinite(b)) {
    double sign = isInfinite(b) ? b.number : -a.number;
    if (equality)
      return Value::ofTruth(function == "ne");
    return Value::ofTruth((function == "lt" || function == "le") == (sign > 0));
  }
  at(span);
  auto likeOf = [&](const Value &other) {
    return other.isNode() ? std::optional(graph.type(other.node).element) : std::nullopt;
  };
  NodeId x = nodeOf(a, left, likeOf(b)), y = nodeOf(b, right, likeOf(a));
  return Value::ofNode(graph.binary(function, x, y));
}

Value Checker::logic(const std::string &function, const Value &a, const Value &b, const Span &span,
                     const Span &left, const Span &right) {
  if (a.isPoison() || b.isPoison())
    return Value::poison();
  bool neutral = function == "and"; // true and p = p; false or p = p
  auto decide = [&](const Value &known, const Value &other) {
    return known.truth == neutral ? other : Value::ofTruth(known.truth);
  };
  std::string what = "`" + function + "`";
  bool wrong = false;
  for (auto [value, where] : {std::pair(&a, &left), std::pair(&b, &right)})
    if (!value->isUnknown() && predicateOf(*value, *where, what) < 0)
      wrong = true;
  if (wrong)
    return Value::poison();
  if (a.is(Sort::truth))
    return decide(a, b);
  if (b.is(Sort::truth) && !a.isUnknown())
    return decide(b, a);
  if (!a.isNode() && !b.isNode())
    return Value::unknown();
  at(span);
  return Value::ofNode(
      graph.binary(function, predicateOf(a, left, what), predicateOf(b, right, what)));
}

static double foldUnary(const std::string &function, double x) {
  if (function == "neg")
    return -x;
  if (function == "exp")
    return std::exp(x);
  if (function == "log")
    return std::log(x);
  if (function == "sqrt")
    return std::sqrt(x);
  if (function == "sin")
    return std::sin(x);
  if (function == "cos")
    return std::cos(x);
  if (function == "tanh")
    return std::tanh(x);
  if (function == "erf")
    return std::erf(x);
  if (function == "abs")
    return std::fabs(x);
  if (function == "floor")
    return std::floor(x);
  if (function == "ceil")
    return std::ceil(x);
  return std::nearbyint(x); // to even, as the run does
}

Value Checker::applyUnary(const std::string &function, const Value &x, const Span &span,
                          const Span &of) {
  if (!needNumber(x, of, function == "neg" ? "`-`" : "`" + function + "`"))
    return Value::poison();
  if (x.isUnknown())
    return x;
  if (x.isNode()) {
    at(span);
    return Value::ofNode(graph.unary(function, x.node));
  }
  double result = foldUnary(function, x.number);
  if (std::isnan(result)) {
    error(Diag::not_a_real, span,
          "`" + textOf(span) + "` is no real number: `" + textOf(of) + "` is " +
              formatNumber(x.number));
    return Value::poison();
  }
  return Value::ofNumber(result);
}

//===--- Holes --------------------------------------------------------------------------------===//

Value Checker::applyWhere(const Value &x, const Value &predicate, const Span &span,
                          const Span &left, const Span &right) {
  if (x.isPoison() || predicate.isPoison())
    return Value::poison();
  if (predicate.is(Sort::truth) && predicate.truth)
    return x;
  NodeId p = predicateOf(predicate, right, "`where`");
  at(span);
  NodeId node = nodeOf(x, left);
  if (p < 0 || node < 0)
    return Value::poison();
  return Value::ofNode(graph.where(node, p));
}

Value Checker::applyElse(const Value &x, const Value &y, const Span &span, const Span &left,
                         const Span &right) {
  if (x.isPoison() || y.isPoison())
    return Value::poison();
  if (x.isNone()) {
    errorNone(x, left, "`" + textOf(left) + "` before `else`");
    return Value::poison();
  }
  if (!x.isNode()) // a compile-time value has no holes
    return x;
  at(span);
  NodeId other = nodeOf(y, right, graph.type(x.node).element);
  if (other < 0)
    return Value::poison();
  bool truth = graph.type(x.node).element == Element::truth;
  if (truth != (graph.type(other).element == Element::truth)) {
    error(Diag::mixed_kinds, span,
          "`else` joins numbers with truth values: `" + textOf(left) + "` and `" + textOf(right) +
              "`");
    return Value::poison();
  }
  bool brings = false;
  for (AxisId axis : graph.type(other).axes)
    brings |= !graph.has(x.node, axis);
  if (!graph.type(x.node).holes && !brings)
    return x;
  return Value::ofNode(graph.otherwise(x.node, other));
}

Value Checker::applySelect(const Value &x, const Value &predicate, const Value &y, const Span &span,
                           const Span &left, const Span &middle, const Span &right) {
  if (x.isPoison() || predicate.isPoison() || y.isPoison())
    return Value::poison();
  if (predicate.is(Sort::truth))
    return predicate.truth ? applyElse(x, y, span, left, right) : y;
  NodeId p = predicateOf(predicate, middle, "`where`");
  at(span);
  auto likeOf = [&](const Value &other) {
    return other.isNode() ? std::optional(graph.type(other.node).element) : std::nullopt;
  };
  NodeId then = nodeOf(x, left, likeOf(y)), otherwise = nodeOf(y, right, likeOf(x));
  if (p < 0 || then < 0 || otherwise < 0)
    return Value::poison();
  bool truth = graph.type(then).element == Element::truth;
  if (truth != (graph.type(otherwise).element == Element::truth)) {
    error(Diag::mixed_kinds, span,
          "the two sides of a choice are numbers and truth values: `" + textOf(left) + "` and `" +
              textOf(right) + "`");
    return Value::poison();
  }
  // y also fills the holes that x has of its own, as `(x where p) else y` says.
  if (graph.type(then).holes)
    return Value::ofNode(graph.otherwise(graph.where(then, p), otherwise));
  return Value::ofNode(graph.select(p, then, otherwise));
}
