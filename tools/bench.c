/* bench.c - how fast a model processes prompts and generates, or an encoder its texts, in ratio to
   what the machine can do at the same moment: probes of it alternate with each repetition, so a
   busy or throttled machine shows in both. A model of random weights serves where there is no
   file. */
#define _GNU_SOURCE 1 /* for threads.h, posix_memalign and getrusage */
#define SLM_IMPLEMENTATION
#include <stddef.h>
/* --kernel goes through the library's own phases, without the tasks that are no products */
static int products_alone;
static void slm__multiply_task(void *arg, size_t index);
#define SLM__WANTS(task) (!products_alone || (task) == slm__multiply_task)
#include "common.h"

#include <math.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench_probe.h"
#include "bench_model.h"

enum { MOST_COUNTS = 16, MOST_REPETITIONS = 1000, MOST_WORKS = 3, MOST_TEXTS = 64 };

static const char help[] =
    "usage: slm-bench MODEL.slm | --shape NAME [--type T] [options]\n"
    "       slm-bench --kernel [MODEL.slm | --shape NAME] [--type T] [options]\n"
    "example: slm-bench --shape tinyllama --type q8 -p 128 -n 16\n"
    "  -h, --help     this text; --version\n"
    "  -m MODEL       the same as MODEL.slm\n"
    "  --shape NAME   random weights in memory: phi-2, phi-1.5, gpt-j-6b, orca-2-7b, tinyllama,\n"
    "                 gpt-neo-125m, gpt-neo-2.7b, smollm2-135m, qwen2.5-0.5b, qwen3-0.6b, gpt-2,\n"
    "                 pythia-160m, gemma-3-270m, the encoders bert-base, minilm-l6, distilbert,\n"
    "                 bert-tiny, mobilebert, and for tests: phi-tiny, gptj-tiny, llama-tiny,\n"
    "                 neo-tiny, gemma-tiny, phi-odd, bert-odd, mobile-odd\n"
    "  --type T       their type: f32, f16, bf16, q8, q4, q4f (q4; of MobileBERT f32, and no q)\n"
    "  -p N           tokens of the prompt (512, or the model's context; 0: not measured;\n"
    "                 of --kernel at most 256)\n"
    "  -n N           tokens to generate (64; 0: not measured)\n"
    "  -t LIST        numbers of threads, as 1,2 (1 and as many as there are processors)\n"
    "  -r N           repetitions; every figure is their median (5)\n"
    "  --position N   tokens in the context where generation begins (0)\n"
    "  --text FILE    tokenize it and decode the tokens, with one thread (needs a tokenizer)\n"
    "  --kernel       the matrix products alone, over all layers: prompts in GOP/s, one token in\n"
    "                 GB/s (without a model: layers of phi-2, about 1 GiB)\n"
    "  --isa NAME     auto, portable, avx2, avxvnni, avx512, amx, neon, neondot; the probes use\n"
    "                 the widest always\n"
    "  --kv f16|f32   type of the KV cache\n"
    "  --verify       check the model's sums first\n"
    "  --json         one JSON object; its figures are those of the last number of threads, and\n"
    "                 \"runs\" has all\n"
    "A ratio is the median over the repetitions of speed / probe. int8 and mul+add: 2 operations\n"
    "for each multiply-add of all matrix products (the head once) / int8 multiply-adds, and / f32\n"
    "multiplications and additions apart. read: the bytes of the weights that a token reads (no KV\n"
    "cache) / reading memory; above 1 where a cache holds the weights. The peak of the memory is\n"
    "without that which the read probe reads.\n"
    "Of an encoder three works are measured, from token ids to hidden states: a text of 16 tokens,\n"
    "one of 128, and 64 of 8 to 128 in one call (or as long as its texts may be). With -p N one\n"
    "text of N tokens takes their place, and without --kernel -n, --position and --kv are refused.\n"
    "Operations are those of the matrix products, without the products of attention and heads.\n";

typedef struct options {
    const char *path, *text;
    const bench_shape *shape;
    slm_type type;
    size_t prompt, generate, position;
    unsigned threads[MOST_COUNTS];
    size_t counts, repetitions;
    slm_isa isa;
    slm_type kv;
    int kernel, verify, json, prompt_given, generate_given, type_given;
} options;

/* ---- options ----------------------------------------------------------------------------- */

static slm_type type_of(const char *name) {
    int i;
    for (i = SLM_TYPE_F32; i <= SLM_TYPE_Q4F; i++)
        if (!strcmp(name, slm_type_name((slm_type)i))) return (slm_type)i;
    tool_fail(2, "--type is f32, f16, bf16, q8, q4 or q4f, not %s", name);
    return SLM_TYPE_VECTOR;
}

static const bench_shape *shape_of(const char *name) {
    char known[512] = "";
    size_t i;
    for (i = 0; i < BENCH_SHAPES; i++) {
        if (!strcmp(name, bench_shapes[i].name)) return &bench_shapes[i];
        strcat(strcat(known, i ? ", " : ""), bench_shapes[i].name);
    }
    tool_fail(2, "--shape %s is not known; known: %s", name, known);
    return NULL;
}

static void parse_threads(options *o, const char *list) {
    const char *at = list;
    for (o->counts = 0;; at++) {
        char *end;
        unsigned long value = strtoul(at, &end, 10);
        if (*at < '0' || *at > '9' || !value || value > 1024 || (*end && *end != ','))
            tool_fail(2, "-t: '%s' is not a list of numbers from 1 to 1024, as 1,2", list);
        if (o->counts == MOST_COUNTS) tool_fail(2, "-t: more than %d numbers", MOST_COUNTS);
        o->threads[o->counts++] = (unsigned)value;
        at = end;
        if (!*at) return;
    }
}

static void defaults(options *o) {
    o->type = SLM_TYPE_Q4;
    o->prompt = 512;
    o->generate = 64;
    o->repetitions = 5;
    o->threads[0] = 1;
    o->threads[1] = slm_threads_processors();
    o->counts = o->threads[1] > 1 ? 2 : 1;
}

static void take_shape(void *to, const char *name, const char *value) {
    (void)name;
    *(const bench_shape **)to = shape_of(value);
}

static void take_type(void *to, const char *name, const char *value) {
    options *o = (options *)to;
    (void)name;
    o->type = type_of(value);
    o->type_given = 1;
}

static void take_threads(void *to, const char *name, const char *value) {
    (void)name;
    parse_threads((options *)to, value);
}

/* MobileBERT's activations are too large for codes of 8 bits. */
static void check_type(options *o) {
    if (!o->shape || strcmp(o->shape->architecture, "mobilebert")) return;
    if (!o->type_given) o->type = SLM_TYPE_F32;
    if (slm__integer(o->type))
        tool_fail(2, "--shape %s has the types f32, f16 and bf16, not %s", o->shape->name,
                  slm_type_name(o->type));
}

static void parse(int count, char **args, options *o) {
    const size_t usual = SIZE_MAX; /* of what the defaults say */
    size_t prompt = usual, generate = usual;
    const tool_option table[] = {
        {"--shape", TOOL_OTHER, &o->shape, 0, 0, take_shape},
        {"--type", TOOL_OTHER, o, 0, 0, take_type},
        {"-p", TOOL_SIZE, &prompt, 0, 1 << 20, NULL},
        {"-n", TOOL_SIZE, &generate, 0, 1 << 20, NULL},
        {"-t --threads", TOOL_OTHER, o, 0, 0, take_threads},
        {"-r", TOOL_SIZE, &o->repetitions, 1, MOST_REPETITIONS, NULL},
        {"--position", TOOL_SIZE, &o->position, 0, 1 << 20, NULL},
        {"--isa", TOOL_ISA, &o->isa, 0, 0, NULL},
        {"--kv", TOOL_KV, &o->kv, 0, 0, NULL},
        {"--text", TOOL_TEXT, &o->text, 0, 0, NULL},
        {"--kernel", TOOL_FLAG, &o->kernel, 0, 0, NULL},
        {"--verify", TOOL_FLAG, &o->verify, 0, 0, NULL},
        {"--json", TOOL_FLAG, &o->json, 0, 0, NULL}};
    o->path = tool_parse(count, args, table, sizeof table / sizeof table[0], help);
    o->prompt_given = prompt != usual;
    o->generate_given = generate != usual;
    if (o->prompt_given) o->prompt = prompt;
    if (o->generate_given) o->generate = generate;
    if (o->path && (o->shape || o->type_given))
        tool_fail(2, "--shape and --type are of random weights: not with %s", o->path);
    if (!o->path && !o->shape && !o->kernel)
        tool_fail(2, "MODEL.slm or --shape NAME is needed");
    if (!o->prompt && !o->generate && !o->text)
        tool_fail(2, "-p 0 -n 0 leaves nothing to measure");
    check_type(o);
}

/* ---- threads ----------------------------------------------------------------------------- */

static void team_open(bench_team *team, unsigned threads) {
    team->hook.run = slm_threads_run;
    team->hook.user = slm_threads_open(threads);
    team->threads = slm_threads_count((slm_threads *)team->hook.user);
    if (team->threads != threads) tool_fail(1, "the system grants no %u threads", threads);
}

static void team_close(bench_team *team) {
    slm_threads_close((slm_threads *)team->hook.user);
}

/* ---- the model --------------------------------------------------------------------------- */

typedef struct subject {
    slm_model *model;
    slm_model_info info;
    const char *name;
    uint8_t *image;          /* random weights, or NULL */
    double made, opened;     /* seconds */
    double layer_products, head_products; /* multiply-adds of a token; an encoder's layers with
                                             what makes the hidden size of its embedding */
    double token_bytes;      /* weights that a token reads */
    double matrix_bytes;     /* those of the layers' matrices */
} subject;

static int is_matrix(const slm__tensor *tensor) { return tensor->data && tensor->tile; }

static void count_work(subject *s, int kernel) {
    const slm_model *model = s->model;
    const slm__tensor *embedding = slm__model_tensor(model, SLM__EMBEDDING);
    const slm__tensor *positions = slm__model_tensor(model, SLM__POSITIONS);
    const slm__tensor *head = slm__model_tensor(model, SLM__HEAD);
    const slm__tensor *transform = slm__model_tensor(model, SLM__TRANSFORM);
    uint32_t layer, slot;
    for (layer = 0; layer < model->shape.layers; layer++)
        for (slot = 0; slot < model->layer_slots; slot++) {
            const slm__tensor *t = &model->layers[layer].at[slot];
            if (!t->data) continue;
            s->token_bytes += (double)t->bytes;
            if (!is_matrix(t)) continue;
            s->layer_products += (double)t->rows * t->cols;
            s->matrix_bytes += (double)t->bytes;
        }
    for (slot = SLM__FINAL_NORM; slot < SLM__MODEL_SLOTS; slot++)
        if (slm__model_tensor(model, slot)->data)
            s->token_bytes += (double)slm__model_tensor(model, slot)->bytes;
    s->token_bytes += (double)embedding->bytes / embedding->rows;
    if (positions->data) s->token_bytes += (double)positions->bytes / positions->rows;
    if (is_matrix(head)) s->head_products = (double)head->rows * head->cols;
    if (is_matrix(transform) && !kernel)
        s->layer_products += (double)transform->rows * transform->cols;
}

static double median(double *values, size_t count) {
    size_t i, j;
    for (i = 1; i < count; i++) {
        double value = values[i];
        for (j = i; j && values[j - 1] > value; j--) values[j] = values[j - 1];
        values[j] = value;
    }
    if (!count) return 0;
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static slm_model *open_once(const subject *s, const options *o, size_t size) {
    slm_model_desc desc;
    slm_model *model;
    slm_error error;
    memset(&desc, 0, sizeof desc);
    desc.isa = o->isa;
    if (!s->image) return tool_open(o->path, &desc);
    if (slm_model_open_memory(&model, s->image, size, &desc, &error) != SLM_OK)
        tool_fail(1, "%s: %s", s->name, error.text);
    return model;
}

/* The first opening reads the head from the disk; the median is of a file that is at hand. */
static void open_subject(subject *s, const options *o, const bench_team *team) {
    static bench_shape shape;
    double times[9];
    size_t size = 0, i;
    slm_error error;
    if (!o->path) {
        shape = o->shape ? *o->shape : *shape_of("phi-2");
        if (!o->shape) { /* --kernel alone: as much as the probe reads, and no large vocabulary */
            size_t layer = (size_t)shape.hidden * (4 * shape.hidden + 2 * shape.ffn) / 16 / 256;
            layer *= slm__tile_bytes(o->type, 256);
            shape.layers = (uint32_t)(((size_t)1 << 30) / layer + 1);
            shape.vocab = 256;
            shape.name = "phi-2's layers";
        }
        s->made = bench_now();
        s->image = random_make(&shape, o->type, team, &size);
        s->made = bench_now() - s->made;
        if (!s->image)
            tool_fail(1, "%s: no memory for %zu MB of weights", shape.name, size / 1000000);
    }
    s->name = o->path ? o->path : shape.name;
    for (i = 0; i < 9; i++) {
        slm_model_close(s->model);
        times[i] = bench_now();
        s->model = open_once(s, o, size);
        times[i] = bench_now() - times[i];
    }
    s->opened = median(times, 9);
    if (o->verify && slm_model_verify(s->model, &error) != SLM_OK)
        tool_fail(1, "%s: %s", s->name, error.text);
    slm_model_get_info(s->model, &s->info);
    count_work(s, o->kernel);
}

/* ---- measuring --------------------------------------------------------------------------- */

/* Figures: eight of a prompt and four of generation, or eight of each of an encoder's works. */
enum {
    PROMPT_TPS, PROMPT_GOPS, INT8_GOPS, INT8_RATIO, FMA_GFLOPS, FMA_RATIO, MULADD_GFLOPS,
    MULADD_RATIO, GENERATE_TPS, GENERATE_GBPS, READ_GBPS, READ_RATIO,
    WORK_FIGURES = GENERATE_TPS, FIGURES = WORK_FIGURES * MOST_WORKS
};

static const char *const figure_names[] = {
    "prompt_tps", "prompt_gops", "int8_gops", "int8_ratio", "fma_gflops", "fma_ratio",
    "muladd_gflops", "muladd_ratio", "generate_tps", "generate_gbps", "read_gbps", "read_ratio"};

enum { DECODER_FIGURES = sizeof figure_names / sizeof figure_names[0] };

/* Some texts in one call. */
typedef struct work {
    const char *name, *shown;
    size_t texts, least, most, tokens; /* each has least to most tokens, all together so many */
} work;

typedef struct bench {
    const options *o;
    subject subject;
    probe_set probes;
    slm_session *session;
    slm_token *tokens;
    work works[MOST_WORKS]; /* of an encoder */
    size_t work_count;      /* 0: prompts and generation are measured */
    slm_input texts[MOST_TEXTS];
    float *hidden;          /* what the texts become */
    int show;                                  /* somebody looks at stderr */
    double samples[FIGURES][MOST_REPETITIONS];
    double median[MOST_COUNTS][FIGURES];       /* of each number of threads; below 0: none */
    double kv_bytes;                           /* cache that a token in the middle reads */
    double tokenize_mbps, decode_mbps;         /* of text, 10^6 bytes a second; below 0: none */
} bench;

static void progress(const bench *b, const char *what, size_t repetition) {
    if (!b->show) return;
    fprintf(stderr, "\r%-8s %u threads, repetition %zu of %zu   ", what,
            b->probes.team->threads, repetition + 1, b->o->repetitions);
}

static void check(const bench *b, slm_result result) {
    if (result != SLM_OK) tool_fail(1, "%s", slm_session_error(b->session));
}

/* Reads the tokens as a new session would; the head is used once. */
static double time_prompt(bench *b, size_t count) {
    double start;
    slm_token next;
    check(b, slm_rewind(b->session, 0));
    start = bench_now();
    check(b, slm_eval(b->session, b->tokens, count));
    check(b, slm_sample(b->session, NULL, &next));
    return bench_now() - start;
}

static double time_generation(bench *b, size_t count) {
    slm_token token = b->tokens[0];
    double start;
    size_t i;
    check(b, slm_rewind(b->session, b->o->position));
    start = bench_now();
    for (i = 0; i < count; i++) {
        check(b, slm_eval(b->session, &token, 1));
        check(b, slm_sample(b->session, NULL, &token));
    }
    return bench_now() - start;
}

/* A length that does not change from run to run. */
static size_t text_length(const work *w, size_t text) {
    return w->least + (size_t)(random_bits(text + 1) % (w->most - w->least + 1));
}

static double time_texts(bench *b, size_t which) {
    const work *w = &b->works[which];
    double start;
    size_t i, at = 0;
    for (i = 0; i < w->texts; i++) {
        b->texts[i].tokens = b->tokens + at;
        b->texts[i].types = NULL;
        b->texts[i].count = text_length(w, i);
        at += b->texts[i].count;
    }
    start = bench_now();
    check(b, slm_encode_tokens(b->session, b->texts, w->texts, SLM_OUTPUT_HIDDEN, b->hidden,
                               w->tokens * b->subject.info.hidden, NULL));
    return bench_now() - start;
}

/* Numbers from -1 to 1. */
static void fill_inputs(float *x, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) x[i] = (float)((double)random_bits(i) * 0x1p-63 - 1);
}

/* A layer's phases without what is no product: norms, attention, activations, and codes of what one
   product leaves to the next. */
static void multiply_layer(slm__pass *p) {
    p->normed.encoded = p->attention.encoded = p->ffn_hidden.encoded = 1;
    p->product[SLM__P_UP].codes = NULL;
    p->product[SLM__P_UP].activation = p->product[SLM__P_GATE].activation = SLM__LINEAR;
    products_alone = 1;
    slm__layer_blocks[p->s->model->architecture->block](p);
    products_alone = 0;
}

/* A pass as it is before the first layer; its rows are one text. */
static void start_kernel(slm__pass *p, slm_session *s, size_t tokens) {
    slm__batch *b = &s->batch;
    size_t row;
    memset(p, 0, sizeof *p);
    p->s = s;
    p->count = tokens;
    slm__use_stream(p, b->hidden, slm__is_encoder(s) ? b->hidden : b->normed,
                    s->model->shape.hidden);
    slm__enter_layer(p, 0, 0);
    fill_inputs(p->norm_out, tokens * p->normed.cols);
    fill_inputs(b->attention, tokens * p->attention.cols);
    fill_inputs(b->ffn_hidden, tokens * p->ffn_hidden.cols);
    for (row = 0; row < tokens; row++) {
        memset(&b->rows[row], 0, sizeof b->rows[row]);
        b->rows[row].cache = &s->sequence.cache;
        b->rows[row].position = (uint32_t)row;
        slm__quantize_row(s, &p->attention, row);
        slm__quantize_row(s, &p->normed, row);
        slm__quantize_row(s, &p->ffn_hidden, row);
    }
}

/* Every layer's products. Floats read what the layer before left; without a norm that shrinks to
   zeros, so every call begins anew. */
static double time_kernel(bench *b, size_t tokens) {
    slm_session *s = b->session;
    size_t layer;
    slm__pass pass;
    double start;
    unsigned saved;
    start_kernel(&pass, s, tokens);
    start = bench_now();
    saved = slm__begin(s);
    for (layer = 0; layer < s->model->shape.layers; layer++) {
        slm__enter_layer(&pass, layer, 0);
        multiply_layer(&pass);
    }
    slm__end(s, saved);
    return bench_now() - start;
}

/* What is short is done again, for about as long as a probe lasts. */
static double average(bench *b, double (*time)(bench *, size_t), size_t count) {
    double sum = 0;
    size_t runs = 0;
    do {
        sum += time(b, count);
        runs++;
    } while (sum < 0.05);
    return sum / (double)runs;
}

/* The mean of the probes before and after is the limit of what was measured between them. */
static void between(double *samples, double *ratios, size_t i, double before, double after,
                    double speed) {
    samples[i] = (before + after) / 2;
    ratios[i] = speed / samples[i];
}

/* What is timed between probes of computing: time(b, arg) processes so many tokens with so many
   multiply-adds. */
typedef struct timed {
    const char *name;
    double (*time)(bench *, size_t);
    size_t arg;
    double tokens, products;
} timed;

/* Its figures are those from `at` on. */
static void measure_products(bench *b, const timed *t, size_t at) {
    static const int kinds[3] = {PROBE_INT8, PROBE_FMA, PROBE_MULADD};
    static const int figures[3] = {INT8_GOPS, FMA_GFLOPS, MULADD_GFLOPS};
    double (*samples)[MOST_REPETITIONS] = b->samples + at, before[3], seconds, gops;
    size_t i, k;
    for (i = 0; i < b->o->repetitions; i++) {
        progress(b, t->name, i);
        for (k = 0; k < 3; k++) before[k] = probe_measure(&b->probes, kinds[k]);
        seconds = average(b, t->time, t->arg);
        gops = 2e-9 * t->products / seconds;
        samples[PROMPT_TPS][i] = t->tokens / seconds;
        samples[PROMPT_GOPS][i] = gops;
        for (k = 0; k < 3; k++)
            between(samples[figures[k]], samples[figures[k] + 1], i, before[k],
                    probe_measure(&b->probes, kinds[k]), gops);
    }
}

static void measure_prompts(bench *b) {
    const subject *s = &b->subject;
    timed t = {"prompt", time_prompt, b->o->prompt, 0, 0};
    t.tokens = (double)t.arg;
    t.products = t.tokens * s->layer_products;
    if (b->o->kernel) {
        t.name = "kernel";
        t.time = time_kernel;
    } else t.products += s->head_products;
    measure_products(b, &t, 0);
}

static void measure_texts(bench *b) {
    size_t i;
    for (i = 0; i < b->work_count; i++) {
        timed t = {NULL, time_texts, i, 0, 0};
        t.name = b->works[i].shown;
        t.tokens = (double)b->works[i].tokens;
        t.products = t.tokens * b->subject.layer_products;
        time_texts(b, i); /* what is touched first is not measured */
        measure_products(b, &t, i * WORK_FIGURES);
    }
}

static void measure_generation(bench *b) {
    const subject *s = &b->subject;
    size_t count = b->o->kernel ? 1 : b->o->generate, i;
    double bytes = b->o->kernel ? s->matrix_bytes : s->token_bytes + b->kv_bytes;
    double before, seconds, gbps;
    if (!b->o->kernel && slm_position(b->session) < b->o->position) time_prompt(b, b->o->position);
    for (i = 0; i < b->o->repetitions; i++) {
        progress(b, b->o->kernel ? "vector" : "generate", i);
        before = probe_measure(&b->probes, PROBE_READ);
        seconds = average(b, b->o->kernel ? time_kernel : time_generation, count);
        gbps = 1e-9 * bytes * (double)count / seconds;
        b->samples[GENERATE_TPS][i] = (double)count / seconds;
        b->samples[GENERATE_GBPS][i] = gbps;
        between(b->samples[READ_GBPS], b->samples[READ_RATIO], i, before,
                probe_measure(&b->probes, PROBE_READ), gbps);
    }
}

static void check_text(const bench *b, slm_result result, const char *what) {
    if (result != SLM_OK) tool_fail(1, "%s: %s with %s", b->o->text, what, b->subject.name);
}

/* The text's bytes are what is counted both ways. */
static void measure_text(bench *b) {
    const slm_model *model = b->subject.model;
    size_t size, most, count, got = 0, i;
    char *text = tool_read(b->o->text, &size), *back;
    slm_token *tokens = (slm_token *)tool_allocate(size + 16, sizeof *tokens);
    check_text(b, slm_tokenize(model, text, size, 0, tokens, size + 16, &count),
               "cannot be tokenized");
    slm_detokenize(model, tokens, count, 0, NULL, 0, &got); /* may be longer than the text */
    most = got + 16;
    back = (char *)tool_allocate(most, 1);
    for (i = 0; i < b->o->repetitions; i++) {
        double start = bench_now(), middle;
        check_text(b, slm_tokenize(model, text, size, 0, tokens, size + 16, &count),
                   "cannot be tokenized");
        middle = bench_now();
        check_text(b, slm_detokenize(model, tokens, count, 0, back, most, &got),
                   "its tokens cannot be decoded");
        b->samples[0][i] = 1e-6 * (double)size / (middle - start);
        b->samples[1][i] = 1e-6 * (double)size / (bench_now() - middle);
    }
    b->tokenize_mbps = median(b->samples[0], b->o->repetitions);
    b->decode_mbps = median(b->samples[1], b->o->repetitions);
    free(tokens);
    free(back);
    free(text);
}

/* Over all layers, of which some may see no more than a window. */
static double positions_read(const slm_model *model, double position) {
    double sum = 0;
    uint32_t layer;
    for (layer = 0; layer < model->shape.layers; layer++) {
        double window = model->layers[layer].window;
        sum += window > 0 && window < position ? window : position;
    }
    return sum;
}

static void open_session(bench *b) {
    const options *o = b->o;
    const slm__shape *shape = &b->subject.model->shape;
    slm_session_desc desc;
    size_t need = o->position + o->generate;
    slm_session *s;
    memset(&desc, 0, sizeof desc);
    if (!b->work_count) desc.context = need > o->prompt ? need : o->prompt;
    if (o->kernel) desc.batch = o->prompt;
    desc.kv_type = o->kv;
    desc.threads = b->probes.team->threads;
    desc.parallel = b->probes.team->hook;
    s = b->session = tool_session(b->subject.model, &desc);
    b->kv_bytes = positions_read(b->subject.model, (double)o->position + (double)o->generate / 2) *
                  2 * shape->kv_heads * shape->head_size * (double)s->sequence.cache.item;
}

static int is_measured(const bench *b, size_t figure) {
    const options *o = b->o;
    if (b->work_count) return figure < b->work_count * WORK_FIGURES;
    if (o->kernel && (figure == PROMPT_TPS || figure == GENERATE_TPS)) return 0;
    return figure < GENERATE_TPS ? o->prompt != 0 : figure < DECODER_FIGURES && o->generate;
}

static void run(bench *b, size_t which) {
    const options *o = b->o;
    bench_team team;
    size_t i;
    team_open(&team, o->threads[which]);
    probe_calibrate(&b->probes, &team, o->prompt ? 0 : PROBE_READ,
                    o->generate ? PROBE_KINDS : PROBE_READ);
    open_session(b);
    if (b->work_count) measure_texts(b);
    else {
        if (!o->kernel && (o->prompt || o->generate)) /* as above */
            time_prompt(b, b->session->sequence.context);
        if (o->prompt) measure_prompts(b);
        if (o->generate) measure_generation(b);
    }
    for (i = 0; i < FIGURES; i++)
        b->median[which][i] = is_measured(b, i) ? median(b->samples[i], o->repetitions) : -1;
    slm_session_close(b->session);
    team_close(&team);
    if (b->show) fprintf(stderr, "\r%-60s\r", "");
}

/* ---- the report -------------------------------------------------------------------------- */

#ifdef SLM__X86
#include <cpuid.h>
#endif

/* The name that the CPU gives itself, or the system gives it. */
static void cpu_name(char *name, size_t size) {
    size_t start = 0;
#ifdef SLM__X86
    unsigned words[12], i;
    char brand[49] = "";
    if ((unsigned)__get_cpuid_max(0x80000000u, NULL) >= 0x80000004u) {
        for (i = 0; i < 3; i++)
            __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2],
                        &words[4 * i + 3]);
        memcpy(brand, words, 48);
    }
#else
    char brand[256] = "";
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && fgets(brand, sizeof brand, file)) {
        char *colon = strchr(brand, ':');
        if (colon && (!strncmp(brand, "model name", 10) || !strncmp(brand, "Model", 5))) {
            start = (size_t)(colon + 1 - brand);
            break;
        }
        brand[0] = 0;
    }
    if (file) fclose(file);
#endif
    while (brand[start] == ' ') start++;
    slm__append(name, size, &(size_t){0}, brand + start);
    name[strcspn(name, "\n")] = 0;
    for (size = strlen(name); size && name[size - 1] == ' '; size--) name[size - 1] = 0;
    if (!name[0]) strcpy(name, "unknown");
}

/* Bytes, without the memory that the read probe has had from the beginning. */
static double peak_rss(const bench *b) {
    struct rusage usage;
    double unit = 1024;
#ifdef __APPLE__
    unit = 1;
#endif
    if (getrusage(RUSAGE_SELF, &usage) != 0) return -1;
    return (double)usage.ru_maxrss * unit - (double)b->probes.size;
}

static void print_number(const char *name, double value) {
    if (value < 0) printf("\"%s\": null, ", name);
    else printf("\"%s\": %.9g, ", name, value);
}

/* An encoder's figures have the name of their work before that of their kind, "tps" for one. */
static void print_name(const bench *b, size_t figure) {
    const char *name = figure_names[b->work_count ? figure % WORK_FIGURES : figure];
    if (!b->work_count) printf(", \"%s\": ", name);
    else printf(", \"%s_%s\": ", b->works[figure / WORK_FIGURES].name,
                strncmp(name, "prompt_", 7) ? name : name + 7);
}

static void print_run(const bench *b, size_t which) {
    size_t count = b->work_count ? b->work_count * WORK_FIGURES : (size_t)DECODER_FIGURES, i;
    printf("\"threads\": %u", b->o->threads[which]);
    for (i = 0; i < count; i++) {
        print_name(b, i);
        if (b->median[which][i] < 0) printf("null");
        else printf("%.5g", b->median[which][i]);
    }
}

/* What was measured, how often. */
static void print_work(const bench *b) {
    const options *o = b->o;
    size_t i;
    for (i = 0; i < b->work_count; i++)
        printf("\"%s_tokens\": %zu, ", b->works[i].name, b->works[i].tokens);
    if (!b->work_count)
        printf("\"prompt\": %zu, \"generate\": %zu, \"position\": %zu, ", o->prompt,
               o->generate, o->position);
    printf("\"repetitions\": %zu, ", o->repetitions);
}

static void print_json(const bench *b, const char *cpu) {
    const subject *s = &b->subject;
    size_t i;
    printf("{\"version\": \"%s\", \"cpu\": \"", slm_version());
    tool_escaped(cpu, strlen(cpu));
    printf("\", \"isa\": \"%s\", \"model\": \"", s->info.isa);
    tool_escaped(s->name, strlen(s->name));
    printf("\", \"architecture\": \"%s\", \"type\": \"%s\", \"random\": %s, \"kernel\": %s, ",
           s->info.architecture, slm_type_name(s->info.weights), s->image ? "true" : "false",
           b->o->kernel ? "true" : "false");
    print_number("parameters", (double)s->info.parameters);
    print_number("weight_bytes", (double)s->info.weight_bytes);
    print_number("bytes_per_token", b->work_count ? -1 : s->token_bytes);
    print_number("kv_bytes_per_token", b->o->kernel || b->work_count ? -1 : b->kv_bytes);
    print_number("make_seconds", s->image ? s->made : -1);
    print_number("open_ms", s->opened * 1e3);
    print_number("peak_rss", peak_rss(b));
    print_number("tokenize_mbps", b->tokenize_mbps);
    print_number("decode_mbps", b->decode_mbps);
    print_work(b);
    print_run(b, b->o->counts - 1);
    printf(", \"runs\": [");
    for (i = 0; i < b->o->counts; i++) {
        printf("%s{", i ? ", " : "");
        print_run(b, i);
        putchar('}');
    }
    printf("]}\n");
}

static void show_products(const char *name, const double *f) {
    if (f[PROMPT_GOPS] < 0) return;
    printf("  %-9s ", name);
    if (f[PROMPT_TPS] >= 0) printf("%8.2f tokens/s  ", f[PROMPT_TPS]);
    printf("%7.1f GOP/s   %.3f of int8 %.1f, %.3f of mul+add %.1f, %.3f of FMA %.1f\n",
           f[PROMPT_GOPS], f[INT8_RATIO], f[INT8_GOPS], f[MULADD_RATIO], f[MULADD_GFLOPS],
           f[FMA_RATIO], f[FMA_GFLOPS]);
}

static void show_run(const bench *b, size_t which) {
    const double *f = b->median[which];
    size_t i;
    printf("%u thread%s\n", b->o->threads[which], b->o->threads[which] == 1 ? "" : "s");
    for (i = 0; i < b->work_count; i++)
        show_products(b->works[i].shown, f + i * WORK_FIGURES);
    if (b->work_count) return;
    show_products("prompt", f);
    if (f[GENERATE_GBPS] < 0) return;
    printf("  generate  ");
    if (f[GENERATE_TPS] >= 0) printf("%8.2f tokens/s  ", f[GENERATE_TPS]);
    printf("%7.2f GB/s    %.3f of reading %.1f\n", f[GENERATE_GBPS], f[READ_RATIO], f[READ_GBPS]);
}

/* How much more threads give, beside what they give the probes. */
static const char *show_gain(const char *comma, const char *name, const double *one,
                             const double *more) {
    if (!(one[PROMPT_GOPS] > 0)) return comma;
    printf("%s %s x %.2f (int8 probe x %.2f, mul+add x %.2f)", comma, name,
           more[PROMPT_GOPS] / one[PROMPT_GOPS], more[INT8_GOPS] / one[INT8_GOPS],
           more[MULADD_GFLOPS] / one[MULADD_GFLOPS]);
    return ",";
}

static void show_scaling(const bench *b, size_t which) {
    const double *one = b->median[0], *more = b->median[which];
    const char *comma = "";
    size_t i;
    printf("%u to %u threads:", b->o->threads[0], b->o->threads[which]);
    for (i = 0; i < b->work_count; i++)
        comma = show_gain(comma, b->works[i].shown, one + i * WORK_FIGURES,
                          more + i * WORK_FIGURES);
    if (!b->work_count) {
        comma = show_gain(comma, "prompt", one, more);
        if (one[GENERATE_GBPS] > 0)
            printf("%s generate x %.2f (read probe x %.2f)", comma,
                   more[GENERATE_GBPS] / one[GENERATE_GBPS], more[READ_GBPS] / one[READ_GBPS]);
    }
    putchar('\n');
}

/* What is measured. */
static void show_work(const bench *b) {
    const options *o = b->o;
    size_t i;
    if (o->kernel) {
        fputs("kernel    matrix products", stdout);
        if (o->prompt) printf(" of %zu tokens", o->prompt);
        puts(!o->generate ? "" : o->prompt ? ", and of one" : " of one");
    } else if (b->work_count) {
        fputs("texts     ", stdout);
        for (i = 0; i < b->work_count; i++)
            printf("%s%zu of %zu tokens", i ? ", " : "", b->works[i].texts, b->works[i].tokens);
        puts(", to hidden states");
    } else
        printf("tokens    prompt of %zu; %zu generated at position %zu, each from %.4f GB of "
               "weights and %.4f GB of KV cache\n", o->prompt, o->generate, o->position,
               b->subject.token_bytes * 1e-9, b->kv_bytes * 1e-9);
}

static void show(const bench *b, const char *cpu) {
    const subject *s = &b->subject;
    const options *o = b->o;
    size_t i;
    fputs("cpu       ", stdout);
    tool_escaped(cpu, strlen(cpu));
    fputs("\nmodel     ", stdout);
    tool_escaped(s->name, strlen(s->name));
    printf(" (%s, %s): %.3f G parameters, %.3f GB\n", slm_type_name(s->info.weights), s->info.isa,
           (double)s->info.parameters * 1e-9, (double)s->info.weight_bytes * 1e-9);
    if (s->image) printf("made in   %.1f s\n", s->made);
    printf("opened in %.3f ms\n", s->opened * 1e3);
    show_work(b);
    for (i = 0; i < o->counts; i++) show_run(b, i);
    for (i = 1; i < o->counts; i++) show_scaling(b, i);
    if (o->text)
        printf("text      tokenized at %.1f MB/s, decoded at %.1f MB/s\n", b->tokenize_mbps,
               b->decode_mbps);
    printf("peak RSS  %.3f GB\n", peak_rss(b) * 1e-9);
}

/* ---- main -------------------------------------------------------------------------------- */

static void add_work(bench *b, const char *name, const char *shown, size_t texts, size_t most) {
    size_t longest = b->subject.info.longest_text, i;
    work *w = &b->works[b->work_count++];
    w->name = name;
    w->shown = shown;
    w->texts = texts;
    w->most = most < longest ? most : longest;
    w->least = texts == 1 ? w->most : w->most < 8 ? w->most : 8;
    for (i = 0; i < texts; i++) w->tokens += text_length(w, i);
}

/* What an encoder is measured with. */
static void plan_works(bench *b, options *o) {
    size_t longest = b->subject.info.longest_text;
    if (o->position || o->kv || (o->generate_given && o->generate && !o->kernel))
        tool_fail(2, "%s is an encoder: -n, --position and --kv are not for it",
                  b->subject.name);
    if (o->prompt_given && o->prompt > longest)
        tool_fail(2, "-p exceeds the longest text of %zu tokens", longest);
    if (o->kernel) return;
    o->generate = 0;
    if (o->prompt_given && !o->prompt && !o->text)
        tool_fail(2, "-p 0 leaves nothing to measure");
    if (o->prompt_given) {
        if (o->prompt) add_work(b, "text", "text", 1, o->prompt);
        return;
    }
    o->prompt = longest;
    add_work(b, "text16", "1 x 16", 1, 16);
    add_work(b, "text128", "1 x 128", 1, 128);
    add_work(b, "texts64", "64 mixed", MOST_TEXTS, 128);
}

/* What the defaults do not know yet: the model's context. */
static void check_lengths(options *o, const subject *s) {
    size_t context = s->info.context;
    if (!o->prompt_given && o->prompt > context) o->prompt = context;
    if (o->kernel) o->prompt = slm__least(o->prompt, SLM__STRIP_TOKENS); /* what it takes at once */
    if (o->prompt > context || o->position > context || o->generate > context - o->position)
        tool_fail(2, "-p, or --position and -n together, exceed the model's context of %zu",
                  context);
}

/* Tokens and what becomes of them, as many as any measure wants. */
static void make_tokens(bench *b, const options *o) {
    size_t most = o->position + o->generate > o->prompt ? o->position + o->generate : o->prompt;
    size_t texts = 0, i;
    for (i = 0; i < b->work_count; i++)
        if (b->works[i].tokens > texts) texts = b->works[i].tokens;
    if (most < texts) most = texts;
    b->tokens = (slm_token *)tool_allocate(most, sizeof *b->tokens);
    b->hidden = (float *)tool_allocate(texts * b->subject.info.hidden, sizeof *b->hidden);
    for (i = 0; i < most; i++)
        b->tokens[i] = (slm_token)(random_bits(i + 1) % b->subject.info.vocab_rows);
}

/* 1 GiB, or a quarter of a small machine's memory. */
static size_t probe_bytes(void) {
    size_t size = (size_t)1 << 30;
    double most = physical_memory() / 4;
    while (most > 0 && size > (size_t)16 << 20 && (double)size > most) size /= 2;
    return size;
}

int main(int count, char **args) {
    static options o;
    static bench b;
    bench_team all;
    void *memory = NULL;
    size_t i;
    char cpu[256] = "";
    tool_name = "slm-bench";
    defaults(&o);
    parse(count, args, &o);
    b.o = &o;
    b.show = tool_terminal(stderr);
    team_open(&all, slm_threads_processors());
    if (b.show) fprintf(stderr, "\ropening the model");
    open_subject(&b.subject, &o, &all);
    if (b.subject.info.is_encoder) plan_works(&b, &o);
    check_lengths(&o, &b.subject);
    if (o.generate && posix_memalign(&memory, 4096, probe_bytes()) != 0)
        tool_fail(1, "out of memory");
    probe_open(&b.probes, &all, memory, o.generate ? probe_bytes() : 0);
    team_close(&all);
    make_tokens(&b, &o);
    for (i = 0; i < o.counts; i++) run(&b, i);
    b.tokenize_mbps = b.decode_mbps = -1;
    if (o.text) measure_text(&b);
    cpu_name(cpu, sizeof cpu);
    if (o.json) print_json(&b, cpu);
    else show(&b, cpu);
    slm_model_close(b.subject.model);
    free(b.subject.image);
    free(b.tokens);
    free(b.hidden);
    free(memory);
    return tool_finish();
}
