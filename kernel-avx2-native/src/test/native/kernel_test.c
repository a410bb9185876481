/*
 * Compares the tiers with the formulas of io.qk256.spi.Kernel in plain C, for every width from 1 to 1030 and some that
 * cross the chunks and tiles of the products. Memory is allocated to the exact byte, so that the address sanitizer
 * detects any access outside the views. The data is the same in every run.
 */
#include "tiers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 42;
static long comparisons;

typedef struct {
    qk256_call w;
    uint8_t *codes_memory;
    void *scales_memory;
    int16_t *multipliers_memory; /* of GEMM_COLUMNS columns */
    float *x;
    int8_t *q_memory;
    int8_t *q; /* GEMM_COLUMNS columns; the GEMV uses the first */
} problem;

static uint32_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

static float next_float(void) {
    return (float)(int32_t)(next() % 20001 - 10000) / 1000.0f;
}

static void *allocate(size_t bytes) {
    void *memory = malloc(bytes);
    if (!memory) {
        fprintf(stderr, "no memory for %zu bytes\n", bytes);
        exit(2);
    }
    return memory;
}

static void fail(const problem *p, const char *what, int64_t at, double seen, double expected) {
    fprintf(stderr, "%s, %d rows x %d columns, codebook %g %g %g %g, group scales %s, multipliers %s: element %lld is %.9g, expected %.9g\n",
        what, p->w.rows, p->w.cols, (double)p->w.codebook[0], (double)p->w.codebook[1], (double)p->w.codebook[2],
        (double)p->w.codebook[3], p->w.group_scales ? "given" : "none", p->w.multipliers ? "given" : "none", (long long)at, seen, expected);
    exit(1);
}

/* ---- Problems ---- */

static int32_t multipliers_of(int32_t cols) {
    return (cols - 1) / 32 + 1;
}

/* How a problem is scaled: no group scales, f32 for 64, 128 or 256 weights, f16 for the same. */
enum { UNSCALED, SCALINGS = 7 };

/* f16 scales of all magnitudes from 2^-8 to 2^7, of both signs. */
static uint16_t next_half(void) {
    return (uint16_t)((next() & 0x83ff) | (7 + next() % 16) << 10);
}

/* Codes start at any byte; a stride has some bytes of padding, except after the last row. */
static problem problem_of(int32_t rows, int32_t cols, const float *codebook, int scaling, int multiplied) {
    const int32_t blocks = qk256_blocks(cols);
    problem p = {.w = {.row_stride = (int64_t)blocks * BLOCK_BYTES + next() % 2 * 13,
                     .rows = rows,
                     .cols = cols,
                     .tensor_scale = next() % 2 ? 1 : 0.37f,
                     .prefetch = cols % 2 ? 10240 : -8192}};
    const size_t misaligned = next() % 4;
    const size_t bytes = (size_t)((rows - 1) * p.w.row_stride) + (size_t)blocks * BLOCK_BYTES;
    p.w.value0 = codebook[0];
    p.w.value1 = codebook[1];
    p.w.value2 = codebook[2];
    p.w.value3 = codebook[3];
    p.w.codebook = _mm_loadu_ps(codebook);
    p.codes_memory = allocate(bytes + misaligned);
    for (size_t i = 0; i < bytes + misaligned; i++) {
        p.codes_memory[i] = (uint8_t)next();
    }
    p.w.codes = p.codes_memory + misaligned;
    p.w.group = scaling == UNSCALED ? BLOCK_WEIGHTS : 64 << (scaling - 1) % 3;
    p.w.scale_bytes = scaling > 3 ? 2 : 4;
    if (scaling != UNSCALED) {
        const int32_t scales = rows * qk256_groups(&p.w);
        p.scales_memory = allocate((size_t)scales * (size_t)p.w.scale_bytes);
        for (int32_t i = 0; i < scales; i++) {
            if (p.w.scale_bytes == 2) {
                ((uint16_t *)p.scales_memory)[i] = next_half();
            } else {
                ((float *)p.scales_memory)[i] = next_float();
            }
        }
        p.w.group_scales = p.scales_memory;
    }
    if (multiplied) {
        const int32_t multipliers = GEMM_COLUMNS * multipliers_of(cols);
        p.multipliers_memory = allocate((size_t)multipliers * sizeof(int16_t));
        for (int32_t i = 0; i < multipliers; i++) {
            p.multipliers_memory[i] = (int16_t)(next() % 8 == 0 ? 32767 : next() % 32768);
        }
        p.w.multipliers = p.multipliers_memory;
    }
    p.x = allocate((size_t)cols * sizeof(float));
    p.q_memory = allocate((size_t)GEMM_COLUMNS * (size_t)cols + misaligned);
    p.q = p.q_memory + misaligned;
    for (int32_t c = 0; c < cols; c++) {
        p.x[c] = next_float();
    }
    for (int64_t i = 0; i < (int64_t)GEMM_COLUMNS * cols; i++) {
        p.q[i] = (int8_t)next();
    }
    return p;
}

static void release(problem *p) {
    free(p->codes_memory);
    free(p->scales_memory);
    free(p->multipliers_memory);
    free(p->x);
    free(p->q_memory);
}

static qk256_call rows_of(const qk256_call *w, int32_t from, int32_t to) {
    qk256_call part = *w;
    part.codes += from < w->rows ? from * w->row_stride : 0;
    part.rows = to - from;
    if (w->group_scales && from < w->rows) {
        part.group_scales = (const char *)w->group_scales + (int64_t)from * qk256_groups(w) * w->scale_bytes;
    }
    return part;
}

/* ---- The contract ---- */

static float value(const qk256_call *w, int64_t row, int32_t col) {
    return w->codebook[w->codes[row * w->row_stride + col / 4] >> (2 * (col % 4)) & 3];
}

static float half_value(uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 0x3ff;
    const float magnitude = exponent == 31 ? (fraction ? NAN : INFINITY)
        : exponent > 0 ? ldexpf((float)(fraction | 0x400), exponent - 25) : ldexpf((float)fraction, -24);
    return bits & 0x8000 ? -magnitude : magnitude;
}

static float scale_of(const qk256_call *w, int64_t row, int32_t group) {
    if (!w->group_scales) {
        return 1;
    }
    const int64_t at = row * qk256_groups(w) + group;
    return w->scale_bytes == 2 ? half_value(((const uint16_t *)w->group_scales)[at])
                               : ((const float *)w->group_scales)[at];
}

static int same_bits(float a, float b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

static void check_dequantize(const problem *p, const float *out, int32_t from, int32_t to) {
    for (int64_t row = from; row < to; row++) {
        for (int32_t c = 0; c < p->w.cols; c++) {
            float scale = scale_of(&p->w, row, c / p->w.group) * p->w.tensor_scale;
            float expected = value(&p->w, row, c) * scale;
            int64_t at = (row - from) * p->w.cols + c;
            if (!same_bits(out[at], expected)) {
                fail(p, "dequantize", at, (double)out[at], (double)expected);
            }
            comparisons++;
        }
    }
}

static void check_f32(const problem *p, const float *y) {
    const double u = ldexp(1, -24);
    const double k = (double)p->w.cols + (p->w.group_scales ? 1 : 0) + (p->w.tensor_scale != 1 ? 1 : 0);
    for (int64_t row = 0; row < p->w.rows; row++) {
        double sum = 0, magnitude = 0;
        for (int32_t c = 0; c < p->w.cols; c++) {
            double term = (double)value(&p->w, row, c) * (double)scale_of(&p->w, row, c / p->w.group)
                * (double)p->w.tensor_scale * (double)p->x[c];
            sum += term;
            magnitude += fabs(term);
        }
        if (!(fabs((double)y[row] - sum) <= k * u / (1 - k * u) * magnitude)) {
            fail(p, "f32 product", row, (double)y[row], sum);
        }
        comparisons++;
    }
}

static void check_i8(const problem *p, const int8_t *q, const int16_t *multipliers, float scale, const float *y) {
    for (int64_t row = 0; row < p->w.rows; row++) {
        double l[8] = {0};
        for (int32_t g = 0; g < qk256_groups(&p->w); g++) {
            int64_t group_sum = 0;
            for (int32_t c = g * p->w.group; c < p->w.cols && c < (g + 1) * p->w.group; c++) {
                group_sum += (int64_t)value(&p->w, row, c) * q[c] * (multipliers ? multipliers[c / 32] : 1);
            }
            l[g % 8] += (double)group_sum * (double)scale_of(&p->w, row, g);
        }
        double sum = ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
        float expected = (float)sum / scale * p->w.tensor_scale;
        if (!same_bits(y[row], expected)) {
            fail(p, "int8 product", row, (double)y[row], (double)expected);
        }
        comparisons++;
    }
}

/* ---- The tests ---- */

#define OF_CALL(jni_type, type, name) call.name,

static void run(qk256_operation *operation, qk256_call call, const void *x, float x_scale, float *y) {
    call.x = x;
    call.x_scale = x_scale;
    operation(QK256_ARGUMENTS(OF_CALL) y);
}

/* The tiers to test, all of which this CPU supports, and those of them that were called. */
static int tested, called;

static int calls(const qk256_tier *tier) {
    const int bit = 1 << (tier - qk256_tiers) & tested;
    called |= bit;
    return bit;
}

#define FOR_EACH_TIER(tier, operation)                                                                                 \
    for (const qk256_tier *tier = qk256_tiers; tier < qk256_tiers + QK256_TIERS; tier++)                               \
        if (tier->operation && calls(tier))

static void test_dequantize(const problem *p, int32_t from, int32_t to) {
    const qk256_call part = rows_of(&p->w, from, to);
    const size_t bytes = (size_t)part.rows * (size_t)part.cols * sizeof(float);
    float *out = allocate(bytes);
    FOR_EACH_TIER(tier, dequantize) {
        memset(out, 0xff, bytes);
        run(tier->dequantize, part, NULL, 1, out);
        check_dequantize(p, out, from, to);
    }
    if (part.rows == 1 && !part.group_scales) {
        const __m128 s = part.codebook * _mm_set1_ps(part.tensor_scale);
        FOR_EACH_TIER(tier, dequantize_run) {
            memset(out, 0xff, (size_t)part.cols * sizeof(float));
            tier->dequantize_run(part.codes, part.cols, s[0], s[1], s[2], s[3], out);
            check_dequantize(p, out, from, to);
        }
    }
    free(out);
}

/* All rows at once, then in two parts: the results must have the same bits. */
static void test_products(const problem *p, int32_t split) {
    const float scale = 12.7f;
    const size_t bytes = (size_t)p->w.rows * sizeof(float);
    float *whole = allocate(bytes);
    float *parts = allocate(bytes);
    const qk256_call upper = rows_of(&p->w, 0, split), lower = rows_of(&p->w, split, p->w.rows);

    FOR_EACH_TIER(tier, gemv_f32) {
        run(tier->gemv_f32, p->w, p->x, 1, whole);
        check_f32(p, whole);
        run(tier->gemv_f32, upper, p->x, 1, parts);
        if (lower.rows > 0) {
            run(tier->gemv_f32, lower, p->x, 1, parts + split);
        }
        for (int32_t r = 0; r < p->w.rows; r++) {
            if (!same_bits(parts[r], whole[r])) {
                fail(p, "f32 product of a range", r, (double)parts[r], (double)whole[r]);
            }
        }
    }
    const int grouped = p->w.group_scales || p->w.multipliers;
    FOR_EACH_TIER(tier, grouped_gemv_i8) {
        qk256_operation *gemv = grouped ? tier->grouped_gemv_i8 : tier->gemv_i8;
        if (gemv) {
            run(gemv, p->w, p->q, scale, whole);
            check_i8(p, p->q, p->multipliers_memory, scale, whole);
            run(gemv, upper, p->q, scale, parts);
            if (lower.rows > 0) {
                run(gemv, lower, p->q, scale, parts + split);
            }
            check_i8(p, p->q, p->multipliers_memory, scale, parts);
        }
    }
    free(whole);
    free(parts);
}

static void run_columns(qk256_columns_operation *operation, qk256_call call, const int8_t *q, int64_t x_stride,
    int32_t columns, const float *scales, float *y, int64_t y_stride) {
    const int64_t multipliers_stride = multipliers_of(call.cols);
    call.x = q;
    call.x_scale = scales[0];
    operation(QK256_ARGUMENTS(OF_CALL) columns, scales[1], scales[2], scales[3], x_stride, multipliers_stride, y_stride, y);
}

/* Every number of columns, with and without padding between them, in two ranges of rows, with memory that ends after
 * the last value. */
static void test_batch(qk256_columns_operation *gemm, const problem *p, int32_t split, int32_t padding) {
    static const float scales[GEMM_COLUMNS] = {12.7f, 0.3f, 1, 977};
    const int32_t rows = p->w.rows;
    const qk256_call upper = rows_of(&p->w, 0, split), lower = rows_of(&p->w, split, rows);
    for (int32_t columns = 1; columns <= GEMM_COLUMNS; columns++) {
        float *y = allocate((size_t)columns * (size_t)rows * sizeof(float));
        const int64_t stride = (int64_t)p->w.cols + padding;
        const size_t size = (size_t)(columns - 1) * (size_t)stride + (size_t)p->w.cols;
        int8_t *q = allocate(size);
        memset(q, 127, size);
        for (int32_t c = 0; c < columns; c++) {
            memcpy(q + c * stride, p->q + (int64_t)c * p->w.cols, (size_t)p->w.cols);
        }
        run_columns(gemm, upper, q, stride, columns, scales, y, rows);
        if (lower.rows > 0) {
            run_columns(gemm, lower, q, stride, columns, scales, y + split, rows);
        }
        for (int32_t c = 0; c < columns; c++) {
            const int16_t *multipliers =
                p->multipliers_memory ? p->multipliers_memory + c * multipliers_of(p->w.cols) : NULL;
            check_i8(p, q + c * stride, multipliers, scales[c], y + (int64_t)c * rows);
        }
        free(q);
        free(y);
    }
}

static void test_batches(const problem *p, int32_t split) {
    const int grouped = p->w.group_scales || p->w.multipliers;
    FOR_EACH_TIER(tier, gemm_i8) {
        qk256_columns_operation *gemm = grouped ? tier->grouped_gemm_i8 : tier->gemm_i8;
        test_batch(gemm, p, split, 0);
        test_batch(gemm, p, split, 37);
    }
}

static void test_shape(int32_t rows, int32_t cols, int32_t split) {
    static const float codebooks[][4] = {{-2, -1, 1, 2}, {-1, 0, 1, 2}, {-64, 63, 0, -7}, {5, 5, 5, 5}, {15, 0, 3, 1}};
    static const int count = sizeof codebooks / sizeof *codebooks;
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        /* All that is scaled up to 300 columns and from 2560 on; between them two of six in turn, which saves a minute. */
        const int in_turn = scaling == UNSCALED || scaling == 1 + cols % 6 || scaling == 1 + cols / 7 % 6;
        if (cols > 300 && cols < 2560 && !in_turn) {
            continue;
        }
        problem p = problem_of(rows, cols, codebooks[cols % count], scaling, (scaling + cols) % 2);
        test_dequantize(&p, 0, rows);
        test_dequantize(&p, split, rows);
        test_dequantize(&p, rows - 1, rows);
        test_products(&p, split);
        test_batches(&p, split);
        release(&p);
    }
}

/* A matrix of one row may have any stride: computing the address of the next row must not overflow. */
static void test_stride(int32_t cols, int64_t stride) {
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        problem p = problem_of(1, cols, (const float[]){-1, 0, 1, 2}, scaling, scaling % 2);
        p.w.row_stride = stride;
        test_dequantize(&p, 0, 1);
        test_products(&p, 1);
        test_batches(&p, 1);
        release(&p);
    }
}

/* The largest products of both signs: 16-bit sums must not overflow. */
static void test_extremes(int32_t cols, const float *codebook) {
    for (int q = -128; q <= 127; q += 255) {
        for (int byte = 0; byte < 4; byte++) {
            problem p = problem_of(5, cols, codebook, 0, 0);
            memset((uint8_t *)p.w.codes, byte * 0x55, (size_t)(4 * p.w.row_stride) + (size_t)(qk256_blocks(cols) * 64));
            memset(p.q, q, (size_t)GEMM_COLUMNS * (size_t)cols);
            test_products(&p, 1);
            test_batches(&p, 1);
            release(&p);
        }
    }
}

/* The largest sums of groups: with multipliers they need up to 32 bits, or more. */
static void test_group_extremes(int32_t cols, const float *codebook) {
    for (int scaling = 0; scaling < SCALINGS; scaling++) {
        for (int q = -128; q <= 127; q += 255) {
            for (int byte = 0; byte < 4; byte++) {
                problem p = problem_of(5, cols, codebook, scaling, 1);
                const size_t codes = (size_t)(4 * p.w.row_stride) + (size_t)(qk256_blocks(cols) * 64);
                memset((uint8_t *)p.w.codes, byte * 0x55, codes);
                memset(p.q, q, (size_t)GEMM_COLUMNS * (size_t)cols);
                for (int32_t i = 0; i < GEMM_COLUMNS * multipliers_of(cols); i++) {
                    p.multipliers_memory[i] = 32767;
                }
                test_products(&p, 1);
                test_batches(&p, 1);
                release(&p);
            }
        }
    }
}

static void run_wide(qk256_wide_operation *gemm, qk256_call call, const int8_t *q, int64_t x_stride, int32_t columns,
    const float *x_scales, float *y, int64_t y_stride) {
    void *scratch = aligned_alloc(64, (size_t)qk256_blocks(call.cols) * 4096);
    call.x = q;
    gemm(QK256_ARGUMENTS(OF_CALL) columns, x_scales, x_stride, y_stride, scratch, y);
    free(scratch);
}

/* Every number of columns, with padding between them, in two ranges of rows. */
static void test_wide(qk256_wide_operation *gemm, int32_t rows, int32_t cols, int32_t split, const float *codebook) {
    float scales[WIDE_COLUMNS];
    problem p = problem_of(rows, cols, codebook, UNSCALED, 0);
    const qk256_call upper = rows_of(&p.w, 0, split), lower = rows_of(&p.w, split, rows);
    for (int32_t columns = 1; columns <= WIDE_COLUMNS; columns++) {
        const int64_t stride = (int64_t)cols + columns % 3 * 5;
        const size_t size = (size_t)(columns - 1) * (size_t)stride + (size_t)cols;
        int8_t *q = allocate(size);
        float *y = allocate((size_t)columns * (size_t)rows * sizeof(float));
        for (size_t i = 0; i < size; i++) {
            q[i] = (int8_t)next();
        }
        for (int32_t c = 0; c < columns; c++) {
            scales[c] = 0.5f + (float)c;
        }
        run_wide(gemm, upper, q, stride, columns, scales, y, rows);
        if (lower.rows > 0) {
            run_wide(gemm, lower, q, stride, columns, scales, y + split, rows);
        }
        for (int32_t c = 0; c < columns; c++) {
            check_i8(&p, q + c * stride, NULL, scales[c], y + (int64_t)c * rows);
        }
        free(q);
        free(y);
    }
    release(&p);
}

static void test_wide_shapes(qk256_wide_operation *gemm) {
    static const int32_t widths[] = {1, 64, 255, 256, 257, 300, 1000, 2560};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        test_wide(gemm, 1, widths[i], 1, (const float[]){-1, 0, 1, 2});
        test_wide(gemm, 16, widths[i], 3, (const float[]){-64, 63, 0, -7});
        test_wide(gemm, 35, widths[i], 16, (const float[]){-2, -1, 1, 2});
    }
}

/* ---- 8-bit rows ---- */

static int64_t q8_byte(int32_t groups, int32_t row, int32_t col) {
    const int64_t block = (int64_t)(row / Q8_ROWS) * groups + col / Q8_GROUP;
    return block * Q8_BLOCK_BYTES + col % Q8_GROUP / 4 * 64 + row % Q8_ROWS * 4 + col % 4;
}

static float q8_expected(const uint8_t *codes, const uint16_t *scales, int32_t cols, int32_t row, const int8_t *q,
    const int16_t *multipliers, float x_scale) {
    const int32_t groups = (cols - 1) / Q8_GROUP + 1;
    double sum = 0;
    for (int32_t g = 0; g < groups; g++) {
        int64_t of_group = 0;
        for (int32_t c = g * Q8_GROUP; c < cols && c < (g + 1) * Q8_GROUP; c++) {
            of_group += (int8_t)codes[q8_byte(groups, row, c)] * q[c];
        }
        const int64_t scale_at = ((int64_t)(row / Q8_ROWS) * groups + g) * Q8_ROWS + row % Q8_ROWS;
        sum += (double)(of_group * (multipliers ? multipliers[g] : 1)) * (double)half_value(scales[scale_at]);
    }
    return (float)sum / x_scale;
}

/* One tier: all numbers of columns, with padding between them, in two ranges of rows. Extreme codes and activations if
 * `extreme`. */
static void test_q8_tier(qk256_q8_operation *operation, int32_t rows, int32_t cols, int32_t split, int multiplied,
    int extreme) {
    const int32_t groups = (cols - 1) / Q8_GROUP + 1;
    const size_t blocks = (size_t)((rows - 1) / Q8_ROWS + 1) * (size_t)groups;
    const size_t misaligned = next() % 4;
    const int64_t stride = cols + (int64_t)(next() % 2 * 37);
    const int64_t multipliers_stride = multipliers_of((int32_t)stride);
    uint8_t *memory = allocate(blocks * Q8_BLOCK_BYTES + misaligned), *codes = memory + misaligned;
    uint16_t *scales = allocate(blocks * Q8_ROWS * sizeof *scales);
    const size_t values = 3 * (size_t)stride + (size_t)cols;
    int8_t *q = allocate(values);
    const size_t factors = 3 * (size_t)multipliers_stride + (size_t)groups;
    int16_t *multipliers = allocate(factors * sizeof *multipliers);
    const float x_scales[GEMM_COLUMNS] = {0.7f, 1, 12.5f, 3e-3f};
    float *y = allocate(GEMM_COLUMNS * (size_t)rows * sizeof *y);
    for (size_t i = 0; i < blocks * Q8_BLOCK_BYTES; i++) {
        codes[i] = extreme ? (uint8_t)(127 + next() % 2) : (uint8_t)next();
    }
    for (size_t i = 0; i < blocks * Q8_ROWS; i++) {
        scales[i] = next_half();
    }
    for (size_t i = 0; i < values; i++) {
        q[i] = extreme ? (int8_t)(127 + next() % 2) : (int8_t)next();
    }
    for (size_t i = 0; i < factors; i++) {
        multipliers[i] = (int16_t)(next() % 8 == 0 ? 32767 : next() % 32768);
    }
    for (int32_t columns = 1; columns <= GEMM_COLUMNS; columns++) {
        memset(y, 0x7f, GEMM_COLUMNS * (size_t)rows * sizeof *y);
        for (int32_t from = 0; from < rows; from = split) {
            const int32_t to = from == 0 ? split : rows;
            const int64_t block = (int64_t)(from / Q8_ROWS) * groups;
            operation(codes + block * Q8_BLOCK_BYTES, scales + block * Q8_ROWS, from % Q8_ROWS, to - from, cols, q, stride,
                multiplied ? multipliers : NULL, multipliers_stride, columns, x_scales[0], x_scales[1], x_scales[2],
                x_scales[3], cols % 2 ? 4096 : -8192, rows, y + from);
            if (to == rows) {
                break;
            }
        }
        for (int64_t i = 0; i < (int64_t)columns * rows; i++) {
            const int32_t c = (int32_t)(i / rows);
            const float expected = q8_expected(codes, scales, cols, (int32_t)(i % rows), q + c * stride,
                multiplied ? multipliers + c * multipliers_stride : NULL, x_scales[c]);
            comparisons++;
            if (!same_bits(y[i], expected)) {
                fprintf(stderr, "8-bit rows, %d rows x %d columns, split at %d, %d activation columns: element %lld is %.9g, expected %.9g\n",
                    rows, cols, split, columns, (long long)i, (double)y[i], (double)expected);
                exit(1);
            }
        }
    }
    free(memory);
    free(scales);
    free(q);
    free(multipliers);
    free(y);
}

static float q8_i16_expected(const uint8_t *codes, const uint16_t *scales, int32_t cols, int32_t row, const int16_t *q,
    float x_scale) {
    const int32_t groups = (cols - 1) / Q8_GROUP + 1;
    double sum = 0;
    for (int32_t g = 0; g < groups; g++) {
        int64_t of_group = 0;
        for (int32_t c = g * Q8_GROUP; c < cols && c < (g + 1) * Q8_GROUP; c++) {
            of_group += (int8_t)codes[q8_byte(groups, row, c)] * q[c];
        }
        const int64_t scale_at = ((int64_t)(row / Q8_ROWS) * groups + g) * Q8_ROWS + row % Q8_ROWS;
        sum += (double)of_group * (double)half_value(scales[scale_at]);
    }
    return (float)sum / x_scale;
}

/* As test_q8_tier, with int16 activations. */
static void test_q8_i16_tier(qk256_q8_i16_operation *operation, int32_t rows, int32_t cols, int32_t split, int extreme) {
    const int32_t groups = (cols - 1) / Q8_GROUP + 1;
    const size_t blocks = (size_t)((rows - 1) / Q8_ROWS + 1) * (size_t)groups;
    const size_t misaligned = next() % 4;
    const int64_t stride = cols + (int64_t)(next() % 2 * 37);
    uint8_t *memory = allocate(blocks * Q8_BLOCK_BYTES + misaligned), *codes = memory + misaligned;
    uint16_t *scales = allocate(blocks * Q8_ROWS * sizeof *scales);
    const size_t values = (Q8_I16_COLUMNS - 1) * (size_t)stride + (size_t)cols;
    int16_t *q = allocate(values * sizeof *q);
    const float s[Q8_I16_COLUMNS] = {0.7f, 1, 12.5f, 3e-3f, 5, 1e6f, 0.11f, 2};
    float *y = allocate(Q8_I16_COLUMNS * (size_t)rows * sizeof *y);
    for (size_t i = 0; i < blocks * Q8_BLOCK_BYTES; i++) {
        codes[i] = extreme ? (uint8_t)(127 + next() % 2) : (uint8_t)next();
    }
    for (size_t i = 0; i < blocks * Q8_ROWS; i++) {
        scales[i] = next_half();
    }
    for (size_t i = 0; i < values; i++) {
        q[i] = extreme ? (int16_t)(32767 + next() % 2) : (int16_t)next();
    }
    for (int32_t columns = 1; columns <= Q8_I16_COLUMNS; columns++) {
        memset(y, 0x7f, Q8_I16_COLUMNS * (size_t)rows * sizeof *y);
        for (int32_t from = 0; from < rows; from = split) {
            const int32_t to = from == 0 ? split : rows;
            const int64_t block = (int64_t)(from / Q8_ROWS) * groups;
            operation(codes + block * Q8_BLOCK_BYTES, scales + block * Q8_ROWS, from % Q8_ROWS, to - from, cols, q, stride,
                columns, s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], cols % 2 ? 4096 : -8192, rows, y + from);
            if (to == rows) {
                break;
            }
        }
        for (int64_t i = 0; i < (int64_t)columns * rows; i++) {
            const int32_t c = (int32_t)(i / rows);
            const float expected = q8_i16_expected(codes, scales, cols, (int32_t)(i % rows), q + c * stride, s[c]);
            comparisons++;
            if (!same_bits(y[i], expected)) {
                fprintf(stderr, "8-bit rows, %d rows x %d columns, split at %d, %d int16 columns: element %lld is %.9g, expected %.9g\n",
                    rows, cols, split, columns, (long long)i, (double)y[i], (double)expected);
                exit(1);
            }
        }
    }
    free(memory);
    free(scales);
    free(q);
    free(y);
}

static void test_q8(int32_t rows, int32_t cols, int32_t split) {
    FOR_EACH_TIER(tier, gemm_q8_i16) {
        for (int extreme = 0; extreme < 2; extreme++) {
            test_q8_i16_tier(tier->gemm_q8_i16, rows, cols, split, extreme);
        }
    }
    FOR_EACH_TIER(tier, gemm_q8) {
        for (int kind = 0; kind < 4; kind++) {
            test_q8_tier(tier->gemm_q8, rows, cols, split, kind & 1, kind >> 1);
        }
    }
}

/* The nearest f16, half to even, of a positive number that is not too large. */
static float nearest_half(float x) {
    int exponent;
    frexp((double)x, &exponent);
    const double step = ldexp(1, (exponent < -13 ? -13 : exponent) - 11);
    return (float)(rint((double)x / step) * step);
}

/* Weights of all magnitudes, groups of zeros, and groups so small that scales are subnormal or 0; then one that is not
 * finite. */
static void test_rounding(int32_t tiles, int32_t cols) {
    const problem shape = {.w = {.rows = tiles * Q8_ROWS, .cols = cols}};
    const int32_t groups = cols / Q8_GROUP;
    const size_t n = (size_t)tiles * Q8_ROWS * (size_t)cols;
    uint8_t *memory = allocate(2 * n + 1);
    uint8_t *weights = memory + 1; /* Any alignment. */
    uint8_t *codes = allocate(n);
    uint16_t *scales = allocate(n / Q8_GROUP * sizeof *scales);
    for (size_t i = 0; i < n; i++) {
        static const uint16_t largest[] = {0x7BFF, 0x3FFF, 0x1FFF, 0x07FF, 0x000F, 0};
        const uint16_t most = largest[i / Q8_GROUP % 6];
        const uint16_t half = (uint16_t)((next() % (most + 1u)) | (next() & 0x8000));
        memcpy(weights + 2 * i, &half, sizeof half);
    }
    if (!qk256_round_q8_avx2(weights, tiles, cols, codes, scales)) {
        fail(&shape, "whether weights are finite", 0, 0, 1);
    }
    for (int32_t row = 0; row < shape.w.rows; row++) {
        for (int32_t g = 0; g < groups; g++) {
            float w[Q8_GROUP], max = 0;
            for (int32_t i = 0; i < Q8_GROUP; i++) {
                uint16_t half;
                memcpy(&half, weights + 2 * ((size_t)row * (size_t)cols + (size_t)(g * Q8_GROUP + i)), sizeof half);
                w[i] = half_value(half);
                max = fmaxf(max, fabsf(w[i]));
            }
            const float scale = nearest_half(max / 127);
            const float seen = half_value(scales[((int64_t)(row / Q8_ROWS) * groups + g) * Q8_ROWS + row % Q8_ROWS]);
            if (!same_bits(seen, scale)) {
                fail(&shape, "scale", (int64_t)row * groups + g, (double)seen, (double)scale);
            }
            const float inverse = scale > 0 ? 1 / scale : 0;
            for (int32_t i = 0; i < Q8_GROUP; i++) {
                const float expected = fmaxf(fminf(rintf(w[i] * inverse), 127), -127);
                const int8_t code = (int8_t)codes[q8_byte(groups, row, g * Q8_GROUP + i)];
                if ((float)code != expected) {
                    fail(&shape, "code", (int64_t)row * cols + g * Q8_GROUP + i, code, (double)expected);
                }
                comparisons++;
            }
        }
    }
    static const uint16_t not_finite[] = {0x7C00, 0xFC00, 0x7E00, 0xFC01};
    for (size_t i = 0; i < sizeof not_finite / sizeof *not_finite; i++) {
        const size_t at = 2 * (next() % n);
        uint16_t before;
        memcpy(&before, weights + at, sizeof before);
        memcpy(weights + at, &not_finite[i], sizeof before);
        if (qk256_round_q8_avx2(weights, tiles, cols, codes, scales)) {
            fail(&shape, "whether weights are finite", (int64_t)at / 2, 1, 0);
        }
        memcpy(weights + at, &before, sizeof before);
    }
    free(memory);
    free(codes);
    free(scales);
}

/* exp(x) as attention defines it. */
static float exponential(float x) {
    if (isnan(x)) {
        return x;
    }
    const double limited = x < -110 ? -110 : x > 110 ? 110 : (double)x;
    const double rounded = limited * 1.4426950408889634 + 0x1.8p52;
    const double r = limited - (rounded - 0x1.8p52) * 0.6931471805599453;
    double series = 1 / 362880.0, factorial = 40320;
    for (int n = 8; n >= 0; n--) {
        series = series * r + 1 / factorial;
        factorial /= n > 0 ? n : 1;
    }
    return (float)ldexp(series, (int)(rounded - 0x1.8p52));
}

/* The sums of the contract: products with keys, exponentials, and values of a block. */
static float dot_of(const float *q, const uint16_t *keys, int32_t size) {
    float sums[32] = {0};
    for (int32_t d = 0; d < size; d++) {
        sums[d % 32] = fmaf(q[d], half_value(keys[d * POSITIONS]), sums[d % 32]);
    }
    for (int half = 16; half >= 4; half /= 2) {
        for (int i = 0; i < half; i++) {
            sums[i] += sums[i + half];
        }
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

static void softmax_of(float *scores, int32_t n) {
    float max = -INFINITY;
    double sums[8] = {0};
    for (int32_t i = 0; i < n; i++) {
        max = fmaxf(max, scores[i]);
    }
    for (int32_t i = 0; i < n; i++) {
        scores[i] = exponential(scores[i] - max);
        sums[i % 8] += (double)scores[i];
    }
    const float inverse = (float)(1
        / (((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))));
    for (int32_t i = 0; i < n; i++) {
        scores[i] = isnan(inverse) ? NAN : nearest_half(scores[i] * inverse);
    }
}

static float mixed_of(const float *weights, const uint16_t *values, int32_t size, int32_t positions) {
    float sum = 0;
    for (int32_t i = 0; i < positions; i++) {
        sum = fmaf(weights[i], half_value(values[i * size]), sum);
    }
    return sum;
}

static uint16_t next_cached(void) {
    return (uint16_t)((next() & 0x8000) | (next() % 0x4400)); /* magnitudes up to 4, subnormal ones too */
}

/* What the keys of one position are, in addition to usual numbers: nothing else, large numbers, an infinite one, and one that is
 * not a number. */
enum { USUAL, LARGE, INFINITE, NOT_A_NUMBER, SPECIALS };

/* Pages of three blocks: keys, a gap, values. All that follows the last position is not a number. */
static void test_attention(int32_t head_size, int32_t queries, int32_t tokens, int32_t first_position, int special) {
    enum { PAGE_BLOCKS = 3, GAP = 2 };
    const problem shape = {.w = {.rows = tokens * queries, .cols = head_size}};
    const int32_t end = first_position + tokens, rows = tokens * queries;
    const int32_t blocks = (end + POSITIONS - 1) / POSITIONS, pages = (blocks + PAGE_BLOCKS - 1) / PAGE_BLOCKS;
    const int32_t stride = blocks * POSITIONS + (int32_t)(next() % 3);
    const size_t block = (size_t)POSITIONS * (size_t)head_size;
    const size_t values_at = PAGE_BLOCKS * block * sizeof(uint16_t) + GAP;
    const uint8_t **memory = allocate((size_t)pages * sizeof *memory);
    for (int32_t p = 0; p < pages; p++) {
        /* The last page ends with the last block of values. */
        const size_t used = (size_t)(p + 1 < pages ? PAGE_BLOCKS : blocks - p * PAGE_BLOCKS);
        uint8_t *page = allocate(values_at + used * block * sizeof(uint16_t));
        memset(page, 0xff, values_at + used * block * sizeof(uint16_t));
        for (int32_t i = p * PAGE_BLOCKS * POSITIONS; i < end && i < (p + 1) * PAGE_BLOCKS * POSITIONS; i++) {
            const size_t at = (size_t)(i / POSITIONS % PAGE_BLOCKS) * block, within = (size_t)(i % POSITIONS);
            for (size_t d = 0; d < (size_t)head_size; d++) {
                ((uint16_t *)page)[at + d * POSITIONS + within] = next_cached();
                ((uint16_t *)(page + values_at))[at + within * (size_t)head_size + d] = next_cached();
            }
            if (i == first_position / 2 && special != USUAL) {
                static const uint16_t keys[] = {0, 0x7B00, 0x7C00, 0x7E00};
                ((uint16_t *)page)[at + (size_t)(head_size - 1) * POSITIONS + within] = keys[special];
            }
        }
        memory[p] = page;
    }
    float *q = allocate((size_t)rows * (size_t)head_size * sizeof *q);
    float *y = allocate((size_t)rows * (size_t)head_size * sizeof *y);
    float *scores = allocate((size_t)rows * (size_t)stride * sizeof *scores);
    float *expected = allocate((size_t)rows * (size_t)head_size * sizeof *expected);
    float *row_scores = allocate((size_t)end * sizeof *row_scores);
    const float scale = 1 / sqrtf((float)head_size);
    for (int32_t i = 0; i < rows * head_size; i++) {
        q[i] = half_value(next_cached());
    }
    for (int32_t row = 0; row < rows; row++) {
        const int32_t n = first_position + row / queries + 1;
        for (int32_t i = 0; i < n; i++) {
            const uint16_t *keys = (const uint16_t *)memory[i / POSITIONS / PAGE_BLOCKS];
            keys += (size_t)(i / POSITIONS % PAGE_BLOCKS) * block + (size_t)(i % POSITIONS);
            row_scores[i] = dot_of(q + row * head_size, keys, head_size) * scale;
        }
        softmax_of(row_scores, n);
        for (int32_t d = 0; d < head_size; d++) {
            float sum = 0;
            for (int32_t i = 0; i < n; i += POSITIONS) {
                const uint16_t *values = (const uint16_t *)(memory[i / POSITIONS / PAGE_BLOCKS] + values_at);
                values += (size_t)(i / POSITIONS % PAGE_BLOCKS) * block + (size_t)d;
                sum += mixed_of(row_scores + i, values, head_size, n - i < POSITIONS ? n - i : POSITIONS);
            }
            expected[row * head_size + d] = sum;
        }
    }
    FOR_EACH_TIER(tier, attention) {
        memset(y, 0xff, (size_t)rows * (size_t)head_size * sizeof *y);
        tier->attention(memory, 0, (int64_t)values_at, PAGE_BLOCKS, head_size, queries, tokens, first_position, scale, q,
            scores, stride, y);
        for (int32_t i = 0; i < rows * head_size; i++) {
            if (!same_bits(y[i], expected[i]) && !(isnan(y[i]) && isnan(expected[i]))) {
                fail(&shape, "attention", i, (double)y[i], (double)expected[i]);
            }
            comparisons++;
        }
    }
    for (int32_t p = 0; p < pages; p++) {
        free((void *)(uintptr_t)memory[p]);
    }
    free(memory);
    free(q);
    free(y);
    free(scores);
    free(expected);
    free(row_scores);
}

/* Lists of every third row, of all and of few. The result has exactly `rows` values, and those of rows that are not listed keep
 * their bits; the transposed result has exactly the columns of its range. */
static void test_lists(int32_t rows, int32_t cols, const float *codebook) {
    problem p = problem_of(rows, cols, codebook, UNSCALED, 0);
    const float scale = 12.7f, untouched = -12345;
    int8_t *of_rows = allocate((size_t)rows);
    for (int32_t r = 0; r < rows; r++) {
        of_rows[r] = (int8_t)next();
    }
    for (int kind = 0; kind < 4; kind++) {
        const int32_t step = kind == 0 ? 1 : kind == 1 ? 3 : 1 + (int32_t)(next() % 40);
        const int32_t first = kind == 3 ? rows : (int32_t)(next() % (uint32_t)step) % rows; /* The last list is empty. */
        const int32_t listed = first < rows ? (rows - first - 1) / step + 1 : 0;
        int32_t *list = allocate((size_t)listed * sizeof *list + 1);
        for (int32_t i = 0; i < listed; i++) {
            list[i] = first + i * step;
        }
        float *all = allocate((size_t)rows * sizeof(float));
        float *y = allocate((size_t)rows * sizeof(float));
        FOR_EACH_TIER(tier, listed_gemv_i8) {
            run(tier->gemv_i8, p.w, p.q, scale, all);
            for (int32_t r = 0; r < rows; r++) {
                y[r] = untouched;
            }
            qk256_call call = p.w;
            call.x = p.q;
            call.x_scale = scale;
            if (listed > 0) {
                tier->listed_gemv_i8(QK256_ARGUMENTS(OF_CALL) list, listed, 0, cols, y);
            }
            for (int32_t r = 0, i = 0; r < rows; r++) {
                const int in_list = i < listed && list[i] == r;
                i += in_list;
                if (!same_bits(y[r], in_list ? all[r] : untouched)) {
                    fail(&p, "product of listed rows", r, (double)y[r], in_list ? (double)all[r] : (double)untouched);
                }
                comparisons++;
            }
        }
        FOR_EACH_TIER(tier, transposed_gemv_i8) {
            const int32_t from = kind == 0 ? 0 : (int32_t)(next() % (uint32_t)cols);
            const int32_t to = kind == 0 ? cols : from + 1 + (int32_t)(next() % (uint32_t)(cols - from));
            float *part = allocate((size_t)(to - from) * sizeof(float));
            qk256_call call = p.w;
            call.x = of_rows;
            call.x_scale = scale;
            /* As an integer, because a pointer before the memory is undefined behavior. */
            float *column0 = (float *)((uintptr_t)part - (uintptr_t)from * sizeof(float));
            tier->transposed_gemv_i8(QK256_ARGUMENTS(OF_CALL) list, listed, from, to, column0);
            for (int32_t c = from; c < to; c++) {
                int64_t sum = 0;
                for (int32_t i = 0; i < listed; i++) {
                    sum += (int64_t)value(&p.w, list[i], c) * of_rows[list[i]];
                }
                const float expected = (float)sum / scale * p.w.tensor_scale;
                if (!same_bits(part[c - from], expected)) {
                    fail(&p, "transposed product", c, (double)part[c - from], (double)expected);
                }
                comparisons++;
            }
            free(part);
        }
        free(list);
        free(all);
        free(y);
    }
    free(of_rows);
    release(&p);
}

/* The AMX tier with tiles in plain C. */
qk256_wide_operation qk256_gemm_i8_amx_emulated;

/* With `short`, fewer widths are tried: those of one block and a little more. After `short` or `all`, the set of tiers;
 * without it, all but AMX: as long as nobody has run that on hardware, nobody's build depends on it. */
int main(int argc, char **argv) {
    const int few = argc > 1 && strcmp(argv[1], "short") == 0;
    const int supported = qk256_runnable_tiers();
    tested = argc > 2 ? (int)strtol(argv[2], NULL, 0) : supported & ~(1 << QK256_AMX);
    if (tested & ~supported) {
        fprintf(stderr, "this machine has the tiers 0x%x, not all of 0x%x\n", (unsigned)supported, (unsigned)tested);
        return 1;
    }
    if (!tested) {
        puts("not run, this CPU lacks AVX2, FMA or F16C");
        return 0;
    }
    for (int32_t cols = 1; cols <= (few ? 270 : 1030); cols++) {
        test_shape(6, cols, 1);
    }
    static const int32_t wide[] = {2560, 8191, 8192, 8193, 3 * 8192 + 5};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        test_shape(6, wide[i], 1);
    }
    for (int64_t stride = INT64_MAX; stride > INT64_MAX / 64; stride /= 2) {
        test_stride(1, stride);
        test_stride(300, stride);
        test_stride(8192 + 257, stride);
    }
    test_shape(256 + 5, 300, 256);
    test_shape(few ? 16 + 1 : 256 + 1, 8192 + 257, 3);
    test_extremes(6912, (const float[]){-64, 63, 15, -49});
    test_extremes(6912, (const float[]){-2, -1, 1, 2});
    test_extremes(6912, (const float[]){-1, 0, 1, 2});
    test_extremes(8192, (const float[]){60, 61, 62, 63});
    test_extremes(6912, (const float[]){-8, 7, 0, 1});
    test_extremes(6912, (const float[]){-8, 9, 0, 1});
    test_group_extremes(2048 + 300, (const float[]){-1, 0, 1, 2});
    test_group_extremes(2048 + 300, (const float[]){-2, -1, 1, 2});
    test_group_extremes(2048 + 300, (const float[]){-3, 1, 5, 7});
    test_group_extremes(2048 + 300, (const float[]){-64, 63, 15, -49});
    for (int32_t cols = 1; cols <= (few ? 70 : 200); cols++) {
        test_q8(1 + cols % 40, cols, 1 + cols % 40 / 2);
    }
    test_q8(16, 2560, 16);
    test_q8(16 * 16 + 3, 64, 16 * 16 + 1);
    test_q8(33, 2 * 8192 + 5, 7);
    test_q8(16 * 17, 8192 + 32, 16 * 16);
    for (int32_t cols = Q8_GROUP; cols <= 20 * Q8_GROUP; cols += Q8_GROUP) {
        test_rounding(1 + cols / Q8_GROUP % 3, cols);
    }
    for (int32_t i = 0; i < (few ? 40 : 300); i++) {
        test_attention(32 * (1 + i % 8), 1 + i % 7, 1 + i % 20, (int32_t)(next() % 230), i % SPECIALS);
    }
    test_attention(128, 4, 1, 0, USUAL);
    test_attention(128, 4, 64, 0, USUAL);
    static const float codebooks[][4] = {{-1, 0, 1, 2}, {-2, -1, 1, 2}, {-64, 63, 15, -49}, {0, 1, 2, 3}};
    for (int32_t cols = 1; cols <= (few ? 140 : 530); cols++) {
        test_lists(1 + cols % 70, cols, codebooks[cols % 4]);
    }
    test_lists(300, 8193, codebooks[0]);
    test_lists(1025, 3, codebooks[1]);
    test_lists(90000, 5, codebooks[0]);
    test_lists(33, 2 * 4096 + 300, codebooks[2]);
#ifndef WITHOUT_AVX512VNNI
    if (tested >> QK256_AVX512_VNNI & 1) {
        test_wide_shapes(qk256_gemm_i8_amx_emulated);
    }
#endif
    FOR_EACH_TIER(tier, wide_gemm_i8) {
        test_wide_shapes(tier->wide_gemm_i8);
    }
    if (called != tested) {
        fprintf(stderr, "of the tiers 0x%x, only 0x%x were called\n", (unsigned)tested, (unsigned)called);
        return 1;
    }
    printf("%ld values agree with the contract; tiers that ran: 0x%x\n", comparisons, (unsigned)called);
    return 0;
}
