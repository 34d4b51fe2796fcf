/* names.h - where the tensors of an architecture stand in its checkpoints, for convert.c and
   names.c. What they are - slots, shapes, which there are - is the library's. */
#ifndef SLM_NAMES_H
#define SLM_NAMES_H

#include "library.h"

/* Queries, keys and values: three tensors, or one. BLOCKS: all rows of the queries, then of the
   keys, then of the values; PER_HEAD: these three of the first head, then of the second ...;
   CONV1D: as BLOCKS, and all matrices of a layer are stored as [columns, rows]. PAIRED and
   PAIRED_BLOCKS: as the first two, but in each head of queries and keys the rows of its halves come
   in turn. */
typedef enum Fusion {
    SEPARATE, BLOCKS, PER_HEAD, CONV1D, PAIRED, PAIRED_BLOCKS
} Fusion;

typedef struct Layout {
    const char *prefix;   /* of a layer's tensors: its number follows */
    uint32_t first_layer; /* the number of the first layer */
    Fusion fusion;
    /* By slot, without ".weight" or ".bias"; NULL: it is not here, but a bias has the name of its
       weights where it has none of its own. %lu: the number behind the last layer's. */
    const char *names[SLM__MODEL_SLOTS];
} Layout;

enum { LAYOUTS = 4 };
/* Those of today first; a prefix of NULL ends them. */
extern const Layout phi_layouts[LAYOUTS + 1], gptj_layouts[2], llama_layouts[2], neo_layouts[2],
    bert_layouts[3], roberta_layouts[3], distilbert_layouts[2], mobilebert_layouts[3],
    gpt2_layouts[2], neox_layouts[2], gemma_layouts[2], gemma_part_layouts[3];

/* Rows [first, first + its own) of a tensor with `rows` rows, in groups as OutTensor has them. */
typedef struct Place {
    char name[128];
    uint32_t rows, first, group, group_step, paired;
    int transposed;
} Place;

/* 0: the layout does not have it. */
int place_tensor(Place *out, const Layout *layout, const slm__shape *shape,
                 const slm__expected *want, uint32_t layer);

#endif
