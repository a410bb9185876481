/*
 * Shared by the int8 GEMV and GEMM. Codes become unsigned bytes u = value - smallest value (0 .. 127) by table lookup:
 * a nibble holds two codes, and a table of 16 bytes gives the u of either one. Multiply-add of bytes is therefore exact
 * (2 * 127 * 128 < 32768), and sum(value * q) = sum(u * q) + smallest value * sum(q).
 *
 * Byte i of half a block holds weights 4 i .. 4 i + 3, so the activations are arranged once per call: plane k of half a
 * block is q[4 i + k] for i = 0 .. 31.
 */
#ifndef QK256_I8_AVX2_H
#define QK256_I8_AVX2_H

#include "avx2.h"

/* The largest u for which the eight products that a 16-bit lane gets from a block can be added in 16 bits:
 * 8 * 2 * 15 * 128 < 32768. */
enum { NARROW_U = 15 };

/* Cases for which the inner loops are specialized: every u is its code, as in ternary matrices; every u is at most
 * NARROW_U; anything else. */
enum { CODES, NARROW, WIDE };

typedef struct {
    __m256i even; /* u of the lower code, by nibble */
    __m256i odd;  /* u of the upper code, by nibble */
    int32_t smallest;
    int32_t kind;
} byte_table;

typedef struct {
    _Alignas(64) int8_t planes[CHUNK];
    int32_t sum; /* of q */
} arranged;

static inline byte_table byte_table_of(__m128 codebook) {
    float values[4];
    _mm_storeu_ps(values, codebook);
    const __m256i each_four_times = _mm256_setr_epi8(
        0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    int32_t smallest = 63;
    int32_t largest = -64;
    for (int code = 0; code < 4; code++) {
        int32_t value = (int32_t)values[code];
        smallest = value < smallest ? value : smallest;
        largest = value > largest ? value : largest;
    }
    uint32_t u = 0;
    for (int code = 0; code < 4; code++) {
        u |= (uint32_t)((int32_t)values[code] - smallest) << (8 * code);
    }
    __m256i even = _mm256_set1_epi32((int32_t)u);
    int32_t kind = u == 0x03020100 ? CODES : largest - smallest <= NARROW_U ? NARROW : WIDE;
    return (byte_table){even, _mm256_shuffle_epi8(even, each_four_times), smallest, kind};
}

/* The codes of half a block. Without the asm, GCC would reload them for each use, and loads are the bottleneck. */
INLINE __m256i load_codes(const uint8_t *codes) {
    __m256i loaded = _mm256_loadu_si256((const __m256i *)codes);
    __asm__("" : "+x"(loaded));
    return loaded;
}

/* The u of half a block of one row: one vector per plane of the activations. */
INLINE void look_up(__m256i codes, byte_table table, __m256i *u) {
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    __m256i low = _mm256_and_si256(codes, nibble);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(codes, 4), nibble);
    u[0] = _mm256_shuffle_epi8(table.even, low);
    u[1] = _mm256_shuffle_epi8(table.odd, low);
    u[2] = _mm256_shuffle_epi8(table.even, high);
    u[3] = _mm256_shuffle_epi8(table.odd, high);
}

/* The sums of the eight lanes of four vectors. */
INLINE __m128i sum4(__m256i a, __m256i b, __m256i c, __m256i d) {
    __m256i lanes = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    return _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
}

/* Arranges 128 activations in four planes; returns their sum in eight lanes. */
INLINE __m256i arrange_half_block(const int8_t *q, int8_t *planes) {
    const __m256i by_plane = _mm256_setr_epi8(
        0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m256i interleave_lanes = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i in[4], pairs[4];
    __m256i sum = _mm256_setzero_si256();
    for (int j = 0; j < 4; j++) {
        in[j] = _mm256_loadu_si256((const __m256i *)(q + 32 * j));
        sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(_mm256_set1_epi8(1), in[j]));
        in[j] = _mm256_shuffle_epi8(in[j], by_plane);
    }
    /* 32-bit element k of 128-bit lane h of in[j] now belongs at position 2 j + h of plane k. */
    for (int j = 0; j < 2; j++) {
        pairs[j] = _mm256_unpacklo_epi32(in[2 * j], in[2 * j + 1]);
        pairs[j + 2] = _mm256_unpackhi_epi32(in[2 * j], in[2 * j + 1]);
    }
    for (int k = 0; k < 4; k++) {
        __m256i a = pairs[k & 2], b = pairs[(k & 2) + 1];
        __m256i plane = k & 1 ? _mm256_unpackhi_epi64(a, b) : _mm256_unpacklo_epi64(a, b);
        plane = _mm256_permutevar8x32_epi32(plane, interleave_lanes);
        _mm256_store_si256((__m256i *)(planes + 32 * k), plane);
    }
    return _mm256_madd_epi16(sum, _mm256_set1_epi16(1));
}

/* Arranges `n` activations; zeros fill the last block, so that its padding codes add nothing. */
static inline void arrange(const int8_t *q, int32_t n, arranged *out) {
    int8_t last[BLOCK_WEIGHTS];
    out->sum = 0;
    for (int32_t b = 0; b < qk256_blocks(n); b++) {
        const int8_t *from = q + b * BLOCK_WEIGHTS;
        int8_t *planes = out->planes + b * BLOCK_WEIGHTS;
        int32_t left = n - b * BLOCK_WEIGHTS;
        if (left < BLOCK_WEIGHTS) {
            memset(last, 0, sizeof last);
            memcpy(last, from, (size_t)left);
            from = last;
        }
        __m256i low = arrange_half_block(from, planes);
        __m256i high = arrange_half_block(from + 128, planes + 128);
        __m256i lanes = _mm256_add_epi32(low, high);
        out->sum += _mm_cvtsi128_si32(sum4(lanes, lanes, lanes, lanes));
    }
}

#endif
