//===- GrammarTokens.h - tokens, in Spirit X3 (included by Parser.cpp alone) ----------------===//
// Characters with a skipper.  Rules have human names: they are what a person reads after
// "expected".
#pragma once
#include "dsl/Infix.h"
#include "dsl/Parser.h"
#include <boost/spirit/home/x3.hpp>
#include <cmath>

// What a failed expectation names: the rule behind an action, the first of a sequence, each of
// several alternatives.
namespace boost::spirit::x3 {
template <typename Subject, typename Action> struct get_info<action<Subject, Action>> {
  typedef std::string result_type;
  std::string operator()(action<Subject, Action> const &p) const { return what(p.subject); }
};
template <typename Left, typename Right> struct get_info<alternative<Left, Right>> {
  typedef std::string result_type;
  std::string operator()(alternative<Left, Right> const &p) const {
    return what(p.left) + " or " + what(p.right);
  }
};
template <typename Left, typename Right> struct get_info<sequence<Left, Right>> {
  typedef std::string result_type;
  std::string operator()(sequence<Left, Right> const &p) const { return what(p.left); }
};
} // namespace boost::spirit::x3

// In Spirit `>` is a sequence, and rules are variables.
// NOLINTBEGIN(bugprone-throwing-static-initialization,bugprone-chained-comparison)
namespace tril::dsl::grammar {

namespace x3 = boost::spirit::x3;
using Iterator = const char *;

/// What the actions of one parse need; one parse runs at a time in a thread.
struct State {
  const Source *source = nullptr;
  int conditions = 0; // how many `if` wait for their condition
};
inline thread_local State state;

inline Span spanOf(Iterator begin, Iterator end) {
  const char *start = state.source->text.data();
  return {state.source, static_cast<uint32_t>(begin - start), static_cast<uint32_t>(end - start)};
}
/// The place of what `raw` matched, without blanks around it.
template <typename Range> Span spanOfRange(const Range &range) {
  Iterator begin = &*range.begin();
  return spanOf(begin, begin + range.size());
}

using x3::ascii::alnum;
using x3::ascii::alpha;
using x3::ascii::digit;

auto const skipper = x3::ascii::space | ('#' >> *(x3::char_ - '\n'));

auto const wordEnd = !(alnum | x3::char_('_'));
inline auto word(const char *text) { return x3::lexeme[x3::lit(text) >> wordEnd]; }

#define TRIL_TOKEN(id, human, parser) auto const id = x3::rule<struct id##_tag>{human} = parser
TRIL_TOKEN(equals, "`=`", x3::lexeme[x3::lit('=') >> !x3::lit('=')]);
TRIL_TOKEN(comma, "`,`", x3::lit(','));
TRIL_TOKEN(open, "`(`", x3::lit('('));
TRIL_TOKEN(close, "`)`", x3::lit(')'));
TRIL_TOKEN(closeList, "`,` or `)`", x3::lit(')'));
TRIL_TOKEN(openBracket, "`[`", x3::lit('['));
TRIL_TOKEN(closeBracket, "`,` or `]`", x3::lit(']'));
TRIL_TOKEN(openBrace, "`{`", x3::lit('{'));
TRIL_TOKEN(closeBrace, "`}`", x3::lit('}'));
TRIL_TOKEN(closeBody, "a statement or `}`", x3::lit('}'));
TRIL_TOKEN(bar, "`|`", x3::lit('|'));
TRIL_TOKEN(arrow, "`->`", x3::lit("->"));
TRIL_TOKEN(kwElse, "`else`", word("else"));
TRIL_TOKEN(kwIn, "`in`", word("in"));
TRIL_TOKEN(kwInput, "`input`", word("input"));
#undef TRIL_TOKEN

auto const letters = x3::lexeme[(alpha | x3::char_('_')) >> *(alnum | x3::char_('_'))];

x3::rule<struct NameTag, ast::Name> const name = "a name";
auto const setName = [](auto &ctx) {
  Span span = spanOfRange(_attr(ctx));
  std::string text(&*_attr(ctx).begin(), _attr(ctx).size());
  if (isKeyword(text))
    _pass(ctx) = false;
  _val(ctx) = {std::move(text), span};
};
auto const name_def = x3::raw[letters][setName];

/// Keys after a dot may be words that are reserved elsewhere.
x3::rule<struct KeyTag, ast::Name> const key = "a key";
auto const setKey = [](auto &ctx) {
  _val(ctx) = {std::string(&*_attr(ctx).begin(), _attr(ctx).size()), spanOfRange(_attr(ctx))};
};
auto const key_def = x3::raw[letters][setKey];

x3::rule<struct AnyNameTag, ast::Name> const nameOrRest = "a name";
auto const takeName = [](auto &ctx) { _val(ctx) = std::move(_attr(ctx)); };
auto const setRest = [](auto &ctx) { _val(ctx).rest = true; };
auto const nameOrRest_def = name[takeName] >> -x3::lit("...")[setRest];

/// A string with the place of its quotes.
struct Quoted {
  ast::String value;
  Span span;
};
x3::rule<struct QuotedTag, Quoted> const quoted = "a string";
auto const setQuoted = [](auto &ctx) {
  Iterator begin = &*_attr(ctx).begin(), end = begin + _attr(ctx).size();
  if (end - begin < 2 || end[-1] != '"')
    throw Refusal{Kind::unterminated_string, spanOf(begin, end),
                  "the string does not end on its line", "a string ends with `\"`"};
  _val(ctx) = {{std::string(begin + 1, end - 1)}, spanOf(begin, end)};
};
auto const quoted_def =
    x3::raw[x3::lexeme['"' >> *(x3::char_ - x3::char_("\"\n\r")) >> -x3::lit('"')]][setQuoted];

auto const push = [](auto &ctx) { _val(ctx).push_back(std::move(_attr(ctx))); };
x3::rule<struct AxesTag, ast::Axes> const axes = "axes between `[` and `]`";
auto const axes_def = openBracket >
                      -(nameOrRest[push] > *(comma > nameOrRest[push])) > closeBracket;

} // namespace tril::dsl::grammar
// NOLINTEND(bugprone-throwing-static-initialization,bugprone-chained-comparison)
