#!/usr/bin/env python3
"""`tril new` from every example: the text means what the example does, and nothing is overwritten.

    new.py --tril build/bin/tril

Ends with `N passed, N failed`.
"""
import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden")
sys.path.insert(0, GOLDEN)
import check  # noqa: E402  (test/golden/check.py)


def program(tril, path, case):
    done = subprocess.run([tril, "build", path, "--weights", os.path.join(GOLDEN, case), "--emit", "tril"], capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    tril = os.path.abspath(parser.parse_args().tril)
    passed = 0
    faults = []

    def expect(what, found, wanted):
        nonlocal passed
        if found == wanted:
            passed += 1
        else:
            faults.append(f"{what}:\n{found}\nnot\n{wanted}")

    with tempfile.TemporaryDirectory() as work:
        def new(*options):
            return subprocess.run([tril, "new", *options], cwd=work, capture_output=True, text=True)

        for name, case in {name: case for case, name in check.texts().items()}.items():
            done = new(f"my_{name}", "--from", name)
            expect(f"tril new --from {name}", (done.returncode, done.stderr), (0, f"wrote my_{name}.tril, begun from {name}\n"))
            made = os.path.join(work, f"my_{name}.tril")
            example = program(tril, os.path.join(check.EXAMPLES, f"{name}.tril"), case)
            expect(f"the program of my_{name}.tril", program(tril, made, case), example.replace(f"tril.model @{name} ", f"tril.model @my_{name} "))
            with open(made) as file:
                head = file.read().splitlines()[:3]
            expect(f"the head of my_{name}.tril", (head[0], head[2]),
                   (f"# my_{name}: say here what is special.  Begun from `{name}`, which is",
                    f"# `tril check my_{name}.tril --config config.json` tells what is wrong; `tril std` lists the library."))
        with open(os.path.join(work, "kept.tril"), "w") as file:
            file.write("kept")
        for options, message in ((["kept.tril", "--from", name], "`kept.tril` is there already and stays as it is"),
                                 (["a-b", "--from", name], "`a-b` is no name of a model: letters, digits and `_`, a digit not first"),
                                 (["there/is/no/folder", "--from", name], "cannot write `there/is/no/folder.tril`: No such file or directory")):
            done = new(*options)
            expect(f"tril new {' '.join(options)}", (done.returncode, done.stderr), (1, f"tril: {message}\n"))
        done = new("other", "--from", "unheard_of")
        expect("an unknown text", (done.returncode, done.stderr.split(" afmoe")[0]),
               (1, "tril: there is no text `unheard_of` to begin with; there are"))
        with open(os.path.join(work, "kept.tril")) as file:
            expect("kept.tril", file.read(), "kept")
    for fault in faults:
        print("FAILED:", fault)
    print(f"{passed} passed, {len(faults)} failed")
    return 1 if faults or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
