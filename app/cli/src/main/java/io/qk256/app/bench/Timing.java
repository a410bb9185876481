package io.qk256.app.bench;

import java.util.List;

/**
 * The measured time of one call.
 *
 * @param nanoseconds the mean
 * @param error half of its 99.9 % confidence interval; NaN if too little was measured
 * @param rounds the means of the rounds, in order
 */
public record Timing(double nanoseconds, double error, List<Double> rounds) {

    /** Copies the list. */
    public Timing {
        rounds = List.copyOf(rounds);
    }
}
