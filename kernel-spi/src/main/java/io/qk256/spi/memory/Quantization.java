package io.qk256.spi.memory;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import java.lang.foreign.MemorySegment;

/**
 * Rounds activations to int8 by a named rule. Stateless and thread-safe: different threads may fill different columns
 * of a batch at once. Calls allocate nothing except, once per thread, a buffer of 36 KiB.
 */
public final class Quantization {

    /** The lower bound on the largest magnitude that {@link #absMax} uses. */
    public static final double SMALLEST_MAX = 1e-5;

    /** The lower bound on the largest magnitude that {@link #absMaxInGroups} uses. */
    public static final double SMALLEST_MAX_IN_GROUPS = 0x1p-64;

    private static final double LARGEST_CODE = 127;
    private static final double LARGEST_MULTIPLIER = Short.MAX_VALUE;

    /** Adding and subtracting this rounds half to even; {@code |x * s|} is at most slightly above 127. */
    private static final float ROUNDER = 0x1.8p23f;

    private static final int MAGNITUDE = 0x7FFF_FFFF;
    private static final int INFINITY = 0x7F80_0000;

    /** Array buffers, where loops are fast whatever kinds of memory a program uses. */
    private static final class Chunk {

        static final int LENGTH = 4096;
        static final ThreadLocal<Chunk> OF_THREAD = ThreadLocal.withInitial(Chunk::new);

        final float[] values = new float[LENGTH];
        final int[] bits = new int[LENGTH];
        final byte[] codes = new byte[LENGTH];
        final short[] multipliers = new short[LENGTH / I8Vector.GROUP];
    }

    private Quantization() {}

    /**
     * Quantizes a token's activations as BitNet b1.58 does: with {@code m = max(1e-5, max |x|)} and {@code s = 127 / m}
     * in f64, s rounded to f32, {@code q = x * s} is an f32 product rounded half to even. {@code s} becomes the scale
     * of {@code q}.
     *
     * <p>Source: bitnet.cpp up to 2025, {@code quantize_row_i8_s} in its {@code ggml-quants.c}, as compiled without
     * fused multiply-adds; the reference implementation of the model computes the same.
     *
     * @param x finite values, {@code cols} or more
     * @param cols number of values to quantize, 1 or more
     * @param q receives {@code cols} values; the values beyond stay unchanged
     * @throws IllegalArgumentException if a value is NaN or infinite, or a vector is too short; {@code q} is then
     *     unchanged
     */
    public static void absMax(F32Vector x, int cols, I8Vector q) {
        requireLengths(x, cols, 1, q.length());
        quantize(x, 0, cols, q);
    }

    /**
     * {@linkplain #absMax(F32Vector, int, I8Vector) Quantizes} the tokens of a batch, each on its own.
     *
     * @param x {@code cols} finite values for each column, contiguous; may be longer
     * @param cols values in a column, 1 or more
     * @param q receives them; its columns may be longer
     * @throws IllegalArgumentException if a value is NaN or infinite, or an argument is too short; {@code q} may then
     *     be partly filled
     */
    public static void absMax(F32Vector x, int cols, I8Batch q) {
        requireLengths(x, cols, q.columns(), q.length());
        for (int i = 0; i < q.columns(); i++) {
            quantize(x, (long) i * cols, cols, q.column(i));
        }
    }

    /**
     * Quantizes a token's activations in groups of 32, for models that were not trained with one scale a token: their
     * largest values are far above the others. With {@code m = max(2^-64, max |x|)} of the token and
     * {@code s = 127 * 32767 / m}, a group whose largest magnitude is {@code a} gets the multiplier
     * {@code ceil(a * 32767 / m)}, at least 1, and {@code q = x * (s / multiplier)}, an f32 product rounded half to
     * even. {@code s} and {@code s / multiplier} are computed in f64 and rounded to f32; {@code s} becomes the scale of
     * {@code q}.
     *
     * <p>So each group is rounded with a scale of its own, as in ggml's Q8_0, but the scales are integer multiples of
     * one number. Where a group is so small that its multiplier is coarse, its error is far below that of the largest.
     *
     * @param x finite values, {@code cols} or more
     * @param cols number of values to quantize, 1 or more
     * @param q receives {@code cols} values and their multipliers; those beyond stay unchanged
     * @throws IllegalArgumentException if a value is NaN or infinite, a vector is too short, or {@code q} has no
     *     multipliers; {@code q} is then unchanged
     */
    public static void absMaxInGroups(F32Vector x, int cols, I8Vector q) {
        requireLengths(x, cols, 1, q.length());
        requireMultipliers(q.hasMultipliers());
        quantizeInGroups(x, 0, cols, q);
    }

    /**
     * {@linkplain #absMaxInGroups(F32Vector, int, I8Vector) Quantizes} the tokens of a batch in groups, each token on
     * its own.
     *
     * @param x {@code cols} finite values for each column, contiguous; may be longer
     * @param cols values in a column, 1 or more
     * @param q receives them; its columns may be longer
     * @throws IllegalArgumentException if a value is NaN or infinite, an argument is too short, or {@code q} has no
     *     multipliers; {@code q} may then be partly filled
     */
    public static void absMaxInGroups(F32Vector x, int cols, I8Batch q) {
        requireLengths(x, cols, q.columns(), q.length());
        requireMultipliers(q.hasMultipliers());
        for (int i = 0; i < q.columns(); i++) {
            quantizeInGroups(x, (long) i * cols, cols, q.column(i));
        }
    }

    private static void requireMultipliers(boolean hasMultipliers) {
        if (!hasMultipliers) {
            throw new IllegalArgumentException(
                    "q: it has no multipliers, expected one for each 32 values; make it with inGroups or"
                            + " allocateInGroups");
        }
    }

    private static void requireLengths(F32Vector x, int cols, int columns, long length) {
        if (cols < 1) {
            throw new IllegalArgumentException("cols: " + cols + ", expected 1 or more");
        }
        long needed = (long) columns * cols;
        if (x.length() < needed) {
            throw new IllegalArgumentException("x: length " + x.length() + ", expected " + needed + " or more ("
                    + (columns == 1 ? "cols" : "columns x cols") + ")");
        }
        if (length < cols) {
            throw new IllegalArgumentException("q: length " + length + ", expected " + cols + " or more (cols)");
        }
    }

    private static void quantizeInGroups(F32Vector x, long from, int cols, I8Vector q) {
        Chunk chunk = Chunk.OF_THREAD.get();
        double max = Math.max(SMALLEST_MAX_IN_GROUPS, Float.intBitsToFloat(largestMagnitude(x, from, cols, chunk)));
        double scale = LARGEST_CODE * LARGEST_MULTIPLIER / max;
        MemorySegment multipliers = q.multipliers().orElseThrow();
        for (int at = 0; at < cols; at += Chunk.LENGTH) {
            int n = Math.min(Chunk.LENGTH, cols - at);
            MemorySegment.copy(x.segment(), JAVA_FLOAT, (from + at) * Float.BYTES, chunk.values, 0, n);
            MemorySegment.copy(x.segment(), JAVA_INT, (from + at) * Float.BYTES, chunk.bits, 0, n);
            roundInGroups(chunk, n, scale, LARGEST_MULTIPLIER / max);
            MemorySegment.copy(chunk.codes, 0, q.segment(), JAVA_BYTE, at, n);
            long to = (long) at / I8Vector.GROUP * Short.BYTES;
            int groups = Math.ceilDiv(n, I8Vector.GROUP);
            MemorySegment.copy(chunk.multipliers, 0, multipliers, JAVA_SHORT, to, groups);
        }
        q.scale((float) scale);
    }

    private static void roundInGroups(Chunk chunk, int n, double scale, double multiplierOfOne) {
        for (int start = 0; start < n; start += I8Vector.GROUP) {
            int end = Math.min(n, start + I8Vector.GROUP);
            int bits = 0;
            for (int i = start; i < end; i++) {
                bits = Math.max(bits, chunk.bits[i] & MAGNITUDE);
            }
            double wanted = Math.ceil(Float.intBitsToFloat(bits) * multiplierOfOne);
            double multiplier = Math.clamp(wanted, 1, LARGEST_MULTIPLIER);
            chunk.multipliers[start / I8Vector.GROUP] = (short) multiplier;
            float ofGroup = (float) (scale / multiplier);
            for (int i = start; i < end; i++) {
                chunk.codes[i] = (byte) (int) (chunk.values[i] * ofGroup + ROUNDER - ROUNDER);
            }
        }
    }

    private static void quantize(F32Vector x, long from, int cols, I8Vector q) {
        Chunk chunk = Chunk.OF_THREAD.get();
        int max = largestMagnitude(x, from, cols, chunk);
        float scale = (float) (LARGEST_CODE / Math.max(SMALLEST_MAX, Float.intBitsToFloat(max)));
        for (int at = 0; at < cols; at += Chunk.LENGTH) {
            int n = Math.min(Chunk.LENGTH, cols - at);
            MemorySegment.copy(x.segment(), JAVA_FLOAT, (from + at) * Float.BYTES, chunk.values, 0, n);
            round(chunk.values, n, scale, chunk.codes);
            MemorySegment.copy(chunk.codes, 0, q.segment(), JAVA_BYTE, at, n);
        }
        q.scale(scale);
    }

    /** The bits of the largest magnitude of some finite values. */
    private static int largestMagnitude(F32Vector x, long from, int cols, Chunk chunk) {
        int max = 0;
        for (int at = 0; at < cols; at += Chunk.LENGTH) {
            int n = Math.min(Chunk.LENGTH, cols - at);
            MemorySegment.copy(x.segment(), JAVA_INT, (from + at) * Float.BYTES, chunk.bits, 0, n);
            max = Math.max(max, largestMagnitude(chunk.bits, n));
        }
        if (max >= INFINITY) {
            throw notFinite(x, from);
        }
        return max;
    }

    /** Works on the bits, which order as magnitudes do; NaN is above infinity. Vectorizes well. */
    private static int largestMagnitude(int[] bits, int n) {
        int max = 0;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, bits[i] & MAGNITUDE);
        }
        return max;
    }

    private static void round(float[] values, int n, float scale, byte[] codes) {
        for (int i = 0; i < n; i++) {
            codes[i] = (byte) (int) (values[i] * scale + ROUNDER - ROUNDER);
        }
    }

    private static IllegalArgumentException notFinite(F32Vector x, long from) {
        long at = from;
        while (Float.isFinite(x.get(at))) {
            at++;
        }
        return new IllegalArgumentException(
                "x: " + x.get(at) + " at " + at + ", expected finite values; an earlier result was not finite");
    }
}
