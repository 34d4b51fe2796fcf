/* quantize.c - q8 tiles: rotation, one f16 scale per row and 256 columns, codes. */
#include "convert.h"

#include <math.h>
#include <string.h>

enum { TILE = 16, BLOCK = 256 };

/* Pseudo-random signs and Walsh-Hadamard blocks: as the manual's R, and in the same order. */
static float sign_of(size_t i) {
    uint32_t n = (uint32_t)i;
    return (n * 0x9E3779B1u ^ (n * 0x85EBCA6Bu >> 15)) >> 31 ? -1.0f : 1.0f;
}

static void hadamard(float *x, size_t size) {
    float scale = 1.0f / sqrtf((float)size);
    size_t h, i, j;
    for (h = 1; h < size; h *= 2)
        for (i = 0; i < size; i += 2 * h)
            for (j = i; j < i + h; j++) {
                float a = x[j], b = x[j + h];
                x[j] = a + b;
                x[j + h] = a - b;
            }
    for (i = 0; i < size; i++)
        x[i] *= scale;
}

static void rotate_row(float *x, size_t cols) {
    size_t block = BLOCK, at, i;
    for (i = 0; i < cols; i++)
        x[i] *= sign_of(i);
    for (at = 0; at < cols; at += block) {
        while (block > cols - at)
            block /= 2;
        hadamard(x + at, block);
    }
}

static float half_value(uint32_t half) {
    uint32_t bits = half_to_float_bits(half);
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/* The f16 scale nearest to largest / 127, one step up where that would cut codes off (tiny
   scales are coarse). */
static uint32_t scale_for(float largest) {
    float scale = largest / 127.0f;
    uint32_t bits, half;
    memcpy(&bits, &scale, 4);
    half = float_bits_to_half(bits);
    while (largest > 0 && half_value(half) * 127.5f < largest)
        half++;
    return half;
}

size_t q8_code_offset(size_t cols) {
    return ((cols + BLOCK - 1) / BLOCK * 32 + 63) / 64 * 64;
}

size_t q8_tile_size(size_t cols) {
    return q8_code_offset(cols) + (cols + 3) / 4 * 64;
}

/* rows: [16][cols], those beyond the matrix zero; they are changed. out: one tile.
   0: some scale is beyond what an f16 holds. */
int q8_make_tile(float *rows, size_t cols, unsigned char *out) {
    unsigned char *codes = out + q8_code_offset(cols);
    size_t row, start, end, i;
    memset(codes, 128, (cols + 3) / 4 * 64);
    for (row = 0; row < TILE; row++) {
        float *x = rows + row * cols;
        if (cols >= BLOCK)
            rotate_row(x, cols);
        for (start = 0; start < cols; start = end) {
            size_t at = (start / BLOCK * TILE + row) * 2;
            float largest = 0, inverse;
            uint32_t half;
            end = cols - start < BLOCK ? cols : start + BLOCK;
            for (i = start; i < end; i++)
                if (fabsf(x[i]) > largest)
                    largest = fabsf(x[i]);
            if (!(largest / 127.0f < 65504.0f))
                return 0;
            half = scale_for(largest);
            out[at] = (unsigned char)half;
            out[at + 1] = (unsigned char)(half >> 8);
            inverse = half ? 1.0f / half_value(half) : 0;
            for (i = start; i < end; i++) {
                float code = rintf(x[i] * inverse);
                code = code > 127 ? 127 : code < -127 ? -127 : code;
                codes[i / 4 * 64 + row * 4 + i % 4] = (unsigned char)(128 + (int)code);
            }
        }
    }
    return 1;
}
