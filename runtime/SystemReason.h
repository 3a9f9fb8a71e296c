//===- SystemReason.h - errno for a person
//------------------------------------------------------===//
#pragma once
#include <cctype>
#include <cstring>
#include <string>

namespace tril {

/// "no such file or directory": the system's text, as it stands inside a sentence.
inline std::string systemReason(int error) {
  std::string text = std::strerror(error);
  if (!text.empty())
    text[0] = char(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

} // namespace tril
