package io.qk256.llm.model;

/**
 * Rotary position embedding: pair {@code i} of a head's values turns by the angle {@code position * base^(-2i / rotated)}, which ggml
 * builds by multiplying step by step in f32, so that a table of exact angles would not give the same numbers.
 *
 * <p>Holds the angles of a batch; different tokens may be prepared and rotated by different threads at once.
 */
final class Rope {

    /** Which values turn together. */
    enum Pairs {
        /** {@code i} and {@code i + rotated / 2}: ggml's {@code GGML_ROPE_TYPE_NEOX}. */
        HALVES,

        /** {@code 2i} and {@code 2i + 1}: ggml's {@code GGML_ROPE_TYPE_NORM}. */
        NEIGHBOURS
    }

    private final Pairs kind;
    private final int pairs;
    private final float step;
    private final float[] cos;
    private final float[] sin;

    /**
     * Room for the angles of a batch.
     *
     * @param tokens tokens of a batch
     * @param kind which values of a head turn together
     * @param rotated values of each head that rotate, its first ones, even
     * @param base of the angles
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

    /** Rotates heads, which lie one after the other. */
    void rotate(int token, float[] x, int at, int heads, int headSize) {
        for (int head = 0; head < heads; head++) {
            switch (kind) {
                case HALVES -> rotateHalves(token * pairs, x, at + head * headSize);
                case NEIGHBOURS -> rotateNeighbours(token * pairs, x, at + head * headSize);
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

    private void rotateNeighbours(int from, float[] x, int at) {
        for (int i = 0; i < pairs; i++) {
            float a = x[at + 2 * i];
            float b = x[at + 2 * i + 1];
            x[at + 2 * i] = a * cos[from + i] - b * sin[from + i];
            x[at + 2 * i + 1] = a * sin[from + i] + b * cos[from + i];
        }
    }
}
