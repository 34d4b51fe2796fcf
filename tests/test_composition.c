/* Classes of characters and NFC against the pinned tokenizers': hashes in
   tests/golden/composition.txt, made by make_composition.py, which says what they are of. Part of
   the runner. */

#define COMPOSITION_COUNT(table) ((uint32_t)(sizeof(table) / sizeof(table)[0]))
enum { COMPOSITION_STRINGS = 10, COMPOSITION_BYTES = 11, COMPOSITION_ROWS = 12 };
#define COMPOSITION_ROW 1000000u

static ids_tokenizer composition; /* the golden file alone */
static uint8_t *composition_out, *composition_again;
static size_t composition_room;
static unsigned long composition_doubted; /* texts in NFC that slm__is_nfc was not sure of */

/* ---- the generator: make_composition.py has the same ------------------------------------- */

typedef uint32_t composition_range[2];

static const composition_range composition_ranges[] = {
    {0xA0, 0x1B0}, {0x1E00, 0x100}, {0x1F00, 0x100}, {0x370, 0x60}, {0x400, 0x60}, {0x300, 0x70},
    {0x340, 6}, {0x591, 48}, {0x5D0, 32}, {0x610, 80}, {0x6C0, 24}, {0x730, 32}, {0x928, 24},
    {0x958, 8}, {0x9BC, 36}, {0xA30, 16}, {0xB3C, 36}, {0xB92, 3}, {0xBBE, 26}, {0xC46, 18},
    {0xCBC, 28}, {0xD3E, 26}, {0xDCA, 22}, {0xE38, 20}, {0xEB8, 20}, {0xF39, 128}, {0x1025, 24},
    {0x1100, 256}, {0x135D, 3}, {0x1B05, 64}, {0x1BE6, 2}, {0x1DC0, 64}, {0x2000, 8}, {0x20D0, 33},
    {0x2126, 6}, {0x2190, 64}, {0x2200, 176}, {0x2329, 2}, {0x2ADC, 2}, {0x302A, 6}, {0x3046, 96},
    {0x30A6, 90}, {0x4E00, 256}, {0xA66F, 14}, {0xA960, 32}, {0xAC00, 11172}, {0xD7B0, 80},
    {0xF900, 512}, {0xFB1D, 52}, {0xFE20, 16}, {0x11080, 60}, {0x11127, 14}, {0x11331, 50},
    {0x114B0, 24}, {0x115AF, 18}, {0x1D157, 32}, {0x1D1B9, 10}, {0x1E000, 43}, {0x1E8D0, 7},
    {0x1E944, 7}, {0x2F800, 544}, {0x1F600, 64}};
static const composition_range composition_marks[] = {
    {0x300, 0x70}, {0x300, 0x70}, {0x334, 5}, {0x591, 45}, {0x610, 11}, {0x64B, 21}, {0x730, 27},
    {0x8D3, 32}, {0x93C, 1}, {0x94D, 1}, {0xC55, 2}, {0xE38, 3}, {0xE48, 4}, {0xEB8, 3},
    {0xEC8, 4}, {0xF18, 2}, {0xF71, 20}, {0x1DC0, 58}, {0x20D0, 13}, {0x302A, 6}, {0x3099, 2},
    {0xFB1E, 1}, {0xFE20, 16}, {0x110B9, 2}, {0x16FF0, 2}, {0x1D165, 5}, {0x1E8D0, 7},
    {0x1E944, 7}};
static const uint32_t composition_latin[] = {
    0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x309, 0x30A, 0x30B, 0x30C, 0x31B,
    0x323, 0x324, 0x325, 0x326, 0x327, 0x328, 0x32D, 0x32E, 0x330, 0x331, 0x338};
static const uint32_t composition_greek[] = {0x300, 0x301, 0x304, 0x306, 0x308,
                                             0x313, 0x314, 0x342, 0x345};
static const composition_range composition_firsts[] = {
    {0x915, 40}, {0x9C7, 1}, {0xB47, 1}, {0xB92, 1}, {0xBC6, 2}, {0xC46, 1}, {0xCBF, 14},
    {0xD46, 2}, {0xDD9, 4}, {0x1025, 1}, {0x1B05, 60}, {0x3046, 64}, {0x30A6, 90}, {0x5D0, 27},
    {0x627, 36}, {0x6C1, 20}, {0x2190, 600}, {0x11099, 24}, {0x11131, 2}, {0x11347, 1},
    {0x114B9, 1}, {0x115B8, 2}, {0x1D157, 8}, {0x1D1B9, 6}};
static const uint32_t composition_seconds[] = {
    0x338, 0x5B7, 0x5BC, 0x5C1, 0x653, 0x654, 0x655, 0x93C, 0x9BE, 0x9D7, 0xB3E, 0xB56, 0xB57,
    0xBBE, 0xBD7, 0xC56, 0xCC2, 0xCD5, 0xCD6, 0xD3E, 0xD57, 0xDCA, 0xDCF, 0xDDF, 0x102E, 0x1B35,
    0x3099, 0x309A, 0x110BA, 0x11127, 0x1133E, 0x11357, 0x114B0, 0x114BA, 0x114BD, 0x115AF,
    0x1D165, 0x1D16E, 0x1D16F};
static const composition_range composition_starters[] = {
    {0x20, 0x3400}, {0xAC00, 600}, {0x10FF0, 0x610}, {0x1D100, 0x100}};

static uint32_t composition_any(texts_random *r, const composition_range *ranges, uint32_t count) {
    const uint32_t *range = ranges[texts_draw(r, count)];
    return range[0] + texts_draw(r, range[1]);
}
#define COMPOSITION_ANY(r, ranges) composition_any(r, ranges, COMPOSITION_COUNT(ranges))
#define COMPOSITION_LISTED(r, codes) (codes)[texts_draw(r, COMPOSITION_COUNT(codes))]

static uint32_t composition_jamo(texts_random *r) {
    switch (texts_draw(r, 4)) {
    case 0: return 0x1100 + texts_draw(r, 19);
    case 1: return 0x1161 + texts_draw(r, 21);
    case 2: return 0x11A7 + texts_draw(r, 28);
    default: return 0xAC00 + 28 * texts_draw(r, 399);
    }
}

static uint32_t composition_character(texts_random *r, uint32_t kind) {
    if (kind < 3) return COMPOSITION_ANY(r, composition_ranges);
    if (kind < 5) return COMPOSITION_LISTED(r, composition_latin);
    if (kind == 5) return COMPOSITION_LISTED(r, composition_greek);
    if (kind == 6) return composition_jamo(r);
    if (kind == 7) return COMPOSITION_ANY(r, composition_marks);
    if (kind == 8) return COMPOSITION_LISTED(r, composition_seconds);
    texts_draw(r, 1); /* the one range of ASCII */
    return 0x20 + texts_draw(r, 95);
}

static void composition_piece(texts_random *r, texts_text *out) {
    static const uint32_t most[10] = {3, 3, 3, 5, 5, 4, 6, 12, 3, 12};
    uint32_t kind = texts_draw(r, 10), count = most[kind], first;
    if (kind == 3 || kind == 4) {
        first = texts_draw(r, 2) ? 0x41 : 0x61;
        texts_put_code(out, first + texts_draw(r, 26));
    }
    if (kind == 5) texts_put_code(out, 0x391 + texts_draw(r, 0x3A));
    if (kind == 7 && !texts_draw(r, 40)) count = 200;
    if (kind == 8) texts_put_code(out, COMPOSITION_ANY(r, composition_firsts));
    for (count = 1 + texts_draw(r, count); count; count--)
        texts_put_code(out, composition_character(r, kind));
}

static void composition_string(texts_text *out, unsigned stream, unsigned number) {
    texts_random r = texts_seed(stream, number);
    uint32_t count;
    out->size = 0;
    for (count = 1 + texts_draw(&r, 10); count; count--) composition_piece(&r, out);
    if (stream != COMPOSITION_BYTES) return;
    for (count = 1 + texts_draw(&r, 5); count; count--) { /* damages it */
        size_t at = texts_draw(&r, (uint32_t)out->size + 1);
        uint32_t edit = texts_draw(&r, 4);
        if (edit == 0) {
            char byte = (char)(0x80 + texts_draw(&r, 128));
            texts_insert(out, at, &byte, 1);
        } else if (edit == 1 && at < out->size) {
            memmove(out->bytes + at, out->bytes + at + 1, out->size - at - 1);
            out->size--;
        } else if (edit == 2) {
            const char *bad = texts_bad[texts_draw(&r, COMPOSITION_COUNT(texts_bad))];
            texts_insert(out, at, bad, strlen(bad));
        } else if (edit == 3 && texts_draw(&r, 4) == 0) out->size = at;
    }
}

/* ---- one text ---------------------------------------------------------------------------- */

/* The NFC is in composition_out. It is counted alike, is its own NFC, no larger than it may be,
   and no text that slm__is_nfc passes differs from it. */
static size_t composition_of(const uint8_t *text, size_t size) {
    size_t room = SLM__NFC_GROWTH * size + 1, written, same;
    if (room > composition_room) {
        composition_room = room;
        composition_out = (uint8_t *)realloc(composition_out, room);
        composition_again = (uint8_t *)realloc(composition_again, room * SLM__NFC_GROWTH);
    }
    composition_out[room - 1] = 0xA5;
    written = slm__nfc(text, size, composition_out);
    if (written >= room || composition_out[room - 1] != 0xA5)
        CHECK(0, "a text's NFC has at most three times its bytes");
    if (slm__nfc(text, size, NULL) != written) CHECK(0, "NFC is counted as it is written");
    same = slm__nfc(composition_out, written, composition_again);
    if (same != written || memcmp(composition_out, composition_again, written))
        CHECK(0, "NFC is its own NFC");
    same = size == written && !memcmp(text, composition_out, size);
    if (slm__is_nfc(text, size)) {
        if (!same) CHECK(0, "what changes is not its own NFC");
    } else composition_doubted += same;
    return written;
}

static uint64_t composition_mix(uint64_t hash, const texts_text *in) {
    size_t size = composition_of(in->bytes, in->size);
    return ids_mix_bytes(hash, composition_out, size);
}

/* ---- sections ---------------------------------------------------------------------------- */

static void composition_compare_generators(void) {
    size_t count, each, i, n;
    const char *want = ids_section(&composition, "generator", &count, &each);
    texts_text *in = (texts_text *)malloc(sizeof *in);
    CHECK(count == 2, "there are hashes of texts");
    for (i = 0; i < count; i++) {
        uint64_t hash = IDS_START;
        for (n = 0; n < each; n++) {
            composition_string(in, i ? COMPOSITION_BYTES : COMPOSITION_STRINGS, (unsigned)n);
            hash = ids_mix_bytes(hash, in->bytes, in->size);
        }
        CHECK(hash == ids_hash(want, i), "C and Python generate the same texts");
    }
    free(in);
}

static void composition_compare_strings(const char *what, unsigned stream) {
    size_t count, each, block, n, bad = 0;
    const char *want = ids_section(&composition, what, &count, &each);
    texts_text *in = (texts_text *)malloc(sizeof *in);
    for (block = 0; block < count; block += ids_every) {
        uint64_t hash = IDS_START;
        for (n = 0; n < each; n++) {
            composition_string(in, stream, (unsigned)(block * each + n));
            hash = composition_mix(hash, in);
        }
        if (hash != ids_hash(want, block) && ++bad <= 3)
            ids_mismatch(&composition, what, block, each);
    }
    CHECK(count > 0 && bad == 0, what);
    free(in);
}

/* A character's classes, found from its code, its first byte and its last. */
static unsigned composition_classes(texts_text *in, uint32_t code) {
    unsigned classes = slm__class_of(code);
    size_t after, before;
    in->size = 0;
    texts_put_code(in, code);
    if (slm__class_at(in->bytes, in->size, &after) != classes || after != in->size ||
        slm__class_before(in->bytes, in->size, &before) != classes || before != in->size)
        CHECK(0, "a character has the same classes from both sides");
    return classes;
}

static void composition_compare_points(void) {
    size_t count, each, block, n, bad = 0, wrong = 0;
    const char *classes = ids_section(&composition, "classes", &count, &each);
    const char *alone = ids_section(&composition, "alone", &count, &each);
    texts_text *in = (texts_text *)malloc(sizeof *in);
    composition_doubted = 0;
    for (block = 0; block < count; block++) {
        uint64_t hash = IDS_START, class_hash = IDS_START;
        for (n = 0; n < each; n++) {
            uint32_t code = (uint32_t)(block * each + n);
            if (ids_is_surrogate(code)) continue;
            class_hash = ids_mix(class_hash, composition_classes(in, code));
            hash = composition_mix(hash, in);
        }
        class_hash = ids_mix(class_hash, IDS_END);
        if (hash != ids_hash(alone, block) && ++bad <= 3)
            ids_mismatch(&composition, "alone", block, each);
        if (class_hash != ids_hash(classes, block) && ++wrong <= 3)
            ids_mismatch(&composition, "classes", block, each);
    }
    CHECK(count == 272 && bad == 0, "each code point's NFC");
    CHECK(wrong == 0, "each code point's classes");
    CHECK(composition_doubted == 110, "only what may join something is doubted");
    CHECK(!slm__class_of(0x110000) && !slm__class_of(0xFFFFFFFFu), "what is none has no class");
    free(in);
}

static void composition_compare_pairs(void) {
    size_t marks, each, count, block, n, starter, bad = 0;
    const char *mark = ids_section(&composition, "marks", &marks, &each);
    const char *want = ids_section(&composition, "pairs", &count, &each);
    texts_text *in = (texts_text *)malloc(sizeof *in);
    CHECK(count == marks && count > 100 && each > 10000, "there are pairs");
    for (block = 0; block < count; block += ids_every) {
        uint64_t hash = IDS_START;
        for (n = 0; n < COMPOSITION_COUNT(composition_starters); n++)
            for (starter = 0; starter < composition_starters[n][1]; starter++) {
                in->size = 0;
                texts_put_code(in, composition_starters[n][0] + (uint32_t)starter);
                texts_put_code(in, (uint32_t)ids_hash(mark, block));
                hash = composition_mix(hash, in);
            }
        if (hash != ids_hash(want, block) && ++bad <= 3)
            printf("  pairs differ with U+%04lX\n", (unsigned long)ids_hash(mark, block));
    }
    CHECK(bad == 0, "pairs of characters");
    free(in);
}

/* ---- long rows --------------------------------------------------------------------------- */

static size_t composition_row(uint8_t *row, unsigned number) {
    static const uint32_t falling[8] = {0x345, 0x301, 0x323, 0x31B, 0x327, 0x3099, 0x93C, 0x334};
    texts_random r = texts_seed(COMPOSITION_ROWS, number);
    size_t size = 1;
    uint32_t i;
    row[0] = (uint8_t)"aeo"[number];
    for (i = 0; i < COMPOSITION_ROW; i++)
        size += slm__put_code(number == 0 ? COMPOSITION_ANY(&r, composition_marks)
                              : number == 1 ? 0x301 : falling[i % 8], row + size);
    return size;
}

static double composition_time(const uint8_t *text, size_t size) {
    clock_t start = clock();
    slm__nfc(text, size, NULL);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void composition_compare_rows(void) {
    uint8_t *row = (uint8_t *)malloc(4 * COMPOSITION_ROW + 4);
    size_t count, each, size;
    const char *want = ids_section(&composition, "rows", &count, &each);
    unsigned i;
    CHECK(count == 3, "there are rows");
    for (i = 0; i < count; i++) {
        double seconds;
        size = composition_row(row, i);
        seconds = composition_time(row, size);
        printf("  a million marks: %.2f s\n", seconds);
        if (ids_every == 1) CHECK(seconds < 2, "a million marks take less than 2 s");
        size = composition_of(row, size);
        CHECK(ids_mix_bytes(IDS_START, composition_out, size) == ids_hash(want, i),
              "a million marks are ordered and composed");
    }
    memset(row, 0x80, 4 * COMPOSITION_ROW); /* bad bytes, and a mark for which all is looked at */
    row[0] = 'a';
    size = 4 * COMPOSITION_ROW;
    size += slm__put_code(0x301, row + size);
    if (ids_every == 1) CHECK(composition_time(row, size) < 2, "so do bad bytes before one");
    CHECK(composition_of(row, size) == size, "a mark joins no bad byte");
    free(row);
}

/* ---- single cases ------------------------------------------------------------------------ */

static void composition_check(const char *text, const char *nfc, int sure) {
    const uint8_t *bytes = (const uint8_t *)text;
    size_t size = composition_of(bytes, strlen(text));
    CHECK(size == strlen(nfc) && !memcmp(composition_out, nfc, size), nfc);
    CHECK(slm__is_nfc(bytes, strlen(text)) == sure, text);
}

static void composition_check_cases(void) {
    static const char plain[] = "plain text of more than eight bytes";
    static const char mixed[] = "caf\303\251 \344\270\255 \355\225\234";
    CHECK(slm__nfc(NULL, 0, NULL) == 0 && slm__is_nfc(NULL, 0), "no text is in NFC");
    composition_check(plain, plain, 1);
    composition_check(mixed, mixed, 1);
    composition_check("eight bytes, e\314\201", "eight bytes, \303\251", 0);
    composition_check("\314\201a\314\201", "\314\201\303\241", 0);
    composition_check("\303\314\201", "\303\314\201", 0); /* half a character */
    composition_check("\200\314\201\314\243", "\200\314\243\314\201", 0);
    composition_check("a\360\235\205\240", "a\360\235\205\230\360\235\205\245\360\235\205\256", 0);
    composition_check("\341\204\222\341\205\241\341\206\253", "\355\225\234", 0);
    composition_check("q\314\243\314\207", "q\314\243\314\207", 0);
    composition_check("q\314\224\314\207", "q\314\224\314\207", 0);
    composition_check("x\315\235\315\240 x\314\226\314\205", "x\315\235\315\240 x\314\226\314\205",
                      1);
}

static void test_composition(void) {
    const char *every = getenv("IDS_EVERY");
    size_t size;
    if (every && atoi(every) > 0) ids_every = (size_t)atoi(every);
    composition.name = "composition";
    composition.golden = ids_read("tests/golden/composition.txt", &size);
    CHECK(composition.golden, "there are hashes of NFC");
    if (!composition.golden) return;
    composition_check_cases();
    composition_compare_generators();
    composition_compare_points();
    composition_compare_pairs();
    composition_compare_strings("strings", COMPOSITION_STRINGS);
    composition_compare_strings("bytes", COMPOSITION_BYTES);
    composition_compare_rows();
    free(composition.golden);
    free(composition_out);
    free(composition_again);
}
