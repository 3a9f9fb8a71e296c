"""memory.py FOLDER: the checkpoint of memory.tril in FOLDER, and tokens.json in it: as many as the product's context has."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import checkpoint  # noqa: E402  (test/checkpoint.py)

checkpoint.write(sys.argv[1], {"embedding": [11, 2048], **{f"layers.{i}.gain": [2048] for i in range(8)}})
with open(os.path.join(sys.argv[1], "tokens.json"), "w") as file:
    json.dump({"tokens": [[i * i % 11 for i in range(4096)]]}, file)
