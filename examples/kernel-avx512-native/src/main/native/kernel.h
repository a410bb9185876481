/* The operations of the contract io.qk256.spi.Kernel, as jni.c calls them. They check nothing, because the Java side has
 * checked the views. They allocate nothing and use less than 48 KiB of stack: HotSpot keeps 80 KiB free for native code. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stdint.h>
#include <xmmintrin.h>

enum { BLOCK_WEIGHTS = 256, BLOCK_BYTES = 64 };

/* A range of rows of a matrix. */
typedef struct {
    const uint8_t *codes;      /* of the first row of the range, at any alignment */
    int64_t row_stride;        /* bytes */
    int32_t rows;              /* 1 or more */
    int32_t cols;              /* 1 or more */
    const float *block_scales; /* rows x blocks, or NULL: all are 1 */
    float tensor_scale;
    __m128 codebook; /* finite; a vector because the CPU does not forward four stores to one load */
} matrix;

/* The most columns of activations that gemm_i8 takes. */
enum { MAX_COLUMNS = 4 };

/* out: rows x cols values */
void dequantize(const matrix *w, float *out);

/* Decodes `n` contiguous codes to the values v0 to v3. For com.example.avx512.ShortCall, which looks it up by name. */
__attribute__((visibility("default"))) void avx512_dequantize_run(
    const uint8_t *codes, int64_t n, float v0, float v1, float v2, float v3, float *out);

/* x: cols values; y: rows values */
void gemv_f32(const matrix *w, const float *x, float *y);

/* q: cols values for each of `columns` (1 to MAX_COLUMNS) columns, starting at q + column * q_stride, with one scale each;
 * y: rows values for each column, starting at y + column * y_stride; the codebook holds integers from -64 to 63 */
void gemm_i8(const matrix *w, const int8_t *q, int64_t q_stride, int32_t columns, const float *scales, float *y,
    int64_t y_stride);

#endif
