/* Compiled for the baseline instruction set, because it runs before the CPU is known. A new tier is a row in the table
 * here, the files whose names end with it, and a row in Tier.java of the kernel and of the build. */
#ifdef __linux__
#define _GNU_SOURCE /* for syscall */
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "tiers.h"

#include <cpuid.h>

#ifdef __AVX__
#error "this file must run on every x86-64: compile it without -m options"
#endif

/* Queries the CPU directly, because not all compilers know the name. */
int qk256_has_f16c(void) {
    unsigned eax, ebx, ecx, edx;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx >> 29 & 1);
}

int32_t qk256_cpu(void) {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(0, &eax, &ebx, &ecx, &edx)) {
        return 0;
    }
    const int32_t maker = ebx == signature_INTEL_ebx ? 1 : ebx == signature_AMD_ebx ? 2 : 0;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
        return 0;
    }
    const unsigned family = (eax >> 8 & 15) == 15 ? 15 + (eax >> 20 & 255) : eax >> 8 & 15;
    return maker << 16 | (int32_t)family;
}

/* The compiler's runtime library also checks whether the operating system saves the registers (XCR0). */
static int runs_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && qk256_has_f16c();
}

#ifndef WITHOUT_AVXVNNI
/* Queries the CPU directly, because some compilers know the instructions but not the name (clang 14). The operating
 * system does not have to save more than for AVX2. */
static int runs_avxvnni(void) {
    unsigned eax, ebx, ecx, edx;
    return runs_avx2() && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)
        && eax >= 1 /* the last subleaf */ && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
}
#endif

#ifndef WITHOUT_AVX512VNNI
static int runs_avx512vnni(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vnni");
}
#endif

#ifndef WITHOUT_AMX
/* Linux saves the tiles of a process only if it has asked, once; asking again does no harm. XCR0 says whether the operating
 * system can. */
static int runs_amx(void) {
#ifdef __linux__
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */
    unsigned eax, ebx, ecx, edx;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl")
        || !__builtin_cpu_supports("avx512vnni") || !qk256_has_f16c() || !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)
        || (edx >> 24 & 3) != 3 /* amx_tile, amx_int8 */) {
        return 0;
    }
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low >> 17 & 3) == 3 && syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
    return 0;
#endif
}
#endif

qk256_attention qk256_attention_avx2, qk256_attention_avx512vnni;
qk256_wide_operation qk256_gemm_i8_amx;
qk256_q8_operation qk256_gemm_q8_avx2, qk256_gemm_q8_avxvnni, qk256_gemm_q8_avx512vnni;
qk256_q8_i16_operation qk256_gemm_q8_i16_avx2, qk256_gemm_q8_i16_avxvnni, qk256_gemm_q8_i16_avx512vnni;
qk256_listed_operation qk256_listed_i8_avx2, qk256_listed_i8_avxvnni, qk256_listed_i8_avx512vnni;
qk256_listed_operation qk256_transposed_i8_avx2, qk256_transposed_i8_avxvnni, qk256_transposed_i8_avx512vnni;
qk256_run qk256_dequantize_run_avx2, qk256_dequantize_run_avx512vnni;
qk256_operation qk256_dequantize_avx2, qk256_gemv_f32_avx2, qk256_gemv_i8_avx2, qk256_gemv_i8_avxvnni;
qk256_operation qk256_dequantize_avx512vnni, qk256_gemv_f32_avx512vnni, qk256_gemv_i8_avx512vnni;
qk256_operation qk256_grouped_gemv_i8_avx2, qk256_grouped_gemv_i8_avxvnni, qk256_grouped_gemv_i8_avx512vnni;
qk256_columns_operation qk256_gemm_i8_avx2, qk256_gemm_i8_avxvnni, qk256_gemm_i8_avx512vnni;
qk256_columns_operation qk256_grouped_gemm_i8_avx2, qk256_grouped_gemm_i8_avxvnni, qk256_grouped_gemm_i8_avx512vnni;

const qk256_tier qk256_tiers[QK256_TIERS] = {
    [QK256_AVX2] = {runs_avx2, qk256_dequantize_avx2, qk256_dequantize_run_avx2, qk256_gemv_f32_avx2,
        qk256_gemv_i8_avx2, qk256_gemm_i8_avx2, qk256_grouped_gemv_i8_avx2, qk256_grouped_gemm_i8_avx2, NULL,
        qk256_gemm_q8_avx2, qk256_gemm_q8_i16_avx2, qk256_listed_i8_avx2, qk256_transposed_i8_avx2, qk256_attention_avx2},
#ifndef WITHOUT_AVXVNNI
    [QK256_AVX_VNNI] = {runs_avxvnni, NULL, NULL, NULL, qk256_gemv_i8_avxvnni, qk256_gemm_i8_avxvnni,
        qk256_grouped_gemv_i8_avxvnni, qk256_grouped_gemm_i8_avxvnni, NULL, qk256_gemm_q8_avxvnni,
        qk256_gemm_q8_i16_avxvnni, qk256_listed_i8_avxvnni, qk256_transposed_i8_avxvnni, NULL},
#endif
#ifndef WITHOUT_AVX512VNNI
    [QK256_AVX512_VNNI] = {runs_avx512vnni, qk256_dequantize_avx512vnni, qk256_dequantize_run_avx512vnni,
        qk256_gemv_f32_avx512vnni, qk256_gemv_i8_avx512vnni, qk256_gemm_i8_avx512vnni, qk256_grouped_gemv_i8_avx512vnni,
        qk256_grouped_gemm_i8_avx512vnni, NULL, qk256_gemm_q8_avx512vnni, qk256_gemm_q8_i16_avx512vnni,
        qk256_listed_i8_avx512vnni, qk256_transposed_i8_avx512vnni, qk256_attention_avx512vnni},
#endif
#ifndef WITHOUT_AMX
    [QK256_AMX] = {runs_amx, NULL, NULL, NULL, NULL, NULL, NULL, NULL, qk256_gemm_i8_amx, NULL, NULL, NULL, NULL,
        NULL},
#endif
};

int qk256_runnable_tiers(void) {
    int found = 0;
    __builtin_cpu_init();
    for (int tier = 0; tier < QK256_TIERS; tier++) {
        if (qk256_tiers[tier].runs && qk256_tiers[tier].runs()) {
            found |= 1 << tier;
        }
    }
    return found;
}

void qk256_call_operation(QK256_PARAMETERS float *y, qk256_operation *operation) {
    operation(QK256_ARGUMENTS(QK256_NAME) y);
}

void qk256_call_run(
    const uint8_t *codes, int64_t n, float v0, float v1, float v2, float v3, float *out, qk256_run *run) {
    run(codes, n, v0, v1, v2, v3, out);
}
