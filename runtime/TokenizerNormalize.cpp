//===- TokenizerNormalize.cpp - what happens to a text before it is cut ----------------------===//
#include "runtime/TokenizerNormalize.h"
#include "runtime/Error.h"
#include "runtime/TokenizerCharMap.h"
#include "runtime/TokenizerMarks.h"
#include "runtime/TokenizerPattern.h"
#include "runtime/TokenizerUnicode.h"
#include <utf8proc.h>

namespace tril {
namespace {

using Kind = NormalizeStep::Kind;

void append(std::string &text, char32_t codePoint) {
  utf8proc_uint8_t bytes[4];
  const utf8proc_ssize_t size =
      utf8proc_encode_char(static_cast<utf8proc_int32_t>(codePoint), bytes);
  text.append(reinterpret_cast<const char *>(bytes), static_cast<size_t>(size));
}

/// Calls `each` for every character; bytes that are none stay as they are.
template <class Each> std::string mapped(std::string_view text, Each each) {
  std::string result;
  while (!text.empty()) {
    const size_t length = sequenceLength(text);
    if (length == 0)
      result += text[0];
    else
      each(decodeSequence(text), text.substr(0, length), result);
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return result;
}

std::string lowercase(std::string_view text) {
  return mapped(text, [](char32_t c, std::string_view, std::string &result) {
    if (c == 0x130) // the only letter that becomes two characters
      result += "i\u0307";
    else
      append(result, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
  });
}

template <class Drop> std::string without(Drop dropped, std::string_view text) {
  return mapped(text, [&](char32_t c, std::string_view bytes, std::string &result) {
    if (!dropped(c))
      result += bytes;
  });
}

/// Control characters are dropped, white space becomes blanks.
std::string cleaned(std::string_view text) {
  return mapped(text, [](char32_t c, std::string_view bytes, std::string &result) {
    if (isDroppedControl(c))
      return;
    if (isWhiteSpace(c))
      result += ' ';
    else
      result += bytes;
  });
}

/// Blanks around each ideograph (the blocks of CJK Unified Ideographs and Compatibility
/// Ideographs).
std::string spacedIdeographs(std::string_view text) {
  return mapped(text, [](char32_t c, std::string_view bytes, std::string &result) {
    const bool ideograph = (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
                           (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f) ||
                           (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) ||
                           (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
    if (ideograph)
      result += ' ';
    result += bytes;
    if (ideograph)
      result += ' ';
  });
}

std::string replaced(std::string_view text, const pcre2_code *code, const std::string &content) {
  const PatternMatch match(pcre2_match_data_create_from_pattern(code, nullptr));
  std::string result;
  size_t done = 0;
  for (size_t start = 0; start <= text.size();) {
    const int found = pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                                  start, PCRE2_NO_UTF_CHECK, match.get(), nullptr);
    if (found == PCRE2_ERROR_NOMATCH)
      break;
    if (found < 0)
      throw Error("cannot normalize the text: " + patternMessage(found));
    const PCRE2_SIZE *bounds = pcre2_get_ovector_pointer(match.get());
    result += text.substr(done, bounds[0] - done);
    result += content;
    done = start = bounds[1];
    if (bounds[0] == bounds[1])
      start += start < text.size() ? sequenceLength(text.substr(start)) : 1;
  }
  result += text.substr(done);
  return result;
}

std::string_view stripped(std::string_view text, bool left, bool right) {
  if (left)
    text.remove_prefix(leadingSpace(text));
  if (right)
    text = text.substr(0, withoutTrailingSpace(text));
  return text;
}

} // namespace

struct TextNormalizer::Step {
  NormalizeStep step;
  PatternCode code = {};
  std::unique_ptr<CharacterMap> map = {};

  std::string apply(std::string_view text) const {
    switch (step.kind) {
    case Kind::form:
      return normalize(step.form, text);
    case Kind::prepend:
      return text.empty() ? std::string() : step.content + std::string(text);
    case Kind::replace:
      return replaced(text, code.get(), step.content);
    case Kind::lowercase:
      return lowercase(text);
    case Kind::dropMarks:
      return without(isDroppedMark, text);
    case Kind::dropAccents:
      return without(isDroppedAccent, normalize(Normalizer::nfd, text));
    case Kind::stripLeft:
      return std::string(stripped(text, true, false));
    case Kind::stripRight:
      return std::string(stripped(text, false, true));
    case Kind::clean:
      return cleaned(text);
    case Kind::spaceIdeographs:
      return spacedIdeographs(text);
    case Kind::mapLongest:
      return map->longest(text);
    case Kind::mapGraphemes:
      return map->byGrapheme(text);
    }
    throw Error("the tokenizer of this program is damaged: a step of normalization is not known");
  }
};

TextNormalizer::TextNormalizer(std::vector<NormalizeStep> theSteps) {
  for (NormalizeStep &step : theSteps) {
    Step made{std::move(step)};
    if (made.step.kind == Kind::replace)
      made.code = compilePattern(made.step.pattern);
    if (made.step.kind == Kind::mapLongest || made.step.kind == Kind::mapGraphemes)
      made.map = std::make_unique<CharacterMap>(made.step.content);
    steps.push_back(std::move(made));
  }
}
TextNormalizer::~TextNormalizer() = default;
TextNormalizer::TextNormalizer(TextNormalizer &&) noexcept = default;
TextNormalizer &TextNormalizer::operator=(TextNormalizer &&) noexcept = default;

std::string TextNormalizer::operator()(std::string_view text) const {
  std::string result(text);
  for (const Step &step : steps) {
    // Patterns see well-formed text only.
    const bool byPattern = step.step.kind == Kind::replace || step.step.kind == Kind::mapGraphemes;
    if (!byPattern) {
      result = step.apply(result);
      continue;
    }
    std::string next;
    for (std::string_view rest = result; !rest.empty();) {
      size_t good = 0;
      while (const size_t length = sequenceLength(rest.substr(good)))
        good += length;
      next += step.apply(rest.substr(0, good));
      rest.remove_prefix(good);
      for (; !rest.empty() && sequenceLength(rest) == 0; rest.remove_prefix(1))
        next += rest[0];
    }
    result = std::move(next);
  }
  return result;
}

} // namespace tril
