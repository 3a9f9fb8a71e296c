#!/usr/bin/env python3
"""Every example that claims to be causal is proved, and weakening any one mask in it is caught.

    mutate.py --tril build/bin/tril

Each `where` with a comparison of `past` and `time` is removed, and its comparisons are weakened in turn.  Every text that comes of it
must be refused with `reads-future`, or not be weaker: positions that are chosen among later ones, and then seen only if they are earlier
ones, are none.  Of those that are accepted it is looked whether outputs change with later tokens, or where there are none.  Ends with
`N passed, N failed`.
"""
import argparse
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "test"))
import safetensors  # noqa: E402  (test/safetensors.py)

WEAKER = [("past <= time", "past <= time + 1"), ("past <= time", "past >= time"), ("past <= time", "past != time"),
          ("past <= time", "not past <= time"), ("past <= time", "past - time < 2"), ("past <= time", "floor(past / 2) <= floor(time / 2)"),
          ("past <= time and ", ""), ("past <= time and ", "past <= time or ")]
def end_of(text, begin):
    """Where the argument ends in which `begin` stands."""
    depth = 0
    for i in range(begin, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth < 0 or (depth == 0 and text[i] == ","):
            return i
    return len(text)


def mutants(text):
    for found in re.finditer(r" where ", text):
        end = end_of(text, found.end())
        if "past <= time" not in text[found.end():end].split("\n")[0]:
            continue  # no mask of an attention
        end = min(end, text.find("\n", found.end()))
        yield "without `where`", text[:found.start()] + text[end:]
        for old, new in WEAKER:
            at = text.find(old, found.end(), end)
            if at >= 0:
                yield f"`{new}` for `{old}`", text[:at] + new + text[at + len(old):]


def kinds(tril, path, weights, warnings=False):
    done = subprocess.run([tril, "check", path, "--weights", weights, "--json"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    messages = json.loads(done.stdout) if done.stdout.startswith("[") else [{"kind": done.stdout, "severity": "error"}]
    return [m["kind"] for m in messages if warnings or m["severity"] == "error"]


def leaks_nothing(tril, path, weights, work):
    """Whether outputs before a position are the same, to the bit, whatever comes from there on."""
    with open(os.path.join(weights, "tokens.json")) as file:
        prompt = json.load(file)["tokens"][0]
    half = len(prompt) // 2
    tokens, out = os.path.join(work, "tokens.json"), os.path.join(work, "logits")
    with open(tokens, "w") as file:
        json.dump({"tokens": [prompt, prompt[:half] + prompt[:half - 1:-1], prompt[:half]]}, file)
    subprocess.run([tril, "eval", path, "--weights", weights, "--tokens", tokens, "-o", out], check=True, stderr=subprocess.DEVNULL)
    logits = safetensors.read(out)
    before = [logits[f"logits.{i}"].raw[:len(logits["logits.2"].raw)] for i in range(3)]
    return before[0] == before[1] == before[2]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    arguments = parser.parse_args()
    with open(os.path.join(ROOT, "test", "golden", "cases.tsv")) as file:
        cases = {text: case for case, text in reversed([line.split() for line in file])}
    passed = failed = weakened = harmless = 0

    def expect(what, found, wanted):
        nonlocal passed, failed
        passed, failed = passed + (found == wanted), failed + (found != wanted)
        if found != wanted:
            print(f"{what}: {found or 'accepted'}", flush=True)

    with tempfile.TemporaryDirectory() as work:
        for path in sorted(glob.glob(os.path.join(ROOT, "examples", "*.tril"))):
            name = os.path.basename(path)[:-len(".tril")]
            with open(path) as file:
                text = file.read()
            if not re.search(r"^model \w+ is causal", text, re.MULTILINE):
                continue
            weights = os.path.join(ROOT, "test", "golden", cases[name])
            expect(name, kinds(arguments.tril, path, weights, warnings=True), [])
            weaker = list(mutants(text))
            weakened += len(weaker)
            for what, mutant in weaker:
                place = os.path.join(work, name + ".tril")
                with open(place, "w") as file:
                    file.write(mutant)
                found = kinds(arguments.tril, place, weights)
                if not found and leaks_nothing(arguments.tril, place, weights, work):
                    harmless += 1
                else:
                    expect(f"{name}, {what}", found, ["reads-future"])
    expect("few masks were weakened", weakened > 200, True)
    expect("many are not weaker", harmless < weakened / 50, True)
    print(f"{weakened} masks weakened, {harmless} of them let nothing later in")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
