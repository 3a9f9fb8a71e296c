//===- Rules.h - what the rules of several operations share
//------------------------------------------===//
#pragma once
#include "Analysis/Reads.h"

namespace tril::analysis {

/// A constant as a number, if it is one that is worked with: whole, a small binary fraction, or
/// infinite.
std::optional<Number> numberOf(double value);

/// A hole and false are the same to every reader of a predicate.
bool holesAreFalse(mlir::Value predicate);

inline NamedTensorType tensorType(mlir::Value value) {
  return llvm::cast<NamedTensorType>(value.getType());
}

} // namespace tril::analysis
