"""Writes to FOLDER the weights of quantize.tril, and to FOLDER.TYPE the same numbers rounded here, as f32: quantize.py FOLDER"""
import json
import math
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
import checkpoint  # noqa: E402  (test/checkpoint.py)

# name: shape, stored type, the dimension along which blocks run; None: it is not rounded
TENSORS = {"embedding.weight": ([32, 64], "F32", 1), "norm.weight": ([64], "F16", None), "up.weight": ([64, 256], "BF16", 0),
           "down.weight": ([64, 256], "F16", 1), "narrow.weight": ([8, 64], "F32", 1), "wide.weight": ([64, 8], "F32", 1), "codes.weight": ([1024, 64], "F16", 1),
           "digits.weight": ([32, 64], "F16", None)}


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def f16(x):
    return struct.unpack("<e", struct.pack("<e", x))[0]


def bf16(x):
    (bits,) = struct.unpack("<I", struct.pack("<f", x))
    bits = bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def q8_0(block):
    d = f32(max(map(abs, block)) / 127)
    return [f16(d) * math.copysign(math.floor(abs(f32(x * f32(1 / d))) + 0.5), x) for x in block]


def q4_0(block):
    d = f32(max(block, key=abs) / -8)
    return [f16(d) * (min(15, math.floor(x * f32(1 / d) + 8.5)) - 8) for x in block]


def rounded(numbers, shape, along, kind):
    if along is None:
        return numbers
    if kind in ("f16", "bf16"):
        return [{"f16": f16, "bf16": bf16}[kind](x) for x in numbers]
    if shape[along] % 32:
        return numbers
    result = list(numbers)
    step = math.prod(shape[along + 1:])
    for first in range(len(numbers)):
        if first // step % shape[along] % 32 == 0:
            places = [first + step * i for i in range(32)]
            for place, number in zip(places, {"q8_0": q8_0, "q4_0": q4_0}[kind]([numbers[p] for p in places])):
                result[place] = number
    return result


def main():
    folder = sys.argv[1]
    stored = {}
    for name, (shape, kind, _) in TENSORS.items():
        numbers = checkpoint.numbers(name, shape)
        stored[name] = [{"F32": f32, "F16": f16, "BF16": bf16}[kind](x) for x in numbers]
    for kind in ["", "f16", "bf16", "q8_0", "q4_0"]:
        path = folder + ("." + kind if kind else "")
        os.makedirs(path, exist_ok=True)
        contents = {}
        for name, (shape, dtype, along) in TENSORS.items():
            head = kind == "q4_0" and name == "embedding.weight"  # of 8 bits, where others have 4
            numbers = rounded(stored[name], shape, along, "q8_0" if head else kind) if kind else stored[name]
            dtype = "F32" if kind else dtype
            contents[name] = (dtype, shape, checkpoint.encode(numbers, dtype))
        checkpoint.write_safetensors(os.path.join(path, "model.safetensors"), contents)
    for name, value in [("large", 1e6), ("infinite", math.inf)]:
        os.makedirs(f"{folder}.{name}", exist_ok=True)
        contents = {tensor: ("F32", shape, checkpoint.encode(stored[tensor], "F32")) for tensor, (shape, _, _) in TENSORS.items()}
        numbers = list(stored["up.weight"])
        numbers[777] = value
        contents["up.weight"] = ("F32", [64, 256], checkpoint.encode(numbers, "F32"))
        checkpoint.write_safetensors(os.path.join(f"{folder}.{name}", "model.safetensors"), contents)
    with open(os.path.join(folder, "tokens.json"), "w") as file:
        json.dump({"tokens": [[3, 1, 4, 1, 5, 9, 2, 6, 31, 0]]}, file)


main()
