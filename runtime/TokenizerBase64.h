//===- TokenizerBase64.h - bytes written as text ----------------------------------------------===//
#pragma once
#include <string>
#include <string_view>

namespace tril {

/// The bytes of a text in base 64 (RFC 4648, with `+` and `/`).  Throws `Error` for what is none.
std::string fromBase64(std::string_view text);

} // namespace tril
