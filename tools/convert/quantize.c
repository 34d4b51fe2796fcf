/* quantize.c - tiles of integers: rotation, scales, codes. Everything works on 16 rows at once,
   one row a lane, so every instruction set gives the same file. */
#include "library.h"

#include <math.h>
#include <string.h>

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off") /* GNU C, without -std=c99, would fuse */
#endif
#pragma GCC diagnostic ignored "-Wpsabi" /* vectors pass between inlined functions only */

enum { TILE = 16 };

typedef float Lanes __attribute__((vector_size(64)));   /* 16 rows */
typedef int32_t Whole __attribute__((vector_size(64))); /* 16 integers, or masks */

#define INLINE static inline __attribute__((always_inline))

/* A where the mask is set, else b. */
#define SELECT(mask, a, b) ((Lanes)(((Whole)(a) & (mask)) | ((Whole)(b) & ~(mask))))
#define MAGNITUDE(a) ((Lanes)((Whole)(a) & 0x7FFFFFFF))

/* The Walsh-Hadamard butterflies, in the specification's order. */
INLINE void hadamard(Lanes *x, size_t size) {
    float scale = 1.0f / sqrtf((float)size);
    size_t h, i, j;
    for (h = 1; h < size; h *= 2)
        for (i = 0; i < size; i += 2 * h)
            for (j = i; j < i + h; j++) {
                Lanes a = x[j], b = x[j + h];
                x[j] = a + b;
                x[j + h] = a - b;
            }
    for (i = 0; i < size; i++)
        x[i] *= scale;
}

INLINE void rotate(Lanes *x, size_t cols) {
    size_t block = SLM__BLOCK, at, i;
    float signs[SLM__BLOCK]; /* a call between two vectors would cost more than their product */
    if (cols < SLM__BLOCK)
        return;
    for (at = 0; at < cols; at += block) {
        while (block > cols - at)
            block /= 2;
        for (i = 0; i < block; i++)
            signs[i] = slm__sign_of(at + i);
        for (i = 0; i < block; i++)
            x[at + i] *= signs[i];
        hadamard(x + at, block);
    }
}

INLINE Lanes largest_of(const Lanes *x, size_t count) {
    Lanes top = {0};
    size_t i;
    for (i = 0; i < count; i++) {
        Lanes a = MAGNITUDE(x[i]);
        top = SELECT(a > top, a, top);
    }
    return top;
}

/* ---- q8 ---------------------------------------------------------------------------------- */

/* The f16 scale nearest to largest / 127, one step up where that would cut codes off (tiny
   scales are coarse). */
static uint16_t scale_for(float largest) {
    uint16_t half = slm__to_half(largest / 127.0f);
    while (largest > 0 && slm__from_half(half) * 127.5f < largest)
        half++;
    return half;
}

INLINE int make_q8(Lanes *x, size_t cols, unsigned char *out) {
    const Lanes magic = (Lanes){0} + 12582912.0f;
    unsigned char *codes = out + slm__block_at(SLM_TYPE_Q8, cols, 0);
    size_t row, start, end, i;
    memset(codes, 128, (cols + 7) / 8 * 128);
    rotate(x, cols);
    for (start = 0; start < cols; start = end) {
        float inverses[TILE];
        Lanes largest, inverse, code;
        end = cols - start < SLM__BLOCK ? cols : start + SLM__BLOCK;
        largest = largest_of(x + start, end - start);
        for (row = 0; row < TILE; row++) {
            size_t at = slm__block_scales_at(SLM_TYPE_Q8, start / SLM__BLOCK) + row * 2;
            uint16_t half;
            if (!(largest[row] / 127.0f < 65504.0f))
                return 0;
            half = scale_for(largest[row]);
            out[at] = (unsigned char)half;
            out[at + 1] = (unsigned char)(half >> 8);
            inverses[row] = half ? 1.0f / slm__from_half(half) : 0;
        }
        memcpy(&inverse, inverses, sizeof inverse);
        for (i = start; i < end; i++) {
            unsigned char *to = codes + i / 4 * 64 + i % 4;
            Whole whole;
            code = (x[i] * inverse + magic) - magic;
            code = SELECT(code > 127.0f, (Lanes){0} + 127.0f, code);
            code = SELECT(code < -127.0f, (Lanes){0} - 127.0f, code);
            whole = (Whole)(code + magic) & 255; /* the low bits hold the integer */
            for (row = 0; row < TILE; row++)
                to[row * 4] = (unsigned char)(whole[row] ^ 128);
        }
    }
    return 1;
}

/* ---- q4, q4f ----------------------------------------------------------------------------- */

/* The library's codebook as the search wants it: its least value, then the steps from value to
   value and the middles between them. */
typedef struct Codebook {
    float least, step[16], middle[16]; /* the latter two from 1 on */
} Codebook;

static Codebook read_codebook(void) {
    Codebook book;
    int i;
    book.least = (float)slm__codebook[0] - SLM__Q4_OFFSET;
    for (i = 1; i < 16; i++) {
        float below = (float)slm__codebook[i - 1] - SLM__Q4_OFFSET;
        float value = (float)slm__codebook[i] - SLM__Q4_OFFSET;
        book.step[i] = value - below;
        book.middle[i] = (value + below) * 0.5f;
    }
    return book;
}

/* The codebook value nearest to t, counted up over the middles. */
INLINE Lanes nearest(const Codebook *book, Lanes t) {
    Lanes value = (Lanes){0} + book->least;
    int i;
    for (i = 1; i < 16; i++) {
        Lanes step = (Lanes){0} + book->step[i];
        value += (Lanes)((Whole)step & (t > book->middle[i]));
    }
    return value;
}

INLINE Whole nearest_index(const Codebook *book, Lanes t) {
    Whole index = {0};
    int i;
    for (i = 1; i < 16; i++)
        index -= t > book->middle[i];
    return index;
}

INLINE Lanes inverse_of(Lanes scale) {
    Whole zero = scale == 0.0f;
    return SELECT(zero, (Lanes){0}, 1.0f / SELECT(zero, (Lanes){0} + 1.0f, scale));
}

/* What scale serves a group best? Its largest magnitude goes to one of some places near the
   codebook's ends, with either sign (the codebook is not symmetric); for the codes that follow,
   the best scale is the least-squares one, and the error that it leaves is smallest where
   (sum x c)^2 / sum c^2 is largest. */
INLINE Lanes group_scale(const Codebook *book, const Lanes *x, size_t count) {
    static const float places[6] = {24, 27, 29.5f, 31, 33, 36};
    Lanes largest = largest_of(x, count), best = {0}, best_gain = {0};
    int candidate;
    for (candidate = 0; candidate < 12; candidate++) {
        float place = candidate < 6 ? places[candidate] : -places[candidate - 6];
        Lanes inverse = place * inverse_of(largest), xc = {0}, cc = {0}, gain;
        size_t i;
        for (i = 0; i < count; i++) {
            Lanes c = nearest(book, x[i] * inverse);
            xc += x[i] * c;
            cc += c * c;
        }
        cc = SELECT(cc == 0.0f, (Lanes){0} + 1.0f, cc);
        gain = xc * xc / cc;
        best = SELECT(gain > best_gain, xc / cc, best);
        best_gain = SELECT(gain > best_gain, gain, best_gain);
    }
    return best;
}

/* Group scales become a row scale and sub-scales in -127..127; the row scale is then refitted to
   the codes (x: [cols], scales: [groups]). */
INLINE Lanes row_scale(const Codebook *book, const Lanes *x, size_t cols, size_t group,
                       Lanes *scales) {
    const Lanes magic = (Lanes){0} + 12582912.0f;
    size_t groups = (cols + group - 1) / group, g, i;
    Lanes row = largest_of(scales, groups) / 127.0f, inverse = inverse_of(row);
    Lanes xc = {0}, cc = {0};
    for (g = 0; g < groups; g++) {
        Lanes sub = (scales[g] * inverse + magic) - magic, invert = inverse_of(row * sub);
        for (i = g * group; i < cols && i < (g + 1) * group; i++) {
            Lanes c = nearest(book, x[i] * invert) * sub;
            xc += x[i] * c;
            cc += c * c;
        }
        scales[g] = sub;
    }
    return SELECT(cc == 0.0f, row, xc / SELECT(cc == 0.0f, (Lanes){0} + 1.0f, cc));
}

INLINE int make_q4(uint32_t type, Lanes *x, size_t cols, Lanes *scales, unsigned char *out) {
    const Codebook book = read_codebook();
    size_t group = slm__group(type), groups = (cols + group - 1) / group, g, i, row;
    Lanes scale;
    rotate(x, cols);
    for (g = 0; g < groups; g++)
        scales[g] = group_scale(&book, x + g * group, slm__least(cols - g * group, group));
    scale = row_scale(&book, x, cols, group, scales);
    for (row = 0; row < TILE; row++) {
        if (!slm__finite(scale[row]))
            return 0;
        set_u32(out + 4 * row, slm__bits(scale[row]));
    }
    for (g = 0; g < groups; g++) {
        size_t b = g * group / SLM__BLOCK, in_block = g % (SLM__BLOCK / group);
        unsigned char *block = out + slm__block_scales_at(type, b);
        unsigned char *codes = out + slm__block_at(type, cols, b) + in_block * group * 8;
        Lanes inverse = inverse_of(scale * scales[g]);
        for (row = 0; row < TILE; row++)
            block[in_block * 16 + row] = (unsigned char)(int)scales[g][row];
        memset(codes, 0x88, group * 8); /* the code of zero */
        for (i = 0; i < group && g * group + i < cols; i++) {
            Whole code = nearest_index(&book, x[g * group + i] * inverse);
            unsigned char *to = codes + i / 8 * 64 + i % 4;
            int high = i % 8 >= 4;
            for (row = 0; row < TILE; row++)
                to[row * 4] = (unsigned char)(high ? (to[row * 4] & 15) | code[row] << 4
                                                   : (to[row * 4] & 0xF0) | code[row]);
        }
    }
    return 1;
}

/* ---- one tile, by the best instruction set there is -------------------------------------- */

INLINE int make_tile(uint32_t type, Lanes *x, size_t cols, Lanes *scales, unsigned char *out) {
    return type == SLM_TYPE_Q8 ? make_q8(x, cols, out) : make_q4(type, x, cols, scales, out);
}

static int make_tile_plain(uint32_t type, Lanes *x, size_t cols, Lanes *scales,
                           unsigned char *out) {
    return make_tile(type, x, cols, scales, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static int make_tile_avx2(uint32_t type, Lanes *x, size_t cols,
                                                          Lanes *scales, unsigned char *out) {
    return make_tile(type, x, cols, scales, out);
}
__attribute__((target("avx512f,avx512bw"))) static int
make_tile_avx512(uint32_t type, Lanes *x, size_t cols, Lanes *scales, unsigned char *out) {
    return make_tile(type, x, cols, scales, out);
}
#endif

size_t integer_scratch_size(size_t cols) { return ((cols + 15) / 16 + 1) * sizeof(Lanes); }

int integer_make_tile(uint32_t type, void *rows, size_t cols, void *scratch, unsigned char *out) {
    Lanes *x = rows, *scales = scratch;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        return make_tile_avx512(type, x, cols, scales, out);
    if (__builtin_cpu_supports("avx2"))
        return make_tile_avx2(type, x, cols, scales, out);
#endif
    return make_tile_plain(type, x, cols, scales, out);
}
