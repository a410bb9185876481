/* The int8 product with one column of activations. */
#include "i8_avx2.h"

/* gemv_i8_avxvnni.c compiles this file again for its tier, which differs in the sum of a block only. */
#ifdef __AVXVNNI__
#define GEMV_I8 qk256_gemv_i8_avxvnni
#else
#define GEMV_I8 qk256_gemv_i8_avx2
#endif

#ifdef __AVXVNNI__

/* sum(u * q) of a block of one row, in eight lanes: four products at a time are added in 32 bits. */
INLINE __m256i block_sum(int narrow, const uint8_t *codes, byte_table table, const int8_t *planes) {
    (void)narrow;
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    __m256i sums[2];
    for (int half = 0; half < 2; half++) {
        const __m256i *q = (const __m256i *)(planes + 128 * half);
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(codes + 32 * half));
        __m256i low = _mm256_and_si256(bytes, nibble);
        __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), nibble);
        __m256i sum = _mm256_dpbusd_avx_epi32(_mm256_setzero_si256(), _mm256_shuffle_epi8(table.even, low), q[0]);
        sum = _mm256_dpbusd_avx_epi32(sum, _mm256_shuffle_epi8(table.odd, low), q[1]);
        sum = _mm256_dpbusd_avx_epi32(sum, _mm256_shuffle_epi8(table.even, high), q[2]);
        sums[half] = _mm256_dpbusd_avx_epi32(sum, _mm256_shuffle_epi8(table.odd, high), q[3]);
    }
    return _mm256_add_epi32(sums[0], sums[1]);
}

#else

/* u * q of half a block of one row, for each plane pairs of neighbours added in 16 bits. */
INLINE void half_block_products(__m256i codes, byte_table table, const __m256i *planes, __m256i *products) {
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    __m256i low = _mm256_and_si256(codes, nibble);
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(codes, 4), nibble);
    products[0] = _mm256_maddubs_epi16(_mm256_shuffle_epi8(table.even, low), planes[0]);
    products[1] = _mm256_maddubs_epi16(_mm256_shuffle_epi8(table.odd, low), planes[1]);
    products[2] = _mm256_maddubs_epi16(_mm256_shuffle_epi8(table.even, high), planes[2]);
    products[3] = _mm256_maddubs_epi16(_mm256_shuffle_epi8(table.odd, high), planes[3]);
}

/* sum(u * q) of a block of one row, in eight lanes. If `narrow`, u is at most NARROW_U. */
INLINE __m256i block_sum(int narrow, const uint8_t *codes, byte_table table, const int8_t *planes) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i products[8];
    for (int half = 0; half < 2; half++) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(codes + 32 * half));
        half_block_products(bytes, table, (const __m256i *)(planes + 128 * half), products + 4 * half);
    }
    if (narrow) {
        __m256i sum = products[0];
        for (int i = 1; i < 8; i++) {
            sum = _mm256_add_epi16(sum, products[i]);
        }
        return _mm256_madd_epi16(sum, ones);
    }
    __m256i sum = _mm256_madd_epi16(products[0], ones);
    for (int i = 1; i < 8; i++) {
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(products[i], ones));
    }
    return sum;
}

#endif

/* Adds a chunk of `n` rows, 1 or GROUP, to their sums. Nothing overflows: int32 holds a chunk of the largest
 * products (8192 * 127 * 128), and f64 the sum of all chunks. */
INLINE __m256d add_rows(int n, int narrow, span s, byte_table table, const arranged *x, __m256d row_sums) {
    __m256i lanes[GROUP];
    for (int r = 0; r < GROUP; r++) {
        lanes[r] = _mm256_setzero_si256();
    }
    for (int32_t b = 0; b < s.blocks; b++) {
        for (int r = 0; r < n; r++) {
            const uint8_t *codes = s.codes + (int64_t)b * BLOCK_BYTES + r * s.stride;
            prefetch_ahead(codes, s.stride);
            __m256i sum = block_sum(narrow, codes, table, x->planes + b * BLOCK_WEIGHTS);
            lanes[r] = s.scales ? sum : _mm256_add_epi32(lanes[r], sum);
        }
        if (s.scales) {
            __m128i correction = _mm_set1_epi32(table.smallest * x->block_sums[b]);
            __m128i sums = _mm_add_epi32(sum4(lanes[0], lanes[1], lanes[2], lanes[3]), correction);
            __m256d scales = _mm256_cvtps_pd(scales_of(n, s, b));
            row_sums = _mm256_add_pd(row_sums, _mm256_mul_pd(_mm256_cvtepi32_pd(sums), scales));
        }
    }
    if (!s.scales) {
        __m128i correction = _mm_set1_epi32(table.smallest * x->sum);
        __m128i sums = _mm_add_epi32(sum4(lanes[0], lanes[1], lanes[2], lanes[3]), correction);
        row_sums = _mm256_add_pd(row_sums, _mm256_cvtepi32_pd(sums));
    }
    return row_sums;
}

INLINE void add_tile(int narrow, int32_t rows, span s, byte_table table, const arranged *x, double *sums) {
    int32_t r = 0;
    for (; r + GROUP <= rows; r += GROUP) {
        __m256d group = add_rows(GROUP, narrow, span_down(s, r), table, x, _mm256_loadu_pd(sums + r));
        _mm256_storeu_pd(sums + r, group);
    }
    for (; r < rows; r++) {
        __m256d one = add_rows(1, narrow, span_down(s, r), table, x, _mm256_set1_pd(sums[r]));
        sums[r] = _mm256_cvtsd_f64(one);
    }
}

void GEMV_I8(const qk256_matrix *w, const int8_t *q, float scale, float *y) {
    arranged x;
    double sums[TILE];
    const byte_table table = byte_table_of(w->codebook);
    for (int64_t row = 0; row < w->rows; row += TILE) {
        const int32_t rows = w->rows - row < TILE ? (int32_t)(w->rows - row) : TILE;
        memset(sums, 0, (size_t)rows * sizeof *sums);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t cols = w->cols - col < CHUNK ? (int32_t)(w->cols - col) : CHUNK;
            if (row == 0 || w->cols > CHUNK) {
                arrange(q + col, cols, &x);
            }
            const span s = span_of(w, row, col, cols);
            if (table.largest_u <= NARROW_U) {
                add_tile(1, rows, s, table, &x, sums);
            } else {
                add_tile(0, rows, s, table, &x, sums);
            }
        }
        for (int32_t r = 0; r < rows; r++) {
            y[row + r] = (float)sums[r] / scale * w->tensor_scale;
        }
    }
}
