package io.qk256.llm.model;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.qk256.spi.I8Batch;
import io.qk256.spi.I8Vector;
import io.qk256.spi.memory.Quantization;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The int8 activations of a batch, one column per token.
 *
 * <p>{@link Activations#PER_TOKEN} follows {@link Quantization#absMax}, {@link Activations#IN_GROUPS}
 * {@link Quantization#absMaxInGroups}, to the bit. What differs is where the values are: here in arrays, and a value that
 * is not finite is told once, by {@link #matrix}.
 *
 * <p>Different threads may quantize different columns at once.
 */
final class QuantizedColumns {

    private static final double LARGEST_CODE = 127;
    private static final double LARGEST_MULTIPLIER = Short.MAX_VALUE;
    private static final int GROUP = I8Vector.GROUP;

    /** Adding and subtracting this rounds half to even, as {@code |x * s|} is hardly above 127. */
    private static final float ROUNDER = 0x1.8p23f;

    private final int length;
    private final Activations rounding;

    /** Filled first, then copied: unlike access to native memory, fast even before the JVM has compiled this. */
    private final byte[] codes;

    private final float[] scales;
    private final MemorySegment memory;

    private final int groups;
    private final short[] multipliers;
    private final MemorySegment multiplierMemory;

    /** What each value is multiplied with, in groups. */
    private final float[] inverses;

    private final @Nullable I8Batch[] views;

    QuantizedColumns(Arena arena, int columns, int length, Activations rounding) {
        this.length = length;
        this.rounding = rounding;
        this.codes = new byte[Math.multiplyExact(columns, length)];
        this.scales = new float[columns];
        Arrays.fill(scales, 1);
        boolean inGroups = rounding == Activations.IN_GROUPS;
        this.groups = inGroups ? Math.ceilDiv(length, GROUP) : 0;
        this.multipliers = new short[columns * groups];
        this.inverses = new float[inGroups ? codes.length : 0];
        I8Batch all =
                inGroups ? I8Batch.allocateInGroups(arena, columns, length) : I8Batch.allocate(arena, columns, length);
        this.memory = all.segment();
        this.multiplierMemory = all.multipliers().orElse(MemorySegment.NULL);
        this.views = new I8Batch[columns + 1];
    }

    /** Quantizes the values starting at {@code x[at]}. */
    void quantize(Reductions reductions, int column, float[] x, int at) {
        float max = reductions.absMax(x, at, length);
        if (rounding == Activations.IN_GROUPS) {
            quantizeInGroups(reductions, column, x, at, Math.max(Quantization.SMALLEST_MAX_IN_GROUPS, max));
            return;
        }
        float scale = (float) (LARGEST_CODE / Math.max(Quantization.SMALLEST_MAX, max));
        int to = column * length;
        for (int i = 0; i < length; i++) {
            codes[to + i] = (byte) (int) (x[at + i] * scale + ROUNDER - ROUNDER);
        }
        MemorySegment.copy(codes, to, memory, JAVA_BYTE, to, length);
        scales[column] = scale;
    }

    private void quantizeInGroups(Reductions reductions, int column, float[] x, int at, double max) {
        double scale = LARGEST_CODE * LARGEST_MULTIPLIER / max;
        double multiplierOfOne = LARGEST_MULTIPLIER / max;
        int to = column * length;
        for (int group = 0; group < groups; group++) {
            int from = group * GROUP;
            double wanted = Math.ceil(reductions.absMax(x, at + from, GROUP) * multiplierOfOne);
            double multiplier = Math.clamp(wanted, 1, LARGEST_MULTIPLIER);
            multipliers[column * groups + group] = (short) multiplier;
            Arrays.fill(inverses, to + from, to + from + GROUP, (float) (scale / multiplier));
        }
        for (int i = 0; i < length; i++) {
            codes[to + i] = (byte) (int) (x[at + i] * inverses[to + i] + ROUNDER - ROUNDER);
        }
        MemorySegment.copy(codes, to, memory, JAVA_BYTE, to, length);
        int first = column * groups;
        MemorySegment.copy(multipliers, first, multiplierMemory, JAVA_SHORT, (long) first * Short.BYTES, groups);
        scales[column] = (float) scale;
    }

    /**
     * Returns the first columns; the same object for the same number.
     *
     * @throws NotFiniteException if the values of a column were not finite
     */
    I8Batch matrix(int columns) {
        I8Batch view = views[columns];
        if (view == null) {
            view = view(columns);
            views[columns] = view;
        }
        for (int i = 0; i < columns; i++) {
            view.column(i).scale(finite(scales[i]));
        }
        return view;
    }

    /** Lists the values of the first column that are not 0, without branches, which nobody could predict. */
    int listNotZero(int[] places) {
        int count = 0;
        for (int i = 0; i < length; i++) {
            places[count] = i;
            count += (codes[i] | -codes[i]) >>> 31;
        }
        return count;
    }

    private I8Batch view(int columns) {
        MemorySegment values = memory.asSlice(0, (long) columns * length);
        if (rounding == Activations.PER_TOKEN) {
            return I8Batch.of(values, columns, length);
        }
        long bytes = (long) columns * groups * Short.BYTES;
        return I8Batch.inGroups(values, multiplierMemory.asSlice(0, bytes), columns, length);
    }

    /** The scale is NaN if a value was NaN, and 0 if a value was infinite. */
    private static float finite(float scale) {
        if (!(scale > 0)) {
            throw new NotFiniteException("a value between two layers is " + (scale == 0 ? "infinite" : "NaN"));
        }
        return scale;
    }
}
