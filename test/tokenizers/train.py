#!/usr/bin/env python3
"""Trains small tokenizers of each kind, for compare.py (pip install tokenizers sentencepiece).

train.py FOLDER [--size 600] [--small-map]
Writes NAME.json (as tokenizer.json) and NAME.gguf.json (metadata of a GGUF file, beside NAME.model, which compare.py reads by the
`sentencepiece` package), trained on the documents of this project and the samples of corpus.py.  --small-map: the best sum of scores with a map of characters of its own
in the place of SentencePiece's, which has 240 KB.
"""
import argparse
import base64
import glob
import json
import os

import sentencepiece
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

import corpus

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MARK = "\u2581"
SMALL_MAP = [("\ufb01", "fi"), ("\u212b", "\u00c5"), ("e\u0301", "\u00e9"), ("\u3000", " "), ("\t", " "), ("\n", " "), ("\r", " "), ("\u00bd", "1/2"),
             ("\u00a0", " "), ("\uff11", "1"), ("\x7f", ""), ("\u200d", " ")]


def lines():
    for path in sorted(glob.glob(os.path.join(ROOT, "docs", "*.md"))) + [os.path.join(ROOT, "README.md")]:
        with open(path, encoding="utf-8") as file:
            yield from (line for line in file.read().split("\n") if line.strip())
    yield from (line for sample in corpus.SAMPLES for line in sample.split("\n") if line.strip() and "\0" not in line)


def sentence_pieces(folder, name, size, **options):
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines()), model_prefix=os.path.join(folder, name), vocab_size=size, hard_vocab_limit=False,
        character_coverage=0.98, minloglevel=2, num_threads=1, **options)
    return sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, name + ".model"))


def fields(message):
    """The fields of a protobuf message: number, and bytes or a number."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        else:
            size = {1: 8, 5: 4}.get(tag & 7) or varint()
            yield tag >> 3, message[at:at + size]
            at += size


def character_map(model):
    for number, value in fields(model.serialized_model_proto()):
        if number == 3:  # normalizer_spec
            for inner, content in fields(value):
                if inner == 2:
                    return content
    return b""


def metadata(folder, name, model, kind, **more):
    pieces = range(model.get_piece_size())
    types = [2 if model.is_unknown(i) else 3 if model.is_control(i) else 5 if model.is_unused(i) else 6 if model.is_byte(i) else 1
             for i in pieces]
    values = {"tokenizer.ggml.model": kind, "tokenizer.ggml.tokens": [model.id_to_piece(i) for i in pieces],
              "tokenizer.ggml.scores": [model.get_score(i) for i in pieces], "tokenizer.ggml.token_type": types,
              "tokenizer.ggml.unknown_token_id": model.unk_id(), "tokenizer.ggml.bos_token_id": model.bos_id(),
              "tokenizer.ggml.eos_token_id": model.eos_id()}
    values.update({"tokenizer.ggml." + key: value for key, value in more.items()})
    with open(os.path.join(folder, name + ".gguf.json"), "w") as file:
        json.dump(values, file)


def words_metadata(folder, name, words, lower):
    """As GGUF files have such a vocabulary: what begins a word is marked, not what continues it."""
    ids = sorted(words.get_vocab().items(), key=lambda entry: entry[1])
    special = {text: text in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]") for text, _ in ids}
    values = {"tokenizer.ggml.model": "bert",
              "tokenizer.ggml.tokens": [text if special[text] else text[2:] if text.startswith("##") and len(text) > 2 else MARK + text for text, _ in ids],
              "tokenizer.ggml.token_type": [3 if special[text] else 1 for text, _ in ids], "tokenizer.ggml.padding_token_id": 0,
              "tokenizer.ggml.unknown_token_id": 1, "tokenizer.ggml.bos_token_id": 2, "tokenizer.ggml.seperator_token_id": 3}
    if not lower:
        values["tokenizer.ggml.normalizer.lowercase"] = False
    with open(os.path.join(folder, name + ".gguf.json"), "w") as file:
        json.dump(values, file)


def merges_of(model):
    """The pairs of pieces that make a piece, in the order in which the pieces were found."""
    ids = {model.id_to_piece(i): i for i in range(model.get_piece_size())}
    merges = []
    for piece, rank in ids.items():
        splits = [(piece[:k], piece[k:]) for k in range(1, len(piece)) if piece[:k] in ids and piece[k:] in ids]
        merges += [(rank, ids[left], ids[right], (left, right)) for left, right in splits]
    return ids, [entry[3] for entry in sorted(merges)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--size", type=int, default=600)
    parser.add_argument("--small-map", action="store_true")
    options = parser.parse_args()
    train(options.folder, options.size, options.small_map)


def train(folder, size, small_map):
    os.makedirs(folder, exist_ok=True)

    # Pairs by score, falling back to bytes.
    model = sentence_pieces(folder, "scored", size + 256, model_type="bpe", byte_fallback=True,
                            normalization_rule_name="identity", remove_extra_whitespaces=False)
    metadata(folder, "scored", model, "llama", add_space_prefix=True)
    ids, merges = merges_of(model)
    fallback = Tokenizer(models.BPE(ids, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    fallback.normalizer = normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)])
    fallback.decoder = decoders.Sequence([decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse(),
                                          decoders.Strip(" ", 1, 0)])
    fallback.add_special_tokens(["<s>", "</s>"])
    fallback.save(os.path.join(folder, "characters_bytes.json"))
    for scheme, split in ("first", False), ("always", True), ("never", True):
        fallback.normalizer = None
        fallback.pre_tokenizer = pre_tokenizers.Metaspace(MARK, scheme, split)
        fallback.decoder = decoders.Sequence([decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse()])
        fallback.save(os.path.join(folder, f"characters_{scheme}.json"))

    # Without bytes: what is unknown is told so.
    unknown = Tokenizer(models.BPE(unk_token="<unk>"))
    unknown.pre_tokenizer = pre_tokenizers.Metaspace(MARK, "always")
    unknown.decoder = decoders.Metaspace(MARK, "always")
    unknown.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip()])
    unknown.train_from_iterator(lines(), trainers.BpeTrainer(vocab_size=size, special_tokens=["<unk>"], show_progress=False,
                                                             limit_alphabet=150))
    unknown.save(os.path.join(folder, "characters_unknown.json"))

    # The best sum of scores.
    rules = {}
    if small_map:
        rules["normalization_rule_tsv"] = os.path.join(folder, "rules.tsv")
        with open(rules["normalization_rule_tsv"], "w") as file:
            for before, after in SMALL_MAP:
                file.write(" ".join("%X" % ord(c) for c in before) + "\t" + " ".join("%X" % ord(c) for c in after) + "\n")
    model = sentence_pieces(folder, "unigram", size, model_type="unigram", **rules)
    characters = character_map(model)
    metadata(folder, "unigram", model, "t5", add_space_prefix=True, remove_extra_whitespaces=True,
             precompiled_charsmap=list(characters))
    vocabulary = [(model.id_to_piece(i), model.get_score(i)) for i in range(model.get_piece_size())]
    unigram = Tokenizer(models.Unigram(vocabulary, model.unk_id()))
    unigram.normalizer = normalizers.Sequence([normalizers.Precompiled(characters), normalizers.Replace(Regex(" {2,}"), " ")])
    unigram.pre_tokenizer = pre_tokenizers.Metaspace(MARK, "always")
    unigram.decoder = decoders.Metaspace(MARK, "always")
    unigram.add_special_tokens(["<s>", "</s>"])
    unigram.save(os.path.join(folder, "unigram.json"))
    unigram.normalizer = normalizers.Precompiled(characters)
    unigram.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(MARK, "always")])
    unigram.save(os.path.join(folder, "unigram_split.json"))
    model = sentence_pieces(folder, "unigram_bytes", size + 256, model_type="unigram", byte_fallback=True,
                            normalization_rule_name="identity", remove_extra_whitespaces=False)
    metadata(folder, "unigram_bytes", model, "t5", add_space_prefix=True, remove_extra_whitespaces=False)

    # Words, then what continues them.
    for name, lower, accents in ("words", True, None), ("words_cased", False, False):
        words = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        words.normalizer = normalizers.BertNormalizer(True, True, accents, lower)
        words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        words.decoder = decoders.WordPiece()
        words.train_from_iterator(lines(), trainers.WordPieceTrainer(
            vocab_size=size, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False, limit_alphabet=200))
        words.save(os.path.join(folder, name + ".json"))
        words_metadata(folder, name, words, lower)


if __name__ == "__main__":
    main()
