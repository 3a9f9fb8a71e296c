//===- FormatTest.cpp - canonical texts mean the same ---------------------------------------===//
#include "dsl/Format.h"
#include "Support.h"
#include "dsl/Printer.h"
#include <gtest/gtest.h>

using namespace tril::dsl;
using namespace tril::dsl::test;

static std::string formatted(const std::string &text) {
  Parsed parsed(text);
  EXPECT_EQ(parsed.messages(), "");
  return format(parsed.program);
}

static std::string comments(const std::string &text) { // as a sorted bag
  std::vector<std::string> all;
  for (size_t i = text.find('#'); i != std::string::npos; i = text.find('#', i)) {
    size_t end = std::min(text.find('\n', i), text.size());
    all.push_back(text.substr(i, text.find_last_not_of(" \r", end - 1) + 1 - i));
    i = end;
  }
  std::sort(all.begin(), all.end());
  std::string bag;
  for (const std::string &comment : all)
    bag += comment + "\n";
  return bag;
}

TEST(Format, KeepsTheTreeAndTheComments) {
  for (const auto &path : correctTexts()) {
    SCOPED_TRACE(path.filename());
    Parsed parsed(readFile(path));
    std::string text = format(parsed.program);
    Parsed again(text);
    EXPECT_EQ(again.messages(), "");
    EXPECT_EQ(print(again.program), print(parsed.program));
    EXPECT_EQ(format(again.program), text);
    EXPECT_EQ(comments(text), comments(parsed.source->text));
  }
}

TEST(Format, WritesNoNeedlessParentheses) {
  auto expr = [](const std::string &text) {
    Parsed parsed("x = " + text);
    return format(*std::get<ast::Assign>(parsed.program.statements.at(0)->node).expr);
  };
  EXPECT_EQ(expr("((a)+(b*c))"), "a + b * c");
  EXPECT_EQ(expr("(a+b)*c"), "(a + b) * c");
  EXPECT_EQ(expr("a-(b-c)"), "a - (b - c)");
  EXPECT_EQ(expr("(a-b)-c"), "a - b - c");
  EXPECT_EQ(expr("(a^b)^c"), "(a ^ b) ^ c");
  EXPECT_EQ(expr("a^(b^c)"), "a ^ b ^ c");
  EXPECT_EQ(expr("(-a)^b"), "(-a) ^ b");
  EXPECT_EQ(expr("-(a^b)"), "-a ^ b");
  EXPECT_EQ(expr("a^(-b)"), "a ^ -b");
  EXPECT_EQ(expr("a--b"), "a - -b");
  EXPECT_EQ(expr("(a<b)==c"), "(a < b) == c");
  EXPECT_EQ(expr("a==(not b)"), "a == (not b)");
  EXPECT_EQ(expr("not(not(a<b))and c"), "not not a < b and c");
  EXPECT_EQ(expr("a where(b where c)"), "a where (b where c)");
  EXPECT_EQ(expr("(a??b)where c"), "(a ?? b) where c");
  EXPECT_EQ(expr("(if a{b}else{c})+d"), "(if a { b } else { c }) + d");
  EXPECT_EQ(expr("(3).key"), "(3).key");
  EXPECT_EQ(expr("f[a->b]@\"p\"(1e-6,[2.50,(03)])[t=t-1].k"),
            "f[a -> b]@\"p\"(1e-6, [2.50, 03])[t = t - 1].k");
}

TEST(Format, OneStatementALine) {
  EXPECT_EQ(formatted("axis a=3 axis bc=4;axis d=input\n\n\n\nlet x=a\n"
                      "block f(x)->[a]{return x}\n"
                      "block g(x) {\n\n x=x return x,-x }\n"
                      "for l@\"p\"{x=1;y=2}\nfor l{\n}\n"
                      "rec{a=1 b[c]=2}rec{a=1}\n"),
            "axis a  = 3\n"
            "axis bc = 4\n"
            "axis d  = input\n"
            "\n"
            "let x = a\n"
            "block f(x) -> [a] { return x }\n"
            "block g(x) {\n"
            "  x = x\n"
            "  return x, -x\n"
            "}\n"
            "for l @ \"p\" { x = 1; y = 2 }\n"
            "for l {\n"
            "}\n"
            "rec {\n"
            "  a    = 1\n"
            "  b[c] = 2\n"
            "}\n"
            "rec a = 1\n");
}

TEST(Format, Choices) {
  EXPECT_EQ(formatted("if a {\n x = 1 } else if b { } else {\n y = 2 }"), "if a {\n"
                                                                          "  x = 1\n"
                                                                          "} else if b {\n"
                                                                          "} else {\n"
                                                                          "  y = 2\n"
                                                                          "}\n");
}

TEST(Format, CommentsStayWhereTheyAre) {
  EXPECT_EQ(
      formatted("# first\n\n# second\naxis a = 3    # of a\naxis bcd = 4 # of b\n\n"
                "block f(x) {# head\n  # inside\n\n  # before\n  x = g(x, # argument\n    y)\n"
                "  # last\n}   # end\nif a { # one\n x = 1 # two\n# three\n} else { # four\n"
                "x = 2\n# five\n}\nnames n {# six\n a = \"b\" # seven\n# eight\n}\n# nine"),
      "# first\n"
      "\n"
      "# second\n"
      "axis a   = 3  # of a\n"
      "axis bcd = 4  # of b\n"
      "\n"
      "block f(x) {  # head\n"
      "  # inside\n"
      "\n"
      "  # before\n"
      "  # argument\n"
      "  x = g(x, y)\n"
      "  # last\n"
      "}  # end\n"
      "if a {  # one\n"
      "  x = 1  # two\n"
      "  # three\n"
      "} else {  # four\n"
      "  x = 2\n"
      "  # five\n"
      "}\n"
      "names n {  # six\n"
      "  a = \"b\"  # seven\n"
      "  # eight\n"
      "}\n"
      "# nine\n");
}

TEST(Format, LongLinesAreBroken) {
  std::string a(50, 'a'), b(50, 'b'), c(50, 'c');
  EXPECT_EQ(formatted("x = " + a + " + " + b + " * 2 - " + c),
            "x = " + a + "\n    + " + b + " * 2\n    - " + c + "\n");
  EXPECT_EQ(formatted("x = f(" + a + ", " + b + ", 3)"), "x = f(" + a + ", " + b + ", 3)\n");
  EXPECT_EQ(formatted("x = fffffff[a](" + a + ", " + b + ", 3)"),
            "x = fffffff[a](\n    " + a + ", " + b + ", 3)\n");
  EXPECT_EQ(formatted("x = f(" + a + ", " + b + ", " + c + ")"),
            "x = f(\n    " + a + ",\n    " + b + ",\n    " + c + ")\n");
  EXPECT_EQ(formatted("x = if p { " + a + " } else if q { " + b + " } else { " + c + " }"),
            "x = if p { " + a + " }\n    else if q { " + b + " }\n    else { " + c + " }\n");
  EXPECT_EQ(formatted("return " + a + ", " + b + ", " + c),
            "return " + a + ",\n    " + b + ",\n    " + c + "\n");
}
