/*
 * The loops of attention, shared by the tiers. No sum crosses the lanes of a vector, and each has the order of the code in
 * Java, so all give the same bits. Products of two f16 are exact in f32, fused or not. A tier defines before:
 *   floats, doubles: vectors of the same number of bytes; LANES: the number of floats;
 *   DOT_ROWS: how many rows share each read of keys, 2 or 4;
 *   and functions of vectors, most of them named like their intrinsics; + - * are those of the compiler.
 */

enum { SUM_ROWS = 4, EIGHTHS = 8, AHEAD = 2, LINE = 64 };

INLINE const uint16_t *block_at(const qk256_attention_call *a, int64_t at, int32_t block) {
    const int64_t bytes = (int64_t)POSITIONS * a->head_size * (int64_t)sizeof(uint16_t);
    return (const uint16_t *)(a->pages[block / a->page_blocks] + at + block % a->page_blocks * bytes);
}

/* The block to prefetch meanwhile; at the end any that is in the cache. */
INLINE const uint16_t *block_ahead(const qk256_attention_call *a, int64_t at, int32_t block, int32_t blocks) {
    return block_at(a, at, block + AHEAD < blocks ? block + AHEAD : block);
}

/* Prefetches a line of a block, which has one for each dimension, into the second cache: the first has too few requests at
 * once for so many lines. */
INLINE void prefetch_line(const uint16_t *block, int32_t line) {
    _mm_prefetch((const char *)block + (int64_t)line * LINE, _MM_HINT_T1);
}

/* A part of a block of keys: the positions of a vector. */
typedef struct {
    const uint16_t *keys;
    const uint16_t *next; /* the block to prefetch */
} key_part;

/* Adds partial sums i and i + 16, i + 8 and i + 24, and both. */
INLINE void sum_eighth(int n, key_part part, const float *q, int32_t size, int i, floats *sums) {
    floats partial[4][DOT_ROWS];
    for (int k = 0; k < 4; k++) {
        for (int r = 0; r < n; r++) {
            partial[k][r] = zero();
        }
    }
    for (int32_t d = i; d < size; d += 4 * EIGHTHS) {
        for (int k = 0; k < 4; k++) {
            const int32_t at = d + k * EIGHTHS;
            const floats key = widened(part.keys + at * POSITIONS);
            prefetch_line(part.next, at);
            for (int r = 0; r < n; r++) {
                partial[k][r] = fmadd(key, all(q[r * size + at]), partial[k][r]);
            }
        }
    }
    for (int r = 0; r < n; r++) {
        sums[r] = (partial[0][r] + partial[2][r]) + (partial[1][r] + partial[3][r]);
    }
}

INLINE void sum_quarter(int n, key_part part, const float *q, int32_t size, int i, floats *sums) {
    floats other[DOT_ROWS];
    sum_eighth(n, part, q, size, i, sums);
    sum_eighth(n, part, q, size, i + 4, other);
    for (int r = 0; r < n; r++) {
        sums[r] += other[r];
    }
}

/* A half of the last step: quarters i and i + 1. */
INLINE void sum_half(int n, key_part part, const float *q, int32_t size, int i, floats *sums) {
    floats other[DOT_ROWS];
    sum_quarter(n, part, q, size, i, sums);
    sum_quarter(n, part, q, size, i + 1, other);
    for (int r = 0; r < n; r++) {
        sums[r] += other[r];
    }
}

/* The products of `n` rows with a block of keys; prefetches another block. */
INLINE void dots(int n, const qk256_attention_call *a, const uint16_t *keys, const uint16_t *next, const float *q,
    float *out) {
    for (int lane = 0; lane < POSITIONS; lane += LANES) {
        const key_part part = {keys + lane, lane == 0 ? next : keys};
        floats sums[DOT_ROWS], other[DOT_ROWS];
        sum_half(n, part, q, a->head_size, 0, sums);
        sum_half(n, part, q, a->head_size, 2, other);
        for (int r = 0; r < n; r++) {
            store(out + (int64_t)r * a->score_stride + lane, sums[r] + other[r]);
        }
    }
}

/* The products of all rows with the keys of a block; rows before `row` do not reach it. */
static void score_block(const qk256_attention_call *a, int32_t block, const uint16_t *next, int32_t row, int32_t rows) {
    const uint16_t *keys = block_at(a, a->keys_at, block);
    while (row < rows) {
        const float *q = a->q + (int64_t)row * a->head_size;
        float *out = a->scores + (int64_t)row * a->score_stride + block * POSITIONS;
        const int32_t left = rows - row;
        if (DOT_ROWS == 4 && left >= 4) {
            dots(4, a, keys, next, q, out);
            row += 4;
        } else if (left >= 2) {
            dots(2, a, keys, next, q, out);
            row += 2;
        } else {
            dots(1, a, keys, next, q, out);
            row++;
        }
        next = keys; /* Which are in the cache. */
    }
}

/* exp(x) as io.qk256.llm.model.Exp computes it, step by step; NaN stays NaN. */
INLINE doubles exponential(doubles x) {
    const doubles rounder = all_double(0x1.8p52);
    const doubles rounded = x * all_double(1.4426950408889634) + rounder;
    const doubles r = x - (rounded - rounder) * all_double(0.6931471805599453);
    doubles series = r * all_double(1 / 362880.0) + all_double(1 / 40320.0);
    series = series * r + all_double(1 / 5040.0);
    series = series * r + all_double(1 / 720.0);
    series = series * r + all_double(1 / 120.0);
    series = series * r + all_double(1 / 24.0);
    series = series * r + all_double(1 / 6.0);
    series = series * r + all_double(1 / 2.0);
    series = series * r + all_double(1);
    series = series * r + all_double(1);
    return with_exponent(series, rounded);
}

/* Replaces scores with probabilities that f16 can hold; those that fill up the last block become 0. */
static void softmax(float *row, int32_t n, float scale) {
    const int32_t padded = (n + POSITIONS - 1) / POSITIONS * POSITIONS;
    for (int32_t i = n; i < padded; i++) {
        row[i] = -__builtin_inff();
    }
    const floats factor = all(scale);
    floats max = all(-__builtin_inff());
    for (int32_t i = 0; i < padded; i += LANES) {
        const floats x = load(row + i) * factor;
        store(row + i, x);
        max = larger(max, x); /* May lose a NaN, but then the sum is NaN, and so is the whole row. */
    }
    const floats limit = all(110), least = all(-110), of_max = all(largest_lane(max));
    doubles sums[2] = {zero_double(), zero_double()};
    for (int32_t i = 0; i < padded; i += LANES) {
        const floats x = lesser(limit, larger(least, load(row + i) - of_max));
        const floats e = narrowed(exponential(lower(x)), exponential(upper(x)));
        store(row + i, e);
        add_eight(sums, e);
    }
    const floats inverse = all((float)(1 / sum_of_eight(sums)));
    for (int32_t i = 0; i < padded; i += LANES) {
        store(row + i, to_half_and_back(load(row + i) * inverse));
    }
}

/* Adds the weighted values of a block's first positions to `n` rows. */
INLINE void add_sums(int n, const qk256_attention_call *a, const uint16_t *values, const uint16_t *next,
    int32_t positions, const float *weights, float *y) {
    const int32_t size = a->head_size;
    for (int32_t d = 0; d < size; d += 2 * LANES) {
        floats low[SUM_ROWS], high[SUM_ROWS];
        for (int r = 0; r < n; r++) {
            low[r] = high[r] = zero();
        }
        for (int32_t i = 0; i < positions; i++) {
            const uint16_t *from = values + (int64_t)i * size + d;
            const floats first = widened(from), second = widened(from + LANES);
            prefetch_line(next, d + i * 2 * LANES / POSITIONS);
            for (int r = 0; r < n; r++) {
                const floats weight = all(weights[(int64_t)r * a->score_stride + i]);
                low[r] = fmadd(first, weight, low[r]);
                high[r] = fmadd(second, weight, high[r]);
            }
        }
        for (int r = 0; r < n; r++) {
            float *to = y + (int64_t)r * size + d;
            store(to, load(to) + low[r]);
            store(to + LANES, load(to + LANES) + high[r]);
        }
    }
}

/* The same for all rows from `row` on, up to `end`. */
static void mix_block(const qk256_attention_call *a, int32_t block, const uint16_t *next, int32_t positions, int32_t row,
    int32_t end, float *y) {
    const uint16_t *values = block_at(a, a->values_at, block);
    while (row < end) {
        const float *weights = a->scores + (int64_t)row * a->score_stride + block * POSITIONS;
        float *to = y + (int64_t)row * a->head_size;
        const int32_t left = end - row;
        if (left >= 4) {
            add_sums(4, a, values, next, positions, weights, to);
            row += 4;
        } else if (left >= 2) {
            add_sums(2, a, values, next, positions, weights, to);
            row += 2;
        } else {
            add_sums(1, a, values, next, positions, weights, to);
            row++;
        }
        next = values; /* Which are in the cache. */
    }
}

void QK256_ATTENTION_OPERATION(QK256_ATTENTION_PARAMETERS float *y) {
    const qk256_attention_call a = QK256_ATTENTION_CALL;
    const int32_t rows = a.tokens * a.queries;
    const int32_t blocks = (a.first_position + a.tokens + POSITIONS - 1) / POSITIONS;
    for (int32_t b = 0; b < blocks; b++) {
        const int32_t token = b * POSITIONS > a.first_position ? b * POSITIONS - a.first_position : 0;
        score_block(&a, b, block_ahead(&a, a.keys_at, b, blocks), token * a.queries, rows);
    }
    for (int32_t row = 0; row < rows; row++) {
        softmax(a.scores + (int64_t)row * a.score_stride, a.first_position + row / a.queries + 1, a.scale);
    }
    memset(y, 0, (size_t)rows * (size_t)a.head_size * sizeof *y);
    for (int32_t b = 0; b < blocks; b++) {
        const uint16_t *next = block_ahead(&a, a.values_at, b, blocks);
        const int32_t before = b * POSITIONS - a.first_position; /* tokens that end before the block */
        const int32_t whole = before + POSITIONS - 1;            /* the first token that reaches its end */
        for (int32_t token = before > 0 ? before : 0; token < whole && token < a.tokens; token++) {
            mix_block(&a, b, next, token - before + 1, token * a.queries, (token + 1) * a.queries, y);
        }
        if (whole < a.tokens) {
            mix_block(&a, b, next, POSITIONS, (whole > 0 ? whole : 0) * a.queries, rows, y);
        }
    }
}
