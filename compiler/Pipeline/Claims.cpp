//===- Claims.cpp - the proof of a text's claim, as messages about the text
//----------------------------------------===//
#include "Pipeline/Claims.h"
#include "Analysis/Message.h"

using namespace mlir;
using namespace tril;

/// The byte at a 1-based line and column.
static uint32_t offsetOf(const std::string &text, unsigned line, unsigned column) {
  size_t at = 0;
  for (unsigned n = 1; n < line && at != std::string::npos; ++n)
    if ((at = text.find('\n', at)) != std::string::npos)
      ++at;
  return static_cast<uint32_t>(
      std::min(at == std::string::npos ? text.size() : at + column - 1, text.size()));
}

/// The place that a location of the import came from.
static dsl::Span spanOf(Location location, const dsl::Model &text) {
  auto range = dyn_cast<FileLineColRange>(location);
  if (!range)
    return {};
  for (const auto &source : text.sources)
    if (source->path == range.getFilename().getValue())
      return {source.get(), offsetOf(source->text, range.getStartLine(), range.getStartColumn()),
              offsetOf(source->text, range.getEndLine(), range.getEndColumn())};
  return {};
}

static dsl::Kind kindOf(ClaimMessage::Kind kind) {
  switch (kind) {
  case ClaimMessage::readsFuture:
    return dsl::Kind::reads_future;
  case ClaimMessage::readsPresent:
    return dsl::Kind::reads_present;
  case ClaimMessage::readsOlder:
    return dsl::Kind::reads_older;
  case ClaimMessage::notDecided:
    return dsl::Kind::not_decided;
  }
  llvm_unreachable("a kind of message");
}

bool tril::proveClaim(const dsl::Model &text, ModelOp model, dsl::Diagnostics &diagnostics) {
  ClaimResult result = proveClaim(model);
  for (const ClaimMessage &message : messagesOf(result)) {
    dsl::Diagnostic &diagnostic =
        diagnostics.error(kindOf(message.kind), spanOf(message.at, text), message.text);
    diagnostic.label(message.under);
    for (const auto &[at, what] : message.notes)
      diagnostic.note(spanOf(at, text), what);
    for (const std::string &what : message.helps)
      diagnostic.help(what);
  }
  return result.holds();
}
