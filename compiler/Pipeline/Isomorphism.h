//===- Isomorphism.h - whether two modules compute the same
//---------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include <optional>

namespace tril {

/// Two places at which models part.
struct Parting {
  mlir::Location a, b;
};

/// Walks two imported models from their outputs on, side by side.  Nothing if both compute the same
/// outputs from the same tensors: names of axes, bodies and models, the order of operations and of
/// the axes of values are no difference.  The converse is not claimed: `a + b` and `b + a` part.
std::optional<Parting> partingOf(ModelOp a, ModelOp b);

} // namespace tril
