/* fill_mask.c - which words could stand at [MASK]? Prints the likeliest five for each.

     fill_mask MODEL.slm "The [MASK] is blue." */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "../slm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEST = 5 };

static void fail(const char *what, const char *why) {
    fprintf(stderr, "fill_mask: %s: %s\n", what, why);
    exit(1);
}

/* Prints the tokens with the largest logits, and their probabilities. */
static void print_best(const slm_model *model, float *logits, size_t count) {
    double sum = 0;
    size_t best, size, i, rank;
    float largest = 0;
    for (rank = 0; rank < BEST && rank < count; rank++) {
        const char *word;
        for (best = 0, i = 1; i < count; i++)
            if (logits[i] > logits[best]) best = i;
        if (rank == 0) {
            largest = logits[best];
            for (i = 0; i < count; i++) sum += exp((double)logits[i] - largest);
        }
        word = slm_token_text(model, (slm_token)best, &size); /* NULL: no such token */
        printf("%6.3f  %.*s\n", exp((double)logits[best] - largest) / sum,
               word ? (int)size : 0, word ? word : "");
        logits[best] = -HUGE_VALF;
    }
}

int main(int count, char **args) {
    slm_model *model;
    slm_session *session = NULL;
    slm_session_desc desc;
    slm_error error;
    slm_text text;
    slm_result result;
    float *logits;
    size_t size, masks = 0, i;
    if (count != 3) fail("usage", "fill_mask MODEL.slm \"The [MASK] is blue.\"");
    memset(&desc, 0, sizeof desc);
    desc.task = SLM_TASK_FILL; /* a file may have several heads */
    if (slm_model_open(&model, args[1], NULL, &error) != SLM_OK ||
        slm_session_open(&session, model, &desc, &error) != SLM_OK) fail(args[1], error.text);
    memset(&text, 0, sizeof text);
    text.text = args[2];
    text.size = SLM_NUL;
    size = slm_output_size(session, SLM_OUTPUT_MASKS); /* of the vocabulary */
    /* without room it only says how many masks there are */
    result = slm_encode(session, &text, 1, SLM_OUTPUT_MASKS, NULL, 0, &masks);
    if (result != SLM_OK && result != SLM_ERR_CAPACITY)
        fail("encoding", slm_session_error(session));
    if (!masks) fail(args[2], "there is no [MASK]");
    logits = (float *)malloc(masks * size * sizeof *logits);
    if (!logits) fail("memory", "there is no more");
    if (slm_encode(session, &text, 1, SLM_OUTPUT_MASKS, logits, masks * size, NULL) != SLM_OK)
        fail("encoding", slm_session_error(session));
    for (i = 0; i < masks; i++) {
        if (i) putchar('\n');
        print_best(model, logits + i * size, size);
    }
    free(logits);
    slm_session_close(session);
    slm_model_close(model);
    return 0;
}
