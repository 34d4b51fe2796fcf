/* WordPiece and RoBERTa's BPE against Hugging Face's ids, types and offsets: hashes in
   tests/golden/ids, made by make_words.py, which says what they are of. tests/fixtures.mk converts the real vocabularies of
   $SHARED; without them only the project's own are tested. Part of the runner. */

#define WORDS_COUNT(table) ((uint32_t)(sizeof(table) / sizeof(table)[0]))
enum { WORDS_HOSTILE = 7, WORDS_PAIRS = 8, WORDS_CUT = 9, WORDS_MOST = TEXTS_MOST + 16 };

/* ---- the generator: make_words.py has the same ------------------------------------------- */

static const char *const words_special[] = {
    "[MASK]", "[CLS]", "[SEP]", "[UNK]", "[PAD]", "[mask]", "##", "##ing", "[MASK", "MASK]",
    "Foo", "FOO", "foo", "<left>", " <left> ", "<right>", " <right> ", "<Word>", " <word> ",
    "[tag]", " [tag] ", "\303\211a", "e\314\201a", "\344\270\255", "a\344\270\255b", "##zz",
    "<own>", "n't"};
static const char *const words_byte_special[] = {
    "<mask>", " <mask>", "  <mask> ", "<s>", "</s>", "<unk>", "<pad>", "<e>", " <e> ", " the",
    "\304\240the", " ", "  ", "\n\n", "'s", "\343\200\200", "12 ", "Foo", "FOO", " x"};
static int words_are_bytes; /* the tokenizer at hand is RoBERTa's */
static const uint32_t words_ranges[][2] = {
    {0x300, 112}, {0x300, 112}, {0x345, 1}, {0x334, 5}, {0x59A, 48}, {0x610, 80}, {0x8D0, 48},
    {0x93C, 1}, {0x94D, 1}, {0x9BC, 32}, {0xB3C, 32}, {0xCBC, 18}, {0xD3E, 26}, {0xDCA, 22},
    {0xF71, 24}, {0x1B05, 64}, {0x1BAA, 1}, {0x1BF2, 2}, {0x1DC0, 64}, {0x302A, 6}, {0x302E, 2},
    {0x3099, 2}, {0xA953, 1}, {0xA9C0, 1}, {0x1109A, 33}, {0x11340, 32}, {0x11442, 5},
    {0x114B9, 10}, {0x115B8, 8}, {0x16FF0, 2}, {0x1D157, 32}, {0x1D1B9, 8}, {0x1E000, 43},
    {0x1E944, 7}, {0xC0, 320}, {0x130, 2}, {0x1E00, 256}, {0x1F00, 256}, {0x2126, 6},
    {0x212A, 2}, {0x37E, 10}, {0x1FEF, 1}, {0x10A0, 48}, {0x1C80, 64}, {0x13A0, 96},
    {0xAB70, 80}, {0x10400, 80}, {0xAC00, 11172}, {0x1100, 256}, {0x4E00, 20992}, {0x4E00, 256},
    {0x2B720, 512}, {0x2B918, 16}, {0x2CEA0, 32}, {0xF900, 512}, {0x2F800, 544}, {0x0, 32},
    {0x7F, 33}, {0xAD, 1}, {0x200B, 32}, {0x2028, 8}, {0xFEFF, 1}, {0xFFF9, 7}, {0x2000, 12},
    {0x3000, 4}, {0xE000, 2}, {0xE0001, 127}, {0x61, 26}, {0x61, 26}, {0x41, 26}, {0x20, 1},
    {0x20, 16}};

static void words_hostile(texts_random *r, texts_text *out) {
    uint32_t pieces = 1 + texts_draw(r, 12);
    while (pieces--) {
        const uint32_t *range;
        uint32_t count;
        if (!texts_draw(r, 6)) {
            count = words_are_bytes ? WORDS_COUNT(words_byte_special) : WORDS_COUNT(words_special);
            count = texts_draw(r, count);
            texts_put_string(out, words_are_bytes ? words_byte_special[count]
                                                  : words_special[count]);
            continue;
        }
        range = words_ranges[texts_draw(r, WORDS_COUNT(words_ranges))];
        count = texts_draw(r, 60) ? 3 : 110;
        for (count = 1 + texts_draw(r, count); count; count--)
            texts_put_code(out, range[0] + texts_draw(r, range[1]));
    }
}

static void words_either(texts_random *r, texts_text *out) {
    out->size = 0;
    if (texts_draw(r, 2)) words_hostile(r, out);
    else texts_string(r, out);
}

/* ---- one text ---------------------------------------------------------------------------- */

typedef struct words_texts { /* a text, or a pair */
    texts_text text, pair;
    int is_pair;
    size_t limit;
} words_texts;

static slm_text_token *words_tokens;
static size_t words_room;

static slm_result words_tokenize(const slm_model *model, const words_texts *in, size_t *count,
                                 size_t *whole) {
    slm_text text;
    size_t room = in->text.size * 4 + in->pair.size * 4 + 8;
    memset(&text, 0, sizeof text);
    text.text = (const char *)in->text.bytes;
    text.size = in->text.size;
    if (in->is_pair) text.pair = (const char *)in->pair.bytes;
    text.pair_size = in->pair.size;
    if (room > words_room) {
        words_room = room;
        words_tokens = (slm_text_token *)realloc(words_tokens, room * sizeof *words_tokens);
    }
    return slm_tokenize_text(model, &text, in->limit, words_tokens, words_room, count, whole);
}

static uint64_t words_mix(uint64_t hash, const slm_text_token *tokens, size_t count) {
    size_t i;
    for (i = 0; i < count; i++) {
        hash = ids_mix(hash, (uint32_t)tokens[i].token);
        hash = ids_mix(hash, (uint32_t)tokens[i].type);
        hash = ids_mix(hash, (uint32_t)(tokens[i].part + 1));
        if (words_are_bytes) hash = ids_mix(hash, (uint32_t)(tokens[i].word + 1));
        hash = ids_mix(hash, (uint32_t)tokens[i].start);
        hash = ids_mix(hash, (uint32_t)tokens[i].end);
    }
    return hash;
}

/* Mixes in all of it; slm_tokenize must give the same ids. */
static uint64_t words_encode(const ids_tokenizer *t, uint64_t hash, const words_texts *in) {
    size_t count = 0, whole = 0, again = 0, i;
    slm_token *ids;
    CHECK(words_tokenize(t->model, in, &count, &whole) == SLM_OK, "a text becomes tokens");
    passed--; /* too many to count */
    hash = words_mix(hash, words_tokens, count);
    if (in->limit) hash = ids_mix(hash, (uint32_t)whole);
    if (!in->is_pair && !in->limit) {
        ids = (slm_token *)malloc((count + 1) * sizeof *ids);
        slm_tokenize(t->model, (const char *)in->text.bytes, in->text.size,
                     SLM_ADD_BOS | SLM_PARSE_SPECIAL, ids, count, &again);
        for (i = 0; i < count && i < again && ids[i] == words_tokens[i].token; i++) {}
        if (again != count || whole != count || i < count)
            CHECK(0, "slm_tokenize gives the ids of slm_tokenize_text");
        free(ids);
    }
    return ids_mix(hash, IDS_END);
}

/* ---- sections ---------------------------------------------------------------------------- */

typedef void words_make(words_texts *out, unsigned number); /* makes texts `number` of a section */

static void words_make_string(words_texts *out, unsigned number) {
    texts_random r = texts_seed(TEXTS_STRINGS, number);
    texts_string(&r, &out->text);
}

static void words_make_hostile(words_texts *out, unsigned number) {
    texts_random r = texts_seed(WORDS_HOSTILE, number);
    words_hostile(&r, &out->text);
}

static void words_make_bytes(words_texts *out, unsigned number) {
    texts_random r = texts_seed(TEXTS_BYTES, number);
    texts_bytes(&r, &out->text);
}

static void words_make_pair(words_texts *out, unsigned number) {
    texts_random r = texts_seed(WORDS_PAIRS, number);
    words_either(&r, &out->text);
    words_either(&r, &out->pair);
    out->is_pair = 1;
}

static void words_make_cut(words_texts *out, unsigned number) {
    texts_random r = texts_seed(WORDS_CUT, number);
    out->is_pair = texts_draw(&r, 3) != 0;
    words_either(&r, &out->text);
    if (out->is_pair) words_either(&r, &out->pair);
    out->limit = 3u + (unsigned)words_are_bytes + texts_draw(&r, 40);
}

static void words_make_alone(words_texts *out, unsigned number) {
    texts_put_code(&out->text, number);
}

static void words_make_inside(words_texts *out, unsigned number) {
    texts_put_string(&out->text, "a");
    texts_put_code(&out->text, number);
    texts_put_string(&out->text, "b");
}

static void words_begin(words_texts *in) {
    in->text.size = in->pair.size = 0;
    in->is_pair = 0;
    in->limit = 0;
}

static void words_compare(const ids_tokenizer *t, const char *what, words_make *make, int points) {
    words_texts *in = (words_texts *)malloc(sizeof *in);
    size_t count, each, block, n, bad = 0;
    const char *want = ids_section(t, what, &count, &each);
    for (block = 0; block < count; block += ids_every) {
        uint64_t hash = IDS_START;
        for (n = 0; n < each; n++) {
            unsigned number = (unsigned)(block * each + n);
            if (points && ids_is_surrogate(number)) continue;
            words_begin(in);
            make(in, number);
            hash = words_encode(t, hash, in);
        }
        if (hash != ids_hash(want, block) && ++bad <= 3) ids_mismatch(t, what, block, each);
    }
    CHECK(count > 0 && bad == 0, what);
    free(in);
}

static void words_compare_generators(const ids_tokenizer *t) {
    words_make *const makes[] = {words_make_string, words_make_hostile};
    words_texts *in = (words_texts *)malloc(sizeof *in);
    size_t count, each, i, n;
    const char *want = ids_section(t, "generator", &count, &each);
    CHECK(count == 2, "there are hashes of texts");
    for (i = 0; i < count; i++) {
        uint64_t hash = IDS_START;
        for (n = 0; n < each; n++) {
            words_begin(in);
            makes[i](in, (unsigned)n);
            hash = ids_mix_bytes(hash, in->text.bytes, in->text.size);
        }
        CHECK(hash == ids_hash(want, i), "C and Python generate the same texts");
    }
    free(in);
}

static size_t words_to_decode(const ids_tokenizer *t, words_texts *in, unsigned number,
                              uint32_t tokens, slm_token *ids) {
    size_t count = 0, i;
    if (tokens) {
        texts_random r = texts_seed(TEXTS_SEQUENCES, number);
        count = texts_draw(&r, 24);
        for (i = 0; i < count; i++) ids[i] = (slm_token)texts_draw(&r, tokens);
        return count;
    }
    words_begin(in);
    words_make_hostile(in, number);
    slm_tokenize(t->model, (const char *)in->text.bytes, in->text.size,
                 SLM_ADD_BOS | SLM_PARSE_SPECIAL, ids, WORDS_MOST, &count);
    return count;
}

static void words_compare_decoding(const ids_tokenizer *t, const char *what, uint32_t tokens) {
    words_texts *in = (words_texts *)malloc(sizeof *in);
    slm_token *ids = (slm_token *)malloc(WORDS_MOST * sizeof *ids);
    char *text = (char *)malloc(8 * WORDS_MOST);
    size_t count, each, block, n, bad = 0, size;
    const char *want = ids_section(t, what, &count, &each);
    for (block = 0; block < count; block += ids_every) {
        uint64_t hash = IDS_START;
        for (n = 0; n < each; n++) {
            size_t some = words_to_decode(t, in, (unsigned)(block * each + n), tokens, ids);
            if (slm_detokenize(t->model, ids, some, 0, text, 8 * WORDS_MOST, &size) != SLM_OK)
                bad++;
            hash = ids_mix_bytes(hash, (const unsigned char *)text, size);
        }
        if (hash != ids_hash(want, block) && ++bad <= 3) ids_mismatch(t, what, block, each);
    }
    CHECK(count > 0 && bad == 0, "decoded ids are Hugging Face's text");
    free(in);
    free(ids);
    free(text);
}

/* Of bytes that lie elsewhere. */
static uint64_t words_encode_bytes(const ids_tokenizer *t, uint64_t hash, const char *bytes,
                                   size_t size) {
    slm_text text;
    size_t count = 0;
    slm_text_token *tokens = (slm_text_token *)malloc((size + 8) * sizeof *tokens);
    memset(&text, 0, sizeof text);
    text.text = bytes;
    text.size = size;
    if (slm_tokenize_text(t->model, &text, 0, tokens, size + 8, &count, NULL) != SLM_OK) count = 0;
    hash = words_mix(hash, tokens, count);
    free(tokens);
    return ids_mix(hash, IDS_END);
}

static void words_compare_text(const ids_tokenizer *t, const char *name) {
    char path[1024], section[80];
    size_t size, count, each, line = 0, at = 0, bad = 0;
    uint64_t hash = IDS_START;
    const char *want;
    char *text;
    snprintf(path, sizeof path, "%s/text/%s", ids_shared(), name);
    text = ids_read(path, &size);
    if (!text) {
        SKIP(path);
        return;
    }
    snprintf(section, sizeof section, "text:%s", name);
    want = ids_section(t, section, &count, &each);
    CHECK(count == 2 && ids_mix_bytes(hash, (unsigned char *)text, size) == ids_hash(want, 0) &&
              words_encode_bytes(t, hash, text, size) == ids_hash(want, 1),
          "a whole text: the same tokens");
    snprintf(section, sizeof section, "lines:%s", name);
    want = ids_section(t, section, &count, &each);
    while (want && at < size) {
        const char *end = (const char *)memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - text) + 1 - at : size - at;
        hash = words_encode_bytes(t, hash, text + at, length);
        at += length;
        if (++line % each && at < size) continue;
        bad += (line - 1) / each >= count || hash != ids_hash(want, (line - 1) / each);
        hash = IDS_START;
    }
    CHECK(line && (line - 1) / each + 1 == count && bad == 0, "a text's lines: the same tokens");
    free(text);
}

/* ---- what needs no oracle ---------------------------------------------------------------- */

/* Every capacity gives the beginning and the full need, and nothing is written behind it. fixed: the
   special tokens of a pair. */
static void words_capacities(const slm_model *model, size_t fixed) {
    static const char text[] = "Foo [MASK] unbelievable \xC3\xA9t\xC3\xA9, x.", pair[] = "the end";
    slm_text in = {text, SLM_NUL, pair, SLM_NUL};
    slm_text_token whole[64], part[64];
    size_t count, limit, capacity, full, i;
    for (limit = 0; limit < 40; limit++) {
        slm_result result = slm_tokenize_text(model, &in, limit, whole, 64, &count, &full);
        if (limit && limit < fixed) {
            CHECK(result == SLM_ERR_ARGUMENT, "a limit without room for the special tokens");
            continue;
        }
        CHECK(result == SLM_OK && count == (limit && limit < full ? limit : full),
              "as many tokens as the limit, or all");
        for (capacity = 0; capacity <= count; capacity++) {
            memset(part, 0x5A, sizeof part);
            result = slm_tokenize_text(model, &in, limit, part, capacity, &i, NULL);
            if (i != count || result != (capacity < count ? SLM_ERR_CAPACITY : SLM_OK) ||
                (capacity == count && words_mix(0, part, count) != words_mix(0, whole, count)) ||
                ((unsigned char *)(part + capacity))[0] != 0x5A)
                break;
        }
        CHECK(capacity == count + 1, "any capacity: the full need, and nothing behind");
    }
}

static void words_types(slm_model *model) {
    slm_text in = {"the", SLM_NUL, "", 0};
    slm_text_token tokens[8];
    size_t count = 0, types;
    for (types = 0; types < 3; types++) {
        model->tokenizer.types = (uint32_t)types;
        slm_tokenize_text(model, &in, 0, tokens, 8, &count, NULL);
        CHECK(count == 4 && tokens[3].type == (types == 2) && tokens[3].part == -1 &&
                  tokens[1].part == 0 && tokens[1].end == 3,
              "an empty pair is one, with a type of its own only where there are two");
    }
    in.pair = NULL;
    in.pair_size = 5;
    slm_tokenize_text(model, &in, 0, tokens, 8, &count, NULL);
    CHECK(count == 3, "without a pair its size does not count");
    in.text = NULL;
    CHECK(slm_tokenize_text(model, &in, 0, tokens, 8, &count, NULL) == SLM_ERR_ARGUMENT,
          "no text of some size");
    in.size = 0;
    CHECK(slm_tokenize_text(model, &in, 0, tokens, 8, &count, NULL) == SLM_OK && count == 2 &&
              tokens[0].start == 0 && tokens[1].part == -1,
          "an empty text: [CLS] and [SEP]");
    CHECK(slm_tokenize_text(model, NULL, 0, tokens, 8, &count, NULL) == SLM_ERR_ARGUMENT &&
              slm_tokenize_text(NULL, &in, 0, tokens, 8, &count, NULL) == SLM_ERR_ARGUMENT &&
              slm_tokenize_text(model, &in, 0, NULL, 8, &count, NULL) == SLM_ERR_ARGUMENT,
          "wrong arguments");
}

/* 10 MB of one word, of marks in a row in the wrong order, of what is cleaned away, of spaces: time
   must not explode, and no memory is asked for. */
static void words_long(const slm_model *model) {
    static const char *const units[] = {"a", "\xE3\x80\xAE\xCC\x81\xCD\x85", "\x01", " ",
                                        "\xEA\xB0\x80", "#", "\xFF", "[MASK", "\xF0\x9D\x85\xA0"};
    const size_t size = 10000000;
    char *text = (char *)malloc(size);
    slm_text_token tokens[4];
    size_t i, k, count, before = main_allocations;
    for (i = 0; i < WORDS_COUNT(units); i++) {
        slm_text in = {NULL, 0, NULL, 0};
        size_t length = strlen(units[i]);
        for (k = 0; k < size; k++) text[k] = units[i][k % length];
        in.text = text;
        in.size = size;
        slm_tokenize_text(model, &in, 0, tokens, 4, &count, NULL);
        if (i == 0)
            CHECK(count == 3 && tokens[1].token == model->tokenizer.unk && tokens[1].end == size,
                  "a long word is UNK");
        if (i == 2 || i == 3 || i == 6) CHECK(count == 2, "nothing remains");
        if (i == 5) CHECK(count == size + 2, "each character of punctuation is a word");
    }
    CHECK(main_allocations == before, "tokens need no memory");
    free(text);
}

/* A section of its own memory: with the address sanitizer one byte too many is seen. */
static const char *words_bind(const uint8_t *bytes, size_t size, int run) {
    static const char text[] =
        "Foo FOO <left> unable \xC3\x89 a\xCC\x81\xE3\x80\xAE x'##zz [tag] ing <e> \xFF the";
    const uint32_t kind = words_are_bytes ? SLM__SPLIT_BYTES : SLM__WORDS;
    uint8_t *copy = (uint8_t *)malloc(size + 1);
    slm_text in = {text, sizeof text - 1, NULL, 0};
    slm_text_token tokens[80];
    slm__tokenizer t;
    slm__token_list list;
    size_t i;
    const char *wrong;
    memset(&list, 0, sizeof list);
    list.capacity = 80;
    if (size) memcpy(copy, bytes, size);
    wrong = slm__tokenizer_bind(&t, kind, size ? copy : NULL, size);
    if (!wrong && run && slm__reads_texts(&t)) {
        slm__tokenize_text(&t, &in, 0, tokens, &list, NULL);
        for (i = 0; i < list.count && i < 80; i++)
            if (tokens[i].token < 0 || (uint32_t)tokens[i].token >= t.count ||
                tokens[i].start > tokens[i].end || tokens[i].end > in.size)
                wrong = "a token that there is not";
    }
    free(copy);
    return wrong;
}

static void words_refused(uint8_t *bytes, size_t size, size_t at, uint32_t value,
                          const char *text) {
    uint32_t before = slm__u32(bytes + at);
    const char *wrong;
    memcpy(bytes + at, &value, 4);
    wrong = words_bind(bytes, size, 0);
    CHECK(wrong && strstr(wrong, text), text);
    memcpy(bytes + at, &before, 4);
}

/* Damaged sections: every length, every bit. */
static void words_damage(const slm__tokenizer *t) {
    const uint8_t *section = (const uint8_t *)(t->offsets - 24);
    size_t size = (size_t)((const uint8_t *)t->blob + t->blob_bytes - section), i, bounds, bad = 0;
    uint8_t *bytes = (uint8_t *)malloc(size);
    memcpy(bytes, section, size);
    bounds = (size_t)((const uint8_t *)t->bounds - section);
    CHECK(!words_bind(bytes, size, 1), "the undamaged section");
    words_refused(bytes, size, 0, 0, "counts");
    words_refused(bytes, size, 0, 0xFFFFFFFFu, "counts");
    words_refused(bytes, size, 4, 1, "counts");
    words_refused(bytes, size, 12, 0xFFFFFFFFu, "no CLS or UNK");
    words_refused(bytes, size, 16, 0xFFFFFFFFu, "no CLS or UNK");
    words_refused(bytes, size, 16, t->count, "UNK out of range");
    words_refused(bytes, size, 20, 128, "unknown flags");
    words_refused(bytes, size, 68, 1, "byte tokens of words");
    words_refused(bytes, size, 72, 0xFFFFFFFFu, "SEP out of range");
    words_refused(bytes, size, 72, t->count, "SEP out of range");
    words_refused(bytes, size, 76, 0, "longest word");
    words_refused(bytes, size, 76, SLM__LONGEST_WORD + 1, "longest word");
    words_refused(bytes, size, 80, t->count, "MASK out of range");
    for (i = 0; i < 2 * 257; i += 257)
        words_refused(bytes, size, bounds + 4 * i, t->bounds[i] + 1, "first bytes");
    words_refused(bytes, size, bounds + 4 * 2 * 257, t->keys[0] + 1, "a wrong key");
    words_refused(bytes, size, bounds + 4 * (2 * 257 + t->count), 0, "a shorter token");
    for (i = 0; i < size; i++) bad += !words_bind(bytes, i, 0);
    CHECK(!bad, "no section that is cut");
    for (i = 0; i < 8 * size; i++) {
        const char *wrong;
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        wrong = words_bind(bytes, size, 1);
        bad += wrong && strstr(wrong, "that there is not");
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    CHECK(!bad, "each bit: an error, or a tokenizer that works");
    free(bytes);
}

/* What a section says of an encoder's texts. */
static void words_byte_damage(const slm__tokenizer *t) {
    const uint8_t *section = (const uint8_t *)(t->offsets - 24);
    size_t size = (size_t)((const uint8_t *)t->blob + t->blob_bytes - section), i, bad = 0;
    uint8_t *bytes = (uint8_t *)malloc(size);
    memcpy(bytes, section, size);
    CHECK(!words_bind(bytes, size, 1), "the undamaged section");
    words_refused(bytes, size, 12, 0xFFFFFFFFu, "no CLS or SEP");
    words_refused(bytes, size, 20, t->flags & ~(uint32_t)SLM__TEXT_BOS, "no CLS or SEP");
    words_refused(bytes, size, 20, t->flags & ~(uint32_t)SLM__TEXT_BEHIND, "no CLS or SEP");
    words_refused(bytes, size, 20, t->flags | SLM__TEXT_NFC, "NFC");
    words_refused(bytes, size, 20, t->flags | 4096, "unknown flags");
    words_refused(bytes, size, 72, t->count, "the token after a text");
    words_refused(bytes, size, 88, t->count, "MASK out of range");
    for (i = 0; i < 8 * size; i++) {
        const char *wrong;
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        wrong = words_bind(bytes, size, 1);
        bad += wrong && strstr(wrong, "that there is not");
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    CHECK(!bad, "each bit: an error, or a tokenizer that works");
    free(bytes);
}

/* A bad byte stands for itself, a character that is split for all of it. */
static void words_byte_spans(const slm_model *model) {
    static const char text[] = "\xC3\xA9\xFF\xE4\xB8 \xF0\x9F\x98\x80";
    static const size_t starts[] = {0, 2, 3, 4, 6}, ends[] = {2, 3, 4, 5, 10};
    slm_text in = {text, sizeof text - 1, NULL, 0};
    slm_text_token tokens[32];
    size_t count = 0, i, k = 0, bad = 0;
    CHECK(slm_tokenize_text(model, &in, 0, tokens, 32, &count, NULL) == SLM_OK && count > 6,
          "bytes that are no UTF-8 become tokens");
    for (i = 1; i + 1 < count; i++) {
        while (k < 4 && tokens[i].start >= ends[k]) k++;
        bad += tokens[i].start < tokens[i].end && /* all of it may be trimmed */
               (tokens[i].start != starts[k] || tokens[i].end < ends[k]);
    }
    CHECK(!bad, "spans begin and end with characters");
}

/* Words beyond every room on the stack: without memory an error, otherwise a span for each byte. */
static void words_byte_memory(slm_model *model) {
    const size_t size = 100000;
    char *text = (char *)malloc(size);
    slm_text_token *tokens = (slm_text_token *)malloc((size + 8) * sizeof *tokens);
    slm_text in = {NULL, 0, NULL, 0};
    slm__token_list list;
    size_t count = 0, i, end = 0, bad = 0;
    for (i = 0; i < size; i++) text[i] = "qzxj"[i * i / 7 % 4];
    in.text = text;
    in.size = size;
    memset(&list, 0, sizeof list);
    CHECK(slm__tokenize_text(&model->tokenizer, &in, 0, NULL, &list, NULL) == SLM_ERR_MEMORY,
          "a long word without an allocator");
    CHECK(slm_tokenize_text(model, &in, 0, tokens, size + 8, &count, NULL) == SLM_OK,
          "a long word with one");
    for (i = 1; i + 1 < count; i++) {
        bad += tokens[i].start != end || tokens[i].word != 0;
        end = tokens[i].end;
    }
    CHECK(!bad && end == size && count > size / 8, "its tokens follow each other");
    free(text);
    free(tokens);
}

static void words_others(void) {
    slm_model *model = NULL;
    slm_text in = {"a", 1, NULL, 0};
    size_t count = 7;
    CHECK(slm_model_open(&model, "build/ids/bpe2048.slm", NULL, NULL) == SLM_OK, "bpe2048");
    CHECK(slm_tokenize_text(model, &in, 0, NULL, 0, &count, NULL) == SLM_ERR_UNSUPPORTED && !count,
          "a decoder's byte-level BPE has no texts");
    slm_model_close(model);
}

/* ---- the whole --------------------------------------------------------------------------- */

static void words_test(const ids_tokenizer *t) {
    size_t count, tokens;
    words_compare_generators(t);
    words_compare(t, "strings", words_make_string, 0);
    words_compare(t, "hostile", words_make_hostile, 0);
    words_compare(t, "pairs", words_make_pair, 0);
    words_compare(t, "cut", words_make_cut, 0);
    words_compare(t, "alone", words_make_alone, 1);
    words_compare(t, "inside", words_make_inside, 1);
    words_compare_text(t, "wikitext-2-test.tokens.txt");
    words_compare_text(t, "wikitext-2-valid.tokens.txt");
    if (words_are_bytes) return;
    words_compare(t, "bytes", words_make_bytes, 0);
    words_compare_decoding(t, "decode", 0);
    ids_section(t, "tokens", &count, &tokens);
    words_compare_decoding(t, "sequences", (uint32_t)tokens);
}

static void test_words(void) {
    static const char *const names[] = {"wordpiece",   "words-odd",         "words-bare",
                                        "words-lower", "words-cased",       "bert-base-uncased",
                                        "bert-base-cased", "roberta", "roberta-odd"};
    const char *every = getenv("IDS_EVERY");
    size_t i;
    if (every && atoi(every) > 0) ids_every = (size_t)atoi(every);
    CHECK(ids_read_borders(), "there are borders");
    ids_tokenizer_count = 0;
    for (i = 0; i < WORDS_COUNT(names); i++) {
        size_t before = ids_tokenizer_count;
        ids_open(names[i]);
        if (ids_tokenizer_count == before) continue;
        words_are_bytes = strncmp(names[i], "roberta", 7) == 0;
        words_test(&ids_tokenizers[before]);
        printf("  %s: ids, types and offsets\n", names[i]);
    }
    if (ids_tokenizer_count) {
        slm_model *last = ids_tokenizers[ids_tokenizer_count - 1].model;
        if (words_are_bytes) {
            words_capacities(last, 4);
            words_byte_spans(ids_tokenizers[ids_tokenizer_count - 2].model);
            words_byte_spans(last);
            words_byte_memory(last);
            words_byte_damage(&last->tokenizer);
        }
        words_are_bytes = 0;
        words_capacities(ids_tokenizers[0].model, 3);
        words_types(ids_tokenizers[0].model);
        words_long(ids_tokenizers[0].model);
        words_damage(&ids_tokenizers[ids_tokenizer_count > 1].model->tokenizer);
    }
    words_others();
    ids_close();
    ids_tokenizer_count = 0;
    ids_tokens = NULL;
    ids_back = NULL;
    ids_room = 0;
    free(words_tokens);
    words_tokens = NULL;
    words_room = 0;
}
