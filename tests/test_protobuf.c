/* The reader of tokenizer.model: whatever the bytes are, an error of one line or a model whose
   pieces hold what convert.h promises. Starts from the project's own models. */
#include "fuzz/fuzz.h"

#include "../tools/convert/protobuf.c"

#undef exit
#undef fputc
#undef calloc
#undef realloc
#undef free

static int passed, failed, accepted;
static unsigned long seen; /* what was read, so that a sanitizer sees it */

#define CHECK(condition, text)                                                                 \
    do {                                                                                       \
        if (condition) passed++;                                                               \
        else {                                                                                 \
            failed++;                                                                          \
            printf("FAILED %s:%d: %s\n", __FILE__, __LINE__, text);                            \
        }                                                                                      \
    } while (0)

static void parse(const File *file) {
    PieceModel model;
    size_t i, j;
    protobuf_read(&model, file->path, fuzz_bytes, fuzz_size);
    for (i = 0; i < model.count; i++) {
        if (!model.pieces[i].size || model.pieces[i].size > LENGTH_LIMIT)
            abort();
        for (j = 0; j < model.pieces[i].size; j++)
            seen += (unsigned char)model.pieces[i].text[j];
    }
    protobuf_free(&model);
    accepted = 1;
}

/* 1: a model. The bytes lie alone in their block, so that a sanitizer sees what is read behind. */
static int try(const unsigned char *bytes, size_t size) {
    unsigned char *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, bytes, size);
    accepted = 0;
    fuzz_message[0] = 0;
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    if (!accepted && !fuzz_message[0])
        failed++;
    return accepted;
}

/* Refused, with these words in its message. */
static void refused(const unsigned char *bytes, size_t size, const char *words) {
    int is_model = try(bytes, size);
    CHECK(!is_model && strstr(fuzz_message, words), words);
    if (is_model || !strstr(fuzz_message, words))
        printf("  %s\n", is_model ? "accepted" : fuzz_message);
}

static unsigned char model[65536];
static size_t model_size;

static int load(const char *path) {
    FILE *in = fopen(path, "rb");
    if (!in)
        return 0;
    model_size = fread(model, 1, sizeof model, in);
    fclose(in);
    return model_size > 0 && model_size < sizeof model;
}

static void damage_everywhere(const char *path) {
    size_t size, bit, opened = 0;
    CHECK(load(path) && try(model, model_size), path);
    for (size = 0; size < model_size; size++)
        opened += (size_t)try(model, size);
    /* only a cut between two fields can leave one: the options come last */
    CHECK(opened <= 8, "a cut model is refused");
    for (bit = 0, opened = 0; bit < model_size * 8; bit++) {
        model[bit / 8] ^= (unsigned char)(1 << bit % 8);
        opened += (size_t)try(model, model_size);
        model[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    CHECK(opened > 100 && opened < model_size * 8, "a flipped bit: an error or a model");
    printf("  %s: each length, and %lu bits of which %lu leave a model\n", path,
           (unsigned long)model_size * 8, (unsigned long)opened);
}

/* A whole model of few pieces, made here; `extra` comes first, `options` last. */
static size_t build(unsigned char *out, const char *extra, size_t extra_size,
                    const char *options, size_t options_size) {
    static const char head[] = "\x0A\x07\x0A\x05<unk>\x18\x02"; /* its length is set below */
    static const char letter[] = "\x0A\x08\x0A\x01" "a\x15\0\0\0\0";
    size_t at = 0;
    memcpy(out, extra, extra_size);
    at += extra_size;
    memcpy(out + at, head, sizeof head - 1);
    out[at + 1] = sizeof head - 3;
    at += sizeof head - 1;
    memcpy(out + at, letter, sizeof letter - 1);
    out[at + 1] = sizeof letter - 3;
    at += sizeof letter - 1;
    memcpy(out + at, options, options_size);
    return at + options_size;
}

#define WITH(extra, options, words)                                                            \
    do {                                                                                       \
        size_t made = build(bytes, extra, sizeof extra - 1, options, sizeof options - 1);      \
        refused(bytes, made, words);                                                           \
    } while (0)
#define FINE "\x12\x02\x18\x02\x1A\x02\x20\x00" /* BPE, no spaces removed */

static void refuse_by_name(void) {
    static const char piece_long[] = "\x0A\x84\x02\x0A\x81\x02";
    unsigned char bytes[2048];
    size_t size = build(bytes, "", 0, FINE, sizeof FINE - 1);
    CHECK(try(bytes, size), "the model made here is sound");
    refused(bytes, 0, "no pieces");
    WITH("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", FINE, "are left");
    WITH("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", FINE, "are left");
    WITH("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", FINE, "more than 64 bits");
    WITH("\x02\x00", FINE, "a field number out of range");
    WITH("\x0B", FINE, "wire type 3");
    WITH("\x24", FINE, "wire type 4");
    WITH("\x26", FINE, "wire type 6");
    WITH("\x27", FINE, "wire type 7");
    WITH("\x08\x01", FINE, "a piece has wire type 0, not 2");
    WITH("\x0D\x01\x02\x03\x04", FINE, "a piece has wire type 5, not 2");
    WITH("\x10\x01", FINE, "trainer_spec has wire type 0");
    WITH("\x18\x01", FINE, "normalizer_spec has wire type 0");
    WITH("\x0A\x02\x08\x01", FINE, "a piece's text has wire type 0");
    WITH("\x0A\x05\x0A\x01" "b\x10\x00", FINE, "a piece's score has wire type 0");
    WITH("\x0A\x06\x0A\x01" "b\x1A\x01\x01", FINE, "a piece's type has wire type 2");
    WITH("\x0A\x05\x0A\x01" "b\x18\x07", FINE, "of unknown type 7");
    WITH("\x0A\x05\x0A\x01" "b\x18\x00", FINE, "of unknown type 0");
    WITH("\x0A\x08\x0A\x01" "b\x15\x00\x00\xC0\x7F", FINE, "score of piece 0 is not finite");
    WITH("\x0A\x08\x0A\x01" "b\x15\x00\x00\x80\xFF", FINE, "score of piece 0 is not finite");
    WITH("\x0A\x06\x0A\x01" "b\x15\x00\x00", FINE, "cut within a number");
    WITH("\x0A\x00", FINE, "piece 0 has no text");
    WITH("\x0A\x03\x0A\x01\xFF", FINE, "piece 0 is not UTF-8");
    WITH("\x0A\x05\x0A\x03\xED\xA0\x80", FINE, "piece 0 is not UTF-8");
    WITH("\x0A\x03\x0A\x01" "a", FINE, "piece 2 stands twice");
    WITH("\x0A\x05\x0A\x01" "b\x18\x02", FINE, "2 unknown pieces");
    WITH("\x0A\x05\x0A\x01" "b\x18\x05", FINE, "is unused");
    WITH("\x0A\x05\x0A\x01" "b\x18\x06", FINE, "not written as one");
    WITH("\x0A\x0A\x0A\x06<0x41>\x18\x06", FINE, "pieces of 1 bytes, where 0");
    WITH("", "\x12\x05\x18\x02\x98\x02\x01\x1A\x02\x20\x00", "pieces of 0 bytes, where 256");
    WITH("", "\x1A\x02\x20\x00", "a unigram model");
    WITH("", "\x12\x02\x18\x03\x1A\x02\x20\x00", "a model of words");
    WITH("", "\x12\x02\x18\x04\x1A\x02\x20\x00", "a model of characters");
    WITH("", "\x12\x02\x18\x63\x1A\x02\x20\x00", "of an unknown type");
    WITH("", "\x12\x02\x18\x02", "remove_extra_whitespaces");
    WITH("", FINE "\x1A\x02\x28\x00", "escape_whitespaces");
    WITH("", FINE "\x12\x03\xC0\x01\x01", "treat_whitespace_as_suffix");
    WITH("", FINE "\x1A\x03\x12\x01x", "normalization");
    WITH("", FINE "\x1A\x02\x10\x01", "precompiled_charsmap has wire type 0");
    WITH("", FINE "\x1A\x03\x1A\x01\x01", "add_dummy_prefix has wire type 2");
    WITH("", FINE "\x12\x03\x1A\x01\x02", "the model's type has wire type 2");
    size = build(bytes, "", 0, FINE, sizeof FINE - 1);
    memcpy(bytes + size, piece_long, sizeof piece_long - 1);
    memset(bytes + size + sizeof piece_long - 1, 'x', 257);
    refused(bytes, size + sizeof piece_long - 1 + 257, "more than 255 bytes");
    refused(model, model_size - 1, ""); /* the last one loaded, cut by a byte */
}

/* The first piece of this text loses it, or its type: there is no unknown piece, or a byte less. */
static void refuse_without(const char *text, unsigned char byte, const char *words) {
    size_t size = strlen(text), at;
    CHECK(load("tests/data/pieces512/tokenizer.model"), "pieces512 is there");
    for (at = 0; at + size < model_size && memcmp(model + at, text, size); at++) {}
    model[at + size + 5 + 1] = byte; /* behind the score, type */
    refused(model, model_size, words);
}

int main(void) {
    damage_everywhere("tests/data/pieces512/tokenizer.model");
    damage_everywhere("tests/data/pieces-odd/tokenizer.model");
    refuse_by_name();
    refuse_without("<unk>", PIECE_CONTROL, "0 unknown pieces");
    refuse_without("<0x41>", PIECE_NORMAL, "pieces of 255 bytes, where 256");
    printf("%d passed, %d failed, 0 skipped\n", passed, failed);
    return failed != 0 || !seen;
}
