//===- Causality.h - proves or refutes what a text claims of itself
//----------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include <map>
#include <string>
#include <vector>

namespace tril {

/// A read that a claim forbids, at the smallest positions that were found.
struct Refutation {
  enum Kind {
    future,       ///< a later position, of a text that is causal
    present,      ///< its own position, of one that is strictly causal
    beyondWindow, ///< an older position than the window has
  } kind;
  std::string output;
  mlir::Location at; ///< where the forbidden position comes in
  std::string taken; ///< what comes in there
  /// The output at `position` reads position `reads`, of sequences of at least `length` positions.
  int64_t position = 0, reads = 0, length = 0;
  int64_t layer = -1; ///< in which it happens first, or -1
  std::string input;  ///< that is read there; empty: that the position exists
  /// By input, the values at some positions with which it was seen.
  std::map<std::string, std::map<int64_t, int64_t>> tokens;
  /// Where the way to the output is not known in every step: the value of which this is said, in
  /// the place of the output.
  std::string through;
  /// It happens for some tokens.  Otherwise the analysis does not see that it cannot happen.
  bool certain = true;
  /// From the output to the input: places in the text, and what is read there.
  std::vector<std::pair<mlir::Location, std::string>> path;
  std::vector<std::string> helps;
  mlir::Operation *entry = nullptr; ///< of `at`
};

/// What became of a claim.
struct ClaimResult {
  std::string claim; ///< "" for none
  std::vector<Refutation> refutations;
  /// Why the claim was not decided, and where; empty if it was.
  std::string undecided;
  mlir::Location undecidedAt;
  unsigned queries = 0; ///< to the solver
  bool holds() const { return refutations.empty() && undecided.empty(); }
};

/// Proves what the model says of itself after `is`, for all inputs and all lengths:
/// docs/causality.md.
ClaimResult proveClaim(ModelOp model);

/// A claim for which there is something to prove: all but `bidirectional` and none.
bool needsProof(ModelOp model);

/// The innermost place that is not in the library.
mlir::Location placeInText(mlir::Location location);

} // namespace tril
