#!/usr/bin/env python3
"""The table of examples/README.md: what each text is, and what was measured of it.

    table.py --tril build/bin/tril [--update]

With --update, builds every text and computes all golden cases to measure the last three columns, and writes the file.
Without, computes the other columns again and compares; what was measured must keep to the limits below.
Ends with `N passed, N failed`.
"""
import argparse
import json
import math
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.normpath(os.path.join(HERE, "..", "..", "examples"))
GOLDEN = os.path.join(HERE, "..", "golden")
README = os.path.join(EXAMPLES, "README.md")
sys.path.insert(0, GOLDEN)
import check  # noqa: E402  (test/golden/check.py)

LONGEST, MEDIAN = 110, 60  # lines of a text
SLOWEST, LARGEST = 3, 600  # seconds of a build, KB of code
CPU = "x86-64-v3"          # that the code is for
HEAD = """# The texts

One text describes a family of architectures; which of its members a checkpoint holds, its configuration says.

- *lines*: without blank lines and comments (at most {longest}, the median is {median})
- *state*: what is kept between steps, of the first case: `linear` grows with the positions, a `ring` with those of a step, `recurrence` not at all
- *cases*: those of [test/golden](../test/golden/README.md) that the text computes
- *difference*: the largest of any logit from the reference's, over all cases, rounded up
- *build*: seconds of processor time, weights of the first case included; *code*: KB of machine code, both for {cpu}

This table is written by `test/examples/table.py --update`, and a test compares.

| text | lines | what is special | state | cases | difference | build | code |
| --- | ---: | --- | --- | ---: | ---: | ---: | ---: |
"""
ROW = re.compile(r"^\| \[(\w+)\]\(\1\.tril\) \|(?: [^|]* \|){4} ([^|]*) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)


def lines_of(text):
    return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))


def special(name, text):
    match = re.match(r"# [^:\n]+: (.+)\.\n", text)
    if not match:
        raise check.Failure(f"`{name}.tril` does not begin with a comment `# NAME: what is special.`")
    return match[1]


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise check.Failure(f"exit status {done.returncode} of {' '.join(command)}\n{done.stderr}")
    return done.stdout


def state(tril, path, case):
    """What `tril plan` says, by kind."""
    weights = os.path.join(GOLDEN, case)
    if "tril.whole =" in output(tril, "build", path, "--weights", weights, "--mcpu", CPU, "--emit", "step"):
        return "none: whole sequences only"
    linear = fixed = sequence = 0
    rings = {}
    for entry in json.loads(output(tril, "plan", path, "--weights", weights, "--json"))["states"]:
        size = int(entry["formula"].split()[0])
        if entry["kind"] == "ring":
            rings[entry["window"]] = rings.get(entry["window"], 0) + size
        elif entry["kind"] == "sequence":
            sequence += size
        elif entry["kind"] == "linear":
            linear += size
        else:
            fixed += size
    kinds = [f"linear, {linear} bytes a position"] if linear else []
    kinds += [f"ring, {size} bytes for each of {window} back" for window, size in sorted(rings.items())]
    kinds += [f"{sequence} bytes a position of another sequence"] if sequence else []
    kinds += [f"recurrence, {fixed} bytes"] if fixed else []
    return "; ".join(kinds)


def rounded_up(x):
    digit = 10 ** math.floor(math.log10(x))
    return f"{math.ceil(x / digit) * digit:.0e}".replace("e-0", "e-")


def measure(tril, name, path, cases):
    """The last three columns."""
    with tempfile.TemporaryDirectory() as work:
        code = os.path.join(work, "code.o")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        output(tril, "build", path, "--weights", os.path.join(GOLDEN, cases[0]), "--mcpu", CPU, "-o", os.path.join(work, "product"))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        output(tril, "build", path, "--weights", os.path.join(GOLDEN, cases[0]), "--mcpu", CPU, "--emit", "obj", "-o", code)
        size = int(output("size", code).splitlines()[1].split()[0])
    worst = 0
    for case in cases:
        with tempfile.TemporaryDirectory() as work:
            one = check.Case(tril, case, name, work)
            one.check_whole()
            worst = max(worst, one.away)
    return rounded_up(worst), f"{seconds:.1f}", f"{size / 1000:.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    cases = {}
    for case, name in check.texts().items():
        cases.setdefault(name, []).append(case)
    for name, own in cases.items():  # the case that is named like its text comes first
        own.sort(key=lambda case: (case != name, case))
    there = ""
    if os.path.exists(README):
        with open(README) as file:
            there = file.read()
    measured = {match[1]: match.groups()[1:] for match in ROW.finditer(there)}
    rows, lengths, faults = [], {}, []
    for file in sorted(os.listdir(EXAMPLES)):
        name, kind = os.path.splitext(file)
        if kind != ".tril":
            continue
        path = os.path.join(EXAMPLES, file)
        with open(path) as text:
            text = text.read()
        try:
            if name not in cases:
                raise check.Failure(f"no case of cases.tsv is for `{file}`")
            lengths[name] = lines_of(text)
            if arguments.update:
                print(name, flush=True)
                measured[name] = measure(arguments.tril, name, path, cases[name])
            if name not in measured:
                raise check.Failure(f"`{file}` has no row in {README}; --update writes it")
            difference, seconds, size = measured[name]
            for what, value, most in (("lines", lengths[name], LONGEST), ("a difference", float(difference), check.TOLERANCE),
                                      ("a build of seconds", float(seconds), SLOWEST), ("KB of code", float(size), LARGEST)):
                if value > most:
                    faults.append(f"{file}: {what}: {value}, more than {most}")
            rows.append(f"| [{name}]({file}) | {lengths[name]} | {special(name, text)} | {state(arguments.tril, path, cases[name][0])} "
                        f"| {len(cases[name])} | {difference} | {seconds} | {size} |\n")
        except check.Failure as failure:
            faults.append(f"{file}: {failure}")
    median = statistics.median(lengths.values())
    if median > MEDIAN:
        faults.append(f"the median of the lines is {median}, more than {MEDIAN}")
    made = HEAD.format(longest=max(lengths.values()), median=f"{median:g}", cpu=CPU) + "".join(rows)
    if arguments.update:
        with open(README, "w") as file:
            file.write(made)
    elif made != there:
        differing = [a for a in made.splitlines() if a not in there.splitlines()]
        faults.append("examples/README.md is not what `test/examples/table.py --update` writes; it lacks\n" + "\n".join(differing))
    for fault in faults:
        print("FAILED:", fault)
    print(f"{len(rows)} passed, {len(faults)} failed")
    return 1 if faults or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
