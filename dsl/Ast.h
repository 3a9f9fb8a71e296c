//===- Ast.h - the syntax tree ----------------------------------------------------------------===//
// Plain structs with positions, no behaviour.  One node kind for each production of the grammar in
// docs/language.md.
#pragma once
#include "dsl/Source.h"
#include <optional>
#include <variant>

namespace tril::dsl::ast {

struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

/// A name with its place; `rest` is set for `name...`.
struct Name {
  std::string text;
  Span span;
  bool rest = false;
};
using Axes = std::vector<Name>;

struct Number {
  double value;
  bool integer; // written without point or exponent
};
struct String {
  std::string text; // without quotes; `{expr}` parts are kept as written
};
struct Bool {
  bool value;
};
struct None {};
struct Ref { // a bare name
  std::string name;
};
struct Size { // |name|
  Name axis;
};
struct List {
  std::vector<ExprPtr> items;
};
enum class UnaryOp { neg, not_ };
struct Unary {
  UnaryOp op;
  ExprPtr operand;
};
enum class BinaryOp {
  add,
  sub,
  mul,
  div,
  mod,
  pow,
  lt,
  le,
  gt,
  ge,
  eq,
  ne,
  in,
  and_,
  or_,
  where,
  else_,
  coalesce
};
struct Binary {
  BinaryOp op;
  ExprPtr lhs, rhs;
  Span opSpan;
};
struct If { // compile-time choice; `otherwise` is always there in an expression
  ExprPtr condition, then, otherwise;
};
struct Fail { // fail "message"
  std::string message;
};
struct Dot { // object.key
  ExprPtr object;
  Name key;
};
/// An item between brackets: `e`, `e = value`, `e -> value`.
struct Item {
  enum Kind { plain, equal, arrow } kind;
  ExprPtr key;
  ExprPtr value; // null for plain
};
struct Index { // object[items], not followed by a call
  ExprPtr object;
  std::vector<Item> items;
};
struct Call { // name[items]@"prefix"(arguments)
  Name callee;
  std::vector<Item> items;
  bool bracketed; // `[ ]` was written
  std::optional<String> prefix;
  Span prefixSpan;
  std::vector<ExprPtr> arguments;
};

struct Expr {
  Span span;
  std::variant<Number, String, Bool, None, Ref, Size, List, Unary, Binary, If, Fail, Dot, Index,
               Call>
      node;
  unsigned height =
      1; // of the tree; the parser makes none that is too tall for recursion (Infix.h)
};

struct Statement;
using StatementPtr = std::shared_ptr<const Statement>;
using Body = std::vector<StatementPtr>;

struct Model { // model name is claim
  Name name;
  /// The words after `is`, e.g. "causal", "strictly causal", "bidirectional", "reads window"; empty
  /// without a claim.
  std::vector<Name> claim;
  ExprPtr window; // of `reads window W`
};
struct AxisDecl { // axis name = size | input
  Name name;
  ExprPtr size; // null for `input`
};
struct Layout {
  Name name;
  ExprPtr expr;
};
struct Let {
  Name name;
  ExprPtr expr;
};
struct Param {
  std::vector<Name> names;
  std::vector<ExprPtr> dims;
  ExprPtr stored; // what follows `=`
};
struct Ignore {
  String name;
};
struct Input {
  Name name;
  Axes axes;
  Name in;
};
struct Output {
  Name name;
  Axes axes;
  ExprPtr expr;
};
struct Formals { // [a, b -> c...]; `arrow` says that the arrow was written
  Axes left, right;
  bool arrow = false;
};
struct Argument {
  Name name;
  std::optional<Axes> axes;
};
struct Function { // def or block
  bool block;
  Name name;
  std::optional<Formals> formals;
  std::vector<Argument> arguments;
  std::vector<Axes> results; // after `->`; empty if not written
  Body body;                 // `= expr` becomes a single Return
};
struct For {
  Name axis;
  std::optional<String> prefix;
  Span prefixSpan;
  Body body;
};
struct IfStatement {
  ExprPtr condition;
  Body then, otherwise;
};
struct Equation {
  Name name;
  std::optional<Axes> axes;
  ExprPtr expr;
};
struct Rec {
  std::vector<Equation> equations;
};
struct Return {
  std::vector<ExprPtr> values;
};
struct NameMapping { // config.key = "name"  |  "tensor" = "name" [layout, ...]
  std::string from;  // dotted key, or the text of the string
  bool tensor;
  String to;
  std::vector<ExprPtr> layout; // empty: as the param has it
  Span span;
};
struct Names {
  Name dialect;
  std::vector<NameMapping> mappings;
};
struct Assign { // a, b[axes] = expr
  std::vector<Name> names;
  std::optional<Axes> axes;
  ExprPtr expr;
};

struct Statement {
  Span span;
  std::variant<Model, AxisDecl, Layout, Let, Param, Ignore, Input, Output, Function, For,
               IfStatement, Rec, Return, Names, Assign>
      node;
};

struct Program {
  std::shared_ptr<const Source> source;
  Body statements;
};

} // namespace tril::dsl::ast
