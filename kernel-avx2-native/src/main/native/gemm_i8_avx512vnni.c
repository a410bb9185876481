/*
 * The int8 GEMM with up to four columns of activations, in AVX-512. As in i8_avx2.h, codes become unsigned bytes
 * u = value - smallest value, and sum(value * q) = sum(u * q) + smallest value * sum(q). Here a vector holds the codes
 * of a whole block: byte i has weights 4 i .. 4 i + 3, so plane k of a block of activations is q[4 i + k], i = 0 .. 63.
 *
 * Four rows times four columns are 16 vectors of sums, which stay in registers: that many multiply-adds do not wait for
 * each other, the rows share the loads of activations, and the columns share the unpacking of weights.
 */
#include "tier.h"

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || !defined(__AVX512VNNI__)
#error "this file needs -mavx512f -mavx512bw -mavx512vl -mavx512vnni"
#endif

/* Products with groups are in grouped_i8_avx2.c. */
void qk256_grouped_i8_avx2(const qk256_call *w, int32_t columns, const float *x_scales, int64_t x_stride,
    int64_t multipliers_stride, float *y, int64_t y_stride);

typedef struct {
    __m512i even; /* u of the lower code, by nibble */
    __m512i odd;  /* u of the upper code, by nibble */
    __m512i smallest;
} byte_table;

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
} group;

/* By row and column: the first half holds rows 0 and 1. */
typedef struct {
    __m512d of[2];
} group_sums;

static inline byte_table byte_table_of(__m128 codebook) {
    const __m128i values = _mm_cvttps_epi32(codebook);
    __m128i smallest = _mm_min_epi32(values, _mm_shuffle_epi32(values, _MM_SHUFFLE(1, 0, 3, 2)));
    smallest = _mm_min_epi32(smallest, _mm_shuffle_epi32(smallest, _MM_SHUFFLE(2, 3, 0, 1)));
    const __m128i u = _mm_cvtepi32_epi8(_mm_sub_epi32(values, smallest));
    const __m128i lower = _mm_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3);
    const __m128i upper = _mm_setr_epi8(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return (byte_table){_mm512_broadcast_i32x4(_mm_shuffle_epi8(u, lower)),
        _mm512_broadcast_i32x4(_mm_shuffle_epi8(u, upper)), _mm512_broadcastd_epi32(smallest)};
}

static inline group group_of(const qk256_call *w, int64_t row, int64_t col, int32_t cols) {
    group g = {.blocks = qk256_blocks(cols)};
    /* Unsigned, because a matrix of one row may have any stride. */
    g.ahead = (uint64_t)(PREFETCH_BYTES / (GROUP * g.blocks * BLOCK_BYTES) + 1) * GROUP * (uint64_t)w->row_stride;
    for (int r = 0; r < GROUP; r++) {
        const int64_t at = row + smaller(w->rows - row - 1, r);
        g.codes[r] = w->codes + at * w->row_stride + col / 4;
    }
    return g;
}

/* ---- Activations ---- */

/* Mask of the first `n` of 64 lanes; `n` is 1 or more. */
INLINE __mmask64 first(int32_t n) {
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* Arranges a block of a column; returns its sum. Only `n` activations are present: zeros replace the others, so that
 * padding codes add nothing. */
static inline int32_t arrange_block(const int8_t *q, int32_t n, int8_t *planes) {
    const __m512i by_plane =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const __m512i first_planes = _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    const __m512i last_planes = _mm512_add_epi32(first_planes, _mm512_set1_epi32(2));
    __m512i in[4];
    __m512i sum = _mm512_setzero_si512();
    for (int j = 0; j < 4; j++) {
        in[j] = n > 64 * j ? _mm512_maskz_loadu_epi8(first(n - 64 * j), q + 64 * j) : _mm512_setzero_si512();
        sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), in[j]);
        in[j] = _mm512_shuffle_epi8(in[j], by_plane);
    }
    /* 32-bit element k of each 128-bit lane now belongs to plane k. */
    for (int k = 0; k < 4; k += 2) {
        const __m512i two_planes = k == 0 ? first_planes : last_planes;
        const __m512i a = _mm512_permutex2var_epi32(in[0], two_planes, in[1]);
        const __m512i b = _mm512_permutex2var_epi32(in[2], two_planes, in[3]);
        _mm512_store_si512(planes + k * PLANE_BYTES, _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(1, 0, 1, 0)));
        _mm512_store_si512(planes + (k + 1) * PLANE_BYTES, _mm512_shuffle_i64x2(a, b, _MM_SHUFFLE(3, 2, 3, 2)));
    }
    return _mm512_reduce_add_epi32(sum);
}

/* Arranges `cols` activations of each of `n` columns, which are `stride` apart. */
static void arrange(int32_t n, const int8_t *q, int64_t stride, int32_t cols, arranged *x) {
    memset(x->sums, 0, sizeof x->sums);
    for (int32_t c = 0; c < n; c++) {
        for (int32_t b = 0; b < qk256_blocks(cols); b++) {
            const int32_t at = b * BLOCK_WEIGHTS;
            x->sums[c] +=
                arrange_block(q + c * stride + at, cols - at, x->planes + b * BLOCK_PLANES_BYTES + 64 * c);
        }
    }
}

/* ---- Products ---- */

/* The u of plane k. */
INLINE __m512i look_up(__m512i codes, int k, byte_table table) {
    const __m512i nibbles = _mm512_and_si512(k < 2 ? codes : _mm512_srli_epi16(codes, 4), _mm512_set1_epi8(15));
    return _mm512_shuffle_epi8(k % 2 == 0 ? table.even : table.odd, nibbles);
}

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

INLINE void add_block(int n, const group *g, int32_t b, byte_table table, const arranged *x,
    __m512i (*lanes)[GEMM_COLUMNS]) {
    const int8_t *planes = x->planes + b * BLOCK_PLANES_BYTES;
    __m512i codes[GROUP];
    for (int r = 0; r < GROUP; r++) {
        const uint8_t *from = g->codes[r] + (int64_t)b * BLOCK_BYTES;
        prefetch(from, g->ahead);
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
INLINE void add_group(int n, const group *g, byte_table table, const arranged *x, group_sums *sums) {
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
                const group g = group_of(w, row + r, col, cols);
                add_group(n, &g, table, &x, &sums[r / GROUP]);
            }
        }
        for (int32_t r = 0; r < rows; r += GROUP) {
            store(n, &sums[r / GROUP], each_row, w->tensor_scale, smaller(rows - r, GROUP), y + row + r, y_stride);
        }
    }
}

void qk256_gemm_i8_avx512vnni(QK256_COLUMN_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    const __m128 scales = _mm_setr_ps(x_scale, x_scale1, x_scale2, x_scale3);
    if (w.group_scales || w.multipliers) {
        float each[GEMM_COLUMNS];
        _mm_storeu_ps(each, scales);
        qk256_grouped_i8_avx2(&w, columns, each, x_stride, multipliers_stride, y, y_stride);
        return;
    }
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
