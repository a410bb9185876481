/*
 * The JNI functions of io.qk256.avx2.jni.Native. Compiled for the baseline instruction set, because they run before the
 * CPU is known.
 */
#include "io_qk256_avx2_jni_Native.h"
#include "tiers.h"

#ifdef __AVX__
#error "this file must run on every x86-64: compile it without -m options"
#endif

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_io_qk256_avx2_jni_Native_##name
#define UNUSED __attribute__((unused))

_Static_assert((int)GEMM_COLUMNS == io_qk256_avx2_jni_Native_GEMM_COLUMNS, "both sides take as many columns");
_Static_assert((int)Q8_I16_COLUMNS == io_qk256_avx2_jni_Native_Q8_I16_COLUMNS, "both sides take as many columns");
_Static_assert((int)QK256_AVX2 == io_qk256_avx2_jni_Native_AVX2, "the first row");
_Static_assert((int)QK256_AVX_VNNI == io_qk256_avx2_jni_Native_AVX_VNNI, "the second row");
_Static_assert((int)QK256_AVX512_VNNI == io_qk256_avx2_jni_Native_AVX512_VNNI, "the third row");
_Static_assert((int)QK256_AMX == io_qk256_avx2_jni_Native_AMX, "the fourth row");
_Static_assert((int)WIDE_COLUMNS == io_qk256_avx2_jni_Native_WIDE_COLUMNS, "both sides take as many columns");
_Static_assert((int)POSITIONS == io_qk256_avx2_jni_Native_POSITIONS, "both sides have blocks of as many positions");
_Static_assert((int)QK256_T0 == io_qk256_avx2_jni_Native_PREFETCH_T0, "a kind of prefetch");
_Static_assert((int)QK256_T1 == io_qk256_avx2_jni_Native_PREFETCH_T1, "a kind of prefetch");
_Static_assert((int)QK256_T2 == io_qk256_avx2_jni_Native_PREFETCH_T2, "a kind of prefetch");
_Static_assert((int)QK256_NTA == io_qk256_avx2_jni_Native_PREFETCH_NTA, "a kind of prefetch");

NATIVE(jint, abi)(UNUSED JNIEnv *env, UNUSED jclass type) {
    return io_qk256_avx2_jni_Native_ABI;
}

NATIVE(jint, missingCpuFeatures)(UNUSED JNIEnv *env, UNUSED jclass type) {
    __builtin_cpu_init();
    return (__builtin_cpu_supports("avx2") ? 0 : io_qk256_avx2_jni_Native_NO_AVX2)
        | (__builtin_cpu_supports("fma") ? 0 : io_qk256_avx2_jni_Native_NO_FMA)
        | (qk256_has_f16c() ? 0 : io_qk256_avx2_jni_Native_NO_F16C);
}

NATIVE(jint, cpu)(UNUSED JNIEnv *env, UNUSED jclass type) {
    return qk256_cpu();
}

NATIVE(jint, tiers)(UNUSED JNIEnv *env, UNUSED jclass type) {
    return qk256_runnable_tiers();
}

NATIVE(jlong, function)(UNUSED JNIEnv *env, UNUSED jclass type, jint tier, jint operation) {
    const qk256_tier *of = &qk256_tiers[tier];
    switch (operation) {
    case io_qk256_avx2_jni_Native_DEQUANTIZE:
        return (jlong)of->dequantize;
    case io_qk256_avx2_jni_Native_DEQUANTIZE_RUN:
        return (jlong)of->dequantize_run;
    case io_qk256_avx2_jni_Native_WIDE_GEMM_I8:
        return (jlong)of->wide_gemm_i8;
    case io_qk256_avx2_jni_Native_GEMM_Q8:
        return (jlong)of->gemm_q8;
    case io_qk256_avx2_jni_Native_GEMM_Q8_I16:
        return (jlong)of->gemm_q8_i16;
    case io_qk256_avx2_jni_Native_LISTED_GEMV_I8:
        return (jlong)of->listed_gemv_i8;
    case io_qk256_avx2_jni_Native_TRANSPOSED_GEMV_I8:
        return (jlong)of->transposed_gemv_i8;
    case io_qk256_avx2_jni_Native_ATTENTION:
        return (jlong)of->attention;
    case io_qk256_avx2_jni_Native_GEMV_F32:
        return (jlong)of->gemv_f32;
    case io_qk256_avx2_jni_Native_GEMV_I8:
        return (jlong)of->gemv_i8;
    case io_qk256_avx2_jni_Native_GEMM_I8:
        return (jlong)of->gemm_i8;
    case io_qk256_avx2_jni_Native_GROUPED_GEMV_I8:
        return (jlong)of->grouped_gemv_i8;
    default:
        return (jlong)of->grouped_gemm_i8;
    }
}

NATIVE(jint, read)(UNUSED JNIEnv *env, UNUSED jclass type, jlong address, jlong bytes, jint hint, jint ahead) {
    return (jint)qk256_read_avx2((const uint8_t *)address, bytes, hint, ahead);
}

NATIVE(jboolean, roundQ8)
(UNUSED JNIEnv *env, UNUSED jclass type, jlong weights, jint tiles, jint cols, jlong codes, jlong scales) {
    return (jboolean)qk256_round_q8_avx2(
        (const uint8_t *)weights, tiles, cols, (uint8_t *)codes, (uint16_t *)scales);
}

#define JNI_PARAMETER(jni_type, type, name) jni_type name,
#define FROM_JNI(jni_type, type, name) (type) name,

NATIVE(void, call)
(UNUSED JNIEnv *env, UNUSED jclass type, jlong function, QK256_ARGUMENTS(JNI_PARAMETER) jlong y) {
    ((qk256_operation *)function)(QK256_ARGUMENTS(FROM_JNI)(float *) y);
}

NATIVE(void, callColumns)
(UNUSED JNIEnv *env, UNUSED jclass type, jlong function, QK256_ARGUMENTS(JNI_PARAMETER)
        QK256_COLUMNS(JNI_PARAMETER) jlong y) {
    ((qk256_columns_operation *)function)(QK256_ARGUMENTS(FROM_JNI) QK256_COLUMNS(FROM_JNI)(float *) y);
}

NATIVE(void, callWide)
(UNUSED JNIEnv *env, UNUSED jclass type, jlong function, QK256_ARGUMENTS(JNI_PARAMETER)
        QK256_WIDE(JNI_PARAMETER) jlong y) {
    ((qk256_wide_operation *)function)(QK256_ARGUMENTS(FROM_JNI) QK256_WIDE(FROM_JNI)(float *) y);
}

NATIVE(void, callQ8)
(UNUSED JNIEnv *env, UNUSED jclass type, jlong function, QK256_Q8(JNI_PARAMETER) jlong y) {
    ((qk256_q8_operation *)function)(QK256_Q8(FROM_JNI)(float *) y);
}

NATIVE(void, callQ8I16)
(UNUSED JNIEnv *env, UNUSED jclass type, jlong function, QK256_Q8_I16(JNI_PARAMETER) jlong y) {
    ((qk256_q8_i16_operation *)function)(QK256_Q8_I16(FROM_JNI)(float *) y);
}

NATIVE(void, callListed)
(UNUSED JNIEnv *env, UNUSED jclass type, jlong function, QK256_ARGUMENTS(JNI_PARAMETER)
        QK256_LIST(JNI_PARAMETER) jlong y) {
    ((qk256_listed_operation *)function)(QK256_ARGUMENTS(FROM_JNI) QK256_LIST(FROM_JNI)(float *) y);
}

NATIVE(void, callAttention)
(UNUSED JNIEnv *env, UNUSED jclass type, jlong function, QK256_ATTENTION(JNI_PARAMETER) jlong y) {
    ((qk256_attention *)function)(QK256_ATTENTION(FROM_JNI)(float *) y);
}
