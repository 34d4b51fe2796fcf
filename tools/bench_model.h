/* bench_model.h - a model of random weights, made in memory as the .slm that a converter would
   write (see the specification in slm.h): for measuring without a checkpoint. Values are of about
   1/sqrt(columns), norms 1 (NoNorms 0.5) and biases 0, so that activations stay as tame as a
   trained model's.
   Needs slm.h's implementation and bench_probe.h's team before it. */
#ifndef SLM_BENCH_MODEL_H
#define SLM_BENCH_MODEL_H

/* What encoders have of their own; an embedding or inner size of 0 is the hidden size. */
typedef struct bench_encoder {
    uint32_t types, pooler, vector_flags, embedding, inner, ffns, bottleneck_flags;
} bench_encoder;

static const bench_encoder bench_bert = {2, SLM__POOLER_TANH, 0, 0, 0, 1, 0};
static const bench_encoder bench_sentences = {2, SLM__POOLER_TANH, SLM__VECTOR_NORMED, 0, 0, 1, 0};
static const bench_encoder bench_distilbert = {0, SLM__POOLER_NONE, 0, 0, 0, 1, 0};
enum {
    BENCH_BOTTLENECK = SLM__USES_BOTTLENECK | SLM__SHARES_BOTTLENECK | SLM__TRIGRAM |
                       SLM__TRANSFORMS
};
static const bench_encoder bench_mobilebert = {2, SLM__POOLER_FIRST, 0, 128, 128, 4,
                                               BENCH_BOTTLENECK};
static const bench_encoder bench_mobile_odd = {3, SLM__POOLER_NONE, 0, 36, 52, 2,
                                               BENCH_BOTTLENECK};

typedef struct bench_shape {
    const char *name, *architecture; /* the latter one of the library's */
    uint32_t vocab, context, layers, hidden, ffn, heads, kv_heads, head_size, rotary, flags;
    float eps, theta;
    uint32_t window; /* of the layers of odd number; 0: none */
    const bench_encoder *encoder; /* NULL: a decoder */
} bench_shape;

/* A row is all that another model needs whose architecture the library runs. */
static const bench_shape bench_shapes[] = {
    {"phi-2", "phi", 51200, 2048, 32, 2560, 10240, 32, 32, 80, 32, 0, 1e-5f, 10000, 0, NULL},
    {"phi-1.5", "phi", 51200, 2048, 24, 2048, 8192, 32, 32, 64, 32, 0, 1e-5f, 10000, 0, NULL},
    {"gpt-j-6b", "gptj", 50400, 2048, 28, 4096, 16384, 16, 16, 256, 64, 0, 1e-5f, 10000, 0, NULL},
    {"orca-2-7b", "llama", 32003, 4096, 32, 4096, 11008, 32, 32, 128, 128, 0, 1e-5f, 10000, 0,
     NULL},
    {"tinyllama", "llama", 32000, 2048, 22, 2048, 5632, 32, 4, 64, 64, 0, 1e-5f, 10000, 0, NULL},
    {"gpt-neo-125m", "gpt_neo", 50257, 2048, 12, 768, 3072, 12, 12, 64, 0, 1, 1e-5f, 0, 256, NULL},
    {"gpt-neo-2.7b", "gpt_neo", 50257, 2048, 32, 2560, 10240, 20, 20, 128, 0, 1, 1e-5f, 0, 256,
     NULL},
    {"smollm2-135m", "llama", 49152, 8192, 30, 576, 1536, 9, 3, 64, 64, 1, 1e-5f, 100000, 0, NULL},
    {"qwen2.5-0.5b", "qwen2", 151936, 32768, 24, 896, 4864, 14, 2, 64, 64, 1, 1e-6f, 1000000, 0,
     NULL},
    {"qwen3-0.6b", "qwen3", 151936, 40960, 28, 1024, 3072, 16, 8, 128, 128, 1, 1e-6f, 1000000, 0,
     NULL},
    {"gpt-2", "gpt2", 50257, 1024, 12, 768, 3072, 12, 12, 64, 0, 1, 1e-5f, 0, 0, NULL},
    {"pythia-160m", "gpt_neox", 50304, 2048, 12, 768, 3072, 12, 12, 64, 16, 0, 1e-5f, 10000, 0,
     NULL},
    {"phi-tiny", "phi", 1001, 512, 2, 256, 1024, 4, 4, 64, 32, 0, 1e-5f, 10000, 0, NULL},
    {"gptj-tiny", "gptj", 1001, 512, 2, 256, 1024, 4, 4, 64, 32, 0, 1e-5f, 10000, 0, NULL},
    {"llama-tiny", "llama", 1001, 512, 2, 256, 683, 4, 2, 64, 64, 0, 1e-5f, 10000, 0, NULL},
    {"neo-tiny", "gpt_neo", 1001, 512, 2, 256, 1024, 4, 4, 64, 0, 1, 1e-5f, 0, 32, NULL},
    {"bert-base", "bert", 30522, 512, 12, 768, 3072, 12, 12, 64, 0, 0, 1e-12f, 0, 0, &bench_bert},
    {"minilm-l6", "bert", 30522, 512, 6, 384, 1536, 12, 12, 32, 0, 0, 1e-12f, 0, 0,
     &bench_sentences},
    {"distilbert", "distilbert", 30522, 512, 6, 768, 3072, 12, 12, 64, 0, 0, 1e-12f, 0, 0,
     &bench_distilbert},
    {"bert-tiny", "bert", 30522, 512, 2, 128, 512, 2, 2, 64, 0, 0, 1e-12f, 0, 0, &bench_bert},
    {"mobilebert", "mobilebert", 30522, 512, 24, 512, 512, 4, 4, 32, 0, 0, 1e-12f, 0, 0,
     &bench_mobilebert},
    /* uneven sizes */
    {"phi-odd", "phi", 77, 64, 2, 300, 522, 5, 1, 60, 24, 0, 1e-5f, 10000, 0, NULL},
    {"bert-odd", "bert", 77, 64, 2, 300, 522, 5, 5, 60, 0, 0, 1e-12f, 0, 0, &bench_sentences},
    {"mobile-odd", "mobilebert", 77, 64, 2, 100, 70, 3, 3, 20, 0, 0, 1e-12f, 0, 0,
     &bench_mobile_odd},
    {"gemma-3-270m", "gemma3", 262144, 32768, 18, 640, 2048, 4, 1, 256, 256, 1, 1e-6f, 1000000, 512,
     NULL},
    {"gemma-tiny", "gemma3", 1001, 512, 2, 256, 683, 4, 1, 64, 64, 1, 1e-6f, 1000000, 32, NULL}};

enum { BENCH_SHAPES = sizeof bench_shapes / sizeof bench_shapes[0] };

typedef struct random_tensor {
    uint16_t slot, layer;
    uint32_t type, rows, cols, crc;
    size_t offset, bytes, tile;
} random_tensor;

typedef struct random_model {
    const bench_shape *shape;
    const slm__architecture *architecture;
    slm__shape extents;
    uint32_t features;
    slm_type type;
    random_tensor *tensors;
    size_t count, kinds_at, directory_at, data_offset, size;
    uint8_t *bytes;
    uint32_t crc[8][256]; /* eight bytes of a checksum at a time */
} random_model;

enum { RANDOM_FREQUENCIES_AT = 384 }; /* 256 + 3 * 32, rounded up to 64 */

/* ---- which tensors, and where ------------------------------------------------------------ */

/* As the converter has it: the embedding and the head of a 4-bit model take eight bits, token types
   and an encoder's heads are f32. */
static uint32_t random_type(slm_type type, uint32_t layer, uint32_t slot) {
    if (slot == SLM__TYPES || slot >= SLM__POOLER) return SLM_TYPE_F32;
    return layer == 0xFFFF && (type == SLM_TYPE_Q4 || type == SLM_TYPE_Q4F) ? SLM_TYPE_Q8 : type;
}

static void random_list(random_model *m, uint32_t layer, const slm__expected *list, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) {
        random_tensor *t = &m->tensors[m->count];
        if (!slm__has(m->features, list[i].needs)) continue;
        t->slot = list[i].slot;
        t->layer = (uint16_t)layer;
        t->rows = slm__extent_of(&m->extents, list[i].rows);
        t->cols = slm__extent_of(&m->extents, list[i].cols);
        t->type = list[i].rows == SLM__ONE ? SLM_TYPE_VECTOR
                                           : random_type(m->type, layer, t->slot);
        t->tile = t->type == SLM_TYPE_VECTOR ? 0 : slm__tile_bytes(t->type, t->cols);
        t->bytes = t->tile ? ((size_t)t->rows + 15) / 16 * t->tile : (size_t)t->cols * 4;
        m->count++;
    }
}

/* The sizes that say which tensors there are. */
static void random_extents(slm__shape *extents, const bench_shape *shape) {
    const bench_encoder *encoder = shape->encoder;
    extents->vocab_rows = shape->vocab;
    extents->hidden = shape->hidden;
    extents->ffn = shape->ffn;
    extents->heads = shape->heads;
    extents->kv_heads = shape->kv_heads;
    extents->head_size = shape->head_size;
    extents->context = shape->context;
    extents->flags = shape->flags;
    extents->embedding = extents->inner = shape->hidden;
    if (!encoder) return;
    if (encoder->embedding) extents->embedding = encoder->embedding;
    if (encoder->inner) extents->inner = encoder->inner;
    extents->stack = encoder->ffns - 1;
    extents->bottleneck_flags = encoder->bottleneck_flags;
    extents->token_types = encoder->types;
    extents->pooler = encoder->pooler;
}

static void random_plan(random_model *m) {
    const bench_shape *shape = m->shape;
    const size_t of_layer = sizeof slm__layer_tensors / sizeof slm__layer_tensors[0];
    const size_t of_model = sizeof slm__model_tensors / sizeof slm__model_tensors[0];
    size_t at, i;
    uint32_t layer;
    random_extents(&m->extents, shape);
    m->features = slm__features_of(m->architecture, &m->extents);
    m->tensors = (random_tensor *)tool_allocate(shape->layers * of_layer + of_model,
                                                sizeof *m->tensors);
    for (layer = 0; layer < shape->layers; layer++)
        random_list(m, layer, slm__layer_tensors, of_layer);
    random_list(m, 0xFFFF, slm__model_tensors, of_model);
    /* the head: 256 bytes, three sections' entries, frequencies, layer kinds, the directory */
    m->kinds_at = slm__round_up(RANDOM_FREQUENCIES_AT + (size_t)shape->rotary * 2, 64);
    m->directory_at = slm__round_up(m->kinds_at + shape->layers, 64);
    at = m->data_offset = slm__round_up(m->directory_at + m->count * SLM__ENTRY_BYTES, 64);
    for (i = 0; i < m->count; i++) {
        m->tensors[i].offset = at;
        at = slm__round_up(at + m->tensors[i].bytes, 64);
    }
    m->size = at;
}

/* ---- values ------------------------------------------------------------------------------ */

/* How eight random bytes become elements: (bits & keep) + base, with the bits of sign on top. */
typedef struct random_pattern {
    uint64_t keep, base, sign;
} random_pattern;

static uint64_t random_bits(uint64_t n) {
    n *= UINT64_C(0x9E3779B97F4A7C15);
    n ^= n >> 32;
    n *= UINT64_C(0xD6E8FEB86659FD93);
    return n ^ n >> 32;
}

/* place: the bytes' offset in the file (one number of the sequence for each eight of them, so no
   two runs overlap), so that the number of threads does not matter. */
static void random_fill(uint8_t *to, size_t bytes, uint64_t place, const random_pattern *pattern) {
    size_t i;
    for (i = 0; i < bytes; i += 8, place++) {
        uint64_t bits = random_bits(place + 1);
        bits = ((bits & pattern->keep) + pattern->base) | (bits & pattern->sign);
        memcpy(to + i, &bits, 8);
    }
}

/* Floats: sign, fraction and the exponent's two lowest bits are random; magnitudes lie below
   2^(top + 1), and their root mean square is 0.88 * 2^top. */
static random_pattern random_floats(unsigned type, size_t cols) {
    unsigned width = type == SLM_TYPE_F32 ? 32 : 16, fraction = type == SLM_TYPE_F32 ? 23 : 7;
    int bias = 127, top = (int)floor(0.5 - 0.5 * log((double)cols) / log(2.0));
    uint64_t ones = width == 32 ? UINT64_C(0x0000000100000001) : UINT64_C(0x0001000100010001);
    random_pattern pattern;
    if (type == SLM_TYPE_F16) fraction = 10, bias = 15;
    pattern.keep = ones * (((uint64_t)1 << (fraction + 2)) - 1);
    pattern.base = ones * ((uint64_t)(bias + top - 3) << fraction);
    pattern.sign = ones << (width - 1);
    return pattern;
}

static void put_16(uint8_t *to, unsigned value) {
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}
static void put_32(uint8_t *to, uint32_t value) {
    put_16(to, value & 0xFFFF);
    put_16(to + 2, value >> 16);
}
static void put_64(uint8_t *to, uint64_t value) {
    put_32(to, (uint32_t)value);
    put_32(to + 4, (uint32_t)(value >> 32));
}

/* An element beyond the matrix: zero, or the code of it. */
static void random_clear(const random_tensor *t, uint8_t *tile, size_t col, size_t lane) {
    size_t k = col % SLM__BLOCK;
    uint8_t *codes = tile + slm__block_at(t->type, t->cols, col / SLM__BLOCK);
    if (t->type == SLM_TYPE_F32)
        put_32(codes + (k * 16 + lane) * 4, 0);
    else if (t->type == SLM_TYPE_F16 || t->type == SLM_TYPE_BF16)
        put_16(codes + (k * 16 + lane) * 2, 0);
    else if (t->type == SLM_TYPE_Q8)
        codes[k / 4 * 64 + lane * 4 + k % 4] = 128;
    else {
        uint8_t *pair = &codes[k / 8 * 64 + lane * 4 + k % 4];
        *pair = (uint8_t)(k % 8 < 4 ? (*pair & 0xF0) | 8 : (*pair & 0x0F) | 0x80);
    }
}

/* One block's scales and codes. Codes and sub-scales are odd bytes: -127 to 127 at a root mean
   square of 73.9; q4's table has one of 16.7. */
static void random_block(const random_tensor *t, uint8_t *tile, size_t b, uint64_t place) {
    static const random_pattern odd = {UINT64_C(0xFEFEFEFEFEFEFEFE),
                                       UINT64_C(0x0101010101010101), 0};
    static const random_pattern any = {UINT64_MAX, 0, 0};
    size_t left = slm__least(t->cols - b * SLM__BLOCK, SLM__BLOCK), i;
    uint8_t *scales = tile + slm__block_scales_at(t->type, b);
    uint8_t *codes = tile + slm__block_at(t->type, t->cols, b);
    double size = 1 / sqrt((double)t->cols);
    if (t->type == SLM_TYPE_Q8) {
        for (i = 0; i < 16; i++) put_16(scales + 2 * i, slm__to_half((float)(size / 73.9)));
        random_fill(codes, (left + 7) / 8 * 128, place, &odd);
    } else {
        size_t groups = (left + slm__group(t->type) - 1) / slm__group(t->type);
        random_fill(scales, groups * 16, place, &odd);
        random_fill(codes, groups * slm__group(t->type) * 8, place + groups * 2, &any);
        for (i = 0; i < 16; i++)
            put_32(tile + 4 * i, slm__bits((float)(size / 73.9 / 16.7)));
    }
}

static void random_tile(const random_tensor *t, uint8_t *tile, size_t rows, uint64_t place) {
    size_t blocks = slm__blocks(t->cols), group, padded = t->cols, b, col, lane;
    if (slm__integer(t->type)) {
        group = t->type == SLM_TYPE_Q8 ? 8 : slm__group(t->type);
        padded = slm__round_up(t->cols, group);
        memset(tile, 0, t->tile);
        for (b = 0; b < blocks; b++)
            random_block(t, tile, b, place + slm__block_at(t->type, t->cols, b));
    } else {
        random_pattern pattern = random_floats(t->type, t->cols);
        size_t bytes = (size_t)t->cols * (t->type == SLM_TYPE_F32 ? 64 : 32);
        random_fill(tile, bytes, place, &pattern);
        memset(tile + bytes, 0, t->tile - bytes);
    }
    for (col = t->cols; col < padded; col++)
        for (lane = 0; lane < 16; lane++) random_clear(t, tile, col, lane);
    for (lane = rows; lane < 16; lane++)
        for (col = 0; col < padded; col++) random_clear(t, tile, col, lane);
}

/* ---- checksums --------------------------------------------------------------------------- */

static void random_crc_tables(random_model *m) {
    uint32_t n, i;
    for (n = 0; n < 256; n++) {
        uint32_t crc = n;
        for (i = 0; i < 8; i++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        m->crc[0][n] = crc;
    }
    for (n = 0; n < 256; n++)
        for (i = 1; i < 8; i++)
            m->crc[i][n] = m->crc[i - 1][n] >> 8 ^ m->crc[0][m->crc[i - 1][n] & 255];
}

static uint32_t random_crc(const random_model *m, const uint8_t *bytes, size_t size) {
    uint32_t crc = 0xFFFFFFFFu;
    for (; size >= 8; size -= 8, bytes += 8) {
        uint32_t a = crc ^ slm__u32(bytes), b = slm__u32(bytes + 4);
        crc = m->crc[7][a & 255] ^ m->crc[6][a >> 8 & 255] ^ m->crc[5][a >> 16 & 255] ^
              m->crc[4][a >> 24] ^ m->crc[3][b & 255] ^ m->crc[2][b >> 8 & 255] ^
              m->crc[1][b >> 16 & 255] ^ m->crc[0][b >> 24];
    }
    for (; size; size--, bytes++) crc = crc >> 8 ^ m->crc[0][(crc ^ *bytes) & 255];
    return ~crc;
}

static void random_tensor_task(void *arg, size_t index) {
    random_model *m = (random_model *)arg;
    random_tensor *t = &m->tensors[index];
    uint8_t *data = m->bytes + t->offset;
    size_t i, tiles = ((size_t)t->rows + 15) / 16;
    float norm = m->architecture->norm == SLM__NO_NORM ? 0.5f : 1.0f; /* it has to shrink a sum */
    if (!t->tile)
        for (i = 0; i < t->cols; i++)
            put_32(data + 4 * i, slm__bits(t->slot % 2 ? norm : 0.0f)); /* norms are odd slots */
    for (i = 0; t->tile && i < tiles; i++)
        random_tile(t, data + i * t->tile, slm__least(16, t->rows - 16 * i),
                    t->offset + i * t->tile);
    memset(data + t->bytes, 0, slm__round_up(t->bytes, 64) - t->bytes);
    t->crc = random_crc(m, data, t->bytes);
}

/* ---- the head ---------------------------------------------------------------------------- */

static void random_section(random_model *m, uint32_t index, uint32_t kind, size_t at,
                           size_t bytes) {
    uint8_t *entry = m->bytes + SLM__HEADER_BYTES + index * SLM__SECTION_BYTES;
    put_32(entry, kind);
    put_32(entry + 4, 1);
    put_64(entry + 8, at);
    put_64(entry + 16, bytes);
}

static void random_sections(random_model *m) {
    uint32_t rotary = m->shape->rotary, i;
    uint8_t *entry;
    random_section(m, 0, SLM__FREQUENCIES, RANDOM_FREQUENCIES_AT, (size_t)rotary * 2);
    random_section(m, 1, SLM__LAYER_KINDS, m->kinds_at, m->shape->layers);
    random_section(m, 2, SLM__DIRECTORY, m->directory_at, m->count * SLM__ENTRY_BYTES);
    for (i = 0; i < rotary / 2; i++)
        put_32(m->bytes + RANDOM_FREQUENCIES_AT + 4 * i,
               slm__bits((float)pow(m->shape->theta, -2.0 * i / rotary)));
    for (i = 1; m->shape->window && i < m->shape->layers; i += 2) m->bytes[m->kinds_at + i] = 1;
    for (i = 0; i < m->count; i++) {
        const random_tensor *t = &m->tensors[i];
        entry = m->bytes + m->directory_at + (size_t)i * SLM__ENTRY_BYTES;
        put_16(entry, t->slot);
        put_16(entry + 2, t->layer);
        put_16(entry + 4, t->type);
        put_16(entry + 6, (unsigned)slm__rotated(t->type, t->cols));
        put_32(entry + 8, t->rows);
        put_32(entry + 12, t->cols);
        put_64(entry + 16, t->offset);
        put_64(entry + 24, t->bytes);
        put_32(entry + 32, t->crc);
    }
}

/* The fields that only encoders have; vectors are means. */
static void random_encoder(random_model *m) {
    const bench_encoder *encoder = m->shape->encoder;
    uint8_t *bytes = m->bytes;
    put_16(bytes + SLM__AT_MINOR, 2);
    put_16(bytes + SLM__AT_POOLING, SLM_POOLING_MEAN);
    put_32(bytes + SLM__AT_TOKEN_TYPES, encoder->types);
    put_32(bytes + SLM__AT_TASKS, 1u << SLM_TASK_EMBED);
    put_32(bytes + SLM__AT_EMBEDDING_SIZE, m->extents.embedding);
    put_32(bytes + SLM__AT_BOTTLENECK, encoder->inner);
    put_32(bytes + SLM__AT_FFNS, encoder->ffns);
    put_32(bytes + SLM__AT_BOTTLENECK_FLAGS, encoder->bottleneck_flags);
    put_32(bytes + SLM__AT_POOLER, encoder->pooler);
    put_32(bytes + SLM__AT_VECTOR_FLAGS, encoder->vector_flags);
    put_32(bytes + SLM__AT_TASK, SLM_TASK_EMBED);
}

static void random_head(random_model *m) {
    const bench_shape *s = m->shape;
    const uint32_t words[26] = {
        s->vocab, 0, s->context, s->layers, s->hidden, s->ffn, s->heads, s->kv_heads,
        s->head_size, s->rotary, s->window, 0, 0, 0, s->hidden, 0, 1, 0, 0xFFFFFFFFu, s->flags,
        slm__bits(s->eps), slm__bits(1.0f), 0, 0, 0, 0};
    uint64_t id;
    size_t i;
    memset(m->bytes, 0, m->data_offset);
    memcpy(m->bytes, slm__magic, 8);
    put_16(m->bytes + 8, 1);
    put_64(m->bytes + 16, m->size);
    put_64(m->bytes + 24, m->data_offset);
    put_16(m->bytes + 40, 3);
    put_32(m->bytes + 44, (uint32_t)m->count);
    put_16(m->bytes + 64, m->architecture->id);
    if (m->architecture->id > SLM__FIRST_VERSION) put_16(m->bytes + SLM__AT_MINOR, 1);
    for (i = 0; i < 26; i++) put_32(m->bytes + 72 + 4 * i, words[i]);
    if (s->encoder) random_encoder(m);
    random_sections(m);
    id = slm__fnv(UINT64_C(0xCBF29CE484222325), m->bytes + 64, 192);
    id = slm__fnv(id, m->bytes + m->directory_at, m->count * SLM__ENTRY_BYTES);
    put_64(m->bytes + 32, id);
    put_32(m->bytes + 12, slm__crc32(0, m->bytes + 16, m->data_offset - 16));
}

/* In bytes; 0: not known. */
static double physical_memory(void) {
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (double)pages * (double)page : 0;
}

/* The file's bytes, 64-byte aligned, to be freed; NULL: no memory for *size bytes. Where the
   system would grant more than it has, it would later end this or another process instead. */
static uint8_t *random_make(const bench_shape *shape, slm_type type, const bench_team *team,
                            size_t *size) {
    random_model *m = (random_model *)tool_allocate(1, sizeof *m);
    uint8_t *bytes;
    size_t i;
    m->shape = shape;
    m->type = type;
    for (i = 0; i < SLM__ARCHITECTURES; i++)
        if (!strcmp(slm__architectures[i].name, shape->architecture))
            m->architecture = &slm__architectures[i];
    if (!m->architecture) tool_fail(1, "the library does not run %s", shape->architecture);
    random_plan(m);
    *size = m->size;
    if ((physical_memory() > 0 && (double)m->size > physical_memory() * 0.95) ||
        posix_memalign((void **)&m->bytes, 4096, m->size) != 0)
        m->bytes = NULL;
    if (m->bytes) {
        random_crc_tables(m);
        team_run(team, m->count, random_tensor_task, m);
        random_head(m);
    }
    bytes = m->bytes;
    free(m->tensors);
    free(m);
    return bytes;
}

#endif
