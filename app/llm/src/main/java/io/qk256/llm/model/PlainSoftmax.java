package io.qk256.llm.model;

/** The softmax in plain Java, the reference for {@link VectorSoftmax}. */
final class PlainSoftmax extends Softmax {

    @Override
    float max(float[] row, int at, int n) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = at; i < at + n; i++) {
            max = Math.max(max, row[i]);
        }
        return max;
    }

    @Override
    void exponentials(float[] row, int at, int n, float max) {
        for (int i = at; i < at + n; i++) {
            row[i] = Exp.of(row[i] - max);
        }
    }
}
