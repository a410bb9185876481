package io.qk256.avx2.jni;

/**
 * The native library's functions, as {@code jni.c} implements them. To be called once {@link NativeLibrary} has loaded
 * it, the operations once {@link #missingCpuFeatures} has said that nothing is missing. Addresses and sizes are trusted:
 * they come from views that were checked.
 *
 * <p>Every operation works on {@code rows} rows that start at {@code codes}, {@code blockScales} (0 if there are none)
 * and, for the products, {@code y}.
 */
final class Native {

    /** What this class and the library agree on; to be raised when a signature or the meaning of an argument changes. */
    static final int ABI = 7;

    static final int NO_AVX2 = 1;
    static final int NO_FMA = 2;

    /** AVX-VNNI, for the int8 products. */
    static final int AVX_VNNI = 1;

    /** AVX-512 (F, BW, VL and VNNI), for {@link #gemmI8}. There are CPUs with only this one of the two. */
    static final int AVX512_VNNI = 2;

    /** Columns that {@link #gemmI8} takes at most. */
    static final int GEMM_COLUMNS = 4;

    private Native() {}

    /** The library's {@link #ABI}. */
    static native int abi();

    /** What the CPU, or the operating system for it, does not offer: {@link #NO_AVX2}, {@link #NO_FMA}. */
    static native int missingCpuFeatures();

    /**
     * What the library was built for and the CPU runs beyond AVX2 and FMA: {@link #AVX_VNNI}, {@link #AVX512_VNNI}. These,
     * or some of them, are what the int8 products take as {@code extensions}.
     */
    static native int extensions();

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

    static native void gemvI8(
            int extensions,
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
            float qScale,
            long y);

    /**
     * Up to {@link #GEMM_COLUMNS} columns: their activations start {@code qStride} values apart, and the rows' results of
     * each {@code yStride} values.
     */
    static native void gemmI8(
            int extensions,
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
            float qScale0,
            float qScale1,
            float qScale2,
            float qScale3,
            long y,
            long yStride);
}
