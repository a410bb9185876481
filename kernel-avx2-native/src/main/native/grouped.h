/* Shared by the int8 products with groups, whatever their tier. */
#ifndef QK256_GROUPED_H
#define QK256_GROUPED_H

#include "tier.h"

enum {
    LANES = 8,        /* in which the contract adds the sums of groups */
    ACTIVATIONS = 32, /* that share a multiplier */
    MOST_STEP_BLOCKS = 8
};

/* A part of a row: a kernel processes wide rows in several. */
typedef struct {
    const uint8_t *codes;
    const uint8_t *scales; /* or NULL: all are 1 */
    int32_t blocks;
    int32_t groups;
    int32_t prefetch;      /* as in the arguments */
    uint64_t ahead;        /* bytes from a row to the row to prefetch */
    uint64_t scales_ahead; /* the same for scales */
} row_part;

/* ((l0 + l4) + (l2 + l6)) + ((l1 + l5) + (l3 + l7)), as the contract defines. */
INLINE double sum_of_lanes(const double *lanes) {
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/* Stores sums of lanes / scale of the column * tensor scale. `lanes` are by row, then by column, and there are some for up
 * to three more elements; `n` is 1, 2 or 4. Four sums at a time, in the order of sum_of_lanes. */
INLINE void store_sums(int n, const double (*lanes)[LANES], int32_t rows, const float *x_scales, float tensor_scale,
    float *y, int64_t y_stride) {
    const __m128 scales = _mm_setr_ps(x_scales[0], x_scales[1 % n], x_scales[2 % n], x_scales[3 % n]);
    const int32_t count = rows * n;
    for (int32_t i = 0; i < count; i += 4) {
        __m256d fours[4];
        for (int k = 0; k < 4; k++) {
            fours[k] = _mm256_add_pd(_mm256_loadu_pd(lanes[i + k]), _mm256_loadu_pd(lanes[i + k] + 4));
        }
        const __m256d first = _mm256_add_pd(
            _mm256_permute2f128_pd(fours[0], fours[1], 0x20), _mm256_permute2f128_pd(fours[0], fours[1], 0x31));
        const __m256d last = _mm256_add_pd(
            _mm256_permute2f128_pd(fours[2], fours[3], 0x20), _mm256_permute2f128_pd(fours[2], fours[3], 0x31));
        /* Sums 0, 2, 1, 3. */
        const __m256d sums = _mm256_permute4x64_pd(_mm256_hadd_pd(first, last), _MM_SHUFFLE(3, 1, 2, 0));
        float results[4];
        _mm_storeu_ps(
            results, _mm_mul_ps(_mm_div_ps(_mm256_cvtpd_ps(sums), scales), _mm_set1_ps(tensor_scale)));
        for (int k = 0; k < 4 && i + k < count; k++) {
            y[(i + k) % n * y_stride + (i + k) / n] = results[k];
        }
    }
}

/* Whether the sum of a group fits in 32 bits with the largest q and multipliers: 512 * 128 * 32767 < 2^31. */
static inline int qk256_group_fits(const qk256_call *w, int32_t group) {
    float values[4];
    _mm_storeu_ps(values, w->codebook);
    float largest = 0;
    for (int i = 0; i < 4; i++) {
        const float magnitude = values[i] < 0 ? -values[i] : values[i];
        largest = magnitude > largest ? magnitude : largest;
    }
    return largest * (float)group <= 512;
}

/* The product of a row, one weight at a time, for sums that need more than 32 bits. */
static inline double qk256_plain_row(
    const qk256_call *w, int64_t row, const int8_t *q, const int16_t *multipliers, int32_t group) {
    const int64_t groups = (w->cols - 1) / group + 1;
    float values[4];
    _mm_storeu_ps(values, w->codebook);
    double lanes[LANES] = {0};
    for (int64_t g = 0; g < groups; g++) {
        const int64_t end = (g + 1) * group < w->cols ? (g + 1) * group : w->cols;
        int64_t sum = 0;
        for (int64_t col = g * group; col < end; col++) {
            const int code = w->codes[row * w->row_stride + col / 4] >> (2 * (col % 4)) & 3;
            sum += (int64_t)values[code] * q[col] * multipliers[col / ACTIVATIONS];
        }
        const double scale = w->group_scales ? (double)group_scale(w, row * groups + g) : 1;
        const double product = (double)sum * scale;
        lanes[g % LANES] += product;
    }
    return sum_of_lanes(lanes);
}

/* The two operations of a tier, made from its function columns_of. */
#define GROUPED_OPERATIONS(tier)                                                                                       \
    void qk256_grouped_gemv_i8_##tier(QK256_PARAMETERS float *y) {                                                     \
        const qk256_call w = QK256_CALL;                                                                               \
        columns_of(&w, 1, &w.x_scale, 0, 0, y, 0);                                                                     \
    }                                                                                                                  \
    void qk256_grouped_gemm_i8_##tier(QK256_COLUMN_PARAMETERS float *y) {                                              \
        const qk256_call w = QK256_CALL;                                                                               \
        const float scales[GEMM_COLUMNS] = {x_scale, x_scale1, x_scale2, x_scale3};                                    \
        columns_of(&w, columns, scales, x_stride, multipliers_stride, y, y_stride);                                    \
    }

#endif
