/*
 * The Java side of the library: io.qk256.avx2.jni.Native. Compiled for the baseline instruction set, because it runs
 * before anything is known of the CPU.
 */
#include "cpu.h"
#include "io_qk256_avx2_jni_Native.h"
#include "qk256.h"

#include <stddef.h>

#ifdef __AVX__
#error "this file must run on every x86-64: compile it without -m options"
#endif

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_io_qk256_avx2_jni_Native_##name
#define UNUSED __attribute__((unused))

/* The arguments that all operations begin with. */
#define MATRIX_PARAMETERS                                                                                             \
    jlong codes, jlong row_stride, jint rows, jint cols, jlong scales, jfloat tensor_scale, jfloat v0, jfloat v1,      \
        jfloat v2, jfloat v3
#define MATRIX(codes_at, scales_at)                                                                                   \
    {(codes_at), row_stride, rows, cols, (scales_at), tensor_scale, _mm_setr_ps(v0, v1, v2, v3)}

#define AVX_VNNI io_qk256_avx2_jni_Native_AVX_VNNI
#define AVX512_VNNI io_qk256_avx2_jni_Native_AVX512_VNNI

/* By the extensions in use: an argument of each call, so that a kernel keeps its own whatever others use. */
static const qk256_tier TIERS[] = {
    {qk256_gemv_i8_avx2, qk256_gemm_i8_avx2},
#ifndef WITHOUT_AVXVNNI
    [AVX_VNNI] = {qk256_gemv_i8_avxvnni, qk256_gemm_i8_avxvnni},
#endif
#ifndef WITHOUT_AVX512VNNI
    [AVX512_VNNI] = {qk256_gemv_i8_avx2, qk256_gemm_i8_avx512vnni},
#endif
#if !defined(WITHOUT_AVXVNNI) && !defined(WITHOUT_AVX512VNNI)
    [AVX_VNNI | AVX512_VNNI] = {qk256_gemv_i8_avxvnni, qk256_gemm_i8_avx512vnni},
#endif
};

NATIVE(jint, abi)(UNUSED JNIEnv *env, UNUSED jclass type) {
    return io_qk256_avx2_jni_Native_ABI;
}

NATIVE(jint, missingCpuFeatures)(UNUSED JNIEnv *env, UNUSED jclass type) {
    /* The compiler's run-time library also asks whether the operating system saves the registers (XCR0). */
    __builtin_cpu_init();
    return (__builtin_cpu_supports("avx2") ? 0 : io_qk256_avx2_jni_Native_NO_AVX2)
        | (__builtin_cpu_supports("fma") ? 0 : io_qk256_avx2_jni_Native_NO_FMA);
}

NATIVE(jint, extensions)(UNUSED JNIEnv *env, UNUSED jclass type) {
    __builtin_cpu_init();
    jint found = 0;
#ifndef WITHOUT_AVXVNNI
    found |= qk256_has_avxvnni() ? AVX_VNNI : 0;
#endif
#ifndef WITHOUT_AVX512VNNI
    found |= qk256_has_avx512vnni() ? AVX512_VNNI : 0;
#endif
    return found;
}

/* ---- By JNI: off-heap memory, nothing but numbers cross the border ---- */

NATIVE(void, dequantize)(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong out) {
    const qk256_matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    qk256_dequantize_avx2(&w, (float *)out);
}

NATIVE(void, gemvF32)(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong x, jlong y) {
    const qk256_matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    qk256_gemv_f32_avx2(&w, (const float *)x, (float *)y);
}

NATIVE(void, gemvI8)
(UNUSED JNIEnv *env, UNUSED jclass type, jint extensions, MATRIX_PARAMETERS, jlong q, jfloat q_scale, jlong y) {
    const qk256_matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    TIERS[extensions].gemv_i8(&w, (const int8_t *)q, q_scale, (float *)y);
}

NATIVE(void, gemmI8)
(UNUSED JNIEnv *env, UNUSED jclass type, jint extensions, MATRIX_PARAMETERS, jlong q, jlong q_stride, jint columns,
    jfloat q_scale0, jfloat q_scale1, jfloat q_scale2, jfloat q_scale3, jlong y, jlong y_stride) {
    const qk256_matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    const float q_scales[GEMM_COLUMNS] = {q_scale0, q_scale1, q_scale2, q_scale3};
    TIERS[extensions].gemm_i8(&w, (const int8_t *)q, q_stride, columns, q_scales, (float *)y, y_stride);
}

/* ---- For io.qk256.avx2.jni.HeapCall, which finds them by their names ---- */

#define EXPORT __attribute__((visibility("default")))
#define ARRAY_PARAMETERS                                                                                              \
    const uint8_t *codes, int64_t row_stride, int32_t rows, int32_t cols, const float *scales, float tensor_scale,     \
        float v0, float v1, float v2, float v3

EXPORT void qk256_gemv_f32_heap(ARRAY_PARAMETERS, const float *x, float *y) {
    const qk256_matrix w = MATRIX(codes, scales);
    qk256_gemv_f32_avx2(&w, x, y);
}

EXPORT void qk256_gemv_i8_heap(int32_t extensions, ARRAY_PARAMETERS, const int8_t *q, float q_scale, float *y) {
    const qk256_matrix w = MATRIX(codes, scales);
    TIERS[extensions].gemv_i8(&w, q, q_scale, y);
}
