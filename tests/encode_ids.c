/* encode_ids.c MODEL.slm OUTPUT OUT [BATCH] <INPUTS - runs an encoder on tokens, for tests in Python
   and shell: a line of id/type id/type ... is a text, OUTPUT is hidden, pooled, logits or embedding,
   OUT gets f32. All texts go in one call; BATCH is the session's. Says what the session takes. */
#include "../slm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what) {
    fprintf(stderr, "encode-ids: %s\n", what);
    exit(1);
}

static void *grow(void *memory, size_t *capacity, size_t size) {
    *capacity = *capacity ? *capacity * 2 : 1024;
    memory = realloc(memory, *capacity * size);
    if (!memory) fail("out of memory");
    return memory;
}

typedef struct texts {
    slm_token *ids;
    int32_t *types;
    slm_input *list;
    size_t tokens, count, id_room, type_room, list_room;
} texts;

/* Ends a line of text; an empty one is none. */
static void end_text(texts *t, size_t first) {
    if (t->tokens == first) return;
    if (t->count == t->list_room)
        t->list = (slm_input *)grow(t->list, &t->list_room, sizeof *t->list);
    t->list[t->count++].count = t->tokens - first;
}

static void read_texts(texts *t) {
    size_t first = 0, i, at = 0;
    int id, type, c;
    while ((c = getchar()) != EOF) {
        if (c == '\n') {
            end_text(t, first);
            first = t->tokens;
            continue;
        }
        ungetc(c, stdin);
        if (scanf("%d/%d", &id, &type) != 2) fail("not id/type");
        if (t->tokens == t->id_room) t->ids = (slm_token *)grow(t->ids, &t->id_room, sizeof *t->ids);
        if (t->tokens == t->type_room)
            t->types = (int32_t *)grow(t->types, &t->type_room, sizeof *t->types);
        t->ids[t->tokens] = id;
        t->types[t->tokens++] = type;
        while ((c = getchar()) == ' ') {}
        if (c != EOF) ungetc(c, stdin);
    }
    end_text(t, first);
    for (i = 0; i < t->count; at += t->list[i++].count) {
        t->list[i].tokens = t->ids + at;
        t->list[i].types = t->types + at;
    }
}

static slm_output output_of(const char *name) {
    static const char *const names[] = {"", "hidden", "pooled", "logits", "embedding"};
    int i;
    for (i = 1; i < 5; i++)
        if (!strcmp(name, names[i])) return (slm_output)i;
    fail("OUTPUT is hidden, pooled, logits or embedding");
    return SLM_OUTPUT_HIDDEN;
}

int main(int count, char **args) {
    texts t;
    slm_model *model;
    slm_session *session;
    slm_session_desc desc;
    slm_error error;
    slm_output output;
    size_t size, room, *rows, total = 0, i;
    float *out;
    FILE *file;
    if (count != 4 && count != 5) fail("MODEL.slm OUTPUT OUT [BATCH] <INPUTS");
    memset(&t, 0, sizeof t);
    memset(&desc, 0, sizeof desc);
    output = output_of(args[2]);
    if (count == 5) desc.batch = strtoul(args[4], NULL, 10);
    read_texts(&t);
    if (slm_model_open(&model, args[1], NULL, &error) != SLM_OK) fail(error.text);
    fprintf(stderr, "session %lu\n", (unsigned long)slm_session_size(model, &desc));
    if (slm_session_open(&session, model, &desc, &error) != SLM_OK) fail(error.text);
    size = slm_output_size(session, output);
    room = (output == SLM_OUTPUT_HIDDEN || output == SLM_OUTPUT_LOGITS ? t.tokens : t.count) * size;
    out = (float *)malloc(room * sizeof *out + 1);
    rows = (size_t *)malloc(t.count * sizeof *rows + 1);
    if (!out || !rows) fail("out of memory");
    if (slm_encode_tokens(session, t.list, t.count, output, out, room, rows) != SLM_OK)
        fail(slm_session_error(session));
    for (i = 0; i < t.count; i++) total += rows[i] * size;
    file = fopen(args[3], "wb");
    if (!file || fwrite(out, sizeof *out, total, file) != total || fclose(file) != 0)
        fail("cannot write OUT");
    slm_session_close(session);
    slm_model_close(model);
    free(out);
    free(rows);
    free(t.ids);
    free(t.types);
    free(t.list);
    return 0;
}
