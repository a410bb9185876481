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
    double exponentials(float[] row, int at, int n, float max) {
        for (int i = at; i < at + n; i++) {
            row[i] = Exp.of(row[i] - max);
        }
        return sum(row, at, n);
    }

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
