/*
 * The functions that Java calls: com.example.avx512.Native. Compiled for the baseline instruction set, because it runs before
 * the CPU is checked.
 */
#include "com_example_avx512_Native.h"
#include "kernel.h"

#include <stddef.h>

#ifdef __AVX__
#error "this file must run on every x86-64: compile it without -m options"
#endif

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_com_example_avx512_Native_##name
#define UNUSED __attribute__((unused))

/* The leading arguments of all operations. */
#define MATRIX_PARAMETERS                                                                                             \
    jlong codes, jlong row_stride, jint rows, jint cols, jlong scales, jfloat tensor_scale, jfloat v0, jfloat v1,      \
        jfloat v2, jfloat v3
#define MATRIX(codes_at, scales_at)                                                                                   \
    {(codes_at), row_stride, rows, cols, (scales_at), tensor_scale, _mm_setr_ps(v0, v1, v2, v3)}

#define LACKS(feature, bit) ((__builtin_cpu_supports(feature) ? 0 : 1) << (bit))

NATIVE(jint, missingCpuFeatures)(UNUSED JNIEnv *env, UNUSED jclass type) {
    /* The compiler's run-time library also checks whether the operating system saves the registers (XCR0). */
    __builtin_cpu_init();
    return LACKS("avx2", 0) | LACKS("avx512f", 1) | LACKS("avx512bw", 2) | LACKS("avx512vl", 3) | LACKS("avx512vnni", 4);
}

/* ---- JNI: off-heap memory, only numbers are passed ---- */

NATIVE(void, dequantize)(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong out) {
    const matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    dequantize(&w, (float *)out);
}

NATIVE(void, gemvF32)(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong x, jlong y) {
    const matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    gemv_f32(&w, (const float *)x, (float *)y);
}

NATIVE(void, gemmI8)
(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong q, jlong q_stride, jint columns, jfloat scale0,
    jfloat scale1, jfloat scale2, jfloat scale3, jlong y, jlong y_stride) {
    const matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    const float q_scales[MAX_COLUMNS] = {scale0, scale1, scale2, scale3};
    gemm_i8(&w, (const int8_t *)q, q_stride, columns, q_scales, (float *)y, y_stride);
}

/* ---- For com.example.avx512.HeapCall, which looks them up by name ---- */

#define EXPORT __attribute__((visibility("default")))
#define ARRAY_PARAMETERS                                                                                              \
    const uint8_t *codes, int64_t row_stride, int32_t rows, int32_t cols, const float *scales, float tensor_scale,     \
        float v0, float v1, float v2, float v3

EXPORT void avx512_dequantize_heap(ARRAY_PARAMETERS, float *out) {
    const matrix w = MATRIX(codes, scales);
    dequantize(&w, out);
}

EXPORT void avx512_gemv_f32_heap(ARRAY_PARAMETERS, const float *x, float *y) {
    const matrix w = MATRIX(codes, scales);
    gemv_f32(&w, x, y);
}

EXPORT void avx512_gemv_i8_heap(ARRAY_PARAMETERS, const int8_t *q, float q_scale, float *y) {
    const matrix w = MATRIX(codes, scales);
    gemm_i8(&w, q, 0, 1, &q_scale, y, 0);
}
