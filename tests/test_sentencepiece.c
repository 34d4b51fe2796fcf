/* SentencePiece BPE in a session and without memory; ids by the million are test_token_ids.c's.
   Part of the runner. */

static const struct {
    const char *name, *text;
    slm_token ids[24];
    const char *decoded;
} pieces_cases[] = { /* from Hugging Face's tokenizers */
    {"pieces512", "<s> x </s>", {1, 1, 407, 449, 408, 2, -1}, "<s><s>  x </s>"},
    {"pieces512", "a  <unk>b", {1, 259, 407, 0, 268, -1}, "<s> a  <unk> b"},
    {"pieces512", "The cat said \xE4\xBD\xA0\xE5\xA5\xBD \xC3\xA9\xE2\x96\x81!",
     {1, 283, 267, 288, 308, 408, 500, 501, 408, 198, 172, 408, 448, -1},
     "<s> The cat said \xE4\xBD\xA0\xE5\xA5\xBD \xC3\xA9 !"},
    {"pieces512", "\n", {1, 408, 13, -1}, "<s> \n"},
    {"pieces512", NULL, {231, 192, 163, 258, -1},
     "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"pieces512", NULL, {1, 35, 410, -1}, "<s> a"},
    {"pieces512", NULL, {407, 259, 198, 172, 259, -1}, "  a\xC3\xA9 a"},
    {"pieces-slow", "<s> x </s>", {1, 1, 407, 449, 408, 2, -1}, "<s><s>  x </s>"},
    {"pieces-slow", "a  <unk>b", {1, 259, 407, 0, 268, -1}, "<s> a  <unk>b"},
    {"pieces-slow", "The cat said \xE4\xBD\xA0\xE5\xA5\xBD \xC3\xA9\xE2\x96\x81!",
     {1, 283, 267, 288, 308, 408, 500, 501, 408, 198, 172, 408, 448, -1},
     "<s>The cat said \xE4\xBD\xA0\xE5\xA5\xBD \xC3\xA9 !"},
    {"pieces-slow", NULL, {231, 192, 163, 258, -1}, "\xE4\xBD\xA0\xEF\xBF\xBD"},
    {"pieces-slow", NULL, {1, 35, 410, -1}, "<s>  a"},
    {"pieces-slow", NULL, {407, 259, 198, 172, 259, -1}, " a\xC3\xA9 a"},
    {"pieces-slow", NULL, {231, 192, -1}, "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"pieces-new", "<s> x </s>", {1, 1, 408, 449, 408, 2, 2, -1}, "<s><s> x </s></s>"},
    {"pieces-new", "a  <unk>b", {1, 259, 407, 0, 431, 2, -1}, "<s> a  <unk>b</s>"},
    {"pieces-new", "", {1, 2, -1}, "<s></s>"}
};

static slm_model *pieces_open(const char *name, const slm_model_desc *desc) {
    char path[256];
    slm_model *model = NULL;
    snprintf(path, sizeof path, "build/ids/%s.slm", name);
    CHECK(slm_model_open(&model, path, desc, NULL) == SLM_OK, path);
    return model;
}

static void test_pieces_cases(void) {
    size_t i, k, count, size;
    slm_token tokens[64];
    char text[256];
    for (i = 0; i < sizeof pieces_cases / sizeof pieces_cases[0]; i++) {
        slm_model *model = pieces_open(pieces_cases[i].name, NULL);
        const slm_token *want = pieces_cases[i].ids;
        size_t wanted = 0;
        if (!model) continue;
        while (want[wanted] >= 0) wanted++;
        if (pieces_cases[i].text) {
            slm_tokenize(model, pieces_cases[i].text, SLM_NUL, SLM_ADD_BOS | SLM_PARSE_SPECIAL,
                         tokens, 64, &count);
            for (k = 0; k < count && k < wanted && tokens[k] == want[k]; k++) {}
            CHECK(count == wanted && k == count, pieces_cases[i].text);
        }
        slm_detokenize(model, want, wanted, SLM_SHOW_INVALID, text, sizeof text - 1, &size);
        text[size] = 0;
        CHECK(!strcmp(text, pieces_cases[i].decoded), pieces_cases[i].decoded);
        for (k = 0; k <= size; k++) { /* any capacity: the full need, and nothing behind */
            char part[256];
            size_t need;
            memset(part, '#', sizeof part);
            slm_detokenize(model, want, wanted, SLM_SHOW_INVALID, part, k, &need);
            if (need != size || memcmp(part, text, k) || part[k] != '#') break;
        }
        CHECK(k == size + 1, "a text that does not fit is cut");
        slm_model_close(model);
    }
}

/* Tokens to be picked, whatever the model says. */
typedef struct pieces_plan {
    const slm_token *tokens;
    size_t at;
} pieces_plan;

static void pieces_pick(void *user, float *logits, size_t rows) {
    pieces_plan *plan = (pieces_plan *)user;
    size_t i;
    for (i = 0; i < rows; i++) logits[i] = i == (size_t)plan->tokens[plan->at] ? 1.0f : 0.0f;
    plan->at++;
}

/* What slm_next writes after a prompt: each piece whole characters. */
static void pieces_write(slm_model *model, const char *prompt, const slm_token *tokens,
                         const char *want, const char *what) {
    slm_session *session = NULL;
    slm_generation g;
    slm_piece piece;
    pieces_plan plan;
    char text[256];
    size_t size = 0, broken = 0;
    plan.tokens = tokens;
    plan.at = 0;
    memset(&g, 0, sizeof g);
    g.sampling.adjust = pieces_pick;
    g.sampling.adjust_user = &plan;
    while (tokens[g.limit] >= 0) g.limit++;
    CHECK(slm_session_open(&session, model, NULL, NULL) == SLM_OK &&
              slm_prompt(session, prompt, SLM_NUL, SLM_ADD_BOS) == SLM_OK &&
              slm_generate(session, &g) == SLM_OK,
          "a session of pieces");
    while (slm_next(session, &piece) == SLM_OK) {
        uint32_t code;
        size_t at = 0, length;
        memcpy(text + size, piece.text, piece.size);
        size += piece.size;
        for (; at < piece.size; at += length) {
            length = slm__character((const uint8_t *)piece.text + at, piece.size - at, &code);
            broken += code == 0xFFFFFFFFu;
        }
    }
    text[size] = 0;
    CHECK(!strcmp(text, want), what);
    CHECK(!broken, "slm_next gives whole characters");
    slm_session_close(session);
}

static void test_pieces_streaming(void) {
    /* a space and "a", the four bytes of U+1F600, a space and "the" */
    static const slm_token tokens[] = {259, 243, 162, 155, 131, 266, -1};
    slm_model *model = pieces_open("pieces512", NULL);
    if (!model) return;
    pieces_write(model, "", tokens, "a\xF0\x9F\x98\x80 the", "a text begins without its space");
    pieces_write(model, "x", tokens, " a\xF0\x9F\x98\x80 the", "what goes on keeps its space");
    slm_model_close(model);
}

/* A tokenizer that puts an end token behind a text does so for a prompt, as Hugging Face, but not
   for a turn of a conversation. */
static void test_pieces_turns(void) {
    slm_model *model = pieces_open("pieces-first", NULL);
    slm_session *session = NULL;
    if (!model) return;
    CHECK(slm_session_open(&session, model, NULL, NULL) == SLM_OK, "a session of pieces");
    CHECK(slm_prompt(session, "a", SLM_NUL, SLM_ADD_BOS) == SLM_OK &&
              session->sequence.history[0] == 1 &&
              session->sequence.history[session->sequence.position - 1] == 2,
          "a prompt ends with the end token");
    slm_rewind(session, 0);
    CHECK(slm_chat(session, SLM_USER, "a", SLM_NUL) == SLM_OK &&
              session->sequence.history[0] == 1 &&
              session->sequence.history[session->sequence.position - 1] != 2,
          "a turn does not");
    slm_session_close(session);
    slm_model_close(model);
}

static void *pieces_refuse(void *user, size_t size) {
    (void)user;
    (void)size;
    return NULL;
}

static void pieces_release(void *user, void *memory) {
    (void)user;
    (void)memory;
}

/* Ordinary text needs no allocator, and a word that is too long for the stack says so. */
static void test_pieces_memory(void) {
    static uint64_t memory[1 << 16];
    slm_model_desc desc;
    slm_model *model;
    size_t size, count;
    char *text = ids_read("README.md", &size), *word = (char *)malloc(100000);
    slm_token *tokens = (slm_token *)malloc((size + 100000) * sizeof *tokens);
    memset(&desc, 0, sizeof desc);
    desc.memory = memory;
    desc.memory_size = sizeof memory;
    desc.allocator.alloc = pieces_refuse;
    desc.allocator.free = pieces_release;
    model = pieces_open("pieces512", &desc);
    memset(word, '=', 100000); /* two of these are no piece: each is a word */
    CHECK(text && model && slm_tokenize(model, text, size, SLM_ADD_BOS, tokens, size + 2, &count) ==
                               SLM_OK,
          "README.md is tokenized without an allocator");
    CHECK(model && slm_tokenize(model, word, 100000, 0, tokens, 100002, &count) == SLM_OK &&
              count > 99990,
          "what is never merged needs no memory");
    memset(word, 'l', 100000);
    CHECK(model && slm_tokenize(model, word, 100000, 0, tokens, 100002, &count) == SLM_ERR_MEMORY,
          "a long word needs an allocator");
    slm_model_close(model);
    model = pieces_open("pieces512", NULL);
    CHECK(model && slm_tokenize(model, word, 100000, 0, tokens, 100002, &count) == SLM_OK,
          "and is tokenized with one");
    slm_model_close(model);
    free(text);
    free(word);
    free(tokens);
}

/* The ids of the texts that the small trained model's own program gave. */
static void test_pieces_stories(void) {
    static const char *const names[] = {"stories260K", "stories260K-slow"};
    char path[1024];
    size_t i, size, count, k;
    char *json, *text, *end, *at;
    slm_token tokens[1024];
    snprintf(path, sizeof path, "%s/models/stories260K/expected_ppl.json", ids_shared());
    json = ids_read(path, &size);
    if (!json) {
        SKIP("ids of stories260K's text (it is not there)");
        return;
    }
    text = strstr(json, "\"text\": \"") + 9;
    end = strstr(text, "\", \"ids\": [");
    CHECK(end && !memchr(text, '\\', (size_t)(end - text)), "the text is a plain string");
    for (i = 0; i < 2 && end; i++) {
        slm_model *model = pieces_open(names[i], NULL);
        at = strchr(end, '[') + 1;
        slm_tokenize(model, text, (size_t)(end - text), SLM_ADD_BOS, tokens, 1024, &count);
        for (k = 0; k < count && strtol(at, &at, 10) == tokens[k] && (*at == ',' || *at == ']');)
            if (k++, *at == ',') at++;
        CHECK(k == count && *at == ']', "the ids of stories260K's text");
        slm_model_close(model);
    }
    free(json);
}

static void test_pieces(void) {
    test_pieces_cases();
    test_pieces_streaming();
    test_pieces_turns();
    test_pieces_memory();
    test_pieces_stories();
}
