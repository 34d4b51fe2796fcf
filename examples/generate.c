/* generate.c - continues a text. stdout is prompt + continuation and one newline, nothing else. */
#define _GNU_SOURCE 1 /* for threads.h */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "../tools/common.h"
static const char help[] =
    "usage: slm-generate MODEL.slm [-p PROMPT | -f FILE] [options]\n"
    "       slm-generate MODEL.slm [options] < FILE\n"
    "example: slm-generate examples/models/tiny-phi.slm -p \"Once upon a time\" -n 100\n"
    "  -h, --help      this text; --version\n"
    "  -m MODEL        the same as MODEL.slm\n"
    "  -p PROMPT       the beginning; empty: from the start token; -: stdin, as without -p and -f\n"
    "                  where stdin is a pipe or a file. A newline at the end of stdin is left out\n"
    "  -f FILE         read the beginning from a file, every byte of it\n"
    "  -n N            new tokens at most (256); fewer if an end token comes\n"
    TOOL_SAMPLING_HELP
    "  --ignore-eos    go on after an end token\n"
    "  -c, --context N tokens that prompt and text may have (the model's context, at most 4096)\n"
    "  --keep N        do not stop when the context is full: keep its first N tokens, drop the\n"
    "                  older half of the others, re-evaluate the rest and go on with seed + 1\n"
    "  --draft N       guess up to N tokens ahead (0; at most 16): faster where a text repeats\n"
    "                  itself and reading the weights takes the time; the text is the same\n"
    "  -t, --threads N (as many as there are processors)\n"
    "  --stats         tokens and tokens/s of prompt and generation, to stderr; always if that is\n"
    "                  a terminal\n"
    "  --kv f16|f32    type of the KV cache (f16 for q8, q4f and q4, else f32)\n";

typedef struct options {
    const char *model, *prompt, *file;
    int slides, stats;
    size_t keep;
    slm_generation generation;
    tool_stops stops;
    slm_session_desc session;
} options;

static void parse(int count, char **args, options *o) {
    const size_t none = SIZE_MAX;
    size_t keep = none;
    const tool_option table[] = {
        {"-p --prompt", TOOL_TEXT, &o->prompt, 0, 0, NULL},
        {"-f --file", TOOL_TEXT, &o->file, 0, 0, NULL},
        {"-n --predict", TOOL_SIZE, &o->generation.limit, 0, TOOL_MOST_TOKENS, NULL},
        TOOL_SAMPLING(o->generation.sampling, o->stops),
        {"--ignore-eos", TOOL_FLAG, &o->generation.ignore_end, 0, 0, NULL},
        {"--context -c --ctx-size", TOOL_SIZE, &o->session.context, 1, TOOL_MOST_CONTEXT, NULL},
        {"--keep", TOOL_SIZE, &keep, 0, TOOL_MOST_CONTEXT, NULL},
        {"--draft", TOOL_UNSIGNED, &o->generation.draft, 0, 16, NULL},
        {"--threads -t", TOOL_UNSIGNED, &o->session.threads, 0, TOOL_MOST_THREADS, NULL},
        {"--kv", TOOL_KV, &o->session.kv_type, 0, 0, NULL},
        {"--stats", TOOL_FLAG, &o->stats, 0, 0, NULL}};
    o->generation.sampling.temperature = 0.8f;
    o->generation.limit = 256;
    o->model = tool_parse(count, args, table, sizeof table / sizeof table[0], help);
    if (!o->model) tool_fail(2, "a MODEL.slm is needed");
    o->slides = keep != none;
    if (o->slides) o->keep = keep;
    if (o->prompt && o->file) tool_fail(2, "-p and -f exclude each other");
    o->generation.stops = o->stops.list;
    o->generation.stop_count = o->stops.count;
}

/* The beginning: what -p or -f says, else what comes from a pipe or a file on stdin. One newline at
   the end of stdin belongs to the shell. */
static const char *read_prompt(const options *o, size_t *size) {
    const char *text = o->prompt ? o->prompt : "";
    char *bytes;
    if (o->file) return tool_read(o->file, size);
    *size = strlen(text);
    if (o->prompt ? strcmp(text, "-") != 0 : !tool_piped(stdin)) return text;
    bytes = tool_read("-", size);
    if (*size && bytes[*size - 1] == '\n') --*size;
    if (*size && bytes[*size] == '\n' && bytes[*size - 1] == '\r') --*size; /* Windows */
    bytes[*size] = 0;
    return bytes;
}

static void show_stats(const slm_session *session) {
    slm_session_stats stats;
    double prompt, generated;
    slm_stats(session, &stats);
    prompt = stats.prompt_seconds > 0 ? (double)stats.prompt_tokens / stats.prompt_seconds : 0;
    generated = stats.generated_seconds > 0
                    ? (double)stats.generated_tokens / stats.generated_seconds : 0;
    fprintf(stderr, "prompt %lu tokens, %.1f tokens/s; generated %lu tokens, %.1f tokens/s\n",
            (unsigned long)stats.prompt_tokens, prompt, (unsigned long)stats.generated_tokens,
            generated);
}

/* Writes what the model says from here on; why it has ended. */
static slm_reason stream(slm_session *session, options *o) {
    size_t left = o->generation.limit;
    slm_piece piece;
    slm_result result;
    for (;;) {
        o->generation.limit = left;
        result = slm_generate(session, &o->generation);
        while (result == SLM_OK && (result = slm_next(session, &piece)) == SLM_OK) {
            fwrite(piece.text, 1, piece.size, stdout);
            fflush(stdout);
            left -= piece.token >= 0;
        }
        if (result != SLM_DONE) tool_fail(1, "%s", slm_session_error(session));
        if (piece.reason != SLM_REASON_CONTEXT || !o->slides || !left) return piece.reason;
        if (slm_slide(session, o->keep) != SLM_OK)
            tool_fail(1, "%s", slm_session_error(session));
        o->generation.sampling.seed++;
    }
}

static void check_context(options *o, const slm_model_info *info) {
    size_t context = info->context < 4096 ? info->context : 4096;
    if (o->session.context) context = o->session.context;
    if (o->slides && o->keep + 2 > context)
        tool_fail(1, "--keep %lu leaves no room in a context of %lu", (unsigned long)o->keep,
                  (unsigned long)context);
    o->session.logits_kept = o->generation.draft < context ? o->generation.draft + 1 : 1;
}

int main(int count, char **args) {
    static options o;
    slm_model *model;
    slm_model_info info;
    slm_session *session;
    slm_reason reason = SLM_REASON_LIMIT;
    const char *text;
    size_t size;
    slm_threads *pool;
    tool_name = "slm-generate";
    parse(count, args, &o);
    text = read_prompt(&o, &size);
    model = tool_open(o.model, NULL);
    slm_model_get_info(model, &info);
    tool_decoder(o.model, &info);
    check_context(&o, &info);
    o.session.clock = tool_clock;
    pool = tool_threads(&o.session);
    session = tool_session(model, &o.session);
    if (slm_prompt(session, text, size, SLM_ADD_BOS | SLM_PARSE_SPECIAL) != SLM_OK)
        tool_fail(1, "%s", slm_session_error(session));
    fwrite(text, 1, size, stdout);
    fflush(stdout);
    if (o.generation.limit) reason = stream(session, &o);
    putchar('\n');
    if (reason == SLM_REASON_CONTEXT)
        fprintf(stderr, "slm-generate: the context of %lu tokens is full\n",
                (unsigned long)slm_position(session));
    if (o.stats || tool_terminal(stderr)) show_stats(session);
    slm_session_close(session);
    slm_model_close(model);
    slm_threads_close(pool);
    return tool_finish();
}
