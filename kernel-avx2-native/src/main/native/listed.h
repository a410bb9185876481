/* The int8 products with a list of rows: of these rows alone, and of the transposed matrix. */
#ifndef QK256_LISTED_H
#define QK256_LISTED_H

#include "qk256.h"

/* The additional arguments; `codes` is the matrix's row 0. For the transposed product, row r of the matrix belongs to
 * activation r, and the results are of the columns from_col to to_col. */
#define QK256_LIST(ARGUMENT)                                                                                           \
    ARGUMENT(jlong, const int32_t *, list) /* numbers of rows, ascending */                                            \
    ARGUMENT(jint, int32_t, listed)        /* how many; 1 or more, 0 or more if transposed */                          \
    ARGUMENT(jint, int32_t, from_col)                                                                                  \
    ARGUMENT(jint, int32_t, to_col)

#define QK256_LISTED_PARAMETERS QK256_PARAMETERS QK256_LIST(QK256_PARAMETER)

/* y: the result of row 0, or of column 0 */
typedef void qk256_listed_operation(QK256_LISTED_PARAMETERS float *y);

#endif
