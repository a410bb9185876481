package io.qk256.llm.model;

/**
 * {@code exp(x - max x) / sum of exp(x - max x)}, the same bits from plain code and vector code on every machine. Exponentials
 * are those of {@link Exp}; their sum is f64, in 8 partial sums, folded to 4, and then as {@code (0 + 1) + (2 + 3)}. Stateless
 * and thread-safe.
 */
abstract sealed class Softmax permits PlainSoftmax, VectorSoftmax {

    /**
     * Replaces scores by probabilities.
     *
     * @param row scores from {@code at} on, with room for a multiple of {@link Reductions#LANES} numbers, which are 0 then
     * @param n number of scores, 1 or more
     * @param scale of the scores, above 0
     */
    final void apply(float[] row, int at, int n, float scale) {
        int padded = Reductions.padded(n);
        for (int i = at; i < at + n; i++) {
            row[i] *= scale;
        }
        for (int i = at + n; i < at + padded; i++) {
            row[i] = Float.NEGATIVE_INFINITY;
        }
        exponentials(row, at, padded, max(row, at, padded));
        float inverse = (float) (1 / sum(row, at, padded));
        for (int i = at; i < at + padded; i++) {
            row[i] *= inverse;
        }
    }

    /** The largest number of a multiple of {@link Reductions#LANES}; NaN if there is one. */
    abstract float max(float[] row, int at, int n);

    /** Replaces numbers, a multiple of {@link Reductions#LANES}, by {@code exp(x - max)}. */
    abstract void exponentials(float[] row, int at, int n, float max);

    private static double sum(float[] row, int at, int n) {
        double sum0 = 0;
        double sum1 = 0;
        double sum2 = 0;
        double sum3 = 0;
        double sum4 = 0;
        double sum5 = 0;
        double sum6 = 0;
        double sum7 = 0;
        for (int i = at; i < at + n; i += 8) {
            sum0 += row[i];
            sum1 += row[i + 1];
            sum2 += row[i + 2];
            sum3 += row[i + 3];
            sum4 += row[i + 4];
            sum5 += row[i + 5];
            sum6 += row[i + 6];
            sum7 += row[i + 7];
        }
        return ((sum0 + sum4) + (sum1 + sum5)) + ((sum2 + sum6) + (sum3 + sum7));
    }
}
