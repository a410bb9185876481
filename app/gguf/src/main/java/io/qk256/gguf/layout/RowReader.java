package io.qk256.gguf.layout;

/** Reads rows of a tensor as f32 values, into an array. For one thread at a time, as it has a buffer. */
@FunctionalInterface
public interface RowReader {

    /**
     * Reads some rows that follow each other.
     *
     * @param first index of the first row
     * @param count how many, at most as many as the reader was made for
     * @param out receives {@code count} times as many values as a row has
     * @param at where in {@code out} they begin
     * @throws IndexOutOfBoundsException if there are no such rows, or they do not fit
     */
    void read(long first, int count, float[] out, int at);
}
