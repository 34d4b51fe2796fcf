/* words.c - WordPiece as BERT's: from tokenizer.json, or from vocab.txt alone, with the rules that
   the fast classes of BERT, DistilBERT and MobileBERT end up with. */
#include "builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "##";
enum { PREFIX_SIZE = 2 };

/* What BERT's classes call their special tokens where no file does, as the keys in tokenizer.c. */
const char *const words_specials[TOKENIZER_SPECIALS] = {NULL,    NULL,    "[UNK]", "[SEP]",
                                                        "[PAD]", "[CLS]", "[MASK]"};

int words_wanted(const Json *json) {
    const Json *model = json_get(json, "model"), *type = json_get(model, "type");
    if (type)
        return json_is(type, "WordPiece");
    return json_get(model, "max_input_chars_per_word") && !json_get(model, "merges");
}

static uint32_t normalizer_flags(int clean, int cjk, int strip, int lower) {
    return (clean ? (uint32_t)SLM__TEXT_CLEAN : 0) | (cjk ? (uint32_t)SLM__TEXT_CJK : 0) |
           (strip ? (uint32_t)SLM__TEXT_STRIP_ACCENTS : 0) |
           (lower ? (uint32_t)SLM__TEXT_LOWER : 0);
}

/* BERT's classes replace all but clean_text of the file's normalizer by what their arguments say,
   after the added tokens have been normalized as the file wants it. */
static void read_class(Builder *builder, const Json *config) {
    int lower = json_flag(config, builder->path, "do_lower_case", 1);
    int strip = json_flag(config, builder->path, "strip_accents", lower);
    int cjk = json_flag(config, builder->path, "tokenize_chinese_chars", 1);
    builder->text_flags = normalizer_flags((builder->added_flags & SLM__TEXT_CLEAN) != 0, cjk,
                                           strip, lower);
}

static void read_normalizer(Builder *builder, const Json *normalizer) {
    int lower;
    if (!json_is(json_get(normalizer, "type"), "BertNormalizer"))
        refuse(builder, "normalizer", normalizer);
    lower = json_flag(normalizer, builder->path, "lowercase", 1);
    builder->added_flags = normalizer_flags(
        json_flag(normalizer, builder->path, "clean_text", 1),
        json_flag(normalizer, builder->path, "handle_chinese_chars", 1),
        json_flag(normalizer, builder->path, "strip_accents", lower), lower);
    builder->text_flags = builder->added_flags;
}

/* ---- what is put around a text ----------------------------------------------------------- */

/* Is this piece of a template a sequence (or, with no id, a special token) of this type? */
static int piece_is(const Json *piece, const char *sequence, int type) {
    const Json *part = json_get(piece, sequence ? "Sequence" : "SpecialToken");
    const Json *number = json_get(part, "type_id");
    if (!number || number->type != JSON_NUMBER || number->number != type)
        return 0;
    return !sequence || json_is(json_get(part, "id"), sequence);
}

/* [CLS] A [SEP], and for pairs B [SEP] of type 1 behind that. */
static int template_fits(const Builder *builder, const Json *processor, const char *key) {
    const Json *list = json_get(processor, key), *piece = list ? list->first : NULL;
    size_t i, count = strcmp(key, "pair") ? 3 : 5;
    if (!list || list->type != JSON_ARRAY || list->size != count)
        return 0;
    for (i = 0; i < count; i++, piece = piece->next) {
        int is_token = i % 2 == 0;
        if (!piece_is(piece, is_token ? NULL : i == 1 ? "A" : "B", i > 2))
            return 0;
        if (is_token && template_token(builder, processor, piece) !=
                            (i ? builder->last : builder->bos))
            return 0;
    }
    return 1;
}

/* The id in BertProcessing's ["[SEP]", 102]. */
static int32_t processing_token(const Builder *builder, const Json *processor, const char *key) {
    const Json *pair = json_get(processor, key);
    if (!pair || pair->type != JSON_ARRAY || pair->size != 2)
        refuse(builder, "post_processor", processor);
    return (int32_t)read_id(builder, pair->first->next);
}

static void read_processor(Builder *builder, const Json *processor) {
    const Json *type = json_get(processor, "type"), *list = json_get(processor, "single");
    if (json_is(type, "BertProcessing")) {
        builder->bos = processing_token(builder, processor, "cls");
        builder->last = processing_token(builder, processor, "sep");
        return;
    }
    if (!json_is(type, "TemplateProcessing"))
        refuse(builder, "post_processor", processor);
    if (list && list->type == JSON_ARRAY && list->size == 3) {
        builder->bos = template_token(builder, processor, list->first);
        builder->last = template_token(builder, processor, list->first->next->next);
    }
    if (builder->bos < 0 || builder->last < 0 || !template_fits(builder, processor, "single") ||
        !template_fits(builder, processor, "pair"))
        fail("%s: a post_processor other than [CLS] A [SEP] B [SEP] with the types 0 and 1 is "
             "not supported for WordPiece", builder->path);
}

/* ---- the vocabulary ---------------------------------------------------------------------- */

/* Which tokens the model itself has; the others are only added. */
static void keep_own(Builder *builder, const char *unk, size_t unk_size) {
    uint32_t id;
    builder->own = allocate(builder->rows, 1);
    memcpy(builder->own, builder->attributes, builder->rows);
    memset(builder->byte_tokens, 0xFF, sizeof builder->byte_tokens);
    if (!map_find(&builder->ids, unk, unk_size, &id))
        fail("%s: the unknown token \"%s\" is not in the vocabulary", builder->path, unk);
    builder->model_unk = (int32_t)id;
}

static void read_model(Builder *builder, const Json *model) {
    const Json *longest = json_get(model, "max_input_chars_per_word");
    const Json *unk = json_get(model, "unk_token");
    const Json *own = json_get(model, "continuing_subword_prefix");
    if (own && !json_is(own, prefix))
        fail("%s: continuing_subword_prefix \"%s\" is not supported; supported: \"##\"",
             builder->path, own->type == JSON_STRING ? own->text : "(no text)");
    builder->longest_word = 100;
    if (longest) {
        if (longest->type != JSON_NUMBER || !longest->is_integer || longest->integer < 1 ||
            longest->integer > SLM__LONGEST_WORD)
            fail("%s: max_input_chars_per_word is not a number from 1 to %d", builder->path,
                 SLM__LONGEST_WORD);
        builder->longest_word = (uint32_t)longest->integer;
    }
    read_vocabulary(builder, json_get(model, "vocab"));
    if (unk && unk->type == JSON_STRING)
        keep_own(builder, unk->text, unk->size);
    else
        keep_own(builder, "[UNK]", 5);
}

void words_read_json(Builder *builder, const Json *json, const Json *config) {
    const Json *part = json_get(json, "pre_tokenizer");
    if (!json_is(json_get(part, "type"), "BertPreTokenizer"))
        refuse(builder, "pre_tokenizer", part);
    read_normalizer(builder, json_get(json, "normalizer"));
    part = json_get(json, "decoder");
    if (!json_is(json_get(part, "type"), "WordPiece"))
        refuse(builder, "decoder", part);
    if (!json_is(json_get(part, "prefix"), prefix))
        fail("%s: a WordPiece decoder with another prefix than \"##\" is not supported",
             builder->path);
    builder->cleans_up = json_flag(part, builder->path, "cleanup", 1);
    read_model(builder, json_get(json, "model"));
    read_processor(builder, json_get(json, "post_processor"));
    if (builder->is_bert)
        read_class(builder, config);
}

/* The lines as Python reads them: each ends with \n, \r or both, the last maybe with nothing. */
static Text *split_lines(const char *text, size_t size, size_t *count) {
    Text *lines = NULL;
    size_t at = 0, end, capacity = 0;
    for (*count = 0; at < size; ++*count) {
        if (*count == capacity) {
            capacity = capacity ? capacity * 2 : 4096;
            lines = resize(lines, capacity, sizeof *lines);
        }
        for (end = at; end < size && text[end] != '\n' && text[end] != '\r'; end++)
            continue;
        lines[*count].bytes = text + at;
        lines[*count].size = end - at;
        at = end + (end + 1 < size && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1);
    }
    return lines;
}

/* A token's id is the number of its line; of a token that stands there twice the last counts. */
static void read_lines(Builder *builder, const char *text, size_t size) {
    Map seen = {NULL, 0, 0};
    size_t count, i;
    Text *lines = split_lines(text, size, &count);
    if (!count)
        fail("%s: no vocabulary", builder->path);
    for (i = count; i-- > 0;)
        if (map_add(&seen, lines[i].bytes, lines[i].size, 0))
            set_token(builder, (uint32_t)i, lines[i], 0);
    builder->model_count = (uint32_t)seen.count;
    free(lines);
    free(seen.slots);
}

void words_read_vocabulary(Builder *builder, const char *path, const Json *config,
                           const Json *unk) {
    size_t size;
    const char *text = (const char *)read_whole(path, TEXT_LIMIT, &size);
    builder->kind = SLM__WORDS;
    builder->path = path;
    if (!utf8_valid(text, size))
        fail("%s: not valid UTF-8", path);
    read_lines(builder, text, size);
    keep_own(builder, unk ? unk->text : words_specials[KEY_UNK], unk ? unk->size : 5);
    builder->longest_word = 100;
    builder->cleans_up = builder->from_vocabulary = 1;
    builder->added_flags = SLM__TEXT_CLEAN;
    read_class(builder, config);
    builder->added_flags = builder->text_flags;
}

/* ids: by key, -1 for those that there are not. */
void words_set_specials(Builder *builder, const int32_t *ids) {
    if (builder->from_vocabulary) {
        builder->bos = ids[KEY_CLS];
        builder->last = ids[KEY_SEP];
    }
    builder->adds_bos = 1;
    builder->mask = ids[KEY_MASK];
    builder->unk = builder->model_unk;
    if (builder->bos < 0 || builder->last < 0)
        fail("%s: no tokens for the beginning and the end of a text", builder->path);
}

/* ---- added tokens ------------------------------------------------------------------------ */

/* As the library normalizes a text. */
static Text normalized(const Builder *builder, Text text) {
    Buffer out = {NULL, 0, 0};
    slm__normal n;
    uint8_t bytes[4];
    Text result;
    slm__begin_normal(&n, (const uint8_t *)text.bytes, text.size, builder->added_flags);
    while (slm__next_normal(&n))
        put_bytes(&out, bytes, slm__put_code(n.code, bytes));
    put_bytes(&out, "", 1);
    result.bytes = (const char *)out.data;
    result.size = out.size - 1;
    return result;
}

static int is_space_at_end(Text text) {
    return text.bytes[0] == ' ' || text.bytes[text.size - 1] == ' ';
}

/* Where white space that one swallows may begin another is not worth the words. */
static void check_strips(const Builder *builder) {
    const AddedToken *strips = NULL, *spaced = NULL;
    size_t i;
    for (i = 0; i < builder->added_count; i++) {
        const AddedToken *added = &builder->added[i];
        if (!(added->flags & SLM__ADDED_NORMALIZED))
            continue;
        if (added->flags & (SLM__ADDED_LSTRIP | SLM__ADDED_RSTRIP))
            strips = added;
        if (is_space_at_end(added->text))
            spaced = added;
    }
    if (strips && spaced)
        fail("%s: added token %lu is normalized and strips white space, which added token %lu "
             "begins or ends with: this is not supported", builder->path,
             (unsigned long)strips->id, (unsigned long)spaced->id);
}

/* Of normalized tokens that are written alike then, the first matches, special ones before. */
static void drop_twins(Builder *builder) {
    unsigned char *hidden = allocate(builder->added_count + 1, 1);
    Map first = {NULL, 0, 0};
    size_t i, kept = 0;
    int special;
    for (special = 1; special >= 0; special--)
        for (i = 0; i < builder->added_count; i++) {
            const AddedToken *added = &builder->added[i];
            if (added->flags & SLM__ADDED_NORMALIZED &&
                ((added->flags & SLM__ADDED_SPECIAL) != 0) == special)
                hidden[i] = !map_add(&first, added->text.bytes, added->text.size, (uint32_t)i);
        }
    for (i = 0; i < builder->added_count; i++)
        if (!hidden[i])
            builder->added[kept++] = builder->added[i];
    builder->added_count = kept;
    free(first.slots);
    free(hidden);
}

/* ---- decoding ---------------------------------------------------------------------------- */

/* The decoder's replacements in one token's text, in this order. */
static const char *const clean_ups[][2] = {
    {" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"},
    {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};

static Text replaced(Text text, const char *old, const char *new) {
    char *out = allocate(text.size + 1, 1); /* none is longer than what it replaces */
    size_t at = 0, size = 0, length = strlen(old);
    Text result;
    while (at < text.size)
        if (text.size - at >= length && memcmp(text.bytes + at, old, length) == 0) {
            memcpy(out + size, new, strlen(new));
            size += strlen(new);
            at += length;
        } else
            out[size++] = text.bytes[at++];
    result.bytes = out;
    result.size = size;
    return result;
}

/* Is the token written without a space before it? The library knows no other changes. */
static int is_joined(const Builder *builder, uint32_t id) {
    Text own = builder->texts[id], text, spaced;
    char *copy = allocate(own.size + 2, 1);
    size_t i;
    copy[0] = ' ';
    memcpy(copy + 1, own.bytes, own.size);
    spaced.bytes = copy;
    spaced.size = own.size + 1;
    text = spaced;
    for (i = 0; i < sizeof clean_ups / sizeof *clean_ups; i++)
        text = replaced(text, clean_ups[i][0], clean_ups[i][1]);
    if (text.size == spaced.size && memcmp(text.bytes, spaced.bytes, text.size) == 0)
        return 0;
    if (text.size != own.size || memcmp(text.bytes, own.bytes, own.size) != 0)
        fail("%s: token %lu is changed when it is decoded, which is not supported",
             builder->path, (unsigned long)id);
    return 1;
}

/* ---- the section ------------------------------------------------------------------------- */

void words_finish(Builder *builder, const Json *config) {
    uint32_t id;
    size_t i;
    builder->text_flags |= SLM__TEXT_LAST;
    if (json_flag(config, builder->path, "clean_up_tokenization_spaces", builder->from_vocabulary))
        builder->text_flags |= SLM__TEXT_TIDY;
    for (id = 0; id < builder->used; id++) {
        if (!builder->attributes[id])
            continue;
        if (!builder->own[id])
            builder->attributes[id] |= SLM__TOKEN_OUTSIDE;
        if (builder->cleans_up && is_joined(builder, id))
            builder->attributes[id] |= SLM__TOKEN_JOINED;
    }
    for (i = 0; i < builder->added_count; i++) {
        AddedToken *added = &builder->added[i];
        if (!(added->flags & SLM__ADDED_NORMALIZED))
            continue;
        added->text = normalized(builder, added->text);
        if (!added->text.size)
            fail("%s: nothing remains of added token %lu when it is normalized",
                 builder->path, (unsigned long)added->id);
    }
    check_strips(builder);
    drop_twins(builder);
}

/* The tables that this kind alone has, of a tokenizer whose other parts are there. */
void words_put(Buffer *out, slm__tokenizer *t) {
    uint32_t *shorter = allocate((size_t)t->count, sizeof *shorter), i, before;
    uint32_t count = slm__word_bound(t, 0, 256);
    size_t size, length;
    for (i = 0; i < 2 * 257; i++)
        put_u32(out, slm__word_bound(t, i / 257, i % 257));
    for (i = 0; i < t->count; i++)
        put_u32(out, slm__token_key(t, t->sorted[i]));
    for (i = 0; i < t->count; i++) {
        const char *text = slm__token_text(t, (slm_token)t->sorted[i], &size), *other;
        before = i && i < count ? i - 1 : SLM__NO_TOKEN;
        for (; before != SLM__NO_TOKEN; before = shorter[before]) {
            other = slm__token_text(t, (slm_token)t->sorted[before], &length);
            if (length <= size && (!length || memcmp(text, other, length) == 0))
                break;
        }
        shorter[i] = before;
        put_u32(out, before);
    }
    free(shorter);
}
