/* test [NAME ...] [--golden CASE ...]: the tests of these names, or all of them; --list shows them.
   A case is tests/golden/CASE, converted to build/golden/CASE.slm; encoders/NAME is an encoder.
   test --kernels: those that an emulator has time for. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
#include "test_encoders.c"
#include "test_generate.c"
#include "test_draft.c"
#include "test_tokenizer.c"
#include "test_texts.c"
#include "test_token_ids.c"
#include "test_words.c"
#include "test_composition.c"
#include "test_chat_formats.c"
#include "test_splits.c"
#include "test_sentencepiece.c"
#include "test_slide.c"
#include "test_trained_model.c"
#include "test_real_encoder.c"
#include "test_damage.c"
#include "test_session.c"
#include "test_encode.c"
#include "test_second.c"
#include "test_stack.c"
#include "test_bundled_encoder.c"
#include "test_wide_ffn.c"
#include "test_rounding_modes.c"
#include "test_penalties.c"

static int main_case; /* the number of the golden case */

static void main_session(const char *name, const char *path) {
    (void)name;
    test_session(path);
}

static void main_allocation_failures(const char *name, const char *path) {
    (void)name;
    if (main_case < 2) test_allocation_failures(path);
}

#define MAIN_KERNELS 4 /* so many, the first of the table, are for --kernels */
static const struct main_test {
    const char *name, *covers;
    void (*run)(void);                                 /* one of these three */
    void (*bundled)(const char *path);                 /* with the bundled model */
    void (*golden)(const char *name, const char *path); /* once for each case */
} main_tests[] = {
    {"halves", "f16 and f32", test_halves, NULL, NULL},
    {"functions", "exp, sin, GELU, SiLU and others against libm", test_functions, NULL, NULL},
    {"kernels", "each instruction set against the portable C", test_kernels, NULL, NULL},
    {"penalties", "penalties and biases, bit by bit", NULL, test_penalty_bits, NULL},
    {"tokenizer", "UTF-8 and byte-level BPE, damaged too", test_tokenizer, NULL, NULL},
    {"ids", "token ids of millions of texts against Hugging Face", test_ids, NULL, NULL},
    {"splits", "byte-level BPE of today: ids against Hugging Face", test_splits, NULL, NULL},
    {"families", "ids of real tokenizers against Hugging Face", test_families, NULL, NULL},
    {"words", "WordPiece's tokens of texts and pairs against Hugging Face", test_words, NULL,
     NULL},
    {"nfc", "classes of characters and NFC against Hugging Face", test_composition, NULL, NULL},
    {"chat_formats", "against Hugging Face's chat templates", test_chat_formats, NULL, NULL},
    {"pieces", "SentencePiece in a session and without memory", test_pieces, NULL, NULL},
    {"damage", "damaged files: an error or a model that runs", test_damage, NULL, NULL},
    {"encode", "encoders: memory, refusals, cancelling; decoders' vectors", test_encode, NULL, NULL},
    {"bundled", "the bundled encoder's labels and fills", test_bundled_encoder, NULL, NULL},
    {"rotary", "a rotary table for each kind of layer", test_rotary_tables, NULL, NULL},
    {"counted", "what is allocated, and by which allocator", test_counted, NULL, NULL},
    {"chunks", "prompts in pieces, rewound: the same bits", test_chunks, NULL, NULL},
    {"cancel", "cancelling, and going on", test_cancel, NULL, NULL},
    {"arguments", "wrong arguments are refused", test_arguments, NULL, NULL},
    {"range", "values that become infinite", test_range, NULL, NULL},
    {"wide", "wide feed-forwards: tasks, threads and batches", test_wide, NULL, NULL},
    {"golden", "logits and greedy ids against Hugging Face", NULL, NULL, test_golden},
    {"encoders", "hidden states and heads against Hugging Face", NULL, NULL, test_encoders},
    {"session", "sessions: memory, full context, rewinding", NULL, NULL, main_session},
    {"allocations", "every allocation refused in turn", NULL, NULL, main_allocation_failures},
    {"generate", "sampling, generation, conversations", NULL, test_generate, NULL},
    {"draft", "prompt lookup changes no bit", NULL, test_draft, NULL},
    {"second", "going on after a rewind, likely tokens, answers' ends, sliding, counts", NULL,
     test_second, NULL},
    {"stack", "how deep the calls go, for each instruction set", test_stack, NULL, NULL},
    {"slide", "the texts of slm-generate --keep", NULL, test_slide, NULL},
    {"trained", "a trained LLaMA's ids and text", test_trained, NULL, NULL},
    {"real", "a trained BERT-Tiny's layers and logits", test_real_encoder, NULL, NULL},
    {"modes", "the host's rounding and denormals", NULL, test_modes, NULL},
};
#define MAIN_TESTS ((int)(sizeof main_tests / sizeof main_tests[0]))

static void main_run(const struct main_test *test, char **cases, int count) {
    int i;
    if (test->run) test->run();
    if (test->bundled) test->bundled("examples/models/tiny-phi.slm");
    for (i = 0; test->golden && i < count; i++) {
        char path[256];
        int encoder = !strncmp(cases[i], "encoders/", 9);
        if (encoder != (test->golden == test_encoders)) continue;
        snprintf(path, sizeof path, "build/golden/%s.slm", cases[i]);
        where = cases[i];
        main_case = i;
        test->golden(cases[i], path);
        where = "";
    }
}

int main(int count, char **args) {
    int chosen[MAIN_TESTS] = {0}, names = 1, kernels, cases, wanted = 0, i, k;
    if (count == 2 && !strcmp(args[1], "--list")) {
        for (k = 0; k < MAIN_TESTS; k++)
            printf("%-12s %s\n", main_tests[k].name, main_tests[k].covers);
        return 0;
    }
    kernels = count == 2 && !strcmp(args[1], "--kernels");
    while (!kernels && names < count && strcmp(args[names], "--golden")) names++;
    cases = names < count && !kernels ? count - names - 1 : 0;
    for (i = 1; i < names; i++) {
        for (k = 0; k < MAIN_TESTS && strcmp(args[i], main_tests[k].name); k++) {}
        if (k == MAIN_TESTS) {
            fprintf(stderr, "test: no test is called '%s' (see --list)\n", args[i]);
            return 2;
        }
        chosen[k] = 1;
    }
    for (k = 0; k < MAIN_TESTS; k++) {
        if (names == 1) chosen[k] = !kernels || k < MAIN_KERNELS;
        wanted |= chosen[k] && main_tests[k].golden;
    }
    if (wanted && !cases) SKIP("no golden cases (--golden CASE ...)");
    for (k = 0; k < MAIN_TESTS; k++)
        if (chosen[k]) main_run(&main_tests[k], args + names + 1, cases);
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed != 0;
}
