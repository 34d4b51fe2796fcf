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
    double worst_exp = 0, worst_sin = 0, worst_gelu = 0, x;
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
    CHECK(slm__crc32(0, (const uint8_t *)"123456789", 9) == 0xCBF43926u, "CRC-32 check value");
    CHECK(slm__size(SIZE_MAX / 2, 3, 0) == SIZE_MAX && slm__size(4, 5, 6) == 26,
          "checked sizes");
}

/* The order that the manual fixes, for one output. */
static float core_product(const float *tile, const float *x, size_t cols, size_t lane) {
    float total = 0;
    size_t start, k;
    for (start = 0; start < cols; start += 256) {
        float sum = 0;
        for (k = start; k < cols && k < start + 256; k++)
            sum = slm__madd(sum, tile[k * 16 + lane], x[k]);
        total += sum;
    }
    return total;
}

static void core_kernels_once(const slm__kernels *kernels, int *same, int *written) {
    static float tile[1100 * 16], x[9 * 1100], got[9 * 16], want[9 * 16];
    static uint16_t half[1100 * 16];
    const slm__kernels *plain = &slm__kernels_portable;
    size_t cols = 1 + core_random() % 1090, tokens = 1 + core_random() % 9, i, lane;
    for (i = 0; i < cols * 16; i++) {
        half[i] = slm__to_half(core_random_float());
        tile[i] = core_random_float();
    }
    for (i = 0; i < cols * tokens; i++) x[i] = core_random_float();
    kernels->tile_f32(tile, x, cols, cols, tokens, got);
    for (i = 0; i < tokens; i++)
        for (lane = 0; lane < 16; lane++)
            want[i * 16 + lane] = core_product(tile, x + i * cols, cols, lane);
    if (memcmp(got, want, tokens * 64)) *written = 0;
    kernels->tile_f16(half, x, cols, cols, tokens, got);
    plain->tile_f16(half, x, cols, cols, tokens, want);
    if (memcmp(got, want, tokens * 64)) *same = 0;
    {
        size_t size = 1 + core_random() % 100, padded = (size + 15) / 16 * 16;
        size_t count = 1 + core_random() % 100, tiles = (count + 15) / 16;
        static float scores[2][128], mixed[2][128], keys[112 * 128], p[128];
        static uint16_t half_keys[112 * 128];
        for (i = 0; i < 112 * 128; i++) {
            keys[i] = core_random_float();
            half_keys[i] = slm__to_half(keys[i]);
        }
        for (i = 0; i < 128; i++) p[i] = core_random_float();
        kernels->scores_f32(x, keys, size, tiles, 0.37f, scores[0]);
        plain->scores_f32(x, keys, size, tiles, 0.37f, scores[1]);
        kernels->values_f32(p, keys, padded, count, mixed[0]);
        plain->values_f32(p, keys, padded, count, mixed[1]);
        if (memcmp(scores[0], scores[1], tiles * 64) || memcmp(mixed[0], mixed[1], padded * 4))
            *same = 0;
        kernels->scores_f16(x, half_keys, size, tiles, 0.37f, scores[0]);
        plain->scores_f16(x, half_keys, size, tiles, 0.37f, scores[1]);
        kernels->values_f16(p, half_keys, padded, count, mixed[0]);
        plain->values_f16(p, half_keys, padded, count, mixed[1]);
        if (memcmp(scores[0], scores[1], tiles * 64) || memcmp(mixed[0], mixed[1], padded * 4))
            *same = 0;
    }
}

static void test_kernels(void) {
    int i;
    for (i = 1; i < (int)SLM_ISA_COUNT; i++) {
        slm_isa isa = (slm_isa)i;
        const slm__kernels *kernels = slm__kernels_for(&isa);
        int same = 1, written = 1, round;
        if (!kernels) {
            SKIP(slm_isa_name((slm_isa)i));
            continue;
        }
        for (round = 0; round < 300; round++) core_kernels_once(kernels, &same, &written);
        CHECK(same, "kernel equals the portable one, bit for bit");
        CHECK(written, "kernel equals the manual's order, bit for bit");
    }
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
    CHECK(slm_rewind(session, 17) == SLM_OK && slm_logits(session, 0) == NULL, "rewound");
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

/* q8: the integer sums are exact, so the plain double loop gives the same float products. */
static void test_q8_kernels(void) {
    static uint8_t tile[64 * 20 + 1100 * 16 + 64];
    static int8_t q[5 * 1104];
    static float got[5 * 16], want[5 * 16], scales[5 * 5];
    int i;
    for (i = 1; i < (int)SLM_ISA_COUNT; i++) {
        slm_isa isa = (slm_isa)i;
        const slm__kernels *kernels = slm__kernels_for(&isa);
        int same = 1, round;
        if (!kernels) continue;
        for (round = 0; round < 200; round++) {
            size_t cols = 1 + core_random() % 1090, stride = (cols + 3) / 4 * 4;
            size_t tokens = 1 + core_random() % 5, blocks = slm__blocks(cols), t, lane, b, k;
            uint8_t *codes = tile + slm__q8_codes(cols);
            for (k = 0; k < blocks * 16; k++) {
                uint16_t half = slm__to_half(core_random_float());
                memcpy(tile + 2 * k, &half, 2);
            }
            for (k = 0; k < stride * 16; k++) codes[k] = (uint8_t)(1 + core_random() % 255);
            if (round % 3 == 0) memset(codes, round & 1 ? 255 : 1, stride * 16);
            for (k = 0; k < stride * tokens; k++)
                q[k] = (int8_t)((int)(core_random() % 255) - 127);
            if (round % 3 == 0) memset(q, 127, stride * tokens);
            for (t = 0; t < tokens; t++)
                for (k = cols; k < stride; k++) q[t * stride + k] = 0;
            for (k = 0; k < blocks * tokens; k++) scales[k] = core_random_float();
            kernels->tile_q8(tile, q, stride, scales, cols, tokens, got);
            for (t = 0; t < tokens; t++)
                for (lane = 0; lane < 16; lane++) {
                    float y = 0;
                    for (b = 0; b < blocks; b++) {
                        int32_t sum = 0;
                        float w = slm__from_half(slm__u16(tile + 2 * (b * 16 + lane)));
                        for (k = b * 256; k < cols && k < b * 256 + 256; k++)
                            sum += (codes[k / 4 * 64 + lane * 4 + k % 4] - 128) *
                                   q[t * stride + k];
                        y = slm__madd(y, (float)sum, w * scales[t * blocks + b]);
                    }
                    want[t * 16 + lane] = y;
                }
            if (memcmp(got, want, tokens * 64)) same = 0;
        }
        CHECK(same, "q8 kernel equals the manual's arithmetic, bit for bit");
    }
    {
        static float x[700], turned[700];
        float peak = 0;
        size_t size, k;
        double worst = 0;
        for (size = 1; size < 700; size += 13) {
            for (k = 0; k < size; k++) x[k] = core_random_float();
            slm__turn(turned, x, size);
            slm__turn_back(turned, size);
            for (k = 0; k < size; k++)
                if (fabs(turned[k] - x[k]) > worst) worst = fabs(turned[k] - x[k]);
        }
        CHECK(worst < 2e-6, "the rotation turns back");
        memset(x, 0, sizeof x);
        x[5] = 1000;
        slm__turn(turned, x, 256);
        for (k = 0; k < 256; k++)
            if (fabsf(turned[k]) > peak) peak = fabsf(turned[k]);
        CHECK(peak < 63, "the rotation spreads an outlier");
    }
}

/* Activations to int8: what is not finite spoils the scale and with it the result. */
static void test_quantize(void) {
    float x[300], scales[2];
    int8_t codes[300];
    int i;
    for (i = 0; i < 300; i++) x[i] = (float)(i % 7) - 3;
    x[10] = -127;
    slm__quantize(codes, scales, x, 300);
    CHECK(scales[0] == 1 && codes[10] == -127 && codes[0] == -3, "codes of a block");
    CHECK(scales[1] == 3.0f / 127 && codes[260 - 260 % 7 + 7] == -127,
          "the next block's own scale");
    x[10] = 127;
    slm__quantize(codes, scales, x, 300);
    CHECK(codes[10] == 127, "the largest code");
    memset(x, 0, sizeof x);
    slm__quantize(codes, scales, x, 300);
    CHECK(scales[0] == 0 && codes[5] == 0, "zeros stay zero");
    x[3] = slm__float(0x7F800000u);
    slm__quantize(codes, scales, x, 300);
    CHECK(scales[0] != scales[0] && scales[1] == 0, "an infinity shows");
    x[3] = slm__float(0x7FC00000u);
    slm__quantize(codes, scales, x, 300);
    CHECK(scales[0] != scales[0], "a NaN shows");
}
