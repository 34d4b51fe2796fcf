/* classify.c - which label has a text? Prints all labels of a model with their probabilities.

     classify MODEL.slm "a text" ["its pair"] */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "../slm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *why) {
    fprintf(stderr, "classify: %s: %s\n", what, why);
    exit(1);
}

/* Logits become what the model was trained to say: probabilities that together are 1, a probability
   for each label, or plain values. */
static void make_scores(float *x, size_t count, slm_scores kind) {
    float largest = x[0], sum = 0;
    size_t i;
    for (i = 1; i < count; i++)
        if (x[i] > largest) largest = x[i];
    for (i = 0; i < count; i++) sum += expf(x[i] - largest);
    for (i = 0; i < count; i++) {
        if (kind == SLM_SCORES_SOFTMAX) x[i] = expf(x[i] - largest) / sum;
        if (kind == SLM_SCORES_SIGMOID) x[i] = 1 / (1 + expf(-x[i]));
    }
}

int main(int count, char **args) {
    slm_model *model;
    slm_session *session = NULL;
    slm_session_desc desc;
    slm_model_info info;
    slm_error error;
    slm_text text;
    float *scores;
    uint32_t i;
    if (count < 3 || count > 4) fail("usage", "classify MODEL.slm \"a text\" [\"its pair\"]");
    memset(&desc, 0, sizeof desc);
    desc.task = SLM_TASK_CLASSIFY; /* a file may have several heads */
    if (slm_model_open(&model, args[1], NULL, &error) != SLM_OK ||
        slm_session_open(&session, model, &desc, &error) != SLM_OK) fail(args[1], error.text);
    slm_model_get_info(model, &info);
    memset(&text, 0, sizeof text);
    text.text = args[2];
    text.pair = count > 3 ? args[3] : NULL;
    text.size = text.pair_size = SLM_NUL;
    scores = (float *)malloc(info.labels * sizeof *scores);
    if (!scores) fail("memory", "there is no more");
    if (slm_encode(session, &text, 1, SLM_OUTPUT_LOGITS, scores, info.labels, NULL) != SLM_OK)
        fail("encoding", slm_session_error(session));
    make_scores(scores, info.labels, info.label_scores);
    for (i = 0; i < info.labels; i++)
        printf("%6.3f  %s\n", (double)scores[i], slm_model_label(model, i));
    free(scores);
    slm_session_close(session);
    slm_model_close(model);
    return 0;
}
