/* gguf.c - fuzz target: any bytes are a GGUF, whose tensors are ranges of it that do not overlap and
   whose arrays can be read, or an error; and so is what its metadata say. What would read them
   further takes what it is given. */
#include "fuzz.h"

#include "../../tools/convert/gguf_types.c"
#include "../../tools/convert/gguf.c"
#include "../../tools/convert/gguf_config.c"
#include "../../tools/convert/gguf_tokenizer.c"

volatile double fuzz_sum; /* of what was read, so that the sanitizers see it */

/* ---- in the place of other files --------------------------------------------------------- */

SourceTensor *checkpoint_add(Checkpoint *checkpoint, const File *file, const char *name,
                             size_t size) {
    SourceTensor *tensor;
    if (!map_add(&checkpoint->by_name, name, size, (uint32_t)checkpoint->count))
        fail("%s: tensor %s is there twice", file->path, name);
    if (checkpoint->count == checkpoint->capacity) {
        checkpoint->capacity = checkpoint->capacity * 2 + 4;
        checkpoint->tensors =
            resize(checkpoint->tensors, checkpoint->capacity, sizeof *checkpoint->tensors);
    }
    tensor = &checkpoint->tensors[checkpoint->count++];
    memset(tensor, 0, sizeof *tensor);
    tensor->name = name;
    tensor->file = file;
    return tensor;
}

void refuse_overlap(SourceTensor *tensors, size_t count) {
    size_t i, k;
    for (i = 0; i < count; i++)
        for (k = 0; k < i; k++)
            if (tensors[i].offset < tensors[k].offset + tensors[k].bytes &&
                tensors[k].offset < tensors[i].offset + tensors[i].bytes)
                fail("%s: tensors %s and %s overlap", tensors[i].file->path, tensors[k].name,
                     tensors[i].name);
}

Json *json_parse(const char *name, const unsigned char *text, size_t size) {
    static Json json;
    if (!size || text[0] != '{' || text[size - 1] != '}' || memchr(text, 0, size) || !*name)
        abort();
    return &json;
}

void builder_open(Builder *builder, Tokenizer *out, uint32_t rows) {
    memset(out, 0, sizeof *out);
    memset(builder, 0, sizeof *builder);
    builder->rows = rows;
    builder->own = allocate(rows, 1);
}
void builder_finish(Builder *builder) { (void)builder; }
void builder_close(Builder *builder, Tokenizer *out) { out->kind = builder->kind; }
void set_token(Builder *builder, uint32_t id, Text text, int attributes) {
    if (!text.size || strlen(text.bytes) > text.size || attributes > 255)
        abort();
    map_add(&builder->ids, text.bytes, text.size, id);
}
void add_token(Builder *builder, Text text, uint32_t flags, int64_t declared) {
    uint32_t id;
    if (!map_find(&builder->ids, text.bytes, text.size, &id) || id != declared || flags > 63)
        abort();
}
void add_merge_line(Builder *builder, const char *line, size_t size) {
    while (size--)
        fuzz_sum += (unsigned char)line[size];
    builder->merge_count++;
}
void add_end(Builder *builder, const char *path, uint32_t id) {
    (void)path;
    builder->end_count += id > 0;
}
void find_bytes(Builder *builder) { (void)builder; }
int pieces_byte(Text text) { return text.size == 6 ? text.bytes[3] : -1; }
void pieces_merge(Builder *builder, const PieceModel *model, const Json *config) {
    size_t i;
    for (i = 0; i < model->count; i++)
        if (model->pieces[i].score != model->pieces[i].score)
            abort();
    builder->merge_count = config != NULL;
}

/* ---- what must hold ---------------------------------------------------------------------- */

static void check_tensor(const SourceTensor *tensor, const File *file) {
    unsigned char bytes[512];
    float numbers[256];
    if (tensor->offset > file->size || tensor->bytes > file->size - tensor->offset)
        abort();
    if (!tensor->blocks || tensor->bytes < tensor->blocks->bytes)
        return;
    file_read(file, tensor->offset, bytes, tensor->blocks->bytes);
    blocks_read(tensor->blocks, bytes, tensor->blocks->count, numbers);
    fuzz_sum += numbers[0] + numbers[tensor->blocks->count - 1];
}

static void check_value(const Gguf *gguf, const GgufValue *value) {
    size_t at = value->at, size, i;
    for (i = 0; value->is_array && i < value->count; i++)
        if (value->type == GGUF_STRING)
            fuzz_sum += gguf_string(gguf, &at, &size) != NULL;
        else
            fuzz_sum += gguf_element(gguf, value, i);
    if (at > gguf->head.size)
        abort();
}

static void parse(const File *file) {
    static Gguf gguf;
    Checkpoint checkpoint;
    Tokenizer tokenizer;
    size_t i;
    memset(&checkpoint, 0, sizeof checkpoint);
    gguf_read(&gguf, &checkpoint, file);
    for (i = 0; i < checkpoint.count; i++)
        check_tensor(&checkpoint.tensors[i], file);
    for (i = 0; i < gguf.count; i++)
        check_value(&gguf, &gguf.values[i]);
    gguf_config(&gguf, &checkpoint);
    gguf_divisors(&checkpoint, 1);
    gguf_tokenizer(&tokenizer, &gguf, 100);
    fail("%s is read", file->path); /* frees it all */
}
