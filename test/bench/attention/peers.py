"""PyTorch's side: reads `sdpa|flex CASE T f32|bf16` from standard input, answers with the processor time of one call, or why there is none.

SDPA is given the mask as a tensor where it is not causal, as it wants it, and a bias likewise; FlexAttention is compiled, with a block
mask.  One thread.
"""
import functools
import math
import os
import sys
import time

import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

from cases import CAP, CHUNK, DILATION, DOCUMENTS, GROUPS, MEMBERS, PREFIX, WIDTH, WINDOW

torch.set_num_threads(1)
torch._dynamo.config.cache_size_limit = 1000
HEADS = GROUPS * MEMBERS
LIMIT = 6 << 30  # bytes of a mask, at most


def document_of(i, t):
    return i * DOCUMENTS // t


def sees(name, t):
    """mask_mod of FlexAttention; with tensors that broadcast, the mask itself."""
    causal = lambda q, k: k <= q
    return {
        "window": lambda q, k: (k <= q) & (q - k < WINDOW),
        "chunk": lambda q, k: (k <= q) & (k // CHUNK == q // CHUNK),
        "prefix": lambda q, k: (k <= q) | (k < PREFIX),
        "document": lambda q, k: (k <= q) & (document_of(k, t) == document_of(q, t)),
        "dilated": lambda q, k: (k <= q) & ((q - k) % DILATION == 0),
    }.get(name, causal)


@functools.lru_cache(maxsize=3)
def tensors(t, dtype):
    generator = torch.Generator().manual_seed(1)
    make = lambda heads: torch.randn(1, heads, t, WIDTH, generator=generator).to(dtype)
    return make(HEADS), make(GROUPS), make(GROUPS)


@functools.lru_cache(maxsize=1)
def sdpa(name, t, dtype):
    q, k, v = tensors(t, dtype)
    k, v = k.repeat_interleave(MEMBERS, 1), v.repeat_interleave(MEMBERS, 1)  # faster than enable_gqa
    call = torch.nn.functional.scaled_dot_product_attention
    if name == "softcap":
        return "it has no softcap"
    if name == "causal":
        return lambda: call(q, k, v, is_causal=True)
    if name == "alibi" and HEADS * t * t * q.element_size() > LIMIT:
        return "the bias has more than 6 GiB"
    i = torch.arange(t)
    mask = sees(name, t)(i[:, None], i[None, :])
    if name == "alibi":
        slopes = 2 ** (-8 * torch.arange(1, HEADS + 1) / 8)
        bias = -(slopes[:, None, None] * (i[:, None] - i[None, :])[None]).to(dtype)
        mask = bias.masked_fill_(~mask, -math.inf)[None]
    return lambda: call(q, k, v, attn_mask=mask)


@functools.lru_cache(maxsize=1)
def flex(name, t, dtype):
    q, k, v = tensors(t, dtype)
    mask = sees(name, t)
    document = torch.arange(t) * DOCUMENTS // t
    if name == "document":  # a value of each position, as the text has it
        mask_mod = lambda b, h, q, k: (k <= q) & (document[k] == document[q])
    else:
        mask_mod = lambda b, h, q, k: mask(q, k)
    block_mask = create_block_mask(mask_mod, None, None, t, t, device="cpu")
    score_mod = {
        "alibi": lambda score, b, h, q, k: score - torch.exp2(-(h + 1.0)) * (q - k),
        "softcap": lambda score, b, h, q, k: CAP * torch.tanh(score / CAP),
    }.get(name)
    compiled = torch.compile(flex_attention, dynamic=False)
    return lambda: compiled(q, k, v, score_mod=score_mod, block_mask=block_mask, enable_gqa=True)


def main():
    with torch.inference_mode():
        for line in sys.stdin:
            peer, name, t, dtype = line.split()
            try:
                call = {"sdpa": sdpa, "flex": flex}[peer](name, int(t), torch.float32 if dtype == "f32" else torch.bfloat16)
                if isinstance(call, str):
                    print("none", call, flush=True)
                    continue
                start = time.thread_time()
                call()
                print(time.thread_time() - start, flush=True)
            except Exception as error:  # of the peer, which the table tells
                print("none", type(error).__name__, str(error).split("\n")[0][:150], flush=True)


main()
