//===- EvaluateApart.h - lists of tokens one by one -------------------------------------------===//
#pragma once
#include "Pipeline/Driver.h"

namespace tril {

/// Where what a text computes depends on how many positions it is for: evaluates each list of
/// tokens with as many as it has, in a process of its own, and writes the outputs of all.
int evaluateApart(const EvalRequest &request);

} // namespace tril
