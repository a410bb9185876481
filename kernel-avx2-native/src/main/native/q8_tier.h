/*
 * The loops of the GEMM of 8-bit rows, shared by the tiers. A tier defines two functions before it includes
 * q8_products.h:
 *   correction: what to add to each row's sum of a group, for tiers that shift codes;
 *   add_groups: adds some groups of a tile to its sums. Lane r of every vector belongs to row r, so nothing is added across
 *   lanes. Products of an integer sum, a multiplier and a scale have at most 45 bits, so they are exact in f64.
 */
#ifndef QK256_Q8_TIER_H
#define QK256_Q8_TIER_H

#include "q8.h"
#include "tier.h"

enum {
    Q8_PART = 256,    /* groups whose corrections are computed at a time: 1 KiB */
    Q8_TILES = 16     /* tiles whose sums are kept while the parts of a wider matrix are processed: 8 KiB for 4 columns */
};

/* Some groups of a column. */
typedef struct {
    const int8_t *q;
    const int16_t *multipliers;
    const int32_t *corrections;
} q8_column;

/* Some groups of a tile. */
typedef struct {
    const uint8_t *codes;
    const uint16_t *scales;
    int32_t groups;
    int32_t prefetch; /* as in the arguments */
} q8_span;

/* As prefetch(), which takes whole rows into account. */
INLINE void q8_prefetch(q8_span s, int32_t group) {
    const uint64_t ahead = (uint64_t)(s.prefetch < 0 ? -s.prefetch : s.prefetch);
    const uint8_t *codes = s.codes + (int64_t)group * Q8_BLOCK_BYTES;
    for (int line = 0; line < Q8_BLOCK_BYTES; line += 64) {
        prefetch(s.prefetch, codes + line, ahead);
    }
    prefetch(s.prefetch, (const uint8_t *)(s.scales + (int64_t)group * Q8_ROWS), ahead / 16);
}

/* Four activations as they are, at any address. */
INLINE int32_t q8_four(const int8_t *q) {
    int32_t four;
    memcpy(&four, q, sizeof four);
    return four;
}

#endif
