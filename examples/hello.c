/* hello.c - the library in one page: open a model, give it a beginning, print the rest. */
#define SLM_IMPLEMENTATION
#include "../slm.h"

int main(void) {
    slm_model *model;
    slm_session *session = NULL;
    slm_piece piece;
    slm_error error;
    slm_result result = slm_model_open(&model, "examples/models/tiny-phi.slm", NULL, &error);
    if (result == SLM_OK) result = slm_session_open(&session, model, NULL, &error);
    if (result != SLM_OK) fprintf(stderr, "hello: %s\n", error.text);
    if (result == SLM_OK)
        result = slm_prompt(session, "Once upon a time", SLM_NUL, SLM_ADD_BOS);
    if (result == SLM_OK) result = slm_generate(session, NULL);
    while (result == SLM_OK && (result = slm_next(session, &piece)) == SLM_OK)
        fwrite(piece.text, 1, piece.size, stdout);
    if (result == SLM_DONE) putchar('\n');
    else if (session) fprintf(stderr, "hello: %s\n", slm_session_error(session));
    slm_session_close(session);
    slm_model_close(model);
    return result == SLM_DONE ? 0 : 1;
}
