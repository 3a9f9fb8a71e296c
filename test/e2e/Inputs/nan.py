"""nan.py FOLDER: the checkpoint of nan.tril in FOLDER, whose scores are NaN, and tokens.json in it.
nan.py FOLDER OUTPUT: each of the outputs is one of the weights."""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import checkpoint  # noqa: E402  (test/checkpoint.py)
import safetensors  # noqa: E402  (test/safetensors.py)

path = os.path.join(sys.argv[1], "model.safetensors")
if len(sys.argv) == 2:
    checkpoint.write(sys.argv[1], {"weight": [8], "score": [4, 8]})
    with open(path, "r+b") as file:
        file.seek(-4 * 32, os.SEEK_END)
        file.write(struct.pack("<32f", *[float("nan")] * 32))
    with open(os.path.join(sys.argv[1], "tokens.json"), "w") as file:
        json.dump({"tokens": [[0, 1, 2, 3]]}, file)
else:
    weights, found = safetensors.read(path)["weight"].data, safetensors.read(sys.argv[2])["logits.0"].data
    if len(found) != 12 or any(value not in weights for value in found):
        sys.exit(f"{found} are not all among {weights}")
