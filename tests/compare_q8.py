"""Mean KL divergence of q8 beside that of Q8_0 (groups of 32, activations int8 per 32), simulated.

usage: compare_q8.py HF_DIR Q8.slm [TEXT]     (build/slm-eval must exist)

Both against Hugging Face in float32 on the first 512 tokens of a text of the model's own making.
"""
import subprocess
import sys
import tempfile

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def q8_0(x):
    """The last axis in groups of 32, scale max/127 rounded to half, codes to nearest."""
    size = x.shape[-1]
    padded = torch.nn.functional.pad(x, (0, -size % 32)).reshape(*x.shape[:-1], -1, 32)
    scale = (padded.abs().amax(-1, keepdim=True) / 127).half().float()
    codes = torch.where(scale > 0, padded / scale, torch.zeros_like(padded)).round().clamp(-127, 127)
    return (codes * scale).reshape(*x.shape[:-1], -1)[..., :size]


def kl(reference, other):
    p = torch.log_softmax(reference.double(), -1)
    q = torch.log_softmax(other.double(), -1)
    return (p.exp() * (p - q)).sum(-1).mean().item()


def main():
    directory, slm = sys.argv[1:3]
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(directory)
    if len(sys.argv) > 3:
        ids = tokenizer(open(sys.argv[3], encoding="utf-8").read()).input_ids[:512]
    else:
        ids = model.generate(tokenizer("Once upon a time", return_tensors="pt").input_ids,
                             do_sample=True, max_length=512, min_length=512).tolist()[0]
    with torch.no_grad():
        reference = model(torch.tensor(ids)[None]).logits[0]
        for module in model.modules():
            if isinstance(module, torch.nn.Linear):
                module.weight.data = q8_0(module.weight.data)
                module.register_forward_pre_hook(lambda _, inputs: (q8_0(inputs[0]),))
            if isinstance(module, torch.nn.Embedding):
                module.weight.data = q8_0(module.weight.data)
        simulated = model(torch.tensor(ids)[None]).logits[0]
    with tempfile.TemporaryDirectory() as temporary:
        tokens, out = temporary + "/tokens", temporary + "/logits"
        open(tokens, "w").write(" ".join(map(str, ids)))
        subprocess.run(["build/slm-eval", slm, "--tokens", tokens, "--logits", out], check=True)
        ours = torch.from_numpy(np.fromfile(out, "<f4").reshape(len(ids), -1))
    a, b = kl(reference, ours), kl(reference, simulated)
    print(f"{len(ids)} tokens: q8 mean KL {a:.3g}, Q8_0 with int8 activations {b:.3g}, "
          f"ratio {a / b:.2f} (at most 2)")
    sys.exit(a > 2 * b)


if __name__ == "__main__":
    main()
