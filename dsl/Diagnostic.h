//===- Diagnostic.h - messages for a person -------------------------------------------------===//
// A message states what was found, at the smallest span that is wrong; notes point at the other
// half; help proposes.
#pragma once
#include "dsl/Source.h"
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tril::dsl {

/// One for each entry of Diagnostics.def.
enum class Kind {
#define DIAGNOSTIC(name, meaning) name,
#include "dsl/Diagnostics.def"
};

/// The stable name, with dashes: `unknown-axis`.
std::string kindName(Kind kind);
/// What it means, for the documentation.
std::string_view kindMeaning(Kind kind);
/// All of them, in the order of the list.
const std::vector<Kind> &allKinds();

enum class Severity { error, warning };

/// Another place that a message speaks of.
struct Note {
  Span span;
  std::string text;
};

struct Diagnostic {
  Kind kind;
  Severity severity = Severity::error;
  Span span;
  std::string message;
  std::string under = {}; // beside the underline
  std::vector<Note> notes = {};
  std::vector<std::string> helps = {};

  Diagnostic &label(std::string text) {
    under = std::move(text);
    return *this;
  }
  Diagnostic &note(Span at, std::string text) {
    notes.push_back({at, std::move(text)});
    return *this;
  }
  Diagnostic &help(std::string text) {
    helps.push_back(std::move(text));
    return *this;
  }
};

/// The messages of one run.
class Diagnostics {
public:
  void add(Diagnostic diagnostic) { list.push_back(std::move(diagnostic)); }
  /// The reference is good until the next message.
  Diagnostic &error(Kind kind, Span span, std::string message) {
    return append(kind, Severity::error, span, std::move(message));
  }
  Diagnostic &warning(Kind kind, Span span, std::string message) {
    return append(kind, Severity::warning, span, std::move(message));
  }
  bool hasErrors() const;
  /// In the order in which they were found.
  const std::vector<Diagnostic> &all() const { return list; }
  /// By place, without repetitions.
  std::vector<Diagnostic> sorted() const;

private:
  Diagnostic &append(Kind kind, Severity severity, Span span, std::string message) {
    list.push_back({kind, severity, span, std::move(message)});
    return list.back();
  }
  std::vector<Diagnostic> list;
};

/// In rustc's manner: `error[unknown-axis]: ...`, the place, the line with the span underlined (its
/// first line, where it has several), notes with theirs, help.  Of a long line, what is around the
/// span is shown.
std::string render(const Diagnostic &diagnostic, bool color);
/// All, sorted, with a line that counts them.
std::string render(const Diagnostics &diagnostics, bool color);
nlohmann::json toJson(const Diagnostic &diagnostic);
nlohmann::json toJson(const Diagnostics &diagnostics);

/// The candidate that is nearest to `name` by edit distance, if it is near enough for a
/// misspelling; else "".
std::string nearest(std::string_view name, const std::vector<std::string> &candidates);

} // namespace tril::dsl
