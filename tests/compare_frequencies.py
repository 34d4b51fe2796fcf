"""The rotary frequencies that slm-convert stores against those of transformers, bit for bit.

usage: compare_frequencies.py [CONVERTER]    (build/slm-convert; versions: tests/requirements.txt)

torch's float power is not the correctly rounded one that the converter takes: now and then an
unscaled frequency is off by 1 ulp, and none by more. What rope_scaling adds is the same operations
in the same order: where the unscaled frequencies agree the scaled ones must too, and elsewhere the
slope of llama3 may make 4 ulp of the one.
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import torch
import transformers
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

SCALINGS = [None] + [{"rope_type": "linear", "factor": f} for f in (1.0, 2.0, 2.5, 3.7, 16.0)]
SCALINGS += [{"rope_type": "dynamic", "factor": 2.0}]
SCALINGS += [{"rope_type": "llama3", "factor": f, "low_freq_factor": low, "high_freq_factor": high,
              "original_max_position_embeddings": positions}
             for f, low, high, positions in ((8.0, 1.0, 4.0, 8192), (32.0, 1.0, 4.0, 8192),
                                             (3.3, 0.7, 5.1, 100), (8.0, 1.0, 4.0, 64))]


def stored(path):
    """The section of kind 2."""
    with open(path, "rb") as f:
        data = f.read()
    for i in range(int.from_bytes(data[40:42], "little")):
        entry = data[256 + 32 * i:288 + 32 * i]
        if int.from_bytes(entry[:4], "little") == 2:
            at, size = (int.from_bytes(entry[k:k + 8], "little") for k in (8, 16))
            return np.frombuffer(data, "<f4", size // 4, at)
    raise SystemExit("no frequencies")


def main():
    converter = sys.argv[1] if len(sys.argv) > 1 else "build/slm-convert"
    worst, off, count, wrong = 0, 0, 0, 0
    for size in (2, 10, 44, 64, 80, 128, 256):
        for theta in (10000.0, 500000.0, 1000000.0, 12345.6, 100.0):
            for scaling in SCALINGS:
                if size == 2 and scaling and scaling["rope_type"] == "dynamic":
                    continue  # Hugging Face divides by size - 2
                config = LlamaConfig(vocab_size=4, hidden_size=4, intermediate_size=4,
                                     num_hidden_layers=1, num_attention_heads=1, head_dim=size,
                                     rope_theta=theta, max_position_embeddings=16384,
                                     rope_scaling=dict(scaling) if scaling else None)
                with tempfile.TemporaryDirectory() as directory:
                    LlamaForCausalLM(config).save_pretrained(directory)
                    subprocess.run([converter, directory, directory + "/m.slm"], check=True,
                                   stderr=subprocess.DEVNULL)
                    got = stored(directory + "/m.slm")
                want = LlamaRotaryEmbedding(config).inv_freq.numpy()
                ulps = np.abs(got.view(np.int32).astype(np.int64) - want.view(np.int32))
                if scaling is None:
                    allowed = 4 * ulps
                    wrong += (ulps > 1).sum()
                wrong += (ulps > allowed).sum()
                worst, off, count = max(worst, ulps.max()), off + (ulps > 0).sum(), count + len(got)
    print(f"{count} frequencies, {off} off, the farthest by {worst} ulp; {wrong} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    sys.exit(main())
