//===- Support.cpp - texts checked in memory
//------------------------------------------------------===//
#include "Support.h"
#include "dsl/CheckMain.h"
#include "dsl/Parser.h"
#include <cstring>
#include <gtest/gtest.h>

using namespace tril::dsl;

const Library &library() {
  static const Library std = [] {
    Diagnostics diagnostics;
    Library loaded = loadStd(TRIL_ROOT "/dsl/std", diagnostics);
    EXPECT_FALSE(diagnostics.hasErrors()) << render(diagnostics, false);
    return loaded;
  }();
  return std;
}

std::string readFile(const std::string &path) {
  auto text = readTextFile(path);
  EXPECT_TRUE(text) << path;
  return text.value_or("");
}

Shapes readShapes(const std::string &path) {
  std::string bytes = readFile(path);
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  auto header = nlohmann::json::parse(bytes.substr(sizeof length, length));
  Shapes shapes;
  for (auto &[name, entry] : header.items())
    if (name != "__metadata__")
      shapes[name] = entry.at("shape").get<std::vector<int64_t>>();
  return shapes;
}

Checked checkText(const std::string &text, const std::string &config, const Shapes *tensors,
                  const std::string &dialect, int64_t context) {
  Checked out;
  auto source = std::make_shared<Source>(Source{"test.tril", text});
  out.source = source;
  ast::Program program = parse(source, out.diagnostics);
  EXPECT_FALSE(out.diagnostics.hasErrors()) << out.messages();
  CheckOptions options;
  nlohmann::json json;
  if (!config.empty()) {
    json = nlohmann::json::parse(config);
    options.config = &json;
  }
  options.tensors = tensors;
  options.dialect = dialect;
  options.library = &library();
  options.context = context;
  out.model = check(program, options, out.diagnostics);
  EXPECT_EQ(out.model.has_value(), !out.diagnostics.hasErrors());
  return out;
}

NodeId nodeCalled(const Model &model, const std::string &name) {
  for (size_t i = model.nodes.size(); i-- > 0;)
    if (model.nodes[i].name == name)
      return static_cast<NodeId>(i);
  ADD_FAILURE() << "no node is called " << name;
  return 0;
}

std::string axesOf(const Model &model, NodeId node) {
  std::string out;
  for (AxisId axis : model.nodes[node].type.axes)
    out += (out.empty() ? "" : " ") + model.axes[axis].name;
  return out;
}
