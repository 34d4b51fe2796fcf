#!/usr/bin/env python3
"""Makes tests/golden/ids of encoders' tokenizers, WordPiece and RoBERTa's byte-level BPE, as
make_token_ids.py those of decoders.

usage: make_words.py [--shared DIR] [--out DIR] [--variants] [NAME ...]

--variants writes tests/data/words-* and roberta*, small tokenizers that between them have every
option that the converter takes. NAME is one of NAMES, of which those that begin with "bert" are real ones in DIR;
the cased one, which lies there without a configuration, gets do_lower_case: false. A hash is of the
ids, types, parts (0: added, 1: the text, 2: the pair) and byte offsets of all tokens, of RoBERTa's
also their words (0: added, else from 1 on). Sections, of which RoBERTa's have neither bytes nor
those of decoding, and other words in their hostile strings:

  generator    the generated strings themselves, random and hostile ones
  strings      random Unicode strings, those of make_token_ids.py
  hostile      strings of characters to which something happens
  pairs        pairs of both
  cut          each text or pair cut to a random length, longest first, and its whole length
  alone        all code points, each a string; blocks of 16,384 code points
  inside       the same between "a" and "b"
  bytes        strings that are not UTF-8: each bad byte is U+FFFD
  decode       decoded ids of `hostile`
  sequences    decoded random ids, below the number after "tokens"
  text:FILE    of FILE: its bytes, then its tokens; lines:FILE its lines' tokens
"""
import argparse
import json
import os
import shutil
import sys
import tempfile

import make_encoders
import make_token_ids
from make_token_ids import EACH, HERE, STREAMS, File, Random, byte_string, hash_all, unicode_string
import tokenizers
from transformers import AutoTokenizer, BertTokenizerFast, RobertaTokenizerFast, logging

NAMES = ["wordpiece", "words-odd", "words-bare", "words-lower", "words-cased", "roberta",
         "roberta-odd", "bert-base-uncased", "bert-base-cased"]
TEXTS = ["wikitext-2-test.tokens.txt", "wikitext-2-valid.tokens.txt"]
COUNTS = {"strings": 40, "hostile": 60, "pairs": 20, "cut": 20, "bytes": 20, "decode": 20,
          "sequences": 20}
STREAMS.update({"hostile": 7, "pairs": 8, "cut": 9})
BLOCK = 16384


# ---- what the generator adds: test_words.c has the same ----------------------------------------

SPECIAL = ["[MASK]", "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[mask]", "##", "##ing", "[MASK", "MASK]",
           "Foo", "FOO", "foo", "<left>", " <left> ", "<right>", " <right> ", "<Word>", " <word> ",
           "[tag]", " [tag] ", "\u00c9a", "e\u0301a", "\u4e2d", "a\u4e2db", "##zz", "<own>", "n't"]
BYTE_SPECIAL = ["<mask>", " <mask>", "  <mask> ", "<s>", "</s>", "<unk>", "<pad>", "<e>", " <e> ",
                " the", "\u0120the", " ", "  ", "\n\n", "'s", "\u3000", "12 ", "Foo", "FOO", " x"]
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


special = SPECIAL  # of the tokenizer at hand


def hostile(r):
    text = []
    for _ in range(1 + r.draw(12)):
        if r.draw(6) == 0:
            text.append(special[r.draw(len(special))])
            continue
        first, count = RANGES[r.draw(len(RANGES))]
        most = 110 if r.draw(60) == 0 else 3
        for _ in range(1 + r.draw(most)):
            text.append(chr(first + r.draw(count)))
    return "".join(text)


def either(r):
    return hostile(r) if r.draw(2) else unicode_string(r)


def pair(r):
    first = either(r)
    return [first, either(r)]


def text_or_pair(r):
    return either(r) if r.draw(3) == 0 else pair(r)


# ---- the oracle --------------------------------------------------------------------------------

def bytes_before(text, bad=""):
    """Where each character begins in bytes; those of `bad` are one byte."""
    sums, at = [0], 0
    for c in text:
        at += 1 if c < "\x80" or c in bad else len(c.encode("utf-8"))
        sums.append(at)
    return sums


def spans(encoding, places):
    """(id, type, part, start, end) of all tokens, in bytes; RoBERTa's with the word after the part."""
    result = []
    for token, kind, part, word, (start, end) in zip(encoding.ids, encoding.type_ids,
                                                     encoding.sequence_ids, encoding.word_ids,
                                                     encoding.offsets):
        own = () if special is SPECIAL else (0 if word is None else word + 1,)
        if part is None:
            result.append((token, kind, 0) + own + (0, 0))
        else:
            result.append((token, kind, part + 1) + own + (places[part][start],
                                                           places[part][end]))
    return result


def source(name, shared):
    if name.startswith("bert"):
        return os.path.join(shared, "tokenizers", name)
    return os.path.join(HERE, "data", name)


def load(name, shared):
    directory = source(name, shared)
    if name != "bert-base-cased":
        return AutoTokenizer.from_pretrained(directory)
    with tempfile.TemporaryDirectory() as copy:
        shutil.copy(os.path.join(directory, "vocab.txt"), copy)
        with open(os.path.join(copy, "tokenizer_config.json"), "w") as file:
            json.dump({"do_lower_case": False}, file)
        return BertTokenizerFast.from_pretrained(copy)


class Oracle:
    def __init__(self, name, shared):
        self.hf = load(name, shared)
        self.rust = self.hf._tokenizer

    def tokens(self, items):
        """Texts, or lists of a text and its pair."""
        encodings = self.rust.encode_batch([tuple(i) if isinstance(i, list) else i
                                            for i in items])
        return [spans(e, [bytes_before(part) for part in (i if isinstance(i, list) else [i])])
                for i, e in zip(items, encodings)]

    def cut(self, item, limit):
        items = item if isinstance(item, list) else [item]
        whole = len(self.rust.encode(*items))
        self.rust.enable_truncation(limit, strategy="longest_first")
        encoding = self.rust.encode(*items)
        self.rust.no_truncation()
        return spans(encoding, [bytes_before(part) for part in items]) + [(whole,)]

    def bytes(self, data):
        text = data.decode("utf-8", "surrogateescape")
        bad = [c for c in text if 0xDC80 <= ord(c) <= 0xDCFF]
        places = bytes_before(text, bad)
        shown = "".join("\ufffd" if c in bad else c for c in text)
        return spans(self.rust.encode(shown), [places])

    def decode(self, ids):
        return self.hf.decode(ids, clean_up_tokenization_spaces=False).encode("utf-8")


# ---- sections ----------------------------------------------------------------------------------

def flat(tokens):
    return [number for token in tokens for number in token]


def generated(kind, make):
    for start in range(0, COUNTS[kind] * EACH, EACH):
        yield [make(Random(STREAMS[kind], i)) for i in range(start, start + EACH)]


def hash_texts(oracle, texts):
    return hash_all(map(flat, oracle.tokens(texts)))


def code_points(form):
    for start in range(0, 0x110000, BLOCK):
        yield [form % chr(c) for c in range(start, start + BLOCK) if not 0xD800 <= c < 0xE000]


def cut_section(oracle):
    for start in range(0, COUNTS["cut"] * EACH, EACH):
        lists = []
        for number in range(start, start + EACH):
            r = Random(STREAMS["cut"], number)
            item = text_or_pair(r)
            least = 3 if special is SPECIAL else 4
            lists.append(flat(oracle.cut(item, least + r.draw(40))))
        yield hash_all(lists)


def decode_sections(oracle, file):
    hashes, tokens = [], len(oracle.hf) + 20
    for number, texts in enumerate(generated("hostile", hostile)):
        if number < COUNTS["decode"]:
            ids = [[token[0] for token in tokens] for tokens in oracle.tokens(texts)]
            hashes.append(hash_all(map(oracle.decode, ids)))
    file.section("decode", EACH, hashes)
    file.section("tokens", tokens, [])
    sequences = generated("sequences", lambda r: [r.draw(tokens) for _ in range(r.draw(24))])
    file.section("sequences", EACH, [hash_all(map(oracle.decode, ids)) for ids in sequences])


def text_sections(oracle, file, directory):
    for name in TEXTS:
        with open(os.path.join(directory, name), "rb") as f:
            data = f.read()
        lines = data.decode("utf-8").split("\n")
        lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
        file.section("text:" + name, 1, [hash_all([data]),
                                         hash_texts(oracle, [data.decode("utf-8")])])
        file.section("lines:" + name, EACH, [hash_texts(oracle, lines[i:i + EACH])
                                             for i in range(0, len(lines), EACH)])


def write(name, args):
    global special
    special = BYTE_SPECIAL if name.startswith("roberta") else SPECIAL
    oracle = Oracle(name, args.shared)
    file = File(os.path.join(args.out, name + ".txt"))
    seen = [hash_all(text.encode("utf-8") for text in next(generated("strings", unicode_string))),
            hash_all(text.encode("utf-8") for text in next(generated("hostile", hostile)))]
    file.section("generator", EACH, seen)
    for kind, make in ("strings", unicode_string), ("hostile", hostile), ("pairs", pair):
        file.section(kind, EACH, [hash_texts(oracle, texts) for texts in generated(kind, make)])
    file.section("cut", EACH, list(cut_section(oracle)))
    for kind, form in ("alone", "%s"), ("inside", "a%sb"):
        file.section(kind, BLOCK, [hash_texts(oracle, texts) for texts in code_points(form)])
    if not name.startswith("roberta"):
        file.section("bytes", EACH, [hash_all(flat(oracle.bytes(data)) for data in block)
                                     for block in generated("bytes", byte_string)])
        decode_sections(oracle, file)
    text_sections(oracle, file, os.path.join(args.shared, "text"))
    print(name, flush=True)


# ---- the small tokenizers ----------------------------------------------------------------------

WHOLE = ("the of and to in is un able foo bar Foo the_ x. ... 's n't 're ' ## # - . , ? ! [ ] < > / "
         "\u00e9 \u00e9a \u00fc \u4e2d \u56fd \u4e00 \ud55c \u1112 \u1100 i \u0130 \u03b1 \u0434 "
         "\U0001d157 \u302e \u0307 <own>").split(" ")
WITHIN = ("the ing er ed s able believ \u00e9 \u00fc \u0301 \u0307 \u302e \u1161 \u11a8 \u11ab \u56fd "
          "\u03b1 \u03b2 \u0434 \u09be \U0001d165 \U0001d16e \u05d0 \ufffd").split(" ")


def small_vocabulary():
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(c) for c in range(0x21, 0x7F)]
    for token in letters + ["##" + c for c in letters if c.isalnum()] + WHOLE + [
            "##" + piece for piece in WITHIN]:
        if token not in tokens:
            tokens.append(token)
    return tokens


def added(content, number, **flags):
    usual = dict(single_word=False, lstrip=False, rstrip=False, normalized=True, special=False)
    return dict(dict(id=number, content=content), **dict(usual, **flags))


def small_json(tokens, tokens_added, normalizer, processor=None, longest=100, cleanup=True):
    special = [added(t, i, normalized=False, special=True) for i, t in enumerate(tokens[:5])]
    pieces = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}},
              {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
              {"Sequence": {"id": "B", "type_id": 1}},
              {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
    template = {"type": "TemplateProcessing", "single": pieces[:3], "pair": pieces,
                "special_tokens": {t: {"id": t, "ids": [tokens.index(t)], "tokens": [t]}
                                   for t in ("[CLS]", "[SEP]")}}
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": special + tokens_added,
            "normalizer": dict({"type": "BertNormalizer"}, **normalizer),
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": processor or template,
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": cleanup},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": longest,
                      "vocab": {t: i for i, t in enumerate(tokens)}}}


def write_json(name, file, value):
    directory = os.path.join(HERE, "data", name)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, file), "w", encoding="utf-8", newline="\n") as out:
        json.dump(value, out, ensure_ascii=True, indent=None)
        out.write("\n")


def normalizer(clean, cjk, strip, lower):
    return {"clean_text": clean, "handle_chinese_chars": cjk, "strip_accents": strip,
            "lowercase": lower}


def write_variants():
    tokens, plain = small_vocabulary(), {"tokenizer_class": "PreTrainedTokenizerFast"}

    def several(contents):
        """Added tokens: those that the vocabulary does not have get the ids behind it."""
        new = [content for content in contents if content not in tokens]
        return [added(c, len(tokens) + new.index(c) if c in new else tokens.index(c), **flags)
                for c, flags in contents.items()]

    write_json("words-odd", "tokenizer.json", small_json(
        tokens, several({"Foo": {}, "FOO": {"special": True}, "foo": {}, "<left>": {"lstrip": True},
                         "<right>": {"rstrip": True}, "<Word>": {"single_word": True},
                         "\u00c9a": {}, "##zz": {"normalized": False},
                         "[tag]": {"normalized": False, "lstrip": True, "rstrip": True}}),
        normalizer(True, True, None, True),
        {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, longest=12))
    write_json("words-odd", "tokenizer_config.json", dict(plain, mask_token="[MASK]"))
    write_json("words-bare", "tokenizer.json", small_json(
        tokens, several({"\u4e2d": {}, "a\u4e2db": {}, "FOO": {}, "e\u0301a": {}}),
        normalizer(False, True, True, False), cleanup=False))
    write_json("words-bare", "tokenizer_config.json", dict(plain, unk_token="[UNK]"))
    write_json("words-cased", "tokenizer.json", small_json(
        tokens, several({"Foo": {}, "FOO": {}, "<own>": {}}), normalizer(True, True, None, True)))
    write_json("words-cased", "tokenizer_config.json",
               {"tokenizer_class": "DistilBertTokenizer", "do_lower_case": False,
                "strip_accents": False, "model_max_length": 1000000000000000019884624838656})
    write_json("words-lower", "tokenizer_config.json",
               {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "strip_accents": False,
                "tokenize_chinese_chars": False, "model_max_length": 77, "cls_token": "[CLS]",
                "mask_token": {"__type": "AddedToken", "content": "[MASK]", "lstrip": True,
                               "rstrip": False, "normalized": False, "single_word": False}})
    write_json("words-lower", "special_tokens_map.json", {"pad_token": "[PAD]"})
    lines = tokens[:40] + ["", tokens[20]] + tokens[40:]
    write_json("words-lower", "added_tokens.json", {"<own>": lines.index("<own>"),
                                                    "Foo": lines.index("Foo")})
    with open(os.path.join(HERE, "data", "words-lower", "vocab.txt"), "w", encoding="utf-8",
              newline="") as out:
        out.write("\r\n".join(lines))


def write_roberta():
    """That of bpe2048 with the special tokens around it, from vocab.json; and a smaller one from
    tokenizer.json, with a prefix space and added tokens."""
    with open(os.path.join(HERE, "data", "bpe2048", "vocab.json"), encoding="utf-8") as file:
        old = json.load(file)
    tokens = ["<s>", "<pad>", "</s>", "<unk>"] + sorted(old, key=old.get) + ["<mask>"]
    write_json("roberta", "vocab.json", {t: i for i, t in enumerate(tokens)})
    write_json("roberta", "tokenizer_config.json", {"tokenizer_class": "RobertaTokenizer"})
    shutil.copy(os.path.join(HERE, "data", "bpe2048", "merges.txt"),
                os.path.join(HERE, "data", "roberta"))
    with tempfile.TemporaryDirectory() as directory:
        make_encoders.save_byte_vocabulary(directory, 283, 512)
        odd = json.loads(RobertaTokenizerFast.from_pretrained(directory)._tokenizer.to_str())
    for number, (content, flags) in enumerate({
            "<e>": dict(lstrip=True, rstrip=True), " x": {}, "\u0120the": dict(normalized=False),
            "\u3000": dict(rstrip=True), "12 ": dict(lstrip=True), "Foo": dict(single_word=True),
            "FOO": dict(special=True)}.items()):
        at = odd["model"]["vocab"].get(content, 283 + number - (number > 2))
        odd["added_tokens"].append(added(content, at, **flags))
    write_json("roberta-odd", "tokenizer.json", odd)
    write_json("roberta-odd", "tokenizer_config.json", {
        "tokenizer_class": "RobertaTokenizer", "add_prefix_space": True,
        "clean_up_tokenization_spaces": True})


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", default=os.path.join(HERE, "..", "..", "shared", "data"))
    parser.add_argument("--out", default=os.path.join(HERE, "golden", "ids"))
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME", default=NAMES)
    args = parser.parse_args()
    if tokenizers.__version__ != "0.22.2":
        sys.exit("make_words.py: tokenizers is %s, not 0.22.2" % tokenizers.__version__)
    logging.set_verbosity_error()
    if args.variants:
        write_variants()
        write_roberta()
    with open(os.path.join(HERE, "golden", "ids", "borders.txt")) as file:
        make_token_ids.BORDERS.extend(int(line, 16) for line in file)
    for name in args.names:
        write(name, args)


if __name__ == "__main__":
    main()
