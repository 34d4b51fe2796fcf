/* How deep the library's calls go: a thread of its own runs them on a painted stack. Part of the
   runner. */
#if defined(__unix__) && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define STACK_TESTED
#include <pthread.h>
int pthread_attr_setstack(pthread_attr_t *, void *, size_t); /* strict C99 headers hide it */

enum { STACK_BYTES = 1 << 20, STACK_PAINT = 0xA5, STACK_PROMPT = 300 };

typedef struct stack_case {
    const char *path;
    slm_isa isa;
    unsigned char *lowest, *top; /* of the painted part; the thread's frame that calls */
    int ran;
} stack_case;

static void stack_decode(slm_session *s, const slm_model_info *info) {
    static slm_token tokens[STACK_PROMPT];
    static float logprobs[8];
    slm_candidate top[5];
    slm_generation g;
    slm_piece piece;
    size_t i, found;
    memset(&g, 0, sizeof g);
    g.limit = 6;
    g.draft = 3;
    g.sampling.temperature = 0.8f;
    g.sampling.top_k = 40;
    for (i = 0; i < STACK_PROMPT; i++)
        tokens[i] = (slm_token)(i * 7 % (info->vocab_used < 99 ? info->vocab_used : 99));
    slm_eval(s, tokens, info->context > STACK_PROMPT + 20 ? STACK_PROMPT : info->context / 2);
    slm_top(s, top, 5, &found);
    slm_generate(s, &g);
    while (slm_next(s, &piece) == SLM_OK) continue;
    slm_score(s, tokens, 5, logprobs);
    slm_rewind(s, 0);
    slm_chat(s, SLM_USER, "Who are you, and what do you like to do in the morning?", SLM_NUL);
    slm_chat(s, SLM_ASSISTANT, NULL, 0);
}

static void stack_encode(slm_session *s) {
    static float out[1 << 16];
    slm_text texts[3];
    size_t i;
    memset(texts, 0, sizeof texts);
    for (i = 0; i < 3; i++) {
        texts[i].text = "We had a fine day, and everybody went home in time for dinner and a story.";
        texts[i].size = SLM_NUL;
    }
    slm_encode(s, texts, 3, SLM_OUTPUT_HIDDEN, out, 1 << 16, NULL);
    slm_encode(s, texts, 3, SLM_OUTPUT_LOGITS, out, 1 << 16, NULL);
}

static void *stack_run(void *arg) {
    stack_case *c = (stack_case *)arg;
    slm_model *model = NULL;
    slm_session *session = NULL;
    slm_model_desc model_desc;
    slm_session_desc desc;
    slm_model_info info;
    c->top = (unsigned char *)&info;
    memset(&model_desc, 0, sizeof model_desc);
    memset(&desc, 0, sizeof desc);
    model_desc.isa = c->isa;
    desc.threads = 1;
    if (slm_model_open(&model, c->path, &model_desc, NULL) == SLM_OK &&
        slm_session_open(&session, model, &desc, NULL) == SLM_OK) {
        slm_model_get_info(model, &info);
        if (info.is_encoder) stack_encode(session);
        else stack_decode(session, &info);
        slm_model_verify(model, NULL);
        c->ran = 1;
    }
    slm_session_close(session);
    slm_model_close(model);
    return NULL;
}

/* Bytes below the caller's frame that one model's calls touch; 0: they could not run. */
static size_t stack_depth(const char *path, slm_isa isa, unsigned char *stack) {
    stack_case c;
    pthread_attr_t attributes;
    pthread_t thread;
    size_t i = 0;
    memset(&c, 0, sizeof c);
    c.path = path;
    c.isa = isa;
    memset(stack, STACK_PAINT, STACK_BYTES);
    if (pthread_attr_init(&attributes) != 0) return 0;
    if (pthread_attr_setstack(&attributes, stack, STACK_BYTES) == 0 &&
        pthread_create(&thread, &attributes, stack_run, &c) == 0)
        pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    while (i < STACK_BYTES && stack[i] == STACK_PAINT) i++;
    return c.ran ? (size_t)(c.top - (stack + i)) : 0;
}
#endif

static void test_stack(void) {
#ifdef STACK_TESTED
    static const char *const models[] = {
        "examples/models/tiny-phi.slm", "examples/models/tiny-bert.slm",
        "build/wide/gptj-f16.slm", "build/wide/gptj-q8.slm", "build/wide/gptj-q4.slm",
        "build/wide/llama-q4f.slm"};
    static unsigned char room[STACK_BYTES + 4096];
    unsigned char *stack = room + (4096 - (uintptr_t)room % 4096) % 4096;
    size_t most, depth, i;
    int isa;
    for (isa = SLM_ISA_PORTABLE; isa < (int)SLM_ISA_COUNT; isa++) {
        size_t limit = isa == SLM_ISA_AVX512 ? 65536 : isa == SLM_ISA_AMX ? 110000 : 32768;
        if (!slm_isa_available((slm_isa)isa)) continue; /* test_kernels.c says which are not */
        for (most = i = 0; i < sizeof models / sizeof models[0]; i++) {
            depth = stack_depth(models[i], (slm_isa)isa, stack);
            CHECK(depth > 1000, models[i]);
            if (depth > most) most = depth;
        }
        printf("  stack with %s: %lu bytes\n", slm_isa_name((slm_isa)isa), (unsigned long)most);
        CHECK(most <= limit, "the stack that the manual promises");
    }
#else
    SKIP("the stack's depth (no optimization, or a sanitizer)");
#endif
}
