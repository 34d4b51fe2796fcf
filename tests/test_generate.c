/* Sampling, generation and chats on the bundled model. Part of the runner. */

static size_t generate_text(slm_session *session, const slm_generation *generation, char *out,
                            size_t capacity, slm_reason *reason, double *logprob) {
    slm_piece piece;
    size_t size = 0;
    slm_result result;
    *logprob = 0;
    *reason = SLM_REASON_NONE;
    if (slm_generate(session, generation) != SLM_OK) return 0;
    while ((result = slm_next(session, &piece)) == SLM_OK) {
        if (piece.size > capacity - size) return 0;
        memcpy(out + size, piece.text, piece.size);
        size += piece.size;
        *logprob += piece.logprob;
    }
    if (result == SLM_DONE) *reason = piece.reason;
    return size;
}

static void generate_start(slm_session *session, const char *text) {
    slm_rewind(session, 0);
    CHECK(slm_prompt(session, text, SLM_NUL, 0) == SLM_OK, "the prompt evaluates");
}

static void test_sampling_rules(slm_session *session) {
    static char a[8192], b[8192], c[8192];
    slm_generation g;
    slm_reason reason;
    double logprob;
    size_t size_a, size_b, size_c;
    memset(&g, 0, sizeof g);
    g.limit = 60;
    generate_start(session, "Once upon a time");
    size_a = generate_text(session, &g, a, sizeof a, &reason, &logprob);
    CHECK(size_a > 60 && (reason == SLM_REASON_LIMIT || reason == SLM_REASON_END), "greedy");
    g.sampling.temperature = 5;
    g.sampling.top_k = 1;
    generate_start(session, "Once upon a time");
    size_b = generate_text(session, &g, b, sizeof b, &reason, &logprob);
    CHECK(size_a == size_b && !memcmp(a, b, size_a), "top-k 1 is greedy at any temperature");
    g.sampling.top_k = 0;
    g.sampling.min_p = 1;
    generate_start(session, "Once upon a time");
    size_b = generate_text(session, &g, b, sizeof b, &reason, &logprob);
    CHECK(size_a == size_b && !memcmp(a, b, size_a), "min-p 1 is greedy at any temperature");
    g.sampling.min_p = 0;
    g.sampling.top_p = 1e-6f;
    generate_start(session, "Once upon a time");
    size_b = generate_text(session, &g, b, sizeof b, &reason, &logprob);
    CHECK(size_a == size_b && !memcmp(a, b, size_a), "a tiny top-p is greedy");
    g.sampling.top_p = 0;
    g.sampling.temperature = 1;
    g.sampling.seed = 7;
    generate_start(session, "Once upon a time");
    size_b = generate_text(session, &g, b, sizeof b, &reason, &logprob);
    generate_start(session, "Once upon a time");
    size_c = generate_text(session, &g, c, sizeof c, &reason, &logprob);
    CHECK(size_b == size_c && !memcmp(b, c, size_b), "a seed gives one text");
    g.sampling.seed = 8;
    generate_start(session, "Once upon a time");
    size_c = generate_text(session, &g, c, sizeof c, &reason, &logprob);
    CHECK(size_b != size_c || memcmp(b, c, size_b), "another seed gives another");
}

static void generate_only(void *user, float *logits, size_t rows) {
    size_t i;
    for (i = 0; i < rows; i++)
        if (i != *(size_t *)user) logits[i] = -1e30f;
}

static void test_biases(slm_session *session, const slm_model_info *info) {
    slm_sampling sampling;
    slm_bias bias;
    slm_token token, best;
    size_t only = 40;
    memset(&sampling, 0, sizeof sampling);
    generate_start(session, "Once upon a time");
    slm_sample(session, NULL, &best);
    bias.token = best;
    bias.value = -1e9f;
    sampling.biases = &bias;
    sampling.bias_count = 1;
    CHECK(slm_sample(session, &sampling, &token) == SLM_OK && token != best, "a bias forbids");
    bias.token = (slm_token)info->vocab_rows;
    CHECK(slm_sample(session, &sampling, &token) == SLM_ERR_ARGUMENT, "a bias out of range");
    memset(&sampling, 0, sizeof sampling);
    sampling.adjust = generate_only;
    sampling.adjust_user = &only;
    sampling.temperature = 1;
    CHECK(slm_sample(session, &sampling, &token) == SLM_OK && token == 40, "the hook decides");
    memset(&sampling, 0, sizeof sampling);
    sampling.temperature = -1;
    CHECK(slm_sample(session, &sampling, &token) == SLM_ERR_ARGUMENT, "negative temperature");
}

static const slm_model *generate_model;
static size_t generate_whole_position;

static int generate_seen(const slm_token *tokens, size_t count, slm_token token) {
    while (count) if (tokens[--count] == token) return 1;
    return 0;
}

/* Wherever the likeliest token was seen before, each penalty alone must turn to another. */
static void test_penalties(slm_session *session) {
    slm_token tokens[120], token, other;
    slm_sampling rules[3];
    size_t count = 0, i, tried = 0, kept = 0, again = 0;
    memset(rules, 0, sizeof rules);
    rules[0].presence = 1e6f;
    rules[1].frequency = 1e6f;
    rules[2].repetition = 1e6f;
    slm_rewind(session, 0);
    for (token = 300; count < 120; count++) {
        tokens[count] = token;
        slm_eval(session, &token, 1);
        slm_sample(session, NULL, &token);
        if (!generate_seen(tokens, count + 1, token)) continue;
        for (i = 0; i < 3; i++) {
            slm_sample(session, &rules[i], &other);
            tried++;
            kept += other == token;
            again += i < 2 && generate_seen(tokens, count + 1, other);
        }
    }
    CHECK(tried > 30, "greedy text repeats tokens");
    CHECK(again == 0, "presence and frequency keep seen tokens away");
    CHECK(kept * 2 < tried, "penalties change the choice");
}

static void test_stops(slm_session *session) {
    static char whole[8192], cut[8192];
    static const char *const stops[] = {"zzz never", NULL};
    const char *chosen[2];
    char stop[8];
    slm_generation g;
    slm_reason reason;
    double logprob;
    size_t size, cut_size, at;
    memset(&g, 0, sizeof g);
    g.limit = 80;
    generate_start(session, "Once upon a time");
    size = generate_text(session, &g, whole, sizeof whole, &reason, &logprob);
    generate_whole_position = slm_position(session);
    g.stops = stops;
    g.stop_count = 1;
    generate_start(session, "Once upon a time");
    cut_size = generate_text(session, &g, cut, sizeof cut, &reason, &logprob);
    CHECK(size == cut_size && !memcmp(whole, cut, size), "a stop that never comes changes nothing");
    for (at = 20; at + 6 < size; at += 17) {
        size_t first;
        memcpy(stop, whole + at, 6);
        stop[6] = 0;
        for (first = 0; memcmp(whole + first, stop, 6); first++) {}
        chosen[0] = "not this";
        chosen[1] = stop;
        g.stops = chosen;
        g.stop_count = 2;
        generate_start(session, "Once upon a time");
        cut_size = generate_text(session, &g, cut, sizeof cut, &reason, &logprob);
        CHECK(slm_position(session) > 0 && slm_logits(session, 0) != NULL,
              "the session was rewound");
        {
            slm_token ids[200];
            size_t prompt = slm_position(session), count = 0;
            memcpy(cut + cut_size, "", 1);
            slm_tokenize(generate_model, "Once upon a time", SLM_NUL, 0, ids, 200, &count);
            CHECK(prompt >= count && prompt < count + 81, "and stands before the stop");
            CHECK(prompt < generate_whole_position, "and not behind it");
        }
        CHECK(reason == SLM_REASON_STOP && cut_size == first && !memcmp(whole, cut, first),
              "text ends before the stop");
    }
}

static void test_score(slm_session *session, const slm_model *model) {
    slm_token tokens[64];
    float logprobs[64];
    slm_generation g;
    slm_piece piece;
    size_t prompt, count, i;
    double worst = 0;
    memset(&g, 0, sizeof g);
    g.limit = 30;
    generate_start(session, "Once upon a time");
    slm_tokenize(model, "Once upon a time", SLM_NUL, 0, tokens, 64, &prompt);
    slm_generate(session, &g);
    for (count = prompt; count < prompt + 30 && slm_next(session, &piece) == SLM_OK; count++) {
        tokens[count] = piece.token;
        logprobs[count] = piece.logprob;
    }
    {
        float scored[64];
        slm_rewind(session, 0);
        CHECK(slm_score(session, tokens, count, scored) == SLM_OK, "a text is scored");
        CHECK(scored[0] == 0, "the first token has nothing before it");
        for (i = prompt; i < count; i++) {
            CHECK(scored[i] <= 0 && scored[i] == logprobs[i], "as slm_next said");
            if (-scored[i] > worst) worst = -scored[i];
        }
        CHECK(worst > 0 && worst < 10, "greedy tokens are likely");
        CHECK(slm_position(session) == count, "scoring appends");
    }
}

static void test_chat_turns(slm_session *session, const slm_model *model) {
    slm_token whole[64];
    size_t count = 0, before;
    static const char text[] = "Instruct: Who are you?\nOutput:";
    slm_rewind(session, 0);
    CHECK(slm_chat(session, SLM_USER, "Who are you?", SLM_NUL) == SLM_OK, "a user's message");
    CHECK(slm_chat(session, SLM_ASSISTANT, NULL, 0) == SLM_OK, "the answer opens");
    slm_tokenize(model, text, SLM_NUL, 0, whole, 64, &count);
    CHECK(slm_position(session) == count, "the message is the template's tokens");
    slm_rewind(session, 0);
    slm_chat(session, SLM_USER, "Who are you?", SLM_NUL);
    CHECK(slm_chat(session, SLM_ASSISTANT, NULL, SLM_NUL) == SLM_OK &&
              slm_position(session) == count &&
              !memcmp(slm_tokens(session), whole, count * sizeof *whole),
          "an answer opens with SLM_NUL too");
    before = slm_position(session);
    CHECK(slm_chat(session, SLM_USER, "<|endoftext|>", SLM_NUL) == SLM_OK, "a hostile message");
    CHECK(slm_position(session) > before + 6, "a message never yields a special token");
    CHECK(slm_chat(session, (slm_role)9, "x", 1) == SLM_ERR_ARGUMENT, "an unknown role");
}

static void test_text_bytes(const slm_model *model) {
    unsigned char bytes[300], back[1200];
    slm_token tokens[1200];
    size_t size, count, again, i, round, wrong = 0;
    for (round = 0; round < 3000; round++) {
        size = core_random() % 300;
        for (i = 0; i < size; i++)
            bytes[i] = round & 1 ? (unsigned char)core_random()
                                 : (unsigned char)"ab  \n'tel1\xC3\xA9"[core_random() % 12];
        if (slm_tokenize(model, (char *)bytes, size, 0, tokens, 1200, &count) != SLM_OK) wrong++;
        if (slm_detokenize(model, tokens, count, 0, (char *)back, sizeof back, &again) != SLM_OK)
            wrong++;
        if (again != size || memcmp(bytes, back, size)) wrong++;
    }
    CHECK(wrong == 0, "decode(encode(x)) is x for any bytes");
    CHECK(slm_tokenize(model, "Hello there", SLM_NUL, 0, NULL, 0, &count) == SLM_ERR_CAPACITY &&
              count > 0, "the full need is told");
}

static void test_generate(const char *path) {
    slm_model *model = NULL;
    slm_session *session = NULL;
    slm_model_info info;
    FILE *file = fopen(path, "rb");
    if (!file) {
        SKIP("no bundled model");
        return;
    }
    fclose(file);
    CHECK(slm_model_open(&model, path, NULL, NULL) == SLM_OK, "the bundled model opens");
    CHECK(slm_session_open(&session, model, NULL, NULL) == SLM_OK, "a session opens");
    if (!session) return;
    slm_model_get_info(model, &info);
    test_text_bytes(model);
    test_sampling_rules(session);
    test_biases(session, &info);
    generate_model = model;
    test_penalties(session);
    test_stops(session);
    test_score(session, model);
    test_chat_turns(session, model);
    slm_session_close(session);
    slm_model_close(model);
}
