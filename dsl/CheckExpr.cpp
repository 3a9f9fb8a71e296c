//===- CheckExpr.cpp - the value of an expression
//-------------------------------------------------===//
#include "dsl/CheckContext.h"

using namespace tril::dsl;
using namespace tril::dsl::checker;
using Sort = Value::Sort;

template <typename... F> struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F> Overloaded(F...) -> Overloaded<F...>;

Value Checker::evaluate(const ast::Expr &expr) {
  constexpr int deepest = 420; // one expression is at most 400 tall (Infix.h)
  if (stopped_)
    return Value::poison();
  if (depth_ >= deepest) {
    error(Diag::too_large, expr.span,
          "calls and declarations need each other more than " + std::to_string(deepest) + " deep");
    stopped_ = true;
    return Value::poison();
  }
  ++depth_;
  Value value = evaluateNode(expr);
  --depth_;
  return value;
}

Value Checker::evaluateNode(const ast::Expr &expr) {
  return std::visit(
      Overloaded{
          [&](const ast::Number &number) { return Value::ofNumber(number.value); },
          [&](const ast::String &string) {
            return Value::ofString(interpolate(string.text, expr.span));
          },
          [&](const ast::Bool &truth) { return Value::ofTruth(truth.value); },
          [&](const ast::None &) { return Value::none(); },
          [&](const ast::Ref &ref) { return evaluateRef(ref.name, expr.span); },
          [&](const ast::Size &size) { return evaluateSize(size.axis); },
          [&](const ast::List &list) {
            std::vector<Value> items;
            for (const ast::ExprPtr &item : list.items) {
              items.push_back(evaluate(*item));
              if (items.back().isPoison())
                return Value::poison();
              if (items.back().isNode()) {
                error(Diag::not_compile_time, item->span,
                      "a list is made of compile-time values, and `" + textOf(item->span) +
                          "` is " + describeValue(items.back()),
                      "`stack[axis](x, y)` lays values along an axis");
                return Value::poison();
              }
            }
            return Value::ofItems(Sort::list, std::move(items));
          },
          [&](const ast::Unary &unary) { return evaluateUnary(unary, expr.span); },
          [&](const ast::Binary &binary) { return evaluateBinary(binary, expr.span); },
          [&](const ast::If &choice) { return evaluateIf(choice, expr.span); },
          [&](const ast::Fail &fail) {
            error(Diag::failed, expr.span, interpolate(fail.message, expr.span, nullptr, true));
            return Value::poison();
          },
          [&](const ast::Dot &dot) { return evaluateDot(dot, expr.span); },
          [&](const ast::Index &index) { return evaluateIndex(index, expr.span); },
          [&](const ast::Call &call) { return evaluateCall(call, expr.span); },
      },
      expr.node);
}

Value Checker::evaluateRef(const std::string &name, const Span &span) {
  Binding *binding = find(name);
  if (!binding) {
    if (auto found = functions_.find(name); found != functions_.end()) {
      Value value = Value::of(Sort::function);
      value.function = &found->second;
      return value;
    }
    unknownName({name, span}, false);
    return Value::poison();
  }
  if (name == "context_length" && binding->declared == Declared::builtin)
    graph.model.readsContext = true;
  const Value &value = binding->value;
  if (value.is(Sort::axes)) { // the position along it
    if (value.axes.size() == 1) {
      at(span);
      return Value::ofNode(graph.position(value.axes.front()));
    }
    error(Diag::not_an_axis, span,
          "`" + name + "` stands for the axes " + axesText(value.axes) +
              " here, and only one axis has a position");
    return Value::poison();
  }
  if (value.is(Sort::equation)) {
    const auto &equation = value.recursion->equations[value.equation];
    if (equation.value >= 0)
      return Value::ofNode(equation.value);
    error(Diag::rec_same_time, span,
          "`" + name + "` is read at the time at which it is being defined",
          "`" + name + "[time - 1]` is its value one position earlier",
          {{equation.span, "`" + name + "` is defined here"}});
    return Value::poison();
  }
  if (value.is(Sort::layout)) {
    error(Diag::not_a_value, span,
          "`" + name + "` is a layout, which only a param, `split` and `merge` use", {},
          {{binding->span, "`" + name + "` is declared here"}});
    return Value::poison();
  }
  return value;
}

Value Checker::evaluateSize(const ast::Name &name) {
  std::vector<AxisId> axes = axesOf(name, "`| |`");
  if (axes.empty()) {
    Binding *binding = findAxis(name.text);
    // An axis parameter may stand for no axes only after an error.
    return binding && !binding->value.isPoison() ? Value::ofNumber(1) : Value::poison();
  }
  double known = 1;
  std::optional<NodeId> run;
  at(name.span);
  for (AxisId axis : axes) {
    if (graph.axis(axis).sequence) {
      NodeId extent = graph.extent(axis);
      run = run ? graph.binary("mul", *run, extent) : extent;
    } else if (auto size = graph.size(axis)) {
      known *= static_cast<double>(*size);
    } else {
      return Value::unknown("|" + name.text + "|");
    }
  }
  if (!run)
    return Value::ofNumber(known);
  return known == 1
             ? Value::ofNode(*run)
             : Value::ofNode(graph.binary("mul", *run, graph.constant(known, Element::integer)));
}

Value Checker::evaluateDot(const ast::Dot &dot, const Span &span) {
  Value object = evaluate(*dot.object);
  std::string origin = object.text + "." + dot.key.text;
  switch (object.sort) {
  case Sort::poison:
    return object;
  case Sort::unknown:
    return Value::unknown(object.text.empty() ? std::string() : origin);
  case Sort::none:
    return Value::none(object.text.empty() ? std::string() : origin);
  case Sort::object: {
    auto found = object.object->find(dot.key.text);
    return found == object.object->end() ? Value::none(origin) : Value::ofJson(*found, origin);
  }
  default:
    error(Diag::not_an_object, dot.object->span,
          "`" + textOf(dot.object->span) + "` is " + describeValue(object) + ", which has no `." +
              dot.key.text + "`");
    return Value::poison();
  }
}

std::optional<bool> Checker::condition(const ast::Expr &expr) {
  Value value = evaluate(expr);
  switch (value.sort) {
  case Sort::truth:
    return value.truth;
  case Sort::poison:
  case Sort::unknown:
    return std::nullopt;
  case Sort::none:
    errorNone(value, expr.span, "the condition `" + textOf(expr.span) + "`");
    return std::nullopt;
  case Sort::node:
    error(Diag::not_compile_time, expr.span,
          "`if` chooses at compile time, and `" + textOf(expr.span) + "` is " +
              describeValue(value),
          "`x where " + textOf(expr.span) + " else y` chooses at each position");
    return std::nullopt;
  default:
    error(Diag::not_a_truth, expr.span,
          "the condition `" + textOf(expr.span) + "` is " + describeValue(value) +
              ", not true or false");
    return std::nullopt;
  }
}

// Of a choice that cannot be made both sides are checked.  What they agree on is known.
Value Checker::joinValues(const Value &a, const Value &b) {
  if (a.isPoison() || b.isPoison())
    return a.isPoison() ? b : a;
  if (sameValue(a, b))
    return a;
  if (a.isNode() && b.isNode()) {
    const Type &left = graph.type(a.node), &right = graph.type(b.node);
    bool same = left.element == right.element && left.axes.size() == right.axes.size();
    for (AxisId axis : left.axes)
      same &= contains(right.axes, axis);
    return same ? a : Value::poison();
  }
  if (a.isNode() || b.isNode() || a.is(Sort::tuple) || b.is(Sort::tuple))
    return Value::poison();
  return Value::unknown();
}

Value Checker::evaluateIf(const ast::If &choice, const Span &span) {
  std::optional<bool> chosen = condition(*choice.condition);
  if (chosen)
    return evaluate(*chosen ? *choice.then : *choice.otherwise);
  // `fail` is meant for what no branch before it caught, which nobody can tell here.
  auto fails = [](const ast::Expr &expr) { return std::holds_alternative<ast::Fail>(expr.node); };
  Value then = fails(*choice.then) ? Value::poison() : evaluate(*choice.then);
  Value otherwise = fails(*choice.otherwise) ? Value::poison() : evaluate(*choice.otherwise);
  return joinValues(then, otherwise);
}

Value Checker::evaluateUnary(const ast::Unary &unary, const Span &span) {
  Value x = evaluate(*unary.operand);
  at(span);
  if (unary.op == ast::UnaryOp::neg)
    return applyUnary("neg", x, span, unary.operand->span);
  if (x.is(Sort::truth))
    return Value::ofTruth(!x.truth);
  if (x.isPoison() || x.isUnknown())
    return x;
  NodeId node = predicateOf(x, unary.operand->span, "`not`");
  return node < 0 ? Value::poison() : Value::ofNode(graph.unary("not", node));
}

static const char *nameOf(ast::BinaryOp op) {
  using enum ast::BinaryOp;
  switch (op) {
  case add:
    return "add";
  case sub:
    return "sub";
  case mul:
    return "mul";
  case div:
    return "div";
  case mod:
    return "mod";
  case ast::BinaryOp::pow:
    return "pow";
  case lt:
    return "lt";
  case le:
    return "le";
  case gt:
    return "gt";
  case ge:
    return "ge";
  case eq:
    return "eq";
  case ne:
    return "ne";
  case and_:
    return "and";
  case or_:
    return "or";
  default:
    return "";
  }
}

Value Checker::evaluateBinary(const ast::Binary &binary, const Span &span) {
  using enum ast::BinaryOp;
  const Span &left = binary.lhs->span, &right = binary.rhs->span;

  // `x where p else y` is one construct, a choice: there p and y may bring axes.
  if (binary.op == else_)
    if (auto *where = std::get_if<ast::Binary>(&binary.lhs->node);
        where && where->op == ast::BinaryOp::where) {
      Value x = evaluate(*where->lhs), p = evaluate(*where->rhs), y = evaluate(*binary.rhs);
      at(span);
      return applySelect(x, p, y, span, where->lhs->span, where->rhs->span, right);
    }

  graph.filled = binary.op == else_ && std::holds_alternative<ast::Index>(binary.lhs->node);
  Value a = evaluate(*binary.lhs);
  graph.filled = false;
  switch (binary.op) {
  case coalesce:
    if (a.isNone())
      return evaluate(*binary.rhs);
    if (!a.isUnknown())
      return a;
    return joinValues(a, evaluate(*binary.rhs));
  case and_:
    if (a.is(Sort::truth) && !a.truth)
      return a;
    break;
  case or_:
    if (a.is(Sort::truth) && a.truth)
      return a;
    break;
  default:
    break;
  }

  Value b = evaluate(*binary.rhs);
  at(span);
  switch (binary.op) {
  case where:
    return applyWhere(a, b, span, left, right);
  case else_:
    return applyElse(a, b, span, left, right);
  case in:
    return evaluateIn(a, characters(b), span);
  case and_:
  case or_:
    return logic(nameOf(binary.op), a, b, span, left, right);
  case lt:
  case le:
  case gt:
  case ge:
  case eq:
  case ne:
    return compare(nameOf(binary.op), a, b, span, left, right);
  default:
    return arithmetic(nameOf(binary.op), a, b, span, left, right);
  }
}

Value Checker::evaluateIn(const Value &item, const Value &list, const Span &span) {
  if (item.isPoison() || list.isPoison())
    return Value::poison();
  if (item.isUnknown() || list.isUnknown())
    return Value::unknown();
  if (list.isNone()) {
    errorNone(list, span, "the list in `" + textOf(span) + "`");
    return Value::poison();
  }
  if (list.is(Sort::object) && item.is(Sort::string))
    return Value::ofTruth(list.object->contains(item.text));
  if (!list.is(Sort::list) || item.isNode()) {
    error(Diag::not_a_list, span,
          "`in` looks a compile-time value up in a list, not " + describeValue(item) + " in " +
              describeValue(list));
    return Value::poison();
  }
  for (const Value &known : *list.items) {
    if (known.isUnknown())
      return Value::unknown();
    if (sameValue(known, item))
      return Value::ofTruth(true);
  }
  return Value::ofTruth(false);
}
