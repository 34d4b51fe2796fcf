/* complete_checkpoint.c ENCODER.safetensors DIRECTORY - a BERT-Tiny for classification without its
   embeddings becomes a whole checkpoint: their tables are zeros of one token, one type and 64
   positions, their norm's weight and bias too. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char config[] =
    "{\"model_type\": \"bert\", \"architectures\": [\"BertForSequenceClassification\"],\n"
    " \"hidden_size\": 128, \"num_hidden_layers\": 2, \"num_attention_heads\": 2,\n"
    " \"intermediate_size\": 512, \"hidden_act\": \"gelu\", \"layer_norm_eps\": 1e-12,\n"
    " \"vocab_size\": 1, \"type_vocab_size\": 1, \"max_position_embeddings\": 64}\n";

static const struct { const char *name, *shape; unsigned elements; } missing[] = {
    {"word_embeddings.weight", "1, 128", 128}, {"token_type_embeddings.weight", "1, 128", 128},
    {"position_embeddings.weight", "64, 128", 64 * 128}, {"LayerNorm.weight", "128", 128},
    {"LayerNorm.bias", "128", 128}};
enum { MISSING = sizeof missing / sizeof missing[0] };

static void fail(const char *what, const char *path) {
    fprintf(stderr, "complete-checkpoint: %s %s\n", what, path);
    exit(1);
}

static char *read_file(const char *path, size_t *size) {
    FILE *in = fopen(path, "rb");
    char *bytes;
    long length;
    if (!in || fseek(in, 0, SEEK_END) != 0 || (length = ftell(in)) < 8) fail("cannot read", path);
    rewind(in);
    *size = (size_t)length;
    bytes = (char *)malloc(*size);
    if (!bytes || fread(bytes, 1, *size, in) != *size) fail("cannot read", path);
    fclose(in);
    return bytes;
}

static FILE *create(const char *directory, const char *name) {
    char path[1024];
    FILE *out;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (!(out = fopen(path, "wb"))) fail("cannot write", path);
    return out;
}

/* Behind the tensors that are there: entries of the header, before its last brace. */
static size_t add_entries(char *text, size_t offset) {
    size_t at = 0, i;
    for (i = 0; i < MISSING; i++) {
        size_t end = offset + missing[i].elements * 4;
        at += (size_t)sprintf(text + at,
                              ", \"bert.embeddings.%s\": {\"dtype\": \"F32\", \"shape\": [%s], "
                              "\"data_offsets\": [%lu, %lu]}", missing[i].name, missing[i].shape,
                              (unsigned long)offset, (unsigned long)end);
        offset = end;
    }
    text[at++] = '}';
    return at;
}

int main(int count, char **args) {
    char added[2048];
    unsigned char length[8] = {0};
    size_t size, header = 0, brace, more, i;
    char *bytes;
    FILE *out;
    if (count != 3) fail("usage: ENCODER.safetensors", "DIRECTORY");
    bytes = read_file(args[1], &size);
    for (i = 8; i-- > 0;) header = header << 8 | (unsigned char)bytes[i];
    if (header > size - 8) fail("no header in", args[1]);
    for (brace = 8 + header; brace > 8 && bytes[brace - 1] != '}';) brace--;
    if (brace == 8) fail("no header in", args[1]);
    brace--;
    more = add_entries(added, size - 8 - header);
    for (i = 0; i < 8; i++) length[i] = (unsigned char)((uint64_t)(brace - 8 + more) >> 8 * i);
    out = create(args[2], "model.safetensors");
    fwrite(length, 1, 8, out);
    fwrite(bytes + 8, 1, brace - 8, out);
    fwrite(added, 1, more, out);
    fwrite(bytes + 8 + header, 1, size - 8 - header, out);
    memset(bytes, 0, size);
    for (i = 0; i < MISSING; i++) fwrite(bytes, 4, missing[i].elements, out);
    if (fclose(out) != 0) fail("cannot write to", args[2]);
    out = create(args[2], "config.json");
    fputs(config, out);
    if (fclose(out) != 0) fail("cannot write to", args[2]);
    free(bytes);
    return 0;
}
