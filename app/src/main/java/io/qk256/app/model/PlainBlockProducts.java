package io.qk256.app.model;

/** The products in plain Java: what {@link VectorBlockProducts} must give. */
final class PlainBlockProducts extends BlockProducts {

    @Override
    void dots(float[] query, int at, int n, float[] keys, float[] out, int outAt) {
        for (int i = 0; i < LANES; i++) {
            int column = i;
            out[outAt + i] = PlainReductions.fold(lane -> {
                float sum = 0;
                for (int d = lane; d < n; d += Reductions.LANES) {
                    sum += query[at + d] * keys[d * LANES + column];
                }
                return sum;
            });
        }
    }

    @Override
    void addSums(
            float[] weights, int at, int stride, int rows, float[] values, int n, int width, float[] out, int outAt) {
        for (int row = 0; row < rows; row++) {
            for (int d = 0; d < width; d++) {
                float sum = 0;
                for (int i = 0; i < n; i++) {
                    sum += weights[at + row * stride + i] * values[i * width + d];
                }
                out[outAt + row * width + d] += sum;
            }
        }
    }
}
