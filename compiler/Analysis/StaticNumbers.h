//===- StaticNumbers.h - numbers that static axes and the layer decide
//--------------------------------===//
// A window for each head (`[64, 256][head]`) or for each layer is known at compile time, at every
// place by itself.
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "Interpreter/Interpreter.h"
#include "llvm/ADT/MapVector.h"

namespace tril {

/// One position along some static axes, and a layer.
struct StaticPlace {
  llvm::SmallVector<std::pair<llvm::StringRef, int64_t>, 2> along;
  int64_t layer = 0;
};

class StaticNumbers {
public:
  /// Whether `value` depends on nothing else; remembers on what.
  bool has(mlir::Value value);
  /// What it is there; nothing for a hole.
  std::optional<double> at(mlir::Value value, const StaticPlace &place);
  /// All places that the values asked for can tell apart; none if they are more than `most`, or
  /// nothing was asked for that differs between places.
  std::vector<StaticPlace> places(int64_t most) const;

private:
  static constexpr int64_t kMostElements = 1 << 12;
  bool compute(mlir::Value value);

  interpreter::StaticEvaluator evaluator{kMostElements};
  llvm::MapVector<llvm::StringRef, int64_t> axes; // of values that were asked for
  int64_t layers = 1;
};

} // namespace tril
