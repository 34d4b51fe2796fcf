/* Encoding: memory, refusals, cancelling, and decoders' vectors. Part of the runner. */

static const slm_token encode_ids[] = {2, 7, 5, 9, 4, 11, 3};

/* The damaged kinds' BERT: hidden 6, vectors of 5, heads classify, fill, answer, next. */
static slm_session *encode_open(damage_file *f, slm_model **model, const slm_session_desc *desc) {
    slm_session *session = NULL;
    damage_build(f, &damage_kinds[5]);
    if (slm_model_open_memory(model, f->bytes, f->size, NULL, NULL) != SLM_OK) return NULL;
    (void)slm_session_open(&session, *model, desc, NULL);
    return session;
}

static slm_input encode_input(size_t count) {
    slm_input input;
    memset(&input, 0, sizeof input);
    input.tokens = encode_ids;
    input.count = count;
    return input;
}

/* What an encoder says to the calls of decoders. */
static void encode_refuses(slm_session *s) {
    slm_piece piece;
    slm_token token;
    float logprob;
    CHECK(slm_eval(s, encode_ids, 1) == SLM_ERR_UNSUPPORTED &&
              strstr(slm_session_error(s), "use slm_encode"), "slm_eval");
    CHECK(!slm_logits(s, 0) && strstr(slm_session_error(s), "use slm_encode"), "slm_logits");
    CHECK(slm_prompt(s, "a", SLM_NUL, 0) == SLM_ERR_UNSUPPORTED, "slm_prompt");
    CHECK(slm_chat(s, SLM_USER, "a", 1) == SLM_ERR_UNSUPPORTED, "slm_chat");
    CHECK(slm_generate(s, NULL) == SLM_ERR_UNSUPPORTED, "slm_generate");
    CHECK(slm_next(s, &piece) == SLM_ERR_UNSUPPORTED, "slm_next");
    CHECK(slm_score(s, encode_ids, 1, &logprob) == SLM_ERR_UNSUPPORTED, "slm_score");
    CHECK(slm_sample(s, NULL, &token) == SLM_ERR_UNSUPPORTED, "slm_sample");
    CHECK(slm_rewind(s, 0) == SLM_OK && slm_position(s) == 0, "an encoder stays at position 0");
}

static void encode_arguments(slm_session *s) {
    slm_input inputs[2];
    float out[64] = {0};
    size_t rows[2], i;
    inputs[0] = encode_input(3);
    inputs[1] = encode_input(7);
    CHECK(slm_encode_tokens(NULL, inputs, 1, SLM_OUTPUT_HIDDEN, out, 64, rows) ==
              SLM_ERR_ARGUMENT, "no session");
    CHECK(slm_encode_tokens(s, NULL, 1, SLM_OUTPUT_HIDDEN, out, 64, rows) == SLM_ERR_ARGUMENT,
          "no inputs");
    CHECK(slm_encode_tokens(s, inputs, 1, SLM_OUTPUT_HIDDEN, NULL, 64, rows) ==
              SLM_ERR_ARGUMENT, "no room");
    CHECK(slm_encode_tokens(s, inputs, 1, (slm_output)0, out, 64, rows) == SLM_ERR_ARGUMENT &&
              slm_encode_tokens(s, inputs, 1, SLM_OUTPUT_COUNT, out, 64, rows) ==
                  SLM_ERR_ARGUMENT, "no such output");
    CHECK(slm_encode_tokens(s, NULL, 0, SLM_OUTPUT_HIDDEN, NULL, 0, NULL) == SLM_OK, "nothing");
    CHECK(slm_encode_tokens(s, inputs, 2, SLM_OUTPUT_HIDDEN, out, 59, rows) ==
              SLM_ERR_CAPACITY && rows[0] == 3 && rows[1] == 7, "the rows of what does not fit");
    CHECK(slm_encode_tokens(s, inputs, 2, SLM_OUTPUT_HIDDEN, out, 60, rows) == SLM_OK, "it fits");
    inputs[1].count = 0;
    CHECK(slm_encode_tokens(s, inputs, 2, SLM_OUTPUT_HIDDEN, out, 64, rows) == SLM_ERR_ARGUMENT,
          "an input without tokens");
    CHECK(slm_encode(s, NULL, 1, SLM_OUTPUT_HIDDEN, out, 64, rows) == SLM_ERR_ARGUMENT,
          "no texts");
    CHECK(slm_embed(s, NULL, SIZE_MAX / 2, out) == SLM_ERR_ARGUMENT, "sizes that overflow");
    for (i = 0; i < 60; i++)
        if (!slm__finite(out[i])) break;
    CHECK(i == 60, "all of it is written");
}

static int encode_cancel(void *user) { return --*(int *)user < 0; }

/* Cancelled before its layers and between them, then once more. */
static void encode_cancels(void) {
    damage_file f;
    slm_model *model = NULL;
    slm_session_desc desc;
    slm_session *s;
    slm_input input = encode_input(7);
    float out[42], again[42];
    int left;
    memset(&desc, 0, sizeof desc);
    desc.cancel = encode_cancel;
    desc.cancel_user = &left;
    s = encode_open(&f, &model, &desc);
    left = 1000;
    CHECK(slm_encode_tokens(s, &input, 1, SLM_OUTPUT_HIDDEN, out, 42, NULL) == SLM_OK, "runs");
    for (left = 0; left < 2; left++) {
        int tries = left;
        left = tries;
        CHECK(slm_encode_tokens(s, &input, 1, SLM_OUTPUT_HIDDEN, again, 42, NULL) ==
                  SLM_ERR_CANCELLED, "cancelled");
        left = tries;
    }
    left = 1000;
    CHECK(slm_encode_tokens(s, &input, 1, SLM_OUTPUT_HIDDEN, again, 42, NULL) == SLM_OK &&
              memcmp(out, again, sizeof out) == 0, "then it gives the same bits");
    slm_session_close(s);
    slm_model_close(model);
    damage_free(&f.block);
}

/* The caller's memory, to the byte, and an allocator that refuses. */
static void encode_memory(void) {
    damage_file f;
    slm_model *model = NULL;
    slm_session_desc desc;
    slm_session *s = encode_open(&f, &model, NULL), *own = NULL;
    slm_input input = encode_input(7);
    float out[5], other[5];
    size_t asked, size;
    uint8_t *memory;
    slm_error error;
    memset(&desc, 0, sizeof desc);
    size = slm_session_size(model, &desc);
    memory = (uint8_t *)malloc(size + 64);
    desc.memory = (void *)(((uintptr_t)memory + 63) / 64 * 64);
    desc.memory_size = size - 1;
    CHECK(slm_session_open(&own, model, &desc, &error) == SLM_ERR_MEMORY, "one byte less");
    desc.memory_size = size;
    CHECK(slm_session_open(&own, model, &desc, &error) == SLM_OK, "exactly its size");
    asked = main_allocations;
    CHECK(slm_encode_tokens(own, &input, 1, SLM_OUTPUT_EMBEDDING, out, 5, NULL) == SLM_OK &&
              slm_encode_tokens(s, &input, 1, SLM_OUTPUT_EMBEDDING, other, 5, NULL) == SLM_OK &&
              memcmp(out, other, sizeof out) == 0, "the same vector");
    CHECK(main_allocations == asked, "encoding allocates nothing");
    desc.task = SLM_TASK_TAG;
    CHECK(slm_session_open(&own, model, &desc, &error) == SLM_ERR_UNSUPPORTED &&
              strstr(error.text, "no head for tag"), "a task that the file has no head for");
    desc.task = SLM_TASK_COUNT;
    CHECK(slm_session_open(&own, model, &desc, &error) == SLM_ERR_ARGUMENT, "no such task");
    desc.task = SLM_TASK_NONE;
    desc.pooling = SLM_POOLING_COUNT;
    CHECK(slm_session_open(&own, model, &desc, &error) == SLM_ERR_ARGUMENT, "no such pooling");
    encode_refuses(s);
    encode_arguments(s);
    free(memory);
    slm_session_close(s);
    slm_model_close(model);
    damage_free(&f.block);
}

/* Too little room, by one float, for texts of several batches: nothing is written, by an encoder or
   a decoder, and the rows are right. */
static void encode_capacity(size_t kind) {
    damage_file f;
    slm_model *model = NULL;
    slm_session_desc desc;
    slm_session *s = NULL;
    slm_input inputs[10];
    float out[10 * 7 * 6], before[10 * 7 * 6];
    size_t rows[10], size, i, sum = 0;
    memset(&desc, 0, sizeof desc);
    desc.context = desc.batch = 8;
    damage_build(&f, &damage_kinds[kind]);
    CHECK(slm_model_open_memory(&model, f.bytes, f.size, NULL, NULL) == SLM_OK &&
              slm_session_open(&s, model, &desc, NULL) == SLM_OK, "opens");
    size = slm_output_size(s, SLM_OUTPUT_HIDDEN);
    for (i = 0; i < 10; i++) inputs[i] = encode_input(7);
    memset(out, 0x5A, sizeof out);
    memcpy(before, out, sizeof out);
    CHECK(slm_encode_tokens(s, inputs, 10, SLM_OUTPUT_HIDDEN, out, 70 * size - 1, rows) ==
              SLM_ERR_CAPACITY && memcmp(out, before, sizeof out) == 0, "out is not written");
    for (i = 0; i < 10; i++) sum += rows[i];
    CHECK(sum == 70, "the rows of all texts");
    CHECK(slm_encode_tokens(s, inputs, 10, SLM_OUTPUT_HIDDEN, out, 70 * size, rows) == SLM_OK &&
              memcmp(out, out + 63 * size, 7 * size * sizeof(float)) == 0, "with room it is");
    slm_session_close(s);
    slm_model_close(model);
    damage_free(&f.block);
}

/* A decoder's hidden states: any batch gives the same bits, vectors are their last row and their
   mean, and the session is as if nothing had happened. */
static void encode_decoder(void) {
    damage_file f;
    slm_model *model = NULL;
    slm_session_desc desc;
    slm_session *s = NULL;
    slm_input input = encode_input(7);
    float first[42], hidden[42], vector[6], logits[DAMAGE_ROWS];
    const float *now;
    size_t batch, i, k;
    int good = 1;
    damage_build(&f, &damage_kinds[1]);
    memset(&desc, 0, sizeof desc);
    CHECK(slm_model_open_memory(&model, f.bytes, f.size, NULL, NULL) == SLM_OK, "a GPT-J");
    for (batch = 1; batch <= 7; batch += 2) {
        desc.batch = batch;
        desc.pooling = batch > 3 ? SLM_POOLING_MEAN : SLM_POOLING_AUTO;
        CHECK(slm_session_open(&s, model, &desc, NULL) == SLM_OK, "opens");
        good &= slm_eval(s, encode_ids, 7) == SLM_OK && (now = slm_logits(s, 0)) != NULL;
        if (good) memcpy(logits, now, sizeof logits);
        CHECK(slm_encode_tokens(s, &input, 1, SLM_OUTPUT_HIDDEN, hidden, 35, NULL) ==
                  SLM_ERR_ARGUMENT, "not at position 0");
        good &= slm_rewind(s, 0) == SLM_OK;
        good &= slm_encode_tokens(s, &input, 1, SLM_OUTPUT_HIDDEN, hidden, 35, NULL) == SLM_OK;
        good &= slm_encode_tokens(s, &input, 1, SLM_OUTPUT_EMBEDDING, vector, 5, NULL) == SLM_OK;
        good &= slm_position(s) == 0 && !slm_logits(s, 0);
        if (batch == 1) memcpy(first, hidden, sizeof first);
        good &= memcmp(first, hidden, 35 * sizeof(float)) == 0;
        for (i = 0; i < 5; i++) {
            float sum = hidden[i];
            for (k = 1; k < 7; k++) sum = hidden[5 * k + i] + sum;
            good &= vector[i] == (batch > 3 ? sum / 7.0f : hidden[30 + i]);
        }
        good &= slm_eval(s, encode_ids, 7) == SLM_OK && (now = slm_logits(s, 0)) != NULL &&
                memcmp(now, logits, sizeof logits) == 0;
        good &= !slm_output_size(s, SLM_OUTPUT_POOLED) && !slm_output_size(s, SLM_OUTPUT_LOGITS);
        slm_session_close(s);
    }
    CHECK(good, "a decoder's hidden states and vectors");
    slm_model_close(model);
    damage_free(&f.block);
}

enum { ENCODE_PARTED = 30 };

static size_t encode_part_runs; /* regions whose tasks are parts of a batch */

/* The last task first; no order is promised. */
static void encode_run(void *user, size_t tasks, void (*task)(void *arg, size_t index), void *arg) {
    const slm_session *s = *(slm_session **)user;
    if (((const slm__guarded *)arg)->task == slm__part_task) {
        CHECK(((const slm__guarded *)arg)->arg == s->encoder.parts && tasks > 1 &&
                  tasks <= s->encoder.part_count, "a task for each part");
        encode_part_runs++;
    }
    while (tasks--) task(arg, tasks);
}

/* Token 12's embedding is not a number: a text that has it fails, and those of other parts not. */
static void encode_spoil(const slm_model *model) {
    const slm__tensor *table = slm__model_tensor(model, SLM__EMBEDDING);
    float *tile = (float *)(uintptr_t)table->data;
    size_t k;
    CHECK(table->type == SLM_TYPE_F32 && table->rows > 12, "an embedding of floats");
    for (k = 0; k < table->cols; k++) tile[k * 16 + 12] = slm__float(0x7FC00000u);
}

/* Threads take whole texts: the same bits as alone, one spoilt text is an error, and a cancelled
   call too. */
static void encode_parts(void) {
    static const slm_token spoilt[] = {3, 12, 5};
    static float alone[ENCODE_PARTED * 7 * 6], out[ENCODE_PARTED * 7 * 6];
    damage_file f;
    slm_model *model = NULL;
    slm_session_desc desc;
    slm_session *s = NULL, *one = encode_open(&f, &model, NULL);
    slm_input inputs[ENCODE_PARTED];
    size_t rows[ENCODE_PARTED], floats = 0, i;
    int left = 1000, good = 1;
    memset(&desc, 0, sizeof desc);
    desc.threads = 2;
    desc.batch = 256; /* at most four parts */
    desc.parallel.run = encode_run;
    desc.parallel.user = &s;
    desc.cancel = encode_cancel;
    desc.cancel_user = &left;
    encode_spoil(model);
    CHECK(slm_session_open(&s, model, &desc, NULL) == SLM_OK, "opens");
    for (i = 0; i < ENCODE_PARTED; i++) {
        inputs[i] = encode_input(1 + i * 5 % 7);
        good &= slm_encode_tokens(one, &inputs[i], 1, SLM_OUTPUT_HIDDEN, alone + floats, 42,
                                  NULL) == SLM_OK;
        floats += inputs[i].count * 6;
    }
    encode_part_runs = 0;
    good &= slm_encode_tokens(s, inputs, ENCODE_PARTED, SLM_OUTPUT_HIDDEN, out, floats, rows) ==
            SLM_OK;
    CHECK(good && encode_part_runs == 1 && memcmp(alone, out, floats * sizeof *out) == 0,
          "texts in parts have the bits that they have alone");
    inputs[20].tokens = spoilt;
    inputs[20].count = 3;
    CHECK(slm_encode_tokens(s, inputs, ENCODE_PARTED, SLM_OUTPUT_POOLED, out, 6 * ENCODE_PARTED,
                            NULL) == SLM_ERR_NUMERIC &&
              strstr(slm_session_error(s), "layer 0: a key or value"), "a text that is not finite");
    inputs[20] = encode_input(1 + 20 * 5 % 7);
    left = 0;
    CHECK(slm_encode_tokens(s, inputs, ENCODE_PARTED, SLM_OUTPUT_HIDDEN, out, floats, NULL) ==
              SLM_ERR_CANCELLED, "cancelled");
    left = 1000;
    memset(out, 0, sizeof out);
    CHECK(slm_encode_tokens(s, inputs, ENCODE_PARTED, SLM_OUTPUT_HIDDEN, out, floats, NULL) ==
              SLM_OK && memcmp(alone, out, floats * sizeof *out) == 0, "then the same bits again");
    slm_session_close(one);
    slm_session_close(s);
    slm_model_close(model);
    damage_free(&f.block);
}

static void test_encode(void) {
    encode_parts();
    encode_memory();
    encode_cancels();
    encode_decoder();
    encode_capacity(1);
    encode_capacity(5);
}
