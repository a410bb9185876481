/* The int8 GEMV: one column of activations. Products with groups are in grouped_i8_avx2.c. */
#include "i8_avx2.h"
#include "listed.h"

/* gemv_i8_avxvnni.c compiles this file again for its tier, which differs only in how products are added. */
#ifdef __AVXVNNI__
#define GEMV_I8 qk256_gemv_i8_avxvnni
#define LISTED_I8 qk256_listed_i8_avxvnni
#else
#define GEMV_I8 qk256_gemv_i8_avx2
#define LISTED_I8 qk256_listed_i8_avx2
#endif

/* A block's products are added up in SUMS vectors of eight 32-bit lanes. If u is the code itself, it is not first moved
 * to the lowest bits of its byte: vector k then holds 4^k times its sum, and has room for a chunk:
 * 256 * 3 * 64 * 128 < 2^31. */
#ifdef __AVXVNNI__

enum { SUMS = 4 };

/* Adds u * q of a block of one row. One vector per plane gives four chains of additions, which the CPU overlaps. */
INLINE void add_block(int kind, const uint8_t *codes, byte_table table, const int8_t *planes, __m256i *sums) {
    for (int half = 0; half < 2; half++) {
        const __m256i *q = (const __m256i *)(planes + 128 * half);
        __m256i bytes = load_codes(codes + 32 * half);
        __m256i u[4];
        if (kind != CODES) {
            look_up(bytes, table, u);
        }
        for (int k = 0; k < 4; k++) {
            if (kind == CODES) {
                u[k] = _mm256_and_si256(bytes, _mm256_set1_epi8((char)(3 << (2 * k))));
            }
            sums[k] = _mm256_dpbusd_avx_epi32(sums[k], u[k], q[k]);
        }
    }
}

#else

enum { SUMS = 2 };

/* Adjacent products are added in 16 bits, and so are those of a block unless `kind` is WIDE. Codes are weighted 1 or 4:
 * 16 bits have no room for 4^3. */
INLINE void add_block(int kind, const uint8_t *codes, byte_table table, const int8_t *planes, __m256i *sums) {
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i narrow[SUMS] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    for (int half = 0; half < 2; half++) {
        const __m256i *q = (const __m256i *)(planes + 128 * half);
        __m256i bytes = load_codes(codes + 32 * half);
        __m256i u[4];
        if (kind != CODES) {
            look_up(bytes, table, u);
        }
        for (int k = 0; k < 4; k++) {
            if (kind == CODES) {
                __m256i nibbles = k < 2 ? bytes : _mm256_srli_epi16(bytes, 4);
                u[k] = _mm256_and_si256(nibbles, _mm256_set1_epi8(k % 2 == 0 ? 3 : 12));
            }
            __m256i products = _mm256_maddubs_epi16(u[k], q[k]);
            if (kind == WIDE) {
                sums[k % 2] = _mm256_add_epi32(sums[k % 2], _mm256_madd_epi16(products, ones));
            } else {
                int to = kind == CODES ? k % 2 : 0;
                narrow[to] = _mm256_add_epi16(narrow[to], products);
            }
        }
    }
    for (int k = 0; k < SUMS && kind != WIDE; k++) {
        sums[k] = _mm256_add_epi32(sums[k], _mm256_madd_epi16(narrow[k], ones));
    }
}

#endif

INLINE void clear(__m256i *sums) {
    for (int k = 0; k < SUMS; k++) {
        sums[k] = _mm256_setzero_si256();
    }
}

INLINE __m256i merged(int kind, const __m256i *sums) {
    __m256i total = sums[0];
    for (int k = 1; k < SUMS; k++) {
        total = _mm256_add_epi32(total, kind == CODES ? _mm256_srai_epi32(sums[k], 2 * k) : sums[k]);
    }
    return total;
}

/* The sum of u * q of a chunk of one row, in eight lanes. */
INLINE __m256i row_lanes(int kind, span s, uint64_t ahead, byte_table table, const arranged *x) {
    __m256i sums[SUMS];
    clear(sums);
    for (int32_t b = 0; b < s.blocks; b++) {
        const uint8_t *codes = s.codes + (int64_t)b * BLOCK_BYTES;
        prefetch(s.prefetch, codes, ahead);
        add_block(kind, codes, table, x->planes + b * BLOCK_WEIGHTS, sums);
    }
    return merged(kind, sums);
}

/* Adds a chunk of `n` rows, 1 or GROUP, to their sums. Reads one row after the other, because
 * memory delivers one stream faster than four. Nothing overflows: int32 holds the sum of a chunk of the largest
 * products (8192 * 127 * 128), and f64 the sum of all chunks. */
INLINE __m256d add_rows(int n, int kind, span s, row_choice rows, int32_t first, byte_table table, const arranged *x,
    __m256d row_sums) {
    __m256i lanes[GROUP];
    for (int r = 0; r < n; r++) {
        const span one = span_down(s, row_at(rows, first + r));
        lanes[r] = row_lanes(kind, one, listed_ahead(s, rows, first + r), table, x);
    }
    __m128i sums = sum4(lanes[0], lanes[1 % n], lanes[2 % n], lanes[3 % n]);
    sums = _mm_add_epi32(sums, _mm_set1_epi32(table.smallest * x->sum));
    return _mm256_add_pd(row_sums, _mm256_cvtepi32_pd(sums));
}

/* Adds a chunk of some rows to their sums. */
INLINE void add_tile(int kind, int32_t n, span s, row_choice rows, byte_table table, const arranged *x, double *sums) {
    int32_t r = 0;
    for (; r + GROUP <= n; r += GROUP) {
        __m256d group = _mm256_loadu_pd(sums + r);
        group = add_rows(GROUP, kind, s, rows, r, table, x, group);
        _mm256_storeu_pd(sums + r, group);
    }
    for (; r < n; r++) {
        __m256d one = _mm256_set1_pd(sums[r]);
        one = add_rows(1, kind, s, rows, r, table, x, one);
        sums[r] = _mm256_cvtsd_f64(one);
    }
}

/* The products of `n` rows; `all` has a list, or is for all. */
INLINE void product(const qk256_call *w, int32_t n, row_choice all, float *y) {
    arranged in;
    double sums[TILE];
    const byte_table table = byte_table_of(w->codebook);
    for (int64_t row = 0; row < n; row += TILE) {
        const int32_t of_tile = smaller(n - row, TILE);
        const row_choice rows = rows_from(all, (int32_t)row);
        const int64_t down = all.list ? 0 : row;
        memset(sums, 0, (size_t)of_tile * sizeof *sums);
        for (int64_t col = 0; col < w->cols; col += CHUNK) {
            const int32_t cols = smaller(w->cols - col, CHUNK);
            if (row == 0 || w->cols > CHUNK) {
                arrange((const int8_t *)w->x + col, cols, &in);
            }
            const span s = span_of(w, down, col, cols);
            if (table.kind == CODES) {
                add_tile(CODES, of_tile, s, rows, table, &in, sums);
            } else if (table.kind == NARROW) {
                add_tile(NARROW, of_tile, s, rows, table, &in, sums);
            } else {
                add_tile(WIDE, of_tile, s, rows, table, &in, sums);
            }
        }
        for (int32_t r = 0; r < of_tile; r++) {
            y[down + row_at(rows, r)] = (float)sums[r] / w->x_scale * w->tensor_scale;
        }
    }
}

/* These two are not inlined, and have few scalars: the inner loops need the registers that gcc would keep arguments in
 * (2 to 6 %). */
static __attribute__((noinline)) void product_of_all(const qk256_call *w, float *y) {
    product(w, w->rows, (row_choice){NULL, 0}, y);
}

static __attribute__((noinline)) void product_of_listed(const qk256_call *w, row_choice rows, float *y) {
    product(w, rows.listed, rows, y);
}

qk256_operation GEMV_I8;

void GEMV_I8(QK256_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    product_of_all(&w, y);
}

qk256_listed_operation LISTED_I8;

void LISTED_I8(QK256_LISTED_PARAMETERS float *y) {
    const qk256_call w = QK256_CALL;
    (void)from_col;
    (void)to_col;
    product_of_listed(&w, (row_choice){list, listed}, y);
}
