/* The runner: test CASE ... ; a case is tests/golden/CASE, converted to build/golden/CASE.slm. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t main_allocations; /* what the library's default allocator was asked for */
static void *main_allocate(size_t size) {
    main_allocations++;
    return malloc(size);
}
#define SLM_MALLOC(size) main_allocate(size)
#define SLM_FREE(memory) free(memory)
static size_t main_fork_bytes = (size_t)1 << 20; /* the library's, but for some tests */
#define SLM__FORK_BYTES main_fork_bytes
#define SLM_IMPLEMENTATION
#include "../slm.h"

static int passed, failed, skipped;
static const char *where = "";

#define CHECK(condition, text)                                                                 \
    do {                                                                                       \
        if (condition) passed++;                                                               \
        else {                                                                                 \
            failed++;                                                                          \
            printf("FAILED %s:%d %s: %s\n", __FILE__, __LINE__, where, text);                  \
        }                                                                                      \
    } while (0)
#define SKIP(text) (skipped++, printf("skipped: %s\n", text))

#include "test_core.c"
#include "test_kernels.c"
#include "test_golden.c"
#include "test_generate.c"
#include "test_draft.c"
#include "test_tokenizer.c"
#include "test_texts.c"
#include "test_ids.c"
#include "test_turns.c"
#include "test_pieces.c"
#include "test_slide.c"
#include "test_trained.c"
#include "test_damage.c"
#include "test_session.c"
#include "test_wide.c"
#include "test_modes.c"
#include "test_penalties.c"

int main(int count, char **args) {
    int i;
    test_halves();
    test_functions();
    test_kernels();
    test_penalty_bits("examples/models/tiny-phi.slm");
    if (count > 1 && !strcmp(args[1], "--kernels")) { /* all that an emulator has time for */
        printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
        return failed != 0;
    }
    test_tokenizer();
    test_ids();
    test_turns();
    test_pieces();
    test_damage();
    test_counted();
    test_chunks();
    test_cancel();
    test_arguments();
    test_range();
    test_wide();
    if (count < 2) SKIP("no golden cases");
    for (i = 1; i < count; i++) {
        char path[256];
        snprintf(path, sizeof path, "build/golden/%s.slm", args[i]);
        where = args[i];
        test_golden(args[i], path);
        test_session(path);
        if (i <= 2) test_allocation_failures(path);
    }
    where = "";
    test_generate("examples/models/tiny-phi.slm");
    test_draft("examples/models/tiny-phi.slm");
    test_slide("examples/models/tiny-phi.slm");
    test_trained();
    test_modes("examples/models/tiny-phi.slm");
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed != 0;
}
