/* generate.c - continues a text. stdout is prompt + continuation and one newline, nothing else. */
#define _GNU_SOURCE 1 /* for threads.h */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "../tools/common.h"
static const char help[] =
    "usage: slm-generate MODEL.slm [-p PROMPT | -f FILE] [options]\n"
    "  --help          this text\n"
    "  -p PROMPT       the beginning (-: read it from stdin); empty: from the start token\n"
    "  -f FILE         read the beginning from a file\n"
    "  -n N            new tokens at most (256); fewer if an end token comes\n"
    "  --temp T        temperature (0.8); 0 takes the likeliest token\n"
    "  --top-p P       only the likeliest tokens that together have probability P (off)\n"
    "  --top-k K       only the K likeliest tokens (off)\n"
    "  --min-p P       only tokens with P of the likeliest one's probability (off)\n"
    "  --seed S        random seed (0): a command gives the same text twice\n"
    "  --ignore-eos    go on after an end token\n"
    "  --context N     tokens that prompt and text may have (the model's context, at most 4096)\n"
    "  --keep N        do not stop when the context is full: keep its first N tokens, drop the\n"
    "                  older half of the others, re-evaluate the rest and go on with seed + 1\n"
    "  --draft N       guess up to N tokens ahead (0; at most 16): faster where a text repeats\n"
    "                  itself and reading the weights takes the time; the text is the same\n"
    "  --threads N     (as many as there are processors)\n"
    "  --kv f16|f32    type of the KV cache (f16 for q8, q4f and q4, else f32)\n";

typedef struct options {
    const char *model, *prompt, *file;
    int slides;
    size_t keep;
    slm_generation generation;
    slm_session_desc session;
} options;

static void parse(int count, char **args, options *o) {
    slm_sampling *sampling = &o->generation.sampling;
    int i;
    sampling->temperature = 0.8f;
    o->generation.limit = 256;
    for (i = 1; i < count; i++) {
        const char *name = args[i];
        if (!strcmp(name, "--help")) {
            fputs(help, stdout);
            exit(tool_finish());
        } else if (!strcmp(name, "-p")) o->prompt = tool_value(count, args, &i);
        else if (!strcmp(name, "-f")) o->file = tool_value(count, args, &i);
        else if (!strcmp(name, "-n"))
            o->generation.limit = tool_number(name, tool_value(count, args, &i), 1u << 30);
        else if (!strcmp(name, "--temp"))
            sampling->temperature = tool_real(name, tool_value(count, args, &i), 0, 1000);
        else if (!strcmp(name, "--top-p"))
            sampling->top_p = tool_real(name, tool_value(count, args, &i), 0, 1);
        else if (!strcmp(name, "--min-p"))
            sampling->min_p = tool_real(name, tool_value(count, args, &i), 0, 1);
        else if (!strcmp(name, "--top-k"))
            sampling->top_k =
                (uint32_t)tool_number(name, tool_value(count, args, &i), 1u << 30);
        else if (!strcmp(name, "--seed"))
            sampling->seed = tool_number(name, tool_value(count, args, &i), UINT64_MAX);
        else if (!strcmp(name, "--ignore-eos")) o->generation.ignore_end = 1;
        else if (!strcmp(name, "--context")) {
            o->session.context = (size_t)tool_number(name, tool_value(count, args, &i), 1u << 24);
            if (!o->session.context) tool_fail(2, "--context must be at least 1");
        } else if (!strcmp(name, "--keep")) {
            o->keep = (size_t)tool_number(name, tool_value(count, args, &i), 1u << 24);
            o->slides = 1;
        } else if (!strcmp(name, "--draft"))
            o->generation.draft = (unsigned)tool_number(name, tool_value(count, args, &i), 16);
        else if (!strcmp(name, "--threads"))
            o->session.threads =
                (unsigned)tool_number(name, tool_value(count, args, &i), 4096);
        else if (!strcmp(name, "--kv")) o->session.kv_type = tool_kv(tool_value(count, args, &i));
        else if (name[0] == '-' && name[1]) tool_fail(2, "unknown option %s (see --help)", name);
        else if (o->model) tool_fail(2, "one model only, not also %s", name);
        else o->model = name;
    }
    if (!o->model) tool_fail(2, "a MODEL.slm is needed (see --help)");
    if (o->prompt && o->file) tool_fail(2, "-p and -f exclude each other");
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
    text = o.prompt ? o.prompt : "";
    size = strlen(text);
    if (o.file || !strcmp(text, "-")) text = tool_read(o.file ? o.file : "-", &size);
    model = tool_open(o.model, NULL);
    slm_model_get_info(model, &info);
    tool_decoder(o.model, &info);
    check_context(&o, &info);
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
    slm_session_close(session);
    slm_model_close(model);
    slm_threads_close(pool);
    return tool_finish();
}
