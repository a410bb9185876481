/* Dequantizes rows in AVX-512. Each value is one product, codebook value times scale, rounded once. */
#include "tier.h"

#if !defined(__AVX512F__) || !defined(__AVX512VL__) || !defined(__F16C__)
#error "this file needs -mf16c -mavx512f -mavx512vl"
#endif

/* The values of the four codes in each 128-bit lane. */
INLINE __m512 scaled_table(const qk256_call *w, float scale) {
    return _mm512_broadcast_f32x4(_mm_mul_ps(w->codebook, _mm_set1_ps(scale)));
}

/* Sixteen weights: every lane has the same four bytes and shifts its own code down. The in-lane permute uses only the
 * low two bits, so no mask is needed. */
INLINE __m512 values(const uint8_t *codes, __m512 table) {
    const __m512i shifts = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    int32_t bytes;
    memcpy(&bytes, codes, sizeof bytes);
    return _mm512_permutevar_ps(table, _mm512_srlv_epi32(_mm512_set1_epi32(bytes), shifts));
}

/* Decodes `n` weights. Reading the last four bytes is safe, because the codes of a row fill its last block. */
INLINE void decode(const uint8_t *codes, int32_t n, __m512 table, float *out) {
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm512_storeu_ps(out + i, values(codes + i / 4, table));
    }
    if (i < n) {
        _mm512_mask_storeu_ps(out + i, (__mmask16)((1 << (n - i)) - 1), values(codes + i / 4, table));
    }
}

void qk256_dequantize_avx512vnni(QK256_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    /* Without group scales, all weights of a row are one group. */
    const int32_t of_group = w.group_scales ? w.group : w.cols;
    int64_t scale = 0;
    __m512 table = scaled_table(&w, w.tensor_scale);
    for (int64_t row = 0; row < w.rows; row++) {
        const uint8_t *from = w.codes + row * w.row_stride;
        for (int32_t col = 0; col < w.cols; col += of_group) {
            const int32_t n = smaller(w.cols - col, of_group);
            if (w.group_scales) {
                table = scaled_table(&w, group_scale(&w, scale++) * w.tensor_scale);
            }
            decode(from + col / 4, n, table, y);
            y += n;
        }
    }
}

/* For the most frequent case: contiguous weights with the same scale. */
void qk256_dequantize_run_avx512vnni(
    const uint8_t *codes, int64_t n, float v0, float v1, float v2, float v3, float *out) {
    /* Broadcast and blended in parallel: filling one lane and copying it would take longer. */
    const __m512 low = _mm512_mask_blend_ps(0x2222, _mm512_set1_ps(v0), _mm512_set1_ps(v1));
    const __m512 high = _mm512_mask_blend_ps(0x8888, _mm512_set1_ps(v2), _mm512_set1_ps(v3));
    const __m512 table = _mm512_mask_blend_ps(0xcccc, low, high);
    for (; n >= BLOCK_WEIGHTS; n -= BLOCK_WEIGHTS) {
        decode(codes, BLOCK_WEIGHTS, table, out);
        codes += BLOCK_BYTES;
        out += BLOCK_WEIGHTS;
    }
    if (n > 0) {
        decode(codes, (int32_t)n, table, out);
    }
}
