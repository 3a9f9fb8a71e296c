//===- CheckCall.cpp - defs and blocks are inlined where they are called
//--------------------------===//
#include "dsl/CheckContext.h"

using namespace tril::dsl;
using namespace tril::dsl::checker;
using Sort = Value::Sort;

Value Checker::evaluateCall(const ast::Call &call, const Span &span) {
  if (std::optional<Value> value = evaluateBuiltin(call, span))
    return *value;
  // A value that is a function, given as an argument, comes before the function of that name.
  const Function *function = nullptr;
  if (Binding *binding = find(call.callee.text); binding && binding->value.is(Sort::function))
    function = binding->value.function;
  else if (auto found = functions_.find(call.callee.text); found != functions_.end())
    function = &found->second;
  if (function)
    return callFunction(*function, call, span);
  if (Binding *binding = find(call.callee.text)) {
    if (!binding->value.isPoison() && !binding->value.isUnknown())
      error(Diag::not_callable, call.callee.span,
            "`" + call.callee.text + "` is " + describe(binding->declared) +
                ", not a function to be called",
            {}, {{binding->span, "`" + call.callee.text + "` is defined here"}});
    return Value::poison();
  }
  unknownName(call.callee, true);
  return Value::poison();
}

static std::string formalsText(const ast::Function &function) {
  std::string out;
  auto add = [&](const ast::Axes &axes) {
    for (size_t i = 0; i < axes.size(); ++i)
      out += (i ? ", " : "") + axes[i].text + (axes[i].rest ? "..." : "");
  };
  if (function.formals) {
    add(function.formals->left);
    if (function.formals->arrow) {
      out += " -> ";
      add(function.formals->right);
    }
  }
  return "[" + out + "]";
}

// The axes between the brackets, matched with those that the function names.
bool Checker::bindFormals(const Function &function, const ast::Call &call, const Span &span,
                          Scope &scope) {
  const ast::Function &node = *function.node;
  std::vector<std::vector<AxisId>> given(1);
  bool fine = true, arrow = false;
  auto give = [&](const ast::Expr &expr) {
    std::vector<AxisId> axes = axesOf(expr, "a call");
    fine &= !axes.empty();
    given.back().insert(given.back().end(), axes.begin(), axes.end());
  };
  for (const ast::Item &item : call.items) {
    if (item.kind == ast::Item::equal || (item.kind == ast::Item::arrow && arrow)) {
      error(Diag::bad_axes_given, span,
            "between the brackets of a call stand axes: `" + node.name.text + formalsText(node) +
                "(...)`");
      return false;
    }
    give(*item.key);
    if (item.kind == ast::Item::arrow) {
      arrow = true;
      given.emplace_back();
      give(*item.value);
    }
  }
  if (!fine)
    return false;
  std::vector<const ast::Axes *> wanted;
  static const ast::Axes nothing;
  wanted.push_back(node.formals ? &node.formals->left : &nothing);
  if (node.formals && node.formals->arrow)
    wanted.push_back(&node.formals->right);
  bool matches = given.size() == wanted.size();
  for (size_t k = 0; matches && k < wanted.size(); ++k) {
    const ast::Axes &names = *wanted[k];
    bool rest = !names.empty() && names.back().rest;
    matches = rest ? given[k].size() >= names.size() : given[k].size() == names.size();
  }
  if (!matches) {
    std::string what =
        node.formals ? "takes the axes `" + formalsText(node) + "`" : std::string("takes no axes");
    std::string found;
    for (const std::vector<AxisId> &axes : given)
      found += (found.empty() ? "" : " -> ") + (axes.empty() ? "none" : axesText(axes));
    error(Diag::bad_axes_given, span,
          "`" + node.name.text + "` " + what + ", and was given " + found, {},
          {{node.name.span, "it is declared here"}});
    return false;
  }
  for (size_t k = 0; k < wanted.size(); ++k) {
    const ast::Axes &names = *wanted[k];
    for (size_t i = 0; i < names.size(); ++i) {
      bool rest = names[i].rest;
      std::vector<AxisId> axes(given[k].begin() + i,
                               rest ? given[k].end() : given[k].begin() + i + 1);
      scope.names[names[i].text] = {Value::ofAxes(axes, rest), names[i].span, Declared::axis};
    }
  }
  return true;
}

Value Checker::callFunction(const Function &function, const ast::Call &call, const Span &span) {
  const ast::Function &node = *function.node;
  const std::string &name = node.name.text;
  if (!step(span))
    return Value::poison();
  std::vector<Value> values;
  for (const ast::ExprPtr &argument : call.arguments)
    values.push_back(evaluate(*argument));
  if (values.size() > node.arguments.size()) {
    error(Diag::too_many_arguments, span,
          "`" + name + "` takes " + std::to_string(node.arguments.size()) +
              (node.arguments.size() == 1 ? " value, not " : " values, not ") +
              std::to_string(values.size()),
          {}, {{node.name.span, "it is declared here"}});
    return Value::poison();
  }
  if (function.active) {
    error(Diag::recursion, span, "`" + name + "` calls itself, and a block or def may not",
          "a value that depends on its own earlier positions is a `rec`",
          {{node.name.span, "`" + name + "` is declared here"}});
    return Value::poison();
  }
  if (call.prefix && !node.block) {
    error(Diag::bad_prefix, call.prefixSpan,
          "`" + name + "` is a def, which has no params, so a prefix means nothing", {},
          {{node.name.span, "it is declared here"}});
    return Value::poison();
  }
  Scope scope;
  scope.parent = &top_;
  if (!bindFormals(function, call, span, scope))
    return Value::poison();

  // From here on, names are those that the function sees.
  std::vector<PrefixPart> prefix = prefix_;
  if (call.prefix) {
    PrefixPart part{interpolate(call.prefix->text, call.prefixSpan), call.prefix->text};
    if (part.text.starts_with("/")) {
      prefix_.clear();
      part = {part.text.substr(1), part.pattern.substr(1)};
    }
    prefix_.push_back(std::move(part));
  }
  Scope *outer = scope_;
  PlaceId caller = caller_;
  caller_ = graph.place(span, caller);
  scope_ = &scope;
  frames_.push_back({&function, span});
  const_cast<Function &>(function).active = true;
  depth_ += 3; // as much stack as some expressions

  std::vector<AxisId> riders;
  bool fine = true;
  for (size_t k = 0; k < node.arguments.size(); ++k) {
    const ast::Argument &argument = node.arguments[k];
    Value value = k < values.size() ? values[k] : Value::none();
    if (argument.axes) {
      Span of = k < values.size() ? call.arguments[k]->span : span;
      std::vector<AxisId> wanted = axesOf(*argument.axes, "an argument");
      if (value.isNone() && k >= values.size()) {
        frames_.pop_back();
        error(Diag::missing_argument, span,
              "`" + name + "` needs a value for `" + argument.name.text + "`", {},
              {{argument.name.span, "it is declared here"}});
        frames_.push_back({&function, span});
        fine = false;
      } else if (!value.isPoison() && !value.isUnknown()) {
        frames_.pop_back(); // the mistake is the caller's
        at(of);
        NodeId x = nodeOf(value, of);
        std::vector<AxisId> missing;
        if (x >= 0)
          for (AxisId axis : wanted)
            if (!graph.has(x, axis))
              missing.push_back(axis);
        if (!missing.empty())
          error(Diag::argument_axes, of,
                "`" + textOf(of) + "` is over " + axesText(graph.type(x).axes) + ", and `" + name +
                    "` declares `" + argument.name.text + "` over " + axesText(wanted) + ": " +
                    axesText(missing) + (missing.size() > 1 ? " are" : " is") + " missing",
                {}, {{argument.name.span, "it is declared here"}});
        frames_.push_back({&function, span});
        fine &= x >= 0 && missing.empty();
        if (x >= 0) {
          value = Value::ofNode(x);
          for (AxisId axis : graph.type(x).axes)
            if (!contains(wanted, axis) && !contains(riders, axis))
              riders.push_back(axis);
        }
      } else if (value.isPoison()) {
        fine = false;
      }
    }
    bind(scope, argument.name, std::move(value), Declared::argument);
  }

  Value result = Value::poison();
  if (fine) {
    Returned returned;
    Flow flow = execute(node.body, returned);
    if (flow == Flow::next && returned.values.empty())
      error(Diag::no_return, node.name.span, "`" + name + "` returns nothing");
    else
      result = checkResults(function, returned, riders, span);
  }

  depth_ -= 3;
  const_cast<Function &>(function).active = false;
  frames_.pop_back();
  scope_ = outer;
  caller_ = caller;
  prefix_ = std::move(prefix);
  return result;
}

Value Checker::checkResults(const Function &function, Returned &returned,
                            const std::vector<AxisId> &riders, const Span &span) {
  const ast::Function &node = *function.node;
  std::vector<Value> values = returned.values.front();
  for (const std::vector<Value> &other : returned.values) {
    if (other.size() != values.size())
      return Value::poison();
    for (size_t k = 0; k < values.size(); ++k)
      values[k] = joinValues(values[k], other[k]);
  }
  if (!node.results.empty()) {
    if (node.results.size() != values.size()) {
      error(Diag::result_count, node.name.span,
            "`" + node.name.text + "` declares " + std::to_string(node.results.size()) +
                " results and returns " + std::to_string(values.size()));
      return Value::poison();
    }
    for (size_t k = 0; k < values.size(); ++k) {
      if (values[k].isPoison() || values[k].isUnknown())
        continue;
      std::vector<AxisId> wanted = axesOf(node.results[k], "a result"), missing, extra;
      at(span);
      NodeId x = nodeOf(values[k], span);
      if (x < 0) {
        values[k] = Value::poison();
        continue;
      }
      for (AxisId axis : wanted)
        if (!graph.has(x, axis))
          missing.push_back(axis);
      for (AxisId axis : graph.type(x).axes)
        if (!contains(wanted, axis) && !contains(riders, axis))
          extra.push_back(axis);
      if (missing.empty() && extra.empty()) {
        values[k] = Value::ofNode(x);
        continue;
      }
      std::string text = "`" + node.name.text + "` declares a result over " + axesText(wanted) +
                         " and returns one over " + axesText(graph.type(x).axes);
      if (!extra.empty())
        text += ": " + axesText(extra) + " is neither declared nor an argument's";
      else
        text += ": " + axesText(missing) + " is missing";
      Span place = node.results[k].empty() ? node.name.span : node.results[k].front().span;
      error(Diag::result_axes, place, text,
            extra.empty() ? std::string() : "is a sum over " + axesText(extra) + " forgotten?");
      values[k] = Value::poison();
    }
  }
  return values.size() == 1 ? values.front() : Value::ofItems(Sort::tuple, std::move(values));
}
