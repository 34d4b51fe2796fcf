/* Token ids against Hugging Face's: hashes in tests/golden/ids, made by make_token_ids.py and, for
   SentencePiece, by make_sentencepiece.py, which say what they are of. tests/fixtures.mk converts
   the real tokenizers of $SHARED (../shared/data); without them only the project's own are tested.
   Part of the runner. */

#define IDS_MOST_TOKENIZERS 24
#define IDS_MOST_BEHIND 64 /* a text's tokens decode to at most so many bytes more than it has */

typedef struct ids_tokenizer {
    const char *name;
    slm_model *model;
    char *golden;
    int pieces;        /* SentencePiece */
    const char *again; /* of pieces: what comes before a text that is decoded again; NULL: skip */
    unsigned flags;    /* ... and how it is encoded for that */
    const char *front, *behind; /* of byte-level BPE: what a text decodes to has these around; NULL:
                                   some bytes have no token, or a text becomes its NFC */
} ids_tokenizer;

static ids_tokenizer ids_tokenizers[IDS_MOST_TOKENIZERS];
static size_t ids_tokenizer_count, ids_byte_level; /* those of byte-level BPE come first */
static const char *ids_models = "build/ids", *ids_goldens = "tests/golden/ids";
static int ids_of_splits; /* the hashes are make_splits.py's */
static slm_token *ids_tokens; /* room for one text's ids, and for its bytes */
static unsigned char *ids_back;
static size_t ids_room;

/* ---- hashes ------------------------------------------------------------------------------ */

#define IDS_START UINT64_C(0xCBF29CE484222325)
#define IDS_END 0xFFFFFFFFu /* closes each string */

static size_t ids_every = 1; /* every how manieth block is compared; IDS_EVERY, for sanitizers */

static uint64_t ids_mix(uint64_t hash, uint32_t value) {
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static uint64_t ids_mix_bytes(uint64_t hash, const unsigned char *bytes, size_t size) {
    size_t i;
    for (i = 0; i < size; i++) hash = ids_mix(hash, bytes[i]);
    return ids_mix(hash, IDS_END);
}

/* The length of the character at bytes[0], or 0 and in *bad the bytes for one U+FFFD. */
static size_t ids_character(const unsigned char *bytes, size_t size, size_t *bad) {
    unsigned first = bytes[0], low = 0x80, high = 0xBF;
    size_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    size_t i;
    *bad = 1;
    if (first > 0xF4) return 0;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
    for (i = 1; i < length; i++) {
        if (i == size || bytes[i] < low || bytes[i] > high) return 0;
        *bad = i + 1;
        low = 0x80;
        high = 0xBF;
    }
    return length;
}

/* Of the text that the bytes show, U+FFFD for what is no character. */
static uint64_t ids_mix_shown(uint64_t hash, const unsigned char *bytes, size_t size) {
    size_t at = 0, i, bad;
    while (at < size) {
        size_t length = ids_character(bytes + at, size - at, &bad);
        if (!length) {
            hash = ids_mix(ids_mix(ids_mix(hash, 0xEF), 0xBF), 0xBD);
            at += bad;
            continue;
        }
        for (i = 0; i < length; i++) hash = ids_mix(hash, bytes[at + i]);
        at += length;
    }
    return ids_mix(hash, IDS_END);
}

/* ---- golden files ------------------------------------------------------------------------ */

static char *ids_read(const char *path, size_t *size) {
    FILE *in = fopen(path, "rb");
    char *bytes;
    *size = 0;
    if (!in) return NULL;
    fseek(in, 0, SEEK_END);
    *size = (size_t)ftell(in);
    rewind(in);
    bytes = (char *)malloc(*size + 1);
    if (fread(bytes, 1, *size, in) != *size) *size = 0;
    bytes[*size] = 0;
    fclose(in);
    return bytes;
}

/* The hashes of the section "name count each", or NULL. */
static const char *ids_section(const ids_tokenizer *t, const char *name, size_t *count,
                               size_t *each) {
    const char *line = t->golden, *next;
    size_t size = strlen(name);
    for (; (next = strchr(line, '\n')) != NULL; line = next + 1)
        if (!strncmp(line, name, size) && line[size] == ' ') {
            char *at;
            *count = strtoul(line + size, &at, 10);
            *each = strtoul(at, &at, 10);
            if (*at == '\n' && strlen(at) > *count * 17) return at + 1;
        }
    *count = *each = 0;
    CHECK(0, name);
    return NULL;
}

static uint64_t ids_hash(const char *section, size_t block) {
    return (uint64_t)strtoull(section + block * 17, NULL, 16);
}

/* ---- one text ---------------------------------------------------------------------------- */

static void ids_make_room(size_t size) {
    if (size <= ids_room) return;
    ids_room = size;
    ids_tokens = (slm_token *)realloc(ids_tokens, ids_room * sizeof *ids_tokens);
    ids_back = (unsigned char *)realloc(ids_back, ids_room);
}

/* Is decode(encode(text)) the text, with a space for U+2581? Special tokens are plain text. */
static int ids_round_trip(const ids_tokenizer *t, const unsigned char *text, size_t size) {
    size_t count, again = 0, at, i;
    slm_tokenize(t->model, (const char *)text, size, t->flags, ids_tokens, ids_room, &count);
    if (slm_detokenize(t->model, ids_tokens, count, 0, (char *)ids_back, ids_room, &again))
        return 0;
    at = size ? strlen(t->again) : t->flags ? 3 : 0; /* only BOS, "<s>" */
    if (again < at || memcmp(ids_back, t->again, at)) return 0;
    for (i = 0; i < size; i++, at++) {
        int mark = size - i >= 3 && !memcmp(text + i, "\xE2\x96\x81", 3);
        if (at >= again || ids_back[at] != (mark ? ' ' : text[i])) return 0;
        if (mark) i += 2;
    }
    return at == again;
}

/* Do the ids of a text decode to it, with what stands around it? */
static int ids_comes_back(const ids_tokenizer *t, const unsigned char *text, size_t size,
                          size_t count) {
    size_t again, front = strlen(t->front), behind = strlen(t->behind);
    if (slm_detokenize(t->model, ids_tokens, count, 0, (char *)ids_back, ids_room, &again))
        return 0;
    return again == front + size + behind && !memcmp(ids_back, t->front, front) &&
           (!size || !memcmp(ids_back + front, text, size)) &&
           !memcmp(ids_back + front + size, t->behind, behind);
}

/* Mixes in a text's ids; what they decode to must be the text. */
static uint64_t ids_encode(const ids_tokenizer *t, uint64_t hash, const unsigned char *text,
                           size_t size, size_t *wrong) {
    size_t count = 0, i;
    slm_result result;
    ids_make_room(3 * size + IDS_MOST_BEHIND);
    result = slm_tokenize(t->model, (const char *)text, size, SLM_ADD_BOS | SLM_PARSE_SPECIAL,
                          ids_tokens, ids_room, &count);
    for (i = 0; i < count; i++) hash = ids_mix(hash, (uint32_t)ids_tokens[i]);
    if (result == SLM_OK && t->pieces) {
        if (t->again && !ids_round_trip(t, text, size)) ++*wrong;
        return ids_mix(hash, IDS_END);
    }
    if (result != SLM_OK || (t->front && !ids_comes_back(t, text, size, count))) ++*wrong;
    return ids_mix(hash, IDS_END);
}

/* ---- sections ---------------------------------------------------------------------------- */

/* What a section is of: makes string `number`. */
typedef void ids_make(texts_text *out, unsigned number);

static void ids_make_string(texts_text *out, unsigned number) {
    texts_random r = texts_seed(TEXTS_STRINGS, number);
    texts_string(&r, out);
}

static void ids_make_code(texts_text *out, unsigned number) {
    texts_random r = texts_seed(TEXTS_CODE, number);
    texts_code(&r, out);
}

static void ids_make_bytes(texts_text *out, unsigned number) {
    texts_random r = texts_seed(TEXTS_BYTES, number);
    texts_bytes(&r, out);
}

static void ids_make_marks(texts_text *out, unsigned number) {
    texts_random r = texts_seed(TEXTS_MARKS, number);
    texts_with_marks(&r, out);
}

static void ids_make_split(texts_text *out, unsigned number) {
    texts_random r = texts_seed(TEXTS_SPLITS, number);
    texts_split(&r, out);
}

static int ids_is_surrogate(unsigned c) { return c >= 0xD800 && c < 0xE000; }

static void ids_make_alone(texts_text *out, unsigned number) {
    out->size = 0;
    texts_put_code(out, number);
}

static void ids_make_inside(texts_text *out, unsigned number) {
    out->size = 0;
    texts_put_code(out, 'a');
    texts_put_code(out, number);
    texts_put_code(out, 'b');
}

static void ids_make_beside(texts_text *out, unsigned number) {
    out->size = 0;
    texts_put_string(out, "  ");
    texts_put_code(out, number);
    texts_put_string(out, "'s");
}

/* All that may stand beside a character that rules split at. */
static void ids_make_point(texts_text *out, unsigned number) {
    static const char *const between[] = {" ", "a", "b  ", "'s", "", "1", "\n"};
    size_t i;
    out->size = 0;
    for (i = 0; i < sizeof between / sizeof between[0]; i++) {
        texts_put_code(out, number);
        texts_put_string(out, between[i]);
    }
}

static void ids_make_row(texts_text *out, unsigned number) {
    unsigned c;
    out->size = 0;
    for (c = number * 256; c < number * 256 + 256; c++)
        if (!ids_is_surrogate(c)) texts_put_code(out, c);
}

static void ids_mismatch(const ids_tokenizer *t, const char *what, size_t block, size_t each) {
    printf("  %s: %s differ in block %lu, from seed %lu on\n", t->name, what,
           (unsigned long)block, (unsigned long)(block * each));
}

/* One section for all tokenizers at once: each text is made but once. */
static void ids_compare(const char *what, ids_make *make, int code_points, const char *text) {
    const char *want[IDS_MOST_TOKENIZERS];
    size_t count = (size_t)-1, each = 0, i, block, n, strings = 0, bad = 0, wrong = 0, ignored;
    size_t first = make == ids_make_marks ? ids_byte_level : 0; /* the others do not have them */
    texts_text *out = (texts_text *)malloc(sizeof *out);
    for (i = first; i < ids_tokenizer_count; i++) {
        size_t hashes;
        want[i] = ids_section(&ids_tokenizers[i], what, &hashes, &each);
        if (hashes < count) count = hashes;
    }
    CHECK(count > 0, "there are hashes");
    for (block = 0; block < count; block += ids_every) {
        uint64_t hash[IDS_MOST_TOKENIZERS];
        for (i = first; i < ids_tokenizer_count; i++) hash[i] = IDS_START;
        for (n = 0; n < each; n++) {
            unsigned number = (unsigned)(block * each + n);
            if (code_points && ids_is_surrogate(number)) continue;
            make(out, number);
            strings++;
            for (i = first; i < ids_tokenizer_count; i++)
                hash[i] = ids_encode(&ids_tokenizers[i], hash[i], out->bytes, out->size,
                                     first ? &ignored : &wrong);
        }
        for (i = first; i < ids_tokenizer_count; i++)
            if (hash[i] != ids_hash(want[i], block) && ++bad <= 3)
                ids_mismatch(&ids_tokenizers[i], what, block, each);
    }
    CHECK(bad == 0, text);
    CHECK(wrong == 0, "decode(encode(x)) is x");
    printf("  %s: %lu strings, %lu tokenizers\n", what, (unsigned long)strings,
           (unsigned long)(ids_tokenizer_count - first));
    free(out);
}

/* Do the scripts that make the hashes and test_texts.c still make the same? */
static void ids_compare_generators(ids_make *last) {
    ids_make *const makes[] = {ids_make_string, ids_make_code, ids_make_bytes, last};
    const ids_tokenizer *t = &ids_tokenizers[ids_tokenizer_count - 1]; /* one of pieces */
    texts_text *out = (texts_text *)malloc(sizeof *out);
    size_t count, each, i, n;
    const char *want = ids_section(t, "generator", &count, &each);
    CHECK(count == 4, "there are hashes of texts");
    for (i = 0; want && i < 4; i++) {
        uint64_t hash = IDS_START;
        for (n = 0; n < each; n++) {
            makes[i](out, (unsigned)n);
            hash = ids_mix_bytes(hash, out->bytes, out->size);
        }
        CHECK(hash == ids_hash(want, i), "C and Python generate the same texts");
    }
    free(out);
}

/* Of a string's ids, or of random ids below `tokens`. */
static size_t ids_to_decode(const ids_tokenizer *t, texts_text *out, unsigned number,
                            uint32_t tokens, int mixed) {
    size_t count = 0, i;
    if (mixed) {
        texts_random r = texts_seed(TEXTS_MIXED, number);
        return texts_mixed(&r, ids_tokens, tokens);
    }
    if (tokens) {
        texts_random r = texts_seed(TEXTS_SEQUENCES, number);
        count = texts_draw(&r, 24);
        for (i = 0; i < count; i++) ids_tokens[i] = (slm_token)texts_draw(&r, tokens);
        return count;
    }
    if (ids_of_splits) ids_make_split(out, number);
    else ids_make_string(out, number);
    slm_tokenize(t->model, (const char *)out->bytes, out->size, SLM_ADD_BOS | SLM_PARSE_SPECIAL,
                 ids_tokens, ids_room, &count);
    return count;
}

static void ids_compare_decoding(const ids_tokenizer *t, const char *what, uint32_t tokens) {
    size_t count, each, block, n, bad = 0, size, ids;
    const char *want = ids_section(t, what, &count, &each);
    texts_text *out = (texts_text *)malloc(sizeof *out);
    ids_make_room(TEXTS_MOST);
    for (block = 0; block < count; block += ids_every) {
        uint64_t hash = IDS_START;
        for (n = 0; n < each; n++) {
            ids = ids_to_decode(t, out, (unsigned)(block * each + n), tokens, *what == 'm');
            if (slm_detokenize(t->model, ids_tokens, ids, t->pieces ? SLM_SHOW_INVALID : 0,
                               (char *)ids_back, ids_room, &size) != SLM_OK)
                bad++;
            hash = t->pieces ? ids_mix_bytes(hash, ids_back, size)
                             : ids_mix_shown(hash, ids_back, size);
        }
        if (hash != ids_hash(want, block) && ++bad <= 3) ids_mismatch(t, what, block, each);
    }
    CHECK(count > 0 && bad == 0, "decoded ids are Hugging Face's text");
    free(out);
}

/* ---- texts ------------------------------------------------------------------------------- */

static const char *ids_shared(void) {
    const char *shared = getenv("SHARED");
    return shared && *shared ? shared : "../shared/data";
}

static void ids_compare_lines(const ids_tokenizer *t, const char *name, const char *text,
                              size_t size) {
    char section[80];
    size_t count, each, line = 0, at = 0, bad = 0, wrong = 0;
    const char *want;
    uint64_t hash = IDS_START;
    snprintf(section, sizeof section, "lines:%s", name);
    want = ids_section(t, section, &count, &each);
    while (want && at < size) {
        const char *end = (const char *)memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - text) + 1 - at : size - at;
        hash = ids_encode(t, hash, (const unsigned char *)text + at, length, &wrong);
        at += length;
        if (++line % each && at < size) continue;
        if ((line - 1) / each >= count || hash != ids_hash(want, (line - 1) / each))
            if (++bad <= 3) ids_mismatch(t, section, (line - 1) / each, each);
        hash = IDS_START;
    }
    CHECK(line && (line - 1) / each + 1 == count && bad == 0, "a text's lines: the same ids");
    CHECK(wrong == 0, "decode(encode(line)) is the line");
}

static void ids_compare_text(const char *name) {
    char path[1024], section[80];
    size_t size, i, count, each, wrong = 0;
    char *text;
    snprintf(path, sizeof path, "%s/text/%s", ids_shared(), name);
    text = ids_read(path, &size);
    if (!text) {
        snprintf(path, sizeof path, "ids of %s (it is not in %s/text)", name, ids_shared());
        SKIP(path);
        return;
    }
    snprintf(section, sizeof section, "text:%s", name);
    for (i = 0; i < ids_tokenizer_count; i++) {
        const ids_tokenizer *t = &ids_tokenizers[i];
        const unsigned char *bytes = (const unsigned char *)text;
        const char *want;
        want = ids_section(t, section, &count, &each);
        CHECK(count == 2 && ids_mix_bytes(IDS_START, bytes, size) == ids_hash(want, 0),
              "the text is the one whose ids were hashed");
        CHECK(count == 2 && ids_encode(t, IDS_START, bytes, size, &wrong) == ids_hash(want, 1),
              "a whole text: the same ids");
        CHECK(wrong == 0, "decode(encode(text)) is the text");
        ids_compare_lines(t, name, text, size);
    }
    printf("  %s: whole and by lines\n", name);
    free(text);
}

/* ---- the whole --------------------------------------------------------------------------- */

static int ids_read_borders(void) {
    size_t size;
    char *text = ids_read("tests/golden/ids/borders.txt", &size), *at = text;
    texts_borders = (uint32_t *)malloc((size + 1) * sizeof *texts_borders);
    for (texts_border_count = 0; at && *at; at += *at == '\n')
        texts_borders[texts_border_count++] = (uint32_t)strtoul(at, &at, 16);
    free(text);
    return texts_border_count > 0;
}

static void ids_open(const char *name) {
    ids_tokenizer *t = &ids_tokenizers[ids_tokenizer_count];
    char path[1024];
    size_t size;
    FILE *file;
    snprintf(path, sizeof path, "%s/%s.slm", ids_models, name);
    file = fopen(path, "rb");
    if (!file) {
        snprintf(path, sizeof path, "ids of the tokenizer %s (it is not in %s/tokenizers)", name,
                 ids_shared());
        SKIP(path);
        return;
    }
    fclose(file);
    CHECK(ids_tokenizer_count < IDS_MOST_TOKENIZERS, "there is room for the tokenizer");
    if (ids_tokenizer_count == IDS_MOST_TOKENIZERS) return;
    memset(t, 0, sizeof *t);
    t->name = name;
    t->front = t->behind = "";
    CHECK(slm_model_open(&t->model, path, NULL, NULL) == SLM_OK, path);
    snprintf(path, sizeof path, "%s/%s.txt", ids_goldens, name);
    t->golden = ids_read(path, &size);
    CHECK(t->golden != NULL, path);
    if (t->model && t->golden) ids_tokenizer_count++;
}

/* With the flags and the beginning that make decoding exact; `again` NULL: some tokens swallow
   spaces, or there are no bytes, and nothing does. */
static void ids_open_pieces(const char *name, unsigned flags, const char *again) {
    size_t before = ids_tokenizer_count;
    slm_model_info info;
    ids_open(name);
    if (ids_tokenizer_count == before) return;
    slm_model_get_info(ids_tokenizers[before].model, &info);
    CHECK(!strcmp(info.tokenizer, "SentencePiece BPE"), name);
    ids_tokenizers[before].pieces = 1;
    ids_tokenizers[before].flags = flags;
    ids_tokenizers[before].again = again;
}

static void ids_open_all(void) {
    ids_open("bpe2048");
    ids_open("phi-2");
    ids_open("gpt-j-6b");
    ids_open("gpt2");
    ids_byte_level = ids_tokenizer_count;
    ids_open_pieces("llama", 0, "");
    ids_open_pieces("llama-slow", SLM_ADD_BOS, "<s>");
    ids_open_pieces("llama-new", SLM_ADD_BOS, "<s> ");
    ids_open_pieces("orca-2", SLM_ADD_BOS, "<s>");
    ids_open_pieces("stories260K", 0, " ");
    ids_open_pieces("stories260K-slow", SLM_ADD_BOS, "<s>");
    ids_open_pieces("tinystory2048", 0, NULL);
    ids_open_pieces("pieces512", 0, "");
    ids_open_pieces("pieces-slow", SLM_ADD_BOS, "<s>");
    ids_open_pieces("pieces-new", 0, NULL);
    ids_open_pieces("pieces-odd", 0, NULL);
    ids_open_pieces("pieces-first", 0, NULL);
    ids_open_pieces("pieces-words", 0, NULL);
    ids_open_pieces("pieces-gemma", 0, "");
    ids_open_pieces("pieces-gemma-plain", 0, NULL);
}

static void ids_close(void) {
    size_t i;
    for (i = 0; i < ids_tokenizer_count; i++) {
        slm_model_close(ids_tokenizers[i].model);
        free(ids_tokenizers[i].golden);
    }
    free(texts_borders);
    free(ids_tokens);
    free(ids_back);
    texts_borders = NULL; /* test_words() begins anew */
    ids_tokens = NULL;
    ids_back = NULL;
    texts_border_count = ids_tokenizer_count = ids_byte_level = ids_room = 0;
}

static void test_ids(void) {
    static const char *const texts[] = {"wikitext-2-test.tokens.txt",
                                        "wikitext-2-valid.tokens.txt", "tinyshakespeare.txt"};
    const char *every = getenv("IDS_EVERY");
    size_t i, count, tokens;
    if (every && atoi(every) > 0) ids_every = (size_t)atoi(every);
    ids_open_all();
    CHECK(ids_byte_level && ids_tokenizer_count > ids_byte_level && ids_read_borders(),
          "there are tokenizers of both kinds, and borders");
    if (ids_tokenizer_count && texts_border_count) {
        ids_compare_generators(ids_make_marks);
        ids_compare("strings", ids_make_string, 0, "random strings: the same ids");
        ids_compare("alone", ids_make_alone, 1, "each code point alone: the same ids");
        ids_compare("inside", ids_make_inside, 1, "each code point in a word: the same ids");
        ids_compare("beside", ids_make_beside, 1, "each code point beside spaces: the same ids");
        ids_compare("code", ids_make_code, 0, "code: the same ids");
        ids_compare("bytes", ids_make_bytes, 0, "what is not UTF-8: the same ids");
        ids_compare("marks", ids_make_marks, 0, "special tokens in strings: the same ids");
        for (i = 0; i < ids_tokenizer_count; i++) {
            ids_compare_decoding(&ids_tokenizers[i], "decode", 0);
            ids_section(&ids_tokenizers[i], "tokens", &count, &tokens);
            ids_compare_decoding(&ids_tokenizers[i], "sequences", (uint32_t)tokens);
            if (ids_tokenizers[i].pieces)
                ids_compare_decoding(&ids_tokenizers[i], "mixed", (uint32_t)tokens);
        }
        for (i = 0; i < sizeof texts / sizeof texts[0]; i++) ids_compare_text(texts[i]);
    }
    ids_close();
}
