/* Numbers, kernels and the session interface, private functions included.
   Part of the runner: CHECK and the header come from the file that includes this one. */

static uint64_t core_random_state = 1;
static uint32_t core_random(void) { return (uint32_t)(slm__random(&core_random_state) >> 32); }
static float core_random_float(void) { return ((float)core_random() / 4294967296.0f - 0.5f) * 4; }

/* Distance in units of the last place. */
static double core_ulps(float got, double want) {
    double unit = fabs(want) * 1.1920929e-7 + 1e-45;
    return fabs(got - want) / unit;
}

static void test_halves(void) {
    uint32_t bits;
    int back = 1, nearest = 1, i;
    for (bits = 0; bits < 65536; bits++) {
        float value = slm__from_half((uint16_t)bits);
        if ((bits & 0x7C00) != 0x7C00 && slm__to_half(value) != bits) back = 0;
        if ((bits & 0x7FFF) == 0x7C00 && slm__to_half(value) != bits) back = 0;
    }
    CHECK(back, "every half survives f16 -> f32 -> f16");
    for (i = 0; i < 2000000; i++) {
        float x = slm__float(core_random() & 0xBFFFFFFFu) * (i & 1 ? 1.0f : 65536.0f);
        uint16_t h = slm__to_half(x);
        double at, below, above;
        if (!(fabsf(x) < 65504.0f)) continue;
        at = fabs(slm__from_half(h) - (double)x);
        below = (h & 0x7FFF) ? fabs(slm__from_half((uint16_t)(h - 1)) - (double)x) : 1e9;
        above = fabs(slm__from_half((uint16_t)(h + 1)) - (double)x);
        if (at > below || at > above || ((at == below || at == above) && (h & 1))) nearest = 0;
    }
    CHECK(nearest, "f32 -> f16 rounds to nearest even");
}

static void test_functions(void) {
    double worst_exp = 0, worst_sin = 0, worst_gelu = 0, worst_silu = 0, worst_erf = 0, x;
    for (x = -87; x < 88; x += 0.00037) {
        double off = core_ulps(slm__exp((float)x), exp((double)(float)x));
        if (off > worst_exp) worst_exp = off;
    }
    CHECK(worst_exp < 2.5, "exp within 2.5 ulp of libm's double");
    CHECK(slm__exp(-87.5f) == 0 && slm__exp(-1e30f) == 0 && slm__exp(0.0f) == 1, "exp's ends");
    for (x = 0; x < 5000; x += 0.0131) {
        float sine, cosine;
        double a = (float)x;
        slm__sin_cos((float)x, &sine, &cosine);
        if (fabs(sine - sin(a)) > worst_sin) worst_sin = fabs(sine - sin(a));
        if (fabs(cosine - cos(a)) > worst_sin) worst_sin = fabs(cosine - cos(a));
    }
    CHECK(worst_sin < 6.1e-8, "sine and cosine rounded once from double");
    for (x = -20; x < 20; x += 0.00117) {
        double a = (float)x, want = 0.5 * a * (1 + tanh(0.79788456080286536 *
                                                        (a + 0.044715 * a * a * a)));
        double off = fabs(slm__gelu_new((float)x) - want) / (fabs(want) + 1e-6);
        if (off > worst_gelu) worst_gelu = off;
    }
    CHECK(worst_gelu < 3e-6, "GELU against double tanh");
    for (x = -80; x < 80; x += 0.00411) {
        double want = (double)(float)x / (1 + exp(-(double)(float)x));
        double off = fabs(slm__silu((float)x) - want) / (fabs(want) + 1e-30);
        if (off > worst_silu) worst_silu = off;
    }
    CHECK(worst_silu < 5e-7, "SiLU against double exp");
    for (x = -20; x < 20; x += 0.00117) {
        double a = (float)x, want = 0.5 * a * (1 + erf(a * 0.70710678118654752));
        double off = fabs(slm__gelu_erf((float)x) - want);
        if (off > worst_erf) worst_erf = off;
    }
    CHECK(worst_erf < 1.2e-6, "exact GELU against double erf");
    CHECK(slm__gelu_erf(1e7f) == 1e7f && slm__gelu_erf(-1e7f) == 0, "and far from zero");
    CHECK(slm__crc32(0, (const uint8_t *)"123456789", 9) == 0xCBF43926u, "CRC-32 check value");
    CHECK(slm__size(SIZE_MAX / 2, 3, 0) == SIZE_MAX && slm__size(4, 5, 6) == 26,
          "checked sizes");
}

/* An allocator that counts and can refuse the n-th call. */
typedef struct core_allocations { int calls, refuse, live; } core_allocations;

static void *core_alloc(void *user, size_t size) {
    core_allocations *a = (core_allocations *)user;
    if (++a->calls == a->refuse) return NULL;
    a->live++;
    return malloc(size);
}
static void core_free(void *user, void *memory) {
    ((core_allocations *)user)->live--;
    free(memory);
}
static slm_allocator core_allocator(core_allocations *a) {
    slm_allocator allocator;
    allocator.alloc = core_alloc;
    allocator.free = core_free;
    allocator.user = a;
    return allocator;
}

static void test_allocation_failures(const char *path) {
    int refuse, clean = 1, opened = 0;
    for (refuse = 1; refuse < 10 && !opened; refuse++) {
        core_allocations a = {0, 0, 0};
        slm_model_desc desc;
        slm_session_desc session_desc;
        slm_model *model = NULL;
        slm_session *session = NULL;
        a.refuse = refuse;
        memset(&desc, 0, sizeof desc);
        memset(&session_desc, 0, sizeof session_desc);
        desc.allocator = session_desc.allocator = core_allocator(&a);
        desc.load = SLM_LOAD_COPY;
        if (slm_model_open(&model, path, &desc, NULL) != SLM_OK) {
            clean &= model == NULL;
        } else if (slm_session_open(&session, model, &session_desc, NULL) != SLM_OK) {
            clean &= session == NULL;
        } else {
            int calls = a.calls;
            slm_token token = 1;
            clean &= slm_eval(session, &token, 1) == SLM_OK && slm_logits(session, 0) != NULL;
            clean &= slm_sample(session, NULL, &token) == SLM_OK && a.calls == calls;
            opened = 1;
        }
        slm_session_close(session);
        slm_model_close(model);
        clean &= a.live == 0;
    }
    CHECK(opened && refuse > 3, "every allocation was refused in turn");
    CHECK(clean, "a refused allocation leaves nothing behind; evaluating allocates nothing");
}

static int core_cancel(void *user) { return --*(int *)user < 0; }

static void test_session(const char *path) {
    slm_model *model = NULL;
    slm_session *session = NULL;
    slm_session_desc desc;
    slm_model_info info;
    slm_token tokens[41], token;
    void *block;
    float *first;
    size_t size, i;
    int countdown = 1000;
    memset(&desc, 0, sizeof desc);
    if (slm_model_open(&model, path, NULL, NULL) != SLM_OK) {
        CHECK(0, "the test's model opens");
        return;
    }
    CHECK(slm_model_verify(model, NULL) == SLM_OK, "the model verifies");
    slm_model_get_info(model, &info);
    for (i = 0; i < 41; i++) tokens[i] = (slm_token)(core_random() % info.vocab_rows);
    desc.context = 40;
    desc.cancel = core_cancel;
    desc.cancel_user = &countdown;
    desc.logits_kept = 1;
    desc.memory_size = slm_session_size(model, &desc);
    size = desc.memory_size;
    block = malloc(size + 64 + 16);
    desc.memory = (void *)(((uintptr_t)block + 63) / 64 * 64);
    memset((char *)desc.memory + size, 0x5A, 8);
    desc.memory_size = size - 1;
    CHECK(slm_session_open(&session, model, &desc, NULL) == SLM_ERR_MEMORY && !session,
          "one byte too little is refused");
    desc.memory_size = size;
    CHECK(slm_session_open(&session, model, &desc, NULL) == SLM_OK, "the exact size is enough");
    CHECK(slm_eval(session, tokens, 41) == SLM_ERR_CONTEXT_FULL, "41 tokens into 40");
    CHECK(slm_position(session) == 0, "nothing was appended");
    CHECK(slm_eval(session, tokens, 40) == SLM_OK && slm_position(session) == 40, "40 fit");
    first = (float *)malloc(info.vocab_rows * sizeof(float));
    memcpy(first, slm_logits(session, 0), info.vocab_rows * sizeof(float));
    token = tokens[39];
    CHECK(slm_eval(session, &token, 1) == SLM_ERR_CONTEXT_FULL, "the context is full");
    CHECK(slm_rewind(session, 41) == SLM_ERR_ARGUMENT, "no rewinding forward");
    CHECK(slm_rewind(session, 17) == SLM_OK && slm_logits(session, 0), "rewound");
    for (i = 17; i < 40; i++) slm_eval(session, tokens + i, 1);
    CHECK(slm_position(session) == 40 &&
              !memcmp(first, slm_logits(session, 0), info.vocab_rows * sizeof(float)),
          "rewinding and other chunks give the same bits");
    slm_rewind(session, 0);
    countdown = (int)info.layers / 2;
    CHECK(slm_eval(session, tokens, 9) == SLM_ERR_CANCELLED && slm_position(session) == 0,
          "cancelled, and nothing appended");
    token = (slm_token)info.vocab_rows;
    CHECK(slm_eval(session, &token, 1) == SLM_ERR_ARGUMENT, "a token beyond the rows");
    token = -1;
    CHECK(slm_eval(session, &token, 1) == SLM_ERR_ARGUMENT, "a negative token");
    CHECK(slm_eval(NULL, tokens, 1) == SLM_ERR_ARGUMENT, "NULL session");
    CHECK(*((unsigned char *)desc.memory + size) == 0x5A, "nothing written behind the block");
    desc.context = info.context + 1;
    CHECK(slm_session_size(model, &desc) == 0, "a context beyond the model's is refused");
    slm_session_close(session);
    slm_model_close(model);
    free(first);
    free(block);
}
