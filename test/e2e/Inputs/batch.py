"""batch.py ONE MANY N: of N sequences, states and outputs are there N times, all else once."""
import json
import sys

one, many = (json.load(open(path)) for path in sys.argv[1:3])
n = int(sys.argv[3])
for key in ("state_bytes", "output_bytes"):
    assert one[key] > 0 and many[key] == n * one[key], key
for key in ("arena_bytes", "weight_bytes", "tokenizer_bytes", "program_bytes"):
    assert many[key] == one[key], key
assert many["total_bytes"] - one["total_bytes"] == (n - 1) * (one["state_bytes"] + one["output_bytes"])
assert many["batch"] == n
