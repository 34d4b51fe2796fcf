/* encode.c - what an encoder makes of texts: JSON Lines in, JSON Lines out. Lines are answered in
   order, many inputs at a time, in memory that does not grow with their number; which inputs go
   through the model together changes no bit of an answer. */
#define _GNU_SOURCE 1 /* for threads.h */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "encode_answer.h"

#include <fcntl.h>
#ifdef _WIN32
#define APPENDS 1
#else
#define APPENDS (fcntl(fileno(stdout), F_GETFL) & O_APPEND)
#endif

static const char help[] =
    "usage: slm-encode MODEL.slm [--task TASK] [options] < lines\n"
    "example: echo '\"A fine day.\"' | slm-encode examples/models/tiny-bert.slm\n"
    "  -h, --help      this text; --version\n"
    "  -m MODEL        the same as MODEL.slm\n"
    "  --task TASK     by default what the model was trained for:\n"
    "    embed         a vector for a text\n"
    "    classify      labels and their scores, for a text or a pair\n"
    "    tag           entities: groups of tokens that have one label\n"
    "    fill          the likeliest tokens for each [MASK] (RoBERTa: <mask>)\n"
    "    answer        the part of a context that answers a question\n"
    "    rank          scores of documents for a query, and their order\n"
    "    next          how likely a pair's second text follows the first\n"
    "    hidden        ids, and what the last layer makes of each token\n"
    "  stdin: one JSON value a line: \"text\", [\"text\", \"pair\"], {\"text\": , \"pair\": },\n"
    "  {\"question\": , \"context\": } or {\"query\": , \"documents\": [...]}. Each gives one\n"
    "  line, in order; {\"error\": } where something is wrong with it. A text longer than the\n"
    "  model reads is cut, and its answer says \"truncated\": true\n"
    "  --no-truncate   such a text is an error\n"
    "  --pooling P     of embed: cls, mean, max or last (what the model says)\n"
    "  --prompt NAME   of embed: the model's prompt of that name comes before each text\n"
    "  --logits        also ids and raw logits, of every token or every text\n"
    "  --code-points   offsets count code points, not bytes\n"
    "  --format F      jsonl, or of embed: npy, one numpy file of float32 [lines, size]; a line\n"
    "                  with an error is a row of NaN there, and named on stderr\n"
    "  --batch TOKENS  tokens computed together (512, at least the model's longest text)\n"
    "  -t, --threads N (as many as there are processors)\n";

typedef struct options {
    const char *model, *task, *pooling, *prompt;
    int logits, npy, no_truncate, code_points;
    size_t batch;
    slm_session_desc session;
} options;

static const job jobs[] = {
    {"embed", SLM_TASK_EMBED, TAKES_TEXT | TAKES_PAIR, SLM_OUTPUT_EMBEDDING, 0, 0, give_embedding},
    {"classify", SLM_TASK_CLASSIFY, TAKES_TEXT | TAKES_PAIR, SLM_OUTPUT_LOGITS, 0, 0, give_labels},
    {"tag", SLM_TASK_TAG, TAKES_TEXT, SLM_OUTPUT_LOGITS, 1, 1, give_entities},
    {"fill", SLM_TASK_FILL, TAKES_TEXT | TAKES_PAIR, SLM_OUTPUT_MASKS, 1, 0, give_fills},
    {"answer", SLM_TASK_ANSWER, TAKES_PAIR, SLM_OUTPUT_LOGITS, 1, 1, give_answer},
    {"rank", SLM_TASK_CLASSIFY, TAKES_DOCUMENTS, SLM_OUTPUT_LOGITS, 0, 0, give_ranks},
    {"next", SLM_TASK_NEXT, TAKES_PAIR, SLM_OUTPUT_LOGITS, 0, 0, give_next},
    {"hidden", SLM_TASK_NONE, TAKES_TEXT | TAKES_PAIR, SLM_OUTPUT_HIDDEN, 1, 1, give_hidden}};

static void take_format(void *to, const char *name, const char *value) {
    *(int *)to = !strcmp(value, "npy");
    if (strcmp(value, "npy") && strcmp(value, "jsonl"))
        tool_fail(2, "%s is jsonl or npy, not %s", name, value);
}

static void parse(int count, char **args, options *o) {
    const tool_option table[] = {
        {"--task", TOOL_TEXT, &o->task, 0, 0, NULL},
        {"--pooling", TOOL_TEXT, &o->pooling, 0, 0, NULL},
        {"--prompt", TOOL_TEXT, &o->prompt, 0, 0, NULL},
        {"--logits", TOOL_FLAG, &o->logits, 0, 0, NULL},
        {"--no-truncate", TOOL_FLAG, &o->no_truncate, 0, 0, NULL},
        {"--code-points", TOOL_FLAG, &o->code_points, 0, 0, NULL},
        {"--format", TOOL_OTHER, &o->npy, 0, 0, take_format},
        {"--batch", TOOL_SIZE, &o->batch, 1, 1 << 20, NULL},
        {"--threads -t", TOOL_UNSIGNED, &o->session.threads, 0, TOOL_MOST_THREADS, NULL}};
    o->model = tool_parse(count, args, table, sizeof table / sizeof table[0], help);
    if (!o->model) tool_fail(2, "a MODEL.slm is needed");
}

/* ---- the job ----------------------------------------------------------------------------- */

static const job *find_job(const options *o, const slm_model_info *info) {
    const char *name = o->task;
    size_t i;
    if (!name) name = info->is_encoder ? slm_task_name(info->task) : "embed";
    for (i = 0; i < sizeof jobs / sizeof jobs[0]; i++)
        if (!strcmp(jobs[i].name, name)) return &jobs[i];
    tool_fail(2, "--task is embed, classify, tag, fill, answer, rank, next or hidden, not %s",
              name);
    return NULL;
}

static slm_pooling find_pooling(const char *name) {
    int i;
    for (i = 1; i < (int)SLM_POOLING_COUNT; i++)
        if (!strcmp(slm_pooling_name((slm_pooling)i), name)) return (slm_pooling)i;
    tool_fail(2, "--pooling is cls, mean, max or last, not %s", name);
    return SLM_POOLING_AUTO;
}

/* An option that this job has no use for is a mistake. */
static void check_options(const options *o, const job *job) {
    int embeds = job->output == SLM_OUTPUT_EMBEDDING;
    if (o->pooling && !embeds) tool_fail(2, "--pooling is for embed, not for %s", job->name);
    if (o->prompt && !embeds) tool_fail(2, "--prompt is for embed, not for %s", job->name);
    if (o->npy && !embeds) tool_fail(2, "--format npy is for embed, not for %s", job->name);
    if (o->logits && (embeds || job->output == SLM_OUTPUT_HIDDEN))
        tool_fail(2, "--logits: %s has none", job->name);
    if (o->code_points && !job->has_offsets)
        tool_fail(2, "--code-points: %s has no offsets", job->name);
}

static void open_session(work *w, options *o) {
    size_t most = w->info.is_encoder ? w->info.longest_text : w->info.context;
    if (w->job->takes == TAKES_DOCUMENTS && w->info.labels != 1)
        tool_fail(1, "%s: rank needs a head with one label, this has %lu", o->model,
                  (unsigned long)w->info.labels);
    w->longest = most < 4096 ? most : 4096;
    w->batch = o->batch ? o->batch : 512;
    if (w->batch < w->longest && w->info.is_encoder) w->batch = w->longest;
    o->session.context = w->longest;
    o->session.batch = w->batch;
    o->session.task = w->job->head;
    if (o->pooling) o->session.pooling = find_pooling(o->pooling);
    w->session = tool_session(w->model, &o->session);
    w->output = w->job->output;
    if (o->logits) w->output = SLM_OUTPUT_LOGITS;
    w->row = slm_output_size(w->session, w->output);
}

static void start(work *w, options *o) {
    slm_model_get_info(w->model, &w->info);
    w->job = find_job(o, &w->info);
    check_options(o, w->job);
    if (!strcmp(w->info.tokenizer, "none")) tool_fail(1, "%s has no tokenizer", o->model);
    open_session(w, o);
    w->is_words = !strcmp(w->info.tokenizer, "WordPiece");
    w->logits = o->logits;
    w->no_truncate = o->no_truncate;
    w->code_points = o->code_points;
    w->shows = tool_terminal(stderr) && !tool_terminal(stdout);
    if (w->job->head != SLM_TASK_EMBED) return;
    w->prompt = slm_model_prompt(w->model, o->prompt);
    if (o->prompt && !w->prompt) tool_fail(1, "%s has no prompt %s", o->model, o->prompt);
}

/* ---- --format npy ------------------------------------------------------------------------ */

enum { NPY_HEADER = 128 }; /* bytes, whatever the number of rows */

static void put_npy_header(const work *w) {
    char head[NPY_HEADER + 1];
    int size = snprintf(head, sizeof head,
                        "\x93NUMPY\x01%c%c%c{'descr': '<f4', 'fortran_order': False, "
                        "'shape': (%llu, %lu), }", 0, NPY_HEADER - 10, 0,
                        (unsigned long long)w->lines, (unsigned long)w->row);
    memset(head + size, ' ', (size_t)(NPY_HEADER - 1 - size));
    head[NPY_HEADER - 1] = '\n';
    fwrite(head, 1, NPY_HEADER, w->vectors);
}

/* Vectors go where a header can be written at last: stdout itself, if it is an empty file; or else
   a temporary one. */
static void open_npy(work *w) {
    struct stat status;
#ifdef _WIN32
    _setmode(_fileno(stdout), _O_BINARY);
#endif
    w->vectors = stdout;
    if (fstat(fileno(stdout), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size ||
        APPENDS)
        w->vectors = tmpfile();
    if (!w->vectors) tool_fail(1, "no temporary file: %s", strerror(errno));
    put_npy_header(w);
}

static void finish_npy(work *w) {
    char part[4096];
    size_t size;
    if (fseek(w->vectors, 0, SEEK_SET) != 0) tool_fail(1, "cannot seek: %s", strerror(errno));
    put_npy_header(w);
    if (w->vectors == stdout) return;
    if (fflush(w->vectors) != 0 || fseek(w->vectors, 0, SEEK_SET) != 0)
        tool_fail(1, "the temporary file: %s", strerror(errno));
    while ((size = fread(part, 1, sizeof part, w->vectors)) > 0) fwrite(part, 1, size, stdout);
    if (ferror(w->vectors)) tool_fail(1, "cannot read the temporary file");
    fclose(w->vectors);
}

/* A row; without x one of NaN. */
static void put_vector(const work *w, const float *x) {
    static const unsigned char nan[4] = {0, 0, 0xC0, 0x7F};
    size_t i;
    if (x) fwrite(x, sizeof *x, w->row, w->vectors);
    else for (i = 0; i < w->row; i++) fwrite(nan, 1, sizeof nan, w->vectors);
    if (ferror(w->vectors)) tool_fail(1, "cannot write the vectors");
}

/* ---- answers ----------------------------------------------------------------------------- */

static void end_line(work *w, line *of) {
    w->lines++;
    w->kept_count = w->kept_id_count = w->kept_end_count = 0;
    if (w->candidate_count) memset(w->buckets, 0, sizeof w->buckets);
    w->candidate_count = 0;
    line_free(of);
    free(of);
}

static void put_error(work *w, const line *of) {
    if (w->vectors) {
        fprintf(stderr, "%s: line %llu: ", tool_name, (unsigned long long)w->lines + 1);
        tool_say(of->error);
        fputc('\n', stderr);
        put_vector(w, NULL);
        return;
    }
    fputs("{\"error\": ", stdout);
    put_string(of->error, strlen(of->error));
    puts("}");
}

static void give(work *w, const input *in, const float *rows) {
    line *of = in->of;
    if (!of->error && w->vectors) put_vector(w, rows);
    else if (!of->error) {
        w->job->give(w, in, rows);
        if (in->last) puts(of->truncated ? ", \"truncated\": true}" : "}");
    }
    if (!in->last) return;
    if (of->error) put_error(w, of);
    end_line(w, of);
}

/* ---- inputs through the model ------------------------------------------------------------ */

static size_t make_passes(work *w, size_t from, size_t to) {
    size_t count = 0, rows = 0, i;
    for (i = from; i < to; i++) {
        input *in = &w->inputs[i];
        slm_input *pass = &w->passes[count];
        if (!in->count) continue;
        pass->tokens = w->ids + in->first;
        pass->types = w->info.is_encoder ? w->types + in->first : NULL;
        pass->count = in->count;
        in->pass = count++;
        rows += in->rows;
    }
    w->out = (float *)grown(w->out, &w->out_room, rows * w->row, sizeof *w->out);
    return count;
}

/* Answers inputs [from, to); not SLM_OK: none of them. */
static slm_result run(work *w, size_t from, size_t to) {
    size_t passes = make_passes(w, from, to), size, i;
    const float *rows = w->out;
    slm_result result = SLM_OK;
    if (passes)
        result = slm_encode_tokens(w->session, w->passes, passes, w->output, w->out, w->out_room,
                                   NULL);
    size = w->output == SLM_OUTPUT_HIDDEN ? slm_output_size(w->session, SLM_OUTPUT_POOLED) : 0;
    if (size && passes && result == SLM_OK) {
        w->pooled = (float *)grown(w->pooled, &w->pooled_room, passes * size, sizeof *w->pooled);
        result = slm_encode_tokens(w->session, w->passes, passes, SLM_OUTPUT_POOLED, w->pooled,
                                   w->pooled_room, NULL);
    }
    for (i = from; i < to && result == SLM_OK; i++) {
        give(w, &w->inputs[i], rows);
        rows += w->inputs[i].rows * w->row;
    }
    return result;
}

static void fail_line(line *of, const char *error) {
    if (of->error) return;
    snprintf(of->message, sizeof of->message, "%s", error);
    of->error = of->message;
}

static void show_progress(const work *w, int ended) {
    static time_t last;
    time_t now = time(NULL);
    if (!w->shows || (now == last && !ended)) return;
    last = now;
    fprintf(stderr, "\r%llu lines, %llu tokens ", (unsigned long long)w->lines,
            (unsigned long long)w->total_tokens);
    if (ended) fputc('\n', stderr);
}

/* Answers all inputs. Where that fails, each alone: the others are not to blame. */
static void flush(work *w) {
    size_t i;
    w->passes = (slm_input *)grown(w->passes, &w->passes_room, w->count, sizeof *w->passes);
    w->ids = (slm_token *)grown(w->ids, &w->ids_room, w->used, sizeof *w->ids);
    w->types = (int32_t *)grown(w->types, &w->types_room, w->used, sizeof *w->types);
    for (i = 0; i < w->used; i++) {
        w->ids[i] = w->tokens[i].token;
        w->types[i] = w->tokens[i].type;
    }
    if (run(w, 0, w->count) != SLM_OK)
        for (i = 0; i < w->count; i++) {
            if (run(w, i, i + 1) == SLM_OK) continue;
            fail_line(w->inputs[i].of, slm_session_error(w->session));
            give(w, &w->inputs[i], NULL);
        }
    w->total_tokens += w->used;
    w->count = w->used = w->rows = w->bytes = 0;
    show_progress(w, 0);
}

/* ---- lines become inputs ----------------------------------------------------------------- */

enum { INPUTS_MOST = 1024, FLOATS_MOST = 1 << 22, BYTES_MOST = 1 << 20 };

/* Room for one input behind those that are waiting. */
static slm_text_token *room_for(work *w, size_t count) {
    w->tokens = (slm_text_token *)grown(w->tokens, &w->tokens_room, w->used + count,
                                        sizeof *w->tokens);
    return w->tokens + w->used;
}

/* The `count` tokens that lie in the room are an input; 0: there is nothing to compute. */
static void add_input(work *w, line *of, size_t count, int last) {
    input in = {NULL, 0, 0, 1, 0, 0};
    in.of = of;
    in.first = w->used;
    in.count = count;
    in.last = last;
    if (!count) in.rows = 0;
    else if (w->output == SLM_OUTPUT_MASKS) in.rows = masks_in(w, w->tokens + in.first, count);
    else if (w->job->by_token) in.rows = count;
    if (w->count && (w->used + count > w->batch || w->count == INPUTS_MOST ||
                     w->bytes > BYTES_MOST || (w->rows + in.rows) * w->row > FLOATS_MOST)) {
        flush(w);
        memmove(w->tokens, w->tokens + in.first, count * sizeof *w->tokens);
        in.first = 0;
    }
    w->inputs = (input *)grown(w->inputs, &w->inputs_room, w->count + 1, sizeof *w->inputs);
    w->inputs[w->count++] = in;
    w->used += count;
    w->rows += in.rows;
}

/* Says that a text had to be cut, which may be an error. */
static void cut(const work *w, line *of, size_t whole) {
    char error[100];
    of->truncated = 1;
    if (!w->no_truncate) return;
    snprintf(error, sizeof error, "a text of %lu tokens; the longest is %lu",
             (unsigned long)whole, (unsigned long)w->longest);
    fail_line(of, error);
}

static void miss_mask(const work *w, line *of) {
    size_t size;
    const char *mask = token_text(w, w->info.mask, &size);
    char error[100];
    if (!size) mask = "[MASK]", size = 6;
    snprintf(error, sizeof error, "there is no %.*s in the text", size < 60 ? (int)size : 60, mask);
    fail_line(of, error);
}

/* A decoder's tokens. */
static slm_result read_plain(work *w, const slm_text *text, slm_text_token *tokens, size_t *count,
                             size_t *whole) {
    slm_token *ids = (slm_token *)tool_allocate(w->longest, sizeof *ids);
    slm_result result = slm_tokenize(w->model, text->text, text->size,
                                     SLM_ADD_BOS | SLM_PARSE_SPECIAL, ids, w->longest, whole);
    size_t i;
    if (result == SLM_ERR_CAPACITY) result = SLM_OK;
    *count = *whole < w->longest ? *whole : w->longest;
    memset(tokens, 0, *count * sizeof *tokens);
    for (i = 0; i < *count; i++) tokens[i].token = ids[i];
    free(ids);
    return result;
}

/* The tokens of a text or pair become an input of the line, or an error. */
static void add_text(work *w, line *of, const span *pair, int last) {
    slm_text_token *tokens = room_for(w, w->longest);
    slm_text text = {NULL, 0, NULL, 0};
    size_t count = 0, whole = 0;
    slm_result result;
    text.text = of->text.bytes;
    text.size = of->text.size;
    text.pair = pair->bytes;
    text.pair_size = pair->size;
    if (w->info.is_encoder)
        result = slm_tokenize_text(w->model, &text, w->longest, tokens, w->longest, &count, &whole);
    else result = read_plain(w, &text, tokens, &count, &whole);
    if (result == SLM_ERR_MEMORY) fail_line(of, "no memory for a word of the text");
    else if (result == SLM_ERR_UNSUPPORTED) fail_line(of, "the tokenizer is no encoder's");
    else if (result != SLM_OK) fail_line(of, "the model's longest text is too short for this");
    else if (!count) fail_line(of, "a text has no tokens");
    else if (whole > count) cut(w, of, whole);
    if (!of->error && w->job->head == SLM_TASK_FILL && !masks_in(w, tokens, count))
        miss_mask(w, of);
    add_input(w, of, of->error ? 0 : count, last);
}

static void add_documents(work *w, line *of) {
    size_t i;
    if (!of->document_count) add_input(w, of, 0, 1);
    for (i = 0; i < of->document_count; i++)
        add_text(w, of, &of->documents[i], i + 1 == of->document_count);
}

/* All windows of a question and its context. */
static void add_question(work *w, line *of) {
    slm_text text = {NULL, 0, NULL, 0};
    slm_text_token *all;
    size_t count = 0, at;
    int last = 0;
    windows p;
    memset(&p, 0, sizeof p);
    text.text = of->text.bytes;
    text.size = of->text.size;
    text.pair = of->pair.bytes;
    text.pair_size = of->pair.size;
    slm_tokenize_text(w->model, &text, 0, NULL, 0, &count, NULL);
    all = (slm_text_token *)tool_allocate(count, sizeof *all);
    if (slm_tokenize_text(w->model, &text, 0, all, count, &count, NULL) != SLM_OK)
        fail_line(of, "a text has no tokens");
    else if (!plan_windows(all, count, w->longest, &p))
        fail_line(of, "the model's longest text is too short for a question");
    else if (p.kept < p.question) cut(w, of, count);
    for (at = 0; !last; at += p.step) {
        size_t size = 0;
        last = of->error || p.context - at <= p.room;
        if (!of->error) size = put_window(all, &p, at, room_for(w, w->longest));
        add_input(w, of, size, last);
    }
    free(all);
}

/* What is wrong with a line for this job; NULL: nothing. */
static const char *mistake(const work *w, const line *of) {
    unsigned takes = w->job->takes;
    if (of->ranks ? takes != TAKES_DOCUMENTS : takes == TAKES_DOCUMENTS)
        return of->ranks ? "this task takes no documents" : "rank takes a query and documents";
    if (of->ranks) return NULL;
    if (!of->pair.bytes && !(takes & TAKES_TEXT)) return "this task takes a pair";
    if (of->pair.bytes && !(takes & TAKES_PAIR)) return "this task takes one text, not a pair";
    if (of->pair.bytes && !w->info.is_encoder) return "a decoder takes no pairs";
    if (w->job->head != SLM_TASK_ANSWER) return NULL;
    if (!of->text.size) return "the question is empty";
    return of->pair.size ? NULL : "the context is empty";
}

/* The bytes of the character of white space, as Python's strip has it, that is text[0]; 0: it is
   none, or has another size. */
static size_t blank_size(const char *text, size_t size) {
    static const char *const wide[] = {
        "\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
        "\xE2\x81\x9F", "\xE3\x80\x80"};
    unsigned char c = (unsigned char)text[0];
    size_t i;
    if (size == 1) return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x1F);
    for (i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (size == strlen(wide[i]) && !memcmp(text, wide[i], size)) return size;
    return size == 3 && !memcmp(text, "\xE2\x80", 2) && (unsigned char)text[2] >= 0x80 &&
                   (unsigned char)text[2] <= 0x8A ? 3 : 0;
}

/* sentence-transformers takes white space off both ends of a text, the prompt included. */
static void strip(span *s) {
    size_t size;
    for (size = 1; size <= 3;) {
        if (size <= s->size && blank_size(s->bytes, size)) {
            s->bytes += size;
            s->size -= size;
            size = 1;
        } else if (size <= s->size && blank_size(s->bytes + s->size - size, size)) {
            s->size -= size;
            size = 1;
        } else size++;
    }
}

static void put_prompt(const work *w, line *of) {
    size_t size = strlen(w->prompt);
    of->more = (char *)tool_allocate(size + of->text.size, 1);
    memcpy(of->more, w->prompt, size);
    memcpy(of->more + size, of->text.bytes, of->text.size);
    of->text.bytes = of->more;
    of->text.size += size;
}

static void add_line(work *w, const span *bytes) {
    line *of = (line *)tool_allocate(1, sizeof *of);
    if (!bytes->bytes) of->error = "a line of more than 16 MB";
    else {
        of->bytes = (char *)tool_allocate(bytes->size, 1);
        memcpy(of->bytes, bytes->bytes, bytes->size);
        w->bytes += bytes->size;
        line_parse(of, bytes->size);
    }
    if (!of->error) of->error = mistake(w, of);
    if (of->error) add_input(w, of, 0, 1);
    else if (of->ranks) add_documents(w, of);
    else if (w->job->head == SLM_TASK_ANSWER) add_question(w, of);
    else {
        if (w->prompt) put_prompt(w, of);
        if (w->job->head == SLM_TASK_EMBED && w->info.is_encoder) {
            strip(&of->text);
            if (of->pair.bytes) strip(&of->pair);
        }
        add_text(w, of, &of->pair, 1);
    }
}

/* What has arrived is answered before more is waited for. */
static void answer_lines(work *w) {
    reader r;
    span bytes;
    memset(&r, 0, sizeof r);
    for (;;) {
        if (!reader_ready(&r)) {
            flush(w);
            if (!w->vectors && fflush(stdout) != 0) tool_finish();
        }
        if (!reader_next(&r, &bytes)) break;
        add_line(w, &bytes);
    }
    flush(w);
    free(r.bytes);
    show_progress(w, 1);
}

static void finish(work *w) {
    if (w->vectors) finish_npy(w);
    free(w->inputs);
    free(w->tokens);
    free(w->passes);
    free(w->ids);
    free(w->types);
    free(w->out);
    free(w->pooled);
    free(w->kept);
    free(w->kept_ids);
    free(w->kept_ends);
    free(w->candidates);
    slm_session_close(w->session);
}

int main(int count, char **args) {
    static options o;
    static work w;
    slm_model *model;
    slm_threads *pool;
    tool_name = "slm-encode";
    parse(count, args, &o);
    w.model = model = tool_open(o.model, NULL);
    pool = tool_threads(&o.session);
    start(&w, &o);
    if (o.npy) open_npy(&w);
    answer_lines(&w);
    finish(&w);
    slm_model_close(model);
    slm_threads_close(pool);
    return tool_finish();
}
