//===- Utf8.h - characters in bytes ---------------------------------------------------------===//
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tril::dsl {

/// One character of a text.
struct Character {
  char32_t code = 0;
  unsigned bytes = 0; // 0: the bytes are not UTF-8
};

/// The character that begins at byte `at` (RFC 3629: no overlong forms, no surrogates, at most
/// U+10FFFF).
Character characterAt(std::string_view text, size_t at);

/// How many columns a terminal gives to a character: 0 for combining marks, 2 for East Asian wide
/// ones and most pictures, else 1.
unsigned displayWidth(char32_t code);

} // namespace tril::dsl
