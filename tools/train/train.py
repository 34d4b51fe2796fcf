#!/usr/bin/env python3
"""Trains the bundled model: a Phi of 1.3 million parameters, on text generated as it goes.

The learning rate follows the clock, so that the run ends in --minutes however fast the machine is.
Every --checkpoint minutes the state is saved (--resume goes on from there) and a Hugging Face
directory is written to WORK/export. Start it as `nice -n 10`."""
import argparse
import json
import math
import os
import random
import shutil
import sys
import time

import torch
from transformers import AutoTokenizer, PhiConfig, PhiForCausalLM

import language

HERE = os.path.dirname(os.path.abspath(__file__))
TOKENIZER = os.path.join(HERE, "..", "..", "tests", "data", "bpe2048")
LENGTH = 512


def make_model(end):
    return PhiForCausalLM(PhiConfig(
        vocab_size=2048, hidden_size=128, intermediate_size=512, num_hidden_layers=4,
        num_attention_heads=4, max_position_embeddings=LENGTH, partial_rotary_factor=0.5,
        hidden_act="gelu_new",
        initializer_range=0.06, resid_pdrop=0.0, embd_pdrop=0.0, attention_dropout=0.0,
        tie_word_embeddings=False, bos_token_id=end, eos_token_id=end, use_cache=True))


def make_row(rng, tokenizer, end):
    """LENGTH + 1 ids that begin with a document; one row in four begins with the end token."""
    ids = [end] if rng.random() < 0.25 else []
    while len(ids) < LENGTH + 1:
        texts = [language.document(rng) for _ in range(2)]
        for one in tokenizer(texts, verbose=False).input_ids:
            ids += one + [end]
    return ids[:LENGTH + 1]


def rate(progress, peak):
    if progress < 0.02:
        return peak * (progress + 0.0005) / 0.0205
    return peak * 0.5 * (1.0 + math.cos(math.pi * min(1.0, (progress - 0.02) / 0.98)))


def export(model, tokenizer, work):
    """Write aside, then rename: a reader finds either the old directory or the new one."""
    out, aside, old = (os.path.join(work, n) for n in ("export", "export.new", "export.old"))
    for path in (aside, old):
        shutil.rmtree(path, ignore_errors=True)
    config = model.generation_config
    config.do_sample, config.temperature = True, 0.8
    model.save_pretrained(aside, safe_serialization=True)
    tokenizer.save_pretrained(aside)
    if os.path.isdir(out):
        os.rename(out, old)
    os.rename(aside, out)
    shutil.rmtree(old, ignore_errors=True)


def save(path, model, optimizer, rng, state):
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                "rng": rng.getstate(), "state": state}, path + ".new")
    os.replace(path + ".new", path)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True, help="directory for checkpoints and the export")
    parser.add_argument("--minutes", type=float, default=95.0, help="wall clock of the whole run")
    parser.add_argument("--checkpoint",
                        type=float, default=10.0, help="minutes between checkpoints")
    parser.add_argument("--batch", type=int, default=8, help="rows of %d tokens" % LENGTH)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true")
    return parser.parse_args()


def main():
    args = parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    os.makedirs(args.work, exist_ok=True)
    checkpoint = os.path.join(args.work, "checkpoint.pt")
    tokenizer = AutoTokenizer.from_pretrained(TOKENIZER)
    end = tokenizer.eos_token_id
    rng = random.Random(args.seed)
    model = make_model(end)
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.1},
                                   {"params": rest, "weight_decay": 0.0}],
                                  lr=args.lr, betas=(0.9, 0.98))
    state = {"step": 0, "elapsed": 0.0, "tokens": 0}
    if args.resume:
        saved = torch.load(checkpoint, weights_only=False)
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
        rng.setstate(saved["rng"])
        state = saved["state"]
    else:
        export(model, tokenizer, args.work)
    print("%d parameters" % sum(p.numel() for p in model.parameters()), flush=True)
    train(args, model, tokenizer, optimizer, rng, state, checkpoint)


def train(args, model, tokenizer, optimizer, rng, state, checkpoint):
    log = open(os.path.join(args.work, "loss.jsonl"), "a")
    end, budget = tokenizer.eos_token_id, args.minutes * 60.0
    before, start = state["elapsed"], time.monotonic()
    saved_at, total, count = before, 0.0, 0
    model.train()
    while state["elapsed"] < budget:
        rows = torch.tensor([make_row(rng, tokenizer, end) for _ in range(args.batch)])
        lr = rate(state["elapsed"] / budget, args.lr)
        for group in optimizer.param_groups:
            group["lr"] = lr
        logits = model(rows[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        state["step"] += 1
        state["tokens"] += rows[:, 1:].numel()
        state["elapsed"] = before + time.monotonic() - start
        total, count = total + loss.item(), count + 1
        if count == 50:
            line = dict(state, loss=round(total / count, 4), lr=round(lr, 6),
                        tps=round(state["tokens"] / state["elapsed"]))
            print(json.dumps(line), file=log, flush=True)
            print(json.dumps(line), file=sys.stderr, flush=True)
            total, count = 0.0, 0
        if state["elapsed"] - saved_at >= args.checkpoint * 60.0 or state["elapsed"] >= budget:
            saved_at = state["elapsed"]
            save(checkpoint, model, optimizer, rng, state)
            export(model, tokenizer, args.work)
    print("done: %s" % json.dumps(state), flush=True)


if __name__ == "__main__":
    main()
