/* Byte-level BPE over a small tokenizer made here; the ids expected are Hugging Face's for the
   same one. Part of the runner: CHECK and the header come from the file that includes this. */

static const char *const bpe_merges[][2] = {
    {"t", "h"}, {"th", "e"}, {" ", "the"}, {"a", "a"}, {"aa", "aa"}, {"a", "b"}, {" ", " "},
    {"b", "aa"}, {"'", "s"}, {"l", "l"}};
static const struct {
    const char *text;
    uint32_t flags, id;
} bpe_added[] = { /* sorted by their bytes */
    {"\t", SLM__ADDED_NORMALIZED | SLM__ADDED_LSTRIP, 273},
    {"  ", SLM__ADDED_NORMALIZED, 272},
    {"   ", SLM__ADDED_NORMALIZED, 267},
    {"<l>", SLM__ADDED_LSTRIP, 269},
    {"<r>", SLM__ADDED_NORMALIZED | SLM__ADDED_RSTRIP, 270},
    {"<s>", SLM__ADDED_SPECIAL, 266},
    {"<s>>", SLM__ADDED_NORMALIZED, 271},
    {"<w>", SLM__ADDED_SINGLE_WORD, 268}};
#define BPE_MERGES (sizeof bpe_merges / sizeof bpe_merges[0])
#define BPE_ADDED (sizeof bpe_added / sizeof bpe_added[0])
#define BPE_TOKENS (256 + BPE_MERGES + BPE_ADDED)
#define BPE_SLOTS 32

/* Where the parts of the section begin, in words of 32 bits. */
enum {
    BPE_OFFSETS = 24,
    BPE_ATTRIBUTES = BPE_OFFSETS + (int)BPE_TOKENS + 1,
    BPE_SORTED = BPE_ATTRIBUTES + ((int)BPE_TOKENS + 3) / 4,
    BPE_BYTES = BPE_SORTED + (int)BPE_TOKENS,
    BPE_TABLE = BPE_BYTES + 256,
    BPE_ADDED_AT = BPE_TABLE + 4 * BPE_SLOTS,
    BPE_BLOB = BPE_ADDED_AT + 4 * (int)BPE_ADDED,
    BPE_WORDS = BPE_BLOB + 128
};

static size_t bpe_token_text(size_t id, char *out) {
    size_t i;
    if (id < 256) {
        out[0] = (char)id;
        return 1;
    }
    if (id < 256 + BPE_MERGES) {
        strcpy(out, bpe_merges[id - 256][0]);
        strcat(out, bpe_merges[id - 256][1]);
        return strlen(out);
    }
    for (i = 0; bpe_added[i].id != id; i++) {}
    strcpy(out, bpe_added[i].text);
    return strlen(out);
}

static uint32_t bpe_find(const char *text) {
    char other[16];
    uint32_t id;
    for (id = 0;; id++)
        if (bpe_token_text(id, other) == strlen(text) && !memcmp(other, text, strlen(text)))
            return id;
}

static int bpe_compare(const void *a, const void *b) {
    char x[16], y[16];
    size_t x_size = bpe_token_text(*(const uint32_t *)a, x);
    size_t y_size = bpe_token_text(*(const uint32_t *)b, y);
    int order = slm__compare_texts(x, x_size, y, y_size);
    return order ? order : *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

static void bpe_put_merges(uint32_t *words) {
    uint32_t i;
    memset(words + BPE_TABLE, 0xFF, BPE_SLOTS * 16);
    for (i = 0; i < BPE_MERGES; i++) {
        uint32_t left = bpe_find(bpe_merges[i][0]), right = bpe_find(bpe_merges[i][1]), looked = 1;
        uint32_t slot = (left * 0x9E3779B1u + right * 0x85EBCA6Bu) >> 7;
        uint32_t *merge;
        while ((merge = words + BPE_TABLE + 4 * (slot % BPE_SLOTS))[0] != 0xFFFFFFFFu)
            slot++, looked++;
        merge[0] = left;
        merge[1] = right;
        merge[2] = i;
        merge[3] = 256 + i;
        if (looked > words[2]) words[2] = looked;
    }
}

/* The section; its size in bytes. */
static size_t bpe_build(uint32_t *words, uint32_t flags) {
    char *blob = (char *)(words + BPE_BLOB);
    uint32_t used = 0, id, i;
    memset(words, 0, BPE_WORDS * 4);
    words[0] = BPE_TOKENS;
    words[1] = BPE_SLOTS;
    words[3] = 266;
    words[4] = 0xFFFFFFFFu;
    words[5] = flags;
    words[6] = 1;
    words[7] = 266;
    words[16] = BPE_ADDED;
    words[17] = 1;
    bpe_put_merges(words);
    for (id = 0; id < BPE_TOKENS; id++) {
        ((uint8_t *)(words + BPE_ATTRIBUTES))[id] = 1;
        words[BPE_SORTED + id] = id;
        if (id < 256) words[BPE_BYTES + id] = id;
        words[BPE_OFFSETS + id] = used;
        used += (uint32_t)bpe_token_text(id, blob + used);
    }
    words[BPE_OFFSETS + BPE_TOKENS] = used;
    words[15] = used;
    qsort(words + BPE_SORTED, BPE_TOKENS, 4, bpe_compare);
    for (i = 0; i < BPE_ADDED; i++) {
        uint32_t *a = words + BPE_ADDED_AT + 4 * i;
        a[0] = bpe_added[i].id;
        a[1] = words[BPE_OFFSETS + a[0]];
        a[2] = (uint32_t)strlen(bpe_added[i].text);
        a[3] = bpe_added[i].flags;
    }
    return BPE_BLOB * 4 + used;
}

static const struct {
    const char *text;
    int prefix;
    slm_token ids[24];
} bpe_cases[] = {
    {"we'll I've", 0, {119, 101, 39, 265, 32, 73, 39, 118, 101, -1}},
    {"<r>\011<r> \011a \011b", 0, {270, 270, 97, 273, 98, -1}},
    {"\012b", 0, {10, 98, -1}},
    {"\012\012b", 0, {10, 10, 98, -1}},
    {"the the", 0, {257, 258, -1}},
    {"  the   b", 0, {272, 257, 267, 98, -1}},
    {"aaaaab aabb", 0, {260, 261, 32, 259, 98, 98, -1}},
    {"it's all's 'll'd", 0, {105, 116, 264, 32, 97, 265, 264, 32, 39, 265, 39, 100, -1}},
    {"a\012\012 b \012", 0, {97, 10, 10, 32, 98, 32, 10, -1}},
    {"x<s>y<s>>z", 0, {120, 266, 121, 266, 62, 122, -1}},
    {"a<w> b<w>c <w>", 0, {97, 60, 119, 62, 32, 98, 60, 119, 62, 99, 32, 268, -1}},
    {"a  <l> b<r>  <r>c", 0, {97, 269, 32, 98, 270, 272, 270, 99, -1}},
    {"\344\270\2551\331\243a\302\262", 0, {228, 184, 173, 49, 217, 163, 97, 194, 178, -1}},
    {"\302\240\343\200\200a\342\200\203", 0, {194, 160, 227, 128, 128, 97, 226, 128, 131, -1}},
    {"e\314\201\303\251_1", 0, {101, 204, 129, 195, 169, 95, 49, -1}},
    {"      \011  ", 0, {267, 267, 273, 272, -1}},
    {" ", 0, {32, -1}},
    {"a\302\205b\034c", 0, {97, 194, 133, 98, 28, 99, -1}},
    {"\307\205\360\237\230\200s's", 0, {199, 133, 240, 159, 152, 128, 115, 264, -1}},
    {"<w>\314\201<w>_<w>\342\200\215<w>", 0,
     {60, 119, 62, 204, 129, 60, 119, 62, 95, 60, 119, 62, 226, 128, 141, 60, 119, 62, -1}},
    {"we'll I've", 1, {32, 119, 101, 39, 265, 32, 73, 39, 118, 101, -1}},
    {"\012b", 1, {32, 10, 98, -1}},
    {"\012\012b", 1, {32, 10, 10, 98, -1}},
    {"the the", 1, {258, 258, -1}},
    {"it's all's 'll'd", 1, {32, 105, 116, 264, 32, 97, 265, 264, 32, 39, 265, 39, 100, -1}},
    {"a\012\012 b \012", 1, {32, 97, 10, 10, 32, 98, 32, 10, -1}},
    {"x<s>y<s>>z", 1, {32, 120, 266, 32, 121, 266, 32, 62, 122, -1}},
    {"\302\240\343\200\200a\342\200\203", 1, {32, 194, 160, 227, 128, 128, 97, 226, 128, 131, -1}},
    {" ", 1, {32, -1}},
};

static void test_utf8(void) {
    static const struct {
        const char *text;
        uint32_t code; /* 0xFFFFFFFF: a bad byte, alone */
    } cases[] = {
        {"\x7F", 0x7F}, {"\xC2\x80", 0x80}, {"\xDF\xBF", 0x7FF}, {"\xE0\xA0\x80", 0x800},
        {"\xED\x9F\xBF", 0xD7FF}, {"\xEE\x80\x80", 0xE000}, {"\xEF\xBF\xBF", 0xFFFF},
        {"\xF0\x90\x80\x80", 0x10000}, {"\xF4\x8F\xBF\xBF", 0x10FFFF},
        {"\x80", 0xFFFFFFFFu}, {"\xC0\xA0", 0xFFFFFFFFu}, {"\xC1\xBF", 0xFFFFFFFFu},
        {"\xE0\x9F\xBF", 0xFFFFFFFFu}, {"\xED\xA0\x80", 0xFFFFFFFFu},
        {"\xED\xBF\xBF", 0xFFFFFFFFu}, {"\xF0\x8F\xBF\xBF", 0xFFFFFFFFu},
        {"\xF4\x90\x80\x80", 0xFFFFFFFFu}, {"\xF5\x80\x80\x80", 0xFFFFFFFFu},
        {"\xE4\xB8", 0xFFFFFFFFu}, {"\xE4\xB8?", 0xFFFFFFFFu}, {"\xFF", 0xFFFFFFFFu}};
    size_t i;
    for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = strlen(cases[i].text);
        uint32_t code;
        size_t length = slm__character((const uint8_t *)cases[i].text, size, &code);
        CHECK(code == cases[i].code && length == (code == 0xFFFFFFFFu ? 1 : size),
              "valid UTF-8 and nothing else is decoded");
    }
}

/* slm__encode_text with its list spelled out. */
static slm_result tokenizer_encode(const slm__tokenizer *t, const char *text, size_t size,
                                   unsigned flags, slm_token *tokens, size_t capacity,
                                   size_t *count, void *scratch, size_t scratch_size,
                                   const slm_allocator *allocator) {
    slm__token_list out;
    slm_result result;
    out.tokens = tokens;
    out.capacity = capacity;
    out.scratch = scratch;
    out.scratch_size = scratch_size;
    out.allocator = allocator;
    result = slm__encode_text(t, text, size, flags, &out);
    *count = out.count;
    return result;
}

static void test_bpe_cases(void) {
    static uint32_t words[BPE_WORDS];
    static const slm_token raw[] = {32, 120, 60, 115, 62, 121};
    slm__tokenizer t;
    slm_token got[32];
    size_t i, count, wanted;
    for (i = 0; i < sizeof bpe_cases / sizeof bpe_cases[0]; i++) {
        size_t size = bpe_build(words, bpe_cases[i].prefix ? 2 : 0);
        const char *text = bpe_cases[i].text;
        CHECK(!slm__tokenizer_bind(&t, SLM__BYTES, (const uint8_t *)words, size),
              "the tokenizer is sound");
        for (wanted = 0; bpe_cases[i].ids[wanted] >= 0; wanted++) {}
        CHECK(tokenizer_encode(&t, text, strlen(text), SLM_PARSE_SPECIAL, got, 32, &count, NULL, 0,
                              NULL) == SLM_OK &&
                  count == wanted && !memcmp(got, bpe_cases[i].ids, wanted * sizeof got[0]), text);
    }
    CHECK(tokenizer_encode(&t, "x<s>y", 5, 0, got, 32, &count, NULL, 0, NULL) == SLM_OK &&
              count == 6 && !memcmp(got, raw, sizeof raw), "special tokens as plain text");
    CHECK(tokenizer_encode(&t, "abc", 3, SLM_ADD_BOS, got, 32, &count, NULL, 0, NULL) == SLM_OK &&
              count == 3, "no BOS where the tokenizer adds none");
    bpe_build(words, 1);
    CHECK(!slm__tokenizer_bind(&t, SLM__BYTES, (const uint8_t *)words, bpe_build(words, 1)) &&
              tokenizer_encode(&t, "", 0, SLM_ADD_BOS, got, 1, &count, NULL, 0, NULL) == SLM_OK &&
              count == 1 && got[0] == 266, "BOS before an empty text");
    got[1] = -7;
    CHECK(tokenizer_encode(&t, "xyz", 3, 0, got, 1, &count, NULL, 0, NULL) == SLM_ERR_CAPACITY &&
              count == 3 && got[0] == 'x' && got[1] == -7, "the full need, nothing beyond");
}

/* The rule itself, over all pairs again and again. */
static size_t bpe_merge_plainly(const slm__tokenizer *t, uint32_t *symbols, size_t count) {
    for (;;) {
        uint32_t best = SLM__NO_TOKEN, becomes = 0, result;
        size_t at = 0, i;
        for (i = 0; i + 1 < count; i++) {
            uint32_t rank = slm__merge_rank(t, symbols[i], symbols[i + 1], &result);
            if (rank >= best) continue;
            best = rank;
            at = i;
            becomes = result;
        }
        if (best == SLM__NO_TOKEN) return count;
        symbols[at] = becomes;
        count--;
        for (i = at + 1; i < count; i++) symbols[i] = symbols[i + 1];
    }
}

static void test_bpe_long_words(void) {
    static uint32_t words[BPE_WORDS], symbols[300];
    static uint64_t scratch[1200];
    slm__tokenizer t;
    slm_token got[300];
    uint32_t seed = 1, same = 0, round;
    size_t size, i, count, wanted;
    char text[300];
    slm__tokenizer_bind(&t, SLM__BYTES, (const uint8_t *)words, bpe_build(words, 0));
    for (round = 0; round < 600; round++) {
        size = 1 + round % 290;
        for (i = 0; i < size; i++) {
            text[i] = "aabthel"[(seed >> 20) % 7];
            symbols[i] = (unsigned char)text[i];
            seed = seed * 1664525u + 1013904223u;
        }
        wanted = bpe_merge_plainly(&t, symbols, size);
        if (tokenizer_encode(&t, text, size, 0, got, 300, &count, scratch, sizeof scratch, NULL) ==
                SLM_OK &&
            count == wanted && !memcmp(got, symbols, wanted * sizeof got[0]))
            same++;
    }
    CHECK(same == 600, "words of 1 to 290 bytes merge as the plain rule merges them");
    memset(text, 'a', sizeof text);
    CHECK(tokenizer_encode(&t, text, 64, 0, got, 300, &count, NULL, 0, NULL) == SLM_OK,
          "64 bytes need no memory");
    CHECK(tokenizer_encode(&t, text, 65, 0, got, 300, &count, scratch,
                          slm__bpe_scratch_size(65) - 16, NULL) == SLM_ERR_MEMORY &&
              tokenizer_encode(&t, text, 65, 0, got, 300, &count, scratch,
                              slm__bpe_scratch_size(65), NULL) == SLM_OK,
          "the scratch that slm__bpe_scratch_size says is enough and needed");
}

/* Every byte string decodes to itself where no added token swallows white space. */
static void test_bpe_any_bytes(void) {
    static uint32_t words[BPE_WORDS];
    static const char bytes[] = "a \n'st\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80\xED\xA0\xFF\xC0\xF5<>";
    slm__tokenizer t;
    slm_token got[64];
    uint32_t seed = 7, same = 0, round;
    slm__tokenizer_bind(&t, SLM__BYTES, (const uint8_t *)words, bpe_build(words, 0));
    for (round = 0; round < 20000; round++) {
        char text[60], back[60 + 16];
        size_t size = round % 60, at = 0, i, count;
        for (i = 0; i < size; i++) {
            text[i] = bytes[(seed >> 16) % (sizeof bytes - 1)];
            if (round % 3 == 0) text[i] = (char)(seed >> 22);
            if (text[i] == '\t') text[i] = 'a'; /* the token with lstrip swallows spaces */
            seed = seed * 1664525u + 1013904223u;
        }
        if (tokenizer_encode(&t, text, size, 0, got, 64, &count, NULL, 0, NULL) != SLM_OK) continue;
        for (i = 0; i < count && at <= size; i++) {
            uint32_t start = t.offsets[got[i]], stop = t.offsets[got[i] + 1];
            memcpy(back + at, t.blob + start, stop - start);
            at += stop - start;
        }
        same += at == size && !memcmp(back, text, size);
    }
    CHECK(same == 20000, "any bytes decode to themselves");
}

static void test_bpe_damage(void) {
    static uint32_t words[BPE_WORDS];
    static const struct {
        int word;
        uint32_t value;
    } damage[] = {
        {0, 0}, {0, 0x7FFFFFFF}, {1, 31}, {1, 0x80000000u}, {2, 0}, {2, 33}, {3, BPE_TOKENS},
        {4, 0xFFFFFFFEu}, {6, 9}, {7, BPE_TOKENS}, {7, 0xFFFFFFFFu}, {15, 400}, {16, 0x10000000},
        {17, 0}, {BPE_OFFSETS, 2}, {BPE_OFFSETS + BPE_TOKENS, 0xFFFF}, {BPE_SORTED, BPE_TOKENS},
        {BPE_SORTED + 9, 5}, {BPE_BYTES + 65, BPE_TOKENS}, {BPE_ADDED_AT, BPE_TOKENS},
        {BPE_ADDED_AT + 1, 0xFFFFFFF0u}, {BPE_ADDED_AT + 2, 0}, {BPE_ADDED_AT + 10, 1}};
    slm__tokenizer t;
    size_t i, size, cut, refused = 0, bad_merges = 0, merges = 0;
    for (i = 0; i < sizeof damage / sizeof damage[0]; i++) {
        size = bpe_build(words, 0);
        words[damage[i].word] = damage[i].value;
        if (slm__tokenizer_bind(&t, SLM__BYTES, (const uint8_t *)words, size)) refused++;
    }
    CHECK(refused == sizeof damage / sizeof damage[0], "each damaged field is refused");
    size = bpe_build(words, 0);
    for (i = 0; i < 4 * BPE_SLOTS; i++) {
        uint32_t *word = words + BPE_TABLE + i, saved = *word;
        if (words[BPE_TABLE + i / 4 * 4] == 0xFFFFFFFFu || i % 4 == 2) continue;
        merges++;
        *word = BPE_TOKENS;
        bad_merges += slm__tokenizer_bind(&t, SLM__BYTES, (const uint8_t *)words, size) != NULL;
        *word = saved;
    }
    CHECK(merges == 3 * BPE_MERGES && bad_merges == merges, "each merge's tokens are checked");
    for (refused = cut = 0; cut < size; cut++)
        refused += slm__tokenizer_bind(&t, SLM__BYTES, (const uint8_t *)words, cut) != NULL;
    CHECK(refused == size, "a shorter section is refused");
    CHECK(slm__tokenizer_bind(&t, SLM__BYTES, NULL, 0) != NULL, "no section is refused");
}

static void test_tokenizer(void) {
    test_utf8();
    test_bpe_cases();
    test_bpe_long_words();
    test_bpe_any_bytes();
    test_bpe_damage();
}
