/* pickle.c - fuzz target: any bytes are a pickle of known values or an error. */
#include "fuzz.h"

#include "../../tools/convert/pickle.c"

/* Every value that the root reaches, each once per way to it within a few steps. */
static size_t walk(const PickleValue *value, int steps) {
    size_t sum = 0, i;
    if (value->type == PICKLE_MARK || value->type > PICKLE_TENSOR ||
        value->depth > DEPTH_LIMIT)
        abort();
    for (i = 0; value->type == PICKLE_STRING && i < value->size; i++)
        sum += (unsigned char)value->text[i];
    if (!steps)
        return sum;
    for (i = 0; i < value->count && i < 16; i++)
        sum += walk(value->items[i], steps - 1);
    return value->arguments ? sum + walk(value->arguments, steps - 1) : sum;
}

static void parse(const File *file) {
    unsigned char *bytes = allocate(file->size, 1);
    Pickle pickle;
    size_t i;
    file_read(file, 0, bytes, file->size);
    if (pickle_read(&pickle, file->path, bytes, file->size) > file->size)
        abort();
    walk(pickle.root, 4);
    for (i = 0; i < pickle.storage_count; i++)
        if (pickle.storages[i]->arguments->type != PICKLE_TUPLE)
            abort();
    pickle_free(&pickle);
    free(bytes);
}
