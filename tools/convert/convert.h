/* convert.h - what the parts of slm-convert share: errors, files, JSON, checkpoints, tokenizers.
   The .slm format itself is specified at the end of slm.h, under >>specification. */
#ifndef SLM_CONVERT_H
#define SLM_CONVERT_H

#include <stddef.h>
#include <stdint.h>

#include "../../slm.h"

/* ---- errors, memory, files (util.c) ------------------------------------------------------ */

#if defined(__GNUC__)
#define CONV_PRINTF(a, b) __attribute__((format(printf, a, b)))
#define CONV_NORETURN __attribute__((noreturn))
#else
#define CONV_PRINTF(a, b)
#define CONV_NORETURN
#endif

/* One line on stderr; the unfinished output is removed; exit status 1. */
void fail(const char *format, ...) CONV_PRINTF(1, 2) CONV_NORETURN;
void warn(const char *format, ...) CONV_PRINTF(1, 2);
void report(const char *format, ...) CONV_PRINTF(1, 2); /* a line on stderr that is neither */
/* What failures say at their end from now on, such as how to do without the part at hand. */
void set_way_out(const char *text);
void *allocate(size_t count, size_t size); /* zeroed; never NULL */
void *resize(void *memory, size_t count, size_t size);
uint64_t mul64(uint64_t a, uint64_t b); /* fails on overflow, as add64 does */
uint64_t add64(uint64_t a, uint64_t b);
uint64_t align64(uint64_t value); /* up to a multiple of 64 */
char *join_path(const char *directory, const char *name);
int file_exists(const char *path);

/* The bytes of the UTF-8 character at `text`, of which `left` bytes are there; 0: it is none. */
size_t utf8_size(const unsigned char *text, size_t left);
int utf8_valid(const char *text, size_t size);
size_t utf8_put(char *out, uint32_t code); /* 1 to 4 bytes; how many */

typedef struct File {
    int fd;
    uint64_t size;
    char *path;
} File;
File file_open(const char *path); /* refuses Git LFS pointers */
struct stat;
int file_was_read(const struct stat *status); /* has a file of this device and inode been open? */
/* 0: all bytes were read. Safe to call from several threads. */
int file_try_read(const File *file, uint64_t offset, void *out, size_t bytes);
void file_read(const File *file, uint64_t offset, void *out, size_t bytes);
unsigned char *read_whole(const char *path, size_t limit, size_t *size);

typedef struct Buffer { /* grows; bytes are appended little-endian */
    unsigned char *data;
    size_t size, capacity;
} Buffer;
void put_bytes(Buffer *buffer, const void *bytes, size_t size);
void put_u16(Buffer *buffer, uint32_t value);
void put_u32(Buffer *buffer, uint32_t value);
void put_u64(Buffer *buffer, uint64_t value);
void put_f32(Buffer *buffer, float value);
void put_zeros(Buffer *buffer, size_t count);
void set_u32(unsigned char *at, uint32_t value);
void set_u64(unsigned char *at, uint64_t value);
uint32_t get_u16(const unsigned char *at);
uint32_t get_u32(const unsigned char *at);
uint64_t get_u64(const unsigned char *at);

uint32_t crc32_update(uint32_t crc, const unsigned char *bytes, size_t size); /* starts at 0 */

/* A byte string to number table; the keys must outlive it. */
typedef struct Map {
    struct MapSlot {
        const char *key;
        size_t size;
        uint32_t value;
    } * slots;
    size_t capacity, count;
} Map;
int map_find(const Map *map, const char *key, size_t size, uint32_t *value);
int map_add(Map *map, const char *key, size_t size, uint32_t value); /* 0: it was there */

/* ---- JSON (json.c) ----------------------------------------------------------------------- */

typedef enum JsonType {
    JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT
} JsonType;

typedef struct Json {
    JsonType type;
    int is_integer;      /* a number without fraction and exponent that fits */
    int64_t integer;
    double number;
    const char *text;    /* a string's bytes, NUL-terminated, which may hold NULs too */
    size_t size;         /* of the string, or the count of members or elements */
    const char *key;     /* of a member */
    size_t key_size;
    struct Json *first, *next;
} Json;

/* Strict: UTF-8 only, no duplicate keys, limited depth. `name` is for messages. The text must
   be followed by a NUL byte. */
Json *json_parse(const char *name, const unsigned char *text, size_t size);
Json *json_read_any(const char *path);        /* fails when the file is missing */
Json *json_read(const char *path);            /* the same, and it must be an object */
Json *json_read_optional(const char *path);   /* NULL when the file is missing */
const Json *json_member(const Json *object, const char *key); /* NULL: absent */
const Json *json_get(const Json *object, const char *key);    /* NULL: absent or null */
int json_is(const Json *string, const char *text);
/* A boolean member; `absent` where it is not there. path: of the file, for the message. */
int json_flag(const Json *object, const char *path, const char *key, int absent);
/* The first number of a config.json's transformers_version; 0: it has none. */
unsigned version_from(const Json *config);

/* ---- zip files of stored entries (zip.c) -------------------------------------------------- */

typedef struct ZipEntry {
    char *name;                 /* printable ASCII, NUL-terminated */
    size_t name_size;
    uint64_t offset, size;      /* of the data in the file */
    uint64_t start, end;        /* with its header and descriptor */
    uint32_t crc;
} ZipEntry;

typedef struct Zip {
    const File *file;
    ZipEntry *entries;          /* in the order of the file */
    size_t count;
    Map by_name;
} Zip;

void zip_open(Zip *zip, const File *file);
void zip_close(Zip *zip);
const ZipEntry *zip_find(const Zip *zip, const char *name); /* NULL: it is not there */
void zip_check(const Zip *zip, const ZipEntry *entry);      /* fails on a wrong checksum */
unsigned char *zip_read(const Zip *zip, const ZipEntry *entry, size_t limit); /* checked */

/* ---- pickles of tensor files (pickle.c) --------------------------------------------------- */

typedef enum PickleType {
    PICKLE_MARK, PICKLE_NONE, PICKLE_BOOL, PICKLE_INT, PICKLE_BIG, PICKLE_FLOAT, PICKLE_STRING,
    PICKLE_TUPLE, PICKLE_LIST, PICKLE_DICT, PICKLE_GLOBAL, PICKLE_STORAGE, PICKLE_TENSOR
} PickleType;

typedef struct PickleValue {
    PickleType type;
    uint32_t depth;
    int64_t integer;            /* of an integer or a boolean */
    const char *text;           /* of a string or a global's name, not NUL-terminated; of an */
    size_t size;                /* integer beyond 64 bits its bytes, little-endian */
    struct PickleValue **items; /* of a tuple or a list; of a dictionary key, value, key ... */
    size_t count, capacity;
    struct PickleValue *arguments; /* a tuple: of a tensor's rebuilding, or a storage's id */
} PickleValue;

typedef struct Pickle {
    PickleValue *root;
    PickleValue **storages;     /* all that the pickle names */
    size_t storage_count, storage_capacity;
    struct PickleChunk *chunks;
} Pickle;

/* Returns the bytes that the pickle takes; its values point into them. `name` is for messages. */
size_t pickle_read(Pickle *out, const char *name, const unsigned char *bytes, size_t size);
void pickle_free(Pickle *pickle);
int pickle_is(const PickleValue *value, const char *text); /* that string */
const PickleValue *pickle_member(const PickleValue *dict, const char *key); /* NULL: absent */
const char *pickle_type_name(const PickleValue *value);

/* ---- checkpoints (safetensors.c, torch.c) ------------------------------------------------- */

typedef enum Dtype { DTYPE_OTHER, DTYPE_F64, DTYPE_F32, DTYPE_F16, DTYPE_BF16 } Dtype;

size_t dtype_bytes(Dtype dtype); /* of one element of a float type */

typedef struct BlockType BlockType; /* of GGUF: gguf.h */

typedef struct SourceTensor {
    const char *name;    /* NUL-terminated */
    Dtype dtype;
    const BlockType *blocks; /* NULL; or its numbers lie in blocks, and dtype is what they become */
    const char *dtype_name;
    uint32_t dimensions;
    uint64_t shape[8], strides[8]; /* strides: in elements; 0 where it does not matter */
    uint64_t offset, bytes;
    const File *file;
    size_t twin;         /* 0, or one more than the index of the first tensor of this name */
    const struct SourceTensor *rival; /* another of this name with another content; or NULL */
    int used;
} SourceTensor;

typedef struct Checkpoint {
    SourceTensor *tensors;
    size_t count, capacity;
    Map by_name;
    File *files;
    size_t file_count;
} Checkpoint;

/* Shards may hold the same tensor twice if it is the same in both, or no part of the model. */
void checkpoint_open(Checkpoint *checkpoint, const char *directory);
void refuse_rival(const SourceTensor *tensor); /* fails where shards differ in it */
void refuse_overlap(SourceTensor *tensors, size_t count); /* all of one file */
int tensors_equal(const SourceTensor *a, const SourceTensor *b); /* in type, shape and content */
/* A new tensor, which keeps the name; fails when the name is bad, or taken within the file. */
SourceTensor *checkpoint_add(Checkpoint *checkpoint, const File *file, const char *name,
                             size_t size);
SourceTensor *checkpoint_find(const Checkpoint *checkpoint, const char *name); /* util.c; or NULL */
void torch_read(Checkpoint *checkpoint, const File *file);

/* ---- what is no source, and what is no place for the output (source.c) -------------------- */

/* These four fail where something else is found than what can be converted, and say what to do. */
void refuse_directory(const char *directory);                /* before anything is read */
void refuse_config(const char *directory, const Json *config); /* quantized weights */
void refuse_weights(const char *directory);                  /* no weights of ours are there */
void refuse_file(const File *file);                          /* SRC is no directory */
/* An existing file that was read, or lies in the source's directory and is no .slm. */
void refuse_output(const char *source, const char *out);

/* ---- SentencePiece models (protobuf.c) ---------------------------------------------------- */

typedef enum PieceType {
    PIECE_NORMAL = 1, PIECE_UNKNOWN, PIECE_CONTROL, PIECE_USER, PIECE_UNUSED, PIECE_BYTE
} PieceType;

typedef struct ModelPiece {
    const char *text;    /* UTF-8, of 1 to 255 bytes, not NUL-terminated */
    size_t size;
    float score;         /* finite */
    PieceType type;
} ModelPiece;

typedef struct PieceModel {
    ModelPiece *pieces;  /* no two have the same text; one is unknown */
    size_t count;
    uint32_t type;
    int byte_fallback;   /* then there are pieces of all 256 bytes, otherwise of none */
    int dummy_prefix;    /* a space is put before a text */
    int normalizes, removes_spaces, escapes, suffix;
} PieceModel;

/* The pieces point into the bytes. `name` is for messages. Refuses what is not BPE, or changes
   the characters of a text. */
void protobuf_read(PieceModel *model, const char *name, const unsigned char *bytes, size_t size);
void protobuf_free(PieceModel *model);

/* ---- tokenizer (tokenizer.c, pieces.c, words.c) ------------------------------------------ */

enum { TOKENIZER_SPECIALS = 7 }; /* bos, eos, unk, sep, pad, cls, mask */

typedef struct Tokenizer {
    int kind;            /* 0: none, 1: byte-level BPE, 2: SentencePiece BPE, 3: WordPiece */
    int is_gpt2;         /* of the GPT-2 or CodeGen class */
    uint32_t used;       /* largest id + 1 */
    int32_t bos;         /* -1: there is none */
    uint32_t longest;    /* model_max_length; 0: none that means anything */
    const char *specials[TOKENIZER_SPECIALS]; /* texts; NULL: there is none */
    Buffer section;
} Tokenizer;

/* rows: the model's vocabulary; config: its config.json. */
void tokenizer_read(Tokenizer *out, const char *directory, const Json *config, uint32_t rows);
/* What chat formats ask for, from a section of a .slm that is already written. */
void tokenizer_from_section(Tokenizer *out, int kind, const char *path, const Buffer *section);
/* Appends the text that becomes an added token; 0: there is no such one. */
int tokenizer_added(const Tokenizer *tokenizer, int32_t id, Buffer *out);
int32_t tokenizer_find(const Tokenizer *tokenizer, const char *text); /* that added token, or -1 */
int tokenizer_adds_bos(const Tokenizer *tokenizer);

/* ---- chat templates (template.c) --------------------------------------------------------- */

enum { TEMPLATE_MESSAGES = 8 };
enum { TEMPLATE_UNKNOWN = 1 }; /* the byte that is written for a value that cannot be known */

typedef enum TemplateStatus {
    TEMPLATE_READ,
    TEMPLATE_RAISES, /* Hugging Face refuses this conversation */
    TEMPLATE_UNREAD  /* something in it is not read here */
} TemplateStatus;

typedef struct TemplateInput {
    const char *roles[TEMPLATE_MESSAGES], *contents[TEMPLATE_MESSAGES];
    size_t count;
    const char *specials[TOKENIZER_SPECIALS];
} TemplateInput;

typedef struct Template Template;
Template *template_open(const char *text, size_t size); /* never NULL, whatever the text is */
void template_close(Template *t);
/* What it writes for a conversation whose answer is to be opened, as apply_chat_template. */
TemplateStatus template_write(const Template *t, const TemplateInput *input, Buffer *out);

/* ---- chat formats (chat.c) -------------------------------------------------------------- */

typedef struct Chat {
    uint32_t format, bos; /* as in a .slm */
    int has_system;
    Buffer system;       /* the model's own system message */
    int preface;         /* it comes before a system message that is given, too */
} Chat;

typedef struct ChatOptions {
    int format;          /* --chat, of slm_chat_format; SLM_CHAT_AUTO: not given */
    const char *system;  /* --system; NULL: not given */
} ChatOptions;

typedef struct ChatTemplate {
    const char *text;    /* NULL: there is none; "": one that nothing is known of */
    size_t size;
} ChatTemplate;

struct Model;
int format_by_name(const char *name); /* SLM_CHAT_AUTO: there is no such format */
const char *chat_system_fault(const char *text); /* why it cannot be one; NULL: it can */
/* usual: the format where nothing says one and the tokenizer is GPT-2's. One that the user has
   chosen fails where the tokenizer lacks what it needs. The tokenizer gets its end token. */
void chat_choose(Chat *chat, const char *directory, Tokenizer *tokenizer, int usual,
                 const ChatTemplate *template, const ChatOptions *options);
void chat_read_template(ChatTemplate *out, const char *directory, const Tokenizer *tokenizer);
void chat_put(struct Model *model, const Chat *chat);
void chat_change(struct Model *model, const char *path, const ChatOptions *options);

/* ---- quantization (quantize.c) ----------------------------------------------------------- */

size_t integer_scratch_size(size_t cols);
/* rows: [cols][16] floats, 64-byte aligned, those of rows beyond the matrix zero; they are
   changed. scratch: as aligned. out: one tile. 0: a scale is beyond what the type holds. */
int integer_make_tile(uint32_t type, void *rows, size_t cols, void *scratch, unsigned char *out);

/* ---- the model and its output (convert.c, write.c) --------------------------------------- */

enum { MODEL_LAYER = 0xFFFF };

typedef struct OutTensor {
    uint32_t slot, layer, type, rows, cols;
    uint64_t stride, offset, bytes; /* stride: of a tile */
    uint32_t crc;
    char *name;          /* for messages */
    Dtype dtype;         /* of the source, at source_offset of file */
    const BlockType *blocks; /* NULL; or the source has blocks, which are read as dtype */
    const File *file;
    uint64_t source_offset;
    uint64_t source_stride; /* 0: rows as follows; else tiles of an .slm this far apart */
    uint64_t row_step;      /* bytes from row to row, ... */
    uint64_t col_step;      /* ... from element to element */
    uint32_t group;         /* 0, or this many rows in order (of a vector: elements), ... */
    uint32_t group_step;    /* ... the next ones this many rows after the beginning of these */
    float add;              /* of a vector: added to each element, as f32 */
    uint32_t paired;        /* 0, or rows of a head: those of its halves come in turn */
} OutTensor;

typedef struct Section {
    uint32_t kind, flags;
    Buffer bytes;
    uint64_t offset;
} Section;

typedef struct Model {
    unsigned char header[256];
    Section sections[16];
    uint32_t section_count;
    OutTensor *tensors;
    size_t tensor_count;
    uint64_t data_offset, file_size;
} Model;

enum { SECTION_METADATA = 8 }; /* the library skips it; those that it reads are in slm.h */

Section *model_section(Model *model, uint32_t kind, uint32_t flags);

typedef struct Options { /* of the command line */
    uint32_t type;       /* of the matrices; 0: not given */
    int requantize;      /* numbers of few bits may become others of few bits */
    ChatOptions chat;
    int ignore_extra;    /* tensors too many are left out wherever they are */
} Options;

void model_from_directory(Model *model, const char *directory, const Options *options);
void model_from_gguf(Model *model, const char *path, const Options *options);
void model_from_slm(Model *model, const char *path, const Options *options);
/* Of `count` numbers, whole blocks of a type that has a function for them (gguf_types.c). */
void blocks_read(const BlockType *type, const unsigned char *bytes, size_t count, float *out);
uint64_t blocks_bytes(const BlockType *type, uint64_t count);
uint32_t type_of(uint32_t wanted, uint32_t layer, uint32_t slot); /* the types' rule */
void model_write(Model *model, const char *path);

#endif
