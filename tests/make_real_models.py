"""Makes tests/golden/real: what Hugging Face's code computes with the weights of real models.

usage: make_real_models.py GGUF DIR [--text FILE] [--out FILE]    (versions: tests/requirements.txt)

GGUF is the file that tests/real_models.sh converts; DIR holds the same model for transformers: its
config.json, its tokenizer.json and GGUF's weights, dequantized to f32. The model runs in float32. A
golden file has, in this order:

  sha256 of GGUF
  bytes N perplexity X: of the first N bytes of FILE, whose 4,096 tokens are read in windows of 1,024
    that do not overlap and begin with BOS, if the tokenizer adds it; a window's first token is not
    scored
  three prompts: "prompt" and its text as JSON; "ids" and its ids; "greedy" and 64 pairs of id and
    how much its logit is above the second, as the model chooses them
"""
import argparse
import hashlib
import json
import math
import os
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
TEXT = os.path.join(HERE, "..", "..", "shared", "data", "text", "wikitext-2-test.tokens.txt")
PROMPTS = ["The history of the Roman Empire begins", "def fibonacci(n):\n",
           "Water boils at 100 degrees Celsius because"]
GREEDY, TOKENS, WINDOW = 64, 4096, 1024


def perplexity(model, ids, bos):
    """bos: a list, with the id that begins each window, or empty."""
    total = count = 0
    step = WINDOW - len(bos)
    for at in range(0, len(ids), step):
        window = torch.tensor([bos + ids[at:at + step]])
        scores = torch.log_softmax(model(window).logits[0].double(), -1)[:-1]
        target = window[0, 1:]
        total -= scores.gather(1, target[:, None]).sum().item()
        count += len(target)
    return math.exp(total / count)


def first_bytes(tokenizer, text):
    """How many bytes of the text have TOKENS tokens."""
    encoding = tokenizer(text[:40 * TOKENS], add_special_tokens=False, return_offsets_mapping=True)
    end = encoding.offset_mapping[TOKENS - 1][1]
    ids = tokenizer(text[:end], add_special_tokens=False).input_ids
    if len(ids) != TOKENS or ids != encoding.input_ids[:TOKENS]:
        sys.exit("make_real_models.py: the text has other tokens where it ends")
    return len(text[:end].encode()), ids


def greedy(model, ids):
    out, ids = [], list(ids)
    for _ in range(GREEDY):
        logits = model(torch.tensor([ids])).logits[0, -1]
        best = torch.topk(logits, 2)
        out += ["%d %.5f" % (best.indices[0], best.values[0] - best.values[1])]
        ids.append(int(best.indices[0]))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gguf")
    parser.add_argument("directory")
    parser.add_argument("--text", default=TEXT)
    parser.add_argument("--out")
    args = parser.parse_args()
    torch.set_grad_enabled(False)
    tokenizer = AutoTokenizer.from_pretrained(args.directory)
    model = AutoModelForCausalLM.from_pretrained(args.directory, dtype=torch.float32,
                                                 attn_implementation="eager").eval()
    with open(args.gguf, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with open(args.text, encoding="utf-8") as file:
        size, ids = first_bytes(tokenizer, file.read())
    bos = tokenizer("a").input_ids[:len(tokenizer("a").input_ids) - len(
        tokenizer("a", add_special_tokens=False).input_ids)]
    name = os.path.basename(args.gguf).removesuffix(".gguf")
    with open(args.out or os.path.join(HERE, "golden", "real", name + ".txt"), "w") as file:
        file.write("sha256 %s\nbytes %d perplexity %.4f\n"
                   % (digest, size, perplexity(model, ids, bos)))
        for prompt in PROMPTS:
            ids = tokenizer(prompt).input_ids
            file.write("prompt %s\nids %s\ngreedy %s\n" % (
                json.dumps(prompt), " ".join(map(str, ids)), "  ".join(greedy(model, ids))))
            file.flush()


main()
