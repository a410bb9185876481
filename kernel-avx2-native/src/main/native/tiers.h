/* The instruction-set tiers: which there are, and what each implements. */
#ifndef QK256_TIERS_H
#define QK256_TIERS_H

#include "qk256.h"

/* From the narrowest to the widest, as io.qk256.avx2.jni.Native has them. A set of tiers has bit 1 << tier for each. */
enum { QK256_AVX2, QK256_AVX_VNNI, QK256_AVX512_VNNI, QK256_TIERS };

/* All functions are stateless; nothing is allocated, and the stack needed stays below 48 KiB: HotSpot keeps 80 KiB free for
 * native code (StackShadowPages). NULL where a narrower tier's function is as fast. */
typedef struct {
    int (*runs)(void); /* whether the CPU can, and its operating system saves the registers; NULL if the compiler could not */
    qk256_operation *dequantize;
    qk256_operation *gemv_f32;
    qk256_operation *gemv_i8;
    qk256_columns_operation *gemm_i8; /* the bits of gemv_i8 for each column */
} qk256_tier;

extern const qk256_tier qk256_tiers[QK256_TIERS];

/* The set of tiers that the CPU runs. */
int qk256_runnable_tiers(void);

#endif
