/*
 * Shared by all files with intrinsics, whatever their tier. Only these files are compiled with -m options, and none of
 * their code runs before the library has queried the CPU. Contraction is off: fused multiply-adds are written
 * explicitly.
 */
#ifndef QK256_TIER_H
#define QK256_TIER_H

#include "qk256.h"

#include <immintrin.h>
#include <string.h>

/* The inner functions take constants as arguments and are specialized only if inlined. */
#define INLINE static inline __attribute__((always_inline))

enum {
    /* Rows that share each load of the activations. */
    GROUP = 4,
    /* Matrix columns whose activations are arranged at a time: 32 KiB of f32, or of int8 for four columns of
     * activations, which is two thirds of 48 KiB, the L1 cache of most CPUs with AVX-512. BitNet's widest matrix has
     * 6912 columns. */
    CHUNK = 8192,
    CHUNK_BLOCKS = CHUNK / BLOCK_WEIGHTS,
    /* Rows whose sums are kept while the chunks of a wider matrix are processed. */
    TILE = 256
};

/* A group's scale. Group scales lie on a boundary of their size. */
INLINE float group_scale(const qk256_call *w, int64_t index) {
    return w->scale_bytes == 2 ? _cvtsh_ss(((const uint16_t *)w->group_scales)[index])
                               : ((const float *)w->group_scales)[index];
}

static inline int32_t smaller(int64_t a, int32_t b) {
    return a < b ? (int32_t)a : b;
}

/* Weights are read from memory once per token, so prefetch them early. A prefetch past the matrix is harmless, but a
 * pointer past it is undefined behavior in C, hence the integer. The branch is always predicted. */
INLINE void prefetch(int32_t how, const uint8_t *codes, uint64_t ahead) {
    const char *to = (const char *)((uintptr_t)codes + (uintptr_t)ahead);
    if (how < 0) {
        _mm_prefetch(to, _MM_HINT_T2);
    } else {
        _mm_prefetch(to, _MM_HINT_T0);
    }
}

/* The distance in whole rows of that many blocks. */
INLINE uint64_t rows_to_prefetch(int32_t how, int32_t blocks) {
    return (uint64_t)((how < 0 ? -how : how) / (blocks * BLOCK_BYTES) + 1);
}

/* A chunk of some rows, which the inner loops of the products traverse. */
typedef struct {
    const uint8_t *codes;
    int64_t stride;
    int32_t blocks;
    int32_t prefetch; /* as in the arguments */
} span;

INLINE span span_of(const qk256_call *w, int64_t row, int64_t col, int32_t cols) {
    return (span){w->codes + row * w->row_stride + col / 4, w->row_stride, qk256_blocks(cols), w->prefetch};
}

/* The same columns, `rows` further down. */
INLINE span span_down(span s, int32_t rows) {
    s.codes += rows * s.stride;
    return s;
}

/* The rows to multiply: those of a list, or all. */
typedef struct {
    const int32_t *list; /* from the first row of a tile on; NULL for all */
    int32_t listed;      /* how many rows follow in the list */
} row_choice;

INLINE int32_t row_at(row_choice rows, int32_t i) {
    return rows.list ? rows.list[i] : i;
}

/* The choice without its first rows. */
INLINE row_choice rows_from(row_choice rows, int32_t i) {
    return rows.list ? (row_choice){rows.list + i, rows.listed - i} : rows;
}

/* How far ahead of the current row to prefetch weights: whole rows, so that gaps between rows are skipped. Unsigned,
 * because a matrix of one row may have any stride. */
INLINE uint64_t rows_ahead(span s) {
    return rows_to_prefetch(s.prefetch, s.blocks) * (uint64_t)s.stride;
}

/* The same for a row of a list: as many listed rows further down. */
INLINE uint64_t listed_ahead(span s, row_choice rows, int32_t i) {
    if (!rows.list) {
        return rows_ahead(s);
    }
    const int32_t to = smaller((int64_t)i + (int64_t)rows_to_prefetch(s.prefetch, s.blocks), rows.listed - 1);
    return (uint64_t)(rows.list[to] - rows.list[i]) * (uint64_t)s.stride;
}

#endif
