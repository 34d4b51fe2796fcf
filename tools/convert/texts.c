/* texts.c - byte-level BPE of encoders: what RoBERTa's class makes of its files, and what is put
   around a text and between the texts of a pair. */
#include "builder.h"

#include <string.h>

/* What the class calls its special tokens where no file does, as the keys in tokenizer.c. */
const char *const texts_specials[TOKENIZER_SPECIALS] = {"<s>",   "</s>", "<unk>", "</s>",
                                                        "<pad>", "<s>",  "<mask>"};

/* The class makes the mask swallow the space before it. Beside vocab.json the others are
   normalized. */
uint32_t texts_special_flags(const Builder *builder, int key) {
    if (key == KEY_MASK)
        return SLM__ADDED_SPECIAL | SLM__ADDED_LSTRIP;
    return builder->from_vocabulary && key >= 0
               ? (uint32_t)(SLM__ADDED_SPECIAL | SLM__ADDED_NORMALIZED)
               : (uint32_t)SLM__ADDED_SPECIAL;
}

/* ---- post_processor ---------------------------------------------------------------------- */

/* The id in RobertaProcessing's ["</s>", 2]. */
static int32_t processing_token(const Builder *builder, const Json *processor, const char *key) {
    const Json *pair = json_get(processor, key);
    if (!pair || pair->type != JSON_ARRAY || pair->size != 2)
        refuse(builder, "post_processor", processor);
    return (int32_t)read_id(builder, pair->first->next);
}

/* Of RobertaProcessing and ByteLevel. RoBERTa's class replaces what the file says, but within a
   sequence. */
static void read_trims(Builder *builder, const Json *part, const Json *config, int alone) {
    int own = builder->is_roberta && alone;
    builder->trims = own ? json_flag(config, builder->path, "trim_offsets", 1)
                         : json_flag(part, builder->path, "trim_offsets", 1);
    builder->trims_prefix = own ? json_flag(config, builder->path, "add_prefix_space", 0)
                                : json_flag(part, builder->path, "add_prefix_space", 1);
}

/* The type of a template's piece, which is a special token or the sequence of this name. */
static int64_t piece_type(const Builder *builder, const Json *processor, const Json *piece,
                          const char *sequence) {
    const Json *part = json_get(piece, sequence ? "Sequence" : "SpecialToken");
    const Json *type = json_get(part, "type_id");
    if (!part || !type || type->type != JSON_NUMBER || !type->is_integer ||
        (sequence && !json_is(json_get(part, "id"), sequence)))
        refuse(builder, "post_processor", processor);
    return type->integer;
}

/* [CLS] A [SEP] B [SEP], perhaps with two [SEP] between; all types 0, or those of B and its [SEP]
   are 1. */
static void read_pair(Builder *builder, const Json *processor) {
    const Json *list = json_get(processor, "pair"), *piece;
    size_t count = list && list->type == JSON_ARRAY ? list->size : 0, i, second;
    int64_t type, last = 0;
    if (count != 5 && count != 6)
        refuse(builder, "post_processor", processor);
    builder->two_seps = count == 6;
    second = count - 2;
    for (piece = list->first, i = 0; i < count; piece = piece->next, i++) {
        type = piece_type(builder, processor, piece, i == 1 ? "A" : i == second ? "B" : NULL);
        if (i == second)
            last = type;
        if ((i < second && type != 0) || (i >= second && (type != last || type < 0 || type > 1)))
            refuse(builder, "post_processor", processor);
        if (i != 1 && i != second &&
            template_token(builder, processor, piece) != (i ? builder->last : builder->bos))
            refuse(builder, "post_processor", processor);
    }
    builder->one_type = builder->is_roberta || last == 0; /* the class gives no types */
}

static void read_template(Builder *builder, const Json *processor) {
    const Json *list = json_get(processor, "single");
    if (!list || list->type != JSON_ARRAY || list->size != 3)
        refuse(builder, "post_processor", processor);
    builder->bos = template_token(builder, processor, list->first);
    builder->last = template_token(builder, processor, list->first->next->next);
    if (builder->bos < 0 || builder->last < 0 ||
        piece_type(builder, processor, list->first->next, "A") != 0)
        refuse(builder, "post_processor", processor);
    read_pair(builder, processor);
}

static void read_part(Builder *builder, const Json *part, const Json *config, int alone) {
    const Json *type = json_get(part, "type"), *list = json_get(part, "processors"), *item;
    if (json_is(type, "RobertaProcessing")) {
        builder->encodes = builder->two_seps = builder->one_type = 1;
        builder->bos = processing_token(builder, part, "cls");
        builder->last = processing_token(builder, part, "sep");
        read_trims(builder, part, config, alone);
    } else if (json_is(type, "TemplateProcessing"))
        read_template(builder, part);
    else if (json_is(type, "ByteLevel"))
        read_trims(builder, part, config, alone);
    else if (json_is(type, "Sequence") && alone && list && list->type == JSON_ARRAY)
        for (item = list->first; item; item = item->next)
            read_part(builder, item, config, 0);
    else
        refuse(builder, "post_processor", part);
}

void texts_read_processor(Builder *builder, const Json *processor, const Json *config) {
    if (processor)
        read_part(builder, processor, config, 1);
    builder->adds_bos = 1;
}

/* ---- the rest ---------------------------------------------------------------------------- */

/* ids: by key, -1 for those that there are not. Beside vocab.json the class makes its own
   processor. */
void texts_set_specials(Builder *builder, const int32_t *ids, const Json *config) {
    if (builder->from_vocabulary && builder->is_roberta) {
        builder->bos = ids[KEY_CLS];
        builder->last = ids[KEY_SEP];
        builder->two_seps = builder->one_type = builder->adds_bos = 1;
        builder->trims = json_flag(config, builder->path, "trim_offsets", 1);
        builder->trims_prefix = builder->prefix_space;
    }
    builder->mask = (uint32_t)ids[KEY_MASK] < builder->rows ? ids[KEY_MASK] : -1;
    builder->tidies = json_flag(config, builder->path, "clean_up_tokenization_spaces", 0);
    if (builder->bos < 0 || builder->last < 0)
        fail("%s: no tokens for the beginning and the end of an encoder's texts", builder->path);
    if (builder->nfc)
        fail("%s: NFC is not supported for an encoder's texts", builder->path);
}

uint32_t texts_flags(const Builder *builder) {
    return SLM__TEXT_ENCODER | (builder->two_seps ? (uint32_t)SLM__TEXT_TWO_SEPS : 0) |
           (builder->one_type ? (uint32_t)SLM__TEXT_ONE_TYPE : 0) |
           (builder->trims ? (uint32_t)SLM__TEXT_TRIM : 0) |
           (builder->trims && builder->trims_prefix ? (uint32_t)SLM__TEXT_TRIM_PREFIX : 0) |
           (builder->tidies ? (uint32_t)SLM__TEXT_BYTES_TIDY : 0);
}
