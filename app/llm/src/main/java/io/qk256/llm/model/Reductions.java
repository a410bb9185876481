package io.qk256.llm.model;

import io.qk256.spi.selection.Jvm;
import java.lang.foreign.MemorySegment;

/**
 * Sums over arrays, each in one defined order, so that plain code and vector code give the same bits on every machine.
 * Stateless and thread-safe.
 *
 * <p>A dot product has 32 partial sums: product {@code i} goes to sum {@code i mod 32}. They are then folded, 32 to 16 to 8
 * to 4 by adding the upper half to the lower, and the last four as {@code (0 + 1) + (2 + 3)}. This is the order of
 * {@code ggml_vec_dot_f16} built for AVX2. Where both operands come from f16 every product is exact in f32, so that ggml's fused
 * multiply-adds give the same bits.
 */
abstract sealed class Reductions permits PlainReductions, VectorReductions, WideVectorReductions {

    /** Partial sums of a dot product; lengths are multiples of it. */
    static final int LANES = 32;

    private static final Class<?> OFF_HEAP = MemorySegment.NULL.getClass();

    /** The fastest on this JVM. */
    static Reductions best() {
        if (!vectorsAreFast()) {
            return new PlainReductions();
        }
        return WideVectorReductions.areFast() ? new WideVectorReductions() : new VectorReductions();
    }

    /** Whether this JVM makes vector instructions of vector code, and this machine has vectors of 256 bits or more. */
    static boolean vectorsAreFast() {
        return Jvm.current().missing().isEmpty() && VectorReductions.areFast();
    }

    /** The next multiple of {@link #LANES}. */
    static int padded(int n) {
        return Math.ceilDiv(n, LANES) * LANES;
    }

    /** {@code sum of a[aAt + i] * b[bAt + i]}, {@code n} a multiple of {@link #LANES}; products and sums are rounded to f32. */
    abstract float dot(float[] a, int aAt, float[] b, int bAt, int n);

    /**
     * Dot products of rows of 8-bit codes, {@code sum of q[i] * scale of i / 32 * x[i]}: 16 partial sums, each of
     * {@code (q[i] * x[i] + q[i + 16] * x[i + 16]) * scale} with every operation rounded to f32, folded as those of a dot product.
     *
     * <p>The loop over rows is written once for each kind of sums, although it is always the same: where one loop called either
     * kind, the JVM compiled it badly in one run of eight, which cost seconds.
     *
     * @param q off-heap memory with {@code rows x x.length} codes, read where they lie, so that memory works while sums are
     *     computed
     * @param at where the first code is, in bytes
     * @param scales one for each 32 codes
     * @param x a multiple of {@link #LANES} numbers
     * @param out {@code rows} sums from {@code outAt} on
     */
    abstract void dotsInt8(MemorySegment q, long at, float[] scales, float[] x, float[] out, int outAt, int rows);

    /** The same segment, whose exact class the compiler then knows: else each access would ask it for its base. */
    static MemorySegment offHeap(MemorySegment segment) {
        if (segment.getClass() != OFF_HEAP) {
            throw new IllegalArgumentException("memory: " + segment + ", expected off-heap memory");
        }
        return segment;
    }

    /**
     * The sum of the squares, each rounded to f32, in f64: in 8 partial sums, folded to 4, and then as
     * {@code (0 + 1) + (2 + 3)}.
     */
    abstract double sumOfSquares(float[] x, int at, int n);

    /** The largest magnitude of a multiple of {@link #LANES}; NaN if there is one. */
    abstract float absMax(float[] x, int at, int n);
}
