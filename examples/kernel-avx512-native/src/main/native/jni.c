/*
 * The Java side of the library: com.example.avx512.Native. Compiled for the baseline instruction set, because it runs
 * before anything is known of the CPU.
 */
#include "com_example_avx512_Native.h"
#include "kernel.h"

#include <stddef.h>

#ifdef __AVX__
#error "this file must run on every x86-64: compile it without -m options"
#endif

#define NATIVE(type, name) JNIEXPORT type JNICALL Java_com_example_avx512_Native_##name
#define UNUSED __attribute__((unused))

/* The arguments that all operations begin with. */
#define MATRIX_PARAMETERS                                                                                             \
    jlong codes, jlong row_stride, jint rows, jint cols, jlong scales, jfloat tensor_scale, jfloat v0, jfloat v1,      \
        jfloat v2, jfloat v3
#define MATRIX(codes_at, scales_at)                                                                                   \
    {(codes_at), row_stride, rows, cols, (scales_at), tensor_scale, _mm_setr_ps(v0, v1, v2, v3)}

#define LACKS(feature, bit) ((__builtin_cpu_supports(feature) ? 0 : 1) << (bit))

NATIVE(jint, missingCpuFeatures)(UNUSED JNIEnv *env, UNUSED jclass type) {
    /* The compiler's run-time library also asks whether the operating system saves the registers (XCR0). */
    __builtin_cpu_init();
    return LACKS("avx2", 0) | LACKS("avx512f", 1) | LACKS("avx512bw", 2) | LACKS("avx512vl", 3) | LACKS("avx512vnni", 4);
}

/* ---- Off-heap memory: nothing but numbers cross the border ---- */

NATIVE(void, dequantize)(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong out) {
    const matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    dequantize(&w, (float *)out);
}

NATIVE(void, gemvF32)(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong x, jlong y) {
    const matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    gemv_f32(&w, (const float *)x, (float *)y);
}

NATIVE(void, gemmI8)
(UNUSED JNIEnv *env, UNUSED jclass type, MATRIX_PARAMETERS, jlong q, jint columns, jfloat scale0, jfloat scale1,
    jfloat scale2, jfloat scale3, jlong y, jlong y_stride) {
    const matrix w = MATRIX((const uint8_t *)codes, (const float *)scales);
    const float q_scales[MAX_COLUMNS] = {scale0, scale1, scale2, scale3};
    gemm_i8(&w, (const int8_t *)q, columns, q_scales, (float *)y, y_stride);
}

/* ---- Memory of which some is on the heap ---- */

/* An array and an offset in bytes, or NULL and an address. */
typedef struct {
    jobject array;
    jlong address;
    char *elements; /* of the pinned array */
} place;

enum { CODES, SCALES, IN, OUT, PLACES };

static void *at(const place *p) {
    return (void *)((uintptr_t)p->elements + (uintptr_t)p->address);
}

/* JNI_ABORT: a JVM that copies arrays instead of pinning them need not copy the inputs back. */
static void unpin(JNIEnv *env, place *places, int count) {
    for (int i = count - 1; i >= 0; i--) {
        if (places[i].array) {
            (*env)->ReleasePrimitiveArrayCritical(
                env, places[i].array, places[i].elements, i == OUT ? 0 : JNI_ABORT);
        }
    }
}

static int pin(JNIEnv *env, place *places) {
    for (int i = 0; i < PLACES; i++) {
        if (places[i].array) {
            places[i].elements = (*env)->GetPrimitiveArrayCritical(env, places[i].array, NULL);
            if (!places[i].elements) {
                unpin(env, places, i);
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
    place places[PLACES] = {
        {codes_array, codes, NULL}, {scales_array, scales, NULL}, {in_array, in, NULL}, {out_array, out, NULL}};
    if (!pin(env, places)) {
        return;
    }
    const matrix w = MATRIX(at(&places[CODES]), at(&places[SCALES]));
    switch (operation) {
    case com_example_avx512_Native_DEQUANTIZE:
        dequantize(&w, at(&places[OUT]));
        break;
    case com_example_avx512_Native_GEMV_F32:
        gemv_f32(&w, at(&places[IN]), at(&places[OUT]));
        break;
    case com_example_avx512_Native_GEMV_I8:
        gemm_i8(&w, at(&places[IN]), 1, &in_scale, at(&places[OUT]), 0);
        break;
    }
    unpin(env, places, PLACES);
}
