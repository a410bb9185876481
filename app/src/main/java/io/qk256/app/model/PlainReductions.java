package io.qk256.app.model;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/** The sums in plain Java: what {@link VectorReductions} must give. */
final class PlainReductions extends Reductions {

    private static final int DOUBLE_LANES = 8;

    @Override
    float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        return fold(lane -> {
            float sum = 0;
            for (int i = lane; i < n; i += LANES) {
                sum += a[aAt + i] * b[bAt + i];
            }
            return sum;
        });
    }

    @Override
    float dotInt8(MemorySegment q, long at, float[] scales, float[] x, int n) {
        MemorySegment codes = offHeap(q);
        return fold(lane -> lane < LANES / 2 ? int8Lane(codes, at, scales, x, n, lane) : 0);
    }

    private static float int8Lane(MemorySegment q, long at, float[] scales, float[] x, int n, int lane) {
        float sum = 0;
        for (int i = lane; i < n; i += LANES) {
            int partner = i + LANES / 2;
            float products = q.get(JAVA_BYTE, at + i) * x[i] + q.get(JAVA_BYTE, at + partner) * x[partner];
            sum += products * scales[i / LANES];
        }
        return sum;
    }

    private interface Lane {
        float sum(int lane);
    }

    private static float fold(Lane lanes) {
        return (fourth(lanes, 0) + fourth(lanes, 1)) + (fourth(lanes, 2) + fourth(lanes, 3));
    }

    private static float fourth(Lane lanes, int lane) {
        return eighth(lanes, lane) + eighth(lanes, lane + 4);
    }

    private static float eighth(Lane lanes, int lane) {
        return (lanes.sum(lane) + lanes.sum(lane + 16)) + (lanes.sum(lane + 8) + lanes.sum(lane + 24));
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
        float max = 0;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, Math.abs(x[at + i]));
        }
        return max;
    }
}
