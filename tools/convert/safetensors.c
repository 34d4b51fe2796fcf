/* safetensors.c - the tensors of a checkpoint, one file or several under an index. Everything
   that a header says is checked against the size of its file before it is used. */
#include "convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_LIMIT = 64 << 20, SHARD_LIMIT = 4096 };

static const struct DtypeRow {
    const char *name;
    Dtype dtype;
    uint32_t bits;
} dtypes[] = {
    {"F32", DTYPE_F32, 32},   {"F16", DTYPE_F16, 16},   {"BF16", DTYPE_BF16, 16},
    {"F64", DTYPE_F64, 64},   {"I64", DTYPE_OTHER, 64}, {"I32", DTYPE_OTHER, 32},
    {"I16", DTYPE_OTHER, 16}, {"I8", DTYPE_OTHER, 8},   {"U64", DTYPE_OTHER, 64},
    {"U32", DTYPE_OTHER, 32}, {"U16", DTYPE_OTHER, 16}, {"U8", DTYPE_OTHER, 8},
    {"BOOL", DTYPE_OTHER, 8}, {"C64", DTYPE_OTHER, 64}, {"F8_E4M3", DTYPE_OTHER, 8},
    {"F8_E5M2", DTYPE_OTHER, 8}, {"F8_E8M0", DTYPE_OTHER, 8}, {"F8_E4M3FNUZ", DTYPE_OTHER, 8},
    {"F8_E5M2FNUZ", DTYPE_OTHER, 8}, {"F6_E2M3", DTYPE_OTHER, 6}, {"F6_E3M2", DTYPE_OTHER, 6},
    {"F4", DTYPE_OTHER, 4},
};

/* Names go into messages and C strings: no control characters. */
static void check_name(const File *file, const char *name, size_t size) {
    size_t i;
    for (i = 0; i < size; i++)
        if ((unsigned char)name[i] < 0x20)
            fail("%s: a name holds a control character", file->path);
    if (!size || size > 512)
        fail("%s: a tensor's name is empty or longer than 512 bytes", file->path);
}

static uint32_t read_dtype(SourceTensor *tensor, const Json *dtype) {
    size_t i;
    for (i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (json_is(dtype, dtypes[i].name)) {
            tensor->dtype = dtypes[i].dtype;
            tensor->dtype_name = dtypes[i].name;
            return dtypes[i].bits;
        }
    fail("%s: tensor %s: the type %s is not supported; supported: F64, F32, F16, BF16",
         tensor->file->path, tensor->name,
         dtype && dtype->type == JSON_STRING ? dtype->text : "(none)");
}

static uint64_t read_count(const SourceTensor *tensor, const Json *value) {
    if (!value || value->type != JSON_NUMBER || !value->is_integer || value->integer < 0)
        fail("%s: tensor %s: shape and data_offsets must be whole numbers", tensor->file->path,
             tensor->name);
    return (uint64_t)value->integer;
}

/* Rows after rows. */
static void set_strides(SourceTensor *tensor) {
    uint64_t stride = 1;
    uint32_t i;
    for (i = tensor->dimensions; i-- > 0; stride *= tensor->shape[i])
        tensor->strides[i] = tensor->shape[i] > 1 ? stride : 0;
}

static void read_tensor(SourceTensor *tensor, const Json *entry, uint64_t data_start) {
    const Json *shape = json_get(entry, "shape"), *range = json_get(entry, "data_offsets"), *item;
    uint64_t elements = 1, begin, end, data = tensor->file->size - data_start;
    uint32_t bits = read_dtype(tensor, json_get(entry, "dtype"));
    if (!shape || shape->type != JSON_ARRAY || shape->size > 8)
        fail("%s: tensor %s: bad shape", tensor->file->path, tensor->name);
    for (item = shape->first; item; item = item->next) {
        uint64_t size = read_count(tensor, item);
        if (size && elements > ((uint64_t)1 << 56) / size)
            fail("%s: tensor %s: its size overflows", tensor->file->path, tensor->name);
        tensor->shape[tensor->dimensions++] = size;
        elements *= size;
    }
    if (!range || range->type != JSON_ARRAY || range->size != 2)
        fail("%s: tensor %s: bad data_offsets", tensor->file->path, tensor->name);
    begin = read_count(tensor, range->first);
    end = read_count(tensor, range->first->next);
    if (begin > end || end > data)
        fail("%s: tensor %s lies outside of the file (bytes %llu to %llu of %llu)",
             tensor->file->path, tensor->name, (unsigned long long)begin,
             (unsigned long long)end, (unsigned long long)data);
    if (mul64(end - begin, 8) != elements * bits)
        fail("%s: tensor %s: %llu bytes, but shape and type need %llu", tensor->file->path,
             tensor->name, (unsigned long long)(end - begin),
             (unsigned long long)((elements * bits + 7) / 8));
    tensor->offset = data_start + begin;
    tensor->bytes = end - begin;
    set_strides(tensor);
}

static int compare_offsets(const void *a, const void *b) {
    const SourceTensor *x = *(SourceTensor *const *)a, *y = *(SourceTensor *const *)b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

void refuse_overlap(SourceTensor *tensors, size_t count) {
    SourceTensor **order = allocate(count, sizeof *order);
    size_t i;
    for (i = 0; i < count; i++)
        order[i] = &tensors[i];
    qsort(order, count, sizeof *order, compare_offsets);
    for (i = 1; i < count; i++)
        if (order[i]->offset < order[i - 1]->offset + order[i - 1]->bytes)
            fail("%s: tensors %s and %s overlap", order[i]->file->path, order[i - 1]->name,
                 order[i]->name);
    free(order);
}

static Json *read_header(const File *file, uint64_t *data_start) {
    unsigned char head[8], *text;
    uint64_t size;
    Json *header;
    if (file->size < 8)
        fail("%s: not a safetensors file (%llu bytes)", file->path,
             (unsigned long long)file->size);
    file_read(file, 0, head, 8);
    size = get_u64(head);
    if (size > file->size - 8 || size > HEADER_LIMIT)
        fail("%s: not a safetensors file (header of %llu bytes)", file->path,
             (unsigned long long)size);
    text = allocate((size_t)size + 1, 1);
    file_read(file, 8, text, (size_t)size);
    header = json_parse(file->path, text, (size_t)size);
    free(text);
    if (header->type != JSON_OBJECT)
        fail("%s: the header is not a JSON object", file->path);
    *data_start = 8 + size;
    return header;
}

SourceTensor *checkpoint_add(Checkpoint *checkpoint, const File *file, const char *name,
                             size_t size) {
    SourceTensor *tensor;
    uint32_t first = 0;
    int is_new;
    check_name(file, name, size);
    is_new = map_add(&checkpoint->by_name, name, size, (uint32_t)checkpoint->count);
    if (!is_new && map_find(&checkpoint->by_name, name, size, &first) &&
        checkpoint->tensors[first].file == file)
        fail("%s: tensor %s is there twice", file->path, name);
    if (checkpoint->count == checkpoint->capacity) {
        checkpoint->capacity = checkpoint->capacity * 2 + 64;
        checkpoint->tensors =
            resize(checkpoint->tensors, checkpoint->capacity, sizeof *checkpoint->tensors);
    }
    tensor = &checkpoint->tensors[checkpoint->count++];
    memset(tensor, 0, sizeof *tensor);
    tensor->name = name;
    tensor->file = file;
    tensor->twin = is_new ? 0 : (size_t)first + 1;
    return tensor;
}

static void read_file_tensors(Checkpoint *checkpoint, const File *file) {
    uint64_t data_start;
    Json *header = read_header(file, &data_start), *entry;
    size_t first = checkpoint->count;
    for (entry = header->first; entry; entry = entry->next)
        if (strcmp(entry->key, "__metadata__") != 0)
            read_tensor(checkpoint_add(checkpoint, file, entry->key, entry->key_size), entry,
                        data_start);
    if (checkpoint->count > first)
        refuse_overlap(checkpoint->tensors + first, checkpoint->count - first);
}

/* ---- shards ------------------------------------------------------------------------------ */

static void check_shard_name(const char *index, const Json *name) {
    size_t i;
    int plain = name->type == JSON_STRING && name->size && name->size < 256;
    for (i = 0; plain && i < name->size; i++)
        plain = name->text[i] != '/' && name->text[i] != '\\' && name->text[i] != ':' &&
                (unsigned char)name->text[i] >= 0x20;
    if (!plain || json_is(name, ".") || json_is(name, ".."))
        fail("%s: shard name \"%s\" is not a plain file name", index,
             name->type == JSON_STRING ? name->text : "(not a string)");
}

/* Files are opened before tensors are read: the tensors keep pointers to them. */
static void open_shards(Checkpoint *checkpoint, const char *directory, const char *index,
                        const Json *weights, Map *shards) {
    const Json *entry;
    checkpoint->files = allocate(SHARD_LIMIT, sizeof *checkpoint->files);
    for (entry = weights->first; entry; entry = entry->next) {
        char *path;
        check_shard_name(index, entry);
        if (!map_add(shards, entry->text, entry->size, (uint32_t)checkpoint->file_count))
            continue;
        if (checkpoint->file_count == SHARD_LIMIT)
            fail("%s: more than %d shards", index, SHARD_LIMIT);
        path = join_path(directory, entry->text);
        checkpoint->files[checkpoint->file_count++] = file_open(path);
        free(path);
    }
}

int tensors_equal(const SourceTensor *a, const SourceTensor *b) {
    enum { CHUNK = 1 << 20 };
    unsigned char *bytes;
    uint64_t at, part;
    int equal = a->dtype == b->dtype && a->dimensions == b->dimensions && a->bytes == b->bytes &&
                memcmp(a->shape, b->shape, sizeof a->shape) == 0 &&
                memcmp(a->strides, b->strides, sizeof a->strides) == 0;
    if (!equal)
        return 0;
    bytes = allocate(2, CHUNK);
    for (at = 0; equal && at < a->bytes; at += part) {
        part = a->bytes - at < CHUNK ? a->bytes - at : CHUNK;
        file_read(a->file, a->offset + at, bytes, (size_t)part);
        file_read(b->file, b->offset + at, bytes + CHUNK, (size_t)part);
        equal = memcmp(bytes, bytes + CHUNK, (size_t)part) == 0;
    }
    free(bytes);
    return equal;
}

void refuse_rival(const SourceTensor *tensor) {
    if (tensor->rival)
        fail("%s: tensor %s is in %s too, with another shape, type or content",
             tensor->rival->file->path, tensor->name, tensor->file->path);
}

/* Which of two tensors of one name counts would depend on the order of the files, which only
   matters where the model has it. */
static void settle_twins(Checkpoint *checkpoint) {
    size_t i;
    for (i = 0; i < checkpoint->count; i++) {
        SourceTensor *tensor = &checkpoint->tensors[i], *first;
        if (!tensor->twin)
            continue;
        first = &checkpoint->tensors[tensor->twin - 1];
        if (!first->rival && !tensors_equal(first, tensor))
            first->rival = tensor;
        tensor->used = 1;
    }
}

typedef void ReadFile(Checkpoint *checkpoint, const File *file);

/* The index says which shards there are; what they hold is what their own headers say, since an
   index is easily out of date (and Hugging Face does the same). */
static void read_shards(Checkpoint *checkpoint, const char *directory, const char *index,
                        ReadFile *read) {
    const Json *weights = json_get(json_read(index), "weight_map");
    Map shards;
    size_t i;
    memset(&shards, 0, sizeof shards);
    if (!weights || weights->type != JSON_OBJECT || !weights->size)
        fail("%s: no weight_map", index);
    open_shards(checkpoint, directory, index, weights, &shards);
    for (i = 0; i < checkpoint->file_count; i++)
        read(checkpoint, &checkpoint->files[i]);
    settle_twins(checkpoint);
    free(shards.slots);
}

/* 0: neither the single file nor its index is there. */
static int open_kind(Checkpoint *checkpoint, const char *directory, const char *name,
                     ReadFile *read) {
    char *single = join_path(directory, name), *index = allocate(strlen(single) + 16, 1);
    int found = 1;
    sprintf(index, "%s.index.json", single);
    if (file_exists(single)) {
        checkpoint->files = allocate(1, sizeof *checkpoint->files);
        checkpoint->files[0] = file_open(single);
        checkpoint->file_count = 1;
        read(checkpoint, &checkpoint->files[0]);
    } else if (file_exists(index))
        read_shards(checkpoint, directory, index, read);
    else
        found = 0;
    free(single);
    free(index);
    return found;
}

void checkpoint_open(Checkpoint *checkpoint, const char *directory) {
    memset(checkpoint, 0, sizeof *checkpoint);
    if (!open_kind(checkpoint, directory, "model.safetensors", read_file_tensors) &&
        !open_kind(checkpoint, directory, "pytorch_model.bin", torch_read))
        refuse_weights(directory);
}
