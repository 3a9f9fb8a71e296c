//===- Support.cpp - texts and their trees, for the tests of the syntax ---------------------===//
#include "Support.h"
#include <algorithm>
#include <fstream>
#include <sstream>

using namespace tril::dsl;
using namespace tril::dsl::test;

std::vector<std::filesystem::path> test::textsIn(const char *folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".tril")
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<std::filesystem::path> test::correctTexts() {
  std::vector<std::filesystem::path> paths;
  for (const char *folder : {TRIL_TEST_TEXTS, TRIL_STD, TRIL_EXAMPLES})
    for (const auto &path : textsIn(folder))
      paths.push_back(path);
  paths.push_back(std::filesystem::path(TRIL_TEST_SYNTAX) / "everything.tril");
  return paths;
}

std::string test::readFile(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Parsed::Parsed(std::string text, std::string path)
    : source(std::make_shared<Source>(Source{std::move(path), std::move(text)})),
      program(parse(source, diagnostics)) {}

namespace {

using Visit = std::function<void(const ast::Expr &)>;

void walkExpr(const ast::ExprPtr &expr, const Visit &visit) {
  if (!expr)
    return;
  visit(*expr);
  auto items = [&](const std::vector<ast::Item> &list) {
    for (const ast::Item &item : list) {
      walkExpr(item.key, visit);
      walkExpr(item.value, visit);
    }
  };
  if (auto *list = std::get_if<ast::List>(&expr->node)) {
    for (const ast::ExprPtr &item : list->items)
      walkExpr(item, visit);
  } else if (auto *unary = std::get_if<ast::Unary>(&expr->node)) {
    walkExpr(unary->operand, visit);
  } else if (auto *binary = std::get_if<ast::Binary>(&expr->node)) {
    walkExpr(binary->lhs, visit);
    walkExpr(binary->rhs, visit);
  } else if (auto *choice = std::get_if<ast::If>(&expr->node)) {
    walkExpr(choice->condition, visit);
    walkExpr(choice->then, visit);
    walkExpr(choice->otherwise, visit);
  } else if (auto *dot = std::get_if<ast::Dot>(&expr->node)) {
    walkExpr(dot->object, visit);
  } else if (auto *index = std::get_if<ast::Index>(&expr->node)) {
    walkExpr(index->object, visit);
    items(index->items);
  } else if (auto *call = std::get_if<ast::Call>(&expr->node)) {
    items(call->items);
    for (const ast::ExprPtr &argument : call->arguments)
      walkExpr(argument, visit);
  }
}

/// The expressions of one statement, without those of the statements in its body.
struct Expressions {
  const Visit &visit;

  void operator()(const ast::Model &s) const { walkExpr(s.window, visit); }
  void operator()(const ast::AxisDecl &s) const { walkExpr(s.size, visit); }
  void operator()(const ast::Layout &s) const { walkExpr(s.expr, visit); }
  void operator()(const ast::Let &s) const { walkExpr(s.expr, visit); }
  void operator()(const ast::Param &s) const {
    for (const ast::ExprPtr &dim : s.dims)
      walkExpr(dim, visit);
    walkExpr(s.stored, visit);
  }
  void operator()(const ast::Output &s) const { walkExpr(s.expr, visit); }
  void operator()(const ast::IfStatement &s) const { walkExpr(s.condition, visit); }
  void operator()(const ast::Rec &s) const {
    for (const ast::Equation &equation : s.equations)
      walkExpr(equation.expr, visit);
  }
  void operator()(const ast::Return &s) const {
    for (const ast::ExprPtr &value : s.values)
      walkExpr(value, visit);
  }
  void operator()(const ast::Names &s) const {
    for (const ast::NameMapping &mapping : s.mappings)
      for (const ast::ExprPtr &dim : mapping.layout)
        walkExpr(dim, visit);
  }
  void operator()(const ast::Assign &s) const { walkExpr(s.expr, visit); }
  template <typename Other> void operator()(const Other &) const {}
};

} // namespace

void test::walkStatements(const ast::Body &body,
                          const std::function<void(const ast::Statement &)> &visit) {
  for (const ast::StatementPtr &statement : body) {
    visit(*statement);
    if (auto *function = std::get_if<ast::Function>(&statement->node))
      walkStatements(function->body, visit);
    if (auto *loop = std::get_if<ast::For>(&statement->node))
      walkStatements(loop->body, visit);
    if (auto *choice = std::get_if<ast::IfStatement>(&statement->node)) {
      walkStatements(choice->then, visit);
      walkStatements(choice->otherwise, visit);
    }
  }
}

void test::walk(const ast::Program &program, const std::function<void(const ast::Expr &)> &visit) {
  walkStatements(program.statements, [&](const ast::Statement &statement) {
    std::visit(Expressions{visit}, statement.node);
  });
}
