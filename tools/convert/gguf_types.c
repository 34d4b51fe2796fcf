/* gguf_types.c - the element types of GGUF: how long their blocks are, and the numbers that those
   of the supported ones stand for, to the bit as gguf's dequantize has them. */
#include "gguf.h"

#include <string.h>

enum { SUPER = 256 }; /* numbers of a block of the types that end in _K */

static float half_at(const unsigned char *at) { return slm__from_half(slm__u16(at)); }

/* ---- blocks of 32 ------------------------------------------------------------------------ */

/* A byte has numbers i and i + 16. */
static void read_q4_0(const unsigned char *block, float *out) {
    float scale = half_at(block);
    int i;
    for (i = 0; i < 16; i++) {
        out[i] = scale * (float)((block[2 + i] & 15) - 8);
        out[i + 16] = scale * (float)((block[2 + i] >> 4) - 8);
    }
}

static void read_q4_1(const unsigned char *block, float *out) {
    float scale = half_at(block), least = half_at(block + 2);
    int i;
    for (i = 0; i < 16; i++) {
        out[i] = slm__madd(least, scale, (float)(block[4 + i] & 15));
        out[i + 16] = slm__madd(least, scale, (float)(block[4 + i] >> 4));
    }
}

/* The fifth bits of all 32 numbers stand before their fours. */
static int five_bits(const unsigned char *high, int i) {
    int four = i < 16 ? high[4 + i] & 15 : high[4 + i - 16] >> 4;
    return four | (high[i / 8] >> i % 8 & 1) << 4;
}

static void read_q5_0(const unsigned char *block, float *out) {
    float scale = half_at(block);
    int i;
    for (i = 0; i < 32; i++)
        out[i] = scale * (float)(five_bits(block + 2, i) - 16);
}

static void read_q5_1(const unsigned char *block, float *out) {
    float scale = half_at(block), least = half_at(block + 2);
    int i;
    for (i = 0; i < 32; i++)
        out[i] = slm__madd(least, scale, (float)five_bits(block + 4, i));
}

static int signed_byte(unsigned char byte) { return byte < 128 ? byte : byte - 256; }

static void read_q8_0(const unsigned char *block, float *out) {
    float scale = half_at(block);
    int i;
    for (i = 0; i < 32; i++)
        out[i] = scale * (float)signed_byte(block[2 + i]);
}

/* As Q4_0, but what a number stands for is not evenly spaced. */
static void read_iq4_nl(const unsigned char *block, float *out) {
    static const signed char values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                           1,    13,   25,  38,  53,  69,  89,  113};
    float scale = half_at(block);
    int i;
    for (i = 0; i < 16; i++) {
        out[i] = scale * (float)values[block[2 + i] & 15];
        out[i + 16] = scale * (float)values[block[2 + i] >> 4];
    }
}

/* ---- blocks of 256 ----------------------------------------------------------------------- */

/* The scale and the least value of each of eight parts: six bits each in twelve bytes. The first
   four are whole; the others' upper two bits fill those up to bytes. */
static void unpack_parts(const unsigned char *bytes, int *scales, int *least) {
    int i;
    for (i = 0; i < 4; i++) {
        scales[i] = bytes[i] & 63;
        least[i] = bytes[4 + i] & 63;
        scales[4 + i] = (bytes[8 + i] & 15) | (bytes[i] >> 6) << 4;
        least[4 + i] = bytes[8 + i] >> 4 | (bytes[4 + i] >> 6) << 4;
    }
}

/* Q4_K, and with the fifth bits of all numbers Q5_K: bit n of byte i is that of number i of part
   n. fours: those of parts 0 and 1 share 32 bytes, and so on. */
static void read_groups(const unsigned char *block, const unsigned char *fifths,
                       const unsigned char *fours, float *out) {
    float scale = half_at(block), step = half_at(block + 2), own, below;
    int scales[8], least[8], part, i, number;
    unpack_parts(block + 4, scales, least);
    for (part = 0; part < 8; part++) {
        own = scale * (float)scales[part];
        below = -(step * (float)least[part]);
        for (i = 0; i < 32; i++) {
            number = fours[part / 2 * 32 + i] >> part % 2 * 4 & 15;
            if (fifths)
                number |= (fifths[i] >> part & 1) << 4;
            *out++ = slm__madd(below, own, (float)number);
        }
    }
}

static void read_q4_k(const unsigned char *block, float *out) {
    read_groups(block, NULL, block + 16, out);
}

static void read_q5_k(const unsigned char *block, float *out) {
    read_groups(block, block + 16, block + 48, out);
}

/* Two halves of 128: in each, the lower four bits of numbers i and i + 64 share a byte, and the
   upper two of i, i + 32, i + 64 and i + 96 another. A scale is that of 16 numbers. */
static void read_q6_k(const unsigned char *block, float *out) {
    const unsigned char *low = block, *high = block + 128, *scales = block + 192;
    float scale = half_at(block + 208);
    int half, i, number;
    for (half = 0; half < 2; half++, low += 64, high += 32, scales += 8)
        for (i = 0; i < 128; i++) {
            number = (low[i % 64] >> i / 64 * 4 & 15) | (high[i % 32] >> i / 32 * 2 & 3) << 4;
            *out++ = scale * (float)signed_byte(scales[i / 16]) * (float)(number - 32);
        }
}

/* ---- the table --------------------------------------------------------------------------- */

/* What has neither a Dtype nor a function is known by its length alone, so that it can be named. */
static const BlockType types[] = {
    {0, "F32", DTYPE_F32, 1, 4, NULL},
    {1, "F16", DTYPE_F16, 1, 2, NULL},
    {30, "BF16", DTYPE_BF16, 1, 2, NULL},
    {28, "F64", DTYPE_F64, 1, 8, NULL},
    {2, "Q4_0", DTYPE_F32, 32, 18, read_q4_0},
    {3, "Q4_1", DTYPE_F32, 32, 20, read_q4_1},
    {6, "Q5_0", DTYPE_F32, 32, 22, read_q5_0},
    {7, "Q5_1", DTYPE_F32, 32, 24, read_q5_1},
    {8, "Q8_0", DTYPE_F32, 32, 34, read_q8_0},
    {20, "IQ4_NL", DTYPE_F32, 32, 18, read_iq4_nl},
    {12, "Q4_K", DTYPE_F32, SUPER, 144, read_q4_k},
    {13, "Q5_K", DTYPE_F32, SUPER, 176, read_q5_k},
    {14, "Q6_K", DTYPE_F32, SUPER, 210, read_q6_k},
    {9, "Q8_1", DTYPE_OTHER, 32, 40, NULL},
    {10, "Q2_K", DTYPE_OTHER, SUPER, 84, NULL},
    {11, "Q3_K", DTYPE_OTHER, SUPER, 110, NULL},
    {15, "Q8_K", DTYPE_OTHER, SUPER, 292, NULL},
    {16, "IQ2_XXS", DTYPE_OTHER, SUPER, 66, NULL},
    {17, "IQ2_XS", DTYPE_OTHER, SUPER, 74, NULL},
    {18, "IQ3_XXS", DTYPE_OTHER, SUPER, 98, NULL},
    {19, "IQ1_S", DTYPE_OTHER, SUPER, 50, NULL},
    {21, "IQ3_S", DTYPE_OTHER, SUPER, 110, NULL},
    {22, "IQ2_S", DTYPE_OTHER, SUPER, 82, NULL},
    {23, "IQ4_XS", DTYPE_OTHER, SUPER, 136, NULL},
    {24, "I8", DTYPE_OTHER, 1, 1, NULL},
    {25, "I16", DTYPE_OTHER, 1, 2, NULL},
    {26, "I32", DTYPE_OTHER, 1, 4, NULL},
    {27, "I64", DTYPE_OTHER, 1, 8, NULL},
    {29, "IQ1_M", DTYPE_OTHER, SUPER, 56, NULL},
    {34, "TQ1_0", DTYPE_OTHER, SUPER, 54, NULL},
    {35, "TQ2_0", DTYPE_OTHER, SUPER, 66, NULL},
    {39, "MXFP4", DTYPE_OTHER, 32, 17, NULL},
    {40, "NVFP4", DTYPE_OTHER, 64, 36, NULL},
    {41, "Q1_0", DTYPE_OTHER, 128, 18, NULL},
    {42, "Q2_0", DTYPE_OTHER, 64, 18, NULL}};

const BlockType *block_type(uint32_t id) {
    size_t i;
    for (i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].id == id)
            return &types[i];
    return NULL;
}

uint64_t blocks_bytes(const BlockType *type, uint64_t count) {
    return count / type->count * type->bytes;
}

void blocks_read(const BlockType *type, const unsigned char *bytes, size_t count, float *out) {
    size_t i;
    for (i = 0; i < count; i += type->count, bytes += type->bytes)
        type->read(bytes, out + i);
}
