/* The GEMM of 8-bit rows with int16 activations in AVX2: a vector holds four columns of 8 rows. */
#include "q8_tier.h"

#define Q8_I16_TOGETHER 4

/* gemm_q8_i16_avxvnni.c compiles this file again for its tier, which differs only in how products are added. */
#ifdef __AVXVNNI__
#define Q8_I16_OPERATION qk256_gemm_q8_i16_avxvnni
#define ADD_PRODUCTS(sums, codes, q) _mm256_dpwssd_avx_epi32(sums, codes, q)
#else
#define Q8_I16_OPERATION qk256_gemm_q8_i16_avx2
#define ADD_PRODUCTS(sums, codes, q) _mm256_add_epi32(sums, _mm256_madd_epi16(codes, q))
#endif

/* Two activations as they are. */
INLINE __m256i two(const int16_t *q) {
    int32_t pair;
    memcpy(&pair, q, sizeof pair);
    return _mm256_set1_epi32(pair);
}

/* The first or last two of four codes, as 16-bit numbers. */
INLINE __m256i widened(__m256i codes, __m128i places) {
    return _mm256_srai_epi16(_mm256_shuffle_epi8(codes, _mm256_broadcastsi128_si256(places)), 8);
}

INLINE void add_groups(int n, q8_span s, const int16_t *const *x, double (*all)[Q8_ROWS]) {
    const __m128i first = _mm_setr_epi8(-1, 0, -1, 1, -1, 4, -1, 5, -1, 8, -1, 9, -1, 12, -1, 13);
    const __m128i last = _mm_add_epi8(first, _mm_setr_epi8(0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2, 0, 2));
    for (int32_t g = 0; g < s.groups; g++) {
        q8_prefetch(s, g);
        for (int from = 0; from < Q8_ROWS; from += 8) {
            const uint8_t *codes = s.codes + (int64_t)g * Q8_BLOCK_BYTES + 4 * from;
            /* With few columns, two sums of each, as multiply-adds would wait for each other. */
            __m256i sums[Q8_I16_TOGETHER], more[2];
            for (int c = 0; c < n; c++) {
                sums[c] = more[c % 2] = _mm256_setzero_si256();
            }
            for (int k = 0; k < Q8_GROUP / 4; k++) {
                /* One after the other: gcc would widen the codes of the whole group first, and has too few registers. */
                __asm__("" : "+x"(sums[0]));
                const __m256i four = _mm256_loadu_si256((const __m256i *)(codes + 64 * k));
                const __m256i low = widened(four, first), high = widened(four, last);
                for (int c = 0; c < n; c++) {
                    const int16_t *q = x[c] + (int64_t)g * Q8_GROUP + 4 * k;
                    sums[c] = ADD_PRODUCTS(sums[c], low, two(q));
                    if (n <= 2) {
                        more[c % 2] = ADD_PRODUCTS(more[c % 2], high, two(q + 2));
                    } else {
                        sums[c] = ADD_PRODUCTS(sums[c], high, two(q + 2));
                    }
                }
            }
            for (int c = 0; c < n && n <= 2; c++) {
                sums[c] = _mm256_add_epi32(sums[c], more[c % 2]);
            }
            const __m128i halves = _mm_loadu_si128((const __m128i *)(s.scales + (int64_t)g * Q8_ROWS + from));
            const __m256 scales = _mm256_cvtph_ps(halves);
            const __m256d low_scales = _mm256_cvtps_pd(_mm256_castps256_ps128(scales));
            const __m256d high_scales = _mm256_cvtps_pd(_mm256_extractf128_ps(scales, 1));
            for (int c = 0; c < n; c++) {
                double *to = all[c] + from;
                const __m256d low = _mm256_cvtepi32_pd(_mm256_castsi256_si128(sums[c]));
                const __m256d high = _mm256_cvtepi32_pd(_mm256_extracti128_si256(sums[c], 1));
                _mm256_storeu_pd(to, _mm256_fmadd_pd(low, low_scales, _mm256_loadu_pd(to)));
                _mm256_storeu_pd(to + 4, _mm256_fmadd_pd(high, high_scales, _mm256_loadu_pd(to + 4)));
            }
        }
    }
}

#include "q8_i16_products.h"
