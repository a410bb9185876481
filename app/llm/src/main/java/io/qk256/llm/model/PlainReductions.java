package io.qk256.llm.model;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The sums in plain Java, the reference for {@link VectorReductions}. */
final class PlainReductions extends Reductions {

    private static final int DOUBLE_LANES = 8;
    private static final ValueLayout.OfLong EIGHT_CODES =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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

    /** Reads eight codes at a time, and keeps each sum in a variable, so that the sums are independent. */
    @Override
    void dotsInt8(MemorySegment q, long at, float[] scales, float[] x, float[] out, int outAt, int rows) {
        for (int row = 0; row < rows; row++) {
            int first = row * x.length;
            out[outAt + row] = dotInt8(q, at + first, scales, first / LANES, x);
        }
    }

    private static float dotInt8(MemorySegment q, long at, float[] scales, int scalesAt, float[] x) {
        MemorySegment codes = offHeap(q);
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        float sum4 = 0;
        float sum5 = 0;
        float sum6 = 0;
        float sum7 = 0;
        float sum8 = 0;
        float sum9 = 0;
        float sum10 = 0;
        float sum11 = 0;
        float sum12 = 0;
        float sum13 = 0;
        float sum14 = 0;
        float sum15 = 0;
        for (int i = 0; i < x.length; i += LANES) {
            float scale = scales[scalesAt + i / LANES];
            long low = codes.get(EIGHT_CODES, at + i);
            long low8 = codes.get(EIGHT_CODES, at + i + 8);
            long high = codes.get(EIGHT_CODES, at + i + 16);
            long high8 = codes.get(EIGHT_CODES, at + i + 24);
            sum0 += (code(low, 0) * x[i + 0] + code(high, 0) * x[i + 16]) * scale;
            sum1 += (code(low, 1) * x[i + 1] + code(high, 1) * x[i + 17]) * scale;
            sum2 += (code(low, 2) * x[i + 2] + code(high, 2) * x[i + 18]) * scale;
            sum3 += (code(low, 3) * x[i + 3] + code(high, 3) * x[i + 19]) * scale;
            sum4 += (code(low, 4) * x[i + 4] + code(high, 4) * x[i + 20]) * scale;
            sum5 += (code(low, 5) * x[i + 5] + code(high, 5) * x[i + 21]) * scale;
            sum6 += (code(low, 6) * x[i + 6] + code(high, 6) * x[i + 22]) * scale;
            sum7 += (code(low, 7) * x[i + 7] + code(high, 7) * x[i + 23]) * scale;
            sum8 += (code(low8, 0) * x[i + 8] + code(high8, 0) * x[i + 24]) * scale;
            sum9 += (code(low8, 1) * x[i + 9] + code(high8, 1) * x[i + 25]) * scale;
            sum10 += (code(low8, 2) * x[i + 10] + code(high8, 2) * x[i + 26]) * scale;
            sum11 += (code(low8, 3) * x[i + 11] + code(high8, 3) * x[i + 27]) * scale;
            sum12 += (code(low8, 4) * x[i + 12] + code(high8, 4) * x[i + 28]) * scale;
            sum13 += (code(low8, 5) * x[i + 13] + code(high8, 5) * x[i + 29]) * scale;
            sum14 += (code(low8, 6) * x[i + 14] + code(high8, 6) * x[i + 30]) * scale;
            sum15 += (code(low8, 7) * x[i + 15] + code(high8, 7) * x[i + 31]) * scale;
        }
        float fourth0 = (sum0 + sum8) + (sum4 + sum12);
        float fourth1 = (sum1 + sum9) + (sum5 + sum13);
        float fourth2 = (sum2 + sum10) + (sum6 + sum14);
        float fourth3 = (sum3 + sum11) + (sum7 + sum15);
        return (fourth0 + fourth1) + (fourth2 + fourth3);
    }

    private static byte code(long codes, int i) {
        return (byte) (codes >> (i * Byte.SIZE));
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
