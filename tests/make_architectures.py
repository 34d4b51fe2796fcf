"""Makes tests/golden/neox: Hugging Face's float64 logits of the model in test_architectures.c.

usage: make_architectures.py WEIGHTS    (from `build/test-architectures --write WEIGHTS`; versions: requirements.txt)

WEIGHTS has the tensors in the order of a .slm's directory, then the tokens, all as f32.
"""
import os
import sys

import numpy
import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
LAYERS, HIDDEN, FFN, HEADS, VOCAB, TOKENS = 3, 60, 130, 5, 83, 60


def main():
    values = numpy.fromfile(sys.argv[1], "<f4")
    at = 0

    def take(*shape):
        nonlocal at
        size = int(numpy.prod(shape))
        at += size
        return torch.tensor(values[at - size:at]).double().reshape(shape)

    model = GPTNeoXForCausalLM(GPTNeoXConfig(
        vocab_size=VOCAB, hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=FFN, hidden_act="gelu_new", rotary_pct=0.5, max_position_embeddings=128,
        use_parallel_residual=True, layer_norm_eps=1e-5, attn_implementation="eager")).eval()
    weights = {}
    for i in range(LAYERS):
        layer = f"gpt_neox.layers.{i}."
        norm = take(HIDDEN), take(HIDDEN)
        parts = [(take(HIDDEN, HIDDEN), take(HIDDEN)) for _ in range(3)]
        # [heads, query / key / value, head size]
        fused = [torch.stack([p[k].reshape(HEADS, -1, *p[k].shape[1:]) for p in parts], 1)
                 for k in range(2)]
        weights[layer + "attention.query_key_value.weight"] = fused[0].reshape(3 * HIDDEN, HIDDEN)
        weights[layer + "attention.query_key_value.bias"] = fused[1].reshape(3 * HIDDEN)
        for name, shape in (("attention.dense", (HIDDEN, HIDDEN)), ("post_attention_layernorm", None),
                            ("mlp.dense_h_to_4h", (FFN, HIDDEN)),
                            ("mlp.dense_4h_to_h", (HIDDEN, FFN))):
            weights[layer + name + ".weight"] = take(*(shape or (HIDDEN,)))
            weights[layer + name + ".bias"] = take(shape[0] if shape else HIDDEN)
        weights[layer + "input_layernorm.weight"], weights[layer + "input_layernorm.bias"] = norm
    weights["gpt_neox.embed_in.weight"] = take(VOCAB, HIDDEN)
    weights["gpt_neox.final_layer_norm.weight"] = take(HIDDEN)
    weights["gpt_neox.final_layer_norm.bias"] = take(HIDDEN)
    weights["embed_out.weight"] = take(VOCAB, HIDDEN)
    tokens = values[at:].astype(int).tolist()
    assert len(tokens) == TOKENS, (len(tokens), at, len(values))
    left = model.load_state_dict(weights, strict=False)
    assert not left.unexpected_keys and not left.missing_keys, left
    for p in model.parameters():
        p.data = p.data.double()
    for name, value in weights.items():
        dict(model.named_parameters())[name].data = value
    with torch.no_grad():
        logits = model(torch.tensor(tokens)[None], use_cache=False).logits[0]
    out = os.path.join(HERE, "golden", "neox")
    os.makedirs(out, exist_ok=True)
    logits.float().numpy().astype("<f4").tofile(os.path.join(out, "logits.f32"))
    print(f"largest logit {logits.abs().max():.2f}")


main()
