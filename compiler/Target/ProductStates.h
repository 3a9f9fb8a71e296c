//===- ProductStates.h - the states of a planned model, for its manifest
//-----------------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "runtime/Manifest.h"

namespace tril {

/// Adds each state that a body keeps, with the place of its copy in every layer that runs the body.
/// Nothing where memory is not planned yet.
void addStates(ModelOp model, Manifest &manifest);

} // namespace tril
