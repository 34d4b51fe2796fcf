/* convert.c - slm-convert: a Hugging Face checkpoint, or an f32 or f16 .slm, becomes a .slm.
   What an architecture is stands in tables: keys of its config.json, names of its tensors. */
#define _POSIX_C_SOURCE 200809L
#include "library.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- architectures as data --------------------------------------------------------------- */

typedef enum Dim {
    DIM_ONE, DIM_VOCAB, DIM_HIDDEN, DIM_INTERMEDIATE, DIM_HEADS, DIM_KV_HEADS, DIM_HEAD,
    DIM_CONTEXT, DIM_COUNT
} Dim;

typedef enum When { ALWAYS, UNLESS_TIED, IF_QK_NORM } When;

typedef struct TensorRow {
    const char *name; /* of a layer's tensor: what follows the layer's prefix */
    uint32_t slot;
    Dim rows, cols;
    When when;
} TensorRow;

/* A key of config.json, its alias (which wins, as in Hugging Face) and its default there. */
typedef struct ConfigKey {
    const char *name, *alias;
    double value;
} ConfigKey;

enum { KEY_VOCAB, KEY_CONTEXT, KEY_LAYERS, KEY_HIDDEN, KEY_INTERMEDIATE, KEY_HEADS, KEY_KV_HEADS,
       KEY_EPS, KEY_COUNT };

typedef struct Architecture {
    uint32_t id;
    const char *model_type, *activation_key;
    ConfigKey keys[KEY_COUNT]; /* a name of NULL: the architecture has no such key */
    const char *layer_prefix;
    const TensorRow *layer, *model;
} Architecture;

static const TensorRow phi_layer[] = {
    {"input_layernorm.weight", 1, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"input_layernorm.bias", 2, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"self_attn.q_proj.weight", 3, DIM_HEADS, DIM_HIDDEN, ALWAYS},
    {"self_attn.q_proj.bias", 4, DIM_ONE, DIM_HEADS, ALWAYS},
    {"self_attn.k_proj.weight", 5, DIM_KV_HEADS, DIM_HIDDEN, ALWAYS},
    {"self_attn.k_proj.bias", 6, DIM_ONE, DIM_KV_HEADS, ALWAYS},
    {"self_attn.v_proj.weight", 7, DIM_KV_HEADS, DIM_HIDDEN, ALWAYS},
    {"self_attn.v_proj.bias", 8, DIM_ONE, DIM_KV_HEADS, ALWAYS},
    {"self_attn.dense.weight", 9, DIM_HIDDEN, DIM_HEADS, ALWAYS},
    {"self_attn.dense.bias", 10, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"self_attn.q_layernorm.weight", 11, DIM_ONE, DIM_HEAD, IF_QK_NORM},
    {"self_attn.q_layernorm.bias", 12, DIM_ONE, DIM_HEAD, IF_QK_NORM},
    {"self_attn.k_layernorm.weight", 13, DIM_ONE, DIM_HEAD, IF_QK_NORM},
    {"self_attn.k_layernorm.bias", 14, DIM_ONE, DIM_HEAD, IF_QK_NORM},
    {"mlp.fc1.weight", 17, DIM_INTERMEDIATE, DIM_HIDDEN, ALWAYS},
    {"mlp.fc1.bias", 18, DIM_ONE, DIM_INTERMEDIATE, ALWAYS},
    {"mlp.fc2.weight", 21, DIM_HIDDEN, DIM_INTERMEDIATE, ALWAYS},
    {"mlp.fc2.bias", 22, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {NULL, 0, DIM_ONE, DIM_ONE, ALWAYS}};

static const TensorRow phi_model[] = {
    {"model.embed_tokens.weight", 64, DIM_VOCAB, DIM_HIDDEN, ALWAYS},
    {"model.final_layernorm.weight", 69, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"model.final_layernorm.bias", 70, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"lm_head.weight", 71, DIM_VOCAB, DIM_HIDDEN, UNLESS_TIED},
    {"lm_head.bias", 72, DIM_ONE, DIM_VOCAB, ALWAYS},
    {NULL, 0, DIM_ONE, DIM_ONE, ALWAYS}};

static const TensorRow gptj_layer[] = {
    {"ln_1.weight", 1, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"ln_1.bias", 2, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"attn.q_proj.weight", 3, DIM_HEADS, DIM_HIDDEN, ALWAYS},
    {"attn.k_proj.weight", 5, DIM_KV_HEADS, DIM_HIDDEN, ALWAYS},
    {"attn.v_proj.weight", 7, DIM_KV_HEADS, DIM_HIDDEN, ALWAYS},
    {"attn.out_proj.weight", 9, DIM_HIDDEN, DIM_HEADS, ALWAYS},
    {"mlp.fc_in.weight", 17, DIM_INTERMEDIATE, DIM_HIDDEN, ALWAYS},
    {"mlp.fc_in.bias", 18, DIM_ONE, DIM_INTERMEDIATE, ALWAYS},
    {"mlp.fc_out.weight", 21, DIM_HIDDEN, DIM_INTERMEDIATE, ALWAYS},
    {"mlp.fc_out.bias", 22, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {NULL, 0, DIM_ONE, DIM_ONE, ALWAYS}};

static const TensorRow gptj_model[] = {
    {"transformer.wte.weight", 64, DIM_VOCAB, DIM_HIDDEN, ALWAYS},
    {"transformer.ln_f.weight", 69, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"transformer.ln_f.bias", 70, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"lm_head.weight", 71, DIM_VOCAB, DIM_HIDDEN, UNLESS_TIED},
    {"lm_head.bias", 72, DIM_ONE, DIM_VOCAB, ALWAYS},
    {NULL, 0, DIM_ONE, DIM_ONE, ALWAYS}};

static const TensorRow llama_layer[] = {
    {"input_layernorm.weight", 1, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"self_attn.q_proj.weight", 3, DIM_HEADS, DIM_HIDDEN, ALWAYS},
    {"self_attn.k_proj.weight", 5, DIM_KV_HEADS, DIM_HIDDEN, ALWAYS},
    {"self_attn.v_proj.weight", 7, DIM_KV_HEADS, DIM_HIDDEN, ALWAYS},
    {"self_attn.o_proj.weight", 9, DIM_HIDDEN, DIM_HEADS, ALWAYS},
    {"post_attention_layernorm.weight", 15, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"mlp.up_proj.weight", 17, DIM_INTERMEDIATE, DIM_HIDDEN, ALWAYS},
    {"mlp.gate_proj.weight", 19, DIM_INTERMEDIATE, DIM_HIDDEN, ALWAYS},
    {"mlp.down_proj.weight", 21, DIM_HIDDEN, DIM_INTERMEDIATE, ALWAYS},
    {NULL, 0, DIM_ONE, DIM_ONE, ALWAYS}};

static const TensorRow llama_model[] = {
    {"model.embed_tokens.weight", 64, DIM_VOCAB, DIM_HIDDEN, ALWAYS},
    {"model.norm.weight", 69, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"lm_head.weight", 71, DIM_VOCAB, DIM_HIDDEN, UNLESS_TIED},
    {NULL, 0, DIM_ONE, DIM_ONE, ALWAYS}};

static const TensorRow neo_layer[] = {
    {"ln_1.weight", 1, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"ln_1.bias", 2, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"attn.attention.q_proj.weight", 3, DIM_HEADS, DIM_HIDDEN, ALWAYS},
    {"attn.attention.k_proj.weight", 5, DIM_KV_HEADS, DIM_HIDDEN, ALWAYS},
    {"attn.attention.v_proj.weight", 7, DIM_KV_HEADS, DIM_HIDDEN, ALWAYS},
    {"attn.attention.out_proj.weight", 9, DIM_HIDDEN, DIM_HEADS, ALWAYS},
    {"attn.attention.out_proj.bias", 10, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"ln_2.weight", 15, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"ln_2.bias", 16, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"mlp.c_fc.weight", 17, DIM_INTERMEDIATE, DIM_HIDDEN, ALWAYS},
    {"mlp.c_fc.bias", 18, DIM_ONE, DIM_INTERMEDIATE, ALWAYS},
    {"mlp.c_proj.weight", 21, DIM_HIDDEN, DIM_INTERMEDIATE, ALWAYS},
    {"mlp.c_proj.bias", 22, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {NULL, 0, DIM_ONE, DIM_ONE, ALWAYS}};

static const TensorRow neo_model[] = {
    {"transformer.wte.weight", 64, DIM_VOCAB, DIM_HIDDEN, ALWAYS},
    {"transformer.wpe.weight", 65, DIM_CONTEXT, DIM_HIDDEN, ALWAYS},
    {"transformer.ln_f.weight", 69, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"transformer.ln_f.bias", 70, DIM_ONE, DIM_HIDDEN, ALWAYS},
    {"lm_head.weight", 71, DIM_VOCAB, DIM_HIDDEN, UNLESS_TIED},
    {NULL, 0, DIM_ONE, DIM_ONE, ALWAYS}};

enum { ARCHITECTURE_PHI = 1, ARCHITECTURE_GPTJ = 2, ARCHITECTURE_LLAMA = 3,
       ARCHITECTURE_NEO = 4 };

#define OLDER_PHI_KEYS \
    {{"vocab_size", NULL, 50304}, {"n_positions", NULL, 2048}, {"n_layer", NULL, 20}, \
     {"n_embd", NULL, 1024}, {"n_inner", NULL, 0}, {"n_head", NULL, 16}, {"n_head_kv", NULL, 0}, \
     {"layer_norm_epsilon", NULL, 1e-5}}

static const Architecture architectures[] = {
    {ARCHITECTURE_PHI, "phi", "hidden_act",
     {{"vocab_size", NULL, 51200}, {"max_position_embeddings", NULL, 2048},
      {"num_hidden_layers", NULL, 24}, {"hidden_size", NULL, 2048},
      {"intermediate_size", NULL, 8192}, {"num_attention_heads", NULL, 32},
      {"num_key_value_heads", NULL, 0}, {"layer_norm_eps", NULL, 1e-5}},
     "model.layers.", phi_layer, phi_model},
    /* the same model under the keys and names of its own code (older.c) */
    {ARCHITECTURE_PHI, "mixformer-sequential", "activation_function", OLDER_PHI_KEYS,
     "model.layers.", phi_layer, phi_model},
    {ARCHITECTURE_PHI, "phi-msft", "activation_function", OLDER_PHI_KEYS, "model.layers.",
     phi_layer, phi_model},
    {ARCHITECTURE_GPTJ, "gptj", "activation_function",
     {{"vocab_size", NULL, 50400}, {"n_positions", "max_position_embeddings", 2048},
      {"n_layer", "num_hidden_layers", 28}, {"n_embd", "hidden_size", 4096},
      {"n_inner", NULL, 0}, {"n_head", "num_attention_heads", 16}, {NULL, NULL, 0},
      {"layer_norm_epsilon", NULL, 1e-5}},
     "transformer.h.", gptj_layer, gptj_model},
    {ARCHITECTURE_LLAMA, "llama", "hidden_act",
     {{"vocab_size", NULL, 32000}, {"max_position_embeddings", NULL, 2048},
      {"num_hidden_layers", NULL, 32}, {"hidden_size", NULL, 4096},
      {"intermediate_size", NULL, 11008}, {"num_attention_heads", NULL, 32},
      {"num_key_value_heads", NULL, 0}, {"rms_norm_eps", NULL, 1e-6}},
     "model.layers.", llama_layer, llama_model},
    {ARCHITECTURE_NEO, "gpt_neo", "activation_function",
     {{"vocab_size", NULL, 50257}, {"max_position_embeddings", NULL, 2048},
      {"num_layers", "num_hidden_layers", 24}, {"hidden_size", NULL, 2048},
      {"intermediate_size", NULL, 0}, {"num_heads", "num_attention_heads", 16}, {NULL, NULL, 0},
      {"layer_norm_epsilon", NULL, 1e-5}},
     "transformer.h.", neo_layer, neo_model}};

enum { ARCHITECTURE_COUNT = sizeof architectures / sizeof *architectures };

/* ---- config.json ------------------------------------------------------------------------- */

/* Of rotary frequencies, as Hugging Face names them. */
typedef struct Scaling {
    enum { SCALING_NONE, SCALING_LINEAR, SCALING_LLAMA3 } type;
    double factor, low, high, original; /* the last three of llama3 */
} Scaling;

typedef struct Config {
    const Architecture *architecture;
    const Json *json;
    const char *path;
    uint32_t dims[DIM_COUNT];
    uint32_t layers, context, heads, kv_heads, rotary, pad;
    double theta, eps;
    int version5;         /* written by transformers 5, whose rules then hold */
    const Json *rope;     /* rope_parameters or rope_scaling; NULL: none */
    const char *rope_name;
    Scaling scaling;
    int tied, qk_norm;
    uint32_t window;
    Buffer kinds; /* of the layers: a byte each, 1 where attention sees the window */
} Config;

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
        fail("%s: no model_type; supported: phi, gptj, llama, gpt_neo", path);
    fail("%s: model_type %s%s%s is not supported; supported: phi, gptj, llama, gpt_neo (model_type "
         "says what a checkpoint is, not architectures)", path,
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

static uint32_t config_size(const Config *config, int which, uint32_t cap) {
    const char *name = config->architecture->keys[which].name;
    double value = config_key(config, which);
    if (!(value >= 1 && value <= cap) || value != floor(value))
        fail("%s: %s must be a whole number from 1 to %lu", config->path, name,
             (unsigned long)cap);
    return (uint32_t)value;
}

static int config_flag(const Config *config, const char *name, int absent) {
    const Json *value = json_get(config->json, name);
    if (value && value->type != JSON_TRUE && value->type != JSON_FALSE)
        fail("%s: %s must be true or false", config->path, name);
    return value ? value->type == JSON_TRUE : absent;
}

/* The activation's spellings: gelu_new, x/2 (1 + tanh(sqrt(2/pi)(x + 0.044715x^3))), and silu. */
static void check_activation(const Config *config) {
    static const char *const gelu[] = {"gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh",
                                       "gelu_fast", "gelu_accurate", NULL};
    static const char *const silu[] = {"silu", "swish", NULL};
    const char *const *same = config->architecture->id == ARCHITECTURE_LLAMA ? silu : gelu;
    const char *key = config->architecture->activation_key;
    const Json *value = json_get(config->json, key);
    size_t i;
    if (!value)
        return;
    for (i = 0; same[i]; i++)
        if (json_is(value, same[i]))
            return;
    fail("%s: %s %s is not supported; supported: %s", config->path, key,
         value->type == JSON_STRING ? value->text : "(not a string)", same[0]);
}

static double scaling_number(const Config *config, const char *name, double absent) {
    double value = member_number(config, config->rope, name, absent);
    if (!(value > 0 && value <= 1e9))
        fail("%s: %s: %s must be a number above 0", config->path, config->rope_name, name);
    return value;
}

/* Where the rotary parameters stand: transformers 5 writes all of them into rope_parameters. A
   rope_scaling beside it replaces it, as in Hugging Face. */
static void find_rope(Config *config) {
    const Json *scaling = json_get(config->json, "rope_scaling"), *item;
    const Json *parameters = json_get(config->json, "rope_parameters");
    config->version5 = parameters || version_from(config->json) >= 5;
    config->rope_name = "rope_scaling";
    config->rope = scaling;
    if (parameters && !(scaling && scaling->size)) {
        config->rope_name = "rope_parameters";
        config->rope = parameters;
    }
    if (config->rope && config->rope->type != JSON_OBJECT)
        fail("%s: %s must be an object", config->path, config->rope_name);
    if (parameters && version_from(config->json) > 0 && version_from(config->json) < 5)
        warn("%s: %s is taken; transformers 4, which wrote the file, ignores rope_parameters",
             config->path, config->rope_name);
    for (item = config->rope ? config->rope->first : NULL; item; item = item->next)
        if (item->type == JSON_OBJECT)
            fail("%s: %s: parameters of one kind of layer (%s) are not supported", config->path,
                 config->rope_name, item->key);
}

/* Of rope_parameters, or else of config.json itself. */
static double rope_number(const Config *config, const char *name, double absent) {
    absent = config_number(config, name, absent);
    return config->version5 ? member_number(config, config->rope, name, absent) : absent;
}

/* The older key, "type", wins over "rope_type" in transformers 4, and loses in 5. */
static const Json *rope_type(const Config *config) {
    const Json *first = json_member(config->rope, config->version5 ? "rope_type" : "type");
    return first ? first : json_get(config->rope, config->version5 ? "type" : "rope_type");
}

/* Scaled rotary frequencies. `dynamic` changes them beyond the model's positions only, where a
   context ends. */
static void read_scaling(Config *config) {
    const Json *type;
    int llama = config->architecture->id == ARCHITECTURE_LLAMA;
    Scaling *scaling = &config->scaling;
    if (!llama && config->architecture->id != ARCHITECTURE_PHI)
        return;
    find_rope(config);
    type = config->rope ? rope_type(config) : NULL;
    if (!config->rope || (!type && config->version5) || json_is(type, "default") ||
        (llama && json_is(type, "dynamic")))
        return;
    if (llama && json_is(type, "linear"))
        scaling->type = SCALING_LINEAR;
    else if (llama && json_is(type, "llama3"))
        scaling->type = SCALING_LLAMA3;
    else
        fail("%s: %s %s is not supported; supported: null%s", config->path, config->rope_name,
             type && type->type == JSON_STRING ? type->text : "(of no type)",
             llama ? ", default, linear, dynamic, llama3" : ", default");
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

/* What Hugging Face's LLaMA can have and this one has not. */
static void check_llama(const Config *config) {
    if (config_flag(config, "attention_bias", 0))
        fail("%s: attention_bias true is not supported", config->path);
    if (config_flag(config, "mlp_bias", 0))
        fail("%s: mlp_bias true is not supported", config->path);
    if (rope_number(config, "partial_rotary_factor", 1) != 1)
        fail("%s: a partial_rotary_factor is not supported", config->path);
}

/* Phi's first config.json: other keys, and queries and keys without a norm. */
static int is_older_phi(const Config *config) {
    return config->architecture->id == ARCHITECTURE_PHI &&
           strcmp(config->architecture->model_type, "phi") != 0;
}

/* The rotary part of a head, and the base of its frequencies. */
static void read_rotary(Config *config) {
    uint32_t head = config->dims[DIM_HEAD];
    double size;
    config->theta = 10000;
    if (config->architecture->id == ARCHITECTURE_NEO)
        return;
    if (is_older_phi(config)) {
        size = config_number(config, "rotary_dim", 32);
        size = size > head ? head : size;
    } else if (config->architecture->id == ARCHITECTURE_GPTJ) {
        size = config_number(config, "rotary_dim", 64);
    } else {
        size = head;
        if (config->architecture->id == ARCHITECTURE_PHI)
            size = floor(head * rope_number(config, "partial_rotary_factor", 0.5));
        config->theta = rope_number(config, "rope_theta", 10000);
    }
    if (!(size >= 2 && size <= head) || size != floor(size) || (uint32_t)size % 2)
        fail("%s: a rotary size of %g does not fit heads of %lu", config->path, size,
             (unsigned long)head);
    if (!(config->theta > 0) || config->theta > 1e12)
        fail("%s: rope_theta must be above 0", config->path);
    config->rotary = (uint32_t)size;
}

static void read_heads(Config *config) {
    uint32_t hidden = config->dims[DIM_HIDDEN];
    double kv = config_key(config, KEY_KV_HEADS), given = 0, head;
    int llama = config->architecture->id == ARCHITECTURE_LLAMA;
    config->heads = config_size(config, KEY_HEADS, 4096);
    if (llama || config->architecture->id == ARCHITECTURE_PHI)
        given = config_number(config, "head_dim", 0);
    if (!(llama && given != 0) && hidden % config->heads)
        fail("%s: a hidden size of %lu does not divide into %lu heads", config->path,
             (unsigned long)hidden, (unsigned long)config->heads);
    head = given != 0 ? given : hidden / config->heads;
    if (!llama && head != hidden / config->heads)
        fail("%s: a head_dim of %g is not supported; supported: hidden size / heads (%lu)",
             config->path, given, (unsigned long)(hidden / config->heads));
    if (!(head >= 1 && head <= 4096) || head != floor(head))
        fail("%s: head_dim must be a whole number from 1 to 4096", config->path);
    kv = kv == 0 ? config->heads : kv;
    if (!(kv >= 1 && kv <= config->heads) || kv != floor(kv) || config->heads % (uint32_t)kv)
        fail("%s: %lu heads cannot share %g key/value heads", config->path,
             (unsigned long)config->heads, kv);
    config->kv_heads = (uint32_t)kv;
    config->dims[DIM_HEAD] = (uint32_t)head;
    config->dims[DIM_HEADS] = (uint32_t)head * config->heads;
    config->dims[DIM_KV_HEADS] = (uint32_t)head * config->kv_heads;
}

static void add_kind(Config *config, const Json *name) {
    unsigned char local = (unsigned char)json_is(name, "local");
    if (!local && !json_is(name, "global"))
        fail("%s: the attention of layer %lu is neither \"global\" nor \"local\"", config->path,
             (unsigned long)config->kinds.size);
    if (config->kinds.size < config->layers)
        put_bytes(&config->kinds, &local, 1);
}

/* One [names, times] of attention_types; 0: it is none, or no layer is left. */
static int add_kinds(Config *config, const Json *item) {
    const Json *names = item->type == JSON_ARRAY ? item->first : NULL, *name;
    const Json *times = names ? names->next : NULL;
    int64_t left;
    if (!times || times->next || names->type != JSON_ARRAY || !names->first ||
        !times->is_integer || times->integer < 0 || times->integer > config->layers)
        return 0;
    for (left = times->integer; left > 0; left--)
        for (name = names->first; name; name = name->next) {
            if (config->kinds.size == config->layers)
                return 0;
            add_kind(config, name);
        }
    return 1;
}

/* GPT-Neo's layers see all positions or a window: a list in attention_layers, or repeated lists
   in attention_types, or by default the two in turn. */
static void read_kinds(Config *config) {
    const Json *list = json_get(config->json, "attention_layers"), *item;
    const Json *types = json_get(config->json, "attention_types");
    double window = config_number(config, "window_size", 256);
    int fits = 1;
    uint32_t i;
    if (config->architecture->id != ARCHITECTURE_NEO) {
        put_zeros(&config->kinds, config->layers);
        return;
    }
    if (list) {
        fits = list->type == JSON_ARRAY && list->size == config->layers;
        for (item = fits ? list->first : NULL; item; item = item->next)
            add_kind(config, item);
    } else if (types) {
        fits = types->type == JSON_ARRAY;
        for (item = fits ? types->first : NULL; item && fits; item = item->next)
            fits = add_kinds(config, item);
    } else {
        put_zeros(&config->kinds, config->layers);
        for (i = 1; i < config->layers; i += 2)
            config->kinds.data[i] = 1;
    }
    if (!fits || config->kinds.size != config->layers)
        fail("%s: %s does not name the attention of %lu layers", config->path,
             list ? "attention_layers" : "attention_types", (unsigned long)config->layers);
    if (!(window >= 1 && window <= 1 << 24) || window != floor(window))
        fail("%s: window_size must be a whole number from 1 to %lu", config->path, 1ul << 24);
    for (i = 0; i < config->layers; i++)
        if (config->kinds.data[i])
            config->window = window < config->context ? (uint32_t)window : config->context;
}

/* A rotary model sees no difference where its context ends earlier. */
static void read_context(Config *config) {
    enum { CONTEXT_LIMIT = 1 << 20 }; /* of a .slm */
    config->context = config_size(config, KEY_CONTEXT, 1 << 30);
    if (config->context <= CONTEXT_LIMIT || config->architecture->id == ARCHITECTURE_NEO)
        return;
    warn("%s: its context of %lu tokens is cut to %d, the most that a .slm can have", config->path,
         (unsigned long)config->context, CONTEXT_LIMIT);
    config->context = CONTEXT_LIMIT;
}

static void read_config(Config *config, const char *path) {
    double inner, pad;
    memset(config, 0, sizeof *config);
    config->path = path;
    config->json = json_read(path);
    config->architecture = find_architecture(path, config->json);
    check_activation(config);
    read_scaling(config);
    if (config->architecture->id == ARCHITECTURE_LLAMA)
        check_llama(config);
    config->dims[DIM_ONE] = 1;
    config->dims[DIM_VOCAB] = config_size(config, KEY_VOCAB, 1 << 24);
    config->dims[DIM_HIDDEN] = config_size(config, KEY_HIDDEN, 1 << 17);
    inner = config_key(config, KEY_INTERMEDIATE);
    config->dims[DIM_INTERMEDIATE] =
        inner == 0 && config->architecture->keys[KEY_INTERMEDIATE].value == 0
            ? 4 * config->dims[DIM_HIDDEN]
            : config_size(config, KEY_INTERMEDIATE, 1 << 20);
    config->layers = config_size(config, KEY_LAYERS, 4096);
    read_context(config);
    config->dims[DIM_CONTEXT] = config->context;
    read_kinds(config);
    read_heads(config);
    read_rotary(config);
    config->eps = config_key(config, KEY_EPS);
    if (!(config->eps >= 0 && config->eps < 1))
        fail("%s: the norm's epsilon must be from 0 to 1", path);
    pad = config_number(config, "pad_token_id", -1);
    config->pad = pad >= 0 && pad < config->dims[DIM_VOCAB] ? (uint32_t)pad : 0xFFFFFFFFu;
    config->tied = config_flag(config, "tie_word_embeddings",
                               config->architecture->id == ARCHITECTURE_NEO);
    config->qk_norm = config->architecture->id == ARCHITECTURE_PHI &&
                      config_flag(config, "qk_layernorm", 0);
}

/* ---- tensors ----------------------------------------------------------------------------- */

static int wanted(const Config *config, const TensorRow *row) {
    return row->when == ALWAYS || (row->when == UNLESS_TIED && !config->tied) ||
           (row->when == IF_QK_NORM && config->qk_norm);
}

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
}

/* Its place in the file: rows or columns must lie side by side, as those of a matrix or of its
   transpose do. */
static void set_layout(OutTensor *out, const SourceTensor *source, const OlderTensor *older) {
    uint64_t width = dtype_bytes(out->dtype);
    const uint64_t *strides = source->strides;
    int vector = out->type == SLM_TYPE_VECTOR;
    out->col_step = strides[vector ? 0 : 1] * width;
    out->row_step = vector ? 0 : strides[0] * width;
    out->group = older->group;
    out->group_step = older->group_step;
    if (out->cols == 1 || (vector && older->rows == 1))
        out->col_step = width;
    if (out->col_step != width &&
        (vector || older->group || (out->row_step != width && older->rows > 1)))
        fail("%s: tensor %s: its strides are not supported", source->file->path, source->name);
    out->source_offset =
        source->offset + (uint64_t)older->first * (vector ? out->col_step : out->row_step);
}

static SourceTensor *find_tensor(const Checkpoint *checkpoint, const char *name) {
    uint32_t at;
    return map_find(&checkpoint->by_name, name, strlen(name), &at) ? &checkpoint->tensors[at]
                                                                  : NULL;
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

static SourceTensor *find_source(const Config *config, const Checkpoint *checkpoint,
                                 const OutTensor *out, const TensorRow *row,
                                 OlderTensor *older) {
    OlderShape shape;
    const char *bare;
    uint32_t at, rows = config->dims[row->rows == DIM_ONE ? row->cols : row->rows];
    shape.layers = config->layers;
    shape.heads = config->heads;
    shape.kv_heads = config->kv_heads;
    shape.head = config->dims[DIM_HEAD];
    memset(older, 0, sizeof *older);
    older->rows = rows;
    if (map_find(&checkpoint->by_name, out->name, strlen(out->name), &at))
        return &checkpoint->tensors[at];
    if (config->architecture->id == ARCHITECTURE_PHI &&
        older_find(older, checkpoint, row->name, out->layer, rows, &shape) &&
        map_find(&checkpoint->by_name, older->name, strlen(older->name), &at))
        return &checkpoint->tensors[at];
    memset(older, 0, sizeof *older);
    older->rows = rows;
    bare = strchr(out->name, '.') + 1; /* a model that was saved without its head */
    if (strcmp(bare, "weight") && strcmp(bare, "bias") &&
        map_find(&checkpoint->by_name, bare, strlen(bare), &at))
        return &checkpoint->tensors[at];
    if (config->tied && row == config->architecture->model &&
        find_tensor(checkpoint, "lm_head.weight")) /* one of the two names was kept */
        return find_tensor(checkpoint, "lm_head.weight");
    fail_missing(checkpoint, out->name);
}

static void add_tensor(Model *model, const Config *config, Checkpoint *checkpoint,
                       const TensorRow *row, uint32_t layer, uint32_t type) {
    const char *prefix = layer == MODEL_LAYER ? "" : config->architecture->layer_prefix;
    size_t size = strlen(prefix) + strlen(row->name) + 16;
    int vector = row->rows == DIM_ONE;
    OutTensor *out = &model->tensors[model->tensor_count++];
    OlderTensor older;
    SourceTensor *source;
    out->name = allocate(size, 1);
    if (layer == MODEL_LAYER)
        snprintf(out->name, size, "%s", row->name);
    else
        snprintf(out->name, size, "%s%lu.%s", prefix, (unsigned long)layer, row->name);
    out->slot = row->slot;
    out->layer = layer;
    out->rows = config->dims[row->rows];
    out->cols = config->dims[row->cols];
    out->type = vector ? SLM_TYPE_VECTOR : type_of(type, layer);
    source = find_source(config, checkpoint, out, row, &older);
    refuse_rival(source);
    check_source(source, older.rows, vector ? older.rows : out->cols, vector);
    out->dtype = source->dtype;
    out->file = source->file;
    set_layout(out, source, &older);
    source->used = 1;
}

/* ---- tensors that are left over ---------------------------------------------------------- */

/* Does the name end with these parts, whole ones, separated by points? */
static int ends_in_parts(const char *name, const char *parts) {
    size_t size = strlen(name), end = strlen(parts);
    return size >= end && strcmp(name + size - end, parts) == 0 &&
           (size == end || name[size - end - 1] == '.');
}

/* What a model computes for itself and some checkpoints carry, wherever they keep it. */
static int is_buffer(const char *name) {
    static const char *const buffers[] = {"attn.bias", "attention.bias", "masked_bias",
                                          "position_ids"};
    const char *rotary = strstr(name, "rotary_emb.");
    size_t i;
    for (i = 0; i < sizeof buffers / sizeof *buffers; i++)
        if (ends_in_parts(name, buffers[i]))
            return 1;
    return rotary && (rotary == name || rotary[-1] == '.');
}

static int is_in_layer(const char *name) {
    static const char *const prefixes[] = {"model.layers.", "layers.", "transformer.h.", "h."};
    size_t i;
    for (i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t size = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], size) == 0 && name[size] >= '0' && name[size] <= '9')
            return 1;
    }
    return 0;
}

/* A tensor within a layer changes what the layer computes: the model would be another. */
static void refuse_in_layer(const SourceTensor *tensor) {
    if (ends_in_parts(tensor->name, "qweight") || ends_in_parts(tensor->name, "qzeros"))
        fail("%s: tensor %s: quantized weights (GPTQ or AWQ) are not supported: convert the model "
             "that was quantized", tensor->file->path, tensor->name);
    if (strstr(tensor->name, ".lora_"))
        fail("%s: tensor %s: a LoRA adapter that is not merged: merge it (PEFT's "
             "merge_and_unload) and convert the result", tensor->file->path, tensor->name);
    fail("%s: tensor %s lies inside a layer, but config.json describes a model without it "
         "(--ignore-extra leaves it out)", tensor->file->path, tensor->name);
}

static void check_extra(const Checkpoint *checkpoint, const char *directory, int ignore) {
    enum { SHOWN = 8 };
    Buffer names = {NULL, 0, 0};
    size_t i, count = 0;
    for (i = 0; i < checkpoint->count; i++) {
        const SourceTensor *tensor = &checkpoint->tensors[i];
        if (tensor->used || !tensor->bytes || is_buffer(tensor->name))
            continue;
        if (!ignore && is_in_layer(tensor->name))
            refuse_in_layer(tensor);
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
    const TensorRow *row = config->architecture->model;
    SourceTensor *head = find_tensor(checkpoint, "lm_head.weight"), *embedding;
    if (!config->tied || !head || !head->bytes)
        return;
    embedding = find_tensor(checkpoint, row->name);
    embedding = embedding ? embedding : find_tensor(checkpoint, strchr(row->name, '.') + 1);
    if (!embedding)
        return; /* the head stands for both */
    refuse_rival(head);
    head->used = 1;
    if (tensors_equal(head, embedding))
        return;
    config->tied = version_from(config->json) < 5;
    warn("%s: config.json ties the head to the embedding, but lm_head.weight is another: it is %s, "
         "as in the transformers that wrote it%s", directory, config->tied ? "left out" : "taken",
         config->tied ? " (\"tie_word_embeddings\": false takes it)" : "");
}

static void collect_tensors(Model *model, const Config *config, Checkpoint *checkpoint,
                            uint32_t type) {
    const Architecture *architecture = config->architecture;
    const TensorRow *row;
    uint32_t layer;
    model->tensors = allocate((size_t)config->layers * 24 + 16, sizeof *model->tensors);
    for (layer = 0; layer < config->layers; layer++)
        for (row = architecture->layer; row->name; row++)
            if (wanted(config, row))
                add_tensor(model, config, checkpoint, row, layer, type);
    for (row = architecture->model; row->name; row++)
        if (wanted(config, row))
            add_tensor(model, config, checkpoint, row, MODEL_LAYER, type);
}

/* ---- header and sections ----------------------------------------------------------------- */

Section *model_section(Model *model, uint32_t kind, uint32_t flags) {
    Section *section = &model->sections[model->section_count++];
    section->kind = kind;
    section->flags = flags;
    return section;
}

static void fill_header(Model *model, const Config *config, const Tokenizer *tokenizer,
                        uint32_t turns) {
    unsigned char *head = model->header;
    const uint32_t *dims = config->dims;
    float eps = (float)config->eps, one = 1;
    uint32_t eps_bits, one_bits, words[26], i;
    memset(words, 0, sizeof words);
    memcpy(&eps_bits, &eps, 4);
    memcpy(&one_bits, &one, 4);
    head[64] = (unsigned char)config->architecture->id;
    head[66] = (unsigned char)tokenizer->kind;
    head[68] = (unsigned char)turns;
    words[0] = dims[DIM_VOCAB];
    words[1] = tokenizer->used;
    words[2] = config->context;
    words[3] = config->layers;
    words[4] = dims[DIM_HIDDEN];
    words[5] = dims[DIM_INTERMEDIATE];
    words[6] = config->heads;
    words[7] = config->kv_heads;
    words[8] = dims[DIM_HEAD];
    words[9] = config->rotary;
    words[10] = config->window;
    words[14] = dims[DIM_HIDDEN];
    words[16] = 1;
    words[18] = config->pad;
    words[19] = (config->tied ? 1u : 0) | (config->qk_norm ? 2u : 0);
    words[20] = eps_bits;
    words[21] = one_bits;
    words[22] = config->architecture->id == ARCHITECTURE_NEO ? one_bits : 0; /* unscaled scores */
    for (i = 0; i < 26; i++)
        set_u32(head + 72 + 4 * i, words[i]);
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
static void put_frequencies(Buffer *out, const Config *config) {
    uint32_t i;
    for (i = 0; i < config->rotary; i += 2) {
        float exponent = (float)i / (float)config->rotary;
        float power = (float)pow((float)config->theta, exponent);
        float frequency = 1.0f / power;
        if (config->scaling.type == SCALING_LINEAR)
            frequency = frequency / (float)config->scaling.factor;
        if (config->scaling.type == SCALING_LLAMA3)
            frequency = scale_llama3(&config->scaling, frequency);
        put_f32(out, frequency);
    }
}

static void put_metadata(Buffer *out, const char *key, const char *value) {
    put_bytes(out, key, strlen(key) + 1);
    put_bytes(out, value, strlen(value) + 1);
}

void model_from_directory(Model *model, const char *directory, const Options *options) {
    static Checkpoint checkpoint; /* the tensors keep pointers into it */
    char *path = join_path(directory, "config.json");
    Config config;
    Tokenizer tokenizer;
    Chat chat;
    Section *section;
    refuse_directory(directory);
    read_config(&config, path);
    refuse_config(directory, config.json);
    tokenizer_read(&tokenizer, directory, config.json, config.dims[DIM_VOCAB]);
    chat_choose(&chat, directory, &tokenizer, config.architecture->id == ARCHITECTURE_PHI,
                &options->chat);
    checkpoint_open(&checkpoint, directory);
    settle_tied(&config, &checkpoint, directory);
    fill_header(model, &config, &tokenizer, chat.turns);
    collect_tensors(model, &config, &checkpoint, options->type);
    check_extra(&checkpoint, directory, options->ignore_extra);
    if (tokenizer.kind)
        model_section(model, SLM__TOKENIZER, 1)->bytes = tokenizer.section;
    section = model_section(model, SLM__FREQUENCIES, 1);
    put_frequencies(&section->bytes, &config);
    model_section(model, SLM__LAYER_KINDS, 1)->bytes = config.kinds;
    model_section(model, SLM__DIRECTORY, 1); /* filled while writing */
    section = model_section(model, SECTION_METADATA, 0);
    put_metadata(&section->bytes, "source", "Hugging Face checkpoint");
    put_metadata(&section->bytes, "model_type",
                 is_older_phi(&config) ? "phi" : config.architecture->model_type);
    chat_put(model, &chat);
    free(path);
}

/* ---- command line ------------------------------------------------------------------------ */

static void print_help(FILE *out) {
    fputs("usage: slm-convert SRC OUT.slm [--type TYPE] [--chat NAME] [--system TEXT]\n"
          "                   [--ignore-extra]\n"
          "  SRC      a Hugging Face directory (config.json, safetensors or PyTorch .bin\n"
          "           files, tokenizer files),\n"
          "           or a .slm of type f32, f16 or bf16\n"
          "  OUT.slm  the file to write\n"
          "  --type   type of the matrices: f32, f16 (default), bf16, q8 (8.06 bits),\n"
          "           q4f (4.5 bits), q4 (4.25 bits); with q4 and q4f the embeddings and the head\n"
          "           are q8\n"
          "  --chat   the chat format: plain, phi-2, chatml, llama-2, zephyr\n"
          "           (the one that writes what the chat template writes; without a template\n"
          "           chatml where the tokenizer has <|im_start|> and <|im_end|>, else phi-2\n"
          "           for Phi, else plain; of a .slm: as it is)\n"
          "  --system a conversation's system message where a program gives none; \"\": none\n"
          "           (the chat template's own; of a .slm: as it is)\n"
          "  --ignore-extra  leave out tensors that the model does not have, also within a\n"
          "           layer, where they mean another model than config.json describes\n"
          "  --help   this text\n", out);
}

static int usage_error(const char *what, const char *name) {
    report("%s%s", what, name);
    print_help(stderr);
    return 2;
}

static int parse_type(const char *name, uint32_t *type) {
    static const struct { const char *name; uint32_t type; } types[] = {
        {"f32", SLM_TYPE_F32}, {"f16", SLM_TYPE_F16}, {"bf16", SLM_TYPE_BF16},
        {"q8", SLM_TYPE_Q8},   {"q4", SLM_TYPE_Q4},   {"q4f", SLM_TYPE_Q4F}};
    size_t i;
    for (i = 0; name && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(name, types[i].name) == 0) {
            *type = types[i].type;
            return 0;
        }
    return usage_error("--type is f32, f16, bf16, q8, q4 or q4f, not ", name ? name : "nothing");
}

static int parse_turns(const char *name, int *turns) {
    *turns = name ? turns_by_name(name) : SLM_TURNS_AUTO;
    return *turns ? 0 : usage_error("--chat is plain, phi-2, chatml, llama-2 or zephyr, not ",
                                         name ? name : "nothing");
}

static int parse_system(const char *text, const char **system) {
    const char *fault = text ? chat_system_fault(text) : "needs a text";
    *system = text;
    return fault ? usage_error("--system ", fault) : 0;
}

static int parse(int count, char **arguments, const char **paths, Options *out) {
    int i, found = 0, options = 1;
    for (i = 1; i < count; i++) {
        const char *argument = arguments[i];
        if (options && strcmp(argument, "--") == 0)
            options = 0;
        else if (options && strcmp(argument, "--type") == 0) {
            if (parse_type(++i < count ? arguments[i] : NULL, &out->type))
                return 2;
        } else if (options && strncmp(argument, "--type=", 7) == 0) {
            if (parse_type(argument + 7, &out->type))
                return 2;
        } else if (options && strcmp(argument, "--chat") == 0) {
            if (parse_turns(++i < count ? arguments[i] : NULL, &out->chat.turns))
                return 2;
        } else if (options && strncmp(argument, "--chat=", 7) == 0) {
            if (parse_turns(argument + 7, &out->chat.turns))
                return 2;
        } else if (options && strcmp(argument, "--system") == 0) {
            if (parse_system(++i < count ? arguments[i] : NULL, &out->chat.system))
                return 2;
        } else if (options && strncmp(argument, "--system=", 9) == 0) {
            if (parse_system(argument + 9, &out->chat.system))
                return 2;
        } else if (options && strcmp(argument, "--ignore-extra") == 0)
            out->ignore_extra = 1;
        else if (options && argument[0] == '-' && argument[1])
            return usage_error("unknown option ", argument);
        else if (found == 2)
            return usage_error("one argument too many: ", argument);
        else
            paths[found++] = argument;
    }
    return found == 2 ? 0 : usage_error("SRC and OUT.slm are needed", "");
}

int main(int count, char **arguments) {
    static Model model;
    const char *paths[2] = {NULL, NULL};
    Options options = {SLM_TYPE_F16, {SLM_TURNS_AUTO, NULL}, 0};
    struct stat status;
    int i, result;
    for (i = 1; i < count; i++)
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
            print_help(stdout);
            if (fflush(stdout) != 0)
                fail("cannot write to stdout");
            return 0;
        }
    result = parse(count, arguments, paths, &options);
    if (result)
        return result;
    signal(SIGXFSZ, SIG_IGN); /* too large a file is an error like any other: it is cleaned up */
    if (stat(paths[0], &status) != 0)
        fail("%s: no such file or directory", paths[0]);
    if (S_ISDIR(status.st_mode))
        model_from_directory(&model, paths[0], &options);
    else
        model_from_slm(&model, paths[0], &options);
    refuse_output(paths[0], paths[1]);
    model_write(&model, paths[1]);
    return 0;
}
