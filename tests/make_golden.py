"""Makes tests/golden: small random checkpoints of odd shapes with Hugging Face's float64 logits.

usage: make_golden.py [--out DIR] [CASE ...]    (versions: tests/requirements.txt)

A case is a Hugging Face directory with tokens.txt (ids), logits.f32 (little-endian f32,
[positions, vocabulary rows]) and greedy.txt (a prompt's ids; the greedy continuation, whose top-2
margin is at least 1e-2 at each step; 32 ids, or 200 in the cases of LONG). A random model is kept only if Hugging Face's own float32
stays within 2e-5 of its float64; another one is ill-conditioned and proves nothing.
"""
import argparse
import functools
import json
import os
import shutil

import torch
from safetensors.torch import load_file, save_file
from transformers import (AutoTokenizer, Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM,
                          Gemma3TextConfig, GemmaConfig, GemmaForCausalLM, GPT2Config,
                          GPT2LMHeadModel, GPTJConfig, GPTJForCausalLM, GPTNeoConfig,
                          GPTNeoForCausalLM, GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig,
                          LlamaForCausalLM, MistralConfig, MistralForCausalLM, PhiConfig,
                          PhiForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config,
                          Qwen3ForCausalLM, SmolLM3Config, SmolLM3ForCausalLM)

HERE = os.path.dirname(os.path.abspath(__file__))
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def phi(**k):
    return PhiForCausalLM, functools.partial(PhiConfig, tie_word_embeddings=False, **k)


def gptj(**k):
    return GPTJForCausalLM, functools.partial(GPTJConfig, tie_word_embeddings=False, **k)


def llama(**k):
    return LlamaForCausalLM, functools.partial(LlamaConfig, **k)


def neo(**k):
    return GPTNeoForCausalLM, functools.partial(GPTNeoConfig, **k)


def qwen2(**k):
    return Qwen2ForCausalLM, functools.partial(Qwen2Config, **k)


def qwen3(**k):
    return Qwen3ForCausalLM, functools.partial(Qwen3Config, **k)


def mistral(**k):
    return MistralForCausalLM, functools.partial(MistralConfig, **k)


def smollm3(**k):
    return SmolLM3ForCausalLM, functools.partial(SmolLM3Config, pad_token_id=None, bos_token_id=1,
                                                 eos_token_id=2, **k)


def gpt2(**k):
    return GPT2LMHeadModel, functools.partial(GPT2Config, bos_token_id=0, eos_token_id=0, **k)


def neox(**k):
    return GPTNeoXForCausalLM, functools.partial(GPTNeoXConfig, **k)


def gemma(**k):
    return GemmaForCausalLM, functools.partial(GemmaConfig, **k)


def gemma2(**k):
    return Gemma2ForCausalLM, functools.partial(Gemma2Config, **k)


def gemma3(**k):
    return Gemma3ForCausalLM, functools.partial(Gemma3TextConfig, **k)


CASES = {
    "phi_gqa": (phi(vocab_size=101, hidden_size=60, intermediate_size=300, num_hidden_layers=2,
                    num_attention_heads=3, num_key_value_heads=1, max_position_embeddings=300,
                    partial_rotary_factor=0.4, qk_layernorm=True), "F32", 60, None),
    "phi_long": (phi(vocab_size=61, hidden_size=128, intermediate_size=530, num_hidden_layers=2,
                     num_attention_heads=2, max_position_embeddings=800,
                     partial_rotary_factor=0.5), "F16", 720, None),
    "phi_wide": (phi(vocab_size=131, hidden_size=320, intermediate_size=700, num_hidden_layers=2,
                     num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=128,
                     partial_rotary_factor=1.0), "BF16", 60, "400KB"),
    "phi_text": (phi(vocab_size=2064, hidden_size=48, intermediate_size=100, num_hidden_layers=2,
                     num_attention_heads=3, max_position_embeddings=128,
                     partial_rotary_factor=0.5), "F16", 24, None),
    "gptj_part": (gptj(vocab_size=77, n_embd=40, n_layer=3, n_head=2, rotary_dim=12,
                       n_positions=128, n_inner=None), "F32", 60, "30KB"),
    "gptj_full": (gptj(vocab_size=67, n_embd=160, n_layer=2, n_head=2, rotary_dim=80,
                       n_positions=128, n_inner=300), "F16", 60, None),
    "gptj_long": (gptj(vocab_size=61, n_embd=64, n_layer=2, n_head=1, rotary_dim=64,
                       n_positions=800, n_inner=None), "BF16", 720, None),
    "llama_gqa": (llama(vocab_size=97, hidden_size=60, intermediate_size=173, num_hidden_layers=3,
                        num_attention_heads=6, num_key_value_heads=2, max_position_embeddings=256,
                        tie_word_embeddings=False), "F32", 60, "40KB"),
    "llama_linear": (llama(vocab_size=83, hidden_size=64, intermediate_size=171,
                           num_hidden_layers=3, num_attention_heads=8, num_key_value_heads=4,
                           max_position_embeddings=600, tie_word_embeddings=True,
                           rms_norm_eps=1e-5, rope_theta=500.0,
                           rope_scaling={"type": "linear", "factor": 2.5}), "BF16", 520, None),
    "llama_three": (llama(vocab_size=71, hidden_size=172, intermediate_size=201,
                          num_hidden_layers=2, num_attention_heads=5, num_key_value_heads=1,
                          head_dim=36, max_position_embeddings=700, tie_word_embeddings=False,
                          rms_norm_eps=1e-5, rope_theta=500000.0,
                          rope_scaling={"rope_type": "llama3", "factor": 8.0,
                                        "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                                        "original_max_position_embeddings": 128}),
                    "F16", 640, None),
    "llama_dynamic": (llama(vocab_size=103, hidden_size=100, intermediate_size=259,
                            num_hidden_layers=2, num_attention_heads=2,
                            max_position_embeddings=300, tie_word_embeddings=True,
                            rms_norm_eps=1e-5,
                            rope_scaling={"rope_type": "dynamic", "factor": 4.0}),
                      "F16", 300, None),
    "neo_small": (neo(vocab_size=89, hidden_size=60, num_layers=5, num_heads=5, window_size=7,
                      attention_types=[[["global", "local", "local"], 1], [["local", "global"], 1]],
                      max_position_embeddings=256), "F16", 70, None),
    "neo_long": (neo(vocab_size=61, hidden_size=64, num_layers=4, num_heads=2,
                     attention_types=[[["global", "local"], 2]], max_position_embeddings=700),
                 "F16", 680, None),
    "neo_odd": (neo(vocab_size=79, hidden_size=172, num_layers=2, num_heads=4, window_size=17,
                    intermediate_size=257, attention_types=[[["local"], 2]],
                    max_position_embeddings=230), "BF16", 120, "200KB"),
    "neo_untied": (neo(vocab_size=67, hidden_size=66, num_layers=2, num_heads=3, window_size=1,
                       attention_types=[[["local"], 1], [["global"], 1]],
                       max_position_embeddings=240, layer_norm_epsilon=1e-6,
                       tie_word_embeddings=False), "F32", 60, None),
    "qwen2_window": (qwen2(vocab_size=73, hidden_size=60, intermediate_size=71,
                           num_hidden_layers=3, num_attention_heads=6, num_key_value_heads=2,
                           max_position_embeddings=300, tie_word_embeddings=True, rope_theta=1e6,
                           use_sliding_window=True, sliding_window=9, max_window_layers=1),
                     "F16", 90, None),
    "qwen2_wide": (qwen2(vocab_size=31, hidden_size=324, intermediate_size=19,
                         num_hidden_layers=1, num_attention_heads=6, num_key_value_heads=2,
                         head_dim=14, max_position_embeddings=128, tie_word_embeddings=False,
                         rms_norm_eps=1e-5, rope_scaling={"rope_type": "linear", "factor": 1.5}),
                   "BF16", 60, None),
    "qwen2_types": (qwen2(vocab_size=67, hidden_size=50, intermediate_size=53,
                          num_hidden_layers=3, num_attention_heads=5, num_key_value_heads=5,
                          max_position_embeddings=120, tie_word_embeddings=False,
                          hidden_act="gelu", use_sliding_window=True, sliding_window=17,
                          max_window_layers=0,
                          layer_types=["sliding_attention", "full_attention",
                                       "sliding_attention"]), "F16", 100, None),
    "qwen3_part": (qwen3(vocab_size=79, hidden_size=60, intermediate_size=59,
                         num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                         head_dim=26, max_position_embeddings=300, tie_word_embeddings=True,
                         rope_theta=1e6), "F16", 90, None),
    "qwen3_wide": (qwen3(vocab_size=37, hidden_size=330, intermediate_size=23,
                         num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=1,
                         head_dim=18, max_position_embeddings=128, tie_word_embeddings=False,
                         use_sliding_window=True, sliding_window=13, max_window_layers=0),
                   "BF16", 60, None),
    "mistral_window": (mistral(vocab_size=71, hidden_size=60, intermediate_size=47,
                               num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=3,
                               head_dim=14, max_position_embeddings=300, sliding_window=11,
                               rms_norm_eps=1e-5, tie_word_embeddings=False), "F16", 90, None),
    "mistral_whole": (mistral(vocab_size=83, hidden_size=52, intermediate_size=50,
                              num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1,
                              max_position_embeddings=120, sliding_window=None, rope_theta=1e6,
                              tie_word_embeddings=True), "BF16", 90, None),
    "smollm3_every": (smollm3(vocab_size=73, hidden_size=48, intermediate_size=43,
                              num_hidden_layers=5, num_attention_heads=6, num_key_value_heads=2,
                              max_position_embeddings=300), "F16", 90, None),
    "smollm3_list": (smollm3(vocab_size=67, hidden_size=54, intermediate_size=31,
                             num_hidden_layers=4, num_attention_heads=3, num_key_value_heads=1,
                             head_dim=22, max_position_embeddings=128, no_rope_layers=[0, 1, 0, 0],
                             rope_theta=5e4, tie_word_embeddings=False), "F16", 60, None),
    "gpt2_part": (gpt2(vocab_size=53, n_embd=44, n_layer=2, n_head=4, n_positions=300), "F16", 90,
                  None),
    "gpt2_inner": (gpt2(vocab_size=67, n_embd=42, n_layer=2, n_head=3, n_positions=100,
                        n_inner=301, layer_norm_epsilon=1e-6, scale_attn_weights=False,
                        activation_function="gelu", tie_word_embeddings=False), "BF16", 100,
                   "40KB"),
    "neox_part": (neox(vocab_size=83, hidden_size=60, intermediate_size=61, num_hidden_layers=2,
                       num_attention_heads=3, rotary_pct=0.3, max_position_embeddings=300,
                       rotary_emb_base=5000), "F16", 90, None),
    "neox_wide": (neox(vocab_size=31, hidden_size=260, intermediate_size=27, num_hidden_layers=1,
                       num_attention_heads=5, rotary_pct=0.5, max_position_embeddings=128,
                       layer_norm_eps=1e-6, tie_word_embeddings=True), "BF16", 60, None),
    "neox_after": (neox(vocab_size=71, hidden_size=66, intermediate_size=83, num_hidden_layers=2,
                        num_attention_heads=3, rotary_pct=1.0, max_position_embeddings=300,
                        use_parallel_residual=False), "F16", 90, None),
    "neox_after_inner": (neox(vocab_size=61, hidden_size=50, intermediate_size=301,
                              num_hidden_layers=2, num_attention_heads=1, rotary_pct=0.25,
                              max_position_embeddings=128, use_parallel_residual=False,
                              tie_word_embeddings=True, hidden_act="gelu_fast",
                              rope_scaling={"rope_type": "linear", "factor": 2.0}), "BF16", 60,
                         None),
    "gemma_exact": (gemma(vocab_size=101, hidden_size=60, intermediate_size=149,
                          num_hidden_layers=3, num_attention_heads=5, num_key_value_heads=1,
                          head_dim=18, hidden_act="gelu", max_position_embeddings=256,
                          rope_theta=500.0), "F16", 60, None),
    "gemma_odd": (gemma(vocab_size=83, hidden_size=44, intermediate_size=101,
                        num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
                        head_dim=34, max_position_embeddings=230, rms_norm_eps=1e-5,
                        tie_word_embeddings=False), "BF16", 120, None),
    "gemma2_caps": (gemma2(vocab_size=97, hidden_size=60, intermediate_size=131,
                           num_hidden_layers=5, num_attention_heads=6, num_key_value_heads=2,
                           head_dim=14, max_position_embeddings=256, sliding_window=7,
                           query_pre_attn_scalar=20, attn_logit_softcapping=1.5,
                           final_logit_softcapping=4.0), "F16", 70, "90KB"),
    "gemma2_wide": (gemma2(vocab_size=71, hidden_size=328, intermediate_size=70,
                           num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                           head_dim=20, max_position_embeddings=230, sliding_window=11,
                           layer_types=["full_attention", "sliding_attention"],
                           attn_logit_softcapping=2.5, final_logit_softcapping=None),
                    "BF16", 40, None),
    "gemma3_six": (gemma3(vocab_size=89, hidden_size=52, intermediate_size=99,
                          num_hidden_layers=7, num_attention_heads=4, num_key_value_heads=1,
                          head_dim=22, max_position_embeddings=256, sliding_window=9,
                          query_pre_attn_scalar=30, rope_theta=100.0, rope_local_base_freq=3.0,
                          rope_scaling={"rope_type": "linear", "factor": 8.0}), "F16", 60, None),
    "gemma3_long": (gemma3(vocab_size=61, hidden_size=64, intermediate_size=70,
                           num_hidden_layers=4, num_attention_heads=2, num_key_value_heads=2,
                           head_dim=40, max_position_embeddings=700, sliding_window=33,
                           sliding_window_pattern=2, query_pre_attn_scalar=12, rope_theta=1000.0,
                           rope_local_base_freq=5.0, final_logit_softcapping=3.0), "BF16", 400,
                    None),
}
# what a config says that must change the logits: with the value beside it they are others
MATTERS = {"attn_logit_softcapping": None, "final_logit_softcapping": None,
           "sliding_window": 4096, "rope_local_base_freq": 1e5, "query_pre_attn_scalar": 7}
WITH_HEAD = ["neo_long"]  # the tied head is in the file a second time
LONG = [name for name in CASES if name.startswith(("llama", "neo_"))]
LONG += ["qwen2_window", "qwen3_part", "mistral_window", "smollm3_every", "gpt2_part", "neox_part",
         "neox_after"]


def randomize(model, generator):
    """Biases and norms far from 0 and 1; queries and keys large, so that attention is peaked."""
    gemma = model.config.model_type.startswith("gemma")
    for name, p in model.named_parameters():
        noise = torch.randn(p.shape, generator=generator)
        if gemma and p.ndim == 1:  # 1 is added to it
            p.data = 0.4 * noise + (2.0 if name == "model.norm.weight" else 0.0)
        elif gemma and "embed" in name:
            p.data = noise / p.shape[1] ** 0.5
        elif p.ndim == 1:
            norm = name.endswith("weight")
            p.data = (1.0 + 0.4 * noise) if norm else 0.5 * noise
            if "q_norm" in name or "k_norm" in name:
                p.data *= 1.5
        elif "c_attn" in name:  # GPT-2: [inputs, queries and keys and values]
            gain = torch.tensor([1.6, 1.6, 1.1]).repeat_interleave(p.shape[0])
            if not model.config.scale_attn_weights:
                gain[:2 * p.shape[0]] *= (model.config.n_embd / model.config.n_head) ** -0.25
            p.data = gain * noise / p.shape[0] ** 0.5
        elif "query_key_value" in name:  # GPT-NeoX: of each head in turn
            gain = torch.tensor([1.6, 1.6, 1.1]).repeat_interleave(
                p.shape[1] // model.config.num_attention_heads)
            gain = gain.repeat(model.config.num_attention_heads)
            p.data = gain[:, None] * noise / p.shape[1] ** 0.5
        elif model.config.model_type == "gpt2" and "c_" in name:
            p.data = 1.1 * noise / p.shape[0] ** 0.5
        elif "embed_in" in name or "embed_tokens" in name or "wte" in name:
            p.data = noise
        elif "wpe" in name:
            p.data = 0.5 * noise
        else:
            gain = 1.6 if "q_proj" in name or "k_proj" in name else 1.1
            if "gate_proj" in name:  # silu(gate) * up is smaller than either
                gain = 2.2
            if "attention.q_proj" in name or "attention.k_proj" in name:  # GPT-Neo: no scale
                gain *= (model.config.hidden_size / model.config.num_heads) ** -0.25
            p.data = gain * noise / p.shape[1] ** 0.5


def reload(cls, directory, dtype):
    """The checkpoint in `dtype`; rotary tables stay as Hugging Face has them in float32."""
    model = cls.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager")
    if dtype == torch.float64:
        for p in model.parameters():
            p.data = p.data.double()
    return model.eval()


def check_matters(cls, directory, ids, want):
    """Without one of a config's caps or windows, or with another base, the logits are others."""
    for key, value in MATTERS.items():
        config = cls.config_class.from_pretrained(directory)
        if config.model_type == "gemma3_text" and key == "attn_logit_softcapping":
            continue  # Hugging Face reads it and forgets it
        if not config.model_type.startswith("gemma") or getattr(config, key, None) is None:
            continue
        setattr(config, key, value)
        other = cls.from_pretrained(directory, config=config, dtype=torch.float32,
                                    attn_implementation="eager").eval()
        off = (logits_of(other, ids) - want).abs().amax(1) / want.abs().amax(1)
        if off.max() < 1e-2:
            raise SystemExit(f"{directory}: {key} does not matter: {off.max():.1e}")
        print(f"  without its {key}: {off.max():.2f} of the largest logit")


def logits_of(model, ids):
    with torch.no_grad():
        return model(torch.tensor(ids)[None], use_cache=False).logits[0].double()


def greedy(model, vocabulary, used, length, generator):
    """A prompt, and `length` ids after it with clear margins."""
    for _ in range(4000):
        prompt = torch.randint(0, used, (8,), generator=generator).tolist()
        ids, cache, new = list(prompt), None, torch.tensor(prompt)[None]
        while len(ids) < 8 + length:
            with torch.no_grad():
                step = model(new, past_key_values=cache, use_cache=True)
            row, cache = step.logits[0, -1, :used], step.past_key_values
            best = torch.topk(row, 2)
            if best.values[0] - best.values[1] < 1e-2:
                break
            ids.append(int(best.indices[0]))
            new = best.indices[:1][None]
        else:
            return prompt, ids[8:]
    raise SystemExit("no prompt with clear margins")


def make(out, name):
    (cls, make_config), dtype, positions, shards = CASES[name]
    config = make_config()
    directory = os.path.join(out, name)
    for seed in range(50):
        generator = torch.Generator().manual_seed(1000 + seed)
        shutil.rmtree(directory, ignore_errors=True)
        model = cls(config)
        randomize(model, generator)
        options = {"max_shard_size": shards} if shards else {}
        model.to(DTYPES[dtype]).save_pretrained(directory, **options)
        if name in WITH_HEAD:
            file = os.path.join(directory, "model.safetensors")
            tensors = load_file(file)
            tensors["lm_head.weight"] = tensors["transformer.wte.weight"].clone()
            save_file(tensors, file, metadata={"format": "pt"})
        ids = torch.randint(0, config.vocab_size, (positions,), generator=generator).tolist()
        reference = reload(cls, directory, torch.float64)
        want = logits_of(reference, ids)
        single = logits_of(reload(cls, directory, torch.float32), ids)
        scale = want.abs().amax(1, keepdim=True).clamp(min=1)
        if ((single - want).abs() / scale).max() <= 2e-5:
            break
    else:
        raise SystemExit(f"{name}: every seed is ill-conditioned")
    check_matters(cls, directory, ids, want)
    used = 2048 if name == "phi_text" else config.vocab_size
    length = 200 if name in LONG else 32
    prompt, continuation = greedy(reference, config.vocab_size, used, length, generator)
    with open(os.path.join(directory, "tokens.txt"), "w") as f:
        f.write(" ".join(map(str, ids)) + "\n")
    with open(os.path.join(directory, "greedy.txt"), "w") as f:
        f.write(" ".join(map(str, prompt)) + "\n" + " ".join(map(str, continuation)) + "\n")
    want.float().numpy().astype("<f4").tofile(os.path.join(directory, "logits.f32"))
    print(f"{name}: seed {seed}, largest logit {want.abs().max():.1f}, "
          f"float32 off by {((single - want).abs() / scale).max():.1e}")


TEXTS = [
    "", " ", "  ", "   x", "x   ", "\n", "\n\n\n", "\r\n", "a\r\nb\r\n", "\t\tx\t", " \n \n ",
    "Hello, world!", "it's I'm we'll they've you'd he's we're 'S 'LL", "don't'll", "'", "''s",
    "123 4567 8.90 1,000", "x1y2z3", "a_b-c/d\\e", "!!!???...", "(a) [b] {c} <d>", "$ 5 \u20ac 6",
    "caf\u00e9 na\u00efve \u00fcber", "cafe\u0301 combining", "\u0391\u03b2\u03b3 \u0416\u0437",
    "\u4e2d\u6587\u5b57\u7b26", "\u65e5\u672c\u8a9e \u30c6\u30b9\u30c8", "\ud55c\uad6d\uc5b4",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627", "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35",
    "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea", "\u2167 \u00bd \u00b2 \u0663",
    "a\u00a0b\u3000c\u2028d\u0085e\u200bf", "\ufeffbom", "\ufffd", "\ue000 private", "\U000e0041 tag",
    "<|endoftext|>", "a<|endoftext|>b", " <|endoftext|> ", "<|endoftext|><|endoftext|>",
    "<|endoftext", "|endoftext|>", "< |endoftext|>", "\n<|endoftext|>\n", "Instruct: hi\nOutput:",
    "def f(x):\n    return x  # y\n", "for (i = 0; i < n; i++) {\n\t\ta[i] += 1;\n}\n",
    "The quick brown fox jumps over the lazy dog. " * 5, "a" * 300, "ab " * 100, "\u00e9" * 80,
    "\x00\x01\x7f", "http://x.org/?a=b&c=d#e", "3.14159e-10", "CamelCaseWords and snake_case",
]


def token_goldens(out):
    tokenizer = AutoTokenizer.from_pretrained(os.path.join(HERE, "data", "bpe2048"))
    files = [open(os.path.join(out, f"tokens.{kind}.jsonl"), "w", encoding="utf-8")
             for kind in ("text", "ids", "decoded")]
    for text in TEXTS + [a + b for a in TEXTS[:40:3] for b in TEXTS[5::5]]:
        ids = tokenizer(text).input_ids
        decoded = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        for f, value in zip(files, (text, ids, decoded)):
            f.write(json.dumps(value) + "\n")
    directory = os.path.join(out, "phi_text")
    for name in os.listdir(os.path.join(HERE, "data", "bpe2048")):
        shutil.copy(os.path.join(HERE, "data", "bpe2048", name), directory)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=os.path.join(HERE, "golden"))
    parser.add_argument("case", nargs="*")
    arguments = parser.parse_args()
    out = arguments.out
    os.makedirs(out, exist_ok=True)
    torch.set_num_threads(1)
    for name in arguments.case or CASES:
        make(out, name)
    if not arguments.case:
        token_goldens(out)


if __name__ == "__main__":
    main()
