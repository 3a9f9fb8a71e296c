"""ninth.py FOLDER: the checkpoint of ninth.tril in FOLDER, and tokens.json in it."""
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import checkpoint  # noqa: E402  (test/checkpoint.py)

checkpoint.write(sys.argv[1], {"embedding": [11, 8]})
source = random.Random(5)
with open(os.path.join(sys.argv[1], "tokens.json"), "w") as file:
    json.dump({"tokens": [[source.randrange(11) for _ in range(n)] for n in (330, 17)]}, file)
