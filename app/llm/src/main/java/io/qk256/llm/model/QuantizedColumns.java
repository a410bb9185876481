package io.qk256.llm.model;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.qk256.spi.I8Batch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The int8 activations of a batch, one column per token, quantized as bitnet.cpp did up to 2025
 * ({@code quantize_row_i8_s}), and as the reference implementation of the model does: {@code m = max(1e-5, max |x|)}
 * and {@code s = 127 / m} in f64, {@code q = round-half-even(x * s)} of the f32 product.
 *
 * <p>Different threads may quantize different columns at once.
 */
final class QuantizedColumns {

    private static final double SMALLEST_MAX = 1e-5;
    private static final double LARGEST_CODE = 127;

    /** Adding and subtracting this rounds half to even, as {@code |x * s|} is hardly above 127. */
    private static final float ROUNDER = 0x1.8p23f;

    private final int length;
    /** Filled first, then copied: unlike access to native memory, fast even before the JVM has compiled this. */
    private final byte[] codes;

    private final float[] scales;
    private final MemorySegment memory;
    private final @Nullable I8Batch[] views;

    QuantizedColumns(Arena arena, int columns, int length) {
        this.length = length;
        this.codes = new byte[Math.multiplyExact(columns, length)];
        this.scales = new float[columns];
        Arrays.fill(scales, 1);
        this.memory = I8Batch.allocate(arena, columns, length).segment();
        this.views = new I8Batch[columns + 1];
    }

    /** Quantizes the values starting at {@code x[at]}. */
    void quantize(Reductions reductions, int column, float[] x, int at) {
        double max = Math.max(SMALLEST_MAX, reductions.absMax(x, at, length));
        float scale = (float) (LARGEST_CODE / max);
        int to = column * length;
        for (int i = 0; i < length; i++) {
            codes[to + i] = (byte) (int) (x[at + i] * scale + ROUNDER - ROUNDER);
        }
        MemorySegment.copy(codes, to, memory, JAVA_BYTE, to, length);
        scales[column] = scale;
    }

    /**
     * Returns the first columns; the same object for the same number.
     *
     * @throws NotFiniteException if the values of a column were not finite
     */
    I8Batch matrix(int columns) {
        I8Batch view = views[columns];
        if (view == null) {
            view = I8Batch.of(memory.asSlice(0, (long) columns * length), columns, length);
            views[columns] = view;
        }
        for (int i = 0; i < columns; i++) {
            view.column(i).scale(finite(scales[i]));
        }
        return view;
    }

    /** The scale is NaN if a value was NaN, and 0 if a value was infinite. */
    private static float finite(float scale) {
        if (!(scale > 0)) {
            throw new NotFiniteException("a value between two layers is " + (scale == 0 ? "infinite" : "NaN"));
        }
        return scale;
    }
}
