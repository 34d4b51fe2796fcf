/* zip.c - fuzz target: any bytes are a zip or an error, and the entries of a zip are ranges of it
   that do not overlap. */
#include "fuzz.h"

#include "../../tools/convert/zip.c"

static void parse(const File *file) {
    Zip zip;
    size_t i;
    zip_open(&zip, file);
    for (i = 0; i < zip.count; i++) {
        const ZipEntry *entry = &zip.entries[i];
        if (entry->offset < entry->start || entry->size > entry->end - entry->offset ||
            entry->end > file->size || (i && entry->start < entry[-1].end) ||
            zip_find(&zip, entry->name) != entry)
            abort();
        free(zip_read(&zip, entry, 1 << 20));
    }
    zip_close(&zip);
}
