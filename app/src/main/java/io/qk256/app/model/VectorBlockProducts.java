package io.qk256.app.model;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The products with the machine's vectors. */
final class VectorBlockProducts extends BlockProducts {

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED.length() * 2 <= LANES
            ? FloatVector.SPECIES_PREFERRED
            : FloatVector.SPECIES_512;
    private static final int STEP = FLOATS.length();

    /** So many rows share what is read of the values. */
    private static final int ROWS = 4;

    @Override
    void dots(float[] query, int at, int n, float[] keys, float[] out, int outAt) {
        for (int i = 0; i < LANES; i += STEP) {
            FloatVector low = fourth(query, at, n, keys, i).add(fourth(query, at + 1, n, keys, LANES + i));
            FloatVector high =
                    fourth(query, at + 2, n, keys, 2 * LANES + i).add(fourth(query, at + 3, n, keys, 3 * LANES + i));
            low.add(high).intoArray(out, outAt + i);
        }
    }

    /** The sum of every fourth product: the eight of 32 partial sums that are folded to one of the last four. */
    private static FloatVector fourth(float[] query, int at, int n, float[] keys, int keysAt) {
        FloatVector sum0 = FloatVector.zero(FLOATS);
        FloatVector sum4 = sum0;
        FloatVector sum8 = sum0;
        FloatVector sum12 = sum0;
        FloatVector sum16 = sum0;
        FloatVector sum20 = sum0;
        FloatVector sum24 = sum0;
        FloatVector sum28 = sum0;
        for (int d = 0; d < n; d += Reductions.LANES) {
            int q = at + d;
            int k = keysAt + d * LANES;
            sum0 = sum0.add(product(query, q, keys, k));
            sum4 = sum4.add(product(query, q + 4, keys, k + 4 * LANES));
            sum8 = sum8.add(product(query, q + 8, keys, k + 8 * LANES));
            sum12 = sum12.add(product(query, q + 12, keys, k + 12 * LANES));
            sum16 = sum16.add(product(query, q + 16, keys, k + 16 * LANES));
            sum20 = sum20.add(product(query, q + 20, keys, k + 20 * LANES));
            sum24 = sum24.add(product(query, q + 24, keys, k + 24 * LANES));
            sum28 = sum28.add(product(query, q + 28, keys, k + 28 * LANES));
        }
        FloatVector first = sum0.add(sum16).add(sum8.add(sum24));
        FloatVector second = sum4.add(sum20).add(sum12.add(sum28));
        return first.add(second);
    }

    private static FloatVector product(float[] a, int aAt, float[] b, int bAt) {
        return FloatVector.fromArray(FLOATS, b, bAt).mul(FloatVector.broadcast(FLOATS, a[aAt]));
    }

    @Override
    void addSums(
            float[] weights, int at, int stride, int rows, float[] values, int n, int width, float[] out, int outAt) {
        int row = 0;
        for (; row + ROWS <= rows; row += ROWS) {
            for (int d = 0; d < width; d += 2 * STEP) {
                addFour(weights, at + row * stride, stride, values, d, n, width, out, outAt + row * width + d);
            }
        }
        for (; row < rows; row++) {
            for (int d = 0; d < width; d += 2 * STEP) {
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
            low = low.add(product(weights, at + i, values, i * width + d));
            high = high.add(product(weights, at + i, values, i * width + d + STEP));
        }
        addTo(out, outAt, low, high);
    }

    private static void addTo(float[] out, int at, FloatVector low, FloatVector high) {
        FloatVector.fromArray(FLOATS, out, at).add(low).intoArray(out, at);
        FloatVector.fromArray(FLOATS, out, at + STEP).add(high).intoArray(out, at + STEP);
    }
}
