/* torch.c - fuzz target: any bytes are a PyTorch file, whose tensors are ranges of it, or an error.
   Checksums are taken as right, so that changed pickles are read. */
#include "fuzz.h"

#include "../../tools/convert/pickle.c"
#define crc32_update(crc, bytes, size) (entry->crc)
#include "../../tools/convert/zip.c"
#undef crc32_update
#include "../../tools/convert/torch.c"

SourceTensor *checkpoint_add(Checkpoint *checkpoint, const File *file, const char *name,
                             size_t size) {
    if (strlen(name) != size || !map_add(&checkpoint->by_name, name, size, 0))
        fail("%s: name", file->path);
    if (checkpoint->count == checkpoint->capacity) {
        checkpoint->capacity = checkpoint->capacity * 2 + 4;
        checkpoint->tensors =
            resize(checkpoint->tensors, checkpoint->capacity, sizeof *checkpoint->tensors);
    }
    memset(&checkpoint->tensors[checkpoint->count], 0, sizeof *checkpoint->tensors);
    checkpoint->tensors[checkpoint->count].name = name;
    checkpoint->tensors[checkpoint->count].file = file;
    return &checkpoint->tensors[checkpoint->count++];
}

static void parse(const File *file) {
    Checkpoint checkpoint;
    size_t i;
    memset(&checkpoint, 0, sizeof checkpoint);
    torch_read(&checkpoint, file);
    for (i = 0; i < checkpoint.count; i++) {
        const SourceTensor *tensor = &checkpoint.tensors[i];
        if (tensor->offset > file->size || tensor->bytes > file->size - tensor->offset)
            abort();
        free((void *)(size_t)tensor->name);
    }
    free(checkpoint.tensors);
    free(checkpoint.by_name.slots);
}
