"""Makes tests/data/splits and tests/golden/ids of byte-level BPE with other rules than GPT-2's.

usage: make_splits.py --data                          tests/data/splits, what the tests convert
       make_splits.py [NAME ...]                      tests/golden/ids/splits-NAME.txt of these
       make_splits.py --real DIR [--strings N] [NAME ...]    tests/golden/ids/real/NAME.txt of DIR/NAME
(versions: tests/requirements.txt; for --real also --shared DIR, see make_token_ids.py)

All tokenizers of tests/data/splits have one vocabulary. It was learnt from the generators' texts,
each as one word, so that there are merges across every place where a rule may split: a split too
many or too few is seen in the ids. Of its merges a tenth is left out, their tokens stay. NAME.json
is the beginning of a tokenizer.json, bytes.json (the tokens of 21 bytes, which some do without)
and vocabulary.json follow.

The sections of a file are those of make_token_ids.py, and

  vocabulary   of --real: the bytes of the model's own tokens, by id, and how many rows there are
  points       the code points of two planes, each in a string with all that may stand beside it
  rows         all code points, 256 a string
  splits       strings rich in what rules split at
"""
import argparse
import json
import os
import sys

import make_token_ids
from make_token_ids import EACH, HERE, MASK, SPLIT, STAND_INS, File, Random, generated, hash_all, many
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.models import BPE, WordLevel
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.trainers import BpeTrainer
from transformers import AutoTokenizer, logging

os.environ["TOKENIZERS_PARALLELISM"] = "true"
COUNTS = {"strings": 200, "splits": 100, "code": 10, "decode": 10, "sequences": 10, "bytes": 20}
REAL_COUNTS = {"strings": 1000, "splits": 50, "code": 20, "decode": 20, "sequences": 20,
               "bytes": 50}
make_token_ids.STREAMS["splits"] = 7
DATA = os.path.join(HERE, "data", "splits")
TOKENS = 2040  # with the 21 bytes, which come last


# ---- what the generator adds: test_texts.c has the same ----------------------------------------

QUOTES = ["'", "'", "'", "\u2019", "''", " '"]
ENDS = ["s", "S", "\u017f", "t", "T", "d", "D", "m", "M", "re", "RE", "rE", "Re", "ve", "VE", "Ve",
        "ll", "LL", "lL", "l", "r", "v", "e", "\u212a", "sa", "S1"]
DIGITS = [0x30, 0x30, 0x30, 0xB2, 0x660, 0x966, 0x2160, 0x2460, 0xFF10, 0x1D7CE]
BLANKS = [" ", " ", " ", "  ", "\t", "\r", "\n", "\n", "\r\n", "\u00a0", "\u3000", "\u2028",
          "\x0b", "\x0c", "\x85", "\u200b"]
BEHIND = ["/", "//", "\n", "\r\n", "/\n", "\n/", "/a", "\\", " ", "a"]
SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\u20ac\u00a7\u00ab\u00a3\u00ac\u2019\u3001\uff01\u2500"
LETTERS = [(0x41, 26), (0x41, 26), (0x61, 26), (0x61, 26), (0x61, 26), (0x1C4, 9), (0x2B0, 9),
           (0x5D0, 27), (0x300, 16), (0x3041, 86), (0x410, 64), (0x130, 2), (0x1E9E, 1),
           (0x10A0, 38), (0x1F88, 8), (0x10400, 80), (0xE01, 58), (0x4E00, 64)]
BASES = [(0x61, 26), (0x41, 26), (0x3B1, 25), (0x415, 32), (0x304B, 32), (0x915, 37), (0x5D0, 27),
         (0xC0, 64), (0x1EA0, 90), (0x1100, 19), (0xAC00, 28)]
ACCENTS = [0x300, 0x301, 0x302, 0x303, 0x304, 0x307, 0x308, 0x30C, 0x323, 0x327, 0x328, 0x331,
           0x338, 0x345, 0x3099, 0x309A, 0x5BC, 0x93C, 0xFE0F, 0x20E3, 0x1161, 0x11A8]
EDGES = [(0x1B8, 16), (0x290, 8), (0x2AC, 8), (0x370, 16), (0x1F5C, 8), (0x1F7A, 8), (0x1FD0, 14),
         (0x2100, 80), (0x7FC, 8), (0x4DF8, 16), (0x9FA0, 16), (0xABFC, 8), (0xD7A0, 96),
         (0x3038, 16), (0x3098, 16), (0x30F8, 16), (0xFEFC, 8), (0xFF00, 16), (0xFF18, 16),
         (0xFF38, 40), (0x2014, 16), (0x2FFC, 8), (0x10448, 16), (0x118D8, 16), (0x1E93C, 16)]
COMPOSED = [0x212B, 0x2126, 0x340, 0x341, 0x343, 0x344, 0x374, 0x37E, 0x387, 0x958, 0x95F, 0x9DC,
            0xF43, 0xF73, 0xF75, 0xF81, 0x1F71, 0x1FBE, 0x1FEF, 0x2000, 0x2001, 0x2329, 0x2ADC,
            0xF900, 0xFA0E, 0xFB1D, 0xFB2C, 0xFB4E, 0x1D15E, 0x1D160, 0x1D1BB, 0x2F800, 0x2FA1D,
            0x226E, 0x1E9B, 0x4E00]
NAMED = ["<left>", " <left>", "<E\u0301>", "<right>", "<right> ", "<right>\n ", "<word>", "a<word>",
         " <word>", "<word>1", "<caf\u00e9>", "<cafe\u0301>", "<|im_start|>", "<|im_end|>",
         "<|begin|>", "1zq", " zq", "zqs", "     ", "\u00e9<word>", "<|endoftext|>\u0301"]


def of_ranges(ranges):
    def draw(r):
        first, count = ranges[r.draw(len(ranges))]
        return chr(first + r.draw(count))
    return draw


def of_list(texts):
    return lambda r: texts[r.draw(len(texts))]


def digit(r):
    return chr(DIGITS[r.draw(len(DIGITS))] + r.draw(10))


def one_script(r):
    first = DIGITS[r.draw(len(DIGITS))]
    return many(r, 7, lambda r: chr(first + r.draw(10)))


def accented(r):
    return of_ranges(BASES)(r) + many(r, 3, lambda r: chr(ACCENTS[r.draw(len(ACCENTS))]))


def jamo(r):
    text = chr(0x1100 + r.draw(19)) + chr(0x1161 + r.draw(21))
    return text + chr(0x11A7 + r.draw(28)) if r.draw(2) else text


def split_piece(r):
    kind = r.draw(20)
    if kind < 2:
        return of_list(QUOTES)(r) + of_list(ENDS)(r)
    if kind < 5:
        return many(r, 6, of_ranges(LETTERS))
    if kind == 5:
        return one_script(r)
    if kind == 6:
        return many(r, 4, digit)
    if kind < 10:
        return many(r, 4, of_list(BLANKS))
    if kind < 12:
        return many(r, 4, of_list(SIGNS)) + of_list(BEHIND)(r)
    if kind == 12:
        return many(r, 3, accented)
    if kind == 13:
        return many(r, 3, jamo)
    if kind == 14:
        return many(r, 4, of_ranges(EDGES))
    if kind == 15:
        return many(r, 3, lambda r: chr(COMPOSED[r.draw(len(COMPOSED))]))
    if kind == 16:
        return of_list(NAMED)(r)
    if kind < 19:
        return (" " if r.draw(2) else "") + make_token_ids.word(r)
    return make_token_ids.piece(r)


def split_string(r):
    return many(r, 8, split_piece)


# ---- the small tokenizers ----------------------------------------------------------------------

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
BLANK = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
WORD = r"|[^\r\n\p{L}\p{N}]?\p{L}+"
UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"
LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
OPENING = r"[^\r\n\p{L}\p{N}]?"
MODERN = r"| ?[^\s\p{L}\p{N}]+[\r\n]*" + BLANK
SLASHED = r"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + BLANK
LLAMA3 = CONTRACTIONS + WORD + r"|\p{N}{1,3}" + MODERN
QWEN2 = CONTRACTIONS + WORD + r"|\p{N}" + MODERN
CASED = OPENING + UPPER + "*" + LOWER + "+%s|" + OPENING + UPPER + "+" + LOWER + "*%s"
GPT4O = CASED % (CONTRACTIONS + "?", CONTRACTIONS + "?") + r"|\p{N}{1,3}" + SLASHED
TEKKEN = CASED % ("", "") + r"|\p{N}" + SLASHED
DEEPSEEK3 = (r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+"""
             "|[^\r\n" r"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[" "\r\n]*" + BLANK)
CJK = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
WIDE = r"\s?[!-/:-~" "\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"
ALPHABETS = [  # DeepSeek LLM's letters, first and last
    0x41, 0x5A, 0x61, 0x7A, 0xB5, 0xB5, 0xC0, 0xD6, 0xD8, 0xF6, 0xF8, 0x1BA, 0x1BC, 0x1BF, 0x1C4,
    0x293, 0x295, 0x2AF, 0x370, 0x373, 0x376, 0x376, 0x377, 0x377, 0x37B, 0x37D, 0x37F, 0x37F,
    0x386, 0x386, 0x388, 0x38A, 0x38C, 0x38C, 0x38E, 0x3A1, 0x3A3, 0x3F5, 0x3F7, 0x481, 0x48A,
    0x52F, 0x531, 0x556, 0x10A0, 0x10C5, 0x13A0, 0x13F5, 0x13F8, 0x13FD, 0x1C90, 0x1CBA, 0x1CBD,
    0x1CBF, 0x1D00, 0x1D2B, 0x1D6B, 0x1D77, 0x1D79, 0x1D9A, 0x1E00, 0x1F15, 0x1F18, 0x1F1D,
    0x1F20, 0x1F45, 0x1F48, 0x1F4D, 0x1F50, 0x1F57, 0x1F59, 0x1F59, 0x1F5B, 0x1F5B, 0x1F5D,
    0x1F5D, 0x1F5F, 0x1F7D, 0x1F80, 0x1FB4, 0x1FB6, 0x1FBC, 0x1FBE, 0x1FBE, 0x1FC2, 0x1FC4,
    0x1FC6, 0x1FCC, 0x1FD0, 0x1FD3, 0x1FD6, 0x1FDB, 0x1FE0, 0x1FEC, 0x1FF2, 0x1FF4, 0x1FF6,
    0x1FFC, 0x2102, 0x2102, 0x2107, 0x2107, 0x210A, 0x2113, 0x2115, 0x2115, 0x2119, 0x211D,
    0x2124, 0x2124, 0x2126, 0x2126, 0x2128, 0x2128, 0x212A, 0x212D, 0x212F, 0x2134, 0x2139,
    0x2139, 0x213C, 0x213F, 0x2145, 0x2149, 0x214E, 0x214E, 0x2183, 0x2183, 0x2184, 0x2184,
    0x2C00, 0x2C7B, 0x2C7E, 0x2CE4, 0x2CEB, 0x2CEE, 0x2CF2, 0x2CF2, 0x2CF3, 0x2CF3, 0xA640,
    0xA66D, 0xA680, 0xA69B, 0xA722, 0xA76F, 0xA771, 0xA787, 0xA78B, 0xA78E, 0xAB70, 0xABBF,
    0xFB00, 0xFB06, 0xFB13, 0xFB17, 0xFF21, 0xFF3A, 0xFF41, 0xFF5A, 0x10400, 0x1044F, 0x104B0,
    0x104D3, 0x104D8, 0x104FB, 0x10C80, 0x10CB2, 0x10CC0, 0x10CF2, 0x118A0, 0x118DF, 0x1E900,
    0x1E943]


def alphabets():
    text = ""
    for first, last in zip(ALPHABETS[::2], ALPHABETS[1::2]):
        text += chr(first) + ("-" + chr(last) if first != last else "")
    return r"\s?[" + text + "]+"


def regex(pattern, behavior="Isolated"):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior,
            "invert": behavior == "Removed"}


def byte_level(use_regex=False):
    return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
            "use_regex": use_regex}


def digits(each):
    return {"type": "Digits", "individual_digits": each}


def sequence(*parts):
    return {"type": "Sequence", "pretokenizers": list(parts)}


def added(content, special=False, **flags):
    token = {"id": 0, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": special}
    token.update(flags)
    return token


USUAL = [added("<|endoftext|>", True), added("<|extratoken_1|>"), added("<|extratoken_22|>")]
BEGIN = added("<|begin|>", True)
ALONE = added("zq", single_word=True)
CHAT = [added("<|im_start|>", True), added("<|im_end|>", True), added("<cafe\u0301>",
                                                                       normalized=True)]
ODD = [added("<left>", lstrip=True, normalized=True), added("<right>", True, rstrip=True),
       added("<word>", single_word=True, normalized=True),
       added("<cafe\u0301>", normalized=True, lstrip=True, rstrip=True), added("<E\u0301>")]
SPACES = [added(" " * n, normalized=True) for n in range(24, 1, -1)]
NFC = {"type": "NFC"}
NONE = {"type": "Sequence", "normalizers": []}
NEWLINES = regex("[\r\n]")
DEEPSEEK = [digits(True), byte_level()]

# pre_tokenizer, added tokens, and what else differs: normalizer, before and after (added tokens
# around a text), bytes (False: 21 have no token), and options of the model
VARIANTS = {
    "llama3": (sequence(regex(LLAMA3), byte_level()), USUAL + [BEGIN, ALONE],
               {"before": "<|begin|>", "ignore_merges": True}),
    "qwen2": (sequence(regex(QWEN2), byte_level()), USUAL + CHAT,
              {"normalizer": NFC, "after": "<|endoftext|>"}),
    "gpt4o": (sequence(regex(GPT4O, "Removed"), byte_level()), USUAL + [ALONE], {}),
    "tekken": (sequence(regex(TEKKEN), byte_level()), USUAL + [BEGIN, ALONE],
               {"before": "<|begin|>", "ignore_merges": True}),
    "deepseek-v3": (sequence(regex(r"\p{N}{1,3}"), regex("[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"),
                             regex(DEEPSEEK3), byte_level()), USUAL + [BEGIN],
                    {"normalizer": NONE, "before": "<|begin|>"}),
    "deepseek-llm": (sequence(NEWLINES, regex(alphabets()), regex(WIDE), regex(r"\s+$"),
                              regex(CJK), *DEEPSEEK), USUAL, {"normalizer": NONE}),
    "deepseek-coder": (sequence(NEWLINES, regex(r"\s?\p{L}+"), regex(r"\s?\p{P}+"), regex(CJK),
                                *DEEPSEEK), USUAL, {"normalizer": NONE}),
    "digits": (sequence(digits(True), byte_level(True)), USUAL, {"bytes": False}),
    "falcon": (sequence({"type": "Punctuation", "behavior": "Contiguous"}, byte_level(True),
                        digits(False), regex("[0-9][0-9][0-9]")), USUAL,
               {"bytes": False, "unk_token": "?"}),
    "fused": (sequence(digits(False), byte_level(True), digits(True)), USUAL,
              {"bytes": False, "unk_token": "?", "fuse_unk": True}),
    "neox": (byte_level(True), USUAL + ODD + SPACES, {"normalizer": NFC}),
}
MISSING = [0x04, 0x06, 0x13, 0x14, 0x16, 0x1D, 0xC0, 0xC1, 0xF1, 0xF2] + list(range(0xF5, 0x100))
PRINTABLE = [b for b in range(256) if 33 <= b <= 126 or b >= 161 and b != 173]
CODES = {b: chr(b) for b in PRINTABLE}
CODES.update({b: chr(256 + i) for i, b in enumerate(b for b in range(256) if b not in PRINTABLE)})
OF_CODES = {code: b for b, code in CODES.items()}


def corpus():
    for i in range(6000):
        yield split_string(Random(make_token_ids.STREAMS["splits"], 1 << 24 | i))
    for i in range(2000):
        yield make_token_ids.unicode_string(Random(1, 1 << 24 | i))
    for i in range(400):
        yield make_token_ids.code_string(Random(2, 1 << 24 | i))


def learn():
    """The tokens in order, and the merges that stay."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.train_from_iterator(corpus(), BpeTrainer(
        vocab_size=TOKENS + 256, max_token_length=12, initial_alphabet=sorted(CODES.values()),
        show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    missing = {CODES[b] for b in MISSING}
    names = {token["content"] for _, tokens, _ in VARIANTS.values() for token in tokens}
    tokens = [CODES[b] for b in range(256) if b not in MISSING]
    merges = [pair for pair in model["merges"] if not missing & set("".join(pair))
              and not names & {"".join(pair), *pair}]
    texts = list(dict.fromkeys("".join(pair) for pair in merges))[:TOKENS - 256]
    merges = [pair for pair in merges if "".join(pair) in texts]
    tokens += texts
    parts = {part for pair in merges for part in pair}
    last = [i for i, pair in enumerate(merges) if "".join(pair) not in parts]
    left_out = set(last[::max(1, 10 * len(last) // len(merges))])
    return tokens, [pair for i, pair in enumerate(merges) if i not in left_out]


def dump(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def processor(before, after, ids):
    if not before and not after:
        return dict(byte_level(True), trim_offsets=False)
    around = [{"SpecialToken": {"id": token, "type_id": 0}} if token else None
              for token in (before, after)]
    single = [part for part in (around[0], {"Sequence": {"id": "A", "type_id": 0}}, around[1])
              if part]
    pair = [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}]
    special = {token: {"id": token, "ids": [ids[token]], "tokens": [token]}
               for token in (before, after) if token}
    return {"type": "Sequence", "processors": [dict(byte_level(True), trim_offsets=False), {
        "type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}]}


def head(pre_tokenizer, tokens, rest):
    first = TOKENS if rest.get("bytes", True) else TOKENS - len(MISSING)
    tokens = [dict(token, id=first + i) for i, token in enumerate(tokens)]
    model = {"type": "BPE", "dropout": None, "unk_token": rest.get("unk_token"),
             "continuing_subword_prefix": None, "end_of_word_suffix": None,
             "fuse_unk": rest.get("fuse_unk", False), "byte_fallback": False,
             "ignore_merges": rest.get("ignore_merges", False)}
    value = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens,
             "normalizer": rest.get("normalizer"), "pre_tokenizer": pre_tokenizer,
             "post_processor": processor(rest.get("before"), rest.get("after"),
                                         {token["content"]: token["id"] for token in tokens}),
             "decoder": byte_level(True), "model": model}
    return dump(value)[:-2] + ',"vocab":{\n'


def write_data():
    os.makedirs(DATA, exist_ok=True)
    tokens, merges = learn()
    parts = {"bytes": "".join("%s:%d,\n" % (dump(CODES[b]), len(tokens) + i)
                              for i, b in enumerate(MISSING)),
             "vocabulary": ",\n".join("%s:%d" % (dump(token), i)
                                      for i, token in enumerate(tokens)) +
             '},"merges":[\n' + ",\n".join(dump(" ".join(pair)) for pair in merges) + "]}}\n"}
    parts.update((name, head(*variant)) for name, variant in VARIANTS.items())
    for name, text in parts.items():
        with open(os.path.join(DATA, name + ".json"), "w", encoding="utf-8") as f:
            f.write(text)
    if len(tokens) + len(MISSING) != TOKENS:
        sys.exit("make_splits.py: %d tokens" % (len(tokens) + len(MISSING)))


def tokenizer_json(name):
    files = [name, "bytes", "vocabulary"] if VARIANTS[name][2].get("bytes", True) else \
        [name, "vocabulary"]
    text = ""
    for file in files:
        with open(os.path.join(DATA, file + ".json"), encoding="utf-8") as f:
            text += f.read()
    return text


# ---- the oracle --------------------------------------------------------------------------------

class Oracle:
    def __init__(self, name, tokenizer):
        self.name = name
        self.hf = tokenizer
        self.words = {}
        for i, token in tokenizer.get_added_tokens_decoder().items():
            if tokenizer.token_to_id(token.content) != i:
                sys.exit("make_splits.py: %s: %s is not %d" % (name, token.content, i))
        self.prepare_bytes()

    def ids(self, texts):
        return [encoding.ids for encoding in self.hf.encode_batch_fast(texts)]

    def decode(self, ids):
        return self.hf.decode(ids, skip_special_tokens=False).encode("utf-8")

    def cutter(self, value, normalized):
        """Cuts out the added tokens of one pass; whatever else there is is token 0."""
        cutter = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
        ids = {}
        for token in value["added_tokens"]:
            if token["normalized"] != normalized:
                continue
            content = token["content"]
            content = self.normalize(content) if normalized else content
            add = cutter.add_special_tokens if token["special"] else cutter.add_tokens
            add([AddedToken(content, single_word=token["single_word"], lstrip=token["lstrip"],
                            rstrip=token["rstrip"], normalized=False)])
            ids[cutter.token_to_id(content)] = token["id"]
        return cutter, ids

    def prepare_bytes(self):
        """Hugging Face's own cutting, splitting and merging, one after the other."""
        value = json.loads(self.hf.to_str())
        normalizer = self.hf.normalizer
        self.normalize = normalizer.normalize_str if normalizer else lambda text: text
        self.cutters = [self.cutter(value, False), self.cutter(value, True)]
        part = value["pre_tokenizer"]
        parts = part["pretokenizers"] if part["type"] == "Sequence" else [part]
        at = [part["type"] for part in parts].index("ByteLevel")
        shown = parts[:at] + ([regex(SPLIT)] if parts[at]["use_regex"] else [])
        self.split = self.pre_tokenizer(shown)
        self.split_bytes = self.pre_tokenizer(parts[at + 1:])
        around = self.hf.encode("").ids
        bare = self.hf.encode("a", add_special_tokens=False).ids
        whole = self.hf.encode("a").ids
        at = next((i for i in range(len(around) + 1) if whole[i:i + len(bare)] == bare), 0)
        self.around = whole[:at], whole[at + len(bare):]

    def pre_tokenizer(self, parts):
        value = json.loads(Tokenizer(BPE()).to_str())
        value["pre_tokenizer"] = sequence(*parts)
        pre_tokenizer = Tokenizer.from_str(json.dumps(value)).pre_tokenizer
        if not parts:
            return lambda text: [text] if text else []
        return lambda text: [piece for piece, _ in pre_tokenizer.pre_tokenize_str(text)]

    def word(self, data):
        if data not in self.words:
            pieces = self.split_bytes("".join(CODES[b] for b in data))
            self.words[data] = [t.id for piece in pieces for t in self.hf.model.tokenize(piece)]
        return self.words[data]

    def cut(self, which, text):
        """(id of an added token, None) and (None, text) in turn"""
        cutter, ids = self.cutters[which]
        encoding = cutter.encode(text)
        for token, (start, end) in zip(encoding.ids, encoding.offsets):
            yield (ids[token], None) if token else (None, text[start:end])

    def ids_of_bytes(self, data):
        """Each byte that Python cannot decode is a stand-in of private use, which belongs to no
        class and composes with nothing, and itself again in the words."""
        text = data.decode("utf-8", "surrogateescape")
        base = STAND_INS
        while any(base <= ord(c) < base + 256 for c in text):
            base += 256
        text = "".join(chr(base + ord(c) - 0xDC00) if 0xDC80 <= ord(c) <= 0xDCFF else c
                       for c in text)
        back = {base + b: chr(0xDC00 + b) for b in range(0x80, 0x100)}
        ids = list(self.around[0])
        for token, part in self.cut(0, text):
            if part is None:
                ids.append(token)
                continue
            for inner, stretch in self.cut(1, self.normalize(part)):
                if stretch is None:
                    ids.append(inner)
                    continue
                for piece in self.split(stretch):
                    ids += self.word(piece.translate(back).encode("utf-8", "surrogateescape"))
        return ids + list(self.around[1])


def check_reference(oracle):
    """On valid text the second way must be Hugging Face's."""
    for kind, make in (("strings", make_token_ids.unicode_string), ("splits", split_string)):
        texts = [make(Random(make_token_ids.STREAMS[kind], i)) for i in range(5000)]
        for text, ids in zip(texts, oracle.ids(texts)):
            if oracle.ids_of_bytes(text.encode("utf-8")) != ids:
                sys.exit("make_splits.py: %s: the reference for bytes fails on %a" %
                         (oracle.name, text))


# ---- sections ----------------------------------------------------------------------------------

def characters(start, count):
    return [chr(c) for c in range(start, start + count) if not 0xD800 <= c < 0xE000]


def points():
    for start in range(0, 0x20000, 4096):
        yield ["%s %sa%sb  %s's%s%s1%s\n" % ((c,) * 7) for c in characters(start, 4096)]


def rows():
    for start in range(0, 0x110000, 0x10000):
        yield ["".join(characters(row, 256)) for row in range(start, start + 0x10000, 256)]


def other_sections(oracle, file, counts):
    check_reference(oracle)
    hashes = []
    for texts in generated("splits", split_string, counts["decode"]):
        hashes.append(hash_all(oracle.decode(ids) for ids in oracle.ids(texts)))
    file.section("decode", EACH, hashes)
    tokens = oracle.hf.get_vocab_size(with_added_tokens=True) + 100
    file.section("tokens", tokens, [])
    hashes = []
    for ids in generated("sequences", lambda r: make_token_ids.sequence(r, tokens),
                         counts["sequences"]):
        hashes.append(hash_all(map(oracle.decode, ids)))
    file.section("sequences", EACH, hashes)
    hashes = []
    for texts in generated("bytes", make_token_ids.byte_string, counts["bytes"]):
        hashes.append(hash_all(map(oracle.ids_of_bytes, texts)))
    file.section("bytes", EACH, hashes)
    print("%s: reference and bytes" % oracle.name, flush=True)


def vocabulary_section(oracle, file):
    vocabulary = sorted(oracle.hf.get_vocab(with_added_tokens=False).items(), key=lambda t: t[1])
    own = {token["content"] for token in json.loads(oracle.hf.to_str())["added_tokens"]}
    texts = [[i] + ([OF_CODES[c] for c in text] if all(c in OF_CODES for c in text)
                    else list(text.encode("utf-8"))) for text, i in vocabulary if text not in own]
    file.section("vocabulary", max(oracle.hf.get_vocab(with_added_tokens=True).values()) + 1,
                 [hash_all(texts)])


def read_borders():
    with open(os.path.join(HERE, "golden", "ids", "borders.txt"), encoding="ascii") as f:
        make_token_ids.BORDERS.extend(int(line, 16) for line in f)


def open_all(args):
    if not args.real:
        names = args.names or list(VARIANTS)
        for name in names:
            yield Oracle("splits-" + name, Tokenizer.from_str(tokenizer_json(name)))
        return
    names = args.names or sorted(os.listdir(args.real))
    for name in names:
        place = os.path.join(args.real, name)
        if os.path.exists(os.path.join(place, "tokenizer.json")):
            yield Oracle(name, AutoTokenizer.from_pretrained(place)._tokenizer)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", default=os.path.join(HERE, "..", "..", "shared", "data"))
    parser.add_argument("--out", default=os.path.join(HERE, "golden", "ids"))
    parser.add_argument("--data", action="store_true")
    parser.add_argument("--real", metavar="DIR")
    parser.add_argument("--strings", type=int, metavar="N", help="thousands of strings of --real")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    if tokenizers.__version__ != "0.22.2":
        sys.exit("make_splits.py: tokenizers is %s, not 0.22.2" % tokenizers.__version__)
    logging.set_verbosity_error()
    read_borders()
    if args.data:
        write_data()
        return
    out = os.path.join(args.out, "real") if args.real else args.out
    counts = dict(REAL_COUNTS, strings=args.strings or REAL_COUNTS["strings"]) if args.real \
        else COUNTS
    os.makedirs(out, exist_ok=True)
    seen = [next(generated("strings", lambda r: make_token_ids.unicode_string(r).encode(), 1)),
            next(generated("code", lambda r: make_token_ids.code_string(r).encode(), 1)),
            next(generated("bytes", make_token_ids.byte_string, 1)),
            next(generated("splits", lambda r: split_string(r).encode(), 1))]
    texts = [("points", 4096, list(points())), ("rows", 256, list(rows()))]
    for kind, make in (("splits", split_string), ("code", make_token_ids.code_string),
                       ("strings", make_token_ids.unicode_string)):
        texts.append((kind, EACH, list(generated(kind, make, counts[kind]))))
    for oracle in open_all(args):
        file = File(os.path.join(out, oracle.name + ".txt"))
        file.section("generator", EACH, [hash_all(texts) for texts in seen])
        if args.real:
            vocabulary_section(oracle, file)
        other_sections(oracle, file, counts)
        for name, each, blocks in texts:
            make_token_ids.id_sections([oracle], [file], name, each, blocks)
        if args.real:
            text_sections(oracle, file, os.path.join(args.shared, "text"))


def text_sections(oracle, file, directory):
    name = make_token_ids.TEXTS[0]
    with open(os.path.join(directory, name), "rb") as f:
        data = f.read()
    lines = data.decode("utf-8").split("\n")
    lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    file.section("text:" + name, 1, [hash_all([data]),
                                     hash_all(oracle.ids([data.decode("utf-8")]))])
    file.section("lines:" + name, EACH, [hash_all(oracle.ids(lines[i:i + EACH]))
                                         for i in range(0, len(lines), EACH)])


if __name__ == "__main__":
    main()
