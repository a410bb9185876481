/*
 * The int8 GEMM with up to four columns of activations, in AVX-512. Products with groups are in grouped_i8_avx512vnni.c.
 *
 * Four rows times four columns are 16 vectors of sums, which stay in registers: that many multiply-adds do not wait for
 * each other, the rows share the loads of activations, and the columns share the unpacking of weights.
 */
#include "i8_avx512.h"

/* A chunk of the activations. The parts of missing columns are never used, but defined. */
typedef struct {
    _Alignas(64) int8_t planes[GEMM_COLUMNS * CHUNK]; /* by block, plane, column */
    int32_t sums[GEMM_COLUMNS];                       /* of q */
} arranged;

/* The distance from a plane of a block and column to the next plane, and from a block to the next. */
enum { PLANE_BYTES = GEMM_COLUMNS * 64, BLOCK_PLANES_BYTES = 4 * PLANE_BYTES };

/* A chunk of a group of rows. If the matrix ends within the group, its last row stands in for the missing rows, and
 * their sums are discarded. */
typedef struct {
    const uint8_t *codes[GROUP];
    uint64_t ahead;             /* bytes from a row to the row to prefetch */
    int32_t blocks;
    int32_t prefetch; /* as in the arguments */
} row_group;

/* By row and column: the first half holds rows 0 and 1. */
typedef struct {
    __m512d of[2];
} group_sums;

static inline row_group group_of(const qk256_call *w, int64_t row, int64_t col, int32_t cols) {
    row_group g = {.blocks = qk256_blocks(cols), .prefetch = w->prefetch};
    /* Unsigned, because a matrix of one row may have any stride. */
    g.ahead = rows_to_prefetch(w->prefetch, GROUP * g.blocks) * GROUP * (uint64_t)w->row_stride;
    for (int r = 0; r < GROUP; r++) {
        const int64_t at = row + smaller(w->rows - row - 1, r);
        g.codes[r] = w->codes + at * w->row_stride + col / 4;
    }
    return g;
}

/* ---- Activations ---- */

/* Arranges `cols` activations of each of `n` columns, which are `stride` apart. */
static void arrange(int32_t n, const int8_t *q, int64_t stride, int32_t cols, arranged *x) {
    memset(x->sums, 0, sizeof x->sums);
    for (int32_t c = 0; c < n; c++) {
        for (int32_t b = 0; b < qk256_blocks(cols); b++) {
            const int32_t at = b * BLOCK_WEIGHTS;
            x->sums[c] +=
                arrange_block(q + c * stride + at, cols - at, x->planes + b * BLOCK_PLANES_BYTES + 64 * c, PLANE_BYTES);
        }
    }
}

/* ---- Products ---- */

INLINE void clear(int n, __m512i (*lanes)[GEMM_COLUMNS]) {
    for (int r = 0; r < GROUP; r++) {
        for (int c = 0; c < n; c++) {
            lanes[r][c] = _mm512_setzero_si512();
        }
    }
}

/* Adds u * q of plane k of a block to the lanes of each row and column. Nothing overflows: int32 holds the sum of a
 * chunk of the largest products (8192 * 127 * 128). */
INLINE void add_plane(int n, int k, const __m512i *codes, byte_table table, const int8_t *planes,
    __m512i (*lanes)[GEMM_COLUMNS]) {
    __m512i u[GROUP];
    for (int r = 0; r < GROUP; r++) {
        u[r] = look_up(codes[r], k, table);
    }
    for (int c = 0; c < n; c++) {
        const __m512i q = _mm512_load_si512(planes + k * PLANE_BYTES + 64 * c);
        for (int r = 0; r < GROUP; r++) {
            lanes[r][c] = _mm512_dpbusd_epi32(lanes[r][c], u[r], q);
        }
    }
}

INLINE void add_block(int n, const row_group *g, int32_t b, byte_table table, const arranged *x,
    __m512i (*lanes)[GEMM_COLUMNS]) {
    const int8_t *planes = x->planes + b * BLOCK_PLANES_BYTES;
    __m512i codes[GROUP];
    for (int r = 0; r < GROUP; r++) {
        const uint8_t *from = g->codes[r] + (int64_t)b * BLOCK_BYTES;
        prefetch(g->prefetch, from, g->ahead);
        codes[r] = _mm512_loadu_si512(from);
    }
    add_plane(n, 0, codes, table, planes, lanes);
    add_plane(n, 1, codes, table, planes, lanes);
    add_plane(n, 2, codes, table, planes, lanes);
    add_plane(n, 3, codes, table, planes, lanes);
}

/* Reduces the lanes of four columns to partial sums, one per column in each 128-bit lane. */
INLINE __m512i sum4(__m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    return _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
}

/* The sums of adjacent 128-bit lanes: those of `a`, then those of `b`. */
INLINE __m512i add_lanes(__m512i a, __m512i b) {
    return _mm512_add_epi32(_mm512_shuffle_i32x4(a, b, _MM_SHUFFLE(2, 0, 2, 0)),
        _mm512_shuffle_i32x4(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
}

/* sum(value * q) by row and column. */
INLINE group_sums corrected(int n, __m512i (*lanes)[GEMM_COLUMNS], byte_table table, const int32_t *q_sums) {
    __m512i rows[GROUP];
    for (int r = 0; r < GROUP; r++) {
        rows[r] = sum4(lanes[r][0], lanes[r][1 % n], lanes[r][2 % n], lanes[r][3 % n]);
    }
    const __m512i u_sums = add_lanes(add_lanes(rows[0], rows[1]), add_lanes(rows[2], rows[3]));
    const __m512i each_row = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)q_sums));
    const __m512i sums = _mm512_add_epi32(u_sums, _mm512_mullo_epi32(table.smallest, each_row));
    return (group_sums){{_mm512_cvtepi32_pd(_mm512_castsi512_si256(sums)),
        _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64(sums, 1))}};
}

/* Adds a chunk of a group. */
INLINE void add_group(int n, const row_group *g, byte_table table, const arranged *x, group_sums *sums) {
    __m512i lanes[GROUP][GEMM_COLUMNS];
    clear(n, lanes);
    for (int32_t b = 0; b < g->blocks; b++) {
        add_block(n, g, b, table, x, lanes);
    }
    const group_sums chunk = corrected(n, lanes, table, x->sums);
    for (int i = 0; i < 2; i++) {
        sums->of[i] = _mm512_add_pd(sums->of[i], chunk.of[i]);
    }
}

INLINE void store(int n, const group_sums *sums, __m512 scales, float tensor_scale, int32_t rows, float *y,
    int64_t y_stride) {
    const __m512i first_column = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
    const __m256 upper = _mm512_cvtpd_ps(sums->of[0]), lower = _mm512_cvtpd_ps(sums->of[1]);
    const __m512 rounded = _mm512_castpd_ps(_mm512_insertf64x4(
        _mm512_castps_pd(_mm512_castps256_ps512(upper)), _mm256_castps_pd(lower), 1));
    const __m512 results = _mm512_mul_ps(_mm512_div_ps(rounded, scales), _mm512_set1_ps(tensor_scale));
    for (int c = 0; c < n; c++) {
        const __m512i column = _mm512_add_epi32(first_column, _mm512_set1_epi32(c));
        const __m512 values = _mm512_permutexvar_ps(column, results);
        /* A 512-bit store: gcc turns a masked store of the lower 128 bits into a vextractf32x4, which accesses the
         * memory of lanes that are masked off. */
        _mm512_mask_storeu_ps(y + c * y_stride, (__mmask16)first(rows), values);
    }
}

/* The product with `n` columns; `n` is a constant. */
INLINE void product(int n, const qk256_call *w, int64_t q_stride, __m128 scales, float *y, int64_t y_stride) {
    const int8_t *q = w->x;
    arranged x;
    group_sums sums[TILE / GROUP];
    const byte_table table = byte_table_of(w->codebook);
    const __m512 each_row = _mm512_broadcast_f32x4(scales);
    for (int64_t row = 0; row < w->rows; row += TILE) {
        const int32_t rows = smaller(w->rows - row, TILE);
        memset(sums, 0, sizeof sums);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t cols = smaller(w->cols - col, CHUNK);
            if (row == 0 || w->cols > CHUNK) {
                arrange(n, q + col, q_stride, cols, &x);
            }
            for (int32_t r = 0; r < rows; r += GROUP) {
                const row_group g = group_of(w, row + r, col, cols);
                add_group(n, &g, table, &x, &sums[r / GROUP]);
            }
        }
        for (int32_t r = 0; r < rows; r += GROUP) {
            store(n, &sums[r / GROUP], each_row, w->tensor_scale, smaller(rows - r, GROUP), y + row + r, y_stride);
        }
    }
}

void qk256_gemm_i8_avx512vnni(QK256_COLUMN_PARAMETERS float *y) {
    (void)multipliers_stride;
    const qk256_call w = QK256_CALL;
    const __m128 scales = _mm_setr_ps(x_scale, x_scale1, x_scale2, x_scale3);
    switch (columns) {
    case 1:
        product(1, &w, x_stride, scales, y, y_stride);
        break;
    case 2:
        product(2, &w, x_stride, scales, y, y_stride);
        break;
    case 3:
        product(3, &w, x_stride, scales, y, y_stride);
        break;
    default:
        product(4, &w, x_stride, scales, y, y_stride);
    }
}
