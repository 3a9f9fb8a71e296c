//===- Causality.cpp - proves or refutes what a text claims of itself
//--------------------------------===//
#include "Analysis/Causality.h"
#include "Analysis/Counterexample.h"
#include "Analysis/Reads.h"

using namespace mlir;
using namespace tril;
using namespace tril::analysis;

bool tril::needsProof(ModelOp model) {
  auto claim = model.getClaim();
  return claim && !claim->empty() && *claim != "bidirectional";
}

Location tril::placeInText(Location location) {
  while (true) {
    if (auto named = dyn_cast<NameLoc>(location)) {
      location = named.getChildLoc();
    } else if (auto fused = dyn_cast<FusedLoc>(location); fused && !fused.getLocations().empty()) {
      location = fused.getLocations().front();
    } else if (auto call = dyn_cast<CallSiteLoc>(location)) {
      Location callee = placeInText(call.getCallee());
      auto file = dyn_cast<FileLineColRange>(callee);
      if (file && !file.getFilename().getValue().starts_with("std/"))
        return callee;
      location = call.getCaller();
    } else {
      return location;
    }
  }
}

namespace {

/// One claim of one model.
class Prover {
public:
  Prover(ModelOp model, ClaimResult &result) : analysis(model), result(result) {
    StringRef claim = result.claim;
    strict = claim == "strictly causal";
    if (claim.consume_front("reads window"))
      claim.trim().getAsInteger(10, window);
    analysis.keepWindows = window > 0;
  }

  void run() {
    if (failed(analysis.run())) {
      result.undecided = analysis.why();
      result.undecidedAt = placeInText(analysis.where()->getLoc());
      return;
    }
    for (const ReadsAnalysis::Output &output : analysis.outputs())
      check(output);
    if (!analysis.decided() && result.undecided.empty() && result.refutations.empty()) {
      result.undecided = "its formulas need more work than is spent on one text";
      result.undecidedAt = placeInText(analysis.outputs().front().op->getLoc());
    }
  }

  ReadsAnalysis analysis;

private:
  void check(const ReadsAnalysis::Output &output) {
    Terms &terms = analysis.terms;
    auto op = cast<OutputOp>(output.op);
    NamedTensorType type = op.getValue().getType();
    // An output that is not over time is one of the first position already.
    Affine t = type.hasAxis(kTime) ? analysis.position(type.axis(kTime)) : Affine(0);
    std::optional<Refutation> best;
    for (const Case &one : output.reads.cases) {
      if (one.sequence != kTime)
        continue;
      Formula ahead = strict ? terms.atMost(t, one.position) : terms.below(t, one.position);
      Formula old = kFalse;
      if (window > 0)
        old = terms.atMost(one.position, terms.add(t, Affine(-window)));
      for (auto [bad, kind] : {std::pair(ahead, strict ? Refutation::present : Refutation::future),
                               std::pair(old, Refutation::beyondWindow)}) {
        Formula f = terms.both(terms.both(analysis.matters(output.reads, one.role), one.when), bad);
        if (!analysis.solver.possible(f))
          continue;
        if (analysis.solver.exceeded())
          return;
        bool certain = analysis.solver.certain(f);
        auto point = analysis.solver.smallest(f, !certain, t, one.position);
        Refutation found = explain({kind, op, &one, t, *point, certain}, analysis);
        if (!best || tellsMore(found, *best))
          best = std::move(found);
      }
    }
    if (best)
      result.refutations.push_back(std::move(*best));
  }

  ClaimResult &result;
  bool strict = false;
  int64_t window = 0;
};

} // namespace

ClaimResult tril::proveClaim(ModelOp model) {
  ClaimResult result{model.getClaim().value_or("").str(), {}, "", model.getLoc(), 0};
  if (!needsProof(model))
    return result;
  Prover prover(model, result);
  prover.run();
  result.queries = prover.analysis.solver.queries();
  return result;
}
