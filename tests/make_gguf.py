"""Makes tests/golden/gguf: small checkpoints, and the GGUF files that llama.cpp makes of them.

usage: make_gguf.py LLAMA.CPP [--out DIR] [NAME ...]    (versions: tests/requirements.txt)

LLAMA.CPP is llama.cpp's source with convert_hf_to_gguf.py, such as vendor/llama.cpp of PyPI's
llama-cpp-python 0.3.36. Each NAME/ is a checkpoint as Hugging Face saves it and NAME*.gguf what that
program writes for it. types.gguf has a tensor of every supported type, of random bytes; types.sum is
the POSIX checksum of what gguf's own code makes of them, in the order and the numbers of rows that
tests/dump_weights.c writes.
"""
import argparse
import json
import os
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, PhiConfig, Qwen2Config, Qwen3Config

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")

LLAMA = dict(hidden_size=20, intermediate_size=33, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, head_dim=6, max_position_embeddings=96, vocab_size=37,
             rms_norm_eps=1e-5, tie_word_embeddings=False)
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
PHI = dict(hidden_size=24, intermediate_size=96, num_hidden_layers=2, num_attention_heads=3,
           num_key_value_heads=3, partial_rotary_factor=0.5, max_position_embeddings=64,
           vocab_size=41)

# name: configuration, dtype of the checkpoint, outtype of the GGUF, files of tests/data, options
MODELS = {
    "llama": (LlamaConfig(**LLAMA), "float32", "f32", None, {}),
    "llama_three": (LlamaConfig(**{**LLAMA, "head_dim": 16, "rope_theta": 500000.0,
                                   "rope_scaling": LLAMA3, "tie_word_embeddings": True}),
                    "float16", "f16", None, {"split_max_tensors": 8}),
    "llama_linear": (LlamaConfig(**{**LLAMA, "num_key_value_heads": 4,
                                    "rope_scaling": {"type": "linear", "factor": 2.5}}),
                     "bfloat16", "bf16", None, {"fuse_qkv": True}),
    "llama_pieces": (LlamaConfig(**{**LLAMA, "vocab_size": 512}), "float16", "f16", "pieces512", {}),
    "phi": (PhiConfig(**PHI), "float32", "f32", None, {}),
    "phi_bytes": (PhiConfig(**{**PHI, "vocab_size": 2064, "hidden_size": 12, "eos_token_id": 2047,
                                "intermediate_size": 48}), "float16", "f16", "bpe2048", {}),
    "qwen2": (Qwen2Config(**{**LLAMA, "head_dim": 5, "tie_word_embeddings": True}),
              "float16", "f16", None, {}),
    "qwen3": (Qwen3Config(**LLAMA), "bfloat16", "f32", None, {}),
}
TOKENIZER_FILES = ["vocab.json", "merges.txt", "tokenizer.json", "tokenizer.model",
                   "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]


def save_checkpoint(out, name, config, dtype, tokenizer):
    """Random weights, norms and biases too, of about the size that trained ones have."""
    directory = os.path.join(out, name)
    shutil.rmtree(directory, ignore_errors=True)
    torch.manual_seed(sum(name.encode()))
    model = AutoModelForCausalLM.from_config(config).to(getattr(torch, dtype))
    with torch.no_grad():
        for key, value in model.named_parameters():
            base = 1 if "norm" in key and key.endswith("weight") else 0
            value.copy_(base + 0.3 * torch.randn(value.shape))
    model.save_pretrained(directory)
    for file in TOKENIZER_FILES if tokenizer else []:
        path = os.path.join(DATA, tokenizer, file)
        if os.path.exists(path):
            shutil.copy(path, directory)


def convert(llama_cpp, out, name, outtype, tokenizer, options):
    import gguf
    from conversion import ModelType, get_model_architecture, get_model_class
    types = {"f32": gguf.LlamaFileType.ALL_F32, "f16": gguf.LlamaFileType.MOSTLY_F16,
             "bf16": gguf.LlamaFileType.MOSTLY_BF16, "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}
    directory = Path(out) / name
    hparams = json.loads((directory / "config.json").read_text())
    base = get_model_class(get_model_architecture(hparams, ModelType.TEXT))

    class Model(base):
        model_arch = base.model_arch

        def set_vocab(self):
            if not tokenizer:
                self._set_vocab_none()
            else:
                super().set_vocab()

        def get_vocab_base_pre(self, tokenizer):
            return "gpt-2"

    for old in [*Path(out).glob(name + ".gguf"), *Path(out).glob(name + "-0*.gguf")]:
        old.unlink()
    Model(directory, types[outtype], Path(out) / (name + ".gguf"), **options).write()
    for file in TOKENIZER_FILES if tokenizer else []: # the tests take those of tests/data
        (directory / file).unlink(missing_ok=True)


# ---- all types ------------------------------------------------------------------------------

TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL", "Q4_K", "Q5_K",
         "Q6_K"]
SMALL = [name for name in TYPES if not name.endswith("_K")]
HIDDEN, HEADS, HEAD, INNER, LAYERS, ROWS = 256, 2, 16, 32, 2, 19
# where the scales of a block are, as numbers of two bytes
SCALES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "IQ4_NL": [0],
          "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
EXTREMES = [0x0000, 0x8000, 0x0001, 0x83FF, 0x7BFF, 0xFBFF, 0x0400, 0x3C00]


def random_rows(random, kind, rows, cols):
    """Rows of a type, of random bytes with finite scales, the first of them extreme ones."""
    import gguf
    kind_id = gguf.GGMLQuantizationType[kind]
    if kind in ("F32", "F16", "BF16"):
        values = random.normal(size=(rows, cols)).astype(np.float32)
        if kind == "F32":
            return values
        if kind == "F16":
            return values.astype(np.float16)
        return gguf.quants.quantize(values, kind_id)
    count, size = gguf.GGML_QUANT_SIZES[kind_id]
    blocks = random.integers(0, 256, (rows * cols // count, size), dtype=np.uint8)
    for place, at in enumerate(SCALES[kind]):
        halves = random.normal(size=len(blocks)).astype(np.float16).view(np.uint16)
        for i, extreme in enumerate(EXTREMES[:len(blocks)]):
            halves[i] = EXTREMES[(i + 3 * place) % len(EXTREMES)]
        blocks[:, at:at + 2] = halves.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(rows, -1)


def posix_sum(data):
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    crc, length = 0, len(data)
    for byte in data + length.to_bytes((length.bit_length() + 7) // 8, "little"):
        crc = (crc << 8 & 0xFFFFFFFF) ^ table[crc >> 24 ^ byte]
    return f"{crc ^ 0xFFFFFFFF} {length}"


def tensor_list():
    """Names, rows and columns in the order of the library's slots, a layer after another."""
    for layer in range(LAYERS):
        for name, rows, cols in [("attn_norm", 0, HIDDEN), ("attn_q", HEADS * HEAD, HIDDEN),
                                 ("attn_k", HEAD, HIDDEN), ("attn_v", HEAD, HIDDEN),
                                 ("attn_output", HIDDEN, HEADS * HEAD), ("ffn_norm", 0, HIDDEN),
                                 ("ffn_up", INNER, HIDDEN), ("ffn_gate", INNER, HIDDEN),
                                 ("ffn_down", HIDDEN, INNER)]:
            yield f"blk.{layer}.{name}.weight", rows, cols
    yield "token_embd.weight", ROWS, HIDDEN
    yield "output_norm.weight", 0, HIDDEN
    yield "output.weight", ROWS, HIDDEN


def unpaired(rows, head):
    """A head's rows 0, 2, 4 ... are those of its first half."""
    parts = rows.reshape(-1, head // 2, 2, rows.shape[-1])
    return parts.swapaxes(1, 2).reshape(rows.shape)


def make_types(out):
    import gguf
    random = np.random.default_rng(5)
    writer = gguf.GGUFWriter(os.path.join(out, "types.gguf"), "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(64)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_custom_alignment(64)
    numbers, wide, narrow = [], iter(TYPES), iter(SMALL[3:])
    for name, rows, cols in tensor_list():
        kind = "F32" if not rows else next(wide) if cols == HIDDEN else next(narrow)
        data = random_rows(random, kind, rows or 1, cols)
        kind_id = gguf.GGMLQuantizationType[kind]
        values = gguf.quants.dequantize(data, kind_id).reshape(rows or 1, cols)
        if not rows:
            data, values = data[0], values[0]
        writer.add_tensor(name, data, raw_dtype=kind_id)
        if name.split(".")[-2] in ("attn_q", "attn_k"):
            values = unpaired(values, HEAD)
        numbers.append(np.ascontiguousarray(values, np.float32).tobytes())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with open(os.path.join(out, "types.sum"), "w") as f:
        f.write(posix_sum(b"".join(numbers)) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("llama_cpp")
    parser.add_argument("--out", default=os.path.join(HERE, "golden", "gguf"))
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    sys.path[:0] = [args.llama_cpp, os.path.join(args.llama_cpp, "gguf-py")]
    os.makedirs(args.out, exist_ok=True)
    for name, (config, dtype, outtype, tokenizer, options) in MODELS.items():
        if not args.names or name in args.names:
            save_checkpoint(args.out, name, config, dtype, tokenizer)
            convert(args.llama_cpp, args.out, name, outtype, tokenizer, options)
    if not args.names or "types" in args.names:
        make_types(args.out)


if __name__ == "__main__":
    main()
