"""Writes small checkpoints with Python's own library alone: a folder with model.safetensors and config.json."""
import json
import os
import random
import struct


def encode(values, dtype):
    if dtype == "BF16":  # the upper half of an f32
        return b"".join(struct.pack("<f", v)[2:] for v in values)
    return struct.pack(f"<{len(values)}{ {'F32': 'f', 'F16': 'e'}[dtype] }", *values)


def numbers(name, shape):
    """Normal numbers that depend on the name alone, of a size that keeps sums along the last dimension near 1."""
    count = 1
    for size in shape:
        count *= size
    source = random.Random(name)
    scale = 1 / max(1, shape[-1] if shape else 1) ** 0.5
    return [source.gauss(0, 1) * scale for _ in range(count)]


def write_safetensors(path, tensors):
    """tensors: name -> (dtype, shape, bytes)."""
    header, at = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in tensors.values():
            file.write(data)


def write(folder, tensors, config=None):
    """tensors: name -> shape (of F32), or (shape, dtype)."""
    os.makedirs(folder, exist_ok=True)
    contents = {}
    for name, entry in tensors.items():
        shape, dtype = (entry, "F32") if isinstance(entry, list) else entry
        contents[name] = (dtype, shape, encode(numbers(name, shape), dtype))
    write_safetensors(os.path.join(folder, "model.safetensors"), contents)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config or {}, file)
