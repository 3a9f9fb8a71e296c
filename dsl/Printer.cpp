//===- Printer.cpp - syntax trees as a person reads them ------------------------------------===//
#include "dsl/Printer.h"
#include "dsl/Infix.h"
#include <charconv>

using namespace tril::dsl;
using namespace tril::dsl::ast;

static constexpr size_t width = 100;

namespace {

/// An atom, or a list in parentheses.
struct Tree {
  explicit Tree(std::string atom) : atom(std::move(atom)), flat(this->atom.size()) {}
  Tree(std::string head, std::vector<Tree> rest) : flat(head.size() + 2), isList(true) {
    parts.emplace_back(std::move(head));
    for (Tree &part : rest)
      add(std::move(part));
  }
  void add(Tree part) {
    flat += part.flat + 1;
    parts.push_back(std::move(part));
  }

  std::string atom;
  std::vector<Tree> parts;
  size_t flat; // characters on one line
  bool isList = false;
};

} // namespace

static void write(std::string &out, const Tree &list) {
  if (!list.isList) {
    out += list.atom;
    return;
  }
  out += '(';
  for (size_t i = 0; i < list.parts.size(); ++i) {
    if (i)
      out += ' ';
    write(out, list.parts[i]);
  }
  out += ')';
}

/// On one line where it fits; else atoms stay beside the head, and each list gets a line.
static void write(std::string &out, const Tree &list, size_t indent) {
  if (indent + list.flat <= width || !list.isList) {
    write(out, list);
    return;
  }
  out += '(';
  bool broken = false;
  for (size_t i = 0; i < list.parts.size(); ++i) {
    const Tree &part = list.parts[i];
    broken |= part.isList && i > 0;
    if (!broken) {
      if (i)
        out += ' ';
      write(out, part);
      continue;
    }
    out += '\n';
    out.append(indent + 2, ' ');
    write(out, part, indent + 2);
  }
  out += ')';
}

static Tree treeOf(const Expr &expr);

static std::string quoted(const std::string &text) { return '"' + text + '"'; }

static std::string spelling(const Name &name) { return name.text + (name.rest ? "..." : ""); }

/// `(head a b c)`; with an empty head `(a b c)`.
static Tree names(const std::string &head, const std::vector<Name> &list) {
  std::string flat = head;
  for (const Name &name : list)
    flat += (flat.empty() ? "" : " ") + spelling(name);
  return Tree("(" + flat + ")");
}

static Tree treesOf(const std::string &head, const std::vector<ExprPtr> &list) {
  Tree result(head, {});
  for (const ExprPtr &expr : list)
    result.add(treeOf(*expr));
  return result;
}

static void addItems(Tree &to, const std::vector<Item> &items) {
  for (const Item &item : items) {
    if (item.kind == Item::plain)
      to.add(treeOf(*item.key));
    else
      to.add(Tree(item.kind == Item::equal ? "=" : "->", {treeOf(*item.key), treeOf(*item.value)}));
  }
}

static std::string spelling(const Number &number) {
  char buffer[400]; // the longest double without an exponent has 309 digits
  auto format = number.integer ? std::chars_format::fixed : std::chars_format::general;
  auto end = std::to_chars(buffer, buffer + sizeof buffer, number.value, format).ptr;
  std::string text(buffer, end);
  bool looksWhole = text.find_first_of(".e") == std::string::npos;
  return !number.integer && looksWhole ? text + ".0" : text;
}

namespace {

struct ExprTree {
  Tree operator()(const Number &e) const { return Tree(spelling(e)); }
  Tree operator()(const String &e) const { return Tree(quoted(e.text)); }
  Tree operator()(const Bool &e) const { return Tree(e.value ? "true" : "false"); }
  Tree operator()(const None &) const { return Tree("none"); }
  Tree operator()(const Ref &e) const { return Tree(e.name); }
  Tree operator()(const Size &e) const { return Tree("|" + e.axis.text + "|"); }
  Tree operator()(const ast::List &e) const { return treesOf("list", e.items); }
  Tree operator()(const Unary &e) const {
    return Tree(e.op == UnaryOp::neg ? "-" : "not", {treeOf(*e.operand)});
  }
  Tree operator()(const Binary &e) const {
    return Tree(spelling(e.op), {treeOf(*e.lhs), treeOf(*e.rhs)});
  }
  Tree operator()(const If &e) const {
    return Tree("if", {treeOf(*e.condition), treeOf(*e.then), treeOf(*e.otherwise)});
  }
  Tree operator()(const Fail &e) const { return Tree("fail", {Tree(quoted(e.message))}); }
  Tree operator()(const Dot &e) const {
    Tree object = treeOf(*e.object);
    if (std::holds_alternative<Ref>(e.object->node) ||
        (std::holds_alternative<Dot>(e.object->node) && !object.isList))
      return Tree(object.atom + "." + e.key.text); // config.key.key
    return Tree("key", {std::move(object), Tree(e.key.text)});
  }
  Tree operator()(const Index &e) const {
    Tree result("index", {treeOf(*e.object)});
    addItems(result, e.items);
    return result;
  }
  Tree operator()(const Call &e) const {
    Tree result("call", {Tree(e.callee.text)});
    if (e.bracketed) {
      Tree items("axes", {});
      addItems(items, e.items);
      result.add(std::move(items));
    }
    if (e.prefix)
      result.add(Tree("@" + quoted(e.prefix->text)));
    for (const ExprPtr &argument : e.arguments)
      result.add(treeOf(*argument));
    return result;
  }
};

} // namespace

static Tree treeOf(const Expr &expr) { return std::visit(ExprTree(), expr.node); }

static Tree treeOf(const Statement &statement);

static void addBody(Tree &to, const Body &body) {
  for (const StatementPtr &statement : body)
    to.add(treeOf(*statement));
}

static Tree bodyOf(const std::string &head, const Body &body) {
  Tree result(head, {});
  addBody(result, body);
  return result;
}

static Tree formalsOf(const Formals &formals) {
  std::string flat = "(axes";
  for (const Name &name : formals.left)
    flat += " " + spelling(name);
  if (formals.arrow)
    flat += " ->";
  for (const Name &name : formals.right)
    flat += " " + spelling(name);
  return Tree(flat + ")");
}

namespace {

struct StatementTree {
  Tree operator()(const ast::Model &s) const {
    Tree result("model", {Tree(s.name.text)});
    for (const Name &word : s.claim)
      result.add(Tree(word.text));
    if (s.window)
      result.add(treeOf(*s.window));
    return result;
  }
  Tree operator()(const AxisDecl &s) const {
    return Tree("axis", {Tree(s.name.text), s.size ? treeOf(*s.size) : Tree("input")});
  }
  Tree operator()(const Layout &s) const {
    return Tree("layout", {Tree(s.name.text), treeOf(*s.expr)});
  }
  Tree operator()(const Let &s) const { return Tree("let", {Tree(s.name.text), treeOf(*s.expr)}); }
  Tree operator()(const Param &s) const {
    return Tree("param", {names("", s.names), treesOf("dims", s.dims), treeOf(*s.stored)});
  }
  Tree operator()(const Ignore &s) const { return Tree("ignore", {Tree(quoted(s.name.text))}); }
  Tree operator()(const Input &s) const {
    return Tree("input", {Tree(s.name.text), names("axes", s.axes), Tree(s.in.text)});
  }
  Tree operator()(const Output &s) const {
    return Tree("output", {Tree(s.name.text), names("axes", s.axes), treeOf(*s.expr)});
  }
  Tree operator()(const Function &s) const {
    Tree result(s.block ? "block" : "def", {Tree(s.name.text)});
    if (s.formals)
      result.add(formalsOf(*s.formals));
    Tree arguments("arguments", {});
    for (const Argument &a : s.arguments)
      arguments.add(a.axes ? names(a.name.text, *a.axes) : Tree(a.name.text));
    result.add(std::move(arguments));
    if (!s.results.empty()) {
      Tree results("results", {});
      for (const Axes &axes : s.results)
        results.add(names("", axes));
      result.add(std::move(results));
    }
    addBody(result, s.body);
    return result;
  }
  Tree operator()(const For &s) const {
    Tree result("for", {Tree(s.axis.text)});
    if (s.prefix)
      result.add(Tree("@" + quoted(s.prefix->text)));
    addBody(result, s.body);
    return result;
  }
  Tree operator()(const IfStatement &s) const {
    Tree result("if", {treeOf(*s.condition), bodyOf("then", s.then)});
    if (!s.otherwise.empty())
      result.add(bodyOf("else", s.otherwise));
    return result;
  }
  Tree operator()(const Rec &s) const {
    Tree result("rec", {});
    for (const Equation &e : s.equations) {
      Tree equation("=", {Tree(e.name.text)});
      if (e.axes)
        equation.add(names("axes", *e.axes));
      equation.add(treeOf(*e.expr));
      result.add(std::move(equation));
    }
    return result;
  }
  Tree operator()(const Return &s) const { return treesOf("return", s.values); }
  Tree operator()(const Names &s) const {
    Tree result("names", {Tree(s.dialect.text)});
    for (const NameMapping &m : s.mappings) {
      Tree mapping("=", {Tree(m.tensor ? quoted(m.from) : m.from), Tree(quoted(m.to.text))});
      if (!m.layout.empty())
        mapping.add(treesOf("dims", m.layout));
      result.add(std::move(mapping));
    }
    return result;
  }
  Tree operator()(const Assign &s) const {
    Tree result("=", {s.names.size() == 1 ? Tree(s.names[0].text) : names("", s.names)});
    if (s.axes)
      result.add(names("axes", *s.axes));
    result.add(treeOf(*s.expr));
    return result;
  }
};

} // namespace

static Tree treeOf(const Statement &statement) {
  return std::visit(StatementTree(), statement.node);
}

std::string tril::dsl::print(const Program &program) {
  std::string out;
  for (const StatementPtr &statement : program.statements) {
    write(out, treeOf(*statement), 0);
    out += '\n';
  }
  return out;
}

std::string tril::dsl::print(const Expr &expr) {
  std::string out;
  write(out, treeOf(expr), 0);
  return out;
}
