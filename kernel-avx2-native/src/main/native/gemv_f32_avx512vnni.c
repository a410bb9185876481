/*
 * The f32 GEMV in AVX-512. The weights are not unpacked: a block is sixteen 32-bit lanes of sixteen codes. Shifted right
 * by 2 s, lane l has the code of weight 16 l + s in its lowest bits, and the code of the next weight above it. A permute
 * from sixteen values uses four bits, so one table gives the value of the lower code, and another that of the upper one.
 * The activations are arranged to match, once per call: plane s of a block is x[16 l + s] for l = 0 .. 15.
 */
#include "tier.h"

#if !defined(__AVX512F__) || !defined(__AVX512VL__) || !defined(__F16C__)
#error "this file needs -mf16c -mavx512f -mavx512vl"
#endif

/* Rows whose lanes are kept while the chunks of a wider matrix are processed. */
enum { LANES_TILE = 128 };

/* Values by the codes of two neighboring weights. */
typedef struct {
    __m512 lower;
    __m512 upper;
} value_table;

INLINE value_table value_table_of(__m128 codebook) {
    const __m512 each = _mm512_broadcast_f32x4(codebook);
    const __m512i quarters = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return (value_table){each, _mm512_permutexvar_ps(quarters, each)};
}

/* ---- Activations ---- */

/* Transposes 16 x 16 values. */
INLINE void transpose16(const float *in, float *out) {
    __m512 pairs[16], quads[16];
    for (int i = 0; i < 16; i += 2) {
        const __m512 a = _mm512_loadu_ps(in + 16 * i), b = _mm512_loadu_ps(in + 16 * i + 16);
        pairs[i] = _mm512_unpacklo_ps(a, b);
        pairs[i + 1] = _mm512_unpackhi_ps(a, b);
    }
    /* 128-bit lane k of quads[4 j + m] has column 4 k + m of rows 4 j .. 4 j + 3. */
    for (int j = 0; j < 16; j += 4) {
        for (int m = 0; m < 2; m++) {
            const __m512 a = pairs[j + m], b = pairs[j + m + 2];
            quads[j + 2 * m] = _mm512_shuffle_ps(a, b, _MM_SHUFFLE(1, 0, 1, 0));
            quads[j + 2 * m + 1] = _mm512_shuffle_ps(a, b, _MM_SHUFFLE(3, 2, 3, 2));
        }
    }
    for (int m = 0; m < 4; m++) {
        const __m512 even0 = _mm512_shuffle_f32x4(quads[m], quads[4 + m], _MM_SHUFFLE(2, 0, 2, 0));
        const __m512 odd0 = _mm512_shuffle_f32x4(quads[m], quads[4 + m], _MM_SHUFFLE(3, 1, 3, 1));
        const __m512 even1 = _mm512_shuffle_f32x4(quads[8 + m], quads[12 + m], _MM_SHUFFLE(2, 0, 2, 0));
        const __m512 odd1 = _mm512_shuffle_f32x4(quads[8 + m], quads[12 + m], _MM_SHUFFLE(3, 1, 3, 1));
        _mm512_store_ps(out + 16 * m, _mm512_shuffle_f32x4(even0, even1, _MM_SHUFFLE(2, 0, 2, 0)));
        _mm512_store_ps(out + 16 * (4 + m), _mm512_shuffle_f32x4(odd0, odd1, _MM_SHUFFLE(2, 0, 2, 0)));
        _mm512_store_ps(out + 16 * (8 + m), _mm512_shuffle_f32x4(even0, even1, _MM_SHUFFLE(3, 1, 3, 1)));
        _mm512_store_ps(out + 16 * (12 + m), _mm512_shuffle_f32x4(odd0, odd1, _MM_SHUFFLE(3, 1, 3, 1)));
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
        transpose16(from, planes + done);
    }
}

/* ---- Products ---- */

/* Planes s and s + 1 of a block of `n` rows. Two accumulators for each row hide the latency of the multiply-add. */
INLINE void add_planes(int n, const __m512i *words, value_table table, const float *planes, int s, __m512 (*sums)[2]) {
    const __m512 x0 = _mm512_load_ps(planes + 16 * s), x1 = _mm512_load_ps(planes + 16 * s + 16);
    for (int r = 0; r < n; r++) {
        const __m512i codes = _mm512_srli_epi32(words[r], (unsigned)(2 * s));
        sums[r][0] = _mm512_fmadd_ps(_mm512_permutexvar_ps(codes, table.lower), x0, sums[r][0]);
        sums[r][1] = _mm512_fmadd_ps(_mm512_permutexvar_ps(codes, table.upper), x1, sums[r][1]);
    }
}

INLINE void add_block(int n, span s, int32_t b, uint64_t ahead, value_table table, const float *planes,
    __m512 (*sums)[2]) {
    __m512i words[GROUP];
    for (int r = 0; r < n; r++) {
        const uint8_t *codes = s.codes + r * s.stride + (int64_t)b * BLOCK_BYTES;
        prefetch(s.prefetch, codes, ahead);
        words[r] = _mm512_loadu_si512(codes);
    }
    const float *x = planes + b * BLOCK_WEIGHTS;
    /* Not a loop: the shifts must be constants, and no unroll pragma works in all compilers. */
    add_planes(n, words, table, x, 0, sums);
    add_planes(n, words, table, x, 2, sums);
    add_planes(n, words, table, x, 4, sums);
    add_planes(n, words, table, x, 6, sums);
    add_planes(n, words, table, x, 8, sums);
    add_planes(n, words, table, x, 10, sums);
    add_planes(n, words, table, x, 12, sums);
    add_planes(n, words, table, x, 14, sums);
}

INLINE void clear(int n, __m512 (*sums)[2]) {
    for (int r = 0; r < n; r++) {
        sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    }
}

/* The scales of the groups of a block, which starts at group `first` of a row; 0 for missing groups. */
INLINE __m128 group_scales(int group, const qk256_call *w, int64_t row, int64_t first) {
    const int64_t of_row = (w->cols - 1) / group + 1, at = row * of_row + first;
    const int n = BLOCK_WEIGHTS / group;
    const int whole = of_row - first >= n;
    const size_t count = whole ? (size_t)n : (size_t)(of_row - first);
    __m128 scales;
    if (w->scale_bytes == 2) {
        uint64_t halves = 0;
        const uint16_t *from = (const uint16_t *)w->group_scales + at;
        if (whole) { /* A constant number of bytes. */
            memcpy(&halves, from, (size_t)n * sizeof *from);
        } else {
            memcpy(&halves, from, count * sizeof *from);
        }
        scales = _mm_cvtph_ps(_mm_cvtsi64_si128((int64_t)halves));
    } else {
        float some[4] = {0};
        memcpy(some, (const float *)w->group_scales + at, count * sizeof(float));
        scales = _mm_loadu_ps(some);
    }
    return _mm_mul_ps(scales, _mm_set1_ps(w->tensor_scale));
}

/* The scales of the sixteen lanes of a block, which starts at column `col`: each lane has 16 consecutive weights. Lanes
 * beyond the row have the scale 0, because an infinite one would make NaN of their sum, which is 0. */
INLINE __m512 lane_scales(int group, const qk256_call *w, int64_t row, int64_t col) {
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i groups = _mm512_srli_epi32(lane, group == 64 ? 2 : group == 128 ? 3 : 4);
    const __m512 scales =
        _mm512_permutexvar_ps(groups, _mm512_castps128_ps512(group_scales(group, w, row, col / group)));
    const int64_t left = (w->cols - col + 15) / 16;
    return left >= 16 ? scales : _mm512_maskz_mov_ps((__mmask16)((1 << left) - 1), scales);
}

/* Adds a chunk of `n` rows, 1 or GROUP, to their lanes. Either way a row goes through the same operations in the same
 * order, so results do not depend on how rows are split into ranges. */
INLINE void add_rows(int n, int group, const qk256_call *w, int64_t row, int64_t col, span s, value_table table,
    const float *planes, float (*row_lanes)[16]) {
    const uint64_t ahead = rows_ahead(s);
    __m512 lanes[GROUP], sums[GROUP][2];
    for (int r = 0; r < n; r++) {
        lanes[r] = _mm512_loadu_ps(row_lanes[r]);
    }
    clear(n, sums);
    for (int32_t b = 0; b < s.blocks; b++) {
        add_block(n, s, b, ahead, table, planes, sums);
        if (group) {
            for (int r = 0; r < n; r++) {
                const __m512 scales = lane_scales(group, w, row + r, col + (int64_t)b * BLOCK_WEIGHTS);
                lanes[r] = _mm512_fmadd_ps(_mm512_add_ps(sums[r][0], sums[r][1]), scales, lanes[r]);
            }
            clear(n, sums);
        }
    }
    for (int r = 0; r < n; r++) {
        const __m512 chunk = group ? lanes[r] : _mm512_add_ps(lanes[r], _mm512_add_ps(sums[r][0], sums[r][1]));
        _mm512_storeu_ps(row_lanes[r], chunk);
    }
}

/* The product; `group` is a constant, and 0 without group scales. */
INLINE void product(int group, const qk256_call *w, const float *in, float *y) {
    _Alignas(64) float planes[CHUNK];
    float lanes[LANES_TILE][16];
    const value_table table = value_table_of(w->codebook);
    for (int64_t row = 0; row < w->rows; row += LANES_TILE) {
        const int32_t rows = smaller(w->rows - row, LANES_TILE);
        memset(lanes, 0, (size_t)rows * sizeof *lanes);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t cols = smaller(w->cols - col, CHUNK);
            if (row == 0 || w->cols > CHUNK) {
                arrange(in + col, cols, planes);
            }
            const span s = span_of(w, row, col, cols);
            int32_t r = 0;
            for (; r + GROUP <= rows; r += GROUP) {
                add_rows(GROUP, group, w, row + r, col, span_down(s, r), table, planes, lanes + r);
            }
            for (; r < rows; r++) {
                add_rows(1, group, w, row + r, col, span_down(s, r), table, planes, lanes + r);
            }
        }
        for (int32_t r = 0; r < rows; r++) {
            const float sum = _mm512_reduce_add_ps(_mm512_loadu_ps(lanes[r]));
            y[row + r] = group ? sum : sum * w->tensor_scale;
        }
    }
}

void qk256_gemv_f32_avx512vnni(QK256_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    if (!w.group_scales) {
        product(0, &w, x, y);
    } else if (w.group == 64) {
        product(64, &w, x, y);
    } else if (w.group == 128) {
        product(128, &w, x, y);
    } else {
        product(256, &w, x, y);
    }
}
