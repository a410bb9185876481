/*
 * Rounds f16 weights to 8 bits, as io.qk256.spi.support.Q8Rounding says. A group of 32 weights in 16 rows becomes a block
 * of q8.h.
 */
#include "tiers.h"

#include "avx2.h"

enum { LANES = 8, HALF = 2, LARGEST_FINITE = 0x7BFF };

/* The scales of a group in eight rows. */
typedef struct {
    __m128i halves;
    float inverse[LANES]; /* 0 of a scale of 0 */
} eight_scales;

/* The largest |w| of a group, as f16; the bits of f16 magnitudes, NaN included, have the order of integers. */
INLINE int32_t largest_magnitude(const uint8_t *group) {
    const __m256i magnitude = _mm256_set1_epi16(0x7FFF);
    const __m256i first = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)group), magnitude);
    const __m256i last = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)(group + 16 * HALF)), magnitude);
    const __m256i both = _mm256_max_epu16(first, last);
    const __m128i eight = _mm_max_epu16(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1));
    const __m128i smallest = _mm_minpos_epu16(_mm_xor_si128(eight, _mm_set1_epi16(0x7FFF)));
    return 0x7FFF ^ (_mm_cvtsi128_si32(smallest) & 0x7FFF);
}

INLINE eight_scales scales_of(const uint16_t *largest) {
    const __m256 max = _mm256_cvtph_ps(_mm_load_si128((const __m128i *)largest));
    eight_scales s;
    s.halves = _mm256_cvtps_ph(_mm256_div_ps(max, _mm256_set1_ps(127)), _MM_FROUND_TO_NEAREST_INT);
    const __m256 scale = _mm256_cvtph_ps(s.halves);
    const __m256 inverse = _mm256_div_ps(_mm256_set1_ps(1), scale);
    const __m256 is_zero = _mm256_cmp_ps(scale, _mm256_setzero_ps(), _CMP_EQ_OQ);
    _mm256_storeu_ps(s.inverse, _mm256_andnot_ps(is_zero, inverse));
    return s;
}

/* A scale that was rounded down may give quotients above 127. */
INLINE __m256i rounded(const uint8_t *eight, __m256 inverse) {
    const __m256 quotient = _mm256_mul_ps(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)eight)), inverse);
    return _mm256_cvtps_epi32(_mm256_max_ps(_mm256_min_ps(quotient, _mm256_set1_ps(127)), _mm256_set1_ps(-127)));
}

/* The codes of a group, four to a lane: those of the even fours in the lower lanes, then those of the odd ones. */
INLINE __m256i codes_of(const uint8_t *group, float inverse) {
    const __m256 by = _mm256_set1_ps(inverse);
    const __m256i first = _mm256_packs_epi32(rounded(group, by), rounded(group + 8 * HALF, by));
    const __m256i last = _mm256_packs_epi32(rounded(group + 16 * HALF, by), rounded(group + 24 * HALF, by));
    return _mm256_packs_epi16(first, last);
}

/* Stores lane i of each of eight rows as four bytes each, 64 bytes from lane to lane. */
INLINE void store_transposed(const __m256i *rows, uint8_t *to) {
    __m256i pairs[LANES], fours[LANES];
    for (int i = 0; i < LANES; i += 2) {
        pairs[i] = _mm256_unpacklo_epi32(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4) {
        fours[i] = _mm256_unpacklo_epi64(pairs[i], pairs[i + 2]);
        fours[i + 1] = _mm256_unpackhi_epi64(pairs[i], pairs[i + 2]);
        fours[i + 2] = _mm256_unpacklo_epi64(pairs[i + 1], pairs[i + 3]);
        fours[i + 3] = _mm256_unpackhi_epi64(pairs[i + 1], pairs[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        /* Lanes i and i + 4, which are fours 2 i and 2 i + 1 of the group. */
        const __m256i even = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x20);
        const __m256i odd = _mm256_permute2x128_si256(fours[i], fours[i + 4], 0x31);
        _mm256_storeu_si256((__m256i *)(to + 128 * i), even);
        _mm256_storeu_si256((__m256i *)(to + 128 * i + 64), odd);
    }
}

int32_t qk256_round_q8_avx2(const uint8_t *weights, int32_t tiles, int32_t cols, uint8_t *codes, uint16_t *scales) {
    const int64_t row_bytes = (int64_t)cols * HALF;
    int32_t largest_of_all = 0;
    for (int64_t tile = 0; tile < tiles; tile++) {
        for (int32_t col = 0; col < cols; col += Q8_GROUP) {
            const uint8_t *groups = weights + tile * Q8_ROWS * row_bytes + col * HALF;
            _Alignas(16) uint16_t largest[Q8_ROWS];
            for (int r = 0; r < Q8_ROWS; r++) {
                const uint8_t *group = groups + r * row_bytes;
                /* The same row of the next tile: a CPU's own prefetching follows fewer rows than 16. */
                prefetch(1, group, Q8_ROWS * (uint64_t)row_bytes);
                const int32_t max = largest_magnitude(group);
                largest_of_all = max > largest_of_all ? max : largest_of_all;
                largest[r] = (uint16_t)max;
            }
            for (int first = 0; first < Q8_ROWS; first += LANES) {
                const eight_scales of_rows = scales_of(largest + first);
                __m256i rows[LANES];
                for (int r = 0; r < LANES; r++) {
                    rows[r] = codes_of(groups + (first + r) * row_bytes, of_rows.inverse[r]);
                }
                store_transposed(rows, codes + 4 * first);
                _mm_storeu_si128((__m128i *)(scales + first), of_rows.halves);
            }
            codes += Q8_BLOCK_BYTES;
            scales += Q8_ROWS;
        }
    }
    return largest_of_all <= LARGEST_FINITE;
}
