#!/usr/bin/env python3
"""Random programs: compiled code against the interpreter, and against itself split in every way.

    run.py --tril build/bin/tril [--seed N] [--seconds S | --count N] [--only I] [--reduce DIRECTORY]

For each program: `tril eval --interpret` gives the meaning; a product must be within 1e-4 of it, and give the same bits token by
token, with parts of 3 and of 16 positions, and on 2 and 3 threads.  With --reduce, a failing program is made small and written
there.  Ends with `N passed, N failed`.
"""
import argparse
import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..")]
import checkpoint  # noqa: E402  (test/checkpoint.py)
import safetensors  # noqa: E402  (test/safetensors.py)
from generate import generate  # noqa: E402

TOLERANCE = 1e-4
LENGTHS = [1, 7, 21, 40]  # below and above a vector, and a piece of rows of attention
SPLITS = [["--step"], ["-b", "3"], ["-b", "16", "-t", "2"], ["-t", "2"], ["-t", "3", "-b", "5"]]


class Failure(Exception):
    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def call(kind, command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, errors="replace")
    except subprocess.TimeoutExpired:
        raise Failure(kind, f"{kind}: no end after 120 s") from None
    if done.returncode != 0:
        raise Failure(kind, f"{kind}: exit status {done.returncode}\n{done.stdout[-1500:]}")


def furthest(found, expected):
    """The largest difference, relative to the tensor's largest number (at least 1), its tensor and its place."""
    worst = (0.0, "", 0)
    for name, want in expected.items():
        have = found[name]
        if have.shape != want.shape:
            raise Failure("shape", f"shape: `{name}` has {have.shape}, expected {want.shape}")
        scale = max([1.0] + [abs(v) for v in want.data if math.isfinite(v)])
        for i, (a, b) in enumerate(zip(have.data, want.data)):
            d = 0.0 if a == b or (math.isnan(a) and math.isnan(b)) else abs(a - b) / scale
            if not d <= worst[0]:
                worst = (math.inf if math.isnan(d) else d, name, i)
    return worst


def check(tril, program, seed, folder):
    """Raises Failure; gives False where rounding alone decides (f32 and f64 disagree in the interpreter itself)."""
    text, weights, tokens, exe = (os.path.join(folder, n) for n in ("model.tril", "weights", "tokens.json", "model"))
    with open(text, "w") as file:
        file.write(program.text())
    checkpoint.write(weights, program.tensors())
    source = random.Random(f"tokens {seed}")
    with open(tokens, "w") as file:
        json.dump({"tokens": [[source.randrange(program.vocabulary) for _ in range(n)] for n in LENGTHS]}, file)
    interpret = [tril, "eval", text, "--weights", weights, "--tokens", tokens, "--interpret", "-o"]
    where = {n: os.path.join(folder, n + ".safetensors") for n in ("meaning", "meaning32", "whole", "split")}
    call("interpret", [*interpret, where["meaning"]])
    call("build", [tril, "build", text, "--weights", weights, "-o", exe])
    call("run", [exe, "--tokens", tokens, "--logits", where["whole"], "-t", "1"])
    meaning, whole = safetensors.read(where["meaning"]), safetensors.read(where["whole"])
    distance, name, place = furthest(whole, meaning)
    sure = True
    if not distance <= TOLERANCE:
        call("interpret", [*interpret, where["meaning32"], "--precision", "f32"])
        sure = furthest(safetensors.read(where["meaning32"]), meaning)[0] <= TOLERANCE / 10
        if sure:
            raise Failure("value", f"value: `{name}`[{place}] of {whole[name].shape} is {whole[name].data[place]} compiled, "
                                   f"{meaning[name].data[place]} interpreted")
    for split in SPLITS:
        kind = "bits " + " ".join(split)
        call(kind, [exe, "--tokens", tokens, "--logits", where["split"], *split])
        parts = safetensors.read(where["split"])
        for name, tensor in whole.items():
            if parts[name].raw != tensor.raw:
                pairs = enumerate(zip(parts[name].data, tensor.data))
                place = next((i for i, (a, b) in pairs if a != b and not (math.isnan(a) and math.isnan(b))), 0)
                raise Failure(kind, f"{kind}: `{name}`[{place}] of {tensor.shape} is {parts[name].data[place]}, of the whole {tensor.data[place]}")
    return sure


def reduced(tril, program, seed, folder, kind):
    """The first of the program's values that alone, with what it needs, fails in the same way; else the whole program."""
    for s in program.statements:
        small = program.only([s.value.name])
        try:
            check(tril, small, seed, folder)
        except Failure as failure:
            if failure.kind == kind:
                return small, failure
    return program, None


def parser_of(description):
    """With the options that say which programs of which seed to try."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="begin no further program after so long")
    parser.add_argument("--count", type=int, help="so many programs instead")
    parser.add_argument("--first", type=int, default=0, help="the program to begin with")
    parser.add_argument("--only", type=int, help="this program of the seed alone")
    return parser


def chosen(arguments):
    """The numbers of the programs to try."""
    if arguments.only is not None:
        return [arguments.only]
    if arguments.count:
        return range(arguments.first, arguments.first + arguments.count)
    end = time.monotonic() + arguments.seconds
    return itertools.takewhile(lambda _: time.monotonic() < end, itertools.count(arguments.first))


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--reduce", help="write failing programs, made small, to this folder")
    arguments = parser.parse_args()
    passed, unsure, failed = 0, 0, 0
    for index in chosen(arguments):
        program = generate(arguments.seed, index)
        with tempfile.TemporaryDirectory() as folder:
            try:
                sure = check(arguments.tril, program, index, folder)
                passed, unsure = passed + sure, unsure + (not sure)
            except Failure as failure:
                failed += 1
                print(f"seed {arguments.seed} program {index}: FAILED: {failure}", flush=True)
                if arguments.reduce:
                    small, why = reduced(arguments.tril, program, index, folder, failure.kind)
                    os.makedirs(arguments.reduce, exist_ok=True)
                    path = os.path.join(arguments.reduce, f"seed{arguments.seed}-{index}.tril")
                    with open(path, "w") as file:
                        file.write("# " + str(why or failure).strip().replace("\n", "\n# ") + "\n" + small.text())
                    print(f"  made small: {path}", flush=True)
    print(f"{passed} passed, {failed} failed" + (f", {unsure} within rounding only" if unsure else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
