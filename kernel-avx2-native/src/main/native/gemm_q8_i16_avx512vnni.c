/* The GEMM of 8-bit rows with int16 activations in AVX-512: a vector holds four columns of 16 rows. */
#include "q8_tier.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || !defined(__AVX512VNNI__) || !defined(__F16C__)
#error "these files need -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512vnni"
#endif

#define Q8_I16_OPERATION qk256_gemm_q8_i16_avx512vnni
#define Q8_I16_TOGETHER 8

/* Two activations as they are. */
INLINE __m512i two(const int16_t *q) {
    int32_t pair;
    memcpy(&pair, q, sizeof pair);
    return _mm512_set1_epi32(pair);
}

/* The first or last two of four codes, as 16-bit numbers. */
INLINE __m512i widened(__m512i codes, __m128i places) {
    return _mm512_srai_epi16(_mm512_shuffle_epi8(codes, _mm512_broadcast_i32x4(places)), 8);
}

INLINE void add_groups(int n, q8_span s, const int16_t *const *x, double (*all)[Q8_ROWS]) {
    const __m128i first = _mm_setr_epi8(-1, 0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13);
    const __m128i last = _mm_add_epi8(first, _mm_setr_epi8(0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2));
    __m512d low[Q8_I16_TOGETHER], high[Q8_I16_TOGETHER];
    for (int c = 0; c < n; c++) {
        low[c] = _mm512_loadu_pd(all[c]);
        high[c] = _mm512_loadu_pd(all[c] + 8);
    }
    for (int32_t g = 0; g < s.groups; g++) {
        q8_prefetch(s, g);
        const uint8_t *codes = s.codes + (int64_t)g * Q8_BLOCK_BYTES;
        /* With few columns, two sums of each, as multiply-adds would wait for each other. */
        __m512i sums[Q8_I16_TOGETHER], more[2];
        for (int c = 0; c < n; c++) {
            sums[c] = more[c % 2] = _mm512_setzero_si512();
        }
        for (int k = 0; k < Q8_GROUP / 4; k++) {
            const __m512i four = _mm512_loadu_si512(codes + 64 * k);
            const __m512i begin = widened(four, first), end = widened(four, last);
            for (int c = 0; c < n; c++) {
                const int16_t *q = x[c] + (int64_t)g * Q8_GROUP + 4 * k;
                sums[c] = _mm512_dpwssd_epi32(sums[c], begin, two(q));
                if (n <= 2) {
                    more[c % 2] = _mm512_dpwssd_epi32(more[c % 2], end, two(q + 2));
                } else {
                    sums[c] = _mm512_dpwssd_epi32(sums[c], end, two(q + 2));
                }
            }
        }
        for (int c = 0; c < n && n <= 2; c++) {
            sums[c] = _mm512_add_epi32(sums[c], more[c % 2]);
        }
        const __m512 scales = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(s.scales + (int64_t)g * Q8_ROWS)));
        const __m512d low_scales = _mm512_cvtps_pd(_mm512_castps512_ps256(scales));
        const __m512d high_scales =
            _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(scales), 1)));
        for (int c = 0; c < n; c++) {
            const __m512d low_sums = _mm512_cvtepi32_pd(_mm512_castsi512_si256(sums[c]));
            const __m512d high_sums = _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(sums[c], 1));
            low[c] = _mm512_fmadd_pd(low_sums, low_scales, low[c]);
            high[c] = _mm512_fmadd_pd(high_sums, high_scales, high[c]);
        }
    }
    for (int c = 0; c < n; c++) {
        _mm512_storeu_pd(all[c], low[c]);
        _mm512_storeu_pd(all[c] + 8, high[c]);
    }
}

#include "q8_i16_products.h"
