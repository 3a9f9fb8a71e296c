#!/usr/bin/env python3
"""What tril does with a model is in the model's text alone: no architecture's name is in dsl/, compiler/ or runtime/.

Allowed: the table of pre-tokenizers, whose format ids in tokenizer files bear such names; the name of one way to scale rotary
positions, as config.json spells it; names of other programs; citations.
"""
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NAMES = re.compile(
    r"(?<![a-z0-9])(llama|gpt_?[0-9]|gpt_?neo_?x?|gpt_?j|gpt_?oss|qwen|gemma|mistral|ministral|mixtral|deepseek|falcon|bloom"
    r"|mamba|rwkv|jamba|phi[0-9]|smollm|olmo|granite|cohere|starcoder|stablelm|bert|t5)(?![a-z])", re.IGNORECASE)
TABLE = "runtime/TokenizerPatterns.cpp"
ALLOWED = re.compile(r'llama\.cpp|llama-gguf-split|Gemma team 2024|if kind == "llama3" {', re.IGNORECASE)


def named(line):
    return NAMES.search(ALLOWED.sub("", line))


def main():
    for line in ['if (model == "llama")', "isGpt2 = name == GPT2;", "case Arch::Qwen2:", "// as gemma does"]:
        assert named(line), line
    assert not named("the letters are llama.cpp's")
    found = files = 0
    for top in ["dsl", "compiler", "runtime"]:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                if path == TABLE:
                    continue
                files += 1
                with open(os.path.join(ROOT, path), errors="replace") as file:
                    for number, line in enumerate(file, 1):
                        if named(line):
                            print(f"{path}:{number}: names an architecture: {line.strip()}")
                            found += 1
    print(f"{found} names of architectures in {files} files")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
