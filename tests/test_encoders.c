/* Encoders against Hugging Face in float64, and the same bits alone and in any batch. Part of the
   runner. A case is tests/golden/encoders/NAME, which make_encoders.py has made. */

#define ENCODERS_INPUTS 8
#define ENCODERS_TEXTS 64

typedef struct encoders_case {
    const char *name, *path;
    slm_token *ids;
    int32_t *types;
    slm_input inputs[ENCODERS_INPUTS];
    size_t count, tokens, longest;
} encoders_case;

typedef struct encoders_output {
    const char *file;
    slm_task task;
    slm_output output;
    int per_token; /* a row for each token; else for each text */
} encoders_output;

static const encoders_output encoders_outputs[] = {
    {"hidden.f32", SLM_TASK_NONE, SLM_OUTPUT_HIDDEN, 1},
    {"pooled.f32", SLM_TASK_NONE, SLM_OUTPUT_POOLED, 0},
    {"classify.f32", SLM_TASK_CLASSIFY, SLM_OUTPUT_LOGITS, 0},
    {"tag.f32", SLM_TASK_TAG, SLM_OUTPUT_LOGITS, 1},
    {"fill.f32", SLM_TASK_FILL, SLM_OUTPUT_LOGITS, 1},
    {"answer.f32", SLM_TASK_ANSWER, SLM_OUTPUT_LOGITS, 1},
    {"next.f32", SLM_TASK_NEXT, SLM_OUTPUT_LOGITS, 0}};
#define ENCODERS_OUTPUTS (sizeof encoders_outputs / sizeof encoders_outputs[0])

/* How a session computes. */
typedef struct encoders_way {
    slm_isa isa;
    unsigned threads;
    size_t context, batch;
    slm_task task;
    slm_pooling pooling;
} encoders_way;

/* What is compared: an output, and its rows as each input has them alone. */
typedef struct encoders_rows {
    const encoders_output *output;
    size_t width;
    float *alone[ENCODERS_INPUTS];
} encoders_rows;

/* inputs.txt: a line an input, id/type id/type ... */
static int encoders_read(encoders_case *c) {
    size_t size;
    char *text = golden_read(c->name, "inputs.txt", &size), *at = text;
    int whole;
    c->ids = (slm_token *)malloc((size + 1) * sizeof *c->ids);
    c->types = (int32_t *)malloc((size + 1) * sizeof *c->types);
    while (at && *at && c->count < ENCODERS_INPUTS) {
        slm_input *input = &c->inputs[c->count++];
        input->tokens = c->ids + c->tokens;
        input->types = c->types + c->tokens;
        for (input->count = 0; *at && *at != '\n'; input->count++, c->tokens++) {
            c->ids[c->tokens] = (slm_token)strtol(at, &at, 10);
            c->types[c->tokens] = (int32_t)strtol(at + 1, &at, 10); /* after the slash */
            while (*at == ' ') at++;
        }
        if (input->count > c->longest) c->longest = input->count;
        if (*at == '\n') at++;
    }
    whole = c->count > 0 && !*at;
    free(text);
    return whole;
}

static size_t encoders_row_count(const encoders_output *o, const slm_input *input) {
    return o->per_token ? input->count : 1;
}

static slm_session *encoders_open(slm_model **model, const char *path, const encoders_way *way) {
    slm_model_desc model_desc;
    slm_session_desc desc;
    slm_session *session = NULL;
    memset(&model_desc, 0, sizeof model_desc);
    memset(&desc, 0, sizeof desc);
    model_desc.isa = way->isa;
    desc.threads = way->threads;
    desc.context = way->context;
    desc.batch = way->batch;
    desc.task = way->task;
    desc.pooling = way->pooling;
    *model = NULL;
    if (slm_model_open(model, path, &model_desc, NULL) == SLM_OK)
        slm_session_open(&session, *model, &desc, NULL);
    return session;
}

static void encoders_close(slm_model *model, slm_session *session) {
    slm_session_close(session);
    slm_model_close(model);
}

/* Every input alone, in one session. */
static int encoders_alone(const encoders_case *c, encoders_rows *r, float *got, size_t capacity) {
    encoders_way way = {SLM_ISA_AUTO, 1, 0, 0, SLM_TASK_NONE, SLM_POOLING_AUTO};
    slm_model *model;
    slm_session *session;
    size_t i, rows;
    int good;
    way.task = r->output->task;
    session = encoders_open(&model, c->path, &way);
    good = session && slm_output_size(session, r->output->output) == r->width;
    for (i = 0; good && i < c->count; i++) {
        size_t floats = encoders_row_count(r->output, &c->inputs[i]) * r->width;
        r->alone[i] = got;
        good = floats <= capacity &&
               slm_encode_tokens(session, &c->inputs[i], 1, r->output->output, got, capacity,
                                 &rows) == SLM_OK &&
               rows * r->width == floats;
        got += floats;
        capacity -= floats;
    }
    encoders_close(model, session);
    return good && !capacity;
}

/* Which inputs are texts of a batch: copies of one, or all in mixed order. */
static size_t encoders_pick(const encoders_case *c, size_t texts, size_t text) {
    if (texts % 2) return texts / 2 % c->count;
    return (text * text + 3 * text + texts / 2) / 2 % c->count;
}

/* Many texts in one call have the bits that they have alone. */
static int encoders_batch(const encoders_case *c, const encoders_rows *r, encoders_way way,
                          size_t texts) {
    slm_input inputs[ENCODERS_TEXTS];
    size_t rows[ENCODERS_TEXTS], total = 0, i;
    slm_model *model;
    slm_session *session;
    float *out, *at;
    int good;
    for (i = 0; i < texts; i++) {
        inputs[i] = c->inputs[encoders_pick(c, texts, i)];
        total += encoders_row_count(r->output, &inputs[i]) * r->width;
    }
    way.task = r->output->task;
    out = at = (float *)malloc(total * sizeof *out);
    session = encoders_open(&model, c->path, &way);
    good = session && slm_encode_tokens(session, inputs, texts, r->output->output, out, total,
                                        rows) == SLM_OK;
    for (i = 0; good && i < texts; i++) {
        size_t count = encoders_row_count(r->output, &inputs[i]), floats = count * r->width;
        good = rows[i] == count && !memcmp(at, r->alone[encoders_pick(c, texts, i)],
                                           floats * sizeof *at);
        at += floats;
    }
    encoders_close(model, session);
    free(out);
    return good;
}

static void encoders_bits(const encoders_case *c, const encoders_rows *r) {
    static const size_t texts[] = {2, 3, 64, 5, 16, 7, 40};
    size_t batches[3], n = 0;
    int isa;
    unsigned threads;
    batches[0] = c->longest; /* as small as it may be */
    batches[1] = c->longest + 3;
    batches[2] = 4096;
    for (isa = SLM_ISA_PORTABLE; isa < SLM_ISA_COUNT; isa++) {
        if (!slm_isa_available((slm_isa)isa)) continue; /* test_kernels.c says which are not */
        for (threads = 1; threads <= 3; threads++, n++) {
            encoders_way way = {SLM_ISA_AUTO, 1, 0, 0, SLM_TASK_NONE, SLM_POOLING_AUTO};
            way.isa = (slm_isa)isa;
            way.threads = threads;
            way.batch = batches[(n + n / 3) % 3];
            way.context = n % 2 ? c->longest : 0;
            CHECK(encoders_batch(c, r, way, texts[n % (sizeof texts / sizeof texts[0])]),
                  "same bits alone and in a batch, for every instruction set and thread count");
        }
    }
}

/* Too little room: what is needed is told, and nothing is written. Types left out are 0. */
static void encoders_edges(const encoders_case *c, const encoders_rows *r) {
    encoders_way way = {SLM_ISA_AUTO, 1, 0, 0, SLM_TASK_NONE, SLM_POOLING_AUTO};
    slm_model *model;
    slm_session *session;
    slm_input input = c->inputs[1]; /* two tokens of type 0 */
    size_t floats = encoders_row_count(r->output, &input) * r->width, rows = 0, i;
    float *out = (float *)malloc((floats + 1) * sizeof *out);
    int untouched = 1;
    way.task = r->output->task;
    session = encoders_open(&model, c->path, &way);
    for (i = 0; i <= floats; i++) out[i] = -77;
    CHECK(session && slm_encode_tokens(session, &input, 1, r->output->output, out, floats - 1,
                                       &rows) == SLM_ERR_CAPACITY && rows * r->width == floats,
          "one float too few");
    for (i = 0; i <= floats; i++) untouched &= out[i] == -77;
    CHECK(untouched, "nothing is written where there is no room");
    if (!input.types[0] && !input.types[1]) {
        input.types = NULL;
        CHECK(session && slm_encode_tokens(session, &input, 1, r->output->output, out, floats,
                                           NULL) == SLM_OK && out[floats] == -77 &&
                  !memcmp(out, r->alone[1], floats * sizeof *out),
              "types left out are 0");
    }
    encoders_close(model, session);
    free(out);
}

/* The rows of [MASK] alone are those of all tokens. */
static void encoders_masks(const encoders_case *c, const encoders_rows *r, slm_token mask) {
    encoders_way way = {SLM_ISA_AUTO, 1, 0, 0, SLM_TASK_FILL, SLM_POOLING_AUTO};
    slm_model *model;
    slm_session *session = encoders_open(&model, c->path, &way);
    size_t rows[ENCODERS_INPUTS], total = 0, i, k;
    float *out = (float *)malloc(c->tokens * r->width * sizeof *out), *at = out;
    int good = session && slm_output_size(session, SLM_OUTPUT_MASKS) == r->width &&
               slm_encode_tokens(session, c->inputs, c->count, SLM_OUTPUT_MASKS, out,
                                 c->tokens * r->width, rows) == SLM_OK;
    for (i = 0; good && i < c->count; i++) {
        size_t masks = 0;
        for (k = 0; k < c->inputs[i].count; k++) {
            if (c->inputs[i].tokens[k] != mask) continue;
            good &= !memcmp(at, r->alone[i] + k * r->width, r->width * sizeof *at);
            at += r->width;
            masks++;
        }
        good &= rows[i] == masks;
        total += masks;
    }
    CHECK(good && total, "the rows of [MASK] alone");
    encoders_close(model, session);
    free(out);
}

static double encoders_pooled(const float *rows, size_t count, size_t width, size_t column,
                              slm_pooling pooling) {
    double value = pooling == SLM_POOLING_MEAN ? 0 : rows[column];
    size_t i;
    if (pooling == SLM_POOLING_LAST) return rows[(count - 1) * width + column];
    for (i = 0; i < count; i++) {
        double x = rows[i * width + column];
        if (pooling == SLM_POOLING_MEAN) value += x / (double)count;
        if (pooling == SLM_POOLING_MAX && x > value) value = x;
    }
    return value;
}

/* Sentence vectors from the hidden states; none of the cases normalizes them. */
static void encoders_vectors(const encoders_case *c, const encoders_rows *r) {
    encoders_way way = {SLM_ISA_AUTO, 1, 0, 0, SLM_TASK_NONE, SLM_POOLING_AUTO};
    size_t floats = c->count * r->width, i, k;
    float *out = (float *)malloc(floats * sizeof *out);
    int pooling;
    for (pooling = SLM_POOLING_AUTO; pooling < SLM_POOLING_COUNT; pooling++) {
        slm_pooling wanted = pooling ? (slm_pooling)pooling : SLM_POOLING_MEAN;
        slm_model *model;
        slm_session *session;
        int good;
        way.pooling = (slm_pooling)pooling;
        session = encoders_open(&model, c->path, &way);
        good = session && slm_output_size(session, SLM_OUTPUT_EMBEDDING) == r->width &&
               slm_encode_tokens(session, c->inputs, c->count, SLM_OUTPUT_EMBEDDING, out, floats,
                                 NULL) == SLM_OK;
        for (i = 0; good && i < c->count; i++) {
            double largest = 1;
            for (k = 0; k < c->inputs[i].count * r->width; k++)
                if (fabs(r->alone[i][k]) > largest) largest = fabs(r->alone[i][k]);
            for (k = 0; k < r->width; k++)
                good &= fabs(out[i * r->width + k] -
                             encoders_pooled(r->alone[i], c->inputs[i].count, r->width, k,
                                             wanted)) <= 1e-5 * largest;
        }
        CHECK(good, "sentence vectors are pooled hidden states");
        encoders_close(model, session);
    }
    free(out);
}

/* One output of a case; 0: it has none of this kind. */
static size_t encoders_check(const encoders_case *c, const encoders_output *o, slm_token mask) {
    char place[256];
    const char *before = where;
    encoders_rows r;
    size_t bytes, rows = o->per_token ? c->tokens : c->count;
    float *want = (float *)(void *)golden_read(c->name, o->file, &bytes), *got;
    if (!want) return 0;
    snprintf(place, sizeof place, "%s %s", before, o->file);
    where = place;
    memset(&r, 0, sizeof r);
    r.output = o;
    r.width = bytes / sizeof *want / rows;
    got = (float *)calloc(bytes + 4, 1);
    CHECK(r.width && bytes == rows * r.width * sizeof *want, "results for every row");
    if (!encoders_alone(c, &r, got, bytes / sizeof *want)) {
        CHECK(0, "each input alone, with rows of the right size");
    } else {
        golden_compare(got, want, rows, r.width);
        encoders_bits(c, &r);
        encoders_edges(c, &r);
        if (o->task == SLM_TASK_FILL && mask >= 0) encoders_masks(c, &r, mask);
        if (o->output == SLM_OUTPUT_HIDDEN) encoders_vectors(c, &r);
    }
    where = before;
    free(want);
    free(got);
    return r.width;
}

/* Labels have the names of labels.txt. */
static void encoders_labels(const encoders_case *c, const slm_model *model, size_t labels) {
    size_t size, count = 0;
    char *text = golden_read(c->name, "labels.txt", &size), *at = text;
    int good = 1;
    while (at && *at) {
        char *end = strchr(at, '\n');
        const char *label = slm_model_label(model, count++);
        *end = 0;
        good &= label && !strcmp(label, at);
        at = end + 1;
    }
    CHECK(good && count == labels, "the names of the labels");
    CHECK(!slm_model_label(model, count), "no name beyond the last label");
    free(text);
}

/* What the model says about itself; `widths` of the outputs that the case has. */
static void encoders_info(const encoders_case *c, const size_t widths[ENCODERS_OUTPUTS]) {
    slm_model *model;
    slm_model_info info;
    unsigned tasks = 0;
    size_t i, labels = 0;
    if (slm_model_open(&model, c->path, NULL, NULL) != SLM_OK) return;
    slm_model_get_info(model, &info);
    for (i = 0; i < ENCODERS_OUTPUTS; i++) {
        slm_task task = encoders_outputs[i].task;
        if (!widths[i] || !task) continue;
        tasks |= 1u << task;
        if (task == SLM_TASK_CLASSIFY || task == SLM_TASK_TAG) labels = widths[i];
    }
    CHECK(info.is_encoder, "an encoder");
    CHECK((info.tasks & tasks) == tasks, "every head is there");
    CHECK(strstr(c->name, "_old") || (info.tasks | 1u << SLM_TASK_EMBED) ==
              (tasks | 1u << SLM_TASK_EMBED), "and no other"); /* old ones may have more */
    CHECK(!tasks || tasks >> info.task & 1, "a session has one of them by default");
    CHECK(info.labels == labels, "the number of labels");
    CHECK(info.hidden == widths[0] && info.embedding_size == widths[0], "the hidden size");
    CHECK(info.longest_text >= c->longest, "the longest text");
    encoders_labels(c, model, labels);
    slm_model_close(model);
}

/* Tokens, types and lengths that the model does not have are refused. */
static void encoders_refused(const encoders_case *c, const slm_model_info *info, float *out,
                             size_t capacity) {
    encoders_way way = {SLM_ISA_AUTO, 1, 0, 0, SLM_TASK_NONE, SLM_POOLING_AUTO};
    slm_model *model;
    slm_session *session;
    slm_token token = (slm_token)info->vocab_rows;
    int32_t type = (int32_t)info->token_types;
    slm_input input;
    way.context = way.batch = c->longest - 1;
    session = encoders_open(&model, c->path, &way);
    CHECK(session, "a session for shorter texts");
    if (session) {
        CHECK(slm_encode_tokens(session, c->inputs, c->count, SLM_OUTPUT_HIDDEN, out, capacity,
                                NULL) != SLM_OK, "a text longer than the session's context");
        input.tokens = &token;
        input.types = NULL;
        input.count = 1;
        CHECK(slm_encode_tokens(session, &input, 1, SLM_OUTPUT_HIDDEN, out, capacity, NULL) ==
                  SLM_ERR_ARGUMENT, "a token that the model does not have");
        token = 0;
        input.types = &type;
        if (type > 0) /* DistilBERT has no types */
            CHECK(slm_encode_tokens(session, &input, 1, SLM_OUTPUT_HIDDEN, out, capacity,
                                    NULL) == SLM_ERR_ARGUMENT,
                  "a type that the model does not have");
        CHECK(slm_encode_tokens(session, c->inputs, 1, SLM_OUTPUT_HIDDEN, out, capacity, NULL) ==
                  SLM_OK, "a session goes on after what it refused");
    }
    encoders_close(model, session);
}

static void test_encoders(const char *name, const char *path) {
    encoders_case c;
    size_t widths[ENCODERS_OUTPUTS], i;
    slm_model *model;
    slm_model_info info;
    memset(&c, 0, sizeof c);
    c.name = name;
    c.path = path;
    if (!encoders_read(&c) || slm_model_open(&model, path, NULL, NULL) != SLM_OK) {
        CHECK(0, "the encoder reads and opens");
    } else {
        float *out;
        slm_model_get_info(model, &info);
        slm_model_close(model);
        for (i = 0; i < ENCODERS_OUTPUTS; i++)
            widths[i] = encoders_check(&c, &encoders_outputs[i], info.mask);
        CHECK(widths[0], "hidden states");
        encoders_info(&c, widths);
        out = (float *)malloc((c.tokens * widths[0] + 1) * sizeof *out);
        encoders_refused(&c, &info, out, c.tokens * widths[0]);
        free(out);
    }
    free(c.ids);
    free(c.types);
}
