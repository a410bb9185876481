package io.qk256.llm.model;

/** The sums in plain Java, the reference for {@link VectorReductions}. */
final class PlainReductions extends Reductions {

    private static final int DOUBLE_LANES = 8;

    @Override
    float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        return (fourth(a, aAt, b, bAt, n) + fourth(a, aAt + 1, b, bAt + 1, n))
                + (fourth(a, aAt + 2, b, bAt + 2, n) + fourth(a, aAt + 3, b, bAt + 3, n));
    }

    private static float fourth(float[] a, int aAt, float[] b, int bAt, int n) {
        return eighth(a, aAt, b, bAt, n) + eighth(a, aAt + 4, b, bAt + 4, n);
    }

    /** Computes four independent partial sums at once. */
    private static float eighth(float[] a, int aAt, float[] b, int bAt, int n) {
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        for (int i = 0; i < n; i += LANES) {
            sum0 += a[aAt + i] * b[bAt + i];
            sum1 += a[aAt + i + 8] * b[bAt + i + 8];
            sum2 += a[aAt + i + 16] * b[bAt + i + 16];
            sum3 += a[aAt + i + 24] * b[bAt + i + 24];
        }
        return (sum0 + sum2) + (sum1 + sum3);
    }

    @Override
    double sumOfSquares(float[] x, int at, int n) {
        return (squares(x, at, n, 0) + squares(x, at, n, 1)) + (squares(x, at, n, 2) + squares(x, at, n, 3));
    }

    private static double squares(float[] x, int at, int n, int lane) {
        return laneOfSquares(x, at, n, lane) + laneOfSquares(x, at, n, lane + DOUBLE_LANES / 2);
    }

    private static double laneOfSquares(float[] x, int at, int n, int lane) {
        double sum = 0;
        for (int i = lane; i < n; i += DOUBLE_LANES) {
            float square = x[at + i] * x[at + i];
            sum += square;
        }
        return sum;
    }

    @Override
    float absMax(float[] x, int at, int n) {
        return largestMagnitude(x, at, n);
    }

    /** Compares bits: a larger magnitude has larger bits, and NaN the largest. Comparing floats would be slower. */
    static float largestMagnitude(float[] x, int at, int n) {
        int max0 = 0;
        int max1 = 0;
        int max2 = 0;
        int max3 = 0;
        for (int i = at; i < at + n; i += 4) {
            max0 = Math.max(max0, magnitude(x[i]));
            max1 = Math.max(max1, magnitude(x[i + 1]));
            max2 = Math.max(max2, magnitude(x[i + 2]));
            max3 = Math.max(max3, magnitude(x[i + 3]));
        }
        return Float.intBitsToFloat(Math.max(Math.max(max0, max1), Math.max(max2, max3)));
    }

    private static int magnitude(float x) {
        return Float.floatToRawIntBits(x) & Integer.MAX_VALUE;
    }
}
