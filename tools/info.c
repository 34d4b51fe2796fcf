/* info.c - what is in a .slm, and what memory a session of it needs. */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "common.h"

static const char help[] =
    "usage: slm-info MODEL.slm [--json] [--verify] [--context N]\n"
    "example: slm-info examples/models/tiny-phi.slm --context 256\n"
    "  -h, --help   this text; --version\n"
    "  -m MODEL     the same as MODEL.slm\n"
    "  --json       one JSON object\n"
    "  --verify     read every weight: checksums, finite values\n"
    "  --context N  how many tokens session_bytes is for (the model's context, or an encoder's\n"
    "               longest text, at most 4096)\n";

static void put(int json, const char *name, unsigned long long value, int last) {
    if (json) printf("  \"%s\": %llu%s\n", name, value, last ? "" : ",");
    else printf("%-18s %llu\n", name, value);
}

static void put_text(int json, const char *name, const char *value) {
    if (json) printf("  \"%s\": \"%s\",\n", name, value);
    else printf("%-18s %s\n", name, value);
}

static void put_token(int json, const char *name, slm_token token) {
    if (token >= 0) put(json, name, (unsigned long long)token, 0);
    else if (json) printf("  \"%s\": null,\n", name);
}

/* ---- pairs of texts: key NUL value NUL ..., shown and never believed ---------------------- */

enum { PROMPTS = 7, METADATA = 8 }; /* kinds of sections */

static uint64_t number_at(const unsigned char *at, int bytes) {
    uint64_t value = 0;
    while (bytes-- > 0) value = value << 8 | at[bytes];
    return value;
}

/* The section's bytes with a NUL behind them, or NULL where there is none. The library has
   checked that sections lie within the file. */
static char *read_section(const char *path, unsigned kind, size_t *size) {
    unsigned char head[256 + 32 * 16];
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(head, 1, sizeof head, file) : 0, i;
    char *bytes = NULL;
    for (i = 0; got >= 256 && i < number_at(head + 40, 2) && 288 + 32 * i <= got; i++) {
        const unsigned char *entry = head + 256 + 32 * i;
        if (number_at(entry, 4) != kind) continue;
        *size = (size_t)number_at(entry + 16, 8);
        bytes = (char *)tool_allocate(*size + 1, 1);
        if (fseek(file, (long)number_at(entry + 8, 8), SEEK_SET) != 0 ||
            fread(bytes, 1, *size, file) != *size)
            tool_fail(1, "%s: cannot read section %u", path, kind);
        break;
    }
    if (file) fclose(file);
    return bytes;
}

static void put_pairs(const char *path, unsigned kind, const char *name, int json) {
    size_t size = 0, at = 0, shown = 0;
    char *bytes = read_section(path, kind, &size);
    if (json) printf("  \"%s\": [", name);
    while (bytes && at < size) {
        const char *key = bytes + at, *value = key + strlen(key) + 1;
        if (value >= bytes + size) break; /* a key without a value */
        at = (size_t)(value - bytes) + strlen(value) + 1;
        if (json) fputs(shown++ ? ", [\"" : "[\"", stdout);
        else printf("%-18s ", name);
        tool_escaped(key, strlen(key));
        fputs(json ? "\", \"" : " = ", stdout);
        tool_escaped(value, strlen(value));
        fputs(json ? "\"]" : "\n", stdout);
    }
    if (json) puts("],");
    free(bytes);
}

/* ---- what decoders and encoders have of their own ----------------------------------------- */

/* The model's own system message, which nobody has looked at. */
static void put_system(const char *text, int json) {
    if (!text && json) puts("  \"system_message\": null,");
    if (!text) return;
    fputs(json ? "  \"system_message\": \"" : "system_message     ", stdout);
    tool_escaped(text, strlen(text));
    puts(json ? "\"," : "");
}

static void put_decoder(const slm_model_info *info, int json) {
    uint32_t i;
    put_text(json, "chat_format", info->chat_format);
    put(json, "chat_adds_bos", (unsigned)info->chat_adds_bos, 0);
    put_system(info->system_message, json);
    printf(json ? "  \"end_tokens\": [" : "end_tokens        ");
    for (i = 0; i < info->end_count; i++)
        printf("%s%ld", json ? (i ? ", " : "") : " ", (long)info->end[i]);
    puts(json ? "]," : "");
}

static void put_tasks(const slm_model_info *info, int json) {
    const char *comma = "";
    int task;
    printf(json ? "  \"tasks\": [" : "tasks             ");
    for (task = SLM_TASK_EMBED; task < SLM_TASK_COUNT; task++) {
        if (!(info->tasks >> task & 1)) continue;
        printf(json ? "%s\"%s\"" : "%s %s", comma, slm_task_name((slm_task)task));
        comma = json ? ", " : "";
    }
    puts(json ? "]," : "");
    put_text(json, "task", slm_task_name(info->task));
}

static void put_labels(const slm_model *model, uint32_t count, int json) {
    uint32_t i;
    if (json) printf("  \"labels\": [");
    for (i = 0; i < count; i++) {
        const char *label = slm_model_label(model, i);
        if (json) fputs(i ? ", \"" : "\"", stdout);
        else printf("%-18s %lu = ", "label", (unsigned long)i);
        tool_escaped(label, strlen(label));
        fputs(json ? "\"" : "\n", stdout);
    }
    if (json) puts("],");
}

static void put_encoder(const slm_model *model, const slm_model_info *info, const char *path,
                        int json) {
    static const char *const scores[] = {"softmax", "sigmoid", "raw"};
    put_tasks(info, json);
    put_labels(model, info->labels, json);
    if (json || info->tasks >> SLM_TASK_CLASSIFY & 1) {
        put_text(json, "label_scores", scores[info->label_scores]);
        put_text(json, "rank_scores", scores[info->rank_scores]);
    }
    put_text(json, "pooling", slm_pooling_name(info->pooling));
    put(json, "embedding_size", info->embedding_size, 0);
    put_pairs(path, PROMPTS, json ? "prompts" : "prompt", json);
    put(json, "token_types", info->token_types, 0);
    put(json, "longest_text", info->longest_text, 0);
    put_token(json, "cls_token", info->cls);
    put_token(json, "sep_token", info->sep);
    put_token(json, "mask_token", info->mask);
    put_token(json, "pad_token", info->pad);
    put(json, "tidy_spaces", (unsigned)info->tidy_spaces, 0);
}

/* ---- all ---------------------------------------------------------------------------------- */

static void put_sizes(const slm_model_info *info, int json) {
    put(json, "vocabulary_rows", info->vocab_rows, 0);
    put(json, "vocabulary", info->vocab_used, 0);
    put(json, "context", info->context, 0);
    put(json, "layers", info->layers, 0);
    put(json, "hidden", info->hidden, 0);
    put(json, "intermediate", info->intermediate, 0);
    put(json, "heads", info->heads, 0);
    put(json, "kv_heads", info->kv_heads, 0);
    put(json, "head_size", info->head_size, 0);
    put(json, "rotary_size", info->rotary_size, 0);
    put(json, "rotary_layers", info->rotary_layers, 0);
    put(json, "window", info->window, 0);
    put(json, "window_layers", info->window_layers, 0);
    put(json, "tensors", info->tensors, 0);
    put(json, "parameters", info->parameters, 0);
    put(json, "weight_bytes", info->weight_bytes, 0);
    put(json, "file_bytes", info->file_size, 0);
    printf(json ? "  \"bits_per_weight\": %.3f,\n" : "bits_per_weight    %.3f\n",
           8.0 * (double)info->weight_bytes / (double)info->parameters);
}

static void put_all(const slm_model *model, const slm_model_info *info, const char *path,
                    int json) {
    put_text(json, "architecture", info->architecture);
    put_text(json, "kind", info->is_encoder ? "encoder" : "decoder");
    put_text(json, "weights", slm_type_name(info->weights));
    put_text(json, "tokenizer", info->tokenizer);
    if (info->is_encoder) put_encoder(model, info, path, json);
    else put_decoder(info, json);
    put_sizes(info, json);
    printf(json ? "  \"content_id\": \"%016llx\",\n" : "content_id         %016llx\n",
           (unsigned long long)info->content_id);
    put_pairs(path, METADATA, "metadata", json);
}

typedef struct options {
    const char *path;
    int json, verify;
    slm_session_desc session;
} options;

static void parse(int count, char **args, options *o) {
    const tool_option table[] = {
        {"--json", TOOL_FLAG, &o->json, 0, 0, NULL},
        {"--verify", TOOL_FLAG, &o->verify, 0, 0, NULL},
        {"--context -c --ctx-size", TOOL_SIZE, &o->session.context, 1, TOOL_MOST_CONTEXT, NULL}};
    o->path = tool_parse(count, args, table, sizeof table / sizeof table[0], help);
    if (!o->path) tool_fail(2, "a MODEL.slm is needed");
}

int main(int count, char **args) {
    static options o;
    slm_model_info info;
    slm_model *model;
    slm_error error;
    size_t session, most;
    tool_name = "slm-info";
    parse(count, args, &o);
    model = tool_open(o.path, NULL);
    slm_model_get_info(model, &info);
    if (o.verify && slm_model_verify(model, &error) != SLM_OK)
        tool_fail(1, "%s: %s", o.path, error.text);
    session = slm_session_size(model, &o.session);
    if (!session)
        tool_fail(1, "%s: the context is at most %lu", o.path, (unsigned long)info.context);
    most = info.is_encoder ? info.longest_text : info.context;
    if (!o.session.context) o.session.context = most < 4096 ? most : 4096;
    if (o.json) puts("{");
    put_all(model, &info, o.path, o.json);
    put(o.json, "session_context", o.session.context, 0);
    put(o.json, "session_bytes", session, 1);
    if (o.json) puts("}");
    slm_model_close(model);
    return tool_finish();
}
