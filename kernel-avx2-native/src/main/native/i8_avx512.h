/*
 * Shared by the int8 products in AVX-512. As in i8_avx2.h, codes become unsigned bytes u = value - smallest value, and
 * sum(value * q) = sum(u * q) + smallest value * sum(q). Here a vector holds the codes of a whole block: byte i has
 * weights 4 i .. 4 i + 3, so plane k of a block of activations is q[4 i + k], i = 0 .. 63.
 */
#ifndef QK256_I8_AVX512_H
#define QK256_I8_AVX512_H

#include "tier.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || !defined(__AVX512VNNI__) || !defined(__F16C__)
#error "these files need -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512vnni"
#endif

typedef struct {
    __m512i even; /* u of the lower code, by nibble */
    __m512i odd;  /* u of the upper code, by nibble */
    __m512i smallest;
} byte_table;

static inline byte_table byte_table_of(__m128 codebook) {
    const __m128i values = _mm_cvttps_epi32(codebook);
    __m128i smallest = _mm_min_epi32(values, _mm_shuffle_epi32(values, _MM_SHUFFLE(1, 0, 3, 2)));
    smallest = _mm_min_epi32(smallest, _mm_shuffle_epi32(smallest, _MM_SHUFFLE(2, 3, 0, 1)));
    const __m128i u = _mm_cvtepi32_epi8(_mm_sub_epi32(values, smallest));
    const __m128i lower = _mm_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
    const __m128i upper = _mm_setr_epi8(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return (byte_table){_mm512_broadcast_i32x4(_mm_shuffle_epi8(u, lower)),
        _mm512_broadcast_i32x4(_mm_shuffle_epi8(u, upper)), _mm512_broadcastd_epi32(smallest)};
}

/* Mask of the first `n` of 64 lanes; `n` is 1 or more. */
INLINE __mmask64 first(int32_t n) {
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* Arranges a block of a column, with `plane_bytes` from a plane to the next; returns its sum. Only `n` activations are present: zeros replace the others, so that
 * padding codes add nothing. */
static inline int32_t arrange_block(const int8_t *q, int32_t n, int8_t *planes, int32_t plane_bytes) {
    const __m512i by_plane =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m512i first_planes = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    const __m512i last_planes = _mm512_add_epi32(first_planes, _mm512_set1_epi32(2));
    __m512i in[4];
    __m512i sum = _mm512_setzero_si512();
    for (int j = 0; j < 4; j++) {
        in[j] = n > 64 * j ? _mm512_maskz_loadu_epi8(first(n - 64 * j), q + 64 * j) : _mm512_setzero_si512();
        sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), in[j]);
        in[j] = _mm512_shuffle_epi8(in[j], by_plane);
    }
    /* 32-bit element k of each 128-bit lane now belongs to plane k. */
    for (int k = 0; k < 4; k += 2) {
        const __m512i two_planes = k == 0 ? first_planes : last_planes;
        const __m512i a = _mm512_permutex2var_epi32(in[0], two_planes, in[1]);
        const __m512i b = _mm512_permutex2var_epi32(in[2], two_planes, in[3]);
        _mm512_store_si512(planes + k * plane_bytes, _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(1, 0, 1, 0)));
        _mm512_store_si512(planes + (k + 1) * plane_bytes, _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(3, 2, 3, 2)));
    }
    return _mm512_reduce_add_epi32(sum);
}

/* The u of plane k. */
INLINE __m512i look_up(__m512i codes, int k, byte_table table) {
    const __m512i nibbles = _mm512_and_si512(k < 2 ? codes : _mm512_srli_epi16(codes, 4), _mm512_set1_epi8(15));
    return _mm512_shuffle_epi8(k % 2 == 0 ? table.even : table.odd, nibbles);
}

#endif
