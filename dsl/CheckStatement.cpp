//===- CheckStatement.cpp - statements run in order
//-----------------------------------------------===//
#include "dsl/CheckContext.h"
#include <algorithm>
#include <cmath>

using namespace tril::dsl;
using namespace tril::dsl::checker;
using Sort = Value::Sort;

Scope &Checker::home() {
  return scope_ == &main_ && loops_ == 0 && prefix_.empty() ? top_ : *scope_;
}

void Checker::bind(Scope &scope, const ast::Name &name, Value value, Declared declared) {
  if (name.text == "_")
    return;
  // At the top level, values must not hide what was declared for all.
  const Binding *known = nullptr;
  for (const Scope *at : {&scope, &scope == &main_ ? &top_ : nullptr})
    if (at)
      if (auto found = at->names.find(name.text); found != at->names.end())
        known = &found->second;
  auto isValue = [](Declared d) { return d == Declared::value || d == Declared::argument; };
  bool same = known && known->span.source == name.span.source &&
              known->span.begin == name.span.begin && known->span.end == name.span.end;
  if (known && !same && !(isValue(known->declared) && isValue(declared))) {
    bool builtin = known->declared == Declared::builtin;
    error(Diag::redefinition, name.span,
          "`" + name.text + "` is " + describe(known->declared) + " already",
          isValue(declared) ? "a value needs another name" : "",
          builtin ? std::vector<Note>{}
                  : std::vector<Note>{{known->span, "`" + name.text + "` is declared here"}});
    return;
  }
  if (value.isNode() && declared != Declared::argument)
    if (!name.span.source || !name.span.source->path.starts_with("std/"))
      graph.setName(value.node,
                    name.text); // the library's names mean nothing to a reader of the text
  scope.names[name.text] = {std::move(value), name.span, declared};
}

Checker::Flow Checker::execute(const ast::Body &body, Returned &out) {
  for (const ast::StatementPtr &statement : body)
    if (execute(*statement, out) == Flow::returned)
      return Flow::returned;
  return Flow::next;
}

Checker::Flow Checker::execute(const ast::Statement &statement, Returned &out) {
  const Span &span = statement.span;
  if (!step(span))
    return Flow::next;
  if (auto *assign = std::get_if<ast::Assign>(&statement.node)) {
    executeAssign(*assign, span);
  } else if (auto *let = std::get_if<ast::Let>(&statement.node)) {
    bind(home(), let->name, evaluate(*let->expr), Declared::let);
  } else if (auto *axis = std::get_if<ast::AxisDecl>(&statement.node)) {
    executeAxis(*axis);
  } else if (auto *layout = std::get_if<ast::Layout>(&statement.node)) {
    Value value = Value::of(Sort::layout);
    value.layout = algebraOf(*layout->expr);
    bind(home(), layout->name, value.layout ? value : Value::poison(), Declared::layout);
  } else if (auto *param = std::get_if<ast::Param>(&statement.node)) {
    executeParam(*param, span);
  } else if (auto *ignore = std::get_if<ast::Ignore>(&statement.node)) {
    executeIgnore(*ignore, span);
  } else if (auto *input = std::get_if<ast::Input>(&statement.node)) {
    executeInput(*input, span);
  } else if (auto *output = std::get_if<ast::Output>(&statement.node)) {
    executeOutput(*output, span);
  } else if (auto *loop = std::get_if<ast::For>(&statement.node)) {
    return executeFor(*loop, span, out);
  } else if (auto *choice = std::get_if<ast::IfStatement>(&statement.node)) {
    return executeIf(*choice, span, out);
  } else if (auto *rec = std::get_if<ast::Rec>(&statement.node)) {
    executeRec(*rec, span);
  } else if (auto *result = std::get_if<ast::Return>(&statement.node)) {
    if (frames_.empty()) {
      error(Diag::misplaced, span, "`return` stands in a block or def");
      return Flow::next;
    }
    std::vector<Value> values;
    for (const ast::ExprPtr &expr : result->values) {
      // Where nobody could tell which choice before was taken, what is left for none of them is no
      // error.
      bool fails = !out.values.empty() && std::holds_alternative<ast::Fail>(expr->node);
      Value value = fails ? Value::poison() : evaluate(*expr);
      if (value.is(Sort::tuple) && result->values.size() == 1)
        values = *value.items;
      else
        values.push_back(std::move(value));
    }
    out.values.push_back(std::move(values));
    return Flow::returned;
  } else { // the top level does not come here for these
    const char *what = std::holds_alternative<ast::Model>(statement.node)   ? "`model`"
                       : std::holds_alternative<ast::Names>(statement.node) ? "`names`"
                                                                            : "a block or def";
    error(Diag::misplaced, span, std::string(what) + " stands at the top level of a text");
  }
  return Flow::next;
}

void Checker::executeAxis(const ast::AxisDecl &axis) {
  const std::string &name = axis.name.text;
  at(axis.name.span);
  AxisId id = -1;
  if (!axis.size) {
    id = graph.addAxis(name, std::nullopt, true);
  } else {
    if (auto *ref = std::get_if<ast::Ref>(&axis.size->node))
      if (Binding *binding = find(ref->name); binding && binding->value.is(Sort::axes)) {
        if (binding->value.axes.size() == 1)
          id = graph.addAlias(name, binding->value.axes.front());
        else
          error(Diag::not_an_axis, axis.size->span,
                "`" + ref->name + "` stands for the axes " + axesText(binding->value.axes) +
                    ", and another name can be given to one axis only");
      }
    if (id < 0) {
      Value size = evaluate(*axis.size);
      std::optional<int64_t> known;
      std::string text = textOf(axis.size->span);
      if (size.isNumber() && size.number == std::floor(size.number) && size.number >= 0 &&
          size.number < 1e15)
        known = static_cast<int64_t>(size.number);
      else if (size.isNumber())
        error(Diag::bad_size, axis.size->span,
              "the size of the axis `" + name + "` is " + formatNumber(size.number) +
                  ", not a whole number of positions");
      else if (size.isNone())
        errorNone(size, axis.size->span, "the size of the axis `" + name + "`");
      else if (size.isNode())
        error(Diag::not_compile_time, axis.size->span,
              "the size of an axis is known at compile time, and `" + text + "` is " +
                  describeValue(size),
              "`axis " + name + " = OTHER` gives another name to the positions of an axis");
      else if (!size.isPoison() && !size.isUnknown())
        error(Diag::bad_size, axis.size->span,
              "the size of the axis `" + name + "` is " + describeValue(size) + ", not a number");
      at(axis.name.span);
      id = graph.addAxis(name, known);
    }
  }
  bind(home(), axis.name, Value::ofAxes({id}), Declared::axis);
}

void Checker::executeInput(const ast::Input &input, const Span &span) {
  std::vector<AxisId> axes = axesOf(input.axes, "an input");
  std::vector<AxisId> in = axesOf(input.in, "`in`");
  Value value = Value::poison();
  if (!frames_.empty()) {
    error(Diag::misplaced, span, "`input` stands at the top level of a text");
  } else if (axes.size() == input.axes.size() && in.size() == 1) {
    bool sequence = std::any_of(axes.begin(), axes.end(),
                                [&](AxisId axis) { return graph.axis(axis).sequence; });
    if (!sequence)
      error(Diag::input_axes, input.name.span,
            "the input `" + input.name.text + "` is over " + axesText(axes) +
                ", and none of these is a sequence",
            "`time` is the sequence of positions; `axis source = input` declares another");
    else if (graph.axis(in.front()).sequence)
      error(Diag::input_axes, input.in.span,
            "the numbers of an input are positions of an axis of known size, and `" +
                input.in.text + "` is a sequence");
    at(input.name.span);
    for (const Input &other : graph.model.inputs)
      if (other.name == input.name.text)
        return error(Diag::redefinition, input.name.span,
                     "there is an input `" + input.name.text + "` already");
    value = Value::ofNode(graph.input({input.name.text, axes, in.front(), graph.here}));
  }
  bind(top_, input.name, value, Declared::input);
}

void Checker::executeOutput(const ast::Output &output, const Span &span) {
  outputs_ = true;
  if (!frames_.empty() || loops_ > 0)
    return error(Diag::misplaced, span,
                 "`output` stands at the top level of a text, outside of `for`");
  std::vector<AxisId> axes = axesOf(output.axes, "an output");
  Value value = evaluate(*output.expr);
  if (value.isPoison() || value.isUnknown() || axes.size() != output.axes.size())
    return;
  at(output.expr->span);
  NodeId x = nodeOf(value, output.expr->span);
  if (x < 0)
    return;
  std::vector<AxisId> missing, extra;
  for (AxisId axis : axes)
    if (!graph.has(x, axis))
      missing.push_back(axis);
  for (AxisId axis : graph.type(x).axes)
    if (!contains(axes, axis))
      extra.push_back(axis);
  if (!missing.empty() || !extra.empty())
    return error(Diag::output_axes, output.name.span,
                 "the output `" + output.name.text + "` is declared over " + axesText(axes) +
                     ", and its value is over " + axesText(graph.type(x).axes),
                 extra.empty() ? "" : "is a sum over " + axesText(extra) + " forgotten?");
  for (const Output &other : graph.model.outputs)
    if (other.name == output.name.text)
      return error(Diag::redefinition, output.name.span,
                   "there is an output `" + output.name.text + "` already", {},
                   {{graph.model.places[other.place].span, "it is here"}});
  graph.setName(x, output.name.text);
  at(output.name.span);
  graph.model.outputs.push_back({output.name.text, axes, x, graph.here});
}

void Checker::executeAssign(const ast::Assign &assign, const Span &span) {
  Value value = evaluate(*assign.expr);
  std::vector<Value> values = {value};
  if (value.is(Sort::tuple)) {
    values = *value.items;
  } else if (value.isPoison() || value.isUnknown()) {
    values.resize(assign.names.size(), value);
  }
  if (values.size() != assign.names.size()) {
    error(Diag::result_count, assign.expr->span,
          "`" + textOf(assign.expr->span) + "` gives " +
              (values.size() == 1 ? "one value" : std::to_string(values.size()) + " values") +
              ", and there " +
              (assign.names.size() == 1 ? "is one name"
                                        : "are " + std::to_string(assign.names.size()) + " names"),
          values.size() > assign.names.size() ? "`_` discards a value" : "");
    values.assign(assign.names.size(), Value::poison());
  }
  if (assign.axes) {
    std::vector<AxisId> axes = axesOf(*assign.axes, "a value");
    for (Value &one : values) {
      if (one.isPoison() || one.isUnknown())
        continue;
      std::vector<AxisId> found = one.isNode() ? graph.type(one.node).axes : std::vector<AxisId>();
      bool same =
          found.size() == axes.size() &&
          std::all_of(axes.begin(), axes.end(), [&](AxisId axis) { return contains(found, axis); });
      if (!same && !axes.empty()) {
        error(Diag::value_axes, assign.names.front().span,
              "`" + assign.names.front().text + "` is declared over " + axesText(axes) +
                  ", and its value is over " + axesText(found));
        one = Value::poison();
      }
    }
  }
  for (size_t k = 0; k < values.size(); ++k)
    bind(*scope_, assign.names[k], std::move(values[k]), Declared::value);
}

Checker::Flow Checker::executeIf(const ast::IfStatement &statement, const Span &span,
                                 Returned &out) {
  std::optional<bool> chosen = condition(*statement.condition);
  if (chosen)
    return execute(*chosen ? statement.then : statement.otherwise, out);
  // Both sides are checked; a name means what both of them make it.
  Scope before = *scope_, topBefore = top_;
  Flow then = execute(statement.then, out);
  Scope after = *scope_, topAfter = top_;
  if (scope_ != &top_)
    *scope_ = before;
  top_ = topBefore;
  Flow otherwise = execute(statement.otherwise, out);
  auto merge = [&](Scope &now, const Scope &other) {
    for (auto &[name, binding] : other.names) {
      auto [known, isNew] = now.names.try_emplace(name, binding);
      if (!isNew && then != Flow::returned && otherwise != Flow::returned)
        known->second.value = joinValues(known->second.value, binding.value);
      else if (!isNew && otherwise == Flow::returned)
        known->second = binding;
    }
  };
  if (scope_ != &top_)
    merge(*scope_, after);
  merge(top_, topAfter);
  return then == Flow::returned && otherwise == Flow::returned ? Flow::returned : Flow::next;
}

Checker::Flow Checker::executeFor(const ast::For &loop, const Span &span, Returned &out) {
  std::vector<AxisId> axes = axesOf(loop.axis, "`for`");
  if (axes.empty())
    return Flow::next;
  AxisId axis = axes.front();
  if (axes.size() > 1 || graph.axis(axis).sequence) {
    error(Diag::bad_loop, loop.axis.span,
          axes.size() > 1 ? "`for` goes along one axis, not along " + axesText(axes)
                          : "`for` goes along an axis of known size, and `" + loop.axis.text +
                                "` is a sequence",
          axes.size() > 1 ? "" : "a value defined by its earlier positions is a `rec`");
    return Flow::next;
  }
  constexpr int64_t most = 10000;
  auto size = graph.size(axis);
  if (size && *size > most) {
    error(Diag::bad_loop, loop.axis.span,
          "`for` repeats its body for each of " + std::to_string(*size) + " positions of `" +
              loop.axis.text + "`, and " + std::to_string(most) + " is the most");
    return Flow::next;
  }
  bool outermost = frames_.empty() && loops_ == 0;
  Scope &scope = *scope_;
  std::optional<Binding> hidden;
  if (auto found = scope.names.find(loop.axis.text); found != scope.names.end())
    hidden = found->second;
  Loop record{graph.axis(axis).name, {}};
  ++loops_;
  Flow flow = Flow::next;
  if (!size) {
    // How often is not known.  One round in silence, so that the round that is told finds what an
    // earlier one named.
    scope.names[loop.axis.text] = {Value::unknown(loop.axis.text), loop.axis.span, Declared::value};
    ++quiet_;
    Returned apart;
    execute(loop.body, apart);
    --quiet_;
  }
  for (int64_t i = 0; i < size.value_or(1) && flow == Flow::next && !stopped_; ++i) {
    Value position =
        size ? Value::ofNumber(static_cast<double>(i)) : Value::unknown(loop.axis.text);
    scope.names[loop.axis.text] = {position, loop.axis.span, Declared::value};
    NodeId begin = static_cast<NodeId>(graph.model.nodes.size());
    if (outermost)
      graph.pushShared();
    if (loop.prefix)
      prefix_.push_back({interpolate(loop.prefix->text, loop.prefixSpan), loop.prefix->text});
    flow = execute(loop.body, out);
    if (loop.prefix)
      prefix_.pop_back();
    if (outermost) {
      graph.popShared();
      record.iterations.push_back({begin, static_cast<NodeId>(graph.model.nodes.size())});
    }
  }
  --loops_;
  scope.names.erase(loop.axis.text);
  if (hidden)
    scope.names[loop.axis.text] = *hidden;
  if (outermost)
    graph.model.loops.push_back(std::move(record));
  return flow;
}

//===--- rec ----------------------------------------------------------------------------------===//

/// One evaluation of all equations with what is known of their axes; false after an error.
bool Checker::evaluateRec(const ast::Rec &rec, Recursion &recursion) {
  recursion.index = static_cast<int>(graph.model.recurrences.size());
  graph.model.recurrences.emplace_back();
  Recurrence record;
  record.axis = recursion.axis;
  record.begin = static_cast<NodeId>(graph.model.nodes.size());
  Scope scope;
  scope.parent = scope_;
  for (size_t k = 0; k < rec.equations.size(); ++k) {
    Value value = Value::of(Sort::equation);
    value.recursion = &recursion;
    value.equation = static_cast<int>(k);
    scope.names[rec.equations[k].name.text] = {value, rec.equations[k].name.span,
                                               Declared::equation};
    recursion.equations[k].value = -1;
  }
  Scope *outer = scope_;
  scope_ = &scope;
  graph.pushShared();
  bool fine = true;
  for (size_t k = 0; k < rec.equations.size(); ++k) {
    const ast::Equation &equation = rec.equations[k];
    Value value = evaluate(*equation.expr);
    at(equation.expr->span);
    NodeId x = value.isPoison() ? -1 : nodeOf(value, equation.expr->span, Element::number);
    if (x < 0) {
      fine = false;
      // The others are still looked at; what they read of this one is silent.
      scope.names[equation.name.text].value = Value::poison();
      continue;
    }
    recursion.equations[k].value = x;
  }
  graph.popShared();
  scope_ = outer;
  record.end = static_cast<NodeId>(graph.model.nodes.size());
  if (fine)
    for (size_t k = 0; k < rec.equations.size(); ++k) {
      const Recursion::Equation &equation = recursion.equations[k];
      Type type = graph.type(equation.value);
      record.equations.push_back(
          {equation.name, type, equation.value, graph.place(equation.span, caller_)});
    }
  graph.model.recurrences[recursion.index] = std::move(record);
  return fine;
}

void Checker::executeRec(const ast::Rec &rec, const Span &span) {
  auto giveUp = [&] {
    for (const ast::Equation &equation : rec.equations)
      bind(*scope_, equation.name, Value::poison(), Declared::value);
  };
  if (recursion_) {
    error(Diag::misplaced, span, "a `rec` cannot stand in another");
    return giveUp();
  }
  Recursion recursion;
  recursion.axis = graph.model.time;
  bool infer = false;
  for (const ast::Equation &equation : rec.equations) {
    Recursion::Equation one;
    one.name = equation.name.text;
    one.span = equation.name.span;
    one.declared = equation.axes.has_value();
    if (equation.axes) {
      one.axes = axesOf(*equation.axes, "a `rec`");
      std::erase(one.axes, recursion.axis); // what is defined is over time anyway
    } else {
      infer = true;
    }
    for (const Recursion::Equation &other : recursion.equations)
      if (other.name == one.name) {
        error(Diag::redefinition, one.span, "this `rec` defines `" + one.name + "` twice", {},
              {{other.span, "the first is here"}});
        return giveUp();
      }
    recursion.equations.push_back(std::move(one));
  }
  recursion_ = &recursion;
  auto axesWithoutTime = [&](NodeId x) {
    std::vector<AxisId> axes = graph.type(x).axes;
    std::erase(axes, recursion.axis);
    return axes;
  };
  // What is not declared grows from nothing until it stays as it is.
  for (int round = 0; infer && round < 8; ++round) {
    auto mark = graph.mark();
    ++quiet_;
    bool fine = evaluateRec(rec, recursion), changed = false;
    --quiet_;
    for (Recursion::Equation &equation : recursion.equations) {
      if (!fine || equation.declared)
        continue;
      std::vector<AxisId> axes = axesWithoutTime(equation.value);
      changed |= axes.size() != equation.axes.size();
      equation.axes = std::move(axes);
    }
    graph.rollback(mark);
    if (!changed)
      break;
  }
  bool fine = evaluateRec(rec, recursion);
  recursion_ = nullptr;
  if (!fine)
    return giveUp();
  for (size_t k = 0; k < recursion.equations.size(); ++k) {
    const Recursion::Equation &equation = recursion.equations[k];
    Type type = graph.type(equation.value);
    std::vector<AxisId> axes = axesWithoutTime(equation.value);
    bool same = axes.size() == equation.axes.size() &&
                std::all_of(axes.begin(), axes.end(),
                            [&](AxisId axis) { return contains(equation.axes, axis); });
    if (!same || !contains(type.axes, recursion.axis)) {
      error(Diag::rec_axes, equation.span,
            same ? "`" + equation.name + "` is the same at every time, so it needs no `rec`"
                 : "`" + equation.name + "` is declared over " + axesText(equation.axes) +
                       " in this `rec`, and its value is over " + axesText(axes));
      return giveUp();
    }
  }
  for (size_t k = 0; k < recursion.equations.size(); ++k) {
    at(recursion.equations[k].span);
    Type type = graph.type(recursion.equations[k].value);
    NodeId node = graph.rec(recursion.index, static_cast<int>(k), type);
    bind(*scope_, rec.equations[k].name, Value::ofNode(node), Declared::value);
  }
}
