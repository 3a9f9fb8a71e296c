"""tiny.py FOLDER: the checkpoint of tiny.tril in FOLDER, and tokens.json in it."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import checkpoint  # noqa: E402  (test/checkpoint.py)

tensors = {"embedding": [11, 8]}
for layer in range(2):
    for name, shape in {"q": [8, 8], "k": [8, 8], "v": [8, 8], "o": [8, 8], "up": [12, 8], "down": [8, 12]}.items():
        tensors[f"layers.{layer}.{name}"] = shape
checkpoint.write(sys.argv[1], tensors)
with open(os.path.join(sys.argv[1], "tokens.json"), "w") as file:
    json.dump({"tokens": [[1, 2, 3], [10, 0, 5, 5, 7, 2, 9, 4, 6, 8, 1, 3, 3, 7, 2, 1, 0, 9, 10]]}, file)
