"""letters.py FOLDER: a tokenizer for the checkpoint in FOLDER, whose 11 tokens are the letters a to k."""
import json
import os
import sys

with open(os.path.join(sys.argv[1], "tokenizer.json"), "w") as file:
    json.dump({"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False}, "post_processor": None, "decoder": {"type": "ByteLevel"},
               "model": {"type": "BPE", "vocab": {letter: i for i, letter in enumerate("abcdefghijk")}, "merges": []}}, file)
