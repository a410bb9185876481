/*
 * The f32 GEMV. The weights are not unpacked: half a block is eight 32-bit lanes of 16 codes. Shifted right by 2 s,
 * lane l has the code of weight 16 l + s in its lowest bits, where the in-lane permute looks it up. The activations are
 * arranged to match, once per call: plane s of half a block is x[16 l + s] for l = 0 .. 7.
 */
#include "avx2.h"

/* Rows whose lanes are kept while the chunks of a wider matrix are processed. */
enum { SCALED_TILE = 128 };

INLINE void transpose8(const float *in, float *out) {
    __m256 pairs[8], quads[8];
    for (int i = 0; i < 8; i += 2) {
        __m256 a = _mm256_loadu_ps(in + 16 * i);
        __m256 b = _mm256_loadu_ps(in + 16 * i + 16);
        pairs[i] = _mm256_unpacklo_ps(a, b);
        pairs[i + 1] = _mm256_unpackhi_ps(a, b);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int j = 0; j < 2; j++) {
            quads[i + 2 * j] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], _MM_SHUFFLE(1, 0, 1, 0));
            quads[i + 2 * j + 1] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], _MM_SHUFFLE(3, 2, 3, 2));
        }
    }
    for (int i = 0; i < 4; i++) {
        _mm256_store_ps(out + 8 * i, _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x20));
        _mm256_store_ps(out + 8 * i + 32, _mm256_permute2f128_ps(quads[i], quads[i + 4], 0x31));
    }
}

/* Arranges `n` activations in planes; zeros fill the last block, so that its padding codes add nothing. */
static void arrange(const float *x, int32_t n, float *planes) {
    float last[BLOCK_WEIGHTS];
    for (int32_t done = 0; done < n; done += BLOCK_WEIGHTS) {
        const float *from = x + done;
        if (n - done < BLOCK_WEIGHTS) {
            memset(last, 0, sizeof last);
            memcpy(last, from, (size_t)(n - done) * sizeof *last);
            from = last;
        }
        for (int half = 0; half < BLOCK_WEIGHTS; half += 128) {
            transpose8(from + half, planes + done + half);
            transpose8(from + half + 8, planes + done + half + 64);
        }
    }
}

/* The sums of the eight lanes of four vectors. */
INLINE __m128 sum4(__m256 a, __m256 b, __m256 c, __m256 d) {
    __m256 lanes = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    return _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
}

/* Plane s of half a block of `n` rows. Two accumulators for each row hide the latency of the multiply-add. */
INLINE void add_plane(int n, const __m256i *words, __m256 table, const float *planes, int s, __m256 (*sums)[2]) {
    __m256 x = _mm256_load_ps(planes + 8 * s);
    for (int r = 0; r < n; r++) {
        __m256 weights = _mm256_permutevar_ps(table, _mm256_srli_epi32(words[r], 2 * s));
        sums[r][s & 1] = _mm256_fmadd_ps(weights, x, sums[r][s & 1]);
    }
}

INLINE void add_half_block(
    int n, const uint8_t *codes, int64_t stride, __m256 table, const float *planes, __m256 (*sums)[2]) {
    __m256i words[GROUP];
    for (int r = 0; r < n; r++) {
        words[r] = _mm256_loadu_si256((const __m256i *)(codes + r * stride));
    }
    /* Not a loop: the shifts must be constants, and no unroll pragma works in all compilers. */
    add_plane(n, words, table, planes, 0, sums);
    add_plane(n, words, table, planes, 1, sums);
    add_plane(n, words, table, planes, 2, sums);
    add_plane(n, words, table, planes, 3, sums);
    add_plane(n, words, table, planes, 4, sums);
    add_plane(n, words, table, planes, 5, sums);
    add_plane(n, words, table, planes, 6, sums);
    add_plane(n, words, table, planes, 7, sums);
    add_plane(n, words, table, planes, 8, sums);
    add_plane(n, words, table, planes, 9, sums);
    add_plane(n, words, table, planes, 10, sums);
    add_plane(n, words, table, planes, 11, sums);
    add_plane(n, words, table, planes, 12, sums);
    add_plane(n, words, table, planes, 13, sums);
    add_plane(n, words, table, planes, 14, sums);
    add_plane(n, words, table, planes, 15, sums);
}

INLINE void prefetch_and_clear(int n, const uint8_t *codes, int64_t stride, int32_t how, uint64_t ahead, __m256 (*sums)[2]) {
    for (int r = 0; r < n; r++) {
        prefetch(how, codes + r * stride, ahead);
        sums[r][0] = sums[r][1] = _mm256_setzero_ps();
    }
}

/* Adds a chunk of `n` rows, 1 or GROUP, to their sums. Either way a row goes through the same operations in the same
 * order, so results do not depend on how rows are split into ranges. */
INLINE __m128 add_rows(int n, span s, __m256 table, const float *planes, __m128 row_sums) {
    const uint64_t ahead = rows_ahead(s);
    for (int32_t b = 0; b < s.blocks; b++) {
        const uint8_t *codes = s.codes + (int64_t)b * BLOCK_BYTES;
        const float *x = planes + b * BLOCK_WEIGHTS;
        __m256 sums[GROUP][2];
        prefetch_and_clear(n, codes, s.stride, s.prefetch, ahead, sums);
        add_half_block(n, codes, s.stride, table, x, sums);
        add_half_block(n, codes + BLOCK_BYTES / 2, s.stride, table, x + BLOCK_WEIGHTS / 2, sums);
        __m256 lanes[GROUP];
        for (int r = 0; r < GROUP; r++) {
            lanes[r] = r < n ? _mm256_add_ps(sums[r][0], sums[r][1]) : lanes[0];
        }
        row_sums = _mm_add_ps(row_sums, sum4(lanes[0], lanes[1], lanes[2], lanes[3]));
    }
    return row_sums;
}

/* The scales of the eight lanes of half a block, which starts at column `col`: each lane has 16 consecutive weights.
 * Lanes beyond the row have the scale 0, because an infinite one would make NaN of their sum, which is 0. */
INLINE __m256 lane_scales(const qk256_call *w, int64_t row, int64_t col) {
    const int64_t groups = qk256_groups(w), first = col / w->group, second = (col + 64) / w->group;
    const float lower = first < groups ? group_scale(w, row * groups + first) * w->tensor_scale : 0;
    const float upper = second == first ? lower
        : second < groups               ? group_scale(w, row * groups + second) * w->tensor_scale
                                        : 0;
    const __m256 scales = _mm256_set_m128(_mm_set1_ps(upper), _mm_set1_ps(lower));
    if (col + 128 <= w->cols) {
        return scales;
    }
    const __m256i first_weights = _mm256_setr_epi32(0, 16, 32, 48, 64, 80, 96, 112);
    const __m256i inside = _mm256_cmpgt_epi32(_mm256_set1_epi32((int32_t)(w->cols - col)), first_weights);
    return _mm256_and_ps(scales, _mm256_castsi256_ps(inside));
}

/* The same with group scales: the sums of each half of a block are multiplied by their scales, and then added. */
INLINE void add_scaled_rows(int n, const qk256_call *w, int64_t row, int64_t col, span s, __m256 table,
    const float *planes, float (*row_lanes)[8]) {
    const uint64_t ahead = rows_ahead(s);
    __m256 lanes[GROUP];
    for (int r = 0; r < n; r++) {
        lanes[r] = _mm256_loadu_ps(row_lanes[r]);
    }
    for (int32_t half = 0; half < 2 * s.blocks; half++) {
        const uint8_t *codes = s.codes + (int64_t)half * (BLOCK_BYTES / 2);
        __m256 sums[GROUP][2];
        prefetch_and_clear(n, codes, s.stride, s.prefetch, ahead, sums);
        add_half_block(n, codes, s.stride, table, planes + half * (BLOCK_WEIGHTS / 2), sums);
        for (int r = 0; r < n; r++) {
            const __m256 scales = lane_scales(w, row + r, col + half * (BLOCK_WEIGHTS / 2));
            lanes[r] = _mm256_fmadd_ps(_mm256_add_ps(sums[r][0], sums[r][1]), scales, lanes[r]);
        }
    }
    for (int r = 0; r < n; r++) {
        _mm256_storeu_ps(row_lanes[r], lanes[r]);
    }
}

static __attribute__((noinline)) void scaled_product(const qk256_call *w, const float *in, float *y) {
    _Alignas(64) float planes[CHUNK];
    float lanes[SCALED_TILE][8];
    const __m256 table = _mm256_set_m128(w->codebook, w->codebook);
    for (int64_t row = 0; row < w->rows; row += SCALED_TILE) {
        const int32_t rows = smaller(w->rows - row, SCALED_TILE);
        memset(lanes, 0, sizeof lanes);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t cols = smaller(w->cols - col, CHUNK);
            if (row == 0 || w->cols > CHUNK) {
                arrange(in + col, cols, planes);
            }
            const span s = span_of(w, row, col, cols);
            int32_t r = 0;
            for (; r + GROUP <= rows; r += GROUP) {
                add_scaled_rows(GROUP, w, row + r, col, span_down(s, r), table, planes, lanes + r);
            }
            for (; r < rows; r++) {
                add_scaled_rows(1, w, row + r, col, span_down(s, r), table, planes, lanes + r);
            }
        }
        for (int32_t r = 0; r < rows; r++) {
            const __m256 of_row = _mm256_loadu_ps(lanes[r]);
            y[row + r] = _mm_cvtss_f32(sum4(of_row, of_row, of_row, of_row));
        }
    }
}

static __attribute__((noinline)) void product(const qk256_call *w, const float *in, float *y) {
    _Alignas(64) float planes[CHUNK];
    float sums[TILE];
    const __m256 table = _mm256_set_m128(w->codebook, w->codebook);
    for (int64_t row = 0; row < w->rows; row += TILE) {
        const int32_t rows = smaller(w->rows - row, TILE);
        memset(sums, 0, (size_t)rows * sizeof *sums);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t cols = smaller(w->cols - col, CHUNK);
            if (row == 0 || w->cols > CHUNK) {
                arrange(in + col, cols, planes);
            }
            const span s = span_of(w, row, col, cols);
            int32_t r = 0;
            for (; r + GROUP <= rows; r += GROUP) {
                __m128 group = _mm_loadu_ps(sums + r);
                _mm_storeu_ps(sums + r, add_rows(GROUP, span_down(s, r), table, planes, group));
            }
            for (; r < rows; r++) {
                __m128 one = _mm_load_ss(sums + r);
                _mm_store_ss(sums + r, add_rows(1, span_down(s, r), table, planes, one));
            }
        }
        for (int32_t r = 0; r < rows; r++) {
            y[row + r] = sums[r] * w->tensor_scale;
        }
    }
}

void qk256_gemv_f32_avx2(QK256_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    if (w.group_scales) {
        scaled_product(&w, x, y);
    } else {
        product(&w, x, y);
    }
}
