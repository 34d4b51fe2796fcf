#!/usr/bin/env python3
"""The checker: which sentences of a text are sentences of the language in grammar.py?

A sentence is accepted if a template matches it and one value of each slot explains every form of
that slot in the sentence: "Lily lost his ball" matches a template but no person. Prints the share
and the sentences that fail; exit status 1 if the share is below --min."""
import argparse
import random
import re
import sys
from collections import Counter, defaultdict

import grammar
import language

TURN = re.compile(r"^(?:Instruct|Output): ?")
FIRST = re.compile(r"^\"?([A-Za-z]+(?:'[a-z]+)?)")


def _forms():
    """{(class, form): {text: ids of the values that have it}}"""
    out = defaultdict(lambda: defaultdict(set))
    for kind, values in grammar.LEXICON.items():
        for i, value in enumerate(values):
            for form, text in value.items():
                out[kind, form][text].add(i)
    return out


FORMS = _forms()


def _alternatives(kind, form):
    texts = sorted(FORMS[kind, form], key=lambda t: (-len(t), t))
    return "|".join(re.escape(t) for t in texts)


class Pattern:
    """One sentence of a template, as an expression with a group for each slot."""

    def __init__(self, parts):
        self.slots, out = [], []
        for part in parts:
            if isinstance(part, str):
                text = re.escape(part)
                out.append(re.sub(r"(?<![A-Za-z])([Aa])\\?~\\? ",
                                  r"(?:\1(?= [^aeiouAEIOU])|\1n(?= [aeiouAEIOU])) ", text))
            else:
                self.slots.append(part)
                out.append("(%s)" % _alternatives(part[1], part[2]))
        self.regex = re.compile("".join(out) + r"\Z")
        self.firsts = self._firsts(parts)

    @staticmethod
    def _firsts(parts):
        """The words it may begin with, in lower case: the index of all patterns."""
        head = parts[0]
        if isinstance(head, str) and head != '"':
            text = head.lstrip('"')
            word = FIRST.match(text).group(1).lower()
            return {"a", "an"} if text.lower().startswith("a~") else {word}
        slot = parts[1] if isinstance(head, str) else head
        return {FIRST.match(t).group(1).lower() for t in FORMS[slot[1], slot[2]]}

    def match(self, sentence):
        match = self.regex.match(sentence)
        if not match:
            return False
        values, taken = {}, {}
        for (slot, kind, form), text in zip(self.slots, match.groups()):
            ids = FORMS[kind, form][text]
            values[slot] = values[slot] & ids if slot in values else ids
            if not values[slot]:
                return False
            # two slots of one class differ: nobody meets himself
            if form in ("", "kind") and taken.setdefault((kind, form, text), slot) != slot:
                return False
        return True

    def names_all(self):
        """Is each person that a pronoun stands for also named in the sentence?"""
        named = {slot for slot, _, form in self.slots if not form}
        said = {slot for slot, _, form in self.slots if form in ("he", "him", "his")}
        return bool(said) and said <= named


class Checker:
    def __init__(self):
        self.index = defaultdict(list)
        self.seen = {}
        for template in grammar.all_templates():
            for parts in language.parse(template):
                pattern = Pattern(parts)
                for word in pattern.firsts:
                    self.index[word].append(pattern)

    def accepts(self, sentence):
        if sentence not in self.seen:
            self.seen[sentence] = self._accepts(sentence)
        return self.seen[sentence]

    def _accepts(self, sentence):
        return next(self.matches(sentence), None) is not None

    def matches(self, sentence):
        """The patterns that accept it."""
        first = FIRST.match(sentence)
        if not first or not first.group(1)[0].isupper():
            return
        at = 1 if sentence[0] == '"' else 0
        lower = sentence[:at] + sentence[at].lower() + sentence[at + 1:]
        word = first.group(1).lower()
        for pattern in (p for key in {word, word.split("'")[0]} for p in self.index.get(key, ())):
            if pattern.match(sentence) or pattern.match(lower):
                yield pattern


def sentences(text):
    """The sentences of a text: of every paragraph, of every turn."""
    for line in text.replace(language.END, "\n").split("\n"):
        line = TURN.sub("", line.strip())
        if line:
            yield from language.split_sentences(line)


CHECKER = Checker()


def report(text, minimum, out, quiet=False, unfinished=False):
    checker, good, bad = CHECKER, 0, Counter()
    found = list(sentences(text))
    if unfinished and found and found[-1][-1] not in '.!?"':
        found.pop()                             # the token limit cut it
    for sentence in found:
        if checker.accepts(sentence):
            good += 1
        else:
            bad[sentence] += 1
    total = good + sum(bad.values())
    share = good / total if total else 0.0
    if not quiet:
        for sentence, count in bad.most_common():
            out.write("%5d  %s\n" % (count, sentence))
    out.write("%d sentences, %d accepted, %.2f%%\n" % (total, good, 100.0 * share))
    return 0 if total and share >= minimum else 1


# ---- self-test: what the generator says is accepted, what is damaged is not

def swap_words(rng, words):
    i = rng.randrange(len(words) - 1)
    words[i], words[i + 1] = words[i + 1], words[i]


def drop_word(rng, words):
    del words[rng.randrange(len(words))]


def double_word(rng, words):
    i = rng.randrange(len(words))
    words.insert(i, words[i])


def wrong_article(rng, words):
    flip = {"a": "an", "an": "a", "A": "An", "An": "A"}
    _replace(rng, words, flip)


def wrong_verb(rng, words):
    flip = {"was": "were", "were": "was", "is": "are", "are": "is", "has": "have", "have": "has",
            "does": "do", "went": "go", "ran": "run", "saw": "see", "gave": "give", "made": "make"}
    _replace(rng, words, flip)


def wrong_gender(rng, words):
    if any(p.names_all() for p in CHECKER.matches(" ".join(words))):
        flip = {"he": "she", "she": "he", "He": "She", "She": "He", "his": "her", "him": "her",
                "her": "his", "His": "Her", "Her": "His"}
        _replace(rng, words, flip)


def _replace(rng, words, flip):
    places = [i for i, w in enumerate(words) if w in flip]
    if places:
        i = rng.choice(places)
        words[i] = flip[words[i]]


def foreign_word(rng, words):
    i = rng.randrange(len(words))
    word = rng.choice(["parliament", "quickly", "blorf", "seven", "tree"])
    words[i] = re.sub(r"[A-Za-z]+", word, words[i])


# the least share of each kind of damage that must be seen: a swap may give good English
DAMAGE = [(swap_words, 0.97), (drop_word, 0.95), (double_word, 0.99), (wrong_article, 0.99),
          (wrong_verb, 0.97), (wrong_gender, 0.95), (foreign_word, 0.97)]


def self_test(count, out):
    rng, checker, failed = random.Random(99), CHECKER, 0
    pool = []
    for _ in range(count):
        pool += sentences(language.document(rng))
    refused = Counter(s for s in pool if not checker.accepts(s))
    for sentence, times in refused.most_common(20):
        out.write("refused: %d  %s\n" % (times, sentence))
    out.write("%d documents, %d sentences, %d refused\n" % (
        count, len(pool), sum(refused.values())))
    failed += bool(refused) or not pool
    for damage, least in DAMAGE:
        tried = seen = 0
        accepted = Counter()
        for sentence in rng.sample(pool, min(4000, len(pool))):
            words = sentence.split(" ")
            if len(words) < 3:
                continue
            damage(rng, words)
            broken = " ".join(words)
            if broken == sentence:
                continue
            tried += 1
            # damage may cut a text into other sentences: all of them must be good to pass
            if all(checker.accepts(s) for s in sentences(broken)):
                accepted[broken] += 1
            else:
                seen += 1
        share = seen / tried if tried else 0.0
        failed += share < least
        out.write("%-14s %5d damaged, %6.2f%% refused (at least %.0f%%)%s\n" % (
            damage.__name__, tried, 100 * share, 100 * least, "" if share >= least else "  FAILED"))
        for broken, _ in accepted.most_common(3):
            out.write("    accepted: %s\n" % broken)
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", help="text to check (default: stdin)")
    parser.add_argument("--min", type=float, default=0.9, help="least share accepted (default 0.9)")
    parser.add_argument("--quiet", action="store_true", help="print the share only")
    parser.add_argument("--unfinished", action="store_true",
                        help="do not count a last sentence without an end")
    parser.add_argument("--selftest", action="store_true", help="test the checker itself")
    parser.add_argument("--documents", type=int, default=3000, help="documents of the self-test")
    args = parser.parse_args()
    if args.selftest:
        return self_test(args.documents, sys.stdout)
    try:
        if args.file:
            with open(args.file, encoding="utf-8", errors="replace") as f:
                text = f.read()
        else:
            text = sys.stdin.buffer.read().decode("utf-8", "replace")
    except OSError as error:
        sys.stderr.write("check.py: %s\n" % error)
        return 2
    return report(text, args.min, sys.stdout, args.quiet, args.unfinished)


if __name__ == "__main__":
    sys.exit(main())
