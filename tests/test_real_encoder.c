/* Trained weights: BERT-Tiny for SST-2, whose reference begins behind the embedding norm and ends
   with logits, and a DistilBERT made of it that has a small vocabulary. Part of the runner; the
   models are not part of the project. */

enum { REAL_SIZE = 128, REAL_LAYERS = 2, REAL_ROWS = 64, REAL_TEXTS = 4 };

/* The numbers of a list, of lists too, behind "key": from `text` on; how many. */
static size_t real_numbers(const char *text, const char *key, float *out, size_t capacity) {
    char quoted[64];
    const char *at;
    size_t count = 0;
    int depth = 0;
    snprintf(quoted, sizeof quoted, "\"%s\":", key);
    at = text ? strstr(text, quoted) : NULL;
    if (!at) return 0;
    for (at += strlen(quoted); *at && (depth || *at == ' ' || *at == '['); at++) {
        if (*at == '[') depth++;
        else if (*at == ']') depth--;
        else if (*at != ' ' && *at != ',' && *at != '\n') {
            char *end;
            double value = strtod(at, &end);
            if (end == at || count == capacity) return 0;
            out[count++] = (float)value;
            at = end - 1;
        }
    }
    return count;
}

/* f32: each difference is small beside the row's largest; codes: the direction is right. */
static int real_equal(const float *got, const float *want, size_t rows, size_t size, int codes) {
    double dot = 0, one = 0, other = 0;
    int good = 1;
    size_t row, i;
    for (row = 0; row < rows; row++, got += size, want += size) {
        double largest = 1;
        for (i = 0; i < size; i++) largest = fmax(largest, fabs(want[i]));
        for (i = 0; i < size; i++) {
            good &= fabs((double)got[i] - want[i]) <= 1e-4 * largest;
            dot += (double)got[i] * want[i];
            one += (double)got[i] * got[i];
            other += (double)want[i] * want[i];
        }
    }
    return codes ? dot >= 0.999 * sqrt(one * other) : good;
}

/* A text of so many rows in an encoder's batch, as if its embedding norm had given them. */
static void real_start(slm__pass *p, slm_session *s, const float *rows, size_t count) {
    slm__batch *b = &s->batch;
    memset(p, 0, sizeof *p);
    memset(s->encoder.tokens, 0, count * sizeof *s->encoder.tokens);
    s->encoder.texts = s->encoder.rows = s->encoder.used = 0;
    slm__add_text(s, count);
    memcpy(b->hidden, rows, count * REAL_SIZE * sizeof *rows);
    p->s = s;
    p->count = count;
    slm__use_stream(p, b->hidden, b->hidden, REAL_SIZE);
}

static void real_layers(slm_session *s, const char *text, int codes) {
    static float rows[REAL_ROWS * REAL_SIZE], want[REAL_ROWS * REAL_SIZE];
    float logits[2];
    size_t count = real_numbers(text, "embeddings_output", rows, REAL_ROWS * REAL_SIZE), layer;
    unsigned saved = slm__begin(s);
    slm__pass pass;
    CHECK(count && count % REAL_SIZE == 0, "the reference has embeddings");
    real_start(&pass, s, rows, count / REAL_SIZE);
    for (layer = 0; layer < REAL_LAYERS; layer++) {
        char key[40];
        snprintf(key, sizeof key, "encoder_layer%lu_output", (unsigned long)layer);
        slm__enter_layer(&pass, layer, 0);
        slm__layer_blocks[s->model->architecture->block](&pass);
        CHECK(real_numbers(text, key, want, count) == count &&
                  real_equal(s->batch.hidden, want, count / REAL_SIZE, REAL_SIZE, codes),
              "what a layer gives");
    }
    s->encoder.out = logits;
    CHECK(slm__give_logits(s) == 1 && real_numbers(text, "logits", want, 2) == 2 &&
              real_equal(logits, want, 1, 2, codes), "the logits");
    CHECK(real_numbers(text, "pooler_output", want, REAL_SIZE) == REAL_SIZE &&
              real_equal(s->batch.branch, want, 1, REAL_SIZE, codes), "what the pooler gives");
    s->encoder.texts = s->encoder.rows = s->encoder.used = 0;
    slm__end(s, saved);
}

static slm_session *real_open(slm_model **model, const char *path) {
    slm_session *s = NULL;
    *model = NULL;
    if (slm_model_open(model, path, NULL, NULL) == SLM_OK)
        slm_session_open(&s, *model, NULL, NULL);
    CHECK(s, path);
    return s;
}

static void real_bert_tiny(const char *json, int codes) {
    slm_model *model;
    slm_session *s = real_open(&model, codes ? "build/trained/bert-tiny-q8.slm"
                                             : "build/trained/bert-tiny-f32.slm");
    char name[24];
    int i;
    for (i = 0; s && i < REAL_TEXTS; i++) {
        const char *text;
        snprintf(name, sizeof name, "\"in%d\":", i);
        text = strstr(json, name);
        CHECK(text, "the reference has four texts");
        if (text) real_layers(s, text, codes);
    }
    slm_session_close(s);
    slm_model_close(model);
}

/* A text gives what its ids have given. */
static void real_words(slm_session *s, const float *logits) {
    slm_text text;
    float again[2];
    memset(&text, 0, sizeof text);
    text.text = "Unflinchingly bleak and desperate";
    text.size = SLM_NUL;
    CHECK(slm_encode(s, &text, 1, SLM_OUTPUT_LOGITS, again, 2, NULL) == SLM_OK &&
              !memcmp(again, logits, sizeof again),
          "a text's logits are those of its ids");
}

/* From ids to the first hidden state and the logits. */
static void real_distilbert(const char *json, int codes) {
    static float hidden[REAL_ROWS * REAL_SIZE], numbers[REAL_ROWS], want[REAL_SIZE];
    static const char *const names[] = {"\"in0\":", "\"in2\":"};
    float logits[2];
    slm_token ids[REAL_ROWS];
    slm_input input = {ids, NULL, 0};
    slm_model *model;
    slm_session *s = real_open(&model, codes ? "build/trained/mini-distilbert-q8.slm"
                                             : "build/trained/mini-distilbert-f32.slm");
    size_t i, k;
    for (i = 0; s && i < 2; i++) {
        const char *text = strstr(json, names[i]);
        input.count = real_numbers(text, "input_ids_mini", numbers, REAL_ROWS);
        for (k = 0; k < input.count; k++) ids[k] = (slm_token)numbers[k];
        CHECK(slm_encode_tokens(s, &input, 1, SLM_OUTPUT_HIDDEN, hidden, REAL_ROWS * REAL_SIZE,
                                NULL) == SLM_OK &&
                  real_numbers(text, "cls_hidden", want, REAL_SIZE) == REAL_SIZE &&
                  real_equal(hidden, want, 1, REAL_SIZE, codes),
              "the first hidden state");
        CHECK(slm_encode_tokens(s, &input, 1, SLM_OUTPUT_LOGITS, logits, 2, NULL) == SLM_OK &&
                  real_numbers(text, "logits_relu_head", want, 2) == 2 &&
                  real_equal(logits, want, 1, 2, codes),
              "the logits");
    }
    if (s) real_words(s, logits); /* that was "in2" */
    slm_session_close(s);
    slm_model_close(model);
}

static void test_real_encoder(void) {
    char path[1024], *json;
    size_t size;
    int codes;
    snprintf(path, sizeof path, "%s/models/bert-tiny-sst2/reference.json", ids_shared());
    json = ids_read(path, &size);
    if (!json) {
        SKIP("a trained BERT-Tiny (it is not there)");
        return;
    }
    for (codes = 0; codes < 2; codes++) real_bert_tiny(json, codes);
    free(json);
    snprintf(path, sizeof path, "%s/models/bert-tiny-sst2/mini-distilbert/expected.json",
             ids_shared());
    json = ids_read(path, &size);
    CHECK(json, "the small DistilBERT is there too");
    for (codes = 0; json && codes < 2; codes++) real_distilbert(json, codes);
    free(json);
}
