/* The bundled encoder gives the labels and fills the gaps as Hugging Face does with its checkpoint
   (tests/golden/bundled.txt, what tools/train/encoder.py measured, where the margin is clear), for
   all texts at once and for each alone. Part of the runner. */

enum { BUNDLED_TEXTS = 40, BUNDLED_ROWS = 1000 };

typedef struct bundled_line { char kind[8], want[32], text[200]; } bundled_line;

static size_t bundled_read(bundled_line *lines) {
    FILE *in = fopen("tests/golden/bundled.txt", "r");
    char line[256];
    size_t count = 0;
    while (in && count < BUNDLED_TEXTS && fgets(line, sizeof line, in)) {
        bundled_line *l = &lines[count++];
        char *first = strchr(line, '\t'), *second = first ? strchr(first + 1, '\t') : NULL;
        memset(l, 0, sizeof *l);
        if (!second) continue;
        *first = *second = 0;
        second[1 + strcspn(second + 1, "\n")] = 0;
        snprintf(l->kind, sizeof l->kind, "%.7s", line);
        snprintf(l->want, sizeof l->want, "%.31s", first + 1);
        snprintf(l->text, sizeof l->text, "%.199s", second + 1);
    }
    if (in) fclose(in);
    return count;
}

static size_t bundled_best(const float *row, size_t size) {
    size_t best = 0, i;
    for (i = 1; i < size; i++)
        if (row[i] > row[best]) best = i;
    return best;
}

static void bundled_check(const slm_model *model, const bundled_line *lines, size_t count,
                          slm_task task) {
    static float together[BUNDLED_TEXTS * 2 * BUNDLED_ROWS], alone[2 * BUNDLED_ROWS];
    slm_text texts[BUNDLED_TEXTS];
    size_t which[BUNDLED_TEXTS], rows[BUNDLED_TEXTS], n = 0, i, row = 0, size, right = 0, bits = 0;
    slm_output output = task == SLM_TASK_FILL ? SLM_OUTPUT_MASKS : SLM_OUTPUT_LOGITS;
    slm_session_desc desc;
    slm_session *s = NULL;
    memset(&desc, 0, sizeof desc);
    memset(texts, 0, sizeof texts);
    desc.task = task;
    if (slm_session_open(&s, model, &desc, NULL) != SLM_OK) return;
    for (i = 0; i < count; i++)
        if (!strcmp(lines[i].kind, task == SLM_TASK_FILL ? "fill" : "label")) {
            which[n] = i;
            texts[n].text = lines[i].text;
            texts[n++].size = SLM_NUL;
        }
    size = slm_output_size(s, output);
    if (slm_encode(s, texts, n, output, together, sizeof together / 4, rows) != SLM_OK) n = 0;
    for (i = 0; i < n; row += rows[i++]) {
        const float *logits = together + row * size;
        size_t best = bundled_best(logits, size), length = 0;
        const char *name = task == SLM_TASK_FILL ? slm_token_text(model, (slm_token)best, &length)
                                                 : slm_model_label(model, best);
        const char *want = lines[which[i]].want;
        if (task != SLM_TASK_FILL && name) length = strlen(name);
        right += name && length == strlen(want) && !memcmp(name, want, length);
        bits += slm_encode(s, &texts[i], 1, output, alone, 2 * BUNDLED_ROWS, NULL) == SLM_OK &&
                memcmp(alone, logits, rows[i] * size * sizeof(float)) == 0;
    }
    CHECK(n >= 5 && right == n, "the labels or tokens that Hugging Face gives");
    CHECK(bits == n, "alone the same bits as in a batch");
    slm_session_close(s);
}

static void test_bundled_encoder(void) {
    static bundled_line lines[BUNDLED_TEXTS];
    size_t count = bundled_read(lines);
    slm_model *model = NULL;
    CHECK(slm_model_open(&model, "examples/models/tiny-bert.slm", NULL, NULL) == SLM_OK,
          "the bundled encoder opens");
    if (!model) return;
    bundled_check(model, lines, count, SLM_TASK_CLASSIFY);
    bundled_check(model, lines, count, SLM_TASK_FILL);
    slm_model_close(model);
}
