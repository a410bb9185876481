/*
 * The int8 product with groups in AVX-512; grouped_i8_avx2.c explains the steps and lanes. A vector has the 16 consecutive
 * weights 16 l .. 16 l + 15 of a block in lane l. Up to four columns share the unpacking of weights.
 */
#include "i8_avx512.h"

#include "grouped.h"

enum {
    /* Matrix columns whose activations are arranged at a time, and rows whose lanes are kept meanwhile: with four
     * columns of activations 16 KiB each. */
    PART = 4096,
    PART_BLOCKS = PART / BLOCK_WEIGHTS,
    LANES_TILE = 64,
    /* The largest u for which the sum of 16 products fits in 16 bits: 16 * 15 * 128 < 32768. */
    NARROW_U = 15
};

/* A part of the activations of a column; zeros fill its last step. */
typedef struct {
    _Alignas(64) int8_t planes[PART];
    _Alignas(64) int16_t multipliers[PART_BLOCKS * 16]; /* of two blocks, in the order of the lanes of their sums */
    _Alignas(64) int32_t corrections[PART / 64];        /* smallest * sum(q * multiplier) of each group */
} grouped;

/* Blocks of a step: eight or sixteen groups, because sums are made of four blocks. */
INLINE int32_t step_blocks(int group) {
    return group == 256 ? 8 : 4;
}

/* ---- Activations ---- */

/* Arranges `n` activations. Sums wrap: only the corrected sum of a group has to fit in 32 bits. */
static void arrange_groups(const int8_t *q, const int16_t *multipliers, int32_t n, int32_t group, int32_t smallest,
    grouped *out) {
    int32_t all[PART / ACTIVATIONS];
    const int32_t step = step_blocks(group);
    const int32_t blocks = (qk256_blocks(n) - 1) / step * step + step;
    const int32_t given = (n - 1) / ACTIVATIONS + 1;
    memset(out->corrections, 0, sizeof out->corrections);
    for (int32_t i = 0; i < blocks * (BLOCK_WEIGHTS / ACTIVATIONS); i++) {
        all[i] = i >= given ? 0 : multipliers ? multipliers[i] : 1;
    }
    for (int32_t b = 0; b < blocks; b++) {
        const int32_t at = b * BLOCK_WEIGHTS;
        if (at < n) {
            arrange_block(q + at, n - at, out->planes + at, 64);
        } else {
            memset(out->planes + at, 0, BLOCK_WEIGHTS);
        }
        /* Two blocks alternate by four lanes of 16 weights. */
        for (int32_t lane = 0; lane < 16; lane++) {
            const int32_t to = b / 2 * 32 + lane / 4 * 8 + b % 2 * 4 + lane % 4;
            out->multipliers[to] = (int16_t)all[b * (BLOCK_WEIGHTS / ACTIVATIONS) + lane / 2];
        }
    }
    for (int32_t col = 0; col < n; col += ACTIVATIONS) {
        const __mmask32 inside = n - col >= ACTIVATIONS ? ~(__mmask32)0 : ((__mmask32)1 << (n - col)) - 1;
        const __m256i in = _mm256_maskz_loadu_epi8(inside, q + col);
        const __m256i eights = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm256_set1_epi8(1), in);
        const __m128i fours = _mm_add_epi32(_mm256_castsi256_si128(eights), _mm256_extracti128_si256(eights, 1));
        const __m128i twos = _mm_add_epi32(fours, _mm_shuffle_epi32(fours, _MM_SHUFFLE(1, 0, 3, 2)));
        const int32_t sum = _mm_cvtsi128_si32(twos) + _mm_extract_epi32(twos, 1);
        int32_t *to = &out->corrections[col / group];
        *to = (int32_t)((uint32_t)*to + (uint32_t)sum * (uint32_t)all[col / ACTIVATIONS] * (uint32_t)smallest);
    }
}

/* ---- Products ---- */

INLINE __m512i shuffle(__m512i a, __m512i b, int odd) {
    const __m512 x = _mm512_castsi512_ps(a), y = _mm512_castsi512_ps(b);
    return _mm512_castps_si512(odd ? _mm512_shuffle_ps(x, y, _MM_SHUFFLE(3, 1, 3, 1))
                                   : _mm512_shuffle_ps(x, y, _MM_SHUFFLE(2, 0, 2, 0)));
}

/* The sums of adjacent lanes: in each 128 bits two of `a`, then two of `b`. */
INLINE __m512i add_pairs(__m512i a, __m512i b) {
    return _mm512_add_epi32(shuffle(a, b, 0), shuffle(a, b, 1));
}

/* sum(u * q) of a block and a column, in lanes of 16 weights. */
INLINE __m512i block_lanes(const __m512i *u, const int8_t *planes) {
    __m512i sums = _mm512_setzero_si512();
    for (int k = 0; k < 4; k++) {
        sums = _mm512_dpbusd_epi32(sums, u[k], _mm512_load_si512(planes + 64 * k));
    }
    return sums;
}

/* The sums of 32 weights of two blocks, times their multipliers; in each 128 bits two of either block. */
INLINE void add_two_blocks(int n, int narrow, const uint8_t *codes, byte_table table, const grouped *x, int32_t b,
    int32_t how, uint64_t ahead, __m512i *sums) {
    __m512i lanes[2][GEMM_COLUMNS];
    for (int i = 0; i < 2; i++) {
        const uint8_t *from = codes + i * BLOCK_BYTES;
        prefetch(how, from, ahead);
        const __m512i bytes = _mm512_loadu_si512(from);
        const __m512i u[4] = {
            look_up(bytes, 0, table), look_up(bytes, 1, table), look_up(bytes, 2, table), look_up(bytes, 3, table)};
        for (int c = 0; c < n; c++) {
            lanes[i][c] = block_lanes(u, x[c].planes + (b + i) * BLOCK_WEIGHTS);
        }
    }
    for (int c = 0; c < n; c++) {
        sums[c] = narrow ? _mm512_madd_epi16(_mm512_packs_epi32(lanes[0][c], lanes[1][c]),
                               _mm512_load_si512(x[c].multipliers + b * 16))
                         : add_pairs(lanes[0][c], lanes[1][c]);
    }
}

/* The sums of the 16 groups of 64 of four blocks: element i of 128 bits j is group j of block i. */
INLINE void add_four_blocks(int n, int narrow, const uint8_t *codes, byte_table table, const grouped *x, int32_t b,
    int32_t how, uint64_t ahead, __m512i *sums) {
    __m512i first[GEMM_COLUMNS], second[GEMM_COLUMNS];
    add_two_blocks(n, narrow, codes, table, x, b, how, ahead, first);
    add_two_blocks(n, narrow, codes + 2 * BLOCK_BYTES, table, x, b + 2, how, ahead, second);
    for (int c = 0; c < n; c++) {
        sums[c] = add_pairs(first[c], second[c]);
    }
}

INLINE __m256i halves_added(__m512i v) {
    return _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
}

INLINE __m512 load_scales(int32_t scale_bytes, const uint8_t *scales) {
    return scale_bytes == 0 ? _mm512_set1_ps(1)
        : scale_bytes == 2  ? _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)scales))
                            : _mm512_loadu_ps(scales);
}

/* Scales of eight groups, without reading more. */
INLINE __m256 load_eight_scales(int32_t scale_bytes, const uint8_t *scales) {
    return scale_bytes == 0 ? _mm256_set1_ps(1)
        : scale_bytes == 2  ? _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)scales))
                            : _mm256_loadu_ps((const float *)scales);
}

/* Adds eight groups: the product of a sum and a scale is rounded to f64, then added. */
INLINE __m512d add_groups(__m256i sums, __m512d scales, __m512d lanes) {
    return _mm512_add_pd(lanes, _mm512_mul_pd(_mm512_cvtepi32_pd(sums), scales));
}

/* Adds a step of a row: 16 groups of 64, or 8 of 128 or 256. `scales` has as many. */
INLINE void add_step(int n, int group, int narrow, const uint8_t *codes, const uint8_t *scales, int32_t scale_bytes,
    byte_table table, const grouped *x, int32_t b, int32_t how, uint64_t ahead, __m512d *lanes) {
    __m512i sums[GEMM_COLUMNS];
    add_four_blocks(n, narrow, codes, table, x, b, how, ahead, sums);
    const int32_t *corrections = &x->corrections[b * BLOCK_WEIGHTS / group];
    const int64_t column = sizeof(grouped) / sizeof(int32_t);
    if (group == 64) {
        const __m512i in_order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
        const __m512 all = load_scales(scale_bytes, scales);
        const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(all));
        const __m512d high = _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(_mm512_castps_pd(all), 1)));
        for (int c = 0; c < n; c++) {
            const __m512i corrected = _mm512_add_epi32(
                _mm512_permutexvar_epi32(in_order, sums[c]), _mm512_loadu_si512(corrections + c * column));
            lanes[c] = add_groups(_mm512_castsi512_si256(corrected), low, lanes[c]);
            lanes[c] = add_groups(_mm512_extracti64x4_epi64(corrected, 1), high, lanes[c]);
        }
        return;
    }
    const __m512d eight = _mm512_cvtps_pd(load_eight_scales(scale_bytes, scales));
    if (group == 128) {
        /* First the even groups of 64, then the odd ones. */
        const __m512i in_order = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
        for (int c = 0; c < n; c++) {
            const __m256i added = halves_added(_mm512_permutexvar_epi32(in_order, sums[c]));
            const __m256i correction = _mm256_loadu_si256((const __m256i *)(corrections + c * column));
            lanes[c] = add_groups(_mm256_add_epi32(added, correction), eight, lanes[c]);
        }
        return;
    }
    __m512i more[GEMM_COLUMNS];
    add_four_blocks(n, narrow, codes + 4 * BLOCK_BYTES, table, x, b + 4, how, ahead, more);
    for (int c = 0; c < n; c++) {
        const __m256i first = halves_added(sums[c]), second = halves_added(more[c]);
        const __m256i added = _mm256_add_epi32(
            _mm256_permute2x128_si256(first, second, 0x20), _mm256_permute2x128_si256(first, second, 0x31));
        const __m256i correction = _mm256_loadu_si256((const __m256i *)(corrections + c * column));
        lanes[c] = add_groups(_mm256_add_epi32(added, correction), eight, lanes[c]);
    }
}

/* Adds two blocks of a row with 8 groups of 64, half of a step. */
INLINE void add_half_step(int n, int narrow, const uint8_t *codes, const uint8_t *scales, int32_t scale_bytes,
    byte_table table, const grouped *x, int32_t b, int32_t how, uint64_t ahead, __m512d *lanes) {
    /* Four of the first block, then four of the second. */
    const __m512i in_order = _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15);
    const __m512d eight = _mm512_cvtps_pd(load_eight_scales(scale_bytes, scales));
    __m512i sums[GEMM_COLUMNS];
    add_two_blocks(n, narrow, codes, table, x, b, how, ahead, sums);
    for (int c = 0; c < n; c++) {
        const __m256i added = halves_added(_mm512_permutexvar_epi32(in_order, sums[c]));
        const __m256i correction = _mm256_loadu_si256((const __m256i *)&x[c].corrections[b * 4]);
        lanes[c] = add_groups(_mm256_add_epi32(added, correction), eight, lanes[c]);
    }
}

/* Adds a part of a row. Its last step may be incomplete: missing codes, activations and scales are 0. */
INLINE void add_row(int n, int group, int narrow, row_part row, int32_t scale_bytes, byte_table table,
    const grouped *x, double (*row_lanes)[LANES]) {
    const int32_t step = step_blocks(group);
    const int32_t step_groups = step * BLOCK_WEIGHTS / group;
    __m512d lanes[GEMM_COLUMNS];
    for (int c = 0; c < n; c++) {
        lanes[c] = _mm512_loadu_pd(row_lanes[c]);
    }
    const uint8_t *scales = row.scales;
    int32_t b = 0;
    for (int32_t groups = step_groups; groups <= row.groups && b + step <= row.blocks; groups += step_groups) {
        const uint8_t *codes = row.codes + (int64_t)b * BLOCK_BYTES;
        if (scale_bytes) {
            prefetch(row.prefetch, scales, row.scales_ahead);
        }
        add_step(n, group, narrow, codes, scales, scale_bytes, table, x, b, row.prefetch, row.ahead, lanes);
        if (scale_bytes) { /* Otherwise there is no pointer to add to. */
            scales += step_groups * scale_bytes;
        }
        b += step;
    }
    if (group == 64 && b + 2 <= row.blocks && b * 4 + 8 <= row.groups) {
        add_half_step(n, narrow, row.codes + (int64_t)b * BLOCK_BYTES, scales, scale_bytes, table, x, b, row.prefetch,
            row.ahead, lanes);
        if (scale_bytes) {
            scales += 8 * scale_bytes;
        }
        b += 2;
    }
    if (b < row.blocks) {
        uint8_t codes[MOST_STEP_BLOCKS * BLOCK_BYTES] = {0};
        _Alignas(64) uint8_t some[16 * sizeof(float)] = {0};
        memcpy(codes, row.codes + (int64_t)b * BLOCK_BYTES, (size_t)(row.blocks - b) * BLOCK_BYTES);
        if (scale_bytes) {
            memcpy(some, scales, (size_t)(row.groups - b * BLOCK_WEIGHTS / group) * (size_t)scale_bytes);
        }
        if (group == 64) { /* At most two blocks: a whole step would use more activations than were arranged. */
            add_half_step(n, narrow, codes, some, scale_bytes, table, x, b, 0, 0, lanes);
        } else {
            add_step(n, group, narrow, codes, some, scale_bytes, table, x, b, 0, 0, lanes);
        }
    }
    for (int c = 0; c < n; c++) {
        _mm512_storeu_pd(row_lanes[c], lanes[c]);
    }
}

/* A part of some rows. */
INLINE void add_rows(int n, int group, int narrow, const qk256_call *w, int64_t row, int32_t rows, int64_t col,
    int32_t cols, byte_table table, const grouped *x, double (*lanes)[LANES]) {
    const int32_t scale_bytes = w->group_scales ? w->scale_bytes : 0;
    const int64_t row_groups = (w->cols - 1) / group + 1;
    const int32_t blocks = qk256_blocks(cols);
    const uint64_t rows_ahead = rows_to_prefetch(w->prefetch, blocks);
    row_part part = {.blocks = blocks,
        .prefetch = w->prefetch,
        .groups = (cols - 1) / group + 1,
        .ahead = rows_ahead * (uint64_t)w->row_stride,
        .scales_ahead = rows_ahead * (uint64_t)(row_groups * scale_bytes)};
    for (int32_t r = 0; r < rows; r++) {
        part.codes = w->codes + (row + r) * w->row_stride + col / 4;
        part.scales = w->group_scales
            ? (const uint8_t *)w->group_scales + ((row + r) * row_groups + col / group) * scale_bytes
            : NULL;
        add_row(n, group, narrow, part, scale_bytes, table, x, lanes + r * n);
    }
}

/* The product with `n` columns; `n` is a constant. */
INLINE void product(int n, const qk256_call *w, int32_t group, byte_table table, int narrow, const float *x_scales,
    int64_t x_stride, int64_t multipliers_stride, float *y, int64_t y_stride) {
    grouped x[n];
    double lanes[LANES_TILE * n][LANES];
    const int32_t smallest = _mm_cvtsi128_si32(_mm512_castsi512_si128(table.smallest));
    for (int64_t row = 0; row < w->rows; row += LANES_TILE) {
        const int32_t rows = smaller(w->rows - row, LANES_TILE);
        memset(lanes, 0, sizeof lanes);
        for (int64_t col = 0; col < w->cols; col += PART) {
            const int32_t cols = smaller(w->cols - col, PART);
            for (int32_t c = 0; c < n && (row == 0 || w->cols > PART); c++) {
                const int16_t *multipliers =
                    w->multipliers ? w->multipliers + c * multipliers_stride + col / ACTIVATIONS : NULL;
                arrange_groups((const int8_t *)w->x + c * x_stride + col, multipliers, cols, group, smallest, &x[c]);
            }
            if (group == 64 && narrow) {
                add_rows(n, 64, 1, w, row, rows, col, cols, table, x, lanes);
            } else if (group == 64) {
                add_rows(n, 64, 0, w, row, rows, col, cols, table, x, lanes);
            } else if (group == 128 && narrow) {
                add_rows(n, 128, 1, w, row, rows, col, cols, table, x, lanes);
            } else if (group == 128) {
                add_rows(n, 128, 0, w, row, rows, col, cols, table, x, lanes);
            } else if (narrow) {
                add_rows(n, 256, 1, w, row, rows, col, cols, table, x, lanes);
            } else {
                add_rows(n, 256, 0, w, row, rows, col, cols, table, x, lanes);
            }
        }
        store_sums(n, (const double(*)[LANES])lanes, rows, x_scales, w->tensor_scale, y + row, y_stride);
    }
}

typedef void product_of_columns(const qk256_call *w, int32_t group, byte_table table, int narrow, const float *x_scales,
    int64_t x_stride, int64_t multipliers_stride, float *y, int64_t y_stride);

#define PRODUCT(n)                                                                                                     \
    static __attribute__((noinline)) void product##n(const qk256_call *w, int32_t group, byte_table table, int narrow, \
        const float *x_scales, int64_t x_stride, int64_t multipliers_stride, float *y, int64_t y_stride) {             \
        product(n, w, group, table, narrow, x_scales, x_stride, multipliers_stride, y, y_stride);                      \
    }

PRODUCT(1)
PRODUCT(2)
PRODUCT(4)

static void columns_of(const qk256_call *w, int32_t columns, const float *x_scales, int64_t x_stride,
    int64_t multipliers_stride, float *y, int64_t y_stride) {
    const int32_t group = w->group_scales ? w->group : 64;
    const byte_table table = byte_table_of(w->codebook);
    const int narrow = _mm512_cmpgt_epi8_mask(table.even, _mm512_set1_epi8(NARROW_U)) == 0;
    qk256_call rest = *w;
    const int plain = w->multipliers && !(narrow && qk256_group_fits(w, group));
    for (int32_t c = 0, n; c < columns; c += n) {
        n = columns - c >= 4 ? 4 : columns - c >= 2 ? 2 : 1;
        rest.x = (const int8_t *)w->x + c * x_stride;
        rest.multipliers = w->multipliers ? w->multipliers + c * multipliers_stride : NULL;
        if (plain) {
            n = 1;
            for (int64_t row = 0; row < w->rows; row++) {
                const double sum = qk256_plain_row(&rest, row, rest.x, rest.multipliers, group);
                y[c * y_stride + row] = (float)sum / x_scales[c] * w->tensor_scale;
            }
        } else {
            product_of_columns *of = n == 4 ? product4 : n == 2 ? product2 : product1;
            of(&rest, group, table, narrow, x_scales + c, x_stride, multipliers_stride, y + c * y_stride, y_stride);
        }
    }
}

GROUPED_OPERATIONS(avx512vnni)
