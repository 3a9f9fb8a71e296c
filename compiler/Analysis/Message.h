//===- Message.h - what a person is told of a claim
//---------------------------------------------------===//
#pragma once
#include "Analysis/Causality.h"

namespace tril {

/// A message about the text, not yet in any form of output.
struct ClaimMessage {
  enum Kind { readsFuture, readsPresent, readsOlder, notDecided } kind;
  mlir::Location at;
  std::string text, under;
  std::vector<std::pair<mlir::Location, std::string>> notes;
  std::vector<std::string> helps;
};

std::vector<ClaimMessage> messagesOf(const ClaimResult &result);

} // namespace tril
