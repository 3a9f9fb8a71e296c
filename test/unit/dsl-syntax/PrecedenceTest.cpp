//===- PrecedenceTest.cpp - operators bind as the grammar says ------------------------------===//
// The parser reads operators in a row and orders them; here the grammar of the language is written
// down once more, level by level, and both must agree on random expressions: on the tree, or that
// there is none.
#include "Support.h"
#include <gtest/gtest.h>
#include <optional>
#include <random>

using namespace tril::dsl;
using namespace tril::dsl::test;

namespace {

using Tokens = std::vector<std::string>;
using Text = std::optional<std::string>; // with all its parentheses; none if it is no expression

/// expr = hole { "??" hole }      hole = or { ( "where" | "else" ) or }      or = and { "or" and }
/// and  = not { "and" not }       not  = "not" not | compare      compare = add [ comparison add ]
/// add  = mul { ( + - ) mul }     mul  = unary { ( * / % ) unary }
/// unary = "-" unary | power      power = operand [ "^" unary ]   operand = name | "(" expr ")"
class Grammar {
public:
  explicit Grammar(const Tokens &tokens) : tokens(tokens) {}
  Text whole() {
    Text all = expr();
    return at == tokens.size() ? all : std::nullopt;
  }

private:
  bool next(std::initializer_list<const char *> these, std::string &taken) {
    for (const char *token : these)
      if (at < tokens.size() && tokens[at] == token) {
        taken = tokens[at++];
        return true;
      }
    return false;
  }
  Text pair(const Text &a, const std::string &op, const Text &b) {
    return a && b ? Text("(" + *a + " " + op + " " + *b + ")") : std::nullopt;
  }
  Text row(Text (Grammar::*part)(), std::initializer_list<const char *> ops) {
    Text left = (this->*part)();
    for (std::string op; left && next(ops, op);)
      left = pair(left, op, (this->*part)());
    return left;
  }
  Text expr() { return row(&Grammar::hole, {"??"}); }
  Text hole() { return row(&Grammar::either, {"where", "else"}); }
  Text either() { return row(&Grammar::both, {"or"}); }
  Text both() { return row(&Grammar::negation, {"and"}); }
  Text negation() {
    std::string op;
    if (!next({"not"}, op))
      return compare();
    Text operand = negation();
    return operand ? Text("(not " + *operand + ")") : std::nullopt;
  }
  Text compare() {
    Text left = add();
    std::string op;
    if (left && next({"<", "<=", ">", ">=", "==", "!=", "in"}, op))
      return pair(left, op, add());
    return left;
  }
  Text add() { return row(&Grammar::mul, {"+", "-"}); }
  Text mul() { return row(&Grammar::unary, {"*", "/", "%"}); }
  Text unary() {
    std::string op;
    if (!next({"-"}, op))
      return power();
    Text operand = unary();
    return operand ? Text("(-" + *operand + ")") : std::nullopt;
  }
  Text power() {
    Text base = operand();
    std::string op;
    return base && next({"^"}, op) ? pair(base, op, unary()) : base;
  }
  Text operand() {
    std::string taken;
    if (next({"a", "b", "c"}, taken))
      return taken;
    if (!next({"("}, taken))
      return std::nullopt;
    Text inside = expr();
    return inside && next({")"}, taken) ? inside : std::nullopt;
  }

  const Tokens &tokens;
  size_t at = 0;
};

/// In the order of ast::BinaryOp.
const char *const binaries[] = {"+",  "-",  "*",  "/",  "%",   "^",  "<",     "<=",   ">",
                                ">=", "==", "!=", "in", "and", "or", "where", "else", "??"};

std::string withParentheses(const ast::Expr &expr) {
  if (auto *binary = std::get_if<ast::Binary>(&expr.node))
    return "(" + withParentheses(*binary->lhs) + " " + binaries[static_cast<int>(binary->op)] +
           " " + withParentheses(*binary->rhs) + ")";
  if (auto *unary = std::get_if<ast::Unary>(&expr.node))
    return (unary->op == ast::UnaryOp::neg ? "(-" : "(not ") + withParentheses(*unary->operand) +
           ")";
  return std::get<ast::Ref>(expr.node).name;
}

void expectAgreement(const Tokens &tokens) {
  std::string text;
  for (const std::string &token : tokens)
    text += token + " ";
  Diagnostics diagnostics;
  auto source = std::make_shared<Source>(Source{"text", text});
  ast::ExprPtr parsed = parseExpression(source, diagnostics);
  EXPECT_EQ(parsed == nullptr, diagnostics.hasErrors()) << text;
  EXPECT_EQ(parsed ? withParentheses(*parsed) : "none", Grammar(tokens).whole().value_or("none"))
      << text;
}

} // namespace

TEST(Precedence, OfEachTwoOperators) {
  for (const char *one : binaries)
    for (const char *two : binaries) {
      expectAgreement({"a", one, "b", two, "c"});
      for (const char *prefix : {"-", "not"}) {
        expectAgreement({prefix, "a", one, "b", two, "c"});
        expectAgreement({"a", one, prefix, "b", two, "c"});
        expectAgreement({"a", one, "b", two, prefix, "c"});
      }
    }
}

TEST(Precedence, OfRandomExpressions) {
  std::mt19937 random(23); // NOLINT(bugprone-random-generator-seed): the same ones each time
  auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  int correct = 0;
  for (int i = 0; i < 4000; ++i) {
    Tokens tokens;
    size_t open = 0;
    for (size_t operands = 1 + below(8); operands > 0; --operands) {
      while (below(4) == 0)
        tokens.push_back(below(3) ? "-" : "not");
      for (; below(4) == 0; ++open)
        tokens.push_back("(");
      tokens.push_back(std::string(1, static_cast<char>('a' + below(3))));
      for (; open > 0 && below(3) == 0; --open)
        tokens.push_back(")");
      if (operands > 1)
        tokens.push_back(binaries[below(std::size(binaries))]);
    }
    tokens.insert(tokens.end(), open, ")");
    if (below(8) == 0) // damaged
      tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(below(tokens.size())));
    bool calls = tokens.empty(); // what stands before `(` is called, which is not the matter here
    for (size_t k = 1; k < tokens.size(); ++k)
      calls |= tokens[k] == "(" && std::string(")abc").find(tokens[k - 1]) != std::string::npos;
    if (calls)
      continue;
    expectAgreement(tokens);
    correct += Grammar(tokens).whole().has_value();
    if (HasFailure())
      return;
  }
  EXPECT_GT(correct, 1000);
}
