"""Makes tests/golden/ids: hashes of the ids that Hugging Face's tokenizers give.

usage: make_token_ids.py [--shared DIR] [--out DIR] [NAME ...]    (versions: tests/requirements.txt)

NAME is phi-2, gpt-j-6b or gpt2 (DIR/tokenizers/NAME) or bpe2048 (tests/data). The texts come from
a generator that tests/test_texts.c has too, and from DIR/text. A file NAME.txt has sections "what
count each" of `count` hashes, each over `each` strings:

  generator    the generated strings themselves: if these differ, C and Python have diverged
  strings      random Unicode strings
  alone        all code points, each a string; blocks of 4,096 code points
  inside       the same between "a" and "b"
  beside       the same between two spaces and "'s", where a letter, a space and what is neither
               part the text differently
  code         what looks like program text
  decode       decoded ids of the first of `strings`
  sequences    decoded random ids, below the number after "tokens"
  bytes        strings that are not UTF-8: each bad byte is a character of its own, which is no
               letter, digit or space
  text:FILE    of FILE: its bytes, then its ids as one string; lines:FILE its lines' ids
"""
import argparse
import os
import sys

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tokenizers
from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from transformers import AutoTokenizer, GPT2TokenizerFast, logging

import make_unicode

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = ["phi-2", "gpt-j-6b", "gpt2", "bpe2048"]
TEXTS = ["wikitext-2-test.tokens.txt", "wikitext-2-valid.tokens.txt", "tinyshakespeare.txt"]
EACH = 1000
STAND_INS = 0x100000  # a plane of private use
COUNTS = {"strings": 1000, "code": 20, "decode": 100, "sequences": 100, "bytes": 50}
STREAMS = {"strings": 1, "code": 2, "sequences": 3, "bytes": 4}
MASK = (1 << 64) - 1
SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


# ---- the generator: test_texts.c has the same, in the same order -------------------------------

class Random:
    """splitmix64; a string's seed is its stream and its number."""

    def __init__(self, stream, number):
        self.state = stream << 32 | number

    def draw(self, n):
        self.state = z = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
        return ((z ^ z >> 31) >> 32) * n >> 32


WORDS = ("the of and to in is was he for it with as his on be at by had not are but from or have "
         "an they which one you were her all she there would their we him been has when who will "
         "more no if out so said what up its about into than them can only other new some could "
         "time these two may then do first any my now such like our over man me even most made "
         "return int void static const struct include define print self def class import lambda "
         "tokenizer language model unbelievable internationalization xyz qq Zz iPhone NASA").split()
SPACES = [0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2005, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F,
          0x205F, 0x3000, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x1F, 0x0D, 0x180E, 0x200B, 0x200C,
          0x200D, 0x2060, 0xFEFF]
LINES = ["\n", "\n\n", "\n\n\n", "\r\n", "\r", " \n", "\n ", "\n  ", "\t\n", "\n\t", " \n \n ",
         "\r\n\r\n"]
SHORT = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'Ve", "'M", "'LL", "'D",
         "'l", "'r", "'v", "'", "''", "\u2019s", "' s", "'e"]
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
SCRIPTS = [(0x100, 0x150), (0x250, 0x60), (0x370, 0x90), (0x400, 0x130), (0x530, 0x60),
           (0x590, 0x70), (0x600, 0x100), (0x660, 10), (0x700, 0x50), (0x780, 0x40),
           (0x900, 0x80), (0x980, 0x80), (0xA00, 0x80), (0xB80, 0x80), (0xC00, 0x80),
           (0xD80, 0x80), (0xE00, 0x80), (0xE80, 0x80), (0xF00, 0x100), (0x1000, 0xA0),
           (0x10A0, 0x60), (0x1100, 0x100), (0x1200, 0x180), (0x13A0, 0x60), (0x1400, 0x280),
           (0x1780, 0x80), (0x1800, 0xB0), (0x1E00, 0x100), (0x1F00, 0x100), (0x2000, 0x70),
           (0x2070, 0x30), (0x20A0, 0x30), (0x2100, 0x50), (0x2150, 0x40), (0x2190, 0x70),
           (0x2200, 0x100), (0x2460, 0xA0), (0x2500, 0x80), (0x2600, 0x100), (0x2800, 0x100),
           (0x2C00, 0x100), (0x3000, 0x40), (0x3040, 0x60), (0x30A0, 0x60), (0x3100, 0x30),
           (0x3200, 0x100), (0x3400, 0x19C0), (0x4E00, 0x5200), (0x4E00, 0x200), (0xA000, 0x490),
           (0xA640, 0x60), (0xA720, 0xE0), (0xAC00, 0x2BA4), (0xE000, 0x100), (0xF900, 0x200),
           (0xFB00, 0x50), (0xFB50, 0x2B0), (0xFE00, 0x30), (0xFF00, 0xF0), (0xFFF0, 16),
           (0x10000, 0x80), (0x10330, 0x20), (0x10900, 0x20), (0x11000, 0x80), (0x12000, 0x400),
           (0x13000, 0x430), (0x16A00, 0x40), (0x1D165, 0x40), (0x1D400, 0x400), (0x1E900, 0x60),
           (0x1F100, 0x100), (0x20000, 0xA6E0), (0x2F800, 0x220), (0x30000, 0x134B),
           (0xE0000, 0x200), (0xF0000, 0x100), (0x10FF00, 0x100)]
RUNS = [0x61, 0x20, 0x3D, 0x2D, 0x30, 0x0A, 0x09, 0x2A, 0x6F, 0x41, 0xE9, 0x4E2D, 0x1F600, 0xA0,
        0x3000, 0x301]
OPERATORS = ["=", " = ", " == ", "+", " + ", "-", "->", "++", "--", " += ", " && ", " || ", "!",
             "!=", "<", "<=", " << ", ">>", "*", " * ", "&", "(", ")", "()", "[", "]", "{", "}",
             "};", "),", ");", ";", ",", ", ", ".", "::", ":", ": ", "?", "%", "~", "^", " // ",
             "# ", "/* ", " */", "\"", "'", "\\n", "\\", "@", "$", "#include <", "'''", "=> "]
BAD = [b"\xC0\x80", b"\xC1\xBF", b"\xE0\x80\x80", b"\xE0\x9F\xBF", b"\xED\xA0\x80",
       b"\xED\xBF\xBF", b"\xED\xA0\xBD\xED\xB8\x80", b"\xF0\x80\x80\x80", b"\xF0\x8F\xBF\xBF",
       b"\xF4\x90\x80\x80", b"\xF5\x80\x80\x80", b"\xF8\x88\x80\x80\x80", b"\xFE", b"\xFF",
       b"\x80", b"\xBF\xBF", b"\xC3", b"\xE4\xB8", b"\xE4", b"\xF0\x9F\x98", b"\xF0\x9F", b"\xF0",
       b"\xA0", b"\xC2", b"\xE2\x80", b"\x85"]
BORDERS = []


def valid(c):
    return 0xE000 if 0xD800 <= c < 0xE000 else c


def word(r):
    w = WORDS[r.draw(len(WORDS))]
    style = r.draw(8)
    return w.upper() if style == 0 else w[0].upper() + w[1:] if style == 1 else w


def spaces(r):
    return 1 + r.draw(40) if r.draw(4) == 0 else 1 + r.draw(4)


def script(r):
    first, count = SCRIPTS[r.draw(len(SCRIPTS))]
    return "".join([chr(first + r.draw(count)) for _ in range(1 + r.draw(6))])


def any_code(r):
    c = r.draw(0x110000 - 0x800)
    return chr(c if c < 0xD800 else c + 0x800)


def emoji(r):
    text = chr(0x1F300 + r.draw(0x800))
    joint = r.draw(6)
    if joint == 0:
        text += "\u200d" + chr(0x1F300 + r.draw(0x800))
    elif joint == 1:
        text += "\ufe0f"
    elif joint == 2:
        text += chr(0x1F3FB + r.draw(5))
    return text


def added(r):
    which = r.draw(4)
    if which < 2:
        text = "<|endoftext|>"
    else:
        text = "<|extratoken_%d|>" % r.draw(150)
    if r.draw(4) == 0:
        text = text[:len(text) - 1 - r.draw(8)]
    return text


def border(r):
    return chr(valid(BORDERS[r.draw(len(BORDERS))] - r.draw(2)))


def marked(r):
    return chr(0x61 + r.draw(26)) + "".join([chr(0x300 + r.draw(0x70))
                                             for _ in range(1 + r.draw(3))])


def run(r):
    c = r.draw(20)
    text = chr(RUNS[c]) if c < len(RUNS) else any_code(r)
    return text * (2 + r.draw(100))


def many(r, most, make):
    return "".join([make(r) for _ in range(1 + r.draw(most))])


def piece(r):
    kind = r.draw(26)
    if kind < 6:
        return (" " if r.draw(4) else "") + word(r)
    if kind == 6:
        return many(r, 8, lambda r: chr(0x61 + r.draw(26)))
    if kind == 7:
        return " " * spaces(r)
    if kind == 8:
        return "\t" * (1 + r.draw(12))
    if kind == 9:
        return LINES[r.draw(len(LINES))]
    if kind == 10:
        return many(r, 6, lambda r: chr(0x30 + r.draw(10)))
    if kind == 11:
        return SHORT[r.draw(len(SHORT))]
    if kind < 14:
        return many(r, 4, lambda r: PUNCTUATION[r.draw(32)])
    if kind == 14:
        return many(r, 3, lambda r: chr(0x80 + r.draw(128)))
    if kind < 18:
        return script(r)
    if kind == 18:
        return many(r, 2, any_code)
    if kind == 19:
        return emoji(r)
    if kind == 20:
        return marked(r)
    if kind == 21:
        return many(r, 3, border)
    if kind == 22:
        return many(r, 3, lambda r: chr(SPACES[r.draw(len(SPACES))]))
    if kind == 23:
        return added(r)
    if kind == 24:
        return many(r, 3, lambda r: chr(r.draw(128)))
    return run(r)


def unicode_string(r):
    if r.draw(32) == 0:
        return ""
    return many(r, 6, piece)


def identifier(r):
    text = word(r)
    for _ in range(r.draw(3)):
        text += ("_" if r.draw(2) else "") + word(r)
    return text


def number(r):
    style = r.draw(3)
    if style == 0:
        return "%d" % r.draw(100000)
    if style == 1:
        return "0x%04X" % r.draw(0x1000000)
    return "%d.%de-%d" % (r.draw(10), r.draw(1000), r.draw(20))


def statement(r):
    kind = r.draw(10)
    if kind < 3:
        return identifier(r)
    if kind < 7:
        return OPERATORS[r.draw(len(OPERATORS))]
    if kind == 7:
        return number(r)
    if kind == 8:
        return " " * spaces(r)
    return " " + word(r)


def code_string(r):
    style = r.draw(4)
    end = "\n" if r.draw(6) else "\r\n"
    text = ""
    for _ in range(1 + r.draw(12)):
        depth = r.draw(10)
        mix = r.draw(9)
        text += (" " * (4 * depth) if style == 0 else " " * (2 * depth) if style == 1
                 else "\t" * depth + " " * (mix if style == 3 else 0))
        text += many(r, 10, statement) + end if r.draw(8) else end
    return text


def byte_string(r):
    if r.draw(8) == 0:
        return bytes([r.draw(256) for _ in range(r.draw(40))])
    text = bytearray(unicode_string(r).encode("utf-8"))
    for _ in range(1 + r.draw(6)):
        at = r.draw(len(text) + 1)
        edit = r.draw(6)
        if edit == 0:
            text[at:at] = bytes([r.draw(256)])
        elif edit == 1:
            text[at:at] = bytes([0x80 + r.draw(128)])
        elif edit == 2:
            text[at:at + 1] = b""
        elif edit < 5:
            text[at:at] = BAD[r.draw(len(BAD))]
        elif r.draw(4) == 0:
            del text[at:]
    return bytes(text)


def sequence(r, tokens):
    return [r.draw(tokens) for _ in range(r.draw(24))]


# ---- hashes ------------------------------------------------------------------------------------

def hash_all(lists):
    """Of numbers below 2^32 in lists; each list ends with 2^32 - 1."""
    h = 0xCBF29CE484222325
    for values in lists:
        for v in values:
            h = (h ^ v) * 0x9E3779B97F4A7C15 & MASK
            h ^= h >> 32
        h = (h ^ 0xFFFFFFFF) * 0x9E3779B97F4A7C15 & MASK
        h ^= h >> 32
    return h


class File:
    def __init__(self, path):
        self.file = open(path, "w", encoding="ascii")

    def section(self, name, each, hashes):
        self.file.write("%s %d %d\n" % (name, len(hashes), each))
        self.file.write("".join("%016x\n" % h for h in hashes))
        self.file.flush()


# ---- the oracle --------------------------------------------------------------------------------

class Oracle:
    def __init__(self, name, shared):
        self.name = name
        if name == "gpt2":  # two files and no configuration, as GPT-2 was published
            self.hf = GPT2TokenizerFast.from_pretrained(os.path.join(shared, "tokenizers", name))
        elif name == "bpe2048":
            self.hf = AutoTokenizer.from_pretrained(os.path.join(HERE, "data", name))
        else:
            self.hf = AutoTokenizer.from_pretrained(os.path.join(shared, "tokenizers", name))
        self.words = {}
        self.prepare_bytes()

    def ids(self, texts):
        return self.hf(texts, return_attention_mask=False).input_ids

    def decode(self, ids):
        return self.hf.decode(ids, clean_up_tokenization_spaces=False).encode("utf-8")

    def prepare_bytes(self):
        """Hugging Face's own cutting and splitting, with whole words for tokens."""
        self.cutter = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
        self.cutter.pre_tokenizer = Split(Regex(SPLIT), "isolated")
        self.added = {}
        for token in self.hf.added_tokens_decoder.items():
            add = self.cutter.add_special_tokens if token[1].special else self.cutter.add_tokens
            add([token[1]])
            self.added[self.cutter.token_to_id(token[1].content)] = token[0]
        printable = [b for b in range(256) if 33 <= b <= 126 or b >= 161 and b != 173]
        others = [b for b in range(256) if b not in printable]
        self.letters = {b: chr(b) for b in printable}
        self.letters.update({b: chr(256 + i) for i, b in enumerate(others)})

    def word(self, piece):
        if piece not in self.words:
            text = "".join(self.letters[b] for b in piece)
            self.words[piece] = [t.id for t in self.hf._tokenizer.model.tokenize(text)]
        return self.words[piece]

    def ids_of_bytes(self, data):
        """Each byte that Python cannot decode is a stand-in of private use, neither letter, digit
        nor space, while Hugging Face cuts the text, and itself again in the words."""
        text = data.decode("utf-8", "surrogateescape")
        base = STAND_INS
        while any(base <= ord(c) < base + 256 for c in text):
            base += 256
        shown = "".join(chr(base + ord(c) - 0xDC00) if 0xDC80 <= ord(c) <= 0xDCFF else c
                        for c in text)
        encoding = self.cutter.encode(shown)
        ids = []
        for token, (start, end) in zip(encoding.ids, encoding.offsets):
            if token:
                ids.append(self.added[token])
            else:
                ids += self.word(text[start:end].encode("utf-8", "surrogateescape"))
        return ids


def check_reference(oracle):
    """On valid text the second way must be Hugging Face's."""
    texts = [unicode_string(Random(STREAMS["strings"], i)) for i in range(20000)]
    for text, ids in zip(texts, oracle.ids(texts)):
        if oracle.ids_of_bytes(text.encode("utf-8")) != ids:
            sys.exit("make_token_ids.py: %s: the reference for bytes fails on %r" % (oracle.name, text))


# ---- sections ----------------------------------------------------------------------------------

def generated(kind, make, count):
    for start in range(0, count * EACH, EACH):
        yield [make(Random(STREAMS[kind], i)) for i in range(start, start + EACH)]


def code_points(form):
    for start in range(0, 0x110000, 4096):
        points = [c for c in range(start, start + 4096) if not 0xD800 <= c < 0xE000]
        yield [form % chr(c) for c in points]


def id_sections(oracles, files, name, each, blocks):
    hashes = [[] for _ in oracles]
    for number, texts in enumerate(blocks):
        for i, oracle in enumerate(oracles):
            hashes[i].append(hash_all(oracle.ids(texts)) if texts else hash_all([]))
        if number % 100 == 99:
            print("%s: %d" % (name, number + 1), flush=True)
    for file, values in zip(files, hashes):
        file.section(name, each, values)


def other_sections(oracle, file):
    check_reference(oracle)
    hashes = []
    for texts in generated("strings", unicode_string, COUNTS["decode"]):
        hashes.append(hash_all(oracle.decode(ids) for ids in oracle.ids(texts)))
    file.section("decode", EACH, hashes)
    tokens = len(oracle.hf) + 100
    file.section("tokens", tokens, [])
    hashes = []
    for ids in generated("sequences", lambda r: sequence(r, tokens), COUNTS["sequences"]):
        hashes.append(hash_all(map(oracle.decode, ids)))
    file.section("sequences", EACH, hashes)
    hashes = []
    for texts in generated("bytes", byte_string, COUNTS["bytes"]):
        hashes.append(hash_all(map(oracle.ids_of_bytes, texts)))
    file.section("bytes", EACH, hashes)


def text_sections(oracle, file, directory):
    for name in TEXTS:
        with open(os.path.join(directory, name), "rb") as f:
            data = f.read()
        text = data.decode("utf-8")
        lines = text.split("\n")
        lines = [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
        whole = oracle.ids([text])
        if oracle.decode(whole[0]) != data:
            sys.exit("make_token_ids.py: %s: decoding does not give %s" % (oracle.name, name))
        file.section("text:" + name, 1, [hash_all([data]), hash_all(whole)])
        file.section("lines:" + name, EACH, [hash_all(oracle.ids(lines[i:i + EACH]))
                                             for i in range(0, len(lines), EACH)])


def write_borders(path):
    """Where letters, numbers, spaces or characters of a word begin or end, as the library says."""
    flags = make_unicode.probe()
    if any(flags[STAND_INS:]):
        sys.exit("make_token_ids.py: the stand-ins for bad bytes have a class")
    BORDERS.extend(c for c in range(1, 0x110000)
                   if flags[c] != flags[c - 1] and not 0xD800 <= c <= 0xE000)
    with open(path, "w", encoding="ascii") as f:
        f.write("".join("%x\n" % c for c in BORDERS))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", default=os.path.join(HERE, "..", "..", "shared", "data"))
    parser.add_argument("--out", default=os.path.join(HERE, "golden", "ids"))
    parser.add_argument("names", nargs="*", metavar="NAME", default=NAMES)
    args = parser.parse_args()
    if tokenizers.__version__ != "0.22.2":
        sys.exit("make_token_ids.py: tokenizers is %s, not 0.22.2" % tokenizers.__version__)
    logging.set_verbosity_error()
    os.makedirs(args.out, exist_ok=True)
    write_borders(os.path.join(args.out, "borders.txt"))
    oracles = [Oracle(name, args.shared) for name in args.names]
    files = [File(os.path.join(args.out, name + ".txt")) for name in args.names]
    seen = [next(generated("strings", lambda r: unicode_string(r).encode("utf-8"), 1)),
            next(generated("code", lambda r: code_string(r).encode("utf-8"), 1)),
            next(generated("bytes", byte_string, 1))]
    for oracle, file in zip(oracles, files):
        file.section("generator", EACH, [hash_all(texts) for texts in seen])
        other_sections(oracle, file)
        text_sections(oracle, file, os.path.join(args.shared, "text"))
    id_sections(oracles, files, "alone", 4096, code_points("%s"))
    id_sections(oracles, files, "inside", 4096, code_points("a%sb"))
    id_sections(oracles, files, "beside", 4096, code_points("  %s's"))
    id_sections(oracles, files, "code", EACH, generated("code", code_string, COUNTS["code"]))
    id_sections(oracles, files, "strings", EACH,
                generated("strings", unicode_string, COUNTS["strings"]))


if __name__ == "__main__":
    main()
