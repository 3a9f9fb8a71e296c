#!/usr/bin/env python3
"""Compares `tril eval` with the golden cases.

    check.py --tril build/bin/tril [CASE...]          (default: every case of cases.tsv)

For each case: compiled code on whole sequences, the same token by token, its states going back and forth, the interpreter, and the older spelling of the
configuration.  No case may be farther from the reference than four times what examples/README.md says of its text.  Ends with `N passed, N failed`.
"""
import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import safetensors  # noqa: E402  (test/safetensors.py)

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "..", "..", "examples")
TOLERANCE = 1e-3  # of compiled code and of the interpreter, from the reference
BETWEEN = 1e-3    # of compiled code from the interpreter
GREEDY = 24
CACHED = ["llama", "gemma3_text", "deepseek_v2", "diffllama", "lfm2"]  # of these also with caches of 16 bits
ROUNDED = ["llama", "bert", "bloom", "mixtral", "gpt_oss", "deepseek_v3", "qwen3_next"]  # of these also with weights rounded on their way in
WORSE = 4         # times what examples/README.md says: rounding differs between processors


class Failure(Exception):
    pass


def furthest(found, expected, name):
    """The largest difference of two tensors, and where it is; NaN counts as infinitely far."""
    if found.shape != expected.shape:
        raise Failure(f"`{name}` has shape {found.shape}, the reference {expected.shape}")
    worst, place = 0.0, 0
    for i, (a, b) in enumerate(zip(found.data, expected.data)):
        d = abs(a - b)
        if not d <= worst:
            worst, place = (math.inf if math.isnan(d) else d), i
    time, entry = divmod(place, found.shape[-1])
    return worst, f"`{name}`[{time}, {entry}]"


def compare(found, expected, tolerance, what):
    """The largest difference over the tensors that `expected` names."""
    overall = 0.0
    for name, reference in expected.items():
        if name not in found:
            raise Failure(f"{what}: no tensor `{name}` among {sorted(found)}")
        worst, place = furthest(found[name], reference, name)
        if not worst < tolerance:
            raise Failure(f"{what}: {place} is {worst:.3g} away, {tolerance:g} is allowed")
        overall = max(overall, worst)
    return overall


def differences():
    """text -> the largest difference, as the table of examples/README.md says."""
    with open(os.path.join(EXAMPLES, "README.md")) as file:
        rows = [line.split(" | ") for line in file if line.startswith("| [")]
    return {row[0][3:].split("]")[0]: float(row[5]) for row in rows}


class Case:
    """`most`: a difference of compiled code from the reference that is more than this is a failure."""

    def __init__(self, tril, name, text, work, most=TOLERANCE):
        self.tril, self.name, self.work, self.most = tril, name, work, most
        self.text = os.path.join(EXAMPLES, text + ".tril")
        self.folder = os.path.join(HERE, name)
        reference = safetensors.read(os.path.join(self.folder, "logits.safetensors"))
        self.whole = {key: value for key, value in reference.items() if not key.startswith("decode.")}
        self.causal = "decode.0" in reference
        if self.causal:
            self.decode = {"logits.0": reference["decode.0"]}
            with open(os.path.join(self.folder, "greedy.json")) as file:
                self.greedy = json.load(file)["tokens"]
        self.tokens = os.path.join(self.folder, "tokens.json")
        with open(self.tokens) as file:
            tokens = json.load(file)
        if "decoder_tokens" in tokens:  # `tokens` are what the encoder reads
            self.tokens = os.path.join(work, "tokens.json")
            with open(self.tokens, "w") as file:
                json.dump({"tokens": tokens["decoder_tokens"], "source_token": tokens["tokens"]}, file)

    def eval(self, what, *options, weights=None):
        output = os.path.join(self.work, what + ".safetensors")
        command = [self.tril, "eval", self.text, "--weights", weights or self.folder,
                   "--tokens", self.tokens, "-o", output, *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Failure(f"{what}: exit status {done.returncode} of {' '.join(command)}\n{done.stdout}")
        return safetensors.read(output)

    def follow(self, found, what):
        tokens = list(map(int, found["greedy.0"].data))
        if tokens != self.greedy:
            raise Failure(f"{what}: the greedy tokens are {tokens}, of the reference {self.greedy}")

    def check_whole(self):
        self.compiled = self.eval("whole", *(["--greedy", str(GREEDY)] if self.causal else []))
        self.away = compare(self.compiled, self.whole, self.most, "whole")
        if not self.causal:
            return f"{self.away:.1e} from the reference"
        self.follow(self.compiled, "whole")
        return f"{self.away:.1e} from the reference, {GREEDY} greedy tokens equal"

    def check_step(self):
        step = self.eval("step", "--step", "--greedy", str(GREEDY))
        compare(step, self.decode, TOLERANCE, "step")
        self.follow(step, "step")
        for name in self.whole:
            if step[name].raw != self.compiled[name].raw:
                worst, place = furthest(step[name], self.compiled[name], name)
                raise Failure(f"step: {place} is {worst:.3g} from the whole sequence's; they must be the same bits")
        return "the same bits as the whole sequence"

    def check_interpret(self):
        interpreted = self.eval("interpret", "--interpret")
        away = compare(interpreted, self.whole, TOLERANCE, "interpret")
        apart = compare(self.compiled, {n: interpreted[n] for n in self.whole}, BETWEEN, "compiled from interpreted")
        return f"{away:.1e} from the reference, {apart:.1e} from the compiled"

    def probe(self, *options):
        command = [self.tril, "run", self.text, "--weights", self.folder, "--probe", *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Failure(f"probe: exit status {done.returncode} of {' '.join(command)}\n{done.stdout}")
        last = done.stdout.splitlines()[-1]
        if not last.startswith("back ") or "largest change 0 in " not in last or "restored 0" in last:
            raise Failure(f"probe: `{last}`")
        return last.split(":")[0]

    def check_states(self):
        """The product walks at random: back, into copies, through what it saves, on.  The bits stay those of the whole."""
        said = [self.probe(), self.probe("--checkpoint-every", "24", "-s", "3")]
        if "(refused 0)" not in said[1]:
            raise Failure(f"states: with checkpoints none is refused, but `{said[1]}`")
        return "; with checkpoints ".join(said)

    def check_cache(self):
        """Keys and values in 16 bits: steps give the bits of the whole, and the interpreter rounds the same numbers."""
        said = []
        exact = self.eval("cache-f32", "--interpret")
        for cache in "f16", "bf16":
            whole, step = self.eval("cache", "--cache", cache), self.eval("cache-step", "--cache", cache, "--step")
            if any(step[name].raw != whole[name].raw for name in self.whole):
                raise Failure(f"cache: in {cache} the steps differ from the whole sequence")
            self.probe("--cache", cache)
            rounded = self.eval("cache-interpret", "--cache", cache, "--interpret")
            apart, away = (max(furthest(whole[name], other[name], name)[0] for name in self.whole) for other in (rounded, exact))
            # What lies in the middle between two numbers of 16 bits, but for the rounding of f32, may go either way.
            if not 0 < 2 * apart < away:
                raise Failure(f"cache: {cache} is {apart:.3g} from the interpreter with the same cache, {away:.3g} from that without")
            said.append(f"{cache} is {apart:.1e} from the interpreter with the same cache, {away:.1e} from that without")
        return "; ".join(said)

    def check_quantize(self):
        """Weights rounded on their way in: steps give the bits of the whole, and the interpreter computes with the same numbers."""
        said = []
        for to in "q8_0", "q4_0", "bf16":
            whole = self.eval("quantize", "--quantize", to)
            if self.causal:
                step = self.eval("quantize-step", "--quantize", to, "--step")
                if any(step[name].raw != whole[name].raw for name in self.whole):
                    raise Failure(f"quantize: in {to} the steps differ from the whole sequence")
            rounded = self.eval("quantize-interpret", "--quantize", to, "--interpret")
            apart = compare(whole, {name: rounded[name] for name in self.whole}, BETWEEN, f"quantize {to}")
            away = max(furthest(whole[name], self.whole[name], name)[0] for name in self.whole)
            if not 8 * apart < away:
                raise Failure(f"quantize: {to} is {apart:.3g} from the interpreter with the same weights, {away:.3g} from what is not rounded")
            said.append(f"{to} {apart:.1e}")
        return "from the interpreter with the same weights: " + ", ".join(said)

    def meaning(self, weights, *options, phase="tril"):
        """The text with its configuration filled in, as the compiler's IR."""
        done = subprocess.run([self.tril, "build", self.text, "--weights", weights, "--emit", phase, *options],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"{phase}: exit status {done.returncode}\n{done.stderr}")
        return done.stdout

    def check_keep(self):
        """Whatever is kept between steps, the results are the same but for rounding, and steps give the bits of the whole."""
        kept = {keep: self.meaning(self.folder, "--keep", keep, phase="step") for keep in ("direct", "auto", "latent")}
        if kept["direct"] == kept["latent"]:
            return "there is no latent to keep"
        for keep in ("direct", "latent"):
            if kept[keep] == kept["auto"]:
                continue
            whole = self.eval("keep", "--keep", keep)
            step = self.eval("keep-step", "--step", "--keep", keep)
            compare(whole, self.whole, self.most, f"whole, --keep {keep}")
            if any(step[name].raw != whole[name].raw for name in self.whole):
                raise Failure(f"--keep {keep}: the steps differ from the whole sequence")
        return "the latent or what is made of it gives the same"

    def check_legacy(self):
        folder = os.path.join(self.work, "legacy")
        os.mkdir(folder)
        shutil.copy(os.path.join(self.folder, "config_legacy.json"), os.path.join(folder, "config.json"))
        os.symlink(os.path.join(self.folder, "model.safetensors"), os.path.join(folder, "model.safetensors"))
        if self.meaning(folder) != self.meaning(self.folder):
            raise Failure("legacy: with the older config.json the text means something else")
        return "the older config.json gives the same program"

    def checks(self):
        yield "whole", self.check_whole
        if self.causal:
            yield "step", self.check_step
            yield "states", self.check_states
            yield "keep", self.check_keep
        if self.name in CACHED:
            yield "cache", self.check_cache
        if self.name in ROUNDED:
            yield "quantize", self.check_quantize
        yield "interpret", self.check_interpret
        if os.path.exists(os.path.join(self.folder, "config_legacy.json")):
            yield "legacy", self.check_legacy


def texts():
    """case -> text, as cases.tsv says."""
    with open(os.path.join(HERE, "cases.tsv")) as file:
        return dict(line.rstrip("\n").split("\t") for line in file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("cases", nargs="*")
    arguments = parser.parse_args()
    known = texts()
    for name in arguments.cases:
        if name not in known:
            parser.error(f"no case `{name}`; there are {', '.join(known)}")
    passed = failed = 0
    most = differences()
    for name in arguments.cases or known:
        with tempfile.TemporaryDirectory() as work:
            case = Case(arguments.tril, name, known[name], work, min(TOLERANCE, WORSE * most.get(known[name], math.inf)))
            for what, check in case.checks():
                try:
                    print(f"{name} {what}: {check()}", flush=True)
                    passed += 1
                except (Failure, KeyError, AttributeError) as failure:
                    print(f"{name} {what}: FAILED: {failure}", flush=True)
                    failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
