//===- FormatExpr.cpp - expressions in their canonical form ---------------------------------===//
#include "dsl/FormatExpr.h"
#include "dsl/Format.h"
#include "dsl/Printer.h"
#include <algorithm>

using namespace tril::dsl;
using namespace tril::dsl::ast;

static Binding tightness(const Expr &expr) {
  if (auto *unary = std::get_if<Unary>(&expr.node))
    return bindingOf(unary->op);
  if (auto *binary = std::get_if<Binary>(&expr.node))
    return bindingOf(binary->op);
  // The grammar does not need parentheses around a choice, but a reader does.
  return std::holds_alternative<If>(expr.node) ? Binding::coalesce : Binding::postfix;
}

/// How tightly the operands of an operator must bind.
static Binding leftOf(Binding binding) {
  if (binding == Binding::comparison)
    return Binding::sum;
  return binding == Binding::power ? Binding::postfix : binding;
}
static Binding rightOf(Binding binding) {
  if (binding == Binding::power)
    return Binding::sign;
  return static_cast<Binding>(static_cast<int>(binding) + 1);
}

std::string tril::dsl::formatName(const Name &name) { return name.text + (name.rest ? "..." : ""); }

template <typename List, typename Format>
static std::string joined(const List &list, Format format) {
  std::string out;
  for (const auto &each : list)
    out += (out.empty() ? "" : ", ") + format(each);
  return out;
}

std::string tril::dsl::formatAxes(const Axes &axes) { return "[" + joined(axes, formatName) + "]"; }

std::string tril::dsl::formatList(const std::vector<ExprPtr> &list) {
  return joined(list, [](const ExprPtr &e) { return formatFlat(*e); });
}

static std::string formatItems(const std::vector<Item> &items) {
  return "[" +
         joined(items,
                [](const Item &item) {
                  std::string key = formatFlat(*item.key);
                  if (item.kind == Item::plain)
                    return key;
                  return key + (item.kind == Item::equal ? " = " : " -> ") +
                         formatFlat(*item.value);
                }) +
         "]";
}

/// An object before `.key` or `[items]`.
static std::string formatObject(const Expr &object) {
  // The point of `3.key` would belong to the number.
  if (std::holds_alternative<Number>(object.node))
    return "(" + formatFlat(object) + ")";
  return formatFlat(object, Binding::postfix);
}

static std::string calleeOf(const Call &call) {
  return call.callee.text + (call.bracketed ? formatItems(call.items) : "") +
         (call.prefix ? "@\"" + call.prefix->text + "\"" : "");
}

namespace {

struct Flat {
  const Expr &expr;

  std::string operator()(const Number &) const {
    const Span &span = expr.span; // as it was written: 1e-6 stays so
    if (span.source && span.end > span.begin && span.end <= span.source->text.size()) {
      std::string text = span.source->text.substr(span.begin, span.end - span.begin);
      size_t digits = text.find_first_not_of("( \t\r\n");
      size_t end = text.find_first_not_of("0123456789.eE+-", digits);
      if (digits != std::string::npos && text.find('#') == std::string::npos)
        return text.substr(digits, end == std::string::npos ? end : end - digits);
    }
    return print(expr);
  }
  std::string operator()(const String &e) const { return "\"" + e.text + "\""; }
  std::string operator()(const Bool &e) const { return e.value ? "true" : "false"; }
  std::string operator()(const None &) const { return "none"; }
  std::string operator()(const Ref &e) const { return e.name; }
  std::string operator()(const Size &e) const { return "|" + e.axis.text + "|"; }
  std::string operator()(const List &e) const { return "[" + formatList(e.items) + "]"; }
  std::string operator()(const Unary &e) const {
    return (e.op == UnaryOp::neg ? "-" : "not ") + formatFlat(*e.operand, bindingOf(e.op));
  }
  std::string operator()(const Binary &e) const {
    Binding binding = bindingOf(e.op);
    return formatFlat(*e.lhs, leftOf(binding)) + " " + spelling(e.op) + " " +
           formatFlat(*e.rhs, rightOf(binding));
  }
  std::string operator()(const If &e) const {
    std::string out = "if " + formatFlat(*e.condition) + " { " + formatFlat(*e.then) + " } else ";
    return std::holds_alternative<If>(e.otherwise->node)
               ? out + formatFlat(*e.otherwise)
               : out + "{ " + formatFlat(*e.otherwise) + " }";
  }
  std::string operator()(const Fail &e) const { return "fail \"" + e.message + "\""; }
  std::string operator()(const Dot &e) const { return formatObject(*e.object) + "." + e.key.text; }
  std::string operator()(const Index &e) const {
    return formatObject(*e.object) + formatItems(e.items);
  }
  std::string operator()(const Call &e) const {
    return calleeOf(e) + "(" + formatList(e.arguments) + ")";
  }
};

} // namespace

std::string tril::dsl::formatFlat(const Expr &expr, Binding least) {
  std::string text = std::visit(Flat{expr}, expr.node);
  return tightness(expr) < least ? "(" + text + ")" : text;
}

static std::string newLine(size_t indent) { return "\n" + std::string(indent, ' '); }

/// `a + b - c`: a line for each operand of the chain.
static std::string brokenChain(const Expr &expr, size_t column, size_t indent) {
  Binding binding = bindingOf(std::get<Binary>(expr.node).op);
  std::vector<const Binary *> chain; // the last operator first
  const Expr *left = &expr;
  while (auto *binary = std::get_if<Binary>(&left->node)) {
    if (bindingOf(binary->op) != binding || (!chain.empty() && binding == Binding::power))
      break;
    chain.push_back(binary);
    left = binary->lhs.get();
  }
  std::string out = formatBroken(*left, column, indent, leftOf(binding));
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
    std::string op = std::string(spelling((*it)->op)) + " ";
    out += newLine(indent) + op;
    out += formatBroken(*(*it)->rhs, indent + op.size(), indent + 2, rightOf(binding));
  }
  return out;
}

std::string tril::dsl::formatBroken(const Expr &expr, size_t column, size_t indent, Binding least) {
  std::string flat = formatFlat(expr, least);
  if (column + flat.size() <= formatWidth)
    return flat;
  if (tightness(expr) < least)
    return "(" + formatBroken(expr, column + 1, indent) + ")";
  if (std::holds_alternative<Binary>(expr.node))
    return brokenChain(expr, column, indent);
  if (auto *choice = std::get_if<If>(&expr.node)) {
    std::string out = "if " + formatFlat(*choice->condition) + " { ";
    out += formatBroken(*choice->then, column + out.size(), indent + 2) + " }";
    out += newLine(indent) + "else ";
    if (std::holds_alternative<If>(choice->otherwise->node))
      return out + formatBroken(*choice->otherwise, indent + 5, indent);
    return out + "{ " + formatBroken(*choice->otherwise, indent + 7, indent + 2) + " }";
  }
  if (auto *call = std::get_if<Call>(&expr.node); call && !call->arguments.empty()) {
    std::string out = calleeOf(*call) + "(";
    std::string arguments = formatList(call->arguments);
    if (indent + arguments.size() + 1 <= formatWidth)
      return out + newLine(indent) + arguments + ")";
    for (const ExprPtr &argument : call->arguments)
      out += newLine(indent) + formatBroken(*argument, indent, indent + 2) +
             (argument == call->arguments.back() ? ")" : ",");
    return out;
  }
  return flat;
}

std::string tril::dsl::format(const Expr &expr) { return formatFlat(expr); }
