/* gguf.c - the metadata and the tensors of GGUF files. Every count, length and offset is checked
   against the size of its file before it is used; the tensors' data stay in the files. */
#include "gguf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* HEAD_LIMIT: a vocabulary of 262,144 tokens with 515,000 merges takes 17 MB. */
enum { HEAD_LIMIT = 128 << 20, CHUNK = 64 << 10, KEY_LIMIT = 1024, NAME_LIMIT = 119,
       DIMENSIONS = 4, PART_LIMIT = 4096, ALIGNMENT = 32 };

/* ---- bytes, in order --------------------------------------------------------------------- */

typedef struct Reader {
    const File *file;
    Buffer *head; /* all bytes so far */
    size_t at;
} Reader;

static uint64_t bytes_left(const Reader *reader) { return reader->file->size - reader->at; }

/* The next bytes, which stay where they are until the next call. */
static const unsigned char *take(Reader *reader, uint64_t size, const char *what) {
    Buffer *head = reader->head;
    uint64_t end, part;
    if (size > bytes_left(reader))
        fail("%s: cut off or damaged: %s at byte %llu needs %llu bytes, and %llu are left",
             reader->file->path, what, (unsigned long long)reader->at, (unsigned long long)size,
             (unsigned long long)bytes_left(reader));
    end = reader->at + size;
    if (end > HEAD_LIMIT)
        fail("%s: more than %d MB before the tensors", reader->file->path, HEAD_LIMIT >> 20);
    while (head->size < end) {
        part = reader->file->size - head->size;
        part = part < CHUNK ? part : CHUNK;
        put_zeros(head, (size_t)part);
        file_read(reader->file, head->size - part, head->data + head->size - part, (size_t)part);
    }
    reader->at = (size_t)end;
    return head->data + reader->at - size;
}

static uint32_t take_u32(Reader *reader, const char *what) {
    return get_u32(take(reader, 4, what));
}

static uint64_t take_u64(Reader *reader, const char *what) {
    return get_u64(take(reader, 8, what));
}

/* Keys and names go into messages: printable ASCII, allocated. */
static char *take_name(Reader *reader, size_t limit, const char *what) {
    uint64_t size = take_u64(reader, what), i;
    const unsigned char *bytes;
    char *name;
    if (!size || size > limit)
        fail("%s: %s at byte %llu has %llu bytes; supported: 1 to %llu", reader->file->path, what,
             (unsigned long long)reader->at, (unsigned long long)size, (unsigned long long)limit);
    bytes = take(reader, size, what);
    for (i = 0; i < size; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7E)
            fail("%s: %s at byte %llu is not printable ASCII", reader->file->path, what,
                 (unsigned long long)reader->at);
    name = allocate((size_t)size + 1, 1);
    memcpy(name, bytes, (size_t)size);
    return name;
}

/* ---- metadata ---------------------------------------------------------------------------- */

/* Bytes of a value, of a string at least; 0: there is no such value. */
static unsigned type_bytes(uint32_t type) {
    static const unsigned char bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 0, 8, 8, 8};
    return type < sizeof bytes ? bytes[type] : 0;
}

static void skip_strings(Reader *reader, const GgufValue *value) {
    uint64_t i;
    for (i = 0; i < value->count; i++)
        take(reader, take_u64(reader, value->key), value->key);
}

static void read_array(Reader *reader, GgufValue *value) {
    uint32_t type = take_u32(reader, value->key);
    value->is_array = 1;
    if (type == GGUF_ARRAY)
        fail("%s: %s: an array of arrays is not supported", reader->file->path, value->key);
    if (!type_bytes(type))
        fail("%s: %s: an array of type %lu, which there is not", reader->file->path, value->key,
             (unsigned long)type);
    value->type = (GgufType)type;
    value->count = take_u64(reader, value->key);
    if (value->count > bytes_left(reader) / type_bytes(type))
        fail("%s: %s: an array of %llu elements does not fit the %llu bytes that are left",
             reader->file->path, value->key, (unsigned long long)value->count,
             (unsigned long long)bytes_left(reader));
    value->at = reader->at;
    if (type == GGUF_STRING)
        skip_strings(reader, value);
    else
        take(reader, value->count * type_bytes(type), value->key);
}

static void read_value(Reader *reader, GgufValue *value) {
    uint32_t type = take_u32(reader, value->key);
    if (type == GGUF_ARRAY) {
        read_array(reader, value);
        return;
    }
    if (!type_bytes(type))
        fail("%s: %s: a value of type %lu, which there is not", reader->file->path, value->key,
             (unsigned long)type);
    value->type = (GgufType)type;
    value->count = type == GGUF_STRING ? take_u64(reader, value->key) : 1;
    value->at = reader->at;
    take(reader, type == GGUF_STRING ? value->count : type_bytes(type), value->key);
    if (type == GGUF_BOOL && reader->head->data[value->at] > 1)
        fail("%s: %s: a flag of %u, where 0 or 1 has to be", reader->file->path, value->key,
             (unsigned)reader->head->data[value->at]);
}

static void read_values(Gguf *gguf, Reader *reader, uint64_t count) {
    GgufValue *value;
    uint64_t i;
    for (i = 0; i < count; i++) {
        if (gguf->count == gguf->capacity) {
            gguf->capacity = gguf->capacity * 2 + 16;
            gguf->values = resize(gguf->values, gguf->capacity, sizeof *gguf->values);
        }
        value = &gguf->values[gguf->count++];
        memset(value, 0, sizeof *value);
        value->key = take_name(reader, KEY_LIMIT, "a key");
        if (!map_add(&gguf->by_key, value->key, strlen(value->key), (uint32_t)i))
            fail("%s: the key %s is there twice", reader->file->path, value->key);
        read_value(reader, value);
    }
}

/* ---- tensors ----------------------------------------------------------------------------- */

/* Rows after rows; the file has the columns first. */
static void read_shape(Reader *reader, SourceTensor *tensor) {
    uint32_t i;
    uint64_t elements = 1, stride = 1, size;
    tensor->dimensions = take_u32(reader, tensor->name);
    if (!tensor->dimensions || tensor->dimensions > DIMENSIONS)
        fail("%s: tensor %s has %lu dimensions; supported: 1 to %d", tensor->file->path,
             tensor->name, (unsigned long)tensor->dimensions, DIMENSIONS);
    for (i = tensor->dimensions; i-- > 0;) {
        size = take_u64(reader, tensor->name);
        if (!size || elements > ((uint64_t)1 << 56) / size)
            fail("%s: tensor %s: %s", tensor->file->path, tensor->name,
                 size ? "its size overflows" : "a dimension of 0");
        tensor->shape[i] = size;
        tensor->strides[i] = size > 1 ? stride : 0;
        stride *= size;
        elements *= size;
    }
    tensor->bytes = elements;
}

/* tensor->bytes: its elements so far. */
static void read_type(Reader *reader, SourceTensor *tensor) {
    uint32_t id = take_u32(reader, tensor->name);
    uint64_t cols = tensor->shape[tensor->dimensions - 1];
    const BlockType *type = block_type(id);
    if (!type)
        fail("%s: tensor %s: the type %lu is not known", tensor->file->path, tensor->name,
             (unsigned long)id);
    if (cols % type->count)
        fail("%s: tensor %s: rows of %llu do not divide into blocks of %lu (%s)",
             tensor->file->path, tensor->name, (unsigned long long)cols,
             (unsigned long)type->count, type->name);
    if (type->dtype == DTYPE_OTHER)
        fail("%s: tensor %s: the type %s is not supported; supported: F64, F32, F16, BF16, Q8_0, "
             "Q6_K, Q5_K, Q5_1, Q5_0, Q4_K, Q4_1, Q4_0, IQ4_NL", tensor->file->path, tensor->name,
             type->name);
    tensor->dtype = type->dtype;
    tensor->dtype_name = type->name;
    tensor->blocks = type->read ? type : NULL;
    tensor->bytes = mul64(tensor->bytes / type->count, type->bytes);
}

static void read_tensors(Reader *reader, Checkpoint *checkpoint, uint64_t count) {
    uint64_t i;
    for (i = 0; i < count; i++) {
        char *name = take_name(reader, NAME_LIMIT, "a tensor's name");
        SourceTensor *tensor =
            checkpoint_add(checkpoint, reader->file, name, strlen(name));
        if (tensor->twin)
            fail("%s: tensor %s is in %s too", reader->file->path, name,
                 checkpoint->tensors[tensor->twin - 1].file->path);
        read_shape(reader, tensor);
        read_type(reader, tensor);
        tensor->offset = take_u64(reader, name);
    }
}

/* Offsets count from the first multiple of the alignment behind the head. */
static void place_tensors(const Reader *reader, Checkpoint *checkpoint, size_t first,
                          uint64_t alignment) {
    uint64_t file = reader->file->size, start = reader->at, data;
    size_t i;
    start += (alignment - start % alignment) % alignment;
    data = start < file ? file - start : 0;
    for (i = first; i < checkpoint->count; i++) {
        SourceTensor *tensor = &checkpoint->tensors[i];
        if (tensor->offset % alignment)
            fail("%s: tensor %s: its offset %llu is no multiple of %llu", reader->file->path,
                 tensor->name, (unsigned long long)tensor->offset, (unsigned long long)alignment);
        if (tensor->offset > data || tensor->bytes > data - tensor->offset)
            fail("%s: tensor %s lies outside of the file (%llu bytes at %llu of %llu)",
                 reader->file->path, tensor->name, (unsigned long long)tensor->bytes,
                 (unsigned long long)tensor->offset, (unsigned long long)data);
        tensor->offset += start;
    }
    if (checkpoint->count > first)
        refuse_overlap(checkpoint->tensors + first, checkpoint->count - first);
}

/* ---- one file ---------------------------------------------------------------------------- */

enum { KEY_LEAST = 8 + 1 + 4 + 1, TENSOR_LEAST = 8 + 1 + 4 + 8 + 4 + 8 }; /* bytes */

static uint64_t take_count(Reader *reader, unsigned least, const char *what) {
    uint64_t count = take_u64(reader, what);
    if (count > bytes_left(reader) / least)
        fail("%s: %s, %llu, does not fit its %llu bytes", reader->file->path, what,
             (unsigned long long)count, (unsigned long long)reader->file->size);
    return count;
}

static void check_version(const File *file, uint32_t version) {
    if (version == 1)
        fail("%s: GGUF version 1, of August 2023, is not supported: convert the model to GGUF once "
             "more, or its Hugging Face directory", file->path);
    if (version && !(version & 0xFFFF))
        fail("%s: a big-endian GGUF is not supported; supported: little-endian", file->path);
    if (version < 2 || version > 3)
        fail("%s: GGUF version %lu is not supported; supported: 2 and 3", file->path,
             (unsigned long)version);
}

void gguf_read(Gguf *gguf, Checkpoint *checkpoint, const File *file) {
    Reader reader;
    uint64_t tensors, values;
    size_t first = checkpoint->count;
    double alignment;
    memset(&reader, 0, sizeof reader);
    memset(gguf, 0, sizeof *gguf);
    gguf->path = file->path;
    reader.file = file;
    reader.head = &gguf->head;
    if (memcmp(take(&reader, 4, "the magic number"), "GGUF", 4) != 0)
        fail("%s: not a GGUF file", file->path);
    check_version(file, take_u32(&reader, "the version"));
    tensors = take_count(&reader, TENSOR_LEAST, "the number of tensors");
    values = take_count(&reader, KEY_LEAST, "the number of keys");
    read_values(gguf, &reader, values);
    alignment = gguf_number(gguf, "general.alignment", ALIGNMENT);
    if (!(alignment >= 1 && alignment <= 1 << 20) || alignment != floor(alignment) ||
        ((uint32_t)alignment & ((uint32_t)alignment - 1)))
        fail("%s: general.alignment must be a power of two up to %d", file->path, 1 << 20);
    read_tensors(&reader, checkpoint, tensors);
    place_tensors(&reader, checkpoint, first, (uint64_t)alignment);
}

void gguf_free(Gguf *gguf) {
    size_t i;
    for (i = 0; i < gguf->count; i++)
        free(gguf->values[i].key);
    free(gguf->values);
    free(gguf->by_key.slots);
    free(gguf->head.data);
}

/* ---- values ------------------------------------------------------------------------------ */

GgufValue *gguf_find(const Gguf *gguf, const char *key) {
    uint32_t at;
    if (!map_find(&gguf->by_key, key, strlen(key), &at))
        return NULL;
    gguf->values[at].seen = 1;
    return &gguf->values[at];
}

static double signed_value(uint64_t bits, unsigned bytes) {
    uint64_t top = (uint64_t)1 << (8 * bytes - 1);
    return bits & top ? -(double)(((~bits) & (top - 1)) + 1) : (double)bits;
}

/* A number's bytes, whatever its type. */
static double number_at(GgufType type, const unsigned char *at) {
    uint64_t bits = 0;
    unsigned size = type_bytes(type), i;
    double value;
    for (i = 0; i < size; i++)
        bits |= (uint64_t)at[i] << 8 * i;
    if (type == GGUF_F32)
        return slm__float((uint32_t)bits);
    if (type == GGUF_F64) {
        memcpy(&value, &bits, 8);
        return value;
    }
    return type == GGUF_I8 || type == GGUF_I16 || type == GGUF_I32 || type == GGUF_I64
               ? signed_value(bits, size)
               : (double)bits;
}

double gguf_number(const Gguf *gguf, const char *key, double absent) {
    const GgufValue *value = gguf_find(gguf, key);
    double number;
    if (!value)
        return absent;
    if (value->is_array || value->type == GGUF_STRING || value->type == GGUF_BOOL)
        fail("%s: %s must be a number%s", gguf->path, key,
             value->is_array ? "; one for each layer is not supported" : "");
    number = number_at(value->type, gguf->head.data + value->at);
    if (!(number - number == 0))
        fail("%s: %s is not finite", gguf->path, key);
    return number;
}

int gguf_flag(const Gguf *gguf, const char *key, int absent) {
    const GgufValue *value = gguf_find(gguf, key);
    if (!value)
        return absent;
    if (value->is_array || value->type != GGUF_BOOL)
        fail("%s: %s must be true or false", gguf->path, key);
    return gguf->head.data[value->at];
}

const char *gguf_text(const Gguf *gguf, const char *key, size_t *size) {
    const GgufValue *value = gguf_find(gguf, key);
    char *text, *at;
    if (!value)
        return NULL;
    if (value->is_array || value->type != GGUF_STRING)
        fail("%s: %s must be a string", gguf->path, key);
    text = allocate((size_t)value->count + 1, 1);
    memcpy(text, gguf->head.data + value->at, (size_t)value->count);
    if (size)
        *size = (size_t)value->count;
    for (at = text; !size && at < text + value->count; at++)
        if (*at < 0x20 || *at > 0x7E)
            fail("%s: %s is not printable ASCII", gguf->path, key);
    return text;
}

const GgufValue *gguf_array(const Gguf *gguf, const char *key, GgufType type) {
    const GgufValue *value = gguf_find(gguf, key);
    const char *kind = type == GGUF_STRING ? "strings"
                       : type == GGUF_F32  ? "numbers"
                                           : "whole numbers";
    if (value && (!value->is_array || (value->type == GGUF_STRING) != (type == GGUF_STRING) ||
                  (type == GGUF_I32 && (value->type == GGUF_F32 || value->type == GGUF_F64))))
        fail("%s: %s must be an array of %s", gguf->path, key, kind);
    return value;
}

double gguf_element(const Gguf *gguf, const GgufValue *array, uint64_t index) {
    return number_at(array->type,
                     gguf->head.data + array->at + (size_t)index * type_bytes(array->type));
}

const char *gguf_string(const Gguf *gguf, size_t *at, size_t *size) {
    const unsigned char *bytes = gguf->head.data + *at;
    *size = (size_t)get_u64(bytes);
    *at += 8 + *size;
    return (const char *)bytes + 8;
}

/* ---- several files ----------------------------------------------------------------------- */

static uint32_t part_number(const Gguf *gguf, const char *key, uint32_t absent) {
    double number = gguf_number(gguf, key, absent);
    if (!(number >= 0 && number <= PART_LIMIT) || number != floor(number))
        fail("%s: %s must be a whole number up to %d", gguf->path, key, PART_LIMIT);
    return (uint32_t)number;
}

static void read_part(Checkpoint *checkpoint, const File *file, uint32_t part, uint32_t count) {
    Gguf gguf;
    gguf_read(&gguf, checkpoint, file);
    if (part_number(&gguf, "split.count", 1) != count ||
        part_number(&gguf, "split.no", 0) != part)
        fail("%s: its keys split.no and split.count do not say that it is part %lu of %lu",
             file->path, (unsigned long)part + 1, (unsigned long)count);
    gguf_free(&gguf);
}

/* All parts but the first, whose name ends with its number and theirs. */
static void read_parts(const Gguf *gguf, Checkpoint *checkpoint, uint32_t count) {
    size_t size = strlen(gguf->path), end;
    char suffix[40], *path = allocate(size + 1, 1);
    uint32_t part;
    end = (size_t)snprintf(suffix, sizeof suffix, "-00001-of-%05lu.gguf", (unsigned long)count);
    if (size < end || strcmp(gguf->path + size - end, suffix) != 0)
        fail("%s: the first of %lu parts, whose name has to end with %s", gguf->path,
             (unsigned long)count, suffix);
    for (part = 1; part < count; part++) {
        snprintf(path, size + 1, "%.*s-%05lu-of-%05lu.gguf", (int)(size - end), gguf->path,
                 (unsigned long)part + 1, (unsigned long)count);
        if (!file_exists(path))
            fail("%s: part %lu of %lu is missing: %s", gguf->path, (unsigned long)part + 1,
                 (unsigned long)count, path);
        checkpoint->files[part] = file_open(path);
        read_part(checkpoint, &checkpoint->files[part], part, count);
    }
    free(path);
}

void gguf_open(Gguf *gguf, Checkpoint *checkpoint, const char *path) {
    File file = file_open(path);
    uint32_t count;
    double tensors;
    memset(checkpoint, 0, sizeof *checkpoint);
    checkpoint->files = allocate(PART_LIMIT, sizeof *checkpoint->files);
    checkpoint->files[0] = file;
    gguf_read(gguf, checkpoint, &checkpoint->files[0]);
    count = part_number(gguf, "split.count", 1);
    if (part_number(gguf, "split.no", 0) != 0)
        fail("%s: part %lu of %lu of a model: give the first one", path,
             (unsigned long)part_number(gguf, "split.no", 0) + 1, (unsigned long)count);
    if (count > 1)
        read_parts(gguf, checkpoint, count);
    checkpoint->file_count = count > 1 ? count : 1;
    tensors = gguf_number(gguf, "split.tensors.count", (double)checkpoint->count);
    if (tensors != (double)checkpoint->count)
        fail("%s: its files have %lu tensors, and split.tensors.count says %g", path,
             (unsigned long)checkpoint->count, tensors);
}

int gguf_is(const char *path) {
    char head[4] = "";
    FILE *file = fopen(path, "rb");
    int is = file && fread(head, 1, 4, file) == 4 && memcmp(head, "GGUF", 4) == 0;
    if (file)
        fclose(file);
    return is;
}
