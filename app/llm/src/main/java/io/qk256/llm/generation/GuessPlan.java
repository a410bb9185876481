package io.qk256.llm.generation;

/**
 * Decides how many tokens to guess in a pass: as many as give the most tokens per second, by how often guesses were right
 * lately and how long passes with so many tokens took. Where memory is the limit, a second token in a pass costs little;
 * where arithmetic is, it costs almost as much as a pass of its own.
 */
class GuessPlan {

    /** The most tokens in a pass. */
    static final int MOST_COLUMNS = 8;

    /** Of a token in addition to the first, as a part of the time for one; until it has been measured. */
    private static final double EXTRA_COST = 0.4;

    /** Too low to guess, until some guesses would have been right. */
    private static final double FIRST_RATE = 0.25;

    private static final double RATE_SMOOTHING = 1 / 8.0;
    private static final double TIME_SMOOTHING = 1 / 4.0;

    /**
     * How fast the times of larger passes return to what is expected while passes have one token, so that guesses are tried
     * again.
     */
    private static final double FORGETTING = 1 / 256.0;

    /** A pass that takes longer than this times the estimate was disturbed, or the first of its kind. */
    private static final double OUTLIER = 2;

    /** Guessing must promise this much, because both estimates are uncertain. */
    private static final double LEAST_GAIN = 1.02;

    private final double[] nanos = new double[MOST_COLUMNS + 1];
    private double rate = FIRST_RATE;

    /** Records whether a guess was right, also one that was not tried: that costs nothing. */
    void guessed(boolean right) {
        rate += ((right ? 1 : 0) - rate) * RATE_SMOOTHING;
    }

    /** Records the time of a pass. */
    void took(int columns, long time) {
        if (nanos[1] == 0) {
            if (columns > 1) {
                return;
            }
            for (int i = 1; i < nanos.length; i++) {
                nanos[i] = expected((double) time, i);
            }
        }
        nanos[columns] += (Math.min((double) time, OUTLIER * nanos[columns]) - nanos[columns]) * TIME_SMOOTHING;
        for (int i = 2; columns == 1 && i < nanos.length; i++) {
            nanos[i] += (expected(nanos[1], i) - nanos[i]) * FORGETTING;
        }
    }

    private static double expected(double ofOne, int columns) {
        return ofOne * (1 + (columns - 1) * EXTRA_COST);
    }

    /** The number of guesses to try, 0 to {@code most}. */
    int guesses(int most) {
        if (nanos[1] == 0) {
            return 0;
        }
        int best = 0;
        double bestSpeed = LEAST_GAIN / nanos[1];
        double chance = 1;
        double tokens = 1;
        for (int guesses = 1; guesses <= most; guesses++) {
            chance *= rate;
            tokens += chance;
            double speed = tokens / nanos[guesses + 1];
            if (speed > bestSpeed) {
                best = guesses;
                bestSpeed = speed;
            }
        }
        return best;
    }
}
