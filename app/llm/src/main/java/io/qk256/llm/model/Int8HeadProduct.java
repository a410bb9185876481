package io.qk256.llm.model;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I8Batch;
import io.qk256.spi.Kernel;
import io.qk256.spi.Q8Matrix;
import io.qk256.spi.memory.Quantization;
import io.qk256.spi.parallel.RowTask;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The product of an 8-bit head. A state becomes two columns of int8: {@code x ≈ (high + low / 254) / scale}, where high
 * is x in 8 bits, and low what that leaves, in 8 bits again. The error is at most 1/64516 of the largest number, less
 * than that of f16 for all numbers that matter to a sum. Both are read with the same pass over the weights.
 */
final class Int8HeadProduct extends HeadProduct {

    /** More at once would save little time and take much memory. */
    private static final int MOST_STATES = 8;

    /** Columns of int8 for a state. */
    private static final int PARTS = 2;

    /** Some microseconds of work. */
    private static final int LEAST_TILES = 4;

    private static final float LARGEST_CODE = 127;

    /** What rounding to integers leaves is at most 1/2, and becomes at most 127. */
    static final int LOW_STEPS = 254;

    /** Adding and subtracting this rounds half to even. */
    private static final float ROUNDER = 0x1.8p23f;

    private final Supplier<Reductions> reductions;
    private final Kernel kernel;
    private final Crew threads;
    private final Q8Matrix weights;
    private final Arena arena;
    private final byte[] codes;
    private final I8Batch[] operands = new I8Batch[MOST_STATES];
    private final MemorySegment memory;

    /** The low parts of some logits; each thread has its own rows. */
    private final float[] lows;

    /** For one state, or for the most once there are several, because it takes twice as much memory as the logits. */
    private @Nullable F32Vector results;

    private float[][] logits = {};
    private final float[][] oneLogits = new float[1][];
    private int first;
    private int count;
    private final RowTask tiles = this::tiles;

    Int8HeadProduct(Supplier<Reductions> reductions, Kernel kernel, Crew threads, Q8Matrix weights, Arena arena) {
        this.reductions = reductions;
        this.kernel = kernel;
        this.threads = threads;
        this.weights = weights;
        this.arena = arena;
        this.codes = new byte[PARTS * weights.cols()];
        this.lows = new float[weights.rows()];
        int most = MOST_STATES * PARTS;
        this.memory = I8Batch.allocate(arena, most, weights.cols()).segment();
        for (int i = 0; i < MOST_STATES; i++) {
            int columns = (i + 1) * PARTS;
            operands[i] = I8Batch.of(memory.asSlice(0, (long) columns * weights.cols()), columns, weights.cols());
        }
    }

    @Override
    void apply(float[][] states, float[][] newLogits, int columns) {
        logits = newLogits;
        for (first = 0; first < columns; first += MOST_STATES) {
            count = Math.min(MOST_STATES, columns - first);
            I8Batch batch = operands[count - 1];
            for (int i = 0; i < count; i++) {
                quantize(states[first + i], batch, i);
            }
            results();
            threads.forRows(Math.ceilDiv(weights.rows(), Q8Matrix.TILE_ROWS), LEAST_TILES, tiles);
        }
    }

    Q8Matrix weights() {
        return weights;
    }

    /** Prepares to compute the logits of one state, by {@link #tiles}. */
    void begin(float[] state, float[] target) {
        oneLogits[0] = target;
        logits = oneLogits;
        first = 0;
        count = 1;
        quantize(state, operands[0], 0);
        results();
    }

    /**
     * Value {@code i} of the state prepared last is {@code this / (254 * scale())}: an integer of at most 32385.
     */
    int value(int i) {
        return LOW_STEPS * codes[i] + codes[weights.cols() + i];
    }

    /** The scale of the state prepared last: its largest magnitude times this is 127. */
    float scale() {
        return operands[0].column(0).scale();
    }

    private F32Vector results() {
        F32Vector enough = results;
        long needed = (long) (count == 1 ? 1 : MOST_STATES) * PARTS * weights.rows();
        if (enough == null || enough.length() < needed) {
            enough = F32Vector.allocate(arena, needed);
            results = enough;
        }
        return enough;
    }

    private void quantize(float[] x, I8Batch batch, int state) {
        int cols = weights.cols();
        float max = reductions.get().absMax(x, 0, cols);
        float scale = (float) (LARGEST_CODE / Math.max(Quantization.SMALLEST_MAX, max));
        if (!(scale > 0)) {
            throw new NotFiniteException("a value before the output head is " + (scale == 0 ? "infinite" : "NaN"));
        }
        for (int i = 0; i < cols; i++) {
            float scaled = x[i] * scale;
            float high = scaled + ROUNDER - ROUNDER;
            codes[i] = (byte) (int) high;
            codes[cols + i] = (byte) (int) ((scaled - high) * LOW_STEPS + ROUNDER - ROUNDER);
        }
        long at = (long) state * PARTS * cols;
        MemorySegment.copy(codes, 0, memory, ValueLayout.JAVA_BYTE, at, PARTS * cols);
        batch.column(state * PARTS).scale(scale);
        batch.column(state * PARTS + 1).scale(scale * LOW_STEPS);
    }

    /** Computes the logits of tiles of 16 rows. Different threads may compute different tiles at once. */
    void tiles(int fromTile, int toTile) {
        F32Vector y = results();
        int from = fromTile * Q8Matrix.TILE_ROWS;
        int to = Math.min(toTile * Q8Matrix.TILE_ROWS, weights.rows());
        kernel.gemm(weights, operands[count - 1], from, to, y);
        for (int i = 0; i < count; i++) {
            float[] sums = logits[first + i];
            copy(y, i * PARTS, from, to, sums);
            copy(y, i * PARTS + 1, from, to, lows);
            for (int row = from; row < to; row++) {
                sums[row] += lows[row];
            }
        }
    }

    private void copy(F32Vector y, int column, int from, int to, float[] target) {
        long at = ((long) column * weights.rows() + from) * Float.BYTES;
        MemorySegment.copy(y.segment(), ValueLayout.JAVA_FLOAT, at, target, from, to - from);
    }
}
