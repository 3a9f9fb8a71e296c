//===- TokenizerUnicode.cpp - UTF-8 and normal forms ------------------------------------------===//
#include "runtime/TokenizerUnicode.h"
#include "runtime/Error.h"
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utf8proc.h>

namespace tril {
namespace {

struct Lead {
  uint8_t length;               // of the whole sequence; 0: no sequence starts with this byte
  uint8_t secondMin, secondMax; // the second byte has a narrower range after some leads
};

Lead leadOf(uint8_t byte) {
  if (byte < 0x80)
    return {1, 0, 0};
  if (byte < 0xc2)
    return {0, 0, 0};
  if (byte < 0xe0)
    return {2, 0x80, 0xbf};
  if (byte < 0xf0)
    return {3, static_cast<uint8_t>(byte == 0xe0 ? 0xa0 : 0x80),
            static_cast<uint8_t>(byte == 0xed ? 0x9f : 0xbf)};
  if (byte < 0xf5)
    return {4, static_cast<uint8_t>(byte == 0xf0 ? 0x90 : 0x80),
            static_cast<uint8_t>(byte == 0xf4 ? 0x8f : 0xbf)};
  return {0, 0, 0};
}

/// How many bytes of `text` fit the sequence that its first byte starts.
size_t matchingBytes(std::string_view text, Lead lead) {
  size_t count = 1;
  for (; count < std::min<size_t>(lead.length, text.size()); ++count) {
    const auto byte = static_cast<uint8_t>(text[count]);
    const uint8_t low = count == 1 ? lead.secondMin : 0x80,
                  high = count == 1 ? lead.secondMax : 0xbf;
    if (byte < low || byte > high)
      break;
  }
  return count;
}

/// Code points below U+0300 are their own NFC and never change their neighbours.
bool isSurelyComposed(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<uint8_t>(c) < 0xcc; });
}

struct Range {
  char32_t first, last;
};

/// Characters later than Unicode 9 which decompose, combine or have a combining class.  The
/// `tokenizers` package has the tables of Unicode 9, and models were trained on what it gives:
/// these stay where they stand.
constexpr Range kLaterThanTheTables[] = {
    {0x7fd, 0x7fd},     {0x898, 0x89f},     {0x8ca, 0x8d3},     {0x9fe, 0x9fe},
    {0xc3c, 0xc3c},     {0xd3b, 0xd3c},     {0xeba, 0xeba},     {0xece, 0xece},
    {0x1715, 0x1715},   {0x1abf, 0x1ace},   {0x1df6, 0x1dfa},   {0x32ff, 0x32ff},
    {0xa7f2, 0xa7f4},   {0xa82c, 0xa82c},   {0xab69, 0xab69},   {0x10781, 0x10785},
    {0x10787, 0x107b0}, {0x107b2, 0x107ba}, {0x10d24, 0x10d27}, {0x10eab, 0x10eac},
    {0x10efd, 0x10eff}, {0x10f46, 0x10f50}, {0x10f82, 0x10f85}, {0x11070, 0x11070},
    {0x1133b, 0x1133b}, {0x1145e, 0x1145e}, {0x11839, 0x1183a}, {0x11930, 0x11930},
    {0x11935, 0x11935}, {0x11938, 0x11938}, {0x1193d, 0x1193e}, {0x11943, 0x11943},
    {0x119e0, 0x119e0}, {0x11a34, 0x11a34}, {0x11a47, 0x11a47}, {0x11a99, 0x11a99},
    {0x11d42, 0x11d42}, {0x11d44, 0x11d45}, {0x11d97, 0x11d97}, {0x11f41, 0x11f42},
    {0x16ff0, 0x16ff1}, {0x1e030, 0x1e06d}, {0x1e08f, 0x1e08f}, {0x1e130, 0x1e136},
    {0x1e2ae, 0x1e2ae}, {0x1e2ec, 0x1e2ef}, {0x1e4ec, 0x1e4ef}, {0x1f16c, 0x1f16c},
    {0x1fbf0, 0x1fbf9}};

bool isLaterThanTheTables(char32_t codePoint) {
  const auto *const range =
      std::partition_point(std::begin(kLaterThanTheTables), std::end(kLaterThanTheTables),
                           [&](Range r) { return r.last < codePoint; });
  return range != std::end(kLaterThanTheTables) && range->first <= codePoint;
}

std::string normalizeWellFormed(Normalizer form, std::string_view text) {
  if (form == Normalizer::nfc && isSurelyComposed(text))
    return std::string(text);
  int options = UTF8PROC_STABLE;
  options |=
      form == Normalizer::nfc || form == Normalizer::nfkc ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
  if (form == Normalizer::nfkc || form == Normalizer::nfkd)
    options |= UTF8PROC_COMPAT;
  utf8proc_uint8_t *result = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t *>(text.data()),
      static_cast<utf8proc_ssize_t>(text.size()), &result, static_cast<utf8proc_option_t>(options));
  if (size < 0)
    throw Error(std::string("cannot normalize the text: ") + utf8proc_errmsg(size));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, &std::free);
  return {reinterpret_cast<const char *>(result), static_cast<size_t>(size)};
}

} // namespace

size_t sequenceLength(std::string_view text) {
  if (text.empty())
    return 0;
  const Lead lead = leadOf(static_cast<uint8_t>(text[0]));
  return lead.length != 0 && matchingBytes(text, lead) == lead.length ? lead.length : 0;
}

bool isIncompleteSequence(std::string_view text) {
  if (text.empty())
    return false;
  const Lead lead = leadOf(static_cast<uint8_t>(text[0]));
  return text.size() < lead.length && matchingBytes(text, lead) == text.size();
}

char32_t decodeSequence(std::string_view text) {
  const auto first = static_cast<uint8_t>(text[0]);
  const uint8_t length = leadOf(first).length;
  char32_t codePoint = length == 1 ? first : first & (0x7f >> length);
  for (uint8_t i = 1; i < length; ++i)
    codePoint = codePoint << 6 | (static_cast<uint8_t>(text[i]) & 0x3f);
  return codePoint;
}

bool isWhiteSpace(char32_t c) {
  return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

size_t lastCharacter(std::string_view text) {
  for (size_t back = 1; back <= std::min<size_t>(4, text.size()); ++back)
    if (sequenceLength(text.substr(text.size() - back)) == back)
      return text.size() - back;
  return text.size() - 1;
}

size_t withoutTrailingSpace(std::string_view text) {
  while (!text.empty()) {
    const size_t last = lastCharacter(text);
    if (sequenceLength(text.substr(last)) == 0 || !isWhiteSpace(decodeSequence(text.substr(last))))
      break;
    text = text.substr(0, last);
  }
  return text.size();
}

size_t leadingSpace(std::string_view text) {
  size_t end = 0;
  while (size_t length = sequenceLength(text.substr(end))) {
    if (!isWhiteSpace(decodeSequence(text.substr(end))))
      break;
    end += length;
  }
  return end;
}

bool isWordCharacter(char32_t codePoint) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(codePoint))) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_PC:
    return true;
  default:
    return codePoint == 0x200c || codePoint == 0x200d;
  }
}

std::string normalize(Normalizer form, std::string_view text) {
  if (form == Normalizer::none)
    return std::string(text);
  std::string result;
  while (!text.empty()) {
    size_t good = 0;
    const auto stays = [&](size_t at) {
      return sequenceLength(text.substr(at)) == 0 ||
             isLaterThanTheTables(decodeSequence(text.substr(at)));
    };
    while (good < text.size() && !stays(good))
      good += sequenceLength(text.substr(good));
    result += normalizeWellFormed(form, text.substr(0, good));
    text.remove_prefix(good);
    while (!text.empty() && stays(0)) {
      const size_t length = std::max<size_t>(1, sequenceLength(text));
      result += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return result;
}

} // namespace tril
