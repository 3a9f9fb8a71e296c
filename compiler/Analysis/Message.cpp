//===- Message.cpp - what a person is told of a claim
//-------------------------------------------------===//
#include "Analysis/Message.h"

using namespace tril;

/// "be causal", "read a window of 4"
static std::string claimed(const ClaimResult &result) {
  llvm::StringRef claim = result.claim;
  if (claim.consume_front("reads window "))
    return "read a window of " + claim.str();
  return "be " + claim.str();
}

static std::string sentence(const ClaimResult &result, const Refutation &r) {
  std::string what = r.input.empty() ? "whether position " + std::to_string(r.reads) + " exists"
                                     : "`" + r.input + "` at position " + std::to_string(r.reads);
  if (!r.through.empty())
    return "the text claims to " + claimed(result) + ", and `" + r.output + "` reads " + r.through +
           ", which at position " + std::to_string(r.position) +
           (r.certain ? " reads " : " may read ") + what;
  return "the text claims to " + claimed(result) + ", and `" + r.output + "` at position " +
         std::to_string(r.position) + (r.certain ? " reads " : " may read ") + what;
}

std::vector<ClaimMessage> tril::messagesOf(const ClaimResult &result) {
  std::vector<ClaimMessage> messages;
  for (const Refutation &r : result.refutations) {
    ClaimMessage::Kind kind = r.kind == Refutation::future    ? ClaimMessage::readsFuture
                              : r.kind == Refutation::present ? ClaimMessage::readsPresent
                                                              : ClaimMessage::readsOlder;
    ClaimMessage message{kind, r.at, sentence(result, r), r.taken, {}, r.helps};
    for (const auto &step : r.path)
      if (step.first != r.at)
        message.notes.push_back(step);
    std::string seen =
        "seen with " + std::to_string(r.length) + (r.length == 1 ? " position" : " positions");
    if (r.layer >= 0)
      seen += ", in layer " + std::to_string(r.layer);
    message.notes.push_back({mlir::UnknownLoc::get(r.at.getContext()), seen});
    messages.push_back(std::move(message));
  }
  if (!result.undecided.empty())
    messages.push_back({ClaimMessage::notDecided,
                        result.undecidedAt,
                        "the text claims to " + claimed(result) +
                            ", and it could not be decided, because " + result.undecided,
                        "",
                        {},
                        {"`--unchecked` builds and runs it without the proof"}});
  return messages;
}
