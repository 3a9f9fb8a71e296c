//===- TokenizerSplit.h - cut a text into the pieces within which BPE merges ------------------===//
#pragma once
#include "runtime/TokenizerView.h"
#include <functional>
#include <memory>

namespace tril {

/// The steps of pre-tokenization, compiled by PCRE2.  Immutable; any number of threads may split at
/// once. Bytes that are not well-formed UTF-8 are cut off first, each run of them as one piece, and
/// the patterns see each stretch between them as a text of its own.
class PreTokenizer {
public:
  using Sink = std::function<void(std::string_view)>;

  /// Throws `Error` for a pattern that PCRE2 does not take, with the place in the pattern.
  explicit PreTokenizer(const TokenizerView &view);
  ~PreTokenizer();
  PreTokenizer(PreTokenizer &&) noexcept;
  PreTokenizer &operator=(PreTokenizer &&) noexcept;

  /// Calls `sink` with each piece in turn; never with an empty one.  A piece is only valid during
  /// its call.
  /// `first`: the text is the beginning of what is tokenised.
  void split(std::string_view text, bool first, const Sink &sink) const;

private:
  struct Step;
  struct Session;
  void splitFrom(size_t step, std::string_view text, Session &session, const Sink &sink) const;
  void splitAtMarks(size_t step, std::string_view text, Session &session, const Sink &sink) const;
  void splitByPattern(size_t step, std::string_view text, Session &session, const Sink &sink) const;

  std::vector<Step> steps;
};

/// Restates a pattern for PCRE2 such that its classes mean what they mean to Oniguruma with Unicode
/// 16: `\s` is White_Space (PCRE2 adds U+180E), and general categories know what Unicode 15 and 16
/// added. Throws `Error` for a class within a class.
std::string restatePattern(std::string_view pattern);

} // namespace tril
