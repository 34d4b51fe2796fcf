/* write.c - lays the file out and writes it: matrices become tiles of 16 rows, a few tiles at a
   time, so that memory stays small at any size. An f32 or f16 .slm is a source like any other. */
#define _POSIX_C_SOURCE 200809L
#include "library.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "../../examples/threads.h"

enum { TILE = 16, BATCH_BYTES = 8 << 20, BATCH_TILES = 64 };

static char *volatile unfinished; /* the path of the file that is being written */

void output_abandon(void) {
    if (unfinished)
        unlink(unfinished);
}

static void on_signal(int number) {
    output_abandon();
    _exit(128 + number);
}

/* ---- progress ---------------------------------------------------------------------------- */

typedef struct Progress {
    int shown;
    uint64_t done, total;
    double start, last;
} Progress;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void progress_step(Progress *progress, uint64_t bytes) {
    double time = now(), spent = time - progress->start, rate, left;
    progress->done += bytes;
    if (!progress->shown || time - progress->last < 0.2)
        return;
    progress->last = time;
    rate = spent > 0 ? (double)progress->done / spent : 0;
    left = rate > 0 ? (double)(progress->total - progress->done) / rate : 0;
    fprintf(stderr, "\r%5.1f%%  %.0f MB/s  %.0f s left   ",
            100.0 * (double)progress->done / (double)progress->total, rate / 1e6, left);
    fflush(stderr);
}

/* ---- types ------------------------------------------------------------------------------- */

/* Four bits serve the layers' matrices; the embeddings and the head, whose error nothing after
   them evens out, take eight. An encoder's heads and its few token types stay as they are. */
uint32_t type_of(uint32_t wanted, uint32_t layer, uint32_t slot) {
    int vocabulary = slot == SLM__FILL_HEAD || slot == SLM__FILL_REST;
    if (slot == SLM__TYPES || (layer == MODEL_LAYER && slot >= SLM__POOLER && !vocabulary))
        return SLM_TYPE_F32;
    return layer == MODEL_LAYER && slm__integer(wanted) ? SLM_TYPE_Q8 : wanted;
}

/* ---- layout ------------------------------------------------------------------------------ */

static uint64_t tile_count(const OutTensor *tensor) {
    return ((uint64_t)tensor->rows + TILE - 1) / TILE;
}

static void lay_out(Model *model) {
    uint64_t at = SLM__HEADER_BYTES + SLM__SECTION_BYTES * (uint64_t)model->section_count;
    uint32_t i;
    size_t t;
    for (i = 0; i < model->section_count; i++) {
        Section *section = &model->sections[i];
        if (section->kind == SLM__DIRECTORY)
            put_zeros(&section->bytes, model->tensor_count * SLM__ENTRY_BYTES);
        section->offset = align64(at);
        at = section->offset + section->bytes.size;
    }
    model->data_offset = at = align64(at);
    if (at > SLM__HEAD_MOST)
        fail("the tokenizer is too large: %llu bytes before the weights",
             (unsigned long long)at);
    for (t = 0; t < model->tensor_count; t++) {
        OutTensor *tensor = &model->tensors[t];
        tensor->stride =
            tensor->type == SLM_TYPE_VECTOR ? 0 : slm__tile_bytes(tensor->type, tensor->cols);
        tensor->bytes = tensor->type == SLM_TYPE_VECTOR ? (uint64_t)tensor->cols * 4
                                                    : mul64(tile_count(tensor), tensor->stride);
        tensor->offset = at;
        at = align64(add64(at, tensor->bytes));
    }
    model->file_size = at;
}

static void put_directory(Model *model) {
    Buffer *out = NULL;
    uint32_t i;
    size_t t;
    for (i = 0; i < model->section_count; i++)
        if (model->sections[i].kind == SLM__DIRECTORY)
            out = &model->sections[i].bytes;
    out->size = 0;
    for (t = 0; t < model->tensor_count; t++) {
        const OutTensor *tensor = &model->tensors[t];
        put_u16(out, tensor->slot);
        put_u16(out, tensor->layer);
        put_u16(out, tensor->type);
        put_u16(out, (uint32_t)slm__rotated(tensor->type, tensor->cols));
        put_u32(out, tensor->rows);
        put_u32(out, tensor->cols);
        put_u64(out, tensor->offset);
        put_u64(out, tensor->bytes);
        put_u32(out, tensor->crc);
        put_u32(out, 0);
    }
}

/* 2: an encoder; 1: what readers of the first version do not know; see the specification. */
static unsigned char minor_of(const Model *model) {
    uint32_t architecture = get_u16(model->header + SLM__AT_ARCHITECTURE), i;
    int later = architecture > SLM__FIRST_VERSION ||
                get_u16(model->header + SLM__AT_TOKENIZER) > SLM__WORDS ||
                get_u16(model->header + SLM__AT_CHAT_FORMAT) + 1 > SLM_CHAT_ZEPHYR;
    size_t k;
    for (k = 0; k < SLM__ARCHITECTURES; k++)
        if (slm__architectures[k].id == architecture &&
            slm__architectures[k].features & SLM__ENCODER)
            return 2;
    for (i = 0; i < model->section_count; i++) {
        const Section *section = &model->sections[i];
        later |= section->kind == SLM__CHAT;
        for (k = 0; section->kind == SLM__LAYER_KINDS && k < section->bytes.size; k++)
            later |= section->bytes.data[k] > SLM__KIND_WINDOW;
    }
    return (unsigned char)later;
}

/* All bytes before the weights; the checksums of the tensors must be known. */
static Buffer make_head(Model *model) {
    Buffer head = {NULL, 0, 0};
    uint64_t id;
    uint32_t i;
    put_directory(model);
    put_bytes(&head, model->header, SLM__HEADER_BYTES);
    memcpy(head.data, slm__magic, 8);
    set_u32(head.data + SLM__AT_MAJOR, 1); /* major 1, minor 0 */
    head.data[SLM__AT_MINOR] = minor_of(model);
    set_u64(head.data + SLM__AT_SIZE, model->file_size);
    set_u64(head.data + SLM__AT_DATA, model->data_offset);
    set_u32(head.data + SLM__AT_SECTIONS, model->section_count);
    set_u32(head.data + SLM__AT_TENSORS, (uint32_t)model->tensor_count);
    id = slm__fnv(SLM__FNV_START, head.data + SLM__AT_ARCHITECTURE,
                  SLM__HEADER_BYTES - SLM__AT_ARCHITECTURE);
    for (i = 0; i < model->section_count; i++) {
        Section *section = &model->sections[i];
        put_u32(&head, section->kind);
        put_u32(&head, section->flags);
        put_u64(&head, section->offset);
        put_u64(&head, section->bytes.size);
        put_u64(&head, 0);
        if (section->kind == SLM__TOKENIZER || section->kind == SLM__DIRECTORY)
            id = slm__fnv(id, section->bytes.data, section->bytes.size);
    }
    set_u64(head.data + SLM__AT_CONTENT_ID, id);
    for (i = 0; i < model->section_count; i++) {
        put_zeros(&head, (size_t)(model->sections[i].offset - head.size));
        put_bytes(&head, model->sections[i].bytes.data, model->sections[i].bytes.size);
    }
    put_zeros(&head, (size_t)(model->data_offset - head.size));
    set_u32(head.data + SLM__AT_CRC,
            crc32_update(0, head.data + SLM__AT_SIZE, head.size - SLM__AT_SIZE));
    return head;
}

/* ---- one tile ---------------------------------------------------------------------------- */

typedef enum Fault { FAULT_NONE, FAULT_READ, FAULT_NOT_FINITE, FAULT_RANGE, FAULT_SCALE } Fault;

typedef struct Problem {
    Fault fault;
    uint64_t row, col;
    float value;
} Problem;

size_t dtype_bytes(Dtype dtype) {
    return dtype == DTYPE_F64 ? 8 : dtype == DTYPE_F32 ? 4 : 2;
}

/* A double rounds to the nearest float, as it does when Hugging Face loads it. */
static uint32_t round_double(uint64_t bits) {
    double value;
    float rounded;
    uint32_t result;
    memcpy(&value, &bits, 8);
    rounded = (float)value;
    memcpy(&result, &rounded, 4);
    return result;
}

/* The bits of the float that element `index` stands for. */
static uint32_t load_element(Dtype dtype, const unsigned char *bytes, size_t index) {
    if (dtype == DTYPE_F64)
        return round_double(get_u64(bytes + 8 * index));
    if (dtype == DTYPE_F32)
        return get_u32(bytes + 4 * index);
    return dtype == DTYPE_F16 ? slm__bits(slm__from_half(slm__u16(bytes + 2 * index)))
                              : get_u16(bytes + 2 * index) << 16;
}

/* Stores one element: f32 or, past the check of its range, bf16 or f16. */
static int store_element(uint32_t type, unsigned char *out, size_t index, uint32_t bits) {
    uint32_t magnitude = bits & 0x7FFFFFFF, half;
    if (magnitude >= 0x7F800000u)
        return FAULT_NOT_FINITE;
    if (type != SLM_TYPE_F16 && type != SLM_TYPE_BF16) {
        set_u32(out + 4 * index, bits);
        return FAULT_NONE;
    }
    if (magnitude > (type == SLM_TYPE_F16 ? 0x477FE000u  /* 65504 */
                                          : 0x7F7F7FFFu)) /* beyond it bf16 rounds up */
        return FAULT_RANGE;
    half = type == SLM_TYPE_F16 ? slm__to_half(slm__float(bits))
                                : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    out[2 * index] = (unsigned char)half;
    out[2 * index + 1] = (unsigned char)(half >> 8);
    return FAULT_NONE;
}

/* A half to a half: finite or not is all there is to see. */
static int copy_half(unsigned char *out, size_t to, const unsigned char *in, size_t from) {
    out[2 * to] = in[2 * from];
    out[2 * to + 1] = in[2 * from + 1];
    return (in[2 * from + 1] & 0x7C) == 0x7C ? FAULT_NOT_FINITE : FAULT_NONE;
}

static void note_problem(Problem *problem, int fault, uint64_t row, uint64_t col, uint32_t bits) {
    problem->fault = (Fault)fault;
    problem->row = row;
    problem->col = col;
    memcpy(&problem->value, &bits, 4);
}

static uint64_t tile_rows(const OutTensor *tensor, uint64_t tile) {
    uint64_t left = tensor->rows - tile * TILE;
    return left < TILE ? left : TILE;
}

/* A tile of integers is made from floats, [cols][16]: its rows beyond the matrix are zero. */
static void quantize_tile(const OutTensor *tensor, uint64_t tile, const unsigned char *in,
                          unsigned char *out, Problem *problem) {
    size_t cols = tensor->cols, rows = (size_t)tile_rows(tensor, tile), row, col;
    size_t scratch = integer_scratch_size(cols);
    unsigned char *memory = allocate(cols * TILE * sizeof(float) + scratch + 64, 1);
    float *values = (float *)(void *)(memory + (64 - (uintptr_t)memory % 64) % 64);
    for (col = 0; col < cols; col++)
        for (row = 0; row < rows; row++) {
            size_t from = tensor->source_stride ? col * TILE + row : row * cols + col;
            uint32_t bits = load_element(tensor->dtype, in, from);
            if ((bits & 0x7FFFFFFF) >= 0x7F800000u) {
                note_problem(problem, FAULT_NOT_FINITE, tile * TILE + row, col, bits);
                free(memory);
                return;
            }
            memcpy(&values[col * TILE + row], &bits, 4);
        }
    if (!integer_make_tile(tensor->type, values, cols, values + cols * TILE, out))
        note_problem(problem, FAULT_SCALE, tile * TILE, 0, 0);
    free(memory);
}

static void store_tile(const OutTensor *tensor, uint64_t tile, const unsigned char *in,
                       unsigned char *out, Problem *problem) {
    size_t cols = tensor->cols, rows = (size_t)tile_rows(tensor, tile), row, col;
    int copy = tensor->dtype == DTYPE_F16 && tensor->type == SLM_TYPE_F16;
    for (col = 0; col < cols; col++)
        for (row = 0; row < rows; row++) {
            size_t from = tensor->source_stride ? col * TILE + row : row * cols + col;
            size_t to = col * TILE + row;
            int fault = copy ? copy_half(out, to, in, from)
                             : store_element(tensor->type, out, to,
                                             load_element(tensor->dtype, in, from));
            if (fault) {
                note_problem(problem, fault, tile * TILE + row, col,
                       load_element(tensor->dtype, in, from));
                return;
            }
        }
}

/* The row of the source (of a vector: its element) that is row `row` of the tensor. */
static uint64_t source_row(const OutTensor *tensor, uint64_t row) {
    uint64_t at = tensor->paired ? row % tensor->paired : 0, half = tensor->paired / 2;
    if (tensor->paired) /* row i of a half is row 2i or 2i + 1 of the head */
        return row - at + at % half * 2 + at / half;
    return tensor->group ? row / tensor->group * tensor->group_step + row % tensor->group : row;
}

/* A transposed matrix: the rows of a tile are side by side in each of its columns. */
static int read_columns(const OutTensor *tensor, uint64_t first, size_t rows, unsigned char *in) {
    size_t width = dtype_bytes(tensor->dtype), cols = tensor->cols, row, col;
    unsigned char column[TILE * 8];
    for (col = 0; col < cols; col++) {
        if (file_try_read(tensor->file,
                          tensor->source_offset + first * width + col * tensor->col_step, column,
                          rows * width) != 0)
            return -1;
        for (row = 0; row < rows; row++)
            memcpy(in + (row * cols + col) * width, column + row * width, width);
    }
    return 0;
}

/* Rows of blocks, as floats. */
static int read_blocks(const OutTensor *tensor, uint64_t first, size_t rows, unsigned char *in) {
    size_t row, col, bytes = (size_t)tensor->row_step;
    unsigned char *blocks = allocate(bytes, 1);
    float *numbers = allocate(tensor->cols, sizeof *numbers);
    int failed = 0;
    for (row = 0; row < rows && !failed; row++) {
        failed = file_try_read(tensor->file,
                               tensor->source_offset + source_row(tensor, first + row) * bytes,
                               blocks, bytes);
        if (!failed)
            blocks_read(tensor->blocks, blocks, tensor->cols, numbers);
        for (col = 0; col < tensor->cols; col++, in += 4)
            set_u32(in, slm__bits(numbers[col]));
    }
    free(blocks);
    free(numbers);
    return failed;
}

static int read_rows(const OutTensor *tensor, uint64_t first, size_t rows, unsigned char *in) {
    size_t width = dtype_bytes(tensor->dtype), row_bytes = tensor->cols * width, row;
    if (tensor->blocks)
        return read_blocks(tensor, first, rows, in);
    if (tensor->col_step != width)
        return read_columns(tensor, first, rows, in);
    if (!tensor->group && !tensor->paired && tensor->row_step == row_bytes)
        return file_try_read(tensor->file, tensor->source_offset + first * row_bytes, in,
                             rows * row_bytes);
    for (row = 0; row < rows; row++)
        if (file_try_read(tensor->file,
                          tensor->source_offset +
                              source_row(tensor, first + row) * tensor->row_step,
                          in + row * row_bytes, row_bytes) != 0)
            return -1;
    return 0;
}

static int read_tile(const OutTensor *tensor, uint64_t tile, unsigned char *in) {
    if (!tensor->source_stride)
        return read_rows(tensor, tile * TILE, (size_t)tile_rows(tensor, tile), in);
    return file_try_read(tensor->file, tensor->source_offset + tile * tensor->source_stride, in,
                         TILE * tensor->cols * dtype_bytes(tensor->dtype));
}

/* in: room for a tile of the source; out: zeroed, tensor->stride bytes. */
static void make_tile(const OutTensor *tensor, uint64_t tile, unsigned char *in,
                      unsigned char *out, Problem *problem) {
    if (read_tile(tensor, tile, in) != 0)
        problem->fault = FAULT_READ;
    else if (slm__integer(tensor->type))
        quantize_tile(tensor, tile, in, out, problem);
    else
        store_tile(tensor, tile, in, out, problem);
}

static void check_problem(const OutTensor *tensor, const Problem *problem) {
    unsigned long long row = problem->row, col = problem->col;
    if (problem->fault == FAULT_READ)
        fail("%s: tensor %s cannot be read", tensor->file->path, tensor->name);
    if (problem->fault == FAULT_NOT_FINITE)
        fail("tensor %s: the value at [%llu, %llu] is not finite%s", tensor->name, row, col,
             tensor->dtype == DTYPE_F64 ? " as f32" : "");
    if (problem->fault == FAULT_SCALE)
        fail("tensor %s: the values of rows %llu to %llu are too large to be quantized",
             tensor->name, row, row + TILE - 1);
    if (problem->fault == FAULT_RANGE)
        fail("tensor %s: the value %g at [%llu, %llu] is too large for %s; use --type "
             "f32", tensor->name, (double)problem->value, row, col,
             tensor->type == SLM_TYPE_F16 ? "f16 (beyond 65504)" : "bf16");
}

/* ---- tensors ----------------------------------------------------------------------------- */

typedef struct Writer {
    int fd;
    const char *path;
    Progress progress;
    slm_threads *pool;
} Writer;

static void write_at(Writer *writer, uint64_t offset, const unsigned char *bytes, size_t size) {
    while (size) {
        size_t part = size < ((size_t)1 << 30) ? size : (size_t)1 << 30;
        ssize_t done = pwrite(writer->fd, bytes, part, (off_t)offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            fail("%s: %s", writer->path, done < 0 ? strerror(errno) : "cannot write");
        bytes += done;
        offset += (uint64_t)done;
        size -= (size_t)done;
    }
}

static void write_vector(Writer *writer, OutTensor *tensor) {
    size_t width = dtype_bytes(tensor->dtype), i;
    unsigned char *in = allocate(tensor->cols, width), *out = allocate(tensor->cols, 4);
    size_t part = tensor->paired ? 1 : tensor->group ? tensor->group : tensor->cols;
    Problem problem = {FAULT_NONE, 0, 0, 0};
    for (i = 0; i < tensor->cols; i += part)
        file_read(tensor->file, tensor->source_offset + source_row(tensor, i) * width,
                  in + i * width, (tensor->cols - i < part ? tensor->cols - i : part) * width);
    for (i = 0; i < tensor->cols; i++) {
        uint32_t bits = load_element(tensor->dtype, in, i);
        if (tensor->add != 0)
            bits = slm__bits(slm__float(bits) + tensor->add);
        problem.fault = (Fault)store_element(SLM_TYPE_VECTOR, out, i, bits);
        problem.col = i;
        check_problem(tensor, &problem);
    }
    tensor->crc = crc32_update(0, out, (size_t)tensor->bytes);
    write_at(writer, tensor->offset, out, (size_t)tensor->bytes);
    progress_step(&writer->progress, tensor->bytes);
    free(in);
    free(out);
}

/* Tiles [first, first + count): each task takes the next one until there are no more, and has its
   own part of in. */
typedef struct TileJob {
    const OutTensor *tensor;
    uint64_t first;
    size_t count, next;
    pthread_mutex_t lock; /* of next */
    unsigned char *in, *out;
    size_t in_size;
    Problem *problems;
} TileJob;

static size_t next_tile(TileJob *job) {
    size_t next;
    pthread_mutex_lock(&job->lock);
    next = job->next++;
    pthread_mutex_unlock(&job->lock);
    return next;
}

static void make_tiles(void *arg, size_t index) {
    TileJob *job = arg;
    unsigned char *in = job->in + index * job->in_size;
    size_t i;
    while ((i = next_tile(job)) < job->count)
        make_tile(job->tensor, job->first + i, in, job->out + i * (size_t)job->tensor->stride,
                  &job->problems[i]);
}

static void write_matrix(Writer *writer, OutTensor *tensor) {
    uint64_t tiles = tile_count(tensor), count = BATCH_BYTES / tensor->stride;
    size_t threads = slm_threads_count(writer->pool), bytes, i;
    Problem problems[BATCH_TILES];
    TileJob job = {tensor, 0, 0, 0, PTHREAD_MUTEX_INITIALIZER, NULL, NULL, 0, problems};
    count = count < 1 ? 1 : count > BATCH_TILES ? BATCH_TILES : count;
    job.in_size = (size_t)mul64(mul64(tensor->cols, TILE), dtype_bytes(tensor->dtype));
    job.in = allocate(threads, job.in_size);
    job.out = allocate((size_t)count, (size_t)tensor->stride);
    for (; job.first < tiles; job.first += count) {
        if (count > tiles - job.first)
            count = tiles - job.first;
        bytes = (size_t)(count * tensor->stride);
        memset(job.out, 0, bytes);
        memset(problems, 0, sizeof problems);
        job.count = (size_t)count;
        job.next = 0;
        slm_threads_run(writer->pool, threads, make_tiles, &job);
        for (i = 0; i < job.count; i++)
            check_problem(tensor, &problems[i]);
        tensor->crc = crc32_update(tensor->crc, job.out, bytes);
        write_at(writer, tensor->offset + job.first * tensor->stride, job.out, bytes);
        progress_step(&writer->progress, bytes);
    }
    free(job.in);
    free(job.out);
}

/* ---- the file ---------------------------------------------------------------------------- */

static void check_space(const char *path, uint64_t size) {
    char *directory = allocate(strlen(path) + 2, 1), *slash;
    struct statvfs space;
    strcpy(directory, path);
    slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = 0;
    else
        strcpy(directory, ".");
    if (statvfs(directory, &space) != 0)
        fail("%s: %s", directory, strerror(errno));
    if ((double)space.f_bavail * (double)space.f_frsize < (double)size)
        fail("%s: %.1f MB are needed, %.1f MB are free", directory, (double)size / 1e6,
             (double)space.f_bavail * (double)space.f_frsize / 1e6);
    free(directory);
}

static void writer_open(Writer *writer, const char *path, uint64_t total) {
    size_t size = strlen(path) + 16;
    char *name = allocate(size, 1);
    struct stat status;
    struct sigaction action;
    sigset_t signals, before;
    mode_t mask = umask(0);
    umask(mask);
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        fail("%s: not a regular file", path);
    snprintf(name, size, "%s.tmp-XXXXXX", path);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, &before); /* else a file could be that nobody knows of */
    writer->fd = mkstemp(name);
    if (writer->fd < 0)
        fail("%s: %s", path, strerror(errno));
    unfinished = name;
    sigprocmask(SIG_SETMASK, &before, NULL);
    writer->path = path;
    fchmod(writer->fd, 0666 & ~mask);
    memset(&writer->progress, 0, sizeof writer->progress);
    writer->progress.shown = isatty(2);
    writer->progress.total = total;
    writer->progress.start = now();
    writer->pool = slm_threads_open(0);
}

static void writer_close(Writer *writer) {
    slm_threads_close(writer->pool);
    if (fsync(writer->fd) != 0 || close(writer->fd) != 0)
        fail("%s: %s", writer->path, strerror(errno));
    if (rename(unfinished, writer->path) != 0)
        fail("%s: %s", writer->path, strerror(errno));
    unfinished = NULL;
    if (writer->progress.shown)
        fprintf(stderr, "\r%-40s\r", "");
}

/* Opens the .slm at `path` as a program would; fails where that fails. name: for messages. */
static void check_slm(const char *path, const char *name) {
    slm_model *model;
    slm_error error;
    if (slm_model_open(&model, path, NULL, &error) != SLM_OK)
        fail("%s: the library would not open it: %s", name, error.text);
    slm_model_close(model);
}

static void write_head(Writer *writer, Model *model) {
    Buffer head = make_head(model);
    write_at(writer, 0, head.data, head.size);
    free(head.data);
    check_slm(unfinished, writer->path);
}

void model_write(Model *model, const char *path) {
    Writer writer;
    size_t i;
    lay_out(model);
    check_space(path, model->file_size);
    writer_open(&writer, path, model->file_size - model->data_offset);
    if (ftruncate(writer.fd, (off_t)model->file_size) != 0) /* the gaps are zero */
        fail("%s: %s", path, strerror(errno));
    write_head(&writer, model); /* what the library refuses is known before the long part */
    for (i = 0; i < model->tensor_count; i++)
        if (model->tensors[i].type == SLM_TYPE_VECTOR)
            write_vector(&writer, &model->tensors[i]);
        else
            write_matrix(&writer, &model->tensors[i]);
    write_head(&writer, model); /* with the checksums */
    writer_close(&writer);
    report("%s: %lu tensors, %.1f MB", path, (unsigned long)model->tensor_count,
           (double)model->file_size / 1e6);
}

/* ---- an .slm as the source --------------------------------------------------------------- */

/* A directory entry of the source; its type is only checked for what can be converted here. */
static void read_slm_tensor(OutTensor *tensor, const File *file, const unsigned char *entry,
                            uint32_t type) {
    uint32_t source = get_u16(entry + 4);
    char name[64];
    tensor->slot = get_u16(entry);
    tensor->layer = get_u16(entry + 2);
    tensor->rows = get_u32(entry + 8);
    tensor->cols = get_u32(entry + 12);
    tensor->source_offset = get_u64(entry + 16);
    if (tensor->layer == MODEL_LAYER)
        snprintf(name, sizeof name, "slot %lu", (unsigned long)tensor->slot);
    else
        snprintf(name, sizeof name, "layer %lu slot %lu", (unsigned long)tensor->layer,
                 (unsigned long)tensor->slot);
    tensor->name = allocate(sizeof name, 1);
    strcpy(tensor->name, name);
    if (source > SLM_TYPE_BF16)
        fail("%s: tensor %s is quantized or of an unknown type; only f32, f16 and bf16 files "
             "can be converted", file->path, name);
    tensor->file = file;
    tensor->dtype = source == SLM_TYPE_F16    ? DTYPE_F16
                    : source == SLM_TYPE_BF16 ? DTYPE_BF16
                                          : DTYPE_F32;
    tensor->type = source == SLM_TYPE_VECTOR ? SLM_TYPE_VECTOR
                                             : type_of(type, tensor->layer, tensor->slot);
    tensor->source_stride = source == SLM_TYPE_VECTOR ? 0 : slm__tile_bytes(source, tensor->cols);
    tensor->bytes = source == SLM_TYPE_VECTOR ? (uint64_t)tensor->cols * 4
                                          : mul64(tile_count(tensor), tensor->source_stride);
    if (!tensor->cols || !tensor->rows || (source == SLM_TYPE_VECTOR && tensor->rows != 1) ||
        tensor->bytes != get_u64(entry + 24) || tensor->source_offset > file->size ||
        tensor->bytes > file->size - tensor->source_offset)
        fail("%s: tensor %s lies outside of the file or has a wrong size", file->path, name);
}

static void check_slm_tensor(const OutTensor *tensor, uint32_t wanted) {
    enum { CHUNK = 1 << 20 };
    unsigned char *bytes = allocate(CHUNK, 1);
    uint64_t at, part;
    uint32_t crc = 0;
    for (at = 0; at < tensor->bytes; at += part) {
        part = tensor->bytes - at < CHUNK ? tensor->bytes - at : CHUNK;
        file_read(tensor->file, tensor->source_offset + at, bytes, (size_t)part);
        crc = crc32_update(crc, bytes, (size_t)part);
    }
    if (crc != wanted)
        fail("%s: tensor %s is damaged", tensor->file->path, tensor->name);
    free(bytes);
}

static unsigned char *read_slm_head(const File *file, uint64_t *data_offset) {
    unsigned char start[SLM__HEADER_BYTES], *head;
    if (file->size < SLM__HEADER_BYTES)
        fail("%s: neither a Hugging Face directory nor a .slm", file->path);
    file_read(file, 0, start, SLM__HEADER_BYTES);
    if (memcmp(start, slm__magic, 8) != 0)
        fail("%s: neither a Hugging Face directory nor a .slm", file->path);
    if (get_u16(start + SLM__AT_MAJOR) != 1)
        fail("%s: a .slm of major version %lu is not supported; supported: 1", file->path,
             (unsigned long)get_u16(start + SLM__AT_MAJOR));
    *data_offset = get_u64(start + SLM__AT_DATA);
    if (get_u64(start + SLM__AT_SIZE) != file->size || *data_offset < SLM__HEADER_BYTES ||
        *data_offset > file->size || *data_offset > SLM__HEAD_MOST || *data_offset % 64)
        fail("%s: damaged: its sizes do not agree with the file's", file->path);
    head = allocate((size_t)*data_offset, 1);
    file_read(file, 0, head, (size_t)*data_offset);
    if (crc32_update(0, head + SLM__AT_SIZE, (size_t)*data_offset - SLM__AT_SIZE) !=
        get_u32(head + SLM__AT_CRC))
        fail("%s: damaged: the checksum of its head is wrong", file->path);
    return head;
}

static void read_slm_directory(Model *model, const File *file, const unsigned char *entries,
                               uint64_t bytes, uint32_t type) {
    size_t i;
    if (!model->tensor_count || bytes != mul64(model->tensor_count, SLM__ENTRY_BYTES))
        fail("%s: damaged: its tensor directory has a wrong size", file->path);
    model->tensors = allocate(model->tensor_count, sizeof *model->tensors);
    for (i = 0; i < model->tensor_count; i++) {
        read_slm_tensor(&model->tensors[i], file, entries + SLM__ENTRY_BYTES * i, type);
        check_slm_tensor(&model->tensors[i], get_u32(entries + SLM__ENTRY_BYTES * i + 32));
    }
}

void model_from_slm(Model *model, const char *path, const Options *options) {
    static File file;
    unsigned char *head;
    uint64_t data_offset, offset, bytes;
    uint32_t count, i;
    file = file_open(path);
    refuse_file(&file);
    head = read_slm_head(&file, &data_offset);
    memcpy(model->header, head, SLM__HEADER_BYTES);
    count = get_u16(head + SLM__AT_SECTIONS);
    model->tensor_count = get_u32(head + SLM__AT_TENSORS);
    if (count > SLM__SECTIONS_MOST ||
        SLM__HEADER_BYTES + SLM__SECTION_BYTES * (uint64_t)count > data_offset)
        fail("%s: damaged: %lu sections", path, (unsigned long)count);
    for (i = 0; i < count; i++) {
        const unsigned char *entry = head + SLM__HEADER_BYTES + SLM__SECTION_BYTES * i;
        Section *section = model_section(model, get_u32(entry), get_u32(entry + 4));
        offset = get_u64(entry + 8);
        bytes = get_u64(entry + 16);
        if (offset > data_offset || bytes > data_offset - offset)
            fail("%s: damaged: section %lu lies outside of the head", path, (unsigned long)i);
        if (section->kind == SLM__DIRECTORY)
            read_slm_directory(model, &file, head + offset, bytes,
                               options->type ? options->type : (uint32_t)SLM_TYPE_F16);
        else
            put_bytes(&section->bytes, head + offset, (size_t)bytes);
    }
    if (!model->tensors)
        fail("%s: damaged: it has no tensor directory", path);
    chat_change(model, path, &options->chat);
    free(head);
}
