//===- TokenizerCharMap.cpp - a compiled map of characters -----------------------------------===//
#include "runtime/TokenizerCharMap.h"
#include "runtime/Error.h"
#include "runtime/TokenizerUnicode.h"
#include <algorithm>
#include <cstring>
#include <utf8proc.h>

namespace tril {
namespace {

// A unit of a Darts-clone trie.
bool hasLeaf(uint32_t unit) { return (unit >> 8) & 1; }
uint32_t valueOf(uint32_t unit) { return unit & 0x7fffffff; }
uint32_t labelOf(uint32_t unit) { return unit & 0x800000ff; }
uint32_t offsetOf(uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

bool isControl(utf8proc_int32_t c) {
  const utf8proc_category_t category = utf8proc_category(c);
  return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZL ||
         category == UTF8PROC_CATEGORY_ZP;
}

/// Marks of Unicode 16 and 17, which utf8proc does not know.
bool isLateMark(char32_t c) {
  return c == 0x897 || (c >= 0x1acf && c <= 0x1add) || (c >= 0x1ae0 && c <= 0x1aeb);
}

/// The first grapheme cluster of a text that is not empty.
size_t graphemeSize(std::string_view text) {
  size_t size = std::max<size_t>(1, sequenceLength(text));
  auto last = static_cast<utf8proc_int32_t>(decodeSequence(text));
  utf8proc_int32_t state = 0;
  while (const size_t length = sequenceLength(text.substr(size))) {
    const auto next = static_cast<utf8proc_int32_t>(decodeSequence(text.substr(size)));
    if (utf8proc_grapheme_break_stateful(last, next, &state) &&
        (!isLateMark(static_cast<char32_t>(next)) || isControl(last)))
      break;
    last = next;
    size += length;
  }
  return size;
}

} // namespace

CharacterMap::CharacterMap(std::string_view compiled) {
  uint32_t size = 0;
  if (compiled.size() < sizeof size)
    throw Error("the tokenizer's map of characters is cut short");
  std::memcpy(&size, compiled.data(), sizeof size);
  if (size % 4 != 0 || size == 0 || size > compiled.size() - sizeof size)
    throw Error("the tokenizer's map of characters has a trie of " + std::to_string(size) +
                " bytes, and " + std::to_string(compiled.size() - sizeof size) + " are there");
  units.resize(size / 4);
  std::memcpy(units.data(), compiled.data() + sizeof size, size);
  replacements = compiled.substr(sizeof size + size);
  if (replacements.empty() || replacements.back() != 0)
    replacements += '\0';
}

size_t CharacterMap::match(std::string_view text, bool shortest,
                           std::string_view &replacement) const {
  size_t found = 0;
  size_t at = offsetOf(units[0]);
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    at ^= byte;
    if (at >= units.size() || labelOf(units[at]) != byte)
      break;
    const uint32_t unit = units[at];
    at ^= offsetOf(unit);
    if (!hasLeaf(unit))
      continue;
    if (at >= units.size() || valueOf(units[at]) >= replacements.size())
      throw Error("the tokenizer's map of characters is damaged");
    replacement = replacements.data() + valueOf(units[at]);
    found = i + 1;
    if (shortest)
      break;
  }
  return found;
}

std::string CharacterMap::longest(std::string_view text) const {
  std::string result;
  while (!text.empty()) {
    std::string_view replacement;
    size_t length = match(text, false, replacement);
    if (length > 0) {
      result += replacement;
    } else {
      length = sequenceLength(text);
      result += length > 0 ? text.substr(0, length) : "\xef\xbf\xbd";
    }
    text.remove_prefix(std::max<size_t>(1, length));
  }
  return result;
}

std::string CharacterMap::byGrapheme(std::string_view text) const {
  std::string result;
  while (!text.empty()) {
    std::string_view cluster = text.substr(0, graphemeSize(text)), replacement;
    text.remove_prefix(cluster.size());
    if (cluster.size() < 6 && match(cluster, true, replacement) > 0) {
      result += replacement;
      continue;
    }
    for (; !cluster.empty(); cluster.remove_prefix(std::max<size_t>(1, sequenceLength(cluster)))) {
      const std::string_view character =
          cluster.substr(0, std::max<size_t>(1, sequenceLength(cluster)));
      result += match(character, true, replacement) > 0 ? replacement : character;
    }
  }
  return result;
}

} // namespace tril
