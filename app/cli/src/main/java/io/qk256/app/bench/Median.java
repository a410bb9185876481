package io.qk256.app.bench;

import java.util.Arrays;

/** The median of what several rounds have measured. */
final class Median {

    private Median() {}

    /** Sorts the values; of an even number of them, returns the larger one in the middle. NaN counts as the largest. */
    static double of(double... values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
