/* builder.h - what the readers of tokenizers put together, for tokenizer.c, pieces.c and
   words.c alone. */
#ifndef SLM_BUILDER_H
#define SLM_BUILDER_H

#include "library.h"

/* Attributes of special tokens beside the library's SLM__TOKEN_..., while reading alone: by key,
   or in the list. */
enum { NAMED = 64, ADDITIONAL = 128 };
enum { TEXT_LIMIT = 64 << 20, BEYOND_SHOWN = 8 };

typedef struct Text {
    const char *bytes;
    size_t size;
} Text;

typedef struct AddedToken {
    Text text;
    uint32_t id, flags, offset;
} AddedToken;

typedef struct Merge {
    uint32_t left, right, result, rank;
} Merge;

typedef struct Builder {
    const char *path;        /* of the file that is being read, for messages */
    int kind;
    Text *texts;             /* of each id, as written in the files */
    Text *decoded;           /* the bytes that each id stands for */
    unsigned char *attributes;
    uint32_t rows, used, model_count;
    Map ids;
    Map beyond;              /* tokens beyond the model's rows, which are left out: text to id */
    Text beyond_first[BEYOND_SHOWN];
    AddedToken *added;
    size_t added_count;
    uint32_t added_end;      /* the largest id of an added token, left out or not, + 1 */
    Map added_at;            /* text to index in added */
    Merge *merges;
    size_t merge_count;
    uint32_t byte_tokens[256];
    int32_t bos, eos, unk, last; /* last: put behind a text */
    const char *specials[TOKENIZER_SPECIALS]; /* the texts of bos_token and its like */
    int adds_bos, adds_last, prefix_space;
    const char *class_name;  /* of the tokenizer, named by a file or by the type of model */
    int is_gpt2, is_codegen, is_neox, is_qwen2, is_llama, is_gemma, is_roberta;
    int version5;            /* transformers 5 wrote the files: its rules hold, not those of 4 */
    int rebuilds;            /* its class has rules of its own, not those of tokenizer.json */
    int from_vocabulary;     /* vocab.json and merges.txt, not tokenizer.json */
    int specials_win;        /* their flags replace those of listed added tokens */
    uint32_t ends[END_LIMIT], end_count;
    uint32_t exist;          /* how many ids have a token */
    unsigned char *own;      /* of each id: not 0: in the model's vocabulary; or NULL */
    uint32_t longest;        /* model_max_length; 0: none */
    /* of SLM__BYTES */
    unsigned char steps[SLM__STEPS_MOST]; /* enum slm__step: how a text becomes words; then 0 */
    int nfc;                 /* a text becomes its NFC */
    int whole;               /* a word of the vocabulary is not merged: ignore_merges */
    int32_t missing;         /* what bytes without a token become; -1: nothing */
    int fuses;               /* several of them become one */
    int encodes;             /* the model is an encoder, or the tokenizer is RoBERTa's */
    int two_seps, one_type;  /* between the texts of a pair; its tokens' types are all 0 */
    int trims, trims_prefix; /* white space is no part of offsets; as if one had been put first */
    int tidies;              /* clean_up_tokenization_spaces */
    /* of SLM__PIECES */
    int from_model;          /* tokenizer.model, not tokenizer.json */
    int legacy, prepends, splits; /* splits: a word ends at each space */
    int32_t model_unk;
    uint32_t text_flags, prefix;
    uint32_t ascii[128], joints[2048];
    uint32_t *user;          /* ids of the pieces that the user has defined */
    size_t user_count;
    struct Control {         /* pieces that the fast tokenizer adds, in order */
        uint32_t token, flags;
    } *controls;
    size_t control_count;
    int32_t mask;            /* of an encoder's */
    /* of SLM__WORDS */
    int is_bert;             /* of BERT's class, or one that does the same */
    int cleans_up;           /* the decoder leaves out spaces before punctuation */
    uint32_t added_flags;    /* SLM__TEXT_...: how added tokens are normalized */
    uint32_t longest_word;
} Builder;

/* tokenizer.c */
/* A tokenizer without tokens, of a model with that many vocabulary rows; its kind is byte-level. */
void builder_open(Builder *builder, Tokenizer *out, uint32_t rows);
void builder_finish(Builder *builder); /* once all is read, where no files of a directory were */
void builder_close(Builder *builder, Tokenizer *out);
/* A token beyond the model's rows is left out: its text is then in `beyond`, not in `ids`. */
void set_token(Builder *builder, uint32_t id, Text text, int attributes);
int is_beyond(const Builder *builder, Text text);
void fail_beyond(const Builder *builder, Text text, const char *need) CONV_NORETURN;
void add_merge(Builder *builder, Text left, Text right); /* builder->merges has room */
void add_merge_line(Builder *builder, const char *line, size_t size); /* the two with a space */
/* declared: the id that the files name; -1: none. flags: SLM__ADDED_... */
void add_token(Builder *builder, Text text, uint32_t flags, int64_t declared);
void add_end(Builder *builder, const char *path, uint32_t id); /* path: for messages */
void find_bytes(Builder *builder); /* the tokens of single bytes, once the vocabulary is read */
void refuse(const Builder *builder, const char *part, const Json *object) CONV_NORETURN;
uint32_t read_id(const Builder *builder, const Json *value);
void read_vocabulary(Builder *builder, const Json *vocabulary);
enum { KEY_UNK = 2, KEY_SEP = 3, KEY_CLS = 5, KEY_MASK = 6 }; /* of the special tokens */
/* The id of a template's special token; -1: the piece is none. */
int32_t template_token(const Builder *builder, const Json *processor, const Json *piece);

/* texts.c: byte-level BPE of encoders */
extern const char *const texts_specials[TOKENIZER_SPECIALS]; /* of RoBERTa's class */
uint32_t texts_special_flags(const Builder *builder, int key); /* of one given as a plain string */
void texts_read_processor(Builder *builder, const Json *processor, const Json *config);
void texts_set_specials(Builder *builder, const int32_t *ids, const Json *config);
uint32_t texts_flags(const Builder *builder);   /* of the section */

/* splits.c */
void splits_read(Builder *builder, const Json *pre_tokenizer);
void splits_set(Builder *builder, unsigned step); /* this one alone */
void splits_read_normalizer(Builder *builder, const Json *normalizer);
void splits_read_missing(Builder *builder, const Json *model); /* once the vocabulary is read */
int splits_file_kind(const Builder *builder); /* of the section, whatever the kind is */
uint32_t splits_flags(const Builder *builder); /* of the section */
void splits_put(Buffer *out, const Builder *builder); /* in the section's head */
void splits_put_whole(Buffer *out, const Builder *builder); /* behind the tokens of bytes */
void splits_finish(Builder *builder);            /* once all tokens are added */

/* pieces.c */
int pieces_wanted(const Json *json);             /* of a tokenizer.json: is it of this kind? */
void pieces_read_json(Builder *builder, const Json *json);
void pieces_read_vocabulary(Builder *builder, int byte_fallback); /* once the model is read */
/* With the rules of the fast LlamaTokenizer, once vocabulary and merges are read. */
void pieces_set_fast(Builder *builder, const Json *config);
void pieces_set_gemma(Builder *builder, const Json *config); /* ... of GemmaTokenizer of 5 */
void pieces_read_model(Builder *builder, const char *path, const Json *config);
/* The vocabulary of tokenizer.model, and the merges that transformers makes of it. */
void pieces_rebuild(Builder *builder, const char *path, const Json *config);
/* The merges that transformers 4 makes of pieces whose tokens are set, and its fast rules. */
void pieces_merge(Builder *builder, const PieceModel *model, const Json *config);
void pieces_finish(Builder *builder, const Json *config); /* once all tokens are added */
int pieces_byte(Text text); /* the byte that <0xNN> stands for, or -1 */
Text pieces_decoded(const Builder *builder, uint32_t id);
void pieces_put(Buffer *out, const Builder *builder); /* the tables that this kind alone has */

/* words.c */
extern const char *const words_specials[TOKENIZER_SPECIALS]; /* by default; NULL: none */
int words_wanted(const Json *json);              /* of a tokenizer.json: is it of this kind? */
void words_read_json(Builder *builder, const Json *json, const Json *config);
/* unk: unk_token of the files; NULL: they name none. */
void words_read_vocabulary(Builder *builder, const char *path, const Json *config,
                           const Json *unk);
void words_set_specials(Builder *builder, const int32_t *ids); /* by key; -1: there is none */
/* Once all tokens are added; config: tokenizer_config.json. */
void words_finish(Builder *builder, const Json *config);
void words_put(Buffer *out, slm__tokenizer *t);  /* the tables that this kind alone has */

#endif
