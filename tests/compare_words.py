#!/usr/bin/env python3
"""Compares ids, token types and offsets of WordPiece with the pinned Hugging Face tokenizers.

usage: compare_words.py DIR MODEL.slm [--strings N] [--text FILE ...] [--slm-tokenize PROGRAM]

DIR is what MODEL.slm was converted from. N random strings (half of them hostile ones, each tenth a
pair), then the texts, whole and by lines. Prints the number of differences; exit status 1 if there
are any. Not run by `make test`, which compares hashes: it takes minutes.
"""
import argparse
import json
import os
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from transformers import AutoTokenizer

import make_token_ids
from make_token_ids import Random, unicode_string
from make_words import bytes_before, hostile

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 20000
STREAM = 10

def make(number):
    r = Random(STREAM, number)
    text = hostile(r) if number % 2 else unicode_string(r)
    return [text, hostile(r) if r.draw(2) else unicode_string(r)] if number % 10 == 9 else text


def expected(encoding, item):
    parts = [bytes_before(part) for part in (item if isinstance(item, list) else [item])]
    offsets = [[0, 0] if part is None else [parts[part][a], parts[part][b]]
               for part, (a, b) in zip(encoding.sequence_ids, encoding.offsets)]
    return {"ids": encoding.ids, "types": encoding.type_ids, "offsets": offsets}


def compare(hf, args, items, seconds):
    start = time.perf_counter()
    pairs = [tuple(item) if isinstance(item, list) else item for item in items]
    want = hf.encode_batch(pairs)
    seconds[0] += time.perf_counter() - start
    lines = "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)
    start = time.perf_counter()
    out = subprocess.run([args.slm_tokenize, args.model, "--jsonl", "--offsets"],
                         input=lines.encode("utf-8"), stdout=subprocess.PIPE, check=True).stdout
    seconds[1] += time.perf_counter() - start
    got, bad = out.splitlines(), 0
    if len(got) != len(items):
        sys.exit("compare_words.py: %d answers for %d texts" % (len(got), len(items)))
    for item, encoding, line in zip(items, want, got):
        right, ours = expected(encoding, item), json.loads(line)
        if right != ours:
            bad += 1
            if bad <= 3:
                print("%s\n  wants %s\n  has   %s" % (ascii(item), right, ours))
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory")
    parser.add_argument("model")
    parser.add_argument("--strings", type=int, default=1000000)
    parser.add_argument("--text", nargs="*", default=[])
    parser.add_argument("--slm-tokenize", default=os.path.join(HERE, "..", "build", "slm-tokenize"))
    args = parser.parse_args()
    with open(os.path.join(HERE, "golden", "ids", "borders.txt")) as file:
        make_token_ids.BORDERS.extend(int(line, 16) for line in file)
    hf = AutoTokenizer.from_pretrained(args.directory)._tokenizer
    bad, count, seconds = 0, 0, [0, 0]
    for start in range(0, args.strings, BATCH):
        items = [make(i) for i in range(start, min(start + BATCH, args.strings))]
        bad += compare(hf, args, items, seconds)
        count += len(items)
    print("%d random strings, %d differences" % (count, bad), flush=True)
    for name in args.text:
        with open(name, encoding="utf-8", newline="") as file:
            text = file.read()
        wrong = compare(hf, args, [text] + text.split("\n"), seconds)
        print("%s: %d differences" % (name, wrong), flush=True)
        bad += wrong
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
