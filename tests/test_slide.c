/* What slm-generate --keep must write: each stretch by a fresh session that is fed with the tokens
   that are left. The texts go to build/slid-*.txt, for slide.sh to compare. Part of the runner. */

enum { SLIDE_CONTEXT = 64, SLIDE_KEEP = 5, SLIDE_LIMIT = 200 };

/* Generates from held[0 .. *count) until the context or the limit is full; adds the tokens. */
static slm_reason slide_stretch(const slm_model *model, slm_token *held, size_t *count,
                                slm_generation *generation, FILE *out) {
    slm_session_desc desc;
    slm_session *session;
    slm_piece piece;
    memset(&desc, 0, sizeof desc);
    desc.context = SLIDE_CONTEXT;
    slm_session_open(&session, model, &desc, NULL);
    CHECK(slm_eval(session, held, *count) == SLM_OK, "what is left fits");
    CHECK(slm_generate(session, generation) == SLM_OK, "a stretch");
    while (slm_next(session, &piece) == SLM_OK) {
        fwrite(piece.text, 1, piece.size, out);
        if (piece.token < 0) continue;
        held[(*count)++] = piece.token;
        generation->limit--;
    }
    slm_session_close(session);
    return piece.reason;
}

static void slide_text(const slm_model *model, float temperature, uint64_t seed,
                       const char *path) {
    static const char prompt[] = "Once upon a time";
    slm_token held[SLIDE_CONTEXT];
    slm_generation generation;
    size_t count = 0, others, slides = 0;
    FILE *out = fopen(path, "wb");
    CHECK(out != NULL, "a place for the text");
    if (!out) return;
    memset(&generation, 0, sizeof generation);
    generation.sampling.temperature = temperature;
    generation.sampling.seed = seed;
    generation.ignore_end = 1;
    generation.limit = SLIDE_LIMIT;
    slm_tokenize(model, prompt, SLM_NUL, SLM_ADD_BOS, held, SLIDE_CONTEXT, &count);
    fwrite(prompt, 1, sizeof prompt - 1, out);
    while (slide_stretch(model, held, &count, &generation, out) == SLM_REASON_CONTEXT &&
           generation.limit) {
        others = (SLIDE_CONTEXT - SLIDE_KEEP) / 2; /* 59: 30 go, 29 stay */
        memmove(held + SLIDE_KEEP, held + SLIDE_CONTEXT - others, others * sizeof *held);
        count = SLIDE_KEEP + others;
        generation.sampling.seed++;
        slides++;
    }
    fputc('\n', out);
    fclose(out);
    CHECK(slides >= 4, "the context was full several times");
}

static void test_slide(const char *path) {
    slm_model *model;
    slm_session *session;
    slm_token tokens[4] = {1, 2, 3, 4};
    CHECK(slm_model_open(&model, path, NULL, NULL) == SLM_OK, "the bundled model");
    if (!model) return;
    slide_text(model, 0, 0, "build/slid-greedy.txt");
    slide_text(model, 0.8f, 7, "build/slid-seed.txt");
    slm_session_open(&session, model, NULL, NULL);
    slm_eval(session, tokens, 4);
    CHECK(!memcmp(slm_tokens(session), tokens, sizeof tokens) && !slm_tokens(NULL),
          "a session tells its tokens");
    slm_session_close(session);
    slm_model_close(model);
}
