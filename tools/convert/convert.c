/* convert.c - slm-convert: a Hugging Face checkpoint, a GGUF or an f32 or f16 .slm becomes a .slm.
   What its config.json may say of an architecture stands in a table; the names of its tensors in
   names.c; what it computes, and with which tensors, in the library. */
#define _POSIX_C_SOURCE 200809L
#include "encoder.h"
#include "gguf.h"
#include "../common.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- architectures as data --------------------------------------------------------------- */

/* A key of config.json, its alias (which wins, as in Hugging Face) and its default there. */
typedef struct ConfigKey {
    const char *name, *alias;
    double value;
} ConfigKey;

enum { KEY_VOCAB, KEY_CONTEXT, KEY_LAYERS, KEY_HIDDEN, KEY_INTERMEDIATE, KEY_HEADS, KEY_KV_HEADS,
       KEY_EPS, KEY_COUNT };

/* Which rotary parameters are read: none, those that must be the default, or scaled ones too. */
typedef enum RopeKeys { ROPE_UNREAD, ROPE_DEFAULT, ROPE_SCALED } RopeKeys;

/* head_dim: not read, must be the hidden size by the heads, or anything. */
typedef enum HeadKey { HEAD_UNREAD, HEAD_QUOTIENT, HEAD_FREE } HeadKey;

/* What says which layers see a window, or have no positions: nothing; attention_layers or
   attention_types, as in GPT-Neo; sliding_window for all layers, as in Mistral; layer_types or
   max_window_layers, as in Qwen; no_rope_layers, as in SmolLM3; layer_types or a pattern, as in
   Gemma 2 and 3. */
typedef enum KindKeys {
    KINDS_NONE, KINDS_NEO, KINDS_MISTRAL, KINDS_QWEN, KINDS_SMOLLM3, KINDS_GEMMA
} KindKeys;

enum { FLAGS_MOST = 3 };

/* What Gemma's family alone has, beside norms whose weights lack 1 and embeddings that are scaled
   by the root of the hidden size. */
typedef struct Gemma {
    double score_size;   /* default of query_pre_attn_scalar, of which the attention scale is
                            1/sqrt; 0: the head size, not read */
    double logit_cap;    /* default of final_logit_softcapping; 0: none */
    double attention_cap; /* default of attn_logit_softcapping; 0: it is read by nobody */
    int pattern;         /* each pattern-th layer sees all positions, the others a window, if
                            layer_types says nothing; 0: all layers see all */
    int names_pattern;   /* sliding_window_pattern gives another one */
    double local_theta;  /* default of rope_local_base_freq; 0: all layers rotate alike */
    int renames_gelu;    /* transformers 5 takes gelu for gelu_pytorch_tanh */
} Gemma;

static const Gemma gemma1 = {.renames_gelu = 1};
static const Gemma gemma2 = {.score_size = 256, .logit_cap = 30, .attention_cap = 50, .pattern = 2};
static const Gemma gemma3 = {
    .score_size = 256, .pattern = 6, .names_pattern = 1, .local_theta = 10000};

typedef struct Architecture {
    const char *name;                 /* the library's row, which has all other facts, ... */
    const char *sequential;           /* ... or that where use_parallel_residual is false */
    const char *model_type, *activation_key;
    ConfigKey keys[KEY_COUNT];        /* a name of NULL: the architecture has no such key */
    const Layout *layouts;
    HeadKey head_key;
    uint32_t head_size;               /* default of head_dim; 0: hidden size by heads */
    RopeKeys rope_keys;
    const char *part_key, *theta_key; /* NULL: partial_rotary_factor, rope_theta */
    double theta;                     /* its default; 0: 10000 */
    double rotary_part;               /* default of partial_rotary_factor; 0: not read, nor theta */
    int whole_heads;                  /* another part is refused */
    double rotary_size;               /* then: default of rotary_dim */
    int cuts_rotary;                  /* a larger rotary_dim means the whole head */
    const char *refused[FLAGS_MOST];  /* flags for what is not done here: they must be false, ... */
    const char *needed[FLAGS_MOST];   /* ... and these true */
    KindKeys layer_kinds;
    int tied;                         /* default of tie_word_embeddings */
    int positions_from_pad;           /* a text's first has the row behind pad_token_id's */
    float attention_scale;            /* 0: by the head's size, ... */
    const char *scale_key;            /* ... or 1 where this flag is false; NULL: there is none */
    slm_chat_format chat;             /* where nothing says another, with GPT-2's tokenizer */
    const Gemma *gemma;               /* NULL: not of that family */
    const char *part;                 /* the member of config.json with the keys; NULL: itself */
} Architecture;

#define OLDER_PHI \
    .name = "phi", .activation_key = "activation_function", .layouts = phi_layouts, \
    .keys = {{"vocab_size", NULL, 50304}, {"n_positions", NULL, 2048}, {"n_layer", NULL, 20}, \
             {"n_embd", NULL, 1024}, {"n_inner", NULL, 0}, {"n_head", NULL, 16}, \
             {"n_head_kv", NULL, 0}, {"layer_norm_epsilon", NULL, 1e-5}}, \
    .head_key = HEAD_QUOTIENT, .rope_keys = ROPE_DEFAULT, .rotary_size = 32, .cuts_rotary = 1, \
    .chat = SLM_CHAT_PHI2

#define GEMMA_KEYS(vocab, context, layers, hidden, inner, heads, kv_heads) \
    .keys = {{"vocab_size", NULL, vocab}, {"max_position_embeddings", NULL, context}, \
             {"num_hidden_layers", NULL, layers}, {"hidden_size", NULL, hidden}, \
             {"intermediate_size", NULL, inner}, {"num_attention_heads", NULL, heads}, \
             {"num_key_value_heads", NULL, kv_heads}, {"rms_norm_eps", NULL, 1e-6}}, \
    .head_key = HEAD_FREE, .head_size = 256, .rope_keys = ROPE_SCALED, .rotary_part = 1, \
    .whole_heads = 1, .refused = {"attention_bias", "mlp_bias"}, .tied = 1, \
    .chat = SLM_CHAT_PLAIN

#define BERT_KEYS(vocab, layers, hidden, inner, heads) \
    .keys = {{"vocab_size", NULL, vocab}, {"max_position_embeddings", NULL, 512}, \
             {"num_hidden_layers", NULL, layers}, {"hidden_size", NULL, hidden}, \
             {"intermediate_size", NULL, inner}, {"num_attention_heads", NULL, heads}, \
             {NULL, NULL, 0}, {"layer_norm_eps", NULL, 1e-12}}

#define LLAMA_KEYS(vocab, context, layers, hidden, inner, heads, kv_heads) \
    .activation_key = "hidden_act", .layouts = llama_layouts, \
    .keys = {{"vocab_size", NULL, vocab}, {"max_position_embeddings", NULL, context}, \
             {"num_hidden_layers", NULL, layers}, {"hidden_size", NULL, hidden}, \
             {"intermediate_size", NULL, inner}, {"num_attention_heads", NULL, heads}, \
             {"num_key_value_heads", NULL, kv_heads}, {"rms_norm_eps", NULL, 1e-6}}, \
    .head_key = HEAD_FREE, .rope_keys = ROPE_SCALED, .rotary_part = 1, .whole_heads = 1, \
    .chat = SLM_CHAT_PLAIN

static const Architecture architectures[] = {
    {.name = "phi", .model_type = "phi", .activation_key = "hidden_act", .layouts = phi_layouts,
     .keys = {{"vocab_size", NULL, 51200}, {"max_position_embeddings", NULL, 2048},
              {"num_hidden_layers", NULL, 24}, {"hidden_size", NULL, 2048},
              {"intermediate_size", NULL, 8192}, {"num_attention_heads", NULL, 32},
              {"num_key_value_heads", NULL, 0}, {"layer_norm_eps", NULL, 1e-5}},
     .head_key = HEAD_QUOTIENT, .rope_keys = ROPE_DEFAULT, .rotary_part = 0.5,
     .chat = SLM_CHAT_PHI2},
    /* the same model under the keys of its own code */
    {.model_type = "mixformer-sequential", OLDER_PHI},
    {.model_type = "phi-msft", OLDER_PHI},
    {.name = "gptj", .model_type = "gptj", .activation_key = "activation_function",
     .layouts = gptj_layouts,
     .keys = {{"vocab_size", NULL, 50400}, {"n_positions", "max_position_embeddings", 2048},
              {"n_layer", "num_hidden_layers", 28}, {"n_embd", "hidden_size", 4096},
              {"n_inner", NULL, 0}, {"n_head", "num_attention_heads", 16}, {NULL, NULL, 0},
              {"layer_norm_epsilon", NULL, 1e-5}},
     .rotary_size = 64, .chat = SLM_CHAT_PLAIN},
    {.name = "llama", .model_type = "llama", LLAMA_KEYS(32000, 2048, 32, 4096, 11008, 32, 0),
     .refused = {"attention_bias", "mlp_bias"}},
    {.name = "gpt_neo", .model_type = "gpt_neo", .activation_key = "activation_function",
     .layouts = neo_layouts,
     .keys = {{"vocab_size", NULL, 50257}, {"max_position_embeddings", NULL, 2048},
              {"num_layers", "num_hidden_layers", 24}, {"hidden_size", NULL, 2048},
              {"intermediate_size", NULL, 0}, {"num_heads", "num_attention_heads", 16},
              {NULL, NULL, 0}, {"layer_norm_epsilon", NULL, 1e-5}},
     .layer_kinds = KINDS_NEO, .tied = 1, .attention_scale = 1, .chat = SLM_CHAT_PLAIN},
    {.name = "bert", .model_type = "bert", .activation_key = "hidden_act", .layouts = bert_layouts,
     BERT_KEYS(30522, 12, 768, 3072, 12), .tied = 1},
    {.name = "bert", .model_type = "roberta", .activation_key = "hidden_act",
     .layouts = roberta_layouts, BERT_KEYS(50265, 12, 768, 3072, 12), .tied = 1,
     .positions_from_pad = 1},
    {.name = "distilbert", .model_type = "distilbert", .activation_key = "activation",
     .layouts = distilbert_layouts,
     .keys = {{"vocab_size", NULL, 30522}, {"max_position_embeddings", NULL, 512},
              {"n_layers", "num_hidden_layers", 6}, {"dim", "hidden_size", 768},
              {"hidden_dim", NULL, 3072}, {"n_heads", "num_attention_heads", 12}, {NULL, NULL, 0},
              {NULL, NULL, 1e-12}},
     .tied = 1},
    {.name = "mobilebert", .model_type = "mobilebert", .activation_key = "hidden_act",
     .layouts = mobilebert_layouts,
     BERT_KEYS(30522, 24, 512, 512, 4), .tied = 1},
    {.name = "qwen2", .model_type = "qwen2",
     LLAMA_KEYS(151936, 32768, 32, 4096, 22016, 32, 32), .layer_kinds = KINDS_QWEN},
    {.name = "qwen3", .model_type = "qwen3",
     LLAMA_KEYS(151936, 32768, 32, 4096, 22016, 32, 32), .head_size = 128,
     .refused = {"attention_bias"}, .layer_kinds = KINDS_QWEN},
    {.name = "llama", .model_type = "mistral",
     LLAMA_KEYS(32000, 131072, 32, 4096, 14336, 32, 8), .layer_kinds = KINDS_MISTRAL},
    {.name = "llama", .model_type = "smollm3",
     LLAMA_KEYS(128256, 32768, 36, 2048, 11008, 16, 4), .theta = 2000000, .tied = 1,
     .refused = {"attention_bias", "mlp_bias", "use_sliding_window"},
     .layer_kinds = KINDS_SMOLLM3},
    {.name = "gpt2", .model_type = "gpt2", .activation_key = "activation_function",
     .layouts = gpt2_layouts,
     .keys = {{"vocab_size", NULL, 50257}, {"n_positions", "max_position_embeddings", 1024},
              {"n_layer", "num_hidden_layers", 12}, {"n_embd", "hidden_size", 768},
              {"n_inner", NULL, 0}, {"n_head", "num_attention_heads", 12}, {NULL, NULL, 0},
              {"layer_norm_epsilon", NULL, 1e-5}},
     .refused = {"scale_attn_by_inverse_layer_idx", "add_cross_attention"},
     .scale_key = "scale_attn_weights", .tied = 1, .chat = SLM_CHAT_PLAIN},
    {.name = "gpt_neox", .sequential = "gpt_neox_sequential", .model_type = "gpt_neox",
     .activation_key = "hidden_act", .layouts = neox_layouts,
     .keys = {{"vocab_size", NULL, 50432}, {"max_position_embeddings", NULL, 2048},
              {"num_hidden_layers", NULL, 44}, {"hidden_size", NULL, 6144},
              {"intermediate_size", NULL, 24576}, {"num_attention_heads", NULL, 64},
              {NULL, NULL, 0}, {"layer_norm_eps", NULL, 1e-5}},
     .rope_keys = ROPE_SCALED, .part_key = "rotary_pct", .theta_key = "rotary_emb_base",
     .rotary_part = 0.25, .needed = {"attention_bias"}, .chat = SLM_CHAT_PLAIN},
    {.name = "gemma", .model_type = "gemma", .activation_key = "hidden_act",
     .layouts = llama_layouts, GEMMA_KEYS(256000, 8192, 28, 3072, 24576, 16, 16),
     .gemma = &gemma1},
    {.name = "gemma2", .model_type = "gemma2", .activation_key = "hidden_activation",
     .layouts = gemma_layouts, GEMMA_KEYS(256000, 8192, 26, 2304, 9216, 8, 4), .gemma = &gemma2,
     .layer_kinds = KINDS_GEMMA},
    {.name = "gemma3", .model_type = "gemma3_text", .activation_key = "hidden_activation",
     .layouts = gemma_layouts, GEMMA_KEYS(262208, 131072, 26, 2304, 9216, 8, 4),
     .theta = 1000000, .gemma = &gemma3, .layer_kinds = KINDS_GEMMA},
    /* with a vision tower, which is left out */
    {.name = "gemma3", .model_type = "gemma3", .activation_key = "hidden_activation",
     .layouts = gemma_part_layouts, GEMMA_KEYS(262208, 131072, 26, 2304, 9216, 8, 4),
     .theta = 1000000, .gemma = &gemma3, .layer_kinds = KINDS_GEMMA,
     .part = "text_config"}};

enum { ARCHITECTURE_COUNT = sizeof architectures / sizeof *architectures };

static const slm__architecture *library_row(const char *name) {
    size_t i;
    for (i = 0; i < SLM__ARCHITECTURES; i++)
        if (strcmp(slm__architectures[i].name, name) == 0)
            return &slm__architectures[i];
    fail("the library does not know the architecture %s", name);
}

/* ---- config.json ------------------------------------------------------------------------- */

/* Of rotary frequencies, as Hugging Face names them. */
typedef struct Scaling {
    enum { SCALING_NONE, SCALING_LINEAR, SCALING_LLAMA3 } type;
    double factor, low, high, original; /* the last three of llama3 */
} Scaling;

typedef struct Config {
    const Architecture *architecture;
    const slm__architecture *row; /* the library's */
    const Layout *layouts;        /* the names of its tensors */
    const Json *whole, *json; /* config.json, and what describes the model of text in it */
    const char *path;
    slm__shape shape;
    uint32_t pad;
    uint32_t skipped;     /* rows of the table of positions, before a text's first */
    double theta;
    int version5;         /* written by transformers 5, whose rules then hold */
    const Json *rope;     /* rope_parameters or rope_scaling; NULL: none */
    const char *rope_name;
    Scaling scaling;
    const Json *local_rope; /* of Gemma 3's layers with a window; NULL: none */
    double local_theta;
    Scaling local_scaling;
    const float *divisors; /* of the frequencies; NULL: none */
    int norms_are_whole;   /* the 1 that Gemma adds to the weights of norms is in the tensors */
    Buffer kinds; /* of the layers: a byte each, the file's */
} Config;

#define SUPPORTED "phi, gptj, llama, gpt_neo, bert, roberta, distilbert, mobilebert, qwen2, " \
                  "qwen3, mistral, smollm3, gpt2, gpt_neox, gemma, gemma2, gemma3_text, gemma3"

/* model_type decides, as in Hugging Face: "architectures" is null, or names a class without a head
   or another one, depending on who saved the checkpoint. */
static const Architecture *find_architecture(const char *path, const Json *json) {
    const Json *type = json_get(json, "model_type"), *classes = json_get(json, "architectures");
    const Json *name = classes && classes->type == JSON_ARRAY ? classes->first : NULL;
    size_t i;
    for (i = 0; i < ARCHITECTURE_COUNT; i++)
        if (json_is(type, architectures[i].model_type))
            return &architectures[i];
    if (!type)
        fail("%s: no model_type; supported: " SUPPORTED, path);
    fail("%s: model_type %s%s%s is not supported; supported: " SUPPORTED " (model_type says what a "
         "checkpoint is, not architectures)", path,
         type->type == JSON_STRING ? type->text : "(not a string)", name ? ", of class " : "",
         name && name->type == JSON_STRING ? name->text : name ? "(not a string)" : "");
}

static double member_number(const Config *config, const Json *object, const char *name,
                            double absent) {
    const Json *value = json_get(object, name);
    if (!value)
        return absent;
    if (value->type != JSON_NUMBER)
        fail("%s: %s must be a number", config->path, name);
    return value->number;
}

static double config_number(const Config *config, const char *name, double absent) {
    return member_number(config, config->json, name, absent);
}

static double config_key(const Config *config, int which) {
    const ConfigKey *key = &config->architecture->keys[which];
    double value = key->value;
    if (!key->name)
        return value;
    value = config_number(config, key->name, value);
    return key->alias ? config_number(config, key->alias, value) : value;
}

/* What is a number at all; the library's caps: check_shape(). */
static uint32_t config_size(const Config *config, int which) {
    enum { MOST = 1 << 30 };
    const char *name = config->architecture->keys[which].name;
    double value = config_key(config, which);
    if (!(value >= 1 && value <= MOST) || value != floor(value))
        fail("%s: %s must be a whole number from 1 to %d", config->path, name, MOST);
    return (uint32_t)value;
}

static int config_flag(const Config *config, const char *name, int absent) {
    return json_flag(config->json, config->path, name, absent);
}

/* The same where null is false, as it is in Python. */
static int config_truth(const Config *config, const char *name, int absent) {
    const Json *value = json_member(config->json, name);
    return value && value->type == JSON_NULL ? 0 : config_flag(config, name, absent);
}

static const slm__architecture *read_row(const Config *config) {
    const Architecture *architecture = config->architecture;
    if (architecture->sequential && !config_truth(config, "use_parallel_residual", 1))
        return library_row(architecture->sequential);
    return library_row(architecture->name);
}

/* The names of Hugging Face's ACT2FN for what the library has. Some architectures have their row's
   activation alone, others any. */
static const struct { const char *name; slm__activation activation; } activations[] = {
    {"gelu", SLM__GELU_ERF}, {"gelu_python", SLM__GELU_ERF}, {"gelu_new", SLM__GELU},
    {"gelu_pytorch_tanh", SLM__GELU}, {"gelu_python_tanh", SLM__GELU}, {"gelu_fast", SLM__GELU},
    {"gelu_accurate", SLM__GELU}, {"relu", SLM__RELU}, {"silu", SLM__SILU}, {"swish", SLM__SILU}};

/* Gemma's first files say gelu where its tanh form is meant. */
static void settle_gelu(Config *config, const Json *value) {
    const Gemma *gemma = config->architecture->gemma;
    if (!gemma || !gemma->renames_gelu || !json_is(value, "gelu"))
        return;
    if (version_from(config->whole) >= 5)
        config->shape.activation = SLM__GELU;
    else
        warn("%s: hidden_act gelu is the exact GELU, as in transformers 4; transformers 5 takes "
             "gelu_pytorch_tanh for it, which Gemma's first files meant", config->path);
}

static void read_activation(Config *config) {
    uint32_t choice = config->row->activations;
    const char *key = config->architecture->activation_key;
    const Json *value = json_get(config->json, key);
    size_t i;
    if (choice)
        config->shape.activation = config->row->activation;
    for (i = 0; value && i < sizeof activations / sizeof *activations; i++)
        if (json_is(value, activations[i].name) &&
            (choice ? choice >> activations[i].activation & 1
                    : activations[i].activation == config->row->activation)) {
            if (choice)
                config->shape.activation = activations[i].activation;
            settle_gelu(config, value);
            return;
        }
    if (value)
        fail("%s: %s %s is not supported; supported: %s", config->path, key,
             value->type == JSON_STRING ? value->text : "(not a string)",
             choice                                         ? "gelu, gelu_new, relu, silu"
             : config->row->activation == SLM__SILU ? "silu"
                                                    : "gelu_new");
}

static double scaling_number(const Config *config, const char *name, double absent) {
    double value = member_number(config, config->rope, name, absent);
    if (!(value > 0 && value <= 1e9))
        fail("%s: %s: %s must be a number above 0", config->path, config->rope_name, name);
    return value;
}

/* Gemma 3's rope_parameters: an object for each kind of layer, as transformers 5 writes them. */
static void split_rope(Config *config, const Json *scaling) {
    static const char full[] = "full_attention", local[] = "sliding_attention";
    const Json *item;
    if (scaling && scaling->size)
        fail("%s: rope_scaling beside rope_parameters is not supported", config->path);
    for (item = config->rope->first; item; item = item->next)
        if ((strcmp(item->key, full) != 0 && strcmp(item->key, local) != 0) ||
            (item->type != JSON_OBJECT && item->type != JSON_NULL))
            fail("%s: rope_parameters: %s is not supported; supported: the objects %s and %s",
                 config->path, item->key, full, local);
    config->local_rope = json_get(config->rope, local);
    config->rope = json_get(config->rope, full);
}

/* Where the rotary parameters stand: transformers 5 writes all of them into rope_parameters. A
   rope_scaling beside it replaces it, as in Hugging Face. */
static void find_rope(Config *config) {
    const Json *scaling = json_get(config->json, "rope_scaling"), *item;
    const Json *parameters = json_get(config->json, "rope_parameters");
    config->version5 = parameters || version_from(config->whole) >= 5;
    config->rope_name = "rope_scaling";
    config->rope = scaling;
    if (parameters && !(scaling && scaling->size)) {
        config->rope_name = "rope_parameters";
        config->rope = parameters;
    }
    if (config->rope && config->rope->type != JSON_OBJECT)
        fail("%s: %s must be an object", config->path, config->rope_name);
    if (parameters && version_from(config->whole) > 0 && version_from(config->whole) < 5)
        warn("%s: %s is taken; transformers 4, which wrote the file, ignores rope_parameters",
             config->path, config->rope_name);
    if (parameters && config->architecture->gemma && config->architecture->gemma->local_theta) {
        split_rope(config, scaling);
        return;
    }
    for (item = config->rope ? config->rope->first : NULL; item; item = item->next)
        if (item->type == JSON_OBJECT)
            fail("%s: %s: parameters of one kind of layer (%s) are not supported", config->path,
                 config->rope_name, item->key);
}

/* Of rope_parameters, or else of config.json itself, where it may have a name of its own. */
static double rope_number(const Config *config, const char *name, const char *own, double absent) {
    absent = config_number(config, own ? own : name, absent);
    return config->version5 ? member_number(config, config->rope, name, absent) : absent;
}

/* The older key, "type", wins over "rope_type" in transformers 4, and loses in 5. */
static const Json *rope_type(const Config *config) {
    const Json *first = json_member(config->rope, config->version5 ? "rope_type" : "type");
    return first ? first : json_get(config->rope, config->version5 ? "type" : "rope_type");
}

/* Scaled rotary frequencies. `dynamic` changes them beyond the model's positions only, where a
   context ends. */
static void read_scaling(const Config *config, Scaling *scaling) {
    const Json *type = config->rope ? rope_type(config) : NULL;
    int scaled = config->architecture->rope_keys == ROPE_SCALED;
    if (!config->rope || (!type && config->version5) || json_is(type, "default") ||
        (scaled && json_is(type, "dynamic")))
        return;
    if (scaled && json_is(type, "linear"))
        scaling->type = SCALING_LINEAR;
    else if (scaled && json_is(type, "llama3"))
        scaling->type = SCALING_LLAMA3;
    else
        fail("%s: %s %s is not supported; supported: null%s", config->path, config->rope_name,
             type && type->type == JSON_STRING ? type->text : "(of no type)",
             scaled ? ", default, linear, dynamic, llama3" : ", default");
    scaling->factor = scaling_number(config, "factor", 0);
    if (scaling->type == SCALING_LINEAR)
        return;
    scaling->low = scaling_number(config, "low_freq_factor", 0);
    scaling->high = scaling_number(config, "high_freq_factor", 0);
    scaling->original = scaling_number(config, "original_max_position_embeddings",
                                       config->version5 ? config_key(config, KEY_CONTEXT) : 0);
    if (config->version5)
        scaling->original =
            config_number(config, "original_max_position_embeddings", scaling->original);
    if (!(scaling->high > scaling->low))
        fail("%s: %s: high_freq_factor must be above low_freq_factor", config->path,
             config->rope_name);
}

static void read_rope(Config *config) {
    const Json *all;
    if (config->architecture->rope_keys == ROPE_UNREAD)
        return;
    find_rope(config);
    read_scaling(config, &config->scaling);
    all = config->rope;
    config->rope = config->local_rope;
    read_scaling(config, &config->local_scaling);
    config->rope = all;
}

/* What Hugging Face's model can have and this one has not, or must have. A decoder whose positions
   see later ones, too, as transformers 5 has it, is an encoder. */
static void check_flags(const Config *config) {
    const char *const *refused = config->architecture->refused;
    const char *const *needed = config->architecture->needed;
    const Json *pruned = json_get(config->json, "pruned_heads");
    size_t i;
    if (pruned && (pruned->type != JSON_OBJECT || pruned->size))
        fail("%s: pruned_heads is not supported", config->path);
    if (config->row->features & SLM__DECODER && !config_truth(config, "is_causal", 1))
        fail("%s: is_causal false is not supported", config->path);
    for (i = 0; i < FLAGS_MOST && refused[i]; i++)
        if (config_truth(config, refused[i], 0))
            fail("%s: %s true is not supported", config->path, refused[i]);
    for (i = 0; i < FLAGS_MOST && needed[i]; i++)
        if (!config_truth(config, needed[i], 1))
            fail("%s: %s false is not supported", config->path, needed[i]);
}

/* The rotary part of a head, and the base of its frequencies. */
static void read_rotary(Config *config) {
    const Architecture *architecture = config->architecture;
    uint32_t head = config->shape.head_size;
    double size, part;
    config->theta = architecture->theta != 0 ? architecture->theta : 10000;
    if (config->row->rotary == SLM__ROTARY_NONE)
        return;
    if (architecture->rotary_part != 0) {
        part = rope_number(config, "partial_rotary_factor", architecture->part_key,
                           architecture->rotary_part);
        if (architecture->whole_heads && part != 1)
            fail("%s: a partial_rotary_factor is not supported", config->path);
        size = floor(head * part);
        config->theta = rope_number(config, "rope_theta", architecture->theta_key, config->theta);
    } else {
        size = config_number(config, "rotary_dim", architecture->rotary_size);
        size = architecture->cuts_rotary && size > head ? head : size;
    }
    if (!(size >= 2 && size <= head) || size != floor(size) || (uint32_t)size % 2)
        fail("%s: a rotary size of %g does not fit heads of %lu", config->path, size,
             (unsigned long)head);
    if (!(config->theta > 0) || config->theta > 1e12)
        fail("%s: rope_theta must be above 0", config->path);
    config->shape.rotary = (uint32_t)size;
}

static void read_heads(Config *config) {
    slm__shape *shape = &config->shape;
    double kv = config_key(config, KEY_KV_HEADS), given = 0, head;
    const char *kv_name = config->architecture->keys[KEY_KV_HEADS].name;
    const Json *kv_key = kv_name ? json_member(config->json, kv_name) : NULL;
    HeadKey key = config->architecture->head_key;
    shape->heads = config_size(config, KEY_HEADS);
    if (kv_key && kv_key->type == JSON_NULL)
        kv = 0; /* which is not the default where it is absent */
    if (key != HEAD_UNREAD)
        given = config_number(config, "head_dim", config->architecture->head_size);
    if (!(key == HEAD_FREE && given != 0) && shape->inner % shape->heads)
        fail("%s: a hidden size of %lu does not divide into %lu heads", config->path,
             (unsigned long)shape->inner, (unsigned long)shape->heads);
    head = given != 0 ? given : shape->inner / shape->heads;
    if (key != HEAD_FREE && head != shape->inner / shape->heads)
        fail("%s: a head_dim of %g is not supported; supported: hidden size / heads (%lu)",
             config->path, given, (unsigned long)(shape->inner / shape->heads));
    if (!(head >= 1 && head <= 4096) || head != floor(head))
        fail("%s: head_dim must be a whole number from 1 to 4096", config->path);
    kv = kv == 0 ? shape->heads : kv;
    if (!(kv >= 1 && kv <= shape->heads) || kv != floor(kv) || shape->heads % (uint32_t)kv)
        fail("%s: %lu heads cannot share %g key/value heads", config->path,
             (unsigned long)shape->heads, kv);
    shape->kv_heads = (uint32_t)kv;
    shape->head_size = (uint32_t)head;
}

static void add_kind(Config *config, const Json *name) {
    unsigned char local = (unsigned char)json_is(name, "local");
    if (!local && !json_is(name, "global"))
        fail("%s: the attention of layer %lu is neither \"global\" nor \"local\"", config->path,
             (unsigned long)config->kinds.size);
    if (config->kinds.size < config->shape.layers)
        put_bytes(&config->kinds, &local, 1);
}

/* One [names, times] of attention_types; 0: it is none, or no layer is left. */
static int add_kinds(Config *config, const Json *item) {
    const Json *names = item->type == JSON_ARRAY ? item->first : NULL, *name;
    const Json *times = names ? names->next : NULL;
    int64_t left;
    if (!times || times->next || names->type != JSON_ARRAY || !names->first ||
        !times->is_integer || times->integer < 0 || times->integer > config->shape.layers)
        return 0;
    for (left = times->integer; left > 0; left--)
        for (name = names->first; name; name = name->next) {
            if (config->kinds.size == config->shape.layers)
                return 0;
            add_kind(config, name);
        }
    return 1;
}

/* What one name of layer_types says: 1: the layer sees a window. */
static unsigned char layer_type(const Config *config, const Json *name) {
    int local = json_is(name, "sliding_attention");
    if (!local && !json_is(name, "full_attention"))
        fail("%s: layer_types: %s is not supported; supported: full_attention, "
             "sliding_attention", config->path,
             name->type == JSON_STRING ? name->text : "(not a string)");
    return (unsigned char)local;
}

/* Gemma's layers: named one by one, or all but each pattern-th see a window. */
static void read_gemma_kinds(Config *config) {
    const Gemma *gemma = config->architecture->gemma;
    const Json *list = json_get(config->json, "layer_types"), *item = list ? list->first : NULL;
    const Json *given = json_member(config->json, "sliding_window");
    double pattern = gemma->pattern, window = config_number(config, "sliding_window", 4096);
    uint32_t i, local = 0;
    if (gemma->names_pattern && !list)
        pattern = config_number(config, "sliding_window_pattern", pattern);
    if (!(pattern >= 1 && pattern <= SLM__LAYERS_MOST) || pattern != floor(pattern))
        fail("%s: sliding_window_pattern must be a whole number from 1 to %d", config->path,
             SLM__LAYERS_MOST);
    if (list && (list->type != JSON_ARRAY || list->size != config->shape.layers))
        fail("%s: layer_types does not name the attention of %lu layers", config->path,
             (unsigned long)config->shape.layers);
    for (i = 0; i < config->shape.layers; i++, item = item ? item->next : NULL) {
        unsigned char kind = (unsigned char)((i + 1) % (uint32_t)pattern != 0);
        if (item)
            kind = layer_type(config, item);
        put_bytes(&config->kinds, &kind, 1);
        local += kind;
    }
    if (!local)
        return;
    if ((given && given->type == JSON_NULL) || !(window >= 1 && window <= 1 << 24) ||
        window != floor(window))
        fail("%s: sliding_window must be a whole number from 1 to %lu", config->path, 1ul << 24);
    config->shape.window = (uint32_t)slm__least((size_t)window, config->shape.context);
}

/* GPT-Neo's layers see all positions or a window: a list in attention_layers, or repeated lists
   in attention_types, or by default the two in turn. */
static void read_neo_kinds(Config *config) {
    const Json *list = json_get(config->json, "attention_layers"), *item;
    const Json *types = json_get(config->json, "attention_types");
    int fits = 1;
    uint32_t i;
    if (list) {
        fits = list->type == JSON_ARRAY && list->size == config->shape.layers;
        for (item = fits ? list->first : NULL; item; item = item->next)
            add_kind(config, item);
    } else if (types) {
        fits = types->type == JSON_ARRAY;
        for (item = fits ? types->first : NULL; item && fits; item = item->next)
            fits = add_kinds(config, item);
    } else {
        put_zeros(&config->kinds, config->shape.layers);
        for (i = 1; i < config->shape.layers; i += 2)
            config->kinds.data[i] = SLM__KIND_WINDOW;
    }
    if (!fits || config->kinds.size != config->shape.layers)
        fail("%s: %s does not name the attention of %lu layers", config->path,
             list ? "attention_layers" : "attention_types", (unsigned long)config->shape.layers);
}

/* The list of one element a layer under this key; NULL: it is absent. */
static const Json *layer_list(const Config *config, const char *name) {
    const Json *list = json_get(config->json, name);
    if (list && (list->type != JSON_ARRAY || list->size != config->shape.layers))
        fail("%s: %s must be a list of %lu layers", config->path, name,
             (unsigned long)config->shape.layers);
    return list;
}

/* The number of positions under this key; absent: where it is not there; 0: it is null. */
static uint32_t read_window(const Config *config, const char *name, double absent) {
    const Json *value = json_member(config->json, name);
    double window = config_number(config, name, absent);
    if (value && value->type == JSON_NULL)
        return 0;
    if (!(window >= 1 && window <= 1 << 24) || window != floor(window))
        fail("%s: %s must be a whole number from 1 to %lu", config->path, name, 1ul << 24);
    return (uint32_t)window;
}

/* The layers from `first` on see the window, if there is one, or those that layer_types names;
   all_see: where layer_types says less, it is not what the model's own code does. */
static void read_layer_types(Config *config, uint32_t window, double first, int all_see) {
    const Json *types = layer_list(config, "layer_types");
    const Json *item = types ? types->first : NULL;
    uint32_t i;
    for (i = 0; i < config->shape.layers; i++) {
        unsigned char local = window && i >= first ? SLM__KIND_WINDOW : 0;
        if (item && json_is(item, "sliding_attention") && !window)
            fail("%s: layer_types: sliding_attention without a sliding_window that is in use is "
                 "not supported", config->path);
        if (item && !json_is(item, "sliding_attention") &&
            (!json_is(item, "full_attention") || (all_see && window)))
            fail("%s: layer_types: %s is not supported here; supported: %ssliding_attention",
                 config->path, item->type == JSON_STRING ? item->text : "(not a string)",
                 all_see && window ? "" : "full_attention, ");
        if (item)
            local = json_is(item, "sliding_attention") ? SLM__KIND_WINDOW : 0;
        put_bytes(&config->kinds, &local, 1);
        item = item ? item->next : NULL;
    }
}

/* SmolLM3's layers without positions: 0 in no_rope_layers, or by default every n-th. */
static void read_rope_kinds(Config *config) {
    const Json *list = layer_list(config, "no_rope_layers");
    const Json *item = list ? list->first : NULL;
    double step = config_number(config, "no_rope_layer_interval", 4);
    uint32_t i;
    if (!list && (!(step >= 1 && step <= 1 << 24) || step != floor(step)))
        fail("%s: no_rope_layer_interval must be a whole number above 0", config->path);
    for (i = 0; i < config->shape.layers; i++) {
        int rotates = list ? item->type == JSON_TRUE || (item->is_integer && item->integer == 1)
                           : (i + 1) % (uint32_t)step != 0;
        if (list && !rotates && item->type != JSON_FALSE &&
            !(item->is_integer && item->integer == 0))
            fail("%s: no_rope_layers must be a list of 0 and 1", config->path);
        if (!rotates)
            config->kinds.data[i] |= SLM__KIND_NO_ROTARY;
        item = item ? item->next : NULL;
    }
}

/* What each layer's attention sees. */
static void read_kinds(Config *config) {
    uint32_t window = 0, i;
    switch (config->architecture->layer_kinds) {
    case KINDS_NONE:
        put_zeros(&config->kinds, config->shape.layers);
        break;
    case KINDS_NEO:
        read_neo_kinds(config);
        window = read_window(config, "window_size", 256);
        break;
    case KINDS_MISTRAL:
        window = read_window(config, "sliding_window", 4096);
        read_layer_types(config, window, 0, 1);
        break;
    case KINDS_QWEN:
        if (config_truth(config, "use_sliding_window", 0))
            window = read_window(config, "sliding_window", 4096);
        read_layer_types(config, window, config_number(config, "max_window_layers", 28), 0);
        break;
    case KINDS_SMOLLM3:
        read_layer_types(config, 0, 0, 0);
        read_rope_kinds(config);
        break;
    case KINDS_GEMMA:
        read_gemma_kinds(config);
        return;
    }
    for (i = 0; i < config->shape.layers; i++)
        if (config->kinds.data[i] & SLM__KIND_WINDOW)
            config->shape.window = (uint32_t)slm__least(window, config->shape.context);
}

/* RoBERTa's positions begin behind the padding's, whose token has none. */
static void skip_positions(Config *config) {
    uint32_t context = config->shape.context;
    double pad = config_number(config, "pad_token_id", json_member(config->json, "pad_token_id")
                                                           ? -1 : 1);
    if (!(pad >= 0 && pad < config->shape.vocab_rows) || pad != floor(pad))
        fail("%s: pad_token_id has to be below vocab_size: positions are counted from it",
             config->path);
    config->pad = (uint32_t)pad;
    config->skipped = config->pad + 1;
    if (config->skipped >= context)
        fail("%s: max_position_embeddings %lu leaves no position behind pad_token_id %lu",
             config->path, (unsigned long)context, (unsigned long)config->pad);
    config->shape.context = context - config->skipped;
}

/* A rotary model sees no difference where its context ends earlier. */
static void read_context(Config *config) {
    config->shape.context = config_size(config, KEY_CONTEXT);
    if (config->shape.context <= SLM__CONTEXT_MOST || config->row->features & SLM__LEARNED)
        return;
    warn("%s: its context of %lu tokens is cut to %d, the most that a .slm can have", config->path,
         (unsigned long)config->shape.context, SLM__CONTEXT_MOST);
    config->shape.context = SLM__CONTEXT_MOST;
}

static void put_encoder(unsigned char *head, const slm__shape *shape) {
    const struct { unsigned at; uint32_t value; } fields[] = {
        {SLM__AT_TOKEN_TYPES, shape->token_types}, {SLM__AT_LABELS, shape->labels},
        {SLM__AT_TASKS, shape->tasks},
        {SLM__AT_BOTTLENECK, shape->inner == shape->hidden ? 0 : shape->inner},
        {SLM__AT_BOTTLENECK_FLAGS, shape->bottleneck_flags},
        {SLM__AT_LONGEST_TEXT, shape->longest_text},
        {SLM__AT_POOLER, shape->pooler}, {SLM__AT_VECTOR, shape->vector},
        {SLM__AT_VECTOR_FLAGS, shape->vector_flags},
        {SLM__AT_LABEL_SCORES, shape->label_scores}, {SLM__AT_RANK_SCORES, shape->rank_scores}};
    size_t i;
    for (i = 0; i < sizeof fields / sizeof *fields; i++)
        set_u32(head + fields[i].at, fields[i].value);
    head[SLM__AT_POOLING] = (unsigned char)shape->pooling;
}

/* The numbers of the header that are those of config.json. */
static void put_shape(unsigned char *head, const Config *config) {
    const slm__shape *shape = &config->shape;
    const uint32_t sizes[] = {shape->vocab_rows, shape->vocab_used, shape->context, shape->layers,
                              shape->hidden, shape->ffn, shape->heads, shape->kv_heads,
                              shape->head_size, shape->rotary, shape->window};
    size_t i;
    head[SLM__AT_ARCHITECTURE] = (unsigned char)config->row->id;
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
        set_u32(head + SLM__AT_SHAPE + 4 * i, sizes[i]);
    set_u32(head + SLM__AT_EMBEDDING_SIZE, shape->embedding);
    set_u32(head + SLM__AT_FFNS, shape->stack + 1);
    set_u32(head + SLM__AT_PAD, config->pad);
    set_u32(head + SLM__AT_FLAGS, shape->flags);
    set_u32(head + SLM__AT_NORM_EPS, slm__bits(shape->norm_eps));
    set_u32(head + SLM__AT_EMBEDDING_SCALE, slm__bits(shape->embedding_scale));
    set_u32(head + SLM__AT_ATTENTION_SCALE, slm__bits(shape->attention_scale));
    set_u32(head + SLM__AT_LOGIT_CAP, slm__bits(shape->logit_cap));
    set_u32(head + SLM__AT_ATTENTION_CAP, slm__bits(shape->attention_cap));
    set_u32(head + SLM__AT_ACTIVATION, shape->activation);
    if (config->row->features & SLM__ENCODER)
        put_encoder(head, shape);
}

/* The library's caps, before anything of these sizes is read. */
static void check_shape(const Config *config) {
    unsigned char head[SLM__HEADER_BYTES];
    slm_model model;
    slm_error error;
    memset(head, 0, sizeof head);
    memset(&model, 0, sizeof model);
    put_shape(head, config);
    model.file = head;
    if (slm__read_shape(&model, &error) != SLM_OK ||
        slm__read_architecture(&model, &error) != SLM_OK)
        fail("%s: %s", config->path, error.text);
}

static void read_sizes(Config *config) {
    slm__shape *shape = &config->shape;
    double inner = config_key(config, KEY_INTERMEDIATE);
    shape->vocab_rows = config_size(config, KEY_VOCAB);
    shape->hidden = config_size(config, KEY_HIDDEN);
    shape->ffn = inner == 0 && config->architecture->keys[KEY_INTERMEDIATE].value == 0
                     ? 4 * shape->hidden
                     : config_size(config, KEY_INTERMEDIATE);
    shape->layers = config_size(config, KEY_LAYERS);
    shape->embedding = shape->inner = shape->hidden;
    if (config->row->features & SLM__ENCODER)
        encoder_read_config(shape, config->row, config->json, config->path);
    read_context(config);
    read_heads(config);
    read_rotary(config);
}

static float read_scale(const Config *config) {
    const Architecture *architecture = config->architecture;
    if (architecture->scale_key && !config_truth(config, architecture->scale_key, 1))
        return 1;
    return architecture->attention_scale;
}

/* A soft cap of scores or logits; null, or nothing where that is the default: none. */
static float read_cap(const Config *config, const char *name, double absent) {
    const Json *given = json_member(config->json, name);
    double cap = given && given->type == JSON_NULL ? 0 : config_number(config, name, absent);
    if (given && given->type != JSON_NULL && !(cap >= 1e-30 && cap <= 1e30))
        fail("%s: %s must be null or a number above 0", config->path, name);
    return (float)cap;
}

/* What the other families do not have. */
static void read_gemma(Config *config) {
    const Gemma *gemma = config->architecture->gemma;
    slm__shape *shape = &config->shape;
    double size;
    shape->embedding_scale = 1;
    if (!gemma)
        return;
    shape->embedding_scale = (float)sqrt(shape->hidden);
    if (config_flag(config, "use_bidirectional_attention", 0))
        fail("%s: use_bidirectional_attention true is not supported", config->path);
    if (!gemma->score_size)
        return;
    size = config_number(config, "query_pre_attn_scalar", gemma->score_size);
    if (!(size >= 1e-9 && size <= 1e9))
        fail("%s: query_pre_attn_scalar must be a number above 0", config->path);
    shape->attention_scale = (float)(1 / sqrt(size));
    if (config->architecture->part && json_get(config->json, "final_logit_softcapping"))
        fail("%s: final_logit_softcapping is not supported with model_type gemma3, where "
             "transformers ignores it", config->path);
    shape->logit_cap = read_cap(config, "final_logit_softcapping", gemma->logit_cap);
    if (gemma->attention_cap)
        shape->attention_cap = read_cap(config, "attn_logit_softcapping", gemma->attention_cap);
    else if (json_get(config->json, "attn_logit_softcapping"))
        warn("%s: attn_logit_softcapping is ignored, as transformers does", config->path);
    if (!gemma->local_theta)
        return;
    config->local_theta = config_number(config, "rope_local_base_freq", gemma->local_theta);
    config->local_theta =
        member_number(config, config->local_rope, "rope_theta", config->local_theta);
    if (!(config->local_theta > 0) || config->local_theta > 1e12)
        fail("%s: rope_local_base_freq must be above 0", config->path);
    if (member_number(config, config->local_rope, "partial_rotary_factor", 1) != 1)
        fail("%s: a partial_rotary_factor is not supported", config->path);
}

static void read_config(Config *config, const char *path, const Json *json) {
    double eps, pad;
    memset(config, 0, sizeof *config);
    config->path = path;
    config->whole = config->json = json;
    config->architecture = find_architecture(path, config->whole);
    config->layouts = config->architecture->layouts;
    if (config->architecture->part)
        config->json = json_get(config->whole, config->architecture->part);
    if (!config->json || config->json->type != JSON_OBJECT)
        fail("%s: %s must be an object", path, config->architecture->part);
    config->row = read_row(config);
    read_activation(config);
    read_rope(config);
    check_flags(config);
    read_sizes(config);
    eps = config_key(config, KEY_EPS);
    if (!(eps >= 0 && eps < 1))
        fail("%s: the norm's epsilon must be from 0 to 1", path);
    config->shape.norm_eps = (float)eps;
    config->shape.attention_scale = read_scale(config);
    read_gemma(config);
    pad = config_number(config, "pad_token_id", -1);
    config->pad = pad >= 0 && pad < config->shape.vocab_rows ? (uint32_t)pad : SLM__NO_TOKEN;
    if (config->architecture->positions_from_pad)
        skip_positions(config);
    if (config_truth(config, "tie_word_embeddings", config->architecture->tied))
        config->shape.flags |= SLM__FLAG_TIED;
    if (config->row->flags & SLM__FLAG_QK_NORM && config_flag(config, "qk_layernorm", 0))
        config->shape.flags |= SLM__FLAG_QK_NORM;
    check_shape(config);
    read_kinds(config);
}

/* ---- tensors ----------------------------------------------------------------------------- */

static void describe_shape(char *out, size_t size, const SourceTensor *tensor) {
    size_t at = 0;
    uint32_t i;
    at += (size_t)snprintf(out, size, "[");
    for (i = 0; i < tensor->dimensions && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%llu", i ? ", " : "",
                               (unsigned long long)tensor->shape[i]);
    if (at < size)
        snprintf(out + at, size - at, "]");
}

static void check_source(const SourceTensor *tensor, uint32_t rows, uint32_t cols, int vector) {
    char found[256], want[64];
    describe_shape(found, sizeof found, tensor);
    if (vector)
        snprintf(want, sizeof want, "[%lu]", (unsigned long)cols);
    else
        snprintf(want, sizeof want, "[%lu, %lu]", (unsigned long)rows, (unsigned long)cols);
    if (tensor->dimensions != (vector ? 1u : 2u) ||
        (vector ? tensor->shape[0] != cols : tensor->shape[0] != rows || tensor->shape[1] != cols))
        fail("%s: tensor %s has the shape %s, wanted %s%s", tensor->file->path, tensor->name,
             found, want, tensor->bytes ? "" : " (empty, as DeepSpeed ZeRO-3 and FSDP leave it: "
             "gather the weights before they are saved)");
    if (tensor->dtype == DTYPE_OTHER)
        fail("%s: tensor %s: the type %s is not supported; supported: F64, F32, F16, BF16",
             tensor->file->path, tensor->name, tensor->dtype_name);
    if (vector && tensor->blocks)
        fail("%s: tensor %s: a vector of type %s is not supported", tensor->file->path,
             tensor->name, tensor->dtype_name);
}

/* Its place in the file: rows or columns must lie side by side, as those of a matrix or of its
   transpose do. */
static void set_layout(OutTensor *out, const SourceTensor *source, const Place *place) {
    uint64_t width = dtype_bytes(out->dtype);
    const uint64_t *strides = source->strides;
    int vector = out->type == SLM_TYPE_VECTOR;
    out->col_step = strides[vector || place->transposed ? 0 : 1] * width;
    out->row_step = vector ? 0 : strides[place->transposed ? 1 : 0] * width;
    out->group = place->group;
    out->group_step = place->group_step;
    out->paired = place->paired;
    if (source->blocks) {
        out->blocks = source->blocks;
        out->row_step = blocks_bytes(source->blocks, out->cols);
        out->source_offset = source->offset + place->first * out->row_step;
        return;
    }
    if (out->cols == 1 || (vector && place->rows == 1))
        out->col_step = width;
    if (place->transposed && place->rows == 1)
        out->row_step = width;
    if (out->col_step != width &&
        (vector || place->group || (out->row_step != width && place->rows > 1)))
        fail("%s: tensor %s: its strides are not supported", source->file->path, source->name);
    out->source_offset =
        source->offset + (uint64_t)place->first * (vector ? out->col_step : out->row_step);
}

/* TensorFlow called a norm's weight gamma and its bias beta, and older checkpoints still do. */
static SourceTensor *find_tensor(const Checkpoint *checkpoint, const char *name) {
    static const char *const older[2][2] = {{"LayerNorm.weight", "LayerNorm.gamma"},
                                            {"LayerNorm.bias", "LayerNorm.beta"}};
    SourceTensor *found = checkpoint_find(checkpoint, name);
    char other[160];
    size_t i, size = strlen(name), end;
    for (i = 0; i < 2 && !found; i++) {
        end = strlen(older[i][0]);
        if (size < end || strcmp(name + size - end, older[i][0]) != 0)
            continue;
        snprintf(other, sizeof other, "%.*s%s", (int)(size - end), name, older[i][1]);
        found = checkpoint_find(checkpoint, other);
    }
    return found;
}

/* Wrapped models (of PEFT, DDP, torch.compile) have the tensor under a longer name. */
static void fail_missing(const Checkpoint *checkpoint, const char *name) CONV_NORETURN;
static void fail_missing(const Checkpoint *checkpoint, const char *name) {
    size_t i, size = strlen(name), other;
    for (i = 0; i < checkpoint->count; i++) {
        const char *wrapped = checkpoint->tensors[i].name;
        other = strlen(wrapped);
        if (strstr(wrapped, ".lora_") || strstr(wrapped, ".base_layer."))
            fail("tensor %s is missing from the checkpoint, which has %s: a LoRA adapter that is "
                 "not merged: merge it (PEFT's merge_and_unload) and convert the result", name,
                 wrapped);
        if (other > size && wrapped[other - size - 1] == '.' &&
            strcmp(wrapped + other - size, name) == 0)
            fail("tensor %s is missing from the checkpoint, which has %s: save the model that is "
                 "inside the wrapper", name, wrapped);
    }
    fail("tensor %s is missing from the checkpoint", name);
}

/* The head's name in the layout of today. */
static SourceTensor *find_head(const Config *config, const Checkpoint *checkpoint) {
    const char *const *names = config->layouts->names;
    const char *name = names[SLM__FILL_HEAD] ? names[SLM__FILL_HEAD] : names[SLM__HEAD];
    char weight[128];
    snprintf(weight, sizeof weight, "%s.weight", name ? name : "lm_head");
    return find_tensor(checkpoint, weight);
}

static SourceTensor *find_source(const Config *config, const Checkpoint *checkpoint,
                                 const slm__expected *want, uint32_t layer, Place *place) {
    const Layout *layouts = config->layouts, *layout;
    SourceTensor *found;
    const char *bare;
    for (layout = layouts; layout->prefix; layout++)
        if (place_tensor(place, layout, &config->shape, want, layer) &&
            (found = find_tensor(checkpoint, place->name)) != NULL)
            return found;
    for (layout = layouts; layout->prefix; layout++) { /* a model that was saved without its head */
        if (!place_tensor(place, layout, &config->shape, want, layer))
            continue;
        bare = strchr(place->name, '.') + 1;
        if (strcmp(bare, "weight") && strcmp(bare, "bias") &&
            (found = find_tensor(checkpoint, bare)) != NULL)
            return found;
    }
    place_tensor(place, layouts, &config->shape, want, layer);
    if (config->shape.flags & SLM__FLAG_TIED && want->slot == SLM__EMBEDDING &&
        (found = find_head(config, checkpoint)) != NULL) /* one of the two names was kept */
        return found;
    fail_missing(checkpoint, place->name);
}

static void add_tensor(Model *model, const Config *config, Checkpoint *checkpoint,
                       const slm__expected *want, uint32_t layer, uint32_t type) {
    int vector = want->rows == SLM__ONE;
    OutTensor *out = &model->tensors[model->tensor_count++];
    Place place;
    SourceTensor *source;
    place_tensor(&place, config->layouts, &config->shape, want, layer);
    out->name = allocate(strlen(place.name) + 1, 1);
    strcpy(out->name, place.name);
    out->slot = want->slot;
    out->layer = layer;
    out->rows = slm__extent_of(&config->shape, want->rows);
    out->cols = slm__extent_of(&config->shape, want->cols);
    out->type = vector ? (uint32_t)SLM_TYPE_VECTOR : type_of(type, layer, want->slot);
    out->add = vector && config->architecture->gemma && !config->norms_are_whole
                   ? 1 : 0; /* all its vectors are norms */
    source = find_source(config, checkpoint, want, layer, &place);
    refuse_rival(source);
    if (want->slot == SLM__POSITIONS) {
        place.first = config->skipped;
        place.rows += config->skipped;
    }
    if (place.transposed)
        check_source(source, out->cols, place.rows, 0);
    else
        check_source(source, place.rows, vector ? place.rows : out->cols, vector);
    out->dtype = source->dtype;
    out->file = source->file;
    set_layout(out, source, &place);
    source->used = 1;
}

/* ---- tensors that are left over ---------------------------------------------------------- */

/* Does the name end with these parts, whole ones, separated by points? */
static int ends_in_parts(const char *name, const char *parts) {
    size_t size = strlen(name), end = strlen(parts);
    return size >= end && strcmp(name + size - end, parts) == 0 &&
           (size == end || name[size - end - 1] == '.');
}

/* What a model computes for itself and some checkpoints carry, wherever they keep it, and BERT's
   second copy of a bias. */
static int is_buffer(const char *name) {
    static const char *const buffers[] = {"attn.bias", "attention.bias", "masked_bias",
                                          "position_ids", "cls.predictions.decoder.bias",
                                          "lm_head.decoder.bias"};
    const char *rotary = strstr(name, "rotary_emb.");
    size_t i;
    for (i = 0; i < sizeof buffers / sizeof *buffers; i++)
        if (ends_in_parts(name, buffers[i]))
            return 1;
    return rotary && (rotary == name || rotary[-1] == '.');
}

static int is_in_layer(const char *name) {
    static const char *const prefixes[] = {
        "model.layers.", "layers.", "blk.", "transformer.h.", "h.", "bert.encoder.layer.",
        "encoder.layer.", "roberta.encoder.layer.", "distilbert.transformer.layer.",
        "transformer.layer.", "mobilebert.encoder.layer.", "gpt_neox.layers.",
        "language_model.model.layers.", "model.language_model.layers."};
    size_t i;
    for (i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t size = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], size) == 0 && name[size] >= '0' && name[size] <= '9')
            return 1;
    }
    return 0;
}

/* A tensor within a layer changes what the layer computes: the model would be another. */
static void refuse_in_layer(const SourceTensor *tensor, const char *described) {
    if (ends_in_parts(tensor->name, "qweight") || ends_in_parts(tensor->name, "qzeros"))
        fail("%s: tensor %s: quantized weights (GPTQ or AWQ) are not supported: convert the model "
             "that was quantized", tensor->file->path, tensor->name);
    if (strstr(tensor->name, ".lora_"))
        fail("%s: tensor %s: a LoRA adapter that is not merged: merge it (PEFT's "
             "merge_and_unload) and convert the result", tensor->file->path, tensor->name);
    fail("%s: tensor %s lies inside a layer, but %s a model without it (--ignore-extra leaves it "
         "out)", tensor->file->path, tensor->name, described);
}

static void check_extra(const Checkpoint *checkpoint, const Config *config, const char *directory,
                        int ignore) {
    enum { SHOWN = 8 };
    Buffer names = {NULL, 0, 0};
    size_t i, count = 0;
    for (i = 0; i < checkpoint->count; i++) {
        const SourceTensor *tensor = &checkpoint->tensors[i];
        if (tensor->used || !tensor->bytes || is_buffer(tensor->name) ||
            encoder_leaves_out(&config->shape, tensor->name))
            continue;
        if (!ignore && is_in_layer(tensor->name))
            refuse_in_layer(tensor, config->layouts == config->architecture->layouts
                                        ? "config.json describes"
                                        : "its keys describe");
        if (count++ < SHOWN) {
            put_bytes(&names, ", ", count > 1 ? 2 : 0);
            put_bytes(&names, tensor->name, strlen(tensor->name));
        }
    }
    put_zeros(&names, 1);
    if (count > SHOWN)
        warn("%s: %lu tensors are no part of this model and are left out: %s and %lu more",
             directory, (unsigned long)count, names.data, (unsigned long)(count - SHOWN));
    else if (count)
        warn("%s: %s no part of this model and %s left out: %s", directory,
             count > 1 ? "tensors are" : "a tensor is", count > 1 ? "are" : "is", names.data);
    free(names.data);
}

/* A tied head that is in the checkpoint too is the embedding once more. Where it is another,
   transformers 5 takes both and transformers 4 leaves it out. */
static void settle_tied(Config *config, Checkpoint *checkpoint, const char *directory) {
    SourceTensor *head = find_head(config, checkpoint), *embedding;
    int tied;
    Place place;
    if (!(config->shape.flags & SLM__FLAG_TIED) || !head || !head->bytes)
        return;
    place_tensor(&place, config->layouts, &config->shape, slm__model_tensors, MODEL_LAYER);
    embedding = find_tensor(checkpoint, place.name);
    embedding = embedding ? embedding : find_tensor(checkpoint, strchr(place.name, '.') + 1);
    if (!embedding)
        return; /* the head stands for both */
    refuse_rival(head);
    head->used = 1;
    if (tensors_equal(head, embedding))
        return;
    tied = version_from(config->whole) < 5;
    if (!tied)
        config->shape.flags &= ~(uint32_t)SLM__FLAG_TIED;
    warn("%s: config.json ties the head to the embedding, but %s is another: it is %s, as in the "
         "transformers that wrote it%s", directory, head->name, tied ? "left out" : "taken",
         tied ? " (\"tie_word_embeddings\": false takes it)" : "");
}

static void collect_tensors(Model *model, const Config *config, Checkpoint *checkpoint,
                            Checkpoint *dense, uint32_t type) {
    enum { LAYER = sizeof slm__layer_tensors / sizeof *slm__layer_tensors,
           MODEL = sizeof slm__model_tensors / sizeof *slm__model_tensors };
    uint32_t features = slm__features_of(config->row, &config->shape), layer;
    size_t i;
    model->tensors = allocate((size_t)config->shape.layers * LAYER + MODEL,
                              sizeof *model->tensors);
    for (layer = 0; layer < config->shape.layers; layer++)
        for (i = 0; i < LAYER; i++)
            if (slm__has(features, slm__layer_tensors[i].needs))
                add_tensor(model, config, checkpoint, &slm__layer_tensors[i], layer, type);
    for (i = 0; i < MODEL; i++)
        if (slm__has(features, slm__model_tensors[i].needs))
            add_tensor(model, config,
                       slm__model_tensors[i].slot < SLM__VECTOR_DENSE ? checkpoint : dense,
                       &slm__model_tensors[i], MODEL_LAYER, type);
}

/* ---- header and sections ----------------------------------------------------------------- */

Section *model_section(Model *model, uint32_t kind, uint32_t flags) {
    Section *section = &model->sections[model->section_count++];
    section->kind = kind;
    section->flags = flags;
    return section;
}

/* llama3's scaling of one frequency: short waves stay, long ones are divided, and between the two
   lies a mixture. Hugging Face divides a number by a tensor as its reciprocal times the number. */
static float scale_llama3(const Scaling *scaling, float frequency) {
    float wave = 1.0f / frequency, smooth, rest, scaled;
    float longest = (float)(scaling->original / scaling->low);
    float shortest = (float)(scaling->original / scaling->high);
    wave = wave * (float)(2 * 3.141592653589793);
    if (wave > longest)
        return frequency / (float)scaling->factor;
    if (wave < shortest)
        return frequency;
    smooth = 1.0f / wave;
    smooth = smooth * (float)scaling->original;
    smooth = smooth - (float)scaling->low;
    smooth = smooth / (float)(scaling->high - scaling->low);
    rest = 1.0f - smooth;
    rest = rest * frequency;
    rest = rest / (float)scaling->factor;
    scaled = smooth * frequency;
    return rest + scaled;
}

/* In the precision of each step as Hugging Face does it: float exponent, float power, float
   quotient. A float power is the double one rounded. */
static void put_frequencies(Buffer *out, const Config *config, double theta,
                            const Scaling *scaling) {
    uint32_t rotary = config->shape.rotary, i;
    for (i = 0; i < rotary; i += 2) {
        float exponent = (float)i / (float)rotary;
        float power = (float)pow((float)theta, exponent);
        float frequency = 1.0f / power;
        if (scaling->type == SCALING_LINEAR)
            frequency = frequency / (float)scaling->factor;
        if (scaling->type == SCALING_LLAMA3)
            frequency = scale_llama3(scaling, frequency);
        if (config->divisors)
            frequency = (float)((double)frequency / config->divisors[i / 2]);
        put_f32(out, frequency);
    }
}

/* A second table where layers with a window have one. */
static void put_tables(Buffer *out, const Config *config) {
    put_frequencies(out, config, config->theta, &config->scaling);
    if (config->local_theta != 0 && config->shape.window)
        put_frequencies(out, config, config->local_theta, &config->local_scaling);
}

static void put_metadata(Buffer *out, const char *key, const char *value) {
    put_bytes(out, key, strlen(key) + 1);
    put_bytes(out, value, strlen(value) + 1);
}

/* What a model is made of, wherever it comes from. The tensors keep pointers into it. */
typedef struct Parts {
    const char *path; /* for messages */
    const char *kind; /* of the source, in the metadata */
    Config config;
    Tokenizer tokenizer;
    Chat chat;
    Checkpoint checkpoint;
    EncoderParts encoder;
} Parts;

static int is_encoder(const Parts *parts) {
    return (parts->config.row->features & SLM__ENCODER) != 0;
}

static void put_head(Model *model, const Parts *parts) {
    put_shape(model->header, &parts->config);
    if (is_encoder(parts))
        set_u32(model->header + SLM__AT_TASK, parts->encoder.task);
    model->header[SLM__AT_TOKENIZER] = (unsigned char)parts->tokenizer.kind;
    model->header[SLM__AT_CHAT_FORMAT] = (unsigned char)parts->chat.format;
}

static void assemble(Model *model, Parts *parts, uint32_t type, int ignore_extra) {
    Config *config = &parts->config;
    Section *section;
    settle_tied(config, &parts->checkpoint, parts->path);
    config->shape.vocab_used = parts->tokenizer.used;
    put_head(model, parts);
    collect_tensors(model, config, &parts->checkpoint, &parts->encoder.dense, type);
    check_extra(&parts->checkpoint, config, parts->path, ignore_extra);
    if (is_encoder(parts))
        encoder_put(model, &parts->encoder);
    if (parts->tokenizer.kind)
        model_section(model, SLM__TOKENIZER, 1)->bytes = parts->tokenizer.section;
    section = model_section(model, SLM__FREQUENCIES, 1);
    put_tables(&section->bytes, config);
    model_section(model, SLM__LAYER_KINDS, 1)->bytes = config->kinds;
    model_section(model, SLM__DIRECTORY, 1); /* filled while writing */
    section = model_section(model, SECTION_METADATA, 0);
    put_metadata(&section->bytes, "source", parts->kind);
    put_metadata(&section->bytes, "model_type",
                 is_encoder(parts) ? config->architecture->model_type : config->row->name);
    if (!is_encoder(parts))
        chat_put(model, &parts->chat);
}

void model_from_directory(Model *model, const char *root, const Options *options) {
    static Parts parts;
    Config *config = &parts.config;
    char *apart = encoder_checkpoint_directory(root);
    const char *directory = apart ? apart : root;
    char *path = join_path(directory, "config.json");
    ChatTemplate chat = {NULL, 0};
    uint32_t type = options->type ? options->type : (uint32_t)SLM_TYPE_F16;
    parts.path = directory;
    parts.kind = "Hugging Face checkpoint";
    refuse_directory(directory);
    read_config(config, path, json_read(path));
    refuse_config(directory, config->whole);
    if (config->row->block == SLM__BOTTLENECK && slm__integer(type))
        fail("%s: type %s does not suit mobilebert, whose activations reach 1e7; f32, f16 and bf16 "
             "do", path, slm_type_name((slm_type)type));
    tokenizer_read(&parts.tokenizer, directory, config->whole, config->shape.vocab_rows);
    if (!is_encoder(&parts)) {
        chat_read_template(&chat, directory, &parts.tokenizer);
        chat_choose(&parts.chat, directory, &parts.tokenizer, (int)config->architecture->chat,
                    &chat, &options->chat);
    }
    checkpoint_open(&parts.checkpoint, directory);
    if (is_encoder(&parts)) {
        encoder_read_heads(&parts.encoder, &config->shape, config->row, config->json, path,
                           &parts.checkpoint);
        encoder_read_vectors(&parts.encoder, &config->shape, root, directory, &parts.tokenizer);
    } else
        encoder_check_decoder(&config->shape, root);
    assemble(model, &parts, type, options->ignore_extra);
    free(path);
}

/* ---- a GGUF as the source ---------------------------------------------------------------- */

/* Numbers of few bits lie on a grid of their own: eight bits come close to all of it, and four, on
   another grid, lose once more what quantizing lost before. */
static uint32_t choose_type(const char *path, const char *quantized, const Options *options) {
    const char *name = slm_type_name((slm_type)options->type);
    if (!quantized)
        return options->type ? options->type : (uint32_t)SLM_TYPE_F16;
    if (!options->type) {
        report("%s: its weights are quantized (%s): the type is q8 (--type f32 keeps their "
               "numbers, f16 rounds them to 11 bits)", path, quantized);
        return SLM_TYPE_Q8;
    }
    if (options->type != SLM_TYPE_Q4 && options->type != SLM_TYPE_Q4F)
        return options->type;
    if (!options->requantize)
        fail("%s: its weights are quantized already (%s), and %s would lose as much once more: "
             "take q8 (the default), or convert the Hugging Face checkpoint that it was made from "
             "(--requantize does it all the same)", path, quantized, name);
    warn("%s: its weights are quantized already (%s): %s loses as much once more", path, quantized,
         name);
    return options->type;
}

void model_from_gguf(Model *model, const char *path, const Options *options) {
    static Parts parts;
    static Gguf gguf; /* templates are read in it */
    Config *config = &parts.config;
    ChatTemplate chat = {NULL, 0};
    uint32_t type;
    parts.path = path;
    parts.kind = "GGUF file for llama.cpp";
    gguf_open(&gguf, &parts.checkpoint, path);
    read_config(config, path, gguf_config(&gguf, &parts.checkpoint));
    config->norms_are_whole = 1;
    config->layouts = gguf_layouts(&gguf);
    config->divisors = gguf_divisors(&parts.checkpoint, config->shape.rotary / 2);
    gguf_tokenizer(&parts.tokenizer, &gguf, config->shape.vocab_rows);
    chat.text = gguf_text(&gguf, "tokenizer.chat_template", &chat.size);
    chat_choose(&parts.chat, path, &parts.tokenizer, (int)config->architecture->chat, &chat,
                &options->chat);
    type = choose_type(path, gguf_quantized(&parts.checkpoint), options);
    assemble(model, &parts, type, options->ignore_extra);
}

/* ---- command line ------------------------------------------------------------------------ */

static const char help[] =
    "usage: slm-convert SRC OUT.slm [--type TYPE] [--requantize] [--chat NAME]\n"
    "                   [--system TEXT] [--ignore-extra]\n"
    "example: slm-convert ~/models/phi-2 phi-2.slm --type q4\n"
    "  SRC      a Hugging Face directory (config.json, safetensors or PyTorch .bin\n"
    "           files, tokenizer files), a GGUF file (of several the first one),\n"
    "           or a .slm of type f32, f16 or bf16\n"
    "  OUT.slm  the file to write\n"
    "  --type   type of the matrices: f32, f16 (default), bf16, q8 (8.06 bits),\n"
    "           q4f (4.5 bits), q4 (4.25 bits); with q4 and q4f the embeddings and the head\n"
    "           are q8. A GGUF of quantized weights becomes q8 where nothing is said\n"
    "  --requantize  makes q4 and q4f from quantized weights, too, which loses much\n"
    "  --chat   the chat format: plain, phi-2, chatml, llama-2, zephyr, llama-3, gemma\n"
    "           (the one that writes what the chat template writes; without a template\n"
    "           chatml where the tokenizer has <|im_start|> and <|im_end|>, else phi-2\n"
    "           for Phi, else plain; of a .slm: as it is)\n"
    "  --system a conversation's system message where a program gives none; \"\": none\n"
    "           (the chat template's own; of a .slm: as it is)\n"
    "  --ignore-extra  leave out tensors that the model does not have, also within a\n"
    "           layer, where they mean another model than config.json describes\n"
    "  -h, --help      this text; --version\n";

static void take_type(void *to, const char *name, const char *value) {
    int i;
    (void)name;
    for (i = SLM_TYPE_F32; i <= SLM_TYPE_Q4F; i++)
        if (strcmp(value, slm_type_name((slm_type)i)) == 0) {
            *(uint32_t *)to = (uint32_t)i;
            return;
        }
    tool_fail(2, "--type is f32, f16, bf16, q8, q4 or q4f, not %.200s", value);
}

static void take_format(void *to, const char *name, const char *value) {
    (void)name;
    *(int *)to = (int)tool_chat_format(value);
}

static void take_system(void *to, const char *name, const char *value) {
    const char *fault = chat_system_fault(value);
    if (fault) tool_fail(2, "%s %s", name, fault);
    *(const char **)to = value;
}

int main(int count, char **arguments) {
    static Model model;
    const char *paths[2] = {NULL, NULL};
    Options options = {0, 0, {SLM_CHAT_AUTO, NULL}, 0};
    const tool_option table[] = {{"--type", TOOL_OTHER, &options.type, 0, 0, take_type},
                                 {"--requantize", TOOL_FLAG, &options.requantize, 0, 0, NULL},
                                 {"--chat", TOOL_OTHER, &options.chat.format, 0, 0, take_format},
                                 {"--system", TOOL_OTHER, &options.chat.system, 0, 0, take_system},
                                 {"--ignore-extra", TOOL_FLAG, &options.ignore_extra, 0, 0, NULL}};
    const size_t rows = sizeof table / sizeof table[0];
    struct stat status;
    tool_name = "slm-convert";
    if (tool_arguments(count, arguments, table, rows, help, paths, 2) != 2)
        tool_fail(2, "SRC and OUT.slm are needed");
    signal(SIGXFSZ, SIG_IGN); /* too large a file is an error like any other: it is cleaned up */
    if (stat(paths[0], &status) != 0)
        fail("%s: no such file or directory", paths[0]);
    if (S_ISDIR(status.st_mode))
        model_from_directory(&model, paths[0], &options);
    else if (S_ISREG(status.st_mode) && gguf_is(paths[0]))
        model_from_gguf(&model, paths[0], &options);
    else
        model_from_slm(&model, paths[0], &options);
    refuse_output(paths[0], paths[1]);
    model_write(&model, paths[1]);
    return 0;
}
