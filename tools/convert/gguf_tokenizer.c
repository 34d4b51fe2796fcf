/* gguf_tokenizer.c - the tokenizer of a GGUF: what its arrays say, as the checkpoint's own files
   would have said it. Of byte-level BPE a GGUF keeps a name for how texts are split, which a table
   has; what it does not keep (whether added tokens strip spaces) is as Hugging Face has it by
   default. */
#include "gguf.h"
#include "builder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_LIMIT = 1 << 24 };

/* ---- how texts are split ----------------------------------------------------------------- */

/* By tokenizer.ggml.pre, which llama.cpp finds by the ids that a checkpoint's own tokenizer gives for
   a text: the steps of these tokenizers as Hugging Face has them, and what goes with them. NFC is in
   no GGUF, though Qwen's tokenizers have it, and the vocabularies of GPT-NeoX. */
enum { NFC = 1, WHOLE = 2, BOS = 4 }; /* WHOLE: ignore_merges; BOS: put first if no key says */

typedef struct Pre {
    const char *name;
    unsigned flags;
    unsigned char steps[SLM__STEPS_MOST];
} Pre;

static const Pre pres[] = {
    {"gpt-2", 0, {SLM__STEP_GPT2}},
    {"phi-2", 0, {SLM__STEP_GPT2}},
    {"mpt", NFC, {SLM__STEP_GPT2}},
    {"olmo", NFC, {SLM__STEP_GPT2}},
    {"smollm", 0, {SLM__STEP_DIGIT, SLM__STEP_GPT2}},
    {"starcoder", 0, {SLM__STEP_DIGIT, SLM__STEP_GPT2}},
    {"refact", 0, {SLM__STEP_DIGIT, SLM__STEP_GPT2}},
    {"command-r", NFC, {SLM__STEP_DIGIT, SLM__STEP_GPT2}},
    {"falcon", 0, {SLM__STEP_PUNCTUATION, SLM__STEP_GPT2, SLM__STEP_BYTE_DIGITS,
                   SLM__STEP_DIGITS_3}},
    {"llama-bpe", WHOLE | BOS, {SLM__STEP_LLAMA3}},
    {"llama3", WHOLE | BOS, {SLM__STEP_LLAMA3}},
    {"llama-v3", WHOLE | BOS, {SLM__STEP_LLAMA3}},
    {"falcon3", WHOLE | BOS, {SLM__STEP_LLAMA3}},
    {"pixtral", WHOLE | BOS, {SLM__STEP_LLAMA3}},
    {"lfm2", WHOLE | BOS, {SLM__STEP_LLAMA3}},
    {"dbrx", 0, {SLM__STEP_LLAMA3}},
    {"smaug-bpe", 0, {SLM__STEP_LLAMA3}},
    {"qwen2", NFC, {SLM__STEP_QWEN2}},
    {"deepseek-r1-qwen", NFC, {SLM__STEP_QWEN2}},
    {"gpt-4o", 0, {SLM__STEP_GPT4O}},
    {"tekken", WHOLE | BOS, {SLM__STEP_TEKKEN}},
    {"deepseek-v3", 0, {SLM__STEP_NUMBERS_3, SLM__STEP_CJK_KANA, SLM__STEP_DEEPSEEK3}},
    {"deepseek-coder", 0,
     {SLM__STEP_NEWLINE, SLM__STEP_LETTERS, SLM__STEP_MARKS, SLM__STEP_CJK, SLM__STEP_DIGIT}},
    {"deepseek-llm", 0,
     {SLM__STEP_NEWLINE, SLM__STEP_ALPHABETS, SLM__STEP_WIDE_MARKS, SLM__STEP_BLANK_END,
      SLM__STEP_CJK, SLM__STEP_DIGIT}}};

static const Pre *find_pre(const Gguf *gguf) {
    const char *name = gguf_text(gguf, "tokenizer.ggml.pre", NULL);
    size_t i;
    if (!name || strcmp(name, "default") == 0)
        fail("%s: %s: how texts are split into words is not known: convert the Hugging Face "
             "checkpoint that it was made from, or a newer GGUF", gguf->path,
             name ? "tokenizer.ggml.pre is default" : "no key tokenizer.ggml.pre");
    for (i = 0; i < sizeof pres / sizeof *pres; i++)
        if (strcmp(name, pres[i].name) == 0)
            return &pres[i];
    fail("%s: tokenizer.ggml.pre %s is not supported: convert the Hugging Face checkpoint that it "
         "was made from", gguf->path, name);
}

/* ---- tokens ------------------------------------------------------------------------------ */

typedef struct Tokens {
    const Gguf *gguf;
    PieceModel model; /* all tokens, whatever the model is; the scores of byte-level ones are 0 */
} Tokens;

static const GgufValue *token_array(const Gguf *gguf, const char *key, GgufType type,
                                    uint64_t count) {
    const GgufValue *array = gguf_array(gguf, key, type);
    if (array && array->count != count)
        fail("%s: %s has %llu elements, and there are %llu tokens", gguf->path, key,
             (unsigned long long)array->count, (unsigned long long)count);
    return array;
}

static PieceType token_type(const Gguf *gguf, const GgufValue *types, uint32_t id) {
    double type = types ? gguf_element(gguf, types, id) : PIECE_NORMAL;
    if (!(type >= PIECE_NORMAL && type <= PIECE_BYTE))
        fail("%s: token %lu is of unknown type %g", gguf->path, (unsigned long)id, type);
    return (PieceType)type;
}

/* A token of the user has spaces where the vocabulary has U+2581. */
static void mark_spaces(ModelPiece *piece) {
    char *text;
    size_t i, size = 0;
    if (piece->type != PIECE_USER || !memchr(piece->text, ' ', piece->size))
        return;
    text = allocate(3 * piece->size + 1, 1);
    for (i = 0; i < piece->size; i++)
        if (piece->text[i] == ' ') {
            memcpy(text + size, "\xE2\x96\x81", 3);
            size += 3;
        } else
            text[size++] = piece->text[i];
    piece->text = text;
    piece->size = size;
}

/* A row without a token; older files say of it that it is unknown. */
static int is_padding(const ModelPiece *piece, uint32_t id, const char *text, size_t size) {
    char name[24];
    snprintf(name, sizeof name, "[PAD%lu]", (unsigned long)id);
    return piece->type == PIECE_UNUSED || (piece->type == PIECE_UNKNOWN && size == strlen(name) &&
                                           memcmp(name, text, size) == 0);
}

static void read_token(Tokens *tokens, uint32_t id, const char *text, size_t size, int is_pieces) {
    ModelPiece *piece = &tokens->model.pieces[id];
    const char *path = tokens->gguf->path;
    char *own;
    if (is_padding(piece, id, text, size)) {
        piece->type = PIECE_UNUSED;
        return;
    }
    if (!size)
        fail("%s: token %lu has no text", path, (unsigned long)id);
    if (!utf8_valid(text, size))
        fail("%s: token %lu is not UTF-8", path, (unsigned long)id);
    own = allocate(size + 1, 1); /* messages show it */
    memcpy(own, text, size);
    piece->text = own;
    piece->size = size;
    if (is_pieces)
        mark_spaces(piece);
    if (piece->type == PIECE_USER)
        piece->score = 0; /* as SentencePiece has it, so that it is merged first */
}

static void read_tokens(Tokens *tokens, const Gguf *gguf, int is_pieces) {
    const GgufValue *texts = gguf_array(gguf, "tokenizer.ggml.tokens", GGUF_STRING);
    const GgufValue *types, *scores;
    uint32_t id;
    size_t at, size;
    if (!texts || !texts->count)
        fail("%s: no tokens (tokenizer.ggml.tokens)", gguf->path);
    if (texts->count > TOKEN_LIMIT)
        fail("%s: more than %d tokens", gguf->path, TOKEN_LIMIT);
    types = token_array(gguf, "tokenizer.ggml.token_type", GGUF_I32, texts->count);
    scores = is_pieces ? token_array(gguf, "tokenizer.ggml.scores", GGUF_F32, texts->count) : NULL;
    if (is_pieces && !scores)
        fail("%s: no scores of the tokens (tokenizer.ggml.scores)", gguf->path);
    tokens->gguf = gguf;
    tokens->model.count = (size_t)texts->count;
    tokens->model.pieces = allocate(tokens->model.count, sizeof *tokens->model.pieces);
    for (id = 0, at = texts->at; id < texts->count; id++) {
        const char *text = gguf_string(gguf, &at, &size);
        ModelPiece *piece = &tokens->model.pieces[id];
        piece->type = token_type(gguf, types, id);
        piece->score = scores ? (float)gguf_element(gguf, scores, id) : 0;
        if (!(piece->score - piece->score == 0))
            fail("%s: the score of token %lu is not finite", gguf->path, (unsigned long)id);
        read_token(tokens, id, text, size, is_pieces);
    }
}

/* Tokens of the vocabulary have different texts. */
static void set_tokens(Builder *builder, const Tokens *tokens) {
    uint32_t id, other;
    for (id = 0; id < tokens->model.count; id++) {
        const ModelPiece *piece = &tokens->model.pieces[id];
        int is_byte = builder->kind == SLM__PIECES && piece->type == PIECE_BYTE;
        Text text;
        if (piece->type == PIECE_UNUSED)
            continue;
        text.bytes = piece->text;
        text.size = piece->size;
        if (is_byte && pieces_byte(text) < 0)
            fail("%s: token %lu is a byte, but not written as one", builder->path,
                 (unsigned long)id);
        if (map_find(&builder->ids, text.bytes, text.size, &other))
            fail("%s: tokens %lu and %lu have the same text", builder->path, (unsigned long)other,
                 (unsigned long)id);
        set_token(builder, id, text, is_byte ? SLM__TOKEN_BYTE : 0);
        if (id < builder->rows) /* added tokens are words of their own, not of the vocabulary */
            builder->own[id] = piece->type != PIECE_CONTROL && piece->type != PIECE_USER;
    }
    builder->model_count = (uint32_t)tokens->model.count;
}

/* ---- special tokens ---------------------------------------------------------------------- */

/* By keys, in the order of Tokenizer's specials; the spelling is GGUF's. */
static const char *const special_keys[TOKENIZER_SPECIALS] = {
    "tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id",
    "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.seperator_token_id",
    "tokenizer.ggml.padding_token_id", "tokenizer.ggml.cls_token_id",
    "tokenizer.ggml.mask_token_id"};

/* -1, also as an unsigned number: there is none. */
static int32_t special_id(const Tokens *tokens, const char *key) {
    double id = gguf_number(tokens->gguf, key, -1);
    if (id == -1 || id == 4294967295.0)
        return -1;
    if (!(id >= 0 && id < (double)tokens->model.count) || id != floor(id))
        fail("%s: %s is %g, and there are %lu tokens", tokens->gguf->path, key, id,
             (unsigned long)tokens->model.count);
    if (tokens->model.pieces[(uint32_t)id].type == PIECE_UNUSED)
        fail("%s: %s is %g, which is an unused token", tokens->gguf->path, key, id);
    return (int32_t)id;
}

static void add_tokens(Builder *builder, const Tokens *tokens) {
    int32_t ids[TOKENIZER_SPECIALS];
    uint32_t id;
    int i;
    for (id = 0; id < tokens->model.count; id++) {
        const ModelPiece *piece = &tokens->model.pieces[id];
        Text text;
        text.bytes = piece->text;
        text.size = piece->size;
        if (piece->type == PIECE_CONTROL || piece->type == PIECE_USER)
            add_token(builder, text, piece->type == PIECE_CONTROL ? SLM__ADDED_SPECIAL : 0, id);
    }
    for (i = 0; i < TOKENIZER_SPECIALS; i++) {
        const ModelPiece *piece;
        Text text;
        ids[i] = special_id(tokens, special_keys[i]);
        if (ids[i] < 0)
            continue;
        piece = &tokens->model.pieces[ids[i]];
        text.bytes = builder->specials[i] = piece->text;
        text.size = piece->size;
        add_token(builder, text, SLM__ADDED_SPECIAL, ids[i]);
    }
    builder->bos = ids[0];
    builder->eos = ids[1];
    builder->unk = ids[2];
}

/* By keys, and by texts of control tokens, as llama.cpp has them: a file names one end token, and of
   Llama 3, Qwen and others Hugging Face's generation_config.json, which no GGUF keeps, has more. */
static void add_ends(Builder *builder, const Tokens *tokens) {
    static const char *const keys[] = {"tokenizer.ggml.eos_token_id",
                                       "tokenizer.ggml.eot_token_id",
                                       "tokenizer.ggml.eom_token_id"};
    static const char *const texts[] = {"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|im_end|>",
                                        "<|endoftext|>", "<|end|>", "<end_of_turn>"};
    uint32_t at;
    size_t i;
    for (i = 0; i < sizeof keys / sizeof *keys; i++) {
        int32_t id = special_id(tokens, keys[i]);
        if (id >= 0)
            add_end(builder, builder->path, (uint32_t)id);
    }
    for (i = 0; i < sizeof texts / sizeof *texts && builder->end_count < END_LIMIT; i++)
        if (map_find(&builder->ids, texts[i], strlen(texts[i]), &at) &&
            tokens->model.pieces[at].type == PIECE_CONTROL)
            add_end(builder, builder->path, at);
}

/* ---- byte-level BPE ---------------------------------------------------------------------- */

static void read_merges(Builder *builder, const Gguf *gguf) {
    const GgufValue *merges = gguf_array(gguf, "tokenizer.ggml.merges", GGUF_STRING);
    uint64_t i;
    size_t at, size;
    if (!merges)
        fail("%s: no merges (tokenizer.ggml.merges)", gguf->path);
    builder->merges = allocate((size_t)merges->count, sizeof *builder->merges);
    for (i = 0, at = merges->at; i < merges->count; i++) {
        const char *line = gguf_string(gguf, &at, &size);
        if (!utf8_valid(line, size))
            fail("%s: merge %llu is not UTF-8", gguf->path, (unsigned long long)i);
        add_merge_line(builder, line, size);
    }
}

static void read_bytes(Builder *builder, const Gguf *gguf, Tokens *tokens) {
    const Pre *pre = find_pre(gguf);
    builder->kind = SLM__BYTES;
    builder->is_gpt2 = 1;
    builder->nfc = (pre->flags & NFC) != 0;
    builder->whole = (pre->flags & WHOLE) != 0;
    memcpy(builder->steps, pre->steps, sizeof builder->steps);
    if (gguf_flag(gguf, "tokenizer.ggml.add_space_prefix", 0))
        fail("%s: tokenizer.ggml.add_space_prefix true is not supported with byte-level BPE",
             gguf->path);
    read_tokens(tokens, gguf, 0);
    set_tokens(builder, tokens);
    find_bytes(builder);
    read_merges(builder, gguf);
    add_tokens(builder, tokens);
    builder->adds_bos =
        gguf_flag(gguf, "tokenizer.ggml.add_bos_token", (pre->flags & BOS) != 0);
}

/* ---- SentencePiece ----------------------------------------------------------------------- */

/* The fast LlamaTokenizer's rules, with the unknown token of the vocabulary or of the key. */
static void read_pieces(Builder *builder, const Gguf *gguf, Tokens *tokens) {
    int space = gguf_flag(gguf, "tokenizer.ggml.add_space_prefix", 1);
    static const unsigned char with[] = "{\"add_prefix_space\": true}";
    static const unsigned char without[] = "{\"add_prefix_space\": false}";
    uint32_t id;
    builder->kind = SLM__PIECES;
    builder->is_llama = builder->rebuilds = 1;
    read_tokens(tokens, gguf, 1);
    set_tokens(builder, tokens);
    builder->model_unk = special_id(tokens, special_keys[2]);
    for (id = 0; id < tokens->model.count; id++) {
        if (tokens->model.pieces[id].type != PIECE_UNKNOWN || builder->model_unk == (int32_t)id)
            continue;
        if (builder->model_unk >= 0)
            fail("%s: tokens %lu and %lu are both unknown ones", gguf->path,
                 (unsigned long)builder->model_unk, (unsigned long)id);
        builder->model_unk = (int32_t)id;
    }
    pieces_merge(builder, &tokens->model,
                 space ? json_parse(gguf->path, with, sizeof with - 1)
                       : json_parse(gguf->path, without, sizeof without - 1));
    add_tokens(builder, tokens);
    builder->adds_bos = gguf_flag(gguf, "tokenizer.ggml.add_bos_token", 1);
}

/* ---- the whole --------------------------------------------------------------------------- */

/* What changes a text before it becomes tokens, or puts more around it. */
static void check_options(const Gguf *gguf) {
    static const char *const flags[] = {"tokenizer.ggml.remove_extra_whitespaces",
                                        "tokenizer.ggml.add_sep_token",
                                        "tokenizer.ggml.normalizer.lowercase",
                                        "tokenizer.ggml.normalizer.strip_accents"};
    size_t i;
    for (i = 0; i < sizeof flags / sizeof *flags; i++)
        if (gguf_flag(gguf, flags[i], 0))
            fail("%s: %s true is not supported", gguf->path, flags[i]);
    if (gguf_find(gguf, "tokenizer.ggml.precompiled_charsmap"))
        fail("%s: tokenizer.ggml.precompiled_charsmap, a normalization of characters, is not "
             "supported", gguf->path);
}

void gguf_tokenizer(Tokenizer *out, const Gguf *gguf, uint32_t rows) {
    const char *model = gguf_text(gguf, "tokenizer.ggml.model", NULL);
    Builder builder;
    Tokens tokens;
    memset(&tokens, 0, sizeof tokens);
    builder_open(&builder, out, rows);
    builder.path = gguf->path;
    if (!model || strcmp(model, "none") == 0) {
        warn("%s has no tokenizer: the model will work by token ids only", gguf->path);
        return;
    }
    check_options(gguf);
    if (strcmp(model, "gpt2") == 0)
        read_bytes(&builder, gguf, &tokens);
    else if (strcmp(model, "llama") == 0)
        read_pieces(&builder, gguf, &tokens);
    else
        fail("%s: tokenizer.ggml.model %s is not supported; supported: gpt2, llama", gguf->path,
             model);
    builder.adds_last = gguf_flag(gguf, "tokenizer.ggml.add_eos_token", 0);
    add_ends(&builder, &tokens);
    builder_finish(&builder);
    builder_close(&builder, out);
}
