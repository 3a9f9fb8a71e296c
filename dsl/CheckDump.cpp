//===- CheckDump.cpp - a checked model as text
//------------------------------------------------------===//
#include "dsl/CheckMain.h"
#include "dsl/CheckValue.h"
#include <ostream>

using namespace tril::dsl;

static const char *nameOf(Op op) {
  static const char *const names[] = {
      "constant", "table", "position",  "size",      "param", "input",   "unary", "binary",
      "select",   "where", "otherwise", "reduce",    "index", "rename",  "split", "merge",
      "stack",    "join",  "top_value", "top_index", "rec",   "rec_read"};
  return names[static_cast<int>(op)];
}

static void print(std::ostream &out, const Model &model, const std::vector<AxisId> &axes) {
  out << "[";
  for (size_t i = 0; i < axes.size(); ++i)
    out << (i ? ", " : "") << model.axes[axes[i]].name;
  out << "]";
}

static void print(std::ostream &out, const std::vector<int64_t> &numbers) {
  out << "(";
  for (size_t i = 0; i < numbers.size(); ++i)
    out << (i ? ", " : "") << numbers[i];
  out << ")";
}

void tril::dsl::dump(const Model &model, std::ostream &out) {
  out << "model " << model.name;
  if (!model.claim.empty())
    out << " is " << model.claim;
  if (model.longest)
    out << ", at most " << *model.longest << " positions";
  out << "\n";
  for (const AxisInfo &axis : model.axes) {
    out << "axis " << axis.name << " = ";
    if (axis.size)
      out << *axis.size;
    else
      out << (axis.sequence ? "input" : "?");
    if (const AxisInfo &root = model.axes[axis.root]; &root != &axis)
      out << " as " << root.name;
    out << "\n";
  }
  for (const Param &param : model.params) {
    out << "param " << param.name << " ";
    print(out, model, param.axes);
    out << " strides ";
    print(out, param.strides);
    out << " offset " << param.offset << " = " << param.tensors.front();
    if (param.tensors.size() > 1)
      out << " ... " << param.tensors.back();
    out << " ";
    print(out, param.storedShape);
    out << " (" << param.pattern << ")\n";
  }
  for (const Loop &loop : model.loops) {
    out << "for " << loop.axis << ":";
    for (auto [begin, end] : loop.iterations)
      out << " " << begin << ".." << end;
    out << "\n";
  }
  for (size_t i = 0; i < model.nodes.size(); ++i) {
    const Node &node = model.nodes[i];
    out << "%" << i << (node.name.empty() ? "" : " " + node.name) << " = " << nameOf(node.op);
    if (!node.function.empty())
      out << " " << node.function;
    for (NodeId operand : node.operands)
      out << " %" << operand;
    if (node.op == Op::constant)
      out << " " << checker::formatNumber(node.value);
    if (node.op == Op::param)
      out << " " << model.params[node.index].tensors.front();
    if (node.index >= 0)
      out << " #" << node.index;
    if (!node.axes.empty()) {
      out << " ";
      print(out, model, node.axes);
    }
    if (!node.strides.empty()) {
      out << " strides ";
      print(out, node.strides);
      out << " offset " << node.offset;
    }
    if (node.lag)
      out << " lag " << node.lag;
    out << " : "
        << (node.type.element == Element::number    ? "number"
            : node.type.element == Element::integer ? "integer"
                                                    : "truth");
    print(out, model, node.type.axes);
    out << (node.type.holes ? " with holes" : "") << "\n";
  }
  for (const Output &output : model.outputs) {
    out << "output " << output.name;
    print(out, model, output.axes);
    out << " = %" << output.value << "\n";
  }
}
