/* check.c - what slm-convert takes from the library itself: its loader, which looks at what was
   written, so that no file is left that it refuses, and its chat formats. The portable kernels are
   enough for that and compile fast. */
#define SLM_IMPLEMENTATION
#define SLM_STATIC
#define SLM_NO_SIMD
#define SLM_NO_OPENMP
#include "../../slm.h"

#include "convert.h"

void check_slm(const char *path, const char *name) {
    slm_model *model;
    slm_error error;
    if (slm_model_open(&model, path, NULL, &error) != SLM_OK)
        fail("%s: the library would not open it: %s", name, error.text);
    slm_model_close(model);
}

typedef char all_formats_are_there[(int)TURNS_COUNT == (int)SLM_TURNS_COUNT - 1 ? 1 : -1];

ChatFormat chat_format(int turns) {
    const slm__turn_format *f = &slm__turn_formats[turns];
    ChatFormat format;
    format.name = f->name;
    format.join = f->join;
    format.open = f->answer;
    format.after_system = f->after_system;
    memcpy(format.around, f->around, sizeof format.around);
    return format;
}
