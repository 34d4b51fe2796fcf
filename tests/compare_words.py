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

HERE = os.path.dirname(os.path.abspath(__file__))
BATCH = 20000
STREAM = 7
SPECIAL = ["[MASK]", "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[mask]", "##", "##ing", "[MASK", "MASK]"]
RANGES = [  # where something happens to characters: first, count
    (0x300, 0x70), (0x300, 0x70), (0x345, 1), (0x334, 5), (0x59A, 0x30), (0x610, 0x50),
    (0x8D0, 0x30), (0x93C, 1), (0x94D, 1), (0x9BC, 0x20), (0xB3C, 0x20), (0xCBC, 0x12),
    (0xD3E, 0x1A), (0xDCA, 0x16), (0xF71, 0x18), (0x1B05, 0x40), (0x1BAA, 1), (0x1BF2, 2),
    (0x1DC0, 0x40), (0x302A, 6), (0x302E, 2), (0x3099, 2), (0xA953, 1), (0xA9C0, 1),
    (0x1109A, 0x21), (0x11340, 0x20), (0x11442, 5), (0x114B9, 10), (0x115B8, 8), (0x16FF0, 2),
    (0x1D157, 0x20), (0x1D1B9, 8), (0x1E000, 0x2B), (0x1E944, 7), (0xC0, 0x140), (0x130, 2),
    (0x1E00, 0x100), (0x1F00, 0x100), (0x2126, 6), (0x212A, 2), (0x37E, 10), (0x1FEF, 1),
    (0x10A0, 0x30), (0x1C80, 0x40), (0x13A0, 0x60), (0xAB70, 0x50), (0x10400, 0x50),
    (0xAC00, 11172), (0x1100, 0x100), (0x4E00, 0x5200), (0x4E00, 0x100), (0x2B720, 0x200),
    (0x2B918, 16), (0x2CEA0, 0x20), (0xF900, 0x200), (0x2F800, 0x220), (0, 0x20), (0x7F, 0x21),
    (0xAD, 1), (0x200B, 0x20), (0x2028, 8), (0xFEFF, 1), (0xFFF9, 7), (0x2000, 12), (0x3000, 4),
    (0xE000, 2), (0xE0001, 0x7F), (0x61, 26), (0x61, 26), (0x41, 26), (0x20, 1), (0x20, 16)]


def hostile(r):
    text = ""
    for _ in range(1 + r.draw(12)):
        if r.draw(12) == 0:
            text += SPECIAL[r.draw(len(SPECIAL))]
            continue
        first, count = RANGES[r.draw(len(RANGES))]
        repeat = 1 + (r.draw(110) if r.draw(60) == 0 else r.draw(3))
        for _ in range(repeat):
            c = first + r.draw(count)
            text += chr(c) if not 0xD800 <= c < 0xE000 else ""
    return text


def make(number):
    r = Random(STREAM, number)
    text = hostile(r) if number % 2 else unicode_string(r)
    return [text, hostile(r) if r.draw(2) else unicode_string(r)] if number % 10 == 9 else text


def bytes_before(text):
    sums, at = [0], 0
    for c in text:
        at += 1 if c < "\x80" else 2 if c < "\u0800" else 3 if c < "\U00010000" else 4
        sums.append(at)
    return sums


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
