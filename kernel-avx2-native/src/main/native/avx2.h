/*
 * What the files of the AVX2 + FMA tier share. They, and only they, are compiled with -mavx2 -mfma; nothing of them
 * runs before the library has asked the CPU for both. Contraction is off: where a multiply-add is fused, it is written.
 */
#ifndef QK256_AVX2_H
#define QK256_AVX2_H

#include "qk256.h"

#include <immintrin.h>
#include <stddef.h>
#include <string.h>

#if !defined(__AVX2__) || !defined(__FMA__)
#error "the files of this tier need -mavx2 -mfma"
#endif
#ifdef __AVX512F__
#error "the files of this tier must run without AVX-512: compile them with -mavx2 -mfma and no other -m option"
#endif

/* The inner functions take constants as arguments and become what they should be only when inlined. */
#define INLINE static inline __attribute__((always_inline))

enum {
    /* Rows that share each load of the activations. */
    GROUP = 4,
    /* Columns whose activations are arranged at a time: 32 KiB of f32. BitNet's widest matrix has 6912. */
    CHUNK = 8192,
    CHUNK_BLOCKS = CHUNK / BLOCK_WEIGHTS,
    /* Weights asked for before they are needed: 4 KiB measured worse, and so did 16. */
    PREFETCH_BYTES = 10240,
    /* Rows whose sums are kept while the chunks of a wider matrix pass. */
    TILE = 256
};

/* A chunk of some rows: what the inner loops of the products walk over. */
typedef struct {
    const uint8_t *codes;
    int64_t stride;
    const float *scales; /* or NULL */
    int64_t scale_stride;
    int32_t blocks;
} span;

INLINE span span_of(const qk256_matrix *w, int64_t row, int64_t col, int32_t cols) {
    int64_t blocks_in_row = qk256_blocks(w->cols);
    span s = {w->codes + row * w->row_stride + col / 4, w->row_stride, NULL, blocks_in_row, qk256_blocks(cols)};
    if (w->block_scales) {
        s.scales = w->block_scales + row * blocks_in_row + col / BLOCK_WEIGHTS;
    }
    return s;
}

/* The same columns, `rows` further down. */
INLINE span span_down(span s, int32_t rows) {
    s.codes += rows * s.stride;
    if (s.scales) {
        s.scales += rows * s.scale_stride;
    }
    return s;
}

/* The scales of block `b` of `n` rows, 1 or GROUP. */
INLINE __m128 scales_of(int n, span s, int32_t b) {
    const float *first = s.scales + b;
    return n == 1 ? _mm_set1_ps(*first)
                  : _mm_setr_ps(*first, first[s.scale_stride], first[2 * s.scale_stride], first[3 * s.scale_stride]);
}

/* How far ahead of the row at hand weights are asked for: whole rows, so that gaps between rows are left out. Unsigned,
 * because a matrix of one row may have any stride. */
INLINE uint64_t rows_ahead(span s) {
    return (uint64_t)(PREFETCH_BYTES / (s.blocks * BLOCK_BYTES) + 1) * (uint64_t)s.stride;
}

/* Weights are read once per token, from memory, so ask for them early. A prefetch past the matrix is harmless, but a
 * pointer past it is not C, hence the integer. */
INLINE void prefetch(const uint8_t *codes, uint64_t ahead) {
    _mm_prefetch((const char *)((uintptr_t)codes + (uintptr_t)ahead), _MM_HINT_T0);
}

#endif
