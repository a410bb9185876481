/*
 * f32 GEMV. The weights are not unpacked: a block is sixteen 32-bit lanes of sixteen codes each. Shifted right by 2 s,
 * lane l has the code of weight 16 l + s in its lowest bits, and the code of the next weight above it. A permute from a
 * table of sixteen entries uses four bits, so one table gives the value of the lower code, another that of the upper one.
 * The activations are arranged to match, once per call: plane s of a block is x[16 l + s] for l = 0 .. 15.
 */
#include "avx512.h"

typedef struct {
    __m512 lower, upper;
} value_table;

/* Arranges `n` activations in planes; zeros fill up the last block, so that its padding codes contribute nothing. */
static void arrange(const float *x, int32_t n, float *planes) {
    for (int32_t b = 0; b < blocks_of(n); b++, x += BLOCK_WEIGHTS, planes += BLOCK_WEIGHTS) {
        const int32_t left = n - b * BLOCK_WEIGHTS;
        for (int s = 0; s < 16; s++) {
            for (int l = 0; l < 16; l++) {
                planes[16 * s + l] = 16 * l + s < left ? x[16 * l + s] : 0;
            }
        }
    }
}

/* Adds planes s and s + 1 of a block of each row. Two accumulators per row hide the latency of the multiply-add. */
INLINE void add_planes(const __m512i *words, value_table table, const float *planes, int s, __m512 (*sums)[2]) {
    for (int r = 0; r < GROUP; r++) {
        const __m512i codes = _mm512_srli_epi32(words[r], 2 * s);
        const __m512 lower = _mm512_permutexvar_ps(codes, table.lower);
        const __m512 upper = _mm512_permutexvar_ps(codes, table.upper);
        sums[r][0] = _mm512_fmadd_ps(lower, _mm512_load_ps(planes + 16 * s), sums[r][0]);
        sums[r][1] = _mm512_fmadd_ps(upper, _mm512_load_ps(planes + 16 * s + 16), sums[r][1]);
    }
}

INLINE void add_block(const group *g, int32_t b, value_table table, const float *planes, __m512 (*sums)[2]) {
    __m512i words[GROUP];
    for (int r = 0; r < GROUP; r++) {
        words[r] = codes_of(g, r, b);
    }
    /* Not a loop: the shifts must be constants, and there is no unroll pragma that all compilers support. */
    add_planes(words, table, planes, 0, sums);
    add_planes(words, table, planes, 2, sums);
    add_planes(words, table, planes, 4, sums);
    add_planes(words, table, planes, 6, sums);
    add_planes(words, table, planes, 8, sums);
    add_planes(words, table, planes, 10, sums);
    add_planes(words, table, planes, 12, sums);
    add_planes(words, table, planes, 14, sums);
}

/* The sums over the lanes of each row's two accumulators, which are reset to zero. */
INLINE __m128 take(__m512 (*sums)[2]) {
    __m512 rows[GROUP];
    for (int r = 0; r < GROUP; r++) {
        rows[r] = _mm512_add_ps(sums[r][0], sums[r][1]);
        sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    }
    const __m512 low = _mm512_add_ps(_mm512_unpacklo_ps(rows[0], rows[1]), _mm512_unpackhi_ps(rows[0], rows[1]));
    const __m512 high = _mm512_add_ps(_mm512_unpacklo_ps(rows[2], rows[3]), _mm512_unpackhi_ps(rows[2], rows[3]));
    const __m512 sixteenths = _mm512_add_ps(_mm512_shuffle_ps(low, high, _MM_SHUFFLE(1, 0, 1, 0)),
        _mm512_shuffle_ps(low, high, _MM_SHUFFLE(3, 2, 3, 2)));
    return _mm_add_ps(
        _mm_add_ps(_mm512_extractf32x4_ps(sixteenths, 0), _mm512_extractf32x4_ps(sixteenths, 1)),
        _mm_add_ps(_mm512_extractf32x4_ps(sixteenths, 2), _mm512_extractf32x4_ps(sixteenths, 3)));
}

/* The sums of a chunk of a group. With block scales, a block is summed before it is scaled: if each lane were scaled, an
 * infinite scale would turn a zero lane into NaN. The scale is block scale times tensor scale, as for dequantize. A row goes
 * through the same operations in the same order in any group. */
INLINE __m128 group_sums(const group *g, value_table table, const float *planes, float tensor_scale) {
    __m512 sums[GROUP][2];
    __m128 scaled = _mm_setzero_ps();
    for (int r = 0; r < GROUP; r++) {
        sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    }
    for (int32_t b = 0; b < g->blocks; b++) {
        add_block(g, b, table, planes + b * BLOCK_WEIGHTS, sums);
        if (g->scales[0]) {
            const __m128 scales = _mm_mul_ps(scales_of(g, b), _mm_set1_ps(tensor_scale));
            scaled = _mm_add_ps(scaled, _mm_mul_ps(take(sums), scales));
        }
    }
    return g->scales[0] ? scaled : take(sums);
}

void gemv_f32(const matrix *w, const float *x, float *y) {
    _Alignas(64) float planes[CHUNK];
    const __m512i quarter = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    const __m512 each = _mm512_broadcast_f32x4(w->codebook);
    const value_table table = {each, _mm512_permutexvar_ps(quarter, each)};
    for (int32_t r = 0; r < w->rows; r++) {
        y[r] = 0;
    }
    for (int64_t col = 0; col < w->cols; col += CHUNK) {
        const int32_t cols = smaller(w->cols - col, CHUNK);
        arrange(x + col, cols, planes);
        for (int64_t row = 0; row < w->rows; row += GROUP) {
            const group g = group_of(w, row, (int32_t)col, cols);
            const __mmask8 rows = (__mmask8)first(g.rows, GROUP);
            const __m128 before = _mm_maskz_loadu_ps(rows, y + row);
            _mm_mask_storeu_ps(y + row, rows, _mm_add_ps(before, group_sums(&g, table, planes, w->tensor_scale)));
        }
    }
    for (int32_t r = 0; r < w->rows && !w->block_scales; r++) {
        y[r] *= w->tensor_scale;
    }
}
