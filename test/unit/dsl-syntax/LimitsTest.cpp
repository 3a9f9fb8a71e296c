//===- LimitsTest.cpp - texts that are too deep, too long or too large ----------------------===//
#include "Support.h"
#include <ctime>
#include <gtest/gtest.h>

using namespace tril::dsl;
using namespace tril::dsl::test;

static std::string times(int n, const std::string &text) {
  std::string all;
  for (int i = 0; i < n; ++i)
    all += text;
  return all;
}

/// The first line of the messages and how many there are.
static std::string told(const std::string &text) {
  Parsed parsed(text);
  size_t n = parsed.diagnostics.all().size();
  if (n == 0)
    return "nothing";
  std::string messages = parsed.messages();
  messages.resize(messages.find('\n', messages.find('\n') + 1)); // message and place
  return messages + (n == 1 ? "" : " and " + std::to_string(n - 1) + " more");
}

TEST(Limits, BracketsAreNestedAtMost200Deep) {
  for (auto [open, close] : {std::pair("(", ")"),
                             {"[", "]"},
                             {"f(", ")"},
                             {"f[", "](x)"},
                             {"if a { ", " } else { b }"}}) {
    EXPECT_EQ(told("x = " + times(150, open) + "a" + times(150, close)), "nothing") << open;
  }
  EXPECT_EQ(told("x = " + times(200, "(") + "a" + times(200, ")")), "nothing");
  EXPECT_EQ(told("x = " + times(100, "f([-") + "a" + times(100, "])")), "nothing");
  EXPECT_EQ(told(times(200, "if a { ") + "x = 1" + times(200, " }")), "nothing");
  EXPECT_EQ(told(times(200, "block f() { ") + times(200, " }")), "nothing");
  EXPECT_EQ(told("x = " + times(201, "(") + "a" + times(201, ")")),
            "error[too-deep]: brackets are nested more than 200 levels deep\n --> text:1:205");
  EXPECT_EQ(told(times(1000000, "[")),
            "error[too-deep]: brackets are nested more than 200 levels deep\n --> text:1:201");
  EXPECT_EQ(told(times(20000, "if a {\n")),
            "error[too-deep]: brackets are nested more than 200 levels deep\n   --> text:201:6");
  // Brackets in comments and strings are none.
  EXPECT_EQ(told("x = \"" + times(300, "(") + "\" # " + times(300, "(")), "nothing");
}

TEST(Limits, TreesAreAtMost400High) {
  const char *message = "error[too-deep]: the expression is more than 400 operations deep\n";
  EXPECT_EQ(told("x = a" + times(399, "+a")), "nothing");
  EXPECT_EQ(told("x = a" + times(400, "+a")), message + std::string(" --> text:1:804"));
  EXPECT_EQ(told("x = a" + times(20000, " and a")), message + std::string(" --> text:1:2401"));
  EXPECT_EQ(told("x = a" + times(20000, ".b")), message + std::string(" --> text:1:805"));
  EXPECT_EQ(told("x = a" + times(20000, "[0]")), message + std::string(" --> text:1:5"));
  EXPECT_EQ(told("x = " + times(20000, "if a { b } else ") + "{ c }"),
            message + std::string(" --> text:1:313605"));
  // Chains inside brackets inside chains.
  EXPECT_EQ(told("x = " + times(100, "f(") + "a" + times(100, times(100, "+1") + ")")),
            message + std::string(" --> text:1:1001"));
  // A row of statements has no limit, and a list is not deep.
  EXPECT_EQ(told(times(20000, "x = a\n")), "nothing");
  EXPECT_EQ(told("x = [a" + times(20000, ", a") + "]"), "nothing");
}

TEST(Limits, OperatorsThatWait) {
  const char *message =
      "error[too-deep]: more than 400 operators wait for their operand\n --> text:1:";
  EXPECT_EQ(told("x = " + times(399, "-") + "a"), "nothing");
  EXPECT_EQ(told("x = " + times(20000, "-") + "a"), message + std::string("405"));
  EXPECT_EQ(told("x = " + times(20000, "not ") + "a"), message + std::string("1605"));
  EXPECT_EQ(told("x = a" + times(20000, "^a")), message + std::string("806"));
  EXPECT_EQ(told("x = " + times(20000, "if ")),
            "error[too-deep]: more than 100 `if` wait for their condition\n --> text:1:305");
  EXPECT_EQ(told("x = " + times(100, "if ") + "a" + times(100, "{ b } else { c }")), "nothing");
  EXPECT_EQ(told("if a { }" + times(399, " else if a { }")), "nothing");
  EXPECT_EQ(told("if a { }" + times(20000, " else if a { }")),
            "error[too-deep]: more than 400 `if` in one chain\n --> text:1:5601");
}

TEST(Limits, TextsAreAtMost64MiB) {
  EXPECT_EQ(told("x = a" + std::string(64 << 20, ' ')),
            "error[text-too-large]: the text is larger than 64 MiB\n --> text:1:1");
}

TEST(Limits, AtMost20SyntaxErrors) {
  Parsed parsed(times(1000, "x = \n"));
  EXPECT_EQ(parsed.diagnostics.all().size(), 20u);
}

TEST(Limits, TimeIsLinear) {
  // Of the processor, as machines are shared; and generous, as the sanitizers slow everything down.
  auto seconds = [](const std::string &text) {
    const std::clock_t begin = std::clock();
    Parsed parsed(text);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  EXPECT_LT(seconds("x = " + times(150, "(") + "a" + times(150, ")")), 2);
  EXPECT_LT(seconds("x = " + times(150, "if a { ") + "a" + times(150, " } else { b }")), 2);
  EXPECT_LT(seconds("x = " + times(150, "(") + "a" + times(150, " +)")), 2); // an error at the core
  EXPECT_LT(seconds(times(5000, "y = f[a]@\"p\"(x, -3 * b)[t = 1]\n")), 20);
  EXPECT_LT(seconds(times(200000, ")")), 20);
  EXPECT_LT(seconds(times(200000, "\"")), 20);
  EXPECT_LT(seconds("x = " + times(200000, "a ")), 20);
}
