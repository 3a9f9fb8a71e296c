#!/usr/bin/env python3
"""Writes NAME.json: the vectors of the texts of texts.json, by other people's code.

    reference.py NAME FOLDER

FOLDER holds the model (config.json, weights, tokenizer.json, modules.json).  `transformers` computes its positions and `tokenizers` its
tokens; the modules (pooling, normalisation) are as the sentence-transformers library defines them.

    pip install torch transformers==4.46.3
"""
import json
import os
import sys

import torch
import transformers
from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    name, folder = sys.argv[1:]
    with open(os.path.join(HERE, "texts.json")) as file:
        texts = json.load(file)
    pooling, normalize = None, False
    with open(os.path.join(folder, "modules.json")) as file:
        for module in json.load(file):
            kind = module["type"].split(".")[-1]
            if kind == "Pooling":
                with open(os.path.join(folder, module["path"], "config.json")) as config:
                    pooling = [key for key, value in json.load(config).items() if value is True and key.startswith("pooling_mode")]
            normalize |= kind == "Normalize"
    model = transformers.AutoModel.from_pretrained(folder).eval()
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    result = {"transformers": transformers.__version__, "torch": torch.__version__, "pooling": pooling, "normalize": normalize, "tokens": [],
              "vectors": []}
    for text in texts:
        ids = tokenizer.encode(text).ids
        with torch.no_grad():
            hidden = model(torch.tensor([ids])).last_hidden_state[0]
        vector = {"pooling_mode_mean_tokens": hidden.mean(0), "pooling_mode_cls_token": hidden[0],
                  "pooling_mode_lasttoken": hidden[-1]}[pooling[0]]
        if normalize:
            vector = torch.nn.functional.normalize(vector, dim=0)
        result["tokens"].append(len(ids))
        result["vectors"].append([float(f"{x:.6g}") for x in vector])
    with open(os.path.join(HERE, name + ".json"), "w") as file:
        file.write("{\n" + ",\n".join(f"{json.dumps(key)}: " + ("[\n" + ",\n".join(map(json.dumps, value)) + "\n]" if key == "vectors"
                                                                 else json.dumps(value)) for key, value in result.items()) + "\n}\n")


main()
