/* hello.c - the whole library in ten lines: open a model, give it a beginning, print the rest. */
#define SLM_IMPLEMENTATION
#include "../slm.h"

int main(void) {
    slm_model *model = NULL;
    slm_session *session = NULL;
    slm_piece piece;
    if (slm_model_open(&model, "examples/models/tiny-phi.slm", NULL, NULL) == SLM_OK &&
        slm_session_open(&session, model, NULL, NULL) == SLM_OK &&
        slm_prompt(session, "Once upon a time", SLM_NUL, 0) == SLM_OK &&
        slm_generate(session, NULL) == SLM_OK)
        while (slm_next(session, &piece) == SLM_OK) fwrite(piece.text, 1, piece.size, stdout);
    putchar('\n');
    slm_session_close(session);
    slm_model_close(model);
    return 0;
}
