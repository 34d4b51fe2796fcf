/* protobuf.c - fuzz target: any bytes are a SentencePiece model or an error. */
#include "fuzz.h"

#include "../../tools/convert/protobuf.c"

static void parse(const File *file) {
    static volatile unsigned long sum; /* what was read, so that the sanitizers see it */
    PieceModel model;
    size_t i, j;
    protobuf_read(&model, file->path, fuzz_bytes, fuzz_size);
    for (i = 0; i < model.count; i++) {
        const ModelPiece *piece = &model.pieces[i];
        if (!piece->size || piece->size > LENGTH_LIMIT || piece->score != piece->score ||
            piece->type < PIECE_NORMAL || piece->type > PIECE_BYTE)
            abort();
        for (j = 0; j < piece->size; j++)
            sum += (unsigned char)piece->text[j];
    }
    protobuf_free(&model);
}
