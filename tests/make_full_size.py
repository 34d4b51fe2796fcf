"""Full-size random checkpoints with a real config.json and tokenizer files.

usage: make_full_size.py phi|gptj|gpt_neo|llama|qwen2|qwen3|gpt2|gpt_neox|bert|distilbert|mobilebert
       CONFIG.json TOKENIZER_DIR OUT [--bin] [--oracle N]

Writes F16 safetensors in shards of about 2 GB, one tensor in memory at a time beyond the shard;
with --bin PyTorch's own files instead. Encoders have a masked-LM head.
--oracle N: Hugging Face in float32 over N random ids -> OUT/tokens.txt, OUT/logits.f32; of an encoder
over texts of N, 17 and 1 ids -> OUT/inputs.txt (id/type ...), OUT/hidden.f32, OUT/logits.f32, and
says how far that is from float64.
"""
import argparse
import json
import os
import shutil

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM

ENCODERS = ("bert", "distilbert", "mobilebert")
SHARD = 2 << 30


def class_of(config):
    return AutoModelForMaskedLM if config.model_type in ENCODERS else AutoModelForCausalLM


def shapes(config):
    with torch.device("meta"):
        model = class_of(config).from_config(config)
    return {name: tuple(p.shape) for name, p in model.named_parameters()}


def random_tensor(name, shape, generator):
    """Scaled so that activations keep their size through the layers; MobileBERT's norms, which do
    not divide by anything, have to make sums smaller."""
    noise = torch.randn(shape, generator=generator, dtype=torch.float32)
    if len(shape) == 1:
        norm = ("norm" in name.lower() or "ln_" in name) and name.endswith("weight")
        size = 0.9 if name.startswith("mobilebert") else 1
        return size + 0.1 * noise if norm else 0.02 * noise
    if any(table in name for table in ("embed_tokens", "embed_in", "wte", "wpe", "_embeddings")):
        return 0.5 * noise
    inputs = shape[0] if "c_attn" in name or ".attn.c_proj" in name else shape[1]  # GPT-2's [in, out]
    return noise * (0.8 / inputs ** 0.5)


def write(config, out, torch_files):
    generator = torch.Generator().manual_seed(1)
    shard, size, files, where = {}, 0, [], {}

    def flush():
        name = f"model-{len(files) + 1:05d}.safetensors"
        if torch_files:
            name = f"pytorch_model-{len(files) + 1:05d}.bin"
            torch.save(shard, os.path.join(out, name))
        else:
            save_file(shard, os.path.join(out, name), metadata={"format": "pt"})
        files.append(name)
        where.update({key: name for key in shard})
        shard.clear()

    for name, shape in shapes(config).items():
        tensor = random_tensor(name, shape, generator).half()
        if shard and size + tensor.numel() * 2 > SHARD:
            flush()
            size = 0
        shard[name] = tensor
        size += tensor.numel() * 2
    flush()
    total = sum(os.path.getsize(os.path.join(out, f)) for f in files)
    index = "pytorch_model.bin.index.json" if torch_files else "model.safetensors.index.json"
    with open(os.path.join(out, index), "w") as f:
        json.dump({"metadata": {"total_size": total}, "weight_map": where}, f)


def oracle(out, positions):
    model = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32,
                                                 attn_implementation="eager")
    ids = torch.randint(0, min(50257, model.config.vocab_size), (positions,),
                        generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        logits = model(ids[None], use_cache=False).logits[0]
    logits.numpy().astype("<f4").tofile(os.path.join(out, "logits.f32"))
    with open(os.path.join(out, "tokens.txt"), "w") as f:
        f.write(" ".join(map(str, ids.tolist())) + "\n")


def encode(model, inputs):
    """(hidden states, logits) of all texts, one after the other."""
    hidden, logits = [], []
    with torch.no_grad():
        for ids, types in inputs:
            more = {} if model.config.model_type == "distilbert" else {"token_type_ids": types[None]}
            out = model(input_ids=ids[None], output_hidden_states=True, **more)
            hidden.append(out.hidden_states[-1][0])
            logits.append(out.logits[0])
    return torch.cat(hidden), torch.cat(logits)


def encoder_oracle(out, longest):
    model = AutoModelForMaskedLM.from_pretrained(out, dtype=torch.float32,
                                                 attn_implementation="eager").eval()
    generator, inputs = torch.Generator().manual_seed(2), []
    for count in (longest, 17, 1):
        ids = torch.randint(0, model.config.vocab_size, (count,), generator=generator)
        types = torch.zeros(count, dtype=torch.long)
        if model.config.model_type != "distilbert":
            types[count // 2 + 1:] = 1
        inputs.append((ids, types))
    with open(os.path.join(out, "inputs.txt"), "w") as f:
        for ids, types in inputs:
            f.write(" ".join(f"{i}/{t}" for i, t in zip(ids.tolist(), types.tolist())) + "\n")
    results = encode(model, inputs)
    exact = encode(model.double(), inputs)
    for name, got, want in zip(("hidden", "logits"), results, exact):
        got.numpy().astype("<f4").tofile(os.path.join(out, name + ".f32"))
        nmse = float(((got.double() - want) ** 2).sum() / (want ** 2).sum())
        print(f"  {name}: largest {float(want.abs().max()):.3g}, NMSE of Hugging Face's float32 "
              f"to its float64 {nmse:.3g}")
        if nmse > 4e-10:
            raise SystemExit("these weights are ill-conditioned and prove nothing")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("arch", choices=["phi", "gptj", "gpt_neo", "llama", "qwen2", "qwen3",
                                         "gpt2", "gpt_neox", *ENCODERS])
    parser.add_argument("config")
    parser.add_argument("tokenizer")
    parser.add_argument("out")
    parser.add_argument("--bin", action="store_true")
    parser.add_argument("--oracle", type=int, default=0)
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    for name in os.listdir(args.tokenizer):
        if "token" in name or name in ("vocab.json", "merges.txt", "vocab.txt", "generation_config.json"):
            shutil.copyfile(os.path.join(args.tokenizer, name), os.path.join(args.out, name))
    shutil.copyfile(args.config, os.path.join(args.out, "config.json"))
    config = AutoConfig.from_pretrained(args.out)
    if config.model_type != args.arch:
        raise SystemExit(f"{args.config} is of type {config.model_type}")
    if args.arch in ENCODERS:
        config.architectures = [class_of(config)._model_mapping[type(config)].__name__]
        config.save_pretrained(args.out)
    write(config, args.out, args.bin)
    if args.oracle:
        (encoder_oracle if args.arch in ENCODERS else oracle)(args.out, args.oracle)


if __name__ == "__main__":
    main()
