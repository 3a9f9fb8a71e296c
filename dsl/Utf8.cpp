//===- Utf8.cpp - characters in bytes -------------------------------------------------------===//
#include "dsl/Utf8.h"
#include <algorithm>
#include <iterator>

using namespace tril::dsl;

Character tril::dsl::characterAt(std::string_view text, size_t at) {
  auto byte = [&](size_t i) -> char32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  char32_t first = byte(at);
  if (first < 0x80)
    return {first, 1};
  unsigned bytes = first >= 0xc2 && first <= 0xdf   ? 2
                   : first >= 0xe0 && first <= 0xef ? 3
                   : first >= 0xf0 && first <= 0xf4 ? 4
                                                    : 0;
  if (bytes == 0)
    return {first, 0};
  char32_t code = first & (0x7f >> bytes);
  for (unsigned i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80)
      return {first, 0};
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  bool overlong = (bytes == 3 && code < 0x800) || (bytes == 4 && code < 0x10000);
  if (overlong || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff)
    return {first, 0};
  return {code, bytes};
}

unsigned tril::dsl::displayWidth(char32_t code) {
  struct Range {
    char32_t first, last;
    unsigned width;
  };
  // The large blocks of Unicode's EastAsianWidth and of its combining marks, in order.
  static constexpr Range ranges[] = {
      {0x300, 0x36f, 0},     {0x483, 0x489, 0},     {0x591, 0x5bd, 0},     {0x610, 0x61a, 0},
      {0x64b, 0x65f, 0},     {0x1100, 0x115f, 2},   {0x1ab0, 0x1aff, 0},   {0x1dc0, 0x1dff, 0},
      {0x200b, 0x200f, 0},   {0x20d0, 0x20ff, 0},   {0x2e80, 0x303e, 2},   {0x3041, 0x33ff, 2},
      {0x3400, 0x4dbf, 2},   {0x4e00, 0x9fff, 2},   {0xa000, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},
      {0xf900, 0xfaff, 2},   {0xfe00, 0xfe0f, 0},   {0xfe20, 0xfe2f, 0},   {0xfe30, 0xfe4f, 2},
      {0xfeff, 0xfeff, 0},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2},
      {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
  };
  const Range *range = std::lower_bound(std::begin(ranges), std::end(ranges), code,
                                        [](const Range &r, char32_t c) { return r.last < c; });
  return range != std::end(ranges) && code >= range->first ? range->width : 1;
}
