/* protobuf.c - tokenizer.model, a SentencePiece model: a message of Protocol Buffers. Every length
   is checked against what is left, and what has no place here is refused by name. */
#include "convert.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_LIMIT = 1 << 20, LENGTH_LIMIT = 255 };
enum { WIRE_NUMBER = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
enum { MODEL_BPE = 2 };

typedef struct Message { /* what is left of one */
    const char *name;        /* of the file, for messages */
    const unsigned char *at, *end;
} Message;

typedef struct Field {
    uint32_t number, wire;
    uint64_t value;          /* of a number, or the bits of 32 or 64 */
    Message bytes;
} Field;

static uint64_t read_number(Message *message) {
    uint64_t value = 0;
    unsigned shift;
    for (shift = 0; shift < 64; shift += 7) {
        if (message->at == message->end)
            fail("%s: protobuf: cut within a number", message->name);
        value |= (uint64_t)(*message->at & 127) << shift;
        if (!(*message->at++ & 128))
            return value;
    }
    fail("%s: protobuf: a number of more than 64 bits", message->name);
}

static uint64_t read_fixed(Message *message, size_t size) {
    uint64_t value = 0;
    size_t i;
    if ((size_t)(message->end - message->at) < size)
        fail("%s: protobuf: cut within a number", message->name);
    for (i = 0; i < size; i++)
        value |= (uint64_t)*message->at++ << 8 * i;
    return value;
}

static Field read_field(Message *message) {
    uint64_t key = read_number(message), left;
    Field field;
    memset(&field, 0, sizeof field);
    if (key >> 3 == 0 || key >> 3 > 0x1FFFFFFF)
        fail("%s: protobuf: a field number out of range", message->name);
    field.number = (uint32_t)(key >> 3);
    field.wire = key & 7;
    switch (field.wire) {
    case WIRE_NUMBER: field.value = read_number(message); break;
    case WIRE_32: field.value = read_fixed(message, 4); break;
    case WIRE_64: field.value = read_fixed(message, 8); break;
    case WIRE_BYTES:
        field.value = read_number(message);
        left = (uint64_t)(message->end - message->at);
        if (field.value > left)
            fail("%s: protobuf: field %lu has %llu bytes, but only %llu are left", message->name,
                 (unsigned long)field.number, (unsigned long long)field.value,
                 (unsigned long long)left);
        field.bytes.name = message->name;
        field.bytes.at = message->at;
        message->at = field.bytes.end = message->at + field.value;
        break;
    default:
        fail("%s: protobuf: field %lu has wire type %lu, which is not supported", message->name,
             (unsigned long)field.number, (unsigned long)field.wire);
    }
    return field;
}

static void expect(const Message *message, const Field *field, uint32_t wire, const char *what) {
    if (field->wire != wire)
        fail("%s: protobuf: %s has wire type %lu, not %lu", message->name, what,
             (unsigned long)field->wire, (unsigned long)wire);
}

static int read_flag(const Message *message, const Field *field, const char *what) {
    expect(message, field, WIRE_NUMBER, what);
    return field->value != 0;
}

/* ---- pieces ------------------------------------------------------------------------------ */

/* Is it UTF-8? */
static int is_utf8(const unsigned char *s, size_t size) {
    size_t at = 0, length, i;
    while (at < size) {
        unsigned first = s[at], low = 0x80, high = 0xBF;
        length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (!length || first > 0xF4 || length > size - at)
            return 0;
        if (first == 0xE0)
            low = 0xA0;
        if (first == 0xED)
            high = 0x9F;
        if (first == 0xF0)
            low = 0x90;
        if (first == 0xF4)
            high = 0x8F;
        for (i = 1; i < length; i++, low = 0x80, high = 0xBF)
            if (s[at + i] < low || s[at + i] > high)
                return 0;
        at += length;
    }
    return 1;
}

static ModelPiece read_piece(Message message, unsigned long number) {
    ModelPiece piece = {"", 0, 0, PIECE_NORMAL};
    uint32_t bits;
    while (message.at < message.end) {
        Field field = read_field(&message);
        if (field.number == 1) {
            expect(&message, &field, WIRE_BYTES, "a piece's text");
            piece.text = (const char *)field.bytes.at;
            piece.size = (size_t)field.value;
        } else if (field.number == 2) {
            expect(&message, &field, WIRE_32, "a piece's score");
            bits = (uint32_t)field.value;
            memcpy(&piece.score, &bits, 4);
            if ((bits & 0x7F800000u) == 0x7F800000u)
                fail("%s: the score of piece %lu is not finite", message.name, number);
        } else if (field.number == 3) {
            expect(&message, &field, WIRE_NUMBER, "a piece's type");
            if (field.value < PIECE_NORMAL || field.value > PIECE_BYTE)
                fail("%s: piece %lu is of unknown type %llu", message.name, number,
                     (unsigned long long)field.value);
            piece.type = (PieceType)field.value;
        }
    }
    if (!piece.size)
        fail("%s: piece %lu has no text", message.name, number);
    if (piece.size > LENGTH_LIMIT)
        fail("%s: piece %lu has more than %d bytes", message.name, number, LENGTH_LIMIT);
    if (!is_utf8((const unsigned char *)piece.text, piece.size))
        fail("%s: piece %lu is not UTF-8", message.name, number);
    return piece;
}

static void add_piece(PieceModel *model, size_t *capacity, const Field *field) {
    if (model->count == PIECE_LIMIT)
        fail("%s: more than %d pieces", field->bytes.name, PIECE_LIMIT);
    if (model->count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 256;
        model->pieces = resize(model->pieces, *capacity, sizeof *model->pieces);
    }
    model->pieces[model->count] = read_piece(field->bytes, (unsigned long)model->count);
    model->count++;
}

/* The byte that a piece <0xNN> stands for, or -1. */
static int byte_of(const ModelPiece *piece) {
    static const char digits[] = "0123456789ABCDEF";
    const char *high, *low;
    if (piece->size != 6 || memcmp(piece->text, "<0x", 3) != 0 || piece->text[5] != '>' ||
        !piece->text[3] || !piece->text[4])
        return -1;
    high = strchr(digits, piece->text[3]);
    low = strchr(digits, piece->text[4]);
    return high && low ? (int)((high - digits) * 16 + (low - digits)) : -1;
}

static void check_pieces(const PieceModel *model, const char *name) {
    unsigned char seen[256];
    size_t i, unknown = 0, bytes = 0;
    Map texts;
    memset(seen, 0, sizeof seen);
    memset(&texts, 0, sizeof texts);
    for (i = 0; i < model->count; i++) {
        const ModelPiece *piece = &model->pieces[i];
        int byte = byte_of(piece);
        if (!map_add(&texts, piece->text, piece->size, (uint32_t)i))
            fail("%s: piece %lu stands twice", name, (unsigned long)i);
        unknown += piece->type == PIECE_UNKNOWN;
        if (piece->type == PIECE_UNUSED)
            fail("%s: piece %lu is unused, which is not supported", name, (unsigned long)i);
        if (piece->type != PIECE_BYTE)
            continue;
        if (byte < 0)
            fail("%s: piece %lu is a byte, but not written as one", name, (unsigned long)i);
        bytes += !seen[byte];
        seen[byte] = 1;
    }
    free(texts.slots);
    if (unknown != 1)
        fail("%s: %lu unknown pieces, where one has to be", name, (unsigned long)unknown);
    if (model->byte_fallback ? bytes != 256 : bytes != 0)
        fail("%s: pieces of %lu bytes, where %d have to be", name, (unsigned long)bytes,
             model->byte_fallback ? 256 : 0);
}

/* ---- the model --------------------------------------------------------------------------- */

static void read_trainer(PieceModel *model, Message message) {
    while (message.at < message.end) {
        Field field = read_field(&message);
        if (field.number == 3) {
            expect(&message, &field, WIRE_NUMBER, "the model's type");
            model->type = (uint32_t)(field.value < 99 ? field.value : 99);
        } else if (field.number == 24)
            model->suffix = read_flag(&message, &field, "treat_whitespace_as_suffix");
        else if (field.number == 35)
            model->byte_fallback = read_flag(&message, &field, "byte_fallback");
    }
}

static void read_normalizer(PieceModel *model, Message message) {
    while (message.at < message.end) {
        Field field = read_field(&message);
        if (field.number == 2) {
            expect(&message, &field, WIRE_BYTES, "precompiled_charsmap");
            model->normalizes = field.value != 0;
        } else if (field.number == 3)
            model->dummy_prefix = read_flag(&message, &field, "add_dummy_prefix");
        else if (field.number == 4)
            model->removes_spaces = read_flag(&message, &field, "remove_extra_whitespaces");
        else if (field.number == 5)
            model->escapes = read_flag(&message, &field, "escape_whitespaces");
    }
}

/* What would give other ids than the rules of the specification. */
static void check_options(const PieceModel *model, const char *name) {
    static const char *const types[] = {"of no type", "a unigram model", "", "a model of words",
                                        "a model of characters"};
    if (model->type != MODEL_BPE)
        fail("%s: it is %s; supported: BPE", name,
             model->type < 5 ? types[model->type] : "of an unknown type");
    if (model->normalizes)
        fail("%s: its normalization of characters is not supported", name);
    if (model->removes_spaces)
        fail("%s: remove_extra_whitespaces is not supported", name);
    if (!model->escapes)
        fail("%s: a model without escape_whitespaces is not supported", name);
    if (model->suffix)
        fail("%s: treat_whitespace_as_suffix is not supported", name);
}

void protobuf_read(PieceModel *model, const char *name, const unsigned char *bytes, size_t size) {
    Message message;
    size_t capacity = 0;
    memset(model, 0, sizeof *model);
    model->type = 1; /* what holds where nothing is said */
    model->dummy_prefix = model->removes_spaces = model->escapes = 1;
    message.name = name;
    message.at = bytes;
    message.end = bytes + size;
    while (message.at < message.end) {
        Field field = read_field(&message);
        if (field.number > 3)
            continue;
        expect(&message, &field, WIRE_BYTES,
               field.number == 1   ? "a piece"
               : field.number == 2 ? "trainer_spec"
                                   : "normalizer_spec");
        if (field.number == 1)
            add_piece(model, &capacity, &field);
        else if (field.number == 2)
            read_trainer(model, field.bytes);
        else
            read_normalizer(model, field.bytes);
    }
    if (!model->count)
        fail("%s: no pieces: this is not a SentencePiece model", name);
    check_options(model, name);
    check_pieces(model, name);
}

void protobuf_free(PieceModel *model) { free(model->pieces); }
