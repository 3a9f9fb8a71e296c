#!/usr/bin/env python3
"""Makes the cases that are named CASES below, into folders beside this file.

    families.py [CASE...]

Unlike those of variants.py they have steps and greedy tokens too.  Wants torch (2.9.1) and transformers (5.23.0); the tests want neither.
"""
import copy
import json
import os
import re
import sys
import tempfile

import torch
import transformers
from safetensors.torch import load_file, save_file

HERE = os.path.dirname(os.path.abspath(__file__))
VOCAB, GREEDY, CLEAR = 64, 24, 3e-3  # CLEAR: the least gap between the two most likely tokens
BASE = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=128)
SHARED = dict(BASE, num_key_value_heads=2)  # keys and values
RMS = dict(SHARED, rms_norm_eps=1e-3)
LAYER = dict(SHARED, layer_norm_eps=1e-3)
SLIM = dict(RMS, intermediate_size=16)  # of an expert
GPT = dict(vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_positions=128)
LATENT = dict(kv_lora_rank=10, qk_nope_head_dim=6, qk_rope_head_dim=4, v_head_dim=8)
ROUTED = dict(num_experts_per_tok=2, n_group=2, topk_group=1, moe_intermediate_size=12)
DELTA = dict(linear_num_key_heads=2, linear_num_value_heads=4, linear_key_head_dim=6, linear_value_head_dim=8)
MAMBA2 = dict(mamba_n_heads=4, mamba_n_groups=2, mamba_d_state=6)
MULTIPLIERS = dict(embedding_multiplier=3.0, logits_scaling=2.0, residual_multiplier=0.5, attention_multiplier=0.4)
FAR, NEAR, LINEAR = "full_attention", "sliding_attention", "linear_attention"
YARN = dict(rope_type="yarn", rope_theta=100.0, factor=4.0, original_max_position_embeddings=32, beta_fast=4.0, beta_slow=1.0)


def plain(**rope):
    return dict(rope_type="default", **rope)


# case: text, model type, configuration, and how it is made: `drop`, `put`: keys of config.json; `gain`: of weights; `head`: the class; `whole`: no steps; `distinct`: no
# token twice.
CASES = {
    # Text models of their own.
    "afmoe": ("afmoe", "afmoe", dict(RMS, num_hidden_layers=3, head_dim=8, moe_intermediate_size=10, num_dense_layers=1, num_experts=3,
                                     num_experts_per_tok=2, num_shared_experts=2, route_scale=2.0, sliding_window=8, mup_enabled=True,
                                     global_attn_every_n_layers=2), dict(embeddings=0.2)),
    "arcee": ("arcee", "arcee", dict(RMS, head_dim=12, mlp_bias=True, attention_bias=True, rope_parameters=YARN), {}),
    "bamba": ("bamba", "bamba", dict(RMS, num_hidden_layers=2, attn_layer_indices=[1], **MAMBA2), {}),
    "biogpt": ("biogpt", "biogpt", BASE, {}),
    "bitnet": ("bitnet", "bitnet", RMS, {}),
    "ctrl": ("ctrl", "ctrl", dict(GPT, dff=48), {}),
    "dbrx": ("dbrx", "dbrx", dict(vocab_size=VOCAB, d_model=32, n_heads=4, n_layers=2, max_seq_len=128, attn_config=dict(clip_qkv=0.8, kv_n_heads=2, rope_theta=10000.0),
                                  ffn_config=dict(ffn_hidden_size=14, moe_num_experts=4, moe_top_k=3, moe_normalize_expert_weights=2.0)), {}),
    "deepseek_v32": ("deepseek_v32", "deepseek_v32", dict(SLIM, num_key_value_heads=4, intermediate_size=48, q_lora_rank=12, n_routed_experts=4, first_k_dense_replace=1,
                                                          index_n_heads=6, index_head_dim=8, index_topk=8, **LATENT, **ROUTED), {}),
    "doge": ("doge", "doge", dict(RMS, keep_window_size=8), dict(whole=True, distinct=True)),  # of equal tokens the first layer has equal scores
    "dots1": ("dots1", "dots1", dict(RMS, num_hidden_layers=3, n_routed_experts=4, n_shared_experts=1, first_k_dense_replace=1, norm_topk_prob=True,
                                     sliding_window=8, layer_types=[NEAR, FAR, NEAR], routed_scaling_factor=1.5, **ROUTED), {}),
    "ernie4_5": ("ernie4_5", "ernie4_5", dict(RMS, head_dim=12, use_bias=True), {}),
    "ernie4_5_moe": ("ernie4_5_moe", "ernie4_5_moe", dict(RMS, num_hidden_layers=2, moe_intermediate_size=12, moe_k=3, moe_num_experts=6,
                                                          moe_num_shared_experts=2, moe_norm_min=0.5, use_bias=True), {}),
    "exaone4": ("exaone4", "exaone4", dict(RMS, num_hidden_layers=3, sliding_window=8, layer_types=[NEAR, FAR, NEAR]), {}),
    "exaone4_pattern": ("exaone4", "exaone4", dict(RMS, num_hidden_layers=3, sliding_window=8, sliding_window_pattern="LG",
                                                   layer_types=[NEAR, FAR, FAR]), dict(drop=["layer_types"])),
    "exaone_moe": ("exaone_moe", "exaone_moe", dict(RMS, num_hidden_layers=3, num_experts=4, first_k_dense_replace=1, sliding_window=8,
                                                    layer_types=[NEAR, FAR, NEAR], **ROUTED), {}),
    "falcon_mamba": ("falcon_mamba", "falcon_mamba", dict(vocab_size=VOCAB, hidden_size=32, state_size=6, num_hidden_layers=2, layer_norm_epsilon=1e-3), {}),
    "flex_olmo": ("flex_olmo", "flex_olmo", dict(SLIM, num_experts=4, num_experts_per_tok=3, norm_topk_prob=True), {}),
    "gemma4_moe": ("gemma4", "gemma4_text", dict(RMS, head_dim=8, global_head_dim=16, hidden_size_per_layer_input=0, sliding_window=8,
                                                 layer_types=[NEAR, FAR], attention_k_eq_v=True, num_global_key_value_heads=1, enable_moe_block=True,
                                                 num_experts=4, top_k_experts=2, moe_intermediate_size=12), {}),
    "gemma4_text": ("gemma4", "gemma4_text", dict(RMS, intermediate_size=16, num_hidden_layers=4, head_dim=8, global_head_dim=16, hidden_size_per_layer_input=6,
                                                  vocab_size_per_layer_input=VOCAB, sliding_window=8, layer_types=[NEAR, FAR, NEAR, FAR],
                                                  num_kv_shared_layers=2, use_double_wide_mlp=True, final_logit_softcapping=20.0), {}),
    "glm": ("glm", "glm", dict(RMS, head_dim=12, attention_bias=True), {}),
    "glm4_moe": ("glm4_moe", "glm4_moe", dict(RMS, head_dim=8, n_routed_experts=6, first_k_dense_replace=1, use_qk_norm=True, attention_bias=True,
                                              routed_scaling_factor=1.5, **ROUTED), {}),
    "gpt_bigcode": ("gpt_bigcode", "gpt_bigcode", dict(GPT, n_inner=40, layer_norm_epsilon=1e-3), {}),
    "gpt_bigcode_heads": ("gpt_bigcode", "gpt_bigcode", dict(GPT, n_inner=32, multi_query=False, layer_norm_epsilon=1e-3, scale_attn_weights=False), {}),
    "granitemoe": ("granitemoe", "granitemoe", dict(SLIM, num_local_experts=5, num_experts_per_tok=3, **MULTIPLIERS), {}),
    "granitemoehybrid": ("granitemoehybrid", "granitemoehybrid", dict(SLIM, layer_types=[LINEAR, FAR], num_local_experts=4, num_experts_per_tok=2,
                                                                      shared_intermediate_size=20, **MAMBA2, **MULTIPLIERS), {}),
    "granitemoeshared": ("granitemoe", "granitemoeshared", dict(SLIM, num_local_experts=4, num_experts_per_tok=2, shared_intermediate_size=20,
                                                                tie_word_embeddings=True, **MULTIPLIERS), {}),
    "helium": ("ernie4_5", "helium", dict(RMS, head_dim=8), {}),
    "hunyuan_v1_dense": ("hunyuan", "hunyuan_v1_dense", dict(RMS, head_dim=12, tie_word_embeddings=True,
                                                             rope_parameters=dict(rope_type="dynamic", alpha=50.0, factor=1.0, rope_theta=10000.0)), {}),
    "hunyuan_v1_moe": ("hunyuan", "hunyuan_v1_moe", dict(SLIM, head_dim=8, num_experts=4, moe_topk=[2, 3]), {}),
    "jais2": ("jais2", "jais2", LAYER, {}),
    "jetmoe": ("jetmoe", "jetmoe", dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=16, num_hidden_layers=2, num_key_value_heads=2,
                                        max_position_embeddings=128, kv_channels=8, num_local_experts=4, num_experts_per_tok=3, rms_norm_eps=1e-3), {}),
    "kimi_linear": ("kimi_linear", "kimi_linear", dict(BASE, num_hidden_layers=3, intermediate_size=24, num_key_value_heads=4, num_local_experts=4,
                                                       n_shared_experts=1, first_k_dense_replace=1, rms_norm_eps=1e-3,
                                                       linear_attn_config=dict(head_dim=6, num_heads=2, short_conv_kernel_size=4, full_attn_layers=[2], kda_layers=[1, 3]),
                                                       **LATENT, **ROUTED), {}),
    "lfm2_moe": ("lfm2_moe", "lfm2_moe", dict(SHARED, layer_types=["conv", FAR], moe_intermediate_size=12, num_dense_layers=1, num_experts=5,
                                              num_experts_per_tok=3, routed_scaling_factor=1.5, norm_eps=1e-3), {}),
    "longcat_flash": ("longcat_flash", "longcat_flash", dict(vocab_size=VOCAB, hidden_size=32, num_layers=1, num_attention_heads=4, head_dim=4, ffn_hidden_size=24,
                                                             expert_ffn_hidden_size=12, rms_norm_eps=1e-3, q_lora_rank=12, moe_topk=3, n_routed_experts=4,
                                                             zero_expert_num=3, routed_scaling_factor=2.0, max_position_embeddings=128, **LATENT), dict(embeddings=0.3)),
    "minimax_m2": ("minimax_m2", "minimax_m2", dict(SLIM, head_dim=12, num_local_experts=4, num_experts_per_tok=3, rotary_dim=8), {}),
    "modernbert_decoder": ("modernbert_decoder", "modernbert-decoder", dict(BASE, num_hidden_layers=3, local_attention=16, norm_eps=1e-3, classifier_bias=True), {}),
    "nanochat": ("nanochat", "nanochat", RMS, {}),
    "nemotron": ("nemotron", "nemotron", dict(SHARED, norm_eps=1e-3, mlp_bias=True), {}),
    "nemotron_h": ("nemotron_h", "nemotron_h", dict(SHARED, num_hidden_layers=5, layers_block_type=[LINEAR, "moe", FAR, "mlp", "moe"], head_dim=8,
                                                    mamba_num_heads=4, mamba_head_dim=8, ssm_state_size=6, n_groups=2, n_routed_experts=4,
                                                    moe_shared_expert_intermediate_size=20, routed_scaling_factor=2.5, layer_norm_epsilon=1e-3, **ROUTED), {}),
    "nemotron_h_latent": ("nemotron_h", "nemotron_h", dict(SHARED, num_hidden_layers=4, layers_block_type=[LINEAR, "moe", FAR, "mlp"], head_dim=12,
                                                           mamba_num_heads=4, mamba_head_dim=8, ssm_state_size=6, n_groups=2, n_routed_experts=4, num_experts_per_tok=2,
                                                           moe_latent_size=12, moe_intermediate_size=16, moe_shared_expert_intermediate_size=20,
                                                           layer_norm_epsilon=1e-3, use_bias=True, mlp_bias=True, use_conv_bias=False),
                          dict(drop=["layers_block_type"], put=dict(hybrid_override_pattern="ME*-"))),
    "olmo_hybrid": ("olmo_hybrid", "olmo_hybrid", dict(RMS, layer_types=[LINEAR, FAR], rope_parameters=plain(rope_theta=10000.0), **DELTA), {}),
    "olmoe": ("olmoe", "olmoe", dict(SLIM, num_experts=4, num_experts_per_tok=3, clip_qkv=1.0), {}),
    "openai_gpt": ("openai_gpt", "openai-gpt", dict(GPT, n_embd=24, layer_norm_epsilon=1e-3), dict(uncached=True)),
    "persimmon": ("persimmon", "persimmon", dict(BASE, layer_norm_eps=1e-3), {}),
    "phimoe": ("phimoe", "phimoe", dict(SLIM, num_local_experts=4, router_jitter_noise=0.3, attention_bias=True, lm_head_bias=True, sliding_window=8), {}),
    "qwen3_5_text": ("qwen3_5", "qwen3_5_text", dict(RMS, head_dim=8, layer_types=[LINEAR, FAR], **DELTA), {}),
    "seed_oss": ("llama", "seed_oss", dict(RMS, head_dim=12, attention_bias=True, attention_out_bias=False), {}),
    "vaultgemma": ("vaultgemma", "vaultgemma", dict(RMS, head_dim=12, sliding_window=8, query_pre_attn_scalar=24), {}),
    "xglm": ("xglm", "xglm", dict(vocab_size=VOCAB, d_model=32, ffn_dim=48, num_layers=2, attention_heads=4, max_position_embeddings=128), {}),
    "xlstm": ("xlstm", "xlstm", dict(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, num_heads=2, ffn_round_up_to_multiple_of=16, ffn_proj_factor=1.4,
                                     norm_eps=1e-3, autocast_kernel_dtype="float32", chunk_size=16, use_bias=True), dict(uncached=True)),
    "zamba2": ("zamba2", "zamba2", dict(vocab_size=VOCAB, hidden_size=24, num_hidden_layers=4, layers_block_type=[LINEAR] + ["hybrid"] * 3, mamba_d_state=5,
                                        mamba_expand=1, mamba_ngroups=2, n_mamba_heads=4, num_mem_blocks=2, num_attention_heads=4, intermediate_size=28,
                                        adapter_rank=2, use_shared_attention_adapter=True, use_mem_rope=True, max_position_embeddings=128, rms_norm_eps=1e-3),
               dict(gain=0.7)),
    # Encoders.
    "distilbert": ("distilbert", "distilbert", dict(vocab_size=VOCAB, dim=32, hidden_dim=48, n_layers=2, n_heads=4, max_position_embeddings=64),
                   dict(head="DistilBertForMaskedLM")),
    "electra": ("electra", "electra", dict(BASE, embedding_size=20, max_position_embeddings=64, layer_norm_eps=1e-3), dict(head="ElectraForMaskedLM")),
    "nomic_bert": ("nomic_bert", "nomic_bert", dict(BASE, layer_norm_eps=1e-3), dict(head="NomicBertForMaskedLM")),
    "roberta": ("roberta", "roberta", dict(BASE, max_position_embeddings=64, layer_norm_eps=1e-3, type_vocab_size=1, pad_token_id=1),
                dict(head="RobertaForMaskedLM")),
    # Of texts that have other cases.
    "cohere2_pattern": ("cohere2", "cohere2", dict(LAYER, num_hidden_layers=3, sliding_window=8, layer_types=[NEAR, FAR, NEAR], head_dim=12, attention_bias=True,
                                                   rope_parameters=YARN), {}),
    "deepseek_v2_groups": ("deepseek_v2", "deepseek_v2", dict(BASE, num_key_value_heads=4, rms_norm_eps=1e-3, q_lora_rank=None, n_routed_experts=6,
                                                              num_experts_per_tok=2, moe_intermediate_size=12, topk_method="group_limited_greedy", n_group=3,
                                                              topk_group=2, n_shared_experts=2, routed_scaling_factor=2.0, first_k_dense_replace=1,
                                                              attention_bias=True, rope_parameters=dict(YARN, mscale=0.7, mscale_all_dim=0.3), **LATENT), {}),
    "gemma3_scaled": ("gemma3", "gemma3_text", dict(RMS, head_dim=8, sliding_window=8, layer_types=[NEAR, FAR], final_logit_softcapping=5.0,
                                                    rope_parameters={FAR: YARN, NEAR: dict(rope_type="linear", factor=2.5, rope_theta=500.0)}), {}),
    "gpt2_inverse": ("gpt2", "gpt2", dict(GPT, n_layer=3, n_inner=24, scale_attn_by_inverse_layer_idx=True, tie_word_embeddings=False, layer_norm_epsilon=1e-3), {}),
    "llama4_everywhere": ("llama4", "llama4_text", dict(RMS, head_dim=8, intermediate_size=12, intermediate_size_mlp=40, num_local_experts=3, num_experts_per_tok=1,
                                                        attention_chunk_size=16, no_rope_layers=[1, 0], interleave_moe_layer_step=1, floor_scale=8, attn_scale=0.2,
                                                        attention_bias=True, rope_parameters=dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0,
                                                                                                  high_freq_factor=4.0, original_max_position_embeddings=32)), {}),
    "mamba2_limits": ("mamba2", "mamba2", dict(vocab_size=VOCAB, hidden_size=24, state_size=5, num_hidden_layers=2, num_heads=6, head_dim=8, expand=2, n_groups=3,
                                               conv_kernel=3, layer_norm_epsilon=1e-3, time_step_limit=(0.2, 0.5), tie_word_embeddings=True), dict(uncached=True)),
    "phi4_mini": ("phi3", "phi3", dict(RMS, original_max_position_embeddings=96, tie_word_embeddings=True,
                                       rope_parameters=dict(rope_type="longrope", rope_theta=500.0, partial_rotary_factor=0.75, short_factor=[1.0, 1.2, 1.5],
                                                            long_factor=[2.0, 3.0, 4.0], original_max_position_embeddings=96)), {}),
    "qwen2_sliding": ("qwen2", "qwen2", dict(RMS, num_hidden_layers=3, use_sliding_window=True, sliding_window=8, max_window_layers=1), {}),
    "rwkv_rescaled": ("rwkv", "rwkv", dict(vocab_size=VOCAB, hidden_size=24, num_hidden_layers=3, context_length=128, intermediate_size=32, rescale_every=1,
                                           layer_norm_epsilon=1e-3), dict(uncached=True)),
    # The scaling depends on the length of the whole sequence.
    "llama_rope_dynamic": ("llama", "llama", dict(RMS, max_position_embeddings=16, rope_parameters=dict(rope_type="dynamic", rope_theta=500.0, factor=2.0)), dict(whole=True)),
    "phi3_longrope_long": ("phi3", "phi3", dict(RMS, original_max_position_embeddings=6,
                                                rope_parameters=dict(rope_type="longrope", rope_theta=500.0, short_factor=[1.0, 1.1, 1.2, 1.3], long_factor=[2.0, 3.0, 4.0, 5.0],
                                                                     original_max_position_embeddings=6)), dict(whole=True)),
}


def build(kind, settings, head):
    config = transformers.AutoConfig.for_model(kind, **dict(dict(pad_token_id=0, bos_token_id=1, eos_token_id=2), **copy.deepcopy(settings)))
    config._attn_implementation = "eager"
    return prepared(getattr(transformers, head)(config) if head else transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager"))


def prepared(model):
    try:
        model.set_experts_implementation("eager")
    except (AttributeError, ValueError):
        pass  # it has no experts
    return model.float().eval()


def fill(model, seed, gain, embeddings):
    """Random weights, also where a new model has 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    filled = set()
    stored = [(name, buffer) for name, buffer in model.named_buffers() if name in model.state_dict()]
    with torch.no_grad():
        for name, param in list(model.named_parameters()) + stored:
            if param.data_ptr() in filled or not param.is_floating_point():
                continue
            filled.add(param.data_ptr())
            random = torch.randn(param.shape, generator=generator)
            last = name.split(".")[-1]
            norm = last == "weight" and "norm" in name.lower() and "proj" not in name
            if last == "A_log":
                param.add_(0.2 * random) if bool(param.any()) else param.copy_(0.5 * random)
            elif last == "dt_bias" or name.endswith("dt_proj.bias"):
                param.copy_(0.6 * random - 1)
            elif param.numel() == 1 or bool((param == 1).all()):
                param.copy_(1 + 0.25 * random)
            elif norm:  # its scale is 1 + weight where a new one is 0
                param.copy_((0 if not bool(param.any()) else 1) + 0.25 * random)
            elif param.dim() == 1:
                param.copy_(0.3 * random)
            elif param.dim() == 2 and re.search(r"emb|wte|wpe", name) and "proj" not in name:
                param.copy_(embeddings * random)
            else:
                param.copy_(gain / param.shape[-1] ** 0.5 * random)
        model.tie_weights()


def published(state, model):
    """The names and the layout of published checkpoints, where save_pretrained has others."""
    kind, config, found = model.config.model_type, model.config, {}
    if kind == "kimi_linear":
        dense = [i for i, t in enumerate(config.mlp_layer_types) if t == "dense"]
        return {re.sub(r"(layers\.(\d+)\.)block_sparse_moe\.", lambda m: m[1] + ("mlp." if int(m[2]) in dense else "block_sparse_moe."), name): tensor
                for name, tensor in state.items()}
    if kind == "longcat_flash":  # experts that do nothing have no weights
        return {name: tensor for name, tensor in state.items()
                if "experts." not in name or int(re.search(r"experts\.(\d+)", name)[1]) < config.n_routed_experts}
    if kind != "olmo_hybrid":
        return state
    for name, tensor in state.items():
        layer = re.search(r"layers\.(\d+)\.", name)
        if layer and config.layer_types[int(layer[1])] == FAR:
            name = name.replace("feedforward_layer_norm", "post_attention_layernorm")
        if "_conv1d" not in name:
            found[name] = tensor
    wide = config.linear_num_key_heads * config.linear_key_head_dim, config.linear_num_value_heads * config.linear_value_head_dim
    for name, tensor in model.state_dict().items():
        if name.endswith("conv1d.weight"):
            for part, rows in zip("qkv", tensor.split([wide[0], wide[0], wide[1]])):
                found[name.replace("conv1d", part + "_conv1d")] = rows
    return found


def logits_of(model, tokens, encoder=False):
    with torch.no_grad():
        return model(torch.tensor([tokens]), **({} if encoder else {"use_cache": False})).logits[0].float()


def steps_of(model, tokens):
    cache = transformers.DynamicCache(config=model.config)
    with torch.no_grad():
        return torch.stack([model(torch.tensor([[token]]), past_key_values=cache, use_cache=True).logits[0, -1].float() for token in tokens])


def follow(model, tokens):
    """The tokens that follow, and how much more likely each is than the next."""
    tokens, gaps = list(tokens), []
    for _ in range(GREEDY):
        best = logits_of(model, tokens)[-1].topk(2)
        gaps.append(round(float(best.values[0] - best.values[1]), 6))
        tokens.append(int(best.indices[0]))
    return tokens[-GREEDY:], gaps


def older(config, kinds):
    """config.json as it was written before transformers 5; without the kinds of layers, if asked."""
    config = copy.deepcopy(config)
    rope = config.pop("rope_parameters", None) or {}
    if FAR in rope or NEAR in rope:
        if not config["model_type"].startswith("modernbert"):
            return None
        config["global_rope_theta"], config["local_rope_theta"] = rope[FAR]["rope_theta"], rope[NEAR]["rope_theta"]
    else:
        for key in "rope_theta", "partial_rotary_factor":
            if key in rope:
                config[key] = rope.pop(key)
        config["rope_scaling"] = rope if rope.get("rope_type", "default") != "default" else None
    if not kinds:
        for key in "layer_types", "mlp_layer_types":
            config.pop(key, None)
    config["torch_dtype"] = config.pop("dtype")
    config["transformers_version"] = "4.44.0"
    return config


def write(path, value):
    with open(path, "w") as file:
        json.dump(value, file, **({"indent": 2} if "config" in path else {}))
        file.write("\n")


def write_older(folder, saved, config, model, tokens, logits, encoder):
    """config_legacy.json, if the reference computes the same of it."""
    for kinds in False, True:
        old = older(config, kinds)
        if old is None:
            return
        write(os.path.join(saved, "config.json"), old)
        try:
            other = prepared(type(model).from_pretrained(saved, attn_implementation="eager", dtype=torch.float32))
            if torch.equal(logits_of(other, tokens, encoder), logits):
                return write(os.path.join(folder, "config_legacy.json"), old)
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError):
            pass  # it does not understand that


def make(number, case):
    _, kind, settings, how = CASES[case]
    encoder, whole = "head" in how, "head" in how or how.get("whole")
    for attempt in range(20):  # until no token that follows is a close call
        torch.manual_seed(number)
        model = build(kind, settings, how.get("head"))
        fill(model, 100 * number + attempt, how.get("gain", 1.2), how.get("embeddings", 0.5))
        with tempfile.TemporaryDirectory() as saved:
            model.save_pretrained(saved)
            state = load_file(os.path.join(saved, "model.safetensors"))
            with open(os.path.join(saved, "config.json")) as file:
                config = json.load(file)
        generator = torch.Generator().manual_seed(100 * number + attempt)
        draw = (lambda length: 3 + torch.randperm(VOCAB - 3, generator=generator)[:length]) if how.get("distinct") else (
            lambda length: torch.randint(3, VOCAB, (length,), generator=generator))
        tokens = [draw(length).tolist() for length in (48, 7)]
        tensors = {f"logits.{i}": logits_of(model, list_, encoder) for i, list_ in enumerate(tokens)}
        if whole:
            break
        greedy, gaps = follow(model, tokens[0])
        if min(gaps) > CLEAR:
            break
    if not whole:
        step = tensors["logits.0"] if how.get("uncached") else steps_of(model, tokens[0])
        apart = float((step - tensors["logits.0"]).abs().max())
        tensors["decode.0"] = (step if apart < 1e-3 else tensors["logits.0"]).clone()  # of some the steps are not what they should be
        print(f"{case}: steps {apart:.1e} from the whole, the closest call {min(gaps)}")
    folder = os.path.join(HERE, case)
    os.makedirs(folder, exist_ok=True)
    for key in how.get("drop", []):
        config.pop(key, None)
    config.update(how.get("put", {}))
    save_file({name: tensor.contiguous() for name, tensor in published(state, model).items()}, os.path.join(folder, "model.safetensors"))
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, os.path.join(folder, "logits.safetensors"))
    write(os.path.join(folder, "config.json"), config)
    write(os.path.join(folder, "tokens.json"), {"tokens": tokens})
    if not whole:
        write(os.path.join(folder, "greedy.json"), {"prompt": 0, "tokens": greedy, "gaps": gaps})
    with tempfile.TemporaryDirectory() as saved:
        save_file(state, os.path.join(saved, "model.safetensors"), metadata={"format": "pt"})
        write_older(folder, saved, config, model, tokens[0], tensors["logits.0"], encoder)


if __name__ == "__main__":
    transformers.utils.logging.set_verbosity_error()
    for number, case in enumerate(CASES):
        if len(sys.argv) == 1 or case in sys.argv[1:]:
            make(number, case)
