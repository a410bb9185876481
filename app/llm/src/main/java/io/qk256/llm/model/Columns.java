package io.qk256.llm.model;

/** Values for the tokens of a batch, one column per token. Different threads may write different columns at once. */
final class Columns {

    private final int length;
    private final float[] values;

    Columns(int columns, int length) {
        this.length = length;
        this.values = new float[Math.multiplyExact(columns, length)];
    }

    /** The number of values in a column. */
    int length() {
        return length;
    }

    /** All columns, one after the other. */
    float[] values() {
        return values;
    }

    /** The index of a column's first value. */
    int at(int column) {
        return column * length;
    }

    /** Copies a column to an earlier index. */
    void move(int from, int to) {
        System.arraycopy(values, at(from), values, at(to), length);
    }
}
