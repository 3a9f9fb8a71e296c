#!/usr/bin/env python3
"""Compares every character of Unicode in a few surroundings with the `tokenizers` package.

every_character.py TRIL_TOKENIZE TOKENIZER.json...
"""
import struct
import subprocess
import sys

from tokenizers import Tokenizer

SURROUNDINGS = ["%s", "a%sb", " %s%s ", "1%s2", "a\u0334%s", "%s\u0301", "a\u0345%s\u0327", ".%s\n", "\u0915%s\u093c", "'%s %s"]
characters = [chr(c) for c in range(0x110000) if not 0xd800 <= c <= 0xdfff]
failed = False
for path in sys.argv[2:]:
    reference = Tokenizer.from_file(path)
    differ = {}
    for around in SURROUNDINGS:
        texts = [around.replace("%s", c) for c in characters]
        data = b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in texts)
        output = subprocess.run([sys.argv[1], path, "--records", "--parse-special"], input=data, stdout=subprocess.PIPE, check=True).stdout
        ours = [[int(w) for w in line.split()] for line in output.decode().split("\n")[:-1]]
        theirs = [e.ids for e in reference.encode_batch(texts, add_special_tokens=False)]
        for character, mine, other in zip(characters, ours, theirs):
            if mine != other:
                differ.setdefault(character, around)
    print("%s: %d characters differ" % (path, len(differ)))
    for character, around in sorted(differ.items())[:40]:
        print("  U+%04X in %r" % (ord(character), around))
    failed |= bool(differ)
sys.exit(failed)
