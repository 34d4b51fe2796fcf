#!/usr/bin/env python3
"""Prints slm.h's tables of characters, as the pinned `tokenizers` has them.

    make_unicode.py                 the table to stdout
    make_unicode.py --check FILE    exit 1 if FILE's table differs
    make_unicode.py --write FILE    puts the table between FILE's markers

Every code point is shown to the library itself: the regular expressions of its pre-tokenizers
for letters, numbers, white space and the other classes, and an added token that wants to be a
single word for the characters of a word (which another regular expression engine decides). For
NFC it is shown to the NFD and NFC normalizers; pairs of marks, too, whose order in NFD is that of
their combining classes. For WordPiece it is shown to BERT's pre-tokenizer and to each part of
BERT's normalizer.
"""

import argparse
import array as arrays
import sys

BEGIN = "/* >>generated unicode */"
END = "/* <<generated unicode */"
LETTER, NUMBER, SPACE, WORD = 1, 2, 4, 8
MARK, UPPER, LOWER, PUNCTUATION, SYMBOL = 16, 32, 64, 128, 256
ALTERNATES = 512  # of an entry: upper and lower case take turns from its first character on
CHUNK = 8192


def code_points():
    """All of Unicode but the surrogates, which no valid text has, in chunks."""
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    for start in range(0, len(points), CHUNK):
        yield points[start:start + CHUNK]


def scalars():
    for points in code_points():
        yield from points


def before(c):
    return c - 1 if c != 0xE000 else 0xD7FF


def changes(normalizer):
    """What single characters become, where that is something else."""
    result = {}
    for c in scalars():
        text = normalizer.normalize_str(chr(c))
        if text != chr(c):
            result[c] = text
    return result


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
    """The four classes of GPT-2's rule and of added tokens; make_token_ids.py's borders."""
    flags = arrays.array("H", bytes(2 * 0x110000))
    probe_regex(flags, LETTER, r"\p{L}")
    probe_regex(flags, NUMBER, r"\p{N}")
    probe_regex(flags, SPACE, r"\s")
    probe_word(flags)
    return flags


def probe_all():
    flags = probe()
    probe_regex(flags, MARK, r"\p{M}")
    probe_regex(flags, UPPER, r"[\p{Lu}\p{Lt}]")
    probe_regex(flags, LOWER, r"\p{Ll}")
    probe_regex(flags, PUNCTUATION, r"\p{P}")
    probe_regex(flags, SYMBOL, r"\p{S}")
    return flags


def class_runs(flags):
    """(first, classes): up to the next run's first; with ALTERNATES as slm__class_of reads it."""
    runs, at = [], 0
    while at < 0x110000:
        first, case = flags[at], flags[at] & (UPPER | LOWER)
        turns = (first, first ^ (UPPER | LOWER if case in (UPPER, LOWER) else 0))
        same, other = at + 1, at + 1
        while same < 0x110000 and flags[same] == first:
            same += 1
        while case and other < 0x110000 and flags[other] == turns[(other - at) % 2]:
            other += 1
        runs.append((at, first | ALTERNATES) if other > same else (at, first))
        at = max(same, other)
    return runs


# ---- what NFC needs ----------------------------------------------------------------------------

FIRST_MARK, LAST_MARK = chr(0x334), chr(0x345)  # of the combining classes 1 and 240
HANGUL = range(0xAC00, 0xD7A4)
JOINING_JAMO = list(range(0x1161, 0x1176)) + list(range(0x11A8, 0x11C3))
WIDE = 0xD800  # in 16 bits: the number of a character beyond them
MOST_GAP = 1   # so many characters that have no parts do not end a block
RANKS = 63     # so many combining classes there may be; what is above is a flag
DOUBT = 64     # the character is not in NFC, or may join what is before


def require(condition, text, *values):
    if not condition:
        sys.exit("make_unicode.py: " + text % values)


def check_hangul(nfd, nfc):
    for c in HANGUL:
        at = c - HANGUL.start
        text = chr(0x1100 + at // 588) + chr(0x1161 + at // 28 % 21)
        text += chr(0x11A7 + at % 28) if at % 28 else ""
        require(nfd[c] == text and c not in nfc, "U+%04X is not decomposed as Hangul is", c)


def decompositions():
    """singles: what becomes one other character. pairs: (character, first, second, whether the
    two become the character), where first may be in pairs, too."""
    from tokenizers.normalizers import NFC, NFD
    compose, nfd, nfc = NFC().normalize_str, changes(NFD()), changes(NFC())
    check_hangul(nfd, nfc)
    singles = {c: text for c, text in nfc.items() if len(text) == 1}
    several = {c: text for c, text in nfd.items() if c not in HANGUL and c not in singles}
    known = {text: chr(c) for c, text in sorted(several.items(), reverse=True)}
    known.update((text, chr(c)) for c, text in several.items() if c not in nfc)
    pairs = []
    for c, text in sorted(several.items()):
        first = text[0] if len(text) == 2 else known[text[:-1]]
        joins = compose(first + text[-1]) == chr(c)
        require(joins == (c not in nfc), "U+%04X: composes in one way only", c)
        require(ord(text[-1]) not in nfd, "U+%04X: its last part has parts", c)
        pairs.append((c, ord(first), ord(text[-1]), joins))
    parts = {first for _, first, _, _ in pairs}
    require(not parts & set(singles), "a part of a character is another in NFC")
    require(max(map(len, nfd.values())) <= 4, "a character has more than four parts")
    return singles, pairs, nfd


def ordered(nfd_text, marks, groups):
    """Adds to groups, which are sorted by combining class, one mark for each class."""
    def before(a, b):
        return a != b and nfd_text(chr(b) + chr(a)) == chr(a) + chr(b)

    for c in marks:
        at = sum(before(group, c) for group in groups)
        if at == len(groups) or before(c, groups[at]):
            groups.insert(at, c)
    return {c: 1 + sum(before(group, c) for group in groups) for c in marks}


def combining_ranks(nfd):
    """{mark: the place of its combining class among those there are, from 1 on}"""
    from tokenizers.normalizers import NFD
    text = NFD().normalize_str
    marks = [c for c in scalars() if c not in nfd and
             (text(LAST_MARK + chr(c)) != LAST_MARK + chr(c) or
              text(chr(c) + FIRST_MARK) != chr(c) + FIRST_MARK)]
    ranks = ordered(text, marks, [])
    for c, parts in nfd.items():
        if ord(parts[0]) in ranks:
            require(all(ord(part) in ranks for part in parts),
                    "U+%04X begins with a mark and goes on", c)
            ranks[c] = ranks[ord(parts[0])]
    require(max(ranks.values()) <= RANKS, "there are too many combining classes")
    return ranks


def blocks_of(parts):
    """Blocks (first, count, where) of characters that have parts; these in order."""
    blocks, codes = [], []
    for c in sorted(parts):
        gap = c - sum(blocks[-1][:2]) if blocks else 0
        if blocks and gap <= MOST_GAP:
            codes += range(blocks[-1][0] + blocks[-1][1], c)
        else:
            blocks.append([c, 0, len(codes)])
        codes.append(c)
        blocks[-1][1] = c + 1 - blocks[-1][0]
    require(max(n for _, n, _ in blocks) <= 2047, "the characters do not fit their blocks")
    return blocks, codes


def composition_tables():
    singles, pairs, nfd = decompositions()
    kinds = combining_ranks(nfd)
    doubtful = {c for c, _, _, joins in pairs if not joins} | set(singles) | set(JOINING_JAMO)
    doubtful |= {second for _, _, second, joins in pairs if joins}
    joining = [c for c, text in nfd.items() if c not in doubtful and ord(text[0]) in doubtful]
    require(not joining, "what a character begins with may join what is before")
    for c in doubtful:
        kinds[c] = kinds.get(c, 0) | DOUBT
    starts = [c for c in scalars() if c == 0 or kinds.get(c, 0) != kinds.get(before(c), 0)]
    parts = {c: (first, second) for c, first, second, _ in pairs}
    parts.update((c, (ord(text), 0)) for c, text in singles.items())
    blocks, codes = blocks_of(parts)
    wide = sorted({c for values in parts.values() for c in values if c >= 0x10000})
    number = {c: WIDE + i for i, c in enumerate(wide)}
    require(len(wide) < 0x800, "there are too many characters beyond 16 bits")
    parts = [[number.get(c, c) for c in parts.get(code, (0, 0))] for code in codes]
    joining = {c for c, _, _, joins in pairs if joins}
    joining = sorted((parts[i], i) for i, code in enumerate(codes) if code in joining)
    lines = ["/* For NFC: the place of the combining class, and 64 in doubt: not in NFC, or",
             "   joins what is before; entry: first code point << 11. See >>composition. */"]
    lines += array("uint32_t", "slm__nfc_classes",
                   ("0x%X" % (c << 11 | kinds.get(c, 0)) for c in starts))
    lines += ["/* Characters that have parts: first code point << 11 | count; where these are. */"]
    lines += array("uint32_t", "slm__part_blocks", ("0x%X" % (c << 11 | n) for c, n, _ in blocks))
    lines += array("uint16_t", "slm__part_starts", (str(at) for _, _, at in blocks))
    lines += ["/* the two parts of each, 0 for none: a character becomes one other, or has none;",
              "   from 0xD800 on: an entry of slm__wide */"]
    lines += array("uint16_t", "slm__decomposed", ("0x%X" % w for both in parts for w in both))
    lines += ["/* code points << 11 */"]
    lines += array("uint32_t", "slm__wide", ("0x%X" % (c << 11) for c in wide))
    lines += ["/* which of them two characters become, in the order of these */"]
    lines += array("uint16_t", "slm__joining", (str(i) for _, i in joining))
    return lines


# ---- what WordPiece needs ----------------------------------------------------------------------

W_SPACE, W_PUNCTUATION, W_CONTROL, W_MARK, W_CJK, W_RANK = 1, 2, 4, 8, 16, 32


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


def check_bases(bases, flags):
    """Without accents a character is its parts without those that are stripped alone."""
    from tokenizers.normalizers import NFD
    nfd = changes(NFD())
    for c in flags:
        text = nfd.get(c, chr(c))
        base = "".join(part for part in text if not flags[ord(part)] & W_MARK)
        require(base == bases.get(c, chr(c)), "U+%04X is stripped to something else", c)


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
    check_bases(bases, flags)
    runs = lower_runs(changes(bert(lowercase=True)))
    lines = ["/* For WordPiece: 1 white space, 2 punctuation, 4 control, 8 a mark that is stripped,",
             "   16 CJK, 32 * the rank among marks; entry: first code point << 11. See >>normalizer. */",
             "#define SLM__MARK_RANKS %d" % ranks]
    lines += array("uint8_t", "slm__ascii_word_classes", (str(flags[c]) for c in range(128)))
    lines += array("uint32_t", "slm__word_classes", ("0x%X" % (c << 11 | f) for c, f in starts))
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
    runs = class_runs(flags)
    lines = [BEGIN,
             "/* Printed by tests/make_unicode.py: 1 letter, 2 number, 4 white space, 8 in a word,",
             "   16 mark, 32 upper or title case, 64 lower case, 128 punctuation, 256 symbol. */"]
    lines += array("uint16_t", "slm__ascii_classes", (str(flags[c]) for c in range(128)))
    lines += ["/* first code point << 11 | classes, up to the next entry; 512: upper and lower",
              "   case alternate */"]
    lines += array("uint32_t", "slm__classes", ("0x%X" % (c << 11 | f) for c, f in runs))
    return "\n".join(lines + composition_tables() + word_tables() + [END])


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
    new = table(probe_all())
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
