"""Makes tests/golden/gguf: small checkpoints, and the GGUF files that llama.cpp makes of them.

usage: make_gguf.py LLAMA.CPP [--out DIR] [NAME ...]    (versions: tests/requirements.txt)

LLAMA.CPP is llama.cpp's source with convert_hf_to_gguf.py, such as vendor/llama.cpp of PyPI's
llama-cpp-python 0.3.36. Each NAME/ is a checkpoint as Hugging Face saves it, and NAME*.gguf what
that program writes for it. types.gguf has a tensor of every supported type, of random bytes;
types.sum is the POSIX checksum of what gguf's own code makes of them, in the order in which
tests/dump_weights.c writes them. hostile/errors.txt lists changes of the files beside it that must
be refused: the file, changes as tests/helper.c makes them, a pattern of the message, what is wrong.
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
from transformers import (AutoModelForCausalLM, Gemma2Config, Gemma3TextConfig, GemmaConfig,
                          GPT2Config, GPTNeoXConfig, LlamaConfig, PhiConfig, Qwen2Config,
                          Qwen3Config)

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")

LLAMA = dict(hidden_size=20, intermediate_size=33, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, head_dim=6, max_position_embeddings=96, vocab_size=37,
             rms_norm_eps=1e-5, tie_word_embeddings=False)
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
PHI = dict(hidden_size=12, intermediate_size=48, num_hidden_layers=2, num_attention_heads=3,
           num_key_value_heads=3, partial_rotary_factor=0.5, max_position_embeddings=64,
           vocab_size=41)
GPT2 = dict(n_embd=12, n_layer=2, n_head=3, n_positions=40, n_ctx=40, vocab_size=43)
NEOX = dict(hidden_size=24, intermediate_size=56, num_hidden_layers=2, num_attention_heads=3,
            rotary_pct=0.75, max_position_embeddings=48, vocab_size=29, rotary_emb_base=10000)
GEMMA = {**LLAMA, "tie_word_embeddings": True, "intermediate_size": 17, "hidden_size": 16,
         "hidden_activation": "gelu_pytorch_tanh", "pad_token_id": None}

# name: configuration, dtype of the checkpoint, outtype of the GGUF, files of tests/data, options
MODELS = {
    "llama": (LlamaConfig(**LLAMA), "float32", "f32", None, {}),
    "llama_three": (LlamaConfig(**{**LLAMA, "head_dim": 16, "rope_theta": 500000.0,
                                   "rope_scaling": LLAMA3, "tie_word_embeddings": True}),
                    "float16", "f16", None, {"split_max_tensors": 8}),
    "llama_linear": (LlamaConfig(**{**LLAMA, "num_key_value_heads": 4,
                                    "rope_scaling": {"type": "linear", "factor": 2.5}}),
                     "bfloat16", "bf16", None, {"fuse_qkv": True}),
    "llama_pieces": (LlamaConfig(**{**LLAMA, "vocab_size": 512, "hidden_size": 8}),
                     "float16", "f16", "pieces512", {}),
    "phi": (PhiConfig(**PHI), "float32", "f32", None, {}),
    "phi_bytes": (PhiConfig(**{**PHI, "vocab_size": 2064, "hidden_size": 6, "eos_token_id": 2047,
                               "intermediate_size": 24, "partial_rotary_factor": 1.0}),
                  "float16", "f16", "bpe2048", {}),
    "qwen2": (Qwen2Config(**{**LLAMA, "head_dim": 10, "tie_word_embeddings": True}),
              "float16", "f16", None, {}),
    "qwen3": (Qwen3Config(**LLAMA), "bfloat16", "f32", None, {}),
    "gpt2": (GPT2Config(**GPT2), "float32", "f32", None, {}),
    "neox": (GPTNeoXConfig(**NEOX), "float16", "f16", None, {}),
    "neox_sequential": (GPTNeoXConfig(**{**NEOX, "rotary_pct": 0.5, "num_attention_heads": 2,
                                         "use_parallel_residual": False}),
                        "float16", "f16", None, {}),
    "gemma": (GemmaConfig(**GEMMA), "bfloat16", "bf16", None, {}),
    "gemma2": (Gemma2Config(**GEMMA, sliding_window=7, attn_logit_softcapping=9.0,
                            final_logit_softcapping=5.5, query_pre_attn_scalar=6),
               "bfloat16", "bf16", None, {}),
    "gemma3": (Gemma3TextConfig(**{**GEMMA, "num_hidden_layers": 7}, sliding_window=9,
                                query_pre_attn_scalar=6, rope_theta=50000.0,
                                rope_local_base_freq=10000.0),
               "bfloat16", "bf16", None, {}),
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
    if not tokenizer: # of which the number of tokens alone is asked for
        vocabulary = {str(i): i for i in range(hparams["vocab_size"])}
        (directory / "tokenizer.json").write_text(
            json.dumps({"model": {"vocab": vocabulary}, "added_tokens": []}))
    Model(directory, types[outtype], Path(out) / (name + ".gguf"), **options).write()
    for file in TOKENIZER_FILES: # the tests take those of tests/data
        (directory / file).unlink(missing_ok=True)


# ---- all types ------------------------------------------------------------------------------

TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL", "Q4_K", "Q5_K",
         "Q6_K"]
SMALL = [name for name in TYPES if not name.endswith("_K")]
HIDDEN, HEADS, HEAD, INNER, LAYERS, ROWS = 256, 2, 16, 32, 2, 5
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
    writer.add_quantization_version(2)
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


# ---- hostile files --------------------------------------------------------------------------

U32, I32, F32, BOOL, STRING, ARRAY, U64 = 4, 5, 6, 7, 8, 9, 10
FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", U32: "<I", I32: "<i", F32: "<f", BOOL: "<B",
           U64: "<Q", 11: "<q", 12: "<d"}


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(value)) + value


def value_bytes(kind, value):
    if isinstance(value, bytes) and kind != STRING:
        return value
    return text(value) if kind == STRING else struct.pack(FORMATS[kind], value)


def array(kind, values):
    parts = b"".join(value_bytes(kind, value) for value in values)
    return struct.pack("<IQ", kind, len(values)) + parts


def pack(keys, tensors, version=3, magic=b"GGUF", counts=None, alignment=32):
    """A GGUF. keys: name to type and value; tensors: name, ne, type, data, offset or None."""
    counts = counts or (len(tensors), len(keys))
    start = magic + struct.pack("<IQQ", version, *counts)
    head = b"".join(text(key) + struct.pack("<I", kind) + value_bytes(kind, value)
                    for key, (kind, value) in keys)
    out = data = b""
    for name, sizes, kind, content, offset in tensors:
        data += bytes(-len(data) % alignment)
        out += text(name) + struct.pack("<I", len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes)
        out += struct.pack("<IQ", kind, len(data) if offset is None else offset)
        data += content
    size = len(start) + len(head) + len(out)
    return start, head, out, bytes(-size % alignment), data


def tiny_keys(*more):
    return [("general.architecture", (STRING, "llama")), ("general.type", (STRING, "model")),
            ("general.name", (STRING, "tiny")), ("general.alignment", (U32, 32)),
            ("general.tags", (ARRAY, array(STRING, ["a", "b"]))),
            ("llama.vocab_size", (U32, 3)), ("llama.block_count", (U32, 1)),
            ("llama.context_length", (U32, 8)), ("llama.embedding_length", (U32, 2)),
            ("llama.feed_forward_length", (U32, 3)), ("llama.attention.head_count", (U32, 1)),
            ("llama.attention.layer_norm_rms_epsilon", (F32, 1e-5)),
            ("llama.rope.freq_base", (F32, 500.0)), ("llama.attention.causal", (BOOL, 1)), *more]


def tiny_tensors(rows=3):
    def tensor(name, *sizes):
        content = np.arange(1, 1 + int(np.prod(sizes)), dtype="<f4").tobytes()
        return (name + ".weight", sizes, 0, content, None)
    layer = [("attn_norm", 2), ("attn_q", 2, 2), ("attn_k", 2, 2), ("attn_v", 2, 2),
             ("attn_output", 2, 2), ("ffn_norm", 2), ("ffn_gate", 2, 3), ("ffn_up", 2, 3),
             ("ffn_down", 3, 2)]
    return [tensor("token_embd", 2, rows), *(tensor("blk.0." + name, *sizes)
                                             for name, *sizes in layer),
            tensor("output_norm", 2)]


def with_key(keys, name, kind, value):
    """The key with another value, or a new one."""
    changed = [(key, (kind, value) if key == name else old) for key, old in keys]
    return changed if any(key == name for key, _ in keys) else [*keys, (name, (kind, value))]


def without(keys, name):
    return [(key, value) for key, value in keys if key != name]


def with_tensor(tensors, which, **changes):
    fields = ["name", "sizes", "kind", "content", "offset"]
    return [tuple(changes.get(field, old) for field, old in zip(fields, tensor))
            if tensor[0] == which + ".weight" else tensor for tensor in tensors]


def hostile_heads(keys, tensors):
    yield "the magic number", "not a GGUF file", pack(keys, tensors, magic=b"GGUX")
    for version, pattern in [(1, "version 1, of August 2023"), (4, "version 4 is not supported"),
                             (0, "version 0 is"), (3 << 24, "big-endian")]:
        yield f"version {version:#x}", pattern, pack(keys, tensors, version=version)
    count = len(tensors), len(keys)
    for counts, pattern in [((0, count[1]), "no weights: the file has a vocabulary alone"),
                            ((1 << 63, count[1]), "the number of tensors, 9223372036854775808,"),
                            ((1000, count[1]), "the number of tensors, 1000, does not fit"),
                            ((count[0], (1 << 64) - 1), "the number of keys, 18446744073709551615"),
                            ((count[0] + 1, count[1]), "a tensor.s name at byte"),
                            ((count[0], count[1] + 1), "a tensor.s name at byte"),
                            ((count[0], count[1] - 1), "")]:
        yield f"{counts[0]} tensors, {counts[1]} keys", pattern, pack(keys, tensors, counts=counts)


def hostile_keys(keys, tensors):
    def named(name):
        return pack([*keys[:2], (name, keys[2][1]), *keys[3:]], tensors)

    def valued(name, kind, value):
        return pack(with_key(keys, name, kind, value), tensors)
    whole = b"".join(pack(keys, tensors))
    yield "an empty key", "a key at byte .* has 0 bytes", named("")
    yield "a long key", "a key at byte .* has 1100 bytes", named("k" * 1100)
    yield "a key of other bytes", "a key at byte .* is not printable ASCII", named("g\x01n")
    yield "a key twice", "the key general.type is there twice", named("general.type")
    at = whole.index(b"general.name")
    yield ("a key of 2^63 bytes", "a key at byte .* has 9223372036854775820 bytes",
           whole[:at - 1] + b"\x80" + whole[at:])
    at += len("general.name") + 4
    yield ("a string of 2^64 - 1 bytes", "general.name at byte .* needs 18446744073709551615",
           whole[:at] + b"\xff" * 8 + whole[at + 8:])
    yield "a value's type", "general.name: a value of type 13", valued("general.name", 13, b"abcd")
    yield ("an array of arrays", "general.tags: an array of arrays",
           valued("general.tags", ARRAY, struct.pack("<IQ", ARRAY, 1) + bytes(20)))
    yield ("an array's type", "general.tags: an array of type 77",
           valued("general.tags", ARRAY, struct.pack("<IQ", 77, 1) + bytes(20)))
    for kind, count in [(STRING, 1 << 61), (U64, (1 << 61) + 1), (0, 1 << 40), (STRING, 300)]:
        yield (f"an array of {count} elements", "general.tags: an array of .* does not fit",
               valued("general.tags", ARRAY, struct.pack("<IQ", kind, count)))
    yield ("a string in an array", "general.tags at byte .* needs 4611686018427387904 bytes",
           valued("general.tags", ARRAY, struct.pack("<IQQ", STRING, 2, 1 << 62) + bytes(16)))
    yield "a flag of 2", "attention.causal: a flag of 2", valued("llama.attention.causal", BOOL, 2)
    yield ("an encoder", "attention.causal false: an encoder",
           valued("llama.attention.causal", BOOL, 0))
    for alignment in [0, 3, 48, 1 << 31]:
        yield (f"an alignment of {alignment}", "general.alignment must be a power of two",
               valued("general.alignment", U32, alignment))
    yield ("an alignment as text", "general.alignment must be a number",
           valued("general.alignment", STRING, "32"))
    yield ("another alignment", "its offset 32 is no multiple of 64",
           valued("general.alignment", U32, 64))


def hostile_models(keys, tensors):
    def valued(name, kind, value):
        return pack(with_key(keys, "llama." + name, kind, value), tensors)
    for name, pattern in [("bert", "an encoder (bert): convert its Hugging Face directory"),
                          ("jais", "the architecture jais is not supported; supported: llama, "),
                          ("a\nb", "general.architecture is not printable"),
                          (b"\xff", "general.architecture is not printable"),
                          (b"llama\0", "general.architecture is not printable")]:
        yield (f"the architecture {name}", pattern,
               pack(with_key(keys, "general.architecture", STRING, name), tensors))
    yield ("no architecture", "no key general.architecture",
           pack(without(keys, "general.architecture"), tensors))
    yield ("the architecture as a number", "general.architecture must be a string",
           pack(with_key(keys, "general.architecture", U32, 7), tensors))
    yield ("an adapter", "general.type is adapter.*merge the adapter",
           pack(with_key(keys, "general.type", STRING, "adapter"), tensors))
    for name in ["block_count", "context_length", "embedding_length", "feed_forward_length",
                 "attention.head_count", "attention.layer_norm_rms_epsilon"]:
        yield (f"no {name}", f"the key llama.{name} is missing",
               pack(without(keys, "llama." + name), tensors))
    for kind, value in [(U32, 0), (I32, -1), (F32, 1.5), (U64, 1 << 40), (11, -1 << 63)]:
        yield (f"{value} layers", "llama.block_count must be a whole number from 1",
               valued("block_count", kind, value))
    yield "NaN layers", "llama.block_count is not finite", valued("block_count", F32, float("nan"))
    yield "layers as text", "llama.block_count must be a number", valued("block_count", STRING, "1")
    yield "layers as a flag", "llama.block_count must be a number", valued("block_count", BOOL, 1)
    yield "too many layers", "", valued("block_count", U32, 1 << 20)
    yield "a layer more", "tensor blk.1.attn_norm.weight is missing", valued("block_count", U32, 2)
    yield ("numbers of heads", "head_count must be a number; one for each layer",
           valued("attention.head_count", ARRAY, array(U32, [1])))
    yield "NaN as epsilon", "is not finite", valued("attention.layer_norm_rms_epsilon", F32,
                                                    float("nan"))
    yield "epsilon", "epsilon must be from 0 to 1", valued(
        "attention.layer_norm_rms_epsilon", F32, 2)
    yield "rope's base", "rope_theta must be above 0", valued("rope.freq_base", F32, -1)
    yield ("a part of a head", "rope.dimension_count of 1 in heads of 2",
           valued("rope.dimension_count", U32, 1))
    yield "values' heads", "heads of 2 for keys and 3 for", valued("attention.value_length", U32, 3)
    yield "YaRN", "llama.rope.scaling.type yarn is not", valued("rope.scaling.type", STRING, "yarn")
    yield "experts", "a mixture of experts (llama.expert_count)", valued("expert_count", U32, 2)
    for name, kind, value in [("attention.clamp_kqv", F32, 1), ("logit_scale", F32, 2),
                              ("rope.scaling.attn_factor", F32, 2), ("nonsense", U32, 0),
                              ("embedding_scale", STRING, "1")]:
        yield (name, f"the key llama.{name} with this value is not supported",
               valued(name, kind, value))
    for name, value, pattern in [("split.count", 2, "whose name has to end with -00001-of-00002"),
                                 ("split.count", 1 << 30, "split.count must be a whole number"),
                                 ("split.no", 1, "part 2 of 1 of a model: give the first one"),
                                 ("split.tensors.count", 9, "have 11 tensors, and .* says 9")]:
        yield (f"{name} {value}", pattern, pack(with_key(keys, name, U32, value), tensors))


def hostile_tensors(keys, tensors):
    def changed(**changes):
        return pack(keys, with_tensor(tensors, "blk.0.attn_q", **changes))

    def extra(name, sizes, content, kind=0):
        return pack(keys, [*tensors, (name, sizes, kind, content, None)])
    yield "a tensor twice", "tensor blk.0.attn_k.weight is there twice", changed(
        name="blk.0.attn_k.weight")
    yield "no name", "a tensor.s name at byte .* has 0 bytes", changed(name="")
    yield "a long name", "a tensor.s name at byte .* has 200 bytes", changed(name="n" * 200)
    yield "a name of other bytes", "name at byte .* is not printable", changed(name=b"bl\xc3\xa9")
    yield "another name", "tensor blk.0.attn_q.weight is missing", changed(name="blk.0.attn_x")
    yield "no dimensions", "has 0 dimensions", changed(sizes=())
    yield "five dimensions", "has 5 dimensions", changed(sizes=(2, 2, 1, 1, 1))
    yield "no columns", "attn_q.weight: a dimension of 0", changed(sizes=(0, 2))
    yield "2^64 - 1 rows", "attn_q.weight: its size overflows", changed(sizes=(2, (1 << 64) - 1))
    yield "2^32 x 2^32", "attn_q.weight: its size overflows", changed(sizes=(1 << 32, 1 << 32))
    yield "2^20 rows", "lies outside of the file (8388608 bytes", changed(sizes=(2, 1 << 20))
    yield "three rows", r"attn_q.weight has the shape .3, 2., wanted .2, 2.", changed(sizes=(2, 3))
    yield "one dimension", r"attn_q.weight has the shape .4., wanted .2, 2.", changed(sizes=(4,))
    yield "an unknown type", "attn_q.weight: the type 99 is not known", changed(kind=99)
    yield "a type of blocks", "rows of 2 do not divide into blocks of 256 (Q4_K)", changed(kind=12)
    yield "whole numbers", "attn_q.weight: the type I32 is not supported", changed(kind=26)
    yield "an offset between", "its offset 31 is no multiple of 32", changed(offset=31)
    yield "an offset outside", "lies outside of the file (16 bytes at 32000", changed(offset=32000)
    yield "an offset at the end", "lies outside of the file", changed(offset=(1 << 64) - 32)
    yield "an offset of another", "tensors .* and .* overlap", changed(offset=0)
    yield "a larger neighbour", "tensors .* overlap", changed(sizes=(2, 5))
    yield "no embedding", "no matrix token_embd.weight", pack(keys, tensors[1:])
    yield "no final norm", "tensor output_norm.weight is missing", pack(keys, tensors[:-1])
    yield "a bias", "attention_bias true is not supported", extra(
        "blk.0.attn_q.bias", (2,), bytes(8))
    yield "a norm more", "blk.0.attn_post.weight lies inside a layer, but its keys describe", extra(
        "blk.0.attn_post.weight", (2,), bytes(8))
    yield "factors for long texts", "rope_factors_long) are not supported", extra(
        "rope_factors_long.weight", (1,), bytes(4))
    yield "divisors", "rope_freqs.weight must have 1 numbers", extra(
        "rope_freqs.weight", (2,), bytes(8))
    for value in [0.0, -1.0, float("nan"), float("inf")]:
        yield f"a divisor of {value}", "rope_freqs.weight: number 0 is not above 0", extra(
            "rope_freqs.weight", (1,), struct.pack("<f", value))
    yield "a number that is none", r"attn_q.weight: the value at .1, 0. is not finite", changed(
        content=struct.pack("<4f", 1, 2, float("nan"), 4))


# ---- hostile tokenizers ---------------------------------------------------------------------


def byte_letters():
    own = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters, more = {}, 256
    for byte in range(256):
        letters[byte] = chr(byte if byte in own else more)
        more += byte not in own
    return [letters[byte] for byte in range(256)]


BYTE_TOKENS = [*byte_letters(), "ab", "abc", "<|end|>"]
BYTE_MERGES = ["a b", "ab c"]
PIECES = ["<unk>", "<s>", "</s>", "\u2581", "a", "b", "ab", "\u2581a"]


def byte_keys():
    return tiny_keys(
        ("tokenizer.ggml.model", (STRING, "gpt2")), ("tokenizer.ggml.pre", (STRING, "gpt-2")),
        ("tokenizer.ggml.tokens", (ARRAY, array(STRING, BYTE_TOKENS))),
        ("tokenizer.ggml.token_type", (ARRAY, array(I32, [1] * 258 + [3]))),
        ("tokenizer.ggml.merges", (ARRAY, array(STRING, BYTE_MERGES))),
        ("tokenizer.ggml.eos_token_id", (U32, 258)))


def piece_keys():
    return tiny_keys(
        ("tokenizer.ggml.model", (STRING, "llama")),
        ("tokenizer.ggml.tokens", (ARRAY, array(STRING, PIECES))),
        ("tokenizer.ggml.scores", (ARRAY, array(F32, [0, 0, 0, -1, -2, -3, -4, -5]))),
        ("tokenizer.ggml.token_type", (ARRAY, array(I32, [2, 3, 3, 1, 1, 1, 1, 1]))),
        ("tokenizer.ggml.bos_token_id", (U32, 1)), ("tokenizer.ggml.eos_token_id", (U32, 2)))


def splits_keys():
    """The vocabulary of tests/data/splits, whose last 21 bytes some do without."""
    text = "".join(Path(HERE, "data", "splits", name).read_text(encoding="utf-8")
                   for name in ("bytes.json", "vocabulary.json"))
    model = json.loads('{"model": {"vocab": {' + text)["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    return tiny_keys(
        ("tokenizer.ggml.model", (STRING, "gpt2")),
        ("tokenizer.ggml.tokens", (ARRAY, array(STRING, tokens))),
        ("tokenizer.ggml.token_type", (ARRAY, array(I32, [1] * len(tokens)))),
        ("tokenizer.ggml.pre", (STRING, "gpt-2")),
        ("tokenizer.ggml.merges", (ARRAY, array(STRING, [
            merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]))),
        ("tokenizer.ggml.add_bos_token", (BOOL, 0)))


PRES = [("llama-bpe", "llama3"), ("llama3", "llama3"), ("llama-v3", "llama3"),
        ("falcon3", "llama3"), ("pixtral", "llama3"), ("lfm2", "llama3"), ("tekken", "tekken"),
        ("qwen2", "qwen2"), ("deepseek-r1-qwen", "qwen2"), ("gpt-4o", "gpt4o"), ("mpt", "neox"),
        ("olmo", "neox"), ("deepseek-v3", "deepseek-v3"), ("deepseek-coder", "deepseek-coder"),
        ("deepseek-llm", "deepseek-llm"), ("smollm", "digits"), ("starcoder", "digits"),
        ("refact", "digits"), ("falcon", "falcon"), ("command-r", "digits")]


def pre_edits(base, keys, tensors):
    """Each name of a rule, and the tokenizer of tests/data/splits that has it."""
    for name, rule in PRES:
        changed = with_key(keys, "tokenizer.ggml.pre", STRING, name)
        if rule in ("digits", "falcon"):
            changed = with_key(changed, "tokenizer.ggml.token_type", ARRAY,
                               array(I32, [1] * 2019 + [5] * 21))
        yield f"{name}\t{rule}\t{edits(base, pack(changed, tensors))}\n"


def variants(keys):
    """Pairs of keys that mean the same, and what they are of."""
    def valued(**values):
        out = keys
        for name, value in values.items():
            kind = STRING if isinstance(value, str) else F32
            out = with_key(out, "llama.rope." + name.replace("__", "."), kind, value)
        return out
    linear = valued(scaling__type="linear", scaling__factor=2.5)
    yield "a factor without a type is linear", valued(scaling__factor=2.5), linear
    yield "the older key of a factor", valued(scale_linear=2.5), linear
    yield ("the older key of a factor, with a type",
           valued(scaling__type="linear", scale_linear=2.5), linear)
    yield "the newer key wins", valued(scaling__factor=2.5, scale_linear=4), linear
    yield "none with a factor", valued(scaling__type="none", scaling__factor=2.5), keys
    yield "none with an older factor", valued(scaling__type="none", scale_linear=2.5), keys
    yield "a factor of 0", valued(scale_linear=0), keys


def hostile_bytes(keys, tensors):
    def valued(name, kind, value):
        return pack(with_key(keys, "tokenizer.ggml." + name, kind, value), tensors)

    def tokens(at, token):
        return valued("tokens", ARRAY, array(STRING, [*BYTE_TOKENS[:at], token,
                                                      *BYTE_TOKENS[at + 1:]]))

    def merges(*lines):
        return valued("merges", ARRAY, array(STRING, lines))
    for name, pattern in [("bert", "model bert is not supported; supported: gpt2, llama"),
                          ("t5", "model t5 is not supported")]:
        yield f"the model {name}", pattern, valued("model", STRING, name)
    for name, pattern in [("default", "how texts are split into words is not known: convert the"),
                          ("nonsense", "pre nonsense is not supported: convert the Hugging Face")]:
        yield f"pre {name}", pattern, valued("pre", STRING, name)
    yield "no pre", "no key tokenizer.ggml.pre: how texts are", pack(
        without(keys, "tokenizer.ggml.pre"), tensors)
    yield "pre as a number", "tokenizer.ggml.pre must be a string", valued("pre", U32, 1)
    yield "no tokens", "no tokens", pack(without(keys, "tokenizer.ggml.tokens"), tensors)
    yield "0 tokens", "no tokens", valued("tokens", ARRAY, array(STRING, []))
    yield "numbers as tokens", "tokens must be an array of strings", valued(
        "tokens", ARRAY, array(U32, [1, 2]))
    yield "a text as tokens", "tokens must be an array", valued("tokens", STRING, "a")
    yield "an empty token", "token 257 has no text", tokens(257, "")
    yield "a token that is not UTF-8", "token 257 is not UTF-8", tokens(257, b"a\xff")
    yield "a token twice", "tokens 256 and 257 have the same text", tokens(257, "ab")
    yield "too few types", "token_type has 2 elements, and there are 259", valued(
        "token_type", ARRAY, array(I32, [1, 1]))
    yield "a type of 7", "token 258 is of unknown type 7", valued(
        "token_type", ARRAY, array(I32, [1] * 258 + [7]))
    yield "a type of -1", "token 0 is of unknown type -1", valued(
        "token_type", ARRAY, array(I32, [-1] + [1] * 258))
    yield "types with a fraction", "token_type must be an array of whole", valued(
        "token_type", ARRAY, array(F32, [1] * 259))
    yield "EOS", "eos_token_id is 259, and there are 259", valued("eos_token_id", U32, 259)
    yield "EOS with a fraction", "eos_token_id is 1.5", valued("eos_token_id", F32, 1.5)
    yield "EOS that is unused", "eos_token_id is 258, which is an unused token", valued(
        "token_type", ARRAY, array(I32, [1] * 258 + [5]))
    for name in ["remove_extra_whitespaces", "add_sep_token", "normalizer.lowercase"]:
        yield name, f"{name} true is not supported", valued(name, BOOL, 1)
    yield "a map of characters", "precompiled_charsmap, a normalization", valued(
        "precompiled_charsmap", ARRAY, array(0, [1, 2]))
    yield "BOS as text", "bos_token_id must be a number", valued("bos_token_id", STRING, "1")
    yield "no merges", "no merges", pack(without(keys, "tokenizer.ggml.merges"), tensors)
    yield "merges as numbers", "merges must be an array of strings", valued(
        "merges", ARRAY, array(U32, [1]))
    for line in ["ab", "a  b", " b", "a ", "a b c", ""]:
        yield f"the merge '{line}'", "merge 1 is not a pair", merges("a b", line)
    yield "a merge of no token", 'merge 1: "abzz" or one of its two parts is not', merges(
        "a b", "ab zz")
    yield "a merge to no token", 'merge 1: "ba" or one of its two parts is not', merges(
        "a b", "b a")
    yield "a merge twice", "merge 1 .* stands twice", merges("a b", "a b", "ab c")
    yield "a merge that is not UTF-8", "merge 0 is not UTF-8", merges(b"a \xff")
    yield "a space before a text", "add_space_prefix true is not supported", valued(
        "add_space_prefix", BOOL, 1)
    yield "a flag as a number", "add_bos_token must be true or false", valued(
        "add_bos_token", U32, 1)


def hostile_pieces(keys, tensors):
    def valued(name, kind, value):
        return pack(with_key(keys, "tokenizer.ggml." + name, kind, value), tensors)
    scores = [0, 0, 0, -1, -2, -3, -4]
    for value in [float("nan"), float("inf"), float("-inf")]:
        yield f"a score of {value}", "the score of token 7 is not finite", valued(
            "scores", ARRAY, array(F32, [*scores, value]))
    yield "too few scores", "scores has 7 elements, and there are 8", valued(
        "scores", ARRAY, array(F32, scores))
    yield "no scores", "no scores of the tokens", pack(
        without(keys, "tokenizer.ggml.scores"), tensors)
    yield "texts as scores", "scores must be an array of numbers", valued(
        "scores", ARRAY, array(STRING, ["0"] * 8))
    yield "two unknown tokens", "tokens 0 and 5 are both unknown", valued(
        "token_type", ARRAY, array(I32, [2, 3, 3, 1, 1, 2, 1, 1]))
    yield "no U.2581", "U.2581 has no token", valued(
        "tokens", ARRAY, array(STRING, [token if token != "\u2581" else "x" for token in PIECES]))
    yield "one byte", "tokens of 1 bytes; with byte_fallback all 256", valued(
        "tokens", ARRAY, array(STRING, [*PIECES[:6], "<0x41>", PIECES[7]]))
    yield "a byte that is none", "token 6 is a byte, but not written as one", valued(
        "token_type", ARRAY, array(I32, [2, 3, 3, 1, 1, 1, 6, 1]))


def edits(old, new):
    """AT:COUNT:HEX for what becomes other bytes in each part of a file."""
    found, at = [], 0
    if isinstance(new, bytes):
        old, new = (b"".join(old),), (new,)
    for a, b in zip(old, new):
        same, end, least = 0, 0, min(len(a), len(b))
        while same < least and a[same] == b[same]:
            same += 1
        while end < least - same and a[len(a) - 1 - end] == b[len(b) - 1 - end]:
            end += 1
        if a != b:
            found.append(f"{at + same}:{len(a) - same - end}:{b[same:len(b) - end].hex()}")
        at += len(a)
    return " ".join(found)


def hostile_types(whole):
    """Other types in the place of those in types.gguf, and blocks for a norm."""
    for name, place, kind, pattern in [
            ("blk.1.ffn_up.weight", 16, 10, "Q2_K is not supported; supported: F64, F32, "),
            ("blk.1.ffn_up.weight", 16, 11, "Q3_K is not supported"),
            ("blk.1.ffn_up.weight", 16, 16, "IQ2_XXS is not supported"),
            ("blk.1.ffn_up.weight", 16, 23, "IQ4_XS is not supported"),
            ("blk.1.ffn_up.weight", 16, 39, "MXFP4 is not supported"),
            ("blk.1.ffn_norm.weight", 8, 12, "ffn_norm.weight: a vector of type Q4_K is not")]:
        at = whole.index(name.encode()) + len(name) + 4 + place
        yield f"{name} of type {kind}", pattern, whole[:at] + bytes([kind]) + whole[at + 1:]
    at = whole.index(b"general.quantization_version") + len("general.quantization_version") + 4
    yield ("an older quantization", "general.quantization_version 1 is not supported; supported: 2",
           whole[:at] + bytes([1]) + whole[at + 1:])


def make_hostile(out):
    directory = os.path.join(out, "hostile")
    os.makedirs(directory, exist_ok=True)
    bases = {"tiny": (tiny_keys(), tiny_tensors()), "bytes": (byte_keys(), tiny_tensors(259)),
             "pieces": (piece_keys(), tiny_tensors(8))}
    makers = {"tiny": [hostile_heads, hostile_keys, hostile_models, hostile_tensors],
              "bytes": [hostile_bytes], "pieces": [hostile_pieces]}
    with open(os.path.join(directory, "errors.txt"), "w") as f:
        for name, parts in bases.items():
            base = pack(*parts)
            with open(os.path.join(directory, name + ".gguf"), "wb") as file:
                file.write(b"".join(base))
            for maker in makers[name]:
                for what, pattern, data in maker(*parts):
                    f.write(f"{name}\t{edits(base, data)}\t{pattern or '.'}\t{ascii(what)[1:-1]}\n")
        types = Path(out, "types.gguf").read_bytes()
        for what, pattern, data in hostile_types(types):
            f.write(f"../types\t{edits((types,), data)}\t{pattern}\t{what}\n")


def make_variants(out):
    """Of files in hostile: variants.txt, pairs that give the same; pres.txt, names of rules;
    ends.txt, bytes.gguf without the key of its end token."""
    directory = os.path.join(out, "hostile")
    keys, tensors = tiny_keys(), tiny_tensors()
    base = pack(keys, tensors)
    with open(os.path.join(directory, "variants.txt"), "w") as f:
        for what, one, other in variants(keys):
            f.write(f"{edits(base, pack(one, tensors))}\t"
                    f"{edits(base, pack(other, tensors)) or '0:0:'}\t{what}\n")
    keys, tensors = byte_keys(), tiny_tensors(259)
    with open(os.path.join(directory, "ends.txt"), "w") as f:
        ended = without(keys, "tokenizer.ggml.eos_token_id")
        f.write(edits(pack(keys, tensors), pack(ended, tensors)) + "\n")
    keys, tensors = splits_keys(), tiny_tensors(2040)
    base = pack(keys, tensors)
    with open(os.path.join(directory, "splits.gguf"), "wb") as f:
        f.write(b"".join(base))
    with open(os.path.join(directory, "pres.txt"), "w") as f:
        f.writelines(pre_edits(base, keys, tensors))


def make_quantized(out):
    """Q4_0 and F16, of usual numbers."""
    random, tensors = np.random.default_rng(6), []
    for name, rows in [("token_embd", 9), ("output_norm", 0), ("blk.0.attn_norm", 0),
                       ("blk.0.attn_q", 32), ("blk.0.attn_k", 32), ("blk.0.attn_v", 32),
                       ("blk.0.attn_output", 32), ("blk.0.ffn_norm", 0), ("blk.0.ffn_gate", 32),
                       ("blk.0.ffn_up", 32), ("blk.0.ffn_down", 32)]:
        blocks = random.integers(0, 256, (rows, 18), dtype=np.uint8)
        blocks[:, :2] = random.normal(size=(rows, 1)).astype("<f2").view(np.uint8)
        content = blocks.tobytes() if rows else np.ones(32, "<f4").tobytes()
        tensors.append((name + ".weight", (32, rows) if rows else (32,), 2 if rows else 0, content,
                        None))
    keys = with_key(tiny_keys(), "llama.embedding_length", U32, 32)
    keys = with_key(keys, "llama.feed_forward_length", U32, 32)
    with open(os.path.join(out, "quantized.gguf"), "wb") as f:
        f.write(b"".join(pack(keys, tensors)))


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
    if not args.names or "hostile" in args.names:
        make_hostile(args.out)
    if not args.names or "variants" in args.names:
        make_variants(args.out)
    if not args.names or "quantized" in args.names:
        make_quantized(args.out)


if __name__ == "__main__":
    main()
