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

    /**
     * Vectors of 512 bits come with 32 registers, enough for two queries that share each read of the keys; otherwise
     * reading would be the limit.
     */
    private static final boolean IN_PAIRS = 2 * STEP == LANES;

    private static final int EIGHTHS = 8;

    /** Sums of the partial sums that are 8 apart, for two queries, 32 lanes each. */
    private final float[] eighths = new float[EIGHTHS * 2 * LANES];

    @Override
    void dots(float[] queries, int at, int rows, int n, float[] keys, float[] out, int outAt, int stride) {
        int row = 0;
        if (IN_PAIRS) {
            for (; row + 2 <= rows; row += 2) {
                sumEighthsOfTwo(queries, at + row * n, n, keys, eighths);
                fold(eighths, 0, out, outAt + row * stride);
                fold(eighths, LANES, out, outAt + (row + 1) * stride);
            }
        }
        for (; row < rows; row++) {
            for (int i = 0; i < LANES; i += 2 * STEP) {
                sumEighths(queries, at + row * n, n, keys, i, eighths);
            }
            fold(eighths, 0, out, outAt + row * stride);
        }
    }

    /** Adds partial sums 0 and 16, 8 and 24, and both, then 1 and 17, and so on: the first two steps of folding. */
    private static void sumEighths(float[] query, int at, int n, float[] keys, int keysAt, float[] out) {
        for (int eighth = 0; eighth < EIGHTHS; eighth++) {
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
                low0 = FloatVector.fromArray(FLOATS, keys, key).fma(q, low0);
                high0 = FloatVector.fromArray(FLOATS, keys, key + STEP).fma(q, high0);
                q = FloatVector.broadcast(FLOATS, query[at + d + 8]);
                low8 = FloatVector.fromArray(FLOATS, keys, key + 8 * LANES).fma(q, low8);
                high8 = FloatVector.fromArray(FLOATS, keys, key + 8 * LANES + STEP)
                        .fma(q, high8);
                q = FloatVector.broadcast(FLOATS, query[at + d + 16]);
                low16 = FloatVector.fromArray(FLOATS, keys, key + 16 * LANES).fma(q, low16);
                high16 = FloatVector.fromArray(FLOATS, keys, key + 16 * LANES + STEP)
                        .fma(q, high16);
                q = FloatVector.broadcast(FLOATS, query[at + d + 24]);
                low24 = FloatVector.fromArray(FLOATS, keys, key + 24 * LANES).fma(q, low24);
                high24 = FloatVector.fromArray(FLOATS, keys, key + 24 * LANES + STEP)
                        .fma(q, high24);
            }
            int to = eighth * 2 * LANES + keysAt;
            low0.add(low16).add(low8.add(low24)).intoArray(out, to);
            high0.add(high16).add(high8.add(high24)).intoArray(out, to + STEP);
        }
    }

    /** The same for two queries. */
    private static void sumEighthsOfTwo(float[] queries, int at, int n, float[] keys, float[] out) {
        for (int eighth = 0; eighth < EIGHTHS; eighth++) {
            FloatVector low0A = FloatVector.zero(FLOATS);
            FloatVector high0A = low0A;
            FloatVector low8A = low0A;
            FloatVector high8A = low0A;
            FloatVector low16A = low0A;
            FloatVector high16A = low0A;
            FloatVector low24A = low0A;
            FloatVector high24A = low0A;
            FloatVector low0B = low0A;
            FloatVector high0B = low0A;
            FloatVector low8B = low0A;
            FloatVector high8B = low0A;
            FloatVector low16B = low0A;
            FloatVector high16B = low0A;
            FloatVector low24B = low0A;
            FloatVector high24B = low0A;
            for (int d = eighth; d < n; d += Reductions.LANES) {
                int a = at + d;
                int b = a + n;
                int key = d * LANES;
                FloatVector low = FloatVector.fromArray(FLOATS, keys, key);
                FloatVector high = FloatVector.fromArray(FLOATS, keys, key + STEP);
                FloatVector q = FloatVector.broadcast(FLOATS, queries[a]);
                low0A = low.fma(q, low0A);
                high0A = high.fma(q, high0A);
                q = FloatVector.broadcast(FLOATS, queries[b]);
                low0B = low.fma(q, low0B);
                high0B = high.fma(q, high0B);
                low = FloatVector.fromArray(FLOATS, keys, key + 8 * LANES);
                high = FloatVector.fromArray(FLOATS, keys, key + 8 * LANES + STEP);
                q = FloatVector.broadcast(FLOATS, queries[a + 8]);
                low8A = low.fma(q, low8A);
                high8A = high.fma(q, high8A);
                q = FloatVector.broadcast(FLOATS, queries[b + 8]);
                low8B = low.fma(q, low8B);
                high8B = high.fma(q, high8B);
                low = FloatVector.fromArray(FLOATS, keys, key + 16 * LANES);
                high = FloatVector.fromArray(FLOATS, keys, key + 16 * LANES + STEP);
                q = FloatVector.broadcast(FLOATS, queries[a + 16]);
                low16A = low.fma(q, low16A);
                high16A = high.fma(q, high16A);
                q = FloatVector.broadcast(FLOATS, queries[b + 16]);
                low16B = low.fma(q, low16B);
                high16B = high.fma(q, high16B);
                low = FloatVector.fromArray(FLOATS, keys, key + 24 * LANES);
                high = FloatVector.fromArray(FLOATS, keys, key + 24 * LANES + STEP);
                q = FloatVector.broadcast(FLOATS, queries[a + 24]);
                low24A = low.fma(q, low24A);
                high24A = high.fma(q, high24A);
                q = FloatVector.broadcast(FLOATS, queries[b + 24]);
                low24B = low.fma(q, low24B);
                high24B = high.fma(q, high24B);
            }
            int to = eighth * 2 * LANES;
            low0A.add(low16A).add(low8A.add(low24A)).intoArray(out, to);
            high0A.add(high16A).add(high8A.add(high24A)).intoArray(out, to + STEP);
            low0B.add(low16B).add(low8B.add(low24B)).intoArray(out, to + LANES);
            high0B.add(high16B).add(high8B.add(high24B)).intoArray(out, to + LANES + STEP);
        }
    }

    private static void fold(float[] eighths, int at, float[] out, int outAt) {
        int next = 2 * LANES;
        int half = EIGHTHS / 2 * next;
        for (int i = 0; i < LANES; i += STEP) {
            int from = at + i;
            FloatVector first = FloatVector.fromArray(FLOATS, eighths, from)
                    .add(FloatVector.fromArray(FLOATS, eighths, from + half));
            FloatVector second = FloatVector.fromArray(FLOATS, eighths, from + next)
                    .add(FloatVector.fromArray(FLOATS, eighths, from + next + half));
            FloatVector third = FloatVector.fromArray(FLOATS, eighths, from + 2 * next)
                    .add(FloatVector.fromArray(FLOATS, eighths, from + 2 * next + half));
            FloatVector fourth = FloatVector.fromArray(FLOATS, eighths, from + 3 * next)
                    .add(FloatVector.fromArray(FLOATS, eighths, from + 3 * next + half));
            first.add(second).add(third.add(fourth)).intoArray(out, outAt + i);
        }
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
            low0 = low.fma(weight, low0);
            high0 = high.fma(weight, high0);
            weight = FloatVector.broadcast(FLOATS, weights[at + stride + i]);
            low1 = low.fma(weight, low1);
            high1 = high.fma(weight, high1);
            weight = FloatVector.broadcast(FLOATS, weights[at + 2 * stride + i]);
            low2 = low.fma(weight, low2);
            high2 = high.fma(weight, high2);
            weight = FloatVector.broadcast(FLOATS, weights[at + 3 * stride + i]);
            low3 = low.fma(weight, low3);
            high3 = high.fma(weight, high3);
        }
        FloatVector.fromArray(FLOATS, out, outAt).add(low0).intoArray(out, outAt);
        FloatVector.fromArray(FLOATS, out, outAt + STEP).add(high0).intoArray(out, outAt + STEP);
        FloatVector.fromArray(FLOATS, out, outAt + width).add(low1).intoArray(out, outAt + width);
        FloatVector.fromArray(FLOATS, out, outAt + width + STEP).add(high1).intoArray(out, outAt + width + STEP);
        FloatVector.fromArray(FLOATS, out, outAt + 2 * width).add(low2).intoArray(out, outAt + 2 * width);
        FloatVector.fromArray(FLOATS, out, outAt + 2 * width + STEP)
                .add(high2)
                .intoArray(out, outAt + 2 * width + STEP);
        FloatVector.fromArray(FLOATS, out, outAt + 3 * width).add(low3).intoArray(out, outAt + 3 * width);
        FloatVector.fromArray(FLOATS, out, outAt + 3 * width + STEP)
                .add(high3)
                .intoArray(out, outAt + 3 * width + STEP);
    }

    private static void addOne(
            float[] weights, int at, float[] values, int d, int n, int width, float[] out, int outAt) {
        FloatVector low = FloatVector.zero(FLOATS);
        FloatVector high = low;
        for (int i = 0; i < n; i++) {
            FloatVector weight = FloatVector.broadcast(FLOATS, weights[at + i]);
            low = FloatVector.fromArray(FLOATS, values, i * width + d).fma(weight, low);
            high = FloatVector.fromArray(FLOATS, values, i * width + d + STEP).fma(weight, high);
        }
        FloatVector.fromArray(FLOATS, out, outAt).add(low).intoArray(out, outAt);
        FloatVector.fromArray(FLOATS, out, outAt + STEP).add(high).intoArray(out, outAt + STEP);
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
                    sum = Math.fma(weights[at + row * stride + i], values[i * width + d], sum);
                }
                out[outAt + row * width + d] += sum;
            }
        }
    }
}
