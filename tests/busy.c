/* busy.c - a program as a user would write it, for busy.sh: how many tokens a second a prompt and
   generation take. Built with -DPOOL it uses the pool of examples/threads.h, else what the
   compiler gives: OpenMP or one thread. It also makes the random models and the load. */
#define _GNU_SOURCE 1 /* for threads.h and bench_model.h */
#define SLM_IMPLEMENTATION
#include "../tools/common.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

#include "../examples/threads.h"
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function" /* of the probes only the clock is used */
#endif
#include "../tools/bench_probe.h"
#include "../tools/bench_model.h"

static void check(const slm_session *session, slm_result result) {
    if (result != SLM_OK) tool_fail(1, "%s", slm_session_error(session));
}

/* Tokens a second of prompts of `count`, each evaluated from the start, for about so many seconds. */
static double prompts(slm_session *session, const slm_token *tokens, size_t count,
                      double seconds) {
    double start = bench_now(), now;
    size_t done = 0;
    do {
        check(session, slm_rewind(session, 0));
        check(session, slm_eval(session, tokens, count));
        done += count;
        now = bench_now();
    } while (now - start < seconds);
    return (double)done / (now - start);
}

/* Tokens a second, one by one, behind a prompt; up to 200 of them before it begins again. */
static double generation(slm_session *session, slm_token token, double seconds) {
    double start, now;
    size_t done = 0, begin = slm_position(session);
    check(session, slm_eval(session, &token, 1)); /* what is touched first is not measured */
    start = bench_now();
    do {
        check(session, slm_sample(session, NULL, &token));
        if (slm_position(session) - begin > 200) check(session, slm_rewind(session, begin));
        check(session, slm_eval(session, &token, 1));
        done++;
        now = bench_now();
    } while (now - start < seconds);
    return (double)done / (now - start);
}

static void measure(const char *path, unsigned threads, size_t prompt, double seconds) {
    slm_model *model = tool_open(path, NULL);
    slm_model_info info;
    slm_session_desc desc;
    slm_session *session;
    slm_token *tokens = (slm_token *)tool_allocate(prompt, sizeof *tokens);
    double speed;
    size_t i;
#ifdef POOL
    slm_threads *pool = slm_threads_open(threads);
#endif
    memset(&desc, 0, sizeof desc);
    desc.context = prompt + 256;
    desc.threads = threads;
#ifdef POOL
    desc.parallel.run = slm_threads_run;
    desc.parallel.user = pool;
    desc.threads = slm_threads_count(pool);
#endif
    session = tool_session(model, &desc);
    slm_model_get_info(model, &info);
    for (i = 0; i < prompt; i++)
        tokens[i] = (slm_token)(random_bits(i + 1) % (info.vocab_used ? info.vocab_used
                                                                      : info.vocab_rows));
    check(session, slm_eval(session, tokens, prompt)); /* pages are touched, threads begun */
    speed = prompts(session, tokens, prompt, seconds);
    printf("%.2f ", speed);
    printf("%.2f\n", generation(session, tokens[0], seconds));
    slm_session_close(session);
    slm_model_close(model);
    free(tokens);
#ifdef POOL
    slm_threads_close(pool);
#endif
}

/* A random LLaMA of q8, as a file. */
static void make(const char *path, char **sizes) {
    bench_shape shape = {"random", "llama", 0, 512, 0, 0, 0, 0, 0, 64, 64, 0, 1e-5f, 10000, 0, NULL};
    bench_team alone;
    uint8_t *bytes;
    size_t size = 0;
    FILE *out = fopen(path, "wb");
    memset(&alone, 0, sizeof alone);
    alone.threads = 1;
    shape.vocab = (uint32_t)tool_number("VOCAB", sizes[0], 1 << 20);
    shape.layers = (uint32_t)tool_number("LAYERS", sizes[1], 512);
    shape.hidden = (uint32_t)tool_number("HIDDEN", sizes[2], 1 << 16) / 64 * 64;
    shape.ffn = (uint32_t)tool_number("FFN", sizes[3], 1 << 18);
    shape.heads = shape.kv_heads = shape.hidden / 64;
    bytes = random_make(&shape, SLM_TYPE_Q8, &alone, &size);
    if (!out || !bytes || fwrite(bytes, 1, size, out) != size || fclose(out))
        tool_fail(1, "%s: cannot be made", path);
    free(bytes);
}

/* Load: a processor's worth of work, but not for ever. */
static void spin(double seconds) {
    double start = bench_now();
    volatile unsigned n = 0;
    do n++;
    while (n % 1024 || bench_now() - start < seconds);
}

int main(int count, char **args) {
    tool_name = "busy";
    if (count == 3 && !strcmp(args[1], "--spin")) spin(tool_real("--spin", args[2], 0, 3600));
    else if (count == 7 && !strcmp(args[1], "--make")) make(args[2], args + 3);
    else if (count == 5)
        measure(args[1], (unsigned)tool_number("THREADS", args[2], 4096),
                (size_t)tool_number("PROMPT", args[3], 256), tool_real("SECONDS", args[4], 0, 60));
    else
        tool_fail(2, "usage: busy MODEL THREADS PROMPT SECONDS | --make OUT VOCAB LAYERS HIDDEN "
                     "FFN | --spin SECONDS");
    return tool_finish();
}
