/* eval.c - how good a model file is: logits of given ids, for comparisons, or the perplexity of a
   text. */
#define _GNU_SOURCE 1 /* for threads.h */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "common.h"

#include <math.h>
#include <signal.h>
#include <sys/stat.h>

static const char help[] =
    "usage: slm-eval MODEL.slm --tokens FILE [--logits OUT] [--reference LOGITS] [options]\n"
    "       slm-eval MODEL.slm --text FILE [--window N] [options]\n"
    "example: slm-eval examples/models/tiny-phi.slm --text README.md --window 64\n"
    "  -h, --help      this text; --version\n"
    "  -m MODEL        the same as MODEL.slm\n"
    "  --tokens FILE   token ids separated by white space (-: stdin)\n"
    "  --logits OUT    little-endian f32 [tokens, vocabulary rows] is written here\n"
    "  --reference F   such a file: prints mean KL divergence from it and top-1 agreement\n"
    "  --text FILE     prints the perplexity over windows that do not overlap; a window's first\n"
    "                  token is not scored\n"
    "  --window N      tokens in a window (the model's context, at most 2048)\n"
    "  -t, --threads N (as many as there are processors)\n"
    "  --chunk N       tokens of a prompt processed together (128)\n"
    "  --isa NAME      portable, avx2, avxvnni, avx512, amx, neon, neondot\n"
    "  --kv f16|f32    type of the KV cache; the only option that may change a bit\n";

typedef struct options {
    const char *model, *tokens, *logits, *reference, *text;
    size_t window;
    slm_model_desc model_desc;
    slm_session_desc session;
    size_t chunk;
} options;

static void parse(int count, char **args, options *o) {
    const tool_option table[] = {
        {"--tokens", TOOL_TEXT, &o->tokens, 0, 0, NULL},
        {"--logits", TOOL_TEXT, &o->logits, 0, 0, NULL},
        {"--reference", TOOL_TEXT, &o->reference, 0, 0, NULL},
        {"--text -f", TOOL_TEXT, &o->text, 0, 0, NULL},
        {"--window", TOOL_SIZE, &o->window, 2, 1 << 20, NULL},
        {"--threads -t", TOOL_UNSIGNED, &o->session.threads, 0, TOOL_MOST_THREADS, NULL},
        {"--chunk", TOOL_SIZE, &o->chunk, 1, 1 << 20, NULL},
        {"--isa", TOOL_ISA, &o->model_desc.isa, 0, 0, NULL},
        {"--kv", TOOL_KV, &o->session.kv_type, 0, 0, NULL}};
    o->chunk = 128;
    o->model = tool_parse(count, args, table, sizeof table / sizeof table[0], help);
    if (!o->model || (o->text ? o->tokens || o->logits || o->reference
                              : !o->tokens || (!o->logits && !o->reference)))
        tool_fail(2, "MODEL.slm and either --text, or --tokens with --logits or --reference, "
                     "are needed");
    if (o->window && !o->text) tool_fail(2, "--window is for --text");
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

/* What one row says of another: KL(reference || logits), and whether both have the same top. */
typedef struct comparison {
    FILE *file;
    float *row;
    double divergence;
    size_t agreed, rows;
} comparison;

static double log_sum(const float *row, size_t count, size_t *top) {
    double sum = 0;
    size_t i;
    for (*top = 0, i = 1; i < count; i++)
        if (row[i] > row[*top]) *top = i;
    for (i = 0; i < count; i++) sum += exp((double)row[i] - row[*top]);
    return log(sum) + row[*top];
}

static void compare(comparison *c, const float *logits) {
    size_t top, other, i;
    double mine, theirs;
    if (fread(c->row, sizeof *c->row, c->rows, c->file) != c->rows)
        tool_fail(1, "the reference has too few logits");
    theirs = log_sum(c->row, c->rows, &top);
    mine = log_sum(logits, c->rows, &other);
    c->agreed += top == other;
    for (i = 0; i < c->rows; i++) {
        double log_p = c->row[i] - theirs;
        c->divergence += exp(log_p) * (log_p - (logits[i] - mine));
    }
}

static void evaluate(slm_session *session, const slm_token *tokens, size_t count, size_t chunk,
                     size_t rows, FILE *out, comparison *reference) {
    size_t at, size, back;
    int show = tool_terminal(stderr);
    for (at = 0; at < count; at += size) {
        size = count - at < chunk ? count - at : chunk;
        if (slm_eval(session, tokens + at, size) != SLM_OK)
            tool_fail(1, "%s", slm_session_error(session));
        for (back = size; back-- > 0;) {
            const float *logits = slm_logits(session, back);
            if (!logits) tool_fail(1, "%s", slm_session_error(session));
            if (out) fwrite(logits, sizeof *logits, rows, out);
            if (reference->file) compare(reference, logits);
        }
        if (show) fprintf(stderr, "\r%zu of %zu tokens ", at + size, count);
    }
    if (show) fputc('\n', stderr);
}

/* ---- perplexity -------------------------------------------------------------------------- */

/* exp of the mean negative log-likelihood; its standard error from the whole windows' means. */
static void perplexity(const slm_model *model, const slm_model_info *info, const options *o) {
    slm_session_desc desc = o->session;
    size_t size, count = 0, window = o->window, at, bos = info->adds_bos && info->bos >= 0;
    size_t windows = 0, whole = 0, scored = 0, i, length;
    char *text = tool_read(o->text, &size);
    slm_token *tokens, *part;
    slm_session *session;
    float *logprobs;
    double sum = 0, squares = 0, mean, variance, total = 0;
    int show = tool_terminal(stderr);
    if (!window) window = info->context < 2048 ? info->context : 2048;
    if (window > info->context)
        tool_fail(1, "--window is at most the model's context of %lu",
                  (unsigned long)info->context);
    slm_tokenize(model, text, size, SLM_PARSE_SPECIAL, NULL, 0, &count);
    tokens = (slm_token *)tool_allocate(count, sizeof *tokens);
    part = (slm_token *)tool_allocate(window, sizeof *part);
    logprobs = (float *)tool_allocate(window, sizeof *logprobs);
    if (slm_tokenize(model, text, size, SLM_PARSE_SPECIAL, tokens, count, &count) != SLM_OK)
        tool_fail(1, "%s: cannot tokenize", o->text);
    desc.context = window;
    desc.logits_kept = o->chunk < window ? o->chunk : window;
    session = tool_session(model, &desc);
    for (at = 0; at + 2 <= count; at += length) {
        double loss = 0;
        length = count - at < window - bos ? count - at : window - bos;
        if (bos) part[0] = info->bos;
        memcpy(part + bos, tokens + at, length * sizeof *part);
        slm_rewind(session, 0);
        if (slm_score(session, part, length + bos, logprobs) != SLM_OK)
            tool_fail(1, "%s", slm_session_error(session));
        for (i = 1; i < length + bos; i++) loss -= logprobs[i];
        if (length + bos < 2) break;
        total += loss;
        scored += length + bos - 1;
        if (show) fprintf(stderr, "\r%zu of %zu tokens ", at + length, count);
        loss /= (double)(length + bos - 1);
        if (++windows && length + bos < window) continue; /* too short for the error */
        sum += loss;
        squares += loss * loss;
        whole++;
    }
    if (show) fputc('\n', stderr);
    if (!windows) tool_fail(1, "%s: fewer than two tokens", o->text);
    mean = whole ? sum / (double)whole : 0;
    variance = whole > 1 ? (squares - sum * mean) / (double)(whole - 1) : 0;
    printf("perplexity %.4f", exp(total / (double)scored));
    if (whole > 1)
        printf(" +- %.4f", exp(total / (double)scored) * sqrt(variance / (double)whole));
    printf(" (%zu tokens scored in %zu windows of %zu)\n", scored, windows, window);
    slm_session_close(session);
    free(text);
    free(tokens);
    free(part);
    free(logprobs);
}

static char *volatile unfinished;
static void remove_unfinished(void) {
    if (unfinished) remove(unfinished);
}

static void on_signal(int number) {
    remove_unfinished();
    signal(number, SIG_DFL);
    raise(number);
}

/* OUT is replaced when all is written: what it was must not matter. */
static void check_target(const options *o) {
    const char *const inputs[] = {o->model, o->tokens, o->reference};
    struct stat target, input;
    size_t i;
    if (stat(o->logits, &target) != 0) return;
    if (!S_ISREG(target.st_mode)) tool_fail(1, "%s: not a regular file", o->logits);
    for (i = 0; i < 3; i++)
        if (inputs[i] && stat(inputs[i], &input) == 0 && input.st_dev == target.st_dev &&
            input.st_ino == target.st_ino)
            tool_fail(1, "%s: is also read", o->logits);
}

/* The file beside OUT that becomes OUT when it is whole. */
static FILE *open_part(const char *logits) {
    size_t length = strlen(logits);
    char *part;
    FILE *out;
    part = (char *)tool_allocate(length + 8, 1);
    memcpy(part, logits, length);
    strcpy(part + length, ".part");
    unfinished = part; /* before there is one: a signal may come at once */
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    out = fopen(part, "wbx"); /* x: somebody's own file of that name is not overwritten */
    if (!out) tool_fail(1, "%s: %s", part, strerror(errno));
    atexit(remove_unfinished);
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN); /* too large a file is an error like any other */
#endif
    return out;
}

/* A reference of the wrong size is worth knowing before the work and not behind it. */
static FILE *open_reference(const char *path, size_t count, size_t rows) {
    FILE *file = fopen(path, "rb");
    long size;
    if (!file) tool_fail(1, "%s: %s", path, strerror(errno));
    if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) return file; /* a pipe */
    if ((unsigned long long)size != (unsigned long long)count * rows * sizeof(float))
        tool_fail(1, "%s: %ld bytes; %zu tokens of %zu vocabulary rows have %llu", path, size,
                  count, rows, (unsigned long long)count * rows * sizeof(float));
    rewind(file);
    return file;
}

static void all_logits(const slm_model *model, const slm_model_info *info, options *o) {
    size_t count;
    slm_token *tokens = read_tokens(o->tokens, info->vocab_rows, &count);
    comparison reference = {NULL, NULL, 0, 0, 0};
    slm_session *session;
    FILE *out = NULL;
    char *part;
    if (count > info->context)
        tool_fail(1, "%s: %zu tokens, the model's context is %lu", o->tokens, count,
                  (unsigned long)info->context);
    if (o->chunk > count) o->chunk = count;
    o->session.context = count;
    o->session.logits_kept = o->session.batch = o->chunk;
    session = tool_session(model, &o->session);
    reference.rows = info->vocab_rows;
    reference.row = (float *)tool_allocate(reference.rows, sizeof(float));
    if (o->reference) reference.file = open_reference(o->reference, count, reference.rows);
    if (o->logits) {
        check_target(o);
        out = open_part(o->logits);
    }
    evaluate(session, tokens, count, o->chunk, info->vocab_rows, out, &reference);
    if (reference.file && fgetc(reference.file) != EOF)
        tool_fail(1, "%s: more logits than tokens and vocabulary rows", o->reference);
    if (out && (ferror(out) | fclose(out))) tool_fail(1, "%s: cannot write", unfinished);
    if (out && rename(unfinished, o->logits) != 0)
        tool_fail(1, "%s: %s", o->logits, strerror(errno));
    part = unfinished;
    unfinished = NULL; /* it is whole, and has its name */
    free(part);
    if (reference.file) {
        printf("mean KL divergence %.6g, top-1 agreement %.2f%% (%zu tokens)\n",
               reference.divergence / (double)count,
               100.0 * (double)reference.agreed / (double)count, count);
        fclose(reference.file);
    }
    slm_session_close(session);
    free(reference.row);
    free(tokens);
}

int main(int count, char **args) {
    static options o;
    slm_model_info info;
    slm_model *model;
    slm_threads *pool;
    tool_name = "slm-eval";
    parse(count, args, &o);
    model = tool_open(o.model, &o.model_desc);
    slm_model_get_info(model, &info);
    tool_decoder(o.model, &info);
    if (o.text && !strcmp(info.tokenizer, "none")) tool_fail(1, "%s has no tokenizer", o.model);
    pool = tool_threads(&o.session);
    if (o.text) perplexity(model, &info, &o);
    else all_logits(model, &info, &o);
    slm_threads_close(pool);
    slm_model_close(model);
    return tool_finish();
}
