/* check_greedy.c GOLDEN MODEL.slm - reads the prompts of a file of tests/golden/real and checks that
   after each of Hugging Face's greedy tokens the model's likeliest token is the next one, wherever
   that is above the second by more than 0.05. Each token is evaluated behind Hugging Face's own, so
   that one difference leads to no other. Says "N of M equal, K too close to tell". */
#define SLM_IMPLEMENTATION
#include "../slm.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 4096 };

static void fail(const char *what) {
    fprintf(stderr, "check-greedy: %s\n", what);
    exit(1);
}

static int ids_of_line(const char *line, slm_token *ids) {
    char *end;
    int count = 0;
    for (; count < ROOM; line = end) {
        long id = strtol(line, &end, 10);
        if (end == line) return count;
        ids[count++] = (slm_token)id;
    }
    fail("a prompt is too long");
    return 0;
}

static slm_token likeliest(slm_session *session, size_t rows) {
    const float *logits = slm_logits(session, 0);
    size_t best = 0, i;
    for (i = 1; i < rows; i++)
        if (logits[i] > logits[best]) best = i;
    return (slm_token)best;
}

/* A line of "id margin" pairs. */
static void follow(slm_session *session, size_t rows, const char *line, int counts[3]) {
    char *end;
    for (;; line = end) {
        slm_token id = (slm_token)strtol(line, &end, 10);
        double margin;
        if (end == line) return;
        margin = strtod(end, &end);
        if (margin <= 0.05) counts[2]++;
        else {
            counts[1]++;
            counts[0] += likeliest(session, rows) == id;
        }
        if (slm_eval(session, &id, 1) != SLM_OK) fail(slm_session_error(session));
    }
}

int main(int count, char **arguments) {
    static char line[1 << 16];
    static slm_token ids[ROOM];
    int counts[3] = {0, 0, 0}, prompts = 0;
    slm_model *model;
    slm_session *session;
    slm_model_info info;
    slm_error error;
    FILE *golden;
    if (count != 3) fail("GOLDEN and MODEL.slm are needed");
    golden = fopen(arguments[1], "r");
    if (!golden) fail("cannot read the golden file");
    if (slm_model_open(&model, arguments[2], NULL, &error) != SLM_OK) fail(error.text);
    if (slm_session_open(&session, model, NULL, &error) != SLM_OK) fail(error.text);
    slm_model_get_info(model, &info);
    while (fgets(line, sizeof line, golden)) {
        if (strncmp(line, "ids ", 4) == 0) {
            slm_rewind(session, 0);
            if (slm_eval(session, ids, (size_t)ids_of_line(line + 4, ids)) != SLM_OK)
                fail(slm_session_error(session));
            prompts++;
        } else if (strncmp(line, "greedy ", 7) == 0)
            follow(session, info.vocab_rows, line + 7, counts);
    }
    fclose(golden);
    slm_session_close(session);
    slm_model_close(model);
    printf("%d of %d equal, %d too close to tell\n", counts[0], counts[1], counts[2]);
    return !(prompts == 3 && counts[1] >= 100 && counts[0] == counts[1]);
}
