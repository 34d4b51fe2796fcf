/* tokenizer.c - byte-level BPE from tokenizer.json, or from vocab.json and merges.txt, with the
   added and special tokens that Hugging Face's classes would end up with. What would tokenize
   differently from GPT-2's rules is refused by name. SentencePiece BPE: pieces.c; WordPiece:
   words.c. */
#include "builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const special_keys[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                           "pad_token", "cls_token", "mask_token"};
enum { SPECIAL_KEYS = sizeof special_keys / sizeof *special_keys };

static const char *type_name(const Json *object) {
    const Json *type = json_get(object, "type");
    return type && type->type == JSON_STRING ? type->text : "(of no type)";
}

static int is_true(const Json *object, const char *key) {
    const Json *value = json_get(object, key);
    return value && value->type == JSON_TRUE;
}

/* ---- the alphabet: each byte is one printable character ---------------------------------- */

static uint32_t byte_char(uint32_t byte) {
    uint32_t b, next = 256;
    if ((byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173))
        return byte;
    for (b = 0; b < byte; b++)
        if (!((b >= 33 && b <= 126) || (b >= 161 && b != 173)))
            next++;
    return next;
}

/* Character to byte + 1; 0: stands for no byte. */
static const uint16_t *char_bytes(void) {
    static uint16_t table[512];
    uint32_t byte;
    if (!table[33])
        for (byte = 0; byte < 256; byte++)
            table[byte_char(byte)] = (uint16_t)(byte + 1);
    return table;
}

/* As Hugging Face's decoder does it, added tokens included: if every character stands for a
   byte, these bytes, otherwise the text as it is. */
static Text decode_text(Text text) {
    const uint16_t *table = char_bytes();
    char *out = allocate(text.size + 1, 1);
    Text result;
    size_t i = 0, count = 0;
    while (i < text.size) {
        uint32_t c = (unsigned char)text.bytes[i++];
        if (c >= 0x80 && c < 0xE0)
            c = (c & 31) << 6 | ((unsigned char)text.bytes[i++] & 63);
        else if (c >= 0x80)
            c = 511;
        if (c > 511 || !table[c]) {
            free(out);
            return text;
        }
        out[count++] = (char)(table[c] - 1);
    }
    result.bytes = out;
    result.size = count;
    return result;
}

/* ---- vocabulary and merges --------------------------------------------------------------- */

/* For a message, which escapes control characters: about 40 bytes, and NUL does not end them. */
static const char *shown(Text text) {
    char *out = allocate(4 * 40 + 16, 1), *at = out;
    size_t i;
    for (i = 0; i < text.size && (i < 40 || ((unsigned char)text.bytes[i] & 0xC0) == 0x80); i++)
        if (text.bytes[i])
            *at++ = text.bytes[i];
        else
            at += sprintf(at, "\\x00");
    memcpy(at, "...", i < text.size ? 3 : 0);
    return out;
}

int is_beyond(const Builder *builder, Text text) {
    return map_find(&builder->beyond, text.bytes, text.size, NULL);
}

void fail_beyond(const Builder *builder, Text text, const char *need) {
    uint32_t id = 0;
    map_find(&builder->beyond, text.bytes, text.size, &id);
    fail("%s: token %lu (\"%s\") is beyond the model's %lu vocabulary rows, and %s",
         builder->path, (unsigned long)id, shown(text), (unsigned long)builder->rows, need);
}

void set_token(Builder *builder, uint32_t id, Text text, int attributes) {
    if (id >= builder->rows) {
        if (builder->beyond.count < BEYOND_SHOWN && !is_beyond(builder, text))
            builder->beyond_first[builder->beyond.count] = text;
        map_add(&builder->beyond, text.bytes, text.size, id);
        return;
    }
    if (builder->attributes[id])
        fail("%s: tokens \"%s\" and \"%s\" have the same id %lu", builder->path,
             builder->texts[id].bytes, text.bytes, (unsigned long)id);
    builder->texts[id] = text;
    builder->exist++;
    builder->attributes[id] = (unsigned char)(SLM__TOKEN_EXISTS | attributes);
    map_add(&builder->ids, text.bytes, text.size, id);
    if (id >= builder->used)
        builder->used = id + 1;
}

uint32_t read_id(const Builder *builder, const Json *value) {
    if (!value || value->type != JSON_NUMBER || !value->is_integer || value->integer < 0 ||
        value->integer >= 0x7FFFFFFF)
        fail("%s: a token's id is not a number from 0 on", builder->path);
    return (uint32_t)value->integer;
}

void find_bytes(Builder *builder) {
    uint32_t byte, code, found = 0;
    Text name;
    char text[3];
    for (byte = 0; byte < 256; byte++) {
        code = byte_char(byte);
        text[0] = (char)(code < 0x80 ? code : 0xC0 | code >> 6);
        text[1] = (char)(0x80 | (code & 63));
        name.bytes = text;
        name.size = code < 0x80 ? 1 : 2;
        if (is_beyond(builder, name))
            fail_beyond(builder, name, "a byte needs it");
        if (map_find(&builder->ids, name.bytes, name.size, &builder->byte_tokens[byte]))
            found++;
        else
            builder->byte_tokens[byte] = SLM__NO_TOKEN;
    }
    if (!found)
        fail("%s: not a byte-level BPE vocabulary: no byte has a token", builder->path);
}

void read_vocabulary(Builder *builder, const Json *vocabulary) {
    const Json *entry;
    Text name;
    uint32_t id;
    if (!vocabulary || vocabulary->type != JSON_OBJECT || !vocabulary->size)
        fail("%s: no vocabulary", builder->path);
    for (entry = vocabulary->first; entry; entry = entry->next) {
        name.bytes = entry->key;
        name.size = entry->key_size;
        id = read_id(builder, entry);
        set_token(builder, id, name, 0);
        if (builder->kind == SLM__BYTES && id < builder->rows)
            builder->own[id] = 1;
    }
    builder->model_count = (uint32_t)vocabulary->size;
    if (builder->kind == SLM__BYTES)
        find_bytes(builder);
}

/* One that has to do with a token beyond the model's rows is left out with it. */
void add_merge(Builder *builder, Text left, Text right) {
    Merge *merge = &builder->merges[builder->merge_count];
    char *joined = allocate(left.size + right.size + 1, 1);
    Text whole;
    whole.bytes = joined;
    whole.size = left.size + right.size;
    memcpy(joined, left.bytes, left.size);
    memcpy(joined + left.size, right.bytes, right.size);
    if (builder->beyond.count &&
        (is_beyond(builder, left) || is_beyond(builder, right) || is_beyond(builder, whole))) {
        free(joined);
        return;
    }
    merge->rank = (uint32_t)builder->merge_count++;
    if (!map_find(&builder->ids, left.bytes, left.size, &merge->left) ||
        !map_find(&builder->ids, right.bytes, right.size, &merge->right) ||
        !map_find(&builder->ids, joined, left.size + right.size, &merge->result))
        fail("%s: merge %lu: \"%.*s\" or one of its two parts is not in the vocabulary",
             builder->path, (unsigned long)builder->merge_count - 1,
             (int)(left.size + right.size), joined);
    free(joined);
}

/* "left right", exactly one space. */
void add_merge_line(Builder *builder, const char *line, size_t size) {
    const char *space = memchr(line, ' ', size);
    Text left, right;
    if (!space)
        fail("%s: merge %lu is not a pair", builder->path, (unsigned long)builder->merge_count);
    left.bytes = line;
    left.size = (size_t)(space - line);
    right.bytes = space + 1;
    right.size = size - left.size - 1;
    if (!left.size || !right.size || memchr(right.bytes, ' ', right.size))
        fail("%s: merge %lu is not a pair", builder->path, (unsigned long)builder->merge_count);
    add_merge(builder, left, right);
}

static void read_merges(Builder *builder, const Json *merges) {
    const Json *entry;
    if (!merges || merges->type != JSON_ARRAY)
        fail("%s: no merges", builder->path);
    builder->merges = allocate(merges->size, sizeof *builder->merges);
    for (entry = merges->first; entry; entry = entry->next) {
        const Json *second = entry->type == JSON_ARRAY && entry->size == 2 ? entry->first->next
                                                                           : NULL;
        Text left, right;
        if (entry->type == JSON_STRING) {
            add_merge_line(builder, entry->text, entry->size);
            continue;
        }
        if (!second || second->type != JSON_STRING || entry->first->type != JSON_STRING)
            fail("%s: merge %lu is not a pair", builder->path,
                 (unsigned long)builder->merge_count);
        left.bytes = entry->first->text;
        left.size = entry->first->size;
        right.bytes = second->text;
        right.size = second->size;
        add_merge(builder, left, right);
    }
}

/* As Hugging Face reads it: the first line is a heading, whatever stands in it, and what
   follows the last newline is no line. */
static void read_merges_file(Builder *builder, const char *path) {
    size_t size, lines = 0, i, start;
    const char *text = (const char *)read_whole(path, TEXT_LIMIT, &size), *end;
    builder->path = path;
    for (i = 0; i < size; i++)
        lines += text[i] == '\n';
    builder->merges = allocate(lines, sizeof *builder->merges);
    if (size && text[0] != '#')
        warn("%s: its first line is skipped as a heading, as Hugging Face does", path);
    end = memchr(text, '\n', size);
    start = end ? (size_t)(end - text) + 1 : size;
    for (; start < size; start = i + 1) {
        end = memchr(text + start, '\n', size - start);
        if (!end)
            break;
        i = (size_t)(end - text);
        if (i > start)
            add_merge_line(builder, text + start, i - start - (text[i - 1] == '\r'));
    }
}

/* ---- tokenizer.json ---------------------------------------------------------------------- */

/* The types in a sequence, as in " (Digits, ByteLevel)"; empty for anything else. */
static const char *part_names(const Json *object) {
    static char names[128];
    const Json *list = object ? object->first : NULL, *item;
    size_t size = 0;
    while (list && list->type != JSON_ARRAY)
        list = list->next;
    names[0] = 0;
    if (!list || !json_is(json_get(object, "type"), "Sequence"))
        return names;
    for (item = list->first; item && size < sizeof names - 40; item = item->next)
        size += (size_t)snprintf(names + size, sizeof names - size, "%s%.30s",
                                 size ? ", " : " (", type_name(item));
    snprintf(names + size, sizeof names - size, "%s", item ? ", ...)" : size ? ")" : "");
    return names;
}

void refuse(const Builder *builder, const char *part, const Json *object) {
    fail("%s: %s %s%s is not supported; supported: byte-level BPE, SentencePiece BPE and WordPiece",
         builder->path, part, type_name(object), part_names(object));
}

static void refuse_option(const Builder *builder, const Json *object, const char *key) {
    const Json *value = json_get(object, key);
    if (!value || value->type == JSON_FALSE || (value->type == JSON_STRING && !value->size) ||
        (value->type == JSON_NUMBER && value->number == 0))
        return;
    fail("%s: the tokenizer's option %s is not supported", builder->path, key);
}

static void read_json_model(Builder *builder, const Json *model) {
    const Json *type = json_get(model, "type");
    if (!model || (type && !json_is(type, "BPE")))
        refuse(builder, "tokenizer model", model);
    refuse_option(builder, model, "dropout");
    refuse_option(builder, model, "continuing_subword_prefix");
    refuse_option(builder, model, "end_of_word_suffix");
    builder->whole = json_flag(model, builder->path, "ignore_merges", 0);
    if (builder->whole && builder->kind != SLM__BYTES)
        refuse_option(builder, model, "ignore_merges");
    read_vocabulary(builder, json_get(model, "vocab"));
    read_merges(builder, json_get(model, "merges"));
}

int32_t template_token(const Builder *builder, const Json *processor, const Json *piece) {
    const Json *special = json_get(json_get(piece, "SpecialToken"), "id"), *ids;
    if (!special || special->type != JSON_STRING)
        return -1;
    ids = json_get(json_get(json_get(processor, "special_tokens"), special->text), "ids");
    if (!ids || ids->type != JSON_ARRAY || ids->size != 1)
        refuse(builder, "post_processor", processor);
    return (int32_t)read_id(builder, ids->first);
}

/* A template may put one token before the text, which is then the BOS, and one behind it. */
static void read_template(Builder *builder, const Json *processor) {
    const Json *single = json_get(processor, "single"), *piece;
    int32_t id;
    if (!single || single->type != JSON_ARRAY || !single->size)
        refuse(builder, "post_processor", processor);
    piece = single->first;
    if ((id = template_token(builder, processor, piece)) >= 0) {
        builder->bos = id;
        builder->adds_bos = 1;
        piece = piece->next;
    }
    if (!piece || !json_is(json_get(json_get(piece, "Sequence"), "id"), "A"))
        refuse(builder, "post_processor", processor);
    piece = piece->next;
    if (piece && (builder->last = template_token(builder, processor, piece)) >= 0)
        piece = piece->next;
    if (piece)
        fail("%s: a post_processor that adds anything but one token before the text and one behind "
             "it is not supported", builder->path);
}

static void read_post_processor(Builder *builder, const Json *processor, int depth) {
    const Json *type = json_get(processor, "type"), *list, *item;
    if (!processor || json_is(type, "ByteLevel"))
        return;
    if (json_is(type, "TemplateProcessing")) {
        read_template(builder, processor);
        return;
    }
    list = json_get(processor, "processors");
    if (!json_is(type, "Sequence") || !list || list->type != JSON_ARRAY || depth)
        refuse(builder, "post_processor", processor);
    for (item = list->first; item; item = item->next)
        read_post_processor(builder, item, 1);
}

static uint32_t added_flags(const Json *token, int is_special) {
    const Json *normalized = json_get(token, "normalized"), *special = json_get(token, "special");
    uint32_t flags = 0;
    if ((special && special->type == JSON_TRUE) || is_special)
        flags |= SLM__ADDED_SPECIAL;
    if (normalized ? normalized->type == JSON_TRUE : !(flags & SLM__ADDED_SPECIAL))
        flags |= SLM__ADDED_NORMALIZED;
    if (json_get(token, "lstrip") && json_get(token, "lstrip")->type == JSON_TRUE)
        flags |= SLM__ADDED_LSTRIP;
    if (json_get(token, "rstrip") && json_get(token, "rstrip")->type == JSON_TRUE)
        flags |= SLM__ADDED_RSTRIP;
    if (json_get(token, "single_word") && json_get(token, "single_word")->type == JSON_TRUE)
        flags |= SLM__ADDED_SINGLE_WORD;
    return flags;
}

static Text text_of(const Builder *builder, const Json *string) {
    Text text;
    if (!string || string->type != JSON_STRING)
        fail("%s: an added token has no text", builder->path);
    text.bytes = string->text;
    text.size = string->size;
    return text;
}

static void read_byte_level(Builder *builder, const Json *json) {
    const Json *part = json_get(json, "pre_tokenizer"), *normalizer = json_get(json, "normalizer");
    splits_read(builder, part);
    splits_read_normalizer(builder, normalizer);
    part = json_get(json, "decoder");
    if (part && !json_is(json_get(part, "type"), "ByteLevel"))
        refuse(builder, "decoder", part);
    read_json_model(builder, json_get(json, "model"));
    splits_read_missing(builder, json_get(json, "model"));
}

/* Does a text in it say ByteLevel? */
static int mentions_byte_level(const Json *json) {
    const Json *item;
    if (json_is(json, "ByteLevel"))
        return 1;
    if (json->type != JSON_ARRAY && json->type != JSON_OBJECT)
        return 0;
    for (item = json->first; item; item = item->next)
        if (mentions_byte_level(item))
            return 1;
    return 0;
}

/* The classes of transformers 5 that have rules of their own take the vocabulary, the merges and
   the post_processor from the file, and nothing else. */
static void rebuild_from_json(Builder *builder, const Json *json, const Json *config) {
    const Json *model = json_get(json, "model");
    builder->kind = builder->is_llama || builder->is_gemma ? SLM__PIECES : SLM__BYTES;
    read_vocabulary(builder, json_get(model, "vocab"));
    read_merges(builder, json_get(model, "merges"));
    if (builder->is_llama)
        pieces_set_fast(builder, config);
    else if (builder->is_gemma)
        pieces_set_gemma(builder, config);
    else
        builder->prefix_space = is_true(config, "add_prefix_space");
}

/* Whether a class has this name, or is its fast twin. */
static int is_named(const char *name, const char *base) {
    size_t size = strlen(base);
    return strncmp(name, base, size) == 0 && (!name[size] || strcmp(name + size, "Fast") == 0);
}

static int class_is(const Json *name, const char *base) {
    return name && name->type == JSON_STRING && is_named(name->text, base);
}

static int is_generic(const Json *name) {
    return json_is(name, "TokenizersBackend") || class_is(name, "PreTrainedTokenizer");
}

/* Of its own rules the class has those for BERT's normalizer and names of special tokens. */
static void find_words_class(Builder *builder, const Json *tokenizer) {
    static const char *const classes[] = {"BertTokenizer", "DistilBertTokenizer",
                                          "MobileBertTokenizer"};
    const Json *name = json_get(tokenizer, "tokenizer_class");
    size_t i;
    builder->is_gpt2 = builder->is_codegen = 0;
    builder->is_bert = !name;
    for (i = 0; i < sizeof classes / sizeof *classes; i++)
        builder->is_bert = builder->is_bert || class_is(name, classes[i]);
    if (!builder->is_bert && !is_generic(name))
        fail("%s: tokenizer_class %s with WordPiece is not supported; supported: BertTokenizer, "
             "DistilBertTokenizer, MobileBertTokenizer, PreTrainedTokenizerFast", builder->path,
             name->type == JSON_STRING ? name->text : "(no name)");
}

static void read_pipeline(Builder *builder, const Json *json, const Json *config) {
    const Json *part = json_get(json, "pre_tokenizer");
    if (pieces_wanted(json)) {
        builder->kind = SLM__PIECES;
        read_json_model(builder, json_get(json, "model"));
        pieces_read_json(builder, json);
        return;
    }
    if (words_wanted(json)) {
        builder->kind = SLM__WORDS;
        find_words_class(builder, config);
        words_read_json(builder, json, config);
        return;
    }
    read_byte_level(builder, json);
    if (json_is(json_get(part, "type"), "ByteLevel")) /* a sequence stays as it is */
        builder->prefix_space = is_true(builder->version5 ? part : config, "add_prefix_space");
}

/* Where a class has rules of its own, tokenizer_config.json's list replaces that of the file. */
static void read_added(Builder *builder, const char *path, const Json *json, const Json *config) {
    const Json *list = json_get(json, "added_tokens"), *token;
    builder->path = path;
    if (builder->rebuilds && json_member(config, "added_tokens_decoder"))
        return;
    for (token = list ? list->first : NULL; token; token = token->next)
        add_token(builder, text_of(builder, json_get(token, "content")), added_flags(token, 0),
                  read_id(builder, json_get(token, "id")));
}

/* RobertaProcessing is there for nothing but an encoder. */
static int wants_texts(const Builder *builder, const Json *processor) {
    return builder->encodes || json_is(json_get(processor, "type"), "RobertaProcessing");
}

/* Classes of transformers 4 that put BOS and EOS around a text as their config says. */
static int makes_its_processor(const Builder *builder) {
    return !builder->version5 && (builder->is_llama || builder->is_gemma || builder->is_neox);
}

static void read_tokenizer_json(Builder *builder, const char *path, const Json *config) {
    const Json *json = json_read(path);
    builder->path = path;
    if (builder->version5 && builder->is_llama && mentions_byte_level(json))
        builder->is_llama = builder->rebuilds = 0;
    if (builder->rebuilds)
        rebuild_from_json(builder, json, config);
    else
        read_pipeline(builder, json, config);
    if (builder->kind == SLM__BYTES && wants_texts(builder, json_get(json, "post_processor")))
        texts_read_processor(builder, json_get(json, "post_processor"), config);
    else if (builder->kind != SLM__WORDS && !makes_its_processor(builder))
        read_post_processor(builder, json_get(json, "post_processor"), 0);
    read_added(builder, path, json, config);
}

/* ---- added and special tokens ------------------------------------------------------------ */

/* A text that the vocabulary has keeps its id; a new one comes after all others, in the slow
   tokenizer at their number. */
static uint32_t next_id(const Builder *builder) {
    if (!builder->from_model)
        return builder->added_end > builder->model_count ? builder->added_end
                                                         : builder->model_count;
    return (uint32_t)builder->beyond.count + builder->exist;
}

/* The flags of a token that is added once more, as tokenizer.json and tokenizer_config.json do: the
   new ones. But what was not normalized stays so in transformers 4, as does what was special. */
static uint32_t again_flags(const Builder *builder, const AddedToken *before, uint32_t flags) {
    uint32_t first = before->flags;
    if (builder->version5) {
        if (first & SLM__ADDED_NORMALIZED && !(flags & SLM__ADDED_NORMALIZED) &&
            builder->text_flags & SLM__TEXT_MARKS)
            fail("%s: added token \"%s\" is normalized in tokenizer.json alone, which is not "
                 "supported", builder->path, shown(before->text));
        return flags | (first & SLM__ADDED_SPECIAL);
    }
    if (first & SLM__ADDED_SPECIAL || !(first & SLM__ADDED_NORMALIZED))
        flags = (flags & ~(uint32_t)SLM__ADDED_NORMALIZED) | (first & SLM__ADDED_NORMALIZED);
    return flags | (first & SLM__ADDED_SPECIAL);
}

/* declared: the id that the files name; -1: none. */
void add_token(Builder *builder, Text text, uint32_t flags, int64_t declared) {
    uint32_t id, at;
    if (!text.size)
        return;
    if (!map_find(&builder->ids, text.bytes, text.size, &id) &&
        !map_find(&builder->beyond, text.bytes, text.size, &id)) {
        id = builder->from_model && declared >= 0 ? (uint32_t)declared : next_id(builder);
        set_token(builder, id, text, SLM__TOKEN_ADDED);
    }
    if (id >= builder->added_end)
        builder->added_end = id + 1;
    if (id >= builder->rows && declared >= builder->rows)
        return;
    if (declared >= 0 && id != (uint32_t)declared)
        fail("%s: added token \"%s\" is declared as %ld, but Hugging Face gives it %lu",
             builder->path, shown(text), (long)declared, (unsigned long)id);
    if (id >= builder->rows)
        return;
    if (map_add(&builder->added_at, text.bytes, text.size, (uint32_t)builder->added_count)) {
        builder->added =
            resize(builder->added, builder->added_count + 1, sizeof *builder->added);
        builder->added[builder->added_count++].text.bytes = NULL;
    }
    map_find(&builder->added_at, text.bytes, text.size, &at);
    if (builder->added[at].text.bytes && !builder->from_model)
        flags = again_flags(builder, &builder->added[at], flags);
    builder->added[at].text = text;
    builder->added[at].id = id;
    builder->added[at].flags = flags;
    builder->attributes[id] &= SLM__TOKEN_BYTE | NAMED | ADDITIONAL;
    builder->attributes[id] |=
        SLM__TOKEN_EXISTS | SLM__TOKEN_ADDED |
        (flags & SLM__ADDED_SPECIAL ? (unsigned)SLM__TOKEN_SPECIAL : 0u);
}

/* The value of bos_token and its like: the special tokens map counts only where the tokenizer's
   config does not list its added tokens. NULL: absent; a JSON null: there is none. */
static const Json *special_value(const Json *config, const Json *map, const char *key) {
    const Json *value = json_get(config, "added_tokens_decoder") ? NULL : json_member(map, key);
    return value ? value : json_member(config, key);
}

static const Json *special_text(const Json *value) {
    if (value && value->type == JSON_OBJECT)
        value = json_get(value, "content");
    return value && value->type == JSON_STRING ? value : NULL;
}

enum { KEY_ADDITIONAL = -1, KEY_OTHER = SPECIAL_KEYS }; /* or an index of special_keys */

typedef struct Special {
    const Json *value;
    int key, is_default; /* is_default: no file names it, its class does */
} Special;

enum { SPECIAL_NAMED, SPECIAL_ADDITIONAL };

typedef struct Specials {
    Special *list;
    size_t count;
    Map given; /* those that a file names, by text: SPECIAL_NAMED if one of them has a name */
} Specials;

static void put_special(Specials *out, const Json *value, int key, int is_default) {
    out->list = resize(out->list, out->count + 1, sizeof *out->list);
    out->list[out->count].value = value;
    out->list[out->count].key = key;
    out->list[out->count++].is_default = is_default;
}

static void put_usual(Specials *out, const Builder *builder, const Json *config, const Json *map) {
    static const char *const llama_texts[SPECIAL_KEYS] = {"<s>", "</s>", "<unk>"};
    static const char *const gpt2_texts[SPECIAL_KEYS] = {"<|endoftext|>", "<|endoftext|>",
                                                         "<|endoftext|>"};
    static const char *const qwen2_texts[SPECIAL_KEYS] = {NULL, "<|endoftext|>", "<|endoftext|>",
                                                          NULL, "<|endoftext|>"};
    static const char *const gemma_texts[SPECIAL_KEYS] = {"<bos>", "<eos>", "<unk>", NULL, "<pad>"};
    static const char *const gemma5_texts[SPECIAL_KEYS] = {"<bos>", "<eos>", "<unk>", NULL,
                                                           "<pad>", NULL, "<mask>"};
    static const char *const none[SPECIAL_KEYS];
    static Json fallback[SPECIAL_KEYS];
    const char *const *usual = builder->is_bert      ? words_specials
                               : builder->is_roberta ? texts_specials
                               : builder->is_gemma ? builder->version5 ? gemma5_texts : gemma_texts
                               : builder->is_llama ? llama_texts
                               : builder->is_qwen2 ? qwen2_texts
                               : builder->is_gpt2 || builder->is_neox ? gpt2_texts
                                                   : none;
    int i;
    for (i = 0; i < SPECIAL_KEYS; i++) {
        const Json *value = special_value(config, map, special_keys[i]);
        int is_default = !value && usual[i];
        if (is_default) {
            fallback[i].type = JSON_STRING;
            fallback[i].text = usual[i];
            fallback[i].size = strlen(fallback[i].text);
            value = &fallback[i];
        }
        put_special(out, value, i, is_default);
    }
}

/* Tokens with names of their own: in an object, and by keys of transformers 5 that end so. */
static void put_others(Specials *out, const Builder *builder, const Json *config) {
    const Json *names = json_get(config, "extra_special_tokens"), *item;
    for (item = builder->version5 && config ? config->first : NULL; item; item = item->next) {
        int usual = 0, i;
        for (i = 0; i < SPECIAL_KEYS; i++)
            usual = usual || strcmp(item->key, special_keys[i]) == 0;
        if (!usual && item->key_size > 6 && special_text(item) &&
            strcmp(item->key + item->key_size - 6, "_token") == 0)
            put_special(out, item, KEY_OTHER, 0);
    }
    for (item = names && names->type == JSON_OBJECT ? names->first : NULL; item; item = item->next)
        put_special(out, item, KEY_OTHER, 0);
}

/* Transformers 5 has another key for tokens without a name. */
static void put_additional(Specials *out, const Builder *builder, const Json *config,
                           const Json *map) {
    const Json *list = NULL;
    if (builder->version5)
        list = special_value(config, map, "extra_special_tokens");
    if (!list || list->type != JSON_ARRAY || !list->size)
        list = special_value(config, map, "additional_special_tokens");
    for (list = list && list->type == JSON_ARRAY ? list->first : NULL; list; list = list->next)
        put_special(out, list, KEY_ADDITIONAL, 0);
}

static void index_specials(Specials *specials, int additional) {
    size_t i;
    for (i = 0; i < specials->count; i++) {
        const Special *special = &specials->list[i];
        const Json *text = special_text(special->value);
        if (text && !special->is_default && (special->key == KEY_ADDITIONAL) == additional)
            map_add(&specials->given, text->text, text->size,
                    additional ? SPECIAL_ADDITIONAL : SPECIAL_NAMED);
    }
}

/* All special tokens, in the order in which Hugging Face adds them. */
static Specials find_specials(const Builder *builder, const Json *config, const Json *map) {
    Specials out;
    memset(&out, 0, sizeof out);
    put_usual(&out, builder, config, map);
    if (!builder->version5)
        put_additional(&out, builder, config, map);
    put_others(&out, builder, config);
    if (builder->version5)
        put_additional(&out, builder, config, map);
    index_specials(&out, 0);
    index_specials(&out, 1);
    return out;
}

/* Of a token that the files list with its flags, transformers 5 asks for named ones only. */
static int is_special_text(const Builder *builder, const Specials *specials, Text text,
                           int has_flags) {
    uint32_t kind = 0;
    if (!map_find(&specials->given, text.bytes, text.size, &kind))
        return 0;
    return !builder->version5 || !has_flags || kind != SPECIAL_ADDITIONAL;
}

typedef struct Listed {
    uint32_t id;
    Text text;
    const Json *token; /* NULL: from added_tokens.json */
} Listed;

static int compare_listed(const void *a, const void *b) {
    uint32_t x = ((const Listed *)a)->id, y = ((const Listed *)b)->id;
    return (x > y) - (x < y);
}

static uint32_t decimal(const Builder *builder, const Json *entry) {
    uint32_t value = 0;
    size_t i;
    for (i = 0; i < entry->key_size; i++) {
        if (entry->key[i] < '0' || entry->key[i] > '9' || value > 100000000)
            break;
        value = value * 10 + (uint32_t)(entry->key[i] - '0');
    }
    if (!i || i < entry->key_size)
        fail("%s: added_tokens_decoder: \"%s\" is not an id", builder->path, entry->key);
    return value;
}

/* Tokens of added_tokens_decoder, or else of added_tokens.json, in the order of their ids. */
static void add_listed(Builder *builder, const Json *config, const Specials *specials,
                       const Json *plain) {
    const Json *decoder = json_get(config, "added_tokens_decoder"), *entry;
    const Json *list = decoder ? decoder : plain;
    Listed *tokens;
    size_t i = 0, count;
    if (!list || list->type != JSON_OBJECT)
        return;
    tokens = allocate(list->size, sizeof *tokens);
    for (entry = list->first; entry; entry = entry->next, i++) {
        tokens[i].id = decoder ? decimal(builder, entry) : read_id(builder, entry);
        tokens[i].token = decoder ? entry : NULL;
        tokens[i].text.bytes = entry->key;
        tokens[i].text.size = entry->key_size;
        if (decoder)
            tokens[i].text = text_of(builder, json_get(entry, "content"));
    }
    count = i;
    qsort(tokens, count, sizeof *tokens, compare_listed);
    for (i = 0; i < count; i++)
        if (decoder || !map_find(&builder->added_at, tokens[i].text.bytes, tokens[i].text.size,
                                 NULL)) {
            uint32_t flags = added_flags(tokens[i].token, 0);
            if (is_special_text(builder, specials, tokens[i].text, decoder != NULL))
                flags = decoder ? flags | SLM__ADDED_SPECIAL : SLM__ADDED_SPECIAL;
            add_token(builder, tokens[i].text, flags, tokens[i].id);
        }
    free(tokens);
}

static int gpt2_key(int key) { /* bos, eos, unk, pad */
    return key == 0 || key == 1 || key == 2 || key == 4;
}

/* One special token; its id, which may be beyond the model's rows, or -1 if it has none. The GPT-2
   class of transformers 4 makes those tokens that it knows by name normalized when they are given
   as plain strings. */
static int32_t add_special(Builder *builder, const Special *special) {
    const Json *value = special->value, *string = special_text(value);
    int key = special->key;
    /* RoBERTa's class adds its own mask once more, whatever the files say of it */
    int again = builder->is_roberta && special->is_default && key == KEY_MASK;
    uint32_t at, flags;
    Text text;
    if (!string || !string->size)
        return -1;
    text.bytes = string->text;
    text.size = string->size;
    if (builder->specials_win || again ||
        !map_find(&builder->added_at, text.bytes, text.size, NULL)) {
        flags = SLM__ADDED_SPECIAL;
        if (value->type == JSON_OBJECT)
            flags = added_flags(value, 1);
        else if (builder->is_roberta)
            flags = texts_special_flags(builder, key);
        else if (builder->from_vocabulary && !builder->is_codegen && gpt2_key(key))
            flags |= SLM__ADDED_NORMALIZED;
        add_token(builder, text, flags, -1);
    }
    if (map_find(&builder->beyond, text.bytes, text.size, &at))
        return (int32_t)at;
    map_find(&builder->added_at, text.bytes, text.size, &at);
    if (builder->kind == SLM__PIECES)
        builder->attributes[builder->added[at].id] |= key < 0 ? ADDITIONAL : NAMED;
    return (int32_t)builder->added[at].id;
}

/* Pieces of tokenizer.model that the fast tokenizer adds. */
static void add_controls(Builder *builder) {
    size_t i;
    for (i = 0; i < builder->control_count; i++) {
        Text text = builder->texts[builder->controls[i].token];
        if (!map_find(&builder->added_at, text.bytes, text.size, NULL))
            add_token(builder, text, builder->controls[i].flags, -1);
    }
}

static void add_specials(Builder *builder, const Specials *specials, const Json *config) {
    int32_t ids[SPECIAL_KEYS] = {-1, -1, -1, -1, -1, -1, -1};
    size_t i, additional = 0;
    for (i = 0; i < specials->count; i++) {
        int key = specials->list[i].key;
        int32_t id = add_special(builder, &specials->list[i]);
        if (key >= 0 && key < SPECIAL_KEYS) {
            ids[key] = id;
            if (special_text(specials->list[i].value))
                builder->specials[key] = special_text(specials->list[i].value)->text;
        }
        additional += key == KEY_ADDITIONAL;
    }
    if (builder->version5 && !additional)
        add_controls(builder);
    if (builder->kind != SLM__WORDS && (!builder->adds_bos || builder->bos < 0))
        builder->bos = ids[0];
    builder->eos = ids[1];
    builder->unk = ids[2];
    if (builder->is_roberta && builder->kind != SLM__BYTES)
        fail("%s: RobertaTokenizer with another tokenizer than byte-level BPE is not supported",
             builder->path);
    if (builder->kind == SLM__PIECES && builder->encodes)
        fail("%s: SentencePiece BPE is not supported for an encoder's texts", builder->path);
    if (builder->kind == SLM__WORDS)
        words_set_specials(builder, ids);
    if (builder->kind == SLM__BYTES && builder->encodes)
        texts_set_specials(builder, ids, config);
}

/* ---- end tokens -------------------------------------------------------------------------- */

void add_end(Builder *builder, const char *path, uint32_t id) {
    uint32_t i;
    if (id >= builder->used || !builder->attributes[id]) {
        warn("%s: end token %lu is not in the tokenizer and is left out", path,
             (unsigned long)id);
        return;
    }
    for (i = 0; i < builder->end_count; i++)
        if (builder->ends[i] == id)
            return;
    if (builder->end_count == END_LIMIT)
        fail("%s: more than %d end tokens", path, END_LIMIT);
    builder->ends[builder->end_count++] = id;
}

static void read_end(Builder *builder, const char *path, const Json *value) {
    builder->path = path;
    add_end(builder, path, read_id(builder, value));
}

static void read_ends(Builder *builder, const char *directory, const Json *config) {
    char *path = join_path(directory, "generation_config.json");
    const Json *value = json_get(json_read_optional(path), "eos_token_id"), *item;
    const char *where = path;
    if (!value) {
        value = json_get(config, "eos_token_id");
        where = "config.json";
    }
    if (value && value->type == JSON_ARRAY)
        for (item = value->first; item; item = item->next)
            read_end(builder, where, item);
    else if (value)
        read_end(builder, where, value);
    if (!builder->end_count && builder->eos >= 0)
        builder->ends[builder->end_count++] = (uint32_t)builder->eos;
}

/* ---- the section ------------------------------------------------------------------------- */

static const Text *sort_texts; /* what qsort's comparison sees */

static int compare_texts(const Text *a, const Text *b) {
    size_t size = a->size < b->size ? a->size : b->size;
    int order = size ? memcmp(a->bytes, b->bytes, size) : 0;
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_ids(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order;
    if (!sort_texts[x].bytes != !sort_texts[y].bytes)
        return sort_texts[x].bytes ? -1 : 1;
    order = sort_texts[x].bytes ? compare_texts(&sort_texts[x], &sort_texts[y]) : 0;
    return order ? order : (x > y) - (x < y);
}

static int compare_added(const void *a, const void *b) {
    const AddedToken *x = a, *y = b;
    int order = compare_texts(&x->text, &y->text);
    return order ? order : (x->id > y->id) - (x->id < y->id);
}

/* Fills the open-addressed table; the longest probe bounds every lookup. */
static unsigned char *make_merge_table(const Builder *builder, uint32_t slots, uint32_t *probe) {
    unsigned char *table = allocate(slots, 16), *slot;
    slm__tokenizer sizes; /* the library asks for the slots alone */
    uint32_t i, at, looked;
    sizes.merge_slots = slots;
    for (i = 0; i < slots; i++)
        set_u32(table + 16 * (size_t)i, SLM__NO_TOKEN);
    *probe = 0;
    for (i = 0; i < builder->merge_count; i++) {
        const Merge *merge = &builder->merges[i];
        at = slm__merge_start(&sizes, merge->left, merge->right);
        for (looked = 1;; looked++, at = (at + 1) & (slots - 1)) {
            slot = table + 16 * (size_t)at;
            if (get_u32(slot) == SLM__NO_TOKEN)
                break;
            if (get_u32(slot) == merge->left && get_u32(slot + 4) == merge->right)
                fail("merge %lu (\"%s\" and \"%s\") stands twice in the tokenizer",
                     (unsigned long)i, builder->texts[merge->left].bytes,
                     builder->texts[merge->right].bytes);
        }
        set_u32(slot, merge->left);
        set_u32(slot + 4, merge->right);
        set_u32(slot + 8, merge->rank);
        set_u32(slot + 12, merge->result);
        *probe = looked > *probe ? looked : *probe;
    }
    return table;
}

/* The bytes of all tokens in order, then the texts of added tokens that decode differently. */
static Buffer make_blob(Builder *builder, uint32_t *offsets) {
    Buffer blob = {NULL, 0, 0};
    uint32_t id;
    size_t i;
    for (id = 0; id < builder->used; id++) {
        offsets[id] = (uint32_t)blob.size;
        if (!builder->attributes[id])
            continue;
        builder->decoded[id] = builder->kind == SLM__WORDS    ? builder->texts[id]
                               : builder->kind == SLM__PIECES ? pieces_decoded(builder, id)
                                                              : decode_text(builder->texts[id]);
        put_bytes(&blob, builder->decoded[id].bytes, builder->decoded[id].size);
    }
    offsets[builder->used] = (uint32_t)blob.size;
    for (i = 0; i < builder->added_count; i++) {
        AddedToken *added = &builder->added[i];
        added->offset = offsets[added->id];
        if (compare_texts(&added->text, &builder->decoded[added->id]) != 0) {
            added->offset = (uint32_t)blob.size;
            put_bytes(&blob, added->text.bytes, added->text.size);
        }
    }
    return blob;
}

static void put_head(Buffer *out, const Builder *builder, uint32_t slots, uint32_t probe,
                     size_t blob_size) {
    uint32_t i;
    put_u32(out, builder->used);
    put_u32(out, slots);
    put_u32(out, probe);
    put_u32(out, (uint32_t)builder->bos);
    put_u32(out, (uint32_t)builder->unk);
    put_u32(out, (builder->adds_bos ? (uint32_t)SLM__TEXT_BOS : 0) | builder->text_flags |
                     (builder->kind == SLM__BYTES ? splits_flags(builder) : 0) |
                     (builder->prefix_space ? (uint32_t)SLM__TEXT_PREFIX_SPACE : 0));
    put_u32(out, builder->end_count);
    for (i = 0; i < END_LIMIT; i++)
        put_u32(out, i < builder->end_count ? builder->ends[i] : SLM__NO_TOKEN);
    put_u32(out, (uint32_t)blob_size);
    put_u32(out, (uint32_t)builder->added_count);
    put_u32(out, builder->kind == SLM__BYTES || builder->byte_tokens[0] != SLM__NO_TOKEN);
    if (splits_file_kind(builder) == SLM__SPLIT_BYTES)
        splits_put(out, builder);
    else if (builder->kind == SLM__PIECES) {
        put_u32(out, (uint32_t)builder->last);
        put_u32(out, builder->prefix);
        put_zeros(out, 16);
    } else if (builder->kind == SLM__WORDS) {
        put_u32(out, (uint32_t)builder->last);
        put_u32(out, builder->longest_word);
        put_u32(out, (uint32_t)builder->mask);
        put_zeros(out, 12);
    } else
        put_zeros(out, 24);
}

static void check_added(const Builder *builder) {
    size_t i;
    for (i = 0; i < builder->added_count; i++)
        if (builder->added[i].text.size > SLM__LONGEST_ADDED)
            fail("%s: added token %lu (\"%s\") has %lu bytes; a .slm holds added tokens of at "
                 "most %d", builder->path, (unsigned long)builder->added[i].id,
                 shown(builder->added[i].text), (unsigned long)builder->added[i].text.size,
                 SLM__LONGEST_ADDED);
}

static void put_words(Buffer *out, const Builder *builder, const uint32_t *offsets,
                      const uint32_t *sorted, const Buffer *blob) {
    slm__tokenizer t;
    memset(&t, 0, sizeof t);
    t.count = builder->used;
    t.offsets = offsets;
    t.attributes = builder->attributes;
    t.sorted = sorted;
    t.blob = (const char *)blob->data;
    words_put(out, &t);
}

static void put_section(Buffer *out, Builder *builder) {
    uint32_t *offsets = allocate((size_t)builder->used + 1, 4), *sorted, i, slots, probe;
    Buffer blob = make_blob(builder, offsets);
    unsigned char *table;
    for (slots = builder->merge_count ? 2 : 0; slots < 2 * builder->merge_count; slots *= 2)
        continue;
    table = make_merge_table(builder, slots, &probe);
    put_head(out, builder, slots, probe, blob.size);
    for (i = 0; i <= builder->used; i++)
        put_u32(out, offsets[i]);
    for (i = 0; i < builder->used; i++)
        builder->attributes[i] &= (unsigned char)~(NAMED | ADDITIONAL);
    put_bytes(out, builder->attributes, builder->used);
    put_zeros(out, (4 - out->size % 4) % 4);
    sorted = allocate(builder->used, 4);
    for (i = 0; i < builder->used; i++)
        sorted[i] = i;
    sort_texts = builder->decoded;
    qsort(sorted, builder->used, 4, compare_ids);
    for (i = 0; i < builder->used; i++)
        put_u32(out, sorted[i]);
    if (builder->kind == SLM__WORDS)
        put_words(out, builder, offsets, sorted, &blob);
    for (i = 0; i < 256 && builder->kind != SLM__WORDS; i++)
        put_u32(out, builder->byte_tokens[i]);
    if (builder->kind == SLM__BYTES)
        splits_put_whole(out, builder);
    if (builder->kind == SLM__PIECES)
        pieces_put(out, builder);
    put_bytes(out, table, (size_t)slots * 16);
    if (builder->added_count)
        qsort(builder->added, builder->added_count, sizeof *builder->added, compare_added);
    for (i = 0; i < builder->added_count; i++) {
        if (i && compare_texts(&builder->added[i - 1].text, &builder->added[i].text) == 0)
            fail("added tokens %lu and %lu are written alike",
                 (unsigned long)builder->added[i - 1].id, (unsigned long)builder->added[i].id);
        put_u32(out, builder->added[i].id);
        put_u32(out, builder->added[i].offset);
        put_u32(out, (uint32_t)builder->added[i].text.size);
        put_u32(out, builder->added[i].flags);
    }
    put_bytes(out, blob.data, blob.size);
    free(offsets);
    free(sorted);
    free(table);
}

/* ---- the whole --------------------------------------------------------------------------- */

static int is_gemma_type(const Json *type) {
    return json_is(type, "gemma") || json_is(type, "gemma2") || json_is(type, "gemma3_text") ||
           json_is(type, "gemma3");
}

/* Which class transformers 5 would take. LlamaTokenizer, GemmaTokenizer, GPT2Tokenizer and
   CodeGenTokenizer have rules of their own; TokenizersBackend has those of tokenizer.json, as any
   class had in 4. */
static void find_class5(Builder *builder, const Json *name, const Json *type) {
    builder->is_llama = class_is(name, "LlamaTokenizer");
    builder->is_gemma = name ? class_is(name, "GemmaTokenizer") : is_gemma_type(type);
    builder->is_codegen = class_is(name, "CodeGenTokenizer");
    builder->is_gpt2 = builder->is_codegen || class_is(name, "GPT2Tokenizer") ||
                       (!name && !json_is(type, "llama") && !builder->is_gemma);
    builder->rebuilds = builder->is_llama || builder->is_gemma || builder->is_gpt2;
    if ((name && !builder->rebuilds && !is_generic(name)) || (!name && json_is(type, "roberta")))
        fail("%s: tokenizer_class %s of transformers 5 is not supported; supported: "
             "LlamaTokenizer, GemmaTokenizer, GPT2Tokenizer, CodeGenTokenizer, TokenizersBackend",
             builder->path,
             !name ? "RobertaTokenizer" : name->type == JSON_STRING ? name->text : "(no name)");
}

/* Whether the library has this type of model as an encoder. */
static int is_encoder_type(const Json *type) {
    size_t i;
    for (i = 0; i < SLM__ARCHITECTURES; i++)
        if (json_is(type, slm__architectures[i].name))
            return (slm__architectures[i].features & SLM__ENCODER) != 0;
    return json_is(type, "roberta");
}

/* The class that transformers 4 takes for a type of model where no file names one. */
static const char *class_of_type(const Json *type) {
    static const char *const classes[][2] = {
        {"phi", "CodeGenTokenizer"},   {"llama", "LlamaTokenizer"},
        {"mistral", "LlamaTokenizer"}, {"smollm3", "PreTrainedTokenizerFast"},
        {"qwen2", "Qwen2Tokenizer"},   {"qwen3", "Qwen2Tokenizer"},
        {"gpt_neox", "GPTNeoXTokenizerFast"}, {"roberta", "RobertaTokenizer"},
    };
    size_t i;
    for (i = 0; i < sizeof classes / sizeof *classes; i++)
        if (json_is(type, classes[i][0]))
            return classes[i][1];
    return is_gemma_type(type) ? "GemmaTokenizer" : "GPT2Tokenizer";
}

/* Which class Hugging Face would take: it brings the defaults of the special tokens. */
static void find_class(Builder *builder, const Json *tokenizer, const Json *config) {
    const Json *name = json_get(tokenizer, "tokenizer_class");
    const Json *type = json_get(config, "model_type");
    name = name ? name : json_get(config, "tokenizer_class");
    builder->class_name = !name                       ? class_of_type(type)
                          : name->type == JSON_STRING ? name->text
                                                      : "(no name)";
    builder->encodes = is_encoder_type(type);
    builder->version5 = json_member(tokenizer, "backend") || version_from(config) >= 5;
    if (builder->version5) {
        find_class5(builder, name, type);
        return;
    }
    builder->is_codegen = is_named(builder->class_name, "CodeGenTokenizer");
    builder->is_gpt2 = builder->is_codegen || is_named(builder->class_name, "GPT2Tokenizer");
    builder->is_neox = is_named(builder->class_name, "GPTNeoXTokenizer");
    builder->is_qwen2 = is_named(builder->class_name, "Qwen2Tokenizer");
    builder->is_llama = is_named(builder->class_name, "LlamaTokenizer");
    builder->is_gemma = is_named(builder->class_name, "GemmaTokenizer");
    builder->is_roberta = is_named(builder->class_name, "RobertaTokenizer");
    builder->encodes = builder->encodes || builder->is_roberta;
    if (builder->is_gemma && is_true(tokenizer, "from_slow"))
        fail("%s: from_slow is not supported with GemmaTokenizer", builder->path);
}

/* The class says how a text becomes words where no tokenizer.json does. */
static void set_class_rules(Builder *builder, const Json *tokenizer) {
    if (builder->version5 || builder->is_gpt2 || builder->is_roberta || builder->encodes)
        return;
    if (!builder->is_qwen2)
        fail("%s: without tokenizer.json the class %s is not supported; supported: GPT2Tokenizer, "
             "CodeGenTokenizer, RobertaTokenizer, Qwen2Tokenizer", builder->path,
             builder->class_name);
    if (is_true(tokenizer, "add_prefix_space"))
        fail("%s: add_prefix_space is not supported with Qwen2Tokenizer", builder->path);
    splits_set(builder, SLM__STEP_QWEN2);
    builder->nfc = 1;
}

static void read_vocabulary_files(Builder *builder, const char *directory,
                                  const Json *tokenizer) {
    char *vocabulary = join_path(directory, "vocab.json");
    builder->path = vocabulary;
    set_class_rules(builder, tokenizer);
    read_vocabulary(builder, json_read(vocabulary));
    read_merges_file(builder, join_path(directory, "merges.txt"));
    builder->prefix_space = is_true(tokenizer, "add_prefix_space");
    builder->adds_bos = is_true(tokenizer, "add_bos_token");
    if (builder->version5) {
        builder->adds_last = is_true(tokenizer, "add_eos_token");
        return;
    }
    builder->from_vocabulary = 1;
    builder->specials_win = !json_get(tokenizer, "added_tokens_decoder");
}

static void read_words(Builder *builder, const char *path, const Json *tokenizer,
                       const Json *map) {
    const Json *unk = special_text(special_value(tokenizer, map, "unk_token"));
    builder->path = path;
    find_words_class(builder, tokenizer);
    if (!builder->is_bert || builder->version5)
        fail("%s: vocab.txt without tokenizer.json is supported for the classes BertTokenizer, "
             "DistilBertTokenizer and MobileBertTokenizer of transformers 4 alone", path);
    words_read_vocabulary(builder, path, tokenizer, unk);
}

/* Transformers 4's class reads it alone, whatever the model's type is. */
static void read_piece_model(Builder *builder, const char *path, const Json *tokenizer) {
    const Json *name = json_get(tokenizer, "tokenizer_class");
    if ((name || builder->version5 || builder->is_gemma) && !builder->is_llama)
        fail("%s: read by %s, which is not supported; supported: LlamaTokenizer", path,
             name ? name->type == JSON_STRING ? name->text : "no class"
             : builder->is_gemma ? "GemmaTokenizer" : "TokenizersBackend");
    builder->is_llama = 1;
    builder->is_gpt2 = builder->is_codegen = 0;
    if (builder->version5)
        pieces_rebuild(builder, path, tokenizer);
    else
        pieces_read_model(builder, path, tokenizer);
}

/* Transformers 4 makes the fast LlamaTokenizer anew from tokenizer.model if its config says so. */
static int wants_model(const Builder *builder, const char *model, const Json *tokenizer) {
    return !builder->version5 && builder->is_llama && file_exists(model) &&
           (json_get(tokenizer, "add_prefix_space") || is_true(tokenizer, "from_slow"));
}

static void read_pieces_and_rules(Builder *builder, const char *directory, const Json *tokenizer,
                                  const Json *map) {
    char *json = join_path(directory, "tokenizer.json");
    char *model = join_path(directory, "tokenizer.model");
    char *words = join_path(directory, "vocab.txt");
    if (file_exists(json) && wants_model(builder, model, tokenizer)) {
        builder->rebuilds = 1;
        pieces_rebuild(builder, model, tokenizer);
        add_controls(builder);
        read_added(builder, json, json_read(json), tokenizer);
    } else if (file_exists(json))
        read_tokenizer_json(builder, json, tokenizer);
    else if (file_exists(join_path(directory, "vocab.json")))
        read_vocabulary_files(builder, directory, tokenizer);
    else if (file_exists(words) && !file_exists(model))
        read_words(builder, words, tokenizer, map);
    else
        read_piece_model(builder, model, tokenizer);
    if (builder->is_gemma ? !builder->version5
                          : builder->is_llama && (!builder->version5 || !file_exists(json))) {
        const Json *bos = json_member(tokenizer, "add_bos_token");
        builder->adds_bos = bos ? bos->type == JSON_TRUE : !builder->version5;
        builder->adds_last = is_true(tokenizer, "add_eos_token");
    } else if (builder->is_neox) {
        builder->adds_bos = is_true(tokenizer, "add_bos_token");
        builder->adds_last = is_true(tokenizer, "add_eos_token");
    } else if (builder->kind == SLM__PIECES && !json_get(tokenizer, "tokenizer_class"))
        builder->is_gpt2 = builder->is_codegen = 0;
}

/* What is put around a text must be there; beyond the model's rows it is left out, and said. */
static int32_t check_token(const Builder *builder, int32_t id, const char *name) {
    if (id < 0)
        return id;
    if ((uint32_t)id >= builder->rows) {
        warn("%s: the %s token %ld is beyond the model's %lu vocabulary rows, and left out",
             builder->path, name, (long)id, (unsigned long)builder->rows);
        return -1;
    }
    if ((uint32_t)id >= builder->used || !builder->attributes[id])
        fail("%s: %s token %ld does not exist", builder->path, name, (long)id);
    return id;
}

static void check_tokens(Builder *builder) {
    if (builder->adds_last && builder->last < 0)
        builder->last = builder->eos;
    builder->bos = check_token(builder, builder->bos, "BOS");
    builder->adds_bos = builder->adds_bos && builder->bos >= 0;
    if (builder->last != builder->eos)
        builder->last = check_token(builder, builder->last, "last");
    else if ((uint32_t)builder->last >= builder->rows)
        builder->last = -1; /* said of EOS */
    builder->eos = check_token(builder, builder->eos, "EOS");
    if (builder->unk >= 0 && (uint32_t)builder->unk >= builder->rows)
        builder->unk = -1;
}

/* One line, whichever files name them: a model has no use for tokens that it has no row for. */
static void say_beyond(const Builder *builder) {
    size_t count = builder->beyond.count, i;
    Buffer list = {NULL, 0, 0};
    char text[256];
    if (!count)
        return;
    for (i = 0; i < count && i < BEYOND_SHOWN; i++) {
        Text token = builder->beyond_first[i];
        uint32_t id = 0;
        map_find(&builder->beyond, token.bytes, token.size, &id);
        snprintf(text, sizeof text, "%s%lu \"%s\"", i ? ", " : "", (unsigned long)id,
                 shown(token));
        put_bytes(&list, text, strlen(text));
    }
    if (count > BEYOND_SHOWN) {
        snprintf(text, sizeof text, " and %lu more", (unsigned long)(count - BEYOND_SHOWN));
        put_bytes(&list, text, strlen(text));
    }
    put_bytes(&list, "", 1);
    warn("%s: tokens beyond the model's %lu vocabulary rows are left out: %s", builder->path,
         (unsigned long)builder->rows, (const char *)list.data);
    free(list.data);
}

/* "Very large" is written as 1e30. */
static uint32_t read_longest(const Json *tokenizer) {
    const Json *length = json_get(tokenizer, "model_max_length");
    length = length ? length : json_get(tokenizer, "max_len");
    if (!length || length->type != JSON_NUMBER || length->number < 1 || length->number > 1e9)
        return 0;
    return (uint32_t)length->number;
}

/* config: tokenizer_config.json. */
static void finish_kind(Builder *builder, const Json *config) {
    if (builder->kind == SLM__BYTES)
        splits_finish(builder);
    if (builder->kind == SLM__PIECES)
        pieces_finish(builder, config);
    if (builder->kind == SLM__WORDS)
        words_finish(builder, config);
    check_added(builder);
}

static void read_files(Builder *builder, const char *directory, const Json *config) {
    const Json *tokenizer, *map, *plain;
    Specials specials;
    tokenizer = json_read_optional(join_path(directory, "tokenizer_config.json"));
    map = json_read_optional(join_path(directory, "special_tokens_map.json"));
    plain = json_read_optional(join_path(directory, "added_tokens.json"));
    builder->path = directory;
    if (is_true(tokenizer, "split_special_tokens"))
        warn("%s: split_special_tokens is ignored: special tokens are matched in a text",
             directory);
    find_class(builder, tokenizer, config);
    builder->longest = read_longest(tokenizer);
    read_pieces_and_rules(builder, directory, tokenizer, map);
    builder->path = directory;
    specials = find_specials(builder, tokenizer, map);
    add_listed(builder, tokenizer, &specials, plain);
    add_specials(builder, &specials, tokenizer);
    free(specials.list);
    free(specials.given.slots);
    check_tokens(builder);
    say_beyond(builder);
    read_ends(builder, directory, config);
    builder->path = directory;
    finish_kind(builder, tokenizer);
}

/* The files that make a directory one with a tokenizer; the last is of another kind. */
static const char *const tokenizer_files[] = {"tokenizer.json", "vocab.json", "tokenizer.model",
                                              "vocab.txt", "spiece.model"};
enum { TOKENIZER_FILES = sizeof tokenizer_files / sizeof *tokenizer_files, READABLE_FILES = 4 };

/* Whatever is wrong with a tokenizer, the model can do without it: each failure says so. */
static int has_tokenizer(const char *directory) {
    static char text[256];
    const char *first = NULL;
    size_t size = 0, i;
    int readable = 0;
    for (i = 0; i < TOKENIZER_FILES; i++) {
        if (!file_exists(join_path(directory, tokenizer_files[i])))
            continue;
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%s",
                                 first ? ", " : " (without ", tokenizer_files[i]);
        first = first ? first : tokenizer_files[i];
        readable |= i < READABLE_FILES;
    }
    if (!first)
        return 0;
    snprintf(text + size, sizeof text - size,
             " the checkpoint converts to a model that works by token ids)");
    set_way_out(text);
    if (!readable)
        fail("%s/%s: this kind of tokenizer is not supported; supported: byte-level BPE "
             "(tokenizer.json, or vocab.json and merges.txt), SentencePiece BPE "
             "(tokenizer.json or tokenizer.model) and WordPiece (tokenizer.json or vocab.txt)",
             directory, first);
    return 1;
}

/* Where the parts of a section lie that is whole; 0: there is none. */
static int lay_out_section(slm__tokenizer *out, const Tokenizer *tokenizer) {
    out->kind = (uint32_t)tokenizer->kind;
    return !slm__tokenizer_layout(out, tokenizer->section.data, tokenizer->section.size);
}

int32_t tokenizer_find(const Tokenizer *tokenizer, const char *text) {
    slm__tokenizer t;
    const uint32_t *added =
        lay_out_section(&t, tokenizer) ? slm__added_token(&t, -1, text) : NULL;
    return added ? (int32_t)added[0] : -1;
}

int tokenizer_added(const Tokenizer *tokenizer, int32_t id, Buffer *out) {
    slm__tokenizer t;
    const uint32_t *added =
        id >= 0 && lay_out_section(&t, tokenizer) ? slm__added_token(&t, id, NULL) : NULL;
    const char *text;
    size_t size;
    if (!added)
        return 0;
    text = slm__added_text(&t, added, &size);
    put_bytes(out, text, size);
    return 1;
}

void builder_open(Builder *builder, Tokenizer *out, uint32_t rows) {
    memset(out, 0, sizeof *out);
    out->used = rows;
    out->bos = -1;
    memset(builder, 0, sizeof *builder);
    builder->rows = rows;
    builder->bos = builder->eos = builder->unk = builder->model_unk = builder->last = -1;
    builder->mask = builder->missing = -1;
    builder->kind = SLM__BYTES;
    splits_set(builder, SLM__STEP_GPT2);
    builder->own = allocate(rows, 1);
    builder->texts = allocate(rows, sizeof *builder->texts);
    builder->decoded = allocate(rows, sizeof *builder->decoded);
    builder->attributes = allocate(rows, 1);
}

void builder_finish(Builder *builder) {
    check_tokens(builder);
    say_beyond(builder);
    finish_kind(builder, NULL);
}

void builder_close(Builder *builder, Tokenizer *out) {
    put_section(&out->section, builder);
    out->bos = builder->bos;
    memcpy(out->specials, builder->specials, sizeof out->specials);
    out->kind = splits_file_kind(builder);
    out->is_gpt2 = builder->is_gpt2;
    out->used = builder->used;
    out->longest = builder->longest;
}

void tokenizer_read(Tokenizer *out, const char *directory, const Json *config, uint32_t rows) {
    Builder builder;
    builder_open(&builder, out, rows);
    if (!has_tokenizer(directory)) {
        warn("%s has no tokenizer files: the model will work by token ids only", directory);
        return;
    }
    read_files(&builder, directory, config);
    builder_close(&builder, out);
    set_way_out("");
}

int tokenizer_adds_bos(const Tokenizer *tokenizer) {
    return tokenizer->kind && (get_u32(tokenizer->section.data + 20) & SLM__TEXT_BOS);
}

void tokenizer_from_section(Tokenizer *out, int kind, const char *path, const Buffer *section) {
    slm__tokenizer t;
    const char *wrong =
        slm__tokenizer_bind(&t, (uint32_t)kind, section->data, section->size);
    if (wrong)
        fail("%s: damaged: its tokenizer: %s", path, wrong);
    memset(out, 0, sizeof *out);
    out->kind = kind;
    out->section = *section;
    out->bos = t.bos;
}
