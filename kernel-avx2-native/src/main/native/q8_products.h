/* See q8_tier.h. Included once by each tier's file. */

/* The product with `n` columns, beginning with `column`; `n` and `multiplied` are constants. */
INLINE void q8_product(int n, int multiplied, const qk256_q8_call *w, int32_t column, const float *x_scales, float *y) {
    double sums[Q8_TILES * n][Q8_ROWS];
    int32_t corrections[n][Q8_PART];
    int8_t last[n][Q8_GROUP]; /* of the columns, if it is not whole: zeros, so that padding codes add nothing */
    q8_column x[n], rest[n];
    const int32_t groups = (w->cols - 1) / Q8_GROUP + 1;
    const int32_t whole = w->cols / Q8_GROUP;
    const int64_t end = (int64_t)w->skipped + w->rows;
    const int8_t *q = w->x + column * w->x_stride;
    const int16_t *multipliers = multiplied ? w->multipliers + column * w->multipliers_stride : NULL;
    memset(last, 0, sizeof last);
    for (int c = 0; c < n && whole < groups; c++) {
        memcpy(last[c], q + c * w->x_stride + (int64_t)whole * Q8_GROUP, (size_t)(w->cols - whole * Q8_GROUP));
    }
    for (int64_t first = 0; first < end; first += Q8_TILES * Q8_ROWS) {
        const int64_t tiles = smaller((end - first - 1) / Q8_ROWS + 1, Q8_TILES);
        memset(sums, 0, (size_t)(tiles * n) * sizeof *sums);
        for (int32_t g = 0; g < groups; g += Q8_PART) {
            const int32_t part = smaller(groups - g, Q8_PART);
            const int32_t before = smaller(whole - g, part);
            for (int c = 0; c < n; c++) {
                const int64_t at = (int64_t)g * Q8_GROUP;
                x[c] = (q8_column){q + c * w->x_stride + at, NULL, corrections[c]};
                rest[c] = (q8_column){last[c], NULL, corrections[c] + before};
                if (multiplied) {
                    x[c].multipliers = multipliers + c * w->multipliers_stride + g;
                    rest[c].multipliers = x[c].multipliers + before;
                }
                for (int32_t i = 0; i < part && (first == 0 || groups > Q8_PART); i++) {
                    corrections[c][i] = correction(i < before ? x[c].q + (int64_t)i * Q8_GROUP : last[c]);
                }
            }
            for (int64_t tile = 0; tile < tiles; tile++) {
                const int64_t block = (first / Q8_ROWS + tile) * groups + g;
                q8_span s = {w->codes + block * Q8_BLOCK_BYTES, w->scales + block * Q8_ROWS, before, w->prefetch};
                add_groups(n, multiplied, s, x, sums + tile * n);
                if (before < part) {
                    s.codes += (int64_t)before * Q8_BLOCK_BYTES;
                    s.scales += (int64_t)before * Q8_ROWS;
                    s.groups = 1;
                    add_groups(n, multiplied, s, rest, sums + tile * n);
                }
            }
        }
        const int64_t from = first < w->skipped ? w->skipped : first;
        const int64_t to = first + tiles * Q8_ROWS < end ? first + tiles * Q8_ROWS : end;
        for (int c = 0; c < n; c++) {
            for (int64_t row = from; row < to; row++) {
                const int64_t in = row - first;
                y[(column + c) * w->y_stride + row - w->skipped] =
                    (float)sums[in / Q8_ROWS * n + c][in % Q8_ROWS] / x_scales[column + c];
            }
        }
    }
}

#define Q8_PRODUCT(n, multiplied, name)                                                                                \
    static __attribute__((noinline)) void name(                                                                        \
        const qk256_q8_call *w, int32_t column, const float *x_scales, float *y) {                                     \
        q8_product(n, multiplied, w, column, x_scales, y);                                                             \
    }

Q8_PRODUCT(1, 0, one_column)
Q8_PRODUCT(2, 0, two_columns)
Q8_PRODUCT(4, 0, four_columns)
Q8_PRODUCT(1, 1, one_multiplied)
Q8_PRODUCT(2, 1, two_multiplied)
Q8_PRODUCT(4, 1, four_multiplied)

void Q8_OPERATION(QK256_Q8_PARAMETERS float *y) {
    const qk256_q8_call w = QK256_Q8_CALL;
    const float x_scales[GEMM_COLUMNS] = {x_scale, x_scale1, x_scale2, x_scale3};
    for (int32_t c = 0, n; c < columns; c += n) {
        n = columns - c >= 4 ? 4 : columns - c >= 2 ? 2 : 1;
        if (multipliers) {
            (n == 4 ? four_multiplied : n == 2 ? two_multiplied : one_multiplied)(&w, c, x_scales, y);
        } else {
            (n == 4 ? four_columns : n == 2 ? two_columns : one_column)(&w, c, x_scales, y);
        }
    }
}
