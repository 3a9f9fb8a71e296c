"""GGUF metadata, and the tokenizer of the `tokenizers` package which it describes."""
import struct

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
ANY_CASE = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def read_metadata(path):
    with open(path, "rb") as file:
        def scalar(code):
            return struct.unpack("<" + code, file.read(struct.calcsize("<" + code)))[0]

        def value(kind):
            if kind == 8:
                return file.read(scalar("Q")).decode()
            if kind == 9:
                of, count = scalar("I"), scalar("Q")
                return [value(of) for _ in range(count)]
            return scalar(SCALARS[kind])

        assert file.read(4) == b"GGUF", "not a GGUF file"
        scalar("I"), scalar("Q")
        return {value(8): value(scalar("I")) for _ in range(scalar("Q"))}


def pre_tokenizer(name):
    """(normalizer, pre-tokenizer) of a checkpoint with this `tokenizer.ggml.pre`, as published."""
    def split(pattern):
        return pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    if name == "smollm":
        return None, pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    if name == "gpt-2":
        return None, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if name == "llama-bpe":
        return None, split(ANY_CASE % "{1,3}")
    if name == "qwen2":
        return normalizers.NFC(), split(ANY_CASE % "")
    raise SystemExit("no reference for the pre-tokenizer " + name)


def from_metadata(metadata):
    tokens = metadata["tokenizer.ggml.tokens"]
    merges = [tuple(m.split(" ", 1)) for m in metadata["tokenizer.ggml.merges"]]
    name = metadata["tokenizer.ggml.pre"]
    tokenizer = Tokenizer(models.BPE({t: i for i, t in enumerate(tokens)}, merges, ignore_merges=name == "llama-bpe"))
    normalizer, pre = pre_tokenizer(name)
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    for text, kind in zip(tokens, metadata.get("tokenizer.ggml.token_type", [])):
        if kind == 3:
            tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False)])
        elif kind == 4:
            tokenizer.add_tokens([AddedToken(text, normalized=False)])
    return tokenizer
