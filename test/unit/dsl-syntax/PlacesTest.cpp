//===- PlacesTest.cpp - every part of a tree knows exactly where it stands ------------------===//
#include "Support.h"
#include "dsl/Printer.h"
#include <gtest/gtest.h>

using namespace tril::dsl;
using namespace tril::dsl::test;

static std::string_view textAt(const Span &span) {
  return std::string_view(span.source->text).substr(span.begin, span.end - span.begin);
}

/// What stands in the place of an expression parses to that expression.
static void expectExactPlaces(const Parsed &parsed) {
  walk(parsed.program, [&](const ast::Expr &expr) {
    std::string text(textAt(expr.span));
    Diagnostics diagnostics;
    auto source = std::make_shared<Source>(Source{"part", text});
    ast::ExprPtr again = parseExpression(source, diagnostics);
    ASSERT_TRUE(again) << text << "\n" << render(diagnostics, false);
    EXPECT_EQ(print(*again), print(expr)) << text;
    EXPECT_EQ(again->span.begin, 0u) << text;
    EXPECT_EQ(again->span.end, text.size()) << text;
    EXPECT_EQ(again->height, expr.height) << text;
    if (auto *binary = std::get_if<ast::Binary>(&expr.node)) {
      EXPECT_LE(binary->lhs->span.end, binary->opSpan.begin);
      EXPECT_GE(binary->rhs->span.begin, binary->opSpan.end);
    }
    if (auto *call = std::get_if<ast::Call>(&expr.node)) {
      EXPECT_EQ(textAt(call->callee.span), call->callee.text);
      if (call->prefix)
        EXPECT_EQ(textAt(call->prefixSpan), "\"" + call->prefix->text + "\"");
    }
  });
  walkStatements(parsed.program.statements, [&](const ast::Statement &statement) {
    if (std::holds_alternative<ast::Return>(statement.node) &&
        !textAt(statement.span).starts_with("return"))
      return; // of `def f(x) = value`
    Parsed again{std::string(textAt(statement.span))};
    ASSERT_EQ(again.messages(), "");
    ASSERT_EQ(again.program.statements.size(), 1u) << textAt(statement.span);
    EXPECT_EQ(again.program.statements[0]->span.begin, 0u);
    EXPECT_EQ(again.program.statements[0]->span.end, again.source->text.size());
  });
}

TEST(Places, AreExactInCorrectTexts) {
  auto paths = correctTexts();
  ASSERT_GE(paths.size(), 25u);
  for (const auto &path : paths) {
    Parsed parsed(readFile(path), path.filename().string());
    EXPECT_EQ(parsed.messages(), "");
    expectExactPlaces(parsed);
  }
}

TEST(Places, EndBeforeBlanksAndComments) {
  Parsed parsed("x = ( a ) [ b ]  # comment\n\n  y = a . b -- c # end");
  ASSERT_EQ(parsed.program.statements.size(), 2u);
  EXPECT_EQ(textAt(parsed.program.statements[0]->span), "x = ( a ) [ b ]");
  EXPECT_EQ(textAt(parsed.program.statements[1]->span), "y = a . b -- c");
  auto &assign = std::get<ast::Assign>(parsed.program.statements[0]->node);
  EXPECT_EQ(textAt(assign.expr->span), "( a ) [ b ]");
  EXPECT_EQ(textAt(std::get<ast::Index>(assign.expr->node).object->span), "( a )");
}

TEST(Places, OfElseIfReachToTheEndOfTheChain) {
  Parsed parsed("if a { x = 1 } else if b { x = 2 } else { x = 3 } y = 4");
  auto &outer = std::get<ast::IfStatement>(parsed.program.statements[0]->node);
  EXPECT_EQ(textAt(outer.otherwise[0]->span), "if b { x = 2 } else { x = 3 }");
  Parsed choice("y = if a { 1 } else if b { 2 } else { 3 } ");
  auto &assign = std::get<ast::Assign>(choice.program.statements[0]->node);
  EXPECT_EQ(textAt(std::get<ast::If>(assign.expr->node).otherwise->span), "if b { 2 } else { 3 }");
}

TEST(Places, LinesAndColumnsCountFromOne) {
  Source source{"text", "ab\n\ncd"};
  auto at = [&](uint32_t offset) {
    LineColumn place = lineColumn({&source, offset, offset});
    return std::pair(place.line, place.column);
  };
  EXPECT_EQ(at(0), std::pair(1u, 1u));
  EXPECT_EQ(at(2), std::pair(1u, 3u)); // the line's end belongs to it
  EXPECT_EQ(at(3), std::pair(2u, 1u));
  EXPECT_EQ(at(4), std::pair(3u, 1u));
  EXPECT_EQ(at(6), std::pair(3u, 3u));
  EXPECT_EQ(at(99), std::pair(3u, 3u)); // beyond the end: the end
}

TEST(Places, OfExpressionsInStrings) {
  Diagnostics diagnostics;
  auto source = std::make_shared<Source>(Source{"part", "layer + "});
  EXPECT_FALSE(parseExpression(source, diagnostics));
  auto longer = std::make_shared<Source>(Source{"part", "layer layer"});
  EXPECT_FALSE(parseExpression(longer, diagnostics));
  EXPECT_EQ(render(diagnostics, false),
            "error[syntax]: expected the end of the expression, found `layer`\n"
            " --> part:1:7\n"
            "  |\n"
            "1 | layer layer\n"
            "  |       ^^^^^\n"
            "\n"
            "error[syntax]: expected an expression, found the end of the text\n"
            " --> part:1:8\n"
            "  |\n"
            "1 | layer +\n"
            "  |        ^\n"
            "\n"
            "2 errors\n");
}
