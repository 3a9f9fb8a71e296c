//===- Prepare.h - activations as the kernels for quantised weights read them
//--------------------===//
#pragma once
#include "Conversion/Kernels/Gemm.h"

namespace tril::kernels {

/// Bytes of one prepared block of 32 activations.
constexpr int64_t preparedBlockBytes(Preparation preparation) {
  return preparation == Preparation::digits ? 112 : preparation == Preparation::sums ? 16 : 0;
}

/// Where the floats of a block begin: scale, sum of inputs 0-15, of 16-31, of all.
constexpr int64_t preparedFloatsOffset(Preparation preparation) {
  return preparation == Preparation::digits ? 96 : 0;
}

} // namespace tril::kernels
