//===- TokenizerBase64.cpp - bytes written as text --------------------------------------------===//
#include "runtime/TokenizerBase64.h"
#include "runtime/Error.h"
#include <cstdint>

namespace tril {

std::string fromBase64(std::string_view text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  uint32_t bits = 0;
  int have = 0;
  while (!text.empty() && text.back() == '=')
    text.remove_suffix(1);
  for (char c : text) {
    const size_t digit = digits.find(c);
    if (digit == std::string_view::npos)
      throw Error("the tokenizer's map of characters is not written in base 64");
    bits = bits << 6 | static_cast<uint32_t>(digit);
    have += 6;
    if (have >= 8) {
      have -= 8;
      result += static_cast<char>(bits >> have & 0xff);
    }
  }
  return result;
}

} // namespace tril
