#!/usr/bin/env python3
"""Trains the three small tokenizers: byte-level BPE of exactly 2,048 tokens, an uncased WordPiece
of at most 2,048 and SentencePiece BPE of 512 with byte fallback. The corpus is text of the
language plus lines made here."""
import argparse
import io
import json
import os
import random
from collections import Counter

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as sentencepiece_model
from tokenizers import (Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)
from transformers import BertTokenizerFast, GPT2TokenizerFast, LlamaTokenizer, LlamaTokenizerFast

import grammar
import language

SIZE = 2048
OTHER = ("caf\u00e9 na\u00efve \u00fcber Stra\u00dfe gar\u00e7on se\u00f1or \u010desk\u00fd "
         "\u017c\u00f3\u0142w \u043f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440 "
         "\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u4f60\u597d \u4e16\u754c "
         "\u65e5\u672c\u8a9e \u3053\u3093\u306b\u3061\u306f \ud55c\uad6d\uc5b4 "
         "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 "
         "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 "
         "\u0928\u092e\u0938\u094d\u0924\u0947 \U0001f600 \U0001f680 \u2764\ufe0f "
         "\u2014 \u201cq\u201d "
         "\u2018s\u2019 \u2026 \u20ac \u00b0").split()
SUFFIXES = "ing ed er est ly ness ment tion able less ful ish ous ity".split()
STEMS = ("comput process commun govern develop differ import present consider number question "
         "number system program string return function value table person friend school water "
         "light night world follow answer letter mother father earth under never start country "
         "plant thought always second almost children garden river station travel window").split()
CODE = ["for (int i = 0; i < n; i++) {\n    sum += x[i] * y[i];\n}\n",
        "if (count == 0) return NULL;\n", "static const char *name = \"value\";\n",
        "def add(a, b):\n    return a + b\n", "import os, sys\n",
        "print(\"result: %d\\n\", total);\n",
        "#include <stdio.h>\n", "while (size > 0) { size /= 2; }\n",
        "    self.items.append(item)\n",
        "{\"key\": [1, 2.5, true, null]}\n", "https://example.org/index.html?id=42\n"]


def lines(rng, count):
    """Digits, dates, code, suffixes, contractions, other scripts: what the stories lack."""
    for _ in range(count):
        draw = rng.randrange(6)
        if draw == 0:
            yield "%d + %d = %.2f, %02d:%02d, %d%%\n" % tuple(
                rng.randrange(n) for n in (1000, 100000, 9999, 24, 60, 100))
        elif draw == 1:
            yield rng.choice(CODE)
        elif draw == 2:
            yield " ".join(rng.choice(OTHER) for _ in range(6)) + "\n"
        elif draw == 3:
            yield " ".join(rng.choice(STEMS) + rng.choice(SUFFIXES) for _ in range(8)) + ".\n"
        elif draw == 4:
            yield rng.choice(["I'm", "we'll", "they've", "isn't", "don't", "she'd", "you're",
                              "it's"]) + " (%s) - %s; %s/%s\n" % tuple(rng.sample(STEMS, 4))
        else:
            yield "".join(rng.choice("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.!?-")
                          for _ in range(40)) + "\n"


# Three sentences had another wording when the tokenizers were made. The ids are fixed since then
# (goldens and the model hold them), so the corpus keeps the old wording.
OLD_WORDING = {
    "\"Who is there?\" asked {A}, but there was no answer.":
        "\"Who is there?\" {A.he} asked, but there was no answer.",
    "\"Look at me!\" called {A}.": "\"Look at me!\" {A.he} called.",
    "\"Happy birthday, {B}!\" called {A}.": "\"Happy birthday, {B}!\" {A.he} called."}


def old_wording():
    for plot in grammar.PLOTS.values():
        for paragraph in plot:
            for step in paragraph:
                step[:] = [OLD_WORDING.get(text, text) for text in step]


def corpus():
    old_wording()
    rng = random.Random(2048)
    out = [language.document(rng, stories=0.6) for _ in range(12000)]
    return out + list(lines(rng, 4000))


def train_bpe(texts, out):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=SIZE - 1, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False))
    model = json.loads(tokenizer.to_str())["model"]
    vocab = dict(model["vocab"])
    vocab[language.END] = len(vocab)            # last, as in GPT-2
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[tuple(m) for m in model["merges"]]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([language.END])
    if tokenizer.get_vocab_size() != SIZE:
        raise SystemExit("the corpus is too poor: %d tokens" % tokenizer.get_vocab_size())
    fast = GPT2TokenizerFast(tokenizer_object=tokenizer, bos_token=language.END,
                             eos_token=language.END, unk_token=language.END,
                             add_prefix_space=False, model_max_length=512)
    fast.save_pretrained(out)
    tokenizer.model.save(out)                   # vocab.json and merges.txt
    return fast


def wordpiece_vocab(texts, special, size=SIZE):
    """Pieces by repeated merging of the commonest pair, ties by the pair's own order: the trainer
    of the library breaks ties at random."""
    normalizer = normalizers.BertNormalizer(lowercase=True)
    split = pre_tokenizers.BertPreTokenizer()
    counts = Counter()
    for text in texts:
        counts.update(w for w, _ in split.pre_tokenize_str(normalizer.normalize_str(text)))
    words = [([w[0]] + ["##" + c for c in w[1:]], n) for w, n in sorted(counts.items())]
    pieces = {p for word, _ in words for p in word}
    while len(pieces) < size - len(special):
        pairs = Counter()
        for word, n in words:
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda p: (-pairs[p], p))
        joined = best[0] + best[1][2:]
        pieces.add(joined)
        for word, _ in words:
            i = 0
            while i < len(word) - 1:
                if (word[i], word[i + 1]) == best:
                    word[i:i + 2] = [joined]
                i += 1
    return special + sorted(pieces, key=lambda w: (w.startswith("##"), len(w), w))


def train_wordpiece(texts, out):
    order = wordpiece_vocab(texts, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return save_wordpiece(order, out, 512)


def save_wordpiece(order, out, length):
    vocab = {word: i for i, word in enumerate(order)}
    fast = BertTokenizerFast(tokenizer_object=_bert(vocab), do_lower_case=True,
                             model_max_length=length)
    fast.save_pretrained(out)
    with open(os.path.join(out, "vocab.txt"), "w", encoding="utf-8") as f:
        f.write("".join(word + "\n" for word in order))
    return fast


def _bert(vocab):
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    pair = [("[CLS]", vocab["[CLS]"]), ("[SEP]", vocab["[SEP]"])]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0", pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=pair)
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


def train_pieces(texts, out):
    """As LLaMA's: no normalisation, each digit alone, bytes for rare characters, and a piece of
    two spaces that is merged last. tokenizer.json is what Hugging Face makes of tokenizer.model."""
    os.makedirs(out, exist_ok=True)
    trained = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(line for text in texts for line in text.split("\n") if line),
        model_writer=trained, model_type="bpe", vocab_size=512, byte_fallback=True,
        character_coverage=0.9992, split_digits=True, allow_whitespace_only_pieces=True,
        normalization_rule_name="identity", remove_extra_whitespaces=False, num_threads=1,
        shuffle_input_sentence=False, minloglevel=2)
    model = sentencepiece_model.ModelProto.FromString(trained.getvalue())
    last = [p.piece for p in model.pieces if p.type == p.NORMAL and len(p.piece) > 1][-1]
    spaces = [p for p in model.pieces if p.piece == "\u2581\u2581"]
    if not spaces:
        spaces = [p for p in model.pieces if p.piece == last]
        spaces[0].piece = "\u2581\u2581"
    spaces[0].score = -1e9
    with open(os.path.join(out, "tokenizer.model"), "wb") as f:
        f.write(model.SerializeToString(deterministic=True))
    slow = LlamaTokenizer(os.path.join(out, "tokenizer.model"), legacy=True)
    fast = LlamaTokenizerFast(os.path.join(out, "tokenizer.model"), legacy=True,
                              add_prefix_space=True)
    fast.backend_tokenizer.save(os.path.join(out, "tokenizer.json"), pretty=False)
    with open(os.path.join(out, "tokenizer_config.json"), "w", encoding="utf-8") as f:
        json.dump({"add_bos_token": True, "add_eos_token": False, "bos_token": "<s>",
                   "eos_token": "</s>", "unk_token": "<unk>", "legacy": True,
                   "clean_up_tokenization_spaces": False, "model_max_length": 512,
                   "tokenizer_class": "LlamaTokenizer"}, f, indent=2)
        f.write("\n")
    return slow


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=os.path.join(here, "..", "..", "tests", "data"))
    args = parser.parse_args()
    texts = corpus()
    bpe = train_bpe(texts, os.path.join(args.out, "bpe2048"))
    wordpiece = train_wordpiece(texts, os.path.join(args.out, "wordpiece"))
    pieces = train_pieces(texts, os.path.join(args.out, "pieces512"))
    story = language.Document(random.Random(7)).story()
    print("bpe2048: %d tokens, %.3f per word of a story" % (
        len(bpe), len(bpe(story).input_ids) / len(story.split())))
    print("wordpiece: %d tokens" % len(wordpiece))
    print("pieces512: %d tokens, %.3f per word of a story" % (
        len(pieces), len(pieces(story).input_ids) / len(story.split())))


if __name__ == "__main__":
    main()
