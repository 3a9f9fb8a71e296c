//===- GrammarStatements.h - statements, in Spirit X3 (included by Parser.cpp alone) --------===//
#pragma once
#include "dsl/Grammar.h"

// In Spirit `>` is a sequence, and rules are variables.
// NOLINTBEGIN(bugprone-throwing-static-initialization,bugprone-chained-comparison)
namespace tril::dsl::grammar {

using ast::StatementPtr;

x3::rule<struct StatementTag, StatementPtr> const statement = "a statement";
x3::rule<struct BodyTag, ast::Body> const body = "`{`";
auto const body_def = openBrace > *x3::lit(';') > *(statement[push] >> *x3::lit(';')) > closeBody;

/// Sets a member of the value from the attribute.
#define TRIL_SET(Member) ([](auto &ctx) { _val(ctx).Member = std::move(_attr(ctx)); })
#define TRIL_PUSH(Member) ([](auto &ctx) { _val(ctx).Member.push_back(std::move(_attr(ctx))); })
#define TRIL_RULE(id, Type, human) x3::rule<struct id##Tag_, ast::Type> const id = human

TRIL_RULE(modelStatement, Model, "`model`");
auto const isReads = [](auto &ctx) {
  _pass(ctx) = !_val(ctx).claim.empty() && _val(ctx).claim[0].text == "reads";
};
auto const isTwoWords = [](auto &ctx) {
  _pass(ctx) = _val(ctx).claim[0].text == "reads" || _val(ctx).claim[0].text == "strictly";
};
auto const modelStatement_def = word("model") > name[TRIL_SET(name)] >
                                -((word("is") | &(word("reads") >> word("window"))) >
                                  name[TRIL_PUSH(claim)] >
                                  -(x3::eps[isTwoWords] > name[TRIL_PUSH(claim)]) >
                                  -(x3::eps[isReads] > expr[TRIL_SET(window)]));

TRIL_RULE(axisStatement, AxisDecl, "`axis`");
auto const axisStatement_def =
    word("axis") > name[TRIL_SET(name)] > equals > (kwInput | expr[TRIL_SET(size)]);

TRIL_RULE(layoutStatement, Layout, "`layout`");
auto const layoutStatement_def =
    word("layout") > name[TRIL_SET(name)] > equals > expr[TRIL_SET(expr)];

TRIL_RULE(letStatement, Let, "`let`");
auto const letStatement_def = word("let") > name[TRIL_SET(name)] > equals > expr[TRIL_SET(expr)];

TRIL_RULE(paramStatement, Param, "`param`");
auto const paramStatement_def = word("param") > name[TRIL_PUSH(names)] >
                                *(comma > name[TRIL_PUSH(names)]) > openBracket >
                                -(expr[TRIL_PUSH(dims)] >
                                  *(comma > expr[TRIL_PUSH(dims)])) > closeBracket
                                > equals > expr[TRIL_SET(stored)];

TRIL_RULE(ignoreStatement, Ignore, "`ignore`");
auto const ignoreStatement_def =
    word("ignore") > quoted[([](auto &ctx) { _val(ctx).name = _attr(ctx).value; })];

TRIL_RULE(inputStatement, Input, "`input`");
auto const inputStatement_def =
    word("input") > name[TRIL_SET(name)] > axes[TRIL_SET(axes)] > kwIn > name[TRIL_SET(in)];

TRIL_RULE(outputStatement, Output, "`output`");
auto const outputStatement_def =
    word("output") > name[TRIL_SET(name)] > axes[TRIL_SET(axes)] > equals > expr[TRIL_SET(expr)];

TRIL_RULE(formals, Formals, "axes between `[` and `]`");
auto const setArrow = [](auto &ctx) { _val(ctx).arrow = true; };
auto const formals_def = openBracket > nameOrRest[TRIL_PUSH(left)] >
                         *(comma > nameOrRest[TRIL_PUSH(left)]) >
                         -(x3::lit("->")[setArrow] > nameOrRest[TRIL_PUSH(right)] >
                           *(comma > nameOrRest[TRIL_PUSH(right)])) > closeBracket;

TRIL_RULE(argument, Argument, "an argument");
auto const argument_def = name[TRIL_SET(name)] > -axes[TRIL_SET(axes)];

TRIL_RULE(functionStatement, Function, "`def` or `block`");
auto const setBlock = [](auto &ctx) { _val(ctx).block = true; };
auto const setDef = [](auto &ctx) { _val(ctx).block = false; };
auto const setExprBody = [](auto &ctx) {
  ExprPtr value = _attr(ctx);
  _val(ctx).body = {
      std::make_shared<const ast::Statement>(ast::Statement{value->span, ast::Return{{value}}})};
};
auto const functionStatement_def = (word("block")[setBlock] | word("def")[setDef]) >
                                   name[TRIL_SET(name)] > -formals[TRIL_SET(formals)] > open >
                                   -(argument[TRIL_PUSH(arguments)] >
                                     *(comma > argument[TRIL_PUSH(arguments)])) > closeList
                                   > -(arrow > axes[TRIL_PUSH(results)] >
                                       *(comma > axes[TRIL_PUSH(results)])) >
                                   ((equals > expr[setExprBody]) | body[TRIL_SET(body)]);

TRIL_RULE(forStatement, For, "`for`");
auto const setPrefixOf = [](auto &ctx) {
  _val(ctx).prefix = _attr(ctx).value;
  _val(ctx).prefixSpan = _attr(ctx).span;
};
auto const forStatement_def = word("for") > name[TRIL_SET(axis)] >
                              -('@' > quoted[setPrefixOf]) > body[TRIL_SET(body)];

/// Branches in a row, as in an expression's choice.
struct IfChain {
  struct Branch {
    Span begin; // of its `if`
    ExprPtr condition;
    ast::Body then;
  };
  std::vector<Branch> branches;
  ast::Body otherwise;
  uint32_t end = 0;
};
x3::rule<struct IfChainTag, IfChain> const ifChain = "`if`";
auto const beginBranch = [](auto &ctx) {
  IfChain &chain = _val(ctx);
  if (chain.branches.size() >= tallest)
    throw Refusal{Kind::too_deep, spanOfRange(_attr(ctx)),
                  "more than " + std::to_string(tallest) + " `if` in one chain"};
  chain.branches.push_back({spanOfRange(_attr(ctx)), nullptr, {}});
};
auto const setIfCondition = [](auto &ctx) {
  _val(ctx).branches.back().condition = std::move(_attr(ctx));
};
auto const setIfThen = [](auto &ctx) { _val(ctx).branches.back().then = std::move(_attr(ctx)); };
auto const setIfEnd = [](auto &ctx) { _val(ctx).end = spanOfRange(_attr(ctx)).end; };
auto const ifBranch = x3::raw[word("if")][beginBranch] > expr[setIfCondition] > body[setIfThen];
auto const ifChain_def = x3::raw[ifBranch > *(elseIf > ifBranch) >
                                 -(word("else") > body[TRIL_SET(otherwise)])][setIfEnd];
auto const wrapIf = [](auto &ctx) {
  IfChain &chain = _attr(ctx);
  ast::Body otherwise = std::move(chain.otherwise);
  for (auto it = chain.branches.rbegin(); it != chain.branches.rend(); ++it) {
    Span span = {it->begin.source, it->begin.begin, chain.end};
    ast::IfStatement node{it->condition, std::move(it->then), std::move(otherwise)};
    otherwise = {std::make_shared<const ast::Statement>(ast::Statement{span, std::move(node)})};
  }
  _val(ctx) = otherwise.front();
};

TRIL_RULE(equation, Equation, "an equation");
auto const equation_def =
    name[TRIL_SET(name)] > -axes[TRIL_SET(axes)] > equals > expr[TRIL_SET(expr)];
auto const closeRec = x3::rule<struct CloseRecTag>{"an equation or `}`"} = x3::lit('}');
TRIL_RULE(recStatement, Rec, "`rec`");
auto const recStatement_def =
    word("rec") > ((openBrace > equation[TRIL_PUSH(equations)] >
                    *(*x3::lit(';') >> equation[TRIL_PUSH(equations)]) > *x3::lit(';') > closeRec) |
                   equation[TRIL_PUSH(equations)]);

TRIL_RULE(returnStatement, Return, "`return`");
auto const returnStatement_def = word("return") > expr[TRIL_PUSH(values)] >
                                 *(comma > expr[TRIL_PUSH(values)]);

TRIL_RULE(mapping, NameMapping, "a mapping of a name");
auto const addPart = [](auto &ctx) {
  _val(ctx).from += (_val(ctx).from.empty() ? "" : ".") + _attr(ctx).text;
};
auto const setFrom = [](auto &ctx) {
  _val(ctx).from = _attr(ctx).value.text;
  _val(ctx).tensor = true;
};
auto const mappingSpan = [](auto &ctx) { _val(ctx).span = spanOfRange(_attr(ctx)); };
auto const setTo = [](auto &ctx) { _val(ctx).to = _attr(ctx).value; };
auto const mapping_def =
    x3::raw[(quoted[setFrom] | (name[addPart] > *('.' > key[addPart]))) > equals > quoted[setTo] >
            -(openBracket > expr[TRIL_PUSH(layout)] > *(comma > expr[TRIL_PUSH(layout)]) >
              closeBracket)][mappingSpan];
auto const closeNames = x3::rule<struct CloseNamesTag>{"a name of the text or `}`"} = x3::lit('}');
TRIL_RULE(namesStatement, Names, "`names`");
auto const namesStatement_def = word("names") > name[TRIL_SET(dialect)] > openBrace >
                                *(mapping[TRIL_PUSH(mappings)] > *x3::lit(';')) > closeNames;

TRIL_RULE(assignStatement, Assign, "an assignment");
auto const assignStatement_def = name[TRIL_PUSH(names)] > *(comma > name[TRIL_PUSH(names)]) >
                                 -axes[TRIL_SET(axes)] > equals > expr[TRIL_SET(expr)];

#undef TRIL_SET
#undef TRIL_PUSH
#undef TRIL_RULE

/// Wraps the node that a rule gave as a statement with its place.
auto const wrap = [](auto &ctx) {
  _val(ctx) = std::make_shared<const ast::Statement>(ast::Statement{Span(), std::move(_attr(ctx))});
};
auto const placeStatement = [](auto &ctx) {
  auto copy = std::make_shared<ast::Statement>(*_val(ctx));
  copy->span = spanOfRange(_attr(ctx));
  _val(ctx) = copy;
};
auto const statement_def =
    x3::raw[modelStatement[wrap] | axisStatement[wrap] | layoutStatement[wrap] |
            letStatement[wrap] | paramStatement[wrap] | ignoreStatement[wrap] |
            inputStatement[wrap] | outputStatement[wrap] | functionStatement[wrap] |
            forStatement[wrap] | ifChain[wrapIf] | recStatement[wrap] | returnStatement[wrap] |
            namesStatement[wrap] | assignStatement[wrap]][placeStatement];

BOOST_SPIRIT_DEFINE(statement, body, modelStatement, axisStatement, layoutStatement, letStatement,
                    paramStatement, ignoreStatement, inputStatement, outputStatement, formals,
                    argument, functionStatement, forStatement, ifChain, equation, recStatement,
                    returnStatement, mapping, namesStatement, assignStatement)

} // namespace tril::dsl::grammar
// NOLINTEND(bugprone-throwing-static-initialization,bugprone-chained-comparison)
