//===- Grammar.h - expressions, in Spirit X3 (included by Parser.cpp alone) -----------------===//
// Every alternative is decided by its first token, so nothing is parsed twice.  The grammar's
// levels of binding are not levels of rules: operators and operands are read in a row, and Infix
// orders them.  Recursion is thus as deep as brackets are nested, no deeper.
#pragma once
#include "dsl/GrammarTokens.h"

// In Spirit `>` is a sequence, and rules are variables.
// NOLINTBEGIN(bugprone-throwing-static-initialization,bugprone-chained-comparison)
namespace tril::dsl::grammar {

using ast::BinaryOp;
using ast::ExprPtr;
using ast::UnaryOp;
using Items = std::vector<ast::Item>;
using Exprs = std::vector<ExprPtr>;

auto const first = [](auto &ctx) { _val(ctx) = std::move(_attr(ctx)); };

x3::rule<struct ExprTag, ExprPtr> const expr = "an expression";
x3::rule<struct InfixTag, Infix> const infix = "an expression";
x3::rule<struct PostfixTag, ExprPtr> const postfix = "an expression";
x3::rule<struct PrimaryTag, ExprPtr> const primary = "an expression";

//===-------------------------------------------------------------------------------------------===//
// Operators
//===-------------------------------------------------------------------------------------------===//

template <BinaryOp op>
auto const setInfix = [](auto &ctx) { _val(ctx).infix(op, spanOfRange(_attr(ctx))); };
template <UnaryOp op>
auto const setPrefix = [](auto &ctx) { _val(ctx).prefix(op, spanOfRange(_attr(ctx))); };
auto const setOperand = [](auto &ctx) { _val(ctx).operand(std::move(_attr(ctx))); };
auto const ifNotAllowed = [](auto &ctx) { _pass(ctx) = _val(ctx).allowsNot(); };

template <BinaryOp op, typename Parser> auto binary(Parser const &parser) {
  return x3::raw[parser][setInfix<op>];
}
auto const minusSign = x3::lexeme['-' >> !x3::lit('>')];
auto const operators = binary<BinaryOp::add>(x3::lit('+')) | binary<BinaryOp::sub>(minusSign) |
                       binary<BinaryOp::mul>(x3::lit('*')) | binary<BinaryOp::div>(x3::lit('/')) |
                       binary<BinaryOp::mod>(x3::lit('%')) | binary<BinaryOp::pow>(x3::lit('^')) |
                       binary<BinaryOp::coalesce>(x3::lit("??")) |
                       binary<BinaryOp::where>(word("where")) |
                       binary<BinaryOp::else_>(word("else")) | binary<BinaryOp::or_>(word("or")) |
                       binary<BinaryOp::and_>(word("and")) | binary<BinaryOp::le>(x3::lit("<=")) |
                       binary<BinaryOp::lt>(x3::lit('<')) | binary<BinaryOp::ge>(x3::lit(">=")) |
                       binary<BinaryOp::gt>(x3::lit('>')) | binary<BinaryOp::eq>(x3::lit("==")) |
                       binary<BinaryOp::ne>(x3::lit("!=")) | binary<BinaryOp::in>(word("in"));
auto const prefixes = x3::raw[minusSign][setPrefix<UnaryOp::neg>] |
                      (x3::eps[ifNotAllowed] >> x3::raw[word("not")][setPrefix<UnaryOp::not_>]);

auto const infix_def = ((+prefixes > postfix[setOperand]) | postfix[setOperand]) >>
                       *((operators >> *prefixes) > postfix[setOperand]);
auto const finish = [](auto &ctx) { _val(ctx) = _attr(ctx).finish(); };
auto const expr_def = infix[finish];

//===-------------------------------------------------------------------------------------------===//
// Postfix: .key  [items]  (arguments)  [items]@"prefix"(arguments)
//===-------------------------------------------------------------------------------------------===//

x3::rule<struct ItemTag, ast::Item> const item = "an expression";
auto const itemKey = [](auto &ctx) {
  _val(ctx) = ast::Item{ast::Item::plain, std::move(_attr(ctx)), nullptr};
};
template <ast::Item::Kind kind>
auto const itemValue = [](auto &ctx) {
  _val(ctx).kind = kind;
  _val(ctx).value = std::move(_attr(ctx));
};
auto const item_def = expr[itemKey] >> -((equals > expr[itemValue<ast::Item::equal>]) |
                                         (arrow > expr[itemValue<ast::Item::arrow>]));

x3::rule<struct ItemsTag, Items> const items = "items between `[` and `]`";
auto const items_def = openBracket > item[push] > *(comma > item[push]) > closeBracket;
x3::rule<struct ArgumentsTag, Exprs> const arguments = "arguments between `(` and `)`";
auto const arguments_def = open > -(expr[push] > *(comma > expr[push])) > closeList;

struct CallTail {
  std::optional<Quoted> prefix;
  Exprs arguments;
};
x3::rule<struct CallTailTag, CallTail> const callTail = "a call";
auto const setCallPrefix = [](auto &ctx) { _val(ctx).prefix = std::move(_attr(ctx)); };
auto const setArguments = [](auto &ctx) { _val(ctx).arguments = std::move(_attr(ctx)); };
auto const callTail_def =
    ('@' > quoted[setCallPrefix] > arguments[setArguments]) | arguments[setArguments];

/// The name that a call of `e` calls, if `e` is a name or a name with brackets (and has no
/// parentheses around it); else null.
inline const ast::Expr *calleeOf(const ExprPtr &e) {
  const ast::Expr *object = e.get();
  if (auto *index = std::get_if<ast::Index>(&object->node))
    object = index->object->span.begin == e->span.begin ? index->object.get() : nullptr;
  auto *ref = object ? std::get_if<ast::Ref>(&object->node) : nullptr;
  return ref && object->span.end - object->span.begin == ref->name.size() ? object : nullptr;
}
auto const ifCallable = [](auto &ctx) { _pass(ctx) = calleeOf(_val(ctx)) != nullptr; };
auto const addKey = [](auto &ctx) {
  ast::Name &key = _attr(ctx);
  Span span = {key.span.source, _val(ctx)->span.begin, key.span.end};
  _val(ctx) = makeExpr(span, ast::Dot{_val(ctx), key}, key.span);
};
auto const addItems = [](auto &ctx) {
  _val(ctx) = makeExpr(_val(ctx)->span, ast::Index{_val(ctx), std::move(_attr(ctx))});
};
auto const addCall = [](auto &ctx) {
  CallTail &tail = _attr(ctx);
  ast::Call call;
  const ast::Expr *callee = calleeOf(_val(ctx));
  call.bracketed = callee != _val(ctx).get();
  if (call.bracketed)
    call.items = std::get<ast::Index>(_val(ctx)->node).items;
  call.callee = {std::get<ast::Ref>(callee->node).name, callee->span};
  if (tail.prefix) {
    call.prefix = tail.prefix->value;
    call.prefixSpan = tail.prefix->span;
  }
  call.arguments = std::move(tail.arguments);
  _val(ctx) = makeExpr(_val(ctx)->span, std::move(call));
};
/// Gives the value another place: that of what matched, or from its own begin to the end of that.
template <bool fromOwnBegin>
auto const place = [](auto &ctx) {
  Span span = spanOfRange(_attr(ctx));
  auto copy = std::make_shared<ast::Expr>(*_val(ctx));
  copy->span = {span.source, fromOwnBegin ? copy->span.begin : span.begin, span.end};
  _val(ctx) = std::move(copy);
};
// `eps >>` makes sequences of them: one that fails gives back the blanks that it skipped, so that
// places end where the last token ends.
auto const suffix_ =
    (x3::lexeme['.' >> !x3::lit('.')] > key[addKey]) |
    (x3::eps >> x3::raw[items[addItems]][place<true>]) |
    (x3::eps >> x3::raw[&x3::char_("(@") >> x3::eps[ifCallable] >> callTail[addCall]][place<true>]);
auto const postfix_def = primary[first] >> *suffix_;

//===-------------------------------------------------------------------------------------------===//
// Primary
//===-------------------------------------------------------------------------------------------===//

x3::rule<struct NumberTag, ExprPtr> const number = "a number";
auto const setNumber = [](auto &ctx) {
  Span span = spanOfRange(_attr(ctx));
  std::string text(&*_attr(ctx).begin(), _attr(ctx).size());
  double value = std::strtod(text.c_str(), nullptr);
  if (!std::isfinite(value))
    throw Refusal{Kind::invalid_number, span,
                  "the number `" + (text.size() > 24 ? text.substr(0, 24) + "..." : text) +
                      "` is too large",
                  "the largest is about 1.8e308"};
  _val(ctx) = makeExpr(span, ast::Number{value, text.find_first_of(".eE") == std::string::npos});
};
auto const number_def =
    x3::raw[x3::lexeme[+digit >> -('.' >> *digit) >>
                       -(x3::char_("eE") >> -x3::char_("+-") >> +digit) >> wordEnd]][setNumber];

template <typename Node> auto wordValue(const char *text, Node node) {
  return x3::raw[word(text)]
                [([node](auto &ctx) { _val(ctx) = makeExpr(spanOfRange(_attr(ctx)), node); })];
}
auto const setString = [](auto &ctx) { _val(ctx) = makeExpr(_attr(ctx).span, _attr(ctx).value); };
auto const setRef = [](auto &ctx) {
  _val(ctx) = makeExpr(_attr(ctx).span, ast::Ref{_attr(ctx).text});
};
auto const setFail = [](auto &ctx) {
  _val(ctx) = makeExpr(_attr(ctx).span, ast::Fail{_attr(ctx).value.text});
};
auto const setSize = [](auto &ctx) {
  _val(ctx) = makeExpr(_attr(ctx).span, ast::Size{_attr(ctx)});
};
auto const setList = [](auto &ctx) {
  Span span = {state.source, 0, 0};
  _val(ctx) = makeExpr(span, ast::List{std::move(_attr(ctx))});
};
x3::rule<struct ListTag, Exprs> const list = "a list";
auto const list_def = openBracket > -(expr[push] > *(comma > expr[push])) > closeBracket;

/// `if a { x } else if b { y } else { z }`, read in a row: a long one needs no recursion.
struct Choice {
  struct Branch {
    Span begin; // of its `if`
    ExprPtr condition, then;
  };
  std::vector<Branch> branches;
  ExprPtr otherwise;
  uint32_t end = 0;
};
x3::rule<struct ChoiceTag, Choice> const choice = "`if`";
auto const addBranch = [](auto &ctx) {
  // The conditions of `if if if ...` are the one recursion that no bracket limits.
  if (++state.conditions > 100)
    throw Refusal{Kind::too_deep, spanOfRange(_attr(ctx)),
                  "more than 100 `if` wait for their condition"};
  _val(ctx).branches.push_back({spanOfRange(_attr(ctx)), nullptr, nullptr});
};
auto const setCondition = [](auto &ctx) {
  --state.conditions;
  _val(ctx).branches.back().condition = std::move(_attr(ctx));
};
auto const setThen = [](auto &ctx) { _val(ctx).branches.back().then = std::move(_attr(ctx)); };
auto const setOtherwise = [](auto &ctx) { _val(ctx).otherwise = std::move(_attr(ctx)); };
auto const branch =
    x3::raw[word("if")][addBranch] > expr[setCondition] > openBrace > expr[setThen] > closeBrace;
auto const elseIf = word("else") >> &word("if");
auto const setChoiceEnd = [](auto &ctx) { _val(ctx).end = spanOfRange(_attr(ctx)).end; };
auto const choice_def = x3::raw[branch > *(elseIf > branch) > kwElse > openBrace >
                                expr[setOtherwise] > closeBrace][setChoiceEnd];
auto const setChoice = [](auto &ctx) {
  Choice &choice = _attr(ctx);
  ExprPtr value = std::move(choice.otherwise);
  for (auto it = choice.branches.rbegin(); it != choice.branches.rend(); ++it) {
    Span span = {it->begin.source, it->begin.begin, choice.end};
    value = makeExpr(span, ast::If{it->condition, it->then, value}, it->begin);
  }
  _val(ctx) = value;
};

auto const primary_def =
    number[first] | quoted[setString] | choice[setChoice] | wordValue("true", ast::Bool{true}) |
    wordValue("false", ast::Bool{false}) | wordValue("none", ast::None{}) |
    x3::raw[word("fail") > quoted[setFail]][place<false>] | name[setRef] |
    x3::raw[open > expr[first] > close][place<false>] |
    x3::raw[bar > name[setSize] > bar][place<false>] | x3::raw[list[setList]][place<false>];

BOOST_SPIRIT_DEFINE(name, nameOrRest, key, quoted, axes, expr, infix, postfix, primary, item, items,
                    arguments, callTail, number, list, choice)

} // namespace tril::dsl::grammar
// NOLINTEND(bugprone-throwing-static-initialization,bugprone-chained-comparison)
