#!/usr/bin/env python3
"""Generation with keys and values in f32, f16 and bf16: time of a token near the end of the context, and resident memory.

    measure.py --tril build/bin/tril --weights SmolLM2-135M-Instruct.Q4_1.gguf [--context 1024] [--rounds 7]

One thread.  The types take turns, round after round; of each the fastest round counts, in processor time, which neighbours on the machine
disturb less than time of day.  Prints a table in Markdown.
"""
import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import machine  # noqa: E402  (test/bench/machine.py)
TEXT = os.path.join(HERE, "..", "..", "..", "examples", "llama.tril")
TYPES = ["f32", "f16", "bf16"]


def run(product, state, tokens, context):
    """Processor seconds and resident bytes."""
    return machine.run(product, "--load-state", state, "-p", "", "-n", str(tokens), "-c", str(context), "-t", "1", "--temp", "0", "--ignore-eos")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    tokens = 128  # measured; what is before them comes from a saved state
    with tempfile.TemporaryDirectory() as work:
        best, resident = {}, {}
        for kind in TYPES:
            product, state = os.path.join(work, kind), os.path.join(work, kind + ".state")
            subprocess.run([arguments.tril, "build", TEXT, "--weights", arguments.weights, "--cache", kind, "-o", product], check=True,
                           stderr=subprocess.DEVNULL)
            subprocess.run([product, "-p", "Once", "-n", str(arguments.context - tokens - 1), "-c", str(arguments.context), "-t", "1", "--temp", "0",
                            "--ignore-eos", "--save-state", state], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(arguments.rounds):
            for kind in TYPES:
                product, state = os.path.join(work, kind), os.path.join(work, kind + ".state")
                start, _ = run(product, state, 1, arguments.context)
                end, resident[kind] = run(product, state, tokens + 1, arguments.context)
                best[kind] = min(best.get(kind, end), end - start)
        print(f"{machine.processor()}, context {arguments.context}, {tokens} tokens up to its end, one thread:\n")
        print("| `--cache` | tokens/s | resident | saved state |")
        print("| --- | --- | --- | --- |")
        for kind in TYPES:
            saved = os.path.getsize(os.path.join(work, kind + ".state"))
            print(f"| {kind} | {tokens / best[kind]:.1f} | {resident[kind] / 1e6:.1f} MB | {saved / 1e6:.1f} MB |")


if __name__ == "__main__":
    main()
