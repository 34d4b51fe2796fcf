/* encode_answer.h - answers to questions, as Hugging Face's question-answering pipeline gives them:
   a context too long for one pass is read in windows, and the likeliest spans of all windows,
   widened to whole words, compete. */
#ifndef SLM_TOOLS_ENCODE_ANSWER_H
#define SLM_TOOLS_ENCODE_ANSWER_H

#include "encode_tasks.h"

enum {
    WINDOW_TOKENS = 384, WINDOW_OVERLAP = 128, /* at most half of a window */
    QUESTION_TOKENS = 64, /* kept of a question that leaves a window too little room */
    ANSWER_TOKENS = 15,
    SPANS = 12            /* of a window that are widened to words */
};

/* ---- windows ----------------------------------------------------------------------------- */

typedef struct windows { /* of the tokens [CLS] question [SEP] context [SEP] */
    size_t question, context; /* tokens of each */
    size_t between, added;    /* [SEP] between the two, of RoBERTa's two; tokens of neither */
    size_t kept;              /* of the question */
    size_t room, step;        /* tokens of the context in a window, and from one to the next */
} windows;

/* 0: the model's longest text is too short for any window. */
static int plan_windows(const slm_text_token *tokens, size_t count, size_t longest, windows *p) {
    size_t most = longest < WINDOW_TOKENS ? longest : WINDOW_TOKENS;
    size_t overlap = most / 2 < WINDOW_OVERLAP ? most / 2 : WINDOW_OVERLAP;
    for (p->question = 0; tokens[p->question + 1].part >= 0;) p->question++;
    for (p->between = 0; p->question + p->between + 2 < count &&
                         tokens[p->question + 1 + p->between].part < 0;)
        p->between++; /* of a context without tokens, the last [SEP] is none between */
    p->added = p->between + 2;
    p->context = count - p->question - p->added;
    p->kept = p->question;
    p->room = p->step = p->context;
    if (count <= most) return 1;
    if (p->question + p->added + overlap >= most) { /* where Hugging Face fails */
        if (overlap + p->added + 1 >= most) return 0;
        p->kept = most - overlap - p->added - 1;
        if (p->kept > QUESTION_TOKENS) p->kept = QUESTION_TOKENS;
    }
    p->room = most - p->kept - p->added;
    p->step = p->room - overlap;
    return 1;
}

/* The window from token `start` of the context on; how many tokens it has. */
static size_t put_window(const slm_text_token *tokens, const windows *p, size_t start,
                         slm_text_token *out) {
    const slm_text_token *context = tokens + p->question + p->between + 1;
    size_t size = p->context - start < p->room ? p->context - start : p->room, at = p->kept + 1;
    memcpy(out, tokens, at * sizeof *out);
    memcpy(out + at, tokens + p->question + 1, p->between * sizeof *out);
    at += p->between;
    memcpy(out + at, context + start, size * sizeof *out);
    at += size;
    out[at++] = context[p->context];
    return at;
}

/* ---- candidates -------------------------------------------------------------------------- */

/* The small letter of a capital one, in Latin, Greek, Cyrillic and Armenian. */
static uint32_t small_letter(uint32_t c) {
    static const struct { uint32_t first, last, step, add; } capitals[] = {
        {0x41, 0x5A, 1, 32}, {0xC0, 0xD6, 1, 32}, {0xD8, 0xDE, 1, 32}, {0x100, 0x12E, 2, 1},
        {0x132, 0x136, 2, 1}, {0x139, 0x147, 2, 1}, {0x14A, 0x176, 2, 1}, {0x179, 0x17D, 2, 1},
        {0x388, 0x38A, 1, 37}, {0x391, 0x3A1, 1, 32}, {0x3A3, 0x3AB, 1, 32}, {0x386, 0x386, 1, 38},
        {0x38C, 0x38C, 1, 64}, {0x38E, 0x38F, 1, 63}, {0x400, 0x40F, 1, 80}, {0x410, 0x42F, 1, 32},
        {0x460, 0x480, 2, 1}, {0x48A, 0x4BE, 2, 1}, {0x4D0, 0x52E, 2, 1}, {0x531, 0x556, 1, 48},
        {0x1E00, 0x1E94, 2, 1}, {0x1EA0, 0x1EFE, 2, 1}};
    size_t i;
    for (i = 0; i < sizeof capitals / sizeof capitals[0]; i++)
        if (c >= capitals[i].first && c <= capitals[i].last)
            return (c - capitals[i].first) % capitals[i].step ? c : c + capitals[i].add;
    return c;
}

/* The character at *at, as a small letter; the text is valid UTF-8. */
static uint32_t next_small(const char *text, size_t *at) {
    uint32_t c = (unsigned char)text[(*at)++];
    int more = c < 0xC0 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    if (more) c &= 0x3Fu >> more;
    for (; more; more--) c = c << 6 | ((unsigned char)text[(*at)++] & 0x3F);
    return small_letter(c);
}

static int same_text(const char *text, const candidate *a, const candidate *b) {
    size_t i = a->start, j = b->start;
    if (a->hash != b->hash) return 0;
    while (i < a->end && j < b->end)
        if (next_small(text, &i) != next_small(text, &j)) return 0;
    return i == a->end && j == b->end;
}

/* Spans of one text, whatever its case, are one answer: their scores add up. */
static void add_candidate(work *w, const char *text, candidate c) {
    size_t at, *bucket;
    for (c.hash = 2166136261u, at = c.start; at < c.end;)
        c.hash = (c.hash ^ next_small(text, &at)) * 16777619u;
    bucket = &w->buckets[(c.hash ^ c.hash >> 16) % BUCKETS];
    for (at = *bucket; at; at = w->candidates[at - 1].next)
        if (same_text(text, &w->candidates[at - 1], &c)) {
            w->candidates[at - 1].score += c.score;
            return;
        }
    w->candidates = (candidate *)grown(w->candidates, &w->candidates_room,
                                       w->candidate_count + 1, sizeof *w->candidates);
    c.next = *bucket;
    w->candidates[w->candidate_count++] = c;
    *bucket = w->candidate_count;
}

/* ---- spans ------------------------------------------------------------------------------- */

typedef struct window_span {
    size_t first, last; /* tokens */
    float score;
} window_span;

/* Probabilities that an answer begins (column 0) or ends (1) at each token. [CLS] takes part in the
   sum, as a place for "no answer", but is none. */
static void probabilities(const work *w, const slm_text_token *tokens, size_t count,
                          const float *column, float *p) {
    double largest = -10000, sum = 0;
    size_t i;
    for (i = 0; i < count; i++) {
        int may = tokens[i].part == 1 || tokens[i].token == w->info.cls;
        p[i] = may ? column[2 * i] : -10000.0f;
        if (!i || (double)p[i] > largest) largest = (double)p[i];
    }
    for (i = 0; i < count; i++) sum += exp(p[i] - largest);
    for (i = 0; i < count; i++) p[i] = (float)(exp(p[i] - largest) / sum);
    p[0] = 0;
}

/* The likeliest spans, the first of equal ones; how many. */
static size_t best_spans(const float *begin, const float *end, size_t count,
                         window_span best[SPANS]) {
    size_t found = 0, i, j, k;
    for (i = 0; i < count; i++) {
        if (!(begin[i] > 0)) continue;
        for (j = i; j < count && j < i + ANSWER_TOKENS; j++) {
            float score = begin[i] * end[j];
            if (!(score > 0) || (found == SPANS && !(score > best[SPANS - 1].score))) continue;
            for (k = found < SPANS ? found++ : SPANS - 1; k && score > best[k - 1].score; k--)
                best[k] = best[k - 1];
            best[k].first = i;
            best[k].last = j;
            best[k].score = score;
        }
    }
    return found;
}

/* Whether two tokens of a context belong to one word. */
static int same_word(const slm_text_token *a, const slm_text_token *b) {
    return a->part == 1 && b->part == 1 && a->word == b->word;
}

/* The bytes of the span's words, as far as the window has them. */
static candidate widened(const slm_text_token *tokens, const window_span *s) {
    size_t first = s->first, last = s->last;
    candidate c;
    while (same_word(&tokens[first - 1], &tokens[first])) first--;
    while (same_word(&tokens[last], &tokens[last + 1])) last++;
    memset(&c, 0, sizeof c);
    c.start = tokens[first].start;
    c.end = tokens[last].end;
    c.score = (double)s->score;
    return c;
}

static void take_window(work *w, const input *in, const float *rows) {
    const slm_text_token *tokens = w->tokens + in->first;
    float *begin = (float *)tool_allocate(2 * in->count, sizeof *begin);
    window_span best[SPANS];
    size_t found, i;
    probabilities(w, tokens, in->count, rows, begin);
    probabilities(w, tokens, in->count, rows + 1, begin + in->count);
    found = best_spans(begin, begin + in->count, in->count, best);
    for (i = 0; i < found; i++)
        if (tokens[best[i].first].part == 1 && tokens[best[i].last].part == 1)
            add_candidate(w, in->of->pair.bytes, widened(tokens, &best[i]));
    free(begin);
}

/* Of the windows' logits, column 0 or 1. */
static void put_kept_column(const work *w, size_t column) {
    size_t from = 0, i, j;
    putchar('[');
    for (i = 0; i < w->kept_end_count; from = w->kept_ends[i++]) {
        fputs(i ? ", [" : "[", stdout);
        for (j = from; j < w->kept_ends[i]; j++) {
            if (j > from) fputs(", ", stdout);
            put_number((double)w->kept[2 * j + column]);
        }
        putchar(']');
    }
    putchar(']');
}

static void put_answer(const work *w, const line *of) {
    candidate best;
    ruler r = {NULL, 0, 0};
    size_t i, start;
    r.text = of->pair.bytes;
    memset(&best, 0, sizeof best);
    for (i = 0; i < w->candidate_count; i++)
        if (!i || w->candidates[i].score > best.score) best = w->candidates[i];
    fputs("{\"answer\": ", stdout);
    put_string(of->pair.bytes + best.start, best.end - best.start);
    fputs(", \"score\": ", stdout);
    put_number(best.score);
    start = place(w, &r, best.start);
    printf(", \"start\": %zu, \"end\": %zu", start, place(w, &r, best.end));
}

static void give_answer(work *w, const input *in, const float *rows) {
    take_window(w, in, rows);
    if (w->logits) {
        keep_floats(w, rows, in->rows * 2);
        keep_ids(w, in);
    }
    if (!in->last) return;
    put_answer(w, in->of);
    if (!w->logits) return;
    put_kept_ids(w);
    fputs(", \"start_logits\": ", stdout);
    put_kept_column(w, 0);
    fputs(", \"end_logits\": ", stdout);
    put_kept_column(w, 1);
}

#endif
