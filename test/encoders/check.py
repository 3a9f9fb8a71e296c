#!/usr/bin/env python3
"""Real encoders, compiled: the vectors of texts beside those of another implementation.

    check.py --tril build/bin/tril --cache ~/.cache/tril [NAME...]

For each NAME, texts.json gives the texts, NAME.json the reference's vectors (reference.py), CACHE/NAME the checkpoint, which
`scripts/setup encoders` fetches.  The same as a GGUF file (gguf_file.py) gives the same directions.  Ends with `N passed, N failed`.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import gguf_file

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "..", "..", "examples")
TEXTS = {"minilm": "sentence_bert.tril"}
WITHIN = 1e-4  # 1 - cosine, and each component relative to the length


class Failure(Exception):
    pass


def run(*command, given=""):
    done = subprocess.run(command, input=given.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failure(f"exit status {done.returncode} of {' '.join(command)}\n{done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


def length(vector):
    return math.sqrt(sum(x * x for x in vector))


def compare(found, expected, text):
    if len(found) != len(expected):
        raise Failure(f"{text!r}: {len(found)} numbers, of the reference {len(expected)}")
    cosine = sum(a * b for a, b in zip(found, expected)) / length(found) / length(expected)
    largest = max(abs(a - b) for a, b in zip(found, expected)) / length(expected)
    if not (1 - cosine <= WITHIN and largest <= WITHIN):
        raise Failure(f"{text!r}: the cosine with the reference is {cosine}, the largest difference {largest} of its length")
    return 1 - cosine, largest


def check(tril, name, folder):
    with open(os.path.join(HERE, "texts.json")) as file:
        texts = json.load(file)
    with open(os.path.join(HERE, name + ".json")) as file:
        expected = json.load(file)["vectors"]
    with tempfile.TemporaryDirectory() as work:
        product = os.path.join(work, name)
        run(tril, "build", os.path.join(EXAMPLES, TEXTS[name]), "--weights", folder, "-o", product)
        lines = run(product, "--embed", "-", given="".join(text + "\n" for text in texts)).splitlines()
        if len(lines) != len(texts):
            raise Failure(f"{len(lines)} lines for {len(texts)} texts")
        worst = [compare(json.loads(line), vector, text) for line, vector, text in zip(lines, expected, texts)]
        one = run(product, "--embed", texts[0], "--embed-format", "raw", "-t", "1")
        if [float(x) for x in one.split()] != json.loads(lines[0]):
            raise Failure("one text alone, raw and on one thread, has another vector than as a line")
        # GGUF does not say that vectors get length 1.
        gguf = os.path.join(work, name + ".gguf")
        gguf_file.write(folder, gguf)
        run(tril, "build", os.path.join(EXAMPLES, TEXTS[name]), "--weights", gguf, "-o", product)
        for line, vector, text in zip(run(product, "--embed", "-", given="".join(text + "\n" for text in texts)).splitlines(), expected, texts):
            found = json.loads(line)
            compare([x / length(found) for x in found], vector, text + " (GGUF)")
    return f"{len(texts)} texts, cosine at least 1 - {max(w[0] for w in worst):.1e}, largest difference {max(w[1] for w in worst):.1e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--cache", required=True)
    parser.add_argument("names", nargs="*", default=list(TEXTS))
    arguments = parser.parse_args()
    passed = failed = 0
    for name in arguments.names:
        folder = os.path.join(arguments.cache, name)
        if not os.path.isdir(folder):
            sys.exit(f"check.py: no folder {folder}; `scripts/setup encoders` fetches it")
        try:
            print(f"{name}: {check(arguments.tril, name, folder)}", flush=True)
            passed += 1
        except (Failure, OSError, ValueError) as failure:
            print(f"{name}: FAILED: {failure}", flush=True)
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
