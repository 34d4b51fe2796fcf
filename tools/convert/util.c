/* util.c - errors, memory, files, little-endian buffers, checksums, a hash map. */
#define _POSIX_C_SOURCE 200809L
#include "library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void output_abandon(void); /* write.c */

/* ---- text -------------------------------------------------------------------------------- */

size_t utf8_size(const unsigned char *text, size_t left) {
    size_t i, size = text[0] < 0x80 ? 1 : text[0] < 0xC2 ? 0 : text[0] < 0xE0 ? 2
                     : text[0] < 0xF0 ? 3 : text[0] < 0xF5 ? 4 : 0;
    if (size > left)
        return 0;
    for (i = 1; i < size; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    if ((text[0] == 0xE0 && text[1] < 0xA0) || (text[0] == 0xED && text[1] > 0x9F) ||
        (text[0] == 0xF0 && text[1] < 0x90) || (text[0] == 0xF4 && text[1] > 0x8F))
        return 0; /* too long a form, half of a surrogate, above U+10FFFF */
    return size;
}

int utf8_valid(const char *text, size_t size) {
    size_t at, length;
    for (at = 0; at < size; at += length)
        if ((length = utf8_size((const unsigned char *)text + at, size - at)) == 0)
            return 0;
    return 1;
}

size_t utf8_put(char *out, uint32_t code) {
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4, i;
    for (i = size - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 63));
    out[0] = (char)(size == 1 ? code : (0xF00u >> size & 0xFF) | code);
    return size;
}

/* U+0000 to U+001F, U+007F to U+009F. */
static int is_control(const unsigned char *text) {
    return text[0] < 0x20 || text[0] == 0x7F || (text[0] == 0xC2 && text[1] < 0xA0);
}

/* ---- errors ------------------------------------------------------------------------------ */

static const char *way_out = ""; /* what every failure says at its end */

void set_way_out(const char *text) { way_out = text; }

/* One line. Names and texts in it may come from a hostile file. */
static void say(const char *kind, const char *format, va_list arguments, const char *end) {
    va_list again;
    unsigned char *text;
    size_t at, size;
    int length;
    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    length = length < 0 ? 0 : length;
    text = malloc((size_t)length + 1);
    fprintf(stderr, "slm-convert: %s", kind);
    if (text)
        vsnprintf((char *)text, (size_t)length + 1, format, again);
    for (at = 0; text && at < (size_t)length; at += size) {
        size = utf8_size(text + at, (size_t)length - at);
        if (size && !is_control(text + at))
            fwrite(text + at, 1, size, stderr);
        else
            fprintf(stderr, "\\x%02x", text[at]), size = 1;
    }
    fputs(end, stderr);
    fputc('\n', stderr);
    free(text);
    va_end(again);
}

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments, way_out);
    va_end(arguments);
    output_abandon();
    exit(1);
}

void warn(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say("warning: ", format, arguments, "");
    va_end(arguments);
}

void report(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments, "");
    va_end(arguments);
}

/* ---- memory ------------------------------------------------------------------------------ */

void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size ? size : 1);
    if (!memory)
        fail("out of memory");
    return memory;
}

void *resize(void *memory, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size)
        fail("out of memory");
    memory = realloc(memory, count && size ? count * size : 1);
    if (!memory)
        fail("out of memory");
    return memory;
}

uint64_t mul64(uint64_t a, uint64_t b) {
    if (b && a > UINT64_MAX / b)
        fail("a size overflows");
    return a * b;
}

uint64_t add64(uint64_t a, uint64_t b) {
    if (a > UINT64_MAX - b)
        fail("a size overflows");
    return a + b;
}

uint64_t align64(uint64_t value) { return add64(value, 63) / 64 * 64; }

/* ---- files ------------------------------------------------------------------------------- */

char *join_path(const char *directory, const char *name) {
    size_t size = strlen(directory) + strlen(name) + 2;
    char *path = allocate(size, 1);
    snprintf(path, size, "%s/%s", directory, name);
    return path;
}

int file_exists(const char *path) {
    struct stat status;
    if (stat(path, &status) == 0)
        return 1;
    if (lstat(path, &status) == 0)
        fail("%s: a link to what is not there", path);
    return 0;
}

static struct FileId {
    dev_t device;
    ino_t inode;
} *files_read;
static size_t files_read_count;

static void remember_file(const struct stat *status) {
    if (files_read_count % 64 == 0)
        files_read = resize(files_read, files_read_count + 64, sizeof *files_read);
    files_read[files_read_count].device = status->st_dev;
    files_read[files_read_count++].inode = status->st_ino;
}

int file_was_read(const struct stat *status) {
    size_t i;
    for (i = 0; i < files_read_count; i++)
        if (files_read[i].device == status->st_dev && files_read[i].inode == status->st_ino)
            return 1;
    return 0;
}

/* What a clone without Git LFS has in place of a large file: some lines of text. */
static void refuse_pointer(const File *file) {
    static const char start[] = "version https://git-lfs.github.com/spec/";
    char bytes[sizeof start - 1];
    if (file->size < sizeof bytes || file->size > 1024)
        return;
    file_read(file, 0, bytes, sizeof bytes);
    if (memcmp(bytes, start, sizeof bytes) == 0)
        fail("%s: a Git LFS pointer, not the file itself: `git lfs pull` fetches it", file->path);
}

File file_open(const char *path) {
    File file;
    struct stat status;
    file.fd = open(path, O_RDONLY | O_NONBLOCK); /* a pipe would wait for its other end */
    if (file.fd < 0 || fstat(file.fd, &status) != 0)
        fail("%s: %s", path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        fail("%s: not a regular file", path);
    file.size = (uint64_t)status.st_size;
    file.path = allocate(strlen(path) + 1, 1);
    strcpy(file.path, path);
    remember_file(&status);
    refuse_pointer(&file);
    return file;
}

int file_try_read(const File *file, uint64_t offset, void *out, size_t bytes) {
    unsigned char *at = out;
    while (bytes) {
        size_t part = bytes < ((size_t)1 << 30) ? bytes : (size_t)1 << 30;
        ssize_t got = pread(file->fd, at, part, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        at += got;
        offset += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return 0;
}

void file_read(const File *file, uint64_t offset, void *out, size_t bytes) {
    if (file_try_read(file, offset, out, bytes) != 0)
        fail("%s: cannot read %llu bytes at %llu", file->path, (unsigned long long)bytes,
             (unsigned long long)offset);
}

unsigned char *read_whole(const char *path, size_t limit, size_t *size) {
    File file = file_open(path);
    unsigned char *bytes;
    if (file.size > limit)
        fail("%s: larger than %llu bytes", path, (unsigned long long)limit);
    bytes = allocate((size_t)file.size + 1, 1);
    file_read(&file, 0, bytes, (size_t)file.size);
    *size = (size_t)file.size;
    close(file.fd);
    free(file.path);
    return bytes;
}

/* ---- little-endian ----------------------------------------------------------------------- */

static unsigned char *grow(Buffer *buffer, size_t size) {
    if (size > SIZE_MAX / 4 - buffer->size)
        fail("out of memory");
    if (buffer->size + size > buffer->capacity) {
        buffer->capacity = (buffer->size + size) * 2 + 64;
        buffer->data = resize(buffer->data, buffer->capacity, 1);
    }
    buffer->size += size;
    return buffer->data + buffer->size - size;
}

void put_bytes(Buffer *buffer, const void *bytes, size_t size) {
    if (size) /* no bytes have no address */
        memcpy(grow(buffer, size), bytes, size);
}

void put_zeros(Buffer *buffer, size_t count) { memset(grow(buffer, count), 0, count); }

void set_u32(unsigned char *at, uint32_t value) {
    int i;
    for (i = 0; i < 4; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

void set_u64(unsigned char *at, uint64_t value) {
    set_u32(at, (uint32_t)value);
    set_u32(at + 4, (uint32_t)(value >> 32));
}

uint32_t get_u16(const unsigned char *at) { return at[0] | (uint32_t)at[1] << 8; }
uint32_t get_u32(const unsigned char *at) { return get_u16(at) | get_u16(at + 2) << 16; }
uint64_t get_u64(const unsigned char *at) { return get_u32(at) | (uint64_t)get_u32(at + 4) << 32; }

void put_u16(Buffer *buffer, uint32_t value) {
    unsigned char *at = grow(buffer, 2);
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
}

void put_u32(Buffer *buffer, uint32_t value) { set_u32(grow(buffer, 4), value); }
void put_u64(Buffer *buffer, uint64_t value) { set_u64(grow(buffer, 8), value); }

void put_f32(Buffer *buffer, float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    put_u32(buffer, bits);
}

/* ---- checksums --------------------------------------------------------------------------- */

/* The library's CRC, eight bytes a step (slicing by 8): whole checkpoints pass here, and its own
   steps of half a byte are ten times slower. */
static uint32_t crc_table[8][256];

static void crc_prepare(void) {
    uint32_t i, k, value;
    for (i = 0; i < 256; i++) {
        unsigned char byte = (unsigned char)i;
        crc_table[0][i] = ~slm__crc32(0xFFFFFFFFu, &byte, 1);
    }
    for (k = 1; k < 8; k++)
        for (i = 0; i < 256; i++) {
            value = crc_table[k - 1][i];
            crc_table[k][i] = value >> 8 ^ crc_table[0][value & 255];
        }
}

uint32_t crc32_update(uint32_t crc, const unsigned char *bytes, size_t size) {
    uint32_t a, b;
    if (!crc_table[0][1])
        crc_prepare();
    crc = ~crc;
    for (; size >= 8; size -= 8, bytes += 8) {
        a = crc ^ get_u32(bytes);
        b = get_u32(bytes + 4);
        crc = crc_table[7][a & 255] ^ crc_table[6][a >> 8 & 255] ^ crc_table[5][a >> 16 & 255] ^
              crc_table[4][a >> 24] ^ crc_table[3][b & 255] ^ crc_table[2][b >> 8 & 255] ^
              crc_table[1][b >> 16 & 255] ^ crc_table[0][b >> 24];
    }
    for (; size; size--, bytes++)
        crc = crc >> 8 ^ crc_table[0][(crc ^ *bytes) & 255];
    return ~crc;
}

/* ---- a map from byte strings ------------------------------------------------------------- */

/* Begins differently in each run, so that no file can be made whose names all meet in a slot. */
static uint64_t map_hash(const char *key, size_t size) {
    static uint64_t start;
    if (!start)
        start = (0xCBF29CE484222325u ^ (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid() ^
                 (uint64_t)(uintptr_t)&size) | 1;
    return slm__fnv(start, (const unsigned char *)key, size);
}

static struct MapSlot *map_slot(const Map *map, const char *key, size_t size) {
    size_t at = (size_t)map_hash(key, size);
    for (at ^= at >> 17;; at++) {
        struct MapSlot *slot = &map->slots[at & (map->capacity - 1)];
        if (!slot->key || (slot->size == size && memcmp(slot->key, key, size) == 0))
            return slot;
    }
}

int map_find(const Map *map, const char *key, size_t size, uint32_t *value) {
    struct MapSlot *slot;
    if (!map->capacity)
        return 0;
    slot = map_slot(map, key, size);
    if (slot->key && value)
        *value = slot->value;
    return slot->key != NULL;
}

static void map_grow(Map *map) {
    Map old = *map;
    size_t i;
    map->capacity = old.capacity ? old.capacity * 2 : 64;
    map->slots = allocate(map->capacity, sizeof *map->slots);
    for (i = 0; i < old.capacity; i++)
        if (old.slots[i].key)
            *map_slot(map, old.slots[i].key, old.slots[i].size) = old.slots[i];
    free(old.slots);
}

int map_add(Map *map, const char *key, size_t size, uint32_t value) {
    struct MapSlot *slot;
    if (map->count * 2 >= map->capacity)
        map_grow(map);
    slot = map_slot(map, key, size);
    if (slot->key)
        return 0;
    slot->key = key;
    slot->size = size;
    slot->value = value;
    map->count++;
    return 1;
}

SourceTensor *checkpoint_find(const Checkpoint *checkpoint, const char *name) {
    uint32_t at;
    return map_find(&checkpoint->by_name, name, strlen(name), &at) ? &checkpoint->tensors[at]
                                                                  : NULL;
}
