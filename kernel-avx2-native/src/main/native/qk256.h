/* The operations of the contract io.qk256.spi.Kernel, as every instruction-set tier implements them. */
#ifndef QK256_H
#define QK256_H

#include <stdint.h>
#include <xmmintrin.h>

enum { BLOCK_WEIGHTS = 256, BLOCK_BYTES = 64 };

/* A range of rows of a matrix. The views on the Java side were checked, so nothing is checked again here. */
typedef struct {
    const uint8_t *codes;      /* the first row of the range, any alignment */
    int64_t row_stride;        /* bytes, at least 64 for each block */
    int32_t rows;              /* 1 or more */
    int32_t cols;              /* 1 or more */
    const float *block_scales; /* rows x blocks, or NULL: all are 1 */
    float tensor_scale;
    __m128 codebook; /* finite; a vector because the CPU does not forward four stores to one load */
} qk256_matrix;

/* out: rows x cols values */
typedef void qk256_dequantize(const qk256_matrix *w, float *out);

/* x: cols values; y: rows values */
typedef void qk256_gemv_f32(const qk256_matrix *w, const float *x, float *y);

/* q: cols values, quantised by `scale`; y: rows values; the codebook holds integers from -64 to 63 */
typedef void qk256_gemv_i8(const qk256_matrix *w, const int8_t *q, float scale, float *y);

/* Columns that one call of qk256_gemm_i8 takes at most. */
enum { GEMM_COLUMNS = 4 };

/* q: cols values for each column, from q + column * q_stride on, quantised by a scale for each; y: rows values for each
 * column, from y + column * y_stride on; the codebook as for qk256_gemv_i8, and the same bits */
typedef void qk256_gemm_i8(const qk256_matrix *w, const int8_t *q, int64_t q_stride, int32_t columns,
    const float *scales, float *y, int64_t y_stride);

/* What differs between the instruction-set tiers. All functions are stateless; nothing is allocated, and the stack needed
 * stays below 48 KiB: HotSpot keeps 80 KiB free for native code (StackShadowPages). */
typedef struct {
    qk256_gemv_i8 *gemv_i8;
    qk256_gemm_i8 *gemm_i8;
} qk256_tier;

qk256_dequantize qk256_dequantize_avx2;
qk256_gemv_f32 qk256_gemv_f32_avx2;
qk256_gemv_i8 qk256_gemv_i8_avx2;
qk256_gemv_i8 qk256_gemv_i8_avxvnni;
qk256_gemm_i8 qk256_gemm_i8_avx2;
qk256_gemm_i8 qk256_gemm_i8_avxvnni;
qk256_gemm_i8 qk256_gemm_i8_avx512vnni;

/* Decodes rows for io.qk256.avx2.jni.ShortCall, which finds it by its name; the same code for every tier. */
__attribute__((visibility("default"))) void qk256_dequantize_short(const uint8_t *codes, int64_t row_stride,
    int32_t rows, int32_t cols, const float *block_scales, float tensor_scale, float v0, float v1, float v2, float v3,
    float *out);

/* `n` weights whose codes follow each other, worth v0 to v3. Found by its name, too. */
__attribute__((visibility("default"))) void qk256_dequantize_run(
    const uint8_t *codes, int64_t n, float v0, float v1, float v2, float v3, float *out);

/* Blocks in a row. */
static inline int32_t qk256_blocks(int32_t cols) {
    return (cols - 1) / BLOCK_WEIGHTS + 1;
}

#endif
