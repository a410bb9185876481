/* The GEMM of many columns, for tiers with matrix instructions. */
#ifndef QK256_WIDE_H
#define QK256_WIDE_H

#include "qk256.h"

/* The additional arguments. The values of a column start `x_stride` values after those of the previous column, and its
 * results `y_stride`. */
#define QK256_WIDE(ARGUMENT)                                                                                           \
    ARGUMENT(jint, int32_t, columns)         /* 1 to WIDE_COLUMNS */                                                   \
    ARGUMENT(jlong, const float *, x_scales) /* of each column */                                                      \
    ARGUMENT(jlong, int64_t, x_stride)                                                                                 \
    ARGUMENT(jlong, int64_t, y_stride)                                                                                 \
    ARGUMENT(jlong, void *, scratch) /* 4096 bytes for each block of a row, on a boundary of 64 bytes */

enum { WIDE_COLUMNS = 16 };

#define QK256_WIDE_PARAMETERS QK256_PARAMETERS QK256_WIDE(QK256_PARAMETER)

typedef void qk256_wide_operation(QK256_WIDE_PARAMETERS float *y);

#endif
