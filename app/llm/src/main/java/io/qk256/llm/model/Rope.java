package io.qk256.llm.model;

/**
 * Rotary position embedding: pair {@code i} of a head's values is rotated by {@code position * base^(-2i / rotated)}.
 * As in ggml, the angle is computed by repeated multiplication in f32; a table of exact angles would give different
 * numbers.
 *
 * <p>Holds the angles of a batch; different threads may prepare and rotate different tokens at once.
 */
final class Rope {

    /** Which values are rotated together. */
    enum Pairs {
        /** {@code i} and {@code i + rotated / 2}: ggml's {@code GGML_ROPE_TYPE_NEOX}. */
        HALVES,

        /** {@code 2i} and {@code 2i + 1}: ggml's {@code GGML_ROPE_TYPE_NORM}. */
        NEIGHBORS
    }

    private final Pairs kind;
    private final int pairs;
    private final float step;
    private final float[] cos;
    private final float[] sin;

    /**
     * Allocates the angles of a batch.
     *
     * @param tokens the most tokens in a batch
     * @param kind which values of a head are rotated together
     * @param rotated number of rotated values of each head, its first ones; even
     * @param base base of the angles
     */
    Rope(int tokens, Pairs kind, int rotated, float base) {
        this.kind = kind;
        this.pairs = rotated / 2;
        this.step = (float) StrictMath.pow(base, -2f / rotated);
        this.cos = new float[tokens * pairs];
        this.sin = new float[tokens * pairs];
    }

    /** Computes the angles of a token. */
    void prepare(int token, int position) {
        float angle = position;
        for (int i = token * pairs; i < (token + 1) * pairs; i++) {
            cos[i] = (float) StrictMath.cos(angle);
            sin[i] = (float) StrictMath.sin(angle);
            angle *= step;
        }
    }

    /** Rotates consecutive heads. */
    void rotate(int token, float[] x, int at, int heads, int headSize) {
        for (int head = 0; head < heads; head++) {
            switch (kind) {
                case HALVES -> rotateHalves(token * pairs, x, at + head * headSize);
                case NEIGHBORS -> rotateNeighbors(token * pairs, x, at + head * headSize);
            }
        }
    }

    private void rotateHalves(int from, float[] x, int at) {
        for (int i = 0; i < pairs; i++) {
            float a = x[at + i];
            float b = x[at + pairs + i];
            x[at + i] = a * cos[from + i] - b * sin[from + i];
            x[at + pairs + i] = a * sin[from + i] + b * cos[from + i];
        }
    }

    private void rotateNeighbors(int from, float[] x, int at) {
        for (int i = 0; i < pairs; i++) {
            float a = x[at + 2 * i];
            float b = x[at + 2 * i + 1];
            x[at + 2 * i] = a * cos[from + i] - b * sin[from + i];
            x[at + 2 * i + 1] = a * sin[from + i] + b * cos[from + i];
        }
    }
}
