#!/usr/bin/env python3
"""Compares tril-tokenize with the `tokenizers` or `sentencepiece` package (pip install tokenizers sentencepiece) on many texts.

compare.py TRIL_TOKENIZE MODEL [--megabytes 10] [--seed 1]
MODEL is a GGUF file, a tokenizer.json, or NAME.gguf.json beside NAME.model, or beside NAME.json for WordPiece (train.py).  Says how many texts differ and shows the first of them; exit status 1 if any.
"""
import argparse
import json
import random
import struct
import subprocess
import tempfile

import sentencepiece
from tokenizers import Tokenizer

import corpus
import gguf_tokenizer


def make_texts(seed, size):
    rng = random.Random(seed)
    texts = list(corpus.SAMPLES)
    total = 0
    while total < size:
        text = corpus.mixed_sample(rng) if rng.random() < 0.3 else corpus.random_text(rng, int(10 ** rng.uniform(0, 3.3)))
        total += len(text.encode())
        texts.append(text)
    return texts


def reference_of(path):
    """What encodes many texts as the model of NAME.gguf.json should."""
    with open(path) as file:
        words = json.load(file)["tokenizer.ggml.model"] == "bert"
    name = path.removesuffix(".gguf.json")
    if not words:
        return sentencepiece.SentencePieceProcessor(model_file=name + ".model").encode
    tokenizer = Tokenizer.from_file(name + ".json")
    tokenizer.encode_special_tokens = True
    return lambda texts: [entry.ids for entry in tokenizer.encode_batch(texts, add_special_tokens=False)]


def compare_pieces(options, encode):
    texts = [text for text in make_texts(options.seed, options.megabytes * 1e6) if "\0" not in text]
    data = b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in texts)
    output = subprocess.run([options.tokenize, options.model, "--records"], input=data, stdout=subprocess.PIPE, check=True).stdout
    ours = [[int(w) for w in line.split()] for line in output.decode().split("\n")[:-1]]
    differ = 0
    for text, mine, other in zip(texts, ours, encode(texts), strict=True):
        if mine != other:
            differ += 1
            if differ <= 3:
                at = next((i for i, (a, b) in enumerate(zip(mine, other)) if a != b), min(len(mine), len(other)))
                print("differs at token %d: ours %s, theirs %s, of %r" % (at, mine[at:at + 8], other[at:at + 8], text[:200]))
    print("%d texts, %.1f MB: %d differ" % (len(texts), len(data) / 1e6, differ))
    raise SystemExit(1 if differ else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokenize")
    parser.add_argument("model")
    parser.add_argument("--megabytes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        path = options.model
        if path.endswith(".gguf.json"):
            compare_pieces(options, reference_of(path))
        if path.endswith(".gguf"):
            metadata = gguf_tokenizer.read_metadata(path)
            reference = gguf_tokenizer.from_metadata(metadata)
            json.dump(metadata, file)
            file.flush()
            path = file.name
        else:
            reference = Tokenizer.from_file(path)
            reference.no_padding()
            reference.no_truncation()
        texts = make_texts(options.seed, options.megabytes * 1e6)
        data = b"".join(struct.pack("<I", len(t.encode())) + t.encode() for t in texts)
        differ = 0
        for special in (True, False):
            reference.encode_special_tokens = not special
            flags = ["--records"] + ["--parse-special"] * special
            output = subprocess.run([options.tokenize, path] + flags, input=data, stdout=subprocess.PIPE, check=True).stdout
            ours = [[int(w) for w in line.split()] for line in output.decode().split("\n")[:-1]]
            theirs = [e.ids for e in reference.encode_batch(texts, add_special_tokens=False)]
            assert len(ours) == len(theirs) == len(texts)
            for text, mine, other in zip(texts, ours, theirs):
                if mine != other:
                    differ += 1
                    if differ <= 3:
                        at = next((i for i, (a, b) in enumerate(zip(mine, other)) if a != b), min(len(mine), len(other)))
                        print("differs at token %d: ours %s, theirs %s, after %r, of %r" % (
                            at, mine[at:at + 8], other[at:at + 8], reference.decode(other[:at][-8:]), text[:200]))
    print("%d texts, %.1f MB, twice (special tokens parsed and not): %d differ" % (len(texts), len(data) / 1e6, differ))
    raise SystemExit(1 if differ else 0)


if __name__ == "__main__":
    main()
