/* Logits, bits and greedy text against Hugging Face in float64. Part of the runner. */

static char *golden_read(const char *name, const char *file, size_t *size) {
    char path[256], *bytes;
    FILE *in;
    snprintf(path, sizeof path, "tests/golden/%s/%s", name, file);
    in = fopen(path, "rb");
    *size = 0;
    if (!in) return NULL;
    fseek(in, 0, SEEK_END);
    *size = (size_t)ftell(in);
    rewind(in);
    bytes = (char *)calloc(*size + 1, 1);
    if (fread(bytes, 1, *size, in) != *size) *size = 0;
    fclose(in);
    return bytes;
}

/* Ids up to the end of a line or of the text. */
static size_t golden_ids(char **at, slm_token *ids, size_t most) {
    size_t count = 0;
    while (count < most && **at && **at != '\n') {
        ids[count++] = (slm_token)strtol(*at, at, 10);
        while (**at == ' ') ++*at;
    }
    if (**at == '\n') ++*at;
    return count;
}

/* All logits, read `chunk` tokens at a time. */
static int golden_run(const char *path, slm_isa isa, unsigned threads, size_t chunk,
                      const slm_token *tokens, size_t count, size_t rows, float *out) {
    slm_model_desc model_desc;
    slm_session_desc desc;
    slm_model *model;
    slm_session *session;
    size_t at, size, back;
    int good = 1;
    memset(&model_desc, 0, sizeof model_desc);
    memset(&desc, 0, sizeof desc);
    model_desc.isa = isa;
    desc.threads = threads;
    desc.logits_kept = desc.batch = chunk < count ? chunk : count;
    if (slm_model_open(&model, path, &model_desc, NULL) != SLM_OK) return 0;
    if (slm_session_open(&session, model, &desc, NULL) != SLM_OK) good = 0;
    for (at = 0; good && at < count; at += size) {
        size = count - at < chunk ? count - at : chunk;
        good = slm_eval(session, tokens + at, size) == SLM_OK;
        for (back = size; good && back-- > 0; out += rows) {
            const float *logits = slm_logits(session, back);
            if (logits) memcpy(out, logits, rows * sizeof *out);
            else good = 0;
        }
    }
    slm_session_close(session);
    slm_model_close(model);
    return good;
}

static void golden_compare(const float *got, const float *want, size_t count, size_t rows) {
    double worst = 0, error = 0, power = 0;
    size_t i, j;
    for (i = 0; i < count; i++) {
        double largest = 1;
        for (j = 0; j < rows; j++)
            if (fabs(want[i * rows + j]) > largest) largest = fabs(want[i * rows + j]);
        for (j = 0; j < rows; j++) {
            double off = (double)got[i * rows + j] - want[i * rows + j];
            if (!(fabs(off) / largest <= worst)) worst = fabs(off) / largest;
            error += off * off;
            power += (double)want[i * rows + j] * want[i * rows + j];
        }
    }
    printf("  %s: largest relative difference %.2g, NMSE %.2g\n", where, worst, error / power);
    CHECK(worst <= 1e-4, "every logit within 1e-4 of Hugging Face in float64");
    CHECK(error / power <= 1e-9, "NMSE at most 1e-9");
}

static void golden_bits(const char *path, const slm_token *tokens, size_t count, size_t rows,
                        const float *first, float *again) {
    static const struct { slm_isa isa; unsigned threads; size_t chunk; } ways[] = {
        {SLM_ISA_PORTABLE, 1, 1},  {SLM_ISA_AVX2, 2, 7},      {SLM_ISA_AVX2, 3, 32},
        {SLM_ISA_AVX2, 8, 512},    {SLM_ISA_PORTABLE, 8, 32}, {SLM_ISA_PORTABLE, 2, 512},
        {SLM_ISA_AVX2, 1, 1},      {SLM_ISA_AVXVNNI, 2, 32},  {SLM_ISA_AVX512, 3, 7},
        {SLM_ISA_AMX, 8, 512},     {SLM_ISA_NEON, 2, 32},     {SLM_ISA_NEONDOT, 3, 7}};
    size_t i;
    for (i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (!slm_isa_available(ways[i].isa)) continue; /* test_kernels.c says which are not */
        CHECK(golden_run(path, ways[i].isa, ways[i].threads, ways[i].chunk, tokens, count, rows,
                         again) &&
                  !memcmp(first, again, count * rows * sizeof *first),
              "same bits for every instruction set, thread count and chunking");
    }
}

static void golden_greedy(const char *path, const char *text) {
    slm_token prompt[256], want[256];
    char *copy = (char *)malloc(strlen(text) + 1), *at = copy;
    slm_model *model = NULL;
    slm_session *session = NULL;
    size_t count, length, same = 0;
    strcpy(copy, text);
    count = golden_ids(&at, prompt, 256);
    length = golden_ids(&at, want, 256);
    CHECK(count > 0 && length >= 32, "greedy.txt has a prompt and 32 ids");
    if (slm_model_open(&model, path, NULL, NULL) == SLM_OK &&
        slm_session_open(&session, model, NULL, NULL) == SLM_OK &&
        slm_eval(session, prompt, count) == SLM_OK)
        while (same < length) {
            slm_token token;
            if (slm_sample(session, NULL, &token) != SLM_OK || token != want[same]) break;
            same++;
            if (slm_eval(session, &token, 1) != SLM_OK) break;
        }
    CHECK(same == length, "greedy ids equal Hugging Face's");
    slm_session_close(session);
    slm_model_close(model);
    free(copy);
}

static void test_golden(const char *name, const char *path) {
    size_t size, bytes, count, rows;
    char *ids = golden_read(name, "tokens.txt", &size), *at = ids;
    float *want = (float *)(void *)golden_read(name, "logits.f32", &bytes), *got, *again;
    char *greedy;
    slm_token *tokens;
    slm_model *model;
    slm_model_info info;
    if (!ids || !want || slm_model_open(&model, path, NULL, NULL) != SLM_OK) {
        CHECK(0, "the golden case reads and opens");
        free(ids);
        free(want);
        return;
    }
    slm_model_get_info(model, &info);
    slm_model_close(model);
    rows = info.vocab_rows;
    tokens = (slm_token *)malloc((size + 1) * sizeof *tokens);
    count = golden_ids(&at, tokens, size);
    CHECK(count && bytes == count * rows * sizeof(float), "logits for every position");
    got = (float *)malloc(bytes + 4);
    again = (float *)malloc(bytes + 4);
    if (bytes == count * rows * sizeof(float)) {
        CHECK(golden_run(path, SLM_ISA_AUTO, 1, 64, tokens, count, rows, got), "it runs");
        golden_compare(got, want, count, rows);
        golden_bits(path, tokens, count, rows, got, again);
    }
    greedy = golden_read(name, "greedy.txt", &size);
    if (greedy) golden_greedy(path, greedy);
    free(greedy);
    free(ids);
    free(want);
    free(tokens);
    free(got);
    free(again);
}
