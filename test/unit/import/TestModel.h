//===- TestModel.h - checked models made by hand
//------------------------------------------------===//
#pragma once
#include "dsl/Model.h"

/// Builds a checked model node by node, with just enough inference of types for tests.
struct TestModel {
  tril::dsl::Model model;
  using NodeId = tril::dsl::NodeId;
  using AxisId = tril::dsl::AxisId;
  using Element = tril::dsl::Element;
  using NodeOp = tril::dsl::Op;

  TestModel() {
    model.name = "tiny";
    model.claim = "causal";
    model.time = axis("time");
  }
  AxisId axis(std::string name, std::optional<int64_t> size = {}) {
    AxisId id = model.axes.size();
    model.axes.push_back({name, size, id, !size, -1});
    return id;
  }
  AxisId alias(std::string name, AxisId root) {
    model.axes.push_back({name, model.axes[root].size, root, model.axes[root].sequence, -1});
    return model.axes.size() - 1;
  }
  static tril::dsl::Node make(NodeOp op, std::vector<NodeId> operands, tril::dsl::Type type) {
    tril::dsl::Node node;
    node.op = op;
    node.operands = std::move(operands);
    node.type = std::move(type);
    return node;
  }
  NodeId add(tril::dsl::Node node) {
    for (NodeId operand : node.operands)
      node.type.holes |= model.nodes[operand].type.holes;
    model.nodes.push_back(std::move(node));
    return model.nodes.size() - 1;
  }
  std::vector<AxisId> joined(std::initializer_list<NodeId> nodes) const {
    std::vector<AxisId> axes;
    for (NodeId id : nodes)
      for (AxisId axis : model.nodes[id].type.axes)
        if (std::find(axes.begin(), axes.end(), axis) == axes.end())
          axes.push_back(axis);
    return axes;
  }
  NodeId constant(double value, Element element = Element::number) {
    auto node = make(NodeOp::constant, {}, {element, {}, false});
    node.value = value;
    return add(node);
  }
  NodeId position(AxisId axis) {
    auto node = make(NodeOp::position, {}, {Element::integer, {axis}, false});
    node.axes = {axis};
    return add(node);
  }
  NodeId input(std::string name, AxisId in) {
    model.inputs.push_back({name, {model.time}, in, -1});
    auto node = make(NodeOp::input, {}, {Element::integer, {model.time}, false});
    node.index = model.inputs.size() - 1;
    return add(node);
  }
  NodeId param(std::string name, std::string pattern, std::string stored,
               std::vector<AxisId> axes) {
    tril::dsl::Param param;
    param.name = name;
    param.pattern = pattern;
    param.tensors = {stored};
    param.axes = axes;
    param.strides.resize(axes.size());
    int64_t stride = 1;
    for (unsigned i = axes.size(); i-- > 0;) {
      param.strides[i] = stride;
      stride *= *model.axes[axes[i]].size;
      param.storedShape.insert(param.storedShape.begin(), *model.axes[axes[i]].size);
    }
    model.params.push_back(param);
    auto node = make(NodeOp::param, {}, {Element::number, axes, false});
    node.index = model.params.size() - 1;
    node.name = name;
    return add(node);
  }
  NodeId unary(std::string function, NodeId x, Element element = Element::number) {
    auto node = make(NodeOp::unary, {x}, {element, joined({x}), false});
    node.function = function;
    return add(node);
  }
  NodeId binary(std::string function, NodeId x, NodeId y, Element element = Element::number) {
    auto node = make(NodeOp::binary, {x, y}, {element, joined({x, y}), false});
    node.function = function;
    return add(node);
  }
  NodeId where(NodeId x, NodeId p) {
    auto node = make(NodeOp::where, {x, p}, {model.nodes[x].type.element, joined({x, p}), true});
    return add(node);
  }
  NodeId reduce(std::string function, std::vector<AxisId> axes, NodeId x) {
    auto node = make(NodeOp::reduce, {x}, model.nodes[x].type);
    node.function = function;
    node.axes = axes;
    std::erase_if(node.type.axes,
                  [&](AxisId a) { return std::find(axes.begin(), axes.end(), a) != axes.end(); });
    return add(node);
  }
  NodeId rename(NodeId x, AxisId from, AxisId to) {
    auto node = make(NodeOp::rename, {x}, model.nodes[x].type);
    std::replace(node.type.axes.begin(), node.type.axes.end(), from, to);
    node.axes = {from, to};
    return add(node);
  }
  NodeId index(NodeId x, AxisId axis, NodeId at, bool holes) {
    auto node = make(NodeOp::index, {x, at}, {model.nodes[x].type.element, {}, holes});
    node.axes = {axis};
    for (AxisId a : model.nodes[at].type.axes)
      node.type.axes.push_back(a);
    for (AxisId a : model.nodes[x].type.axes)
      if (a != axis &&
          std::find(node.type.axes.begin(), node.type.axes.end(), a) == node.type.axes.end())
        node.type.axes.push_back(a);
    return add(node);
  }
  void output(std::string name, NodeId value) {
    model.outputs.push_back({name, model.nodes[value].type.axes, value, -1});
  }
  NodeId next() const { return model.nodes.size(); }
};
