package io.qk256.llm.model;

import java.util.Arrays;

/** The products in plain Java, the reference for {@link VectorBlockProducts}. For one thread at a time. */
final class PlainBlockProducts extends BlockProducts {

    private final boolean exact;

    /** For each partial sum of a dot product, the values of all lanes. */
    private final float[] partialSums = new float[Reductions.LANES * LANES];

    private float[] sums = {};

    /**
     * Creates the products.
     *
     * @param exact whether all factors come from f16; {@link Math#fma}, which is not needed then, is very slow on CPUs
     *     without such an instruction
     */
    PlainBlockProducts(boolean exact) {
        this.exact = exact;
    }

    @Override
    void dots(float[] queries, int at, int rows, int n, float[] keys, float[] out, int outAt, int stride) {
        for (int row = 0; row < rows; row++) {
            dots(queries, at + row * n, n, keys, out, outAt + row * stride);
        }
    }

    /** The inner loops run over adjacent numbers. */
    private void dots(float[] query, int at, int n, float[] keys, float[] out, int outAt) {
        float[] partial = partialSums;
        Arrays.fill(partial, 0);
        for (int d = 0; d < n; d++) {
            float q = query[at + d];
            int to = d % Reductions.LANES * LANES;
            int key = d * LANES;
            addProducts(q, keys, key, partial, to, LANES);
        }
        for (int half = partial.length / 2; half >= 4 * LANES; half /= 2) {
            for (int i = 0; i < half; i++) {
                partial[i] += partial[half + i];
            }
        }
        for (int i = 0; i < LANES; i++) {
            out[outAt + i] = (partial[i] + partial[LANES + i]) + (partial[2 * LANES + i] + partial[3 * LANES + i]);
        }
    }

    @Override
    void addSums(
            float[] weights, int at, int stride, int rows, float[] values, int n, int width, float[] out, int outAt) {
        if (sums.length < width) {
            sums = new float[width];
        }
        for (int row = 0; row < rows; row++) {
            Arrays.fill(sums, 0, width, 0);
            for (int i = 0; i < n; i++) {
                float weight = weights[at + row * stride + i];
                addProducts(weight, values, i * width, sums, 0, width);
            }
            for (int d = 0; d < width; d++) {
                out[outAt + row * width + d] += sums[d];
            }
        }
    }

    private void addProducts(float factor, float[] x, int at, float[] to, int toAt, int n) {
        if (exact) {
            for (int i = 0; i < n; i++) {
                to[toAt + i] += factor * x[at + i];
            }
        } else {
            for (int i = 0; i < n; i++) {
                to[toAt + i] = Math.fma(factor, x[at + i], to[toAt + i]);
            }
        }
    }
}
