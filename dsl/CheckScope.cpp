//===- CheckScope.cpp - what a name means where it stands
//-----------------------------------------===//
#include "dsl/CheckContext.h"

using namespace tril::dsl;
using namespace tril::dsl::checker;

Binding *Checker::find(const std::string &name) {
  for (Scope *scope = scope_; scope; scope = scope->parent) {
    if (auto found = scope->names.find(name); found != scope->names.end())
      return &found->second;
    if (scope == &top_ && pending_.count(name)) {
      force(name);
      if (auto found = scope->names.find(name); found != scope->names.end())
        return &found->second;
    }
  }
  return nullptr;
}

// An axis is still there where a value has its name: `layer` is a number inside `for layer`, and
// `|layer|` its size.
Binding *Checker::findAxis(const std::string &name) {
  for (Scope *scope = scope_; scope; scope = scope->parent) {
    if (scope == &top_ && pending_.count(name))
      force(name);
    auto found = scope->names.find(name);
    if (found != scope->names.end() &&
        (found->second.value.is(Value::Sort::axes) || found->second.value.isPoison()))
      return &found->second;
  }
  return nullptr;
}

std::vector<AxisId> Checker::axesOf(const ast::Name &name, const char *where) {
  if (Binding *binding = findAxis(name.text))
    return binding->value.axes;
  if (Binding *binding = find(name.text)) {
    error(Diag::not_an_axis, name.span,
          "`" + name.text + "` is " + describe(binding->declared) + ", and " + where +
              " needs an axis",
          {}, {{binding->span, "`" + name.text + "` is declared here"}});
    return {};
  }
  std::string near = nearName(name.text, false, true);
  error(Diag::unknown_axis, name.span, "unknown axis `" + name.text + "`",
        near.empty() ? "an axis is declared by `axis " + name.text + " = SIZE`" : near);
  return {};
}

std::vector<AxisId> Checker::axesOf(const ast::Axes &axes, const char *where) {
  std::vector<AxisId> out;
  for (const ast::Name &name : axes)
    for (AxisId axis : axesOf(name, where))
      out.push_back(axis);
  return out;
}

std::vector<AxisId> Checker::axesOf(const ast::Expr &expr, const char *where) {
  if (auto *ref = std::get_if<ast::Ref>(&expr.node))
    return axesOf(ast::Name{ref->name, expr.span, false}, where);
  error(Diag::not_an_axis, expr.span,
        std::string(where) + " needs the name of an axis here, not `" + textOf(expr.span) + "`");
  return {};
}

static void collect(const Scope *scope, bool axesOnly, std::vector<std::string> &out) {
  for (; scope; scope = scope->parent)
    for (auto &[name, binding] : scope->names)
      if (!axesOnly || binding.value.is(Value::Sort::axes))
        out.push_back(name);
}

std::string Checker::nearName(const std::string &name, bool functions, bool axesOnly) const {
  std::vector<std::string> candidates;
  if (functions) {
    for (auto &[known, function] : functions_)
      candidates.push_back(known);
    for (const std::string &known : builtinFunctions())
      candidates.push_back(known);
  } else {
    collect(scope_, axesOnly, candidates);
    for (auto &[known, pending] : pending_)
      if (!axesOnly || std::holds_alternative<ast::AxisDecl>(pending.statement->node))
        candidates.push_back(known);
  }
  std::string near = nearest(name, candidates);
  return near.empty() ? near : "a similar name is `" + near + "`";
}

void Checker::unknownName(const ast::Name &name, bool function) {
  if (function) {
    error(Diag::unknown_function, name.span, "unknown function `" + name.text + "`",
          nearName(name.text, true, false));
    return;
  }
  if (auto hidden = main_.names.find(name.text); hidden != main_.names.end() && !frames_.empty()) {
    error(Diag::value_not_visible, name.span,
          "`" + name.text + "` is a value of the top level, which a " +
              (frames_.back().function->node->block ? "block" : "def") + " does not see",
          "pass it as an argument", {{hidden->second.span, "`" + name.text + "` is defined here"}});
    return;
  }
  if (functions_.count(name.text) || isBuiltinFunction(name.text)) {
    error(Diag::unknown_name, name.span, "`" + name.text + "` is a function, not a value",
          "call it: `" + name.text + "(...)`");
    return;
  }
  error(Diag::unknown_name, name.span, "unknown name `" + name.text + "`",
        nearName(name.text, false, false));
}
