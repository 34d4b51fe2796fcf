"""Errors of q4 and q4f beside those of Q4_0 (gguf's own code) and of Q4_K, without activations'.

usage: compare_q4.py [LLAMA-QUANTIZE]     (after `make`; pip install gguf)

Matrices of 2,560 x 2,560 with Gaussian, Laplace and Student-t(4) weights, the same halves for all,
as the query, key and value matrices of a layer. LLAMA-QUANTIZE makes Q4_K; without it that is
left out. Then the mean KL divergence from f32 of trained models in q4, q4f and Q4_0, over texts
that they write; Q4_0 with float activations, and with q4's embedding and head, which are q8.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

import gguf
import numpy as np
from safetensors.numpy import save_file

import read_slm

SIZE, ROWS, NAMES = 2560, 256, ("Gaussian", "Laplace", "Student-t(4)")
SLOTS = {"query": 3, "key": 5, "value": 7}  # tensors of a layer, as read_slm has them


def matrices():
    """Of one deviation each, as halves."""
    random = np.random.default_rng(20240607)
    shape, deviation = (SIZE, SIZE), 0.02
    return [(random.standard_normal(shape) * deviation).astype(np.float16),
            random.laplace(0, deviation / np.sqrt(2), shape).astype(np.float16),
            (random.standard_t(4, shape) * deviation / np.sqrt(2)).astype(np.float16)]


def write_checkpoint(directory, weights):
    config = {"model_type": "phi", "architectures": ["PhiForCausalLM"], "vocab_size": ROWS,
              "hidden_size": SIZE, "intermediate_size": ROWS, "num_hidden_layers": 1,
              "num_attention_heads": 32, "num_key_value_heads": 32,
              "max_position_embeddings": 512, "layer_norm_eps": 1e-5, "rope_theta": 10000.0,
              "partial_rotary_factor": 0.4, "hidden_act": "gelu_new", "qk_layernorm": False,
              "tie_word_embeddings": False}
    with open(directory + "/config.json", "w", encoding="utf-8") as out:
        json.dump(config, out)

    def zeros(*shape):
        return np.zeros(shape, np.float16)

    layer, tensors = "model.layers.0.", {
        "model.embed_tokens.weight": zeros(ROWS, SIZE), "lm_head.weight": zeros(ROWS, SIZE),
        "lm_head.bias": zeros(ROWS)}
    for norm in ("model.final_layernorm", layer + "input_layernorm"):
        tensors[norm + ".weight"] = tensors[norm + ".bias"] = zeros(SIZE)
    for name, shape in (("mlp.fc1", (ROWS, SIZE)), ("mlp.fc2", (SIZE, ROWS))):
        tensors[layer + name + ".weight"], tensors[layer + name + ".bias"] = \
            zeros(*shape), zeros(shape[0])
    for name, weight in zip(("q_proj", "k_proj", "v_proj", "dense"), weights + [zeros(SIZE, SIZE)]):
        tensors[f"{layer}self_attn.{name}.weight"] = weight
        tensors[f"{layer}self_attn.{name}.bias"] = zeros(SIZE)
    save_file({name: tensor.copy() for name, tensor in tensors.items()},
              directory + "/model.safetensors", metadata={"format": "pt"})


def ours(directory, kind):
    path = f"{directory}/{kind}.slm"
    subprocess.run(["build/slm-convert", directory, path, "--type", kind], check=True,
                   stderr=subprocess.DEVNULL)
    model = read_slm.read_model(path)
    for slot in SLOTS.values():
        tensor = next(t for t in model.tensors if (t.layer, t.slot) == (0, slot))
        rows = read_slm.stored_rows(model, tensor)
        yield read_slm.turn_back(rows) if tensor.flags & 1 else rows


def write_gguf(path, weights):
    out = gguf.GGUFWriter(path, "llama")
    for add, value in ((out.add_context_length, 512), (out.add_embedding_length, SIZE),
                       (out.add_feed_forward_length, ROWS), (out.add_block_count, 1),
                       (out.add_head_count, 32), (out.add_head_count_kv, 32),
                       (out.add_layer_norm_rms_eps, 1e-5), (out.add_rope_dimension_count, 80),
                       (out.add_vocab_size, ROWS), (out.add_file_type, 1)):
        add(value)
    out.add_tokenizer_model("gpt2")
    out.add_token_list([b"t%d" % i for i in range(ROWS)])
    out.add_token_merges(["t 0"])
    out.add_token_types([1] * ROWS)
    for name, weight in zip(("q", "k", "v"), weights):
        out.add_tensor(f"blk.0.attn_{name}.weight", weight)
    for name, rows, cols in (("token_embd", ROWS, SIZE), ("output", ROWS, SIZE),
                             ("blk.0.attn_output", SIZE, SIZE), ("blk.0.ffn_gate", ROWS, SIZE),
                             ("blk.0.ffn_up", ROWS, SIZE), ("blk.0.ffn_down", SIZE, ROWS)):
        out.add_tensor(name + ".weight", np.zeros((rows, cols), np.float16))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        out.add_tensor(name + ".weight", np.ones(SIZE, np.float32))
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def q4_k(directory, weights, quantize):
    source, path = directory + "/f16.gguf", directory + "/q4_k.gguf"
    write_gguf(source, weights)
    subprocess.run([quantize, "--pure", source, path, "Q4_K_S", "1"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tensors = {t.name: t for t in gguf.GGUFReader(path).tensors}
    for name in ("q", "k", "v"):
        tensor = tensors[f"blk.0.attn_{name}.weight"]
        yield gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(SIZE, SIZE)


def q4_0(weights):
    kind = gguf.GGMLQuantizationType.Q4_0
    for weight in weights:
        yield gguf.quants.dequantize(
            gguf.quants.quantize(weight.astype(np.float32), kind), kind)


# ---- trained models ---------------------------------------------------------------------------

MODELS = {"stories260K": os.environ.get("SHARED", "../shared/data") + "/models/stories260K/hf",
          "the bundled model": "examples/models/tiny-phi.slm"}
TEXTS, TOKENS, OF_THE_MODEL = 4, 500, 65535


def tool(name, *arguments, **more):
    return subprocess.run([f"build/slm-{name}", *arguments], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, **more).stdout


def put_rows(data, tensor, rows):
    """Into the f32 matrix `tensor` of a file's bytes, whose checksum is then no longer true."""
    tiles = np.frombuffer(data, "<f4", tensor.bytes // 4, tensor.offset).reshape(
        -(-tensor.rows // 16), -1)
    padded = np.zeros((len(tiles) * 16, tensor.cols), np.float32)
    padded[:tensor.rows] = rows
    tiles[:, :tensor.cols * 16] = padded.reshape(-1, 16, tensor.cols).transpose(
        0, 2, 1).reshape(len(tiles), -1)


def write_q4_0(path, f32, q4):
    """The f32 file with what Q4_0 makes of the layers' matrices, rows padded to groups of 32."""
    model, other = read_slm.read_model(f32), read_slm.read_model(q4)
    data = bytearray(model.data)
    for tensor, same in zip(model.tensors, other.tensors):
        if tensor.type == 0:
            continue
        rows = read_slm.stored_rows(model, tensor)
        if tensor.layer == OF_THE_MODEL:
            rows = read_slm.stored_rows(other, same)
            rows = read_slm.turn_back(rows) if same.flags & 1 else rows
        else:
            rows = np.pad(rows, ((0, 0), (0, -tensor.cols % 32)))
            rows = next(q4_0([rows]))[:, :tensor.cols]
        put_rows(data, tensor, rows)
    with open(path, "wb") as out:
        out.write(data)


def divergences(directory, source):
    """Mean KL divergence of each type."""
    paths = {kind: f"{directory}/{kind}.slm" for kind in ("f32", "q4", "q4f", "Q4_0")}
    for kind in ("f32", "q4", "q4f"):
        tool("convert", source, paths[kind], "--type", kind)
    write_q4_0(paths["Q4_0"], paths["f32"], paths["q4"])
    sums, count = dict.fromkeys(("q4", "q4f", "Q4_0"), 0.0), 0
    for seed in range(TEXTS):
        text = tool("generate", paths["f32"], "-p", "Once upon a time", "-n", str(TOKENS), "--temp",
                    "1", "--seed", str(seed), "--ignore-eos")
        ids = tool("tokenize", paths["f32"], input=text).split()[:TOKENS]
        tokens, logits = directory + "/tokens", directory + "/logits"
        with open(tokens, "wb") as out:
            out.write(b" ".join(ids))
        tool("eval", paths["f32"], "--tokens", tokens, "--logits", logits)
        count += len(ids)
        for kind in sums:
            said = tool("eval", paths[kind], "--tokens", tokens, "--reference", logits).decode()
            sums[kind] += len(ids) * float(re.search(r"divergence ([^,]+)", said).group(1))
    return {kind: total / count for kind, total in sums.items()}, count


def compare_models():
    good = True
    for name, source in MODELS.items():
        if not os.path.exists(source):
            print(f"skipped: {name} (no {source})")
            continue
        with tempfile.TemporaryDirectory() as directory:
            kl, count = divergences(directory, source)
        print(f"{name}: mean KL divergence over {count} tokens: " +
              ", ".join(f"{kind} {value:.3g}" for kind, value in kl.items()))
        good &= kl["q4"] <= kl["Q4_0"]
    return good


def main():
    weights = matrices()
    inputs = np.random.default_rng(99).standard_normal((SIZE, 64)).astype(np.float32)
    errors = {}
    with tempfile.TemporaryDirectory() as directory:
        write_checkpoint(directory, weights)
        kinds = {"q4": ours(directory, "q4"), "q4f": ours(directory, "q4f"),
                 "Q4_0": q4_0(weights)}
        if len(sys.argv) > 1:
            kinds["Q4_K"] = q4_k(directory, weights, os.path.abspath(sys.argv[1]))
        for kind, rows in kinds.items():
            for name, weight, other in zip(NAMES, weights, rows):
                weight = weight.astype(np.float32)
                errors[kind, name] = (np.linalg.norm(other - weight) / np.linalg.norm(weight),
                                      np.linalg.norm((other - weight) @ inputs) /
                                      np.linalg.norm(weight @ inputs))
                print(f"{kind:5} {name:13} weights {errors[kind, name][0]:.4f} "
                      f"outputs {errors[kind, name][1]:.4f}")
    good = compare_models()
    good &= all(errors["q4", name][1] <= errors["Q4_0", name][1] for name in NAMES)
    promise = "q4 is no worse than Q4_0"
    if len(sys.argv) > 1:
        promise += ", q4f no worse than Q4_K, q4 within 5% of it"
        for name in NAMES:
            good &= errors["q4f", name][1] <= errors["Q4_K", name][1]
            good &= errors["q4", name][1] <= 1.05 * errors["Q4_K", name][1]
    print(promise if good else "worse than promised: " + promise)
    sys.exit(not good)


if __name__ == "__main__":
    main()
