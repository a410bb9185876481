package io.qk256.llm.serving;

import java.util.List;

/**
 * How often values of a size occurred. Immutable.
 *
 * @param bounds the upper bound of each bucket but the last, inclusive, ascending
 * @param counts how many values each bucket has, one more than bounds: the last bucket has no upper bound
 * @param sum the sum of all values
 */
public record Histogram(List<Double> bounds, List<Long> counts, double sum) {

    /** Keeps copies. */
    public Histogram {
        bounds = List.copyOf(bounds);
        counts = List.copyOf(counts);
    }

    /** The number of values. */
    public long count() {
        return counts.stream().mapToLong(Long::longValue).sum();
    }
}
