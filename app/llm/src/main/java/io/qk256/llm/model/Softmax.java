package io.qk256.llm.model;

/**
 * Softmax, {@code exp(x - max x) / sum of exp(x - max x)}. Plain code and vector code give the same bits on every
 * machine: exponentials are those of {@link Exp}, and their sum is f64, in 8 partial sums, folded to 4, then added as
 * {@code (0 + 1) + (2 + 3)}. Stateless and thread-safe.
 */
abstract sealed class Softmax permits PlainSoftmax, VectorSoftmax {

    /**
     * Replaces scores with probabilities.
     *
     * @param row scores starting at {@code at}, with room up to a multiple of {@link Reductions#LANES}; this padding
     *     becomes 0
     * @param n number of scores, 1 or more
     * @param scale factor of the scores, above 0
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

    /** The largest of {@code n} numbers, a multiple of {@link Reductions#LANES}; NaN if one is NaN. */
    abstract float max(float[] row, int at, int n);

    /** Replaces {@code n} numbers, a multiple of {@link Reductions#LANES}, with {@code exp(x - max)}. */
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
