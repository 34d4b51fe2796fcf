"""Makes tests/golden/composition.txt: hashes of classes of characters and of texts in NFC, as the
pinned `tokenizers` has them.

usage: make_composition.py [--out FILE]    (versions: tests/requirements.txt)

The texts come from a generator that tests/test_composition.c has too. The file has sections "what
count each" of `count` hashes, each over `each` texts, as make_token_ids.py's:

  generator    the generated texts themselves: if these differ, C and Python have diverged
  classes      the classes of all code points; blocks of 4,096 code points
  alone        the NFC of all code points, each a text
  marks        no hashes: a mark of each combining class, and what characters end with
  pairs        all characters of some ranges, each before one of these marks: a hash for each mark
  strings      random texts, rich in marks, jamo and what is composed
  bytes        the same, damaged: a byte that is not UTF-8 is a starter that joins nothing
  rows         a million marks behind a letter
"""
import argparse
import os
import sys

import tokenizers
from tokenizers.normalizers import NFC

import make_token_ids
import make_unicode
from make_token_ids import EACH, HERE, Random, hash_all

COUNTS = {"strings": 250, "bytes": 50}
STREAMS = {"strings": 10, "bytes": 11, "rows": 12}
ROWS, ROW = 3, 1000000
STAND_INS = 0x100000  # of private use


# ---- the generator: test_composition.c has the same, in the same order -------------------------

RANGES = [(0xA0, 0x1B0), (0x1E00, 0x100), (0x1F00, 0x100), (0x370, 0x60), (0x400, 0x60),
          (0x300, 0x70), (0x340, 6), (0x591, 48), (0x5D0, 32), (0x610, 80), (0x6C0, 24),
          (0x730, 32), (0x928, 24), (0x958, 8), (0x9BC, 36), (0xA30, 16), (0xB3C, 36), (0xB92, 3),
          (0xBBE, 26), (0xC46, 18), (0xCBC, 28), (0xD3E, 26), (0xDCA, 22), (0xE38, 20), (0xEB8, 20),
          (0xF39, 128), (0x1025, 24), (0x1100, 256), (0x135D, 3), (0x1B05, 64), (0x1BE6, 2),
          (0x1DC0, 64), (0x2000, 8), (0x20D0, 33), (0x2126, 6), (0x2190, 64), (0x2200, 176),
          (0x2329, 2), (0x2ADC, 2), (0x302A, 6), (0x3046, 96), (0x30A6, 90), (0x4E00, 256),
          (0xA66F, 14), (0xA960, 32), (0xAC00, 11172), (0xD7B0, 80), (0xF900, 512), (0xFB1D, 52),
          (0xFE20, 16), (0x11080, 60), (0x11127, 14), (0x11331, 50), (0x114B0, 24), (0x115AF, 18),
          (0x1D157, 32), (0x1D1B9, 10), (0x1E000, 43), (0x1E8D0, 7), (0x1E944, 7), (0x2F800, 544),
          (0x1F600, 64)]
MARKS = [(0x300, 0x70), (0x300, 0x70), (0x334, 5), (0x591, 45), (0x610, 11), (0x64B, 21),
         (0x730, 27), (0x8D3, 32), (0x93C, 1), (0x94D, 1), (0xC55, 2), (0xE38, 3), (0xE48, 4),
         (0xEB8, 3), (0xEC8, 4), (0xF18, 2), (0xF71, 20), (0x1DC0, 58), (0x20D0, 13), (0x302A, 6),
         (0x3099, 2), (0xFB1E, 1), (0xFE20, 16), (0x110B9, 2), (0x16FF0, 2), (0x1D165, 5),
         (0x1E8D0, 7), (0x1E944, 7)]
LATIN = [0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x309, 0x30A, 0x30B, 0x30C,
         0x31B, 0x323, 0x324, 0x325, 0x326, 0x327, 0x328, 0x32D, 0x32E, 0x330, 0x331, 0x338]
GREEK = [0x300, 0x301, 0x304, 0x306, 0x308, 0x313, 0x314, 0x342, 0x345]
FIRSTS = [(0x915, 40), (0x9C7, 1), (0xB47, 1), (0xB92, 1), (0xBC6, 2), (0xC46, 1), (0xCBF, 14),
          (0xD46, 2), (0xDD9, 4), (0x1025, 1), (0x1B05, 60), (0x3046, 64), (0x30A6, 90),
          (0x5D0, 27), (0x627, 36), (0x6C1, 20), (0x2190, 600), (0x11099, 24), (0x11131, 2),
          (0x11347, 1), (0x114B9, 1), (0x115B8, 2), (0x1D157, 8), (0x1D1B9, 6)]
SECONDS = [0x338, 0x5B7, 0x5BC, 0x5C1, 0x653, 0x654, 0x655, 0x93C, 0x9BE, 0x9D7, 0xB3E, 0xB56,
           0xB57, 0xBBE, 0xBD7, 0xC56, 0xCC2, 0xCD5, 0xCD6, 0xD3E, 0xD57, 0xDCA, 0xDCF, 0xDDF,
           0x102E, 0x1B35, 0x3099, 0x309A, 0x110BA, 0x11127, 0x1133E, 0x11357, 0x114B0, 0x114BA,
           0x114BD, 0x115AF, 0x1D165, 0x1D16E, 0x1D16F]
STARTERS = [(0x20, 0x3400), (0xAC00, 600), (0x10FF0, 0x610), (0x1D100, 0x100)]


def any_of(r, ranges):
    first, count = ranges[r.draw(len(ranges))]
    return chr(first + r.draw(count))


def listed(r, codes):
    return chr(codes[r.draw(len(codes))])


def jamo(r):
    kind = r.draw(4)
    if kind == 0:
        return chr(0x1100 + r.draw(19))
    if kind == 1:
        return chr(0x1161 + r.draw(21))
    if kind == 2:
        return chr(0x11A7 + r.draw(28))
    return chr(0xAC00 + 28 * r.draw(399))


def many(r, most, make, *args):
    return "".join([make(r, *args) for _ in range(1 + r.draw(most))])


def piece(r):
    kind = r.draw(10)
    if kind < 3:
        return many(r, 3, any_of, RANGES)
    if kind < 5:
        letter = chr((0x41 if r.draw(2) else 0x61) + r.draw(26))
        return letter + many(r, 5, listed, LATIN)
    if kind == 5:
        letter = chr(0x391 + r.draw(0x3A))
        return letter + many(r, 4, listed, GREEK)
    if kind == 6:
        return many(r, 6, jamo)
    if kind == 7:
        return many(r, 12 if r.draw(40) else 200, any_of, MARKS)
    if kind == 8:
        letter = any_of(r, FIRSTS)
        return letter + many(r, 3, listed, SECONDS)
    return many(r, 12, any_of, [(0x20, 95)])


def string(r):
    return many(r, 10, piece)


def byte_string(r):
    text = bytearray(string(r).encode("utf-8"))
    for _ in range(1 + r.draw(5)):
        at = r.draw(len(text) + 1)
        edit = r.draw(4)
        if edit == 0:
            text[at:at] = bytes([0x80 + r.draw(128)])
        elif edit == 1:
            text[at:at + 1] = b""
        elif edit == 2:
            text[at:at] = make_token_ids.BAD[r.draw(len(make_token_ids.BAD))]
        elif r.draw(4) == 0:
            del text[at:]
    return bytes(text)


def row(number):
    """Of any classes in any order, of one class, or from the last class to the first."""
    r = Random(STREAMS["rows"], number)
    if number == 0:
        return "a" + "".join([any_of(r, MARKS) for _ in range(ROW)])
    if number == 1:
        return "e" + "\u0301" * ROW
    return "o" + "\u0345\u0301\u0323\u031B\u0327\u3099\u093C\u0334" * (ROW // 8)


# ---- the oracle --------------------------------------------------------------------------------

compose = NFC().normalize_str


def composed(text):
    return compose(text).encode("utf-8")


def composed_bytes(data):
    """Each byte that Python cannot decode is a stand-in while the library composes."""
    text = data.decode("utf-8", "surrogateescape")
    base = STAND_INS
    while any(base <= ord(c) < base + 256 for c in text):
        base += 256
    shown = "".join(chr(base + ord(c) - 0xDC00) if 0xDC80 <= ord(c) <= 0xDCFF else c
                    for c in text)
    return b"".join(bytes([ord(c) - base]) if base <= ord(c) < base + 256 else c.encode("utf-8")
                    for c in compose(shown))


def generated(kind, make, count):
    for start in range(0, count * EACH, EACH):
        yield [make(Random(STREAMS[kind], i)) for i in range(start, start + EACH)]


def code_points():
    for start in range(0, 0x110000, 4096):
        yield [c for c in range(start, start + 4096) if not 0xD800 <= c < 0xE000]


def marks_to_try():
    _, pairs, nfd = make_unicode.decompositions()
    ranks = make_unicode.combining_ranks(nfd)
    marks = {second for _, _, second, _ in pairs}
    marks |= {min(c for c in ranks if ranks[c] == rank and c not in nfd)
              for rank in set(ranks.values())}
    return sorted(marks | {0x340, 0x344, 0xF73, 0x1161, 0x1175, 0x1176, 0x11A7, 0x11A8, 0x11C2})


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=os.path.join(HERE, "golden", "composition.txt"))
    args = parser.parse_args()
    if tokenizers.__version__ != "0.22.2":
        sys.exit("make_composition.py: tokenizers is %s, not 0.22.2" % tokenizers.__version__)
    file = make_token_ids.File(args.out)
    seen = [next(generated("strings", lambda r: string(r).encode("utf-8"), 1)),
            next(generated("bytes", byte_string, 1))]
    file.section("generator", EACH, [hash_all(texts) for texts in seen])
    flags = make_unicode.probe_all()
    file.section("classes", 4096, [hash_all([[flags[c] for c in points]])
                                   for points in code_points()])
    file.section("alone", 4096, [hash_all(composed(chr(c)) for c in points)
                                 for points in code_points()])
    marks = marks_to_try()
    file.section("marks", 1, marks)
    starters = [chr(c) for first, count in STARTERS for c in range(first, first + count)]
    file.section("pairs", len(starters), [hash_all(composed(c + chr(mark)) for c in starters)
                                          for mark in marks])
    file.section("strings", EACH, [hash_all(map(composed, texts)) for texts in
                                   generated("strings", string, COUNTS["strings"])])
    file.section("bytes", EACH, [hash_all(map(composed_bytes, texts)) for texts in
                                 generated("bytes", byte_string, COUNTS["bytes"])])
    file.section("rows", 1, [hash_all([composed(row(number))]) for number in range(ROWS)])


if __name__ == "__main__":
    main()
