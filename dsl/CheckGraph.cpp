//===- CheckGraph.cpp - builds the nodes of a checked model -----------------------------------===//
#include "dsl/CheckGraph.h"
#include <algorithm>
#include <cmath>

using namespace tril::dsl;
using namespace tril::dsl::checker;

static constexpr double infinite = std::numeric_limits<double>::infinity();

bool checker::contains(const std::vector<AxisId> &axes, AxisId axis) {
  return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

static void addTo(std::vector<AxisId> &axes, AxisId axis) {
  if (!contains(axes, axis))
    axes.push_back(axis);
}

GraphBuilder::GraphBuilder(std::optional<int64_t> timeLimit) : timeLimit_(timeLimit) {
  shared_.emplace_back();
  model.time = addAxis("time", std::nullopt, true);
}

PlaceId GraphBuilder::place(const Span &span, PlaceId caller) {
  std::string key = std::to_string(reinterpret_cast<uintptr_t>(span.source)) + ":" +
                    std::to_string(span.begin) + ":" + std::to_string(span.end) + ":" +
                    std::to_string(caller);
  auto [at, isNew] = places_.try_emplace(key, static_cast<PlaceId>(model.places.size()));
  if (isNew)
    model.places.push_back({span, caller});
  return at->second;
}

AxisId GraphBuilder::addAxis(std::string name, std::optional<int64_t> size, bool sequence) {
  AxisId id = static_cast<AxisId>(model.axes.size());
  model.axes.push_back({std::move(name), size, id, sequence, here});
  return id;
}

AxisId GraphBuilder::addAlias(std::string name, AxisId of) {
  const AxisInfo root = model.axes[model.axes[of].root];
  AxisId id = static_cast<AxisId>(model.axes.size());
  model.axes.push_back({std::move(name), root.size, model.axes[of].root, root.sequence, here});
  return id;
}

bool GraphBuilder::has(NodeId id, AxisId axis) const { return contains(type(id).axes, axis); }

bool GraphBuilder::sameSize(AxisId a, AxisId b) const {
  return root(a) == root(b) || (size(a) && size(a) == size(b));
}

GraphBuilder::Mark GraphBuilder::mark() {
  pushShared();
  return {model.nodes.size(), model.params.size(), model.axes.size(), model.recurrences.size()};
}

void GraphBuilder::rollback(const Mark &mark) {
  popShared();
  model.nodes.resize(mark.nodes);
  facts_.resize(mark.nodes);
  model.params.resize(mark.params);
  model.axes.resize(mark.axes);
  model.recurrences.resize(mark.recurrences);
}

void GraphBuilder::setName(NodeId id, const std::string &name) {
  if (model.nodes[id].name.empty())
    model.nodes[id].name = name;
}

//===--- Sharing ------------------------------------------------------------------------------===//

static void append(std::string &key, double value) {
  char bytes[sizeof value];
  std::copy_n(reinterpret_cast<const char *>(&value), sizeof value, bytes);
  key.append(bytes, sizeof value);
}

/// All that makes a node what it is, but for where it comes from.
static std::string keyOf(const Node &node) {
  std::string key = std::to_string(static_cast<int>(node.op)) + node.function + "(";
  for (NodeId operand : node.operands)
    key += std::to_string(operand) + ",";
  for (AxisId axis : node.type.axes)
    key += "t" + std::to_string(axis);
  key += std::to_string(static_cast<int>(node.type.element));
  for (AxisId axis : node.axes)
    key += "a" + std::to_string(axis);
  for (int64_t stride : node.strides)
    key += "s" + std::to_string(stride);
  key += "o" + std::to_string(node.offset) + "i" + std::to_string(node.index) + "r" +
         std::to_string(node.result) + "l" + std::to_string(node.lag);
  append(key, node.value);
  for (double value : node.values)
    append(key, value);
  return key;
}

NodeId GraphBuilder::add(Node node, Facts facts) {
  std::string key = keyOf(node);
  for (auto level = shared_.rbegin(); level != shared_.rend(); ++level)
    if (auto found = level->find(key); found != level->end())
      return found->second;
  NodeId id = static_cast<NodeId>(model.nodes.size());
  node.place = here;
  model.nodes.push_back(std::move(node));
  facts_.push_back(std::move(facts));
  shared_.back().emplace(std::move(key), id);
  return id;
}

std::vector<AxisId> GraphBuilder::unite(const std::vector<NodeId> &nodes) const {
  std::vector<AxisId> axes;
  for (NodeId id : nodes)
    for (AxisId axis : type(id).axes)
      addTo(axes, axis);
  return axes;
}

std::vector<AxisId> GraphBuilder::thinOf(const std::vector<NodeId> &nodes) const {
  std::vector<AxisId> thin;
  for (AxisId axis : unite(nodes))
    if (std::all_of(nodes.begin(), nodes.end(),
                    [&](NodeId id) { return !has(id, axis) || contains(facts_[id].thin, axis); }))
      thin.push_back(axis);
  return thin;
}

static Node make(Op op, std::vector<NodeId> operands, Type type) {
  Node node;
  node.op = op;
  node.operands = std::move(operands);
  node.type = std::move(type);
  return node;
}

//===--- Leaves -------------------------------------------------------------------------------===//

NodeId GraphBuilder::constant(double value, Element element) {
  Node node = make(Op::constant, {}, {element, {}, false});
  node.value = value;
  Facts facts;
  facts.low = facts.high = value;
  return add(std::move(node), facts);
}

NodeId GraphBuilder::table(std::vector<double> values, AxisId axis) {
  bool whole = std::all_of(values.begin(), values.end(), [](double value) {
    return value == std::floor(value) && std::fabs(value) < 2147483648.0;
  });
  Node node = make(Op::table, {}, {whole ? Element::integer : Element::number, {axis}, false});
  Facts facts;
  if (!values.empty()) {
    facts.low = *std::min_element(values.begin(), values.end());
    facts.high = *std::max_element(values.begin(), values.end());
  }
  node.values = std::move(values);
  return add(std::move(node), facts);
}

NodeId GraphBuilder::position(AxisId axis) {
  Node node = make(Op::position, {}, {Element::integer, {axis}, false});
  node.axes = {axis};
  Facts facts;
  facts.low = 0;
  facts.below = root(axis);
  if (auto n = size(axis))
    facts.high = static_cast<double>(*n - 1);
  if (model.axes[axis].sequence) {
    facts.affine = axis;
    if (timeLimit_)
      facts.high = static_cast<double>(*timeLimit_ - 1);
  }
  return add(std::move(node), facts);
}

NodeId GraphBuilder::extent(AxisId axis) {
  Node node = make(Op::size, {}, {Element::integer, {}, false});
  node.axes = {axis};
  Facts facts;
  facts.low = 1;
  if (timeLimit_)
    facts.high = static_cast<double>(*timeLimit_);
  return add(std::move(node), facts);
}

NodeId GraphBuilder::param(Param param) {
  Node node = make(Op::param, {}, {Element::number, param.axes, false});
  node.index = static_cast<int>(model.params.size());
  node.name = param.name;
  model.params.push_back(std::move(param));
  return add(std::move(node), {});
}

NodeId GraphBuilder::input(Input input) {
  Node node = make(Op::input, {}, {Element::integer, input.axes, false});
  node.index = static_cast<int>(model.inputs.size());
  node.name = input.name;
  Facts facts;
  facts.low = 0;
  facts.below = root(input.in);
  if (auto n = size(input.in))
    facts.high = static_cast<double>(*n - 1);
  model.inputs.push_back(std::move(input));
  return add(std::move(node), facts);
}

//===--- Elementwise --------------------------------------------------------------------------===//

NodeId GraphBuilder::unary(const std::string &function, NodeId x) {
  Type type = this->type(x);
  const Facts &of = facts_[x];
  Facts facts;
  facts.thin = of.thin;
  if (function == "not") {
    type.element = Element::truth;
  } else if (function == "floor" || function == "ceil" || function == "round") {
    if (type.element == Element::integer)
      return x;
    type.element = Element::integer;
    auto whole = function == "floor"  ? static_cast<double (*)(double)>(std::floor)
                 : function == "ceil" ? static_cast<double (*)(double)>(std::ceil)
                                      : static_cast<double (*)(double)>(std::nearbyint);
    // The run rounds in single precision, so the last digits of a bound prove nothing.
    facts.low = whole(of.low - 1e-6 * std::fabs(of.low));
    facts.high = whole(of.high + 1e-6 * std::fabs(of.high));
    if (std::isnan(facts.low) || std::isnan(facts.high)) {
      facts.low = -infinite;
      facts.high = infinite;
    }
    if (function == "floor")
      facts.below = of.below;
  } else if (function == "neg") {
    facts.low = -of.high;
    facts.high = -of.low;
  } else if (function == "abs") {
    facts.low = of.low > 0 ? of.low : of.high < 0 ? -of.high : 0;
    facts.high = std::max(std::fabs(of.low), std::fabs(of.high));
    if (of.low >= 0)
      facts.below = of.below;
  } else {
    type.element = Element::number;
    auto monotone = [&](double (*f)(double)) {
      facts.low = f(of.low);
      facts.high = f(of.high);
    };
    if (function == "exp")
      monotone(std::exp);
    else if (function == "tanh")
      monotone(std::tanh);
    else if (function == "erf")
      monotone(std::erf);
    else if (function == "sqrt" && of.low >= 0)
      monotone(std::sqrt);
    else if (function == "log" && of.low > 0)
      monotone(std::log);
    else if (function == "sin" || function == "cos") {
      facts.low = -1;
      facts.high = 1;
    }
  }
  Node node = make(Op::unary, {x}, type);
  node.function = function;
  return add(std::move(node), facts);
}

static bool isComparison(const std::string &function) {
  return function == "lt" || function == "le" || function == "gt" || function == "ge" ||
         function == "eq" || function == "ne";
}

/// The range of `f` over a box, `f` monotone in each argument; infinite where a corner is not a
/// number.
template <typename F> static void corners(const Facts &a, const Facts &b, F f, Facts &out) {
  double low = infinite, high = -infinite;
  for (double x : {a.low, a.high})
    for (double y : {b.low, b.high}) {
      double value = f(x, y);
      if (std::isnan(value)) {
        out.low = -infinite;
        out.high = infinite;
        return;
      }
      low = std::min(low, value);
      high = std::max(high, value);
    }
  out.low = low;
  out.high = high;
}

static Facts factsOfBinary(const std::string &function, const Facts &a, const Facts &b) {
  Facts out;
  auto atMost = [&](const Facts &x, AxisId axis) { return x.below == axis || x.high <= 0; };
  if (function == "add" || function == "sub") {
    bool add = function == "add";
    out.low = add ? a.low + b.low : a.low - b.high;
    out.high = add ? a.high + b.high : a.high - b.low;
    double least = add ? -b.high : b.low; // what is taken away from a, at least
    if (least >= 0)
      out.below = a.below;
    else if (add && a.high <= 0)
      out.below = b.below;
    if (a.affine >= 0 && b.low == b.high) {
      out.affine = a.affine;
      out.shift = a.shift + (add ? b.low : -b.low);
    } else if (add && b.affine >= 0 && a.low == a.high) {
      out.affine = b.affine;
      out.shift = b.shift + a.low;
    }
    if (std::isnan(out.low))
      out.low = -infinite;
    if (std::isnan(out.high))
      out.high = infinite;
  } else if (function == "mul") {
    corners(a, b, [](double x, double y) { return x == 0 || y == 0 ? 0 : x * y; }, out);
    if (a.low >= 0 && b.low >= 0 && b.high <= 1)
      out.below = a.below;
    else if (b.low >= 0 && a.low >= 0 && a.high <= 1)
      out.below = b.below;
  } else if (function == "div") {
    if (b.low > 0 || b.high < 0)
      corners(a, b, [](double x, double y) { return x / y; }, out);
    if (a.low >= 0 && b.low >= 1)
      out.below = a.below;
  } else if (function == "mod") {
    if (b.low > 0 && std::isfinite(b.high)) {
      out.low = 0;
      // Of whole numbers the largest remainder is one less; the caller rounds.
      out.high = b.high;
    }
    if (a.low >= 0 && b.low > 0) {
      out.low = 0;
      out.high = std::min(out.high, a.high);
      out.below = a.below;
    }
  } else if (function == "max") {
    out.low = std::max(a.low, b.low);
    out.high = std::max(a.high, b.high);
    if (a.below >= 0 && atMost(b, a.below))
      out.below = a.below;
    else if (b.below >= 0 && atMost(a, b.below))
      out.below = b.below;
  } else if (function == "min") {
    out.low = std::min(a.low, b.low);
    out.high = std::min(a.high, b.high);
    out.below = a.below >= 0 ? a.below : b.below;
  } else if (function == "pow") {
    if (a.low >= 0)
      corners(a, b, [](double x, double y) { return std::pow(x, y); }, out);
  }
  return out;
}

NodeId GraphBuilder::binary(const std::string &function, NodeId x, NodeId y) {
  const Type &a = type(x), &b = type(y);
  Type result;
  result.axes = unite({x, y});
  result.holes = a.holes || b.holes;
  bool integers = a.element == Element::integer && b.element == Element::integer;
  if (isComparison(function) || function == "and" || function == "or")
    result.element = Element::truth;
  else if (integers && function != "div" && function != "pow")
    result.element = Element::integer;
  else
    result.element = Element::number;
  Facts facts = factsOfBinary(function, facts_[x], facts_[y]);
  if (function == "mod" && integers)
    facts.high = std::min(facts.high, facts_[y].high - 1);
  facts.thin = thinOf({x, y});
  Node node = make(Op::binary, {x, y}, std::move(result));
  node.function = function;
  return add(std::move(node), facts);
}

//===--- Holes --------------------------------------------------------------------------------===//

static Element common(Element a, Element b) { return a == b ? a : Element::number; }

static Facts either(const Facts &a, const Facts &b) {
  Facts facts;
  facts.low = std::min(a.low, b.low);
  facts.high = std::max(a.high, b.high);
  auto atMost = [&](const Facts &x, AxisId axis) { return x.below == axis || x.high <= 0; };
  if (a.below >= 0 && atMost(b, a.below))
    facts.below = a.below;
  else if (b.below >= 0 && atMost(a, b.below))
    facts.below = b.below;
  return facts;
}

NodeId GraphBuilder::select(NodeId predicate, NodeId then, NodeId otherwise) {
  Type result;
  result.axes = unite({then, predicate, otherwise});
  result.element = common(type(then).element, type(otherwise).element);
  result.holes = type(then).holes || type(otherwise).holes;
  return add(make(Op::select, {predicate, then, otherwise}, std::move(result)),
             either(facts_[then], facts_[otherwise]));
}

NodeId GraphBuilder::where(NodeId x, NodeId predicate) {
  Type result = type(x);
  result.holes = true;
  Facts facts = facts_[x];
  for (AxisId axis : type(predicate).axes)
    if (!has(x, axis)) {
      result.axes.push_back(axis);
      facts.thin.push_back(axis);
    }
  return add(make(Op::where, {x, predicate}, std::move(result)), facts);
}

NodeId GraphBuilder::otherwise(NodeId x, NodeId y) {
  Type result;
  result.axes = unite({x, y});
  result.element = common(type(x).element, type(y).element);
  result.holes = type(x).holes && type(y).holes;
  return add(make(Op::otherwise, {x, y}, std::move(result)), either(facts_[x], facts_[y]));
}

//===--- Reductions and reads -----------------------------------------------------------------===//

NodeId GraphBuilder::reduce(const std::string &function, const std::vector<AxisId> &axes,
                            NodeId x) {
  const Type &of = type(x);
  Type result;
  bool empty = false;
  for (AxisId axis : axes)
    empty |= size(axis) == 0;
  for (AxisId axis : of.axes)
    if (!contains(axes, axis))
      result.axes.push_back(axis);
  result.element = of.element;
  Facts facts;
  if (function == "count") {
    result.element = Element::integer;
    facts.low = 0;
  } else if (function == "any" || function == "all") {
    result.element = Element::truth;
  } else if (function == "mean") {
    result.element = Element::number;
    result.holes = of.holes || empty;
  } else if (function == "max" || function == "min") {
    result.holes = of.holes || empty;
    facts.low = facts_[x].low;
    facts.high = facts_[x].high;
    facts.below = facts_[x].below;
  } else if (facts_[x].low >= 0) {
    facts.low = 0; // sum
  }
  Node node = make(Op::reduce, {x}, std::move(result));
  node.function = function;
  node.axes = axes;
  return add(std::move(node), facts);
}

bool GraphBuilder::inside(NodeId at, AxisId axis) {
  const Facts &facts = facts_[at];
  if (type(at).holes)
    return false;
  auto n = size(axis);
  if (facts.low >= 0 && (facts.below == root(axis) || (n && facts.high <= *n - 1.0)))
    return true;
  if (n && facts.affine >= 0 && facts.low >= 0 && !timeLimit_ && !filled && *n > facts.shift)
    limits_.push_back(*n - static_cast<int64_t>(facts.shift));
  return false;
}

NodeId GraphBuilder::index(NodeId x, const std::vector<AxisId> &axes,
                           const std::vector<NodeId> &at) {
  Type result;
  result.element = type(x).element;
  result.holes = type(x).holes;
  for (AxisId axis : type(x).axes) {
    auto found = std::find(axes.begin(), axes.end(), axis);
    if (found == axes.end()) {
      addTo(result.axes, axis);
      continue;
    }
    NodeId i = at[found - axes.begin()];
    for (AxisId brought : type(i).axes)
      addTo(result.axes, brought);
    if (!inside(i, axis))
      result.holes = true;
  }
  Facts facts;
  facts.low = facts_[x].low;
  facts.high = facts_[x].high;
  facts.below = facts_[x].below;
  for (AxisId axis : facts_[x].thin)
    if (!contains(axes, axis) && contains(result.axes, axis))
      facts.thin.push_back(axis);
  std::vector<NodeId> operands = {x};
  operands.insert(operands.end(), at.begin(), at.end());
  Node node = make(Op::index, std::move(operands), std::move(result));
  node.axes = axes;
  return add(std::move(node), facts);
}

NodeId GraphBuilder::rename(NodeId x, AxisId from, AxisId to) {
  if (from == to)
    return x;
  Type result = type(x);
  std::replace(result.axes.begin(), result.axes.end(), from, to);
  Facts facts = facts_[x];
  facts.affine = -1;
  std::replace(facts.thin.begin(), facts.thin.end(), from, to);
  Node node = make(Op::rename, {x}, std::move(result));
  node.axes = {from, to};
  return add(std::move(node), facts);
}

//===--- Shapes -------------------------------------------------------------------------------===//

static Facts rangeOf(const Facts &of) {
  Facts facts;
  facts.low = of.low;
  facts.high = of.high;
  facts.below = of.below;
  return facts;
}

static void replaceAxis(std::vector<AxisId> &axes, AxisId from, const std::vector<AxisId> &to) {
  std::vector<AxisId> out;
  for (AxisId axis : axes)
    if (axis != from)
      addTo(out, axis);
    else
      for (AxisId part : to)
        addTo(out, part);
  axes = std::move(out);
}

NodeId GraphBuilder::split(NodeId x, AxisId from, const std::vector<AxisId> &parts,
                           const std::vector<int64_t> &strides, int64_t offset) {
  Type result = type(x);
  replaceAxis(result.axes, from, parts);
  Node node = make(Op::split, {x}, std::move(result));
  node.axes = {from};
  node.axes.insert(node.axes.end(), parts.begin(), parts.end());
  node.strides = strides;
  node.offset = offset;
  return add(std::move(node), rangeOf(facts_[x]));
}

NodeId GraphBuilder::merge(NodeId x, const std::vector<AxisId> &from, AxisId to) {
  Type result = type(x);
  replaceAxis(result.axes, from.front(), {to});
  std::erase_if(result.axes, [&](AxisId axis) { return axis != to && contains(from, axis); });
  Node node = make(Op::merge, {x}, std::move(result));
  node.axes = {to};
  node.axes.insert(node.axes.end(), from.begin(), from.end());
  return add(std::move(node), rangeOf(facts_[x]));
}

static Facts together(const std::vector<Facts> &facts, const std::vector<NodeId> &xs) {
  Facts out = rangeOf(facts[xs.front()]);
  for (NodeId x : xs)
    out = either(out, facts[x]);
  return out;
}

NodeId GraphBuilder::stack(const std::vector<NodeId> &xs, AxisId axis) {
  Type result;
  result.element = type(xs.front()).element;
  result.axes = unite(xs);
  result.axes.push_back(axis);
  for (NodeId x : xs) {
    result.holes |= type(x).holes;
    result.element = common(result.element, type(x).element);
  }
  Node node = make(Op::stack, xs, std::move(result));
  node.axes = {axis};
  return add(std::move(node), together(facts_, xs));
}

NodeId GraphBuilder::join(const std::vector<NodeId> &xs, const std::vector<AxisId> &along,
                          AxisId axis) {
  Type result;
  result.element = type(xs.front()).element;
  for (size_t k = 0; k < xs.size(); ++k) {
    result.holes |= type(xs[k]).holes;
    result.element = common(result.element, type(xs[k]).element);
    for (AxisId a : type(xs[k]).axes)
      if (a != along[k])
        addTo(result.axes, a);
  }
  result.axes.push_back(axis);
  Node node = make(Op::join, xs, std::move(result));
  node.axes = {axis};
  node.axes.insert(node.axes.end(), along.begin(), along.end());
  return add(std::move(node), together(facts_, xs));
}

NodeId GraphBuilder::top(NodeId x, AxisId from, AxisId to, bool index) {
  Type result = type(x);
  std::replace(result.axes.begin(), result.axes.end(), from, to);
  result.holes |= !size(from) || !size(to) || *size(to) > *size(from);
  Facts facts = rangeOf(facts_[x]);
  if (index) {
    result.element = Element::integer;
    facts = {};
    facts.low = 0;
    facts.below = root(from);
    if (auto n = size(from))
      facts.high = static_cast<double>(*n - 1);
  }
  Node node = make(index ? Op::top_index : Op::top_value, {x}, std::move(result));
  node.axes = {from, to};
  return add(std::move(node), facts);
}

NodeId GraphBuilder::recRead(int recurrence, int equation, int64_t lag, Type type) {
  Node node = make(Op::rec_read, {}, std::move(type));
  node.index = recurrence;
  node.result = equation;
  node.lag = lag;
  return add(std::move(node), {});
}

NodeId GraphBuilder::rec(int recurrence, int equation, Type type) {
  Node node = make(Op::rec, {}, std::move(type));
  node.index = recurrence;
  node.result = equation;
  return add(std::move(node), {});
}
