package io.qk256.llm.model;

/**
 * Softmax, {@code exp(x - max x) / sum of exp(x - max x)}. Plain code and vector code give the same bits on every
 * machine: exponentials are those of {@link Exp}, and their sum is f64, in 8 partial sums, folded to 4, then added as
 * {@code (0 + 1) + (2 + 3)}. Stateless and thread-safe.
 */
abstract sealed class Softmax permits PlainSoftmax, VectorSoftmax {

    /** Returns the fastest implementation on this JVM. */
    static Softmax best() {
        return Reductions.vectorsAreFast() ? new VectorSoftmax() : new PlainSoftmax();
    }

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
        float inverse = (float) (1 / exponentials(row, at, padded, max(row, at, padded)));
        for (int i = at; i < at + padded; i++) {
            row[i] *= inverse;
        }
    }

    /** The largest of {@code n} numbers, a multiple of {@link Reductions#LANES}; NaN if one is NaN. */
    abstract float max(float[] row, int at, int n);

    /**
     * Replaces {@code n} numbers, a multiple of {@link Reductions#LANES}, with {@code exp(x - max)}.
     *
     * @return their sum
     */
    abstract double exponentials(float[] row, int at, int n, float max);
}
