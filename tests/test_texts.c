/* The generator of random texts: make_token_ids.py, make_sentencepiece.py and make_splits.py have the
   same, and draw in the same order. Part of the runner. */

typedef struct texts_random {
    uint64_t state;
} texts_random;

#define TEXTS_MOST 16384 /* no text is longer */

typedef struct texts_text {
    unsigned char bytes[TEXTS_MOST];
    size_t size;
} texts_text;

enum { TEXTS_STRINGS = 1, TEXTS_CODE = 2, TEXTS_SEQUENCES = 3, TEXTS_BYTES = 4, TEXTS_MARKS = 5,
       TEXTS_MIXED = 6, TEXTS_SPLITS = 7 };

static uint32_t *texts_borders; /* where a class of characters begins or ends */
static uint32_t texts_border_count;

static texts_random texts_seed(unsigned stream, unsigned number) {
    texts_random r;
    r.state = (uint64_t)stream << 32 | number;
    return r;
}

/* splitmix64; a number below n. */
static uint32_t texts_draw(texts_random *r, uint32_t n) {
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(((z ^ z >> 31) >> 32) * n >> 32);
}

#define TEXTS_COUNT(table) ((uint32_t)(sizeof(table) / sizeof(table)[0]))

static const char *const texts_words[] = {
    "the", "of", "and", "to", "in", "is", "was", "he", "for", "it", "with", "as", "his", "on",
    "be", "at", "by", "had", "not", "are", "but", "from", "or", "have", "an", "they", "which",
    "one", "you", "were", "her", "all", "she", "there", "would", "their", "we", "him", "been",
    "has", "when", "who", "will", "more", "no", "if", "out", "so", "said", "what", "up", "its",
    "about", "into", "than", "them", "can", "only", "other", "new", "some", "could", "time",
    "these", "two", "may", "then", "do", "first", "any", "my", "now", "such", "like", "our",
    "over", "man", "me", "even", "most", "made", "return", "int", "void", "static", "const",
    "struct", "include", "define", "print", "self", "def", "class", "import", "lambda",
    "tokenizer", "language", "model", "unbelievable", "internationalization", "xyz", "qq", "Zz",
    "iPhone", "NASA"};
static const uint32_t texts_spaces[] = {
    0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2005, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
    0x3000, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x1F, 0x0D, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060,
    0xFEFF};
static const char *const texts_lines[] = {"\n", "\n\n", "\n\n\n", "\r\n", "\r", " \n", "\n ",
                                          "\n  ", "\t\n", "\n\t", " \n \n ", "\r\n\r\n"};
static const char *const texts_short[] = {
    "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'Ve", "'M", "'LL", "'D", "'l",
    "'r", "'v", "'", "''", "\xE2\x80\x99s", "' s", "'e"};
static const char texts_punctuation[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
static const uint32_t texts_scripts[][2] = {
    {0x100, 0x150}, {0x250, 0x60}, {0x370, 0x90}, {0x400, 0x130}, {0x530, 0x60}, {0x590, 0x70},
    {0x600, 0x100}, {0x660, 10}, {0x700, 0x50}, {0x780, 0x40}, {0x900, 0x80}, {0x980, 0x80},
    {0xA00, 0x80}, {0xB80, 0x80}, {0xC00, 0x80}, {0xD80, 0x80}, {0xE00, 0x80}, {0xE80, 0x80},
    {0xF00, 0x100}, {0x1000, 0xA0}, {0x10A0, 0x60}, {0x1100, 0x100}, {0x1200, 0x180},
    {0x13A0, 0x60}, {0x1400, 0x280}, {0x1780, 0x80}, {0x1800, 0xB0}, {0x1E00, 0x100},
    {0x1F00, 0x100}, {0x2000, 0x70}, {0x2070, 0x30}, {0x20A0, 0x30}, {0x2100, 0x50},
    {0x2150, 0x40}, {0x2190, 0x70}, {0x2200, 0x100}, {0x2460, 0xA0}, {0x2500, 0x80},
    {0x2600, 0x100}, {0x2800, 0x100}, {0x2C00, 0x100}, {0x3000, 0x40}, {0x3040, 0x60},
    {0x30A0, 0x60}, {0x3100, 0x30}, {0x3200, 0x100}, {0x3400, 0x19C0}, {0x4E00, 0x5200},
    {0x4E00, 0x200}, {0xA000, 0x490}, {0xA640, 0x60}, {0xA720, 0xE0}, {0xAC00, 0x2BA4},
    {0xE000, 0x100}, {0xF900, 0x200}, {0xFB00, 0x50}, {0xFB50, 0x2B0}, {0xFE00, 0x30},
    {0xFF00, 0xF0}, {0xFFF0, 16}, {0x10000, 0x80}, {0x10330, 0x20}, {0x10900, 0x20},
    {0x11000, 0x80}, {0x12000, 0x400}, {0x13000, 0x430}, {0x16A00, 0x40}, {0x1D165, 0x40},
    {0x1D400, 0x400}, {0x1E900, 0x60}, {0x1F100, 0x100}, {0x20000, 0xA6E0}, {0x2F800, 0x220},
    {0x30000, 0x134B}, {0xE0000, 0x200}, {0xF0000, 0x100}, {0x10FF00, 0x100}};
static const uint32_t texts_runs[] = {0x61, 0x20, 0x3D, 0x2D,   0x30,    0x0A, 0x09,   0x2A,
                                      0x6F, 0x41, 0xE9, 0x4E2D, 0x1F600, 0xA0, 0x3000, 0x301};
static const char *const texts_operators[] = {
    "=", " = ", " == ", "+", " + ", "-", "->", "++", "--", " += ", " && ", " || ", "!", "!=", "<",
    "<=", " << ", ">>", "*", " * ", "&", "(", ")", "()", "[", "]", "{", "}", "};", "),", ");", ";",
    ",", ", ", ".", "::", ":", ": ", "?", "%", "~", "^", " // ", "# ", "/* ", " */", "\"", "'",
    "\\n", "\\", "@", "$", "#include <", "'''", "=> "};
static const char *const texts_bad[] = {
    "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
    "\xED\xA0\xBD\xED\xB8\x80", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
    "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE", "\xFF", "\x80", "\xBF\xBF", "\xC3",
    "\xE4\xB8", "\xE4", "\xF0\x9F\x98", "\xF0\x9F", "\xF0", "\xA0", "\xC2", "\xE2\x80", "\x85"};

/* ---- pieces ------------------------------------------------------------------------------ */

static void texts_put(texts_text *out, const char *bytes, size_t size) {
    if (size > TEXTS_MOST - out->size) abort(); /* the pieces are too long for this buffer */
    memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

static void texts_put_string(texts_text *out, const char *s) { texts_put(out, s, strlen(s)); }

static void texts_put_code(texts_text *out, uint32_t c) {
    char bytes[4];
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;
    for (i = size; i-- > 1; c >>= 6) bytes[i] = (char)(0x80 | (c & 0x3F));
    bytes[0] = (char)(size == 1 ? c : c | (0xF00u >> size & 0xF0));
    texts_put(out, bytes, size);
}

static void texts_repeat(texts_text *out, uint32_t c, uint32_t count) {
    while (count-- > 0) texts_put_code(out, c);
}

static void texts_word(texts_random *r, texts_text *out) {
    const char *word = texts_words[texts_draw(r, TEXTS_COUNT(texts_words))];
    uint32_t style = texts_draw(r, 8);
    size_t i;
    for (i = 0; word[i]; i++) {
        int upper = (style == 0 || (style == 1 && i == 0)) && word[i] >= 'a' && word[i] <= 'z';
        texts_put_code(out, (uint32_t)(word[i] - (upper ? 32 : 0)));
    }
}

static uint32_t texts_space_count(texts_random *r) {
    return texts_draw(r, 4) == 0 ? 1 + texts_draw(r, 40) : 1 + texts_draw(r, 4);
}

static void texts_script(texts_random *r, texts_text *out) {
    const uint32_t *script = texts_scripts[texts_draw(r, TEXTS_COUNT(texts_scripts))];
    uint32_t count = 1 + texts_draw(r, 6);
    while (count-- > 0) texts_put_code(out, script[0] + texts_draw(r, script[1]));
}

static uint32_t texts_any_code(texts_random *r) {
    uint32_t c = texts_draw(r, 0x110000 - 0x800);
    return c < 0xD800 ? c : c + 0x800;
}

static void texts_emoji(texts_random *r, texts_text *out) {
    uint32_t joint;
    texts_put_code(out, 0x1F300 + texts_draw(r, 0x800));
    joint = texts_draw(r, 6);
    if (joint == 0) {
        texts_put_code(out, 0x200D);
        texts_put_code(out, 0x1F300 + texts_draw(r, 0x800));
    } else if (joint == 1) texts_put_code(out, 0xFE0F);
    else if (joint == 2) texts_put_code(out, 0x1F3FB + texts_draw(r, 5));
}

/* Added tokens of the tokenizers, whole or cut short. */
static void texts_added(texts_random *r, texts_text *out) {
    char text[32] = "<|endoftext|>";
    size_t size;
    if (texts_draw(r, 4) >= 2)
        snprintf(text, sizeof text, "<|extratoken_%u|>", (unsigned)texts_draw(r, 150));
    size = strlen(text);
    if (texts_draw(r, 4) == 0) size -= 1 + texts_draw(r, 8);
    texts_put(out, text, size);
}

static uint32_t texts_border(texts_random *r) {
    uint32_t c = texts_borders[texts_draw(r, texts_border_count)];
    c -= texts_draw(r, 2);
    return c >= 0xD800 && c < 0xE000 ? 0xE000 : c;
}

static void texts_marked(texts_random *r, texts_text *out) {
    uint32_t count;
    texts_put_code(out, 0x61 + texts_draw(r, 26));
    count = 1 + texts_draw(r, 3);
    while (count-- > 0) texts_put_code(out, 0x300 + texts_draw(r, 0x70));
}

static void texts_run(texts_random *r, texts_text *out) {
    uint32_t which = texts_draw(r, 20);
    uint32_t c = which < TEXTS_COUNT(texts_runs) ? texts_runs[which] : texts_any_code(r);
    texts_repeat(out, c, 2 + texts_draw(r, 100));
}

/* Pieces of single characters. */
static uint32_t texts_character(texts_random *r, uint32_t kind) {
    switch (kind) {
    case 6: return 0x61 + texts_draw(r, 26);
    case 10: return 0x30 + texts_draw(r, 10);
    case 12: case 13: return (unsigned char)texts_punctuation[texts_draw(r, 32)];
    case 14: return 0x80 + texts_draw(r, 128);
    case 18: return texts_any_code(r);
    case 21: return texts_border(r);
    case 22: return texts_spaces[texts_draw(r, TEXTS_COUNT(texts_spaces))];
    default: return texts_draw(r, 128);
    }
}

static void texts_piece(texts_random *r, texts_text *out) {
    static const uint8_t most[26] = {0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 6, 0, 4,
                                     4, 3, 0, 0, 0, 2, 0, 0, 3, 3, 0, 3, 0};
    uint32_t kind = texts_draw(r, 26), count;
    if (most[kind]) {
        count = 1 + texts_draw(r, most[kind]);
        while (count-- > 0) texts_put_code(out, texts_character(r, kind));
    } else if (kind < 6) {
        if (texts_draw(r, 4)) texts_put_code(out, ' ');
        texts_word(r, out);
    } else if (kind == 7) texts_repeat(out, ' ', texts_space_count(r));
    else if (kind == 8) texts_repeat(out, '\t', 1 + texts_draw(r, 12));
    else if (kind == 9)
        texts_put_string(out, texts_lines[texts_draw(r, TEXTS_COUNT(texts_lines))]);
    else if (kind == 11)
        texts_put_string(out, texts_short[texts_draw(r, TEXTS_COUNT(texts_short))]);
    else if (kind < 18) texts_script(r, out);
    else if (kind == 19) texts_emoji(r, out);
    else if (kind == 20) texts_marked(r, out);
    else if (kind == 23) texts_added(r, out);
    else texts_run(r, out);
}

/* ---- texts ------------------------------------------------------------------------------- */

static void texts_string(texts_random *r, texts_text *out) {
    uint32_t count;
    out->size = 0;
    if (texts_draw(r, 32) == 0) return;
    count = 1 + texts_draw(r, 6);
    while (count-- > 0) texts_piece(r, out);
}

static void texts_identifier(texts_random *r, texts_text *out) {
    uint32_t count;
    texts_word(r, out);
    count = texts_draw(r, 3);
    while (count-- > 0) {
        if (texts_draw(r, 2)) texts_put_code(out, '_');
        texts_word(r, out);
    }
}

static void texts_number(texts_random *r, texts_text *out) {
    char text[40];
    uint32_t style = texts_draw(r, 3), a, b;
    if (style == 0) snprintf(text, sizeof text, "%lu", (unsigned long)texts_draw(r, 100000));
    else if (style == 1)
        snprintf(text, sizeof text, "0x%04lX", (unsigned long)texts_draw(r, 0x1000000));
    else {
        a = texts_draw(r, 10);
        b = texts_draw(r, 1000);
        snprintf(text, sizeof text, "%lu.%lue-%lu", (unsigned long)a, (unsigned long)b,
                 (unsigned long)texts_draw(r, 20));
    }
    texts_put_string(out, text);
}

static void texts_statement(texts_random *r, texts_text *out) {
    uint32_t kind = texts_draw(r, 10);
    if (kind < 3) texts_identifier(r, out);
    else if (kind < 7)
        texts_put_string(out, texts_operators[texts_draw(r, TEXTS_COUNT(texts_operators))]);
    else if (kind == 7) texts_number(r, out);
    else if (kind == 8) texts_repeat(out, ' ', texts_space_count(r));
    else {
        texts_put_code(out, ' ');
        texts_word(r, out);
    }
}

/* What looks like lines of a program. */
static void texts_code(texts_random *r, texts_text *out) {
    uint32_t style = texts_draw(r, 4), lines, count;
    const char *end = texts_draw(r, 6) ? "\n" : "\r\n";
    out->size = 0;
    for (lines = 1 + texts_draw(r, 12); lines > 0; lines--) {
        uint32_t depth = texts_draw(r, 10), mix = texts_draw(r, 9);
        texts_repeat(out, style < 2 ? ' ' : '\t', depth * (style == 0 ? 4 : style == 1 ? 2 : 1));
        if (style == 3) texts_repeat(out, ' ', mix);
        if (texts_draw(r, 8))
            for (count = 1 + texts_draw(r, 10); count > 0; count--) texts_statement(r, out);
        texts_put_string(out, end);
    }
}

static void texts_insert(texts_text *out, size_t at, const char *bytes, size_t size) {
    texts_put(out, bytes, size); /* makes room */
    memmove(out->bytes + at + size, out->bytes + at, out->size - size - at);
    memcpy(out->bytes + at, bytes, size);
}

/* What is not UTF-8, or not all of it. */
static void texts_bytes(texts_random *r, texts_text *out) {
    uint32_t count;
    if (texts_draw(r, 8) == 0) {
        count = texts_draw(r, 40);
        for (out->size = 0; out->size < count; out->size++)
            out->bytes[out->size] = (unsigned char)texts_draw(r, 256);
        return;
    }
    texts_string(r, out);
    for (count = 1 + texts_draw(r, 6); count > 0; count--) {
        size_t at = texts_draw(r, (uint32_t)out->size + 1);
        uint32_t edit = texts_draw(r, 6);
        const char *bad;
        char byte;
        if (edit < 2) {
            byte = (char)(edit == 0 ? texts_draw(r, 256) : 0x80 + texts_draw(r, 128));
            texts_insert(out, at, &byte, 1);
        } else if (edit == 2 && at < out->size) {
            memmove(out->bytes + at, out->bytes + at + 1, out->size - at - 1);
            out->size--;
        } else if (edit == 3 || edit == 4) {
            bad = texts_bad[texts_draw(r, TEXTS_COUNT(texts_bad))];
            texts_insert(out, at, bad, strlen(bad));
        } else if (edit == 5 && texts_draw(r, 4) == 0) out->size = at;
    }
}

/* ---- for SentencePiece: special tokens, U+2581 and bytes written out ---------------------- */

static const char *const texts_marks[] = {
    "<s>", "</s>", "<unk>", "[PAD]", "<|im_start|>", "<|im_end|>", " <s>", "</s> ", " </s> ",
    " <unk> ", "\xE2\x96\x81", "\xE2\x96\x81\xE2\x96\x81", "\xE2\x96\x81 ", " \xE2\x96\x81",
    "\xE2\x96\x81<s>", " ", "  ", "   ", "<0x0A>", "<0x", "<s", "<|im_", "\n", "\n\n", " \n", "((",
    "<tag>", " <tag>", "<odd>", " <odd> ", "<left>", " <left> ", "<right>", " <right> ", "<word>",
    " <word> ", "<|start_story|>", " <|end_story|>", "\x1C", "\xE3\x80\x80", "" /* NUL */};

static void texts_with_marks(texts_random *r, texts_text *out) {
    uint32_t count = 1 + texts_draw(r, 8);
    out->size = 0;
    while (count-- > 0)
        if (texts_draw(r, 2)) {
            const char *mark = texts_marks[texts_draw(r, TEXTS_COUNT(texts_marks))];
            if (*mark) texts_put_string(out, mark);
            else texts_put_code(out, 0);
        } else
            texts_piece(r, out);
}

/* Ids, many of them of bytes or special; the most are 48. */
static size_t texts_mixed(texts_random *r, int32_t *ids, uint32_t tokens) {
    uint32_t many = texts_draw(r, 12);
    size_t count = 0, i;
    texts_text *text = (texts_text *)malloc(sizeof *text);
    while (many-- > 0)
        switch (texts_draw(r, 6)) {
        case 0: ids[count++] = (int32_t)texts_draw(r, 3); break;
        case 1: ids[count++] = (int32_t)texts_draw(r, 262); break;
        case 2: ids[count++] = (int32_t)(tokens - 1 - texts_draw(r, 12)); break;
        case 3: ids[count++] = (int32_t)texts_draw(r, tokens); break;
        default:
            text->size = 0;
            texts_put_code(text, texts_any_code(r));
            text->size = 1 + texts_draw(r, (uint32_t)text->size);
            for (i = 0; i < text->size; i++) ids[count++] = 3 + text->bytes[i];
        }
    free(text);
    return count;
}

/* ---- what rules split at ----------------------------------------------------------------- */

static const char *const texts_quotes[] = {"'", "'", "'", "\xE2\x80\x99", "''", " '"};
static const char *const texts_ends[] = {
    "s", "S", "\xC5\xBF", "t", "T", "d", "D", "m", "M", "re", "RE", "rE", "Re", "ve", "VE", "Ve",
    "ll", "LL", "lL", "l", "r", "v", "e", "\xE2\x84\xAA", "sa", "S1"};
static const uint32_t texts_digits[] = {0x30,  0x30,   0x30,   0xB2,   0x660,
                                        0x966, 0x2160, 0x2460, 0xFF10, 0x1D7CE};
static const char *const texts_blanks[] = {
    " ", " ", " ", "  ", "\t", "\r", "\n", "\n", "\r\n", "\xC2\xA0", "\xE3\x80\x80",
    "\xE2\x80\xA8", "\x0B", "\x0C", "\xC2\x85", "\xE2\x80\x8B"};
static const char *const texts_behind[] = {"/",    "//", "\n",  "\r\n", "/\n",
                                           "\n/", "/a", "\\", " ",    "a"};
static const uint32_t texts_signs[] = {0x20AC, 0xA7,   0xAB,   0xA3,  0xAC,
                                       0x2019, 0x3001, 0xFF01, 0x2500}; /* behind ASCII's 32 */
static const uint32_t texts_letters[][2] = {
    {0x41, 26}, {0x41, 26}, {0x61, 26}, {0x61, 26}, {0x61, 26}, {0x1C4, 9}, {0x2B0, 9}, {0x5D0, 27},
    {0x300, 16}, {0x3041, 86}, {0x410, 64}, {0x130, 2}, {0x1E9E, 1}, {0x10A0, 38}, {0x1F88, 8},
    {0x10400, 80}, {0xE01, 58}, {0x4E00, 64}};
static const uint32_t texts_bases[][2] = {
    {0x61, 26}, {0x41, 26}, {0x3B1, 25}, {0x415, 32}, {0x304B, 32}, {0x915, 37}, {0x5D0, 27},
    {0xC0, 64}, {0x1EA0, 90}, {0x1100, 19}, {0xAC00, 28}};
static const uint32_t texts_accents[] = {
    0x300, 0x301, 0x302, 0x303, 0x304, 0x307, 0x308, 0x30C, 0x323, 0x327, 0x328, 0x331, 0x338, 0x345,
    0x3099, 0x309A, 0x5BC, 0x93C, 0xFE0F, 0x20E3, 0x1161, 0x11A8};
static const uint32_t texts_edges[][2] = {
    {0x1B8, 16}, {0x290, 8}, {0x2AC, 8}, {0x370, 16}, {0x1F5C, 8}, {0x1F7A, 8}, {0x1FD0, 14},
    {0x2100, 80}, {0x7FC, 8}, {0x4DF8, 16}, {0x9FA0, 16}, {0xABFC, 8}, {0xD7A0, 96}, {0x3038, 16},
    {0x3098, 16}, {0x30F8, 16}, {0xFEFC, 8}, {0xFF00, 16}, {0xFF18, 16}, {0xFF38, 40}, {0x2014, 16},
    {0x2FFC, 8}, {0x10448, 16}, {0x118D8, 16}, {0x1E93C, 16}};
static const uint32_t texts_composed[] = {
    0x212B, 0x2126, 0x340, 0x341, 0x343, 0x344, 0x374, 0x37E, 0x387, 0x958, 0x95F, 0x9DC, 0xF43,
    0xF73, 0xF75, 0xF81, 0x1F71, 0x1FBE, 0x1FEF, 0x2000, 0x2001, 0x2329, 0x2ADC, 0xF900, 0xFA0E,
    0xFB1D, 0xFB2C, 0xFB4E, 0x1D15E, 0x1D160, 0x1D1BB, 0x2F800, 0x2FA1D, 0x226E, 0x1E9B, 0x4E00};
static const char *const texts_named[] = {
    "<left>", " <left>", "<E\xCC\x81>", "<right>", "<right> ", "<right>\n ", "<word>", "a<word>",
    " <word>", "<word>1", "<caf\xC3\xA9>", "<cafe\xCC\x81>", "<|im_start|>", "<|im_end|>",
    "<|begin|>", "1zq", " zq", "zqs", "     ", "\xC3\xA9<word>", "<|endoftext|>\xCC\x81"};

static void texts_put_one(texts_random *r, texts_text *out, const char *const *texts,
                          uint32_t count) {
    texts_put_string(out, texts[texts_draw(r, count)]);
}
#define TEXTS_PUT_ONE(r, out, texts) texts_put_one(r, out, texts, TEXTS_COUNT(texts))

static uint32_t texts_of_ranges(texts_random *r, const uint32_t ranges[][2], uint32_t count) {
    const uint32_t *range = ranges[texts_draw(r, count)];
    return range[0] + texts_draw(r, range[1]);
}
#define TEXTS_OF_RANGES(r, ranges) texts_of_ranges(r, ranges, TEXTS_COUNT(ranges))

static uint32_t texts_digit(texts_random *r) {
    uint32_t first = texts_digits[texts_draw(r, TEXTS_COUNT(texts_digits))];
    return first + texts_draw(r, 10);
}

static void texts_sign(texts_random *r, texts_text *out) {
    uint32_t which = texts_draw(r, 32 + TEXTS_COUNT(texts_signs));
    texts_put_code(out, which < 32 ? (unsigned char)texts_punctuation[which]
                                   : texts_signs[which - 32]);
}

static void texts_accented(texts_random *r, texts_text *out) {
    uint32_t count;
    texts_put_code(out, TEXTS_OF_RANGES(r, texts_bases));
    for (count = 1 + texts_draw(r, 3); count > 0; count--)
        texts_put_code(out, texts_accents[texts_draw(r, TEXTS_COUNT(texts_accents))]);
}

static void texts_jamo(texts_random *r, texts_text *out) {
    texts_put_code(out, 0x1100 + texts_draw(r, 19));
    texts_put_code(out, 0x1161 + texts_draw(r, 21));
    if (texts_draw(r, 2)) texts_put_code(out, 0x11A7 + texts_draw(r, 28));
}

static void texts_split_part(texts_random *r, texts_text *out, uint32_t kind) {
    if (kind < 5) texts_put_code(out, TEXTS_OF_RANGES(r, texts_letters));
    else if (kind == 6) texts_put_code(out, texts_digit(r));
    else if (kind < 10) TEXTS_PUT_ONE(r, out, texts_blanks);
    else if (kind < 12) texts_sign(r, out);
    else if (kind == 12) texts_accented(r, out);
    else if (kind == 13) texts_jamo(r, out);
    else if (kind == 14) texts_put_code(out, TEXTS_OF_RANGES(r, texts_edges));
    else texts_put_code(out, texts_composed[texts_draw(r, TEXTS_COUNT(texts_composed))]);
}

static void texts_split_piece(texts_random *r, texts_text *out) {
    static const uint8_t most[16] = {0, 0, 6, 6, 6, 0, 4, 4, 4, 4, 4, 4, 3, 3, 4, 3};
    uint32_t kind = texts_draw(r, 20), first, count;
    if (kind < 2) {
        TEXTS_PUT_ONE(r, out, texts_quotes);
        TEXTS_PUT_ONE(r, out, texts_ends);
    } else if (kind == 5) {
        first = texts_digits[texts_draw(r, TEXTS_COUNT(texts_digits))];
        for (count = 1 + texts_draw(r, 7); count > 0; count--)
            texts_put_code(out, first + texts_draw(r, 10));
    } else if (kind < 16) {
        for (count = 1 + texts_draw(r, most[kind]); count > 0; count--)
            texts_split_part(r, out, kind);
        if (kind == 10 || kind == 11) TEXTS_PUT_ONE(r, out, texts_behind);
    } else if (kind == 16) TEXTS_PUT_ONE(r, out, texts_named);
    else if (kind < 19) {
        if (texts_draw(r, 2)) texts_put_code(out, ' ');
        texts_word(r, out);
    } else texts_piece(r, out);
}

static void texts_split(texts_random *r, texts_text *out) {
    uint32_t count;
    out->size = 0;
    for (count = 1 + texts_draw(r, 8); count > 0; count--) texts_split_piece(r, out);
}
#undef TEXTS_PUT_ONE
#undef TEXTS_OF_RANGES
#undef TEXTS_COUNT
