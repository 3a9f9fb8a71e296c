//===- InnerValues.h - named values of a text as outputs of a product
//---------------------------------------------===//
#pragma once
#include "dsl/Model.h"

namespace tril {

/// Makes an output of every value over `time` that the text names, in every layer, for `--probe` to
/// look at: `NAME`, in a loop `layer.3.NAME`.  Values over a second sequence, such as scores, and
/// those inside of a recurrence are left out.
void addInnerOutputs(dsl::Model &model);

} // namespace tril
