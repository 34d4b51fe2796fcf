"""Makes what transformers 5 writes of the checkpoints in tests/golden, and goldens of its own.

usage: make_saved.py [--out DIR] [configs] [goldens]    (versions: tests/requirements-5.txt)

configs: data/saved5/CASE.json, the config.json of each golden case as transformers 5 saves it.
Transformers 5 must give the case's logits with it, in float64: the same tensors then are the same
model. goldens: golden/*_five, as make_golden.py makes the others, saved by transformers 5.
"""
import argparse
import os
import shutil
import sys
import tempfile

import numpy
import torch
import transformers
from transformers import AutoModelForCausalLM

import make_golden
from make_golden import HERE

# transformers 5 refuses a hidden size that its heads do not divide
REFUSED = ["llama_three"]
GOLDENS = {
    "llama_five": (make_golden.llama(
        vocab_size=59, hidden_size=48, intermediate_size=70, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=20, max_position_embeddings=300,
        rope_parameters={"rope_type": "llama3", "rope_theta": 500000.0, "factor": 4.0,
                         "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 64}), "F16", 150, None),
    "phi_five": (make_golden.phi(
        vocab_size=53, hidden_size=40, intermediate_size=90, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=200,
        rope_parameters={"rope_type": "default", "rope_theta": 3000.0,
                         "partial_rotary_factor": 0.4}), "F16", 100, None),
}


def check_logits(directory, name):
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32,
                                                 attn_implementation="eager")
    for p in model.parameters():
        p.data = p.data.double()
    with open(os.path.join(directory, "tokens.txt"), encoding="ascii") as f:
        ids = [int(x) for x in f.read().split()]
    got = make_golden.logits_of(model.eval(), ids).numpy()
    want = numpy.fromfile(os.path.join(directory, "logits.f32"), "<f4").reshape(got.shape)
    error = ((got - want) ** 2).sum() / (want.astype(float) ** 2).sum()
    print(f"{name}: largest difference {abs(got - want).max():.1e}, NMSE {error:.1e}")
    if abs(got - want).max() > 1e-4 or error > 1e-9:
        sys.exit(f"make_saved.py: {name}: transformers 5 gives other logits")


def save_configs(out):
    os.makedirs(out, exist_ok=True)
    golden = os.path.join(HERE, "golden")
    for name in sorted(os.listdir(golden)):
        source = os.path.join(golden, name)
        if not os.path.exists(os.path.join(source, "config.json")) or name in REFUSED or \
                name in GOLDENS:
            continue
        with tempfile.TemporaryDirectory() as again:
            AutoModelForCausalLM.from_pretrained(source, dtype="auto").save_pretrained(again)
            shutil.copy(os.path.join(again, "config.json"), os.path.join(out, name + ".json"))
            for file in ("tokens.txt", "logits.f32"):
                shutil.copy(os.path.join(source, file), again)
            check_logits(again, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=HERE)
    parser.add_argument("what", nargs="*", metavar="WHAT", default=["configs", "goldens"])
    arguments = parser.parse_args()
    if transformers.__version__ != "5.24.0":
        sys.exit(f"make_saved.py: transformers is {transformers.__version__}, not 5.24.0")
    torch.set_num_threads(1)
    if "configs" in arguments.what:
        save_configs(os.path.join(arguments.out, "data", "saved5"))
    if "goldens" in arguments.what:
        make_golden.CASES.update(GOLDENS)
        for name in GOLDENS:
            make_golden.make(os.path.join(arguments.out, "golden"), name)


if __name__ == "__main__":
    main()
