package io.qk256.llm.model;

/**
 * RMS normalization as in ggml's {@code ggml_compute_forward_rms_norm_f32}: squares in f32, their sum in f64, then
 * {@code (x * (1 / sqrt(mean + epsilon))) * weight} in f32. Immutable and thread-safe.
 */
final class RmsNorm {

    private static final Reductions PLAIN = new PlainReductions();

    private final float[] weights;
    private final float epsilon;
    private final boolean isWhole;

    /**
     * Creates a norm.
     *
     * @param weights one per value; vectors are used if their number is a multiple of {@link Reductions#LANES}
     * @param epsilon added to the mean of the squares
     */
    RmsNorm(float[] weights, float epsilon) {
        this.weights = weights;
        this.epsilon = epsilon;
        this.isWhole = weights.length % Reductions.LANES == 0;
    }

    /** The number of values that are normalized together. */
    int size() {
        return weights.length;
    }

    /** Normalizes {@code in[inAt ...]} to {@code out[outAt ...]}, which may be the same. */
    void apply(Reductions reductions, float[] in, int inAt, float[] out, int outAt) {
        int n = weights.length;
        Reductions sums = isWhole ? reductions : PLAIN;
        float mean = (float) (sums.sumOfSquares(in, inAt, n) / n);
        float scale = 1 / (float) Math.sqrt(mean + epsilon);
        for (int i = 0; i < n; i++) {
            out[outAt + i] = in[inAt + i] * scale * weights[i];
        }
    }
}
