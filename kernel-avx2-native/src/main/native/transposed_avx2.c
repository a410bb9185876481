/* The transposed int8 product in AVX2. A vector has the codes of half a block of one row. */
#include "i8_avx2.h"
#include "transposed.h"

/* transposed_avxvnni.c compiles this file again for its tier. */
#ifdef __AVXVNNI__
#define TRANSPOSED qk256_transposed_i8_avxvnni
#else
#define TRANSPOSED qk256_transposed_i8_avx2
#endif

enum { BYTES = 32 };

static int kind_of(byte_table table, int32_t listed) {
    return table.kind == CODES && listed > MOST_WEIGHTED ? NARROW : table.kind;
}

static int32_t smallest_of(byte_table table) {
    return table.smallest;
}

/* Interleaves four rows: vector j has bytes 4 j .. 4 j + 3 of each 128-bit lane, each from all four rows. */
INLINE void interleave(const uint8_t *const *codes, int64_t at, __m256i *out) {
    const __m256i a = _mm256_loadu_si256((const __m256i *)(codes[0] + at));
    const __m256i b = _mm256_loadu_si256((const __m256i *)(codes[1] + at));
    const __m256i c = _mm256_loadu_si256((const __m256i *)(codes[2] + at));
    const __m256i d = _mm256_loadu_si256((const __m256i *)(codes[3] + at));
    const __m256i ab = _mm256_unpacklo_epi8(a, b), cd = _mm256_unpacklo_epi8(c, d);
    const __m256i ab_high = _mm256_unpackhi_epi8(a, b), cd_high = _mm256_unpackhi_epi8(c, d);
    out[0] = _mm256_unpacklo_epi16(ab, cd);
    out[1] = _mm256_unpackhi_epi16(ab, cd);
    out[2] = _mm256_unpacklo_epi16(ab_high, cd_high);
    out[3] = _mm256_unpackhi_epi16(ab_high, cd_high);
}

/* The u of position k of each byte; if u is the code, the odd positions are 4 times as large. */
INLINE __m256i u_at(int kind, __m256i codes, int k, byte_table table) {
    const __m256i nibbles = k < 2 ? codes : _mm256_srli_epi16(codes, 4);
    if (kind == CODES) {
        return _mm256_and_si256(nibbles, _mm256_set1_epi8(k % 2 == 0 ? 3 : 12));
    }
    return _mm256_shuffle_epi8(
        k % 2 == 0 ? table.even : table.odd, _mm256_and_si256(nibbles, _mm256_set1_epi8(15)));
}

/* Sum 4 j + k belongs to vector j and position k of a byte. */
INLINE void add_rows(int kind, const some_rows *rows, int64_t at, byte_table table, int32_t *sums) {
    __m256i codes[ROWS / FOUR][4];
    for (int four = 0; four < ROWS / FOUR; four++) {
        interleave(rows->codes + four * FOUR, at, codes[four]);
    }
    for (int j = 0; j < 4; j++) {
        for (int k = 0; k < 4; k++) {
            __m256i *sum = (__m256i *)(sums + 8 * (4 * j + k));
            __m256i total = _mm256_load_si256(sum);
#ifdef __AVXVNNI__
            for (int four = 0; four < ROWS / FOUR; four++) {
                const __m256i q = _mm256_set1_epi32(rows->q[four]);
                total = _mm256_dpbusd_avx_epi32(total, u_at(kind, codes[four][j], k, table), q);
            }
#else
            /* 16 bits have room for the pairs of four fours, unless u is WIDE: 4 * 2 * 15 * 128 < 2^15. */
            __m256i narrow = _mm256_setzero_si256();
            for (int four = 0; four < ROWS / FOUR; four++) {
                const __m256i q = _mm256_set1_epi32(rows->q[four]);
                const __m256i products = _mm256_maddubs_epi16(u_at(kind, codes[four][j], k, table), q);
                if (kind == WIDE) {
                    total = _mm256_add_epi32(total, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
                } else {
                    narrow = _mm256_add_epi16(narrow, products);
                }
            }
            if (kind != WIDE) {
                total = _mm256_add_epi32(total, _mm256_madd_epi16(narrow, _mm256_set1_epi16(1)));
            }
#endif
            _mm256_store_si256(sum, total);
        }
    }
}

/* Lane p of each four of vector j belongs to byte 16 * four + 4 * j + p. */
static void finish(int kind, const int32_t *sums, int32_t offset, float x_scale, float tensor_scale, float *results) {
    for (int j = 0; j < 4; j++) {
        __m256 of_position[4];
        for (int k = 0; k < 4; k++) {
            __m256i sum = _mm256_load_si256((const __m256i *)(sums + 8 * (4 * j + k)));
            if (kind == CODES && k % 2 == 1) {
                sum = _mm256_srai_epi32(sum, 2);
            }
            const __m256 exact = _mm256_cvtepi32_ps(_mm256_add_epi32(sum, _mm256_set1_epi32(offset)));
            of_position[k] = _mm256_mul_ps(_mm256_div_ps(exact, _mm256_set1_ps(x_scale)), _mm256_set1_ps(tensor_scale));
        }
        const __m256 low01 = _mm256_unpacklo_ps(of_position[0], of_position[1]);
        const __m256 low23 = _mm256_unpacklo_ps(of_position[2], of_position[3]);
        const __m256 high01 = _mm256_unpackhi_ps(of_position[0], of_position[1]);
        const __m256 high23 = _mm256_unpackhi_ps(of_position[2], of_position[3]);
        const __m256 of_byte[4] = {_mm256_shuffle_ps(low01, low23, _MM_SHUFFLE(1, 0, 1, 0)),
            _mm256_shuffle_ps(low01, low23, _MM_SHUFFLE(3, 2, 3, 2)),
            _mm256_shuffle_ps(high01, high23, _MM_SHUFFLE(1, 0, 1, 0)),
            _mm256_shuffle_ps(high01, high23, _MM_SHUFFLE(3, 2, 3, 2))};
        for (int p = 0; p < 4; p++) {
            _mm_storeu_ps(results + 16 * j + 4 * p, _mm256_castps256_ps128(of_byte[p]));
            _mm_storeu_ps(results + 64 + 16 * j + 4 * p, _mm256_extractf128_ps(of_byte[p], 1));
        }
    }
}

qk256_listed_operation TRANSPOSED;
#include "transposed_products.h"
