//===- Grammar.h - the grammar, in Spirit X3 (included by Parser.cpp alone)
//---------------------------------===//
// Works on characters with a skipper.  Every alternative is decided by its first token, so nothing
// is parsed twice.  Rules have human names: they are what a person reads after "expected".
#pragma once
#include "dsl/Ast.h"
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

namespace tril::dsl::grammar {

namespace x3 = boost::spirit::x3;
using Iterator = const char *;

// The source that spans refer to, and how deep the parser is; one parse runs at a time in a thread.
struct State {
  const Source *source = nullptr;
  int depth = 0;
};
inline thread_local State state;

constexpr int deepest = 100; // nested brackets
constexpr int deepestRule =
    400; // nested rules: three for a pair of brackets, one for a choice or a sign
constexpr int longest = 2000; // operators in one chain

/// Thrown where a text is nested too deep, or a number too large.
struct Refusal {
  Kind kind;
  Iterator where;
  std::string message;
};

inline Span spanOf(Iterator begin, Iterator end) {
  const char *start = state.source->text.data();
  return {state.source, static_cast<uint32_t>(begin - start), static_cast<uint32_t>(end - start)};
}

inline Span join(const Span &a, const Span &b) { return {a.source, a.begin, b.end}; }

template <typename Node> ast::ExprPtr make(Span span, Node node) {
  return std::make_shared<const ast::Expr>(ast::Expr{span, std::move(node)});
}

/// Refuses to go deeper than `deepest`.
template <typename Subject> struct Guard : x3::unary_parser<Subject, Guard<Subject>> {
  using base = x3::unary_parser<Subject, Guard<Subject>>;
  static bool const is_pass_through_unary = true;
  constexpr Guard(Subject const &subject) : base(subject) {}
  template <typename It, typename Context, typename RContext, typename Attribute>
  bool parse(It &first, It const &last, Context const &context, RContext &rcontext,
             Attribute &attribute) const {
    struct Level {
      Level(It where) {
        if (++state.depth > deepestRule) {
          state.depth = 0;
          throw Refusal{Kind::too_deep, where, "the expression is nested too deep"};
        }
      }
      ~Level() { state.depth = std::max(0, state.depth - 1); }
    } level(first);
    return this->subject.parse(first, last, context, rcontext, attribute);
  }
};
template <typename Subject> auto guard(Subject const &subject) {
  return Guard<typename x3::extension::as_parser<Subject>::value_type>(x3::as_parser(subject));
}

//===-------------------------------------------------------------------------------------------===//
// Tokens
//===-------------------------------------------------------------------------------------------===//

auto const wordEnd = !(x3::alnum | x3::char_('_'));
inline auto word(const char *text) { return x3::lexeme[x3::lit(text) >> wordEnd]; }
#define TRIL_TOKEN(id, human, parser) auto const id = x3::rule<struct id##_tag>{human} = parser
TRIL_TOKEN(equals, "`=`", x3::lexeme[x3::lit('=') >> !x3::lit('=')]);
TRIL_TOKEN(comma, "`,`", x3::lit(','));
TRIL_TOKEN(open, "`(`", x3::lit('('));
TRIL_TOKEN(close, "`)`", x3::lit(')'));
TRIL_TOKEN(openBracket, "`[`", x3::lit('['));
TRIL_TOKEN(closeBracket, "`]`", x3::lit(']'));
TRIL_TOKEN(openBrace, "`{`", x3::lit('{'));
TRIL_TOKEN(closeBrace, "`}`", x3::lit('}'));
TRIL_TOKEN(bar, "`|`", x3::lit('|'));
TRIL_TOKEN(arrow, "`->`", x3::lit("->"));
TRIL_TOKEN(kwElse, "`else`", word("else"));
TRIL_TOKEN(kwIn, "`in`", word("in"));
TRIL_TOKEN(kwInput, "`input`", word("input"));
#undef TRIL_TOKEN

/// What on_success sets: the place of a match.
struct Placed {
  template <typename It, typename Context>
  void on_success(It const &first, It const &last, ast::Name &name, Context const &) {
    name.span = spanOf(first, first + name.text.size());
    (void)last;
  }
};
struct NameTag : Placed {};
x3::rule<NameTag, ast::Name> const name = "a name";
auto const setText = [](auto &ctx) {
  std::string text(_attr(ctx).begin(), _attr(ctx).end());
  if (isKeyword(text))
    _pass(ctx) = false;
  _val(ctx).text = std::move(text);
};
auto const name_def =
    x3::raw[x3::lexeme[(x3::alpha | x3::char_('_')) >> *(x3::alnum | x3::char_('_'))]][setText];

x3::rule<struct AnyNameTag, ast::Name> const nameOrRest = "a name";
auto const takeName = [](auto &ctx) { _val(ctx) = _attr(ctx); };
auto const setRest = [](auto &ctx) { _val(ctx).rest = true; };
auto const nameOrRest_def = name[takeName] >> -x3::lit("...")[setRest];

/// A string with the place of its quotes.
struct Quoted {
  ast::String value;
  Span span;
};
x3::rule<struct QuotedTag, Quoted> const quoted = "a string";
auto const setQuoted = [](auto &ctx) {
  auto range = _attr(ctx);
  Iterator begin = &*range.begin(), end = begin + range.size();
  _val(ctx) = {{std::string(begin + 1, end - 1)}, spanOf(begin, end)};
};
auto const quoted_def =
    x3::raw[x3::lexeme['"' >> *(x3::char_ - (x3::lit('"') | '\n')) >> '"']][setQuoted];

x3::rule<struct AxesTag, ast::Axes> const axes = "axes between `[` and `]`";
auto const push = [](auto &ctx) { _val(ctx).push_back(_attr(ctx)); };
auto const axes_def = openBracket >
                      -(nameOrRest[push] > *(comma > nameOrRest[push])) > closeBracket;

//===-------------------------------------------------------------------------------------------===//
// Expressions, loosest binding first
//===-------------------------------------------------------------------------------------------===//

using ast::BinaryOp;
using ast::ExprPtr;

x3::rule<struct ExprTag, ExprPtr> const expr = "an expression";
x3::rule<struct HoleTag, ExprPtr> const hole = "an expression";
x3::rule<struct OrTag, ExprPtr> const disjunction = "an expression";
x3::rule<struct AndTag, ExprPtr> const conjunction = "an expression";
x3::rule<struct NotTag, ExprPtr> const negation = "an expression";
x3::rule<struct CompareTag, ExprPtr> const comparison = "an expression";
x3::rule<struct AddTag, ExprPtr> const sum = "an expression";
x3::rule<struct MulTag, ExprPtr> const product = "an expression";
x3::rule<struct UnaryTag, ExprPtr> const unary = "an expression";
x3::rule<struct PowerTag, ExprPtr> const power = "an expression";
x3::rule<struct PostfixTag, ExprPtr> const postfix = "an expression";
x3::rule<struct PrimaryTag, ExprPtr> const primary = "an expression";

auto const first = [](auto &ctx) { _val(ctx) = _attr(ctx); };

/// An operator with its place, then its right operand.
struct Tail {
  BinaryOp op;
  Span span;
  ExprPtr rhs;
};
auto const setRhs = [](auto &ctx) { _val(ctx).rhs = _attr(ctx); };
template <BinaryOp op>
auto const is = [](auto &ctx) {
  auto range = _attr(ctx);
  Iterator begin = &*range.begin();
  _val(ctx).op = op;
  _val(ctx).span = spanOf(begin, begin + range.size());
};
auto const attach = [](auto &ctx) {
  Tail &tail = _attr(ctx);
  ExprPtr lhs = _val(ctx);
  _val(ctx) = make(join(lhs->span, tail.rhs->span), ast::Binary{tail.op, lhs, tail.rhs, tail.span});
};

#define TRIL_OP(op, parser) x3::raw[parser][is<BinaryOp::op>]
x3::rule<struct CoalesceTail, Tail> const coalesceTail = "`??`";
auto const coalesceTail_def = TRIL_OP(coalesce, x3::lit("??")) > hole[setRhs];
x3::rule<struct HoleTail, Tail> const holeTail = "`where` or `else`";
auto const holeTail_def =
    (TRIL_OP(where, word("where")) | TRIL_OP(else_, word("else"))) > disjunction[setRhs];
x3::rule<struct OrTail, Tail> const orTail = "`or`";
auto const orTail_def = TRIL_OP(or_, word("or")) > conjunction[setRhs];
x3::rule<struct AndTail, Tail> const andTail = "`and`";
auto const andTail_def = TRIL_OP(and_, word("and")) > negation[setRhs];
x3::rule<struct CompareTail, Tail> const compareTail = "a comparison";
auto const compareTail_def =
    (TRIL_OP(le, x3::lit("<=")) | TRIL_OP(lt, x3::lit('<')) | TRIL_OP(ge, x3::lit(">=")) |
     TRIL_OP(gt, x3::lit('>')) | TRIL_OP(eq, x3::lit("==")) | TRIL_OP(ne, x3::lit("!=")) |
     TRIL_OP(in, word("in"))) > sum[setRhs];
x3::rule<struct AddTail, Tail> const addTail = "`+` or `-`";
auto const addTail_def =
    (TRIL_OP(add, x3::lit('+')) | TRIL_OP(sub, x3::lexeme['-' >> !x3::lit('>')])) > product[setRhs];
x3::rule<struct MulTail, Tail> const mulTail = "`*`, `/` or `%`";
auto const mulTail_def = (TRIL_OP(mul, x3::lit('*')) | TRIL_OP(div, x3::lit('/')) |
                          TRIL_OP(mod, x3::lit('%'))) > unary[setRhs];
x3::rule<struct PowerTail, Tail> const powerTail = "`^`";
auto const powerTail_def = TRIL_OP(pow, x3::lit('^')) > unary[setRhs];
#undef TRIL_OP

template <typename Tail_> auto chain(Tail_ const &tail) {
  return x3::repeat(0, longest)[tail[attach]];
}
auto const tooLong = [](auto &ctx) {
  throw Refusal{Kind::too_deep, &*_attr(ctx).begin(),
                "more than " + std::to_string(longest) + " operators in a row"};
};

auto const expr_def =
    guard(hole[first] >> chain(coalesceTail) >> -(x3::raw[x3::lit("??")][tooLong]));
auto const hole_def = disjunction[first] >> chain(holeTail) >>
                      -(x3::raw[word("where") | word("else")][tooLong]);
auto const disjunction_def = conjunction[first] >> chain(orTail) >> -(x3::raw[word("or")][tooLong]);
auto const conjunction_def = negation[first] >> chain(andTail) >> -(x3::raw[word("and")][tooLong]);
auto const comparison_def = sum[first] >> -compareTail[attach];
auto const sum_def = product[first] >> chain(addTail) >>
                     -(x3::raw[x3::lit('+') | x3::lexeme['-' >> !x3::lit('>')]][tooLong]);
auto const product_def = unary[first] >> chain(mulTail) >> -(x3::raw[x3::char_("*/%")][tooLong]);
auto const power_def = postfix[first] >> -powerTail[attach];

/// `-x`, `not x`
struct Prefix {
  Span span;
  ExprPtr operand;
};
auto const setPrefix = [](auto &ctx) {
  Iterator begin = &*_attr(ctx).begin();
  _val(ctx).span = spanOf(begin, begin + _attr(ctx).size());
};
auto const setOperand = [](auto &ctx) { _val(ctx).operand = _attr(ctx); };
template <ast::UnaryOp op>
auto const prefix = [](auto &ctx) {
  Prefix &p = _attr(ctx);
  _val(ctx) = make(join(p.span, p.operand->span), ast::Unary{op, p.operand});
};
x3::rule<struct MinusTag, Prefix> const minus = "`-`";
auto const minus_def = x3::raw[x3::lexeme['-' >> !x3::lit('>')]][setPrefix] > unary[setOperand];
x3::rule<struct NotWordTag, Prefix> const notWord = "`not`";
auto const notWord_def = x3::raw[word("not")][setPrefix] > negation[setOperand];
auto const unary_def = guard(minus[prefix<ast::UnaryOp::neg>] | power[first]);
auto const negation_def = guard(notWord[prefix<ast::UnaryOp::not_>] | comparison[first]);

//===-------------------------------------------------------------------------------------------===//
// Postfix: .key  [items]  (arguments)  [items]@"prefix"(arguments)
//===-------------------------------------------------------------------------------------------===//

x3::rule<struct ItemTag, ast::Item> const item = "an expression";
auto const itemKey = [](auto &ctx) {
  _val(ctx) = ast::Item{ast::Item::plain, _attr(ctx), nullptr};
};
template <ast::Item::Kind kind>
auto const itemValue = [](auto &ctx) {
  _val(ctx).kind = kind;
  _val(ctx).value = _attr(ctx);
};
auto const item_def = expr[itemKey] >> -((equals > expr[itemValue<ast::Item::equal>]) |
                                         (arrow > expr[itemValue<ast::Item::arrow>]));

using Items = std::vector<ast::Item>;
using Exprs = std::vector<ExprPtr>;
x3::rule<struct ItemsTag, Items> const items = "items between `[` and `]`";
auto const items_def = openBracket > -(item[push] > *(comma > item[push])) > closeBracket;
x3::rule<struct ArgumentsTag, Exprs> const arguments = "arguments between `(` and `)`";
auto const arguments_def = open > -(expr[push] > *(comma > expr[push])) > close;

/// Whether what was parsed so far can be called: a name, or a name with brackets.
inline bool isCallable(const ExprPtr &e) {
  if (std::holds_alternative<ast::Ref>(e->node))
    return true;
  auto *index = std::get_if<ast::Index>(&e->node);
  return index && std::holds_alternative<ast::Ref>(index->object->node);
}
/// `end` of a range: its last character that is no blank.
template <typename Range> Span spanOfRange(const Range &range) {
  Iterator begin = &*range.begin();
  return spanOf(begin, begin + range.size());
}

struct CallTail {
  std::optional<Quoted> prefix;
  Exprs arguments;
};
x3::rule<struct CallTailTag, CallTail> const callTail = "a call";
auto const setCallPrefix = [](auto &ctx) { _val(ctx).prefix = _attr(ctx); };
auto const setArguments = [](auto &ctx) { _val(ctx).arguments = std::move(_attr(ctx)); };
auto const callTail_def =
    ('@' > quoted[setCallPrefix] > arguments[setArguments]) | arguments[setArguments];

auto const checkCallable = [](auto &ctx) { _pass(ctx) = isCallable(_val(ctx)); };
auto const addKey = [](auto &ctx) {
  ast::Name &key = _attr(ctx);
  _val(ctx) = make(join(_val(ctx)->span, key.span), ast::Dot{_val(ctx), key});
};
auto const addItems = [](auto &ctx) {
  _val(ctx) = make(_val(ctx)->span, ast::Index{_val(ctx), std::move(_attr(ctx))});
};
auto const addCall = [](auto &ctx) {
  CallTail &tail = _attr(ctx);
  ast::Call call;
  const ast::Expr &target = *_val(ctx);
  const ast::Expr *object = &target;
  call.bracketed = false;
  if (auto *index = std::get_if<ast::Index>(&target.node)) {
    call.bracketed = true;
    call.items = index->items;
    object = index->object.get();
  }
  call.callee = {std::get<ast::Ref>(object->node).name, object->span};
  if (tail.prefix) {
    call.prefix = tail.prefix->value;
    call.prefixSpan = tail.prefix->span;
  }
  call.arguments = std::move(tail.arguments);
  _val(ctx) = make(_val(ctx)->span, std::move(call));
};
/// Keys after a dot may be words that are reserved elsewhere.
struct KeyTag : Placed {};
x3::rule<KeyTag, ast::Name> const key = "a key";
auto const setKey = [](auto &ctx) { _val(ctx).text.assign(_attr(ctx).begin(), _attr(ctx).end()); };
auto const key_def =
    x3::raw[x3::lexeme[(x3::alpha | x3::char_('_')) >> *(x3::alnum | x3::char_('_'))]][setKey];

/// Widens the span of the value to the end of what matched.
auto const widen = [](auto &ctx) {
  Iterator begin = &*_attr(ctx).begin();
  ExprPtr value = _val(ctx);
  uint32_t end = spanOf(begin, begin + _attr(ctx).size()).end;
  if (value->span.end != end) {
    auto copy = std::make_shared<ast::Expr>(*value);
    copy->span.end = end;
    _val(ctx) = copy;
  }
};
auto const suffix_ =
    (x3::lexeme['.' >> !x3::lit('.')] > key[addKey]) | x3::raw[items[addItems]][widen] |
    x3::raw[&x3::char_("(@") >> x3::eps[checkCallable] >> callTail[addCall]][widen];
auto const postfix_def = primary[first] >> x3::repeat(0, longest)[suffix_];

//===-------------------------------------------------------------------------------------------===//
// Primary
//===-------------------------------------------------------------------------------------------===//

x3::rule<struct NumberTag, ExprPtr> const number = "a number";
auto const setNumber = [](auto &ctx) {
  std::string text(_attr(ctx).begin(), _attr(ctx).end());
  double value = std::strtod(text.c_str(), nullptr);
  Iterator begin = &*_attr(ctx).begin();
  if (!std::isfinite(value))
    throw Refusal{Kind::invalid_number, begin,
                  "the number `" + (text.size() > 24 ? text.substr(0, 24) + "..." : text) +
                      "` is too large"};
  _val(ctx) = make(spanOf(begin, begin + text.size()),
                   ast::Number{value, text.find_first_of(".eE") == std::string::npos});
};
auto const number_def =
    x3::raw[x3::lexeme[+x3::digit >> -('.' >> *x3::digit) >>
                       -(x3::char_("eE") >> -x3::char_("+-") >> +x3::digit) >> wordEnd]][setNumber];

template <typename Node> auto const wordValue(Node node) {
  return [node](auto &ctx) { _val(ctx) = make(spanOfRange(_attr(ctx)), node); };
}
auto const setString = [](auto &ctx) { _val(ctx) = make(_attr(ctx).span, _attr(ctx).value); };
auto const setRef = [](auto &ctx) { _val(ctx) = make(_attr(ctx).span, ast::Ref{_attr(ctx).text}); };
auto const setFail = [](auto &ctx) {
  _val(ctx) = make(_attr(ctx).span, ast::Fail{_attr(ctx).value.text});
};
auto const setSize = [](auto &ctx) { _val(ctx) = make(_attr(ctx).span, ast::Size{_attr(ctx)}); };
auto const setList = [](auto &ctx) {
  _val(ctx) = make(Span{state.source, 0, 0}, ast::List{std::move(_attr(ctx))});
};
/// Gives the value exactly the place that matched (brackets included).
auto const place = [](auto &ctx) {
  auto copy = std::make_shared<ast::Expr>(*_val(ctx));
  copy->span = spanOfRange(_attr(ctx));
  _val(ctx) = copy;
};

x3::rule<struct ListTag, Exprs> const list = "a list";
auto const list_def = openBracket > -(expr[push] > *(comma > expr[push])) > closeBracket;

x3::rule<struct ChoiceTag, ast::If> const choice = "`if`";
auto const setCondition = [](auto &ctx) { _val(ctx).condition = _attr(ctx); };
auto const setThen = [](auto &ctx) { _val(ctx).then = _attr(ctx); };
auto const setOtherwise = [](auto &ctx) { _val(ctx).otherwise = _attr(ctx); };
x3::rule<struct ChoiceExprTag, ExprPtr> const choiceExpr = "`if`";
auto const setChoice = [](auto &ctx) {
  _val(ctx) = make(Span{state.source, 0, 0}, std::move(_attr(ctx)));
};
auto const choice_def = word("if") > expr[setCondition] > openBrace > expr[setThen] > closeBrace >
                        kwElse >
                        (choiceExpr[setOtherwise] | (openBrace > expr[setOtherwise] > closeBrace));
auto const choiceExpr_def = guard(x3::raw[choice[setChoice]][place]);

auto const primary_def = number[first] | quoted[setString] | choiceExpr[first] |
                         x3::raw[word("true")][wordValue(ast::Bool{true})] |
                         x3::raw[word("false")][wordValue(ast::Bool{false})] |
                         x3::raw[word("none")][wordValue(ast::None{})] |
                         x3::raw[word("fail") > quoted[setFail]][place] | name[setRef] |
                         x3::raw[open > expr[first] > close][place] |
                         x3::raw[bar > name[setSize] > bar][place] | x3::raw[list[setList]][place];

BOOST_SPIRIT_DEFINE(name, nameOrRest, quoted, axes, expr, hole, disjunction, conjunction, negation,
                    comparison, sum, product, unary, power, postfix, primary, coalesceTail,
                    holeTail, orTail, andTail, compareTail, addTail, mulTail, powerTail, minus,
                    notWord, item, items, arguments, callTail, key, number, list, choice,
                    choiceExpr)

} // namespace tril::dsl::grammar
