//===- CheckValue.cpp - compile-time values
//-------------------------------------------------------===//
#include "dsl/CheckValue.h"
#include "dsl/Utf8.h"
#include <algorithm>
#include <charconv>
#include <cmath>

using namespace tril::dsl;
using namespace tril::dsl::checker;

Value Value::ofJson(const nlohmann::json &json, std::string origin) {
  switch (json.type()) {
  case nlohmann::json::value_t::boolean:
    return ofTruth(json.get<bool>());
  case nlohmann::json::value_t::number_integer:
  case nlohmann::json::value_t::number_unsigned:
  case nlohmann::json::value_t::number_float: {
    Value value = ofNumber(json.get<double>());
    value.text = std::move(origin);
    return value;
  }
  case nlohmann::json::value_t::string:
    return ofString(json.get<std::string>());
  case nlohmann::json::value_t::array: {
    std::vector<Value> items;
    for (size_t i = 0; i < json.size(); ++i)
      items.push_back(ofJson(json[i], origin + "[" + std::to_string(i) + "]"));
    Value value = ofItems(Sort::list, std::move(items));
    value.text = std::move(origin);
    return value;
  }
  case nlohmann::json::value_t::object: {
    // What JSON cannot write is stored as {"__float__": "Infinity"} by some writers.
    if (json.size() == 1 && json.contains("__float__") && json["__float__"].is_string()) {
      std::string text = json["__float__"].get<std::string>();
      if (text == "Infinity" || text == "-Infinity")
        return ofNumber(text[0] == '-' ? -INFINITY : INFINITY);
    }
    Value value = of(Sort::object);
    value.object = &json;
    value.text = std::move(origin);
    return value;
  }
  default:
    return none(std::move(origin));
  }
}

Value checker::characters(Value value) {
  if (!value.is(Value::Sort::string))
    return value;
  std::vector<Value> items;
  for (size_t at = 0; at < value.text.size();) {
    size_t bytes = std::max(characterAt(value.text, at).bytes, 1u);
    items.push_back(Value::ofString(value.text.substr(at, bytes)));
    at += bytes;
  }
  return Value::ofItems(Value::Sort::list, std::move(items));
}

/// `budget`: lists of lists may share their parts, and be endless to compare.
static bool same(const Value &a, const Value &b, int &budget) {
  if (a.sort != b.sort || --budget < 0)
    return false;
  switch (a.sort) {
  case Value::Sort::none:
    return true;
  case Value::Sort::number:
    return a.number == b.number;
  case Value::Sort::truth:
    return a.truth == b.truth;
  case Value::Sort::string:
    return a.text == b.text;
  case Value::Sort::object:
    return *a.object == *b.object;
  case Value::Sort::function:
    return a.function == b.function;
  case Value::Sort::axes:
    return a.axes == b.axes;
  case Value::Sort::node:
    return a.node == b.node;
  case Value::Sort::layout:
    return a.layout == b.layout;
  case Value::Sort::equation:
    return a.recursion == b.recursion && a.equation == b.equation;
  case Value::Sort::list:
  case Value::Sort::tuple:
    if (a.items == b.items)
      return true;
    if (a.items->size() != b.items->size())
      return false;
    for (size_t i = 0; i < a.items->size(); ++i)
      if (!same((*a.items)[i], (*b.items)[i], budget))
        return false;
    return true;
  default:
    return false;
  }
}

bool checker::sameValue(const Value &a, const Value &b) {
  int budget = 1000000;
  return same(a, b, budget);
}

std::string checker::formatNumber(double number) {
  if (number == std::floor(number) && std::fabs(number) < 1e15)
    return std::to_string(static_cast<int64_t>(number));
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  return {buffer, end};
}

std::string checker::describe(const Value &value) {
  switch (value.sort) {
  case Value::Sort::poison:
  case Value::Sort::unknown:
    return "an unknown value";
  case Value::Sort::none:
    return "none";
  case Value::Sort::number:
    return "the number " + formatNumber(value.number);
  case Value::Sort::truth:
    return value.truth ? "true" : "false";
  case Value::Sort::string:
    return "the text \"" + value.text + "\"";
  case Value::Sort::list:
    return "a list of " + std::to_string(value.items->size());
  case Value::Sort::object:
    return "a part of the configuration";
  case Value::Sort::axes:
    return value.group ? "several axes" : "an axis";
  case Value::Sort::layout:
    return "a layout";
  case Value::Sort::function:
    return std::string("a ") + (value.function->node->block ? "block" : "def");
  case Value::Sort::node:
    return "a value of the run";
  case Value::Sort::tuple:
    return std::to_string(value.items->size()) + " values";
  case Value::Sort::equation:
    return "a value that `rec` defines";
  }
  return {};
}

const char *checker::describe(Declared declared) {
  switch (declared) {
  case Declared::builtin:
    return "a name of the language";
  case Declared::axis:
    return "an axis";
  case Declared::layout:
    return "a layout";
  case Declared::let:
    return "a `let`";
  case Declared::param:
    return "a param";
  case Declared::input:
    return "an input";
  case Declared::argument:
    return "an argument";
  case Declared::value:
    return "a value";
  case Declared::equation:
    return "a value that `rec` defines";
  }
  return "";
}
