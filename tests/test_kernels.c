/* Kernels: the portable ones against the specification's arithmetic in plain loops, every other set
   against the portable ones, by memcmp, over random shapes. */

static const unsigned kernel_types[] = {SLM_TYPE_F32, SLM_TYPE_F16, SLM_TYPE_BF16,
                                        SLM_TYPE_Q8,  SLM_TYPE_Q4,  SLM_TYPE_Q4F};

enum { KERNEL_COLS = 1100, KERNEL_TOKENS = 420 };

typedef struct kernel_case {
    slm__strip strip;
    slm__output output;
    size_t capacity; /* inputs, with as many more as any set may read */
} kernel_case;

static void kernel_fill(uint8_t *tile, unsigned type, size_t cols, size_t bytes) {
    size_t i, b;
    for (i = 0; i < bytes; i++) tile[i] = (uint8_t)core_random();
    for (i = 0; i < cols * 16 && type <= SLM_TYPE_BF16; i++) {
        float x = core_random_float();
        uint16_t half = type == SLM_TYPE_F16 ? slm__to_half(x) : (uint16_t)(slm__bits(x) >> 16);
        memcpy(tile + i * (type == SLM_TYPE_F32 ? 4 : 2),
               type == SLM_TYPE_F32 ? (void *)&x : (void *)&half, type == SLM_TYPE_F32 ? 4 : 2);
    }
    if (type == SLM_TYPE_Q8)
        for (b = 0; b < slm__blocks(cols); b++)
            for (i = 0; i < 16; i++) {
                uint16_t half = slm__to_half(core_random_float());
                memcpy(tile + slm__block_scales_at(type, b) + 2 * i, &half, 2);
            }
    if (type == SLM_TYPE_Q4 || type == SLM_TYPE_Q4F)
        for (i = 0; i < 16; i++) {
            float x = core_random_float();
            memcpy(tile + 4 * i, &x, 4);
        }
    if (type >= SLM_TYPE_Q8 && core_random() % 3 == 0) /* the largest sums */
        memset(tile + slm__block_at(type, cols, 0), 255,
               bytes - slm__block_at(type, cols, slm__blocks(cols) - 1));
}

/* The sums that belong to some codes. */
static void kernel_sums(slm__codes *out, size_t count) {
    int32_t wide[16] = {0};
    size_t i;
    for (i = 0; i < count; i++) {
        out->start16[i / 16] -= 31 * out->code[i];
        out->start32[i / 32] -= 31 * out->code[i];
        out->start256 -= 128 * out->code[i];
        wide[i / 16] += abs(out->code[i]);
        if (wide[i / 16] > out->widest16) out->widest16 = wide[i / 16];
    }
}

/* The largest codes; such that with q4f's largest weights a group's sum is just what 16 bits hold,
   or just not; or small ones of any sign, where it surely is. */
static void kernel_edges(slm__codes *out, size_t count, int sign, unsigned kind) {
    size_t i;
    memset(out, 0, sizeof *out);
    out->scale = core_random_float();
    for (i = 0; i < count; i++) {
        int code = kind == 0 ? 127 : i % 16 < kind ? 67 : 66;
        out->code[i] = (int8_t)(kind < 3 ? sign * code : (int)(core_random() % 121) - 60);
    }
    kernel_sums(out, count);
}

static void kernel_make(kernel_case *c, unsigned type) {
    static float x[KERNEL_TOKENS * KERNEL_COLS], bias[64];
    static slm__codes codes[(KERNEL_COLS / 256 + 1) * KERNEL_TOKENS];
    static uint8_t tiles[SLM__STRIP_TILES * (KERNEL_COLS * 64 + 256)];
    size_t i, b, t;
    unsigned kind;
    slm__strip *s = &c->strip;
    s->cols = core_random() % 4 ? 1 + core_random() % (KERNEL_COLS - 2) : 256;
    s->tokens = core_random() % 20 ? 1 + core_random() % 14 : 180 + core_random() % 220;
    s->count = 1 + core_random() % SLM__STRIP_TILES;
    s->type = type;
    s->tile = slm__tile_bytes(type, s->cols);
    c->capacity = s->tokens + 15;
    for (i = 0; i < s->count; i++) kernel_fill(tiles + i * s->tile, type, s->cols, s->tile);
    for (i = 0; i < c->capacity * s->cols; i++) x[i] = core_random_float();
    for (i = 0; i < 64; i++) bias[i] = core_random_float();
    s->tiles = tiles;
    s->x = x;
    s->x_stride = s->cols;
    s->codes = codes;
    s->code_stride = c->capacity;
    for (t = 0; t < c->capacity; t++)
        slm__kernels_portable.quantize(x + t * s->cols, s->cols, NULL, codes + t, c->capacity);
    kind = core_random() % 8; /* from 4 on the codes of x stay */
    for (b = 0; kind < 4 && b < slm__blocks(s->cols); b++)
        for (t = 0; t < c->capacity; t++) {
            size_t left = s->cols - b * 256 < 256 ? s->cols - b * 256 : 256;
            kernel_edges(codes + b * c->capacity + t, left, t % 2 ? 1 : -1, kind);
        }
    c->output.bias = core_random() % 2 ? bias : NULL;
    c->output.activation = (slm__activation)(core_random() % SLM__ACTIVATIONS);
    c->output.storing = (slm__storing)(core_random() % 3);
    c->output.rows = s->count * 16 - core_random() % 16;
    c->output.y_stride = s->count * 16 + core_random() % 5;
}

static float kernel_activated(slm__activation activation, float y) {
    switch (activation) {
    case SLM__GELU: return slm__gelu_new(y);
    case SLM__GELU_ERF: return slm__gelu_erf(y);
    case SLM__RELU: return 0.0f > y ? 0.0f : y;
    case SLM__SILU: return slm__silu(y);
    default: return y;
    }
}

/* One output by the specification; before: what was in its place. */
static float kernel_product(const kernel_case *c, size_t t, size_t row, float before) {
    const slm__strip *s = &c->strip;
    const uint8_t *tile = s->tiles + row / 16 * s->tile;
    slm__tensor tensor;
    size_t b, g, k, lane = row % 16, size;
    float y = 0;
    memset(&tensor, 0, sizeof tensor);
    tensor.data = s->tiles;
    tensor.tile = s->tile;
    tensor.type = s->type;
    tensor.cols = (uint32_t)s->cols;
    for (b = 0; b < s->cols; b += 256) {
        size_t end = s->cols < b + 256 ? s->cols : b + 256;
        const slm__codes *x = s->codes + b / 256 * s->code_stride + t;
        float sum = 0;
        int32_t total = 0;
        if (s->type <= SLM_TYPE_BF16) {
            for (k = b; k < end; k++)
                sum = slm__madd(sum, slm__element(&tensor, row, k), s->x[t * s->x_stride + k]);
            y += sum;
        } else if (s->type == SLM_TYPE_Q8) {
            const uint8_t *codes = tile + slm__block_at(s->type, s->cols, b / 256);
            uint16_t half = slm__u16(tile + slm__block_scales_at(s->type, b / 256) + 2 * lane);
            int32_t whole = 0;
            for (k = 0; k < end - b; k++)
                whole += (codes[k / 4 * 64 + lane * 4 + k % 4] - 128) * x->code[k];
            y = slm__madd(y, (float)whole, slm__from_half(half) * x->scale);
        } else {
            const uint8_t *codes = tile + slm__block_at(s->type, s->cols, b / 256);
            const int8_t *sub =
                (const int8_t *)tile + slm__block_scales_at(s->type, b / 256);
            size = s->type == SLM_TYPE_Q4 ? 32 : 16;
            for (g = 0; g * size < end - b; g++) {
                int32_t whole = 0;
                for (k = g * size; k < end - b && k < (g + 1) * size; k++) {
                    int at = codes[k / 8 * 64 + lane * 4 + k % 4] >> (k % 8 < 4 ? 0 : 4) & 15;
                    whole += (slm__codebook[at] - 31) * x->code[k];
                }
                total += whole * sub[g * 16 + lane];
            }
            y = slm__madd(y, (float)total, x->scale);
        }
    }
    if (s->type >= SLM_TYPE_Q4) y *= ((const float *)(const void *)tile)[lane];
    if (c->output.bias) y += c->output.bias[row];
    y = kernel_activated(c->output.activation, y);
    return c->output.storing == SLM__TIMES ? y * before : c->output.storing ? y + before : y;
}

static void test_multiply(void) {
    static float want[KERNEL_TOKENS * 70], got[KERNEL_TOKENS * 70], before[KERNEL_TOKENS * 70];
    size_t kind, round, t, row;
    for (t = 0; t < KERNEL_TOKENS * 70; t++) before[t] = core_random_float();
    for (kind = 0; kind < sizeof kernel_types / sizeof kernel_types[0]; kind++) {
        int written = 1, same[SLM_ISA_COUNT], i;
        for (i = 0; i < (int)SLM_ISA_COUNT; i++) same[i] = 1;
        for (round = 0; round < 150; round++) {
            kernel_case c;
            size_t bytes;
            kernel_make(&c, kernel_types[kind]);
            bytes = c.strip.tokens * c.output.y_stride * sizeof(float);
            memcpy(want, before, bytes);
            c.output.y = want;
            slm__kernels_portable.multiply(&c.strip, &c.output);
            for (t = 0; t < c.strip.tokens; t += 1 + t / 8)
                for (row = 0; row < c.output.rows; row++) {
                    size_t at = t * c.output.y_stride + row;
                    float y = kernel_product(&c, t, row, before[at]);
                    if (memcmp(&y, want + at, 4)) written = 0;
                }
            for (i = 2; i < (int)SLM_ISA_COUNT; i++) {
                slm_isa isa = (slm_isa)i;
                const slm__kernels *kernels = slm__kernels_for(&isa);
                if (!kernels) continue;
                memcpy(got, before, bytes);
                c.output.y = got;
                kernels->multiply(&c.strip, &c.output);
                if (memcmp(got, want, bytes)) same[i] = 0;
            }
        }
        CHECK(written, "the portable product is the specification's arithmetic, bit for bit");
        for (i = 2; i < (int)SLM_ISA_COUNT; i++) {
            where = slm_isa_name((slm_isa)i);
            CHECK(same[i], "a product equals the portable one, bit for bit");
        }
        where = "";
    }
}

/* Attention by the specification: scores in order, the maximum, 16 partial sums and their tree. */
static void kernel_attend(const slm__queries *q, int halves, size_t query, float *out) {
    static float p[2000];
    size_t count = q->length ? q->length : q->first + query + 1;
    size_t padded = (q->size + 15) / 16 * 16, i, d;
    size_t from = q->window && count > q->window ? count - q->window : 0;
    float largest = -3.4e38f, partial[16] = {0}, sum;
    for (i = from; i < count; i++) {
        for (p[i] = 0, d = 0; d < q->size; d++) {
            size_t at = (i / 16 * q->size + d) * 16 + i % 16;
            float key = halves ? slm__from_half(((const uint16_t *)q->keys)[at])
                               : ((const float *)q->keys)[at];
            p[i] = slm__madd(p[i], key, q->query[query * q->stride + d]);
        }
        if (q->cap != 0) p[i] = slm__soft_cap(p[i], q->scale, q->cap);
        else p[i] *= q->scale;
        if (p[i] > largest) largest = p[i];
    }
    for (i = from; i < count; i++) {
        p[i] = slm__exp(p[i] - largest);
        partial[i % 16] += p[i];
    }
    sum = slm__tree(partial);
    for (d = 0; d < q->size; d++) {
        float mixed = 0;
        for (i = from; i < count; i++) {
            float value = halves ? slm__from_half(((const uint16_t *)q->values)[i * padded + d])
                                 : ((const float *)q->values)[i * padded + d];
            mixed = slm__madd(mixed, value, p[i]);
        }
        out[query * q->stride + d] = mixed / sum;
    }
}

static void test_attention(void) {
    enum { POSITIONS = 368, SIZE = 1024, QUERY = SLM__QUERIES * (SIZE + 8) };
    static float wide[2][POSITIONS * SIZE], query[QUERY], got[QUERY], want[QUERY];
    static float lines[SLM__QUERIES * (POSITIONS + SIZE + 32)];
    static uint16_t half[2][POSITIONS * SIZE];
    int written = 1, same = 1, round, i;
    size_t k;
    for (k = 0; k < POSITIONS * SIZE; k++)
        for (i = 0; i < 2; i++) {
            wide[i][k] = core_random_float() * 2;
            half[i][k] = slm__to_half(wide[i][k]);
        }
    for (round = 0; round < 300; round++) {
        slm__queries q;
        int halves = round % 2;
        size_t most;
        q.size = 1 + core_random() % (round % 5 ? 100 : round % 7 ? 300 : SIZE);
        q.stride = q.size + core_random() % 9;
        q.first = core_random() % (round % 3 ? 300 : 20);
        q.length = core_random() % 4 ? 0 : 1 + core_random() % POSITIONS;
        q.window = !q.length && core_random() % 3 ? 1 + core_random() % (round % 2 ? 40 : 330) : 0;
        q.keys = halves ? (const void *)half[0] : (const void *)wide[0];
        q.values = halves ? (const void *)half[1] : (const void *)wide[1];
        q.scale = core_random_float() * 2;
        q.cap = core_random() % 3 ? 0 : 0.1f + fabsf(core_random_float()) * 40;
        q.item = halves ? 2 : 4;
        q.query = query;
        q.buffers = lines;
        q.buffer_floats = (q.size + 15) / 16 * 16 + POSITIONS + core_random() % 3 * 16;
        for (k = 0; k < QUERY; k++) query[k] = core_random_float() * 3;
        for (i = 1; i < (int)SLM_ISA_COUNT; i++) {
            slm_isa isa = (slm_isa)i;
            const slm__kernels *kernels = slm__kernels_for(&isa);
            if (!kernels) continue;
            most = kernels->queries;
            q.count = round % 4 ? 1 + core_random() % most : 1;
            memset(got, 7, sizeof got);
            memset(want, 7, sizeof want);
            for (k = 0; k < sizeof lines / 4; k++) lines[k] = slm__float(0x7FC00000u);
            q.out = got;
            kernels->attend(&q);
            for (k = 0; k < q.count; k++) kernel_attend(&q, halves, k, want);
            if (memcmp(got, want, sizeof got)) *(i == 1 ? &written : &same) = 0;
        }
    }
    CHECK(written, "portable attention is the specification's arithmetic, bit for bit");
    CHECK(same, "attention of every set is the specification's arithmetic, bit for bit");
}

/* Codes by the specification. */
static void kernel_quantize(const float *x, size_t cols, int rotate, slm__codes *out) {
    static float turned[1100];
    size_t i, at, end;
    for (i = 0; i < cols; i++) turned[i] = rotate ? x[i] * slm__sign_of(i) : x[i];
    if (rotate) slm__hadamard_blocks(turned, cols);
    for (at = 0; at < cols; at = end, out++) {
        float largest = 0;
        end = cols - at < 256 ? cols : at + 256;
        memset(out, 0, sizeof *out);
        for (i = at; i < end; i++)
            if (fabsf(turned[i]) > largest) largest = fabsf(turned[i]);
        out->scale = largest / 127.0f;
        for (i = at; i < end; i++) {
            int code = largest == 0 ? 0 : (int)rintf(turned[i] * (127.0f / largest));
            code = code > 127 ? 127 : code < -127 ? -127 : code;
            out->code[i - at] = (int8_t)code;
        }
        kernel_sums(out, end - at);
    }
}

static int kernel_same_codes(const slm__codes *a, const slm__codes *b) {
    return !memcmp(a, b, offsetof(slm__codes, unused));
}

static void test_quantize(void) {
    static float x[1100], signs[1100], y[300];
    static slm__codes got[5 * 2], want[5];
    int round, i, same = 1, ends = 1;
    size_t k;
    for (k = 0; k < 1100; k++) signs[k] = slm__sign_of(k);
    for (i = 1; i < (int)SLM_ISA_COUNT; i++) {
        slm_isa isa = (slm_isa)i;
        const slm__kernels *kernels = slm__kernels_for(&isa);
        if (!kernels) {
            SKIP(slm_isa_name((slm_isa)i));
            continue;
        }
        for (round = 0; round < 400; round++) {
            size_t cols = 1 + core_random() % 1090;
            for (k = 0; k < cols; k++) x[k] = core_random_float();
            if (round % 4 == 0) x[core_random() % cols] = 1e4f;
            if (round % 8 == 1) for (k = 0; k < cols; k++) x[k] = (float)(k % 255) - 127;
            kernel_quantize(x, cols, round % 2, want);
            kernels->quantize(x, cols, round % 2 ? signs : NULL, got, 2);
            for (k = 0; k * 256 < cols; k++) same &= kernel_same_codes(&got[2 * k], &want[k]);
        }
        memset(y, 0, sizeof y);
        kernels->quantize(y, 300, NULL, got, 1);
        ends &= got[0].scale == 0 && got[0].code[5] == 0 && got[0].start256 == 0;
        y[3] = slm__float(0x7F800000u);
        kernels->quantize(y, 300, NULL, got, 1);
        ends &= got[0].scale != got[0].scale && got[1].scale == 0;
        y[3] = slm__float(0xFFC00000u);
        kernels->quantize(y, 300, NULL, got, 1);
        ends &= got[0].scale != got[0].scale && got[0].code[3] == 0;
        y[3] = 1e-40f; /* 127 / it is infinite: the block is zero */
        kernels->quantize(y, 300, NULL, got, 1);
        ends &= got[0].code[3] == 0;
    }
    CHECK(same, "codes, sums and scales of every set are the specification's");
    CHECK(ends, "zeros stay zero; an infinity or NaN spoils its block's scale");
}

static void test_rows(void) {
    static float x[1100], weight[1100], bias[1100], got[1100], want[1100];
    static uint16_t half[2][1100];
    int round, i, same = 1;
    size_t k;
    for (round = 0; round < 200; round++) {
        size_t size = 1 + core_random() % 1090;
        uint32_t top[2];
        for (k = 0; k < size; k++) {
            x[k] = core_random_float() * (round % 5 ? 1 : 1000);
            weight[k] = core_random_float();
            bias[k] = core_random_float();
        }
        for (i = 2; i < (int)SLM_ISA_COUNT; i++) {
            slm_isa isa = (slm_isa)i;
            const slm__kernels *kernels = slm__kernels_for(&isa);
            const slm__kernels *plain = &slm__kernels_portable;
            if (!kernels) continue;
            kernels->layer_norm(got, x, size, weight, bias, 1e-5f);
            plain->layer_norm(want, x, size, weight, bias, 1e-5f);
            same &= !memcmp(got, want, size * 4);
            kernels->rms_norm(got, x, size, weight, 1e-5f);
            plain->rms_norm(want, x, size, weight, 1e-5f);
            same &= !memcmp(got, want, size * 4);
            memcpy(got, bias, size * 4);
            memcpy(want, bias, size * 4);
            kernels->add(got, x, NULL, size);
            plain->add(want, x, NULL, size);
            same &= !memcmp(got, want, size * 4);
            kernels->add(got, x, weight, size);
            plain->add(want, x, weight, size);
            same &= !memcmp(got, want, size * 4);
            memset(half, 0, sizeof half);
            top[0] = kernels->narrow(half[0], x, size);
            top[1] = plain->narrow(half[1], x, size);
            same &= top[0] == top[1] && !memcmp(half[0], half[1], sizeof half[0]);
        }
    }
    CHECK(same, "norms, sums and halves of every set equal the portable ones, bit for bit");
}

/* RMSNorm and the sum of two by the specification. */
static void test_rows_written(void) {
    static float x[200], weight[200], got[200], want[200];
    size_t size, k;
    int written = 1;
    for (size = 1; size <= 200; size++) {
        float partial[16] = {0}, scale;
        for (k = 0; k < size; k++) {
            x[k] = core_random_float();
            weight[k] = core_random_float();
            partial[k % 16] = slm__madd(partial[k % 16], x[k], x[k]);
        }
        scale = 1.0f / sqrtf(slm__tree(partial) / (float)size + 1e-6f);
        for (k = 0; k < size; k++) want[k] = (x[k] * scale) * weight[k];
        slm__kernels_portable.rms_norm(got, x, size, weight, 1e-6f);
        written &= !memcmp(got, want, size * sizeof *got);
        for (k = 0; k < size; k++) want[k] = x[k] + got[k];
        slm__kernels_portable.add(got, x, NULL, size);
        written &= !memcmp(got, want, size * sizeof *got);
    }
    CHECK(written, "RMSNorm and the sum of two are the specification's arithmetic, bit for bit");
}

/* exp, GELU and SiLU over lanes against the plain functions, at many bit patterns. */
static void test_lane_functions(void) {
    static const float unit[1] = {1};
    int same = 1, i;
    size_t k, t;
    for (i = 1; i < (int)SLM_ISA_COUNT; i++) {
        slm_isa isa = (slm_isa)i;
        const slm__kernels *kernels = slm__kernels_for(&isa);
        if (!kernels) continue;
        for (t = 0; t < 20000; t++) {
            float tile[16], y[16];
            slm__strip strip;
            slm__output output;
            memset(&strip, 0, sizeof strip);
            memset(&output, 0, sizeof output);
            for (k = 0; k < 16; k++) {
                tile[k] = slm__float((uint32_t)core_random());
                if (!slm__finite(tile[k]) || t % 2) tile[k] = core_random_float() * 60;
            }
            strip.tiles = (const uint8_t *)tile;
            strip.type = SLM_TYPE_F32;
            strip.count = strip.cols = strip.tokens = 1;
            strip.x = unit;
            output.activation = (slm__activation)(t / 2 % SLM__ACTIVATIONS);
            output.rows = 16;
            output.y = y;
            for (k = 0; k < 16; k++) y[k] = 1;
            kernels->multiply(&strip, &output);
            for (k = 0; k < 16; k++) {
                float sum = 0.0f + (0.0f + tile[k]);
                float want = kernel_activated(output.activation, sum);
                same &= slm__bits(want) == slm__bits(y[k]) || (want != want && y[k] != y[k]);
            }
        }
    }
    CHECK(same, "activations over lanes equal the plain functions, bit for bit");
}

/* Soft caps of all sizes against the plain function, and that against tanh in double. */
static void test_soft_cap(void) {
    static float x[200], got[200];
    double worst = 0;
    int same = 1, round, i;
    size_t k;
    for (round = 0; round < 3000; round++) {
        size_t size = core_random() % 200;
        float cap = slm__float((uint32_t)(64 + core_random() % 128) << 23);
        float scale = round % 3 ? core_random_float() : 1;
        cap *= 1 + fabsf(core_random_float());
        for (k = 0; k < size; k++) {
            x[k] = slm__float((uint32_t)core_random());
            if (round % 2) x[k] = core_random_float() * 4 * cap;
            if (round % 2 && k % 3 == 0) x[k] *= 1e-3f;
        }
        for (i = 1; i < (int)SLM_ISA_COUNT; i++) {
            slm_isa isa = (slm_isa)i;
            const slm__kernels *kernels = slm__kernels_for(&isa);
            if (!kernels) continue;
            memcpy(got, x, sizeof got);
            kernels->soft_cap(got, size, scale, cap);
            for (k = 0; k < 200; k++) {
                float want = k < size ? slm__soft_cap(x[k], scale, cap) : x[k];
                same &= slm__bits(want) == slm__bits(got[k]) || (want != want && got[k] != got[k]);
            }
        }
        for (k = 0; round % 2 && k < size; k++) {
            double want = cap * tanh((double)x[k] * scale / cap);
            double off = fabs(slm__soft_cap(x[k], scale, cap) - want) / fabs(want);
            if (fabs(want) > 1e-30 && !(off <= worst)) worst = off;
        }
    }
    CHECK(same, "soft caps of every set equal the plain function, bit for bit");
    CHECK(worst < 5e-7, "a soft cap has all digits, of small values too");
}

/* Every set's way back is the plain one, bit for bit. */
static void test_unrotate(void) {
    static float plain[700], lanes[700], signs[700];
    int i, same = 1;
    size_t size, k;
    for (k = 0; k < 700; k++) signs[k] = slm__sign_of(k);
    for (i = 1; i < (int)SLM_ISA_COUNT; i++) {
        slm_isa isa = (slm_isa)i;
        const slm__kernels *kernels = slm__kernels_for(&isa);
        for (size = 1; kernels && size < 700; size += 13) {
            for (k = 0; k < size; k++) plain[k] = lanes[k] = core_random_float();
            slm__unrotate(plain, size);
            kernels->unrotate(lanes, signs, size);
            same &= memcmp(plain, lanes, size * sizeof(float)) == 0;
        }
    }
    CHECK(same, "every set turns back with the same bits");
}

static void test_rotation(void) {
    static float x[700], turned[700];
    float peak = 0;
    size_t size, k;
    double worst = 0;
    for (size = 1; size < 700; size += 13) {
        for (k = 0; k < size; k++) x[k] = core_random_float();
        for (k = 0; k < size; k++) turned[k] = x[k] * slm__sign_of(k);
        slm__hadamard_blocks(turned, size);
        slm__unrotate(turned, size);
        for (k = 0; k < size; k++)
            if (fabs(turned[k] - x[k]) > worst) worst = fabs(turned[k] - x[k]);
    }
    CHECK(worst < 2e-6, "the rotation turns back");
    test_unrotate();
    memset(x, 0, sizeof x);
    x[5] = 1000;
    slm__hadamard_blocks(x, 256);
    for (k = 0; k < 256; k++)
        if (fabsf(x[k]) > peak) peak = fabsf(x[k]);
    CHECK(peak < 63, "the rotation spreads an outlier");
}

static void test_kernels(void) {
    test_multiply();
    test_attention();
    test_quantize();
    test_rows();
    test_rows_written();
    test_lane_functions();
    test_soft_cap();
    test_rotation();
}
