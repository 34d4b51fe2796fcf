/* gguf_config.c - what a GGUF's metadata say of its model, in the words of config.json, so that one
   reader checks both; and the names of its tensors. The architectures are rows of a table. */
#include "gguf.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the names of tensors ---------------------------------------------------------------- */

/* The same for all architectures: a slot has what the architecture's own word is there. */
#define TENSOR_NAMES \
    [SLM__NORM] = "attn_norm", [SLM__QUERY] = "attn_q", [SLM__KEY] = "attn_k", \
    [SLM__VALUE] = "attn_v", [SLM__OUT] = "attn_output", [SLM__QUERY_NORM] = "attn_q_norm", \
    [SLM__KEY_NORM] = "attn_k_norm", [SLM__NORM2] = "ffn_norm", [SLM__UP] = "ffn_up", \
    [SLM__GATE] = "ffn_gate", [SLM__DOWN] = "ffn_down", [SLM__EMBEDDING] = "token_embd", \
    [SLM__POSITIONS] = "position_embd", [SLM__FINAL_NORM] = "output_norm", \
    [SLM__HEAD] = "output", [SLM__OUT_NORM] = "post_attention_norm", \
    [SLM__DOWN_NORM] = "post_ffw_norm"

#define FUSED_NAMES \
    [SLM__QUERY] = "attn_qkv", [SLM__KEY] = "attn_qkv", [SLM__VALUE] = "attn_qkv"

static const Layout layouts[2][3] = {
    {{.prefix = "blk.", .names = {TENSOR_NAMES}},
     {.prefix = "blk.", .fusion = BLOCKS, .names = {FUSED_NAMES}},
     {.prefix = NULL}},
    {{.prefix = "blk.", .fusion = PAIRED, .names = {TENSOR_NAMES}},
     {.prefix = "blk.", .fusion = PAIRED_BLOCKS, .names = {FUSED_NAMES}},
     {.prefix = NULL}}};

/* ---- architectures as data --------------------------------------------------------------- */

/* KEY_WINDOW: a size, or 0 for none. */
typedef enum KeyKind { KEY_SIZE, KEY_WINDOW, KEY_NUMBER, KEY_FLAG } KeyKind;

/* What is said where a key is absent, unless it is a number from 0 on. */
enum { NEEDED = -1, NOTHING = -2 };

typedef struct Key {
    const char *gguf, *config; /* gguf: without the architecture's name */
    KeyKind kind;
    double absent;
} Key;

typedef struct GgufArchitecture {
    const char *name, *model_type;
    const char *windowed;   /* the model_type where there is a sliding window; NULL: the same */
    const char *members;    /* of config.json, the same for all models */
    const char *head, *rotary, *theta; /* members for a head's size, its rotary part, their base */
    int paired;             /* rows of queries and keys are those of interleaved positions */
    int may_have_biases;    /* where the tensors are there, a member says so */
    uint32_t pattern;       /* every so many layers one sees all positions; 0: no such thing */
    uint32_t wide_layers;   /* with so many, scores are scaled by hidden size and heads alone */
    int parts_of_rotary;    /* the rotary part can be less than a head */
    Key keys[12];
} GgufArchitecture;

#define SIZES(context, layers, hidden, inner, heads) \
    {"context_length", context, KEY_SIZE, NEEDED}, {"block_count", layers, KEY_SIZE, NEEDED}, \
    {"embedding_length", hidden, KEY_SIZE, NEEDED}, \
    {"feed_forward_length", inner, KEY_SIZE, NEEDED}, \
    {"attention.head_count", heads, KEY_SIZE, NEEDED}

#define USUAL_SIZES \
    SIZES("max_position_embeddings", "num_hidden_layers", "hidden_size", "intermediate_size", \
          "num_attention_heads")

#define RMS_EPS {"attention.layer_norm_rms_epsilon", "rms_norm_eps", KEY_NUMBER, NEEDED}
#define WINDOW {"attention.sliding_window", "sliding_window", KEY_WINDOW, NOTHING}
#define GEMMA_ACT "\"hidden_act\": \"gelu_pytorch_tanh\", \"hidden_activation\": " \
                  "\"gelu_pytorch_tanh\""

static const GgufArchitecture architectures[] = {
    {.name = "llama", .model_type = "llama", .windowed = "mistral",
     .members = "\"hidden_act\": \"silu\"", .head = "head_dim", .theta = "rope_theta",
     .paired = 1, .may_have_biases = 1, .keys = {USUAL_SIZES, RMS_EPS, WINDOW}},
    {.name = "qwen2", .model_type = "qwen2", .members = "\"hidden_act\": \"silu\"",
     .head = "head_dim", .theta = "rope_theta", .keys = {USUAL_SIZES, RMS_EPS}},
    {.name = "qwen3", .model_type = "qwen3", .members = "\"hidden_act\": \"silu\"",
     .head = "head_dim", .theta = "rope_theta", .may_have_biases = 1,
     .keys = {USUAL_SIZES, RMS_EPS}},
    {.name = "gemma", .model_type = "gemma", .members = GEMMA_ACT, .head = "head_dim",
     .theta = "rope_theta", .may_have_biases = 1, .keys = {USUAL_SIZES, RMS_EPS}},
    {.name = "gemma2", .model_type = "gemma2", .members = GEMMA_ACT, .head = "head_dim",
     .theta = "rope_theta", .may_have_biases = 1, .pattern = 2, .wide_layers = 46,
     .keys = {USUAL_SIZES, RMS_EPS, WINDOW,
              {"attn_logit_softcapping", "attn_logit_softcapping", KEY_NUMBER, 50},
              {"final_logit_softcapping", "final_logit_softcapping", KEY_NUMBER, 30}}},
    {.name = "gemma3", .model_type = "gemma3_text", .members = GEMMA_ACT, .head = "head_dim",
     .theta = "rope_theta", .may_have_biases = 1, .pattern = 6, .wide_layers = 62,
     .keys = {USUAL_SIZES, RMS_EPS, WINDOW,
              {"rope.freq_base_swa", "rope_local_base_freq", KEY_NUMBER, 10000},
              {"final_logit_softcapping", "final_logit_softcapping", KEY_NUMBER, NOTHING}}},
    {.name = "phi2", .model_type = "phi", .members = "\"hidden_act\": \"gelu_new\"",
     .rotary = "partial_rotary_factor", .theta = "rope_theta", .parts_of_rotary = 1,
     .keys = {USUAL_SIZES,
              {"attention.layer_norm_epsilon", "layer_norm_eps", KEY_NUMBER, NEEDED}}},
    {.name = "gpt2", .model_type = "gpt2", .members = "\"activation_function\": \"gelu_new\"",
     .keys = {SIZES("n_positions", "n_layer", "n_embd", "n_inner", "n_head"),
              {"attention.layer_norm_epsilon", "layer_norm_epsilon", KEY_NUMBER, NEEDED}}},
    {.name = "gptneox", .model_type = "gpt_neox", .members = "\"hidden_act\": \"gelu\"",
     .rotary = "rotary_pct", .theta = "rotary_emb_base", .parts_of_rotary = 1,
     .keys = {USUAL_SIZES,
              {"attention.layer_norm_epsilon", "layer_norm_eps", KEY_NUMBER, NEEDED},
              {"use_parallel_residual", "use_parallel_residual", KEY_FLAG, 1}}}};

enum { ARCHITECTURES = sizeof architectures / sizeof *architectures };
#define SUPPORTED "llama, qwen2, qwen3, gemma, gemma2, gemma3, phi2, gpt2, gptneox"

/* Nothing that the model computes depends on these. */
static const char *const harmless[] = {
    "vocab_size", "expert_used_count", "rope.scaling.original_context_length",
    "rope.scaling.finetuned", "tensor_data_layout", "pooling_type",
    "attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon"};

/* Nor on these, with these values. */
static const struct { const char *name; double value, other; } neutral[] = {
    {"expert_count", 0, 0}, {"attention.max_alibi_bias", 0, 0}, {"attention.clamp_kqv", 0, 0},
    {"attention.scale", 0, 0}, {"logit_scale", 0, 1}, {"embedding_scale", 0, 1},
    {"residual_scale", 0, 1}, {"rope.scaling.attn_factor", 1, 1}, {"nextn_predict_layers", 0, 0},
    {"attention.sliding_window", 0, 0}, {"attention.causal", 1, 1}};

static const char *const encoders[] = {
    "bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "jina-bert-v3", "modern-bert",
    "neo-bert", "eurobert", "gemma-embedding", "t5encoder"};

/* ---- which one it is --------------------------------------------------------------------- */

static const GgufArchitecture *find_architecture(const Gguf *gguf) {
    const char *name = gguf_text(gguf, "general.architecture", NULL);
    const char *type = gguf_text(gguf, "general.type", NULL);
    size_t i;
    if (!name)
        fail("%s: no key general.architecture; supported: " SUPPORTED, gguf->path);
    if (type && strcmp(type, "model") != 0)
        fail("%s: its general.type is %s, and only a model can be converted%s", gguf->path, type,
             strcmp(type, "adapter") ? "" : ": merge the adapter into its base model");
    for (i = 0; i < ARCHITECTURES; i++)
        if (strcmp(name, architectures[i].name) == 0)
            return &architectures[i];
    for (i = 0; i < sizeof encoders / sizeof *encoders; i++)
        if (strcmp(name, encoders[i]) == 0)
            fail("%s: an encoder (%s): convert its Hugging Face directory, since a GGUF keeps "
                 "neither how texts are lowered and stripped of accents nor the heads", gguf->path,
                 name);
    fail("%s: the architecture %s is not supported; supported: " SUPPORTED, gguf->path, name);
}

const Layout *gguf_layouts(const Gguf *gguf) { return layouts[find_architecture(gguf)->paired]; }

/* ---- values ------------------------------------------------------------------------------ */

static const char *full_key(char *out, size_t size, const GgufArchitecture *architecture,
                            const char *key) {
    snprintf(out, size, "%s.%s", architecture->name, key);
    return out;
}

static double number(const Gguf *gguf, const GgufArchitecture *architecture, const char *key,
                     double absent) {
    char name[96];
    return gguf_number(gguf, full_key(name, sizeof name, architecture, key), absent);
}

/* A whole number that can be a size. */
static uint32_t size_of(const Gguf *gguf, const GgufArchitecture *architecture, const char *key,
                        double absent) {
    enum { MOST = 1 << 30 };
    double value = number(gguf, architecture, key, absent);
    if (!(value >= 1 && value <= MOST) || value != floor(value))
        fail("%s: %s.%s must be a whole number from 1 to %d", gguf->path, architecture->name, key,
             MOST);
    return (uint32_t)value;
}

static void put_text(Buffer *out, const char *text) { put_bytes(out, text, strlen(text)); }

static void put_number(Buffer *out, const char *name, double value) {
    char text[128];
    snprintf(text, sizeof text, ", \"%s\": %.17g", name, value);
    put_text(out, text);
}

static void put_flag(Buffer *out, const char *name, int value) {
    char text[128];
    snprintf(text, sizeof text, ", \"%s\": %s", name, value ? "true" : "false");
    put_text(out, text);
}

static void put_key(Buffer *out, const Gguf *gguf, const GgufArchitecture *architecture,
                    const Key *key) {
    char name[96];
    full_key(name, sizeof name, architecture, key->gguf);
    if (!gguf_find(gguf, name) && key->absent == NEEDED)
        fail("%s: the key %s is missing", gguf->path, name);
    if (!gguf_find(gguf, name) && key->absent == NOTHING)
        return;
    if (key->kind == KEY_WINDOW && gguf_number(gguf, name, 0) == 0)
        return;
    if (key->kind == KEY_FLAG)
        put_flag(out, key->config, gguf_flag(gguf, name, key->absent != 0));
    else if (key->kind == KEY_NUMBER)
        put_number(out, key->config, gguf_number(gguf, name, key->absent));
    else
        put_number(out, key->config, size_of(gguf, architecture, key->gguf, key->absent));
}

/* ---- heads, positions, windows ----------------------------------------------------------- */

/* Where a key is absent, what llama.cpp takes: not always what Hugging Face would. */
static void put_heads(Buffer *out, const Gguf *gguf, const GgufArchitecture *architecture) {
    uint32_t heads = size_of(gguf, architecture, "attention.head_count", 0);
    uint32_t hidden = size_of(gguf, architecture, "embedding_length", 0);
    uint32_t head = size_of(gguf, architecture, "attention.key_length",
                            hidden / heads ? hidden / heads : 1);
    uint32_t value = size_of(gguf, architecture, "attention.value_length", head);
    uint32_t rotary = size_of(gguf, architecture, "rope.dimension_count", head);
    if (value != head)
        fail("%s: heads of %lu for keys and %lu for values are not supported", gguf->path,
             (unsigned long)head, (unsigned long)value);
    if (architecture->head)
        put_number(out, architecture->head, head);
    else if ((uint64_t)head * heads != hidden)
        fail("%s: heads of %lu are not supported; supported: embedding_length / head_count",
             gguf->path, (unsigned long)head);
    put_number(out, "num_key_value_heads",
               size_of(gguf, architecture, "attention.head_count_kv", heads));
    if (rotary > head || (rotary != head && !architecture->rotary))
        fail("%s: %s.rope.dimension_count of %lu in heads of %lu is not supported", gguf->path,
             architecture->name, (unsigned long)rotary, (unsigned long)head);
    if (architecture->rotary) /* a half more, since the product is rounded down */
        put_number(out, architecture->rotary, (rotary + 0.5) / head);
    if (architecture->wide_layers)
        put_number(out, "query_pre_attn_scalar",
                   size_of(gguf, architecture, "block_count", 0) == architecture->wide_layers
                       ? hidden / heads
                       : head);
}

/* As llama.cpp has it: without a type the scaling is linear, and rope.scale_linear is the older key of
   its factor. */
static void put_rope(Buffer *out, const Gguf *gguf, const GgufArchitecture *architecture) {
    char key[96], text[96];
    double older = number(gguf, architecture, "rope.scale_linear", 1);
    double factor = number(gguf, architecture, "rope.scaling.factor", older);
    const char *type =
        gguf_text(gguf, full_key(key, sizeof key, architecture, "rope.scaling.type"), NULL);
    type = type ? type : "linear";
    if (strcmp(type, "none") != 0 && strcmp(type, "linear") != 0)
        fail("%s: %s %s is not supported; supported: none, linear", gguf->path, key, type);
    if (architecture->theta)
        put_number(out, architecture->theta, number(gguf, architecture, "rope.freq_base", 10000));
    if (strcmp(type, "none") == 0 || factor == 1 || factor == 0)
        return;
    snprintf(text, sizeof text, ", \"rope_scaling\": {\"type\": \"linear\", \"factor\": %.17g}",
             factor);
    put_text(out, text);
}

/* Which layers see a window: by a rule that newer files name, or list. */
static void put_pattern(Buffer *out, const Gguf *gguf, const GgufArchitecture *architecture) {
    char key[96];
    const GgufValue *value;
    uint64_t i;
    if (!architecture->pattern)
        return;
    full_key(key, sizeof key, architecture, "attention.sliding_window_pattern");
    value = gguf_find(gguf, key);
    if (!value || !value->is_array) {
        double every = gguf_number(gguf, key, architecture->pattern);
        if (number(gguf, architecture, "attention.sliding_window", 0) == 0)
            every = 1;
        if (!(every >= 1 && every <= 1 << 20) || every != floor(every))
            fail("%s: %s must be a whole number from 1 on", gguf->path, key);
        put_number(out, "sliding_window_pattern", every);
        return;
    }
    if (value->type == GGUF_STRING || value->type == GGUF_F32 || value->type == GGUF_F64 ||
        value->count != size_of(gguf, architecture, "block_count", 0))
        fail("%s: %s must be a flag for each layer", gguf->path, key);
    put_text(out, ", \"layer_types\": [");
    for (i = 0; i < value->count; i++) {
        put_text(out, i ? ", " : "");
        put_text(out, gguf_element(gguf, value, i) != 0 ? "\"sliding_attention\""
                                                        : "\"full_attention\"");
    }
    put_text(out, "]");
}

/* ---- what is not followed ---------------------------------------------------------------- */

static int is_harmless(const Gguf *gguf, const GgufValue *value, const char *name) {
    double found;
    size_t i;
    for (i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(name, harmless[i]) == 0)
            return 1;
    if (value->is_array || value->type == GGUF_STRING)
        return 0;
    found = gguf_element(gguf, value, 0);
    for (i = 0; i < sizeof neutral / sizeof *neutral; i++)
        if (strcmp(name, neutral[i].name) == 0 &&
            (found == neutral[i].value || found == neutral[i].other))
            return 1;
    return 0;
}

/* A key of the architecture that nobody has asked for could change what is computed. */
static void check_rest(const Gguf *gguf, const GgufArchitecture *architecture) {
    size_t i, size = strlen(architecture->name);
    for (i = 0; i < gguf->count; i++) {
        const GgufValue *value = &gguf->values[i];
        const char *name = value->key + size + 1;
        if (value->seen || strncmp(value->key, architecture->name, size) != 0 ||
            value->key[size] != '.' || is_harmless(gguf, value, name))
            continue;
        if (strcmp(name, "expert_count") == 0)
            fail("%s: a mixture of experts (%s) is not supported", gguf->path, value->key);
        if (strcmp(name, "attention.causal") == 0)
            fail("%s: %s false: an encoder, whose Hugging Face directory has to be converted",
                 gguf->path, value->key);
        fail("%s: the key %s with this value is not supported: it may change what the model "
             "computes", gguf->path, value->key);
    }
}

/* Of May 2023, before GGUF: older blocks of the same types had another order. */
static void check_quantization(const Gguf *gguf, const Checkpoint *checkpoint) {
    double version = gguf_number(gguf, "general.quantization_version", 2);
    if (version != 2 && gguf_quantized(checkpoint))
        fail("%s: general.quantization_version %g is not supported; supported: 2", gguf->path,
             version);
}

/* ---- the whole --------------------------------------------------------------------------- */

/* What the tensors say: rows of the vocabulary, a head of its own, biases. */
static void put_tensors(Buffer *out, const Gguf *gguf, const GgufArchitecture *architecture,
                        const Checkpoint *checkpoint) {
    const SourceTensor *embedding = checkpoint_find(checkpoint, "token_embd.weight");
    if (!checkpoint->count)
        fail("%s: no weights: the file has a vocabulary alone", gguf->path);
    if (!embedding || embedding->dimensions != 2)
        fail("%s: no matrix token_embd.weight", gguf->path);
    if (checkpoint_find(checkpoint, "rope_factors_long.weight") ||
        checkpoint_find(checkpoint, "rope_factors_short.weight"))
        fail("%s: rotary factors for long and short texts (rope_factors_long) are not supported",
             gguf->path);
    put_number(out, "vocab_size", (double)embedding->shape[0]);
    put_flag(out, "tie_word_embeddings", !checkpoint_find(checkpoint, "output.weight"));
    if (!architecture->may_have_biases)
        return;
    put_flag(out, "attention_bias", checkpoint_find(checkpoint, "blk.0.attn_q.bias") ||
                                        checkpoint_find(checkpoint, "blk.0.attn_qkv.bias"));
    put_flag(out, "mlp_bias", checkpoint_find(checkpoint, "blk.0.ffn_up.bias") != NULL);
}

const Json *gguf_config(const Gguf *gguf, const Checkpoint *checkpoint) {
    const GgufArchitecture *architecture = find_architecture(gguf);
    Buffer text = {NULL, 0, 0};
    const Json *json;
    const Key *key;
    int windowed = architecture->windowed && number(gguf, architecture,
                                                    "attention.sliding_window", 0) != 0;
    put_text(&text, "{\"model_type\": \"");
    put_text(&text, windowed ? architecture->windowed : architecture->model_type);
    put_text(&text, "\", ");
    put_text(&text, architecture->members);
    put_tensors(&text, gguf, architecture, checkpoint);
    for (key = architecture->keys; key->gguf; key++)
        put_key(&text, gguf, architecture, key);
    put_heads(&text, gguf, architecture);
    put_rope(&text, gguf, architecture);
    put_pattern(&text, gguf, architecture);
    if (gguf_find(gguf, "tokenizer.ggml.padding_token_id"))
        put_number(&text, "pad_token_id", gguf_number(gguf, "tokenizer.ggml.padding_token_id", 0));
    put_text(&text, "}");
    check_rest(gguf, architecture);
    check_quantization(gguf, checkpoint);
    put_zeros(&text, 1);
    json = json_parse(gguf->path, text.data, text.size - 1);
    free(text.data);
    return json;
}

const char *gguf_quantized(const Checkpoint *checkpoint) {
    uint64_t bytes[TYPE_IDS] = {0}, most = 0;
    const char *name = NULL;
    size_t i;
    for (i = 0; i < checkpoint->count; i++) {
        const BlockType *type = checkpoint->tensors[i].blocks;
        if (!type)
            continue;
        bytes[type->id] += checkpoint->tensors[i].bytes;
        if (bytes[type->id] > most) {
            most = bytes[type->id];
            name = type->name;
        }
    }
    return name;
}

const float *gguf_divisors(Checkpoint *checkpoint, uint32_t count) {
    uint32_t at, i;
    SourceTensor *tensor;
    unsigned char *bytes;
    float *out;
    if (!map_find(&checkpoint->by_name, "rope_freqs.weight", strlen("rope_freqs.weight"), &at))
        return NULL;
    tensor = &checkpoint->tensors[at];
    tensor->used = 1;
    if (tensor->dimensions != 1 || tensor->shape[0] != count || tensor->blocks ||
        tensor->dtype != DTYPE_F32)
        fail("%s: tensor rope_freqs.weight must have %lu numbers of type F32", tensor->file->path,
             (unsigned long)count);
    bytes = allocate(count, 4);
    out = allocate(count, sizeof *out);
    file_read(tensor->file, tensor->offset, bytes, (size_t)count * 4);
    for (i = 0; i < count; i++) {
        out[i] = slm__float(get_u32(bytes + 4 * i));
        if (!(out[i] > 0 && out[i] <= 1e9f))
            fail("%s: tensor rope_freqs.weight: number %lu is not above 0", tensor->file->path,
                 (unsigned long)i);
    }
    free(bytes);
    return out;
}
