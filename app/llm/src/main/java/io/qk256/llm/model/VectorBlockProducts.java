package io.qk256.llm.model;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The products with vectors of the machine's preferred width. */
final class VectorBlockProducts extends BlockProducts {

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED.length() * 2 <= LANES
            ? FloatVector.SPECIES_PREFERRED
            : FloatVector.SPECIES_512;
    private static final int STEP = FLOATS.length();

    /** The number of rows that share one read of the values. */
    private static final int ROWS = 4;

    @Override
    void dots(float[] query, int at, int n, float[] keys, float[] out, int outAt) {
        for (int i = 0; i < LANES; i += 2 * STEP) {
            dots(query, at, n, keys, i, out, outAt + i);
        }
    }

    /** The loops over halves, fourths and eighths of the 32 partial sums follow the order of folding. */
    private static void dots(float[] query, int at, int n, float[] keys, int keysAt, float[] out, int outAt) {
        FloatVector low = FloatVector.zero(FLOATS);
        FloatVector high = low;
        for (int half = 0; half < 4; half += 2) {
            FloatVector lowHalf = FloatVector.zero(FLOATS);
            FloatVector highHalf = lowHalf;
            for (int fourth = half; fourth < half + 2; fourth++) {
                FloatVector lowFourth = FloatVector.zero(FLOATS);
                FloatVector highFourth = lowFourth;
                for (int eighth = fourth; eighth < 8; eighth += 4) {
                    FloatVector low0 = FloatVector.zero(FLOATS);
                    FloatVector low8 = low0;
                    FloatVector low16 = low0;
                    FloatVector low24 = low0;
                    FloatVector high0 = low0;
                    FloatVector high8 = low0;
                    FloatVector high16 = low0;
                    FloatVector high24 = low0;
                    for (int d = eighth; d < n; d += Reductions.LANES) {
                        int key = keysAt + d * LANES;
                        FloatVector q = FloatVector.broadcast(FLOATS, query[at + d]);
                        low0 = low0.add(product(q, keys, key));
                        high0 = high0.add(product(q, keys, key + STEP));
                        q = FloatVector.broadcast(FLOATS, query[at + d + 8]);
                        low8 = low8.add(product(q, keys, key + 8 * LANES));
                        high8 = high8.add(product(q, keys, key + 8 * LANES + STEP));
                        q = FloatVector.broadcast(FLOATS, query[at + d + 16]);
                        low16 = low16.add(product(q, keys, key + 16 * LANES));
                        high16 = high16.add(product(q, keys, key + 16 * LANES + STEP));
                        q = FloatVector.broadcast(FLOATS, query[at + d + 24]);
                        low24 = low24.add(product(q, keys, key + 24 * LANES));
                        high24 = high24.add(product(q, keys, key + 24 * LANES + STEP));
                    }
                    lowFourth = lowFourth.add(low0.add(low16).add(low8.add(low24)));
                    highFourth = highFourth.add(high0.add(high16).add(high8.add(high24)));
                }
                lowHalf = lowHalf.add(lowFourth);
                highHalf = highHalf.add(highFourth);
            }
            low = low.add(lowHalf);
            high = high.add(highHalf);
        }
        low.intoArray(out, outAt);
        high.intoArray(out, outAt + STEP);
    }

    private static FloatVector product(FloatVector factor, float[] x, int at) {
        return FloatVector.fromArray(FLOATS, x, at).mul(factor);
    }

    @Override
    void addSums(
            float[] weights, int at, int stride, int rows, float[] values, int n, int width, float[] out, int outAt) {
        int whole = width - width % (2 * STEP);
        if (whole < width) {
            addRest(weights, at, stride, rows, values, whole, n, width, out, outAt);
        }
        int row = 0;
        for (; row + ROWS <= rows; row += ROWS) {
            for (int d = 0; d < whole; d += 2 * STEP) {
                addFour(weights, at + row * stride, stride, values, d, n, width, out, outAt + row * width + d);
            }
        }
        for (; row < rows; row++) {
            for (int d = 0; d < whole; d += 2 * STEP) {
                addOne(weights, at + row * stride, values, d, n, width, out, outAt + row * width + d);
            }
        }
    }

    private static void addFour(
            float[] weights, int at, int stride, float[] values, int d, int n, int width, float[] out, int outAt) {
        FloatVector low0 = FloatVector.zero(FLOATS);
        FloatVector low1 = low0;
        FloatVector low2 = low0;
        FloatVector low3 = low0;
        FloatVector high0 = low0;
        FloatVector high1 = low0;
        FloatVector high2 = low0;
        FloatVector high3 = low0;
        for (int i = 0; i < n; i++) {
            FloatVector low = FloatVector.fromArray(FLOATS, values, i * width + d);
            FloatVector high = FloatVector.fromArray(FLOATS, values, i * width + d + STEP);
            FloatVector weight = FloatVector.broadcast(FLOATS, weights[at + i]);
            low0 = low0.add(low.mul(weight));
            high0 = high0.add(high.mul(weight));
            weight = FloatVector.broadcast(FLOATS, weights[at + stride + i]);
            low1 = low1.add(low.mul(weight));
            high1 = high1.add(high.mul(weight));
            weight = FloatVector.broadcast(FLOATS, weights[at + 2 * stride + i]);
            low2 = low2.add(low.mul(weight));
            high2 = high2.add(high.mul(weight));
            weight = FloatVector.broadcast(FLOATS, weights[at + 3 * stride + i]);
            low3 = low3.add(low.mul(weight));
            high3 = high3.add(high.mul(weight));
        }
        addTo(out, outAt, low0, high0);
        addTo(out, outAt + width, low1, high1);
        addTo(out, outAt + 2 * width, low2, high2);
        addTo(out, outAt + 3 * width, low3, high3);
    }

    private static void addOne(
            float[] weights, int at, float[] values, int d, int n, int width, float[] out, int outAt) {
        FloatVector low = FloatVector.zero(FLOATS);
        FloatVector high = low;
        for (int i = 0; i < n; i++) {
            FloatVector weight = FloatVector.broadcast(FLOATS, weights[at + i]);
            low = low.add(product(weight, values, i * width + d));
            high = high.add(product(weight, values, i * width + d + STEP));
        }
        addTo(out, outAt, low, high);
    }

    /** Adds the sums from dimension {@code first} on, too few for vectors. */
    private static void addRest(
            float[] weights,
            int at,
            int stride,
            int rows,
            float[] values,
            int first,
            int n,
            int width,
            float[] out,
            int outAt) {
        for (int row = 0; row < rows; row++) {
            for (int d = first; d < width; d++) {
                float sum = 0;
                for (int i = 0; i < n; i++) {
                    sum += weights[at + row * stride + i] * values[i * width + d];
                }
                out[outAt + row * width + d] += sum;
            }
        }
    }

    private static void addTo(float[] out, int at, FloatVector low, FloatVector high) {
        FloatVector.fromArray(FLOATS, out, at).add(low).intoArray(out, at);
        FloatVector.fromArray(FLOATS, out, at + STEP).add(high).intoArray(out, at + STEP);
    }
}
