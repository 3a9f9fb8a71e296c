//===- CheckpointParams.h - params of the interpreter from a checkpoint
//------------------------------===//
#pragma once
#include "Interpreter/Interpreter.h"
#include "runtime/Checkpoint.h"

namespace tril::interpreter {

/// Reads stored tensors of `checkpoint`, which must outlive the result, decoded to f32.  What is
/// wrong is told at `location`.
ParamSource checkpointParams(const Checkpoint &checkpoint, mlir::Location location);

} // namespace tril::interpreter
