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
    while (size_t length = sequenceLength(text.substr(good)))
      good += length;
    result += normalizeWellFormed(form, text.substr(0, good));
    text.remove_prefix(good);
    while (!text.empty() && sequenceLength(text) == 0) {
      result += text[0];
      text.remove_prefix(1);
    }
  }
  return result;
}

} // namespace tril
