/* encode_tasks.h - what slm-encode says of a text, in the keys of Hugging Face's pipelines; answers
   to questions are in encode_answer.h. Each function gets an input and its rows of the model's
   output, and writes the beginning of an object; encode.c ends it. */
#ifndef SLM_TOOLS_ENCODE_TASKS_H
#define SLM_TOOLS_ENCODE_TASKS_H

#include "encode.h"

static void give_embedding(work *w, const input *in, const float *rows) {
    (void)in;
    fputs("{\"embedding\": ", stdout);
    put_floats(rows, w->row);
}

/* ---- classify ---------------------------------------------------------------------------- */

typedef struct scored { /* sorted with the highest score first, of equal ones the first */
    float score;
    uint32_t index;
} scored;

static int compare_scored(const void *a, const void *b) {
    const scored *x = (const scored *)a, *y = (const scored *)b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static void put_label(const work *w, const scored *s) {
    const char *name = slm_model_label(w->model, s->index);
    fputs("\"label\": ", stdout);
    put_string(name ? name : "", name ? strlen(name) : 0);
    fputs(", \"score\": ", stdout);
    put_number((double)s->score);
}

static void give_labels(work *w, const input *in, const float *rows) {
    scored *all = (scored *)tool_allocate(w->row, sizeof *all);
    double largest, sum = softmax(rows, w->row, &largest);
    size_t i;
    for (i = 0; i < w->row; i++) {
        all[i].index = (uint32_t)i;
        all[i].score = rows[i];
        if (w->info.label_scores == SLM_SCORES_SOFTMAX)
            all[i].score = (float)(exp(rows[i] - largest) / sum);
        if (w->info.label_scores == SLM_SCORES_SIGMOID) all[i].score = sigmoid(rows[i]);
    }
    qsort(all, w->row, sizeof *all, compare_scored);
    putchar('{');
    put_label(w, &all[0]);
    fputs(", \"scores\": [", stdout);
    for (i = 0; i < w->row; i++) {
        fputs(i ? ", {" : "{", stdout);
        put_label(w, &all[i]);
        putchar('}');
    }
    putchar(']');
    free(all);
    put_logits(w, in, rows, 0);
}

static void give_next(work *w, const input *in, const float *rows) {
    double largest, sum = softmax(rows, 2, &largest);
    fputs("{\"is_next\": ", stdout);
    put_number(exp(rows[0] - largest) / sum);
    put_logits(w, in, rows, 0);
}

/* ---- tag: aggregation_strategy="simple" -------------------------------------------------- */

typedef struct tagged {
    const char *label; /* with its "B-" or "I-" */
    float score;
} tagged;

static tagged tag_of(const work *w, const float *row) {
    double largest, sum = softmax(row, w->row, &largest);
    size_t best = 0, i;
    tagged t;
    for (i = 1; i < w->row; i++)
        if (row[i] > row[best]) best = i;
    t.label = slm_model_label(w->model, best);
    if (!t.label) t.label = "";
    t.score = (float)(1 / sum);
    return t;
}

/* What stands behind "B-" or "I-". */
static const char *tag_name(const char *label) {
    return (label[0] == 'B' || label[0] == 'I') && label[1] == '-' ? label + 2 : label;
}

/* Hugging Face names a group by what follows the first "-", with or without a B or I. */
static const char *group_name(const char *label) {
    const char *dash = strchr(label, '-');
    return dash ? dash + 1 : label;
}

/* Whether no space stands before a token: it goes on within a word, or is punctuation. */
static int is_joined(const char *text, size_t size) {
    static const char *const joined[] = {".", "?", "!", ",", "n't", "'m", "'s", "'ve", "'re"};
    size_t i;
    for (i = 0; i < sizeof joined / sizeof joined[0]; i++)
        if (size >= strlen(joined[i]) && !memcmp(text, joined[i], strlen(joined[i]))) return 1;
    return 0;
}

/* A token's own text, or where it is unknown what stands there. */
static const char *shown_text(const work *w, const line *of, const slm_text_token *token,
                              size_t *size) {
    if (token->token != w->info.unk) return token_text(w, token->token, size);
    *size = token->end - token->start;
    return of->text.bytes + token->start;
}

/* The bytes of byte-level tokens, of which one may end within a character. */
static void put_bytes(const work *w, const line *of, const slm_text_token *tokens, size_t count) {
    size_t size = 0, at = 0, i, length;
    char *bytes;
    for (i = 0; i < count; i++, size += length) shown_text(w, of, &tokens[i], &length);
    bytes = (char *)tool_allocate(size, 1);
    for (i = 0; i < count; i++, at += length) {
        const char *text = shown_text(w, of, &tokens[i], &length);
        memcpy(bytes + at, text, length);
    }
    put_string(bytes, size);
    free(bytes);
}

/* Tokens as Hugging Face's convert_tokens_to_string writes them; what is unknown keeps its text. */
static void put_words(const work *w, const line *of, const slm_text_token *tokens, size_t count) {
    size_t i, size;
    if (!w->is_words) {
        put_bytes(w, of, tokens, count);
        return;
    }
    putchar('"');
    for (i = 0; i < count; i++) {
        const char *text = shown_text(w, of, &tokens[i], &size);
        if (i && size >= 2 && text[0] == '#' && text[1] == '#') {
            text += 2;
            size -= 2;
        } else if (i && !is_joined(text, size)) putchar(' ');
        tool_escaped(text, size);
    }
    putchar('"');
}

static void put_entity(const work *w, ruler *r, const line *of, const slm_text_token *tokens,
                       size_t count, const char *name, double score) {
    size_t start = place(w, r, tokens[0].start), end = place(w, r, tokens[count - 1].end);
    fputs("{\"entity_group\": ", stdout);
    put_string(name, strlen(name));
    fputs(", \"score\": ", stdout);
    put_number(score);
    fputs(", \"word\": ", stdout);
    put_words(w, of, tokens, count);
    printf(", \"start\": %zu, \"end\": %zu}", start, end);
}

/* Neighbours of one tag are an entity, unless the later one begins with "B-". */
static void give_entities(work *w, const input *in, const float *rows) {
    const slm_text_token *tokens = w->tokens + in->first;
    const char *separator = "";
    size_t i = 1, end = in->count - 1, from; /* without [CLS] and [SEP] */
    ruler r = {NULL, 0, 0};
    r.text = in->of->text.bytes;
    fputs("{\"entities\": [", stdout);
    while (i < end) {
        tagged first = tag_of(w, rows + i * w->row), t = first;
        double sum = 0;
        from = i;
        do {
            sum += (double)t.score;
            if (++i < end) t = tag_of(w, rows + i * w->row);
        } while (i < end && strncmp(t.label, "B-", 2) &&
                 !strcmp(tag_name(t.label), tag_name(first.label)));
        if (!strcmp(group_name(first.label), "O")) continue;
        fputs(separator, stdout);
        put_entity(w, &r, in->of, tokens + from, i - from, group_name(first.label),
                   sum / (double)(i - from));
        separator = ", ";
    }
    putchar(']');
    put_logits(w, in, rows, 1);
}

/* ---- fill -------------------------------------------------------------------------------- */

enum { FILLS = 5 };

static int is_special(const work *w, slm_token token) {
    const slm_model_info *info = &w->info;
    return token == info->cls || token == info->sep || token == info->mask ||
           token == info->pad || token == info->unk;
}

/* Drops spaces where `mark` begins, and another behind " ' "; the size that is left. */
static size_t tidied(char *text, size_t size, const char *mark) {
    size_t length = strlen(mark), kept = 0, at = 0;
    while (at < size) {
        int drops = size - at >= length && !memcmp(text + at, mark, length);
        size_t stop = drops ? at + length : at + 1;
        for (; at < stop; at++)
            if (!drops || text[at] != ' ') text[kept++] = text[at];
    }
    return kept;
}

/* As Hugging Face's decode; clean_up_tokenization_spaces is these replacements, one by one. */
static void put_decoded(const work *w, const slm_token *ids, size_t count) {
    static const char *const marks[] = {" .", " ?", " !", " ,", " ' ", " n't", " 'm", " 's",
                                        " 've", " 're"};
    size_t size = 0, i;
    char *text;
    slm_detokenize(w->model, ids, count, 0, NULL, 0, &size);
    text = (char *)tool_allocate(size, 1);
    slm_detokenize(w->model, ids, count, 0, text, size, &size);
    for (i = 0; w->info.tidy_spaces && i < sizeof marks / sizeof marks[0]; i++)
        size = tidied(text, size, marks[i]);
    put_string(text, size);
    free(text);
}

/* The input with one token changed. Special ones are left out where there is but one mask: or the
   other masks would be missing. */
static void put_sequence(const work *w, const input *in, size_t at, slm_token token, int skips) {
    slm_token *ids = (slm_token *)tool_allocate(in->count, sizeof *ids);
    size_t count = 0, i;
    for (i = 0; i < in->count; i++) {
        slm_token id = i == at ? token : w->ids[in->first + i];
        if (id != w->info.pad && !(skips && is_special(w, id))) ids[count++] = id;
    }
    put_decoded(w, ids, count);
    free(ids);
}

/* The best of a row, the first of equal ones; how many. */
static size_t best_of(const float *row, size_t count, size_t best[FILLS]) {
    size_t found = 0, i, j;
    for (i = 0; i < count; i++) {
        if (found == FILLS && !(row[i] > row[best[FILLS - 1]])) continue;
        for (j = found < FILLS ? found++ : FILLS - 1; j > 0 && row[i] > row[best[j - 1]]; j--)
            best[j] = best[j - 1];
        best[j] = i;
    }
    return found;
}

static void put_fills(const work *w, const input *in, size_t at, const float *row, int skips) {
    double largest, sum = softmax(row, w->row, &largest);
    size_t best[FILLS], found = best_of(row, w->row, best), i;
    putchar('[');
    for (i = 0; i < found; i++) {
        slm_token token = (slm_token)best[i];
        printf("%s{\"token\": %ld, \"token_str\": ", i ? ", " : "", (long)token);
        put_decoded(w, &token, 1);
        fputs(", \"score\": ", stdout);
        put_number((double)(float)(exp(row[token] - largest) / sum));
        fputs(", \"sequence\": ", stdout);
        put_sequence(w, in, at, token, skips);
        putchar('}');
    }
    putchar(']');
}

static size_t masks_in(const work *w, const slm_text_token *tokens, size_t count) {
    size_t masks = 0, i;
    for (i = 0; i < count; i++) masks += tokens[i].token == w->info.mask;
    return masks;
}

/* Rows are those of masks alone, but of all tokens with --logits. */
static void give_fills(work *w, const input *in, const float *rows) {
    const char *separator = "";
    size_t masks = masks_in(w, w->tokens + in->first, in->count), row = 0, i;
    fputs("{\"masks\": [", stdout);
    for (i = 0; i < in->count; i++) {
        if (w->ids[in->first + i] != w->info.mask) continue;
        fputs(separator, stdout);
        put_fills(w, in, i, rows + (w->logits ? i : row++) * w->row, masks == 1);
        separator = ", ";
    }
    putchar(']');
    put_logits(w, in, rows, 1);
}

/* ---- rank -------------------------------------------------------------------------------- */

/* Keeps ids for the end of the line. */
static void keep_ids(work *w, const input *in) {
    size_t need = w->kept_id_count + in->count;
    w->kept_ids = (slm_token *)grown(w->kept_ids, &w->kept_ids_room, need, sizeof *w->kept_ids);
    memcpy(w->kept_ids + w->kept_id_count, w->ids + in->first, in->count * sizeof *w->kept_ids);
    w->kept_ends = (size_t *)grown(w->kept_ends, &w->kept_ends_room, w->kept_end_count + 1,
                                   sizeof *w->kept_ends);
    w->kept_id_count = w->kept_ends[w->kept_end_count++] = need;
}

static void keep_floats(work *w, const float *x, size_t count) {
    w->kept = (float *)grown(w->kept, &w->kept_room, w->kept_count + count, sizeof *w->kept);
    memcpy(w->kept + w->kept_count, x, count * sizeof *x);
    w->kept_count += count;
}

static void put_kept_ids(const work *w) {
    size_t from = 0, i;
    fputs(", \"ids\": [", stdout);
    for (i = 0; i < w->kept_end_count; from = w->kept_ends[i++]) {
        if (i) fputs(", ", stdout);
        put_ids(w->kept_ids + from, w->kept_ends[i] - from);
    }
    putchar(']');
}

static void put_ranks(const work *w) {
    scored *all = (scored *)tool_allocate(w->kept_count, sizeof *all);
    size_t i;
    for (i = 0; i < w->kept_count; i++) {
        all[i].index = (uint32_t)i;
        all[i].score = w->info.rank_scores == SLM_SCORES_SIGMOID ? sigmoid(w->kept[i])
                                                                 : w->kept[i];
    }
    fputs("{\"scores\": [", stdout);
    for (i = 0; i < w->kept_count; i++) {
        if (i) fputs(", ", stdout);
        put_number((double)all[i].score);
    }
    qsort(all, w->kept_count, sizeof *all, compare_scored);
    fputs("], \"order\": [", stdout);
    for (i = 0; i < w->kept_count; i++)
        printf("%s%lu", i ? ", " : "", (unsigned long)all[i].index);
    putchar(']');
    free(all);
}

static void give_ranks(work *w, const input *in, const float *rows) {
    if (in->count) keep_floats(w, rows, 1);
    if (in->count && w->logits) keep_ids(w, in);
    if (!in->last) return;
    put_ranks(w);
    if (!w->logits) return;
    put_kept_ids(w);
    fputs(", \"logits\": ", stdout);
    put_rows(w->kept, w->kept_count, 1);
}

/* ---- hidden ------------------------------------------------------------------------------ */

static void give_hidden(work *w, const input *in, const float *rows) {
    const slm_text_token *tokens = w->tokens + in->first;
    ruler rulers[2] = {{NULL, 0, 0}, {NULL, 0, 0}};
    size_t i;
    rulers[0].text = in->of->text.bytes;
    rulers[1].text = in->of->pair.bytes;
    fputs("{\"ids\": ", stdout);
    put_input_ids(w, in);
    fputs(", \"types\": ", stdout);
    for (i = 0; i < in->count && w->info.is_encoder; i++)
        printf("%s%ld", i ? ", " : "[", (long)tokens[i].type);
    fputs(w->info.is_encoder ? "], \"offsets\": " : "null, \"offsets\": ", stdout);
    for (i = 0; i < in->count && w->info.is_encoder; i++) {
        ruler *r = &rulers[tokens[i].part == 1];
        size_t start = tokens[i].part < 0 ? 0 : place(w, r, tokens[i].start);
        size_t end = tokens[i].part < 0 ? 0 : place(w, r, tokens[i].end);
        printf("%s[%zu, %zu]", i ? ", " : "[", start, end);
    }
    fputs(w->info.is_encoder ? "], \"hidden\": " : "null, \"hidden\": ", stdout);
    put_rows(rows, in->count, w->row);
    fputs(", \"pooled\": ", stdout);
    if (w->pooled) put_floats(w->pooled + in->pass * w->row, w->row);
    else fputs("null", stdout);
}

#endif
