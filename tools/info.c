/* info.c - what is in a .slm, and what memory a session of it needs. */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "common.h"

static const char help[] =
    "usage: slm-info MODEL.slm [--json] [--verify] [--context N]\n"
    "  --help       this text\n"
    "  --json       one JSON object\n"
    "  --verify     read every weight: checksums, finite values\n"
    "  --context N  how many tokens session_bytes is for (the model's context, at most 4096)\n";

static void put(int json, const char *name, unsigned long long value, int last) {
    if (json) printf("  \"%s\": %llu%s\n", name, value, last ? "" : ",");
    else printf("%-18s %llu\n", name, value);
}

static void put_text(int json, const char *name, const char *value) {
    if (json) printf("  \"%s\": \"%s\",\n", name, value);
    else printf("%-18s %s\n", name, value);
}

/* ---- metadata: key NUL value NUL ..., shown and never believed ---------------------------- */

static uint64_t number_at(const unsigned char *at, int bytes) {
    uint64_t value = 0;
    while (bytes-- > 0) value = value << 8 | at[bytes];
    return value;
}

/* The section's bytes with a NUL behind them, or NULL where there is none. The library has
   checked that sections lie within the file. */
static char *read_metadata(const char *path, size_t *size) {
    unsigned char head[256 + 32 * 16];
    FILE *file = fopen(path, "rb");
    size_t got = file ? fread(head, 1, sizeof head, file) : 0, i;
    char *bytes = NULL;
    for (i = 0; got >= 256 && i < number_at(head + 40, 2) && 288 + 32 * i <= got; i++) {
        const unsigned char *entry = head + 256 + 32 * i;
        if (number_at(entry, 4) != 8) continue;
        *size = (size_t)number_at(entry + 16, 8);
        bytes = (char *)tool_allocate(*size + 1, 1);
        if (fseek(file, (long)number_at(entry + 8, 8), SEEK_SET) != 0 ||
            fread(bytes, 1, *size, file) != *size)
            tool_fail(1, "%s: cannot read its metadata", path);
        break;
    }
    if (file) fclose(file);
    return bytes;
}

static void put_metadata(const char *path, int json) {
    size_t size = 0, at = 0, shown = 0;
    char *bytes = read_metadata(path, &size);
    if (json) printf("  \"metadata\": [");
    while (bytes && at < size) {
        const char *key = bytes + at, *value = key + strlen(key) + 1;
        if (value >= bytes + size) break; /* a key without a value */
        at = (size_t)(value - bytes) + strlen(value) + 1;
        fputs(!json ? "metadata           " : shown++ ? ", [\"" : "[\"", stdout);
        tool_escaped(key, strlen(key));
        fputs(json ? "\", \"" : " = ", stdout);
        tool_escaped(value, strlen(value));
        fputs(json ? "\"]" : "\n", stdout);
    }
    if (json) puts("],");
    free(bytes);
}

/* The model's own system message, which nobody has looked at. */
static void put_system(const char *text, int json) {
    if (!text && json) puts("  \"system_message\": null,");
    if (!text) return;
    fputs(json ? "  \"system_message\": \"" : "system_message     ", stdout);
    tool_escaped(text, strlen(text));
    puts(json ? "\"," : "");
}

static void put_all(const slm_model_info *info, const char *path, size_t context,
                    size_t session, int json) {
    uint32_t i;
    if (json) puts("{");
    put_text(json, "architecture", info->architecture);
    put_text(json, "weights", slm_type_name(info->weights));
    put_text(json, "tokenizer", info->tokenizer);
    put_text(json, "chat_format", info->chat_format);
    put(json, "chat_adds_bos", (unsigned)info->chat_adds_bos, 0);
    put_system(info->system_message, json);
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
    put(json, "window", info->window, 0);
    put(json, "window_layers", info->window_layers, 0);
    put(json, "tensors", info->tensors, 0);
    put(json, "parameters", info->parameters, 0);
    put(json, "weight_bytes", info->weight_bytes, 0);
    put(json, "file_bytes", info->file_size, 0);
    printf(json ? "  \"bits_per_weight\": %.3f,\n" : "bits_per_weight    %.3f\n",
           8.0 * (double)info->weight_bytes / (double)info->parameters);
    printf(json ? "  \"end_tokens\": [" : "end_tokens        ");
    for (i = 0; i < info->end_count; i++)
        printf("%s%ld", json ? (i ? ", " : "") : " ", (long)info->end[i]);
    puts(json ? "]," : "");
    printf(json ? "  \"content_id\": \"%016llx\",\n" : "content_id         %016llx\n",
           (unsigned long long)info->content_id);
    put_metadata(path, json);
    put(json, "session_context", context, 0);
    put(json, "session_bytes", session, 1);
    if (json) puts("}");
}

int main(int count, char **args) {
    const char *path = NULL;
    int json = 0, verify = 0, i;
    slm_session_desc desc;
    slm_model_info info;
    slm_model *model;
    slm_error error;
    size_t session;
    tool_name = "slm-info";
    memset(&desc, 0, sizeof desc);
    for (i = 1; i < count; i++) {
        if (!strcmp(args[i], "--help")) {
            fputs(help, stdout);
            return tool_finish();
        }
        if (!strcmp(args[i], "--json")) json = 1;
        else if (!strcmp(args[i], "--verify")) verify = 1;
        else if (!strcmp(args[i], "--context")) {
            desc.context =
                (size_t)tool_number("--context", tool_value(count, args, &i), 1u << 24);
            if (!desc.context) tool_fail(2, "--context must be at least 1");
        }
        else if (args[i][0] == '-' || path) tool_fail(2, "unexpected %s (see --help)", args[i]);
        else path = args[i];
    }
    if (!path) tool_fail(2, "a MODEL.slm is needed (see --help)");
    model = tool_open(path, NULL);
    slm_model_get_info(model, &info);
    if (verify && slm_model_verify(model, &error) != SLM_OK)
        tool_fail(1, "%s: %s", path, error.text);
    session = slm_session_size(model, &desc);
    if (!session) tool_fail(1, "%s: the context is at most %lu", path, (unsigned long)info.context);
    if (!desc.context) desc.context = info.context < 4096 ? info.context : 4096;
    put_all(&info, path, desc.context, session, json);
    slm_model_close(model);
    return tool_finish();
}
