#!/usr/bin/env python3
"""The generator: documents in the language of grammar.py, with one state per document, so that
who is who, what has which color and where a thing lies stay the same from start to end."""
import argparse
import random
import re
import sys

import grammar

END = "<|endoftext|>"
SLOT = re.compile(r"\{([A-Za-z]+)(\d*)(?:\.([a-z]+))?\}")
SPLIT = re.compile(r'(?<=[.!?])("?) +(?=["A-Z{])')


def split_sentences(text):
    """Sentences of one paragraph; a full stop inside an open quotation ends none."""
    out, start, pos = [], 0, 0
    while True:
        match = SPLIT.search(text, pos)
        if not match:
            break
        pos = match.end()
        cut = match.start() + len(match.group(1))
        if text.count('"', start, cut) % 2 == 0:
            out.append(text[start:cut])
            start = pos
    if text[start:].strip():
        out.append(text[start:].strip())
    return out


def slot_class(name):
    return grammar.CLASS.get(name, name)


def capitalize(text):
    for i, char in enumerate(text):
        if char.isalpha():
            return text[:i] + char.upper() + text[i + 1:]
    return text


_parsed = {}


def parse(template):
    """A template as sentences, each a list of literals and (slot, class, form)."""
    if template not in _parsed:
        sentences = []
        for sentence in split_sentences(template):
            parts, pos = [], 0
            for match in SLOT.finditer(sentence):
                parts.append(sentence[pos:match.start()])
                name, digits, form = match.groups()
                parts.append((name + digits, slot_class(name), form or ""))
                pos = match.end()
            parts.append(sentence[pos:])
            sentences.append([p for p in parts if p])
        _parsed[template] = sentences
    return _parsed[template]


ARTICLE = re.compile(r"\b([Aa])~ (?=(.))")


class Document:
    """The state of one document: what each slot stands for."""

    def __init__(self, rng):
        self.rng = rng
        self.state = {}

    def value(self, slot, kind):
        if slot not in self.state:
            taken = [v for s, v in self.state.items() if slot_class(s.rstrip("0123456789")) == kind]
            while True:
                value = self.rng.choice(grammar.LEXICON[kind])
                clash = any(value[""] == v[""] or
                            (kind == "person" and value["kind"] == v["kind"]) for v in taken)
                if not clash:
                    break
            self.state[slot] = value
        return self.state[slot]

    def say(self, template):
        out = []
        for parts in parse(template):
            text = "".join(p if isinstance(p, str) else self.value(p[0], p[1])[p[2]] for p in parts)
            text = ARTICLE.sub(
                lambda m: m.group(1) + ("n " if m.group(2) in "aeiouAEIOU" else " "), text)
            out.append(capitalize(text))
        return " ".join(out)

    def paragraph(self, steps):
        out = []
        for step in steps:
            if step[0] == "?":
                if self.rng.random() < 0.5:
                    continue
                step = step[1:]
            out.append(self.say(self.rng.choice(step)))
        return " ".join(out)

    def story(self, plot=None):
        """A story of 150 words or more."""
        plot = plot or self.rng.choice(list(grammar.PLOTS))
        while True:
            text = "\n\n".join(self.paragraph(steps) for steps in grammar.PLOTS[plot])
            if len(text.split()) >= 150:
                return text
            self.state.clear()

    def short_story(self, plot):
        paragraphs = grammar.PLOTS[plot]
        steps = [s for i in grammar.SHORT[plot] for s in paragraphs[i] if s[0] != "?"]
        return self.paragraph(steps + [grammar.END])


def story_turns(rng):
    plot = rng.choice(list(grammar.PLOTS))
    doc = Document(rng)
    thing = grammar.ABOUT[plot]
    draw = rng.random()
    if draw < 0.5:
        ask = rng.choice(grammar.ASK_KIND)
    elif draw < 0.8 and thing:
        ask = rng.choice(grammar.ASK_THING).replace("@", thing)
    else:
        ask = rng.choice(grammar.ASK_ANY)
    turns = [(doc.say(ask), doc.short_story(plot))]
    after = list(grammar.AFTER[plot] + grammar.WHO)
    rng.shuffle(after)
    for question, answer in after[:rng.choice([0, 0, 1, 2, 3])]:
        if all(s in doc.state for s in re.findall(r"\{([A-Za-z0-9]+)", question + answer)):
            turns.append((doc.say(question), doc.say(answer)))
    return turns


def fact_turn(rng):
    doc = Document(rng)
    questions, answers = rng.choice(grammar.QA)
    return doc.say(rng.choice(questions)), doc.say(rng.choice(answers))


def dialogue(rng):
    turns = []
    draw = rng.random()
    if draw < 0.30:
        turns = story_turns(rng)
    elif draw < 0.55:
        turns = [fact_turn(rng)]
    else:
        for _ in range(rng.randint(2, 7)):
            turns.append(fact_turn(rng))
        if rng.random() < 0.4:
            turns += story_turns(rng)
    return "\n".join("Instruct: %s\nOutput: %s" % turn for turn in turns)


def document(rng, stories=0.4):
    """One document without its end token: a story, or a dialogue of one or more turns."""
    return Document(rng).story() if rng.random() < stories else dialogue(rng)


def main():
    parser = argparse.ArgumentParser(description="Print documents of the bundled model's language.")
    parser.add_argument("-n", type=int, default=3, help="documents (default 3)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=["any", "story", "dialogue"], default="any")
    args = parser.parse_args()
    rng = random.Random(args.seed)
    make = {"any": document, "dialogue": dialogue,
            "story": lambda r: Document(r).story()}[args.kind]
    for _ in range(args.n):
        sys.stdout.write(make(rng) + "\n" + END + "\n")


if __name__ == "__main__":
    main()
