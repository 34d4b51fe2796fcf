/* splits.c - how a byte-level tokenizer splits a text into words, and what else it does beyond
   GPT-2's rules. Published patterns are recognised by their exact text; the library has each as a
   step. A pattern that is none of them is refused by name. */
#include "builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- patterns ---------------------------------------------------------------------------- */

#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define WORD "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define SIGNS "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
#define BLANKS "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define OPENING "[^\\r\\n\\p{L}\\p{N}]?"
#define CAPITALS "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define SMALL "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define SIGNS_SLASH "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"

/* total: every character is in a match, so "removed, inverted" does what "isolated" does. */
typedef struct Pattern {
    unsigned step;
    int total;
    const char *text; /* NULL: that of the library's set, "[...]" with what follows */
    const char *before, *behind;
} Pattern;

static const Pattern patterns[] = {
    {SLM__STEP_GPT2, 1, "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
                        "|\\s+(?!\\S)|\\s+", NULL, NULL},
    {SLM__STEP_LLAMA3, 1, CONTRACTIONS WORD "|\\p{N}{1,3}" SIGNS BLANKS, NULL, NULL},
    {SLM__STEP_QWEN2, 1, CONTRACTIONS WORD "|\\p{N}" SIGNS BLANKS, NULL, NULL},
    {SLM__STEP_GPT4O, 1, OPENING CAPITALS "*" SMALL "+" CONTRACTIONS "?|" OPENING CAPITALS "+" SMALL
                         "*" CONTRACTIONS "?|\\p{N}{1,3}" SIGNS_SLASH BLANKS, NULL, NULL},
    {SLM__STEP_TEKKEN, 1, OPENING CAPITALS "*" SMALL "+|" OPENING CAPITALS "+" SMALL "*|\\p{N}"
                          SIGNS_SLASH BLANKS, NULL, NULL},
    {SLM__STEP_DEEPSEEK3, 0, "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                             "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                             "| ?[\\p{P}\\p{S}]+[\\r\\n]*"
                             BLANKS, NULL, NULL},
    {SLM__STEP_BLANK_END, 0, "\\s+$", NULL, NULL},
    {SLM__STEP_NUMBERS_3, 0, "\\p{N}{1,3}", NULL, NULL},
    {SLM__STEP_DIGITS_3, 0, "[0-9][0-9][0-9]", NULL, NULL},
    {SLM__STEP_NEWLINE, 0, "[\\r\\n]", NULL, NULL},
    {SLM__STEP_LETTERS, 0, "\\s?\\p{L}+", NULL, NULL},
    {SLM__STEP_MARKS, 0, "\\s?\\p{P}+", NULL, NULL},
    {SLM__STEP_ALPHABETS, 0, NULL, "\\s?[", "]+"},
    {SLM__STEP_WIDE_MARKS, 0, NULL, "\\s?[", "]+"},
    {SLM__STEP_CJK, 0, NULL, "[", "]+"},
    {SLM__STEP_CJK_KANA, 0, NULL, "[", "]+"}};

enum { PATTERNS = sizeof patterns / sizeof *patterns };

/* A pattern's text, as a file has it. */
static void write_pattern(Buffer *out, const Pattern *pattern) {
    const slm__char_set *set;
    char code[4];
    size_t i;
    out->size = 0;
    if (pattern->text) {
        put_bytes(out, pattern->text, strlen(pattern->text));
        return;
    }
    set = &slm__char_sets[pattern->step - SLM__STEP_SETS];
    put_bytes(out, pattern->before, strlen(pattern->before));
    for (i = 0; i < set->numbers; i += 2) {
        put_bytes(out, code, utf8_put(code, set->ranges[i]));
        if (set->ranges[i] == set->ranges[i + 1])
            continue;
        put_bytes(out, "-", 1);
        put_bytes(out, code, utf8_put(code, set->ranges[i + 1]));
    }
    put_bytes(out, pattern->behind, strlen(pattern->behind));
}

/* A newline may stand in a pattern as itself, or as an escape. */
static void escape_newlines(Buffer *out, const Json *text) {
    size_t i;
    for (i = 0; i < text->size; i++)
        if (text->text[i] == '\r')
            put_bytes(out, "\\r", 2);
        else if (text->text[i] == '\n')
            put_bytes(out, "\\n", 2);
        else
            put_bytes(out, text->text + i, 1);
}

static const Pattern *find_pattern(const Json *text) {
    Buffer own = {NULL, 0, 0}, given = {NULL, 0, 0};
    const Pattern *found = NULL;
    size_t i;
    escape_newlines(&given, text);
    for (i = 0; i < PATTERNS && !found; i++) {
        write_pattern(&own, &patterns[i]);
        if (own.size == given.size && memcmp(own.data, given.data, own.size) == 0)
            found = &patterns[i];
    }
    free(own.data);
    free(given.data);
    return found;
}

/* ---- steps ------------------------------------------------------------------------------- */

/* What is known of a pre_tokenizer's parts so far. */
typedef struct Steps {
    Builder *builder;
    size_t count;
    int alone;  /* it is no sequence */
    int bytes;  /* a ByteLevel was read: characters are bytes from there on */
    int newline; /* newlines stand alone */
} Steps;

static void add_step(Steps *s, unsigned step) {
    if (s->count == SLM__STEPS_MOST)
        fail("%s: a pre_tokenizer of more than %d parts is not supported", s->builder->path,
             SLM__STEPS_MOST);
    s->builder->steps[s->count++] = (unsigned char)step;
}

static const char *type_of_part(const Json *part) {
    const Json *type = json_get(part, "type");
    return type && type->type == JSON_STRING ? type->text : "(of no type)";
}

static void refuse_option(const Steps *s, const Json *part, const char *what) {
    fail("%s: pre_tokenizer %s: %s is not supported", s->builder->path, type_of_part(part), what);
}

static void read_split(Steps *s, const Json *part) {
    const Json *regex = json_get(json_get(part, "pattern"), "Regex");
    int inverted = json_flag(part, s->builder->path, "invert", 0);
    const Json *behaviour = json_get(part, "behavior");
    const Pattern *pattern;
    if (!regex || regex->type != JSON_STRING)
        refuse_option(s, part, "a pattern that is no Regex");
    pattern = find_pattern(regex);
    if (!pattern)
        fail("%s: pre_tokenizer Split: the pattern %.200s%s is none of those known",
             s->builder->path, regex->text, regex->size > 200 ? "..." : "");
    if (!(json_is(behaviour, "Isolated") && !inverted) &&
        !(json_is(behaviour, "Removed") && inverted && pattern->total))
        refuse_option(s, part, "another behavior than Isolated");
    if (s->bytes && pattern->step != SLM__STEP_DIGITS_3)
        refuse_option(s, part, "a pattern behind ByteLevel");
    if (pattern->step == SLM__STEP_BLANK_END && !s->newline)
        refuse_option(s, part, "\\s+$ where newlines do not stand alone");
    s->newline |= pattern->step == SLM__STEP_NEWLINE;
    add_step(s, pattern->step);
}

static void read_part(Steps *s, const Json *part) {
    const Json *type = json_get(part, "type");
    const char *path = s->builder->path;
    if (json_is(type, "Split"))
        read_split(s, part);
    else if (json_is(type, "Digits")) {
        int each = json_flag(part, path, "individual_digits", 0);
        add_step(s, s->bytes ? (each ? SLM__STEP_BYTE_DIGIT : SLM__STEP_BYTE_DIGITS)
                             : (each ? SLM__STEP_DIGIT : SLM__STEP_DIGITS));
    } else if (json_is(type, "Punctuation")) {
        if (s->bytes || !json_is(json_get(part, "behavior"), "Contiguous"))
            refuse_option(s, part, "another behavior than Contiguous");
        add_step(s, SLM__STEP_PUNCTUATION);
    } else if (json_is(type, "ByteLevel") && !s->bytes) {
        if (!s->alone && json_flag(part, path, "add_prefix_space", 1))
            refuse_option(s, part, "add_prefix_space in a sequence");
        if (json_flag(part, path, "use_regex", 1))
            add_step(s, SLM__STEP_GPT2);
        s->bytes = 1;
    } else
        refuse(s->builder, "pre_tokenizer", part);
}

void splits_read(Builder *builder, const Json *part) {
    const Json *list = json_get(part, "pretokenizers"), *item;
    Steps s = {NULL, 0, 1, 0, 0};
    s.builder = builder;
    memset(builder->steps, 0, sizeof builder->steps);
    if (!json_is(json_get(part, "type"), "Sequence"))
        read_part(&s, part);
    else {
        s.alone = 0;
        for (item = list && list->type == JSON_ARRAY ? list->first : NULL; item; item = item->next)
            read_part(&s, item);
    }
    if (!s.bytes)
        refuse(builder, "pre_tokenizer", part);
    if (!s.count)
        fail("%s: a ByteLevel pre_tokenizer without use_regex is not supported where nothing else "
             "splits a text", builder->path);
}

void splits_set(Builder *builder, unsigned step) {
    memset(builder->steps, 0, sizeof builder->steps);
    builder->steps[0] = (unsigned char)step;
}

/* ---- the rest ---------------------------------------------------------------------------- */

void splits_read_normalizer(Builder *builder, const Json *normalizer) {
    const Json *list = json_get(normalizer, "normalizers");
    if (!normalizer)
        return;
    if (json_is(json_get(normalizer, "type"), "Sequence") && list && list->type == JSON_ARRAY) {
        if (!list->first)
            return;
        if (!list->first->next)
            normalizer = list->first;
    }
    if (!json_is(json_get(normalizer, "type"), "NFC"))
        refuse(builder, "normalizer", normalizer);
    builder->nfc = 1;
}

/* What bytes without a token become. */
void splits_read_missing(Builder *builder, const Json *model) {
    const Json *unk = json_get(model, "unk_token");
    uint32_t byte, id, missing = 0;
    builder->missing = -1;
    for (byte = 0; byte < 256; byte++)
        missing += builder->byte_tokens[byte] == SLM__NO_TOKEN;
    if (!missing)
        return;
    if (json_flag(model, builder->path, "byte_fallback", 0))
        fail("%s: byte_fallback with a ByteLevel pre_tokenizer is not supported", builder->path);
    if (!unk || unk->type != JSON_STRING)
        return;
    if (!map_find(&builder->ids, unk->text, unk->size, &id))
        fail("%s: unk_token %s is not in the vocabulary", builder->path, unk->text);
    builder->missing = (int32_t)id;
    builder->fuses = json_flag(model, builder->path, "fuse_unk", 0);
}

int splits_file_kind(const Builder *builder) {
    if (builder->kind != SLM__BYTES)
        return builder->kind;
    return builder->steps[0] != SLM__STEP_GPT2 || builder->steps[1] || builder->nfc ||
                   builder->whole || builder->missing >= 0 || builder->last >= 0 ||
                   builder->encodes
               ? SLM__SPLIT_BYTES
               : SLM__BYTES;
}

uint32_t splits_flags(const Builder *builder) {
    return (builder->nfc ? (uint32_t)SLM__TEXT_NFC : 0) |
           (builder->fuses ? (uint32_t)SLM__TEXT_FUSED : 0) |
           (builder->last >= 0 ? (uint32_t)SLM__TEXT_BEHIND : 0) |
           (builder->encodes ? texts_flags(builder) : 0);
}

/* Twice the tokens, as a power of two; 0: all words are merged. */
static uint32_t whole_slots(const Builder *builder) {
    uint32_t slots = builder->whole ? 2 : 0;
    while (slots && slots < 2 * builder->used)
        slots *= 2;
    return slots;
}

/* The numbers that kind 4 has more than kind 1. */
void splits_put(Buffer *out, const Builder *builder) {
    put_u32(out, (uint32_t)builder->last);
    put_bytes(out, builder->steps, sizeof builder->steps);
    put_u32(out, (uint32_t)builder->missing);
    put_u32(out, builder->encodes ? (uint32_t)builder->mask : 0);
    put_u32(out, whole_slots(builder));
}

/* The table of words that are not merged: the model's own tokens. */
void splits_put_whole(Buffer *out, const Builder *builder) {
    slm__tokenizer sizes; /* the library asks for the slots alone */
    uint32_t slots = whole_slots(builder), *table = allocate(slots, 4), id, at;
    sizes.whole_slots = slots;
    for (at = 0; at < slots; at++)
        table[at] = SLM__NO_TOKEN;
    for (id = 0; id < builder->used && slots; id++) {
        const Text *text = &builder->decoded[id];
        if (!builder->attributes[id] || !builder->own[id] || !text->size)
            continue;
        at = slm__whole_start(&sizes, text->bytes, text->size);
        while (table[at] != SLM__NO_TOKEN)
            at = (at + 1) & (slots - 1);
        table[at] = id;
    }
    for (at = 0; at < slots; at++)
        put_u32(out, table[at]);
    free(table);
}

/* The text of a normalized added token, as it is looked for in a normalized text. */
static Text composed(Text text) {
    uint8_t *out;
    if (slm__is_nfc((const uint8_t *)text.bytes, text.size))
        return text;
    out = allocate(slm__nfc_size(text.size), 1);
    text.size = slm__nfc((const uint8_t *)text.bytes, text.size, out);
    text.bytes = (const char *)out;
    return text;
}

void splits_finish(Builder *builder) {
    size_t i;
    for (i = 0; i < builder->added_count && builder->nfc; i++)
        if (builder->added[i].flags & SLM__ADDED_NORMALIZED)
            builder->added[i].text = composed(builder->added[i].text);
}
