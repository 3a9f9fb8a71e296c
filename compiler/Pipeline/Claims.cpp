//===- Claims.cpp - the proof of a text's claim, as messages about the text
//----------------------------------------===//
#include "Pipeline/Claims.h"
#include "Analysis/Explain.h"
#include "Analysis/Lint.h"
#include "Analysis/Message.h"

using namespace mlir;
using namespace tril;

/// The byte at a 1-based line and column.
static uint32_t offsetOf(const std::string &text, unsigned line, unsigned column) {
  size_t at = 0;
  for (unsigned n = 1; n < line && at != std::string::npos; ++n) {
    at = text.find('\n', at);
    if (at != std::string::npos)
      ++at;
  }
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

void tril::lintText(const dsl::Model &text, ModelOp model, int64_t longest, bool warnings,
                    dsl::Diagnostics &diagnostics) {
  for (const Lint &lint : tril::lint(model, longest)) {
    bool error = lint.kind == Lint::softmaxAxis;
    if (!error && !warnings)
      continue;
    dsl::Kind kind = lint.kind == Lint::softmaxAxis ? dsl::Kind::softmax_axis
                     : lint.kind == Lint::sameValue ? dsl::Kind::same_value
                     : lint.kind == Lint::emptyRow  ? dsl::Kind::empty_row
                     : lint.kind == Lint::idleMask  ? dsl::Kind::idle_mask
                                                    : dsl::Kind::window_too_big;
    dsl::Span span = spanOf(lint.at, text);
    dsl::Diagnostic &diagnostic = error ? diagnostics.error(kind, span, lint.text)
                                        : diagnostics.warning(kind, span, lint.text);
    if (!lint.help.empty())
      diagnostic.help(lint.help);
  }
}

static std::string rangesOf(const std::vector<int64_t> &layers) {
  std::string text;
  for (size_t i = 0; i < layers.size();) {
    size_t end = i + 1;
    while (end < layers.size() && layers[end] == layers[end - 1] + 1)
      ++end;
    text += (text.empty() ? "" : ", ") + std::to_string(layers[i]);
    if (end - i > 1)
      text += "-" + std::to_string(layers[end - 1]);
    i = end;
  }
  return text;
}

std::string tril::explainText(const dsl::Model &text, ModelOp model) {
  std::vector<std::array<std::string, 4>> rows;
  std::array<size_t, 4> widths{};
  for (const ExplainedValue &value : explainReads(model)) {
    dsl::Span span = spanOf(value.at, text);
    std::string line = span.source ? std::to_string(dsl::lineColumn(span).line) : "";
    rows.push_back({line, value.name,
                    value.layers.empty() ? "" : "layer " + rangesOf(value.layers) + ":",
                    value.reads.empty() ? "reads nothing" : value.reads});
    for (size_t k = 0; k < widths.size(); ++k)
      widths[k] = std::max(widths[k], rows.back()[k].size());
  }
  std::string result;
  for (const auto &row : rows) {
    std::string line = std::string(widths[0] - row[0].size(), ' ') + row[0] + "  " + row[1] +
                       std::string(widths[1] - row[1].size(), ' ') + "  ";
    if (widths[2] > 0)
      line += row[2] + std::string(widths[2] - row[2].size(), ' ') + " ";
    result += line + row[3] + "\n";
  }
  return result;
}

nlohmann::json tril::explainJson(const dsl::Model &text, ModelOp model) {
  nlohmann::json list = nlohmann::json::array();
  for (const ExplainedValue &value : explainReads(model)) {
    dsl::Span span = spanOf(value.at, text);
    nlohmann::json entry = {{"name", value.name}, {"reads", value.reads}, {"layers", value.layers}};
    if (span.source) {
      dsl::LineColumn at = dsl::lineColumn(span);
      entry["file"] = span.source->path;
      entry["line"] = at.line;
      entry["column"] = at.column;
    }
    list.push_back(std::move(entry));
  }
  return list;
}
