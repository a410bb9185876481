/* The operations of the contract io.qk256.spi.Kernel, as every instruction-set tier implements them. */
#ifndef QK256_H
#define QK256_H

#include <stddef.h>
#include <stdint.h>
#include <xmmintrin.h>

/* Which caches a prefetch fills, as in io.qk256.avx2.jni.Native. */
enum { QK256_NO_PREFETCH, QK256_T0, QK256_T1, QK256_T2, QK256_NTA };

enum { BLOCK_WEIGHTS = 256, BLOCK_BYTES = 64 };

/* The arguments of every operation, each with its JNI type: here for C, in io.qk256.avx2.jni.NativeCall for Java, in
 * the same order. The address of the result follows. The Java side has checked the views, so nothing is checked again.
 * Arguments are passed in registers and on the stack: a struct filled by Java took 9 ns more. */
#define QK256_ARGUMENTS(ARGUMENT)                                                                                      \
    ARGUMENT(jlong, const uint8_t *, codes) /* the first row, any alignment */                                         \
    ARGUMENT(jlong, int64_t, row_stride)    /* bytes, at least 64 per block */                                         \
    ARGUMENT(jint, int32_t, rows)           /* 1 or more */                                                            \
    ARGUMENT(jint, int32_t, cols)           /* 1 or more */                                                            \
    ARGUMENT(jlong, const void *, group_scales) /* rows x groups, or NULL: all are 1 */                                \
    ARGUMENT(jint, int32_t, group)              /* weights that share a scale: 64, 128 or 256 */                       \
    ARGUMENT(jint, int32_t, scale_bytes)        /* of a group scale: 4 for f32, 2 for f16 */                           \
    ARGUMENT(jfloat, float, tensor_scale)                                                                              \
    ARGUMENT(jfloat, float, value0) /* codebook values: finite; for int8 products integers from -64 to 63 */           \
    ARGUMENT(jfloat, float, value1)                                                                                    \
    ARGUMENT(jfloat, float, value2)                                                                                    \
    ARGUMENT(jfloat, float, value3)                                                                                    \
    ARGUMENT(jlong, const void *, x) /* activations: cols values, f32 or int8; unused when dequantizing */             \
    ARGUMENT(jfloat, float, x_scale) /* by which int8 activations were quantized */                                    \
    ARGUMENT(jlong, const int16_t *, multipliers) /* of each 32 int8 activations, or NULL: all are 1 */                \
    ARGUMENT(jint, int32_t, prefetch) /* how many bytes ahead; negative: only into the outer caches */

/* The additional arguments of a GEMM. The values of a column start `x_stride` values after those of the previous
 * column, its multipliers `multipliers_stride`, and its results `y_stride`; scales of missing columns are unused. */
#define QK256_COLUMNS(ARGUMENT)                                                                                        \
    ARGUMENT(jint, int32_t, columns) /* 1 to GEMM_COLUMNS */                                                           \
    ARGUMENT(jfloat, float, x_scale1)                                                                                  \
    ARGUMENT(jfloat, float, x_scale2)                                                                                  \
    ARGUMENT(jfloat, float, x_scale3)                                                                                  \
    ARGUMENT(jlong, int64_t, x_stride)                                                                                 \
    ARGUMENT(jlong, int64_t, multipliers_stride)                                                                       \
    ARGUMENT(jlong, int64_t, y_stride)

enum { GEMM_COLUMNS = 4 };

#define QK256_PARAMETER(jni_type, type, name) type name,
#define QK256_PARAMETERS QK256_ARGUMENTS(QK256_PARAMETER)
#define QK256_COLUMN_PARAMETERS QK256_PARAMETERS QK256_COLUMNS(QK256_PARAMETER)

/* y: rows x cols values when dequantizing, otherwise one value per row */
typedef void qk256_operation(QK256_PARAMETERS float *y);

/* Calls an operation; Java looks this function up by name. The arguments are already where the operation expects them,
 * so it is just a jump. */
__attribute__((visibility("default"))) void qk256_call_operation(QK256_PARAMETERS float *y, qk256_operation *operation);
typedef void qk256_columns_operation(QK256_COLUMN_PARAMETERS float *y);

/* The arguments as a struct, for use inside an operation. */
#define QK256_FIELD(jni_type, type, name) type name;
typedef struct {
    QK256_ARGUMENTS(QK256_FIELD)
    __m128 codebook; /* value0 to value3; a vector because the CPU does not forward four stores to one load */
} qk256_call;

/* Makes the struct from the parameters in scope. */
#define QK256_NAME(jni_type, type, name) name,
#define QK256_CALL                                                                                                     \
    { QK256_ARGUMENTS(QK256_NAME) _mm_setr_ps(value0, value1, value2, value3) }

/* Blocks in a row. */
static inline int32_t qk256_blocks(int32_t cols) {
    return (cols - 1) / BLOCK_WEIGHTS + 1;
}

/* Groups in a row. */
static inline int32_t qk256_groups(const qk256_call *w) {
    return (w->cols - 1) / w->group + 1;
}

/* Dequantizes `n` weights with contiguous codes, whose values are v0 to v3; so few arguments are all passed in
 * registers, like that of the function that Java looks up by name. */
typedef void qk256_run(const uint8_t *codes, int64_t n, float v0, float v1, float v2, float v3, float *out);

__attribute__((visibility("default"))) void qk256_call_run(
    const uint8_t *codes, int64_t n, float v0, float v1, float v2, float v3, float *out, qk256_run *run);

#endif
