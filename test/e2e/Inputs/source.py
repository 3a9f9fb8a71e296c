"""source.py TRIL: builds examples/t5.tril with the golden case's weights and tokenizers of a character a token; what the product generates
is what the reference does, from a line as from -p, and with the tokenizer's own end behind the source."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", ".."))
import safetensors  # noqa: E402  (test/safetensors.py)

TRIL = sys.argv[1]
TEXT = os.path.join(HERE, "..", "..", "..", "examples", "t5.tril")
GOLDEN = os.path.join(HERE, "..", "..", "golden", "t5")
COUNT = 24


def text(tokens):
    return "".join(chr(0x4E00 + token) for token in tokens)


def tokenizer(ends):
    special = ["<pad>", "</s>", "<unk>"]
    added = [{"id": i, "content": name, "special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
             for i, name in enumerate(special)]
    template = {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
                "pair": [], "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}}
    return {"version": "1.0", "added_tokens": added, "normalizer": None, "pre_tokenizer": None, "post_processor": template if ends else None,
            "decoder": None, "model": {"type": "Unigram", "unk_id": 2,
                                       "vocab": [[name, 0] for name in special] + [[chr(0x4E00 + i), -1.0] for i in range(3, 256)]}}


def run(*command, given=""):
    done = subprocess.run(command, input=given.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def build(work, ends):
    folder = os.path.join(work, f"weights{ends}")
    os.mkdir(folder)
    for name in ["config.json", "model.safetensors"]:
        shutil.copy(os.path.join(GOLDEN, name), folder)
    with open(os.path.join(folder, "tokenizer.json"), "w") as file:
        json.dump(tokenizer(ends), file)
    product = os.path.join(work, f"product{ends}")
    run(TRIL, "build", TEXT, "--weights", folder, "-o", product)
    return product


def main():
    with open(os.path.join(GOLDEN, "tokens.json")) as file:
        lists = json.load(file)
    with open(os.path.join(GOLDEN, "greedy.json")) as file:
        reference = json.load(file)["tokens"]
    source, begun = lists["tokens"][0], lists["decoder_tokens"][0]
    with tempfile.TemporaryDirectory() as work:
        product = build(work, ends=False)
        options = ["--temp", "0", "-n", str(COUNT), "--begin", text(begun[1:])]
        expected = text(begun[1:] + reference[:COUNT]) + "\n"
        found = run(product, "-p", text(source), *options)
        assert found == expected, (found, expected)
        assert run(product, *options, given=text(source) + "\n") == expected
        assert run(product, "-p", text(source), "-t", "2", "-b", "5", *options) == expected
        # In two parts, by a saved state; a text that goes on otherwise.
        state, half = os.path.join(work, "state"), COUNT // 2
        first = run(product, "-p", text(source), *options, "-n", str(half), "--save-state", state)
        assert first == expected[:len(begun) - 1 + half] + "\n", first
        rest = run(product, "--load-state", state, "-p", "", "--temp", "0", "-n", str(COUNT - half))
        assert first[:-1] + rest == expected, rest
        typed = text(reference[half:half + 3])
        rest = run(product, "--load-state", state, "-p", typed, "--temp", "0", "-n", str(COUNT - half - 3))
        assert first[:-1] + rest == expected, rest
        # From the start alone, with the end behind the source: as `--tokens` says it.
        product = build(work, ends=True)
        tokens, logits = os.path.join(work, "tokens.json"), os.path.join(work, "logits")
        with open(tokens, "w") as file:
            json.dump({"tokens": [begun[:1]], "source_token": [source + [1]]}, file)
        run(product, "--tokens", tokens, "--logits", logits, "--greedy", str(COUNT))
        expected = list(map(int, safetensors.read(logits)["greedy.0"].data))
        if 1 in expected:
            expected = expected[:expected.index(1)]
        assert len(expected) > 3, expected
        found = run(product, "-p", text(source), "--temp", "0", "-n", str(COUNT))
        assert found == text(expected) + "\n", (found, text(expected))
    print(f"{COUNT} tokens equal")


main()
