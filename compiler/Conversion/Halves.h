//===- Halves.h - numbers of 16 bits in states
//--------------------------------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"

namespace tril {

/// The nearest f16 or bf16 of an f32 (a number or a vector), as i16; of two equally near the one
/// whose last bit is 0.  In f16, what is larger than 65504 becomes 65504.  In integers: the same on
/// every processor.
mlir::Value narrow(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                   StateElement to);

/// The f32 that an i16 of `narrow` stands for.
mlir::Value widen(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value bits,
                  StateElement from);

} // namespace tril
