//===- DiagnosticTest.cpp - how messages look -----------------------------------------------===//
#include "dsl/Diagnostic.h"
#include "dsl/Utf8.h"
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

using namespace tril::dsl;

namespace {

struct Text {
  explicit Text(std::string text) : source{"llama.tril", std::move(text)} {}
  Span at(const std::string &part) const {
    uint32_t begin = static_cast<uint32_t>(source.text.find(part));
    return {&source, begin, static_cast<uint32_t>(begin + part.size())};
  }
  Source source;
};

} // namespace

TEST(Diagnostic, HasPlaceLineLabelNotesAndHelp) {
  Text text("axis embed = 3\nx = sum[emebd](y)\n");
  Diagnostics diagnostics;
  diagnostics.error(Kind::unknown_axis, text.at("emebd"), "there is no axis `emebd`")
      .label("not declared")
      .note(text.at("embed"), "`embed` is declared here")
      .note(Span(), "axes are declared with `axis`")
      .help("did you mean `embed`?");
  EXPECT_EQ(render(diagnostics.all()[0], false), R"(error[unknown-axis]: there is no axis `emebd`
 --> llama.tril:2:9
  |
2 | x = sum[emebd](y)
  |         ^^^^^ not declared
note: `embed` is declared here
 --> llama.tril:1:6
  |
1 | axis embed = 3
  |      -----
  = note: axes are declared with `axis`
  = help: did you mean `embed`?
)");
}

TEST(Diagnostic, OfNoPlace) {
  Diagnostic d{Kind::missing_tensor, Severity::warning, Span(), "no tensor `a`"};
  EXPECT_EQ(render(d, false), "warning[missing-tensor]: no tensor `a`\n");
}

TEST(Diagnostic, InColour) {
  Text text("x = a\n");
  Diagnostic d{Kind::syntax, Severity::error, text.at("a"), "no"};
  EXPECT_EQ(render(d, true), "\033[1;31merror[syntax]\033[0m\033[1m: no\033[0m\n"
                             " \033[34m--> \033[0mllama.tril:1:5\n"
                             " \033[34m |\033[0m\n"
                             "\033[34m1 |\033[0m x = a\n"
                             " \033[34m |\033[0m     \033[1;31m^\033[0m\n");
}

TEST(Diagnostic, NumbersOfLinesGetRoom) {
  Text text("a\n\n\n\n\n\n\n\n\nb\n");
  Diagnostic d{Kind::syntax, Severity::error, text.at("b"), "no", "", {{text.at("a"), "see"}}};
  EXPECT_EQ(render(d, false), R"(error[syntax]: no
  --> llama.tril:10:1
   |
10 | b
   | ^
note: see
  --> llama.tril:1:1
   |
 1 | a
   | -
)");
}

TEST(Diagnostic, UnderlinesWhatIsShown) {
  auto lines = [](const std::string &text, const std::string &part) {
    Text t(text);
    std::string all = render(Diagnostic{Kind::syntax, Severity::error, t.at(part), "no"}, false);
    return all.substr(all.find("  |\n") + 4);
  };
  EXPECT_EQ(lines("\tx\ty", "y"), "1 |     x    y\n  |          ^\n");
  EXPECT_EQ(lines("é = \"日本\" z", "\"日本\""), "1 | é = \"日本\" z\n  |     ^^^^^^\n");
  EXPECT_EQ(lines("日本 z", "z"), "1 | 日本 z\n  |      ^\n");
  EXPECT_EQ(lines("a\xcc\x81 z", "z"), "1 | a\xcc\x81 z\n  |   ^\n"); // a combining mark
  EXPECT_EQ(lines("a\xff z", "z"), "1 | a? z\n  |    ^\n");
  EXPECT_EQ(lines("a\x1b[31m z", "z"), "1 | a?[31m z\n  |        ^\n"); // no escape gets out
  // Of several lines the first.
  EXPECT_EQ(lines("f(a,\n  b)\n", "(a,\n  b)"), "1 | f(a,\n  |  ^^^\n");
  // The end of a text, of a line.
  EXPECT_EQ(lines("ab\r\nc", "\r\n"), "1 | ab\n  |   ^\n");
}

TEST(Diagnostic, LongLinesAreCut) {
  std::string before(500, 'a'), after(500000, 'b');
  Text text(before + " HERE " + after);
  Diagnostic d{Kind::syntax, Severity::error, text.at("HERE"), "no"};
  EXPECT_EQ(render(d, false), "error[syntax]: no\n --> llama.tril:1:502\n  |\n1 | ... " +
                                  std::string(29, 'a') + " HERE " + std::string(85, 'b') +
                                  " ...\n  | " + std::string(34, ' ') + "^^^^\n");
  // No character is cut in two.
  std::string wide;
  for (int i = 0; i < 1000; ++i)
    wide += "日";
  Text other(wide + "x" + wide);
  std::string all = render(Diagnostic{Kind::syntax, Severity::error, other.at("x"), "no"}, false);
  for (size_t i = 0; i < all.size();) {
    ASSERT_NE(characterAt(all, i).bytes, 0u);
    i += characterAt(all, i).bytes;
  }
}

TEST(Diagnostic, AreSortedByPlaceAndToldOnce) {
  Text text("a b c\n");
  Diagnostics diagnostics;
  diagnostics.error(Kind::syntax, text.at("c"), "third");
  diagnostics.warning(Kind::syntax, text.at("a"), "first");
  diagnostics.error(Kind::syntax, text.at("b"), "second");
  diagnostics.error(Kind::syntax, text.at("c"), "third");
  std::vector<std::string> messages;
  for (const Diagnostic &d : diagnostics.sorted())
    messages.push_back(d.message);
  EXPECT_EQ(messages, (std::vector<std::string>{"first", "second", "third"}));
  std::string all = render(diagnostics, false);
  EXPECT_TRUE(all.ends_with("\n2 errors, 1 warning\n")) << all;
  EXPECT_TRUE(diagnostics.hasErrors());
  EXPECT_EQ(render(Diagnostics(), false), "");
}

TEST(Diagnostic, WarningsAreNoErrors) {
  Diagnostics diagnostics;
  diagnostics.warning(Kind::syntax, Span(), "careful");
  EXPECT_FALSE(diagnostics.hasErrors());
  EXPECT_EQ(render(diagnostics, false), "warning[syntax]: careful\n\n1 warning\n");
}

TEST(Diagnostic, AsJson) {
  Text text("axis a = 3\nx = b\n");
  Diagnostics diagnostics;
  diagnostics.error(Kind::unknown_name, text.at("b"), "there is no `b`")
      .label("here")
      .note(text.at("a = 3"), "a note")
      .note(Span(), "of no place")
      .help("a help");
  EXPECT_EQ(toJson(diagnostics), nlohmann::json::parse(R"([{
    "kind": "unknown-name", "severity": "error", "message": "there is no `b`", "label": "here",
    "span": {"file": "llama.tril", "begin": {"offset": 15, "line": 2, "column": 5},
             "end": {"offset": 16, "line": 2, "column": 6}},
    "notes": [{"text": "a note",
               "span": {"file": "llama.tril", "begin": {"offset": 5, "line": 1, "column": 6},
                        "end": {"offset": 10, "line": 1, "column": 11}}},
              {"text": "of no place", "span": null}],
    "help": ["a help"]}])"));
}

TEST(Diagnostic, KindsHaveStableNamesAndMeanings) {
  std::set<std::string> names;
  for (Kind kind : allKinds()) {
    EXPECT_TRUE(names.insert(kindName(kind)).second) << kindName(kind);
    EXPECT_EQ(kindName(kind).find_first_not_of("abcdefghijklmnopqrstuvwxyz-"), std::string::npos);
    EXPECT_FALSE(kindMeaning(kind).empty());
  }
  EXPECT_EQ(kindName(Kind::unterminated_string), "unterminated-string");
}

TEST(Nearest, FindsMisspellings) {
  std::vector<std::string> names = {"embed", "expert", "feature", "group", "x"};
  EXPECT_EQ(nearest("emebd", names), "embed"); // two letters swapped
  EXPECT_EQ(nearest("embedd", names), "embed");
  EXPECT_EQ(nearest("fature", names), "feature");
  EXPECT_EQ(nearest("gruop", names), "group");
  EXPECT_EQ(nearest("vocab", names), "");
  EXPECT_EQ(nearest("embed", {"embed"}), ""); // it is no other name
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("embed", {}), "");
}

TEST(Utf8, OnlyWhatRfc3629Allows) {
  EXPECT_EQ(characterAt("a", 0).code, U'a');
  EXPECT_EQ(characterAt("é", 0).code, U'é');
  EXPECT_EQ(characterAt("日", 0).bytes, 3u);
  EXPECT_EQ(characterAt("😀", 0).code, U'😀');
  for (const char *bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xff"})
    EXPECT_EQ(characterAt(bad, 0).bytes, 0u) << bad;
  EXPECT_EQ(displayWidth(U'a'), 1u);
  EXPECT_EQ(displayWidth(U'日'), 2u);
  EXPECT_EQ(displayWidth(0x301), 0u);
}
