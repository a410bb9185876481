/* The transposed int8 product in AVX-512. A vector has the codes of a block of one row. */
#include "i8_avx512.h"
#include "transposed.h"

/* As in i8_avx2.h; here the last two need the same code. */
enum { CODES, NARROW, WIDE };

enum { BYTES = 64 };

static int kind_of(byte_table table, int32_t listed) {
    const int are_codes = _mm_cvtsi128_si32(_mm512_castsi512_si128(table.even)) == 0x03020100;
    return are_codes && listed <= MOST_WEIGHTED ? CODES : WIDE;
}

static int32_t smallest_of(byte_table table) {
    return _mm_cvtsi128_si32(_mm512_castsi512_si128(table.smallest));
}

/* Interleaves four rows: vector j has bytes 4 j .. 4 j + 3 of each 128-bit lane, each from all four rows. */
INLINE void interleave(const uint8_t *const *codes, int64_t at, __m512i *out) {
    const __m512i a = _mm512_loadu_si512(codes[0] + at), b = _mm512_loadu_si512(codes[1] + at);
    const __m512i c = _mm512_loadu_si512(codes[2] + at), d = _mm512_loadu_si512(codes[3] + at);
    const __m512i ab = _mm512_unpacklo_epi8(a, b), cd = _mm512_unpacklo_epi8(c, d);
    const __m512i ab_high = _mm512_unpackhi_epi8(a, b), cd_high = _mm512_unpackhi_epi8(c, d);
    out[0] = _mm512_unpacklo_epi16(ab, cd);
    out[1] = _mm512_unpackhi_epi16(ab, cd);
    out[2] = _mm512_unpacklo_epi16(ab_high, cd_high);
    out[3] = _mm512_unpackhi_epi16(ab_high, cd_high);
}

/* Sum 4 j + k belongs to vector j and position k of a byte. If each u is its code, it is not moved to the lowest bits, and
 * the sum is 4^k times as large. */
INLINE void add_rows(int kind, const some_rows *rows, int64_t at, byte_table table, int32_t *sums) {
    __m512i totals[16];
    for (int i = 0; i < 16; i++) {
        totals[i] = _mm512_load_si512(sums + 16 * i);
    }
    for (int four = 0; four < ROWS / FOUR; four++) {
        const __m512i q = _mm512_set1_epi32(rows->q[four]);
        __m512i codes[4];
        interleave(rows->codes + four * FOUR, at, codes);
        for (int j = 0; j < 4; j++) {
            for (int k = 0; k < 4; k++) {
                const __m512i u = kind == CODES ? _mm512_and_si512(codes[j], _mm512_set1_epi8((char)(3 << (2 * k))))
                                                : look_up(codes[j], k, table);
                totals[4 * j + k] = _mm512_dpbusd_epi32(totals[4 * j + k], u, q);
            }
        }
    }
    for (int i = 0; i < 16; i++) {
        _mm512_store_si512(sums + 16 * i, totals[i]);
    }
}

/* Lane p of each four of vector j belongs to byte 16 * four + 4 * j + p. */
static void finish(int kind, const int32_t *sums, int32_t offset, float x_scale, float tensor_scale, float *results) {
    for (int j = 0; j < 4; j++) {
        __m512 of_position[4];
        for (int k = 0; k < 4; k++) {
            __m512i sum = _mm512_load_si512(sums + 16 * (4 * j + k));
            if (kind == CODES) {
                sum = _mm512_sra_epi32(sum, _mm_cvtsi32_si128(2 * k));
            }
            const __m512 exact = _mm512_cvtepi32_ps(_mm512_add_epi32(sum, _mm512_set1_epi32(offset)));
            of_position[k] = _mm512_mul_ps(_mm512_div_ps(exact, _mm512_set1_ps(x_scale)), _mm512_set1_ps(tensor_scale));
        }
        const __m512 low01 = _mm512_unpacklo_ps(of_position[0], of_position[1]);
        const __m512 low23 = _mm512_unpacklo_ps(of_position[2], of_position[3]);
        const __m512 high01 = _mm512_unpackhi_ps(of_position[0], of_position[1]);
        const __m512 high23 = _mm512_unpackhi_ps(of_position[2], of_position[3]);
        const __m512 of_byte[4] = {_mm512_shuffle_ps(low01, low23, _MM_SHUFFLE(1, 0, 1, 0)),
            _mm512_shuffle_ps(low01, low23, _MM_SHUFFLE(3, 2, 3, 2)),
            _mm512_shuffle_ps(high01, high23, _MM_SHUFFLE(1, 0, 1, 0)),
            _mm512_shuffle_ps(high01, high23, _MM_SHUFFLE(3, 2, 3, 2))};
        for (int p = 0; p < 4; p++) {
            _mm_storeu_ps(results + 16 * j + 4 * p, _mm512_castps512_ps128(of_byte[p]));
            _mm_storeu_ps(results + 64 + 16 * j + 4 * p, _mm512_extractf32x4_ps(of_byte[p], 1));
            _mm_storeu_ps(results + 128 + 16 * j + 4 * p, _mm512_extractf32x4_ps(of_byte[p], 2));
            _mm_storeu_ps(results + 192 + 16 * j + 4 * p, _mm512_extractf32x4_ps(of_byte[p], 3));
        }
    }
}

#define TRANSPOSED qk256_transposed_i8_avx512vnni
qk256_listed_operation TRANSPOSED;
#include "transposed_products.h"
