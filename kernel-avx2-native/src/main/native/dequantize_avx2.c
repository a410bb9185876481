/* Decodes rows. Each value is one product, codebook value times block scale, rounded once. */
#include "avx2.h"

/* The values of the four codes in each 128-bit lane. */
INLINE __m256 scaled_table(const qk256_matrix *w, float scale) {
    __m128 values = _mm_mul_ps(_mm_loadu_ps(w->codebook), _mm_set1_ps(scale));
    return _mm256_set_m128(values, values);
}

/* Decodes `n` weights. Every lane gets the same four bytes and shifts its own code down; the in-lane permute looks at
 * the low two bits only, so nothing is masked. */
INLINE void decode(const uint8_t *codes, int32_t n, __m256 table, float *out) {
    const __m256i first = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
    const __m256i second = _mm256_setr_epi32(16, 18, 20, 22, 24, 26, 28, 30);
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        int32_t bytes;
        memcpy(&bytes, codes + i / 4, sizeof bytes);
        __m256i words = _mm256_set1_epi32(bytes);
        _mm256_storeu_ps(out + i, _mm256_permutevar_ps(table, _mm256_srlv_epi32(words, first)));
        _mm256_storeu_ps(out + i + 8, _mm256_permutevar_ps(table, _mm256_srlv_epi32(words, second)));
    }
    if (i < n) {
        float values[8];
        _mm256_storeu_ps(values, table);
        for (; i < n; i++) {
            out[i] = values[codes[i / 4] >> (2 * (i % 4)) & 3];
        }
    }
}

void qk256_dequantize_avx2(const qk256_matrix *w, float *out) {
    const int32_t full_blocks = w->cols / BLOCK_WEIGHTS;
    const int32_t tail = w->cols % BLOCK_WEIGHTS;
    const float *scales = w->block_scales;
    __m256 table = scaled_table(w, w->tensor_scale);
    for (int64_t row = 0; row < w->rows; row++) {
        const uint8_t *codes = w->codes + row * w->row_stride;
        for (int32_t b = 0; b < full_blocks; b++) {
            if (scales) {
                table = scaled_table(w, *scales++ * w->tensor_scale);
            }
            decode(codes, BLOCK_WEIGHTS, table, out);
            codes += BLOCK_BYTES;
            out += BLOCK_WEIGHTS;
        }
        if (tail > 0) {
            if (scales) {
                table = scaled_table(w, *scales++ * w->tensor_scale);
            }
            decode(codes, tail, table, out);
            out += tail;
        }
    }
}
