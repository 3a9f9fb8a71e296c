//===- Claims.h - the proof of a text's claim, as messages about the text
//------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "dsl/Diagnostic.h"
#include "dsl/Model.h"
#include <nlohmann/json.hpp>

namespace tril {

/// Proves what `text` says of itself; what refutes it, or why it could not be decided, is told to
/// `diagnostics`.  `model` is what was imported from `text`.
bool proveClaim(const dsl::Model &text, ModelOp model, dsl::Diagnostics &diagnostics);

/// Masks and softmaxes that hardly mean what they say: errors, and with `warnings` the rest.
/// `longest` is how long a sequence may be by the configuration, or 0.
void lintText(const dsl::Model &text, ModelOp model, int64_t longest, bool warnings,
              dsl::Diagnostics &diagnostics);

/// What the named values of the text read: a table for a person, or JSON.
std::string explainText(const dsl::Model &text, ModelOp model);
nlohmann::json explainJson(const dsl::Model &text, ModelOp model);

} // namespace tril
