/* bench_probe.h - what the machine can do at this moment: int8 multiply-adds, f32 multiply-adds
   fused and separate, and reading memory. Each in the widest form that the CPU has (AVX-512
   VNNI, AVX-VNNI, AVX2), else in plain loops, on as many threads as what is measured beside it.
   Needs slm.h's implementation before it. */
#ifndef SLM_BENCH_PROBE_H
#define SLM_BENCH_PROBE_H

#include <time.h>

enum { PROBE_INT8, PROBE_FMA, PROBE_MULADD, PROBE_READ, PROBE_KINDS };
enum { PROBE_PAGE = 4096, PROBE_CHAINS = 12 }; /* chains: enough to hide an addition's latency */

/* The threads that measure, as the library's own regions use them. */
typedef struct bench_team {
    unsigned threads;
    slm_parallel hook;
} bench_team;

static void team_run(const bench_team *team, size_t tasks, slm__task task, void *arg) {
    slm__parallel(&team->hook, team->threads, SIZE_MAX, tasks, task, arg);
}

static double bench_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- instructions ------------------------------------------------------------------------
   One round is one instruction (or its equivalent) in each of 12 independent registers. The
   operands are 13 and 14, a temporary is 12, and 15 holds 16-bit ones. */

#ifdef SLM__AVX2
#define PROBE_EACH(X, R) \
    X(R, 0) X(R, 1) X(R, 2) X(R, 3) X(R, 4) X(R, 5) X(R, 6) X(R, 7) X(R, 8) X(R, 9) X(R, 10) \
    X(R, 11)
#define PROBE_ZERO(R, i) "vpxor %%xmm" #i ",%%xmm" #i ",%%xmm" #i "\n"
#define PROBE_DOT(R, i) "vpdpbusd %%" R "14,%%" R "13,%%" R #i "\n"
#define PROBE_VEX_DOT(R, i) "%{vex%} " PROBE_DOT(R, i)
#define PROBE_THREE_DOT(R, i) \
    "vpmaddubsw %%" R "14,%%" R "13,%%" R "12\nvpmaddwd %%" R "15,%%" R "12,%%" R "12\n" \
    "vpaddd %%" R "12,%%" R #i ",%%" R #i "\n"
#define PROBE_FUSED(R, i) "vfmadd231ps %%" R "14,%%" R "13,%%" R #i "\n"
#define PROBE_SEPARATE(R, i) \
    "vmulps %%" R "14,%%" R "13,%%" R "12\nvaddps %%" R "12,%%" R #i ",%%" R #i "\n"
/* The f32 operands are 1.0 and 0.1875 (neither sums nor products leave the normal numbers), and
   as bytes they are legal factors too. */
#define PROBE_ASM(BODY, R) \
    __asm__ volatile("movl $0x3F800000,%%eax\nvmovd %%eax,%%xmm13\n" \
                     "vbroadcastss %%xmm13,%%" R "13\n" \
                     "movl $0x3E400000,%%eax\nvmovd %%eax,%%xmm14\n" \
                     "vbroadcastss %%xmm14,%%" R "14\n" \
                     "movl $0x00010001,%%eax\nvmovd %%eax,%%xmm15\n" \
                     "vbroadcastss %%xmm15,%%" R "15\n" PROBE_EACH(PROBE_ZERO, R) \
                     ".p2align 5\n1:\n" PROBE_EACH(BODY, R) "decq %0\njnz 1b\nvzeroupper\n" \
                     : "+r"(rounds) : : "rax", "cc", PROBE_REGISTERS)
#define PROBE_REGISTERS \
    "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", \
    "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
/* 256 bytes of each of four streams, added up; with them, and with little prefetched ahead, more
   is read than with one stream. */
#define PROBE_AHEAD(A) \
    "prefetcht0 1024" A "\nprefetcht0 1088" A "\nprefetcht0 1152" A "\nprefetcht0 1216" A "\n"
#define PROBE_LOAD(R, at, A, i) "vaddps " #at A ",%%" R #i ",%%" R #i "\n"
#define PROBE_LOAD_512(A) \
    PROBE_AHEAD(A) PROBE_LOAD("zmm", 0, A, 0) PROBE_LOAD("zmm", 64, A, 1) \
    PROBE_LOAD("zmm", 128, A, 2) PROBE_LOAD("zmm", 192, A, 3)
#define PROBE_LOAD_256(A) \
    PROBE_AHEAD(A) PROBE_LOAD("ymm", 0, A, 0) PROBE_LOAD("ymm", 32, A, 1) \
    PROBE_LOAD("ymm", 64, A, 2) PROBE_LOAD("ymm", 96, A, 3) PROBE_LOAD("ymm", 128, A, 4) \
    PROBE_LOAD("ymm", 160, A, 5) PROBE_LOAD("ymm", 192, A, 6) PROBE_LOAD("ymm", 224, A, 7)
#define PROBE_READ_ASM(LOAD) \
    __asm__ volatile(PROBE_EACH(PROBE_ZERO, "") ".p2align 5\n1:\n" LOAD("(%0)") \
                     LOAD("(%0,%2)") LOAD("(%0,%2,2)") LOAD("(%0,%3)") \
                     "addq $256,%0\ncmpq %1,%0\njb 1b\nvzeroupper\n" \
                     : "+r"(at) : "r"(at + part), "r"(part), "r"(3 * part) \
                     : "cc", "memory", PROBE_REGISTERS)
#endif

typedef struct probe_set {
    const bench_team *team;
    slm_isa isa;   /* the widest of this CPU, whatever the model uses */
    int fused;     /* the CPU has f32 FMA */
    uint8_t *bytes;
    size_t size, at; /* where the next reading goes on, so that no cache holds it yet */
    uint64_t rounds[PROBE_KINDS];
    int kind;      /* of the region under way */
} probe_set;

/* ---- plain loops ------------------------------------------------------------------------- */

/* Makes the compiler forget what memory holds, so that a round is not taken out of its loop. */
#if defined(__GNUC__)
#define PROBE_FORGET(p) __asm__ volatile("" : : "r"(p) : "memory")
#else
#define PROBE_FORGET(p) (*(volatile char *)(p) = *(volatile char *)(p))
#endif
enum { PROBE_PLAIN = 192 }; /* elements of a round */

static void probe_plain_int8(uint64_t rounds) {
    int8_t x[PROBE_PLAIN], w[PROBE_PLAIN];
    int32_t sum[PROBE_PLAIN / 4];
    size_t i;
    memset(x, 3, sizeof x);
    memset(w, 5, sizeof w);
    memset(sum, 0, sizeof sum);
    for (; rounds; rounds--) {
        for (i = 0; i < PROBE_PLAIN / 4; i++)
            sum[i] = (int32_t)((uint32_t)sum[i] +
                               (uint32_t)(x[4 * i] * w[4 * i] + x[4 * i + 1] * w[4 * i + 1] +
                                          x[4 * i + 2] * w[4 * i + 2] +
                                          x[4 * i + 3] * w[4 * i + 3]));
        PROBE_FORGET(x);
        PROBE_FORGET(sum);
    }
}

/* Blocks of 16 sums stay in registers over 12 products, as in a kernel. */
static void probe_plain_f32(uint64_t rounds, int fused) {
    float x[PROBE_CHAINS], w[16], sum[16];
    size_t i, k;
    for (i = 0; i < PROBE_CHAINS; i++) x[i] = 1.0f;
    for (i = 0; i < 16; i++) w[i] = 0.1875f, sum[i] = 0;
    for (; rounds; rounds--) {
        for (k = 0; k < PROBE_CHAINS; k++)
            for (i = 0; i < 16; i++) {
#ifdef FP_FAST_FMAF
                if (fused) {
                    sum[i] = fmaf(w[i], x[k], sum[i]);
                    continue;
                }
#endif
                sum[i] = slm__madd(sum[i], w[i], x[k]);
            }
        PROBE_FORGET(x);
        PROBE_FORGET(w);
    }
    PROBE_FORGET(sum);
    (void)fused;
}

static void probe_plain_read(const uint8_t *at, const uint8_t *end) {
    uint64_t a = 0, b = 0, c = 0, d = 0;
    volatile uint64_t sink;
    for (; at < end; at += 64) {
        const uint64_t *p = (const uint64_t *)(const void *)at;
        SLM__PREFETCH(at + 1024);
        a += p[0] ^ p[1];
        b += p[2] ^ p[3];
        c += p[4] ^ p[5];
        d += p[6] ^ p[7];
    }
    sink = a ^ b ^ c ^ d;
    (void)sink;
}

/* ---- one thread's share ------------------------------------------------------------------ */

static void probe_int8(slm_isa isa, uint64_t rounds) {
#ifdef SLM__AVX512
    if (isa == SLM_ISA_AVX512) {
        PROBE_ASM(PROBE_DOT, "zmm");
        return;
    }
#endif
#ifdef SLM__AVXVNNI
    if (isa == SLM_ISA_AVXVNNI) {
        PROBE_ASM(PROBE_VEX_DOT, "ymm");
        return;
    }
#endif
#ifdef SLM__AVX2
    if (isa != SLM_ISA_PORTABLE) {
        PROBE_ASM(PROBE_THREE_DOT, "ymm");
        return;
    }
#endif
    (void)isa;
    probe_plain_int8(rounds);
}

static void probe_f32(slm_isa isa, uint64_t rounds, int fused) {
#ifdef SLM__AVX512
    if (isa == SLM_ISA_AVX512) {
        if (fused) PROBE_ASM(PROBE_FUSED, "zmm");
        else PROBE_ASM(PROBE_SEPARATE, "zmm");
        return;
    }
#endif
#ifdef SLM__AVX2
    if (isa != SLM_ISA_PORTABLE) {
        if (fused) PROBE_ASM(PROBE_FUSED, "ymm");
        else PROBE_ASM(PROBE_SEPARATE, "ymm");
        return;
    }
#endif
    (void)isa;
    probe_plain_f32(rounds, fused);
}

/* size: a multiple of 4096 */
static void probe_read(slm_isa isa, const uint8_t *at, size_t size) {
#ifdef SLM__AVX2
    size_t part = size / 4;
#endif
#ifdef SLM__AVX512
    if (isa == SLM_ISA_AVX512) {
        PROBE_READ_ASM(PROBE_LOAD_512);
        return;
    }
#endif
#ifdef SLM__AVX2
    if (isa != SLM_ISA_PORTABLE) {
        PROBE_READ_ASM(PROBE_LOAD_256);
        return;
    }
#endif
    (void)isa;
    probe_plain_read(at, at + size);
}

static void probe_task(void *arg, size_t index) {
    const probe_set *p = (const probe_set *)arg;
    size_t part = (size_t)p->rounds[PROBE_READ] * PROBE_PAGE;
    const uint8_t *from = p->bytes + p->at + index * part;
    if (p->kind == PROBE_READ) probe_read(p->isa, from, part);
    else if (p->kind == PROBE_INT8) probe_int8(p->isa, p->rounds[PROBE_INT8]);
    else probe_f32(p->isa, p->rounds[p->kind], p->kind == PROBE_FMA && p->fused);
}

/* ---- the set ----------------------------------------------------------------------------- */

/* Operations (a multiply-add is two), or bytes, of one thread's round. */
static double probe_round(const probe_set *p, int kind) {
    double lanes = p->isa == SLM_ISA_AVX512 ? 16 : 8;
    if (kind == PROBE_READ) return PROBE_PAGE;
    if (p->isa == SLM_ISA_PORTABLE) return 2.0 * PROBE_PLAIN;
    return 2 * PROBE_CHAINS * lanes * (kind == PROBE_INT8 ? 4 : 1);
}

static double probe_time(probe_set *p, int kind) {
    double start = bench_now();
    p->kind = kind;
    team_run(p->team, p->team->threads, probe_task, p);
    return bench_now() - start;
}

/* G operations, or GB, a second. */
static double probe_measure(probe_set *p, int kind) {
    double seconds;
    size_t part = (size_t)p->rounds[PROBE_READ] * PROBE_PAGE * p->team->threads;
    if (kind == PROBE_READ && p->at + part > p->size) p->at = 0;
    seconds = probe_time(p, kind);
    if (kind == PROBE_READ) p->at += part;
    return probe_round(p, kind) * (double)p->rounds[kind] * p->team->threads / seconds * 1e-9;
}

static void probe_fill_task(void *arg, size_t index) {
    const probe_set *p = (const probe_set *)arg;
    memset(p->bytes + index * (PROBE_PAGE * 256), 1, PROBE_PAGE * 256); /* normal floats */
}

/* A probe lasts about 70 ms: how many rounds that is with these threads, for kinds [first, end). */
static void probe_calibrate(probe_set *p, const bench_team *team, int first, int end) {
    int kind;
    p->team = team;
    for (kind = first; kind < end; kind++) {
        uint64_t most = kind == PROBE_READ ? p->size / PROBE_PAGE / team->threads : UINT64_MAX / 2;
        double seconds;
        p->at = 0;
        p->rounds[kind] = kind == PROBE_READ ? 256 : 4096;
        if (p->rounds[kind] > most) p->rounds[kind] = most;
        while ((seconds = probe_time(p, kind)) < 0.008 && p->rounds[kind] <= most / 2)
            p->rounds[kind] *= 2;
        if ((double)p->rounds[kind] * 0.07 / seconds < (double)most)
            p->rounds[kind] = (uint64_t)((double)p->rounds[kind] * 0.07 / seconds) + 1;
        else
            p->rounds[kind] = most;
    }
}

/* size: of the memory to read, in whole megabytes, much more than the caches hold. */
static void probe_open(probe_set *p, const bench_team *team, void *bytes, size_t size) {
    static const slm_isa best[] = {SLM_ISA_AVX512, SLM_ISA_AVXVNNI, SLM_ISA_AVX2,
                                   SLM_ISA_PORTABLE};
    size_t i = 0;
    memset(p, 0, sizeof *p);
    while (!slm_isa_available(best[i])) i++;
    p->isa = best[i];
#ifdef SLM__AVX2
    p->fused = __builtin_cpu_supports("fma") != 0;
#else
    p->fused = 1;
#endif
    p->bytes = (uint8_t *)bytes;
    p->size = size;
    team_run(team, size / (PROBE_PAGE * 256), probe_fill_task, p);
}

#endif
