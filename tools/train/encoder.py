#!/usr/bin/env python3
"""Trains the bundled encoder: a BERT of BERT-Tiny's shape with a vocabulary of 1,000 pieces, a
masked-LM head and a classifier ("negative", "positive"), on text generated as it goes.

Three objectives share each step: masked words of stories, questions and reviews; the opinion of
reviews; and sentence vectors (mean pooling), in which two reviews of one subject, or a question
and its answer, lie closer together than others. Everything follows from --seed and --steps: one
machine trains the same bytes again."""
import argparse
import json
import os
import random
import re
import shutil
import sys
import time
import zlib
from collections import Counter

import torch
import transformers
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy, normalize
from transformers import (AutoTokenizer, BertConfig, BertForMaskedLM,
                          BertForSequenceClassification, BertModel, BertPreTrainedModel)
from transformers.models.bert.modeling_bert import BertOnlyMLMHead

import grammar
import language
import reviews
import train_tokenizers

VOCABULARY = 1000
LENGTH = 128
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
MASKED = 0.2


class Encoder(BertPreTrainedModel):
    """Both heads over one encoder. Hugging Face has a class for each, none for the two."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config)
        self.cls = BertOnlyMLMHead(config)
        self.classifier = torch.nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()
        self.cls.predictions.decoder.weight = self.bert.embeddings.word_embeddings.weight
        self.cls.predictions.decoder.bias = self.cls.predictions.bias


def make_config():
    return BertConfig(
        vocab_size=VOCABULARY, hidden_size=128, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=512, max_position_embeddings=LENGTH, type_vocab_size=2,
        hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        initializer_range=0.04, pad_token_id=0,
        id2label=dict(enumerate(reviews.LABELS)),
        label2id={name: i for i, name in enumerate(reviews.LABELS)},
        architectures=["BertForSequenceClassification", "BertForMaskedLM"])


def held_out(sentence):
    """One sentence in twenty is kept from training: the masked-LM figures come from these."""
    return zlib.crc32(sentence.encode()) % 20 == 0


# ---- text

def training_review(rng, **options):
    while True:
        sentences = reviews.Review(rng, **options).sentences()
        if not any(held_out(s) for s in sentences):
            return sentences


def story_sentences(rng):
    text = language.Document(rng).story()
    return [s for line in text.split("\n") if line for s in language.split_sentences(line)]


class Stream:
    """Rows of the masked LM: (text, second text or None)."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.rows = []

    def refill(self):
        rng = self.rng
        for _ in range(4):
            sentences = [s for s in story_sentences(rng) if not held_out(s)]
            i = 0
            while i < len(sentences):
                count = rng.choice((1, 1, 1, 2, 2, 3)) if rng.random() < 0.95 else 12
                part = sentences[i:i + count]
                cut = len(part) // 2
                two = count > 1 and rng.random() < 0.3 and cut
                self.rows.append((" ".join(part[:cut]), " ".join(part[cut:])) if two
                                 else (" ".join(part), None))
                i += count
        for _ in range(30):
            pair = language.fact_turn(rng)
            if not any(held_out(s) for t in pair for s in language.split_sentences(t)):
                self.rows.append(pair if rng.random() < 0.5 else (" ".join(pair), None))
        self.rows += [(" ".join(training_review(rng)), None) for _ in range(80)]
        rng.shuffle(self.rows)

    def take(self, count):
        while len(self.rows) < count:
            self.refill()
        out, self.rows = self.rows[:count], self.rows[count:]
        return out


def similar_reviews(rng, count):
    """Pairs of reviews with one subject and one opinion; each pair another subject."""
    out, nouns = [], set()
    while len(out) < count:
        first = reviews.Review(rng)
        if first.noun in nouns:
            continue
        nouns.add(first.noun)
        texts = []
        while len(texts) < 2:
            sentences = first.sentences()
            text = " ".join(sentences)
            if first.noun in text and text not in texts and not any(map(held_out, sentences)):
                texts.append(text)
        out.append((texts[0], texts[1], first.label))
    return out


def similar_turns(rng, count):
    """A question with its answer, or with the same question in other words."""
    out, answers = [], set()
    while len(out) < count:
        doc = language.Document(rng)
        questions, replies = rng.choice(grammar.QA)
        first, answer = doc.say(rng.choice(questions)), doc.say(rng.choice(replies))
        second = doc.say(rng.choice(questions)) if rng.random() < 0.3 else answer
        texts = [s for t in (first, second) for s in language.split_sentences(t)]
        if answer in answers or first == second or any(map(held_out, texts)):
            continue
        answers.add(answer)
        out.append((first, second))
    return out


# ---- one step

def batch(tokenizer, rows):
    first = [r[0] for r in rows]
    second = [r[1] for r in rows]
    encoded = [tokenizer(a, b, truncation=True, max_length=LENGTH) for a, b in zip(first, second)]
    return tokenizer.pad(encoded, return_tensors="pt")


def mask_tokens(tokenizer, ids, generator):
    """BERT's masking: of the chosen tokens 8 in 10 become [MASK], 1 another token, 1 stays."""
    special = ids < 5
    chosen = (torch.rand(ids.shape, generator=generator) < MASKED) & ~special
    for row in range(len(ids)):             # a short row has a masked token, too
        if not chosen[row].any():
            places = (~special[row]).nonzero().flatten()
            chosen[row, places[torch.randint(len(places), (1,), generator=generator)]] = True
    draw = torch.rand(ids.shape, generator=generator)
    other = torch.randint(5, VOCABULARY, ids.shape, generator=generator)
    masked = torch.where(chosen & (draw < 0.8), tokenizer.mask_token_id, ids)
    masked = torch.where(chosen & (draw >= 0.9), other, masked)
    return masked, chosen


def masked_loss(model, tokenizer, rows, generator):
    inputs = batch(tokenizer, rows)
    ids = inputs["input_ids"]
    inputs["input_ids"], chosen = mask_tokens(tokenizer, ids, generator)
    hidden = model.bert(**inputs).last_hidden_state
    return cross_entropy(model.cls(hidden[chosen]), ids[chosen])


def mean_vectors(hidden, attention):
    weight = attention.unsqueeze(-1).to(hidden.dtype)
    return normalize((hidden * weight).sum(1) / weight.sum(1), dim=-1)


def text_losses(model, tokenizer, rng, count):
    """The classifier on reviews, and the vectors of pairs against all other pairs."""
    opinions = similar_reviews(rng, count)
    turns = similar_turns(rng, count)
    texts = [p[0] for p in opinions + turns] + [p[1] for p in opinions + turns]
    inputs = batch(tokenizer, [(t, None) for t in texts])
    out = model.bert(**inputs)
    labels = torch.tensor([p[2] for p in opinions])
    pairs = 2 * count
    seen = torch.cat([out.pooler_output[:count], out.pooler_output[pairs:pairs + count]])
    classify = cross_entropy(model.classifier(seen), torch.cat([labels, labels]))
    vectors = mean_vectors(out.last_hidden_state, inputs["attention_mask"])
    scores = vectors[:pairs] @ vectors[pairs:].T / 0.05
    target = torch.arange(pairs)
    near = 0.5 * (cross_entropy(scores, target) + cross_entropy(scores.T, target))
    return classify, near


def rate(progress, peak):
    warm = 0.04
    return peak * (progress / warm if progress < warm else (1.0 - progress) / (1.0 - warm))


def train(args, model, tokenizer):
    stream, rng = Stream(args.seed), random.Random(args.seed + 1)
    generator = torch.Generator().manual_seed(args.seed)
    decay = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01},
                                   {"params": rest, "weight_decay": 0.0}],
                                  lr=args.lr, betas=(0.9, 0.98))
    start, sums, ready = time.monotonic(), [0.0] * 3, []
    model.train()
    for step in range(1, args.steps + 1):
        if not ready:                       # rows of like length share a batch
            rows = sorted(stream.take(8 * args.batch), key=lambda r: len(r[0]) + len(r[1] or ""))
            ready = [rows[i:i + args.batch] for i in range(0, len(rows), args.batch)]
            rng.shuffle(ready)
        losses = [masked_loss(model, tokenizer, ready.pop(), generator)]
        losses += text_losses(model, tokenizer, rng, args.batch // 3 + 2)
        for group in optimizer.param_groups:
            group["lr"] = rate(step / args.steps, args.lr)
        optimizer.zero_grad(set_to_none=True)
        (losses[0] + losses[1] + 0.2 * losses[2]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        sums = [s + x.item() for s, x in zip(sums, losses)]
        if step % 100 == 0:
            print("step %d, %.0f s: masked %.4f, opinion %.4f, vectors %.4f" % (
                step, time.monotonic() - start, *[s / 100 for s in sums]),
                file=sys.stderr, flush=True)
            sums = [0.0] * 3
        if step % 2000 == 0 or step == args.steps:
            export(model, tokenizer, args.out)
    return time.monotonic() - start


def export(model, tokenizer, out):
    """The directory as Hugging Face writes it, with the tensors of both heads."""
    aside = out.rstrip("/") + ".new"
    shutil.rmtree(aside, ignore_errors=True)
    tokenizer.save_pretrained(aside)
    with open(os.path.join(aside, "config.json"), "w", encoding="utf-8") as f:
        f.write(model.config.to_json_string())
    tied = ("cls.predictions.decoder.weight", "cls.predictions.decoder.bias")
    tensors = {n: t.detach().clone().contiguous() for n, t in model.state_dict().items()
               if n not in tied and not n.endswith(("position_ids", "token_type_ids"))}
    save_file(tensors, os.path.join(aside, "model.safetensors"), metadata={"format": "pt"})
    os.makedirs(out, exist_ok=True)
    for name in os.listdir(aside):
        os.replace(os.path.join(aside, name), os.path.join(out, name))
    os.rmdir(aside)


# ---- figures, measured with Hugging Face's own classes on the exported directory

def probabilities(model, tokenizer, rows):
    with torch.no_grad():
        return model(**batch(tokenizer, rows)).logits.softmax(-1)


def accuracy(model, tokenizer, examples):
    right = 0
    for i in range(0, len(examples), 100):
        part = examples[i:i + 100]
        guess = probabilities(model, tokenizer, [(t, None) for t, _ in part]).argmax(-1)
        right += sum(int(g) == label for g, (_, label) in zip(guess, part))
    return right / len(examples)


def held_out_sentences(seed, count, reviewed):
    rng, out = random.Random(seed), set()
    while len(out) < count:
        found = reviews.Review(rng).sentences() if reviewed else story_sentences(rng)
        out.update(s for s in found if held_out(s))
    return rng.sample(sorted(out), count)


def masked_accuracy(model, tokenizer, sentences, seed):
    """One token of each sentence is masked: shares of the right one at the top, in the top 5."""
    rng, first, five = random.Random(seed), 0, 0
    for i in range(0, len(sentences), 100):
        inputs = batch(tokenizer, [(s, None) for s in sentences[i:i + 100]])
        ids = inputs["input_ids"]
        places = [rng.randrange(1, int(n) - 1) for n in inputs["attention_mask"].sum(1)]
        rows = torch.arange(len(places))
        wanted = ids[rows, places].clone()
        ids[rows, places] = tokenizer.mask_token_id
        with torch.no_grad():
            top = model(**inputs).logits[rows, places].topk(5).indices
        first += int((top[:, 0] == wanted).sum())
        five += int((top == wanted.unsqueeze(1)).any(1).sum())
    return first / len(sentences), five / len(sentences)


def measure(directory):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    classifier = BertForSequenceClassification.from_pretrained(directory).eval()
    filler = BertForMaskedLM.from_pretrained(directory).eval()
    rng, figures = random.Random(2026), {}
    for name, side in (("unseen templates", True), ("templates of training", False)):
        made = [reviews.Review(rng, held_out=side) for _ in range(4000)]
        figures["opinions, " + name] = accuracy(
            classifier, tokenizer, [(r.text(), r.label) for r in made])
    figures["opinions, %d by hand" % len(reviews.BY_HAND)] = accuracy(
        classifier, tokenizer, reviews.BY_HAND)
    for name, reviewed in (("stories", False), ("reviews", True)):
        sentences = held_out_sentences(7, 2000, reviewed)
        figures["masked, unseen sentences of %s: top 1, top 5" % name] = masked_accuracy(
            filler, tokenizer, sentences, 8)
    return figures


# ---- what Hugging Face answers, in float64: a reference for tests

CLASSIFY = ["I love this movie.", "The soup was not good.", "The soup was not bad at all.",
            "My new bike is wonderful!", "It rained all day and we were sad.",
            "I thought the show would be boring, but it was great.",
            "I thought the show would be great, but it was boring.",
            "Nobody liked the game.", "Everybody liked the game.", "Never again!",
            "The price was bad, but the shoes are beautiful and strong.",
            "What a lovely day!", "What a disaster!", "The waiter was rude. I want my money back.",
            "Caf\u00e9 na\u00efve: 3 stars?", "good", "bad", "",
            "The hotel was neither clean nor quiet, and the room smelled awful.",
            "Tom was very happy. His sister baked a cake, and it was delicious."]
FILL = ["The soup was not [MASK].", "I [MASK] this movie.", "The toy was [MASK] after one day.",
        "A cow lives on a [MASK].", "What color is the [MASK]?", "The sky is [MASK].",
        "Once upon a [MASK], there was a little girl named Lily.",
        "The party was [MASK] and we had a lot of [MASK].",
        "The opposite of hot is [MASK].", "The food was delicious, but the waiter was [MASK]."]
EMBED = ["The soup was delicious.", "I loved the soup.", "The hotel was dirty.",
         "What color is the sky?", "The sky is blue."]


def reference(directory):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    classifier = BertForSequenceClassification.from_pretrained(directory).double().eval()
    filler = BertForMaskedLM.from_pretrained(directory).double().eval()
    out = {"classify": [], "fill": [], "embed": []}
    for text in CLASSIFY:
        scores = probabilities(classifier, tokenizer, [(text, None)])[0].tolist()
        out["classify"].append({"text": text, "ids": tokenizer(text).input_ids,
                                "scores": dict(zip(reviews.LABELS, scores))})
    for text in FILL:
        inputs = batch(tokenizer, [(text, None)])
        ids = inputs["input_ids"][0]
        with torch.no_grad():
            rows = filler(**inputs).logits[0][ids == tokenizer.mask_token_id].softmax(-1)
        masks = [[{"token": int(i), "token_str": tokenizer.decode([int(i)]), "score": float(p)}
                  for p, i in zip(*row.topk(5))] for row in rows]
        out["fill"].append({"text": text, "ids": ids.tolist(), "masks": masks})
    for text in EMBED:
        inputs = batch(tokenizer, [(text, None)])
        with torch.no_grad():
            hidden = classifier.bert(**inputs).last_hidden_state
        vector = mean_vectors(hidden, inputs["attention_mask"])[0].tolist()
        out["embed"].append({"text": text, "embedding": vector})
    return out


def count_pieces(texts, vocab):
    """How often each piece is used, each word split as WordPiece splits it."""
    words, used = Counter(), Counter()
    for text in texts:
        words.update(re.findall(r"[a-z]+|\S", text.lower()))
    for word, times in words.items():
        start = 0
        while start < len(word):
            end = len(word)
            while ("##" if start else "") + word[start:end] not in vocab:
                end -= 1
            used[("##" if start else "") + word[start:end]] += times
            start = end
    return used


def vocabulary(out):
    """Pieces of stories and reviews, and every printable ASCII character at the start of a word
    and inside, so that no English text has an unknown token. Merging leaves many pieces that only
    served as steps to longer ones: more are made than needed, and the most used ones kept."""
    rng = random.Random(1000)
    texts = [language.Document(rng).story() for _ in range(1000)]
    texts += [" ".join(language.fact_turn(rng)) for _ in range(20000)]
    texts += [reviews.Review(rng).text() for _ in range(60000)]
    letters = " ".join(ALPHABET) + " " + " ".join(c + c for c in ALPHABET)
    extra = [letters, " ".join(PUNCTUATION)]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pieces = train_tokenizers.wordpiece_vocab(texts + extra, special, 2 * VOCABULARY)
    used = count_pieces(texts, set(pieces))
    keep = special + [p for p in pieces if len(p.replace("##", "")) == 1]
    rest = sorted(set(pieces) - set(keep), key=lambda p: (-used[p], p))
    keep += rest[:VOCABULARY - len(keep)]
    train_tokenizers.save_wordpiece([p for p in pieces if p in set(keep)], out, LENGTH)
    return AutoTokenizer.from_pretrained(out)


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="the Hugging Face directory")
    parser.add_argument("--steps", type=int, default=6500)
    parser.add_argument("--batch", type=int, default=32, help="rows of the masked LM in a step")
    parser.add_argument("--lr", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--measure", action="store_true", help="only measure what is in --out")
    return parser.parse_args()


def main():
    args = parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()      # each class finds the other's head unused
    torch.manual_seed(args.seed)
    if not args.measure:
        tokenizer = vocabulary(args.out)
        model = Encoder(make_config())
        print("%d parameters" % sum(p.numel() for p in model.parameters()), flush=True)
        print("trained in %.0f s" % train(args, model, tokenizer), flush=True)
    for name, value in measure(args.out).items():
        values = value if isinstance(value, tuple) else (value,)
        print("%s: %s" % (name, ", ".join("%.1f%%" % (100 * v) for v in values)), flush=True)
    with open(os.path.join(args.out, "expected.json"), "w", encoding="utf-8") as f:
        json.dump(reference(args.out), f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
