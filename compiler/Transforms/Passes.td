//===- Passes.td - the passes over the tril dialect --------------------------------------------===//
#ifndef TRIL_PASSES_TD
#define TRIL_PASSES_TD

include "mlir/Pass/PassBase.td"

def Recognise : Pass<"tril-recognise", "::tril::ModelOp"> {
  let summary = "Find contractions and softmaxes in what the text says with sums, products and exponentials";
  let description = [{
    The language has no contraction and no softmax: `sum[a](x * w)` and the definition in std are their text.  This pass
    is apart from the import so that the imported form stays a literal picture of the text, and runs once, because later
    passes treat the two as primitives.
  }];
}

#endif
