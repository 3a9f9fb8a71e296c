#!/usr/bin/env python3
"""Ways in which a real project leaked or could, each beside a near-identical text that does not.

    gallery.py --tril build/bin/tril --soundness build/bin/soundness [--update] [NAME...]

test/dsl/leaks/NAME.tril is two texts in one, as a patch shows them: lines that begin with `- ` are of the leak alone, with `+ ` of its
harmless twin.  They stand after PREAMBLE.  The leak must be refused, at the text of `# at:` and with the message of
`# says:`; --update writes both.  The twin must be accepted.  Brute force by the interpreter must find the
same.  Ends with `N passed, N failed`.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PREAMBLE = """model example is causal
axis vocab = 16
axis past = time
input token[time] in vocab
"""


def sides(lines):
    leak = [line[2:] if line.startswith("- ") else line for line in lines if not line.startswith("+ ")]
    twin = [line[2:] if line.startswith("+ ") else line for line in lines if not line.startswith("- ")]
    return [PREAMBLE + "".join(x for x in side if not x.startswith("#")) for side in (leak, twin)]


def check(tril, path):
    done = subprocess.run([tril, "check", path, "--json"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    messages = json.loads(done.stdout) if done.stdout.startswith("[") else [{"message": done.stdout, "severity": "error"}]
    return done.returncode, [m for m in messages if m["severity"] == "error" and m.get("kind") != "softmax-axis"]


def leaks(soundness, path):
    done = subprocess.run([soundness, "--judge", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode not in (0, 1):
        return done.stdout
    return done.returncode == 1


def run(arguments, path, work):
    """What is wrong, or None."""
    with open(path) as file:
        lines = file.readlines()
    header = {k: next((x.split(": ", 1)[1].strip() for x in lines if x.startswith(f"# {k}: ")), None) for k in ("at", "says")}
    leak, twin = sides(lines)
    place = os.path.join(work, "text.tril")
    with open(place, "w") as file:
        file.write(twin)
    status, messages = check(arguments.tril, place)
    if status or messages:
        return f"the twin is refused: {[m['message'] for m in messages]}"
    if leaks(arguments.soundness, place) is not False:
        return f"the twin leaks: {leaks(arguments.soundness, place)}"
    with open(place, "w") as file:
        file.write(leak)
    status, messages = check(arguments.tril, place)
    if status != 1 or [m.get("kind") for m in messages] != ["reads-future"]:
        return f"the leak is not refused as one: {[m['message'] for m in messages]}"
    if leaks(arguments.soundness, place) is not True:
        return f"the leak does not leak: {leaks(arguments.soundness, place)}"
    span = messages[0]["span"]
    found = {"at": leak[span["begin"]["offset"]:span["end"]["offset"]],
             "says": messages[0]["message"].replace("the text claims to be causal, and ", "")}
    if arguments.update:
        kept = [x for x in lines if not x.startswith(("# at: ", "# says: "))]
        top = next(i for i, x in enumerate(kept) if not x.startswith("#"))
        kept[top:top] = [f"# {k}: {v}\n" for k, v in found.items()]
        with open(path, "w") as file:
            file.writelines(kept)
    elif found != header:
        return f"refused otherwise than expected: {found}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--soundness", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        for path in sorted(glob.glob(os.path.join(HERE, "..", "dsl", "leaks", "*.tril"))):
            name = os.path.basename(path)[:-len(".tril")]
            if arguments.names and name not in arguments.names:
                continue
            wrong = run(arguments, path, work)
            passed, failed = passed + (wrong is None), failed + (wrong is not None)
            if wrong:
                print(f"{name}: {wrong}", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
