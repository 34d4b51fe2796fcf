/* test_rounding_modes.c - what a host does to the processor's rounding and denormals, in its own
   thread or in those that run its hook's tasks, changes no result, and is as it was after each
   call. */
#include <fenv.h>

/* strange: rounds upward and, on x86, takes denormals for zeros. */
static void modes_set(int strange) {
    fesetround(strange ? FE_UPWARD : FE_TONEAREST);
#ifdef SLM__X86
    _mm_setcsr(strange ? 0x1F80 | 0x4000 | 0x8040 : 0x1F80);
#endif
}

static int modes_are(int strange) {
#ifdef SLM__X86
    if ((_mm_getcsr() & 0xFFC0) != (strange ? 0x1F80u | 0x4000u | 0x8040u : 0x1F80u)) return 0;
#endif
    return fegetround() == (strange ? FE_UPWARD : FE_TONEAREST);
}

enum { MODES_TOKENS = 24, MODES_WORDS = 30, MODES_ROWS = 2048 };

typedef struct modes_results {
    float logits[MODES_TOKENS][MODES_ROWS], scores[MODES_TOKENS], logprobs[MODES_WORDS];
    slm_token drawn[MODES_WORDS];
} modes_results;

/* A hook whose tasks meet the mode that `user` points at, as threads of the host's would. */
static void modes_tasks(void *user, size_t tasks, void (*run)(void *arg, size_t index),
                        void *arg) {
    int strange = *(int *)user, kept = 1;
    fenv_t callers;
    size_t i;
    fegetenv(&callers);
    modes_set(strange);
    for (i = 0; i < tasks; i++) {
        run(arg, i);
        kept &= modes_are(strange);
    }
    fesetenv(&callers);
    CHECK(kept, "a task leaves the mode as it was");
}

/* Logits, log-probabilities and a text, opening included. */
static void modes_run(int strange, const char *path, modes_results *r) {
    slm_model *model = NULL;
    slm_model_info info;
    slm_session *session = NULL;
    slm_session_desc desc;
    slm_generation g;
    slm_piece piece;
    slm_token tokens[MODES_TOKENS];
    size_t i;
    memset(r, 0, sizeof *r);
    memset(&desc, 0, sizeof desc);
    memset(&g, 0, sizeof g);
    for (i = 0; i < MODES_TOKENS; i++) tokens[i] = (slm_token)(300 + i * 61 % 1500);
    desc.logits_kept = MODES_TOKENS;
    desc.threads = 2;
    desc.parallel.run = modes_tasks;
    desc.parallel.user = &strange;
    g.sampling.temperature = 1.3f;
    g.sampling.top_p = 0.95f;
    g.sampling.seed = 77;
    g.limit = MODES_WORDS;
    g.ignore_end = 1;
    modes_set(strange);
    CHECK(slm_model_open(&model, path, NULL, NULL) == SLM_OK && modes_are(strange), "opens");
    slm_model_get_info(model, &info);
    CHECK(info.vocab_rows == MODES_ROWS, "as many rows as there is room for");
    CHECK(slm_session_open(&session, model, &desc, NULL) == SLM_OK && modes_are(strange),
          "a session opens");
    CHECK(slm_score(session, tokens, MODES_TOKENS, r->scores) == SLM_OK && modes_are(strange),
          "scores");
    for (i = 0; i < MODES_TOKENS; i++) {
        const float *logits = slm_logits(session, i);
        CHECK(logits && modes_are(strange), "logits");
        if (logits) memcpy(r->logits[i], logits, sizeof r->logits[i]);
    }
    CHECK(slm_generate(session, &g) == SLM_OK, "begins");
    for (i = 0; i < MODES_WORDS && slm_next(session, &piece) == SLM_OK; i++) {
        r->drawn[i] = piece.token;
        r->logprobs[i] = piece.logprob;
        CHECK(modes_are(strange), "as the host left it");
    }
    slm_session_close(session);
    slm_model_close(model);
    modes_set(0);
    CHECK(i == MODES_WORDS, "writes");
}

static void test_modes(const char *path) {
    static modes_results usual, strange;
    FILE *file = fopen(path, "rb");
    if (!file) {
        SKIP("no bundled model");
        return;
    }
    fclose(file);
    where = "a host's rounding";
    main_fork_bytes = 0;
    modes_run(0, path, &usual);
    modes_run(1, path, &strange);
    CHECK(!memcmp(usual.logits, strange.logits, sizeof usual.logits), "the same logits");
    CHECK(!memcmp(usual.scores, strange.scores, sizeof usual.scores), "the same scores");
    CHECK(!memcmp(usual.drawn, strange.drawn, sizeof usual.drawn), "the same text");
    CHECK(!memcmp(usual.logprobs, strange.logprobs, sizeof usual.logprobs),
          "the same log-probabilities");
    main_fork_bytes = (size_t)1 << 20;
    where = "";
}
