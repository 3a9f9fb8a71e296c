//===- CheckIndex.cpp - x[...]: elements of lists, reads of values, reads of a recurrence
//----------===//
#include "dsl/CheckContext.h"
#include <cmath>
#include <utility>

using namespace tril::dsl;
using namespace tril::dsl::checker;
using Sort = Value::Sort;

Value Checker::evaluateIndex(const ast::Index &index, const Span &span) {
  bool filled = std::exchange(graph.filled, false); // means this read, not those within
  if (auto *ref = std::get_if<ast::Ref>(&index.object->node))
    if (Binding *binding = find(ref->name); binding && binding->value.is(Sort::equation))
      return readEquation(Value(binding->value), index, span);
  Value object = evaluate(*index.object);
  switch (object.sort) {
  case Sort::poison:
    return object;
  case Sort::node:
    return indexNode(object.node, index, span, 0, filled);
  case Sort::none:
  case Sort::unknown:
  case Sort::list:
  case Sort::object:
    return indexList(object, index, span);
  case Sort::string:
    return indexList(characters(std::move(object)), index, span);
  case Sort::number: // one for all, where a configuration may also have a list
    if (!object.text.empty())
      return indexList(Value::none(object.text), index, span);
    [[fallthrough]];
  default:
    error(Diag::not_indexable, index.object->span,
          "`" + textOf(index.object->span) + "` is " + describeValue(object) +
              ", which has no positions to read at");
    return Value::poison();
  }
}

// list[i], object[key]
Value Checker::indexList(const Value &object, const ast::Index &index, const Span &span) {
  if (index.items.size() != 1 || index.items[0].kind != ast::Item::plain) {
    error(Diag::not_indexable, span,
          "`" + textOf(index.object->span) + "` is " + describeValue(object) +
              ", read by one position or key");
    return Value::poison();
  }
  const ast::Expr &at = *index.items[0].key;
  Value i = evaluate(at);
  if (i.isPoison())
    return i;
  std::string origin =
      object.text.empty() ? std::string() : object.text + "[" + textOf(at.span) + "]";
  if (object.isNone())
    return Value::none(origin);
  if (object.isUnknown() || i.isUnknown())
    return Value::unknown(origin);
  if (object.is(Sort::object)) {
    if (i.isNone())
      return i;
    if (!i.is(Sort::string)) {
      error(Diag::not_indexable, at.span,
            "`" + textOf(index.object->span) + "` is read by a key, a text, not by " +
                describeValue(i));
      return Value::poison();
    }
    origin = object.text + "." + i.text;
    auto found = object.object->find(i.text);
    return found == object.object->end() ? Value::none(origin) : Value::ofJson(*found, origin);
  }
  const std::vector<Value> &items = *object.items;
  if (i.isNone()) {
    errorNone(i, at.span, "the position `" + textOf(at.span) + "`");
    return Value::poison();
  }
  if (i.isNumber()) {
    if (i.number != std::floor(i.number) || i.number < 0 || i.number >= items.size())
      return Value::none(origin);
    return items[static_cast<size_t>(i.number)];
  }
  if (!i.isNode()) {
    error(Diag::not_indexable, at.span, "a list is read by a position, not by " + describeValue(i));
    return Value::poison();
  }
  // Along an axis, or at positions that the run computes: a table.
  std::vector<double> values;
  for (const Value &item : items) {
    if (!item.isNumber()) {
      error(Diag::not_a_number, index.object->span,
            "a list that is read along an axis is made of numbers, and this one has " +
                describeValue(item));
      return Value::poison();
    }
    values.push_back(item.number);
  }
  this->at(span);
  const Node &node = graph.model.nodes[i.node];
  if (node.op == Op::position) {
    AxisId axis = node.axes.front();
    auto size = graph.size(axis);
    if (size && *size != static_cast<int64_t>(values.size())) {
      error(Diag::size_differs, span,
            "`" + textOf(index.object->span) + "` has " + std::to_string(values.size()) +
                " elements, and the axis `" + graph.axis(axis).name + "` has " +
                std::to_string(*size) + " positions");
      return Value::poison();
    }
    if (size)
      return Value::ofNode(graph.table(std::move(values), axis));
  }
  if (graph.type(i.node).element != Element::integer) {
    error(Diag::index_not_whole, at.span, "`" + textOf(at.span) + "` is not a whole number",
          "`floor(...)` makes it one");
    return Value::poison();
  }
  AxisId list = graph.addAxis("element", static_cast<int64_t>(values.size()));
  NodeId table = graph.table(std::move(values), list);
  return Value::ofNode(graph.index(table, {list}, {i.node}));
}

// The first axis that an expression names: where `x[time - 1]` reads along.
const ast::Name *Checker::firstAxis(const ast::Expr &expr) {
  static thread_local std::vector<std::unique_ptr<ast::Name>> names; // keeps what is returned
  if (auto *ref = std::get_if<ast::Ref>(&expr.node)) {
    Binding *binding = find(ref->name);
    if (!binding || !binding->value.is(Sort::axes))
      return nullptr;
    names.push_back(std::make_unique<ast::Name>(ast::Name{ref->name, expr.span, false}));
    return names.back().get();
  }
  if (auto *unary = std::get_if<ast::Unary>(&expr.node))
    return firstAxis(*unary->operand);
  if (auto *binary = std::get_if<ast::Binary>(&expr.node)) {
    if (const ast::Name *found = firstAxis(*binary->lhs))
      return found;
    return firstAxis(*binary->rhs);
  }
  if (auto *call = std::get_if<ast::Call>(&expr.node))
    for (const ast::ExprPtr &argument : call->arguments)
      if (const ast::Name *found = firstAxis(*argument))
        return found;
  return nullptr;
}

Value Checker::indexNode(NodeId x, const ast::Index &index, const Span &span, size_t from,
                         bool filled) {
  struct Read {
    AxisId axis;
    AxisId bare = -1; // the index is the bare position of that axis
    NodeId at = -1;
    Span span;
  };
  std::vector<Read> reads;
  std::string object = textOf(index.object->span);
  for (size_t k = from; k < index.items.size(); ++k) {
    const ast::Item &item = index.items[k];
    if (item.kind == ast::Item::arrow) {
      error(Diag::bad_index, span,
            "`->` stands in `split`, `merge`, `top` and calls; a value is read by `x[axis = i]`");
      return Value::poison();
    }
    const ast::Expr &at = item.kind == ast::Item::equal ? *item.value : *item.key;
    std::vector<AxisId> along;
    if (item.kind == ast::Item::equal) {
      along = axesOf(*item.key, "what stands before `=`");
    } else {
      const ast::Name *first = firstAxis(at);
      if (!first) {
        Value value = evaluate(at); // what is wrong in it comes first
        if (value.isPoison())
          return value;
        error(Diag::bad_index, at.span,
              "`" + textOf(at.span) + "` names no axis to read `" + object + "` along",
              "`" + object + "[AXIS = " + textOf(at.span) + "]` says which");
        return Value::poison();
      }
      for (AxisId axis : axesOf(*first, "an index"))
        along.push_back(graph.root(axis));
    }
    if (along.empty())
      return Value::poison();

    std::vector<AxisId> bare;
    if (auto *ref = std::get_if<ast::Ref>(&at.node))
      if (Binding *binding = find(ref->name); binding && binding->value.is(Sort::axes))
        bare = binding->value.axes;
    if (!bare.empty()) {
      if (bare.size() != along.size()) {
        error(Diag::bad_index, span,
              std::to_string(along.size()) + " axes " + axesText(along) + " cannot be called " +
                  axesText(bare));
        return Value::poison();
      }
      for (size_t j = 0; j < bare.size(); ++j)
        reads.push_back({along[j], bare[j], -1, at.span});
      continue;
    }
    Value i = evaluate(at);
    if (i.isPoison())
      return i;
    this->at(span);
    NodeId node = nodeOf(i, at.span, Element::integer);
    if (node < 0)
      return Value::poison();
    if (graph.type(node).element != Element::integer && !i.isUnknown()) {
      error(Diag::index_not_whole, at.span,
            "`" + textOf(at.span) + "` is not a whole number, so it is no position of `" +
                graph.axis(along.front()).name + "`",
            "`floor(...)` makes it one");
      return Value::poison();
    }
    if (along.size() != 1) {
      error(Diag::bad_index, span, "one index cannot read along " + axesText(along));
      return Value::poison();
    }
    reads.push_back({along.front(), -1, node, at.span});
  }

  const std::vector<AxisId> axes = graph.type(x).axes;
  std::vector<AxisId> along;
  for (const Read &read : reads) {
    if (!contains(axes, read.axis)) {
      std::string help;
      for (AxisId axis : axes)
        if (graph.root(axis) == graph.root(read.axis))
          help = "`" + object + "` has `" + graph.axis(axis).name + "`, the same positions: `" +
                 object + "[" + graph.axis(axis).name + " = " + textOf(read.span) + "]`";
      error(Diag::missing_axis, span,
            "`" + object + "` is over " + axesText(axes) + ", so it cannot be read along `" +
                graph.axis(read.axis).name + "`",
            help);
      return Value::poison();
    }
    if (contains(along, read.axis)) {
      error(Diag::bad_index, span, "`" + graph.axis(read.axis).name + "` is given twice");
      return Value::poison();
    }
    along.push_back(read.axis);
  }

  // Only other names for the same positions?
  bool rename = true;
  std::vector<AxisId> to;
  for (const Read &read : reads) {
    bool known = graph.size(read.axis) || graph.axis(read.axis).sequence;
    bool knownTo = read.bare >= 0 && (graph.size(read.bare) || graph.axis(read.bare).sequence);
    rename &= read.bare >= 0 && (graph.sameSize(read.axis, read.bare) || !known || !knownTo) &&
              (read.bare == read.axis || !contains(axes, read.bare)) && !contains(to, read.bare);
    to.push_back(read.bare);
  }
  at(span);
  if (rename) {
    for (const Read &read : reads)
      x = graph.rename(x, read.axis, read.bare);
    return Value::ofNode(x);
  }
  std::vector<NodeId> nodes;
  nodes.reserve(reads.size());
  for (const Read &read : reads)
    nodes.push_back(read.bare >= 0 ? graph.position(read.bare) : read.at);
  graph.filled = filled;
  NodeId read = graph.index(x, along, nodes);
  graph.filled = false;
  return Value::ofNode(read);
}

//===--- rec ----------------------------------------------------------------------------------===//

/// `time - k` is k; absent after a message.
std::optional<int64_t> Checker::lagOf(const ast::Expr &expr, AxisId axis) {
  auto isTime = [&](const ast::Expr &part) {
    auto *ref = std::get_if<ast::Ref>(&part.node);
    Binding *binding = ref ? find(ref->name) : nullptr;
    return binding && binding->value.is(Sort::axes) && binding->value.axes.size() == 1 &&
           binding->value.axes.front() == axis;
  };
  if (isTime(expr))
    return 0;
  if (auto *binary = std::get_if<ast::Binary>(&expr.node);
      binary && isTime(*binary->lhs) &&
      (binary->op == ast::BinaryOp::sub || binary->op == ast::BinaryOp::add)) {
    Value k = evaluate(*binary->rhs);
    if (k.isPoison())
      return std::nullopt;
    if (k.isUnknown())
      return 1;
    if (k.isNumber() && k.number == std::floor(k.number) && std::fabs(k.number) < 1e9)
      return static_cast<int64_t>(binary->op == ast::BinaryOp::sub ? k.number : -k.number);
  }
  error(Diag::rec_index, expr.span,
        "inside its `rec` a value is read at `" + graph.axis(axis).name +
            " - k`, k a whole number known at compile time, not at `" + textOf(expr.span) + "`");
  return std::nullopt;
}

Value Checker::readEquation(const Value &of, const ast::Index &index, const Span &span) {
  Recursion &recursion = *of.recursion;
  Recursion::Equation &equation = recursion.equations[of.equation];
  const std::string &name = equation.name;
  // The item that says when; the others read along axes as of any value.
  const ast::Item &when = index.items.front();
  bool plain = when.kind == ast::Item::plain;
  if (when.kind == ast::Item::equal) {
    auto *ref = std::get_if<ast::Ref>(&when.key->node);
    Binding *binding = ref ? find(ref->name) : nullptr;
    plain = binding && binding->value.is(Sort::axes) &&
            binding->value.axes == std::vector<AxisId>{recursion.axis};
  }
  if (!plain && equation.value >= 0) // of the same time, along other axes
    return indexNode(equation.value, index, span, 0);
  if (!plain) {
    error(Diag::rec_index, span,
          "inside its `rec`, `" + name + "` is read at an earlier time first: `" + name +
              "[time - 1, ...]`");
    return Value::poison();
  }
  auto lag = lagOf(when.kind == ast::Item::plain ? *when.key : *when.value, recursion.axis);
  if (!lag)
    return Value::poison();
  if (*lag < 0) {
    error(Diag::rec_future, span,
          "`" + name + "` is defined by its own later value `" + textOf(span) + "`",
          "a recurrence reads earlier times: `" + name + "[time - 1]`",
          {{equation.span, "`" + name + "` is defined here"}});
    return Value::poison();
  }
  at(span);
  NodeId node;
  if (*lag == 0) {
    if (equation.value < 0) {
      error(Diag::rec_same_time, span,
            "`" + name + "` is read at the time at which it is being defined",
            "`" + name + "[time - 1]` is its value one position earlier",
            {{equation.span, "`" + name + "` is defined here"}});
      return Value::poison();
    }
    node = equation.value;
  } else {
    Type type;
    type.element = equation.element;
    type.holes = true;
    type.axes = {recursion.axis};
    type.axes.insert(type.axes.end(), equation.axes.begin(), equation.axes.end());
    node = graph.recRead(recursion.index, of.equation, *lag, type);
  }
  return index.items.size() == 1 ? Value::ofNode(node) : indexNode(node, index, span, 1);
}
