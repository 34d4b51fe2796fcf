#!/usr/bin/env python3
"""Prints slm.h's table of character classes, as the pinned `tokenizers` has them.

    make_unicode.py                 the table to stdout
    make_unicode.py --check FILE    exit 1 if FILE's table differs
    make_unicode.py --write FILE    puts the table between FILE's markers

Every code point is shown to the library itself: the regular expressions of its pre-tokenizers
for letters, numbers and white space, and an added token that wants to be a single word for the
characters of a word (which another regular expression engine decides).
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
        "};",
        END])


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
