#!/usr/bin/env python3
"""Makes the data of the unit tests of tokenizers other than byte-level BPE (pip install tokenizers sentencepiece).

make_piece_cases.py      writes test/unit/tokenizer/data/pieces/*.json: small tokenizers (train.py), and in cases.json the tokens of some
texts, and their text again, by the packages `tokenizers` (NAME) and `sentencepiece` (NAME.gguf).
"""
import json
import os
import random
import shutil
import tempfile

import sentencepiece
from tokenizers import Tokenizer

import corpus
import train

FOLDER = os.path.join(train.ROOT, "test", "unit", "tokenizer", "data", "pieces")
NAMES = ["characters_bytes", "characters_first", "characters_unknown", "unigram", "words", "words_cased"]
PIECES = ["scored", "unigram", "unigram_bytes"]


def main():
    rng = random.Random(3)
    texts = [text for text in corpus.SAMPLES if "\0" not in text]
    texts += [corpus.mixed_sample(rng) for _ in range(15)] + [corpus.random_text(rng, 60).replace("\0", "") for _ in range(30)]
    os.makedirs(FOLDER, exist_ok=True)
    cases = {"texts": texts}
    with tempfile.TemporaryDirectory() as work:
        train.train(work, 250, small_map=True)
        for name in NAMES:
            shutil.copy(os.path.join(work, name + ".json"), FOLDER)
            reference = Tokenizer.from_file(os.path.join(work, name + ".json"))
            cases[name] = [entry.ids for entry in reference.encode_batch(texts, add_special_tokens=False)]
            cases[name + ".text"] = [reference.decode(ids, skip_special_tokens=False) for ids in cases[name]]
        for name in ["words", "words_cased"]:  # the same vocabularies, as GGUF has them
            shutil.copy(os.path.join(work, name + ".gguf.json"), FOLDER)
            cases[name + ".gguf"], cases[name + ".gguf.text"] = cases[name], cases[name + ".text"]
        for name in PIECES:
            shutil.copy(os.path.join(work, name + ".gguf.json"), FOLDER)
            reference = sentencepiece.SentencePieceProcessor(model_file=os.path.join(work, name + ".model"))
            cases[name + ".gguf"] = reference.encode(texts)
            cases[name + ".gguf.text"] = [reference.decode(ids) for ids in cases[name + ".gguf"]]
    with open(os.path.join(FOLDER, "cases.json"), "w") as file:
        json.dump(cases, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
