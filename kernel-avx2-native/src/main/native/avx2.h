/* Shared by the files of the 256-bit tiers. */
#ifndef QK256_AVX2_H
#define QK256_AVX2_H

#include "tier.h"

#if !defined(__AVX2__) || !defined(__FMA__) || !defined(__F16C__)
#error "the files of these tiers need -mavx2 -mfma -mf16c"
#endif
#ifdef __AVX512F__
#error "the files of these tiers must run without AVX-512: compile them without -mavx512 options"
#endif

/* A chunk of some rows, which the inner loops of the products traverse. */
typedef struct {
    const uint8_t *codes;
    int64_t stride;
    int32_t blocks;
} span;

INLINE span span_of(const qk256_call *w, int64_t row, int64_t col, int32_t cols) {
    return (span){w->codes + row * w->row_stride + col / 4, w->row_stride, qk256_blocks(cols)};
}

/* The same columns, `rows` further down. */
INLINE span span_down(span s, int32_t rows) {
    s.codes += rows * s.stride;
    return s;
}

/* How far ahead of the current row to prefetch weights: whole rows, so that gaps between rows are skipped. Unsigned,
 * because a matrix of one row may have any stride. */
INLINE uint64_t rows_ahead(span s) {
    return (uint64_t)(PREFETCH_BYTES / (s.blocks * BLOCK_BYTES) + 1) * (uint64_t)s.stride;
}

#endif
