"""Speeds of encoders beside other engines, in turn within one run: medians of tokens a second.

usage: compare_encoders.py [--rounds N] [--threads N] [SHAPE ...]

Shapes: minilm-l6, bert-tiny, distilbert, bert-base, mobilebert (all of them). Three works each, from
token ids to hidden states: a text of 16 tokens, one of 128, and 64 texts of 8 to 128 tokens. slm.h's
side is `build/slm-bench --shape SHAPE`, which packs the 64 texts; the others get them padded to the
longest. They are PyTorch (float32), onnxruntime (float32, dynamic int8) and OpenVINO (float32,
int8 by NNCF), on the same architecture with random weights.
pip install torch transformers onnx onnxruntime openvino nncf
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy
import nncf
import onnx
import onnxruntime
import openvino
import torch
import transformers
from onnxruntime.quantization import QuantType, quantize_dynamic

CONFIGS = {
    "minilm-l6": lambda: transformers.BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536),
    "bert-tiny": lambda: transformers.BertConfig(
        hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=512),
    "distilbert": transformers.DistilBertConfig,
    "bert-base": transformers.BertConfig,
    "mobilebert": transformers.MobileBertConfig,
}
WORKS = ["text16", "text128", "texts64"]
FEWEST, MOST = 8, 128  # tokens of the 64 texts


class HiddenStates(torch.nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, ids, mask):
        return self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state


def masks(random):
    lengths = random.integers(FEWEST, MOST + 1, 64)
    mixed = numpy.arange(lengths.max()) < lengths[:, None]
    return {"text16": numpy.ones((1, 16), numpy.int64),
            "text128": numpy.ones((1, 128), numpy.int64), "texts64": mixed.astype(numpy.int64)}


def export(encoder, path):
    ids = torch.ones(2, 12, dtype=torch.int64)
    free = {0: "texts", 1: "tokens"}
    torch.onnx.export(HiddenStates(encoder), (ids, ids), path, input_names=["ids", "mask"],
                      output_names=["hidden"], opset_version=17, dynamo=False,
                      dynamic_axes={"ids": free, "mask": free, "hidden": free})


def onnx_session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})


def openvino_request(core, graph, precision):
    properties = {"PERFORMANCE_HINT": "LATENCY"}
    if precision:
        properties["INFERENCE_PRECISION_HINT"] = precision
    request = core.compile_model(graph, "CPU", properties).create_infer_request()
    return lambda ids, mask: request.infer({"ids": ids, "mask": mask})


def peers(encoder, directory, threads, random):
    path, small = os.path.join(directory, "f32.onnx"), os.path.join(directory, "int8.onnx")
    export(encoder, path)
    quantize_dynamic(path, small, weight_type=QuantType.QInt8,
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})
    core = openvino.Core()
    core.set_property("CPU", {"INFERENCE_NUM_THREADS": threads})
    graph = core.read_model(path)
    samples = [{"ids": random.integers(5, 3000, (1, 40)), "mask": numpy.ones((1, 40), numpy.int64)}
               for _ in range(8)]
    quantized = nncf.quantize(graph, nncf.Dataset(samples), subset_size=len(samples),
                              model_type=nncf.ModelType.TRANSFORMER)
    return {"onnxruntime f32": onnx_session(path, threads),
            "onnxruntime int8": onnx_session(small, threads),
            "OpenVINO f32": openvino_request(core, graph, "f32"),
            "OpenVINO int8": openvino_request(core, quantized, None),
            "PyTorch f32": lambda ids, mask: encoder(input_ids=torch.from_numpy(ids),
                                                     attention_mask=torch.from_numpy(mask))}


def speed(call, mask, random):
    times = []
    for _ in range(4 if mask.shape[0] > 1 else 11):
        ids = random.integers(5, 3000, mask.shape)
        start = time.perf_counter()
        call(ids, mask)
        times.append(time.perf_counter() - start)
    return mask.sum() / statistics.median(times[1:])


def slm(shape, kind, threads):
    command = ["build/slm-bench", "--shape", shape, "--type", kind, "-t", str(threads), "--json"]
    figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL).stdout)
    return {work: figures[work + "_tps"] for work in WORKS}


def compare(shape, arguments):
    random = numpy.random.default_rng(0)
    encoder = transformers.AutoModel.from_config(CONFIGS[shape]()).eval()
    works, found = masks(random), {}
    with tempfile.TemporaryDirectory() as directory, torch.inference_mode():
        others = peers(encoder, directory, arguments.threads, random)
        for _ in range(arguments.rounds):
            for kind in ["f32", "f16"] + ([] if shape == "mobilebert" else ["q8"]):
                for work, tokens in slm(shape, kind, arguments.threads).items():
                    found.setdefault("slm.h " + kind, {}).setdefault(work, []).append(tokens)
            for name, call in others.items():
                for work, mask in works.items():
                    tokens = speed(call, mask, random)
                    found.setdefault(name, {}).setdefault(work, []).append(tokens)
    for name, figures in found.items():
        print("%-10s  %-16s" % (shape, name),
              *("%9.0f" % statistics.median(figures[work]) for work in WORKS), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", metavar="SHAPE")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    for shape in arguments.shapes:
        if shape not in CONFIGS:
            parser.error("%s is not one of %s" % (shape, ", ".join(CONFIGS)))
    torch.set_num_threads(arguments.threads)
    print("tokens/s, %d threads     " % arguments.threads, *("%9s" % work for work in WORKS))
    for shape in arguments.shapes or CONFIGS:
        compare(shape, arguments)


if __name__ == "__main__":
    main()
