//===- Claims.h - the proof of a text's claim, as messages about the text
//------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "dsl/Diagnostic.h"
#include "dsl/Model.h"

namespace tril {

/// Proves what `text` says of itself; what refutes it, or why it could not be decided, is told to
/// `diagnostics`.  `model` is what was imported from `text`.
bool proveClaim(const dsl::Model &text, ModelOp model, dsl::Diagnostics &diagnostics);

} // namespace tril
