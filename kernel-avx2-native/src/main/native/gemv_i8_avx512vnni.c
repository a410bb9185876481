/*
 * The int8 GEMV in AVX-512: one column of activations. A vector has the codes of a whole block, and the activations of
 * a block are arranged in four planes, as i8_avx512.h describes. Products with groups are in grouped_i8_avx512vnni.c.
 */
#include "i8_avx512.h"
#include "listed.h"

/* A chunk of the activations. */
typedef struct {
    _Alignas(64) int8_t planes[CHUNK];
    int32_t sum; /* of q */
} arranged;

static void arrange(const int8_t *q, int32_t n, arranged *out) {
    out->sum = 0;
    for (int32_t at = 0; at < n; at += BLOCK_WEIGHTS) {
        out->sum += arrange_block(q + at, n - at, out->planes + at, 64);
    }
}

/* The sum of u * q of a chunk of one row, in 16 lanes. One vector per plane gives four chains of additions, which the
 * CPU overlaps. If each u is its code, as in ternary matrices, it is not first moved to the lowest bits of its byte:
 * vector k then holds 4^k times its sum, and has room for a chunk: 128 * 192 * 128 < 2^31. */
INLINE __m512i row_lanes(int are_codes, int32_t how, span s, uint64_t ahead, byte_table table, const arranged *x) {
    __m512i sums[4];
    for (int k = 0; k < 4; k++) {
        sums[k] = _mm512_setzero_si512();
    }
    for (int32_t b = 0; b < s.blocks; b++) {
        const uint8_t *from = s.codes + (int64_t)b * BLOCK_BYTES;
        const int8_t *planes = x->planes + b * BLOCK_WEIGHTS;
        prefetch(how, from, ahead);
        const __m512i codes = _mm512_loadu_si512(from);
        for (int k = 0; k < 4; k++) {
            const __m512i u = are_codes ? _mm512_and_si512(codes, _mm512_set1_epi8((char)(3 << (2 * k))))
                                        : look_up(codes, k, table);
            sums[k] = _mm512_dpbusd_epi32(sums[k], u, _mm512_load_si512(planes + 64 * k));
        }
    }
    if (are_codes) {
        sums[1] = _mm512_srai_epi32(sums[1], 2);
        sums[2] = _mm512_srai_epi32(sums[2], 4);
        sums[3] = _mm512_srai_epi32(sums[3], 6);
    }
    return _mm512_add_epi32(_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3]));
}

/* The sums of the lanes of four vectors. */
INLINE __m128i sum4(__m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

/* Adds a chunk of `n` rows, 1 or GROUP, to their sums. Reads one row after the other, because memory delivers one stream
 * faster than four; the rows only share the addition of lanes. */
INLINE void add_rows(int n, int are_codes, int32_t how, span s, row_choice rows, int32_t first, byte_table table,
    const arranged *x, double *sums) {
    __m512i lanes[GROUP];
    for (int r = 0; r < n; r++) {
        const span one = span_down(s, row_at(rows, first + r));
        lanes[r] = row_lanes(are_codes, how, one, listed_ahead(s, rows, first + r), table, x);
    }
    const __m128i u_sums = sum4(lanes[0], lanes[1 % n], lanes[2 % n], lanes[3 % n]);
    const __m128i offset = _mm_mullo_epi32(_mm512_castsi512_si128(table.smallest), _mm_set1_epi32(x->sum));
    const __m256d chunk = _mm256_cvtepi32_pd(_mm_add_epi32(u_sums, offset));
    if (n == 1) {
        sums[first] += _mm256_cvtsd_f64(chunk);
    } else {
        _mm256_storeu_pd(sums + first, _mm256_add_pd(_mm256_loadu_pd(sums + first), chunk));
    }
}

INLINE void add_tile(int are_codes, int32_t how, int32_t n, span s, row_choice rows, byte_table table, const arranged *x,
    double *sums) {
    int32_t r = 0;
    for (; r + GROUP <= n; r += GROUP) {
        add_rows(GROUP, are_codes, how, s, rows, r, table, x, sums);
    }
    for (; r < n; r++) {
        add_rows(1, are_codes, how, s, rows, r, table, x, sums);
    }
}

/* `how` is a constant in the inner loops: only its sign matters there. */
INLINE void add_tile_of(int are_codes, int32_t n, span s, row_choice rows, byte_table table, const arranged *x,
    double *sums) {
    if (s.prefetch < 0) {
        add_tile(are_codes, -1, n, s, rows, table, x, sums);
    } else {
        add_tile(are_codes, 1, n, s, rows, table, x, sums);
    }
}

/* The products of `n` rows; `all` has a list, or is for all. */
INLINE void product(const qk256_call *w, int32_t n, row_choice all, float *y) {
    arranged in;
    double sums[TILE];
    const byte_table table = byte_table_of(w->codebook);
    const int are_codes = _mm_cvtsi128_si32(_mm512_castsi512_si128(table.even)) == 0x03020100;
    for (int64_t row = 0; row < n; row += TILE) {
        const int32_t of_tile = smaller(n - row, TILE);
        const row_choice rows = rows_from(all, (int32_t)row);
        const int64_t down = all.list ? 0 : row;
        memset(sums, 0, (size_t)of_tile * sizeof *sums);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t of_chunk = smaller(w->cols - col, CHUNK);
            if (row == 0 || w->cols > CHUNK) {
                arrange((const int8_t *)w->x + col, of_chunk, &in);
            }
            const span s = span_of(w, down, col, of_chunk);
            if (are_codes) {
                add_tile_of(1, of_tile, s, rows, table, &in, sums);
            } else {
                add_tile_of(0, of_tile, s, rows, table, &in, sums);
            }
        }
        for (int32_t r = 0; r < of_tile; r++) {
            y[down + row_at(rows, r)] = (float)sums[r] / w->x_scale * w->tensor_scale;
        }
    }
}

void qk256_gemv_i8_avx512vnni(QK256_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    product(&w, rows, (row_choice){NULL, 0}, y);
}

qk256_listed_operation qk256_listed_i8_avx512vnni;

void qk256_listed_i8_avx512vnni(QK256_LISTED_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    (void)from_col;
    (void)to_col;
    product(&w, listed, (row_choice){list, listed}, y);
}
