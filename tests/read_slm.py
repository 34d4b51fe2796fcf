#!/usr/bin/env python3
"""Reads an .slm file (major 1), written from FILE FORMAT in the specification of slm.h alone.

    read_slm.py FILE.slm                              its description as JSON
    read_slm.py FILE.slm --weights OUT                all tensors as f32, as stored
    read_slm.py FILE.slm --turned-back LAYER SLOT OUT one matrix as f32, ROTATED undone
                                                      (LAYER 65535: the model's own)
"""
import struct
import sys
import zlib
from collections import namedtuple

import numpy as np

MAGIC = bytes([0x89, 0x53, 0x4C, 0x4D, 0x0D, 0x0A, 0x1A, 0x0A])
F32, F16, BF16, Q8, Q4, Q4F = 1, 2, 3, 4, 5, 6                    # types
TYPE_NAMES = ["vector", "f32", "f16", "bf16", "q8", "q4", "q4f"]
PHI, GPTJ, LLAMA, GPT_NEO, BERT, DISTILBERT, MOBILEBERT, QWEN2, QWEN3 = range(1, 10)
GPT2, GPT_NEOX, GPT_NEOX_SEQUENTIAL = 13, 14, 15
ENCODERS = (BERT, DISTILBERT, MOBILEBERT)                             # "BERTs" in the specification
QWENS, GPTS = (QWEN2, QWEN3), (GPT2, GPT_NEOX, GPT_NEOX_SEQUENTIAL)
GEMMA, GEMMA2, GEMMA3 = GEMMAS = range(10, 13)
ARCHITECTURES = {PHI: "phi", GPTJ: "gptj", LLAMA: "llama", GPT_NEO: "gpt_neo", BERT: "bert",
                 DISTILBERT: "distilbert", MOBILEBERT: "mobilebert", QWEN2: "qwen2", QWEN3: "qwen3",
                 GEMMA: "gemma", GEMMA2: "gemma2", GEMMA3: "gemma3", GPT2: "gpt2",
                 GPT_NEOX: "gpt_neox", GPT_NEOX_SEQUENTIAL: "gpt_neox_sequential"}
TOKENIZERS = {0: "none", 1: "byte-level BPE", 2: "SentencePiece BPE", 3: "WordPiece",
              4: "byte-level BPE"}
CHAT_FORMATS = {0: "plain", 1: "phi-2", 2: "chatml", 3: "llama-2", 4: "zephyr", 5: "llama-3", 6: "gemma"}
# kinds of sections
TOKENIZER, FREQUENCIES, LAYER_KINDS, DIRECTORY, LABELS, PROMPTS, METADATA, CHAT = 1, 2, 3, 4, 6, 7, 8, 9
TASKS = ["none", "embed", "classify", "tag", "fill", "answer", "next"]
EMBED, CLASSIFY, TAG, FILL, ANSWER, NEXT = range(1, 7)
POOLINGS = ["mean", "cls", "mean", "max", "last"]                     # "0 not said (then mean)"
SCORES = ["softmax", "sigmoid", "raw"]
# "table: -31 -25 -20 ...", the weights of the 16 codes of q4 and q4f
TABLE = np.array([-31, -25, -20, -16, -12, -8, -5, -2, 0, 3, 6, 9, 12, 16, 22, 31], np.int32)
GROUP = {Q4: 32, Q4F: 16}                                         # columns of a sub-scale
TILE_ROWS, BLOCK, LINE, MAX_DATA_OFFSET = 16, 256, 64, 64 << 20

Tensor = namedtuple("Tensor", "slot layer type flags rows cols offset bytes crc zero")
Model = namedtuple("Model", "data header kinds sections tensors content_id encoder")
# the names of the header's fields from 72 on, and of those that only encoders have
FIELDS = ("rows used context layers hidden intermediate heads kv_heads head_size rotary window types "
          "labels tasks embedding inner ffns bottleneck pad flags eps embedding_scale "
          "attention_scale logit_cap attention_cap zero activation longest pooler vector "
          "vector_flags label_scores rank_scores task").split()
Header = namedtuple("Header", FIELDS)


class Refused(Exception):
    """The file is not what the specification describes."""


def require(condition, message):
    if not condition:
        raise Refused(message)


def round_up(n):
    return -(-n // LINE) * LINE


def fnv1a(*parts):
    digest = 0xCBF29CE484222325
    for part in parts:
        for byte in part:
            digest = (digest ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return digest


def block_widths(cols):
    # "its blocks, each with the c columns that it has (256, the last one perhaps fewer)"
    return [min(BLOCK, cols - start) for start in range(0, cols, BLOCK)]


def tile_bytes(kind, cols):
    """Bytes of one tile of 16 rows, "rounded up to an odd number of 64-byte lines"."""
    if kind in (F32, F16, BF16):
        size = cols * TILE_ROWS * (4 if kind == F32 else 2)
    elif kind == Q8:
        size = round_up(-(-cols // BLOCK) * TILE_ROWS * 2) + 2 * -(-cols // 8) * LINE
    else:
        size = LINE                                                   # "[16] f32 row scales"
        for width in block_widths(cols):
            groups = -(-width // GROUP[kind])
            size += round_up(groups * TILE_ROWS) + groups * GROUP[kind] // 8 * LINE
    return (-(-size // LINE) | 1) * LINE


def tensor_bytes(tensor):
    if tensor.type == 0:
        return 4 * tensor.cols                                        # "f32 [cols] with rows = 1"
    return -(-tensor.rows // TILE_ROWS) * tile_bytes(tensor.type, tensor.cols)


# ---- reading and checking -------------------------------------------------------------------

def read_sections(data, count, data_offset):
    # "Sections lie in [256 + 32*count, data_offset), 64-byte aligned, increasing"
    sections, end = {}, 256 + 32 * count
    for index in range(count):
        kind, flags, offset, size, _ = struct.unpack_from("<IIQQQ", data, 256 + 32 * index)
        name = f"section {index} (kind {kind})"
        require(offset % LINE == 0 and end <= offset and offset + size <= data_offset,
                f"{name}: out of place")
        end = offset + size
        require(1 <= kind <= CHAT or not flags & 1, f"{name}: unknown but required")
        require(kind not in sections, f"{name}: a second one of its kind")
        sections[kind] = data[offset:end]
    return sections


def read_tensors(data, directory, count, data_offset):
    """The directory, and that its tensors fill [data_offset, file size) without damage."""
    require(0 < 40 * count == len(directory), "tensor directory: not 40 bytes a tensor")
    tensors = [Tensor(*entry) for entry in struct.iter_unpack("<HHHHIIQQII", directory)]
    end, last_key = data_offset, (-1, -1)
    for t in tensors:
        name = f"tensor (layer {t.layer}, slot {t.slot})"
        require(last_key < (t.layer, t.slot), f"{name}: directory is not sorted")
        require(t.type < len(TYPE_NAMES), f"{name}: unknown type {t.type}")
        require(t.rows > 0 and t.cols > 0 and (t.type > 0 or t.rows == 1), f"{name}: bad shape")
        # "ROTATED (q8, q4, q4f with cols >= 256, always)"
        rotated = t.type in (Q8, Q4, Q4F) and t.cols >= BLOCK
        require(t.flags == int(rotated), f"{name}: flags {t.flags}")
        require(t.bytes == tensor_bytes(t), f"{name}: {t.bytes} bytes do not fit its shape")
        # "each next one at the 64-byte boundary after the one before", "Gaps are zero"
        require(t.offset == round_up(end), f"{name}: out of place")
        require(t.offset + t.bytes <= len(data), f"{name}: beyond the end of the file")
        require(not any(data[end:t.offset]), f"{name}: the gap before it is not zero")
        end, last_key = t.offset + t.bytes, (t.layer, t.slot)
        require(zlib.crc32(data[t.offset:end]) == t.crc, f"{name}: CRC differs, file is damaged")
    require(round_up(end) == len(data) and not any(data[end:]), "file: does not end as it should")
    return tensors


def read_chat(data, tokenizer):
    """(BOS comes first, the model's own system message or None)"""
    adds = bool(tokenizer) and struct.unpack_from("<I", tokenizer, 20)[0] & 1
    if data is None:
        return int(adds), None
    require(len(data) >= 8, "chat section: too short")
    first, size = struct.unpack_from("<II", data)
    # "plus 256: the message is a preface"
    require(first < 512 and first & 255 <= 2, "chat section: bad rule")
    first &= 255
    require(size <= 65536 and size == len(data) - 8, "chat section: bad sizes")
    # "UTF-8 without a NUL, then one NUL, which ends the section"
    require(not size or data.find(b"\0", 8) == len(data) - 1, "chat section: no NUL at its end")
    return int((adds, 1, 0)[first]), data[8:-1].decode("utf-8") if size else None


def read_texts(section):
    """Texts of UTF-8, each with a NUL behind it."""
    require(not section or section[-1] == 0, "labels or prompts: no NUL at the end")
    return [text.decode("utf-8") for text in section.split(b"\0")[:-1]]


def check_encoder(h, kinds, sections):
    """The limits "of an encoder"; returns (labels, prompts by name)."""
    def has(task):
        return h.tasks >> task & 1

    require(h.types <= 1 << 16 and h.labels <= 1 << 16 and h.vector <= 1 << 16
            and 1 <= h.embedding <= 1 << 16 and 1 <= h.ffns <= 5 and h.longest <= h.context,
            "encoder: a size is out of range")
    require(h.tasks < 1 << 7 and not h.tasks & 1 and h.task <= NEXT and h.bottleneck < 64
            and h.activation <= 4 and h.pooler <= 3 and h.vector_flags <= 7
            and h.label_scores <= 2 and h.rank_scores <= 2 and kinds[3] <= 4,
            "encoder: a value that the specification does not name")
    require(h.kv_heads == h.heads and h.rotary == 0, "encoder: heads or rotary size")
    require(kinds[0] == MOBILEBERT
            or (h.bottleneck == 0 and h.inner in (0, h.hidden) and h.embedding == h.hidden),
            "encoder: a bottleneck")
    require(bool(h.bottleneck & 32) == (bool(h.bottleneck & 8) or h.embedding != h.hidden),
            "encoder: bottleneck flag 32")
    require(h.bottleneck & 1 or (not h.bottleneck & 6 and h.inner in (0, h.hidden)),
            "encoder: a bottleneck without flag 1")
    require(h.bottleneck & 6 != 6, "encoder: bottleneck flags 2 and 4")
    require(not has(FILL) or h.embedding <= h.hidden, "encoder: embedding size and a fill head")
    require(h.pooler or not (has(CLASSIFY) or has(NEXT)), "encoder: a head without a pooler")
    require(bool(h.labels) == bool(has(CLASSIFY) or has(TAG)), "encoder: labels")
    labels, prompts = (read_texts(sections.get(kind, b"")) for kind in (LABELS, PROMPTS))
    require(len(labels) == h.labels and len(prompts) % 2 == 0, "encoder: number of its texts")
    return labels, list(zip(prompts[::2], prompts[1::2]))


def read_model(path):
    with open(path, "rb") as file:
        data = file.read()
    require(data[:8] == MAGIC, "not an .slm file (magic)")
    require(len(data) >= 256, "file is cut off: no whole header")
    major, minor, head_crc, file_size, data_offset, content_id = struct.unpack_from(
        "<HHIQQQ", data, 8)
    section_count, _, tensor_count = struct.unpack_from("<HHI", data, 40)
    require(major == 1, f"version {major}.{minor}, this program reads 1")  # any minor
    require(file_size == len(data), f"file has {len(data)} bytes, its header says {file_size}")
    require(section_count <= 16 and data_offset % LINE == 0 and data_offset <= MAX_DATA_OFFSET
            and 256 + 32 * section_count <= data_offset <= file_size, "header: impossible sizes")
    require(zlib.crc32(data[16:data_offset]) == head_crc, "head: CRC differs, file is damaged")
    kinds = struct.unpack_from("<4H", data, 64)
    h = Header(*struct.unpack_from("<20I6f8I", data, 72))
    require(kinds[0] in ARCHITECTURES, f"architecture {kinds[0]} is unknown")
    require(kinds[1] in TOKENIZERS, f"tokenizer kind {kinds[1]} is unknown")
    require(kinds[2] in CHAT_FORMATS, f"chat format {kinds[2]} is unknown")
    sections = read_sections(data, section_count, data_offset)
    layer_kinds = sections.get(LAYER_KINDS, bytes(h.layers))
    later = (CHAT in sections or kinds[0] > MOBILEBERT or kinds[1] > 3 or kinds[2] > 4
             or any(kind > 1 for kind in layer_kinds))
    least = 2 if kinds[0] in ENCODERS else int(later)
    require(minor == least or minor > 2, f"minor {minor} does not say what is there")
    require(DIRECTORY in sections, "no tensor directory")
    require(kinds[1] == 0 or TOKENIZER in sections, "no tokenizer section")
    tokenizer, directory = sections.get(TOKENIZER, b""), sections[DIRECTORY]
    require(fnv1a(data[64:256], tokenizer, directory) == content_id, "content id differs")
    # "or two such tables, the second for layers with kind bit 1"
    require(len(sections.get(FREQUENCIES, b"")) in (h.rotary // 2 * 4, h.rotary // 2 * 8),
            "inverse frequencies: not rotary size / 2")
    require(len(layer_kinds) == h.layers and max(layer_kinds) <= 3,
            "layer kinds: not one sum of 1 and 2 a layer")
    # "the header's window, which is 0 if there is no such layer and from 1 to 2^20 if there is"
    require(h.eps >= 0 and 0 < h.embedding_scale < np.inf and 0 <= h.logit_cap < np.inf
            and 0 <= h.attention_cap < np.inf, "a scale or a cap is out of range")
    require(kinds[0] <= MOBILEBERT or h.activation <= 4, "activation: one that has no name")
    require(kinds[0] not in ENCODERS or (h.logit_cap == 0 and h.embedding_scale == 1),
            "encoder: a logit cap or an embedding scale")
    require(h.window <= 1 << 20 and (h.window > 0) == any(kind & 1 for kind in layer_kinds),
            "window: not as it should")
    encoder = check_encoder(h, kinds, sections) if kinds[0] in ENCODERS else None
    tensors = read_tensors(data, directory, tensor_count, data_offset)
    check_tensors(kinds[0], h, tensors)
    return Model(data, h, kinds, sections, tensors, content_id, encoder)


# ---- which tensors there are ----------------------------------------------------------------

def layer_slots(kind, h, inner):
    """(slot, rows, columns, present) of a layer, in the order of the table."""
    berts, flags = kind in ENCODERS, h.bottleneck if kind == MOBILEBERT else 0
    n, k, d, i = h.heads * h.head_size, h.kv_heads * h.head_size, h.head_size, h.intermediate
    gated = kind == LLAMA or kind in QWENS or kind in GEMMAS
    sandwich = kind in (GEMMA2, GEMMA3)
    norms2, wide = gated or kind == GPT_NEO or kind in GPTS or berts, h.hidden
    qkv, ffn = kind in (PHI, QWEN2) or kind in GPTS or berts, not gated
    out = ffn and kind != GPTJ
    value = wide if flags & 1 and not flags & 4 else inner
    head_norms = kind in (QWEN3, GEMMA3) or (kind == PHI and h.flags & 2)
    table = [(1, 1, inner, True), (2, 1, inner, ffn), (3, n, inner, True), (4, 1, n, qkv),
             (5, k, inner, True), (6, 1, k, qkv), (7, k, value, True), (8, 1, k, qkv),
             (9, inner, n, True), (10, 1, inner, out)]
    table += [(slot, 1, d, head_norms and (slot % 2 or kind == PHI)) for slot in (11, 12, 13, 14)]
    table += [(15, 1, inner, norms2), (16, 1, inner, norms2 and not gated),
              (17, i, inner, True), (18, 1, i, ffn), (19, i, wide, gated),
              (21, inner, i, True), (22, 1, inner, ffn)]
    for slot, flag in ((23, 1), (27, 2)):
        table += [(slot, inner, wide, flags & flag), (slot + 1, 1, inner, flags & flag),
                  (slot + 2, 1, inner, flags & flag), (slot + 3, 1, inner, flags & flag)]
    table += [(31, wide, inner, flags & 1)] + [(slot, 1, wide, flags & 1) for slot in (32, 33, 34)]
    for stacked in range(4):
        there, slot = berts and h.ffns > stacked + 1, 35 + 6 * stacked
        table += [(slot, i, inner, there), (slot + 1, 1, i, there), (slot + 2, inner, i, there)]
        table += [(slot + more, 1, inner, there) for more in (3, 4, 5)]
    return table + [(59, 1, wide, sandwich), (61, 1, wide, sandwich)]


def model_slots(kind, h):
    berts, flags, wide = kind in ENCODERS, h.bottleneck if kind == MOBILEBERT else 0, h.hidden
    decoder, tied = not berts, h.flags & 1
    embedding = h.embedding if berts else wide

    def has(task):
        return berts and h.tasks >> task & 1

    return [(64, h.rows, embedding, True), (65, h.context, wide, kind in (GPT_NEO, GPT2) or berts),
            (66, h.types, wide, berts and h.types), (67, 1, wide, berts), (68, 1, wide, berts),
            (69, 1, wide, decoder),
            (70, 1, wide, decoder and kind not in (LLAMA, *QWENS, *GEMMAS)),
            (71, h.rows, wide, decoder and not tied), (72, 1, h.rows, kind in (PHI, GPTJ)),
            (73, wide, embedding * (3 if flags & 8 else 1), flags & 32), (74, 1, wide, flags & 32),
            (75, wide, wide, berts and h.pooler > 1), (76, 1, wide, berts and h.pooler > 1),
            (77, h.labels, wide, has(CLASSIFY)), (78, 1, h.labels, has(CLASSIFY)),
            (79, h.labels, wide, has(TAG)), (80, 1, h.labels, has(TAG)),
            (81, 2, wide, has(ANSWER)), (82, 1, 2, has(ANSWER)),
            (83, 2, wide, has(NEXT)), (84, 1, 2, has(NEXT)),
            (85, wide, wide, has(FILL)), (86, 1, wide, has(FILL)), (87, 1, wide, has(FILL)),
            (88, 1, wide, has(FILL)), (89, h.rows, embedding, has(FILL) and not tied),
            (90, 1, h.rows, has(FILL)),
            (91, h.rows, wide - embedding, has(FILL) and wide > embedding),
            (93, h.vector, wide, berts and h.vector),
            (94, 1, h.vector, berts and h.vector and h.vector_flags & 4)]


def check_tensors(kind, h, tensors):
    """Exactly the tensors of the table, with its shapes."""
    inner = h.inner if kind == MOBILEBERT and h.inner else h.hidden
    wanted = [(layer, slot, rows, cols) for layer in range(h.layers)
              for slot, rows, cols, there in layer_slots(kind, h, inner) if there]
    wanted += [(0xFFFF, slot, rows, cols) for slot, rows, cols, there in model_slots(kind, h) if there]
    found = [(t.layer, t.slot, t.rows, t.cols) for t in tensors]
    require(found == wanted, f"tensors: {sorted(set(found) ^ set(wanted))[:4]} differ")
    matrices = {3, 5, 7, 9, 17, 19, 21, 23, 27, 31, 64, 65, 66, 71, 73, 75, 77, 79, 81, 83, 85, 89, 91, 93}
    matrices |= {slot + more for slot in range(35, 59, 6) for more in (0, 2)}
    for t in tensors:
        name = f"tensor (layer {t.layer}, slot {t.slot})"
        require((t.type != 0) == (t.slot in matrices), f"{name}: vector or matrix")
        require(t.type == F32 or not (75 <= t.slot <= 85 or t.slot == 93) or not t.type,
                f"{name}: a head that is not f32")
        require(kind != MOBILEBERT or t.type < Q8, f"{name}: MobileBERT with codes")


# ---- weights --------------------------------------------------------------------------------

def codes_to_rows(codes):
    """[tiles][columns / 4][16][4] to [rows][columns]: "column 4*i + j of a row at [i][row][j]"."""
    tiles, quads = codes.shape[:2]
    return codes.transpose(0, 2, 1, 3).reshape(tiles * TILE_ROWS, quads * 4)


def spread(scales, width):
    """[tiles][n][16] values, one for every `width` columns, to [rows][n * width]."""
    tiles, count = scales.shape[:2]
    return np.repeat(scales.transpose(0, 2, 1).reshape(tiles * TILE_ROWS, count), width, axis=1)


def q8_rows(tiles, cols):
    blocks, quads = -(-cols // BLOCK), 2 * -(-cols // 8)
    scales = tiles[:, :blocks * 32].copy().view("<f2").astype(np.float32)
    start = round_up(blocks * 32)
    codes = tiles[:, start:start + quads * 64].reshape(-1, quads, TILE_ROWS, 4)
    weights = codes_to_rows(codes).astype(np.float32) - np.float32(128)     # exact
    return weights[:, :cols] * spread(scales.reshape(-1, blocks, TILE_ROWS), BLOCK)[:, :cols]


def q4_rows(tiles, cols, group):
    row_scales = tiles[:, :64].copy().view("<f4").reshape(-1, 1)
    blocks, at = [], 64
    for width in block_widths(cols):
        groups = -(-width // group)
        scales = tiles[:, at:at + groups * 16].copy().view(np.int8).astype(np.int32)
        at += round_up(groups * 16)
        octets = groups * group // 8
        codes = tiles[:, at:at + octets * 64].reshape(-1, octets, 1, TILE_ROWS, 4)
        at += octets * 64
        # low nibble: "column 8*i + j", high nibble: "column 8*i + 4 + j"
        codes = np.concatenate([codes & 15, codes >> 4], axis=2)
        weights = TABLE[codes_to_rows(codes.reshape(-1, octets * 2, TILE_ROWS, 4))]
        # "weight = (w * sub-scale) * row scale": the first product in integers, so 0 * -5 is +0
        weights = weights * spread(scales.reshape(-1, groups, TILE_ROWS), group)
        blocks.append((weights.astype(np.float32) * row_scales)[:, :width])
    return np.concatenate(blocks, axis=1)


def stored_rows(model, tensor):
    """The tensor as f32 [rows, cols], as stored (rotated ones are not turned back)."""
    raw = np.frombuffer(model.data, np.uint8, tensor.bytes, tensor.offset)
    rows, cols, kind = tensor.rows, tensor.cols, tensor.type
    if kind == 0:
        return raw.view("<f4").reshape(1, cols)
    tiles = raw.reshape(-1, tile_bytes(kind, cols))
    if kind == Q8:
        return q8_rows(tiles, cols)[:rows]
    if kind in (Q4, Q4F):
        return q4_rows(tiles, cols, GROUP[kind])[:rows]
    code = {F32: "<f4", F16: "<f2", BF16: "<u2"}[kind]
    values = tiles[:, :cols * TILE_ROWS * int(code[2])].copy().view(code)
    if kind == BF16:                                                  # "upper halves of f32"
        values = (values.astype(np.uint32) << 16).view(np.float32)
    values = values.astype(np.float32).reshape(-1, cols, TILE_ROWS)   # "a tile is [cols][16]"
    return values.transpose(0, 2, 1).reshape(-1, cols)[:rows]


def turn_back(weights):
    """ROTATED undone: "the butterfly, the multiply, then the signs"."""
    out, cols, start = weights.astype(np.float32), weights.shape[1], 0
    while start < cols:
        # "blocks of 256 and, for what remains, of the largest power of two that fits"
        block = min(BLOCK, 1 << ((cols - start).bit_length() - 1))
        part = out[:, start:start + block].copy()
        h = 1
        while h < block:
            pairs = part.reshape(len(part), -1, 2, h)
            a, b = pairs[:, :, 0].copy(), pairs[:, :, 1].copy()
            pairs[:, :, 0], pairs[:, :, 1] = a + b, a - b
            h *= 2
        factor = np.float32(1) / np.sqrt(np.float32(block))           # two f32 operations
        out[:, start:start + block] = part * factor
        start += block
    i = np.arange(cols, dtype=np.uint32)                              # all of it modulo 2^32
    mix = i * np.uint32(0x9E3779B1) ^ (i * np.uint32(0x85EBCA6B) >> np.uint32(15))
    return out * np.where(mix >> np.uint32(31), np.float32(-1), np.float32(1))


# ---- output ---------------------------------------------------------------------------------

def json_string(text):
    codes = {code: f"\\u{code:04x}" for code in [*range(32), *range(127, 160)]}
    return '"' + text.translate({**codes, ord('"'): '\\"', ord("\\"): "\\\\"}) + '"'


def check_joints(words, count, merges, bytes_of):
    """Of kind 2: each merge has its joint, and each joint a merge."""
    joints = set()
    for left, right, rank, result in (merges[i:i + 4] for i in range(0, len(merges), 4)):
        if left == 0xFFFFFFFF:
            continue
        require(max(left, right, result) < count and rank != 0xFFFFFFFF, "a merge out of range")
        joints.add(256 * bytes_of(left)[-1] + bytes_of(right)[0])
    found = {i for i in range(65536) if words[i // 32] >> i % 32 & 1}
    require(found == joints, "the joints are not those of the merges")


def word_tables(words):
    """bounds, keys and shorter of tokens, as sorted; those that do not exist are None and last."""
    there = [word for word in words if word is not None]

    def before(text):
        return sum(word < text for word in there)

    bounds = [before(bytes([b])) for b in range(256)] + [len(there)]
    bounds += [before(b"##" + bytes([b])) for b in range(256)] + [before(b"#$")]
    keys, shorter, places = [], [], {word: place for place, word in enumerate(there)}
    require(len(places) == len(there), "two tokens have the same bytes")
    for word in words:
        first = (word or b"")[2 * (word is not None and word[:2] == b"##" and len(word) > 2):]
        keys.append(int.from_bytes(first[:4].ljust(4, b"\0"), "big"))
        found = [places[word[:n]] for n in range(len(word or b"")) if word[:n] in places]
        shorter.append(found[-1] if found else 0xFFFFFFFF)
    return bounds, keys, shorter


def check_tokenizer_head(kind, head, used):
    require(head[0] == used and head[6] <= 8, "tokenizer section: bad count")
    if kind == 3:
        cls, unk, sep, longest, mask = *head[3:5], *head[18:21]
        require(head[1] == head[2] == head[17] == 0 and head[5] < 128 and 1 <= longest <= 256
                and max(cls, unk, sep) < used and (mask < used or mask == 0xFFFFFFFF),
                "tokenizer section: words")
    else:
        require(head[17] == 1 or (kind == 2 and head[17] == 0), "bad count of byte tokens")
    if kind == 4:
        check_steps(head, used)
    rest = {1: 18, 2: 20, 3: 21, 4: 23 if head[5] & 64 else 22}[kind]
    require(not any(head[rest:23 if kind == 4 else 24]), "tokenizer section: not zero")


def check_steps(head, used):
    """What kind 4 has more than kind 1."""
    steps = struct.pack("<2I", *head[19:21])
    named = steps.rstrip(b"\0")
    behind, missing, mask = head[18], head[21], head[22]
    encoder = head[5] & 64
    require(named and all(1 <= step <= 21 for step in named), "tokenizer section: steps")
    require(head[5] < (4096 if encoder else 64) and not head[5] & 8
            and (not head[5] & 2 or named == b"\x01"), "tokenizer section: flags")
    require(head[23] & (head[23] - 1) == 0, "tokenizer section: slots of whole words")
    require(not encoder or (head[5] & 49 == 33 and (mask < used or mask == 0xFFFFFFFF)),
            "tokenizer section: an encoder's flags or [MASK]")
    require(behind < used or (behind == 0xFFFFFFFF and not head[5] & 32), "the token behind a text")
    require(missing < used or missing == 0xFFFFFFFF, "the token of bytes without one")
    require(7 not in named or 15 in named[:named.index(7)], "ends of parts that are no lines")


def check_whole(slots, bytes_of):
    """Each whole word stands where a search for it looks."""
    places = {}
    for at, token in enumerate(slots):
        if token != 0xFFFFFFFF:
            require(places.setdefault(bytes_of(token), at) == at, "a whole word twice")
    for word, at in places.items():
        place = 0x811C9DC5 ^ len(word)
        for byte in word[:16]:
            place = (place ^ byte) * 0x01000193 & 0xFFFFFFFF
        place = (place ^ place >> 15) & len(slots) - 1
        looked = 0
        while place != at:
            require(slots[place] != 0xFFFFFFFF and looked < 1024, "a whole word out of its place")
            place, looked = (place + 1) % len(slots), looked + 1


def read_tokenizer(kind, section, used):
    """Checks its parts; returns the end tokens, and an encoder's [CLS], [SEP], [MASK] and whether
    spaces are left out before punctuation."""
    require(len(section) >= 96, "tokenizer section: too short")
    head = struct.unpack_from("<24I", section)
    count, slots, blob_bytes, added, has_bytes = head[0], head[1], head[15], head[16], head[17]
    check_tokenizer_head(kind, head, used)
    at = 96

    def take(number, width=4):
        nonlocal at
        part = section[at:at + number * width]
        require(len(part) == number * width, "tokenizer section: cut")
        at += (number * width + 3) // 4 * 4
        return struct.unpack(f"<{number}I", part) if width == 4 else part

    offsets, attributes = take(count + 1), take(count, 1)
    order = take(count)
    byte_tokens = take(256) if kind != 3 else ()
    require(sorted(order) == list(range(count)), "sorted ids are no permutation")
    ascii_tokens, joints = (take(128), take(2048)) if kind == 2 else ((), ())
    whole = take(head[23]) if kind == 4 else ()
    words = (take(514), take(count), take(count)) if kind == 3 else None
    merges, entries = take(4 * slots), take(4 * added)
    blob = take(blob_bytes, 1)
    require(at - len(section) < 4 and offsets[count] <= blob_bytes, "tokenizer section: size")

    def bytes_of(token):
        return blob[offsets[token]:offsets[token + 1]]

    for byte, token in enumerate(byte_tokens):
        require(token == 0xFFFFFFFF or bytes_of(token) == bytes([byte]), "a byte's token")
    require(kind != 2 or all((t != 0xFFFFFFFF) == has_bytes for t in byte_tokens), "byte tokens")
    for code, token in enumerate(ascii_tokens):
        require(token == 0xFFFFFFFF or bytes_of(token) == bytes([code]), "a character's token")
    require(all(entries[i] < count for i in range(0, len(entries), 4)), "an added token")
    check_whole(whole, bytes_of)
    if kind == 2:
        require(head[5] < 1024 and head[19] <= 4, "flags or prefix")
        require(all(attributes[t] & 8 for t in byte_tokens if t != 0xFFFFFFFF), "attribute 8")
        check_joints(joints, count, merges, bytes_of)
    if kind == 3:
        texts = [bytes_of(t) if attributes[t] & 1 else None for t in order]
        require(tuple(map(list, words)) == word_tables(texts), "bounds, keys or shorter tokens")
    mask, tidy = (88, 2048) if kind == 4 else (80, 64)
    special = tuple(struct.unpack_from("<i", section, place)[0] for place in (12, 72, mask))
    return struct.unpack_from(f"<{head[6]}i", section, 28), special + (int(head[5] & tidy != 0),)


def describe_decoder(model, end_tokens):
    first, system = read_chat(model.sections.get(CHAT), model.sections.get(TOKENIZER))
    return [("chat_format", json_string(CHAT_FORMATS[model.kinds[2]])), ("chat_adds_bos", first),
            ("system_message", "null" if system is None else json_string(system)),
            ("end_tokens", "[" + ", ".join(map(str, end_tokens)) + "]")]


def first_task(h):
    """"the first one of the file's heads, or embed", unless the file names one that it has."""
    if h.task and h.tasks >> h.task & 1:
        return h.task
    return next((task for task in range(CLASSIFY, NEXT + 1) if h.tasks >> task & 1), EMBED)


def describe_encoder(model, special):
    h, (labels, prompts) = model.header, model.encoder
    tasks = [TASKS[task] for task in range(EMBED, NEXT + 1) if (h.tasks | 2) >> task & 1]
    tokens = special[:3] + (struct.unpack("<i", struct.pack("<I", h.pad))[0],)
    entries = [("tasks", "[" + ", ".join(map(json_string, tasks)) + "]"),
               ("task", json_string(TASKS[first_task(h)])),
               ("labels", "[" + ", ".join(map(json_string, labels)) + "]"),
               ("label_scores", json_string(SCORES[h.label_scores])),
               ("rank_scores", json_string(SCORES[h.rank_scores])),
               ("pooling", json_string(POOLINGS[model.kinds[3]])),
               ("embedding_size", h.vector or h.hidden), ("prompts", json_pairs(prompts)),
               ("token_types", h.types), ("longest_text", h.longest or h.context)]
    names = ("cls_token", "sep_token", "mask_token", "pad_token")
    entries += [(name, token if token >= 0 else "null") for name, token in zip(names, tokens)]
    return entries + [("tidy_spaces", special[3])]


def json_pairs(pairs):
    return "[" + ", ".join(f"[{json_string(key)}, {json_string(value)}]" for key, value in pairs) + "]"


def describe(model):
    h, tensors = model.header, model.tensors
    end_tokens, special = (), (-1, -1, -1, 0)
    if model.kinds[1] != 0:
        end_tokens, special = read_tokenizer(model.kinds[1], model.sections[TOKENIZER], h.used)
    texts = model.sections.get(METADATA, b"").decode("utf-8", "replace")
    texts = texts.removesuffix("\0").split("\0")              # "key NUL value NUL ..."
    parameters = sum(t.rows * t.cols for t in tensors)
    weight_bytes = sum(t.bytes for t in tensors)
    weights = next((t.type for t in tensors if t.type != 0), 0)      # that of the first matrix
    entries = [("architecture", json_string(ARCHITECTURES[model.kinds[0]])),
               ("kind", json_string("encoder" if model.encoder else "decoder")),
               ("weights", json_string(TYPE_NAMES[weights])),
               ("tokenizer", json_string(TOKENIZERS[model.kinds[1]]))]
    entries += describe_encoder(model, special) if model.encoder else describe_decoder(model, end_tokens)
    names = ("vocabulary_rows vocabulary context layers hidden intermediate heads kv_heads "
             "head_size rotary_size").split()
    layer_kinds = model.sections.get(LAYER_KINDS, bytes(h.layers))
    entries += zip(names, h)
    entries += [("rotary_layers", sum(h.rotary > 0 and kind < 2 for kind in layer_kinds)),
                ("window", h.window), ("window_layers", sum(kind & 1 for kind in layer_kinds))]
    entries += [("tensors", len(tensors)), ("parameters", parameters),
                ("weight_bytes", weight_bytes), ("file_bytes", len(model.data)),
                ("bits_per_weight", f"{8 * weight_bytes / parameters:.3f}"),
                ("content_id", f'"{model.content_id:016x}"'),
                ("metadata", json_pairs(zip(texts[0::2], texts[1::2])))]
    return "{\n" + ",\n".join(f'  "{key}": {value}' for key, value in entries) + "\n}\n"


def main(arguments):
    options = arguments[1:]
    if not arguments or (options[:1], len(options)) not in (
            ([], 0), (["--weights"], 2), (["--turned-back"], 4)):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        model = read_model(arguments[0])
        if not options:
            sys.stdout.buffer.write(describe(model).encode("utf-8"))
        elif options[0] == "--weights":
            with open(options[1], "wb") as out:
                for tensor in model.tensors:
                    out.write(stored_rows(model, tensor).astype("<f4").tobytes())
        else:
            wanted = (int(options[1], 0), int(options[2], 0))
            found = [t for t in model.tensors if (t.layer, t.slot) == wanted]
            require(found, f"no tensor (layer {wanted[0]}, slot {wanted[1]})")
            weights = stored_rows(model, found[0])
            weights = turn_back(weights) if found[0].flags & 1 else weights
            with open(options[3], "wb") as out:
                out.write(weights.astype("<f4").tobytes())
    except (Refused, OSError, ValueError) as problem:
        print(f"read_slm.py: {arguments[0]}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
