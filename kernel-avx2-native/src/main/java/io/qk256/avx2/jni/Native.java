package io.qk256.avx2.jni;

import io.qk256.spi.support.F16Attention;

/**
 * The native library's functions, implemented in {@code jni.c}. Call them only after {@link NativeLibrary} has loaded
 * the library, and the operations only if {@link #missingCpuFeatures} reports nothing missing. Addresses and sizes are
 * trusted: they come from views that were checked.
 */
final class Native {

    /** The interface version; raise it when a signature or the meaning of an argument changes. */
    static final int ABI = 19;

    static final int NO_AVX2 = 1;
    static final int NO_FMA = 2;
    static final int NO_F16C = 4;

    /** The kinds of a {@link Prefetch}. */
    static final int NO_PREFETCH = 0;

    static final int PREFETCH_T0 = 1;
    static final int PREFETCH_T1 = 2;
    static final int PREFETCH_T2 = 3;
    static final int PREFETCH_NTA = 4;

    /** The rows of the table of tiers. */
    static final int AVX2 = 0;

    static final int AVX_VNNI = 1;
    static final int AVX512_VNNI = 2;
    static final int AMX = 3;

    /** The operations that {@link #function} finds: GEMMs for {@link #callColumns}, the others for {@link #call}. */
    static final int DEQUANTIZE = 0;

    static final int GEMV_F32 = 1;
    static final int GEMV_I8 = 2;
    static final int GEMM_I8 = 3;

    /** The same for matrices with group scales or activations with multipliers, which the others ignore. */
    static final int GROUPED_GEMV_I8 = 4;

    static final int GROUPED_GEMM_I8 = 5;

    /** For contiguous weights with the same scale; {@code qk256_call_run} calls it. */
    static final int DEQUANTIZE_RUN = 6;

    /** For {@link #callWide}; for products without group scales and multipliers. */
    static final int WIDE_GEMM_I8 = 7;

    /** For {@link #callQ8}: of 8-bit rows. */
    static final int GEMM_Q8 = 8;

    /** For {@link #callListed}: of listed rows, without group scales and multipliers. */
    static final int LISTED_GEMV_I8 = 9;

    /** For {@link #callListed}: of the transposed matrix. */
    static final int TRANSPOSED_GEMV_I8 = 10;

    /** For {@link #callQ8I16}: of 8-bit rows with int16 activations. */
    static final int GEMM_Q8_I16 = 11;

    /** For {@link #callAttention}. */
    static final int ATTENTION = 12;

    /** The positions of a block of keys or values. */
    static final int POSITIONS = F16Attention.POSITIONS;

    /** The maximum number of columns for {@link #callColumns} and {@link #callQ8}. */
    static final int GEMM_COLUMNS = 4;

    /** The maximum number of columns for {@link #callQ8I16}. */
    static final int Q8_I16_COLUMNS = 8;

    /** The maximum number of columns for {@link #callWide}. */
    static final int WIDE_COLUMNS = 16;

    private Native() {}

    /** Returns the library's {@link #ABI}. */
    static native int abi();

    /**
     * Returns the features that the CPU lacks or the operating system does not enable: {@link #NO_AVX2},
     * {@link #NO_FMA}, {@link #NO_F16C}.
     */
    static native int missingCpuFeatures();

    /** The makers of CPUs that {@link #cpu} tells apart. */
    static final int INTEL = 1;

    static final int AMD = 2;

    /**
     * Returns the maker of the CPU, {@link #INTEL}, {@link #AMD} or 0, in the upper 16 bits, and the family that its
     * manual gives, in the lower ones.
     */
    static native int cpu();

    /** Returns the tiers that the library was built for and the CPU supports: bit {@code 1 << row} for each. */
    static native int tiers();

    /** Returns the address of an operation's function in a tier; 0 if the tier has none of its own. */
    static native long function(int tier, int operation);

    /**
     * Reads memory.
     *
     * @param hint the kind of prefetch
     * @param ahead the distance of the prefetch in bytes
     * @return the sum of the int32 values, each masked with {@code 0x5555_5555}
     */
    static native int read(long address, long bytes, int hint, int ahead);

    /**
     * Rounds f16 weights to 8 bits, as {@code qk256_round_q8_avx2} in {@code tiers.h} says.
     *
     * @return whether all weights are finite
     */
    static native boolean roundQ8(long weights, int tiles, int cols, long codes, long scales);

    /**
     * Calls a function with the arguments that {@code QK256_ARGUMENTS} in {@code qk256.h} documents, and the result.
     */
    static native void call(
            long function,
            long codes,
            long rowStride,
            int rows,
            int cols,
            long groupScales,
            int group,
            int scaleBytes,
            float tensorScale,
            float value0,
            float value1,
            float value2,
            float value3,
            long x,
            float xScale,
            long multipliers,
            int prefetch,
            long y);

    /** As {@link #call}, with the arguments of {@code QK256_COLUMNS} as well. */
    static native void callColumns(
            long function,
            long codes,
            long rowStride,
            int rows,
            int cols,
            long groupScales,
            int group,
            int scaleBytes,
            float tensorScale,
            float value0,
            float value1,
            float value2,
            float value3,
            long x,
            float xScale,
            long multipliers,
            int prefetch,
            int columns,
            float xScale1,
            float xScale2,
            float xScale3,
            long xStride,
            long multipliersStride,
            long yStride,
            long y);

    /** As {@link #call}, with the arguments of {@code QK256_WIDE} in {@code wide.h} as well. */
    static native void callWide(
            long function,
            long codes,
            long rowStride,
            int rows,
            int cols,
            long groupScales,
            int group,
            int scaleBytes,
            float tensorScale,
            float value0,
            float value1,
            float value2,
            float value3,
            long x,
            float xScale,
            long multipliers,
            int prefetch,
            int columns,
            long xScales,
            long xStride,
            long yStride,
            long scratch,
            long y);

    /** Calls a function with the arguments that {@code QK256_Q8} in {@code q8.h} documents, and the result. */
    static native void callQ8(
            long function,
            long codes,
            long scales,
            int skipped,
            int rows,
            int cols,
            long x,
            long xStride,
            long multipliers,
            long multipliersStride,
            int columns,
            float xScale,
            float xScale1,
            float xScale2,
            float xScale3,
            int prefetch,
            long yStride,
            long y);

    /** Calls a function with the arguments that {@code QK256_Q8_I16} in {@code q8.h} documents, and the result. */
    static native void callQ8I16(
            long function,
            long codes,
            long scales,
            int skipped,
            int rows,
            int cols,
            long x,
            long xStride,
            int columns,
            float xScale,
            float xScale1,
            float xScale2,
            float xScale3,
            float xScale4,
            float xScale5,
            float xScale6,
            float xScale7,
            int prefetch,
            long yStride,
            long y);

    /** As {@link #call}, with the arguments of {@code QK256_LIST} in {@code listed.h} as well. */
    static native void callListed(
            long function,
            long codes,
            long rowStride,
            int rows,
            int cols,
            long groupScales,
            int group,
            int scaleBytes,
            float tensorScale,
            float value0,
            float value1,
            float value2,
            float value3,
            long x,
            float xScale,
            long multipliers,
            int prefetch,
            long list,
            int listed,
            int fromCol,
            int toCol,
            long y);

    /** Calls {@link #ATTENTION} with the arguments that {@code attention.h} documents, and the results. */
    static native void callAttention(
            long function,
            long pages,
            long keysAt,
            long valuesAt,
            int pageBlocks,
            int headSize,
            int queries,
            int tokens,
            int firstPosition,
            float scale,
            long q,
            long scores,
            int scoreStride,
            long y);
}
