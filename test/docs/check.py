#!/usr/bin/env python3
"""Runs what the documents show.

    check.py --tril build/bin/tril [--update] [DOCUMENT...]     (default: README.md, docs/*.md and docs/tutorial/*.md)

- ```tril: `tril check` accepts the text without a message (but that a claim waits for a configuration).
- ```tril error=NAME: `tril check` refuses it, and a message has that stable name.
- A text without a `model` line stands after PREAMBLE.
- `# NAME is 1 2.5 4`: both compiled code and the interpreter give output NAME these values position by position, for the
  tokens TOKENS.
- <!-- output of `COMMAND` --> before a fence: the fence holds what the command prints.  COMMAND is of `tril`, or
  of `name`, a small product, or `ladder`, that of the tutorial.  --update writes it.
- <!-- file `PATH` --> before a fence: the fence holds that file.  --update writes it.
- <!-- `TEXT` gives what `CASE` says -->: compiled with the weights of that folder of test/golden, the text gives its reference.
- <!-- drawn by `COMMAND -o PATH` --> before a picture: PATH holds what the command draws today.  --update draws it.
- Links to files of this repository lead somewhere.
- What docs/diagnostics.md says is what dsl/Diagnostics.def says; docs/passes.md what Passes.td says (--update writes both).

Ends with `N passed, N failed`.
"""
import argparse
import glob
import json
import os
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(HERE, ".."))
import safetensors  # noqa: E402  (test/safetensors.py)

PREAMBLE = """model example is causal
axis vocab = 16
axis past  = time
input token[time] in vocab
"""
TOKENS = [3, 1, 4, 1, 5]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GENERATED = re.compile(r"(<!-- output of `([^`]*)` -->\n\n?```\w*\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
FILED = re.compile(r"(<!-- file `([^`]*)` -->\n\n?```\w*[^\n]*\n)(.*?)(^```$)", re.MULTILINE | re.DOTALL)
REFERENCE = re.compile(r"<!-- `([^`]*)` gives what `([^`]*)` says -->")
DRAWN = re.compile(r"^<!-- drawn by `([^`]*) -o ([^` ]*)` -->\n\n?!\[[^\]]*\]\(", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$|`[^`]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")


class Failure(Exception):
    pass


def run(command, **more):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **more)


class Documents:
    def __init__(self, tril, tblgen, update, work):
        self.tril, self.tblgen, self.update, self.work = tril, tblgen, update, work
        self.passed = self.failed = 0
        with open(os.path.join(work, "config.json"), "w") as file:
            file.write("{}")
        with open(os.path.join(work, "model.safetensors"), "wb") as file:
            file.write(struct.pack("<Q", 2) + b"{}")
        with open(os.path.join(work, "tokens.json"), "w") as file:
            json.dump({"tokens": [TOKENS]}, file)

    def attempt(self, place, check, *arguments):
        try:
            check(*arguments)
            self.passed += 1
        except Failure as failure:
            print(f"{place}: {failure}", flush=True)
            self.failed += 1

    def snippet(self, attributes, text):
        if not re.search(r"^model ", text, re.MULTILINE):
            text = PREAMBLE + text
        path = os.path.join(self.work, "example.tril")
        with open(path, "w") as file:
            file.write(text)
        error = re.fullmatch(r"\s*error=([a-z-]+)", attributes)
        if attributes.strip() and not error:
            raise Failure(f"unknown attributes `{attributes.strip()}`")
        done = run([self.tril, "check", path])
        if error:
            if done.returncode == 0 or f"[{error[1]}]" not in done.stdout:
                raise Failure(f"no `{error[1]}` but exit status {done.returncode} and\n{done.stdout}")
            return
        told = set(re.findall(r"^(?:warning|error)\[([a-z-]+)\]", done.stdout, re.MULTILINE)) - {"not-proved"}
        if done.returncode != 0 or told:
            raise Failure(f"exit status {done.returncode}\n{done.stdout}")
        wanted = re.findall(r"^# (\w+) is ([-\d. ]+)$", text, re.MULTILINE)
        if not wanted:
            return
        for options in [], ["--interpret"]:
            output = os.path.join(self.work, "output.safetensors")
            done = run([self.tril, "eval", path, "--weights", self.work, "--tokens", os.path.join(self.work, "tokens.json"),
                        "-o", output, *options])
            if done.returncode != 0:
                raise Failure(f"exit status {done.returncode} of `tril eval {' '.join(options)}`\n{done.stdout}")
            found = safetensors.read(output)
            for name, values in wanted:
                expected = list(map(float, values.split()))
                values = list(found[name + ".0"].data)
                same = len(values) == len(expected) and all(abs(a - b) <= 1e-4 * max(1, abs(b)) for a, b in zip(values, expected))
                if not same:
                    shown = " ".join(f"{value:.6g}" for value in values)
                    raise Failure(f"`tril eval {' '.join(options)}` gives {name} = {shown}, not {' '.join(map(str, expected))}")

    def printed(self, command):
        tool, *words = command.split()
        if tool not in ["tril", "name", "ladder"]:
            raise Failure(f"`{command}` is not of tril")
        path = self.tril if tool == "tril" else self.product() if tool == "name" else self.ladder()
        return run([path, *words], cwd=ROOT).stdout

    def ladder(self):
        path = os.path.join(self.work, "ladder")
        if not os.path.exists(path):
            self.call("build", "docs/tutorial/6-ladder.tril", "--weights", "test/golden/llama", "-o", path)
        return path

    def call(self, *words):
        done = run([self.tril, *words], cwd=ROOT)
        if done.returncode != 0:
            raise Failure(f"exit status {done.returncode} of `tril {' '.join(words)}`\n{done.stdout}")

    def reference(self, text, case):
        """To 1e-3, as for every golden case."""
        folder, output = os.path.join(ROOT, case), os.path.join(self.work, "output.safetensors")
        self.call("eval", text, "--weights", case, "--tokens", os.path.join(case, "tokens.json"), "-o", output)
        found, wanted = safetensors.read(output), safetensors.read(os.path.join(folder, "logits.safetensors"))
        for name in found:  # the reference has those of single steps too
            worst = max(abs(a - b) for a, b in zip(found[name].data, wanted[name].data, strict=True))
            if not worst <= 1e-3:
                raise Failure(f"`{text}` is {worst:.2g} from the reference of {case} at {name}")

    def file(self, path, text):
        with open(os.path.join(ROOT, path)) as file:
            if file.read() != text:
                raise Failure(f"not what `{path}` holds; --update writes it")

    def product(self):
        path = os.path.join(self.work, "name")
        if not os.path.exists(path):
            text = os.path.join(self.work, "product.tril")
            with open(text, "w") as file:
                file.write(PREAMBLE + "output result[time] = token + 1\n")
            self.call("build", text, "--weights", self.work, "-o", path)
        return path

    def output(self, command, text):
        found = self.printed(command)
        if found != text:
            raise Failure(f"`{command}` prints something else; --update writes it:\n{found}")

    def drawn(self, command, target):
        drawn, kept = os.path.join(self.work, os.path.basename(target)), os.path.join(ROOT, target)
        told = self.printed(f"{command} -o {drawn}")
        if not os.path.exists(drawn):
            raise Failure(f"`{command}` draws nothing:\n{told}")
        with open(drawn) as file:
            found = file.read()
        os.remove(drawn)
        if self.update:
            with open(kept, "w") as file:
                file.write(found)
        if not os.path.exists(kept):
            raise Failure(f"`{target}` is not there; --update draws it")
        with open(kept) as file:
            if file.read() != found:
                raise Failure(f"`{command}` draws something else than `{target}`; --update draws it anew")

    def link(self, document, target):
        if not os.path.exists(os.path.join(os.path.dirname(document), target)):
            raise Failure(f"a link to `{target}`, which is not there")

    def document(self, path):
        with open(path) as file:
            text = file.read()
        if self.update:
            def renew(match):
                return match[1] + self.printed(match[2]) + match[4]
            def copy(match):
                with open(os.path.join(ROOT, match[2])) as file:
                    return match[1] + file.read() + match[4]
            renewed = FILED.sub(copy, GENERATED.sub(renew, text))
            if renewed != text:
                text = renewed
                with open(path, "w") as file:
                    file.write(text)
        name = os.path.relpath(path, ROOT)

        def at(match):
            return f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        for match in FENCE.finditer(text):
            if match[1] == "tril":
                self.attempt(at(match), self.snippet, match[2], match[3])
        for match in GENERATED.finditer(text):
            self.attempt(at(match), self.output, match[2], match[3])
        for match in FILED.finditer(text):
            self.attempt(at(match), self.file, match[2], match[3])
        for match in REFERENCE.finditer(text):
            self.attempt(at(match), self.reference, match[1], match[2])
        for match in DRAWN.finditer(text):
            self.attempt(at(match), self.drawn, match[1], match[2])
        for match in LINK.finditer(CODE.sub(lambda code: "\n" * code[0].count("\n"), text)):
            self.attempt(at(match), self.link, path, match[1])

    def generated(self, path, text):
        """A whole document that is made from a file of the sources."""
        if self.update:
            with open(path, "w") as file:
                file.write(text)
        with open(path) as file:
            if file.read() != text:
                raise Failure("not what its source says; `test/docs/check.py --update` writes it anew")


def diagnostics():
    with open(os.path.join(ROOT, "dsl", "Diagnostics.def")) as file:
        source = file.read()
    lines = ["# Messages of the language", "",
             "Every kind of message has a stable name, shown in brackets (`error[unknown-axis]: ...`) and in the output of",
             "`tril check --json`. Made from dsl/Diagnostics.def by `test/docs/check.py --update`."]
    for match in re.finditer(r"^// (\w.*)$|^DIAGNOSTIC\((\w+), \"((?:[^\"\\]|\\.)*)\"\)$", source, re.MULTILINE):
        if match[1] and "(" not in match[1]:
            lines += ["", f"## {match[1]}", "", "| name | meaning |", "| --- | --- |"]
        elif match[2]:
            meaning = match[3].replace('\\"', '"').replace("|", "\\|")
            lines.append(f"| `{match[2].replace('_', '-')}` | {meaning} |")
    return "\n".join(lines) + "\n"


def passes(tblgen):
    transforms = os.path.join(ROOT, "compiler", "Transforms", "Passes.td")
    include = os.path.normpath(os.path.join(os.path.dirname(os.path.realpath(tblgen)), "..", "include"))
    done = subprocess.run([tblgen, "-gen-pass-doc", "-I", include, transforms], stdout=subprocess.PIPE, text=True, check=True)
    body = re.sub(r"^<!--.*?-->\n", "", done.stdout).strip()
    body = re.sub(r"^#(#+) ", r"\1 ", body, flags=re.MULTILINE)
    return ("# Passes over the tril dialect\n\nIn the order of compiler/Transforms/Passes.td, from which this page is made\n"
            "(`test/docs/check.py --update`). [architecture.md](architecture.md) says where each stands on the way from text to code.\n\n"
            + re.sub(r"[ \t]+$", "", body, flags=re.MULTILINE) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--tblgen", default="/usr/lib/llvm-22/bin/mlir-tblgen")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("documents", nargs="*")
    arguments = parser.parse_args()
    docs = os.path.join(ROOT, "docs")
    with tempfile.TemporaryDirectory() as work:
        documents = Documents(arguments.tril, arguments.tblgen, arguments.update, work)
        if not arguments.documents:
            for name, text in [("diagnostics.md", diagnostics()), ("passes.md", passes(arguments.tblgen))]:
                documents.attempt("docs/" + name, documents.generated, os.path.join(docs, name), text)
        for path in arguments.documents or [os.path.join(ROOT, "README.md"), *sorted(glob.glob(os.path.join(docs, "*.md")) + glob.glob(os.path.join(docs, "tutorial", "*.md")))]:
            documents.document(os.path.abspath(path))
    print(f"{documents.passed} passed, {documents.failed} failed")
    return 1 if documents.failed or not documents.passed else 0


if __name__ == "__main__":
    sys.exit(main())
