/* The instruction-set tiers, and what each implements. */
#ifndef QK256_TIERS_H
#define QK256_TIERS_H

#include "attention.h"
#include "listed.h"
#include "q8.h"
#include "qk256.h"
#include "wide.h"

/* From narrowest to widest, as in io.qk256.avx2.jni.Native. A set of tiers has bit 1 << tier for each. */
enum { QK256_AVX2, QK256_AVX_VNNI, QK256_AVX512_VNNI, QK256_AMX, QK256_TIERS };

/* All functions are stateless and allocate nothing; they use less than 48 KiB of stack: HotSpot keeps 80 KiB free for
 * native code (StackShadowPages). NULL if a narrower tier's function is as fast. */
typedef struct {
    int (*runs)(void); /* whether CPU and operating system support the tier; NULL if the compiler does not */
    qk256_operation *dequantize;
    qk256_run *dequantize_run;
    qk256_operation *gemv_f32;
    qk256_operation *gemv_i8;
    qk256_columns_operation *gemm_i8; /* gives the same bits as gemv_i8 for each column */
    /* The same for matrices with group scales, or activations with multipliers; gemv_i8 and gemm_i8 ignore both. */
    qk256_operation *grouped_gemv_i8;
    qk256_columns_operation *grouped_gemm_i8;
    qk256_wide_operation *wide_gemm_i8; /* as gemm_i8, for many columns */
    qk256_q8_operation *gemm_q8;
    qk256_q8_i16_operation *gemm_q8_i16;
    qk256_listed_operation *listed_gemv_i8; /* gives the same bits as gemv_i8 for each row */
    qk256_listed_operation *transposed_gemv_i8;
    qk256_attention *attention;
} qk256_tier;

extern const qk256_tier qk256_tiers[QK256_TIERS];

/* Whether the CPU converts between f16 and f32. */
int qk256_has_f16c(void);

/* The sum of `n` bytes, a multiple of 64, as int32 values masked with 0x55555555; prefetches `ahead` bytes. AVX2. */
uint32_t qk256_read_avx2(const uint8_t *bytes, int64_t n, int32_t hint, int32_t ahead);

/* Rounds `tiles` times 16 rows of f16 weights, of any alignment, to 8-bit rows as in q8.h; `cols` is a multiple of 32.
 * Returns whether all weights are finite; otherwise the results mean nothing. AVX2. */
int32_t qk256_round_q8_avx2(const uint8_t *weights, int32_t tiles, int32_t cols, uint8_t *codes, uint16_t *scales);

/* The maker of the CPU, 1 for Intel, 2 for AMD, otherwise 0, in the upper 16 bits, and its family in the lower ones. */
int32_t qk256_cpu(void);

/* The set of tiers that this machine supports. */
int qk256_runnable_tiers(void);

#endif
