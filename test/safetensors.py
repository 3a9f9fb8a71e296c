"""Reads safetensors files with Python's own library alone."""
import array
import json
import struct
import sys

TYPES = {"F32": "f", "F64": "d", "I32": "i", "I64": "q", "U32": "I"}


class Tensor:
    """`shape`, `data` (a flat array of numbers) and `raw` (its bytes)."""

    def __init__(self, shape, dtype, raw):
        self.shape, self.raw = shape, raw
        self.data = array.array(TYPES[dtype], raw)


def read(path):
    """name -> Tensor."""
    assert sys.byteorder == "little"
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = Tensor(entry["shape"], entry["dtype"], content[8 + length + begin : 8 + length + end])
    return tensors
