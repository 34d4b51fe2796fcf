/* test_penalties.c - penalties and biases, rounded operation by operation as the specification says,
   whatever the compiler fuses elsewhere. */

enum { PENALTIES_TOKENS = 45, PENALTIES_ROWS = 2048 };

/* What a row's logit becomes that was seen so often; volatile: one rounding after the other. */
static float penalties_expected(float logit, unsigned seen, const slm_sampling *sampling) {
    volatile float value = logit, product, sum;
    if (!seen) return logit;
    value = value > 0 ? value / sampling->repetition : value * sampling->repetition;
    product = (float)seen * sampling->frequency;
    sum = sampling->presence + product;
    value = value - sum;
    return value;
}

static void test_penalty_bits(const char *path) {
    slm_model *model = NULL;
    slm_session *session = NULL;
    slm_token tokens[PENALTIES_TOKENS];
    slm_bias bias = {5, -1.25f};
    slm_sampling sampling;
    unsigned seen[PENALTIES_ROWS] = {0}, i, step, wrong = 0;
    FILE *file = fopen(path, "rb");
    if (!file) {
        SKIP("no bundled model");
        return;
    }
    fclose(file);
    for (i = 0; i < PENALTIES_TOKENS; i++) { /* some tokens once, some often */
        tokens[i] = (slm_token)(i * i % (i < 20 ? 37 : 7));
        seen[tokens[i]]++;
    }
    CHECK(slm_model_open(&model, path, NULL, NULL) == SLM_OK &&
              slm_session_open(&session, model, NULL, NULL) == SLM_OK &&
              slm_eval(session, tokens, PENALTIES_TOKENS) == SLM_OK,
          "a text with repetitions");
    CHECK(model && model->shape.vocab_rows == PENALTIES_ROWS, "as many rows as are counted");
    memset(&sampling, 0, sizeof sampling);
    sampling.biases = &bias;
    sampling.bias_count = 1;
    for (step = 0; session && step < 32; step++) {
        const float *logits = slm_logits(session, 0), *got;
        sampling.repetition = 1.0f + 0.07f * (float)(step % 5);
        sampling.frequency = 0.03f + 0.011f * (float)step;
        sampling.presence = 0.3f - 0.017f * (float)step;
        got = slm__adjust(session, logits, &sampling);
        for (i = 0; i < PENALTIES_ROWS; i++) {
            volatile float want = penalties_expected(logits[i], seen[i], &sampling);
            if (i == 5) want = want + bias.value;
            wrong += slm__bits(got[i]) != slm__bits(want);
        }
    }
    CHECK(!wrong, "penalties to the bit");
    slm_session_close(session);
    slm_model_close(model);
}
