/*
 * The loops of the transposed int8 product, shared by the tiers. Four rows are interleaved, so that four bytes of a vector
 * hold the codes of the same four columns in each row, and multiply-add of bytes sums over the rows. As in the other int8
 * products, codes become u = value - smallest value. 32-bit sums may wrap around: the result fits.
 *
 * A tier defines, before it includes transposed_products.h:
 *   BYTES: of a vector, 32 or 64;
 *   add_rows: adds the products of ROWS rows and BYTES bytes of each to the sums of their columns;
 *   finish: the results of such columns, in order.
 */
#ifndef QK256_TRANSPOSED_H
#define QK256_TRANSPOSED_H

#include "listed.h"
#include "tier.h"

enum {
    FOUR = 4,
    ROWS = 16,             /* processed at a time, while the sums of some columns are in registers */
    PART = 4096,           /* columns whose sums are kept: 16 KiB */
    PART_BYTES = PART / 4, /* of their codes */
    /* Rows whose weighted sums fit in 32 bits: 87381 * 3 * 64 * 128 < 2^31. */
    MOST_WEIGHTED = 87381
};

/* Some rows. Missing ones have activation 0, and the codes of the row before. */
typedef struct {
    const uint8_t *codes[ROWS];
    const uint8_t *next[ROWS]; /* what to prefetch */
    int32_t q[ROWS / FOUR];    /* four activations each */
} some_rows;

#endif
