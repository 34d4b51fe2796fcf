/* names.c - the names of tensors, a column for each layout that a checkpoint may have: those of
   today, and those of Phi's older checkpoints with other numbers of the layers, and with queries,
   keys and values as one matrix. */
#include "names.h"

#include <stdio.h>
#include <string.h>

#define MIXER_LAYER \
    [SLM__NORM] = "ln", [SLM__QUERY] = "mixer.Wqkv", [SLM__KEY] = "mixer.Wqkv", \
    [SLM__VALUE] = "mixer.Wqkv", [SLM__OUT] = "mixer.out_proj", [SLM__UP] = "mlp.fc1", \
    [SLM__DOWN] = "mlp.fc2"

const Layout phi_layouts[LAYOUTS + 1] = {
    {"model.layers.", 0, SEPARATE,
     {[SLM__NORM] = "input_layernorm", [SLM__QUERY] = "self_attn.q_proj",
      [SLM__KEY] = "self_attn.k_proj", [SLM__VALUE] = "self_attn.v_proj",
      [SLM__OUT] = "self_attn.dense", [SLM__QUERY_NORM] = "self_attn.q_layernorm",
      [SLM__KEY_NORM] = "self_attn.k_layernorm", [SLM__UP] = "mlp.fc1", [SLM__DOWN] = "mlp.fc2",
      [SLM__EMBEDDING] = "model.embed_tokens", [SLM__FINAL_NORM] = "model.final_layernorm",
      [SLM__HEAD] = "lm_head"}},
    /* Published in 2023, with code of its own. The first one's layers are numbers in one sequence:
       the embedding is the first, the head the last. */
    {"layers.", 1, BLOCKS,
     {MIXER_LAYER, [SLM__EMBEDDING] = "layers.0.wte", [SLM__FINAL_NORM] = "layers.%lu.ln",
      [SLM__HEAD] = "layers.%lu.linear"}},
    {"transformer.h.", 0, BLOCKS,
     {MIXER_LAYER, [SLM__EMBEDDING] = "transformer.embd.wte", [SLM__FINAL_NORM] = "lm_head.ln",
      [SLM__HEAD] = "lm_head.linear"}},
    /* transformers 4.36 had the names of today but for these */
    {"model.layers.", 0, PER_HEAD,
     {[SLM__QUERY] = "self_attn.query_key_value", [SLM__KEY] = "self_attn.query_key_value",
      [SLM__VALUE] = "self_attn.query_key_value"}},
    {NULL, 0, SEPARATE, {NULL}}};

const Layout gptj_layouts[2] = {
    {"transformer.h.", 0, SEPARATE,
     {[SLM__NORM] = "ln_1", [SLM__QUERY] = "attn.q_proj", [SLM__KEY] = "attn.k_proj",
      [SLM__VALUE] = "attn.v_proj", [SLM__OUT] = "attn.out_proj", [SLM__UP] = "mlp.fc_in",
      [SLM__DOWN] = "mlp.fc_out", [SLM__EMBEDDING] = "transformer.wte",
      [SLM__FINAL_NORM] = "transformer.ln_f", [SLM__HEAD] = "lm_head"}},
    {NULL, 0, SEPARATE, {NULL}}};

const Layout llama_layouts[2] = {
    {"model.layers.", 0, SEPARATE,
     {[SLM__NORM] = "input_layernorm", [SLM__QUERY] = "self_attn.q_proj",
      [SLM__KEY] = "self_attn.k_proj", [SLM__VALUE] = "self_attn.v_proj",
      [SLM__OUT] = "self_attn.o_proj", [SLM__QUERY_NORM] = "self_attn.q_norm",
      [SLM__KEY_NORM] = "self_attn.k_norm", [SLM__NORM2] = "post_attention_layernorm",
      [SLM__UP] = "mlp.up_proj", [SLM__GATE] = "mlp.gate_proj", [SLM__DOWN] = "mlp.down_proj",
      [SLM__EMBEDDING] = "model.embed_tokens", [SLM__FINAL_NORM] = "model.norm",
      [SLM__HEAD] = "lm_head"}},
    {NULL, 0, SEPARATE, {NULL}}};

const Layout neo_layouts[2] = {
    {"transformer.h.", 0, SEPARATE,
     {[SLM__NORM] = "ln_1", [SLM__QUERY] = "attn.attention.q_proj",
      [SLM__KEY] = "attn.attention.k_proj", [SLM__VALUE] = "attn.attention.v_proj",
      [SLM__OUT] = "attn.attention.out_proj", [SLM__NORM2] = "ln_2", [SLM__UP] = "mlp.c_fc",
      [SLM__DOWN] = "mlp.c_proj", [SLM__EMBEDDING] = "transformer.wte",
      [SLM__POSITIONS] = "transformer.wpe", [SLM__FINAL_NORM] = "transformer.ln_f",
      [SLM__HEAD] = "lm_head"}},
    {NULL, 0, SEPARATE, {NULL}}};

#define BERT_LAYER \
    [SLM__NORM] = "attention.output.LayerNorm", [SLM__QUERY] = "attention.self.query", \
    [SLM__KEY] = "attention.self.key", [SLM__VALUE] = "attention.self.value", \
    [SLM__OUT] = "attention.output.dense", [SLM__NORM2] = "output.LayerNorm", \
    [SLM__UP] = "intermediate.dense", [SLM__DOWN] = "output.dense"

#define BERT_HEADS \
    [SLM__CLASSIFIER] = "classifier", [SLM__TAGGER] = "classifier", \
    [SLM__ANSWERER] = "qa_outputs", [SLM__FOLLOWER] = "cls.seq_relationship", \
    [SLM__FILL_DENSE] = "cls.predictions.transform.dense", \
    [SLM__FILL_NORM] = "cls.predictions.transform.LayerNorm", \
    [SLM__FILL_HEAD] = "cls.predictions.decoder", [SLM__FILL_HEAD + 1] = "cls.predictions", \
    [SLM__FILL_REST] = "cls.predictions.dense", [SLM__VECTOR_DENSE] = "linear"

/* the fill head's bias, which some checkpoints have beside its weights, alone or once more */
#define BERT_BIAS {"", 0, SEPARATE, {[SLM__FILL_HEAD + 1] = "cls.predictions.decoder"}}

const Layout bert_layouts[3] = {
    {"bert.encoder.layer.", 0, SEPARATE,
     {BERT_LAYER, BERT_HEADS, [SLM__EMBEDDING] = "bert.embeddings.word_embeddings",
      [SLM__POSITIONS] = "bert.embeddings.position_embeddings",
      [SLM__TYPES] = "bert.embeddings.token_type_embeddings",
      [SLM__EMBEDDING_NORM] = "bert.embeddings.LayerNorm", [SLM__POOLER] = "bert.pooler.dense"}},
    BERT_BIAS,
    {NULL, 0, SEPARATE, {NULL}}};

/* The classifier's dense layer is what BERT's pooler is; where it is not there, a pooler may be. */
const Layout roberta_layouts[3] = {
    {"roberta.encoder.layer.", 0, SEPARATE,
     {BERT_LAYER, [SLM__EMBEDDING] = "roberta.embeddings.word_embeddings",
      [SLM__POSITIONS] = "roberta.embeddings.position_embeddings",
      [SLM__TYPES] = "roberta.embeddings.token_type_embeddings",
      [SLM__EMBEDDING_NORM] = "roberta.embeddings.LayerNorm",
      [SLM__POOLER] = "classifier.dense", [SLM__CLASSIFIER] = "classifier.out_proj",
      [SLM__TAGGER] = "classifier", [SLM__ANSWERER] = "qa_outputs",
      [SLM__FILL_DENSE] = "lm_head.dense", [SLM__FILL_NORM] = "lm_head.layer_norm",
      [SLM__FILL_HEAD] = "lm_head.decoder", [SLM__FILL_HEAD + 1] = "lm_head",
      [SLM__VECTOR_DENSE] = "linear"}},
    {"", 0, SEPARATE, {[SLM__POOLER] = "roberta.pooler.dense",
                       [SLM__FILL_HEAD + 1] = "lm_head.decoder"}},
    {NULL, 0, SEPARATE, {NULL}}};

const Layout distilbert_layouts[2] = {
    {"distilbert.transformer.layer.", 0, SEPARATE,
     {[SLM__NORM] = "sa_layer_norm", [SLM__QUERY] = "attention.q_lin",
      [SLM__KEY] = "attention.k_lin", [SLM__VALUE] = "attention.v_lin",
      [SLM__OUT] = "attention.out_lin", [SLM__NORM2] = "output_layer_norm",
      [SLM__UP] = "ffn.lin1", [SLM__DOWN] = "ffn.lin2",
      [SLM__EMBEDDING] = "distilbert.embeddings.word_embeddings",
      [SLM__POSITIONS] = "distilbert.embeddings.position_embeddings",
      [SLM__EMBEDDING_NORM] = "distilbert.embeddings.LayerNorm",
      [SLM__POOLER] = "pre_classifier", [SLM__CLASSIFIER] = "classifier",
      [SLM__TAGGER] = "classifier", [SLM__ANSWERER] = "qa_outputs",
      [SLM__FILL_DENSE] = "vocab_transform", [SLM__FILL_NORM] = "vocab_layer_norm",
      [SLM__FILL_HEAD] = "vocab_projector", [SLM__VECTOR_DENSE] = "linear"}},
    {NULL, 0, SEPARATE, {NULL}}};

#define STACKED(n) \
    [SLM__STACK + 6 * (n)] = "ffn." #n ".intermediate.dense", \
    [SLM__STACK + 6 * (n) + 2] = "ffn." #n ".output.dense", \
    [SLM__STACK + 6 * (n) + 4] = "ffn." #n ".output.LayerNorm"

const Layout mobilebert_layouts[3] = {
    {"mobilebert.encoder.layer.", 0, SEPARATE,
     {BERT_LAYER, BERT_HEADS, STACKED(0), STACKED(1), STACKED(2), STACKED(3),
      [SLM__NARROW] = "bottleneck.input.dense",
      [SLM__NARROW_NORM] = "bottleneck.input.LayerNorm",
      [SLM__SHARED] = "bottleneck.attention.dense",
      [SLM__SHARED_NORM] = "bottleneck.attention.LayerNorm",
      [SLM__WIDEN] = "output.bottleneck.dense",
      [SLM__WIDEN_NORM] = "output.bottleneck.LayerNorm",
      [SLM__EMBEDDING] = "mobilebert.embeddings.word_embeddings",
      [SLM__POSITIONS] = "mobilebert.embeddings.position_embeddings",
      [SLM__TYPES] = "mobilebert.embeddings.token_type_embeddings",
      [SLM__EMBEDDING_NORM] = "mobilebert.embeddings.LayerNorm",
      [SLM__TRANSFORM] = "mobilebert.embeddings.embedding_transformation",
      [SLM__POOLER] = "mobilebert.pooler.dense"}},
    BERT_BIAS,
    {NULL, 0, SEPARATE, {NULL}}};

const Layout gpt2_layouts[2] = {
    {"transformer.h.", 0, CONV1D,
     {[SLM__NORM] = "ln_1", [SLM__QUERY] = "attn.c_attn", [SLM__KEY] = "attn.c_attn",
      [SLM__VALUE] = "attn.c_attn", [SLM__OUT] = "attn.c_proj", [SLM__NORM2] = "ln_2",
      [SLM__UP] = "mlp.c_fc", [SLM__DOWN] = "mlp.c_proj", [SLM__EMBEDDING] = "transformer.wte",
      [SLM__POSITIONS] = "transformer.wpe", [SLM__FINAL_NORM] = "transformer.ln_f",
      [SLM__HEAD] = "lm_head"}},
    {NULL, 0, SEPARATE, {NULL}}};

const Layout neox_layouts[2] = {
    {"gpt_neox.layers.", 0, PER_HEAD,
     {[SLM__NORM] = "input_layernorm", [SLM__QUERY] = "attention.query_key_value",
      [SLM__KEY] = "attention.query_key_value", [SLM__VALUE] = "attention.query_key_value",
      [SLM__OUT] = "attention.dense", [SLM__NORM2] = "post_attention_layernorm",
      [SLM__UP] = "mlp.dense_h_to_4h", [SLM__DOWN] = "mlp.dense_4h_to_h",
      [SLM__EMBEDDING] = "gpt_neox.embed_in", [SLM__FINAL_NORM] = "gpt_neox.final_layer_norm",
      [SLM__HEAD] = "embed_out"}},
    {NULL, 0, SEPARATE, {NULL}}};

/* Of Gemma 2 and 3; the first Gemma has LLaMA's. model: where the stream begins and ends. */
#define GEMMA_NAMES(model, head) \
    {model "layers.", 0, SEPARATE, \
     {[SLM__NORM] = "input_layernorm", [SLM__QUERY] = "self_attn.q_proj", \
      [SLM__KEY] = "self_attn.k_proj", [SLM__VALUE] = "self_attn.v_proj", \
      [SLM__OUT] = "self_attn.o_proj", [SLM__QUERY_NORM] = "self_attn.q_norm", \
      [SLM__KEY_NORM] = "self_attn.k_norm", [SLM__OUT_NORM] = "post_attention_layernorm", \
      [SLM__NORM2] = "pre_feedforward_layernorm", [SLM__UP] = "mlp.up_proj", \
      [SLM__GATE] = "mlp.gate_proj", [SLM__DOWN] = "mlp.down_proj", \
      [SLM__DOWN_NORM] = "post_feedforward_layernorm", \
      [SLM__EMBEDDING] = model "embed_tokens", [SLM__FINAL_NORM] = model "norm", \
      [SLM__HEAD] = head}}

const Layout gemma_layouts[2] = {GEMMA_NAMES("model.", "lm_head"), {NULL, 0, SEPARATE, {NULL}}};

/* Beside a vision tower; first as it is saved, then as transformers has it in memory. */
const Layout gemma_part_layouts[3] = {
    GEMMA_NAMES("language_model.model.", "language_model.lm_head"),
    GEMMA_NAMES("model.language_model.", "lm_head"), {NULL, 0, SEPARATE, {NULL}}};

/* A bias has the slot behind its weights', which is even; so are those of two tables without. */
static int is_bias(unsigned slot) {
    return slot % 2 == 0 && slot != SLM__EMBEDDING && slot != SLM__TYPES;
}

static void name_tensor(char *out, size_t size, const Layout *layout, const slm__shape *shape,
                        const char *name, uint32_t layer) {
    const char *rest = strstr(name, "%lu");
    if (layer != MODEL_LAYER)
        snprintf(out, size, "%s%lu.%s", layout->prefix, (unsigned long)layer + layout->first_layer,
                 name);
    else if (rest)
        snprintf(out, size, "%.*s%lu%s", (int)(rest - name), name, shape->layers + 1ul, rest + 3);
    else
        snprintf(out, size, "%s", name);
}

/* The part of one matrix of queries, keys and values that is wanted: 0, 1 or 2. */
static void place_part(Place *out, Fusion fusion, const slm__shape *shape, uint32_t part) {
    uint32_t queries = slm__extent_of(shape, SLM__HEADS);
    uint32_t keys = slm__extent_of(shape, SLM__KV_HEADS);
    out->rows = queries + 2 * keys;
    if (fusion != PER_HEAD) {
        out->first = part == 0 ? 0 : queries + (part - 1) * keys;
        return;
    }
    out->first = part * shape->head_size;
    out->group = shape->head_size;
    out->group_step = 3 * shape->head_size;
}

int place_tensor(Place *out, const Layout *layout, const slm__shape *shape,
                 const slm__expected *want, uint32_t layer) {
    int bias = is_bias(want->slot);
    const char *own = layout->names[want->slot];
    const char *name = own ? own : layout->names[want->slot - bias];
    int fused = layout->fusion != SEPARATE && layout->fusion != PAIRED &&
                want->slot >= SLM__QUERY && want->slot <= SLM__VALUE + 1;
    memset(out, 0, sizeof *out);
    out->rows = slm__extent_of(shape, want->rows == SLM__ONE ? want->cols : want->rows);
    if (!name || (fused && layout->fusion == PER_HEAD && shape->heads != shape->kv_heads))
        return 0;
    name_tensor(out->name, sizeof out->name - 8, layout, shape, name, layer);
    strcat(out->name, bias ? ".bias" : ".weight");
    out->transposed = want->slot == SLM__FILL_REST || /* [columns, rows] in Hugging Face */
                       (layout->fusion == CONV1D && layer != MODEL_LAYER && want->rows != SLM__ONE);
    if (layout->fusion >= PAIRED && want->slot >= SLM__QUERY && want->slot <= SLM__KEY + 1)
        out->paired = shape->head_size;
    if (fused)
        place_part(out, layout->fusion, shape, (want->slot - SLM__QUERY) / 2u);
    return 1;
}
