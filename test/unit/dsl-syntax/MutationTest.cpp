//===- MutationTest.cpp - damaged texts -----------------------------------------------------===//
// Published texts, damaged in every way that comes to mind: the parser tells something or makes a
// tree, and whatever it makes can be printed, formatted and parsed again.
#include "Support.h"
#include "dsl/Format.h"
#include "dsl/Printer.h"
#include <cstdlib>
#include <ctime>
#include <gtest/gtest.h>
#include <random>

using namespace tril::dsl;
using namespace tril::dsl::test;

static void check(const std::string &text) {
  Parsed parsed(text);
  for (const Diagnostic &d : parsed.diagnostics.all()) {
    ASSERT_EQ(d.span.source, parsed.source.get()) << text;
    ASSERT_LE(d.span.begin, d.span.end) << text;
    ASSERT_LE(d.span.end, text.size()) << text;
  }
  ASSERT_EQ(parsed.messages().empty(), parsed.diagnostics.all().empty());
  std::string tree = print(parsed.program);
  if (parsed.diagnostics.hasErrors())
    return;
  std::string canonical = format(parsed.program);
  Parsed again(canonical);
  ASSERT_EQ(again.messages(), "") << text;
  ASSERT_EQ(print(again.program), tree) << text;
  ASSERT_EQ(format(again.program), canonical) << text;
}

TEST(Mutation, DamagedTexts) {
  std::vector<std::string> texts;
  for (const auto &path : correctTexts())
    texts.push_back(readFile(path));
  static const std::string pieces[] = {"(",
                                       ")",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       ",",
                                       "=",
                                       "==",
                                       "->",
                                       "-",
                                       "+",
                                       "^",
                                       "??",
                                       "|",
                                       "@",
                                       "\"",
                                       "#",
                                       ";",
                                       ".",
                                       "...",
                                       "\n",
                                       " ",
                                       "where ",
                                       "else ",
                                       "if ",
                                       "not ",
                                       "in ",
                                       "rec ",
                                       "block ",
                                       "return ",
                                       "x",
                                       "3",
                                       "1e400",
                                       "\xc3\xa9",
                                       "\xff",
                                       std::string(1, '\0'),
                                       "[a](",
                                       "if a { "};
  // TRIL_FUZZ_SECONDS=600 looks longer, at other texts each time.
  const char *longer = std::getenv("TRIL_FUZZ_SECONDS");
  std::mt19937_64 random(longer ? std::random_device()() : 20240711);
  auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  // Of the processor: on a busy machine as many texts are looked at.
  const std::clock_t begin = std::clock();
  const double seconds = longer ? std::strtod(longer, nullptr) : 3;
  auto inTime = [&] {
    return static_cast<double>(std::clock() - begin) < seconds * CLOCKS_PER_SEC;
  };
  int count = 0;
  for (; (longer || count < 4000) && inTime(); ++count) {
    std::string text = texts[below(texts.size())];
    if (below(2)) { // a small text is damaged more thoroughly
      size_t begin = below(text.size());
      text = text.substr(begin, 1 + below(300));
    }
    for (size_t k = 1 + below(4); k > 0; --k) {
      size_t at = below(text.size() + 1), length = std::min(text.size() - at, below(40));
      switch (below(6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(at, length));
        break;
      case 2:
        text.insert(at, pieces[below(std::size(pieces))]);
        break;
      case 3:
        if (const std::string &other = texts[below(texts.size())]; true)
          text.insert(at, other, below(other.size()), length);
        break;
      case 4:
        if (at < text.size())
          text[at] = static_cast<char>(below(256));
        break;
      default:
        if (at < text.size())
          text.replace(at, 1, pieces[below(std::size(pieces))]);
        break;
      }
    }
    check(text);
    if (HasFatalFailure())
      return;
  }
  EXPECT_GT(count, 50);
}

TEST(Mutation, RandomBytes) {
  std::mt19937_64 random(7); // NOLINT(bugprone-random-generator-seed): the same texts each time
  for (int i = 0; i < 500; ++i) {
    std::string text(random() % 200, ' ');
    for (char &c : text) // every third text is of printable characters
      c = static_cast<char>(i % 3 ? random() % 256 : 32 + random() % 95);
    check(text);
    if (HasFatalFailure())
      return;
  }
}

TEST(Mutation, EveryPrefix) {
  std::string text = readFile(std::filesystem::path(TRIL_TEST_SYNTAX) / "everything.tril");
  for (size_t n = 0; n <= text.size(); n += 1 + n / 20) {
    check(text.substr(0, n));
    if (HasFatalFailure())
      return;
  }
}
