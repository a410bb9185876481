package io.qk256.llm.model;

import java.util.Arrays;

/** The products in plain Java, the reference for {@link VectorBlockProducts}. For one thread at a time. */
final class PlainBlockProducts extends BlockProducts {

    /** For each partial sum of a dot product, the values of all lanes. */
    private final float[] partialSums = new float[Reductions.LANES * LANES];

    private float[] sums = {};

    /** The inner loops run over adjacent numbers. */
    @Override
    void dots(float[] query, int at, int n, float[] keys, float[] out, int outAt) {
        float[] partial = partialSums;
        Arrays.fill(partial, 0);
        for (int d = 0; d < n; d++) {
            float q = query[at + d];
            int to = d % Reductions.LANES * LANES;
            int key = d * LANES;
            for (int i = 0; i < LANES; i++) {
                partial[to + i] += q * keys[key + i];
            }
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
                for (int d = 0; d < width; d++) {
                    sums[d] += weight * values[i * width + d];
                }
            }
            for (int d = 0; d < width; d++) {
                out[outAt + row * width + d] += sums[d];
            }
        }
    }
}
