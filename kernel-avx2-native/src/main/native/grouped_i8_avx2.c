/*
 * The int8 product with groups: scales of 64, 128 or 256 weights, multipliers of 32 activations, or both.
 *
 * Eight groups are one step. Their sums are exact integers in eight lanes of 32 bits, which become f64, are multiplied by
 * their scales, and are added to the eight lanes that the contract defines. A 32-bit lane of half a block has the 16
 * consecutive weights 16 l .. 16 l + 15, so lanes never mix groups, and the sum of two lanes takes one multiplier.
 */
#include "i8_avx2.h"

#include "grouped.h"

enum {
    /* Rows whose lanes are kept while the chunks of a wider matrix are processed. */
    LANES_TILE = 128,
    HALF = BLOCK_WEIGHTS / 2,
#ifdef __AVXVNNI__
    BLOCK_MULTIPLIERS = 16
#else
    BLOCK_MULTIPLIERS = 32
#endif
};

/* A chunk of the activations; zeros fill its last step. */
typedef struct {
    arranged q;
    _Alignas(32) int16_t multipliers[CHUNK_BLOCKS * BLOCK_MULTIPLIERS];
    int32_t corrections[CHUNK / 64]; /* smallest * sum(q * multiplier) of each group */
} grouped;

/* ---- Activations ---- */

/* The multipliers of a block, in the order of the lanes that they multiply. */
INLINE void arrange_multipliers(const int16_t *of, int16_t *to) {
#ifdef __AVXVNNI__
    /* Lanes of 16 weights: those of both halves alternate by four. */
    static const int8_t order[BLOCK_MULTIPLIERS] = {0, 0, 1, 1, 4, 4, 5, 5, 2, 2, 3, 3, 6, 6, 7, 7};
    for (int i = 0; i < BLOCK_MULTIPLIERS; i++) {
        to[i] = of[order[i]];
    }
#else
    /* Lanes of 8 weights. */
    for (int i = 0; i < BLOCK_MULTIPLIERS; i++) {
        to[i] = of[i / 4];
    }
#endif
}

/* The sums of q of four groups of 32. */
INLINE __m128i sums_of_q(const int8_t *q) {
    __m256i sums[4];
    for (int i = 0; i < 4; i++) {
        const __m256i in = _mm256_loadu_si256((const __m256i *)(q + 32 * i));
        sums[i] = _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_set1_epi8(1), in), _mm256_set1_epi16(1));
    }
    return sum4(sums[0], sums[1], sums[2], sums[3]);
}

/* Arranges `n` activations. Sums wrap: only the corrected sum of a group has to fit in 32 bits. */
static void arrange_groups(const int8_t *q, const int16_t *multipliers, int32_t n, int32_t group, int32_t smallest,
    grouped *out) {
    int16_t all[CHUNK / ACTIVATIONS];
    const int32_t given = (n - 1) / ACTIVATIONS + 1;
    const int32_t step = LANES * group / BLOCK_WEIGHTS;
    const int32_t blocks = (qk256_blocks(n) - 1) / step * step + step;
    for (int32_t i = 0; i < blocks * (BLOCK_WEIGHTS / ACTIVATIONS); i++) {
        all[i] = i >= given ? 0 : multipliers ? multipliers[i] : 1;
    }
    arrange(q, n, &out->q);
    memset(out->q.planes + qk256_blocks(n) * BLOCK_WEIGHTS, 0, (size_t)(blocks - qk256_blocks(n)) * BLOCK_WEIGHTS);
    memset(out->corrections, 0, sizeof out->corrections);
    for (int32_t b = 0; b < blocks; b++) {
        arrange_multipliers(all + b * (BLOCK_WEIGHTS / ACTIVATIONS), out->multipliers + b * BLOCK_MULTIPLIERS);
    }
    for (int32_t col = 0; col < n; col += HALF) {
        int8_t last[HALF];
        const int8_t *from = q + col;
        if (n - col < HALF) {
            memset(last, 0, sizeof last);
            memcpy(last, from, (size_t)(n - col));
            from = last;
        }
        const __m128i by = _mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i *)(all + col / ACTIVATIONS)));
        const __m128i products = _mm_mullo_epi32(_mm_mullo_epi32(sums_of_q(from), by), _mm_set1_epi32(smallest));
        uint32_t four[4];
        _mm_storeu_si128((__m128i *)four, products);
        for (int32_t i = 0; i < 4; i++) {
            int32_t *to = &out->corrections[(col + ACTIVATIONS * i) / group];
            *to = (int32_t)((uint32_t)*to + four[i]);
        }
    }
}

/* ---- Products ---- */

/* The u of half a block: of planes 1 and 3 four times the u if `kind` is CODES, which saves shifts. */
INLINE void unpack(int kind, __m256i bytes, byte_table table, __m256i *u) {
    if (kind == CODES) {
        const __m256i high = _mm256_srli_epi16(bytes, 4);
        u[0] = _mm256_and_si256(bytes, _mm256_set1_epi8(3));
        u[1] = _mm256_and_si256(bytes, _mm256_set1_epi8(12));
        u[2] = _mm256_and_si256(high, _mm256_set1_epi8(3));
        u[3] = _mm256_and_si256(high, _mm256_set1_epi8(12));
    } else {
        look_up(bytes, table, u);
    }
}

/* The sums of u * q of half a block, in lanes of 16 weights, of codebooks whose u are large. */
INLINE __m256i wide_half(const __m256i *u, const __m256i *q) {
    __m256i sum = _mm256_setzero_si256();
    for (int k = 0; k < 4; k++) {
        const __m256i products = _mm256_maddubs_epi16(u[k], _mm256_load_si256(q + k));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(products, _mm256_set1_epi16(1)));
    }
    return sum;
}

#ifdef __AVXVNNI__

INLINE __m256i half_sums(int kind, const __m256i *u, const __m256i *q) {
    __m256i even = _mm256_dpbusd_avx_epi32(_mm256_setzero_si256(), u[0], _mm256_load_si256(q));
    __m256i odd = _mm256_dpbusd_avx_epi32(_mm256_setzero_si256(), u[1], _mm256_load_si256(q + 1));
    even = _mm256_dpbusd_avx_epi32(even, u[2], _mm256_load_si256(q + 2));
    odd = _mm256_dpbusd_avx_epi32(odd, u[3], _mm256_load_si256(q + 3));
    return _mm256_add_epi32(even, kind == CODES ? _mm256_srai_epi32(odd, 2) : odd);
}

/* A sum of 16 products is at most 16 * 15 * 128, which fits in 16 bits. */
INLINE __m256i multiplied(__m256i low, __m256i high, const int16_t *multipliers) {
    const __m256i sums = _mm256_packs_epi32(low, high);
    return _mm256_madd_epi16(sums, _mm256_load_si256((const __m256i *)multipliers));
}

#else

/* In lanes of 8 weights, 16 bits each: at most 8 * 15 * 128. */
INLINE __m256i half_sums(int kind, const __m256i *u, const __m256i *q) {
    const __m256i even = _mm256_add_epi16(_mm256_maddubs_epi16(u[0], _mm256_load_si256(q)),
        _mm256_maddubs_epi16(u[2], _mm256_load_si256(q + 2)));
    const __m256i odd = _mm256_add_epi16(_mm256_maddubs_epi16(u[1], _mm256_load_si256(q + 1)),
        _mm256_maddubs_epi16(u[3], _mm256_load_si256(q + 3)));
    return _mm256_add_epi16(even, kind == CODES ? _mm256_srai_epi16(odd, 2) : odd);
}

INLINE __m256i multiplied(__m256i low, __m256i high, const int16_t *multipliers) {
    const __m256i *by = (const __m256i *)multipliers;
    return _mm256_hadd_epi32(_mm256_madd_epi16(low, _mm256_load_si256(by)),
        _mm256_madd_epi16(high, _mm256_load_si256(by + 1)));
}

#endif

/* The sums of the eight groups of 32 weights of a block, times their multipliers, in the order 0 1 4 5 2 3 6 7. */
INLINE __m256i block_sums(int kind, const uint8_t *codes, byte_table table, const grouped *x, int32_t b) {
    __m256i halves[2];
    for (int half = 0; half < 2; half++) {
        const __m256i *q = (const __m256i *)(x->q.planes + b * BLOCK_WEIGHTS + HALF * half);
        __m256i u[4];
        unpack(kind, load_codes(codes + 32 * half), table, u);
        halves[half] = kind == WIDE ? wide_half(u, q) : half_sums(kind, u, q);
    }
    return kind == WIDE ? _mm256_hadd_epi32(halves[0], halves[1])
                        : multiplied(halves[0], halves[1], x->multipliers + b * BLOCK_MULTIPLIERS);
}

/* The sums of the groups of 64 of two blocks, in the order 0 2 4 6 1 3 5 7. */
INLINE __m256i sums_of_64(int kind, const uint8_t *codes, byte_table table, const grouped *x, int32_t b) {
    return _mm256_hadd_epi32(
        block_sums(kind, codes, table, x, b), block_sums(kind, codes + BLOCK_BYTES, table, x, b + 1));
}

/* The sums of the groups of 128 of four blocks, in order. */
INLINE __m256i sums_of_128(int kind, const uint8_t *codes, byte_table table, const grouped *x, int32_t b) {
    const __m256i low = sums_of_64(kind, codes, table, x, b);
    const __m256i high = sums_of_64(kind, codes + 2 * BLOCK_BYTES, table, x, b + 2);
    return _mm256_add_epi32(
        _mm256_permute2x128_si256(low, high, 0x20), _mm256_permute2x128_si256(low, high, 0x31));
}

/* The sums of eight groups, in order, corrected. */
INLINE __m256i step_sums(int kind, int group, const uint8_t *codes, byte_table table, const grouped *x, int32_t b) {
    __m256i sums;
    if (group == 64) {
        sums = _mm256_permutevar8x32_epi32(
            sums_of_64(kind, codes, table, x, b), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    } else if (group == 128) {
        sums = sums_of_128(kind, codes, table, x, b);
    } else {
        const __m256i low = sums_of_128(kind, codes, table, x, b);
        const __m256i high = sums_of_128(kind, codes + 4 * BLOCK_BYTES, table, x, b + 4);
        sums = _mm256_permutevar8x32_epi32(_mm256_hadd_epi32(low, high), _mm256_setr_epi32(0, 1, 4, 5, 2, 3, 6, 7));
    }
    const int32_t *corrections = x->corrections + b * BLOCK_WEIGHTS / group;
    return _mm256_add_epi32(sums, _mm256_loadu_si256((const __m256i *)corrections));
}

INLINE __m256 load_scales(int scale_bytes, const uint8_t *scales) {
    return scale_bytes == 2 ? _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)scales))
                            : _mm256_loadu_ps((const float *)scales);
}

/* Adds a step: the product of a sum and a scale is rounded to f64, then added. */
INLINE void add_step(__m256i sums, __m256 scales, __m256d *lanes) {
    const __m256d low = _mm256_cvtepi32_pd(_mm256_castsi256_si128(sums));
    const __m256d high = _mm256_cvtepi32_pd(_mm256_extracti128_si256(sums, 1));
    lanes[0] = _mm256_add_pd(lanes[0], _mm256_mul_pd(low, _mm256_cvtps_pd(_mm256_castps256_ps128(scales))));
    lanes[1] = _mm256_add_pd(lanes[1], _mm256_mul_pd(high, _mm256_cvtps_pd(_mm256_extractf128_ps(scales, 1))));
}

/* Adds a chunk of a row. Its last step may be incomplete: missing codes, activations and scales are 0. */
INLINE void add_row(int kind, int group, int scale_bytes, row_part row, byte_table table, const grouped *x,
    double *row_lanes) {
    const int32_t step = LANES * group / BLOCK_WEIGHTS;
    const __m256 ones = _mm256_set1_ps(1);
    __m256d lanes[2] = {_mm256_loadu_pd(row_lanes), _mm256_loadu_pd(row_lanes + 4)};
    const uint8_t *scales = row.scales;
    int32_t b = 0;
    for (; b + step <= row.blocks && (b + step) * BLOCK_WEIGHTS / group <= row.groups; b += step) {
        const uint8_t *codes = row.codes + (int64_t)b * BLOCK_BYTES;
        for (int32_t i = 0; i < step; i++) {
            prefetch(row.prefetch, codes + i * BLOCK_BYTES, row.ahead);
        }
        const __m256i sums = step_sums(kind, group, codes, table, x, b);
        if (scale_bytes) {
            prefetch(row.prefetch, scales, row.scales_ahead);
            add_step(sums, load_scales(scale_bytes, scales), lanes);
            scales += LANES * scale_bytes;
        } else {
            add_step(sums, ones, lanes);
        }
    }
    if (b < row.blocks) {
        uint8_t codes[MOST_STEP_BLOCKS * BLOCK_BYTES] = {0};
        _Alignas(32) uint8_t some[LANES * sizeof(float)] = {0};
        memcpy(codes, row.codes + (int64_t)b * BLOCK_BYTES, (size_t)(row.blocks - b) * BLOCK_BYTES);
        const __m256i sums = step_sums(kind, group, codes, table, x, b);
        if (scale_bytes) {
            memcpy(some, scales, (size_t)(row.groups - b * BLOCK_WEIGHTS / group) * (size_t)scale_bytes);
            add_step(sums, load_scales(scale_bytes, some), lanes);
        } else {
            add_step(sums, ones, lanes);
        }
    }
    _mm256_storeu_pd(row_lanes, lanes[0]);
    _mm256_storeu_pd(row_lanes + 4, lanes[1]);
}

INLINE void add_row_of_kind(int group, int scale_bytes, row_part row, byte_table table, const grouped *x,
    double *lanes) {
    if (table.kind == CODES) {
        add_row(CODES, group, scale_bytes, row, table, x, lanes);
    } else if (table.kind == NARROW) {
        add_row(NARROW, group, scale_bytes, row, table, x, lanes);
    } else {
        add_row(WIDE, group, scale_bytes, row, table, x, lanes);
    }
}

static void add_any_row(int group, int scale_bytes, row_part row, byte_table table, const grouped *x, double *lanes) {
    if (scale_bytes == 0) {
        add_row_of_kind(64, 0, row, table, x, lanes);
    } else if (group == 64) {
        add_row_of_kind(64, scale_bytes, row, table, x, lanes);
    } else if (group == 128) {
        add_row_of_kind(128, scale_bytes, row, table, x, lanes);
    } else {
        add_row_of_kind(256, scale_bytes, row, table, x, lanes);
    }
}

/* ---- Columns ---- */

static void column(const qk256_call *w, const int8_t *q, const int16_t *multipliers, float x_scale, float *y) {
    const int32_t group = w->group_scales ? w->group : 64;
    const int32_t scale_bytes = w->group_scales ? w->scale_bytes : 0;
    const byte_table table = byte_table_of(w->codebook);
    if (multipliers && (table.kind == WIDE || !qk256_group_fits(w, group))) {
        for (int64_t row = 0; row < w->rows; row++) {
            y[row] = (float)qk256_plain_row(w, row, q, multipliers, group) / x_scale * w->tensor_scale;
        }
        return;
    }
    const int64_t row_groups = (w->cols - 1) / group + 1;
    grouped in;
    double lanes[LANES_TILE][LANES];
    for (int64_t row = 0; row < w->rows; row += LANES_TILE) {
        const int32_t rows = smaller(w->rows - row, LANES_TILE);
        memset(lanes, 0, sizeof lanes);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t cols = smaller(w->cols - col, CHUNK);
            if (row == 0 || w->cols > CHUNK) {
                arrange_groups(q + col, multipliers ? multipliers + col / ACTIVATIONS : NULL, cols, group,
                    table.smallest, &in);
            }
            const span s = span_of(w, row, col, cols);
            const uint64_t ahead = rows_ahead(s);
            row_part part = {s.codes, NULL, s.blocks, (cols - 1) / group + 1, w->prefetch, ahead,
                rows_to_prefetch(w->prefetch, s.blocks) * (uint64_t)(row_groups * scale_bytes)};
            for (int32_t r = 0; r < rows; r++) {
                part.codes = s.codes + r * s.stride;
                part.scales = scale_bytes == 0
                    ? NULL
                    : (const uint8_t *)w->group_scales + ((row + r) * row_groups + col / group) * scale_bytes;
                add_any_row(group, scale_bytes, part, table, &in, lanes[r]);
            }
        }
        store_sums(1, (const double(*)[LANES])lanes, rows, &x_scale, w->tensor_scale, y + row, 0);
    }
}

static void columns_of(const qk256_call *w, int32_t columns, const float *x_scales, int64_t x_stride,
    int64_t multipliers_stride, float *y, int64_t y_stride) {
    for (int32_t c = 0; c < columns; c++) {
        const int8_t *q = (const int8_t *)w->x + c * x_stride;
        column(w, q, w->multipliers ? w->multipliers + c * multipliers_stride : NULL, x_scales[c], y + c * y_stride);
    }
}

#ifdef __AVXVNNI__
GROUPED_OPERATIONS(avxvnni)
#else
GROUPED_OPERATIONS(avx2)
#endif
