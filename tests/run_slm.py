#!/usr/bin/env python3
"""Runs an encoder in float64, written from NUMERICS in the specification of slm.h alone; f32, f16 and
bf16 weights.

    run_slm.py FILE.slm GOLDEN     what it gives of GOLDEN/inputs.txt beside GOLDEN/*.f32
    run_slm.py FILE.slm - VECTORS  sentence vectors of stdin, a line of id/type ... a text, beside
                                   VECTORS, a line of JSON {"embedding": [...]} a text
Each |difference| is at most 1e-5 x max(1, largest of the row).
"""
import json
import os
import sys

import numpy as np

import read_slm
from read_slm import ANSWER, CLASSIFY, FILL, MOBILEBERT, NEXT, TAG

MODEL = 0xFFFF
USES, SHARES, NARROW, TRIGRAM, TRUE_NORM, TRANSFORM = 1, 2, 4, 8, 16, 32     # bottleneck flags
TANH_GELU, GELU, RELU, SILU = 1, 2, 3, 4
# p and q of the exact GELU
P = [2.40503599e-8, 6.37906533e-6, 1.60334166e-4, 4.62799147e-3, 3.29357423e-2, 3.98942262e-1]
Q = [1.23717041e-6, 7.13522531e-5, 1.83656963e-3, 2.81388015e-2, 2.49223888e-1, 1]


def gelu(x):
    y = np.clip(x, -5.286, 5.286)
    return x * (0.5 + y * np.polyval(P, y * y) / np.polyval(Q, y * y))


ACTIVATIONS = {
    TANH_GELU: lambda x: x / (1 + np.exp(-2 * ((x + 0.044715 * (x * x * x)) * 0.79788456))),
    GELU: gelu, RELU: lambda x: np.maximum(0, x), SILU: lambda x: x / (1 + np.exp(-x))}


class Encoder:
    def __init__(self, path):
        self.file = read_slm.read_model(path)
        self.h = self.file.header
        self.mobile = self.file.kinds[0] == MOBILEBERT
        self.flags = self.h.bottleneck if self.mobile else 0
        self.activation = ACTIVATIONS[self.h.activation or (RELU if self.mobile else GELU)]
        self.tensors = {(t.layer, t.slot): read_slm.stored_rows(self.file, t).astype(np.float64)
                        for t in self.file.tensors}

    def product(self, x, layer, slot):
        bias = self.tensors.get((layer, slot + 1))
        y = x @ self.tensors[layer, slot].T
        return y if bias is None else y + bias

    def norm(self, x, layer, slot):
        weight, bias = self.tensors[layer, slot], self.tensors[layer, slot + 1]
        if self.mobile and not self.flags & TRUE_NORM and (layer, slot) != (MODEL, 87):
            return bias + x * weight                                  # NoNorm
        # "embedding norm and second norm have an eps of 1e-5"
        own = self.flags & TRUE_NORM and (slot == 15 or (layer, slot) == (MODEL, 67))
        mean = x.mean(-1, keepdims=True)
        v = ((x - mean) ** 2).mean(-1, keepdims=True)
        return bias + (x - mean) / np.sqrt(v + (1e-5 if own else self.h.eps)) * weight

    def embed(self, ids, types):
        x = self.tensors[MODEL, 64][ids]
        if self.flags & TRIGRAM:
            zero = np.zeros((1, x.shape[1]))
            x = np.concatenate([np.vstack([x[1:], zero]), x, np.vstack([zero, x[:-1]])], axis=1)
        if self.flags & TRANSFORM:
            x = self.product(x, MODEL, 73)
        if self.h.types:
            x = x + self.tensors[MODEL, 66][types]
        return self.norm(x + self.tensors[MODEL, 65][:len(ids)], MODEL, 67)

    def attention(self, layer, queries, values):
        """Queries and keys read the former, values the latter; each position sees all."""
        q, k, v = (self.product(x, layer, slot).reshape(len(x), self.h.heads, -1).transpose(1, 0, 2)
                   for x, slot in ((queries, 3), (queries, 5), (values, 7)))
        score = q @ k.transpose(0, 2, 1) * (self.h.attention_scale or self.h.head_size ** -0.5)
        e = np.exp(score - score.max(-1, keepdims=True))
        out = e @ v / e.sum(-1, keepdims=True)
        return self.product(out.transpose(1, 0, 2).reshape(len(queries), -1), layer, 9)

    def ffn(self, x, layer, up, down, norm):
        y = self.product(self.activation(self.product(x, layer, up)), layer, down)
        return self.norm(y + x, layer, norm)

    def bert_layer(self, x, layer):
        return self.ffn(self.norm(self.attention(layer, x, x) + x, layer, 1), layer, 17, 21, 15)

    def mobile_layer(self, x, layer):
        b = queries = values = x
        if self.flags & USES:
            b = self.norm(self.product(x, layer, 23), layer, 25)
        if self.flags & SHARES:
            queries = self.norm(self.product(x, layer, 27), layer, 29)
        if self.flags & NARROW:
            queries = values = b
        b = self.norm(self.attention(layer, queries, values) + b, layer, 1)
        for slot in range(35, 35 + 6 * (self.h.ffns - 1), 6):
            b = self.ffn(b, layer, slot, slot + 2, slot + 4)
        b = self.ffn(b, layer, 17, 21, 15)
        return self.norm(self.product(b, layer, 31) + x, layer, 33) if self.flags & USES else b

    def hidden(self, ids, types):
        x = self.embed(ids, types)
        for layer in range(self.h.layers):
            x = (self.mobile_layer if self.mobile else self.bert_layer)(x, layer)
        return x

    def pooled(self, hidden):
        """[1, hidden]"""
        first = hidden[:1]
        if self.h.pooler == 1:
            return first
        x = self.product(first, MODEL, 75)
        return np.tanh(x) if self.h.pooler == 2 else np.maximum(0, x)

    def fill(self, hidden):
        t = self.norm(self.activation(self.product(hidden, MODEL, 85)), MODEL, 87)
        size = self.tensors[MODEL, 64].shape[1]
        head = self.tensors[MODEL, 64 if self.h.flags & 1 else 89]
        logits = t[:, :size] @ head.T + self.tensors[MODEL, 90]
        return logits + t[:, size:] @ self.tensors[MODEL, 91].T if size < t.shape[1] else logits

    def logits(self, task, hidden):
        if task == FILL:
            return self.fill(hidden)
        slot = {CLASSIFY: 77, TAG: 79, ANSWER: 81, NEXT: 83}[task]
        return self.product(self.pooled(hidden) if task in (CLASSIFY, NEXT) else hidden, MODEL, slot)

    def vector(self, hidden):
        pooling, flags = self.file.kinds[3], self.h.vector_flags
        x = {0: hidden.mean(0), 1: hidden[0], 2: hidden.mean(0), 3: hidden.max(0), 4: hidden[-1]}[pooling]
        if self.h.vector:
            x = self.product(x[None], MODEL, 93)[0]
        if flags & 2:
            x = np.tanh(x)
        return x / max(np.sqrt((x * x).sum()), 1e-12) if flags & 1 else x


def read_inputs(lines):
    for line in lines:
        pairs = np.array([[int(n) for n in pair.split("/")] for pair in line.split()])
        yield pairs[:, 0], pairs[:, 1]


def compare(name, got, want):
    require = read_slm.require
    require(got.shape == want.shape, f"{name}: {got.shape} beside {want.shape}")
    largest = np.maximum(1, np.abs(want).max(-1, keepdims=True))
    off = (np.abs(got - want) / largest).max()
    require(off <= 1e-5, f"{name}: differs by {off:.3g}")
    return off


def compare_golden(encoder, golden):
    """The largest relative difference of all that the case has."""
    with open(os.path.join(golden, "inputs.txt"), encoding="ascii") as file:
        hidden = [encoder.hidden(*text) for text in read_inputs(file)]
    outputs = {"hidden": lambda x: x, "pooled": encoder.pooled}
    for task, name in ((CLASSIFY, "classify"), (TAG, "tag"), (FILL, "fill"), (ANSWER, "answer"),
                       (NEXT, "next")):
        outputs[name] = lambda x, task=task: encoder.logits(task, x)
    worst = 0
    for name, output in outputs.items():
        path = os.path.join(golden, name + ".f32")
        if os.path.exists(path):
            got = np.vstack([output(x) for x in hidden])
            want = np.fromfile(path, "<f4").astype(np.float64).reshape(len(got), -1)
            worst = max(worst, compare(name, got, want))
    return worst


def compare_vectors(encoder, path):
    got = [encoder.vector(encoder.hidden(*text)) for text in read_inputs(sys.stdin)]
    with open(path, encoding="utf-8") as file:
        want = [json.loads(line)["embedding"] for line in file]
    return compare("vectors", np.array(got), np.array(want))


def main(arguments):
    if len(arguments) not in (2, 3) or (len(arguments) == 3) != (arguments[1] == "-"):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        encoder = Encoder(arguments[0])
        read_slm.require(encoder.file.encoder, "not an encoder")
        worst = compare_vectors(encoder, arguments[2]) if len(arguments) == 3 else \
            compare_golden(encoder, arguments[1])
        print(f"{worst:.3g}")
    except (read_slm.Refused, OSError, ValueError) as problem:
        print(f"run_slm.py: {arguments[0]}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
