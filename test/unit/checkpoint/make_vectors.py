#!/usr/bin/env python3
"""Writes data/blocks.gguf (a tensor of each stored type) and data/numbers.safetensors (what they mean), and
data/quantized.gguf (numbers, and what its quantisation makes of them).

All come from other people's code: the file from the writer of the `gguf` package, the numbers from its
dequantisation, or from numpy.  Blocks are random bytes, so that every code occurs; their scales are random
halves of all magnitudes, with zeros, subnormal numbers and both signs among them.

    pip install gguf==0.19.0 safetensors numpy && test/unit/checkpoint/make_vectors.py
"""
import pathlib

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from safetensors.numpy import save_file

folder = pathlib.Path(__file__).parent / "data"
random = np.random.default_rng(20240229)

# Where the halves of a block are; the rest may be anything.
halves = {
    Type.Q8_0: [0],
    Type.Q4_0: [0],
    Type.Q4_1: [0, 2],
    Type.Q5_0: [0],
    Type.Q5_1: [0, 2],
    Type.Q4_K: [0, 2],
    Type.Q5_K: [0, 2],
    Type.Q6_K: [208],
}


def finite_halves(count):
    bits = random.integers(0, 1 << 16, count, dtype=np.uint16)
    bits[(bits & 0x7C00) == 0x7C00] &= 0xBFFF  # no infinity, no NaN
    return bits


folder.mkdir(exist_ok=True)
writer = gguf.GGUFWriter(folder / "blocks.gguf", "vectors")
numbers = {}
for kind, places in halves.items():
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    count = 512 // elements
    blocks = random.integers(0, 256, (count, size), dtype=np.uint8)
    for place in places:
        scales = finite_halves(count)
        scales[0] &= 0x83FF  # subnormal
        blocks[:, place : place + 2] = scales.view(np.uint8).reshape(count, 2)
    rows = blocks.reshape(2, -1)
    writer.add_tensor(kind.name, rows, raw_dtype=kind)
    numbers[kind.name] = gguf.quants.dequantize(rows, kind)
    assert numbers[kind.name].shape == (2, 256)

half = finite_halves(64)
writer.add_tensor("F16", half.view(np.float16).reshape(2, 32))
numbers["F16"] = half.view(np.float16).astype(np.float32).reshape(2, 32)
bfloat = random.integers(0, 1 << 16, 64, dtype=np.uint16)
bfloat[(bfloat & 0x7F80) == 0x7F80] &= 0xBFFF
writer.add_tensor("BF16", bfloat.view(np.uint8).reshape(2, 64), raw_dtype=Type.BF16)
numbers["BF16"] = (bfloat.astype(np.uint32) << 16).view(np.float32).reshape(2, 32)
numbers["F32"] = random.standard_normal((2, 32), dtype=np.float32)
writer.add_tensor("F32", numbers["F32"])

writer.add_array("names", ["é", "", "b"])
writer.add_array("counts", [3, -4])
writer.add_bool("yes", True)
writer.add_float64("third", 1 / 3)
writer.add_uint64("large", 2**64 - 1)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
save_file(numbers, folder / "numbers.safetensors")

# From numbers to blocks: rows of ordinary weights, of large and small ones, with zeros, with ties between two codes, all of one sign.
random = np.random.default_rng(7)
rows = random.standard_normal((12, 64), dtype=np.float32)
rows[2] *= 1e4
rows[3] *= 1e-6
rows[4] *= 1e-9  # scales that are subnormal halves, or none
rows[5] = 0
rows[6, 1:] = 0
rows[7] = np.arange(64) - 32
rows[8] = (np.arange(64) - 32) / 2
rows[9] = np.abs(rows[9])
rows[10] = -np.abs(rows[10])
rows[11] *= np.exp(random.standard_normal(64)) * 0.02
writer = gguf.GGUFWriter(folder / "quantized.gguf", "vectors")
writer.add_tensor("numbers", rows)
for kind in [Type.Q8_0, Type.Q5_0, Type.Q4_0, Type.BF16, Type.F16]:
    with np.errstate(over="ignore", divide="ignore"):
        blocks = gguf.quants.quantize(rows, kind)
    writer.add_tensor(kind.name, blocks.view(np.uint8) if kind == Type.F16 else blocks, raw_dtype=kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
