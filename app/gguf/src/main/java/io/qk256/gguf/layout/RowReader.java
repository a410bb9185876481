package io.qk256.gguf.layout;

/** Reads rows of a tensor as f32 values into an array. Not thread-safe, as it has a buffer. */
@FunctionalInterface
public interface RowReader {

    /**
     * Reads consecutive rows.
     *
     * @param first index of the first row
     * @param count number of rows, at most what the reader was made for
     * @param out receives {@code count} rows of values
     * @param at index in {@code out} of the first value
     * @throws IndexOutOfBoundsException if there are no such rows, or they do not fit in {@code out}
     */
    void read(long first, int count, float[] out, int at);
}
