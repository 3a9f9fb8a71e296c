#!/usr/bin/env python3
"""Prompts against single tokens where a model is more than attention: recurrences and experts.

    measure.py --tril build/bin/tril [--tokens 4096] [--steps 256] [--rounds 3]

Recurrences: a prompt of 4096 tokens beside as many single steps (256 are measured), for texts of examples/ with random weights and sizes of published
small models, but few layers.  Experts: a token, and a prompt, as the number of experts grows and as more of them are chosen.

One thread, processor time of the product less that of an empty run, the fastest of some rounds.  Prints tables in Markdown.
"""
import argparse
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
import machine  # noqa: E402  (test/bench/machine.py)
ROOT = os.path.join(HERE, "..", "..", "..")

MAMBA2 = {"conv_kernel": 4, "expand": 2, "head_dim": 64, "hidden_act": "silu", "hidden_size": 768, "layer_norm_epsilon": 1e-5, "model_type": "mamba2",
          "n_groups": 1, "num_heads": 24, "num_hidden_layers": 4, "state_size": 128, "tie_word_embeddings": True, "vocab_size": 256}
MAMBA = {"conv_kernel": 4, "expand": 2, "hidden_act": "silu", "hidden_size": 768, "intermediate_size": 1536, "layer_norm_epsilon": 1e-5,
         "model_type": "mamba", "num_hidden_layers": 4, "state_size": 16, "time_step_rank": 48, "use_conv_bias": True, "vocab_size": 256}
DELTA = {"decoder_sparse_step": 1, "head_dim": 128, "hidden_act": "silu", "hidden_size": 1024, "intermediate_size": 2048,
         "layer_types": ["linear_attention"] * 4, "linear_conv_kernel_dim": 4, "linear_key_head_dim": 128, "linear_num_key_heads": 8,
         "linear_num_value_heads": 16, "linear_value_head_dim": 128, "max_position_embeddings": 8192, "mlp_only_layers": [0, 1, 2, 3],
         "model_type": "qwen3_next", "moe_intermediate_size": 32, "num_attention_heads": 8, "num_experts": 4, "num_experts_per_tok": 2,
         "num_hidden_layers": 4, "num_key_value_heads": 2, "partial_rotary_factor": 0.25, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
         "shared_expert_intermediate_size": 32, "tie_word_embeddings": True, "vocab_size": 256}
RWKV = {"attention_hidden_size": 768, "context_length": 8192, "hidden_size": 768, "intermediate_size": 3072, "layer_norm_epsilon": 1e-5,
        "model_type": "rwkv", "num_hidden_layers": 4, "rescale_every": 0, "tie_word_embeddings": False, "vocab_size": 256}
EXPERTS = {"hidden_act": "silu", "hidden_size": 1024, "intermediate_size": 512, "max_position_embeddings": 8192, "model_type": "mixtral",
           "num_attention_heads": 8, "num_hidden_layers": 2, "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
           "tie_word_embeddings": True, "vocab_size": 256}


def numbers(count, width, source):
    """Numbers of both signs between 2^-7 and 2^-5, as bytes: f32 or its upper half."""
    bits = int.from_bytes(source.randbytes(width * count), "little")
    bits &= int.from_bytes((b"\xff\xff\xff\x80"[-width:]) * count, "little")
    bits |= int.from_bytes((b"\x00\x00\x00\x3c"[-width:]) * count, "little")
    return bits.to_bytes(width * count, "little")


def checkpoint(tril, text, config, folder, width):
    """Random weights for every tensor that the text needs."""
    os.makedirs(folder)
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file)
    listed = subprocess.run([tril, "check", text, "--config", os.path.join(folder, "config.json"), "--tensors"], capture_output=True, text=True, check=True)
    header, at, source = {}, 0, random.Random(1)
    for name, sizes in re.findall(r"^(\S+) \[(.*)\]$", listed.stdout, re.M):
        if config.get("tie_word_embeddings") and name == "lm_head.weight":
            continue
        if name.endswith("in_proj.bias"):
            continue
        shape = [int(size) for size in sizes.split(",")]
        if name.endswith((".A_log", ".dt_bias", ".D")):  # published without the group, of which there is one
            shape = [size for size in shape if size != 1]
        count = 1
        for size in shape:
            count *= size
        header[name] = {"dtype": {2: "BF16", 4: "F32"}[width], "shape": shape, "data_offsets": [at, at + width * count]}
        at += width * count
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for entry in header.values():
            begin, end = entry["data_offsets"]
            file.write(numbers((end - begin) // width, width, source))


class Product:
    def __init__(self, tril, name, config, folder, width=4):
        self.folder, self.path = folder, os.path.join(folder, "product")
        text = os.path.join(ROOT, "examples", name + ".tril")
        checkpoint(tril, text, config, os.path.join(folder, "weights"), width)
        subprocess.run([tril, "build", text, "--weights", os.path.join(folder, "weights"), "-o", self.path], check=True, stderr=subprocess.DEVNULL)

    def seconds(self, tokens, step, rounds):
        """Processor time for so many tokens, and of an empty run."""
        best = []
        for count in (tokens, 1):
            prompt = os.path.join(self.folder, "tokens.json")
            with open(prompt, "w") as file:
                json.dump({"tokens": [[random.Random(i).randrange(256) for i in range(count)]]}, file)
            command = [self.path, "--tokens", prompt, "--logits", os.path.join(self.folder, "logits"), "-t", "1", "-c", "8192"]
            best.append(min(machine.run(*command, *(["--step"] if step else []))[0] for _ in range(rounds)))
        return (best[0] - best[1]) / (tokens - 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        print(f"{machine.processor()}, one thread\n")
        print(f"| recurrence | weights | a token of a prompt of {arguments.tokens} | a single token | ratio |")
        print("| --- | --- | --- | --- | --- |")
        for what, name, config in (("selective state, one decay a head (mamba2)", "mamba2", MAMBA2), ("selective state (mamba)", "mamba", MAMBA),
                                   ("gated delta rule (qwen3_next)", "qwen3_next", DELTA), ("WKV (rwkv)", "rwkv", RWKV)):
            for kind, width in (("f32", 4), ("bf16", 2)):
                product = Product(arguments.tril, name, config, os.path.join(work, name + kind), width)
                prompt = product.seconds(arguments.tokens, False, arguments.rounds)
                single = product.seconds(arguments.steps, True, arguments.rounds)
                print(f"| {what} | {kind} | {prompt * 1e3:.3f} ms | {single * 1e3:.3f} ms | {single / prompt:.1f} |")
                sys.stdout.flush()
        print("\n| experts | chosen | a single token | a token of a prompt of 512 |")
        print("| --- | --- | --- | --- |")
        for experts, chosen in ((8, 2), (16, 2), (32, 2), (64, 2), (64, 4), (64, 8)):
            config = dict(EXPERTS, num_local_experts=experts, num_experts_per_tok=chosen)
            product = Product(arguments.tril, "mixtral", config, os.path.join(work, f"{experts}-{chosen}"))
            single = product.seconds(arguments.steps, True, arguments.rounds)
            prompt = product.seconds(512, False, arguments.rounds)
            print(f"| {experts} | {chosen} | {single * 1e3:.3f} ms | {prompt * 1e3:.3f} ms |")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
