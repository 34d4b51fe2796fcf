/* info.c - what is in a .slm, and what memory a session of it needs. */
#define SLM_IMPLEMENTATION
#include "common.h"

static const char help[] = "usage: slm-info MODEL.slm [--json] [--verify] [--context N]\n"
                           "  --json       one JSON object\n"
                           "  --verify     read every weight: checksums, finite values\n"
                           "  --context N  tokens for the session's memory (the default session)\n";

static const char *type_name(slm_type type) {
    static const char *const names[] = {"f32", "f32", "f16", "bf16", "q8", "q4", "q4f"};
    return names[type];
}

static void put(int json, const char *name, unsigned long long value, int last) {
    if (json) printf("  \"%s\": %llu%s\n", name, value, last ? "" : ",");
    else printf("%-18s %llu\n", name, value);
}

static void put_text(int json, const char *name, const char *value) {
    if (json) printf("  \"%s\": \"%s\",\n", name, value);
    else printf("%-18s %s\n", name, value);
}

static void put_all(const slm_model_info *info, size_t session, int json) {
    uint32_t i;
    if (json) puts("{");
    put_text(json, "architecture", info->architecture);
    put_text(json, "weights", type_name(info->weights));
    put_text(json, "tokenizer", info->tokenizer);
    put_text(json, "turn_format", info->turn_format);
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
            return 0;
        }
        if (!strcmp(args[i], "--json")) json = 1;
        else if (!strcmp(args[i], "--verify")) verify = 1;
        else if (!strcmp(args[i], "--context"))
            desc.context =
                (size_t)tool_number("--context", tool_value(count, args, &i), 1u << 20);
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
    put_all(&info, session, json);
    slm_model_close(model);
    return 0;
}
