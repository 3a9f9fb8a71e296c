//===- Graph.cpp - types, locations and liveness of the checked graph
//---------------------------===//
#include "Import/Graph.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <set>

using namespace mlir;
using namespace tril;
using namespace tril::import;
using dsl::AxisId;
using dsl::NodeId;
using NodeOp = dsl::Op;

Graph::Graph(MLIRContext &context, const dsl::Model &model, const ImportOptions &options)
    : context(context), model(model), options(options) {
  nameAxes();
  if (!fault_.empty())
    return;
  findTypes();
  if (!fault_.empty())
    return;
  makeConstantsReal();
  findLive();
}

// Every axis object of the text is an axis of its own, but the dialect knows axes by name.  Two
// objects of the same name and size (a block that declares `hidden`, called in every layer) become
// one axis of the dialect, unless a value meets both; then, and where sizes differ, later ones are
// called `hidden.1`, `hidden.2`, ...
void Graph::nameAxes() {
  unsigned count = model.axes.size();
  std::set<std::pair<AxisId, AxisId>> meet;
  auto meetAll = [&](ArrayRef<AxisId> axes) {
    for (AxisId a : axes)
      for (AxisId b : axes)
        if (a != b && model.axes[a].name == model.axes[b].name)
          meet.insert({a, b});
  };
  for (const dsl::Node &node : model.nodes) {
    SmallVector<AxisId> axes(node.type.axes.begin(), node.type.axes.end());
    llvm::copy_if(node.axes, std::back_inserter(axes), [](AxisId axis) { return axis >= 0; });
    for (NodeId operand : node.operands)
      axes.append(model.nodes[operand].type.axes.begin(), model.nodes[operand].type.axes.end());
    meetAll(axes);
  }

  llvm::StringMap<std::vector<std::vector<AxisId>>>
      groups; // by name: sets of objects that are one axis
  llvm::StringSet<> taken;
  for (const dsl::AxisInfo &info : model.axes)
    taken.insert(info.name);
  // A name of the dialect for each group of a name, the first one being the text's.
  llvm::StringMap<std::vector<std::string>> names;
  axes_.resize(count);
  for (AxisId id = 0; id < static_cast<AxisId>(count); ++id) {
    const dsl::AxisInfo &info = model.axes[id];
    if (info.root < 0 || info.root >= static_cast<AxisId>(count) || info.root > id) {
      fault_ = "axis `" + info.name + "` comes before its root";
      return;
    }
    const dsl::AxisInfo &root = model.axes[info.root];
    if (!root.sequence && !root.size)
      continue; // not known without a configuration: an error where a value has it
    auto &groupsOfName = groups[info.name];
    unsigned at = 0;
    for (; at < groupsOfName.size(); ++at) {
      AxisId first = groupsOfName[at].front(), firstRoot = model.axes[first].root;
      bool same =
          root.sequence
              ? info.root != id && firstRoot != first && axes_[firstRoot] == axes_[info.root]
              : !model.axes[firstRoot].sequence && model.axes[firstRoot].size == root.size;
      if (same && llvm::none_of(groupsOfName[at], [&](AxisId b) { return meet.count({id, b}); }))
        break;
    }
    if (at == groupsOfName.size()) {
      groupsOfName.emplace_back();
      std::string name = info.name;
      for (unsigned n = 1; at > 0 && !taken.insert(name).second; ++n)
        name = info.name + "." + std::to_string(n);
      names[info.name].push_back(name);
    }
    groupsOfName[at].push_back(id);
    const std::string &name = names[info.name][at];
    if (!root.sequence)
      axes_[id] = AxisAttr::get(&context, name, *root.size, "");
    else
      axes_[id] = AxisAttr::get(&context, name, AxisAttr::kDynamic,
                                info.root == id ? StringRef() : axes_[info.root].getName());
  }
}

StringAttr Graph::axisName(AxisId id) const {
  return StringAttr::get(&context, axes_[id].getName());
}

Type Graph::element(dsl::Element element) const {
  switch (element) {
  case dsl::Element::number:
    return Float32Type::get(&context);
  case dsl::Element::integer:
    return IntegerType::get(&context, 32);
  case dsl::Element::truth:
    return IntegerType::get(&context, 1);
  }
  llvm_unreachable("an element");
}

NamedTensorType Graph::type(const dsl::Type &type, bool holes) const {
  // Sequences first, as a person writes them and as values lie in memory.
  auto rank = [](AxisAttr axis) { return !axis.isDynamic() ? 2 : axis.getRoot().empty() ? 0 : 1; };
  SmallVector<AxisAttr> axes;
  for (int now : {0, 1, 2})
    for (AxisId axis : type.axes)
      if (rank(axes_[axis]) == now)
        axes.push_back(axes_[axis]);
  return NamedTensorType::get(&context, axes, element(type.element), holes);
}

void Graph::findTypes() {
  types_.reserve(model.nodes.size());
  // A recurrence's values are known after its body; nothing before asks for them but reads, which
  // have holes.
  for (auto [id, node] : llvm::enumerate(model.nodes)) {
    for (AxisId axis : node.type.axes)
      if (!axes_[axis]) {
        fault_ = "axis `" + model.axes[axis].name + "` has no size";
        return;
      }
    for (NodeId operand : node.operands)
      if (operand < 0 || operand >= static_cast<NodeId>(id)) {
        fault_ =
            "node " + std::to_string(id) + " comes before its operand " + std::to_string(operand);
        return;
      }
    auto has = [&](unsigned operand) { return types_[node.operands[operand]].getHoles(); };
    bool any =
        llvm::any_of(node.operands, [&](NodeId operand) { return types_[operand].getHoles(); });
    bool holes = any;
    switch (node.op) {
    case NodeOp::select:
      holes = has(1) || has(2);
      break;
    case NodeOp::where:
    case NodeOp::rec_read:
      holes = true;
      break;
    case NodeOp::otherwise:
      holes = has(0) && has(1);
      break;
    case NodeOp::reduce:
      if (node.function == "sum" || node.function == "any" || node.function == "all" ||
          node.function == "count")
        holes = false;
      else
        holes =
            any || llvm::any_of(node.axes, [&](AxisId axis) { return axes_[axis].getSize() == 0; });
      break;
    case NodeOp::index:
      holes = any || node.type.holes;
      break;
    case NodeOp::top_value:
    case NodeOp::top_index:
      holes = any || axes_[node.axes[0]].isDynamic() ||
              axes_[node.axes[1]].getSize() > axes_[node.axes[0]].getSize();
      break;
    case NodeOp::rec:
      holes = types_[model.recurrences[node.index].equations[node.result].value].getHoles();
      break;
    default:
      break;
    }
    types_.push_back(type(node.type, holes));
  }
}

// Whether operand k of a node is read as a real number, whatever its own element is.
static bool readsReal(const dsl::Model &model, const dsl::Node &node, unsigned k) {
  auto isNumber = [&](NodeId id) { return model.nodes[id].type.element == dsl::Element::number; };
  switch (node.op) {
  case NodeOp::binary:
    if (node.type.element == dsl::Element::truth)
      return isNumber(node.operands[1 - k]);
    return node.type.element == dsl::Element::number;
  case NodeOp::select:
    return k > 0 && node.type.element == dsl::Element::number;
  case NodeOp::where:
    return k == 0 && node.type.element == dsl::Element::number;
  case NodeOp::otherwise:
  case NodeOp::stack:
  case NodeOp::join:
    return node.type.element == dsl::Element::number;
  default:
    return false;
  }
}

// A whole constant that is only read as a real number is one: `1 / (layer + 1)` is whole in the
// first layer, and yet a number like those of the others.
void Graph::makeConstantsReal() {
  std::vector<uint8_t> real(model.nodes.size(), 0), other(model.nodes.size(), 0);
  for (const dsl::Node &node : model.nodes)
    for (auto [k, operand] : llvm::enumerate(node.operands))
      (readsReal(model, node, k) ? real : other)[operand] = 1;
  for (const dsl::Output &output : model.outputs)
    other[output.value] = 1;
  for (const dsl::Recurrence &recurrence : model.recurrences)
    for (const auto &equation : recurrence.equations)
      other[equation.value] = 1;
  for (auto [id, node] : llvm::enumerate(model.nodes))
    if (node.op == NodeOp::constant && node.type.element == dsl::Element::integer && real[id] &&
        !other[id])
      types_[id] = types_[id].withElement(element(dsl::Element::number));
}

SmallVector<NodeId> Graph::needs(NodeId id) const {
  const dsl::Node &node = model.nodes[id];
  SmallVector<NodeId> result(node.operands.begin(), node.operands.end());
  if (node.op == NodeOp::rec || node.op == NodeOp::rec_read)
    for (const auto &equation : model.recurrences[node.index].equations)
      result.push_back(equation.value);
  return result;
}

void Graph::findLive() {
  live_.assign(model.nodes.size(), false);
  SmallVector<NodeId> work;
  for (const dsl::Output &output : model.outputs)
    work.push_back(output.value);
  while (!work.empty()) {
    NodeId id = work.pop_back_val();
    if (live_[id])
      continue;
    live_[id] = true;
    work.append(needs(id));
  }
}

Location Graph::place(dsl::PlaceId id) const {
  if (id < 0)
    return UnknownLoc::get(&context);
  if (auto found = places_.find(id); found != places_.end())
    return found->second;
  const dsl::Place &place = model.places[id];
  Location location = UnknownLoc::get(&context);
  if (place.span.source) {
    auto [line, column] = dsl::lineColumn(place.span);
    auto end = dsl::lineColumn({place.span.source, place.span.end, place.span.end});
    auto file = StringAttr::get(&context, place.span.source->path);
    location = FileLineColRange::get(file, line, column, end.line, end.column);
  }
  if (place.caller >= 0)
    location = CallSiteLoc::get(location, this->place(place.caller));
  places_.try_emplace(id, location);
  return location;
}

Location Graph::location(NodeId id) const {
  const dsl::Node &node = model.nodes[id];
  Location location = place(node.place);
  return node.name.empty() ? location
                           : NameLoc::get(StringAttr::get(&context, node.name), location);
}
