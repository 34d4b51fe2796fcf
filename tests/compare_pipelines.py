"""Answers of slm-encode beside those of Hugging Face's pipelines and of sentence-transformers.

usage: compare_pipelines.py [--shared DIR] [--build DIR] [--keep DIR] [--list] [CASE ...]

Each case makes a Hugging Face directory (a small random model with the real WordPiece vocabulary
of DIR/tokenizers/bert-base-uncased, or with RoBERTa's tokenizer of tests/data/roberta), converts it
with slm-convert --type f32, gives its lines to slm-encode, and compares every key that the
reference has: words and numbers exactly, offsets after counting bytes instead of code points, floats by |difference| / max(1, |reference|) against the
case's tolerance. In every case lines that are no input must answer with an error, all other lines
as if those were not there; and one thread with small batches must give the same bytes.
A line is printed for each case, with its largest difference. Exit status 1: some case differs.
--keep leaves the directories and what slm-encode read and wrote in DIR.

pip install -r tests/requirements.txt -r tests/requirements-encoders.txt (without the second, embed
and rank are skipped)
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import tokenizers
import torch
import transformers
from transformers import (AutoModel, AutoModelForNextSentencePrediction,
                          AutoModelForQuestionAnswering, AutoTokenizer,
                          BertForMaskedLM, BertForNextSentencePrediction, BertForQuestionAnswering,
                          BertForSequenceClassification, BertForTokenClassification, BertModel,
                          BertTokenizerFast, DistilBertForMaskedLM, DistilBertForQuestionAnswering,
                          DistilBertForSequenceClassification, DistilBertForTokenClassification,
                          DistilBertModel, DistilBertTokenizerFast, MobileBertForMaskedLM,
                          MobileBertForQuestionAnswering, MobileBertForTokenClassification,
                          MobileBertTokenizerFast, PreTrainedTokenizerFast, RobertaForMaskedLM,
                          RobertaForQuestionAnswering, RobertaForSequenceClassification,
                          RobertaForTokenClassification, RobertaModel, RobertaTokenizerFast,
                          pipeline)

import make_encoders
from make_encoders import BIO, bert, distil, mobile, named, roberta

try:
    import sentence_transformers
    from sentence_transformers import CrossEncoder, SentenceTransformer, models
except ImportError:
    sentence_transformers = None

VOCABULARY, BYTE_VOCABULARY = 30522, 2053
BAD = ["{", "[1, 2]", "7", '{"no": "text"}', ""]  # the last one is an empty line
TOKENIZERS = {"bert": BertTokenizerFast, "distilbert": DistilBertTokenizerFast,
              "mobilebert": MobileBertTokenizerFast}

TEXTS = [
    "Hello, world!", "The quick brown fox jumps over the lazy dog.", "x", "",
    "My name is Wolfgang and I live in Berlin, near the Brandenburg Gate.",
    "Caf\u00e9 na\u00efve \u00fcber r\u00e9sum\u00e9 - it's 3.14 don't",
    "\u4e2d\u6587\u5b57 and \u65e5\u672c\u8a9e \U0001f600 emoji \u0416\u0437",
    "unaffable hyperparameterization antidisestablishmentarianism", "  spaces   and\ttabs\n",
    "Ha\u0301\u0308 combining \u0130stanbul STRASSE \ufb01ne", "[MASK] and [SEP] are tokens",
    "a\u00adb\u200bc", "!!! ... ???", "word " * 60]
PAIRS = [["What is it?", "It is a cat."], ["a", " "], # Hugging Face takes "" for no pair
         ["\u00c9t\u00e9 \u00e0 Paris", "\u4e2d \u6587"], ["The first text. " * 5, "and a second"]]
MASKED = ["Paris is the [MASK] of France.", "[MASK]", "The [MASK] sat on the [MASK].",
          "Caf\u00e9 \u4e2d [MASK]'s na\u00efve \U0001f600!",
          "One [MASK], (two) \"three\" don't 3.5."]
STORY = ("Caf\u00e9s in Z\u00fcrich opened in 1893. Anne-Marie Schr\u00f6der, an engineer, "
         "moved from \u4e2d\u56fd to S\u00e3o Paulo with her dog Rex. They couldn't find "
         "unaffordable housing! ")
QUESTIONS = [
    {"question": "Where do I live?", "context": TEXTS[4]},
    {"question": "Who moved?", "context": STORY},
    {"question": "When did the caf\u00e9s open? " * 20, "context": STORY},
    {"question": "What?", "context": STORY * 9},
    {"question": "What did they find?", "context": STORY * 30},
    {"question": "x", "context": "y"}]


# ---- models ---------------------------------------------------------------------------------


def byte_tokenizer(longest, template=False, **k):
    """RoBERTa's; or one of no class of its own, with a template that has types."""
    data = os.path.join(make_encoders.HERE, "data", "roberta")
    files = [os.path.join(data, name) for name in ("vocab.json", "merges.txt")]
    tokenizer = RobertaTokenizerFast(*files, model_max_length=longest, **k)
    if not template:
        return tokenizer
    parts = json.loads(tokenizer._tokenizer.to_str())
    pair = [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
            {"SpecialToken": {"id": "</s>", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
            {"SpecialToken": {"id": "</s>", "type_id": 1}}]
    parts["post_processor"] = {
        "type": "TemplateProcessing", "single": pair[:3], "pair": pair,
        "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]}
                           for t, i in (("<s>", 0), ("</s>", 2))}}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizers.Tokenizer.from_str(json.dumps(parts)), cls_token="<s>",
        sep_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>",
        model_max_length=longest)


def save_model(directory, cls, config, longest=512, gain=1, tokenizer=None):
    """A random model of that class with the real vocabulary, and its tokenizer's files. `gain`
    makes the last matrix larger, such that scores differ."""
    generator = torch.Generator().manual_seed(7)
    model = cls(config)
    make_encoders.randomize(model, generator)
    ids = torch.randint(2, config.vocab_size, (30,), generator=generator).tolist()
    make_encoders.peak(model, [(ids, [0] * 30)])
    head = [p for name, p in model.named_parameters()
            if name.endswith(("classifier.weight", "qa_outputs.weight", "relationship.weight",
                              "classifier.out_proj.weight"))]
    for p in head[-1:]:
        p.data *= gain
    model.float().save_pretrained(directory)
    if tokenizer:
        tokenizer = byte_tokenizer(longest, **tokenizer)
    elif config.model_type == "roberta":
        tokenizer = byte_tokenizer(longest)
    else:
        tokenizer = TOKENIZERS[config.model_type](
            os.path.join(arguments.shared, "tokenizers", "bert-base-uncased", "vocab.txt"),
            model_max_length=longest)
    tokenizer.save_pretrained(directory)


def small_bert(**k):
    return bert(VOCABULARY, 33, 3, 71, 2, 512, **k)


def small_roberta(**k):
    return roberta(BYTE_VOCABULARY, 33, 3, 71, 2, 514, **k)


def small_distil(**k):
    return distil(VOCABULARY, 35, 5, 71, 2, 512, **k)


def small_mobile(**k):
    return mobile(VOCABULARY, 36, 3, 23, 2, 512, embedding_size=17, intra_bottleneck_size=15, **k)


def save_sentence_model(directory, cls, config, modules, **k):
    """A directory of sentence-transformers."""
    inner = directory + "-inner"
    save_model(inner, cls, config)
    body = models.Transformer(inner, max_seq_length=40)
    SentenceTransformer(modules=[body] + modules, **k).save(directory)
    shutil.rmtree(inner)


def dense(size, out, activation):
    layer = models.Dense(size, out, activation_function=activation)
    layer.linear.weight.data = torch.randn(out, size, generator=torch.Generator().manual_seed(5))
    return layer


# ---- references: the answers to lines, in the form of slm-encode ----------------------------


def bytes_before(text, point):
    return len(text[:point].encode())


def load(task, directory):
    return pipeline(task, model=directory, tokenizer=directory, device="cpu")


def fill(directory, lines):
    pipe = load("fill-mask", directory)
    for line in lines:
        found = pipe(line, top_k=5)
        yield {"masks": found if isinstance(found[0], list) else [found]}


def tag(directory, lines):
    pipe = load("token-classification", directory)
    for line in lines:
        found = pipe(line, aggregation_strategy="simple")
        yield {"entities": [dict(e, score=float(e["score"]), start=bytes_before(line, e["start"]),
                                 end=bytes_before(line, e["end"])) for e in found]}


def answer(directory, lines, points=False):
    pipe = load("question-answering", directory)
    for line in lines:
        found = pipe(**line)
        if not points:
            found = dict(found, start=bytes_before(line["context"], found["start"]),
                         end=bytes_before(line["context"], found["end"]))
        yield found


def answer_points(directory, lines):
    return answer(directory, lines, True)


def parts(line):
    """A line's text and pair; None: no pair."""
    return (line, None) if isinstance(line, str) else tuple(line)


def classify(directory, lines):
    pipe = load("text-classification", directory)
    for line in lines:
        text, pair = parts(line)
        found = pipe({"text": text, "text_pair": pair} if pair is not None else {"text": text},
                     top_k=None, truncation=True)
        yield {"label": found[0]["label"], "score": found[0]["score"], "scores": found}


def embed(directory, lines):
    model = SentenceTransformer(directory, device="cpu")
    for line in lines:
        yield {"embedding": model.encode(line, show_progress_bar=False).tolist()}


def rank(directory, lines):
    model = CrossEncoder(directory, device="cpu")
    for line in lines:
        scores = [float(model.predict((line["query"], document), show_progress_bar=False))
                  for document in line["documents"]]
        yield {"scores": scores, "order": sorted(range(len(scores)), key=lambda i: -scores[i])}


def encode(tokenizer, line):
    text, pair = parts(line)
    return tokenizer(text, pair, return_offsets_mapping=True, truncation=True)


def run(model, encoded):
    names = [name for name in ("input_ids", "token_type_ids", "attention_mask") if name in encoded]
    with torch.no_grad():
        return model(**{name: torch.tensor(encoded[name])[None] for name in names})


def next_sentence(directory, lines):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForNextSentencePrediction.from_pretrained(directory)
    for line in lines:
        logits = run(model, encode(tokenizer, line)).logits[0]
        yield {"is_next": logits.softmax(0)[0].item()}


def hidden(directory, lines):
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModel.from_pretrained(directory)
    for line in lines:
        encoded = encode(tokenizer, line)
        texts = parts(line)
        offsets = [[0, 0] if part is None else [bytes_before(texts[part], x) for x in span]
                   for part, span in zip(encoded.sequence_ids(0), encoded["offset_mapping"])]
        result = run(model, encoded)
        pooled = result.get("pooler_output")
        yield {"ids": encoded["input_ids"], "offsets": offsets,
               "types": encoded.get("token_type_ids", [0] * len(offsets)),
               "hidden": result.last_hidden_state[0].tolist(),
               "pooled": None if pooled is None else pooled[0].tolist()}


def answer_logits(directory, lines):
    """Start and end logits of every token of each window, one window after the other."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForQuestionAnswering.from_pretrained(directory)
    for line in lines:
        encoded = tokenizer(line["question"], line["context"], truncation="only_second",
                            max_length=384, stride=128, return_overflowing_tokens=True)
        windows = [run(model, {name: encoded[name][i] for name in tokenizer.model_input_names})
                   for i in range(len(encoded["input_ids"]))]
        yield {"ids": sum(encoded["input_ids"], []),
               "start_logits": torch.cat([w.start_logits[0] for w in windows]).tolist(),
               "end_logits": torch.cat([w.end_logits[0] for w in windows]).tolist()}


def logits(cls):
    """What --logits adds: ids, and the head's logits."""
    def reference(directory, lines):
        tokenizer = AutoTokenizer.from_pretrained(directory)
        model = cls.from_pretrained(directory)
        for line in lines:
            encoded = encode(tokenizer, line)
            rows = run(model, encoded).logits[0]
            yield {"ids": encoded["input_ids"], "logits": rows.tolist()}
    return reference


# ---- cases: how to make the directory, its lines, options, reference, tolerance ----------------


def case(task, make, lines, reference, options=(), tolerance=2e-5):
    return task, make, lines, reference, list(options), tolerance


def model_case(task, cls, config, lines, reference, options=(), tolerance=2e-5, **k):
    return case(task, lambda directory: save_model(directory, cls, config, **k), lines, reference,
                options, tolerance)


def embed_case(cls, config, modules, lines=None, **k):
    def make(directory):
        save_sentence_model(directory, cls, config, modules(), **k)
    return case("embed", make, TEXTS if lines is None else lines, embed, tolerance=1e-5)


def rank_case(config, cls=BertForSequenceClassification, query="What is a cat?", **k):
    lines = [{"query": query, "documents": TEXTS[:3] + TEXTS[4:10]},
             {"query": "x " * 300, "documents": ["y " * 300, "z"]},
             {"query": "\u4e2d caf\u00e9", "documents": []}]
    return model_case("rank", cls, config, lines, rank, gain=2, **k)


def make_cases():
    three = named(["negative", "neutral", "positive"])
    mixed = TEXTS[:-1] + PAIRS
    cases = {
        "fill": model_case("fill", BertForMaskedLM, small_bert(), MASKED, fill),
        "fill-distil": model_case("fill", DistilBertForMaskedLM, small_distil(), MASKED, fill),
        "fill-mobile": model_case("fill", MobileBertForMaskedLM, small_mobile(), MASKED, fill),
        "fill-logits": model_case("fill", BertForMaskedLM, small_bert(), MASKED[:2],
                                  logits(BertForMaskedLM), ["--logits"], 1e-4),
        "tag": model_case("tag", BertForTokenClassification, small_bert(**named(BIO)), TEXTS, tag,
                          gain=3),
        "tag-plain-labels": model_case("tag", BertForTokenClassification,
                                       small_bert(**named(["NOUN", "a-b-c", "VERB", "B-X", "O"])),
                                       TEXTS, tag, gain=3),
        "tag-distil": model_case("tag", DistilBertForTokenClassification,
                                 small_distil(**named(BIO)), TEXTS, tag, gain=3, longest=32),
        "tag-mobile": model_case("tag", MobileBertForTokenClassification,
                                 small_mobile(**named(BIO)), TEXTS, tag, gain=0.1),
        "tag-logits": model_case("tag", BertForTokenClassification, small_bert(**named(BIO)),
                                 TEXTS, logits(BertForTokenClassification), ["--logits"],
                                 1e-4),
        "answer": model_case("answer", BertForQuestionAnswering, small_bert(), QUESTIONS, answer,
                             gain=4),
        "answer-code-points": model_case("answer", BertForQuestionAnswering, small_bert(),
                                         QUESTIONS, answer_points, ["--code-points"], gain=4),
        "answer-logits": model_case("answer", BertForQuestionAnswering, small_bert(), QUESTIONS,
                                    answer_logits, ["--logits"], 1e-4, gain=4),
        "answer-distil": model_case("answer", DistilBertForQuestionAnswering, small_distil(),
                                    QUESTIONS[:2] + QUESTIONS[3:], answer, gain=2, longest=100),
        "answer-mobile": model_case("answer", MobileBertForQuestionAnswering, small_mobile(),
                                    QUESTIONS, answer, gain=0.1),
        "classify": model_case("classify", BertForSequenceClassification, small_bert(**three),
                               mixed, classify, gain=2),
        "classify-many": model_case("classify", BertForSequenceClassification, small_bert(
            problem_type="multi_label_classification", **three), mixed, classify),
        "classify-one": model_case("classify", BertForSequenceClassification,
                                   small_bert(num_labels=1), mixed, classify),
        "classify-regression": model_case("classify", BertForSequenceClassification, small_bert(
            problem_type="regression", **named(["score"])), mixed, classify),
        "classify-distil": model_case("classify", DistilBertForSequenceClassification,
                                      small_distil(**three), mixed, classify, gain=2),
        "classify-logits": model_case("classify", BertForSequenceClassification,
                                      small_bert(**three), mixed,
                                      logits(BertForSequenceClassification), ["--logits"],
                                      1e-4),
        "next": model_case("next", BertForNextSentencePrediction, small_bert(), PAIRS,
                           next_sentence),
        "hidden": model_case("hidden", BertModel, small_bert(), mixed, hidden, tolerance=1e-4),
        "hidden-distil": model_case("hidden", DistilBertModel, small_distil(), mixed, hidden,
                                    tolerance=1e-4, longest=48),
    }
    cases.update(roberta_cases(three, mixed))
    if sentence_transformers:
        cases.update(sentence_cases())
    return cases


def roberta_cases(three, mixed):
    masked = [line.replace("[MASK]", "<mask>") for line in MASKED] + ["a<mask>b  <mask> <unk> x"]
    mixed = mixed + ["<mask> <s> x</s>", "  a\n\n b"]
    texts = TEXTS + ["Zo\u00eb<unk> Smith-J\U0001f600nes lives  in <mask> \u4e2d\u56fd."]
    prefix = {"add_prefix_space": True}
    return {
        "roberta-fill": model_case("fill", RobertaForMaskedLM, small_roberta(), masked, fill),
        "roberta-fill-tidy": model_case("fill", RobertaForMaskedLM, small_roberta(), masked, fill,
                                        tokenizer={"clean_up_tokenization_spaces": True}),
        "roberta-tag": model_case("tag", RobertaForTokenClassification,
                                  small_roberta(**named(BIO)), texts, tag, gain=3),
        "roberta-tag-prefix": model_case("tag", RobertaForTokenClassification,
                                         small_roberta(**named(BIO)), texts, tag, gain=3,
                                         tokenizer=prefix),
        "roberta-answer": model_case("answer", RobertaForQuestionAnswering, small_roberta(),
                                     QUESTIONS, answer, gain=4),
        "roberta-answer-short": model_case("answer", RobertaForQuestionAnswering, small_roberta(),
                                           QUESTIONS[:2] + QUESTIONS[3:], answer, gain=3,
                                           longest=100),
        "roberta-answer-code-points": model_case(
            "answer", RobertaForQuestionAnswering, small_roberta(), QUESTIONS, answer_points,
            ["--code-points"], gain=4),
        "roberta-answer-logits": model_case(
            "answer", RobertaForQuestionAnswering, small_roberta(), QUESTIONS, answer_logits,
            ["--logits"], 1e-4, gain=4),
        "roberta-classify": model_case("classify", RobertaForSequenceClassification,
                                       small_roberta(**three), mixed, classify, gain=2),
        "roberta-hidden": model_case("hidden", RobertaModel, small_roberta(), mixed, hidden,
                                     tolerance=1e-4),
        "roberta-hidden-prefix": model_case("hidden", RobertaModel, small_roberta(), mixed, hidden,
                                            tolerance=1e-4, longest=40, tokenizer=prefix),
        "roberta-hidden-whole": model_case("hidden", RobertaModel, small_roberta(), mixed, hidden,
                                           tolerance=1e-4, tokenizer={"trim_offsets": False}),
        "bytes-hidden": model_case("hidden", BertModel, bert(BYTE_VOCABULARY, 33, 3, 71, 2, 512),
                                   mixed, hidden, tolerance=1e-4, tokenizer={"template": True}),
        "bytes-tag": model_case("tag", BertForTokenClassification, bert(
            BYTE_VOCABULARY, 33, 3, 71, 2, 512, **named(BIO)), texts, tag, gain=3,
                                tokenizer={"template": True}),
    }


def sentence_cases():
    pooling = models.Pooling
    legacy = {"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}
    new = {"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}}
    raw = {"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}
    return {
        "embed": embed_case(BertModel, small_bert(), lambda: [pooling(33, "mean")]),
        "embed-normalized": embed_case(BertModel, small_bert(),
                                       lambda: [pooling(33, "cls"), models.Normalize()]),
        "embed-dense": embed_case(BertModel, small_bert(), lambda: [
            pooling(33, "mean"), dense(33, 21, torch.nn.Tanh()), models.Normalize()]),
        "embed-linear": embed_case(DistilBertModel, small_distil(), lambda: [
            pooling(35, "lasttoken"), dense(35, 50, torch.nn.Identity())]),
        "embed-max": embed_case(DistilBertModel, small_distil(), lambda: [pooling(35, "max")]),
        # encode() puts the default prompt before every text
        "embed-prompt": embed_case(BertModel, small_bert(), lambda: [pooling(33, "mean")],
                                   prompts={"query": "query: ", "document": "text to find: "},
                                   default_prompt_name="query"),
        "rank": rank_case(small_bert(num_labels=1)),
        "roberta-rank": rank_case(small_roberta(num_labels=1), RobertaForSequenceClassification),
        "roberta-embed": embed_case(RobertaModel, small_roberta(), lambda: [
            pooling(33, "mean"), models.Normalize()]),
        "rank-sigmoid": rank_case(small_bert(num_labels=1, **new)),
        "rank-raw": rank_case(small_bert(num_labels=1, **raw)),
        "rank-legacy": rank_case(small_bert(num_labels=1, **legacy), longest=64),
    }


# ---- comparing ----------------------------------------------------------------------------------


class Different(Exception):
    pass


def flat(value):
    """Windows one after the other."""
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [value]


def difference(got, want, place=""):
    """The largest difference of floats; everything else must be equal."""
    if isinstance(want, float) and isinstance(got, (int, float)) and not isinstance(got, bool):
        off = abs(got - want) / max(1, abs(want))
        return (off if off == off else float("inf")), place
    if isinstance(want, dict) and isinstance(got, dict):
        missing = [key for key in want if key not in got]
        if missing:
            raise Different(f"{place}: no {missing} in {json.dumps(got)[:200]}")
        pairs = [(got[key], want[key], f"{place}.{key}") for key in want]
    elif isinstance(want, list) and isinstance(got, list):
        if len(got) != len(want):
            raise Different(f"{place}: {len(got)} instead of {len(want)}: "
                            f"{json.dumps(got)[:300]} / {json.dumps(want)[:300]}")
        pairs = [(g, w, f"{place}[{i}]") for i, (g, w) in enumerate(zip(got, want))]
    else:
        if got != want:
            raise Different(f"{place}: {json.dumps(got)} instead of {json.dumps(want)}")
        return 0.0, place
    return max((difference(*pair) for pair in pairs), default=(0.0, place))


def encode_lines(command, text, keep):
    """What slm-encode writes; it must not fail because of its lines."""
    done = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    for name, data in (("in", text.encode()), ("out", done.stdout), ("err", done.stderr)):
        with open(keep + "." + name, "wb") as f:
            f.write(data)
    if done.returncode:
        raise Different(f"{' '.join(command)} ends with {done.returncode}: "
                        f"{done.stderr.decode(errors='replace')[-300:]}")
    return done.stdout


def with_bad_lines(lines):
    """Lines of JSON and, behind the first of them, what is no input: None."""
    out = [(json.dumps(line, ensure_ascii=bool(i % 2)), line) for i, line in enumerate(lines)]
    return out[:1] + [(text, None) for text in BAD] + out[1:]


def compare(name, directory, made, reference, out):
    answers = out.decode().splitlines()
    if len(answers) != len(made):
        raise Different(f"{len(answers)} answers to {len(made)} lines")
    wanted = reference(directory, [line for _, line in made if line is not None])
    worst = (0.0, "")
    for number, (answer_text, (text, line)) in enumerate(zip(answers, made), 1):
        place = f"line {number}"
        try:
            got = json.loads(answer_text)
        except ValueError:
            raise Different(f"{place}: no JSON: {answer_text[:200]}")
        if line is None:
            if "error" not in got:
                raise Different(f"{place} ({text!r}) is no input: {answer_text[:200]}")
        elif "error" in got:
            raise Different(f"{place} ({text[:80]}): {got['error']}")
        else:
            want = next(wanted)
            if "start_logits" in want:
                got = dict(got, **{key: flat(got.get(key)) for key in want})
            worst = max(worst, difference(got, want, place))
    return worst


def one(name, work):
    task, make, lines, reference, options, tolerance = cases[name]
    directory = os.path.join(work, name)
    shutil.rmtree(directory, ignore_errors=True)
    make(directory)
    model = directory + ".slm"
    done = subprocess.run([os.path.join(arguments.build, "slm-convert"), directory, model,
                           "--type", "f32"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        raise Different("slm-convert: " + done.stdout.decode(errors="replace")[-300:].strip())
    made = with_bad_lines(lines)
    text = "".join(line + "\n" for line, _ in made)
    command = [os.path.join(arguments.build, "slm-encode"), model, "--task", task] + options
    out = encode_lines(command, text, directory)
    worst, place = compare(name, directory, made, reference, out)
    if worst > tolerance:
        raise Different(f"largest difference {worst:.2g} at {place}, more than {tolerance:g}")
    if encode_lines(command + ["--threads", "1", "--batch", "512"], text, directory + ".small") \
            != out:
        raise Different("other bytes with --threads 1 --batch 512")
    return f"{len(lines)} lines, largest difference {worst:.2g} ({place.strip()})"


def main():
    global arguments, cases
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", default=os.environ.get("SHARED", "../shared/data"))
    parser.add_argument("--build", default="build")
    parser.add_argument("--keep")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("case", nargs="*")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    cases = make_cases()
    if arguments.list:
        raise SystemExit("\n".join(cases))
    if not os.path.exists(os.path.join(arguments.build, "slm-encode")):
        raise SystemExit(f"skipped: no {arguments.build}/slm-encode")
    if not os.path.exists(os.path.join(arguments.shared, "tokenizers", "bert-base-uncased")):
        raise SystemExit(f"skipped: no {arguments.shared}/tokenizers/bert-base-uncased")
    if not sentence_transformers:
        print("skipped: embed and rank, without sentence-transformers")
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.keep or temporary
        os.makedirs(work, exist_ok=True)
        for name in arguments.case or cases:
            try:
                print(f"{name}: {one(name, work)}", flush=True)
            except Different as why:
                failed += 1
                print(f"{name}: FAILED {why}", flush=True)
            if not arguments.keep:
                shutil.rmtree(os.path.join(work, name), ignore_errors=True)
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
