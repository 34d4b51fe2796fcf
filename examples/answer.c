/* answer.c - the words of a text that answer a question about it. The text and the question have to
   fit the model together; slm-encode reads longer texts in windows.

     answer MODEL.slm "Who lives in Berlin?" "My friend Wolfgang lives in Berlin." */
#ifndef SLM_LINKED /* the Makefile links slm.o; built by hand this file is all */
#define SLM_IMPLEMENTATION
#endif
#include "../slm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 15 }; /* tokens of an answer */

static void fail(const char *what, const char *why) {
    fprintf(stderr, "answer: %s: %s\n", what, why);
    exit(1);
}

/* logits[token] = {an answer begins here, it ends here}. Finds the best pair of both inside the
   text, which is part 1 of the input; the question is part 0, [CLS] and [SEP] are -1. */
static int best_span(const slm_text_token *tokens, const float *logits, size_t count,
                     size_t *first, size_t *last) {
    size_t i, j;
    float best = 0;
    int found = 0;
    for (i = 0; i < count; i++)
        for (j = i; tokens[i].part == 1 && j < count && j < i + LONGEST; j++) {
            float score = logits[2 * i] + logits[2 * j + 1];
            if (tokens[j].part != 1 || (found && score <= best)) continue;
            best = score;
            *first = i;
            *last = j;
            found = 1;
        }
    return found;
}

int main(int count, char **args) {
    slm_model *model;
    slm_session *session = NULL;
    slm_session_desc desc;
    slm_model_info info;
    slm_error error;
    slm_text input;
    slm_text_token *tokens;
    float *logits;
    size_t length = 0, whole = 0, first = 0, last = 0;
    if (count != 4) fail("usage", "answer MODEL.slm \"a question\" \"a text\"");
    memset(&desc, 0, sizeof desc);
    desc.task = SLM_TASK_ANSWER; /* a file may have several heads */
    if (slm_model_open(&model, args[1], NULL, &error) != SLM_OK ||
        slm_session_open(&session, model, &desc, &error) != SLM_OK) fail(args[1], error.text);
    slm_model_get_info(model, &info);
    memset(&input, 0, sizeof input);
    input.text = args[2];
    input.pair = args[3];
    input.size = input.pair_size = SLM_NUL;
    tokens = (slm_text_token *)malloc(info.longest_text * sizeof *tokens);
    logits = (float *)malloc(info.longest_text * 2 * sizeof *logits);
    if (!tokens || !logits) fail("memory", "there is no more");
    if (slm_tokenize_text(model, &input, info.longest_text, tokens, info.longest_text, &length,
                          &whole) != SLM_OK) fail(args[1], "cannot tokenize a pair");
    if (whole > length) fprintf(stderr, "answer: the end of the text was cut off\n");
    if (slm_encode(session, &input, 1, SLM_OUTPUT_LOGITS, logits, length * 2, NULL) != SLM_OK)
        fail("encoding", slm_session_error(session));
    if (!best_span(tokens, logits, length, &first, &last)) fail("the text", "is empty");
    printf("%.*s\n", (int)(tokens[last].end - tokens[first].start),
           args[3] + tokens[first].start);
    free(tokens);
    free(logits);
    slm_session_close(session);
    slm_model_close(model);
    return 0;
}
