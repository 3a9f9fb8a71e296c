//===- AttentionSpec.h - the sizes of an attention, for its kernel
//----------------------------------------===//
#pragma once
#include "Conversion/Kernels/Attention.h"

namespace tril {

/// Components of `type` along `axes`, names that it has.
int64_t sizeAlong(NamedTensorType type, mlir::ArrayAttr axes);

/// Widths, members, and how keys and values lie, of an attention whose states are planned: what the
/// sizes of its tiles follow from.  Without the code of its score and mask.
kernels::AttentionSpec specOf(AttentionOp attention);

} // namespace tril
