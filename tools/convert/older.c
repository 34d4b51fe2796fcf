/* older.c - where Phi's older checkpoints keep the tensors of today: other names, other numbers of
   the layers, and queries, keys and values as one matrix. */
#include "convert.h"

#include <stdio.h>
#include <string.h>

/* BLOCKS: all rows of the queries, then of the keys, then of the values; PER_HEAD: these three
   of the first head, then of the second ... */
typedef enum Fusion { WHOLE, BLOCKS, PER_HEAD } Fusion;

typedef struct OlderRow {
    const char *name, *older; /* within a layer, or of the model */
    Fusion fusion;
    uint32_t part;
} OlderRow;

typedef struct Layout {
    const char *prefix;   /* of a layer's tensors: its number follows */
    uint32_t first_layer; /* the number of the first layer */
    const OlderRow *layer, *model;
} Layout;

/* Published in 2023, with code of its own: "mixformer-sequential", then "phi-msft". */
static const OlderRow mixer_layer[] = {
    {"input_layernorm.weight", "ln.weight", WHOLE, 0},
    {"input_layernorm.bias", "ln.bias", WHOLE, 0},
    {"self_attn.q_proj.weight", "mixer.Wqkv.weight", BLOCKS, 0},
    {"self_attn.q_proj.bias", "mixer.Wqkv.bias", BLOCKS, 0},
    {"self_attn.k_proj.weight", "mixer.Wqkv.weight", BLOCKS, 1},
    {"self_attn.k_proj.bias", "mixer.Wqkv.bias", BLOCKS, 1},
    {"self_attn.v_proj.weight", "mixer.Wqkv.weight", BLOCKS, 2},
    {"self_attn.v_proj.bias", "mixer.Wqkv.bias", BLOCKS, 2},
    {"self_attn.dense.weight", "mixer.out_proj.weight", WHOLE, 0},
    {"self_attn.dense.bias", "mixer.out_proj.bias", WHOLE, 0},
    {"mlp.fc1.weight", "mlp.fc1.weight", WHOLE, 0},
    {"mlp.fc1.bias", "mlp.fc1.bias", WHOLE, 0},
    {"mlp.fc2.weight", "mlp.fc2.weight", WHOLE, 0},
    {"mlp.fc2.bias", "mlp.fc2.bias", WHOLE, 0},
    {NULL, NULL, WHOLE, 0}};

/* The layers are numbers in one sequence: the embedding is the first, the head the last. */
static const OlderRow sequential_model[] = {
    {"model.embed_tokens.weight", "layers.0.wte.weight", WHOLE, 0},
    {"model.final_layernorm.weight", "layers.%lu.ln.weight", WHOLE, 0},
    {"model.final_layernorm.bias", "layers.%lu.ln.bias", WHOLE, 0},
    {"lm_head.weight", "layers.%lu.linear.weight", WHOLE, 0},
    {"lm_head.bias", "layers.%lu.linear.bias", WHOLE, 0},
    {NULL, NULL, WHOLE, 0}};

static const OlderRow msft_model[] = {
    {"model.embed_tokens.weight", "transformer.embd.wte.weight", WHOLE, 0},
    {"model.final_layernorm.weight", "lm_head.ln.weight", WHOLE, 0},
    {"model.final_layernorm.bias", "lm_head.ln.bias", WHOLE, 0},
    {"lm_head.weight", "lm_head.linear.weight", WHOLE, 0},
    {"lm_head.bias", "lm_head.linear.bias", WHOLE, 0},
    {NULL, NULL, WHOLE, 0}};

/* transformers 4.36 had the names of today but for these. */
static const OlderRow fused_layer[] = {
    {"self_attn.q_proj.weight", "self_attn.query_key_value.weight", PER_HEAD, 0},
    {"self_attn.q_proj.bias", "self_attn.query_key_value.bias", PER_HEAD, 0},
    {"self_attn.k_proj.weight", "self_attn.query_key_value.weight", PER_HEAD, 1},
    {"self_attn.k_proj.bias", "self_attn.query_key_value.bias", PER_HEAD, 1},
    {"self_attn.v_proj.weight", "self_attn.query_key_value.weight", PER_HEAD, 2},
    {"self_attn.v_proj.bias", "self_attn.query_key_value.bias", PER_HEAD, 2},
    {NULL, NULL, WHOLE, 0}};

static const OlderRow fused_model[] = {{NULL, NULL, WHOLE, 0}};

static const Layout layouts[] = {
    {"layers.", 1, mixer_layer, sequential_model},
    {"transformer.h.", 0, mixer_layer, msft_model},
    {"model.layers.", 0, fused_layer, fused_model}};

static void name_tensor(OlderTensor *out, const Layout *layout, const char *older, uint32_t layer,
                        uint32_t layers) {
    unsigned long number = layer == MODEL_LAYER ? layers + 1ul : layer + layout->first_layer;
    const char *rest = strstr(older, "%lu");
    if (layer != MODEL_LAYER)
        snprintf(out->name, sizeof out->name, "%s%lu.%s", layout->prefix, number, older);
    else if (rest)
        snprintf(out->name, sizeof out->name, "%.*s%lu%s", (int)(rest - older), older, number,
                 rest + 3);
    else
        snprintf(out->name, sizeof out->name, "%s", older);
}

static void place_rows(OlderTensor *out, const OlderRow *row, uint32_t rows,
                       const OlderShape *shape) {
    uint32_t queries = shape->heads * shape->head, keys = shape->kv_heads * shape->head;
    out->rows = row->fusion == WHOLE ? rows : queries + 2 * keys;
    if (row->fusion == BLOCKS)
        out->first = row->part == 0 ? 0 : queries + (row->part - 1) * keys;
    if (row->fusion == PER_HEAD) {
        out->first = row->part * shape->head;
        out->group = shape->head;
        out->group_step = 3 * shape->head;
    }
}

int older_find(OlderTensor *out, const Checkpoint *checkpoint, const char *name, uint32_t layer,
               uint32_t rows, const OlderShape *shape) {
    size_t i;
    for (i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        const OlderRow *row = layer == MODEL_LAYER ? layouts[i].model : layouts[i].layer;
        while (row->name && strcmp(row->name, name) != 0)
            row++;
        if (!row->name || (row->fusion == PER_HEAD && shape->heads != shape->kv_heads))
            continue;
        memset(out, 0, sizeof *out);
        name_tensor(out, &layouts[i], row->older, layer, shape->layers);
        if (!map_find(&checkpoint->by_name, out->name, strlen(out->name), NULL))
            continue;
        place_rows(out, row, rows, shape);
        return 1;
    }
    return 0;
}
