/* tokenize.c - text to token ids and back. */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "json.h"

static const char help[] =
    "usage: slm-tokenize MODEL.slm [options] < text\n"
    "example: echo \"Once upon a time\" | slm-tokenize examples/models/tiny-phi.slm\n"
    "  -h, --help      this text; --version\n"
    "  -m MODEL        the same as MODEL.slm\n"
    "  stdin, whole, becomes token ids on one line\n"
    "  --no-special    without the added BOS (encoders: [CLS] and [SEP])\n"
    "  --raw           special tokens written in the text are plain text\n"
    "  --decode        token ids become text again (raw bytes, special tokens kept)\n"
    "  --jsonl         a JSON string per line in, a JSON array of ids per line out;\n"
    "                  with --decode the other way round, invalid UTF-8 as U+FFFD;\n"
    "                  encoders: also [\"text\", \"pair\"]\n"
    "  --offsets       encoders: {\"ids\", \"types\", \"offsets\"}, a JSON object for each text;\n"
    "                  offsets are the bytes [start, end) of the text, or of its pair\n";

typedef struct options {
    const char *model;
    int decode, jsonl, offsets;
    int is_words; /* the model's tokenizer is an encoder's */
    unsigned flags;
} options;

typedef struct text {
    char *bytes;
    size_t size, capacity;
} text;

static void append(text *out, const char *bytes, size_t size) {
    while (out->capacity - out->size < size) {
        if (out->capacity > SIZE_MAX / 4) tool_fail(1, "out of memory");
        out->capacity = out->capacity ? out->capacity * 2 : 4096;
        out->bytes = (char *)realloc(out->bytes, out->capacity);
        if (!out->bytes) tool_fail(1, "out of memory");
    }
    if (size) memcpy(out->bytes + out->size, bytes, size);
    out->size += size;
}

/* ---- lines of JSON ----------------------------------------------------------------------- */

static const char *skip_space(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r')) at++;
    return at;
}

/* "text" or, where there may be one, ["text", "pair"]: 1 if that is there. */
static int parse_texts(char *at, char *end, size_t line, span *first, span *pair) {
    json j = {NULL, NULL, NULL};
    int is_list;
    j.at = at;
    j.end = end;
    is_list = pair && json_peek(&j) == '[';
    j.at += is_list;
    if (json_peek(&j) != '"') tool_fail(1, "line %zu: not a JSON string", line);
    if (json_string(&j, first) && is_list &&
        !(json_take(&j, ',') && json_string(&j, pair) && json_take(&j, ']')))
        tool_fail(1, "line %zu: not two JSON strings", line);
    json_space(&j);
    if (j.error || j.at < j.end) tool_fail(1, "line %zu: not a valid JSON string", line);
    return is_list;
}

static void print_json(const char *bytes, size_t size) {
    putchar('"');
    tool_escaped(bytes, size);
    puts("\"");
}

/* ---- work -------------------------------------------------------------------------------- */

static void print_ids(const slm_text_token *tokens, size_t count, int json) {
    size_t i;
    if (json) putchar('[');
    for (i = 0; i < count; i++)
        printf("%s%ld", i ? (json ? ", " : " ") : "", (long)tokens[i].token);
    if (json) putchar(']');
}

static void print_spans(const slm_text_token *tokens, size_t count) {
    size_t i;
    fputs("{\"ids\": ", stdout);
    print_ids(tokens, count, 1);
    fputs(", \"types\": [", stdout);
    for (i = 0; i < count; i++) printf("%s%ld", i ? ", " : "", (long)tokens[i].type);
    fputs("], \"offsets\": [", stdout);
    for (i = 0; i < count; i++)
        printf("%s[%zu, %zu]", i ? ", " : "", tokens[i].start, tokens[i].end);
    puts("]}");
}

/* A text or a pair for an encoder. */
static void encode_words(const slm_model *model, const options *o, const slm_text *in) {
    size_t count = 0, kept, i;
    slm_text_token *tokens;
    slm_result result = slm_tokenize_text(model, in, 0, NULL, 0, &count, NULL);
    if (result != SLM_OK && result != SLM_ERR_CAPACITY)
        tool_fail(1, "cannot tokenize: %s", slm_result_name(result));
    tokens = (slm_text_token *)tool_allocate(count, sizeof *tokens);
    result = slm_tokenize_text(model, in, 0, tokens, count, &count, NULL);
    if (result != SLM_OK) tool_fail(1, "cannot tokenize: %s", slm_result_name(result));
    for (i = kept = 0; i < count; i++)
        if (o->flags & SLM_ADD_BOS || tokens[i].part >= 0) tokens[kept++] = tokens[i];
    if (o->offsets) print_spans(tokens, kept);
    else {
        print_ids(tokens, kept, o->jsonl);
        puts("");
    }
    free(tokens);
}

static void encode(const slm_model *model, const options *o, const char *bytes, size_t size) {
    size_t count = 0, i;
    slm_token *tokens;
    slm_result result;
    if (o->is_words && o->flags & SLM_PARSE_SPECIAL) {
        slm_text in = {NULL, 0, NULL, 0};
        in.text = bytes;
        in.size = size;
        encode_words(model, o, &in);
        return;
    }
    result = slm_tokenize(model, bytes, size, o->flags, NULL, 0, &count);
    if (result != SLM_OK && result != SLM_ERR_CAPACITY)
        tool_fail(1, "cannot tokenize: %s", slm_result_name(result));
    tokens = (slm_token *)tool_allocate(count, sizeof *tokens);
    result = slm_tokenize(model, bytes, size, o->flags, tokens, count, &count);
    if (result != SLM_OK) tool_fail(1, "cannot tokenize: %s", slm_result_name(result));
    if (o->jsonl) putchar('[');
    for (i = 0; i < count; i++)
        printf("%s%ld", i ? (o->jsonl ? ", " : " ") : "", (long)tokens[i]);
    puts(o->jsonl ? "]" : "");
    free(tokens);
}

/* Tokens, which lie in `ids`: as a JSON string, or the bytes that they are. */
static void write_text(const slm_model *model, const options *o, const text *ids) {
    const slm_token *tokens = (const slm_token *)(const void *)ids->bytes;
    size_t count = ids->size / sizeof *tokens, size = 0;
    unsigned flags = o->jsonl ? SLM_SHOW_INVALID : 0;
    char *bytes;
    slm_detokenize(model, tokens, count, flags, NULL, 0, &size);
    bytes = (char *)tool_allocate(size, 1);
    slm_detokenize(model, tokens, count, flags, bytes, size, &size);
    if (o->jsonl) print_json(bytes, size);
    else fwrite(bytes, 1, size, stdout);
    free(bytes);
}

/* Ids in [at, end), separated by white space or, in JSON, by commas. */
static void decode(const slm_model *model, const options *o, const char *at, const char *end,
                   size_t line, text *out) {
    const char *white = o->jsonl ? " \t\r" : " \t\r\n\f\v", *after = o->jsonl ? " \t\r," : white;
    out->size = 0;
    if (o->jsonl) {
        at = skip_space(at, end);
        while (end > at && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) end--;
        if (end - at < 2 || *at != '[' || end[-1] != ']')
            tool_fail(1, "line %zu: not a JSON array", line);
        at++;
        end--;
    }
    for (;;) {
        unsigned long id = 0;
        const char *digits, *piece;
        slm_token token;
        size_t size;
        while (at < end && *at && strchr(white, *at)) at++;
        if (at == end) break;
        if (o->jsonl && out->size) {
            if (*at++ != ',') tool_fail(1, "line %zu: not a JSON array", line);
            while (at < end && *at && strchr(white, *at)) at++;
        }
        for (digits = at; at < end && *at >= '0' && *at <= '9' && id < 100000000ul; at++)
            id = id * 10 + (unsigned long)(*at - '0');
        token = (slm_token)id;
        piece = digits == at ? NULL : slm_token_text(model, token, &size);
        if (!piece || (at < end && !(*at && strchr(after, *at))))
            tool_fail(1, "line %zu: not the id of a token: %.*s", line,
                      (int)(end - digits < 20 ? end - digits : 20), digits);
        append(out, (const char *)&token, sizeof token);
    }
    write_text(model, o, out);
}

static void encode_line(const slm_model *model, const options *o, char *at, char *stop,
                        size_t line) {
    int may_pair = o->is_words && o->flags & SLM_PARSE_SPECIAL;
    span first, pair = {NULL, 0};
    slm_text in;
    int is_pair = parse_texts(at, stop, line, &first, may_pair ? &pair : NULL);
    in.text = first.bytes;
    in.size = first.size;
    in.pair = pair.bytes;
    in.pair_size = pair.size;
    if (is_pair) encode_words(model, o, &in);
    else encode(model, o, in.text, in.size);
}

static void each_line(const slm_model *model, const options *o, char *bytes, size_t size) {
    char *at = bytes, *end = bytes + size;
    size_t line = 1;
    text out = {NULL, 0, 0};
    for (; at < end; line++) {
        char *stop = (char *)memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        if (skip_space(at, stop) == stop) tool_fail(1, "line %zu is empty", line);
        if (o->decode) decode(model, o, at, stop, line, &out);
        else encode_line(model, o, at, stop, line);
        at = stop < end ? stop + 1 : end;
    }
    free(out.bytes);
}

static void parse(int count, char **args, options *o) {
    int plain = 0, raw = 0;
    const tool_option table[] = {{"--no-special", TOOL_FLAG, &plain, 0, 0, NULL},
                                 {"--raw", TOOL_FLAG, &raw, 0, 0, NULL},
                                 {"--decode", TOOL_FLAG, &o->decode, 0, 0, NULL},
                                 {"--jsonl", TOOL_FLAG, &o->jsonl, 0, 0, NULL},
                                 {"--offsets", TOOL_FLAG, &o->offsets, 0, 0, NULL}};
    o->model = tool_parse(count, args, table, sizeof table / sizeof table[0], help);
    o->flags = (plain ? 0 : SLM_ADD_BOS) | (raw ? 0 : SLM_PARSE_SPECIAL);
    if (!o->model) tool_fail(2, "a MODEL.slm is needed");
    if (o->offsets && (o->decode || raw))
        tool_fail(2, "--offsets goes with neither --decode nor --raw");
}

int main(int count, char **args) {
    static options o;
    slm_model *model;
    slm_model_info info;
    text out = {NULL, 0, 0};
    size_t size;
    char *bytes;
    tool_name = "slm-tokenize";
    parse(count, args, &o);
    model = tool_open(o.model, NULL);
    slm_model_get_info(model, &info);
    if (!strcmp(info.tokenizer, "none")) tool_fail(1, "%s has no tokenizer", o.model);
    o.is_words = info.cls >= 0;
    if (o.offsets && !o.is_words) tool_fail(1, "--offsets: %s has no encoder's tokenizer", o.model);
    bytes = tool_read("-", &size);
    if (o.jsonl) each_line(model, &o, bytes, size);
    else if (o.decode) decode(model, &o, bytes, bytes + size, 1, &out);
    else encode(model, &o, bytes, size);
    free(out.bytes);
    free(bytes);
    slm_model_close(model);
    return tool_finish();
}
