//===- Message.cpp - what a person is told of a claim
//-------------------------------------------------===//
#include "Analysis/Message.h"

using namespace tril;

static std::string sentence(const ClaimResult &result, const Refutation &r) {
  std::string what = r.input.empty() ? "whether position " + std::to_string(r.reads) + " exists"
                                     : "`" + r.input + "` at position " + std::to_string(r.reads);
  std::string text = "the text claims to be " + result.claim + ", and `" + r.output +
                     "` at position " + std::to_string(r.position) +
                     (r.certain ? " reads " : " may read ") + what;
  if (r.kind == Refutation::beyondWindow)
    text.replace(0, 24, "the text claims that it "); // "... reads window W"
  return text;
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
    messages.push_back(
        {ClaimMessage::notDecided,
         result.undecidedAt,
         "could not decide whether the text is " + result.claim + ", because " + result.undecided,
         "",
         {},
         {"`--unchecked` builds and runs it without the proof"}});
  return messages;
}
