//===- Passes.h - the passes over the tril dialect ---------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include "mlir/Pass/Pass.h"

namespace tril {
#define GEN_PASS_DECL
#include "Transforms/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "Transforms/Passes.h.inc"
} // namespace tril
