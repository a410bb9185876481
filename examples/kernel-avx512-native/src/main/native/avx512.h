/*
 * Shared by the files with intrinsics. They, and only they, are compiled with -mavx512f and the like; none of their code runs
 * before the library has checked the CPU. Contraction is off: a multiply-add is fused only where the code says so.
 */
#ifndef AVX512_H
#define AVX512_H

#include "kernel.h"

#include <immintrin.h>
#include <stddef.h>

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__) || !defined(__AVX512VNNI__)
#error "compile this file with -mavx512f -mavx512bw -mavx512vl -mavx512vnni"
#endif

/* The inner functions take constants as arguments and are specialized only when inlined. */
#define INLINE static inline __attribute__((always_inline))

enum {
    /* Rows that share each load of the activations. */
    GROUP = 4,
    /* Columns whose activations are arranged at once: 32 KiB of f32. BitNet's widest matrix has 6912. */
    CHUNK = 8192,
    CHUNK_BLOCKS = CHUNK / BLOCK_WEIGHTS
};

/* A chunk of a group of rows, over which the inner loops of the products run. Where the matrix ends within the group, its last
 * row stands in for the missing ones, and their sums are discarded. */
typedef struct {
    const uint8_t *codes[GROUP];
    const float *scales[GROUP]; /* block scales, or NULL */
    uint64_t ahead;             /* bytes from a row to the row to prefetch */
    int32_t rows;               /* rows that exist */
    int32_t blocks;
} group;

static inline int32_t smaller(int64_t a, int32_t b) {
    return a < b ? (int32_t)a : b;
}

static inline int32_t blocks_of(int32_t cols) {
    return (cols - 1) / BLOCK_WEIGHTS + 1;
}

INLINE group group_of(const matrix *w, int64_t row, int32_t col, int32_t cols) {
    /* Weights are read once per token, from memory, so they are prefetched two groups ahead. Unsigned, because a matrix of
     * one row may have any stride. */
    group g = {.ahead = 2 * GROUP * (uint64_t)w->row_stride, .rows = smaller(w->rows - row, GROUP), .blocks = blocks_of(cols)};
    for (int r = 0; r < GROUP; r++) {
        const int64_t at = row + (r < g.rows ? r : g.rows - 1);
        g.codes[r] = w->codes + at * w->row_stride + col / 4;
        g.scales[r] = w->block_scales ? w->block_scales + at * blocks_of(w->cols) + col / BLOCK_WEIGHTS : NULL;
    }
    return g;
}

/* The codes of block `b` of row `r`. A prefetch past the matrix is harmless, but computing a pointer past it is
 * undefined in C, hence the integer. */
INLINE __m512i codes_of(const group *g, int r, int32_t b) {
    const uint8_t *codes = g->codes[r] + (int64_t)b * BLOCK_BYTES;
    _mm_prefetch((const char *)((uintptr_t)codes + (uintptr_t)g->ahead), _MM_HINT_T0);
    return _mm512_loadu_si512(codes);
}

/* Four bytes, at any address. */
typedef int32_t __attribute__((aligned(1), may_alias)) int32_u;

/* The scales of block `b`, row by row. */
INLINE __m128 scales_of(const group *g, int32_t b) {
    return _mm_setr_ps(g->scales[0][b], g->scales[1][b], g->scales[2][b], g->scales[3][b]);
}

/* The first `n` lanes of `lanes`. */
INLINE uint64_t first(int64_t n, int lanes) {
    return n >= lanes ? ~UINT64_C(0) >> (64 - lanes) : (UINT64_C(1) << n) - 1;
}

#endif
