//===- InnerValues.cpp
//--------------------------------------------------------------------------------------------===//
#include "Pipeline/InnerValues.h"
#include <algorithm>
#include <map>
#include <set>

using namespace tril;
using namespace tril::dsl;

static bool hasRows(const Model &model, const Node &node) {
  bool time = false;
  for (AxisId axis : node.type.axes) {
    if (axis == model.time)
      time = true;
    else if (!model.axes[axis].size)
      return false;
  }
  return time;
}

/// `layer.3.`: the iterations of loops that made a node.
static std::string loopsOf(const Model &model, NodeId id) {
  std::string text;
  for (const Loop &loop : model.loops)
    for (size_t i = 0; i < loop.iterations.size(); ++i)
      if (loop.iterations[i].first <= id && id < loop.iterations[i].second)
        text += loop.axis + "." + std::to_string(i) + ".";
  return text;
}

void tril::addInnerOutputs(Model &model) {
  std::set<NodeId> known;
  std::map<std::string, int> names;
  for (const Output &output : model.outputs) {
    known.insert(output.value);
    ++names[output.name];
  }
  std::vector<Output> inner;
  for (NodeId id = 0; id < static_cast<NodeId>(model.nodes.size()); ++id) {
    const Node &node = model.nodes[id];
    bool inRecurrence =
        std::any_of(model.recurrences.begin(), model.recurrences.end(),
                    [&](const Recurrence &rec) { return rec.begin <= id && id < rec.end; });
    if (node.name.empty() || inRecurrence || !hasRows(model, node) || !known.insert(id).second)
      continue;
    std::string name = loopsOf(model, id) + node.name;
    if (int before = names[name]++) // a block that is used again, or a name that is given anew
      name += "." + std::to_string(before + 1);
    std::vector<AxisId> axes = node.type.axes;
    auto time = std::find(axes.begin(), axes.end(), model.time);
    std::rotate(axes.begin(), time, time + 1); // outputs have a row for each position
    inner.push_back({name, axes, id, node.place, true});
  }
  model.outputs.insert(model.outputs.end(), inner.begin(), inner.end());
}
