#!/usr/bin/env python3
"""Makes the cases that are named VARIANTS below, into folders beside this file.

    variants.py [CASE...]

They are what published checkpoints of a family may also be: parallel or sequential branches, biases or none, norms on queries and
keys, keys of config.json that are missing.  Wants torch (1.13) and transformers (4.46.3); the tests want neither.
"""
import json
import os
import shutil
import sys
import tempfile

import torch
import transformers
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
VOCAB = 64
LLAMA = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=64)
NEOX = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
GPT = dict(vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_positions=64)
FALCON = dict(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, num_attention_heads=4)
OPT = dict(vocab_size=VOCAB, hidden_size=32, ffn_dim=48, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=64)
MAMBA = dict(vocab_size=VOCAB, hidden_size=32, state_size=6, num_hidden_layers=2)
BERT = dict(vocab_size=VOCAB, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=64)
T5 = dict(vocab_size=VOCAB, d_model=32, d_kv=12, d_ff=48, num_layers=2, num_heads=3)

# What follows an encoder's positions: how they are pooled, and whether the vector gets length 1.
POOLED = {"sentence_bert": ("mean_tokens", True), "sentence_bert_cls": ("cls_token", True), "sentence_bert_last": ("lasttoken", False)}

# case: class, configuration, keys that config.json then lacks (those must have the class's default).
VARIANTS = {
    "llama_defaults": ("Llama", dict(LLAMA, num_key_value_heads=4, rms_norm_eps=1e-6),
                       ["num_key_value_heads", "rms_norm_eps", "rope_theta", "hidden_act", "head_dim"]),
    "qwen2_moe_norm": ("Qwen2Moe", dict(LLAMA, num_experts=5, num_experts_per_tok=3, moe_intermediate_size=20, decoder_sparse_step=2,
                                        shared_expert_intermediate_size=28, norm_topk_prob=True), []),
    "gemma_gelu_bias": ("Gemma", dict(LLAMA, head_dim=12, attention_bias=True, hidden_act="gelu"), ["hidden_activation"]),
    "cohere_qk_norm": ("Cohere", dict(LLAMA, use_qk_norm=True, attention_bias=True), ["logit_scale"]),
    "olmo_bias_tied": ("Olmo", dict(LLAMA, attention_bias=True, tie_word_embeddings=True), ["clip_qkv"]),
    "phi_defaults": ("Phi", dict(LLAMA, num_key_value_heads=4), ["num_key_value_heads", "partial_rotary_factor", "hidden_act", "qk_layernorm"]),
    "phi3_longrope_tied": ("Phi3", dict(LLAMA, max_position_embeddings=128, original_max_position_embeddings=48, tie_word_embeddings=True,
                                        rope_scaling=dict(type="longrope", short_factor=[1.0, 1.1, 1.2, 1.3], long_factor=[2.0, 3.0, 4.0, 5.0])),
                           []),
    "stablelm_parallel": ("StableLm", dict(LLAMA, use_parallel_residual=True, qk_layernorm=True, use_qkv_bias=False), ["partial_rotary_factor"]),
    "starcoder2_plain": ("Starcoder2", dict(LLAMA, use_bias=False, sliding_window=None, tie_word_embeddings=False), []),
    "granite_bias": ("Granite", dict(LLAMA, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, logits_scaling=3.0,
                                     rope_scaling=dict(rope_type="linear", factor=2.0)), ["embedding_multiplier", "attention_multiplier"]),
    "falcon_alibi": ("Falcon", dict(FALCON, alibi=True, multi_query=False, parallel_attn=False, bias=True), []),
    "falcon_one_norm": ("Falcon", dict(FALCON, num_kv_heads=2, new_decoder_architecture=True, num_ln_in_parallel_attn=1), ["ffn_hidden_size"]),
    "falcon_sequential": ("Falcon", dict(FALCON, multi_query=True, parallel_attn=False, bias=True), ["activation", "rope_theta"]),
    "mpt_h6_clip": ("Mpt", dict(vocab_size=VOCAB, d_model=36, n_layers=2, n_heads=6, max_seq_len=64,
                                attn_config=dict(clip_qkv=0.3, softmax_scale=0.2)), []),
    "gpt_neo_local": ("GPTNeo", dict(vocab_size=VOCAB, hidden_size=32, num_layers=3, num_heads=4, window_size=4, max_position_embeddings=64,
                                     attention_types=[[["local", "local", "global"], 1]]), ["attention_layers"]),
    "gpt_neox_sequential": ("GPTNeoX", dict(NEOX, rotary_pct=0.5, use_parallel_residual=False, attention_bias=False), []),
    "gpt2_unscaled": ("GPT2", dict(GPT, scale_attn_weights=False, n_inner=40, tie_word_embeddings=False), []),
    "codegen_h8": ("CodeGen", dict(GPT, n_embd=64, n_head=8, rotary_dim=4), ["n_inner"]),
    "opt_post_narrow": ("OPT", dict(OPT, do_layer_norm_before=False, word_embed_proj_dim=20), []),
    "opt_bare": ("OPT", dict(OPT, enable_bias=False, layer_norm_elementwise_affine=False), ["activation_function", "word_embed_proj_dim"]),
    "mamba_auto_rank": ("Mamba", dict(MAMBA, expand=3, use_bias=True, use_conv_bias=False), ["time_step_rank", "intermediate_size"]),
    "mamba2_one_group": ("Mamba2", dict(MAMBA, num_heads=4, head_dim=16, n_groups=1, use_bias=True, use_conv_bias=False), []),
    "jamba_dense": ("Jamba", dict(LLAMA, num_experts=1, use_mamba_kernels=False, attn_layer_period=2, attn_layer_offset=1, mamba_d_state=6,
                                  mamba_proj_bias=True), []),
    "rwkv_tied": ("Rwkv", dict(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, context_length=64, tie_word_embeddings=True,
                               rescale_every=0), ["intermediate_size", "attention_hidden_size"]),
    "t5_gated": ("T5", dict(T5, num_decoder_layers=3, feed_forward_proj="gated-gelu", tie_word_embeddings=False), []),
    "sentence_bert": ("Bert", BERT, []),
    "sentence_bert_cls": ("Bert", dict(BERT, hidden_act="relu"), ["type_vocab_size"]),
    "sentence_bert_last": ("Bert", BERT, ["hidden_act", "layer_norm_eps"]),
}


class LayerNorm(torch.nn.LayerNorm):
    """As later versions of torch have it: also without a shift."""

    def __init__(self, shape, eps=1e-5, elementwise_affine=True, bias=True):
        super().__init__(shape, eps=eps, elementwise_affine=elementwise_affine)
        if not bias:
            self.bias = None


def attention(q, k, v, attn_mask=None, dropout_p=0, is_causal=False):
    """torch's scaled_dot_product_attention, which 1.13 lacks."""
    score = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if is_causal:
        attn_mask = torch.full(score.shape[-2:], float("-inf")).triu(1)
    return (score if attn_mask is None else score + attn_mask).softmax(-1) @ v


torch.nn.LayerNorm = LayerNorm
torch.nn.functional.scaled_dot_product_attention = attention


def model_of(family, settings):
    config = getattr(transformers, family + "Config")(pad_token_id=0, bos_token_id=1, eos_token_id=2, **settings)
    config._attn_implementation = "eager"
    kind = next(k for k in (("Model",) if family == "Bert" else ()) + ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration") if hasattr(transformers, family + k))
    model = getattr(transformers, family + kind)(config).eval()
    for module in model.modules():  # the eager way adds the linear biases of positions twice
        if settings.get("alibi") and hasattr(module, "_use_sdpa"):
            module._use_sdpa = True
    return model


def fill(model, family, generator):
    """Random weights, also where a new model has 0 or 1."""
    with torch.no_grad():
        for name, param in model.named_parameters():
            random = torch.randn(param.shape, generator=generator)
            norm = "norm" in name.lower() or "ln_" in name or ".ln" in name
            if name.endswith("A_log"):
                continue
            if norm and name.endswith("weight") and "proj" not in name:
                param.copy_((0 if family == "Gemma" else 1) + 0.25 * random)
            elif param.dim() == 1:
                param.copy_(0.3 * random)
            elif any(part in name for part in ("emb", "wte", "shared")):
                param.copy_(0.35 * random)
            else:
                param.copy_(1.2 / param.shape[-1] ** 0.5 * random)
        model.tie_weights()


def pooled(hidden, pooling, normalize):
    vector = {"mean_tokens": hidden.mean(0), "cls_token": hidden[0], "lasttoken": hidden[-1]}[pooling]
    return torch.nn.functional.normalize(vector, dim=0)[None] if normalize else vector[None]


def write_modules(folder, config, pooling, normalize):
    """As the sentence-transformers library writes them, or, where there is a Normalize and it is a mean, as tril reads them, in config.json."""
    settings = {"word_embedding_dimension": config["hidden_size"], f"pooling_mode_{pooling}": True}
    if pooling == "mean_tokens":
        config["modules"] = {"Transformer": {}, "Pooling": settings, "Normalize": {}}
        return
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")] + ([("2_Normalize", "Normalize")] if normalize else [])
    os.makedirs(os.path.join(folder, "1_Pooling"), exist_ok=True)
    with open(os.path.join(folder, "1_Pooling", "config.json"), "w") as file:
        json.dump(settings, file)
    with open(os.path.join(folder, "modules.json"), "w") as file:
        json.dump([{"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
                   for i, (path, kind) in enumerate(modules)], file)


def make(number, case):
    family, settings, missing = VARIANTS[case]
    torch.manual_seed(number)
    generator = torch.Generator().manual_seed(number)
    model = model_of(family, settings)
    fill(model, family, generator)
    tokens = {"tokens": [torch.randint(3, VOCAB, (length,), generator=generator).tolist() for length in (40, 5)]}
    with torch.no_grad():
        if family == "T5":
            tokens["decoder_tokens"] = [[0] + torch.randint(3, VOCAB, (9,), generator=generator).tolist() for _ in range(2)]
            logits = [model(input_ids=torch.tensor([a]), decoder_input_ids=torch.tensor([b])).logits
                      for a, b in zip(tokens["tokens"], tokens["decoder_tokens"])]
        elif family == "Bert":
            logits = [pooled(model(torch.tensor([a])).last_hidden_state[0], *POOLED[case]) for a in tokens["tokens"]]
        else:
            logits = [model(torch.tensor([a]), use_cache=False).logits for a in tokens["tokens"]]
    folder = os.path.join(HERE, case)
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as saved:
        model.save_pretrained(saved)
        shutil.copy(os.path.join(saved, "model.safetensors"), folder)
        with open(os.path.join(saved, "config.json")) as file:
            config = json.load(file)
    for key in missing:
        config.pop(key, None)
    if family == "Bert":
        write_modules(folder, config, *POOLED[case])
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file, indent=2)
        file.write("\n")
    with open(os.path.join(folder, "tokens.json"), "w") as file:
        json.dump(tokens, file)
        file.write("\n")
    name = "embedding" if family == "Bert" else "logits"
    save_file({f"{name}.{i}": values[0].float().contiguous() for i, values in enumerate(logits)}, os.path.join(folder, "logits.safetensors"))


if __name__ == "__main__":
    for number, case in enumerate(VARIANTS):
        if len(sys.argv) == 1 or case in sys.argv[1:]:
            make(number, case)
