#!/usr/bin/env python3
"""A real model, compiled: its tokens, its text, its perplexity, and that neither threads nor chunks change a bit.

    check.py --tril build/bin/tril --weights SmolLM2-135M-Instruct.Q4_1.gguf

Ends with `N passed, N failed`.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors  # noqa: E402  (test/safetensors.py)

HERE = os.path.dirname(os.path.abspath(__file__))
TEXT = os.path.join(HERE, "..", "..", "examples", "llama.tril")
PERPLEXITY, WITHIN = 47.60, 0.05
BEYOND_WEIGHTS = 3 << 20  # bytes of code, tokenizer and manifest


class Failure(Exception):
    pass


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failure(f"exit status {done.returncode} of {' '.join(command)}\n{done.stderr.decode(errors='replace')}")
    return done.stdout.decode(), done.stderr.decode()


class Checks:
    def __init__(self, arguments, work):
        self.arguments, self.work = arguments, work
        self.product = os.path.join(work, "smollm2")
        with open(os.path.join(HERE, "greedy.json")) as file:
            self.prompts = json.load(file)
        self.tokens = os.path.join(work, "tokens.json")
        with open(self.tokens, "w") as file:
            json.dump({"tokens": [prompt["ids"] for prompt in self.prompts]}, file)

    def logits(self, name, *options):
        path = os.path.join(self.work, name + ".safetensors")
        run(self.product, "--tokens", self.tokens, "--logits", path, *options)
        return safetensors.read(path)

    def build(self):
        run(self.arguments.tril, "build", TEXT, "--weights", self.arguments.weights, "-o", self.product)
        more = os.path.getsize(self.product) - os.path.getsize(self.arguments.weights)
        if more > BEYOND_WEIGHTS:
            raise Failure(f"the product is {more} bytes larger than its weights, {BEYOND_WEIGHTS} are allowed")
        return f"{more} bytes larger than its weights"

    def greedy(self):
        self.first = self.logits("first", "--greedy", "48", "-t", "1")
        for i, prompt in enumerate(self.prompts):
            found = list(map(int, self.first[f"greedy.{i}"].data))
            if found != prompt["greedy"]:
                at = next(j for j, (a, b) in enumerate(zip(found + [None], prompt["greedy"])) if a != b)
                raise Failure(f"prompt {i}: token {at} is {found[at:at + 1]}, of the reference {prompt['greedy'][at]} "
                              f"(its gap {prompt['gaps'][at]:.3g})")
        return f"48 tokens after each of {len(self.prompts)} prompts are the reference's"

    def best(self):
        for i, prompt in enumerate(self.prompts):
            row = self.first[f"logits.{i}"]
            last = row.data[-row.shape[-1]:]
            for token, expected in zip(prompt["last_top5"]["ids"], prompt["last_top5"]["logits"]):
                if not abs(last[token] - expected) < 1e-3:
                    raise Failure(f"prompt {i}: the logit of token {token} is {last[token]}, of the reference {expected}")
        return "the five best logits after each prompt are within 1e-3 of the reference's"

    def text(self):
        for prompt in self.prompts:
            out, _ = run(self.product, "-p", prompt["prompt"], "-n", "48", "--temp", "0", "--ignore-eos")
            expected = prompt["prompt"] + prompt["text"]
            if out.rstrip("\n") != expected.rstrip("\n"):
                raise Failure(f"it wrote\n{out}\nthe reference\n{expected}")
        return "-p TEXT --temp 0 writes the reference's text"

    def same_bits(self):
        for name, options in {"two threads": ["-t", "2"], "chunks of 3": ["-b", "3"], "steps": ["--step"]}.items():
            other = self.logits(name.replace(" ", "-"), *options)
            for i in range(len(self.prompts)):
                if other[f"logits.{i}"].raw != self.first[f"logits.{i}"].raw:
                    raise Failure(f"{name}: `logits.{i}` is not the same bits")
        return "2 threads, chunks of 3 and single steps give the same bits"

    def states(self):
        """Half of the text, saved, and the other half in another run with other sizes."""
        state = os.path.join(self.work, "state")
        greedy = ["--temp", "0", "--ignore-eos"]
        for prompt in self.prompts:
            first, _ = run(self.product, "-p", prompt["prompt"], "-n", "24", "--save-state", state, *greedy)
            second, said = run(self.product, "--load-state", state, "-p", "", "-n", "24", "-c", "700", "-b", "5", "-t", "2", *greedy)
            expected = prompt["prompt"] + prompt["text"]
            if not expected.startswith(first):  # a newline that ends the output is not of the text
                first = first.removesuffix("\n")
            if (first + second).rstrip("\n") != expected.rstrip("\n"):
                raise Failure(f"it wrote\n{first}\nand, from the saved state,\n{second}")
            if f"re-used:    {len(prompt['ids']) + 23} tokens" not in said:
                raise Failure(f"no tokens were re-used:\n{said}")
        out, _ = run(self.product, "--probe", "-c", "8", "-t", "2")
        if "largest change 0 in" not in out.splitlines()[-1]:
            raise Failure(out)
        return f"texts saved in the middle go on; {out.splitlines()[-1]}"

    def memory(self):
        """What is resident when the context is full, beside what `tril plan` says."""
        plan, _ = run(self.arguments.tril, "plan", TEXT, "--weights", self.arguments.weights, "--ctx", "1024", "--json")
        planned = json.loads(plan)["total_bytes"]
        prompt = self.prompts[0]
        text = prompt["prompt"] * (960 // len(prompt["ids"]))
        process = subprocess.Popen([self.product, "-p", text, "-c", "1024", "-t", "2", "--ignore-eos"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0 or "the context of 1024 tokens is full" not in said:
            raise Failure(f"status {status}\n{said}")
        resident = usage.ru_maxrss * 1024  # Linux counts in KiB
        if not 0.98 * planned <= resident <= 1.02 * planned:
            raise Failure(f"{resident} bytes are resident, {planned} were planned: more than 2 % apart")
        return f"{resident / 1e6:.1f} MB are resident, {planned / 1e6:.1f} MB were planned ({resident / planned - 1:+.1%})"

    def rounded_once(self):
        """`--quantize` leaves what is in blocks already as it is."""
        plans = [json.loads(run(self.arguments.tril, "plan", TEXT, "--weights", self.arguments.weights, "--json", *more)[0])["weight_types"]
                 for more in [[], ["--quantize", "q4_0"]]]
        if plans[0] != plans[1] or set(plans[0]) != {"f32", "q4_1", "q8_0"}:
            raise Failure(f"weights {plans[0]}, with --quantize q4_0 {plans[1]}")
        return f"--quantize leaves {', '.join(plans[0])}"

    def perplexity(self):
        out, _ = run(self.product, "--perplexity", os.path.join(HERE, "perplexity_tokens.json"))
        found = re.match(r"perplexity (\d+\.\d+) ", out)
        if not found:
            raise Failure(f"no perplexity in `{out}`")
        value = float(found.group(1))
        if not abs(value - PERPLEXITY) <= WITHIN:
            raise Failure(f"perplexity {value}, expected {PERPLEXITY} ± {WITHIN}")
        return f"perplexity {value}"

    def all(self):
        return [self.build, self.greedy, self.best, self.text, self.same_bits, self.states, self.memory, self.rounded_once, self.perplexity]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--weights", required=True)
    arguments = parser.parse_args()
    if not os.path.exists(arguments.weights):
        sys.exit(f"check.py: no file {arguments.weights}; `scripts/setup weights` fetches it")
    passed = failed = 0
    with tempfile.TemporaryDirectory() as work:
        for check in Checks(arguments, work).all():
            try:
                print(f"{check.__name__}: {check()}", flush=True)
                passed += 1
            except (Failure, KeyError, AttributeError, OSError) as failure:
                print(f"{check.__name__}: FAILED: {failure}", flush=True)
                failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
