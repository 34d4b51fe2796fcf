/* eval.c - the logits of every position of a list of token ids, for comparisons. */
#define SLM_IMPLEMENTATION
#include "common.h"

static const char help[] =
    "usage: slm-eval MODEL.slm --tokens FILE --logits OUT [options]\n"
    "  --tokens FILE   token ids separated by white space (-: stdin)\n"
    "  --logits OUT    little-endian f32 [tokens, vocabulary rows] is written here\n"
    "  --threads N     (as many as there are processors)\n"
    "  --chunk N       tokens read at a time (128)\n"
    "  --isa NAME      portable, avx2, avxvnni, avx512, neon\n"
    "  --kv f16|f32    type of the KV cache; the only option that may change a bit\n";

typedef struct options {
    const char *model, *tokens, *logits;
    slm_model_desc model_desc;
    slm_session_desc session;
    size_t chunk;
} options;

static void parse(int count, char **args, options *o) {
    int i;
    o->chunk = 128;
    for (i = 1; i < count; i++) {
        const char *name = args[i];
        if (!strcmp(name, "--help")) {
            fputs(help, stdout);
            exit(0);
        } else if (!strcmp(name, "--tokens")) o->tokens = tool_value(count, args, &i);
        else if (!strcmp(name, "--logits")) o->logits = tool_value(count, args, &i);
        else if (!strcmp(name, "--threads"))
            o->session.threads =
                (unsigned)tool_number(name, tool_value(count, args, &i), 4096);
        else if (!strcmp(name, "--chunk"))
            o->chunk = (size_t)tool_number(name, tool_value(count, args, &i), 1u << 20);
        else if (!strcmp(name, "--isa")) o->model_desc.isa = tool_isa(tool_value(count, args, &i));
        else if (!strcmp(name, "--kv")) o->session.kv_type = tool_kv(tool_value(count, args, &i));
        else if (name[0] == '-' && name[1]) tool_fail(2, "unknown option %s (see --help)", name);
        else if (o->model) tool_fail(2, "one model only, not also %s", name);
        else o->model = name;
    }
    if (!o->model || !o->tokens || !o->logits)
        tool_fail(2, "MODEL.slm, --tokens and --logits are needed (see --help)");
    if (!o->chunk) tool_fail(2, "--chunk must be at least 1");
}

/* Ids below the vocabulary's rows; padding rows are valid. */
static slm_token *read_tokens(const char *path, uint32_t rows, size_t *count) {
    size_t size, capacity = 1024;
    char *text = tool_read(path, &size), *at = text;
    slm_token *tokens = (slm_token *)tool_allocate(capacity, sizeof *tokens);
    for (*count = 0;;) {
        unsigned long value;
        char *end;
        at += strspn(at, " \t\r\n\f\v");
        if (at == text + size) break;
        errno = 0;
        value = strtoul(at, &end, 10);
        if (*at < '0' || *at > '9' || errno || value >= rows ||
            (*end && !strchr(" \t\r\n\f\v", *end)))
            tool_fail(1, "%s: id %zu is not a number below %lu", path, *count,
                      (unsigned long)rows);
        if (*count == capacity) {
            tokens = (slm_token *)realloc(tokens, (capacity *= 2) * sizeof *tokens);
            if (!tokens) tool_fail(1, "out of memory");
        }
        tokens[(*count)++] = (slm_token)value;
        at = end;
    }
    free(text);
    if (!*count) tool_fail(1, "%s: no token ids", path);
    return tokens;
}

static void evaluate(slm_session *session, const slm_token *tokens, size_t count, size_t chunk,
                     size_t rows, FILE *out) {
    size_t at, size, back;
    for (at = 0; at < count; at += size) {
        size = count - at < chunk ? count - at : chunk;
        if (slm_eval(session, tokens + at, size) != SLM_OK)
            tool_fail(1, "%s", slm_session_error(session));
        for (back = size; back-- > 0;) {
            const float *logits = slm_logits(session, back);
            if (!logits) tool_fail(1, "%s", slm_session_error(session));
            fwrite(logits, sizeof *logits, rows, out);
        }
    }
}

static char *unfinished;
static void remove_unfinished(void) {
    if (unfinished) remove(unfinished);
}

int main(int count, char **args) {
    static options o;
    slm_model_info info;
    slm_model *model;
    slm_session *session;
    slm_token *tokens;
    size_t token_count, length;
    char *name;
    FILE *out;
    tool_name = "slm-eval";
    parse(count, args, &o);
    model = tool_open(o.model, &o.model_desc);
    slm_model_get_info(model, &info);
    tokens = read_tokens(o.tokens, info.vocab_rows, &token_count);
    if (token_count > info.context)
        tool_fail(1, "%s: %zu tokens, the model's context is %lu", o.tokens, token_count,
                  (unsigned long)info.context);
    if (o.chunk > token_count) o.chunk = token_count;
    o.session.context = token_count;
    o.session.logits_kept = o.session.batch = o.chunk;
    session = tool_session(model, &o.session);
    length = strlen(o.logits);
    name = (char *)tool_allocate(length + 8, 1);
    memcpy(name, o.logits, length);
    strcpy(name + length, ".part");
    out = fopen(name, "wb");
    if (!out) tool_fail(1, "%s: %s", name, strerror(errno));
    unfinished = name;
    atexit(remove_unfinished);
    evaluate(session, tokens, token_count, o.chunk, info.vocab_rows, out);
    if (ferror(out) | fclose(out)) tool_fail(1, "%s: cannot write", name);
    if (rename(name, o.logits) != 0) tool_fail(1, "%s: %s", o.logits, strerror(errno));
    unfinished = NULL;
    slm_session_close(session);
    slm_model_close(model);
    free(tokens);
    free(name);
    return 0;
}
