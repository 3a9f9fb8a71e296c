//===- Stored.h - numbers of states, in registers
//------------------------------------------------------===//
#pragma once
#include "Conversion/Kernels/Emitter.h"
#include "Dialect/Tril/TrilOps.h"

namespace tril::kernels {

/// 16 floats that lie at `pointer` as `stored`.  With a mask, 0 where it is false, and not read
/// there.
Value loadStored(Emitter &e, Value pointer, StateElement stored, unsigned alignment,
                 Value mask = Value());

} // namespace tril::kernels
