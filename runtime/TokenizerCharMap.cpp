//===- TokenizerCharMap.cpp - a compiled map of characters -----------------------------------===//
#include "runtime/TokenizerCharMap.h"
#include "runtime/Error.h"
#include "runtime/TokenizerUnicode.h"
#include <cstring>

namespace tril {
namespace {

// A unit of a Darts-clone trie.
bool hasLeaf(uint32_t unit) { return (unit >> 8) & 1; }
uint32_t valueOf(uint32_t unit) { return unit & 0x7fffffff; }
uint32_t labelOf(uint32_t unit) { return unit & 0x800000ff; }
uint32_t offsetOf(uint32_t unit) { return (unit >> 10) << ((unit & 0x200) >> 6); }

} // namespace

CharacterMap::CharacterMap(std::string_view compiled) : grapheme(compilePattern("\\X")) {
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
  const PatternMatch found(pcre2_match_data_create_from_pattern(grapheme.get(), nullptr));
  std::string result;
  for (size_t start = 0; start < text.size();) {
    if (pcre2_match(grapheme.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start,
                    PCRE2_NO_UTF_CHECK | PCRE2_ANCHORED, found.get(), nullptr) < 0)
      throw Error("cannot normalize the text");
    const size_t end = pcre2_get_ovector_pointer(found.get())[1];
    std::string_view cluster = text.substr(start, end - start), replacement;
    start = end;
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
