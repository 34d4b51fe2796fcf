"""Speeds beside other engines on Phi-2's shape, in turn within one run: medians and their ratios.

usage: compare_peers.py [--rounds N] [--seconds S] [--threads N] [--generation]
           [--llama [NAME=]LLAMA-BENCH:FILE.gguf[:OPTION...]]...

Prompts of 512 tokens (floats: 128) or, with --generation, 32 generated tokens. slm.h's side is
`build/slm-bench --shape phi-2`; OpenVINO's, where Python has it, is two of Phi-2's layers as
Hugging Face wrote them, in its types of weights and groups of activations; each --llama is a file
that llama-bench of llama.cpp or ik_llama.cpp reads, with more options for it behind colons (floats:
where the name says f16 or f32). Every engine reads the prompt once before it is timed. Medians of
the rounds (10): operations of the matrices, OpenVINO's without a head, and their ratio to the int8
probe, which slm-bench takes before and after each prompt of its own in the round.
pip install torch transformers openvino nncf
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

LAYERS, HIDDEN, FFN, VOCABULARY = 32, 2560, 10240, 51200
LAYER_OPERATIONS = 2 * (4 * HIDDEN**2 + 2 * HIDDEN * FFN)  # for each token
OURS = {"slm q8": ["--type", "q8"], "slm q4": ["--type", "q4"], "slm q4f": ["--type", "q4f"],
        "slm f16": ["--type", "f16"], "slm q4, AVX2": ["--type", "q4", "--isa", "avx2"]}

PROBE = "int8 instructions"


def run(command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL).stdout)


def prompt_tokens(name):
    return 128 if "f16" in name.lower() or "f32" in name.lower() else 512


def giga_operations(tokens):
    return 1e-9 * (tokens * LAYERS * LAYER_OPERATIONS + 2 * HIDDEN * VOCABULARY)


def slm(name, options, arguments):
    work = ["-p", "0", "-n", "32"] if arguments.generation else ["-p", str(prompt_tokens(name)),
                                                               "-n", "0"]
    figures = run(["build/slm-bench", "--shape", "phi-2", "-t", str(arguments.threads), "-r", "1",
                   "--json"] + options + work)
    if arguments.generation:
        return figures["generate_tps"]
    arguments.probes.append(figures["int8_gops"])
    return figures["prompt_gops"]


def llama(name, program, file, options, arguments):
    tokens = prompt_tokens(name)
    work = ["-p", "0", "-n", "32"] if arguments.generation else ["-p", str(tokens), "-n", "0"]
    speed = run([program, "-m", file, "-t", str(arguments.threads), "-fa", "0", "-r", "1", "-o",
                 "json"] + options + work)[-1]["avg_ts"]
    return speed if arguments.generation else speed / tokens * giga_operations(tokens)


def openvino_requests(threads):
    """Compiled layers by name, and their input."""
    import nncf
    import openvino
    import torch
    import transformers
    tokens = prompt_tokens("")
    config = transformers.PhiConfig(
        vocab_size=64, hidden_size=HIDDEN, intermediate_size=FFN, num_hidden_layers=2,
        num_attention_heads=32, partial_rotary_factor=0.4, use_cache=False,
        attn_implementation="sdpa")
    mask = torch.full((1, 1, tokens, tokens), -1e30).triu(1)

    class Layers(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = transformers.PhiModel(config)

        def forward(self, vectors):
            return self.model(inputs_embeds=vectors, attention_mask=mask,
                              use_cache=False).last_hidden_state

    vectors = torch.randn(1, tokens, HIDDEN)
    with torch.no_grad():
        graph = openvino.convert_model(Layers().eval(), example_input=(vectors,),
                                       input=[("vectors", list(vectors.shape))])
    core, requests = openvino.Core(), {}

    def add(name, model, **options):
        options.update(PERFORMANCE_HINT="LATENCY", INFERENCE_NUM_THREADS=threads)
        requests[name] = core.compile_model(model, "CPU", options).create_infer_request()

    for precision in ("f32", "bf16"):
        add(f"OpenVINO {precision}", graph, INFERENCE_PRECISION_HINT=precision)
    for mode, group in (("INT8_SYM", -1), ("INT4_SYM", 128), ("INT4_SYM", 32)):
        grouped = {"group_size": group, "ratio": 1.0} if group > 0 else {}
        packed = nncf.compress_weights(graph.clone(), mode=nncf.CompressWeightsMode[mode],
                                       **grouped)
        weights = f"OpenVINO {mode[:4].lower()}" + (f"/{group}" if group > 0 else "")
        for activations in ("32", "128", "256"):
            add(f"{weights}, activations {activations}", packed,
                DYNAMIC_QUANTIZATION_GROUP_SIZE=activations)
    return requests, vectors.numpy()


def infer(request, vectors):
    request.infer([vectors])
    start = time.perf_counter()
    request.infer([vectors])
    seconds = time.perf_counter() - start
    return 1e-9 * 2 * vectors.shape[1] * LAYER_OPERATIONS / seconds


def engines(arguments):
    """What is timed: a function without arguments for each name."""
    all_of_them = {}
    for name, options in OURS.items():
        all_of_them[name] = lambda name=name, options=options: slm(name, options, arguments)
    for text in arguments.llama:
        program, file, *options = text.split(":")
        name, _, program = program.rpartition("=")
        name = name or "llama " + os.path.basename(file)
        all_of_them[name] = lambda a=(name, program, file, options): llama(*a, arguments)
    if not arguments.generation:
        try:
            requests, vectors = openvino_requests(arguments.threads)
            for name, request in requests.items():
                all_of_them[name] = lambda request=request: infer(request, vectors)
        except ImportError as missing:
            print(f"skipped: OpenVINO ({missing})")
    return all_of_them


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=1e9, help="no new round after this time")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--generation", action="store_true")
    parser.add_argument("--llama", action="append", default=[])
    arguments = parser.parse_args()
    timed, rounds, start = engines(arguments), [], time.monotonic()
    while len(rounds) < arguments.rounds and time.monotonic() - start < arguments.seconds:
        order = list(timed) if len(rounds) % 2 == 0 else list(timed)[::-1]
        arguments.probes = []
        rounds.append({name: timed[name]() for name in order})
        if not arguments.generation:
            rounds[-1][PROBE] = statistics.median(arguments.probes)
        print(f"round {len(rounds)}, {time.monotonic() - start:.0f} s", file=sys.stderr)
    print(f"medians of {len(rounds)} rounds, {'tokens/s' if arguments.generation else 'GOP/s'}")
    for name in list(timed) + ([] if arguments.generation else [PROBE]):
        ratio = "" if arguments.generation else \
            f"  of int8 {statistics.median(r[name] / r[PROBE] for r in rounds):.3f}"
        print(f"{name:36} {statistics.median(r[name] for r in rounds):8.1f}{ratio}")
    print("medians of the rounds' ratios")
    for ours in OURS:
        for peer in timed:
            if peer not in OURS:
                ratio = statistics.median(r[ours] / r[peer] for r in rounds)
                print(f"{ours + ' / ' + peer:52} {ratio:6.3f}")


if __name__ == "__main__":
    main()
