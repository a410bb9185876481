/* The GEMM of 8-bit rows, io.qk256.spi.Q8Matrix: tiles of 16 rows, in blocks of 16 rows x 32 columns. Byte
 * `4 * (16 * (c / 4) + r) + c % 4` of a block is the code of row r, column c. */
#ifndef QK256_Q8_H
#define QK256_Q8_H

#include "qk256.h"

enum { Q8_ROWS = 16, Q8_GROUP = 32, Q8_BLOCK_BYTES = 512 };

/* The values of a column start `x_stride` values after those of the previous column, its multipliers
 * `multipliers_stride`, and its results `y_stride`; scales of missing columns are unused. */
#define QK256_Q8(ARGUMENT)                                                                                             \
    ARGUMENT(jlong, const uint8_t *, codes)   /* the tile of the first row, any alignment */                           \
    ARGUMENT(jlong, const uint16_t *, scales) /* f16, of the same tile: 16 for each block */                           \
    ARGUMENT(jint, int32_t, skipped)          /* rows of that tile before the first row, 0 to 15 */                    \
    ARGUMENT(jint, int32_t, rows)             /* 1 or more */                                                          \
    ARGUMENT(jint, int32_t, cols)             /* 1 or more */                                                          \
    ARGUMENT(jlong, const int8_t *, x)                                                                                 \
    ARGUMENT(jlong, int64_t, x_stride)                                                                                 \
    ARGUMENT(jlong, const int16_t *, multipliers) /* of each 32 activations, or NULL: all are 1 */                     \
    ARGUMENT(jlong, int64_t, multipliers_stride)                                                                       \
    ARGUMENT(jint, int32_t, columns) /* 1 to GEMM_COLUMNS */                                                           \
    ARGUMENT(jfloat, float, x_scale)                                                                                   \
    ARGUMENT(jfloat, float, x_scale1)                                                                                  \
    ARGUMENT(jfloat, float, x_scale2)                                                                                  \
    ARGUMENT(jfloat, float, x_scale3)                                                                                  \
    ARGUMENT(jint, int32_t, prefetch) /* how many bytes ahead; negative: only into the outer caches */                 \
    ARGUMENT(jlong, int64_t, y_stride)

#define QK256_Q8_PARAMETERS QK256_Q8(QK256_PARAMETER)

/* y: the result of the first row and column */
typedef void qk256_q8_operation(QK256_Q8_PARAMETERS float *y);

typedef struct {
    QK256_Q8(QK256_FIELD)
} qk256_q8_call;

#define QK256_Q8_CALL                                                                                                  \
    { QK256_Q8(QK256_NAME) }

/* The same with int16 activations, which have no multipliers, and up to Q8_I16_COLUMNS columns. */
enum { Q8_I16_COLUMNS = 8 };

#define QK256_Q8_I16(ARGUMENT)                                                                                         \
    ARGUMENT(jlong, const uint8_t *, codes)                                                                            \
    ARGUMENT(jlong, const uint16_t *, scales)                                                                          \
    ARGUMENT(jint, int32_t, skipped)                                                                                   \
    ARGUMENT(jint, int32_t, rows)                                                                                      \
    ARGUMENT(jint, int32_t, cols)                                                                                      \
    ARGUMENT(jlong, const int16_t *, x)                                                                                \
    ARGUMENT(jlong, int64_t, x_stride)                                                                                 \
    ARGUMENT(jint, int32_t, columns) /* 1 to Q8_I16_COLUMNS */                                                         \
    ARGUMENT(jfloat, float, x_scale)                                                                                   \
    ARGUMENT(jfloat, float, x_scale1)                                                                                  \
    ARGUMENT(jfloat, float, x_scale2)                                                                                  \
    ARGUMENT(jfloat, float, x_scale3)                                                                                  \
    ARGUMENT(jfloat, float, x_scale4)                                                                                  \
    ARGUMENT(jfloat, float, x_scale5)                                                                                  \
    ARGUMENT(jfloat, float, x_scale6)                                                                                  \
    ARGUMENT(jfloat, float, x_scale7)                                                                                  \
    ARGUMENT(jint, int32_t, prefetch)                                                                                  \
    ARGUMENT(jlong, int64_t, y_stride)

#define QK256_Q8_I16_PARAMETERS QK256_Q8_I16(QK256_PARAMETER)

typedef void qk256_q8_i16_operation(QK256_Q8_I16_PARAMETERS float *y);

typedef struct {
    QK256_Q8_I16(QK256_FIELD)
} qk256_q8_i16_call;

#define QK256_Q8_I16_CALL                                                                                              \
    { QK256_Q8_I16(QK256_NAME) }

#endif
