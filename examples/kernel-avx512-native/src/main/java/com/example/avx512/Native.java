package com.example.avx512;

/**
 * The functions of {@code jni.c}. Call them only after {@link NativeLibrary} has loaded the library, and the operations only
 * if {@link #missingCpuFeatures} has returned 0. Only numbers are passed, which makes a call cheap; addresses and sizes are
 * trusted, because they come from checked views.
 *
 * <p>Each operation works on {@code rows} rows that start at {@code codes}, {@code blockScales} (0 if there are none)
 * and, for the products, {@code y}.
 */
final class Native {

    /** The most columns that {@link #gemmI8} takes. */
    static final int MAX_COLUMNS = 4;

    private Native() {}

    /** A bit for each of {@link Avx512Provider#NEEDED} that the CPU lacks or the operating system does not enable. */
    static native int missingCpuFeatures();

    static native void dequantize(
            long codes,
            long rowStride,
            int rows,
            int cols,
            long blockScales,
            float tensorScale,
            float value0,
            float value1,
            float value2,
            float value3,
            long out);

    static native void gemvF32(
            long codes,
            long rowStride,
            int rows,
            int cols,
            long blockScales,
            float tensorScale,
            float value0,
            float value1,
            float value2,
            float value3,
            long x,
            long y);

    /**
     * Up to {@link #MAX_COLUMNS} columns, each with its scale. Their activations start {@code qStride} values apart, their
     * results {@code yStride} values.
     */
    static native void gemmI8(
            long codes,
            long rowStride,
            int rows,
            int cols,
            long blockScales,
            float tensorScale,
            float value0,
            float value1,
            float value2,
            float value3,
            long q,
            long qStride,
            int columns,
            float scale0,
            float scale1,
            float scale2,
            float scale3,
            long y,
            long yStride);
}
