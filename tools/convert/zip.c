/* zip.c - the directory of a zip file whose entries are stored, not compressed: each is a range of
   the file. What is said twice (central directory, local header, descriptor, zip64 fields) must
   agree, and no two entries may share a byte. */
#include "convert.h"

#include <stdlib.h>
#include <string.h>

enum {
    END_SIZE = 22, LOCATOR_SIZE = 20, END64_SIZE = 56, CENTRAL_SIZE = 46, LOCAL_SIZE = 30,
    DIRECTORY_LIMIT = 64 << 20, NAME_LIMIT = 512,
    FLAG_DESCRIPTOR = 1 << 3, FLAG_UTF8 = 1 << 11
};

static const uint32_t END_SIGN = 0x06054B50, LOCATOR_SIGN = 0x07064B50, END64_SIGN = 0x06064B50,
                      CENTRAL_SIGN = 0x02014B50, LOCAL_SIGN = 0x04034B50,
                      DESCRIPTOR_SIGN = 0x08074B50, SATURATED = 0xFFFFFFFF;

/* ---- the end of the file, which says where the directory is ------------------------------- */

typedef struct End {
    uint64_t count, size, offset; /* of the directory */
    uint64_t limit;               /* where the directory must end */
} End;

/* A 32-bit field is either the 64-bit one or saturated. */
static int agrees(uint64_t narrow, uint64_t saturated, uint64_t wide) {
    return narrow == saturated || narrow == wide;
}

static void read_end64(const File *file, End *end, uint64_t at) {
    unsigned char locator[LOCATOR_SIZE], record[END64_SIZE];
    file_read(file, at, locator, sizeof locator);
    if (get_u32(locator + 4) != 0 || get_u32(locator + 16) != 1)
        fail("%s: zip: a part of several disks", file->path);
    if (at < END64_SIZE || get_u64(locator + 8) != at - END64_SIZE)
        fail("%s: zip: the zip64 end of the directory is not before its locator", file->path);
    file_read(file, at - END64_SIZE, record, sizeof record);
    if (get_u32(record) != END64_SIGN || get_u64(record + 4) != END64_SIZE - 12)
        fail("%s: zip: bad zip64 end of the directory", file->path);
    if (get_u32(record + 16) || get_u32(record + 20) ||
        get_u64(record + 24) != get_u64(record + 32))
        fail("%s: zip: a part of several disks", file->path);
    if (!agrees(end->count, 0xFFFF, get_u64(record + 32)) ||
        !agrees(end->size, SATURATED, get_u64(record + 40)) ||
        !agrees(end->offset, SATURATED, get_u64(record + 48)))
        fail("%s: zip: the two ends of the directory disagree", file->path);
    end->count = get_u64(record + 32);
    end->size = get_u64(record + 40);
    end->offset = get_u64(record + 48);
    end->limit = at - END64_SIZE;
}

/* The end record is the file's last bytes: a comment would be a second place to look for it. */
static End read_end(const File *file) {
    unsigned char record[END_SIZE], sign[4];
    End end;
    if (file->size < END_SIZE)
        fail("%s: zip: %llu bytes", file->path, (unsigned long long)file->size);
    end.limit = file->size - END_SIZE;
    file_read(file, end.limit, record, sizeof record);
    if (get_u32(record) != END_SIGN || get_u16(record + 20) != 0)
        fail("%s: zip: it does not end with the end of its directory (truncated?)", file->path);
    if (get_u16(record + 4) || get_u16(record + 6) || get_u16(record + 8) != get_u16(record + 10))
        fail("%s: zip: a part of several disks", file->path);
    end.count = get_u16(record + 10);
    end.size = get_u32(record + 12);
    end.offset = get_u32(record + 16);
    if (end.limit >= LOCATOR_SIZE) {
        file_read(file, end.limit - LOCATOR_SIZE, sign, 4);
        if (get_u32(sign) == LOCATOR_SIGN)
            read_end64(file, &end, end.limit - LOCATOR_SIZE);
    }
    if (end.offset > end.limit || end.size != end.limit - end.offset)
        fail("%s: zip: the directory does not fill the place before its end", file->path);
    if (end.size > DIRECTORY_LIMIT || end.count > end.size / CENTRAL_SIZE)
        fail("%s: zip: a directory of %llu bytes for %llu entries", file->path,
             (unsigned long long)end.size, (unsigned long long)end.count);
    return end;
}

/* ---- zip64 fields ------------------------------------------------------------------------- */

typedef struct Extra {
    const unsigned char *at;
    size_t left;
} Extra;

/* The zip64 block among the extra fields; none: nothing is left in it. */
static Extra find_zip64(const File *file, const char *name, const unsigned char *at, size_t size) {
    Extra found = {NULL, 0};
    size_t length;
    for (; size; at += 4 + length, size -= 4 + length) {
        length = size < 4 ? 0 : get_u16(at + 2);
        if (size < 4 || length > size - 4)
            fail("%s: zip: entry %s: bad extra fields", file->path, name);
        if (get_u16(at) != 1)
            continue;
        if (found.at)
            fail("%s: zip: entry %s: two zip64 fields", file->path, name);
        found.at = at + 4;
        found.left = length;
    }
    return found;
}

/* The value of a 32-bit field: itself, or the next one of the zip64 block if it is saturated. */
static uint64_t widen(const File *file, const char *name, Extra *extra, uint32_t narrow) {
    uint64_t value;
    if (narrow != SATURATED)
        return narrow;
    if (extra->left < 8)
        fail("%s: zip: entry %s: a zip64 field is missing", file->path, name);
    value = get_u64(extra->at);
    extra->at += 8;
    extra->left -= 8;
    return value;
}

/* ---- entries ------------------------------------------------------------------------------ */

static void check_kind(const File *file, const ZipEntry *entry, uint32_t flags, uint32_t method) {
    if (flags & 1)
        fail("%s: zip: entry %s is encrypted", file->path, entry->name);
    if (flags & ~(uint32_t)(FLAG_DESCRIPTOR | FLAG_UTF8))
        fail("%s: zip: entry %s: flags %lx are not supported", file->path, entry->name,
             (unsigned long)flags);
    if (method != 0)
        fail("%s: zip: entry %s is compressed (method %lu); only stored entries are supported",
             file->path, entry->name, (unsigned long)method);
}

/* Bytes of the descriptor after the data, whose sizes have 32 or 64 bits. */
static uint64_t descriptor_size(const File *file, const ZipEntry *entry, uint64_t limit) {
    unsigned char bytes[24];
    uint64_t at = entry->offset + entry->size, left = limit - at;
    memset(bytes, 0xFF, sizeof bytes);
    file_read(file, at, bytes, left < sizeof bytes ? (size_t)left : sizeof bytes);
    if (left < 16 || get_u32(bytes) != DESCRIPTOR_SIGN || get_u32(bytes + 4) != entry->crc)
        fail("%s: zip: entry %s: its descriptor and the directory disagree", file->path,
             entry->name);
    if (left >= 24 && get_u64(bytes + 8) == entry->size && get_u64(bytes + 16) == entry->size)
        return 24;
    if (get_u32(bytes + 8) != entry->size || get_u32(bytes + 12) != entry->size)
        fail("%s: zip: entry %s: its descriptor and the directory disagree", file->path,
             entry->name);
    return 16;
}

static void check_local_sizes(const File *file, const ZipEntry *entry, const unsigned char *local,
                              const unsigned char *extra, size_t extra_size) {
    Extra zip64 = find_zip64(file, entry->name, extra, extra_size);
    uint32_t crc = get_u32(local + 14);
    uint64_t packed, size;
    if (get_u16(local + 6) & FLAG_DESCRIPTOR && !crc && !get_u32(local + 18) &&
        !get_u32(local + 22))
        return; /* the descriptor says it */
    size = widen(file, entry->name, &zip64, get_u32(local + 22));
    packed = widen(file, entry->name, &zip64, get_u32(local + 18));
    if (crc != entry->crc || size != entry->size || packed != entry->size)
        fail("%s: zip: entry %s: its local header and the directory disagree on size or checksum",
             file->path, entry->name);
}

/* Finds the data behind the local header, which must say what the directory says. */
static void read_local(const File *file, ZipEntry *entry, uint32_t flags, uint64_t limit) {
    unsigned char local[LOCAL_SIZE], *rest;
    size_t name_size, extra_size;
    if (entry->start > limit || limit - entry->start < LOCAL_SIZE)
        fail("%s: zip: entry %s lies outside of the file", file->path, entry->name);
    file_read(file, entry->start, local, sizeof local);
    if (get_u32(local) != LOCAL_SIGN)
        fail("%s: zip: entry %s has no local header", file->path, entry->name);
    name_size = get_u16(local + 26);
    extra_size = get_u16(local + 28);
    entry->offset = entry->start + LOCAL_SIZE + name_size + extra_size;
    if (entry->offset > limit || entry->size > limit - entry->offset)
        fail("%s: zip: entry %s lies outside of the file", file->path, entry->name);
    rest = allocate(name_size + extra_size, 1);
    file_read(file, entry->start + LOCAL_SIZE, rest, name_size + extra_size);
    if (name_size != entry->name_size || memcmp(rest, entry->name, name_size) != 0)
        fail("%s: zip: entry %s has another name in its local header", file->path, entry->name);
    if (get_u16(local + 6) != flags || get_u16(local + 8) != 0)
        fail("%s: zip: entry %s: its local header and the directory disagree on flags or method",
             file->path, entry->name);
    check_local_sizes(file, entry, local, rest + name_size, extra_size);
    entry->end = entry->offset + entry->size;
    if (flags & FLAG_DESCRIPTOR)
        entry->end += descriptor_size(file, entry, limit);
    free(rest);
}

static char *copy_name(const File *file, const unsigned char *bytes, size_t size) {
    char *name = allocate(size + 1, 1);
    size_t i;
    for (i = 0; i < size; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7E)
            fail("%s: zip: an entry's name holds a byte that is no printable ASCII", file->path);
    if (!size || size > NAME_LIMIT)
        fail("%s: zip: an entry's name is empty or longer than %d bytes", file->path, NAME_LIMIT);
    memcpy(name, bytes, size);
    return name;
}

/* One entry of the directory; returns the bytes that it takes there. */
static size_t read_central(Zip *zip, ZipEntry *entry, const unsigned char *at, size_t left,
                           uint64_t limit) {
    const File *file = zip->file;
    size_t extra_size, size;
    uint64_t packed;
    Extra zip64;
    if (left < CENTRAL_SIZE || get_u32(at) != CENTRAL_SIGN)
        fail("%s: zip: bad entry %lu of the directory", file->path, (unsigned long)zip->count);
    entry->name_size = get_u16(at + 28);
    extra_size = get_u16(at + 30);
    size = CENTRAL_SIZE + entry->name_size + extra_size + get_u16(at + 32);
    if (size > left)
        fail("%s: zip: entry %lu is longer than the directory", file->path,
             (unsigned long)zip->count);
    entry->name = copy_name(file, at + CENTRAL_SIZE, entry->name_size);
    check_kind(file, entry, get_u16(at + 8), get_u16(at + 10));
    if (get_u16(at + 34) != 0)
        fail("%s: zip: a part of several disks", file->path);
    zip64 = find_zip64(file, entry->name, at + CENTRAL_SIZE + entry->name_size, extra_size);
    entry->crc = get_u32(at + 16);
    entry->size = widen(file, entry->name, &zip64, get_u32(at + 24));
    packed = widen(file, entry->name, &zip64, get_u32(at + 20));
    entry->start = widen(file, entry->name, &zip64, get_u32(at + 42));
    if (packed != entry->size)
        fail("%s: zip: entry %s: two sizes for stored data", file->path, entry->name);
    read_local(file, entry, get_u16(at + 8), limit);
    return size;
}

static int compare_starts(const void *a, const void *b) {
    const ZipEntry *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

static void index_entries(Zip *zip) {
    size_t i;
    qsort(zip->entries, zip->count, sizeof *zip->entries, compare_starts);
    for (i = 0; i < zip->count; i++) {
        const ZipEntry *entry = &zip->entries[i];
        if (i && entry->start < entry[-1].end)
            fail("%s: zip: entries %s and %s overlap", zip->file->path, entry[-1].name,
                 entry->name);
        if (!map_add(&zip->by_name, entry->name, entry->name_size, (uint32_t)i))
            fail("%s: zip: entry %s is there twice", zip->file->path, entry->name);
    }
}

void zip_open(Zip *zip, const File *file) {
    End end = read_end(file);
    unsigned char *directory = allocate((size_t)end.size, 1);
    size_t at = 0, left = (size_t)end.size, size;
    memset(zip, 0, sizeof *zip);
    zip->file = file;
    zip->entries = allocate((size_t)end.count, sizeof *zip->entries);
    file_read(file, end.offset, directory, left);
    for (; zip->count < end.count; zip->count++, at += size, left -= size)
        size = read_central(zip, &zip->entries[zip->count], directory + at, left, end.offset);
    if (left)
        fail("%s: zip: %lu bytes of the directory belong to no entry", file->path,
             (unsigned long)left);
    index_entries(zip);
    free(directory);
}

void zip_close(Zip *zip) {
    size_t i;
    for (i = 0; i < zip->count; i++)
        free(zip->entries[i].name);
    free(zip->entries);
    free(zip->by_name.slots);
    memset(zip, 0, sizeof *zip);
}

const ZipEntry *zip_find(const Zip *zip, const char *name) {
    uint32_t at;
    return map_find(&zip->by_name, name, strlen(name), &at) ? &zip->entries[at] : NULL;
}

void zip_check(const Zip *zip, const ZipEntry *entry) {
    enum { CHUNK = 1 << 20 };
    unsigned char *bytes = allocate(entry->size < CHUNK ? (size_t)entry->size : CHUNK, 1);
    uint64_t at, part;
    uint32_t crc = 0;
    for (at = 0; at < entry->size; at += part) {
        part = entry->size - at < CHUNK ? entry->size - at : CHUNK;
        file_read(zip->file, entry->offset + at, bytes, (size_t)part);
        crc = crc32_update(crc, bytes, (size_t)part);
    }
    if (crc != entry->crc)
        fail("%s: zip: entry %s is damaged: its checksum is %08lx, not %08lx", zip->file->path,
             entry->name, (unsigned long)crc, (unsigned long)entry->crc);
    free(bytes);
}

unsigned char *zip_read(const Zip *zip, const ZipEntry *entry, size_t limit) {
    unsigned char *bytes;
    if (entry->size > limit)
        fail("%s: zip: entry %s is larger than %lu bytes", zip->file->path, entry->name,
             (unsigned long)limit);
    zip_check(zip, entry);
    bytes = allocate((size_t)entry->size + 1, 1);
    file_read(zip->file, entry->offset, bytes, (size_t)entry->size);
    return bytes;
}
