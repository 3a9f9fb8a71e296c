"""The checkpoint of a sentence encoder of BERT's lineage as a GGUF file, by Python's own library alone.

Names of keys and tensors, and how words are written, are those of llama.cpp's converter (gguf-py/gguf/tensor_mapping.py; WPM in
src/llama-vocab.cpp).
"""
import json
import os
import struct

F32 = 0
NAMES = [("embeddings.word_embeddings.", "token_embd."), ("embeddings.position_embeddings.", "position_embd."),
         ("embeddings.token_type_embeddings.", "token_types."), ("embeddings.LayerNorm.", "token_embd_norm."), ("encoder.layer.", "blk."),
         (".attention.self.query.", ".attn_q."), (".attention.self.key.", ".attn_k."), (".attention.self.value.", ".attn_v."),
         (".attention.output.dense.", ".attn_output."), (".attention.output.LayerNorm.", ".attn_output_norm."), (".intermediate.dense.", ".ffn_up."),
         (".output.dense.", ".ffn_down."), (".output.LayerNorm.", ".layer_output_norm.")]
POOLING = {"pooling_mode_mean_tokens": 1, "pooling_mode_cls_token": 2, "pooling_mode_lasttoken": 3}


def text(value):
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, value):
    if isinstance(value, str):
        return text(key) + struct.pack("<I", 8) + text(value)
    if isinstance(value, float):
        return text(key) + struct.pack("<If", 6, value)
    if isinstance(value, int):
        return text(key) + struct.pack("<II", 4, value)
    if isinstance(value[0], str):
        return text(key) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    return text(key) + struct.pack(f"<IIQ{len(value)}i", 9, 5, len(value), *value)


def metadata(folder):
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    with open(os.path.join(folder, "1_Pooling", "config.json")) as file:
        pooling = next(key for key, value in json.load(file).items() if value is True)
    with open(os.path.join(folder, "tokenizer.json")) as file:
        tokenizer = json.load(file)
    special = {token["content"] for token in tokenizer["added_tokens"]}
    words = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    ids = tokenizer["model"]["vocab"]
    return {"general.architecture": "bert", "bert.embedding_length": config["hidden_size"], "bert.block_count": config["num_hidden_layers"],
            "bert.attention.head_count": config["num_attention_heads"], "bert.feed_forward_length": config["intermediate_size"],
            "bert.context_length": config["max_position_embeddings"], "bert.attention.layer_norm_epsilon": float(config["layer_norm_eps"]),
            "bert.pooling_type": POOLING[pooling], "tokenizer.ggml.model": "bert", "tokenizer.ggml.token_type_count": config["type_vocab_size"],
            "tokenizer.ggml.tokens": [word if word in special else word[2:] if word.startswith("##") and len(word) > 2 else "\u2581" + word
                                      for word in words],
            "tokenizer.ggml.token_type": [3 if word in special else 1 for word in words], "tokenizer.ggml.unknown_token_id": ids["[UNK]"],
            "tokenizer.ggml.bos_token_id": ids["[CLS]"], "tokenizer.ggml.seperator_token_id": ids["[SEP]"],
            "tokenizer.ggml.padding_token_id": ids["[PAD]"]}


def write(folder, path):
    with open(os.path.join(folder, "model.safetensors"), "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(length)), file.read()
    infos, parts, at, count = b"", [], 0, 0
    for name, stored in header.items():
        if stored.get("dtype") != "F32":  # a buffer of whole numbers
            continue
        begin, end = stored["data_offsets"]
        for before, after in NAMES:
            name = name.replace(before, after)
        if name.startswith("pooler."):
            continue
        shape = stored["shape"][::-1]
        infos += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, F32, at)
        padded = data[begin:end] + bytes(-(end - begin) % 32)
        parts.append(padded)
        at += len(padded)
        count += 1
    keys = metadata(folder)
    head = b"GGUF" + struct.pack("<IQQ", 3, count, len(keys)) + b"".join(entry(*item) for item in keys.items()) + infos
    with open(path, "wb") as file:
        file.write(head + bytes(-len(head) % 32))
        for part in parts:
            file.write(part)
