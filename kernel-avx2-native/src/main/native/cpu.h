/* What the CPU and its operating system offer beyond AVX2 and FMA. For code that any x86-64 runs; __builtin_cpu_init()
 * comes first. */
#ifndef QK256_CPU_H
#define QK256_CPU_H

#include <cpuid.h>

/* Asks the CPU itself, because some compilers know the instructions and not the name (clang 14). The operating system
 * needs to save no more than for AVX2. */
static inline int qk256_has_avxvnni(void) {
    unsigned eax, ebx, ecx, edx;
    return __builtin_cpu_supports("avx2") && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)
        && eax >= 1 /* the last subleaf */ && __get_cpuid_count(7, 1, &eax, &ebx, &ecx, &edx) && (eax >> 4 & 1);
}

#ifndef WITHOUT_AVX512VNNI
static inline int qk256_has_avx512vnni(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512vnni");
}
#endif

#endif
