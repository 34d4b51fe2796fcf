"""Makes tests/golden/ids of the SentencePiece tokenizers, as make_token_ids.py those of byte-level BPE.

usage: make_sentencepiece.py [--shared DIR] [--out DIR] [--variants] [NAME ...]

--variants writes tests/data/pieces-*, small tokenizers derived from pieces512, and two of Gemma's
form that are trained on the generator's strings: between them they have every option that the
converter takes. NAME is a key of SOURCES below. The sections of a file
are those of make_token_ids.py, and

  marks        strings with special tokens, U+2581 and bytes written out
  mixed        decoded ids of which many are bytes and special tokens

An id stands for each byte that is not UTF-8. Decoded ids are Hugging Face's text. The slow
tokenizers are transformers' own LlamaTokenizer, which sees no tokenizer.json.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile

import make_token_ids
from make_token_ids import EACH, HERE, File, hash_all, generated, code_points
import tokenizers
from sentencepiece import sentencepiece_model_pb2 as sentencepiece_model
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import (GemmaTokenizerFast, LlamaTokenizer, LlamaTokenizerFast,
                          PreTrainedTokenizerFast, logging)

COUNTS = {"strings": 1000, "marks": 100, "code": 20, "decode": 100, "sequences": 100,
          "mixed": 100, "bytes": 50}
make_token_ids.STREAMS.update({"marks": 5, "mixed": 6})
FAST, SLOW, PLAIN = LlamaTokenizerFast, LlamaTokenizer, PreTrainedTokenizerFast
GEMMA = GemmaTokenizerFast

# the class, and the files in the directory that it reads: a name alone lies in tests/data/NAME
JSON = ["tokenizer.json", "tokenizer_config.json"]
MODEL = ["tokenizer.model", "tokenizer_config.json"]
SOURCES = {
    "pieces512": (FAST, "pieces512", JSON),
    "pieces-slow": (SLOW, "pieces-slow", MODEL),
    "pieces-new": (SLOW, "pieces-new", MODEL),
    "pieces-odd": (SLOW, "pieces-odd", MODEL + ["added_tokens.json"]),
    "pieces-first": (FAST, "pieces-first", JSON),
    "pieces-words": (PLAIN, "pieces-words", JSON),
    "pieces-gemma": (GEMMA, "pieces-gemma", JSON),
    "pieces-gemma-plain": (PLAIN, "pieces-gemma-plain", JSON),
    "llama": (FAST, "tokenizers/llama", JSON + ["special_tokens_map.json"]),
    "llama-slow": (SLOW, "tokenizers/llama", MODEL + ["special_tokens_map.json"]),
    "llama-new": (SLOW, "tokenizers/llama", MODEL + ["special_tokens_map.json"]),
    "orca-2": (SLOW, "tokenizers/orca-2", ["tokenizer.model", "added_tokens.json"]),
    "stories260K": (FAST, "models/stories260K/hf", JSON),
    "stories260K-slow": (SLOW, "models/stories260K/hf", MODEL),
    "tinystory2048": (PLAIN, "tokenizers/tinystory2048", ["tokenizer.json"]),
}


# ---- what the generator adds: test_texts.c has the same ----------------------------------------

MARKS = ["<s>", "</s>", "<unk>", "[PAD]", "<|im_start|>", "<|im_end|>", " <s>", "</s> ", " </s> ",
         " <unk> ", "\u2581", "\u2581\u2581", "\u2581 ", " \u2581", "\u2581<s>", " ", "  ", "   ",
         "<0x0A>", "<0x", "<s", "<|im_", "\n", "\n\n", " \n", "((", "<tag>", " <tag>", "<odd>",
         " <odd> ", "<left>", " <left> ", "<right>", " <right> ", "<word>", " <word> ",
         "<|start_story|>", " <|end_story|>", "\x1c", "\u3000", "\0"]


def marked_string(r):
    return make_token_ids.many(r, 8, lambda r: MARKS[r.draw(len(MARKS))] if r.draw(2)
                         else make_token_ids.piece(r))


def mixed(r, tokens):
    ids = []
    for _ in range(r.draw(12)):
        kind = r.draw(6)
        if kind == 0:
            ids.append(r.draw(3))
        elif kind == 1:
            ids.append(r.draw(262))
        elif kind == 2:
            ids.append(tokens - 1 - r.draw(12))
        elif kind == 3:
            ids.append(r.draw(tokens))
        else:
            text = make_token_ids.any_code(r).encode("utf-8")
            ids += [3 + b for b in text[:1 + r.draw(len(text))]]
    return ids


# ---- variants of pieces512 ---------------------------------------------------------------------

def added(content, number, **flags):
    token = {"id": number, "content": content, "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False, "special": False}
    token.update(flags)
    return token


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, separators=(",", ":"))
        f.write("\n")


def model_variant(data, name, change, config, plain=None):
    """A directory with a changed tokenizer.model."""
    out = os.path.join(data, name)
    os.makedirs(out, exist_ok=True)
    model = sentencepiece_model.ModelProto()
    with open(os.path.join(data, "pieces512", "tokenizer.model"), "rb") as f:
        model.ParseFromString(f.read())
    change(model)
    with open(os.path.join(out, "tokenizer.model"), "wb") as f:
        f.write(model.SerializeToString(deterministic=True))
    write_json(os.path.join(out, "tokenizer_config.json"), config)
    if plain:
        write_json(os.path.join(out, "added_tokens.json"), plain)


def make_odd(model):
    """No bytes, so that there are unknown characters; pieces of the user; equal scores; a dummy
    prefix, and pieces in which a space follows something else."""
    for piece in list(model.pieces):
        if piece.type == piece.BYTE:
            model.pieces.remove(piece)
        elif piece.type == piece.NORMAL and piece.score > -1e8:
            piece.score = -float(int(-piece.score) // 4)
    model.trainer_spec.byte_fallback = False
    for text in ["<tag>", "\u2581<tag>", "\n\n", "((", "ab", "xa", "\u2581\u2581\u2581"]:
        model.pieces.add(piece=text, score=0.0, type=model.SentencePiece.USER_DEFINED)
    for text, score in [("e\u2581", -3.0), ("d\u2581", -9.0), ("aa", -2.0), ("aaa", -1.0),
                        ("aaaa", -2.0), ("ea", -1e30), ("\u2581the\u2581", -6.0)]:
        model.pieces.add(piece=text, score=score)


def json_variant(data, name, config, change):
    out = os.path.join(data, name)
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(data, "pieces512", "tokenizer.json"), encoding="utf-8") as f:
        value = json.load(f)
    change(value)
    write_json(os.path.join(out, "tokenizer.json"), value)
    write_json(os.path.join(out, "tokenizer_config.json"), config)


def make_first(value):
    """As newer versions write it, with every flag of an added token."""
    value["normalizer"] = None
    value["pre_tokenizer"] = {"type": "Metaspace", "replacement": "\u2581",
                              "prepend_scheme": "first", "split": False}
    value["added_tokens"] += [
        added("<left>", 512, lstrip=True), added("<right>", 513, rstrip=True, special=True),
        added("<word>", 514, single_word=True), added("<odd>", 515, normalized=True),
        added("a <tag>", 516, normalized=True), added("((", 517, lstrip=True, rstrip=True,
                                                       normalized=True)]


def make_words(value):
    """As older versions write it: a word ends at each space. No bytes, and each unknown character
    counts; nothing is put before a text, and a text is decoded with its first space."""
    value["normalizer"] = None
    value["pre_tokenizer"] = {"type": "Metaspace", "replacement": "\u2581",
                              "add_prefix_space": True}
    value["decoder"]["decoders"] = value["decoder"]["decoders"][:3]
    value["post_processor"] = None
    model = value["model"]
    model["fuse_unk"] = False
    keep = [text for text in model["vocab"] if not text.startswith("<0x")]
    model["vocab"] = {text: i for i, text in enumerate(keep)}
    value["added_tokens"] += [added(" <odd>", len(keep)), added("<left>", len(keep) + 1)]


def train_gemma():
    """The vocabulary and merges of Gemma's form: its special tokens, tokens of the user, bytes, then
    what is merged, runs of spaces and newlines too."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("\u2581*[^\u2581\n]+|\u2581+|\n+"),
                                                   "isolated")
    texts = [text for make in (make_token_ids.code_string, make_token_ids.unicode_string)
             for text in next(generated("code", make, 1))]
    texts += ["a  b   c    d\n\n\n\ne ", " ".join(make_token_ids.WORDS)] * 40
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=560, limit_alphabet=120, show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    first = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>",
             "\n\n", "\n\n\n", "\u2581\u2581", "\u2581\u2581\u2581", "<table>", "<h1>"]
    first += ["<0x%02X>" % b for b in range(256)]
    pieces = first + [text for text in model["vocab"] if text not in first]
    return {text: i for i, text in enumerate(pieces)}, model["merges"]


def write_gemma(data, name, config, change):
    vocabulary, merges = train_gemma()
    specials = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"]
    bos = {"id": "<bos>", "ids": [2], "tokens": ["<bos>"]}
    value = {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(text, i, special=text in specials)
                         for text, i in vocabulary.items() if i < 13],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "},
                          "behavior": "MergedWithPrevious", "invert": False},
        "post_processor": {"type": "TemplateProcessing",
                           "single": [{"SpecialToken": {"id": "<bos>", "type_id": 0}},
                                      {"Sequence": {"id": "A", "type_id": 0}}],
                           "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                                    {"Sequence": {"id": "B", "type_id": 1}}],
                           "special_tokens": {"<bos>": bos}},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>",
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                  "vocab": vocabulary, "merges": merges}}
    change(value)
    out = os.path.join(data, name)
    os.makedirs(out, exist_ok=True)
    write_json(os.path.join(out, "tokenizer.json"), value)
    write_json(os.path.join(out, "tokenizer_config.json"), config)


def make_gemma_plain(value):
    """Without a pre_tokenizer, merges as lines, a token behind a text, and another added token."""
    value["pre_tokenizer"] = None
    value["model"]["merges"] = [" ".join(pair) for pair in value["model"]["merges"]]
    processor = value["post_processor"]
    processor["single"].append({"SpecialToken": {"id": "<eos>", "type_id": 0}})
    processor["special_tokens"]["<eos>"] = {"id": "<eos>", "ids": [1], "tokens": ["<eos>"]}
    count = len(value["model"]["vocab"])
    value["added_tokens"] += [added("a <tag>", count, normalized=True),
                              added(" <odd>", count + 1, rstrip=True)]


def write_variants():
    data = os.path.join(HERE, "data")
    base = {"tokenizer_class": "LlamaTokenizer", "clean_up_tokenization_spaces": False}
    model_variant(data, "pieces-slow", lambda model: None, base)
    flags = {"single_word": False, "normalized": False, "__type": "AddedToken"}
    decoder = {"0": "<unk>", "1": "<s>", "2": "</s>"}
    decoder = {k: dict(flags, content=v, lstrip=False, rstrip=False, special=True)
               for k, v in decoder.items()}
    decoder["512"] = dict(flags, content="<left>", lstrip=True, rstrip=False, special=False)
    decoder["513"] = dict(flags, content="<right>", lstrip=False, rstrip=True, special=True)
    decoder["514"] = dict(flags, content="<|im_start|>", lstrip=False, rstrip=False, special=True)
    model_variant(data, "pieces-new", lambda model: None, dict(
        base, legacy=False, add_eos_token=True, added_tokens_decoder=decoder,
        additional_special_tokens=["<|im_start|>"]))
    model_variant(data, "pieces-odd", make_odd, dict(base, add_bos_token=False),
                  {"<odd>": 270, "<|im_end|>": 271})
    json_variant(data, "pieces-first", dict(base, add_eos_token=True, legacy=False), make_first)
    json_variant(data, "pieces-words", {"tokenizer_class": "PreTrainedTokenizerFast",
                                        "clean_up_tokenization_spaces": False}, make_words)
    write_gemma(data, "pieces-gemma", {"tokenizer_class": "GemmaTokenizer",
                                       "clean_up_tokenization_spaces": False}, lambda value: None)
    write_gemma(data, "pieces-gemma-plain", {"tokenizer_class": "PreTrainedTokenizerFast",
                                             "bos_token": "<bos>", "eos_token": "<eos>",
                                             "unk_token": "<unk>",
                                             "clean_up_tokenization_spaces": False},
                make_gemma_plain)


# ---- the oracle --------------------------------------------------------------------------------

class Oracle:
    def __init__(self, name, shared):
        self.name = name
        kind, place, files = SOURCES[name]
        place = os.path.join(shared if "/" in place else os.path.join(HERE, "data"), place)
        with tempfile.TemporaryDirectory() as directory:
            for file in files:
                shutil.copyfile(os.path.join(place, file), os.path.join(directory, file))
            if name == "llama-new":
                path = os.path.join(directory, "tokenizer_config.json")
                with open(path, encoding="utf-8") as f:
                    config = json.load(f)
                os.remove(path)
                write_json(path, dict(config, legacy=False))
            self.hf = kind.from_pretrained(directory)
        self.fast = kind is not SLOW
        first = self.hf.convert_tokens_to_ids("<0x00>")
        self.bytes = first is not None and self.hf.convert_ids_to_tokens(first) == "<0x00>"
        if self.bytes and self.hf.convert_tokens_to_ids(["<0x%02X>" % b for b in range(256)]) != \
                list(range(first, first + 256)):
            sys.exit("make_sentencepiece.py: %s: its bytes are not in order" % name)
        self.first_byte = first

    def ids(self, texts):
        return self.hf(texts, return_attention_mask=False).input_ids

    def decode(self, ids):
        return self.hf.decode(ids, clean_up_tokenization_spaces=False).encode("utf-8")

    def ids_of_bytes(self, texts):
        """A bad byte is a stand-in of private use, of which there are four bytes, then one."""
        shown, bases = [], []
        for data in texts:
            text = data.decode("utf-8", "surrogateescape")
            base = make_token_ids.STAND_INS
            while any(base <= ord(c) < base + 256 for c in text):
                base += 256
            bases.append(base)
            shown.append("".join(chr(base + ord(c) - 0xDC00) if 0xDC80 <= ord(c) <= 0xDCFF else c
                                 for c in text))
        all_ids = self.ids(shown)
        if not self.bytes:
            return all_ids
        return [self.unfold(ids, base) for ids, base in zip(all_ids, bases)]

    def unfold(self, ids, base):
        first, out, i = self.first_byte, [], 0
        while i < len(ids):
            part = [v - first for v in ids[i:i + 4]]
            if len(part) == 4 and all(0 <= v < 256 for v in part) and part[0] >= 0xF0:
                code = ord(bytes(part).decode("utf-8"))
                if base <= code < base + 256:
                    out.append(first + code - base)
                else:
                    out += ids[i:i + 4]
                i += 4
            else:
                out.append(ids[i])
                i += 1
        return out


# ---- sections ----------------------------------------------------------------------------------

def section(oracle, file, name, each, blocks):
    file.section(name, each, [hash_all(oracle.ids(texts)) if texts else hash_all([])
                              for texts in blocks])
    print("%s: %s" % (oracle.name, name), flush=True)


def decoded_sections(oracle, file):
    hashes = []
    for texts in generated("strings", make_token_ids.unicode_string, COUNTS["decode"]):
        hashes.append(hash_all(oracle.decode(ids) for ids in oracle.ids(texts)))
    file.section("decode", EACH, hashes)
    # the slow tokenizer refuses ids that are none
    tokens = len(oracle.hf) + (100 if oracle.fast else 0)
    file.section("tokens", tokens, [])
    for name, make in (("sequences", make_token_ids.sequence), ("mixed", mixed)):
        hashes = []
        for many in generated(name, lambda r: make(r, tokens), COUNTS[name]):
            hashes.append(hash_all(map(oracle.decode, many)))
        file.section(name, EACH, hashes)


def text_sections(oracle, file, directory):
    for name in make_token_ids.TEXTS:
        with open(os.path.join(directory, name), "rb") as f:
            data = f.read()
        text = data.decode("utf-8")
        lines = text.split("\n")
        lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
        file.section("text:" + name, 1, [hash_all([data]), hash_all(oracle.ids([text]))])
        file.section("lines:" + name, EACH, [hash_all(oracle.ids(lines[i:i + EACH]))
                                             for i in range(0, len(lines), EACH)])


def make_file(oracle, shared, path):
    file = File(path)
    file.section("generator", EACH, [hash_all(next(generated(*kind, 1))) for kind in (
        ("strings", lambda r: make_token_ids.unicode_string(r).encode("utf-8")),
        ("code", lambda r: make_token_ids.code_string(r).encode("utf-8")),
        ("bytes", make_token_ids.byte_string), ("marks", lambda r: marked_string(r).encode("utf-8")))])
    section(oracle, file, "marks", EACH, generated("marks", marked_string, COUNTS["marks"]))
    decoded_sections(oracle, file)
    file.section("bytes", EACH, [hash_all(oracle.ids_of_bytes(texts)) for texts in
                                 generated("bytes", make_token_ids.byte_string, COUNTS["bytes"])])
    text_sections(oracle, file, os.path.join(shared, "text"))
    section(oracle, file, "alone", 4096, code_points("%s"))
    section(oracle, file, "inside", 4096, code_points("a%sb"))
    section(oracle, file, "beside", 4096, code_points("  %s's"))
    section(oracle, file, "code", EACH, generated("code", make_token_ids.code_string, COUNTS["code"]))
    section(oracle, file, "strings", EACH,
            generated("strings", make_token_ids.unicode_string, COUNTS["strings"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", default=os.path.join(HERE, "..", "..", "shared", "data"))
    parser.add_argument("--out", default=os.path.join(HERE, "golden", "ids"))
    parser.add_argument("--variants", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    if tokenizers.__version__ != "0.22.2":
        sys.exit("make_sentencepiece.py: tokenizers is %s, not 0.22.2" % tokenizers.__version__)
    logging.set_verbosity_error()
    with open(os.path.join(HERE, "golden", "ids", "borders.txt"), encoding="ascii") as f:
        make_token_ids.BORDERS.extend(int(line, 16) for line in f)
    if args.variants:
        write_variants()
        return
    for name in args.names or SOURCES:
        make_file(Oracle(name, args.shared), args.shared, os.path.join(args.out, name + ".txt"))


if __name__ == "__main__":
    main()
