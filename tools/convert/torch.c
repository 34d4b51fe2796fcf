/* torch.c - the tensors of a PyTorch file: a zip with a pickle and one entry per storage or, as
   torch wrote it before 1.6, pickles followed by the storages. Only the pickles are read into
   memory; a tensor becomes a range of the file, checked against its storage. */
#include "convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICKLE_LIMIT = 16 << 20, KEY_LIMIT = 32, ROOT_LIMIT = 400, LEGACY_PROTOCOL = 1001 };

static const uint64_t SIZE_LIMIT = (uint64_t)1 << 56; /* elements */

static const struct StorageType {
    const char *name;
    Dtype dtype;
    const char *dtype_name;
    uint32_t width;
} storage_types[] = {
    {"FloatStorage", DTYPE_F32, "F32", 4},    {"HalfStorage", DTYPE_F16, "F16", 2},
    {"BFloat16Storage", DTYPE_BF16, "BF16", 2}, {"DoubleStorage", DTYPE_F64, "F64", 8},
    {"LongStorage", DTYPE_OTHER, "I64", 8},   {"IntStorage", DTYPE_OTHER, "I32", 4},
    {"ShortStorage", DTYPE_OTHER, "I16", 2},  {"CharStorage", DTYPE_OTHER, "I8", 1},
    {"ByteStorage", DTYPE_OTHER, "U8", 1},    {"BoolStorage", DTYPE_OTHER, "BOOL", 1},
};

typedef struct Storage {
    const struct StorageType *type;
    char key[KEY_LIMIT + 1];
    uint64_t elements, bytes, offset;
    int placed; /* its offset is known */
} Storage;

typedef struct Source {
    const File *file;
    Pickle pickle;
    Storage *storages;
    size_t count;
    Map by_key;
} Source;

/* ---- storages ----------------------------------------------------------------------------- */

static const struct StorageType *find_storage_type(const Source *source, const PickleValue *name) {
    size_t i;
    if (name->type == PICKLE_GLOBAL)
        for (i = 0; i < sizeof storage_types / sizeof *storage_types; i++)
            if (strlen(storage_types[i].name) == name->size &&
                memcmp(storage_types[i].name, name->text, name->size) == 0)
                return &storage_types[i];
    fail("%s: a storage's type is %s, not a storage class", source->file->path,
         name->type == PICKLE_GLOBAL ? "another global" : pickle_type_name(name));
}

static void copy_key(const Source *source, const PickleValue *key, char out[KEY_LIMIT + 1]) {
    size_t i;
    int plain = key->type == PICKLE_STRING && key->size && key->size <= KEY_LIMIT;
    for (i = 0; plain && i < key->size; i++)
        plain = key->text[i] >= '0' && key->text[i] <= '9';
    if (!plain)
        fail("%s: a storage's key is not a string of up to %d digits", source->file->path,
             KEY_LIMIT);
    memcpy(out, key->text, key->size);
    out[key->size] = 0;
}

/* id: ("storage", class, key, device, elements) and, in the legacy format, the view of another
   storage that it is, which torch has not written since 0.4. */
static Storage read_storage(const Source *source, const PickleValue *id, int legacy) {
    PickleValue **items = id->items;
    Storage storage;
    memset(&storage, 0, sizeof storage);
    if (id->count != (legacy ? 6u : 5u) || !pickle_is(items[0], "storage"))
        fail("%s: a persistent id is not a storage", source->file->path);
    storage.type = find_storage_type(source, items[1]);
    copy_key(source, items[2], storage.key);
    if (items[3]->type != PICKLE_STRING || items[4]->type != PICKLE_INT || items[4]->integer < 0)
        fail("%s: storage %s: its device or size is of a wrong type", source->file->path,
             storage.key);
    if (legacy && items[5]->type != PICKLE_NONE)
        fail("%s: storage %s: views of storages are not supported", source->file->path,
             storage.key);
    storage.elements = (uint64_t)items[4]->integer;
    if (storage.elements > SIZE_LIMIT)
        fail("%s: storage %s: its size overflows", source->file->path, storage.key);
    storage.bytes = storage.elements * storage.type->width;
    return storage;
}

static void collect_storages(Source *source, int legacy) {
    size_t i;
    uint32_t at;
    source->storages = allocate(source->pickle.storage_count, sizeof *source->storages);
    for (i = 0; i < source->pickle.storage_count; i++) {
        Storage *next = &source->storages[source->count], *old;
        *next = read_storage(source, source->pickle.storages[i]->arguments, legacy);
        if (map_add(&source->by_key, next->key, strlen(next->key), (uint32_t)source->count)) {
            source->count++;
            continue;
        }
        map_find(&source->by_key, next->key, strlen(next->key), &at);
        old = &source->storages[at];
        if (old->type != next->type || old->elements != next->elements)
            fail("%s: storage %s is of two types or sizes: %s of %llu, %s of %llu",
                 source->file->path, old->key, old->type->name,
                 (unsigned long long)old->elements, next->type->name,
                 (unsigned long long)next->elements);
    }
}

static const Storage *find_storage(const Source *source, const PickleValue *value) {
    char key[KEY_LIMIT + 1];
    uint32_t at = 0;
    copy_key(source, value->arguments->items[2], key);
    map_find(&source->by_key, key, strlen(key), &at);
    return &source->storages[at];
}

/* ---- tensors ------------------------------------------------------------------------------ */

static uint64_t read_count(const SourceTensor *tensor, const PickleValue *value,
                           const char *what) {
    if (value->type != PICKLE_INT || value->integer < 0)
        fail("%s: tensor %s: its %s holds %s that is not a whole number", tensor->file->path,
             tensor->name, what, pickle_type_name(value));
    return (uint64_t)value->integer;
}

/* One past the last element that the tensor reaches, from its first one. */
static uint64_t read_shape(SourceTensor *tensor, const PickleValue *shape,
                           const PickleValue *strides) {
    uint64_t reach = 1;
    uint32_t i;
    int empty = 0;
    if (shape->type != PICKLE_TUPLE || strides->type != PICKLE_TUPLE || shape->count > 8 ||
        shape->count != strides->count)
        fail("%s: tensor %s: shape and strides must be tuples of the same length, at most 8",
             tensor->file->path, tensor->name);
    tensor->dimensions = (uint32_t)shape->count;
    for (i = 0; i < tensor->dimensions; i++) {
        tensor->shape[i] = read_count(tensor, shape->items[i], "shape");
        tensor->strides[i] = read_count(tensor, strides->items[i], "strides");
        empty |= tensor->shape[i] == 0;
    }
    for (i = 0; i < tensor->dimensions && !empty; i++) {
        if (tensor->strides[i] && tensor->shape[i] - 1 > SIZE_LIMIT / tensor->strides[i])
            fail("%s: tensor %s: its size overflows", tensor->file->path, tensor->name);
        reach += (tensor->shape[i] - 1) * tensor->strides[i];
        if (tensor->shape[i] == 1)
            tensor->strides[i] = 0;
    }
    return empty ? 0 : reach;
}

static void read_tensor(const Source *source, SourceTensor *tensor, const PickleValue *value) {
    PickleValue **arguments = value->arguments->items;
    const Storage *storage;
    uint64_t offset, reach;
    if (arguments[0]->type != PICKLE_STORAGE)
        fail("%s: tensor %s: its storage is %s", tensor->file->path, tensor->name,
             pickle_type_name(arguments[0]));
    storage = find_storage(source, arguments[0]);
    offset = read_count(tensor, arguments[1], "offset");
    reach = read_shape(tensor, arguments[2], arguments[3]);
    if (arguments[4]->type != PICKLE_BOOL || arguments[5]->type != PICKLE_DICT)
        fail("%s: tensor %s: wrong types for requires_grad and hooks", tensor->file->path,
             tensor->name);
    if (offset > storage->elements || reach > storage->elements - offset)
        fail("%s: tensor %s lies outside of its storage (%llu elements from %llu of %llu)",
             tensor->file->path, tensor->name, (unsigned long long)reach,
             (unsigned long long)offset, (unsigned long long)storage->elements);
    tensor->dtype = storage->type->dtype;
    tensor->dtype_name = storage->type->dtype_name;
    tensor->offset = storage->offset + offset * storage->type->width;
    tensor->bytes = reach * storage->type->width;
}

static char *tensor_name(const Source *source, const PickleValue *name) {
    char *copy = allocate(name->size + 1, 1);
    size_t i;
    for (i = 0; i < name->size; i++)
        if (name->text[i] < 0x20 || name->text[i] > 0x7E)
            fail("%s: a tensor's name holds a byte that is no printable ASCII",
                 source->file->path);
    memcpy(copy, name->text, name->size);
    return copy;
}

static void read_tensors(Checkpoint *checkpoint, const Source *source) {
    const PickleValue *root = source->pickle.root;
    size_t i;
    if (root->type != PICKLE_DICT)
        fail("%s: it holds %s, not a dictionary of tensors", source->file->path,
             pickle_type_name(root));
    for (i = 0; i < root->count; i += 2) {
        const char *name = tensor_name(source, root->items[i]);
        SourceTensor *tensor =
            checkpoint_add(checkpoint, source->file, name, root->items[i]->size);
        if (root->items[i + 1]->type != PICKLE_TENSOR)
            fail("%s: %s is %s, not a tensor: save the model with save_pretrained, or its "
                 "state_dict() alone", source->file->path, name,
                 pickle_type_name(root->items[i + 1]));
        read_tensor(source, tensor, root->items[i + 1]);
    }
}

static void close_source(Source *source) {
    pickle_free(&source->pickle);
    free(source->storages);
    free(source->by_key.slots);
}

/* ---- zip ---------------------------------------------------------------------------------- */

/* The directory in the zip that holds data.pkl. */
static void find_root(const Zip *zip, char root[ROOT_LIMIT]) {
    static const char wanted[] = "/data.pkl";
    size_t i, found = 0, size;
    for (i = 0; i < zip->count; i++) {
        const ZipEntry *entry = &zip->entries[i];
        const char *slash = strchr(entry->name, '/');
        if (!slash || strcmp(slash, wanted) != 0)
            continue;
        size = (size_t)(slash - entry->name);
        if (found++ || size >= ROOT_LIMIT)
            fail("%s: two entries named data.pkl, or a long name", zip->file->path);
        memcpy(root, entry->name, size);
        root[size] = 0;
    }
    if (!found)
        fail("%s: no data.pkl in the zip; it is not a PyTorch checkpoint", zip->file->path);
}

static const ZipEntry *find_entry(const Zip *zip, const char *root, const char *name) {
    char path[ROOT_LIMIT + KEY_LIMIT + 16];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return zip_find(zip, path);
}

/* Absent: little, as torch wrote it before 2.1. */
static void check_byte_order(const Zip *zip, const char *root) {
    const ZipEntry *entry = find_entry(zip, root, "byteorder");
    unsigned char *text;
    if (!entry)
        return;
    text = zip_read(zip, entry, 16);
    if (strcmp((char *)text, "little") != 0)
        fail("%s: its byteorder is not \"little\"", zip->file->path);
    free(text);
}

static void check_version(const Zip *zip, const char *root) {
    const ZipEntry *entry = find_entry(zip, root, "version");
    unsigned char *text;
    long version;
    if (!entry)
        fail("%s: no version in the zip", zip->file->path);
    text = zip_read(zip, entry, 16);
    version = strtol((char *)text, NULL, 10);
    if (version < 1 || version > 10)
        fail("%s: its format version is not from 1 to 10", zip->file->path);
    free(text);
}

static void place_in_zip(Source *source, const Zip *zip, const char *root) {
    size_t i;
    for (i = 0; i < source->count; i++) {
        Storage *storage = &source->storages[i];
        char name[KEY_LIMIT + 8];
        const ZipEntry *entry;
        snprintf(name, sizeof name, "data/%s", storage->key);
        entry = find_entry(zip, root, name);
        if (!entry)
            fail("%s: storage %s is missing", source->file->path, storage->key);
        if (entry->size != storage->bytes)
            fail("%s: storage %s has %llu bytes, its pickle says %llu", source->file->path,
                 storage->key, (unsigned long long)entry->size,
                 (unsigned long long)storage->bytes);
        zip_check(zip, entry);
        storage->offset = entry->offset;
    }
}

static void read_zip(Checkpoint *checkpoint, Source *source) {
    char root[ROOT_LIMIT];
    const ZipEntry *entry;
    unsigned char *bytes;
    Zip zip;
    zip_open(&zip, source->file);
    find_root(&zip, root);
    check_byte_order(&zip, root);
    check_version(&zip, root);
    entry = find_entry(&zip, root, "data.pkl");
    bytes = zip_read(&zip, entry, PICKLE_LIMIT);
    if (pickle_read(&source->pickle, source->file->path, bytes, (size_t)entry->size) !=
        entry->size)
        fail("%s: bytes after the end of its pickle", source->file->path);
    collect_storages(source, 0);
    place_in_zip(source, &zip, root);
    read_tensors(checkpoint, source);
    close_source(source);
    zip_close(&zip);
    free(bytes);
}

/* ---- the legacy format -------------------------------------------------------------------- */

/* What follows `at`, which moves past it. */
static void next_pickle(const Source *source, Pickle *pickle, const unsigned char *bytes,
                        size_t size, size_t *at) {
    *at += pickle_read(pickle, source->file->path, bytes + *at, size - *at);
}

static void check_legacy_head(const Source *source, const unsigned char *bytes, size_t size,
                              size_t *at) {
    static const char magic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    const PickleValue *order;
    Pickle pickle;
    next_pickle(source, &pickle, bytes, size, at);
    if (pickle.root->type != PICKLE_BIG || pickle.root->size != 10 ||
        memcmp(pickle.root->text, magic, 10) != 0)
        fail("%s: a pickle, but not one of PyTorch", source->file->path);
    pickle_free(&pickle);
    next_pickle(source, &pickle, bytes, size, at);
    if (pickle.root->type != PICKLE_INT || pickle.root->integer != LEGACY_PROTOCOL)
        fail("%s: its protocol version is not %d", source->file->path, LEGACY_PROTOCOL);
    pickle_free(&pickle);
    next_pickle(source, &pickle, bytes, size, at);
    order = pickle_member(pickle.root, "little_endian");
    if (!order || order->type != PICKLE_BOOL || !order->integer)
        fail("%s: it does not say that it is little-endian", source->file->path);
    pickle_free(&pickle);
}

/* keys: in the order of the storages, which begin at `at`: a count of elements, then these. */
static void place_in_file(Source *source, const PickleValue *keys, uint64_t at) {
    const File *file = source->file;
    unsigned char count[8];
    size_t i;
    for (i = 0; i < keys->count; i++) {
        char key[KEY_LIMIT + 1];
        Storage *storage;
        uint32_t index;
        copy_key(source, keys->items[i], key);
        if (!map_find(&source->by_key, key, strlen(key), &index))
            fail("%s: no tensor says what storage %s holds", file->path, key);
        storage = &source->storages[index];
        if (storage->placed)
            fail("%s: storage %s is there twice", file->path, key);
        if (file->size - at < 8 || file->size - at - 8 < storage->bytes)
            fail("%s: storage %s lies outside of the file (truncated?)", file->path, key);
        file_read(file, at, count, 8);
        if (get_u64(count) != storage->elements)
            fail("%s: storage %s has %llu elements, its pickle says %llu", file->path, key,
                 (unsigned long long)get_u64(count), (unsigned long long)storage->elements);
        storage->placed = 1;
        storage->offset = at + 8;
        at += 8 + storage->bytes;
    }
    if (at != file->size)
        fail("%s: %llu bytes after the last storage", file->path,
             (unsigned long long)(file->size - at));
    for (i = 0; i < source->count; i++)
        if (!source->storages[i].placed)
            fail("%s: storage %s is missing", file->path, source->storages[i].key);
}

static void read_legacy(Checkpoint *checkpoint, Source *source) {
    uint64_t file_size = source->file->size;
    size_t size = file_size < PICKLE_LIMIT ? (size_t)file_size : PICKLE_LIMIT, at = 0;
    unsigned char *bytes = allocate(size, 1);
    Pickle keys;
    file_read(source->file, 0, bytes, size);
    check_legacy_head(source, bytes, size, &at);
    next_pickle(source, &source->pickle, bytes, size, &at);
    next_pickle(source, &keys, bytes, size, &at);
    if (keys.root->type != PICKLE_LIST)
        fail("%s: the keys of its storages are %s, not a list", source->file->path,
             pickle_type_name(keys.root));
    collect_storages(source, 1);
    place_in_file(source, keys.root, at);
    read_tensors(checkpoint, source);
    pickle_free(&keys);
    close_source(source);
    free(bytes);
}

void torch_read(Checkpoint *checkpoint, const File *file) {
    unsigned char head[4] = {0, 0, 0, 0};
    Source source;
    memset(&source, 0, sizeof source);
    source.file = file;
    file_read(file, 0, head, file->size < 4 ? (size_t)file->size : 4);
    if (memcmp(head, "PK\3\4", 4) == 0)
        read_zip(checkpoint, &source);
    else if (head[0] == 0x80)
        read_legacy(checkpoint, &source);
    else
        fail("%s: neither a zip nor a pickle; it is not a PyTorch checkpoint", file->path);
}
