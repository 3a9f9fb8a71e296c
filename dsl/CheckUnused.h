//===- CheckUnused.h - values that nothing reads
//----------------------------------------------===//
#pragma once
#include "dsl/Ast.h"
#include "dsl/Diagnostic.h"

namespace tril::dsl {

/// Warns of every value of the text that is computed and read nowhere, in any choice of the
/// configuration: a `past` that was meant to be looked at, and was not.
void warnOfUnused(const ast::Program &program, Diagnostics &diagnostics);

} // namespace tril::dsl
