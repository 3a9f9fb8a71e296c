"""computed.py FOLDER: the checkpoint of computed.tril in FOLDER."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import checkpoint  # noqa: E402  (test/checkpoint.py)

checkpoint.write(sys.argv[1], {"embedding": [11, 8], "k": [8, 8]})
