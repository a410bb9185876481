package io.qk256.avx2.jni;

/**
 * The native library's functions, as {@code jni.c} implements them. To be called once {@link NativeLibrary} has loaded it,
 * the operations once {@link #missingCpuFeatures} has said that nothing is missing. Addresses and sizes are trusted: they
 * come from views that were checked.
 */
final class Native {

    /** What this class and the library agree on; to be raised when a signature or the meaning of an argument changes. */
    static final int ABI = 8;

    static final int NO_AVX2 = 1;
    static final int NO_FMA = 2;

    /** The rows of the table of tiers. */
    static final int AVX2 = 0;

    static final int AVX_VNNI = 1;
    static final int AVX512_VNNI = 2;

    /** What {@link #function} finds: three operations for {@link #call}, and one for {@link #callColumns}. */
    static final int DEQUANTIZE = 0;

    static final int GEMV_F32 = 1;
    static final int GEMV_I8 = 2;
    static final int GEMM_I8 = 3;

    /** Columns that {@link #callColumns} takes at most. */
    static final int GEMM_COLUMNS = 4;

    private Native() {}

    /** The library's {@link #ABI}. */
    static native int abi();

    /** What the CPU, or the operating system for it, does not offer: {@link #NO_AVX2}, {@link #NO_FMA}. */
    static native int missingCpuFeatures();

    /** The tiers that the library was built for and the CPU runs: bit {@code 1 << row} for each. */
    static native int tiers();

    /** The address of an operation's function in a tier; 0 if it has none of its own. */
    static native long function(int tier, int operation);

    /** Calls a function with the arguments that {@code QK256_ARGUMENTS} in {@code qk256.h} explains, and the result's address. */
    static native void call(
            long function,
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
            float xScale,
            long y);

    /** The same with those of {@code QK256_COLUMNS} as well. */
    static native void callColumns(
            long function,
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
            float xScale,
            int columns,
            float xScale1,
            float xScale2,
            float xScale3,
            long xStride,
            long yStride,
            long y);
}
