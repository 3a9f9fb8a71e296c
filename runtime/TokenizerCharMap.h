//===- TokenizerCharMap.h - a compiled map of characters -------------------------------------===//
// SentencePiece's `precompiled_charsmap`: a length (u32, little-endian), a double-array trie of
// that many bytes (Darts-clone: Yata et al.), and the replacements, each ended by a 0 byte.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tril {

class CharacterMap {
public:
  /// Throws `Error` for what is no such map.
  explicit CharacterMap(std::string_view compiled);

  /// At each place the longest entry is replaced, as SentencePiece does.
  std::string longest(std::string_view text) const;
  /// Grapheme clusters of less than 6 bytes, else characters, as the `tokenizers` library does: the
  /// shortest entry with which one begins stands for all of it.
  std::string byGrapheme(std::string_view text) const;

private:
  /// The replacement for an entry with which `text` begins, and the entry's length; 0: none.
  size_t match(std::string_view text, bool shortest, std::string_view &replacement) const;

  std::vector<uint32_t> units;
  std::string replacements;
};

} // namespace tril
