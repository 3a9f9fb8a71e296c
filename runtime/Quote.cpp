//===- Quote.cpp --------------------------------------------------------------------------===//
#include "runtime/Quote.h"
#include <cstdio>
#include <utf8proc.h>

std::string tril::quote(std::string_view name) {
  std::string text = "`";
  while (!name.empty()) {
    if (text.size() > 100) {
      text += "...";
      break;
    }
    utf8proc_int32_t character = -1;
    const utf8proc_ssize_t bytes =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t *>(name.data()),
                         static_cast<utf8proc_ssize_t>(name.size()), &character);
    if (bytes > 0 && utf8proc_category(character) != UTF8PROC_CATEGORY_CC) {
      text += name.substr(0, static_cast<size_t>(bytes));
      name.remove_prefix(static_cast<size_t>(bytes));
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(name[0]));
      text += escape;
      name.remove_prefix(1);
    }
  }
  return text + "`";
}
