/* Decodes rows. Each value is one product, codebook value times block scale, rounded once. */
#include "avx512.h"

/* Sixteen weights are four bytes. Every lane gets all four and shifts its own code down; the in-lane permute looks at
 * the low two bits only, so nothing is masked. */
INLINE __m512 decode(const uint8_t *codes, __m512 table) {
    const __m512i shifts = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i words = _mm512_set1_epi32(*(const int32_u *)codes);
    return _mm512_permutevar_ps(table, _mm512_srlv_epi32(words, shifts));
}

/* Decodes `n` weights, up to a block. */
INLINE void decode_block(const uint8_t *codes, int32_t n, __m512 table, float *out) {
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm512_storeu_ps(out + i, decode(codes + i / 4, table));
    }
    if (i < n) {
        _mm512_mask_storeu_ps(out + i, (__mmask16)first(n - i, 16), decode(codes + i / 4, table));
    }
}

INLINE void decode_rows(const matrix *w, float *out) {
    const __m512 values = _mm512_broadcast_f32x4(w->codebook);
    const float *scales = w->block_scales;
    __m512 table = _mm512_mul_ps(values, _mm512_set1_ps(w->tensor_scale));
    for (int64_t row = 0; row < w->rows; row++) {
        const uint8_t *codes = w->codes + row * w->row_stride;
        for (int32_t left = w->cols; left > 0; left -= BLOCK_WEIGHTS) {
            if (scales) {
                table = _mm512_mul_ps(values, _mm512_set1_ps(*scales++ * w->tensor_scale));
            }
            if (left >= BLOCK_WEIGHTS) {
                decode_block(codes, BLOCK_WEIGHTS, table, out); /* a constant, so that the loop is unrolled */
            } else {
                decode_block(codes, left, table, out);
            }
            codes += BLOCK_BYTES;
            out += smaller(left, BLOCK_WEIGHTS);
        }
    }
}

void dequantize(const matrix *w, float *out) {
    decode_rows(w, out);
}

/* Here, so that the matrix stays in registers: where little is to be done, its way through memory would count. */
void avx512_dequantize(const uint8_t *codes, int64_t row_stride, int32_t rows, int32_t cols, const float *block_scales,
    float tensor_scale, float v0, float v1, float v2, float v3, float *out) {
    const matrix w = {codes, row_stride, rows, cols, block_scales, tensor_scale, _mm_setr_ps(v0, v1, v2, v3)};
    decode_rows(&w, out);
}
