/* pieces.c - SentencePiece BPE with bytes for what has no piece, as LLaMA's: from tokenizer.json
   with the ids of Hugging Face's fast tokenizer, from tokenizer.model with those of the slow one,
   LlamaTokenizer. */
#include "builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char mark[] = "\xE2\x96\x81"; /* U+2581, which stands for a space */
enum { MARK_SIZE = 3 };

static int is_mark(const char *bytes, size_t size) {
    return size >= MARK_SIZE && memcmp(bytes, mark, MARK_SIZE) == 0;
}

/* With a space for each U+2581. */
static Text spaced(Text text) {
    char *out = allocate(text.size + 1, 1);
    Text result;
    size_t i = 0, count = 0;
    while (i < text.size)
        if (is_mark(text.bytes + i, text.size - i)) {
            out[count++] = ' ';
            i += MARK_SIZE;
        } else
            out[count++] = text.bytes[i++];
    result.bytes = out;
    result.size = count;
    return result;
}

int pieces_byte(Text text) {
    static const char digits[] = "0123456789ABCDEF0123456789abcdef";
    const char *high, *low;
    if (text.size != 6 || memcmp(text.bytes, "<0x", 3) != 0 || text.bytes[5] != '>' ||
        !text.bytes[3] || !text.bytes[4])
        return -1;
    high = strchr(digits, text.bytes[3]);
    low = strchr(digits, text.bytes[4]);
    return high && low ? (int)((high - digits) % 16 * 16 + (low - digits) % 16) : -1;
}

/* ---- from either file -------------------------------------------------------------------- */

static void read_bytes(Builder *builder) {
    char name[8];
    uint32_t byte, found = 0;
    Text text;
    text.bytes = name;
    text.size = 6;
    for (byte = 0; byte < 256; byte++) {
        snprintf(name, sizeof name, "<0x%02X>", (unsigned)byte);
        if (is_beyond(builder, text))
            fail_beyond(builder, text, "a byte needs it");
        found += (uint32_t)map_find(&builder->ids, name, 6, &builder->byte_tokens[byte]);
    }
    if (found && found != 256)
        fail("%s: tokens of %lu bytes; with byte_fallback all 256 are needed", builder->path,
             (unsigned long)found);
    if (!found)
        memset(builder->byte_tokens, 0xFF, sizeof builder->byte_tokens);
}

/* Once the vocabulary is read, and nothing else has been added. */
void pieces_read_vocabulary(Builder *builder, int byte_fallback) {
    uint32_t i;
    char text;
    memset(builder->byte_tokens, 0xFF, sizeof builder->byte_tokens);
    memset(builder->ascii, 0xFF, sizeof builder->ascii);
    if (byte_fallback)
        read_bytes(builder);
    for (i = 0; i < 128; i++) {
        text = (char)i;
        if (i == ' ' ? !map_find(&builder->ids, mark, MARK_SIZE, &builder->ascii[i])
                     : !map_find(&builder->ids, &text, 1, &builder->ascii[i]))
            builder->ascii[i] = SLM__NO_TOKEN;
    }
    if (builder->ascii[' '] == SLM__NO_TOKEN)
        fail("%s: not a SentencePiece vocabulary: U+2581 has no token", builder->path);
}

/* Bytes and the unknown token stand for characters that have no token: merging them would hide
   where a text can be cut. */
static void check_merges(const Builder *builder) {
    size_t i;
    for (i = 0; i < builder->merge_count; i++) {
        const Merge *merge = &builder->merges[i];
        uint32_t id = merge->left;
        int side;
        for (side = 0; side < 2; side++, id = merge->right)
            if ((int64_t)id == builder->model_unk || pieces_byte(builder->texts[id]) >= 0)
                fail("%s: merge %lu of a byte or of the unknown token is not supported",
                     builder->path, (unsigned long)i);
    }
}

/* Where each space begins a word, what would be merged to the left of one never is. */
static void drop_merges(Builder *builder) {
    size_t i, kept = 0;
    for (i = 0; i < builder->merge_count; i++) {
        Text right = builder->texts[builder->merges[i].right];
        if (!is_mark(right.bytes, right.size))
            builder->merges[kept++] = builder->merges[i];
    }
    builder->merge_count = kept;
}

/* ---- tokenizer.json ---------------------------------------------------------------------- */

static int text_is(const Json *object, const char *key, const char *text) {
    return json_is(json_get(object, key), text);
}

static int flag_is(const Json *object, const char *key, JsonType type) {
    const Json *value = json_get(object, key);
    return value && value->type == type;
}

/* Gemma's pre_tokenizer: it splits at spaces, of which its normalizer has left none. */
static int splits_spaces(const Json *pre) {
    return text_is(pre, "type", "Split") && text_is(json_get(pre, "pattern"), "String", " ") &&
           text_is(pre, "behavior", "MergedWithPrevious") && !flag_is(pre, "invert", JSON_TRUE);
}

int pieces_wanted(const Json *json) {
    const Json *pre = json_get(json, "pre_tokenizer");
    return ((!pre || splits_spaces(pre)) && json_get(json, "normalizer")) ||
           text_is(pre, "type", "Metaspace");
}

/* Prepend and Replace, alone or in a sequence. */
static void read_normalizer(Builder *builder, const Json *part, int depth) {
    const Json *item, *list = json_get(part, "normalizers");
    if (!part)
        return;
    if (text_is(part, "type", "Prepend") && text_is(part, "prepend", mark))
        builder->prepends++;
    else if (text_is(part, "type", "Replace") && text_is(part, "content", mark) &&
             text_is(json_get(part, "pattern"), "String", " "))
        builder->text_flags |= SLM__TEXT_MARKS;
    else if (text_is(part, "type", "Sequence") && list && list->type == JSON_ARRAY && !depth)
        for (item = list->first; item; item = item->next)
            read_normalizer(builder, item, 1);
    else
        refuse(builder, "normalizer", part);
}

static void read_metaspace(Builder *builder, const Json *part) {
    const Json *scheme = json_get(part, "prepend_scheme");
    if (!part || (splits_spaces(part) && builder->text_flags & SLM__TEXT_MARKS))
        return;
    if (!text_is(part, "type", "Metaspace") || !text_is(part, "replacement", mark))
        refuse(builder, "pre_tokenizer", part);
    builder->splits = !flag_is(part, "split", JSON_FALSE);
    if (builder->prepends)
        fail("%s: both a Prepend normalizer and a Metaspace pre_tokenizer are not supported",
             builder->path);
    if (flag_is(part, "add_prefix_space", JSON_FALSE) || (scheme && json_is(scheme, "never")))
        builder->prefix = SLM__PREFIX_NONE;
    else if (!scheme || json_is(scheme, "always"))
        builder->prefix = SLM__PREFIX_EACH_WORD;
    else if (json_is(scheme, "first"))
        builder->prefix = SLM__PREFIX_FIRST_WORD;
    else
        fail("%s: the Metaspace pre_tokenizer's prepend_scheme is not supported", builder->path);
}

/* Replace, ByteFallback, Fuse and perhaps Strip, in this order. */
static void read_decoder(Builder *builder, const Json *part) {
    const Json *list = json_get(part, "decoders"), *item;
    if (!text_is(part, "type", "Sequence") || !list || list->type != JSON_ARRAY)
        refuse(builder, "decoder", part);
    item = list->first;
    if (!text_is(item, "type", "Replace") || !text_is(item, "content", " ") ||
        !text_is(json_get(item, "pattern"), "String", mark))
        refuse(builder, "decoder", item);
    item = item->next;
    if (text_is(item, "type", "ByteFallback"))
        item = item->next;
    else if (builder->byte_tokens[0] != SLM__NO_TOKEN)
        fail("%s: a decoder without ByteFallback is not supported", builder->path);
    if (!text_is(item, "type", "Fuse"))
        refuse(builder, "decoder", item ? item : part);
    item = item->next;
    if (item) {
        const Json *start = json_get(item, "start"), *stop = json_get(item, "stop");
        if (!text_is(item, "type", "Strip") || !text_is(item, "content", " ") || item->next ||
            !start || start->integer != 1 || (stop && stop->integer != 0))
            refuse(builder, "decoder", item);
        builder->text_flags |= SLM__TEXT_STRIP;
    }
}

/* The model - vocabulary and merges - is read already. */
void pieces_read_json(Builder *builder, const Json *json) {
    const Json *model = json_get(json, "model"), *unknown = json_get(model, "unk_token");
    uint32_t id;
    pieces_read_vocabulary(builder, flag_is(model, "byte_fallback", JSON_TRUE));
    builder->model_unk = -1;
    if (unknown && unknown->type == JSON_STRING) {
        Text text;
        text.bytes = unknown->text;
        text.size = unknown->size;
        if (map_find(&builder->ids, text.bytes, text.size, &id))
            builder->model_unk = (int32_t)id;
        else if (!is_beyond(builder, text))
            fail("%s: the unknown token is not in the vocabulary", builder->path);
        else if (builder->byte_tokens[0] == SLM__NO_TOKEN)
            fail_beyond(builder, text, "unknown characters need it");
    }
    if (flag_is(model, "fuse_unk", JSON_TRUE))
        builder->text_flags |= SLM__TEXT_FUSED;
    read_normalizer(builder, json_get(json, "normalizer"), 0);
    if (builder->prepends)
        builder->prefix = SLM__PREFIX_EACH;
    read_metaspace(builder, json_get(json, "pre_tokenizer"));
    if (!(builder->text_flags & SLM__TEXT_MARKS) && !json_get(json, "pre_tokenizer"))
        fail("%s: a normalizer that leaves spaces as they are is not supported", builder->path);
    if (builder->prepends > 1)
        fail("%s: two Prepend normalizers are not supported", builder->path);
    read_decoder(builder, json_get(json, "decoder"));
    check_merges(builder);
    if (builder->splits)
        drop_merges(builder);
}

/* The fast LlamaTokenizer where it takes no rules from tokenizer.json. In transformers 4 that is so
   if its config has add_prefix_space or from_slow; a space is put before a text if it says so. In
   5 it always is; a space is put unless it says no, and there is no unknown token. */
void pieces_set_fast(Builder *builder, const Json *config) {
    int five = builder->version5, legacy = flag_is(config, "legacy", JSON_TRUE);
    int space = flag_is(config, "add_prefix_space", JSON_TRUE);
    pieces_read_vocabulary(builder, 1);
    if (five) {
        space = space || !json_get(config, "add_prefix_space");
        builder->model_unk = -1;
        if (builder->byte_tokens[0] == SLM__NO_TOKEN)
            fail("%s: no tokens of bytes, without which LlamaTokenizer of transformers 5 drops "
                 "characters, which is not supported", builder->path);
    } else
        legacy = !flag_is(config, "legacy", JSON_FALSE);
    builder->text_flags = SLM__TEXT_FUSED | (space ? SLM__TEXT_STRIP : 0);
    if (legacy && !five)
        builder->text_flags |= SLM__TEXT_MARKS;
    builder->prefix = !space              ? SLM__PREFIX_NONE
                      : !legacy           ? SLM__PREFIX_FIRST_WORD
                      : five              ? SLM__PREFIX_EACH_WORD
                                          : SLM__PREFIX_EACH;
    check_merges(builder);
}

/* GemmaTokenizer of transformers 5, which takes no rules from tokenizer.json. */
void pieces_set_gemma(Builder *builder, const Json *config) {
    const Json *unknown = json_get(config, "unk_token");
    uint32_t id;
    if (unknown && unknown->type == JSON_OBJECT)
        unknown = json_get(unknown, "content");
    pieces_read_vocabulary(builder, 1);
    builder->model_unk = -1;
    if (unknown && unknown->type == JSON_STRING
            ? map_find(&builder->ids, unknown->text, unknown->size, &id)
            : map_find(&builder->ids, "<unk>", 5, &id))
        builder->model_unk = (int32_t)id;
    builder->text_flags = SLM__TEXT_FUSED | SLM__TEXT_MARKS;
    check_merges(builder);
}

/* ---- tokenizer.model --------------------------------------------------------------------- */

static const ModelPiece *sort_pieces; /* what qsort's comparison sees */

static int compare_scores(const void *a, const void *b) {
    float x = sort_pieces[*(const uint32_t *)a].score, y = sort_pieces[*(const uint32_t *)b].score;
    return (x < y) - (x > y);
}

/* A piece that is merged from any two parts that are pieces themselves, or characters. */
static void add_splits(Builder *builder, const PieceModel *model, uint32_t id, uint32_t rank,
                       size_t *capacity) {
    const ModelPiece *piece = &model->pieces[id];
    uint32_t left, right;
    size_t at;
    for (at = 1; at < piece->size; at++) {
        if ((piece->text[at] & 0xC0) == 0x80 ||
            !map_find(&builder->ids, piece->text, at, &left) ||
            !map_find(&builder->ids, piece->text + at, piece->size - at, &right))
            continue;
        if (builder->from_model && (model->pieces[left].type == PIECE_USER ||
                                    model->pieces[right].type == PIECE_USER))
            continue;
        if (builder->merge_count == *capacity) {
            *capacity = *capacity ? *capacity * 2 : 1024;
            builder->merges = resize(builder->merges, *capacity, sizeof *builder->merges);
        }
        builder->merges[builder->merge_count].left = left;
        builder->merges[builder->merge_count].right = right;
        builder->merges[builder->merge_count].result = id;
        builder->merges[builder->merge_count++].rank = rank;
    }
}

/* The best score has rank 0; pieces of one score have one rank, and are merged from the left. */
static void rank_pieces(Builder *builder, const PieceModel *model) {
    uint32_t *order = allocate(model->count, sizeof *order), i, count = 0, rank = 0;
    size_t capacity = 0;
    for (i = 0; i < model->count && i < builder->rows; i++)
        if (model->pieces[i].type == PIECE_NORMAL)
            order[count++] = i;
    sort_pieces = model->pieces;
    qsort(order, count, sizeof *order, compare_scores);
    for (i = 0; i < count; i++) {
        if (i && model->pieces[order[i]].score < model->pieces[order[i - 1]].score)
            rank++;
        add_splits(builder, model, order[i], rank, &capacity);
    }
    free(order);
}

/* Characters are merged as texts, so each one in a longer piece must have a token. */
static void check_characters(const Builder *builder, const PieceModel *model) {
    size_t i, at, end;
    for (i = 0; i < model->count && i < builder->rows; i++) {
        const ModelPiece *piece = &model->pieces[i];
        if (piece->type != PIECE_NORMAL)
            continue;
        for (at = 0; at < piece->size; at = end) {
            for (end = at + 1; end < piece->size && (piece->text[end] & 0xC0) == 0x80; end++)
                continue;
            if (!map_find(&builder->ids, piece->text + at, end - at, NULL))
                fail("%s: piece %lu has a character that is not a piece", builder->path,
                     (unsigned long)i);
        }
    }
}

/* LlamaTokenizer's rules; legacy are those from before a change of 2023. */
static void set_slow(Builder *builder, const PieceModel *model, const Json *config) {
    int space = !flag_is(config, "add_prefix_space", JSON_FALSE);
    builder->legacy = !flag_is(config, "legacy", JSON_FALSE);
    builder->text_flags = SLM__TEXT_FUSED | SLM__TEXT_MARKS | SLM__TEXT_PARTS;
    builder->text_flags |= space ? SLM__TEXT_PARTS_FIRST : 0;
    if (builder->legacy) {
        builder->text_flags |=
            SLM__TEXT_PARTS_SPACE | (model->dummy_prefix ? SLM__TEXT_PARTS_RUN : 0);
        builder->prefix = model->dummy_prefix ? SLM__PREFIX_EACH : SLM__PREFIX_NONE;
    } else {
        builder->text_flags |= SLM__TEXT_LONE;
        builder->prefix = space ? SLM__PREFIX_TEXT : SLM__PREFIX_NONE;
    }
}

/* The tokens; the bytes of the file must stay. */
static void read_pieces(Builder *builder, PieceModel *model, const char *path) {
    size_t size;
    unsigned char *bytes = read_whole(path, TEXT_LIMIT, &size);
    uint32_t i;
    builder->path = path;
    builder->kind = SLM__PIECES;
    protobuf_read(model, path, bytes, size);
    for (i = 0; i < model->count; i++) {
        char *name = allocate(model->pieces[i].size + 1, 1); /* messages show it */
        Text text;
        memcpy(name, model->pieces[i].text, model->pieces[i].size);
        text.bytes = name;
        text.size = model->pieces[i].size;
        set_token(builder, i, text, model->pieces[i].type == PIECE_BYTE ? SLM__TOKEN_BYTE : 0);
        if (model->pieces[i].type == PIECE_UNKNOWN && is_beyond(builder, text))
            fail_beyond(builder, text, "unknown characters need it");
        if (model->pieces[i].type == PIECE_UNKNOWN)
            builder->model_unk = (int32_t)i;
    }
    builder->model_count = (uint32_t)model->count;
}

void pieces_read_model(Builder *builder, const char *path, const Json *config) {
    PieceModel model;
    uint32_t i;
    builder->from_model = 1;
    read_pieces(builder, &model, path);
    builder->user = allocate(model.count, sizeof *builder->user);
    for (i = 0; i < model.count && i < builder->rows; i++) {
        if (model.pieces[i].type == PIECE_CONTROL)
            builder->decoded[i].bytes = ""; /* unless it turns out to be special */
        if (model.pieces[i].type == PIECE_USER)
            builder->user[builder->user_count++] = i;
    }
    pieces_read_vocabulary(builder, model.byte_fallback);
    check_characters(builder, &model);
    rank_pieces(builder, &model);
    check_merges(builder);
    set_slow(builder, &model, config);
    protobuf_free(&model);
}

/* ---- tokenizer.model, for the fast tokenizer --------------------------------------------- */

static size_t characters(Text text) {
    size_t i, count = 0;
    for (i = 0; i < text.size; i++)
        count += ((unsigned char)text.bytes[i] & 0xC0) != 0x80;
    return count;
}

static const Builder *sort_builder;

/* As transformers 4 orders merges: by their results' scores, then the longer left part first. */
static int compare_by_score(const void *a, const void *b) {
    const Merge *x = a, *y = b;
    float first = sort_pieces[x->result].score, second = sort_pieces[y->result].score;
    const Text *texts = sort_builder->texts;
    size_t left = characters(texts[x->left]), other = characters(texts[y->left]);
    if (first != second)
        return first > second ? -1 : 1;
    if (left != other)
        return left > other ? -1 : 1;
    left = characters(texts[x->right]);
    other = characters(texts[y->right]);
    if (left != other)
        return left > other ? -1 : 1;
    return (x->result > y->result) - (x->result < y->result);
}

/* As transformers 5 does: by their results' ids, then the shorter left part first. */
static int compare_by_id(const void *a, const void *b) {
    const Merge *x = a, *y = b;
    size_t left = sort_builder->texts[x->left].size, other = sort_builder->texts[y->left].size;
    if (x->result != y->result)
        return x->result > y->result ? 1 : -1;
    return (left > other) - (left < other);
}

void pieces_merge(Builder *builder, const PieceModel *model, const Json *config) {
    size_t capacity = 0;
    uint32_t i;
    for (i = 0; i < model->count && i < builder->rows; i++)
        if (model->pieces[i].type != PIECE_UNUSED)
            add_splits(builder, model, i, 0, &capacity);
    sort_pieces = model->pieces;
    sort_builder = builder;
    if (builder->merge_count)
        qsort(builder->merges, builder->merge_count, sizeof *builder->merges,
              builder->version5 ? compare_by_id : compare_by_score);
    for (i = 0; i < builder->merge_count; i++)
        builder->merges[i].rank = i;
    pieces_set_fast(builder, config);
}

void pieces_rebuild(Builder *builder, const char *path, const Json *config) {
    PieceModel model;
    uint32_t i;
    read_pieces(builder, &model, path);
    pieces_merge(builder, &model, config);
    builder->controls = allocate(model.count, sizeof *builder->controls);
    for (i = 0; i < model.count && i < builder->rows; i++)
        if (model.pieces[i].type == PIECE_CONTROL || model.pieces[i].type == PIECE_USER) {
            builder->controls[builder->control_count].token = i;
            builder->controls[builder->control_count++].flags =
                model.pieces[i].type == PIECE_CONTROL ? SLM__ADDED_SPECIAL : 0;
        }
    protobuf_free(&model);
}

/* ---- added tokens ------------------------------------------------------------------------ */

/* Normalized added tokens are matched where a text is normalized already. */
static void normalize_added(Builder *builder, AddedToken *added) {
    Text text;
    char *out;
    if (builder->from_model || !(added->flags & SLM__ADDED_NORMALIZED) ||
        !(builder->text_flags & SLM__TEXT_MARKS))
        return;
    if (added->flags & (SLM__ADDED_LSTRIP | SLM__ADDED_RSTRIP | SLM__ADDED_SINGLE_WORD))
        fail("%s: added token \"%s\" is normalized and strips spaces or is a single word, which "
             "is not supported", builder->path, added->text.bytes);
    text = spaced(added->text);
    if (builder->prefix == SLM__PREFIX_EACH) {
        out = allocate(text.size + 2, 1);
        out[0] = ' ';
        memcpy(out + 1, text.bytes, text.size);
        text.bytes = out;
        text.size++;
    }
    added->text = text;
}

static int is_space(unsigned char byte) { return byte == ' ' || (byte >= 9 && byte <= 13); }

/* The slow tokenizer cuts the text before it strips: then it may cut its own tokens. */
static void check_slow_added(const Builder *builder, const AddedToken *added) {
    const unsigned char *bytes = (const unsigned char *)added->text.bytes;
    size_t size = added->text.size, i;
    if (added->flags & SLM__ADDED_SINGLE_WORD)
        fail("%s: added token \"%s\" is a single word, which is not supported with "
             "tokenizer.model", builder->path, added->text.bytes);
    for (i = 0; !builder->legacy && i < size; i++)
        if (is_mark(added->text.bytes + i, size - i))
            fail("%s: added token \"%s\" with U+2581 is not supported", builder->path,
                 added->text.bytes);
    if (!(added->flags & (SLM__ADDED_LSTRIP | SLM__ADDED_RSTRIP)))
        return;
    for (i = 0; i < builder->added_count; i++) {
        Text text = builder->added[i].text;
        if (is_space((unsigned char)text.bytes[0]) ||
            is_space((unsigned char)text.bytes[text.size - 1]))
            fail("%s: added token \"%s\" strips white space, which another one is made of",
                 builder->path, (const char *)bytes);
    }
}

/* Pieces of the user are matched as added tokens are, but in the normalized text. */
static void add_user_pieces(Builder *builder) {
    size_t i;
    for (i = 0; i < builder->user_count; i++) {
        Text text = builder->texts[builder->user[i]];
        AddedToken *added;
        if (map_find(&builder->added_at, text.bytes, text.size, NULL))
            continue;
        builder->added = resize(builder->added, builder->added_count + 1, sizeof *builder->added);
        added = &builder->added[builder->added_count++];
        memset(added, 0, sizeof *added);
        added->text = spaced(text);
        added->id = builder->user[i];
        added->flags = SLM__ADDED_NORMALIZED;
    }
}

/* The slow tokenizer's decoder asks for tokens that are special by name, and sets the others that
   were added apart, as it does additional ones behind the vocabulary. */
static void mark_slow(Builder *builder) {
    uint32_t id;
    for (id = 0; id < builder->used; id++) {
        unsigned char *attributes = &builder->attributes[id];
        int named = (*attributes & (NAMED | ADDITIONAL)) != 0;
        if (*attributes & SLM__TOKEN_ADDED &&
            (!named || (*attributes & ADDITIONAL && id >= builder->model_count)))
            *attributes |= SLM__TOKEN_APART;
        *attributes &= (unsigned char)~SLM__TOKEN_SPECIAL;
        if (named)
            *attributes |= SLM__TOKEN_SPECIAL;
        if (*attributes & (NAMED | ADDITIONAL | SLM__TOKEN_ADDED))
            builder->decoded[id].bytes = NULL;
    }
}

static void set_joints(Builder *builder) {
    size_t i;
    for (i = 0; i < builder->merge_count; i++) {
        Text left = pieces_decoded(builder, builder->merges[i].left);
        Text right = pieces_decoded(builder, builder->merges[i].right);
        uint32_t at;
        if (!left.size || !right.size)
            fail("%s: merge %lu of a token without text", builder->path, (unsigned long)i);
        at = (uint32_t)(unsigned char)left.bytes[left.size - 1] * 256 +
             (unsigned char)right.bytes[0];
        builder->joints[at / 32] |= (uint32_t)1 << at % 32;
    }
}

/* Hugging Face makes the tokenizer anew where add_prefix_space is given, and fails where there is
   no tokenizer.model to make it of. */
static void check_prefix(const Builder *builder, const Json *config) {
    const Json *space = json_get(config, "add_prefix_space");
    if (!builder->is_llama || !space || builder->from_model || builder->rebuilds)
        return;
    if ((space->type == JSON_TRUE) != (builder->prefix != SLM__PREFIX_NONE))
        fail("%s: tokenizer_config.json's add_prefix_space is not what tokenizer.json does",
             builder->path);
}

void pieces_finish(Builder *builder, const Json *config) {
    uint32_t id;
    size_t i;
    check_prefix(builder, config);
    for (id = builder->model_count; id < builder->used; id++)
        if (builder->attributes[id])
            builder->attributes[id] |= SLM__TOKEN_OUTSIDE;
    for (i = 0; i < builder->added_count; i++) {
        if (builder->from_model) {
            builder->added[i].flags &= ~(uint32_t)SLM__ADDED_NORMALIZED;
            check_slow_added(builder, &builder->added[i]);
        }
        normalize_added(builder, &builder->added[i]);
        if (builder->version5) /* which decodes an added token as it is matched */
            builder->texts[builder->added[i].id] = builder->added[i].text;
    }
    if (builder->from_model) {
        mark_slow(builder);
        add_user_pieces(builder);
        if (builder->unk != builder->model_unk)
            fail("%s: the unknown token is not the model's unknown piece", builder->path);
    } else
        for (id = 0; id < builder->used; id++)
            if (builder->attributes[id] && pieces_byte(builder->texts[id]) >= 0)
                builder->attributes[id] |= SLM__TOKEN_BYTE;
    builder->unk = builder->model_unk;
    set_joints(builder);
    /* LlamaTokenizer puts "<unk>" before a text that begins with a space, and takes it off */
    if (builder->from_model && !builder->legacy &&
        builder->joints[('>' * 256 + ' ') / 32] >> ' ' % 32 & 1)
        fail("%s: a piece has \">\" before a space, which is not supported without legacy",
             builder->path);
    if (builder->last >= 0)
        builder->text_flags |= SLM__TEXT_LAST;
}

/* The bytes that a token stands for. */
Text pieces_decoded(const Builder *builder, uint32_t id) {
    static char all[256];
    Text text = builder->texts[id];
    int byte = pieces_byte(text), i;
    if (builder->attributes[id] & SLM__TOKEN_BYTE) {
        for (i = 0; i < 256; i++)
            all[i] = (char)i;
        text.bytes = all + byte;
        text.size = 1;
        return text;
    }
    if (builder->from_model && builder->decoded[id].bytes) {
        text.size = 0; /* a control piece that is not special */
        return text;
    }
    if (builder->from_model && builder->attributes[id] & SLM__TOKEN_ADDED)
        return text;
    return spaced(text);
}

void pieces_put(Buffer *out, const Builder *builder) {
    uint32_t i;
    for (i = 0; i < 128; i++)
        put_u32(out, builder->ascii[i]);
    for (i = 0; i < 2048; i++)
        put_u32(out, builder->joints[i]);
}
