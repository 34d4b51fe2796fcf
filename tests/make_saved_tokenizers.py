"""Makes the goldens of what transformers 4 and 5 write, and read in ways of their own.

usage: make_saved_tokenizers.py [--out DIR] [configs] [goldens] [tokenizers]

configs (of transformers 5, tests/requirements-5.txt): data/saved5/CASE.json, the config.json of
each golden case as transformers 5 saves it. Transformers 5 must give the case's logits with it, in
float64: the same tensors then are the same model.

goldens (of transformers 5): golden/*_five, as make_golden.py makes the others.

tokenizers (of both; tests/requirements.txt makes those of 4): golden/saved/NAME, a small tokenizer
of tests/data under another configuration, or saved anew. The file `base` has its directory, the
model's rows and type, the version that its config.json names, and which files come from that
directory; ids.jsonl what AutoTokenizer makes of golden/saved/texts.jsonl, decoded.jsonl what it
decodes these ids to.
"""
import argparse
import json
import os
import shutil
import sys
import tempfile

import numpy
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, logging

import make_golden
from make_golden import HERE

# transformers 5 refuses a hidden size that its heads do not divide, and takes Gemma's gelu for its
# tanh form
REFUSED = ["llama_three", "gemma_exact"]
GOLDENS = {
    "llama_five": (make_golden.llama(
        vocab_size=59, hidden_size=48, intermediate_size=70, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=20, max_position_embeddings=300,
        rope_parameters={"rope_type": "llama3", "rope_theta": 500000.0, "factor": 4.0,
                         "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                         "original_max_position_embeddings": 64}), "F16", 150, None),
    "phi_five": (make_golden.phi(
        vocab_size=53, hidden_size=40, intermediate_size=90, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=200,
        rope_parameters={"rope_type": "default", "rope_theta": 3000.0,
                         "partial_rotary_factor": 0.4}), "F16", 100, None),
}


def check_logits(directory, name):
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32,
                                                 attn_implementation="eager")
    for p in model.parameters():
        p.data = p.data.double()
    with open(os.path.join(directory, "tokens.txt"), encoding="ascii") as f:
        ids = [int(x) for x in f.read().split()]
    got = make_golden.logits_of(model.eval(), ids).numpy()
    want = numpy.fromfile(os.path.join(directory, "logits.f32"), "<f4").reshape(got.shape)
    error = ((got - want) ** 2).sum() / (want.astype(float) ** 2).sum()
    print(f"{name}: largest difference {abs(got - want).max():.1e}, NMSE {error:.1e}")
    if abs(got - want).max() > 1e-4 or error > 1e-9:
        sys.exit(f"make_saved_tokenizers.py: {name}: transformers 5 gives other logits")


def save_configs(out):
    os.makedirs(out, exist_ok=True)
    golden = os.path.join(HERE, "golden")
    for name in sorted(os.listdir(golden)):
        source = os.path.join(golden, name)
        if not os.path.exists(os.path.join(source, "config.json")) or name in REFUSED or \
                name in GOLDENS:
            continue
        with tempfile.TemporaryDirectory() as again:
            AutoModelForCausalLM.from_pretrained(source, dtype="auto").save_pretrained(again)
            shutil.copy(os.path.join(again, "config.json"), os.path.join(out, name + ".json"))
            for file in ("tokens.txt", "logits.f32"):
                shutil.copy(os.path.join(source, file), again)
            check_logits(again, name)


# ---- tokenizers --------------------------------------------------------------------------------

TEXTS = ["", " ", "  ", "Hello world", " Hello", "  Hello  <s>  x ", "Hello <s>.", "<s>", "</s>",
         "a</s>b", " <s> </s>a", "<unk>", "a <unk> b", "<s><s> x", "\u2581", "\u2581a \u2581", "\n",
         "\n\n a", "a\n<s>\n b", "\t\t x", "don't  stop", "123 4567", "x = y[0] + 12;  // z\n",
         "\u00e9\u6f22\u5b57\U0001f600", "<|endoftext|>", "a <|endoftext|> b", " <|endoftext|>",
         "<extra>z <img>", "a<pad> b", "<odd> <odd>x", "<left> x <right> y", "[PAD] a", "<0x41>",
         "The quick brown fox jumps over the lazy dog.", " a  b   c    d", "\u3000x\u00a0y"]
PIECES = "pieces512 512 llama"
BYTES = "bpe2048 2064 gptj"
GEMMA = "pieces-gemma 830 gemma"
JSON, MODEL, BOTH = "tokenizer.json", "tokenizer.model", "tokenizer.json tokenizer.model"
FLAGS = {"lstrip": False, "rstrip": False, "single_word": False, "special": True}
NORMALIZED = {str(i): dict(FLAGS, content=text, normalized=True)
              for i, text in enumerate(["<unk>", "<s>", "</s>"])}
# base and rows and type, version, files of the base, changes of its tokenizer_config.json (None:
# the key is not there), and whether the tokenizer is saved anew with which settings
TOKENIZERS = {
    "five": (PIECES, 5, "", {}, {}),
    "five-both": (PIECES, 5, "", {}, {"add_bos_token": True, "add_eos_token": True}),
    "five-flags-alone": (PIECES, 5, JSON, {"add_bos_token": False, "add_eos_token": True}, None),
    "five-legacy": (PIECES, 5, JSON, {"legacy": True}, None),
    "five-no-space": (PIECES, 5, JSON, {"add_prefix_space": False}, None),
    "five-plain": (PIECES, 5, JSON, {"tokenizer_class": "PreTrainedTokenizerFast"}, None),
    "five-no-class": (PIECES, 5, JSON, {"tokenizer_class": None}, None),
    "five-normalized": (PIECES, 5, JSON, {"tokenizer_class": "TokenizersBackend",
                                          "added_tokens_decoder": NORMALIZED}, None),
    "five-backend": (PIECES, 4, JSON, {"backend": "tokenizers"}, None),
    "five-model": (PIECES, 5, MODEL, {}, None),
    "five-model-ends": (PIECES, 5, MODEL, {"add_bos_token": True, "add_eos_token": True}, None),
    "five-list": ("pieces512 515 llama", 5, JSON, {"extra_special_tokens": ["<extra>", "<img>"],
                                                   "additional_special_tokens": ["<odd>"]}, None),
    "five-names": ("pieces512 515 llama", 5, JSON,
                   {"extra_special_tokens": {"image_token": "<img>"}, "boi_token": "<extra>",
                    "pad_token": "<pad>"}, None),
    "five-bytes": (BYTES, 5, JSON, {}, None),
    "five-bytes-space": (BYTES, 5, JSON, {"add_prefix_space": True}, None),
    "five-bytes-plain": (BYTES, 5, JSON, {"tokenizer_class": "TokenizersBackend",
                                          "add_prefix_space": True}, None),
    "five-bytes-llama": (BYTES, 5, JSON, {"tokenizer_class": "LlamaTokenizer"}, None),
    "five-bytes-files": (BYTES, 5, "vocab.json merges.txt",
                         {"add_bos_token": True, "extra_special_tokens": ["<extra>"]}, None),
    "four-new-space": (PIECES, 4, BOTH, {"legacy": False, "add_prefix_space": True}, None),
    "four-new-no-space": (PIECES, 4, BOTH, {"legacy": False, "add_prefix_space": False}, None),
    "four-old-no-space": (PIECES, 4, BOTH, {"legacy": True, "add_prefix_space": False}, None),
    "four-from-slow": (PIECES, 4, BOTH, {"from_slow": True}, None),
    "four-normalized": (PIECES, 4, BOTH, {"legacy": True, "add_prefix_space": True,
                                          "added_tokens_decoder": NORMALIZED}, None),
    "four-no-bos": (PIECES, 4, JSON, {"add_bos_token": None}, None),
    "four-names": ("pieces512 515 llama", 4, JSON,
                   {"extra_special_tokens": {"image_token": "<img>"}, "boi_token": "<extra>",
                    "additional_special_tokens": ["<odd>"]}, None),
    "five-gemma": (GEMMA, 5, "", {}, {"add_eos_token": True}),
    "five-gemma-alone": (GEMMA, 5, JSON, {"add_bos_token": False, "unk_token": "<pad>",
                                          "additional_special_tokens": ["<h1>", "<odd>"]}, None),
    "five-gemma-no-class": (GEMMA, 5, JSON, {"tokenizer_class": None}, None),
    "four-gemma": (GEMMA, 4, JSON, {"add_bos_token": False, "add_eos_token": True,
                                    "additional_special_tokens": ["<h1>", "<odd>"]}, None),
    "four-gemma-no-class": (GEMMA, 4, JSON, {"tokenizer_class": None, "add_prefix_space": True,
                                             "bos_token": "<start_of_turn>"}, None),
}
NULLS = {"four-no-bos": ["add_bos_token"]}
VERSIONS = {4: "4.57.6", 5: "5.24.0"}


def write_lines(path, values):
    with open(path, "w", encoding="ascii") as f:
        f.write("".join(json.dumps(value) + "\n" for value in values))


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, separators=(",", ":"))
        f.write("\n")


def fill_directory(directory, name):
    """What the shell test puts together from `base`, the directory's files and a model."""
    base, version, files, changes, _ = TOKENIZERS[name]
    data, rows, kind = base.split()
    for file in files.split():
        shutil.copy(os.path.join(HERE, "data", data, file), directory)
    write_json(os.path.join(directory, "config.json"),
               {"model_type": kind, "vocab_size": int(rows),
                "transformers_version": VERSIONS[version]})


def make_tokenizer(out, name):
    base, version, files, changes, settings = TOKENIZERS[name]
    data = os.path.join(HERE, "data", base.split()[0])
    place = os.path.join(out, name)
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    with open(os.path.join(place, "base"), "w", encoding="ascii") as f:
        f.write(" ".join([base, VERSIONS[version], files]).strip() + "\n")
    if settings is not None:
        AutoTokenizer.from_pretrained(data, **settings).save_pretrained(place)
        for file in ("tokenizer.json", "tokenizer_config.json"):
            with open(os.path.join(place, file), encoding="utf-8") as f:
                value = json.load(f)
            write_json(os.path.join(place, file), value)
    else:
        with open(os.path.join(data, "tokenizer_config.json"), encoding="utf-8") as f:
            config = json.load(f)
        config.update(changes)
        config = {k: v for k, v in config.items() if v is not None or k in NULLS.get(name, [])}
        write_json(os.path.join(place, "tokenizer_config.json"), config)
    with tempfile.TemporaryDirectory() as directory:
        shutil.copytree(place, directory, dirs_exist_ok=True)
        fill_directory(directory, name)
        tokenizer = AutoTokenizer.from_pretrained(directory)
    ids = tokenizer(TEXTS, return_attention_mask=False).input_ids
    write_lines(os.path.join(place, "ids.jsonl"), ids)
    write_lines(os.path.join(place, "decoded.jsonl"),
                [tokenizer.decode(i, clean_up_tokenization_spaces=False) for i in ids])
    print(f"{name}: {type(tokenizer).__name__}, {len(tokenizer)} tokens")


def make_tokenizers(out):
    logging.set_verbosity_error()
    os.makedirs(out, exist_ok=True)
    write_lines(os.path.join(out, "texts.jsonl"), TEXTS)
    names = {"4": "four", "5": "five"}[transformers.__version__[0]]
    for name in TOKENIZERS:
        if name.startswith(names):
            make_tokenizer(out, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=HERE)
    parser.add_argument("what", nargs="*", metavar="WHAT",
                        default=["configs", "goldens", "tokenizers"])
    arguments = parser.parse_args()
    if transformers.__version__ not in (["4.57.6"] if arguments.what == ["tokenizers"] else []) + \
            ["5.24.0"]:
        sys.exit(f"make_saved_tokenizers.py: transformers is {transformers.__version__}")
    torch.set_num_threads(1)
    if "configs" in arguments.what:
        save_configs(os.path.join(arguments.out, "data", "saved5"))
    if "goldens" in arguments.what:
        make_golden.CASES.update(GOLDENS)
        for name in GOLDENS:
            make_golden.make(os.path.join(arguments.out, "golden"), name)
    if "tokenizers" in arguments.what:
        make_tokenizers(os.path.join(arguments.out, "golden", "saved"))


if __name__ == "__main__":
    main()
