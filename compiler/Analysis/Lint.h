//===- Lint.h - masks and softmaxes that hardly mean what they say
//-----------------------------------===//
#pragma once
#include "Dialect/Tril/TrilOps.h"
#include <string>
#include <vector>

namespace tril {

/// Something that the text may say and hardly means, found with what its values read.
struct Lint {
  enum Kind {
    emptyRow,     ///< a softmax has a row without any position
    idleMask,     ///< a mask that leaves nothing out
    softmaxAxis,  ///< weights that sum to 1 along one axis are summed along another: an error
    sameValue,    ///< weights that sum to 1 weigh a value that is the same for all of them
    windowTooBig, ///< a window that no sequence is as long as
  } kind;
  mlir::Location at;
  std::string text, help;
};

/// `longest`: positions of a sequence by the configuration, or 0.  Nothing where an operation has
/// no rule.
std::vector<Lint> lint(ModelOp model, int64_t longest);

} // namespace tril
