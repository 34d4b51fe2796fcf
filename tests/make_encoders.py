"""Makes tests/golden/encoders: small random encoders of odd shapes, and what Hugging Face gives
for them in float64.

usage: make_encoders.py [--out DIR] [CASE ...]    (versions: tests/requirements.txt)

A case is a Hugging Face directory with inputs.txt (a line an input: id/type id/type ...) and, as
little-endian f32, for all inputs in order: hidden.f32 [tokens][hidden]; pooled.f32 [texts][hidden]
where the model has a pooler; and by head classify.f32 [texts][labels], tag.f32 [tokens][labels],
fill.f32 [tokens][vocabulary rows], answer.f32 [tokens][start, end], next.f32 [texts][2].
labels.txt has the names of the labels of classify and tag. Each input runs alone, without padding.
A random model is kept only if Hugging Face's own float32 stays within 1e-5 of its float64,
far inside of the 1e-4 that a test allows.

The names of MobileBERT's grid: mobile_BSATn are use_bottleneck, key_query_shared_bottleneck,
use_bottleneck_attention and trigram_input as 0 or 1, then n for no_norm or l for layer_norm.
"""
import argparse
import json
import os
import random
import shutil

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (BertConfig, BertForMaskedLM, BertForNextSentencePrediction,
                          BertForPreTraining, BertForQuestionAnswering,
                          BertForSequenceClassification, BertForTokenClassification, BertModel,
                          BertTokenizer, DistilBertConfig, DistilBertForMaskedLM,
                          DistilBertForQuestionAnswering, DistilBertForSequenceClassification,
                          DistilBertForTokenClassification, DistilBertModel, MobileBertConfig,
                          MobileBertForMaskedLM, MobileBertForNextSentencePrediction,
                          MobileBertForPreTraining, MobileBertForQuestionAnswering,
                          MobileBertForSequenceClassification, MobileBertForTokenClassification,
                          MobileBertModel, RobertaConfig, RobertaForMaskedLM,
                          RobertaForQuestionAnswering, RobertaForSequenceClassification,
                          RobertaForTokenClassification, RobertaModel, RobertaTokenizerFast)

HERE = os.path.dirname(os.path.abspath(__file__))
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
LENGTHS = [1, 2, 13, (6, 5)]  # of the inputs, two of a pair; the longest comes after them


def named(names):
    return {"id2label": dict(enumerate(names)), "label2id": {n: i for i, n in enumerate(names)}}


# ---- the cases ------------------------------------------------------------------------------


def case(cls, config, dtype="F16", **options):
    """Options: lengths; longest (0: every position); shards; bin; legacy, see legacy_state;
    add_pooling_layer; vocabulary: files of a tokenizer; architecture: what config.json names;
    massive: MobileBERT with activations of 1e6 and more, in "all" rows or in the "first"."""
    return cls, config, dtype, options


def bert(vocab, hidden, heads, ffn, layers, positions, **k):
    return BertConfig(vocab_size=vocab, hidden_size=hidden, num_attention_heads=heads,
                      intermediate_size=ffn, num_hidden_layers=layers,
                      max_position_embeddings=positions, **k)


def roberta(vocab, hidden, heads, ffn, layers, positions, **k):
    k = dict({"type_vocab_size": 1, "layer_norm_eps": 1e-5}, **k)
    return RobertaConfig(vocab_size=vocab, hidden_size=hidden, num_attention_heads=heads,
                         intermediate_size=ffn, num_hidden_layers=layers,
                         max_position_embeddings=positions, **k)


def distil(vocab, dim, heads, ffn, layers, positions, **k):
    return DistilBertConfig(vocab_size=vocab, dim=dim, n_heads=heads, hidden_dim=ffn,
                            n_layers=layers, max_position_embeddings=positions, **k)


def mobile(vocab, hidden, heads, ffn, layers, positions, **k):
    return MobileBertConfig(vocab_size=vocab, hidden_size=hidden, num_attention_heads=heads,
                            intermediate_size=ffn, num_hidden_layers=layers,
                            max_position_embeddings=positions, **k)


CASES = {
    "bert_model": case(BertModel, bert(101, 42, 3, 71, 1, 29), "F32"),
    "bert_bare": case(BertModel, bert(67, 20, 5, 71, 5, 40, type_vocab_size=3),
                      add_pooling_layer=False),
    "bert_wide": case(BertModel, bert(61, 132, 3, 37, 1, 19), add_pooling_layer=False),
    "bert_long": case(BertModel, bert(61, 21, 3, 50, 2, 512), lengths=[1, 131], longest=512),
    "bert_one_type": case(BertModel, bert(89, 45, 3, 31, 2, 33, type_vocab_size=1,
                                          hidden_act="gelu_new"), "BF16"),
    "bert_fill": case(BertForMaskedLM, bert(131, 51, 3, 71, 1, 26), vocabulary=True),
    "bert_fill_untied": case(BertForMaskedLM, bert(97, 30, 5, 300, 1, 31, hidden_act="gelu_new",
                                                   tie_word_embeddings=False), "BF16"),
    "bert_pretraining": case(BertForPreTraining, bert(73, 36, 4, 71, 2, 24, hidden_act="relu"),
                             "BF16", shards="30KB"),
    "bert_next": case(BertForNextSentencePrediction, bert(79, 35, 5, 71, 2, 37,
                                                          hidden_act="relu")),
    "bert_classify": case(BertForSequenceClassification,
                          bert(83, 54, 3, 50, 1, 28, **named(["negative", "neutral", "positive"])),
                          vocabulary=True),
    "bert_two_labels": case(BertForSequenceClassification,
                            bert(61, 28, 7, 33, 1, 64, layer_norm_eps=1e-5)),
    "bert_regression": case(BertForSequenceClassification,
                            bert(103, 42, 3, 47, 1, 25, hidden_act="silu",
                                 problem_type="regression", **named(["score"]))),
    "bert_rank": case(BertForSequenceClassification,
                      bert(71, 33, 3, 57, 2, 45, num_labels=1, sentence_transformers={
                          "activation_fn": "torch.nn.modules.linear.Identity",
                          "version": "5.1.2"})),
    "bert_multi": case(BertForSequenceClassification,
                       bert(65, 27, 9, 31, 4, 30, problem_type="multi_label_classification",
                            layer_norm_eps=0.03, **named(["a b", "caf\u00e9", "\"c\"", "d\\e"]))),
    "bert_tag": case(BertForTokenClassification, bert(91, 50, 5, 111, 1, 35, **named(BIO)),
                     "BF16"),
    "bert_answer": case(BertForQuestionAnswering, bert(77, 34, 1, 71, 3, 52)),
    "bert_old": case(BertForPreTraining, bert(63, 21, 3, 57, 2, 27), "F32", bin=True,
                     legacy="gamma position_ids decoder_bias"),
    "bert_old_bare": case(BertModel, bert(69, 33, 3, 46, 2, 27), legacy="gamma position_ids"),
    "bert_old_prefix": case(BertModel, bert(69, 22, 1, 46, 3, 27), "F16", bin=True,
                            legacy="gamma position_ids bert."),
    "bert_old_tag": case(BertForTokenClassification, bert(62, 21, 3, 33, 2, 27, **named(BIO[:3])),
                         legacy="position_ids"),
    # as bert-base-uncased is published: a pooler and a next-sentence head that nobody asks for
    "bert_old_fill": case(BertForMaskedLM, bert(93, 32, 4, 71, 1, 27),
                          legacy="gamma position_ids decoder_bias decoder pretraining"),
    "roberta_model": case(RobertaModel, roberta(97, 39, 3, 71, 2, 33), "F32"),
    # the padding's token decides where positions begin
    "roberta_bare": case(RobertaModel, roberta(68, 25, 5, 46, 3, 40, type_vocab_size=2,
                                               pad_token_id=6), "BF16",
                         add_pooling_layer=False),
    "roberta_wide": case(RobertaForSequenceClassification,
                         roberta(61, 324, 3, 37, 1, 21, num_labels=1, pad_token_id=0)),
    "roberta_classify": case(RobertaForSequenceClassification,
                             roberta(283, 30, 3, 50, 2, 60,
                                     **named(["negative", "neutral", "positive"])),
                             vocabulary=True),
    "roberta_regression": case(RobertaForSequenceClassification,
                               roberta(66, 33, 3, 41, 1, 27, hidden_act="gelu_new",
                                       problem_type="regression", **named(["score"])),
                               shards="10KB"),
    "roberta_tag": case(RobertaForTokenClassification,
                        roberta(283, 35, 5, 57, 1, 48, **named(BIO)), "BF16", vocabulary=True),
    "roberta_answer": case(RobertaForQuestionAnswering, roberta(283, 26, 1, 44, 2, 54),
                           vocabulary=True),
    "roberta_fill": case(RobertaForMaskedLM, roberta(283, 51, 3, 71, 1, 38), vocabulary=True),
    "roberta_fill_untied": case(RobertaForMaskedLM, roberta(73, 28, 7, 33, 2, 29,
                                                            tie_word_embeddings=False), "BF16"),
    # as roberta-base is published: a pooler beside the head, which is there twice
    "roberta_old": case(RobertaForMaskedLM, roberta(71, 24, 3, 57, 1, 30), bin=True,
                        legacy="position_ids decoder_bias decoder pooler"),
    "roberta_old_classify": case(RobertaForSequenceClassification,
                                 roberta(64, 27, 9, 31, 1, 28), legacy="position_ids pooler"),
    "distil_model": case(DistilBertModel, distil(101, 45, 3, 71, 1, 30), "F32"),
    "distil_long": case(DistilBertModel, distil(61, 21, 3, 40, 2, 512, activation="relu"),
                        lengths=[2, 257], longest=512),
    "distil_fill": case(DistilBertForMaskedLM,
                        distil(107, 35, 5, 300, 1, 29, sinusoidal_pos_embds=True), "BF16"),
    "distil_fill_untied": case(DistilBertForMaskedLM,
                               distil(67, 39, 3, 50, 2, 26, activation="relu",
                                      tie_word_embeddings=False)),
    "distil_classify": case(DistilBertForSequenceClassification,
                            distil(73, 63, 7, 31, 1, 31, activation="relu",
                                   **named(["NEGATIVE", "POSITIVE"]))),
    "distil_tag": case(DistilBertForTokenClassification,
                       distil(88, 25, 5, 31, 5, 43, **named(BIO)), shards="20KB"),
    "distil_answer": case(DistilBertForQuestionAnswering, distil(95, 51, 3, 71, 1, 38), bin=True),
    "distil_old": case(DistilBertForMaskedLM, distil(64, 29, 1, 55, 2, 28),
                       legacy="gamma position_ids projector"),
    "mobile_massive": case(MobileBertForPreTraining,
                           mobile(71, 36, 3, 31, 4, 23, embedding_size=21,
                                  intra_bottleneck_size=15, classifier_activation=False), "BF16",
                           massive="all"),
    "mobile_massive_first": case(MobileBertForSequenceClassification,
                                 mobile(67, 37, 5, 33, 3, 27, embedding_size=20,
                                        intra_bottleneck_size=25, classifier_activation=False,
                                        **named(["no", "yes", "perhaps"])), "BF16",
                                 massive="first"),
    "mobile_old": case(MobileBertForMaskedLM,
                       mobile(61, 28, 3, 33, 1, 30, embedding_size=15, intra_bottleneck_size=21),
                       bin=True, legacy="position_ids decoder_bias decoder pretraining"),
    "mobile_one_type": case(MobileBertForTokenClassification,
                            mobile(70, 31, 5, 23, 2, 41, embedding_size=31, type_vocab_size=1,
                                   intra_bottleneck_size=15, hidden_act="gelu", **named(BIO))),
    "mobile_answer": case(MobileBertForQuestionAnswering,
                          mobile(66, 28, 3, 27, 1, 99, embedding_size=44, intra_bottleneck_size=9,
                                 trigram_input=False, layer_norm_eps=1e-3,
                                 normalization_type="layer_norm"), shards="10KB"),
    "mobile_fill_untied": case(MobileBertForMaskedLM,
                               mobile(68, 33, 3, 29, 1, 27, embedding_size=13, type_vocab_size=3,
                                      intra_bottleneck_size=27, tie_word_embeddings=False)),
}
GRID_CLASSES = [MobileBertModel, MobileBertForMaskedLM, MobileBertForPreTraining,
                MobileBertForSequenceClassification, MobileBertForTokenClassification,
                MobileBertForQuestionAnswering, MobileBertForNextSentencePrediction]


def grid():
    """Every setting of the bottlenecks, the input and the norm; the rest takes its turns."""
    for n in range(32):
        bottleneck, shared, attention, trigram, layer_norm = (bool(n >> b & 1) for b in range(5))
        hidden, inner = (24, 15) if n % 3 else (21, 9)
        if bottleneck and not shared and not attention:
            inner = hidden  # queries read the hidden states: no other size runs
        name = "mobile_%d%d%d%d%s" % (bottleneck, shared, attention, trigram, "nl"[layer_norm])
        cls = GRID_CLASSES[n * 5 % 7]
        k = named(["x", "y", "z"]) if "Sequence" in cls.__name__ else {}
        CASES[name] = case(cls, mobile(
            61 + n % 8, hidden, 3, 21 + n % 4, [1, 2, 1, 3, 1, 2, 1][n % 7], 19 + n % 5,
            use_bottleneck=bottleneck, key_query_shared_bottleneck=shared,
            use_bottleneck_attention=attention,
            trigram_input=trigram, normalization_type="layer_norm" if layer_norm else "no_norm",
            embedding_size=hidden if (n >> 1 ^ n >> 3 ^ n >> 4) & 1 else 13,
            intra_bottleneck_size=inner,
            num_feedforward_networks=1 + n % 5, classifier_activation=bool((n + n // 4) % 2), **k),
            ["F16", "BF16"][n % 2], lengths=[1, 2, 7, (4, 3)])


# ---- weights --------------------------------------------------------------------------------


def randomize(model, generator):
    """Biases and norms far from 0 and 1."""
    for name, p in model.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        if p.ndim == 1:
            norm = "norm" in name.lower() and name.endswith("weight")
            p.data = (1.0 + 0.4 * noise) if norm else 0.5 * noise
        elif "embeddings" in name:
            p.data = noise if "word" in name else 0.5 * noise
        elif "predictions.dense" in name or "predictions.decoder" in name:
            p.data = noise
        else:
            p.data = 1.1 * noise / p.shape[1] ** 0.5
    if getattr(model.config, "sinusoidal_pos_embds", False):
        with torch.no_grad():
            for module in model.modules():
                if type(module).__name__ == "Embeddings":
                    model._init_weights(module)


def peak(model, inputs):
    """Scales queries and keys such that the scores of attention spread by 2.5: it is peaked; and
    the pooler, whose tanh would be 1 everywhere else."""
    def scale(module, arguments, result):
        module.weight.data *= 1.6 / (result - module.bias).std(unbiased=False).item()
        return torch.nn.functional.linear(arguments[0], module.weight, module.bias)
    hooks = [module.register_forward_hook(scale) for name, module in model.named_modules()
             if name.endswith((".query", ".key", ".q_lin", ".k_lin", "pooler.dense",
                               "classifier.dense"))]
    outputs_of(model.double().eval(), inputs[-1:])
    for hook in hooks:
        hook.remove()


def make_massive(model, where):
    """MobileBERT as it is published: hidden states of 1e6 and more, which attention does not see.
    In "all" rows they grow with the layers; in the "first" row alone three features are huge."""
    state = dict(model.named_parameters())
    for name, p in state.items():
        if where == "all" and name.endswith("output.bottleneck.LayerNorm.weight"):
            p.data *= 3
        if where == "first" and ".bottleneck." in name and name.endswith("dense.weight"):
            if p.shape[1] == model.config.hidden_size:
                p.data[:, 3:6] *= 1e-6
        if where == "first" and name.endswith("value.weight"):
            p.data[:, 3:6] *= 1e-6
        if where == "first" and name.endswith("position_embeddings.weight"):
            p.data[0, 3:6] = torch.tensor([-6e6, 2e5, 3e6])
        if where == "first" and "norm" in name.lower() and name.endswith("weight"):
            if len(p) == model.config.hidden_size:
                p.data[3:6] = 1.1


def legacy_state(model, state, legacy, generator):
    """A state as old versions wrote it: norms named gamma and beta, buffers, the tied head and its
    bias a second time ("decoder", "decoder_bias", "projector"), another prefix, and the parts
    that a pretrained model has and this class ignores ("pretraining", or only its "pooler")."""
    base = model.base_model_prefix + "."
    words = legacy.split()
    out = {}
    for name, value in state.items():
        if "gamma" in words and ("LayerNorm" in name):
            name = name.replace("LayerNorm.weight", "LayerNorm.gamma")
            name = name.replace("LayerNorm.bias", "LayerNorm.beta")
        out[base + name if base in words else name] = value
    table = [name for name in out if name.endswith("embeddings.word_embeddings.weight")][0]
    if "position_ids" in words:
        positions = torch.arange(model.config.max_position_embeddings).expand((1, -1)).clone()
        out[table.replace("word_embeddings.weight", "position_ids")] = positions
    head = "lm_head" if model.config.model_type == "roberta" else "cls.predictions"
    if "decoder_bias" in words:
        out[head + ".decoder.bias"] = out[head + ".bias"].clone()
    if "decoder" in words:
        out[head + ".decoder.weight"] = out[table].clone()
    if "projector" in words:
        out["vocab_projector.weight"] = out[table].clone()
    if "pretraining" in words or "pooler" in words:
        size, dtype = model.config.hidden_size, out[table].dtype
        for name, shape in ((base + "pooler.dense.weight", (size, size)),
                            (base + "pooler.dense.bias", (size,)),
                            ("cls.seq_relationship.weight", (2, size)),
                            ("cls.seq_relationship.bias", (2,))):
            if name.startswith("cls.") and "pooler" in words:
                continue
            out[name] = torch.randn(shape, generator=generator).to(dtype)
    return out


def save(model, directory, dtype, options, generator):
    model.to(DTYPES[dtype]).save_pretrained(
        directory, safe_serialization=not options.get("bin"),
        **({"max_shard_size": options["shards"]} if "shards" in options else {}))
    if "legacy" not in options:
        return
    file = os.path.join(directory, "pytorch_model.bin" if options.get("bin") else
                        "model.safetensors")
    state = torch.load(file) if options.get("bin") else load_file(file)
    state = legacy_state(model, state, options["legacy"], generator)
    if options.get("bin"):
        torch.save(state, file)
    else:
        save_file(state, file, metadata={"format": "pt"})


def save_vocabulary(directory, size, longest):
    """vocab.txt of exactly `size` lines, and tokenizer_config.json as save_pretrained writes it."""
    words = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += list("abcdefghijklmnopqrstuvwxyz0123456789.,!?'-") + ["##" + c for c in "aeinorstyz"]
    words += ["the", "cat", "sat", "mat", "##ing", "##ed", "##er", "\u00e9", "\u4e2d", "hello",
              "world", "on", "un", "##aff", "##able"]
    words += [f"word{i}" for i in range(size)]
    path = os.path.join(directory, "vocab.txt")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(words[:size]) + "\n")
    tokenizer = BertTokenizer(path, model_max_length=longest)
    tokenizer.save_pretrained(directory)
    os.remove(os.path.join(directory, "special_tokens_map.json"))
    assert len(tokenizer) == size


def save_byte_vocabulary(directory, size, longest):
    """vocab.json of `size` tokens, merges.txt and tokenizer_config.json, as RoBERTa's."""
    def shown(byte):
        printable = [b for b in range(256) if 33 <= b <= 126 or (b >= 161 and b != 173)]
        rest = [b for b in range(256) if b not in printable]
        return chr(byte if byte in printable else 256 + rest.index(byte))
    merges = ["h e", "t he", "Ġ the", "c a", "Ġ ca", "Ġca t", "o n", "e r", "Ã ©",
              "Ġ o", "Ġo n", "i n", "in g", "u n", "Ġ Ġ", "ä ¸", "a b", "Ġ ab",
              "e d", "r e", "s t"]
    tokens = ["<s>", "<pad>", "</s>", "<unk>"] + [shown(b) for b in range(256)]
    tokens += [m.replace(" ", "") for m in merges]
    tokens += ["<extra%d>" % i for i in range(size - len(tokens) - 1)] + ["<mask>"]
    with open(os.path.join(directory, "vocab.json"), "w", encoding="ascii") as f:
        json.dump({t: i for i, t in enumerate(tokens)}, f)
    with open(os.path.join(directory, "merges.txt"), "w", encoding="utf-8") as f:
        f.write("#version: 0.2\n" + "".join(m + "\n" for m in merges))
    with open(os.path.join(directory, "tokenizer_config.json"), "w") as f:
        json.dump({"tokenizer_class": "RobertaTokenizer", "model_max_length": longest}, f)
    assert len(RobertaTokenizerFast.from_pretrained(directory)) == size


# ---- inputs and outputs -------------------------------------------------------------------------


def positions_of(config):
    skipped = config.pad_token_id + 1 if config.model_type == "roberta" else 0
    return config.max_position_embeddings - skipped


def make_inputs(config, options, seed):
    """Ids and types; the last input is the longest."""
    source = random.Random(seed)
    types = getattr(config, "type_vocab_size", 1)
    longest = options.get("longest") or positions_of(config)
    inputs = []
    for length in options.get("lengths", LENGTHS) + [longest]:
        first, second = length if isinstance(length, tuple) else (length, 0)
        ids = [source.randrange(config.vocab_size) for _ in range(first + second)]
        if config.model_type == "roberta":  # the padding's token has no position of its own
            ids = [i if i != config.pad_token_id else i + 1 for i in ids]
        kinds = [0] * first + [min(1, types - 1)] * second
        if length == longest and types > 1:
            kinds = [source.randrange(types) for _ in ids]
        if options.get("vocabulary"):  # [CLS] ... [MASK] ... [SEP]
            marks = (0, 2, config.vocab_size - 1) if config.model_type == "roberta" else (3, 4, 5)
            ids[0], ids[-1], ids[len(ids) // 2] = marks
        inputs.append((ids, kinds))
    return inputs


def outputs_of(model, inputs):
    """The rows of every output, by the name of its file."""
    base = getattr(model, model.base_model_prefix, model)
    found = {}
    for ids, kinds in inputs:
        arguments = {"input_ids": torch.tensor(ids)[None],
                     "attention_mask": torch.ones(1, len(ids), dtype=torch.long)}
        if model.config.model_type != "distilbert":
            arguments["token_type_ids"] = torch.tensor(kinds)[None]
        with torch.no_grad():
            body = base(**arguments)
            rows = {"hidden": body.last_hidden_state[0], "pooled": body.get("pooler_output")}
            if base is not model:
                rows.update(head_rows(type(model).__name__, model(**arguments)))
        for name, value in rows.items():
            if value is not None:
                found.setdefault(name, []).append(value.double())
    return {name: torch.cat(rows) for name, rows in found.items()}


def head_rows(name, result):
    if "start_logits" in result:
        return {"answer": torch.stack((result.start_logits[0], result.end_logits[0]), 1)}
    if "prediction_logits" in result:
        return {"fill": result.prediction_logits[0], "next": result.seq_relationship_logits}
    for end, file in (("ForMaskedLM", "fill"), ("ForTokenClassification", "tag")):
        if name.endswith(end):
            return {file: result.logits[0]}
    return {"next" if name.endswith("NextSentencePrediction") else "classify": result.logits}


def reload(cls, directory, dtype, options):
    k = {"add_pooling_layer": False} if options.get("add_pooling_layer") is False else {}
    model, report = cls.from_pretrained(directory, dtype=torch.float32,
                                        attn_implementation="eager", output_loading_info=True, **k)
    assert not report["missing_keys"] and not report["mismatched_keys"], report
    if dtype == torch.float64:
        for p in model.parameters():
            p.data = p.data.double()
    return model.eval()


def attempt(directory, cls, config, dtype, options, seed):
    """The results and float32's distance from them."""
    generator = torch.Generator().manual_seed(1000 + seed)
    k = {"add_pooling_layer": False} if options.get("add_pooling_layer") is False else {}
    inputs = make_inputs(config, options, seed)
    shutil.rmtree(directory, ignore_errors=True)
    model = cls(config, **k)
    randomize(model, generator)
    if "massive" in options:
        make_massive(model, options["massive"])
    peak(model, inputs)
    save(model, directory, dtype, options, generator)
    want = outputs_of(reload(cls, directory, torch.float64, options), inputs)
    single = outputs_of(reload(cls, directory, torch.float32, options), inputs)
    off = max((((single[name] - rows).abs() / rows.abs().amax(1, keepdim=True).clamp(min=1)).max())
              for name, rows in want.items()).item()
    return inputs, want, off


def write(directory, config, inputs, want):
    with open(os.path.join(directory, "inputs.txt"), "w") as f:
        for ids, kinds in inputs:
            f.write(" ".join(f"{i}/{kind}" for i, kind in zip(ids, kinds)) + "\n")
    for name, rows in want.items():
        rows.float().numpy().astype("<f4").tofile(os.path.join(directory, name + ".f32"))
    if "classify" in want or "tag" in want:
        with open(os.path.join(directory, "labels.txt"), "w", encoding="utf-8") as f:
            f.write("".join(config.id2label[i] + "\n" for i in range(config.num_labels)))


def make(out, name):
    cls, config, dtype, options = CASES[name]
    directory = os.path.join(out, name)
    for seed in range(50):
        inputs, want, off = attempt(directory, cls, config, dtype, options, seed)
        if off <= 1e-5:
            break
    else:
        raise SystemExit(f"{name}: every seed is ill-conditioned, float32 off by {off:.1e}")
    write(directory, config, inputs, want)
    if options.get("vocabulary"):
        save_words = save_byte_vocabulary if config.model_type == "roberta" else save_vocabulary
        save_words(directory, config.vocab_size, positions_of(config))
    size = sum(os.path.getsize(os.path.join(directory, f)) for f in os.listdir(directory))
    rows = ", ".join(f"{k} {v.abs().max():.3g}" for k, v in want.items())
    print(f"{name}: {cls.__name__}, seed {seed}, largest {rows}, float32 off by {off:.1e}, "
          f"{size} bytes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=os.path.join(HERE, "golden", "encoders"))
    parser.add_argument("case", nargs="*")
    arguments = parser.parse_args()
    grid()
    os.makedirs(arguments.out, exist_ok=True)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in arguments.case or CASES:
        make(arguments.out, name)


if __name__ == "__main__":
    main()
