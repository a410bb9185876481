/* Dequantizes rows. Each value is one product, codebook value times scale, rounded once. */
#include "avx2.h"

/* The values of the four codes in each 128-bit lane. */
INLINE __m256 scaled_table(const qk256_call *w, float scale) {
    __m128 values = _mm_mul_ps(w->codebook, _mm_set1_ps(scale));
    return _mm256_set_m128(values, values);
}

/* Eight weights: every lane has the same four bytes and shifts its own code down. The in-lane permute uses only the low
 * two bits, so no mask is needed. */
INLINE __m256 values(__m256i words, __m256i shifts, __m256 table) {
    return _mm256_permutevar_ps(table, _mm256_srlv_epi32(words, shifts));
}

/* Stores the first `n` lanes; none if `n` is 0 or less. */
INLINE void store_first(float *out, int32_t n, __m256 v) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_maskstore_ps(out, _mm256_cmpgt_epi32(_mm256_set1_epi32(n), lane), v);
}

/* Decodes `n` weights. Reading the last four bytes is safe, because the codes of a row fill its last block. */
INLINE void decode(const uint8_t *codes, int32_t n, __m256 table, float *out) {
    const __m256i first = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
    const __m256i second = _mm256_setr_epi32(16, 18, 20, 22, 24, 26, 28, 30);
    for (int32_t i = 0; i < n; i += 16) {
        int32_t bytes;
        memcpy(&bytes, codes + i / 4, sizeof bytes);
        __m256i words = _mm256_set1_epi32(bytes);
        if (i + 16 <= n) {
            _mm256_storeu_ps(out + i, values(words, first, table));
            _mm256_storeu_ps(out + i + 8, values(words, second, table));
        } else {
            store_first(out + i, n - i, values(words, first, table));
            store_first(out + i + (n - i > 8 ? 8 : 0), n - i - 8, values(words, second, table));
        }
    }
}

INLINE void decode_rows(const qk256_call *w, float *out) {
    /* Without group scales, all weights of a row are one group. */
    const int32_t group = w->group_scales ? w->group : w->cols;
    int64_t scale = 0;
    __m256 table = scaled_table(w, w->tensor_scale);
    for (int64_t row = 0; row < w->rows; row++) {
        const uint8_t *codes = w->codes + row * w->row_stride;
        for (int32_t col = 0; col < w->cols; col += group) {
            const int32_t n = w->cols - col < group ? w->cols - col : group;
            if (w->group_scales) {
                table = scaled_table(w, group_scale(w, scale++) * w->tensor_scale);
            }
            decode(codes + col / 4, n, table, out);
            out += n;
        }
    }
}

/* The arguments stay in registers: for little work, passing them through memory would be noticeable. */
void qk256_dequantize_avx2(QK256_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    decode_rows(&w, y);
}

/* For the most frequent case: contiguous weights with the same scale. */
void qk256_dequantize_run_avx2(const uint8_t *codes, int64_t n, float v0, float v1, float v2, float v3, float *out) {
    const __m128 values = _mm_setr_ps(v0, v1, v2, v3);
    const __m256 table = _mm256_set_m128(values, values);
    for (; n >= BLOCK_WEIGHTS; n -= BLOCK_WEIGHTS) {
        decode(codes, BLOCK_WEIGHTS, table, out);
        codes += BLOCK_BYTES;
        out += BLOCK_WEIGHTS;
    }
    if (n > 0) {
        decode(codes, (int32_t)n, table, out);
    }
}
