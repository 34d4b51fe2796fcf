/* Feed-forwards of 2,301 columns, with and without a gate: enough blocks for tasks that make codes
   of what they compute on one and two threads, and prompts of which only the last rows go through
   all of the last layer. The bits are those of token by token on three threads, where neither
   happens. */

enum { WIDE_TOKENS = 300, WIDE_KEPT = 37, WIDE_ROWS = 300 };

/* The logits of the last WIDE_KEPT tokens, the last first. 0: something failed. */
static int wide_logits(const slm_model *model, unsigned threads, size_t batch, size_t kept,
                       float *out) {
    slm_session_desc desc;
    slm_session *session = NULL;
    slm_token tokens[WIDE_TOKENS];
    size_t i, back;
    int fine;
    memset(&desc, 0, sizeof desc);
    desc.threads = threads;
    desc.batch = batch;
    desc.logits_kept = kept;
    for (i = 0; i < WIDE_TOKENS; i++) tokens[i] = (slm_token)(i * i % 299);
    fine = slm_session_open(&session, model, &desc, NULL) == SLM_OK;
    for (i = 0; fine && kept == 1 && i < WIDE_TOKENS; i++) {
        const float *logits;
        fine = slm_eval(session, tokens + i, 1) == SLM_OK;
        logits = fine ? slm_logits(session, 0) : NULL;
        back = WIDE_TOKENS - 1 - i;
        fine = logits != NULL;
        if (fine && back < WIDE_KEPT)
            memcpy(out + back * WIDE_ROWS, logits, WIDE_ROWS * sizeof(float));
    }
    if (kept > 1) fine = fine && slm_eval(session, tokens, WIDE_TOKENS) == SLM_OK;
    for (back = 0; fine && kept > 1 && back < WIDE_KEPT; back++) {
        const float *logits = slm_logits(session, back);
        fine = logits != NULL;
        if (fine) memcpy(out + back * WIDE_ROWS, logits, WIDE_ROWS * sizeof(float));
    }
    slm_session_close(session);
    return fine;
}

/* Tasks of any matrix end where a strip does, and with codes where a block does. */
static void test_tasks(void) {
    slm_session session;
    slm__product product;
    slm__tensor weight;
    slm__codes codes;
    unsigned tokens, whole = 1;
    memset(&session, 0, sizeof session);
    memset(&product, 0, sizeof product);
    memset(&weight, 0, sizeof weight);
    product.weight = &weight;
    for (session.workers.team = 1; session.workers.team < 70; session.workers.team++)
        for (weight.rows = 1; weight.rows < 12000; weight.rows += 13)
            for (tokens = 1; tokens < 3; tokens++) {
                product.codes = NULL;
                whole &= slm__task_tiles(&session, &product, tokens) % SLM__STRIP_TILES == 0;
                product.codes = &codes;
                whole &= slm__task_tiles(&session, &product, tokens) % SLM__BLOCK_TILES == 0;
            }
    CHECK(whole, "no two tasks share a strip or a block");
}

static void test_wide(void) {
    static const char *const names[] = {"gptj-f16", "gptj-q8", "gptj-q4", "gptj-q4f",
                                        "llama-f16", "llama-q8", "llama-q4", "llama-q4f"};
    static const unsigned threads[] = {1, 2, 3};
    static const size_t batches[] = {256, 100, 40, 7, 1};
    static float want[WIDE_KEPT * WIDE_ROWS], got[WIDE_KEPT * WIDE_ROWS];
    size_t name, t, b, fork_bytes = main_fork_bytes;
    test_tasks();
    for (name = 0; name < sizeof names / sizeof names[0]; name++) {
        slm_model *model = NULL;
        char path[64];
        int isa, fine, same = 1;
        snprintf(path, sizeof path, "build/wide/%s.slm", names[name]);
        for (isa = 0; isa < (int)SLM_ISA_COUNT; isa++) {
            slm_model_desc desc;
            memset(&desc, 0, sizeof desc);
            desc.isa = (slm_isa)isa;
            if (!slm_isa_available(desc.isa)) continue;
            fine = slm_model_open(&model, path, &desc, NULL) == SLM_OK;
            main_fork_bytes = SIZE_MAX;
            if (fine && isa == 0) fine = wide_logits(model, 3, 1, 1, want);
            main_fork_bytes = 0; /* these models are small, but are to run in parallel */
            for (t = 0; fine && t < 3; t++)
                for (b = 0; fine && b < sizeof batches / sizeof batches[0]; b++) {
                    if (threads[t] == 3 && batches[b] == 1) continue; /* what `want` is */
                    fine = wide_logits(model, threads[t], batches[b], WIDE_KEPT, got);
                    same &= fine && !memcmp(got, want, sizeof want);
                }
            slm_model_close(model);
            where = names[name];
            CHECK(fine, "the wide model runs");
        }
        CHECK(same, "a prompt of a wide model gives the bits of its tokens one by one");
        where = "";
    }
    main_fork_bytes = fork_bytes;
}
