/*
 * The Java side of the library: io.qk256.avx2.jni.Native. Compiled for the baseline instruction set, because it runs
 * before anything is known of the CPU.
 */
#include "io_qk256_avx2_jni_Native.h"
#include "qk256.h"

#include <stddef.h>

#ifdef __AVX__
#error "this file must run on every x86-64: compile it without -m options"
#endif

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_io_qk256_avx2_jni_Native_##name
#define UNUSED __attribute__((unused))

/* The arguments that all operations begin with. Addresses of heap memory are offsets into their array. */
#define MATRIX_PARAMETERS                                                                                             \
    jlong codes, jlong row_stride, jint rows, jint cols, jlong scales, jfloat tensor_scale, jfloat v0, jfloat v1,      \
        jfloat v2, jfloat v3
#define MATRIX(codes_at, scales_at)                                                                                   \
    {(codes_at), row_stride, rows, cols, (scales_at), tensor_scale, _mm_setr_ps(v0, v1, v2, v3)}

#define AVX_VNNI io_qk256_avx2_jni_Native_AVX_VNNI
#define AVX512_VNNI io_qk256_avx2_jni_Native_AVX512_VNNI
#define TIER(gemv_i8, gemm_i8) {qk256_dequantize_avx2, qk256_gemv_f32_avx2, gemv_i8, gemm_i8}

/* By the extensions in use. */
static const qk256_tier TIERS[] = {
    TIER(qk256_gemv_i8_avx2, qk256_gemm_i8_avx2),
#ifndef WITHOUT_AVXVNNI
    [AVX_VNNI] = TIER(qk256_gemv_i8_avxvnni, qk256_gemm_i8_avxvnni),
#endif
#ifndef WITHOUT_AVX512VNNI
    [AVX512_VNNI] = TIER(qk256_gemv_i8_avx2, qk256_gemm_i8_avx512vnni),
#endif
#if !defined(WITHOUT_AVXVNNI) && !defined(WITHOUT_AVX512VNNI)
    [AVX_VNNI | AVX512_VNNI] = TIER(qk256_gemv_i8_avxvnni, qk256_gemm_i8_avx512vnni),
#endif
};

static const qk256_tier *tier = &TIERS[0];

/* The extensions that this CPU and its operating system have and the library was built for. */
static jint extensions(void) {
    jint found = 0;
#ifndef WITHOUT_AVXVNNI
    found |= __builtin_cpu_supports("avxvnni") ? AVX_VNNI : 0;
#endif
#ifndef WITHOUT_AVX512VNNI
    found |= __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")
        ? AVX512_VNNI
        : 0;
#endif
    return found;
}

NATIVE(jint, abi)(UNUSED JNIEnv *env, UNUSED jclass type) {
    return io_qk256_avx2_jni_Native_ABI;
}

NATIVE(jint, missingCpuFeatures)(UNUSED JNIEnv *env, UNUSED jclass type) {
    /* The compiler's run-time library also asks whether the operating system saves the registers (XCR0). */
    __builtin_cpu_init();
    return (__builtin_cpu_supports("avx2") ? 0 : io_qk256_avx2_jni_Native_NO_AVX2)
        | (__builtin_cpu_supports("fma") ? 0 : io_qk256_avx2_jni_Native_NO_FMA);
}

NATIVE(jint, useExtensions)(UNUSED JNIEnv *env, UNUSED jclass type, jint allowed) {
    const jint used = allowed & extensions();
    tier = &TIERS[used];
    return used;
}

/* ---- Off-heap memory: nothing but numbers cross the border ---- */

NATIVE(void, dequantize)(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong out) {
    const qk256_matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    tier->dequantize(&w, (float *)out);
}

NATIVE(void, gemvF32)(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong x, jlong y) {
    const qk256_matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    tier->gemv_f32(&w, (const float *)x, (float *)y);
}

NATIVE(void, gemvI8)
(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong q, jfloat q_scale, jlong y) {
    const qk256_matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    tier->gemv_i8(&w, (const int8_t *)q, q_scale, (float *)y);
}

NATIVE(void, gemmI8)
(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong q, jint columns, jfloat q_scale0, jfloat q_scale1,
    jfloat q_scale2, jfloat q_scale3, jlong y, jlong y_stride) {
    const qk256_matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    const float q_scales[GEMM_COLUMNS] = {q_scale0, q_scale1, q_scale2, q_scale3};
    tier->gemm_i8(&w, (const int8_t *)q, columns, q_scales, (float *)y, y_stride);
}

/* ---- Memory of which some is on the heap: arrays are pinned ---- */

/* In: an array and an offset in bytes, or NULL and an address. Pinned: the start of the array's elements. */
typedef struct {
    jobject array;
    jlong offset;
    char *start;
} pin;

enum { CODES, SCALES, IN, OUT, PINS };

static void *at(const pin *p) {
    return (void *)((uintptr_t)p->start + (uintptr_t)p->offset);
}

/* JNI_ABORT: a JVM that copies arrays instead of pinning them need not copy the inputs back. */
static void unpin(JNIEnv *env, pin *pins, int count) {
    for (int i = count - 1; i >= 0; i--) {
        if (pins[i].array) {
            (*env)->ReleasePrimitiveArrayCritical(env, pins[i].array, pins[i].start, i == OUT ? 0 : JNI_ABORT);
        }
    }
}

static int pin_all(JNIEnv *env, pin *pins) {
    for (int i = 0; i < PINS; i++) {
        if (pins[i].array) {
            pins[i].start = (*env)->GetPrimitiveArrayCritical(env, pins[i].array, NULL);
            if (!pins[i].start) {
                unpin(env, pins, i);
                jclass error = (*env)->FindClass(env, "java/lang/OutOfMemoryError");
                if (error) {
                    (*env)->ThrowNew(env, error, "the JVM could not pin an array for native code");
                }
                return 0;
            }
        }
    }
    return 1;
}

NATIVE(void, pinned)
(JNIEnv *env, UNUSED jclass type, jint operation, jobject codes_array, jobject scales_array, jobject in_array,
    jobject out_array, MATRIX_PARAMETERS, jlong in, jfloat in_scale, jlong out) {
    pin pins[PINS] = {
        {codes_array, codes, NULL}, {scales_array, scales, NULL}, {in_array, in, NULL}, {out_array, out, NULL}};
    if (!pin_all(env, pins)) {
        return;
    }
    const qk256_matrix w = MATRIX(at(&pins[CODES]), at(&pins[SCALES]));
    switch (operation) {
    case io_qk256_avx2_jni_Native_DEQUANTIZE:
        tier->dequantize(&w, at(&pins[OUT]));
        break;
    case io_qk256_avx2_jni_Native_GEMV_F32:
        tier->gemv_f32(&w, at(&pins[IN]), at(&pins[OUT]));
        break;
    case io_qk256_avx2_jni_Native_GEMV_I8:
        tier->gemv_i8(&w, at(&pins[IN]), in_scale, at(&pins[OUT]));
        break;
    }
    unpin(env, pins, PINS);
}
