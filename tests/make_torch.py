"""Makes tests/golden/torch: one small checkpoint in every form that PyTorch writes, and files that
must be refused.

usage: make_torch.py [--out DIR]    (versions: tests/requirements.txt)

The checkpoint is a Phi of f16 values. same.txt lists the directories that must give the same .slm;
"safetensors" is the one that Hugging Face writes. In hostile/, what a file is wrong about is in
errors.txt: its name, a tab, a pattern of the message. What of it has a payload would create a file
named PAYLOAD-RAN; none of these is ever loaded here. torch itself must load every good file.
"""
import argparse
import collections
import io
import json
import os
import shutil
import struct
import zipfile
import zlib

import torch
from safetensors.torch import load_file, save_file
from transformers import PhiConfig, PhiForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
LAYERS, HEADS, HEAD, HIDDEN = 2, 2, 8, 16
LEGACY = {"_use_new_zipfile_serialization": False}

# ---- the checkpoint -------------------------------------------------------------------------


def save(out, name, state, **options):
    directory = os.path.join(out, name)
    os.makedirs(directory)
    shutil.copy(os.path.join(out, "safetensors", "config.json"), directory)
    path = os.path.join(directory, "pytorch_model.bin")
    torch.save(state, path, **options)
    check_loads(path, state)
    return path


def check_loads(path, state):
    loaded = torch.load(path, weights_only=False)
    assert list(loaded) == list(state)
    assert all(torch.equal(loaded[key], state[key]) for key in state), path


def save_shards(out, name, state, **options):
    directory = os.path.join(out, name)
    os.makedirs(directory)
    shutil.copy(os.path.join(out, "safetensors", "config.json"), directory)
    keys, weight_map = list(state), {}
    for i in range(3):
        file = f"pytorch_model-{i + 1:05}-of-00003.bin"
        part = {key: state[key] for key in keys[i::3]}
        torch.save(part, os.path.join(directory, file), **options)
        weight_map.update({key: file for key in part})
    with open(os.path.join(directory, "pytorch_model.bin.index.json"), "w") as f:
        json.dump({"metadata": {}, "weight_map": weight_map}, f)


def strided(state):
    """The same values in views: transposes, parts of larger storages, one storage for several."""
    out = collections.OrderedDict()
    big = torch.zeros(100, HIDDEN + 3, dtype=torch.float16)
    for key, value in state.items():
        if key.endswith("fc1.weight"):
            out[key] = value.t().contiguous().t()
        elif key.endswith("q_proj.weight"):
            out[key] = big[7:7 + HIDDEN, 2:2 + HIDDEN] if ".0." in key else value
            out[key].copy_(value)
        elif key.endswith("k_proj.weight") and ".0." in key:
            out[key] = big[40:40 + HIDDEN, :HIDDEN]
            out[key].copy_(value)
        elif key.endswith("input_layernorm.bias"):
            out[key] = torch.nn.Parameter(value)
        else:
            out[key] = value
    buffers(out, "model.layers.{}.self_attn.rotary_emb.inv_freq")
    return out


def buffers(state, rotary):
    for layer in range(LAYERS):
        state[rotary.format(layer)] = torch.rand(2)
        state[f"transformer.h.{layer}.attn.bias"] = torch.ones(1, 1, 4, 4, dtype=torch.bool).tril()
        state[f"transformer.h.{layer}.attn.masked_bias"] = torch.tensor(-1e9)


def fuse(state, layer, kind, per_head):
    """Queries, keys and values as one: (3, heads, head) rows, or (heads, 3, head)."""
    parts = [state[f"model.layers.{layer}.self_attn.{x}_proj.{kind}"] for x in "qkv"]
    rows = torch.stack([part.view(HEADS, HEAD, -1) for part in parts])
    rows = rows.transpose(0, 1) if per_head else rows
    return rows.reshape(3 * HIDDEN, -1).squeeze(1).contiguous()


def fused(state):
    out = collections.OrderedDict(
        (key, value) for key, value in state.items()
        if not any(f".{x}_proj." in key for x in "qkv"))
    for layer in range(LAYERS):
        for kind in ("weight", "bias"):
            out[f"model.layers.{layer}.self_attn.query_key_value.{kind}"] = fuse(
                state, layer, kind, True)
    return out


MIXER = {"input_layernorm": "ln", "self_attn.dense": "mixer.out_proj", "mlp.fc1": "mlp.fc1",
         "mlp.fc2": "mlp.fc2"}
MSFT_MODEL = {"model.embed_tokens": "transformer.embd.wte", "model.final_layernorm": "lm_head.ln",
              "lm_head": "lm_head.linear"}
SEQUENTIAL_MODEL = {"model.embed_tokens": "layers.0.wte",
                    "model.final_layernorm": f"layers.{LAYERS + 1}.ln",
                    "lm_head": f"layers.{LAYERS + 1}.linear"}


def mixer(state, prefix, first, model):
    out = collections.OrderedDict()
    for key, value in state.items():
        name, kind = key.rsplit(".", 1)
        if name in model:
            out[f"{model[name]}.{kind}"] = value
            continue
        layer, rest = name[len("model.layers."):].split(".", 1)
        here = f"{prefix}.{int(layer) + first}."
        if rest in MIXER:
            out[f"{here}{MIXER[rest]}.{kind}"] = value
        else:
            out[f"{here}mixer.Wqkv.{kind}"] = fuse(state, int(layer), kind, False)
    for layer in range(LAYERS):
        out[f"{prefix}.{layer + first}.mixer.rotary_emb.inv_freq"] = torch.rand(2)
    return out


def older_config(out, name, model_type, class_name):
    path = os.path.join(out, name, "config.json")
    now = json.load(open(path))
    older = {"model_type": model_type, "architectures": [class_name], "vocab_size": 37,
             "activation_function": "gelu_new", "n_positions": now["max_position_embeddings"],
             "n_embd": HIDDEN, "n_layer": LAYERS, "n_head": HEADS, "n_head_kv": None,
             "n_inner": now["intermediate_size"], "rotary_dim": 4, "layer_norm_epsilon": 1e-5,
             "tie_word_embeddings": False}
    with open(path, "w") as f:
        json.dump(older, f, indent=1)


def make_checkpoint(out):
    torch.manual_seed(5)
    config = PhiConfig(vocab_size=37, hidden_size=HIDDEN, intermediate_size=40,
                       num_hidden_layers=LAYERS, num_attention_heads=HEADS,
                       max_position_embeddings=32, partial_rotary_factor=0.5,
                       tie_word_embeddings=False)
    model = PhiForCausalLM(config)
    for p in model.parameters():
        p.data = torch.randn(p.shape)
    model.half().save_pretrained(os.path.join(out, "safetensors"))
    os.remove(os.path.join(out, "safetensors", "generation_config.json"))
    return collections.OrderedDict(
        load_file(os.path.join(out, "safetensors", "model.safetensors")))


def doubles(state):
    """Beside the values by less than half a step of f32: rounded they are the values again."""
    return collections.OrderedDict(
        (k, v.double() * (1 + (torch.rand(v.shape, dtype=torch.float64) - 0.5) * 2.0 ** -26))
        for k, v in state.items())


def make_same(out):
    state = make_checkpoint(out)
    dictionary = model_state(state)
    save(out, "zip", dictionary)
    save(out, "legacy", dictionary, **LEGACY)
    save(out, "zip_protocol4", dictionary, pickle_protocol=4)
    save(out, "legacy_protocol5", dictionary, pickle_protocol=5, **LEGACY)
    save_shards(out, "zip_shards", state)
    save_shards(out, "legacy_shards", state, **LEGACY)
    save(out, "zip_strided", strided(state))
    save(out, "legacy_strided", strided(state), **LEGACY)
    save(out, "float32", collections.OrderedDict((k, v.float()) for k, v in state.items()))
    save(out, "bfloat16", collections.OrderedDict(
        (k, v.bfloat16() if torch.equal(v.bfloat16().half(), v) else v.float())
        for k, v in state.items()))
    path = save(out, "zip64", state)
    rewrite_zip64(path)
    check_loads(path, state)
    save(out, "per_head", fused(state))
    save(out, "msft", mixer(state, "transformer.h", 0, MSFT_MODEL))
    older_config(out, "msft", "phi-msft", "PhiForCausalLM")
    save(out, "sequential", mixer(state, "layers", 1, SEQUENTIAL_MODEL), **LEGACY)
    older_config(out, "sequential", "mixformer-sequential", "MixFormerSequentialForCausalLM")
    state = doubles(state)
    save(out, "float64", state)
    save(out, "float64_strided", strided(state))
    os.makedirs(os.path.join(out, "float64_safetensors"))
    shutil.copy(os.path.join(out, "safetensors", "config.json"),
                os.path.join(out, "float64_safetensors"))
    save_file(dict(state), os.path.join(out, "float64_safetensors", "model.safetensors"),
              metadata={"format": "pt"})
    with open(os.path.join(out, "same.txt"), "w") as f:
        f.write("\n".join(sorted(x for x in os.listdir(out)
                                 if os.path.isdir(os.path.join(out, x)))) + "\n")


def model_state(state):
    """As a module gives it: with _metadata, which torch pickles."""
    config = PhiConfig.from_dict(json.load(open(config_path)))
    model = PhiForCausalLM(config).half()
    model.load_state_dict(state)
    return model.state_dict()


# ---- zip files, as they should be and not ---------------------------------------------------


def rewrite_zip64(path):
    with zipfile.ZipFile(path) as f:
        entries = [(e.filename, f.read(e)) for e in f.infolist()]
    with open(path, "wb") as f:
        f.write(make_zip(entries, zip64=True))


def make_zip(entries, zip64=False, change=lambda i, local, central: None, end_change=None):
    """change(i, local, central) and end_change(end) may alter the fields before they are written;
    of zip64 every field that can be is in its 64-bit form."""
    data, directory = b"", b""
    for i, (name, body) in enumerate(entries):
        fields = {"flags": 0, "method": 0, "crc": zlib.crc32(body), "packed": len(body),
                  "size": len(body), "name": name.encode(), "offset": len(data), "body": body,
                  "extra": b"", "after": b""}
        local, central = dict(fields), dict(fields)
        change(i, local, central)
        wide = 0xFFFFFFFF
        extra = [b"", b""]
        if zip64:
            extra = [struct.pack("<HHQQ", 1, 16, local["size"], local["packed"]),
                     struct.pack("<HHQQQ", 1, 24, central["size"], central["packed"],
                                 central["offset"])]
            local["packed"] = local["size"] = wide
            central["packed"] = central["size"] = central["offset"] = wide
        extra = [extra[0] + local["extra"], extra[1] + central["extra"]]
        data += struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, local["flags"], local["method"], 0, 0,
                            local["crc"], local["packed"], local["size"], len(local["name"]),
                            len(extra[0])) + local["name"] + extra[0]
        data += local["body"] + local["after"]
        directory += struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, central["flags"],
                                 central["method"], 0, 0, central["crc"], central["packed"],
                                 central["size"], len(central["name"]), len(extra[1]), 0, 0, 0, 0,
                                 central["offset"]) + central["name"] + extra[1]
    end = {"count": len(entries), "size": len(directory), "offset": len(data), "locator": 0,
           "count64": len(entries), "disk": 0, "comment": b"", "before": b""}
    if end_change:
        end_change(end)
    out = data + directory + end["before"]
    if zip64:
        at = len(out)
        out += struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, end["count64"],
                           end["count64"], end["size"], end["offset"])
        out += struct.pack("<IIQI", 0x07064B50, 0, at + end["locator"], 1)
    return out + struct.pack("<IHHHHIIH", 0x06054B50, end["disk"], 0, end["count"], end["count"],
                             end["size"], end["offset"], len(end["comment"])) + end["comment"]


# ---- pickles, opcode by opcode --------------------------------------------------------------


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value):
    if -2**31 <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    size = value.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)


def name_of(module, name):
    return f"c{module}\n{name}\n".encode()


def tuple_of(*parts):
    return b"(" + b"".join(parts) + b"t"


def storage(key="0", kind="FloatStorage", count=4, legacy=False):
    view = b"N" if legacy else b""
    return tuple_of(text("storage"), name_of("torch", kind), text(key), text("cpu"),
                    number(count), view) + b"Q"


ORDERED = name_of("collections", "OrderedDict") + b")R"
REBUILD = name_of("torch._utils", "_rebuild_tensor_v2")


def tensor(where=None, offset=0, shape=(4,), strides=(1,), hooks=ORDERED):
    where = storage() if where is None else where
    return REBUILD + tuple_of(where, number(offset), tuple_of(*map(number, shape)),
                              tuple_of(*map(number, strides)), b"\x89", hooks) + b"R"


def state_of(*pairs, start=b"\x80\x02"):
    body = b"".join(text(key) + value for key, value in pairs)
    return start + ORDERED + (b"(" + body + b"u" if pairs else b"") + b"."


def entries_of(pickle, bodies=(b"\0" * 16,), **more):
    out = [("m/data.pkl", pickle), ("m/byteorder", more.get("order", b"little"))]
    out += [(f"m/data/{i}", body) for i, body in enumerate(bodies)]
    return out + [("m/version", more.get("version", b"3\n"))]


GOOD = state_of(("a", tensor()))
MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
LEGACY_HEAD = MAGIC + b"\x80\x02M\xe9\x03."


def legacy_of(pickle, keys=("0",), bodies=(b"\0" * 16,), counts=None, little=b"\x88",
              head=LEGACY_HEAD):
    info = b"\x80\x02}" + text("little_endian") + little + b"s."
    listed = b"\x80\x02](" + b"".join(map(text, keys)) + b"e."
    counts = [len(body) // 4 for body in bodies] if counts is None else counts
    return head + info + pickle + listed + b"".join(
        struct.pack("<q", count) + body for count, body in zip(counts, bodies))


LEGACY_GOOD = state_of(("a", tensor(storage(legacy=True))))

# ---- files that must be refused -------------------------------------------------------------


def hostile_code():
    """Each known way to make a pickle call something."""
    touch = text("touch PAYLOAD-RAN")
    call = tuple_of(touch) + b"R"
    for module, name in (("os", "system"), ("posix", "system"), ("nt", "system"),
                         ("subprocess", "Popen"), ("builtins", "eval"), ("__builtin__", "exec"),
                         ("builtins", "getattr"), ("torch", "load"), ("torch.hub", "load"),
                         ("torch.jit", "load"), ("runpy", "run_path"), ("ctypes", "CDLL"),
                         ("numpy.core.multiarray", "_reconstruct"), ("operator", "attrgetter"),
                         ("torch._utils", "_rebuild_tensor_v3"), ("codecs", "decode"),
                         ("torch.storage", "_load_from_bytes"), ("webbrowser", "open"),
                         ("torch._tensor", "_rebuild_from_type_v2"), ("torch", "FloatStorage\0"),
                         ("collections", "OrderedDict.fromkeys")):
        label = f"call_{module}_{name}".replace(".", "_").replace("\0", "0").lower()
        asks = f"asks for {module}.{name}".replace("\0", "?")
        yield label, state_of(("a", name_of(module, name) + call)), asks
    yield ("call_stack_global", b"\x80\x04" + text("os") + text("system") + b"\x93" + call + b".",
           "asks for os.system")
    yield ("call_memo", state_of(("a", text("os") + b"q\0" + text("system") + b"q\1" +
                                  b"h\0h\1\x93" + call), start=b"\x80\x04"), "asks for os.system")
    yield "call_inst", b"\x80\x02(" + touch + b"ios\nsystem\n.", "opcode INST"
    yield "call_obj", b"\x80\x02(cos\nsystem\n" + touch + b"o.", "asks for os.system"
    yield "call_obj_known", b"\x80\x02(ccollections\nOrderedDict\n" + touch + b"o.", "opcode OBJ"
    yield ("call_newobj", b"\x80\x02" + name_of("collections", "OrderedDict") + b")\x81.",
           "opcode NEWOBJ")
    yield ("call_newobj_ex", b"\x80\x04" + name_of("collections", "OrderedDict") + b")}\x92.",
           "opcode NEWOBJ_EX")
    for code, size, label in ((b"\x82", 1, "EXT1"), (b"\x83", 2, "EXT2"), (b"\x84", 4, "EXT4")):
        yield f"call_{label.lower()}", b"\x80\x02" + code + b"\1" * size + b".", f"opcode {label}"
    yield ("call_build_setstate", b"\x80\x02" + name_of("torch", "FloatStorage") + b"}" +
           text("__setstate__") + name_of("os", "system") + b"sb.", "asks for os.system")
    yield ("call_build_global", b"\x80\x02" + name_of("torch", "FloatStorage") + b"}b.",
           "BUILD needs a dictionary, not a global")
    yield ("call_build_tensor", state_of(("a", tensor() + b"}b")),
           "BUILD needs a dictionary, not a tensor")
    yield ("call_storage", state_of(("a", name_of("torch", "FloatStorage") + b")R")),
           "calls FloatStorage")
    yield ("call_ordered_pairs", b"\x80\x02" + name_of("collections", "OrderedDict") + b"]\x85R.",
           "calls OrderedDict with 1 arg")
    yield "call_string", b"\x80\x02" + text("os.system") + call + b".", "needs a global, not a str"
    yield "call_persid", b"\x80\x02Pos.system\n.", "opcode PERSID"
    yield ("call_module", state_of(("a", tuple_of(text("module"), name_of("torch", "FloatStorage"),
                                                  text("a"), text("b"), b"N") + b"Q")),
           "persistent id is not a storage")


def hostile_pickles():
    for code, label in ((b"0", "POP"), (b"1", "POP_MARK"), (b"2", "DUP"), (b"F1\n", "FLOAT"),
                        (b"I1\n", "INT"), (b"L1L\n", "LONG"), (b"S'a'\n", "STRING"),
                        (b"Va\n", "UNICODE"), (b"g0\n", "GET"), (b"p0\n", "PUT"), (b"d", "DICT"),
                        (b"l", "LIST"), (b"\x8b\1\0\0\0\1", "LONG4"), (b"B\0\0\0\0", "BINBYTES"),
                        (b"C\0", "SHORT_BINBYTES"), (b"\x8e" + b"\0" * 8, "BINBYTES8"),
                        (b"\x8f", "EMPTY_SET"), (b"\x90", "ADDITEMS"), (b"\x91", "FROZENSET"),
                        (b"\x96" + b"\0" * 8, "BYTEARRAY8"), (b"\x97", "NEXT_BUFFER"),
                        (b"\x98", "READONLY_BUFFER")):
        yield f"opcode_{label.lower()}", b"\x80\x02N" + code + b".", f"opcode {label},"
    yield "opcode_unknown", b"\x80\x02N\xff.", "the byte ff where an opcode"
    yield "opcode_protocol_again", b"\x80\x02\x80\x02N.", "the byte 80 where an opcode"
    for version in (0, 1, 6, 255):
        yield (f"protocol_{version}", bytes([0x80, version]) + b"N.",
               f"pickle protocol {version} is not")
    yield "protocol_none", b"}.", "not a pickle of protocol 2"
    yield "bomb_memo", b"\x80\x02Nr\xff\xff\xff\xff.", "memo grows beyond"
    yield "bomb_memo_edge", b"\x80\x02Nr\0\0\x10\0.", "memo grows beyond"
    yield "bomb_marks", b"\x80\x02" + b"(" * 65 + b".", "marks are nested deeper"
    yield "bomb_lists", b"\x80\x02" + b"]" * 70 + b"a" * 69 + b".", "nested deeper than 64"
    yield "bomb_tuples", b"\x80\x02N" + b"\x85" * 70 + b".", "nested deeper than 64"
    yield "bomb_self", b"\x80\x02]q\0" + b"h\0a" * 70 + b".", "nested deeper than 64"
    yield "bomb_string", b"\x80\x02X\xff\xff\xff\xffab.", "cut off"
    yield "bomb_string8", b"\x80\x04\x8d" + b"\xff" * 8 + b"ab.", "cut off"
    yield "bomb_frame", b"\x80\x04\x95" + b"\xff" * 8 + b"N.", "cut off"
    yield "bomb_long", b"\x80\x02\x8a\xff\1.", "cut off"
    yield "bomb_doubling", b"\x80\x02N" + b"q\0h\0\x86" * 70 + b".", "nested deeper than 64"
    yield "type_empty", b"\x80\x02.", "STOP finds no value"
    yield "type_two_values", b"\x80\x02NN.", "1 values too many"
    yield "type_open_mark", b"\x80\x02(N.", "1 values too many"
    yield "type_get", b"\x80\x02h\5.", "gets memo 5, which was never put"
    yield "type_put", b"\x80\x02q\5.", "PUT finds no value"
    yield "type_put_mark", b"\x80\x02(q\5.", "PUT finds no value"
    yield "type_tuple_mark", b"\x80\x02N(N\x86.", "TUPLE2 finds a mark"
    yield "type_tuple_none", b"\x80\x02N\x87.", "TUPLE3 finds no value"
    yield "type_no_mark", b"\x80\x02Nt.", "TUPLE finds no mark"
    yield "type_append", b"\x80\x02}Na.", "APPEND needs a list, not a dict"
    yield "type_appends", b"\x80\x02}(Ne.", "APPENDS needs a list, not a dict"
    yield "type_setitem", b"\x80\x02]" + text("a") + b"Ns.", "SETITEM needs a dictionary, not a l"
    yield "type_setitems", b"\x80\x02)(" + text("a") + b"Nu.", "SETITEMS needs a dict.* not a tup"
    yield "type_odd", b"\x80\x02}(" + text("a") + b"u.", "a key without a value"
    yield "type_key", b"\x80\x02}K\1Ns.", "key that is no string but an integer"
    yield "type_reduce", b"\x80\x02" + REBUILD + b"NR.", "REDUCE needs a tuple, not None"
    yield "type_arguments", b"\x80\x02" + REBUILD + b")R.", "_rebuild_tensor_v2 with 0 arg"
    yield ("type_parameter", b"\x80\x02" + name_of("torch._utils", "_rebuild_parameter") +
           b"N\x88N\x87R.", "a parameter of None")
    yield "type_persid", b"\x80\x02NQ.", "BINPERSID needs a tuple, not None"
    yield "type_stack_global", b"\x80\x04NN\x93.", "STACK_GLOBAL needs a string"
    yield "type_build", b"\x80\x02}Nb.", "BUILD needs a dictionary, not None"
    yield "root_list", b"\x80\x02].", "holds a list, not a dictionary"
    yield "root_tensor", b"\x80\x02" + tensor() + b".", "holds a tensor, not a dictionary"
    yield "root_nested", state_of(("model", b"}" + text("a") + tensor() + b"s")), \
        "model is a dictionary, not a tensor"
    yield "root_integer", state_of(("epoch", number(3))), "epoch is an integer, not a tensor"
    yield "root_storage", state_of(("a", storage())), "a is a storage, not a tensor"
    yield "root_twice", state_of(("a", tensor()), ("a", tensor())), "tensor a is .*twice"
    yield "name_empty", state_of(("", tensor())), "name is empty"
    yield "name_long", state_of(("a" * 513, tensor())), "longer than 512"
    yield "name_escape", state_of(("\033[2J", tensor())), "no printable ASCII"
    yield "name_nul", state_of(("a\0b", tensor())), "no printable ASCII"
    yield "after_stop", GOOD + b"N.", "bytes after the end of its pickle"
    yield "cut_opcode", GOOD[:-1], "cut off"
    yield "cut_name", GOOD[:20], "cut off"
    yield "cut_empty", b"", "cut off"


def hostile_tensors():
    huge = 2**62
    for label, value, message in (
            ("offset", tensor(offset=1), "a lies outside of its storage"),
            ("offset_huge", tensor(offset=huge), "a lies outside of its storage"),
            ("offset_negative", tensor(offset=-1), "offset holds"),
            ("offset_none", tensor().replace(number(0), b"N"), "offset holds None"),
            ("shape", tensor(shape=(5,)), "a lies outside of its storage"),
            ("shape_negative", tensor(shape=(-4,)), "shape holds"),
            ("shape_huge", tensor(shape=(huge,), strides=(huge,)), "its size overflows"),
            ("shape_overflow", tensor(shape=(2**32, 2**32), strides=(1, 1)), "outside of its st"),
            ("shape_long", tensor(shape=(2**70,)), "shape holds a large integer"),
            ("shape_many", tensor(shape=(1,) * 9, strides=(1,) * 9), "at most 8"),
            ("strides", tensor(shape=(2, 2), strides=(3, 1)), "a lies outside of its storage"),
            ("strides_far", tensor(shape=(2,), strides=(2**40,)), "a lies outside of its st"),
            ("strides_huge", tensor(shape=(2,), strides=(huge,)), "its size overflows"),
            ("strides_sum", tensor(shape=(3, 3, 3, 3), strides=(huge,) * 4), "its size overflows"),
            ("strides_negative", tensor(strides=(-1,)), "strides holds"),
            ("strides_length", tensor(strides=(1, 1)), "of the same length"),
            ("storage_none", tensor(b"N"), "its storage is None"),
            ("storage_shape", tensor(tuple_of()), "its storage is a tuple"),
            ("hooks", tensor(hooks=b"N"), "wrong types for requires_grad and hooks")):
        yield "tensor_" + label, state_of(("a", value)), message
    for label, value, message in (
            ("kind", storage(kind="ComplexFloatStorage"), "asks for torch.ComplexFloatStorage"),
            ("quantized", storage(kind="QInt8Storage"), "asks for torch.QInt8Storage"),
            ("untyped", storage().replace(b"ctorch\nFloatS", b"ctorch.storage\nUntypedS"),
             "asks for torch.storage.UntypedStorage"),
            ("class", storage().replace(name_of("torch", "FloatStorage"),
                                        name_of("collections", "OrderedDict")), "another global"),
            ("class_string", storage().replace(name_of("torch", "FloatStorage"), text("a")),
             "type is a string"),
            ("key", storage(key="../0"), "key is not a string of up to 32 digits"),
            ("key_long", storage(key="0" * 33), "key is not a string of up to 32 digits"),
            ("key_absent", storage(key="7"), "storage 7 is missing"),
            ("size", storage(count=5), "storage 0 has 16 bytes, its pickle says 20"),
            ("size_negative", storage(count=-4), "device or size"),
            ("size_huge", storage(count=2**62), "its size overflows"),
            ("short", storage().replace(number(4), b""), "persistent id is not a storage")):
        yield "storage_" + label, state_of(("a", tensor(value))), message
    norm = "model.layers.0.input_layernorm."
    vector = tensor(storage(kind="HalfStorage", count=8), shape=(HIDDEN,), strides=(0,))
    yield "layout_vector", state_of((norm + "weight", vector)), "weight: its strides are not sup"
    good = tensor(storage("1", "HalfStorage", 512), shape=(HIDDEN,))
    for label, strides in (("matrix", (31, 2)), ("same", (0, 0))):
        matrix = tensor(storage("1", "HalfStorage", 512), shape=(HIDDEN,) * 2, strides=strides)
        yield ("layout_" + label, state_of((norm + "weight", good), (norm + "bias", good), (
            "model.layers.0.self_attn.q_proj.weight", matrix)), "q_proj.weight: its strides are")
    long = tensor(storage("1", "LongStorage", 128), shape=(HIDDEN,))
    yield "layout_long", state_of((norm + "weight", long)), "weight: the type I64 is not sup"
    yield ("storage_two_types", state_of(("a", tensor()), ("b", tensor(storage(
        kind="HalfStorage", count=8)))), "storage 0 is of two types or sizes")
    yield ("storage_two_sizes", state_of(("a", tensor()), ("b", tensor(storage(count=3)))),
           "storage 0 is of two types or sizes")


def set_field(side, name, value, entry=2):
    def change(i, local, central):
        if i == entry:
            {"local": local, "central": central}[side][name] = value
    return change


def both(name, value):
    def change(i, local, central):
        if i == 2:
            local[name] = central[name] = value
    return change


def set_end(name, value):
    def change(end):
        end[name] = value
    return change


def add_end(name, value):
    def change(end):
        end[name] += value
    return change


def shift_end(end):
    end["offset"] += 1
    end["size"] -= 1


def descriptor(i, local, central):
    if i == 2:
        local.update(flags=8, crc=0, packed=0, size=0,
                     after=struct.pack("<III", 0x08074B50, central["crc"] ^ 1, 16) + b"\x10\0\0\0")
        central["flags"] = 8


def compressed(i, local, central):
    if i == 2:
        maker = zlib.compressobj(wbits=-15)
        body = maker.compress(local["body"]) + maker.flush()
        for side in (local, central):
            side.update(method=8, body=body, packed=len(body))


def hostile_zips():
    good = entries_of(GOOD)
    disagree = "m/data/0: its local header and the directory disagree on"
    for label, change, message in (
            ("name_local", set_field("local", "name", b"m/data/9"), "another name in its local"),
            ("name_central", set_field("central", "name", b"m/data/9"), "another name in its lo"),
            ("name_twice", both("name", b"m/version"), "entry m/version is there twice"),
            ("name_empty", both("name", b""), "name is empty or longer"),
            ("name_control", both("name", b"m/data/0\n"), "no printable ASCII"),
            ("crc", both("crc", 1), "entry m/data/0 is damaged: its checksum"),
            ("crc_local", set_field("local", "crc", 1), disagree + " size or ch"),
            ("crc_central", set_field("central", "crc", 1), disagree + " size or ch"),
            ("crc_descriptor", descriptor, "its descriptor and the directory disagree"),
            ("size_local", set_field("local", "size", 12), disagree + " size or ch"),
            ("packed_local", set_field("local", "packed", 12), disagree + " size or ch"),
            ("size_central", set_field("central", "size", 12), "two sizes for stored data"),
            ("size_huge", both("size", 0xFFFFFFFE), "two sizes for stored data"),
            ("size_zip64", both("size", 0xFFFFFFFF), "a zip64 field is missing"),
            ("extra", set_field("central", "extra", b"\1\0\x40\0ab"), "bad extra fields"),
            ("extra_twice", set_field("central", "extra", b"\1\0\0\0" * 2), "two zip64 fields"),
            ("compressed", compressed, "m/data/0 is compressed (method 8)"),
            ("compressed_central", set_field("central", "method", 8), "is compressed (method 8)"),
            ("compressed_local", set_field("local", "method", 8), disagree + " flags or method"),
            ("encrypted", both("flags", 1), "m/data/0 is encrypted"),
            ("flags", both("flags", 1 << 5), "flags 20 are not supported"),
            ("offset", set_field("central", "offset", 0), "m/data/0 has another name in its"),
            ("offset_far", set_field("central", "offset", 0xFFFFFFF0), "lies outside of the fi"),
            ("offset_bad", set_field("central", "offset", 1), "has no local header")):
        yield "zip_" + label, make_zip(good, change=change), message
    inner = make_zip([("m/data/0", b"\0" * 16)])[:30 + 8 + 16]
    def nest(i, local, central):
        if i == 3:
            central["offset"] = nest.at
    outer = entries_of(GOOD, (inner, b""))
    outer[3] = ("m/data/0", b"\0" * 16)
    outer[2] = ("m/data/1", inner)
    nest.at = sum(30 + len(name) + len(body) for name, body in outer[:2]) + 30 + len("m/data/1")
    yield "zip_overlap", make_zip(outer, change=nest), "m/data/1 and m/data/0 overlap"
    for label, zip64, change, message in (
            ("end_count", False, add_end("count", 1), "a directory of .* bytes for 5 entries"),
            ("end_shifted", False, shift_end, "bad entry 0 of the directory"),
            ("end_count_less", False, add_end("count", -1), "of the directory belong to no"),
            ("end_count_huge", False, set_end("count", 65535), "a directory of .* 65535 entries"),
            ("end_offset", False, add_end("offset", 1), "does not fill the place before its end"),
            ("end_size", False, add_end("size", -1), "does not fill the place before its end"),
            ("end_disk", False, set_end("disk", 1), "a part of several disks"),
            ("end_comment", False, set_end("comment", b"hello"), "does not end with the end"),
            ("end_gap", False, set_end("before", b"hello"), "does not fill the place before its"),
            ("end64_count", True, add_end("count64", 1), "the two ends of the directory disagree"),
            ("end64_place", True, set_end("locator", 4), "is not before its locator")):
        yield "zip_" + label, make_zip(good, zip64, end_change=change), message
    yield "zip_cut", make_zip(good)[:-30], "does not end with the end"
    yield "zip_tiny", b"PK\3\4", "zip: 4 bytes"
    yield "zip_second_root", make_zip(good + [("n/data.pkl", GOOD)]), "two entries named data.pkl"
    yield "zip_no_root", make_zip(good[1:]), "no data.pkl in the zip"
    yield "zip_deep_root", make_zip([("a/" + n, b) for n, b in good]), "no data.pkl in the zip"
    yield "zip_no_version", make_zip(good[:-1]), "no version in the zip"
    yield "zip_version", make_zip(entries_of(GOOD, version=b"99\n")), "format version is not"
    yield "zip_big", make_zip(entries_of(GOOD, order=b"big")), 'byteorder is not "little"'
    yield ("zip_order_long", make_zip(entries_of(GOOD, order=b"little" * 4)),
           "m/byteorder is larger than 16")
    pickle_crc = set_field("central", "crc", 1, 0)
    def same_crc(i, local, central):
        pickle_crc(i, local, central)
        local["crc"] = central["crc"]
    yield "zip_pickle_crc", make_zip(good, change=same_crc), "m/data.pkl is damaged"


def hostile_legacy():
    good = LEGACY_GOOD
    view = storage(legacy=True).replace(b"Nt", tuple_of(text("1"), number(0), number(4)) + b"t")
    for label, body, message in (
            ("magic", legacy_of(good, head=LEGACY_HEAD.replace(b"l\xfc", b"l\xfd")),
             "not one of PyTorch"),
            ("magic_type", b"\x80\x02N.", "not one of PyTorch"),
            ("protocol", legacy_of(good, head=MAGIC + b"\x80\x02M\xea\x03."), "is not 1001"),
            ("big_endian", legacy_of(good, little=b"\x89"), "that it is little-endian"),
            ("endian_type", legacy_of(good, little=b"K\1"), "that it is little-endian"),
            ("call", legacy_of(good, head=MAGIC + b"\x80\x02cos\nsystem\n" +
                               tuple_of(text("touch PAYLOAD-RAN")) + b"R."), "asks for os.system"),
            ("keys", legacy_of(good, keys=("1",)), "no tensor says what storage 1 holds"),
            ("keys_more", legacy_of(good, keys=("0", "1"), bodies=(b"\0" * 16,) * 2),
             "no tensor says what storage 1"),
            ("keys_twice", legacy_of(good, keys=("0", "0"), bodies=(b"\0" * 16,) * 2),
             "storage 0 is there twice"),
            ("keys_none", legacy_of(good, keys=(), bodies=()), "storage 0 is missing"),
            ("keys_type", LEGACY_HEAD + b"\x80\x02}" + text("little_endian") + b"\x88s." + good +
             b"\x80\x02N.", "are None, not a list"),
            ("count", legacy_of(good, counts=[5]), "storage 0 has 5 elements, its pickle says 4"),
            ("count_negative", legacy_of(good, counts=[-1]), "its pickle says 4"),
            ("cut", legacy_of(good)[:-1], "storage 0 lies outside of the file"),
            ("cut_pickle", legacy_of(good)[:60], "cut off"),
            ("after", legacy_of(good) + b"\0", "1 bytes after the last storage"),
            ("view", legacy_of(state_of(("a", tensor(view)))), "views of storages are not"),
            ("zip_id", legacy_of(GOOD), "persistent id is not a storage"),
            ("huge", legacy_of(state_of(("a", tensor(storage(count=2**40, legacy=True))))),
             "storage 0 lies outside of the file")):
        yield "legacy_" + label, body, message
    yield "not_torch", b"hello, world", "neither a zip nor a pickle"
    yield "empty", b"", "neither a zip nor a pickle"


def make_hostile(out):
    os.makedirs(out)
    lines = []
    for group in (hostile_code, hostile_pickles, hostile_tensors):
        for name, pickle, message in group():
            bodies = (b"\0" * 16, b"\0" * 1024) if name.startswith("layout_") else (b"\0" * 16,)
            lines.append((name, make_zip(entries_of(pickle, bodies)), message))
    lines += list(hostile_zips()) + list(hostile_legacy())
    for name, body, _ in lines:
        path = os.path.join(out, name + ".bin")
        assert not os.path.exists(path), name
        with open(path, "wb") as f:
            f.write(body)
    with open(os.path.join(out, "errors.txt"), "w") as f:
        f.writelines(f"{name}\t{message}\n" for name, _, message in sorted(lines))
    print(f"{len(lines)} hostile files")


def make_seeds(out):
    """Good files of a few bytes, from which tests/fuzz starts."""
    os.makedirs(out)
    state = collections.OrderedDict(a=torch.ones(2, 3).half(), b=torch.nn.Parameter(torch.ones(2)))
    state["c"] = state["a"].t()
    state._metadata = {"": {"version": 1}}
    for protocol in (2, 4):
        torch.save(state, os.path.join(out, f"zip{protocol}.bin"), pickle_protocol=protocol)
        torch.save(state, os.path.join(out, f"legacy{protocol}.bin"), pickle_protocol=protocol,
                   **LEGACY)
    with open(os.path.join(out, "zip64.bin"), "wb") as f:
        f.write(make_zip(entries_of(GOOD), zip64=True))
    assert torch.load(io.BytesIO(make_zip(entries_of(GOOD))))["a"].shape == (4,)
    assert torch.load(io.BytesIO(legacy_of(LEGACY_GOOD)))["a"].shape == (4,)


def main():
    global config_path
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", default=os.path.join(HERE, "golden", "torch"))
    out = parser.parse_args().out
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    config_path = os.path.join(out, "safetensors", "config.json")
    make_same(out)
    make_hostile(os.path.join(out, "hostile"))
    make_seeds(os.path.join(out, "seeds"))


if __name__ == "__main__":
    main()
