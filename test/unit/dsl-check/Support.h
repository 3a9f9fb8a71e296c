//===- Support.h - texts checked in memory
//--------------------------------------------------------===//
#pragma once
#include "dsl/Check.h"
#include <memory>
#include <string>

using Shapes = std::map<std::string, std::vector<int64_t>>;

struct Checked {
  std::shared_ptr<const tril::dsl::Source> source; // the messages point into it
  std::optional<tril::dsl::Model> model;
  tril::dsl::Diagnostics diagnostics;
  std::string messages() const { return tril::dsl::render(diagnostics, false); }
};

/// Checks a text; `config` is JSON, empty for none.
Checked checkText(const std::string &text, const std::string &config = {},
                  const Shapes *tensors = nullptr, const std::string &dialect = {},
                  int64_t context = 0);

/// The library from the source tree.
const tril::dsl::Library &library();

std::string readFile(const std::string &path);

/// The shapes in the header of a safetensors file.
Shapes readShapes(const std::string &path);

/// A node by the name that the text gives it; the last one so called.
tril::dsl::NodeId nodeCalled(const tril::dsl::Model &model, const std::string &name);
/// The names of a node's axes, in order.
std::string axesOf(const tril::dsl::Model &model, tril::dsl::NodeId node);
