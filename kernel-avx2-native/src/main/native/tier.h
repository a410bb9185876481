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
    /* How far ahead to prefetch weights. With AVX2, both 4 KiB and 16 KiB measured worse; for four columns with
     * AVX-512, 5 and 20 KiB measured the same, and no prefetch is a third slower. */
    PREFETCH_BYTES = 10240,
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
 * pointer past it is undefined behavior in C, hence the integer. */
INLINE void prefetch(const uint8_t *codes, uint64_t ahead) {
    _mm_prefetch((const char *)((uintptr_t)codes + (uintptr_t)ahead), _MM_HINT_T0);
}

#endif
