"""Full-size random checkpoints with a real config.json and tokenizer files.

usage: make_full_size.py phi|gptj|gpt_neo|llama CONFIG.json TOKENIZER_DIR OUT [--bin] [--oracle N]

Writes F16 safetensors in shards of about 2 GB, one tensor in memory at a time beyond the shard;
with --bin PyTorch's own files instead.
--oracle N: Hugging Face in float32 over N random ids -> OUT/tokens.txt, OUT/logits.f32.
"""
import argparse
import json
import os
import shutil

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

SHARD = 2 << 30


def shapes(config):
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    return {name: tuple(p.shape) for name, p in model.named_parameters()}


def random_tensor(name, shape, generator):
    """Scaled so that activations keep their size through the layers."""
    noise = torch.randn(shape, generator=generator, dtype=torch.float32)
    if len(shape) == 1:
        norm = ("norm" in name or "ln_" in name) and name.endswith("weight")
        return 1 + 0.1 * noise if norm else 0.02 * noise
    if "embed_tokens" in name or "wte" in name or "wpe" in name:
        return 0.5 * noise
    return noise * (0.8 / shape[1] ** 0.5)


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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("arch", choices=["phi", "gptj", "gpt_neo", "llama"])
    parser.add_argument("config")
    parser.add_argument("tokenizer")
    parser.add_argument("out")
    parser.add_argument("--bin", action="store_true")
    parser.add_argument("--oracle", type=int, default=0)
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    for name in os.listdir(args.tokenizer):
        if "token" in name or name in ("vocab.json", "merges.txt", "generation_config.json"):
            shutil.copyfile(os.path.join(args.tokenizer, name), os.path.join(args.out, name))
    shutil.copyfile(args.config, os.path.join(args.out, "config.json"))
    config = AutoConfig.from_pretrained(args.out)
    if config.model_type != args.arch:
        raise SystemExit(f"{args.config} is of type {config.model_type}")
    write(config, args.out, args.bin)
    if args.oracle:
        oracle(args.out, args.oracle)


if __name__ == "__main__":
    main()
