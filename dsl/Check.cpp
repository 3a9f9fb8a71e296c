//===- Check.cpp - checks a text and makes its graph
//------------------------------------------------===//
#include "dsl/Check.h"
#include "dsl/CheckContext.h"
#include <algorithm>

using namespace tril::dsl;
using namespace tril::dsl::checker;

static bool hasHoles(const Model &model) {
  return std::any_of(model.outputs.begin(), model.outputs.end(),
                     [&](const Output &output) { return model.nodes[output.value].type.holes; });
}

std::optional<Model> tril::dsl::check(const ast::Program &program, const CheckOptions &options,
                                      Diagnostics &diagnostics) {
  Checker checker(program, options, diagnostics, std::nullopt);
  if (!checker.run())
    return std::nullopt;
  if (!hasHoles(checker.graph.model))
    return std::move(checker.graph.model);
  // A table of positions ends somewhere, and beyond its end everything is a hole.  Is there a
  // length up to which the outputs have none?
  std::vector<int64_t> limits = checker.graph.limits();
  std::sort(limits.begin(), limits.end(), std::greater<>());
  limits.erase(std::unique(limits.begin(), limits.end()), limits.end());
  for (int64_t limit : limits) {
    Diagnostics apart;
    Checker limited(program, options, apart, limit);
    if (limited.run() && !hasHoles(limited.graph.model)) {
      limited.graph.model.longest = limit;
      return std::move(limited.graph.model);
    }
  }
  return std::move(checker.graph.model);
}
