//===- Explain.h - what each named value reads, in words
//---------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include <string>
#include <vector>

namespace tril {

/// One named value of the text.
struct ExplainedValue {
  std::string name;
  mlir::Location at;
  /// Of which layers it is a value; empty: of none.  What it reads is then said of what goes into
  /// the layer.
  std::vector<int64_t> layers;
  /// "t reads 0..t", "t reads floor(t/16)*16..t", "reads source, any position"; "" for nothing.
  std::string reads;
};

/// What the named values of the text read, in the order of the text; nothing where an operation has
/// no rule.  `t` is the position along `time`.
std::vector<ExplainedValue> explainReads(ModelOp model);

} // namespace tril
