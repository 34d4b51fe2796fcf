/* check.c - the library's own loader looks at what was written: no file is left that it refuses.
   The portable kernels are enough for that and compile fast. */
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
