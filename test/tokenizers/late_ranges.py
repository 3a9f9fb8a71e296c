#!/usr/bin/env python3
"""Prints runtime/TokenizerLateRanges.cpp (then clang-format it): what Unicode added to the general categories after version 14.

PCRE2 10.42 knows Unicode 14; the `tokenizers` package matches by Oniguruma with Unicode 16.  Assigned characters
never change their category between letters, marks, numbers, punctuation and symbols here, so that a list of
additions is enough.  Needs Python 3.11 (unicodedata of Unicode 14) and the `tokenizers` package.
"""
import sys
import unicodedata

from tokenizers import Regex, pre_tokenizers

assert unicodedata.unidata_version == "14.0.0", "the base must be Unicode 14"
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So".split()
unassigned = [c for c in range(0x110000) if unicodedata.category(chr(c)) == "Cn"]
rows = []
for category in CATEGORIES:
    split = pre_tokenizers.Split(Regex(r"\p{%s}" % category), "isolated")
    late = [c for c in unassigned if len(split.pre_tokenize_str("\x01" + chr(c))) == 2]
    while late:
        first = last = late.pop(0)
        while late and late[0] == last + 1:
            last = late.pop(0)
        rows.append((category, first, last))

print("""//===- TokenizerLateRanges.cpp - what Unicode 15 and 16 added ---------------------------------===//
// Made by test/tokenizers/late_ranges.py.
#include "runtime/TokenizerPatterns.h"

namespace tril {
namespace {
constexpr LateRange kRanges[] = {""")
for row in rows:
    print('    {"%s", 0x%x, 0x%x},' % row)
print("""};
} // namespace

std::span<const LateRange> lateRanges() { return kRanges; }

} // namespace tril""")
