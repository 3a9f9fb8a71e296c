#!/usr/bin/env python3
"""What `--quantize` costs and saves on a real model: bytes, error, perplexity, tokens, speed.

    measure.py --tril build/bin/tril --weights SmolLM2-135M-Instruct.Q4_1.gguf [--rounds 5] [--keep FOLDER]

Needs the packages numpy and gguf.  The weights at hand are Q4_1: their numbers are written out as f32 in safetensors, the names and the
order of rotary pairs as in the model's own repository, and quantised from there.  What is measured is hence what this rounding adds.
Perplexity is of the windows of test/smollm2, the tokens are the 48 after each of its prompts.  Speed: processor time of 128 tokens, one
thread, types in turns, the fastest round.  Prints a table in Markdown.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import gguf
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
sys.path[:0] = [os.path.join(ROOT, "test"), os.path.join(HERE, "..")]
import machine  # noqa: E402  (test/bench/machine.py)
import checkpoint  # noqa: E402  (test/checkpoint.py)
import safetensors  # noqa: E402  (test/safetensors.py)

TEXT = os.path.join(ROOT, "examples", "llama.tril")
SMOLLM2 = os.path.join(ROOT, "test", "smollm2")
TYPES = ["", "bf16", "f16", "q8_0", "q4_k", "q4_0"]
NAMES = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
         "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm",
         "ffn_norm": "post_attention_layernorm"}
CONFIG = {"vocab_size": "llama.vocab_size", "hidden_size": "llama.embedding_length", "num_hidden_layers": "llama.block_count",
          "num_attention_heads": "llama.attention.head_count", "num_key_value_heads": "llama.attention.head_count_kv",
          "intermediate_size": "llama.feed_forward_length", "rms_norm_eps": "llama.attention.layer_norm_rms_epsilon",
          "rope_theta": "llama.rope.freq_base", "max_position_embeddings": "llama.context_length"}


def name_of(stored):
    if stored.startswith("blk."):
        _, layer, part, kind = stored.split(".")
        return f"model.layers.{layer}.{NAMES[part]}.{kind}"
    return {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}[stored]


def write_f32(path, folder):
    reader = gguf.GGUFReader(path)
    config = {key: reader.fields[name].contents() for key, name in CONFIG.items()}
    tensors = {}
    for tensor in reader.tensors:
        numbers = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        if ".attn_q." in tensor.name or ".attn_k." in tensor.name:  # the halves of a pair lie beside each other
            heads = config["num_attention_heads" if ".attn_q." in tensor.name else "num_key_value_heads"]
            rows, columns = numbers.shape
            numbers = numbers.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)
        tensors[name_of(tensor.name)] = np.ascontiguousarray(numbers)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file)
    checkpoint.write_safetensors(os.path.join(folder, "model.safetensors"),
                                 {name: ("F32", list(numbers.shape), numbers.tobytes()) for name, numbers in tensors.items()})


def output(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"status {done.returncode} of {' '.join(command)}\n{done.stderr}")
    return done.stdout, done.stderr


class Measured:
    def __init__(self, tril, kind, weights, work, prompts, tokens):
        self.kind, self.work = kind or "none (f32)", work
        self.product = os.path.join(work, kind or "f32")
        self.logits = self.product + ".safetensors"
        _, said = output(tril, "build", TEXT, "--weights", weights, "-o", self.product, *(["--quantize", kind] if kind else []))
        error = re.search(r"off by ([0-9.e-]+ %)", said)
        self.error = error.group(1) if error else "0"
        self.to = re.search(r"quantised (.*?):", said).group(1) if kind else ""
        self.bytes = os.path.getsize(self.product)
        out, _ = output(self.product, "--perplexity", os.path.join(SMOLLM2, "perplexity_tokens.json"))
        self.perplexity = float(re.match(r"perplexity (\d+\.\d+) ", out).group(1))
        output(self.product, "--tokens", tokens, "--logits", self.logits, "--greedy", "48")
        found = safetensors.read(self.logits)
        self.equal = []
        for i, prompt in enumerate(prompts):
            pairs = zip(map(int, found[f"greedy.{i}"].data), prompt["greedy"])
            self.equal.append(next((j for j, (a, b) in enumerate(pairs) if a != b), 48))
        self.seconds = float("inf")

    def round(self, tokens):
        run = [self.product, "--tokens", tokens, "--logits", self.logits, "-t", "1", "--greedy"]
        self.seconds = min(self.seconds, machine.run(*run, "129")[0] - machine.run(*run, "1")[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", help="a folder for the f32 checkpoint and the products")
    arguments = parser.parse_args()
    with open(os.path.join(SMOLLM2, "greedy.json")) as file:
        prompts = json.load(file)
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.keep or temporary
        weights = os.path.join(work, "weights")
        os.makedirs(weights, exist_ok=True)
        write_f32(arguments.weights, weights)
        tokens, one = os.path.join(work, "tokens.json"), os.path.join(work, "one.json")
        with open(tokens, "w") as file:
            json.dump({"tokens": [prompt["ids"] for prompt in prompts]}, file)
        with open(one, "w") as file:
            json.dump({"tokens": [prompts[0]["ids"]]}, file)
        measured = [Measured(arguments.tril, kind, weights, work, prompts, tokens) for kind in TYPES]
        for _ in range(arguments.rounds):
            for each in measured:
                each.round(one)
    print(f"{machine.processor()}, one thread:\n")
    print("| `--quantize` | product | error | perplexity | first tokens equal, of 48 | tokens/s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for each in measured:
        print(f"| {each.kind} | {each.bytes / 1e6:.1f} MB | {each.error} | {each.perplexity:.3f} | {' and '.join(map(str, each.equal))} "
              f"| {128 / each.seconds:.1f} |")
    for each in measured:
        print(each.kind, each.to)


if __name__ == "__main__":
    main()
