//===- Counterexample.h - a forbidden read, and how it comes about
//-----------------------------------===//
#pragma once
#include "Analysis/Causality.h"
#include "Analysis/Reads.h"

namespace tril::analysis {

struct Counterexample {
  Refutation::Kind kind;
  OutputOp output;
  const Case *read;
  Affine time; ///< the output's position
  Point point;
  bool certain;

  /// The value of an expression of the output's positions, if the counterexample decides it.
  std::optional<int64_t> value(const Terms &terms, const Affine &affine) const;
};

/// Which of two to tell of.
bool tellsMore(const Refutation &a, const Refutation &b);

/// Puts it in words.
Refutation explain(const Counterexample &found, ReadsAnalysis &analysis);

} // namespace tril::analysis
