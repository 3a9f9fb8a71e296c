//===- CheckBuiltin.cpp - what the language itself offers to call
//---------------------------------===//
#include "dsl/CheckContext.h"
#include <algorithm>

using namespace tril::dsl;
using namespace tril::dsl::checker;
using Sort = Value::Sort;

static const std::vector<std::string> elementwise = {"exp", "log", "sqrt",  "sin",  "cos",  "tanh",
                                                     "erf", "abs", "floor", "ceil", "round"};
static const std::vector<std::string> reductions = {"sum", "mean", "max",  "min",
                                                    "any", "all",  "count"};

static bool isOneOf(const std::vector<std::string> &names, const std::string &name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const std::vector<std::string> &checker::builtinFunctions() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = elementwise;
    all.insert(all.end(), reductions.begin(), reductions.end());
    for (const char *name : {"top", "split", "merge", "stack", "join", "length", "find"})
      all.push_back(name);
    return all;
  }();
  return names;
}

bool checker::isBuiltinFunction(const std::string &name) {
  return isOneOf(builtinFunctions(), name);
}

/// Whether the call is of the form that is meant.
bool Checker::arguments(const ast::Call &call, const Span &span, size_t count, const char *form) {
  bool fine =
      (count == 0 ? !call.arguments.empty() : call.arguments.size() == count) && !call.prefix;
  if (!fine)
    error(Diag::bad_call, span, "this is written `" + std::string(form) + "`");
  return fine;
}

std::optional<Value> Checker::evaluateBuiltin(const ast::Call &call, const Span &span) {
  const std::string &name = call.callee.text;
  if (!isBuiltinFunction(name))
    return std::nullopt;
  if (isOneOf(reductions, name)) {
    if (!call.bracketed && (name == "max" || name == "min")) {
      if (!arguments(call, span, 2, (name + "(x, y)` or `" + name + "[axis](x)").c_str()))
        return Value::poison();
      Value a = evaluate(*call.arguments[0]), b = evaluate(*call.arguments[1]);
      return arithmetic(name, a, b, span, call.arguments[0]->span, call.arguments[1]->span);
    }
    return evaluateReduce(call, span);
  }
  if (name == "top")
    return evaluateTop(call, span);
  if (name == "split")
    return evaluateSplit(call, span);
  if (name == "merge")
    return evaluateMerge(call, span);
  if (name == "stack")
    return evaluateStack(call, span);
  if (name == "join")
    return evaluateJoin(call, span);
  if (call.bracketed) {
    error(Diag::bad_call, span, "`" + name + "` takes no axes: it is written `" + name + "(x)`");
    return Value::poison();
  }
  if (isOneOf(elementwise, name)) {
    if (!arguments(call, span, 1, (name + "(x)").c_str()))
      return Value::poison();
    Value x = evaluate(*call.arguments[0]);
    return applyUnary(name, x, span, call.arguments[0]->span);
  }
  // length(list), find(list, x)
  if (!arguments(call, span, name == "length" ? 1 : 2,
                 name == "length" ? "length(list)" : "find(list, x)"))
    return Value::poison();
  Value list = characters(evaluate(*call.arguments[0]));
  Value item = name == "find" ? evaluate(*call.arguments[1]) : Value::none();
  if (list.isPoison() || item.isPoison())
    return Value::poison();
  if (list.isUnknown() || item.isUnknown())
    return Value::unknown();
  if (list.isNone()) {
    errorNone(list, call.arguments[0]->span, "the list `" + textOf(call.arguments[0]->span) + "`");
    return Value::poison();
  }
  if (!list.is(Sort::list)) {
    error(Diag::not_a_list, call.arguments[0]->span,
          "`" + name + "` takes a list, not " + describeValue(list));
    return Value::poison();
  }
  if (name == "length")
    return Value::ofNumber(static_cast<double>(list.items->size()));
  for (size_t i = 0; i < list.items->size(); ++i)
    if (sameValue((*list.items)[i], item))
      return Value::ofNumber(static_cast<double>(i));
  return Value::none();
}

//===--- Reductions ---------------------------------------------------------------------------===//

bool Checker::needAxes(NodeId x, const std::vector<AxisId> &axes, const std::string &what,
                       const Span &span, const Span &of) {
  for (AxisId axis : axes) {
    if (graph.has(x, axis))
      continue;
    std::string help;
    for (AxisId other : graph.type(x).axes)
      if (graph.root(other) == graph.root(axis))
        help = "it has `" + graph.axis(other).name + "`, the same positions by another name";
    error(Diag::missing_axis, span,
          "`" + textOf(of) + "` is over " + axesText(graph.type(x).axes) + ", so `" + what +
              "` finds no `" + graph.axis(axis).name + "`",
          help);
    return false;
  }
  return true;
}

// A mask alone says nothing along an axis: the sum over it would count positions.
bool Checker::needSolid(NodeId x, const std::vector<AxisId> &axes, const std::string &what,
                        const Span &span, const Span &of) {
  for (AxisId axis : axes) {
    if (!contains(graph.facts(x).thin, axis))
      continue;
    // Where the mask came in, the text has a name for what was masked.
    NodeId at = x;
    while (graph.model.nodes[at].op != Op::where ||
           graph.has(graph.model.nodes[at].operands[0], axis)) {
      const Node &node = graph.model.nodes[at];
      auto next = std::find_if(node.operands.begin(), node.operands.end(), [&](NodeId operand) {
        return contains(graph.facts(operand).thin, axis);
      });
      if (next == node.operands.end())
        break;
      at = *next;
    }
    const Node &mask = graph.model.nodes[at];
    std::string name = textOf(of), axisName = graph.axis(axis).name;
    std::vector<Note> notes;
    if (mask.op == Op::where) {
      const Node &masked = graph.model.nodes[mask.operands[0]];
      name = !masked.name.empty() ? masked.name
             : masked.place >= 0  ? textOf(graph.model.places[masked.place].span)
                                  : name;
      if (mask.place >= 0)
        notes.push_back({graph.model.places[mask.place].span, "the mask brings it here"});
    }
    error(Diag::axis_through_mask, span,
          "`" + name + "` has `" + axisName + "` through its mask only, so `" + what +
              "` would count positions",
          "is a `[" + axisName + "]` missing in `" + name + "`?", std::move(notes));
    return false;
  }
  return true;
}

Value Checker::evaluateReduce(const ast::Call &call, const Span &span) {
  const std::string &name = call.callee.text;
  std::string form = name + "[axis](x)";
  if (!call.bracketed || call.items.empty()) {
    error(Diag::bad_call, span, "a reduction names its axes: `" + form + "`");
    return Value::poison();
  }
  if (!arguments(call, span, 1, form.c_str()))
    return Value::poison();
  std::vector<AxisId> axes;
  std::string shown;
  bool fine = true;
  for (const ast::Item &item : call.items) {
    if (item.kind != ast::Item::plain) {
      error(Diag::bad_call, span, "a reduction names its axes: `" + form + "`");
      return Value::poison();
    }
    std::vector<AxisId> found = axesOf(*item.key, "a reduction");
    fine &= !found.empty();
    for (AxisId axis : found)
      if (!contains(axes, axis))
        axes.push_back(axis);
  }
  for (AxisId axis : axes)
    shown += (shown.empty() ? "" : ", ") + graph.axis(axis).name;
  shown = name + "[" + shown + "]";
  const Span &of = call.arguments[0]->span;
  Value value = evaluate(*call.arguments[0]);
  if (!fine || value.isPoison() || value.isUnknown())
    return Value::poison();
  bool truth = name == "any" || name == "all" || name == "count";
  at(span);
  NodeId x = truth                                     ? predicateOf(value, of, "`" + name + "`")
             : needNumber(value, of, "`" + name + "`") ? nodeOf(value, of)
                                                       : -1;
  if (x < 0)
    return Value::poison();
  if (!needAxes(x, axes, shown, span, of) || !needSolid(x, axes, shown, span, of))
    return Value::poison();
  return Value::ofNode(graph.reduce(name, axes, x));
}

Value Checker::evaluateTop(const ast::Call &call, const Span &span) {
  const char *form = "value, index = top[axis -> chosen](x)";
  if (call.items.size() != 1 || call.items[0].kind != ast::Item::arrow) {
    error(Diag::bad_call, span, "this is written `" + std::string(form) + "`");
    return Value::poison();
  }
  if (!arguments(call, span, 1, form))
    return Value::poison();
  std::vector<AxisId> from = axesOf(*call.items[0].key, "`top`");
  std::vector<AxisId> to = axesOf(*call.items[0].value, "`top`");
  Value value = evaluate(*call.arguments[0]);
  const Span &of = call.arguments[0]->span;
  if (from.size() != 1 || to.size() != 1 || value.isPoison() || value.isUnknown() ||
      !needNumber(value, of, "`top`"))
    return Value::poison();
  at(span);
  NodeId x = nodeOf(value, of);
  std::string what = "top[" + graph.axis(from[0]).name + " -> " + graph.axis(to[0]).name + "]";
  if (!needAxes(x, from, what, span, of) || !needSolid(x, from, what, span, of))
    return Value::poison();
  if (from[0] != to[0] && graph.has(x, to[0])) {
    error(Diag::axis_twice, span,
          "`" + textOf(of) + "` has `" + graph.axis(to[0]).name +
              "` already, so what `top` chooses needs another axis");
    return Value::poison();
  }
  if (graph.axis(to[0]).sequence) {
    error(Diag::bad_call, span,
          "`" + graph.axis(to[0]).name +
              "` is a sequence, and `top` chooses a number of positions "
              "that is known at compile time");
    return Value::poison();
  }
  return Value::ofItems(Sort::tuple, {Value::ofNode(graph.top(x, from[0], to[0], false)),
                                      Value::ofNode(graph.top(x, from[0], to[0], true))});
}

//===--- Shapes -------------------------------------------------------------------------------===//

Value Checker::evaluateSplit(const ast::Call &call, const Span &span) {
  const char *form = "split[axis -> a*b + c](x)";
  if (call.items.size() != 1 || call.items[0].kind != ast::Item::arrow) {
    error(Diag::bad_call, span, "this is written `" + std::string(form) + "`");
    return Value::poison();
  }
  if (!arguments(call, span, 1, form))
    return Value::poison();
  std::vector<AxisId> from = axesOf(*call.items[0].key, "`split`");
  AlgebraPtr algebra = algebraOf(*call.items[0].value);
  Value value = evaluate(*call.arguments[0]);
  const Span &of = call.arguments[0]->span;
  if (from.size() != 1 || !algebra || value.isPoison() || value.isUnknown())
    return Value::poison();
  at(span);
  NodeId x = nodeOf(value, of);
  if (x < 0 || !needAxes(x, from, "split[" + graph.axis(from[0]).name + "]", span, of))
    return Value::poison();
  auto size = sizeOf(*algebra);
  auto whole = graph.size(from[0]);
  if (size && whole && *size != *whole) {
    error(Diag::size_differs, span,
          "`" + graph.axis(from[0]).name + "` has " + std::to_string(*whole) +
              " positions, and its parts `" + textOf(call.items[0].value->span) + "` have " +
              std::to_string(*size));
    return Value::poison();
  }
  std::vector<Value> parts;
  for (const Term &term : termsOf(*algebra)) {
    for (AxisId axis : term.axes)
      if (axis != from[0] && graph.has(x, axis)) {
        error(Diag::axis_twice, span,
              "`" + textOf(of) + "` has `" + graph.axis(axis).name + "` already, so no part of `" +
                  graph.axis(from[0]).name + "` can be called so");
        return Value::poison();
      }
    parts.push_back(Value::ofNode(graph.split(x, from[0], term.axes, term.strides, term.offset)));
  }
  return parts.size() == 1 ? parts.front() : Value::ofItems(Sort::tuple, std::move(parts));
}

Value Checker::evaluateMerge(const ast::Call &call, const Span &span) {
  const char *form = "merge[a*b -> axis](x)";
  if (call.items.size() != 1 || call.items[0].kind != ast::Item::arrow) {
    error(Diag::bad_call, span, "this is written `" + std::string(form) + "`");
    return Value::poison();
  }
  if (!arguments(call, span, 1, form))
    return Value::poison();
  AlgebraPtr algebra = algebraOf(*call.items[0].key);
  std::vector<AxisId> to = axesOf(*call.items[0].value, "`merge`");
  Value value = evaluate(*call.arguments[0]);
  const Span &of = call.arguments[0]->span;
  if (!algebra || to.size() != 1 || value.isPoison() || value.isUnknown())
    return Value::poison();
  std::vector<Term> terms = termsOf(*algebra);
  if (terms.size() != 1) {
    error(Diag::bad_layout, call.items[0].key->span,
          "`merge` takes one product of axes; `join` lays values one after the other");
    return Value::poison();
  }
  at(span);
  NodeId x = nodeOf(value, of);
  std::string name = graph.axis(to[0]).name;
  if (x < 0 || !needAxes(x, terms[0].axes, "merge[... -> " + name + "]", span, of))
    return Value::poison();
  auto size = sizeOf(*algebra);
  auto whole = graph.size(to[0]);
  if (size && whole && *size != *whole) {
    error(Diag::size_differs, span,
          "`" + textOf(call.items[0].key->span) + "` has " + std::to_string(*size) +
              " positions, and `" + name + "` has " + std::to_string(*whole));
    return Value::poison();
  }
  if (graph.has(x, to[0])) {
    error(Diag::axis_twice, span, "`" + textOf(of) + "` has `" + name + "` already");
    return Value::poison();
  }
  return Value::ofNode(graph.merge(x, terms[0].axes, to[0]));
}

Value Checker::evaluateStack(const ast::Call &call, const Span &span) {
  const char *form = "stack[axis](x, y)";
  if (call.items.size() != 1 || call.items[0].kind != ast::Item::plain) {
    error(Diag::bad_call, span, "this is written `" + std::string(form) + "`");
    return Value::poison();
  }
  if (!arguments(call, span, 0, form))
    return Value::poison();
  std::vector<AxisId> axis = axesOf(*call.items[0].key, "`stack`");
  std::vector<NodeId> parts;
  bool fine = axis.size() == 1;
  for (const ast::ExprPtr &argument : call.arguments) {
    Value value = evaluate(*argument);
    at(span);
    NodeId x = needNumber(value, argument->span, "`stack`") ? nodeOf(value, argument->span) : -1;
    fine &= x >= 0;
    parts.push_back(x);
  }
  if (!fine)
    return Value::poison();
  auto size = graph.size(axis[0]);
  if (size && *size != static_cast<int64_t>(parts.size())) {
    error(Diag::size_differs, span,
          "`stack` lays " + std::to_string(parts.size()) + " values along `" +
              graph.axis(axis[0]).name + "`, which has " + std::to_string(*size) + " positions");
    return Value::poison();
  }
  for (size_t k = 0; k < parts.size(); ++k)
    if (graph.has(parts[k], axis[0])) {
      error(Diag::axis_twice, call.arguments[k]->span,
            "`" + textOf(call.arguments[k]->span) + "` has `" + graph.axis(axis[0]).name +
                "` already");
      return Value::poison();
    }
  return Value::ofNode(graph.stack(parts, axis[0]));
}

Value Checker::evaluateJoin(const ast::Call &call, const Span &span) {
  const char *form = "join[axis](x, y)";
  if (call.items.size() != 1 || call.items[0].kind != ast::Item::plain) {
    error(Diag::bad_call, span, "this is written `" + std::string(form) + "`");
    return Value::poison();
  }
  if (!arguments(call, span, 0, form))
    return Value::poison();
  std::vector<AxisId> axis = axesOf(*call.items[0].key, "`join`");
  std::vector<NodeId> parts;
  bool fine = axis.size() == 1;
  for (const ast::ExprPtr &argument : call.arguments) {
    Value value = evaluate(*argument);
    at(span);
    NodeId x = needNumber(value, argument->span, "`join`") ? nodeOf(value, argument->span) : -1;
    fine &= x >= 0;
    parts.push_back(x);
  }
  if (!fine)
    return Value::poison();
  const std::string &name = graph.axis(axis[0]).name;
  std::vector<AxisId> along;
  std::optional<int64_t> total = 0;
  for (size_t k = 0; k < parts.size(); ++k) {
    std::vector<AxisId> own;
    for (AxisId a : graph.type(parts[k]).axes) {
      bool shared = false;
      for (size_t j = 0; j < parts.size(); ++j)
        shared |= j != k && graph.has(parts[j], a);
      if (!shared || a == axis[0])
        own.push_back(a);
    }
    if (own.size() != 1) {
      error(Diag::join_axes, call.arguments[k]->span,
            "each part of `join` has one axis that the others lack, which `" + name +
                "` replaces; `" + textOf(call.arguments[k]->span) + "` over " +
                axesText(graph.type(parts[k]).axes) + " has " +
                (own.empty() ? "none" : axesText(own)));
      return Value::poison();
    }
    along.push_back(own[0]);
    auto size = graph.size(own[0]);
    total = total && size ? std::optional(*total + *size) : std::nullopt;
  }
  auto size = graph.size(axis[0]);
  if (size && total && *size != *total) {
    error(Diag::size_differs, span,
          "the parts of `join` have " + std::to_string(*total) + " positions, and `" + name +
              "` has " + std::to_string(*size));
    return Value::poison();
  }
  return Value::ofNode(graph.join(parts, along, axis[0]));
}
