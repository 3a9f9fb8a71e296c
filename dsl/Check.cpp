//===- Check.cpp - checks a text and makes its graph
//------------------------------------------------===//
#include "dsl/Check.h"
#include "dsl/CheckContext.h"
#include <algorithm>

using namespace tril::dsl;
using namespace tril::dsl::checker;

std::optional<Model> tril::dsl::check(const ast::Program &program, const CheckOptions &options,
                                      Diagnostics &diagnostics) {
  Checker checker(program, options, diagnostics, std::nullopt);
  if (!checker.run())
    return std::nullopt;
  // A table of positions ends somewhere: sequences are as long as it at most, and within that
  // nothing is a hole.
  std::vector<int64_t> limits = checker.graph.limits();
  if (limits.empty())
    return std::move(checker.graph.model);
  int64_t limit = *std::min_element(limits.begin(), limits.end());
  Diagnostics apart; // the same text: it has nothing new to tell
  Checker limited(program, options, apart, limit);
  if (!limited.run())
    return std::nullopt;
  limited.graph.model.longest = limit;
  return std::move(limited.graph.model);
}
