/* Attention over keys and values in f16, as io.qk256.spi.support.F16Attention says. */
#ifndef QK256_ATTENTION_H
#define QK256_ATTENTION_H

#include "qk256.h"

/* The positions of a block: keys dimension by dimension, values position by position. */
enum { POSITIONS = 32 };

/* A row is a query of a token; rows are in the order of tokens. */
#define QK256_ATTENTION(ARGUMENT)                                                                                      \
    ARGUMENT(jlong, const uint8_t *const *, pages) /* those of the positions, in order, on boundaries of 2 bytes */    \
    ARGUMENT(jlong, int64_t, keys_at)              /* bytes from a page to its first block of keys */                  \
    ARGUMENT(jlong, int64_t, values_at)                                                                                \
    ARGUMENT(jint, int32_t, page_blocks)                                                                               \
    ARGUMENT(jint, int32_t, head_size) /* a multiple of 32 */                                                          \
    ARGUMENT(jint, int32_t, queries)   /* of a token */                                                                \
    ARGUMENT(jint, int32_t, tokens)                                                                                    \
    ARGUMENT(jint, int32_t, first_position) /* of the first token */                                                   \
    ARGUMENT(jfloat, float, scale)          /* of the products */                                                      \
    ARGUMENT(jlong, const float *, q)       /* rows x head_size, numbers that f16 can hold */                          \
    ARGUMENT(jlong, float *, scores)        /* scratch: rows x score_stride */                                         \
    ARGUMENT(jint, int32_t, score_stride)   /* at least the positions, in whole blocks */

#define QK256_ATTENTION_PARAMETERS QK256_ATTENTION(QK256_PARAMETER)

/* y: rows x head_size */
typedef void qk256_attention(QK256_ATTENTION_PARAMETERS float *y);

typedef struct {
    QK256_ATTENTION(QK256_FIELD)
} qk256_attention_call;

#define QK256_ATTENTION_CALL                                                                                           \
    { QK256_ATTENTION(QK256_NAME) }

#endif
