/* Damaged files: whatever the bytes, opening gives an error or a model that runs. The models
   are made here, small enough that every length and every bit of the head can be tried; with
   the address sanitizer one byte read behind the file is seen. Part of the runner. */

#if defined(__SANITIZE_ADDRESS__)
#define DAMAGE_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DAMAGE_ASAN
#endif
#endif
#ifdef DAMAGE_ASAN
#include <sanitizer/asan_interface.h>
/* every third bit and fewer mutations, since each costs four times as much */
#define DAMAGE_STEP 3
#define DAMAGE_ROUNDS 4000
#define DAMAGE_FORBID(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define DAMAGE_ALLOW(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define DAMAGE_STEP 1
#define DAMAGE_ROUNDS 10000
#define DAMAGE_FORBID(at, size) ((void)(at), (void)(size))
#define DAMAGE_ALLOW(at, size) ((void)(at), (void)(size))
#endif

/* A block in which exactly `size` bytes from a 64-byte boundary may be touched. */
typedef struct damage_block {
    uint8_t *memory, *bytes;
    size_t capacity;
} damage_block;

static void damage_reserve(damage_block *block, size_t capacity) {
    block->memory = (uint8_t *)malloc(capacity + 128);
    block->bytes = (uint8_t *)(((uintptr_t)block->memory + 63) / 64 * 64);
    block->capacity = capacity;
    memset(block->bytes, 0x5A, capacity + 64);
}
static void damage_limit(damage_block *block, size_t size) {
    DAMAGE_ALLOW(block->bytes, block->capacity);
    DAMAGE_FORBID(block->bytes + size, block->capacity + 64 - size);
}
static void damage_free(damage_block *block) {
    DAMAGE_ALLOW(block->bytes, block->capacity + 64);
    free(block->memory);
}

static void damage_put(uint8_t *at, unsigned width, uint64_t value) {
    unsigned i;
    for (i = 0; i < width; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* ---- the models -------------------------------------------------------------------------- */

typedef struct damage_kind {
    uint32_t architecture, layers, hidden, ffn, heads, kv_heads, head_size, rotary, flags;
    uint32_t merge_slots; /* 0: no tokenizer */
    uint32_t pieces;      /* 1: a tokenizer of kind 2 */
    uint32_t window;      /* of the layers of odd number */
    const uint32_t *encoder; /* see damage_fields; or NULL */
} damage_kind;

/* Where the fields of an encoder stand in the header, and in slm__shape. */
static const struct { size_t at, field; } damage_fields[] = {
    {116, offsetof(slm__shape, token_types)}, {120, offsetof(slm__shape, labels)},
    {124, offsetof(slm__shape, tasks)}, {128, offsetof(slm__shape, embedding)},
    {132, offsetof(slm__shape, inner)}, {136, offsetof(slm__shape, stack)},
    {140, offsetof(slm__shape, bottleneck_flags)}, {176, offsetof(slm__shape, activation)},
    {180, offsetof(slm__shape, longest_text)}, {184, offsetof(slm__shape, pooler)},
    {188, offsetof(slm__shape, vector)}, {192, offsetof(slm__shape, vector_flags)},
    {196, offsetof(slm__shape, label_scores)}, {200, offsetof(slm__shape, rank_scores)}};
enum { DAMAGE_FIELDS = sizeof damage_fields / sizeof damage_fields[0], DAMAGE_LABELS = 3 };
/* all heads but the tagger, whose labels are the classifier's, sentence vectors of another size */
static const uint32_t damage_bert[DAMAGE_FIELDS] = {2, 3, 0x76, 6, 0, 1, 0, 4, 20,
                                                    SLM__POOLER_TANH, 5, 7, 1, 2};
/* bottlenecks, trigrams, two feed-forwards, the tagger, a fill head that is wider */
static const uint32_t damage_mobile[DAMAGE_FIELDS] = {3, 3, 0x18, 4, 6, 2, 43, 0, 0,
                                                      SLM__POOLER_FIRST, 0, 0, 0, 0};
static const char damage_labels[] = "no\0\303\251\0"; /* and "" */
static const char damage_prompts[] = "\0a: \0query\0q: ";

static const damage_kind damage_kinds[] = {
    {1, 1, 6, 258, 4, 2, 3, 2, 2, 16, 0, 0, NULL}, /* most tensors, one of them rotated */
    {2, 2, 5, 7, 2, 2, 4, 4, 1, 0, 0, 0, NULL},    /* tied, no tokenizer */
    {3, 2, 5, 7, 4, 2, 6, 6, 0, 0, 0, 0, NULL},    /* heads wider than the stream, shared keys */
    {2, 1, 4, 4, 1, 1, 4, 4, 1, 16, 1, 0, NULL},   /* SentencePiece */
    {4, 2, 6, 7, 2, 2, 3, 0, 1, 0, 0, 3, NULL},    /* a table of positions, a window */
    {5, 2, 6, 7, 2, 2, 3, 0, 1, 0, 0, 0, damage_bert},
    {7, 1, 9, 5, 2, 2, 3, 0, 0, 0, 0, 0, damage_mobile},
    {9, 2, 5, 7, 4, 2, 6, 4, 0, 0, 0, 0, NULL},    /* norms of heads without biases */
    {13, 1, 6, 7, 2, 2, 3, 0, 1, 0, 0, 0, NULL},   /* a table of positions, no window */
    {12, 2, 6, 7, 4, 2, 4, 4, 1, 0, 0, 3, NULL}};  /* norms of branches, caps, a window */
static const damage_kind damage_uneven = { /* no power of 2 */
    1, 1, 4, 4, 1, 1, 4, 2, 0, 24, 0, 0, NULL};
static const damage_kind damage_roomy = {1, 1, 4, 4, 1, 1, 4, 2, 0, 2048, 0, 0, NULL};
typedef struct damage_file {
    damage_block block;
    uint8_t *bytes;
    size_t size, data, frequencies, kinds, metadata, tokenizer, directory, chat;
    size_t tokenizer_bytes, tensors, labels, prompts;
} damage_file;

static const char *const damage_tokens[] = { /* the 20th does not exist */
    "a", "b", " ", "t", "h", "e", "\n", "\303", "\251", "aa", "aaaa", "ab", " t", "he", " the",
    "<e>", "<n>", "<n>>", "<w>", ""};
static const uint32_t damage_merges[][3] = {{0, 0, 9}, {9, 9, 10}, {0, 1, 11},
                                            {2, 3, 12}, {4, 5, 13}, {12, 13, 14}};
static const uint32_t damage_added[][2] = {
    {15, SLM__ADDED_SPECIAL}, {16, SLM__ADDED_NORMALIZED | SLM__ADDED_LSTRIP},
    {17, SLM__ADDED_RSTRIP}, {18, SLM__ADDED_SINGLE_WORD}};
static const char damage_own[] = "Be \303\251.\n"; /* the model's own system message */
enum { DAMAGE_TOKENS = 20, DAMAGE_ROWS = 21, DAMAGE_MERGES = 6, DAMAGE_ADDED = 4 };

/* Where the parts of the tokenizer section begin. */
enum {
    DAMAGE_OFFSETS = 96,
    DAMAGE_ATTRIBUTES = DAMAGE_OFFSETS + 4 * (DAMAGE_TOKENS + 1),
    DAMAGE_SORTED = DAMAGE_ATTRIBUTES + DAMAGE_TOKENS,
    DAMAGE_BYTES = DAMAGE_SORTED + 4 * DAMAGE_TOKENS,
    DAMAGE_TABLE = DAMAGE_BYTES + 4 * 256, /* of kind 1 */
    DAMAGE_JOINTS = DAMAGE_TABLE + 4 * 128,
    DAMAGE_PIECES_TABLE = DAMAGE_JOINTS + 4 * 2048
};

static void damage_put_merges(uint8_t *at, uint8_t *table, uint32_t slots) {
    uint32_t i, longest = 0;
    memset(table, 0xFF, slots * 16);
    for (i = 0; i < DAMAGE_MERGES; i++) {
        const uint32_t *m = damage_merges[i];
        uint32_t slot = (m[0] * 0x9E3779B1u + m[1] * 0x85EBCA6Bu) >> 7, looked = 1;
        uint8_t *merge;
        while (slm__u32(merge = table + slot % slots * 16) != 0xFFFFFFFFu)
            slot++, looked++;
        damage_put(merge, 4, m[0]);
        damage_put(merge + 4, 4, m[1]);
        damage_put(merge + 8, 4, i);
        damage_put(merge + 12, 4, m[2]);
        if (looked > longest) longest = looked;
    }
    damage_put(at + 8, 4, longest);
}

/* What only kind 2 has: "\303" stands for all bytes, and a space is put before each stretch. */
static void damage_put_pieces(uint8_t *at) {
    uint32_t i, joint;
    damage_put(at + 16, 4, 6);
    damage_put(at + 20, 4, SLM__TEXT_FLAGS - SLM__TEXT_LONE - SLM__TEXT_STRIP);
    damage_put(at + 72, 4, 15);
    damage_put(at + 76, 4, SLM__PREFIX_EACH);
    for (i = 0; i < 256; i++) damage_put(at + DAMAGE_BYTES + 4 * i, 4, 7);
    at[DAMAGE_ATTRIBUTES + 7] |= SLM__TOKEN_BYTE;
    at[DAMAGE_ATTRIBUTES + 16] |= SLM__TOKEN_APART;
    memset(at + DAMAGE_TABLE, 0xFF, 4 * 128);
    for (i = 0; i < 7; i++) damage_put(at + DAMAGE_TABLE + 4 * damage_tokens[i][0], 4, i);
    memset(at + DAMAGE_JOINTS, 0, 4 * 2048);
    for (i = 0; i < DAMAGE_MERGES; i++) {
        const char *left = damage_tokens[damage_merges[i][0]];
        joint = 256u * (uint8_t)left[strlen(left) - 1] +
                (uint8_t)damage_tokens[damage_merges[i][1]][0];
        at[DAMAGE_JOINTS + joint / 8] |= (uint8_t)(1u << joint % 8);
    }
}

static size_t damage_put_tokenizer(uint8_t *at, uint32_t slots, uint32_t pieces) {
    uint8_t *table = at + (pieces ? DAMAGE_PIECES_TABLE : DAMAGE_TABLE);
    uint8_t *added = table + slots * 16, *blob = added + DAMAGE_ADDED * 16;
    uint32_t used = 0, i, j, order[DAMAGE_TOKENS];
    damage_put(at, 4, DAMAGE_TOKENS);
    damage_put(at + 4, 4, slots);
    damage_put(at + 12, 4, 15);
    damage_put(at + 16, 4, 0xFFFFFFFFu);
    damage_put(at + 20, 4, 1);
    damage_put(at + 24, 4, 1);
    damage_put(at + 28, 4, 15);
    damage_put(at + 64, 4, DAMAGE_ADDED);
    damage_put(at + 68, 4, 1);
    memset(at + DAMAGE_BYTES, 0xFF, 4 * 256);
    for (i = 0; i < DAMAGE_TOKENS; i++) {
        size_t size = strlen(damage_tokens[i]);
        damage_put(at + DAMAGE_OFFSETS + 4 * i, 4, used);
        memcpy(blob + used, damage_tokens[i], size);
        used += (uint32_t)size;
        at[DAMAGE_ATTRIBUTES + i] = (uint8_t)(i < 15 ? 1 : i == 15 ? 7 : i < 19 ? 5 : 0);
        if (i < 9) damage_put(at + DAMAGE_BYTES + 4 * (uint8_t)damage_tokens[i][0], 4, i);
        for (j = i; j && i + 1 < DAMAGE_TOKENS &&
                    strcmp(damage_tokens[order[j - 1]], damage_tokens[i]) > 0; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    for (i = 0; i < DAMAGE_TOKENS; i++) damage_put(at + DAMAGE_SORTED + 4 * i, 4, order[i]);
    damage_put(at + DAMAGE_OFFSETS + 4 * DAMAGE_TOKENS, 4, used);
    damage_put(at + 60, 4, used);
    damage_put_merges(at, table, slots);
    if (pieces) damage_put_pieces(at);
    for (i = 0; i < DAMAGE_ADDED; i++) {
        uint32_t id = damage_added[i][0];
        damage_put(added + 16 * i, 4, id);
        damage_put(added + 16 * i + 4, 4, slm__u32(at + DAMAGE_OFFSETS + 4 * id));
        damage_put(added + 16 * i + 8, 4, strlen(damage_tokens[id]));
        damage_put(added + 16 * i + 12, 4, damage_added[i][1]);
    }
    return (size_t)(blob - at) + used;
}

static const slm__architecture *damage_row(const damage_kind *kind) {
    size_t i = 0;
    while (slm__architectures[i].id != kind->architecture) i++;
    return &slm__architectures[i];
}

static slm__shape damage_shape(const damage_kind *kind) {
    slm__shape shape;
    size_t i;
    memset(&shape, 0, sizeof shape);
    shape.vocab_rows = DAMAGE_ROWS;
    shape.vocab_used = kind->merge_slots ? DAMAGE_TOKENS : DAMAGE_ROWS;
    shape.context = 64;
    shape.layers = kind->layers;
    shape.hidden = kind->hidden;
    shape.ffn = kind->ffn;
    shape.heads = kind->heads;
    shape.kv_heads = kind->kv_heads;
    shape.head_size = kind->head_size;
    shape.rotary = kind->rotary;
    shape.window = kind->window;
    shape.flags = kind->flags;
    shape.embedding = shape.inner = shape.hidden;
    for (i = 0; kind->encoder && i < DAMAGE_FIELDS; i++)
        memcpy((uint8_t *)&shape + damage_fields[i].field, &kind->encoder[i], 4);
    if (kind->encoder) shape.stack--;
    if (!shape.inner) shape.inner = shape.hidden;
    return shape;
}

static uint64_t damage_state;

/* A scale of about 1/100: f16 for q8, f32 for q4 and q4f. */
static void damage_scales(uint8_t *tile, unsigned type, uint32_t cols) {
    size_t i, count = type == SLM_TYPE_Q8 ? slm__blocks(cols) * 16 : 16;
    for (i = 0; i < count; i++) {
        float scale = 0.005f + (float)(slm__random(&damage_state) >> 40) / 2e9f;
        if (type == SLM_TYPE_Q8) damage_put(tile + 2 * i, 2, slm__to_half(scale));
        else damage_put(tile + 4 * i, 4, slm__bits(scale / 30));
    }
}

/* Small random weights; a norm's are near 1. */
static void damage_fill(uint8_t *at, size_t bytes, unsigned type, uint32_t cols, int norm) {
    size_t i, tile = type ? slm__tile_bytes(type, cols) : bytes;
    size_t item = type == SLM_TYPE_F16 || type == SLM_TYPE_BF16 ? 2 : slm__integer(type) ? 1 : 4;
    for (i = 0; i < bytes; i += item) {
        uint32_t random = (uint32_t)(slm__random(&damage_state) >> 32);
        float value = (float)random / 4294967296.0f - 0.5f + (float)norm;
        if (type == SLM_TYPE_F16) damage_put(at + i, 2, slm__to_half(value));
        else if (type == SLM_TYPE_BF16) damage_put(at + i, 2, slm__bits(value) >> 16);
        else if (slm__integer(type)) at[i] = (uint8_t)(random | 1);
        else damage_put(at + i, 4, slm__bits(value));
    }
    for (i = 0; slm__integer(type) && i < bytes; i += tile) damage_scales(at + i, type, cols);
}

static unsigned damage_type(const slm__shape *shape, unsigned slot) {
    if (shape->bottleneck_flags)
        return slot == SLM__KEY || slot == SLM__FILL_REST ? SLM_TYPE_F16 : SLM_TYPE_F32;
    switch (slot) {
    case SLM__KEY:
    case SLM__UP: return SLM_TYPE_F16;
    case SLM__HEAD: return SLM_TYPE_BF16;
    case SLM__VALUE:
    case SLM__DOWN: return SLM_TYPE_Q8;
    case SLM__QUERY: return SLM_TYPE_Q4;
    case SLM__OUT: return SLM_TYPE_Q4F;
    default: return SLM_TYPE_F32;
    }
}

/* Writes one directory entry and its tensor, if the model has it. */
static void damage_put_tensor(damage_file *f, const slm__shape *shape, uint32_t features,
                              unsigned layer, const slm__expected *want) {
    uint8_t *entry = f->bytes + f->directory + f->tensors * 40;
    uint32_t rows = slm__extent_of(shape, want->rows), cols = slm__extent_of(shape, want->cols);
    unsigned type = want->rows == SLM__ONE ? SLM_TYPE_VECTOR : damage_type(shape, want->slot);
    int norm = want->slot == SLM__NORM || want->slot == SLM__NORM2 ||
               want->slot == SLM__QUERY_NORM || want->slot == SLM__KEY_NORM ||
               want->slot == SLM__FINAL_NORM || want->slot == SLM__OUT_NORM ||
               want->slot == SLM__DOWN_NORM;
    size_t bytes = type ? (rows + 15) / 16 * slm__tile_bytes(type, cols) : (size_t)cols * 4;
    if (!slm__has(features, want->needs)) return;
    damage_put(entry, 2, want->slot);
    damage_put(entry + 2, 2, layer);
    damage_put(entry + 4, 2, type);
    damage_put(entry + 6, 2, slm__rotated(type, cols));
    damage_put(entry + 8, 4, rows);
    damage_put(entry + 12, 4, cols);
    damage_put(entry + 16, 8, f->size);
    damage_put(entry + 24, 8, bytes);
    damage_fill(f->bytes + f->size, bytes, type, cols, norm);
    f->size = (f->size + bytes + 63) / 64 * 64;
    f->tensors++;
}

static size_t damage_section(damage_file *f, unsigned kind, size_t bytes) {
    unsigned count = slm__u16(f->bytes + 40);
    uint8_t *entry = f->bytes + 256 + 32 * count;
    size_t at = f->size;
    damage_put(f->bytes + 40, 2, count + 1);
    damage_put(entry, 4, kind);
    damage_put(entry + 4, 4, kind < 8); /* required */
    damage_put(entry + 8, 8, at);
    damage_put(entry + 16, 8, bytes);
    f->size = (f->size + bytes + 63) / 64 * 64;
    return at;
}

enum { DAMAGE_HEAD = 1, DAMAGE_ID = 2, DAMAGE_TENSORS = 4, DAMAGE_REPAIR = 7 };

/* The bytes of a section, as far as the table can be believed; 0: not there. */
static size_t damage_find(const uint8_t *bytes, size_t size, unsigned kind, size_t *count) {
    size_t i;
    for (i = 0; i < slm__u16(bytes + 40) && i < 16 && 256 + 32 * i + 32 <= size; i++) {
        const uint8_t *entry = bytes + 256 + 32 * i;
        uint64_t at = slm__u64(entry + 8), length = slm__u64(entry + 16);
        if (slm__u32(entry) != kind || at > size || length > size - at) continue;
        *count = (size_t)length;
        return (size_t)at;
    }
    return *count = 0;
}

/* Makes checksums and sizes agree with the rest again, as an attacker would. */
static void damage_repair(uint8_t *bytes, size_t size, unsigned what) {
    size_t at, count, tokens, i, tokenizer;
    uint64_t data, hash = UINT64_C(0xCBF29CE484222325);
    if (size < 256) {
        if (size >= 24) damage_put(bytes + 16, 8, size);
        return;
    }
    damage_put(bytes + 16, 8, size);
    at = damage_find(bytes, size, SLM__DIRECTORY, &count);
    for (i = 0; what & DAMAGE_TENSORS && i + 40 <= count; i += 40) {
        uint64_t start = slm__u64(bytes + at + i + 16), length = slm__u64(bytes + at + i + 24);
        if (start <= size && length <= size - start)
            damage_put(bytes + at + i + 32, 4,
                       slm__crc32(0, bytes + (size_t)start, (size_t)length));
    }
    if (what & DAMAGE_ID) {
        tokenizer = damage_find(bytes, size, SLM__TOKENIZER, &tokens);
        hash = slm__fnv(slm__fnv(hash, bytes + 64, 192), bytes + tokenizer, tokens);
        damage_put(bytes + 32, 8, slm__fnv(hash, bytes + at, count));
    }
    data = slm__u64(bytes + 24);
    if (data >= 64 && data <= size)
        damage_put(bytes + 12, 4, slm__crc32(0, bytes + 16, (size_t)data - 16));
}

static void damage_put_header(damage_file *f, const damage_kind *kind) {
    static const uint8_t magic[8] = {0x89, 'S', 'L', 'M', 13, 10, 26, 10};
    slm__shape shape = damage_shape(kind);
    const uint32_t fields[11] = {shape.vocab_rows, shape.vocab_used, shape.context, shape.layers,
                                 shape.hidden, shape.ffn, shape.heads, shape.kv_heads,
                                 shape.head_size, shape.rotary, shape.window};
    size_t i;
    memcpy(f->bytes, magic, 8);
    damage_put(f->bytes + 8, 2, 1);
    damage_put(f->bytes + 64, 2, kind->architecture);
    damage_put(f->bytes + 66, 2, (kind->merge_slots != 0) + kind->pieces);
    damage_put(f->bytes + 68, 2, kind->architecture == 1);
    for (i = 0; i < 11; i++) damage_put(f->bytes + 72 + 4 * i, 4, fields[i]);
    damage_put(f->bytes + 128, 4, shape.hidden);
    damage_put(f->bytes + 136, 4, 1);
    damage_put(f->bytes + 144, 4, 0xFFFFFFFFu);
    damage_put(f->bytes + 148, 4, shape.flags);
    damage_put(f->bytes + 152, 4, slm__bits(1e-5f));
    damage_put(f->bytes + 156, 4, slm__bits(kind->architecture == 12 ? 1.7f : 1));
    damage_put(f->bytes + 164, 4, slm__bits(kind->architecture == 12 ? 3 : 0));
    damage_put(f->bytes + 168, 4, slm__bits(kind->architecture == 12 ? 0.5f : 0));
    for (i = 0; kind->encoder && i < DAMAGE_FIELDS; i++)
        damage_put(f->bytes + damage_fields[i].at, 4, kind->encoder[i]);
    damage_put(f->bytes + 70, 2, kind->encoder ? SLM_POOLING_MAX : 0);
}

/* What a conversation begins with. */
static void damage_put_chat(damage_file *f) {
    uint8_t *at = f->bytes + f->size;
    damage_put(at, 4, SLM__BOS_FIRST);
    damage_put(at + 4, 4, sizeof damage_own);
    memcpy(at + 8, damage_own, sizeof damage_own);
    f->chat = damage_section(f, SLM__CHAT, 8 + sizeof damage_own);
}

static void damage_build(damage_file *f, const damage_kind *kind) {
    slm__shape shape = damage_shape(kind);
    unsigned layer;
    uint32_t features = slm__features_of(damage_row(kind), &shape);
    size_t i, layer_count = sizeof slm__layer_tensors / sizeof slm__layer_tensors[0];
    size_t model_count = sizeof slm__model_tensors / sizeof slm__model_tensors[0];
    damage_state = 1;
    memset(f, 0, sizeof *f);
    damage_reserve(&f->block, (size_t)1 << 18);
    f->bytes = f->block.bytes;
    memset(f->bytes, 0, f->block.capacity);
    damage_put_header(f, kind);
    f->size = 512; /* behind seven sections at most, at a multiple of 64 */
    f->frequencies = damage_section(f, SLM__FREQUENCIES, kind->rotary * 2);
    for (i = 0; i < kind->rotary / 2; i++)
        damage_put(f->bytes + f->frequencies + 4 * i, 4, slm__bits(1 / (float)(1 + 9 * i)));
    f->kinds = damage_section(f, SLM__LAYER_KINDS, kind->layers);
    for (i = 1; kind->window && i < kind->layers; i += 2) f->bytes[f->kinds + i] = 1;
    f->metadata = damage_section(f, 8, 12);
    memcpy(f->bytes + f->metadata, "name\0damage", 12);
    damage_section(f, 99, 5);
    if (kind->merge_slots) {
        f->tokenizer_bytes =
            damage_put_tokenizer(f->bytes + f->size, kind->merge_slots, kind->pieces);
        f->tokenizer = damage_section(f, SLM__TOKENIZER, f->tokenizer_bytes);
    }
    if (kind->encoder) {
        memcpy(f->bytes + f->size, damage_labels, sizeof damage_labels);
        f->labels = damage_section(f, SLM__LABEL_NAMES, sizeof damage_labels);
        memcpy(f->bytes + f->size, damage_prompts, sizeof damage_prompts);
        f->prompts = damage_section(f, SLM__PROMPTS, sizeof damage_prompts);
    }
    for (i = 0; i < layer_count; i++) /* how many tensors, before they are written */
        f->tensors += slm__has(features, slm__layer_tensors[i].needs) ? kind->layers : 0;
    for (i = 0; i < model_count; i++) f->tensors += slm__has(features, slm__model_tensors[i].needs);
    f->directory = damage_section(f, SLM__DIRECTORY, f->tensors * 40);
    damage_put(f->bytes + 44, 4, f->tensors);
    if (kind->merge_slots) damage_put_chat(f);
    f->data = f->size;
    damage_put(f->bytes + 24, 8, f->data);
    f->tensors = 0;
    for (layer = 0; layer < kind->layers; layer++)
        for (i = 0; i < layer_count; i++)
            damage_put_tensor(f, &shape, features, layer, &slm__layer_tensors[i]);
    for (i = 0; i < model_count; i++)
        damage_put_tensor(f, &shape, features, 0xFFFF, &slm__model_tensors[i]);
    damage_repair(f->bytes, f->size, DAMAGE_REPAIR);
    damage_limit(&f->block, f->size);
}

/* ---- what opens must run ----------------------------------------------------------------- */

static const char damage_text[] =
    "a<e> <n>>  the<w> \303\251 b\377 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaab aaaab<n> the\342\226\201a";

static size_t damage_tokenize(const slm_model *model, uint32_t rows, slm_token *tokens,
                              size_t capacity, int *wrong) {
    char text[100];
    size_t count = 0, size, i;
    slm_result result = slm_tokenize(model, damage_text, SLM_NUL,
                                     SLM_ADD_BOS | SLM_PARSE_SPECIAL, tokens, capacity, &count);
    if (result != SLM_OK) {
        if (result != SLM_ERR_UNSUPPORTED) *wrong = 1;
        for (i = 0; i < capacity; i++) tokens[i] = (slm_token)(i * 7 % rows);
        return 12;
    }
    for (i = 0; i < count; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= rows) *wrong = 1;
    slm_detokenize(model, tokens, count, 0, text, sizeof text, &size);
    slm_detokenize(model, tokens, count, SLM_SHOW_INVALID, text, sizeof text, &size);
    for (i = 0; i <= rows; i++) {
        const char *one = slm_token_text(model, (slm_token)i, &size);
        if (one && size) (void)slm__fnv(0, (const uint8_t *)one, size);
    }
    return count;
}

static void damage_generate(slm_session *session) {
    static const char *const stops[] = {"aab", "the "};
    slm_generation g;
    slm_piece piece;
    slm_bias bias;
    memset(&g, 0, sizeof g);
    bias.token = 0;
    bias.value = 1;
    g.sampling.temperature = 0.8f;
    g.sampling.top_k = 5;
    g.sampling.top_p = 0.9f;
    g.sampling.repetition = 1.1f;
    g.sampling.biases = &bias;
    g.sampling.bias_count = 1;
    g.limit = 4;
    g.stops = stops;
    g.stop_count = 2;
    if (slm_generate(session, &g) != SLM_OK) return;
    while (slm_next(session, &piece) == SLM_OK)
        if (piece.size) (void)slm__fnv(0, (const uint8_t *)piece.text, piece.size);
}

static damage_block damage_pool; /* for sessions */

/* All outputs of a task of an encoder; 1: something is wrong. */
static int damage_encode(const slm_model *model, slm_session_desc *desc) {
    static const slm_token tokens[] = {1, 2, 3, 4, 5, 2, 1, 0, 2};
    slm_input inputs[2];
    slm_session *session;
    float out[9 * 32];
    size_t rows[2], size;
    int output, wrong = 0;
    memset(inputs, 0, sizeof inputs);
    inputs[0].tokens = tokens;
    inputs[0].count = 4;
    inputs[1].tokens = tokens + 4;
    inputs[1].count = 5;
    desc->memory_size = slm_session_size(model, desc);
    if (!desc->memory_size || desc->memory_size > damage_pool.capacity) return 1;
    damage_limit(&damage_pool, desc->memory_size);
    if (slm_session_open(&session, model, desc, NULL) != SLM_OK) return 1;
    for (output = SLM_OUTPUT_HIDDEN; output < SLM_OUTPUT_COUNT; output++) {
        size = slm_output_size(session, (slm_output)output);
        if (slm_encode_tokens(session, inputs, 2, (slm_output)output, out, 9 * 32, rows) == SLM_OK)
            wrong |= !size || rows[0] > 4 || rows[1] > 5;
    }
    wrong |= slm_eval(session, tokens, 1) != SLM_ERR_UNSUPPORTED;
    slm_session_close(session);
    damage_limit(&damage_pool, damage_pool.capacity);
    return wrong;
}

static int damage_use_encoder(const slm_model *model, const slm_model_info *info) {
    slm_session_desc desc;
    const char *text;
    int task, wrong = 0;
    size_t i;
    memset(&desc, 0, sizeof desc);
    desc.context = info->longest_text < 5 ? info->longest_text : 5;
    desc.batch = 7;
    desc.threads = 1;
    desc.memory = damage_pool.bytes;
    for (i = 0; i <= info->labels; i++) {
        text = slm_model_label(model, i);
        if (text) (void)slm__fnv(0, (const uint8_t *)text, strlen(text));
        wrong |= (text != NULL) != (i < info->labels);
    }
    text = slm_model_prompt(model, "query");
    if (text) (void)slm__fnv(0, (const uint8_t *)text, strlen(text));
    (void)slm_model_prompt(model, NULL);
    for (task = SLM_TASK_EMBED; task < SLM_TASK_COUNT; task++) {
        if (!(info->tasks >> task & 1)) continue;
        desc.task = (slm_task)task;
        desc.pooling = (slm_pooling)(task % SLM_POOLING_COUNT);
        wrong |= damage_encode(model, &desc);
    }
    return wrong;
}

/* 1: what may not happen whatever the file says did happen. */
static int damage_use(const slm_model *model) {
    slm_session_desc desc;
    slm_session *session = NULL;
    slm_model_info info;
    slm_token tokens[256];
    float logprobs[3];
    size_t count, position;
    int wrong = 0;
    memset(&desc, 0, sizeof desc);
    slm_model_get_info(model, &info);
    if (info.is_encoder) return damage_use_encoder(model, &info);
    desc.context = info.context < 24 ? info.context : 24;
    desc.batch = 5;
    desc.logits_kept = desc.context < 2 ? desc.context : 2;
    desc.threads = 1;
    desc.memory_size = slm_session_size(model, &desc);
    desc.memory = damage_pool.bytes;
    if (!desc.memory_size || desc.memory_size > damage_pool.capacity) return 1;
    damage_limit(&damage_pool, desc.memory_size);
    count = damage_tokenize(model, info.vocab_rows, tokens, 256, &wrong);
    if (slm_session_open(&session, model, &desc, NULL) != SLM_OK) return 1;
    if (count > 12) count = 12;
    if (slm_eval(session, tokens, count) == SLM_OK && slm_logits(session, 1))
        (void)slm_logits(session, 0);
    damage_generate(session);
    slm_rewind(session, 0);
    (void)slm_score(session, tokens, 3, logprobs);
    position = slm_position(session);
    if (slm_prompt(session, "ab the", SLM_NUL, 0) != SLM_OK && slm_position(session) != position)
        wrong = 1;
    slm_chat(session, SLM_USER, "aa", 2);
    if (slm_position(session) > desc.context) wrong = 1;
    slm_rewind(session, 0);
    if (slm_chat(session, SLM_USER, "aa", 2) != SLM_OK && slm_position(session)) wrong = 1;
    if (info.system_message) (void)slm__fnv(0, (const uint8_t *)info.system_message,
                                            strlen(info.system_message));
    slm_session_close(session);
    damage_limit(&damage_pool, damage_pool.capacity);
    return wrong;
}

typedef struct damage_tally { size_t opened, verified, wrong; } damage_tally;

/* 1: it opened. */
static int damage_try(const uint8_t *bytes, size_t size, slm_result *verified,
                      damage_tally *tally) {
    slm_model *model = NULL;
    slm_error error;
    slm_result result = slm_model_open_memory(&model, bytes, size, NULL, &error);
    *verified = result;
    if (result != SLM_OK) {
        tally->wrong += model != NULL || !error.text[0] || error.code != result;
        return 0;
    }
    *verified = slm_model_verify(model, &error);
    tally->opened++;
    tally->verified += *verified == SLM_OK;
    tally->wrong += (size_t)damage_use(model);
    slm_model_close(model);
    return 1;
}

/* Every length, as it is and repaired. */
static void damage_truncate(damage_file *f) {
    damage_tally tally = {0, 0, 0};
    uint8_t saved[256];
    slm_result verified;
    size_t size;
    memcpy(saved, f->bytes, 256);
    for (size = f->size; size-- > 0;) {
        damage_limit(&f->block, size);
        damage_try(f->bytes, size, &verified, &tally);
        damage_repair(f->bytes, size, DAMAGE_HEAD);
        damage_try(f->bytes, size, &verified, &tally);
        memcpy(f->bytes, saved, size < 256 ? size : 256);
    }
    damage_limit(&f->block, f->size);
    memcpy(f->bytes, saved, 256);
    CHECK(tally.opened == 0 && tally.wrong == 0, "no shorter file opens");
}

/* Is this byte one of a tensor, not of a gap? */
static int damage_in_tensor(const damage_file *f, size_t at) {
    size_t i;
    for (i = 0; i < f->tensors; i++) {
        const uint8_t *entry = f->bytes + f->directory + i * 40;
        if (at >= slm__u64(entry + 16) && at - slm__u64(entry + 16) < slm__u64(entry + 24))
            return 1;
    }
    return 0;
}

/* Every bit of the first 4 KB as it is, with sizes and checksums repaired, and where sections
   and tensors are described with the tensors' checksums repaired too. */
static void damage_flip(damage_file *f) {
    damage_tally plain = {0, 0, 0}, repaired = {0, 0, 0};
    size_t i, missed = 0;
    uint8_t *saved = (uint8_t *)malloc(f->size);
    slm_result verified;
    memcpy(saved, f->bytes, f->size);
    for (i = 0; i < 4096 * 8 && i < f->size * 8; i += DAMAGE_STEP) {
        size_t at = i / 8;
        int inside = damage_in_tensor(f, at), opened, described;
        described = (at >= 256 && at < f->frequencies) ||
                    (at >= f->directory && at < f->data);
        f->bytes[at] ^= (uint8_t)(1u << i % 8);
        opened = damage_try(f->bytes, f->size, &verified, &plain);
        missed += opened != (at >= f->data || at / 2 == 5); /* 10 and 11: the minor version */
        missed += opened && (verified != SLM_OK) != inside;
        if (at < f->data) {
            damage_repair(f->bytes, f->size, DAMAGE_HEAD | DAMAGE_ID);
            damage_try(f->bytes, f->size, &verified, &repaired);
        }
        if (described) {
            damage_repair(f->bytes, f->size, DAMAGE_REPAIR);
            opened = damage_try(f->bytes, f->size, &verified, &repaired);
            /* a half may be no number as the other kind of half */
            missed += opened && verified != SLM_OK && verified != SLM_ERR_NUMERIC;
        }
        memcpy(f->bytes, saved, f->size);
    }
    CHECK(missed == 0, "a flipped bit is found when opening, or by slm_model_verify");
    CHECK(repaired.verified > 100, "some flips leave a model that runs");
    CHECK(plain.wrong + repaired.wrong == 0, "what opens runs");
    free(saved);
}

static uint32_t damage_random(uint32_t below) {
    return (uint32_t)((slm__random(&damage_state) >> 32) * below >> 32);
}

/* A number that loaders like to stumble over. */
static uint64_t damage_number(const damage_file *f, uint64_t was) {
    static const uint64_t odd[] = {0, 1, 2, 15, 16, 17, 64, 0xFFFF, 0x10000, 0x7FFFFFFF,
                                   0x80000000u, 0xFFFFFFFEu, 0xFFFFFFFFu,
                                   UINT64_C(0x7FFFFFFFFFFFFFFF), UINT64_C(0xFFFFFFFFFFFFFFC0)};
    switch (damage_random(6)) {
    case 0: return odd[damage_random(15)];
    case 1: return was + 1;
    case 2: return was - 1;
    case 3: return damage_random(2) ? f->size - 64 * (uint64_t)damage_random(3) : f->data;
    case 4: return damage_random(64);
    default: return was ^ (uint64_t)1 << damage_random(64);
    }
}

static void damage_mutate(damage_file *f) {
    size_t places[6], sizes[6], edits = 1 + damage_random(6), place, at;
    places[0] = 8, sizes[0] = 168;
    places[1] = 256, sizes[1] = 7 * 32;
    places[2] = f->frequencies, sizes[2] = f->tokenizer ? f->tokenizer - f->frequencies : 256;
    places[3] = f->tokenizer ? f->tokenizer : 256;
    sizes[3] = f->tokenizer ? f->tokenizer_bytes : 192;
    places[4] = f->directory, sizes[4] = f->tensors * 40;
    places[5] = f->data, sizes[5] = f->size - f->data;
    while (edits--) {
        unsigned width = 1u << damage_random(4);
        uint64_t was = 0;
        place = damage_random(10) < 4 ? 3 : damage_random(6);
        at = places[place] + damage_random((uint32_t)(sizes[place] - 8)) / width * width;
        memcpy(&was, f->bytes + at, width);
        damage_put(f->bytes + at, width, damage_number(f, was));
        if (damage_random(4) == 0) f->bytes[at] = (uint8_t)damage_random(256);
    }
}

static void damage_fuzz(damage_file *f, size_t rounds) {
    damage_tally tally = {0, 0, 0};
    uint8_t *saved = (uint8_t *)malloc(f->size);
    slm_result verified;
    size_t i;
    memcpy(saved, f->bytes, f->size);
    damage_state = 2;
    for (i = 0; i < rounds; i++) {
        damage_mutate(f);
        if (i % 8) damage_repair(f->bytes, f->size, i % 4 == 1 ? DAMAGE_REPAIR : DAMAGE_HEAD);
        damage_try(f->bytes, f->size, &verified, &tally);
        memcpy(f->bytes, saved, f->size);
    }
    CHECK(tally.opened > rounds / 50 && tally.opened < rounds / 2, "some mutations open");
    CHECK(tally.wrong == 0, "what opens runs");
    free(saved);
}

/* ---- each check, alone ------------------------------------------------------------------- */

/* Writes one number, repairs, and wants this code and these words; then restores. */
static void damage_refused(damage_file *f, size_t at, unsigned width, uint64_t value,
                           slm_result code, const char *words) {
    uint8_t saved[64 + 8], *bytes = f->bytes + at;
    slm_model *model = NULL;
    slm_error error;
    slm_result result;
    memcpy(saved, f->bytes, 64);
    memcpy(saved + 64, bytes, 8);
    damage_put(bytes, width, value);
    if (at < 12 || at >= 24) damage_repair(f->bytes, f->size, DAMAGE_HEAD);
    memset(&error, 0, sizeof error);
    result = slm_model_open_memory(&model, f->bytes, f->size, NULL, &error);
    if (result == SLM_OK) {
        result = slm_model_verify(model, &error);
        slm_model_close(model);
    }
    if (result != code || !strstr(error.text, words)) {
        CHECK(0, words);
        printf("  at %lu: %s: \"%s\"\n", (unsigned long)at, slm_result_name(result), error.text);
    } else
        passed++;
    memcpy(bytes, saved + 64, 8);
    memcpy(f->bytes, saved, 64);
}

static void damage_check_header(damage_file *f) {
    const slm_result format = SLM_ERR_FORMAT;
    damage_refused(f, 7, 1, 0, format, "not a .slm");
    damage_refused(f, 8, 2, 2, SLM_ERR_VERSION, "version 2");
    damage_refused(f, 12, 4, 0, format, "checksum of the head");
    damage_refused(f, 16, 8, f->size - 1, format, "cut or has trailing");
    damage_refused(f, 16, 8, f->size + 1, format, "cut or has trailing");
    damage_refused(f, 24, 8, f->data + 1, format, "data offset");
    damage_refused(f, 24, 8, f->size + 64, format, "data offset");
    damage_refused(f, 24, 8, 192, format, "data offset");
    damage_refused(f, 24, 8, 0, format, "data offset");
    damage_refused(f, 24, 8, (uint64_t)1 << 40, format, "data offset");
    damage_refused(f, 24, 8, f->data + 64, format, "out of place");
    damage_refused(f, 24, 8, 256, format, "section table cut");
    damage_refused(f, 32, 8, 0, format, "content id");
    damage_refused(f, 40, 2, 17, format, "more than 16 sections");
    damage_refused(f, 44, 4, f->tensors + 1, format, "tensor directory");
    damage_refused(f, 44, 4, 0, format, "tensor directory");
    damage_refused(f, 64, 2, 99, SLM_ERR_UNSUPPORTED, "architecture");
    damage_refused(f, 66, 2, 5, SLM_ERR_UNSUPPORTED, "tokenizer");
    damage_refused(f, 66, 2, 2, SLM_ERR_FORMAT, "tokenizer"); /* too short for that kind, ... */
    damage_refused(f, 66, 2, 3, SLM_ERR_FORMAT, "tokenizer"); /* ... and with single bytes */
    damage_refused(f, 68, 2, 7, SLM_ERR_UNSUPPORTED, "chat format");
}

static void damage_check_shape(damage_file *f) {
    static const struct { size_t at; uint32_t low, high; const char *name; } caps[] = {
        {72, 1, 1u << 20, "vocabulary rows"}, {76, 0, 1u << 20, "vocabulary"},
        {80, 1, 1u << 20, "context"}, {84, 1, 512, "layers"}, {88, 1, 1u << 16, "hidden"},
        {92, 1, 1u << 18, "intermediate"}, {96, 1, 1024, "heads"}, {100, 1, 1024, "kv heads"},
        {104, 1, 1024, "head size"}, {108, 0, 1024, "rotary"}, {112, 0, 1u << 20, "window"},
        {148, 0, 3, "flags"}};
    const slm_result format = SLM_ERR_FORMAT;
    size_t i;
    for (i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        damage_refused(f, caps[i].at, 4, (uint64_t)caps[i].high + 1, format, caps[i].name);
        damage_refused(f, caps[i].at, 4, 0xFFFFFFFFu, format, caps[i].name);
        if (caps[i].low) damage_refused(f, caps[i].at, 4, 0, format, caps[i].name);
    }
    damage_refused(f, 76, 4, DAMAGE_ROWS + 1, format, "inconsistent");
    damage_refused(f, 76, 4, DAMAGE_TOKENS - 1, format, "not the vocabulary's size");
    damage_refused(f, 100, 4, 3, format, "inconsistent");
    damage_refused(f, 100, 4, 8, format, "inconsistent");
    damage_refused(f, 108, 4, 1, format, "inconsistent");
    damage_refused(f, 108, 4, 4, format, "inconsistent");
    damage_refused(f, 112, 4, 1, format, "a window of 1 and 0 layers");
    damage_refused(f, 152, 4, 0x7F800000u, format, "norm eps");
    damage_refused(f, 152, 4, 0x7FC00000u, format, "norm eps");
    damage_refused(f, 152, 4, slm__bits(-1), format, "norm eps");
    damage_refused(f, 144, 4, DAMAGE_ROWS, format, "pad token");
    damage_refused(f, 144, 4, 0xFFFFFFFEu, format, "pad token");
    damage_refused(f, 144, 4, DAMAGE_ROWS - 1, format, "content id");
    damage_refused(f, 156, 4, 0, format, "embedding scale");
    damage_refused(f, 156, 4, slm__bits(-2), format, "embedding scale");
    damage_refused(f, 156, 4, 0x7F800000u, format, "embedding scale");
    damage_refused(f, 160, 4, 0x7FC00000u, format, "attention scale");
    damage_refused(f, 164, 4, slm__bits(-1), format, "logit cap");
    damage_refused(f, 164, 4, 0x7F800000u, format, "logit cap");
    damage_refused(f, 168, 4, slm__bits(-1e-30f), format, "attention cap");
    damage_refused(f, 168, 4, 0x7FC00000u, format, "attention cap");
}

static void damage_check_sections(damage_file *f) {
    const slm_result format = SLM_ERR_FORMAT;
    damage_refused(f, 256 + 8, 8, f->frequencies + 4, format, "section 0 lies");
    damage_refused(f, 256 + 8, 8, 256 + 5 * 32, format, "section 0 lies");
    damage_refused(f, 256 + 32 + 8, 8, f->frequencies, format, "section 1 lies");
    damage_refused(f, 256 + 32 + 16, 8, 65, format, "section 2 lies");
    damage_refused(f, 256 + 5 * 32 + 8, 8, f->data + 64, format, "section 5 lies");
    damage_refused(f, 256 + 5 * 32 + 16, 8, f->data - f->directory + 1, format, "section 5 lies");
    damage_refused(f, 256 + 5 * 32 + 16, 8, UINT64_C(0) - 64, format, "section 5 lies");
    damage_refused(f, 256 + 3 * 32 + 4, 4, 1, SLM_ERR_UNSUPPORTED, "unknown kind");
    damage_refused(f, 256 + 3 * 32, 4, 0x80000000u, SLM_OK, ""); /* unknown but optional */
    damage_refused(f, 256 + 2 * 32, 4, SLM__LAYER_KINDS, format, "two sections");
    damage_refused(f, 256, 4, 7, format, "inverse frequencies");
    damage_refused(f, 256 + 16, 8, 12, format, "inverse frequencies");
    damage_refused(f, f->frequencies, 4, slm__bits(-0.5f), format, "frequency");
    damage_refused(f, f->frequencies, 4, slm__bits(17), format, "frequency");
    damage_refused(f, f->frequencies, 4, 0x7FC00000u, format, "frequency");
    damage_refused(f, f->kinds, 1, 2, SLM_OK, ""); /* no positions */
    damage_refused(f, f->kinds, 1, 4, SLM_ERR_UNSUPPORTED, "attention kind");
    damage_refused(f, f->kinds, 1, 3, format, "a window of 0 and 1 layers");
    damage_refused(f, f->kinds, 1, 1, format, "a window of 0 and 1 layers");
    damage_refused(f, 256 + 32 + 16, 8, 2, format, "2 layer kinds for 1 layers");
    damage_refused(f, 256 + 32 + 16, 8, 0, format, "0 layer kinds for 1 layers");
    damage_refused(f, 256 + 4 * 32, 4, 7, format, "tokenizer");
    damage_refused(f, 256 + 5 * 32, 4, 7, format, "tensor directory");
    damage_refused(f, 256 + 5 * 32 + 16, 8, f->tensors * 40 - 1, format, "tensor directory");
    damage_refused(f, 256 + 5 * 32 + 16, 8, f->tensors * 40 + 1, format, "tensor directory");
    damage_refused(f, 256 + 4 * 32 + 16, 8, 95, format, "shorter than its header");
    damage_refused(f, 256 + 4 * 32 + 16, 8, f->tokenizer_bytes - 1, format, "counts do not fit");
    /* a directory that ends too early or too late, with the count to match */
    damage_put(f->bytes + 44, 4, f->tensors - 1);
    damage_refused(f, 256 + 5 * 32 + 16, 8, f->tensors * 40 - 40, format, "missing");
    damage_put(f->bytes + 44, 4, f->tensors + 1);
    damage_refused(f, 256 + 5 * 32 + 16, 8, f->tensors * 40 + 40, format, "more tensors");
    damage_put(f->bytes + 44, 4, f->tensors);
    damage_repair(f->bytes, f->size, DAMAGE_REPAIR);
}

/* A data offset beyond 64 MiB in a file that has so many bytes. */
static void damage_check_far(const damage_file *f) {
    size_t size = ((size_t)64 << 20) + 4096;
    uint8_t *memory = (uint8_t *)calloc(size + 64, 1);
    uint8_t *bytes = (uint8_t *)(((uintptr_t)memory + 63) / 64 * 64);
    slm_model *model = NULL;
    slm_error error;
    memcpy(bytes, f->bytes, f->data);
    damage_put(bytes + 24, 8, ((size_t)64 << 20) + 64);
    damage_put(bytes + 16, 8, size);
    CHECK(slm_model_open_memory(&model, bytes, size, NULL, &error) == SLM_ERR_FORMAT &&
              strstr(error.text, "data offset"),
          "a head of more than 64 MiB");
    free(memory);
}

static void damage_check_tensors(damage_file *f) {
    const slm_result format = SLM_ERR_FORMAT;
    size_t i;
    for (i = 0; i < f->tensors; i++) {
        size_t at = f->directory + i * 40;
        unsigned type = slm__u16(f->bytes + at + 4);
        uint64_t offset = slm__u64(f->bytes + at + 16), bytes = slm__u64(f->bytes + at + 24);
        uint32_t rows = slm__u32(f->bytes + at + 8);
        damage_refused(f, at, 2, slm__u16(f->bytes + at) + 1, format, "missing");
        damage_refused(f, at + 2, 2, 2, format, "missing");
        damage_refused(f, at + 4, 2, 7, SLM_ERR_UNSUPPORTED, "type 7");
        damage_refused(f, at + 4, 2, type ? 0 : 1, SLM_ERR_UNSUPPORTED, "type");
        damage_refused(f, at + 6, 2, slm__u16(f->bytes + at + 6) ^ 1, format, "out of place");
        damage_refused(f, at + 8, 4, rows + 1, format, "wanted");
        damage_refused(f, at + 12, 4, slm__u32(f->bytes + at + 12) - 1, format, "wanted");
        damage_refused(f, at + 16, 8, offset + 64, format, "out of place");
        damage_refused(f, at + 16, 8, offset - 64, format, "out of place");
        damage_refused(f, at + 24, 8, bytes + 1, format, "out of place");
        damage_refused(f, at + 24, 8, bytes - 1, format, "out of place");
        damage_refused(f, at + 32, 4, slm__u32(f->bytes + at + 32) ^ 1, format, "content id");
    }
    f->size -= 64; /* the last tensor is cut */
    damage_refused(f, 34, 1, 0, format, "out of place");
    f->size += 64;
    damage_repair(f->bytes, f->size, DAMAGE_REPAIR);
}

/* The fields that only encoders have, each beyond its cap and against the others. */
static void damage_check_encoder(damage_file *f, const damage_kind *kind) {
    static const struct { size_t at; uint32_t high; const char *name; } caps[] = {
        {116, 1u << 16, "token types"}, {120, 1u << 16, "labels"}, {124, 127, "tasks"},
        {128, 1u << 16, "embedding size"}, {132, 1u << 16, "bottleneck"}, {136, 5, "feed-forwards"},
        {140, 63, "bottleneck flags"}, {176, 4, "activation"}, {180, 1u << 20, "longest text"},
        {184, 3, "pooler"}, {188, 1u << 16, "sentence vector"}, {192, 7, "vector flags"},
        {196, 2, "scores"}, {200, 2, "scores"}};
    const slm_result format = SLM_ERR_FORMAT;
    int mobile = kind->encoder == damage_mobile;
    size_t i;
    for (i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        damage_refused(f, caps[i].at, 4, (uint64_t)caps[i].high + 1, format, caps[i].name);
        damage_refused(f, caps[i].at, 4, 0xFFFFFFFFu, format, caps[i].name);
    }
    damage_refused(f, 128, 4, 0, format, "embedding size");
    damage_refused(f, 136, 4, 0, format, "feed-forwards");
    damage_refused(f, 180, 4, 65, format, "lengths inconsistent");
    damage_refused(f, 70, 2, SLM_POOLING_COUNT, format, "lengths inconsistent");
    damage_refused(f, 100, 4, 1, format, "heads, labels or lengths");
    damage_refused(f, 120, 4, 0, format, "labels");
    damage_refused(f, 120, 4, 4, format, mobile ? "tagger" : "classifier");
    damage_refused(f, 124, 4, 1, format, "labels");
    damage_refused(f, 116, 4, kind->encoder[0] + 1, format, "token types is");
    damage_refused(f, f->labels, 1, 0xFF, format, "labels are not 3 texts");
    damage_refused(f, f->labels + 1, 1, 0, format, "labels are not 3 texts");
    damage_refused(f, f->prompts, 1, 'x', format, "not pairs");
    damage_refused(f, f->prompts + 1, 1, 0xC3, format, "not pairs");
    if (mobile) {
        damage_refused(f, 140, 4, 47, format, "bottleneck or embedding size");  /* both */
        damage_refused(f, 140, 4, 42, format, "bottleneck or embedding size");  /* of none */
        damage_refused(f, 140, 4, 11, format, "bottleneck or embedding size");  /* transform */
        damage_refused(f, 128, 4, 10, format, "bottleneck or embedding size"); /* fill head */
        damage_refused(f, 136, 4, 1, format, "tensor missing");
        damage_refused(f, 184, 4, SLM__POOLER_TANH, format, "tensor missing");
        damage_refused(f, f->directory + 4, 2, SLM_TYPE_Q8, SLM_ERR_UNSUPPORTED, "type 4");
        return;
    }
    damage_refused(f, 132, 4, 4, format, "a bottleneck with architecture bert");
    damage_refused(f, 140, 4, 1, format, "a bottleneck with architecture bert");
    damage_refused(f, 136, 4, 2, format, "a bottleneck with architecture bert");
    damage_refused(f, 128, 4, 5, format, "a bottleneck with architecture bert");
    damage_refused(f, 184, 4, 0, format, "labels");
    damage_refused(f, 164, 4, slm__bits(1), format, "a logit cap or embedding scale with");
    damage_refused(f, 156, 4, slm__bits(2), format, "a logit cap or embedding scale with");
    damage_refused(f, 188, 4, 4, format, "dense layer is");
}

/* What hangs on the architecture. */
static void damage_check_architecture(damage_file *f, const damage_kind *kind) {
    const slm_result format = SLM_ERR_FORMAT;
    const slm__architecture *row = damage_row(kind);
    unsigned flags = row->flags;
    if (row->activations) damage_refused(f, 176, 4, 5, format, "activation");
    if (!(flags & SLM__FLAG_QK_NORM)) {
        damage_refused(f, 148, 4, kind->flags | 2, format, "with architecture");
        damage_refused(f, 64, 2, 1, format, kind->encoder ? "" : "missing");
    }
    damage_refused(f, 148, 4, kind->flags ^ 1, format, "tensor");
    if (kind->encoder) damage_check_encoder(f, kind);
    if (kind->architecture == 4) {
        damage_refused(f, 80, 4, 65, format, "position embedding is 64 x 6; wanted 65 x 6");
        damage_refused(f, 108, 4, 2, format, "rotary size 2 with architecture");
        damage_refused(f, 176, 4, 77, format, "content id"); /* is not read */
    }
    if (kind->architecture == 12) {
        damage_refused(f, 176, 4, SLM__RELU, format, "content id");
        damage_refused(f, 176, 4, SLM__ACTIVATIONS, format, "activation 5 with architecture gemma3");
        damage_refused(f, 176, 4, 0xFFFFFFFFu, format, "with architecture gemma3");
        damage_refused(f, 64, 2, 11, format, "tensor missing: layer 0, second norm");
        damage_refused(f, 64, 2, 3, format, "tensor missing: layer 0, second norm");
        damage_refused(f, f->directory + 40 * 11, 2, 3, format, "attention output norm");
        damage_refused(f, f->directory + 40 * 12, 2, 3, format, "ffn output norm");
        damage_refused(f, 164, 4, slm__bits(1e30f), format, "content id");
        damage_refused(f, 168, 4, 1, format, "content id"); /* a denormal */
    }
    if (kind->window) {
        damage_refused(f, 112, 4, 0, format, "a window of 0 and 1 layers");
        damage_refused(f, f->kinds + 1, 1, 0, format, "a window of 3 and 0 layers");
        damage_refused(f, f->kinds, 1, 255, SLM_ERR_UNSUPPORTED, "attention kind of layer 0");
        damage_refused(f, 256 + 32, 4, 7, format, "a window of 3 and 0 layers");
        damage_refused(f, 256 + 32 + 16, 8, 3, format, "3 layer kinds for 2 layers");
    }
    damage_refused(f, 104, 4, kind->head_size + 2, format, "wanted");
    damage_refused(f, 92, 4, kind->ffn + 1, format, "wanted");
    damage_check_tensors(f);
}

static void damage_check_tokenizer(damage_file *f) {
    const slm_result format = SLM_ERR_FORMAT;
    size_t t = f->tokenizer, merge, added = t + DAMAGE_TABLE + 16 * 16, i;
    const uint8_t *m;
    uint32_t first = slm__u32(f->bytes + added + 4);
    damage_refused(f, t, 4, DAMAGE_TOKENS + 40, format, "counts do not fit");
    damage_refused(f, t, 4, 0xFFFFFFFFu, format, "counts do not fit");
    damage_refused(f, t + 4, 4, 32, format, "counts do not fit");
    damage_refused(f, t + 8, 4, 17, format, "longest probe");
    damage_refused(f, t + 8, 4, slm__u32(f->bytes + t + 8) - 1, format, "out of its place");
    damage_refused(f, t + 12, 4, DAMAGE_TOKENS, format, "BOS");
    damage_refused(f, t + 12, 4, 0xFFFFFFFEu, format, "BOS");
    damage_refused(f, t + 16, 4, DAMAGE_TOKENS, format, "UNK");
    damage_refused(f, t + 16, 4, 0xFFFFFFFEu, format, "UNK");
    damage_refused(f, t + 24, 4, 9, format, "more than 8 end");
    damage_refused(f, t + 28, 4, DAMAGE_TOKENS, format, "an end token");
    damage_refused(f, t + 28, 4, 0xFFFFFFFFu, format, "an end token");
    damage_refused(f, t + 60, 4, 5000, format, "counts do not fit");
    damage_refused(f, t + 64, 4, 100, format, "counts do not fit");
    damage_refused(f, t + 64, 4, 0, format, "counts do not fit"); /* bytes left over */
    damage_refused(f, t + 68, 4, 0, format, "single bytes");
    damage_refused(f, t + DAMAGE_OFFSETS, 4, 100, format, "an offset");
    damage_refused(f, t + DAMAGE_OFFSETS + 4 * 3, 4, 1, format, "an offset");
    damage_refused(f, t + DAMAGE_OFFSETS + 4 * DAMAGE_TOKENS, 4, 9999, format, "an offset");
    damage_refused(f, t + DAMAGE_SORTED, 4, DAMAGE_TOKENS, format, "a sorted id");
    damage_refused(f, t + DAMAGE_SORTED + 4, 4, slm__u32(f->bytes + t + DAMAGE_SORTED), format,
                   "not sorted");
    damage_refused(f, t + DAMAGE_ATTRIBUTES, 1, 0, format, "not sorted");
    damage_refused(f, t + DAMAGE_ATTRIBUTES + 19, 1, 1, format, "not sorted");
    damage_refused(f, t + DAMAGE_BYTES + 4 * 255, 4, DAMAGE_TOKENS, format, "a byte's token");
    for (i = 0; i < 16; i++) {
        m = f->bytes + (merge = t + DAMAGE_TABLE + 16 * i);
        if (slm__u32(m) == 0xFFFFFFFFu) continue;
        damage_refused(f, merge, 4, DAMAGE_TOKENS, format, "a merge's token");
        damage_refused(f, merge + 4, 4, DAMAGE_TOKENS, format, "a merge's token");
        damage_refused(f, merge + 8, 4, 0xFFFFFFFFu, format, "a merge's rank");
        damage_refused(f, merge + 12, 4, DAMAGE_TOKENS, format, "a merge's token");
    }
    for (i = 0; i < DAMAGE_ADDED; i++, added += 16) {
        damage_refused(f, added, 4, DAMAGE_TOKENS, format, "an added token out of range");
        damage_refused(f, added + 4, 4, 0xFFFFFFF0u, format, "text beyond");
        damage_refused(f, added + 8, 4, 0, format, "without text");
        damage_refused(f, added + 8, 4, 100, format, "text beyond");
        if (i) damage_refused(f, added + 4, 4, first, format, "not sorted");
    }
}

/* The chat section is the last one. */
static void damage_check_chat(damage_file *f) {
    const slm_result format = SLM_ERR_FORMAT;
    size_t c = f->chat, entry = 256 + 6 * 32, size = 8 + sizeof damage_own;
    uint32_t bos = slm__u32(f->bytes + f->tokenizer + 12);
    damage_refused(f, c, 4, 0, SLM_OK, "");
    damage_refused(f, c, 4, 2, SLM_OK, "");
    damage_refused(f, c, 4, 3, format, "rule for BOS");
    damage_refused(f, c, 4, 0xFFFFFFFFu, format, "rule for BOS");
    damage_refused(f, c + 4, 4, sizeof damage_own - 1, format, "wrong size");
    damage_refused(f, c + 4, 4, sizeof damage_own + 1, format, "wrong size");
    damage_refused(f, c + 4, 4, 0, format, "wrong size");
    damage_refused(f, c + 4, 4, 0xFFFFFFF8u, format, "wrong size");
    damage_refused(f, entry + 16, 8, 0, format, "wrong size");
    damage_refused(f, entry + 16, 8, 7, format, "wrong size");
    damage_refused(f, entry + 16, 8, 8, format, "wrong size");
    damage_refused(f, entry + 16, 8, size - 1, format, "wrong size");
    damage_refused(f, c + 8, 1, 0, format, "one NUL");
    damage_refused(f, c + size - 1, 1, 'x', format, "one NUL");
    damage_refused(f, c + 8, 1, 0xFF, format, "UTF-8");
    damage_refused(f, c + 8 + 4, 1, 'x', format, "UTF-8"); /* half of a character */
    damage_refused(f, f->tokenizer + 12, 4, 0xFFFFFFFFu, format, "no BOS");
    damage_refused(f, f->tokenizer + 12, 4, 0, format, "no BOS"); /* no added token */
    damage_refused(f, f->tokenizer + 12, 4, bos, SLM_OK, "");
    damage_refused(f, 64 + 2, 2, 0, format, "no BOS"); /* no tokenizer */
    damage_put(f->bytes + c + 4, 4, 0); /* no message */
    damage_refused(f, entry + 16, 8, 8, SLM_OK, "");
    damage_put(f->bytes + c + 4, 4, sizeof damage_own);
    damage_repair(f->bytes, f->size, DAMAGE_REPAIR);
}

/* 65,536 bytes with the NUL are the most. */
static void damage_check_chat_size(const damage_kind *kind) {
    damage_file f;
    size_t size, most, i, room = (size_t)1 << 17;
    slm_model *model;
    slm_error error;
    damage_build(&f, kind);
    for (most = SLM__SYSTEM_MOST; most <= SLM__SYSTEM_MOST + 1; most++) {
        uint8_t *memory = (uint8_t *)calloc(f.size + room + 64, 1);
        uint8_t *bytes = (uint8_t *)(((uintptr_t)memory + 63) / 64 * 64);
        size = f.size + room;
        memcpy(bytes, f.bytes, f.data);
        memcpy(bytes + f.data + room, f.bytes + f.data, f.size - f.data);
        damage_put(bytes + 24, 8, f.data + room);
        damage_put(bytes + 256 + 6 * 32 + 16, 8, 8 + most);
        damage_put(bytes + f.chat + 4, 4, most);
        memset(bytes + f.chat + 8, 'x', most - 1);
        bytes[f.chat + 8 + most - 1] = 0;
        for (i = 0; i < f.tensors; i++) {
            uint8_t *entry = bytes + f.directory + 40 * i;
            damage_put(entry + 16, 8, slm__u64(entry + 16) + room);
        }
        damage_repair(bytes, size, DAMAGE_REPAIR);
        model = NULL;
        CHECK((slm_model_open_memory(&model, bytes, size, NULL, &error) == SLM_OK) ==
                  (most == SLM__SYSTEM_MOST), "the longest system message");
        slm_model_close(model);
        free(memory);
    }
    damage_free(&f.block);
}

static void damage_check_pieces(damage_file *f) {
    const slm_result format = SLM_ERR_FORMAT;
    uint8_t saved[4 * DAMAGE_TOKENS], *at;
    size_t t = f->tokenizer, i;
    damage_refused(f, t + 20, 4, 1024, format, "unknown flags");
    damage_refused(f, t + 68, 4, 2, format, "single bytes");
    damage_refused(f, t + 68, 4, 0, format, "all bytes");
    damage_refused(f, t + 72, 4, 0xFFFFFFFFu, format, "after a text");
    damage_refused(f, t + 72, 4, DAMAGE_TOKENS, format, "after a text");
    damage_refused(f, t + 76, 4, 5, format, "prefix");
    damage_refused(f, t + DAMAGE_BYTES + 4 * 255, 4, 0xFFFFFFFFu, format, "all bytes");
    damage_refused(f, t + DAMAGE_BYTES, 4, DAMAGE_TOKENS, format, "a byte's token");
    damage_refused(f, t + DAMAGE_TABLE + 4 * 127, 4, DAMAGE_TOKENS, format, "a character's");
    damage_refused(f, t + DAMAGE_TABLE, 4, 0xFFFFFFFEu, format, "a character's");
    for (i = 0; i < 2048; i++)
        if (slm__u32(f->bytes + t + DAMAGE_JOINTS + 4 * i))
            damage_refused(f, t + DAMAGE_JOINTS + 4 * i, 4, 0, format, "are cut");
    /* "a" becomes "", which comes first */
    at = f->bytes + t + DAMAGE_SORTED;
    memcpy(saved, at, sizeof saved);
    for (i = 0; slm__u32(at + 4 * i); i++) {}
    memmove(at + 4, at, 4 * i);
    memset(at, 0, 4);
    damage_refused(f, t + DAMAGE_OFFSETS, 4, 1, format, "without text");
    memcpy(at, saved, sizeof saved);
    damage_repair(f->bytes, f->size, DAMAGE_REPAIR);
}

/* Values that are not finite, under a checksum that is right. */
static void damage_check_values(damage_file *f) {
    size_t i;
    for (i = 0; i < f->tensors; i++) {
        const uint8_t *entry = f->bytes + f->directory + i * 40;
        unsigned type = slm__u16(entry + 4);
        int halves = type == SLM_TYPE_F16 || type == SLM_TYPE_BF16 || type == SLM_TYPE_Q8;
        unsigned width = halves ? 2 : 4, not_finite = 0x7F800000u;
        size_t offset = (size_t)slm__u64(entry + 16), bytes = (size_t)slm__u64(entry + 24), last;
        size_t cols = slm__u32(entry + 12);
        uint8_t saved[4];
        slm_model *model = NULL;
        slm_result result;
        last = bytes;
        if (slm__integer(type)) /* the last tile's last scale */
            last += (type == SLM_TYPE_Q8 ? slm__blocks(cols) * 32 : 64) -
                    slm__tile_bytes(type, cols);
        last = offset + last - width;
        if (halves) not_finite = type == SLM_TYPE_BF16 ? 0x7F80u : 0x7C01u;
        memcpy(saved, f->bytes + last, width);
        damage_put(f->bytes + last, width, not_finite);
        damage_repair(f->bytes, f->size, DAMAGE_REPAIR);
        result = slm_model_open_memory(&model, f->bytes, f->size, NULL, NULL);
        CHECK(result == SLM_OK && slm_model_verify(model, NULL) == SLM_ERR_NUMERIC,
              "slm_model_verify finds what is not finite");
        slm_model_close(model);
        memcpy(f->bytes + last, saved, width);
    }
    damage_repair(f->bytes, f->size, DAMAGE_REPAIR);
}

/* A merge behind an empty slot, where no search comes. */
static void damage_check_hidden(damage_file *f) {
    uint8_t *table = f->bytes + f->tokenizer + DAMAGE_TABLE, *found = table;
    size_t from, to;
    while (slm__u32(found) == 0xFFFFFFFFu) found += 16;
    from = (size_t)(found - f->bytes);
    for (to = from; slm__u32(f->bytes + to) != 0xFFFFFFFFu;) to += 16;
    to += 16;
    damage_put(f->bytes + f->tokenizer + 8, 4, 1024);
    memcpy(f->bytes + to, f->bytes + from, 16);
    damage_refused(f, from, 4, 0xFFFFFFFFu, SLM_ERR_FORMAT, "out of its place");
}

static void damage_check_slots(void) {
    damage_file f;
    slm_model *model = NULL;
    slm_error error;
    damage_build(&f, &damage_uneven);
    CHECK(slm_model_open_memory(&model, f.bytes, f.size, NULL, &error) == SLM_ERR_FORMAT &&
              strstr(error.text, "no power of two"),
          "24 merge slots");
    damage_free(&f.block);
    damage_build(&f, &damage_roomy);
    damage_refused(&f, f.tokenizer + 8, 4, 1025, SLM_ERR_FORMAT, "exceeds 1024");
    damage_refused(&f, f.tokenizer + 8, 4, 1024, SLM_ERR_FORMAT, "content id");
    damage_refused(&f, f.tokenizer + DAMAGE_TABLE + 2048 * 16 + 8, 4, 256, SLM_ERR_FORMAT,
                   "more than 255 bytes");
    damage_check_hidden(&f);
    damage_free(&f.block);
}

/* ---- rotary tables by the layer's kind --------------------------------------------------- */

/* The last logits of a few tokens, with table a or b for all layers (second 0), or with both, and
   layers of these kinds; every layer's window is as long as the context. */
static void damage_tables(float a, float b, int both, const uint8_t kinds[2], float *out) {
    static const damage_kind kind = {3, 2, 5, 7, 4, 2, 6, 6, 0, 0, 0, 64, NULL};
    static const slm_token tokens[] = {1, 2, 3, 4, 5, 6};
    damage_file f;
    slm_model *model = NULL;
    slm_session *session = NULL;
    const float *logits = NULL;
    size_t i;
    damage_build(&f, &kind);
    if (both) damage_put(f.bytes + 256 + 16, 8, 24);
    for (i = 0; i < 3; i++) {
        damage_put(f.bytes + f.frequencies + 4 * i, 4, slm__bits(a / (float)(i + 1)));
        damage_put(f.bytes + f.frequencies + 12 + 4 * i, 4, slm__bits(b / (float)(i + 1)));
    }
    memcpy(f.bytes + f.kinds, kinds, 2);
    if (!((kinds[0] | kinds[1]) & SLM__KIND_WINDOW)) damage_put(f.bytes + 112, 4, 0);
    damage_repair(f.bytes, f.size, DAMAGE_REPAIR);
    if (slm_model_open_memory(&model, f.bytes, f.size, NULL, NULL) == SLM_OK &&
        slm_session_open(&session, model, NULL, NULL) == SLM_OK &&
        slm_eval(session, tokens, 6) == SLM_OK)
        logits = slm_logits(session, 0);
    CHECK(logits != NULL, "a model with rotary tables runs");
    memset(out, 0, DAMAGE_ROWS * sizeof *out);
    if (logits) memcpy(out, logits, DAMAGE_ROWS * sizeof *out);
    slm_session_close(session);
    slm_model_close(model);
    damage_free(&f.block);
}

static void test_rotary_tables(void) {
    static const uint8_t none[2] = {0, 0}, second[2] = {0, 1}, all[2] = {1, 1};
    static const uint8_t still[2] = {2, 2}, still_first[2] = {2, 0};
    float a[DAMAGE_ROWS], b[DAMAGE_ROWS], both[DAMAGE_ROWS];
    damage_tables(1, 1, 0, none, a);
    damage_tables(0.01f, 1, 0, none, b);
    CHECK(memcmp(a, b, sizeof a) != 0, "the tables are not the same");
    damage_tables(1, 0.01f, 1, none, both);
    CHECK(memcmp(a, both, sizeof a) == 0, "layers of kind 0 use the first table");
    damage_tables(1, 0.01f, 1, all, both);
    CHECK(memcmp(b, both, sizeof a) == 0, "layers with the window use the second table");
    damage_tables(1, 0.01f, 1, second, both);
    CHECK(memcmp(a, both, sizeof a) != 0 && memcmp(b, both, sizeof a) != 0, "each has its own");
    damage_tables(1, 0.01f, 0, second, both);
    CHECK(memcmp(a, both, sizeof a) == 0, "one table serves both kinds");
    damage_tables(0, 1, 0, none, b);
    damage_tables(1, 1, 0, still, both);
    CHECK(memcmp(b, both, sizeof a) == 0, "layers without positions are as those that turn by 0");
    damage_tables(1, 1, 0, still_first, both);
    CHECK(memcmp(a, both, sizeof a) != 0 && memcmp(b, both, sizeof a) != 0, "each for itself");
}

static void test_damage(void) {
    size_t i;
    damage_check_slots();
    damage_reserve(&damage_pool, (size_t)1 << 20);
    for (i = 0; i < sizeof damage_kinds / sizeof damage_kinds[0]; i++) {
        damage_file f;
        damage_tally tally = {0, 0, 0};
        slm_result verified;
        damage_build(&f, &damage_kinds[i]);
        CHECK(damage_try(f.bytes, f.size, &verified, &tally) && verified == SLM_OK &&
                  !tally.wrong,
              "the undamaged model verifies and runs");
        damage_truncate(&f);
        damage_flip(&f);
        damage_fuzz(&f, DAMAGE_ROUNDS);
        damage_check_architecture(&f, &damage_kinds[i]);
        if (i == 0) {
            damage_check_header(&f);
            damage_check_shape(&f);
            damage_check_sections(&f);
            damage_check_tokenizer(&f);
            damage_check_chat(&f);
            damage_check_chat_size(&damage_kinds[i]);
            damage_check_values(&f);
            damage_check_far(&f);
        }
        if (damage_kinds[i].pieces) damage_check_pieces(&f);
        damage_free(&f.block);
    }
    damage_free(&damage_pool);
}
