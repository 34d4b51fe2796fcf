/* fuzz.h - the parsers of slm-convert in one program that survives their errors: fail() ends in a
   jump back, memory that it leaves behind is freed, files are bytes of the fuzzer. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tools/convert/library.h" /* with the memory of the system */

enum { MEMORY_LIMIT = 512 << 20 }; /* what a parser may hold at once */

typedef struct Block { /* before each allocation; its size keeps these aligned */
    struct Block *next, *previous;
    size_t size, unused;
} Block;

static jmp_buf fuzz_end;
static Block fuzz_blocks = {&fuzz_blocks, &fuzz_blocks, 0, 0};
static size_t fuzz_memory;
static const unsigned char *fuzz_bytes;
static size_t fuzz_size;
static char fuzz_message[4096];

static void fuzz_free(void *memory) {
    Block *block;
    if (!memory)
        return;
    block = (Block *)memory - 1;
    fuzz_memory -= block->size;
    block->previous->next = block->next;
    block->next->previous = block->previous;
    free(block);
}

static void *fuzz_realloc(void *memory, size_t size) {
    Block *block = malloc(sizeof *block + size), *old = memory ? (Block *)memory - 1 : NULL;
    fuzz_memory += size;
    if (!block || fuzz_memory > MEMORY_LIMIT)
        abort();
    block->size = size;
    block->next = &fuzz_blocks;
    block->previous = fuzz_blocks.previous;
    block->previous->next = fuzz_blocks.previous = block;
    if (old)
        memcpy(block + 1, memory, old->size < size ? old->size : size);
    fuzz_free(memory);
    return block + 1;
}

static void *fuzz_calloc(size_t count, size_t size) {
    void *memory;
    if (size && count > SIZE_MAX / size)
        return NULL;
    memory = fuzz_realloc(NULL, count * size);
    return memset(memory, 0, count * size);
}

static ssize_t fuzz_pread(int fd, void *out, size_t bytes, off_t at) {
    (void)fd;
    if (at < 0 || (size_t)at > fuzz_size)
        return -1;
    bytes = bytes < fuzz_size - (size_t)at ? bytes : fuzz_size - (size_t)at;
    if (bytes)
        memcpy(out, fuzz_bytes + at, bytes);
    return (ssize_t)bytes;
}

static void *fuzz_malloc(size_t size) { return fuzz_realloc(NULL, size); }

/* A message must be one line that can be printed, before anything is escaped: names come from the
   file. out NULL: only its size is asked for. */
static int fuzz_format(char *out, size_t capacity, const char *format, va_list arguments) {
    const char *at;
    int size = vsnprintf(fuzz_message, sizeof fuzz_message, format, arguments);
    if (size <= 0 || size >= (int)sizeof fuzz_message)
        abort();
    for (at = fuzz_message; *at; at++)
        if (*at < 0x20 || *at > 0x7E)
            abort();
    if (out)
        memcpy(out, fuzz_message, capacity < (size_t)size + 1 ? capacity : (size_t)size + 1);
    return size;
}

static void fuzz_hush(const void *first, ...) { (void)first; }

#define malloc fuzz_malloc
#define calloc fuzz_calloc
#define realloc fuzz_realloc
#define free fuzz_free
#define pread fuzz_pread
#define exit(status) longjmp(fuzz_end, status)
#define fputc(byte, stream) (void)0
#define fprintf fuzz_hush
#define fwrite(bytes, size, count, stream) ((void)(bytes))
#define vsnprintf fuzz_format
#include "../../tools/convert/util.c"
#undef malloc
#undef fprintf
#undef fwrite
#undef vsnprintf

void output_abandon(void) {}

static void parse(const File *file);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
    static char path[] = "file";
    File file;
    file.fd = -1;
    file.size = fuzz_size = size;
    file.path = path;
    fuzz_bytes = bytes;
    if (setjmp(fuzz_end) == 0) {
        parse(&file);
        if (fuzz_blocks.next != &fuzz_blocks)
            abort(); /* success leaves nothing behind */
    }
    while (fuzz_blocks.next != &fuzz_blocks)
        fuzz_free(fuzz_blocks.next + 1);
    return 0;
}
