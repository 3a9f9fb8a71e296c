//===- CheckProgram.cpp - a text from top to bottom
//-----------------------------------------------===//
// Declarations of the top level (axis, layout, let, param, input, block, def) hold for the whole
// text, in any order; then its statements run one after the other.
#include "dsl/CheckContext.h"
#include <algorithm>
#include <cmath>
#include <numbers>

using namespace tril::dsl;
using namespace tril::dsl::checker;
using Sort = Value::Sort;

Checker::Checker(const ast::Program &program, const CheckOptions &options, Diagnostics &diagnostics,
                 std::optional<int64_t> timeLimit)
    : graph(timeLimit), program_(program), options_(options), diagnostics_(diagnostics) {
  main_.parent = &top_;
  auto builtin = [&](const char *name, Value value) {
    top_.names[name] = {std::move(value), {}, Declared::builtin};
  };
  builtin("time", Value::ofAxes({graph.model.time}));
  builtin("pi", Value::ofNumber(std::numbers::pi));
  builtin("infinity", Value::ofNumber(INFINITY));
  builtin("context_length", options.context > 0
                                ? Value::ofNumber(static_cast<double>(options.context))
                                : Value::none());
  modelSpan_ = {program.source.get(), 0, 0};
  for (const ast::StatementPtr &statement : program.statements) {
    if (std::holds_alternative<ast::Model>(statement->node))
      modelSpan_ = statement->span;
    if (auto *names = std::get_if<ast::Names>(&statement->node);
        names && !options.dialect.empty() && names->dialect.text == options.dialect) {
      names_ = Names(*names);
      dialectFound_ = true;
    }
  }
  if (options.config) {
    config_ = options.dialect.empty() ? *options.config : names_.config(*options.config);
    Value value = Value::of(Sort::object);
    value.object = &config_;
    value.text = "config";
    builtin("config", std::move(value));
  } else {
    builtin("config", Value::unknown("config"));
  }
}

std::string Checker::spanKey(const Span &span) {
  return std::to_string(span.begin) + ":" + std::to_string(span.end) + ":" +
         std::to_string(reinterpret_cast<uintptr_t>(span.source));
}

void Checker::declareFunctions(const ast::Program &program, bool library) {
  for (const ast::StatementPtr &statement : program.statements) {
    auto *node = std::get_if<ast::Function>(&statement->node);
    if (!node)
      continue;
    const std::string &name = node->name.text;
    auto known = functions_.find(name);
    if (isBuiltinFunction(name) || known != functions_.end()) {
      bool standard = known == functions_.end() || known->second.library;
      error(Diag::redefinition, node->name.span,
            "`" + name + "` is " +
                (known == functions_.end() ? "a function of the language"
                 : standard                ? "defined by the library"
                                           : "defined") +
                " already",
            standard ? "another name is needed: what `" + name + "` means is the same in every text"
                     : "",
            known == functions_.end()
                ? std::vector<Note>{}
                : std::vector<Note>{{known->second.node->name.span, "it is defined here"}});
      continue;
    }
    functions_[name] = {node, statement->span, library, false};
  }
}

/// Whether a statement of the top level only declares.
static bool declares(const ast::Statement &statement) {
  if (auto *choice = std::get_if<ast::IfStatement>(&statement.node)) {
    auto all = [](const ast::Body &body) {
      return std::all_of(body.begin(), body.end(),
                         [](const ast::StatementPtr &s) { return declares(*s); });
    };
    return all(choice->then) && all(choice->otherwise);
  }
  return std::holds_alternative<ast::AxisDecl>(statement.node) ||
         std::holds_alternative<ast::Layout>(statement.node) ||
         std::holds_alternative<ast::Let>(statement.node) ||
         std::holds_alternative<ast::Param>(statement.node) ||
         std::holds_alternative<ast::Ignore>(statement.node) ||
         std::holds_alternative<ast::Input>(statement.node);
}

static std::vector<const ast::Name *> declaredNames(const ast::Statement &statement) {
  if (auto *axis = std::get_if<ast::AxisDecl>(&statement.node))
    return {&axis->name};
  if (auto *layout = std::get_if<ast::Layout>(&statement.node))
    return {&layout->name};
  if (auto *let = std::get_if<ast::Let>(&statement.node))
    return {&let->name};
  if (auto *input = std::get_if<ast::Input>(&statement.node))
    return {&input->name};
  std::vector<const ast::Name *> out;
  if (auto *param = std::get_if<ast::Param>(&statement.node))
    for (const ast::Name &name : param->names)
      out.push_back(&name);
  return out;
}

/// Evaluates the declaration of `name`, if it waits.
void Checker::force(const std::string &name) {
  Pending &pending = pending_.at(name);
  if (pending.state == Pending::done)
    return;
  const ast::Statement &statement = *pending.statement;
  if (pending.state == Pending::active) {
    error(Diag::circular, statement.span, "`" + name + "` is defined by itself");
    for (const ast::Name *other : declaredNames(statement))
      top_.names[other->text] = {Value::poison(), other->span, Declared::let};
    return;
  }
  for (const ast::Name *other : declaredNames(statement))
    pending_.at(other->text).state = Pending::active;

  Scope *scope = scope_;
  std::vector<PrefixPart> prefix = std::move(prefix_);
  std::vector<Frame> frames = std::move(frames_);
  PlaceId caller = caller_, here = graph.here;
  prefix_.clear();
  frames_.clear();
  scope_ = &top_;
  caller_ = -1;
  Returned nothing;
  depth_ += 3;
  execute(statement, nothing);
  depth_ -= 3;
  scope_ = scope;
  prefix_ = std::move(prefix);
  frames_ = std::move(frames);
  caller_ = caller;
  graph.here = here;

  for (const ast::Name *other : declaredNames(statement)) {
    pending_.at(other->text).state = Pending::done;
    top_.names.try_emplace(other->text, Binding{Value::poison(), other->span, Declared::let});
  }
}

void Checker::declare(const ast::Program &program) {
  for (const ast::StatementPtr &statement : program.statements)
    for (const ast::Name *name : declaredNames(*statement)) {
      if (auto found = top_.names.find(name->text); found != top_.names.end()) {
        error(Diag::redefinition, name->span, "`" + name->text + "` is a name of the language");
        continue;
      }
      auto [known, isNew] = pending_.try_emplace(name->text, Pending{statement.get()});
      if (!isNew) {
        const ast::Statement &first = *known->second.statement;
        Span place = first.span;
        for (const ast::Name *other : declaredNames(first))
          if (other->text == name->text && other != name)
            place = other->span;
        error(Diag::redefinition, name->span, "`" + name->text + "` is declared twice", {},
              {{place, "the first is here"}});
      }
    }
  for (const ast::StatementPtr &statement : program.statements) {
    if (!declares(*statement))
      continue;
    std::vector<const ast::Name *> names = declaredNames(*statement);
    Returned nothing;
    if (names.empty())
      execute(*statement, nothing); // ignore, or a choice of declarations
    else if (auto found = pending_.find(names.front()->text);
             found != pending_.end() && found->second.statement == statement.get())
      force(names.front()->text);
  }
}

void Checker::claim(const ast::Model &model, const Span &span) {
  Model &out = graph.model;
  out.name = model.name.text;
  out.claimPlace = graph.place(span, -1);
  for (const ast::Name &word : model.claim)
    out.claim += (out.claim.empty() ? "" : " ") + word.text;
  static const std::vector<std::string> claims = {"", "causal", "strictly causal", "bidirectional",
                                                  "reads window"};
  if (std::find(claims.begin(), claims.end(), out.claim) == claims.end())
    error(Diag::unknown_claim, model.claim.front().span,
          "`is " + out.claim + "` is no claim that can be checked",
          "the claims are `causal`, `strictly causal`, `bidirectional` and `reads window W`");
  if (!model.window)
    return;
  Value window = evaluate(*model.window);
  if (window.isNumber() && window.number == std::floor(window.number) && window.number >= 1)
    out.window = static_cast<int64_t>(window.number);
  else if (window.isNone())
    errorNone(window, model.window->span, "the window");
  else if (!window.isPoison() && !window.isUnknown())
    error(Diag::bad_size, model.window->span,
          "the window is " + describeValue(window) + ", not a whole number of positions");
}

bool Checker::run() {
  if (options_.library)
    for (const ast::Program &program : options_.library->programs) {
      graph.model.sources.push_back(program.source);
      declareFunctions(program, true);
    }
  graph.model.sources.push_back(program_.source);
  declareFunctions(program_, false);
  if (!options_.dialect.empty() && !dialectFound_) {
    error(Diag::no_dialect, modelSpan_,
          "the text has no `names " + options_.dialect + " { }`, so it cannot read such a file",
          "`names " + options_.dialect +
              " { }` says what the file calls the keys of the configuration and the tensors");
    return false;
  }
  declare(program_);
  bool model = false;
  for (const ast::StatementPtr &statement : program_.statements) {
    if (auto *node = std::get_if<ast::Model>(&statement->node)) {
      if (model)
        error(Diag::redefinition, statement->span, "a text describes one model");
      else
        claim(*node, statement->span);
      model = true;
      continue;
    }
    if (declares(*statement) || std::holds_alternative<ast::Function>(statement->node) ||
        std::holds_alternative<ast::Names>(statement->node))
      continue;
    Returned nothing;
    execute(*statement, nothing);
  }
  if (!outputs_)
    error(Diag::no_output, modelSpan_, "the text has no output",
          "`output logits[time, vocab] = ...` says what the model computes");
  reportTensors();
  return !failed_;
}
