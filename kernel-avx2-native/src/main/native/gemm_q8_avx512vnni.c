/* The GEMM of 8-bit rows in AVX-512: a vector holds four columns of 16 rows. Codes become unsigned by adding 128; the
 * correction takes 128 * sum(q) away again. */
#include "q8_tier.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || !defined(__AVX512VNNI__) || !defined(__F16C__)
#error "these files need -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512vnni"
#endif

#define Q8_OPERATION qk256_gemm_q8_avx512vnni

INLINE int32_t correction(const int8_t *q) {
    __m256i sums = _mm256_dpbusd_epi32(
        _mm256_setzero_si256(), _mm256_set1_epi8((char)128), _mm256_loadu_si256((const __m256i *)q));
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(1, 0, 3, 2)));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(2, 3, 0, 1)));
    return -_mm_cvtsi128_si32(four);
}

INLINE void add_groups(int n, int multiplied, q8_span s, const q8_column *x, double (*all)[Q8_ROWS]) {
    __m512d low[GEMM_COLUMNS], high[GEMM_COLUMNS];
    for (int c = 0; c < n; c++) {
        low[c] = _mm512_loadu_pd(all[c]);
        high[c] = _mm512_loadu_pd(all[c] + 8);
    }
    for (int32_t g = 0; g < s.groups; g++) {
        q8_prefetch(s, g);
        const uint8_t *codes = s.codes + (int64_t)g * Q8_BLOCK_BYTES;
        __m512i sums[GEMM_COLUMNS];
        for (int c = 0; c < n; c++) {
            sums[c] = _mm512_set1_epi32(x[c].corrections[g]);
        }
        for (int k = 0; k < Q8_GROUP / 4; k++) {
            const __m512i u = _mm512_xor_si512(_mm512_loadu_si512(codes + 64 * k), _mm512_set1_epi8((char)128));
            for (int c = 0; c < n; c++) {
                const int32_t four = q8_four(x[c].q + (int64_t)g * Q8_GROUP + 4 * k);
                sums[c] = _mm512_dpbusd_epi32(sums[c], u, _mm512_set1_epi32(four));
            }
        }
        const __m512 scales = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(s.scales + (int64_t)g * Q8_ROWS)));
        const __m512d low_scales = _mm512_cvtps_pd(_mm512_castps512_ps256(scales));
        const __m512d high_scales =
            _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(scales), 1)));
        for (int c = 0; c < n; c++) {
            __m512d low_sums = _mm512_cvtepi32_pd(_mm512_castsi512_si256(sums[c]));
            __m512d high_sums = _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(sums[c], 1));
            if (multiplied) {
                const __m512d multiplier = _mm512_set1_pd((double)x[c].multipliers[g]);
                low_sums = _mm512_mul_pd(low_sums, multiplier);
                high_sums = _mm512_mul_pd(high_sums, multiplier);
            }
            low[c] = _mm512_fmadd_pd(low_sums, low_scales, low[c]);
            high[c] = _mm512_fmadd_pd(high_sums, high_scales, high[c]);
        }
    }
    for (int c = 0; c < n; c++) {
        _mm512_storeu_pd(all[c], low[c]);
        _mm512_storeu_pd(all[c] + 8, high[c]);
    }
}

#include "q8_products.h"
