/* What the interface promises about memory, arguments and cancelling, on a model made in memory
   (test_damage.c). Part of the runner, which counts what the default allocator is asked for. */

static size_t session_hooks, session_cancel_at; /* calls of the hook; the one that cancels */
static int session_cancel(void *user) {
    (void)user;
    return ++session_hooks == session_cancel_at;
}

/* A model and a session, each in a block of its exact size. */
typedef struct session_case {
    damage_file file;
    damage_block model_block, block;
    slm_model *model;
    slm_session *session;
    slm_session_desc desc;
} session_case;

static void session_open(session_case *c, size_t batch, size_t kept) {
    slm_model_desc desc;
    size_t need;
    memset(c, 0, sizeof *c);
    memset(&desc, 0, sizeof desc);
    damage_build(&c->file, &damage_kinds[0]);
    need = slm_model_size(c->file.bytes, 256);
    damage_reserve(&c->model_block, need);
    damage_limit(&c->model_block, need);
    desc.memory = c->model_block.bytes;
    desc.memory_size = need - 1;
    CHECK(slm_model_open_memory(&c->model, c->file.bytes, c->file.size, &desc, NULL) ==
                  SLM_ERR_MEMORY && !c->model,
          "a model's block of one byte less");
    desc.memory_size = need;
    CHECK(slm_model_open_memory(&c->model, c->file.bytes, c->file.size, &desc, NULL) == SLM_OK,
          "a model's block of the exact size");
    c->desc.context = 48;
    c->desc.batch = batch;
    c->desc.logits_kept = kept;
    c->desc.threads = 1;
    c->desc.cancel = session_cancel;
    need = slm_session_size(c->model, &c->desc);
    damage_reserve(&c->block, need);
    damage_limit(&c->block, need);
    c->desc.memory = c->block.bytes;
    c->desc.memory_size = need - 1;
    CHECK(slm_session_open(&c->session, c->model, &c->desc, NULL) == SLM_ERR_MEMORY &&
              !c->session,
          "a session's block of one byte less");
    c->desc.memory_size = need;
    CHECK(slm_session_open(&c->session, c->model, &c->desc, NULL) == SLM_OK,
          "a session's block of the exact size");
    session_cancel_at = 0;
}

static void session_close(session_case *c) {
    size_t i;
    int clean = 1;
    slm_session_close(c->session);
    slm_model_close(c->model);
    DAMAGE_ALLOW(c->block.bytes, c->block.capacity + 64);
    DAMAGE_ALLOW(c->model_block.bytes, c->model_block.capacity + 64);
    for (i = 0; i < 64; i++)
        clean &= c->block.bytes[c->block.capacity + i] == 0x5A &&
                 c->model_block.bytes[c->model_block.capacity + i] == 0x5A;
    CHECK(clean, "nothing is written behind the blocks");
    damage_free(&c->block);
    damage_free(&c->model_block);
    damage_free(&c->file.block);
}

static slm_token session_token(size_t i) { return (slm_token)(i * 11 % 15); }

/* All rows that are kept, oldest first; their number. */
static size_t session_rows(slm_session *session, size_t kept, float *rows) {
    size_t i;
    for (i = kept; i-- > 0; rows += DAMAGE_ROWS) {
        const float *logits = slm_logits(session, i);
        if (!logits) return 0;
        memcpy(rows, logits, DAMAGE_ROWS * sizeof *rows);
    }
    return kept;
}

/* Everything that runs between opening and closing. */
static void session_use_all(const slm_model *model, slm_session *session) {
    static const char *const stops[] = {"never there", "thethe"};
    slm_token tokens[40], token;
    slm_generation g;
    slm_piece piece;
    slm_bias biases[2] = {{3, 0.5f}, {4, -1}};
    float logprobs[12];
    size_t i, count;
    for (i = 0; i < 40; i++) tokens[i] = session_token(i);
    CHECK(slm_eval(session, tokens, 20) == SLM_OK, "eval");
    CHECK(slm_logits(session, 0) != NULL, "logits");
    memset(&g, 0, sizeof g);
    g.sampling.temperature = 0.9f;
    g.sampling.top_k = 9;
    g.sampling.top_p = 0.9f;
    g.sampling.min_p = 0.01f;
    g.sampling.repetition = 1.2f;
    g.sampling.frequency = 0.1f;
    g.sampling.presence = 0.1f;
    g.sampling.biases = biases;
    g.sampling.bias_count = 2;
    g.ignore_end = 1;
    g.stops = stops;
    g.stop_count = 2;
    CHECK(slm_sample(session, &g.sampling, &token) == SLM_OK, "sample");
    CHECK(slm_generate(session, &g) == SLM_OK, "generate");
    for (count = 0; slm_next(session, &piece) == SLM_OK;) count++;
    CHECK(count > 5, "next");
    CHECK(slm_rewind(session, 10) == SLM_OK && slm_eval(session, tokens, 1) == SLM_OK, "rewind");
    CHECK(slm_score(session, tokens, 12, logprobs) == SLM_OK, "score");
    CHECK(slm_rewind(session, 0) == SLM_OK, "rewind to the start");
    CHECK(slm_prompt(session, damage_text, SLM_NUL, SLM_PARSE_SPECIAL) == SLM_OK, "prompt");
    CHECK(slm_tokenize(model, "the aab", SLM_NUL, 0, tokens, 40, &count) == SLM_OK, "tokenize");
}

static void test_counted(void) {
    damage_file file;
    core_allocations a = {0, 0, 0};
    slm_model_desc desc;
    slm_session_desc session_desc;
    slm_model *model = NULL;
    slm_session *session = NULL;
    size_t asked;
    int calls, way;
    damage_build(&file, &damage_kinds[0]);
    for (way = 0; way < 2; way++) { /* the default allocator, then the caller's */
        memset(&desc, 0, sizeof desc);
        memset(&session_desc, 0, sizeof session_desc);
        if (way) desc.allocator = session_desc.allocator = core_allocator(&a);
        session_desc.logits_kept = 3;
        asked = main_allocations;
        CHECK(slm_model_open_memory(&model, file.bytes, file.size, &desc, NULL) == SLM_OK &&
                  slm_session_open(&session, model, &session_desc, NULL) == SLM_OK,
              "opens");
        CHECK(way ? a.calls == 2 && main_allocations == asked : main_allocations == asked + 2,
              "one block for the model, one for the session");
        asked = main_allocations;
        calls = a.calls;
        session_use_all(model, session);
        CHECK(main_allocations == asked && a.calls == calls,
              "evaluating and generating allocate nothing");
        slm_session_close(session);
        slm_model_close(model);
    }
    CHECK(a.live == 0, "all given back");
    damage_free(&file.block);
}

/* One by one, a row kept; then in one piece, and rewound and in pieces of every size. */
static void test_chunks(void) {
    static float want[3 * DAMAGE_ROWS], got[3 * DAMAGE_ROWS];
    slm_token tokens[40];
    size_t i, size, start, batch;
    session_case one;
    session_open(&one, 1, 1);
    for (i = 0; i < 40; i++) {
        tokens[i] = session_token(i);
        slm_eval(one.session, tokens + i, 1);
        if (i >= 37) session_rows(one.session, 1, want + (i - 37) * DAMAGE_ROWS);
    }
    session_close(&one);
    for (batch = 1; batch < 50; batch += 6) {
        session_case c;
        int same = 1;
        session_open(&c, batch, 3);
        CHECK(slm_eval(c.session, tokens, 40) == SLM_OK, "40 tokens");
        same &= session_rows(c.session, 3, got) == 3 && !memcmp(want, got, sizeof got);
        for (size = 3; size <= 40; size++) { /* the last piece holds all three rows */
            start = size % 19;
            slm_rewind(c.session, start);
            for (i = start; i + size < 38; i += size) slm_eval(c.session, tokens + i, size);
            slm_eval(c.session, tokens + i, 40 - i);
            same &= slm_position(c.session) == 40 && session_rows(c.session, 3, got) == 3 &&
                    !memcmp(want, got, sizeof got);
        }
        CHECK(same, "rewinding and any pieces give the same bits");
        session_close(&c);
    }
}

/* Cancels at each call of the hook while 20 tokens are read after 5. */
static void test_cancelled_prompt(session_case *c) {
    static float want[2 * DAMAGE_ROWS], got[2 * DAMAGE_ROWS];
    slm_token tokens[40];
    float logprobs[20];
    size_t i, calls, at;
    int held = 1, same = 1;
    for (i = 0; i < 40; i++) tokens[i] = session_token(i);
    slm_eval(c->session, tokens, 5);
    session_hooks = 0;
    slm_eval(c->session, tokens + 5, 20);
    calls = session_hooks;
    CHECK(session_rows(c->session, 2, want) == 2 && calls >= 3, "the hook is called");
    for (at = 1; at <= calls; at++) {
        slm_rewind(c->session, 5);
        session_hooks = 0;
        session_cancel_at = at;
        held &= slm_eval(c->session, tokens + 5, 20) == SLM_ERR_CANCELLED;
        held &= slm_position(c->session) == 5 && *slm_session_error(c->session);
        session_cancel_at = 0;
        held &= slm_eval(c->session, tokens + 5, 20) == SLM_OK;
        same &= session_rows(c->session, 2, got) == 2 && !memcmp(want, got, sizeof got);
        slm_rewind(c->session, 4);
        slm_eval(c->session, tokens + 4, 1); /* what scoring the next one begins with */
        session_hooks = 0;
        session_cancel_at = at;
        held &= slm_score(c->session, tokens + 5, 20, logprobs) == SLM_ERR_CANCELLED;
        held &= slm_position(c->session) == 5;
        session_cancel_at = 0;
    }
    CHECK(held, "cancelled: nothing is appended");
    CHECK(same, "and the session goes on with the same bits");
    session_hooks = 0;
    session_cancel_at = 1;
    slm_rewind(c->session, 0);
    CHECK(slm_prompt(c->session, "ab the", SLM_NUL, 0) == SLM_ERR_CANCELLED &&
              slm_position(c->session) == 0,
          "a cancelled prompt");
    session_hooks = 0;
    CHECK(slm_chat(c->session, SLM_USER, "ab", 2) == SLM_ERR_CANCELLED &&
              slm_position(c->session) == 0,
          "a cancelled turn");
    session_cancel_at = 0;
}

/* Generates 30 tokens, cancelling `times` times before each; how often that happened. */
static size_t session_tokens(session_case *c, size_t times, float temperature, slm_token *out,
                             size_t *count) {
    static const slm_token start[3] = {14, 0, 11};
    slm_generation g;
    slm_piece piece;
    slm_result result = SLM_OK;
    size_t cancelled = 0, i;
    memset(&g, 0, sizeof g);
    g.sampling.temperature = temperature;
    g.sampling.seed = 3;
    g.limit = 30;
    g.ignore_end = 1;
    slm_rewind(c->session, 0);
    slm_eval(c->session, start, 3);
    slm_generate(c->session, &g);
    for (*count = 0; result == SLM_OK;) {
        size_t position = slm_position(c->session);
        for (i = 0; i < times; i++) {
            session_hooks = 0;
            session_cancel_at = 1;
            cancelled += slm_next(c->session, &piece) == SLM_ERR_CANCELLED &&
                         slm_position(c->session) == position && piece.token == -1;
        }
        session_cancel_at = 0;
        result = slm_next(c->session, &piece);
        if (result == SLM_OK && piece.token >= 0) out[(*count)++] = piece.token;
    }
    return cancelled;
}

/* The last position's logits are there, also once a part of the cancelled tokens has taken their
   place; those before them then are not. */
static void test_cancelled_late(void) {
    float want[DAMAGE_ROWS];
    session_case c;
    slm_token tokens[20];
    size_t i;
    for (i = 0; i < 20; i++) tokens[i] = session_token(i);
    session_open(&c, 19, 2);
    slm_eval(c.session, tokens, 3);
    memcpy(want, slm_logits(c.session, 0), sizeof want);
    session_hooks = 0;
    session_cancel_at = 1;
    CHECK(slm_eval(c.session, tokens, 20) == SLM_ERR_CANCELLED && slm_logits(c.session, 1),
          "cancelled early: the logits are still there");
    session_hooks = 0;
    session_cancel_at = 2;
    CHECK(slm_eval(c.session, tokens, 20) == SLM_ERR_CANCELLED, "cancelled late");
    session_cancel_at = 0;
    CHECK(!slm_logits(c.session, 1) && slm_logits(c.session, 0) &&
              !memcmp(want, slm_logits(c.session, 0), sizeof want), "the last one's are there");
    session_close(&c);
}

static void test_cancel(void) {
    session_case c;
    slm_token want[48], got[48];
    size_t count, again;
    int temperature;
    session_open(&c, 7, 2);
    test_cancelled_prompt(&c);
    for (temperature = 0; temperature < 2; temperature++) {
        session_tokens(&c, 0, (float)temperature, want, &count);
        CHECK(session_tokens(&c, 2, (float)temperature, got, &again) == 60, "cancelled");
        CHECK(count == 30 && again == 30 && !memcmp(want, got, 30 * sizeof *want),
              "after that the tokens are the same");
    }
    session_close(&c);
    test_cancelled_late();
}

/* ---- wrong arguments --------------------------------------------------------------------- */

static void session_wrong_models(const damage_file *f) {
    const slm_result wrong = SLM_ERR_ARGUMENT;
    slm_model *model = NULL;
    slm_model_desc desc;
    slm_model_info info;
    slm_error error;
    memset(&desc, 0, sizeof desc);
    CHECK(slm_model_open(NULL, "x", NULL, &error) == wrong, "no model");
    CHECK(slm_model_open(&model, NULL, NULL, NULL) == wrong, "no path");
    CHECK(slm_model_open(&model, ".", NULL, &error) == SLM_ERR_IO && !model, "a directory");
    desc.load = SLM_LOAD_COPY;
    CHECK(slm_model_open(&model, ".", &desc, NULL) == SLM_ERR_IO && !model, "copied as well");
    CHECK(slm_model_open_memory(NULL, f->bytes, f->size, NULL, &error) == wrong, "no model");
    CHECK(slm_model_open_memory(&model, NULL, 9, NULL, NULL) == wrong, "no bytes");
    CHECK(slm_model_open_memory(&model, f->bytes + 4, 9, NULL, NULL) == wrong, "not aligned");
    desc.isa = SLM_ISA_COUNT;
    CHECK(slm_model_open_memory(&model, f->bytes, f->size, &desc, NULL) == SLM_ERR_UNSUPPORTED,
          "no such instruction set");
    CHECK(slm_model_size(NULL, 256) == 0 && slm_model_size(f->bytes, 255) == 0, "no head");
    CHECK(slm_model_verify(NULL, NULL) == wrong, "nothing to verify");
    slm_model_close(NULL);
    slm_model_get_info(NULL, NULL);
    slm_model_get_info(NULL, &info);
    CHECK(info.layers == 0 && info.bos == -1, "no model, no facts");
    CHECK(!slm_isa_name((slm_isa)-1) && !slm_isa_name(SLM_ISA_COUNT), "no such name");
    CHECK(!slm_isa_available((slm_isa)77), "not available");
    CHECK(!strcmp(slm_result_name((slm_result)-1), "unknown"), "an unknown result");
}

static void session_wrong_descriptors(const slm_model *model) {
    const slm_result wrong = SLM_ERR_ARGUMENT;
    slm_session *session = NULL;
    static const char *const says[6] = {"context is 64", "context is 64", "logits_kept", "kv_type",
                                        "threads", "logits_kept"};
    slm_session_desc descs[6], none;
    slm_error error;
    size_t i;
    memset(descs, 0, sizeof descs);
    memset(&none, 0, sizeof none);
    descs[0].context = 65;
    descs[1].context = (size_t)-1;
    descs[2].logits_kept = 65;
    descs[3].kv_type = SLM_TYPE_Q8;
    descs[4].threads = 5000;
    descs[5].context = 8, descs[5].logits_kept = 9;
    for (i = 0; i < 6; i++) {
        CHECK(slm_session_size(model, &descs[i]) == 0, "a descriptor without a size");
        CHECK(slm_session_open(&session, model, &descs[i], &error) == wrong && !session,
              "and without a session");
        CHECK(strstr(error.text, says[i]) != NULL, "whose error names the field");
    }
    none.memory = &none;
    CHECK(slm_session_open(&session, model, &none, NULL) == SLM_ERR_MEMORY, "an empty block");
    none.memory = (uint8_t *)&none + 1;
    none.memory_size = (size_t)-1;
    CHECK(slm_session_open(&session, model, &none, &error) == SLM_ERR_MEMORY, "not aligned");
    CHECK(strstr(error.text, "not 64-byte aligned") != NULL, "... and why");
    CHECK(slm_session_size(NULL, NULL) == 0, "no model");
    CHECK(slm_session_open(NULL, model, NULL, NULL) == wrong, "no session");
    CHECK(slm_session_open(&session, NULL, NULL, NULL) == wrong && !session, "no model");
    slm_session_close(NULL);
    CHECK(!*slm_session_error(NULL) && slm_position(NULL) == 0, "no session, no error");
}

static void session_wrong_texts(const slm_model *model) {
    const slm_result wrong = SLM_ERR_ARGUMENT;
    slm_token tokens[4] = {0, -1, 99, 19};
    char text[8];
    size_t count = 7;
    CHECK(slm_tokenize(NULL, "a", 1, 0, tokens, 4, &count) == wrong, "no model");
    CHECK(slm_tokenize(model, NULL, 1, 0, tokens, 4, &count) == wrong, "no text");
    CHECK(slm_tokenize(model, NULL, SLM_NUL, 0, tokens, 4, &count) == wrong, "no NUL");
    CHECK(slm_tokenize(model, "a", 1, 0, NULL, 4, &count) == wrong, "no tokens");
    CHECK(slm_tokenize(model, "a", 1, 0, tokens, 4, NULL) == wrong, "no count");
    CHECK(slm_tokenize(model, NULL, 0, 0, NULL, 0, &count) == SLM_OK && !count, "nothing");
    CHECK(slm_detokenize(NULL, tokens, 1, 0, text, 8, &count) == wrong, "no model");
    CHECK(slm_detokenize(model, NULL, 1, 0, text, 8, &count) == wrong, "no tokens");
    CHECK(slm_detokenize(model, tokens, 1, 0, NULL, 8, &count) == wrong, "no text");
    CHECK(slm_detokenize(model, tokens, 1, 0, text, 8, NULL) == wrong, "no size");
    CHECK(slm_detokenize(model, tokens, 4, 0, text, 8, &count) == SLM_OK && count == 1,
          "tokens that are not there have no text");
    CHECK(!slm_token_text(NULL, 0, &count) && !slm_token_text(model, 0, NULL), "no text");
    CHECK(!slm_token_text(model, -1, &count) && !slm_token_text(model, 20, &count) &&
              !slm_token_text(model, 19, &count) && !count,
          "no such token");
}

/* Whatever failed before, the text is that of this failure. */
static void session_says(slm_session *session, slm_result result, const char *text) {
    CHECK(result == SLM_ERR_ARGUMENT, text);
    CHECK(strstr(slm_session_error(session), text) != NULL, "... is what the text says");
}

static void session_names_what_is_wrong(slm_session *session) {
    slm_token token = 0, far = 5000;
    slm_generation g;
    float logprob;
    memset(&g, 0, sizeof g);
    session_says(session, slm_eval(session, &far, 1), "of the input is not below");
    session_says(session, slm_eval(session, NULL, 1), "tokens is NULL");
    session_says(session, slm_prompt(session, NULL, SLM_NUL, 0), "text is NULL");
    session_says(session, slm_score(session, &token, 1, NULL), "logprobs is NULL");
    session_says(session, slm_chat(session, SLM_USER, NULL, SLM_NUL), "text is NULL");
    session_says(session, slm_score(session, NULL, 1, &logprob), "tokens or logprobs is NULL");
    session_says(session, slm_sample(session, NULL, &token), "evaluate a token first");
    session_says(session, slm_generate(session, NULL), "evaluate a token");
    session_says(session, slm_sample(session, NULL, NULL), "token is NULL");
    session_says(session, slm_next(session, NULL), "piece is NULL");
    token = 0;
    slm_eval(session, &token, 1);
    session_says(session, slm_chat(session, SLM_ASSISTANT, NULL, 1), "text is NULL");
    g.sampling.temperature = -1;
    session_says(session, slm_generate(session, &g), "temperature out of range");
    slm_rewind(session, 0);
}

static void session_wrong_calls(slm_session *session) {
    const slm_result wrong = SLM_ERR_ARGUMENT;
    slm_token token = 0;
    slm_piece piece;
    slm_generation g;
    float logprob;
    char long_stop[300];
    const char *stops[1];
    memset(&g, 0, sizeof g);
    CHECK(slm_eval(NULL, &token, 1) == wrong && slm_eval(session, NULL, 1) == wrong, "eval");
    CHECK(slm_eval(session, NULL, 0) == SLM_OK, "no tokens");
    CHECK(!slm_logits(NULL, 0) && !slm_logits(session, 0), "logits");
    CHECK(slm_rewind(NULL, 0) == wrong && slm_rewind(session, 1) == wrong, "rewind");
    CHECK(slm_score(NULL, &token, 1, &logprob) == wrong, "no session");
    CHECK(slm_score(session, NULL, 1, &logprob) == wrong, "no tokens");
    CHECK(slm_score(session, &token, 1, NULL) == wrong, "no place");
    CHECK(slm_score(session, NULL, 0, NULL) == SLM_OK, "nothing to score");
    CHECK(slm_sample(NULL, NULL, &token) == wrong, "no session");
    CHECK(slm_sample(session, NULL, NULL) == wrong, "no token");
    CHECK(slm_sample(session, NULL, &token) == wrong, "nothing evaluated");
    CHECK(slm_prompt(NULL, "a", 1, 0) == wrong && slm_prompt(session, NULL, 1, 0) == wrong,
          "prompt");
    CHECK(slm_chat(NULL, SLM_USER, "a", 1) == wrong, "no session");
    CHECK(slm_chat(session, SLM_USER, NULL, SLM_NUL) == wrong, "no message");
    CHECK(slm_generate(NULL, NULL) == wrong && slm_generate(session, NULL) == wrong, "generate");
    CHECK(slm_next(NULL, &piece) == wrong && slm_next(session, NULL) == wrong, "next");
    CHECK(slm_next(session, &piece) == wrong && piece.token == -1, "not generating");
    token = 0;
    slm_eval(session, &token, 1);
    g.stop_count = 1;
    CHECK(slm_generate(session, &g) == wrong, "no stops");
    g.stops = stops;
    stops[0] = NULL;
    CHECK(slm_generate(session, &g) == wrong, "no stop");
    memset(long_stop, 'a', sizeof long_stop);
    long_stop[256] = 0;
    stops[0] = long_stop;
    CHECK(slm_generate(session, &g) == wrong, "a long stop");
    long_stop[255] = 0;
    CHECK(slm_generate(session, &g) == SLM_OK, "a stop of 255 bytes");
    memset(&g, 0, sizeof g);
    g.sampling.bias_count = 1;
    CHECK(slm_sample(session, &g.sampling, &token) == wrong, "no biases");
}

static void test_arguments(void) {
    session_case c;
    session_open(&c, 4, 1);
    session_wrong_models(&c.file);
    session_wrong_descriptors(c.model);
    session_wrong_texts(c.model);
    session_names_what_is_wrong(c.session);
    session_wrong_calls(c.session);
    session_close(&c);
}

/* One position after the other, or all together. */
static slm_result session_reads(const damage_file *file, slm_isa isa, size_t batch, slm_type kv,
                                char *text) {
    static const slm_token tokens[20] = {0, 1, 2, 1, 0, 3, 2, 1};
    slm_session_desc desc;
    slm_model_desc model_desc;
    slm_session *session = NULL;
    slm_model *model = NULL;
    slm_result result;
    memset(&desc, 0, sizeof desc);
    memset(&model_desc, 0, sizeof model_desc);
    model_desc.isa = isa;
    desc.batch = batch;
    desc.kv_type = kv;
    result = slm_model_open_memory(&model, file->bytes, file->size, &model_desc, NULL);
    if (!result) result = slm_session_open(&session, model, &desc, NULL);
    if (!result) result = slm_eval(session, tokens, 20);
    strcpy(text, result && session ? slm_session_error(session) : "");
    slm_session_close(session);
    slm_model_close(model);
    return result;
}

/* What a call says of keys and values that the cache cannot hold: the same on every set, however
   many positions are read at once. */
static void session_out_of_range(const damage_kind *kind, float spoiled, slm_type kv,
                                 slm_result wanted) {
    damage_file file;
    slm_model *model = NULL;
    const slm__tensor *bias, *positions;
    int isa, good = 1;
    damage_build(&file, kind);
    if (slm_model_open_memory(&model, file.bytes, file.size, NULL, NULL) != SLM_OK) {
        CHECK(0, "a model made in memory opens");
        return;
    }
    bias = &model->layers[0].at[SLM__VALUE + 1];
    positions = slm__model_tensor(model, SLM__POSITIONS);
    if (bias->data) memcpy((uint8_t *)bias->data + 4, &spoiled, 4);
    else memcpy((uint8_t *)positions->data + 5 * 4, &spoiled, 4); /* position 5's first element */
    slm_model_close(model);
    for (isa = SLM_ISA_PORTABLE; isa < (int)SLM_ISA_COUNT; isa++) {
        char one[256], many[256];
        if (!slm_isa_available((slm_isa)isa)) continue;
        good &= session_reads(&file, (slm_isa)isa, 1, kv, one) == wanted;
        good &= session_reads(&file, (slm_isa)isa, 20, kv, many) == wanted;
        good &= !strcmp(one, many) && (wanted == SLM_OK || strstr(one, "layer 0") != NULL);
    }
    CHECK(good, "keys and values beyond the cache's type: one result, one message");
    damage_free(&file.block);
}

static void test_range(void) {
    const float infinite = slm__float(0x7F800000u);
    session_out_of_range(&damage_kinds[0], 1e6f, SLM_TYPE_F32, SLM_OK);
    session_out_of_range(&damage_kinds[0], 1e6f, SLM_TYPE_F16, SLM_ERR_NUMERIC);
    session_out_of_range(&damage_kinds[0], infinite, SLM_TYPE_F32, SLM_ERR_NUMERIC);
    session_out_of_range(&damage_kinds[0], infinite, SLM_TYPE_F16, SLM_ERR_NUMERIC);
    session_out_of_range(&damage_kinds[4], infinite, SLM_TYPE_F32, SLM_ERR_NUMERIC);
}
