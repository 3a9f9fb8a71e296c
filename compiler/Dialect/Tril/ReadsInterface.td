//===- ReadsInterface.td - what an operation reads ---------------------------------------------===//
#ifndef TRIL_READS_INTERFACE_TD
#define TRIL_READS_INTERFACE_TD

include "mlir/IR/OpBase.td"

def Tril_ReadsOpInterface : OpInterface<"ReadsOpInterface"> {
  let cppNamespace = "::tril";
  let description = [{
    What the elements of an operation's results read of the inputs, worked out from what those of its operands read.  Every
    operation of the whole-sequence form has it, and there is no default: of a model with an operation that lacks it,
    nothing is proved.  The rules are in docs/causality.md, their implementations in compiler/Analysis.
  }];
  let methods = [InterfaceMethod<
    "Tells `analysis` what the results read; failure after `analysis.undecided`.",
    "::mlir::LogicalResult", "reads", (ins "::tril::analysis::ReadsAnalysis &":$analysis)>];
}

// Methods are declared in every operation, so that one without a rule does not link.
def Tril_Reads : DeclareOpInterfaceMethods<Tril_ReadsOpInterface>;

#endif
