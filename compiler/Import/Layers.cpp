//===- Layers.cpp - which iterations of a loop are the same kind of layer
//-----------------------===//
#include "Import/Layers.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tril;
using namespace tril::import;
using dsl::NodeId;
using NodeOp = dsl::Op;

namespace {

/// What is asked about the nodes of one loop.
class Planner {
public:
  Planner(const Graph &graph, const dsl::Loop &loop)
      : graph(graph), model(graph.model), loop(loop) {}
  LoopPlan plan();

private:
  bool inLoop(NodeId id) const {
    return id >= loop.iterations.front().first && id < loop.iterations.back().second;
  }
  void findSharedParams();
  void findClonable();
  void findSharedValues();
  void findInvariant();
  void findUsedAfter();
  void findStructural();
  bool worthHoisting(NodeId id) const;
  bool isOfPairs(const dsl::Node &node) const;
  void divide(Iteration &iteration);
  void sign(Iteration &iteration);
  void group(LoopPlan &plan);

  const Graph &graph;
  const dsl::Model &model;
  const dsl::Loop &loop;
  llvm::DenseSet<int> sharedParams; // params whose tensors more than one iteration reads
  std::vector<bool> formula;        // a function of positions and numbers alone
  std::vector<bool> clonable; // a formula or a param that a body has for itself where it needs it
  std::vector<bool> sharedValues; // from outside of the loop, read by more than one iteration
  std::vector<bool> invariant;    // depends on nothing of the iteration
  std::vector<bool> runTime;      // depends on more than compile-time numbers
  std::vector<bool> hoistable;    // invariant, and dear enough
  std::vector<bool> structural;   // constants that decide a mask or which position is read
  std::vector<bool> usedAfter;    // used outside of its iteration
};

bool isExpensive(const dsl::Node &node) {
  static const llvm::StringSet<> functions = {"exp", "log", "sqrt", "sin", "cos", "tanh", "erf"};
  switch (node.op) {
  case NodeOp::unary:
    return functions.contains(node.function);
  case NodeOp::binary:
    return node.function == "pow";
  case NodeOp::reduce:
  case NodeOp::index:
  case NodeOp::top_value:
  case NodeOp::top_index:
    return true;
  default:
    return false;
  }
}

} // namespace

void Planner::findSharedParams() {
  llvm::StringMap<unsigned> owner; // stored name -> iteration
  llvm::StringSet<> common;
  for (auto [i, range] : llvm::enumerate(loop.iterations))
    for (NodeId id = range.first; id < range.second; ++id)
      if (model.nodes[id].op == NodeOp::param)
        for (const std::string &name : model.params[model.nodes[id].index].tensors)
          if (owner.try_emplace(name, i).first->second != i)
            common.insert(name);
  for (auto [i, param] : llvm::enumerate(model.params))
    if (llvm::all_of(param.tensors, [&](const std::string &name) { return common.contains(name); }))
      sharedParams.insert(i);
}

// What is cheap, or known at compile time, is computed in every body that needs it rather than
// passed: the body's masks stay formulas, its tables fold, its weights are its own.  So is,
// whatever it costs, what is over two sequences (a mask, a bias of scores): passed it would be
// stored for every pair of positions.
bool Planner::isOfPairs(const dsl::Node &node) const {
  switch (node.op) {
  case NodeOp::unary:
  case NodeOp::binary:
  case NodeOp::select:
  case NodeOp::where:
  case NodeOp::otherwise:
  case NodeOp::index:
    return llvm::count_if(node.type.axes,
                          [&](dsl::AxisId axis) { return graph.axis(axis).isDynamic(); }) > 1;
  default:
    return false;
  }
}

void Planner::findClonable() {
  NodeId end = loop.iterations.back().second;
  formula.assign(end, false);
  clonable.assign(end, false);
  for (NodeId id = 0; id < end; ++id) {
    const dsl::Node &node = model.nodes[id];
    auto all = [&](const std::vector<bool> &flags) {
      return llvm::all_of(node.operands, [&](NodeId operand) { return flags[operand]; });
    };
    bool source = node.op == NodeOp::param || node.op == NodeOp::input || node.op == NodeOp::rec ||
                  node.op == NodeOp::rec_read;
    formula[id] = !source && all(formula);
    bool sequence = llvm::any_of(node.type.axes,
                                 [&](dsl::AxisId axis) { return graph.axis(axis).isDynamic(); });
    clonable[id] = node.op == NodeOp::param || isOfPairs(node) ||
                   (formula[id] && all(clonable) && !(sequence && isExpensive(node)));
  }
}

// The value that a loop carries comes from outside into the first iteration alone.  Work on it must
// not be hoisted there: the first layer would differ from the others.
void Planner::findSharedValues() {
  NodeId begin = loop.iterations.front().first;
  std::vector<int> reader(begin, -1);
  sharedValues.assign(begin, false);
  for (auto [i, range] : llvm::enumerate(loop.iterations))
    for (NodeId id = range.first; id < range.second; ++id)
      if (graph.live(id))
        for (NodeId operand : model.nodes[id].operands)
          if (operand < begin) {
            sharedValues[operand] =
                sharedValues[operand] || (reader[operand] >= 0 && reader[operand] != int(i));
            reader[operand] = i;
          }
}

// A node outside of the loop is invariant if it is the same for more than one layer; one inside is
// if all that it needs is.  Layers need not agree with each other: every one is hoisted by itself,
// and equal values merge in @main.
void Planner::findInvariant() {
  NodeId end = loop.iterations.back().second;
  invariant.assign(end, true);
  runTime.assign(end, true);
  for (NodeId id = 0; id < end; ++id) {
    const dsl::Node &node = model.nodes[id];
    auto all = [&](const std::vector<bool> &flags) {
      return llvm::all_of(node.operands, [&](NodeId operand) { return flags[operand]; });
    };
    bool sequence = llvm::any_of(node.type.axes,
                                 [&](dsl::AxisId axis) { return graph.axis(axis).isDynamic(); });
    bool source = node.op == NodeOp::param || node.op == NodeOp::input || node.op == NodeOp::size ||
                  node.op == NodeOp::rec || node.op == NodeOp::rec_read;
    runTime[id] = source || sequence ||
                  llvm::any_of(node.operands, [&](NodeId operand) { return runTime[operand]; });
    if (!inLoop(id)) {
      invariant[id] = formula[id] || sharedValues[id];
      continue;
    }
    if (node.op == NodeOp::rec || node.op == NodeOp::rec_read)
      invariant[id] = false;
    else if (node.op == NodeOp::param)
      invariant[id] = sharedParams.contains(node.index);
    else
      invariant[id] = all(invariant);
  }
  hoistable.assign(end, false);
  for (NodeId id = loop.iterations.front().first; id < end; ++id)
    hoistable[id] = worthHoisting(id);
}

// Dear: a function, a power, a reduction, a gather; or cheap work on such a value that does not
// make it larger.  Never over two sequences (a score's mask or bias: it would be stored for every
// pair of positions), never compile-time numbers (they fold).
bool Planner::worthHoisting(NodeId id) const {
  const dsl::Node &node = model.nodes[id];
  if (!invariant[id] || !runTime[id] || node.op == NodeOp::param)
    return false;
  NamedTensorType type = graph.type(id);
  if (llvm::count_if(type.getAxes(), [](AxisAttr axis) { return axis.isDynamic(); }) > 1)
    return false;
  if (isExpensive(node))
    return true;
  return llvm::any_of(node.operands, [&](NodeId operand) {
    return inLoop(operand) && hoistable[operand] && graph.type(operand).rank() == type.rank();
  });
}

void Planner::findUsedAfter() {
  usedAfter.assign(model.nodes.size(), false);
  std::vector<int> iterationOf(model.nodes.size(), -1);
  for (auto [i, range] : llvm::enumerate(loop.iterations))
    std::fill(iterationOf.begin() + range.first, iterationOf.begin() + range.second, i);
  for (auto [id, node] : llvm::enumerate(model.nodes))
    if (graph.live(id))
      for (NodeId operand : graph.needs(id))
        if (iterationOf[operand] >= 0 && iterationOf[operand] != iterationOf[id])
          usedAfter[operand] = true;
  for (const dsl::Output &output : model.outputs)
    if (iterationOf[output.value] >= 0)
      usedAfter[output.value] = true;
}

// A constant that decides which positions are read (a window, a dilation, a lag) makes layers
// different in kind, because what must be kept between steps follows from it.  Others (a scale, an
// epsilon) are data.
void Planner::findStructural() {
  structural.assign(model.nodes.size(), false);
  static const llvm::StringSet<> comparisons = {"lt", "le", "gt", "ge", "eq", "ne"};
  SmallVector<NodeId> work;
  for (const auto &range : loop.iterations)
    for (NodeId id = range.first; id < range.second; ++id) {
      const dsl::Node &node = model.nodes[id];
      auto isSequence = [&](dsl::AxisId axis) { return graph.axis(axis).isDynamic(); };
      if (node.op == NodeOp::binary && comparisons.contains(node.function) &&
          llvm::any_of(node.type.axes, isSequence))
        work.append(node.operands.begin(), node.operands.end());
      if (node.op == NodeOp::index && llvm::any_of(node.axes, isSequence))
        work.append(node.operands.begin() + 1, node.operands.end());
    }
  while (!work.empty()) {
    NodeId id = work.pop_back_val();
    const dsl::Node &node = model.nodes[id];
    if (structural[id] || node.type.element == dsl::Element::truth || isExpensive(node))
      continue;
    structural[id] = true;
    work.append(node.operands.begin(), node.operands.end());
  }
}

void Planner::divide(Iteration &iteration) {
  auto inside = [&](NodeId id) { return id >= iteration.begin && id < iteration.end; };
  // Backwards from what is used afterwards; a hoisted value is where the body ends.
  llvm::DenseSet<NodeId> body, main;
  SmallVector<NodeId> forBody, forMain;
  for (NodeId id = iteration.begin; id < iteration.end; ++id)
    if (graph.live(id) && usedAfter[id])
      (invariant[id] ? forMain : forBody).push_back(id);
  while (!forBody.empty()) {
    NodeId id = forBody.pop_back_val();
    if (!body.insert(id).second)
      continue;
    for (NodeId operand : graph.needs(id))
      if (inside(operand) && hoistable[operand])
        forMain.push_back(operand);
      else if (inside(operand) || clonable[operand])
        forBody.push_back(operand);
  }
  while (!forMain.empty()) {
    NodeId id = forMain.pop_back_val();
    if (!inside(id) || !main.insert(id).second)
      continue;
    forMain.append(graph.needs(id));
  }
  iteration.body.assign(body.begin(), body.end());
  llvm::sort(iteration.body);
  for (auto [n, id] : llvm::enumerate(iteration.body))
    iteration.local[id] = n;
  iteration.hoisted.assign(main.begin(), main.end());
  llvm::sort(iteration.hoisted);
  llvm::DenseSet<NodeId> seen;
  for (NodeId id : iteration.body)
    for (NodeId operand : graph.needs(id))
      if (!body.contains(operand) && seen.insert(operand).second)
        iteration.inputs.push_back(operand);
}

void Planner::sign(Iteration &iteration) {
  llvm::raw_string_ostream os(iteration.signature);
  llvm::DenseMap<NodeId, unsigned> input;
  for (NodeId id : iteration.inputs) {
    input.try_emplace(id, input.size());
    os << graph.type(id) << "\n";
  }
  llvm::DenseMap<int, unsigned> recurrence;
  auto value = [&](NodeId id) {
    if (auto found = iteration.local.find(id); found != iteration.local.end())
      os << " %" << found->second;
    else
      os << " in" << input.lookup(id);
  };
  for (NodeId id : iteration.body) {
    const dsl::Node &node = model.nodes[id];
    os << static_cast<int>(node.op) << " " << node.function << " " << graph.type(id);
    for (NodeId operand : node.operands)
      value(operand);
    for (dsl::AxisId axis : node.axes)
      os << " " << (axis < 0 ? AxisAttr() : graph.axis(axis));
    for (double number : node.values)
      os << " " << llvm::format("%a", number);
    for (int64_t stride : node.strides)
      os << " " << stride;
    if (node.op == NodeOp::constant && structural[id])
      os << " " << llvm::format("%a", node.value);
    os << " " << node.offset << " " << node.result << " " << node.lag;
    if (node.op == NodeOp::input)
      os << " " << node.index;
    if (node.op == NodeOp::param) {
      const dsl::Param &param = model.params[node.index];
      for (int64_t n : param.strides)
        os << " " << n;
      os << " @" << param.offset << " of";
      for (int64_t n : param.storedShape)
        os << " " << n;
      if (param.stacked)
        os << " stacked " << graph.axis(*param.stacked);
      if (graph.options.storage)
        for (const std::string &name : param.tensors)
          os << " " << graph.options.storage(name);
    }
    if (node.op == NodeOp::rec || node.op == NodeOp::rec_read) {
      auto [at, fresh] = recurrence.try_emplace(node.index, recurrence.size());
      os << " rec " << at->second;
      if (fresh)
        for (const auto &equation : model.recurrences[node.index].equations)
          value(equation.value);
    }
    os << "\n";
  }
}

void Planner::group(LoopPlan &plan) {
  llvm::StringMap<unsigned> kinds;
  for (auto [i, iteration] : llvm::enumerate(plan.iterations)) {
    auto [at, fresh] = kinds.try_emplace(iteration.signature, plan.kinds.size());
    if (fresh)
      plan.kinds.emplace_back();
    iteration.kind = at->second;
    plan.kinds[at->second].iterations.push_back(i);
  }
  for (LayerKind &kind : plan.kinds)
    for (unsigned local = 0; local < plan.iterations[kind.iterations.front()].body.size(); ++local)
      if (llvm::any_of(kind.iterations,
                       [&](unsigned i) { return usedAfter[plan.iterations[i].body[local]]; }))
        kind.outputs.push_back(local);
}

LoopPlan Planner::plan() {
  LoopPlan plan;
  plan.axis = loop.axis;
  if (loop.iterations.empty())
    return plan;
  findSharedParams();
  findClonable();
  findSharedValues();
  findInvariant();
  findUsedAfter();
  findStructural();
  for (auto [begin, end] : loop.iterations) {
    Iteration iteration;
    iteration.begin = begin;
    iteration.end = end;
    divide(iteration);
    sign(iteration);
    plan.iterations.push_back(std::move(iteration));
  }
  group(plan);
  return plan;
}

LoopPlan tril::import::planLoop(const Graph &graph, const dsl::Loop &loop) {
  return Planner(graph, loop).plan();
}
