/* The GEMM of 8-bit rows in AVX2: a vector holds four columns of 8 rows. */
#include "q8_tier.h"

/* gemm_q8_avxvnni.c compiles this file again for its tier, which differs only in how products are added. */
#ifdef __AVXVNNI__

#define Q8_OPERATION qk256_gemm_q8_avxvnni

/* Codes become unsigned by adding 128; the correction takes 128 * sum(q) away again. */
INLINE int32_t correction(const int8_t *q) {
    __m256i sums = _mm256_dpbusd_avx_epi32(
        _mm256_setzero_si256(), _mm256_set1_epi8((char)128), _mm256_loadu_si256((const __m256i *)q));
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(1, 0, 3, 2)));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(2, 3, 0, 1)));
    return -_mm_cvtsi128_si32(four);
}

/* The sums of a group for rows 0 to 7 and 8 to 15. */
INLINE void group_sums(const uint8_t *codes, const int8_t *q, int32_t corrected, __m256i *sums) {
    sums[0] = sums[1] = _mm256_set1_epi32(corrected);
    for (int k = 0; k < Q8_GROUP / 4; k++) {
        const __m256i four = _mm256_set1_epi32(q8_four(q + 4 * k));
        for (int half = 0; half < 2; half++) {
            const __m256i code = _mm256_loadu_si256((const __m256i *)(codes + 64 * k + 32 * half));
            sums[half] =
                _mm256_dpbusd_avx_epi32(sums[half], _mm256_xor_si256(code, _mm256_set1_epi8((char)128)), four);
        }
    }
}

#else

#define Q8_OPERATION qk256_gemm_q8_avx2

INLINE int32_t correction(const int8_t *q) {
    (void)q;
    return 0;
}

/* 16 bytes of codes, four rows, as 16-bit numbers times four activations: the two sums of each row. */
INLINE __m256i add_rows(const uint8_t *codes, __m256i q, __m256i sums) {
    const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)codes));
    return _mm256_add_epi32(sums, _mm256_madd_epi16(wide, q));
}

/* Adds the two sums of each row; `a` has rows 0 to 3, `b` rows 4 to 7. */
INLINE __m256i eight_rows(__m256i a, __m256i b) {
    return _mm256_permute4x64_epi64(_mm256_hadd_epi32(a, b), _MM_SHUFFLE(3, 1, 2, 0));
}

/* The sums of a group for rows 0 to 7 and 8 to 15. */
INLINE void group_sums(const uint8_t *codes, const int8_t *q, int32_t corrected, __m256i *sums) {
    (void)corrected;
    __m256i of[4];
    for (int i = 0; i < 4; i++) {
        of[i] = _mm256_setzero_si256();
    }
    for (int k = 0; k < Q8_GROUP / 4; k++) {
        const __m256i four = _mm256_broadcastq_epi64(_mm_cvtepi8_epi16(_mm_cvtsi32_si128(q8_four(q + 4 * k))));
        for (int i = 0; i < 4; i++) {
            of[i] = add_rows(codes + 64 * k + 16 * i, four, of[i]);
        }
    }
    sums[0] = eight_rows(of[0], of[1]);
    sums[1] = eight_rows(of[2], of[3]);
}

#endif

INLINE void add_groups(int n, int multiplied, q8_span s, const q8_column *x, double (*all)[Q8_ROWS]) {
    for (int32_t g = 0; g < s.groups; g++) {
        q8_prefetch(s, g);
        const uint8_t *codes = s.codes + (int64_t)g * Q8_BLOCK_BYTES;
        __m256d scales[4];
        for (int i = 0; i < 4; i++) {
            const uint16_t *four = s.scales + (int64_t)g * Q8_ROWS + 4 * i;
            scales[i] = _mm256_cvtps_pd(_mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)four)));
        }
        for (int c = 0; c < n; c++) {
            __m256i sums[2];
            group_sums(codes, x[c].q + (int64_t)g * Q8_GROUP, x[c].corrections[g], sums);
            for (int i = 0; i < 4; i++) {
                const __m128i four =
                    i % 2 ? _mm256_extracti128_si256(sums[i / 2], 1) : _mm256_castsi256_si128(sums[i / 2]);
                __m256d product = _mm256_cvtepi32_pd(four);
                if (multiplied) {
                    product = _mm256_mul_pd(product, _mm256_set1_pd((double)x[c].multipliers[g]));
                }
                double *to = all[c] + 4 * i;
                _mm256_storeu_pd(to, _mm256_fmadd_pd(product, scales[i], _mm256_loadu_pd(to)));
            }
        }
    }
}

#include "q8_products.h"
