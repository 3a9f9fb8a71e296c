#!/usr/bin/env python3
"""Varies what the configuration of a golden case says: windows, kinds of layers, scalings of rotary positions, activations, numbers
of chosen experts, multipliers, epsilons; how long the prompts are; and in every second variation the sizes (resize.py), with
random weights and some of the optional tensors.

    vary.py --tril build/bin/tril [--seed N] [--count N] [TEXT...]     (default: every text, two variations)

Compiled code must agree with the interpreter, and token by token give the same bits as the whole sequence.  There is no reference
for such a variation.  Ends with `N passed, N failed`; a failure prints the configuration.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "golden"))
sys.path.insert(0, os.path.join(HERE, ".."))
import check  # noqa: E402  (test/golden/check.py)
import checkpoint  # noqa: E402  (test/checkpoint.py)
import safetensors  # noqa: E402  (test/safetensors.py)
from resize import resize  # noqa: E402

BETWEEN = 1e-3  # of compiled code from the interpreter, for logits of a size of some units
WINDOWS = ("sliding_window", "attention_window_size", "window_size", "attention_chunk_size", "local_attention")
EPSILONS = ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_eps", "norm_epsilon")
ACTIVATIONS = ("hidden_act", "hidden_activation", "activation_function", "activation", "classifier_activation")
CHOSEN = {"num_experts_per_tok": ("num_local_experts", "num_experts"), "num_experts_per_token": ("num_experts",)}
FACTORS = ("logit_scale", "routed_scaling_factor", "clip_qkv", "embedding_multiplier", "attention_multiplier", "residual_multiplier",
           "logits_scaling", "scale_depth", "scale_emb", "attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar",
           "key_multiplier", "ssm_in_multiplier", "attn_scale", "floor_scale", "swiglu_limit", "full_attn_alpha_factor")
SWITCHES = ("norm_topk_prob", "apply_residual_connection_post_layernorm", "scale_attn_by_inverse_layer_idx", "scale_decoder_outputs",
            "altup_correct_scale", "mamba_norm_before_gate", "attn_temperature_tuning", "use_qk_norm")


def vary_rotary(dice, rotary):
    """Another scaling; frequencies that a configuration lists stay."""
    if rotary.get("rope_type") == "longrope":
        return
    for key in [key for key in rotary if key not in ("partial_rotary_factor", "mscale", "mscale_all_dim")]:
        del rotary[key]
    rotary["rope_theta"] = dice.choice([50.0, 10000.0, 1e6])
    rotary["rope_type"] = dice.choice(["default", "linear", "llama3", "yarn"])
    if rotary["rope_type"] != "default":
        rotary["factor"] = dice.choice([2.0, 3.5, 8.0])
    if rotary["rope_type"] == "llama3":
        rotary.update(low_freq_factor=1.0, high_freq_factor=dice.choice([2.0, 4.0]), original_max_position_embeddings=dice.choice([16, 64]))
    if rotary["rope_type"] == "yarn":
        rotary.update(original_max_position_embeddings=dice.choice([16, 32]), beta_fast=dice.choice([2.0, 32.0]), beta_slow=dice.choice([0.25, 1.0]))


def vary(dice, config):
    for key in WINDOWS:
        if config.get(key) is not None:
            config[key] = dice.choice([1, 2, 5, 16, 33, 1000])
    for key in EPSILONS:
        if key in config:
            config[key] = dice.choice([1e-6, 1e-3, 0.1])
    for key in ACTIVATIONS:
        if key in config and config[key] != "xielu":
            config[key] = dice.choice(["silu", "gelu", "gelu_pytorch_tanh", "relu", "relu2", "tanh"])
    for key, numbers in CHOSEN.items():
        if key in config:
            config[key] = dice.randint(1, next(config[number] for number in (*numbers, "n_routed_experts") if config.get(number)))
    if config.get("topk_group"):  # as many as are chosen must be in the groups that are kept
        groups, experts, chosen = (next(key for key in keys if config.get(key)) for keys in (
            ("n_group", "num_expert_group"), ("n_routed_experts", "num_experts"), CHOSEN))
        config["topk_group"] = dice.randint(1, config[groups])
        config[chosen] = min(config[chosen], config["topk_group"] * config[experts] // config[groups])
    for key in FACTORS:
        if config.get(key) is not None:
            config[key] = config[key] * dice.choice([0.5, 1, 2])
    for key in SWITCHES:
        if isinstance(config.get(key), bool) and dice.random() < 0.5 and key != "use_qk_norm":
            config[key] = not config[key]
    kinds = config.get("layer_types")
    if kinds and set(kinds) <= {"full_attention", "sliding_attention"} and not config.get("num_kv_shared_layers") and "per_layer_config" not in config:
        if config.get("sliding_window"):
            config["layer_types"] = [dice.choice(["full_attention", "sliding_attention"]) for _ in kinds]
    if config.get("no_rope_layers"):
        config["no_rope_layers"] = [dice.randint(0, 1) for _ in config["no_rope_layers"]]
    rotary = config.get("rope_parameters")
    if rotary:
        for one in [rotary] if "rope_theta" in rotary else rotary.values():
            vary_rotary(dice, one)


def weights(dice, varied, config, folder):
    """Random ones of the sizes that the text wants.  Of those that the case does without, such as biases, all of a name or none."""
    os.mkdir(folder)
    place = os.path.join(folder, "config.json")
    with open(place, "w") as file:
        json.dump(config, file)
    done = subprocess.run([varied.tril, "check", varied.text, "--config", place, "--tensors", "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise check.Failure(done.stdout + done.stderr)
    kind = lambda name: re.sub(r"\d+", "N", name)  # noqa: E731
    needed = {kind(name) for name in safetensors.read(os.path.join(varied.folder, "model.safetensors"))}
    wanted = json.loads(done.stdout)["tensors"]
    taken = {name: not name.endswith(("bias", "lm_head.weight")) or dice.random() < 0.5 for name in sorted({kind(name) for name in wanted})}
    checkpoint.write(folder, {name: shape for name, shape in wanted.items() if kind(name) in needed or taken[kind(name)]}, config)


def one(tril, name, case, seed):
    dice = random.Random(f"{name} {seed}")
    with tempfile.TemporaryDirectory() as work:
        varied = check.Case(tril, case, name, work)
        with open(os.path.join(varied.folder, "config.json")) as file:
            config = json.load(file)
        sized = seed % 2 == 0
        if sized:
            resize(dice, config)
        vary(dice, config)
        with open(varied.tokens) as file:
            tokens = {key: [[token % config["vocab_size"] for token in values[: dice.randint(1, len(values))]] for values in lists]
                      for key, lists in json.load(file).items()}
        folder = os.path.join(work, "varied")
        if sized:
            weights(dice, varied, config, folder)
        else:
            os.mkdir(folder)
            os.symlink(os.path.join(varied.folder, "model.safetensors"), os.path.join(folder, "model.safetensors"))
            with open(os.path.join(folder, "config.json"), "w") as file:
                json.dump(config, file)
        varied.tokens = os.path.join(work, "varied.json")
        with open(varied.tokens, "w") as file:
            json.dump(tokens, file)
        try:
            compiled = varied.eval("whole", weights=folder)
            interpreted = varied.eval("interpret", "--interpret", weights=folder)
            size = max(1, max(abs(x) for values in interpreted.values() for x in values.data))
            away = check.compare(compiled, interpreted, BETWEEN * size, "compiled from interpreted")
            if varied.causal:
                step = varied.eval("step", "--step", weights=folder)
                for output, values in compiled.items():
                    if step[output].raw != values.raw:
                        worst, place = check.furthest(step[output], values, output)
                        raise check.Failure(f"step: {place} is {worst:.3g} from the whole sequence's; they must be the same bits")
        except check.Failure as failure:
            raise check.Failure(f"{failure}\nconfiguration: {json.dumps(config)}\ntokens: {json.dumps(tokens)}") from failure
    return away


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tril", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2)
    parser.add_argument("texts", nargs="*")
    arguments = parser.parse_args()
    cases = {}
    for case, name in check.texts().items():
        if name not in cases or case == name:
            cases[name] = case
    passed = failed = 0
    for name in arguments.texts or cases:
        for seed in range(arguments.seed, arguments.seed + arguments.count):
            try:
                print(f"{name} {seed}: {one(arguments.tril, name, cases[name], seed):.1e}", flush=True)
                passed += 1
            except check.Failure as failure:
                print(f"{name} {seed}: FAILED: {failure}", flush=True)
                failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
