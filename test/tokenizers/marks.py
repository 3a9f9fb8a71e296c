#!/usr/bin/env python3
"""Writes runtime/TokenizerMarks.cpp: which characters normalizers of the `tokenizers` package drop (pip install tokenizers).

marks.py > runtime/TokenizerMarks.cpp
The package has its own tables of Unicode, older than those of utf8proc.
"""
from tokenizers import normalizers

KINDS = [
    ("kControls", "by `clean_text`", normalizers.BertNormalizer(True, False, False, False)),
    ("kAccents", "by `strip_accents`", normalizers.BertNormalizer(False, False, True, False)),
    ("kMarks", "by `StripAccents`", normalizers.StripAccents()),
]


def ranges(normalizer):
    result = []
    for code in range(0x110000):
        if 0xd800 <= code <= 0xdfff or normalizer.normalize_str("a" + chr(code) + "b") != "ab":
            continue
        if result and result[-1][1] == code - 1:
            result[-1][1] = code
        else:
            result.append([code, code])
    return result


def main():
    print("""//===- TokenizerMarks.cpp - characters that normalizers drop ---------------------------------===//
// Made by test/tokenizers/marks.py.
#include "runtime/TokenizerMarks.h"
#include <algorithm>
#include <iterator>

namespace tril {
namespace {

struct Range {
  char32_t first, last;
};
""")
    for name, how, normalizer in KINDS:
        print(f"// {how}")
        print(f"constexpr Range {name}[] = {{" + ", ".join("{0x%x, 0x%x}" % tuple(r) for r in ranges(normalizer)) + "};\n")
    print("""template <size_t N> bool isIn(const Range (&ranges)[N], char32_t c) {
  const Range *const range = std::partition_point(std::begin(ranges), std::end(ranges),
                                                  [&](Range r) { return r.last < c; });
  return range != std::end(ranges) && range->first <= c;
}

} // namespace

bool isDroppedControl(char32_t c) { return isIn(kControls, c); }
bool isDroppedAccent(char32_t c) { return isIn(kAccents, c); }
bool isDroppedMark(char32_t c) { return isIn(kMarks, c); }

} // namespace tril""")


if __name__ == "__main__":
    main()
