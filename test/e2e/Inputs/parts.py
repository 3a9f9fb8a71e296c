"""Weights of parts.tril."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import checkpoint  # noqa: E402  (test/checkpoint.py)

checkpoint.write(sys.argv[1], {name: [16, 4] for name in "qkv"})
