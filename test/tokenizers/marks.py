#!/usr/bin/env python3
"""Writes the tables of runtime/TokenizerMarks.cpp anew: which characters normalizers of the `tokenizers` package drop (pip install tokenizers).

marks.py; clang-format-22 -i runtime/TokenizerMarks.cpp
The package has its own tables of Unicode, older than those of utf8proc.
"""
import os
import re

from tokenizers import normalizers

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "runtime", "TokenizerMarks.cpp")

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
    with open(PATH) as file:
        text = file.read()
    for name, how, normalizer in KINDS:
        table = f"constexpr Range {name}[] = {{" + ", ".join("{0x%x, 0x%x}" % tuple(r) for r in ranges(normalizer)) + "};"
        text, count = re.subn(r"constexpr Range %s\[\] = .*?;" % name, table, text, flags=re.DOTALL)
        assert count == 1, f"no table {name} ({how})"
    with open(PATH, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
