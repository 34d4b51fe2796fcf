#!/usr/bin/env python3
"""Samples from a Hugging Face directory with Hugging Face's own code: the text on stdout, ready for
check.py --unfinished. Stops at the end token, in a dialogue also before the next "Instruct:"."""
import argparse
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = ["Once upon a time", "One sunny day,", "Long ago,", "Tom was a", "There once was a"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="Hugging Face directory")
    parser.add_argument("-p", "--prompt", action="append", help="default: several story prompts")
    parser.add_argument("-i", "--instruct", action="append", help="a question, in Phi-2's format")
    parser.add_argument("-n", type=int, default=450, help="new tokens at most (default 450)")
    parser.add_argument("--samples", type=int, default=4, help="samples of each prompt")
    parser.add_argument("--temp", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32).eval()
    prompts = list(args.prompt or [])
    prompts += ["Instruct: %s\nOutput:" % text.replace("\\n", "\n") for text in args.instruct or []]
    for prompt in prompts or PROMPTS:
        ids = tokenizer([prompt] * args.samples, return_tensors="pt")
        with torch.no_grad():
            out = model.generate(**ids, max_new_tokens=args.n, do_sample=True, top_k=0, top_p=1.0,
                                 temperature=args.temp, pad_token_id=tokenizer.eos_token_id)
        for row in out:
            begin = ids.input_ids.shape[1]
            tail = row[begin:].tolist()
            ended = tokenizer.eos_token_id in tail
            tail = tail[:tail.index(tokenizer.eos_token_id)] if ended else tail
            text = tokenizer.decode(tail)
            if prompt.startswith("Instruct:") and "\nInstruct:" in text:
                text, ended = text[:text.index("\nInstruct:")], True
            sys.stdout.write(prompt + text + ("\n\n" if ended else " [cut]\n\n"))
            sys.stderr.write("%d new tokens, %d words, %s\n" % (
                len(tail), len((prompt + text).split()), "ended" if ended else "cut"))


if __name__ == "__main__":
    main()
