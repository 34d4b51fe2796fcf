/* gguf.h - GGUF files as a source: their metadata, their tensors, and what these mean for
   config.json and the tokenizer. For convert.c and the gguf*.c files. */
#ifndef SLM_GGUF_H
#define SLM_GGUF_H

#include "names.h"

/* ---- element types (gguf_types.c) -------------------------------------------------------- */

enum { TYPE_IDS = 64 };

/* Numbers lie in blocks of `count` in `bytes` bytes. read: of a type whose numbers become f32 one
   block at a time. */
struct BlockType {
    uint32_t id;             /* below TYPE_IDS */
    const char *name;
    Dtype dtype; /* DTYPE_OTHER: not supported */
    uint32_t count, bytes;
    void (*read)(const unsigned char *block, float *out);
};

const BlockType *block_type(uint32_t id); /* NULL: it is not known */

/* ---- metadata and tensors (gguf.c) ------------------------------------------------------- */

typedef enum GgufType {
    GGUF_U8, GGUF_I8, GGUF_U16, GGUF_I16, GGUF_U32, GGUF_I32, GGUF_F32, GGUF_BOOL, GGUF_STRING,
    GGUF_ARRAY, GGUF_U64, GGUF_I64, GGUF_F64
} GgufType;

typedef struct GgufValue {
    char *key;               /* printable ASCII */
    GgufType type;           /* of an array: of its elements */
    int is_array, seen;      /* seen: somebody has asked for it */
    uint64_t count;          /* elements of an array; bytes of a string */
    size_t at;               /* of the first element, or of a string's bytes, in the head */
} GgufValue;

typedef struct Gguf {
    const char *path;        /* of the file, or of the first one */
    Buffer head;             /* that file's bytes before its tensors */
    GgufValue *values;
    size_t count, capacity;
    Map by_key;
} Gguf;

/* Is it a file that begins as a GGUF does? */
int gguf_is(const char *path);
/* The metadata, and the tensors of all files of the model; a tensor's name is allocated. */
void gguf_open(Gguf *gguf, Checkpoint *checkpoint, const char *path);
void gguf_read(Gguf *gguf, Checkpoint *checkpoint, const File *file); /* one file alone */
void gguf_free(Gguf *gguf);

/* NULL: absent. The functions below fail where a value is of another kind than they say. */
GgufValue *gguf_find(const Gguf *gguf, const char *key);
double gguf_number(const Gguf *gguf, const char *key, double absent);
int gguf_flag(const Gguf *gguf, const char *key, int absent);
/* A string, NUL-terminated; NULL: absent. Where its size is not asked for, printable ASCII. */
const char *gguf_text(const Gguf *gguf, const char *key, size_t *size);
/* An array of strings (GGUF_STRING), of numbers (GGUF_F32) or of whole numbers (GGUF_I32). */
const GgufValue *gguf_array(const Gguf *gguf, const char *key, GgufType type);
double gguf_element(const Gguf *gguf, const GgufValue *array, uint64_t index);
/* The string at *at, which begins as the array's, and goes to the next one. */
const char *gguf_string(const Gguf *gguf, size_t *at, size_t *size);

/* ---- what the metadata say (gguf_config.c) ----------------------------------------------- */

/* The members of config.json that would describe the same model. Refuses other architectures, and
   keys that change what is computed and that nothing here follows. */
const Json *gguf_config(const Gguf *gguf, const Checkpoint *checkpoint);
const Layout *gguf_layouts(const Gguf *gguf);
/* What frequencies are divided by, one for each; NULL: nothing. Its tensor is then used. */
const float *gguf_divisors(Checkpoint *checkpoint, uint32_t count);
/* The name of the quantized type that takes most bytes; NULL: there is none. */
const char *gguf_quantized(const Checkpoint *checkpoint);

/* ---- the tokenizer (gguf_tokenizer.c) ---------------------------------------------------- */

void gguf_tokenizer(Tokenizer *out, const Gguf *gguf, uint32_t rows);

#endif
