#!/usr/bin/env python3
"""Prints slm.h's tables of characters, as the pinned `tokenizers` has them.

    make_unicode.py                 the table to stdout
    make_unicode.py --check FILE    exit 1 if FILE's table differs
    make_unicode.py --write FILE    puts the table between FILE's markers

Every code point is shown to the library itself: the regular expressions of its pre-tokenizers
for letters, numbers and white space, and an added token that wants to be a single word for the
characters of a word (which another regular expression engine decides). For WordPiece it is shown
to BERT's pre-tokenizer and to each part of BERT's normalizer, and pairs of marks to the NFD
normalizer, whose order of them is that of their combining classes.
"""

import argparse
import sys

BEGIN = "/* >>generated unicode */"
END = "/* <<generated unicode */"
LETTER, NUMBER, SPACE, WORD = 1, 2, 4, 8
CHUNK = 8192


def code_points():
    """All of Unicode but the surrogates, which no valid text has, in chunks."""
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for start in range(0, len(points), CHUNK):
        yield points[start:start + CHUNK]


def probe_regex(flags, bit, pattern):
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split
    split = Split(Regex(pattern), "isolated")
    member = Split(Regex(pattern), "removed")
    for points in code_points():
        text = "".join(map(chr, points))
        pieces = split.pre_tokenize_str(text)
        kept = member.pre_tokenize_str(text)
        outside = {i for _, (a, b) in kept for i in range(a, b)}  # the matches are removed
        if "".join(piece for piece, _ in pieces) != text:
            sys.exit("make_unicode.py: the library lost characters")
        for i, c in enumerate(points):
            if i not in outside:
                flags[c] |= bit


def probe_word(flags):
    """A token that must be a single word is not matched right after a word's character."""
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    tokenizer = Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.add_tokens([AddedToken("<=>", single_word=True, normalized=False)])
    wanted = tokenizer.token_to_id("<=>")
    for points in code_points():
        encoding = tokenizer.encode("".join(" " + chr(c) + "<=>" for c in points))
        found = {a for t, (a, _) in zip(encoding.ids, encoding.offsets) if t == wanted}
        for i, c in enumerate(points):
            if 5 * i + 2 not in found:
                flags[c] |= WORD


def probe():
    flags = bytearray(0x110000)
    probe_regex(flags, LETTER, r"\p{L}")
    probe_regex(flags, NUMBER, r"\p{N}")
    probe_regex(flags, SPACE, r"\s")
    probe_word(flags)
    return flags


# ---- what WordPiece needs ----------------------------------------------------------------------

W_SPACE, W_PUNCTUATION, W_CONTROL, W_MARK, W_CJK, W_RANK = 1, 2, 4, 8, 16, 32
FIRST_MARK, LAST_MARK = chr(0x334), chr(0x345)  # of the combining classes 1 and 240
HANGUL = range(0xAC00, 0xD7A4)
WIDE = 0xD800  # in 16 bits: the number of a base beyond them
MOST_GAP = 3   # so many characters that are their own bases do not end a block


def scalars():
    for points in code_points():
        yield from points


def changes(normalizer):
    """What single characters become, where that is something else."""
    result = {}
    for c in scalars():
        text = normalizer.normalize_str(chr(c))
        if text != chr(c):
            result[c] = text
    return result


def bert(**parts):
    from tokenizers.normalizers import BertNormalizer
    usual = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False,
                 lowercase=False)
    return BertNormalizer(**dict(usual, **parts))


def probe_words(bases):
    """Classes of all characters but the ranks of marks."""
    from tokenizers.pre_tokenizers import BertPreTokenizer
    split = BertPreTokenizer().pre_tokenize_str
    flags = dict.fromkeys(scalars(), 0)
    for c in flags:
        pieces = len(split("a" + chr(c) + "b"))
        flags[c] = {1: 0, 2: W_SPACE, 3: W_PUNCTUATION}[pieces]
    for c, text in changes(bert(clean_text=True)).items():
        if text == "":
            flags[c] |= W_CONTROL
        elif text != " " or not flags[c] & W_SPACE:
            sys.exit("make_unicode.py: U+%04X is cleaned into something new" % c)
    for c, text in changes(bert(handle_chinese_chars=True)).items():
        flags[c] |= W_CJK
        if text != " " + chr(c) + " ":
            sys.exit("make_unicode.py: U+%04X gets no spaces around it" % c)
    for c, text in bases.items():
        flags[c] |= W_MARK if text == "" else 0
    return flags


def rank_marks(flags):
    """Adds each mark's rank: 2k + 1 is the combining class of the k-th group of marks that are
    not stripped, even ranks are classes between these. 0: not reordered. Returns the count."""
    from tokenizers.normalizers import NFD
    nfd = NFD().normalize_str

    def before(a, b):
        return a != b and nfd(chr(b) + chr(a)) == nfd(chr(a)) + nfd(chr(b))

    first, last = ord(FIRST_MARK), ord(LAST_MARK)
    opening = {c: ord(nfd(chr(c))[0]) for c in flags}
    marks = [c for c in flags if opening[c] == c and (before(c, last) or before(first, c))]
    groups = []
    for c in marks:
        if flags[c] & W_MARK:
            continue
        at = sum(before(group, c) for group in groups)
        if at == len(groups) or before(c, groups[at]):
            groups.insert(at, c)
    ranks = {}
    for c in marks:
        below = sum(before(group, c) for group in groups)
        same = below < len(groups) and not before(c, groups[below])
        ranks[c] = 2 * below + 1 if same else 2 * below
    if any(rank == 0 for rank in ranks.values()):  # 0 means: no mark
        ranks = {c: rank + 2 for c, rank in ranks.items()}
    for c in flags:
        flags[c] |= W_RANK * ranks.get(opening[c], 0)
        if opening[c] in ranks and opening[c] != c and not flags[c] & W_MARK:
            sys.exit("make_unicode.py: U+%04X begins with a mark and goes on" % c)
    return max(ranks.values())


def blocks_of(bases):
    """Blocks of characters whose base is one character each, in 16 bits."""
    blocks, words, wide = [], [], []
    for c in sorted(bases):
        gap = c - sum(blocks[-1][:2]) if blocks else 0
        if blocks and gap <= (MOST_GAP if c < 0x10000 else 0):
            words += range(blocks[-1][0] + blocks[-1][1], c)
        else:
            blocks.append([c, 0, len(words)])
        base = ord(bases[c])
        words.append(base if base < 0x10000 else WIDE + len(wide))
        wide += [base] if base >= 0x10000 else []
        blocks[-1][1] = c + 1 - blocks[-1][0]
    if any(w > 0xFFFF for w in words) or any(b[1] > 2047 for b in blocks):
        sys.exit("make_unicode.py: the bases do not fit their blocks")
    return blocks, words, wide


def pairs_of(bases):
    """Those that become several: the first may be in this table again."""
    known, pairs = {text: c for c, text in bases.items() if c not in HANGUL}, []
    for c, text in sorted(bases.items()):
        if len(text) < 2 or c in HANGUL:
            continue
        first = known[text[:-1]] if len(text) > 2 else ord(text[0])
        pairs.append((c, first, ord(text[-1])))
    for c in HANGUL:
        at = c - HANGUL.start
        tail = chr(0x11A7 + at % 28) if at % 28 else ""
        if bases[c] != chr(0x1100 + at // 588) + chr(0x1161 + at // 28 % 21) + tail:
            sys.exit("make_unicode.py: U+%04X is not decomposed as Hangul is" % c)
    return pairs


def lower_runs(lower):
    """(first, count, step, distance) of runs of letters, ASCII's left out; U+0130 becomes two."""
    if lower.pop(0x130) != "i\u0307" or any(len(text) != 1 for text in lower.values()):
        sys.exit("make_unicode.py: another letter than U+0130 becomes several")
    points = [c for c in sorted(lower) if c >= 128]
    runs = []
    for c in points:
        distance = ord(lower[c]) - c
        first, count, step, same = runs[-1] if runs else (0, 0, 0, 0)
        gap = c - first if count == 1 else step
        if count and same == distance and gap in (1, 2) and c == first + count * gap:
            runs[-1] = (first, count + 1, gap, same)
        else:
            runs.append((c, 1, 1, distance))
    if any(count > 1023 for _, count, _, _ in runs):
        sys.exit("make_unicode.py: a run of letters is too long")
    return runs


def array(kind, name, items):
    items = list(items)
    return ["static const %s %s[%d] = {" % (kind, name, len(items)), wrap(items), "};"]


def word_tables():
    bases = changes(bert(strip_accents=True))
    flags = probe_words(bases)
    ranks = rank_marks(flags)
    keys = sorted(flags)
    starts = [(c, flags[c]) for i, c in enumerate(keys) if not i or flags[c] != flags[keys[i - 1]]]
    single = {c: text for c, text in bases.items() if len(text) == 1}
    blocks, words, wide = blocks_of(single)
    runs = lower_runs(changes(bert(lowercase=True)))
    lines = ["/* For WordPiece: 1 white space, 2 punctuation, 4 control, 8 a mark that is stripped,",
             "   16 CJK, 32 * the rank among marks; entry: first code point << 11. See >>normalizer. */",
             "#define SLM__MARK_RANKS %d" % ranks]
    lines += array("uint8_t", "slm__ascii_word_classes", (str(flags[c]) for c in range(128)))
    lines += array("uint32_t", "slm__word_classes", ("0x%X" % (c << 11 | f) for c, f in starts))
    lines += ["/* Without their accents: first code point << 11 | count; where its bases are. */"]
    lines += array("uint32_t", "slm__base_blocks", ("0x%X" % (c << 11 | n) for c, n, _ in blocks))
    lines += array("uint16_t", "slm__base_starts", (str(at) for _, _, at in blocks))
    lines += ["/* from 0xD800 on: an entry of slm__wide_bases */"]
    lines += array("uint16_t", "slm__bases", ("0x%X" % w for w in words))
    lines += array("uint32_t", "slm__wide_bases", ("0x%X" % w for w in wide))
    lines += ["/* what becomes two characters (code point << 11), the first maybe in the table too */"]
    lines += array("uint32_t", "slm__base_pairs",
                   ("0x%X" % w for c, first, last in pairs_of(bases)
                    for w in (c << 11, first, last)))
    lines += ["/* Lowercase: first code point << 11 | count << 1 | step - 1; what is added. */"]
    lines += array("uint32_t", "slm__lower",
                   ("0x%X" % w for first, count, step, distance in runs
                    for w in (first << 11 | count << 1 | step - 1, distance & 0xFFFFFFFF)))
    return lines


# ---- the whole ---------------------------------------------------------------------------------

def wrap(items):
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            lines.append(line)
            line = "   "
        line += " " + item + ","
    return "\n".join(lines + [line])


def table(flags):
    ranges = [(c, flags[c]) for c in range(0x110000) if c == 0 or flags[c] != flags[c - 1]]
    return "\n".join([
        BEGIN,
        "/* Printed by tests/make_unicode.py: 1 letter, 2 number, 4 white space, 8 in a word. */",
        "static const uint8_t slm__ascii_classes[128] = {",
        wrap(str(flags[c]) for c in range(128)),
        "};",
        "/* first code point * 16 + classes, up to the next entry */",
        "static const uint32_t slm__classes[%d] = {" % len(ranges),
        wrap("0x%X" % (c << 4 | f) for c, f in ranges),
        "};"] + word_tables() + [END])


def split_file(path):
    with open(path, encoding="ascii", newline="") as file:
        text = file.read()
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.find(BEGIN) > text.find(END):
        sys.exit("make_unicode.py: %s: the markers must stand there once" % path)
    start, stop = text.find(BEGIN), text.find(END) + len(END)
    return text[:start], text[start:stop], text[stop:]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--check", metavar="FILE")
    choice.add_argument("--write", metavar="FILE")
    args = parser.parse_args()
    try:
        import tokenizers
    except ImportError:
        print("make_unicode.py: the tokenizers package is missing", file=sys.stderr)
        return 2
    if tokenizers.__version__ != "0.22.2":
        print("make_unicode.py: warning: tokenizers is %s, the table is pinned to 0.22.2"
              % tokenizers.__version__, file=sys.stderr)
    try:
        parts = split_file(args.check or args.write) if args.check or args.write else None
    except (OSError, UnicodeError) as error:
        print("make_unicode.py: %s" % error, file=sys.stderr)
        return 1
    new = table(probe())
    if args.check:
        if parts[1] != new:
            print("make_unicode.py: %s: the Unicode table differs" % args.check, file=sys.stderr)
            return 1
        print("%s: the Unicode table is that of tokenizers %s"
              % (args.check, tokenizers.__version__))
    elif args.write:
        with open(args.write, "w", encoding="ascii", newline="") as file:
            file.write(parts[0] + new + parts[2])
    else:
        print(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
