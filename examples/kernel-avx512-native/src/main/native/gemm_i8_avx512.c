/*
 * int8 GEMM with one to four columns of activations. A code becomes an unsigned byte u = value - lowest value
 * (0 .. 127): a nibble holds two codes, and a byte look-up table of 16 entries gives the u of one or the other. So
 * VNNI's multiply-add of unsigned with signed bytes is exact, and sum(value * q) = sum(u * q) + lowest * sum(q).
 *
 * Byte i of a block holds weights 4 i .. 4 i + 3, so the activations are arranged once per call: plane k of a block is
 * q[4 i + k] for i = 0 .. 63.
 */
#include "avx512.h"

#include <string.h>

/* Rows whose sums are kept while the chunks of a wide matrix are processed. */
enum { TILE = 256 };

typedef struct {
    __m512i even; /* u of the lower code, by nibble */
    __m512i odd;  /* u of the upper code, by nibble */
    int32_t lowest;
} byte_table;

typedef struct {
    _Alignas(64) int8_t planes[CHUNK];
    int32_t block_sums[CHUNK_BLOCKS]; /* sum(q) of each block */
    int32_t sum;
} arranged;

/* By row, column, and part of the sum: see parts(). */
typedef struct {
    __m512i of[GROUP][MAX_COLUMNS][4];
} accumulators;

static byte_table byte_table_of(__m128 codebook) {
    const __m128i values = _mm_cvtps_epi32(codebook);
    __m128i lowest = _mm_min_epi32(values, _mm_shuffle_epi32(values, _MM_SHUFFLE(1, 0, 3, 2)));
    lowest = _mm_min_epi32(lowest, _mm_shuffle_epi32(lowest, _MM_SHUFFLE(2, 3, 0, 1)));
    const __m128i u = _mm_cvtepi32_epi8(_mm_sub_epi32(values, lowest));
    const __m128i lower = _mm_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
    const __m128i upper = _mm_setr_epi8(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return (byte_table){_mm512_broadcast_i32x4(_mm_shuffle_epi8(u, lower)),
        _mm512_broadcast_i32x4(_mm_shuffle_epi8(u, upper)), _mm_cvtsi128_si32(lowest)};
}

/* Arranges `n` activations; zeros fill up the last block, so that its padding codes contribute nothing. */
static void arrange(const int8_t *q, int32_t n, arranged *out) {
    out->sum = 0;
    for (int32_t b = 0; b < blocks_of(n); b++) {
        __m512i sum = _mm512_setzero_si512();
        for (int j = 0; j < 4; j++) {
            const int32_t at = b * BLOCK_WEIGHTS + 64 * j;
            const __m512i bytes = at < n ? _mm512_maskz_loadu_epi8(first(n - at, 64), q + at) : _mm512_setzero_si512();
            int8_t *planes = out->planes + b * BLOCK_WEIGHTS + 16 * j;
            for (int k = 0; k < 4; k++) {
                const __m128i plane = _mm512_cvtepi32_epi8(_mm512_srl_epi32(bytes, _mm_cvtsi32_si128(8 * k)));
                _mm_store_si128((__m128i *)(planes + 64 * k), plane);
            }
            sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), bytes);
        }
        out->block_sums[b] = _mm512_reduce_add_epi32(sum);
        out->sum += out->block_sums[b];
    }
}

/* A single column has an accumulator per plane, to hide the latency of the multiply-add; several columns hide it for each
 * other. */
INLINE int parts(int n) {
    return n == 1 ? 4 : 1;
}

/* The u of plane k. */
INLINE __m512i unpack(__m512i codes, int k, byte_table table) {
    const __m512i nibbles = _mm512_and_si512(k < 2 ? codes : _mm512_srli_epi16(codes, 4), _mm512_set1_epi8(15));
    return _mm512_shuffle_epi8(k % 2 == 0 ? table.even : table.odd, nibbles);
}

/* Adds plane k of a block of each row. A multiply-add adds four products in each 32-bit lane; a chunk cannot overflow
 * (8192 * 127 * 128). */
INLINE void add_plane(
    int k, int n, const __m512i *codes, byte_table table, const arranged *x, int32_t b, accumulators *sums) {
    __m512i u[GROUP];
    for (int r = 0; r < GROUP; r++) {
        u[r] = unpack(codes[r], k, table);
    }
    for (int c = 0; c < n; c++) {
        const __m512i q = _mm512_load_si512(x[c].planes + b * BLOCK_WEIGHTS + 64 * k);
        for (int r = 0; r < GROUP; r++) {
            __m512i *sum = &sums->of[r][c][k % parts(n)];
            *sum = _mm512_dpbusd_epi32(*sum, u[r], q);
        }
    }
}

INLINE void clear(int n, accumulators *sums) {
    for (int r = 0; r < GROUP; r++) {
        for (int c = 0; c < n; c++) {
            for (int p = 0; p < parts(n); p++) {
                sums->of[r][c][p] = _mm512_setzero_si512();
            }
        }
    }
}

/* The sums of the lanes of four vectors. */
INLINE __m128i sum4(__m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i low = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const __m512i high = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    const __m512i sixteenths = _mm512_add_epi32(_mm512_unpacklo_epi64(low, high), _mm512_unpackhi_epi64(low, high));
    return _mm_add_epi32(
        _mm_add_epi32(_mm512_extracti32x4_epi32(sixteenths, 0), _mm512_extracti32x4_epi32(sixteenths, 1)),
        _mm_add_epi32(_mm512_extracti32x4_epi32(sixteenths, 2), _mm512_extracti32x4_epi32(sixteenths, 3)));
}

/* sum(value * q) of each row with column `c`. */
INLINE __m256d totals(int n, byte_table table, const accumulators *sums, int c, int32_t q_sum) {
    __m512i rows[GROUP];
    for (int r = 0; r < GROUP; r++) {
        rows[r] = sums->of[r][c][0];
        for (int p = 1; p < parts(n); p++) {
            rows[r] = _mm512_add_epi32(rows[r], sums->of[r][c][p]);
        }
    }
    const __m128i u_sums = sum4(rows[0], rows[1], rows[2], rows[3]);
    return _mm256_cvtepi32_pd(_mm_add_epi32(u_sums, _mm_set1_epi32(table.lowest * q_sum)));
}

/* Adds a chunk of a group to the sums of its rows: as exact integers, or block by block, scaled. */
INLINE void add_group(int n, byte_table table, const group *g, const arranged *x, double (*row_sums)[GROUP]) {
    accumulators sums;
    __m512i codes[GROUP];
    __m256d doubles[MAX_COLUMNS];
    clear(n, &sums);
    for (int c = 0; c < n; c++) {
        doubles[c] = _mm256_loadu_pd(row_sums[c]);
    }
    for (int32_t b = 0; b < g->blocks; b++) {
        for (int r = 0; r < GROUP; r++) {
            codes[r] = codes_of(g, r, b);
        }
        add_plane(0, n, codes, table, x, b, &sums);
        add_plane(1, n, codes, table, x, b, &sums);
        add_plane(2, n, codes, table, x, b, &sums);
        add_plane(3, n, codes, table, x, b, &sums);
        if (g->scales[0]) {
            const __m256d scales = _mm256_cvtps_pd(scales_of(g, b));
            for (int c = 0; c < n; c++) {
                const __m256d block = totals(n, table, &sums, c, x[c].block_sums[b]);
                doubles[c] = _mm256_add_pd(doubles[c], _mm256_mul_pd(block, scales));
            }
            clear(n, &sums);
        }
    }
    for (int c = 0; c < n; c++) {
        if (!g->scales[0]) {
            doubles[c] = _mm256_add_pd(doubles[c], totals(n, table, &sums, c, x[c].sum));
        }
        _mm256_storeu_pd(row_sums[c], doubles[c]);
    }
}

/* The product with `n` columns; `n` is a constant. */
INLINE void product(int n, const matrix *w, const int8_t *q, int64_t q_stride, const float *scales, float *y,
    int64_t y_stride) {
    arranged x[MAX_COLUMNS];
    double sums[TILE / GROUP][MAX_COLUMNS][GROUP];
    const byte_table table = byte_table_of(w->codebook);
    for (int64_t row = 0; row < w->rows; row += TILE) {
        const int32_t rows = smaller(w->rows - row, TILE);
        memset(sums, 0, sizeof sums);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t cols = smaller(w->cols - col, CHUNK);
            for (int c = 0; c < n && (row == 0 || w->cols > CHUNK); c++) {
                arrange(q + c * q_stride + col, cols, &x[c]);
            }
            for (int32_t r = 0; r < rows; r += GROUP) {
                const group g = group_of(w, row + r, (int32_t)col, cols);
                add_group(n, table, &g, x, sums[r / GROUP]);
            }
        }
        for (int c = 0; c < n; c++) {
            for (int32_t r = 0; r < rows; r++) {
                y[c * y_stride + row + r] = (float)sums[r / GROUP][c][r % GROUP] / scales[c] * w->tensor_scale;
            }
        }
    }
}

void gemm_i8(const matrix *w, const int8_t *q, int64_t q_stride, int32_t columns, const float *scales, float *y,
    int64_t y_stride) {
    switch (columns) {
    case 1:
        product(1, w, q, q_stride, scales, y, y_stride);
        break;
    case 2:
        product(2, w, q, q_stride, scales, y, y_stride);
        break;
    case 3:
        product(3, w, q, q_stride, scales, y, y_stride);
        break;
    default:
        product(4, w, q, q_stride, scales, y, y_stride);
    }
}
