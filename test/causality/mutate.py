#!/usr/bin/env python3
"""Every example that claims to be causal is proved, and weakening any one mask in it is caught.

    mutate.py --tril build/bin/tril

Each `where` with a comparison of `past` and `time` is removed, and its comparisons are weakened in turn.  Every text that comes of it
must be refused with `reads-future`, unless it leaves nothing to see at all, of which `empty-row` warns (positions that were chosen
among the earlier ones, and are no earlier ones).  Ends with `N passed, N failed`.
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    arguments = parser.parse_args()
    with open(os.path.join(ROOT, "test", "golden", "cases.tsv")) as file:
        cases = {text: case for case, text in reversed([line.split() for line in file])}
    passed = failed = weakened = 0

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
                found = kinds(arguments.tril, place, weights, warnings=True)
                if found != ["empty-row"]:
                    found = [kind for kind in found if kind != "empty-row"]
                expect(f"{name}, {what}", found, ["empty-row"] if found == ["empty-row"] else ["reads-future"])
    expect("few masks were weakened", weakened > 200, True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
