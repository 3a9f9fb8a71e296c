//===- TokenizerSplit.cpp - pre-tokenization by PCRE2 -----------------------------------------===//
#include "runtime/TokenizerSplit.h"
#include "runtime/Error.h"
#include "runtime/TokenizerPattern.h"
#include "runtime/TokenizerUnicode.h"

namespace tril {
namespace {

using MatchContext = std::unique_ptr<pcre2_match_context, FreeWith<pcre2_match_context_free>>;
using JitStack = std::unique_ptr<pcre2_jit_stack, FreeWith<pcre2_jit_stack_free>>;

constexpr std::string_view kSpaceMark = "\u2581";

} // namespace

std::string patternMessage(int code) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(code, buffer, sizeof buffer);
  return reinterpret_cast<const char *>(buffer);
}

PatternCode compilePattern(std::string_view pattern) {
  const std::string restated = restatePattern(pattern);
  int error = 0;
  PCRE2_SIZE place = 0;
  PatternCode code(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(restated.data()), restated.size(),
                                 PCRE2_UTF | PCRE2_UCP, &error, &place, nullptr));
  if (!code)
    throw Error("the tokenizer's pattern `" + restated + "` is not understood at its byte " +
                std::to_string(place) + ": " + patternMessage(error));
  pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE); // without it, matching is only slower
  return code;
}

struct PreTokenizer::Step {
  TokenizerView::StepRecord record;
  PatternCode code;
};

/// What one call of `split` needs for itself.
struct PreTokenizer::Session {
  bool first = false;                ///< the piece is the beginning of the text
  std::vector<PatternMatch> matches; // one a step, since a step runs within the one before
  MatchContext context{pcre2_match_context_create(nullptr)};
  JitStack stack{pcre2_jit_stack_create(32 << 10, 8 << 20, nullptr)};

  explicit Session(const std::vector<Step> &steps) {
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
    for (const Step &step : steps)
      matches.emplace_back(
          step.code ? pcre2_match_data_create_from_pattern(step.code.get(), nullptr) : nullptr);
  }
};

PreTokenizer::PreTokenizer(const TokenizerView &view) {
  for (const TokenizerView::StepRecord &record : view.steps)
    steps.push_back({record, record.kind == SplitStep::Kind::split
                                 ? compilePattern(view.pattern(record))
                                 : nullptr});
}

PreTokenizer::~PreTokenizer() = default;
PreTokenizer::PreTokenizer(PreTokenizer &&) noexcept = default;
PreTokenizer &PreTokenizer::operator=(PreTokenizer &&) noexcept = default;

void PreTokenizer::split(std::string_view text, bool first, const Sink &sink) const {
  Session session(steps);
  session.first = first;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (size_t length = sequenceLength(text.substr(end)))
      end += length;
    if (end > begin)
      splitFrom(0, text.substr(begin, end - begin), session, sink);
    for (begin = end; end < text.size() && sequenceLength(text.substr(end)) == 0;)
      ++end;
    if (end > begin)
      sink(text.substr(begin, end - begin));
    begin = end;
  }
}

void PreTokenizer::splitFrom(size_t step, std::string_view text, Session &session,
                             const Sink &sink) const {
  if (text.empty())
    return;
  if (step == steps.size())
    return sink(text);
  if (steps[step].record.kind == SplitStep::Kind::split)
    return splitByPattern(step, text, session, sink);
  if (steps[step].record.kind == SplitStep::Kind::spaceMark)
    return splitAtMarks(step, text, session, sink);
  if (text.front() == ' ')
    return splitFrom(step + 1, text, session, sink);
  const std::string prefixed = " " + std::string(text);
  splitFrom(step + 1, prefixed, session, sink);
}

// Blanks become marks, one is put before, and each piece begins at one.
void PreTokenizer::splitAtMarks(size_t step, std::string_view text, Session &session,
                                const Sink &sink) const {
  const TokenizerView::StepRecord &record = steps[step].record;
  std::string marked;
  for (char c : text)
    if (c == ' ')
      marked += kSpaceMark;
    else
      marked += c;
  const auto scheme = static_cast<SplitStep::Prepend>(record.prepend);
  const bool prepend = scheme == SplitStep::Prepend::always ||
                       (scheme == SplitStep::Prepend::first && session.first);
  if (prepend && !marked.starts_with(kSpaceMark))
    marked.insert(0, kSpaceMark);
  session.first = false;
  if (record.invert) // not cut
    return splitFrom(step + 1, marked, session, sink);
  for (size_t begin = 0; begin < marked.size();) {
    const size_t end =
        std::min(marked.size(), marked.find(kSpaceMark, begin + 1)); // a mark is no part of another
    splitFrom(step + 1, std::string_view(marked).substr(begin, end - begin), session, sink);
    begin = end;
  }
}

void PreTokenizer::splitByPattern(size_t step, std::string_view text, Session &session,
                                  const Sink &sink) const {
  const auto &[record, code] = steps[step];
  pcre2_match_data *data = session.matches[step].get();
  const auto *subject = reinterpret_cast<PCRE2_SPTR>(text.data());

  const auto emit = [&](size_t begin, size_t end, bool isMatch) {
    if (begin < end &&
        (record.behavior != SplitStep::Behavior::removed || isMatch == (record.invert != 0)))
      splitFrom(step + 1, text.substr(begin, end - begin), session, sink);
  };
  size_t matchBegin = 0, matchEnd = 0; // a match not yet emitted: the next may touch it
  const auto take = [&](size_t begin, size_t end) {
    if (record.behavior == SplitStep::Behavior::contiguous && begin == matchEnd && begin < end) {
      matchEnd = end;
      return;
    }
    emit(matchBegin, matchEnd, true);
    emit(matchEnd, begin, false);
    matchBegin = begin;
    matchEnd = end;
  };

  for (size_t start = 0; start <= text.size();) {
    int found = pcre2_match(code.get(), subject, text.size(), start, PCRE2_NO_UTF_CHECK, data,
                            session.context.get());
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) // the interpreter keeps its stack on the heap
      found = pcre2_match(code.get(), subject, text.size(), start,
                          PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, data, session.context.get());
    if (found == PCRE2_ERROR_NOMATCH)
      break;
    if (found < 0)
      throw Error("cannot split the text into tokens: " + patternMessage(found));
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(data);
    take(bounds[0], bounds[1]);
    start = bounds[1];
    if (bounds[0] == bounds[1]) // an empty match only cuts; the next may not begin here again
      start += start < text.size() ? sequenceLength(text.substr(start)) : 1;
  }
  take(text.size(), text.size());
}

} // namespace tril
