/* test_architectures.c - what no architecture of the library needs yet: a row that a test adds (a
   GPT-NeoX whose row has the other GELU) equals Hugging Face in float64, and rows of two sequences
   in one batch each have the bits that they have alone.
   test-architectures --write WEIGHTS: the tensors as f32, for make_architectures.py. */
#define _GNU_SOURCE 1 /* for threads.h and bench_model.h */
#define SLM__MORE_ARCHITECTURES                                                                \
    {60000, "neox_tanh", SLM__PARALLEL_NORMS, SLM__LAYER_NORM, SLM__GELU, SLM__ROTARY_HALF,     \
     SLM__DECODER | SLM__QKV_BIAS | SLM__OUT_BIAS | SLM__FFN_BIAS | SLM__NORM_BIAS |           \
         SLM__TWO_NORMS,                                                                       \
     SLM__FLAG_TIED, 0},
#define SLM_IMPLEMENTATION
#include "../tools/common.h"

#include <math.h>
#include <unistd.h>

#include "../examples/threads.h"
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function" /* of the probes and the tools */
#endif
#include "../tools/bench_probe.h"
#include "../tools/bench_model.h"

enum { TOKENS = 60, VOCAB = 83 };
static const bench_shape neox = {"neox", "neox_tanh", VOCAB, 128, 3, 60, 130, 5, 5, 12, 6, 0, 1e-5f,
                                 10000, 0, NULL};

static slm_token token_of(size_t i) { return (slm_token)(random_bits(i + 77) % VOCAB); }

static int passed, failed;

static void check(int good, const char *text) {
    if (good) passed++;
    else {
        failed++;
        printf("FAILED tests/test_architectures.c: %s\n", text);
    }
}

/* ---- a model with norms and biases far from 1 and 0 --------------------------------------- */

static void vary_vectors(uint8_t *bytes) {
    uint8_t *entry = bytes + slm__u64(bytes + 256 + 2 * 32 + 8);
    uint32_t count = slm__u32(bytes + 44), i, k;
    uint64_t id;
    for (i = 0; i < count; i++, entry += SLM__ENTRY_BYTES) {
        uint8_t *data = bytes + slm__u64(entry + 16);
        for (k = 0; slm__u16(entry + 4) == SLM_TYPE_VECTOR && k < slm__u32(entry + 12); k++) {
            double random = (double)(int64_t)random_bits(i * 1000 + k) * 0x1p-63;
            random = slm__u16(entry) % 2 ? 1 + 0.5 * random : 0.6 * random; /* norms are odd slots */
            put_32(data + 4 * k, slm__bits((float)random));
        }
        put_32(entry + 32, slm__crc32(0, data, (size_t)slm__u64(entry + 24)));
    }
    id = slm__fnv(UINT64_C(0xCBF29CE484222325), bytes + 64, 192);
    put_64(bytes + 32, slm__fnv(id, entry - (size_t)count * SLM__ENTRY_BYTES,
                                (size_t)count * SLM__ENTRY_BYTES));
    put_32(bytes + 12, slm__crc32(0, bytes + 16, (size_t)slm__u64(bytes + 24) - 16));
}

static uint8_t *make_model(const bench_shape *shape, slm_type type, size_t *size) {
    bench_team team = {1, {NULL, NULL}};
    uint8_t *bytes = random_make(shape, type, &team, size);
    if (!bytes) tool_fail(1, "no memory");
    vary_vectors(bytes);
    return bytes;
}

static slm_model *open_model(const uint8_t *bytes, size_t size) {
    slm_model *model;
    slm_error error;
    if (slm_model_open_memory(&model, bytes, size, NULL, &error) != SLM_OK)
        tool_fail(1, "%s", error.text);
    return model;
}

static slm_session *open_session(const slm_model *model, size_t batch, unsigned threads) {
    slm_session_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.batch = desc.logits_kept = batch;
    desc.threads = threads;
    return tool_session(model, &desc);
}

/* ---- a row of its own --------------------------------------------------------------------- */

static size_t read_file(const char *path, void *out, size_t size) {
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(out, 1, size, file) : 0;
    if (file) fclose(file);
    return got;
}

/* The logits of all tokens, read `chunk` at a time. */
static void read_logits(const slm_model *model, size_t chunk, unsigned threads, float *out) {
    slm_session *s = open_session(model, chunk, threads);
    slm_token tokens[TOKENS];
    size_t at, size, i;
    for (i = 0; i < TOKENS; i++) tokens[i] = token_of(i);
    for (at = 0; at < TOKENS; at += size) {
        size = slm__least(chunk, TOKENS - at);
        if (slm_eval(s, tokens + at, size) != SLM_OK) tool_fail(1, "%s", slm_session_error(s));
        for (i = 0; i < size; i++)
            memcpy(out + (at + i) * VOCAB, slm_logits(s, size - 1 - i), VOCAB * sizeof *out);
    }
    slm_session_close(s);
}

static void test_golden_row(void) {
    static float got[TOKENS * VOCAB], want[TOKENS * VOCAB];
    double worst = 0, error = 0, power = 0;
    size_t size, i, j;
    uint8_t *bytes = make_model(&neox, SLM_TYPE_F32, &size);
    slm_model *model = open_model(bytes, size);
    check(read_file("tests/golden/neox/logits.f32", want, sizeof want) == sizeof want,
          "the golden logits are there");
    read_logits(model, TOKENS, 1, got);
    for (i = 0; i < TOKENS; i++) {
        double largest = 1;
        for (j = 0; j < VOCAB; j++) largest = fmax(largest, fabs(want[i * VOCAB + j]));
        for (j = 0; j < VOCAB; j++) {
            double off = (double)got[i * VOCAB + j] - want[i * VOCAB + j];
            if (!(fabs(off) / largest <= worst)) worst = fabs(off) / largest;
            error += off * off;
            power += (double)want[i * VOCAB + j] * want[i * VOCAB + j];
        }
    }
    printf("  a GPT-NeoX: largest relative difference %.2g, NMSE %.2g\n", worst, error / power);
    check(worst <= 1e-4 && error <= 1e-9 * power,
          "a parallel block with two norms equals Hugging Face");
    slm_model_close(model);
    free(bytes);
}

static void test_row_bits(void) {
    static float first[TOKENS * VOCAB], again[TOKENS * VOCAB];
    static const slm_type types[] = {SLM_TYPE_F32, SLM_TYPE_F16, SLM_TYPE_Q8, SLM_TYPE_Q4};
    static const size_t chunks[] = {1, 7, TOKENS};
    size_t size, i, k;
    for (i = 0; i < sizeof types / sizeof types[0]; i++) {
        uint8_t *bytes = make_model(&neox, types[i], &size);
        slm_model *model = open_model(bytes, size);
        read_logits(model, TOKENS, 1, first);
        for (k = 0; k < 3; k++) {
            read_logits(model, chunks[k], (unsigned)k + 1, again);
            check(!memcmp(first, again, sizeof first), "the same bits in every chunking");
        }
        slm_model_close(model);
        free(bytes);
    }
}

/* ---- two sequences in one batch ----------------------------------------------------------- */

enum { ROWS = 24, HIDDEN = 300 };

/* Which sequence has row i: 1 of them in pieces of several lengths. */
static int second(size_t i) { return i % 7 == 1 || i % 7 == 2 || i % 7 == 5 || i > 20; }

/* Rows of one sequence alone (which 0 or 1), or of both (2) in the order of `second`. */
static void run_rows(slm_session *s, slm_session *other, int which, float *out) {
    size_t hidden = s->model->shape.hidden, positions[2] = {0, 0}, count = 0, i;
    for (i = 0; i < ROWS; i++) {
        int own = second(i);
        slm__row *row = &s->batch.rows[count];
        if (which < 2 && own != which) continue;
        row->cache = own ? &other->sequence.cache : &s->sequence.cache;
        row->position = (uint32_t)positions[own]++;
        row->token = (slm_token)(random_bits(i + 5) % s->model->shape.vocab_rows);
        count++;
    }
    if (slm__forward(s, 0, count) != SLM_OK) tool_fail(1, "%s", slm_session_error(s));
    for (count = i = 0; i < ROWS; i++)
        if (which == 2 || second(i) == which)
            memcpy(out + i * HIDDEN, s->batch.hidden + count++ * hidden, hidden * sizeof *out);
}

static void test_two_sequences(const bench_shape *shape, slm_type type, unsigned threads) {
    static float alone[ROWS * HIDDEN], together[ROWS * HIDDEN];
    size_t size, i;
    uint8_t *bytes = make_model(shape, type, &size);
    slm_model *model = open_model(bytes, size);
    slm_session *a = open_session(model, ROWS, threads), *b = open_session(model, ROWS, threads);
    memset(alone, 0, sizeof alone);
    memset(together, 0, sizeof together);
    run_rows(a, b, 0, alone);
    run_rows(a, b, 1, alone);
    memset(a->sequence.cache.keys, 0xFF, 64); /* nothing of the runs before counts */
    memset(b->sequence.cache.keys, 0xFF, 64);
    run_rows(a, b, 2, together);
    for (i = 0; i < ROWS && alone[i * HIDDEN] != 0; i++) continue;
    check(i == ROWS, "every row has a result");
    check(!memcmp(alone, together, sizeof alone),
          "rows of two sequences in one batch have the bits that each has alone");
    slm_session_close(a);
    slm_session_close(b);
    slm_model_close(model);
    free(bytes);
}

static void write_tensor(const slm__tensor *t, FILE *out) {
    size_t row, col;
    for (row = 0; t->data && row < t->rows; row++)
        for (col = 0; col < t->cols; col++) {
            float value = t->type == SLM_TYPE_VECTOR ? slm__vector(t)[col]
                                                     : slm__element(t, row, col);
            fwrite(&value, 4, 1, out);
        }
}

/* The model's tensors by layer and slot; the token ids behind them. */
static int write_weights(const char *path) {
    size_t size, layer, slot, i;
    uint8_t *bytes = make_model(&neox, SLM_TYPE_F32, &size);
    slm_model *model = open_model(bytes, size);
    FILE *out = fopen(path, "wb");
    for (layer = 0; out && layer < model->shape.layers; layer++)
        for (slot = 1; slot < SLM__LAYER_SLOTS; slot++)
            write_tensor(&model->layers[layer].at[slot], out);
    for (slot = SLM__EMBEDDING; out && slot < SLM__MODEL_SLOTS; slot++)
        write_tensor(slm__model_tensor(model, (unsigned)slot), out);
    for (i = 0; out && i < TOKENS; i++) {
        float token = (float)token_of(i);
        fwrite(&token, 4, 1, out);
    }
    slm_model_close(model);
    free(bytes);
    return !out || fclose(out) != 0;
}

int main(int count, char **args) {
    static const char *const shapes[] = {"phi-odd", "gptj-tiny", "llama-tiny", "neo-tiny",
                                         "gemma-tiny"};
    size_t i, k;
    if (count == 3 && !strcmp(args[1], "--write")) return write_weights(args[2]);
    test_golden_row();
    test_row_bits();
    for (i = 0; i < BENCH_SHAPES; i++)
        for (k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
            if (!strcmp(bench_shapes[i].name, shapes[k])) {
                test_two_sequences(&bench_shapes[i], SLM_TYPE_F32, 1);
                test_two_sequences(&bench_shapes[i], SLM_TYPE_Q8, 2);
            }
    test_two_sequences(&neox, SLM_TYPE_F16, 3);
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0;
}
