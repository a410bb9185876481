package io.qk256.llm.model;

import io.qk256.spi.selection.Jvm;
import java.lang.foreign.MemorySegment;

/**
 * Sums over arrays, each in one defined order, so that plain code and vector code give the same bits on every machine.
 * Stateless and thread-safe.
 *
 * <p>A dot product has 32 partial sums: product {@code i} is added to sum {@code i mod 32}. They are then folded, 32 to
 * 16 to 8 to 4 by adding the upper half to the lower, and the last four as {@code (0 + 1) + (2 + 3)}. This is the order
 * of {@code ggml_vec_dot_f16} built for AVX2. If both operands come from f16, every product is exact in f32, so ggml's
 * fused multiply-adds give the same bits.
 */
abstract sealed class Reductions permits PlainReductions, VectorReductions {

    /** The number of partial sums of a dot product; lengths are multiples of it. */
    static final int LANES = 32;

    private static final Class<?> OFF_HEAP = MemorySegment.NULL.getClass();

    /** Returns the fastest implementation on this JVM. */
    static Reductions best() {
        return vectorsAreFast() ? new VectorReductions() : new PlainReductions();
    }

    /**
     * Whether this JVM compiles vector code to vector instructions, and this machine has vectors of 256 bits or more.
     */
    static boolean vectorsAreFast() {
        return Jvm.current().missing().isEmpty() && VectorReductions.areFast();
    }

    /** Rounds up to a multiple of {@link #LANES}. */
    static int padded(int n) {
        return Math.ceilDiv(n, LANES) * LANES;
    }

    /**
     * {@code sum of a[aAt + i] * b[bAt + i]}; {@code n} is a multiple of {@link #LANES}; products and sums round to
     * f32.
     */
    abstract float dot(float[] a, int aAt, float[] b, int bAt, int n);

    /**
     * Returns the same segment. The compiler then knows its exact class; otherwise each access would look up its base.
     */
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

    /** The largest magnitude of {@code n} numbers, a multiple of {@link #LANES}; NaN if one is NaN. */
    abstract float absMax(float[] x, int at, int n);
}
