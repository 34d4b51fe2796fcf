/* encoder.c - BERT, RoBERTa, DistilBERT and MobileBERT: what config.json says of them that decoders
   do not have, and which heads a checkpoint holds. */
#define _POSIX_C_SOURCE 200809L
#include "encoder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t read_size(const Json *json, const char *path, const char *name, uint32_t least,
                          uint32_t absent) {
    const Json *value = json_get(json, name);
    if (!value)
        return absent;
    if (value->type != JSON_NUMBER || !value->is_integer || value->integer < least ||
        value->integer > 1 << 30)
        fail("%s: %s must be a whole number from %lu on", path, name, (unsigned long)least);
    return (uint32_t)value->integer;
}

static const char *text_of(const Json *value) {
    return value->type == JSON_STRING ? value->text : "(not a string)";
}

/* ---- config.json ------------------------------------------------------------------------- */

static void read_bottleneck(slm__shape *shape, const Json *json, const char *path) {
    const Json *norm = json_get(json, "normalization_type");
    uint32_t flags = 0, ffns = read_size(json, path, "num_feedforward_networks", 1, 4);
    shape->embedding = read_size(json, path, "embedding_size", 1, 128);
    if (json_flag(json, path, "trigram_input", 1))
        flags |= SLM__TRIGRAM;
    if (flags & SLM__TRIGRAM || shape->embedding != shape->hidden)
        flags |= SLM__TRANSFORMS;
    if (norm && json_is(norm, "layer_norm"))
        flags |= SLM__TRUE_NORM;
    else if (norm && !json_is(norm, "no_norm"))
        fail("%s: normalization_type %s is not supported; supported: no_norm, layer_norm", path,
             text_of(norm));
    if (ffns > SLM__STACK_MOST + 1)
        fail("%s: num_feedforward_networks is %lu; at most %d are supported", path,
             (unsigned long)ffns, SLM__STACK_MOST + 1);
    shape->stack = ffns - 1;
    shape->inner = shape->hidden;
    if (json_flag(json, path, "use_bottleneck", 1)) {
        flags |= SLM__USES_BOTTLENECK;
        shape->inner = read_size(json, path, "intra_bottleneck_size", 1, 128);
        if (json_flag(json, path, "use_bottleneck_attention", 0))
            flags |= SLM__NARROW_ATTENTION;
        else if (json_flag(json, path, "key_query_shared_bottleneck", 1))
            flags |= SLM__SHARES_BOTTLENECK;
        else if (shape->inner != shape->hidden)
            fail("%s: queries and keys of the hidden size %lu do not fit a bottleneck of %lu, in "
                 "Hugging Face neither", path, (unsigned long)shape->hidden,
                 (unsigned long)shape->inner);
    }
    shape->bottleneck_flags = flags;
}

void encoder_read_config(slm__shape *shape, const slm__architecture *row, const Json *json,
                         const char *path) {
    const Json *positions = json_get(json, "position_embedding_type");
    static const char *const refused[] = {"is_decoder", "add_cross_attention"};
    size_t i;
    for (i = 0; i < 2; i++)
        if (json_flag(json, path, refused[i], 0))
            fail("%s: %s true is not supported: an encoder sees its whole text", path, refused[i]);
    if (positions && !json_is(positions, "absolute"))
        fail("%s: position_embedding_type %s is not supported; supported: absolute", path,
             text_of(positions));
    shape->embedding = shape->inner = shape->hidden;
    shape->token_types =
        strcmp(row->name, "distilbert") ? read_size(json, path, "type_vocab_size", 0, 2) : 0;
    if (row->block == SLM__BOTTLENECK)
        read_bottleneck(shape, json, path);
}

/* ---- heads ------------------------------------------------------------------------------- */

/* What a class of Hugging Face's has behind the layers, by the end of its name. */
static const struct { const char *name; uint32_t tasks; } classes[] = {
    {"ForMaskedLM", 1u << SLM_TASK_FILL},
    {"ForPreTraining", 1u << SLM_TASK_FILL | 1u << SLM_TASK_NEXT},
    {"ForNextSentencePrediction", 1u << SLM_TASK_NEXT},
    {"ForSequenceClassification", 1u << SLM_TASK_CLASSIFY},
    {"ForTokenClassification", 1u << SLM_TASK_TAG},
    {"ForQuestionAnswering", 1u << SLM_TASK_ANSWER},
    {"Model", 0}};

static uint32_t tasks_of_class(const Json *name, const char *path) {
    size_t i, size, end;
    if (name->type != JSON_STRING)
        fail("%s: a name in architectures is not a string", path);
    for (i = 0; i < sizeof classes / sizeof *classes; i++) {
        size = strlen(name->text);
        end = strlen(classes[i].name);
        if (size >= end && strcmp(name->text + size - end, classes[i].name) == 0)
            return classes[i].tasks;
    }
    fail("%s: class %s is not supported; supported: Model, ForMaskedLM, ForPreTraining, "
         "ForNextSentencePrediction, ForSequenceClassification, ForTokenClassification, "
         "ForQuestionAnswering", path, name->text);
}

static int holds(const Checkpoint *checkpoint, const char *name) {
    uint32_t at;
    return map_find(&checkpoint->by_name, name, strlen(name), &at);
}

/* The classes' heads; of those that have names of their own also what lies beside them. */
static uint32_t find_tasks(EncoderParts *out, const Json *json, const char *path,
                           const Checkpoint *checkpoint) {
    const Json *list = json_get(json, "architectures"), *item;
    uint32_t tasks = 0, task;
    for (item = list && list->type == JSON_ARRAY ? list->first : NULL; item; item = item->next)
        tasks |= tasks_of_class(item, path);
    for (task = SLM_TASK_CLASSIFY; task < SLM_TASK_COUNT && !out->task; task++)
        if (list && list->first && tasks_of_class(list->first, path) >> task & 1)
            out->task = task;
    if (holds(checkpoint, "cls.predictions.transform.dense.weight") ||
        holds(checkpoint, "lm_head.dense.weight") ||
        holds(checkpoint, "vocab_transform.weight"))
        tasks |= 1u << SLM_TASK_FILL;
    if (holds(checkpoint, "cls.seq_relationship.weight"))
        tasks |= 1u << SLM_TASK_NEXT;
    if (holds(checkpoint, "qa_outputs.weight"))
        tasks |= 1u << SLM_TASK_ANSWER;
    if (tasks >> SLM_TASK_CLASSIFY & 1 && tasks >> SLM_TASK_TAG & 1)
        fail("%s: a classifier of texts and one of tokens have the same name, classifier", path);
    return tasks;
}

/* What stands between a text's first hidden state and a head of texts. */
static uint32_t find_pooler(const slm__shape *shape, const slm__architecture *row,
                            const Json *json, const char *path, const Checkpoint *checkpoint) {
    uint32_t texts = 1u << SLM_TASK_CLASSIFY | 1u << SLM_TASK_NEXT;
    const Json *type = json_get(json, "model_type"); /* the prefix of the model's tensors */
    char name[64];
    if (strcmp(row->name, "distilbert") == 0)
        return shape->tasks >> SLM_TASK_CLASSIFY & 1 ? SLM__POOLER_RELU : SLM__POOLER_NONE;
    if (row->block == SLM__BOTTLENECK && !json_flag(json, path, "classifier_activation", 1))
        return SLM__POOLER_FIRST;
    snprintf(name, sizeof name, "%s.pooler.dense.weight", type->text);
    if (shape->tasks & texts || holds(checkpoint, name) ||
        holds(checkpoint, strchr(name, '.') + 1))
        return SLM__POOLER_TANH;
    return SLM__POOLER_NONE;
}

/* The names of the labels in order: id2label, or LABEL_0, LABEL_1 ... */
static void read_labels(EncoderParts *out, slm__shape *shape, const Json *json,
                        const char *path) {
    const Json *names = json_get(json, "id2label"), *item;
    uint32_t count = read_size(json, path, "num_labels", 1, 2), i;
    if (names && names->type != JSON_OBJECT)
        fail("%s: id2label must be an object", path);
    if (names)
        count = (uint32_t)names->size;
    if (!count || count > 1 << 16)
        fail("%s: %lu labels, allowed 1 to %d", path, (unsigned long)count, 1 << 16);
    shape->labels = count;
    for (i = 0; i < count; i++) {
        char key[32];
        snprintf(key, sizeof key, "%lu", (unsigned long)i);
        item = names ? json_get(names, key) : NULL;
        if (names && (!item || item->type != JSON_STRING || strlen(item->text) != item->size))
            fail("%s: id2label has no text for label %s", path, key);
        if (!names)
            put_bytes(&out->labels, "LABEL_", 6);
        put_bytes(&out->labels, names ? item->text : key, names ? item->size : strlen(key));
        put_zeros(&out->labels, 1);
    }
}

/* As Hugging Face's pipeline takes scores from logits, and sentence-transformers' cross-encoder. */
static void read_scores(slm__shape *shape, const Json *json, const char *path) {
    const Json *type = json_get(json, "problem_type");
    const Json *own = json_get(json, "sentence_transformers");
    const Json *rank = own && own->type == JSON_OBJECT ? json_get(own, "activation_fn") : NULL;
    if (!rank)
        rank = json_get(json, "sbert_ce_default_activation_function");
    if (type && json_is(type, "regression"))
        shape->label_scores = SLM_SCORES_RAW;
    else if ((type && json_is(type, "multi_label_classification")) || shape->labels == 1)
        shape->label_scores = SLM_SCORES_SIGMOID;
    else if (type && !json_is(type, "single_label_classification"))
        fail("%s: problem_type %s is not supported", path, text_of(type));
    shape->rank_scores = shape->labels == 1 ? SLM_SCORES_SIGMOID : SLM_SCORES_RAW;
    if (!rank || (rank->type == JSON_STRING && strncmp(rank->text, "torch.", 6) != 0))
        return;
    shape->rank_scores = SLM_SCORES_SIGMOID;
    if (rank->type == JSON_STRING && strstr(rank->text, "Identity"))
        shape->rank_scores = SLM_SCORES_RAW;
    else if (rank->type != JSON_STRING || !strstr(rank->text, "Sigmoid"))
        fail("%s: a cross-encoder's activation %s is not supported; supported: Sigmoid, Identity",
             path, text_of(rank));
}

void encoder_read_heads(EncoderParts *out, slm__shape *shape, const slm__architecture *row,
                        const Json *json, const char *path, const Checkpoint *checkpoint) {
    memset(out, 0, sizeof *out);
    shape->tasks = find_tasks(out, json, path, checkpoint);
    shape->pooler = find_pooler(shape, row, json, path, checkpoint);
    if (shape->tasks & (1u << SLM_TASK_CLASSIFY | 1u << SLM_TASK_TAG)) {
        read_labels(out, shape, json, path);
        read_scores(shape, json, path);
    }
}

/* ---- sentence vectors: modules.json and what it names ------------------------------------- */

static Json *read_beside(const char *directory, const char *name) {
    char *path = join_path(directory, name);
    Json *json = json_read_optional(path);
    free(path);
    return json;
}

/* The file that a module's directory has: path/config.json. */
static Json *read_module(const char *directory, const Json *module, char **path) {
    const Json *name = json_get(module, "path");
    char *place;
    if (!name || name->type != JSON_STRING || strlen(name->text) != name->size)
        fail("%s/modules.json: a module has no path", directory);
    place = join_path(directory, name->text);
    *path = place;
    place = join_path(place, "config.json");
    return json_read(place);
}

static void read_pooling(slm__shape *shape, const Json *json, const char *path) {
    static const struct { const char *key, *name; slm_pooling pooling; } modes[] = {
        {"pooling_mode_cls_token", "cls", SLM_POOLING_CLS},
        {"pooling_mode_mean_tokens", "mean", SLM_POOLING_MEAN},
        {"pooling_mode_max_tokens", "max", SLM_POOLING_MAX},
        {"pooling_mode_lasttoken", "lasttoken", SLM_POOLING_LAST},
        {"pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens", SLM_POOLING_AUTO},
        {"pooling_mode_weightedmean_tokens", "weightedmean", SLM_POOLING_AUTO}};
    const Json *mode = json_get(json, "pooling_mode");
    size_t i, found = 0;
    shape->pooling = SLM_POOLING_AUTO;
    for (i = 0; i < sizeof modes / sizeof *modes; i++) {
        int is = mode ? json_is(mode, modes[i].name) : json_flag(json, path, modes[i].key, 0);
        if (is && modes[i].pooling == SLM_POOLING_AUTO)
            fail("%s: %s is not supported; supported: cls, mean, max and last token", path,
                 modes[i].key);
        if (is)
            shape->pooling = modes[i].pooling;
        found += (size_t)is;
    }
    if (found != 1)
        fail("%s: one of the pooling modes cls, mean, max and last token has to be chosen", path);
    if (!json_flag(json, path, "include_prompt", 1))
        fail("%s: include_prompt false is not supported: a prompt would be left out of the mean",
             path);
}

static void read_dense(EncoderParts *out, slm__shape *shape, const Json *json,
                       const char *directory) {
    const Json *activation = json_get(json, "activation_function");
    if (shape->vector)
        fail("%s: a second dense layer is not supported", directory);
    shape->vector = read_size(json, directory, "out_features", 1, 0);
    if (!shape->vector || read_size(json, directory, "in_features", 1, 0) != shape->hidden)
        fail("%s/config.json: in_features has to be the hidden size %lu, and out_features given",
             directory, (unsigned long)shape->hidden);
    if (json_flag(json, directory, "bias", 1))
        shape->vector_flags |= SLM__VECTOR_BIASED;
    if (!activation || (activation->type == JSON_STRING && strstr(activation->text, ".Tanh")))
        shape->vector_flags |= SLM__VECTOR_TANH;
    else if (activation->type != JSON_STRING || !strstr(activation->text, ".Identity"))
        fail("%s/config.json: activation_function %s is not supported; supported: Tanh, Identity",
             directory, text_of(activation));
    checkpoint_open(&out->dense, directory);
}

static void put_text(Buffer *out, const Json *text, const char *path) {
    if (text->type != JSON_STRING || strlen(text->text) != text->size)
        fail("%s: a prompt is not a string without NULs", path);
    put_bytes(out, text->text, text->size);
    put_zeros(out, 1);
}

/* The default prompt has the name "". */
static void read_prompts(EncoderParts *out, const Json *json, const char *path) {
    const Json *prompts = json ? json_get(json, "prompts") : NULL, *item;
    const Json *name = json ? json_get(json, "default_prompt_name") : NULL;
    for (item = prompts && prompts->type == JSON_OBJECT ? prompts->first : NULL; item;
         item = item->next) {
        if (name && json_is(name, item->key)) {
            put_zeros(&out->prompts, 1);
            put_text(&out->prompts, item, path);
        }
        if (!item->key_size || strlen(item->key) != item->key_size)
            continue;
        put_bytes(&out->prompts, item->key, item->key_size + 1);
        put_text(&out->prompts, item, path);
    }
}

/* The modules in their order: Transformer, Pooling, perhaps Dense, perhaps Normalize. */
static void read_modules(EncoderParts *out, slm__shape *shape, const char *directory,
                         const Json *modules) {
    static const char *const names[] = {".Transformer", ".Pooling", ".Dense", ".Normalize"};
    const Json *item, *type, *own;
    size_t i, next = 0;
    char *path = NULL;
    for (item = modules->type == JSON_ARRAY ? modules->first : NULL; item; item = item->next) {
        type = item->type == JSON_OBJECT ? json_get(item, "type") : NULL;
        for (i = next; type && type->type == JSON_STRING && i < 4; i++)
            if (type->size > strlen(names[i]) &&
                strcmp(type->text + type->size - strlen(names[i]), names[i]) == 0)
                break;
        if (!type || type->type != JSON_STRING || i == 4 || (next < 2 && i != next))
            fail("%s/modules.json: module %s is not supported here; supported: Transformer, "
                 "Pooling, Dense, Normalize in this order", directory,
                 type ? text_of(type) : "(of no type)");
        next = i + 1;
        own = i == 1 || i == 2 ? read_module(directory, item, &path) : NULL;
        if (i == 1)
            read_pooling(shape, own, path);
        if (i == 2)
            read_dense(out, shape, own, path);
        if (i == 3)
            shape->vector_flags |= SLM__VECTOR_NORMED;
    }
    if (next < 2)
        fail("%s/modules.json: there is no Pooling", directory);
}

/* sentence-transformers 2 put the model itself into a directory of its own, the first module's
   path; NULL: the checkpoint is in the directory given. To be freed. */
char *encoder_checkpoint_directory(const char *directory) {
    char *config = join_path(directory, "config.json"), *place = NULL;
    char *path = join_path(directory, "modules.json");
    Json *modules = !file_exists(config) && file_exists(path) ? json_read_any(path) : NULL;
    const Json *first = modules && modules->type == JSON_ARRAY ? modules->first : NULL, *name;
    name = first && first->type == JSON_OBJECT ? json_get(first, "path") : NULL;
    if (name && name->type == JSON_STRING && name->size && strlen(name->text) == name->size)
        place = join_path(directory, name->text);
    free(config);
    free(path);
    return place;
}

/* The longest text that sentence-transformers' own file beside the checkpoint names; it has one of
   these names, and the first that is there counts. */
static uint32_t read_longest(const char *directory, uint32_t longest, int lowers) {
    static const char *const names[] = {
        "sentence_bert_config.json", "sentence_roberta_config.json",
        "sentence_distilbert_config.json", "sentence_camembert_config.json",
        "sentence_albert_config.json", "sentence_xlm-roberta_config.json",
        "sentence_xlnet_config.json"};
    Json *own = NULL;
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names && !own; i++)
        own = read_beside(directory, names[i]);
    if (!own)
        return longest;
    if (json_flag(own, names[i - 1], "do_lower_case", 0) && !lowers)
        fail("%s/%s: do_lower_case true is not supported beside a tokenizer that keeps capitals",
             directory, names[i - 1]);
    return read_size(own, names[i - 1], "max_seq_length", 1, longest);
}

void encoder_read_vectors(EncoderParts *out, slm__shape *shape, const char *root,
                          const char *directory, const Tokenizer *tokenizer) {
    char *path = join_path(root, "modules.json");
    Json *modules = file_exists(path) ? json_read_any(path) : NULL;
    Json *config = read_beside(directory, "tokenizer_config.json");
    uint32_t longest = tokenizer->longest;
    int lowers = tokenizer->kind == SLM__WORDS &&
                 get_u32(tokenizer->section.data + 20) & SLM__TEXT_LOWER;
    free(path);
    if (config && json_is(json_get(config, "truncation_side"), "left"))
        warn("%s/tokenizer_config.json: truncation_side left is not supported: a text that is too "
             "long loses its end", directory);
    if (modules) {
        read_modules(out, shape, root, modules);
        read_prompts(out, read_beside(root, "config_sentence_transformers.json"), root);
        longest = read_longest(directory, longest, lowers);
        shape->tasks |= 1u << SLM_TASK_EMBED;
        out->task = SLM_TASK_EMBED;
    }
    shape->longest_text = longest && longest < shape->context ? longest : 0;
}

/* A decoder's vector is its last token's, as it is: whoever embeds texts adds the prompt and divides
   by the length. What else modules.json asks for would be another vector. */
void encoder_check_decoder(const slm__shape *shape, const char *root) {
    char *path = join_path(root, "modules.json");
    Json *modules = file_exists(path) ? json_read_any(path) : NULL;
    EncoderParts parts;
    slm__shape own = *shape;
    if (modules) {
        memset(&parts, 0, sizeof parts);
        read_modules(&parts, &own, root, modules);
        if (own.pooling != SLM_POOLING_LAST || own.vector)
            fail("%s: of a decoder %s is not supported; supported: the last token", path,
                 own.vector ? "a dense layer" : slm_pooling_name(own.pooling));
        read_prompts(&parts, read_beside(root, "config_sentence_transformers.json"), root);
        if (own.vector_flags & SLM__VECTOR_NORMED || parts.prompts.size)
            warn("%s: of a decoder neither Normalize nor prompts are kept: the program that embeds "
                 "texts adds the prompt and divides a vector by its length", path);
    }
    free(path);
}

void encoder_put(Model *model, const EncoderParts *parts) {
    if (parts->labels.size)
        model_section(model, SLM__LABEL_NAMES, 0)->bytes = parts->labels;
    if (parts->prompts.size)
        model_section(model, SLM__PROMPTS, 0)->bytes = parts->prompts;
}

/* MobileBERT always has a transform of its embedding, and a second bottleneck where a flag says so;
   it does not use the one where the sizes are the same without trigrams, nor the other where
   attention reads the first bottleneck. */
int encoder_leaves_out(const slm__shape *shape, const char *name) {
    if (!(shape->bottleneck_flags & SLM__TRANSFORMS) && strstr(name, "embedding_transformation."))
        return 1;
    return shape->bottleneck_flags & SLM__NARROW_ATTENTION &&
           strstr(name, ".bottleneck.attention.") != NULL;
}
