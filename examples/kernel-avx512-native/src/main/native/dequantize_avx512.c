/* Decodes rows. Each value is one product, codebook value times scale, rounded once. */
#include "avx512.h"

/* Sixteen weights are four bytes. Every lane gets all four and shifts its own code down; the in-lane permute uses only the low
 * two bits, so no mask is needed. */
INLINE __m512 decode(const uint8_t *codes, __m512 table) {
    const __m512i shifts = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i words = _mm512_set1_epi32(*(const int32_u *)codes);
    return _mm512_permutevar_ps(table, _mm512_srlv_epi32(words, shifts));
}

/* The values of the four codes in each 128-bit lane. */
INLINE __m512 scaled_table(__m128 codebook, float scale) {
    return _mm512_broadcast_f32x4(_mm_mul_ps(codebook, _mm_set1_ps(scale)));
}

/* Decodes `n` contiguous weights with the same scale. */
INLINE void decode_run(const uint8_t *codes, int64_t n, __m512 table, float *out) {
    for (; n >= BLOCK_WEIGHTS; n -= BLOCK_WEIGHTS) {
        for (int i = 0; i < BLOCK_WEIGHTS; i += 16) { /* unrolled */
            _mm512_storeu_ps(out + i, decode(codes + i / 4, table));
        }
        codes += BLOCK_BYTES;
        out += BLOCK_WEIGHTS;
    }
    for (; n > 0; n -= 16) {
        _mm512_mask_storeu_ps(out, (__mmask16)first(n, 16), decode(codes, table));
        codes += 4;
        out += 16;
    }
}

void dequantize(const matrix *w, float *out) {
    const float *scales = w->block_scales;
    for (int64_t row = 0; row < w->rows; row++) {
        const uint8_t *codes = w->codes + row * w->row_stride;
        for (int32_t left = w->cols; left > 0; left -= BLOCK_WEIGHTS) {
            const float scale = scales ? *scales++ * w->tensor_scale : w->tensor_scale;
            const int32_t n = smaller(left, BLOCK_WEIGHTS);
            decode_run(codes, n, scaled_table(w->codebook, scale), out);
            codes += BLOCK_BYTES;
            out += n;
        }
    }
}

/* The four values in each 128-bit lane. The first store of a short call waits for this table, so the values are broadcast and
 * blended in parallel; filling one lane and copying it to the others would be a longer dependency chain. */
INLINE __m512 table_of(float v0, float v1, float v2, float v3) {
    const __m512 low = _mm512_mask_blend_ps(0x2222, _mm512_set1_ps(v0), _mm512_set1_ps(v1));
    const __m512 high = _mm512_mask_blend_ps(0x8888, _mm512_set1_ps(v2), _mm512_set1_ps(v3));
    return _mm512_mask_blend_ps(0xcccc, low, high);
}

void avx512_dequantize_run(const uint8_t *codes, int64_t n, float v0, float v1, float v2, float v3, float *out) {
    decode_run(codes, n, table_of(v0, v1, v2, v3), out);
}
