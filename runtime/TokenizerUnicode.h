//===- TokenizerUnicode.h - UTF-8 and normal forms --------------------------------------------===//
#pragma once
#include "runtime/TokenizerData.h"
#include <string>
#include <string_view>

namespace tril {

/// The length in bytes of the well-formed UTF-8 sequence at the start of `text`, 0 if there is
/// none. Well-formed as in the Unicode standard, table 3-7: no surrogates, no overlong forms, at
/// most U+10FFFF.
size_t sequenceLength(std::string_view text);

/// True if `text` is the beginning, but not the whole, of a well-formed sequence.
bool isIncompleteSequence(std::string_view text);

/// The code point of the well-formed sequence at the start of `text`.
char32_t decodeSequence(std::string_view text);

/// White space by Unicode's property White_Space.
bool isWhiteSpace(char32_t codePoint);

/// The bytes of the white space at the start of a text.
size_t leadingSpace(std::string_view text);
/// The size of a text without the white space at its end.
size_t withoutTrailingSpace(std::string_view text);
/// The start of the last character of a text that is not empty, or its last byte where that is
/// none.
size_t lastCharacter(std::string_view text);

/// A letter, a mark, a digit or a connector (`\w` of Unicode Technical Standard 18).
bool isWordCharacter(char32_t codePoint);

/// The normal form, by the tables of Unicode 9, of the well-formed stretches of `text`; other bytes
/// stay as they are.
std::string normalize(Normalizer form, std::string_view text);

} // namespace tril
