#!/usr/bin/env python3
"""Examples with an operator, a function, a number or a name of time changed: what is compiled against the interpreter and against itself.

    mutate.py --tril build/bin/tril [--seed N] [--seconds S | --count N] [--only I] [--keep DIRECTORY]

A changed text is refused with a message that has a place in it, or it is computed whole, position by position and interpreted, with the
weights of a golden case of its family: whole and by position must have the same bits, whole and interpreted be within 1e-3, unless
the interpreter in f32 and in f64 differ too.  With --keep, texts that fail are written there.  Ends with `N passed, N failed`.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [HERE, os.path.join(ROOT, "test")]
import safetensors  # noqa: E402  (test/safetensors.py)
from run import Failure, chosen, furthest, parser_of  # noqa: E402

TOLERANCE = 1e-3
TOKENS = re.compile(r"#.*|\"[^\"]*\"|[A-Za-z_][A-Za-z_0-9]*|[0-9.]+|<=|>=|==|!=|\s+|.")
# Each may take the place of another in its line.
KINDS = [
    ["+", "-", "*", "/"],
    ["<", "<=", ">", ">=", "==", "!="],
    ["and", "or"],
    ["where", "else"],
    ["past", "time"],
    ["max", "min"],
    ["sum", "mean", "max"],
    ["relu", "silu", "tanh", "sigmoid", "abs", "exp", "gelu", "square", "sqrt"],
    ["0", "1", "2", "3", "4", "7"],
]
CHANGES = {token: [other for kind in KINDS if token in kind for other in kind if other != token] for kind in KINDS for token in kind}


def mutated(dice, text):
    tokens = TOKENS.findall(text)
    places = [i for i, token in enumerate(tokens) if token in CHANGES]
    changes = []
    for i in sorted(dice.sample(places, dice.choice([1, 1, 2]))):
        new = dice.choice(CHANGES[tokens[i]])
        line = "".join(tokens[:i]).count("\n") + 1
        changes.append(f"`{new}` for `{tokens[i]}` in line {line}")
        tokens[i] = new
    return "".join(tokens), ", ".join(changes)


def evaluate(tril, text, case, out, *options):
    """"", or the message of a refusal; raises Failure for what is no refusal."""
    command = [tril, "eval", text, "--weights", case, "--tokens", os.path.join(case, "tokens.json"), "-o", out, *options]
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=120, errors="replace")
    except subprocess.TimeoutExpired:
        raise Failure("end", "no end after 120 s") from None
    if done.returncode == 0:
        return ""
    message = done.stderr.strip()
    if done.returncode != 1 or not re.search(r"error(\[[a-z-]+\])?:", message) or "loc(" in message or "internal" in message:
        raise Failure("message", f"exit status {done.returncode}, and says: {message[-500:]}")
    return message


def check(tril, text, case, folder):
    """`refused`, `passed` or `unsure`, where rounding alone decides; raises Failure."""
    files = {name: os.path.join(folder, name) for name in ("whole", "step", "meaning", "meaning32")}
    if evaluate(tril, text, case, files["whole"]):
        return "refused"
    whole = safetensors.read(files["whole"])
    if refusal := evaluate(tril, text, case, files["step"], "--step"):
        if "step by step" not in refusal and "is causal" in open(text).read():
            raise Failure("step", f"only as a whole: {refusal[-500:]}")
    else:
        step = safetensors.read(files["step"])
        for name, tensor in whole.items():
            if step[name].raw != tensor.raw and not all(a == b or a != a and b != b for a, b in zip(step[name].data, tensor.data)):
                raise Failure("bits", f"`{name}` is another by position than whole")
    if refusal := evaluate(tril, text, case, files["meaning"], "--interpret"):
        raise Failure("interpret", f"is compiled, but not interpreted: {refusal[-500:]}")
    meaning = safetensors.read(files["meaning"])
    distance, name, place = furthest(whole, meaning)
    if distance <= TOLERANCE:
        return "passed"
    evaluate(tril, text, case, files["meaning32"], "--interpret", "--precision", "f32")
    if not furthest(safetensors.read(files["meaning32"]), meaning)[0] <= TOLERANCE / 100:
        return "unsure"
    raise Failure("value", f"`{name}`[{place}] is {whole[name].data[place]} compiled, {meaning[name].data[place]} interpreted")


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--keep", help="write texts that fail to this folder")
    arguments = parser.parse_args()
    with open(os.path.join(ROOT, "test", "golden", "cases.tsv")) as file:
        cases = [line.split() for line in file]
    counts = dict.fromkeys(("passed", "refused", "unsure", "failed"), 0)
    for index in chosen(arguments):
        dice = random.Random(f"{arguments.seed} {index}")
        case, example = dice.choice(cases)
        example += ".tril"
        with open(os.path.join(ROOT, "examples", example)) as file:
            text, changes = mutated(dice, file.read())
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, example)
            with open(path, "w") as file:
                file.write(text)
            try:
                counts[check(arguments.tril, path, os.path.join(ROOT, "test", "golden", case), folder)] += 1
            except Failure as failure:
                counts["failed"] += 1
                print(f"seed {arguments.seed} text {index}: {example} of {case} with {changes}: FAILED: {failure}", flush=True)
                if arguments.keep:
                    os.makedirs(arguments.keep, exist_ok=True)
                    shutil.copy(path, os.path.join(arguments.keep, f"seed{arguments.seed}-{index}-{example}"))
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['refused']} refused, {counts['unsure']} within rounding only")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
