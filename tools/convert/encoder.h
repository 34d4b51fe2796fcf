/* encoder.h - what a checkpoint of an encoder says beside its sizes: bottlenecks, heads, labels,
   sentence vectors. For convert.c and encoder.c. */
#ifndef SLM_ENCODER_H
#define SLM_ENCODER_H

#include "names.h"

typedef struct EncoderParts {
    uint32_t task;    /* of a session by default: slm_task */
    Buffer labels;    /* the sections' bytes; empty: none */
    Buffer prompts;
    Checkpoint dense; /* of sentence vectors; without tensors: none */
} EncoderParts;

/* Of config.json alone: token types, activation, MobileBERT's bottlenecks. Refuses what would
   compute something else: a decoder, relative positions. */
void encoder_read_config(slm__shape *shape, const slm__architecture *row, const Json *json,
                         const char *path);
/* Which heads are there, once the tensors' names are known, and what their outputs are called. */
void encoder_read_heads(EncoderParts *out, slm__shape *shape, const slm__architecture *row,
                        const Json *json, const char *path, const Checkpoint *checkpoint);
/* Where the checkpoint of a directory of sentence-transformers is, if not in it; else NULL. */
char *encoder_checkpoint_directory(const char *directory);
/* What sentence-transformers' files in `root` and beside the checkpoint say of sentence vectors,
   where they are, and the longest text. */
void encoder_read_vectors(EncoderParts *out, slm__shape *shape, const char *root,
                          const char *directory, const Tokenizer *tokenizer);
void encoder_check_decoder(const slm__shape *shape, const char *root);
void encoder_put(Model *model, const EncoderParts *parts); /* the sections */
/* Tensors that Hugging Face saves and does not use. */
int encoder_leaves_out(const slm__shape *shape, const char *name);

#endif
