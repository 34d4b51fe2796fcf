/* encode.h - what the parts of slm-encode share: its work, the inputs under way, and how numbers,
   tokens and offsets are written. */
#ifndef SLM_TOOLS_ENCODE_H
#define SLM_TOOLS_ENCODE_H

#include "jsonl.h"

#include <math.h>

/* One pass of the model over a text or pair; of a line that ranks or answers there are many. */
typedef struct input {
    line *of;
    size_t first, count; /* tokens in work.tokens; count 0: nothing is computed */
    size_t rows, pass;   /* of the model's output; its place among those that are computed */
    int last;            /* of its line */
} input;

typedef struct candidate { /* an answer, as bytes of the context */
    size_t start, end, next; /* next: the candidate before it in its bucket, + 1 */
    uint32_t hash;
    double score;
} candidate;

typedef struct work work;

enum { TAKES_TEXT = 1, TAKES_PAIR = 2, TAKES_DOCUMENTS = 4 };

typedef struct job { /* a task of the tool, which is a little more than one of the library */
    const char *name;
    slm_task head;
    unsigned takes;
    slm_output output;
    int by_token;    /* a row of the output is a token's */
    int has_offsets; /* the answer has some */
    void (*give)(work *, const input *, const float *rows);
} job;

enum { BUCKETS = 4096 };

struct work {
    const slm_model *model;
    slm_model_info info;
    slm_session *session;
    const job *job;
    const char *prompt; /* before each text; NULL: none */
    slm_output output;
    int logits, no_truncate, code_points, shows; /* shows: a person sees progress */
    int is_words; /* the tokenizer is WordPiece, whose tokens have no spaces of their own */
    size_t longest, batch, row; /* row: floats in a row of the output */
    /* inputs that go through the model together */
    input *inputs;
    slm_text_token *tokens;
    slm_input *passes;
    slm_token *ids;
    int32_t *types;
    float *out, *pooled;
    size_t count, used, rows, bytes;      /* inputs, tokens, rows; bytes of their lines */
    size_t inputs_room, tokens_room, passes_room, ids_room, types_room, out_room, pooled_room;
    /* the line whose inputs are given, as far as they have been */
    float *kept;       /* logits of documents, or of windows */
    slm_token *kept_ids;
    size_t *kept_ends; /* where the ids of each end */
    size_t kept_count, kept_id_count, kept_end_count;
    size_t kept_room, kept_ids_room, kept_ends_room;
    candidate *candidates;
    size_t candidate_count, candidates_room, buckets[BUCKETS];
    /* of --format npy */
    FILE *vectors;
    uint64_t lines, total_tokens;
};

/* Makes room for `need` items of `size` bytes. */
static void *grown(void *memory, size_t *room, size_t need, size_t size) {
    size_t wanted = *room ? *room : 64;
    if (need <= *room) return memory;
    while (wanted < need) {
        if (wanted > SIZE_MAX / 4 / size) tool_fail(1, "out of memory");
        wanted *= 2;
    }
    memory = realloc(memory, wanted * size);
    if (!memory) tool_fail(1, "out of memory");
    *room = wanted;
    return memory;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* Nine digits tell every float from its neighbours. */
static void put_number(double x) { printf("%.9g", x); }

static void put_floats(const float *x, size_t count) {
    size_t i;
    putchar('[');
    for (i = 0; i < count; i++) {
        if (i) fputs(", ", stdout);
        put_number((double)x[i]);
    }
    putchar(']');
}

/* Rows of `size` floats, one after the other. */
static void put_rows(const float *x, size_t rows, size_t size) {
    size_t i;
    putchar('[');
    for (i = 0; i < rows; i++) {
        if (i) fputs(", ", stdout);
        put_floats(x + i * size, size);
    }
    putchar(']');
}

static void put_string(const char *bytes, size_t size) {
    putchar('"');
    tool_escaped(bytes, size);
    putchar('"');
}

static void put_ids(const slm_token *ids, size_t count) {
    size_t i;
    putchar('[');
    for (i = 0; i < count; i++) printf("%s%ld", i ? ", " : "", (long)ids[i]);
    putchar(']');
}

static void put_input_ids(const work *w, const input *in) {
    put_ids(w->ids + in->first, in->count);
}

/* With --logits an answer ends with its ids and logits, one row or a row for every token. */
static void put_logits(const work *w, const input *in, const float *rows, int by_token) {
    if (!w->logits) return;
    fputs(", \"ids\": ", stdout);
    put_input_ids(w, in);
    fputs(", \"logits\": ", stdout);
    if (by_token) put_rows(rows, in->count, w->row);
    else put_floats(rows, w->row);
}

/* ---- offsets ----------------------------------------------------------------------------- */

typedef struct ruler { /* counts forward; zero but for the text at first */
    const char *text;
    size_t at, points;
} ruler;

/* A place in a text, as bytes or with --code-points as code points. */
static size_t place(const work *w, ruler *r, size_t offset) {
    if (!w->code_points) return offset;
    if (offset < r->at) r->at = r->points = 0;
    for (; r->at < offset; r->at++) r->points += (r->text[r->at] & 0xC0) != 0x80;
    return r->points;
}

/* ---- tokens ------------------------------------------------------------------------------ */

/* A token's own text; "" if it has none. */
static const char *token_text(const work *w, slm_token token, size_t *size) {
    const char *text = slm_token_text(w->model, token, size);
    if (!text) *size = 0;
    return text ? text : "";
}

/* ---- scores ------------------------------------------------------------------------------ */

/* softmax(x)[i] = exp(x[i] - *largest) / sum, which is returned. */
static double softmax(const float *x, size_t count, double *largest) {
    double sum = 0;
    size_t i;
    for (*largest = x[0], i = 1; i < count; i++)
        if (x[i] > *largest) *largest = x[i];
    for (i = 0; i < count; i++) sum += exp(x[i] - *largest);
    return sum;
}

static float sigmoid(float x) { return (float)(1 / (1 + exp(-(double)x))); }

#endif
