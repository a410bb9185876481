/* The int8 GEMM with up to four columns of activations, which share the cost of unpacking a weight. */
#include "i8_avx2.h"

/* gemm_i8_avxvnni.c compiles this file again for its tier, which differs only in how products are added. */
#ifdef __AVXVNNI__
#define GEMM_I8 qk256_gemm_i8_avxvnni
#define GEMV_I8 qk256_gemv_i8_avxvnni
#else
#define GEMM_I8 qk256_gemm_i8_avx2
#define GEMV_I8 qk256_gemv_i8_avx2
#endif

/* sum(u * q) of a block of one row with each of `n` columns, in eight lanes of 32 bits. */
#ifdef __AVXVNNI__

INLINE void block_sums(int n, int narrow, const uint8_t *codes, byte_table table, const arranged *x, int32_t b,
    __m256i *sums) {
    (void)narrow;
    __m256i u[4];
    for (int half = 0; half < 2; half++) {
        look_up(load_codes(codes + 32 * half), table, u);
        for (int c = 0; c < n; c++) {
            const __m256i *q = (const __m256i *)(x[c].planes + b * BLOCK_WEIGHTS + 128 * half);
            __m256i sum = half == 0 ? _mm256_setzero_si256() : sums[c];
            for (int k = 0; k < 4; k++) {
                sum = _mm256_dpbusd_avx_epi32(sum, u[k], _mm256_load_si256(q + k));
            }
            sums[c] = sum;
        }
    }
}

#else

/* Keeps the order of additions. GCC would add in pairs and keep all products alive for that, which spills most of them
 * to memory: a third slower. */
INLINE void keep_order(__m256i *sum) {
    __asm__("" : "+x"(*sum));
}

/* Adds half a block's products with one column: in 16 bits if `narrow`, otherwise in 32. */
INLINE __m256i add_products(int narrow, const __m256i *u, const int8_t *planes, __m256i sum) {
    for (int k = 0; k < 4; k++) {
        __m256i products = _mm256_maddubs_epi16(u[k], _mm256_load_si256((const __m256i *)planes + k));
        sum = narrow ? _mm256_add_epi16(sum, products)
                     : _mm256_add_epi32(sum, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
        keep_order(&sum);
    }
    return sum;
}

INLINE void block_sums(int n, int narrow, const uint8_t *codes, byte_table table, const arranged *x, int32_t b,
    __m256i *sums) {
    __m256i u[4];
    for (int half = 0; half < 2; half++) {
        look_up(load_codes(codes + 32 * half), table, u);
        for (int c = 0; c < n; c++) {
            __m256i sum = half == 0 ? _mm256_setzero_si256() : sums[c];
            sums[c] = add_products(narrow, u, x[c].planes + b * BLOCK_WEIGHTS + 128 * half, sum);
        }
    }
    for (int c = 0; c < n && narrow; c++) {
        sums[c] = _mm256_madd_epi16(sums[c], _mm256_set1_epi16(1));
    }
}

#endif

/* The sums of `n` columns, one per lane, with the columns' corrections. */
INLINE __m256d corrected(int n, const __m256i *lanes, byte_table table, __m128i q_sums) {
    __m128i sums = sum4(lanes[0], lanes[1 % n], lanes[2 % n], lanes[3 % n]);
    __m128i correction = _mm_mullo_epi32(_mm_set1_epi32(table.smallest), q_sums);
    return _mm256_cvtepi32_pd(_mm_add_epi32(sums, correction));
}

/* Adds a chunk of one row to its sums with `n` columns. The overflow bounds are those of one column. */
INLINE __m256d add_row(int n, int narrow, span s, byte_table table, const arranged *x, __m256d row_sums) {
    __m256i lanes[GEMM_COLUMNS], sums[GEMM_COLUMNS];
    for (int c = 0; c < n; c++) {
        lanes[c] = _mm256_setzero_si256();
    }
    const uint64_t ahead = rows_ahead(s);
    for (int32_t b = 0; b < s.blocks; b++) {
        const uint8_t *codes = s.codes + (int64_t)b * BLOCK_BYTES;
        prefetch(s.prefetch, codes, ahead);
        block_sums(n, narrow, codes, table, x, b, sums);
        for (int c = 0; c < n; c++) {
            lanes[c] = _mm256_add_epi32(lanes[c], sums[c]);
        }
    }
    __m128i q_sums = _mm_setr_epi32(x[0].sum, x[1 % n].sum, x[2 % n].sum, x[3 % n].sum);
    return _mm256_add_pd(row_sums, corrected(n, lanes, table, q_sums));
}

INLINE void add_rows(int n, int narrow, int32_t rows, span s, byte_table table, const arranged *x, double *sums) {
    for (int32_t r = 0; r < rows; r++) {
        __m256d row_sums = add_row(n, narrow, span_down(s, r), table, x, _mm256_loadu_pd(sums + GEMM_COLUMNS * r));
        _mm256_storeu_pd(sums + GEMM_COLUMNS * r, row_sums);
    }
}

static void add_tile(int32_t n, int32_t rows, span s, byte_table table, const arranged *x, double *sums) {
    const int narrow = table.kind != WIDE;
    if (n == 4 && narrow) {
        add_rows(4, 1, rows, s, table, x, sums);
    } else if (n == 4) {
        add_rows(4, 0, rows, s, table, x, sums);
    } else if (n == 3 && narrow) {
        add_rows(3, 1, rows, s, table, x, sums);
    } else if (n == 3) {
        add_rows(3, 0, rows, s, table, x, sums);
    } else if (narrow) {
        add_rows(2, 1, rows, s, table, x, sums);
    } else {
        add_rows(2, 0, rows, s, table, x, sums);
    }
}

/* Not inlined, as in gemv_i8_avx2.c. */
static __attribute__((noinline)) void gemm(const qk256_call *w, const int8_t *q, int64_t q_stride, int32_t n,
    const float *scales, float *y, int64_t y_stride) {
    arranged x[GEMM_COLUMNS];
    double sums[TILE * GEMM_COLUMNS];
    const byte_table table = byte_table_of(w->codebook);
    for (int64_t row = 0; row < w->rows; row += TILE) {
        const int32_t rows = w->rows - row < TILE ? (int32_t)(w->rows - row) : TILE;
        memset(sums, 0, (size_t)rows * GEMM_COLUMNS * sizeof *sums);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t cols = w->cols - col < CHUNK ? (int32_t)(w->cols - col) : CHUNK;
            for (int32_t c = 0; c < n && (row == 0 || w->cols > CHUNK); c++) {
                arrange(q + c * q_stride + col, cols, &x[c]);
            }
            add_tile(n, rows, span_of(w, row, col, cols), table, x, sums);
        }
        for (int32_t c = 0; c < n; c++) {
            for (int32_t r = 0; r < rows; r++) {
                y[c * y_stride + row + r] = (float)sums[GEMM_COLUMNS * r + c] / scales[c] * w->tensor_scale;
            }
        }
    }
}

qk256_operation GEMV_I8;

void GEMM_I8(QK256_COLUMN_PARAMETERS float *y) {
    (void)multipliers_stride;
    if (columns == 1) {
        GEMV_I8(QK256_ARGUMENTS(QK256_NAME) y);
    } else {
        const qk256_call w = QK256_CALL;
        const float scales[GEMM_COLUMNS] = {x_scale, x_scale1, x_scale2, x_scale3};
        gemm(&w, x, x_stride, columns, scales, y, y_stride);
    }
}
