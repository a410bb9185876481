/*
 * The loops of the GEMM of 8-bit rows with int16 activations, shared by the tiers; see q8_tier.h. A tier defines before:
 *   add_groups(n, s, x, all): adds some groups of a tile to its sums, for n columns that share the loads of codes.
 * The int32 sum of a group is at most 2^27.
 */

/* The product with `n` columns, beginning with `column`; `n` is constant. */
INLINE void q8_i16_product(int n, const qk256_q8_i16_call *w, int32_t column, const float *x_scales, float *y) {
    int16_t last[n][Q8_GROUP]; /* of the columns, if it is not whole: zeros, so that padding codes add nothing */
    const int16_t *x[n], *rest[n];
    const int32_t groups = (w->cols - 1) / Q8_GROUP + 1;
    const int32_t whole = w->cols / Q8_GROUP;
    const int64_t end = (int64_t)w->skipped + w->rows;
    memset(last, 0, sizeof last);
    for (int c = 0; c < n; c++) {
        x[c] = w->x + (column + c) * w->x_stride;
        rest[c] = last[c];
        memcpy(last[c], x[c] + (int64_t)whole * Q8_GROUP, (size_t)(w->cols - whole * Q8_GROUP) * sizeof *last[c]);
    }
    for (int64_t first = 0; first < end; first += Q8_ROWS) {
        double sums[n][Q8_ROWS];
        memset(sums, 0, sizeof sums);
        const int64_t block = first / Q8_ROWS * groups;
        q8_span s = {w->codes + block * Q8_BLOCK_BYTES, w->scales + block * Q8_ROWS, whole, w->prefetch};
        add_groups(n, s, x, sums);
        if (whole < groups) {
            s.codes += (int64_t)whole * Q8_BLOCK_BYTES;
            s.scales += (int64_t)whole * Q8_ROWS;
            s.groups = 1;
            add_groups(n, s, rest, sums);
        }
        const int64_t from = first < w->skipped ? w->skipped : first;
        const int64_t to = first + Q8_ROWS < end ? first + Q8_ROWS : end;
        for (int c = 0; c < n; c++) {
            for (int64_t row = from; row < to; row++) {
                y[(column + c) * w->y_stride + row - w->skipped] = (float)sums[c][row - first] / x_scales[column + c];
            }
        }
    }
}

#define Q8_I16_PRODUCT(n, name)                                                                                        \
    static __attribute__((noinline)) void name(                                                                        \
        const qk256_q8_i16_call *w, int32_t column, const float *x_scales, float *y) {                                 \
        q8_i16_product(n, w, column, x_scales, y);                                                                     \
    }

Q8_I16_PRODUCT(1, one_column)
Q8_I16_PRODUCT(2, two_columns)
Q8_I16_PRODUCT(4, four_columns)
#if Q8_I16_TOGETHER == 8
Q8_I16_PRODUCT(8, eight_columns)
#else
#define eight_columns four_columns
#endif

void Q8_I16_OPERATION(QK256_Q8_I16_PARAMETERS float *y) {
    const qk256_q8_i16_call w = QK256_Q8_I16_CALL;
    const float x_scales[Q8_I16_COLUMNS] = {
        x_scale, x_scale1, x_scale2, x_scale3, x_scale4, x_scale5, x_scale6, x_scale7};
    for (int32_t c = 0, n; c < columns; c += n) {
        const int32_t left = columns - c;
        n = left >= Q8_I16_TOGETHER ? Q8_I16_TOGETHER : left >= 4 ? 4 : left >= 2 ? 2 : 1;
        (n == 8 ? eight_columns : n == 4 ? four_columns : n == 2 ? two_columns : one_column)(&w, c, x_scales, y);
    }
}
