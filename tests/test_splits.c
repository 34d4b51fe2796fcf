/* Token ids of byte-level BPE with other rules than GPT-2's, against the hashes of make_splits.py:
   small tokenizers that have every rule and option between them and, with FAMILIES=DIR, real ones
   as real_tokenizers.sh has converted them to DIR/NAME.slm. Part of the runner. */

typedef struct splits_variant {
    const char *name, *front, *behind; /* as those of ids_tokenizer */
} splits_variant;

static const splits_variant splits_variants[] = {
    {"splits-llama3", "<|begin|>", ""}, {"splits-qwen2", NULL, NULL}, {"splits-gpt4o", "", ""},
    {"splits-tekken", "<|begin|>", ""}, {"splits-deepseek-v3", "<|begin|>", ""},
    {"splits-deepseek-llm", "", ""}, {"splits-deepseek-coder", "", ""},
    {"splits-digits", NULL, NULL}, {"splits-falcon", NULL, NULL}, {"splits-fused", NULL, NULL},
    {"splits-neox", NULL, NULL}};
#define SPLITS_VARIANTS (sizeof splits_variants / sizeof splits_variants[0])

/* All sections that both kinds of files have. */
static void splits_compare(void) {
    size_t i, count, tokens;
    ids_compare_generators(ids_make_split);
    ids_compare("splits", ids_make_split, 0, "what rules split at: the same ids");
    ids_compare("points", ids_make_point, 1, "each code point beside others: the same ids");
    ids_compare("rows", ids_make_row, 0, "all code points: the same ids");
    ids_compare("strings", ids_make_string, 0, "random strings: the same ids");
    ids_compare("code", ids_make_code, 0, "code: the same ids");
    ids_compare("bytes", ids_make_bytes, 0, "what is not UTF-8: the same ids");
    for (i = 0; i < ids_tokenizer_count; i++) {
        ids_compare_decoding(&ids_tokenizers[i], "decode", 0);
        ids_section(&ids_tokenizers[i], "tokens", &count, &tokens);
        ids_compare_decoding(&ids_tokenizers[i], "sequences", (uint32_t)tokens);
    }
}

static void splits_begin(void) {
    const char *every = getenv("IDS_EVERY");
    if (every && atoi(every) > 0) ids_every = (size_t)atoi(every);
    ids_of_splits = 1;
    CHECK(ids_read_borders(), "there are borders");
}

static void splits_end(void) {
    ids_close();
    ids_of_splits = 0;
    ids_models = "build/ids";
    ids_goldens = "tests/golden/ids";
}

/* What a file says of steps and tokens is checked: a section with one number changed. */
static void splits_damaged(const slm__tokenizer *t) {
    static const struct {
        size_t word;
        uint32_t value;
        const char *wrong;
    } changes[] = {
        {5, 4096, "unknown flags"}, {5, 8, "unknown flags"}, {5, 32, "the token after a text out of range"},
        {5, 2, "a space before words of other rules than GPT-2's"}, {5, 53, NULL},
        {23, 0x10000000, "its counts do not fit its size"},
        {18, 0x7FFFFFFF, "the token after a text out of range"}, {19, 0, "no step splits a text"},
        {19, 22, "an unknown step"}, {19, 0x10001, "an unknown step"}, {20, 1, "an unknown step"},
        {19, 0x02020202, NULL}, {21, 0x7FFFFFFF, "the token of missing bytes out of range"},
        {21, 0xFFFFFFFE, "the token of missing bytes out of range"}, {21, 5, NULL},
        {17, 0, "no tokens of single bytes"}};
    const char *begin = (const char *)(t->offsets - 24);
    size_t size = (size_t)(t->blob + t->blob_bytes - begin), i;
    uint32_t *head = (uint32_t *)malloc(size + 4);
    slm__tokenizer damaged;
    for (i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const char *wrong;
        memcpy(head, begin, size);
        if (changes[i].word == 18) head[5] |= 32;
        head[changes[i].word] = changes[i].value;
        if (head[5] == 53) head[18] = 0;
        wrong = slm__tokenizer_bind(&damaged, SLM__SPLIT_BYTES, (const uint8_t *)head, size);
        CHECK(changes[i].wrong ? wrong && !strcmp(wrong, changes[i].wrong) : !wrong,
              changes[i].wrong ? changes[i].wrong : "what is right is read");
    }
    free(head);
}

/* A word that a search would not find, and one that there is not. */
static void splits_damaged_words(const slm__tokenizer *t) {
    const char *begin = (const char *)(t->offsets - 24), *wrong;
    size_t size = (size_t)(t->blob + t->blob_bytes - begin), at = (size_t)(t->whole - t->offsets) + 24;
    uint32_t *copy = (uint32_t *)malloc(size + 4), slot = 0, other;
    slm__tokenizer damaged;
    CHECK(t->whole_slots >= 2 * t->count, "half of the slots are empty");
    memcpy(copy, begin, size);
    while (t->whole[slot] == SLM__NO_TOKEN) slot++;
    copy[at + slot] = t->count;
    wrong = slm__tokenizer_bind(&damaged, SLM__SPLIT_BYTES, (const uint8_t *)copy, size);
    CHECK(wrong && !strcmp(wrong, "a whole word out of range, or without text"), "no such word");
    copy[at + slot] = SLM__NO_TOKEN;
    for (other = (slot + t->whole_slots / 2) & (t->whole_slots - 1);
         t->whole[(other - 1) & (t->whole_slots - 1)] != SLM__NO_TOKEN ||
         t->whole[other] != SLM__NO_TOKEN;)
        other = (other + 1) & (t->whole_slots - 1);
    copy[at + other] = t->whole[slot];
    wrong = slm__tokenizer_bind(&damaged, SLM__SPLIT_BYTES, (const uint8_t *)copy, size);
    CHECK(wrong && !strcmp(wrong, "a word out of its place"), "a word in another's place");
    copy[23] = 3;
    wrong = slm__tokenizer_bind(&damaged, SLM__SPLIT_BYTES, (const uint8_t *)copy, size);
    CHECK(wrong != NULL, "slots are a power of two");
    free(copy);
}

static void *splits_refuse(void *user, size_t size) {
    (void)size;
    ++*(int *)user;
    return NULL;
}

/* Room for a text of which every word grows as much as any can: exactly enough, and 16 bytes less. */
static void splits_scratch(const slm_model *model) {
    static const size_t counts[] = {1, 5, 6, 7, 40, 1000};
    static char text[4002];
    static slm_token want[13000], got[13000];
    slm_token_room room;
    size_t i, k, count, need;
    for (i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        size_t size = 4 * counts[i];
        for (k = 0; k < size; k++) text[k] = "\xF0\x9D\x85\xA0"[k % 4]; /* a note: three characters */
        memset(&room, 0, sizeof room);
        room.tokens = got;
        room.capacity = 13000;
        room.scratch_size = need = slm_tokenize_size(model, size);
        room.scratch = malloc(need);
        CHECK(slm_tokenize(model, text, size, 0, want, 13000, &count) == SLM_OK, "as ever");
        CHECK(slm_tokenize_in(model, text, size, 0, &room) == SLM_OK && room.count == count &&
                  !memcmp(want, got, count * sizeof *got), "the same tokens");
        room.scratch_size = need < 64 ? 0 : need - 48;
        CHECK(slm_tokenize_in(model, text, size, 0, &room) == SLM_ERR_MEMORY && !room.count,
              "too small a scratch");
        memset(text, 'a', size);
        room.scratch_size = size < SLM__SHORT_WORD ? 0 : slm__bpe_scratch_size(size);
        CHECK(slm_tokenize_in(model, text, size, 0, &room) == SLM_OK, "a text that is its own NFC");
        free(room.scratch);
    }
    CHECK(slm_tokenize_size(model, SIZE_MAX) == SIZE_MAX &&
              slm_tokenize_size(model, SIZE_MAX / 3) == SIZE_MAX &&
              slm_tokenize_size(model, 0x7FFFFFFF) == SIZE_MAX, "no such sizes");
}

/* Messages that are not in NFC, in the caller's memory alone. */
static void splits_own_memory(const slm_model *model) {
    static char text[60000];
    slm_session_desc desc;
    slm_session *s, *usual;
    void *memory;
    size_t i, fits = 0, wrong = 0;
    int refused = 0;
    memset(&desc, 0, sizeof desc);
    desc.batch = 16;
    CHECK(slm_session_open(&usual, model, &desc, NULL) == SLM_OK, "a usual session");
    desc.allocator.alloc = splits_refuse;
    desc.allocator.user = &refused;
    desc.memory_size = slm_session_size(model, &desc);
    memory = malloc(desc.memory_size + 64);
    desc.memory = (void *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    CHECK(slm_session_open(&s, model, &desc, NULL) == SLM_OK, "a session in own memory");
    for (i = 0; i < sizeof text; i++) text[i] = "re\xCC\x81sume\xCC\x81 "[i % 11];
    for (i = 11; i < 700; i += 97) {
        slm_rewind(s, 0);
        slm_rewind(usual, 0);
        refused = 0;
        wrong += slm_chat(usual, SLM_USER, text, i) != slm_chat(s, SLM_USER, text, i) ||
                 slm_position(s) != slm_position(usual) ||
                 memcmp(slm_tokens(s), slm_tokens(usual), slm_position(s) * sizeof(slm_token));
        fits += !refused;
    }
    CHECK(fits == 8 && !wrong, "the same tokens, and nothing is allocated");
    slm_rewind(s, 0);
    CHECK(slm_prompt(s, text, sizeof text, 0) == SLM_ERR_MEMORY && refused &&
              strstr(slm_session_error(s), "that is not in NFC"), "a text that is too long for it");
    slm_session_close(s);
    slm_session_close(usual);
    free(memory);
}

static int splits_may_cut(const slm__tokenizer *t, const char *text, size_t at) {
    slm__token_list none;
    slm__encoding e;
    memset(&none, 0, sizeof none);
    slm__begin_encoding(&e, t, 0, &none, NULL);
    return slm__may_cut(&e, (const uint8_t *)text, strlen(text), at);
}

/* Messages that are one thing again and again: nothing else can be cut. `normalized`: as the added
   tokens are; without normalized ones more can be cut. */
static void splits_cut_periods(slm_session *s, int normalized) {
    static const char *const periods[] = {
        "e\xCC\x81", "\xE0\xA5\x98,", "\xE1\x84\x80\xE1\x85\xA1", "a\xE2\x84\xAA", "Ab1.", "1\xCC\x81 ", " ,", "?/ ",
        "<cafe\xCC\x81> ", "don'T ", "\xE4\xBD\xA0 ", "a\xF0\x9D\x85\xA0", "12 34", "a\r\n ", "A\xCC\x8A;\xCD\xBE"};
    static char text[4000];
    slm__tokenizer t = s->model->tokenizer;
    uint32_t *added = (uint32_t *)malloc(t.added_count * 16 + 1);
    size_t i, k, cuts = 0, wrong = 0;
    memcpy(added, t.added, t.added_count * 16);
    for (i = 0; !normalized && i < t.added_count; i++)
        added[4 * i + 3] &= ~(uint32_t)SLM__ADDED_NORMALIZED;
    t.added = added;
    for (i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        size_t length = strlen(periods[i]), shift;
        for (shift = 0; shift < length; shift++) {
            slm__framed framed;
            slm__message message;
            for (k = 0; k < sizeof text; k++) text[k] = periods[i][(k + shift) % length];
            memset(&message, 0, sizeof message);
            slm__frame(s, SLM_USER, 0, &framed);
            framed.text = text;
            framed.size = sizeof text;
            framed.flags = SLM_PARSE_SPECIAL;
            slm__list_controls(s, &message);
            wrong += (size_t)cut_differs(s, &t, &framed, message, &cuts);
        }
    }
    CHECK(!splits_may_cut(&t, "a\xE0\xA5\x98,b", 4) || !(t.flags & SLM__TEXT_NFC),
          "not behind a letter that becomes a letter and a mark");
    free(added);
    CHECK(!wrong && cuts > 5, "what is cut of them has the same tokens");
}

/* What depends on a session: cuts of messages, and memory where a text becomes its NFC. */
static void splits_sessions(const ids_tokenizer *t) {
    slm_session *s;
    where = t->name;
    CHECK(slm_session_open(&s, t->model, NULL, NULL) == SLM_OK, "a session");
    if (s) {
        formats_cut(s, 40);
        splits_cut_periods(s, 1);
        splits_cut_periods(s, 0);
    }
    slm_session_close(s);
    if (t->model->tokenizer.flags & SLM__TEXT_NFC) {
        splits_scratch(t->model);
        splits_own_memory(t->model);
    }
    where = "";
}

static void test_splits(void) {
    size_t i, count;
    splits_begin();
    for (i = 0; i < SPLITS_VARIANTS; i++) {
        count = ids_tokenizer_count;
        ids_open(splits_variants[i].name);
        CHECK(ids_tokenizer_count == count + 1, splits_variants[i].name);
        if (ids_tokenizer_count == count) continue;
        ids_tokenizers[count].front = splits_variants[i].front;
        ids_tokenizers[count].behind = splits_variants[i].behind;
    }
    for (i = 0; i < ids_tokenizer_count; i++) splits_sessions(&ids_tokenizers[i]);
    if (ids_tokenizer_count) { /* llama3: one step, and whole words */
        splits_damaged(&ids_tokenizers[0].model->tokenizer);
        splits_damaged_words(&ids_tokenizers[0].model->tokenizer);
    }
    if (ids_tokenizer_count && texts_border_count) splits_compare();
    splits_end();
}

/* ---- real tokenizers --------------------------------------------------------------------- */

/* Whether this is the vocabulary that the hashes are of: the model's own tokens, by id. */
static int splits_same_vocabulary(const ids_tokenizer *t) {
    const slm__tokenizer *own = &t->model->tokenizer;
    uint64_t hash = IDS_START;
    size_t count, each, size, i;
    const char *want = ids_section(t, "vocabulary", &count, &each), *text;
    uint32_t id;
    for (id = 0; id < own->count; id++) {
        if (own->attributes[id] & SLM__TOKEN_ADDED) continue;
        text = slm_token_text(t->model, (slm_token)id, &size);
        if (!text) continue;
        hash = ids_mix(hash, id);
        for (i = 0; i < size; i++) hash = ids_mix(hash, (unsigned char)text[i]);
        hash = ids_mix(hash, IDS_END);
    }
    return want && hash == ids_hash(want, 0);
}

static void splits_open_family(const char *name) {
    size_t count = ids_tokenizer_count;
    char text[1024];
    FILE *file;
    snprintf(text, sizeof text, "%s/%s.slm", ids_models, name);
    file = fopen(text, "rb");
    if (!file) return; /* the script has said so */
    fclose(file);
    ids_open(name);
    if (ids_tokenizer_count == count) return;
    ids_tokenizers[count].front = NULL;
    where = name;
    if (splits_same_vocabulary(&ids_tokenizers[count])) return;
    snprintf(text, sizeof text, "%s: another vocabulary", name);
    SKIP(text);
    slm_model_close(ids_tokenizers[count].model);
    free(ids_tokenizers[count].golden);
    ids_tokenizer_count--;
}

static void test_families(void) {
    static const char *const names[] = {
        "gpt-2", "llama-bpe", "qwen2", "deepseek-llm", "deepseek-coder", "starcoder", "refact",
        "falcon", "command-r", "mpt", "gpt-neox", "smollm2", "gpt-4o", "tekken", "deepseek-v3"};
    size_t i;
    ids_models = getenv("FAMILIES");
    if (!ids_models || !*ids_models) {
        SKIP("ids of real tokenizers (tests/real_tokenizers.sh DIR runs this test)");
        ids_models = "build/ids";
        return;
    }
    ids_goldens = "tests/golden/ids/real";
    splits_begin();
    for (i = 0; i < sizeof names / sizeof names[0]; i++) splits_open_family(names[i]);
    where = "";
    if (ids_tokenizer_count && texts_border_count) {
        splits_compare();
        ids_compare_text("wikitext-2-test.tokens.txt");
    }
    splits_end();
}
