package io.qk256.llm.model;

/** The largest of some numbers, each with an index. For few numbers kept of many offered. */
final class Largest {

    private float[] values = {};
    private int[] indexes = {};
    private int most;
    private int count;

    /**
     * Forgets all numbers.
     *
     * @param newMost the most numbers to keep from now on, 1 or more
     */
    void clear(int newMost) {
        if (values.length < newMost) {
            values = new float[newMost];
            indexes = new int[newMost];
        }
        most = newMost;
        count = 0;
    }

    /** Offers a number; NaN is ignored. */
    void offer(float value, int index) {
        if (count == most && !(value > values[count - 1])) {
            return;
        }
        if (Float.isNaN(value)) {
            return;
        }
        int at = count < most ? count++ : count - 1;
        while (at > 0 && values[at - 1] < value) {
            values[at] = values[at - 1];
            indexes[at] = indexes[at - 1];
            at--;
        }
        values[at] = value;
        indexes[at] = index;
    }

    /** The index of the number at a rank, 0 for the largest. */
    int index(int rank) {
        return indexes[rank];
    }

    /** The least number kept, minus infinity while there is room for more. */
    float least() {
        return count < most ? Float.NEGATIVE_INFINITY : values[count - 1];
    }
}
