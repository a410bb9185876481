/*
 * What the files with intrinsics share, whatever their tier. They, and only they, are compiled with -m options; nothing of
 * them runs before the library has asked the CPU. Contraction is off: where a multiply-add is fused, it is written.
 */
#ifndef QK256_TIER_H
#define QK256_TIER_H

#include "qk256.h"

#include <immintrin.h>
#include <string.h>

/* The inner functions take constants as arguments and become what they should be only when inlined. */
#define INLINE static inline __attribute__((always_inline))

enum {
    /* Rows that share each load of the activations. */
    GROUP = 4,
    /* Columns whose activations are arranged at a time: 32 KiB of f32, or of int8 with four columns of activations, which
     * is two thirds of 48 KiB, the first level of the cache of most CPUs with AVX-512. BitNet's widest matrix has 6912. */
    CHUNK = 8192,
    CHUNK_BLOCKS = CHUNK / BLOCK_WEIGHTS,
    /* Weights asked for before they are needed. With AVX2 4 KiB measured worse, and so did 16; for four columns with AVX-512
     * 5 and 20 KiB are the same, and none is a third slower. */
    PREFETCH_BYTES = 10240,
    /* Rows whose sums are kept while the chunks of a wider matrix pass. */
    TILE = 256
};

static inline int32_t smaller(int64_t a, int32_t b) {
    return a < b ? (int32_t)a : b;
}

/* Weights are read once per token, from memory, so ask for them early. A prefetch past the matrix is harmless, but a
 * pointer past it is not C, hence the integer. */
INLINE void prefetch(const uint8_t *codes, uint64_t ahead) {
    _mm_prefetch((const char *)((uintptr_t)codes + (uintptr_t)ahead), _MM_HINT_T0);
}

#endif
