/* embed.c - search by meaning: every line of a file becomes a vector, and so does a query; the
   lines whose vectors point most nearly in the query's direction are printed.

     embed MODEL.slm FILE "a query" */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "../slm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOUND = 5, LINE = 4096 };

static void fail(const char *what, const char *why) {
    fprintf(stderr, "embed: %s: %s\n", what, why);
    exit(1);
}

static void *resized(void *memory, size_t count, size_t size) {
    memory = realloc(memory, (count ? count : 1) * size);
    if (!memory) fail("memory", "there is no more");
    return memory;
}

/* The lines of a file that are not empty. */
static slm_text *read_lines(const char *path, size_t *count) {
    char line[LINE], *copy;
    slm_text *texts = NULL;
    FILE *file = fopen(path, "r");
    if (!file) fail(path, "cannot be opened");
    for (*count = 0; fgets(line, LINE, file);) {
        size_t size = strcspn(line, "\r\n");
        if (!size) continue;
        copy = (char *)memcpy(resized(NULL, size, 1), line, size);
        texts = (slm_text *)resized(texts, *count + 1, sizeof *texts);
        memset(&texts[*count], 0, sizeof *texts);
        texts[*count].text = copy;
        texts[(*count)++].size = size;
    }
    fclose(file);
    return texts;
}

/* The vectors of texts, [count][size], each made one of length 1: then a product is a cosine. All
   texts in one call: they go through the model together, which is faster than one by one. */
static float *embed(slm_session *session, const slm_text *texts, size_t count) {
    size_t size = slm_output_size(session, SLM_OUTPUT_EMBEDDING), i, j;
    float *vectors = (float *)resized(NULL, count * size, sizeof *vectors), *v = vectors;
    if (slm_embed(session, texts, count, vectors) != SLM_OK)
        fail("embedding", slm_session_error(session));
    for (i = 0; i < count; i++, v += size) {
        double sum = 0;
        for (j = 0; j < size; j++) sum += (double)v[j] * v[j];
        for (j = 0; j < size && sum > 0; j++) v[j] = (float)(v[j] / sqrt(sum));
    }
    return vectors;
}

/* The line nearest to the query that has not been printed, whose text is then NULL. */
static void print_nearest(slm_text *lines, size_t count, const float *vectors, const float *query,
                          size_t size) {
    double best = -2, cosine;
    size_t nearest = count, i, j;
    for (i = 0; i < count; i++) {
        for (cosine = 0, j = 0; j < size; j++) cosine += (double)query[j] * vectors[i * size + j];
        if (!lines[i].text || cosine <= best) continue;
        best = cosine;
        nearest = i;
    }
    if (nearest == count) return;
    printf("%6.3f  %.*s\n", best, (int)lines[nearest].size, lines[nearest].text);
    lines[nearest].text = NULL;
}

int main(int count, char **args) {
    slm_model *model;
    slm_session *session = NULL;
    slm_error error;
    slm_text *lines, query = {NULL, SLM_NUL, NULL, 0};
    float *vectors, *vector;
    size_t size, line_count;
    int i;
    if (count != 4) fail("usage", "embed MODEL.slm FILE \"a query\"");
    if (slm_model_open(&model, args[1], NULL, &error) != SLM_OK ||
        slm_session_open(&session, model, NULL, &error) != SLM_OK) fail(args[1], error.text);
    size = slm_output_size(session, SLM_OUTPUT_EMBEDDING);
    lines = read_lines(args[2], &line_count);
    query.text = args[3];
    vectors = embed(session, lines, line_count);
    vector = embed(session, &query, 1);
    for (i = 0; i < FOUND; i++) print_nearest(lines, line_count, vectors, vector, size);
    slm_session_close(session); /* the system takes the rest back */
    slm_model_close(model);
    return 0;
}
