/* verify.c - do real weights give the figures that were published of them? The figures stand in
   records, one command a line; --expect reads others of the same syntax:

     model NAME            begins a record; below, `ids` and `v` are numbers, P and F count from 0
     source TEXT           where the figures are from
     shape V L H I A K     which models it is of: vocabulary rows, layers, hidden size,
                           intermediate size, heads, key/value heads
     encoder               it is an encoder; without this line a decoder
     head TASK             which of the encoders: those that have this head (classify, fill, ...)
     tolerance A R         |found - expected| may be A + R * |expected|
     input ids             what is read, from the beginning
     logits P F v ...      logits of position P, from vocabulary row F on
     mean P v ...          the mean of all logits of position P, P + 1, ...
     greedy ids            the likeliest tokens, one after another
     prompt TEXT           as input; the tokenizer makes the ids. \n is a newline
     text TEXT             the likeliest text
   and of encoders, after input (token types are 0) or prompt
     hidden P F v ...      the hidden state of position P, from element F on
     labels v ...          the logits of the labels, of a head classify
     fill id p id p ...    the probability of some tokens at the first [MASK], of a head fill */
#define _GNU_SOURCE 1 /* for threads.h */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "common.h"

#include <math.h>

static const char help[] =
    "usage: slm-verify MODEL.slm [--json] [--expect FILE] [--threads N]\n"
    "       slm-verify --list\n"
    "  recognises a model by its sizes, runs what was published of it and compares; a model that\n"
    "  was trained further has the same sizes and other figures. Of f32 and f16 weights each\n"
    "  figure is judged, of others it is only shown. Exit status: 0 all figures that are judged\n"
    "  are equal, 1 one differs or the model is not known, 2 wrong use\n"
    "example: slm-verify phi-2.slm --json\n"
    "  -h, --help     this text; --version\n"
    "  -m MODEL       the same as MODEL.slm\n"
    "  --json         one JSON object\n"
    "  --list         the models that are known, and where their figures are from\n"
    "  --expect FILE  records of other models instead (syntax: at the top of tools/verify.c)\n"
    "  --threads N    (as many as there are processors)\n";

enum { MOST_INPUT = 64, MOST_NEW = 64, CONTEXT = 192 };

#define TESTS "huggingface/transformers@5b7a225f tests/models/"

/* The tolerances are those of the source, or fit the digits and the type of what it publishes:
   LLaMA-2's logits were computed in halves. */
static const char *const records[] = {
    "model phi-2\n"
    "source " TESTS "phi/test_modeling_phi.py\n"
    "shape 51200 32 2560 10240 32 32\n"
    "tolerance 1e-3 1e-3\n"
    "input 1212 318 281 1672 2643 290 428 318 257 1332\n"
    "logits 0 0 6.4830 6.1644 3.4055 2.2848 5.4654 2.8360 5.5975 5.5391 7.3101 4.2498 2.5913 "
    "10.3885 6.4359 8.7982 5.6534 0.5150 2.7498 3.1930 2.4334 1.7781 1.5613 1.3067 0.8291 0.5633 "
    "0.6522 9.8191 5.5771 2.7987 4.2845 3.7030\n"
    "logits 1 0 6.0642 7.8242 3.4634 1.9259 4.3169 2.0913 6.0446 3.6804 6.6736 4.0727 2.1791 "
    "11.4139 5.6795 7.5652 6.2039 2.7174 4.3266 3.6930 2.8058 2.6721 2.3047 2.0848 2.0972 2.0441 "
    "1.3160 9.2085 4.5557 3.0296 2.6045 2.4059\n"
    "prompt Can you help me write a formal email to a potential business partner proposing a "
    "joint venture?\n"
    "text \\nInput: Company A: ABC Inc.\\nCompany B: XYZ Ltd.\\nJoint Venture: A new online "
    "platform for e-commerce\n",
    "model gpt-j-6b\n"
    "source " TESTS "gptj/test_modeling_gptj.py\n"
    "shape 50400 28 4096 16384 16 16\n"
    "input 464 3290\n"
    "greedy 318 257 582 338 1266 1545 13 632 318 257 9112 15185 11 290 340 318 257 1545\n"
    "prompt Hello, my dog is a little\n"
    "text  over a year old and has been diagnosed with a heart murmur\n"
    "prompt Today, I\n"
    "text \xE2\x80\x99m going to talk about the most important thing in the\n",
    "model gpt-neo-1.3B\n"
    "source " TESTS "gpt_neo/test_modeling_gpt_neo.py\n"
    "shape 50257 24 2048 8192 16 16\n"
    "input 464 3290\n"
    "greedy 12 3380 4866 286 262 1492 11 543 318 257 4947 286 27126 416 262 2739 1772 11\n"
    "prompt Hello, my dog is a little\n"
    "text  bit of a kitty. She is a very sweet and loving\n"
    "prompt Today, I am\n"
    "text  going to talk about the best way to get a job in the\n",
    "model llama-2-7b\n"
    "source " TESTS "llama/test_modeling_llama.py\n"
    "shape 32000 32 4096 11008 32 32\n"
    "input 1 306 4658 278 6593 310 2834 338\n"
    "tolerance 1e-2 1e-2\n"
    "mean 0 -6.6550 -4.1227 -4.9859 -3.2406 0.8262 -3.0033 1.2964 -3.3699\n"
    "tolerance 5e-2 5e-3\n"
    "logits 0 0 -12.8281 -7.4453 -0.4639 -8.0625 -7.2500 -8.0000 -6.4883 -7.7695 -7.8438 -7.0312 "
    "-6.2188 -7.1328 -1.8496 1.9961 -8.6250 -6.7227 -12.8281 -6.9492 -7.0742 -7.7852 -7.5820 "
    "-7.9062 -6.9375 -7.9805 -8.3438 -8.1562 -8.0469 -7.6250 -7.7422 -7.3398\n",
    /* Transformers' own tests of these two hide the first token from the others. A text has no
       such tokens here, so the figures are those of the models' cards. */
    "model bert-base-uncased\n"
    "source https://huggingface.co/google-bert/bert-base-uncased\n"
    "shape 30522 12 768 3072 12 12\n"
    "encoder\n"
    "head fill\n"
    "tolerance 1e-4 1e-3\n"
    "prompt Hello I'm a [MASK] model.\n"
    "fill 4827 0.10731069 2535 0.08774490 2047 0.05338379 3565 0.04667217 2986 0.02709587\n",
    "model distilbert-base-uncased\n"
    "source https://huggingface.co/distilbert/distilbert-base-uncased\n"
    "shape 30522 6 768 3072 12 12\n"
    "encoder\n"
    "head fill\n"
    "tolerance 1e-4 1e-3\n"
    "prompt Hello I'm a [MASK] model.\n"
    "fill 2535 0.05292856 4827 0.03968576 2449 0.03474352 2944 0.03462274 11643 0.01814519\n",
    "model distilbert-base-uncased-finetuned-sst-2-english\n"
    "source Hugging Face course, chapter 2\n"
    "shape 30522 6 768 3072 12 12\n"
    "encoder\n"
    "head classify\n"
    "tolerance 1e-4 0\n"
    "prompt I've been waiting for a HuggingFace course my whole life.\n"
    "labels -1.5607 1.6123\n"
    "prompt I hate this so much!\n"
    "labels 4.1692 -3.3464\n",
    "model mobilebert-uncased\n"
    "source " TESTS "mobilebert/test_modeling_mobilebert.py\n"
    "shape 30522 24 512 512 4 4\n"
    "encoder\n"
    "tolerance 0 1e-3\n"
    "input 101 7110 1005 1056 2023 11333 17413 1029 102\n"
    "hidden 0 0 -2.4736526e07 8.2691656e04 1.6521838e05\n"
    "hidden 1 0 -5.7541704e-01 3.9056022 4.4011507\n"
    "hidden 2 0 2.6047359 1.5677652 -1.7324188e-01\n"};

typedef struct verification {
    const char *name;        /* where the records are from, for messages */
    size_t line;
    const slm_model *model;
    slm_model_info info;
    slm_session_desc desc;   /* of the session */
    slm_session *session;
    int json, judged;
    double absolute, relative;
    size_t read;             /* positions of the input whose logits can be had */
    slm_token tokens[MOST_INPUT]; /* an encoder's input; none: it could not be tokenized */
    size_t count;
    size_t equal, differ, shown;
} verification;

/* ---- lines ------------------------------------------------------------------------------- */

/* The next line, cut at its end; NULL: there is none. */
static char *next_line(char **at) {
    char *line = *at, *end = strchr(line, '\n');
    if (!*line) return NULL;
    *at = end ? end + 1 : line + strlen(line);
    if (end) *end = 0;
    if (end > line && end[-1] == '\r') end[-1] = 0;
    return line;
}

/* What follows a command and one space; NULL: the line has another command. */
static char *after(char *line, const char *command) {
    size_t size = strlen(command);
    if (strncmp(line, command, size) != 0) return NULL;
    return line[size] == ' ' ? line + size + 1 : line[size] ? NULL : line + size;
}

/* The next number of a line; 0: there is none. */
static int number(const verification *v, char **at, double *value) {
    char *end;
    *at += strspn(*at, " ");
    if (!**at) return 0;
    *value = strtod(*at, &end);
    if (end == *at || (*end && *end != ' ') || !(fabs(*value) < 1e300))
        tool_fail(1, "%s:%lu: '%s' is not a number", v->name, (unsigned long)v->line, *at);
    *at = end;
    return 1;
}

static size_t whole(const verification *v, char **at, size_t most) {
    double value = -1;
    if (!number(v, at, &value) || !(value >= 0 && value <= (double)most) || value != floor(value))
        tool_fail(1, "%s:%lu: a whole number from 0 to %lu is wanted", v->name,
                  (unsigned long)v->line, (unsigned long)most);
    return (size_t)value;
}

/* Ids up to the end of the line. */
static size_t ids(const verification *v, char *at, slm_token *tokens, size_t most) {
    size_t count = 0;
    for (;;) {
        at += strspn(at, " ");
        if (!*at) break;
        if (count == most)
            tool_fail(1, "%s:%lu: more than %lu ids", v->name, (unsigned long)v->line,
                      (unsigned long)most);
        tokens[count++] = (slm_token)whole(v, &at, 0x7FFFFFFF);
    }
    if (!count) tool_fail(1, "%s:%lu: no ids", v->name, (unsigned long)v->line);
    return count;
}

/* \n and \\ in place. */
static void unescape(char *text) {
    char *out = text;
    for (; *text; text++) {
        if (text[0] == '\\' && (text[1] == 'n' || text[1] == '\\'))
            *out++ = *++text == 'n' ? '\n' : '\\';
        else *out++ = *text;
    }
    *out = 0;
}

/* ---- figures ----------------------------------------------------------------------------- */

static const char *verdict(verification *v, int equal) {
    if (!v->judged) v->shown++;
    else if (equal) v->equal++;
    else v->differ++;
    return !v->judged ? "" : equal ? "OK" : "DIFFERS";
}

static void begin_figure(const verification *v) {
    if (v->json && v->equal + v->differ + v->shown) puts(",");
}

static void end_figure(const verification *v, int equal) {
    if (v->json) printf(", \"equal\": %s}", !v->judged ? "null" : equal ? "true" : "false");
}

static void figure(verification *v, const char *kind, size_t row, long column, double want,
                   double found) {
    double difference = fabs(found - want);
    int equal = difference <= v->absolute + v->relative * fabs(want);
    char name[64];
    if (column < 0) snprintf(name, sizeof name, "%s[%lu]", kind, (unsigned long)row);
    else snprintf(name, sizeof name, "%s[%lu][%ld]", kind, (unsigned long)row, column);
    begin_figure(v);
    if (v->json)
        printf("  {\"name\": \"%s\", \"expected\": %.9g, \"found\": %.9g, \"difference\": %.3g",
               name, want, found, difference);
    else
        printf("%-16s expected %-12.9g found %-12.9g difference %-9.3g ", name, want, found,
               difference);
    if (v->json) verdict(v, equal);
    else puts(verdict(v, equal));
    end_figure(v, equal);
}

static void put_text(const char *text, size_t size) {
    putchar('"');
    tool_escaped(text, size);
    putchar('"');
}

static void text_figure(verification *v, const char *name, const char *want, const char *found,
                        size_t size) {
    int equal = strlen(want) == size && !memcmp(want, found, size);
    begin_figure(v);
    printf(v->json ? "  {\"name\": \"%s\", \"expected\": " : "%s\n  expected ", name);
    put_text(want, strlen(want));
    fputs(v->json ? ", \"found\": " : "\n  found    ", stdout);
    put_text(found, size);
    if (v->json) verdict(v, equal);
    else printf("\n  %s\n", verdict(v, equal));
    end_figure(v, equal);
}

/* ---- commands ---------------------------------------------------------------------------- */

static void check(const verification *v, slm_result result) {
    if (result != SLM_OK)
        tool_fail(1, "%s:%lu: %s", v->name, (unsigned long)v->line, slm_session_error(v->session));
}

static const float *logits_of(const verification *v, size_t position) {
    const float *logits;
    if (position >= v->read)
        tool_fail(1, "%s:%lu: position %lu is not in the input", v->name, (unsigned long)v->line,
                  (unsigned long)position);
    logits = slm_logits(v->session, v->read - 1 - position);
    if (!logits) check(v, SLM_ERR_NUMERIC);
    return logits;
}

static void run_input(verification *v, char *rest) {
    slm_token tokens[MOST_INPUT];
    v->read = ids(v, rest, tokens, MOST_INPUT);
    slm_rewind(v->session, 0);
    check(v, slm_eval(v->session, tokens, v->read));
}

static void run_logits(verification *v, char *rest) {
    const slm_model_info *info = &v->info;
    size_t position = whole(v, &rest, MOST_INPUT), row = whole(v, &rest, info->vocab_rows - 1);
    const float *logits = logits_of(v, position);
    double want;
    for (; number(v, &rest, &want); row++) {
        if (row >= info->vocab_rows)
            tool_fail(1, "%s:%lu: more logits than rows", v->name, (unsigned long)v->line);
        figure(v, "logits", position, (long)row, want, logits[row]);
    }
}

static void run_mean(verification *v, char *rest) {
    const slm_model_info *info = &v->info;
    size_t position = whole(v, &rest, MOST_INPUT), i;
    double want, sum;
    for (; number(v, &rest, &want); position++) {
        const float *logits = logits_of(v, position);
        for (sum = 0, i = 0; i < info->vocab_rows; i++) sum += logits[i];
        figure(v, "mean", position, -1, want, sum / info->vocab_rows);
    }
}

/* The likeliest token, appended. */
static slm_token likeliest(const verification *v) {
    slm_token token;
    check(v, slm_sample(v->session, NULL, &token));
    check(v, slm_eval(v->session, &token, 1));
    return token;
}

static void run_greedy(verification *v, char *rest) {
    slm_token want[MOST_NEW];
    size_t count = ids(v, rest, want, MOST_NEW), size = 0, i;
    char found[MOST_NEW * 16] = "", wanted[MOST_NEW * 16] = "";
    for (i = 0; i < count; i++) {
        snprintf(wanted + strlen(wanted), 16, "%s%ld", i ? " " : "", (long)want[i]);
        size += (size_t)snprintf(found + size, 16, "%s%ld", i ? " " : "", (long)likeliest(v));
    }
    text_figure(v, "greedy", wanted, found, size);
    v->read = 0; /* the context goes on behind the input now */
}

static void run_prompt(verification *v, char *rest) {
    unescape(rest);
    slm_rewind(v->session, 0);
    check(v, slm_prompt(v->session, rest, SLM_NUL, SLM_ADD_BOS));
    v->read = 0;
}

static void run_text(verification *v, char *rest) {
    char found[4096];
    size_t size = 0, want, i;
    unescape(rest);
    want = strlen(rest);
    for (i = 0; i < MOST_NEW && size < want; i++) {
        size_t bytes;
        const char *text = slm_token_text(v->model, likeliest(v), &bytes);
        if (!text || bytes > sizeof found - size) break;
        memcpy(found + size, text, bytes);
        size += bytes;
    }
    text_figure(v, "text", rest, found, size < want ? size : want);
}

static void run_tolerance(verification *v, char *rest) {
    if (!number(v, &rest, &v->absolute) || !number(v, &rest, &v->relative) ||
        v->absolute < 0 || v->relative < 0)
        tool_fail(1, "%s:%lu: two tolerances are wanted", v->name, (unsigned long)v->line);
}

/* ---- commands of encoders ---------------------------------------------------------------- */

static void run_tokens(verification *v, char *rest) {
    v->count = ids(v, rest, v->tokens, MOST_INPUT);
}

static void run_words(verification *v, char *rest) {
    slm_text_token tokens[MOST_INPUT];
    slm_text text;
    size_t i;
    unescape(rest);
    memset(&text, 0, sizeof text);
    text.text = rest;
    text.size = SLM_NUL;
    if (slm_tokenize_text(v->model, &text, 0, tokens, MOST_INPUT, &v->count, NULL) != SLM_OK)
        tool_fail(1, "%s:%lu: more than %d tokens", v->name, (unsigned long)v->line, MOST_INPUT);
    for (i = 0; i < v->count; i++) v->tokens[i] = tokens[i].token;
}

/* An output of the input, to be freed, and its rows; NULL: there is no input, since a prompt could
   not be tokenized. */
static float *encode(verification *v, slm_output output, size_t *rows) {
    slm_input input;
    float *out;
    size_t room = v->count * slm_output_size(v->session, output);
    if (!v->count) return NULL;
    out = (float *)tool_allocate(room, sizeof *out);
    input.tokens = v->tokens;
    input.types = NULL;
    input.count = v->count;
    check(v, slm_encode_tokens(v->session, &input, 1, output, out, room, rows));
    return out;
}

static void run_hidden(verification *v, char *rest) {
    size_t position = whole(v, &rest, MOST_INPUT), size = v->info.hidden, rows;
    size_t column = whole(v, &rest, size - 1);
    float *hidden = encode(v, SLM_OUTPUT_HIDDEN, &rows);
    double want;
    if (hidden && position >= rows)
        tool_fail(1, "%s:%lu: position %lu is not in the input", v->name, (unsigned long)v->line,
                  (unsigned long)position);
    for (; hidden && number(v, &rest, &want); column++) {
        if (column >= size)
            tool_fail(1, "%s:%lu: more than the %lu elements of a hidden state", v->name,
                      (unsigned long)v->line, (unsigned long)size);
        figure(v, "hidden", position, (long)column, want, hidden[position * size + column]);
    }
    free(hidden);
}

static void run_labels(verification *v, char *rest) {
    size_t rows, i;
    float *logits = encode(v, SLM_OUTPUT_LOGITS, &rows);
    double want;
    for (i = 0; logits && number(v, &rest, &want); i++) {
        if (i >= v->info.labels)
            tool_fail(1, "%s:%lu: more than %lu labels", v->name, (unsigned long)v->line,
                      (unsigned long)v->info.labels);
        figure(v, "labels", i, -1, want, logits[i]);
    }
    free(logits);
}

static void run_fill(verification *v, char *rest) {
    size_t rows = 0, size = v->info.vocab_rows, i;
    float *logits = encode(v, SLM_OUTPUT_MASKS, &rows);
    double largest, sum = 0, token, want;
    if (!logits) return;
    if (!rows)
        tool_fail(1, "%s:%lu: the input has no [MASK]", v->name, (unsigned long)v->line);
    for (largest = logits[0], i = 1; i < size; i++)
        if (logits[i] > largest) largest = logits[i];
    for (i = 0; i < size; i++) sum += exp(logits[i] - largest);
    while (number(v, &rest, &token)) {
        if (!(token >= 0 && token < (double)size) || !number(v, &rest, &want))
            tool_fail(1, "%s:%lu: pairs of a token and a number are wanted", v->name,
                      (unsigned long)v->line);
        figure(v, "fill", (size_t)token, -1, want, exp(logits[(size_t)token] - largest) / sum);
    }
    free(logits);
}

/* ---- records ----------------------------------------------------------------------------- */

static int shape_fits(const verification *v, char *rest) {
    const slm_model_info *info = &v->info;
    size_t want[6], i;
    for (i = 0; i < 6; i++) want[i] = whole(v, &rest, 0xFFFFFFFFu);
    return want[0] == info->vocab_rows && want[1] == info->layers && want[2] == info->hidden &&
           want[3] == info->intermediate && want[4] == info->heads && want[5] == info->kv_heads;
}

/* Whether the model has a head; then the session has it too. */
static int head_fits(verification *v, const char *name) {
    int task = SLM_TASK_EMBED;
    while (task < SLM_TASK_COUNT && strcmp(slm_task_name((slm_task)task), name)) task++;
    if (task == SLM_TASK_COUNT)
        tool_fail(1, "%s:%lu: there is no head %s", v->name, (unsigned long)v->line, name);
    if (!(v->info.tasks >> task & 1)) return 0;
    slm_session_close(v->session);
    v->desc.task = (slm_task)task;
    v->session = tool_session(v->model, &v->desc);
    return 1;
}

typedef struct run { /* of one record */
    const char *model, *source;
    int fits, encoder, begun;
} run;

static void begin_model(const verification *v, const run *r) {
    const char *weights = slm_type_name(v->info.weights);
    if (v->json) {
        printf("{\n\"model\": ");
        put_text(r->model, strlen(r->model));
        printf(", \"source\": ");
        put_text(r->source, strlen(r->source));
        printf(", \"weights\": \"%s\", \"judged\": %s,\n\"figures\": [\n", weights,
               v->judged ? "true" : "false");
    } else
        printf("%s, weights %s%s; figures: %s\n", r->model, weights,
               v->judged ? "" : " (not judged)", r->source);
}

/* A line of a record that fits; 0: there is no such command. */
static int run_line(verification *v, char *line) {
    char *rest;
    int tokenizer = strcmp(v->info.tokenizer, "none") != 0;
    if ((rest = after(line, "tolerance"))) run_tolerance(v, rest);
    else if ((rest = after(line, "input"))) run_input(v, rest);
    else if ((rest = after(line, "logits"))) run_logits(v, rest);
    else if ((rest = after(line, "mean"))) run_mean(v, rest);
    else if ((rest = after(line, "greedy"))) run_greedy(v, rest);
    else if ((rest = after(line, "prompt"))) {
        if (tokenizer) run_prompt(v, rest);
    } else if ((rest = after(line, "text"))) {
        if (tokenizer) run_text(v, rest);
        else fprintf(stderr, "slm-verify: no tokenizer: a text is not compared\n");
    } else return 0;
    return 1;
}

/* The same for encoders. */
static int run_encoder_line(verification *v, char *line) {
    char *rest;
    if ((rest = after(line, "tolerance"))) run_tolerance(v, rest);
    else if ((rest = after(line, "input"))) run_tokens(v, rest);
    else if ((rest = after(line, "prompt"))) {
        v->count = 0;
        if (strcmp(v->info.tokenizer, "none")) run_words(v, rest);
        else fprintf(stderr, "slm-verify: no tokenizer: a text is not compared\n");
    } else if ((rest = after(line, "hidden"))) run_hidden(v, rest);
    else if ((rest = after(line, "labels"))) run_labels(v, rest);
    else if ((rest = after(line, "fill"))) run_fill(v, rest);
    else return 0;
    return 1;
}

/* The first lines of a record, which say what it is of; 0: it is another line. */
static int run_head(verification *v, run *r, char *line) {
    char *rest;
    if ((rest = after(line, "model"))) {
        memset(r, 0, sizeof *r);
        r->model = rest;
        r->source = "";
    } else if (!r->model) tool_fail(1, "%s:%lu: no model yet", v->name, (unsigned long)v->line);
    else if ((rest = after(line, "source"))) r->source = rest;
    else if ((rest = after(line, "shape"))) r->fits = shape_fits(v, rest);
    else if (after(line, "encoder")) r->encoder = 1;
    else if ((rest = after(line, "head"))) r->fits = r->fits && head_fits(v, rest);
    else return 0;
    return 1;
}

/* Runs the first record that fits; 0: none does. */
static int run_records(verification *v, char *text) {
    run r;
    char *line;
    memset(&r, 0, sizeof r);
    for (v->line = 1; (line = next_line(&text)); v->line++) {
        if (!*line || *line == '#') continue;
        if (r.begun && after(line, "model")) break;
        if (run_head(v, &r, line)) continue;
        if (r.encoder != v->info.is_encoder) r.fits = 0;
        if (!r.fits) continue;
        if (!r.begun++) begin_model(v, &r);
        if (!(r.encoder ? run_encoder_line(v, line) : run_line(v, line)))
            tool_fail(1, "%s:%lu: unknown command '%s'", v->name, (unsigned long)v->line, line);
    }
    return r.begun;
}

static void list_models(void) {
    size_t i;
    for (i = 0; i < sizeof records / sizeof *records; i++) {
        const char *name = records[i] + strlen("model "), *end = strchr(name, '\n');
        const char *source = strchr(end, ' ') + 1;
        printf("%.*s: %.*s\n", (int)(end - name), name, (int)(strchr(source, '\n') - source),
               source);
    }
}

static int run_table(verification *v) {
    size_t i;
    int found = 0;
    v->name = "the table";
    for (i = 0; i < sizeof records / sizeof *records && !found; i++) {
        size_t size = strlen(records[i]) + 1;
        char *copy = (char *)tool_allocate(size, 1);
        memcpy(copy, records[i], size);
        found = run_records(v, copy);
        free(copy);
    }
    return found;
}

typedef struct options {
    const char *model, *expect;
    int json, list;
    slm_session_desc session;
} options;

static void parse(int count, char **args, options *o) {
    const tool_option table[] = {
        {"--json", TOOL_FLAG, &o->json, 0, 0, NULL},
        {"--list", TOOL_FLAG, &o->list, 0, 0, NULL},
        {"--expect", TOOL_TEXT, &o->expect, 0, 0, NULL},
        {"--threads -t", TOOL_UNSIGNED, &o->session.threads, 0, TOOL_MOST_THREADS, NULL}};
    o->model = tool_parse(count, args, table, sizeof table / sizeof table[0], help);
    if (!o->model && !o->list) tool_fail(2, "a MODEL.slm is needed");
}

static int verify(const options *o, verification *v) {
    slm_model *model = tool_open(o->model, NULL);
    slm_threads *pool;
    size_t size;
    int found;
    v->model = model;
    slm_model_get_info(model, &v->info);
    v->desc = o->session;
    pool = tool_threads(&v->desc);
    v->desc.context = v->info.context < CONTEXT ? v->info.context : CONTEXT;
    v->desc.logits_kept = v->desc.context < MOST_INPUT ? v->desc.context : MOST_INPUT;
    v->session = tool_session(model, &v->desc);
    v->json = o->json;
    v->judged = v->info.weights == SLM_TYPE_F32 || v->info.weights == SLM_TYPE_F16;
    if (o->expect) {
        char *text = tool_read(o->expect, &size);
        v->name = o->expect;
        found = run_records(v, text);
        free(text);
    } else found = run_table(v);
    slm_session_close(v->session);
    slm_model_close(model);
    slm_threads_close(pool);
    return found;
}

int main(int count, char **args) {
    static options o;
    static verification v;
    tool_name = "slm-verify";
    parse(count, args, &o);
    if (o.list) {
        list_models();
        return tool_finish();
    }
    if (!verify(&o, &v))
        tool_fail(1, "%s: no figures of a model of this shape are known (--list)", o.model);
    if (!(v.equal + v.differ + v.shown)) tool_fail(1, "%s: nothing could be compared", o.model);
    if (v.json)
        printf("\n],\n\"equal\": %lu, \"differ\": %lu, \"not_judged\": %lu\n}\n",
               (unsigned long)v.equal, (unsigned long)v.differ, (unsigned long)v.shown);
    else
        printf("%lu figures: %lu equal, %lu differ, %lu not judged\n",
               (unsigned long)(v.equal + v.differ + v.shown), (unsigned long)v.equal,
               (unsigned long)v.differ, (unsigned long)v.shown);
    tool_finish();
    return v.differ != 0;
}
