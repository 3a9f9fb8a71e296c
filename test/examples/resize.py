"""Other sizes for the configuration of a golden case: widths, heads, layers, experts, as far as they go together."""

HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads")
WIDTHS = ("hidden_size", "n_embd", "d_model", "dim")
GROUPS = ("num_key_value_heads", "num_kv_heads")
LAYERS = ("num_hidden_layers", "n_layer", "n_layers", "num_layers")
INNER = ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "d_ff", "moe_intermediate_size", "shared_expert_intermediate_size",
         "intermediate_size_mlp", "hidden_dim", "dff")
FREE = ("mamba_d_state", "state_size", "mamba_d_conv", "conv_kernel", "conv_L_cache", "conv1d_width", "linear_conv_kernel_dim",
        "linear_value_head_dim", "linear_key_head_dim", "kv_lora_rank", "laurel_rank", "hidden_size_per_layer_input", "mamba_dt_rank",
        "time_step_rank")
EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts")
LISTS = ("layer_types", "no_rope_layers", "attention_layers", "activation_sparsity_pattern", "layers_block_type")


def divisors(n):
    return [k for k in range(1, n + 1) if n % k == 0]


def resize(dice, config):
    kind = config["model_type"]
    heads = next((key for key in HEADS if key in config), None)
    width = next(key for key in WIDTHS if key in config)
    if kind == "mamba2":
        config["head_dim"], config["n_groups"] = dice.choice([4, 8, 12]), dice.choice([1, 2, 3])
        config["num_heads"] = config["n_groups"] * dice.randint(1, 3) * 2
        config["expand"], config[width] = 2, config["num_heads"] * config["head_dim"] // 2
    elif heads:
        number = dice.choice([4, 8]) if kind == "codegen" else dice.choice([1, 2, 3, 4, 6])
        each = dice.choice([8, 16, 24, 40])
        group = dice.choice(divisors(number))
        if kind == "diffllama":
            group, number = 2 * group, 2 * number
        for key in GROUPS:
            if key in config:
                config[key] = number if kind in ("minicpm3", "deepseek_v2", "deepseek_v3") else group
        config[heads] = number
        apart = config.get("head_dim") or config.get("d_kv")  # the heads' size does not follow from the width
        config[width] = dice.choice([20, 33, 48, 70]) if apart and kind not in ("minicpm3", "diffllama") else number * each
        if config.get("d_kv"):
            config["d_kv"] = each
        elif kind not in ("minicpm3", "deepseek_v2", "deepseek_v3") and config.get("head_dim"):
            config["head_dim"] = each
    else:
        config[width] = dice.choice([20, 33, 48, 70])
    if kind == "mamba":
        config["intermediate_size"] = config["expand"] * config[width]
    if kind == "rwkv":
        config["attention_hidden_size"] = config[width]
    if "word_embed_proj_dim" in config:
        config["word_embed_proj_dim"] = dice.choice([config[width], 20])
    if kind == "recurrent_gemma":
        config["lru_width"] = config[heads] * dice.choice([4, 10])
    if kind == "falcon_h1":
        config["mamba_n_groups"] = dice.choice([1, 2, 3])
        config["mamba_n_heads"] = config["mamba_n_groups"] * dice.randint(1, 3)
        config["mamba_d_ssm"] = config["mamba_n_heads"] * 8
    if "linear_num_key_heads" in config:
        config["linear_num_key_heads"] = dice.choice([1, 2, 3])
        config["linear_num_value_heads"] = config["linear_num_key_heads"] * dice.choice([1, 2])
    if "q_lora_rank" in config and kind != "minicpm3":
        config["q_lora_rank"] = dice.choice([None, 10])
    if kind != "mamba":
        for key in INNER:
            if isinstance(config.get(key), int):
                config[key] = 2 * dice.randint(3, 30)
            elif isinstance(config.get(key), list):
                config[key] = [2 * dice.randint(3, 30) for _ in config[key]]
    for key in FREE:
        if isinstance(config.get(key), int):
            config[key] = dice.randint(2, 9)
    for key in EXPERTS:
        if config.get(key):
            config[key] = (config.get("n_group") or config.get("num_expert_group") or 1) * dice.randint(2, 3)
    config["vocab_size"] = dice.choice([17, 50, 64])
    if "vocab_size_per_layer_input" in config:
        config["vocab_size_per_layer_input"] = config["vocab_size"]
    layers = dice.randint(1, 4)
    if kind != "gemma3n_text":
        for key in LAYERS:
            if key in config and not (key == "num_layers" and heads == "num_heads" and kind == "t5"):
                config[key] = layers
        for key in LISTS:
            if isinstance(config.get(key), list):
                config[key] = [config[key][i % len(config[key])] for i in range(layers)]
