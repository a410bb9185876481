package io.qk256.llm.model;

import io.qk256.spi.F32Vector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Receives the results of a product, one column per token of a batch. Kernels write to off-heap memory, which is their
 * fast path; the rest of a model uses arrays, which are the fast path of Java. Each column is therefore copied once.
 */
final class KernelResults {

    private final int length;
    private final F32Vector memory;
    private final @Nullable F32Vector[] views;

    KernelResults(Arena arena, int columns, int length) {
        this.length = length;
        this.memory = F32Vector.allocate(arena, Math.multiplyExact(columns, length));
        this.views = new F32Vector[columns + 1];
    }

    /** Returns the memory of the first columns; the same object for the same number. */
    F32Vector first(int columns) {
        F32Vector view = views[columns];
        if (view == null) {
            view = memory.slice(0, (long) columns * length);
            views[columns] = view;
        }
        return view;
    }

    /** Copies a column to the same column. */
    void copy(int column, Columns to) {
        copy(column, to.values(), to.at(column));
    }

    /** Copies the bits of the first column. */
    void copyBits(int[] to) {
        MemorySegment.copy(memory.segment(), ValueLayout.JAVA_INT, 0, to, 0, length);
    }

    /** Copies a column to an array, starting at {@code to[at]}. */
    void copy(int column, float[] to, int at) {
        long from = (long) column * length * Float.BYTES;
        MemorySegment.copy(memory.segment(), ValueLayout.JAVA_FLOAT, from, to, at, length);
    }
}
