//===- ProveCausality.cpp - the proof, for dumps
//------------------------------------------------------===//
#include "Analysis/Causality.h"
#include "Analysis/Message.h"
#include "Transforms/Passes.h"

namespace tril {
#define GEN_PASS_DEF_PROVECAUSALITY
#include "Transforms/Passes.h.inc"
} // namespace tril

using namespace mlir;
using namespace tril;

namespace {

struct ProveCausalityPass : tril::impl::ProveCausalityBase<ProveCausalityPass> {
  void runOnOperation() override {
    ClaimResult result = proveClaim(getOperation());
    queries += result.queries;
    markAllAnalysesPreserved();
    if (result.holds())
      return;
    for (const ClaimMessage &message : messagesOf(result)) {
      InFlightDiagnostic diagnostic = emitError(message.at) << message.text;
      for (const auto &[at, text] : message.notes)
        diagnostic.attachNote(at) << text;
      for (const std::string &text : message.helps)
        diagnostic.attachNote() << "help: " << text;
    }
    signalPassFailure();
  }
};

} // namespace
