"""rings.py FOLDER: the checkpoint of rings.tril in FOLDER, and tokens.json in it: long enough that every ring wraps."""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import checkpoint  # noqa: E402  (test/checkpoint.py)

tensors = {"embedding": [11, 8]}
for layer in range(2):
    for name, shape in {"q": [8, 8], "k": [8, 8], "v": [8, 8], "o": [8, 8], "up": [8, 3]}.items():
        tensors[f"layers.{layer}.{name}"] = shape
checkpoint.write(sys.argv[1], tensors)
source = random.Random(5)
with open(os.path.join(sys.argv[1], "tokens.json"), "w") as file:
    json.dump({"tokens": [[source.randrange(11) for _ in range(n)] for n in (330, 17)]}, file)
