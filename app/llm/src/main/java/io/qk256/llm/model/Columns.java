package io.qk256.llm.model;

/** Numbers of the tokens of a batch, a column for each token. Different columns may be written by different threads at once. */
final class Columns {

    private final int length;
    private final float[] values;

    Columns(int columns, int length) {
        this.length = length;
        this.values = new float[Math.multiplyExact(columns, length)];
    }

    /** Numbers of a column. */
    int length() {
        return length;
    }

    /** All columns, one after the other. */
    float[] values() {
        return values;
    }

    /** Where a column starts in the values. */
    int at(int column) {
        return column * length;
    }

    /** Copies a column to an earlier place. */
    void move(int from, int to) {
        System.arraycopy(values, at(from), values, at(to), length);
    }
}
