//===- CheckValue.h - what an expression is worth while a text is checked ---------------------===//
// A compile-time value (number, text, list, ...), or a node of the graph that a run will compute.
#pragma once
#include "dsl/Ast.h"
#include "dsl/Model.h"
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace tril::dsl::checker {

struct Algebra;
struct Function;
struct Recursion;

/// One value of the evaluation.  `poison` stands for what an error was reported about: whatever is
/// made of it is poison, in silence.  `unknown` is a compile-time value that depends on a
/// configuration that was not given.
struct Value {
  enum class Sort {
    poison,
    unknown,
    none,
    number,
    truth,
    string,
    list,
    object,
    axes,     // one axis, or the several that an axis parameter `a...` was given
    layout,   //
    function, // a def or block
    node,     // computed by the run
    tuple,    // several results
    equation  // a name that a `rec` around it defines
  };
  Sort sort = Sort::poison;
  double number = 0;
  bool truth = false;
  std::string text; // string: its text; none, object, unknown: where it comes from (`config.a.b`)
  std::shared_ptr<const std::vector<Value>> items; // list, tuple
  const nlohmann::json *object = nullptr;
  std::vector<AxisId> axes;
  bool group = false; // axes: an axis parameter `a...`
  std::shared_ptr<const Algebra> layout;
  const Function *function = nullptr;
  NodeId node = -1;
  Recursion *recursion = nullptr; // equation: of which
  int equation = 0;               // equation: which

  bool is(Sort s) const { return sort == s; }
  bool isPoison() const { return sort == Sort::poison; }
  bool isUnknown() const { return sort == Sort::unknown; }
  bool isNone() const { return sort == Sort::none; }
  bool isNode() const { return sort == Sort::node; }
  bool isNumber() const { return sort == Sort::number; }

  static Value poison() { return {}; }
  static Value of(Sort sort) {
    Value value;
    value.sort = sort;
    return value;
  }
  static Value unknown(std::string origin = {}) {
    Value value = of(Sort::unknown);
    value.text = std::move(origin);
    return value;
  }
  static Value none(std::string origin = {}) {
    Value value = of(Sort::none);
    value.text = std::move(origin);
    return value;
  }
  static Value ofNumber(double number) {
    Value value = of(Sort::number);
    value.number = number;
    return value;
  }
  static Value ofTruth(bool truth) {
    Value value = of(Sort::truth);
    value.truth = truth;
    return value;
  }
  static Value ofString(std::string text) {
    Value value = of(Sort::string);
    value.text = std::move(text);
    return value;
  }
  static Value ofNode(NodeId node) {
    Value value = of(Sort::node);
    value.node = node;
    return value;
  }
  static Value ofAxes(std::vector<AxisId> axes, bool group = false) {
    Value value = of(Sort::axes);
    value.axes = std::move(axes);
    value.group = group;
    return value;
  }
  static Value ofItems(Sort sort, std::vector<Value> items) {
    Value value = of(sort);
    value.items = std::make_shared<const std::vector<Value>>(std::move(items));
    return value;
  }
  /// A part of a configuration; `origin` is how the text would write it.
  static Value ofJson(const nlohmann::json &json, std::string origin);
};

/// A text as the list of its characters; any other value as it is.
Value characters(Value value);

/// Whether two compile-time values are the same; numbers by value, objects by content.
bool sameValue(const Value &a, const Value &b);

/// In words, for messages: "a number", "the text \"silu\"", "a value over [time, embed]" needs the
/// graph and is made by the checker.
std::string describe(const Value &value);

/// 3, 0.5, 1e-05: as short as reads back the same.
std::string formatNumber(double number);

/// How a stored dimension, or an axis, is laid out: an axis, `left * right`, or `left + right`.
struct Algebra {
  enum Kind { axis, product, sum } kind = axis;
  AxisId id = -1;
  std::shared_ptr<const Algebra> left, right;
  double parts = 1, leaves = 1; // terms of the sum when multiplied out; axes written out
};
using AlgebraPtr = std::shared_ptr<const Algebra>;

/// One part of a layout: the element at positions c is at offset + sum(strides[k] * c[k]).
struct Term {
  std::vector<AxisId> axes;
  std::vector<int64_t> strides;
  int64_t offset = 0;
};

/// A def or block of the text or of std.
struct Function {
  const ast::Function *node = nullptr;
  Span span;
  bool library = false;
  bool active = false; // is being evaluated: calling it again would be recursion
};

/// What a name was declared as.
enum class Declared { builtin, axis, layout, let, param, input, argument, value, equation };
const char *describe(Declared declared);

struct Binding {
  Value value;
  Span span;
  Declared declared = Declared::value;
};

/// The names of one function call, of the top level, or of the top level's values.
struct Scope {
  Scope *parent = nullptr;
  std::unordered_map<std::string, Binding> names;
};

/// The rec that is being evaluated.
struct Recursion {
  int index = -1; // into Model::recurrences
  AxisId axis = 0;
  struct Equation {
    std::string name;
    std::vector<AxisId> axes; // declared, or what was found so far; without time
    bool declared = false;
    NodeId value = -1; // once evaluated
    Element element = Element::number;
    Span span;
  };
  std::vector<Equation> equations;
};

} // namespace tril::dsl::checker
