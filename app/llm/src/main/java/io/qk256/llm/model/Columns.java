package io.qk256.llm.model;

import io.qk256.spi.F32Vector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The f32 results of a product for the tokens of a batch, a column each. Kernels write to off-heap memory, which is their fast
 * path; the rest of the model reads and writes an array, which is the fast path of Java. So each column is copied once.
 */
final class Columns {

    private final int length;
    private final float[] values;
    private final F32Vector memory;
    private final @Nullable F32Vector[] views;

    Columns(Arena arena, int columns, int length) {
        this.length = length;
        this.values = new float[Math.multiplyExact(columns, length)];
        this.memory = F32Vector.allocate(arena, values.length);
        this.views = new F32Vector[columns + 1];
    }

    /** All columns, one after the other. */
    float[] values() {
        return values;
    }

    /** Where a column starts in the values. */
    int at(int column) {
        return column * length;
    }

    /** Where a kernel writes the results of so many columns: the same object at every call. */
    F32Vector results(int columns) {
        F32Vector view = views[columns];
        if (view == null) {
            view = memory.slice(0, (long) columns * length);
            views[columns] = view;
        }
        return view;
    }

    /** Copies the results of a column to the values. */
    void take(int column) {
        MemorySegment from = memory.segment();
        MemorySegment.copy(from, ValueLayout.JAVA_FLOAT, (long) at(column) * Float.BYTES, values, at(column), length);
    }
}
