/* jsonl.h - JSON Lines: the lines of stdin as they arrive, and what JSON says in a line. Knows no
   model. */
#ifndef SLM_TOOLS_JSONL_H
#define SLM_TOOLS_JSONL_H

#include "json.h"

#define LINE_MOST ((size_t)1 << 24) /* bytes; a longer line is an error */
#define JSON_DEEPEST 64

/* ---- lines ------------------------------------------------------------------------------- */

typedef struct reader { /* all zero at first */
    char *bytes;
    size_t capacity, at, looked, end; /* no line ends in [at, looked) */
    int ended, skips;                 /* skips: inside a line that is too long */
} reader;

/* Where the next line ends; NULL: that has not arrived. */
static char *reader_stop(reader *r) {
    char *stop = r->looked < r->end
        ? (char *)memchr(r->bytes + r->looked, '\n', r->end - r->looked) : NULL;
    r->looked = stop ? (size_t)(stop - r->bytes) : r->end;
    return stop;
}

/* Whether the next line can be had without waiting for it. */
static int reader_ready(reader *r) { return r->ended || reader_stop(r) != NULL; }

/* Takes what has arrived, or waits for something. */
static void reader_wait(reader *r) {
    long got;
    if (r->at) memmove(r->bytes, r->bytes + r->at, r->end - r->at);
    r->looked -= r->at;
    r->end -= r->at;
    r->at = 0;
    if (r->end == r->capacity) {
        r->capacity = r->capacity ? r->capacity * 2 : 65536;
        r->bytes = (char *)realloc(r->bytes, r->capacity);
        if (!r->bytes) tool_fail(1, "out of memory");
    }
    do got = (long)read(0, r->bytes + r->end, (unsigned)(r->capacity - r->end));
    while (got < 0 && errno == EINTR);
    if (got < 0) tool_fail(1, "stdin: %s", strerror(errno));
    r->ended = got == 0;
    r->end += (size_t)got;
}

/* The next line, which stays until the next call; without bytes it was too long. 0: the end. */
static int reader_next(reader *r, span *line) {
    char *stop;
    while ((stop = reader_stop(r)) == NULL && !r->ended) {
        if (r->end - r->at > LINE_MOST) {
            r->skips = 1;
            r->at = r->end;
        }
        reader_wait(r);
    }
    if (!stop && r->at == r->end && !r->skips) return 0;
    line->size = (stop ? (size_t)(stop - r->bytes) : r->end) - r->at;
    line->bytes = r->skips || line->size > LINE_MOST ? NULL : r->bytes + r->at;
    r->at += line->size + (stop != NULL);
    r->looked = r->at;
    r->skips = 0;
    return 1;
}

/* ---- JSON beyond strings ------------------------------------------------------------------ */

/* Whether an array or object goes on; what ends it or parts its values is taken. */
static int json_more(json *j, char close, int *first) {
    if (j->error) return 0;
    if (json_peek(j) == close) {
        j->at++;
        return 0;
    }
    if (!*first && !json_take(j, ',')) return 0;
    *first = 0;
    return 1;
}

static int json_key(json *j, span *key) { return json_string(j, key) && json_take(j, ':'); }

static size_t json_digits(json *j) {
    const char *from = j->at;
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9') j->at++;
    return (size_t)(j->at - from);
}

static int json_number(json *j) {
    const char *first;
    size_t whole;
    if (json_peek(j) == '-') j->at++;
    first = j->at;
    whole = json_digits(j);
    if (!whole || (whole > 1 && *first == '0')) return json_fail(j, "not valid JSON");
    if (j->at < j->end && *j->at == '.') {
        j->at++;
        if (!json_digits(j)) return json_fail(j, "not valid JSON");
    }
    if (j->at < j->end && (*j->at == 'e' || *j->at == 'E')) {
        j->at++;
        if (j->at < j->end && (*j->at == '+' || *j->at == '-')) j->at++;
        if (!json_digits(j)) return json_fail(j, "not valid JSON");
    }
    return 1;
}

static int json_word(json *j, const char *word) {
    while (*word)
        if (j->at == j->end || *j->at++ != *word++) return json_fail(j, "not valid JSON");
    return 1;
}

/* Any value, which nobody wants. */
static int json_skip(json *j, int depth) {
    span unused;
    int first = 1;
    if (depth > JSON_DEEPEST) return json_fail(j, "JSON of more than 64 levels");
    switch (json_peek(j)) {
    case '"': return json_string(j, &unused);
    case 't': return json_word(j, "true");
    case 'f': return json_word(j, "false");
    case 'n': return json_word(j, "null");
    case '[':
        for (j->at++; json_more(j, ']', &first);) json_skip(j, depth + 1);
        return !j->error;
    case '{':
        for (j->at++; json_more(j, '}', &first);)
            if (json_key(j, &unused)) json_skip(j, depth + 1);
        return !j->error;
    default: return json_number(j);
    }
}

/* ---- what a line says -------------------------------------------------------------------- */

typedef struct line {
    span text, pair;      /* a question and its context are such a pair */
    span *documents;      /* for the query in `text` */
    size_t document_count;
    int ranks;            /* there was a list of documents, maybe an empty one */
    const char *error;    /* NULL: none */
    char message[200];    /* an error of the model's, see encode.c */
    char *bytes, *more;   /* memory that the spans lie in */
    int truncated;
} line;

enum { KEY_TEXT = 1, KEY_PAIR = 2, KEY_QUESTION = 4, KEY_CONTEXT = 8, KEY_QUERY = 16,
       KEY_DOCUMENTS = 32 };

static unsigned line_key(const span *key) {
    static const char *const names[] = {"text", "pair", "question", "context", "query",
                                        "documents"};
    unsigned i;
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == key->size && !memcmp(names[i], key->bytes, key->size))
            return 1u << i;
    return 0;
}

static int line_string(json *j, span *out) {
    if (json_peek(j) != '"') return json_fail(j, "a text must be a JSON string");
    return json_string(j, out);
}

static int line_documents(json *j, line *l) {
    size_t capacity = 0;
    int first = 1;
    if (json_peek(j) != '[') return json_fail(j, "documents must be a JSON array");
    l->ranks = 1;
    for (j->at++; json_more(j, ']', &first); l->document_count++) {
        if (l->document_count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            l->documents = (span *)realloc(l->documents, capacity * sizeof *l->documents);
            if (!l->documents) tool_fail(1, "out of memory");
        }
        if (!line_string(j, &l->documents[l->document_count])) return 0;
    }
    return !j->error;
}

/* Keys that no task knows are passed over. */
static int line_object(json *j, line *l) {
    unsigned seen = 0, bit;
    int first = 1;
    span key;
    for (j->at++; json_more(j, '}', &first); seen |= bit) {
        if (!json_key(j, &key)) return 0;
        bit = line_key(&key);
        if (seen & bit) return json_fail(j, "a key stands twice");
        if (!bit) json_skip(j, 2);
        else if (bit == KEY_DOCUMENTS) line_documents(j, l);
        else if (bit == KEY_PAIR && json_peek(j) == 'n') json_word(j, "null");
        else line_string(j, bit & (KEY_PAIR | KEY_CONTEXT) ? &l->pair : &l->text);
    }
    if (j->error) return 0;
    if (seen == KEY_TEXT || seen == (KEY_TEXT | KEY_PAIR) ||
        seen == (KEY_QUESTION | KEY_CONTEXT) || seen == (KEY_QUERY | KEY_DOCUMENTS)) return 1;
    return json_fail(j, "the object's keys are neither text, nor text and pair, nor question and "
                        "context, nor query and documents");
}

/* [text, pair] */
static int line_array(json *j, line *l) {
    int first = 1, texts = 0;
    for (j->at++; texts < 3 && json_more(j, ']', &first); texts++)
        if (texts < 2 && !line_string(j, texts ? &l->pair : &l->text)) return 0;
    if (j->error || texts == 2) return !j->error;
    return json_fail(j, "an array must hold a text and its pair");
}

/* Reads the JSON of l->bytes; whatever is wrong with it is in l->error. */
static void line_parse(line *l, size_t size) {
    json j = {NULL, NULL, NULL};
    j.at = l->bytes;
    j.end = l->bytes + size;
    switch (json_peek(&j)) {
    case '"': json_string(&j, &l->text); break;
    case '[': line_array(&j, l); break;
    case '{': line_object(&j, l); break;
    default:
        json_fail(&j, j.at == j.end ? "an empty line"
                                    : "neither a JSON string nor a pair nor an object");
    }
    if (json_peek(&j)) json_fail(&j, "not valid JSON: something follows");
    else if (j.at < j.end) json_fail(&j, "not valid JSON"); /* a NUL */
    l->error = j.error;
}

static void line_free(line *l) {
    free(l->documents);
    free(l->bytes);
    free(l->more);
    memset(l, 0, sizeof *l);
}

#endif
