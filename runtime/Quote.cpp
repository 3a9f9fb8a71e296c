//===- Quote.cpp --------------------------------------------------------------------------===//
#include "runtime/Quote.h"
#include <cstdio>
#include <utf8proc.h>

namespace tril {

/// The bytes of the character that the text begins with; 0 if it is not plain.
static size_t plainCharacter(std::string_view text) {
  utf8proc_int32_t character = -1;
  const utf8proc_ssize_t bytes =
      utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t *>(text.data()),
                       static_cast<utf8proc_ssize_t>(text.size()), &character);
  if (bytes <= 0)
    return 0;
  switch (utf8proc_category(character)) {
  case UTF8PROC_CATEGORY_CC:
  case UTF8PROC_CATEGORY_CF:
  case UTF8PROC_CATEGORY_ZL:
  case UTF8PROC_CATEGORY_ZP:
    return 0;
  default:
    return static_cast<size_t>(bytes);
  }
}

bool isPlain(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = plainCharacter(text);
    if (bytes == 0)
      return false;
    text.remove_prefix(bytes);
  }
  return true;
}

std::string quote(std::string_view name) {
  std::string text = "`";
  while (!name.empty()) {
    if (text.size() > 100) {
      text += "...";
      break;
    }
    if (const size_t bytes = plainCharacter(name)) {
      text += name.substr(0, bytes);
      name.remove_prefix(bytes);
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(name[0]));
      text += escape;
      name.remove_prefix(1);
    }
  }
  return text + "`";
}

} // namespace tril
