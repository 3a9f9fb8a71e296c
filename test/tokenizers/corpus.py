"""Texts on which tokenizers disagree if they can: scripts, emoji, marks, code, white space, numbers, random characters."""
import random

SAMPLES = [
    "", " ", "  ", "\n", "\r\n", "\t", "a", " a", "a ", "  a", "a  b", "a   b\n\n  c", "\u00a0\u3000 x", "\u180e a\u180eb",
    "Hello, world! It's Tom's; we'll, they've, I'm, you're, he'd, can't. IT'S TOM'S WE'LL THEY'VE I'M YOU'RE HE'D CAN'T",
    "It'\u017f odd: '\u017f, 'S, \u2019s, ''s, 'll'll, 'LLama, 'tis 'twas o'clock rock'n'roll",
    "0 1 12 123 1234 12345 1234567 3.14159 1,000,000 0x1F 1e-10 v1.2.3 2024-02-29T12:00:00Z \u00bd \u00b2 \u2167 \u0663\u0664\u0665 \uff11\uff12\uff13\uff14 \u4e09\u5341",
    "int main(int argc, char **argv) {\n\tfor (int i = 0; i < 10; ++i)\n\t\tprintf(\"%d\\n\", i);\n\n\n    return 0; // done\n}\n",
    "def f(x: float) -> float:\n    \"\"\"Doc.\"\"\"\n    return x ** 2 if x >= 0 else -x  # \u2192\n\n\nclass A:\n        pass\r\n\r\n",
    "<div class=\"a\">\n  <p>&nbsp;</p>\n</div>\n{\"k\": [1, 2.5, null, true]}\n#include <x.h>\n$PATH=/usr/bin:~/bin && ls -la | grep '^d'\n",
    "The quick brown fox jumps over the lazy dog. HTTPServer parseXMLFile snake_case_name camelCase SCREAMING_CASE kebab-case",
    "\u00c9t\u00e9 \u00e0 la plage, na\u00efve fa\u00e7ade, \u0153uvre; Stra\u00dfe, GR\u00d6SSE; ni\u00f1o; \u0141\u00f3d\u017a; \u010ce\u0161tina; T\u00fcrk\u00e7e \u0130stanbul \u0131\u015f\u0131k",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0401\u043b\u043a\u0430. \u0423\u043a\u0440\u0430\u0457\u043d\u0441\u044c\u043a\u0430 \u0456\u0436\u0430. \u0391\u03b2\u03b3\u03ac \u1f08\u03c1\u03c7\u03ae \u03ba\u03b1\u1f76 \u03c4\u1f73\u03bb\u03bf\u03c2",
    "\u4f60\u597d\uff0c\u4e16\u754c\uff01\u8fd9\u662f\u4e00\u4e2a\u6d4b\u8bd5\u3002\u6f22\u5b57\u3068\u304b\u306a\u4ea4\u3058\u308a\u6587\u3001\u30ab\u30bf\u30ab\u30ca\u30fc\uff76\uff9e\u3002\ud55c\uad6d\uc5b4 \ubb38\uc7a5\uc785\ub2c8\ub2e4. \u1112\u1161\u11ab",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645\u060c \u0643\u064e\u062a\u064e\u0628\u064e\u061f \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u05e2\u05d5\u05dc\u05dd. \u202babc\u202c \u200f\u0641\u0627\u0631\u0633\u06cc\u200c\u0647\u0627",
    "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e\u0964 \u09ac\u09be\u0982\u09b2\u09be \u0ba4\u0bae\u0bbf\u0bb4\u0bcd \u0c24\u0c46\u0c32\u0c41\u0c17\u0c41 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01 \u1019\u103c\u1014\u103a\u1019\u102c \u10e5\u10d0\u10e0\u10d7\u10e3\u10da\u10d8 \u0540\u0561\u0575 \u12a0\u121b\u122d\u129b \u0f56\u0f7c\u0f51\u0f0b \u1780\u17d2\u1798\u17c2\u179a",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f44d\U0001f3fd \U0001f1e9\U0001f1ea\u2764\ufe0f 1\ufe0f\u20e3 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001faf6\U0001fae8 \u2603\ufe0e",
    "e\u0301 a\u0308\u0323 \u1e9b\u0323 \u212b \u2126 \ufb01 \u0344 q\u0307\u0323 Z\u0351\u036b\u0343\u036aA\u036b L\u0330G\u034fO \uac00\u11a8 \u2adc \U0001d15e",
    "\U0001d4d0\U0001d4d1 \U00020000\U0002a6d6 \U000103a0 \U00031350\U0002ebf0 \U0001e4d0 \U0001cd00 \ua7cb \U0010ffff \ufdd0 \ufffd \ufeffBOM \x00\x01\x7f\x80\x85",
    "   \n   \n\n\t\t  x  \r\r\n y\u2028z\u2029 \x0b\x0c \u2003\u2009w " + " " * 40 + "end" + " " * 17,
    "!!!??? ... -- --- ***bold*** ~~~ ``` === >>>= <<<< && || :: -> => /* */ // \\\\ /path/to/file\n/ @user #tag 50% \u20ac5 \u00a310 \u2014 \u2026 \u00ab\u00bb \u201e\u201c",
    "a" * 300 + " " + "ab" * 150 + " " + "\u00e9" * 100 + "\n" * 50 + "-" * 77,
    "<|endoftext|>", "x<|endoftext|>y <|im_start|>user\nhi<|im_end|>\n<|im_start|>", "<|im_end|><|im_end|> <|im_en", "<<|endoftext|>|>",
]

RANGES = [(0, 0x7f), (0x80, 0x24f), (0x250, 0x52f), (0x530, 0x8ff), (0x900, 0x10ff), (0x1100, 0x1fff), (0x2000, 0x2bff),
          (0x2e80, 0x33ff), (0x4e00, 0x9fff), (0xa000, 0xd7ff), (0xe000, 0xffff), (0x10000, 0x1ffff), (0x1f000, 0x1faff),
          (0x20000, 0x323af), (0, 0x10ffff)]
ATOMS = [" ", " ", "  ", "\n", "\r\n", "\t", "'s", "'LL", "'t", "1", "22", "333", "a", "B", "word", "Word", "WORD", "\u00e9", "e\u0301", ".", ",",
         "\u200d", "\ufe0f", "\u3000", "\u00a0", "_", "/", "<|endoftext|>", "\u4e2d", "\u0301", "\U0001f600"]


def character(rng, low, high):
    while True:
        c = rng.randint(low, high)
        if not 0xd800 <= c <= 0xdfff:
            return chr(c)


def random_text(rng, length):
    """About `length` characters of one of four kinds."""
    kind = rng.randrange(4)
    if kind == 0:  # one script, with spaces
        low, high = rng.choice(RANGES)
        return "".join(" " if rng.random() < 0.15 else character(rng, low, high) for _ in range(length))
    if kind == 1:  # pieces of known trouble
        return "".join(rng.choice(ATOMS) for _ in range(length // 2 + 1))
    if kind == 2:  # everything
        return "".join(character(rng, *rng.choice(RANGES)) if rng.random() < 0.5 else rng.choice(ATOMS) for _ in range(length))
    return bytes(rng.randrange(256) for _ in range(length)).decode("utf-8", "replace")  # random bytes, mended


def mixed_sample(rng):
    """Known texts cut and joined at random places."""
    parts = []
    for _ in range(rng.randint(1, 4)):
        text = rng.choice(SAMPLES)
        begin, end = sorted((rng.randint(0, len(text)), rng.randint(0, len(text))))
        parts.append(text[begin:end])
    return "".join(parts)
