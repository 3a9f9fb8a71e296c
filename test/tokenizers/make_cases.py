#!/usr/bin/env python3
"""Makes test/unit/tokenizer/data: small tokenizers trained on the spot, and the tokens they give by the `tokenizers` package.

NAME.json is a tokenizer.json; cases.json holds `texts`, and for each name `parsed` (special tokens parsed) and, by
the text's index where it differs, `plain` (special tokens taken as text).
"""
import json
import os
import random

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import corpus
import gguf_tokenizer

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../unit/tokenizer/data")
CHAT = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def train(normalizer, pre, size, special, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False, min_frequency=1,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    rng = random.Random(7)
    texts = corpus.SAMPLES[:-4] + [corpus.mixed_sample(rng) for _ in range(300)]
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def make_all():
    made = {}
    for name, published, special in (("byte_level", "gpt-2", CHAT[:1]), ("digits", "smollm", CHAT),
                                     ("one_digit_nfc", "qwen2", CHAT)):
        made[name] = train(*gguf_tokenizer.pre_tokenizer(published), 1000, special)
    # As published for the three-digit pattern: special tokens are not in the model, a first token is put before.
    three = train(*gguf_tokenizer.pre_tokenizer("llama-bpe"), 1000, [], ignore_merges=True)
    three.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in ["<|begin_of_text|>", "<|endoftext|>", "<|im_end|>"]])
    first = three.token_to_id("<|begin_of_text|>")
    three.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
                                      special_tokens=[("<|begin_of_text|>", first)])])
    made["three_digits"] = three
    # Every option of an added token, a space prefix, contiguous digits, a literal split, an unknown token.
    pre = pre_tokenizers.Sequence([pre_tokenizers.Split(",", "isolated"), pre_tokenizers.Split("-", "contiguous"),
                                   pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.Punctuation("contiguous"),
                                   pre_tokenizers.ByteLevel(add_prefix_space=True)])
    options = train(normalizers.Sequence([normalizers.NFC()]), pre, 400, ["<unk>"])
    options.add_special_tokens([AddedToken("<|im_end|>", special=True, lstrip=True, rstrip=True, normalized=False)])
    options.add_tokens([AddedToken("  ", normalized=False), AddedToken("    ", normalized=False),
                        AddedToken("fox", single_word=True), AddedToken("e\u0301", normalized=True, rstrip=True),
                        AddedToken("<|im", lstrip=True, normalized=True), AddedToken("\n\n", normalized=False)])
    made["options"] = options
    return made


def main():
    os.makedirs(DATA, exist_ok=True)
    rng = random.Random(11)
    texts = corpus.SAMPLES + [corpus.mixed_sample(rng) for _ in range(40)]
    texts += [corpus.random_text(rng, rng.randint(1, 60)) for _ in range(80)]
    texts += ["fox", "fox.", "foxes", " fox fox", "e\u0301 e\u0301  \u00e9x", "a <|im_end|>\n\n b", "x    y      z", "n\u00e9fox fox\u0301"]
    cases = {"texts": texts}
    for name, tokenizer in make_all().items():
        text = json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False, separators=(",", ":"))
        with open(os.path.join(DATA, name + ".json"), "w") as file:
            file.write(text + "\n")
        parsed = [tokenizer.encode(t, add_special_tokens=False).ids for t in texts]
        tokenizer.encode_special_tokens = True
        plain = [tokenizer.encode(t, add_special_tokens=False).ids for t in texts]
        cases[name] = {"parsed": parsed, "plain": {i: p for i, p in enumerate(plain) if p != parsed[i]}}
    with open(os.path.join(DATA, "cases.json"), "w") as file:
        file.write(json.dumps(cases, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
