package io.qk256.llm.model;

import io.qk256.spi.F32Vector;
import io.qk256.spi.I16Batch;
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
 * The product of an 8-bit head. A state is rounded to int16: {@code x ≈ q / scale}. The error is at most 1/65024 of the
 * largest number, less than that of f16 for all numbers that matter to a sum.
 */
final class Int8HeadProduct extends HeadProduct {

    /** More at once would save little time and take much memory. */
    private static final int MOST_STATES = 8;

    /** Some microseconds of work. */
    private static final int LEAST_TILES = 4;

    /** The largest magnitude of a value: {@link ScreenedHeadProduct} adds up to 255 and takes the upper eight bits. */
    static final int LARGEST = 127 * 256;

    /** Adding and subtracting this rounds half to even. */
    private static final float ROUNDER = 0x1.8p23f;

    private final Supplier<Reductions> reductions;
    private final Kernel kernel;
    private final Crew threads;
    private final Q8Matrix weights;
    private final Arena arena;
    private final short[] values;
    private final I16Batch[] operands = new I16Batch[MOST_STATES];
    private final MemorySegment memory;

    /** For one state, or for the most once there are several, because it takes as much memory as their logits. */
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
        int cols = weights.cols();
        this.values = new short[cols];
        this.memory = I16Batch.allocate(arena, MOST_STATES, cols).segment();
        for (int i = 0; i < MOST_STATES; i++) {
            operands[i] = I16Batch.of(memory.asSlice(0, (i + 1L) * cols * Short.BYTES), i + 1, cols);
        }
    }

    @Override
    void apply(float[][] states, float[][] newLogits, int columns) {
        logits = newLogits;
        for (first = 0; first < columns; first += MOST_STATES) {
            count = Math.min(MOST_STATES, columns - first);
            I16Batch batch = operands[count - 1];
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

    /** Value {@code i} of the state prepared last is {@code this / scale()}: an integer of at most {@value #LARGEST}. */
    int value(int i) {
        return values[i];
    }

    /** The scale of the state prepared last: its largest magnitude times this is {@value #LARGEST}. */
    float scale() {
        return operands[0].scale(0);
    }

    private F32Vector results() {
        F32Vector enough = results;
        long needed = (long) (count == 1 ? 1 : MOST_STATES) * weights.rows();
        if (enough == null || enough.length() < needed) {
            enough = F32Vector.allocate(arena, needed);
            results = enough;
        }
        return enough;
    }

    private void quantize(float[] x, I16Batch batch, int state) {
        int cols = weights.cols();
        float max = reductions.get().absMax(x, 0, cols);
        float scale = (float) (LARGEST / Math.max(Quantization.SMALLEST_MAX, max));
        if (!(scale > 0)) {
            throw new NotFiniteException("a value before the output head is " + (scale == 0 ? "infinite" : "NaN"));
        }
        for (int i = 0; i < cols; i++) {
            values[i] = (short) (int) (x[i] * scale + ROUNDER - ROUNDER);
        }
        MemorySegment.copy(values, 0, memory, ValueLayout.JAVA_SHORT, (long) state * cols * Short.BYTES, cols);
        batch.scale(state, scale);
    }

    /** Computes the logits of tiles of 16 rows. Different threads may compute different tiles at once. */
    void tiles(int fromTile, int toTile) {
        F32Vector y = results();
        int from = fromTile * Q8Matrix.TILE_ROWS;
        int to = Math.min(toTile * Q8Matrix.TILE_ROWS, weights.rows());
        kernel.gemm(weights, operands[count - 1], from, to, y);
        for (int i = 0; i < count; i++) {
            long at = ((long) i * weights.rows() + from) * Float.BYTES;
            MemorySegment.copy(y.segment(), ValueLayout.JAVA_FLOAT, at, logits[first + i], from, to - from);
        }
    }
}
