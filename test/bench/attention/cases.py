"""The attentions that are measured, as texts; peers.py has them as masks and scores of PyTorch.

9 query heads in 3 groups, each with a key and a value of 64.  Queries, keys and values are rows of tables, so that the text has
nothing but the attention to compute.
"""
GROUPS, MEMBERS, WIDTH, VOCABULARY, DOCUMENTS = 3, 3, 64, 512, 8
WINDOW, CHUNK, PREFIX, DILATION, CAP = 256, 512, 256, 4, 20

# name: (mask, what is done to the score, whether later positions are never seen)
CASES = {
    "causal": ("past <= time", "{score}", True),
    "window": (f"past <= time and time - past < {WINDOW}", "{score}", True),
    "chunk": (f"past <= time and floor(past / {CHUNK}) == floor(time / {CHUNK})", "{score}", True),
    "prefix": (f"past <= time or past < {PREFIX}", "{score}", False),
    "document": ("past <= time and document[past] == document", "{score}", True),
    "alibi": ("past <= time", "{score} - slope * (time - past)", True),
    "softcap": ("past <= time", f"softcap({{score}}, {CAP})", True),
    "dilated": (f"past <= time and (time - past) % {DILATION} == 0", "{score}", True),
}
# Each position sees itself: what is left is what rows cost.
ROWS = {"rows": ("past == time", "{score}", True)}


def text(name):
    mask, score, causal = (CASES | ROWS)[name]
    score = score.format(score="sum[feature](q * k[past]) / sqrt(|feature|)")
    return f"""model attention{' is causal' if causal else ''}
axis vocab = {VOCABULARY}
axis documents = {DOCUMENTS}
axis group = {GROUPS}
axis member = {MEMBERS}
axis feature = {WIDTH}
axis past = time
input token[time] in vocab
{"input document[time] in documents" if "document" in mask else ""}
param queries[vocab, group, member, feature] = "queries"
param keys[vocab, group, feature] = "keys"
param values[vocab, group, feature] = "values"
q = queries[vocab = token]
k = keys[vocab = token]
v = values[vocab = token]
{"slope = 2 ^ (-8 * (group * 3 + member + 1) / 8)" if "slope" in score else ""}
weight = softmax[past]({score} where {mask})
output result[time, group, member, feature] = sum[past](weight * v[past])
"""


def area(name, t):
    """Pairs of a query and a key that it sees."""
    causal = t * (t + 1) // 2
    if name == "rows":
        return t
    if name == "window":
        w = min(WINDOW, t)
        return w * (w + 1) // 2 + (t - w) * w
    if name == "chunk":
        whole, rest = divmod(t, CHUNK)
        return whole * CHUNK * (CHUNK + 1) // 2 + rest * (rest + 1) // 2
    if name == "prefix":
        p = min(PREFIX, t)
        return causal + p * (p - 1) // 2
    if name == "document":
        ends = [(-(-i * t // DOCUMENTS), -(-(i + 1) * t // DOCUMENTS)) for i in range(DOCUMENTS)]
        return sum((b - a) * (b - a + 1) // 2 for a, b in ends)
    if name == "dilated":
        return sum(i // DILATION + 1 for i in range(t))
    return causal


def touched(name, t, rows, keys):
    """Pairs in the register tiles, of `rows` queries by `keys` keys, that have a pair which is seen: what a kernel of such tiles
    computes at least.  Rows of a tile see the same residue of a dilated mask, and keys of a residue lie together."""
    step = DILATION if name == "dilated" else 1
    tiles = 0
    for block in range(0, t, rows * step):
        for residue in range(min(step, t - block)):
            first = block + residue
            last = min(first + (rows - 1) * step, t - 1 - (t - 1 - residue) % step)
            low, high = 0, last + 1  # keys that some row sees
            if name == "rows":
                low = first
            elif name == "window":
                low = max(0, first - WINDOW + 1)
            elif name == "chunk":
                low = first // CHUNK * CHUNK
            elif name == "prefix":
                high = max(high, min(PREFIX, t))
            elif name == "document":
                low = -(-(first * DOCUMENTS // t) * t // DOCUMENTS)
            tiles += -(-high // (keys * step)) - low // (keys * step)
    return tiles * rows * keys
